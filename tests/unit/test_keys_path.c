/* SPDX-License-Identifier: Apache-2.0 */
/* Path validation: one row per thing that a verifier refuses, with its number, its depth and the
 * signatures verified. */
#include "config.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "unit/test_keys.h"

#define NOW INT64_C(1800000000) /* 2027-01-15 */

/* What is out of the ordinary about a path of leaf, issuing CA and root. */
enum {
	LEAF_CLIENT_ONLY = 1 << 0,
	LEAF_EXPIRED = 1 << 1,
	LEAF_FUTURE = 1 << 2,
	LEAF_SHA1 = 1 << 3,
	LEAF_RSA_1024 = 1 << 4,
	LEAF_DAMAGED = 1 << 5,
	LEAF_OTHER_NAME = 1 << 6,
	INT_NO_CA = 1 << 7,
	INT_EXPIRED = 1 << 8,
	INT_NO_KEY_USAGE = 1 << 9,
	INT_DAMAGED = 1 << 10,
	ROOT_PATH_0 = 1 << 11,
	INT_CONSTRAINED = 1 << 12,
	ROOT_EXPIRED = 1 << 13,
};

struct made {
	EVP_PKEY *key;
	X509 *x509;
	struct rmt_cert *cert;
};

static void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(cert, extension, -1));
	X509_EXTENSION_free(extension);
}

static void
set_dates(X509 *cert, bool expired, bool future)
{
	ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(NOW + (future ? 1 : -100) * RMT_DAY));
	ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(NOW + (expired ? -1 : 100) * RMT_DAY));
}

static X509 *
start(const char *name, EVP_PKEY *key, X509 *issuer, long serial)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_NAME_new();

	assert_true(X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0));
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
	X509_set_subject_name(cert, subject);
	X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	X509_NAME_free(subject);
	return cert;
}

static void
finish(struct made *made, const struct made *issuer, const char *digest, bool damaged)
{
	EVP_MD *md = EVP_MD_fetch(NULL, digest, NULL);
	struct rmt_err err = { 0 };
	unsigned char *der = NULL;
	int length;

	assert_true(X509_sign(made->x509, issuer->key, md) > 0);
	length = i2d_X509(made->x509, &der);
	assert_true(length > 0);
	if (damaged)
		der[length - 1] ^= 1;
	made->cert = rmt_cert_new(rmt_span_of(der, (size_t)length), RMT_STRICT, &err);
	GIVEN(made->cert);
	OPENSSL_free(der);
	EVP_MD_free(md);
}

static struct made
make_root(unsigned odd)
{
	struct made root = { .key = openssl_key("EC", 0, "P-256") };

	root.x509 = start("Root", root.key, NULL, 1);
	set_dates(root.x509, odd & ROOT_EXPIRED, false);
	add_extension(root.x509, root.x509, NID_basic_constraints,
	    odd & ROOT_PATH_0 ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE");
	add_extension(root.x509, root.x509, NID_key_usage, "critical,keyCertSign,cRLSign");
	add_extension(root.x509, root.x509, NID_subject_key_identifier, "hash");
	finish(&root, &root, "SHA256", false);
	return root;
}

static struct made
make_intermediate(const struct made *root, unsigned odd)
{
	struct made ca = { .key = openssl_key("EC", 0, "P-256") };

	ca.x509 = start("Issuing", ca.key, root->x509, 2);
	set_dates(ca.x509, odd & INT_EXPIRED, false);
	add_extension(ca.x509, root->x509, NID_basic_constraints,
	    odd & INT_NO_CA ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (!(odd & INT_NO_KEY_USAGE))
		add_extension(ca.x509, root->x509, NID_key_usage, "critical,keyCertSign,cRLSign");
	if (odd & INT_CONSTRAINED)
		add_extension(ca.x509, root->x509, NID_name_constraints,
		    "critical,permitted;DNS:example.org");
	add_extension(ca.x509, root->x509, NID_subject_key_identifier, "hash");
	add_extension(ca.x509, root->x509, NID_authority_key_identifier, "keyid");
	finish(&ca, root, "SHA256", odd & INT_DAMAGED);
	return ca;
}

static struct made
make_leaf(const struct made *ca, unsigned odd, long serial)
{
	struct made leaf = { .key = odd & LEAF_RSA_1024 ? openssl_key("RSA", 1024, NULL)
							: openssl_key("EC", 0, "P-256") };

	leaf.x509 = start("host.example.com", leaf.key, ca->x509, serial);
	if (odd & LEAF_OTHER_NAME) {
		X509_NAME *other = X509_NAME_new();

		X509_NAME_add_entry_by_txt(
		    other, "CN", MBSTRING_UTF8, (const unsigned char *)"Somebody", -1, -1, 0);
		X509_set_issuer_name(leaf.x509, other);
		X509_NAME_free(other);
	}
	set_dates(leaf.x509, odd & LEAF_EXPIRED, odd & LEAF_FUTURE);
	add_extension(leaf.x509, ca->x509, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(leaf.x509, ca->x509, NID_key_usage, "critical,digitalSignature");
	add_extension(leaf.x509, ca->x509, NID_ext_key_usage,
	    odd & LEAF_CLIENT_ONLY ? "clientAuth" : "serverAuth");
	add_extension(leaf.x509, ca->x509, NID_subject_alt_name, "DNS:host.example.com");
	add_extension(leaf.x509, ca->x509, NID_authority_key_identifier, "keyid");
	add_extension(leaf.x509, ca->x509, NID_subject_key_identifier, "hash");
	finish(&leaf, ca, odd & LEAF_SHA1 ? "SHA1" : "SHA256", odd & LEAF_DAMAGED);
	return leaf;
}

static void
free_made(struct made *made)
{
	EVP_PKEY_free(made->key);
	X509_free(made->x509);
	rmt_cert_free(made->cert);
}

struct chain {
	struct made leaf, ca, root;
	const struct rmt_cert *path[3];
};

static struct chain
make_chain(unsigned odd)
{
	struct chain chain;

	chain.root = make_root(odd);
	chain.ca = make_intermediate(&chain.root, odd);
	chain.leaf = make_leaf(&chain.ca, odd, 3);
	chain.path[0] = chain.leaf.cert;
	chain.path[1] = chain.ca.cert;
	chain.path[2] = chain.root.cert;
	return chain;
}

static void
free_chain(struct chain *chain)
{
	free_made(&chain->leaf);
	free_made(&chain->ca);
	free_made(&chain->root);
}

enum { NOT_PARTIAL = 0, PARTIAL = 1, NO_STRICT = 0, STRICT = 1, LOOSE_END = 0, ANCHORED = 1 };

static const struct path_row {
	const char *sentence;
	unsigned odd;
	enum rmt_purpose purpose;
	int auth_level;
	bool strict, partial;
	size_t count;
	bool anchored;
	int error, depth; /* X509_V_OK: accepted */
	unsigned verified;
} path_rows[] = {
	{ "a server path is accepted", 0, RMT_PURPOSE_SERVER, 1, NO_STRICT, NOT_PARTIAL, 3,
	    ANCHORED, X509_V_OK, 0, 2 },
	{ "and strictly", 0, RMT_PURPOSE_SERVER, 1, STRICT, NOT_PARTIAL, 3, ANCHORED, X509_V_OK, 0,
	    2 },
	{ "a server is no client: 26", 0, RMT_PURPOSE_CLIENT, 1, NO_STRICT, NOT_PARTIAL, 3,
	    ANCHORED, X509_V_ERR_INVALID_PURPOSE, 0, 0 },
	{ "a client is no server: 26", LEAF_CLIENT_ONLY, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_INVALID_PURPOSE, 0, 0 },
	{ "a client is a client", LEAF_CLIENT_ONLY, RMT_PURPOSE_CLIENT, 1, NO_STRICT, NOT_PARTIAL,
	    3, ANCHORED, X509_V_OK, 0, 2 },
	{ "any purpose takes a client", LEAF_CLIENT_ONLY, RMT_PURPOSE_ANY, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_OK, 0, 2 },
	{ "an expired leaf: 10", LEAF_EXPIRED, RMT_PURPOSE_SERVER, 1, NO_STRICT, NOT_PARTIAL, 3,
	    ANCHORED, X509_V_ERR_CERT_HAS_EXPIRED, 0, 2 },
	{ "a leaf of tomorrow: 9", LEAF_FUTURE, RMT_PURPOSE_SERVER, 1, NO_STRICT, NOT_PARTIAL, 3,
	    ANCHORED, X509_V_ERR_CERT_NOT_YET_VALID, 0, 2 },
	{ "an expired issuing CA: 10 at 1", INT_EXPIRED, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_CERT_HAS_EXPIRED, 1, 1 },
	{ "an expired root: 10 at 2", ROOT_EXPIRED, RMT_PURPOSE_SERVER, 1, NO_STRICT, NOT_PARTIAL,
	    3, ANCHORED, X509_V_ERR_CERT_HAS_EXPIRED, 2, 0 },
	{ "a damaged signature of the leaf: 7", LEAF_DAMAGED, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_CERT_SIGNATURE_FAILURE, 0, 2 },
	{ "a damaged signature of the issuing CA: 7 at 1", INT_DAMAGED, RMT_PURPOSE_SERVER, 1,
	    NO_STRICT, NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_CERT_SIGNATURE_FAILURE, 1, 1 },
	{ "SHA-1 at level 1: 68", LEAF_SHA1, RMT_PURPOSE_SERVER, 1, NO_STRICT, NOT_PARTIAL, 3,
	    ANCHORED, X509_V_ERR_CA_MD_TOO_WEAK, 0, 0 },
	{ "SHA-1 at level 0 is accepted", LEAF_SHA1, RMT_PURPOSE_SERVER, 0, NO_STRICT, NOT_PARTIAL,
	    3, ANCHORED, X509_V_OK, 0, 2 },
	{ "RSA-1024 at level 2: 66", LEAF_RSA_1024, RMT_PURPOSE_SERVER, 2, NO_STRICT, NOT_PARTIAL,
	    3, ANCHORED, X509_V_ERR_EE_KEY_TOO_SMALL, 0, 0 },
	{ "RSA-1024 at level 1 is accepted", LEAF_RSA_1024, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_OK, 0, 2 },
	{ "an issuing CA that is none: 79", INT_NO_CA, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_INVALID_CA, 1, 0 },
	{ "a path longer than the root allows: 25", ROOT_PATH_0, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_PATH_LENGTH_EXCEEDED, 2, 0 },
	{ "a name outside the constraints: 47", INT_CONSTRAINED, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_PERMITTED_VIOLATION, 0, 2 },
	{ "a CA without keyUsage, leniently", INT_NO_KEY_USAGE, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_OK, 0, 2 },
	{ "a CA without keyUsage, strictly: 92", INT_NO_KEY_USAGE, RMT_PURPOSE_SERVER, 1, STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_CA_CERT_MISSING_KEY_USAGE, 1, 0 },
	{ "an issuer of another name: 20", LEAF_OTHER_NAME, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 3, ANCHORED, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, 0 },
	{ "an anchored intermediate needs partial: 2", 0, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 2, ANCHORED, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, 1, 0 },
	{ "an anchored intermediate with partial", 0, RMT_PURPOSE_SERVER, 1, NO_STRICT, PARTIAL, 2,
	    ANCHORED, X509_V_OK, 0, 1 },
	{ "without an anchor the last one stands in", 0, RMT_PURPOSE_SERVER, 1, NO_STRICT,
	    NOT_PARTIAL, 2, LOOSE_END, X509_V_OK, 0, 1 },
	{ "without an anchor faults are found all the same", LEAF_EXPIRED, RMT_PURPOSE_SERVER, 1,
	    NO_STRICT, NOT_PARTIAL, 2, LOOSE_END, X509_V_ERR_CERT_HAS_EXPIRED, 0, 1 },
	{ "a leaf alone, without an anchor", 0, RMT_PURPOSE_SERVER, 1, NO_STRICT, NOT_PARTIAL, 1,
	    LOOSE_END, X509_V_OK, 0, 0 },
	{ "a leaf alone has its purpose judged", 0, RMT_PURPOSE_CLIENT, 1, NO_STRICT, NOT_PARTIAL,
	    1, LOOSE_END, X509_V_ERR_INVALID_PURPOSE, 0, 0 },
};

static void
check_path(void **state)
{
	const struct path_row *row = *state;
	struct rmt_path_rules rules = { row->purpose, row->auth_level, row->strict, row->partial,
		NOW };
	struct rmt_err err = { 0 };
	struct rmt_path_checker *checker = rmt_path_checker_new(&rules, &err);
	struct chain chain = make_chain(row->odd);
	struct rmt_path_outcome outcome;

	GIVEN(checker);
	for (uint64_t turn = 1; turn <= 2;
	     turn++) { /* the second time from what the first has kept */
		GOOD(
		    rmt_path_check(checker, chain.path, row->count, row->anchored, &outcome, &err));
		if (outcome.error != row->error || outcome.depth != row->depth)
			fail_msg("%d (%s) at %d, not %d at %d", outcome.error, outcome.text,
			    outcome.depth, row->error, row->depth);
		assert_int_equal(outcome.accepted, row->error == X509_V_OK);
		assert_int_equal(outcome.complete, row->anchored);
		assert_string_equal(outcome.text, rmt_verify_error_text(row->error));
		assert_int_equal(rmt_path_verifications(checker), turn * row->verified);
	}
	rmt_path_checker_free(checker);
	free_chain(&chain);
}

/* Many leaves under few issuers, and more issuers than are kept: verdicts and counts stay right. */
static void
check_many(void **state)
{
	enum { ISSUERS = 300 };
	struct rmt_path_rules rules = { RMT_PURPOSE_SERVER, 1, true, false, NOW };
	struct rmt_err err = { 0 };
	struct rmt_path_checker *checker = rmt_path_checker_new(&rules, &err);
	struct made root = make_root(0), *cas = calloc(ISSUERS, sizeof(*cas)),
		    *leaves = calloc(ISSUERS, sizeof(*leaves));
	struct rmt_path_outcome outcome;
	uint64_t expected = 0;

	(void)state;
	GIVEN(checker);
	for (int i = 0; i < ISSUERS; i++) {
		cas[i] = make_intermediate(&root, i % 50 == 7 ? INT_DAMAGED : 0);
		leaves[i] = make_leaf(&cas[i], 0, 100 + i);
	}
	for (int i = 0; i < 2 * ISSUERS; i++) {
		const struct rmt_cert *path[] = { leaves[i % ISSUERS].cert, cas[i % ISSUERS].cert,
			root.cert };
		bool good = i % ISSUERS % 50 != 7;

		GOOD(rmt_path_check(checker, path, 3, true, &outcome, &err));
		assert_int_equal(outcome.accepted, good);
		expected += good ? 2 : 1;
	}
	assert_int_equal(rmt_path_verifications(checker), expected);
	for (int i = 0; i < ISSUERS; i++) {
		free_made(&cas[i]);
		free_made(&leaves[i]);
	}
	free(cas);
	free(leaves);
	free_made(&root);
	rmt_path_checker_free(checker);
}

static void
check_unusable(void **state)
{
	static const unsigned char junk[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
	struct rmt_path_rules rules = { RMT_PURPOSE_ANY, 1, false, false, NOW };
	struct rmt_err err = { 0 };
	struct rmt_path_checker *checker = rmt_path_checker_new(&rules, &err);
	struct rmt_cert cert = { .der = rmt_span_of(junk, sizeof(junk)) };
	struct chain chain = make_chain(0);
	const struct rmt_cert *path[40] = { chain.path[0], &cert };
	struct rmt_path_outcome outcome;

	(void)state;
	GIVEN(checker);
	assert_int_equal(rmt_path_check(checker, path, 2, true, &outcome, &err), -1);
	assert_error(&err, RMT_INPUT, "OpenSSL cannot read this certificate");
	assert_string_equal(err.place, "path[1]");
	rmt_err_clear(&err);
	assert_int_equal(rmt_path_check(checker, path, 0, true, &outcome, &err), -1);
	assert_error(&err, RMT_USAGE, "a path has 1 to 32 certificates, not 0");
	rmt_err_clear(&err);
	assert_int_equal(rmt_path_check(checker, path, 40, true, &outcome, &err), -1);
	assert_error(&err, RMT_USAGE, "not 40");
	rmt_err_clear(&err);
	GOOD(rmt_path_check(
	    checker, chain.path, 3, true, &outcome, &err)); /* and is none the worse for it */
	assert_true(outcome.accepted);
	free_chain(&chain);
	rmt_path_checker_free(checker);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, path_rows, check_path);
	add_row(&rows, "more issuers than are kept", check_many, NULL);
	add_row(&rows, "what is no path is an error, not a verdict", check_unusable, NULL);
	return run_rows("paths", &rows);
}
