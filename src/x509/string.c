/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string.c - the character strings of ASN.1: what each type may hold, their text as UTF-8, and its
 * written form.
 *
 * Text from a certificate stays raw here but for what would make it ambiguous: rmt_text_escape()
 * writes characters that separate things, control characters and bytes that are no UTF-8 with a
 * backslash. What is invisible or turns the direction of a line is the terminal's affair:
 * rmt_safe_text() in base/.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

enum { IN_PRINTABLE = 1, IN_NUMERIC = 2, IN_VISIBLE = 4 };

/* The alphabets of X.680, 41. */
static const unsigned char alphabet[256] = {
	[' '] = IN_PRINTABLE | IN_NUMERIC | IN_VISIBLE,
	['0' ... '9'] = IN_PRINTABLE | IN_NUMERIC | IN_VISIBLE,
	['A' ... 'Z'] = IN_PRINTABLE | IN_VISIBLE,
	['a' ... 'z'] = IN_PRINTABLE | IN_VISIBLE,
	['\''] = IN_PRINTABLE | IN_VISIBLE,
	['('] = IN_PRINTABLE | IN_VISIBLE,
	[')'] = IN_PRINTABLE | IN_VISIBLE,
	['+'] = IN_PRINTABLE | IN_VISIBLE,
	[','] = IN_PRINTABLE | IN_VISIBLE,
	['-'] = IN_PRINTABLE | IN_VISIBLE,
	['.'] = IN_PRINTABLE | IN_VISIBLE,
	['/'] = IN_PRINTABLE | IN_VISIBLE,
	[':'] = IN_PRINTABLE | IN_VISIBLE,
	['='] = IN_PRINTABLE | IN_VISIBLE,
	['?'] = IN_PRINTABLE | IN_VISIBLE,
	['!'] = IN_VISIBLE,
	['"'] = IN_VISIBLE,
	['#'] = IN_VISIBLE,
	['$'] = IN_VISIBLE,
	['%'] = IN_VISIBLE,
	['&'] = IN_VISIBLE,
	['*'] = IN_VISIBLE,
	[';'] = IN_VISIBLE,
	['<'] = IN_VISIBLE,
	['>'] = IN_VISIBLE,
	['@'] = IN_VISIBLE,
	['['] = IN_VISIBLE,
	['\\'] = IN_VISIBLE,
	[']'] = IN_VISIBLE,
	['^'] = IN_VISIBLE,
	['_'] = IN_VISIBLE,
	['`'] = IN_VISIBLE,
	['{'] = IN_VISIBLE,
	['|'] = IN_VISIBLE,
	['}'] = IN_VISIBLE,
	['~'] = IN_VISIBLE,
};

static bool
all_in(struct rmt_span value, unsigned char set)
{
	unsigned char common = set;

	for (size_t i = 0; i < value.length; i++)
		common &= alphabet[value.at[i]];
	return common == set;
}

static bool
all_ascii(struct rmt_span value)
{
	unsigned char seen = 0;

	for (size_t i = 0; i < value.length; i++)
		seen |= value.at[i];
	return seen < 0x80;
}

/* The character at `p` of a BMPString (2 bytes) or UniversalString (4). */
static uint32_t
wide_character(const unsigned char *p, size_t width)
{
	uint32_t character = 0;

	for (size_t i = 0; i < width; i++)
		character = character << 8 | p[i];
	return character;
}

static bool
all_wide(struct rmt_span value, size_t width)
{
	if (value.length % width != 0)
		return false;
	for (size_t i = 0; i < value.length; i += width) {
		uint32_t character = wide_character(value.at + i, width);

		if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
			return false;
	}
	return true;
}

bool
rmt_string_valid(unsigned char tag, struct rmt_span value)
{
	switch (tag) {
	case RMT_DER_PRINTABLE:
		return all_in(value, IN_PRINTABLE);
	case RMT_DER_UTF8:
		return all_ascii(value) || rmt_utf8_valid(value);
	case RMT_DER_IA5:
		return all_ascii(value);
	case RMT_DER_NUMERIC:
		return all_in(value, IN_NUMERIC);
	case RMT_DER_VISIBLE:
		return all_in(value, IN_VISIBLE);
	case RMT_DER_BMP:
		return all_wide(value, 2);
	case RMT_DER_UNIVERSAL:
		return all_wide(value, 4);
	default: /* T61String: any byte may be something, and nobody says what */
		return true;
	}
}

bool
rmt_string_is_text(unsigned char tag, struct rmt_span value)
{
	if (tag == RMT_DER_BMP)
		return value.length % 2 == 0;
	if (tag == RMT_DER_UNIVERSAL)
		return value.length % 4 == 0;
	return rmt_der_string_tag(tag);
}

/* ---- reading a string as UTF-8, byte by byte ---- */

void
rmt_string_open(struct rmt_string_cursor *cursor, unsigned char tag, struct rmt_span value)
{
	cursor->at = value.at;
	cursor->end = value.at + value.length;
	cursor->width = 0;
	cursor->pending = 0;
	if (tag == RMT_DER_T61)
		cursor->width = 1;
	else if (tag == RMT_DER_BMP && value.length % 2 == 0)
		cursor->width = 2;
	else if (tag == RMT_DER_UNIVERSAL && value.length % 4 == 0)
		cursor->width = 4;
}

/* Queue the UTF-8 of a character, last byte first, and return its first byte. A lone surrogate or a
 * number beyond Unicode is encoded in the same manner, so that it stays visible as bytes that are
 * no UTF-8. */
static int
queue_character(struct rmt_string_cursor *cursor, uint32_t character)
{
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0, 0xf8, 0xfc };
	unsigned more = character < 0x80        ? 0
			: character < 0x800     ? 1
			: character < 0x10000   ? 2
			: character < 0x200000  ? 3
			: character < 0x4000000 ? 4
						: 5;

	for (cursor->pending = 0; cursor->pending < more; character >>= 6)
		cursor->queue[cursor->pending++] = (unsigned char)(0x80 | (character & 0x3f));
	return (int)((character & 0x7f) | lead[more]);
}

int
rmt_string_next(struct rmt_string_cursor *cursor)
{
	uint32_t character, low;

	if (cursor->pending > 0)
		return cursor->queue[--cursor->pending];
	if (cursor->at == cursor->end)
		return -1;
	if (cursor->width == 0)
		return *cursor->at++;
	character = wide_character(cursor->at, cursor->width);
	cursor->at += cursor->width;
	if (cursor->width == 2 && character >= 0xd800 && character < 0xdc00 &&
	    cursor->at < cursor->end) {
		low = wide_character(cursor->at, 2);
		if (low >= 0xdc00 && low < 0xe000) {
			character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
			cursor->at += 2;
		}
	}
	return queue_character(cursor, character & 0x7fffffff);
}

void
rmt_string_utf8(unsigned char tag, struct rmt_span value, struct rmt_buf *out)
{
	struct rmt_string_cursor cursor;
	int byte;

	rmt_string_open(&cursor, tag, value);
	if (cursor.width == 0) {
		rmt_buf_span(out, value);
		return;
	}
	while ((byte = rmt_string_next(&cursor)) >= 0)
		rmt_buf_byte(out, (unsigned char)byte);
}

/* ---- written form ---- */

/* Length of the UTF-8 character at the start of `text`, 0 when there is none. */
static size_t
character_length(struct rmt_span text)
{
	for (size_t length = 1; length <= 4 && length <= text.length; length++)
		if (rmt_utf8_valid(rmt_span_of(text.at, length)))
			return length;
	return 0;
}

void
rmt_text_escape(struct rmt_span text, const char *specials, struct rmt_buf *out)
{
	bool valid = rmt_utf8_valid(text);

	for (size_t i = 0, step; i < text.length; i += step) {
		unsigned char byte = text.at[i];

		step = 1;
		if (byte < 0x20 || byte == 0x7f) {
			rmt_buf_format(out, "\\%02X", byte);
		} else if (byte < 0x80) {
			if (byte == '\\' || strchr(specials, byte) != NULL)
				rmt_buf_byte(out, '\\');
			rmt_buf_byte(out, byte);
		} else if (valid) {
			rmt_buf_byte(out, byte);
		} else {
			step = character_length(rmt_span_of(text.at + i, text.length - i));
			if (step > 0) {
				rmt_buf_append(out, text.at + i, step);
			} else {
				rmt_buf_format(out, "\\%02X", byte);
				step = 1;
			}
		}
	}
}
