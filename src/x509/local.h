/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509/local.h - what the files of this room share among themselves and nobody else may use.
 *
 * Three things: the two ways in which reading stops or goes on (a fault, a deviation), the walkers
 * of names and extensions that keep the offsets of the object around them, and the printers that
 * the table in ext.c joins. Below them stands what the cryptographic files share, in OpenSSL's
 * types.
 */
#ifndef RMT_X509_LOCAL_H
#define RMT_X509_LOCAL_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "x509/x509.h"

/* A span constant over the bytes of a string literal. */
#define RMT_BYTES(literal) \
	{ \
		(const unsigned char *)(literal), sizeof(literal) - 1 \
	}

/* ---- der.c -------------------------------------------------------------------------------- */

/* Stop reading: "<sentence> (offset N)" at `place`; always -1. */
int rmt_der_fault(const struct rmt_der *der, const unsigned char *at, const char *place,
    struct rmt_err *err, const char *sentence);
/* DER is broken at `at` in a way that the table of deviations knows: strict stops (-1), tolerant
 * notes it (0). */
int rmt_der_deviate(const struct rmt_der *der, enum rmt_deviation kind, const unsigned char *at,
    const char *place, struct rmt_err *err);
int rmt_der_enter_whole(struct rmt_der *der, unsigned char tag, struct rmt_der *inner,
    struct rmt_span *whole, const char *place,
    struct rmt_err *err); /* rmt_der_enter() that also gives the value's view */
/* Any value whose content, when it is of a primitive universal type, is one that the type has. */
int rmt_der_any_checked(
    struct rmt_der *der, struct rmt_tlv *out, const char *place, struct rmt_err *err);
/* The content of a UTCTime or GeneralizedTime; *exact says that it has seconds, no fraction and
 * ends in Z. */
int rmt_time_read(unsigned char tag, struct rmt_span text, rmt_time *out, bool *exact);
bool rmt_der_string_tag(unsigned char tag); /* a universal character string type */

/* ---- key.c -------------------------------------------------------------------------------- */

/* OpenSSL makes no use of longer ones. */
enum { RMT_RSA_BITS_MAX = 16384 };

/* ---- string.c ----------------------------------------------------------------------------- */

bool
rmt_string_valid(unsigned char tag, struct rmt_span value); /* only characters that the type has */
bool rmt_string_is_text(
    unsigned char tag, struct rmt_span value); /* a string type whose content can be taken apart */
/* A string as UTF-8, byte by byte: -1 at the end. */
struct rmt_string_cursor {
	const unsigned char *at, *end;
	unsigned char width; /* 0: bytes as they are; else bytes of a character */
	unsigned char pending, queue[5];
};
void rmt_string_open(struct rmt_string_cursor *cursor, unsigned char tag, struct rmt_span value);
int rmt_string_next(struct rmt_string_cursor *cursor);
/* Text with a backslash before `specials` and backslashes, and \HH for control characters and bytes
 * that are no UTF-8: one line, always valid UTF-8, and different texts stay different. */
void rmt_text_escape(struct rmt_span text, const char *specials, struct rmt_buf *out);

/* ---- name.c ------------------------------------------------------------------------------- */

/* The Name at the cursor, checked to its last value. */
int
rmt_name_read(struct rmt_der *der, struct rmt_span *whole, const char *place, struct rmt_err *err);

/* ---- general_name.c ----------------------------------------------------------------------- */

int rmt_general_read(struct rmt_der *cursor, struct rmt_general_name *out,
    struct rmt_err *err); /* one must be there */

/* ---- cert.c ------------------------------------------------------------------------------- */

/* Open an object that is one SEQUENCE of at most `cap` bytes with nothing behind it. */
int rmt_object_open(struct rmt_der *der, struct rmt_span bytes, size_t cap, struct rmt_notes *notes,
    struct rmt_span *whole, struct rmt_der *inner, const char *noun, struct rmt_err *err);
int rmt_algorithm_id_read(
    struct rmt_der *der, struct rmt_span *whole, const char *place, struct rmt_err *err);
int
rmt_spki_walk(struct rmt_der *der, struct rmt_span *whole, const char *place, struct rmt_err *err);
int rmt_signature_read(
    struct rmt_der *der, struct rmt_span *bits, const char *place, struct rmt_err *err);
unsigned char *rmt_der_copy(struct rmt_span der, struct rmt_err *err); /* the caller's */

/* ---- extensions --------------------------------------------------------------------------- */

/* The Extensions at the cursor; `place` is what the index stands behind in messages. */
int rmt_extensions_walk(
    struct rmt_der *der, struct rmt_extensions *out, const char *place, struct rmt_err *err);
void rmt_extensions_clear(struct rmt_extensions *out);
/* The Extension at the cursor; `id` is not looked up. */
int rmt_ext_read(struct rmt_der *der, struct rmt_ext *out, struct rmt_err *err);

/* Each reads one extension's value to its end and, when `out` is not NULL, writes it for people. */
int rmt_show_authority_key_id(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_subject_key_id(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_key_usage(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_policies(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_policy_mappings(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_policy_constraints(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_general_names(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_basic_constraints(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_name_constraints(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_eku(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_crl_distribution(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_issuing_distribution(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_access(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_null(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_text(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_number(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_netscape_type(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_ms_template(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_ms_ca_version(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_ms_sid(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_tls_feature(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_sct_list(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_reason_code(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);
int rmt_show_invalidity_date(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err);

int rmt_reason_read(struct rmt_der *value, int *reason, struct rmt_err *err); /* CRLReason */
int rmt_invalidity_read(struct rmt_der *value, rmt_time *out, struct rmt_err *err);

/* Pieces that they share (ext_show.c). All do nothing when `out` is NULL. */
void rmt_put(struct rmt_buf *out, const char *format, ...) RMT_PRINTF(2, 3);
void rmt_put_separated(struct rmt_buf *out, bool *first,
    const char *separator); /* the separator but for the first time */
void rmt_put_oid(struct rmt_buf *out, struct rmt_span oid);
void rmt_put_hex(struct rmt_buf *out, struct rmt_span bytes);
void rmt_put_number(
    struct rmt_buf *out, struct rmt_span integer); /* decimal when it fits 63 bits, else 0x... */
void rmt_put_general(struct rmt_buf *out, const struct rmt_general_name *name);
/* The GeneralNames content at the cursor to its end, joined by ", "; at least one must be there. */
int rmt_put_general_list(struct rmt_buf *out, struct rmt_der *names, struct rmt_err *err);
/* The string at the cursor, of any type. */
int rmt_put_string(struct rmt_buf *out, struct rmt_der *value, struct rmt_err *err);
/* One named bit after the other; `count` names. A bit string whose last bit is 0 is a deviation
 * (X.690, 11.2.2). */
int rmt_bits_named(
    struct rmt_der *value, unsigned count, unsigned *bits, const char *place, struct rmt_err *err);
void rmt_put_bits(struct rmt_buf *out, unsigned bits, const char *const *names, unsigned count);
/* A list must have a member: called where its first one should be. */
int rmt_list_check(const struct rmt_der *list, const char *place, struct rmt_err *err);

/* ---- ocsp_request.c ----------------------------------------------------------------------- */

/* The CertID at the cursor. */
int rmt_cert_id_read(struct rmt_der *der, struct rmt_cert_id *out, struct rmt_err *err);
/* The value of the nonce extension in a list, if there is one: RFC 9654, 2.1. */
int rmt_ocsp_nonce_read(const struct rmt_der *of, const struct rmt_extensions *extensions,
    struct rmt_span *nonce, struct rmt_err *err);

/* ---- oid.c -------------------------------------------------------------------------------- */

bool rmt_oid_valid(struct rmt_span content);
/* The rows of oid_table.c; their `der` is filled in by oid.c on first use. */
extern struct rmt_oid rmt_oid_table[];
extern const size_t rmt_oid_table_size;

/* ---- algorithm.c -------------------------------------------------------------------------- */

/* The parameters of RSASSA-PSS (RFC 4055, 3.1), defaults filled in. */
struct rmt_pss {
	const char *digest;     /* "" unknown */
	const char *mgf_digest; /* "" unknown */
	int64_t salt_length;
};
int rmt_pss_read(struct rmt_span algorithm_identifier, struct rmt_pss *out, struct rmt_err *err);
/* What the public key of an RSASSA-PSS key pair demands (RFC 4055, 3.3; the salt is then the shortest): 1, 0 nothing, -1. */
int rmt_pss_demanded(struct rmt_span spki, struct rmt_pss *out, struct rmt_err *err);
void rmt_pss_write(struct rmt_derw *w, const struct rmt_pss *pss); /* the parameters */
/* The content bytes of the OID for a kind of key ("rsa") and digest ("sha256", "" when built in);
 * empty when there is none. */
struct rmt_span rmt_algorithm_oid(const char *key, const char *digest);

/* ---- spki.c ------------------------------------------------------------------------------- */

int rmt_spki_read_notes(
    struct rmt_span spki, struct rmt_spki *out, struct rmt_notes *notes, struct rmt_err *err);
/* OpenSSL's name for a named curve, by its OID content; NULL when it is not one that Remint
 * knows. */
const char *rmt_curve_group(struct rmt_span curve_oid);

/* ---- key_factor.c ------------------------------------------------------------------------- */

/* What division by the primes up to 751 shows. */
struct rmt_modulus_signs {
	unsigned factor; /* the smallest that divides the modulus, or 0 */
	bool roca;       /* the fingerprint of the generator broken in 2017 */
};
int rmt_modulus_divide(const BIGNUM *modulus, struct rmt_modulus_signs *out); /* -1 out of memory */
/* 1 when 110 rounds of Fermat's method factor the modulus, 0 when not, -1 out of memory. */
int rmt_modulus_close_primes(const BIGNUM *modulus);

/* ---- key_numbers.c ------------------------------------------------------------------------ */

/* A common private key without OpenSSL's decoders, its SubjectPublicKeyInfo appended to `spki`; NULL (and nothing
 * appended) for every form that is left to them. */
EVP_PKEY *rmt_key_from_numbers(struct rmt_span pkcs8, struct rmt_buf *spki);

/* ---- key_scalar.c ------------------------------------------------------------------------- */

/* What one curve needs for the search; shared between threads. NULL when there is no memory. */
struct rmt_scalar_search;
struct rmt_scalar_search *rmt_scalar_search_new(const EC_GROUP *group);
void rmt_scalar_search_free(struct rmt_scalar_search *search);
/* 1 when the point is k*G with k or -k from 1 to 65,536 (or a little more), 0 when not, -1 out of
 * memory. The point is on the curve and not at infinity; `x` is its x coordinate, big-endian. */
int rmt_scalar_is_tiny(struct rmt_scalar_search *search, const EC_GROUP *group,
    const EC_POINT *point, struct rmt_span x);

/* ---- key.c -------------------------------------------------------------------------------- */

struct rmt_key {
	EVP_PKEY *evp;
	struct rmt_buf spki;
};
/* Takes `evp` (also on failure) and encodes its public half. */
struct rmt_key *rmt_key_take(EVP_PKEY *evp, struct rmt_err *err);
/* The kind of an EVP_PKEY as rmt_spki.kind says it: "rsa", "ec", ... or "". */
const char *rmt_evp_kind(const EVP_PKEY *evp);

/* ---- key_decrypt.c ------------------------------------------------------------------------ */

/* The PrivateKeyInfo inside an EncryptedPrivateKeyInfo, or the body of a PEM block under
 * traditional encryption (`dek`: the value of its DEK-Info header). `out` is made secret. */
int rmt_pkcs8_decrypt(struct rmt_span der, const struct rmt_secret *passphrase, struct rmt_buf *out,
    struct rmt_err *err);
int rmt_dek_decrypt(struct rmt_span dek, struct rmt_span body, const struct rmt_secret *passphrase,
    struct rmt_buf *out, struct rmt_err *err);

/* ---- sign.c ------------------------------------------------------------------------------- */

/* A digest fetched once per process. */
const EVP_MD *rmt_digest_named(const char *name, struct rmt_err *err);

/* ---- key_java.c ---- */

bool rmt_java_scheme(struct rmt_span oid, bool *counts); /* one of Java's own; with an iteration count? */
/* As rmt_pbe_decrypt(); `parameters` is their inside. */
int rmt_java_decrypt(struct rmt_span oid, struct rmt_der parameters, struct rmt_span sealed,
    struct rmt_span password, struct rmt_buf *out, struct rmt_err *err);

/* Is it a post-quantum key that this OpenSSL cannot verify with? Then `sentence` says what is missing (checker.c). */
enum { RMT_MISSING = 96 };
bool rmt_kind_missing(const struct rmt_spki *key, char sentence[RMT_MISSING]);

#endif
