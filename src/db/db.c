/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholder until db/ has its first file. */
#include "config.h"

#include "db/db.h"
