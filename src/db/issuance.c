/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/issuance.c - to-be-signed bytes made durable before they are signed. A serial that is taken is
 * refused by name.
 */
#include "config.h"

#include "db/local.h"

static const char insert[] = "INSERT INTO tbs (id, authority, serial, recorded, owner, bytes)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char insert_unsigned[] = "INSERT INTO unsigned (tbs, template, targets, supersedes, proved)"
				      " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char find_serial[] =
    "SELECT 1 FROM tbs WHERE serial = ?1 AND authority = ?2"
    " UNION ALL SELECT 1 FROM certificates INDEXED BY certificates_serial"
    "  WHERE tbs IS NULL AND serial = ?1 AND authority = ?2";

int
rmt_db_serial_taken(
    struct rmt_db *db, int64_t authority, struct rmt_span serial, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, find_serial, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, serial);
	rmt_db_bind_int(&query, authority);
	rc = rmt_db_step(&query, "look for the serial", err);
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_refuse_taken(struct rmt_db *db, struct rmt_span serial, struct rmt_err *err)
{
	struct rmt_buf hex = { 0 };

	if (serial.length > 1 && serial.at[0] == 0)
		serial = rmt_span_of(serial.at + 1, serial.length - 1);
	rmt_hex(serial, 0, &hex);
	rmt_db_refuse(db->path, err, "the serial %.80s was used by this authority before",
	    rmt_buf_string(&hex));
	rmt_buf_free(&hex);
	return -1;
}

static int
insert_tbs(struct rmt_db *db, const struct rmt_db_tbs *tbs, int64_t owner, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, db->last_id + 1);
	rmt_db_bind_int(&query, tbs->authority);
	rmt_db_bind_blob(&query, tbs->serial);
	rmt_db_bind_int(&query, tbs->when);
	rmt_db_bind_int(&query, owner);
	rmt_db_bind_blob(&query, tbs->tbs);
	if (rmt_db_run(&query, "record the to-be-signed bytes", err) != 0 ||
	    rmt_db_query(db, insert_unsigned, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, db->last_id + 1);
	rmt_db_bind_text(&query, tbs->template_name);
	rmt_db_bind_text(&query, tbs->targets);
	rmt_db_bind_id(&query, tbs->supersedes);
	rmt_db_bind_int(&query, tbs->proved);
	return rmt_db_run(&query, "record the to-be-signed bytes", err);
}

int
rmt_db_tbs_add(struct rmt_db *db, const struct rmt_db_tbs *tbs, int64_t *id, struct rmt_err *err)
{
	int64_t owner;
	int taken;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_owner(db, tbs->owner_pid, &owner, err) != 0)
		return -1;
	taken = rmt_db_serial_taken(db, tbs->authority, tbs->serial, err);
	if (taken != 0)
		return taken < 0 ? -1 : rmt_db_refuse_taken(db, tbs->serial, err);
	if (insert_tbs(db, tbs, owner, err) != 0)
		return -1;
	*id = ++db->last_id;
	return 0;
}

static const char rows_between[] =
    "SELECT id, authority, serial, recorded, bytes FROM tbs WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
static const char first_between[] = "SELECT min(id) FROM tbs WHERE id BETWEEN ?1 AND ?2";

int
rmt_db_tbs_scan(struct rmt_db *db, int64_t first, int64_t last,
    int (*visit)(void *arg, int64_t id, const struct rmt_db_tbs *tbs), void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, rows_between, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, first);
	rmt_db_bind_int(&query, last);
	while ((rc = rmt_db_step(&query, "read to-be-signed bytes", err)) == 1) {
		struct rmt_db_tbs tbs = { .authority = sqlite3_column_int64(query.statement, 1),
			.serial = rmt_db_column(query.statement, 2),
			.when = sqlite3_column_int64(query.statement, 3),
			.tbs = rmt_db_column(query.statement, 4) };

		rc = visit(arg, sqlite3_column_int64(query.statement, 0), &tbs);
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_tbs_between(struct rmt_db *db, int64_t first, int64_t last, int64_t *id, struct rmt_err *err)
{
	return rmt_db_first_between(db, first_between, first, last, id, err);
}
