/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/fold.c - names as they are compared: without regard to case.
 *
 * Letters of Latin, Greek and Cyrillic become small ones, every other byte stays, also one that is
 * not UTF-8. What is stored was folded this way: a change here is a change of the schema.
 */
#include "config.h"

#include "db/local.h"

/* Code points of two UTF-8 bytes whose small letter stands `add` further on; with `pairs` only the
 * even ones. */
static const struct {
	unsigned first, last;
	unsigned add;
	bool pairs;
} capitals[] = {
	{ 0x00c0, 0x00d6, 32, false },
	{ 0x00d8, 0x00de, 32, false },
	{ 0x0100, 0x012f, 1, true },
	{ 0x0132, 0x0137, 1, true },
	{ 0x014a, 0x0177, 1, true },
	{ 0x0391, 0x03a1, 32, false },
	{ 0x03a3, 0x03ab, 32, false },
	{ 0x0400, 0x040f, 80, false },
	{ 0x0410, 0x042f, 32, false },
	{ 0x0460, 0x0481, 1, true },
	{ 0x048a, 0x04bf, 1, true },
};

/* Latin pairs that start at an odd code point: U+0139 to U+0148 and U+0179 to U+017E. */
static bool
is_odd_capital(unsigned code)
{
	return ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e)) &&
	       code % 2 == 1;
}

static unsigned
small(unsigned code)
{
	if (is_odd_capital(code))
		return code + 1;
	for (size_t i = 0; i < sizeof capitals / sizeof capitals[0]; i++)
		if (code >= capitals[i].first && code <= capitals[i].last)
			return capitals[i].pairs && code % 2 == 1 ? code : code + capitals[i].add;
	return code;
}

void
rmt_db_fold(struct rmt_span text, struct rmt_buf *out)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = text.at[i];

		if (byte >= 'A' && byte <= 'Z') {
			rmt_buf_byte(out, byte + 32);
		} else if (byte >= 0xc3 && byte <= 0xd2 && i + 1 < text.length &&
			   (text.at[i + 1] & 0xc0) == 0x80) {
			unsigned code = small((byte & 0x1fu) << 6 | (text.at[++i] & 0x3fu));

			rmt_buf_byte(out, (unsigned char)(0xc0 | code >> 6));
			rmt_buf_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
		} else {
			rmt_buf_byte(out, byte);
		}
	}
}

bool
rmt_db_after_prefix(struct rmt_buf *prefix)
{
	while (prefix->length > 0 && prefix->bytes[prefix->length - 1] == 0xff)
		prefix->length--;
	if (prefix->length == 0)
		return false;
	prefix->bytes[prefix->length - 1]++;
	return true;
}
