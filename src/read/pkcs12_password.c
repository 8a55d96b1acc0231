/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pkcs12_password.c - what protects a PKCS#12 container, and the password that opens it.
 *
 * The MAC is checked here, also PBMAC1 of RFC 9579, which OpenSSL before 3.4 reports as a wrong
 * password; decryption is x509's. What an attempt costs is judged before it is made.
 */
#include "config.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pkcs12.h>

#include "read/local.h"

#define RSADSI "\x2a\x86\x48\x86\xf7\x0d"
#define OID(text) \
	{ \
		(const unsigned char *)(text), sizeof(text) - 1 \
	}

static const struct rmt_span oid_pbmac1 = OID(RSADSI "\x01\x05\x0e");

/* No PBMAC1 with a key below 160 bits is taken, as OpenSSL does not. */
enum { MAC_KEY_MIN = 20, MAC_KEY_MAX = 1024, SALT_MAX = 64 << 10 };

/* One thing that a password is to open. */
struct trial {
	struct rmt_span algorithm, cipher; /* empty: the MAC */
	struct rmt_buf *plain;
	uint64_t iterations; /* of one attempt */
};

/* ---- MacData ---- */

static int
read_mac_algorithm(struct rmt_pfx_mac *mac, struct rmt_span algorithm, struct rmt_err *err)
{
	struct rmt_span oid, parameters, hmac, ignored;
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv kdf, scheme;
	struct rmt_buf name = { 0 };

	if (rmt_algorithm_split(algorithm, &oid, &parameters, err))
		return -1;
	hmac = oid;
	if (rmt_span_equal(oid, oid_pbmac1)) { /* RFC 8018, A.5 */
		mac->pbmac1 = true;
		rmt_der_open(&top, parameters, &notes);
		if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "PBMAC1-params", err) ||
		    rmt_der_read(&seq, RMT_DER_SEQUENCE, &kdf, "keyDerivationFunc", err) ||
		    rmt_der_read(&seq, RMT_DER_SEQUENCE, &scheme, "messageAuthScheme", err) ||
		    rmt_pbkdf2_read(kdf.whole, &mac->kdf, err) ||
		    rmt_algorithm_split(scheme.whole, &hmac, &ignored, err))
			return -1;
		mac->salt = mac->kdf.salt;
		mac->iterations = mac->kdf.iterations;
	}
	mac->digest = rmt_digest_name(hmac);
	if (mac->digest && (!mac->pbmac1 || mac->kdf.digest))
		return 0;
	rmt_oid_text(hmac, &name);
	rmt_err_set(err, RMT_INPUT, "macData",
	    "its integrity is protected with %s, which is not known here", rmt_buf_string(&name));
	rmt_buf_free(&name);
	return -1;
}

int
rmt_pfx_read_mac(struct rmt_pfx *pfx, struct rmt_der *outer, struct rmt_err *err)
{
	uint64_t most = rmt_reading_most(pfx->reading);
	struct rmt_pfx_mac *mac = &pfx->mac;
	struct rmt_der seq, digest_info;
	struct rmt_tlv algorithm, expected, salt;

	if (rmt_der_enter(outer, RMT_DER_SEQUENCE, &seq, "macData", err) ||
	    rmt_der_enter(&seq, RMT_DER_SEQUENCE, &digest_info, "macData.mac", err) ||
	    rmt_der_read(
		&digest_info, RMT_DER_SEQUENCE, &algorithm, "macData.mac.algorithm", err) ||
	    rmt_der_read(
		&digest_info, RMT_DER_OCTET_STRING, &expected, "macData.mac.digest", err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &salt, "macData.salt", err))
		return -1;
	mac->present = true;
	mac->iterations = 1; /* the default, RFC 7292, 4 */
	if (rmt_der_more(&seq) && rmt_der_small(&seq, &mac->iterations, "macData.iterations", err))
		return -1;
	mac->expected = expected.value;
	mac->salt = salt.value;
	if (read_mac_algorithm(mac, algorithm.whole, err))
		return -1;
	if (mac->iterations < 1 || mac->salt.length > SALT_MAX ||
	    (mac->pbmac1 && (mac->kdf.key_length < MAC_KEY_MIN || mac->kdf.key_length > MAC_KEY_MAX)))
		return rmt_err_set(err, RMT_INPUT, "macData", "its parameters are out of bounds");
	if ((uint64_t)mac->iterations > most)
		return rmt_err_set(err, RMT_POLICY, NULL,
		    "the passphrase would be hashed %lld times, and --max-iterations allows %llu",
		    (long long)mac->iterations, (unsigned long long)most);
	if (mac->iterations > INT32_MAX)
		return rmt_err_set(
		    err, RMT_INPUT, "macData.iterations", "more iterations than OpenSSL can do");
	return 0;
}

/* Of one attempt, in iterations: PBKDF2 makes its key in blocks of a digest's length, each with all of them. */
static uint64_t
mac_cost(const struct rmt_pfx_mac *mac)
{
	const EVP_MD *md = mac->pbmac1 ? EVP_get_digestbyname(mac->kdf.digest) : NULL;
	int64_t block = md ? EVP_MD_get_size(md) : MAC_KEY_MAX;
	int64_t blocks = mac->pbmac1 ? (mac->kdf.key_length + block - 1) / block : 1;

	return (uint64_t)(mac->iterations * blocks);
}

/* ---- passwords ---- */

/* An absent password where a derivation knows no difference to the empty one. */
static const void *
present(struct rmt_span password)
{
	return password.at ? (const void *)password.at : "";
}

static int
derive_mac_key(const struct rmt_pfx_mac *mac, const EVP_MD *md, struct rmt_span password,
    unsigned char key[MAC_KEY_MAX], size_t *length, struct rmt_err *err)
{
	struct rmt_buf salt = { 0 };
	int ok;

	if (mac->pbmac1) {
		*length = (size_t)mac->kdf.key_length;
		ok = PKCS5_PBKDF2_HMAC((const char *)present(password), (int)password.length,
		    mac->salt.at, (int)mac->salt.length, (int)mac->iterations,
		    EVP_get_digestbyname(mac->kdf.digest), (int)*length, key);
	} else {
		*length = (size_t)EVP_MD_get_size(md);
		/* The library takes it writable. */
		rmt_buf_append(&salt, present(mac->salt), mac->salt.length);
		ok = !salt.failed &&
		     PKCS12_key_gen_utf8_ex((const char *)password.at, (int)password.length,
			 salt.bytes, (int)salt.length, PKCS12_MAC_ID, (int)mac->iterations,
			 (int)*length, key, md, NULL, NULL);
		rmt_buf_free(&salt);
	}
	return ok ? 0
		  : rmt_err_openssl(
			err, RMT_INTERNAL, "macData", "the MAC's key cannot be derived");
}

/* 1 the MAC is right, 0 it is not, -1 it cannot be computed. */
static int
mac_fits(const struct rmt_pfx *pfx, struct rmt_span password, struct rmt_err *err)
{
	const struct rmt_pfx_mac *mac = &pfx->mac;
	const EVP_MD *md = EVP_get_digestbyname(mac->digest);
	unsigned char key[MAC_KEY_MAX], computed[EVP_MAX_MD_SIZE];
	unsigned computed_length = 0;
	size_t length = 0;
	int rc = -1;

	if (!mac->salt.length && !password.at)
		return 0; /* there is nothing to hash, and OpenSSL fails on that */
	ERR_set_mark();
	if (!md) {
		rmt_err_set(
		    err, RMT_INPUT, "macData", "the OpenSSL at hand has no %s", mac->digest);
		goto out;
	}
	if (derive_mac_key(mac, md, password, key, &length, err))
		goto out;
	if (!HMAC(md, key, (int)length, pfx->auth_safe.at, pfx->auth_safe.length, computed,
		&computed_length)) {
		rmt_err_openssl(err, RMT_INTERNAL, "macData", "the MAC cannot be computed");
		goto out;
	}
	rc = computed_length == mac->expected.length &&
	     !CRYPTO_memcmp(computed, mac->expected.at, computed_length);
out:
	ERR_pop_to_mark();
	rmt_wipe(key, sizeof key);
	return rc;
}

/* 1 it opens, 0 it does not, -1 no password would. */
static int
fits(struct rmt_pfx *pfx, const struct trial *trial, struct rmt_span password,
    struct rmt_err *err)
{
	struct rmt_err refused = { 0 };

	if (rmt_reading_spend(pfx->reading, trial->iterations, err))
		return -1;
	if (!trial->algorithm.length)
		return mac_fits(pfx, password, err);
	if (!rmt_pbe_decrypt(trial->algorithm, trial->cipher, password, trial->plain, &refused))
		return 1;
	if (refused.class == RMT_SECRET)
		return 0;
	*err = refused;
	return -1;
}

static int
keep_password(struct rmt_pfx *pfx, struct rmt_span password, struct rmt_err *err)
{
	struct rmt_buf kept = { 0 };

	rmt_buf_secret(&kept);
	rmt_buf_append(&kept, present(password), password.length);
	if (rmt_buf_check(&kept, err))
		return -1;
	rmt_buf_free(&pfx->password);
	pfx->password = kept;
	pfx->absent = !password.at;
	pfx->found = true;
	return 1;
}

/* The absent passphrase, and the empty one. */
static int
try_nothing(struct rmt_pfx *pfx, const struct trial *trial, struct rmt_err *err)
{
	const struct rmt_span nothing[] = { { NULL, 0 }, rmt_span_of("", 0) };
	int rc = 0;

	for (size_t i = 0; !rc && i < 2; i++) {
		rc = fits(pfx, trial, nothing[i], err);
		if (rc == 1)
			rc = keep_password(pfx, nothing[i], err);
	}
	return rc;
}

/* One passphrase in both encodings. */
static int
try_secret(struct rmt_pfx *pfx, const struct trial *trial, const struct rmt_secret *secret,
    struct rmt_err *err)
{
	struct rmt_span password = rmt_span_of(rmt_secret_text(secret), rmt_secret_length(secret));
	struct rmt_buf other = { 0 };
	int rc;

	pfx->tried++;
	if (!password.length)
		return try_nothing(pfx, trial, err);
	rc = fits(pfx, trial, password, err);
	if (!rc && rmt_password_bytewise(password, &other)) {
		password = rmt_buf_view(&other);
		rc = fits(pfx, trial, password, err);
	}
	if (rc == 1)
		rc = keep_password(pfx, password, err);
	rmt_buf_free(&other);
	return rc;
}

/* Passphrases at hand, then none and the empty one where that is cheap, then those that a person is
 * asked for. 1, 0 or -1. */
static int
find_password(struct rmt_pfx *pfx, const struct trial *trial, struct rmt_err *err)
{
	unsigned given = pfx->reading->reader->given, n = 0;
	const struct rmt_secret *secret = NULL;
	int rc = 0;

	pfx->tried = 0;
	for (; !rc && n < given; n++) {
		if (!(secret = rmt_reading_passphrase(pfx->reading, pfx->what, n)))
			break;
		rc = try_secret(pfx, trial, secret, err);
	}
	if (!rc && trial->iterations <= RMT_ITERATIONS_UNASKED)
		rc = try_nothing(pfx, trial, err);
	for (; !rc && n >= given && (secret = rmt_reading_passphrase(pfx->reading, pfx->what, n));
	     n++)
		rc = try_secret(pfx, trial, secret, err);
	pfx->given_up = !rc;
	return rc;
}

static int
open_trial(struct rmt_pfx *pfx, const struct trial *trial, struct rmt_err *err)
{
	struct rmt_span known =
	    rmt_span_of(pfx->absent ? NULL : rmt_buf_string(&pfx->password), pfx->password.length);
	int rc = pfx->found ? fits(pfx, trial, known, err) : 0;

	if (!rc && !pfx->given_up)
		rc = find_password(pfx, trial, err);
	if (rc)
		return rc == 1 ? 0 : -1;
	if (!pfx->tried && trial->iterations > RMT_ITERATIONS_UNASKED)
		return rmt_err_set(err, RMT_SECRET, NULL,
		    "this PKCS#12 is protected with a passphrase, and none was given (the empty one was not tried: "
		    "it would be hashed %llu times)",
		    (unsigned long long)trial->iterations);
	return rmt_err_set(err, RMT_SECRET, NULL, "%s",
	    !pfx->tried       ? "this PKCS#12 is protected with a passphrase, and none was given"
	    : pfx->tried == 1 ? "the passphrase given does not open this PKCS#12"
			      : "none of the passphrases given opens this PKCS#12");
}

int
rmt_pfx_verify(struct rmt_pfx *pfx, struct rmt_err *err)
{
	struct trial mac = { { 0 }, { 0 }, NULL, mac_cost(&pfx->mac) };

	return pfx->mac.present ? open_trial(pfx, &mac, err) : 0;
}

int
rmt_pfx_decrypt(struct rmt_pfx *pfx, struct rmt_span algorithm, struct rmt_span cipher,
    struct rmt_buf *plain, struct rmt_err *err)
{
	struct trial trial = { algorithm, cipher, plain, 0 };

	if (rmt_pbe_check(algorithm, pfx->reading->reader->max_iterations, &trial.iterations, err))
		return -1;
	return open_trial(pfx, &trial, err);
}
