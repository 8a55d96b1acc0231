/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/serial.c - what a person types for a serial, as a range of encoded serials.
 *
 * Serials are stored as the content of their INTEGER, with the sign byte that a high first bit
 * needs and that nobody prints. A beginning may end within a byte. A negative serial ("-7f") is
 * found by the whole of it only.
 */
#include "config.h"

#include <string.h>

#include "db/local.h"

enum { DIGITS_MAX = 120 };

static int
digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return c == '\0' || found == NULL ? -1 : (int)(found - digits);
}

/* The digits without separators; their number, or -1. */
static int
read_digits(const char *hex, unsigned char *digits, struct rmt_err *err)
{
	int count = 0;

	for (; *hex != '\0'; hex++) {
		int digit = digit_of(*hex);

		if (*hex == ':' || *hex == ' ')
			continue;
		if (digit < 0)
			return rmt_err_set(err, RMT_USAGE, NULL,
			    "a serial is written in hexadecimal digits, which \"%.40s\" is not",
			    hex);
		if (count == DIGITS_MAX)
			return rmt_err_set(err, RMT_USAGE, NULL, "no serial has so many digits");
		digits[count++] = (unsigned char)digit;
	}
	if (count == 0)
		return rmt_err_set(err, RMT_USAGE, NULL, "the serial is empty");
	return count;
}

/* One more than the big-endian number in `bytes`; false when it overflows. */
static bool
increment(unsigned char *bytes, size_t length)
{
	while (length > 0)
		if (++bytes[--length] != 0)
			return true;
	return false;
}

static void
whole_negative(const unsigned char *digits, int count, struct rmt_db_serials *out)
{
	unsigned char *at = out->from + 1;
	size_t length = (size_t)(count + 1) / 2;

	memset(out->from, 0, sizeof out->from);
	for (int i = 0; i < count; i++) {
		int place = i + count % 2;

		at[place / 2] |= (unsigned char)(place % 2 == 0 ? digits[i] << 4 : digits[i]);
	}
	/* Two's complement of one byte more, then the bytes that only repeat the sign go. */
	at--;
	length++;
	for (size_t i = 0; i < length; i++)
		at[i] = (unsigned char)~at[i];
	increment(at, length);
	while (length > 1 && at[0] == 0xff && (at[1] & 0x80) != 0) {
		at++;
		length--;
	}
	memmove(out->from, at, length);
	memcpy(out->below, out->from, length);
	out->below[length] = 0;
	out->from_length = length;
	out->below_length = length + 1;
}

static void
beginning(const unsigned char *digits, int count, struct rmt_db_serials *out)
{
	size_t length = 0;

	while (count > 2 && digits[0] == 0 && digits[1] == 0) {
		digits += 2;
		count -= 2;
	}
	if (digits[0] >= 8)
		out->from[length++] = 0;
	for (int i = 0; i + 1 < count; i += 2)
		out->from[length++] = (unsigned char)(digits[i] << 4 | digits[i + 1]);
	memcpy(out->below, out->from, length);
	if (count % 2 == 1) {
		/* A lone 0 begins 01 to 0f; 00 is a sign byte. */
		out->from[length] = (unsigned char)(digits[count - 1] << 4);
		if (count == 1 && digits[0] == 0)
			out->from[length] = 1;
		out->below[length] = (unsigned char)(digits[count - 1] << 4 | 0xf);
		length++;
	}
	out->from_length = length;
	if (length == 1 && out->from[0] == 0) {
		out->below[0] = 0; /* the serial 00 itself */
		out->below[1] = 0;
		out->below_length = 2;
		return;
	}
	out->below_length = increment(out->below, length) ? length : 0;
}

int
rmt_db_serials(const char *hex, struct rmt_db_serials *out, struct rmt_err *err)
{
	unsigned char digits[DIGITS_MAX];
	bool negative = *hex == '-';
	int count = read_digits(negative ? hex + 1 : hex, digits, err);

	if (count < 0)
		return -1;
	memset(out, 0, sizeof *out);
	if (negative)
		whole_negative(digits, count, out);
	else
		beginning(digits, count, out);
	return 0;
}
