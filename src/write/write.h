/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/write.h - the face of the room that turns objects into the exact files a device wants.
 *
 * formats[] has one row per container, each in a file of its own. Everything written is read back through read/ and
 * compared before it counts. The room knows no SQL and no sockets; it gets a target's deploy block as plain structs.
 */
#ifndef RMT_WRITE_H
#define RMT_WRITE_H

#include "policy/policy.h"
#include "read/read.h"

/* What a target still finds wrong in a certificate, and was accepted all the same. */
struct rmt_known { const char *target, *rule, *message; };

/* What there is to write: a certificate with its chain and key. All borrowed. */
struct rmt_bundle {
	const struct rmt_cert *leaf;
	const struct rmt_cert *const *intermediates; /* nearest the leaf first */
	size_t intermediate_count;
	const struct rmt_cert *root;                 /* NULL: not at hand */
	const struct rmt_key *key;                   /* NULL: none */
	bool without_key;                            /* the key stays elsewhere: the files go without it (deploy.c) */
	const struct rmt_object *const *objects;     /* things that stand by themselves, as they were read: requests, CRLs, public keys, certificates */
	size_t object_count;
	const char *label;                           /* for {label} in file names and the PFX friendlyName; NULL: from the leaf */
	const struct rmt_cert *replaces;             /* for the way back in a runbook; NULL: not known */
	const struct rmt_known *known;               /* for the proof in a runbook */
	size_t known_count;
};

struct rmt_write_options {
	const char *format;                  /* row of formats[] */
	struct rmt_text_list content;        /* order: "leaf" "intermediates" "root" "key" "objects"; empty: what is usual for the format */
	bool root_first;                     /* the certificates of a PEM file the other way round; what is no certificate keeps its place */
	const char *profile;                 /* pfx, pfx-trust: "modern" (default) "compat" "legacy"; of the key in a mobileconfig "compat" */
	unsigned iterations;                 /* pfx: of the passphrase's derivations; 0: the profile's */
	const struct rmt_secret *passphrase; /* protects a pfx or a key; pfx needs one (RMT_SECRET without), an empty one only when stated */
	const char *cipher, *kdf;            /* of a key outside a keystore, as in rmt_key_write_sealed(); an older form is encrypted only when a cipher is named */
	const char *friendly_name;           /* pfx, UTF-8; NULL: the bundle's label, else the leaf's */
	/* How text is laid out. */
	unsigned width;                      /* base64 line width, 0: 64 */
	bool crlf, no_final_newline;
	const char *separator;               /* between the blocks of a PEM file: "none" (NULL) "blank" (an empty line) "comment" (who it is, before each) */
	const char *charset;                 /* "ascii" (NULL) "utf-8" "utf-8-bom" "utf-16le" (with its mark, as Windows wants it) */
};

struct rmt_parts; /* the objects chosen; the room's own */
struct rmt_format {
	const char *name;        /* "pem" */
	const char *title;       /* "PEM, one or more objects" */
	const char *suffix;      /* ".pem" */
	bool holds_key, holds_many, takes_passphrase;
	bool binary;             /* not laid out as text: bytes, or XML that says itself how it is encoded */
	bool keystore;           /* always under a passphrase */
	bool seals_key;          /* a key in it always is */
	bool ordered;            /* what is read back comes in the order in which it was written */
	bool trusts;             /* it lists each certificate as one that is trusted */
	bool says;               /* it says what is there instead of holding it, and its writer reads it back */
	const char *usual;       /* content when none is stated: "leaf intermediates" */
	int (*write)(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err);
};
const struct rmt_format *rmt_formats(size_t *count);
const struct rmt_format *rmt_format_named(const char *name); /* NULL unknown */
/* The same, and RMT_USAGE with the nearest name for one that is not known. */
const struct rmt_format *rmt_format_find(const char *name, struct rmt_err *err);
bool rmt_format_key_alone(const struct rmt_format *format); /* for a private key and nothing else */

/* Write one container to memory, in place of what `out` held, and read it back: what comes out must be exactly the objects that went in. */
int rmt_write_mem(const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err);

/* PEM of one object, for output: label "CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL". */
void rmt_pem(const char *label, struct rmt_span der, unsigned width, bool crlf, struct rmt_buf *out);

/* A set of finished files (content owned). */
struct rmt_fileset { struct rmt_output *files; char **names; struct rmt_buf *contents; size_t count, capacity; };
/* `content` is taken, also on failure. A duplicate name (case ignored: some devices do) or one that is no plain file name is refused. */
int rmt_fileset_add(struct rmt_fileset *set, const char *name, mode_t mode, struct rmt_buf *content, struct rmt_err *err);
/* The same, but a file that is there already with the same name, mode and bytes is enough. */
int rmt_fileset_share(struct rmt_fileset *set, const char *name, mode_t mode, struct rmt_buf *content, struct rmt_err *err);
bool rmt_fileset_has(const struct rmt_fileset *set, const char *name);
void rmt_fileset_free(struct rmt_fileset *set);
/* The files of a target's deploy block, its steps as INSTALL-<target>.txt, and the CA certificates that the steps speak of
 * (root.cer, root.pem, issuing.cer; what is not at hand is left out). What the set holds already with the same bytes stays; `passphrase` for those that need one (a pfx: RMT_SECRET when NULL). A key in a PEM file stays
 * plain, as the device must read it unattended, unless the target names a cipher: its mode protects it, and one that others may read is refused. */
int rmt_write_target(const struct rmt_bundle *bundle, const struct rmt_target *target, const struct rmt_secret *passphrase, struct rmt_fileset *out, struct rmt_err *err);
/* A file's name with {label}, {serial} (NULL: there is none) and {n} filled in. */
int rmt_file_name(const char *pattern, const char *label, const char *serial, size_t n, struct rmt_buf *out, struct rmt_err *err);
/* The names of the files that rmt_write_target() would write; the leaf may be unsigned yet. visit returns 0 to go on. */
int rmt_write_names(const struct rmt_bundle *bundle, const struct rmt_target *target, int (*visit)(void *arg, const char *name), void *arg, struct rmt_err *err);
bool rmt_deploy_wants_key(const struct rmt_deploy_file *file);
/* What becomes of the files that would hold the key, where the bundle is without it: "web.key is left out, web.p7b stands for web.pfx". Empty when there is no such file. */
int rmt_deploy_left_out(const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_buf *out, struct rmt_err *err);
/* Some file of the target, of those that are written with or without a key, is protected: a keystore, or a key that never stands open. */
bool rmt_target_wants_passphrase(const struct rmt_target *target, bool key);
/* Some file of the target holds the key unencrypted, for the device to read it unattended: no passphrase protects it. */
bool rmt_target_opens_key(const struct rmt_target *target);
/* Does the device take this passphrase? Before anything is written or signed; RMT_SECRET with the limit. */
int rmt_passphrase_check(const struct rmt_target *target, const struct rmt_secret *passphrase, struct rmt_err *err);
/* The device makes its own key and lets none in: of its files some hold the certificate, none the key. */
bool rmt_target_own_key(const struct rmt_target *target);
/* cert.pem chain.pem fullchain.pem key.pem (key encrypted when a passphrase is given; left out when there is no key). A name that is there already is left alone. */
int rmt_write_standard(const struct rmt_bundle *bundle, const struct rmt_secret *passphrase, struct rmt_fileset *out, struct rmt_err *err);

/* ---- runbook (runbook.c): what the person at the device does, in which order, and how it is undone ---------------------- */

/* One new certificate of a device. All borrowed; what is not known is NULL or empty. */
struct rmt_runbook_part {
	const struct rmt_bundle *bundle; /* its `replaces` is the certificate that stands on the device today */
	const struct rmt_target *const *targets;
	size_t target_count;
	const char *directory;           /* of its files, seen from the runbook; NULL: beside it */
	bool apart;                      /* in it a directory for each target holds that target's files */
	const char *const *addresses;    /* "host:443", "smtp://host": where it is served */
	size_t address_count;
	const char *why, *note;          /* one sentence; the person's own words */
};
struct rmt_runbook {
	const char *device;
	const struct rmt_runbook_part *parts;
	size_t part_count;
};
/* RUNBOOK.txt: the facts, then making the new chain trusted, installing, seeing that it works, going back, each over all parts.
 * Whatever the strings hold, no line of it becomes a command: values in steps are cut to what every shell leaves alone (else a word in angle
 * brackets stands there), facts are comments, in quotation marks where cmd would read more into them. The files that rmt_write_target() writes are meant to lie there. */
int rmt_write_runbook(const struct rmt_runbook *runbook, struct rmt_buf *out, struct rmt_err *err);

/* ---- requests that are made elsewhere (terms.c, inf.c, cnf.c, device.c) --------------------------------------------------- */

/* What a request is to say, for whoever makes it. All borrowed. */
struct rmt_request_terms {
	struct rmt_span subject;         /* Name */
	struct rmt_text_list names;      /* "dns:host" */
	const char *key, *digest;        /* "rsa:2048", "sha256" */
	unsigned key_usage;              /* RMT_KU_*; 0: none is stated */
	struct rmt_text_list purposes;   /* "serverAuth" or dotted; may be empty */
	const char *ca_template;         /* of an AD CS: "WebServer", or NULL */
	const char *exportable;          /* why the machine must be able to give the key away; NULL: it cannot */
	bool repeats;                    /* nothing but what is stated: no usual purposes or key usage */
	struct rmt_text_list unsaid;     /* what a request or certificate says beyond these terms: "basicConstraints" */
	const char *label;               /* for file names; NULL: from the subject */
};
/* The terms of what is there already; what is a CA's is refused. `out` borrows from it and from `terms`' own memory; clear it, also after failure. */
struct rmt_terms_text { struct rmt_request_terms terms; char key[32]; };
int rmt_terms_repeat(struct rmt_span subject, struct rmt_span spki, const struct rmt_extensions *extensions, struct rmt_terms_text *out, struct rmt_err *err);
void rmt_terms_clear(struct rmt_terms_text *terms);
/* A policy file for certreq -new (INF), CR LF; UTF-16 with a byte order mark where it is not all ASCII. What it says is quoted, and read back. */
int rmt_write_inf(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err);
/* What the INF of this request or certificate leaves out, in one line for a person; empty when it is nothing. */
int rmt_inf_unsaid(const struct rmt_bundle *bundle, struct rmt_buf *out, struct rmt_err *err);
/* A configuration file for openssl req -new. */
int rmt_write_cnf(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err);
/* The words of a target's request.on_device (those of openssl where it has none), with its marks filled in: what is typed or pasted on the
 * device. As in a runbook, no line of it becomes another command, whatever the names hold. */
int rmt_write_on_device(const struct rmt_target *target, const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err);
/* The file that goes with the words: its name, and it as text (UTF-8) and as the device wants it. All empty when there is none. */
struct rmt_device_file { struct rmt_buf name, text, bytes; };
int rmt_write_on_device_file(const struct rmt_target *target, const struct rmt_request_terms *terms, struct rmt_device_file *out,
                             struct rmt_err *err);
void rmt_device_file_clear(struct rmt_device_file *file);

/* ---- pages (html.c, html_style.c): HTML that needs nothing but itself and is safe whatever the text ---------------------- */

enum rmt_html_context {
	RMT_HTML_TEXT,      /* between tags, kept to itself whichever way its letters run */
	RMT_HTML_ATTRIBUTE, /* in double quotes */
	RMT_HTML_ID,        /* in double quotes: the name of a place in the page, also behind "#" */
};
void rmt_html_put(enum rmt_html_context context, const char *text, struct rmt_buf *out); /* NULL is nothing */
/* Head and style up to the opened body, and the end. No script is allowed, nothing is fetched. */
int rmt_html_begin(const char *title, struct rmt_buf *out, struct rmt_err *err);
int rmt_html_end(struct rmt_buf *out, struct rmt_err *err);
/* A bar of coloured parts; a name is a class of the style sheet and a word for people. */
struct rmt_html_part { const char *name; uint64_t amount; };
void rmt_html_bar(const struct rmt_html_part *parts, size_t count, struct rmt_buf *out);

#endif
