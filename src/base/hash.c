/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/hash.c - digests and random bytes, both OpenSSL's. The algorithm is fetched once for the
 * process and each thread keeps its context: a digest of a short text then costs the digest, not
 * the look-up. SHA-1 is here for identifiers that standards define with it, never for signatures.
 */
#include "config.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/base.h"

enum algorithm { SHA256, SHA1, ALGORITHMS };

static const char *const names[ALGORITHMS] = { [SHA256] = "SHA2-256", [SHA1] = "SHA1" };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *fetched[ALGORITHMS];
static pthread_key_t at_thread_end;
static bool key_made;

struct contexts {
	EVP_MD_CTX *of[ALGORITHMS];
};

static _Thread_local struct contexts contexts;

/* The contexts go with their thread; those of the first thread with the process. */
static void
free_contexts(void *arg)
{
	struct contexts *gone = arg;

	for (int i = 0; i < ALGORITHMS; i++) {
		EVP_MD_CTX_free(gone->of[i]);
		gone->of[i] = NULL;
	}
}

static void
fetch(void)
{
	for (int i = 0; i < ALGORITHMS; i++)
		fetched[i] = EVP_MD_fetch(NULL, names[i], NULL);
	key_made = pthread_key_create(&at_thread_end, free_contexts) == 0;
}

static EVP_MD_CTX *
context_of(enum algorithm algorithm)
{
	EVP_MD_CTX *context = contexts.of[algorithm];

	if (context != NULL)
		return context;
	pthread_once(&once, fetch);
	if (fetched[algorithm] == NULL || !key_made ||
	    pthread_setspecific(at_thread_end, &contexts) != 0)
		return NULL;
	context = EVP_MD_CTX_new();
	contexts.of[algorithm] = context;
	return context;
}

static int
digest(enum algorithm algorithm, struct rmt_span bytes, unsigned char *out, struct rmt_err *err)
{
	EVP_MD_CTX *context = context_of(algorithm);

	if (context == NULL || EVP_DigestInit_ex2(context, fetched[algorithm], NULL) != 1 ||
	    EVP_DigestUpdate(context, bytes.at, bytes.length) != 1 ||
	    EVP_DigestFinal_ex(context, out, NULL) != 1)
		return rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "cannot compute %s", names[algorithm]);
	return 0;
}

int
rmt_sha256(struct rmt_span bytes, unsigned char out[RMT_SHA256], struct rmt_err *err)
{
	return digest(SHA256, bytes, out, err);
}

int
rmt_sha1(struct rmt_span bytes, unsigned char out[20], struct rmt_err *err)
{
	return digest(SHA1, bytes, out, err);
}

/* ---- in pieces ---- */

struct rmt_hasher {
	EVP_MD_CTX *context;
};

struct rmt_hasher *
rmt_hasher_new(struct rmt_err *err)
{
	struct rmt_hasher *hasher = calloc(1, sizeof *hasher);

	if (hasher == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	pthread_once(&once, fetch);
	hasher->context = EVP_MD_CTX_new();
	if (hasher->context != NULL && fetched[SHA256] != NULL &&
	    EVP_DigestInit_ex2(hasher->context, fetched[SHA256], NULL) == 1)
		return hasher;
	rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot compute %s", names[SHA256]);
	rmt_hasher_free(hasher);
	return NULL;
}

int
rmt_hasher_add(struct rmt_hasher *hasher, struct rmt_span piece, struct rmt_err *err)
{
	return EVP_DigestUpdate(hasher->context, piece.at, piece.length) == 1
		   ? 0
		   : rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot compute %s", names[SHA256]);
}

int
rmt_hasher_end(struct rmt_hasher *hasher, unsigned char out[RMT_SHA256], struct rmt_err *err)
{
	return EVP_DigestFinal_ex(hasher->context, out, NULL) == 1
		   ? 0
		   : rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot compute %s", names[SHA256]);
}

void
rmt_hasher_free(struct rmt_hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->context);
	free(hasher);
}

int
rmt_random(void *bytes, size_t length, struct rmt_err *err)
{
	unsigned char *at = bytes;

	while (length > 0) {
		int piece = length < INT_MAX ? (int)length : INT_MAX;

		if (RAND_bytes(at, piece) != 1)
			return rmt_err_openssl(
			    err, RMT_INTERNAL, NULL, "the random generator failed");
		at += piece;
		length -= (size_t)piece;
	}
	return 0;
}
