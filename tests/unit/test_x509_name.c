/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of x509/: distinguished names as text, as bytes, compared and cleaned. */
#include "config.h"

#include <openssl/x509.h>

#include "unit/test_x509.h"

/* A Name of one attribute CN with a value of this type and these bytes. */
static struct rmt_buf
name_of(unsigned char tag, struct rmt_span value)
{
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf out = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SET);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_oid_named("CN")->der);
	rmt_derw_value(&w, tag, value);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), 0);
	return out;
}

/* ---- text of values ---- */

static const struct value_row {
	const char *sentence;
	unsigned char tag;
	struct rmt_span value;
	const char *text;
} value_rows[] = {
	{ "letters pass", RMT_DER_UTF8, BYTES("host.example"), "CN=host.example" },
	{ "UTF-8 passes", RMT_DER_UTF8, BYTES("Zo\xc3\xab"), "CN=Zo\xc3\xab" },
	{ "a comma is escaped", RMT_DER_UTF8, BYTES("a, O=b"), "CN=a\\, O=b" },
	{ "a plus is escaped", RMT_DER_UTF8, BYTES("a+b"), "CN=a\\+b" },
	{ "quotes, angles and semicolons are escaped", RMT_DER_UTF8, BYTES("\"<>;"),
	    "CN=\\\"\\<\\>\\;" },
	{ "a backslash is escaped", RMT_DER_UTF8, BYTES("a\\b"), "CN=a\\\\b" },
	{ "spaces at the ends are escaped", RMT_DER_UTF8, BYTES(" a b "), "CN=\\ a b\\ " },
	{ "a single space is escaped once", RMT_DER_UTF8, BYTES(" "), "CN=\\ " },
	{ "a leading number sign is escaped", RMT_DER_UTF8, BYTES("#05"), "CN=\\#05" },
	{ "a number sign later is not", RMT_DER_UTF8, BYTES("a#"), "CN=a#" },
	{ "NUL does not end the name", RMT_DER_UTF8, BYTES("a\0b"), "CN=a\\00b" },
	{ "ESC and LF are shown", RMT_DER_UTF8, BYTES("\x1b[0m\n"), "CN=\\1B[0m\\0A" },
	{ "bytes that are no UTF-8 are shown", RMT_DER_UTF8, BYTES("a\xe9z"), "CN=a\\E9z" },
	{ "and do not hide the characters around them", RMT_DER_UTF8, BYTES("\xff\xc3\xab"),
	    "CN=\\FF\xc3\xab" },
	{ "T61String is read as Latin-1", RMT_DER_T61, BYTES("Zo\xeb"), "CN=Zo\xc3\xab" },
	{ "BMPString is two bytes a character", RMT_DER_BMP, BYTES("\0a\x4e\x2d"),
	    "CN=a\xe4\xb8\xad" },
	{ "surrogates in a BMPString are joined", RMT_DER_BMP, BYTES("\xd8\x3d\xdd\x11"),
	    "CN=\xf0\x9f\x94\x91" },
	{ "a lone surrogate is shown as bytes", RMT_DER_BMP, BYTES("\xd8\x3d"), "CN=\\ED\\A0\\BD" },
	{ "a BMPString of odd length is not taken apart", RMT_DER_BMP, BYTES("\0ab"),
	    "CN=#1e03006162" },
	{ "UniversalString is four bytes a character", RMT_DER_UNIVERSAL, BYTES("\0\1\xf5\x11"),
	    "CN=\xf0\x9f\x94\x91" },
	{ "a number beyond Unicode is shown as bytes", RMT_DER_UNIVERSAL, BYTES("\x7f\xff\xff\xff"),
	    "CN=\\FD\\BF\\BF\\BF\\BF\\BF" },
	{ "a BIT STRING is in hexadecimal", RMT_DER_BIT_STRING, BYTES("\0\xaa"), "CN=#030200aa" },
	{ "an empty value is empty", RMT_DER_UTF8, BYTES(""), "CN=" },
};

static void
check_value_text(void **state)
{
	const struct value_row *row = *state;
	struct rmt_buf name = name_of(row->tag, row->value), text = { 0 }, again = { 0 };
	struct rmt_err err = { 0 };

	rmt_name_text(rmt_buf_view(&name), &text);
	assert_string_equal(rmt_buf_string(&text), row->text);
	assert_true(rmt_utf8_valid(rmt_buf_view(&text)));
	/* What can be read back is the same name. */
	if (rmt_name_parse(rmt_buf_string(&text), &again, &err) == 0)
		assert_true(rmt_name_equal(rmt_buf_view(&name), rmt_buf_view(&again)));
	rmt_buf_free(&name);
	rmt_buf_free(&text);
	rmt_buf_free(&again);
}

/* ---- names written by people ---- */

static const struct parse_row {
	const char *sentence;
	const char *given;
	const char *text;  /* as rmt_name_text() says it; NULL: refused */
	const char *wrong; /* a piece of the refusal */
} parse_rows[] = {
	{ "attributes keep their order", "CN=host,O=Example Inc", "CN=host, O=Example Inc", NULL },
	{ "spaces around separators do not count", " CN = host , O = Example ",
	    "CN=host, O=Example", NULL },
	{ "an escaped comma stays", "O=Example\\, Inc", "O=Example\\, Inc", NULL },
	{ "a quoted value may have commas", "O=\"Example, Inc\",C=DE", "O=Example\\, Inc, C=DE",
	    NULL },
	{ "an escaped space at the end stays", "CN=a\\ ", "CN=a\\ ", NULL },
	{ "hexadecimal pairs are bytes", "CN=Zo\\C3\\AB", "CN=Zo\xc3\xab", NULL },
	{ "a plus joins a set", "CN=a+OU=b", "CN=a+OU=b", NULL },
	{ "a set is sorted as DER wants", "OU=b+CN=a", "CN=a+OU=b", NULL },
	{ "an equals sign in a value is a character", "CN=a=b", "CN=a=b", NULL },
	{ "an attribute may be dotted", "1.2.3.4=x", "1.2.3.4=x", NULL },
	{ "a value may be given encoded", "CN=#0c0161", "CN=a", NULL },
	{ "a serial number is printable", "serialNumber=12-3", "serialNumber=12-3", NULL },
	{ "nothing is the empty name", "", "", NULL },
	{ "OpenSSL's form is pointed out", "/CN=a/O=b", NULL, "instead of /CN=" },
	{ "a missing value sign is refused", "CN", NULL, "expected ATTRIBUTE=value" },
	{ "an unknown attribute is refused", "XX=a", NULL, "\"XX\" is neither" },
	{ "an empty value is refused", "CN=", NULL, "empty" },
	{ "a separator at the end is refused", "CN=a,", NULL, "after the last separator" },
	{ "two separators are refused", "CN=a,,O=b", NULL, "expected ATTRIBUTE=value" },
	{ "a meaningless escape is refused", "CN=a\\q", NULL, "no meaning" },
	{ "an escape of nothing is refused", "CN=a\\", NULL, "no meaning" },
	{ "a quote that does not end is refused", "CN=\"a", NULL, "closing quote" },
	{ "text after a quote is refused", "CN=\"a\"b", NULL, "after a quoted value" },
	{ "a control character is refused", "CN=a\\0Ab", NULL, "control character" },
	{ "a C1 control character is refused", "CN=a\xc2\x9b", NULL, "control character" },
	{ "bytes that are no UTF-8 are refused", "CN=a\\E9", NULL, "not UTF-8" },
	{ "a country is two letters", "C=DEU", NULL, "two letters" },
	{ "digits are no country", "C=49", NULL, "two letters" },
	{ "an e-mail address is ASCII", "emailAddress=\xc3\xab@example", NULL, "ASCII" },
	{ "a serial number has no at sign", "serialNumber=a@b", NULL, "letters, digits" },
	{ "a broken encoded value is refused", "CN=#0c05", NULL, "runs past" },
	{ "an encoded value has nothing behind it", "CN=#0c016105", NULL, "more values" },
	{ "65 characters are too many for CN",
	    "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL,
	    "65 characters, 64" },
};

static void
check_parse(void **state)
{
	const struct parse_row *row = *state;
	struct rmt_buf der = { 0 }, text = { 0 };
	struct rmt_err err = { 0 };
	int rc = rmt_name_parse(row->given, &der, &err);

	if (row->text == NULL) {
		assert_int_equal(rc, -1);
		if (strstr(err.message, row->wrong) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.message, row->wrong);
	} else {
		no_error(&err);
		assert_int_equal(rc, 0);
		rmt_name_text(rmt_buf_view(&der), &text);
		assert_string_equal(rmt_buf_string(&text), row->text);
	}
	rmt_buf_free(&der);
	rmt_buf_free(&text);
}

static void
characters_are_counted_not_bytes(void **state)
{
	struct rmt_buf value = { 0 }, der = { 0 };
	struct rmt_name_part part = { "CN", NULL };

	(void)state;
	for (int i = 0; i < 64; i++)
		rmt_buf_text(&value, "\xe2\x82\xac");
	part.value = rmt_buf_string(&value);
	assert_int_equal(rmt_name_build(&part, 1, &der, NULL), 0);
	rmt_buf_text(&value, "x");
	part.value = rmt_buf_string(&value);
	rmt_buf_free(&der);
	assert_int_equal(rmt_name_build(&part, 1, &der, NULL), -1);
	rmt_buf_free(&value);
	rmt_buf_free(&der);
}

static void
types_are_those_of_the_standard(void **state)
{
	static const struct rmt_name_part parts[] = { { "C", "DE" }, { "DC", "example" },
		{ "O", "Example" }, { "serialNumber", "5" }, { "emailAddress", "a@b.example" } };
	static const unsigned char tags[] = { RMT_DER_PRINTABLE, RMT_DER_IA5, RMT_DER_UTF8,
		RMT_DER_PRINTABLE, RMT_DER_IA5 };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_buf der = { 0 };

	(void)state;
	assert_int_equal(rmt_name_build(parts, 5, &der, NULL), 0);
	assert_int_equal(rmt_name_start(rmt_buf_view(&der), &cursor, NULL), 0);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(rmt_name_next(&cursor, &attribute, NULL), 1);
		assert_int_equal(attribute.tag, tags[i]);
		assert_int_equal(attribute.rdn, i);
	}
	assert_int_equal(rmt_name_next(&cursor, &attribute, NULL), 0);
	rmt_buf_free(&der);
}

/* ---- comparing ---- */

static const struct equal_row {
	const char *sentence;
	unsigned char tag_a;
	struct rmt_span a;
	unsigned char tag_b;
	struct rmt_span b;
	bool equal;
} equal_rows[] = {
	{ "case does not count", RMT_DER_UTF8, BYTES("Host"), RMT_DER_UTF8, BYTES("hOST"), true },
	{ "the string type does not count", RMT_DER_PRINTABLE, BYTES("Host"), RMT_DER_BMP,
	    BYTES("\0h\0o\0s\0t"), true },
	{ "spaces at the ends do not count", RMT_DER_UTF8, BYTES("  a b "), RMT_DER_UTF8,
	    BYTES("a b"), true },
	{ "the number of spaces does not count", RMT_DER_UTF8, BYTES("a   b"), RMT_DER_UTF8,
	    BYTES("a b"), true },
	{ "a tab is a space", RMT_DER_UTF8, BYTES("a\tb"), RMT_DER_UTF8, BYTES("a b"), true },
	{ "a space that is there counts", RMT_DER_UTF8, BYTES("a b"), RMT_DER_UTF8, BYTES("ab"),
	    false },
	{ "Latin-1 and UTF-8 are the same letter", RMT_DER_T61, BYTES("\xeb"), RMT_DER_UTF8,
	    BYTES("\xc3\xab"), true },
	{ "other letters keep their case", RMT_DER_UTF8, BYTES("\xc3\x8b"), RMT_DER_UTF8,
	    BYTES("\xc3\xab"), false },
	{ "a prefix is another name", RMT_DER_UTF8, BYTES("host"), RMT_DER_UTF8, BYTES("host2"),
	    false },
	{ "a NUL is a character", RMT_DER_UTF8, BYTES("a\0b"), RMT_DER_UTF8, BYTES("a\0c"), false },
	{ "two BIT STRINGs are compared as bytes", RMT_DER_BIT_STRING, BYTES("\0A"),
	    RMT_DER_BIT_STRING, BYTES("\0a"), false },
	{ "a BIT STRING is not its text", RMT_DER_BIT_STRING, BYTES("\0A"), RMT_DER_UTF8,
	    BYTES("\0A"), false },
	{ "a broken BMPString equals itself", RMT_DER_BMP, BYTES("a"), RMT_DER_BMP, BYTES("a"),
	    true },
	{ "a broken BMPString is not its bytes", RMT_DER_BMP, BYTES("a"), RMT_DER_UTF8, BYTES("a"),
	    false },
};

static int
openssl_equal(const struct rmt_buf *a, const struct rmt_buf *b)
{
	const unsigned char *p = a->bytes, *q = b->bytes;
	X509_NAME *x = d2i_X509_NAME(NULL, &p, (long)a->length),
		  *y = d2i_X509_NAME(NULL, &q, (long)b->length);
	int equal = x != NULL && y != NULL ? X509_NAME_cmp(x, y) == 0 : -1;

	X509_NAME_free(x);
	X509_NAME_free(y);
	return equal;
}

static void
check_equal(void **state)
{
	const struct equal_row *row = *state;
	struct rmt_buf a = name_of(row->tag_a, row->a), b = name_of(row->tag_b, row->b),
		       fold_a = { 0 }, fold_b = { 0 };
	int theirs = openssl_equal(&a, &b);

	assert_int_equal(rmt_name_equal(rmt_buf_view(&a), rmt_buf_view(&b)), row->equal);
	assert_int_equal(rmt_name_equal(rmt_buf_view(&b), rmt_buf_view(&a)), row->equal);
	rmt_name_fold(rmt_buf_view(&a), &fold_a);
	rmt_name_fold(rmt_buf_view(&b), &fold_b);
	assert_int_equal(rmt_span_equal(rmt_buf_view(&fold_a), rmt_buf_view(&fold_b)), row->equal);
	if (theirs >= 0)
		assert_int_equal(theirs, row->equal);
	rmt_buf_free(&a);
	rmt_buf_free(&b);
	rmt_buf_free(&fold_a);
	rmt_buf_free(&fold_b);
}

static const struct whole_row {
	const char *sentence;
	const char *a, *b;
	bool equal;
} whole_rows[] = {
	{ "the order of parts counts", "CN=a,O=b", "O=b,CN=a", false },
	{ "one part more is another name", "CN=a", "CN=a,O=b", false },
	{ "another attribute is another name", "CN=a", "O=a", false },
	{ "a set is not two parts", "CN=a+O=b", "CN=a,O=b", false },
	{ "sets are compared without case", "CN=A+O=b", "O=B+CN=a", true },
	{ "sets that sort otherwise when folded are equal", "CN=b+CN=A", "CN=B+CN=a", true },
	{ "sets of different size differ", "CN=a+O=b", "CN=a+O=b+OU=c", false },
	{ "empty names are equal", "", "", true },
	{ "an empty name is no other", "", "CN=a", false },
};

static void
check_whole(void **state)
{
	const struct whole_row *row = *state;
	struct rmt_buf a = { 0 }, b = { 0 }, fold_a = { 0 }, fold_b = { 0 };

	assert_int_equal(rmt_name_parse(row->a, &a, NULL), 0);
	assert_int_equal(rmt_name_parse(row->b, &b, NULL), 0);
	assert_int_equal(rmt_name_equal(rmt_buf_view(&a), rmt_buf_view(&b)), row->equal);
	assert_int_equal(rmt_name_equal(rmt_buf_view(&b), rmt_buf_view(&a)), row->equal);
	rmt_name_fold(rmt_buf_view(&a), &fold_a);
	rmt_name_fold(rmt_buf_view(&b), &fold_b);
	assert_int_equal(rmt_span_equal(rmt_buf_view(&fold_a), rmt_buf_view(&fold_b)), row->equal);
	rmt_buf_free(&a);
	rmt_buf_free(&b);
	rmt_buf_free(&fold_a);
	rmt_buf_free(&fold_b);
}

/* ---- looking up, cleaning, broken names ---- */

static void
first_and_last_value(void **state)
{
	struct rmt_buf der = { 0 }, out = { 0 };

	(void)state;
	assert_int_equal(rmt_name_parse("OU=first,CN=x,OU=last", &der, NULL), 0);
	assert_int_equal(rmt_name_get(rmt_buf_view(&der), "OU", false, &out), 1);
	assert_string_equal(rmt_buf_string(&out), "first");
	rmt_buf_clear(&out);
	assert_int_equal(rmt_name_get(rmt_buf_view(&der), "organizationalUnitName", true, &out), 1);
	assert_string_equal(rmt_buf_string(&out), "last");
	assert_int_equal(rmt_name_get(rmt_buf_view(&der), "O", true, &out), 0);
	assert_int_equal(rmt_name_get(rmt_buf_view(&der), "noSuchThing", true, &out), 0);
	assert_false(rmt_name_empty(rmt_buf_view(&der)));
	assert_true(rmt_name_empty(rmt_span_of("\x30\x00", 2)));
	rmt_buf_free(&der);
	rmt_buf_free(&out);
}

static const struct clean_row {
	const char *sentence;
	unsigned char tag;
	struct rmt_span value;
	const char *der; /* of the value */
} clean_rows[] = {
	{ "a sound value stays", RMT_DER_PRINTABLE, BYTES("a"), "13 01 61" },
	{ "a BMPString stays", RMT_DER_BMP, BYTES("\0a"), "1e 02 00 61" },
	{ "an at sign is no PrintableString", RMT_DER_PRINTABLE, BYTES("a@b"), "0c 03 61 40 62" },
	{ "UTF-8 in an IA5String becomes a UTF8String", RMT_DER_IA5, BYTES("\xc3\xab"),
	    "0c 02 c3 ab" },
	{ "Latin-1 in a UTF8String becomes UTF-8", RMT_DER_UTF8, BYTES("Zo\xeb"),
	    "0c 04 5a 6f c3 ab" },
};

static void
check_clean(void **state)
{
	const struct clean_row *row = *state;
	struct rmt_buf name = name_of(row->tag, row->value), out = { 0 },
		       wanted = from_hex(row->der), again = { 0 };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	assert_int_equal(rmt_name_clean(rmt_buf_view(&name), &out, NULL), 0);
	assert_int_equal(rmt_name_start(rmt_buf_view(&out), &cursor, NULL), 0);
	assert_int_equal(rmt_name_next(&cursor, &attribute, NULL), 1);
	assert_int_equal(attribute.tag, wanted.bytes[0]);
	assert_true(
	    rmt_span_equal(attribute.value, rmt_span_of(wanted.bytes + 2, wanted.length - 2)));
	assert_int_equal(rmt_name_clean(rmt_buf_view(&out), &again, NULL), 0);
	assert_true(rmt_span_equal(rmt_buf_view(&out), rmt_buf_view(&again)));
	rmt_buf_free(&name);
	rmt_buf_free(&out);
	rmt_buf_free(&wanted);
	rmt_buf_free(&again);
}

static void
broken_names_are_marked(void **state)
{
	/* The value of the second attribute is cut off. */
	struct rmt_buf name = from_hex(
			   "30 14 31 0a 30 08 06 03 55 04 03 0c 01 61 31 06 30 04 06 03 55 04"),
		       text = { 0 };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_name_start(rmt_buf_view(&name), &cursor, &err), 0);
	assert_int_equal(rmt_name_next(&cursor, &attribute, &err), 1);
	assert_int_equal(rmt_name_next(&cursor, &attribute, &err), -1);
	assert_string_equal(err.place, "name");
	rmt_name_text(rmt_buf_view(&name), &text);
	assert_string_equal(rmt_buf_string(&text), "CN=a, <malformed>");
	rmt_buf_clear(&text);
	rmt_name_text(rmt_span_of("", 0), &text);
	assert_string_equal(rmt_buf_string(&text), "<malformed>");
	rmt_buf_free(&name);
	rmt_buf_free(&text);
}

int
test_x509_name(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, value_rows, check_value_text);
	ADD_TABLE(&rows, parse_rows, check_parse);
	add_row(
	    &rows, "bounds count characters, not bytes", characters_are_counted_not_bytes, NULL);
	add_row(&rows, "every attribute has the string type of the standard",
	    types_are_those_of_the_standard, NULL);
	ADD_TABLE(&rows, equal_rows, check_equal);
	ADD_TABLE(&rows, whole_rows, check_whole);
	add_row(&rows, "the first and the last value are found", first_and_last_value, NULL);
	ADD_TABLE(&rows, clean_rows, check_clean);
	add_row(&rows, "a broken name is marked as such", broken_names_are_marked, NULL);
	return run_rows("name", &rows);
}
