/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/cnf.c - a configuration file for openssl req -new, on a device whose manual says openssl.
 *
 * Every value stands in quotation marks, where OpenSSL expands nothing (config(5ssl)).
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

static int
put_value(const char *value, struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_text(out, " = \"");
	for (const char *at = value; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return rmt_err_set(err, RMT_INPUT, NULL, "a control character cannot stand in a configuration file");
		if (*at == '"' || *at == '\\')
			rmt_buf_byte(out, '\\');
		rmt_buf_byte(out, (unsigned char)*at);
	}
	rmt_buf_text(out, "\"\n");
	return rmt_buf_check(out, err);
}

/* ---- the subject ---- */

/* A name of the section: with a number before it when it came before, so that both count, and a plus sign within one RDN. */
static void
put_attribute(const struct rmt_attribute *attribute, unsigned n, bool joined, bool again, struct rmt_buf *out)
{
	const struct rmt_oid *known = rmt_oid_find(attribute->oid);

	if (joined || again || !known)
		rmt_buf_format(out, "%u.%s", n, joined ? "+" : "");
	if (known)
		rmt_buf_text(out, known->label ? known->label : known->name);
	else
		rmt_oid_dotted(attribute->oid, out);
}

static bool
came_before(struct rmt_span name, struct rmt_span oid, unsigned n)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	if (rmt_name_start(name, &cursor, NULL))
		return false;
	for (unsigned i = 0; i < n && rmt_name_next(&cursor, &attribute, NULL) == 1; i++)
		if (rmt_span_equal(attribute.oid, oid))
			return true;
	return false;
}

static int
put_subject(struct rmt_span name, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	unsigned rdn = 0;
	int more = 0;

	rmt_buf_text(out, "[subject]\n");
	if (name.length && rmt_name_start(name, &cursor, err))
		return -1;
	for (unsigned n = 0; name.length && (more = rmt_name_next(&cursor, &attribute, err)) == 1; n++) {
		struct rmt_buf value = { 0 };

		rmt_string_utf8(attribute.tag, attribute.value, &value);
		put_attribute(&attribute, n, n && attribute.rdn == rdn, came_before(name, attribute.oid, n), out);
		rdn = attribute.rdn;
		if (memchr(rmt_buf_string(&value), 0, value.length) || put_value(rmt_buf_string(&value), out, err))
			more = rmt_err_set(err, RMT_INPUT, "subject", "a value that is no text cannot stand in a configuration file");
		rmt_buf_free(&value);
		if (more < 0)
			return -1;
	}
	return more < 0 ? -1 : rmt_buf_check(out, err);
}

/* ---- names and uses ---- */

static int
put_name(const char *name, size_t n, struct rmt_buf *out, struct rmt_err *err)
{
	static const struct { const char *type, *key, *before; } kinds[] = {
		{ "dns", "DNS", "" }, { "ip", "IP", "" }, { "email", "email", "" }, { "uri", "URI", "" },
		{ "upn", "otherName", "1.3.6.1.4.1.311.20.2.3;UTF8:" },
	};
	struct rmt_buf value = { 0 }, whole = { 0 };
	struct rmt_span type;
	const char *text = rmt_terms_name(name, &type, &value);
	size_t i = 0, count = sizeof kinds / sizeof kinds[0];
	int rc;

	while (i < count && !rmt_span_equal(type, rmt_span_text(kinds[i].type)))
		i++;
	if (i == count) {
		rc = rmt_err_set(err, RMT_INPUT, "names", "an alternative name of the kind \"%.*s\" cannot be asked for by openssl here",
		                 (int)(type.length < 32 ? type.length : 32), (const char *)type.at);
	} else {
		rmt_buf_format(&whole, "%s%s", kinds[i].before, text);
		rmt_buf_format(out, "%s.%zu", kinds[i].key, n);
		rc = put_value(rmt_buf_string(&whole), out, err);
	}
	rmt_buf_free(&value);
	rmt_buf_free(&whole);
	return rc;
}

static int
put_purposes(const struct rmt_text_list *purposes, struct rmt_buf *out, struct rmt_err *err)
{
	if (!purposes->count)
		return 0;
	rmt_buf_text(out, "extendedKeyUsage = ");
	for (size_t i = 0; i < purposes->count; i++) {
		struct rmt_buf oid = { 0 };

		rmt_buf_text(out, i ? ", " : "");
		if (rmt_oid_encode(purposes->items[i], &oid, err)) {
			rmt_buf_free(&oid);
			return -1;
		}
		rmt_oid_dotted(rmt_buf_view(&oid), out);
		rmt_buf_free(&oid);
	}
	rmt_buf_byte(out, '\n');
	return 0;
}

static void
put_usage(const struct rmt_request_terms *terms, struct rmt_buf *out)
{
	unsigned bits = terms->key_usage;
	const char *between = "";

	if (!bits)
		return;
	rmt_buf_text(out, "keyUsage = critical, ");
	for (unsigned n = 0; n < 9; n++)
		if (bits & 1u << n) {
			rmt_buf_format(out, "%s%s", between, n == 1 ? "nonRepudiation" : rmt_key_usage_name(1u << n));
			between = ", ";
		}
	rmt_buf_byte(out, '\n');
}

int
rmt_write_cnf(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_text_list *names = &terms->names;
	bool asks = names->count || terms->purposes.count || terms->key_usage;

	rmt_buf_format(out, "[req]\nprompt = no\nutf8 = yes\nstring_mask = utf8only\ndefault_md = %s\ndistinguished_name = subject\n%s\n",
	               terms->digest, asks ? "req_extensions = extensions\n" : "");
	if (put_subject(terms->subject, out, err))
		return -1;
	if (!asks)
		return rmt_buf_check(out, err);
	rmt_buf_text(out, "\n[extensions]\n");
	put_usage(terms, out);
	if (put_purposes(&terms->purposes, out, err))
		return -1;
	if (names->count)
		rmt_buf_text(out, "subjectAltName = @names\n\n[names]\n");
	for (size_t i = 0; i < names->count; i++)
		if (put_name(names->items[i], i + 1, out, err))
			return -1;
	return rmt_buf_check(out, err);
}
