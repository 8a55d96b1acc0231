/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/authority.c - the certification authorities of the home and the foreign ones it met.
 *
 * An authority goes from pending, or from foreign when its key comes, to active to retired and never back; a trigger holds this too. Its
 * private key is a file elsewhere, named by the hash of its public key.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/local.h"

static const char insert[] =
    "INSERT INTO authorities (name, state, certificate, spki_hash, key_here, parent, crl_uri,"
    " ocsp_uri, ca_uri, crl_shards, crl_deltas)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char activate[] =
    "UPDATE authorities SET state = 1, certificate = ?1, parent = ?2 WHERE id = ?3 AND state = 0";
static const char retire[] = "UPDATE authorities SET state = 2 WHERE id = ?1 AND state = 1";
static const char adopt[] = "UPDATE authorities SET state = 1, key_here = 1 WHERE id = ?1 AND state = 3";
#define COLUMNS \
	"id, name, state, certificate, spki_hash, key_here, parent, crl_uri, ocsp_uri, ca_uri," \
	" crl_shards, crl_deltas"
static const char by_name[] = "SELECT " COLUMNS " FROM authorities WHERE name = ?1";
static const char by_id[] = "SELECT " COLUMNS " FROM authorities WHERE id = ?1";
static const char every[] = "SELECT id FROM authorities ORDER BY id";

static void
bind_certificate(struct rmt_db_query *query, struct rmt_span cert)
{
	if (cert.length == 0)
		rmt_db_bind_null(query);
	else
		rmt_db_bind_blob(query, cert);
}

int
rmt_db_authority_add(
    struct rmt_db *db, const struct rmt_db_authority *authority, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_authority present;
	struct rmt_db_query query;
	int rc;

	if (rmt_db_must_write(db, err) != 0)
		return -1;
	rc = rmt_db_authority_get(db, authority->name, 0, &present, err);
	if (rc != 0)
		return rc < 0 ? -1
			      : rmt_db_refuse(db->path, err,
				    "there is an authority named \"%s\" already", authority->name);
	if (rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, authority->name);
	rmt_db_bind_int(&query, authority->state);
	bind_certificate(&query, authority->cert);
	rmt_db_bind_blob(&query, authority->spki_hash);
	rmt_db_bind_int(&query, authority->key_here);
	rmt_db_bind_id(&query, authority->parent);
	rmt_db_bind_text(&query, authority->crl_uri);
	rmt_db_bind_text(&query, authority->ocsp_uri);
	rmt_db_bind_text(&query, authority->ca_uri);
	rmt_db_bind_int(&query, authority->crl_shards);
	rmt_db_bind_int(&query, authority->crl_deltas);
	if (rmt_db_run(&query, "record the authority", err) != 0)
		return -1;
	*id = sqlite3_last_insert_rowid(db->sqlite);
	return 0;
}

/* After an UPDATE that names the state it starts from. */
static int
must_have_changed(struct rmt_db *db, int64_t id, const char *state, struct rmt_err *err)
{
	if (sqlite3_changes(db->sqlite) == 1)
		return 0;
	return rmt_db_refuse(
	    db->path, err, "there is no authority %" PRId64 " that is %s", id, state);
}

int
rmt_db_authority_activate(
    struct rmt_db *db, int64_t id, struct rmt_span cert, int64_t parent, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, activate, &query, err) != 0)
		return -1;
	bind_certificate(&query, cert);
	rmt_db_bind_id(&query, parent);
	rmt_db_bind_int(&query, id);
	if (rmt_db_run(&query, "activate the authority", err) != 0)
		return -1;
	return must_have_changed(db, id, "pending", err);
}

int
rmt_db_authority_retire(struct rmt_db *db, int64_t id, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, retire, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	if (rmt_db_run(&query, "retire the authority", err) != 0)
		return -1;
	return must_have_changed(db, id, "active", err);
}

int
rmt_db_authority_adopt(struct rmt_db *db, int64_t id, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, adopt, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	if (rmt_db_run(&query, "adopt the authority", err) != 0)
		return -1;
	return must_have_changed(db, id, "another's", err);
}

static void
read_row(sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_db_authority *out)
{
	*out = (struct rmt_db_authority){
		.id = sqlite3_column_int64(row, 0),
		.name = rmt_db_keep_text(row, 1, buf),
		.state = (enum rmt_authority_state)sqlite3_column_int(row, 2),
		.cert = rmt_db_keep(row, 3, buf),
		.spki_hash = rmt_db_keep(row, 4, buf),
		.key_here = sqlite3_column_int(row, 5) != 0,
		.parent = sqlite3_column_int64(row, 6),
		.crl_uri = rmt_db_keep_text(row, 7, buf),
		.ocsp_uri = rmt_db_keep_text(row, 8, buf),
		.ca_uri = rmt_db_keep_text(row, 9, buf),
		.crl_shards = sqlite3_column_int(row, 10),
		.crl_deltas = sqlite3_column_int(row, 11) != 0,
	};
}

static int
fetch(struct rmt_db *db, const char *name, int64_t id, struct rmt_buf *buf,
    struct rmt_db_authority *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, name != NULL ? by_name : by_id, &query, err) != 0)
		return -1;
	if (name != NULL)
		rmt_db_bind_text(&query, name);
	else
		rmt_db_bind_int(&query, id);
	rc = rmt_db_step(&query, "read the authorities", err);
	if (rc == 1 && rmt_db_keep_row(query.statement, buf, err) != 0)
		rc = -1;
	if (rc == 1)
		read_row(query.statement, buf, out);
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_authority_get(struct rmt_db *db, const char *name, int64_t id, struct rmt_db_authority *out,
    struct rmt_err *err)
{
	return fetch(db, name, id, &db->held, out, err);
}

int
rmt_db_authorities(struct rmt_db *db,
    int (*visit)(void *arg, const struct rmt_db_authority *authority), void *arg,
    struct rmt_err *err)
{
	struct rmt_buf ids = { 0 }, buf = { 0 };
	struct rmt_db_authority authority;
	struct rmt_db_query query;
	int rc = -1;

	if (rmt_db_query(db, every, &query, err) == 0)
		rc = rmt_db_ids(&query, "read the authorities", &ids, err);
	for (size_t at = 0; rc == 0 && at < ids.length; at += sizeof(int64_t)) {
		int64_t id;

		memcpy(&id, ids.bytes + at, sizeof id);
		rc = fetch(db, NULL, id, &buf, &authority, err);
		if (rc == 1)
			rc = visit(arg, &authority);
	}
	rmt_buf_free(&ids);
	rmt_buf_free(&buf);
	return rc;
}
