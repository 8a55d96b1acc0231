/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/report.c - how decisions and quoted values are worded: one line each, safe for a terminal.
 *
 * Nothing is decided here. When nobody listens nothing is formatted.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "issue/local.h"

const char *
rmt_decision_name(enum rmt_decision decision)
{
	static const char *const names[] = {
		[RMT_DECISION_TAKEN] = "taken",
		[RMT_DECISION_DROPPED] = "dropped",
		[RMT_DECISION_CHANGED] = "changed",
		[RMT_DECISION_ADDED] = "added",
	};

	return names[decision];
}

/* A text cut in the middle of a character would no longer be UTF-8: drop the beginning of the lost one. */
static void
trim_utf8(char *text)
{
	size_t length = strlen(text);
	size_t start = length;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
		start--;
	if (!rmt_utf8_valid(rmt_span_of(text + start, length - start)))
		text[start] = '\0';
}

void
rmt_draft_report(const struct rmt_draft *draft, enum rmt_decision decision, const char *field,
                 const char *format, ...)
{
	char text[768];
	va_list args;
	int length;

	if (!draft->report)
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length >= (int)sizeof(text))
		trim_utf8(text);
	draft->report(draft->report_arg, decision, field, text);
}

const char *
rmt_shown(struct rmt_span text, char out[RMT_SHOWN])
{
	enum { ROOM = RMT_SHOWN - 4 };
	struct rmt_buf safe = { 0 };
	size_t length;

	if (text.length > 4 * RMT_SHOWN)
		text.length = 4 * RMT_SHOWN;
	rmt_plain_text(text, &safe);
	length = safe.length < ROOM ? safe.length : ROOM;
	if (length)
		memcpy(out, safe.bytes, length);
	out[length] = '\0';
	if (safe.length > ROOM) {
		trim_utf8(out);
		memcpy(out + strlen(out), "...", 4);
	}
	rmt_buf_free(&safe);
	return out;
}

const char *
rmt_shown_string(unsigned char tag, struct rmt_span value, char out[RMT_SHOWN])
{
	struct rmt_buf text = { 0 };

	rmt_string_utf8(tag, value, &text);
	rmt_shown(rmt_buf_view(&text), out);
	rmt_buf_free(&text);
	return out;
}

const char *
rmt_shown_general(const struct rmt_general_name *name, char out[RMT_SHOWN])
{
	struct rmt_buf text = { 0 };

	rmt_general_text(name, &text);
	rmt_shown(rmt_buf_view(&text), out);
	rmt_buf_free(&text);
	return out;
}

/* U+202A..202E and U+2066..2069 reorder what follows them. */
static bool
is_bidi(const unsigned char *at)
{
	return at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
	                         (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

bool
rmt_text_hides(struct rmt_span text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = text.at[i];

		if (byte < 0x20 || byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < text.length && text.at[i + 1] < 0xa0)
			return true;
		if (byte == 0xe2 && i + 2 < text.length && is_bidi(text.at + i))
			return true;
	}
	return !rmt_utf8_valid(text);
}
