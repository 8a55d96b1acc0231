/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of base/: safe text, UTF-8, hexadecimal, base64, nearest word, file labels. */
#include "config.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "unit/test_base.h"

/* ---- safe text --------------------------------------------------------------------------------
 */

static const struct safe_row {
	const char *sentence;
	struct rmt_span text;
	const char *safe;
} safe_rows[] = {
	{ "nothing stays nothing", BYTES(""), "" },
	{ "plain ASCII passes", BYTES("CN=a b~!"), "CN=a b~!" },
	{ "letters of all languages pass",
	    BYTES("Zo\xc3\xab \xe2\x82\xac \xe4\xb8\xad \xf0\x9f\x94\x91"),
	    "Zo\xc3\xab \xe2\x82\xac \xe4\xb8\xad \xf0\x9f\x94\x91" },
	{ "a backslash that would begin an escape is doubled", BYTES("a\\x1b"), "a\\\\x1b" },
	{ "so is one before u{", BYTES("a\\u{9b}"), "a\\\\u{9b}" },
	{ "and every one of a run", BYTES("\\\\x1b"), "\\\\\\\\x1b" },
	{ "one before a control is doubled, so that the control's escape stands out", BYTES("\\\x1b"),
	    "\\\\\\x1b" },
	{ "the backslashes of an RFC 4514 name stay as they are", BYTES("O=b\\,c\\\\d"),
	    "O=b\\,c\\\\d" },
	{ "one before an ordinary u stays", BYTES("\\user"), "\\user" },
	{ "a line feed does not make a line", BYTES("a\nb"), "a\\x0ab" },
	{ "tab and carriage return are shown", BYTES("\t\r"), "\\x09\\x0d" },
	{ "NUL does not end the text", BYTES("a\0b"), "a\\x00b" },
	{ "ESC starts no sequence", BYTES("\x1b[31m"), "\\x1b[31m" },
	{ "DEL is shown", BYTES("a\x7f"), "a\\x7f" },
	{ "CSI as a C1 character is shown",
	    BYTES("\xc2\x9b"
		  "31m"),
	    "\\u{9b}31m" },
	{ "the last C1 character is shown", BYTES("\xc2\x9f"), "\\u{9f}" },
	{ "no-break space is no control", BYTES("\xc2\xa0"), "\xc2\xa0" },
	{ "CSI as a bare byte is shown",
	    BYTES("\x9b"
		  "31m"),
	    "\\x9b31m" },
	{ "right-to-left override is shown",
	    BYTES("a\xe2\x80\xae"
		  "fdp.exe"),
	    "a\\u{202e}fdp.exe" },
	{ "the isolates are shown", BYTES("\xe2\x81\xa6\xe2\x81\xa9"), "\\u{2066}\\u{2069}" },
	{ "the marks are shown", BYTES("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c"),
	    "\\u{200e}\\u{200f}\\u{61c}" },
	{ "zero-width space and joiners are shown", BYTES("a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d"),
	    "a\\u{200b}\\u{200c}\\u{200d}" },
	{ "a byte order mark is shown",
	    BYTES("\xef\xbb\xbf"
		  "a"),
	    "\\u{feff}a" },
	{ "a soft hyphen is shown", BYTES("pay\xc2\xadpal"), "pay\\u{ad}pal" },
	{ "a Hangul filler is shown", BYTES("\xe3\x85\xa4"), "\\u{3164}" },
	{ "a variation selector is shown", BYTES("a\xef\xb8\x8f"), "a\\u{fe0f}" },
	{ "a tag character is shown", BYTES("\xf3\xa0\x81\xa1"), "\\u{e0061}" },
	{ "line and paragraph separators are shown", BYTES("\xe2\x80\xa8\xe2\x80\xa9"),
	    "\\u{2028}\\u{2029}" },
	{ "a noncharacter is shown", BYTES("\xef\xbf\xbe\xf4\x8f\xbf\xbf"),
	    "\\u{fffe}\\u{10ffff}" },
	{ "an overlong form is bytes", BYTES("\xc0\xaf"), "\\xc0\\xaf" },
	{ "an overlong three-byte form is bytes", BYTES("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf" },
	{ "a surrogate is bytes", BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
	{ "what lies above U+10FFFF is bytes", BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
	{ "a character cut off at the end is bytes", BYTES("a\xe2\x82"), "a\\xe2\\x82" },
	{ "a character cut off by a letter leaves the letter",
	    BYTES("\xe2\x82"
		  "a"),
	    "\\xe2\\x82a" },
	{ "Latin-1 is bytes", BYTES("Zo\xeb"), "Zo\\xeb" },
};

static void
check_safe(void **state)
{
	const struct safe_row *row = *state;
	struct rmt_buf out = { 0 };

	rmt_safe_text(row->text, &out);
	assert_string_equal(rmt_buf_string(&out), row->safe);
	assert_true(rmt_utf8_valid(rmt_buf_view(&out)));
	rmt_buf_free(&out);
}

/* Whatever goes in, what comes out is UTF-8 without a control, and different texts stay different.
 */
static void
safe_for_every_pair_of_bytes(void **state)
{
	struct rmt_buf out = { 0 };

	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		unsigned char pair[2] = { (unsigned char)(i >> 8), (unsigned char)i };

		rmt_buf_clear(&out);
		rmt_safe_text(rmt_span_of(pair, 2), &out);
		assert_true(rmt_utf8_valid(rmt_buf_view(&out)));
		for (size_t k = 0; k < out.length; k++)
			assert_true(out.bytes[k] >= 0x20 && out.bytes[k] != 0x7f);
	}
	rmt_buf_free(&out);
}

static const struct utf8_row {
	const char *sentence;
	struct rmt_span text;
	bool valid;
} utf8_rows[] = {
	{ "empty text is UTF-8", { NULL, 0 }, true },
	{ "the first and last of each length are UTF-8",
	    BYTES(
		"\x00\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
	    true },
	{ "the neighbours of the surrogates are UTF-8", BYTES("\xed\x9f\xbf\xee\x80\x80"), true },
	{ "a lone continuation byte is not", BYTES("a\x80"), false },
	{ "an overlong NUL is not", BYTES("\xc0\x80"), false },
	{ "an overlong four-byte form is not", BYTES("\xf0\x8f\xbf\xbf"), false },
	{ "a high surrogate is not", BYTES("\xed\xa0\x80"), false },
	{ "a low surrogate is not", BYTES("\xed\xbf\xbf"), false },
	{ "a lead byte above F4 is not", BYTES("\xf5\x80\x80\x80"), false },
	{ "a character cut off is not", BYTES("\xf0\x9f\x94"), false },
};

static void
check_utf8(void **state)
{
	const struct utf8_row *row = *state;

	assert_int_equal(rmt_utf8_valid(row->text), row->valid);
}

/* ---- hexadecimal ------------------------------------------------------------------------------
 */

static const struct hex_row {
	const char *sentence;
	const char *text;
	struct rmt_span bytes;
	const char *place; /* of the fault; NULL when there is none */
} hex_rows[] = {
	{ "no text is no bytes", "", { NULL, 0 }, NULL },
	{ "both cases are read", "00aBFf", BYTES("\x00\xab\xff"), NULL },
	{ "colons stand between bytes", "01:02:03", BYTES("\x01\x02\x03"), NULL },
	{ "spaces stand around bytes", " 01 02  03 ", BYTES("\x01\x02\x03"), NULL },
	{ "a colon may have spaces beside it", "01 : 02", BYTES("\x01\x02"), NULL },
	{ "an odd digit lacks its other half", "010", { NULL, 0 }, "offset 3" },
	{ "a byte is not torn apart", "0:1", { NULL, 0 }, "offset 1" },
	{ "a letter is no digit", "01xx", { NULL, 0 }, "offset 2" },
	{ "a colon does not begin", ":01", { NULL, 0 }, "offset 0" },
	{ "a colon does not end", "01:", { NULL, 0 }, "offset 3" },
	{ "two colons have nothing between them", "01::02", { NULL, 0 }, "offset 3" },
	{ "a line feed is no separator", "01\n02", { NULL, 0 }, "offset 2" },
};

static void
check_hex(void **state)
{
	const struct hex_row *row = *state;
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };

	rmt_buf_text(&out, "before");
	assert_int_equal(rmt_hex_decode(row->text, &out, &err), row->place != NULL ? -1 : 0);
	assert_memory_equal(rmt_buf_string(&out), "before", 6);
	assert_int_equal(out.length, 6 + row->bytes.length);
	if (row->bytes.length > 0)
		assert_memory_equal(out.bytes + 6, row->bytes.at, row->bytes.length);
	if (row->place != NULL) {
		assert_int_equal(err.class, RMT_INPUT);
		assert_string_equal(err.place, row->place);
	}
	rmt_buf_free(&out);
}

static void
hex_is_written(void **state)
{
	struct rmt_buf out = { 0 };

	(void)state;
	rmt_hex(rmt_span_of(NULL, 0), ':', &out);
	assert_string_equal(rmt_buf_string(&out), "");
	rmt_hex(rmt_span_of("\x00\xab\xff", 3), ':', &out);
	assert_string_equal(rmt_buf_string(&out), "00:ab:ff");
	rmt_buf_clear(&out);
	rmt_hex(rmt_span_of("\x00\xab\xff", 3), 0, &out);
	assert_string_equal(rmt_buf_string(&out), "00abff");
	rmt_buf_free(&out);
}

/* ---- base64 -----------------------------------------------------------------------------------
 */

static const struct base64_row {
	const char *sentence;
	struct rmt_span text;
	struct rmt_span bytes;
	const char *place;
} base64_rows[] = {
	{ "no text is no bytes (base64)", BYTES(""), { NULL, 0 }, NULL },
	{ "white space alone is no bytes", BYTES(" \t\r\n\v\f"), { NULL, 0 }, NULL },
	{ "one group", BYTES("Zm9v"), BYTES("foo"), NULL },
	{ "one byte has two pads", BYTES("Zg=="), BYTES("f"), NULL },
	{ "two bytes have one pad", BYTES("Zm8="), BYTES("fo"), NULL },
	{ "both special characters", BYTES("+/+/"), BYTES("\xfb\xff\xbf"), NULL },
	{ "lines of four", BYTES("Zm9v\nYmFy\r\n"), BYTES("foobar"), NULL },
	{ "lines that cut groups apart", BYTES("Z\nm9\nvYm\nFy"), BYTES("foobar"), NULL },
	{ "white space before padding", BYTES("Zg \n= \n= \n"), BYTES("f"), NULL },
	{ "bits left over are ignored, as OpenSSL does", BYTES("Zh=="), BYTES("f"), NULL },
	{ "long runs take the fast path", BYTES("Zm9vYmFyZm9vYmFyZm9vYmFyZm9v"),
	    BYTES("foobarfoobarfoobarfoo"), NULL },
	{ "a group of one is cut off", BYTES("Z"), { NULL, 0 }, "offset 1" },
	{ "a group of two lacks its padding", BYTES("Zm9vZg"), { NULL, 0 }, "offset 6" },
	{ "one pad of two is missing", BYTES("Zg="), { NULL, 0 }, "offset 3" },
	{ "padding does not begin a text", BYTES("===="), { NULL, 0 }, "offset 0" },
	{ "padding does not begin a group", BYTES("Zm9v=AAA"), { NULL, 0 }, "offset 4" },
	{ "padding does not follow one character", BYTES("Z==="), { NULL, 0 }, "offset 1" },
	{ "nothing stands between the pads", BYTES("Zg=g"), { NULL, 0 }, "offset 3" },
	{ "there is no third pad", BYTES("Zg==="), { NULL, 0 }, "offset 4" },
	{ "nothing follows the padding", BYTES("Zg==\nZm9v"), { NULL, 0 }, "offset 5" },
	{ "the alphabet of URLs is another", BYTES("Zm9vYmF-_m9v"), { NULL, 0 }, "offset 7" },
	{ "a NUL is outside the alphabet", BYTES("Zm9v\0"), { NULL, 0 }, "offset 4" },
	{ "a byte above 127 is outside the alphabet",
	    BYTES("Zm9v\xc3\xa4"
		  "Zm"),
	    { NULL, 0 }, "offset 4" },
	{ "the offset counts white space", BYTES("Zm9v\n  \nYm!y"), { NULL, 0 }, "offset 10" },
	{ "a dash of an end line is outside the alphabet", BYTES("Zm9v\n-----END"), { NULL, 0 },
	    "offset 5" },
};

static void
check_base64(void **state)
{
	const struct base64_row *row = *state;
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };

	rmt_buf_text(&out, "before");
	assert_int_equal(rmt_base64_decode(row->text, &out, &err), row->place != NULL ? -1 : 0);
	assert_memory_equal(rmt_buf_string(&out), "before", 6);
	assert_int_equal(out.length, 6 + row->bytes.length);
	assert_int_equal(out.bytes[out.length], 0);
	if (row->bytes.length > 0)
		assert_memory_equal(out.bytes + 6, row->bytes.at, row->bytes.length);
	if (row->place != NULL) {
		assert_int_equal(err.class, RMT_INPUT);
		assert_string_equal(err.place, row->place);
	}
	rmt_buf_free(&out);
}

static void
base64_agrees_with_openssl(void **state)
{
	unsigned char bytes[300];
	char expected[404];
	struct rmt_buf text = { 0 }, back = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_random(bytes, sizeof bytes, &err), 0);
	for (size_t length = 0; length <= sizeof bytes; length++) {
		int size = EVP_EncodeBlock((unsigned char *)expected, bytes, (int)length);

		rmt_buf_clear(&text);
		rmt_base64_encode(rmt_span_of(bytes, length), 0, "\n", &text);
		assert_int_equal(text.length, size);
		assert_string_equal(rmt_buf_string(&text), length > 0 ? expected : "");
	}
	for (size_t width = 1; width < 80; width++) {
		rmt_buf_clear(&text);
		rmt_buf_clear(&back);
		rmt_base64_encode(rmt_span_of(bytes, sizeof bytes), width, "\r\n", &text);
		assert_int_equal(rmt_base64_decode(rmt_buf_view(&text), &back, &err), 0);
		assert_int_equal(back.length, sizeof bytes);
		assert_memory_equal(back.bytes, bytes, sizeof bytes);
	}
	rmt_buf_free(&text);
	rmt_buf_free(&back);
}

static const struct wrap_row {
	const char *sentence;
	size_t length, width;
	const char *end, *text;
} wrap_rows[] = {
	{ "nothing has no line", 0, 64, "\n", "" },
	{ "one line has no end", 3, 0, "\n", "AAAA" },
	{ "a full line ends once", 6, 8, "\n", "AAAAAAAA\n" },
	{ "a byte more begins another line", 7, 8, "\r\n", "AAAAAAAA\r\nAA==\r\n" },
	{ "a width is rounded down to whole groups", 6, 7, "\n", "AAAA\nAAAA\n" },
	{ "a width below a group is a group", 6, 1, "\n", "AAAA\nAAAA\n" },
};

static void
check_wrap(void **state)
{
	static const unsigned char zeros[16];
	const struct wrap_row *row = *state;
	struct rmt_buf out = { 0 };

	rmt_base64_encode(rmt_span_of(zeros, row->length), row->width, row->end, &out);
	assert_string_equal(rmt_buf_string(&out), row->text);
	rmt_buf_free(&out);
}

/* ---- nearest word -----------------------------------------------------------------------------
 */

static const struct nearest_row {
	const char *sentence;
	const char *word, *nearest;
} nearest_rows[] = {
	{ "a letter is missing", "reisue", "reissue" },
	{ "a letter is too much", "auditt", "audit" },
	{ "a letter is wrong", "convort", "convert" },
	{ "two neighbours are swapped", "rveoke", "revoke" },
	{ "case does not count", "AUDIT", "audit" },
	{ "the nearer of two is named", "rekeyy", "rekey" },
	{ "a short word is its own", "ca", "ca" },
	{ "a short word has no neighbours", "cb", NULL },
	{ "three letters may have one slip", "cr1", "crl" },
	{ "a word cut short is the only one that begins so", "rei", "reissue" },
	{ "two letters begin nothing", "au", NULL },
	{ "four slips in six letters are another word", "banana", NULL },
	{ "an empty word is near to nothing", "", NULL },
	{ "a word as long as a line is near to nothing",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    NULL },
};

static void
check_nearest(void **state)
{
	static const char *const verbs[] = { "audit",
		"a-candidate-that-is-longer-than-any-word-a-person-would-type-at-a-prompt",
		"convert", "rekey", "renew", "reissue", "revoke", "ca", "crl", NULL };
	const struct nearest_row *row = *state;
	const char *nearest = rmt_nearest(row->word, verbs);

	if (row->nearest == NULL)
		assert_null(nearest);
	else {
		assert_non_null(nearest);
		assert_string_equal(nearest, row->nearest);
	}
}

/* ---- names ------------------------------------------------------------------------------------
 */

static const struct label_row {
	const char *sentence;
	const char *text, *label;
} label_rows[] = {
	{ "a host name is its own label", "lync01.example.com", "lync01.example.com" },
	{ "a wildcard does not look like an option", "*.example.com", "_.example.com" },
	{ "a label does not hide", ".profile", "_profile" },
	{ "a label does not climb", "../../etc/passwd", "_.-..-etc-passwd" },
	{ "white space and controls become dashes", "a b\nc\x1b", "a-b-c-" },
	{ "a character of several bytes becomes one dash", "Z\xc3\xbcrich", "Z-rich" },
	{ "no text has a label", "", "unnamed" },
	{ "bytes that are no text have a label", "\x80\x80", "unnamed" },
	{ "a long label is cut at 64",
	    "0123456789012345678901234567890123456789012345678901234567890123456789",
	    "0123456789012345678901234567890123456789012345678901234567890123" },
};

static void
check_label(void **state)
{
	const struct label_row *row = *state;
	char label[65];

	rmt_file_label(row->text, label);
	assert_string_equal(label, row->label);
}

static const struct join_row {
	const char *sentence;
	const char *directory, *name, *path;
} join_rows[] = {
	{ "a slash joins", "a/b", "c", "a/b/c" },
	{ "one slash is enough", "a/", "c", "a/c" },
	{ "the root keeps its slash", "/", "c", "/c" },
	{ "no directory adds nothing", "", "c", "c" },
};

static void
check_join(void **state)
{
	const struct join_row *row = *state;
	struct rmt_err err = { 0 };
	char *path = rmt_path_join(row->directory, row->name, &err);

	assert_string_equal(path, row->path);
	assert_string_equal(rmt_path_leaf(path), row->name);
	free(path);
}

static void
leaves(void **state)
{
	(void)state;
	assert_string_equal(rmt_path_leaf("a.pem"), "a.pem");
	assert_string_equal(rmt_path_leaf("/a/b.pem"), "b.pem");
	assert_string_equal(rmt_path_leaf("/a/b/"), "");
}

static void
copies(void **state)
{
	struct rmt_err err = { 0 };
	char *text = rmt_strndup("abcdef", 3, &err);
	char *all = rmt_strdup("abc", &err);

	(void)state;
	assert_string_equal(text, "abc");
	assert_string_equal(all, "abc");
	free(text);
	free(all);
}

/* ---- what came before ---- */

/* Lengths on both sides of a word, beginnings that are alike, and more than the first table has room for. */
static void
seen_before(void **state)
{
	static char texts[4096][24];
	struct rmt_seen seen = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < 4096; i++)
		snprintf(texts[i], sizeof texts[i], "%.*s%zx", (int)(i % 13), "zzzzzzzzzzzzz", i);
	for (int round = 1; round >= 0; round--)
		for (size_t i = 0; i < 4096; i++)
			assert_int_equal(rmt_seen_add(&seen, rmt_span_text(texts[i]), &err), round);
	assert_int_equal(seen.count, 4096);
	assert_int_equal(rmt_seen_add(&seen, rmt_span_of(NULL, 0), &err), 1);
	assert_int_equal(rmt_seen_add(&seen, rmt_span_text(""), &err), 0);
	assert_int_equal(rmt_seen_add(&seen, rmt_span_of("\0", 1), &err), 1);
	rmt_seen_clear(&seen);
	assert_int_equal(rmt_seen_add(&seen, rmt_span_text(texts[0]), &err), 1);
	rmt_seen_clear(&seen);
}

int
test_base_text(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, safe_rows, check_safe);
	add_row(&rows, "no pair of bytes comes out unsafe", safe_for_every_pair_of_bytes, NULL);
	ADD_TABLE(&rows, utf8_rows, check_utf8);
	ADD_TABLE(&rows, hex_rows, check_hex);
	add_row(&rows, "hexadecimal is written in lower case", hex_is_written, NULL);
	ADD_TABLE(&rows, base64_rows, check_base64);
	add_row(&rows, "base64 agrees with OpenSSL's and reads itself", base64_agrees_with_openssl,
	    NULL);
	ADD_TABLE(&rows, wrap_rows, check_wrap);
	ADD_TABLE(&rows, nearest_rows, check_nearest);
	ADD_TABLE(&rows, label_rows, check_label);
	ADD_TABLE(&rows, join_rows, check_join);
	add_row(&rows, "the leaf is behind the last slash", leaves, NULL);
	add_row(&rows, "copies are the caller's", copies, NULL);
	add_row(&rows, "bytes come a first time once", seen_before, NULL);
	return run_rows("text", &rows);
}
