/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of keys, signatures and paths share: public keys from OpenSSL, and what an error
 * said.
 */
#ifndef RMT_TEST_KEYS_H
#define RMT_TEST_KEYS_H

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "unit/test_base.h"
#include "x509/x509.h"

/* A key made by OpenSSL's generator, group NULL where the kind has none. */
static inline EVP_PKEY *
openssl_key(const char *algorithm, int bits, const char *group)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *key = NULL;
	size_t count = (size_t)bits;
	OSSL_PARAM parameters[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };
	char name[32];

	snprintf(name, sizeof(name), "%s", group != NULL ? group : "");
	if (bits != 0)
		parameters[0] = OSSL_PARAM_construct_size_t("bits", &count);
	if (group != NULL)
		parameters[0] = OSSL_PARAM_construct_utf8_string("group", name, 0);
	assert_non_null(ctx);
	assert_true(EVP_PKEY_keygen_init(ctx) > 0);
	assert_true(EVP_PKEY_CTX_set_params(ctx, parameters) > 0);
	assert_true(EVP_PKEY_generate(ctx, &key) > 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static inline void
openssl_spki(EVP_PKEY *key, struct rmt_buf *out)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(key, &der);

	assert_true(length > 0);
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_free(der);
}

/* Fails the test with what the error says unless the call went well. */
#define GOOD(call) \
	do { \
		if ((call) != 0) \
			fail_msg("%s: %s, %s: %s", #call, rmt_class_name(err.class), err.place, \
			    err.message); \
	} while (0)
#define GIVEN(pointer) \
	do { \
		if ((pointer) == NULL) \
			fail_msg("%s: %s, %s: %s", #pointer, rmt_class_name(err.class), err.place, \
			    err.message); \
	} while (0)

/* The error is of this class and its sentence has these words. */
static inline void
assert_error(const struct rmt_err *err, enum rmt_class class, const char *words)
{
	if (err->class != class || strstr(err->message, words) == NULL)
		fail_msg("got %s: %s; wanted %s: ...%s...", rmt_class_name(err->class),
		    err->message, rmt_class_name(class), words);
}

#endif
