/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common private keys from their numbers: RSA, and EC on a named curve, in PKCS#8.
 *
 * OpenSSL's decoders and encoders try every kind they know; that is two milliseconds of a process that signs one
 * request. What does not have the plain form expected here is no error: it is left to OpenSSL, which then says what is
 * wrong. Whether the two halves belong together is asked by the caller.
 */
#include "config.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "x509/local.h"

enum { NUMBERS_MAX = 8 };

/* PKCS#8 without attributes (RFC 5208, 5), taken apart. */
struct parts {
	struct rmt_span algorithm; /* the whole AlgorithmIdentifier, as in the public key */
	struct rmt_span oid, curve; /* no curve: NULL parameters */
	struct rmt_span key;
};

/* What EVP_PKEY_fromdata takes. The bytes of the numbers are wiped with the buffer. */
struct numbers {
	struct rmt_buf bytes;
	OSSL_PARAM list[NUMBERS_MAX + 1];
	size_t count;
};

static bool
read_parts(struct rmt_span der, struct parts *out)
{
	struct rmt_der outer, inside, algorithm;
	struct rmt_tlv whole, key;
	int64_t version;

	rmt_der_open(&outer, der, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, NULL, NULL) < 0 ||
	    rmt_der_end(&outer, NULL, NULL) < 0 ||
	    rmt_der_small(&inside, &version, NULL, NULL) < 0 || version != 0 ||
	    rmt_der_read(&inside, RMT_DER_SEQUENCE, &whole, NULL, NULL) < 0 ||
	    rmt_der_read(&inside, RMT_DER_OCTET_STRING, &key, NULL, NULL) < 0 ||
	    rmt_der_end(&inside, NULL, NULL) < 0)
		return false;
	*out = (struct parts){ .algorithm = whole.whole, .key = key.value };
	rmt_der_open(&algorithm, whole.value, NULL);
	if (rmt_der_oid(&algorithm, &out->oid, NULL, NULL) < 0)
		return false;
	if (rmt_der_next_is(&algorithm, RMT_DER_OID))
		return rmt_der_oid(&algorithm, &out->curve, NULL, NULL) == 0 &&
		       rmt_der_end(&algorithm, NULL, NULL) == 0;
	return rmt_der_read(&algorithm, RMT_DER_NULL, &whole, NULL, NULL) == 0 &&
	       rmt_der_end(&algorithm, NULL, NULL) == 0;
}

/* In the byte order of the machine. The buffer has room for the whole key, so that nothing moves. */
static void
add_number(struct numbers *numbers, const char *name, struct rmt_span number)
{
	size_t at = numbers->bytes.length;

	for (size_t i = 0; i < number.length; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		rmt_buf_byte(&numbers->bytes, number.at[number.length - 1 - i]);
#else
		rmt_buf_byte(&numbers->bytes, number.at[i]);
#endif
	numbers->list[numbers->count++] =
	    OSSL_PARAM_construct_BN(name, numbers->bytes.bytes + at, number.length);
}

/* RFC 8017, A.1.2; two primes. */
static bool
read_rsa(struct rmt_span der, struct numbers *numbers, struct rmt_derw *public)
{
	static const char *const names[NUMBERS_MAX] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };
	struct rmt_der outer, inside;
	struct rmt_span number;
	int64_t version;

	rmt_der_open(&outer, der, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, NULL, NULL) < 0 ||
	    rmt_der_end(&outer, NULL, NULL) < 0 ||
	    rmt_der_small(&inside, &version, NULL, NULL) < 0 || version != 0)
		return false;
	rmt_derw_begin(public, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < NUMBERS_MAX; i++) {
		if (rmt_der_integer(&inside, &number, NULL, NULL) < 0 ||
		    (number.length == 1 && number.at[0] == 0))
			return false;
		add_number(numbers, names[i], number);
		if (i < 2)
			rmt_derw_integer(public, number);
	}
	rmt_derw_end(public);
	return rmt_der_end(&inside, NULL, NULL) == 0;
}

/* RFC 5915, 3: with the public point, in its plain form, and without parameters or with the same. */
static bool
read_ec(struct rmt_span der, struct rmt_span curve, struct numbers *numbers, struct rmt_span *point)
{
	struct rmt_der outer, inside, tagged;
	struct rmt_tlv number;
	struct rmt_span again;
	int64_t version;
	unsigned unused;

	rmt_der_open(&outer, der, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, NULL, NULL) < 0 ||
	    rmt_der_end(&outer, NULL, NULL) < 0 ||
	    rmt_der_small(&inside, &version, NULL, NULL) < 0 || version != 1 ||
	    rmt_der_read(&inside, RMT_DER_OCTET_STRING, &number, NULL, NULL) < 0)
		return false;
	if (rmt_der_next_is(&inside, RMT_DER_CONTEXT_CONSTRUCTED(0)) &&
	    (rmt_der_enter(&inside, RMT_DER_CONTEXT_CONSTRUCTED(0), &tagged, NULL, NULL) < 0 ||
		rmt_der_oid(&tagged, &again, NULL, NULL) < 0 || !rmt_span_equal(again, curve) ||
		rmt_der_end(&tagged, NULL, NULL) < 0))
		return false;
	if (rmt_der_enter(&inside, RMT_DER_CONTEXT_CONSTRUCTED(1), &tagged, NULL, NULL) < 0 ||
	    rmt_der_end(&inside, NULL, NULL) < 0 ||
	    rmt_der_bits(&tagged, point, &unused, NULL, NULL) < 0 || unused != 0 ||
	    rmt_der_end(&tagged, NULL, NULL) < 0 || point->length == 0 || point->at[0] != 4)
		return false;
	add_number(numbers, OSSL_PKEY_PARAM_PRIV_KEY, number.value);
	return true;
}

static bool
add_ec(const struct parts *parts, struct numbers *numbers, struct rmt_derw *public)
{
	const char *group = parts->curve.length > 0 ? rmt_curve_group(parts->curve) : NULL;
	struct rmt_span point;

	if (group == NULL || !read_ec(parts->key, parts->curve, numbers, &point))
		return false;
	/* OpenSSL only reads what it is handed in these two. */
	numbers->list[numbers->count++] =
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0);
	numbers->list[numbers->count++] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.at, point.length);
	rmt_derw_raw(public, point);
	return true;
}

static EVP_PKEY *
make_key(const char *algorithm, struct numbers *numbers)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *evp = NULL;

	numbers->list[numbers->count] = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_KEYPAIR, numbers->list) <= 0)
		evp = NULL;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return evp;
}

/* SubjectPublicKeyInfo: the same algorithm, and the bits of the public half. */
static int
write_spki(struct rmt_span algorithm, struct rmt_derw *public, struct rmt_buf *spki)
{
	struct rmt_buf bits = { 0 };
	struct rmt_derw w = { 0 };
	int rc = rmt_derw_finish(public, &bits, NULL);

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, algorithm);
	rmt_derw_bits(&w, rmt_buf_view(&bits), 0);
	rmt_derw_end(&w);
	if (rmt_derw_finish(&w, spki, NULL) < 0)
		rc = -1;
	rmt_buf_free(&bits);
	return rc;
}

EVP_PKEY *
rmt_key_from_numbers(struct rmt_span pkcs8, struct rmt_buf *spki)
{
	struct numbers numbers = { .count = 0 };
	struct rmt_derw public = { 0 };
	struct parts parts;
	EVP_PKEY *evp = NULL;
	bool rsa;

	if (!read_parts(pkcs8, &parts))
		return NULL;
	rmt_buf_secret(&numbers.bytes);
	rmt_buf_reserve(&numbers.bytes, pkcs8.length);
	if (numbers.bytes.failed)
		goto out;
	rsa = rmt_oid_is(parts.oid, "rsaEncryption") && parts.curve.length == 0;
	if (rsa ? read_rsa(parts.key, &numbers, &public) :
	          rmt_oid_is(parts.oid, "ecPublicKey") && add_ec(&parts, &numbers, &public))
		evp = make_key(rsa ? "RSA" : "EC", &numbers);
	if (evp != NULL && write_spki(parts.algorithm, &public, spki) < 0) {
		EVP_PKEY_free(evp);
		evp = NULL;
	}
out:
	rmt_derw_free(&public);
	rmt_buf_free(&numbers.bytes);
	return evp;
}
