/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature algorithms: an AlgorithmIdentifier to the kind of key and the digest that it means, and
 * back.
 *
 * It judges nothing: MD5 is named like SHA-256. The OIDs stand here as bytes, beside what they
 * mean, so that the look-up on the path of every request is one pass over a small table.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

#define PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define X962 "\x2a\x86\x48\xce\x3d\x04"
#define NIST_HASH "\x60\x86\x48\x01\x65\x03\x04\x02"
#define NIST_SIGN "\x60\x86\x48\x01\x65\x03\x04\x03"

/*
 * To add a signature algorithm:
 *   1. one row here: the standard's name, the digest as OpenSSL spells it in lower case ("" when it
 *      is part of the algorithm), the kind of key, the OID's content bytes;
 *   2. when the kind of key is new, its row in spki.c and, if signatures under it are to be made,
 *      one in sign.c;
 *   3. a row in tests/unit/test_keys.c.
 * Where one pair of key and digest has two OIDs, the one that we write comes first.
 */
static const struct algorithm {
	const char *name, *digest, *key;
	struct rmt_span oid;
} algorithms[] = {
	{ "ecdsa-with-SHA256", "sha256", "ec", RMT_BYTES(X962 "\x03\x02") },
	{ "sha256WithRSAEncryption", "sha256", "rsa", RMT_BYTES(PKCS1 "\x0b") },
	{ "ecdsa-with-SHA384", "sha384", "ec", RMT_BYTES(X962 "\x03\x03") },
	{ "ecdsa-with-SHA512", "sha512", "ec", RMT_BYTES(X962 "\x03\x04") },
	{ "sha384WithRSAEncryption", "sha384", "rsa", RMT_BYTES(PKCS1 "\x0c") },
	{ "sha512WithRSAEncryption", "sha512", "rsa", RMT_BYTES(PKCS1 "\x0d") },
	{ "sha1WithRSAEncryption", "sha1", "rsa", RMT_BYTES(PKCS1 "\x05") },
	{ "RSASSA-PSS", "", "rsa-pss", RMT_BYTES(PKCS1 "\x0a") },
	{ "Ed25519", "", "ed25519", RMT_BYTES("\x2b\x65\x70") },
	{ "Ed448", "", "ed448", RMT_BYTES("\x2b\x65\x71") },
	{ "ecdsa-with-SHA1", "sha1", "ec", RMT_BYTES(X962 "\x01") },
	{ "ecdsa-with-SHA224", "sha224", "ec", RMT_BYTES(X962 "\x03\x01") },
	{ "sha224WithRSAEncryption", "sha224", "rsa", RMT_BYTES(PKCS1 "\x0e") },
	{ "sha512-224WithRSAEncryption", "sha512-224", "rsa", RMT_BYTES(PKCS1 "\x0f") },
	{ "sha512-256WithRSAEncryption", "sha512-256", "rsa", RMT_BYTES(PKCS1 "\x10") },
	{ "md5WithRSAEncryption", "md5", "rsa", RMT_BYTES(PKCS1 "\x04") },
	{ "md4WithRSAEncryption", "md4", "rsa", RMT_BYTES(PKCS1 "\x03") },
	{ "md2WithRSAEncryption", "md2", "rsa", RMT_BYTES(PKCS1 "\x02") },
	{ "sha1WithRSA", "sha1", "rsa", RMT_BYTES("\x2b\x0e\x03\x02\x1d") },
	{ "ripemd160WithRSA", "ripemd160", "rsa", RMT_BYTES("\x2b\x24\x03\x03\x01\x02") },
	{ "md5WithRSA", "md5", "rsa", RMT_BYTES("\x2b\x0e\x03\x02\x03") },
	{ "dsa-with-sha1", "sha1", "dsa", RMT_BYTES("\x2a\x86\x48\xce\x38\x04\x03") },
	{ "dsa-with-sha224", "sha224", "dsa", RMT_BYTES(NIST_SIGN "\x01") },
	{ "dsa-with-sha256", "sha256", "dsa", RMT_BYTES(NIST_SIGN "\x02") },
	{ "dsa-with-sha384", "sha384", "dsa", RMT_BYTES(NIST_SIGN "\x03") },
	{ "dsa-with-sha512", "sha512", "dsa", RMT_BYTES(NIST_SIGN "\x04") },
	{ "ecdsa-with-SHA3-224", "sha3-224", "ec", RMT_BYTES(NIST_SIGN "\x09") },
	{ "ecdsa-with-SHA3-256", "sha3-256", "ec", RMT_BYTES(NIST_SIGN "\x0a") },
	{ "ecdsa-with-SHA3-384", "sha3-384", "ec", RMT_BYTES(NIST_SIGN "\x0b") },
	{ "ecdsa-with-SHA3-512", "sha3-512", "ec", RMT_BYTES(NIST_SIGN "\x0c") },
	{ "sha3-224WithRSAEncryption", "sha3-224", "rsa", RMT_BYTES(NIST_SIGN "\x0d") },
	{ "sha3-256WithRSAEncryption", "sha3-256", "rsa", RMT_BYTES(NIST_SIGN "\x0e") },
	{ "sha3-384WithRSAEncryption", "sha3-384", "rsa", RMT_BYTES(NIST_SIGN "\x0f") },
	{ "sha3-512WithRSAEncryption", "sha3-512", "rsa", RMT_BYTES(NIST_SIGN "\x10") },
	{ "ML-DSA-44", "", "ml-dsa", RMT_BYTES(NIST_SIGN "\x11") },
	{ "ML-DSA-65", "", "ml-dsa", RMT_BYTES(NIST_SIGN "\x12") },
	{ "ML-DSA-87", "", "ml-dsa", RMT_BYTES(NIST_SIGN "\x13") },
	{ "SLH-DSA-SHA2-128s", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x14") },
	{ "SLH-DSA-SHA2-128f", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x15") },
	{ "SLH-DSA-SHA2-192s", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x16") },
	{ "SLH-DSA-SHA2-192f", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x17") },
	{ "SLH-DSA-SHA2-256s", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x18") },
	{ "SLH-DSA-SHA2-256f", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x19") },
	{ "SLH-DSA-SHAKE-128s", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x1a") },
	{ "SLH-DSA-SHAKE-128f", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x1b") },
	{ "SLH-DSA-SHAKE-192s", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x1c") },
	{ "SLH-DSA-SHAKE-192f", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x1d") },
	{ "SLH-DSA-SHAKE-256s", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x1e") },
	{ "SLH-DSA-SHAKE-256f", "", "slh-dsa", RMT_BYTES(NIST_SIGN "\x1f") },
};

/* The digests that RSASSA-PSS parameters may name. */
static const struct digest {
	const char *name;
	struct rmt_span oid;
} digests[] = {
	{ "sha256", RMT_BYTES(NIST_HASH "\x01") },
	{ "sha384", RMT_BYTES(NIST_HASH "\x02") },
	{ "sha512", RMT_BYTES(NIST_HASH "\x03") },
	{ "sha1", RMT_BYTES("\x2b\x0e\x03\x02\x1a") },
	{ "sha224", RMT_BYTES(NIST_HASH "\x04") },
	{ "sha512-224", RMT_BYTES(NIST_HASH "\x05") },
	{ "sha512-256", RMT_BYTES(NIST_HASH "\x06") },
	{ "sha3-224", RMT_BYTES(NIST_HASH "\x07") },
	{ "sha3-256", RMT_BYTES(NIST_HASH "\x08") },
	{ "sha3-384", RMT_BYTES(NIST_HASH "\x09") },
	{ "sha3-512", RMT_BYTES(NIST_HASH "\x0a") },
	{ "md5", RMT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x02\x05") },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct algorithm *
find_algorithm(struct rmt_span oid)
{
	for (size_t i = 0; i < COUNT(algorithms); i++)
		if (rmt_span_equal(algorithms[i].oid, oid))
			return &algorithms[i];
	return NULL;
}

static const char *
find_digest(struct rmt_span oid)
{
	for (size_t i = 0; i < COUNT(digests); i++)
		if (rmt_span_equal(digests[i].oid, oid))
			return digests[i].name;
	return "";
}

struct rmt_span
rmt_algorithm_oid(const char *key, const char *digest)
{
	for (size_t i = 0; i < COUNT(algorithms); i++)
		if (strcmp(algorithms[i].key, key) == 0 &&
		    strcmp(algorithms[i].digest, digest) == 0)
			return algorithms[i].oid;
	return (struct rmt_span){ NULL, 0 };
}

/* Enter an explicitly tagged parameter when it is the next one: 1 entered, 0 absent, -1
 * malformed. */
static int
optional(struct rmt_der *from, unsigned char tag, struct rmt_der *inner, struct rmt_err *err)
{
	if (!rmt_der_next_is(from, tag))
		return 0;
	return rmt_der_enter(from, tag, inner, "parameters", err) == 0 ? 1 : -1;
}

static int
read_digest(struct rmt_der *from, const char **out, struct rmt_err *err)
{
	struct rmt_der identifier;
	struct rmt_span oid;

	if (rmt_der_enter(from, RMT_DER_SEQUENCE, &identifier, "parameters.hashAlgorithm", err) <
		0 ||
	    rmt_der_oid(&identifier, &oid, "parameters.hashAlgorithm", err) < 0)
		return -1;
	*out = find_digest(oid);
	return 0;
}

static int
read_mask(struct rmt_der *from, const char **out, struct rmt_err *err)
{
	static const struct rmt_span mgf1 = RMT_BYTES(PKCS1 "\x08");
	const char *place = "parameters.maskGenAlgorithm";
	struct rmt_der identifier;
	struct rmt_span oid;

	if (rmt_der_enter(from, RMT_DER_SEQUENCE, &identifier, place, err) < 0 ||
	    rmt_der_oid(&identifier, &oid, place, err) < 0)
		return -1;
	if (!rmt_span_equal(oid, mgf1))
		*out = "";
	else if (read_digest(&identifier, out, err) < 0)
		return -1;
	return 0;
}

/* RFC 4055, 3.1: four optional explicitly tagged parameters. */
static int
read_pss(struct rmt_der *after_oid, struct rmt_pss *out, struct rmt_err *err)
{
	struct rmt_der parameters, inner;
	int64_t trailer;
	int found;

	*out = (struct rmt_pss){ .digest = "sha1", .mgf_digest = "sha1", .salt_length = 20 };
	if (!rmt_der_more(after_oid))
		return 0;
	if (rmt_der_enter(after_oid, RMT_DER_SEQUENCE, &parameters, "parameters", err) < 0)
		return -1;
	found = optional(&parameters, RMT_DER_CONTEXT_CONSTRUCTED(0), &inner, err);
	if (found < 0 || (found && read_digest(&inner, &out->digest, err) < 0))
		return -1;
	found = optional(&parameters, RMT_DER_CONTEXT_CONSTRUCTED(1), &inner, err);
	if (found < 0 || (found && read_mask(&inner, &out->mgf_digest, err) < 0))
		return -1;
	found = optional(&parameters, RMT_DER_CONTEXT_CONSTRUCTED(2), &inner, err);
	if (found < 0 ||
	    (found && rmt_der_small(&inner, &out->salt_length, "parameters.saltLength", err) < 0))
		return -1;
	found = optional(&parameters, RMT_DER_CONTEXT_CONSTRUCTED(3), &inner, err);
	if (found < 0 ||
	    (found && rmt_der_small(&inner, &trailer, "parameters.trailerField", err) < 0))
		return -1;
	if (found && trailer != 1)
		return rmt_err_cite(err, RMT_INPUT, "parameters.trailerField", "RFC 4055, 3.1",
		    "the trailer field is not 1");
	return rmt_der_end(&parameters, "parameters", err);
}

/* Opens the identifier and reads its OID; `in` then stands on the parameters. What a certificate's
 * own reader let pass is let pass here as well: `ignored` takes the deviations. */
static int
open_identifier(struct rmt_span identifier, struct rmt_notes *ignored, struct rmt_der *in,
    struct rmt_span *oid, struct rmt_err *err)
{
	struct rmt_der outer;

	*ignored = (struct rmt_notes){ 0 };
	rmt_der_open(&outer, identifier, ignored);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, in, "algorithm", err) < 0)
		return -1;
	return rmt_der_oid(in, oid, "algorithm", err);
}

int
rmt_pss_read(struct rmt_span algorithm_identifier, struct rmt_pss *out, struct rmt_err *err)
{
	struct rmt_notes ignored;
	struct rmt_der in;
	struct rmt_span oid;

	if (open_identifier(algorithm_identifier, &ignored, &in, &oid, err) < 0)
		return -1;
	return read_pss(&in, out, err);
}

int
rmt_pss_demanded(struct rmt_span spki, struct rmt_pss *out, struct rmt_err *err)
{
	struct rmt_notes ignored;
	struct rmt_der outer, inner, in;
	struct rmt_tlv algorithm;
	struct rmt_span oid;

	rmt_der_open(&outer, spki, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inner, "spki", err) < 0 ||
	    rmt_der_any(&inner, &algorithm, "spki.algorithm", err) < 0 ||
	    open_identifier(algorithm.whole, &ignored, &in, &oid, err) < 0)
		return -1;
	if (!rmt_der_more(&in) || rmt_der_next_is(&in, RMT_DER_NULL))
		return 0;
	return read_pss(&in, out, err) < 0 ? -1 : 1;
}

static void
write_digest(struct rmt_derw *w, const char *name)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < COUNT(digests); i++)
		if (strcmp(digests[i].name, name) == 0)
			rmt_derw_oid(w, digests[i].oid);
	rmt_derw_null(w);
	rmt_derw_end(w);
}

/* RFC 4055, 3.1: what is a default is left out. None of the digests that we sign with is. */
void
rmt_pss_write(struct rmt_derw *w, const struct rmt_pss *pss)
{
	static const struct rmt_span mgf1 = RMT_BYTES(PKCS1 "\x08");

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	write_digest(w, pss->digest);
	rmt_derw_end(w);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(1));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, mgf1);
	write_digest(w, pss->mgf_digest);
	rmt_derw_end(w);
	rmt_derw_end(w);
	if (pss->salt_length != 20) {
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(2));
		rmt_derw_small(w, pss->salt_length);
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
}

int
rmt_algorithm_read(
    struct rmt_span algorithm_identifier, struct rmt_signature_algorithm *out, struct rmt_err *err)
{
	const struct algorithm *known;
	struct rmt_notes ignored;
	struct rmt_pss pss;
	struct rmt_der in;

	*out = (struct rmt_signature_algorithm){ .name = "", .digest = "", .key = "" };
	if (open_identifier(algorithm_identifier, &ignored, &in, &out->oid, err) < 0)
		return -1;
	known = find_algorithm(out->oid);
	if (known == NULL)
		return 0;
	out->name = known->name;
	out->digest = known->digest;
	out->key = known->key;
	if (strcmp(known->key, "rsa-pss") == 0) {
		if (read_pss(&in, &pss, err) < 0)
			return -1;
		out->digest = pss.digest;
	}
	return 0;
}
