/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys written: PKCS#8 plain or under scrypt and AES-256, and the older forms that some
 * devices want.
 *
 * Buffers that take a plain key are made secret before the first byte. Files and their modes are
 * not known here.
 */
#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "x509/local.h"

/* RFC 7914, 2, for a file that is opened a few times a day: 16 MiB and about 50 ms for each
 * guess. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1, SALT_LENGTH = 16, IV_LENGTH = 16 };

int
rmt_key_write_der(const struct rmt_key *key, struct rmt_buf *out, struct rmt_err *err)
{
	PKCS8_PRIV_KEY_INFO *info;
	unsigned char *der = NULL;
	int length = 0;

	ERR_clear_error();
	rmt_buf_secret(out);
	info = EVP_PKEY2PKCS8(key->evp);
	if (info != NULL)
		length = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (length <= 0)
		return rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "the private key cannot be encoded");
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_clear_free(der, (size_t)length);
	return rmt_buf_check(out, err);
}

static void
append_pem(const char *label, struct rmt_span der, struct rmt_buf *out)
{
	rmt_buf_format(out, "-----BEGIN %s-----\n", label);
	rmt_base64_encode(der, 64, "\n", out);
	if (out->length > 0 && out->bytes[out->length - 1] != '\n')
		rmt_buf_byte(out, '\n');
	rmt_buf_format(out, "-----END %s-----\n", label);
}

/* EncryptedPrivateKeyInfo (RFC 5958, 3) with PBES2: scrypt, AES-256-CBC. */
static int
encrypt(PKCS8_PRIV_KEY_INFO *info, const struct rmt_secret *passphrase, struct rmt_buf *out,
    struct rmt_err *err)
{
	unsigned char salt[SALT_LENGTH], iv[IV_LENGTH], *der = NULL;
	X509_ALGOR *scheme = NULL;
	X509_SIG *sealed = NULL;
	int length = 0;

	if (rmt_random(salt, sizeof(salt), err) < 0 || rmt_random(iv, sizeof(iv), err) < 0)
		return -1;
	scheme = PKCS5_pbe2_set_scrypt(
	    EVP_aes_256_cbc(), salt, sizeof(salt), iv, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (scheme != NULL)
		sealed = PKCS8_set0_pbe(
		    rmt_secret_text(passphrase), (int)rmt_secret_length(passphrase), info, scheme);
	if (sealed == NULL)
		X509_ALGOR_free(scheme);
	else
		length = i2d_X509_SIG(sealed, &der);
	X509_SIG_free(sealed);
	if (length <= 0)
		return rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "the private key cannot be encrypted");
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_free(der);
	return rmt_buf_check(out, err);
}

int
rmt_key_write_pem(const struct rmt_key *key, const struct rmt_secret *passphrase,
    struct rmt_buf *out, struct rmt_err *err)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	struct rmt_buf der = { 0 };
	int rc = -1;

	rmt_buf_secret(out);
	if (passphrase == NULL) {
		if (rmt_key_write_der(key, &der, err) < 0)
			goto out;
		append_pem("PRIVATE KEY", rmt_buf_view(&der), out);
	} else {
		ERR_clear_error();
		info = EVP_PKEY2PKCS8(key->evp);
		if (info == NULL) {
			rmt_err_openssl(
			    err, RMT_INTERNAL, NULL, "the private key cannot be encoded");
			goto out;
		}
		if (encrypt(info, passphrase, &der, err) < 0)
			goto out;
		append_pem("ENCRYPTED PRIVATE KEY", rmt_buf_view(&der), out);
	}
	rc = rmt_buf_check(out, err);
out:
	PKCS8_PRIV_KEY_INFO_free(info);
	rmt_buf_free(&der);
	return rc;
}

int
rmt_key_write_traditional(const struct rmt_key *key, struct rmt_buf *out, struct rmt_err *err)
{
	const char *label = EVP_PKEY_is_a(key->evp, "RSA")  ? "RSA PRIVATE KEY"
			    : EVP_PKEY_is_a(key->evp, "EC") ? "EC PRIVATE KEY"
							    : NULL;
	unsigned char *der = NULL;
	int length;

	rmt_buf_secret(out);
	if (label == NULL)
		return rmt_err_set(
		    err, RMT_SECRET, NULL, "only RSA and EC keys have a form older than PKCS#8");
	ERR_clear_error();
	length = i2d_PrivateKey(key->evp, &der); /* the kind's own form comes before PKCS#8 */
	if (length <= 0)
		return rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "the private key cannot be encoded");
	append_pem(label, rmt_span_of(der, (size_t)length), out);
	OPENSSL_clear_free(der, (size_t)length);
	return rmt_buf_check(out, err);
}
