/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys as Java's own keystores protect them: the key protector of JKS and the PBE of JCEKS,
 * each in an EncryptedPrivateKeyInfo of its own OID. OpenSSL knows neither.
 *
 * Both are weak by today's measure: they are read because they are out there, and JKS is written for
 * programs that take nothing else. The keystore around the keys is the business of read/ and write/.
 */
#include "config.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

#include "x509/local.h"

#define SUN "\x2b\x06\x01\x04\x01\x2a\x02"
enum { HASH_SHA1 = 20, HASH_MD5 = 16, SALT_HALF = 4, BLOCK = 8, KEY_3DES = 24 };

static const struct rmt_span oid_protector = RMT_BYTES(SUN "\x11\x01\x01"), /* ...42.2.17.1.1 */
    oid_jceks = RMT_BYTES(SUN "\x13\x01");                                  /* ...42.2.19.1 */

bool
rmt_java_scheme(struct rmt_span oid, bool *counts)
{
	*counts = rmt_span_equal(oid, oid_jceks);
	return *counts || rmt_span_equal(oid, oid_protector);
}

int
rmt_java_password(struct rmt_span password, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char *wide = NULL;
	int length = 0;

	rmt_buf_secret(out);
	if (password.length > 4096 || OPENSSL_utf82uni((const char *)password.at,
					  (int)password.length, &wide, &length) == NULL)
		return rmt_err_openssl(err, RMT_SECRET, NULL, "the passphrase cannot be used");
	rmt_buf_append(out, wide, (size_t)length - 2); /* less its end mark */
	OPENSSL_clear_free(wide, (size_t)length);
	return rmt_buf_check(out, err);
}

/* ---- JKS: SHA-1 as a stream cipher, and a SHA-1 over passphrase and key ------------------------ */

static int
digest_two(const EVP_MD *md, struct rmt_span a, struct rmt_span b, unsigned char *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int ok = context != NULL && EVP_DigestInit_ex(context, md, NULL) &&
		 EVP_DigestUpdate(context, a.at, a.length) &&
		 EVP_DigestUpdate(context, b.at, b.length) && EVP_DigestFinal_ex(context, out, NULL);

	EVP_MD_CTX_free(context);
	return ok ? 0 : -1;
}

/* The key stream begins with the digest of passphrase and salt; each further piece is that of passphrase and
 * the piece before. */
static int
mix(struct rmt_span password, const unsigned char salt[HASH_SHA1], struct rmt_span in, struct rmt_buf *out)
{
	unsigned char stream[HASH_SHA1];
	int rc = 0;

	memcpy(stream, salt, HASH_SHA1);
	for (size_t i = 0; rc == 0 && i < in.length; i++) {
		if (i % HASH_SHA1 == 0)
			rc = digest_two(EVP_sha1(), password, rmt_span_of(stream, HASH_SHA1), stream);
		rmt_buf_byte(out, in.at[i] ^ stream[i % HASH_SHA1]);
	}
	rmt_wipe(stream, sizeof(stream));
	return rc;
}

static int
open_protected(
    struct rmt_span password, struct rmt_span sealed, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char check[HASH_SHA1];

	if (sealed.length <= 2 * HASH_SHA1)
		return rmt_err_set(err, RMT_INPUT, "encryptedData", "the protected key is cut short");
	if (mix(password, sealed.at, rmt_span_of(sealed.at + HASH_SHA1, sealed.length - 2 * HASH_SHA1), out) != 0 ||
	    rmt_buf_check(out, NULL) != 0 ||
	    digest_two(EVP_sha1(), password, rmt_buf_view(out), check) != 0)
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "the key cannot be opened");
	if (CRYPTO_memcmp(check, sealed.at + sealed.length - HASH_SHA1, HASH_SHA1) == 0)
		return 0;
	rmt_buf_clear(out);
	return rmt_err_set(err, RMT_SECRET, NULL, "the passphrase does not open the private key");
}

/* ---- JCEKS: triple DES, its key and IV by MD5 ---------------------------------------------------- */

struct pbe {
	unsigned char salt[2 * SALT_HALF];
	int64_t iterations;
};

static int
read_pbe(struct rmt_der *parameters, struct pbe *out, struct rmt_err *err)
{
	const char *place = "encryptionAlgorithm";
	struct rmt_tlv salt;

	if (rmt_der_read(parameters, RMT_DER_OCTET_STRING, &salt, place, err) < 0 ||
	    rmt_der_small(parameters, &out->iterations, place, err) < 0)
		return -1;
	if (salt.value.length != sizeof(out->salt) || out->iterations < 1)
		return rmt_err_set(err, RMT_INPUT, place, "its parameters are out of bounds");
	memcpy(out->salt, salt.value.at, sizeof(out->salt));
	/* Java changes such a salt, each release in its own way; one in 2^32 is like that. */
	if (memcmp(out->salt, out->salt + SALT_HALF, SALT_HALF) == 0)
		return rmt_err_set(err, RMT_INPUT, place, "the halves of the salt are equal");
	return 0;
}

/* Each half of the salt is hashed with the passphrase as often as it says. */
static int
derive(const struct pbe *pbe, struct rmt_span password, unsigned char out[2 * HASH_MD5])
{
	int rc = 0;

	for (int half = 0; half < 2; half++) {
		unsigned char *hash = out + half * HASH_MD5;
		struct rmt_span from = rmt_span_of(pbe->salt + half * SALT_HALF, SALT_HALF);

		for (int64_t i = 0; rc == 0 && i < pbe->iterations; i++) {
			rc = digest_two(EVP_md5(), from, password, hash);
			from = rmt_span_of(hash, HASH_MD5);
		}
	}
	return rc;
}

static int
open_jceks(const struct pbe *pbe, struct rmt_span password, struct rmt_span sealed,
    struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char key[2 * HASH_MD5], *plain = OPENSSL_malloc(sealed.length + BLOCK);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = 0, rest = 0, rc = -1;

	if (plain == NULL || context == NULL) {
		rmt_err_memory(err);
		goto out;
	}
	if (derive(pbe, password, key) != 0) {
		rmt_err_openssl(err, RMT_SECRET, NULL, "the OpenSSL at hand cannot open a key of JCEKS");
		goto out;
	}
	if (!EVP_DecryptInit_ex(context, EVP_des_ede3_cbc(), NULL, key, key + KEY_3DES) ||
	    !EVP_DecryptUpdate(context, plain, &length, sealed.at, (int)sealed.length) ||
	    !EVP_DecryptFinal_ex(context, plain + length, &rest)) {
		rmt_err_openssl(err, RMT_SECRET, NULL, "the passphrase does not open the private key");
		goto out;
	}
	rmt_buf_append(out, plain, (size_t)(length + rest));
	rc = rmt_buf_check(out, err);
out:
	rmt_wipe(key, sizeof(key));
	OPENSSL_clear_free(plain, sealed.length + BLOCK);
	EVP_CIPHER_CTX_free(context);
	return rc;
}

/* ---- both ------------------------------------------------------------------------------------------ */

int
rmt_java_decrypt(struct rmt_span oid, struct rmt_der parameters, struct rmt_span sealed,
    struct rmt_span password, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf wide = { 0 };
	struct pbe pbe;
	int rc = -1;

	if (sealed.length > RMT_CAP_CONTAINER)
		return rmt_err_set(err, RMT_INPUT, "encryptedData", "what is encrypted is too large");
	if (rmt_span_equal(oid, oid_jceks)) {
		if (read_pbe(&parameters, &pbe, err) == 0)
			rc = open_jceks(&pbe, password, sealed, out, err);
		return rc;
	}
	if (rmt_java_password(password, &wide, err) == 0)
		rc = open_protected(rmt_buf_view(&wide), sealed, out, err);
	rmt_buf_free(&wide);
	return rc;
}

int
rmt_java_protect(const struct rmt_key *key, struct rmt_span password, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf wide = { 0 }, plain = { 0 }, sealed = { 0 };
	unsigned char salt[HASH_SHA1], check[HASH_SHA1];
	struct rmt_derw w = { 0 };
	int rc = -1;

	rmt_buf_secret(&plain);
	if (rmt_java_password(password, &wide, err) != 0 || rmt_key_write_der(key, &plain, err) != 0 ||
	    rmt_random(salt, sizeof(salt), err) != 0)
		goto out;
	rmt_buf_append(&sealed, salt, HASH_SHA1);
	if (mix(rmt_buf_view(&wide), salt, rmt_buf_view(&plain), &sealed) != 0 ||
	    digest_two(EVP_sha1(), rmt_buf_view(&wide), rmt_buf_view(&plain), check) != 0) {
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "the key cannot be protected");
		goto out;
	}
	rmt_buf_append(&sealed, check, HASH_SHA1);
	if (rmt_buf_check(&sealed, err) != 0)
		goto out;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, oid_protector);
	rmt_derw_null(&w);
	rmt_derw_end(&w);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_buf_view(&sealed));
	rmt_derw_end(&w);
	rc = rmt_derw_finish(&w, out, err);
out:
	rmt_buf_free(&wide);
	rmt_buf_free(&plain);
	rmt_buf_free(&sealed);
	return rc;
}
