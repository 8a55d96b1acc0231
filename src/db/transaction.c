/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/transaction.c - write transactions under the lock of the home, and the checkpoint that follows
 * a commit when the write-ahead log has grown.
 *
 * A failed commit is rolled back here: either way the transaction is over and the lock is free when
 * commit returns.
 */
#include "config.h"

#include "db/local.h"

static const char highest_id[] = "SELECT max(ifnull((SELECT max(id) FROM tbs), 0), ifnull((SELECT "
				 "max(id) FROM certificates), 0))";

static int
read_highest_id(struct rmt_db *db, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, highest_id, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, "read the database", err);
	if (rc == 1)
		db->last_id = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return rc < 0 ? -1 : 0;
}

static void
end(struct rmt_db *db)
{
	db->writing = false;
	rmt_db_lock_release(db);
}

static int
may_begin(const struct rmt_db *db, struct rmt_err *err)
{
	if (db->mode == RMT_DB_READ)
		return rmt_err_set(
		    err, RMT_INTERNAL, NULL, "a write to a database opened for reading");
	if (db->writing)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "a transaction within a transaction");
	return 0;
}

/* The lock is held. */
static int
begin(struct rmt_db *db, struct rmt_err *err)
{
	db->writing = true;
	db->owner_before = db->owner;
	if (rmt_db_exec(db, "BEGIN IMMEDIATE", "write to the database", err) == 0 &&
	    read_highest_id(db, err) == 0)
		return 0;
	rmt_db_rollback(db);
	return -1;
}

int
rmt_db_begin(struct rmt_db *db, struct rmt_err *err)
{
	return may_begin(db, err) != 0 || rmt_db_lock_take(db, err) != 0 ? -1 : begin(db, err);
}

int
rmt_db_begin_now(struct rmt_db *db, struct rmt_err *err)
{
	if (may_begin(db, err) != 0)
		return -1;
	if (!rmt_db_lock_try(db))
		return 0;
	return begin(db, err) == 0 ? 1 : -1;
}

int
rmt_db_checkpoint(struct rmt_db *db)
{
	int in_log = 0, copied = 0;
	int result = sqlite3_wal_checkpoint_v2(
	    db->sqlite, "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);

	/* A reader may hold it up: then not again at every commit, but when the log has grown by a
	 * quarter. */
	db->checkpoint_at = RMT_DB_WAL_FRAMES;
	if (result != SQLITE_OK || copied < in_log)
		db->checkpoint_at = in_log + RMT_DB_WAL_FRAMES / 4;
	return result;
}

void
rmt_db_checkpoint_at_close(struct rmt_db *db)
{
	if (db->frames <= RMT_DB_CLOSE_FRAMES || !rmt_db_lock_try(db))
		return;
	sqlite3_busy_timeout(db->sqlite, 0);
	sqlite3_wal_checkpoint_v2(db->sqlite, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	rmt_db_lock_release(db);
}

int
rmt_db_commit(struct rmt_db *db, struct rmt_err *err)
{
	if (rmt_err_memory_noted())
		rmt_err_memory(err);
	if (rmt_err_memory_noted() || rmt_db_must_write(db, err) != 0 ||
	    rmt_db_exec(db, "COMMIT", "make the entries durable", err) != 0) {
		rmt_db_rollback(db);
		return -1;
	}
	/* What is committed is durable in the log already: a checkpoint that fails is left to the
	 * next commit. */
	if (db->frames < RMT_DB_WAL_FRAMES)
		db->checkpoint_at = RMT_DB_WAL_FRAMES;
	else if (db->frames >= db->checkpoint_at)
		(void)rmt_db_checkpoint(db);
	end(db);
	return 0;
}

void
rmt_db_rollback(struct rmt_db *db)
{
	if (!db->writing)
		return;
	/* SQLite may have rolled back by itself, as after a full disk. */
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	db->owner = db->owner_before;
	rmt_db_terms_forget(db);
	end(db);
}

int
rmt_db_must_write(struct rmt_db *db, struct rmt_err *err)
{
	if (!db->writing)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "a write outside a transaction");
	if (sqlite3_get_autocommit(db->sqlite))
		return rmt_db_refuse(db->path, err,
		    "the entries could not be written and were taken back: run it again");
	return 0;
}
