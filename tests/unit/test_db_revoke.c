/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of db/: revocations, what is so now, and the numbers of revocation lists. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "unit/test_db.h"

enum { COMPROMISED = 1, SUPERSEDED = 4, HOLD = 6, RELEASED = 8 };

static int64_t authority;

/* Two certificates, valid until 2000: serial numbers "1" and "2", numbers 1 and 2. */
static void
issue_two(void)
{
	begin();
	authority = add_authority("ca");
	issue(authority, "1", "a.example", 0);
	issue(authority, "2", "b.example", 0);
	commit();
}

static int
change(const char *serial, int64_t certificate, int reason)
{
	struct rmt_db_revocation row = { .authority = authority,
		.serial = rmt_span_text(serial),
		.certificate = certificate,
		.at = 1500,
		.reason = reason,
		.expires = certificate != 0 ? 2000 : 0 };
	int rc;

	begin();
	rc = rmt_db_revoke(db, &row, 1600, &err);
	if (rc == 0)
		commit();
	else
		rmt_db_rollback(db);
	return rc;
}

static int
note(void *arg, const struct rmt_db_revocation *row)
{
	rmt_buf_format(arg, "%.*s:%d ", (int)row->serial.length, (const char *)row->serial.at,
	    row->reason);
	return 0;
}

static const char *
said(const struct rmt_db_revoked_query *query)
{
	static char text[200];
	struct rmt_buf buf = { 0 };

	if (rmt_db_revoked(db, query, note, &buf, &err) != 0)
		fail_msg("%s", err.message);
	snprintf(text, sizeof text, "%s", rmt_buf_string(&buf));
	rmt_buf_free(&buf);
	return text;
}

/* ---- what may follow what ---- */

static const struct {
	const char *label;
	int first, second; /* -1: nothing */
	const char *refusal; /* NULL: it may follow */
} orders[] = {
	{ "a certificate is revoked", -1, SUPERSEDED, NULL },
	{ "a certificate is put on hold", -1, HOLD, NULL },
	{ "what is not revoked is not released", -1, RELEASED, "is not revoked" },
	{ "a hold is released", HOLD, RELEASED, NULL },
	{ "a hold becomes final", HOLD, COMPROMISED, NULL },
	{ "a hold is one already", HOLD, HOLD, "on hold already" },
	{ "a revocation is for good", SUPERSEDED, RELEASED, "only a hold can be released" },
	{ "a revocation keeps its reason", SUPERSEDED, COMPROMISED, "revoked already" },
	{ "a revocation is no hold", SUPERSEDED, HOLD, "revoked already" },
	{ "what was released may be revoked", RELEASED, COMPROMISED, NULL },
	{ "what was released may be put on hold", RELEASED, HOLD, NULL },
};

static void
only_a_hold_is_released_or_made_final(void **state)
{
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		issue_two();
		if (orders[i].first == RELEASED)
			assert_int_equal(change("1", 1, HOLD), 0);
		if (orders[i].first >= 0)
			assert_int_equal(change("1", 1, orders[i].first), 0);
		if ((change("1", 1, orders[i].second) == 0) != (orders[i].refusal == NULL))
			fail_msg("%s: %s", orders[i].label, err.message);
		if (orders[i].refusal != NULL)
			expect_refusal(orders[i].label, orders[i].refusal);
		if (rmt_db_check_structure(db, &err) != 0)
			fail_msg("%s: %s", orders[i].label, err.message);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

static void
the_schema_itself_refuses_what_may_not_follow(void **state)
{
	static const char again[] = "INSERT INTO revocations SELECT NULL, authority, serial, shard,"
				    " certificate, at, %d, invalid_since, expires, event FROM"
				    " revocations WHERE id = 1";
	char sql[300];

	(void)state;
	issue_two();
	assert_int_equal(change("1", 1, SUPERSEDED), 0);
	for (int reason = 0; reason <= 10; reason++) {
		snprintf(sql, sizeof sql, again, reason);
		if (raw(sql)[0] == '\0')
			fail_msg("reason %d came after a final one", reason);
	}
	assert_string_equal(raw("DELETE FROM revocations"), "revocations is append-only");
	assert_string_equal(raw("UPDATE revocations SET reason = 1"), "revocations is append-only");
}

static void
what_is_so_now_is_found(void **state)
{
	struct rmt_db_revocation row;
	struct rmt_db_cert cert;

	(void)state;
	issue_two();
	assert_int_equal(rmt_db_revoked_certificate(db, 1, &row, &err), 0);
	assert_int_equal(change("1", 1, HOLD), 0);
	assert_int_equal(rmt_db_cert_by_id(db, 1, &cert, &err), 1);
	assert_int_equal(rmt_db_cert_status(&cert, 1600), RMT_CERT_REVOKED);
	assert_int_equal(rmt_db_revoked_certificate(db, 1, &row, &err), 1);
	assert_int_equal(row.reason, HOLD);
	assert_int_equal(row.at, 1500);
	assert_int_equal(rmt_db_revoked_serial(db, authority, rmt_span_text("1"), &row, &err), 1);
	assert_int_equal(row.certificate, 1);
	assert_int_equal(rmt_db_revoked_serial(db, authority, rmt_span_text("2"), &row, &err), 0);
	assert_int_equal(change("1", 1, RELEASED), 0);
	assert_int_equal(rmt_db_revoked_certificate(db, 1, &row, &err), 0);
	assert_int_equal(rmt_db_cert_by_id(db, 1, &cert, &err), 1);
	assert_int_equal(rmt_db_cert_status(&cert, 1600), RMT_CERT_VALID);
}

static void
a_serial_number_alone_is_revoked_and_gets_its_certificate(void **state)
{
	struct rmt_db_revocation row;

	(void)state;
	issue_two();
	assert_int_equal(change("1", 0, COMPROMISED), 0);
	assert_int_equal(rmt_db_revoked_serial(db, authority, rmt_span_text("1"), &row, &err), 1);
	assert_int_equal(row.certificate, 0);
	assert_int_equal(change("1", 0, COMPROMISED), -1);
	expect_refusal("the same again", "revoked already");
	assert_int_equal(change("1", 1, SUPERSEDED), -1);
	expect_refusal("for another reason", "revoked already");
	assert_int_equal(change("1", 1, COMPROMISED), 0);
	assert_int_equal(rmt_db_revoked_certificate(db, 1, &row, &err), 1);
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

/* ---- lists ---- */

static void
a_list_says_what_is_so_and_a_delta_what_became(void **state)
{
	struct rmt_db_revoked_query all = { .authority = 1 };
	struct rmt_db_revoked_query later = { .authority = 1, .not_expired_at = 2001 };
	struct rmt_db_revoked_query delta = { .authority = 1, .changes = true };

	(void)state;
	issue_two();
	assert_string_equal(said(&all), "");
	assert_int_equal(change("2", 2, HOLD), 0);
	assert_int_equal(change("1", 1, SUPERSEDED), 0);
	assert_string_equal(said(&all), "1:4 2:6 ");
	assert_int_equal(change("2", 2, RELEASED), 0);
	assert_string_equal(said(&all), "1:4 ");
	delta.after = 1;
	assert_string_equal(said(&delta), "1:4 2:8 ");
	delta.after = 2;
	assert_string_equal(said(&delta), "2:8 ");
	assert_int_equal(change("2", 2, HOLD), 0);
	assert_string_equal(said(&delta), "2:6 ");
	/* What has expired is left out, unless it came since. */
	later.after = 4;
	assert_string_equal(said(&later), "");
	later.after = 3;
	assert_string_equal(said(&later), "2:6 ");
	later.not_expired_at = 2000;
	assert_string_equal(said(&later), "1:4 2:6 ");
	assert_int_equal(change("3", 0, COMPROMISED), 0); /* nobody knows when it expires */
	later.not_expired_at = 9000;
	later.after = 5;
	assert_string_equal(said(&later), "3:1 ");
}

static void
a_partial_list_has_its_own(void **state)
{
	struct rmt_db_revoked_query query = { .authority = 1, .shard = 2 };
	struct rmt_db_revocation row = { .authority = 1, .shard = 2, .serial = rmt_span_text("2"),
		.certificate = 2, .at = 1500, .reason = HOLD, .expires = 2000 };

	(void)state;
	issue_two();
	assert_int_equal(change("1", 1, SUPERSEDED), 0);
	begin();
	assert_int_equal(rmt_db_revoke(db, &row, 1600, &err), 0);
	commit();
	assert_string_equal(said(&query), "2:6 ");
	query.changes = true;
	assert_string_equal(said(&query), "2:6 ");
	query.shard = 0;
	assert_string_equal(said(&query), "1:4 2:6 ");
}

static void
a_number_is_given_once_and_only_grows(void **state)
{
	unsigned char hash[RMT_SHA256] = { 7 };
	struct rmt_db_crl crl = { .number = 1, .this_update = 1500, .next_update = 1600 };
	struct rmt_db_crl found;
	int64_t last;

	(void)state;
	issue_two();
	assert_int_equal(change("1", 1, SUPERSEDED), 0);
	crl.authority = authority;
	assert_int_equal(rmt_db_crl_number(db, authority, &last, &err), 0);
	assert_int_equal(last, 0);
	begin();
	assert_int_equal(rmt_db_crl_add(db, &crl, 1500, &err), 0);
	commit();
	assert_int_equal(crl.through, 1);
	assert_int_equal(rmt_db_crl_number(db, authority, &last, &err), 0);
	assert_int_equal(last, 1);
	assert_int_equal(rmt_db_crl_newest(db, authority, 0, false, &found, &err), 0);
	begin();
	assert_int_equal(rmt_db_crl_add(db, &crl, 1500, &err), -1);
	expect_refusal("the same number again", "record the revocation list");
	rmt_db_rollback(db);
	crl.entries = 1;
	crl.sha256 = rmt_span_of(hash, sizeof hash);
	begin();
	assert_int_equal(rmt_db_crl_published(db, &crl, 1501, &err), 0);
	assert_int_equal(rmt_db_crl_published(db, &crl, 1501, &err), -1);
	expect_refusal("published twice", "no revocation list");
	rmt_db_rollback(db);
	begin();
	assert_int_equal(rmt_db_crl_published(db, &crl, 1501, &err), 0);
	crl = (struct rmt_db_crl){ .authority = authority, .number = 5, .delta = true, .base = 1,
		.this_update = 1500, .next_update = 1600 };
	assert_int_equal(rmt_db_crl_add(db, &crl, 1500, &err), 0);
	crl.shard = 1; /* a partial list of the same run */
	assert_int_equal(rmt_db_crl_add(db, &crl, 1500, &err), 0);
	crl.number = 4;
	assert_int_equal(rmt_db_crl_add(db, &crl, 1500, &err), -1);
	expect_refusal("a lower number", "only grow");
	commit();
	assert_int_equal(rmt_db_crl_newest(db, authority, 0, true, &found, &err), 0);
	assert_int_equal(rmt_db_crl_newest(db, authority, 0, false, &found, &err), 1);
	assert_int_equal(found.number, 1);
	assert_int_equal(found.entries, 1);
	assert_true(rmt_span_equal(found.sha256, rmt_span_of(hash, sizeof hash)));
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

/* ---- check ---- */

#define FREE \
	"DROP TRIGGER revocations_no_update; DROP TRIGGER revocations_no_delete;" \
	"DROP TRIGGER crls_update; DROP TRIGGER crls_no_delete; DROP TRIGGER revocations_order;" \
	"PRAGMA foreign_keys = OFF"

static void
the_check_finds_what_was_altered(void **state)
{
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{ "UPDATE revocations SET reason = 1", "was altered" },
		{ "UPDATE revocations SET at = 1400", "was altered" },
		{ "UPDATE revocations SET invalid_since = 9", "was altered" },
		{ "UPDATE revocations SET serial = '9'", "" }, /* a text among blobs */
		{ "UPDATE revocations SET serial = x'39'", "was altered" },
		{ "DELETE FROM revocations; DELETE FROM revoked", "its revocation is gone" },
		{ "INSERT INTO revocations SELECT 9, authority, serial, shard, certificate, at, 8, 0,"
		  " expires, event FROM revocations", "was altered" },
		{ "INSERT INTO revocations SELECT 9, authority, serial, shard, certificate, at, reason, 0,"
		  " expires, event FROM revocations", "known to no event" },
		{ "DELETE FROM revoked", "says something else" },
		{ "UPDATE revoked SET reason = 1", "says something else" },
		{ "UPDATE revoked SET expires = 3", "says something else" },
		{ "UPDATE revoked SET shard = 3", "says something else" },
		{ "INSERT INTO revoked SELECT authority, serial, 0, id, 100, 4, 0, not_after, 1"
		  " FROM certificates WHERE id = 2", "known to no event" },
		{ "UPDATE crls SET number = 8", "was altered" },
		{ "UPDATE crls SET this_update = 8", "was altered" },
		{ "UPDATE crls SET entries = 8", "was altered" },
		{ "DELETE FROM crls", "its revocation list is gone" },
	};
	struct rmt_db_crl crl;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		issue_two();
		assert_int_equal(change("1", 1, SUPERSEDED), 0);
		crl = (struct rmt_db_crl){ .authority = authority, .number = 7,
			.this_update = 1500, .next_update = 1600, .sha256 = hash_of("crl") };
		begin();
		assert_int_equal(rmt_db_crl_add(db, &crl, 1500, &err), 0);
		assert_int_equal(rmt_db_crl_published(db, &crl, 1500, &err), 0);
		commit();
		assert_int_equal(rmt_db_check_structure(db, &err), 0);
		assert_string_equal(raw(FREE), "");
		if (rows[i].says[0] == '\0') {
			assert_string_not_equal(raw(rows[i].sql), "");
		} else {
			assert_string_equal(raw(rows[i].sql), "");
			if (rmt_db_check_revoked(db, &err) == 0)
				fail_msg("nothing was found: %s", rows[i].sql);
			expect_refusal(rows[i].sql, rows[i].says);
		}
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

const struct CMUnitTest revoke_tests[] = {
	DB_TEST(only_a_hold_is_released_or_made_final),
	DB_TEST(the_schema_itself_refuses_what_may_not_follow),
	DB_TEST(what_is_so_now_is_found),
	DB_TEST(a_serial_number_alone_is_revoked_and_gets_its_certificate),
	DB_TEST(a_list_says_what_is_so_and_a_delta_what_became),
	DB_TEST(a_partial_list_has_its_own),
	DB_TEST(a_number_is_given_once_and_only_grows),
	DB_TEST(the_check_finds_what_was_altered),
};
const size_t revoke_count = sizeof revoke_tests / sizeof revoke_tests[0];
