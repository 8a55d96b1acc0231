/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of db/ share: a home made anew for each test, short ways to record things in it,
 * and the raw connection through which a test does what the room never would.
 */
#ifndef TEST_DB_H
#define TEST_DB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/local.h"

extern char home[64];
extern struct rmt_db *db; /* open for writing */
extern struct rmt_err err;

int set_up(void **state);
int tear_down(void **state);
void open_again(int mode); /* closes `db` first */
void begin(void);
void commit(void);
const char *in_home(const char *name); /* "" is the home itself; valid until the next call */

struct rmt_span hash_of(const char *text);
int64_t add_authority(const char *name);
int64_t add_tbs(int64_t authority, const char *serial);
/* A certificate with its to-be-signed bytes, valid from 1000 to 2000, of the names NAME and
 * "Second". */
int64_t issue(int64_t authority, const char *serial, const char *name, int64_t supersedes);
/* What a filter finds, as "3:b.example 1:a.example ". */
const char *listed(const struct rmt_db_filter *filter);

/* SQL by a connection of its own, as the shell would run it; returns what it complained about, or
 * "". */
const char *raw(const char *sql);

/* A failure of the right class whose sentence holds `says`; then forgotten. */
void expect_refusal(const char *sentence, const char *says);

/* Run `act` in a child, as nobody when the tests run as root; what it returns comes back, with its
 * `err`. */
int in_child(bool as_nobody, int (*act)(void *arg), void *arg);

extern const struct CMUnitTest open_tests[], list_tests[], trust_tests[], process_tests[],
    campaign_tests[], pending_tests[], revoke_tests[], ocsp_tests[];
extern const size_t open_count, list_count, trust_count, process_count, campaign_count,
    pending_count, revoke_count, ocsp_count;

#define DB_TEST(check) cmocka_unit_test_setup_teardown(check, set_up, tear_down)

#endif
