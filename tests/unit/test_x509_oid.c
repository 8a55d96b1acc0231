/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of x509/: object identifiers. */
#include "config.h"

#include <strings.h>

#include <openssl/objects.h>

#include "unit/test_x509.h"
#include "x509/local.h"

static const struct dotted_row {
	const char *sentence;
	const char *dotted;
	const char *bytes; /* NULL: refused */
} dotted_rows[] = {
	{ "the shortest", "0.0", "00" },
	{ "the largest second arc of 1", "1.39", "4f" },
	{ "2 has no bound on its second arc", "2.999.3", "88 37 03" },
	{ "an arc of 64 bits", "1.2.18446744073709551609", "2a 81 ff ff ff ff ff ff ff ff 79" },
	{ "Microsoft's template arcs", "1.3.6.1.4.1.311.21.8.8612494.8956129",
	    "2b 06 01 04 01 82 37 15 08 84 8d d5 0e 84 a2 d1 61" },
	{ "one arc is none", "1", NULL },
	{ "a second arc of 40 under 1 is none", "1.40", NULL },
	{ "a first arc of 3 is none", "3.1", NULL },
	{ "a leading zero is refused", "1.2.03", NULL },
	{ "an empty arc is refused", "1.2..3", NULL },
	{ "a dot at the end is refused", "1.2.3.", NULL },
	{ "a letter is refused", "1.2.3a", NULL },
	{ "an arc beyond 64 bits is refused", "1.2.99999999999999999999", NULL },
	{ "an unknown name is refused", "noSuchThing", NULL },
	{ "nothing is refused", "", NULL },
};

static void
check_dotted(void **state)
{
	const struct dotted_row *row = *state;
	struct rmt_buf out = { 0 }, wanted = from_hex(row->bytes == NULL ? "" : row->bytes),
		       text = { 0 };
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_oid_encode(row->dotted, &out, &err), row->bytes == NULL ? -1 : 0);
	assert_int_equal(err.class, row->bytes == NULL ? RMT_USAGE : RMT_NONE);
	assert_true(rmt_span_equal(rmt_buf_view(&out), rmt_buf_view(&wanted)));
	if (row->bytes != NULL) {
		rmt_oid_dotted(rmt_buf_view(&out), &text);
		assert_string_equal(rmt_buf_string(&text), row->dotted);
	}
	rmt_buf_free(&out);
	rmt_buf_free(&wanted);
	rmt_buf_free(&text);
}

static const struct text_row {
	const char *sentence;
	const char *bytes;
	const char *text;
} text_rows[] = {
	{ "a known one has its name", "55 1d 25", "extendedKeyUsage" },
	{ "an unknown one is dotted", "2a 03 04", "1.2.3.4" },
	{ "a UUID has 128 bits", "69 83 ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff 7f",
	    "2.25.340282366920938463463374607431768211455" },
	{ "an arc too large to print is in hexadecimal",
	    "2a ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff 7f",
	    "#2affffffffffffffffffffffffffffffffffffffff7f" },
	{ "one with a padded first arc is in hexadecimal", "80 30", "#8030" },
	{ "one that breaks off is in hexadecimal", "2a 84", "#2a84" },
	{ "an empty one is in hexadecimal", "", "#" },
};

static void
check_text(void **state)
{
	const struct text_row *row = *state;
	struct rmt_buf bytes = from_hex(row->bytes), text = { 0 };

	rmt_oid_text(rmt_buf_view(&bytes), &text);
	assert_string_equal(rmt_buf_string(&text), row->text);
	rmt_buf_free(&bytes);
	rmt_buf_free(&text);
}

static const struct named_row {
	const char *sentence;
	const char *given, *name;
} named_rows[] = {
	{ "by its name", "commonName", "commonName" },
	{ "by its label", "CN", "commonName" },
	{ "by its label in small letters", "cn", "commonName" },
	{ "by its dotted form", "2.5.4.3", "commonName" },
	{ "by what else people call it", "E", "emailAddress" },
	{ "by OpenSSL's name", "extKeyUsage", "extendedKeyUsage" },
	{ "a curve by the name of NIST", "P-256", "prime256v1" },
	{ "Microsoft's smart card logon", "1.3.6.1.4.1.311.20.2.2", "smartcardLogon" },
	{ "ML-DSA", "ML-DSA-65", "ML-DSA-65" },
};

static void
check_named(void **state)
{
	const struct named_row *row = *state;
	const struct rmt_oid *oid = rmt_oid_named(row->given);

	assert_non_null(oid);
	assert_string_equal(oid->name, row->name);
	assert_ptr_equal(rmt_oid_find(oid->der), oid);
	assert_true(rmt_oid_is(oid->der, row->given));
	assert_false(rmt_oid_is(rmt_span_of(oid->der.at, oid->der.length - 1), row->given));
}

static void
rows_agree_with_openssl(void **state)
{
	(void)state;
	rmt_oid_named("CN");
	for (size_t i = 0; i < rmt_oid_table_size; i++) {
		const struct rmt_oid *oid = &rmt_oid_table[i];
		ASN1_OBJECT *object = OBJ_txt2obj(oid->dotted, 1);

		assert_non_null(object);
		if (!rmt_span_equal(
			oid->der, rmt_span_of(OBJ_get0_data(object), OBJ_length(object))))
			fail_msg("%s is encoded wrongly", oid->dotted);
		ASN1_OBJECT_free(object);
	}
}

static void
rows_are_all_different(void **state)
{
	(void)state;
	for (size_t i = 0; i < rmt_oid_table_size; i++) {
		const struct rmt_oid *oid = &rmt_oid_table[i];

		if (rmt_oid_named(oid->name) != oid ||
		    (oid->label != NULL && rmt_oid_named(oid->label) != oid) ||
		    rmt_oid_named(oid->dotted) != oid)
			fail_msg("%s (%s) is another one's name", oid->name, oid->dotted);
	}
}

int
test_x509_oid(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, dotted_rows, check_dotted);
	ADD_TABLE(&rows, text_rows, check_text);
	ADD_TABLE(&rows, named_rows, check_named);
	add_row(&rows, "OpenSSL encodes every row alike", rows_agree_with_openssl, NULL);
	add_row(
	    &rows, "no two rows share a name, a label or a number", rows_are_all_different, NULL);
	return run_rows("oid", &rows);
}
