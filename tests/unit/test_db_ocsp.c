/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of db/: the state of a serial number as a responder asks for it, and the responses that are kept. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit/test_db.h"

enum { COMPROMISED = 1, HOLD = 6, RELEASED = 8 };

static int64_t authority;

/* Three certificates, valid until 2000: serial numbers "1" to "3", numbers 1 to 3. */
static void
issue_three(void)
{
	begin();
	authority = add_authority("ca");
	issue(authority, "1", "a.example", 0);
	issue(authority, "2", "b.example", 0);
	issue(authority, "3", "c.example", 0);
	commit();
}

static void
change(const char *serial, int64_t certificate, int reason)
{
	struct rmt_db_revocation row = { .authority = authority, .serial = rmt_span_text(serial), .certificate = certificate, .at = 1500, .reason = reason };

	begin();
	assert_int_equal(rmt_db_revoke(db, &row, 1600, &err), 0);
	commit();
}

static struct rmt_db_ocsp_state
state_of(const char *serial, int known)
{
	struct rmt_db_ocsp_state state;

	assert_int_equal(rmt_db_ocsp_state(db, authority, rmt_span_text(serial), &state, &err), known);
	return state;
}

static int
put(int64_t certificate, enum rmt_ocsp_hash hash, int64_t stated, int64_t signer)
{
	struct rmt_db_ocsp_response response = { .certificate = certificate, .hash = hash, .stated = stated, .signer = signer,
		.this_update = 1600, .next_update = 1700, .der = rmt_span_text("signed") };
	int rc;

	begin();
	rc = rmt_db_ocsp_put(db, &response, &err);
	commit();
	return rc;
}

static int
kept(int64_t certificate, enum rmt_ocsp_hash hash, rmt_time beyond)
{
	struct rmt_db_ocsp_response response;
	int rc = rmt_db_ocsp_get(db, certificate, hash, beyond, &response, &err);

	if (rc == 1) {
		assert_true(rmt_span_equal(response.der, rmt_span_text("signed")));
		assert_int_equal(response.next_update, 1700);
	}
	return rc;
}

static void
a_state_is_told_by_its_serial_number(void **state)
{
	struct rmt_db_ocsp_state one;

	(void)state;
	issue_three();
	one = state_of("1", 1);
	assert_int_equal(one.certificate, 1);
	assert_int_equal(one.stated, 0);
	assert_int_equal(one.not_after, 2000);
	state_of("9", 0);
	assert_int_equal(rmt_db_ocsp_state(db, authority + 1, rmt_span_text("1"), &one, &err), 0);
	change("1", 1, HOLD);
	one = state_of("1", 1);
	assert_true(one.stated != 0);
	assert_int_equal(one.revoked, 1500);
	assert_int_equal(one.reason, HOLD);
	change("1", 1, RELEASED);
	assert_int_equal(state_of("1", 1).stated, 0);
	change("9", 0, COMPROMISED); /* a serial number alone */
	one = state_of("9", 1);
	assert_int_equal(one.certificate, 0);
	assert_int_equal(one.reason, COMPROMISED);
}

static void
a_response_is_kept_while_it_is_true(void **state)
{
	(void)state;
	issue_three();
	assert_int_equal(put(1, RMT_OCSP_SHA1, 0, 0), 1);
	assert_int_equal(put(1, RMT_OCSP_SHA256, 0, 0), 1);
	assert_int_equal(put(1, RMT_OCSP_SHA1, 0, 0), 1); /* in place of the one before */
	assert_int_equal(put(2, RMT_OCSP_SHA1, 0, 0), 1);
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 1699), 1);
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 1700), 0);
	change("1", 1, HOLD);
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 0), 0);
	assert_int_equal(kept(1, RMT_OCSP_SHA256, 0), 0);
	assert_int_equal(kept(2, RMT_OCSP_SHA1, 0), 1);
	assert_int_equal(put(1, RMT_OCSP_SHA1, 0, 0), 0); /* signed before it was on hold */
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 0), 0);
	assert_int_equal(put(1, RMT_OCSP_SHA1, state_of("1", 1).stated, 0), 1);
	change("1", 1, RELEASED);
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 0), 0);
	assert_int_equal(put(1, RMT_OCSP_SHA1, 0, 0), 1);
	change("1", 0, COMPROMISED); /* by its serial number alone */
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 0), 0);
	assert_int_equal(put(1, RMT_OCSP_SHA1, 0, 0), 0);
	assert_int_equal(put(7, RMT_OCSP_SHA1, 0, 0), 0); /* no certificate */
	assert_int_equal(rmt_db_check_ocsp(db, &err), 0);
}

static void
a_revoked_signer_is_not_believed(void **state)
{
	(void)state;
	issue_three();
	assert_int_equal(put(1, RMT_OCSP_SHA1, 0, 3), 1);
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 0), 1);
	change("3", 3, COMPROMISED);
	assert_int_equal(kept(1, RMT_OCSP_SHA1, 0), 0);
}

struct seen {
	char text[200];
};

static int
note(void *arg, const struct rmt_db_ocsp_state *one, const struct rmt_db_ocsp_response *response)
{
	struct seen *seen = arg;
	size_t length = strlen(seen->text);

	snprintf(seen->text + length, sizeof seen->text - length, "%d%s%s ", (int)one->certificate, one->stated ? "!" : "", response ? "*" : "");
	return 0;
}

static const char *
living(int64_t after, rmt_time now, rmt_time beyond, int limit)
{
	const struct rmt_db_ocsp_query query = { .authority = authority, .after = after, .now = now, .beyond = beyond, .limit = limit };
	static struct seen seen;

	*seen.text = '\0';
	assert_int_equal(rmt_db_ocsp_live(db, &query, note, &seen, &err), 0);
	return seen.text;
}

static void
what_lives_is_listed(void **state)
{
	int64_t number;

	(void)state;
	issue_three();
	change("2", 2, COMPROMISED);
	assert_int_equal(put(3, RMT_OCSP_SHA1, 0, 0), 1);
	assert_string_equal(living(0, 1600, 1650, 100), "1 2! 3* ");
	assert_string_equal(living(0, 1600, 1700, 100), "1 2! 3 "); /* it ends too soon */
	assert_string_equal(living(0, 1600, 1650, 2), "1 2! ");
	assert_string_equal(living(2, 1600, 1650, 2), "3* ");
	assert_string_equal(living(0, 2001, 1650, 100), "");
	assert_int_equal(rmt_db_ocsp_count(db, authority, 1600, &number, &err), 0);
	assert_int_equal(number, 3);
	begin();
	assert_int_equal(rmt_db_ocsp_trim(db, 1999, &err), 0);
	commit();
	assert_int_equal(kept(3, RMT_OCSP_SHA1, 0), 1);
	begin();
	assert_int_equal(rmt_db_ocsp_trim(db, 2001, &err), 0);
	commit();
	assert_int_equal(kept(3, RMT_OCSP_SHA1, 0), 0);
}

static void
an_authority_that_never_answered_is_known(void **state)
{
	(void)state;
	issue_three();
	assert_int_equal(rmt_db_ocsp_begun(db, authority, "signer", &err), 0);
	assert_int_equal(put(3, RMT_OCSP_SHA1, 0, 0), 1);
	assert_int_equal(rmt_db_ocsp_begun(db, authority, "signer", &err), 1);
	assert_int_equal(rmt_db_ocsp_begun(db, authority + 1, "signer", &err), 0);
}

/* Whoever does not want to wait does not. */
static void
a_writer_need_not_wait(void **state)
{
	struct rmt_db *other;

	(void)state;
	other = rmt_db_open(home, RMT_DB_WRITE, 10, &err);
	assert_non_null(other);
	begin();
	assert_int_equal(rmt_db_begin_now(other, &err), 0);
	commit();
	assert_int_equal(rmt_db_begin_now(other, &err), 1);
	rmt_db_rollback(other);
	rmt_db_close(other);
}

static void
a_response_that_is_wrong_is_found(void **state)
{
	(void)state;
	issue_three();
	change("1", 1, COMPROMISED);
	assert_string_equal(raw("INSERT INTO ocsp_responses VALUES (2, 1, 0, NULL, NULL, 1, 2, x'00')"), "");
	assert_int_equal(rmt_db_check_ocsp(db, &err), -1);
	assert_non_null(strstr(err.message, "is not what is known of it now"));
}

const struct CMUnitTest ocsp_tests[] = {
	DB_TEST(a_state_is_told_by_its_serial_number),
	DB_TEST(a_response_is_kept_while_it_is_true),
	DB_TEST(a_revoked_signer_is_not_believed),
	DB_TEST(what_lives_is_listed),
	DB_TEST(an_authority_that_never_answered_is_known),
	DB_TEST(a_writer_need_not_wait),
	DB_TEST(a_response_that_is_wrong_is_found),
};
const size_t ocsp_count = sizeof ocsp_tests / sizeof ocsp_tests[0];
