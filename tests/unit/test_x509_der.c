/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of x509/: the DER reader in both modes, the writer, and BER rewritten. */
#include "config.h"

#include "unit/test_x509.h"

/* ---- one value ---- */

enum { BAD = -1 };

static const struct value_row {
	const char *sentence;
	const char *bytes;
	int strict;   /* length of the value, or BAD */
	int tolerant; /* the same */
	int note;     /* deviation of tolerant mode, or -1 */
} value_rows[] = {
	{ "an empty value is a value", "05 00", 0, 0, -1 },
	{ "a short length is its byte", "04 03 01 02 03", 3, 3, -1 },
	{ "what follows is not looked at", "04 01 aa ff ff", 1, 1, -1 },
	{ "nothing is no value", "", BAD, BAD, -1 },
	{ "a tag alone is no value", "04", BAD, BAD, -1 },
	{ "a length beyond the end is refused", "04 02 00", BAD, BAD, -1 },
	{ "a length of 127 needs no long form", "04 81 7f", BAD, BAD, -1 },
	{ "a long length for a short value is noted", "04 81 01 aa", BAD, 1,
	    RMT_DEVIATION_LENGTH_NOT_MINIMAL },
	{ "a zero before the length is noted", "04 82 00 01 aa", BAD, 1,
	    RMT_DEVIATION_LENGTH_NOT_MINIMAL },
	{ "many zeros before the length are noted", "04 86 00 00 00 00 00 01 aa", BAD, 1,
	    RMT_DEVIATION_LENGTH_NOT_MINIMAL },
	{ "a length that breaks off is refused", "04 82 01", BAD, BAD, -1 },
	{ "a length of almost 4 GiB does not fit", "04 84 ff ff ff ff 00", BAD, BAD, -1 },
	{ "a length of five bytes is refused", "04 85 01 00 00 00 00 00", BAD, BAD, -1 },
	{ "a length of 127 bytes is refused", "04 ff 00 00", BAD, BAD, -1 },
	{ "an indefinite length is noted", "30 80 05 00 00 00", BAD, 2,
	    RMT_DEVIATION_INDEFINITE_LENGTH },
	{ "indefinite lengths nest", "30 80 30 80 05 00 00 00 00 00", BAD, 6,
	    RMT_DEVIATION_INDEFINITE_LENGTH },
	{ "an indefinite length skips definite values whole", "30 80 04 02 00 00 00 00", BAD, 4,
	    RMT_DEVIATION_INDEFINITE_LENGTH },
	{ "an indefinite length without an end is refused", "30 80 05 00", BAD, BAD, -1 },
	{ "an indefinite length on a primitive is refused", "04 80 aa 00 00", BAD, BAD, -1 },
	{ "a high tag number is refused", "1f 81 01 01 00", BAD, BAD, -1 },
	{ "a high context tag is refused", "bf 1f 00", BAD, BAD, -1 },
	{ "an end marker is no value", "00 00", BAD, BAD, -1 },
};

static void
check_value(void **state)
{
	const struct value_row *row = *state;
	struct rmt_buf bytes = from_hex(row->bytes);

	for (int mode = RMT_STRICT; mode <= RMT_TOLERANT; mode++) {
		unsigned char *copy = exact_copy(rmt_buf_view(&bytes));
		struct rmt_notes notes = { .count = 0 };
		struct rmt_err err = { 0 };
		struct rmt_der der;
		struct rmt_tlv tlv;
		int wanted = mode == RMT_STRICT ? row->strict : row->tolerant, rc;

		rmt_der_open(
		    &der, rmt_span_of(copy, bytes.length), mode == RMT_STRICT ? NULL : &notes);
		rc = rmt_der_any(&der, &tlv, "here", &err);
		assert_int_equal(rc, wanted == BAD ? -1 : 0);
		assert_int_equal(err.class, wanted == BAD ? RMT_INPUT : RMT_NONE);
		assert_string_equal(err.place, wanted == BAD ? "here" : "");
		if (wanted != BAD) {
			assert_int_equal(tlv.value.length, wanted);
			assert_ptr_equal(tlv.whole.at, copy);
			assert_ptr_equal(der.at, copy + tlv.whole.length);
			assert_int_equal(
			    rmt_der_extent(rmt_span_of(copy, bytes.length)), tlv.whole.length);
		}
		if (mode == RMT_TOLERANT) {
			assert_int_equal(notes.count, row->note >= 0);
			if (row->note >= 0)
				assert_int_equal(notes.note[0].kind, row->note);
		}
		free(copy);
	}
	rmt_buf_free(&bytes);
}

static void
depth_is_capped(void **state)
{
	enum { DEEP = 10000 };
	unsigned char *bytes = malloc(2 * DEEP);
	struct rmt_der der, inner;
	struct rmt_err err = { 0 };
	unsigned depth = 0;

	(void)state;
	for (size_t i = 0; i < DEEP; i++) {
		bytes[2 * i] = 0x30;
		bytes[2 * i + 1] = 0x80;
	}
	assert_int_equal(rmt_der_extent(rmt_span_of(bytes, 2 * DEEP)), 0);
	assert_int_equal(
	    rmt_der_from_ber(rmt_span_of(bytes, 2 * DEEP), &(struct rmt_buf){ 0 }, &err), -1);
	free(bytes);

	bytes = calloc(1, 80);
	for (size_t i = 0; i < 40; i++) {
		bytes[2 * i] = 0x30;
		bytes[2 * i + 1] = (unsigned char)(78 - 2 * i);
	}
	rmt_err_clear(&err);
	rmt_der_open(&der, rmt_span_of(bytes, 80), NULL);
	while (rmt_der_enter(&der, 0x30, &inner, "nest", &err) == 0) {
		der = inner;
		depth++;
	}
	assert_int_equal(depth, RMT_DER_DEPTH_MAX);
	assert_non_null(strstr(err.message, "nested too deeply"));
	free(bytes);
}

static void
offsets_count_from_the_start(void **state)
{
	struct rmt_buf bytes = from_hex("30 09 30 07 02 01 05 01 02 ff ff");
	struct rmt_der der, one, two;
	struct rmt_err err = { 0 };
	int64_t number;
	bool truth;

	(void)state;
	rmt_der_open(&der, rmt_buf_view(&bytes), NULL);
	assert_int_equal(rmt_der_enter(&der, 0x30, &one, NULL, &err), 0);
	assert_int_equal(rmt_der_enter(&one, 0x30, &two, NULL, &err), 0);
	assert_int_equal(rmt_der_small(&two, &number, NULL, &err), 0);
	assert_int_equal(number, 5);
	assert_int_equal(rmt_der_boolean(&two, &truth, "flag", &err), -1);
	assert_string_equal(err.place, "flag");
	assert_non_null(strstr(err.message, "(offset 7)"));
	rmt_buf_free(&bytes);
}

static void
only_so_many_notes_are_kept(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_notes notes = { .count = 0 };
	struct rmt_der der;
	struct rmt_tlv tlv;

	(void)state;
	for (int i = 0; i < 20; i++)
		rmt_buf_append(&bytes, "\x05\x81\x00", 3);
	rmt_der_open(&der, rmt_buf_view(&bytes), &notes);
	while (rmt_der_more(&der))
		assert_int_equal(rmt_der_any(&der, &tlv, NULL, NULL), 0);
	assert_int_equal(notes.count, 20);
	assert_int_equal(notes.note[RMT_NOTES_MAX - 1].offset, 3 * (RMT_NOTES_MAX - 1));
	rmt_buf_free(&bytes);
}

static void
wrong_type_names_both(void **state)
{
	struct rmt_der der;
	struct rmt_tlv tlv;
	struct rmt_err err = { 0 };

	(void)state;
	rmt_der_open(&der, rmt_span_of("\x02\x01\x05", 3), NULL);
	assert_int_equal(rmt_der_read(&der, RMT_DER_SEQUENCE, &tlv, "x", &err), -1);
	assert_string_equal(err.message, "SEQUENCE expected, INTEGER found (offset 0)");
	rmt_err_clear(&err);
	assert_int_equal(rmt_der_read(&der, RMT_DER_CONTEXT(12), &tlv, "x", &err), -1);
	assert_string_equal(err.message, "[12] expected, INTEGER found (offset 0)");
	rmt_err_clear(&err);
	rmt_der_open(&der, rmt_span_of("", 0), NULL);
	assert_int_equal(rmt_der_read(&der, RMT_DER_OID, &tlv, "x", &err), -1);
	assert_string_equal(err.message, "OBJECT IDENTIFIER missing (offset 0)");
}

/* ---- primitive types ---- */

static int
read_integer(struct rmt_der *der, struct rmt_err *err)
{
	struct rmt_span content;

	return rmt_der_integer(der, &content, "v", err);
}

static int
read_boolean(struct rmt_der *der, struct rmt_err *err)
{
	bool truth;

	return rmt_der_boolean(der, &truth, "v", err);
}

static int
read_oid(struct rmt_der *der, struct rmt_err *err)
{
	struct rmt_span content;

	return rmt_der_oid(der, &content, "v", err);
}

static int
read_bits(struct rmt_der *der, struct rmt_err *err)
{
	struct rmt_span content;
	unsigned unused;

	return rmt_der_bits(der, &content, &unused, "v", err);
}

static int
read_octets(struct rmt_der *der, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	return rmt_der_read(der, RMT_DER_OCTET_STRING, &tlv, "v", err);
}

static const struct type_row {
	const char *sentence;
	int (*read)(struct rmt_der *der, struct rmt_err *err);
	const char *bytes;
	int strict, tolerant;
	int note;
} type_rows[] = {
	{ "zero is an INTEGER", read_integer, "02 01 00", 0, 0, -1 },
	{ "128 has a leading zero byte", read_integer, "02 02 00 80", 0, 0, -1 },
	{ "an INTEGER has content", read_integer, "02 00", -1, -1, -1 },
	{ "a padded INTEGER is noted", read_integer, "02 02 00 7f", -1, 0,
	    RMT_DEVIATION_INTEGER_PADDED },
	{ "a negative INTEGER is noted", read_integer, "02 01 80", -1, 0,
	    RMT_DEVIATION_INTEGER_NEGATIVE },
	{ "TRUE is ff", read_boolean, "01 01 ff", 0, 0, -1 },
	{ "FALSE is 00", read_boolean, "01 01 00", 0, 0, -1 },
	{ "TRUE as 01 is noted", read_boolean, "01 01 01", -1, 0, RMT_DEVIATION_BOOLEAN },
	{ "a BOOLEAN of no byte is refused", read_boolean, "01 00", -1, -1, -1 },
	{ "a BOOLEAN of two bytes is refused", read_boolean, "01 02 ff ff", -1, -1, -1 },
	{ "an OID is an OID", read_oid, "06 03 55 04 03", 0, 0, -1 },
	{ "an empty OID is refused", read_oid, "06 00", -1, -1, -1 },
	{ "an OID that breaks off within an arc is refused", read_oid, "06 02 55 84", -1, -1, -1 },
	{ "an OID with a padded arc is refused", read_oid, "06 03 55 80 03", -1, -1, -1 },
	{ "no bits are a BIT STRING", read_bits, "03 01 00", 0, 0, -1 },
	{ "seven unused bits of zero are sound", read_bits, "03 02 07 80", 0, 0, -1 },
	{ "eight unused bits are refused", read_bits, "03 02 08 00", -1, -1, -1 },
	{ "unused bits of no byte are refused", read_bits, "03 01 01", -1, -1, -1 },
	{ "a BIT STRING without its count is refused", read_bits, "03 00", -1, -1, -1 },
	{ "unused bits that are set are noted", read_bits, "03 02 07 81", -1, 0,
	    RMT_DEVIATION_BIT_STRING_PADDING },
	{ "a string in one segment is noted", read_octets, "24 03 04 01 aa", -1, 0,
	    RMT_DEVIATION_CONSTRUCTED_STRING },
	{ "a string in two segments has no view", read_octets, "24 06 04 01 aa 04 01 bb", -1, -1,
	    -1 },
	{ "a string in segments of another type is refused", read_octets, "24 03 0c 01 aa", -1, -1,
	    -1 },
	{ "a constructed INTEGER is refused", read_integer, "22 03 02 01 05", -1, -1, -1 },
};

static void
check_type(void **state)
{
	const struct type_row *row = *state;
	struct rmt_buf bytes = from_hex(row->bytes);
	struct rmt_notes notes = { .count = 0 };
	struct rmt_err err = { 0 };
	struct rmt_der der;

	rmt_der_open(&der, rmt_buf_view(&bytes), NULL);
	assert_int_equal(row->read(&der, &err), row->strict);
	assert_int_equal(err.class, row->strict < 0 ? RMT_INPUT : RMT_NONE);
	rmt_err_clear(&err);
	rmt_der_open(&der, rmt_buf_view(&bytes), &notes);
	assert_int_equal(row->read(&der, &err), row->tolerant);
	if (row->note >= 0) {
		assert_int_equal(notes.count, 1);
		assert_int_equal(notes.note[0].kind, row->note);
		rmt_der_open(&der, rmt_buf_view(&bytes), &rmt_notes_ignored);
		assert_int_equal(row->read(&der, NULL), 0);
		assert_int_equal(rmt_notes_ignored.count, 0);
	}
	rmt_buf_free(&bytes);
}

static const struct small_row {
	const char *sentence;
	const char *bytes;
	int64_t value;
} small_rows[] = {
	{ "0 is one byte", "02 01 00", 0 },
	{ "127 is one byte", "02 01 7f", 127 },
	{ "128 is two bytes", "02 02 00 80", 128 },
	{ "-1 is one byte", "02 01 ff", -1 },
	{ "-128 is one byte", "02 01 80", -128 },
	{ "-129 is two bytes", "02 02 ff 7f", -129 },
	{ "the largest fits", "02 08 7f ff ff ff ff ff ff ff", INT64_MAX },
	{ "the smallest fits", "02 08 80 00 00 00 00 00 00 00", INT64_MIN },
};

static void
check_small(void **state)
{
	const struct small_row *row = *state;
	struct rmt_buf bytes = from_hex(row->bytes), written = { 0 };
	struct rmt_derw w = { .depth = 0 };
	struct rmt_der der;
	int64_t value = 77;

	rmt_der_open(&der, rmt_buf_view(&bytes), NULL);
	assert_int_equal(rmt_der_small(&der, &value, NULL, NULL), 0);
	assert_true(value == row->value);
	rmt_derw_small(&w, row->value);
	assert_int_equal(rmt_derw_finish(&w, &written, NULL), 0);
	assert_true(rmt_span_equal(rmt_buf_view(&bytes), rmt_buf_view(&written)));
	rmt_buf_free(&bytes);
	rmt_buf_free(&written);
}

static void
too_large_for_small(void **state)
{
	struct rmt_buf bytes = from_hex("02 09 00 ff ff ff ff ff ff ff ff");
	struct rmt_der der;
	struct rmt_err err = { 0 };
	int64_t value;

	(void)state;
	rmt_der_open(&der, rmt_buf_view(&bytes), NULL);
	assert_int_equal(rmt_der_small(&der, &value, NULL, &err), -1);
	assert_non_null(strstr(err.message, "too large"));
	rmt_buf_free(&bytes);
}

/* ---- times ---- */

static const struct time_row {
	const char *sentence;
	unsigned char tag;
	const char *text;
	const char *wanted; /* NULL: refused in both modes */
	bool strict;
} time_rows[] = {
	{ "a UTCTime of this century", RMT_DER_UTC_TIME, "261122055315Z", "2026-11-22T05:53:15Z",
	    true },
	{ "a UTCTime of 50 is 1950", RMT_DER_UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z",
	    true },
	{ "a UTCTime of 49 is 2049", RMT_DER_UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z",
	    true },
	{ "a GeneralizedTime from 2050", RMT_DER_GENERALIZED_TIME, "20500101000000Z",
	    "2050-01-01T00:00:00Z", true },
	{ "the last second there is", RMT_DER_GENERALIZED_TIME, "99991231235959Z",
	    "9999-12-31T23:59:59Z", true },
	{ "a GeneralizedTime before 2050 is noted", RMT_DER_GENERALIZED_TIME, "20491231235959Z",
	    "2049-12-31T23:59:59Z", false },
	{ "a UTCTime without seconds is noted", RMT_DER_UTC_TIME, "2611220553Z",
	    "2026-11-22T05:53:00Z", false },
	{ "a UTCTime with an offset is noted", RMT_DER_UTC_TIME, "261122055315+0130",
	    "2026-11-22T04:23:15Z", false },
	{ "a negative offset is added", RMT_DER_UTC_TIME, "261122055315-0500",
	    "2026-11-22T10:53:15Z", false },
	{ "a fraction of a second is noted", RMT_DER_GENERALIZED_TIME, "20600101000000.25Z",
	    "2060-01-01T00:00:00Z", false },
	{ "a UTCTime has no fraction", RMT_DER_UTC_TIME, "261122055315.5Z", NULL, false },
	{ "a time without a zone is refused", RMT_DER_UTC_TIME, "261122055315", NULL, false },
	{ "a thirteenth month is refused", RMT_DER_UTC_TIME, "261322055315Z", NULL, false },
	{ "29 February of a common year is refused", RMT_DER_UTC_TIME, "270229000000Z", NULL,
	    false },
	{ "29 February of a leap year is a day", RMT_DER_UTC_TIME, "280229000000Z",
	    "2028-02-29T00:00:00Z", true },
	{ "hour 24 is refused", RMT_DER_UTC_TIME, "261122240000Z", NULL, false },
	{ "a sign is no digit", RMT_DER_UTC_TIME, "26-122055315Z", NULL, false },
	{ "text after the zone is refused", RMT_DER_UTC_TIME, "261122055315Z0", NULL, false },
	{ "an empty time is refused", RMT_DER_UTC_TIME, "", NULL, false },
	{ "an offset beyond year 9999 is refused", RMT_DER_GENERALIZED_TIME, "99991231235959-0100",
	    NULL, false },
};

static void
check_time(void **state)
{
	const struct time_row *row = *state;
	struct rmt_derw w = { .depth = 0 };
	struct rmt_notes notes = { .count = 0 };
	struct rmt_der der;
	char text[32] = "";
	rmt_time when = 0;

	rmt_derw_value(&w, row->tag, rmt_span_text(row->text));
	rmt_der_open(&der, rmt_buf_view(&w.buf), NULL);
	assert_int_equal(rmt_der_time(&der, &when, "t", NULL), row->strict ? 0 : -1);
	rmt_der_open(&der, rmt_buf_view(&w.buf), &notes);
	assert_int_equal(rmt_der_time(&der, &when, "t", NULL), row->wanted != NULL ? 0 : -1);
	if (row->wanted != NULL) {
		rmt_time_text(when, text);
		assert_string_equal(text, row->wanted);
		assert_int_equal(notes.count, !row->strict);
	}
	if (row->strict) {
		struct rmt_derw again = { .depth = 0 };

		rmt_derw_time(&again, when);
		assert_true(rmt_span_equal(rmt_buf_view(&w.buf), rmt_buf_view(&again.buf)));
		rmt_derw_free(&again);
	}
	rmt_derw_free(&w);
}

/* ---- writer ---- */

static void
lengths_are_minimal(void **state)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		unsigned char *content = calloc(1, lengths[i] + 1);
		struct rmt_derw w = { .depth = 0 };
		struct rmt_buf out = { 0 };
		struct rmt_der der, one, two;
		struct rmt_tlv tlv;

		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(1));
		rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(content, lengths[i]));
		rmt_derw_end(&w);
		rmt_derw_end(&w);
		assert_int_equal(rmt_derw_finish(&w, &out, NULL), 0);
		rmt_der_open(&der, rmt_buf_view(&out), NULL);
		assert_int_equal(rmt_der_enter(&der, RMT_DER_SEQUENCE, &one, NULL, NULL), 0);
		assert_int_equal(rmt_der_end(&der, NULL, NULL), 0);
		assert_int_equal(
		    rmt_der_enter(&one, RMT_DER_CONTEXT_CONSTRUCTED(1), &two, NULL, NULL), 0);
		assert_int_equal(rmt_der_read(&two, RMT_DER_OCTET_STRING, &tlv, NULL, NULL), 0);
		assert_int_equal(tlv.value.length, lengths[i]);
		rmt_buf_free(&out);
		free(content);
	}
}

static const struct write_row {
	const char *sentence;
	const char *magnitude, *bytes;
} write_rows[] = {
	{ "no magnitude is zero", "", "02 01 00" },
	{ "zeros are zero", "00 00", "02 01 00" },
	{ "leading zeros are dropped", "00 00 05", "02 01 05" },
	{ "a high bit gets a zero byte", "80", "02 02 00 80" },
	{ "a low bit gets none", "7f ff", "02 02 7f ff" },
};

static void
check_write_integer(void **state)
{
	const struct write_row *row = *state;
	struct rmt_buf magnitude = from_hex(row->magnitude), wanted = from_hex(row->bytes);
	struct rmt_derw w = { .depth = 0 };

	rmt_derw_integer(&w, rmt_buf_view(&magnitude));
	assert_true(rmt_span_equal(rmt_buf_view(&w.buf), rmt_buf_view(&wanted)));
	rmt_derw_free(&w);
	rmt_buf_free(&magnitude);
	rmt_buf_free(&wanted);
}

static void
unbalanced_writing_fails(void **state)
{
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	assert_int_equal(rmt_derw_finish(&w, &out, &err), -1);
	assert_int_equal(err.class, RMT_INTERNAL);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), -1);
	for (int i = 0; i < 17; i++)
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (int i = 0; i < 17; i++)
		rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), -1);
	rmt_derw_time(&w, RMT_TIME_MAX + 1);
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), -1);
	rmt_derw_oid(&w, rmt_span_of("", 0));
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), -1);
	assert_null(out.bytes);
}

static void
finish_appends(void **state)
{
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf out = { 0 };

	(void)state;
	rmt_buf_text(&out, "x");
	rmt_derw_null(&w);
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), 0);
	assert_int_equal(out.length, 3);
	assert_memory_equal(out.bytes, "x\x05\x00", 3);
	rmt_buf_free(&out);
}

/* ---- BER ---- */

static const struct ber_row {
	const char *sentence;
	const char *ber;
	const char *der; /* NULL: refused */
} ber_rows[] = {
	{ "DER stays as it is", "30 05 02 01 05 05 00", "30 05 02 01 05 05 00" },
	{ "an indefinite length becomes definite", "30 80 02 01 05 00 00", "30 03 02 01 05" },
	{ "a padded length becomes minimal", "30 83 00 00 03 02 01 05", "30 03 02 01 05" },
	{ "segments are joined", "24 80 04 02 aa bb 04 01 cc 00 00", "04 03 aa bb cc" },
	{ "segments of segments are joined", "24 0a 24 05 04 01 aa 04 00 04 01 bb", "04 02 aa bb" },
	{ "bit segments are joined with the last count", "23 09 03 02 00 aa 03 03 04 bb c0",
	    "03 04 04 aa bb c0" },
	{ "a bit segment in the middle fills its bytes", "23 09 03 02 04 a0 03 03 00 bb c0", NULL },
	{ "segments of another type are refused", "24 03 02 01 05", NULL },
	{ "a context tag keeps its form", "a0 80 04 01 aa 00 00", "a0 03 04 01 aa" },
	{ "what follows the value is left out", "05 00 05 00", "05 00" },
	{ "a missing end is refused", "30 80 02 01 05 00", NULL },
	{ "nothing is refused", "", NULL },
};

static void
check_ber(void **state)
{
	const struct ber_row *row = *state;
	struct rmt_buf ber = from_hex(row->ber), der = from_hex(row->der == NULL ? "" : row->der),
		       out = { 0 };
	struct rmt_err err = { 0 };

	assert_int_equal(
	    rmt_der_from_ber(rmt_buf_view(&ber), &out, &err), row->der == NULL ? -1 : 0);
	assert_int_equal(err.class, row->der == NULL ? RMT_INPUT : RMT_NONE);
	assert_true(rmt_span_equal(rmt_buf_view(&out), rmt_buf_view(&der)));
	rmt_buf_free(&ber);
	rmt_buf_free(&der);
	rmt_buf_free(&out);
}

static void
every_deviation_has_a_sentence(void **state)
{
	(void)state;
	for (int kind = 0; kind < RMT_DEVIATION_COUNT; kind++)
		assert_true(strlen(rmt_deviation_text((enum rmt_deviation)kind)) > 10);
	assert_string_equal(rmt_deviation_text(RMT_DEVIATION_COUNT), "");
}

int
test_x509_der(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, value_rows, check_value);
	add_row(&rows, "depth is capped, whoever counts it", depth_is_capped, NULL);
	add_row(&rows, "offsets count from the start of the object", offsets_count_from_the_start,
	    NULL);
	add_row(&rows, "only so many notes are kept, and all are counted",
	    only_so_many_notes_are_kept, NULL);
	add_row(&rows, "a wrong type is named, and the right one", wrong_type_names_both, NULL);
	ADD_TABLE(&rows, type_rows, check_type);
	ADD_TABLE(&rows, small_rows, check_small);
	add_row(&rows, "a number beyond 64 bits does not wrap", too_large_for_small, NULL);
	ADD_TABLE(&rows, time_rows, check_time);
	add_row(&rows, "every length is written in its shortest form", lengths_are_minimal, NULL);
	ADD_TABLE(&rows, write_rows, check_write_integer);
	add_row(&rows, "what DER cannot hold is not written", unbalanced_writing_fails, NULL);
	add_row(&rows, "finishing appends to what is there", finish_appends, NULL);
	ADD_TABLE(&rows, ber_rows, check_ber);
	add_row(&rows, "every deviation has a sentence", every_deviation_has_a_sentence, NULL);
	return run_rows("der", &rows);
}
