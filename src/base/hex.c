/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/hex.c - bytes as hexadecimal digits and back, as serial numbers, fingerprints and key
 * identifiers are written.
 */
#include "config.h"

#include <stdio.h>

#include "base/base.h"

void
rmt_hex(struct rmt_span bytes, char separator, struct rmt_buf *out)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char *at;

	if (bytes.length > SIZE_MAX / 8) {
		out->failed = true;
		return;
	}
	rmt_buf_reserve(out, bytes.length * 3);
	if (out->failed)
		return;
	at = out->bytes + out->length;
	for (size_t i = 0; i < bytes.length; i++) {
		if (i > 0 && separator != '\0')
			*at++ = (unsigned char)separator;
		*at++ = (unsigned char)digits[bytes.at[i] >> 4];
		*at++ = (unsigned char)digits[bytes.at[i] & 15];
	}
	*at = '\0';
	out->length = (size_t)(at - out->bytes);
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
refuse(struct rmt_err *err, size_t offset, const char *sentence)
{
	char place[40];

	snprintf(place, sizeof place, "offset %zu", offset);
	return rmt_err_set(err, RMT_INPUT, place, "%s", sentence);
}

int
rmt_hex_decode(const char *text, struct rmt_buf *out, struct rmt_err *err)
{
	size_t before = out->length;
	const char *at = text;
	bool colon = false;
	int high, low;

	for (;;) {
		while (*at == ' ')
			at++;
		if (*at == ':' && !colon && out->length > before) {
			colon = true;
			at++;
			continue;
		}
		if (*at == '\0' && !colon)
			return rmt_buf_check(out, err);
		high = digit_value(*at);
		low = high >= 0 ? digit_value(at[1]) : -1;
		if (high < 0 || low < 0)
			break;
		rmt_buf_byte(out, (unsigned char)(high << 4 | low));
		colon = false;
		at += 2;
	}
	out->length = before;
	if (out->bytes != NULL)
		out->bytes[before] = '\0';
	if (high >= 0)
		return refuse(
		    err, (size_t)(at + 1 - text), "a hexadecimal digit is missing: bytes have two");
	return refuse(err, (size_t)(at - text), "this is not a hexadecimal digit");
}
