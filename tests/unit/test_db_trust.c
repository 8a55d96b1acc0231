/* SPDX-License-Identifier: Apache-2.0 */
/* What may not change does not, and what was changed by other hands is found. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit/test_db.h"

/* A little of everything: authority 1, certificates 1 and 2 (which supersedes it), tbs 3 unsigned,
 * three events. */
static void
record_some(void)
{
	struct rmt_db_request request = { .der = rmt_span_text("der"),
		.spki_hash = hash_of("key"),
		.subject = "",
		.targets = "",
		.state = "made" };
	int64_t authority, id;

	begin();
	authority = add_authority("issuing");
	assert_int_equal(rmt_db_request_add(db, &request, &id, &err), 0);
	id = issue(authority, "1", "a", 0);
	issue(authority, "2", "b", id);
	add_tbs(authority, "3");
	assert_int_equal(rmt_db_event(db, 100, "init", "a home", &err), 0);
	assert_int_equal(rmt_db_event(db, 200, "issue", "two certificates", &err), 0);
	assert_int_equal(rmt_db_event(db, 300, "issue", "none", &err), 0);
	commit();
}

static void
what_is_recorded_is_never_changed(void **state)
{
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{ "UPDATE tbs SET serial = x'09'", "tbs is append-only" },
		{ "DELETE FROM tbs", "tbs is append-only" },
		{ "UPDATE certificates SET not_after = 9", "certificates is append-only" },
		{ "UPDATE certificates SET authority = NULL", "certificates is append-only" },
		{ "INSERT INTO certificates SELECT 9, NULL, NULL, issuer, x'aa', zeroblob(32),"
		  " spki_hash, subject, name, not_before, not_after, recorded, template, targets,"
		  " NULL, proved, NULL FROM certificates WHERE id = 1",
		    "" },
		{ "UPDATE certificates SET authority = 1 WHERE id = 9",
		    "certificates is append-only" },
		{ "INSERT INTO adopted VALUES (9)", "" },
		{ "UPDATE certificates SET authority = 1, not_after = 1 WHERE id = 9",
		    "certificates is append-only" },
		{ "UPDATE certificates SET authority = 1 WHERE id = 9", "" },
		{ "UPDATE certificates SET authority = NULL WHERE id = 9",
		    "certificates is append-only" },
		{ "DELETE FROM adopted", "adopted is append-only" },
		{ "DELETE FROM certificates WHERE id = 1", "certificates is append-only" },
		{ "UPDATE certificate_der SET der = x'00'", "certificate_der is append-only" },
		{ "DELETE FROM certificate_names", "certificate_names is append-only" },
		{ "UPDATE certificate_targets SET target = 1",
		    "certificate_targets is append-only" },
		{ "UPDATE events SET text = 'x'", "events is append-only" },
		{ "DELETE FROM events WHERE id = 3", "events is append-only" },
		{ "PRAGMA recursive_triggers = ON; REPLACE INTO events SELECT * FROM events",
		    "events is append-only" },
		{ "UPDATE requests SET state = 'signed'", "requests is append-only" },
		{ "DELETE FROM requests", "requests is append-only" },
		{ "UPDATE owners SET pid = 1", "owners is append-only" },
		{ "UPDATE terms SET text = 'x' WHERE id = 1", "terms is append-only" },
		{ "DELETE FROM authorities", "authorities are never deleted" },
		{ "UPDATE authorities SET state = 2", "pending to active to retired" },
		{ "UPDATE authorities SET name = 'x'", "pending to active to retired" },
		{ "UPDATE authorities SET state = 1", "CHECK constraint failed" },
		{ "UPDATE authorities SET state = 1, certificate = x'00', spki_hash = zeroblob(32)",
		    "pending to active to retired" },
		{ "UPDATE authorities SET state = 1, certificate = x'00'", "" },
		{ "UPDATE authorities SET certificate = x'01'", "pending to active to retired" },
		{ "UPDATE authorities SET state = 2, certificate = x'01'",
		    "pending to active to retired" },
		{ "UPDATE authorities SET state = 2", "" },
		{ "UPDATE authorities SET state = 1", "pending to active to retired" },
		{ "INSERT INTO tbs SELECT 9, authority, serial, 0, owner, bytes FROM tbs",
		    "UNIQUE constraint failed" },
		{ "INSERT INTO tbs VALUES (9, 1, 'text', 0, 1, x'00')", "cannot store TEXT" },
	};

	(void)state;
	record_some();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *said = raw(rows[i].sql);

		if (rows[i].says[0] == '\0' ? said[0] != '\0' : strstr(said, rows[i].says) == NULL)
			fail_msg("%s: \"%s\"", rows[i].sql, said);
	}
}

/* Without the triggers, as somebody who edits the file would go about it. */
#define FREE(table) "DROP TRIGGER " table "_no_update; DROP TRIGGER " table "_no_delete; "

static void
the_event_chain_shows_what_was_altered(void **state)
{
	static const struct {
		const char *sentence, *sql;
		const char *says; /* NULL: whole */
	} rows[] = {
		{ "untouched", "", NULL },
		{ "another text", "UPDATE events SET text = 'one' WHERE id = 2",
		    "event 2 does not have the hash" },
		{ "another time", "UPDATE events SET at = 1 WHERE id = 1",
		    "event 1 does not have the hash" },
		{ "another kind", "UPDATE events SET kind = 'init' WHERE id = 3",
		    "event 3 does not have the hash" },
		{ "a letter moved from the kind to the text",
		    "UPDATE events SET kind = 'iss', text = 'uenone' WHERE id = 3",
		    "event 3 does not have the hash" },
		{ "another hash", "UPDATE events SET hash = zeroblob(32) WHERE id = 2",
		    "event 2 does not have the hash" },
		{ "one taken out", "DELETE FROM events WHERE id = 2", "event 2 is missing" },
		{ "the first taken out", "DELETE FROM events WHERE id = 1", "event 1 is missing" },
		{ "one taken out and the gap closed",
		    "DELETE FROM events WHERE id = 2; UPDATE events SET id = 2 WHERE id = 3",
		    "event 2 does not have the hash" },
		{ "two exchanged",
		    "UPDATE events SET id = 9 WHERE id = 2; UPDATE events SET id = 2 WHERE id = 3;"
		    " UPDATE events SET id = 3 WHERE id = 9",
		    "event 2 does not have the hash" },
		{ "one put before the first",
		    "INSERT INTO events VALUES (0, 1, 'x', 'y', zeroblob(32))",
		    "event 1 is missing" },
		{ "one added without the chain",
		    "INSERT INTO events VALUES (4, 1, 'x', 'y', zeroblob(32))",
		    "event 4 does not have the hash" },
		{ "a tail cut off needs a checkpoint kept elsewhere",
		    "DELETE FROM events WHERE id = 3", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int rc;

		if (i > 0)
			assert_int_equal(set_up(state), 0);
		record_some();
		assert_string_equal(raw(FREE("events")), "");
		assert_string_equal(raw(rows[i].sql), "");
		rc = rmt_db_check_events(db, &err);
		if (rc != (rows[i].says != NULL ? -1 : 0))
			fail_msg("%s: %d %s", rows[i].sentence, rc, err.message);
		if (rows[i].says != NULL)
			expect_refusal(rows[i].sentence, rows[i].says);
		if (i + 1 < sizeof rows / sizeof rows[0])
			assert_int_equal(tear_down(state), 0);
	}
}

static void
the_check_of_the_structure_finds_what_does_not_agree(void **state)
{
	static const struct {
		const char *sentence, *sql;
		const char *says;
	} rows[] = {
		{ "untouched", "", NULL },
		{ "what ANALYZE leaves is no change", "ANALYZE", NULL },
		{ "a trigger is gone", "DROP TRIGGER tbs_no_delete",
		    "changed by hand, from what should be \"trigger tbs_no_delete\"" },
		{ "the last trigger is gone", "DROP TRIGGER terms_no_update", "terms_no_update" },
		{ "an index is gone", "DROP INDEX certificates_key", "index certificates_key" },
		{ "a table too many", "CREATE TABLE zzz (x)", "changed by hand" },
		{ "the bytes of a certificate are gone",
		    "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema"
		    " WHERE name = 'certificate_der_no_delete';"
		    " DROP TRIGGER certificate_der_no_delete;"
		    " DELETE FROM certificate_der WHERE certificate = 2;"
		    " CREATE TRIGGER certificate_der_no_delete BEFORE DELETE ON certificate_der"
		    " BEGIN SELECT RAISE(ABORT, 'certificate_der is append-only'); END",
		    "certificate 2 has lost its bytes" },
		{ "an orphan is hidden", "DELETE FROM unsigned", "wrong about number 3" },
		{ "a certificate is called unfinished", "INSERT INTO unsigned VALUES (1, '', '', NULL, 0)",
		    "wrong about number 1" },
		{ "an imported certificate has a serial of ours",
		    "INSERT INTO certificates SELECT 9, NULL, authority, issuer, serial, "
		    "zeroblob(32),"
		    " spki_hash, '', '', 0, 0, 0, NULL, '', NULL, 0, NULL FROM certificates WHERE "
		    "id = 1;"
		    " INSERT INTO certificate_der VALUES (9, x'00')",
		    "imported certificate 9 has the serial of one issued here" },
		{ "a certificate under other to-be-signed bytes",
		    "INSERT INTO certificates SELECT 3, 3, authority, issuer, x'09', zeroblob(32),"
		    " spki_hash, '', '', 0, 0, 0, NULL, '', NULL, 0, NULL FROM certificates WHERE "
		    "id = 1;"
		    " INSERT INTO certificate_der VALUES (3, x'00'); DELETE FROM unsigned",
		    "certificate 3 has not the serial" },
		{ "a reference leads nowhere",
		    "INSERT INTO requests VALUES (5, 'made', 0, zeroblob(32), '', '', x'00');"
		    " INSERT INTO unsigned VALUES (77, '', '', NULL, 0)",
		    "row 77 of the table unsigned" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int rc;

		if (i > 0)
			assert_int_equal(set_up(state), 0);
		record_some();
		assert_string_equal(raw(rows[i].sql), "");
		rc = rmt_db_check_structure(db, &err);
		if (rc != (rows[i].says != NULL ? -1 : 0))
			fail_msg("%s: %d %s", rows[i].sentence, rc, err.message);
		if (rows[i].says != NULL)
			expect_refusal(rows[i].sentence, rows[i].says);
		if (i + 1 < sizeof rows / sizeof rows[0])
			assert_int_equal(tear_down(state), 0);
	}
}

static void
a_serial_is_used_once(void **state)
{
	struct rmt_db_cert imported = { .issuer_name = "CN=Issuing",
		.serial = rmt_span_text("\x12\x34"),
		.der = rmt_span_text("x"),
		.fingerprint = hash_of("imported"),
		.spki_hash = hash_of("key"),
		.subject = "",
		.name = "",
		.targets = "" };
	struct rmt_db_tbs tbs = { .tbs = rmt_span_text("tbs"), .owner_pid = 1 };
	struct rmt_db_cert got;
	int64_t id, other;

	(void)state;
	begin();
	imported.authority = tbs.authority = add_authority("issuing");
	other = add_authority("other");
	add_tbs(tbs.authority, "\x56\x78");
	add_tbs(other, "\x56\x78");
	tbs.serial = rmt_span_text("\x56\x78");
	assert_int_equal(rmt_db_tbs_add(db, &tbs, &id, &err), -1);
	expect_refusal("a serial reserved twice", "the serial 5678 was used");

	assert_int_equal(rmt_db_cert_add(db, &imported, &id, &err), 0);
	tbs.serial = imported.serial;
	assert_int_equal(rmt_db_tbs_add(db, &tbs, &id, &err), -1);
	expect_refusal("a serial of an imported one", "the serial 1234 was used");
	assert_int_equal(rmt_db_cert_add(db, &imported, &id, &err), -1);
	expect_refusal("the same imported twice", "on record already, as number 3");
	imported.fingerprint = hash_of("imported with the same serial");
	assert_int_equal(rmt_db_cert_add(db, &imported, &id, &err), -1);
	expect_refusal("imported with a serial that was imported", "the serial 1234 was used");
	imported.serial = rmt_span_text("\x56\x78");
	assert_int_equal(rmt_db_cert_add(db, &imported, &id, &err), -1);
	expect_refusal("imported with a serial that was reserved", "the serial 5678 was used");
	imported.authority = 0;
	assert_int_equal(rmt_db_cert_add(db, &imported, &id, &err), 0); /* of another issuer */
	commit();
	assert_int_equal(
	    rmt_db_cert_find(db, imported.serial, imported.fingerprint, &got, &err), 1);
	assert_int_equal(got.id, id);
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

static void
a_certificate_follows_its_own_bytes_once(void **state)
{
	struct rmt_db_cert cert = { .issuer_name = "CN=Issuing",
		.serial = rmt_span_text("1"),
		.der = rmt_span_text("x"),
		.fingerprint = hash_of("x"),
		.spki_hash = hash_of("key"),
		.subject = "",
		.name = "",
		.targets = "" };
	int64_t id;

	(void)state;
	begin();
	cert.authority = add_authority("issuing");
	cert.tbs = 7;
	assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), -1);
	expect_refusal(
	    "bytes that were never persisted", "no certificate is waited for as number 7");
	cert.tbs = add_tbs(cert.authority, "2");
	assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), -1);
	expect_refusal("another serial", "with this serial and authority");
	cert.serial = rmt_span_text("2");
	assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), 0);
	assert_int_equal(id, cert.tbs);
	assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), -1);
	expect_refusal("a second time", "no certificate is waited for as number 1");
	commit();
}

static int
append_event(void *arg, int64_t id, rmt_time when, const char *kind, const char *text)
{
	rmt_buf_format(arg, "%lld@%lld %s: %s; ", (long long)id, (long long)when, kind, text);
	return id == 2 ? 42 : 0;
}

static void
events_are_read_in_order(void **state)
{
	struct rmt_buf text = { 0 };
	rmt_time last;

	(void)state;
	assert_int_equal(rmt_db_last_event(db, &last, &err), 0);
	assert_int_equal(last, 0);
	record_some();
	assert_int_equal(rmt_db_last_event(db, &last, &err), 0);
	assert_int_equal(last, 300);
	assert_int_equal(rmt_db_events(db, 0, append_event, &text, &err), 42);
	assert_string_equal(
	    rmt_buf_string(&text), "1@100 init: a home; 2@200 issue: two certificates; ");
	rmt_buf_clear(&text);
	assert_int_equal(rmt_db_events(db, 2, append_event, &text, &err), 0);
	assert_string_equal(rmt_buf_string(&text), "3@300 issue: none; ");
	rmt_buf_free(&text);
}

static void
a_rollback_leaves_nothing(void **state)
{
	struct rmt_db_filter all = { .status = -1 };

	(void)state;
	record_some();
	begin();
	issue(1, "9", "gone", 0);
	rmt_db_rollback(db);
	assert_string_equal(listed(&all), "2:b 1:a ");
	begin();
	assert_int_equal(
	    issue(1, "9", "kept", 0), 4); /* the same terms and the same owner, written anew */
	commit();
	assert_string_equal(listed(&all), "4:kept 2:b 1:a ");
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

/* The tables that an export leaves out, and why nothing is lost by it. */
static const struct {
	const char *table, *why;
} not_exported[] = {
	{ "terms", "texts of other tables, which are exported with them" },
	{ "owners", "processes of this machine" },
	{ "tbs", "a part of the certificates; those without one are in unsigned" },
	{ "certificate_der", "der of certificates" },
	{ "certificate_names", "names of certificates" },
	{ "certificate_targets", "targets of certificates" },
	{ "revoked", "follows from revocations" },
	{ "adopted", "a flag of certificates" },
	{ "other_exponents", "follows from the keys of certificates" },
};

static bool
is_exported(const char *table)
{
	for (size_t i = 0; rmt_db_exported(i) != NULL; i++)
		if (strcmp(rmt_db_exported(i), table) == 0)
			return true;
	return false;
}

static bool
is_left_out(const char *table)
{
	for (size_t i = 0; i < sizeof not_exported / sizeof not_exported[0]; i++)
		if (strcmp(not_exported[i].table, table) == 0)
			return true;
	return false;
}

static int
count_row(void *arg, const char *table, uint64_t row, const struct rmt_db_cell *cells, size_t count)
{
	(void)table;
	assert_int_equal(row, *(int *)arg);
	assert_true(count > 0 && cells[count - 1].name != NULL && (row || cells[0].absent));
	++*(int *)arg;
	return 0;
}

static void
every_table_is_exported_or_says_why_not(void **state)
{
	static const char tables[] = "SELECT name FROM sqlite_schema WHERE type = 'table'";
	struct rmt_db_query query;
	size_t known = 0, listed_ones = 0;
	int rows;

	(void)state;
	record_some();
	assert_int_equal(rmt_db_query(db, tables, &query, &err), 0);
	while (rmt_db_step(&query, "read the schema", &err) == 1) {
		const char *table = (const char *)sqlite3_column_text(query.statement, 0);

		if (is_exported(table) == is_left_out(table))
			fail_msg("%s: exported, or left out with a reason, and not both", table);
		known++;
	}
	rmt_db_done(&query);
	while (rmt_db_exported(listed_ones) != NULL) {
		rows = 0;
		assert_int_equal(rmt_db_export(db, rmt_db_exported(listed_ones), count_row, &rows, &err), 0);
		assert_true(rows > 0); /* the names of its cells, whether it has rows or not */
		listed_ones++;
	}
	assert_int_equal(listed_ones + sizeof not_exported / sizeof not_exported[0], known);
}

const struct CMUnitTest trust_tests[] = {
	DB_TEST(what_is_recorded_is_never_changed),
	DB_TEST(the_event_chain_shows_what_was_altered),
	DB_TEST(the_check_of_the_structure_finds_what_does_not_agree),
	DB_TEST(a_serial_is_used_once),
	DB_TEST(a_certificate_follows_its_own_bytes_once),
	DB_TEST(events_are_read_in_order),
	DB_TEST(a_rollback_leaves_nothing),
	DB_TEST(every_table_is_exported_or_says_why_not),
};
const size_t trust_count = sizeof trust_tests / sizeof trust_tests[0];
