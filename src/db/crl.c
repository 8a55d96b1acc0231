/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/crl.c - the numbers of revocation lists, and what was published under them.
 *
 * A number is durable before its list is signed, and never given again: one without a list is of a
 * run that was cut short. The lists themselves are not kept.
 */
#include "config.h"

#include <inttypes.h>

#include "db/local.h"

static const char doing[] = "record the revocation list";

void
rmt_db_crl_text(const struct rmt_db_crl *crl, bool published, struct rmt_buf *out)
{
	rmt_buf_clear(out);
	rmt_buf_format(out, "authority=%" PRId64 " shard=%d number=%" PRId64, crl->authority,
	    crl->shard, crl->number);
	if (published) {
		rmt_buf_format(out, " entries=%" PRId64 " sha256=", crl->entries);
		rmt_hex(crl->sha256, 0, out);
		return;
	}
	rmt_buf_format(out,
	    " base=%" PRId64 " this-update=%" PRId64 " next-update=%" PRId64 " through=%" PRId64,
	    crl->base, (int64_t)crl->this_update, (int64_t)crl->next_update, crl->through);
}

void
rmt_db_crl_read(sqlite3_stmt *row, struct rmt_db_crl *out)
{
	*out = (struct rmt_db_crl){
		.id = sqlite3_column_int64(row, 0),
		.authority = sqlite3_column_int64(row, 1),
		.shard = sqlite3_column_int(row, 2),
		.number = sqlite3_column_int64(row, 3),
		.base = sqlite3_column_int64(row, 4),
		.delta = sqlite3_column_type(row, 4) != SQLITE_NULL,
		.this_update = sqlite3_column_int64(row, 5),
		.next_update = sqlite3_column_int64(row, 6),
		.through = sqlite3_column_int64(row, 7),
		.entries = sqlite3_column_int64(row, 8),
		.sha256 = rmt_db_column(row, 9),
	};
}

static int
number_of(struct rmt_db *db, const char *sql, int64_t authority, int64_t *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, sql, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	return rmt_db_number(&query, doing, out, err);
}

static const char highest[] = "SELECT ifnull(max(number), 0) FROM crls WHERE authority = ?1";
static const char last_word[] = "SELECT ifnull(max(id), 0) FROM revocations WHERE ?1 = ?1";

int
rmt_db_crl_number(struct rmt_db *db, int64_t authority, int64_t *last, struct rmt_err *err)
{
	return number_of(db, highest, authority, last, err);
}

static const char insert[] =
    "INSERT INTO crls (authority, shard, number, base, this_update, next_update, through, event)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

int
rmt_db_crl_add(struct rmt_db *db, struct rmt_db_crl *crl, rmt_time now, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_query query;
	int64_t last;
	int rc = -1;

	if (rmt_db_must_write(db, err) != 0 ||
	    rmt_db_crl_number(db, crl->authority, &last, err) != 0 ||
	    number_of(db, last_word, 0, &crl->through, err) != 0)
		return -1;
	if (crl->number < last || crl->number < 0)
		return rmt_db_refuse(db->path, err,
		    "revocation list %" PRId64 " would come after %" PRId64
		    ": numbers of revocation lists only grow",
		    crl->number, last);
	rmt_db_crl_text(crl, false, &text);
	if (rmt_buf_check(&text, err) != 0 ||
	    rmt_db_event(db, now, "crl", rmt_buf_string(&text), err) != 0 ||
	    rmt_db_query(db, insert, &query, err) != 0)
		goto out;
	rmt_db_bind_int(&query, crl->authority);
	rmt_db_bind_int(&query, crl->shard);
	rmt_db_bind_int(&query, crl->number);
	if (crl->delta)
		rmt_db_bind_int(&query, crl->base);
	else
		rmt_db_bind_null(&query);
	rmt_db_bind_int(&query, crl->this_update);
	rmt_db_bind_int(&query, crl->next_update);
	rmt_db_bind_int(&query, crl->through);
	rmt_db_bind_int(&query, db->last_event);
	rc = rmt_db_run(&query, doing, err);
	if (rc == 0)
		crl->id = sqlite3_last_insert_rowid(db->sqlite);
out:
	rmt_buf_free(&text);
	return rc;
}

static const char finish[] =
    "UPDATE crls SET entries = ?1, sha256 = ?2, published = ?3 WHERE id = ?4 AND sha256 IS NULL";

int
rmt_db_crl_published(
    struct rmt_db *db, const struct rmt_db_crl *crl, rmt_time now, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_query query;
	int rc = -1;

	rmt_db_crl_text(crl, true, &text);
	if (rmt_buf_check(&text, err) != 0 ||
	    rmt_db_event(db, now, "crl-published", rmt_buf_string(&text), err) != 0 ||
	    rmt_db_query(db, finish, &query, err) != 0)
		goto out;
	rmt_db_bind_int(&query, crl->entries);
	rmt_db_bind_blob(&query, crl->sha256);
	rmt_db_bind_int(&query, db->last_event);
	rmt_db_bind_int(&query, crl->id);
	rc = rmt_db_run(&query, doing, err);
	if (rc == 0 && sqlite3_changes(db->sqlite) != 1)
		rc = rmt_db_refuse(db->path, err,
		    "there is no revocation list %" PRId64 " that waits to be published", crl->id);
out:
	rmt_buf_free(&text);
	return rc;
}

#define COLUMNS \
	"id, authority, shard, number, base, this_update, next_update, through, entries, sha256"
static const char newest[] =
    "SELECT " COLUMNS " FROM crls WHERE authority = ?1 AND shard = ?2 AND sha256 IS NOT NULL"
    " AND (base IS NOT NULL) = ?3 ORDER BY number DESC LIMIT 1";

int
rmt_db_crl_newest(struct rmt_db *db, int64_t authority, int shard, bool delta,
    struct rmt_db_crl *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, newest, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_int(&query, shard);
	rmt_db_bind_int(&query, delta);
	rc = rmt_db_step(&query, "read the revocation lists", err);
	if (rc == 1 && rmt_db_keep_row(query.statement, &db->held, err) != 0)
		rc = -1;
	if (rc == 1) {
		rmt_db_crl_read(query.statement, out);
		out->sha256 = rmt_db_keep(query.statement, 9, &db->held);
	}
	rmt_db_done(&query);
	return rc;
}
