/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsp_response.c - what an OCSP responder answers (RFC 6960, 4.2) as views: to show it, and to read
 * back what we signed before it goes out.
 *
 * Whether the signature is good and the signer may sign is not asked here.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "x509/local.h"

static const char data_place[] = "tbsResponseData";

/* ---- names ---- */

const char *
rmt_ocsp_result_name(int result)
{
	static const char *const names[] = { "successful", "malformedRequest", "internalError",
		"tryLater", "", "sigRequired", "unauthorized" };

	return result >= 0 && (size_t)result < sizeof names / sizeof *names ? names[result] : "";
}

const char *
rmt_ocsp_status_name(enum rmt_ocsp_status status)
{
	static const char *const names[] = { "good", "revoked", "unknown" };

	return names[status];
}

/* ---- one answer ---- */

/* Always a GeneralizedTime (RFC 6960, 4.2.2.1), without fractions of a second. */
static int
time_read(struct rmt_der *der, rmt_time *out, const char *place, struct rmt_err *err)
{
	struct rmt_tlv tlv;
	bool exact;

	if (rmt_der_read(der, RMT_DER_GENERALIZED_TIME, &tlv, place, err) < 0)
		return -1;
	if (rmt_time_read(RMT_DER_GENERALIZED_TIME, tlv.value, out, &exact) < 0)
		return rmt_der_fault(der, tlv.whole.at, place, err, "this is not a point in time");
	return exact ? 0 : rmt_der_deviate(der, RMT_DEVIATION_TIME_FORM, tlv.whole.at, place, err);
}

static int
revoked_read(struct rmt_der *single, struct rmt_ocsp_single *out, struct rmt_err *err)
{
	struct rmt_der in, wrapped;

	out->status = RMT_OCSP_REVOKED;
	if (rmt_der_enter(single, RMT_DER_CONTEXT_CONSTRUCTED(1), &in, "certStatus", err) < 0 ||
	    time_read(&in, &out->revoked, "revocationTime", err) < 0)
		return -1;
	if (!rmt_der_more(&in))
		return 0;
	if (rmt_der_enter(&in, RMT_DER_CONTEXT_CONSTRUCTED(0), &wrapped, "revocationReason", err) <
		0 ||
	    rmt_reason_read(&wrapped, &out->reason, err) < 0 ||
	    rmt_der_end(&wrapped, "revocationReason", err) < 0)
		return -1;
	return rmt_der_end(&in, "certStatus", err);
}

static int
status_read(struct rmt_der *single, struct rmt_ocsp_single *out, struct rmt_err *err)
{
	const unsigned char *start = single->at;
	struct rmt_tlv tlv;

	out->revoked = 0;
	out->reason = -1;
	if (rmt_der_next_is(single, RMT_DER_CONTEXT_CONSTRUCTED(1)))
		return revoked_read(single, out, err);
	if (rmt_der_any(single, &tlv, "certStatus", err) < 0)
		return -1;
	if ((tlv.tag != RMT_DER_CONTEXT(0) && tlv.tag != RMT_DER_CONTEXT(2)) ||
	    tlv.value.length != 0)
		return rmt_der_fault(single, start, "certStatus", err, "this is no status");
	out->status = tlv.tag == RMT_DER_CONTEXT(0) ? RMT_OCSP_GOOD : RMT_OCSP_UNKNOWN;
	return 0;
}

static int
single_tail(struct rmt_der *single, struct rmt_ocsp_single *out, struct rmt_err *err)
{
	struct rmt_extensions extensions;
	struct rmt_der in;

	out->next_update = 0;
	if (rmt_der_next_is(single, RMT_DER_CONTEXT_CONSTRUCTED(0)) &&
	    (rmt_der_enter(single, RMT_DER_CONTEXT_CONSTRUCTED(0), &in, "nextUpdate", err) < 0 ||
		time_read(&in, &out->next_update, "nextUpdate", err) < 0 ||
		rmt_der_end(&in, "nextUpdate", err) < 0))
		return -1;
	if (rmt_der_next_is(single, RMT_DER_CONTEXT_CONSTRUCTED(1)) &&
	    (rmt_der_enter(single, RMT_DER_CONTEXT_CONSTRUCTED(1), &in, "singleExtensions", err) <
		    0 ||
		rmt_extensions_walk(&in, &extensions, "singleExtensions", err) < 0 ||
		rmt_der_end(&in, "singleExtensions", err) < 0))
		return -1;
	return rmt_der_end(single, "response", err);
}

int
rmt_ocsp_response_next(struct rmt_der *cursor, struct rmt_ocsp_single *out, struct rmt_err *err)
{
	struct rmt_der in;

	if (!rmt_der_more(cursor))
		return 0;
	if (rmt_der_enter(cursor, RMT_DER_SEQUENCE, &in, "response", err) < 0 ||
	    rmt_cert_id_read(&in, &out->id, err) < 0 || status_read(&in, out, err) < 0 ||
	    time_read(&in, &out->this_update, "thisUpdate", err) < 0 ||
	    single_tail(&in, out, err) < 0)
		return -1;
	return 1;
}

/* ---- the response ---- */

static int
responder_read(struct rmt_der *data, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	static const char place[] = "tbsResponseData.responderID";
	struct rmt_tlv key;
	struct rmt_der in;

	if (rmt_der_next_is(data, RMT_DER_CONTEXT_CONSTRUCTED(1))) {
		if (rmt_der_enter(data, RMT_DER_CONTEXT_CONSTRUCTED(1), &in, place, err) < 0 ||
		    rmt_name_read(&in, &out->by_name, place, err) < 0)
			return -1;
		return rmt_der_end(&in, place, err);
	}
	if (rmt_der_enter(data, RMT_DER_CONTEXT_CONSTRUCTED(2), &in, place, err) < 0 ||
	    rmt_der_read(&in, RMT_DER_OCTET_STRING, &key, place, err) < 0)
		return -1;
	out->by_key = key.value;
	return rmt_der_end(&in, place, err);
}

static int
list_read(struct rmt_der *data, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	struct rmt_ocsp_single single;
	struct rmt_der list;
	size_t count = 0;
	char place[64];
	int rc;

	if (rmt_der_enter(data, RMT_DER_SEQUENCE, &list, "tbsResponseData.responses", err) < 0)
		return -1;
	out->list = rmt_span_of(list.at, (size_t)(list.end - list.at));
	while ((rc = rmt_ocsp_response_next(&list, &single, err)) == 1)
		count++;
	if (rc < 0) {
		snprintf(place, sizeof place, "tbsResponseData.responses[%zu]", count);
		rmt_err_within(err, place);
	}
	return rc;
}

static int
data_extensions(struct rmt_der *data, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	static const char place[] = "tbsResponseData.responseExtensions";
	struct rmt_der in;

	if (!rmt_der_more(data))
		return 0;
	if (rmt_der_enter(data, RMT_DER_CONTEXT_CONSTRUCTED(1), &in, place, err) < 0 ||
	    rmt_extensions_walk(&in, &out->extensions, place, err) < 0 ||
	    rmt_der_end(&in, place, err) < 0)
		return -1;
	return rmt_ocsp_nonce_read(data, &out->extensions, &out->nonce, err);
}

static int
data_read(struct rmt_der *data, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	const unsigned char *start = data->at;
	struct rmt_der in;
	int64_t version = 0;

	if (rmt_der_next_is(data, RMT_DER_CONTEXT_CONSTRUCTED(0))) {
		if (rmt_der_enter(data, RMT_DER_CONTEXT_CONSTRUCTED(0), &in, data_place, err) < 0 ||
		    rmt_der_small(&in, &version, data_place, err) < 0 ||
		    rmt_der_end(&in, data_place, err) < 0)
			return -1;
		if (version != 0)
			return rmt_der_fault(
			    data, start, data_place, err, "a version that does not exist");
		if (rmt_der_deviate(data, RMT_DEVIATION_DEFAULT_ENCODED, start, data_place, err) < 0)
			return -1;
	}
	if (responder_read(data, out, err) < 0 ||
	    time_read(data, &out->produced, "tbsResponseData.producedAt", err) < 0 ||
	    list_read(data, out, err) < 0 || data_extensions(data, out, err) < 0)
		return -1;
	return rmt_der_end(data, data_place, err);
}

int
rmt_ocsp_certificate_next(struct rmt_der *cursor, struct rmt_span *der, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (!rmt_der_more(cursor))
		return 0;
	if (rmt_der_read(cursor, RMT_DER_SEQUENCE, &tlv, "certs", err) < 0)
		return -1;
	*der = tlv.whole;
	return 1;
}

static int
certificates_read(struct rmt_der *basic, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	struct rmt_der wrapped, list;
	struct rmt_span one;
	int rc;

	if (!rmt_der_more(basic))
		return 0;
	if (rmt_der_enter(basic, RMT_DER_CONTEXT_CONSTRUCTED(0), &wrapped, "certs", err) < 0 ||
	    rmt_der_enter(&wrapped, RMT_DER_SEQUENCE, &list, "certs", err) < 0 ||
	    rmt_der_end(&wrapped, "certs", err) < 0)
		return -1;
	out->certificates = rmt_span_of(list.at, (size_t)(list.end - list.at));
	while ((rc = rmt_ocsp_certificate_next(&list, &one, err)) == 1)
		;
	return rc;
}

static int
basic_read(struct rmt_der *octets, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	struct rmt_der in, data;

	if (rmt_der_enter(octets, RMT_DER_SEQUENCE, &in, "response", err) < 0 ||
	    rmt_der_end(octets, "response", err) < 0 ||
	    rmt_der_enter_whole(&in, RMT_DER_SEQUENCE, &data, &out->tbs, data_place, err) < 0 ||
	    data_read(&data, out, err) < 0 ||
	    rmt_algorithm_id_read(&in, &out->algorithm, "signatureAlgorithm", err) < 0 ||
	    rmt_signature_read(&in, &out->signature, "signature", err) < 0 ||
	    certificates_read(&in, out, err) < 0)
		return -1;
	return rmt_der_end(&in, "response", err);
}

/* The bytes behind the status: there when it is successful, and only then. */
static int
bytes_read(struct rmt_der *outer, struct rmt_ocsp_response *out, struct rmt_err *err)
{
	struct rmt_der wrapped, in, octets;
	struct rmt_span type;
	struct rmt_tlv tlv;

	if ((out->result == RMT_OCSP_SUCCESSFUL) != rmt_der_more(outer))
		return rmt_err_cite(err, RMT_INPUT, "responseBytes", "RFC 6960, 4.2.1",
		    out->result ? "bytes stand behind a status that has none"
				: "no bytes stand behind a successful status");
	if (out->result != RMT_OCSP_SUCCESSFUL)
		return 0;
	if (rmt_der_enter(outer, RMT_DER_CONTEXT_CONSTRUCTED(0), &wrapped, "responseBytes", err) <
		0 ||
	    rmt_der_enter(&wrapped, RMT_DER_SEQUENCE, &in, "responseBytes", err) < 0 ||
	    rmt_der_oid(&in, &type, "responseType", err) < 0 ||
	    rmt_der_read(&in, RMT_DER_OCTET_STRING, &tlv, "response", err) < 0 ||
	    rmt_der_end(&in, "responseBytes", err) < 0 ||
	    rmt_der_end(&wrapped, "responseBytes", err) < 0)
		return -1;
	if (!rmt_oid_is(type, "ocspBasic"))
		return rmt_err_set(err, RMT_INPUT, "responseType",
		    "a response of another kind than the basic one");
	rmt_der_open(&octets, tlv.value, outer->notes);
	octets.origin = outer->origin;
	return basic_read(&octets, out, err);
}

int
rmt_ocsp_response_read(
    struct rmt_ocsp_response *response, struct rmt_span der, int mode, struct rmt_err *err)
{
	struct rmt_der outer, in;
	struct rmt_tlv status;

	response->tbs = response->list = response->by_name = response->by_key = response->nonce =
	    response->algorithm = response->signature = response->certificates =
		(struct rmt_span){ NULL, 0 };
	response->produced = 0;
	response->notes.count = 0;
	rmt_extensions_clear(&response->extensions);
	if (rmt_object_open(&outer, der, RMT_CAP_CONTAINER,
		mode == RMT_TOLERANT ? &response->notes : NULL, &response->der, &in,
		"OCSP response", err) < 0 ||
	    rmt_der_read(&in, RMT_DER_ENUMERATED, &status, "responseStatus", err) < 0)
		return -1;
	if (status.value.length != 1 || *rmt_ocsp_result_name(status.value.at[0]) == '\0')
		return rmt_der_fault(
		    &in, status.whole.at, "responseStatus", err, "this is no status of a response");
	response->result = status.value.at[0];
	if (bytes_read(&in, response, err) < 0)
		return -1;
	return rmt_der_end(&in, "OCSP response", err);
}
