/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/migrate.c - creating the schema, and bringing an older one up to date.
 *
 * Under the lock of the home. An existing database is first copied beside itself, synced; then all
 * missing steps run in one transaction, so that a crash leaves the old schema or the new one. What
 * the steps are is schema.c's.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/local.h"

static int
sync_path(const char *path, struct rmt_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (rc != 0)
		rmt_err_errno(err, RMT_DATABASE, path, "make the backup durable");
	if (fd >= 0)
		close(fd);
	return rc;
}

/* home/ca-schema1-20260131T120000Z.db */
static char *
backup_path(const struct rmt_db *db, int version, struct rmt_err *err)
{
	char name[96];
	int civil[6];

	rmt_time_to_civil(rmt_clock_now(), civil);
	snprintf(name, sizeof name, "ca-schema%d-%04d%02d%02dT%02d%02d%02dZ.db", version, civil[0],
	    civil[1], civil[2], civil[3], civil[4], civil[5]);
	return rmt_path_join(db->home, name, err);
}

static int
copy_to(struct rmt_db *db, const char *path, struct rmt_err *err)
{
	sqlite3_stmt *statement = NULL;
	int result;

	/* VACUUM INTO attaches its target. */
	sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 1);
	result = sqlite3_prepare_v2(db->sqlite, "VACUUM INTO ?1", -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	sqlite3_finalize(statement);
	sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 0);
	if (result == SQLITE_DONE)
		return 0;
	return rmt_db_fail(db, result, "back up the database before its schema changes", err);
}

static int
backup(struct rmt_db *db, int version, struct rmt_err *err)
{
	char *path = backup_path(db, version, err);
	int fd, rc = -1;

	if (path == NULL)
		return -1;
	/* SQLite takes an empty file, and so it is private from its first moment. */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		rmt_err_errno(err, RMT_DATABASE, path, "create the backup");
		goto out;
	}
	close(fd);
	if (copy_to(db, path, err) != 0 || sync_path(path, err) != 0 ||
	    sync_path(db->home, err) != 0) {
		unlink(path);
		goto out;
	}
	rc = 0;
out:
	free(path);
	return rc;
}

static int
take_steps(struct rmt_db *db, const struct rmt_db_migration *steps, size_t count, int64_t version,
    struct rmt_err *err)
{
	char sql[96];

	for (size_t i = 0; i < count; i++)
		if (steps[i].version > version &&
		    rmt_db_exec(db, steps[i].sql, "bring the schema up to date", err) != 0)
			return -1;
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    RMT_DB_APPLICATION, steps[count - 1].version);
	return rmt_db_exec(db, sql, "bring the schema up to date", err);
}

/* With the lock held, since another process may have done it while we waited. */
static int
migrate(struct rmt_db *db, const struct rmt_db_migration *steps, size_t count, struct rmt_err *err)
{
	int64_t version;

	if (rmt_db_pragma(db, "user_version", &version, err) != 0)
		return -1;
	if (version >= steps[count - 1].version)
		return 0;
	if (version == 0 &&
	    rmt_db_exec(db, "PRAGMA journal_mode = WAL", "create the database", err) != 0)
		return -1;
	if (version > 0 && backup(db, (int)version, err) != 0)
		return -1;
	if (rmt_db_exec(db, "BEGIN IMMEDIATE", "bring the schema up to date", err) != 0)
		return -1;
	if (take_steps(db, steps, count, version, err) == 0 &&
	    rmt_db_exec(db, "COMMIT", "bring the schema up to date", err) == 0) {
		/* The file then says by itself what it is. */
		(void)rmt_db_checkpoint(db);
		return version == 0 ? sync_path(db->home, err) : 0;
	}
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int
rmt_db_migrate(
    struct rmt_db *db, const struct rmt_db_migration *steps, size_t count, struct rmt_err *err)
{
	int64_t version;
	int rc;

	if (rmt_db_pragma(db, "user_version", &version, err) != 0)
		return -1;
	if (version >= steps[count - 1].version)
		return 0;
	if (rmt_db_lock_take(db, err) != 0)
		return -1;
	rc = migrate(db, steps, count, err);
	rmt_db_lock_release(db);
	return rc;
}
