/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/event.c - the log of what happened, as a hash chain.
 *
 * The hash of an event is SHA-256 over the hash before it (32 zero bytes at the start) and then its
 * number, time, kind and text, each preceded by its length in eight bytes, most significant first;
 * numbers are decimal. Numbers run from 1 without a gap. A tail that was cut off is not seen here:
 * compare with a checkpoint kept elsewhere.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/local.h"

struct event {
	int64_t id;
	rmt_time when;
	struct rmt_span kind, text;
};

static void
append_field(struct rmt_buf *buf, struct rmt_span field)
{
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)((uint64_t)field.length >> (56 - 8 * i));
	rmt_buf_append(buf, length, sizeof length);
	rmt_buf_span(buf, field);
}

static void
append_number(struct rmt_buf *buf, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, number);
	append_field(buf, rmt_span_text(text));
}

/* From the hash before it in `hash` to its own. */
static int
advance(unsigned char hash[RMT_SHA256], const struct event *event, struct rmt_err *err)
{
	struct rmt_buf buf = { 0 };
	int rc;

	rmt_buf_append(&buf, hash, RMT_SHA256);
	append_number(&buf, event->id);
	append_number(&buf, event->when);
	append_field(&buf, event->kind);
	append_field(&buf, event->text);
	rc = rmt_buf_check(&buf, err);
	if (rc == 0)
		rc = rmt_sha256(rmt_buf_view(&buf), hash, err);
	rmt_buf_free(&buf);
	return rc;
}

static const char last[] = "SELECT id, hash, at FROM events ORDER BY id DESC LIMIT 1";
static const char insert[] =
    "INSERT INTO events (id, at, kind, text, hash) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char all[] = "SELECT id, at, kind, text, hash FROM events WHERE id > ?1 ORDER BY id";

static int
read_last(struct rmt_db *db, int64_t *id, rmt_time *when, unsigned char hash[RMT_SHA256],
    struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_span kept;
	int rc;

	*id = *when = 0;
	memset(hash, 0, RMT_SHA256);
	if (rmt_db_query(db, last, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, "read the event log", err);
	if (rc == 1) {
		*id = sqlite3_column_int64(query.statement, 0);
		kept = rmt_db_column(query.statement, 1);
		*when = sqlite3_column_int64(query.statement, 2);
		if (kept.length == RMT_SHA256)
			memcpy(hash, kept.at, RMT_SHA256);
	}
	rmt_db_done(&query);
	return rc < 0 ? -1 : 0;
}

int
rmt_db_event(
    struct rmt_db *db, rmt_time now, const char *kind, const char *text, struct rmt_err *err)
{
	struct event event = { 0, now, rmt_span_text(kind), rmt_span_text(text) };
	unsigned char hash[RMT_SHA256];
	struct rmt_db_query query;
	rmt_time before;

	if (rmt_db_must_write(db, err) != 0 || read_last(db, &event.id, &before, hash, err) != 0)
		return -1;
	event.id++;
	if (advance(hash, &event, err) != 0 || rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, event.id);
	rmt_db_bind_int(&query, now);
	rmt_db_bind_text(&query, kind);
	rmt_db_bind_text(&query, text);
	rmt_db_bind_blob(&query, rmt_span_of(hash, sizeof hash));
	db->last_event = event.id;
	return rmt_db_run(&query, "record an event", err);
}

int
rmt_db_last_event(struct rmt_db *db, rmt_time *out, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	int64_t id;

	return read_last(db, &id, out, hash, err);
}

int
rmt_db_events(struct rmt_db *db, int64_t after,
    int (*visit)(void *arg, int64_t id, rmt_time when, const char *kind, const char *text),
    void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, all, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, after);
	while ((rc = rmt_db_step(&query, "read the event log", err)) == 1) {
		sqlite3_stmt *row = query.statement;

		rc = visit(arg, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
		    (const char *)sqlite3_column_text(row, 2),
		    (const char *)sqlite3_column_text(row, 3));
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

static int
check_event(struct rmt_db *db, sqlite3_stmt *row, int64_t expected, unsigned char hash[RMT_SHA256],
    struct rmt_err *err)
{
	struct event event = { sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
		rmt_db_column(row, 2), rmt_db_column(row, 3) };

	if (event.id != expected)
		return rmt_db_refuse(db->path, err,
		    "the event log is not whole: event %" PRId64 " is missing", expected);
	if (advance(hash, &event, err) != 0)
		return -1;
	if (rmt_span_equal(rmt_db_column(row, 4), rmt_span_of(hash, RMT_SHA256)))
		return 0;
	return rmt_db_refuse(db->path, err,
	    "the event log was altered: event %" PRId64 " does not have the hash of what it says",
	    event.id);
}

static const char hash_of[] = "SELECT hash FROM events WHERE id = ?1";

int
rmt_db_event_hash(
    struct rmt_db *db, int64_t id, unsigned char hash[RMT_SHA256], struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_span kept;
	int rc;

	if (rmt_db_query(db, hash_of, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rc = rmt_db_step(&query, "read the event log", err);
	if (rc == 1) {
		kept = rmt_db_column(query.statement, 0);
		if (kept.length == RMT_SHA256)
			memcpy(hash, kept.at, RMT_SHA256);
		else
			rc = rmt_db_refuse(db->path, err, "the event log was altered: event %" PRId64
			    " has no hash", id);
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_head(struct rmt_db *db, struct rmt_db_head *out, struct rmt_err *err)
{
	int found;

	*out = (struct rmt_db_head){ 0 };
	if (read_last(db, &out->id, &out->when, out->hash, err) != 0)
		return -1;
	found = rmt_db_event_hash(db, 1, out->home, err);
	return found < 0 ? -1 : 0;
}

int
rmt_db_check_events_after(struct rmt_db *db, int64_t after, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256] = { 0 };
	struct rmt_db_query query;
	int64_t expected = after + 1;
	int rc = after > 0 ? rmt_db_event_hash(db, after, hash, err) : 1;

	if (rc == 0)
		return rmt_db_refuse(db->path, err,
		    "the event log is not whole: event %" PRId64 " is missing", after);
	if (rc < 0 || rmt_db_query(db, all, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, after > 0 ? after : INT64_MIN);
	while ((rc = rmt_db_step(&query, "read the event log", err)) == 1) {
		if (check_event(db, query.statement, expected++, hash, err) != 0) {
			rc = -1;
			break;
		}
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_check_events(struct rmt_db *db, struct rmt_err *err)
{
	return rmt_db_check_events_after(db, 0, err);
}
