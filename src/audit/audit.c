/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until audit/ has its first file. */
#include "config.h"

#include "audit/audit.h"
