/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test files of write/ share: rows that become tests named by their sentence, and a chain of three made once.
 */
#ifndef RMT_TEST_WRITE_H
#define RMT_TEST_WRITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "write/local.h"

struct rows {
	struct CMUnitTest tests[160];
	size_t count;
};

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

#define ADD_TABLE(rows, table, check) \
	for (size_t row_ = 0; row_ < sizeof(table) / sizeof((table)[0]); row_++) \
		add_row(rows, (table)[row_].sentence, check, &(table)[row_])

enum { KIND_RSA, KIND_EC, KIND_ED25519, KINDS };

/* A root, two intermediates (nearest the leaf first) and a leaf for each kind of key. */
struct chain {
	struct rmt_key *keys[KINDS], *ca_key;
	struct rmt_cert *leaves[KINDS];
	struct rmt_cert *intermediates[2], *root;
	const struct rmt_cert *path[2];
};
extern struct chain chain;
/* A certificate with nothing but what a reader needs, signed by the one CA key. */
struct rmt_cert *make_named(struct rmt_span subject, const char *issuer, const struct rmt_key *key, bool ca, unsigned char serial);
/* A certificate under Lower CA for the RSA key, whose common name is `text`, whatever that is. */
struct rmt_cert *make_called(const char *text);
int chain_open(void **state);
int chain_close(void **state);

/* Everything there is, for this kind of key. */
struct rmt_bundle whole_bundle(int kind);

#define LIST_MAX 8
struct words {
	char text[256];
	char *items[LIST_MAX];
};
struct rmt_text_list words_of(struct words *words, const char *text); /* separated by spaces; NULL none */

/* A temporary directory; run() is a shell command in it and returns its status. */
void workplace_open(void);
void workplace_close(void);
void put_file(const char *name, struct rmt_span content);
int run(const char *command);

void test_write_formats(struct rows *rows);
void test_write_layout(struct rows *rows);
void test_write_files(struct rows *rows);
void test_write_runbook(struct rows *rows);
void test_write_html(struct rows *rows);
void test_write_device(struct rows *rows);

#endif
