/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/text.c - text as it may be shown: UTF-8 and the one sanitiser for terminals; copies of
 * strings. Quoting for JSON, CSV and HTML is done where those are written.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* The character at `text` and its length in bytes, or 0 when no valid one stands there (RFC 3629:
 * no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t
rmt_utf8_character(struct rmt_span text, uint32_t *character)
{
	/* Smallest character that needs so many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead;
	uint32_t value;
	size_t length;

	if (text.length == 0)
		return 0;
	lead = text.at[0];
	if (lead < 0x80) {
		*character = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (length > text.length)
		return 0;
	value = lead & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text.at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text.at[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

bool
rmt_utf8_valid(struct rmt_span text)
{
	uint32_t character;

	while (text.length > 0) {
		size_t length = rmt_utf8_character(text, &character);

		if (length == 0)
			return false;
		text.at += length;
		text.length -= length;
	}
	return true;
}

/* Characters that a terminal acts on, or that change or hide what stands around them (Unicode:
 * controls, the bidi controls of UAX #9, default ignorable code points, line separators,
 * noncharacters, and blanks that look like nothing). In ascending order: searched by halving. */
static const struct range {
	uint32_t first, last;
} unseen[] = {
	{ 0x0080, 0x009f }, /* C1 controls */
	{ 0x00ad, 0x00ad }, /* soft hyphen */
	{ 0x034f, 0x034f }, /* combining grapheme joiner */
	{ 0x061c, 0x061c }, /* Arabic letter mark */
	{ 0x115f, 0x1160 }, /* Hangul fillers */
	{ 0x17b4, 0x17b5 }, /* Khmer inherent vowels */
	{ 0x180b, 0x180f }, /* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f }, /* zero-width space, joiners, LRM, RLM */
	{ 0x2028, 0x202e }, /* line and paragraph separators, bidi embeddings and overrides */
	{ 0x2060,
	    0x206f }, /* word joiner, invisible operators, bidi isolates, deprecated controls */
	{ 0x2800, 0x2800 },   /* blank Braille pattern */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfdd0, 0xfdef },   /* noncharacters */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },   /* unassigned ignorables, interlinear annotation */
	{ 0xfffe, 0xffff },   /* noncharacters */
	{ 0x13430, 0x1345f }, /* Egyptian hieroglyph format controls */
	{ 0x1bca0, 0x1bca3 }, /* shorthand format controls */
	{ 0x1d173, 0x1d17a }, /* musical format controls */
	{ 0xe0000, 0xe0fff }, /* tags, further variation selectors */
};

bool
rmt_text_unseen(uint32_t character)
{
	size_t low = 0, high = sizeof unseen / sizeof unseen[0];

	if ((character & 0xfffe) == 0xfffe)
		return true; /* the last two of every plane are noncharacters */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (character > unseen[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sizeof unseen / sizeof unseen[0] && character >= unseen[low].first;
}

static bool
is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

/* The first character of `text` will be written as an escape, or it and the next look like one. */
static bool
meets_escape(struct rmt_span text)
{
	uint32_t character = 0;
	size_t length = rmt_utf8_character(text, &character);

	if (text.length == 0)
		return false;
	if (length <= 1)
		return !is_plain(text.at[0]) || text.at[0] == 'x' ||
		       (text.at[0] == 'u' && text.length > 1 && text.at[1] == '{');
	return rmt_text_unseen(character);
}

/* A run of backslashes stays as it is, unless what follows would make an escape of its last one: then every one is
 * doubled. So an even number before an x or u{ is text and an odd number ends in an escape of ours, while the
 * backslashes of RFC 4514 names are left readable. */
static size_t
put_backslashes(struct rmt_span text, struct rmt_buf *out)
{
	size_t run = 0;
	bool twice;

	while (run < text.length && text.at[run] == '\\')
		run++;
	twice = meets_escape(rmt_span_of(text.at + run, text.length - run));
	for (size_t i = 0; i < run; i++)
		rmt_buf_text(out, twice ? "\\\\" : "\\");
	return run;
}

void
rmt_safe_text(struct rmt_span text, struct rmt_buf *out)
{
	uint32_t character = 0;
	size_t run, length;

	while (text.length > 0) {
		for (run = 0; run < text.length && is_plain(text.at[run]); run++)
			;
		rmt_buf_append(out, text.at, run);
		text.at += run;
		text.length -= run;
		if (text.length == 0)
			break;
		length = rmt_utf8_character(text, &character);
		if (length == 1 && character == '\\')
			length = put_backslashes(text, out);
		else if (length <= 1)
			rmt_buf_format(out, "\\x%02x", text.at[0]);
		else if (rmt_text_unseen(character))
			rmt_buf_format(out, "\\u{%x}", character);
		else
			rmt_buf_append(out, text.at, length);
		length = length > 0 ? length : 1;
		text.at += length;
		text.length -= length;
	}
}

void
rmt_plain_text(struct rmt_span text, struct rmt_buf *out)
{
	if (rmt_utf8_valid(text) && (text.length == 0 || memchr(text.at, 0, text.length) == NULL))
		rmt_buf_span(out, text);
	else
		rmt_safe_text(text, out);
}

char *
rmt_strndup(const char *text, size_t length, struct rmt_err *err)
{
	char *copy = strndup(text, length);

	if (copy == NULL)
		rmt_err_memory(err);
	return copy;
}

char *
rmt_strdup(const char *text, struct rmt_err *err)
{
	char *copy = strdup(text);

	if (copy == NULL)
		rmt_err_memory(err);
	return copy;
}
