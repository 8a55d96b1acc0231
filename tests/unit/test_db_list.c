/* SPDX-License-Identifier: Apache-2.0 */
/* Finding certificates: every condition, folded names, serials as people type them, pages, and
 * chance against a plain search. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test_db.h"

static void
each_condition_finds_what_meets_it(void **state)
{
	static const struct {
		struct rmt_db_filter filter;
		const char *found;
	} rows[] = {
		{ { .status = -1 }, "4:c 3:b 2:A 1:a " },
		{ { .status = -1, .limit = 2 }, "4:c 3:b " },
		{ { .status = -1, .after_id = 3 }, "2:A 1:a " },
		{ { .status = -1, .name = "a" }, "2:A 1:a " },
		{ { .status = -1, .name = "A*" }, "2:A 1:a " },
		{ { .status = -1, .name = "*" }, "4:c 3:b 2:A 1:a " },
		{ { .status = -1, .name = "sec*" }, "4:c 3:b 2:A 1:a " },
		{ { .status = -1, .name = "secon" }, "" },
		{ { .status = -1, .serial = "3" }, "4:c 3:b 2:A 1:a " },
		{ { .status = -1, .serial = "32" }, "2:A " },
		{ { .status = -1, .target = "nginx", .limit = 1 }, "4:c " },
		{ { .status = -1, .target = "ngin" }, "" },
		{ { .status = -1, .template_name = "web-server", .name = "b" }, "3:b " },
		{ { .status = -1, .template_name = "client" }, "" },
		{ { .status = RMT_CERT_VALID, .now = 2000 }, "3:b 2:A " },
		{ { .status = RMT_CERT_VALID, .now = 2001 }, "" },
		{ { .status = RMT_CERT_SUPERSEDED, .now = 1500 }, "1:a " },
		{ { .status = RMT_CERT_EXPIRED, .now = 2000 }, "" },
		{ { .status = RMT_CERT_EXPIRED, .now = 2001 }, "3:b 2:A " },
		{ { .status = RMT_CERT_REVOKED, .now = 1500 }, "4:c " },
		{ { .status = RMT_CERT_REVOKED, .name = "a*" }, "" },
		{ { .status = -1, .expires_before = 2000 }, "" },
		{ { .status = -1, .expires_before = 2001, .limit = 1 }, "4:c " },
		{ { .status = -1, .expires_after = 2000 }, "" },
		{ { .status = -1, .expires_after = 1999, .after_id = 2 }, "1:a " },
	};
	int64_t authority, first;

	(void)state;
	begin();
	authority = add_authority("issuing");
	first = issue(authority, "1", "a", 0);
	issue(authority, "2", "A", first);
	issue(authority, "3", "b", 0);
	issue(authority, "4", "c", 0);
	commit();
	assert_string_equal(raw("INSERT INTO revoked SELECT ifnull(authority, 0), serial, 0, id, 1500, 1, 0,"
				" not_after, id FROM certificates WHERE id = 4"), "");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(listed(&rows[i].filter), rows[i].found) != 0)
			fail_msg("row %zu: %s", i, listed(&rows[i].filter));
}

static void
names_are_text_not_patterns(void **state)
{
	static const char *const names[] = { "100%", "100", "a_b", "axb", "[x]", "it's",
		"back\\slash", "*.example.com", "\xff\xfe", "M\xc3\x9cLLER",
		"stra\xc3\x9f"
		"e",
		"\xce\xa3\xce\xaf\xce\xb3\xce\xbc\xce\xb1", "\xd0\x96\xd1\x83\xd0\xba", "\xc5\xbb",
		"a\nb" };
	static const struct {
		const char *sentence, *name;
		int id; /* the one that is found, 0 none */
	} rows[] = {
		{ "a percent sign is one", "100%", 1 },
		{ "a percent sign at the beginning of the end", "100%*", 1 },
		{ "an underscore is one", "a_*", 3 },
		{ "a bracket is one", "[X]", 5 },
		{ "a quote is one", "IT'S", 6 },
		{ "a backslash is one", "back\\*", 7 },
		{ "a star that is not the last character is one", "*.EXAMPLE.com", 8 },
		{ "a wildcard name is found by its beginning", "*.ex*", 8 },
		{ "bytes that are not UTF-8", "\xff*", 9 },
		{ "bytes that are not UTF-8, all ff", "\xff", 0 },
		{ "an umlaut is folded", "m\xc3\xbcller", 10 },
		{ "and from the other side", "M\xc3\x9cl*", 10 },
		{ "a letter without a capital", "STRA\xc3\x9f*", 11 },
		{ "Greek is folded", "\xcf\x83*", 12 },
		{ "Cyrillic is folded", "\xd0\xb6\xd0\xa3\xd0\xba", 13 },
		{ "a pair that starts at an odd letter", "\xc5\xbc", 14 },
		{ "a line end within", "A\nB", 15 },
		{ "a quote that would end a string", "' OR 1=1 --", 0 },
	};
	int64_t authority;
	char wanted[96], serial[8];

	(void)state;
	begin();
	authority = add_authority("issuing");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(serial, sizeof serial, "s%zu", i);
		issue(authority, serial, names[i], 0);
	}
	commit();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rmt_db_filter filter = { .status = -1, .name = rows[i].name };

		snprintf(wanted, sizeof wanted, rows[i].id != 0 ? "%d:%s " : "", rows[i].id,
		    rows[i].id != 0 ? names[rows[i].id - 1] : "");
		if (strcmp(listed(&filter), wanted) != 0)
			fail_msg("%s: %s", rows[i].sentence, listed(&filter));
	}
}

static void
a_serial_is_found_as_it_is_printed(void **state)
{
	static const struct {
		const char *sentence, *serial;
		const char *found;
		enum rmt_class class;
	} rows[] = {
		{ "whole", "0102ff", "1:a ", RMT_NONE },
		{ "with separators and capitals", "01:02:FF", "1:a ", RMT_NONE },
		{ "half a byte", "0", "1:a ", RMT_NONE },
		{ "one byte and a half", "010", "1:a ", RMT_NONE },
		{ "a high first byte is stored with a sign byte", "f0", "2:b ", RMT_NONE },
		{ "its first half", "f", "2:b ", RMT_NONE },
		{ "written with the sign byte", "00f00d", "2:b ", RMT_NONE },
		{ "leading zeros", "00000102", "1:a ", RMT_NONE },
		{ "the serial zero", "00", "3:c ", RMT_NONE },
		{ "a negative one, whole", "-80", "4:d ", RMT_NONE },
		{ "a negative one of two bytes", "-81", "5:e ", RMT_NONE },
		{ "no beginning of a negative one", "-8", "", RMT_NONE },
		{ "a digit that none begins with", "8", "", RMT_NONE },
		{ "not hexadecimal", "xyz", "", RMT_USAGE },
		{ "only separators", ":", "", RMT_USAGE },
		{ "too long",
		    "010101010101010101010101010101010101010101010101010101010101010101010101010101"
		    "01"
		    "0101010101010101010101010101010101010101010101010101010101010101",
		    "", RMT_USAGE },
	};
	static const struct {
		const char *bytes;
		size_t length;
	} serials[] = { { "\x01\x02\xff", 3 }, { "\x00\xf0\x0d", 3 }, { "\x00", 1 }, { "\x80", 1 },
		{ "\xff\x7f", 2 } };

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
		char name[2] = { (char)('a' + i), 0 };
		struct rmt_db_cert cert = { .issuer_name = "CN=Elsewhere",
			.serial = rmt_span_of(serials[i].bytes, serials[i].length),
			.der = rmt_span_text(name),
			.fingerprint = hash_of(name),
			.spki_hash = hash_of(name),
			.subject = "",
			.name = name,
			.targets = "" };
		int64_t id;

		assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), 0);
	}
	commit();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rmt_db_filter filter = { .status = -1, .serial = rows[i].serial };
		struct rmt_err said = { 0 };
		struct rmt_buf none = { 0 };

		if (rows[i].class == RMT_NONE && strcmp(listed(&filter), rows[i].found) != 0)
			fail_msg("%s: %s", rows[i].sentence, listed(&filter));
		if (rows[i].class != RMT_NONE &&
		    (rmt_db_certs(db, &filter, NULL, &none, &said) == 0 ||
			said.class != rows[i].class))
			fail_msg("%s: %s", rows[i].sentence, said.message);
	}
}

/* ---- chance ---- */

enum { ROWS = 24000, OLD = 18000, FILTERS = 400 };

struct plain {
	bool proved, revoked;
	int name, template_name, target, superseded;
	rmt_time not_after;
	unsigned char serial[4];
};

static struct plain rows[ROWS + 1];
static unsigned seed = 20260131;

static unsigned
chance(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

static const char *const templates[] = { "web-server", "client", "" };
static const char *const targets[] = { "nginx", "haproxy,nginx", "" };

/* Old rows are of the names "old-...", so that a beginning many rows share is far from the newest;
 * every row has a second name of the same beginning. */
static void
add_many(void)
{
	char name[32], alias[40], der[32];

	begin();
	for (int i = 1; i <= ROWS; i++) {
		struct plain *row = &rows[i];
		const char *names[] = { name, alias };
		struct rmt_db_cert cert = { .issuer_name = "CN=Elsewhere",
			.subject = "",
			.name = name,
			.names = names,
			.name_count = 2 };
		int64_t id;

		row->name = (int)chance(5000);
		row->template_name = (int)chance(3);
		row->target = (int)chance(3);
		row->not_after = i < ROWS / 2 ? 500 + chance(600) : 900 + chance(1200);
		row->serial[0] = (unsigned char)(1 + chance(127));
		row->serial[1] = (unsigned char)chance(256);
		row->serial[2] = (unsigned char)(i >> 8);
		row->serial[3] = (unsigned char)i;
		cert.supersedes = i > 10 && chance(4) == 0 ? 1 + chance((unsigned)i - 1) : 0;
		if (cert.supersedes != 0)
			rows[cert.supersedes].superseded = i;
		snprintf(name, sizeof name, "%s-%04d", i < OLD ? "old" : "new", row->name);
		snprintf(alias, sizeof alias, "%s.alias", name);
		snprintf(der, sizeof der, "%d", i);
		cert.serial = rmt_span_of(row->serial, sizeof row->serial);
		cert.der = rmt_span_text(der);
		cert.fingerprint = hash_of(der);
		cert.spki_hash = cert.fingerprint;
		cert.not_after = row->not_after;
		cert.template_name = templates[row->template_name];
		cert.targets = targets[row->target];
		assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), 0);
		assert_int_equal(id, i);
	}
	commit();
	for (int i = 1; i <= ROWS; i += 7)
		rows[i].revoked = true;
	assert_string_equal(
	    raw("INSERT INTO revoked SELECT ifnull(authority, 0), serial, 0, id, 0, 0, 0, not_after, id"
		" FROM certificates WHERE id % 7 = 1"), "");
}

static bool
meets(int i, const struct rmt_db_filter *filter)
{
	const struct plain *row = &rows[i];
	struct rmt_db_cert cert = { .revoked = row->revoked,
		.superseded_by = row->superseded,
		.not_after = row->not_after };
	char name[32], serial[12];
	size_t length = filter->name != NULL ? strlen(filter->name) : 0;

	snprintf(name, sizeof name, "%s-%04d", i < OLD ? "old" : "new", row->name);
	snprintf(serial, sizeof serial, "%02x%02x%02x%02x", row->serial[0], row->serial[1],
	    row->serial[2], row->serial[3]);
	if (length > 0 && filter->name[length - 1] == '*'
		? strncmp(name, filter->name, length - 1) != 0
		: length > 0 && strcmp(name, filter->name) != 0)
		return false;
	if (filter->serial != NULL && strncmp(serial, filter->serial, strlen(filter->serial)) != 0)
		return false;
	if (filter->status >= 0 && (int)rmt_db_cert_status(&cert, filter->now) != filter->status)
		return false;
	if (filter->target != NULL && strstr(targets[row->target], filter->target) == NULL)
		return false;
	if (filter->template_name != NULL &&
	    strcmp(templates[row->template_name], filter->template_name) != 0)
		return false;
	if (filter->expires_before != 0 && row->not_after >= filter->expires_before)
		return false;
	if (filter->expires_after != 0 && row->not_after <= filter->expires_after)
		return false;
	return filter->after_id == 0 || i < filter->after_id;
}

struct expected {
	const struct rmt_db_filter *filter;
	int next; /* the highest id not looked at yet */
	unsigned seen;
};

static int
next_expected(struct expected *expected)
{
	while (expected->next > 0 && !meets(expected->next, expected->filter))
		expected->next--;
	return expected->next;
}

static int
compare(void *arg, const struct rmt_db_cert *cert)
{
	struct expected *expected = arg;

	assert_int_equal(cert->id, next_expected(expected));
	assert_int_equal(cert->superseded_by, rows[cert->id].superseded);
	expected->next--;
	expected->seen++;
	return 0;
}

static void
choose_filter(struct rmt_db_filter *filter)
{
	static const char *const prefixes[] = { "old*", "new-4*", "new-12*", "old-0001*", "new*",
		"new-0042" };
	static const char *const serials[] = { "1", "7", "01", "2a", "3f8", "0" };

	*filter = (struct rmt_db_filter){ .status = -1, .now = 1000 };
	if (chance(3) == 0)
		filter->name = prefixes[chance(6)];
	if (chance(4) == 0)
		filter->serial = serials[chance(6)];
	if (chance(3) == 0)
		filter->status = (int)chance(4);
	if (chance(4) == 0)
		filter->target = chance(2) == 0 ? "nginx" : "haproxy";
	if (chance(4) == 0)
		filter->template_name = templates[chance(2)];
	if (chance(4) == 0)
		filter->expires_before = 500 + chance(1600);
	if (chance(4) == 0)
		filter->expires_after = 500 + chance(1600);
	if (chance(3) == 0)
		filter->after_id = 1 + chance(ROWS);
	filter->limit = chance(2) == 0 ? 0 : 1 + chance(chance(8) == 0 ? 3000 : 300);
}

static void
any_filter_finds_what_a_plain_search_finds(void **state)
{
	(void)state;
	add_many();
	for (int i = 0; i < FILTERS; i++) {
		struct rmt_db_filter filter;
		struct expected expected = { .filter = &filter, .next = ROWS };
		unsigned limit;

		choose_filter(&filter);
		limit = filter.limit != 0 ? filter.limit : 100;
		if (rmt_db_certs(db, &filter, compare, &expected, &err) != 0)
			fail_msg("%s", err.message);
		if (expected.seen < limit)
			assert_int_equal(next_expected(&expected), 0);
		assert_true(expected.seen <= limit);
	}
}

static int
note_last(void *arg, const struct rmt_db_cert *cert)
{
	struct expected *expected = arg;

	assert_true(cert->id < expected->next);
	expected->next = (int)cert->id;
	expected->seen++;
	return 0;
}

static void
pages_join_without_gap_or_repeat(void **state)
{
	struct expected expected = { .next = 1000 };
	struct rmt_db_filter filter = { .status = -1, .name = "n*", .limit = 7 };
	int64_t authority;
	char serial[8];
	unsigned before;

	(void)state;
	begin();
	authority = add_authority("issuing");
	for (int i = 0; i < 100; i++) {
		snprintf(serial, sizeof serial, "%d", i);
		issue(authority, serial, i % 3 != 0 ? "name" : "other", 0);
	}
	commit();
	do {
		before = expected.seen;
		assert_int_equal(rmt_db_certs(db, &filter, note_last, &expected, &err), 0);
		filter.after_id = expected.next;
	} while (expected.seen == before + 7);
	assert_int_equal(expected.seen, 66);
}

const struct CMUnitTest list_tests[] = {
	DB_TEST(each_condition_finds_what_meets_it),
	DB_TEST(names_are_text_not_patterns),
	DB_TEST(a_serial_is_found_as_it_is_printed),
	DB_TEST(any_filter_finds_what_a_plain_search_finds),
	DB_TEST(pages_join_without_gap_or_repeat),
};
const size_t list_count = sizeof list_tests / sizeof list_tests[0];
