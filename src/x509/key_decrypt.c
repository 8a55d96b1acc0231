/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands between a passphrase and a private key: PBES1, PBES2 with PBKDF2 or scrypt, PKCS#12's
 * schemes, and the encryption of old PEM blocks.
 *
 * The cost that a file asks for is bounded before it is paid. A wrong passphrase is told from a
 * scheme that cannot be opened. Nobody is asked for a passphrase here: without one there is an
 * error.
 */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "x509/local.h"

#define PKCS5 "\x2a\x86\x48\x86\xf7\x0d\x01\x05"
#define PKCS12_PBE "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define SCRYPT_MEMORY_MAX (INT64_C(1) << 30)

/* A password-based scheme, as far as its cost and scrypt's own parameters go. */
struct scheme {
	bool scrypt;
	int64_t iterations; /* 0 when there are none */
	int64_t n, r, p;
	struct rmt_span salt, iv;
	struct rmt_der cipher; /* of scrypt: stands on the cipher's OID; of JCEKS: the parameters */
	struct rmt_span java;  /* the OID of a scheme of Java's own, or empty */
};

/* ---- the scheme and its cost -------------------------------------------------------------- */

static int
read_scrypt(struct rmt_der *parameters, struct scheme *out, struct rmt_err *err)
{
	const char *place = "encryptionAlgorithm.scrypt"; /* RFC 7914, 7 */
	struct rmt_tlv salt;

	out->scrypt = true;
	if (rmt_der_read(parameters, RMT_DER_OCTET_STRING, &salt, place, err) < 0 ||
	    rmt_der_small(parameters, &out->n, place, err) < 0 ||
	    rmt_der_small(parameters, &out->r, place, err) < 0 ||
	    rmt_der_small(parameters, &out->p, place, err) < 0)
		return -1;
	out->salt = salt.value;
	if (out->n < 2 || out->r < 1 || out->p < 1)
		return rmt_err_set(err, RMT_INPUT, place, "a scrypt parameter is not positive");
	if ((out->n & (out->n - 1)) != 0 || (out->r < 4 && out->n >= INT64_C(1) << 16 * out->r))
		return rmt_err_cite(err, RMT_INPUT, place, "RFC 7914, 2",
		    "scrypt's N is %lld, but it is a power of 2 below 2^(16*r)", (long long)out->n);
	return 0;
}

/* RFC 8018, A.2 and A.3: PBKDF2-params and PBEParameter both begin with a salt and a count. */
static int
read_count(struct rmt_der *parameters, struct scheme *out, struct rmt_err *err)
{
	const char *place = "encryptionAlgorithm.iterationCount";
	struct rmt_tlv salt;

	if (rmt_der_any(parameters, &salt, place, err) < 0 ||
	    rmt_der_small(parameters, &out->iterations, place, err) < 0)
		return -1;
	if (out->iterations < 1)
		return rmt_err_set(err, RMT_INPUT, place, "the iteration count is not positive");
	return 0;
}

/* RFC 8018, A.4: PBES2-params are two AlgorithmIdentifiers, key derivation and cipher. */
static int
read_pbes2(struct rmt_der *parameters, struct scheme *out, struct rmt_err *err)
{
	static const struct rmt_span scrypt = RMT_BYTES("\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"),
				     pbkdf2 = RMT_BYTES(PKCS5 "\x0c");
	const char *place = "encryptionAlgorithm.keyDerivationFunc";
	struct rmt_der kdf, inner;
	struct rmt_span oid;

	if (rmt_der_enter(parameters, RMT_DER_SEQUENCE, &kdf, place, err) < 0 ||
	    rmt_der_oid(&kdf, &oid, place, err) < 0)
		return -1;
	if (!rmt_span_equal(oid, scrypt) && !rmt_span_equal(oid, pbkdf2))
		return 0;
	if (rmt_der_enter(&kdf, RMT_DER_SEQUENCE, &inner, place, err) < 0)
		return -1;
	if (rmt_span_equal(oid, pbkdf2))
		return read_count(&inner, out, err);
	if (read_scrypt(&inner, out, err) < 0)
		return -1;
	return rmt_der_enter(parameters, RMT_DER_SEQUENCE, &out->cipher,
	    "encryptionAlgorithm.encryptionScheme", err);
}

static int
read_scheme(
    struct rmt_span identifier, struct scheme *out, struct rmt_notes *notes, struct rmt_err *err)
{
	static const struct rmt_span pbes2 = RMT_BYTES(PKCS5 "\x0d"), pkcs5 = RMT_BYTES(PKCS5),
				     pkcs12 = RMT_BYTES(PKCS12_PBE);
	const char *place = "encryptionAlgorithm";
	struct rmt_der outer, inside, parameters;
	struct rmt_span oid;
	bool counts;

	*out = (struct scheme){ .scrypt = false };
	rmt_der_open(&outer, identifier, notes);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, place, err) < 0 ||
	    rmt_der_oid(&inside, &oid, place, err) < 0)
		return -1;
	if (rmt_java_scheme(oid, &counts)) {
		out->java = oid;
		if (!counts)
			return 0;
		if (rmt_der_enter(&inside, RMT_DER_SEQUENCE, &parameters, place, err) < 0)
			return -1;
		out->cipher = parameters;
		return read_count(&parameters, out, err);
	}
	if ((oid.length != pkcs5.length + 1 || memcmp(oid.at, pkcs5.at, pkcs5.length) != 0) &&
	    (oid.length != pkcs12.length + 1 || memcmp(oid.at, pkcs12.at, pkcs12.length) != 0))
		return 0;
	if (rmt_der_enter(&inside, RMT_DER_SEQUENCE, &parameters, place, err) < 0)
		return -1;
	return rmt_span_equal(oid, pbes2) ? read_pbes2(&parameters, out, err)
					  : read_count(&parameters, out, err);
}

/* In iterations of PBKDF2 that take about as long. */
static uint64_t
scrypt_cost(const struct scheme *scheme)
{
	return (uint64_t)(scheme->n * scheme->r * scheme->p);
}

/* Products are formed from factors that are known to be small, so none overflows. */
static int
check_scrypt(const struct scheme *scheme, uint64_t most, struct rmt_err *err)
{
	int64_t blocks_most = SCRYPT_MEMORY_MAX / 128;
	if (scheme->n > blocks_most || scheme->r > blocks_most || scheme->n > blocks_most / scheme->r)
		return rmt_err_set(err, RMT_POLICY, "encryptionAlgorithm.scrypt",
		    "scrypt with N=%lld and r=%lld needs more memory than 1 GiB",
		    (long long)scheme->n, (long long)scheme->r);
	if (scheme->p > INT32_MAX || scrypt_cost(scheme) > most)
		return rmt_err_set(err, RMT_POLICY, "encryptionAlgorithm.scrypt",
		    "scrypt with N=%lld, r=%lld and p=%lld takes longer than %llu iterations, "
		    "which --max-iterations allows",
		    (long long)scheme->n, (long long)scheme->r, (long long)scheme->p,
		    (unsigned long long)most);
	return 0;
}

int
rmt_pbe_check(
    struct rmt_span algorithm_identifier, uint64_t most, uint64_t *iterations, struct rmt_err *err)
{
	struct rmt_notes ignored = { 0 };
	struct scheme scheme;

	if (most == 0)
		most = RMT_ITERATIONS_MAX;
	if (read_scheme(algorithm_identifier, &scheme, &ignored, err) < 0 ||
	    (scheme.scrypt && check_scrypt(&scheme, most, err) < 0))
		return -1;
	if (scheme.iterations > 0 && (uint64_t)scheme.iterations > most)
		return rmt_err_set(err, RMT_POLICY, "encryptionAlgorithm.iterationCount",
		    "the passphrase would be hashed %lld times, and --max-iterations allows %llu",
		    (long long)scheme.iterations, (unsigned long long)most);
	if (iterations != NULL)
		*iterations = scheme.scrypt ? scrypt_cost(&scheme) : (uint64_t)scheme.iterations;
	return 0;
}

/* ---- providers ---------------------------------------------------------------------------- */

static OSSL_LIB_CTX *legacy;
static pthread_once_t legacy_once = PTHREAD_ONCE_INIT;

/* Loading "legacy" into the default context would switch the default provider off for the whole
 * program. */
static void
load_legacy(void)
{
	OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *usual = context != NULL ? OSSL_PROVIDER_load(context, "default") : NULL;

	if (usual != NULL && OSSL_PROVIDER_load(context, "legacy") != NULL) {
		legacy = context;
	} else {
		if (usual != NULL)
			OSSL_PROVIDER_unload(usual);
		OSSL_LIB_CTX_free(context);
	}
	ERR_clear_error();
}

void *
rmt_legacy_context(struct rmt_err *err)
{
	pthread_once(&legacy_once, load_legacy);
	if (legacy == NULL)
		rmt_err_set(err, RMT_SECRET, NULL,
		    "this needs OpenSSL's legacy provider, which is not installed "
		    "(Debian: openssl-provider-legacy)");
	return legacy;
}

static EVP_CIPHER *
fetch_cipher(const char *name, struct rmt_err *err)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	OSSL_LIB_CTX *old;

	if (cipher == NULL) {
		old = rmt_legacy_context(err);
		cipher = old != NULL ? EVP_CIPHER_fetch(old, name, NULL) : NULL;
	}
	ERR_clear_error();
	if (cipher != NULL && EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CBC_MODE)
		return cipher;
	EVP_CIPHER_free(cipher);
	rmt_err_set(
	    err, RMT_INPUT, NULL, "the cipher %.60s of the encrypted key is not supported", name);
	return NULL;
}

/* ---- opening ------------------------------------------------------------------------------ */

static int
wrong_passphrase(struct rmt_err *err)
{
	ERR_clear_error();
	return rmt_err_set(
	    err, RMT_SECRET, NULL, "the passphrase is wrong, or the encrypted key is damaged");
}

static int
no_passphrase(struct rmt_err *err)
{
	return rmt_err_set(
	    err, RMT_SECRET, NULL, "the private key is encrypted and no passphrase was given");
}

/* A wrong passphrase passes the padding once in 256 times; that what comes out is one whole
 * SEQUENCE settles it. */
static int
accept_plain(struct rmt_buf *out, struct rmt_err *err)
{
	if (rmt_buf_check(out, err) < 0)
		return -1;
	if (out->length == 0 || out->bytes[0] != RMT_DER_SEQUENCE ||
	    rmt_der_extent(rmt_buf_view(out)) != out->length) {
		rmt_buf_clear(out);
		return wrong_passphrase(err);
	}
	return 0;
}

static int
cbc_decrypt(EVP_CIPHER *cipher, const unsigned char *key, const unsigned char *iv,
    struct rmt_span sealed, struct rmt_buf *out, struct rmt_err *err)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int first = 0, last = 0, rc = -1;

	rmt_buf_reserve(out, sealed.length + EVP_MAX_BLOCK_LENGTH);
	if (ctx == NULL || rmt_buf_check(out, err) < 0 || sealed.length > INT32_MAX) {
		rmt_err_memory(err);
		goto out;
	}
	if (EVP_DecryptInit_ex2(ctx, cipher, key, iv, NULL) <= 0 ||
	    EVP_DecryptUpdate(ctx, out->bytes, &first, sealed.at, (int)sealed.length) <= 0 ||
	    EVP_DecryptFinal_ex(ctx, out->bytes + first, &last) <= 0) {
		wrong_passphrase(err);
		goto out;
	}
	out->length = (size_t)first + (size_t)last;
	rc = accept_plain(out, err);
out:
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

/* OpenSSL's own reader stops at 32 MiB; the bound here is check_cost()'s. */
static int
open_scrypt(const struct scheme *scheme, struct rmt_span sealed, struct rmt_span password,
    struct rmt_buf *out, struct rmt_err *err)
{
	uint64_t n = (uint64_t)scheme->n, r = (uint64_t)scheme->r, p = (uint64_t)scheme->p;
	struct rmt_der from = scheme->cipher;
	unsigned char key[EVP_MAX_KEY_LENGTH];
	struct rmt_buf name = { 0 };
	EVP_CIPHER *cipher = NULL;
	struct rmt_span oid;
	struct rmt_tlv iv;
	int rc = -1;

	if (rmt_der_oid(&from, &oid, "encryptionAlgorithm.encryptionScheme", err) < 0 ||
	    rmt_der_read(
		&from, RMT_DER_OCTET_STRING, &iv, "encryptionAlgorithm.encryptionScheme", err) < 0)
		return -1;
	rmt_oid_dotted(oid, &name);
	cipher = fetch_cipher(rmt_buf_string(&name), err);
	rmt_buf_free(&name);
	if (cipher == NULL)
		return -1;
	if (iv.value.length != (size_t)EVP_CIPHER_get_iv_length(cipher))
		rmt_err_set(err, RMT_INPUT, "encryptionAlgorithm.encryptionScheme",
		    "the initial vector has a wrong length");
	else if (EVP_PBE_scrypt(password.length > 0 ? (const char *)password.at : "",
		     password.length, scheme->salt.at, scheme->salt.length, n, r, p,
		     128 * r * (n + p + 2) + (1 << 20), key,
		     (size_t)EVP_CIPHER_get_key_length(cipher)) <= 0)
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "scrypt failed");
	else
		rc = cbc_decrypt(cipher, key, iv.value.at, sealed, out, err);
	rmt_wipe(key, sizeof(key));
	EVP_CIPHER_free(cipher);
	return rc;
}

/* Whether the queue says that a scheme, a cipher or a digest is not there; the queue is emptied. */
static bool
unsupported(void)
{
	bool found = false;
	unsigned long code;

	while ((code = ERR_get_error()) != 0) {
		int reason = ERR_GET_REASON(code);

		if (ERR_GET_LIB(code) == ERR_LIB_EVP)
			found = found || reason == EVP_R_UNKNOWN_PBE_ALGORITHM ||
				reason == EVP_R_UNSUPPORTED_CIPHER ||
				reason == EVP_R_UNSUPPORTED_ALGORITHM ||
				reason == EVP_R_UNSUPPORTED_PRF ||
				reason == EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION ||
				reason == EVP_R_UNKNOWN_CIPHER;
		found = found || reason == ERR_R_UNSUPPORTED;
	}
	return found;
}

static unsigned char *
pbe_crypt(const X509_ALGOR *scheme, struct rmt_span sealed, struct rmt_span password,
    OSSL_LIB_CTX *context, int *length)
{
	unsigned char *plain = NULL;

	if (PKCS12_pbe_crypt_ex(scheme, (const char *)password.at, (int)password.length, sealed.at,
		(int)sealed.length, &plain, length, 0, context, NULL) == NULL)
		return NULL;
	return plain;
}

/* A scheme of its own name whose cipher is among the old ones: the key would be derived before that is noticed. */
static bool
wants_old_cipher(const X509_ALGOR *scheme)
{
	const ASN1_OBJECT *oid;
	EVP_CIPHER *usual;
	int nid = 0;

	X509_ALGOR_get0(&oid, NULL, NULL, scheme);
	if (!EVP_PBE_find(EVP_PBE_TYPE_OUTER, OBJ_obj2nid(oid), &nid, NULL, NULL) || nid <= 0)
		return false;
	usual = EVP_CIPHER_fetch(NULL, OBJ_nid2sn(nid), NULL);
	EVP_CIPHER_free(usual);
	ERR_clear_error();
	return usual == NULL;
}

/* PBES1, PKCS#12's schemes and PBES2 with PBKDF2: OpenSSL's, first with its usual ciphers, then
 * with the old ones. */
static int
open_pbe(struct rmt_span identifier, struct rmt_span sealed, struct rmt_span password,
    struct rmt_buf *out, struct rmt_err *err)
{
	const unsigned char *at = identifier.at;
	X509_ALGOR *scheme = d2i_X509_ALGOR(NULL, &at, (long)identifier.length);
	unsigned char *plain = NULL;
	int length = 0, rc = -1;
	bool is_old;

	if (scheme == NULL) {
		rmt_err_openssl(
		    err, RMT_INPUT, "encryptionAlgorithm", "the encryption scheme is malformed");
		return -1;
	}
	is_old = wants_old_cipher(scheme);
	if (!is_old)
		plain = pbe_crypt(scheme, sealed, password, NULL, &length);
	if (is_old || (plain == NULL && unsupported())) {
		OSSL_LIB_CTX *old = rmt_legacy_context(err);

		if (old == NULL)
			goto out;
		plain = pbe_crypt(scheme, sealed, password, old, &length);
		if (plain == NULL && unsupported()) {
			rmt_err_set(err, RMT_INPUT, "encryptionAlgorithm",
			    "the encryption scheme of the key is not supported");
			goto out;
		}
	}
	if (plain == NULL) {
		wrong_passphrase(err);
		goto out;
	}
	rmt_buf_append(out, plain, (size_t)length);
	rc = accept_plain(out, err);
out:
	OPENSSL_clear_free(plain, (size_t)length);
	X509_ALGOR_free(scheme);
	return rc;
}

int
rmt_pbe_decrypt(struct rmt_span algorithm_identifier, struct rmt_span sealed,
    struct rmt_span password, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_notes ignored = { 0 };
	struct scheme scheme;

	rmt_buf_secret(out);
	rmt_buf_clear(out);
	if (read_scheme(algorithm_identifier, &scheme, &ignored, err) < 0)
		return -1;
	if (sealed.length > RMT_CAP_CONTAINER || password.length > INT32_MAX)
		return rmt_err_set(
		    err, RMT_INPUT, "encryptedData", "what is encrypted is too large");
	ERR_clear_error();
	if (scheme.java.length > 0)
		return rmt_java_decrypt(scheme.java, scheme.cipher, sealed, password, out, err) == 0
			   ? accept_plain(out, err)
			   : -1;
	return scheme.scrypt ? open_scrypt(&scheme, sealed, password, out, err)
			     : open_pbe(algorithm_identifier, sealed, password, out, err);
}

int
rmt_pkcs8_decrypt(struct rmt_span der, const struct rmt_secret *passphrase, struct rmt_buf *out,
    struct rmt_err *err)
{
	struct rmt_notes ignored = { 0 };
	struct rmt_der outer, inside;
	struct rmt_tlv identifier, sealed;

	rmt_buf_secret(out);
	rmt_der_open(&outer, der, &ignored);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, "encryptedPrivateKeyInfo", err) < 0 ||
	    rmt_der_read(&inside, RMT_DER_SEQUENCE, &identifier, "encryptionAlgorithm", err) < 0 ||
	    rmt_der_read(&inside, RMT_DER_OCTET_STRING, &sealed, "encryptedData", err) < 0)
		return -1;
	if (passphrase == NULL)
		return no_passphrase(err);
	if (rmt_pbe_check(identifier.whole, 0, NULL, err) < 0)
		return -1;
	return rmt_pbe_decrypt(identifier.whole, sealed.value,
	    rmt_span_of(rmt_secret_text(passphrase), rmt_secret_length(passphrase)), out, err);
}

/* ---- the encryption of old PEM blocks ----------------------------------------------------- */

/* "AES-256-CBC,00112233..." (RFC 1421, 4.6.1.3): a cipher's name and its initial vector. */
static int
read_dek(struct rmt_span dek, char name[64], struct rmt_buf *iv, struct rmt_err *err)
{
	const unsigned char *comma = dek.length > 0 ? memchr(dek.at, ',', dek.length) : NULL;
	char hex[2 * EVP_MAX_IV_LENGTH + 2];
	size_t before, after;

	while (dek.length > 0 && dek.at[0] == ' ') {
		dek.at++;
		dek.length--;
	}
	before = comma != NULL && comma > dek.at ? (size_t)(comma - dek.at) : 0;
	after = before > 0 ? dek.length - before - 1 : 0;
	if (before == 0 || before >= 64 || after == 0 || after >= sizeof(hex) ||
	    memchr(dek.at, '\0', dek.length) != NULL)
		return rmt_err_set(err, RMT_INPUT, "DEK-Info",
		    "the header does not name a cipher and its initial vector");
	memcpy(name, dek.at, before);
	name[before] = '\0';
	memcpy(hex, comma + 1, after);
	hex[after] = '\0';
	return rmt_hex_decode(hex, iv, err);
}

/* The key is MD5 over passphrase and salt, repeated until it is long enough; the salt is the
 * vector's first half block. */
int
rmt_dek_decrypt(struct rmt_span dek, struct rmt_span body, const struct rmt_secret *passphrase,
    struct rmt_buf *out, struct rmt_err *err)
{
	const EVP_MD *md5 = rmt_digest_named("md5", err);
	unsigned char key[EVP_MAX_KEY_LENGTH];
	EVP_CIPHER *cipher = NULL;
	struct rmt_buf iv = { 0 };
	char name[64];
	int rc = -1;

	rmt_buf_secret(out);
	if (md5 == NULL || read_dek(dek, name, &iv, err) < 0)
		goto out;
	if (passphrase == NULL) {
		no_passphrase(err);
		goto out;
	}
	cipher = fetch_cipher(name, err);
	if (cipher == NULL)
		goto out;
	if (iv.length != (size_t)EVP_CIPHER_get_iv_length(cipher) || iv.length < PKCS5_SALT_LEN) {
		rmt_err_set(err, RMT_INPUT, "DEK-Info", "the initial vector has a wrong length");
		goto out;
	}
	ERR_clear_error();
	if (EVP_BytesToKey(cipher, md5, iv.bytes,
		(const unsigned char *)rmt_secret_text(passphrase),
		(int)rmt_secret_length(passphrase), 1, key, NULL) <= 0)
		rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "the key cannot be derived from the passphrase");
	else
		rc = cbc_decrypt(cipher, key, iv.bytes, body, out, err);
	rmt_wipe(key, sizeof(key));
out:
	EVP_CIPHER_free(cipher);
	rmt_buf_free(&iv);
	return rc;
}
