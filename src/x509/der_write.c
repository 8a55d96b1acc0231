/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der_write.c - the DER writer: appends values to a buffer, always in the one form that DER allows.
 *
 * A constructed value is opened with one byte for its length; closing it moves the content when the
 * length needs more. Nothing here fails on the spot: the failure sticks in the buffer and
 * rmt_derw_finish() reports it, so that a sequence of writes reads as the structure that it writes.
 * What the values mean is the callers' affair.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

enum { LENGTH_BYTES_MAX = 5 };

/* The length in its shortest form; returns how many bytes that takes. */
static size_t
length_encode(size_t length, unsigned char out[LENGTH_BYTES_MAX])
{
	size_t count = 0;

	if (length < 0x80) {
		out[0] = (unsigned char)length;
		return 1;
	}
	for (size_t rest = length; rest > 0; rest >>= 8)
		count++;
	out[0] = (unsigned char)(0x80 | count);
	for (size_t i = count; i > 0; i--, length >>= 8)
		out[i] = (unsigned char)length;
	return count + 1;
}

static void
header(struct rmt_derw *w, unsigned char tag, size_t length)
{
	unsigned char bytes[1 + LENGTH_BYTES_MAX];

	if (length > UINT32_MAX) {
		w->buf.failed = true;
		return;
	}
	bytes[0] = tag;
	rmt_buf_append(&w->buf, bytes, 1 + length_encode(length, bytes + 1));
}

void
rmt_derw_begin(struct rmt_derw *w, unsigned char tag)
{
	if (w->depth >= sizeof w->mark / sizeof *w->mark) {
		w->buf.failed = true;
		return;
	}
	rmt_buf_append(&w->buf, (const unsigned char[]){ tag, 0 }, 2);
	w->mark[w->depth++] = w->buf.length;
}

void
rmt_derw_end(struct rmt_derw *w)
{
	static const unsigned char room[LENGTH_BYTES_MAX];
	unsigned char length[LENGTH_BYTES_MAX];
	size_t start, content, count;

	if (w->depth == 0 || w->buf.failed) {
		w->buf.failed = true;
		return;
	}
	start = w->mark[--w->depth];
	content = w->buf.length - start;
	if (content > UINT32_MAX) {
		w->buf.failed = true;
		return;
	}
	count = length_encode(content, length);
	if (count > 1) {
		rmt_buf_append(&w->buf, room, count - 1);
		if (w->buf.failed)
			return;
		memmove(w->buf.bytes + start + count - 1, w->buf.bytes + start, content);
	}
	memcpy(w->buf.bytes + start - 1, length, count);
}

void
rmt_derw_value(struct rmt_derw *w, unsigned char tag, struct rmt_span content)
{
	header(w, tag, content.length);
	rmt_buf_span(&w->buf, content);
}

void
rmt_derw_raw(struct rmt_derw *w, struct rmt_span encoded)
{
	rmt_buf_span(&w->buf, encoded);
}

void
rmt_derw_integer(struct rmt_derw *w, struct rmt_span magnitude)
{
	bool pad;

	while (magnitude.length > 0 && magnitude.at[0] == 0) {
		magnitude.at++;
		magnitude.length--;
	}
	pad = magnitude.length == 0 || (magnitude.at[0] & 0x80) != 0;
	header(w, RMT_DER_INTEGER, magnitude.length + (pad ? 1 : 0));
	if (pad)
		rmt_buf_byte(&w->buf, 0);
	rmt_buf_span(&w->buf, magnitude);
}

void
rmt_derw_small(struct rmt_derw *w, int64_t value)
{
	unsigned char bytes[8];
	uint64_t bits = (uint64_t)value;
	size_t first = 0;

	for (size_t i = 8; i > 0; i--, bits >>= 8)
		bytes[i - 1] = (unsigned char)bits;
	while (first < 7 && (bytes[first] == 0 || bytes[first] == 0xff) &&
	       (bytes[first] & 0x80) == (bytes[first + 1] & 0x80))
		first++;
	rmt_derw_value(w, RMT_DER_INTEGER, rmt_span_of(bytes + first, 8 - first));
}

void
rmt_derw_boolean(struct rmt_derw *w, bool value)
{
	unsigned char byte = value ? 0xff : 0;

	rmt_derw_value(w, RMT_DER_BOOLEAN, rmt_span_of(&byte, 1));
}

void
rmt_derw_null(struct rmt_derw *w)
{
	header(w, RMT_DER_NULL, 0);
}

void
rmt_derw_oid(struct rmt_derw *w, struct rmt_span content)
{
	/* An empty one comes from a name that is not in the table: a fault of the caller that must
	 * not become bytes. */
	if (content.length == 0)
		w->buf.failed = true;
	rmt_derw_value(w, RMT_DER_OID, content);
}

void
rmt_derw_bits(struct rmt_derw *w, struct rmt_span bytes, unsigned unused_bits)
{
	if (unused_bits > 7 || (bytes.length == 0 && unused_bits != 0)) {
		w->buf.failed = true;
		return;
	}
	header(w, RMT_DER_BIT_STRING, bytes.length + 1);
	rmt_buf_byte(&w->buf, (unsigned char)unused_bits);
	rmt_buf_span(&w->buf, bytes);
}

static void
two_digits(unsigned char *out, int value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

	memcpy(out, pairs + 2 * value, 2);
}

/* In the one form or, where it can hold the year and may be used, the other. */
static void
write_time(struct rmt_derw *w, rmt_time time, bool utc_ok)
{
	unsigned char whole[2 + 15]; /* tag and length stand in place of the century in a UTCTime */
	unsigned char *text = whole + 2;
	int civil[6];
	bool utc;

	if (time > RMT_TIME_MAX || time < INT64_C(-62167219200)) { /* the year 0000 */
		w->buf.failed = true;
		return;
	}
	rmt_time_to_civil(time, civil);
	utc = utc_ok && civil[0] >= 1950 && civil[0] < 2050;
	two_digits(text, civil[0] / 100);
	two_digits(text + 2, civil[0] % 100);
	for (int i = 1; i < 6; i++)
		two_digits(text + 2 + 2 * i, civil[i]);
	text[14] = 'Z';
	text += utc ? 2 : 0;
	text[-2] = utc ? RMT_DER_UTC_TIME : RMT_DER_GENERALIZED_TIME;
	text[-1] = utc ? 13 : 15;
	rmt_buf_append(&w->buf, text - 2, utc ? 15 : 17);
}

void
rmt_derw_time(struct rmt_derw *w, rmt_time time)
{
	write_time(w, time, true);
}

void
rmt_derw_generalized_time(struct rmt_derw *w, rmt_time time)
{
	write_time(w, time, false);
}

int
rmt_derw_finish(struct rmt_derw *w, struct rmt_buf *out, struct rmt_err *err)
{
	int rc = -1;

	if (w->depth != 0 || w->buf.failed) {
		rmt_err_set(
		    err, RMT_INTERNAL, NULL, "out of memory, or a value that DER cannot hold");
		goto out;
	}
	if (out->bytes == NULL) {
		bool secret = out->secret;

		*out = w->buf;
		out->secret = out->secret || secret;
		memset(&w->buf, 0, sizeof w->buf);
	} else {
		rmt_buf_span(out, rmt_buf_view(&w->buf));
		if (rmt_buf_check(out, err) < 0)
			goto out;
	}
	rc = 0;
out:
	rmt_derw_free(w);
	return rc;
}

void
rmt_derw_free(struct rmt_derw *w)
{
	rmt_buf_free(&w->buf);
	w->depth = 0;
}
