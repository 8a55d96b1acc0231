/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying signatures under public keys given as SubjectPublicKeyInfo.
 *
 * It answers one question: does this signature fit this message and this key. Whether the key is
 * sound, the digest good enough or the signer entitled is asked elsewhere. The path of a request
 * must be short, so keys are made from their numbers (a quarter of the time that d2i_PUBKEY takes),
 * the last few are kept for issuers that recur, and a key on a named curve replaces the point of
 * the one before it on that curve, which costs a tenth of making a new one.
 */
#include "config.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "x509/local.h"

enum { KEYS_KEPT = 4, RSA_BYTES_MAX = 2048, POINT_BYTES_MAX = 160 };

struct kept_key {
	struct rmt_buf spki; /* empty when the place is free or the key is not to be found again */
	const char *kind;
	EVP_PKEY *evp;
	const char *group;   /* of an EC key on a named curve, else NULL */
	EVP_PKEY_CTX *ready; /* initialised to verify `algorithm`, or NULL */
	struct rmt_buf algorithm;
};

struct rmt_checker {
	EVP_PKEY_CTX *rsa, *ec; /* prepared for EVP_PKEY_fromdata */
	EVP_MD_CTX *hash;
	struct kept_key kept[KEYS_KEPT];
	unsigned next; /* the place that the next unknown key takes */
	struct kept_key *under_way; /* of a message in pieces */
};

struct rmt_checker *
rmt_checker_new(struct rmt_err *err)
{
	struct rmt_checker *checker = calloc(1, sizeof(*checker));

	if (checker == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	ERR_clear_error();
	checker->hash = EVP_MD_CTX_new();
	checker->rsa = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	checker->ec = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (checker->hash == NULL || checker->rsa == NULL || checker->ec == NULL ||
	    EVP_PKEY_fromdata_init(checker->rsa) <= 0 || EVP_PKEY_fromdata_init(checker->ec) <= 0) {
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare for verifying");
		rmt_checker_free(checker);
		return NULL;
	}
	return checker;
}

static void
forget(struct kept_key *kept)
{
	EVP_PKEY_CTX_free(kept->ready);
	EVP_PKEY_free(kept->evp);
	kept->ready = NULL;
	kept->evp = NULL;
	kept->group = NULL;
	rmt_buf_clear(&kept->spki);
	rmt_buf_clear(&kept->algorithm);
}

void
rmt_checker_free(struct rmt_checker *checker)
{
	if (checker == NULL)
		return;
	for (size_t i = 0; i < KEYS_KEPT; i++) {
		forget(&checker->kept[i]);
		rmt_buf_free(&checker->kept[i].spki);
		rmt_buf_free(&checker->kept[i].algorithm);
	}
	EVP_PKEY_CTX_free(checker->rsa);
	EVP_PKEY_CTX_free(checker->ec);
	EVP_MD_CTX_free(checker->hash);
	free(checker);
}

/* ---- public keys from their numbers ------------------------------------------------------- */

/* A number as OSSL_PARAM wants it: in the byte order of the machine. */
static void
native_order(struct rmt_span number, unsigned char *out)
{
	for (size_t i = 0; i < number.length; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		out[number.length - 1 - i] = number.at[i];
#else
		out[i] = number.at[i];
#endif
}

static EVP_PKEY *
make_rsa(struct rmt_checker *checker, const struct rmt_spki *spki)
{
	unsigned char n[RSA_BYTES_MAX], e[RSA_BYTES_MAX];
	OSSL_PARAM parameters[3];
	EVP_PKEY *evp = NULL;

	if (spki->modulus.length == 0 || spki->modulus.length > sizeof(n) ||
	    spki->exponent.length == 0 || spki->exponent.length > sizeof(e))
		return NULL;
	native_order(spki->modulus, n);
	native_order(spki->exponent, e);
	parameters[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, spki->modulus.length);
	parameters[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, spki->exponent.length);
	parameters[2] = OSSL_PARAM_construct_end();
	return EVP_PKEY_fromdata(checker->rsa, &evp, EVP_PKEY_PUBLIC_KEY, parameters) > 0 ? evp
											  : NULL;
}

static EVP_PKEY *
make_ec(struct rmt_checker *checker, const struct rmt_spki *spki, const char *group)
{
	unsigned char point[POINT_BYTES_MAX];
	char name[32];
	OSSL_PARAM parameters[3];
	EVP_PKEY *evp = NULL;

	if (spki->point.length > sizeof(point) || strlen(group) >= sizeof(name))
		return NULL;
	memcpy(point, spki->point.at, spki->point.length);
	memcpy(name, group, strlen(group) + 1);
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	parameters[1] =
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, spki->point.length);
	parameters[2] = OSSL_PARAM_construct_end();
	return EVP_PKEY_fromdata(checker->ec, &evp, EVP_PKEY_PUBLIC_KEY, parameters) > 0 ? evp
											 : NULL;
}

/* What has no short way goes through OpenSSL's decoders: PSS keys with their restrictions, explicit
 * curves, DSA, and the kinds that only a newer OpenSSL knows. */
static EVP_PKEY *
make_key(struct rmt_checker *checker, struct rmt_span spki, const struct rmt_spki *read)
{
	const unsigned char *at = spki.at;
	const char *group = strcmp(read->kind, "ec") == 0 ? rmt_curve_group(read->curve_oid) : NULL;

	if (group != NULL)
		return make_ec(checker, read, group);
	if (strcmp(read->kind, "rsa") == 0)
		return make_rsa(checker, read);
	if (strcmp(read->kind, "ed25519") == 0)
		return EVP_PKEY_new_raw_public_key_ex(
		    NULL, "ED25519", NULL, read->point.at, read->point.length);
	return d2i_PUBKEY(NULL, &at, (long)spki.length);
}

/* Put another point into the kept key of the same curve: 1 done, 0 none is kept, -1 it is no point
 * of the curve. */
static int
replace_point(struct rmt_checker *checker, struct rmt_span spki, const struct rmt_spki *read,
    struct kept_key **out)
{
	const char *group = strcmp(read->kind, "ec") == 0 ? rmt_curve_group(read->curve_oid) : NULL;
	struct kept_key *kept = checker->kept;

	while (kept < checker->kept + KEYS_KEPT && (kept->evp == NULL || kept->group != group))
		kept++;
	if (group == NULL || kept == checker->kept + KEYS_KEPT)
		return 0;
	rmt_buf_clear(&kept->spki);
	rmt_buf_clear(&kept->algorithm); /* the context is initialised again */
	if (EVP_PKEY_set1_encoded_public_key(kept->evp, read->point.at, read->point.length) <= 0)
		return -1;
	rmt_buf_span(&kept->spki, spki);
	*out = kept;
	return 1;
}

static struct kept_key *
make_place(struct rmt_checker *checker, struct rmt_span spki, const struct rmt_spki *read)
{
	struct kept_key *kept = &checker->kept[checker->next];

	checker->next = (checker->next + 1) % KEYS_KEPT;
	forget(kept);
	kept->evp = make_key(checker, spki, read);
	if (kept->evp == NULL)
		return NULL;
	kept->group = strcmp(read->kind, "ec") == 0 ? rmt_curve_group(read->curve_oid) : NULL;
	rmt_buf_span(&kept->spki, spki);
	return kept;
}

bool
rmt_kind_missing(const struct rmt_spki *key, char sentence[RMT_MISSING])
{
	const struct rmt_oid *name = rmt_oid_find(key->algorithm_oid);
	EVP_SIGNATURE *known;

	if (name == NULL ||
	    (strncmp(key->kind, "ml-dsa-", 7) != 0 && strncmp(key->kind, "slh-dsa-", 8) != 0))
		return false;
	ERR_set_mark();
	known = EVP_SIGNATURE_fetch(NULL, name->name, NULL);
	ERR_pop_to_mark();
	EVP_SIGNATURE_free(known);
	if (known == NULL)
		snprintf(sentence, RMT_MISSING, "this OpenSSL %s knows no %s; 3.5 does",
		    OpenSSL_version(OPENSSL_VERSION_STRING), name->name);
	return known == NULL;
}

static int
unusable(const struct rmt_spki *read, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	char missing[RMT_MISSING];

	rmt_spki_text(read, &text);
	if (rmt_kind_missing(read, missing)) {
		ERR_clear_error();
		rmt_err_set(err, RMT_SECRET, "spki", "the public key (%s) cannot be used: %s",
		    rmt_buf_string(&text), missing);
	} else
		rmt_err_openssl(err, RMT_SECRET, "spki", "the public key (%s) cannot be used",
		    rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

static struct kept_key *
find_key(struct rmt_checker *checker, struct rmt_span spki, struct rmt_err *err)
{
	struct kept_key *kept = NULL;
	struct rmt_spki read;
	int replaced;

	for (size_t i = 0; i < KEYS_KEPT; i++)
		if (checker->kept[i].spki.length > 0 &&
		    rmt_span_equal(rmt_buf_view(&checker->kept[i].spki), spki))
			return &checker->kept[i];
	if (rmt_spki_read(spki, &read, err) < 0)
		return NULL;
	replaced = replace_point(checker, spki, &read, &kept);
	if (replaced == 0)
		kept = make_place(checker, spki, &read);
	if (kept == NULL) {
		unusable(&read, err);
		return NULL;
	}
	kept->kind = read.kind;
	if (rmt_buf_check(&kept->spki, err) < 0) {
		forget(kept);
		return NULL;
	}
	return kept;
}

/* ---- verifying ---------------------------------------------------------------------------- */

static int
refuse(struct rmt_err *err)
{
	ERR_clear_error();
	return rmt_err_set(err, RMT_INPUT, "signature", "the signature does not verify");
}

/* An RSASSA-PSS signature may stand under a plain RSA key; otherwise kind and algorithm go
 * together. */
static bool
fits(const char *algorithm_key, const char *kind)
{
	size_t length = strlen(algorithm_key);

	if (strcmp(algorithm_key, "rsa-pss") == 0 && strcmp(kind, "rsa") == 0)
		return true;
	return length > 0 && strncmp(algorithm_key, kind, length) == 0 &&
	       (kind[length] == '\0' || kind[length] == '-') &&
	       (strcmp(algorithm_key, "rsa") != 0 || kind[length] == '\0');
}

static int
set_pss(EVP_PKEY_CTX *ctx, struct rmt_span algorithm, struct rmt_err *err)
{
	const EVP_MD *mask;
	struct rmt_pss pss;

	if (rmt_pss_read(algorithm, &pss, err) < 0)
		return -1;
	mask = rmt_digest_named(pss.mgf_digest, err);
	if (mask == NULL)
		return -1;
	if (pss.salt_length < 0 || pss.salt_length > RSA_BYTES_MAX)
		return rmt_err_set(err, RMT_INPUT, "signature",
		    "the salt of the RSASSA-PSS signature has no possible length");
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mask) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)pss.salt_length) <= 0)
		return rmt_err_openssl(err, RMT_INPUT, "signature",
		    "the key does not allow this RSASSA-PSS signature");
	return 0;
}

/* A context for this key and algorithm: the kept one when it was made for the same. */
static int
make_ready(struct kept_key *kept, struct rmt_span algorithm,
    const struct rmt_signature_algorithm *read, const EVP_MD *digest, struct rmt_err *err)
{
	if (kept->ready != NULL && rmt_span_equal(rmt_buf_view(&kept->algorithm), algorithm))
		return 0;
	if (kept->ready == NULL)
		kept->ready = EVP_PKEY_CTX_new_from_pkey(NULL, kept->evp, NULL);
	if (kept->ready == NULL || EVP_PKEY_verify_init(kept->ready) <= 0) {
		rmt_err_openssl(err, RMT_SECRET, "spki", "the public key cannot verify signatures");
		goto fail;
	}
	if (strcmp(read->key, "rsa") == 0 &&
	    EVP_PKEY_CTX_set_rsa_padding(kept->ready, RSA_PKCS1_PADDING) <= 0) {
		rmt_err_openssl(err, RMT_SECRET, "spki", "the public key cannot verify signatures");
		goto fail;
	}
	if (strcmp(read->key, "rsa-pss") == 0 && set_pss(kept->ready, algorithm, err) < 0)
		goto fail;
	if (EVP_PKEY_CTX_set_signature_md(kept->ready, digest) <= 0) {
		rmt_err_openssl(
		    err, RMT_INPUT, "algorithm", "%s cannot be verified here", read->name);
		goto fail;
	}
	rmt_buf_clear(&kept->algorithm);
	rmt_buf_span(&kept->algorithm, algorithm);
	if (rmt_buf_check(&kept->algorithm, err) < 0)
		goto fail;
	return 0;
fail:
	EVP_PKEY_CTX_free(kept->ready);
	kept->ready = NULL;
	return -1;
}

static int
verify_digest(struct rmt_checker *checker, struct kept_key *kept, struct rmt_span message,
    const EVP_MD *digest, struct rmt_span signature, struct rmt_err *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned length;

	if (EVP_DigestInit_ex2(checker->hash, digest, NULL) <= 0 ||
	    EVP_DigestUpdate(checker->hash, message.at, message.length) <= 0 ||
	    EVP_DigestFinal_ex(checker->hash, hash, &length) <= 0)
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot hash the signed bytes");
	return EVP_PKEY_verify(kept->ready, signature.at, signature.length, hash, length) == 1
		   ? 0
		   : refuse(err);
}

/* Kinds that hash inside: EdDSA, ML-DSA, SLH-DSA. */
static int
verify_whole(struct rmt_checker *checker, struct kept_key *kept, struct rmt_span message,
    struct rmt_span signature, struct rmt_err *err)
{
	int rc;

	EVP_MD_CTX_reset(checker->hash);
	if (EVP_DigestVerifyInit_ex(checker->hash, NULL, NULL, NULL, NULL, kept->evp, NULL) <= 0)
		rc = rmt_err_openssl(
		    err, RMT_SECRET, "spki", "the public key cannot verify signatures");
	else if (EVP_DigestVerify(checker->hash, signature.at, signature.length, message.at,
		     message.length) != 1)
		rc = refuse(err);
	else
		rc = 0;
	EVP_MD_CTX_reset(checker->hash); /* bound to the key, it would hash no other signature */
	return rc;
}

static int
unknown_algorithm(const struct rmt_signature_algorithm *algorithm, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };

	rmt_oid_text(algorithm->oid, &text);
	rmt_err_set(err, RMT_INPUT, "algorithm", "the signature algorithm %s is not known",
	    rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

/* The key, and the digest to hash with: NULL for kinds that hash inside. */
static struct kept_key *
prepare(struct rmt_checker *checker, struct rmt_span algorithm, struct rmt_span spki,
    const EVP_MD **digest, struct rmt_err *err)
{
	struct rmt_signature_algorithm read;
	struct kept_key *kept;

	*digest = NULL;
	if (rmt_algorithm_read(algorithm, &read, err) < 0)
		return NULL;
	if (read.name[0] == '\0') {
		unknown_algorithm(&read, err);
		return NULL;
	}
	ERR_clear_error();
	kept = find_key(checker, spki, err);
	if (kept == NULL)
		return NULL;
	if (!fits(read.key, kept->kind)) {
		rmt_err_set(err, RMT_INPUT, "algorithm",
		    "a signature by %s cannot be made with a key of the kind %s", read.name,
		    kept->kind[0] != '\0' ? kept->kind : "that stands here");
		return NULL;
	}
	if (read.digest[0] == '\0' && strcmp(read.key, "rsa-pss") != 0)
		return kept;
	*digest = rmt_digest_named(read.digest, err);
	if (*digest == NULL || make_ready(kept, algorithm, &read, *digest, err) < 0)
		return NULL;
	return kept;
}

int
rmt_checker_verify(struct rmt_checker *checker, struct rmt_span message, struct rmt_span algorithm,
    struct rmt_span signature, struct rmt_span spki, struct rmt_err *err)
{
	const EVP_MD *digest;
	struct kept_key *kept = prepare(checker, algorithm, spki, &digest, err);

	if (kept == NULL)
		return -1;
	return digest == NULL ? verify_whole(checker, kept, message, signature, err)
			      : verify_digest(checker, kept, message, digest, signature, err);
}

/* Could this key have made it at all? */
static bool
possible(const struct rmt_signature_algorithm *algorithm, struct rmt_span spki)
{
	struct rmt_spki key;

	if (algorithm->name[0] == '\0')
		return true;
	return rmt_spki_read(spki, &key, NULL) == 0 &&
	       (key.kind[0] == '\0' || fits(algorithm->key, key.kind));
}

enum rmt_judgement
rmt_checker_judge(struct rmt_checker *checker, struct rmt_span message, struct rmt_span algorithm,
    struct rmt_span signature, struct rmt_span spki, struct rmt_err *why)
{
	struct rmt_signature_algorithm read;

	*why = (struct rmt_err){ 0 };
	if (rmt_checker_verify(checker, message, algorithm, signature, spki, why) == 0)
		return RMT_SIGNATURE_GOOD;
	if (strcmp(why->place, "signature") == 0 ||
	    rmt_algorithm_read(algorithm, &read, NULL) < 0 || !possible(&read, spki))
		return RMT_SIGNATURE_FALSE;
	return RMT_SIGNATURE_UNVERIFIABLE;
}

/* ---- a message in pieces ------------------------------------------------------------------ */

int
rmt_checker_start(struct rmt_checker *checker, struct rmt_span algorithm, struct rmt_span spki,
    struct rmt_err *err)
{
	const EVP_MD *digest;

	checker->under_way = prepare(checker, algorithm, spki, &digest, err);
	if (checker->under_way == NULL)
		return -1;
	if (digest == NULL)
		return 0;
	if (EVP_DigestInit_ex2(checker->hash, digest, NULL) <= 0)
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot hash the signed bytes");
	return 1;
}

int
rmt_checker_add(struct rmt_checker *checker, struct rmt_span piece, struct rmt_err *err)
{
	if (EVP_DigestUpdate(checker->hash, piece.at, piece.length) <= 0)
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot hash the signed bytes");
	return 0;
}

int
rmt_checker_end(struct rmt_checker *checker, struct rmt_span signature, struct rmt_err *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned length;

	if (EVP_DigestFinal_ex(checker->hash, hash, &length) <= 0)
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot hash the signed bytes");
	return EVP_PKEY_verify(checker->under_way->ready, signature.at, signature.length, hash,
		   length) == 1
		   ? 0
		   : refuse(err);
}

int
rmt_request_verify(
    struct rmt_checker *checker, const struct rmt_request *request, struct rmt_err *err)
{
	struct rmt_err fault = { 0 };

	if (rmt_checker_verify(checker, request->info, request->algorithm, request->signature,
		request->spki, &fault) == 0)
		return 0;
	return rmt_err_cite(err, fault.class, fault.place, "RFC 2986, 3",
	    "the request does not prove possession of its key: %.400s", fault.message);
}
