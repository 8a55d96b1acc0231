/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until base/ has its first file. */
#include "config.h"

#include "base/base.h"
