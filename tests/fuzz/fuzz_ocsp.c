/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an OCSP request and as an OCSP response, in both modes.
 *
 * Besides surviving: what strict mode accepts, tolerant mode accepts without a note and finds the same in it; every view lies within the
 * input; what is counted is what the cursor yields. A strict request can be answered, and the answer reads back.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "issue/issue.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static void
within(struct rmt_span inner, struct rmt_span outer)
{
	MUST(!inner.length || (inner.at >= outer.at && inner.at + inner.length <= outer.at + outer.length));
}

/* A fixed key, so that an answer costs microseconds and not a key. */
static struct rmt_signer *
signer(void)
{
	static struct rmt_key *volatile key; /* kept for ever, and seen to be kept by who looks for leaks */
	static struct rmt_signer *kept;

	if (!kept) {
		key = rmt_key_generate("ec:p256", NULL);
		MUST(key != NULL);
		kept = rmt_signer_new(key, NULL, NULL);
		MUST(kept != NULL);
	}
	return kept;
}

static void
answer(const struct rmt_ocsp_request *request)
{
	static struct rmt_ocsp_answer answers[RMT_OCSP_IDS_MAX];
	struct rmt_ocsp_responder by = { .signer = signer() };
	struct rmt_cert_id id;
	struct rmt_buf der = { 0 };
	struct rmt_der cursor;
	size_t count = 0;

	rmt_der_open(&cursor, request->list, NULL);
	while (rmt_ocsp_request_next(&cursor, &id, NULL) == 1) {
		MUST(count < request->count);
		within(id.whole, request->list);
		within(id.serial, id.whole);
		within(id.name_hash, id.whole);
		within(id.key_hash, id.whole);
		answers[count] = (struct rmt_ocsp_answer){ .id = id.whole, .status = (enum rmt_ocsp_status)(count % 3),
			.revoked = 1700000000, .reason = (int)(count % 2) - 1, .this_update = 1700000000, .next_update = 1800000000 };
		count++;
	}
	MUST(count == request->count);
	MUST(rmt_ocsp_sign(&by, answers, count, 1700000000, request->nonce, &der, NULL) == 0);
	MUST(rmt_ocsp_prove(&by, answers, count, request->nonce, NULL, rmt_buf_view(&der), NULL) == 0);
	rmt_buf_free(&der);
}

static void
read_request(struct rmt_span bytes)
{
	static struct rmt_ocsp_request strict, tolerant;
	struct rmt_err err = { 0 };
	int rc = rmt_ocsp_request_read(&strict, bytes, RMT_STRICT, &err);
	int loose = rmt_ocsp_request_read(&tolerant, bytes, RMT_TOLERANT, NULL);

	if (rc) {
		MUST(err.class != RMT_NONE && *err.message);
		return;
	}
	MUST(loose == 0 && tolerant.notes.count == 0);
	MUST(rmt_span_equal(strict.list, tolerant.list) && rmt_span_equal(strict.nonce, tolerant.nonce));
	MUST(strict.count >= 1 && strict.count <= RMT_OCSP_IDS_MAX && strict.nonce.length <= RMT_OCSP_NONCE_MAX);
	within(strict.list, bytes);
	within(strict.nonce, bytes);
	answer(&strict);
}

static void
read_response(struct rmt_span bytes)
{
	static struct rmt_ocsp_response strict, tolerant;
	int rc = rmt_ocsp_response_read(&strict, bytes, RMT_STRICT, NULL);
	int loose = rmt_ocsp_response_read(&tolerant, bytes, RMT_TOLERANT, NULL);
	struct rmt_ocsp_single single;
	struct rmt_der cursor;
	struct rmt_span der;

	if (rc)
		return;
	MUST(loose == 0 && tolerant.notes.count == 0 && strict.result == tolerant.result);
	within(strict.tbs, bytes);
	within(strict.signature, bytes);
	rmt_der_open(&cursor, strict.list, NULL);
	while (rmt_ocsp_response_next(&cursor, &single, NULL) == 1)
		within(single.id.whole, strict.list);
	MUST(!rmt_der_more(&cursor));
	rmt_der_open(&cursor, strict.certificates, NULL);
	while (rmt_ocsp_certificate_next(&cursor, &der, NULL) == 1)
		within(der, strict.certificates);
	MUST(!rmt_der_more(&cursor));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	read_request(rmt_span_of(bytes, length));
	read_response(rmt_span_of(bytes, length));
	return 0;
}
