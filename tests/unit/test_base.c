/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of base/: spans, errors and buffers here, the rest in test_base_*.c. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "unit/test_base.h"

/* ---- spans ------------------------------------------------------------------------------------
 */

static const struct span_row {
	const char *sentence;
	struct rmt_span a, b;
	int order;
} span_rows[] = {
	{ "two absent spans are equal", { NULL, 0 }, { NULL, 0 }, 0 },
	{ "an absent and an empty span are equal", { NULL, 0 }, BYTES(""), 0 },
	{ "equal bytes are equal", BYTES("abc"), BYTES("abc"), 0 },
	{ "a prefix sorts before the longer span", BYTES("ab"), BYTES("abc"), -1 },
	{ "bytes compare as unsigned", BYTES("\x7f"), BYTES("\x80"), -1 },
	{ "a difference counts before the length", BYTES("b"), BYTES("abc"), 1 },
	{ "a NUL byte is a byte like others", BYTES("a\0b"), BYTES("a\0c"), -1 },
};

static void
check_span(void **state)
{
	const struct span_row *row = *state;
	int order = rmt_span_compare(row->a, row->b);
	int mirror = rmt_span_compare(row->b, row->a);

	assert_int_equal((order > 0) - (order < 0), row->order);
	assert_int_equal((mirror > 0) - (mirror < 0), -row->order);
	assert_int_equal(rmt_span_equal(row->a, row->b), row->order == 0);
}

static void
span_of_no_text(void **state)
{
	(void)state;
	assert_null(rmt_span_text(NULL).at);
	assert_int_equal(rmt_span_text(NULL).length, 0);
	assert_int_equal(rmt_span_text("four").length, 4);
}

/* ---- errors -----------------------------------------------------------------------------------
 */

static void
first_error_stays(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(
	    rmt_err_cite(&err, RMT_INPUT, "line 3", "RFC 7468, 2", "no %s", "end"), -1);
	rmt_err_source(&err, "a.pem");
	assert_int_equal(rmt_err_set(&err, RMT_INTERNAL, "line 9", "another"), -1);
	rmt_err_memory(&err);
	rmt_err_memory_forget();
	rmt_err_source(&err, "b.pem");
	errno = ENOENT;
	rmt_err_errno(&err, RMT_DATABASE, "c.pem", "open");
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.message, "no end");
	assert_string_equal(err.place, "line 3");
	assert_string_equal(err.citation, "RFC 7468, 2");
	assert_string_equal(err.source, "a.pem");
}

static void
memory_is_the_first_cause(void **state)
{
	struct rmt_err err = { 0 }, later = { 0 };

	(void)state;
	rmt_err_memory(&err);
	rmt_err_clear(&err); /* an attempt failed, the next one begins */
	rmt_err_cite(&err, RMT_INPUT, "line 1", "RFC 1", "this is no certificate");
	assert_int_equal(err.class, RMT_INTERNAL);
	assert_string_equal(err.message, "out of memory");
	assert_string_equal(err.place, "");
	assert_string_equal(err.citation, "");
	rmt_err_memory_forget();
	rmt_err_set(&later, RMT_INPUT, NULL, "this is no certificate");
	assert_int_equal(later.class, RMT_INPUT);
}

static void
no_error_record_is_fine(void **state)
{
	(void)state;
	assert_int_equal(rmt_err_set(NULL, RMT_INPUT, NULL, "x"), -1);
	assert_int_equal(rmt_err_cite(NULL, RMT_INPUT, NULL, NULL, "x"), -1);
	assert_int_equal(rmt_err_openssl(NULL, RMT_INPUT, NULL, "x"), -1);
	assert_int_equal(rmt_err_memory(NULL), -1);
	rmt_err_memory_forget();
	assert_int_equal(rmt_err_errno(NULL, RMT_INPUT, "x", "y"), -1);
	rmt_err_source(NULL, "x");
	rmt_err_within(NULL, "x");
	rmt_err_clear(NULL);
}

static void
errno_makes_a_sentence(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(rmt_err_errno(&err, RMT_INPUT, "gone.pem", "open"), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(err.message, "cannot open: No such file or directory");
	assert_string_equal(err.source, "gone.pem");
}

static void
openssl_reason_is_appended(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_null(EVP_MD_fetch(NULL, "no such digest", NULL));
	assert_int_equal(rmt_err_openssl(&err, RMT_INTERNAL, "here", "no %s", "digest"), -1);
	assert_string_equal(err.message, "no digest (unsupported)");
	assert_int_equal(ERR_peek_error(), 0);
}

static void
openssl_queue_is_emptied_behind_an_older_error(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	rmt_err_set(&err, RMT_INPUT, NULL, "older");
	assert_null(EVP_MD_fetch(NULL, "no such digest", NULL));
	rmt_err_openssl(&err, RMT_INTERNAL, NULL, "newer");
	assert_string_equal(err.message, "older");
	assert_int_equal(ERR_peek_error(), 0);
}

static void
openssl_without_a_reason_is_plain(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	ERR_clear_error();
	rmt_err_openssl(&err, RMT_INTERNAL, NULL, "no reason");
	assert_string_equal(err.message, "no reason");
}

static void
long_message_ends_at_a_character(void **state)
{
	struct rmt_err err = { 0 };
	char text[600];
	size_t length;

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (size_t at = shift; at < 597; at += 3)
			memcpy(text + at, "\xe2\x82\xac", 4);
		rmt_err_clear(&err);
		rmt_err_set(&err, RMT_INPUT, text, "%s", text);
		length = strlen(err.message);
		assert_true(length >= sizeof err.message - 4 && length < sizeof err.message);
		assert_true(rmt_utf8_valid(rmt_span_text(err.message)));
		assert_true(rmt_utf8_valid(rmt_span_text(err.place)));
	}
}

static void
long_source_keeps_its_end(void **state)
{
	struct rmt_err err = { 0 };
	char path[400];

	(void)state;
	memset(path, 'd', sizeof path);
	memcpy(path + 380, "/the-end.pem", 13);
	rmt_err_set(&err, RMT_INPUT, NULL, "x");
	rmt_err_source(&err, path);
	assert_int_equal(strlen(err.source), sizeof err.source - 1);
	assert_memory_equal(err.source, "...", 3);
	assert_string_equal(err.source + strlen(err.source) - 12, "/the-end.pem");
}

static const struct within_row {
	const char *sentence;
	const char *place, *outer, *joined;
} within_rows[] = {
	{ "the outer place comes before a dot", "san[2]", "tbs.extensions",
	    "tbs.extensions.san[2]" },
	{ "an index needs no dot", "[2]", "certificates", "certificates[2]" },
	{ "an empty place becomes the outer one", NULL, "tbs", "tbs" },
	{ "an empty outer place changes nothing", "serial", "", "serial" },
};

static void
check_within(void **state)
{
	const struct within_row *row = *state;
	struct rmt_err err = { 0 };

	rmt_err_set(&err, RMT_INPUT, row->place, "x");
	rmt_err_within(&err, row->outer);
	assert_string_equal(err.place, row->joined);
}

static void
within_never_overflows(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	rmt_err_within(&err, "outer");
	assert_string_equal(err.place, "");
	rmt_err_set(&err, RMT_INPUT, "inner", "x");
	for (int i = 0; i < 100; i++)
		rmt_err_within(&err, "certificate");
	assert_int_equal(strlen(err.place), sizeof err.place - 1);
}

static void
every_class_has_a_name(void **state)
{
	static const char *const names[] = { "none", "negative", "usage", "input", "policy",
		"network", "database", "secret", "internal" };

	(void)state;
	for (int i = 0; i <= RMT_INTERNAL; i++)
		assert_string_equal(rmt_class_name((enum rmt_class)i), names[i]);
	assert_string_equal(rmt_class_name((enum rmt_class)99), "internal");
}

/* ---- buffers ----------------------------------------------------------------------------------
 */

static void
buffer_collects(void **state)
{
	struct rmt_buf buf = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_string_equal(rmt_buf_string(&buf), "");
	rmt_buf_text(&buf, "ab");
	rmt_buf_byte(&buf, 'c');
	rmt_buf_append(&buf, NULL, 0);
	rmt_buf_format(&buf, "%s%d", "", 42);
	rmt_buf_format(&buf, "%s", "");
	rmt_buf_span(&buf, rmt_span_text("!"));
	assert_string_equal(rmt_buf_string(&buf), "abc42!");
	assert_int_equal(rmt_buf_view(&buf).length, 6);
	assert_int_equal(rmt_buf_check(&buf, &err), 0);
	rmt_buf_free(&buf);
	assert_null(buf.bytes);
	rmt_buf_free(NULL);
}

static void
buffer_keeps_every_byte_while_it_grows(void **state)
{
	struct rmt_buf buf = { 0 };

	for (int secret = 0; secret < 2; secret++) {
		if (secret)
			rmt_buf_secret(&buf);
		for (int i = 0; i < 10000; i++) {
			rmt_buf_byte(&buf, (unsigned char)(i * 7));
			assert_int_equal(buf.bytes[buf.length], 0);
		}
		for (int i = 0; i < 10000; i++)
			assert_int_equal(buf.bytes[i], (unsigned char)(i * 7));
		rmt_buf_free(&buf);
		assert_false(buf.secret);
	}
	(void)state;
}

static void
reserved_room_does_not_move(void **state)
{
	struct rmt_buf buf = { 0 };
	const unsigned char *before;

	(void)state;
	rmt_buf_reserve(&buf, 1000);
	before = buf.bytes;
	assert_string_equal(rmt_buf_string(&buf), "");
	for (int i = 0; i < 1000; i++)
		rmt_buf_byte(&buf, 'x');
	assert_ptr_equal(buf.bytes, before);
	rmt_buf_free(&buf);
}

static void
failed_append_is_remembered(void **state)
{
	struct rmt_buf buf = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	rmt_buf_text(&buf, "kept");
	rmt_buf_reserve(&buf, SIZE_MAX - 2);
	assert_true(buf.failed);
	rmt_buf_text(&buf, " not kept");
	assert_string_equal(rmt_buf_string(&buf), "kept");
	assert_int_equal(rmt_buf_check(&buf, &err), -1);
	assert_int_equal(err.class, RMT_INTERNAL);
	assert_string_equal(err.message, "out of memory");
	rmt_buf_clear(&buf);
	rmt_buf_text(&buf, "again");
	assert_string_equal(rmt_buf_string(&buf), "again");
	rmt_buf_reserve(&buf, SIZE_MAX - 2);
	assert_null(rmt_buf_take(&buf));
	assert_null(buf.bytes);
	rmt_err_memory_forget();
}

static void
taken_bytes_are_the_callers(void **state)
{
	struct rmt_buf buf = { 0 };
	char *text;

	(void)state;
	text = rmt_buf_take(&buf);
	assert_string_equal(text, "");
	free(text);
	rmt_buf_text(&buf, "mine");
	text = rmt_buf_take(&buf);
	assert_string_equal(text, "mine");
	assert_null(buf.bytes);
	free(text);
}

static void
cleared_secret_is_wiped(void **state)
{
	struct rmt_buf buf = { 0 };

	(void)state;
	rmt_buf_secret(&buf);
	rmt_buf_text(&buf, "pass phrase");
	rmt_buf_clear(&buf);
	for (size_t i = 0; i < buf.capacity; i++)
		assert_int_equal(buf.bytes[i], 0);
	assert_true(buf.secret);
	rmt_buf_free(&buf);
}

static int
test_base_types(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, span_rows, check_span);
	add_row(&rows, "no text is the absent span", span_of_no_text, NULL);
	add_row(&rows, "the first error stays", first_error_stays, NULL);
	add_row(&rows, "an error may go unrecorded", no_error_record_is_fine, NULL);
	add_row(&rows, "what fails after memory ran out says so", memory_is_the_first_cause, NULL);
	add_row(&rows, "errno makes a sentence", errno_makes_a_sentence, NULL);
	add_row(&rows, "OpenSSL's reason is appended", openssl_reason_is_appended, NULL);
	add_row(&rows, "OpenSSL's queue is emptied behind an older error",
	    openssl_queue_is_emptied_behind_an_older_error, NULL);
	add_row(&rows, "an empty queue adds nothing", openssl_without_a_reason_is_plain, NULL);
	add_row(
	    &rows, "a long message ends at a character", long_message_ends_at_a_character, NULL);
	add_row(&rows, "a long source keeps its end", long_source_keeps_its_end, NULL);
	ADD_TABLE(&rows, within_rows, check_within);
	add_row(&rows, "a place never outgrows its array", within_never_overflows, NULL);
	add_row(&rows, "every class has a name", every_class_has_a_name, NULL);
	add_row(&rows, "a buffer collects", buffer_collects, NULL);
	add_row(&rows, "a buffer keeps every byte while it grows",
	    buffer_keeps_every_byte_while_it_grows, NULL);
	add_row(&rows, "reserved room does not move", reserved_room_does_not_move, NULL);
	add_row(&rows, "a failed append is remembered", failed_append_is_remembered, NULL);
	add_row(&rows, "taken bytes are the caller's", taken_bytes_are_the_callers, NULL);
	add_row(&rows, "a cleared secret is wiped", cleared_secret_is_wiped, NULL);
	return run_rows("types", &rows);
}

int
main(void)
{
	return test_base_types() + test_base_text() + test_base_time() + test_base_file() +
	       test_base_stream() + test_base_threads();
}
