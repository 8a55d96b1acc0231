/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/check.c - is the file sound, is its schema the one that this program writes, do its references
 * lead somewhere?
 *
 * The schema is compared with a fresh one: a trigger that was dropped, or a table that was changed,
 * is seen. What the certificates say is not looked at here, only handed out row by row.
 */
#include "config.h"

#include <string.h>

#include "db/local.h"

static const char doing[] = "check the database";

int
rmt_db_check_rows(struct rmt_db *db, const char *sql, const char *what,
    int (*check)(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err),
    struct rmt_err *err)
{
	struct rmt_buf buf = { 0 };
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, sql, &query, err) != 0)
		return -1;
	while ((rc = rmt_db_step(&query, what, err)) == 1)
		if (check(db, query.statement, &buf, err) != 0) {
			rc = -1;
			break;
		}
	rmt_db_done(&query);
	rmt_buf_free(&buf);
	return rc;
}

int
rmt_db_check_relations(struct rmt_db *db, const struct rmt_db_relation *relations, size_t count,
    const char *what,
    int (*refuse)(struct rmt_db *db, const char *which, const char *why, struct rmt_err *err),
    struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (rmt_db_query(db, relations[i].sql, &query, err) != 0)
			return -1;
		rc = rmt_db_step(&query, what, err);
		if (rc == 1)
			rc = refuse(db, (const char *)sqlite3_column_text(query.statement, 0),
			    relations[i].sentence, err);
		rmt_db_done(&query);
	}
	return rc;
}

bool
rmt_db_row_is_event(
    sqlite3_stmt *row, int at, const char *kind, const struct rmt_buf *text, rmt_time when)
{
	return rmt_span_equal(rmt_db_column(row, at), rmt_span_text(kind)) &&
	       rmt_span_equal(rmt_db_column(row, at + 1), rmt_buf_view(text)) &&
	       sqlite3_column_int64(row, at + 2) == when;
}

/* The first line that integrity_check prints must be "ok". */
static int
check_file(struct rmt_db *db, struct rmt_err *err)
{
	sqlite3_stmt *statement = NULL;
	const char *said = NULL;
	int rc = 0;
	int result =
	    sqlite3_prepare_v2(db->sqlite, "PRAGMA integrity_check(1)", -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		said = (const char *)sqlite3_column_text(statement, 0);
	if (said == NULL)
		rc = rmt_db_fail(db, result, doing, err);
	else if (strcmp(said, "ok") != 0)
		rc = rmt_db_fail_check(db, said, err);
	sqlite3_finalize(statement);
	return rc;
}

static int
check_references(struct rmt_db *db, struct rmt_err *err)
{
	sqlite3_stmt *statement = NULL;
	int rc = 0;
	int result =
	    sqlite3_prepare_v2(db->sqlite, "PRAGMA foreign_key_check", -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		rc = rmt_db_refuse(db->path, err,
		    "row %lld of the table %s names a row of %s that is not there",
		    (long long)sqlite3_column_int64(statement, 1),
		    (const char *)sqlite3_column_text(statement, 0),
		    (const char *)sqlite3_column_text(statement, 2));
	else if (result != SQLITE_DONE)
		rc = rmt_db_fail(db, result, doing, err);
	sqlite3_finalize(statement);
	return rc;
}

static int
read_schema(sqlite3 *sqlite, struct rmt_buf *out)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(sqlite,
	    "SELECT type || ' ' || name || ': ' || ifnull(sql, '') FROM sqlite_schema"
	    " WHERE name NOT GLOB 'sqlite_stat*' ORDER BY type, name",
	    -1, &statement, NULL);

	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(statement);
		if (result == SQLITE_ROW) {
			rmt_buf_text(out, (const char *)sqlite3_column_text(statement, 0));
			rmt_buf_byte(out, '\n');
		}
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int
fresh_schema(struct rmt_buf *out)
{
	sqlite3 *fresh = NULL;
	int result =
	    sqlite3_open_v2(":memory:", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);

	for (size_t i = 0; result == SQLITE_OK && i < rmt_db_migration_count; i++)
		result = sqlite3_exec(fresh, rmt_db_migrations[i].sql, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = read_schema(fresh, out);
	sqlite3_close_v2(fresh);
	return result;
}

static int
check_schema(struct rmt_db *db, struct rmt_err *err)
{
	struct rmt_buf here = { 0 }, fresh = { 0 };
	int result = fresh_schema(&fresh);
	size_t at = 0, line = 0;
	int rc = 0;

	if (result == SQLITE_OK)
		result = read_schema(db->sqlite, &here);
	if (result != SQLITE_OK) {
		rc = rmt_db_fail(db, result, doing, err);
	} else if (rmt_buf_check(&here, err) != 0 || rmt_buf_check(&fresh, err) != 0) {
		rc = -1;
	} else if (!rmt_span_equal(rmt_buf_view(&here), rmt_buf_view(&fresh))) {
		while (here.bytes[at] == fresh.bytes[at] && here.bytes[at] != 0)
			if (here.bytes[at++] == '\n')
				line = at;
		rc = rmt_db_refuse(db->path, err,
		    "the schema was changed by hand, from what should be \"%.*s\" on",
		    (int)strcspn((char *)fresh.bytes + line, ":\n"), fresh.bytes + line);
	}
	rmt_buf_free(&here);
	rmt_buf_free(&fresh);
	return rc;
}

/* The work list of bytes without a certificate must be what the two tables say. */
static const char unsigned_wrong[] =
    "SELECT id FROM (SELECT t.id FROM tbs t LEFT JOIN certificates c ON c.id = t.id"
    "  WHERE c.id IS NULL AND t.id NOT IN (SELECT tbs FROM unsigned)"
    " UNION ALL SELECT u.tbs FROM unsigned u JOIN certificates c ON c.id = u.tbs) LIMIT 1";
static const char tbs_other[] =
    "SELECT c.id FROM certificates c JOIN tbs t ON t.id = c.tbs"
    " WHERE t.serial <> c.serial OR t.authority IS NOT c.authority LIMIT 1";
static const char serial_twice[] =
    "SELECT c.id FROM certificates c INDEXED BY certificates_serial"
    " CROSS JOIN tbs t ON t.serial = c.serial AND t.authority = c.authority"
    " WHERE c.tbs IS NULL LIMIT 1";
static const char id_shared[] =
    "SELECT c.id FROM certificates c JOIN tbs t ON t.id = c.id WHERE c.tbs IS NULL LIMIT 1";
static const char der_missing[] =
    "SELECT c.id FROM certificates c LEFT JOIN certificate_der d ON d.certificate = c.id"
    " WHERE d.certificate IS NULL LIMIT 1";

static const struct {
	const char *sql; /* yields ids of wrong rows */
	const char *sentence;
} relations[] = {
	{ unsigned_wrong, "the list of unfinished certificates is wrong about number %lld" },
	{ tbs_other, "certificate %lld has not the serial of its to-be-signed bytes" },
	{ serial_twice, "imported certificate %lld has the serial of one issued here" },
	{ id_shared, "imported certificate %lld has the number of to-be-signed bytes" },
	{ der_missing, "certificate %lld has lost its bytes" },
};

static int
check_relation(struct rmt_db *db, size_t which, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, relations[which].sql, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1) {
		char message[160];

		sqlite3_snprintf(sizeof message, message, relations[which].sentence,
		    (long long)sqlite3_column_int64(query.statement, 0));
		rc = rmt_db_refuse(db->path, err, "%s", message);
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_check_structure(struct rmt_db *db, struct rmt_err *err)
{
	if (check_file(db, err) != 0 || check_schema(db, err) != 0 ||
	    check_references(db, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++)
		if (check_relation(db, i, err) != 0)
			return -1;
	if (rmt_db_check_revoked(db, err) != 0 || rmt_db_check_ocsp(db, err) != 0 ||
	    rmt_db_check_blocked(db, err) != 0 ||
	    rmt_db_check_campaigns(db, err) != 0)
		return -1;
	return rmt_db_check_pending(db, err);
}

int
rmt_db_first_between(struct rmt_db *db, const char *sql, int64_t first, int64_t last, int64_t *id,
    struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, sql, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, first);
	rmt_db_bind_int(&query, last);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1) {
		rc = sqlite3_column_type(query.statement, 0) != SQLITE_NULL;
		*id = sqlite3_column_int64(query.statement, 0);
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_still(struct rmt_db *db, struct rmt_err *err)
{
	int64_t version;

	/* The first read within the transaction fixes what is seen. */
	if (rmt_db_exec(db, "BEGIN", doing, err) != 0)
		return -1;
	if (rmt_db_pragma(db, "schema_version", &version, err) == 0)
		return 0;
	rmt_db_move(db);
	return -1;
}

void
rmt_db_move(struct rmt_db *db)
{
	sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}
