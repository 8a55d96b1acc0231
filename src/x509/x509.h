/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509/x509.h - the face of the room that knows the objects of RFC 5280, 2986 and 5958 as bytes with views into them.
 *
 * Reading is one strict, bounded, zero-copy DER reader (with a tolerant mode for input that breaks DER in known ways);
 * writing is the matching DER writer. OpenSSL is asked for cryptography and path validation only, in key.c, sign.c and
 * path.c. The room knows no files, no sockets, no configuration and no SQL.
 *
 * Lifetimes: every span inside a certificate, request or CRL points into its own `der`. No view outlives its buffer.
 */
#ifndef RMT_X509_H
#define RMT_X509_H

#include "base/base.h"

/* ---- DER reader (der.c) ----------------------------------------------------------------------------------------- */

/* Tag bytes as they stand on the wire (class, constructed bit and number in one byte; high tag numbers are refused). */
enum {
	RMT_DER_BOOLEAN = 0x01, RMT_DER_INTEGER = 0x02, RMT_DER_BIT_STRING = 0x03, RMT_DER_OCTET_STRING = 0x04,
	RMT_DER_NULL = 0x05, RMT_DER_OID = 0x06, RMT_DER_ENUMERATED = 0x0a, RMT_DER_UTF8 = 0x0c, RMT_DER_NUMERIC = 0x12,
	RMT_DER_PRINTABLE = 0x13, RMT_DER_T61 = 0x14, RMT_DER_IA5 = 0x16, RMT_DER_UTC_TIME = 0x17,
	RMT_DER_GENERALIZED_TIME = 0x18, RMT_DER_VISIBLE = 0x1a, RMT_DER_UNIVERSAL = 0x1c, RMT_DER_BMP = 0x1e,
	RMT_DER_SEQUENCE = 0x30, RMT_DER_SET = 0x31,
};
#define RMT_DER_CONTEXT(n) (0x80 | (n))             /* primitive context tag */
#define RMT_DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* constructed context tag */

/* A deviation from DER that the tolerant mode accepted: from a fixed table of kinds, with its offset in the object. */
enum rmt_deviation {
	RMT_DEVIATION_LENGTH_NOT_MINIMAL, RMT_DEVIATION_INDEFINITE_LENGTH, RMT_DEVIATION_BOOLEAN, RMT_DEVIATION_DEFAULT_ENCODED,
	RMT_DEVIATION_INTEGER_PADDED, RMT_DEVIATION_INTEGER_NEGATIVE, RMT_DEVIATION_TRAILING_BYTES, RMT_DEVIATION_TIME_FORM,
	RMT_DEVIATION_BIT_STRING_PADDING, RMT_DEVIATION_STRING_CONTENT, RMT_DEVIATION_VERSION, RMT_DEVIATION_CONSTRUCTED_STRING,
	RMT_DEVIATION_EMPTY_LIST,
	RMT_DEVIATION_COUNT
};
const char *rmt_deviation_text(enum rmt_deviation kind); /* "length not in the shortest form (X.690, 10.1)" */
enum { RMT_NOTES_MAX = 8, RMT_DER_DEPTH_MAX = 32, RMT_OID_MAX = 128 };
struct rmt_notes {
	unsigned count; /* deviations seen; only the first RMT_NOTES_MAX are kept */
	struct { enum rmt_deviation kind; uint32_t offset; } note[RMT_NOTES_MAX];
};

/* For cursors that accept deviations and nobody wants to hear of them: nothing is ever written to it. */
extern struct rmt_notes rmt_notes_ignored;

/* A cursor over the content of one constructed value. `notes` NULL means strict. */
struct rmt_der {
	const unsigned char *at, *end;
	const unsigned char *origin; /* start of the whole object, for offsets in messages and notes */
	struct rmt_notes *notes;
	unsigned depth;
};
struct rmt_tlv {
	unsigned char tag;
	struct rmt_span whole; /* tag, length and value (an indefinite length's end marker included) */
	struct rmt_span value;
};

void rmt_der_open(struct rmt_der *der, struct rmt_span bytes, struct rmt_notes *notes_or_null);
bool rmt_der_more(const struct rmt_der *der);
bool rmt_der_next_is(const struct rmt_der *der, unsigned char tag); /* false at the end */
int rmt_der_any(struct rmt_der *der, struct rmt_tlv *out, const char *place, struct rmt_err *err);
int rmt_der_read(struct rmt_der *der, unsigned char tag, struct rmt_tlv *out, const char *place, struct rmt_err *err); /* this tag or an error */
/* Read a constructed value and open a cursor over its content. */
int rmt_der_enter(struct rmt_der *der, unsigned char tag, struct rmt_der *inner, const char *place, struct rmt_err *err);
int rmt_der_end(const struct rmt_der *der, const char *place, struct rmt_err *err); /* nothing may be left */
/* INTEGER content, minimal and not negative (both are deviations). */
int rmt_der_integer(struct rmt_der *der, struct rmt_span *content, const char *place, struct rmt_err *err);
int rmt_der_small(struct rmt_der *der, int64_t *out, const char *place, struct rmt_err *err); /* an INTEGER that fits, negative ones too */
int rmt_der_boolean(struct rmt_der *der, bool *out, const char *place, struct rmt_err *err);
int rmt_der_oid(struct rmt_der *der, struct rmt_span *content, const char *place, struct rmt_err *err);
int rmt_der_bits(struct rmt_der *der, struct rmt_span *bytes, unsigned *unused_bits, const char *place, struct rmt_err *err);
int rmt_der_time(struct rmt_der *der, rmt_time *out, const char *place, struct rmt_err *err); /* UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 */
/* Length of the one DER or BER value at the start of `bytes`, header included; 0 when there is none that fits. */
size_t rmt_der_extent(struct rmt_span bytes);
/* Any BER value rewritten with definite lengths and joined strings (for PKCS#7 and PKCS#12 envelopes); depth-bounded. */
int rmt_der_from_ber(struct rmt_span ber, struct rmt_buf *out, struct rmt_err *err);

/* ---- DER writer (der_write.c) -------------------------------------------------------------------------------------- */

/* Appends to a buffer; a failure sticks and is reported by rmt_derw_finish(). begin/end nest to depth 16. */
struct rmt_derw {
	struct rmt_buf buf;
	size_t mark[16];
	unsigned depth;
};
void rmt_derw_begin(struct rmt_derw *w, unsigned char tag);
void rmt_derw_end(struct rmt_derw *w);
void rmt_derw_value(struct rmt_derw *w, unsigned char tag, struct rmt_span content); /* a primitive value */
void rmt_derw_raw(struct rmt_derw *w, struct rmt_span encoded);                      /* already encoded */
void rmt_derw_integer(struct rmt_derw *w, struct rmt_span magnitude); /* unsigned big-endian; padded and minimised as DER wants */
void rmt_derw_small(struct rmt_derw *w, int64_t value);
void rmt_derw_boolean(struct rmt_derw *w, bool value);
void rmt_derw_null(struct rmt_derw *w);
void rmt_derw_oid(struct rmt_derw *w, struct rmt_span content);
void rmt_derw_bits(struct rmt_derw *w, struct rmt_span bytes, unsigned unused_bits);
void rmt_derw_time(struct rmt_derw *w, rmt_time time); /* UTCTime through 2049, GeneralizedTime from 2050 */
void rmt_derw_generalized_time(struct rmt_derw *w, rmt_time time); /* GeneralizedTime always, as OCSP wants it */
int rmt_derw_finish(struct rmt_derw *w, struct rmt_buf *out, struct rmt_err *err); /* moves the bytes out (appends when `out` has some); frees w either way */
void rmt_derw_free(struct rmt_derw *w);

/* ---- object identifiers (oid.c) ---------------------------------------------------------------------------------- */

struct rmt_oid {
	const char *name;   /* the standard's own name: "serverAuth", "commonName", "sha256WithRSAEncryption" */
	const char *dotted; /* "1.3.6.1.5.5.7.3.1" */
	const char *label;  /* short form in names ("CN") or NULL */
	struct rmt_span der; /* content bytes */
};
const struct rmt_oid *rmt_oid_find(struct rmt_span content);      /* NULL when unknown */
const struct rmt_oid *rmt_oid_named(const char *name_label_or_dotted); /* case-insensitive for labels; NULL when unknown */
void rmt_oid_dotted(struct rmt_span content, struct rmt_buf *out);
void rmt_oid_text(struct rmt_span content, struct rmt_buf *out);  /* name when known, else dotted */
int rmt_oid_encode(const char *name_label_or_dotted, struct rmt_buf *out, struct rmt_err *err); /* content bytes */
/* The known name or label below one of these arcs ("2.5.4.", ended by NULL) that is nearest to `word`, or NULL. */
const char *rmt_oid_nearest(const char *word, const char *const *arcs);
/* Where attributes of names and where key purposes stand, for rmt_oid_nearest(). */
extern const char *const rmt_oid_attribute_arcs[], *const rmt_oid_purpose_arcs[];
bool rmt_oid_is(struct rmt_span content, const char *name);       /* content is the OID of that known name */

/* ---- names (name.c) ----------------------------------------------------------------------------------------------- */

/* One attribute of a Name, as iterated. */
struct rmt_attribute {
	struct rmt_span oid;
	unsigned char tag; /* string type */
	struct rmt_span value;
	unsigned rdn; /* index of its relative distinguished name */
};
/* Iterate a whole Name TLV: 1 an attribute, 0 the end, -1 malformed. */
struct rmt_name_cursor { struct rmt_der names, set; unsigned rdn; };
int rmt_name_start(struct rmt_span name, struct rmt_name_cursor *cursor, struct rmt_err *err);
int rmt_name_next(struct rmt_name_cursor *cursor, struct rmt_attribute *out, struct rmt_err *err);
/* Any directory string as UTF-8 (BMP, Universal and T61-as-Latin-1 converted); invalid content is kept as bytes. */
void rmt_string_utf8(unsigned char tag, struct rmt_span value, struct rmt_buf *out);
/* "CN=host.example, O=Example" in the order of encoding; values escaped so that two different names never print alike
 * (RFC 4514 escapes). Not yet safe for a terminal: pass through rmt_safe_text. */
void rmt_name_text(struct rmt_span name, struct rmt_buf *out);
/* First value of an attribute ("CN") as UTF-8; 1 found, 0 absent. `last` takes the most specific (last) one instead. */
int rmt_name_get(struct rmt_span name, const char *attribute, bool last, struct rmt_buf *out);
bool rmt_name_empty(struct rmt_span name);
bool rmt_name_equal(struct rmt_span a, struct rmt_span b); /* RFC 5280, 7.1: case and inner spaces folded */
/* The folded form, for hashing and look-up: equal names give equal bytes. */
void rmt_name_fold(struct rmt_span name, struct rmt_buf *out);
/* Build: pairs of attribute ("CN") and UTF-8 value, in order; PrintableString for country and serialNumber, IA5String for
 * e-mail and DC, UTF8String otherwise; X.520 upper bounds checked ("CN" 64). */
struct rmt_name_part { const char *attribute; const char *value; };
int rmt_name_build(const struct rmt_name_part *parts, size_t count, struct rmt_buf *der, struct rmt_err *err);
/* "CN=host,O=Example Inc" (RFC 4514 escapes, given in encoding order) to DER. */
int rmt_name_parse(const char *text, struct rmt_buf *der, struct rmt_err *err);
/* The same name with every string re-encoded minimally and strictly (for names copied from a tolerated object). */
int rmt_name_clean(struct rmt_span name, struct rmt_buf *der, struct rmt_err *err);

/* ---- general names (general_name.c) --------------------------------------------------------------------------------- */

enum rmt_general_type {
	RMT_GN_OTHER = 0, RMT_GN_EMAIL = 1, RMT_GN_DNS = 2, RMT_GN_X400 = 3, RMT_GN_DIRECTORY = 4, RMT_GN_EDI = 5, RMT_GN_URI = 6,
	RMT_GN_IP = 7, RMT_GN_RID = 8
};
struct rmt_general_name {
	enum rmt_general_type type;
	struct rmt_span value;     /* text for email, dns, uri; 4 or 16 (8 or 32 in constraints) bytes for ip; Name TLV for directory; oid content for rid; inner value TLV for other */
	struct rmt_span other_oid; /* otherName's type-id */
};
/* Iterate a GeneralNames SEQUENCE (`names` is its whole TLV). */
int rmt_general_open(struct rmt_span names, struct rmt_der *cursor, struct rmt_err *err);
int rmt_general_next(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err); /* 1, 0, -1 */
/* "dns:host.example", "ip:192.0.2.1", "email:a@b", "uri:...", "upn:u@d", "directory:CN=x", "rid:1.2.3", "other:1.2.3:hex";
 * commas and backslashes inside are escaped with a backslash. */
void rmt_general_text(const struct rmt_general_name *name, struct rmt_buf *out);
const char *rmt_general_type_name(enum rmt_general_type type); /* "dns" */
/* Append one GeneralName from "dns:host" style text to a writer, checked: LDH labels (a wildcard only as whole first label),
 * IP literals, IA5 e-mail and URI with scheme, UPN as UTF-8 otherName 1.3.6.1.4.1.311.20.2.3. IDN must come as A-labels. */
int rmt_general_write(struct rmt_derw *w, const char *text, struct rmt_err *err);
int rmt_dns_check(struct rmt_span name, bool wildcard_ok, struct rmt_err *err); /* syntax of a host name */
bool rmt_dns_match(struct rmt_span pattern, struct rmt_span host);              /* RFC 6125: one whole left label */

/* ---- extensions (ext.c and one ext_*.c per extension) ----------------------------------------------------------------- */

/* Extensions that Remint decodes; the order is that of the table in ext.c. */
enum rmt_ext_id {
	RMT_EXT_AUTHORITY_KEY_ID, RMT_EXT_SUBJECT_KEY_ID, RMT_EXT_KEY_USAGE, RMT_EXT_CERTIFICATE_POLICIES, RMT_EXT_POLICY_MAPPINGS,
	RMT_EXT_SUBJECT_ALT_NAME, RMT_EXT_ISSUER_ALT_NAME, RMT_EXT_BASIC_CONSTRAINTS, RMT_EXT_NAME_CONSTRAINTS,
	RMT_EXT_POLICY_CONSTRAINTS, RMT_EXT_EXTENDED_KEY_USAGE, RMT_EXT_CRL_DISTRIBUTION, RMT_EXT_INHIBIT_ANY_POLICY,
	RMT_EXT_FRESHEST_CRL, RMT_EXT_AUTHORITY_INFO, RMT_EXT_OCSP_NOCHECK, RMT_EXT_NETSCAPE_COMMENT, RMT_EXT_NETSCAPE_TYPE,
	RMT_EXT_MS_TEMPLATE_NAME, RMT_EXT_MS_TEMPLATE, RMT_EXT_MS_APPLICATION_POLICIES, RMT_EXT_MS_CA_VERSION, RMT_EXT_MS_SID,
	RMT_EXT_TLS_FEATURE, RMT_EXT_SCT_LIST, RMT_EXT_CRL_NUMBER, RMT_EXT_DELTA_CRL, RMT_EXT_ISSUING_DISTRIBUTION, RMT_EXT_REASON_CODE,
	RMT_EXT_INVALIDITY_DATE,
	RMT_EXT_COUNT
};
enum { RMT_EXTENSIONS_MAX = 48 };
struct rmt_ext {
	struct rmt_span oid;   /* content bytes */
	struct rmt_span value; /* inside the OCTET STRING */
	struct rmt_span whole; /* the Extension SEQUENCE */
	bool critical;
	int id;                /* enum rmt_ext_id, or -1 when unknown */
};
struct rmt_extensions {
	unsigned count;
	bool duplicate;                   /* an OID occurs twice (RFC 5280, 4.2) */
	signed char known[RMT_EXT_COUNT]; /* index into list, -1 when absent */
	struct rmt_ext list[RMT_EXTENSIONS_MAX]; /* last: a certificate that is kept has no room for more than `count` */
};
/* Read an Extensions SEQUENCE (whole TLV). */
int rmt_extensions_read(struct rmt_extensions *out, struct rmt_span sequence, struct rmt_notes *notes, const char *place, struct rmt_err *err);
const struct rmt_ext *rmt_ext_find(const struct rmt_extensions *extensions, enum rmt_ext_id id); /* NULL when absent */
const char *rmt_ext_name(enum rmt_ext_id id); /* "extendedKeyUsage" */
struct rmt_span rmt_ext_oid(enum rmt_ext_id id); /* content bytes, static */
int rmt_ext_id(struct rmt_span oid);             /* enum rmt_ext_id, or -1 when unknown */
/* A human rendering of the value, one or more lines joined by '\n'; unknown ones in hex. Raw text: not yet terminal-safe. */
void rmt_ext_print(const struct rmt_ext *ext, struct rmt_buf *out);
/* Read a known extension's value to its end: `notes` NULL is strict. Offsets are those of the value. 0 for unknown ones. */
int rmt_ext_check(const struct rmt_ext *ext, struct rmt_notes *notes_or_null, struct rmt_err *err);
/* Write an Extension: begin, the value with any writer, end. `critical` false leaves the default out. */
void rmt_ext_begin(struct rmt_derw *w, enum rmt_ext_id id, bool critical);
void rmt_ext_end(struct rmt_derw *w);
void rmt_ext_write(struct rmt_derw *w, struct rmt_span oid, bool critical, struct rmt_span value); /* any OID, value encoded */

/* Decoders. All take the extension's `value`; absent optional parts are empty spans. -1 when malformed (place relative to it). */
enum { /* KeyUsage bits in order of RFC 5280, 4.2.1.3: bit n is 1u << n */
	RMT_KU_DIGITAL_SIGNATURE = 1 << 0, RMT_KU_CONTENT_COMMITMENT = 1 << 1, RMT_KU_KEY_ENCIPHERMENT = 1 << 2, RMT_KU_DATA_ENCIPHERMENT = 1 << 3,
	RMT_KU_KEY_AGREEMENT = 1 << 4, RMT_KU_CERT_SIGN = 1 << 5, RMT_KU_CRL_SIGN = 1 << 6, RMT_KU_ENCIPHER_ONLY = 1 << 7, RMT_KU_DECIPHER_ONLY = 1 << 8
};
int rmt_ext_key_usage(struct rmt_span value, unsigned *bits, struct rmt_err *err);
void rmt_ext_key_usage_write(struct rmt_derw *w, unsigned bits);      /* the value alone */
const char *rmt_key_usage_name(unsigned bit);                          /* "digitalSignature" */
int rmt_key_usage_named(const char *name, unsigned *bit);              /* -1 unknown */
struct rmt_basic_constraints { bool ca; int path_length; /* -1 absent */ };
int rmt_ext_basic_constraints(struct rmt_span value, struct rmt_basic_constraints *out, struct rmt_notes *notes, struct rmt_err *err);
void rmt_ext_basic_constraints_write(struct rmt_derw *w, struct rmt_basic_constraints constraints);
int rmt_ext_eku_open(struct rmt_span value, struct rmt_der *cursor, struct rmt_err *err);   /* then rmt_der_oid() while rmt_der_more() */
bool rmt_ext_eku_has(struct rmt_span value, const char *oid_name);
bool rmt_ext_eku_lists(struct rmt_span value, struct rmt_span oid); /* the same by the content of an OBJECT IDENTIFIER */
/* Purposes by name or dotted; -1 when one is neither. msApplicationPolicies is written by rmt_ext_policies_write(). */
int rmt_ext_eku_write(struct rmt_derw *w, const char *const *purposes, size_t count, struct rmt_err *err);
struct rmt_authority_key_id { struct rmt_span key_id, issuer /* GeneralNames content re-tagged view: whole [1] TLV */, serial; };
int rmt_ext_authority_key_id(struct rmt_span value, struct rmt_authority_key_id *out, struct rmt_err *err);
void rmt_ext_authority_key_id_write(struct rmt_derw *w, struct rmt_span key_id);
int rmt_ext_subject_key_id(struct rmt_span value, struct rmt_span *key_id, struct rmt_err *err);
void rmt_ext_subject_key_id_write(struct rmt_derw *w, struct rmt_span key_id);
/* URIs of all fullName distribution points; visit(arg, uri) returns 0 to go on. */
int rmt_ext_crl_uris(struct rmt_span value, int (*visit)(void *arg, struct rmt_span uri), void *arg, struct rmt_err *err);
void rmt_ext_crl_uris_write(struct rmt_derw *w, const char *const *uris, size_t count); /* one distribution point with all */
/* Access descriptions: method is an OID content ("caIssuers", "ocsp"). */
int rmt_ext_access(struct rmt_span value, int (*visit)(void *arg, struct rmt_span method, const struct rmt_general_name *location), void *arg, struct rmt_err *err);
struct rmt_access { const char *method; const char *uri; }; /* method: "caIssuers" or "ocsp" */
void rmt_ext_access_write(struct rmt_derw *w, const struct rmt_access *list, size_t count);
int rmt_ext_policies(struct rmt_span value, int (*visit)(void *arg, struct rmt_span policy), void *arg, struct rmt_err *err);
int rmt_ext_policies_write(struct rmt_derw *w, const char *const *policies, size_t count, struct rmt_err *err); /* by name or dotted */
struct rmt_name_constraints { struct rmt_span permitted, excluded; /* GeneralSubtrees content, empty when absent */ };
int rmt_ext_name_constraints(struct rmt_span value, struct rmt_name_constraints *out, struct rmt_err *err);
/* The bases of one of its lists: cursor opened with rmt_der_open(permitted or excluded); 1, 0, -1. */
int rmt_name_constraints_next(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err);
int rmt_ext_text(struct rmt_span value, struct rmt_buf *utf8, struct rmt_err *err); /* one string of any type (nsComment, template name) */

/* ---- certificates, requests, CRLs ----------------------------------------------------------------------------------- */

/* All spans point into `der`. One from _new or _dup ends with its last extension: never copy the struct. The same struct describes to-be-signed bytes read by rmt_cert_read_tbs() (no signature then). */
struct rmt_cert {
	struct rmt_span der, tbs;
	int version; /* 1, 2 or 3 */
	struct rmt_span serial; /* INTEGER content as encoded (sign byte included) */
	struct rmt_span inner_algorithm, outer_algorithm; /* whole AlgorithmIdentifiers */
	struct rmt_span issuer, subject;                  /* whole Names */
	rmt_time not_before, not_after;
	struct rmt_span validity;  /* both times as encoded, without their SEQUENCE */
	struct rmt_span spki;      /* whole SubjectPublicKeyInfo */
	struct rmt_span signature; /* bits */
	bool unique_ids;           /* an issuer's or a subject's unique identifier is there */
	struct rmt_notes notes; /* deviations accepted in tolerant mode */
	unsigned char *owned; /* the DER when this struct owns it, else NULL */
	struct rmt_extensions extensions;
};
enum { RMT_STRICT = 0, RMT_TOLERANT = 1 };
/* Fill a caller's struct with views into `der`, which must outlive it. Exactly one value; trailing bytes are refused (strict) or noted. */
int rmt_cert_read(struct rmt_cert *cert, struct rmt_span der, int mode, struct rmt_err *err);
int rmt_cert_read_tbs(struct rmt_cert *cert, struct rmt_span tbs, int mode, struct rmt_err *err);
struct rmt_cert *rmt_cert_new(struct rmt_span der, int mode, struct rmt_err *err); /* copies the DER */
struct rmt_cert *rmt_cert_dup(const struct rmt_cert *cert, struct rmt_err *err);
void rmt_cert_free(struct rmt_cert *cert); /* NULL-safe; only for _new and _dup */
int rmt_cert_fingerprint(const struct rmt_cert *cert, unsigned char sha256[RMT_SHA256], struct rmt_err *err);
bool rmt_cert_is_ca(const struct rmt_cert *cert);        /* basicConstraints cA; or v1 and self-issued; or keyCertSign without basicConstraints */
bool rmt_cert_self_issued(const struct rmt_cert *cert);  /* subject equals issuer */
bool rmt_cert_issued_by(const struct rmt_cert *cert, const struct rmt_cert *issuer); /* names match and AKI key id or serial does not contradict; no signature checked */
void rmt_serial_hex(struct rmt_span serial, struct rmt_buf *out); /* "-"? then two lower-case digits a byte, no sign byte: 00ff.. prints ff.. */
/* What a rule or a person calls the object: CN, else first SAN, else the whole subject, else the serial. */
void rmt_cert_label(const struct rmt_cert *cert, struct rmt_buf *out);

struct rmt_request {
	struct rmt_span der, info;
	int version; /* as encoded plus one: 1 is the standard's v1(0) */
	struct rmt_span subject, spki, attributes /* [0] content, may be empty */, algorithm, signature;
	struct rmt_extensions extensions; /* of the extensionRequest attribute (PKCS#9 or Microsoft's OID); empty when absent */
	bool has_challenge;
	struct rmt_notes notes;
	unsigned char *owned;
};
/* Always tolerant of what devices send (missing attributes, any version number): deviations are noted. */
int rmt_request_read(struct rmt_request *request, struct rmt_span der, struct rmt_err *err);
struct rmt_request *rmt_request_new(struct rmt_span der, struct rmt_err *err);
void rmt_request_free(struct rmt_request *request);

struct rmt_crl {
	struct rmt_span der, tbs;
	int version;
	struct rmt_span inner_algorithm, outer_algorithm, issuer;
	rmt_time this_update, next_update; /* next_update 0 when absent */
	struct rmt_span entries; /* content of revokedCertificates, may be empty */
	struct rmt_extensions extensions;
	struct rmt_span signature;
	struct rmt_notes notes;
	unsigned char *owned;
};
int rmt_crl_read(struct rmt_crl *crl, struct rmt_span der, int mode, struct rmt_err *err);
struct rmt_crl *rmt_crl_new(struct rmt_span der, int mode, struct rmt_err *err);
void rmt_crl_free(struct rmt_crl *crl);
/* CRLReason (RFC 5280, 5.3.1). */
enum {
	RMT_REASON_UNSPECIFIED, RMT_REASON_KEY_COMPROMISE, RMT_REASON_CA_COMPROMISE, RMT_REASON_AFFILIATION_CHANGED, RMT_REASON_SUPERSEDED,
	RMT_REASON_CESSATION_OF_OPERATION, RMT_REASON_HOLD, RMT_REASON_UNUSED, RMT_REASON_REMOVED /* released from a hold */,
	RMT_REASON_PRIVILEGE_WITHDRAWN, RMT_REASON_AA_COMPROMISE,
	RMT_REASONS
};
const char *rmt_reason_name(int reason); /* "keyCompromise"; "" when unknown */
struct rmt_crl_entry { struct rmt_span serial; rmt_time when; int reason; /* -1 absent */ rmt_time invalid_since; /* 0 absent */ };
int rmt_crl_next(struct rmt_der *cursor, struct rmt_crl_entry *out, struct rmt_err *err); /* cursor opened with rmt_der_open(crl.entries); 1, 0, -1 */

/* ---- OCSP (ocsp_request.c, ocsp_response.c): RFC 6960 ------------------------------------------------------------------ */

/* What a response says of itself; 4 is not used. */
enum rmt_ocsp_result {
	RMT_OCSP_SUCCESSFUL = 0, RMT_OCSP_MALFORMED = 1, RMT_OCSP_INTERNAL_ERROR = 2, RMT_OCSP_TRY_LATER = 3, RMT_OCSP_SIG_REQUIRED = 5,
	RMT_OCSP_UNAUTHORIZED = 6
};
const char *rmt_ocsp_result_name(int result); /* "successful" "malformedRequest" ...; "" when unknown */
enum rmt_ocsp_status { RMT_OCSP_GOOD, RMT_OCSP_REVOKED, RMT_OCSP_UNKNOWN };
const char *rmt_ocsp_status_name(enum rmt_ocsp_status status); /* "good" "revoked" "unknown" */

/* Which certificate is meant: its issuer by two hashes, and its serial number. */
struct rmt_cert_id {
	struct rmt_span whole;     /* the CertID as it stands, for the response repeats it */
	struct rmt_span algorithm; /* OID content of the hash */
	struct rmt_span name_hash, key_hash;
	struct rmt_span serial;    /* INTEGER content, as rmt_cert.serial */
};
/* The hash of the issuer's name and that of its key, by the algorithm with this OID content. 1; 0 when nobody here knows the algorithm; -1. */
enum { RMT_CERT_ID_HASH_MAX = 64 };
struct rmt_cert_id_hashes { unsigned char name[RMT_CERT_ID_HASH_MAX], key[RMT_CERT_ID_HASH_MAX]; size_t length; };
int rmt_cert_id_hash(struct rmt_span algorithm, const struct rmt_cert *issuer, struct rmt_cert_id_hashes *out, struct rmt_err *err);
bool rmt_cert_id_matches(const struct rmt_cert_id *id, const struct rmt_cert_id_hashes *hashes);
/* Append a CertID. `algorithm` is "sha1" or "sha256", by which `hashes` were made. */
void rmt_cert_id_write(struct rmt_derw *w, const char *algorithm, const struct rmt_cert_id_hashes *hashes, struct rmt_span serial);

enum { RMT_OCSP_IDS_MAX = 100, RMT_OCSP_NONCE_MAX = 128 };
struct rmt_ocsp_request {
	struct rmt_span der;
	struct rmt_span list;    /* content of requestList: open a cursor on it for rmt_ocsp_request_next() */
	size_t count;            /* of certificates asked for, 1 to RMT_OCSP_IDS_MAX */
	bool is_signed;          /* there is a signature; it is not checked */
	struct rmt_span nonce;   /* inside its OCTET STRING, 1 to RMT_OCSP_NONCE_MAX bytes (RFC 9654, 2.1); empty: none */
	struct rmt_extensions extensions;
	struct rmt_notes notes;
};
/* All of it is read to its end, each CertID too. A critical extension other than the nonce is refused (RFC 6960, 4.4). */
int rmt_ocsp_request_read(struct rmt_ocsp_request *request, struct rmt_span der, int mode, struct rmt_err *err);
int rmt_ocsp_request_next(struct rmt_der *cursor, struct rmt_cert_id *out, struct rmt_err *err); /* 1, 0, -1 */

struct rmt_ocsp_response {
	struct rmt_span der;
	int result;              /* enum rmt_ocsp_result; all that follows is empty unless it is successful */
	struct rmt_span tbs, list /* of SingleResponse: for rmt_ocsp_response_next() */;
	struct rmt_span by_name, by_key; /* of the responder: a whole Name, or the SHA-1 of its key; one of them is empty */
	rmt_time produced;
	struct rmt_span nonce, algorithm, signature;
	struct rmt_span certificates; /* content: for rmt_ocsp_certificate_next() */
	struct rmt_extensions extensions;
	struct rmt_notes notes;
};
struct rmt_ocsp_single {
	struct rmt_cert_id id;
	enum rmt_ocsp_status status;
	rmt_time revoked;        /* when */
	int reason;              /* -1: not said */
	rmt_time this_update, next_update; /* next_update 0: newer information is always there */
};
int rmt_ocsp_response_read(struct rmt_ocsp_response *response, struct rmt_span der, int mode, struct rmt_err *err);
int rmt_ocsp_response_next(struct rmt_der *cursor, struct rmt_ocsp_single *out, struct rmt_err *err);      /* 1, 0, -1 */
int rmt_ocsp_certificate_next(struct rmt_der *cursor, struct rmt_span *der, struct rmt_err *err);           /* 1, 0, -1 */

/* ---- algorithms and public keys (algorithm.c, spki.c, key_check.c) ----------------------------------------------------- */

/* One signature algorithm as Remint understands it. */
struct rmt_signature_algorithm {
	const char *name;    /* "sha256WithRSAEncryption" */
	const char *digest;  /* "sha256"; "" when built in (Ed25519) or unknown */
	const char *key;     /* "rsa", "ec", "ed25519", "rsa-pss", "ml-dsa", "dsa", "" unknown */
	struct rmt_span oid; /* content */
};
/* Digest of an RSASSA-PSS identifier is read from its parameters. Unknown algorithms: name is "" and oid is set. */
int rmt_algorithm_read(struct rmt_span algorithm_identifier, struct rmt_signature_algorithm *out, struct rmt_err *err);

struct rmt_spki {
	const char *kind; /* "rsa", "rsa-pss", "ec", "ed25519", "ed448", "dsa", "ml-dsa-65", ... or "" unknown */
	unsigned bits;    /* modulus bits, or curve size; 0 unknown */
	const char *curve; /* "P-256", ... or "" */
	struct rmt_span algorithm_oid, curve_oid, modulus, exponent, point; /* magnitudes without sign byte */
};
int rmt_spki_read(struct rmt_span spki, struct rmt_spki *out, struct rmt_err *err);
void rmt_spki_text(const struct rmt_spki *spki, struct rmt_buf *out); /* "RSA 2048", "EC P-256", "Ed25519", "ML-DSA-65, 1952 bytes" */
/* Whether the numbers can be an RSA key's. An even exponent, or a modulus that is itself prime, is not: parameters of Diffie-Hellman (PKCS #3)
 * are two INTEGERs as a bare RSAPublicKey is. */
bool rmt_spki_rsa_possible(const struct rmt_spki *spki);
int rmt_spki_hash(struct rmt_span spki, unsigned char sha256[RMT_SHA256], struct rmt_err *err);
/* By the modulus of an RSA key alone (modulus.c): 1, 0 it is no RSA key, -1. As lists of weak keys have it: the last bytes of SHA-1 of what
 * `openssl rsa -modulus` prints. */
enum { RMT_MODULUS_HASH = 10 };
int rmt_spki_modulus_hash(struct rmt_span spki, unsigned char tail[RMT_MODULUS_HASH], struct rmt_err *err);
/* SHA-256 of what the key's SPKI would be with the usual exponent, 65537, under rsaEncryption: 0 also when it is that. */
int rmt_spki_usual_hash(struct rmt_span spki, unsigned char sha256[RMT_SHA256], struct rmt_err *err);
int rmt_spki_key_id(struct rmt_span spki, unsigned char sha1[20], struct rmt_err *err); /* RFC 5280, 4.2.1.2 (1) */

/* The one table of key checks (size, exponent, small factors, ROCA, Fermat-close primes, curve, point on curve, tiny scalar), applied on every path.
 * 0 sound; -1 with RMT_SECRET and the check's sentence and citation. `min_rsa_bits` 0 means 2048. */
int rmt_key_check_public(struct rmt_span spki, unsigned min_rsa_bits, struct rmt_err *err);

/* ---- keys (key.c): OpenSSL's EVP_PKEY behind a type of ours ------------------------------------------------------------ */

struct rmt_key; /* a private key with its public half */
/* "rsa:2048", "rsa:3072", "rsa:4096", "ec:p256", "ec:p384", "ec:p521", "ed25519" */
struct rmt_key *rmt_key_generate(const char *spec, struct rmt_err *err);
int rmt_key_spec_check(const char *spec, struct rmt_err *err);
/* PKCS#8 (plain), PKCS#1 or SEC1 DER. */
struct rmt_key *rmt_key_read_der(struct rmt_span der, struct rmt_err *err);
/* What reading it takes, as iterations of a hash; 0 up to 4096 bits, and for what is refused at once. */
uint64_t rmt_key_cost(struct rmt_span der);
/* EncryptedPrivateKeyInfo DER. Wrong passphrase: RMT_SECRET. */
struct rmt_key *rmt_key_read_encrypted(struct rmt_span der, const struct rmt_secret *passphrase, struct rmt_err *err);
/* One PEM block with a private key of any label, traditional encryption included; `passphrase` may be NULL. */
struct rmt_key *rmt_key_read_pem(struct rmt_span pem, const struct rmt_secret *passphrase, struct rmt_err *err);
struct rmt_key *rmt_key_dup(const struct rmt_key *key, struct rmt_err *err);
void rmt_key_free(struct rmt_key *key);
struct rmt_span rmt_key_spki(const struct rmt_key *key); /* borrowed */
/* PKCS#8 PEM: with a passphrase scrypt (N 16384, r 8, p 1) and AES-256-CBC. `out` is made secret. */
int rmt_key_write_pem(const struct rmt_key *key, const struct rmt_secret *passphrase, struct rmt_buf *out, struct rmt_err *err);
int rmt_key_write_der(const struct rmt_key *key, struct rmt_buf *out, struct rmt_err *err); /* PKCS#8, plain; `out` secret */
/* PKCS#8 under a passphrase in DER, PBES2: `cipher` "aes-256-cbc" (NULL) "aes-192-cbc" "aes-128-cbc" "des-ede3-cbc"; `kdf` "scrypt" (NULL) or
 * "pbkdf2" (SHA-256, 600,000 times). */
int rmt_key_write_sealed(const struct rmt_key *key, const struct rmt_secret *passphrase, const char *cipher, const char *kdf, struct rmt_buf *out, struct rmt_err *err);
/* The form of its kind that is older than PKCS#8, in DER and plain: PKCS#1 of an RSA key, SEC1 of an EC key. `out` is made secret. */
int rmt_key_write_traditional(const struct rmt_key *key, struct rmt_buf *out, struct rmt_err *err);
const char *rmt_key_traditional_label(const struct rmt_key *key); /* what PEM calls it: "RSA PRIVATE KEY"; NULL: its kind has none */
/* The body of a PEM block encrypted as RFC 1421 and OpenSSL do, and the header lines before it. Weak: one round of MD5 stands between the
 * passphrase and the key. */
int rmt_dek_encrypt(struct rmt_span der, const char *cipher, const struct rmt_secret *passphrase, struct rmt_buf *headers, struct rmt_buf *sealed, struct rmt_err *err);
void *rmt_key_evp(const struct rmt_key *key); /* EVP_PKEY *, borrowed; only for containers (PKCS#12) and TLS */
/* What opening one file may cost unless somebody says otherwise: two seconds of an ordinary processor, even with SHA-512. */
enum { RMT_ITERATIONS_MAX = 2500000 };
/* Before anything is decrypted under a passphrase: -1 RMT_POLICY, with the number, when the AlgorithmIdentifier (PBES1, PBES2, PKCS#12)
 * asks for more than `most` iterations (0: RMT_ITERATIONS_MAX) or 1 GiB of memory. Schemes that are not known pass: they cannot be decrypted
 * either. `iterations` (may be NULL) is what it asks for; of scrypt, what takes about as long. */
int rmt_pbe_check(struct rmt_span algorithm_identifier, uint64_t most, uint64_t *iterations, struct rmt_err *err);
/* The one SEQUENCE that such a scheme sealed. `password` {NULL, 0} is PKCS#12's absent one, which differs from the empty one. The cost is
 * not judged again. RMT_SECRET when the password does not fit. `out` is made secret. */
int rmt_pbe_decrypt(struct rmt_span algorithm_identifier, struct rmt_span sealed, struct rmt_span password, struct rmt_buf *out, struct rmt_err *err);
/* A private key as gnoMint seals it in its database (key_gnomint.c), of the owner with this name there: 1 and its PEM, 0 the password is another's,
 * -1 no such text. `out` is a secret's. */
int rmt_gnomint_decrypt(struct rmt_span text, struct rmt_span name, struct rmt_span password, struct rmt_buf *out, struct rmt_err *err);
/* Java's own keystores (key_java.c): an EncryptedPrivateKeyInfo under the key protector of JKS. `out` is appended to. */
int rmt_java_protect(const struct rmt_key *key, struct rmt_span password, struct rmt_buf *out, struct rmt_err *err);
/* A passphrase (UTF-8) as JKS hashes it: UTF-16, big-endian. `out` is made secret. */
int rmt_java_password(struct rmt_span password, struct rmt_buf *out, struct rmt_err *err);
/* OSSL_LIB_CTX *, one for the process, borrowed: the default and the legacy provider (RC2, DES), apart from everybody else. NULL and
 * RMT_SECRET where the legacy provider is not installed. Only for containers and old keys. */
void *rmt_legacy_context(struct rmt_err *err);

/* ---- signing and verifying (sign.c) -------------------------------------------------------------------------------------- */

/* A prepared signature context for one key and digest. Not shared between threads: each worker has a dup. */
struct rmt_signer;
struct rmt_signer *rmt_signer_new(const struct rmt_key *key, const char *digest, struct rmt_err *err); /* "sha256" "sha384" "sha512" (and "sha1" only for test fixtures: refused with RMT_POLICY); ignored for ed25519 */
struct rmt_signer *rmt_signer_new_public(struct rmt_span spki, const char *digest, struct rmt_err *err); /* names the algorithm, but cannot sign */
struct rmt_signer *rmt_signer_dup(const struct rmt_signer *signer, struct rmt_err *err);
void rmt_signer_free(struct rmt_signer *signer);
struct rmt_span rmt_signer_algorithm(const struct rmt_signer *signer); /* the whole AlgorithmIdentifier, borrowed */
int rmt_signer_sign(struct rmt_signer *signer, struct rmt_span message, struct rmt_buf *signature, struct rmt_err *err);
/* A message that comes in pieces: start, add, then seal, which may be repeated (a signature by EC differs each time, in length too). Kinds of
 * keys that do not hash first hold all of it, at most 16 MiB (RMT_POLICY). */
int rmt_signer_start(struct rmt_signer *signer, struct rmt_err *err);
int rmt_signer_add(struct rmt_signer *signer, struct rmt_span piece, struct rmt_err *err);
int rmt_signer_seal(struct rmt_signer *signer, struct rmt_buf *signature, struct rmt_err *err);
/* SEQUENCE { message, algorithm, BIT STRING signature }: the form of certificate, request and CRL alike. */
int rmt_signer_wrap(struct rmt_signer *signer, struct rmt_span tbs, struct rmt_buf *der, struct rmt_err *err);

/* Verifies signatures fast (EVP_PKEY_fromdata with a reused context; last key cached). One per thread. */
struct rmt_checker;
struct rmt_checker *rmt_checker_new(struct rmt_err *err);
void rmt_checker_free(struct rmt_checker *checker);
/* 0 good; -1 RMT_INPUT "signature does not verify" or RMT_SECRET for a key that cannot be used. SHA-1 and MD5 signatures are checked, not judged. */
int rmt_checker_verify(struct rmt_checker *checker, struct rmt_span message, struct rmt_span algorithm, struct rmt_span signature, struct rmt_span spki, struct rmt_err *err);
/* The same, and what a failure means. What cannot be verified here - an algorithm that Remint or this OpenSSL does not know, a key that
 * cannot be used - is not false: nobody knows, and `why` says what is missing. */
enum rmt_judgement { RMT_SIGNATURE_GOOD, RMT_SIGNATURE_FALSE, RMT_SIGNATURE_UNVERIFIABLE };
enum rmt_judgement rmt_checker_judge(struct rmt_checker *checker, struct rmt_span message, struct rmt_span algorithm, struct rmt_span signature, struct rmt_span spki, struct rmt_err *why);
/* The same of a message in pieces. The start: 1 go on, 0 this kind of key needs the message whole, -1. */
int rmt_checker_start(struct rmt_checker *checker, struct rmt_span algorithm, struct rmt_span spki, struct rmt_err *err);
int rmt_checker_add(struct rmt_checker *checker, struct rmt_span piece, struct rmt_err *err);
int rmt_checker_end(struct rmt_checker *checker, struct rmt_span signature, struct rmt_err *err);
int rmt_request_verify(struct rmt_checker *checker, const struct rmt_request *request, struct rmt_err *err); /* proof of possession */

/* A PKCS#10 request: subject Name DER, extensions (content writer output: the whole Extensions SEQUENCE, or empty). */
int rmt_request_build(const struct rmt_key *key, const char *digest, struct rmt_span subject, struct rmt_span extensions, struct rmt_buf *der, struct rmt_err *err);

/* ---- path validation (path.c): X509_verify_cert on one given path ---------------------------------------------------------- */

enum rmt_purpose { RMT_PURPOSE_ANY, RMT_PURPOSE_SERVER, RMT_PURPOSE_CLIENT };
struct rmt_path_rules {
	enum rmt_purpose purpose; /* role of the leaf that the verifier enforces */
	int auth_level;           /* OpenSSL's security level for signatures and keys in the chain, 0 to 5 */
	bool strict;              /* X509_V_FLAG_X509_STRICT */
	bool partial;             /* an intermediate in the trust set may anchor */
	rmt_time at;
};
struct rmt_path_outcome {
	bool accepted;
	int error;       /* X509_V_ERR_* number as administrators see it (26: unsuitable certificate purpose) */
	int depth;       /* of the certificate at fault; 0 is the leaf */
	const char *text; /* OpenSSL's sentence, static; or what it is that OpenSSL does not know, until the checker's next path */
	bool complete;   /* the path ends in a member of the trust set */
};
/* Keeps issuers and anchors as X509, keyed by fingerprint (bounded), so that a pile of leaves under few issuers parses each issuer once.
 * One per thread. */
struct rmt_path_checker;
struct rmt_path_checker *rmt_path_checker_new(const struct rmt_path_rules *rules, struct rmt_err *err);
void rmt_path_checker_free(struct rmt_path_checker *checker);
/* `path` leaf first; `anchored`: its last member is trusted (a member of the caller's trust set). Without an anchor the path is checked
 * with its last certificate taken as anchor (partial chain) and `complete` is false. */
int rmt_path_check(struct rmt_path_checker *checker, const struct rmt_cert *const *path, size_t count, bool anchored, struct rmt_path_outcome *out, struct rmt_err *err);
uint64_t rmt_path_verifications(const struct rmt_path_checker *checker); /* signatures really verified so far */
const char *rmt_verify_error_text(int error);

#endif
