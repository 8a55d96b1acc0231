/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until issue/ has its first file. */
#include "config.h"

#include "issue/issue.h"
