/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/base64.c - base64 (RFC 4648, 4) as PEM bodies carry it. Labels, headers and encryption of
 * PEM are not its concern.
 *
 * Decoding takes four characters at a time through four tables whose entries stand ready shifted; a
 * character outside the alphabet sets a bit above the 24 of the result, so that one comparison
 * finds it. Only then does the slow path look at what it was: white space, padding or a fault.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define OUTSIDE UINT32_C(0x80000000)

static uint32_t values[4][256];
static unsigned char pairs[4096][2]; /* twelve bits as two characters */
static pthread_once_t values_once = PTHREAD_ONCE_INIT;

static void
fill_values(void)
{
	for (int i = 0; i < 4096; i++) {
		pairs[i][0] = (unsigned char)alphabet[i >> 6];
		pairs[i][1] = (unsigned char)alphabet[i & 63];
	}
	for (int column = 0; column < 4; column++) {
		for (int i = 0; i < 256; i++)
			values[column][i] = OUTSIDE;
		for (uint32_t i = 0; i < 64; i++)
			values[column][(unsigned char)alphabet[i]] = i << (18 - 6 * column);
	}
}

/* ---- encoding
 * ---------------------------------------------------------------------------------------------------
 */

static unsigned char *
encode_run(const unsigned char *at, size_t length, unsigned char *to)
{
	for (; length >= 3; at += 3, length -= 3, to += 4) {
		uint32_t group = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];

		memcpy(to, pairs[group >> 12], 2);
		memcpy(to + 2, pairs[group & 4095], 2);
	}
	if (length > 0) {
		uint32_t group = (uint32_t)at[0] << 16 | (length > 1 ? (uint32_t)at[1] << 8 : 0);

		*to++ = (unsigned char)alphabet[group >> 18];
		*to++ = (unsigned char)alphabet[group >> 12 & 63];
		*to++ = length > 1 ? (unsigned char)alphabet[group >> 6 & 63] : '=';
		*to++ = '=';
	}
	return to;
}

void
rmt_base64_encode(struct rmt_span bytes, size_t width, const char *line_end, struct rmt_buf *out)
{
	size_t end_length = width > 0 ? strlen(line_end) : 0;
	size_t line = width >= 4  ? width / 4 * 3
		      : width > 0 ? 3
				  : bytes.length; /* bytes that fill one line */
	size_t lines = line > 0 ? bytes.length / line + 1 : 1;
	unsigned char *to;

	if (bytes.length > SIZE_MAX / 16) {
		out->failed = true;
		return;
	}
	rmt_buf_reserve(out, bytes.length / 3 * 4 + 4 + lines * end_length);
	if (out->failed)
		return;
	pthread_once(&values_once, fill_values);
	to = out->bytes + out->length;
	while (bytes.length > 0) {
		size_t take = bytes.length < line ? bytes.length : line;

		to = encode_run(bytes.at, take, to);
		if (end_length > 0)
			memcpy(to, line_end, end_length);
		to += end_length;
		bytes.at += take;
		bytes.length -= take;
	}
	out->length = (size_t)(to - out->bytes);
	*to = '\0';
}

/* ---- decoding
 * ---------------------------------------------------------------------------------------------------
 */

static bool
is_white(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const unsigned char *
skip_white(const unsigned char *at, const unsigned char *end)
{
	while (at < end && is_white(*at))
		at++;
	return at;
}

static void
put_group(unsigned char *to, uint32_t group)
{
	to[0] = (unsigned char)(group >> 16);
	to[1] = (unsigned char)(group >> 8);
	to[2] = (unsigned char)group;
}

/* As many whole groups as stand together from *at; the place behind what was written. */
static unsigned char *
decode_run(const unsigned char **at, const unsigned char *end, unsigned char *to)
{
	const unsigned char *from = *at;

	while (end - from >= 8) {
		uint32_t first = values[0][from[0]] | values[1][from[1]] | values[2][from[2]] |
				 values[3][from[3]];
		uint32_t second = values[0][from[4]] | values[1][from[5]] | values[2][from[6]] |
				  values[3][from[7]];

		if (((first | second) & OUTSIDE) != 0)
			break;
		put_group(to, first);
		put_group(to + 3, second);
		from += 8;
		to += 6;
	}
	while (end - from >= 4) {
		uint32_t group = values[0][from[0]] | values[1][from[1]] | values[2][from[2]] |
				 values[3][from[3]];

		if ((group & OUTSIDE) != 0)
			break;
		put_group(to, group);
		from += 4;
		to += 3;
	}
	*at = from;
	return to;
}

/* The group at *at with white space in or before it, or the last one with its padding. Returns the
 * bytes written, 0 at the end of the text, -1 with *at on the fault and *sentence set. */
static int
decode_group(
    const unsigned char **at, const unsigned char *end, unsigned char *to, const char **sentence)
{
	unsigned char group[4] = { 'A', 'A', 'A', 'A' };
	unsigned char whole[3];
	int count = 0, pads = 0;

	for (; (*at = skip_white(*at, end)) < end && count + pads < 4; (*at)++) {
		unsigned char c = **at;

		*sentence = "this is not a base64 character";
		if (c != '=' && (values[0][c] & OUTSIDE) != 0)
			return -1;
		*sentence = "base64 padding stands in the wrong place";
		if ((c == '=' && count < 2) || (c != '=' && pads > 0))
			return -1;
		if (c == '=')
			pads++;
		else
			group[count++] = c;
	}
	if (count + pads == 0)
		return 0;
	*sentence = "the base64 text ends within a group of four characters";
	if (count + pads < 4)
		return -1;
	*sentence = "base64 text goes on after its padding";
	if (pads > 0 && *at < end)
		return -1;
	put_group(whole,
	    values[0][group[0]] | values[1][group[1]] | values[2][group[2]] | values[3][group[3]]);
	memcpy(to, whole, (size_t)(3 - pads));
	return 3 - pads;
}

int
rmt_base64_decode(struct rmt_span text, struct rmt_buf *out, struct rmt_err *err)
{
	const unsigned char *at = text.at, *end;
	const char *sentence = NULL;
	unsigned char *to;
	char place[40];
	int got;

	if (text.length == 0)
		return rmt_buf_check(out, err);
	end = text.at + text.length;
	pthread_once(&values_once, fill_values);
	rmt_buf_reserve(out, text.length / 4 * 3 + 3);
	if (rmt_buf_check(out, err) != 0)
		return -1;
	to = out->bytes + out->length;
	do {
		at = skip_white(at, end);
		to = decode_run(&at, end, to);
		got = decode_group(&at, end, to, &sentence);
		to += got > 0 ? got : 0;
	} while (got > 0);
	if (got < 0) {
		out->bytes[out->length] = '\0';
		snprintf(place, sizeof place, "offset %zu", (size_t)(at - text.at));
		return rmt_err_cite(err, RMT_INPUT, place, "RFC 4648, 4", "%s", sentence);
	}
	out->length = (size_t)(to - out->bytes);
	*to = '\0';
	return 0;
}
