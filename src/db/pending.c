/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/pending.c - requests that wait: for a device, for approval, for another CA.
 *
 * The row says what is. Adding and changing it is an event too, whose text is the whole row, and
 * the row names its last event: pending_check.c holds the one against the other. What may follow on
 * what is decided above; that only an open row changes, and keeps what it was given, is held by a
 * trigger.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/local.h"

const char *
rmt_pending_kind_name(enum rmt_pending_kind kind)
{
	static const char *const names[] = { [RMT_PENDING_DEVICE] = "device",
		[RMT_PENDING_HELD] = "held",
		[RMT_PENDING_EXTERNAL] = "external" };

	return (unsigned)kind < RMT_PENDING_KINDS ? names[kind] : "";
}

const char *
rmt_pending_state_name(enum rmt_pending_state state)
{
	static const char *const names[] = { [RMT_PENDING_OPEN] = "open",
		[RMT_PENDING_ISSUED] = "issued",
		[RMT_PENDING_DENIED] = "denied",
		[RMT_PENDING_WITHDRAWN] = "withdrawn" };

	return (unsigned)state < RMT_PENDING_STATES ? names[state] : "";
}

/* ---- reading ---- */

#define SELECT "SELECT " RMT_DB_PENDING_COLUMNS " FROM pending p "
static const char by_id[] = SELECT "WHERE p.id = ?1";
static const char by_key[] = SELECT "WHERE p.spki_hash = ?1"
				    " AND substr(p.spki_hash, 1, 8) = substr(?1, 1, 8)"
				    " ORDER BY p.state = 0 DESC, p.id DESC LIMIT 1";
static const char by_tbs[] = SELECT "WHERE p.tbs = ?1";
static const char next_of_state[] =
    SELECT "WHERE p.state = ?1 AND p.id > ?2 ORDER BY p.id LIMIT 1";
static const char next_of_all[] = SELECT "WHERE p.id > ?1 ORDER BY p.id LIMIT 1";
static const char next_named[] =
    SELECT "WHERE p.folded = ?1 AND p.state = 0 AND p.kind = 0 AND p.request IS NULL"
	   " AND p.id > ?2 ORDER BY p.id LIMIT 1";

void
rmt_db_pending_read(sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_db_pending *out)
{
	*out = (struct rmt_db_pending){
		.id = sqlite3_column_int64(row, 0),
		.kind = (enum rmt_pending_kind)sqlite3_column_int(row, 1),
		.recorded = sqlite3_column_int64(row, 2),
		.name = rmt_db_keep_text(row, 3, buf),
		.subject = rmt_db_keep_text(row, 4, buf),
		.template_name = rmt_db_keep_text(row, 5, buf),
		.targets = rmt_db_keep_text(row, 6, buf),
		.signer = rmt_db_keep_text(row, 7, buf),
		.asked = rmt_db_keep_text(row, 8, buf),
		.state = (enum rmt_pending_state)sqlite3_column_int(row, 9),
		.spki_hash = rmt_db_keep(row, 10, buf),
		.request = sqlite3_column_int64(row, 11),
		.tbs = sqlite3_column_int64(row, 12),
		.certificate = sqlite3_column_int64(row, 13),
		.why = rmt_db_keep_text(row, 14, buf),
		.when = sqlite3_column_int64(row, 15),
	};
}

/* The row of a query that is bound already. */
static int
fetch(struct rmt_db_query *query, struct rmt_buf *buf, struct rmt_db_pending *out,
    struct rmt_err *err)
{
	int rc = rmt_db_step(query, "read the pending request", err);

	if (rc == 1 && rmt_db_keep_row(query->statement, buf, err) != 0)
		rc = -1;
	if (rc == 1)
		rmt_db_pending_read(query->statement, buf, out);
	rmt_db_done(query);
	return rc;
}

static int
get(struct rmt_db *db, int64_t id, struct rmt_buf *buf, struct rmt_db_pending *out,
    struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, by_id, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	return fetch(&query, buf, out, err);
}

int
rmt_db_pending_get(
    struct rmt_db *db, int64_t id, struct rmt_db_pending *out, struct rmt_err *err)
{
	return get(db, id, &db->held, out, err);
}

int
rmt_db_pending_of_key(struct rmt_db *db, struct rmt_span spki_hash, struct rmt_db_pending *out,
    struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, by_key, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, spki_hash);
	return fetch(&query, &db->held, out, err);
}

int
rmt_db_pending_of_tbs(
    struct rmt_db *db, int64_t tbs, struct rmt_db_pending *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, by_tbs, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, tbs);
	return fetch(&query, &db->held, out, err);
}

int
rmt_db_pending_next(struct rmt_db *db, int state, int64_t after, struct rmt_db_pending *out,
    struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, state < 0 ? next_of_all : next_of_state, &query, err) != 0)
		return -1;
	if (state >= 0)
		rmt_db_bind_int(&query, state);
	rmt_db_bind_int(&query, after);
	return fetch(&query, &db->held, out, err);
}

int
rmt_db_pending_named(struct rmt_db *db, const char *name, int64_t after,
    struct rmt_db_pending *out, struct rmt_err *err)
{
	struct rmt_buf folded = { 0 };
	struct rmt_db_query query;
	int rc;

	rmt_db_fold(rmt_span_text(name), &folded);
	rc = rmt_buf_check(&folded, err);
	if (rc == 0)
		rc = rmt_db_query(db, next_named, &query, err);
	if (rc == 0) {
		rmt_db_bind_blob(&query, rmt_buf_view(&folded));
		rmt_db_bind_int(&query, after);
		rc = fetch(&query, &db->held, out, err);
	}
	rmt_buf_free(&folded);
	return rc;
}

/* ---- writing ---- */

static void
add_text(struct rmt_buf *out, const char *key, const char *text)
{
	rmt_buf_format(out, " %s=%zu:%s", key, strlen(text), text);
}

static int
add_hash(struct rmt_buf *out, const char *key, struct rmt_span bytes, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	rmt_buf_format(out, " %s=", key);
	if (bytes.length == 0)
		return 0;
	if (rmt_sha256(bytes, hash, err) != 0)
		return -1;
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, out);
	return 0;
}

/* Every text is counted, so that none reads as another row. */
int
rmt_db_pending_text(const struct rmt_db_pending *pending, struct rmt_span der,
    struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_format(out, "id=%" PRId64 " kind=%s state=%s recorded=%" PRId64, pending->id,
	    rmt_pending_kind_name(pending->kind), rmt_pending_state_name(pending->state),
	    pending->recorded);
	rmt_buf_format(out,
	    " request=%" PRId64 " tbs=%" PRId64 " certificate=%" PRId64 " key=", pending->request,
	    pending->tbs, pending->certificate);
	rmt_hex(pending->spki_hash, 0, out);
	if (add_hash(out, "bytes", der, err) != 0 ||
	    add_hash(out, "asked", rmt_span_text(pending->asked), err) != 0)
		return -1;
	add_text(out, "template", pending->template_name);
	add_text(out, "targets", pending->targets);
	add_text(out, "signer", pending->signer);
	add_text(out, "name", pending->name);
	add_text(out, "subject", pending->subject);
	add_text(out, "why", pending->why);
	return rmt_buf_check(out, err);
}

static const char request_der[] = "SELECT der FROM requests WHERE id = ?1";

static int
write_event(struct rmt_db *db, const struct rmt_db_pending *pending, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, request_der, &query, err) != 0)
		return -1;
	rmt_db_bind_id(&query, pending->request);
	rc = rmt_db_step(&query, "record the pending request", err);
	if (rc >= 0)
		rc = rmt_db_pending_text(pending,
		    rc == 1 ? rmt_db_column(query.statement, 0) : (struct rmt_span){ 0 }, &text,
		    err);
	rmt_db_done(&query);
	if (rc == 0)
		rc = rmt_db_event(db, pending->when, "pending", rmt_buf_string(&text), err);
	rmt_buf_free(&text);
	return rc;
}

static const char last_id[] = "SELECT ifnull(max(id), 0) FROM pending";
static const char insert[] =
    "INSERT INTO pending (id, kind, state, recorded, name, folded, subject, template, targets,"
    " signer, asked, spki_hash, request, tbs, certificate, why, at, event)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
static const char update[] = "UPDATE pending SET state = ?2, spki_hash = ?3, request = ?4,"
			     " tbs = ?5, certificate = ?6, why = ?7, at = ?8, event = ?9"
			     " WHERE id = ?1";

static int
next_id(struct rmt_db *db, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, last_id, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, "record the pending request", err);
	if (rc == 1)
		*id = sqlite3_column_int64(query.statement, 0) + 1;
	rmt_db_done(&query);
	return rc == 1 ? 0 : -1;
}

static void
bind_key(struct rmt_db_query *query, struct rmt_span spki_hash)
{
	if (spki_hash.length > 0)
		rmt_db_bind_blob(query, spki_hash);
	else
		rmt_db_bind_null(query);
}

static int
insert_row(struct rmt_db *db, const struct rmt_db_pending *pending, const struct rmt_buf *folded,
    struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, pending->id);
	rmt_db_bind_int(&query, pending->kind);
	rmt_db_bind_int(&query, pending->state);
	rmt_db_bind_int(&query, pending->recorded);
	rmt_db_bind_text(&query, pending->name);
	rmt_db_bind_blob(&query, rmt_buf_view(folded));
	rmt_db_bind_text(&query, pending->subject);
	rmt_db_bind_text(&query, pending->template_name);
	rmt_db_bind_text(&query, pending->targets);
	rmt_db_bind_text(&query, pending->signer);
	rmt_db_bind_text(&query, pending->asked);
	bind_key(&query, pending->spki_hash);
	rmt_db_bind_id(&query, pending->request);
	rmt_db_bind_id(&query, pending->tbs);
	rmt_db_bind_id(&query, pending->certificate);
	rmt_db_bind_text(&query, pending->why);
	rmt_db_bind_int(&query, pending->when);
	rmt_db_bind_int(&query, db->last_event);
	return rmt_db_run(&query, "record the pending request", err);
}

/* The texts that are there always. */
static struct rmt_db_pending
complete(const struct rmt_db_pending *pending)
{
	struct rmt_db_pending full = *pending;
	const char **texts[] = { &full.name, &full.subject, &full.template_name, &full.targets,
		&full.signer, &full.asked, &full.why };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (*texts[i] == NULL)
			*texts[i] = "";
	return full;
}

int
rmt_db_pending_add(
    struct rmt_db *db, const struct rmt_db_pending *pending, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_pending full = complete(pending);
	struct rmt_buf folded = { 0 };
	int rc = -1;

	full.when = full.recorded;
	rmt_db_fold(rmt_span_text(full.name), &folded);
	if (rmt_buf_check(&folded, err) == 0 && rmt_db_must_write(db, err) == 0 &&
	    next_id(db, &full.id, err) == 0 && write_event(db, &full, err) == 0)
		rc = insert_row(db, &full, &folded, err);
	rmt_buf_free(&folded);
	if (rc == 0)
		*id = full.id;
	return rc;
}

static int
update_row(struct rmt_db *db, const struct rmt_db_pending *pending, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, update, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, pending->id);
	rmt_db_bind_int(&query, pending->state);
	bind_key(&query, pending->spki_hash);
	rmt_db_bind_id(&query, pending->request);
	rmt_db_bind_id(&query, pending->tbs);
	rmt_db_bind_id(&query, pending->certificate);
	rmt_db_bind_text(&query, pending->why);
	rmt_db_bind_int(&query, pending->when);
	rmt_db_bind_int(&query, db->last_event);
	return rmt_db_run(&query, "change the pending request", err);
}

int
rmt_db_pending_put(struct rmt_db *db, const struct rmt_db_pending *pending, struct rmt_err *err)
{
	struct rmt_db_pending full = { 0 };
	struct rmt_buf buf = { 0 };
	int rc = get(db, pending->id, &buf, &full, err);

	if (rc == 0)
		rc = rmt_db_refuse(
		    db->path, err, "there is no pending request %" PRId64, pending->id);
	if (rc == 1) {
		full.state = pending->state;
		full.spki_hash = pending->spki_hash;
		full.request = pending->request;
		full.tbs = pending->tbs;
		full.certificate = pending->certificate;
		full.why = pending->why != NULL ? pending->why : "";
		full.when = pending->when;
		rc = write_event(db, &full, err) == 0 ? update_row(db, &full, err) : -1;
	}
	rmt_buf_free(&buf);
	return rc;
}
