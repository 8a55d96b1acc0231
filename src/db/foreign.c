/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/foreign.c - another program's SQLite file, looked at and never trusted: opened for reading
 * only, checked before the first row, and asked for the columns of plain tables alone.
 *
 * Views, virtual tables and whatever SQL its schema holds are never run, the work of one question
 * is bounded by the size of the file, and nothing is written, beside the file neither. What the
 * columns mean is not known here.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "db/local.h"

enum {
	HEADER_BYTES = 100,
	WAL_VERSION = 2,  /* byte 18 and 19 of the header */
	STEPS = 10000,    /* of SQLite's machine between two looks at the bound */
	CELL_MAX = 16 << 20,
	SCHEMA_COLUMNS = 2000,
};
static const int64_t file_max = INT64_C(4) << 30;

struct rmt_db_foreign {
	sqlite3 *sqlite;
	char *path;
	int64_t size, steps; /* steps that are left for the question under way, in STEPS */
};

static int
refuse(const struct rmt_db_foreign *foreign, struct rmt_err *err, const char *why)
{
	rmt_err_set(err, RMT_INPUT, NULL, "%s", why);
	rmt_err_source(err, foreign->path);
	return -1;
}

static int
fail(const struct rmt_db_foreign *foreign, int result, struct rmt_err *err)
{
	const char *said = foreign->sqlite ? sqlite3_errmsg(foreign->sqlite) : "";

	if (result == SQLITE_NOMEM) /* which it says of sizes in a damaged file, too */
		return refuse(foreign, err, "this SQLite database is damaged, or needs more memory than there is");
	if ((result & 0xff) == SQLITE_INTERRUPT)
		return refuse(foreign, err, "reading this database goes on and on: it is damaged");
	rmt_err_set(err, RMT_INPUT, NULL, "this SQLite database cannot be read (%.200s)", said);
	rmt_err_source(err, foreign->path);
	return -1;
}

static int
is_enough(void *arg)
{
	struct rmt_db_foreign *foreign = arg;

	return --foreign->steps < 0;
}

/* ---- opening ---- */

static int64_t
size_beside(const char *path, const char *suffix)
{
	struct rmt_buf beside = { 0 };
	struct stat st;
	int64_t size = 0;

	rmt_buf_format(&beside, "%s%s", path, suffix);
	if (!beside.failed && stat(rmt_buf_string(&beside), &st) == 0)
		size = st.st_size;
	rmt_buf_free(&beside);
	return size;
}

bool
rmt_db_foreign_is(const char *path)
{
	struct rmt_stream *stream = rmt_path_is_regular(path) ? rmt_stream_open(path, NULL) : NULL;
	struct rmt_span ahead = { NULL, 0 };
	bool is = stream && rmt_stream_peek(stream, 16, &ahead, NULL) == 0 && ahead.length == 16 &&
		  memcmp(ahead.at, "SQLite format 3", 16) == 0;

	rmt_stream_free(stream);
	return is;
}

/* What is wrong is said before SQLite is asked; *log says that the file is written through a log. */
static int
look_at(struct rmt_db_foreign *foreign, bool *log, struct rmt_err *err)
{
	struct rmt_stream *stream;
	struct rmt_span head;
	struct stat st;
	int rc = -1;

	if (stat(foreign->path, &st) != 0)
		return rmt_err_errno(err, RMT_INPUT, foreign->path, "open the database");
	if (!S_ISREG(st.st_mode))
		return refuse(foreign, err, "this is no file");
	foreign->size = st.st_size;
	if (foreign->size > file_max)
		return refuse(foreign, err, "a database of more than 4 GiB is not read");
	stream = rmt_stream_open(foreign->path, err);
	if (stream == NULL || rmt_stream_peek(stream, HEADER_BYTES, &head, err) != 0)
		goto out;
	if (head.length < HEADER_BYTES || memcmp(head.at, "SQLite format 3", 16) != 0) {
		rc = refuse(foreign, err, "this is no SQLite database, or it was cut short");
		goto out;
	}
	*log = head.at[18] == WAL_VERSION || head.at[19] == WAL_VERSION;
	rc = 0;
	if (size_beside(foreign->path, "-wal") > 0 || size_beside(foreign->path, "-journal") > 0)
		rc = refuse(foreign, err,
		    "its last changes stand in a file beside it (-wal or -journal): end the program "
		    "that uses it, or make a copy with its own means");
out:
	rmt_stream_free(stream);
	return rc;
}

static const struct {
	int option, value;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
};
static const struct {
	int limit, value;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, CELL_MAX },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_SQL_LENGTH, 64 << 10 },
	{ SQLITE_LIMIT_COLUMN, SCHEMA_COLUMNS },
	{ SQLITE_LIMIT_EXPR_DEPTH, 50 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 3 },
	{ SQLITE_LIMIT_VDBE_OP, 25000 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static void
harden(struct rmt_db_foreign *foreign)
{
	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
		sqlite3_db_config(foreign->sqlite, switches[i].option, switches[i].value, (int *)NULL);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		sqlite3_limit(foreign->sqlite, limits[i].limit, limits[i].value);
	sqlite3_busy_timeout(foreign->sqlite, 5000);
	sqlite3_progress_handler(foreign->sqlite, STEPS, is_enough, foreign);
}

/* A question may take a few steps for each byte of the file, and never too few. */
static void
begin_question(struct rmt_db_foreign *foreign)
{
	foreign->steps = (foreign->size * 4 + (INT64_C(50) << 20)) / STEPS;
}

/* A file that is written through a log can only be read without making one beside it when it is
 * taken to stay as it is; any other is read under SQLite's own lock. */
static int
connect_file(struct rmt_db_foreign *foreign, bool log, struct rmt_err *err)
{
	struct rmt_buf uri = { 0 };
	int result;

	rmt_db_write_uri(foreign->path, &uri);
	if (log)
		rmt_buf_text(&uri, "?immutable=1");
	if (rmt_buf_check(&uri, err) != 0) {
		rmt_buf_free(&uri);
		return -1;
	}
	result = sqlite3_open_v2(rmt_buf_string(&uri), &foreign->sqlite,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	rmt_buf_free(&uri);
	if (result != SQLITE_OK)
		return fail(foreign, result, err);
	harden(foreign);
	begin_question(foreign);
	result = sqlite3_exec(foreign->sqlite,
	    "PRAGMA cell_size_check = ON; PRAGMA query_only = ON; PRAGMA mmap_size = 0;"
	    "PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;",
	    NULL, NULL, NULL);
	return result == SQLITE_OK ? 0 : fail(foreign, result, err);
}

static int
check(struct rmt_db_foreign *foreign, struct rmt_err *err)
{
	sqlite3_stmt *statement = NULL;
	bool sound = false;
	int result;

	begin_question(foreign);
	result = sqlite3_prepare_v2(foreign->sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		const char *said = (const char *)sqlite3_column_text(statement, 0);

		result = said != NULL ? SQLITE_ROW : SQLITE_NOMEM;
		sound = said != NULL && strcmp(said, "ok") == 0;
	}
	sqlite3_finalize(statement);
	if (result != SQLITE_ROW)
		return fail(foreign, result, err);
	return sound ? 0 : refuse(foreign, err, "this SQLite database is damaged (PRAGMA quick_check)");
}

struct rmt_db_foreign *
rmt_db_foreign_open(const char *path, struct rmt_err *err)
{
	struct rmt_db_foreign *foreign = calloc(1, sizeof *foreign);
	bool log = false;

	if (foreign == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	foreign->path = rmt_strdup(path, err);
	if (foreign->path != NULL && look_at(foreign, &log, err) == 0 &&
	    connect_file(foreign, log, err) == 0 && check(foreign, err) == 0)
		return foreign;
	rmt_db_foreign_close(foreign);
	return NULL;
}

void
rmt_db_foreign_close(struct rmt_db_foreign *foreign)
{
	if (foreign == NULL)
		return;
	sqlite3_close_v2(foreign->sqlite);
	free(foreign->path);
	free(foreign);
}

/* ---- questions ---- */

static bool
is_plain(const char *name)
{
	for (; *name; name++)
		if (!(*name == '_' || (*name >= '0' && *name <= '9') ||
			((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z')))
			return false;
	return true;
}

/* 1 there is a table with a tree of its own, 0 none, -1. */
static int
is_table(struct rmt_db_foreign *foreign, const char *table, struct rmt_err *err)
{
	static const char sql[] = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND rootpage > 1"
				  " AND lower(name) = ?1";
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(foreign->sqlite, sql, -1, &statement, NULL);

	begin_question(foreign);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : fail(foreign, result, err);
}

/* Is it a column that is stored? A computed one holds SQL of the file's maker. */
static int
is_column(struct rmt_db_foreign *foreign, const char *table, const char *column, struct rmt_err *err)
{
	struct rmt_buf sql = { 0 };
	sqlite3_stmt *statement = NULL;
	int result, found = 0;

	rmt_buf_format(&sql, "PRAGMA table_xinfo(\"%s\")", table);
	if (rmt_buf_check(&sql, err) != 0) {
		rmt_buf_free(&sql);
		return -1;
	}
	begin_question(foreign);
	result = sqlite3_prepare_v2(foreign->sqlite, rmt_buf_string(&sql), -1, &statement, NULL);
	rmt_buf_free(&sql);
	while (result == SQLITE_OK || result == SQLITE_ROW) {
		const char *name;

		result = sqlite3_step(statement);
		if (result != SQLITE_ROW)
			break;
		name = (const char *)sqlite3_column_text(statement, 1);
		if (name == NULL)
			result = SQLITE_NOMEM;
		found |= name && sqlite3_stricmp(name, column) == 0 &&
			 sqlite3_column_int(statement, 6) == 0;
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? found : fail(foreign, result, err);
}

int
rmt_db_foreign_has(struct rmt_db_foreign *foreign, const char *table, const char *const *columns,
    struct rmt_err *err)
{
	int rc = is_plain(table) ? is_table(foreign, table, err) : 0;

	for (size_t i = 0; rc == 1 && columns[i]; i++)
		rc = is_plain(columns[i]) ? is_column(foreign, table, columns[i], err) : 0;
	return rc;
}

/* A text may have to be turned into UTF-8, for which memory may be out. */
static int
fill_cell(sqlite3_stmt *row, int column, struct rmt_foreign_cell *out)
{
	const void *text;

	*out = (struct rmt_foreign_cell){ .number = 0 };
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_INTEGER:
		out->is_number = true;
		out->number = sqlite3_column_int64(row, column);
		break;
	case SQLITE_TEXT:
		text = sqlite3_column_text(row, column);
		if (text == NULL)
			return SQLITE_NOMEM;
		out->text = rmt_span_of(text, (size_t)sqlite3_column_bytes(row, column));
		break;
	case SQLITE_BLOB:
		out->text = rmt_span_of(sqlite3_column_blob(row, column),
		    (size_t)sqlite3_column_bytes(row, column));
		break;
	default: /* NULL, and fractions, which nothing that is read here can be */
		break;
	}
	return SQLITE_OK;
}

int
rmt_db_foreign_rows(struct rmt_db_foreign *foreign, const char *table, const char *const *columns,
    int (*visit)(void *arg, int64_t row, const struct rmt_foreign_cell *cells), void *arg,
    struct rmt_err *err)
{
	struct rmt_foreign_cell cells[RMT_FOREIGN_CELLS_MAX];
	struct rmt_buf sql = { 0 };
	sqlite3_stmt *statement = NULL;
	int result, count = 0, rc = rmt_db_foreign_has(foreign, table, columns, err);

	if (rc != 1)
		return rc < 0 ? -1 : refuse(foreign, err, "a table that should be in it is not");
	rmt_buf_text(&sql, "SELECT rowid");
	for (; columns[count]; count++)
		rmt_buf_format(&sql, ", \"%s\"", columns[count]);
	rmt_buf_format(&sql, " FROM \"%s\" NOT INDEXED ORDER BY rowid", table);
	if (rmt_buf_check(&sql, err) != 0 || count > RMT_FOREIGN_CELLS_MAX) {
		rmt_buf_free(&sql);
		return -1;
	}
	begin_question(foreign);
	result = sqlite3_prepare_v2(foreign->sqlite, rmt_buf_string(&sql), -1, &statement, NULL);
	rmt_buf_free(&sql);
	rc = result == SQLITE_OK ? 0 : fail(foreign, result, err);
	while (rc == 0 && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		int lost = SQLITE_OK;

		for (int i = 0; i < count && lost == SQLITE_OK; i++)
			lost = fill_cell(statement, i + 1, &cells[i]);
		rc = lost == SQLITE_OK ? visit(arg, sqlite3_column_int64(statement, 0), cells)
				       : fail(foreign, lost, err);
	}
	if (rc == 0 && result != SQLITE_DONE)
		rc = fail(foreign, result, err);
	sqlite3_finalize(statement);
	return rc;
}
