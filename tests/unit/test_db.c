/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of db/: what is recorded comes back, and only what may be done can be done. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "db/local.h"

static char home[64];
static struct rmt_db *db;
static struct rmt_err err;

static int
set_up(void **state)
{
	(void)state;
	memset(&err, 0, sizeof err);
	snprintf(home, sizeof home, "/tmp/remint-db.XXXXXX");
	if (mkdtemp(home) == NULL)
		return -1;
	db = rmt_db_open(home, RMT_DB_CREATE, 1, &err);
	if (db == NULL)
		print_error("%s\n", err.message);
	return db != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	char command[96];

	(void)state;
	rmt_db_close(db);
	db = NULL;
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

static struct rmt_span
hash_of(const char *text)
{
	static unsigned char hashes[8][RMT_SHA256];
	static unsigned next;
	unsigned char *at = hashes[next++ % 8];

	rmt_sha256(rmt_span_text(text), at, NULL);
	return rmt_span_of(at, RMT_SHA256);
}

static int64_t
add_authority(const char *name)
{
	struct rmt_db_authority authority = { .name = name, .spki_hash = hash_of(name),
		.key_here = true };
	int64_t id = 0;

	assert_int_equal(rmt_db_authority_add(db, &authority, &id, &err), 0);
	return id;
}

static int64_t
issue(int64_t authority, const char *serial, const char *name, int64_t supersedes)
{
	const char *names[] = { name, name, "Second." };
	struct rmt_db_tbs tbs = { authority, rmt_span_text(serial), rmt_span_text("tbs"), 1000,
		getpid() };
	struct rmt_db_cert cert = { .authority = authority, .issuer_name = "CN=Issuing",
		.serial = rmt_span_text(serial), .der = rmt_span_text(name),
		.fingerprint = hash_of(serial), .spki_hash = hash_of(name), .subject = "CN=x",
		.name = name, .names = names, .name_count = 3, .not_before = 1000,
		.not_after = 2000, .recorded = 1000, .template_name = "web-server",
		.targets = "nginx,haproxy", .supersedes = supersedes, .proved = true };
	int64_t id = 0;

	assert_int_equal(rmt_db_tbs_add(db, &tbs, &cert.tbs, &err), 0);
	if (rmt_db_cert_add(db, &cert, &id, &err) != 0)
		fail_msg("%s", err.message);
	return id;
}

static int
collect(void *arg, const struct rmt_db_cert *cert)
{
	rmt_buf_format(arg, "%lld:%s ", (long long)cert->id, cert->name);
	return 0;
}

static const char *
listed(const struct rmt_db_filter *filter)
{
	static struct rmt_buf out;

	rmt_buf_clear(&out);
	if (rmt_db_certs(db, filter, collect, &out, &err) != 0)
		fail_msg("%s", err.message);
	return rmt_buf_string(&out);
}

static void
finds_what_was_recorded(void **state)
{
	static const struct {
		struct rmt_db_filter filter;
		const char *found;
	} rows[] = {
		{ { .status = -1 }, "3:b.example 2:A.example 1:a.example " },
		{ { .status = -1, .limit = 2 }, "3:b.example 2:A.example " },
		{ { .status = -1, .after_id = 2 }, "1:a.example " },
		{ { .status = -1, .name = "a.EXAMPLE" }, "2:A.example 1:a.example " },
		{ { .status = -1, .name = "A*" }, "2:A.example 1:a.example " },
		{ { .status = -1, .name = "%*" }, "" },
		{ { .status = -1, .serial = "3" }, "3:b.example 2:A.example 1:a.example " },
		{ { .status = -1, .serial = "32" }, "2:A.example " },
		{ { .status = -1, .target = "nginx" }, "3:b.example 2:A.example 1:a.example " },
		{ { .status = -1, .target = "ngin" }, "" },
		{ { .status = -1, .template_name = "web-server", .name = "b.example" }, "3:b.example " },
		{ { .status = RMT_CERT_VALID, .now = 1500 }, "3:b.example 2:A.example " },
		{ { .status = RMT_CERT_SUPERSEDED, .now = 1500 }, "1:a.example " },
		{ { .status = RMT_CERT_EXPIRED, .now = 2001 }, "3:b.example 2:A.example " },
		{ { .status = RMT_CERT_REVOKED, .now = 1500 }, "" },
		{ { .status = -1, .expires_before = 2000 }, "" },
		{ { .status = -1, .expires_before = 2001 }, "3:b.example 2:A.example 1:a.example " },
	};
	int64_t authority, first;

	(void)state;
	assert_int_equal(rmt_db_begin(db, &err), 0);
	authority = add_authority("issuing");
	first = issue(authority, "1", "a.example", 0);
	issue(authority, "2", "A.example", first);
	issue(authority, "3", "b.example", 0);
	assert_int_equal(rmt_db_event(db, 1000, "issue", "3 certificates", &err), 0);
	assert_int_equal(rmt_db_commit(db, &err), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(listed(&rows[i].filter), rows[i].found) != 0)
			fail_msg("row %zu: %s", i, listed(&rows[i].filter));
	assert_int_equal(rmt_db_check_events(db, &err), 0);
	if (rmt_db_check_structure(db, &err) != 0)
		fail_msg("%s", err.message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_was_recorded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
