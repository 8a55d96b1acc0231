/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_sct.c - signedCertificateTimestamps (RFC 6962, 3.3): a list in TLS encoding inside an OCTET
 * STRING.
 *
 * The signatures of the logs are not verified.
 */
#include "config.h"

#include "x509/local.h"

/* A big-endian number of `count` bytes, moving on; false when there are not that many. */
static bool
number(struct rmt_span *rest, unsigned count, uint64_t *out)
{
	if (rest->length < count)
		return false;
	*out = 0;
	for (unsigned i = 0; i < count; i++)
		*out = *out << 8 | rest->at[i];
	rest->at += count;
	rest->length -= count;
	return true;
}

/* One timestamp of version 0: log, milliseconds since 1970, extensions, signature; others are shown
 * as unknown. */
static bool
timestamp(struct rmt_span sct, struct rmt_buf *out)
{
	uint64_t version, milliseconds;
	char text[32] = "no time";
	struct rmt_span log;

	if (!number(&sct, 1, &version))
		return false;
	if (version != 0) {
		rmt_put(out, "unknown version %u", (unsigned)version);
		return true;
	}
	if (sct.length < 32)
		return false;
	log = rmt_span_of(sct.at, 32);
	sct = rmt_span_of(sct.at + 32, sct.length - 32);
	if (!number(&sct, 8, &milliseconds))
		return false;
	if (milliseconds / 1000 <= (uint64_t)RMT_TIME_MAX)
		rmt_time_text((rmt_time)(milliseconds / 1000), text);
	rmt_put(out, "%s log ", text);
	rmt_put_hex(out, log);
	return true;
}

int
rmt_show_sct_list(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	static const char broken[] = "list of timestamps that does not fit its lengths";
	struct rmt_tlv tlv;
	struct rmt_span rest;
	uint64_t length;
	bool first = true;

	if (rmt_der_read(value, RMT_DER_OCTET_STRING, &tlv, "signedCertificateTimestamps", err) < 0)
		return -1;
	rest = tlv.value;
	if (!number(&rest, 2, &length) || length != rest.length)
		return rmt_der_fault(
		    value, tlv.whole.at, "signedCertificateTimestamps", err, broken);
	while (rest.length > 0) {
		if (!number(&rest, 2, &length) || length > rest.length)
			return rmt_der_fault(
			    value, tlv.whole.at, "signedCertificateTimestamps", err, broken);
		rmt_put_separated(out, &first, "\n");
		if (!timestamp(rmt_span_of(rest.at, length), out))
			return rmt_der_fault(
			    value, tlv.whole.at, "signedCertificateTimestamps", err, broken);
		rest = rmt_span_of(rest.at + length, rest.length - length);
	}
	return 0;
}
