/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys written: PKCS#8 plain or under a named cipher, and the older forms that some devices
 * want.
 *
 * To add a cipher: a row in ciphers[], and rows in tests/unit/test_keys.c and the pages that list
 * them.
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
 * guess. PBKDF2 takes longer to be worth as much. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1, PBKDF2_ITERATIONS = 600000, SALT_LENGTH = 16 };

/* The first is what is taken when none is named. `dek`: what RFC 1421's header calls it. */
static const struct cipher {
	const char *name, *dek;
	const EVP_CIPHER *(*cipher)(void);
} ciphers[] = {
	{ "aes-256-cbc", "AES-256-CBC", EVP_aes_256_cbc },
	{ "aes-192-cbc", "AES-192-CBC", EVP_aes_192_cbc },
	{ "aes-128-cbc", "AES-128-CBC", EVP_aes_128_cbc },
	{ "des-ede3-cbc", "DES-EDE3-CBC", EVP_des_ede3_cbc },
};
enum { CIPHERS = sizeof(ciphers) / sizeof(ciphers[0]) };

static const struct cipher *
find_cipher(const char *name, struct rmt_err *err)
{
	const char *names[CIPHERS + 1] = { NULL };
	const char *near;

	if (name == NULL)
		return &ciphers[0];
	for (size_t i = 0; i < CIPHERS; i++) {
		names[i] = ciphers[i].name;
		if (strcmp(ciphers[i].name, name) == 0)
			return &ciphers[i];
	}
	near = rmt_nearest(name, names);
	rmt_err_set(err, RMT_USAGE, NULL,
	    "\"%.40s\" is no cipher for a private key; %s%s%saes-256-cbc, aes-192-cbc, "
	    "aes-128-cbc and des-ede3-cbc are",
	    name, near != NULL ? "did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "? " : "");
	return NULL;
}

/* What OpenSSL encoded; `length` is 0 or less when it could not. */
static int
take_der(unsigned char *der, int length, struct rmt_buf *out, struct rmt_err *err)
{
	if (length <= 0)
		return rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "the private key cannot be encoded");
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_clear_free(der, (size_t)length);
	return rmt_buf_check(out, err);
}

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
	return take_der(der, length, out, err);
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

/* RFC 8018, 6.2: PBES2, whose passphrase is hashed by scrypt or PBKDF2. */
static X509_ALGOR *
make_scheme(const struct cipher *cipher, bool scrypt, struct rmt_err *err)
{
	unsigned char salt[SALT_LENGTH], iv[EVP_MAX_IV_LENGTH];

	if (rmt_random(salt, sizeof(salt), err) < 0 || rmt_random(iv, sizeof(iv), err) < 0)
		return NULL;
	if (scrypt)
		return PKCS5_pbe2_set_scrypt(
		    cipher->cipher(), salt, sizeof(salt), iv, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	return PKCS5_pbe2_set_iv(cipher->cipher(), PBKDF2_ITERATIONS, salt, sizeof(salt), iv,
	    NID_hmacWithSHA256);
}

static int
encrypt(PKCS8_PRIV_KEY_INFO *info, const struct rmt_secret *passphrase, X509_ALGOR *scheme,
    struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char *der = NULL;
	X509_SIG *sealed = NULL;
	int length = 0;

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
rmt_key_write_sealed(const struct rmt_key *key, const struct rmt_secret *passphrase,
    const char *cipher_name, const char *kdf, struct rmt_buf *out, struct rmt_err *err)
{
	const struct cipher *cipher = find_cipher(cipher_name, err);
	bool scrypt = kdf == NULL || strcmp(kdf, "scrypt") == 0;
	PKCS8_PRIV_KEY_INFO *info;
	int rc;

	if (cipher == NULL)
		return -1;
	if (!scrypt && strcmp(kdf, "pbkdf2") != 0)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.40s\" hashes no passphrase; scrypt and pbkdf2 do", kdf);
	ERR_clear_error();
	info = EVP_PKEY2PKCS8(key->evp);
	if (info == NULL)
		return rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "the private key cannot be encoded");
	rc = encrypt(info, passphrase, make_scheme(cipher, scrypt, err), out, err);
	PKCS8_PRIV_KEY_INFO_free(info);
	return rc;
}

int
rmt_key_write_pem(const struct rmt_key *key, const struct rmt_secret *passphrase,
    struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf der = { 0 };
	int rc;

	rmt_buf_secret(out);
	rc = passphrase == NULL ? rmt_key_write_der(key, &der, err)
				: rmt_key_write_sealed(key, passphrase, NULL, NULL, &der, err);
	if (rc == 0) {
		append_pem(passphrase == NULL ? "PRIVATE KEY" : "ENCRYPTED PRIVATE KEY",
		    rmt_buf_view(&der), out);
		rc = rmt_buf_check(out, err);
	}
	rmt_buf_free(&der);
	return rc;
}

/* ---- older forms -------------------------------------------------------------------------- */

const char *
rmt_key_traditional_label(const struct rmt_key *key)
{
	return EVP_PKEY_is_a(key->evp, "RSA")  ? "RSA PRIVATE KEY"
	       : EVP_PKEY_is_a(key->evp, "EC") ? "EC PRIVATE KEY"
					       : NULL;
}

int
rmt_key_write_traditional(const struct rmt_key *key, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char *der = NULL;
	int length;

	rmt_buf_secret(out);
	if (rmt_key_traditional_label(key) == NULL)
		return rmt_err_set(
		    err, RMT_SECRET, NULL, "only RSA and EC keys have a form older than PKCS#8");
	ERR_clear_error();
	length = i2d_PrivateKey(key->evp, &der); /* the kind's own form comes before PKCS#8 */
	return take_der(der, length, out, err);
}

/* RFC 1421, 4.6.1.1 has no room for a salt: OpenSSL takes the first eight bytes of the IV, and
 * hashes once by MD5. */
static int
derive(const EVP_CIPHER *cipher, const unsigned char *iv, const struct rmt_secret *passphrase,
    unsigned char key[EVP_MAX_KEY_LENGTH], struct rmt_err *err)
{
	EVP_MD *md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	int length = md5 == NULL ? 0
				 : EVP_BytesToKey(cipher, md5, iv,
				       (const unsigned char *)rmt_secret_text(passphrase),
				       (int)rmt_secret_length(passphrase), 1, key, NULL);

	EVP_MD_free(md5);
	return length > 0 ? 0
			  : rmt_err_openssl(err, RMT_SECRET, NULL,
				"OpenSSL derives no key by MD5 here, as an encrypted PEM block of "
				"the old kind needs");
}

int
rmt_dek_encrypt(struct rmt_span der, const char *cipher_name, const struct rmt_secret *passphrase,
    struct rmt_buf *headers, struct rmt_buf *sealed, struct rmt_err *err)
{
	const struct cipher *row = find_cipher(cipher_name, err);
	unsigned char key[EVP_MAX_KEY_LENGTH], iv[EVP_MAX_IV_LENGTH];
	const EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx = NULL;
	int first = 0, last = 0, rc = -1;

	if (row == NULL)
		return -1;
	ERR_clear_error();
	cipher = row->cipher();
	if (rmt_random(iv, sizeof(iv), err) < 0 || derive(cipher, iv, passphrase, key, err) < 0)
		goto out;
	rmt_buf_reserve(sealed, der.length + EVP_MAX_BLOCK_LENGTH);
	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL || sealed->failed || der.length > RMT_CAP_REQUEST) {
		rmt_err_memory(err);
		goto out;
	}
	if (EVP_EncryptInit_ex(ctx, cipher, NULL, key, iv) <= 0 ||
	    EVP_EncryptUpdate(ctx, sealed->bytes, &first, der.at, (int)der.length) <= 0 ||
	    EVP_EncryptFinal_ex(ctx, sealed->bytes + first, &last) <= 0) {
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "the private key cannot be encrypted");
		goto out;
	}
	sealed->length = (size_t)first + (size_t)last;
	rmt_buf_format(headers, "Proc-Type: 4,ENCRYPTED\nDEK-Info: %s,", row->dek);
	for (int i = 0; i < EVP_CIPHER_get_iv_length(cipher); i++)
		rmt_buf_format(headers, "%02X", iv[i]);
	rmt_buf_byte(headers, '\n');
	rc = rmt_buf_check(headers, err);
out:
	rmt_wipe(key, sizeof(key));
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}
