/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing, verifying and requests, with OpenSSL as the other side: it verifies what we sign, and
 * signs what we verify.
 */
#include "config.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "unit/test_keys.h"

static const unsigned char message_bytes[] =
    "To be signed, and long enough to fill more than one block of any digest. "
    "To be signed, and long enough to fill more than one block of any digest.";
#define MESSAGE rmt_span_of(message_bytes, sizeof(message_bytes))

/* ---- what we sign ------------------------------------------------------------------------- */

static const struct signed_row {
	const char *sentence, *spec, *digest, *algorithm;
	enum rmt_class refused; /* RMT_NONE: signs */
	const char *words;
} signed_rows[] = {
	{ "RSA with SHA-256", "rsa:2048", "sha256", "sha256WithRSAEncryption", RMT_NONE, NULL },
	{ "RSA with SHA-384", "rsa:2048", "sha384", "sha384WithRSAEncryption", RMT_NONE, NULL },
	{ "RSA with SHA-512", "rsa:2048", "sha512", "sha512WithRSAEncryption", RMT_NONE, NULL },
	{ "RSA signs with SHA-256 unless asked", "rsa:2048", NULL, "sha256WithRSAEncryption",
	    RMT_NONE, NULL },
	{ "P-256 with SHA-256", "ec:p256", "sha256", "ecdsa-with-SHA256", RMT_NONE, NULL },
	{ "P-256 with SHA-512", "ec:p256", "sha512", "ecdsa-with-SHA512", RMT_NONE, NULL },
	{ "P-384 signs with SHA-384 unless asked", "ec:p384", "", "ecdsa-with-SHA384", RMT_NONE,
	    NULL },
	{ "P-521 signs with SHA-512 unless asked", "ec:p521", NULL, "ecdsa-with-SHA512", RMT_NONE,
	    NULL },
	{ "Ed25519", "ed25519", NULL, "Ed25519", RMT_NONE, NULL },
	{ "Ed25519 whatever the digest", "ed25519", "sha384", "Ed25519", RMT_NONE, NULL },
	{ "a key for RSASSA-PSS", "RSA-PSS", NULL, "RSASSA-PSS", RMT_NONE, NULL },
	{ "a key for RSASSA-PSS with SHA-512", "RSA-PSS", "sha512", "RSASSA-PSS", RMT_NONE, NULL },
	{ "a key for RSASSA-PSS that is bound to SHA-384", "RSA-PSS SHA384 SHA384 20", "sha256", "RSASSA-PSS", RMT_NONE, NULL },
	{ "a key for RSASSA-PSS with a long salt and another mask", "RSA-PSS SHA256 SHA512 100", NULL, "RSASSA-PSS", RMT_NONE, NULL },
	{ "a key for RSASSA-PSS that is bound to SHA-1", "RSA-PSS SHA1 SHA1 20", "sha256", NULL, RMT_POLICY, "does not sign with sha1" },
	{ "SHA-1 is refused", "rsa:2048", "sha1", NULL, RMT_POLICY, "does not sign with sha1" },
	{ "MD5 is refused", "ec:p256", "md5", NULL, RMT_POLICY, "does not sign with md5" },
	{ "an unknown digest is refused", "ec:p256", "sha257", NULL, RMT_USAGE, "sha257" },
};

/* By OpenSSL, since we make none: " DIGEST MASK SALT" that it is bound to, or nothing. */
static struct rmt_key *
pss_key(const char *bound, struct rmt_err *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	char digest[16], mask[16];
	unsigned char *der = NULL;
	EVP_PKEY *evp = NULL;
	struct rmt_key *key;
	int length, salt;

	assert_true(EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0);
	if (sscanf(bound, "%15s %15s %d", digest, mask, &salt) == 3)
		assert_true(EVP_PKEY_CTX_set_rsa_pss_keygen_md_name(ctx, digest, NULL) > 0 &&
			    EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md_name(ctx, mask) > 0 &&
			    EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, salt) > 0);
	assert_true(EVP_PKEY_keygen(ctx, &evp) > 0);
	length = i2d_PrivateKey(evp, &der);
	assert_true(length > 0);
	key = rmt_key_read_der(rmt_span_of(der, (size_t)length), err);
	OPENSSL_free(der);
	EVP_PKEY_free(evp);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Keys are dear: one of each kind for all rows. */
static struct rmt_key *
key_of(const char *spec)
{
	static struct {
		const char *spec;
		struct rmt_key *key;
	} made[16];
	struct rmt_err err = { 0 };
	size_t i = 0;

	while (i < 15 && made[i].spec != NULL && strcmp(made[i].spec, spec) != 0)
		i++;
	if (made[i].spec == NULL) {
		made[i].key = strncmp(spec, "RSA-PSS", 7) == 0 ? pss_key(spec + 7, &err) : rmt_key_generate(spec, &err);
		GIVEN(made[i].key);
		made[i].spec = spec;
	}
	return made[i].key;
}

/* { message, algorithm, signature } judged by OpenSSL, which knows the structure by X509_SIG's
 * sibling in a request. */
static bool
openssl_accepts(const struct rmt_key *key, const char *digest, struct rmt_span message,
    struct rmt_span signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *evp = rmt_key_evp(key);
	bool good =
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, digest[0] != '\0' ? digest : NULL, NULL, NULL, evp, NULL) > 0 &&
	    EVP_DigestVerify(ctx, signature.at, signature.length, message.at, message.length) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static void
check_signed(void **state)
{
	const struct signed_row *row = *state;
	struct rmt_key *key = key_of(row->spec);
	struct rmt_err err = { 0 };
	struct rmt_signer *signer = rmt_signer_new(key, row->digest, &err), *copy;
	struct rmt_checker *checker = rmt_checker_new(&err);
	struct rmt_signature_algorithm algorithm;
	struct rmt_buf signature = { 0 };

	GIVEN(checker);
	if (row->refused != RMT_NONE) {
		assert_null(signer);
		assert_error(&err, row->refused, row->words);
		rmt_checker_free(checker);
		return;
	}
	GIVEN(signer);
	copy = rmt_signer_dup(signer, &err);
	GIVEN(copy);
	GOOD(rmt_algorithm_read(rmt_signer_algorithm(signer), &algorithm, &err));
	assert_string_equal(algorithm.name, row->algorithm);
	for (int turn = 0; turn < 4;
	     turn++) { /* one signer serves many times, and so does its copy */
		rmt_buf_clear(&signature);
		GOOD(rmt_signer_sign(turn % 2 == 0 ? signer : copy, MESSAGE, &signature, &err));
		assert_true(
		    openssl_accepts(key, algorithm.digest, MESSAGE, rmt_buf_view(&signature)));
		GOOD(rmt_checker_verify(checker, MESSAGE, rmt_signer_algorithm(copy),
		    rmt_buf_view(&signature), rmt_key_spki(key), &err));
	}
	rmt_buf_free(&signature);
	rmt_signer_free(signer);
	rmt_signer_free(copy);
	rmt_checker_free(checker);
}

static void
check_wrap(void **state)
{
	static const unsigned char tbs[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
	struct rmt_err err = { 0 };
	struct rmt_key *key = key_of("ec:p256");
	struct rmt_signer *signer = rmt_signer_new(key, NULL, &err);
	struct rmt_der outer, inside;
	struct rmt_tlv first, algorithm;
	struct rmt_buf der = { 0 };
	struct rmt_span bits;
	unsigned unused;

	(void)state;
	GIVEN(signer);
	GOOD(rmt_signer_wrap(signer, rmt_span_of(tbs, sizeof(tbs)), &der, &err));
	rmt_der_open(&outer, rmt_buf_view(&der), NULL);
	GOOD(rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, "", &err));
	GOOD(rmt_der_any(&inside, &first, "", &err));
	GOOD(rmt_der_any(&inside, &algorithm, "", &err));
	GOOD(rmt_der_bits(&inside, &bits, &unused, "", &err));
	GOOD(rmt_der_end(&inside, "", &err));
	assert_true(rmt_span_equal(first.whole, rmt_span_of(tbs, sizeof(tbs))));
	assert_true(rmt_span_equal(algorithm.whole, rmt_signer_algorithm(signer)));
	assert_int_equal(unused, 0);
	assert_true(openssl_accepts(key, "sha256", first.whole, bits));
	rmt_buf_free(&der);
	rmt_signer_free(signer);
}

/* ---- what OpenSSL signs ------------------------------------------------------------------- */

static const struct foreign_row {
	const char *sentence, *algorithm;
	int bits;
	const char *group, *digest;
	int pss_salt; /* -1: no PSS */
} foreign_rows[] = {
	{ "RSA with SHA-1", "RSA", 2048, NULL, "SHA1", -1 },
	{ "RSA with MD5", "RSA", 2048, NULL, "MD5", -1 },
	{ "RSA with SHA-224", "RSA", 2048, NULL, "SHA224", -1 },
	{ "RSA with SHA3-256", "RSA", 2048, NULL, "SHA3-256", -1 },
	{ "RSA of 1024 bits", "RSA", 1024, NULL, "SHA256", -1 },
	{ "RSA-PSS with SHA-256", "RSA", 2048, NULL, "SHA256", 32 },
	{ "RSA-PSS with SHA-384 and a salt of 20", "RSA", 2048, NULL, "SHA384", 20 },
	{ "RSA-PSS with all defaults, SHA-1", "RSA", 2048, NULL, "SHA1", 20 },
	{ "RSA-PSS under a key for PSS alone", "RSA-PSS", 2048, NULL, "SHA256", 32 },
	{ "ECDSA with SHA-1", "EC", 0, "P-256", "SHA1", -1 },
	{ "ECDSA with SHA-224", "EC", 0, "P-256", "SHA224", -1 },
	{ "ECDSA with SHA3-384", "EC", 0, "P-384", "SHA3-384", -1 },
	{ "ECDSA on P-224", "EC", 0, "P-224", "SHA256", -1 },
	{ "ECDSA on secp256k1", "EC", 0, "secp256k1", "SHA256", -1 },
	{ "ECDSA on brainpoolP256r1", "EC", 0, "brainpoolP256r1", "SHA256", -1 },
	{ "ECDSA on P-521", "EC", 0, "P-521", "SHA512", -1 },
	{ "Ed25519", "ED25519", 0, NULL, NULL, -1 },
	{ "Ed448", "ED448", 0, NULL, NULL, -1 },
};

/* A request by OpenSSL, split into what rmt_checker_verify wants. The parts are views into `der`.
 */
struct foreign {
	struct rmt_buf der, spki;
	struct rmt_request request;
};

static void
foreign_sign(EVP_PKEY *key, const char *digest, int pss_salt, struct foreign *out)
{
	X509_REQ *request = X509_REQ_new();
	EVP_MD *md = digest != NULL ? EVP_MD_fetch(NULL, digest, NULL) : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL;
	struct rmt_err err = { 0 };
	unsigned char *der = NULL;
	int length;

	memset(out, 0, sizeof(*out));
	assert_true(X509_REQ_set_pubkey(request, key));
	assert_true(EVP_DigestSignInit(ctx, &key_ctx, md, NULL, key) > 0);
	if (pss_salt >= 0) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) > 0);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, pss_salt) > 0);
	}
	assert_true(X509_REQ_sign_ctx(request, ctx) > 0);
	length = i2d_X509_REQ(request, &der);
	assert_true(length > 0);
	rmt_buf_append(&out->der, der, (size_t)length);
	GOOD(rmt_request_read(&out->request, rmt_buf_view(&out->der), &err));
	openssl_spki(key, &out->spki);
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	X509_REQ_free(request);
}

static void
foreign_free(struct foreign *foreign)
{
	rmt_buf_free(&foreign->der);
	rmt_buf_free(&foreign->spki);
}

static void
check_foreign(void **state)
{
	const struct foreign_row *row = *state;
	EVP_PKEY *key = openssl_key(row->algorithm, row->bits, row->group);
	struct rmt_err err = { 0 };
	struct rmt_checker *checker = rmt_checker_new(&err);
	unsigned char damaged[1024];
	struct rmt_request request;
	struct foreign foreign;

	GIVEN(checker);
	foreign_sign(key, row->digest, row->pss_salt, &foreign);
	GOOD(rmt_request_verify(checker, &foreign.request, &err));
	GOOD(rmt_request_verify(checker, &foreign.request, &err)); /* and again, by the kept key */

	request = foreign.request;
	assert_true(request.info.length <= sizeof(damaged));
	memcpy(damaged, request.info.at, request.info.length);
	damaged[5] ^= 1;
	request.info = rmt_span_of(damaged, request.info.length);
	assert_int_equal(rmt_request_verify(checker, &request, &err), -1);
	assert_error(
	    &err, RMT_INPUT, "does not prove possession of its key: the signature does not verify");
	assert_string_equal(err.citation, "RFC 2986, 3");

	rmt_err_clear(&err);
	request = foreign.request;
	memcpy(damaged, request.signature.at, request.signature.length);
	damaged[request.signature.length - 1] ^= 1;
	request.signature = rmt_span_of(damaged, request.signature.length);
	assert_int_equal(rmt_request_verify(checker, &request, &err), -1);
	assert_error(&err, RMT_INPUT, "does not verify");

	rmt_err_clear(&err);
	request.signature.length = 0;
	assert_int_equal(rmt_request_verify(checker, &request, &err), -1);
	assert_error(&err, RMT_INPUT, "does not verify");
	foreign_free(&foreign);
	rmt_checker_free(checker);
	EVP_PKEY_free(key);
}

/* ---- the checker's memory ----------------------------------------------------------------- */

/* Keys come and go in one checker, good, bad and of other kinds between them: none may be taken for
 * another. */
static void
check_many_keys(void **state)
{
	static const char *const groups[] = { "P-256", "P-384", "P-256", NULL, "P-256", "secp256k1",
		"P-521", "P-256", "P-224" };
	enum { KEYS = sizeof(groups) / sizeof(groups[0]) };
	struct rmt_err err = { 0 };
	struct rmt_checker *checker = rmt_checker_new(&err);
	static struct foreign foreign[KEYS];
	unsigned char point[256];
	int count = 0;

	(void)state;
	GIVEN(checker);
	for (int i = 0; i < KEYS; i++) {
		EVP_PKEY *key = groups[i] != NULL ? openssl_key("EC", 0, groups[i])
						  : openssl_key("RSA", 2048, NULL);

		foreign_sign(key, i % 2 == 0 ? "SHA256" : "SHA384", -1, &foreign[i]);
		EVP_PKEY_free(key);
	}
	for (unsigned i = 0; i < 400; i++) {
		const struct rmt_request *one = &foreign[i * 7 % KEYS].request,
					 *other = &foreign[i * 5 % KEYS].request;
		int rc = rmt_checker_verify(
		    checker, one->info, one->algorithm, one->signature, other->spki, &err);

		if (rc != (one == other ? 0 : -1))
			fail_msg("round %u: %d", i, rc);
		count += rc == 0;
		if (rc < 0)
			assert_true(err.class == RMT_INPUT);
		rmt_err_clear(&err);
		memcpy(point, one->spki.at,
		    one->spki.length < sizeof(point) ? one->spki.length : sizeof(point));
		if (one->spki.length > sizeof(point))
			continue;
		point[one->spki.length - 1] ^= 1; /* off the curve */
		assert_int_equal(rmt_checker_verify(checker, one->info, one->algorithm,
				     one->signature, rmt_span_of(point, one->spki.length), &err),
		    -1);
		assert_error(&err, RMT_SECRET, "cannot be used");
		rmt_err_clear(&err);
	}
	assert_true(count > 30);
	for (int i = 0; i < KEYS; i++)
		foreign_free(&foreign[i]);
	rmt_checker_free(checker);
}

/* One checker, kinds that hash inside and kinds that do not by turns. */
static void
check_kinds_by_turns(void **state)
{
	static const char *const specs[] = { "ed25519", "rsa:2048", "ed25519", "ec:p256" };
	struct rmt_err err = { 0 };
	struct rmt_checker *checker = rmt_checker_new(&err);

	(void)state;
	GIVEN(checker);
	for (unsigned i = 0; i < 8; i++) {
		struct rmt_key *key = key_of(specs[i % 4]);
		struct rmt_signer *signer = rmt_signer_new(key, NULL, &err);
		struct rmt_buf signature = { 0 };

		GIVEN(signer);
		GOOD(rmt_signer_sign(signer, MESSAGE, &signature, &err));
		GOOD(rmt_checker_verify(checker, MESSAGE, rmt_signer_algorithm(signer),
		    rmt_buf_view(&signature), rmt_key_spki(key), &err));
		rmt_buf_free(&signature);
		rmt_signer_free(signer);
	}
	rmt_checker_free(checker);
}

#define ED25519_ID "\x30\x05\x06\x03\x2b\x65\x70"
#define SHA256_RSA "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define MD2_RSA "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02\x05\x00"
#define ML_DSA_44 "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11"
#define UNKNOWN "\x30\x06\x06\x04\x2a\x03\x04\x05"

static const struct mismatch_row {
	const char *sentence, *spec;
	struct rmt_span algorithm;
	const char *words;
	enum rmt_judgement judgement;
} mismatch_rows[] = {
	{ "Ed25519's algorithm under an EC key", "ec:p256", BYTES(ED25519_ID),
	    "cannot be made with a key of the kind ec", RMT_SIGNATURE_FALSE },
	{ "RSA's algorithm under an EC key", "ec:p256", BYTES(SHA256_RSA),
	    "cannot be made with a key of the kind ec", RMT_SIGNATURE_FALSE },
	{ "RSA's algorithm under an Ed25519 key", "ed25519", BYTES(SHA256_RSA),
	    "cannot be made with a key of the kind ed25519", RMT_SIGNATURE_FALSE },
	{ "ML-DSA's algorithm under an RSA key", "rsa:2048", BYTES(ML_DSA_44),
	    "cannot be made with a key of the kind rsa", RMT_SIGNATURE_FALSE },
	{ "MD2 is not offered", "rsa:2048", BYTES(MD2_RSA), "md2", RMT_SIGNATURE_UNVERIFIABLE },
	{ "an unknown algorithm", "rsa:2048", BYTES(UNKNOWN), "1.2.3.4.5 is not known", RMT_SIGNATURE_UNVERIFIABLE },
	{ "a truncated algorithm", "rsa:2048", BYTES("\x30\x0d\x06\x09"), "", RMT_SIGNATURE_FALSE },
	{ "no algorithm", "rsa:2048", { NULL, 0 }, "", RMT_SIGNATURE_FALSE },
};

static void
check_mismatch(void **state)
{
	const struct mismatch_row *row = *state;
	struct rmt_err err = { 0 };
	struct rmt_checker *checker = rmt_checker_new(&err);
	struct rmt_key *key = key_of(row->spec);

	GIVEN(checker);
	assert_int_equal(
	    rmt_checker_verify(checker, MESSAGE, row->algorithm, MESSAGE, rmt_key_spki(key), &err),
	    -1);
	assert_error(&err, RMT_INPUT, row->words);
	assert_int_equal(rmt_checker_judge(checker, MESSAGE, row->algorithm, MESSAGE, rmt_key_spki(key), &err), row->judgement);
	rmt_checker_free(checker);
}

/* A post-quantum key is verified when the OpenSSL at hand knows its kind, and is an unusable key
 * otherwise: never a crash, never a good signature. */
static void
check_post_quantum(void **state)
{
	struct rmt_err err = { 0 }, why;
	struct rmt_checker *checker = rmt_checker_new(&err);
	static const unsigned char zeros[2420];
	struct rmt_buf spki = { 0 };
	struct rmt_derw w = { 0 };

	(void)state;
	GIVEN(checker);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, rmt_span_of(ML_DSA_44, sizeof(ML_DSA_44) - 1));
	rmt_derw_bits(&w, rmt_span_of(zeros, 1312), 0);
	rmt_derw_end(&w);
	GOOD(rmt_derw_finish(&w, &spki, &err));
	assert_int_equal(
	    rmt_checker_verify(checker, MESSAGE, rmt_span_of(ML_DSA_44, sizeof(ML_DSA_44) - 1),
		rmt_span_of(zeros, 2420), rmt_buf_view(&spki), &err),
	    -1);
	assert_int_equal(rmt_checker_judge(checker, MESSAGE, rmt_span_of(ML_DSA_44, sizeof(ML_DSA_44) - 1), rmt_span_of(zeros, 2420),
			     rmt_buf_view(&spki), &why),
	    err.class == RMT_SECRET ? RMT_SIGNATURE_UNVERIFIABLE : RMT_SIGNATURE_FALSE);
	assert_int_equal(rmt_checker_judge(checker, MESSAGE, rmt_span_of(SHA256_RSA, sizeof(SHA256_RSA) - 1), rmt_span_of(zeros, 256),
			     rmt_buf_view(&spki), &why),
	    RMT_SIGNATURE_FALSE);
	if (err.class == RMT_SECRET)
		assert_error(&err, RMT_SECRET, "knows no ML-DSA-44; 3.5 does");
	else
		assert_error(&err, RMT_INPUT, "does not verify");
	rmt_buf_free(&spki);
	rmt_checker_free(checker);
}

/* ---- requests ----------------------------------------------------------------------------- */

static const struct request_row {
	const char *sentence, *spec, *digest;
	bool extensions;
} request_rows[] = {
	{ "an RSA request", "rsa:2048", "sha256", true },
	{ "a P-256 request", "ec:p256", "sha256", true },
	{ "a P-384 request by its own digest", "ec:p384", NULL, true },
	{ "an Ed25519 request", "ed25519", NULL, true },
	{ "a request that asks for nothing", "ec:p256", "sha256", false },
};

static void
write_extensions(struct rmt_buf *out)
{
	static const unsigned char key_usage[] = { 0x55, 0x1d, 0x0f };
	struct rmt_derw w = { 0 }, value = { 0 };
	struct rmt_buf bits = { 0 };
	struct rmt_err err = { 0 };

	rmt_ext_key_usage_write(&value, RMT_KU_DIGITAL_SIGNATURE);
	GOOD(rmt_derw_finish(&value, &bits, &err));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_span_of(key_usage, sizeof(key_usage)));
	rmt_derw_boolean(&w, true);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_buf_view(&bits));
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	GOOD(rmt_derw_finish(&w, out, &err));
	rmt_buf_free(&bits);
}

static void
check_request(void **state)
{
	const struct request_row *row = *state;
	const struct rmt_name_part parts[] = { { "CN", "host.example" }, { "O", "Example" } };
	struct rmt_buf subject = { 0 }, extensions = { 0 }, der = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_checker *checker = rmt_checker_new(&err);
	struct rmt_key *key = key_of(row->spec);
	struct rmt_request ours;
	const unsigned char *at;
	X509_REQ *theirs;

	GIVEN(checker);
	GOOD(rmt_name_build(parts, 2, &subject, &err));
	if (row->extensions)
		write_extensions(&extensions);
	GOOD(rmt_request_build(
	    key, row->digest, rmt_buf_view(&subject), rmt_buf_view(&extensions), &der, &err));
	at = der.bytes;
	theirs = d2i_X509_REQ(NULL, &at, (long)der.length);
	assert_non_null(theirs);
	assert_true(at == der.bytes + der.length);
	assert_int_equal(X509_REQ_verify(theirs, rmt_key_evp(key)), 1);
	assert_int_equal(X509_REQ_get_version(theirs), 0);
	GOOD(rmt_request_read(&ours, rmt_buf_view(&der), &err));
	assert_int_equal(ours.notes.count, 0);
	assert_int_equal(ours.extensions.count, row->extensions ? 1 : 0);
	assert_true(rmt_span_equal(ours.subject, rmt_buf_view(&subject)));
	assert_true(rmt_span_equal(ours.spki, rmt_key_spki(key)));
	GOOD(rmt_request_verify(checker, &ours, &err));
	X509_REQ_free(theirs);
	rmt_buf_free(&subject);
	rmt_buf_free(&extensions);
	rmt_buf_free(&der);
	rmt_checker_free(checker);
}

/* ---- threads ------------------------------------------------------------------------------ */

struct worker {
	struct rmt_signer *signer;
	struct rmt_span spki;
	bool good;
};

static void *
sign_and_verify(void *arg)
{
	struct worker *worker = arg;
	struct rmt_checker *checker = rmt_checker_new(NULL);
	struct rmt_buf signature = { 0 };

	worker->good = checker != NULL;
	for (int i = 0; i < 200 && worker->good; i++) {
		rmt_buf_clear(&signature);
		worker->good =
		    rmt_signer_sign(worker->signer, MESSAGE, &signature, NULL) == 0 &&
		    rmt_checker_verify(checker, MESSAGE, rmt_signer_algorithm(worker->signer),
			rmt_buf_view(&signature), worker->spki, NULL) == 0 &&
		    rmt_key_check_public(worker->spki, 0, NULL) == 0;
	}
	rmt_buf_free(&signature);
	rmt_checker_free(checker);
	return NULL;
}

static void
check_threads(void **state)
{
	enum { THREADS = 4 };
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct rmt_err err = { 0 };
	struct rmt_key *key = key_of("ec:p256");
	struct rmt_signer *signer = rmt_signer_new(key, NULL, &err);

	(void)state;
	GIVEN(signer);
	for (int i = 0; i < THREADS; i++) {
		workers[i] =
		    (struct worker){ rmt_signer_dup(signer, &err), rmt_key_spki(key), false };
		GIVEN(workers[i].signer);
		assert_int_equal(
		    pthread_create(&threads[i], NULL, sign_and_verify, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(workers[i].good);
		rmt_signer_free(workers[i].signer);
	}
	rmt_signer_free(signer);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, signed_rows, check_signed);
	add_row(
	    &rows, "to-be-signed bytes are wrapped with algorithm and signature", check_wrap, NULL);
	ADD_TABLE(&rows, foreign_rows, check_foreign);
	add_row(&rows, "one checker tells many keys apart", check_many_keys, NULL);
	add_row(&rows, "one checker takes kinds by turns", check_kinds_by_turns, NULL);
	ADD_TABLE(&rows, mismatch_rows, check_mismatch);
	add_row(&rows, "a post-quantum key is used or refused", check_post_quantum, NULL);
	ADD_TABLE(&rows, request_rows, check_request);
	add_row(&rows, "each thread has a signer and a checker of its own", check_threads, NULL);
	return run_rows("signatures", &rows);
}
