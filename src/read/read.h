/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/read.h - the face of the room that turns bytes of any form into objects.
 *
 * Each reader (a row of the table in detect.c) answers yes, not mine, or broken. Objects are handed one by one to a
 * sink, so that a pile of a hundred thousand certificates is read in constant memory; a broken member is handed to the
 * fault callback and the good ones still come. The room opens files through base only and knows no policy.
 */
#ifndef RMT_READ_H
#define RMT_READ_H

#include "x509/x509.h"

enum rmt_object_type {
	RMT_OBJECT_CERTIFICATE, RMT_OBJECT_PRIVATE_KEY, RMT_OBJECT_PUBLIC_KEY, RMT_OBJECT_REQUEST, RMT_OBJECT_CRL,
	RMT_OBJECT_OCSP_RESPONSE, RMT_OBJECT_LISTING /* a row of a CA's listing without its certificate */,
	RMT_OBJECT_REQUEST_DESCRIPTION /* certreq's INF */, RMT_OBJECT_UNSUPPORTED,
	RMT_OBJECT_TYPES
};
const char *rmt_object_type_name(enum rmt_object_type type); /* "certificate", "private-key", ... as in JSON */

/* What certutil's listing of a CA says of a certificate, or certreq's INF of a request to be made: texts, in their order. */
struct rmt_listed {
	const char *name;    /* what it is, one word for all languages ("serial", "request-id", ...); NULL when that is not known */
	const char *heading; /* as it stands there */
	const char *text;    /* UTF-8; serials and fingerprints as lower-case hex, the rest as it stands */
};
struct rmt_listing {
	const struct rmt_listed *fields;
	size_t count;
	rmt_time not_before, not_after; /* the CA's local time taken for UTC; 0: not there, or day and month cannot be told */
	rmt_time revoked;               /* likewise */
};
const char *rmt_listing_get(const struct rmt_listing *listing, const char *name); /* the first of that name, or NULL */

/* One object as it was found. Valid during the sink call only; keep it with rmt_object_dup(). */
struct rmt_object {
	enum rmt_object_type type;
	const char *source;      /* file name or "-" */
	size_t index;            /* from 1, within the source */
	size_t line;             /* first line of a PEM block; 0 for binary forms */
	const char *container;   /* "pem" "der" "base64"; "pkcs7" and "pkcs12" with "pem-" or "base64-" before it when armoured; "jks" "jceks" "mobileconfig" "certutil" "inf"; "tls": no file, but
	                          * what a server sent */
	const char *label;       /* PEM label, or what an unsupported thing is ("OpenSSH private key"); NULL */
	const char *friendly_name; /* PKCS#12, UTF-8, or NULL */
	bool trusted;            /* a Java keystore (JKS, or PKCS#12 with Java's attribute) lists the certificate as trusted */
	const char *profile;     /* PKCS#12: "modern" "compat" "legacy" "none", by its encryption and MAC; NULL otherwise */
	struct rmt_span local_key_id; /* PKCS#12: the same bytes on a key and on its certificate; empty when absent */
	const char *note;        /* diagnosis of an almost right input ("PKCS#7 under a CERTIFICATE label"), or NULL */
	struct rmt_span der;     /* the object itself, in DER (or as found when tolerated); empty for private keys (ask `key`) and unsupported things, OCSP requests excepted */
	bool encrypted;          /* a private key that stood encrypted */
	bool locked;             /* ... and no passphrase was given, or keys are skipped: `key` is NULL */
	const struct rmt_cert *cert;
	const struct rmt_request *request;
	const struct rmt_crl *crl;
	const struct rmt_key *key;
	const struct rmt_listing *listing; /* of a listing and of a description of a request; of a certificate or request, what its row says; NULL */
	struct rmt_span spki;    /* of a public key, private key, certificate or request; empty if unknown */
	bool again;              /* in a pile: a certificate that stands in it already */
	const char *endpoint;    /* container "tls": where it was served ("mx.example.com:443"), and by which address of it; else NULL */
	const char *address;
};
/* What was found in an input, and the sentence when it is not what was wanted: "holds no certificate, only ...", with what is to be done. */
struct rmt_contents {
	size_t types[RMT_OBJECT_TYPES];
	char unread[200]; /* the first thing that is named but not read */
};
void rmt_contents_note(struct rmt_contents *found, const struct rmt_object *object);
void rmt_contents_without(const struct rmt_contents *found, const char *wanted, char out[320]); /* "certificate" "private key" "certificate request" */
struct rmt_object *rmt_object_dup(const struct rmt_object *object, struct rmt_err *err); /* deep copy */
void rmt_object_free(struct rmt_object *object);

struct rmt_reader {
	/* The n-th passphrase to try on `source` (n from 0); NULL when there are no more. Called only when something is encrypted.
	 * `what` is a phrase for a prompt ("private key in server.key"). The secret stays the callback's. */
	const struct rmt_secret *(*passphrase)(void *arg, const char *source, const char *what, unsigned n);
	/* 0 to go on; anything else stops the reading and is returned. */
	int (*object)(void *arg, const struct rmt_object *object);
	/* A member that could not be read (err->source and place set). NULL: ignored. 0 to go on. */
	int (*fault)(void *arg, const struct rmt_err *err);
	void *arg;
	int mode;             /* RMT_STRICT or RMT_TOLERANT (the usual) */
	bool skip_keys;       /* do not decrypt or parse private keys: they are handed out locked */
	uint64_t max_iterations; /* of all passphrases that are tried on one source, see rmt_pbe_check(); 0: RMT_ITERATIONS_MAX */
	unsigned given;          /* passphrases that the callback has without asking a person: these are tried before the absent
	                          * and the empty one on a PKCS#12, the others after */
};
/* A file, a directory (every file in it, in order) or "-". Returns 0 when everything was read (faults went to the callback), the
 * stopping value of a callback, or -1 with err when the source itself cannot be opened. A file in which nothing at all was
 * recognised is a fault: "holds no certificate, key, request or CRL (starts like ...)"; in a directory it is passed over. A passphrase that was given and is wrong
 * is a fault of class RMT_SECRET; a PFX whose passphrase was not given likewise. */
int rmt_read_path(const struct rmt_reader *reader, const char *path, struct rmt_err *err);
/* The same of what cannot be read twice (standard input, a pipe): the bytes are kept for rmt_read_mem(), 128 MiB at most. */
int rmt_read_keep(const struct rmt_reader *reader, const char *path, struct rmt_buf *kept, struct rmt_err *err);
/* A file that was found in a directory: what is none of ours is passed over. */
int rmt_read_listed(const struct rmt_reader *reader, const char *path, struct rmt_err *err);
int rmt_read_mem(const struct rmt_reader *reader, const char *source, struct rmt_span bytes, struct rmt_err *err);

/* ---- what other CAs write beside their certificates (index.c) ------------------------------------------------------------ */

enum { RMT_SERIAL_MAX = 64 }; /* bytes of a serial number: longer ones are none (RFC 5280, 4.1.2.2 allows 20) */
/* A row of the index.txt of "openssl ca". Spans point into the line; what stands for a file there is not looked at. */
struct rmt_index_row {
	char state;             /* 'V' 'R' 'E' */
	rmt_time expires;
	rmt_time revoked;       /* of 'R' */
	rmt_time invalid_since; /* 0 none */
	int reason;             /* RFC 5280, 5.3.1 */
	struct rmt_span serial; /* hexadecimal digits */
	struct rmt_span subject;
	const char *doubt;      /* of 'R': what of the row cannot be understood; it says nothing of that, but that it is revoked. Or NULL */
};
int rmt_index_read(struct rmt_span line, struct rmt_index_row *row, struct rmt_err *err);
/* The content of an INTEGER appended to `out`; more than RMT_SERIAL_MAX bytes are refused. */
int rmt_serial_from_hex(struct rmt_span text, struct rmt_buf *out, struct rmt_err *err);
int rmt_serial_from_decimal(struct rmt_span text, struct rmt_buf *out, struct rmt_err *err);
int rmt_number_read(struct rmt_span hex, int64_t *out, struct rmt_err *err); /* of revocation lists, as in crlnumber */
bool rmt_plain_time(struct rmt_span text, rmt_time *out); /* "261122053153Z", "20261122053153Z" */
int rmt_reason_read_text(struct rmt_span text); /* "keyCompromise"; -1 none */

/* Everything of one or more sources, kept (for small piles: chains, PFX, one device's files). A source that never ends must not fill
 * the memory: nothing is added to RMT_PILE_MOST objects, nor to RMT_CAP_CONTAINER bytes of them (RMT_INPUT). */
enum { RMT_PILE_MOST = 20000 };
struct rmt_pile {
	struct rmt_object **objects;
	size_t count, capacity, bytes;
	struct rmt_seen seen; /* the certificates, to notice one that comes again */
};
int rmt_pile_add(struct rmt_pile *pile, const struct rmt_object *object, struct rmt_err *err);
void rmt_pile_without(const struct rmt_pile *pile, size_t from, const char *wanted, char out[320]); /* rmt_contents_without() of what is in it from there on */
void rmt_pile_free(struct rmt_pile *pile);

#endif
