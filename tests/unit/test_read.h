/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of read/ share: the fixtures, and the account of a reading as one line of text.
 *
 * The account lists objects and faults in the order in which they came, separated by blanks:
 *
 *	certificate=leaf@pem:1            type=whose@container:line (no line in binary forms)
 *	private-key=leaf@pkcs12+encrypted+locked
 *	!input(line 3)                    a fault: class and place
 */
#ifndef TEST_READ_H
#define TEST_READ_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "read/read.h"

/* A reading and what it said. */
struct account {
	struct rmt_buf text;
	struct rmt_buf said; /* notes and messages, one a line */
	const char *secrets; /* passphrases to give, separated by '|'; NULL for none */
	unsigned asked;      /* how often one was asked for */
	size_t stop_after;   /* objects, then the sink returns 42; 0 never */
	size_t objects;
	struct rmt_pile *keep; /* copies of all objects, or NULL */
	struct rmt_secret *secret;
	struct rmt_reader reader;
};

void account_start(struct account *account, const char *secrets);
const char *account_path(struct account *account, const char *path);
const char *account_mem(struct account *account, const void *bytes, size_t length);
void account_end(struct account *account);

/* A fixture's path, and its bytes; an empty buffer when the fixture could not be made here. */
const char *fixture(const char *name);
void fixture_read(const char *name, struct rmt_buf *out);

/* One row: a fixture read with these passphrases gives this account and says this. */
struct row {
	const char *sentence, *file, *secrets, *wanted, *says;
};
void check_account(struct account *account, const char *sentence, const char *got,
    const char *wanted, const char *says);
void check_rows(const struct row *rows, size_t count);

/* `text` with every `from` in it as `to`, appended to `out`. */
void text_replace(const char *text, const char *from, const char *to, struct rmt_buf *out);

extern const struct CMUnitTest read_pem_tests[], read_container_tests[], read_hostile_tests[],
    read_almost_tests[], read_listing_tests[];
extern const size_t read_pem_count, read_container_count, read_hostile_count, read_almost_count,
    read_listing_count;

#endif
