/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/pending_check.c - are pending requests what was written of them? Each row is held against its
 * last event, and against the certificate and the bytes that it names. Nothing is mended.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/local.h"

static const char doing[] = "check the pending requests";

static int
refuse(struct rmt_db *db, const char *id, const char *why, struct rmt_err *err)
{
	return rmt_db_refuse(db->path, err, "pending request %s was altered: %s", id, why);
}

/* ---- against what it names ---- */

#define PENDING "SELECT p.id FROM pending p "
static const struct rmt_db_relation relations[] = {
	{ PENDING "JOIN certificates c ON c.id = p.tbs WHERE p.certificate IS NULL LIMIT 1",
	    "its certificate was issued, but it does not say so" },
	{ PENDING "JOIN certificates c ON c.id = p.certificate WHERE c.spki_hash <> p.spki_hash"
		  " LIMIT 1",
	    "its certificate is for another key" },
	{ PENDING "JOIN requests r ON r.id = p.request WHERE r.spki_hash <> p.spki_hash LIMIT 1",
	    "its bytes are for another key" },
	{ PENDING "JOIN certificates c ON c.id = p.tbs WHERE c.request IS NOT p.request LIMIT 1",
	    "its certificate was issued on other bytes" },
};

/* ---- against the log ---- */

static const char rows[] = "SELECT " RMT_DB_PENDING_COLUMNS
			   ", p.folded, r.der, e.kind, e.text, e.at FROM pending p"
			   " LEFT JOIN requests r ON r.id = p.request"
			   " LEFT JOIN events e ON e.id = p.event ORDER BY p.id";
enum { FOLDED = RMT_DB_PENDING_COLUMN_COUNT, DER, KIND };

static bool
is_folded(sqlite3_stmt *row, const struct rmt_db_pending *pending)
{
	struct rmt_buf folded = { 0 };
	bool same;

	rmt_db_fold(rmt_span_text(pending->name), &folded);
	same = rmt_span_equal(rmt_db_column(row, FOLDED), rmt_buf_view(&folded));
	rmt_buf_free(&folded);
	return same;
}

static int
check_row(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_pending pending;
	char id[24];
	int rc;

	if (rmt_db_keep_row(row, buf, err) != 0)
		return -1;
	rmt_db_pending_read(row, buf, &pending);
	snprintf(id, sizeof id, "%lld", (long long)pending.id);
	rc = rmt_db_pending_text(&pending, rmt_db_column(row, DER), &text, err);
	if (rc == 0 && !rmt_db_row_is_event(row, KIND, "pending", &text, pending.when))
		rc = refuse(db, id, "it is not what its event says", err);
	if (rc == 0 && !is_folded(row, &pending))
		rc = refuse(db, id, "it is found by another name than its own", err);
	rmt_buf_free(&text);
	return rc;
}

/* ---- the log against the rows ---- */

static const char events[] = "SELECT id, text FROM events WHERE kind = 'pending' ORDER BY id";
static const char last_event[] = "SELECT event FROM pending WHERE id = ?1";

/* No event tells of a later state than the row. */
static int
check_event(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	const char *text = (const char *)sqlite3_column_text(row, 1);
	int64_t event = sqlite3_column_int64(row, 0);
	struct rmt_db_query query;
	bool right = false;
	int rc;

	(void)buf;
	if (rmt_db_query(db, last_event, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, strncmp(text, "id=", 3) == 0 ? strtoll(text + 3, NULL, 10) : 0);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1)
		right = sqlite3_column_int64(query.statement, 0) >= event;
	rmt_db_done(&query);
	if (rc < 0 || right)
		return rc < 0 ? -1 : 0;
	return rmt_db_refuse(db->path, err,
	    "what event %lld tells of a pending request is gone: it was taken away or set back",
	    (long long)event);
}

int
rmt_db_check_pending(struct rmt_db *db, struct rmt_err *err)
{
	if (rmt_db_check_relations(
		db, relations, sizeof relations / sizeof relations[0], doing, refuse, err) != 0 ||
	    rmt_db_check_rows(db, rows, doing, check_row, err) != 0)
		return -1;
	return rmt_db_check_rows(db, events, doing, check_event, err);
}
