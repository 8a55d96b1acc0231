/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/revoke.c - certificates that were taken back, each with its event. No list is published from
 * here.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/local.h"

static const char insert[] = "INSERT INTO revoked (certificate, at, reason) VALUES (?1, ?2, ?3)";

static void
event_text(int64_t certificate, int64_t reason, char out[96])
{
	snprintf(out, 96, "certificate=%" PRId64 " reason=%" PRId64, certificate, reason);
}

int
rmt_db_revoke(
    struct rmt_db *db, int64_t certificate, rmt_time when, int reason, struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_db_cert row;
	char text[96];
	int found = rmt_db_cert_by_id(db, certificate, &row, err);

	if (found < 0 || rmt_db_must_write(db, err) != 0)
		return -1;
	if (found == 0)
		return rmt_db_refuse(
		    db->path, err, "there is no certificate %" PRId64 " to revoke", certificate);
	if (row.authority == 0)
		return rmt_db_refuse(db->path, err,
		    "certificate %" PRId64 " is another CA's: only that CA can revoke it",
		    certificate);
	if (row.revoked)
		return rmt_db_refuse(
		    db->path, err, "certificate %" PRId64 " is revoked already", certificate);
	event_text(certificate, reason, text);
	if (rmt_db_event(db, when, "revoke", text, err) != 0 ||
	    rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, certificate);
	rmt_db_bind_int(&query, when);
	rmt_db_bind_int(&query, reason);
	return rmt_db_run(&query, "revoke the certificate", err);
}

/* ---- check ---- */

static const char doing[] = "check the revocations";
static const char events[] = "SELECT at, text, id FROM events WHERE kind = 'revoke' ORDER BY id";
static const char row_of[] = "SELECT at, reason FROM revoked WHERE certificate = ?1";
static const char how_many[] = "SELECT count(*) FROM revoked";

/* 1 the row is what the event says, 0 it is not, -1. */
static int
has_row(struct rmt_db *db, rmt_time when, const char *said, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t certificate;
	char text[96] = "";
	int rc;

	if (strncmp(said, "certificate=", 12) != 0)
		return 0;
	certificate = strtoll(said + 12, NULL, 10);
	if (rmt_db_query(db, row_of, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, certificate);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1) {
		event_text(certificate, sqlite3_column_int64(query.statement, 1), text);
		rc = sqlite3_column_int64(query.statement, 0) == when && strcmp(text, said) == 0;
	}
	rmt_db_done(&query);
	return rc;
}

static int
count_rows(struct rmt_db *db, int64_t *count, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, how_many, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1)
		*count = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return rc < 0 ? -1 : 0;
}

int
rmt_db_check_revoked(struct rmt_db *db, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t vouched = 0, rows = 0;
	int rc;

	if (count_rows(db, &rows, err) != 0 || rmt_db_query(db, events, &query, err) != 0)
		return -1;
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		const char *text = (const char *)sqlite3_column_text(query.statement, 1);
		int same = has_row(db, sqlite3_column_int64(query.statement, 0), text, err);

		vouched++;
		if (same == 0)
			rmt_db_refuse(db->path, err,
			    "the revocation of event %lld was altered or is gone",
			    (long long)sqlite3_column_int64(query.statement, 2));
		if (same != 1) {
			rc = -1;
			break;
		}
	}
	rmt_db_done(&query);
	if (rc == 0 && vouched != rows)
		rc = rmt_db_refuse(db->path, err,
		    "a revocation is known to no event: it was put there by another hand");
	return rc;
}
