/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/text.c - text as Windows saves it: UTF-16 told from other bytes and turned into UTF-8. It
 * knows no PEM.
 */
#include "config.h"

#include <string.h>

#include "read/local.h"

struct rmt_span
rmt_trim(const char *characters, struct rmt_span text)
{
	size_t count = strlen(characters);

	while (text.length && memchr(characters, text.at[text.length - 1], count))
		text.length--;
	while (text.length && memchr(characters, text.at[0], count)) {
		text.at++;
		text.length--;
	}
	return text;
}

enum { LITTLE_ENDIAN_TEXT = 1, BIG_ENDIAN_TEXT = 2 };

static bool
is_plain(unsigned char c)
{
	return (c >= ' ' && c < 0x7f) || (c >= '\t' && c <= '\r');
}

int
rmt_utf16_of(struct rmt_span beginning)
{
	const unsigned char *at = beginning.at;
	bool little = true, big = true;

	if (beginning.length >= 2 && at[0] == 0xff && at[1] == 0xfe)
		return LITTLE_ENDIAN_TEXT;
	if (beginning.length >= 2 && at[0] == 0xfe && at[1] == 0xff)
		return BIG_ENDIAN_TEXT;
	if (beginning.length < 16)
		return 0;
	for (size_t i = 0; i < 16; i += 2) { /* no mark: eight characters of ASCII will do */
		little = little && is_plain(at[i]) && !at[i + 1];
		big = big && !at[i] && is_plain(at[i + 1]);
	}
	return little ? LITTLE_ENDIAN_TEXT : big ? BIG_ENDIAN_TEXT : 0;
}

void
rmt_utf8_append(struct rmt_buf *out, uint32_t c)
{
	if (c < 0x80) {
		rmt_buf_byte(out, (unsigned char)c);
		return;
	}
	if (c < 0x800) {
		rmt_buf_byte(out, (unsigned char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			rmt_buf_byte(out, (unsigned char)(0xe0 | c >> 12));
		} else {
			rmt_buf_byte(out, (unsigned char)(0xf0 | c >> 18));
			rmt_buf_byte(out, (unsigned char)(0x80 | (c >> 12 & 0x3f)));
		}
		rmt_buf_byte(out, (unsigned char)(0x80 | (c >> 6 & 0x3f)));
	}
	rmt_buf_byte(out, (unsigned char)(0x80 | (c & 0x3f)));
}

void
rmt_utf16_convert(struct rmt_span text, int order, struct rmt_buf *out)
{
	const unsigned char *at = text.at, *end = at + (text.length & ~(size_t)1);
	unsigned high = order == LITTLE_ENDIAN_TEXT ? 1 : 0;
	uint32_t unit, lead = 0;

	rmt_buf_reserve(out, text.length / 2);
	for (; at < end; at += 2) {
		unit = (uint32_t)at[high] << 8 | at[!high];
		if (unit >= 0xdc00 && unit < 0xe000 && lead) {
			rmt_utf8_append(out, 0x10000 + ((lead - 0xd800) << 10) + (unit - 0xdc00));
			lead = 0;
			continue;
		}
		if (lead)
			rmt_utf8_append(out, 0xfffd);
		lead = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
		if (!lead)
			rmt_utf8_append(out, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
	}
}
