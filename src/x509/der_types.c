/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der_types.c - the primitive types that X.509 is made of, read from a cursor: numbers, truth,
 * object identifiers, bits and times.
 *
 * The cursor and its two modes are der.c's affair; character strings are string.c's.
 */
#include "config.h"

#include "x509/local.h"

/* An INTEGER with content; padding is a deviation. */
static int
number_read(struct rmt_der *der, struct rmt_span *content, const char *place, struct rmt_err *err)
{
	struct rmt_tlv tlv;
	const unsigned char *v;

	if (rmt_der_read(der, RMT_DER_INTEGER, &tlv, place, err) < 0)
		return -1;
	v = tlv.value.at;
	if (tlv.value.length == 0)
		return rmt_der_fault(der, tlv.whole.at, place, err, "INTEGER without content");
	if (tlv.value.length > 1 && (v[0] == 0 || v[0] == 0xff) && (v[0] & 0x80) == (v[1] & 0x80) &&
	    rmt_der_deviate(der, RMT_DEVIATION_INTEGER_PADDED, tlv.whole.at, place, err) < 0)
		return -1;
	*content = tlv.value;
	return 0;
}

int
rmt_der_integer(
    struct rmt_der *der, struct rmt_span *content, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;

	if (number_read(der, content, place, err) < 0)
		return -1;
	if ((content->at[0] & 0x80) != 0)
		return rmt_der_deviate(der, RMT_DEVIATION_INTEGER_NEGATIVE, start, place, err);
	return 0;
}

int
rmt_der_small(struct rmt_der *der, int64_t *out, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;
	struct rmt_span content;
	uint64_t value;
	size_t first = 0;

	if (number_read(der, &content, place, err) < 0)
		return -1;
	/* Padding that a tolerant cursor let pass does not count. */
	while (content.length - first > 8 &&
	       (content.at[first] == 0 || content.at[first] == 0xff) &&
	       (content.at[first] & 0x80) == (content.at[first + 1] & 0x80))
		first++;
	if (content.length - first > 8)
		return rmt_der_fault(der, start, place, err, "number too large");
	value = (content.at[first] & 0x80) != 0 ? UINT64_MAX : 0;
	for (; first < content.length; first++)
		value = value << 8 | content.at[first];
	*out = (int64_t)value;
	return 0;
}

int
rmt_der_boolean(struct rmt_der *der, bool *out, const char *place, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (rmt_der_read(der, RMT_DER_BOOLEAN, &tlv, place, err) < 0)
		return -1;
	if (tlv.value.length != 1)
		return rmt_der_fault(der, tlv.whole.at, place, err, "BOOLEAN that is not one byte");
	*out = tlv.value.at[0] != 0;
	if (*out && tlv.value.at[0] != 0xff)
		return rmt_der_deviate(der, RMT_DEVIATION_BOOLEAN, tlv.whole.at, place, err);
	return 0;
}

int
rmt_der_oid(struct rmt_der *der, struct rmt_span *content, const char *place, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (rmt_der_read(der, RMT_DER_OID, &tlv, place, err) < 0)
		return -1;
	if (!rmt_oid_valid(tlv.value))
		return rmt_der_fault(der, tlv.whole.at, place, err,
		    "OBJECT IDENTIFIER that is empty, too long, padded or cut off");
	*content = tlv.value;
	return 0;
}

int
rmt_der_bits(struct rmt_der *der, struct rmt_span *bytes, unsigned *unused_bits, const char *place,
    struct rmt_err *err)
{
	struct rmt_tlv tlv;
	unsigned unused;

	if (rmt_der_read(der, RMT_DER_BIT_STRING, &tlv, place, err) < 0)
		return -1;
	if (tlv.value.length == 0 || tlv.value.at[0] > 7 ||
	    (tlv.value.length == 1 && tlv.value.at[0] != 0))
		return rmt_der_fault(der, tlv.whole.at, place, err,
		    "BIT STRING with an impossible count of unused bits");
	unused = tlv.value.at[0];
	if (unused > 0 && (tlv.value.at[tlv.value.length - 1] & ((1u << unused) - 1)) != 0 &&
	    rmt_der_deviate(der, RMT_DEVIATION_BIT_STRING_PADDING, tlv.whole.at, place, err) < 0)
		return -1;
	*bytes = (struct rmt_span){ tlv.value.at + 1, tlv.value.length - 1 };
	*unused_bits = unused;
	return 0;
}

/* The value at the cursor by the reader of its type, when it has one: 1 read, 0 it has none. */
static int
typed_read(struct rmt_der *der, struct rmt_span *content, const char *place, struct rmt_err *err)
{
	unsigned unused;
	bool truth;

	switch (rmt_der_more(der) ? *der->at : 0) {
	case RMT_DER_BOOLEAN:
		if (rmt_der_boolean(der, &truth, place, err) < 0)
			return -1;
		*content = rmt_span_of(der->at - 1, 1);
		return 1;
	case RMT_DER_INTEGER:
		return number_read(der, content, place, err) < 0 ? -1 : 1;
	case RMT_DER_OID:
		return rmt_der_oid(der, content, place, err) < 0 ? -1 : 1;
	case RMT_DER_BIT_STRING:
		if (rmt_der_bits(der, content, &unused, place, err) < 0)
			return -1;
		*content = rmt_span_of(content->at - 1, content->length + 1);
		return 1;
	default:
		return 0;
	}
}

int
rmt_der_any_checked(
    struct rmt_der *der, struct rmt_tlv *out, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;
	int rc = typed_read(der, &out->value, place, err);

	if (rc != 0) {
		out->tag = rc > 0 ? *start : 0;
		out->whole = rmt_span_of(start, (size_t)(der->at - start));
		return rc < 0 ? -1 : 0;
	}
	if (rmt_der_any(der, out, place, err) < 0)
		return -1;
	switch (out->tag) {
	case RMT_DER_ENUMERATED:
		if (out->value.length == 0)
			return rmt_der_fault(der, start, place, err, "ENUMERATED without content");
		return 0;
	case RMT_DER_NULL:
		if (out->value.length != 0)
			return rmt_der_fault(der, start, place, err, "NULL with content");
		return 0;
	case RMT_DER_SEQUENCE & ~0x20:
	case RMT_DER_SET & ~0x20:
		return rmt_der_fault(der, start, place, err, "SEQUENCE or SET in primitive form");
	case RMT_DER_BOOLEAN | 0x20:
	case RMT_DER_INTEGER | 0x20:
	case RMT_DER_NULL | 0x20:
	case RMT_DER_OID | 0x20:
	case RMT_DER_ENUMERATED | 0x20:
		return rmt_der_fault(der, start, place, err, "primitive type in constructed form");
	case RMT_DER_SEQUENCE:
	case RMT_DER_SET:
		return 0;
	default: /* strings, and types so rare that nobody reads their constructed form alike */
		if ((out->tag & 0xe0) != 0x20)
			return 0;
		return rmt_der_deviate(der, RMT_DEVIATION_CONSTRUCTED_STRING, start, place, err);
	}
}

/* ---- times ---- */

/* `count` digits at *at as a number, moving on; -1 when there are not that many. */
static int
digits(const unsigned char **at, const unsigned char *end, int count)
{
	int value = 0;

	if (end - *at < count)
		return -1;
	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

/* What may follow the minutes: seconds, a fraction, and Z or an offset. */
static int
time_tail(const unsigned char *p, const unsigned char *end, bool fraction_ok, int *second,
    int *offset, bool *exact)
{
	int hours, minutes, sign;

	*second = 0;
	*offset = 0;
	*exact = false;
	if (p < end && *p >= '0' && *p <= '9') {
		*second = digits(&p, end, 2);
		*exact = *second >= 0 && end - p == 1 && *p == 'Z';
	}
	if (fraction_ok && p < end && (*p == '.' || *p == ',')) {
		const unsigned char *first = ++p;

		while (p < end && *p >= '0' && *p <= '9')
			p++;
		if (p == first)
			return -1;
	}
	if (*second < 0 || p == end)
		return -1;
	if (*p == 'Z')
		return end - p == 1 ? 0 : -1;
	if (*p != '+' && *p != '-')
		return -1;
	sign = *p++ == '+' ? 1 : -1;
	hours = digits(&p, end, 2);
	minutes = digits(&p, end, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || p != end)
		return -1;
	*offset = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int
rmt_time_read(unsigned char tag, struct rmt_span text, rmt_time *out, bool *exact)
{
	const unsigned char *p = text.at, *end = p + text.length;
	int year, month, day, hour, minute, second, offset;

	year = digits(&p, end, tag == RMT_DER_UTC_TIME ? 2 : 4);
	if (tag == RMT_DER_UTC_TIME && year >= 0)
		year += year < 50 ? 2000 : 1900;
	month = digits(&p, end, 2);
	day = digits(&p, end, 2);
	hour = digits(&p, end, 2);
	minute = digits(&p, end, 2);
	if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0)
		return -1;
	if (time_tail(p, end, tag == RMT_DER_GENERALIZED_TIME, &second, &offset, exact) < 0 ||
	    rmt_time_from_civil(year, month, day, hour, minute, second, out) < 0)
		return -1;
	*out -= offset;
	return *out > RMT_TIME_MAX ? -1 : 0;
}

int
rmt_der_time(struct rmt_der *der, rmt_time *out, const char *place, struct rmt_err *err)
{
	unsigned char tag = rmt_der_next_is(der, RMT_DER_GENERALIZED_TIME) ||
				    rmt_der_next_is(der, RMT_DER_GENERALIZED_TIME | 0x20)
				? RMT_DER_GENERALIZED_TIME
				: RMT_DER_UTC_TIME;
	const rmt_time first_generalized = INT64_C(2524608000),
		       first_utc = INT64_C(-631152000); /* 2050 and 1950 */
	struct rmt_tlv tlv;
	bool exact;

	if (rmt_der_read(der, tag, &tlv, place, err) < 0)
		return -1;
	if (rmt_time_read(tag, tlv.value, out, &exact) < 0)
		return rmt_der_fault(der, tlv.whole.at, place, err, "this is not a point in time");
	if (tag == RMT_DER_GENERALIZED_TIME && *out >= first_utc && *out < first_generalized)
		exact = false;
	return exact ? 0 : rmt_der_deviate(der, RMT_DEVIATION_TIME_FORM, tlv.whole.at, place, err);
}
