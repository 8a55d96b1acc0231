/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/local.h - what the files of db/ share: the open database, cached statements, binding, errors.
 * Nothing outside the room includes it, except the room's own tests.
 */
#ifndef RMT_DB_LOCAL_H
#define RMT_DB_LOCAL_H

#include <sqlite3.h>

#include "db/db.h"

#define RMT_DB_APPLICATION 0x524d4e54 /* "RMNT" */

enum {
	RMT_DB_STATEMENTS = 256,
	RMT_DB_TERMS = 16,
	RMT_DB_BLOCK_BITS = 12,   /* ids of one block of the index by expiry; fixed by schema 1 */
	RMT_DB_WAL_FRAMES = 4096, /* of 4 KiB: checkpoint beyond 16 MiB */
	RMT_DB_CLOSE_FRAMES = 96, /* a writer that ends checkpoints beyond 384 KiB: the next
				   * process reads the whole log */
	RMT_DB_BLOB_MAX = 64 << 20,
};

/* A prepared statement, found again by the address of its text: pass string constants only. */
struct rmt_db_cached {
	const char *sql;
	sqlite3_stmt *statement;
};

/* A text of the table `terms` and its id. */
struct rmt_db_term {
	char text[120];
	int64_t id;
};

struct rmt_db {
	sqlite3 *sqlite;
	char *home, *path;
	unsigned wait; /* seconds */
	int mode;
	int lock;        /* descriptor of home/lock, -1 when opened for reading */
	bool writing;    /* between begin and the end of the transaction: the lock is held */
	int64_t last_id; /* highest id of tbs and certificates, known while writing */
	int64_t last_event; /* id of the event written last */
	int64_t owner, owner_pid; /* row of this process in owners, 0 when not written yet */
	int64_t owner_before;     /* the same when the transaction under way began */
	int frames;               /* in the WAL after the last commit */
	int checkpoint_at;        /* frames from which the next checkpoint is tried */
	struct rmt_db_cached statements[RMT_DB_STATEMENTS];
	struct rmt_db_term terms[RMT_DB_TERMS];
	unsigned next_term;
	struct rmt_buf folded; /* scratch of adding a name */
	struct rmt_buf held;   /* what the last single read handed out */
};

/* ---- errors (fail.c)
 * --------------------------------------------------------------------------------------------- */

/* Turn a SQLite result into one sentence about the database; returns -1. `doing`: "record the
 * certificate". */
int rmt_db_fail(struct rmt_db *db, int result, const char *doing, struct rmt_err *err);
/* What SQLite's own check found (its words), as such a sentence; returns -1. */
int rmt_db_fail_check(struct rmt_db *db, const char *said, struct rmt_err *err);
/* One sentence of class RMT_DATABASE with the database as its source; returns -1. */
int rmt_db_refuse(const char *path, struct rmt_err *err, const char *format, ...) RMT_PRINTF(3, 4);

/* ---- statements (statement.c)
 * ------------------------------------------------------------------------------------ */

/* Parameters are bound in order, without copying: what they point to must last until the step. */
struct rmt_db_query {
	struct rmt_db *db;
	sqlite3_stmt *statement;
	int bound;
	int result;
};

/* Start a query on a constant text. A statement in use by an outer call is an error. */
int
rmt_db_query(struct rmt_db *db, const char *sql, struct rmt_db_query *query, struct rmt_err *err);
void rmt_db_bind_int(struct rmt_db_query *query, int64_t value);
void rmt_db_bind_id(struct rmt_db_query *query, int64_t id); /* 0 is NULL */
void rmt_db_bind_blob(struct rmt_db_query *query, struct rmt_span blob);
void rmt_db_bind_text(struct rmt_db_query *query, const char *text); /* NULL is "" */
void rmt_db_bind_null(struct rmt_db_query *query);
/* 1 a row, 0 no more, -1. */
int rmt_db_step(struct rmt_db_query *query, const char *doing, struct rmt_err *err);
void rmt_db_done(struct rmt_db_query *query); /* always, also after a failure */
/* Step a statement that yields no row, and finish it. */
int rmt_db_run(struct rmt_db_query *query, const char *doing, struct rmt_err *err);
/* Step a statement that yields one number, and finish it; where it yields none `out` stays. */
int rmt_db_number(
    struct rmt_db_query *query, const char *doing, int64_t *out, struct rmt_err *err);
/* Any number of statements without parameters. */
int rmt_db_exec(struct rmt_db *db, const char *sql, const char *doing, struct rmt_err *err);
int rmt_db_pragma(struct rmt_db *db, const char *name, int64_t *value, struct rmt_err *err);
/* The first column of every row, appended as int64_t. */
int
rmt_db_ids(struct rmt_db_query *query, const char *doing, struct rmt_buf *ids, struct rmt_err *err);
void rmt_db_statements_close(struct rmt_db *db);

struct rmt_span rmt_db_column(sqlite3_stmt *statement, int column);
/* Room for all texts and blobs of the current row, so that rmt_db_keep() never moves what it handed
 * out before. */
int rmt_db_keep_row(sqlite3_stmt *statement, struct rmt_buf *into, struct rmt_err *err);
struct rmt_span rmt_db_keep(sqlite3_stmt *statement, int column, struct rmt_buf *into);
const char *rmt_db_keep_text(sqlite3_stmt *statement, int column, struct rmt_buf *into);

/* ---- the rest ---- */

int rmt_db_must_write(struct rmt_db *db, struct rmt_err *err); /* -1 outside a transaction */
int rmt_db_checkpoint(struct rmt_db *db);                      /* under the lock; a SQLite result */
/* The next process to open the database reads the whole log first: a writer that leaves more than a
 * little empties it, unless somebody else is at work. Takes the lock. */
void rmt_db_checkpoint_at_close(struct rmt_db *db);

int rmt_db_lock_open(struct rmt_db *db, struct rmt_err *err);
int rmt_db_lock_take(struct rmt_db *db, struct rmt_err *err); /* waits as long as open was told */
bool rmt_db_lock_try(struct rmt_db *db);
void rmt_db_lock_release(struct rmt_db *db);

/* file:PATH as SQLite takes it. */
void rmt_db_write_uri(const char *path, struct rmt_buf *uri);

/* The name of the network file system with this statfs() type, or NULL for a local one. */
const char *rmt_db_volume_remote(unsigned long type);

/* One step of the schema: what leads from version - 1 to version. */
struct rmt_db_migration {
	int version;
	const char *sql;
};
extern const struct rmt_db_migration rmt_db_migrations[];
extern const size_t rmt_db_migration_count;
/* Create (from version 0) or bring up to the last of `steps`. The lock is not held. */
int rmt_db_migrate(
    struct rmt_db *db, const struct rmt_db_migration *steps, size_t count, struct rmt_err *err);

/* The id of a text in `terms`; with `add` it is written when absent. 1 found, 0 absent, -1. */
int rmt_db_term(struct rmt_db *db, const char *text, bool add, int64_t *id, struct rmt_err *err);
void rmt_db_terms_forget(struct rmt_db *db);

/* The row in `owners` for this process, written when absent. */
int rmt_db_owner(struct rmt_db *db, int64_t pid, int64_t *id, struct rmt_err *err);
/* Has the process of the row `id` ended? `since` is when it was last heard of. 1 yes, 0 no, -1. */
int rmt_db_owner_gone(struct rmt_db *db, int64_t id, rmt_time since, struct rmt_err *err);

/* Was the serial used by the authority, here or in what was imported? 1 yes, 0 no, -1; and the
 * sentence that says so. */
int rmt_db_serial_taken(
    struct rmt_db *db, int64_t authority, struct rmt_span serial, struct rmt_err *err);
int rmt_db_refuse_taken(struct rmt_db *db, struct rmt_span serial, struct rmt_err *err);

/* The row of an item, and the one text of its event; the same for a campaign. */
void rmt_db_item_read(sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_db_item *out);
void rmt_db_item_text(const char *plan, const struct rmt_db_item *item, struct rmt_buf *out);
void rmt_db_campaign_text(const struct rmt_db_campaign *campaign, struct rmt_buf *out);
/* Each query yields what to call a wrong row; the first that yields one is refused with its sentence. */
struct rmt_db_relation { const char *sql, *sentence; };
int rmt_db_check_relations(struct rmt_db *db, const struct rmt_db_relation *relations, size_t count,
    const char *what,
    int (*refuse)(struct rmt_db *db, const char *which, const char *why, struct rmt_err *err),
    struct rmt_err *err);
/* The event in columns `at` to `at` + 2 is the one of this kind, text and time. */
bool rmt_db_row_is_event(
    sqlite3_stmt *row, int at, const char *kind, const struct rmt_buf *text, rmt_time when);
/* Each row of a statement to `check`, with a buffer that is kept between them (check.c). */
int rmt_db_check_rows(struct rmt_db *db, const char *sql, const char *what,
    int (*check)(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err),
    struct rmt_err *err);
/* Every campaign and item is what its last event says; every revocation has its event. */
int rmt_db_check_campaigns(struct rmt_db *db, struct rmt_err *err);
int rmt_db_check_revoked(struct rmt_db *db, struct rmt_err *err);
int rmt_db_check_ocsp(struct rmt_db *db, struct rmt_err *err);
int rmt_db_check_blocked(struct rmt_db *db, struct rmt_err *err);

/* A row of the history of revocations, or of what is so now, and the one text of its event. The
 * columns are followed by the id of the row of the history. */
#define RMT_DB_REVOCATION_COLUMNS \
	"authority, serial, shard, certificate, at, reason, invalid_since, expires"
void rmt_db_revocation_read(sqlite3_stmt *row, struct rmt_db_revocation *out);
void rmt_db_revocation_text(const struct rmt_db_revocation *row, struct rmt_buf *out);
/* A revocation list, and the texts of its two events. */
void rmt_db_crl_read(sqlite3_stmt *row, struct rmt_db_crl *out);
void rmt_db_crl_text(const struct rmt_db_crl *crl, bool published, struct rmt_buf *out);

/* The row of a pending request, and the one text of its event, in which its bytes are named by
 * their hash (empty: none yet). */
#define RMT_DB_PENDING_COLUMNS \
	"p.id, p.kind, p.recorded, p.name, p.subject, p.template, p.targets, p.signer, p.asked," \
	" p.state, p.spki_hash, p.request, p.tbs, p.certificate, p.why, p.at"
enum { RMT_DB_PENDING_COLUMN_COUNT = 16 };
void rmt_db_pending_read(sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_db_pending *out);
int rmt_db_pending_text(const struct rmt_db_pending *pending, struct rmt_span der,
    struct rmt_buf *out, struct rmt_err *err);
int rmt_db_check_pending(struct rmt_db *db, struct rmt_err *err);

/* The first id that a query between two ids yields: 1 there is one, 0 none, -1. */
int rmt_db_first_between(struct rmt_db *db, const char *sql, int64_t first, int64_t last,
    int64_t *id, struct rmt_err *err);

/* Names are compared in this form: see fold.c. */
void rmt_db_fold(struct rmt_span text, struct rmt_buf *out);
/* The first bytes behind every text that begins with `prefix`; false when there are none. */
bool rmt_db_after_prefix(struct rmt_buf *prefix);

/* The encoded serials that a hexadecimal text, whole or the beginning of one, stands for: from <=
 * serial < below. */
struct rmt_db_serials {
	unsigned char from[64], below[64];
	size_t from_length, below_length;
};
int rmt_db_serials(const char *hex, struct rmt_db_serials *out, struct rmt_err *err);

/* Each of the certificates in `ids` to the visitor, with `der` with their bytes. */
int rmt_db_cert_visit(struct rmt_db *db, const struct rmt_buf *ids, bool der,
    int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err);

#endif
