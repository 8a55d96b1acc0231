/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of x509/: general names and host names. */
#include "config.h"

#include "unit/test_x509.h"

/* ---- text on the way out ---- */

static const struct text_row {
	const char *sentence;
	const char *der; /* one GeneralName */
	const char *text;
} text_rows[] = {
	{ "a host", "82 01 61", "dns:a" },
	{ "a wildcard", "82 03 2a 2e 61", "dns:*.a" },
	{ "a comma is escaped", "82 08 61 2c 20 44 4e 53 3a 62", "dns:a\\, DNS:b" },
	{ "a NUL does not end a host", "82 03 61 00 62", "dns:a\\00b" },
	{ "ESC and LF are shown", "82 03 1b 0a 61", "dns:\\1B\\0Aa" },
	{ "bytes beyond ASCII are shown when they are no UTF-8", "82 01 e9", "dns:\\E9" },
	{ "an e-mail address", "81 03 61 40 62", "email:a@b" },
	{ "a URI", "86 04 75 72 6e 3a", "uri:urn:" },
	{ "an IPv4 address", "87 04 c0 00 02 01", "ip:192.0.2.1" },
	{ "an IPv6 address", "87 10 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01",
	    "ip:2001:db8::1" },
	{ "an IPv4 network", "87 08 c0 00 02 00 ff ff ff 00", "ip:192.0.2.0/24" },
	{ "a network of everything", "87 08 00 00 00 00 00 00 00 00", "ip:0.0.0.0/0" },
	{ "a mask with holes is written in full", "87 08 c0 00 02 00 ff 00 ff 00",
	    "ip:192.0.2.0/255.0.255.0" },
	{ "an address of five bytes is in hexadecimal", "87 05 01 02 03 04 05", "ip:#0102030405" },
	{ "an address of no byte is in hexadecimal", "87 00", "ip:#" },
	{ "a directory name has its commas escaped",
	    "a4 1a 30 18 31 0a 30 08 06 03 55 04 03 0c 01 61 31 0a 30 08 06 03 55 04 0a 0c 01 62",
	    "directory:CN=a\\, O=b" },
	{ "a registered identifier", "88 03 2a 03 04", "rid:1.2.3.4" },
	{ "a user principal name", "a0 13 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 05 0c 03 75 40 64",
	    "upn:u@d" },
	{ "another name that is text", "a0 0a 06 03 2a 03 04 a0 03 0c 01 78", "other:1.2.3.4:x" },
	{ "another name that is no text", "a0 0a 06 03 2a 03 04 a0 03 02 01 05",
	    "other:1.2.3.4:#020105" },
	{ "a text that looks like hexadecimal is in hexadecimal",
	    "a0 0a 06 03 2a 03 04 a0 03 0c 01 23", "other:1.2.3.4:#0c0123" },
	{ "an X.400 address is in hexadecimal", "a3 02 05 00", "x400:#0500" },
};

static void
check_text(void **state)
{
	const struct text_row *row = *state;
	struct rmt_buf one = from_hex(row->der), text = { 0 };
	struct rmt_derw w = { .depth = 0 }, again = { .depth = 0 };
	struct rmt_general_name name;
	struct rmt_der cursor;
	struct rmt_err err = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, rmt_buf_view(&one));
	rmt_derw_end(&w);
	assert_int_equal(rmt_general_open(rmt_buf_view(&w.buf), &cursor, &err), 0);
	assert_int_equal(rmt_general_next(&cursor, &name, &err), 1);
	no_error(&err);
	rmt_general_text(&name, &text);
	assert_string_equal(rmt_buf_string(&text), row->text);
	assert_int_equal(rmt_general_next(&cursor, &name, &err), 0);
	/* What can be written from its text has the same bytes. */
	if (rmt_general_write(&again, rmt_buf_string(&text), NULL) == 0)
		assert_true(rmt_span_equal(rmt_buf_view(&again.buf), rmt_buf_view(&one)));
	rmt_derw_free(&w);
	rmt_derw_free(&again);
	rmt_buf_free(&one);
	rmt_buf_free(&text);
}

static const struct broken_row {
	const char *sentence;
	const char *der; /* GeneralNames */
} broken_rows[] = {
	{ "an alternative beyond the last is refused", "30 02 89 00" },
	{ "a universal tag is refused", "30 03 0c 01 61" },
	{ "an otherName without value is refused", "30 07 a0 05 06 03 2a 03 04" },
	{ "a directory name that is no Name is refused", "30 04 a4 02 05 00" },
	{ "a constructed host of two segments is refused", "30 08 a2 06 16 01 61 16 01 62" },
	{ "a registered identifier with a padded arc is refused", "30 04 88 02 80 30" },
	{ "an empty registered identifier is refused", "30 02 88 00" },
	{ "a name that breaks off is refused", "30 03 82 02 61" },
};

static void
check_broken(void **state)
{
	const struct broken_row *row = *state;
	struct rmt_buf names = from_hex(row->der);
	struct rmt_general_name name;
	struct rmt_der cursor;
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_general_open(rmt_buf_view(&names), &cursor, &err), 0);
	assert_int_equal(rmt_general_next(&cursor, &name, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	rmt_buf_free(&names);
}

/* ---- text on the way in ---- */

static const struct write_row {
	const char *sentence;
	const char *text;
	const char *der;   /* NULL: refused */
	const char *wrong; /* a piece of the refusal */
} write_rows[] = {
	{ "a host", "dns:a.example", "82 09 61 2e 65 78 61 6d 70 6c 65", NULL },
	{ "the type may be in capitals", "DNS:a", "82 01 61", NULL },
	{ "a user principal name may have letters of all languages", "upn:\xc3\xab@d",
	    "a0 14 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 06 0c 04 c3 ab 40 64", NULL },
	{ "an escaped comma is a comma", "upn:a\\,b@d",
	    "a0 15 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 07 0c 05 61 2c 62 40 64", NULL },
	{ "a directory name", "directory:CN=a", "a4 0e 30 0c 31 0a 30 08 06 03 55 04 03 0c 01 61",
	    NULL },
	{ "an otherName by its OID", "other:1.2.3.4:x", "a0 0a 06 03 2a 03 04 a0 03 0c 01 78",
	    NULL },
	{ "no type is refused", "a.example", NULL, "does not begin with dns:" },
	{ "an unknown type is refused", "host:a", NULL, "does not begin with dns:" },
	{ "an empty host is refused", "dns:", NULL, "empty" },
	{ "a wildcard within a label is refused", "dns:a*.example", NULL, "whole first label" },
	{ "a wildcard in the middle is refused", "dns:a.*.example", NULL, "whole first label" },
	{ "an address is no host", "dns:192.0.2.1", NULL, "written with ip:" },
	{ "a host is no address", "ip:a.example", NULL, "not an IPv4 or IPv6" },
	{ "an address with a mask is refused", "ip:192.0.2.0/24", NULL, "not an IPv4 or IPv6" },
	{ "letters beyond ASCII want an A-label", "dns:z\xc3\xab.example", NULL, "A-label" },
	{ "an underscore is refused", "dns:_sip.example", NULL, "letters, digits, hyphens" },
	{ "a space is refused", "dns:a b", NULL, "letters, digits, hyphens" },
	{ "a hyphen at the end of a label is refused", "dns:a-.example", NULL, "hyphen" },
	{ "a dot at the end is refused", "dns:a.example.", NULL, "empty label" },
	{ "an e-mail address has an at sign", "email:a.example", NULL, "not an e-mail address" },
	{ "an e-mail address has a host", "email:a@", NULL, "empty" },
	{ "a URI has a scheme", "uri:www.example", NULL, "not an absolute URI" },
	{ "a URI has no spaces", "uri:http://a b", NULL, "not an absolute URI" },
	{ "a UPN has a domain", "upn:user@", NULL, "not a user principal name" },
	{ "a NUL is refused", "upn:a\\00@d", NULL, "NUL" },
	{ "a control character is refused", "upn:a\\0A@d", NULL, "control character" },
	{ "a meaningless escape is refused", "dns:a\\b", NULL, "no meaning" },
	{ "an X.400 address is not written", "x400:#0500", NULL, "does not begin with dns:" },
};

static void
check_write(void **state)
{
	const struct write_row *row = *state;
	struct rmt_buf wanted = from_hex(row->der == NULL ? "" : row->der);
	struct rmt_derw w = { .depth = 0 };
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_general_write(&w, row->text, &err), row->der == NULL ? -1 : 0);
	if (row->der == NULL) {
		assert_int_equal(err.class, RMT_USAGE);
		if (strstr(err.message, row->wrong) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.message, row->wrong);
	} else {
		no_error(&err);
		assert_true(rmt_span_equal(rmt_buf_view(&w.buf), rmt_buf_view(&wanted)));
	}
	rmt_derw_free(&w);
	rmt_buf_free(&wanted);
}

/* ---- host names ---- */

static void
long_hosts_are_refused(void **state)
{
	char name[300];
	struct rmt_err err = { 0 };

	(void)state;
	memset(name, 'a', sizeof name);
	assert_int_equal(rmt_dns_check(rmt_span_of(NULL, 0), false, &err), -1); /* an empty buffer */
	rmt_err_clear(&err);
	assert_int_equal(rmt_dns_check(rmt_span_of(name, 63), false, NULL), 0);
	assert_int_equal(rmt_dns_check(rmt_span_of(name, 64), false, &err), -1);
	assert_non_null(strstr(err.message, "63 characters"));
	for (size_t i = 50; i < sizeof name; i += 51)
		name[i] = '.';
	assert_int_equal(rmt_dns_check(rmt_span_of(name, 253), false, NULL), 0);
	assert_int_equal(rmt_dns_check(rmt_span_of(name, 254), false, NULL), -1);
}

static const struct match_row {
	const char *sentence;
	struct rmt_span pattern, host;
	bool match;
} match_rows[] = {
	{ "the same name matches", BYTES("a.example"), BYTES("a.example"), true },
	{ "case does not count", BYTES("A.Example"), BYTES("a.eXAMPLE"), true },
	{ "a dot at the end of the host does not count", BYTES("a.example"), BYTES("a.example."),
	    true },
	{ "another name does not match", BYTES("a.example"), BYTES("b.example"), false },
	{ "a suffix does not match", BYTES("example"), BYTES("a.example"), false },
	{ "a star is one label", BYTES("*.b.example"), BYTES("a.b.example"), true },
	{ "a star is not two labels", BYTES("*.b.example"), BYTES("x.a.b.example"), false },
	{ "a star is not no label", BYTES("*.b.example"), BYTES("b.example"), false },
	{ "a star is not an empty label", BYTES("*.b.example"), BYTES(".b.example"), false },
	{ "a star before one label is too wide", BYTES("*.example"), BYTES("a.example"), false },
	{ "a star alone is nothing", BYTES("*"), BYTES("a"), false },
	{ "a star within a label is a character", BYTES("a*.b.example"), BYTES("ab.b.example"),
	    false },
	{ "a NUL ends nothing", BYTES("a.example\0.b"), BYTES("a.example"), false },
	{ "two NULs do not match", BYTES("a\0"), BYTES("a\0"), false },
	{ "nothing matches nothing", BYTES(""), BYTES(""), false },
};

static void
check_match(void **state)
{
	const struct match_row *row = *state;

	assert_int_equal(rmt_dns_match(row->pattern, row->host), row->match);
}

int
test_x509_general(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, text_rows, check_text);
	ADD_TABLE(&rows, broken_rows, check_broken);
	ADD_TABLE(&rows, write_rows, check_write);
	add_row(&rows, "a host of 253 characters is the longest", long_hosts_are_refused, NULL);
	ADD_TABLE(&rows, match_rows, check_match);
	return run_rows("general names", &rows);
}
