/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_show.c - the pieces that the printers of extensions share, and the extensions that are one
 * such piece alone.
 *
 * A printer called without a buffer only reads: the same walk serves as check. Text inside a value
 * is escaped, so that
 * ", " and a line end in the output are always ours.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "x509/local.h"

void
rmt_put(struct rmt_buf *out, const char *format, ...)
{
	char text[256];
	va_list args;

	if (out == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	rmt_buf_text(out, text);
}

void
rmt_put_separated(struct rmt_buf *out, bool *first, const char *separator)
{
	if (out != NULL && !*first)
		rmt_buf_text(out, separator);
	*first = false;
}

void
rmt_put_oid(struct rmt_buf *out, struct rmt_span oid)
{
	if (out != NULL)
		rmt_oid_text(oid, out);
}

void
rmt_put_hex(struct rmt_buf *out, struct rmt_span bytes)
{
	if (out != NULL)
		rmt_hex(bytes, 0, out);
}

void
rmt_put_number(struct rmt_buf *out, struct rmt_span integer)
{
	uint64_t value = 0;

	if (out == NULL)
		return;
	if (integer.length > 8 || (integer.length > 0 && (integer.at[0] & 0x80) != 0)) {
		rmt_buf_text(out, "0x");
		rmt_hex(integer, 0, out);
		return;
	}
	for (size_t i = 0; i < integer.length; i++)
		value = value << 8 | integer.at[i];
	rmt_buf_format(out, "%llu", (unsigned long long)value);
}

void
rmt_put_general(struct rmt_buf *out, const struct rmt_general_name *name)
{
	if (out != NULL)
		rmt_general_text(name, out);
}

int
rmt_put_general_list(struct rmt_buf *out, struct rmt_der *names, struct rmt_err *err)
{
	struct rmt_general_name name;
	bool first = true;

	if (rmt_list_check(names, "names", err) < 0)
		return -1;
	while (rmt_der_more(names)) {
		if (rmt_general_read(names, &name, err) < 0)
			return -1;
		rmt_put_separated(out, &first, ", ");
		rmt_put_general(out, &name);
	}
	return 0;
}

int
rmt_put_string(struct rmt_buf *out, struct rmt_der *value, struct rmt_err *err)
{
	const unsigned char *start = value->at;
	struct rmt_buf utf8 = { .bytes = NULL };
	struct rmt_tlv tlv;

	if (rmt_der_any(value, &tlv, "text", err) < 0)
		return -1;
	if (!rmt_der_string_tag(tlv.tag))
		return rmt_der_fault(value, start, "text", err, "a character string expected");
	if (!rmt_string_valid(tlv.tag, tlv.value) &&
	    rmt_der_deviate(value, RMT_DEVIATION_STRING_CONTENT, start, "text", err) < 0)
		return -1;
	if (out == NULL)
		return 0;
	rmt_string_utf8(tlv.tag, tlv.value, &utf8);
	rmt_text_escape(rmt_buf_view(&utf8), "", out);
	out->failed = out->failed || utf8.failed;
	rmt_buf_free(&utf8);
	return 0;
}

int
rmt_bits_named(
    struct rmt_der *value, unsigned count, unsigned *bits, const char *place, struct rmt_err *err)
{
	const unsigned char *start = value->at;
	struct rmt_span bytes;
	unsigned unused;

	if (rmt_der_bits(value, &bytes, &unused, place, err) < 0)
		return -1;
	if (bytes.length > 0 && (bytes.at[bytes.length - 1] >> unused & 1) == 0 &&
	    rmt_der_deviate(value, RMT_DEVIATION_BIT_STRING_PADDING, start, place, err) < 0)
		return -1;
	*bits = 0;
	for (unsigned i = 0; i < count && i / 8 < bytes.length; i++)
		if ((bytes.at[i / 8] >> (7 - i % 8) & 1) != 0)
			*bits |= 1u << i;
	return 0;
}

void
rmt_put_bits(struct rmt_buf *out, unsigned bits, const char *const *names, unsigned count)
{
	bool first = true;

	for (unsigned i = 0; i < count; i++)
		if ((bits >> i & 1) != 0) {
			rmt_put_separated(out, &first, ", ");
			rmt_put(out, "%s", names[i]);
		}
	if (first)
		rmt_put(out, "none");
}

int
rmt_list_check(const struct rmt_der *list, const char *place, struct rmt_err *err)
{
	return rmt_der_more(list)
		   ? 0
		   : rmt_der_deviate(list, RMT_DEVIATION_EMPTY_LIST, list->at, place, err);
}

/* ---- extensions of one piece ---- */

int
rmt_show_null(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (rmt_der_read(value, RMT_DER_NULL, &tlv, "value", err) < 0)
		return -1;
	if (tlv.value.length != 0)
		return rmt_der_fault(value, tlv.whole.at, "value", err, "NULL with content");
	rmt_put(out, "present");
	return 0;
}

int
rmt_show_text(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	return rmt_put_string(out, value, err);
}

int
rmt_show_number(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_span number;

	if (rmt_der_integer(value, &number, "value", err) < 0)
		return -1;
	rmt_put_number(out, number);
	return 0;
}

int
rmt_ext_text(struct rmt_span value, struct rmt_buf *utf8, struct rmt_err *err)
{
	struct rmt_der der;
	struct rmt_tlv tlv;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (rmt_der_any(&der, &tlv, "text", err) < 0 || rmt_der_end(&der, "text", err) < 0)
		return -1;
	if (!rmt_der_string_tag(tlv.tag))
		return rmt_der_fault(
		    &der, tlv.whole.at, "text", err, "a character string expected");
	rmt_string_utf8(tlv.tag, tlv.value, utf8);
	return rmt_buf_check(utf8, err);
}
