/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/repair.c - a base64 body as it comes out of an e-mail, a program's source, JSON, a web form
 * or an editor: what was put into it is taken out again.
 *
 * Only for a body that cannot be decoded as it stands. Whether what remains is right is for the
 * decoder to find out.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

/* What was undone, in the order of the phrases. */
enum damage { MAIL, QUOTES, ESCAPES, FORM, MARKUP, INVISIBLE, DAMAGES };
static const char *const phrases[DAMAGES] = {
	[MAIL] = "quoted-printable as in an e-mail",
	[QUOTES] = "marks of a quotation or of a program's text around its lines",
	[ESCAPES] = "escapes as in JSON or in a program's text",
	[FORM] = "percent encoding as in a web form",
	[MARKUP] = "HTML in it",
	[INVISIBLE] = "invisible characters in it",
};

struct repair {
	const unsigned char *at, *end; /* of the line being read */
	bool last;                     /* nothing but white space comes behind this line */
	bool done[DAMAGES];
	struct rmt_buf *out;
};

static int
hex_of(unsigned char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* A character that was written another way: kept when base64 has it, dropped when it is white
 * space. */
static bool
put(struct repair *repair, unsigned long c)
{
	if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0)
		return true;
	if (c > '~' || !memchr("+/=", (int)c, 3))
		return false;
	rmt_buf_byte(repair->out, (unsigned char)c);
	return true;
}

/* "=3D" of quoted-printable, "%2B" of a form: 3 bytes taken, 0 none. */
static size_t
hex_escape(struct repair *repair, enum damage kind)
{
	const unsigned char *at = repair->at;
	int high, low;

	if (repair->end - at < 3 || (high = hex_of(at[1])) < 0 || (low = hex_of(at[2])) < 0 ||
	    !put(repair, (unsigned long)(high << 4 | low)))
		return 0;
	repair->done[kind] = true;
	return 3;
}

static size_t
backslash(struct repair *repair)
{
	const unsigned char *at = repair->at;
	unsigned long c = 0;
	size_t taken = repair->end - at < 2 ? 1 : 2;
	int digit;

	if (taken == 2 && at[1] == 'u' && repair->end - at >= 6) {
		for (taken = 2; taken < 6 && (digit = hex_of(at[taken])) >= 0; taken++)
			c = c << 4 | (unsigned)digit;
		if (taken < 6 || !put(repair, c))
			return 0;
	} else if (taken == 2 && !memchr("nrt/\\\"'", at[1], 7)) {
		return 0;
	} else if (taken == 2 && at[1] == '/') {
		rmt_buf_byte(repair->out, '/');
	}
	repair->done[ESCAPES] = true;
	return taken;
}

/* "&#43;" and "&#x2B;": the character; "&nbsp;" and any other name: nothing. */
static size_t
entity(struct repair *repair)
{
	const unsigned char *at = repair->at, *close;
	size_t most = (size_t)(repair->end - at) < 10 ? (size_t)(repair->end - at) : 10;
	unsigned long c = 0;
	bool hex;
	int digit;

	if (!(close = memchr(at, ';', most)))
		return 0;
	if (close - at > 2 && at[1] == '#') {
		hex = at[2] == 'x' || at[2] == 'X';
		for (const unsigned char *d = at + 2 + hex; d < close; d++) {
			if ((digit = hex_of(*d)) < 0 || (!hex && digit > 9))
				return 0;
			c = c * (hex ? 16 : 10) + (unsigned)digit;
		}
		if (!put(repair, c))
			return 0;
	}
	repair->done[MARKUP] = true;
	return (size_t)(close - at) + 1;
}

static size_t
tag(struct repair *repair)
{
	const unsigned char *close = memchr(repair->at, '>', (size_t)(repair->end - repair->at));

	if (!close)
		return 0;
	repair->done[MARKUP] = true;
	return (size_t)(close - repair->at) + 1;
}

/* No-break and zero-width blanks, byte order marks, soft hyphens, control characters: how many
 * bytes there are at `at`. */
static size_t
invisible(const unsigned char *at, const unsigned char *end)
{
	static const char *const others[] = { "\302\240", "\302\255", "\342\200\213",
		"\342\200\214", "\342\200\215", "\342\200\216", "\342\200\217", "\342\200\250",
		"\342\200\251", "\342\200\257", "\342\201\240", "\357\273\277" };

	if (*at < ' ' || *at == 0x7f || *at == 0xa0)
		return 1;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		size_t length = strlen(others[i]);

		if ((size_t)(end - at) >= length && !memcmp(at, others[i], length))
			return length;
	}
	return 0;
}

/* One character at repair->at, or one of the other ways to write it: bytes taken, 0 when it is
 * none. */
static size_t
take(struct repair *repair)
{
	unsigned char c = *repair->at;
	size_t taken;

	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '+' || c == '/') {
		rmt_buf_byte(repair->out, c);
		return 1;
	}
	if (c == ' ' || c == '\t')
		return 1;
	if (c == '=' && repair->at + 1 == repair->end && !repair->last) { /* a soft line break */
		repair->done[MAIL] = true;
		return 1;
	}
	if (c == '=' && (taken = hex_escape(repair, MAIL)))
		return taken;
	if (c == '=') {
		rmt_buf_byte(repair->out, c);
		return 1;
	}
	if (c == '%')
		return hex_escape(repair, FORM);
	if (c == '\\')
		return backslash(repair);
	if (c == '&')
		return entity(repair);
	if (c == '<')
		return tag(repair);
	if (c == ',' || c == ';') {
		repair->done[QUOTES] = true;
		return 1;
	}
	taken = invisible(repair->at, repair->end);
	repair->done[INVISIBLE] = repair->done[INVISIBLE] || taken;
	return taken;
}

/* What stands within quotation marks, when there are two of a kind; without marks at its beginning.
 */
static void
unquote(struct repair *repair)
{
	static const char marks[] = "\"'`";
	const unsigned char *start = repair->at;

	while (start < repair->end && memchr(">|#*; \t", *start, 7))
		start++;
	repair->done[QUOTES] =
	    repair->done[QUOTES] || (start > repair->at && !memchr(" \t", start[-1], 2));
	repair->at = start;
	for (const char *mark = marks; *mark; mark++) {
		const unsigned char *open = memchr(start, *mark, (size_t)(repair->end - start));
		const unsigned char *close =
		    open ? memrchr(open + 1, *mark, (size_t)(repair->end - open - 1)) : NULL;

		if (!open)
			continue;
		repair->done[QUOTES] = true;
		if (close || open == start)
			repair->at = open + 1;
		repair->end = close ? close : open == start ? repair->end : open;
		return;
	}
}

static bool
take_line(struct repair *repair)
{
	size_t taken;

	unquote(repair);
	while (repair->at < repair->end) {
		if (!(taken = take(repair)))
			return false;
		repair->at += taken;
	}
	rmt_buf_byte(repair->out, '\n');
	return true;
}

/* Behind the last character of the text itself. */
static const unsigned char *
end_of_text(const unsigned char *at, const unsigned char *end)
{
	while (end > at &&
	       !((end[-1] >= '0' && end[-1] <= '9') || (end[-1] >= 'A' && end[-1] <= 'Z') ||
		   (end[-1] >= 'a' && end[-1] <= 'z')))
		end--;
	return end;
}

bool
rmt_armour_repair(struct rmt_span body, struct rmt_buf *out, char note[256])
{
	const unsigned char *at = body.at, *end = body.at + body.length, *close;
	const unsigned char *tail = end_of_text(at, end);
	struct repair repair = { .out = out };
	size_t length = 0;

	for (; at < end; at = close < end ? close + 1 : end) {
		close = memchr(at, '\n', (size_t)(end - at));
		close = close ? close : end;
		repair.at = at;
		repair.end = close;
		repair.last = close >= tail;
		if (!take_line(&repair))
			return false;
	}
	for (unsigned i = 0; i < DAMAGES; i++)
		if (repair.done[i] && length < 200)
			length += (size_t)snprintf(
			    note + length, 256 - length, "%s%s", length ? ", " : "", phrases[i]);
	if (length)
		snprintf(note + length, 256 - length, ": undone");
	return length && !out->failed;
}

/* ---- what cannot be repaired ---- */

bool
rmt_is_base64(struct rmt_span line)
{
	for (size_t i = 0; i < line.length; i++) {
		unsigned char c = line.at[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '+' || c == '/' || c == '='))
			return false;
	}
	return true;
}

size_t
rmt_base64_broken_line(struct rmt_span body)
{
	size_t line = 0;
	bool padded = false;

	for (size_t i = 0; i < body.length; i++) {
		unsigned char c = body.at[i];

		if (c == '\n') {
			line++;
			continue;
		}
		if (c == ' ' || c == '\t')
			continue;
		if ((padded && c != '=') || !rmt_is_base64(rmt_span_of(&c, 1)))
			return line;
		padded = padded || c == '=';
	}
	return line - (line > 0); /* it is at the end: something is missing */
}

const char *
rmt_base64_remedy(struct rmt_span body)
{
	return memmem(body.at, body.length, "...", 3)
		   ? "a part was left out where the dots are: copy it whole"
		   : "it was cut or changed on its way: take it again from where it came";
}
