/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/index.c - what "openssl ca" writes beside its certificates: the rows of index.txt, and the
 * numbers of the files serial and crlnumber. cfssl's decimal serial numbers are read here too.
 *
 * A row is six cells parted by tabs: V, R or E; when the certificate expires; when and why it was
 * revoked; its serial number; a file, which is always "unknown" and never looked at; its subject.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "read/local.h"

enum { CELLS = 6, NUMBER_DIGITS = 2 * RMT_SERIAL_MAX };

/* ---- numbers ---- */

/* The content of an INTEGER from a magnitude: no needless zeros, and one before a high first bit. */
static int
integer_of(struct rmt_span magnitude, struct rmt_buf *out, struct rmt_err *err)
{
	while (magnitude.length > 1 && magnitude.at[0] == 0)
		magnitude = rmt_span_of(magnitude.at + 1, magnitude.length - 1);
	if (magnitude.at[0] & 0x80)
		rmt_buf_byte(out, 0);
	rmt_buf_span(out, magnitude);
	return rmt_buf_check(out, err);
}

int
rmt_serial_from_hex(struct rmt_span text, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf hex = { 0 }, bytes = { 0 };
	int rc = -1;

	if (!rmt_listed_hex(text, &hex) || hex.length > NUMBER_DIGITS)
		rmt_err_set(err, RMT_INPUT, NULL, "this is no serial number in hexadecimal digits");
	else if (rmt_buf_check(&hex, err) == 0 &&
		 rmt_hex_decode(rmt_buf_string(&hex), &bytes, err) == 0)
		rc = integer_of(rmt_buf_view(&bytes), out, err);
	rmt_buf_free(&hex);
	rmt_buf_free(&bytes);
	return rc;
}

int
rmt_serial_from_decimal(struct rmt_span text, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char bytes[RMT_SERIAL_MAX] = { 0 };

	for (size_t i = 0; i < text.length; i++) {
		unsigned carry = text.at[i] - (unsigned)'0';

		if (carry > 9)
			return rmt_err_set(err, RMT_INPUT, NULL,
			    "this is no serial number in decimal digits");
		for (size_t at = sizeof bytes; at-- > 0;) {
			carry += bytes[at] * 10u;
			bytes[at] = (unsigned char)carry;
			carry >>= 8;
		}
		if (carry)
			return rmt_err_set(err, RMT_INPUT, NULL, "no serial number is so large");
	}
	if (!text.length)
		return rmt_err_set(err, RMT_INPUT, NULL, "the serial number is empty");
	return integer_of(rmt_span_of(bytes, sizeof bytes), out, err);
}

int
rmt_number_read(struct rmt_span text, int64_t *out, struct rmt_err *err)
{
	struct rmt_buf number = { 0 };
	struct rmt_span bytes;
	int rc = rmt_serial_from_hex(text, &number, err);

	bytes = rmt_buf_view(&number);
	if (rc == 0 && bytes.length > sizeof *out)
		rc = rmt_err_set(
		    err, RMT_INPUT, NULL, "a number of revocation lists of more than 63 bits");
	*out = 0;
	for (size_t i = 0; rc == 0 && i < bytes.length; i++)
		*out = *out << 8 | bytes.at[i];
	rmt_buf_free(&number);
	return rc;
}

/* ---- times ---- */

/* "261122053153Z" or "20261122053153Z", as ASN.1 has them. */
bool
rmt_plain_time(struct rmt_span text, rmt_time *out)
{
	size_t digits = text.length == 13 ? 2 : 4;
	int part[6] = { 0 };

	if ((text.length != 13 && text.length != 15) || text.at[text.length - 1] != 'Z')
		return false;
	for (size_t i = 0; i + 1 < text.length; i++) {
		size_t which = i < digits ? 0 : 1 + (i - digits) / 2;

		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		part[which] = part[which] * 10 + (text.at[i] - '0');
	}
	if (digits == 2)
		part[0] += part[0] < 50 ? 2000 : 1900; /* RFC 5280, 4.1.2.5.1 */
	return rmt_time_from_civil(part[0], part[1], part[2], part[3], part[4], part[5], out) == 0;
}

/* ---- a row ---- */

static struct rmt_span
take_cell(struct rmt_span *rest, unsigned char separator)
{
	const unsigned char *end =
	    rest->length ? memchr(rest->at, separator, rest->length) : NULL;
	struct rmt_span cell = rmt_span_of(rest->at, end ? (size_t)(end - rest->at) : rest->length);

	*rest = end ? rmt_span_of(end + 1, rest->length - cell.length - 1) : rmt_span_of("", 0);
	return cell;
}

static bool
is_word(struct rmt_span text, const char *word)
{
	return text.length == strlen(word) &&
	       strncasecmp((const char *)text.at, word, text.length) == 0;
}

/* Whoever says since when a key is known to others gives the reason with it. */
static const struct {
	const char *word;
	int reason;
} more_reasons[] = {
	{ "holdInstruction", 6 },
	{ "keyTime", 1 },
	{ "CAkeyTime", 2 },
};

int
rmt_reason_read_text(struct rmt_span text)
{
	for (int i = 0; i <= 10; i++)
		if (*rmt_reason_name(i) && is_word(text, rmt_reason_name(i)))
			return i;
	for (size_t i = 0; i < sizeof more_reasons / sizeof more_reasons[0]; i++)
		if (is_word(text, more_reasons[i].word))
			return more_reasons[i].reason;
	return -1;
}

/* "260101000000Z,keyCompromise", and what some reasons have behind another comma. That it is revoked
 * holds, whatever cannot be understood beside. */
static void
take_revocation(struct rmt_span cell, struct rmt_index_row *row)
{
	struct rmt_span when = take_cell(&cell, ','), reason = take_cell(&cell, ',');

	if ((is_word(reason, "keyTime") || is_word(reason, "CAkeyTime")) &&
	    !rmt_plain_time(cell, &row->invalid_since))
		row->doubt = "it does not say since when the key is compromised";
	row->reason = reason.length ? rmt_reason_read_text(reason) : 0;
	if (row->reason < 0 || row->reason == RMT_REASON_REMOVED) { /* removeFromCRL: OpenSSL takes such a row for revoked */
		row->doubt = "its reason for revocation is none";
		row->reason = 0;
	}
	if (!rmt_plain_time(when, &row->revoked)) {
		row->doubt = "the third cell is not when it was revoked";
		row->revoked = 0;
	}
}

int
rmt_index_read(struct rmt_span line, struct rmt_index_row *row, struct rmt_err *err)
{
	struct rmt_span cell[CELLS];
	size_t tabs = 0;

	memset(row, 0, sizeof *row);
	for (size_t i = 0; i < line.length; i++)
		tabs += line.at[i] == '\t';
	if (tabs < CELLS - 1)
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "a row of index.txt has six cells parted by tabs, and this has %zu", tabs + 1);
	for (size_t i = 0; i < CELLS; i++)
		cell[i] = i + 1 < CELLS ? take_cell(&line, '\t') : line;
	if (cell[0].length != 1 || !cell[0].at[0] || !strchr("VRE", cell[0].at[0]))
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "the first cell is none of V (valid), R (revoked), E (expired)");
	row->state = (char)cell[0].at[0];
	if (row->state == 'R')
		take_revocation(cell[2], row);
	if (!rmt_plain_time(cell[1], &row->expires)) {
		row->doubt = "the second cell is not when the certificate expires";
		row->expires = 0;
	}
	if (row->doubt && row->state != 'R')
		return rmt_err_set(err, RMT_INPUT, NULL, "%s", row->doubt);
	if (!cell[3].length || cell[3].length > NUMBER_DIGITS)
		return rmt_err_set(err, RMT_INPUT, NULL, "the fourth cell is no serial number");
	row->serial = cell[3];
	row->subject = cell[5];
	return 0;
}
