/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/blocked.c - keys that nobody is to be certified for, by the hashes that lists of them hold, and
 * what is on record of a key otherwise.
 *
 * Blocked keys are only ever added. The event of each lot holds the hash of its rows, so that none
 * comes or goes unseen. How a key is hashed is not known here.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "db/local.h"

static const char doing[] = "read the blocked keys";

/* ---- adding ---- */

static int
by_kind_and_hash(const void *a, const void *b)
{
	const struct rmt_db_blocked *one = a, *other = b;
	size_t length =
	    one->hash.length < other->hash.length ? one->hash.length : other->hash.length;
	int order = (int)one->kind - (int)other->kind;

	if (order == 0)
		order = memcmp(one->hash.at, other->hash.at, length);
	return order != 0 ? order : (one->hash.length > length) - (other->hash.length > length);
}

static void
put_row(const struct rmt_db_blocked *row, struct rmt_buf *out)
{
	rmt_buf_byte(out, (unsigned char)row->kind);
	rmt_buf_byte(out, (unsigned char)row->hash.length);
	rmt_buf_span(out, row->hash);
}

/* What the event says of `count` rows, which stand in order in `bytes`. */
static int
lot_text(const char *source, uint64_t count, struct rmt_span bytes, struct rmt_buf *out,
    struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_sha256(bytes, hash, err) != 0)
		return -1;
	rmt_buf_clear(out);
	rmt_buf_format(out, "keys=%" PRIu64 " sha256=", count);
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, out);
	rmt_buf_format(out, " source=%s", source);
	return rmt_buf_check(out, err);
}

/* Sorted, each once, and only those that are not there yet. */
static int
keep_new(struct rmt_db *db, struct rmt_db_blocked *rows, size_t *count, struct rmt_buf *bytes,
    struct rmt_err *err)
{
	struct rmt_db_blocked known;
	size_t kept = 0;

	qsort(rows, *count, sizeof *rows, by_kind_and_hash);
	for (size_t i = 0; i < *count; i++) {
		int found;

		if (kept > 0 && by_kind_and_hash(&rows[kept - 1], &rows[i]) == 0)
			continue;
		found = rmt_db_blocked_get(db, rows[i].kind, rows[i].hash, &known, err);
		if (found < 0)
			return -1;
		if (found == 0) {
			rows[kept++] = rows[i];
			put_row(&rows[i], bytes);
		}
	}
	*count = kept;
	return rmt_buf_check(bytes, err);
}

static const char insert[] =
    "INSERT INTO blocked_keys (kind, hash, source, event) VALUES (?1, ?2, ?3, ?4)";

static int
insert_rows(struct rmt_db *db, const struct rmt_db_blocked *rows, size_t count, int64_t source,
    struct rmt_err *err)
{
	int64_t event = db->last_event;

	for (size_t i = 0; i < count; i++) {
		struct rmt_db_query query;

		if (rmt_db_query(db, insert, &query, err) != 0)
			return -1;
		rmt_db_bind_int(&query, rows[i].kind);
		rmt_db_bind_blob(&query, rows[i].hash);
		rmt_db_bind_int(&query, source);
		rmt_db_bind_int(&query, event);
		if (rmt_db_run(&query, "block a key", err) != 0)
			return -1;
	}
	return 0;
}

int
rmt_db_block(struct rmt_db *db, const char *source, rmt_time now, struct rmt_db_blocked *rows,
    size_t *count, struct rmt_err *err)
{
	struct rmt_buf bytes = { 0 }, text = { 0 };
	int64_t term;
	int rc = -1;

	if (rmt_db_must_write(db, err) != 0 || keep_new(db, rows, count, &bytes, err) != 0)
		goto out;
	rc = 0;
	if (*count > 0 &&
	    (lot_text(source, *count, rmt_buf_view(&bytes), &text, err) != 0 ||
		rmt_db_term(db, source, true, &term, err) < 0 ||
		rmt_db_event(db, now, "block", rmt_buf_string(&text), err) != 0 ||
		insert_rows(db, rows, *count, term, err) != 0))
		rc = -1;
out:
	rmt_buf_free(&bytes);
	rmt_buf_free(&text);
	return rc;
}

/* ---- looking ---- */

#define COLUMNS "SELECT b.kind, b.hash, t.text, e.at FROM blocked_keys b"
#define SOURCES " JOIN terms t ON t.id = b.source JOIN events e ON e.id = b.event"
static const char one[] = COLUMNS SOURCES " WHERE b.kind = ?1 AND b.hash = ?2";
static const char all[] = COLUMNS SOURCES " ORDER BY b.event, b.kind, b.hash";
static const char kinds_of[] = "SELECT CASE ?1 WHEN 0 THEN EXISTS (SELECT 1 FROM other_exponents)"
			       " ELSE EXISTS (SELECT 1 FROM blocked_keys WHERE kind = ?1) END";

static void
read_row(sqlite3_stmt *row, struct rmt_db_blocked *out)
{
	out->kind = (enum rmt_blocked_kind)sqlite3_column_int(row, 0);
	out->hash = rmt_db_column(row, 1);
	out->source = (const char *)sqlite3_column_text(row, 2);
	out->when = sqlite3_column_int64(row, 3);
}

int
rmt_db_blocked_get(struct rmt_db *db, enum rmt_blocked_kind kind, struct rmt_span hash,
    struct rmt_db_blocked *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, one, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, kind);
	rmt_db_bind_blob(&query, hash);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1 && rmt_db_keep_row(query.statement, &db->held, err) != 0)
		rc = -1;
	if (rc == 1) {
		read_row(query.statement, out);
		out->hash = rmt_db_keep(query.statement, 1, &db->held);
		out->source = rmt_db_keep_text(query.statement, 2, &db->held);
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_blocked_kinds(struct rmt_db *db, unsigned *kinds, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc = 0;

	*kinds = 0;
	for (int kind = 0; kind < RMT_BLOCKED_KINDS && rc >= 0; kind++) {
		if (rmt_db_query(db, kinds_of, &query, err) != 0)
			return -1;
		rmt_db_bind_int(&query, kind);
		rc = rmt_db_step(&query, doing, err);
		*kinds |= rc == 1 && sqlite3_column_int(query.statement, 0) ? 1u << kind : 0;
		rmt_db_done(&query);
	}
	return rc < 0 ? -1 : 0;
}

int
rmt_db_blocked_each(struct rmt_db *db,
    int (*visit)(void *arg, const struct rmt_db_blocked *row), void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_db_blocked row;
	int rc;

	if (rmt_db_query(db, all, &query, err) != 0)
		return -1;
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		read_row(query.statement, &row);
		rc = visit(arg, &row);
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

static const char in_force[] =
    "SELECT count(*) FROM blocked_keys b CROSS JOIN certificates c"
    " ON substr(c.spki_hash, 1, 8) = substr(b.hash, 1, 8) AND c.spki_hash = b.hash"
    " JOIN authorities a ON a.id = c.authority AND a.state <> 3"
    " WHERE b.kind = 1 AND c.not_after >= ?1"
    " AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = c.id)";

int
rmt_db_blocked_in_force(struct rmt_db *db, rmt_time now, int64_t *count, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, in_force, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, now);
	return rmt_db_number(&query, doing, count, err);
}

/* ---- what is on record of a key ---- */

static const char uses[] = "SELECT c.id, c.authority, c.subject, c.serial, r.reason"
			   " FROM certificates c LEFT JOIN revoked r ON r.certificate = c.id"
			   " WHERE substr(c.spki_hash, 1, 8) = substr(?1, 1, 8)"
			   " AND c.spki_hash = ?1 ORDER BY c.id DESC LIMIT 200";
static const char other_forms[] = "SELECT o.certificate FROM other_exponents o"
				  " JOIN certificates c ON c.id = o.certificate"
				  " WHERE o.usual = ?1 AND c.spki_hash <> ?2 LIMIT 1";
static const char authority_of[] = "SELECT name FROM authorities WHERE spki_hash = ?1 LIMIT 1";

int
rmt_db_key_uses(struct rmt_db *db, struct rmt_span spki_hash,
    int (*visit)(void *arg, const struct rmt_db_key_use *use), void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, uses, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, spki_hash);
	while ((rc = rmt_db_step(&query, "look for the key", err)) == 1) {
		sqlite3_stmt *row = query.statement;
		const struct rmt_db_key_use use = { .certificate = sqlite3_column_int64(row, 0),
			.authority = sqlite3_column_int64(row, 1),
			.subject = (const char *)sqlite3_column_text(row, 2),
			.serial = rmt_db_column(row, 3),
			.reason = sqlite3_column_type(row, 4) == SQLITE_NULL
				      ? -1
				      : sqlite3_column_int(row, 4) };

		rc = visit(arg, &use);
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_modulus_other(struct rmt_db *db, struct rmt_span usual, struct rmt_span spki_hash,
    int64_t *certificate, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, other_forms, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, usual);
	rmt_db_bind_blob(&query, spki_hash);
	rc = rmt_db_step(&query, "look for the key", err);
	if (rc == 1)
		*certificate = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_key_authority(
    struct rmt_db *db, struct rmt_span spki_hash, char name[64], struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, authority_of, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, spki_hash);
	rc = rmt_db_step(&query, "look for the key", err);
	if (rc == 1)
		sqlite3_snprintf(64, name, "%s", sqlite3_column_text(query.statement, 0));
	rmt_db_done(&query);
	return rc;
}

/* ---- check ---- */

static const char lots[] =
    "SELECT e.id, e.text, t.text, count(*), min(b.source), max(b.source) FROM events e"
    " LEFT JOIN blocked_keys b ON b.event = e.id LEFT JOIN terms t ON t.id = b.source"
    " WHERE e.kind = 'block' GROUP BY e.id ORDER BY e.id";
static const char of_lot[] =
    "SELECT kind, hash FROM blocked_keys WHERE event = ?1 ORDER BY kind, hash";
static const char strays[] = "SELECT 1 FROM blocked_keys b LEFT JOIN events e ON e.id = b.event"
			     " WHERE e.kind IS NOT 'block' LIMIT 1";

/* The rows of one lot as they were hashed. */
static int
gather(struct rmt_db *db, int64_t event, struct rmt_buf *bytes, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	rmt_buf_clear(bytes);
	if (rmt_db_query(db, of_lot, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, event);
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		const struct rmt_db_blocked row = {
			.kind = (enum rmt_blocked_kind)sqlite3_column_int(query.statement, 0),
			.hash = rmt_db_column(query.statement, 1),
		};

		put_row(&row, bytes);
	}
	rmt_db_done(&query);
	return rc < 0 ? -1 : rmt_buf_check(bytes, err);
}

static int
check_lot(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *text, struct rmt_err *err)
{
	const char *said = (const char *)sqlite3_column_text(row, 1);
	const char *source = (const char *)sqlite3_column_text(row, 2);
	struct rmt_buf bytes = { 0 };
	int rc = gather(db, sqlite3_column_int64(row, 0), &bytes, err);

	if (rc == 0)
		rc = lot_text(source != NULL ? source : "", (uint64_t)sqlite3_column_int64(row, 3),
		    rmt_buf_view(&bytes), text, err);
	if (rc == 0 && (strcmp(rmt_buf_string(text), said) != 0 ||
			   sqlite3_column_int64(row, 4) != sqlite3_column_int64(row, 5)))
		rc = rmt_db_refuse(db->path, err,
		    "the blocked keys of event %lld were altered, or some are gone",
		    (long long)sqlite3_column_int64(row, 0));
	rmt_buf_free(&bytes);
	return rc;
}

int
rmt_db_check_blocked(struct rmt_db *db, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_check_rows(db, lots, "check the blocked keys", check_lot, err) != 0 ||
	    rmt_db_query(db, strays, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, doing, err);
	rmt_db_done(&query);
	if (rc == 1)
		rc = rmt_db_refuse(db->path, err,
		    "a blocked key is known to no event: it was put there by another hand");
	return rc;
}
