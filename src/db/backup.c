/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/backup.c - a copy of the database while others write to it, and what is needed before a copy
 * takes the place of the original.
 *
 * The copy is of one state: the snapshot that rmt_db_still() holds, so that writers are not waited
 * for and need not wait. Page by page it is the same file, in WAL mode like the original.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "db/local.h"

enum { PAGES = 1024 }; /* at once, between two reports */

static const char doing[] = "back up the database";

static int
open_copy(const char *path, sqlite3 **copy, struct rmt_err *err)
{
	/* SQLite takes an empty file, and so it is private from its first moment. */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result;

	if (fd < 0)
		return rmt_err_errno(err, RMT_INPUT, path, "create the backup");
	close(fd);
	result = sqlite3_open_v2(path, copy,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE |
		SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
	    NULL);
	/* Nobody sees it before it is whole: there is nothing to roll back to, and it is synced at
	 * the end. */
	if (result == SQLITE_OK)
		result = sqlite3_exec(*copy,
		    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL);
	return result == SQLITE_OK ? 0
				   : rmt_db_refuse(path, err, "cannot create the backup: %s",
					 sqlite3_errstr(result));
}

static int
copy_pages(sqlite3_backup *backup, int (*progress)(void *arg, uint64_t done, uint64_t total),
    void *arg)
{
	int result;

	while ((result = sqlite3_backup_step(backup, PAGES)) == SQLITE_OK) {
		int total = sqlite3_backup_pagecount(backup);
		int left = sqlite3_backup_remaining(backup);

		if (progress != NULL && progress(arg, (uint64_t)(total - left), (uint64_t)total) != 0)
			return SQLITE_ABORT;
	}
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int
sync_copy(const char *path, struct rmt_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (rc != 0)
		rmt_err_errno(err, RMT_INPUT, path, "make the backup durable");
	if (fd >= 0)
		close(fd);
	return rc;
}

int
rmt_db_backup(struct rmt_db *db, const char *path,
    int (*progress)(void *arg, uint64_t done, uint64_t total), void *arg, struct rmt_err *err)
{
	sqlite3 *copy = NULL;
	sqlite3_backup *backup;
	int result, rc = -1;

	if (open_copy(path, &copy, err) != 0)
		goto out;
	backup = sqlite3_backup_init(copy, "main", db->sqlite, "main");
	if (backup == NULL) {
		rmt_db_refuse(path, err, "cannot %s: %s", doing, sqlite3_errmsg(copy));
		goto out;
	}
	result = copy_pages(backup, progress, arg);
	if (sqlite3_backup_finish(backup) != SQLITE_OK && result == SQLITE_OK)
		result = SQLITE_IOERR;
	if (result == SQLITE_ABORT)
		rmt_err_set(err, RMT_USAGE, NULL, "stopped by the caller");
	else if (result != SQLITE_OK)
		rmt_db_refuse(path, err, "cannot %s: %s", doing,
		    (result & 0xff) == SQLITE_FULL ? "the disk is full" : sqlite3_errstr(result));
	else
		rc = 0;
out:
	sqlite3_close_v2(copy);
	return rc == 0 ? sync_copy(path, err) : -1;
}

/* ---- what a status wants of the past ---- */

static const char last_of[] = "SELECT id, at FROM events INDEXED BY events_upkeep"
			      " WHERE kind = ?1 AND kind IN ('backup', 'restore', 'checkpoint')"
			      " ORDER BY id DESC LIMIT 1";

int
rmt_db_last_upkeep(
    struct rmt_db *db, const char *kind, int64_t *id, rmt_time *when, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	*id = *when = 0;
	if (rmt_db_query(db, last_of, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, kind);
	rc = rmt_db_step(&query, "read the event log", err);
	if (rc == 1) {
		*id = sqlite3_column_int64(query.statement, 0);
		*when = sqlite3_column_int64(query.statement, 1);
	}
	rmt_db_done(&query);
	return rc;
}
