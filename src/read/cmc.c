/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/cmc.c - what stands inside a signed message when it is about a certificate: a request within
 * CMC (RFC 5272) or within plain PKCS#7, as certreq writes it for renewals, and the answer of a CA,
 * as certreq saves it in a .rsp file.
 *
 * The signatures around are not looked at; the certificates of the message are pkcs7.c's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

#define PKIX "\x2b\x06\x01\x05\x05\x07"

enum { STATUS_SUCCESS = 0, STATUS_FAILED = 2, STATUS_PENDING = 3 };

static bool
is_oid(struct rmt_span oid, const char *bytes, size_t length)
{
	return rmt_span_equal(oid, rmt_span_of(bytes, length));
}

/* ---- a request ---- */

static int
hand_request(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der, const char *note)
{
	struct rmt_object here = *as;
	char joined[256];

	here.note = rmt_note_join(as->note, note, joined);
	return rmt_read_request(reading, &here, der);
}

/* RFC 5272, 3.2.1: controlSequence, reqSequence of [0] { bodyPartID, PKCS#10 } and of other kinds.
 */
static int
read_data(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span content)
{
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, requests, one;
	struct rmt_tlv skipped, request;
	int64_t id;
	int rc = 0;

	rmt_der_open(&top, content, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "pkiData", &err) ||
	    rmt_der_read(&seq, RMT_DER_SEQUENCE, &skipped, "pkiData.controlSequence", &err) ||
	    rmt_der_enter(&seq, RMT_DER_SEQUENCE, &requests, "pkiData.reqSequence", &err))
		return rmt_reading_fault(reading, as, &err);
	while (!rc && rmt_der_more(&requests)) {
		if (!rmt_der_next_is(&requests, RMT_DER_CONTEXT_CONSTRUCTED(0))) {
			if (rmt_der_any(&requests, &skipped, "pkiData.reqSequence", &err))
				return rmt_reading_fault(reading, as, &err);
			rc = rmt_reading_unsupported(reading, as,
			    "certificate request message of another kind than PKCS#10", NULL);
			continue;
		}
		if (rmt_der_enter(&requests, RMT_DER_CONTEXT_CONSTRUCTED(0), &one,
			"pkiData.reqSequence", &err) ||
		    rmt_der_small(&one, &id, "pkiData.reqSequence", &err) ||
		    rmt_der_read(&one, RMT_DER_SEQUENCE, &request, "pkiData.reqSequence", &err))
			return rmt_reading_fault(reading, as, &err);
		rc = hand_request(reading, as, request.whole, "the request inside a CMC message");
	}
	return rc;
}

/* ---- an answer ---- */

/* RFC 5272, 6.1: CMCStatusInfo { cMCStatus, bodyList, statusString } and its second version. False
 * when it is none. */
static bool
read_status(struct rmt_der *controls, int64_t *status, struct rmt_span *text)
{
	struct rmt_der control, values, info;
	struct rmt_tlv body, string;
	struct rmt_span type;
	int64_t id;

	if (rmt_der_enter(controls, RMT_DER_SEQUENCE, &control, NULL, NULL) ||
	    rmt_der_small(&control, &id, NULL, NULL) || rmt_der_oid(&control, &type, NULL, NULL))
		return false;
	if (!is_oid(type, PKIX "\x07\x01", 8) && !is_oid(type, PKIX "\x07\x19", 8))
		return false;
	if (rmt_der_enter(&control, RMT_DER_SET, &values, NULL, NULL) ||
	    rmt_der_enter(&values, RMT_DER_SEQUENCE, &info, NULL, NULL) ||
	    rmt_der_small(&info, status, NULL, NULL) ||
	    rmt_der_read(&info, RMT_DER_SEQUENCE, &body, NULL, NULL))
		return false;
	if (rmt_der_next_is(&info, RMT_DER_UTF8) && !rmt_der_any(&info, &string, NULL, NULL))
		*text = string.value;
	return true;
}

/* What the CA says, in words; the certificates beside a refusal are the CA's own. */
static int
read_response(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span content,
    char note[256])
{
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, controls;
	struct rmt_span text = { 0 };
	struct rmt_buf plain = { 0 };
	struct rmt_tlv whole;
	int64_t status = -1;
	int rc = 0;

	rmt_der_open(&top, content, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "pkiResponse", &err) ||
	    rmt_der_enter(&seq, RMT_DER_SEQUENCE, &controls, "pkiResponse.controlSequence", &err))
		return rmt_reading_fault(reading, as, &err);
	while (status < 0 && rmt_der_more(&controls)) {
		struct rmt_der one;

		if (rmt_der_any(&controls, &whole, "pkiResponse.controlSequence", &err))
			return rmt_reading_fault(reading, as, &err);
		rmt_der_open(&one, whole.whole, &notes);
		if (!read_status(&one, &status, &text))
			status = -1;
	}
	rmt_plain_text(text, &plain);
	snprintf(note, 256, "a CA's full answer to a request%s%.150s%s", plain.length ? " (\"" : "",
	    rmt_buf_string(&plain), plain.length ? "\")" : "");
	if (status == STATUS_FAILED)
		rc = rmt_reading_unsupported(
		    reading, as, "answer of a CA that refused a request", note);
	else if (status == STATUS_PENDING)
		rc = rmt_reading_unsupported(reading, as, "answer of a CA that has not decided yet",
		    "fetch the certificate with certreq -retrieve when it is issued");
	rmt_buf_free(&plain);
	return rc;
}

int
rmt_read_signed_content(struct rmt_reading *reading, const struct rmt_object *as,
    struct rmt_span type, struct rmt_span content, char note[256])
{
	const struct rmt_form *form;

	note[0] = '\0';
	if (is_oid(type, PKIX "\x0c\x02", 8))
		return read_data(reading, as, content);
	if (is_oid(type, PKIX "\x0c\x03", 8))
		return read_response(reading, as, content, note);
	form = rmt_form_of(content);
	if (form && form->read == rmt_read_request && rmt_der_extent(content) == content.length)
		return hand_request(
		    reading, as, content, "the request inside a signed message, as for a renewal");
	return 0;
}
