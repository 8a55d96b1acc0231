/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/html.c - the parts of a self-contained page: text made safe for the place where it stands, head and foot with the
 * page's own rules for the browser, a bar. What a page says is decided by who writes it.
 *
 * Nothing that comes from outside stands anywhere but in element content or in a quoted attribute: there is no script, no
 * address, no style and no comment with foreign text in it. The policy in the head says the same to the browser, with the
 * hash of the one style sheet, so that even a hole in the escapes would fetch and run nothing.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

static const char *
entity(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* What a terminal must not see a page must not either: an override of the direction of text would show a name that it is not. */
static void
put_text(const char *text, struct rmt_buf *out)
{
	struct rmt_buf safe = { 0 };

	rmt_safe_text(rmt_span_text(text), &safe);
	for (size_t i = 0; i < safe.length; i++) {
		const char *stands = entity(safe.bytes[i]);

		if (stands)
			rmt_buf_text(out, stands);
		else
			rmt_buf_byte(out, safe.bytes[i]);
	}
	out->failed |= safe.failed;
	rmt_buf_free(&safe);
}

/* Letters that are read from the right move what stands beside them, unless they are kept to themselves. */
static void
put_isolated(const char *text, struct rmt_buf *out)
{
	rmt_buf_text(out, "<bdi>");
	put_text(text, out);
	rmt_buf_text(out, "</bdi>");
}

/* Two texts that differ have two names, and none of them ends the attribute. */
static void
put_id(const char *text, struct rmt_buf *out)
{
	rmt_buf_text(out, "x");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			rmt_buf_byte(out, c);
		else
			rmt_buf_format(out, "-%02x", c);
	}
}

void
rmt_html_put(enum rmt_html_context context, const char *text, struct rmt_buf *out)
{
	static void (*const puts[])(const char *text, struct rmt_buf *out) = {
		[RMT_HTML_TEXT] = put_isolated,
		[RMT_HTML_ATTRIBUTE] = put_text,
		[RMT_HTML_ID] = put_id,
	};

	puts[context](text ? text : "", out);
}

int
rmt_html_begin(const char *title, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_sha256(rmt_span_text(rmt_html_style), hash, err))
		return -1;
	rmt_buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
	rmt_base64_encode(rmt_span_of(hash, sizeof(hash)), 0, "", out);
	rmt_buf_text(out, "'; base-uri 'none'; form-action 'none'\">\n"
	                  "<meta name=\"referrer\" content=\"no-referrer\">\n"
	                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	                  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	put_text(title, out);
	rmt_buf_format(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", rmt_html_style);
	return rmt_buf_check(out, err);
}

int
rmt_html_end(struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_text(out, "</body>\n</html>\n");
	return rmt_buf_check(out, err);
}

/* Widths are in thousandths, so that they add up however they are rounded: each part ends where the next begins. */
void
rmt_html_bar(const struct rmt_html_part *parts, size_t count, struct rmt_buf *out)
{
	uint64_t total = 0, before = 0;

	for (size_t i = 0; i < count; i++)
		total += parts[i].amount;
	rmt_buf_text(out, "<svg class=\"bar\" viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
	for (size_t i = 0; i < count; i++)
		if (parts[i].amount)
			rmt_buf_format(out, "%s%llu %s", before++ ? ", " : "", (unsigned long long)parts[i].amount, parts[i].name);
	rmt_buf_text(out, "\"><rect class=\"rest\" width=\"1000\" height=\"20\"/>");
	before = 0;
	for (size_t i = 0; i < count && total; i++) {
		uint64_t from = before * 1000 / total, to = (before + parts[i].amount) * 1000 / total;

		before += parts[i].amount;
		if (parts[i].amount)
			rmt_buf_format(out, "<rect class=\"%s\" x=\"%llu\" width=\"%llu\" height=\"20\"><title>%llu %s</title></rect>",
			               parts[i].name, (unsigned long long)from, (unsigned long long)(to - from),
			               (unsigned long long)parts[i].amount, parts[i].name);
	}
	rmt_buf_text(out, "</svg>\n");
}
