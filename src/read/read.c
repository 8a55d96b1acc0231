/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until read/ has its first file. */
#include "config.h"

#include "read/read.h"
