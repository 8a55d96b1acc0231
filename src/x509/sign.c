/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing: one key, one digest, prepared once and used for every certificate, CRL and request.
 *
 * It signs what it is given: what may be signed is decided above. Digests that Remint will not sign
 * with are refused when the signer is made.
 */
#include "config.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "x509/local.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- digests ------------------------------------------------------------------------------ */

/* A fetch costs five times what a short digest costs, so each is made once and kept for the
 * process. */
static struct {
	const char *name;
	EVP_MD *md;
} digests[] = {
	{ "sha256", NULL },
	{ "sha384", NULL },
	{ "sha512", NULL },
	{ "sha1", NULL },
	{ "md5", NULL },
	{ "sha224", NULL },
	{ "sha512-224", NULL },
	{ "sha512-256", NULL },
	{ "sha3-224", NULL },
	{ "sha3-256", NULL },
	{ "sha3-384", NULL },
	{ "sha3-512", NULL },
	{ "ripemd160", NULL },
	{ "md4", NULL },
	{ "md2", NULL },
};
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

static void
fetch_digests(void)
{
	ERR_set_mark();
	for (size_t i = 0; i < COUNT(digests); i++)
		digests[i].md = EVP_MD_fetch(NULL, digests[i].name, NULL);
	ERR_pop_to_mark();
}

const EVP_MD *
rmt_digest_named(const char *name, struct rmt_err *err)
{
	pthread_once(&digests_once, fetch_digests);
	for (size_t i = 0; i < COUNT(digests); i++)
		if (digests[i].md != NULL && strcmp(digests[i].name, name) == 0)
			return digests[i].md;
	rmt_err_set(
	    err, RMT_INPUT, "algorithm", "this OpenSSL does not offer the digest %.40s", name);
	return NULL;
}

/* ---- the signer --------------------------------------------------------------------------- */

/* To add a kind of key that signs: one row here (its OIDs stand in algorithm.c), and a row in
 * tests/unit/test_keys_sign.c. */
static const struct signing_kind {
	const char *kind;
	bool hashes_first; /* signs a digest; otherwise the whole message, without a digest of its
			      own */
	bool null_parameters;
	bool pss; /* RSASSA-PSS, and nothing else */
} signing_kinds[] = {
	{ "rsa", true, true, false },
	{ "ec", true, false, false },
	{ "rsa-pss", true, false, true },
	{ "ed25519", false, false, false },
	{ "ed448", false, false, false },
};

struct rmt_signer {
	const struct signing_kind *kind;
	EVP_PKEY *key;
	const EVP_MD *digest; /* NULL when the kind takes whole messages */
	EVP_PKEY_CTX
	*prepared; /* for kinds that hash first: initialised once, used for every signature */
	EVP_MD_CTX *hash;
	struct rmt_buf algorithm;
	struct rmt_pss pss;
	bool public_only; /* knows the algorithm, but cannot sign */
	/* of a message in pieces */
	struct rmt_buf whole; /* for kinds that do not hash first */
	unsigned char digested[EVP_MAX_MD_SIZE];
	unsigned digest_length; /* 0 while pieces come */
};

static int
find_signing_kind(struct rmt_signer *signer, struct rmt_err *err)
{
	const char *kind = rmt_evp_kind(signer->key);

	for (size_t i = 0; i < COUNT(signing_kinds); i++)
		if (strcmp(signing_kinds[i].kind, kind) == 0) {
			signer->kind = &signing_kinds[i];
			return 0;
		}
	return rmt_err_set(err, RMT_SECRET, NULL, "Remint does not sign with keys of the kind %s",
	    kind[0] != '\0' ? kind : "that this one has");
}

/* The digest that fits the strength of the key when none is asked for. */
static const char *
default_digest(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_is_a(key, "EC") ? EVP_PKEY_get_bits(key) : 0;

	return bits > 384 ? "sha512" : bits > 256 ? "sha384" : "sha256";
}

static int
check_digest(const char *digest, struct rmt_err *err)
{
	static const char *const fit[] = { "sha256", "sha384", "sha512", NULL };

	for (size_t i = 0; fit[i] != NULL; i++)
		if (strcmp(fit[i], digest) == 0)
			return 0;
	if (strcmp(digest, "sha1") == 0 || strcmp(digest, "md5") == 0)
		return rmt_err_cite(err, RMT_POLICY, NULL, "CA/Browser Forum BR, 7.1.3.2",
		    "Remint does not sign with %s", digest);
	return rmt_err_set(err, RMT_USAGE, NULL,
	    "\"%.40s\" is no digest to sign with; sha256, sha384 and sha512 are", digest);
}

static int
write_algorithm(struct rmt_signer *signer, const char *digest, struct rmt_err *err)
{
	struct rmt_derw w = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_algorithm_oid(signer->kind->kind, signer->kind->pss ? "" : digest));
	if (signer->kind->pss)
		rmt_pss_write(&w, &signer->pss);
	if (signer->kind->null_parameters) /* RFC 4055, 5: NULL for RSA; RFC 5758, 3.2, and RFC
					      8410, 3: absent */
		rmt_derw_null(&w);
	rmt_derw_end(&w);
	return rmt_derw_finish(&w, &signer->algorithm, err);
}

/* A key may be bound to a digest, to one of the mask, and to a shortest salt, which is used (RFC 4055, 3.3): then that counts, whatever is asked
 * for. Else the salt is as long as the digest (RFC 4055, 3.1). */
static int
choose_pss(struct rmt_signer *signer, const char **digest, struct rmt_err *err)
{
	struct rmt_pss demanded, *pss = &signer->pss;
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(signer->key, &der);
	int found = length > 0 ? rmt_pss_demanded(rmt_span_of(der, (size_t)length), &demanded, err)
			       : rmt_err_openssl(err, RMT_SECRET, NULL, "cannot read the public key");
	const EVP_MD *md;

	OPENSSL_free(der);
	if (found < 0)
		return -1;
	if (found)
		*digest = demanded.digest;
	md = check_digest(*digest, err) < 0 ? NULL : rmt_digest_named(*digest, err);
	if (md == NULL || (found && check_digest(demanded.mgf_digest, err) < 0))
		return -1;
	*pss = found ? demanded : (struct rmt_pss){ *digest, *digest, EVP_MD_get_size(md) };
	if (pss->salt_length >= 0 && pss->salt_length <= EVP_PKEY_get_size(signer->key) - EVP_MD_get_size(md) - 2)
		return 0;
	return rmt_err_set(err, RMT_SECRET, NULL, "the key is too short for the salt that it asks for");
}

static bool
set_padding(struct rmt_signer *signer)
{
	const struct rmt_pss *pss = &signer->pss;

	if (strcmp(signer->kind->kind, "rsa") == 0)
		return EVP_PKEY_CTX_set_rsa_padding(signer->prepared, RSA_PKCS1_PADDING) > 0;
	if (!signer->kind->pss)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(signer->prepared, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(signer->prepared, rmt_digest_named(pss->mgf_digest, NULL)) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(signer->prepared, (int)pss->salt_length) > 0;
}

/* The contexts of one signer; each duplicate has its own. */
static int
prepare(struct rmt_signer *signer, struct rmt_err *err)
{
	signer->hash = EVP_MD_CTX_new();
	if (signer->hash == NULL)
		return rmt_err_memory(err);
	if (!signer->kind->hashes_first || signer->public_only)
		return 0;
	signer->prepared = EVP_PKEY_CTX_new_from_pkey(NULL, signer->key, NULL);
	if (signer->prepared == NULL || EVP_PKEY_sign_init(signer->prepared) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(signer->prepared, signer->digest) <= 0 || !set_padding(signer))
		return rmt_err_openssl(err, RMT_SECRET, NULL, "cannot prepare the key for signing");
	return 0;
}

/* The key becomes the signer's, also on failure. */
static struct rmt_signer *
make_signer(EVP_PKEY *key, bool public_only, const char *digest, struct rmt_err *err)
{
	struct rmt_signer *signer = calloc(1, sizeof(*signer));

	if (signer == NULL) {
		EVP_PKEY_free(key);
		rmt_err_memory(err);
		return NULL;
	}
	ERR_clear_error();
	signer->key = key;
	signer->public_only = public_only;
	if (find_signing_kind(signer, err) < 0)
		goto fail;
	if (!signer->kind->hashes_first)
		digest = "";
	else if (digest == NULL || digest[0] == '\0')
		digest = default_digest(signer->key);
	if (signer->kind->pss && choose_pss(signer, &digest, err) < 0)
		goto fail;
	if (signer->kind->hashes_first) {
		if (check_digest(digest, err) < 0)
			goto fail;
		signer->digest = rmt_digest_named(digest, err);
		if (signer->digest == NULL)
			goto fail;
	}
	if (write_algorithm(signer, digest, err) < 0 || prepare(signer, err) < 0)
		goto fail;
	return signer;
fail:
	rmt_signer_free(signer);
	return NULL;
}

struct rmt_signer *
rmt_signer_new(const struct rmt_key *key, const char *digest, struct rmt_err *err)
{
	if (!EVP_PKEY_up_ref(key->evp)) {
		rmt_err_memory(err);
		return NULL;
	}
	return make_signer(key->evp, false, digest, err);
}

struct rmt_signer *
rmt_signer_new_public(struct rmt_span spki, const char *digest, struct rmt_err *err)
{
	const unsigned char *at = spki.at;
	EVP_PKEY *key = spki.length <= LONG_MAX ? d2i_PUBKEY(NULL, &at, (long)spki.length) : NULL;

	if (key == NULL) {
		rmt_err_openssl(err, RMT_INPUT, NULL, "cannot read the public key");
		return NULL;
	}
	return make_signer(key, true, digest, err);
}

struct rmt_signer *
rmt_signer_dup(const struct rmt_signer *signer, struct rmt_err *err)
{
	struct rmt_signer *copy = calloc(1, sizeof(*copy));

	if (copy == NULL || !EVP_PKEY_up_ref(signer->key)) {
		free(copy);
		rmt_err_memory(err);
		return NULL;
	}
	copy->kind = signer->kind;
	copy->key = signer->key;
	copy->digest = signer->digest;
	copy->pss = signer->pss;
	copy->public_only = signer->public_only;
	rmt_buf_span(&copy->algorithm, rmt_buf_view(&signer->algorithm));
	if (rmt_buf_check(&copy->algorithm, err) < 0 || prepare(copy, err) < 0) {
		rmt_signer_free(copy);
		return NULL;
	}
	return copy;
}

void
rmt_signer_free(struct rmt_signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_CTX_free(signer->prepared);
	EVP_MD_CTX_free(signer->hash);
	EVP_PKEY_free(signer->key);
	rmt_buf_free(&signer->algorithm);
	rmt_buf_free(&signer->whole);
	free(signer);
}

struct rmt_span
rmt_signer_algorithm(const struct rmt_signer *signer)
{
	return rmt_buf_view(&signer->algorithm);
}

static int
sign_digest(
    struct rmt_signer *signer, struct rmt_span message, unsigned char *signature, size_t *length)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_length;

	return EVP_DigestInit_ex2(signer->hash, signer->digest, NULL) > 0 &&
	       EVP_DigestUpdate(signer->hash, message.at, message.length) > 0 &&
	       EVP_DigestFinal_ex(signer->hash, digest, &digest_length) > 0 &&
	       EVP_PKEY_sign(signer->prepared, signature, length, digest, digest_length) > 0;
}

static int
sign_whole(
    struct rmt_signer *signer, struct rmt_span message, unsigned char *signature, size_t *length)
{
	EVP_MD_CTX_reset(signer->hash);
	return EVP_DigestSignInit_ex(signer->hash, NULL, NULL, NULL, NULL, signer->key, NULL) > 0 &&
	       EVP_DigestSign(signer->hash, signature, length, message.at, message.length) > 0;
}

/* For the signature itself; a public key makes none. */
static int
make_room(const struct rmt_signer *signer, struct rmt_buf *signature, size_t length, struct rmt_err *err)
{
	if (signer->public_only)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "a public key signs nothing");
	rmt_buf_reserve(signature, length);
	ERR_clear_error();
	return rmt_buf_check(signature, err);
}

int
rmt_signer_sign(struct rmt_signer *signer, struct rmt_span message, struct rmt_buf *signature,
    struct rmt_err *err)
{
	size_t length = (size_t)EVP_PKEY_get_size(signer->key);
	int done;

	if (make_room(signer, signature, length, err) < 0)
		return -1;
	done = signer->kind->hashes_first
		   ? sign_digest(signer, message, signature->bytes + signature->length, &length)
		   : sign_whole(signer, message, signature->bytes + signature->length, &length);
	if (!done)
		return rmt_err_openssl(err, RMT_SECRET, NULL, "cannot sign with this key");
	signature->length += length;
	signature->bytes[signature->length] = '\0';
	return 0;
}

/* ---- a message in pieces ------------------------------------------------------------------ */

int
rmt_signer_start(struct rmt_signer *signer, struct rmt_err *err)
{
	signer->digest_length = 0;
	rmt_buf_clear(&signer->whole);
	ERR_clear_error();
	if (!signer->kind->hashes_first || EVP_DigestInit_ex2(signer->hash, signer->digest, NULL) > 0)
		return 0;
	return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot hash what is to be signed");
}

int
rmt_signer_add(struct rmt_signer *signer, struct rmt_span piece, struct rmt_err *err)
{
	if (signer->kind->hashes_first)
		return EVP_DigestUpdate(signer->hash, piece.at, piece.length) > 0
			   ? 0
			   : rmt_err_openssl(
				 err, RMT_INTERNAL, NULL, "cannot hash what is to be signed");
	/* As much as the longest thing that is ever signed in pieces. */
	if (signer->whole.length + piece.length > RMT_CAP_CRL)
		return rmt_err_set(err, RMT_POLICY, NULL,
		    "a key of the kind %s signs everything at once, and more than 128 MiB are not held "
		    "for it",
		    signer->kind->kind);
	rmt_buf_span(&signer->whole, piece);
	return rmt_buf_check(&signer->whole, err);
}

int
rmt_signer_seal(struct rmt_signer *signer, struct rmt_buf *signature, struct rmt_err *err)
{
	size_t length = (size_t)EVP_PKEY_get_size(signer->key);

	if (!signer->kind->hashes_first)
		return rmt_signer_sign(signer, rmt_buf_view(&signer->whole), signature, err);
	if (make_room(signer, signature, length, err) < 0)
		return -1;
	if ((signer->digest_length == 0 &&
		EVP_DigestFinal_ex(signer->hash, signer->digested, &signer->digest_length) <= 0) ||
	    EVP_PKEY_sign(signer->prepared, signature->bytes + signature->length, &length,
		signer->digested, signer->digest_length) <= 0)
		return rmt_err_openssl(err, RMT_SECRET, NULL, "cannot sign with this key");
	signature->length += length;
	signature->bytes[signature->length] = '\0';
	return 0;
}

int
rmt_signer_wrap(
    struct rmt_signer *signer, struct rmt_span tbs, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_buf signature = { 0 };
	struct rmt_derw w = { 0 };

	if (rmt_signer_sign(signer, tbs, &signature, err) < 0) {
		rmt_buf_free(&signature);
		return -1;
	}
	rmt_buf_reserve(&w.buf, tbs.length + signer->algorithm.length + signature.length + 16);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, tbs);
	rmt_derw_raw(&w, rmt_signer_algorithm(signer));
	rmt_derw_bits(&w, rmt_buf_view(&signature), 0);
	rmt_derw_end(&w);
	rmt_buf_free(&signature);
	return rmt_derw_finish(&w, der, err);
}
