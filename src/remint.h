/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remint.h - the public face of libremint: certificate issuance, audit against named consumers, conversion and
 * remediation.
 *
 * How to use it: make one context per thread with remint_new(), give it callbacks for passphrases and a home when the
 * verb needs a CA, call a verb. Every verb returns 0 when it did its work and -1 when it could not; then remint_failure()
 * says why. A finding, a refused item in a list or a negative answer is not a failure: it comes through a callback.
 *
 * Conventions. Strings are UTF-8 and NUL-terminated; strings that come from certificates are NOT safe for a terminal:
 * pass them through remint_safe_text(). Times are seconds since 1970-01-01T00:00:00Z; durations are seconds. Serial
 * numbers are lower-case hex, two digits a byte, a leading "-" when negative. A structure handed to a callback, and every
 * string in it, is the library's and lives until the callback returns. Option structures are the caller's, may be
 * zero-initialised, and are only read during the call; a list is a pointer and a count.
 * A callback that returns non-zero stops the verb, which then fails with class REMINT_CLASS_USAGE and "stopped by the caller".
 */
#ifndef REMINT_H
#define REMINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define REMINT_API __attribute__((visibility("default")))
#else
#define REMINT_API
#endif

/* The library's version, "0.1.0". Static. */
REMINT_API const char *remint_version(void);

/* ---- context, failures, callbacks ------------------------------------------------------------------------------------- */

struct remint;

/* A new context with the built-in templates and targets; NULL when memory is out. Free with remint_free(). */
REMINT_API struct remint *remint_new(void);
/* Frees the context and wipes the passphrases that it kept. NULL is fine. */
REMINT_API void remint_free(struct remint *ctx);

/* What kind of failure; the command's exit status is beside it. */
enum remint_class {
	REMINT_CLASS_NONE = 0,     /* 0 */
	REMINT_CLASS_NEGATIVE,     /* 1: a correct negative answer */
	REMINT_CLASS_USAGE,        /* 2: the call makes no sense */
	REMINT_CLASS_INPUT,        /* 3: an input cannot be read or understood */
	REMINT_CLASS_POLICY,       /* 4: refused by a template, a target or a safety rule */
	REMINT_CLASS_NETWORK,      /* 5 */
	REMINT_CLASS_DATABASE,     /* 6 */
	REMINT_CLASS_SECRET,       /* 7: passphrase or key missing, wrong or unfit */
	REMINT_CLASS_INTERNAL,     /* 70 */
};
struct remint_fault {
	enum remint_class fault_class;
	const char *source;   /* the input ("old.pfx", "-") or "" */
	const char *place;    /* where in it ("line 12", "tbs.serialNumber") or "" */
	const char *message;  /* one sentence */
	const char *citation; /* "RFC 5280, 4.1.2.2" or "" */
};
/* The failure of the last verb on this context; never NULL; class NONE after a success. Valid until the next call. */
REMINT_API const struct remint_fault *remint_failure(const struct remint *ctx);
REMINT_API const char *remint_class_name(enum remint_class fault_class); /* "input", as in JSON. Static. */
REMINT_API int remint_class_status(enum remint_class fault_class);        /* the exit status of DESIGN: 0 1 2 3 4 5 6 7 70 */

/* The three kinds of secret, never mixed. */
enum remint_secret_use {
	REMINT_SECRET_READ, /* opens what is read */
	REMINT_SECRET_CA,   /* the CA's keys (asked twice by init: attempt 0 is the new passphrase) */
	REMINT_SECRET_OUT,  /* protects what is written */
};
/* Asked when a passphrase is needed. `what` is a phrase for a prompt ("private key in old.pfx"); `attempt` counts from 0 for the same
 * thing. Write at most `size` bytes into `out` and return the length, or -1 for none (left). The library wipes `out`. */
typedef int remint_password_fn(void *arg, enum remint_secret_use use, const char *what, unsigned attempt, char *out, size_t size);
REMINT_API void remint_set_password(struct remint *ctx, remint_password_fn *ask, void *arg);
/* A passphrase for such a callback: the first line of a file, without its line end, or with `path` NULL of the descriptor `fd`, byte by
 * byte, so that several may stand behind one another. At most `size` bytes into `out`, which the caller wipes; its length, or -1.
 * Fails with SECRET when it cannot be read, is longer, holds a NUL, or others may read the file. */
REMINT_API int remint_read_secret(struct remint *ctx, const char *path, int fd, char *out, size_t size);
/* Long work: `done` of `total` items (0 when unknown). */
typedef void remint_progress_fn(void *arg, uint64_t done, uint64_t total);
REMINT_API void remint_set_progress(struct remint *ctx, remint_progress_fn *show, void *arg);
/* Something the person should know that is no failure: one sentence. */
typedef void remint_warning_fn(void *arg, const char *sentence);
REMINT_API void remint_set_warning(struct remint *ctx, remint_warning_fn *warn, void *arg);
/* An input or item that could not be processed while the rest goes on. */
typedef int remint_fault_fn(void *arg, const struct remint_fault *fault);
REMINT_API void remint_set_fault(struct remint *ctx, remint_fault_fn *fault, void *arg);

/* The CA's home directory. Its templates/ directory is searched before the built-in policies. Fails only when memory is out. */
REMINT_API int remint_set_home(struct remint *ctx, const char *directory);
/* One more directory with certificates/NAME.cfg, targets/NAME.cfg, symptoms/NAME.cfg and topologies/NAME.cfg, searched first. */
REMINT_API int remint_add_policies(struct remint *ctx, const char *directory);
/* What opening all that is in one input may cost: iterations of PBKDF2 and its like, or of scrypt as many as take as long, for every
 * passphrase that is tried. More is refused with POLICY, so that a hostile PFX cannot keep the program busy. 0: 2,500,000. */
REMINT_API void remint_set_max_iterations(struct remint *ctx, uint64_t iterations);
REMINT_API void remint_set_jobs(struct remint *ctx, unsigned jobs);          /* threads for long work, 1 to 64; default 1 */
REMINT_API void remint_set_clock(struct remint *ctx, int64_t now);           /* a fixed time instead of the system's; 0 undoes */

/* ---- text --------------------------------------------------------------------------------------------------------------- */

/* Text made harmless and unambiguous for a terminal: control, bidi and invisible characters and bytes that are not UTF-8 as
 * \xHH or \u{HEX}; backslashes that would read as the start of such an escape are doubled. The caller frees with remint_text_free(). NULL when memory is out. */
REMINT_API char *remint_safe_text(const char *text, size_t length);
REMINT_API void remint_text_free(char *text);
REMINT_API void remint_wipe(void *bytes, size_t length); /* overwrites a secret so that it is really gone */
REMINT_API void remint_harden_process(void);             /* best effort: umask 077, no core dumps */
/* Strict readers for option values; -1 and a failure of class USAGE. "199d" "24h" "10y"; "2027-01-31" or RFC 3339. */
REMINT_API int remint_parse_duration(struct remint *ctx, const char *text, int64_t *seconds);
REMINT_API int remint_parse_time(struct remint *ctx, const char *text, int64_t *time);
REMINT_API void remint_time_text(int64_t time, char out[32]); /* "2026-11-22T05:53:15Z" */

struct remint_strings { const char *const *items; size_t count; };

/* Who has to do something next. */
enum remint_actor {
	REMINT_ACTOR_NOBODY,
	REMINT_ACTOR_US,     /* the administrator of this home */
	REMINT_ACTOR_CA,     /* the administrator of another CA */
	REMINT_ACTOR_DEVICE, /* the person at the device */
	REMINT_ACTORS
};
REMINT_API const char *remint_actor_name(enum remint_actor actor); /* "nobody" "us" "ca" "device" */

/* How the endpoints among inputs are reached: "host:port", "[::1]:443", "https://host", "smtp://host:25"... A file of that name
 * goes first. */
struct remint_wire {
	const char *sni;              /* the server name asked for; NULL: the endpoint's host when it is a name */
	const char *connect;          /* the address or name to connect to instead of the endpoint's own; NULL */
	unsigned timeout;             /* milliseconds for one endpoint, all steps together; 0: 10,000 */
	unsigned parallel;            /* connections at once; 0: 256 */
	struct remint_strings lists;  /* files that name one input a line ("#" begins a comment) */
};

/* ---- show --------------------------------------------------------------------------------------------------------------- */

struct remint_extension { const char *name, *oid, *text; bool critical; };
/* A value as certutil's listing of a CA or certreq's INF has it: `name` is what it is, one word whatever the language ("request-id", "requester",
 * "disposition", "serial", "template"...), NULL when that is not known; `heading` is what stands there. */
struct remint_field { const char *name, *heading, *text; };
/* One object as found. Absent strings are NULL. */
/* A line of a CRL: `reason` by its name in RFC 5280, 5.3.1, "" when none is given; `invalid_since` 0: not said. */
struct remint_crl_entry { const char *serial; int64_t revoked; const char *reason; int64_t invalid_since; };
struct remint_object {
	const char *type;           /* "certificate" "private-key" "public-key" "request" "crl" "ocsp-response" "listing" (a row of a CA's
	                             * listing whose certificate is not there) "request-description" (certreq's INF) "unsupported" */
	const char *source;
	size_t index, line;         /* index from 1 in its source; line 0 in binary forms */
	const char *container;      /* "pem" "der" "base64"; "pkcs7" "pkcs12", or those with "pem-" or "base64-" before; "jks" "jceks"; "certutil"
	                             * "inf"; "tls" */
	const char *label, *friendly_name, *note;
	bool encrypted, locked;     /* a private key; locked: no passphrase was given */
	int version;
	const char *serial, *subject, *issuer;
	const char *common_name;    /* first CN of the subject */
	int64_t not_before, not_after; /* of a CRL: this and next update (0: none) */
	bool ca, self_issued;
	const char *key;            /* "RSA 2048", "EC P-256" */
	const char *signature_algorithm;
	const char *sha256, *sha1;  /* of the DER, hex */
	const char *spki_sha256;
	struct remint_strings names; /* subjectAltName as "dns:host" */
	const struct remint_extension *extensions; size_t extension_count;
	struct remint_strings deviations; /* accepted breaches of DER, "offset 12: ..." */
	uint64_t revoked;           /* entries of a CRL */
	const struct remint_crl_entry *entries; size_t entry_count; /* the first hundred of them */
	const struct remint_field *fields; size_t field_count; /* of a listing or a description; of what stood in such a row, what the row says */
	const char *pem;            /* never a private key's */
	const char *endpoint;       /* of what a server sent (container "tls"): "mx.example.com:443", "smtp://mx.example.com:25" */
	const char *address;        /* ... and by which of its addresses: "192.0.2.1:443" */
};
/* A private key that belongs to no certificate and no request among the inputs. */
struct remint_stray_key {
	const char *source, *spki_sha256;
	const char *beside, *beside_spki_sha256; /* the likeliest of those that it was taken for */
};
typedef int remint_stray_key_fn(void *arg, const struct remint_stray_key *stray);
struct remint_show_options {
	struct remint_wire wire;
	struct remint_strings inputs; /* files, directories, "-", endpoints */
	bool strict;                  /* refuse what breaks DER instead of noting it */
	bool no_keys;                 /* do not open private keys */
	bool no_pem;                  /* leave `pem` NULL (saves time) */
	remint_stray_key_fn *stray_key; /* called at the end, with the same argument; a warning says it, too. Or NULL */
};
typedef int remint_object_fn(void *arg, const struct remint_object *object);
/* Every object of every input, streamed. Broken members go to the fault callback, and so does an endpoint that cannot be reached (NETWORK).
 * Of an endpoint it is the chain as sent, once when all its addresses send the same. */
REMINT_API int remint_show(struct remint *ctx, const struct remint_show_options *options, remint_object_fn *object, void *arg);

/* ---- audit --------------------------------------------------------------------------------------------------------------- */

enum remint_severity { REMINT_INFO, REMINT_WARNING, REMINT_ERROR };
REMINT_API const char *remint_severity_name(enum remint_severity severity); /* "info" "warning" "error" */
struct remint_finding {
	const char *rule;    /* "leaf.eku.client-auth" */
	enum remint_severity severity;
	const char *target;
	const char *source;  /* the input it was found in */
	const char *object;  /* what the certificate is called */
	const char *place;   /* "tbs.extensions.extendedKeyUsage" */
	const char *message, *citation, *fix;
	bool accepted;       /* of a second audit: known and not to be cleared as things are (no publish URL) */
};
struct remint_audit_options {
	struct remint_wire wire;
	struct remint_strings inputs;
	struct remint_strings targets;  /* at least one: names, paths of target files, patterns ("sfb-*"), "all" */
	struct remint_strings chain;    /* files with intermediates at hand */
	struct remint_strings trust;    /* files with roots; none: a missing anchor is information */
	struct remint_strings keys;     /* private keys for the certificates audited */
	const char *host;               /* must be named by the certificate; NULL: none, of an endpoint its own host when it is a name */
	const char *topology;           /* file (or name) with the names of the deployment, or NULL: names by role are not judged */
	const char *server;             /* with topology: the one machine whose certificate this is; NULL: any of its pool */
	int64_t at;                     /* judge as of this time; 0 now */
};
struct remint_audit_summary {
	uint64_t certificates;  /* leaves judged */
	uint64_t findings[3];   /* by severity */
	uint64_t faults;        /* inputs or members that could not be read */
	uint64_t verifications; /* signatures really verified */
};
typedef int remint_finding_fn(void *arg, const struct remint_finding *finding);
/* Holds every leaf of the inputs against every target (RFC 5280, 6 for paths; each finding cites its own source). What an endpoint
 * sends is judged as sent, its first certificate as the leaf. Inputs that cannot be read or reached go to the fault callback; fails on
 * an unknown target (USAGE) and on a --trust, --chain or key file without what it is for (INPUT, SECRET). `summary` may be NULL; it is filled either way. */
REMINT_API int remint_audit(struct remint *ctx, const struct remint_audit_options *options, remint_finding_fn *finding, void *arg,
                            struct remint_audit_summary *summary);

/* ---- lint ---------------------------------------------------------------------------------------------------------------- */

struct remint_lint_options {
	struct remint_wire wire;
	struct remint_strings inputs;   /* files, directories, "-", endpoints */
};
/* What the standards ask of every certificate, whoever its consumer is, told of each certificate of the inputs, CAs' included; the target of
 * the findings is "lint". The same lints are passed by whatever is issued: an error refuses it. No path is built and no signature verified.
 * Inputs that cannot be read or reached go to the fault callback. `summary` may be NULL; it is filled either way. */
REMINT_API int remint_lint(struct remint *ctx, const struct remint_lint_options *options, remint_finding_fn *finding, void *arg,
                           struct remint_audit_summary *summary);
/* One lint. */
struct remint_lint {
	const char *id;       /* "lint.serial.positive" */
	enum remint_severity severity;
	const char *title;    /* what holds where it passes */
	const char *citation;
	const char *aka;      /* zlint's name of the same check, or NULL */
};
typedef int remint_lint_fn(void *arg, const struct remint_lint *lint);
REMINT_API int remint_lints(struct remint *ctx, remint_lint_fn *visit, void *arg); /* all of them, in order */

/* ---- blocklist ------------------------------------------------------------------------------------------------------------ */

struct remint_block_options {
	struct remint_strings inputs;   /* SHA-256 of an SPKI in hex, or files: of hashes (64 hex digits, or 20 or 40 as Debian's openssl-blacklist has
	                                 * them), or with certificates, requests or keys */
	const char *why;                /* recorded; NULL: the input's name */
};
struct remint_blocked_summary {
	uint64_t added, known;          /* hashes; of an RSA key there are two, since its modulus is blocked with any exponent */
	uint64_t in_force;              /* certificates of this home that are in force with such a key */
};
/* Keys that this home will certify for nobody, whichever way they come; nothing unblocks them. */
REMINT_API int remint_block(struct remint *ctx, const struct remint_block_options *options, struct remint_blocked_summary *summary);
struct remint_blocked {
	const char *kind;   /* "spki-sha256" "rsa-modulus" */
	const char *hash, *source;
	int64_t when;
};
typedef int remint_blocked_fn(void *arg, const struct remint_blocked *blocked);
REMINT_API int remint_blocklist(struct remint *ctx, remint_blocked_fn *visit, void *arg); /* in the order blocked */

/* ---- plan --------------------------------------------------------------------------------------------------------------------- */

struct remint_plan_options {
	struct remint_wire wire;
	struct remint_strings inputs;   /* files, directories, "-", endpoints */
	bool database;                  /* also every valid certificate that this home's authorities issued */
	struct remint_strings targets;  /* who must accept the certificates, now and when they are replaced; at least one */
	struct remint_strings chain, trust, keys; /* as of an audit */
	const char *host;               /* must be named by every certificate, or NULL */
	const char *topology, *server;  /* as of an audit: certificates that lack names of their role are to get them */
	int64_t at;                     /* judge as of this time; 0 now */
	const char *signer;             /* who signs replacements: "issuing", an authority of this home, or "external"; NULL: as there is one */
	const char *authority;          /* which; NULL: "issuing", or the only active one */
	bool act_on_warnings;           /* propose a step for every warning, not only for errors and what runs out */
};
struct remint_plan_step { const char *action; uint64_t items, places; };
struct remint_plan_reason { const char *rule, *action, *example; uint64_t items; };
/* A plan that was made. */
struct remint_planned {
	const char *id;            /* of the plan: 32 hex digits */
	const char *signer;        /* "issuing" or "external" */
	uint64_t certificates;     /* items of the plan */
	uint64_t places[3];        /* where they were found: files, endpoints, the database */
	uint64_t left;             /* findings that no step clears */
	uint64_t replaced;         /* items that this home has replaced already, by a certificate that is in force */
	const struct remint_plan_step *steps; size_t step_count;       /* every action, the strongest first: "replace-ca" ... "keep" */
	const struct remint_plan_reason *reasons; size_t reason_count; /* rules that ask for a step, those of most items first */
};
typedef int remint_planned_fn(void *arg, const struct remint_planned *planned);
typedef int remint_text_fn(void *arg, const char *text, size_t length);
/* Holds every leaf of the inputs against every target as remint_audit() does, and proposes what to do about each: one item for each
 * certificate, however many places it stands in. `planned` gets it in numbers, then `text` the plan itself (JSON, see remint-plan(5)) in
 * pieces. Nothing is written anywhere. The same inputs give the same plan but for its id and time.
 * Inputs that cannot be read or reached go to the fault callback. Fails as remint_audit() does, and on an unknown signer (USAGE),
 * without an authority when one is asked for (USAGE, POLICY), and with DATABASE. */
REMINT_API int remint_plan(struct remint *ctx, const struct remint_plan_options *options, remint_planned_fn *planned, remint_text_fn *text, void *arg);

/* ---- explain ------------------------------------------------------------------------------------------------------------- */

enum remint_proof {
	REMINT_PROOF_NONE,    /* nothing was given to try it on, or no rule can tell */
	REMINT_PROOF_ABSENT,  /* the inputs do not have it */
	REMINT_PROOF_LIKELY,  /* a warning of a rule that the cause names */
	REMINT_PROOF_PROVED,  /* an error of such a rule */
};
REMINT_API const char *remint_proof_name(enum remint_proof proof); /* "none" "absent" "likely" "proved" */
/* What may be behind a symptom. Absent strings are NULL. */
struct remint_cause {
	unsigned rank;              /* from 1 */
	unsigned score;             /* how specifically the symptom speaks of it; only to be compared */
	const char *origin;         /* "symptoms/schannel", "targets/sfb-front-end": the file that knows it */
	const char *cause;
	const char *check;          /* a command that proves it, the input filled in */
	const char *fix, *never;    /* may hold several lines */
	const char *source, *confidence;
	const char *target;         /* whose settings the rules take */
	struct remint_strings rules; /* that prove it on a certificate or a chain as sent */
	struct remint_strings codes;
	enum remint_proof proof;
	const struct remint_finding *findings; size_t finding_count; /* the proof */
};
struct remint_explain_options {
	struct remint_wire wire;
	const char *symptom;           /* a code, a log line or a message, as it was pasted */
	struct remint_strings inputs;  /* files and endpoints to try the causes on; may be empty */
	struct remint_strings chain, trust, keys; /* as of an audit */
	const char *host;
	int64_t at;                    /* judge as of this time; 0 now */
	unsigned limit;                /* causes at most; 0: 5 */
};
typedef int remint_cause_fn(void *arg, const struct remint_cause *cause);
/* The likely causes, best first: what the inputs prove, then the most specific match. No cause at all is not a failure. */
REMINT_API int remint_explain(struct remint *ctx, const struct remint_explain_options *options, remint_cause_fn *cause, void *arg);

/* ---- verify --------------------------------------------------------------------------------------------------------------- */

enum remint_verdict {
	REMINT_VERDICT_NONE,     /* there was no handshake to judge */
	REMINT_VERDICT_ACCEPTED,
	REMINT_VERDICT_REFUSED,
};
REMINT_API const char *remint_verdict_name(enum remint_verdict verdict); /* "none" "accepted" "refused" */
/* One address of an endpoint as the target sees it. Absent strings are NULL. */
struct remint_verified_address {
	const char *address;            /* "192.0.2.1:443"; "" when the name has no address */
	enum remint_verdict verdict;    /* of the handshake and the target's rules together */
	enum remint_verdict handshake;  /* of the handshake alone */
	const char *by;                 /* who refused: "target", "server", or "rules" alone */
	const char *stage;              /* where it ended: "resolve" "connect" "starttls" "handshake" "certificate" "name" "client-certificate"; "rules" */
	const char *reason;             /* one sentence in plain words; NULL when accepted */
	const char *protocol, *cipher;  /* "TLSv1.2" */
	const char *signature;          /* with which the server proved its key: "RSA+SHA256" */
	int alert; bool alert_ours;     /* that ended it, -1 none; we sent it */
	int verify_error, verify_depth; /* X509_V_ERR_*, 0 none */
	bool asked_certificate;         /* the server asked for a certificate of its client */
	uint64_t issuers_named;         /* ... naming so many issuers */
	const char *shown;              /* what became of it: "not-asked" "none" (asked, and we had none to show) "taken" "refused" "unknown"; NULL: no handshake */
	unsigned milliseconds;
	struct remint_strings chain;    /* what the certificates sent are called, in their order */
	const char *sha256, *serial, *subject, *issuer, *name; /* of the first; NULL when nothing was sent */
	int64_t not_before, not_after;
	const char *record;             /* what the database knows of it: "issued" (by its own CA) "foreign" "unknown"; NULL: there is no database */
	const char *status;             /* "valid" "expired" "superseded" "revoked"; NULL when unknown */
	const char *successor;          /* serial of the newest certificate that replaces it, or NULL */
	const char *expected;           /* of what is unknown: serial of the newest valid one that this home issued for the host, or NULL */
	bool old;                       /* superseded or revoked, and still served */
	const struct remint_finding *findings; size_t finding_count; /* the target's rules on the chain as sent */
};
struct remint_verified {
	const char *endpoint, *target;
	const struct remint_verified_address *addresses; size_t address_count;
	const char *spread; /* a sentence when the addresses serve different certificates, else NULL */
};
struct remint_verify_options {
	struct remint_wire wire;
	struct remint_strings inputs;  /* endpoints */
	const char *target;            /* whom to behave as */
	struct remint_strings trust;   /* files with roots; none: a missing anchor is no reason to refuse */
	struct remint_strings chain;   /* files with intermediates that the target has or would fetch; not used when it trusts roots only */
	const char *certificate;       /* a file: what is shown to a server that asks; NULL: nothing */
	struct remint_strings keys;    /* its private key, when it stands apart */
	const char *name;              /* that certificates must bear; NULL: each endpoint's host */
	int64_t at;                    /* judge as of this time; 0 now */
};
struct remint_verify_summary {
	uint64_t endpoints, addresses;
	uint64_t verdicts[3]; /* of addresses */
	uint64_t old;         /* addresses that serve what was superseded or revoked */
	bool compared;        /* with the database of the home */
};
typedef int remint_verified_fn(void *arg, const struct remint_verified *verified);
/* Connect to every address of every endpoint as the target does, and hold what is sent against the target's rules and the database of
 * the home when there is one. An address without a verdict goes to the fault callback (NETWORK) too. Fails on an unknown target or an
 * input that is no endpoint (USAGE), a file without what it is for (INPUT, SECRET), a database that cannot be read (DATABASE).
 * `summary` may be NULL; it is filled either way. */
REMINT_API int remint_verify(struct remint *ctx, const struct remint_verify_options *options, remint_verified_fn *verified, void *arg,
                             struct remint_verify_summary *summary);

/* ---- peer --------------------------------------------------------------------------------------------------------------- */

struct remint_peer_options {
	const char *target;            /* as whom: a name or a path */
	const char *listen;            /* "8443", "127.0.0.1:8443", "[::1]:0"; without an address loopback alone, port 0: any; NULL: "0" */
	const char *certificate;       /* to be served, in any form, its key and chain beside it; or "serial:HEX" of one in the database;
	                                * NULL: one for localhost is made, and forgotten afterwards */
	struct remint_strings keys;    /* private keys that stand apart */
	struct remint_strings chain;   /* files with intermediates: to be sent, and at hand for clients unless the target knows roots alone */
	struct remint_strings trust;   /* files with the roots of clients' certificates; none: any root will do */
	unsigned timeout;              /* milliseconds for one handshake; 0: 10,000 */
	uint64_t count;                /* connections, then it ends; 0: until stopped */
	int64_t seconds;               /* then it ends; 0: until stopped */
	int stop;                      /* a descriptor above 0 that becomes readable when it should end; 0: none */
};
/* What stands ready when the port is open. Absent strings are NULL. */
struct remint_peer_ready {
	const char *address;           /* "127.0.0.1:8443" */
	const char *target, *title;
	const char *presents;          /* "leaf", "leaf+intermediates", "leaf+intermediates+root" */
	bool demands_certificate;      /* clients must show one */
	const char *certificate;       /* what the certificate served is called */
	const char *serial, *sha256, *pem;
	size_t sent;                   /* certificates sent, the leaf included */
	const char *root_pem;          /* for clients to trust, when it is at hand */
	bool self_made;
};
enum remint_peer_outcome {
	REMINT_PEER_ACCEPTED,
	REMINT_PEER_REFUSED,           /* as the target would */
	REMINT_PEER_LEFT,              /* the client ended the handshake: it does not take what it was sent */
	REMINT_PEER_NO_TLS,            /* what came was no TLS, or nothing at all */
	REMINT_PEER_TIMED_OUT,
};
REMINT_API const char *remint_peer_outcome_name(enum remint_peer_outcome outcome); /* "accepted" "refused" "left" "no-tls" "timed-out" */
/* One connection, when its handshake has ended. Absent strings are NULL; those of the client are not safe for a terminal. */
struct remint_peer_seen {
	const char *from;              /* "127.0.0.1:41234" */
	enum remint_peer_outcome outcome;
	const char *reason;            /* one sentence; "" when accepted */
	const char *protocol, *cipher; /* "TLSv1.2" */
	const char *server_name;       /* that the client asked for */
	int alert;                     /* number of the alert that ended it; -1 none */
	bool alert_ours;
	int verify_error, verify_depth; /* OpenSSL's number, 26: unsuitable certificate purpose; 0 none */
	size_t certificates;           /* shown by the client; the following is the first's */
	const char *subject, *common_name, *issuer, *serial, *sha256;
	int64_t not_after;
	unsigned milliseconds;
};
struct remint_peer_summary { uint64_t connections[5]; }; /* by outcome */
typedef int remint_peer_ready_fn(void *arg, const struct remint_peer_ready *ready);
typedef int remint_peer_seen_fn(void *arg, const struct remint_peer_seen *seen);
/* A TLS server for the lab that behaves as the target does: it refuses of its clients what the target refuses, serves what the target
 * serves, says one line of HTTP to whom it accepted, and reports every connection. Returns when it is told to stop, or after `count`
 * connections or `seconds`. A refused connection is no failure. Fails with USAGE on an unknown target or address, INPUT when the
 * certificate cannot be read, SECRET without its key, POLICY when the target's security level takes no such certificate, NETWORK when it
 * cannot listen. `summary` may be NULL. */
REMINT_API int remint_peer(struct remint *ctx, const struct remint_peer_options *options, remint_peer_ready_fn *ready,
                           remint_peer_seen_fn *seen, void *arg, struct remint_peer_summary *summary);

/* ---- OCSP ------------------------------------------------------------------------------------------------------------------ */

/* Who answers, and for how long. */
struct remint_ocsp_options {
	const char *authority; /* the only one to answer for; NULL: every one whose key is in the home */
	bool own_key;          /* signed by the authority itself; else by a certificate that it issued for this, which is made when there is none */
	const char *key;       /* kind and size of that certificate's key ("ec:p256"); NULL: the template's */
	int64_t validity;      /* seconds that an answer holds; 0: 3 days. Never beyond the signer's own end */
};
struct remint_ocsp_answer {
	const char *serial;
	const char *status;    /* "good" "revoked" "unknown" */
	int64_t revoked;       /* when; 0 */
	const char *reason;    /* "keyCompromise", or NULL */
	int64_t this_update, next_update;
};
struct remint_ocsp_reply {
	const char *from;      /* the file, or the client's address */
	const char *result;    /* "successful" "malformedRequest" "unauthorized" "internalError" */
	const char *why;       /* of all but the first: one sentence */
	const char *authority; /* that answers, or NULL */
	bool nonce;            /* there was one, and it was echoed */
	bool kept;             /* signed before, and taken from the database */
	const struct remint_ocsp_answer *answers; size_t count;
	const unsigned char *der; size_t length; /* the response */
};
typedef int remint_ocsp_fn(void *arg, const struct remint_ocsp_reply *reply);
/* Answer the request in a file (DER). A request that is refused is answered first and fails then: INPUT when it is malformed, NEGATIVE
 * when it is for no authority here. */
REMINT_API int remint_ocsp(struct remint *ctx, const struct remint_ocsp_options *options, const char *request, remint_ocsp_fn *answered,
                           void *arg);

struct remint_ocsp_run {
	uint64_t certificates; /* that have not expired */
	uint64_t signed_now;   /* responses */
	uint64_t kept;         /* that hold for more than half of their time yet */
	uint64_t overtaken;    /* revoked or released while it was signed: signed when it is asked for */
	uint64_t files;
	uint64_t cut;          /* of those signed now: end with the certificate of their signer, before options->validity */
	int64_t cut_at;        /* when the first of them does */
};
/* Sign responses in advance, into the database, for every certificate that has not expired; in groups, so that a run that was broken off
 * goes on. `directory` (may be NULL) gets SERIAL.ocsp for each, made anew. `anew`: also what holds yet. */
REMINT_API int remint_ocsp_all(struct remint *ctx, const struct remint_ocsp_options *options, const char *directory, bool anew,
                               struct remint_ocsp_run *run);

struct remint_ocsp_listen_options {
	const char *listen;    /* "8080" "192.0.2.1:80" "[::1]:0"; NULL: any free port of the loopback */
	uint64_t count;        /* end after so many requests; 0: go on */
	int64_t seconds;       /* end after so long; 0: go on */
	int stop;              /* a descriptor above 0 that becomes readable when it should end; 0: none */
};
typedef int remint_ocsp_ready_fn(void *arg, const char *address);
struct remint_ocsp_summary { uint64_t requests, signed_now, kept, refused; };
/* Answer over HTTP (GET and POST; RFC 6960, A.1, and RFC 5019) until told to stop. Every request is looked up anew, so that what another
 * process revokes is revoked in the next answer. `ready` once, `answered` for each request; both may be NULL. */
REMINT_API int remint_ocsp_listen(struct remint *ctx, const struct remint_ocsp_options *options,
                                  const struct remint_ocsp_listen_options *listen, remint_ocsp_ready_fn *ready, remint_ocsp_fn *answered,
                                  void *arg, struct remint_ocsp_summary *summary);

/* ---- the CA: home, authorities -------------------------------------------------------------------------------------------- */

struct remint_init_options {
	const char *root_subject;      /* "CN=Example Root CA, O=Example"; NULL: a default that says "Remint Lab" */
	const char *issuing_subject;
	const char *root_key, *issuing_key;          /* "rsa:4096", "ec:p384"...; NULL: template's */
	int64_t root_validity, issuing_validity;     /* seconds; 0: template's */
	const char *publish_url;       /* base of CRL and CA certificate addresses ("http://pki.example/"); NULL: none is written */
	const char *ocsp_url;          /* where the OCSP responder will be asked ("http://ocsp.example/"); NULL: none is written. An offline root gets none */
	int64_t crl_shards;            /* partial lists of the issuing CA beside the complete one, 0 to 999; each certificate names one for good */
	bool crl_deltas;               /* the issuing CA's lists name where their deltas are */
	bool no_password;              /* keys stand unencrypted, guarded by file modes alone */
	const char *offline_root;      /* a home of its own for the root's key, neither around nor within the other; or NULL */
	bool no_issuing;               /* root only (an offline root's home) */
	bool no_root;                  /* no CA yet: ask for one with remint_ca_request(); not with no_issuing */
};
struct remint_authority {
	const char *name;       /* "root", "issuing" */
	const char *state;      /* "pending" "active" "retired" "foreign" */
	const char *subject, *serial, *key, *sha256;
	int64_t not_before, not_after;
	bool key_here;
	bool key_locked;        /* and under the home's passphrase */
	unsigned crl_shards;    /* partial revocation lists beside the complete one */
	bool crl_deltas;        /* its lists say where their deltas are */
	const char *parent;     /* name or "" */
	const char *crl_uri, *ca_uri, *ocsp_uri;
	const char *pem;        /* NULL while pending */
	bool issues;            /* when no authority is named, because that was chosen */
	const char *succeeds;   /* the authority whose place it took, or "" */
	const char *successor;  /* the one that took its place, or "" */
	int64_t revoked;        /* when its certificate was revoked, as far as this home knows; 0: it is not */
	const char *revoked_for; /* CRLReason by its name in RFC 5280, 5.3.1, or "" */
};
typedef int remint_authority_fn(void *arg, const struct remint_authority *authority);
/* Make a home with a root and an issuing CA. The home must not hold a CA yet (RMT_CLASS_POLICY otherwise). Reports each authority made. */
REMINT_API int remint_init(struct remint *ctx, const struct remint_init_options *options, remint_authority_fn *made, void *arg);
/* Every authority of the home, the oldest first. Fails with DATABASE when there is no home. */
REMINT_API int remint_ca_list(struct remint *ctx, remint_authority_fn *authority, void *arg);
/* A pending issuing authority `name` in this home, and its request as PEM through `file`. */
typedef int remint_file_fn(void *arg, const char *name, const void *bytes, size_t length, bool secret);
struct remint_ca_request_options {
	const char *name, *subject, *key; const char *publish_url;
	int64_t crl_shards; bool crl_deltas; const char *ocsp_url; /* as for remint_init() */
};
REMINT_API int remint_ca_request(struct remint *ctx, const struct remint_ca_request_options *options, remint_file_fn *file, void *arg);
/* Sign another home's issuing request with this home's root (template issuing-ca); the certificate and its chain as PEM through `file`. */
/* template_name: one whose role is issuing-ca; NULL: "issuing-ca". */
struct remint_ca_sign_options { const char *request; const char *authority; int64_t validity; const char *template_name; };
REMINT_API int remint_ca_sign(struct remint *ctx, const struct remint_ca_sign_options *options, remint_file_fn *file, void *arg);
/* Install the certificate (and its chain, any form) that came back for a pending authority. */
REMINT_API int remint_ca_install(struct remint *ctx, struct remint_strings inputs, remint_authority_fn *installed, void *arg);
/* One more CA in this home, certified by another one of it whose key is here too. Reports every authority. */
struct remint_ca_add_options {
	const char *name, *subject;    /* both needed */
	const char *parent;            /* NULL: "root" */
	const char *key, *template_name, *publish_url, *ocsp_url; /* NULL: the template's, "issuing-ca", none, none */
	int64_t crl_shards; bool crl_deltas; /* as for remint_init() */
	int64_t validity;              /* 0: template's */
	bool issues;                   /* it issues from now on when no authority is named */
};
REMINT_API int remint_ca_add(struct remint *ctx, const struct remint_ca_add_options *options, remint_authority_fn *authority, void *arg);
struct remint_ca_rotate_options {
	const char *authority;         /* NULL: the one that issues when none is named */
	const char *name, *subject;    /* NULL: NAME-2, and the old subject with a generation: "CN=... G2" */
	bool same_name;                /* the old subject as it is */
	const char *key, *template_name, *publish_url; /* NULL: as the old one has them */
	int64_t crl_shards;            /* as for remint_init(); 0: as many as the old one has */
	bool crl_deltas;               /* as for remint_init(), or as the old one has them */
	int64_t validity;              /* 0: as long as the old one's */
	bool cross;                    /* also each certified by the other */
	bool may_request;              /* where the key of its issuer is elsewhere, make a request */
};
/* A successor with a new key beside an authority. It is active at once where the key of the issuer is here (or it is a root), and takes the
 * old one's place when no authority is named; its certificate and those above go to `file` as ca.pem and issuer.pem. Elsewhere it is
 * pending, and request.pem goes to `file`; remint_ca_install() completes it. The old one goes on as it is, see remint_ca_retire(). What was
 * interrupted is finished by the same call. Reports every authority. Fails with POLICY when the old one has a successor already (but for
 * what `cross` still has to do), when an issuer leaves no room, or when the template gives up what limits the old one. */
REMINT_API int remint_ca_rotate(struct remint *ctx, const struct remint_ca_rotate_options *options, remint_file_fn *file,
                                remint_authority_fn *authority, void *arg);
struct remint_ca_check_options {
	const char *authority;         /* NULL: the one that issues when none is named */
	const char *template_name;     /* what is to be issued; NULL: the targets', else for hosts; of a root "issuing-ca" */
	struct remint_strings targets; /* who must accept it; may be empty */
};
/* What stands against issuing by this authority: its key, dates, key usage, path length, purposes and name constraints, those of the
 * authorities above it, and what the targets say of a CA. Issuing refuses what is an error here. `summary` may be NULL; its certificates
 * are the authority and those above. */
REMINT_API int remint_ca_check(struct remint *ctx, const struct remint_ca_check_options *options, remint_finding_fn *finding, void *arg,
                               struct remint_audit_summary *summary);
struct remint_ceremony_options {
	const char *authority;         /* a root of the home; NULL: "root" */
	const char *root_subject, *root_key, *publish_url; /* of a root that is made because the home is not there yet; as of remint_init() */
	int64_t root_validity;
	bool no_password;
	struct remint_strings requests; /* files, each with the request of a CA; may be empty */
	const char *template_name;     /* by which they are certified; NULL: "issuing-ca" */
	int64_t validity;              /* 0: the template's */
	const char *place, *person;    /* where, and who is at the machine; or NULL */
	struct remint_strings witnesses;
	const char *directory; bool force; /* where the files go; needed */
};
/* A root made, or taken as it is, and CAs certified by it, with a record that the root signs: root.pem, root.cer, the same for each
 * certificate, transcript.txt and transcript.html. A request whose key the root certified before gets that certificate again.
 * The files' names go to `file`, without their content. */
REMINT_API int remint_ca_ceremony(struct remint *ctx, const struct remint_ceremony_options *options, remint_file_fn *file, void *arg);
struct remint_ceremony_check {
	enum remint_severity severity; /* INFO: it holds; ERROR: it does not */
	const char *what, *sentence;
};
typedef int remint_ceremony_check_fn(void *arg, const struct remint_ceremony_check *check);
/* Check the record of a ceremony to its last byte, and certificates and requests in files against it. Needs no home. What does not hold is
 * no failure. Fails with INPUT when it is no such record. */
REMINT_API int remint_ca_ceremony_verify(struct remint *ctx, const char *transcript, struct remint_strings files,
                                         remint_ceremony_check_fn *check, void *arg);
/* No more certificates by this authority; it goes on to sign CRLs and OCSP responses. Refused (POLICY) for the one that issues when none is named. */
REMINT_API int remint_ca_retire(struct remint *ctx, const char *name, const char *why, remint_authority_fn *authority, void *arg);
/* Who issues when no authority is named. */
REMINT_API int remint_ca_default(struct remint *ctx, const char *name, remint_authority_fn *authority, void *arg);
/* What still hangs on an authority: certificates that it issued, other CAs of this home left out, and that have not expired. */
struct remint_standing {
	const struct remint_authority *authority;
	struct remint_strings crossed;         /* names of the authorities of this home that certified it beside its issuer */
	struct remint_strings below;           /* names of the authorities that it certified and that have not expired */
	uint64_t valid, superseded, revoked;
	int64_t last_valid;                    /* when the last valid one ends; 0: there is none */
	int64_t needed_until;                  /* when the last of all and of those below ends: so long it has to publish CRLs; 0: there is none */
};
typedef int remint_standing_fn(void *arg, const struct remint_standing *standing);
struct remint_record;
/* `name` NULL: every authority that is retired or has a successor. Each is followed by the first `limit` of its certificates, soonest end
 * first, through `record` (may be NULL). */
REMINT_API int remint_ca_standing(struct remint *ctx, const char *name, unsigned limit, remint_standing_fn *standing,
                                  int (*record)(void *arg, const struct remint_record *record), void *arg);
/* Roots and chains for distribution: NAME.cer (DER), NAME.pem, chain.pem, chain.p7b through `file`, or into `directory` when not NULL;
 * NAME-by-OTHER.cer and .pem where an authority was certified by another one beside its issuer. */
REMINT_API int remint_ca_export(struct remint *ctx, const char *directory, bool force, remint_file_fn *file, void *arg);

/* ---- issuing ---------------------------------------------------------------------------------------------------------------- */

enum remint_decision { REMINT_TAKEN, REMINT_DROPPED, REMINT_CHANGED, REMINT_ADDED, REMINT_KEPT };
REMINT_API const char *remint_decision_name(enum remint_decision decision); /* "taken" "dropped" "changed" "added" "kept" */
struct remint_decided { enum remint_decision decision; const char *field, *text; };

/* A certificate just issued and recorded. */
struct remint_issued {
	int64_t id;
	const char *source;            /* the request's file or the certificate reissued; "" for issue */
	size_t index;
	const char *serial, *subject, *name, *issuer, *sha256, *template_name, *targets;
	int64_t not_before, not_after;
	int64_t supersedes;            /* database id or 0 */
	const char *superseded_serial; /* or NULL */
	const struct remint_decided *decided; size_t decided_count; /* merge report; for reissue also the comparison with the old certificate */
	const struct remint_finding *findings; size_t finding_count; /* what the second audit still finds; see `accepted` */
	struct remint_strings files;   /* written, relative to `directory` */
	const char *directory;         /* or NULL */
	const char *pem, *chain_pem;   /* certificate; issuers up to but without the root */
	int64_t pending;               /* number of the pending request that it answers, or 0 */
};
typedef int remint_issued_fn(void *arg, const struct remint_issued *issued);

/* Where to put files and how: shared by the verbs that write. */
struct remint_out {
	const char *directory;  /* NULL: no files */
	bool force;             /* replace existing files */
	bool encrypt_key;       /* ask REMINT_SECRET_OUT and write key.pem under it; a PFX always asks */
};

struct remint_issue_options {
	const char *template_name;       /* NULL: the first target's, else "server-client" */
	struct remint_strings targets;   /* who must accept it: audited before it is signed, files written */
	const char *subject;             /* "CN=host, O=Example"; NULL: CN from the first name */
	struct remint_strings names;     /* "dns:host" "ip:192.0.2.1" "email:..." "uri:..." "upn:..." */
	const char *topology;            /* file (or name) from which the targets take CN and names, put before `names`; or NULL */
	const char *server;              /* with topology: the one server that it is for; NULL: all of the pool share it */
	int64_t validity, not_after;     /* 0: template's */
	const char *key;                 /* key spec; NULL: template's */
	const char *authority;           /* NULL: "issuing" (or the only active one) */
	bool dry_run;                    /* plan and lint, sign nothing */
	struct remint_out out;
};
/* One key and certificate: the key is made, stored in the home, and written with the certificate into `out`. Fails with USAGE
 * without a name, POLICY when template, target, issuer or an existing file forbids it, SECRET without the CA's passphrase,
 * DATABASE. Nothing is signed when it fails before; when files cannot be written afterwards, the certificate stays recorded. */
REMINT_API int remint_issue(struct remint *ctx, const struct remint_issue_options *options, remint_issued_fn *issued, void *arg);

struct remint_request_options {
	const char *subject;             /* "CN=..., O=..., OU=..., L=..., ST=..., C=..., emailAddress=..." */
	struct remint_strings names;
	const char *key, *digest;        /* key spec ("rsa:2048"), "sha256" */
	const char *target;              /* field rules, or NULL */
	const char *topology, *server;   /* CN and names of the target's role, as for issue; or NULL */
	const char *from;                /* a certificate whose identity is repeated, or NULL */
	bool on_device;                  /* the target's device makes the key: say how, and wait for its request */
	const char *request;             /* a request that a device made, which goes to another CA, or NULL */
	const char *ca_template;         /* certificate template of an AD CS, named in the INF and in REQUEST.txt; NULL: WebServer */
	bool no_record;                  /* leave the home alone */
	struct remint_out out;           /* directory: request.pem, request.der, key.pem, request.inf, REQUEST.txt; with on_device
	                                  * DEVICE.txt and the file that goes with it, or NULL */
};
/* Absent strings are NULL. */
struct remint_requested {
	const char *subject, *key, *pem;
	struct remint_strings files;
	const char *directory;
	const char *text;                   /* on_device: what is typed or pasted there */
	const char *form_name, *form;       /* the file that goes with it, as UTF-8 */
	int64_t pending;                    /* number of the pending request in the home, 0: not recorded */
	bool again;                         /* it was recorded before */
};
typedef int remint_requested_fn(void *arg, const struct remint_requested *requested);
/* A new key and its request (RFC 2986) into `out.directory`. Where there is a home the key is kept in it, and the request waited for:
 * remint_accept() takes what the other CA makes of it. Needs no home. Fails with POLICY when the target has no such field or
 * does not take the key, INPUT when `from` holds no certificate. `subject` beside `from` replaces or joins its attributes. */
REMINT_API int remint_request(struct remint *ctx, const struct remint_request_options *options, remint_requested_fn *requested, void *arg);

struct remint_accept_options {
	struct remint_strings inputs;    /* what came back: .cer, .p7b or any other form, the CA's own certificates too */
	struct remint_strings keys, chain; /* private keys that the home does not keep; issuers at hand */
	struct remint_strings targets;   /* who must accept it; none: those that it was asked for */
	enum remint_severity fail_on;    /* from this severity on a finding refuses it */
	bool anyway;                     /* take it all the same */
	struct remint_out out;           /* directory: the bundle and RUNBOOK.txt, of several answers in a directory for each; or NULL */
};
struct remint_accepted {
	struct remint_issued issued;     /* `id` is 0 when it was refused: nothing was recorded or written */
	int64_t pending;                 /* number of the pending request that it answers */
	const char *kind;                /* of that: "device" "external" */
	bool by_name;                    /* the device's request was never seen: matched by its name */
	bool again;                      /* it was accepted before */
	bool refused;                    /* a target refuses it, by `fail_on` */
};
typedef int remint_accepted_fn(void *arg, const struct remint_accepted *accepted);
/* Certificates that another CA made of pending requests: found by their keys, judged for their targets, recorded as another CA's, and
 * their bundles written. An item of a campaign goes to "issued". The same again is no fault. Fails with INPUT when a certificate answers
 * nothing that is waited for or its issuers are not at hand, POLICY when its request was denied or answered by another one, SECRET when
 * its key is locked, DATABASE. With several each fault goes to the fault callback. */
REMINT_API int remint_accept(struct remint *ctx, const struct remint_accept_options *options, remint_accepted_fn *accepted, void *arg);

struct remint_sign_options {
	struct remint_strings inputs;    /* requests: files, directories, "-" */
	const char *template_name;
	struct remint_strings targets;
	struct remint_strings names;     /* added to the request's own */
	const char *subject;             /* replaces the request's */
	int64_t validity, not_after;
	const char *authority;
	bool dry_run;
	const char *pending;             /* number of the pending request that the one input answers; NULL: looked for */
	bool no_pending;                 /* nothing pending is looked for */
	struct remint_out out;           /* directory: one file per request, NAME.pem (chain included); of a device also its bundle in NAME/ */
};
/* One or many requests; each refused one goes to the fault callback and the rest goes on. A request whose common name or first name
 * is that of a pending request to a device answers that one: template, targets and validity are then the ones recorded, and subject,
 * names and key must be what was asked for; what is other or more is refused (POLICY), what is missing is put in. */
REMINT_API int remint_sign(struct remint *ctx, const struct remint_sign_options *options, remint_issued_fn *issued, void *arg);

/* ---- pending requests ---------------------------------------------------------------------------------------------------------- */

/* What was asked for and is not there yet, or is no longer waited for. Absent strings are NULL. */
struct remint_pending {
	int64_t id;
	const char *kind;            /* "device": it makes its own key; "held": waits for approval; "external": lies at another CA */
	const char *state;           /* "open" "issued" "denied" "withdrawn" */
	const char *name, *subject, *template_name, *targets;
	struct remint_strings names; /* "dns:host" */
	const char *key;             /* "RSA 2048" of the request at hand, else the kind that was asked for ("rsa:2048") */
	const char *signer;          /* authority of the home, or what the other CA is called */
	int64_t recorded, changed;
	enum remint_actor actor;     /* who does something next */
	const char *task;            /* what: one sentence; "" when nothing is left to do */
	const char *command;         /* for it, or "" */
	const char *why;             /* of its end */
	int64_t certificate;         /* number in the database, or 0 */
	const char *serial;          /* of it, or NULL */
	const char *spki_sha256;     /* of the request at hand, or NULL */
	const char *pem;             /* the request at hand, or NULL */
};
typedef int remint_pending_fn(void *arg, const struct remint_pending *pending);
/* As remint_sign(), up to the signature: possession, key, template and targets are checked, and what would be signed is recorded with all
 * options until it is approved or denied. Needs no passphrase of the CA. The same request again is the same number. */
REMINT_API int remint_hold(struct remint *ctx, const struct remint_sign_options *options, remint_pending_fn *held, void *arg);
struct remint_approve_options {
	struct remint_strings requests; /* their numbers */
	bool dry_run;
	struct remint_out out;          /* directory: one file per request, request-NUMBER.pem; of a device also its bundle in request-NUMBER/ */
};
/* Issues as remint_sign() would have. One that was issued before is handed over again, and gets no second certificate. Each refused one
 * goes to the fault callback (NEGATIVE: it is not one that can be approved) and the rest goes on. */
REMINT_API int remint_approve(struct remint *ctx, const struct remint_approve_options *options, remint_issued_fn *issued, void *arg);
/* Ends what is open: a held request is denied, one to a device or another CA withdrawn. `why` is recorded and must be there. */
REMINT_API int remint_deny(struct remint *ctx, struct remint_strings requests, const char *why, remint_pending_fn *denied, void *arg);
struct remint_pendings_options {
	bool all;             /* what has ended too */
	unsigned limit;       /* 0: 100 */
	int64_t after;        /* page: number of the last one seen */
};
/* One page, the oldest first. Fails with DATABASE. */
REMINT_API int remint_pendings(struct remint *ctx, const struct remint_pendings_options *options, remint_pending_fn *pending, void *arg);

enum remint_replace { REMINT_REISSUE, REMINT_RENEW, REMINT_REKEY };
struct remint_reissue_options {
	enum remint_replace how;
	struct remint_strings inputs;    /* old certificates: PFX, PEM, DER, or "serial:HEX" of one in the database */
	struct remint_strings keys;      /* private keys that stand apart */
	struct remint_strings targets;
	const char *template_name;
	struct remint_strings names;     /* added */
	const char *topology;            /* REMINT_REISSUE: CN and names of the targets' role, as for issue; or NULL */
	const char *server;              /* NULL: the servers that the old certificate names, else all of the pool */
	int64_t validity, not_after;
	const char *key;                 /* key spec of the new key; NULL: template's */
	const char *request;             /* a fresh request with the key to certify, or NULL */
	bool keep_key;
	const char *authority;
	bool dry_run;
	struct remint_out out;
};
/* A replacement for each leaf of the inputs, linked to the old one, audited again before release. */
REMINT_API int remint_reissue(struct remint *ctx, const struct remint_reissue_options *options, remint_issued_fn *issued, void *arg);

/* ---- convert --------------------------------------------------------------------------------------------------------------- */

/* What is converted: the leaf of the inputs with its key and chain; where there is no certificate, the one private key, or the requests, CRLs
 * and public keys. */
struct remint_convert_options {
	struct remint_strings inputs, keys, chain; /* inputs: files, or "serial:HEX" of one in the database, with chain and key */
	const char *to;               /* "pem" "der" "p7b" "p7b-pem" "pfx" "jks" "pkcs8" "pkcs8-der" "pkcs1" "pkcs1-der" "sec1" "sec1-der"
	                               * "traditional" (PKCS#1 or SEC1, by its kind) "csr" "csr-der" "inf"; or NULL with targets */
	struct remint_strings targets;
	/* The rest but `select` and `out` is for `to`: a target says it itself. */
	bool with_root, no_chain, no_key;
	struct remint_strings content; /* instead of these: "leaf" "intermediates" "root" "key", in order */
	bool all;                     /* every certificate of the inputs, in their order, instead of one with its chain */
	const char *select;           /* which leaf of many: name or serial */
	const char *profile;          /* pfx: "modern" "compat" "legacy"; NULL modern */
	const char *cipher, *kdf;     /* of a private key outside a keystore: "aes-256-cbc" "aes-192-cbc" "aes-128-cbc" "des-ede3-cbc"; "scrypt"
	                               * "pbkdf2". NULL: the first. One that is named asks for a passphrase */
	const char *friendly_name;
	const char *order;            /* of a pem: "leaf-first" or "root-first"; NULL the first */
	const char *separator;        /* of a pem: "none" "blank" "comment"; NULL the first */
	const char *charset;          /* of text: "ascii" "utf-8" "utf-8-bom" "utf-16le"; NULL the first */
	bool crlf, no_final_newline; unsigned width;
	const char *file;             /* path written; NULL: bytes go to the callback */
	bool split;                   /* a file for each leaf, request or key in the directory of `out`; with der, or without chain and key, for
	                               * each certificate */
	const char *file_name;        /* pattern of their names, with {label} {serial} {n}; NULL: "{label}" and the format's ending */
	struct remint_out out;        /* with `targets` or `split` */
};
/* Files written are named through `file` with bytes NULL; unwritten output is handed over with its bytes. Read back before it counts. */
REMINT_API int remint_convert(struct remint *ctx, const struct remint_convert_options *options, remint_file_fn *file, void *arg);

/* ---- campaign: a plan that is carried out ------------------------------------------------------------------------------------- */

/* One item of a plan, and what was done about it or would be. Absent strings are NULL. */
struct remint_step {
	const char *item;              /* its id in the plan */
	const char *name, *device, *action; /* of the certificate to be replaced; as in the plan */
	const char *before, *state;    /* "planned" "requested" "issued" "exported" "live" "closed" "failed" "skipped"; without commit the
	                                * state is the one before */
	const char *text;              /* one sentence: what was done, would be done, or why nothing was */
	bool changed;                  /* the plan was edited since: it asks for something else than what was done */
	bool unfinished;               /* the plan wants something done about it, and it is neither live nor closed */
	const char *serial, *old_serial; /* of the new certificate and of the one to be replaced */
	const char *directory;         /* of the bundle */
	struct remint_strings files;   /* written or found in it */
	struct remint_strings nodes;   /* places that were looked at and do not have the new certificate, each with what it has */
	const struct remint_finding *findings; size_t finding_count; /* what the second audit still finds; see `accepted` */
};
typedef int remint_step_fn(void *arg, const struct remint_step *step);
struct remint_apply_options {
	const char *plan;              /* the file that remint_plan() wrote */
	bool commit;                   /* do it; without, it is only said */
	bool close;                    /* end what is live: revoke the old certificates, or have them revoked */
	struct remint_strings keys;    /* private keys that stand apart */
	struct remint_strings chain;   /* issuers at hand */
	struct remint_strings certificates; /* what other CAs made of the requests */
	const char *ca_template;       /* certificate template of an AD CS, named beside the requests to other CAs; NULL: WebServer */
	struct remint_strings crls;    /* close: CRLs of other CAs that may list the old certificates */
	const char *confirmed_by;      /* close: who says that another CA was told, or that nothing is served any more; recorded */
	const char *authority;         /* NULL: the one that the plan was made with */
	struct remint_wire wire;       /* close: how the places are reached */
	struct remint_out out;         /* the bundles: a directory for each device; needed with commit, close may do without */
};
/* Each approved item of the plan: issued, asked for at another CA, or only put into the right form, and its bundle written. A step is told
 * for every item. What fails goes to the fault callback too, is recorded as failed and tried again by the next run; the rest goes on.
 * An item never gets a second certificate, however often and by however many processes a plan is applied. Fails with INPUT when the
 * plan cannot be read, POLICY when it belongs to another database, USAGE without a directory, DATABASE, SECRET. */
REMINT_API int remint_apply(struct remint *ctx, const struct remint_apply_options *options, remint_step_fn *step, void *arg);
struct remint_campaign_options { const char *plan; struct remint_wire wire; };
/* Looks at every place of every item that was exported, all addresses of endpoints and files anew. An item of which every place has the
 * new certificate becomes live; the places of the others are told. */
REMINT_API int remint_campaign_verify(struct remint *ctx, const struct remint_campaign_options *options, remint_step_fn *step, void *arg);

/* ---- report: a campaign for people who were not there ------------------------------------------------------------------------- */

/* A certificate as the report shows it. Absent strings are NULL. */
struct remint_report_cert {
	const char *serial, *subject, *issuer, *sha256, *signature, *key, *purposes;
	struct remint_strings names;
	int64_t not_before, not_after;
};
struct remint_report_finding { const char *rule, *severity, *target, *message; bool cleared; /* by the item's action */ };
struct remint_report_move { const char *state; int64_t when; };
struct remint_report_item {
	const char *id, *name, *device;
	const char *action, *state;          /* as in the plan; as of remint_step */
	const char *why, *note;              /* of the plan */
	const char *reason, *confirmed_by;   /* of the state, from the database; "" */
	int64_t when;                        /* of the last change of its state; 0: none yet */
	const struct remint_report_move *moves; size_t move_count; /* when it came into each state that it was in, oldest first */
	bool approved;
	enum remint_actor actor;
	const char *task, *command;          /* what that one does: one sentence, and the command for it; "" when there is none. DIR in it
	                                      * stands for the bundles' directory, PLAN for the plan's file when its name is no plain word */
	struct remint_strings targets, places; /* places as "endpoint fe01:5061", "file old.pem" */
	struct remint_report_cert before;
	const struct remint_report_cert *after; /* NULL: there is none yet */
	bool same;                           /* the certificate stays, only its form or its chain changes */
	const struct remint_report_finding *findings; size_t finding_count;
};
struct remint_report_count { const char *name; uint64_t items; };
struct remint_report_summary {
	const char *plan, *id, *made, *by;   /* the file, and what it says of itself */
	bool begun;                          /* the home's database knows the campaign */
	bool database, stranger;             /* there is one; and the plan was made with another CA than any of it */
	int64_t started, now;
	uint64_t items, devices, places, findings, cleared /* findings of items that are live or closed */;
	const struct remint_report_count *states, *actions; /* in their order, zeros too */
	size_t state_count, action_count;
	uint64_t actors[REMINT_ACTORS];      /* items that wait for each */
};
struct remint_report_options {
	const char *plan;
	const char *html;   /* a file for the whole as one page; NULL */
	bool force;         /* replace it */
};
typedef int remint_report_summary_fn(void *arg, const struct remint_report_summary *summary);
typedef int remint_report_fn(void *arg, const struct remint_report_item *item);
/* The summary, then each item, by device. The states come from the home's database when it knows the campaign, else every item is planned
 * (or skipped); without a home nothing but the plan is looked at. Either callback may be NULL. Fails with INPUT when the plan cannot be
 * read, POLICY when the page's file is there, DATABASE. */
REMINT_API int remint_report(struct remint *ctx, const struct remint_report_options *options, remint_report_summary_fn *summary,
                             remint_report_fn *item, void *arg);

/* ---- the database ------------------------------------------------------------------------------------------------------------- */

struct remint_record {
	int64_t id;
	const char *serial, *subject, *name, *issuer, *sha256, *template_name, *targets;
	int64_t not_before, not_after, recorded;
	const char *status;        /* "valid" "expired" "revoked" "superseded" */
	int64_t revoked;           /* when; 0 unless it is revoked or on hold */
	const char *reason;        /* then: its name in RFC 5280, 5.3.1; "certificateHold" is on hold; else NULL */
	bool foreign;              /* issued by another CA */
	int64_t supersedes, superseded_by;
	const char *pem;           /* history only */
	struct remint_strings names; /* what it is found by (CN, alternative names): revoke, and list when asked for */
};
typedef int remint_record_fn(void *arg, const struct remint_record *record);
struct remint_list_options {
	const char *name;          /* exact, or a prefix ending in '*' */
	const char *serial;        /* hex, whole or prefix */
	const char *target, *template_name, *status;
	int64_t expires_before, expires_after; /* 0 unset */
	unsigned limit;            /* 0: 100 */
	int64_t after;             /* page: id of the last record seen */
	bool in_force;             /* our own alone, and neither revoked nor expired */
	bool names;                /* fill `names` of the records */
};
/* One page of records, newest first, that match every filter set. Fails with USAGE on an unknown status, DATABASE. */
REMINT_API int remint_list(struct remint *ctx, const struct remint_list_options *options, remint_record_fn *record, void *arg);
/* The certificate named by serial, name, file or id ("42"), with everything before and after it, oldest first. */
REMINT_API int remint_history(struct remint *ctx, const char *which, remint_record_fn *record, void *arg);
struct remint_revoke_options {
	struct remint_strings which; /* serials, files, numbers of the database, names that one certificate alone has */
	const char *user;            /* all that are in force of a user: "sip:user@example.com" or the address alone; or NULL */
	const char *device;          /* those of one device: a UUID, braces or not; with `user` of that user's alone; or NULL */
	struct remint_strings lists; /* files of more of `which`, one a line; # begins a comment */
	struct remint_strings keys;  /* those in force with this key: a file with a certificate, request or key, or the SHA-256 of its public half in hex */
	const char *name;            /* those in force one of whose names is like this pattern ("*.lab.example"), without regard to case; or NULL */
	const char *campaign;        /* those in force that this plan, which was applied, replaced; or NULL */
	const char *authority;       /* those of this authority of the home that others of it certified; it issues no more then; or NULL */
	bool hold;                   /* put on hold: it may be released, or revoked for good later */
	bool release;                /* release what is on hold; `name` and the like then mean those on hold */
	int64_t invalidity_date;     /* since when the key is known or suspected to be another's; 0: not said */
	const char *reason;          /* CRLReason by its name in RFC 5280, 5.3.1 ("superseded"); NULL: unspecified */
	bool commit;                 /* more than one, or a CA's, is only named, and not revoked, without it */
};
/* Revoke certificates that authorities of this home issued, put them on hold or release them: all of them, or after a failure none. Each is handed over, as it then
 * stands in the database. *done: false when more than one, or a CA's, is meant and nothing was revoked. Those of CAs and OCSP responders are
 * meant only when they are named one by one or by their key, those of authorities of this home only by `authority`. Fails with NEGATIVE when
 * nothing is found or something named stands otherwise already, POLICY on another CA's certificate and on one of an authority of this home. */
REMINT_API int remint_revoke(struct remint *ctx, const struct remint_revoke_options *options, remint_record_fn *record, void *arg, bool *done);
struct remint_crl_options {
	const char *authority;     /* name; NULL: every one whose key is in this home, retired ones too */
	bool delta;                /* only what changed since the newest published list */
	int64_t lifetime;          /* seconds from now to nextUpdate; 0: a week, of a delta a day */
	const char *directory;     /* NAME.crl (DER) and NAME.crl.pem are put there, each complete or not at all */
	bool force;                /* replace there what is no older list of the same CA too */
};
struct remint_crl_made {
	const char *authority;
	int shard;                 /* 0: the complete list */
	int64_t number;
	bool delta;
	int64_t base;              /* of a delta: the number of the list that it is read with */
	int64_t this_update, next_update;
	uint64_t entries;
	const char *sha256;        /* of the DER */
	const char *file, *pem;
};
typedef int remint_crl_fn(void *arg, const struct remint_crl_made *crl);
/* Sign and publish revocation lists: of each authority the complete one and its partial ones, under one new number, or their deltas. Each is
 * read back and verified first, and handed over when it is in its place. In constant memory, save under a key that signs everything at once
 * (Ed25519), which takes as much as the list is long. Up to 128 MiB (POLICY). A list is not replaced by an older one, and no file but a list of the same CA is replaced (POLICY), unless `force`. Fails with USAGE without a directory, POLICY when the authority cannot
 * sign lists here or has no list that a delta could stand on, NEGATIVE on an unknown name, SECRET, DATABASE. */
REMINT_API int remint_crl(struct remint *ctx, const struct remint_crl_options *options, remint_crl_fn *made, void *arg);
/* How many there were, and what became of them. */
struct remint_tally {
	uint64_t found, added, known;
};
/* What was not taken over, and how often. */
struct remint_refusal { const char *reason; uint64_t count; bool fault; };
struct remint_import_options {
	struct remint_wire wire;
	struct remint_strings inputs; /* directories, files, databases, "-", endpoints */
	const char *from;             /* "openssl" "easy-rsa" "cfssl" "xca" "gnomint" "adcs" "files" "endpoint"; NULL: each by its content */
	struct remint_strings keys;   /* files with private keys that stand elsewhere */
	const char *publish_url;      /* as remint_init_options; NULL: where the CA's own certificates say that its lists are */
	int64_t crl_shards; bool crl_deltas; /* as remint_init_options, of the CAs whose keys come along; they need publish_url */
	bool no_keys;                 /* leave private keys where they are: nothing can be issued with the CAs then */
	bool commit;                  /* without it the home is only compared, and nothing is written */
};
/* A CA of a source. */
struct remint_imported_ca {
	const char *name;    /* of the authority in the home; "" in a dry run that would make it */
	const char *subject, *sha256;
	const char *state;   /* "active" "retired" (it was here), "foreign"; "pending" never */
	bool issues;         /* its key is or would be here, and it issues */
	bool added;
	int64_t crl_number;  /* of its newest revocation list that was heard of; 0 none */
};
/* What became of one source. */
struct remint_imported {
	const char *source, *kind;
	struct remint_tally certificates, authorities, keys, revocations;
	uint64_t adopted;                        /* certificates of the home whose CA this source brought: they were nobody's, and are its now */
	uint64_t requests;                       /* read: their keys are known to be in their owners' hands */
	const struct remint_refusal *refusals; size_t refusal_count;
	const struct remint_imported_ca *cas; size_t ca_count; /* of the last source: all of the run */
};
typedef int remint_imported_fn(void *arg, const struct remint_imported *imported);
/* Take over what other CAs left: certificates, their CAs, keys and revocations. Nothing is taken twice: what is on record already is
 * counted as known, so that an import that was interrupted is run again. A CA whose key comes along and that may issue becomes an
 * authority of the home, whose lists go on with the next number. Each source is handed over at the end; what is refused goes to the
 * fault callback with its place, and the rest goes on. Fails with USAGE on an unknown kind, INPUT on a source that cannot be read or
 * is not of its kind, SECRET, DATABASE. */
REMINT_API int remint_import(struct remint *ctx, const struct remint_import_options *options, remint_imported_fn *imported, void *arg);
/* Is the database what was written to it? Its structure and schema; the hash chain of its events; each certificate's columns
 * against its bytes (serial, subject, issuer, names, dates, key, fingerprint, to-be-signed bytes); each row against the event
 * that vouches for it, so that none is altered, missing or put in by another hand; each campaign, pending request and revocation
 * against its events; each authority against its recorded certificate and its parent's signature; the signature of each
 * certificate against its issuer, on as many threads as remint_set_jobs() allows. What is taken off the end together with its
 * events, or a log that was made anew from an event on, is only noticed against a checkpoint or the manifest of a backup.
 * -1 with REMINT_CLASS_DATABASE at the first fault. The time is linear in the rows, the memory is not in them. `options` and `report`
 * may be NULL. */
struct remint_db_orphan { int64_t id; const char *authority, *serial, *template_name, *targets; int64_t when; };
typedef int remint_orphan_fn(void *arg, const struct remint_db_orphan *orphan);
struct remint_db_check_options {
	bool quick;               /* leave the signatures of certificates out */
	const char *against;      /* a file that remint_db_checkpoint() made, or the MANIFEST of a backup; NULL */
	remint_orphan_fn *orphan; /* certificates that were begun and not finished, whose process is gone: the next run that issues
	                           * finishes them with the same bytes. NULL: only counted */
	void *arg;
};
struct remint_db_report {
	int64_t schema;
	uint64_t orphans, certificates;
	uint64_t signatures;      /* verified; */
	uint64_t unverifiable;    /* ... by an algorithm that this OpenSSL does not know; */
	uint64_t foreign;         /* ... of another CA, whose signature is not judged */
	int64_t against;          /* the event that the checkpoint knows; 0 without one */
};
REMINT_API int remint_db_check(struct remint *ctx, const struct remint_db_check_options *options, struct remint_db_report *report);

/* The head of the event log, to be kept where this home cannot write: `text` is the file for remint_db_check(). Strings are lower-case
 * hex. An event tells of it, which is the head. */
struct remint_checkpoint { const char *text, *home, *hash; int64_t event, when; };
typedef int remint_checkpoint_fn(void *arg, const struct remint_checkpoint *checkpoint);
REMINT_API int remint_db_checkpoint(struct remint *ctx, remint_checkpoint_fn *checkpoint, void *arg);

struct remint_backup {
	const char *path;         /* of the backup; of the home that was restored */
	const char *aside;        /* restore: where the home that stood there is now, or NULL */
	int64_t event;            /* the last one that it holds */
	const char *hash;
	int64_t made;
	uint64_t files, bytes;
};
typedef int remint_backup_fn(void *arg, const struct remint_backup *backup);
/* The database, the keys (as they are: under the passphrase of the home, if it has one) and the policies of the home, copied into a
 * directory that is new (0700) while others go on writing, with a MANIFEST; reopened and checked before it appears; recorded as an event.
 * `out` NULL: beside the home; a directory that is there: under a name of its own within it. Fails with POLICY when it is there already. */
REMINT_API int remint_db_backup(struct remint *ctx, const char *out, remint_backup_fn *backup, void *arg);
/* A home, as set in the context, from such a directory. Every file must be what the manifest says. Fails with POLICY when the home is
 * there, unless `force`, which moves it aside. What happened after the backup is unknown to it: numbers of revocation lists therefore go
 * on behind any that can have been published since. */
REMINT_API int remint_db_restore(struct remint *ctx, const char *from, bool force, remint_backup_fn *backup, void *arg);

/* Rows of the database for other programs: "authorities" "certificates" "revocations" "requests" "events", or of all when none is named;
 * all of one state. Bytes are texts, in hex or base64. A row 0 comes before those of each table: it has the names of the cells alone. */
enum remint_cell_kind { REMINT_CELL_NUMBER, REMINT_CELL_TIME, REMINT_CELL_TEXT, REMINT_CELL_FLAG };
struct remint_cell { const char *name; enum remint_cell_kind kind; bool absent; int64_t number; const char *text; };
typedef int remint_row_fn(void *arg, const char *table, uint64_t row, const struct remint_cell *cells, size_t count);
REMINT_API int remint_db_export(struct remint *ctx, struct remint_strings tables, remint_row_fn *row, void *arg);

/* ---- status: how the CA stands ------------------------------------------------------------------------------------------------- */

enum remint_health { REMINT_HEALTH_OK, REMINT_HEALTH_WARNING, REMINT_HEALTH_CRITICAL };
REMINT_API const char *remint_health_name(enum remint_health health); /* "ok" "warning" "critical" */
struct remint_status_certificate { int64_t id; const char *name; int64_t not_after; };
struct remint_status_line {
	const char *section;      /* "certificates" "authorities" "crl" "ocsp" "pending" "campaigns" "database" "clock" */
	const char *check;        /* "expired" "ends-critical" "freshness" "backup": with section and object like no other */
	const char *object;       /* an authority, or a plan's file; "" */
	enum remint_health health;
	const char *text;         /* one sentence */
	bool measured;            /* there is a figure: */
	int64_t value;
	const char *unit;         /* "s" "B" or "" */
	int64_t warning, critical; /* bounds of the figure; INT64_MIN: none. Of time left and room below, of all else above */
	const struct remint_status_certificate *certificates; size_t certificate_count; /* those that end first */
};
typedef int remint_status_fn(void *arg, const struct remint_status_line *line);
/* 0: the default. */
struct remint_status_options {
	int64_t warn_days, critical_days; /* certificates that end: 30, 7 */
	int64_t expired_days;     /* how long one that expired without a successor is told of: 30; -1 not */
	int64_t ca_days;          /* warn when an authority ends within: 180; critical within warn_days */
	int64_t margin;           /* seconds: warn when a revocation list or an OCSP response ends within; a quarter of its life */
	int64_t pending_days;     /* warn when a request waits, or a campaign stands still, for longer: 7 */
	int64_t backup_days;      /* warn when the last backup is older: 7 */
	int64_t checkpoint_days;  /* the same for the checkpoint; never */
	unsigned names;           /* certificates named on a line: 5 */
};
struct remint_status_summary { enum remint_health health; uint64_t lines, warnings, criticals; int64_t now; };
/* Quick however many certificates there are: no certificate is read, no signature verified. `summary` may be NULL. */
REMINT_API int remint_status(struct remint *ctx, const struct remint_status_options *options, remint_status_fn *line, void *arg,
                             struct remint_status_summary *summary);

/* ---- templates and targets ------------------------------------------------------------------------------------------------------ */

enum remint_policy { REMINT_TEMPLATE, REMINT_TARGET };
/* Strings live during the callback; `origin` is "built in" or a path, `extends` the parent's name or "". */
struct remint_policy_entry { const char *name, *title, *origin, *extends; };
typedef int remint_policy_fn(void *arg, const struct remint_policy_entry *entry);
/* Every template or target in byte order of its name. One that cannot be read goes to the fault callback and the rest goes on. */
REMINT_API int remint_policy_list(struct remint *ctx, enum remint_policy kind, remint_policy_fn *entry, void *arg);
/* The targets that names, paths, patterns ("sfb-*") and "all" stand for, as every verb that takes targets understands them: in the
 * order given, those of a pattern in byte order, each once. USAGE for a name that is unknown and a pattern that matches nothing. */
REMINT_API int remint_targets(struct remint *ctx, struct remint_strings given, remint_policy_fn *entry, void *arg);
/* The resolved policy as text, one field or rule a line. The caller frees it with remint_text_free(). NULL: remint_failure(). */
REMINT_API char *remint_policy_show(struct remint *ctx, enum remint_policy kind, const char *name);
/* Loads it and checks rule names and parameters. */
REMINT_API int remint_policy_check(struct remint *ctx, enum remint_policy kind, const char *name);
/* Rules of one target (name NULL: the whole table). */
struct remint_rule { const char *id, *title, *citation, *fix, *parameters, *note, *source; enum remint_severity severity; const char *confidence; };
typedef int remint_rule_fn(void *arg, const struct remint_rule *rule);
/* `confidence`, `note` and `source` are "" for the table itself. Fails with USAGE on an unknown target. */
REMINT_API int remint_rules(struct remint *ctx, const char *target, remint_rule_fn *rule, void *arg);

#ifdef __cplusplus
}
#endif
#endif
