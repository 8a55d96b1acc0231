/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/password.c - what the files about passwords share: parameters of PBKDF2 (RFC 8018), digests
 * by their OID, and the encodings of a password. Decryption is x509's.
 */
#include "config.h"

#include "read/local.h"

#define BYTES(...) \
	{ \
		(const unsigned char[]){ __VA_ARGS__ }, \
		    sizeof((const unsigned char[]){ __VA_ARGS__ }) \
	}
#define RSADSI 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d
#define NIST_HASH 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02

static const struct rmt_span oid_pbkdf2 = BYTES(RSADSI, 0x01, 0x05, 0x0c);

static const struct {
	struct rmt_span oid;
	const char *name;
} digests[] = {
	{ BYTES(0x2b, 0x0e, 0x03, 0x02, 0x1a), "SHA1" },
	{ BYTES(NIST_HASH, 0x01), "SHA256" },
	{ BYTES(NIST_HASH, 0x02), "SHA384" },
	{ BYTES(NIST_HASH, 0x03), "SHA512" },
	{ BYTES(NIST_HASH, 0x04), "SHA224" },
	{ BYTES(NIST_HASH, 0x05), "SHA512-224" },
	{ BYTES(NIST_HASH, 0x06), "SHA512-256" },
	{ BYTES(NIST_HASH, 0x08), "SHA3-256" },
	{ BYTES(NIST_HASH, 0x09), "SHA3-384" },
	{ BYTES(NIST_HASH, 0x0a), "SHA3-512" },
	{ BYTES(RSADSI, 0x02, 0x05), "MD5" },
	{ BYTES(RSADSI, 0x02, 0x07), "SHA1" }, /* from here on as HMAC */
	{ BYTES(RSADSI, 0x02, 0x08), "SHA224" },
	{ BYTES(RSADSI, 0x02, 0x09), "SHA256" },
	{ BYTES(RSADSI, 0x02, 0x0a), "SHA384" },
	{ BYTES(RSADSI, 0x02, 0x0b), "SHA512" },
	{ BYTES(RSADSI, 0x02, 0x0c), "SHA512-224" },
	{ BYTES(RSADSI, 0x02, 0x0d), "SHA512-256" },
};

const char *
rmt_digest_name(struct rmt_span oid)
{
	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
		if (rmt_span_equal(digests[i].oid, oid))
			return digests[i].name;
	}
	return NULL;
}

int
rmt_algorithm_split(struct rmt_span algorithm, struct rmt_span *oid, struct rmt_span *parameters,
    struct rmt_err *err)
{
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv tlv;

	*parameters = (struct rmt_span){ 0 };
	rmt_der_open(&top, algorithm, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "algorithm", err) ||
	    rmt_der_oid(&seq, oid, "algorithm", err))
		return -1;
	if (rmt_der_more(&seq)) {
		if (rmt_der_any(&seq, &tlv, "parameters", err))
			return -1;
		*parameters = tlv.whole;
	}
	return 0;
}

int
rmt_pbkdf2_read(struct rmt_span algorithm, struct rmt_pbkdf2 *out, struct rmt_err *err)
{
	struct rmt_span oid, parameters, prf, ignored;
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv salt, prf_value;

	*out = (struct rmt_pbkdf2){ .digest = "SHA1" }; /* the default PRF, RFC 8018, A.2 */
	if (rmt_algorithm_split(algorithm, &oid, &parameters, err))
		return -1;
	if (!rmt_span_equal(oid, oid_pbkdf2))
		return rmt_err_set(
		    err, RMT_INPUT, "keyDerivationFunc", "its key derivation is not PBKDF2");
	rmt_der_open(&top, parameters, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "PBKDF2-params", err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &salt, "salt", err) ||
	    rmt_der_small(&seq, &out->iterations, "iterationCount", err))
		return -1;
	out->salt = salt.value;
	if (rmt_der_next_is(&seq, RMT_DER_INTEGER) &&
	    rmt_der_small(&seq, &out->key_length, "keyLength", err))
		return -1;
	if (rmt_der_more(&seq)) {
		if (rmt_der_read(&seq, RMT_DER_SEQUENCE, &prf_value, "prf", err) ||
		    rmt_algorithm_split(prf_value.whole, &prf, &ignored, err))
			return -1;
		out->digest = rmt_digest_name(prf);
	}
	return 0;
}

bool
rmt_password_bytewise(struct rmt_span password, struct rmt_buf *out)
{
	bool beyond = false;

	for (size_t i = 0; i < password.length; i++)
		beyond = beyond || password.at[i] >= 0x80;
	if (!beyond)
		return false;
	rmt_buf_secret(out);
	for (size_t i = 0; i < password.length; i++) {
		unsigned char c = password.at[i];

		if (c >= 0x80) {
			rmt_buf_byte(out, (unsigned char)(0xc0 | c >> 6));
			c = (unsigned char)(0x80 | (c & 0x3f));
		}
		rmt_buf_byte(out, c);
	}
	return !out->failed;
}
