/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - PKCS#10 certification requests (RFC 2986) as views.
 *
 * Devices send what they like: version 2, no attributes field at all, extensions under Microsoft's
 * OID instead of PKCS#9's. All that is read; what breaks DER is noted. Proof of possession is
 * verified in sign.c, and what of the wishes is granted is decided in issue/.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "x509/local.h"

/* An attribute that carries extensions; the first kind found wins over the second. */
static const char *const carriers[] = { "extensionRequest", "msCertExtensions" };

static int
version_read(struct rmt_der *info, struct rmt_request *request, struct rmt_err *err)
{
	const unsigned char *start = info->at;
	int64_t number;

	if (rmt_der_small(info, &number, "info.version", err) < 0)
		return -1;
	if (number < 0 || number > 255)
		return rmt_der_fault(
		    info, start, "info.version", err, "version number that no request has");
	request->version = (int)number + 1;
	return number == 0
		   ? 0
		   : rmt_der_deviate(info, RMT_DEVIATION_VERSION, start, "info.version", err);
}

/* One Attribute: its OID and a cursor over its set of values. */
static int
attribute_enter(
    struct rmt_der *attributes, struct rmt_span *oid, struct rmt_der *values, struct rmt_err *err)
{
	struct rmt_der in;

	if (rmt_der_enter(attributes, RMT_DER_SEQUENCE, &in, "info.attributes", err) < 0 ||
	    rmt_der_oid(&in, oid, "info.attributes", err) < 0 ||
	    rmt_der_enter(&in, RMT_DER_SET, values, "info.attributes", err) < 0)
		return -1;
	return rmt_der_end(&in, "info.attributes", err);
}

/* Walk the attributes once for their form and for where the extensions are. */
static int
attributes_walk(struct rmt_der *attributes, struct rmt_request *request, struct rmt_der found[2],
    struct rmt_err *err)
{
	struct rmt_der values, each;
	struct rmt_span oid;
	struct rmt_tlv tlv;

	while (rmt_der_more(attributes)) {
		if (attribute_enter(attributes, &oid, &values, err) < 0)
			return -1;
		for (size_t i = 0; i < 2; i++)
			if (found[i].at == NULL && rmt_der_more(&values) &&
			    rmt_oid_is(oid, carriers[i]))
				found[i] = values;
		if (rmt_oid_is(oid, "challengePassword"))
			request->has_challenge = true;
		for (each = values; rmt_der_more(&each);)
			if (rmt_der_any_checked(&each, &tlv, "info.attributes", err) < 0)
				return -1;
	}
	return 0;
}

static int
attributes_read(struct rmt_der *info, struct rmt_request *request, struct rmt_err *err)
{
	struct rmt_der attributes, found[2] = { { .at = NULL }, { .at = NULL } };

	request->attributes = (struct rmt_span){ NULL, 0 };
	request->has_challenge = false;
	if (!rmt_der_more(info))
		return 0;
	if (rmt_der_enter(
		info, RMT_DER_CONTEXT_CONSTRUCTED(0), &attributes, "info.attributes", err) < 0)
		return -1;
	request->attributes = rmt_span_of(attributes.at, (size_t)(attributes.end - attributes.at));
	if (attributes_walk(&attributes, request, found, err) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		if (found[i].at != NULL)
			return rmt_extensions_walk(&found[i], &request->extensions,
			    "info.attributes.extensionRequest", err);
	return 0;
}

static int
info_read(struct rmt_der *info, struct rmt_request *request, struct rmt_err *err)
{
	if (version_read(info, request, err) < 0 ||
	    rmt_name_read(info, &request->subject, "info.subject", err) < 0 ||
	    rmt_spki_walk(info, &request->spki, "info.subjectPKInfo", err) < 0 ||
	    attributes_read(info, request, err) < 0)
		return -1;
	return rmt_der_end(info, "info", err);
}

int
rmt_request_read(struct rmt_request *request, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_der outer, in, info;

	request->notes.count = 0;
	request->owned = NULL;
	rmt_extensions_clear(&request->extensions);
	if (rmt_object_open(&outer, der, RMT_CAP_REQUEST, &request->notes, &request->der, &in,
		"request", err) < 0 ||
	    rmt_der_enter_whole(&in, RMT_DER_SEQUENCE, &info, &request->info, "info", err) < 0 ||
	    info_read(&info, request, err) < 0 ||
	    rmt_algorithm_id_read(&in, &request->algorithm, "signatureAlgorithm", err) < 0 ||
	    rmt_signature_read(&in, &request->signature, "signature", err) < 0)
		return -1;
	return rmt_der_end(&in, "request", err);
}

struct rmt_request *
rmt_request_new(struct rmt_span der, struct rmt_err *err)
{
	struct rmt_request *request = malloc(sizeof *request);
	unsigned char *owned;
	int rc;

	if (request == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	owned = rmt_der_copy(der, err);
	if (owned == NULL) {
		free(request);
		return NULL;
	}
	rc = rmt_request_read(request, rmt_span_of(owned, der.length), err);
	request->owned = owned;
	if (rc < 0) {
		rmt_request_free(request);
		return NULL;
	}
	return request;
}

void
rmt_request_free(struct rmt_request *request)
{
	if (request == NULL)
		return;
	free(request->owned);
	free(request);
}
