/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of db/: pending requests. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit/test_db.h"

static int64_t
add(const struct rmt_db_pending *pending)
{
	int64_t id = 0;

	begin();
	if (rmt_db_pending_add(db, pending, &id, &err) != 0)
		fail_msg("%s", err.message);
	commit();
	return id;
}

static int64_t
add_device(const char *name)
{
	struct rmt_db_pending row = { .kind = RMT_PENDING_DEVICE,
		.recorded = 100,
		.name = name,
		.subject = "CN=x",
		.targets = "cisco-ace",
		.template_name = "web-server",
		.signer = "issuing",
		.asked = "{}" };

	return add(&row);
}

static int64_t
add_request(const char *key)
{
	struct rmt_db_request request = { .der = rmt_span_text("bytes"),
		.spki_hash = hash_of(key),
		.subject = "CN=x",
		.targets = "",
		.recorded = 100,
		.state = "made" };
	int64_t id = 0;

	begin();
	if (rmt_db_request_add(db, &request, &id, &err) != 0)
		fail_msg("%s", err.message);
	commit();
	return id;
}

static int64_t
add_held(const char *key)
{
	struct rmt_db_pending row = { .kind = RMT_PENDING_HELD,
		.recorded = 100,
		.name = key,
		.spki_hash = hash_of(key),
		.request = add_request(key) };

	return add(&row);
}

/* As the road of issuance does it: the bytes, the certificate, and the row with each. */
static int64_t
issue_for(int64_t id, int64_t authority, const char *serial)
{
	struct rmt_db_pending row;
	struct rmt_db_cert cert = { .authority = authority,
		.issuer_name = "CN=Issuing",
		.serial = rmt_span_text(serial),
		.der = rmt_span_text("x"),
		.fingerprint = hash_of(serial),
		.subject = "CN=x",
		.name = "x",
		.not_after = 2000,
		.template_name = "web-server",
		.targets = "" };
	unsigned char key[32];

	assert_int_equal(rmt_db_pending_get(db, id, &row, &err), 1);
	memcpy(key, row.spki_hash.at, sizeof key);
	cert.request = row.request;
	row = (struct rmt_db_pending){ .id = id, .request = cert.request, .when = 200 };
	row.spki_hash = cert.spki_hash = rmt_span_of(key, sizeof key);
	begin();
	row.tbs = cert.tbs = add_tbs(authority, serial);
	assert_int_equal(rmt_db_pending_put(db, &row, &err), 0);
	assert_int_equal(rmt_db_cert_add(db, &cert, &row.certificate, &err), 0);
	row.state = RMT_PENDING_ISSUED;
	assert_int_equal(rmt_db_pending_put(db, &row, &err), 0);
	commit();
	return row.certificate;
}

static int64_t
add_ca(void)
{
	int64_t id;

	begin();
	id = add_authority("ca");
	commit();
	return id;
}

static void
a_request_of_a_device_waits_under_its_name(void **state)
{
	struct rmt_db_pending row;
	int64_t first = add_device("Gate.Example"), second = add_device("gate.example");

	(void)state;
	add_device("other.example");
	assert_int_equal(rmt_db_pending_get(db, first, &row, &err), 1);
	assert_int_equal(row.kind, RMT_PENDING_DEVICE);
	assert_int_equal(row.state, RMT_PENDING_OPEN);
	assert_int_equal(row.recorded, 100);
	assert_int_equal(row.when, 100);
	assert_int_equal(row.spki_hash.length, 0);
	assert_string_equal(row.name, "Gate.Example");
	assert_string_equal(row.asked, "{}");
	assert_int_equal(rmt_db_pending_named(db, "GATE.example", 0, &row, &err), 1);
	assert_int_equal(row.id, first);
	assert_int_equal(rmt_db_pending_named(db, "GATE.example", first, &row, &err), 1);
	assert_int_equal(row.id, second);
	row.state = RMT_PENDING_WITHDRAWN;
	row.why = "the device is gone";
	row.when = 200;
	begin();
	assert_int_equal(rmt_db_pending_put(db, &row, &err), 0); /* as it was handed out */
	commit();
	assert_int_equal(rmt_db_pending_named(db, "gate.example", first, &row, &err), 0);
	assert_int_equal(rmt_db_pending_get(db, second, &row, &err), 1);
	assert_string_equal(row.why, "the device is gone");
	assert_int_equal(row.when, 200);
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

static void
what_is_still_open_is_listed(void **state)
{
	struct rmt_db_pending row;
	int64_t id = 0;
	int seen = 0;

	(void)state;
	add_device("a.example");
	id = add_held("b");
	add_device("c.example");
	issue_for(id, add_ca(), "1");
	for (id = 0; rmt_db_pending_next(db, RMT_PENDING_OPEN, id, &row, &err) == 1; seen++)
		id = row.id;
	assert_int_equal(seen, 2);
	assert_int_equal(id, 3);
	for (id = 0, seen = 0; rmt_db_pending_next(db, -1, id, &row, &err) == 1; seen++)
		id = row.id;
	assert_int_equal(seen, 3);
}

static void
a_held_request_is_found_by_its_key_and_its_bytes(void **state)
{
	struct rmt_db_pending row;
	int64_t ca = add_ca(), first = add_held("k"), certificate = issue_for(first, ca, "1"), second;

	(void)state;
	assert_int_equal(rmt_db_pending_of_key(db, hash_of("k"), &row, &err), 1);
	assert_int_equal(row.id, first);
	assert_int_equal(row.certificate, certificate);
	second = add_held("k");
	add_held("l");
	assert_int_equal(rmt_db_pending_of_key(db, hash_of("k"), &row, &err), 1);
	assert_int_equal(row.id, second); /* what is open goes first */
	assert_int_equal(rmt_db_pending_of_key(db, hash_of("m"), &row, &err), 0);
	assert_int_equal(rmt_db_pending_of_tbs(db, certificate, &row, &err), 1);
	assert_int_equal(row.id, first);
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

static void
a_pending_request_only_goes_forward(void **state)
{
	static const char *const rows[] = {
		"UPDATE pending SET state = 0 WHERE id = 1",
		"UPDATE pending SET why = 'x', event = 1000 WHERE id = 1",
		"UPDATE pending SET certificate = NULL WHERE id = 1",
		"UPDATE pending SET asked = 'x' WHERE id = 2",
		"UPDATE pending SET kind = 0 WHERE id = 2",
		"UPDATE pending SET request = 1 WHERE id = 2",
		"UPDATE pending SET spki_hash = zeroblob(32) WHERE id = 2",
		"UPDATE pending SET why = 'x' WHERE id = 2",
		"UPDATE pending SET state = 1 WHERE id = 2",
		"DELETE FROM pending WHERE id = 2",
	};
	struct rmt_db_pending row;
	int64_t id = add_held("k");

	(void)state;
	issue_for(id, add_ca(), "1");
	add_held("l");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (raw(rows[i])[0] == '\0')
			fail_msg("nothing was said against: %s", rows[i]);
	assert_int_equal(rmt_db_pending_get(db, id, &row, &err), 1);
	row.state = RMT_PENDING_DENIED;
	begin();
	assert_int_equal(rmt_db_pending_put(db, &row, &err), -1);
	expect_refusal("denying what was issued", "change the pending request");
	rmt_db_rollback(db);
	assert_int_equal(rmt_db_pending_add(db, &row, &id, &err), -1); /* outside a transaction */
}

#define FREE \
	"DROP TRIGGER pending_update; DROP TRIGGER pending_no_delete;" \
	" DROP TRIGGER requests_no_update; DROP TRIGGER certificates_no_update;"
static void
the_check_finds_altered_pending_requests(void **state)
{
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{ "UPDATE pending SET asked = 'x' WHERE id = 2", "not what its event says" },
		{ "UPDATE pending SET subject = 'x' WHERE id = 2", "not what its event says" },
		{ "UPDATE pending SET targets = 'x' WHERE id = 2", "not what its event says" },
		{ "UPDATE pending SET state = 2 WHERE id = 2", "not what its event says" },
		{ "UPDATE pending SET at = 150 WHERE id = 2", "not what its event says" },
		{ "UPDATE pending SET name = 'x', folded = x'78' WHERE id = 2",
		    "not what its event says" },
		{ "UPDATE requests SET der = x'00' WHERE id = 2", "not what its event says" },
		{ "UPDATE pending SET folded = x'78' WHERE id = 2", "found by another name" },
		{ "UPDATE pending SET state = 0, certificate = NULL WHERE id = 1", "does not say so" },
		{ "UPDATE pending SET state = 0, certificate = NULL, tbs = NULL, at = 100,"
		  " event = (SELECT min(id) FROM events WHERE kind = 'pending') WHERE id = 1",
		    "set back" },
		{ "UPDATE pending SET spki_hash = zeroblob(32) WHERE id = 2", "for another key" },
		{ "UPDATE requests SET spki_hash = zeroblob(32) WHERE id = 2", "for another key" },
		{ "UPDATE certificates SET spki_hash = zeroblob(32)", "for another key" },
		{ "UPDATE certificates SET request = 2", "on other bytes" },
		{ "DELETE FROM pending WHERE id = 2", "taken away" },
		{ "INSERT INTO pending SELECT 7, kind, state, recorded, name, folded, subject,"
		  " template, targets, signer, asked, spki_hash, request, tbs, certificate, why, at,"
		  " event FROM pending WHERE id = 2",
		    "not what its event says" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		issue_for(add_held("k"), add_ca(), "1");
		add_held("l");
		assert_int_equal(rmt_db_check_pending(db, &err), 0);
		assert_string_equal(raw(FREE), "");
		assert_string_equal(raw(rows[i].sql), "");
		if (rmt_db_check_pending(db, &err) == 0)
			fail_msg("nothing was found: %s", rows[i].sql);
		expect_refusal(rows[i].sql, rows[i].says);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

const struct CMUnitTest pending_tests[] = {
	DB_TEST(a_request_of_a_device_waits_under_its_name),
	DB_TEST(what_is_still_open_is_listed),
	DB_TEST(a_held_request_is_found_by_its_key_and_its_bytes),
	DB_TEST(a_pending_request_only_goes_forward),
	DB_TEST(the_check_finds_altered_pending_requests),
};
const size_t pending_count = sizeof pending_tests / sizeof pending_tests[0];
