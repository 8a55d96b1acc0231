/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the certificates that the tests of lints judge, from the notation in test_lint.h. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "test_lint.h"

static void assemble(const char **at, struct rmt_buf *out);

static unsigned char
hex_byte(const char **at)
{
	char digits[3] = { (*at)[0], (*at)[1], '\0' };

	if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
		fail_msg("no byte: %s", *at);
	*at += 2;
	return (unsigned char)strtoul(digits, NULL, 16);
}

static void
put_oid(const char **at, struct rmt_buf *out)
{
	char name[64];
	size_t length = 0;
	const struct rmt_oid *oid;

	for (++*at; isalnum((unsigned char)**at) || **at == '-' || **at == '.'; ++*at)
		name[length++] = **at;
	name[length] = '\0';
	oid = rmt_oid_named(name);
	if (!oid)
		fail_msg("no OID of the name %s", name);
	rmt_buf_byte(out, RMT_DER_OID);
	rmt_buf_byte(out, (unsigned char)oid->der.length);
	rmt_buf_span(out, oid->der);
}

static void
put_value(unsigned char tag, const char **at, struct rmt_buf *out)
{
	struct rmt_buf content = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_buf whole = { 0 };

	++*at;
	assemble(at, &content);
	if (*(*at)++ != ')')
		fail_msg("a bracket is not closed");
	rmt_derw_value(&w, tag, rmt_buf_view(&content));
	assert_int_equal(rmt_derw_finish(&w, &whole, NULL), 0);
	rmt_buf_span(out, rmt_buf_view(&whole));
	rmt_buf_free(&whole);
	rmt_buf_free(&content);
}

static void
put_one(const char **at, struct rmt_buf *out)
{
	unsigned char byte;

	if (**at == '@') {
		put_oid(at, out);
	} else if (**at == '\'') {
		for (++*at; **at && **at != '\''; ++*at)
			rmt_buf_byte(out, (unsigned char)**at);
		++*at;
	} else {
		byte = hex_byte(at);
		if (**at == '(')
			put_value(byte, at, out);
		else
			rmt_buf_byte(out, byte);
	}
}

static void
assemble(const char **at, struct rmt_buf *out)
{
	while (**at && **at != ')') {
		size_t before = out->length, length;
		unsigned long times = 1;

		if (**at == ' ') {
			++*at;
			continue;
		}
		put_one(at, out);
		length = out->length - before;
		if (**at == '*') {
			char *end;

			times = strtoul(*at + 1, &end, 10);
			*at = end;
		}
		for (; times > 1; times--) {
			char copy[4096];

			assert_true(length <= sizeof copy);
			memcpy(copy, out->bytes + before, length);
			rmt_buf_append(out, copy, length);
		}
	}
}

static void
put(struct rmt_buf *out, const char *text, const char *otherwise)
{
	const char *at = text ? text : otherwise;

	if (strcmp(at, "-") != 0)
		assemble(&at, out);
	if (strcmp(at, "-") != 0 && *at)
		fail_msg("a bracket too many: %s", at);
}

static const char *
usual(enum rmt_ext_id id, bool ca)
{
	switch (id) {
	case RMT_EXT_AUTHORITY_KEY_ID:
		return "30(80(01020304))";
	case RMT_EXT_SUBJECT_KEY_ID:
		return "04(0a0b0c0d)";
	case RMT_EXT_KEY_USAGE:
		return ca ? "!03(0106)" : "!03(0780)";
	case RMT_EXT_BASIC_CONSTRAINTS:
		return ca ? "!30(0101ff 020100)" : "!30()";
	case RMT_EXT_EXTENDED_KEY_USAGE:
		return ca ? "-" : "30(@serverAuth)";
	case RMT_EXT_SUBJECT_ALT_NAME:
		return ca ? "-" : "30(82('www.example.com'))";
	default:
		return "-";
	}
}

static void
put_extension(struct rmt_derw *w, enum rmt_ext_id id, const char *text)
{
	struct rmt_buf value = { 0 };
	bool critical = *text == '!';

	if (strcmp(text, "-") == 0)
		return;
	put(&value, text + critical, NULL);
	rmt_ext_write(w, rmt_ext_oid(id), critical, rmt_buf_view(&value));
	rmt_buf_free(&value);
}

static void
put_extensions(const struct parts *parts, struct rmt_buf *out)
{
	struct rmt_buf more = { 0 };
	struct rmt_derw w = { 0 };
	size_t before;

	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(3));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	before = w.buf.length;
	for (int id = 0; id < RMT_EXT_COUNT; id++)
		put_extension(&w, (enum rmt_ext_id)id, parts->ext[id] ? parts->ext[id] : usual((enum rmt_ext_id)id, parts->ca));
	if (parts->more)
		put(&more, parts->more, NULL);
	rmt_derw_raw(&w, rmt_buf_view(&more));
	if (w.buf.length == before) {
		rmt_derw_free(&w);
	} else {
		rmt_derw_end(&w);
		rmt_derw_end(&w);
		assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
	}
	rmt_buf_free(&more);
}

/* A sound key, the same for all. */
static struct rmt_span
good_spki(void)
{
	static struct rmt_key *key;

	if (!key)
		key = rmt_key_generate("ec:p256", NULL);
	assert_non_null(key);
	return rmt_key_spki(key);
}

void
lint_make(const struct parts *parts, struct rmt_buf *der)
{
	static const char sha256[] = "30(@sha256WithRSAEncryption 0500)";
	struct rmt_buf tbs = { 0 }, outer = { 0 };
	struct rmt_derw w = { 0 };

	put(&tbs, parts->version, "a0(020102)");
	put(&tbs, parts->serial, "02(4d01020304050607)");
	put(&tbs, parts->algorithm, sha256);
	put(&tbs, parts->issuer, "30(31(30(@commonName 0c('Issuing CA'))))");
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	{
		struct rmt_buf times = { 0 };

		put(&times, parts->before, "17('260101000000Z')");
		put(&times, parts->after, "17('260718235959Z')");
		rmt_derw_raw(&w, rmt_buf_view(&times));
		rmt_buf_free(&times);
	}
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &tbs, NULL), 0);
	put(&tbs, parts->subject, parts->ca ? "30(31(30(@commonName 0c('Sub CA'))))" : "30(31(30(@commonName 0c('www.example.com'))))");
	if (parts->spki)
		put(&tbs, parts->spki, NULL);
	else
		rmt_buf_span(&tbs, good_spki());
	put(&tbs, parts->unique, "-");
	put_extensions(parts, &tbs);
	w = (struct rmt_derw){ 0 };
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_value(&w, RMT_DER_SEQUENCE, rmt_buf_view(&tbs));
	put(&outer, parts->outer ? parts->outer : parts->algorithm, sha256);
	rmt_derw_raw(&w, rmt_buf_view(&outer));
	rmt_derw_bits(&w, rmt_span_text("no signature"), 0);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, der, NULL), 0);
	rmt_buf_free(&tbs);
	rmt_buf_free(&outer);
}
