/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509/local.h - what the files of this room share among themselves and nobody else may use.
 *
 * Three things: the two ways in which reading stops or goes on (a fault, a deviation), the walkers of names and
 * extensions that keep the offsets of the object around them, and the printers that the table in ext.c joins. Below
 * them stands what the cryptographic files share, in OpenSSL's types.
 */
#ifndef RMT_X509_LOCAL_H
#define RMT_X509_LOCAL_H

#include <openssl/evp.h>

#include "x509/x509.h"

/* Stop reading: "<sentence> (offset N)" at `place`; always -1. */
int rmt_der_fault(const struct rmt_der *der, const unsigned char *at, const char *place, struct rmt_err *err,
                  const char *sentence);
/* DER is broken at `at` in a way that the table of deviations knows: strict stops (-1), tolerant notes it (0). */
int rmt_der_deviate(const struct rmt_der *der, enum rmt_deviation kind, const unsigned char *at, const char *place,
                    struct rmt_err *err);
/* The content of a UTCTime or GeneralizedTime; *exact says that it has seconds, no fraction and ends in Z. */
int rmt_time_read(unsigned char tag, struct rmt_span text, rmt_time *out, bool *exact);
bool rmt_der_string_tag(unsigned char tag); /* a universal character string type */

/* The rows of oid_table.c; their `der` is filled in by oid.c on first use. */
extern struct rmt_oid rmt_oid_table[];
extern const size_t rmt_oid_table_size;

/* ---- algorithm.c -------------------------------------------------------------------------------------------------- */

/* The parameters of RSASSA-PSS (RFC 4055, 3.1), defaults filled in. */
struct rmt_pss {
	const char *digest;     /* "" unknown */
	const char *mgf_digest; /* "" unknown */
	int64_t salt_length;
};
int rmt_pss_read(struct rmt_span algorithm_identifier, struct rmt_pss *out, struct rmt_err *err);
/* The content bytes of the OID for a kind of key ("rsa") and digest ("sha256", "" when built in); empty when there is none. */
struct rmt_span rmt_algorithm_oid(const char *key, const char *digest);

/* ---- spki.c ------------------------------------------------------------------------------------------------------- */

int rmt_spki_read_notes(struct rmt_span spki, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err);
/* OpenSSL's name for a named curve, by its OID content; NULL when it is not one that Remint knows. */
const char *rmt_curve_group(struct rmt_span curve_oid);

/* ---- key.c -------------------------------------------------------------------------------------------------------- */

struct rmt_key {
	EVP_PKEY *evp;
	struct rmt_buf spki;
};
/* Takes `evp` (also on failure) and encodes its public half. */
struct rmt_key *rmt_key_take(EVP_PKEY *evp, struct rmt_err *err);
/* The kind of an EVP_PKEY as rmt_spki.kind says it: "rsa", "ec", ... or "". */
const char *rmt_evp_kind(const EVP_PKEY *evp);

/* ---- key_decrypt.c ------------------------------------------------------------------------------------------------ */

/* The PrivateKeyInfo inside an EncryptedPrivateKeyInfo, or the body of a PEM block under traditional encryption
 * (`dek`: the value of its DEK-Info header). `out` is made secret. */
int rmt_pkcs8_decrypt(struct rmt_span der, const struct rmt_secret *passphrase, struct rmt_buf *out, struct rmt_err *err);
int rmt_dek_decrypt(struct rmt_span dek, struct rmt_span body, const struct rmt_secret *passphrase, struct rmt_buf *out,
                    struct rmt_err *err);

/* ---- sign.c ------------------------------------------------------------------------------------------------------- */

/* A digest fetched once per process. */
const EVP_MD *rmt_digest_named(const char *name, struct rmt_err *err);

#endif
