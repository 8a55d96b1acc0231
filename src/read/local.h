/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/local.h - what the files of read/ share: the state of one source being read, and the readers
 * of each form.
 *
 * Convention of the room: a function that hands out objects returns 0 to go on and anything else to
 * stop. A broken member is not a reason to stop: it goes to rmt_reading_fault(), which returns what
 * the caller's callback says.
 */
#ifndef RMT_READ_LOCAL_H
#define RMT_READ_LOCAL_H

#include "read/read.h"

enum {
	RMT_CAP_SINGLE = 1 << 20,      /* one key or certificate; x509 takes no larger one */
	RMT_AHEAD = 64 << 10,          /* how much of a source is looked at before it is read */
	RMT_MEMBERS_NESTED_MAX = 8,    /* containers within containers */
	RMT_ITERATIONS_UNASKED = 200000, /* more are not spent on the empty passphrase, which nobody gave */
};

struct rmt_dialect;

/* One source (a file, "-" or memory) while it is read. */
struct rmt_reading {
	const struct rmt_reader *reader;
	const char *source;
	size_t objects; /* handed out so far */
	size_t faults;  /* reported so far */
	size_t met;      /* objects and faults when the last line was read, and where the last of them */
	uint64_t met_at; /* was: see rmt_reading_line() */
	size_t skipped; /* blocks that are nobody's object (EC PARAMETERS) */
	const char
	    *member; /* which member of a container is being read ("certificates[3]"), or NULL */
	const struct rmt_listing *row; /* of the listing that the objects now stand in, or NULL */
	size_t row_line;               /* on which that row begins */
	unsigned nested;
	uint64_t spent; /* iterations, see rmt_reading_spend() */
	bool listed; /* found in a directory, not named by anybody: what is none of ours is passed over */
};

/* ---- object.c ---- */

/* Hand one object to the sink: source and index are filled in here. */
int rmt_reading_hand(struct rmt_reading *reading, struct rmt_object *object);
/* Report what stands in `err` about the object that `as` describes, with line and member put before
 * its place, then clear it. */
int
rmt_reading_fault(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_err *err);
/* Iterations that this source may cost in all. */
uint64_t rmt_reading_most(const struct rmt_reading *reading);
/* Before a passphrase is tried: -1 RMT_POLICY when this source has asked for more than it may in all. */
int rmt_reading_spend(struct rmt_reading *reading, uint64_t iterations, struct rmt_err *err);
/* rmt_key_read_der() once its cost is within what this source may cost in all; else RMT_POLICY. */
struct rmt_key *rmt_reading_key(struct rmt_reading *reading, struct rmt_span der, struct rmt_err *err);
/* A thing that is known and not read: "ZIP archive", "unpack it first". */
int rmt_reading_unsupported(
    struct rmt_reading *reading, const struct rmt_object *as, const char *label, const char *note);
/* rmt_stream_line(), and -1 when nothing came in more than 16 MiB, and `more` bytes, of a source that
 * may have no end: it would be read for ever. */
int rmt_reading_line(struct rmt_reading *reading, struct rmt_stream *stream, size_t cap, size_t more,
    struct rmt_span *line, bool *whole, struct rmt_err *err);
/* "a; b" of two diagnoses, either of which may be NULL; cut at the end of `out`. */
const char *rmt_note_join(const char *a, const char *b, char out[256]);

/* ---- detect.c ---- */

/* One form of DER. `read` gets a copy of `as` that says where the bytes stood, and the bytes of
 * exactly one value. */
struct rmt_form {
	const char *name; /* as in "a certificate" */
	size_t cap;       /* largest size taken */
	int (*read)(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
	const char *shape; /* see detect.c */
};
/* The form of the DER or BER value whose beginning is at hand; NULL when it is none of ours. */
const struct rmt_form *rmt_form_of(struct rmt_span beginning);
const struct rmt_form *rmt_form_named(const char *name); /* NULL for NULL */
/* Is this the beginning of a DER SEQUENCE, and not text that begins with a zero? */
bool rmt_looks_der(struct rmt_span beginning);
/* The reader of a container that is no DER, by its first bytes; it takes the file whole. NULL: none. */
typedef int rmt_read_fn(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes);
rmt_read_fn *rmt_container_of(struct rmt_span beginning);
/* A file that is not ours, by its first bytes: `label` and `note` for an object of its own, or only
 * a phrase. */
struct rmt_magic {
	const char *bytes;
	unsigned
	    length; /* 0: text, compared without regard to case, white space before it skipped */
	const char *label;
	const char *note; /* NULL: not even an unsupported object, only named in the fault */
};
const struct rmt_magic *rmt_magic_of(struct rmt_span beginning);
/* "starts like ..." for what nothing recognises. */
void rmt_describe(struct rmt_span beginning, char out[160]);

/* ---- der.c ---- */

/* The values in `bytes` one after another: each goes to the reader of its form; what follows the
 * last is noted. */
int rmt_read_der(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes);
int
rmt_read_certificate(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_request(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_crl(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_ocsp(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_ocsp_request(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_public(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_public_pkcs1(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);

/* ---- private.c ---- */

int rmt_read_private(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
int rmt_read_private_encrypted(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
/* A whole PEM block whose headers say that it is encrypted (RFC 1421, 4.6.1). */
int
rmt_read_private_pem(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span pem);
/* A key that stays closed. */
int rmt_hand_locked(struct rmt_reading *reading, const struct rmt_object *as, bool encrypted);
/* A key that was opened: takes `key`. */
int rmt_hand_key(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_key *key, bool encrypted);
/* The n-th passphrase of the caller's callback, or NULL. */
const struct rmt_secret *
rmt_reading_passphrase(struct rmt_reading *reading, const char *what, unsigned n);

/* ---- password.c ---- */

/* The other encoding of a password with characters beyond ASCII, as older OpenSSL used it: each
 * byte taken for a character of its own, in UTF-8. False when there is no difference. `out` is made
 * secret. */
bool rmt_password_bytewise(struct rmt_span password, struct rmt_buf *out);
/* AlgorithmIdentifier: the OID's content, and the parameters as whole value (empty when absent). */
int rmt_algorithm_split(struct rmt_span algorithm, struct rmt_span *oid,
    struct rmt_span *parameters, struct rmt_err *err);
/* PBKDF2 (RFC 8018, A.2), as PBES2 and PBMAC1 use it. */
struct rmt_pbkdf2 {
	struct rmt_span salt;
	int64_t iterations;
	int64_t key_length; /* 0 when absent */
	const char *digest; /* of its HMAC, OpenSSL's name; NULL when unknown */
};
int rmt_pbkdf2_read(struct rmt_span algorithm, struct rmt_pbkdf2 *out, struct rmt_err *err);
/* OpenSSL's name of a digest, or of the digest within an HMAC, by its OID; NULL when unknown. */
const char *rmt_digest_name(struct rmt_span oid);

/* ---- containers ---- */

int rmt_read_pkcs7(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span ber);
/* The content of a signed message when it is a request or a CA's answer (cmc.c); anything else is passed over. `note` is for the certificates
 * that come with it; "" for none. */
int rmt_read_signed_content(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span type, struct rmt_span content, char note[256]);
int rmt_read_pkcs12(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span ber);
int rmt_read_jks(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes);
int rmt_read_mobileconfig(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes);
bool rmt_looks_plist(struct rmt_span beginning); /* an XML property list */

/* ---- pkcs12_password.c, pkcs12_profile.c ---- */

/* What MacData says, RFC 7292, 4; of PBMAC1 its own parameters. */
struct rmt_pfx_mac {
	bool present;
	bool pbmac1;
	const char *digest; /* of the HMAC, OpenSSL's name */
	struct rmt_span expected, salt;
	int64_t iterations;
	struct rmt_pbkdf2 kdf;
};
/* One PKCS#12 container while it is read. */
struct rmt_pfx {
	struct rmt_reading *reading;
	struct rmt_object *as;
	struct rmt_notes notes;
	struct rmt_buf der;        /* the whole of it with definite lengths */
	struct rmt_span auth_safe; /* what the MAC is over */
	struct rmt_pfx_mac mac;
	struct rmt_buf password; /* the one that fits */
	bool found, absent;
	bool given_up;  /* all passphrases were tried: nobody is asked twice */
	unsigned tried; /* passphrases of the callback */
	char what[300];
};
int rmt_pfx_read_mac(struct rmt_pfx *pfx, struct rmt_der *outer, struct rmt_err *err);
/* Find the password that the MAC is under; nothing to do without a MAC. */
int rmt_pfx_verify(struct rmt_pfx *pfx, struct rmt_err *err);
/* RMT_SECRET when no password opens it; `plain` is made secret and is one whole SEQUENCE. */
int rmt_pfx_decrypt(struct rmt_pfx *pfx, struct rmt_span algorithm, struct rmt_span cipher,
    struct rmt_buf *plain, struct rmt_err *err);
/* "modern" (PBES2), "compat" (3DES), "legacy" (RC2, RC4) or "none": the oldest that is used. */
const char *rmt_pfx_profile(struct rmt_pfx *pfx, struct rmt_der safes);

/* ---- further containers ---- */

/* A sequence of certificates (PkiPath). */
int rmt_read_path_of_certificates(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);
/* CertificatePair, as directories keep it: [0] the one way, [1] the other, either may be absent. */
int rmt_read_pair(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der);

/* ---- listings of certutil and certreq's INF ---- */

enum { RMT_ROW_MAX = 1 << 20, RMT_FIELDS_MAX = 512 };
/* A row, or a description, while it is collected. */
struct rmt_collected {
	struct rmt_buf bytes; /* headings and texts, each ended by a NUL */
	struct {
		const char *name;
		size_t heading, text; /* where in `bytes` */
	} fields[RMT_FIELDS_MAX];
	size_t count;
	size_t line; /* on which it begins */
};
/* `name` NULL: by its heading (rmt_heading_name()). Empty texts are left out. */
void rmt_collected_add(struct rmt_collected *record, const char *name, struct rmt_span heading, struct rmt_span text);
/* Hand out what the record holds: certificates and requests in its texts, or else the record itself as `type`. It is empty afterwards. */
int rmt_collected_hand(struct rmt_reading *reading, const struct rmt_object *as, enum rmt_object_type type,
    const struct rmt_dialect *dialect, struct rmt_collected *record);
void rmt_collected_free(struct rmt_collected *record);
/* What a column of that heading holds, in any language that is known; NULL: unknown. And a column of unknown heading by one of its texts. */
const char *rmt_heading_name(struct rmt_span heading);
const char *rmt_shape_name(struct rmt_span text);
/* Only the letters and digits of ASCII, in lower case: accents and code pages make no difference. */
void rmt_heading_fold(struct rmt_span heading, char out[64]);
/* A deep copy in one block, for free(). */
struct rmt_listing *rmt_listing_dup(const struct rmt_listing *listing, struct rmt_err *err);

/* ---- listed.c: how numbers, dates and letters are written in a listing ---- */

struct rmt_dialect {
	enum { RMT_DATES_UNKNOWN, RMT_DATES_DAY_FIRST, RMT_DATES_MONTH_FIRST } dates;
	enum { RMT_TEXT_UTF8, RMT_TEXT_WINDOWS, RMT_TEXT_CONSOLE } page;
};
struct rmt_dialect rmt_dialect_of(struct rmt_span ahead);
bool rmt_listed_date(struct rmt_span text, const struct rmt_dialect *dialect, rmt_time *out);
bool rmt_listed_hex(struct rmt_span text, struct rmt_buf *out); /* "61 00 0A", "0x61000a", "61:00:0a" to "61000a" */
void rmt_listed_text(struct rmt_span text, const struct rmt_dialect *dialect, struct rmt_buf *out);

/* A text that is a listing or an INF, by its beginning: its reader, which takes the stream from there. NULL: neither. */
typedef int rmt_read_text_fn(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream, struct rmt_err *err);
rmt_read_text_fn *rmt_listing_of(struct rmt_span ahead);
bool rmt_csv_fits(struct rmt_span ahead);
bool rmt_dump_fits(struct rmt_span ahead);
bool rmt_inf_fits(struct rmt_span ahead);
int rmt_read_csv(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream, struct rmt_err *err);
int rmt_read_dump(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream, struct rmt_err *err);
int rmt_read_inf(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream, struct rmt_err *err);

/* ---- hint.c ---- */

/* What is in a file that is named otherwise ("old.pfx" that is a PKCS#7), or NULL. */
const char *rmt_hint_of_name(const char *source, struct rmt_span ahead);
/* What a web page says of a request, when a CA's web site or a server's refusal was saved in place of a file. */
bool rmt_hint_of_page(struct rmt_span page, char note[256]);

/* ---- armour.c, repair.c: PEM that is almost right ---- */

enum { RMT_LABEL_MAX = 64 };
/* What is done with a block, by its label: `name` is the form that is read, or what the thing that is only named is called. */
struct rmt_label {
	const char *text;
	enum { RMT_LABEL_READ, RMT_LABEL_SKIP, RMT_LABEL_NAME } treatment;
	const char *name, *note;
};
extern const struct rmt_label rmt_label_unknown;
const struct rmt_label *rmt_label_of(const char *text); /* NULL: unknown */
/* A BEGIN or END line, or as much of a line. */
struct rmt_marker {
	char label[RMT_LABEL_MAX + 1];
	bool end, blanks;             /* is it an END; blanks around the label */
	struct rmt_span before, rest; /* what else stands on the line */
	const char *note;             /* what is wrong with it, or NULL */
};
/* The first marker of a line. `strict`: only one that is as it should be, at the beginning. */
bool rmt_marker_find(struct rmt_span line, bool strict, struct rmt_marker *out);
/* A base64 body without the marks that mail, source code, web forms and editors put into it: false when there are none, or something that is
 * neither. `note` says what was undone. */
bool rmt_armour_repair(struct rmt_span body, struct rmt_buf *out, char note[256]);
bool rmt_is_base64(struct rmt_span line);
/* Of a body that no repair helps: the line, from 0, on which it is broken; and what to do. */
size_t rmt_base64_broken_line(struct rmt_span body);
const char *rmt_base64_remedy(struct rmt_span body);

/* ---- coded.c: PEM under base64 ---- */

struct rmt_coded {
	struct rmt_buf body;
	size_t begin;    /* its line */
	bool on;         /* one has begun, and may go on */
	bool line_ended; /* ... on a line of its own */
	bool oversize;
};
/* A line, or a piece of one, that stands in no block: read what ends in it. */
int rmt_coded_line(struct rmt_coded *coded, struct rmt_reading *reading, const struct rmt_object *as,
    struct rmt_span line, bool whole, size_t number);
int rmt_coded_end(struct rmt_coded *coded, struct rmt_reading *reading, const struct rmt_object *as);

/* ---- pem.c, text.c ---- */

/* Text in any of its forms, line by line. `as` holds the note that goes with all of it. */
int rmt_read_text(struct rmt_reading *reading, const struct rmt_object *as,
    struct rmt_stream *stream, struct rmt_err *err);
/* Without what is in `characters` at both ends. */
struct rmt_span rmt_trim(const char *characters, struct rmt_span text);
/* UTF-16 with or without its mark, told by the first bytes; 0 no, 1 little-endian, 2 big-endian. */
int rmt_utf16_of(struct rmt_span beginning);
void rmt_utf16_convert(struct rmt_span text, int order, struct rmt_buf *out);
void rmt_utf8_append(struct rmt_buf *out, uint32_t character);

#endif
