/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path validation: one path, leaf first, handed alone to X509_verify_cert under the rules of one
 * verifier.
 *
 * Which paths there are is found elsewhere; revocation and host names are not looked at. This is
 * the only place where a certificate becomes an X509: that costs fifty times what reading it costs,
 * so issuers and anchors are kept.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "x509/local.h"

enum { ISSUERS_KEPT = 256, PATH_MAX_LENGTH = 32 };

struct kept_issuer {
	unsigned char fingerprint[RMT_SHA256];
	X509 *cert;
	uint64_t used; /* the check that used it last */
};

struct rmt_path_checker {
	X509_STORE *store; /* holds no certificate, only the rules */
	X509_STORE_CTX *ctx;
	STACK_OF(X509) * middle, *trusted;
	struct kept_issuer leaf; /* of the last path: one leaf may have several */
	struct kept_issuer issuers[ISSUERS_KEPT];
	uint64_t checks, verifications;
	char missing[RMT_MISSING]; /* text of the last outcome */
};

/* OpenSSL goes through the path from the top down: it verifies a signature, then looks at the
 * dates, then says "good". So a signature was verified when we hear "good", a complaint about
 * dates, or that the signature is bad. The top certificate is trusted as it stands: its signature
 * is not looked at. */
static int
count_verified(int good, X509_STORE_CTX *ctx)
{
	static const int after_verifying[] = { X509_V_ERR_CERT_SIGNATURE_FAILURE,
		X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED,
		X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,
		X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD };
	struct rmt_path_checker *checker = X509_STORE_CTX_get_app_data(ctx);
	int top = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
	bool verified = good;

	for (size_t i = 0; i < sizeof(after_verifying) / sizeof(after_verifying[0]); i++)
		verified = verified || X509_STORE_CTX_get_error(ctx) == after_verifying[i];
	if (verified && X509_STORE_CTX_get_error_depth(ctx) < top)
		checker->verifications++;
	return good;
}

static int
set_rules(X509_VERIFY_PARAM *param, const struct rmt_path_rules *rules)
{
	static const int purposes[] = {
		[RMT_PURPOSE_ANY] = 0, /* none set: no role is enforced */
		[RMT_PURPOSE_SERVER] = X509_PURPOSE_SSL_SERVER,
		[RMT_PURPOSE_CLIENT] = X509_PURPOSE_SSL_CLIENT,
	};
	unsigned long flags = (rules->strict ? X509_V_FLAG_X509_STRICT : 0) |
			      (rules->partial ? X509_V_FLAG_PARTIAL_CHAIN : 0);

	X509_VERIFY_PARAM_set_auth_level(param, rules->auth_level);
	X509_VERIFY_PARAM_set_time(param, (time_t)rules->at);
	X509_VERIFY_PARAM_set_depth(param, PATH_MAX_LENGTH);
	return (flags == 0 || X509_VERIFY_PARAM_set_flags(param, flags)) &&
	       (purposes[rules->purpose] == 0 ||
		   X509_VERIFY_PARAM_set_purpose(param, purposes[rules->purpose]));
}

struct rmt_path_checker *
rmt_path_checker_new(const struct rmt_path_rules *rules, struct rmt_err *err)
{
	struct rmt_path_checker *checker = calloc(1, sizeof(*checker));

	if (checker == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	ERR_clear_error();
	checker->store = X509_STORE_new();
	checker->ctx = X509_STORE_CTX_new();
	checker->middle = sk_X509_new_reserve(NULL, PATH_MAX_LENGTH);
	checker->trusted = sk_X509_new_reserve(NULL, 1);
	if (checker->store == NULL || checker->ctx == NULL || checker->middle == NULL ||
	    checker->trusted == NULL || !set_rules(X509_STORE_get0_param(checker->store), rules)) {
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare path validation");
		rmt_path_checker_free(checker);
		return NULL;
	}
	return checker;
}

void
rmt_path_checker_free(struct rmt_path_checker *checker)
{
	if (checker == NULL)
		return;
	for (size_t i = 0; i < ISSUERS_KEPT; i++)
		X509_free(checker->issuers[i].cert);
	X509_free(checker->leaf.cert);
	sk_X509_free(checker->middle);
	sk_X509_free(checker->trusted);
	X509_STORE_CTX_free(checker->ctx);
	X509_STORE_free(checker->store);
	free(checker);
}

/* The extension cache of an X509 is filled here, before anybody compares or verifies with it. */
static X509 *
decode(const struct rmt_cert *cert, size_t depth, struct rmt_err *err)
{
	const unsigned char *at = cert->der.at;
	X509 *x509 = d2i_X509(NULL, &at, (long)cert->der.length);
	char place[32] = { 0 };

	if (x509 != NULL) {
		X509_check_purpose(x509, -1, 0);
		ERR_clear_error();
		return x509;
	}
	snprintf(place, sizeof(place), "path[%zu]", depth);
	rmt_err_openssl(err, RMT_INPUT, place, "OpenSSL cannot read this certificate");
	return NULL;
}

static bool
is_kept(const struct kept_issuer *kept, const unsigned char fingerprint[RMT_SHA256])
{
	return kept->cert != NULL && memcmp(kept->fingerprint, fingerprint, RMT_SHA256) == 0;
}

/* Where this certificate stands, or the place it takes: a free one, else the one that was used
 * longest ago. */
static struct kept_issuer *
find_place(struct rmt_path_checker *checker, const unsigned char fingerprint[RMT_SHA256])
{
	struct kept_issuer *oldest = &checker->issuers[0];

	for (size_t i = 0; i < ISSUERS_KEPT && (i == 0 || checker->issuers[i - 1].cert != NULL);
	     i++) {
		if (is_kept(&checker->issuers[i], fingerprint))
			return &checker->issuers[i];
		if (checker->issuers[i].used < oldest->used)
			oldest = &checker->issuers[i];
	}
	return oldest;
}

/* Borrowed from the checker, until the next path. */
static X509 *
issuer_or_leaf(struct rmt_path_checker *checker, const struct rmt_cert *cert, size_t depth,
    struct rmt_err *err)
{
	unsigned char fingerprint[RMT_SHA256];
	struct kept_issuer *kept;

	if (rmt_sha256(cert->der, fingerprint, err) < 0)
		return NULL;
	kept = depth == 0 ? &checker->leaf : find_place(checker, fingerprint);
	if (!is_kept(kept, fingerprint)) {
		X509_free(kept->cert);
		kept->cert = decode(cert, depth, err);
		memcpy(kept->fingerprint, fingerprint, RMT_SHA256);
	}
	kept->used = kept->cert != NULL ? checker->checks : 0;
	return kept->cert;
}

static int
load_path(struct rmt_path_checker *checker, const struct rmt_cert *const *path, size_t count,
    struct rmt_err *err)
{
	sk_X509_zero(checker->middle);
	sk_X509_zero(checker->trusted);
	for (size_t i = 0; i < count; i++) {
		X509 *cert = issuer_or_leaf(checker, path[i], i, err);

		if (cert == NULL)
			return -1;
		if (i + 1 == count && !sk_X509_push(checker->trusted, cert))
			return rmt_err_memory(err);
		if (i > 0 && i + 1 < count && !sk_X509_push(checker->middle, cert))
			return rmt_err_memory(err);
	}
	return 0;
}

/* Of a signature by an algorithm that it does not know OpenSSL says all kinds of things: what is missing says more. */
static void
tell_missing(struct rmt_path_checker *checker, const struct rmt_cert *const *path, size_t count,
    struct rmt_path_outcome *out)
{
	struct rmt_spki key;

	/* The leaf's own key signs nothing here; OpenSSL stumbles over it all the same, as over one that is too short. */
	bool own = out->depth == 0 && (out->error == X509_V_ERR_UNSPECIFIED || out->error == X509_V_ERR_EE_KEY_TOO_SMALL);

	for (size_t i = own ? 0 : 1; i < count; i++) {
		if (rmt_spki_read(path[i]->spki, &key, NULL) < 0 ||
		    !rmt_kind_missing(&key, checker->missing))
			continue;
		out->error = X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM;
		out->depth = i == 0 ? 0 : (int)i - 1;
		out->text = checker->missing;
		return;
	}
}

int
rmt_path_check(struct rmt_path_checker *checker, const struct rmt_cert *const *path, size_t count,
    bool anchored, struct rmt_path_outcome *out, struct rmt_err *err)
{
	int verdict;

	*out = (struct rmt_path_outcome){ .text = "" };
	if (count == 0 || count > PATH_MAX_LENGTH)
		return rmt_err_set(err, RMT_USAGE, NULL, "a path has 1 to %d certificates, not %zu",
		    PATH_MAX_LENGTH, count);
	checker->checks++;
	ERR_clear_error();
	if (load_path(checker, path, count, err) < 0)
		return -1;
	if (!X509_STORE_CTX_init(checker->ctx, checker->store, checker->leaf.cert, checker->middle))
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare path validation");
	X509_STORE_CTX_set0_trusted_stack(checker->ctx, checker->trusted);
	X509_STORE_CTX_set_verify_cb(checker->ctx, count_verified);
	if (!X509_STORE_CTX_set_app_data(checker->ctx, checker))
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare path validation");
	if (!anchored)
		X509_STORE_CTX_set_flags(checker->ctx, X509_V_FLAG_PARTIAL_CHAIN);
	verdict = X509_verify_cert(checker->ctx);
	out->error = X509_STORE_CTX_get_error(checker->ctx);
	if (verdict != 1 && out->error == X509_V_OK)
		out->error = X509_V_ERR_UNSPECIFIED;
	out->depth = verdict == 1 ? 0 : X509_STORE_CTX_get_error_depth(checker->ctx);
	out->accepted = verdict == 1 && out->error == X509_V_OK;
	out->complete = anchored;
	out->text = rmt_verify_error_text(out->error);
	X509_STORE_CTX_cleanup(checker->ctx);
	if (out->error == X509_V_ERR_OUT_OF_MEM)
		return rmt_err_memory(err);
	ERR_clear_error();
	if (!out->accepted)
		tell_missing(checker, path, count, out);
	return 0;
}

uint64_t
rmt_path_verifications(const struct rmt_path_checker *checker)
{
	return checker->verifications;
}

const char *
rmt_verify_error_text(int error)
{
	return X509_verify_cert_error_string(error);
}
