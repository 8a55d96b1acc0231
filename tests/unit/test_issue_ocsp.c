/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of issue/: OCSP responses, judged by OpenSSL with the issuer alone as trust, and read back.
 */
#include "config.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "unit/test_issue.h"

/* A CA, a certificate that it issued for signing answers, and three CertIDs of its own. */
struct bench {
	struct authority authority;
	struct outcome signer;
	struct rmt_key *key;
	struct rmt_ocsp_responder by;
	struct rmt_buf ids[3];
	X509 *issuer;
};

static void
bench_open(struct bench *bench, const char *key, bool delegated)
{
	struct bench_template template;
	struct asked asked = { .subject = "CN=OCSP" };
	const struct rmt_key *signing;
	struct rmt_cert_id_hashes hashes;
	const unsigned char *at;

	memset(bench, 0, sizeof *bench);
	authority_plain(&bench->authority);
	leaf_template(&template);
	set_list(&template, &template.policy.extended_key_usage.values, "OCSPSigning", ' ');
	template.policy.extended_key_usage.merge = RMT_MERGE_TEMPLATE;
	template.policy.ocsp_nocheck = true;
	set_list(&template, &template.policy.key_accept, key, ' ');
	bench->key = rmt_key_generate(key, NULL);
	issue(&bench->signer, &template.policy, &asked, bench->key, &bench->authority.issuer, authority_key(&bench->authority));
	assert_non_null(bench->signer.cert);
	signing = delegated ? bench->key : authority_key(&bench->authority);
	bench->by.cert = delegated ? bench->signer.cert : bench->authority.issuer.cert;
	bench->by.enclosed = delegated;
	bench->by.signer = rmt_signer_new(signing, NULL, NULL);
	assert_non_null(bench->by.signer);
	assert_int_equal(rmt_spki_key_id(bench->by.cert->spki, bench->by.key_id, NULL), 0);
	at = bench->authority.issuer.cert->der.at;
	bench->issuer = d2i_X509(NULL, &at, (long)bench->authority.issuer.cert->der.length);
	for (unsigned char i = 0; i < 3; i++) {
		static const char *const digests[] = { "sha1", "sha256", "sha1" };
		const struct rmt_oid *oid = rmt_oid_named(digests[i]);
		unsigned char serial = (unsigned char)(i + 1);
		struct rmt_derw w = { 0 };

		assert_int_equal(rmt_cert_id_hash(oid->der, bench->authority.issuer.cert, &hashes, NULL), 1);
		rmt_cert_id_write(&w, digests[i], &hashes, rmt_span_of(&serial, 1));
		assert_int_equal(rmt_derw_finish(&w, &bench->ids[i], NULL), 0);
	}
}

static void
bench_close(struct bench *bench)
{
	for (int i = 0; i < 3; i++)
		rmt_buf_free(&bench->ids[i]);
	X509_free(bench->issuer);
	rmt_signer_free(bench->by.signer);
	rmt_key_free(bench->key);
	outcome_free(&bench->signer);
	authority_free(&bench->authority);
}

/* OpenSSL's verdict on the signature, and who may sign, with the issuing CA as the only anchor. */
static bool
openssl_accepts(const struct bench *bench, OCSP_BASICRESP *basic)
{
	X509_STORE *store = X509_STORE_new();
	bool ok;

	X509_STORE_add_cert(store, bench->issuer);
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
	ok = OCSP_basic_verify(basic, NULL, store, 0) == 1;
	if (!ok && !bench->by.enclosed) { /* the CA itself signed, and is not among what came along */
		STACK_OF(X509) *own = sk_X509_new_null();

		sk_X509_push(own, bench->issuer);
		ok = OCSP_basic_verify(basic, own, store, 0) == 1;
		sk_X509_free(own);
	}
	X509_STORE_free(store);
	return ok;
}

static const struct kind_row {
	const char *sentence, *key;
	bool delegated;
} kind_rows[] = {
	{ "a delegated RSA key answers", "rsa:2048", true },
	{ "a delegated EC key answers", "ec:p256", true },
	{ "a delegated EC key of 384 bits answers", "ec:p384", true },
	{ "the CA itself answers", "ec:p256", false },
};

static void
check_kind(void **state)
{
	static const struct rmt_span nonce = { (const unsigned char *)"nonce", 5 };
	const struct kind_row *row = *state;
	const rmt_time until = NOW + 3 * RMT_DAY;
	struct rmt_buf der = { 0 };
	struct rmt_err err = { 0 };
	struct bench bench;
	const unsigned char *at;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic;
	int reason;

	bench_open(&bench, row->key, row->delegated);
	{
		struct rmt_ocsp_answer answers[3] = {
			{ .id = rmt_buf_view(&bench.ids[0]), .status = RMT_OCSP_GOOD, .reason = -1, .this_update = NOW, .next_update = until },
			{ .id = rmt_buf_view(&bench.ids[1]), .status = RMT_OCSP_REVOKED, .revoked = NOW - 5, .reason = 6, .this_update = NOW, .next_update = until },
			{ .id = rmt_buf_view(&bench.ids[2]), .status = RMT_OCSP_UNKNOWN, .reason = -1, .this_update = NOW },
		};

		assert_int_equal(rmt_ocsp_sign(&bench.by, answers, 3, NOW, nonce, &der, &err), 0);
		assert_int_equal(rmt_ocsp_prove(&bench.by, answers, 3, nonce, world.checker, rmt_buf_view(&der), &err), 0);
		/* What reads back otherwise is caught. */
		assert_int_equal(rmt_ocsp_prove(&bench.by, answers, 2, nonce, NULL, rmt_buf_view(&der), &err), -1);
		assert_int_equal(err.class, RMT_INTERNAL);
		assert_int_equal(rmt_ocsp_prove(&bench.by, answers, 3, (struct rmt_span){ NULL, 0 }, NULL, rmt_buf_view(&der), NULL), -1);
		answers[1].reason = 1;
		assert_int_equal(rmt_ocsp_prove(&bench.by, answers, 3, nonce, NULL, rmt_buf_view(&der), NULL), -1);
		answers[1].reason = 6;
		answers[0].status = RMT_OCSP_UNKNOWN;
		assert_int_equal(rmt_ocsp_prove(&bench.by, answers, 3, nonce, NULL, rmt_buf_view(&der), NULL), -1);
		answers[0].status = RMT_OCSP_GOOD;
		der.bytes[der.length - (row->delegated ? bench.by.cert->der.length + 30 : 4)] ^= 1;
		assert_int_equal(rmt_ocsp_prove(&bench.by, answers, 3, nonce, world.checker, rmt_buf_view(&der), NULL), -1);
		der.bytes[der.length - (row->delegated ? bench.by.cert->der.length + 30 : 4)] ^= 1;
	}
	at = der.bytes;
	response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.length);
	assert_non_null(response);
	assert_ptr_equal(at, der.bytes + der.length);
	assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	basic = OCSP_response_get1_basic(response);
	assert_non_null(basic);
	assert_true(openssl_accepts(&bench, basic));
	assert_int_equal(OCSP_resp_count(basic), 3);
	assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 0), &reason, NULL, NULL, NULL), V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 1), &reason, NULL, NULL, NULL), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 6);
	assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 2), &reason, NULL, NULL, NULL), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_true(OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1) >= 0);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	rmt_buf_free(&der);
	bench_close(&bench);
}

static void
test_refusals(void **state)
{
	static const enum rmt_ocsp_result results[] = { RMT_OCSP_MALFORMED, RMT_OCSP_INTERNAL_ERROR, RMT_OCSP_TRY_LATER,
		RMT_OCSP_SIG_REQUIRED, RMT_OCSP_UNAUTHORIZED };

	(void)state;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct rmt_ocsp_response read;
		struct rmt_buf der = { 0 };
		OCSP_RESPONSE *theirs;
		const unsigned char *at;

		assert_int_equal(rmt_ocsp_refuse(results[i], &der, NULL), 0);
		assert_int_equal(rmt_ocsp_response_read(&read, rmt_buf_view(&der), RMT_STRICT, NULL), 0);
		assert_int_equal(read.result, results[i]);
		at = der.bytes;
		theirs = d2i_OCSP_RESPONSE(NULL, &at, (long)der.length);
		assert_non_null(theirs);
		assert_int_equal(OCSP_response_status(theirs), results[i]);
		OCSP_RESPONSE_free(theirs);
		rmt_buf_free(&der);
	}
}

void
test_issue_ocsp(struct rows *rows)
{
	ADD_TABLE(rows, kind_rows, check_kind);
	add_row(rows, "refusals are what OpenSSL takes them for", test_refusals, NULL);
}
