/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/revoke.c - what happened to serial numbers of our authorities: revoked, put on hold, released.
 *
 * Each is a row of the history with its event; a trigger of the schema keeps the table of what is
 * so now, and refuses what may not follow what was before. What a revocation list or an answer
 * looks like is not known here; what was published is crl.c's.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/local.h"

enum { HOLD = 6, RELEASED = 8, UNUSED = 7, LAST_REASON = 10 };

void
rmt_db_revocation_text(const struct rmt_db_revocation *row, struct rmt_buf *out)
{
	rmt_buf_clear(out);
	rmt_buf_format(out, "certificate=%" PRId64 " reason=%d authority=%" PRId64 " serial=",
	    row->certificate, row->reason, row->authority);
	rmt_hex(row->serial, 0, out);
	rmt_buf_format(out, " shard=%d at=%" PRId64 " invalid-since=%" PRId64 " expires=%" PRId64,
	    row->shard, (int64_t)row->at, (int64_t)row->invalid_since, (int64_t)row->expires);
}

void
rmt_db_revocation_read(sqlite3_stmt *row, struct rmt_db_revocation *out)
{
	*out = (struct rmt_db_revocation){
		.authority = sqlite3_column_int64(row, 0),
		.serial = rmt_db_column(row, 1),
		.shard = sqlite3_column_int(row, 2),
		.certificate = sqlite3_column_int64(row, 3),
		.at = sqlite3_column_int64(row, 4),
		.reason = sqlite3_column_int(row, 5),
		.invalid_since = sqlite3_column_int64(row, 6),
		.expires = sqlite3_column_int64(row, 7),
		.id = sqlite3_column_int64(row, 8),
	};
}

/* ---- what is so now ---- */

static const char by_serial[] =
    "SELECT " RMT_DB_REVOCATION_COLUMNS ", changed FROM revoked WHERE authority = ?1 AND serial = ?2";
static const char by_certificate[] =
    "SELECT " RMT_DB_REVOCATION_COLUMNS ", changed FROM revoked WHERE certificate = ?1";

static int
fetch(struct rmt_db_query *query, struct rmt_buf *buf, struct rmt_db_revocation *out,
    struct rmt_err *err)
{
	int rc = rmt_db_step(query, "read the revocations", err);

	if (rc == 1 && rmt_db_keep_row(query->statement, buf, err) != 0)
		rc = -1;
	if (rc == 1) {
		rmt_db_revocation_read(query->statement, out);
		out->serial = rmt_db_keep(query->statement, 1, buf);
	}
	rmt_db_done(query);
	return rc;
}

static int
look(struct rmt_db *db, int64_t authority, struct rmt_span serial, struct rmt_buf *buf,
    struct rmt_db_revocation *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, by_serial, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_blob(&query, serial);
	return fetch(&query, buf, out, err);
}

int
rmt_db_revoked_serial(struct rmt_db *db, int64_t authority, struct rmt_span serial,
    struct rmt_db_revocation *out, struct rmt_err *err)
{
	return look(db, authority, serial, &db->held, out, err);
}

int
rmt_db_revoked_certificate(
    struct rmt_db *db, int64_t certificate, struct rmt_db_revocation *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, by_certificate, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, certificate);
	return fetch(&query, &db->held, out, err);
}

/* ---- a change ---- */

static const char insert[] = "INSERT INTO revocations (" RMT_DB_REVOCATION_COLUMNS ", event)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

static int
refuse(struct rmt_db *db, const struct rmt_db_revocation *row, const char *why, struct rmt_err *err)
{
	struct rmt_buf serial = { 0 };

	rmt_hex(row->serial, 0, &serial);
	rmt_db_refuse(db->path, err, "the certificate with the serial number %.64s %s",
	    rmt_buf_string(&serial), why);
	rmt_buf_free(&serial);
	return -1;
}

/* Why it may not follow what is so now, or NULL. The trigger holds the same, in fewer words. */
static const char *
hinders(const struct rmt_db_revocation *now, const struct rmt_db_revocation *row)
{
	if (row->reason == RELEASED)
		return now == NULL		? "is not revoked"
		       : now->reason == HOLD ? NULL
					     : "is revoked for good: only a hold can be released";
	if (now == NULL || (now->reason == HOLD && row->reason != HOLD))
		return NULL;
	/* What was known by its serial alone gets its certificate. */
	if (now->certificate == 0 && row->certificate != 0 && now->reason == row->reason)
		return NULL;
	return now->reason == HOLD ? "is on hold already" : "is revoked already";
}

static int
may_follow(struct rmt_db *db, const struct rmt_db_revocation *row, struct rmt_err *err)
{
	struct rmt_buf buf = { 0 }; /* the row's serial number may be what the database handed out last */
	struct rmt_db_revocation now;
	const char *why;
	int found;

	if (row->authority == 0)
		return refuse(db, row, "is another CA's: only that CA can revoke it", err);
	if (row->reason < 0 || row->reason > LAST_REASON || row->reason == UNUSED)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "%d is no reason", row->reason);
	found = look(db, row->authority, row->serial, &buf, &now, err);
	rmt_buf_free(&buf);
	why = found < 0 ? NULL : hinders(found ? &now : NULL, row);
	return found < 0 ? -1 : why != NULL ? refuse(db, row, why, err) : 0;
}

int
rmt_db_revoke(struct rmt_db *db, const struct rmt_db_revocation *row, rmt_time now, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_query query;
	int rc = -1;

	if (rmt_db_must_write(db, err) != 0 || may_follow(db, row, err) != 0)
		return -1;
	rmt_db_revocation_text(row, &text);
	if (rmt_buf_check(&text, err) != 0 ||
	    rmt_db_event(db, now, row->reason == RELEASED ? "release" : "revoke",
		rmt_buf_string(&text), err) != 0 ||
	    rmt_db_query(db, insert, &query, err) != 0)
		goto out;
	rmt_db_bind_int(&query, row->authority);
	rmt_db_bind_blob(&query, row->serial);
	rmt_db_bind_int(&query, row->shard);
	rmt_db_bind_id(&query, row->certificate);
	rmt_db_bind_int(&query, row->at);
	rmt_db_bind_int(&query, row->reason);
	rmt_db_bind_int(&query, row->invalid_since);
	rmt_db_bind_int(&query, row->expires);
	rmt_db_bind_int(&query, db->last_event);
	rc = rmt_db_run(&query, "revoke the certificate", err);
out:
	rmt_buf_free(&text);
	return rc;
}

/* ---- for a list ---- */

/* What a line of a list says; each further column would cost a million readings. */
#define LINE "serial, at, reason, invalid_since"
static const char now_all[] = "SELECT " LINE " FROM revoked"
			      " WHERE authority = ?1 AND (expires = 0 OR expires >= ?3 OR changed > ?4)"
			      " AND ?2 = ?2 ORDER BY serial";
static const char now_shard[] =
    "SELECT " LINE " FROM revoked INDEXED BY revoked_shard"
    " WHERE authority = ?1 AND shard = ?2 AND (expires = 0 OR expires >= ?3 OR changed > ?4)"
    " AND shard > 0 ORDER BY serial";
/* The last word on each serial number of which there was one since. */
static const char since[] =
    "SELECT " LINE " FROM revocations WHERE id IN"
    " (SELECT max(id) FROM revocations WHERE id > ?3 AND authority = ?1"
    "  AND (?2 = 0 OR shard = ?2) GROUP BY serial) ORDER BY serial";

int
rmt_db_revoked(struct rmt_db *db, const struct rmt_db_revoked_query *wanted,
    int (*visit)(void *arg, const struct rmt_db_revocation *row), void *arg, struct rmt_err *err)
{
	const char *sql = wanted->changes ? since : wanted->shard != 0 ? now_shard : now_all;
	struct rmt_db_revocation row = { .authority = wanted->authority };
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, sql, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, wanted->authority);
	rmt_db_bind_int(&query, wanted->shard);
	if (!wanted->changes)
		rmt_db_bind_int(&query, wanted->not_expired_at);
	rmt_db_bind_int(&query, wanted->after);
	while ((rc = rmt_db_step(&query, "read the revocations", err)) == 1) {
		row.serial = rmt_db_column(query.statement, 0);
		row.at = sqlite3_column_int64(query.statement, 1);
		row.reason = sqlite3_column_int(query.statement, 2);
		row.invalid_since = sqlite3_column_int64(query.statement, 3);
		rc = visit(arg, &row);
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}
