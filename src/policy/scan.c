/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/scan.c - a look at the raw text of a policy file before libconfig sees it.
 *
 * libconfig 1.5 lets some mistakes pass without a word: 4294967296 becomes 0, 0640 is read as
 * decimal, text behind a NUL is not read at all and "\x00" in a string is dropped. It also opens
 * other files by @include, relative to wherever the program was started. All of these are refused
 * here, where the line is still known; syntax stays libconfig's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "policy/local.h"

enum { NESTING_MAX = 32, DIGITS_MAX = 9 };

struct scan {
	const unsigned char *at, *end;
	unsigned line;
	unsigned depth;
	unsigned char open[NESTING_MAX]; /* the brackets around this place */
	unsigned char before;            /* what the token before began with; 0 at the start */
	struct rmt_err *err;
};

static int
fail(struct scan *scan, const char *why)
{
	char place[32];

	snprintf(place, sizeof(place), "line %u", scan->line);
	return rmt_err_set(scan->err, RMT_INPUT, place, "%s", why);
}

static bool
ahead(const struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(scan->end - scan->at) >= length && memcmp(scan->at, text, length) == 0;
}

static void
step(struct scan *scan)
{
	if (*scan->at++ == '\n')
		scan->line++;
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool
is_name(unsigned char c)
{
	return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

static int
skip_comment(struct scan *scan)
{
	if (!ahead(scan, "/*")) {
		while (scan->at < scan->end && *scan->at != '\n')
			scan->at++;
		return 0;
	}
	scan->at += 2;
	while (scan->at < scan->end && !ahead(scan, "*/"))
		step(scan);
	if (scan->at == scan->end)
		return fail(scan, "a comment is opened with /* and never closed");
	scan->at += 2;
	return 0;
}

/* Behind = or :, behind another text, or as an item of a list. Elsewhere libconfig would not give
 * back the text's memory with its syntax error. */
static bool
text_may_stand(const struct scan *scan)
{
	bool in_list = scan->depth > 0 && scan->open[scan->depth - 1] != '{';

	return scan->before != '\0' && strchr(in_list ? "=:\",[(" : "=:\"", scan->before) != NULL;
}

static int
skip_string(struct scan *scan)
{
	unsigned opened = scan->line;

	if (!text_may_stand(scan))
		return fail(scan,
		    "a text stands where none can: is =, a comma or a bracket missing before it?");
	for (step(scan); scan->at < scan->end && *scan->at != '"'; step(scan)) {
		if (ahead(scan, "\\x00"))
			return fail(scan, "text cannot hold \\x00");
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			step(scan);
	}
	if (scan->at == scan->end) {
		scan->line = opened;
		return fail(scan, "a quote is opened and never closed");
	}
	scan->at++;
	return 0;
}

static int
skip_number(struct scan *scan)
{
	const unsigned char *start = scan->at;
	size_t digits;

	while (scan->at < scan->end && is_digit(*scan->at))
		scan->at++;
	digits = (size_t)(scan->at - start);
	if (digits == 1 && *start == '0' && scan->at < scan->end && (*scan->at | 0x20) == 'x')
		return fail(scan, "hexadecimal numbers are not understood here");
	if (digits > 1 && *start == '0')
		return fail(scan, "a number with a leading zero is read as decimal: put it in "
				  "quotes, as \"0640\"");
	if (digits > DIGITS_MAX)
		return fail(scan, "this number is too large");
	while (scan->at < scan->end && (is_name(*scan->at) || *scan->at == '.'))
		scan->at++;
	return 0;
}

static int
bracket(struct scan *scan)
{
	if (strchr("{[(", *scan->at) != NULL) {
		if (scan->depth == NESTING_MAX)
			return fail(scan, "brackets are nested too deeply");
		scan->open[scan->depth++] = *scan->at;
	} else if (scan->depth > 0) {
		scan->depth--;
	}
	scan->at++;
	return 0;
}

static int
token(struct scan *scan, unsigned char c)
{
	if (c == '"')
		return skip_string(scan);
	if (c == '@')
		return fail(scan,
		    "@include is not understood in a policy file: a parent is named with extends");
	if (is_digit(c))
		return skip_number(scan);
	if (is_letter(c)) {
		while (scan->at < scan->end && is_name(*scan->at))
			scan->at++;
		return 0;
	}
	if (c != '\0' && strchr("{}[]()", c) != NULL)
		return bracket(scan);
	step(scan);
	return 0;
}

/* Line by line, so that the one at fault can be named. */
static int
check_text(struct rmt_span text, const struct scan *from)
{
	struct scan scan = *from;

	for (; text.length > 0; scan.line++) {
		const unsigned char *end = memchr(text.at, '\n', text.length);
		struct rmt_span line =
		    rmt_span_of(text.at, end != NULL ? (size_t)(end - text.at) + 1 : text.length);

		if (memchr(line.at, '\0', line.length) != NULL)
			return fail(&scan, "the file holds NUL bytes: it is not text in UTF-8");
		if (!rmt_utf8_valid(line))
			return fail(&scan, "the file is not text in UTF-8");
		text = rmt_span_of(text.at + line.length, text.length - line.length);
	}
	return 0;
}

int
rmt_policy_scan(struct rmt_span text, struct rmt_err *err)
{
	struct scan scan = { .at = text.at, .line = 1, .err = err };

	if (text.length == 0)
		return 0;
	scan.end = text.at + text.length;
	if (text.length >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
		return fail(
		    &scan, "the file begins with a byte order mark: save it as UTF-8 without one");
	if (check_text(text, &scan) != 0)
		return -1;
	while (scan.at < scan.end) {
		unsigned char c = *scan.at;

		if (c == '#' || ahead(&scan, "//") || ahead(&scan, "/*")) {
			if (skip_comment(&scan) != 0)
				return -1;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
			step(&scan);
		} else {
			if (token(&scan, c) != 0)
				return -1;
			scan.before = c;
		}
	}
	return 0;
}
