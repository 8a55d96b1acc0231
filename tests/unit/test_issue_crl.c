/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of issue/: revocation lists as they are streamed, read back by our own reader. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit/test_issue.h"

static struct rmt_err err;

/* ---- what is written ---- */

struct sheet {
	struct rmt_buf bytes;
	size_t largest; /* piece */
	int begun;
};

static int begin(void *arg, struct rmt_err *fault)
{
	struct sheet *sheet = arg;

	(void)fault;
	rmt_buf_clear(&sheet->bytes);
	sheet->begun++;
	return 0;
}

static int append(void *arg, struct rmt_span bytes, struct rmt_err *fault)
{
	struct sheet *sheet = arg;

	(void)fault;
	rmt_buf_span(&sheet->bytes, bytes);
	if (bytes.length > sheet->largest)
		sheet->largest = bytes.length;
	return 0;
}

static int again(void *arg, int (*take)(void *to, struct rmt_span piece, struct rmt_err *its), void *to, struct rmt_err *fault)
{
	const struct sheet *sheet = arg;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < sheet->bytes.length; at += 100)
		rc = take(to, rmt_span_of(sheet->bytes.bytes + at, sheet->bytes.length - at < 100 ? sheet->bytes.length - at : 100), fault);
	return rc;
}

static int patch(void *arg, struct rmt_span first, struct rmt_err *fault)
{
	struct sheet *sheet = arg;

	(void)fault;
	memcpy(sheet->bytes.bytes, first.at, first.length);
	return 0;
}

struct source {
	size_t count;
	const struct rmt_crl_line *lines; /* or NULL: made up */
	bool changes;                     /* the second time there are many more */
};

static int lines(void *arg, int (*take)(void *to, const struct rmt_crl_line *line), void *to, struct rmt_err *fault)
{
	struct source *source = arg;
	unsigned char serial[17] = {1};

	(void)fault;
	for (size_t i = 0; i < source->count; i++) {
		struct rmt_crl_line line = {.serial = rmt_span_of(serial, sizeof serial), .at = NOW, .reason = (int)(i % 7),
		                            .invalid_since = i % 5 ? 0 : NOW - 100};

		for (size_t k = 0; k < 4; k++)
			serial[13 + k] = (unsigned char)(i >> (24 - 8 * k));
		if (take(to, source->lines ? &source->lines[i] : &line))
			return -1;
	}
	source->count += source->changes ? 2000 : 0;
	return 0;
}

/* Written under a key of this kind; 0, -1 with err. */
static int write_list(struct sheet *sheet, int kind, struct rmt_crl_form *form, struct source *source, uint64_t *count)
{
	struct rmt_crl_sink sink = {begin, append, again, patch, sheet};
	struct rmt_signer *signer = rmt_signer_new(world.keys[kind], NULL, &err);
	int rc;

	assert_non_null(signer);
	memset(&err, 0, sizeof err);
	form->this_update = NOW;
	form->next_update = NOW + 86400;
	rc = rmt_crl_write(form, signer, lines, source, &sink, count, &err);
	rmt_signer_free(signer);
	return rc;
}

/* Our strict reader takes it, its lines are those that were given, and its signature verifies. */
static void check_list(const struct sheet *sheet, int kind, const struct source *source)
{
	struct rmt_crl crl;
	struct rmt_crl_entry entry;
	struct rmt_der cursor;
	size_t i = 0;

	if (rmt_crl_read(&crl, rmt_buf_view(&sheet->bytes), RMT_STRICT, &err))
		fail_msg("%zu lines: %s at %s", source->count, err.message, err.place);
	rmt_der_open(&cursor, crl.entries, NULL);
	for (; rmt_crl_next(&cursor, &entry, &err) == 1; i++) {
		assert_int_equal(entry.when, NOW);
		assert_int_equal(entry.reason, i % 7 ? (int)(i % 7) : -1);
		assert_int_equal(entry.invalid_since, i % 5 ? 0 : NOW - 100);
	}
	assert_int_equal(i, source->count);
	assert_int_equal(crl.this_update, NOW);
	if (rmt_checker_verify(world.checker, crl.tbs, crl.outer_algorithm, crl.signature, rmt_key_spki(world.keys[kind]), &err))
		fail_msg("%zu lines: %s", source->count, err.message);
}

/* ---- of any length ---- */

struct kind_row {
	const char *sentence;
	int kind;
	size_t first, last, step, expected;
};
static const struct kind_row kind_rows[] = {
	{"short lists are good under an EC key, whose signatures differ in length", KEY_EC, 0, 60, 1, 0},
	{"so are those about 64 KiB, where the header grows", KEY_EC, 1250, 1500, 1, 0},
	{"lists are good under an RSA key", KEY_RSA, 0, 30, 6, 0},
	{"lists are good under an Ed25519 key, which signs everything at once", KEY_ED25519, 0, 3000, 1000, 0},
	{"so is one of more than 16 MiB", KEY_ED25519, 450000, 450000, 1, 450000},
	{"a long list goes out in pieces", KEY_EC, 20000, 20000, 1, 20000},
	{"a list may be shorter than was expected", KEY_EC, 0, 3, 1, 500000},
};

static void check_kind(void **state)
{
	const struct kind_row *row = *state;
	struct authority authority = {0};
	uint64_t count;

	authority_plain(&authority);
	for (size_t n = row->first; n <= row->last; n += row->step) {
		struct rmt_crl_form form = {.issuer = authority.issuer.cert, .number = 1, .expected = row->expected};
		struct source source = {.count = n};
		struct sheet sheet = {0};

		if (write_list(&sheet, row->kind, &form, &source, &count))
			fail_msg("%zu lines: %s", n, err.message);
		assert_int_equal(count, n);
		assert_true(sheet.largest < 40000);
		assert_int_equal(sheet.begun, n == row->expected ? 1 : 2);
		check_list(&sheet, row->kind, &source);
		rmt_buf_free(&sheet.bytes);
	}
	authority_free(&authority);
}

/* ---- what stands on it ---- */

struct form_row {
	const char *sentence;
	struct rmt_crl_form form;
	enum rmt_ext_id present;
	const char *hex; /* of the extension's value */
	bool critical;
};
static const struct form_row form_rows[] = {
	{"a list has its number", {.number = 258}, RMT_EXT_CRL_NUMBER, "02020102", false},
	{"a number is never negative", {.number = 128}, RMT_EXT_CRL_NUMBER, "02020080", false},
	{"a delta has the number of its base, critical", {.number = 9, .delta = true, .base = 7}, RMT_EXT_DELTA_CRL, "020107", true},
	{"a partial list has its place, critical", {.number = 9, .only_at = "u:x"}, RMT_EXT_ISSUING_DISTRIBUTION,
	 "3009a007a0058603753a78", true},
	{"a list says where its deltas are", {.number = 9, .deltas_at = "u:x"}, RMT_EXT_FRESHEST_CRL, "300b3009a007a0058603753a78",
	 false},
};

static void check_form(void **state)
{
	const struct form_row *row = *state;
	struct authority authority = {0};
	struct rmt_crl_form form = row->form;
	struct source source = {.count = 1};
	struct sheet sheet = {0};
	struct rmt_buf hex = {0};
	const struct rmt_ext *ext;
	struct rmt_crl crl;
	uint64_t count;

	authority_plain(&authority);
	form.issuer = authority.issuer.cert;
	assert_int_equal(write_list(&sheet, KEY_EC, &form, &source, &count), 0);
	check_list(&sheet, KEY_EC, &source);
	assert_int_equal(rmt_crl_read(&crl, rmt_buf_view(&sheet.bytes), RMT_STRICT, &err), 0);
	ext = rmt_ext_find(&crl.extensions, row->present);
	assert_non_null(ext);
	rmt_hex(ext->value, 0, &hex);
	assert_string_equal(rmt_buf_string(&hex), row->hex);
	assert_int_equal(ext->critical, row->critical);
	assert_true(row->form.delta || !rmt_ext_find(&crl.extensions, RMT_EXT_DELTA_CRL));
	assert_true(row->form.only_at || !rmt_ext_find(&crl.extensions, RMT_EXT_ISSUING_DISTRIBUTION));
	assert_non_null(rmt_ext_find(&crl.extensions, RMT_EXT_AUTHORITY_KEY_ID));
	rmt_buf_free(&hex);
	rmt_buf_free(&sheet.bytes);
	authority_free(&authority);
}

/* ---- what is refused ---- */

static void test_refusals(void **state)
{
	enum { MANY = 2100 };
	static unsigned char huge[64 << 10] = {1};
	static struct rmt_crl_line many[MANY];
	static const unsigned char one[] = {1};
	struct rmt_crl_line odd = {.serial = {one, 1}, .at = NOW, .reason = 99};
	struct authority authority = {0};
	struct rmt_crl_form form = {.number = 1};
	struct source source = {.count = 3, .changes = true};
	struct bench_template leaf;
	struct asked asked = {.subject = "CN=leaf"};
	struct outcome outcome = {0};
	struct sheet sheet = {0};
	uint64_t count;

	(void)state;
	authority_plain(&authority);
	form.issuer = authority.issuer.cert;
	assert_int_equal(write_list(&sheet, KEY_EC, &form, &source, &count), -1);
	assert_non_null(strstr(err.message, "changed while"));
	source = (struct source){.count = 1, .lines = &odd};
	assert_int_equal(write_list(&sheet, KEY_EC, &form, &source, &count), -1);
	assert_non_null(strstr(err.message, "no known reason"));
	/* Nobody reads more than 128 MiB: not our own reader either. */
	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct rmt_crl_line){.serial = {huge, sizeof huge}, .at = NOW};
	source = (struct source){.count = MANY, .lines = many};
	assert_int_equal(write_list(&sheet, KEY_EC, &form, &source, &count), -1);
	assert_int_equal(err.class, RMT_POLICY);
	assert_non_null(strstr(err.message, "more than 128 MiB"));
	leaf_template(&leaf);
	issue(&outcome, &leaf.policy, &asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	assert_non_null(outcome.cert);
	form.issuer = outcome.cert;
	source = (struct source){.count = 0};
	assert_int_equal(write_list(&sheet, KEY_EC, &form, &source, &count), -1);
	assert_int_equal(err.class, RMT_POLICY);
	outcome_free(&outcome);
	rmt_buf_free(&sheet.bytes);
	authority_free(&authority);
}

/* ---- partial lists ---- */

static void test_names(void **state)
{
	static const struct {
		const char *complete;
		int shard;
		bool delta;
		const char *name;
	} rows[] = {
		{"http://a.example/ca.crl", 0, false, "http://a.example/ca.crl"},
		{"http://a.example/ca.crl", 3, false, "http://a.example/ca-shard3.crl"},
		{"http://a.example/ca.crl", 0, true, "http://a.example/ca-delta.crl"},
		{"ca", 12, true, "ca-shard12-delta"},
		{".crl", 1, false, ".crl-shard1"},
	};
	static const unsigned char serials[2][5] = {{1, 0, 0, 0, 4}, {2, 0, 0, 0, 5}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rmt_buf name = {0};

		rmt_crl_name(rows[i].complete, rows[i].shard, rows[i].delta, &name);
		assert_string_equal(rmt_buf_string(&name), rows[i].name);
		rmt_buf_free(&name);
	}
	assert_int_equal(rmt_crl_shard(rmt_span_of(serials[0], 5), 0), 0);
	assert_int_equal(rmt_crl_shard(rmt_span_of(serials[0], 5), 3), 2);
	assert_int_equal(rmt_crl_shard(rmt_span_of(serials[1], 5), 3), 3);
	assert_int_equal(rmt_crl_shard(rmt_span_of(serials[1], 5), 5), 1);
	assert_int_equal(rmt_crl_shard(rmt_span_of(serials[1], 1), 1), 1);
}

void test_issue_crl(struct rows *rows)
{
	ADD_TABLE(rows, kind_rows, check_kind);
	ADD_TABLE(rows, form_rows, check_form);
	add_row(rows, "a list that changes, an unknown reason and an issuer without cRLSign are refused", test_refusals, NULL);
	add_row(rows, "partial lists and deltas have names, and certificates their list", test_names, NULL);
}
