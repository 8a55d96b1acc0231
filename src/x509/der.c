/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der.c - the DER reader: a bounded cursor that hands out views and never copies.
 *
 * A cursor without notes is strict: definite lengths, minimal encodings, nothing else. A cursor
 * with notes goes on over the deviations of one fixed table and writes each down with its offset.
 * What is in neither class - a value cut off, a wrong type, a high tag number, nesting beyond the
 * cap - stops both. The file knows no X.509: which values make up a certificate is cert.c's affair.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

/* Deviations that a tolerant cursor accepts. To add one:
 * 1. name it in enum rmt_deviation (x509.h) and give it its sentence here;
 * 2. call rmt_der_deviate() where it is seen, and go on only when that returns 0;
 * 3. add the row to the table of deviations in tests/unit/test_x509_der.c or test_x509_cert.c. */
static const char *const deviations[RMT_DEVIATION_COUNT] = {
	[RMT_DEVIATION_LENGTH_NOT_MINIMAL] = "length not in the shortest form (X.690, 10.1)",
	[RMT_DEVIATION_INDEFINITE_LENGTH] = "indefinite length (X.690, 10.1)",
	[RMT_DEVIATION_BOOLEAN] = "TRUE encoded as another byte than FF (X.690, 11.1)",
	[RMT_DEVIATION_DEFAULT_ENCODED] = "default value encoded instead of left out (X.690, 11.5)",
	[RMT_DEVIATION_INTEGER_PADDED] = "INTEGER not in the shortest form (X.690, 8.3.2)",
	[RMT_DEVIATION_INTEGER_NEGATIVE] =
	    "negative number where only a positive one has a meaning (RFC 5280, 4.1.2.2)",
	[RMT_DEVIATION_TRAILING_BYTES] = "bytes after the end of the object",
	[RMT_DEVIATION_TIME_FORM] = "time in another form than RFC 5280, 4.1.2.5 wants",
	[RMT_DEVIATION_BIT_STRING_PADDING] =
	    "unused bits of a BIT STRING not zero or too many (X.690, 11.2)",
	[RMT_DEVIATION_STRING_CONTENT] =
	    "characters that the string type does not have (X.680, 41)",
	[RMT_DEVIATION_VERSION] = "version number does not fit the content (RFC 5280, 4.1.2.1)",
	[RMT_DEVIATION_CONSTRUCTED_STRING] = "string in constructed form (X.690, 10.2)",
	[RMT_DEVIATION_EMPTY_LIST] = "empty list where at least one member must be (RFC 5280, 4.1)",
};

static const char high_tag[] = "tag number above 30, which no X.509 object uses";

/* Nothing is ever written here: rmt_der_deviate() knows its address. */
struct rmt_notes rmt_notes_ignored;

const char *
rmt_deviation_text(enum rmt_deviation kind)
{
	return (unsigned)kind < RMT_DEVIATION_COUNT ? deviations[kind] : "";
}

/* ---- stopping and going on ---- */

int
rmt_der_fault(const struct rmt_der *der, const unsigned char *at, const char *place,
    struct rmt_err *err, const char *sentence)
{
	return rmt_err_set(
	    err, RMT_INPUT, place, "%s (offset %zu)", sentence, (size_t)(at - der->origin));
}

int
rmt_der_deviate(const struct rmt_der *der, enum rmt_deviation kind, const unsigned char *at,
    const char *place, struct rmt_err *err)
{
	struct rmt_notes *notes = der->notes;

	if (notes == NULL)
		return rmt_der_fault(der, at, place, err, deviations[kind]);
	if (notes == &rmt_notes_ignored)
		return 0;
	if (notes->count < RMT_NOTES_MAX) {
		notes->note[notes->count].kind = kind;
		notes->note[notes->count].offset = (uint32_t)(at - der->origin);
	}
	if (notes->count < UINT32_MAX)
		notes->count++;
	return 0;
}

/* "SEQUENCE", "[3]", ... for messages. */
static void
tag_text(unsigned char tag, char out[24])
{
	static const struct {
		unsigned char tag;
		const char *name;
	} names[] = {
		{ RMT_DER_BOOLEAN, "BOOLEAN" },
		{ RMT_DER_INTEGER, "INTEGER" },
		{ RMT_DER_BIT_STRING, "BIT STRING" },
		{ RMT_DER_OCTET_STRING, "OCTET STRING" },
		{ RMT_DER_NULL, "NULL" },
		{ RMT_DER_OID, "OBJECT IDENTIFIER" },
		{ RMT_DER_ENUMERATED, "ENUMERATED" },
		{ RMT_DER_UTF8, "UTF8String" },
		{ RMT_DER_NUMERIC, "NumericString" },
		{ RMT_DER_PRINTABLE, "PrintableString" },
		{ RMT_DER_T61, "T61String" },
		{ RMT_DER_IA5, "IA5String" },
		{ RMT_DER_UTC_TIME, "UTCTime" },
		{ RMT_DER_GENERALIZED_TIME, "GeneralizedTime" },
		{ RMT_DER_VISIBLE, "VisibleString" },
		{ RMT_DER_UNIVERSAL, "UniversalString" },
		{ RMT_DER_BMP, "BMPString" },
		{ RMT_DER_SEQUENCE, "SEQUENCE" },
		{ RMT_DER_SET, "SET" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].tag == tag) {
			memcpy(out, names[i].name, strlen(names[i].name) + 1);
			return;
		}
	if ((tag & 0xc0) == 0x80) {
		unsigned number = tag & 0x1f;

		memcpy(out, "[00]", 5);
		out[1] = (char)('0' + number / 10);
		out[2] = (char)('0' + number % 10);
		if (number < 10)
			memmove(out + 1, out + 2, 3);
		return;
	}
	memcpy(out, "tag 00", 7);
	out[4] = "0123456789abcdef"[tag >> 4];
	out[5] = "0123456789abcdef"[tag & 15];
}

/* ---- one value ---- */

void
rmt_der_open(struct rmt_der *der, struct rmt_span bytes, struct rmt_notes *notes_or_null)
{
	static const unsigned char nothing[1];

	der->at = bytes.at == NULL ? nothing : bytes.at;
	der->end = der->at + bytes.length;
	der->origin = der->at;
	der->notes = notes_or_null;
	der->depth = 0;
}

bool
rmt_der_more(const struct rmt_der *der)
{
	return der->at < der->end;
}

bool
rmt_der_next_is(const struct rmt_der *der, unsigned char tag)
{
	return der->at < der->end && *der->at == tag;
}

enum length_form { LENGTH_CUT, LENGTH_TOO_LONG, LENGTH_MINIMAL, LENGTH_PADDED, LENGTH_INDEFINITE };

/* Tag and length at `p`: header size and content length. Says nothing about whether the content
 * fits. */
static enum length_form
header_read(const unsigned char *p, size_t left, size_t *header, size_t *length)
{
	size_t count, first = 2, value = 0;

	if (left < 2)
		return LENGTH_CUT;
	*header = 2;
	*length = p[1];
	if (p[1] < 0x80)
		return LENGTH_MINIMAL;
	*length = 0;
	count = p[1] & 0x7f;
	if (count == 0)
		return LENGTH_INDEFINITE;
	if (left - 2 < count)
		return LENGTH_CUT;
	*header = 2 + count;
	while (first < *header && p[first] == 0)
		first++;
	if (*header - first > 4)
		return LENGTH_TOO_LONG;
	for (size_t i = first; i < *header; i++)
		value = value << 8 | p[i];
	*length = value;
	return first > 2 || value < 0x80 ? LENGTH_PADDED : LENGTH_MINIMAL;
}

/* Bytes from `p` up to and including the end marker of an indefinite length whose content starts at
 * `p`; 0 when there is none. Definite values are skipped whole, so that a counter is all the depth
 * there is. */
static size_t
indefinite_extent(const unsigned char *p, size_t left)
{
	const unsigned char *start = p;
	unsigned open = 1;

	while (left >= 2) {
		size_t header, length;
		enum length_form form;

		if (p[0] == 0 && p[1] == 0) {
			p += 2;
			left -= 2;
			if (--open == 0)
				return (size_t)(p - start);
			continue;
		}
		form = header_read(p, left, &header, &length);
		if (form == LENGTH_CUT || form == LENGTH_TOO_LONG || (p[0] & 0x1f) == 0x1f ||
		    p[0] == 0)
			return 0;
		if (form == LENGTH_INDEFINITE && ((p[0] & 0x20) == 0 || ++open > RMT_DER_DEPTH_MAX))
			return 0;
		if (length > left - header)
			return 0;
		p += header + length;
		left -= header + length;
	}
	return 0;
}

size_t
rmt_der_extent(struct rmt_span bytes)
{
	size_t header, length, inside;
	enum length_form form;

	if (bytes.length < 2 || bytes.at[0] == 0 || (bytes.at[0] & 0x1f) == 0x1f)
		return 0;
	form = header_read(bytes.at, bytes.length, &header, &length);
	if (form == LENGTH_CUT || form == LENGTH_TOO_LONG)
		return 0;
	if (form == LENGTH_INDEFINITE) {
		if ((bytes.at[0] & 0x20) == 0)
			return 0;
		inside = indefinite_extent(bytes.at + header, bytes.length - header);
		return inside == 0 ? 0 : header + inside;
	}
	return length > bytes.length - header ? 0 : header + length;
}

/* The value at the cursor when its length is not one byte: long forms, deviations and faults. */
static int
long_form(struct rmt_der *der, struct rmt_tlv *out, const char *place, struct rmt_err *err)
{
	const unsigned char *p = der->at;
	size_t left = (size_t)(der->end - p), header, length, whole;
	enum length_form form = header_read(p, left, &header, &length);

	switch (form) {
	case LENGTH_CUT:
		return rmt_der_fault(der, p, place, err, "value is cut off within its length");
	case LENGTH_TOO_LONG:
		return rmt_der_fault(der, p, place, err, "length beyond 4 GiB");
	case LENGTH_PADDED:
	case LENGTH_MINIMAL:
		if (length > left - header)
			return rmt_der_fault(
			    der, p, place, err, "length runs past the end of what encloses it");
		whole = header + length;
		if (form == LENGTH_PADDED &&
		    rmt_der_deviate(der, RMT_DEVIATION_LENGTH_NOT_MINIMAL, p, place, err) < 0)
			return -1;
		break;
	case LENGTH_INDEFINITE:
	default:
		if ((p[0] & 0x20) == 0)
			return rmt_der_fault(
			    der, p, place, err, "indefinite length on a primitive value");
		whole = der->notes == NULL ? 2 : indefinite_extent(p + header, left - header);
		if (whole == 0)
			return rmt_der_fault(
			    der, p, place, err, "indefinite length without an end marker");
		if (rmt_der_deviate(der, RMT_DEVIATION_INDEFINITE_LENGTH, p, place, err) < 0)
			return -1;
		length = whole - 2;
		whole += header;
		break;
	}
	out->tag = p[0];
	out->whole = (struct rmt_span){ p, whole };
	out->value = (struct rmt_span){ p + header, length };
	der->at = p + whole;
	return 0;
}

int
rmt_der_any(struct rmt_der *der, struct rmt_tlv *out, const char *place, struct rmt_err *err)
{
	const unsigned char *p = der->at;
	size_t left = (size_t)(der->end - p);

	if (left < 2)
		return rmt_der_fault(der, p, place, err,
		    left == 0 ? "value missing" : "value is cut off after its tag");
	if ((p[0] & 0x1f) == 0x1f)
		return rmt_der_fault(der, p, place, err, high_tag);
	if (p[0] == 0)
		return rmt_der_fault(der, p, place, err, "end marker where a value should be");
	if (p[1] >= 0x80)
		return long_form(der, out, place, err);
	if (p[1] > left - 2)
		return rmt_der_fault(
		    der, p, place, err, "length runs past the end of what encloses it");
	out->tag = p[0];
	out->whole = (struct rmt_span){ p, (size_t)p[1] + 2 };
	out->value = (struct rmt_span){ p + 2, p[1] };
	der->at = p + 2 + p[1];
	return 0;
}

bool
rmt_der_string_tag(unsigned char tag)
{
	switch (tag) {
	case RMT_DER_UTF8:
	case RMT_DER_NUMERIC:
	case RMT_DER_PRINTABLE:
	case RMT_DER_T61:
	case RMT_DER_IA5:
	case RMT_DER_VISIBLE:
	case RMT_DER_UNIVERSAL:
	case RMT_DER_BMP:
		return true;
	default:
		return false;
	}
}

static bool
may_be_constructed(unsigned char tag)
{
	return tag == RMT_DER_BIT_STRING || tag == RMT_DER_OCTET_STRING ||
	       tag == RMT_DER_UTC_TIME || tag == RMT_DER_GENERALIZED_TIME ||
	       rmt_der_string_tag(tag) || (tag & 0xe0) == 0x80;
}

/* A string in constructed form. It stays a view, so that only a single segment can be accepted; a
 * joined copy is rmt_der_from_ber()'s affair. */
static int
constructed_string(struct rmt_der *der, unsigned char tag, struct rmt_tlv *out, const char *place,
    struct rmt_err *err)
{
	const unsigned char *start = der->at;
	struct rmt_der segments;
	struct rmt_tlv segment;

	if (rmt_der_deviate(der, RMT_DEVIATION_CONSTRUCTED_STRING, start, place, err) < 0 ||
	    rmt_der_enter(der, tag | 0x20, &segments, place, err) < 0 ||
	    rmt_der_any(&segments, &segment, place, err) < 0)
		return -1;
	if (rmt_der_more(&segments) || (segment.tag & 0x20) != 0 ||
	    ((tag & 0xc0) == 0 && segment.tag != tag && segment.tag != RMT_DER_OCTET_STRING))
		return rmt_der_fault(der, start, place, err, "string in several segments");
	out->tag = tag;
	out->whole = (struct rmt_span){ start, (size_t)(der->at - start) };
	out->value = segment.value;
	return 0;
}

static int
wrong_tag(const struct rmt_der *der, unsigned char tag, const char *place, struct rmt_err *err)
{
	char wanted[24], found[24];

	tag_text(tag, wanted);
	if (der->at >= der->end)
		return rmt_err_set(err, RMT_INPUT, place, "%s missing (offset %zu)", wanted,
		    (size_t)(der->at - der->origin));
	tag_text(*der->at, found);
	return rmt_err_set(err, RMT_INPUT, place, "%s expected, %s found (offset %zu)", wanted,
	    found, (size_t)(der->at - der->origin));
}

int
rmt_der_read(struct rmt_der *der, unsigned char tag, struct rmt_tlv *out, const char *place,
    struct rmt_err *err)
{
	if (!rmt_der_next_is(der, tag)) {
		if (rmt_der_next_is(der, tag | 0x20) && may_be_constructed(tag))
			return constructed_string(der, tag, out, place, err);
		return wrong_tag(der, tag, place, err);
	}
	return rmt_der_any(der, out, place, err);
}

int
rmt_der_enter(struct rmt_der *der, unsigned char tag, struct rmt_der *inner, const char *place,
    struct rmt_err *err)
{
	const unsigned char *start = der->at;
	struct rmt_tlv tlv;

	if (!rmt_der_next_is(der, tag))
		return wrong_tag(der, tag, place, err);
	if (rmt_der_any(der, &tlv, place, err) < 0)
		return -1;
	if (der->depth >= RMT_DER_DEPTH_MAX)
		return rmt_der_fault(der, start, place, err, "values nested too deeply");
	inner->at = tlv.value.at;
	inner->end = tlv.value.at + tlv.value.length;
	inner->origin = der->origin;
	inner->notes = der->notes;
	inner->depth = der->depth + 1;
	return 0;
}

int
rmt_der_enter_whole(struct rmt_der *der, unsigned char tag, struct rmt_der *inner,
    struct rmt_span *whole, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;

	if (rmt_der_enter(der, tag, inner, place, err) < 0)
		return -1;
	*whole = (struct rmt_span){ start, (size_t)(der->at - start) };
	return 0;
}

int
rmt_der_end(const struct rmt_der *der, const char *place, struct rmt_err *err)
{
	if (der->at == der->end)
		return 0;
	if ((*der->at & 0x1f) == 0x1f)
		return rmt_der_fault(der, der->at, place, err, high_tag);
	return rmt_der_fault(der, der->at, place, err, "more values than the structure has");
}
