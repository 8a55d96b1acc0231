/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/json.c - JSON straight into the output stream, without a tree: valid UTF-8 whatever the
 * strings hold.
 *
 * RFC 8259: control characters are escaped, bytes that are no UTF-8 become U+FFFD. Characters that
 * a terminal would act on (C1 controls, bidi controls) are escaped too, so that a document may be
 * looked at. A pile of certificates comes by here at several hundred MB/s, so plain runs are found
 * by a table and copied whole.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Bytes that stand for themselves: printable ASCII but the quote and the backslash, and not DEL. */
static const unsigned char plain[256] = {
	[' '] = 1,
	['!'] = 1,
#define RANGE4(c) [c] = 1, [(c) + 1] = 1, [(c) + 2] = 1, [(c) + 3] = 1
#define RANGE16(c) RANGE4(c), RANGE4((c) + 4), RANGE4((c) + 8), RANGE4((c) + 12)
	['#'] = 1,
	RANGE4('$'),
	RANGE4('('),
	RANGE4(','),
	RANGE16('0'),
	RANGE16('@'),
	RANGE4('P'),
	RANGE4('T'),
	RANGE4('X'),
	[']'] = 1,
	['^'] = 1,
	['_'] = 1,
	RANGE16('`'),
	RANGE4('p'),
	RANGE4('t'),
	RANGE4('x'),
	['|'] = 1,
	['}'] = 1,
	['~'] = 1,
};

/* The length of the UTF-8 character at `at` (RFC 3629), its value in `character`; 0 when there is
 * none. NUL ends the text, so that no byte behind it is looked at. */
static size_t
decode(const unsigned char *at, unsigned *character)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	unsigned value = at[0] & (0x7fU >> length);

	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

static bool
acts_on_terminals(unsigned c)
{
	return (c >= 0x80 && c <= 0x9f) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static void
escape(struct out *out, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15],
		digits[unit >> 4 & 15], digits[unit & 15] };

	out_bytes(out, text, sizeof text);
}

/* One character that needs thought; the number of bytes it took. */
static size_t
write_special(struct out *out, const unsigned char *at)
{
	unsigned character = 0;
	size_t length;

	switch (*at) {
	case '"':
		out_bytes(out, "\\\"", 2);
		return 1;
	case '\\':
		out_bytes(out, "\\\\", 2);
		return 1;
	case '\n':
		out_bytes(out, "\\n", 2);
		return 1;
	default:
		break;
	}
	if (*at < 0x80) {
		escape(out, *at);
		return 1;
	}
	length = decode(at, &character);
	if (length == 0)
		escape(out, 0xfffd);
	else if (acts_on_terminals(character))
		escape(out, character);
	else
		out_bytes(out, at, length);
	return length > 0 ? length : 1;
}

static void
write_string(struct out *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	out_bytes(out, "\"", 1);
	while (*at) {
		const unsigned char *end = at;

		while (plain[*end])
			end++;
		out_bytes(out, at, (size_t)(end - at));
		at = end;
		if (*at)
			at += write_special(out, at);
	}
	out_bytes(out, "\"", 1);
}

/* The comma that is due and the key. Keys are ours: plain ASCII. */
static void
begin(struct json *json, const char *key)
{
	size_t length = key ? strlen(key) : 0;
	char *to = out_room(json->out, length + 4), *at = to;

	if (!to)
		return;
	if (json->some)
		*at++ = ',';
	json->some = true;
	if (key) {
		*at++ = '"';
		memcpy(at, key, length);
		at += length;
		*at++ = '"';
		*at++ = ':';
	}
	json->out->used += (size_t)(at - to);
}

void
json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	out_bytes(json->out, &bracket, 1);
	json->some = false;
}

void
json_close(struct json *json, char bracket)
{
	out_bytes(json->out, &bracket, 1);
	json->some = true;
}

void
json_text(struct json *json, const char *key, const char *text)
{
	if (!text)
		return;
	begin(json, key);
	write_string(json->out, text);
}

void
json_bytes(struct json *json, const char *key, const char *bytes, size_t length)
{
	char *text = bytes ? strndup(bytes, length) : NULL;

	if (bytes && !text)
		json->out->failed = ENOMEM;
	json_text(json, key, text);
	free(text);
}

void
json_number(struct json *json, const char *key, int64_t number)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	begin(json, key);
	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		*--at = '-';
	out_bytes(json->out, at, (size_t)(digits + sizeof digits - at));
}

void
json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	out_text(json->out, value ? "true" : "false");
}

void
json_time(struct json *json, const char *key, int64_t time)
{
	char text[32];

	if (!time)
		return;
	remint_time_text(time, text);
	json_text(json, key, text);
}

void
json_strings(struct json *json, const char *key, struct remint_strings strings)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < strings.count; i++)
		json_text(json, NULL, strings.items[i]);
	json_close(json, ']');
}

void
json_words(struct json *json, const char *key, const char *words)
{
	char word[128];

	json_open(json, key, '[');
	while (words && *words) {
		size_t length = strcspn(words, ",");

		if (length > 0 && length < sizeof word) {
			memcpy(word, words, length);
			word[length] = 0;
			json_text(json, NULL, word);
		}
		words += length;
		words += strspn(words, ", ");
	}
	json_close(json, ']');
}
