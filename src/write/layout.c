/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/layout.c - what is no PEM about a text file: the lines between its blocks, its last line end, its charset.
 *
 * A comment is taken from a certificate, which may come from anybody: no name in it can end the line or begin a block.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

enum { USUAL_WIDTH = 64, COMMENT_MAX = 200 }; /* some readers of PEM take lines of 255 bytes in pieces */

static const struct charset {
	const char *name, *mark;
	bool beyond_ascii, wide;
} charsets[] = {
	{ "ascii", "", false, false },
	{ "utf-8", "", true, false },
	{ "utf-8-bom", "\xef\xbb\xbf", true, false },
	{ "utf-16le", "\xff\xfe", true, true },
};

static const struct charset *
charset_of(const struct rmt_write_options *options)
{
	for (size_t i = 0; options->charset && i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (!strcmp(charsets[i].name, options->charset))
			return &charsets[i];
	return &charsets[0];
}

int
rmt_layout_check(const struct rmt_format *format, const struct rmt_write_options *options, struct rmt_err *err)
{
	bool sequence = !format->binary && format->holds_many && format->ordered;

	if (options->charset && strcmp(charset_of(options)->name, options->charset))
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%.40s\" is no charset; ascii, utf-8, utf-8-bom and utf-16le are", options->charset);
	if (format->binary && (options->charset || options->no_final_newline || options->crlf))
		return rmt_err_set(err, RMT_USAGE, NULL, format->says ? "an %s has the charset and line ends that certreq reads"
		                                                      : "%s is no text: it has neither charset nor line ends", format->name);
	if (format->binary && options->width && options->width != USUAL_WIDTH)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s has no lines whose width could be chosen", format->name);
	if (!sequence && options->separator && strcmp(options->separator, "none"))
		return rmt_err_set(err, RMT_USAGE, NULL, "%s has no blocks that anything could stand between", format->name);
	if (!sequence && options->root_first)
		return rmt_err_set(err, RMT_USAGE, NULL, "the order in %s is not ours to choose", format->name);
	return 0;
}

/* ---- comments ---- */

/* Hyphens never stand side by side, so that nobody takes one for a boundary; RFC 7468, 2, lets any other text stand around. */
static void
put_safe(struct rmt_span text, bool beyond_ascii, struct rmt_buf *out)
{
	size_t start = out->length, length;
	uint32_t c;

	for (; (length = rmt_utf8_character(text, &c)); text.at += length, text.length -= length) {
		if (out->length - start > COMMENT_MAX) {
			rmt_buf_text(out, "...");
			return;
		}
		if (c == '-' && out->bytes[out->length - 1] == '-')
			rmt_buf_text(out, "\\x2d");
		else if (c > 0x7e && !beyond_ascii)
			rmt_buf_format(out, "\\u{%X}", (unsigned)c);
		else
			rmt_buf_append(out, text.at, length);
	}
}

static void
put_line(const char *what, const struct rmt_buf *text, const struct rmt_write_options *options, struct rmt_buf *out)
{
	struct rmt_buf safe = { 0 };

	rmt_safe_text(rmt_buf_view(text), &safe);
	rmt_buf_format(out, "# %s: ", what);
	put_safe(rmt_buf_view(&safe), charset_of(options)->beyond_ascii, out);
	rmt_buf_text(out, options->crlf ? "\r\n" : "\n");
	rmt_buf_free(&safe);
}

static void
put_name(const char *what, struct rmt_span name, const struct rmt_write_options *options, struct rmt_buf *out)
{
	struct rmt_buf text = { 0 };

	rmt_name_text(name, &text);
	put_line(what, &text, options, out);
	rmt_buf_free(&text);
}

static void
describe_cert(const struct rmt_cert *cert, const struct rmt_write_options *options, struct rmt_buf *out)
{
	char from[32], until[32];
	struct rmt_buf text = { 0 };

	put_name("subject", cert->subject, options, out);
	put_name("issuer", cert->issuer, options, out);
	rmt_serial_hex(cert->serial, &text);
	put_line("serial", &text, options, out);
	rmt_buf_clear(&text);
	rmt_time_text(cert->not_before, from);
	rmt_time_text(cert->not_after, until);
	rmt_buf_format(&text, "%s to %s", from, until);
	put_line("valid", &text, options, out);
	rmt_buf_free(&text);
}

static void
describe(const struct rmt_part *part, const struct rmt_write_options *options, struct rmt_buf *out)
{
	const struct rmt_object *object = part->object;
	struct rmt_buf text = { 0 };
	struct rmt_spki spki;

	if (part->cert) {
		describe_cert(part->cert, options, out);
	} else if (object && object->request) {
		put_name("request of", object->request->subject, options, out);
	} else if (object && object->crl) {
		put_name("CRL of", object->crl->issuer, options, out);
	} else {
		if (!rmt_spki_read(part->key ? rmt_key_spki(part->key) : object->spki, &spki, NULL))
			rmt_spki_text(&spki, &text);
		put_line(part->key ? "private key" : "public key", &text, options, out);
	}
	rmt_buf_free(&text);
}

void
rmt_layout_separate(const struct rmt_part *part, size_t n, const struct rmt_write_options *options, struct rmt_buf *out)
{
	if (!options->separator)
		return;
	if (!strcmp(options->separator, "comment"))
		describe(part, options, out);
	else if (!strcmp(options->separator, "blank") && n)
		rmt_buf_text(out, options->crlf ? "\r\n" : "\n");
}

/* ---- the finished text ---- */

static void
put_utf16(struct rmt_buf *out, uint32_t unit)
{
	rmt_buf_byte(out, (unsigned char)unit);
	rmt_buf_byte(out, (unsigned char)(unit >> 8));
}

static void
widen(struct rmt_span text, struct rmt_buf *out)
{
	size_t length;
	uint32_t c;

	for (; (length = rmt_utf8_character(text, &c)); text.at += length, text.length -= length) {
		if (c >= 0x10000) {
			put_utf16(out, 0xd800 + ((c - 0x10000) >> 10));
			put_utf16(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
		} else {
			put_utf16(out, c);
		}
	}
}

int
rmt_layout_finish(const struct rmt_write_options *options, struct rmt_buf *text, struct rmt_err *err)
{
	const struct charset *charset = charset_of(options);
	struct rmt_buf encoded = { 0 };

	while (options->no_final_newline && text->length && strchr("\r\n", text->bytes[text->length - 1]))
		text->length--;
	if (!charset->mark[0])
		return rmt_buf_check(text, err);
	if (text->secret)
		rmt_buf_secret(&encoded);
	rmt_buf_text(&encoded, charset->mark);
	if (charset->wide)
		widen(rmt_buf_view(text), &encoded);
	else
		rmt_buf_span(&encoded, rmt_buf_view(text));
	encoded.failed = encoded.failed || text->failed;
	rmt_buf_free(text);
	*text = encoded;
	return rmt_buf_check(text, err);
}
