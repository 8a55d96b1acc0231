/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ber.c - any BER value rewritten with definite, minimal lengths and joined strings.
 *
 * Some makers write PKCS#7 and PKCS#12 envelopes with indefinite lengths and strings in segments,
 * which views cannot describe. The rewriting keeps every primitive content as it is and does not
 * sort sets: it mends the envelope, it does not make DER of a signed content.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

static bool
joinable(unsigned char tag)
{
	unsigned char primitive = tag & (unsigned char)~0x20;

	return (tag & 0x20) != 0 &&
	       (primitive == RMT_DER_BIT_STRING || primitive == RMT_DER_OCTET_STRING ||
		   rmt_der_string_tag(primitive));
}

/* Append the segments of a constructed string. A BIT STRING's count of unused bits is that of its
 * last segment and stands at `unused_at`. */
static int
join(struct rmt_der *segments, unsigned char tag, struct rmt_buf *out, size_t unused_at,
    struct rmt_err *err)
{
	struct rmt_der inner;
	struct rmt_tlv tlv;
	bool bits = tag == RMT_DER_BIT_STRING;

	while (rmt_der_more(segments)) {
		const unsigned char *start = segments->at;

		if (rmt_der_next_is(segments, tag | 0x20)) {
			if (rmt_der_enter(segments, tag | 0x20, &inner, NULL, err) < 0 ||
			    join(&inner, tag, out, unused_at, err) < 0)
				return -1;
			continue;
		}
		if (rmt_der_any(segments, &tlv, NULL, err) < 0)
			return -1;
		if (tlv.tag != tag && tlv.tag != RMT_DER_OCTET_STRING)
			return rmt_der_fault(
			    segments, start, NULL, err, "segment of another type than its string");
		if (!bits) {
			rmt_buf_span(out, tlv.value);
			continue;
		}
		if (tlv.value.length == 0 || tlv.value.at[0] > 7 ||
		    (!out->failed && out->bytes[unused_at] != 0))
			return rmt_der_fault(segments, start, NULL, err,
			    "BIT STRING segment that does not fill its bytes");
		if (!out->failed)
			out->bytes[unused_at] = tlv.value.at[0];
		rmt_buf_append(out, tlv.value.at + 1, tlv.value.length - 1);
	}
	return 0;
}

/* Close a value whose content starts at `start`, one byte for its length kept free before it. */
static void
close_value(struct rmt_buf *out, size_t start)
{
	static const unsigned char room[4];
	size_t content = out->length - start, count = 0;

	if (out->failed)
		return;
	if (content < 0x80) {
		out->bytes[start - 1] = (unsigned char)content;
		return;
	}
	for (size_t rest = content; rest > 0; rest >>= 8)
		count++;
	if (count > sizeof room) {
		out->failed = true;
		return;
	}
	rmt_buf_append(out, room, count);
	if (out->failed)
		return;
	memmove(out->bytes + start + count, out->bytes + start, content);
	out->bytes[start - 1] = (unsigned char)(0x80 | count);
	for (size_t i = count; i > 0; i--, content >>= 8)
		out->bytes[start + i - 1] = (unsigned char)content;
}

/* Rewrite all values of a cursor. The depth of the cursor bounds the recursion. */
static int
rewrite(struct rmt_der *in, struct rmt_buf *out, struct rmt_err *err)
{
	while (rmt_der_more(in)) {
		unsigned char tag = *in->at;
		struct rmt_der inner;
		struct rmt_tlv tlv;
		size_t start;
		int rc;

		if ((tag & 0x20) == 0) {
			if (rmt_der_any(in, &tlv, NULL, err) < 0)
				return -1;
			rmt_buf_byte(out, tag);
			rmt_buf_byte(out, 0);
			start = out->length;
			rmt_buf_span(out, tlv.value);
			close_value(out, start);
			continue;
		}
		if (rmt_der_enter(in, tag, &inner, NULL, err) < 0)
			return -1;
		rmt_buf_byte(out, joinable(tag) ? tag & (unsigned char)~0x20 : tag);
		rmt_buf_byte(out, 0);
		start = out->length;
		if (joinable(tag)) {
			if ((tag & 0x1f) == RMT_DER_BIT_STRING)
				rmt_buf_byte(out, 0);
			rc = join(&inner, tag & (unsigned char)~0x20, out, start, err);
		} else {
			rc = rewrite(&inner, out, err);
		}
		if (rc < 0)
			return -1;
		close_value(out, start);
	}
	return 0;
}

int
rmt_der_from_ber(struct rmt_span ber, struct rmt_buf *out, struct rmt_err *err)
{
	size_t extent = rmt_der_extent(ber), before = out->length;
	struct rmt_der in;

	if (extent == 0)
		return rmt_err_set(err, RMT_INPUT, NULL, "no complete BER value at its start");
	rmt_der_open(&in, rmt_span_of(ber.at, extent), &rmt_notes_ignored);
	rmt_buf_reserve(out, extent);
	if (rewrite(&in, out, err) < 0) {
		if (!out->failed)
			out->length = before;
		return -1;
	}
	return rmt_buf_check(out, err);
}
