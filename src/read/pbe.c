/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pbe.c - password-based encryption (RFC 8018, RFC 7292 appendices B and C): how much work it
 * asks for, and the decryption of what PKCS#12 containers hold, which is OpenSSL's.
 *
 * The work is read from the parameters before anything is derived. Which password to try is decided
 * elsewhere. Keys that stand alone are decrypted by x509.
 */
#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs12err.h>
#include <openssl/x509.h>

#include "read/local.h"

#define BYTES(...) \
	{ \
		(const unsigned char[]){ __VA_ARGS__ }, \
		    sizeof((const unsigned char[]){ __VA_ARGS__ }) \
	}
#define RSADSI 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d
#define NIST_HASH 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02

static const struct rmt_span oid_pbes1 = BYTES(RSADSI, 0x01, 0x05); /* less its last arc */
static const struct rmt_span oid_pkcs12_pbe = BYTES(RSADSI, 0x01, 0x0c, 0x01); /* likewise */
static const struct rmt_span oid_pbes2 = BYTES(RSADSI, 0x01, 0x05, 0x0d);
static const struct rmt_span oid_pbkdf2 = BYTES(RSADSI, 0x01, 0x05, 0x0c);
static const struct rmt_span oid_scrypt =
    BYTES(0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b);
static const struct rmt_span oid_des_cbc = BYTES(0x2b, 0x0e, 0x03, 0x02, 0x07);
static const struct rmt_span oid_rc2_cbc = BYTES(RSADSI, 0x03, 0x02);

static const struct {
	struct rmt_span oid;
	const char *name;
} digests[] = {
	{ BYTES(0x2b, 0x0e, 0x03, 0x02, 0x1a), "SHA1" },
	{ BYTES(NIST_HASH, 0x01), "SHA256" },
	{ BYTES(NIST_HASH, 0x02), "SHA384" },
	{ BYTES(NIST_HASH, 0x03), "SHA512" },
	{ BYTES(NIST_HASH, 0x04), "SHA224" },
	{ BYTES(NIST_HASH, 0x05), "SHA512-224" },
	{ BYTES(NIST_HASH, 0x06), "SHA512-256" },
	{ BYTES(NIST_HASH, 0x08), "SHA3-256" },
	{ BYTES(NIST_HASH, 0x09), "SHA3-384" },
	{ BYTES(NIST_HASH, 0x0a), "SHA3-512" },
	{ BYTES(RSADSI, 0x02, 0x05), "MD5" },
	{ BYTES(RSADSI, 0x02, 0x07), "SHA1" }, /* from here on as HMAC */
	{ BYTES(RSADSI, 0x02, 0x08), "SHA224" },
	{ BYTES(RSADSI, 0x02, 0x09), "SHA256" },
	{ BYTES(RSADSI, 0x02, 0x0a), "SHA384" },
	{ BYTES(RSADSI, 0x02, 0x0b), "SHA512" },
	{ BYTES(RSADSI, 0x02, 0x0c), "SHA512-224" },
	{ BYTES(RSADSI, 0x02, 0x0d), "SHA512-256" },
};

const char *
rmt_digest_name(struct rmt_span oid)
{
	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
		if (rmt_span_equal(digests[i].oid, oid))
			return digests[i].name;
	}
	return NULL;
}

/* ---- parameters ---- */

int
rmt_algorithm_split(struct rmt_span algorithm, struct rmt_span *oid, struct rmt_span *parameters,
    struct rmt_err *err)
{
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv tlv;

	*parameters = (struct rmt_span){ 0 };
	rmt_der_open(&top, algorithm, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "algorithm", err) ||
	    rmt_der_oid(&seq, oid, "algorithm", err))
		return -1;
	if (rmt_der_more(&seq)) {
		if (rmt_der_any(&seq, &tlv, "parameters", err))
			return -1;
		*parameters = tlv.whole;
	}
	return 0;
}

int
rmt_pbkdf2_read(struct rmt_span algorithm, struct rmt_pbkdf2 *out, struct rmt_err *err)
{
	struct rmt_span oid, parameters, prf, ignored;
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv salt, prf_value;

	*out = (struct rmt_pbkdf2){ .digest = "SHA1" }; /* the default PRF, RFC 8018, A.2 */
	if (rmt_algorithm_split(algorithm, &oid, &parameters, err))
		return -1;
	if (!rmt_span_equal(oid, oid_pbkdf2))
		return rmt_err_set(
		    err, RMT_INPUT, "keyDerivationFunc", "its key derivation is not PBKDF2");
	rmt_der_open(&top, parameters, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "PBKDF2-params", err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &salt, "salt", err) ||
	    rmt_der_small(&seq, &out->iterations, "iterationCount", err))
		return -1;
	out->salt = salt.value;
	if (rmt_der_next_is(&seq, RMT_DER_INTEGER) &&
	    rmt_der_small(&seq, &out->key_length, "keyLength", err))
		return -1;
	if (rmt_der_more(&seq)) {
		if (rmt_der_read(&seq, RMT_DER_SEQUENCE, &prf_value, "prf", err) ||
		    rmt_algorithm_split(prf_value.whole, &prf, &ignored, err))
			return -1;
		out->digest = rmt_digest_name(prf);
	}
	return 0;
}

/* RFC 7914, 7: salt, N, r, p. One derivation runs through 2*N*r*p blocks of 64 bytes. */
static int
scrypt_work(struct rmt_span parameters, uint64_t *work, struct rmt_err *err)
{
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv salt;
	int64_t cost, block, parallel;
	uint64_t product;

	rmt_der_open(&top, parameters, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "scrypt-params", err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &salt, "salt", err) ||
	    rmt_der_small(&seq, &cost, "costParameter", err) ||
	    rmt_der_small(&seq, &block, "blockSize", err) ||
	    rmt_der_small(&seq, &parallel, "parallelizationParameter", err))
		return -1;
	if (cost < 1 || block < 1 || parallel < 1)
		return rmt_err_set(
		    err, RMT_INPUT, "scrypt-params", "a parameter of scrypt is not positive");
	if (__builtin_mul_overflow((uint64_t)cost, (uint64_t)block, &product) ||
	    __builtin_mul_overflow(product, (uint64_t)parallel, &product) ||
	    __builtin_mul_overflow(product, UINT64_C(2), &product))
		product = UINT64_MAX;
	*work = product;
	return 0;
}

static int
pbes2_split(struct rmt_span parameters, struct rmt_span *derivation, struct rmt_span *cipher_oid,
    struct rmt_err *err)
{
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv kdf, cipher;
	struct rmt_span ignored;

	rmt_der_open(&top, parameters, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "PBES2-params", err) ||
	    rmt_der_read(&seq, RMT_DER_SEQUENCE, &kdf, "keyDerivationFunc", err) ||
	    rmt_der_read(&seq, RMT_DER_SEQUENCE, &cipher, "encryptionScheme", err))
		return -1;
	*derivation = kdf.whole;
	return rmt_algorithm_split(cipher.whole, cipher_oid, &ignored, err);
}

static int
iterations_positive(int64_t iterations, uint64_t *work, struct rmt_err *err)
{
	if (iterations < 1)
		return rmt_err_set(
		    err, RMT_INPUT, "iterations", "the iteration count is not positive");
	*work = (uint64_t)iterations;
	return 0;
}

int
rmt_pbe_work(struct rmt_span algorithm, uint64_t *work, struct rmt_err *err)
{
	struct rmt_span oid, parameters, derivation, inner, kdf;
	struct rmt_notes notes = { 0 };
	struct rmt_pbkdf2 pbkdf2;
	struct rmt_der top, seq;
	struct rmt_tlv salt;
	int64_t iterations;

	if (rmt_algorithm_split(algorithm, &oid, &parameters, err))
		return -1;
	if (rmt_span_equal(oid, oid_pbes2)) {
		if (pbes2_split(parameters, &derivation, &inner, err) ||
		    rmt_algorithm_split(derivation, &kdf, &inner, err))
			return -1;
		if (rmt_span_equal(kdf, oid_scrypt))
			return scrypt_work(inner, work, err);
		if (rmt_pbkdf2_read(derivation, &pbkdf2, err))
			return -1;
		return iterations_positive(pbkdf2.iterations, work, err);
	}
	rmt_der_open(&top, parameters, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "parameters", err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &salt, "salt", err) ||
	    rmt_der_small(&seq, &iterations, "iterations", err))
		return -1;
	return iterations_positive(iterations, work, err);
}

int
rmt_work_admit(const struct rmt_reading *reading, uint64_t work, struct rmt_err *err)
{
	uint64_t most =
	    reading->reader->max_iterations ? reading->reader->max_iterations : 10000000;

	if (work <= most)
		return 0;
	return rmt_err_set(err, RMT_POLICY, NULL,
	    "its key derivation asks for %llu iterations, more than the "
	    "%llu that are accepted",
	    (unsigned long long)work, (unsigned long long)most);
}

/* ---- decryption ---- */

bool
rmt_password_bytewise(struct rmt_password password, struct rmt_buf *out)
{
	bool beyond = false;

	for (size_t i = 0; i < password.length; i++)
		beyond = beyond || (unsigned char)password.text[i] >= 0x80;
	if (!beyond)
		return false;
	rmt_buf_secret(out);
	for (size_t i = 0; i < password.length; i++) {
		unsigned char c = (unsigned char)password.text[i];

		if (c >= 0x80) {
			rmt_buf_byte(out, (unsigned char)(0xc0 | c >> 6));
			c = (unsigned char)(0x80 | (c & 0x3f));
		}
		rmt_buf_byte(out, c);
	}
	return !out->failed;
}

/* Are these ciphers of OpenSSL's legacy provider (RC2, RC4, DES)? */
static bool
needs_legacy(struct rmt_span oid, struct rmt_span parameters)
{
	struct rmt_span derivation, cipher;
	unsigned char last = oid.at[oid.length - 1];

	if (rmt_span_equal(oid, oid_pbes2))
		return !pbes2_split(parameters, &derivation, &cipher, NULL) &&
		       (rmt_span_equal(cipher, oid_des_cbc) || rmt_span_equal(cipher, oid_rc2_cbc));
	if (oid.length == oid_pkcs12_pbe.length + 1 &&
	    !memcmp(oid.at, oid_pkcs12_pbe.at, oid_pkcs12_pbe.length))
		return last != 3 && last != 4; /* these are 3DES */
	return oid.length == oid_pbes1.length + 1 &&
	       !memcmp(oid.at, oid_pbes1.at, oid_pbes1.length);
}

static int
decrypt_failed(struct rmt_span oid, struct rmt_err *err)
{
	struct rmt_buf name = { 0 };

	if (ERR_GET_REASON(ERR_peek_last_error()) == PKCS12_R_PKCS12_CIPHERFINAL_ERROR)
		return rmt_err_set(err, RMT_SECRET, NULL, "the passphrase does not fit");
	rmt_oid_text(oid, &name);
	rmt_err_openssl(err, RMT_INPUT, NULL,
	    "the OpenSSL at hand cannot decrypt its encryption, %s", rmt_buf_string(&name));
	rmt_buf_free(&name);
	return -1;
}

int
rmt_pbe_decrypt(struct rmt_span algorithm, struct rmt_span cipher, struct rmt_password password,
    struct rmt_buf *plain, struct rmt_err *err)
{
	struct rmt_span oid, parameters;
	const unsigned char *at = algorithm.at;
	unsigned char *out = NULL;
	X509_ALGOR *algor = NULL;
	void *context = NULL;
	int rc = -1, length = 0;

	rmt_buf_secret(plain);
	rmt_buf_clear(plain);
	if (rmt_algorithm_split(algorithm, &oid, &parameters, err))
		return -1;
	if (cipher.length > RMT_CAP_CONTAINER || password.length > 1 << 16)
		return rmt_err_set(err, RMT_INPUT, NULL, "the encrypted content is too large");
	if (needs_legacy(oid, parameters) && !(context = rmt_legacy_context(err)))
		return -1;
	ERR_set_mark();
	algor = d2i_X509_ALGOR(NULL, &at, (long)algorithm.length);
	if (!algor) {
		rmt_err_set(err, RMT_INPUT, NULL, "the parameters of its encryption are broken");
		goto out;
	}
	out = PKCS12_pbe_crypt_ex(algor, password.text, (int)password.length, cipher.at,
	    (int)cipher.length, &out, &length, 0, context, NULL);
	if (!out) {
		decrypt_failed(oid, err);
		goto out;
	}
	rmt_buf_append(plain, out, (size_t)length);
	rc = rmt_buf_check(plain, err);
out:
	ERR_pop_to_mark();
	OPENSSL_clear_free(out, (size_t)length);
	X509_ALGOR_free(algor);
	return rc;
}
