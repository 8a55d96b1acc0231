/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/ocsp.c - OCSP responses (RFC 6960, 4.2): what is to be said becomes signed bytes, and is read back before it goes out.
 *
 * The responder is named by the hash of its key, times are those it is given, and the CertID is repeated byte for byte, whatever hash
 * it was made with. What is true of a certificate is not known here.
 */
#include "config.h"

#include "issue/local.h"

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

static void
write_enumerated(struct rmt_derw *w, int value)
{
	unsigned char byte = (unsigned char)value;

	rmt_derw_value(w, RMT_DER_ENUMERATED, rmt_span_of(&byte, 1));
}

static void
write_oid(struct rmt_derw *w, const char *name)
{
	const struct rmt_oid *oid = rmt_oid_named(name);

	rmt_derw_oid(w, oid ? oid->der : (struct rmt_span){ NULL, 0 });
}

static void
write_status(struct rmt_derw *w, const struct rmt_ocsp_answer *answer)
{
	const struct rmt_span nothing = { NULL, 0 };

	if (answer->status != RMT_OCSP_REVOKED) {
		rmt_derw_value(w, RMT_DER_CONTEXT(answer->status == RMT_OCSP_GOOD ? 0 : 2), nothing);
		return;
	}
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(1));
	rmt_derw_generalized_time(w, answer->revoked);
	if (answer->reason >= 0) {
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		write_enumerated(w, answer->reason);
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
}

static void
write_answer(struct rmt_derw *w, const struct rmt_ocsp_answer *answer)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_raw(w, answer->id);
	write_status(w, answer);
	rmt_derw_generalized_time(w, answer->this_update);
	if (answer->next_update) {
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		rmt_derw_generalized_time(w, answer->next_update);
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
}

static void
write_nonce(struct rmt_derw *w, struct rmt_span nonce)
{
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(1));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	write_oid(w, "ocspNonce");
	rmt_derw_begin(w, RMT_DER_OCTET_STRING);
	rmt_derw_value(w, RMT_DER_OCTET_STRING, nonce);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
}

/* ResponseData: what is signed. */
static int
build(const struct rmt_ocsp_responder *by, const struct rmt_ocsp_answer *answers, size_t count, rmt_time produced,
      struct rmt_span nonce, struct rmt_buf *tbs, struct rmt_err *err)
{
	struct rmt_derw w = { 0 };

	rmt_buf_reserve(&w.buf, 128 + 192 * count);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(2));
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(by->key_id, sizeof by->key_id));
	rmt_derw_end(&w);
	rmt_derw_generalized_time(&w, produced);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < count; i++)
		write_answer(&w, &answers[i]);
	rmt_derw_end(&w);
	if (nonce.length)
		write_nonce(&w, nonce);
	rmt_derw_end(&w);
	return rmt_derw_finish(&w, tbs, err);
}

/* The envelope of what is signed. */
static int
wrap(const struct rmt_ocsp_responder *by, struct rmt_span tbs, struct rmt_span signature, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_derw w = { 0 };

	rmt_buf_reserve(&w.buf, tbs.length + signature.length + (by->enclosed ? by->cert->der.length : 0) + 128);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	write_enumerated(&w, RMT_OCSP_SUCCESSFUL);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	write_oid(&w, "ocspBasic");
	rmt_derw_begin(&w, RMT_DER_OCTET_STRING);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, tbs);
	rmt_derw_raw(&w, rmt_signer_algorithm(by->signer));
	rmt_derw_bits(&w, signature, 0);
	if (by->enclosed) {
		rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_raw(&w, by->cert->der);
		rmt_derw_end(&w);
		rmt_derw_end(&w);
	}
	for (int i = 0; i < 5; i++)
		rmt_derw_end(&w);
	return rmt_derw_finish(&w, der, err);
}

int
rmt_ocsp_sign(const struct rmt_ocsp_responder *by, const struct rmt_ocsp_answer *answers, size_t count, rmt_time produced,
              struct rmt_span nonce, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_buf tbs = { 0 }, signature = { 0 };
	int rc = -1;

	if (build(by, answers, count, produced, nonce, &tbs, err) == 0 &&
	    rmt_signer_sign(by->signer, rmt_buf_view(&tbs), &signature, err) == 0)
		rc = wrap(by, rmt_buf_view(&tbs), rmt_buf_view(&signature), der, err);
	rmt_buf_free(&tbs);
	rmt_buf_free(&signature);
	return rc;
}

int
rmt_ocsp_refuse(enum rmt_ocsp_result why, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_derw w = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	write_enumerated(&w, why);
	rmt_derw_end(&w);
	return rmt_derw_finish(&w, der, err);
}

/* ---- reading back ---------------------------------------------------------------------------------------------------------- */

static bool
says(const struct rmt_ocsp_single *single, const struct rmt_ocsp_answer *answer)
{
	if (!rmt_span_equal(single->id.whole, answer->id) || single->status != answer->status ||
	    single->this_update != answer->this_update || single->next_update != answer->next_update)
		return false;
	return answer->status != RMT_OCSP_REVOKED || (single->revoked == answer->revoked && single->reason == answer->reason);
}

int
rmt_ocsp_prove(const struct rmt_ocsp_responder *by, const struct rmt_ocsp_answer *answers, size_t count, struct rmt_span nonce,
               struct rmt_checker *checker, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_ocsp_response response;
	struct rmt_ocsp_single single;
	struct rmt_err why = { 0 };
	struct rmt_der cursor;
	size_t n = 0;

	if (rmt_ocsp_response_read(&response, der, RMT_STRICT, &why))
		goto wrong;
	rmt_der_open(&cursor, response.list, NULL);
	while (n < count && rmt_ocsp_response_next(&cursor, &single, &why) == 1 && says(&single, &answers[n]))
		n++;
	if (n < count || rmt_der_more(&cursor) || response.result != RMT_OCSP_SUCCESSFUL || !rmt_span_equal(response.nonce, nonce) ||
	    !rmt_span_equal(response.by_key, rmt_span_of(by->key_id, sizeof by->key_id)) ||
	    (response.certificates.length > 0) != by->enclosed)
		goto wrong;
	if (!checker ||
	    rmt_checker_verify(checker, response.tbs, response.algorithm, response.signature, by->cert->spki, &why) == 0)
		return 0;
wrong:
	return rmt_err_set(err, RMT_INTERNAL, "OCSP response", "what was signed does not read back as it was meant%s%s",
	                   why.class ? ": " : "", why.message);
}
