/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of base/: lines, looking ahead, and the rest of streams from memory, files and pipes.
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/test_base.h"

/* ---- lines ------------------------------------------------------------------------------------
 */

static const struct line_row {
	const char *sentence;
	struct rmt_span text;
	size_t cap;
	const char *lines; /* each followed by '|', or by '+' when it is not whole */
} line_rows[] = {
	{ "an empty input has no line", BYTES(""), 80, "" },
	{ "LF ends a line", BYTES("a\nb\n"), 80, "a|b|" },
	{ "CRLF ends a line", BYTES("a\r\nb\r\n"), 80, "a|b|" },
	{ "CR ends a line", BYTES("a\rb\r"), 80, "a|b|" },
	{ "the ends may be mixed", BYTES("a\rb\nc\r\nd"), 80, "a|b|c|d|" },
	{ "the last line needs no end", BYTES("a\nb"), 80, "a|b|" },
	{ "an end alone is an empty line", BYTES("\n\r\n\r"), 80, "|||" },
	{ "CR CR LF is two ends", BYTES("a\r\r\nb"), 80, "a||b|" },
	{ "LF CR is two ends", BYTES("a\n\rb"), 80, "a||b|" },
	{ "a line as long as the cap is whole", BYTES("abcd\nefgh"), 4, "abcd|efgh|" },
	{ "a longer line comes in pieces", BYTES("abcde\nf"), 4, "abcd+e+f|" },
	{ "twice the cap is two pieces", BYTES("abcdefgh\ni\n"), 4, "abcd+efgh+i|" },
	{ "a long last line comes in pieces", BYTES("abcdefghi"), 4, "abcd+efgh+i+" },
	{ "CRLF just behind the cap belongs to the line", BYTES("abcd\r\ne"), 4, "abcd|e|" },
	{ "CR just behind the cap belongs to the line", BYTES("abcd\re"), 4, "abcd|e|" },
	{ "a cap of one works", BYTES("ab\r\nc"), 1, "a+b+c|" },
};

static void
collect_lines(struct rmt_stream *stream, size_t cap, struct rmt_buf *out)
{
	struct rmt_err err = { 0 };
	struct rmt_span line;
	bool whole;
	int got;

	while ((got = rmt_stream_line(stream, cap, &line, &whole, &err)) == 1) {
		rmt_buf_span(out, line);
		rmt_buf_byte(out, whole ? '|' : '+');
	}
	assert_int_equal(got, 0);
	assert_int_equal(rmt_stream_line(stream, cap, &line, &whole, &err), 0);
}

static void
check_lines(void **state)
{
	const struct line_row *row = *state;
	struct rmt_err err = { 0 };
	struct rmt_stream *stream = rmt_stream_mem("memory", row->text, &err);
	struct rmt_buf out = { 0 };

	collect_lines(stream, row->cap, &out);
	assert_string_equal(rmt_buf_string(&out), row->lines);
	assert_int_equal(rmt_stream_offset(stream), row->text.length);
	rmt_buf_free(&out);
	rmt_stream_free(stream);
}

/* Lines of `text` in the plainest way: the ends first, then the pieces. */
static void
plain_lines(struct rmt_span text, size_t cap, struct rmt_buf *out)
{
	size_t at = 0;

	while (at < text.length) {
		size_t end = at, begin = at;

		while (end < text.length && text.at[end] != '\n' && text.at[end] != '\r')
			end++;
		do {
			size_t take = end - at < cap ? end - at : cap;

			rmt_buf_append(out, text.at + at, take);
			rmt_buf_byte(out, end - begin <= cap ? '|' : '+');
			at += take;
		} while (at < end);
		if (at < text.length)
			at += text.at[at] == '\r' && at + 1 < text.length && text.at[at + 1] == '\n'
				  ? 2
				  : 1;
	}
}

/* A thread that writes bytes into a pipe in portions of changing size. */
struct pouring {
	int fd;
	struct rmt_span text;
};

static void *
pour(void *arg)
{
	struct pouring *pouring = arg;
	size_t portion = 1;

	for (size_t at = 0; at < pouring->text.length; at += portion) {
		portion = portion * 7 % 5003 + 1;
		if (portion > pouring->text.length - at)
			portion = pouring->text.length - at;
		if (write(pouring->fd, pouring->text.at + at, portion) != (ssize_t)portion)
			break;
	}
	close(pouring->fd);
	return NULL;
}

static struct rmt_stream *
open_piped(struct pouring *pouring, pthread_t *thread)
{
	struct rmt_err err = { 0 };
	struct rmt_stream *stream;
	char path[32];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pouring->fd = ends[1];
	assert_int_equal(pthread_create(thread, NULL, pour, pouring), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	stream = rmt_stream_open(path, &err);
	assert_non_null(stream);
	close(ends[0]);
	return stream;
}

/* Text in which line ends of all kinds are as frequent as `rarity` says. */
static void
make_text(struct rmt_buf *text, size_t length, unsigned rarity, unsigned seed)
{
	static const char ends[] = "\r\n\r\n\n\r";

	while (text->length < length) {
		seed = seed * 1103515245 + 12345;
		if ((seed >> 16) % rarity == 0)
			rmt_buf_byte(text, (unsigned char)ends[(seed >> 8) % 6]);
		else
			rmt_buf_byte(text, (unsigned char)('a' + (seed >> 16) % 26));
	}
}

static const struct long_row {
	const char *sentence;
	size_t length;
	unsigned rarity;
	size_t cap;
} long_rows[] = {
	{ "short lines and all their ends, through a pipe", 150000, 3, 10 },
	{ "ordinary lines, through a pipe", 300000, 60, 4096 },
	{ "lines longer than the cap, through a pipe", 300000, 500, 64 },
	{ "lines longer than the buffer, through a pipe", 1000000, 200000, 300000 },
	{ "lines longer than buffer and cap, through a pipe", 1000000, 400000, 70000 },
	{ "a cap of exactly the buffer, through a pipe", 1000000, 100000, 65536 },
};

static void
check_long(void **state)
{
	const struct long_row *row = *state;
	struct rmt_buf text = { 0 }, expected = { 0 }, lines = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_stream *stream;
	struct pouring pouring;
	pthread_t thread;

	make_text(&text, row->length, row->rarity, 42);
	plain_lines(rmt_buf_view(&text), row->cap, &expected);

	stream = rmt_stream_mem("memory", rmt_buf_view(&text), &err);
	collect_lines(stream, row->cap, &lines);
	assert_true(rmt_span_equal(rmt_buf_view(&lines), rmt_buf_view(&expected)));
	rmt_stream_free(stream);

	pouring.text = rmt_buf_view(&text);
	stream = open_piped(&pouring, &thread);
	rmt_buf_clear(&lines);
	collect_lines(stream, row->cap, &lines);
	assert_true(rmt_span_equal(rmt_buf_view(&lines), rmt_buf_view(&expected)));
	assert_int_equal(rmt_stream_offset(stream), text.length);
	rmt_stream_free(stream);
	pthread_join(thread, NULL);

	rmt_buf_free(&text);
	rmt_buf_free(&expected);
	rmt_buf_free(&lines);
}

static void
line_numbers_count_lines(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_stream *stream = rmt_stream_mem("m", rmt_span_text("abcdef\ng\n"), &err);
	static const size_t numbers[] = { 1, 1, 1, 2 };
	static const uint64_t offsets[] = { 2, 4, 7, 9 };
	struct rmt_span line;

	(void)state;
	assert_int_equal(rmt_stream_line_number(stream), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(rmt_stream_line(stream, 2, &line, NULL, &err), 1);
		assert_int_equal(rmt_stream_line_number(stream), numbers[i]);
		assert_int_equal(rmt_stream_offset(stream), offsets[i]);
	}
	rmt_stream_free(stream);
}

/* Each CR-only line must cost its own length, not that of all that follows: with the second this
 * takes minutes. */
static void
many_lines_of_cr_are_quick(void **state)
{
	size_t length = 16 << 20, count = 0;
	char *text = malloc(length);
	struct rmt_err err = { 0 };
	struct rmt_stream *stream;
	struct rmt_span line;

	(void)state;
	assert_non_null(text);
	memset(text, '\r', length);
	stream = rmt_stream_mem("m", rmt_span_of(text, length), &err);
	while (rmt_stream_line(stream, 1 << 20, &line, NULL, &err) == 1)
		count++;
	assert_int_equal(count, length);
	rmt_stream_free(stream);
	free(text);
}

/* ---- ahead and the rest ------------------------------------------------------------------------
 */

static void
peek_consumes_nothing(void **state)
{
	struct rmt_buf text = { 0 }, rest = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_stream *stream;
	struct pouring pouring;
	struct rmt_span ahead;
	pthread_t thread;

	(void)state;
	make_text(&text, 200000, 50, 1);
	pouring.text = rmt_buf_view(&text);
	stream = open_piped(&pouring, &thread);
	assert_int_equal(rmt_stream_peek(stream, 16, &ahead, &err), 0);
	assert_int_equal(ahead.length, 16);
	assert_int_equal(rmt_stream_peek(stream, 1 << 20, &ahead, &err), 0);
	assert_int_equal(ahead.length, 64 << 10);
	assert_memory_equal(ahead.at, text.bytes, ahead.length);
	assert_int_equal(rmt_stream_offset(stream), 0);
	assert_int_equal(rmt_stream_rest(stream, text.length, &rest, &err), 0);
	assert_true(rmt_span_equal(rmt_buf_view(&rest), rmt_buf_view(&text)));
	assert_int_equal(rmt_stream_offset(stream), text.length);
	assert_int_equal(rmt_stream_peek(stream, 16, &ahead, &err), 0);
	assert_int_equal(ahead.length, 0);
	rmt_stream_free(stream);
	pthread_join(thread, NULL);
	rmt_buf_free(&text);
	rmt_buf_free(&rest);
}

static void
peek_at_a_short_input(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_stream *stream = rmt_stream_mem("m", rmt_span_text("abc"), &err);
	struct rmt_span ahead;

	(void)state;
	assert_int_equal(rmt_stream_peek(stream, 16, &ahead, &err), 0);
	assert_int_equal(ahead.length, 3);
	rmt_stream_free(stream);
	stream = rmt_stream_mem("m", rmt_span_of(NULL, 0), &err);
	assert_int_equal(rmt_stream_peek(stream, 16, &ahead, &err), 0);
	assert_int_equal(ahead.length, 0);
	rmt_stream_free(stream);
}

static void
rest_follows_the_lines(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_stream *stream = rmt_stream_mem("m", rmt_span_text("one\ntwo\nthree"), &err);
	struct rmt_buf rest = { 0 };
	struct rmt_span line;

	(void)state;
	assert_int_equal(rmt_stream_line(stream, 80, &line, NULL, &err), 1);
	assert_int_equal(rmt_stream_rest(stream, 9, &rest, &err), 0);
	assert_string_equal(rmt_buf_string(&rest), "two\nthree");
	rmt_stream_free(stream);
	rmt_buf_free(&rest);
}

/* What is already held counts against the cap, and is not counted again as part of the file. */
static void
rest_of_a_file(void **state)
{
	char path[] = "/tmp/remint-base-XXXXXX";
	struct rmt_buf text = { 0 }, rest = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_stream *stream;
	struct rmt_span ahead;
	int fd = mkstemp(path);

	(void)state;
	for (size_t size = 10; size <= 1000000; size *= 10) {
		rmt_buf_clear(&text);
		make_text(&text, size, 50, 1);
		assert_int_equal(pwrite(fd, text.bytes, size, 0), size);
		for (size_t short_of = 0; short_of < 2; short_of++) {
			rmt_buf_clear(&rest);
			rmt_err_clear(&err);
			stream = rmt_stream_open(path, &err);
			assert_non_null(stream);
			assert_int_equal(rmt_stream_peek(stream, 4, &ahead, &err), 0);
			assert_int_equal(rmt_stream_rest(stream, size - short_of, &rest, &err),
			    short_of == 0 ? 0 : -1);
			assert_int_equal(rest.length, short_of == 0 ? size : 0);
			assert_memory_equal(rmt_buf_string(&rest), text.bytes, rest.length);
			rmt_stream_free(stream);
		}
	}
	close(fd);
	unlink(path);
	rmt_buf_free(&text);
	rmt_buf_free(&rest);
}

static void
rest_has_a_cap(void **state)
{
	struct rmt_buf text = { 0 }, rest = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_stream *stream = rmt_stream_mem("small", rmt_span_text("abc"), &err);
	struct pouring pouring;
	pthread_t thread;

	(void)state;
	rmt_buf_text(&rest, "before");
	assert_int_equal(rmt_stream_rest(stream, 2, &rest, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, "small");
	assert_string_equal(err.message, "this is larger than the 2 bytes that are read here");
	rmt_stream_free(stream);

	make_text(&text, 200000, 50, 1);
	pouring.text = rmt_buf_view(&text);
	stream = open_piped(&pouring, &thread);
	rmt_err_clear(&err);
	assert_int_equal(rmt_stream_rest(stream, text.length - 1, &rest, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(rmt_buf_string(&rest), "before");
	rmt_stream_free(stream);
	pthread_join(thread, NULL);
	rmt_buf_free(&text);
	rmt_buf_free(&rest);
}

static void
open_failures_name_the_input(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_null(rmt_stream_open("/nonexistent/x.pem", &err));
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, "/nonexistent/x.pem");
	rmt_err_clear(&err);
	assert_null(rmt_stream_open("/", &err));
	assert_string_equal(err.message, "this is a directory, not a file");
	rmt_err_clear(&err);
	assert_null(rmt_stream_open("/dev/zero", &err));
	assert_string_equal(err.message, "this is a device without an end, not a file");
	rmt_stream_free(NULL);
}

int
test_base_stream(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, line_rows, check_lines);
	ADD_TABLE(&rows, long_rows, check_long);
	add_row(&rows, "line numbers count lines, not pieces", line_numbers_count_lines, NULL);
	add_row(&rows, "many lines of CR are quick", many_lines_of_cr_are_quick, NULL);
	add_row(&rows, "looking ahead consumes nothing", peek_consumes_nothing, NULL);
	add_row(&rows, "looking ahead ends with the input", peek_at_a_short_input, NULL);
	add_row(&rows, "the rest follows the lines", rest_follows_the_lines, NULL);
	add_row(&rows, "the rest of a file is all of it, once", rest_of_a_file, NULL);
	add_row(&rows, "the rest has a cap", rest_has_a_cap, NULL);
	add_row(&rows, "an input that does not open is named", open_failures_name_the_input, NULL);
	return run_rows("stream", &rows);
}
