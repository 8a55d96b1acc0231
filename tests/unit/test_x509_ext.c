/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of x509/: extensions, one by one and as a list. */
#include "config.h"

#include "unit/test_x509.h"

/* ---- values: text, form, deviations ---- */

enum { SOUND = -1, BROKEN = -2 };

static const struct value_row {
	const char *sentence;
	enum rmt_ext_id id;
	const char *value;
	const char *text;
	int note; /* SOUND, BROKEN, or the deviation that strict refuses */
} value_rows[] = {
	{ "an authority by its key", RMT_EXT_AUTHORITY_KEY_ID, "30 05 80 03 aa bb cc", "key aabbcc",
	    SOUND },
	{ "an authority by name and serial", RMT_EXT_AUTHORITY_KEY_ID,
	    "30 08 a1 03 82 01 61 82 01 05", "issuer dns:a\nserial 05", SOUND },
	{ "an authority by nothing", RMT_EXT_AUTHORITY_KEY_ID, "30 00", "", SOUND },
	{ "an authority with a part too many", RMT_EXT_AUTHORITY_KEY_ID, "30 03 83 01 05",
	    "malformed: 3003830105", BROKEN },
	{ "an authority with an empty serial", RMT_EXT_AUTHORITY_KEY_ID, "30 02 82 00",
	    "malformed: 30028200", BROKEN },
	{ "a subject's key", RMT_EXT_SUBJECT_KEY_ID, "04 02 aa bb", "aabb", SOUND },
	{ "a subject's key that is no string", RMT_EXT_SUBJECT_KEY_ID, "02 01 05",
	    "malformed: 020105", BROKEN },
	{ "key usage", RMT_EXT_KEY_USAGE, "03 02 05 a0", "digitalSignature, keyEncipherment",
	    SOUND },
	{ "the ninth bit of key usage", RMT_EXT_KEY_USAGE, "03 03 07 00 80", "decipherOnly",
	    SOUND },
	{ "no key usage", RMT_EXT_KEY_USAGE, "03 01 00", "none", SOUND },
	{ "key usage with zeros at its end", RMT_EXT_KEY_USAGE, "03 02 00 a0",
	    "digitalSignature, keyEncipherment", RMT_DEVIATION_BIT_STRING_PADDING },
	{ "key usage of 16 bits", RMT_EXT_KEY_USAGE, "03 03 00 00 01", "none", SOUND },
	{ "key usage that is no BIT STRING", RMT_EXT_KEY_USAGE, "04 01 a0", "malformed: 0401a0",
	    BROKEN },
	{ "key usage with something behind it", RMT_EXT_KEY_USAGE, "03 02 05 a0 05 00",
	    "malformed: 030205a00500", BROKEN },
	{ "policies", RMT_EXT_CERTIFICATE_POLICIES,
	    "30 10 30 08 06 06 67 81 0c 01 02 01 30 04 06 02 2a 03", "domainValidated\n1.2.3",
	    SOUND },
	{ "a policy with its statement", RMT_EXT_CERTIFICATE_POLICIES,
	    "30 16 30 14 06 02 2a 03 30 0e 30 0c 06 08 2b 06 01 05 05 07 02 01 16 00",
	    "1.2.3\n  cps ", SOUND },
	{ "a policy with a notice of control characters", RMT_EXT_CERTIFICATE_POLICIES,
	    "30 20 30 1e 06 02 2a 03 30 18 30 16 06 08 2b 06 01 05 05 07 02 02 30 0a 0c 08 1b 5b "
	    "33 31 6d 0a 4f 4b",
	    "1.2.3\n  notice: \\1B[31m\\0AOK", SOUND },
	{ "no policies", RMT_EXT_CERTIFICATE_POLICIES, "30 00", "", RMT_DEVIATION_EMPTY_LIST },
	{ "a mapping", RMT_EXT_POLICY_MAPPINGS, "30 0a 30 08 06 02 2a 03 06 02 2a 04",
	    "1.2.3 is 1.2.4", SOUND },
	{ "a mapping to nothing", RMT_EXT_POLICY_MAPPINGS, "30 06 30 04 06 02 2a 03",
	    "malformed: 3006300406022a03", BROKEN },
	{ "policy constraints", RMT_EXT_POLICY_CONSTRAINTS, "30 06 80 01 00 81 01 02",
	    "explicit policy required after 0, policy mapping inhibited after 2", SOUND },
	{ "policy constraints in the wrong order", RMT_EXT_POLICY_CONSTRAINTS,
	    "30 06 81 01 00 80 01 02", "malformed: 3006810100800102", BROKEN },
	{ "any policy inhibited", RMT_EXT_INHIBIT_ANY_POLICY, "02 01 03", "3", SOUND },
	{ "names", RMT_EXT_SUBJECT_ALT_NAME, "30 09 82 01 61 87 04 c0 00 02 01",
	    "dns:a, ip:192.0.2.1", SOUND },
	{ "a comma in a name is no separator", RMT_EXT_SUBJECT_ALT_NAME,
	    "30 0a 82 08 61 2c 20 64 6e 73 3a 62", "dns:a\\, dns:b", SOUND },
	{ "no names", RMT_EXT_SUBJECT_ALT_NAME, "30 00", "", RMT_DEVIATION_EMPTY_LIST },
	{ "a name beyond ASCII", RMT_EXT_SUBJECT_ALT_NAME, "30 03 82 01 e9", "dns:\\E9",
	    RMT_DEVIATION_STRING_CONTENT },
	{ "names of the issuer", RMT_EXT_ISSUER_ALT_NAME, "30 05 86 03 61 3a 62", "uri:a:b",
	    SOUND },
	{ "a CA", RMT_EXT_BASIC_CONSTRAINTS, "30 03 01 01 ff", "CA", SOUND },
	{ "a CA with a path length", RMT_EXT_BASIC_CONSTRAINTS, "30 06 01 01 ff 02 01 00",
	    "CA, path length 0", SOUND },
	{ "not a CA", RMT_EXT_BASIC_CONSTRAINTS, "30 00", "not a CA", SOUND },
	{ "not a CA, said aloud", RMT_EXT_BASIC_CONSTRAINTS, "30 03 01 01 00", "not a CA",
	    RMT_DEVIATION_DEFAULT_ENCODED },
	{ "a CA with TRUE as 01", RMT_EXT_BASIC_CONSTRAINTS, "30 03 01 01 01", "CA",
	    RMT_DEVIATION_BOOLEAN },
	{ "a negative path length", RMT_EXT_BASIC_CONSTRAINTS, "30 06 01 01 ff 02 01 ff",
	    "malformed: 30060101ff0201ff", BROKEN },
	{ "permitted hosts and excluded networks", RMT_EXT_NAME_CONSTRAINTS,
	    "30 15 a0 05 30 03 82 01 61 a1 0c 30 0a 87 08 0a 00 00 00 ff 00 00 00",
	    "permitted dns:a\nexcluded ip:10.0.0.0/8", SOUND },
	{ "a subtree with its default", RMT_EXT_NAME_CONSTRAINTS,
	    "30 0a a0 08 30 06 82 01 61 80 01 00", "permitted dns:a",
	    RMT_DEVIATION_DEFAULT_ENCODED },
	{ "purposes", RMT_EXT_EXTENDED_KEY_USAGE, "30 0e 06 08 2b 06 01 05 05 07 03 01 06 02 2a 03",
	    "serverAuth, 1.2.3", SOUND },
	{ "no purposes", RMT_EXT_EXTENDED_KEY_USAGE, "30 00", "", RMT_DEVIATION_EMPTY_LIST },
	{ "a purpose that is no OID", RMT_EXT_EXTENDED_KEY_USAGE, "30 03 02 01 05",
	    "malformed: 3003020105", BROKEN },
	{ "distribution points", RMT_EXT_CRL_DISTRIBUTION,
	    "30 12 30 07 a0 05 a0 03 86 01 61 30 07 a0 05 a0 03 86 01 62", "uri:a\nuri:b", SOUND },
	{ "a distribution point for reasons and of an issuer", RMT_EXT_FRESHEST_CRL,
	    "30 12 30 10 a0 05 a0 03 86 01 61 81 02 06 40 a2 03 82 01 62",
	    "uri:a for keyCompromise issued by dns:b", SOUND },
	{ "a distribution point of nothing", RMT_EXT_CRL_DISTRIBUTION, "30 02 30 00", "",
	    RMT_DEVIATION_EMPTY_LIST },
	{ "a distribution point with an empty name", RMT_EXT_CRL_DISTRIBUTION, "30 04 30 02 a0 00",
	    "malformed: 30043002a000", BROKEN },
	{ "where the issuer is", RMT_EXT_AUTHORITY_INFO,
	    "30 0f 30 0d 06 08 2b 06 01 05 05 07 30 02 86 01 61", "caIssuers uri:a", SOUND },
	{ "access without location", RMT_EXT_AUTHORITY_INFO, "30 06 30 04 06 02 2a 03",
	    "malformed: 3006300406022a03", BROKEN },
	{ "no OCSP check", RMT_EXT_OCSP_NOCHECK, "05 00", "present", SOUND },
	{ "no OCSP check with content", RMT_EXT_OCSP_NOCHECK, "05 01 00", "malformed: 050100",
	    BROKEN },
	{ "a comment with a line end", RMT_EXT_NETSCAPE_COMMENT, "16 03 61 0a 62", "a\\0Ab",
	    SOUND },
	{ "a comment that is no text", RMT_EXT_NETSCAPE_COMMENT, "02 01 05", "malformed: 020105",
	    BROKEN },
	{ "Netscape's type", RMT_EXT_NETSCAPE_TYPE, "03 02 06 c0", "SSL client, SSL server",
	    SOUND },
	{ "a template's name", RMT_EXT_MS_TEMPLATE_NAME, "1e 06 00 57 00 65 00 62", "Web", SOUND },
	{ "a template", RMT_EXT_MS_TEMPLATE, "30 0a 06 02 2a 03 02 01 64 02 01 05",
	    "1.2.3 version 100.5", SOUND },
	{ "a template without version", RMT_EXT_MS_TEMPLATE, "30 04 06 02 2a 03", "1.2.3", SOUND },
	{ "application policies", RMT_EXT_MS_APPLICATION_POLICIES,
	    "30 0c 30 0a 06 08 2b 06 01 05 05 07 03 02", "clientAuth", SOUND },
	{ "a CA's version", RMT_EXT_MS_CA_VERSION, "02 03 01 00 02", "certificate 2, key 1",
	    SOUND },
	{ "an account's identifier", RMT_EXT_MS_SID,
	    "30 17 a0 15 06 0a 2b 06 01 04 01 82 37 19 02 01 a0 07 04 05 53 2d 31 2d 35", "S-1-5",
	    SOUND },
	{ "must staple", RMT_EXT_TLS_FEATURE, "30 06 02 01 05 02 01 07", "status_request, 7",
	    SOUND },
	{ "timestamps whose length is wrong", RMT_EXT_SCT_LIST, "04 04 00 05 00 01",
	    "malformed: 040400050001", BROKEN },
	{ "a timestamp", RMT_EXT_SCT_LIST,
	    "04 2f 00 2d 00 2b 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 "
	    "15 16 17 18 19 1a 1b 1c 1d 1e 1f "
	    "00 00 01 90 00 00 00 00 00 00",
	    "2024-06-10T02:35:18Z log "
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    SOUND },
	{ "a timestamp of an unknown version", RMT_EXT_SCT_LIST, "04 05 00 03 00 01 07",
	    "unknown version 7", SOUND },
	{ "a timestamp that breaks off", RMT_EXT_SCT_LIST, "04 06 00 04 00 02 00 aa",
	    "malformed: 04060004000200aa", BROKEN },
	{ "a CRL's number", RMT_EXT_CRL_NUMBER, "02 02 10 00", "4096", SOUND },
	{ "a CRL's number of 9 bytes", RMT_EXT_CRL_NUMBER, "02 09 01 00 00 00 00 00 00 00 00",
	    "0x010000000000000000", SOUND },
	{ "a delta CRL", RMT_EXT_DELTA_CRL, "02 01 05", "5", SOUND },
	{ "an issuing distribution point", RMT_EXT_ISSUING_DISTRIBUTION,
	    "30 0d a0 05 a0 03 86 01 61 82 01 ff 84 01 ff", "uri:a, CA certificates only, indirect",
	    SOUND },
	{ "an issuing distribution point with a default", RMT_EXT_ISSUING_DISTRIBUTION,
	    "30 03 81 01 00", "no name", RMT_DEVIATION_DEFAULT_ENCODED },
	{ "a reason", RMT_EXT_REASON_CODE, "0a 01 01", "keyCompromise", SOUND },
	{ "a reason that is not used", RMT_EXT_REASON_CODE, "0a 01 07", "7", SOUND },
	{ "a reason as INTEGER", RMT_EXT_REASON_CODE, "02 01 01", "malformed: 020101", BROKEN },
	{ "when it became invalid", RMT_EXT_INVALIDITY_DATE,
	    "18 0f 32 30 32 36 31 31 32 32 30 35 35 33 31 35 5a", "2026-11-22T05:53:15Z", SOUND },
	{ "when it became invalid, as UTCTime", RMT_EXT_INVALIDITY_DATE,
	    "17 0d 32 36 31 31 32 32 30 35 35 33 31 35 5a", NULL, BROKEN },
};

static void
check_value(void **state)
{
	const struct value_row *row = *state;
	struct rmt_buf value = from_hex(row->value), text = { 0 };
	unsigned char *copy = exact_copy(rmt_buf_view(&value));
	struct rmt_ext ext = { .value = { copy, value.length }, .id = (int)row->id };
	struct rmt_notes notes = { .count = 0 };
	struct rmt_err err = { 0 };

	rmt_ext_print(&ext, &text);
	if (row->text != NULL)
		assert_string_equal(rmt_buf_string(&text), row->text);
	else
		assert_memory_equal(rmt_buf_string(&text), "malformed: ", 11);
	assert_int_equal(rmt_ext_check(&ext, NULL, &err), row->note == SOUND ? 0 : -1);
	rmt_err_clear(&err);
	assert_int_equal(rmt_ext_check(&ext, &notes, &err), row->note == BROKEN ? -1 : 0);
	if (row->note >= 0) {
		assert_int_equal(notes.count, 1);
		assert_int_equal(notes.note[0].kind, row->note);
	}
	/* Cut off anywhere, it is refused, and looked at no further than its end. */
	for (size_t length = 0; row->note != BROKEN && length < value.length; length++) {
		unsigned char *cut = exact_copy(rmt_span_of(copy, length));

		ext.value = rmt_span_of(cut, length);
		assert_int_equal(rmt_ext_check(&ext, &rmt_notes_ignored, NULL), -1);
		free(cut);
	}
	free(copy);
	rmt_buf_free(&value);
	rmt_buf_free(&text);
}

static void
every_extension_has_a_row(void **state)
{
	(void)state;
	for (int id = 0; id < RMT_EXT_COUNT; id++) {
		bool sound = false;

		for (size_t i = 0; i < sizeof value_rows / sizeof *value_rows; i++)
			sound =
			    sound || ((int)value_rows[i].id == id && value_rows[i].note == SOUND);
		if (!sound)
			fail_msg("%s has no sound value", rmt_ext_name((enum rmt_ext_id)id));
		assert_int_equal(rmt_ext_id(rmt_ext_oid((enum rmt_ext_id)id)), id);
	}
	assert_int_equal(rmt_ext_id(rmt_oid_named("commonName")->der), -1);
	assert_int_equal(rmt_ext_id(rmt_span_of("", 0)), -1);
}

static void
unknown_is_hexadecimal(void **state)
{
	struct rmt_ext ext = { .value = { (const unsigned char *)"\xde\xad", 2 }, .id = -1 };
	struct rmt_buf text = { 0 };

	(void)state;
	rmt_ext_print(&ext, &text);
	assert_string_equal(rmt_buf_string(&text), "dead");
	assert_int_equal(rmt_ext_check(&ext, NULL, NULL), 0);
	rmt_buf_free(&text);
}

/* ---- decoders and writers ---- */

static int
collect(void *arg, struct rmt_span text)
{
	rmt_buf_span(arg, text);
	rmt_buf_byte(arg, '|');
	return 0;
}

static int
first_only(void *arg, struct rmt_span text)
{
	rmt_buf_span(arg, text);
	return 1;
}

static int
collect_access(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	rmt_oid_text(method, arg);
	rmt_buf_byte(arg, '=');
	rmt_general_text(location, arg);
	rmt_buf_byte(arg, '|');
	return 0;
}

static void
uris_come_back(void **state)
{
	static const char *const uris[] = { "http://a/1.crl", "ldap:///b" };
	static const struct rmt_access access[] = { { "caIssuers", "http://a/ca.cer" },
		{ "ocsp", "http://o" } };
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf found = { 0 };

	(void)state;
	rmt_ext_crl_uris_write(&w, uris, 2);
	assert_int_equal(rmt_ext_crl_uris(rmt_buf_view(&w.buf), collect, &found, NULL), 0);
	assert_string_equal(rmt_buf_string(&found), "http://a/1.crl|ldap:///b|");
	rmt_buf_clear(&found);
	assert_int_equal(rmt_ext_crl_uris(rmt_buf_view(&w.buf), first_only, &found, NULL), 0);
	assert_string_equal(rmt_buf_string(&found), "http://a/1.crl");
	rmt_derw_free(&w);
	rmt_buf_clear(&found);
	rmt_ext_access_write(&w, access, 2);
	assert_int_equal(rmt_ext_access(rmt_buf_view(&w.buf), collect_access, &found, NULL), 0);
	assert_string_equal(
	    rmt_buf_string(&found), "caIssuers=uri:http://a/ca.cer|ocsp=uri:http://o|");
	rmt_derw_free(&w);
	rmt_buf_free(&found);
}

static void
purposes_and_policies_come_back(void **state)
{
	static const char *const names[] = { "serverAuth", "1.2.3" }, *const wrong[] = {
		"serverAuth", "noSuchThing"
	};
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf found = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_ext_eku_write(&w, names, 2, &err), 0);
	assert_true(rmt_ext_eku_has(rmt_buf_view(&w.buf), "serverAuth"));
	assert_true(rmt_ext_eku_has(rmt_buf_view(&w.buf), "1.3.6.1.5.5.7.3.1"));
	assert_false(rmt_ext_eku_has(rmt_buf_view(&w.buf), "clientAuth"));
	assert_false(rmt_ext_eku_has(rmt_buf_view(&w.buf), "noSuchThing"));
	rmt_derw_free(&w);
	assert_int_equal(rmt_ext_policies_write(&w, names, 2, &err), 0);
	assert_int_equal(rmt_ext_policies(rmt_buf_view(&w.buf), collect, &found, NULL), 0);
	assert_memory_equal(
	    rmt_buf_string(&found), "\x2b\x06\x01\x05\x05\x07\x03\x01|\x2a\x03|", 12);
	rmt_derw_free(&w);
	assert_int_equal(rmt_ext_eku_write(&w, wrong, 2, &err), -1);
	rmt_derw_free(&w);
	assert_int_equal(rmt_ext_policies_write(&w, wrong, 2, NULL), -1);
	rmt_derw_free(&w);
	rmt_buf_free(&found);
}

static void
key_usage_comes_back(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1 << 9; bits++) {
		struct rmt_derw w = { .depth = 0 };
		struct rmt_ext ext = { .id = RMT_EXT_KEY_USAGE };
		unsigned again = ~0u;

		rmt_ext_key_usage_write(&w, bits);
		ext.value = rmt_buf_view(&w.buf);
		assert_int_equal(rmt_ext_check(&ext, NULL, NULL), 0);
		assert_int_equal(rmt_ext_key_usage(ext.value, &again, NULL), 0);
		assert_int_equal(again, bits);
		rmt_derw_free(&w);
	}
	for (unsigned i = 0; i < 9; i++) {
		unsigned bit = 0;

		assert_int_equal(rmt_key_usage_named(rmt_key_usage_name(1u << i), &bit), 0);
		assert_int_equal(bit, 1u << i);
	}
	assert_string_equal(rmt_key_usage_name(3), "");
	assert_int_equal(rmt_key_usage_named("nonRepudiation", &(unsigned){ 0 }), 0);
	assert_int_equal(rmt_key_usage_named("sign", &(unsigned){ 0 }), -1);
}

static void
constraints_come_back(void **state)
{
	static const struct rmt_basic_constraints given[] = { { false, -1 }, { true, -1 },
		{ true, 0 }, { true, 300 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct rmt_derw w = { .depth = 0 };
		struct rmt_basic_constraints again;

		rmt_ext_basic_constraints_write(&w, given[i]);
		assert_int_equal(
		    rmt_ext_basic_constraints(rmt_buf_view(&w.buf), &again, NULL, NULL), 0);
		assert_int_equal(again.ca, given[i].ca);
		assert_int_equal(again.path_length, given[i].path_length);
		rmt_derw_free(&w);
	}
}

static void
key_ids_come_back(void **state)
{
	struct rmt_authority_key_id authority;
	struct rmt_derw w = { .depth = 0 };
	struct rmt_span key_id = rmt_span_text("20 bytes of SHA-1..."), again;

	(void)state;
	rmt_ext_authority_key_id_write(&w, key_id);
	assert_int_equal(rmt_ext_authority_key_id(rmt_buf_view(&w.buf), &authority, NULL), 0);
	assert_true(rmt_span_equal(authority.key_id, key_id));
	assert_int_equal(authority.issuer.length + authority.serial.length, 0);
	rmt_derw_free(&w);
	rmt_ext_subject_key_id_write(&w, key_id);
	assert_int_equal(rmt_ext_subject_key_id(rmt_buf_view(&w.buf), &again, NULL), 0);
	assert_true(rmt_span_equal(again, key_id));
	rmt_derw_free(&w);
}

static void
name_constraints_are_lists(void **state)
{
	struct rmt_buf value =
	    from_hex("30 15 a0 05 30 03 82 01 61 a1 0c 30 0a 87 08 0a 00 00 00 ff 00 00 00");
	struct rmt_name_constraints constraints;
	struct rmt_general_name base;
	struct rmt_der cursor;

	(void)state;
	assert_int_equal(rmt_ext_name_constraints(rmt_buf_view(&value), &constraints, NULL), 0);
	rmt_der_open(&cursor, constraints.permitted, NULL);
	assert_int_equal(rmt_name_constraints_next(&cursor, &base, NULL), 1);
	assert_int_equal(base.type, RMT_GN_DNS);
	assert_int_equal(rmt_name_constraints_next(&cursor, &base, NULL), 0);
	rmt_der_open(&cursor, constraints.excluded, NULL);
	assert_int_equal(rmt_name_constraints_next(&cursor, &base, NULL), 1);
	assert_int_equal(base.value.length, 8);
	rmt_buf_free(&value);
}

static void
text_of_any_type(void **state)
{
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_ext_text(rmt_span_of("\x1e\x04\0W\0e", 6), &text, NULL), 0);
	assert_string_equal(rmt_buf_string(&text), "We");
	assert_int_equal(rmt_ext_text(rmt_span_of("\x02\x01\x05", 3), &text, &err), -1);
	rmt_buf_free(&text);
}

/* ---- lists ---- */

static void
a_list_is_written_and_read(void **state)
{
	struct rmt_derw w = { .depth = 0 };
	struct rmt_extensions list;
	struct rmt_err err = { 0 };
	const struct rmt_ext *ext;

	(void)state;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_ext_begin(&w, RMT_EXT_KEY_USAGE, true);
	rmt_ext_key_usage_write(&w, RMT_KU_DIGITAL_SIGNATURE);
	rmt_ext_end(&w);
	rmt_ext_write(&w, rmt_span_of("\x2a\x03", 2), false, rmt_span_of("\x05\x00", 2));
	rmt_derw_end(&w);
	assert_int_equal(
	    rmt_extensions_read(&list, rmt_buf_view(&w.buf), NULL, "extensions", &err), 0);
	assert_int_equal(list.count, 2);
	assert_false(list.duplicate);
	ext = rmt_ext_find(&list, RMT_EXT_KEY_USAGE);
	assert_ptr_equal(ext, &list.list[0]);
	assert_true(ext->critical);
	assert_int_equal(list.list[1].id, -1);
	assert_false(list.list[1].critical);
	assert_null(rmt_ext_find(&list, RMT_EXT_BASIC_CONSTRAINTS));
	rmt_derw_free(&w);
}

static const struct list_row {
	const char *sentence;
	const char *der;
	int count; /* BROKEN when refused in both modes */
	bool duplicate;
	int note; /* SOUND or what strict refuses */
	const char *place;
} list_rows[] = {
	{ "an empty list is noted", "30 00", 0, false, RMT_DEVIATION_EMPTY_LIST, "extensions" },
	{ "a known extension twice is flagged",
	    "30 14 30 08 06 03 55 1d 0f 04 01 aa 30 08 06 03 55 1d 0f 04 01 bb", 2, true, SOUND,
	    NULL },
	{ "an unknown extension twice is flagged",
	    "30 12 30 07 06 02 2a 03 04 01 aa 30 07 06 02 2a 03 04 01 bb", 2, true, SOUND, NULL },
	{ "two unknown extensions are no duplicates",
	    "30 12 30 07 06 02 2a 03 04 01 aa 30 07 06 02 2a 04 04 01 bb", 2, false, SOUND, NULL },
	{ "critical FALSE is noted", "30 0d 30 0b 06 03 55 1d 0f 01 01 00 04 01 aa", 1, false,
	    RMT_DEVIATION_DEFAULT_ENCODED, "extensions[0].critical" },
	{ "critical as 01 is noted", "30 0d 30 0b 06 03 55 1d 0f 01 01 01 04 01 aa", 1, false,
	    RMT_DEVIATION_BOOLEAN, "extensions[0].critical" },
	{ "a value that is no OCTET STRING is refused", "30 0a 30 08 06 03 55 1d 0f 0c 01 aa",
	    BROKEN, false, SOUND, "extensions[0].extnValue" },
	{ "a fourth part is refused", "30 0c 30 0a 06 03 55 1d 0f 04 01 aa 05 00", BROKEN, false,
	    SOUND, "extensions[0].extension" },
	{ "an extension without OID is refused", "30 05 30 03 04 01 aa", BROKEN, false, SOUND,
	    "extensions[0].extnID" },
	{ "the second one is named", "30 0b 30 07 06 02 2a 03 04 01 aa 05 00", BROKEN, false, SOUND,
	    "extensions[1].extension" },
};

static void
check_list(void **state)
{
	const struct list_row *row = *state;
	struct rmt_buf der = from_hex(row->der);
	struct rmt_extensions list;
	struct rmt_notes notes = { .count = 0 };
	struct rmt_err err = { 0 };
	bool strict = row->count != BROKEN && row->note == SOUND;

	assert_int_equal(rmt_extensions_read(&list, rmt_buf_view(&der), NULL, "extensions", &err),
	    strict ? 0 : -1);
	assert_string_equal(err.place, strict ? "" : row->place);
	assert_int_equal(rmt_extensions_read(&list, rmt_buf_view(&der), &notes, "extensions", NULL),
	    row->count == BROKEN ? -1 : 0);
	if (row->count != BROKEN) {
		assert_int_equal(list.count, row->count);
		assert_int_equal(list.duplicate, row->duplicate);
		assert_int_equal(notes.count, row->note >= 0);
	}
	rmt_buf_free(&der);
}

static void
too_many_are_refused(void **state)
{
	struct rmt_extensions list;
	struct rmt_err err = { 0 };

	(void)state;
	for (unsigned count = RMT_EXTENSIONS_MAX; count <= RMT_EXTENSIONS_MAX + 1; count++) {
		struct rmt_derw w = { .depth = 0 };

		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		for (unsigned i = 0; i < count; i++) {
			unsigned char oid[2] = { 0x2a, (unsigned char)i };

			rmt_ext_write(&w, rmt_span_of(oid, 2), false, rmt_span_of("", 0));
		}
		rmt_derw_end(&w);
		assert_int_equal(rmt_extensions_read(&list, rmt_buf_view(&w.buf), NULL, "x", &err),
		    count > RMT_EXTENSIONS_MAX ? -1 : 0);
		rmt_derw_free(&w);
	}
	assert_non_null(strstr(err.message, "more extensions"));
}

int
test_x509_ext(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, value_rows, check_value);
	add_row(&rows, "every known extension has a row above", every_extension_has_a_row, NULL);
	add_row(
	    &rows, "an unknown extension is shown in hexadecimal", unknown_is_hexadecimal, NULL);
	add_row(&rows, "addresses that were written are found", uris_come_back, NULL);
	add_row(&rows, "purposes and policies that were written are found",
	    purposes_and_policies_come_back, NULL);
	add_row(&rows, "every key usage comes back as it was written", key_usage_comes_back, NULL);
	add_row(
	    &rows, "basic constraints come back as they were written", constraints_come_back, NULL);
	add_row(&rows, "key identifiers come back as they were written", key_ids_come_back, NULL);
	add_row(&rows, "name constraints are two lists", name_constraints_are_lists, NULL);
	add_row(&rows, "a text may be of any string type", text_of_any_type, NULL);
	add_row(&rows, "a list that was written is read", a_list_is_written_and_read, NULL);
	ADD_TABLE(&rows, list_rows, check_list);
	add_row(&rows, "49 extensions are too many", too_many_are_refused, NULL);
	return run_rows("extensions", &rows);
}
