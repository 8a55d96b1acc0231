/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test files of base/ share: a list of rows, each of which becomes a test named by its
 * sentence, so that the report reads as a description of the room.
 */
#ifndef RMT_TEST_BASE_H
#define RMT_TEST_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

struct rows {
	struct CMUnitTest tests[160];
	size_t count;
};

/* `row` is what `check` finds at *state; it may be NULL for a check that needs no table. */
static inline void
add_row(struct rows *rows, const char *sentence, CMUnitTestFunction check, const void *row)
{
	assert_true(rows->count < sizeof rows->tests / sizeof rows->tests[0]);
	memset(&rows->tests[rows->count], 0, sizeof rows->tests[0]);
	rows->tests[rows->count].name = sentence;
	rows->tests[rows->count].test_func = check;
	memcpy(&rows->tests[rows->count].initial_state, &row, sizeof row);
	rows->count++;
}

/* Add every row of a table whose rows begin with their sentence. */
#define ADD_TABLE(rows, table, check) \
	for (size_t row_ = 0; row_ < sizeof(table) / sizeof((table)[0]); row_++) \
	add_row(rows, (table)[row_].sentence, check, &(table)[row_])

static inline int
run_rows(const char *group, const struct rows *rows)
{
	return _cmocka_run_group_tests(group, rows->tests, rows->count, NULL, NULL);
}

/* A string literal with its length, NUL bytes included. */
#define BYTES(literal) \
	{ \
		(const unsigned char *)(literal), sizeof(literal) - 1 \
	}

int test_base_text(void);
int test_base_time(void);
int test_base_file(void);
int test_base_stream(void);
int test_base_threads(void);

#endif
