/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SubjectPublicKeyInfo (RFC 5280, 4.1.2.7): its kind, size and the numbers in it, as views; its
 * name and its hashes.
 *
 * A key of an unknown kind is not an error: it stays opaque. Whether a key is sound is
 * key_check.c's matter.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

#define NIST_SIGN "\x60\x86\x48\x01\x65\x03\x04\x03"
#define NIST_KEM "\x60\x86\x48\x01\x65\x03\x04\x04"
#define BRAINPOOL "\x2b\x24\x03\x03\x02\x08\x01\x01"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int read_rsa(
    struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err);
static int read_ec(
    struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err);
static int read_dsa(
    struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err);

/*
 * To add a kind of key:
 *   1. one row here; without a reader it is named and stays opaque. `out->point` holds the key's
 *      bits when it is called;
 *   2. its checks in key_check.c (a kind without any is refused there);
 *   3. its signature algorithms in algorithm.c;
 *   4. a row in tests/unit/test_keys.c.
 */
static const struct kind {
	const char *name, *label;
	unsigned bits; /* 0: the reader finds out */
	int (*read)(struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes,
	    struct rmt_err *err);
	struct rmt_span oid;
} kinds[] = {
	{ "ec", "EC", 0, read_ec, RMT_BYTES("\x2a\x86\x48\xce\x3d\x02\x01") },
	{ "rsa", "RSA", 0, read_rsa, RMT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") },
	{ "rsa-pss", "RSA-PSS", 0, read_rsa, RMT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a") },
	{ "ed25519", "Ed25519", 256, NULL, RMT_BYTES("\x2b\x65\x70") },
	{ "ed448", "Ed448", 456, NULL, RMT_BYTES("\x2b\x65\x71") },
	{ "x25519", "X25519", 256, NULL, RMT_BYTES("\x2b\x65\x6e") },
	{ "x448", "X448", 448, NULL, RMT_BYTES("\x2b\x65\x6f") },
	{ "dsa", "DSA", 0, read_dsa, RMT_BYTES("\x2a\x86\x48\xce\x38\x04\x01") },
	{ "dh", "DH", 0, NULL, RMT_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01") },
	{ "dh", "DH", 0, NULL, RMT_BYTES("\x2a\x86\x48\xce\x3e\x02\x01") },
	{ "ml-dsa-44", "ML-DSA-44", 0, NULL, RMT_BYTES(NIST_SIGN "\x11") },
	{ "ml-dsa-65", "ML-DSA-65", 0, NULL, RMT_BYTES(NIST_SIGN "\x12") },
	{ "ml-dsa-87", "ML-DSA-87", 0, NULL, RMT_BYTES(NIST_SIGN "\x13") },
	{ "slh-dsa-sha2-128s", "SLH-DSA-SHA2-128s", 0, NULL, RMT_BYTES(NIST_SIGN "\x14") },
	{ "slh-dsa-sha2-128f", "SLH-DSA-SHA2-128f", 0, NULL, RMT_BYTES(NIST_SIGN "\x15") },
	{ "slh-dsa-sha2-192s", "SLH-DSA-SHA2-192s", 0, NULL, RMT_BYTES(NIST_SIGN "\x16") },
	{ "slh-dsa-sha2-192f", "SLH-DSA-SHA2-192f", 0, NULL, RMT_BYTES(NIST_SIGN "\x17") },
	{ "slh-dsa-sha2-256s", "SLH-DSA-SHA2-256s", 0, NULL, RMT_BYTES(NIST_SIGN "\x18") },
	{ "slh-dsa-sha2-256f", "SLH-DSA-SHA2-256f", 0, NULL, RMT_BYTES(NIST_SIGN "\x19") },
	{ "slh-dsa-shake-128s", "SLH-DSA-SHAKE-128s", 0, NULL, RMT_BYTES(NIST_SIGN "\x1a") },
	{ "slh-dsa-shake-128f", "SLH-DSA-SHAKE-128f", 0, NULL, RMT_BYTES(NIST_SIGN "\x1b") },
	{ "slh-dsa-shake-192s", "SLH-DSA-SHAKE-192s", 0, NULL, RMT_BYTES(NIST_SIGN "\x1c") },
	{ "slh-dsa-shake-192f", "SLH-DSA-SHAKE-192f", 0, NULL, RMT_BYTES(NIST_SIGN "\x1d") },
	{ "slh-dsa-shake-256s", "SLH-DSA-SHAKE-256s", 0, NULL, RMT_BYTES(NIST_SIGN "\x1e") },
	{ "slh-dsa-shake-256f", "SLH-DSA-SHAKE-256f", 0, NULL, RMT_BYTES(NIST_SIGN "\x1f") },
	{ "ml-kem-512", "ML-KEM-512", 0, NULL, RMT_BYTES(NIST_KEM "\x01") },
	{ "ml-kem-768", "ML-KEM-768", 0, NULL, RMT_BYTES(NIST_KEM "\x02") },
	{ "ml-kem-1024", "ML-KEM-1024", 0, NULL, RMT_BYTES(NIST_KEM "\x03") },
};

/* Named curves: NIST's name or the common one, OpenSSL's, size in bits. */
static const struct curve {
	const char *name, *group;
	unsigned bits;
	struct rmt_span oid;
} curves[] = {
	{ "P-256", "prime256v1", 256, RMT_BYTES("\x2a\x86\x48\xce\x3d\x03\x01\x07") },
	{ "P-384", "secp384r1", 384, RMT_BYTES("\x2b\x81\x04\x00\x22") },
	{ "P-521", "secp521r1", 521, RMT_BYTES("\x2b\x81\x04\x00\x23") },
	{ "P-224", "secp224r1", 224, RMT_BYTES("\x2b\x81\x04\x00\x21") },
	{ "P-192", "prime192v1", 192, RMT_BYTES("\x2a\x86\x48\xce\x3d\x03\x01\x01") },
	{ "secp256k1", "secp256k1", 256, RMT_BYTES("\x2b\x81\x04\x00\x0a") },
	{ "brainpoolP256r1", "brainpoolP256r1", 256, RMT_BYTES(BRAINPOOL "\x07") },
	{ "brainpoolP320r1", "brainpoolP320r1", 320, RMT_BYTES(BRAINPOOL "\x09") },
	{ "brainpoolP384r1", "brainpoolP384r1", 384, RMT_BYTES(BRAINPOOL "\x0b") },
	{ "brainpoolP512r1", "brainpoolP512r1", 512, RMT_BYTES(BRAINPOOL "\x0d") },
};

static const struct kind *
find_kind(struct rmt_span oid)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (rmt_span_equal(kinds[i].oid, oid))
			return &kinds[i];
	return NULL;
}

static const struct curve *
find_curve(struct rmt_span oid)
{
	for (size_t i = 0; i < COUNT(curves); i++)
		if (rmt_span_equal(curves[i].oid, oid))
			return &curves[i];
	return NULL;
}

const char *
rmt_curve_group(struct rmt_span curve_oid)
{
	const struct curve *curve = find_curve(curve_oid);

	return curve != NULL ? curve->group : NULL;
}

/* INTEGER content without its sign byte. */
static struct rmt_span
magnitude(struct rmt_span content)
{
	while (content.length > 0 && content.at[0] == 0) {
		content.at++;
		content.length--;
	}
	return content;
}

static unsigned
bit_length(struct rmt_span number)
{
	unsigned bits;

	if (number.length == 0 || number.length > UINT32_MAX / 8)
		return 0;
	bits = (unsigned)(number.length - 1) * 8;
	for (unsigned char top = number.at[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

/* RFC 8017, A.1.1: SEQUENCE { modulus, publicExponent } inside the bits. */
static int
read_rsa(
    struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err)
{
	struct rmt_der outer, key;

	(void)parameters;
	rmt_der_open(&outer, out->point, notes);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &key, "spki.subjectPublicKey", err) < 0 ||
	    rmt_der_integer(&key, &out->modulus, "spki.modulus", err) < 0 ||
	    rmt_der_integer(&key, &out->exponent, "spki.publicExponent", err) < 0 ||
	    rmt_der_end(&key, "spki.subjectPublicKey", err) < 0 ||
	    rmt_der_end(&outer, "spki.subjectPublicKey", err) < 0)
		return -1;
	if ((out->modulus.length > 0 && out->modulus.at[0] >= 0x80) ||
	    (out->exponent.length > 0 && out->exponent.at[0] >= 0x80))
		return rmt_err_cite(err, RMT_INPUT, "spki.subjectPublicKey", "RFC 8017, A.1.1",
		    "a number of the RSA key is negative");
	out->modulus = magnitude(out->modulus);
	out->exponent = magnitude(out->exponent);
	out->bits = bit_length(out->modulus);
	out->point = (struct rmt_span){ NULL, 0 };
	return 0;
}

/* RFC 5480, 2.1.1: a curve by its OID; written-out parameters leave `curve` and
 * `curve_oid` empty. */
static int
read_ec(
    struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err)
{
	const struct curve *curve;

	(void)notes;
	if (!rmt_der_next_is(parameters, RMT_DER_OID))
		return 0;
	if (rmt_der_oid(parameters, &out->curve_oid, "spki.algorithm.parameters", err) < 0)
		return -1;
	curve = find_curve(out->curve_oid);
	if (curve != NULL) {
		out->curve = curve->name;
		out->bits = curve->bits;
	}
	return 0;
}

/* RFC 3279, 2.3.2: the size is that of p; inherited parameters leave it unknown. */
static int
read_dsa(
    struct rmt_der *parameters, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err)
{
	struct rmt_der numbers;
	struct rmt_span p;

	(void)notes;
	if (!rmt_der_next_is(parameters, RMT_DER_SEQUENCE))
		return 0;
	if (rmt_der_enter(
		parameters, RMT_DER_SEQUENCE, &numbers, "spki.algorithm.parameters", err) < 0 ||
	    rmt_der_integer(&numbers, &p, "spki.algorithm.parameters", err) < 0)
		return -1;
	out->bits = bit_length(magnitude(p));
	return 0;
}

int
rmt_spki_read_notes(
    struct rmt_span spki, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err)
{
	const struct kind *kind;
	struct rmt_der outer, inside, algorithm;
	unsigned unused;

	*out = (struct rmt_spki){ .kind = "", .curve = "" };
	rmt_der_open(&outer, spki, notes);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, "spki", err) < 0 ||
	    rmt_der_enter(&inside, RMT_DER_SEQUENCE, &algorithm, "spki.algorithm", err) < 0 ||
	    rmt_der_oid(&algorithm, &out->algorithm_oid, "spki.algorithm", err) < 0 ||
	    rmt_der_bits(&inside, &out->point, &unused, "spki.subjectPublicKey", err) < 0 ||
	    rmt_der_end(&inside, "spki", err) < 0)
		return -1;
	if (unused != 0)
		return rmt_err_set(
		    err, RMT_INPUT, "spki.subjectPublicKey", "the key's bits are not whole bytes");
	kind = find_kind(out->algorithm_oid);
	if (kind == NULL)
		return 0;
	out->kind = kind->name;
	out->bits = kind->bits;
	return kind->read != NULL ? kind->read(&algorithm, out, notes, err) : 0;
}

/* Public keys of tolerated certificates are read as tolerantly as these: whoever must not let a
 * deviation pass (every path that issues) asks rmt_key_check_public, whose first check is the
 * encoding. */
int
rmt_spki_read(struct rmt_span spki, struct rmt_spki *out, struct rmt_err *err)
{
	struct rmt_notes ignored = { 0 };

	return rmt_spki_read_notes(spki, out, &ignored, err);
}

void
rmt_spki_text(const struct rmt_spki *spki, struct rmt_buf *out)
{
	const struct kind *kind = find_kind(spki->algorithm_oid);

	if (kind == NULL) {
		rmt_buf_text(out, "unknown ");
		rmt_oid_dotted(spki->algorithm_oid, out);
		return;
	}
	rmt_buf_text(out, kind->label);
	if (kind->read == read_ec && spki->curve[0] != '\0')
		rmt_buf_format(out, " %s", spki->curve);
	else if (kind->read == read_ec && spki->curve_oid.length > 0) {
		rmt_buf_byte(out, ' ');
		rmt_oid_text(spki->curve_oid, out);
	} else if (kind->read == read_ec)
		rmt_buf_text(out, " explicit parameters");
	else if (kind->bits == 0 && spki->bits != 0)
		rmt_buf_format(out, " %u", spki->bits);
	else if (spki->point.length > 0 && /* the opaque ones */
		 (strncmp(kind->name, "ml-", 3) == 0 || strncmp(kind->name, "slh-", 4) == 0))
		rmt_buf_format(out, ", %zu bytes", spki->point.length);
}

int
rmt_spki_hash(struct rmt_span spki, unsigned char sha256[RMT_SHA256], struct rmt_err *err)
{
	return rmt_sha256(spki, sha256, err);
}

int
rmt_spki_key_id(struct rmt_span spki, unsigned char sha1[20], struct rmt_err *err)
{
	struct rmt_notes ignored = { 0 };
	struct rmt_der outer, inside;
	struct rmt_tlv algorithm;
	struct rmt_span bits;
	unsigned unused;

	rmt_der_open(&outer, spki, &ignored);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, "spki", err) < 0 ||
	    rmt_der_read(&inside, RMT_DER_SEQUENCE, &algorithm, "spki.algorithm", err) < 0 ||
	    rmt_der_bits(&inside, &bits, &unused, "spki.subjectPublicKey", err) < 0)
		return -1;
	return rmt_sha1(bits, sha1, err);
}
