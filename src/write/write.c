/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until write/ has its first file. */
#include "config.h"

#include "write/write.h"
