/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/statement.c - prepared statements, kept for the life of the connection, and the binding and
 * reading of values.
 *
 * A statement is known by the address of its constant text, so that SQL stands beside the function
 * that runs it. What it means is not known here.
 */
#include "config.h"

#include <string.h>

#include "db/local.h"

/* The statement of a text, prepared at its first use. */
static sqlite3_stmt *
prepared(struct rmt_db *db, const char *sql, struct rmt_err *err)
{
	struct rmt_db_cached *slot = db->statements;
	struct rmt_db_cached *end = slot + RMT_DB_STATEMENTS;
	int result;

	for (; slot < end && slot->sql != NULL; slot++)
		if (slot->sql == sql)
			return slot->statement;
	if (slot == end) {
		rmt_err_set(err, RMT_INTERNAL, NULL, "more statements than the database keeps");
		return NULL;
	}
	result = sqlite3_prepare_v3(
	    db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->statement, NULL);
	if (result != SQLITE_OK) {
		rmt_db_fail(db, result, "read the database", err);
		return NULL;
	}
	slot->sql = sql;
	return slot->statement;
}

int
rmt_db_query(struct rmt_db *db, const char *sql, struct rmt_db_query *query, struct rmt_err *err)
{
	*query = (struct rmt_db_query){ .db = db };
	query->statement = prepared(db, sql, err);
	if (query->statement == NULL)
		return -1;
	if (sqlite3_stmt_busy(query->statement)) {
		query->statement = NULL;
		return rmt_err_set(err, RMT_INTERNAL, NULL, "a database call within itself");
	}
	return 0;
}

static void
note(struct rmt_db_query *query, int result)
{
	if (query->result == SQLITE_OK)
		query->result = result;
}

void
rmt_db_bind_int(struct rmt_db_query *query, int64_t value)
{
	note(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

void
rmt_db_bind_null(struct rmt_db_query *query)
{
	note(query, sqlite3_bind_null(query->statement, ++query->bound));
}

void
rmt_db_bind_id(struct rmt_db_query *query, int64_t id)
{
	if (id == 0)
		rmt_db_bind_null(query);
	else
		rmt_db_bind_int(query, id);
}

void
rmt_db_bind_blob(struct rmt_db_query *query, struct rmt_span blob)
{
	static const unsigned char nothing[1];

	note(query, sqlite3_bind_blob64(query->statement, ++query->bound,
			blob.length > 0 ? blob.at : nothing, blob.length, SQLITE_STATIC));
}

void
rmt_db_bind_text(struct rmt_db_query *query, const char *text)
{
	note(query, sqlite3_bind_text(query->statement, ++query->bound, text != NULL ? text : "",
			-1, SQLITE_STATIC));
}

int
rmt_db_step(struct rmt_db_query *query, const char *doing, struct rmt_err *err)
{
	int result = query->result;

	if (result == SQLITE_OK)
		result = sqlite3_step(query->statement);
	if (result == SQLITE_ROW)
		return 1;
	if (result == SQLITE_DONE)
		return 0;
	query->result = result;
	return rmt_db_fail(query->db, result, doing, err);
}

void
rmt_db_done(struct rmt_db_query *query)
{
	if (query->statement == NULL)
		return;
	sqlite3_reset(query->statement);
	sqlite3_clear_bindings(query->statement);
	query->statement = NULL;
}

int
rmt_db_run(struct rmt_db_query *query, const char *doing, struct rmt_err *err)
{
	int rc = rmt_db_step(query, doing, err);

	rmt_db_done(query);
	return rc < 0 ? -1 : 0;
}

int
rmt_db_number(struct rmt_db_query *query, const char *doing, int64_t *out, struct rmt_err *err)
{
	int rc = rmt_db_step(query, doing, err);

	if (rc == 1)
		*out = sqlite3_column_int64(query->statement, 0);
	rmt_db_done(query);
	return rc < 0 ? -1 : 0;
}

int
rmt_db_exec(struct rmt_db *db, const char *sql, const char *doing, struct rmt_err *err)
{
	int result = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? 0 : rmt_db_fail(db, result, doing, err);
}

int
rmt_db_pragma(struct rmt_db *db, const char *name, int64_t *value, struct rmt_err *err)
{
	char sql[64];
	sqlite3_stmt *statement = NULL;
	int result;

	sqlite3_snprintf(sizeof sql, sql, "PRAGMA %s", name);
	result = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : rmt_db_fail(db, result, "open the database", err);
}

int
rmt_db_ids(struct rmt_db_query *query, const char *doing, struct rmt_buf *ids, struct rmt_err *err)
{
	int rc;

	while ((rc = rmt_db_step(query, doing, err)) == 1) {
		int64_t id = sqlite3_column_int64(query->statement, 0);

		rmt_buf_append(ids, &id, sizeof id);
	}
	rmt_db_done(query);
	return rc < 0 ? -1 : rmt_buf_check(ids, err);
}

struct rmt_span
rmt_db_column(sqlite3_stmt *statement, int column)
{
	const void *at = sqlite3_column_blob(statement, column);

	return rmt_span_of(at, (size_t)sqlite3_column_bytes(statement, column));
}

int
rmt_db_keep_row(sqlite3_stmt *statement, struct rmt_buf *into, struct rmt_err *err)
{
	int columns = sqlite3_column_count(statement);
	size_t room = 0;

	for (int i = 0; i < columns; i++) {
		int type = sqlite3_column_type(statement, i);

		if (type == SQLITE_BLOB || type == SQLITE_TEXT)
			room += (size_t)sqlite3_column_bytes(statement, i) + 1;
	}
	rmt_buf_clear(into);
	rmt_buf_reserve(into, room + 1);
	return rmt_buf_check(into, err);
}

struct rmt_span
rmt_db_keep(sqlite3_stmt *statement, int column, struct rmt_buf *into)
{
	struct rmt_span value = rmt_db_column(statement, column);
	size_t start = into->length;

	if (value.length == 0)
		return rmt_span_of(NULL, 0);
	rmt_buf_span(into, value);
	return rmt_span_of(into->bytes + start, value.length);
}

const char *
rmt_db_keep_text(sqlite3_stmt *statement, int column, struct rmt_buf *into)
{
	struct rmt_span kept = rmt_db_keep(statement, column, into);

	if (kept.length == 0)
		return "";
	rmt_buf_byte(into, 0);
	return (const char *)kept.at;
}

void
rmt_db_statements_close(struct rmt_db *db)
{
	for (size_t i = 0; i < RMT_DB_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i].statement);
	memset(db->statements, 0, sizeof db->statements);
}
