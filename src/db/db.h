/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/db.h - the face of the CA's database: operations, not SQL, so that another engine can stand behind it one day.
 *
 * One SQLite file in the home. Issued rows and the event log are append-only (triggers); the event log is a hash chain. Every write
 * happens under the home's write lock. The room knows nothing of policies, of issuing or of DER beyond what it is handed.
 */
#ifndef RMT_DB_H
#define RMT_DB_H

#include "base/base.h"

/* What to do when the file is not what was written to it. */
#define RMT_DB_REMEDY "take the newest backup: remint db restore BACKUP --force"

struct rmt_db;
enum { RMT_DB_READ = 0, RMT_DB_WRITE = 1, RMT_DB_CREATE = 2 };
/* `home`/ca.db with `home`/lock. RMT_DATABASE with a clear sentence: absent ("run remint init"), newer schema, not ours, corrupt, locked longer than
 * `wait` seconds, read-only. Older schema: migrated after a backup when opened for writing. */
struct rmt_db *rmt_db_open(const char *home, int mode, unsigned wait_seconds, struct rmt_err *err);
void rmt_db_close(struct rmt_db *db);
int rmt_db_schema_version(void);

/* ---- write transactions: BEGIN IMMEDIATE under the lock; nested calls are an error ------------------------------------ */
int rmt_db_begin(struct rmt_db *db, struct rmt_err *err);
/* The same, unless somebody else is writing now: 1 begun, 0 not, -1. */
int rmt_db_begin_now(struct rmt_db *db, struct rmt_err *err);
int rmt_db_commit(struct rmt_db *db, struct rmt_err *err); /* durable when it returns; checkpoints when the WAL passes 16 MiB */
void rmt_db_rollback(struct rmt_db *db);
/* One event in the chain: kind ("init", "issue", ...), canonical text of what happened. Inside a transaction. */
int rmt_db_event(struct rmt_db *db, rmt_time now, const char *kind, const char *text, struct rmt_err *err);
/* The time of the last event (0: none): the clock must not be behind it. */
int rmt_db_last_event(struct rmt_db *db, rmt_time *out, struct rmt_err *err);
int rmt_db_events(struct rmt_db *db, int64_t after, int (*visit)(void *arg, int64_t id, rmt_time when, const char *kind, const char *text), void *arg, struct rmt_err *err);
/* Recompute the chain: 0 whole; -1 RMT_DATABASE naming the first bad event. The second: only from the event behind `after` on. */
int rmt_db_check_events(struct rmt_db *db, struct rmt_err *err);
int rmt_db_check_events_after(struct rmt_db *db, int64_t after, struct rmt_err *err);
/* The end of the chain. `home` is the hash of its first event: what one home has for itself, and its copies share. */
struct rmt_db_head {
	int64_t id; /* 0: there is no event yet */
	rmt_time when;
	unsigned char hash[RMT_SHA256], home[RMT_SHA256];
};
int rmt_db_head(struct rmt_db *db, struct rmt_db_head *out, struct rmt_err *err);
int rmt_db_event_hash(struct rmt_db *db, int64_t id, unsigned char hash[RMT_SHA256], struct rmt_err *err); /* 1 found, 0 absent, -1 */
/* The last event of the kind "backup", "restore" or "checkpoint": 1 found, 0 none, -1. */
int rmt_db_last_upkeep(struct rmt_db *db, const char *kind, int64_t *id, rmt_time *when, struct rmt_err *err);
int rmt_db_check_structure(struct rmt_db *db, struct rmt_err *err); /* integrity_check, foreign keys, campaigns, pending requests and revocations against their events */

/* See one state of the database until rmt_db_move(), whatever others commit. For reading only. */
int rmt_db_still(struct rmt_db *db, struct rmt_err *err);
void rmt_db_move(struct rmt_db *db);
/* Copy the state that is seen (rmt_db_still) into a new file; writers go on meanwhile. `progress` (may be NULL) answers 0 to go on. */
int rmt_db_backup(struct rmt_db *db, const char *path, int (*progress)(void *arg, uint64_t done, uint64_t total), void *arg, struct rmt_err *err);
/* The rows from one id to another, by id, with their DER; `tbs` are the bytes of the row that it was made from, or empty.
 * Nothing is kept: everything is borrowed until the visitor returns. */
struct rmt_db_cert;
struct rmt_db_tbs;
int rmt_db_cert_scan(struct rmt_db *db, int64_t first, int64_t last, int (*visit)(void *arg, const struct rmt_db_cert *cert, struct rmt_span tbs), void *arg, struct rmt_err *err);
int rmt_db_tbs_scan(struct rmt_db *db, int64_t first, int64_t last, int (*visit)(void *arg, int64_t id, const struct rmt_db_tbs *tbs), void *arg, struct rmt_err *err);
/* The first id in use from one to another: 1 there is one, 0 none, -1. */
int rmt_db_cert_between(struct rmt_db *db, int64_t first, int64_t last, int64_t *id, struct rmt_err *err);
int rmt_db_tbs_between(struct rmt_db *db, int64_t first, int64_t last, int64_t *id, struct rmt_err *err);
int rmt_db_adopted_between(struct rmt_db *db, int64_t first, int64_t last, int64_t *id, struct rmt_err *err);
/* Are the names that the row `id` is found by those of `cert`? 1 yes, 0 no, -1. */
int rmt_db_names_match(struct rmt_db *db, const struct rmt_db_cert *cert, int64_t id, struct rmt_err *err);

/* ---- settings of the home ------------------------------------------------------------------------------------------------ */
int rmt_db_setting_put(struct rmt_db *db, const char *name, const char *value, struct rmt_err *err); /* inside a transaction */
int rmt_db_setting_get(struct rmt_db *db, const char *name, struct rmt_buf *value, struct rmt_err *err); /* 1 found, 0 absent, -1 */

/* ---- authorities ---------------------------------------------------------------------------------------------------------- */
enum rmt_authority_state { RMT_AUTHORITY_PENDING = 0 /* request out */, RMT_AUTHORITY_ACTIVE = 1, RMT_AUTHORITY_RETIRED = 2, RMT_AUTHORITY_FOREIGN = 3 };
struct rmt_db_authority {
	int64_t id;
	const char *name;             /* "root", "issuing" */
	enum rmt_authority_state state;
	struct rmt_span cert;         /* DER, empty while pending */
	struct rmt_span spki_hash;    /* 32 bytes; names its key file */
	bool key_here;                /* its private key is in this home */
	int64_t parent;               /* authority id or 0 */
	const char *crl_uri, *ocsp_uri, *ca_uri; /* "" when none */
	int crl_shards;               /* partial lists beside the complete one, numbered from 1; fixed when it is made */
	bool crl_deltas;              /* its lists name where deltas are */
};
int rmt_db_authority_add(struct rmt_db *db, const struct rmt_db_authority *authority, int64_t *id, struct rmt_err *err);
int rmt_db_authority_activate(struct rmt_db *db, int64_t id, struct rmt_span cert, int64_t parent, struct rmt_err *err); /* pending -> active */
int rmt_db_authority_retire(struct rmt_db *db, int64_t id, struct rmt_err *err); /* active -> retired */
int rmt_db_authority_adopt(struct rmt_db *db, int64_t id, struct rmt_err *err); /* foreign -> active: its key came */
int rmt_db_authority_place(struct rmt_db *db, int64_t id, int64_t parent, struct rmt_err *err); /* its issuer came; it had none */
/* By name, or by id when name is NULL. 1 found (spans borrowed until the next call on db), 0 absent. */
int rmt_db_authority_get(struct rmt_db *db, const char *name, int64_t id, struct rmt_db_authority *out, struct rmt_err *err);
int rmt_db_authorities(struct rmt_db *db, int (*visit)(void *arg, const struct rmt_db_authority *authority), void *arg, struct rmt_err *err);

/* ---- issuance: persist, then record ------------------------------------------------------------------------------------------ */
/* To-be-signed bytes made durable before the signature. UNIQUE(authority, serial): a taken serial is RMT_DATABASE naming it. */
struct rmt_db_tbs {
	int64_t authority;
	struct rmt_span serial /* as rmt_cert.serial, big-endian content */, tbs;
	rmt_time when;
	int64_t owner_pid;
	/* What its certificate will be recorded with, should another process have to finish it. */
	const char *template_name, *targets;
	int64_t supersedes;
	bool proved;
};
int rmt_db_tbs_add(struct rmt_db *db, const struct rmt_db_tbs *tbs, int64_t *id, struct rmt_err *err);

enum rmt_cert_status { RMT_CERT_VALID = 0, RMT_CERT_REVOKED = 1, RMT_CERT_SUPERSEDED = 2, RMT_CERT_EXPIRED = 3 };
/* A certificate as recorded. `name` is what people search for (CN or first SAN); `names` all of them (CN, every SAN text, e-mail). */
struct rmt_db_cert {
	int64_t id;
	int64_t tbs;                 /* row of the to-be-signed bytes; 0 for a foreign certificate or a root made elsewhere */
	int64_t authority;           /* issuer's id; 0 foreign. What is added under a foreign authority is foreign until that is adopted;
	                              * scans tell whose it is already */
	const char *issuer_name;     /* display form, for foreign ones too */
	struct rmt_span serial, der, fingerprint /* sha256 */, spki_hash;
	struct rmt_span usual_hash;  /* only when adding: of the key with the same modulus and the usual exponent; empty: it is that, or no RSA key */
	const char *subject, *name;
	const char *const *names; size_t name_count; /* only when adding */
	rmt_time not_before, not_after, recorded;
	const char *template_name;   /* "" when foreign */
	const char *targets;         /* comma-separated target names or "" */
	int64_t supersedes;          /* certificate id or 0 */
	int64_t superseded_by;       /* filled on reading: newest successor or 0 */
	bool revoked;                /* or on hold */
	int reason;                  /* then: RFC 5280, 5.3.1 */
	rmt_time revoked_at;
	bool proved;                 /* possession of the key was proved (own key or verified request) */
	int64_t request;             /* request row or 0 */
	bool adopted;                /* filled by scans: recorded before its authority was known, and vouched for without it then */
};
/* What to call it: revoked before superseded before expired. The same order as in the filter below. */
enum rmt_cert_status rmt_db_cert_status(const struct rmt_db_cert *cert, rmt_time now);
int rmt_db_cert_add(struct rmt_db *db, const struct rmt_db_cert *cert, int64_t *id, struct rmt_err *err);
/* The very certificate: by its serial, as encoded, and its fingerprint (32 bytes). The serial leads, so that a second
 * index of random values costs no insert anything. 1 found, 0 absent; spans borrowed until the next call. */
int rmt_db_cert_find(struct rmt_db *db, struct rmt_span serial, struct rmt_span sha256, struct rmt_db_cert *out, struct rmt_err *err);
/* The serial number was given by the authority: 1, with the certificate's id (0: it is not recorded yet), 0, -1. */
int rmt_db_serial_holder(struct rmt_db *db, int64_t authority, struct rmt_span serial, int64_t *certificate, struct rmt_err *err);
int rmt_db_cert_by_id(struct rmt_db *db, int64_t id, struct rmt_db_cert *out, struct rmt_err *err);
/* The certificates from elsewhere that no authority is known for, with their DER, by id. The visitor may adopt. */
int rmt_db_strays(struct rmt_db *db, int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err);
/* Its authority is known now. An event must vouch for the row as it is afterwards (rmt_vouch_cert). */
int rmt_db_cert_adopt(struct rmt_db *db, int64_t id, int64_t authority, struct rmt_err *err);
/* Proved possession of this key on record? 1 yes, 0 no, -1. */
int rmt_db_key_proved(struct rmt_db *db, struct rmt_span spki_hash, struct rmt_err *err);

struct rmt_db_filter {
	const char *name;            /* exact name, or a prefix when it ends in '*' (case folded) */
	const char *serial;          /* hex, whole or prefix */
	const char *target;          /* exact target name */
	const char *template_name;
	struct rmt_span spki_hash;   /* exact; empty: any key */
	int status;                  /* enum rmt_cert_status or -1 */
	rmt_time expires_before, expires_after; /* 0 unset */
	rmt_time now;
	int64_t after_id;            /* page: ids below this (newest first); 0 start */
	unsigned limit;              /* 0: 100 */
};
/* Newest first, from indexed columns only (`der` empty, `names` NULL); first page of a million below 50 ms. */
int rmt_db_certs(struct rmt_db *db, const struct rmt_db_filter *filter, int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err);
/* The certificate and everything linked to it by supersedes, oldest first. */
int rmt_db_history(struct rmt_db *db, int64_t id, int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err);
int rmt_db_names(struct rmt_db *db, int64_t cert, int (*visit)(void *arg, const char *name), void *arg, struct rmt_err *err);

/* What an authority issued and has not expired, the certificates of this home's authorities left out: how many by enum
 * rmt_cert_status, and when the last of them ends (0: there is none). */
struct rmt_db_hanging { int64_t count[RMT_CERT_EXPIRED]; rmt_time last, last_valid; };
int rmt_db_authority_hanging(struct rmt_db *db, int64_t authority, rmt_time now, struct rmt_db_hanging *out, struct rmt_err *err);
/* The first `limit` of them by their end, as rmt_db_certs() hands them out. */
int rmt_db_authority_certs(struct rmt_db *db, int64_t authority, rmt_time now, unsigned limit, int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err);
/* The newest certificate that this authority (0: any) issued for a key. 1 found (borrowed until the next call on db), 0 absent, -1. */
int rmt_db_cert_of_key(struct rmt_db *db, int64_t authority, struct rmt_span spki_hash, struct rmt_db_cert *out, struct rmt_err *err);

/* ---- requests ------------------------------------------------------------------------------------------------------------------- */
struct rmt_db_request { int64_t id; struct rmt_span der, spki_hash; const char *subject; const char *targets; rmt_time recorded; const char *state; /* "made" "signed" */ };
int rmt_db_request_add(struct rmt_db *db, const struct rmt_db_request *request, int64_t *id, struct rmt_err *err);
/* 1 found (borrowed until the next call on db), 0 absent, -1. */
int rmt_db_request_by_id(struct rmt_db *db, int64_t id, struct rmt_db_request *out, struct rmt_err *err);

/* ---- pending requests: what was asked for and is not there yet ------------------------------------------------------------------ */
enum rmt_pending_kind {
	RMT_PENDING_DEVICE,   /* a device was asked to make its own key: no bytes until its request comes back */
	RMT_PENDING_HELD,     /* a request that waits for approval */
	RMT_PENDING_EXTERNAL, /* a request, ours or a device's, that lies at another CA */
	RMT_PENDING_KINDS
};
enum rmt_pending_state { RMT_PENDING_OPEN, RMT_PENDING_ISSUED, RMT_PENDING_DENIED, RMT_PENDING_WITHDRAWN, RMT_PENDING_STATES };
const char *rmt_pending_kind_name(enum rmt_pending_kind kind);    /* "device" "held" "external" */
const char *rmt_pending_state_name(enum rmt_pending_state state); /* "open" "issued" "denied" "withdrawn" */
struct rmt_db_pending {
	int64_t id;
	/* What was asked for, fixed when it is added. */
	enum rmt_pending_kind kind;
	rmt_time recorded;
	const char *name;          /* what people search for and a device's request is matched by (CN or first name) */
	const char *subject;       /* display form */
	const char *template_name, *targets; /* comma-separated */
	const char *signer;        /* name of the authority, or of another CA */
	const char *asked;         /* all of it, in the caller's own form */
	/* What became of it. What was set once stays. */
	enum rmt_pending_state state;
	struct rmt_span spki_hash; /* 32 bytes; empty while there are no bytes */
	int64_t request;           /* row of its bytes, or 0 */
	int64_t tbs;               /* what is or was signed here, or 0 */
	int64_t certificate;       /* when issued */
	const char *why;           /* of the state; "" */
	rmt_time when;             /* of the last change */
};
/* Adding and changing write an event that holds the row. Inside a transaction; only an open row changes. What is put is what became
 * of it, whole; the row may be as it was handed out. */
int rmt_db_pending_add(struct rmt_db *db, const struct rmt_db_pending *pending, int64_t *id, struct rmt_err *err);
int rmt_db_pending_put(struct rmt_db *db, const struct rmt_db_pending *pending, struct rmt_err *err); /* by its id */
/* 1 found (borrowed until the next call on db), 0 absent, -1. Of a key: an open one first, then the newest. */
int rmt_db_pending_get(struct rmt_db *db, int64_t id, struct rmt_db_pending *out, struct rmt_err *err);
int rmt_db_pending_of_key(struct rmt_db *db, struct rmt_span spki_hash, struct rmt_db_pending *out, struct rmt_err *err);
int rmt_db_pending_of_tbs(struct rmt_db *db, int64_t tbs, struct rmt_db_pending *out, struct rmt_err *err);
/* The next one behind the id `after`, of a state or of all (-1): 1, 0 no more, -1. */
int rmt_db_pending_next(struct rmt_db *db, int state, int64_t after, struct rmt_db_pending *out, struct rmt_err *err);
/* The next open one of a device, behind the id `after`, whose request has not come, by its name without regard to case. */
int rmt_db_pending_named(struct rmt_db *db, const char *name, int64_t after, struct rmt_db_pending *out, struct rmt_err *err);

/* ---- revocation ----------------------------------------------------------------------------------------------------------------- */
/* What was said of a serial number of an authority: one row of the history, or what is so now. The history only grows. */
struct rmt_db_revocation {
	int64_t id;              /* row of the history; filled on reading */
	int64_t authority;
	struct rmt_span serial;  /* as encoded */
	int shard;               /* of the authority's lists, from 1; 0: the complete list alone */
	int64_t certificate;     /* 0: taken over with its serial number, the certificate itself is not on record */
	rmt_time at;
	int reason;              /* RFC 5280, 5.3.1: 6 on hold, 8 released (never so now); 7 does not exist */
	rmt_time invalid_since;  /* invalidity date; 0 none */
	rmt_time expires;        /* the certificate's notAfter; 0 unknown */
};
/* With its event. Inside a transaction. A hold may be released or become final, anything else is for good: refused with a sentence
 * when it is revoked already (save that a serial number gets its certificate, for the same reason). */
int rmt_db_revoke(struct rmt_db *db, const struct rmt_db_revocation *revocation, rmt_time now, struct rmt_err *err);
/* What is so now: 1 revoked or on hold (serial borrowed until the next call on db), 0 neither, -1. */
int rmt_db_revoked_serial(struct rmt_db *db, int64_t authority, struct rmt_span serial, struct rmt_db_revocation *out, struct rmt_err *err);
int rmt_db_revoked_certificate(struct rmt_db *db, int64_t certificate, struct rmt_db_revocation *out, struct rmt_err *err);
/* What a list says, by serial number and in constant memory, but for `changes`: serial, at, reason and invalid_since of each row, within
 * the visit. */
struct rmt_db_revoked_query {
	int64_t authority;
	int shard;                /* 0: all */
	bool changes;             /* the last word on each serial number since the row `after`, released ones too */
	int64_t after;            /* ... else those that came later stand on the list though expired */
	rmt_time not_expired_at;  /* without those that expired before this; 0: all */
};
int rmt_db_revoked(struct rmt_db *db, const struct rmt_db_revoked_query *query, int (*visit)(void *arg, const struct rmt_db_revocation *row), void *arg, struct rmt_err *err);

/* ---- revocation lists: their numbers, and what was published ----------------------------------------------------------------------- */
struct rmt_db_crl {
	int64_t id;
	int64_t authority;
	int shard;               /* 0: the complete list */
	int64_t number;          /* lists of one run share it */
	bool delta;
	int64_t base;            /* of a delta: the number of the list that it is to be read with */
	rmt_time this_update, next_update;
	int64_t through;         /* filled: the last row of the history that it surely speaks of */
	int64_t entries;         /* when published */
	struct rmt_span sha256;  /* of the DER, when published; empty: the number was reserved, and no list is known to have come of it */
};
/* The highest number given so far, 0 none. */
int rmt_db_crl_number(struct rmt_db *db, int64_t authority, int64_t *last, struct rmt_err *err);
/* Reserve a number, at least the highest, with an event; fills id and through. To be committed before the signature. */
int rmt_db_crl_add(struct rmt_db *db, struct rmt_db_crl *crl, rmt_time now, struct rmt_err *err);
/* It is published: its id, entries and sha256, once, with an event. Inside a transaction. */
int rmt_db_crl_published(struct rmt_db *db, const struct rmt_db_crl *crl, rmt_time now, struct rmt_err *err);
/* The newest one that was published: 1 (sha256 borrowed until the next call on db), 0 none, -1. */
int rmt_db_crl_newest(struct rmt_db *db, int64_t authority, int shard, bool delta, struct rmt_db_crl *out, struct rmt_err *err);

/* ---- OCSP (ocsp.c): the state of a serial number, and the responses kept for it ----------------------------------------------------- */
struct rmt_db_ocsp_state {
	int64_t certificate;     /* 0: a serial number alone, taken over as revoked */
	struct rmt_span serial;  /* as encoded */
	rmt_time not_after;
	int64_t stated;          /* row of the history that says that it is revoked or on hold; 0: it is neither */
	rmt_time revoked;        /* when, and why */
	int reason;
};
/* 1 known, 0 not, -1. `serial` stays the caller's. */
int rmt_db_ocsp_state(struct rmt_db *db, int64_t authority, struct rmt_span serial, struct rmt_db_ocsp_state *out, struct rmt_err *err);
enum rmt_ocsp_hash { RMT_OCSP_SHA1, RMT_OCSP_SHA256, RMT_OCSP_HASHES }; /* that the CertID was made with */
struct rmt_db_ocsp_response {
	int64_t certificate;
	enum rmt_ocsp_hash hash;
	int64_t stated;          /* as it was when this was signed */
	int64_t signer;          /* certificate that signed, 0: the authority itself */
	rmt_time this_update, next_update;
	struct rmt_span der;
};
/* The response kept, if it holds beyond a time: 1 (borrowed until the next call on db), 0, -1. */
int rmt_db_ocsp_get(struct rmt_db *db, int64_t certificate, enum rmt_ocsp_hash hash, rmt_time beyond, struct rmt_db_ocsp_response *out,
                    struct rmt_err *err);
/* Keep it in place of the one before: 1; 0 when what is known of the certificate has changed since it was signed; -1. Inside a
 * transaction. A change of the revocation drops it in its own. */
int rmt_db_ocsp_put(struct rmt_db *db, const struct rmt_db_ocsp_response *response, struct rmt_err *err);
int rmt_db_ocsp_trim(struct rmt_db *db, rmt_time now, struct rmt_err *err); /* those of certificates that have expired. Inside a transaction */
struct rmt_db_ocsp_query { int64_t authority, after /* id */; rmt_time now, beyond; enum rmt_ocsp_hash hash; int limit; };
/* What an authority issued and has not expired, by id behind `after`, each with the response kept if it holds beyond `beyond`, or NULL.
 * Borrowed within the visit, which leaves the database alone. */
int rmt_db_ocsp_live(struct rmt_db *db, const struct rmt_db_ocsp_query *asked,
                     int (*visit)(void *arg, const struct rmt_db_ocsp_state *state, const struct rmt_db_ocsp_response *response), void *arg,
                     struct rmt_err *err);
int rmt_db_ocsp_count(struct rmt_db *db, int64_t authority, rmt_time now, int64_t *out, struct rmt_err *err); /* of those */
/* Did it ever answer, as far as is known: 1 it certified a signer (by the template's name) or a response is kept; 0, -1. */
int rmt_db_ocsp_begun(struct rmt_db *db, int64_t authority, const char *signers, struct rmt_err *err);

/* ---- keys ------------------------------------------------------------------------------------------------------------------------ */
enum rmt_blocked_kind { RMT_BLOCKED_SPKI = 1 /* SHA-256 of the SPKI */, RMT_BLOCKED_MODULUS = 2 /* 10 bytes, of an RSA modulus */, RMT_BLOCKED_KINDS };
struct rmt_db_blocked { enum rmt_blocked_kind kind; struct rmt_span hash; const char *source; rmt_time when; /* the last two only when reading */ };
/* Block keys, with one event for the lot; nothing unblocks them. `rows` is sorted, and `count` then says how many were new, which stand first.
 * Inside a transaction. */
int rmt_db_block(struct rmt_db *db, const char *source, rmt_time now, struct rmt_db_blocked *rows, size_t *count, struct rmt_err *err);
/* 1 blocked (borrowed until the next call on db), 0 not, -1. */
int rmt_db_blocked_get(struct rmt_db *db, enum rmt_blocked_kind kind, struct rmt_span hash, struct rmt_db_blocked *out, struct rmt_err *err);
int rmt_db_blocked_kinds(struct rmt_db *db, unsigned *kinds, struct rmt_err *err); /* 1 << kind of each kind that there is any of; 1: there are unusual exponents */
int rmt_db_blocked_in_force(struct rmt_db *db, rmt_time now, int64_t *count, struct rmt_err *err); /* certificates of this home's authorities with such a key, by its SPKI */
int rmt_db_blocked_each(struct rmt_db *db, int (*visit)(void *arg, const struct rmt_db_blocked *row), void *arg, struct rmt_err *err); /* in the order blocked */
struct rmt_db_key_use { int64_t certificate, authority; const char *subject; struct rmt_span serial; int reason; /* of its revocation or hold; -1 none */ };
/* The certificates of this very key, the newest first, 200 at most. */
int rmt_db_key_uses(struct rmt_db *db, struct rmt_span spki_hash, int (*visit)(void *arg, const struct rmt_db_key_use *use), void *arg, struct rmt_err *err);
/* A certificate with an unusual exponent over the same modulus, and another key than this: `usual` is the hash of the key with the usual one.
 * 1 there is one, 0 none, -1. */
int rmt_db_modulus_other(struct rmt_db *db, struct rmt_span usual, struct rmt_span spki_hash, int64_t *certificate, struct rmt_err *err);
int rmt_db_key_authority(struct rmt_db *db, struct rmt_span spki_hash, char name[64], struct rmt_err *err); /* whose key it is: 1, 0 nobody's, -1 */

/* ---- campaigns: which plans were begun, and how far each item has come ---------------------------------------------------------- */
enum rmt_item_state {
	RMT_ITEM_PLANNED, RMT_ITEM_REQUESTED /* at another CA */, RMT_ITEM_ISSUED, RMT_ITEM_EXPORTED, RMT_ITEM_LIVE /* seen served */,
	RMT_ITEM_CLOSED /* old one revoked, or its CA told */, RMT_ITEM_FAILED, RMT_ITEM_SKIPPED, RMT_ITEM_STATES
};
const char *rmt_item_state_name(enum rmt_item_state state); /* "planned" "requested" ... */
struct rmt_db_campaign {
	int64_t id;
	const char *plan;        /* the plan's own id */
	const char *file;        /* its file's name when it was applied first */
	struct rmt_span sha256;  /* of that file, then */
	rmt_time started;
};
/* By the plan's id. 1 found (borrowed until the next call on db), 0 absent, -1. */
int rmt_db_campaign_get(struct rmt_db *db, const char *plan, struct rmt_db_campaign *out, struct rmt_err *err);
int rmt_db_campaign_add(struct rmt_db *db, const struct rmt_db_campaign *campaign, int64_t *id, struct rmt_err *err);
struct rmt_db_item {
	int64_t campaign;
	const char *item;        /* the item's id in the plan */
	enum rmt_item_state state;
	struct rmt_span asked;   /* SHA-256 of what the plan asked for */
	int64_t previous;        /* certificate to be replaced, once recorded, or 0 */
	int64_t tbs, certificate; /* the new one's bytes and row, or 0; kept for good once set */
	int64_t request;         /* row of the request to another CA, or 0 */
	int64_t attempts;        /* that failed */
	const char *why;         /* of a failure or of what was skipped; "" */
	const char *confirmed_by; /* who vouched for the end; "" */
	rmt_time when;
};
/* 1 found (borrowed until the next call on db), 0 absent, -1. */
int rmt_db_item_get(struct rmt_db *db, int64_t campaign, const char *item, struct rmt_db_item *out, struct rmt_err *err);
int rmt_db_item_of_tbs(struct rmt_db *db, int64_t tbs, struct rmt_db_item *out, struct rmt_err *err);
int rmt_db_item_of_request(struct rmt_db *db, int64_t request, struct rmt_db_item *out, struct rmt_err *err); /* to another CA */
struct rmt_db_elsewhere {
	int64_t certificate;
	char plan[65], file[201]; /* of the campaign that it is for */
};
/* The newest certificate that another campaign's item of the same id was given and that is neither expired nor revoked: 1 there is
 * one, 0 none, -1. */
int rmt_db_item_elsewhere(struct rmt_db *db, int64_t campaign, const char *item, rmt_time now, struct rmt_db_elsewhere *out,
                          struct rmt_err *err);
/* New or changed, with its event. Inside a transaction. */
int rmt_db_item_put(struct rmt_db *db, const struct rmt_db_item *item, struct rmt_err *err);
/* Each item by its id; the visitor may ask the database, and what it is handed stays. */
int rmt_db_items(struct rmt_db *db, int64_t campaign, int (*visit)(void *arg, const struct rmt_db_item *item), void *arg, struct rmt_err *err);
/* Each state that was written for an item and when, oldest first, from the event log; the same state may come again. The id is
 * borrowed. The visitor leaves the database alone. */
int rmt_db_item_moves(struct rmt_db *db, int64_t campaign, int (*visit)(void *arg, const char *item, enum rmt_item_state state, rmt_time when), void *arg, struct rmt_err *err);
/* Take an item for the process `pid`: 1 taken, 0 another living process has it, -1. Inside a transaction. */
int rmt_db_item_claim(struct rmt_db *db, int64_t campaign, const char *item, int64_t pid, struct rmt_err *err);
/* Let go of all that the process has taken. Inside a transaction. */
int rmt_db_items_release(struct rmt_db *db, int64_t campaign, int64_t pid, struct rmt_err *err);

/* ---- status: indexed columns only -------------------------------------------------------------------------------------------------- */

/* Each certificate that ends from one time to another (both included), in no order: none that was revoked, that has a successor in
 * force, that is an authority's own, or that the template `but` made. */
int rmt_db_expiring(struct rmt_db *db, rmt_time from, rmt_time until, const char *but, int (*visit)(void *arg, int64_t id, rmt_time not_after), void *arg,
                    struct rmt_err *err);
struct rmt_db_lifetime {
	int64_t authority;
	const char *name;
	enum rmt_authority_state state;
	bool key_here;
	rmt_time not_before, not_after;
	int64_t longest;            /* seconds of life, of those it issued among the last thousand certificates; 0 none */
	int64_t outliving;          /* imported certificates in force that end after it */
	struct rmt_span spki_hash;
};
/* The visitor leaves the database alone. */
int rmt_db_lifetimes(struct rmt_db *db, int (*visit)(void *arg, const struct rmt_db_lifetime *lifetime), void *arg, struct rmt_err *err);
/* Of how many serial numbers is something else so than a list says that knows the history `through` this row of it; since when. */
int rmt_db_unlisted(struct rmt_db *db, int64_t authority, int64_t through, int64_t *count, rmt_time *oldest, struct rmt_err *err);
int rmt_db_pending_waiting(struct rmt_db *db, int (*visit)(void *arg, enum rmt_pending_kind kind, int64_t count, rmt_time oldest),
                           void *arg, struct rmt_err *err);
struct rmt_db_progress {
	int64_t id;
	const char *plan, *file;
	rmt_time started, moved; /* the last change of an item; 0 none */
	int64_t items[RMT_ITEM_STATES];
};
int rmt_db_campaigns(struct rmt_db *db, int (*visit)(void *arg, const struct rmt_db_progress *progress), void *arg, struct rmt_err *err);
/* To-be-signed bytes without a certificate, whoever has them in hand. */
int rmt_db_unfinished(struct rmt_db *db, int64_t *count, rmt_time *oldest, struct rmt_err *err);
struct rmt_db_counts { int64_t certificates, revoked, requests; };
int rmt_db_counts(struct rmt_db *db, struct rmt_db_counts *out, struct rmt_err *err); /* reads through the tables */
int rmt_db_sizes(struct rmt_db *db, uint64_t *database, uint64_t *log, struct rmt_err *err); /* bytes of ca.db and its write-ahead log */

/* ---- export ------------------------------------------------------------------------------------------------------------------------ */

enum rmt_cell_kind { RMT_CELL_NUMBER, RMT_CELL_TIME, RMT_CELL_TEXT, RMT_CELL_HEX, RMT_CELL_BASE64, RMT_CELL_FLAG };
struct rmt_db_cell {
	const char *name;
	enum rmt_cell_kind kind; /* what it is, and how bytes are best told */
	bool absent;
	int64_t number;
	struct rmt_span bytes;
};
const char *rmt_db_exported(size_t at); /* names of the tables; NULL behind the last */
/* Every row of a table by its id, from 1; before it a row 0 that has the names of the cells alone. RMT_USAGE for a table that is not exported. */
typedef int rmt_db_row_fn(void *arg, const char *table, uint64_t row, const struct rmt_db_cell *cells, size_t count);
int rmt_db_export(struct rmt_db *db, const char *table, rmt_db_row_fn *visit, void *arg, struct rmt_err *err);

/* ---- orphans: to-be-signed rows without a certificate whose owner process is gone ---------------------------------------------------- */
int rmt_db_orphans(struct rmt_db *db, int (*visit)(void *arg, int64_t id, const struct rmt_db_tbs *tbs), void *arg, struct rmt_err *err);

/* ---- another program's SQLite file, read and never trusted ---------------------------------------------------------------------------- */
/* Faults are RMT_INPUT with the file as their source: no database, damaged, in use (changes stand beside it), too much work to read. */
struct rmt_db_foreign;
struct rmt_db_foreign *rmt_db_foreign_open(const char *path, struct rmt_err *err);
void rmt_db_foreign_close(struct rmt_db_foreign *foreign);
bool rmt_db_foreign_is(const char *path); /* it begins as one */
/* One cell: a number, or text or bytes (borrowed); neither when it is NULL. */
struct rmt_foreign_cell { bool is_number; int64_t number; struct rmt_span text; };
enum { RMT_FOREIGN_CELLS_MAX = 16 };
/* Has it a plain table (lower case) with these stored columns (ended by NULL)? 1 yes, 0 no, -1. */
int rmt_db_foreign_has(struct rmt_db_foreign *foreign, const char *table, const char *const *columns, struct rmt_err *err);
/* Each row by its rowid. The visitor asks the same database nothing; it answers 0 to go on. */
int rmt_db_foreign_rows(struct rmt_db_foreign *foreign, const char *table, const char *const *columns,
                        int (*visit)(void *arg, int64_t row, const struct rmt_foreign_cell *cells), void *arg, struct rmt_err *err);

#endif
