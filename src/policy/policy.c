/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until policy/ has its first file. */
#include "config.h"

#include "policy/policy.h"
