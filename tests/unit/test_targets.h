/* SPDX-License-Identifier: Apache-2.0 */
/* What the test files of the shipped targets share. */
#ifndef RMT_TEST_TARGETS_H
#define RMT_TEST_TARGETS_H

#include "audit/audit.h"
#include "unit/test_base.h"

int test_targets_cases(void);

#endif
