/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for the tests of probe/, made with OpenSSL's API so that its reader and ours meet
 * something foreign. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/x509v3.h>

#include "unit/test_probe.h"

static EVP_PKEY *
make_key(const char *kind)
{
	if (kind == NULL)
		return openssl_key("EC", 0, "P-256");
	if (strcmp(kind, "ED25519") == 0)
		return openssl_key("ED25519", 0, NULL);
	return openssl_key("RSA", strcmp(kind, "RSA1024") == 0 ? 1024 : 2048, NULL);
}

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(cert, extension, -1));
	X509_EXTENSION_free(extension);
}

static X509 *
fill(const struct recipe *recipe, EVP_PKEY *key, X509 *issuer)
{
	static long serial = 1000;
	X509 *cert = X509_new();
	X509_NAME *subject = X509_NAME_new();

	assert_true(X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_UTF8, (const unsigned char *)recipe->cn, -1, -1, 0));
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_set_subject_name(cert, subject);
	X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(NOW - 200 * RMT_DAY));
	ASN1_TIME_set(X509_getm_notAfter(cert),
	    (time_t)(NOW + (recipe->expired > 0 ? -recipe->expired : 200) * RMT_DAY));
	X509_NAME_free(subject);
	return cert;
}

struct party *
party_new(const struct recipe *recipe, const struct party *issuer)
{
	struct party *party = calloc(1, sizeof(*party));
	struct rmt_err err = { 0 };
	struct rmt_buf pem = { 0 };
	unsigned char *der = NULL;
	X509 *above;
	int length;

	assert_non_null(party);
	party->evp = make_key(recipe->key);
	party->x509 = fill(recipe, party->evp, issuer != NULL ? issuer->x509 : NULL);
	above = issuer != NULL ? issuer->x509 : party->x509;
	extend(party->x509, above, NID_basic_constraints,
	    recipe->ca ? "critical,CA:TRUE" : "CA:FALSE");
	extend(party->x509, above, NID_subject_key_identifier, "hash");
	extend(party->x509, above, NID_subject_alt_name, recipe->san);
	extend(party->x509, above, NID_ext_key_usage, recipe->eku);
	extend(party->x509, above, NID_key_usage,
	    recipe->usage != NULL ? recipe->usage
	    : recipe->ca          ? "critical,keyCertSign,cRLSign"
				  : NULL);
	assert_true(X509_sign(party->x509, issuer != NULL ? issuer->evp : party->evp,
			recipe->digest != NULL && *recipe->digest == '\0'
			    ? NULL
			    : EVP_get_digestbyname(
				  recipe->digest != NULL ? recipe->digest : "SHA256")) > 0);
	length = i2d_X509(party->x509, &der);
	party->cert = rmt_cert_new(rmt_span_of(der, (size_t)length), RMT_STRICT, &err);
	GIVEN(party->cert);
	OPENSSL_free(der);
	der = NULL;
	length = i2d_PrivateKey(party->evp, &der);
	party->key = rmt_key_read_der(rmt_span_of(der, (size_t)length), &err);
	GIVEN(party->key);
	OPENSSL_free(der);
	rmt_buf_free(&pem);
	return party;
}

void
party_free(struct party *party)
{
	if (party == NULL)
		return;
	EVP_PKEY_free(party->evp);
	X509_free(party->x509);
	rmt_cert_free(party->cert);
	rmt_key_free(party->key);
	free(party);
}
