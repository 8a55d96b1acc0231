/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/open.c - opening and closing the database of a home.
 *
 * Everything that can be wrong with the home is looked at before SQLite is asked, since SQLite says
 * "unable to open database file" to most of it. Our own code never opens ca.db once it exists:
 * closing it would drop the locks of other connections of this process.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "db/local.h"

static int
check_home(const char *home, int mode, struct rmt_err *err)
{
	struct statfs volume;
	struct stat st;
	const char *remote;

	if (stat(home, &st) != 0 && errno == ENOENT)
		return rmt_db_refuse(
		    home, err, "there is no such home: make one with \"remint init\"");
	if (stat(home, &st) != 0 || statfs(home, &volume) != 0)
		return rmt_err_errno(err, RMT_DATABASE, home, "open the home");
	if (!S_ISDIR(st.st_mode))
		return rmt_db_refuse(home, err, "the home is not a directory");
	if (access(home, X_OK) != 0)
		return rmt_db_refuse(home, err, "this user may not enter the home");
	remote = rmt_db_volume_remote((unsigned long)volume.f_type);
	if (remote != NULL)
		return rmt_db_refuse(home, err,
		    "the home is on a network file system (%s), where the database cannot be kept "
		    "safe: put it on a local disk",
		    remote);
	if (mode != RMT_DB_READ && access(home, W_OK) != 0)
		return rmt_db_refuse(home, err, "the home cannot be written: %s",
		    errno == EROFS ? "its file system is read-only"
				   : "this user may not create files in it");
	return 0;
}

/* Where there are keys, a database was lost; else there never was one. */
static int
refuse_nothing(const char *home, const char *path, const char *what, const char *never, struct rmt_err *err)
{
	struct rmt_buf keys = { 0 };
	bool lost;

	rmt_buf_format(&keys, "%s/keys", home);
	lost = !keys.failed && rmt_path_exists(rmt_buf_string(&keys));
	rmt_buf_free(&keys);
	return rmt_db_refuse(path, err, "%s%s", what, lost ? ", although the home has keys: " RMT_DB_REMEDY : never);
}

static int
check_file(const char *home, const char *path, int mode, struct rmt_err *err)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno != ENOENT)
			return rmt_err_errno(err, RMT_DATABASE, path, "open the database");
		if (mode == RMT_DB_CREATE)
			return 0;
		return refuse_nothing(home, path, "the home holds no database", ": make one with \"remint init\"", err);
	}
	if (!S_ISREG(st.st_mode))
		return rmt_db_refuse(path, err, "%s where the database should be",
		    S_ISDIR(st.st_mode)   ? "there is a directory"
		    : S_ISLNK(st.st_mode) ? "there is a symbolic link"
					  : "there is no regular file");
	if (access(path, R_OK) != 0)
		return rmt_db_refuse(path, err, "this user may not read the database");
	if (mode != RMT_DB_READ && access(path, W_OK) != 0)
		return rmt_db_refuse(path, err, "the database is read-only for this user");
	return 0;
}

/* An empty file, private from its first moment: SQLite gives its other files the same mode. */
static int
create_file(const char *path, struct rmt_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST
			   ? 0
			   : rmt_err_errno(err, RMT_DATABASE, path, "create the database");
	close(fd);
	return 0;
}

static int
after_commit(void *arg, sqlite3 *sqlite, const char *name, int frames)
{
	struct rmt_db *db = arg;

	(void)sqlite;
	(void)name;
	db->frames = frames;
	return SQLITE_OK;
}

static const struct {
	int option, value;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 1 },
};

static const struct {
	int limit, value;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, RMT_DB_BLOB_MAX },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_SQL_LENGTH, 64 << 10 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 100 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static void
configure(struct rmt_db *db)
{
	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
		sqlite3_db_config(db->sqlite, switches[i].option, switches[i].value, (int *)NULL);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		sqlite3_limit(db->sqlite, limits[i].limit, limits[i].value);
	sqlite3_busy_timeout(db->sqlite, db->wait < 1000000 ? (int)db->wait * 1000 : 1000000000);
	sqlite3_wal_autocheckpoint(db->sqlite, 0);
	sqlite3_wal_hook(db->sqlite, after_commit, db);
}

static const char pragmas[] = "PRAGMA synchronous = FULL;"
			      "PRAGMA foreign_keys = ON;"
			      "PRAGMA recursive_triggers = ON;"
			      "PRAGMA cell_size_check = ON;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA cache_size = -12288;"
			      "PRAGMA journal_size_limit = 33554432;";

/* A read-only volume cannot grow a log beside the database, and nobody else can write either. */
static bool
is_immutable(const struct rmt_db *db)
{
	struct statvfs volume;
	struct rmt_buf log = { 0 };
	bool immutable;

	rmt_buf_format(&log, "%s-wal", db->path);
	immutable = db->mode == RMT_DB_READ && !log.failed &&
		    !rmt_path_exists(rmt_buf_string(&log)) && statvfs(db->path, &volume) == 0 &&
		    (volume.f_flag & ST_RDONLY) != 0;
	rmt_buf_free(&log);
	return immutable;
}

/* file:PATH with everything but plain characters escaped. */
void
rmt_db_write_uri(const char *path, struct rmt_buf *uri)
{
	rmt_buf_text(uri, "file:");
	for (; *path != '\0'; path++)
		if (strchr("/._-", *path) != NULL || (*path >= '0' && *path <= '9') ||
		    (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z'))
			rmt_buf_byte(uri, (unsigned char)*path);
		else
			rmt_buf_format(uri, "%%%02x", (unsigned)(unsigned char)*path);
}

/* A reader needs the log beside the database, or must be able to make one. */
static int
fail_open(struct rmt_db *db, int result, struct rmt_err *err)
{
	struct rmt_buf log = { 0 };
	bool hidden;

	if (db->mode != RMT_DB_READ ||
	    ((result & 0xff) != SQLITE_CANTOPEN && (result & 0xff) != SQLITE_READONLY))
		return rmt_db_fail(db, result, "open the database", err);
	rmt_buf_format(&log, "%s-wal", db->path);
	hidden = !log.failed && access(rmt_buf_string(&log), R_OK) != 0 && errno == EACCES;
	rmt_buf_free(&log);
	if (hidden)
		return rmt_db_refuse(db->path, err,
		    "this user may read the database but not its write-ahead log ca.db-wal");
	return rmt_db_refuse(db->path, err,
	    "the database cannot be read without its write-ahead log, and none can be made beside "
	    "it: "
	    "copy the home to a place that can be written");
}

static int
connect_file(struct rmt_db *db, struct rmt_err *err)
{
	int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI |
		    (db->mode == RMT_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	struct rmt_buf uri = { 0 };
	int result;

	rmt_db_write_uri(db->path, &uri);
	if (is_immutable(db))
		rmt_buf_text(&uri, "?immutable=1");
	if (rmt_buf_check(&uri, err) != 0) {
		rmt_buf_free(&uri);
		return -1;
	}
	result = sqlite3_open_v2(rmt_buf_string(&uri), &db->sqlite, flags, NULL);
	rmt_buf_free(&uri);
	if (result == SQLITE_OK) {
		configure(db);
		result = sqlite3_exec(db->sqlite, pragmas, NULL, NULL, NULL);
	}
	return result == SQLITE_OK ? 0 : fail_open(db, result, err);
}

/* 1 a database of ours with a schema, 0 none yet, -1. */
static int
identify(struct rmt_db *db, struct rmt_err *err)
{
	sqlite3_stmt *statement = NULL;
	int64_t application, version;
	int result, objects = 0;

	result = sqlite3_prepare_v2(
	    db->sqlite, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		objects = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	if (result != SQLITE_ROW)
		return fail_open(db, result, err);
	if (rmt_db_pragma(db, "application_id", &application, err) != 0 ||
	    rmt_db_pragma(db, "user_version", &version, err) != 0)
		return -1;
	if (objects == 0 && version == 0)
		return 0;
	if (application != RMT_DB_APPLICATION || version < 1)
		return rmt_db_fail(db, SQLITE_NOTADB, "open the database", err);
	if (version > rmt_db_schema_version())
		return rmt_db_refuse(db->path, err,
		    "the database has schema %lld, made by a newer Remint than this one, which "
		    "knows "
		    "schema %d: use the newer one",
		    (long long)version, rmt_db_schema_version());
	return 1;
}

static int
establish(struct rmt_db *db, struct rmt_err *err)
{
	int64_t version;
	int rc;

	if (connect_file(db, err) != 0 || (rc = identify(db, err)) < 0)
		return -1;
	if (rc == 0 && db->mode != RMT_DB_CREATE)
		return refuse_nothing(db->home, db->path, "the database is empty",
		    ", its creation was interrupted: remove the home and run \"remint init\" again", err);
	if (rc == 1 && db->mode == RMT_DB_CREATE)
		return rmt_db_refuse(db->path, err, "the home holds a database already");
	if (db->mode != RMT_DB_READ)
		return rmt_db_migrate(db, rmt_db_migrations, rmt_db_migration_count, err);
	if (rmt_db_pragma(db, "user_version", &version, err) != 0)
		return -1;
	if (version < rmt_db_schema_version())
		return rmt_db_refuse(db->path, err,
		    "the database has the older schema %lld: any command that writes brings it to "
		    "%d",
		    (long long)version, rmt_db_schema_version());
	return 0;
}

/* The home without symbolic links on its way: the database file itself may then be refused for
 * being one. */
static int
find(struct rmt_db *db, const char *home, struct rmt_err *err)
{
	if (check_home(home, db->mode, err) != 0)
		return -1;
	db->home = realpath(home, NULL);
	if (db->home == NULL)
		return rmt_err_errno(err, RMT_DATABASE, home, "open the home");
	db->path = rmt_path_join(db->home, "ca.db", err);
	if (db->path == NULL || check_file(db->home, db->path, db->mode, err) != 0)
		return -1;
	if (db->mode == RMT_DB_CREATE && create_file(db->path, err) != 0)
		return -1;
	return db->mode == RMT_DB_READ ? 0 : rmt_db_lock_open(db, err);
}

struct rmt_db *
rmt_db_open(const char *home, int mode, unsigned wait_seconds, struct rmt_err *err)
{
	struct rmt_db *db = calloc(1, sizeof *db);

	if (db == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	db->mode = mode;
	db->wait = wait_seconds;
	db->lock = -1;
	db->checkpoint_at = RMT_DB_WAL_FRAMES;
	if (find(db, home, err) == 0 && establish(db, err) == 0)
		return db;
	rmt_db_close(db);
	return NULL;
}

void
rmt_db_close(struct rmt_db *db)
{
	if (db == NULL)
		return;
	rmt_db_rollback(db);
	rmt_db_statements_close(db);
	rmt_db_checkpoint_at_close(db);
	sqlite3_close_v2(db->sqlite);
	if (db->lock >= 0)
		close(db->lock);
	rmt_buf_free(&db->folded);
	rmt_buf_free(&db->held);
	free(db->path);
	free(db->home);
	free(db);
}
