/* SPDX-License-Identifier: Apache-2.0 */
/* db/request.c - certificate requests, those made here and those signed here. They are kept as they
 * came. */
#include "config.h"

#include "db/local.h"

static const char insert[] =
    "INSERT INTO requests (state, recorded, spki_hash, subject, targets, der)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

int
rmt_db_request_add(
    struct rmt_db *db, const struct rmt_db_request *request, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, request->state);
	rmt_db_bind_int(&query, request->recorded);
	rmt_db_bind_blob(&query, request->spki_hash);
	rmt_db_bind_text(&query, request->subject);
	rmt_db_bind_text(&query, request->targets);
	rmt_db_bind_blob(&query, request->der);
	if (rmt_db_run(&query, "record the request", err) != 0)
		return -1;
	*id = sqlite3_last_insert_rowid(db->sqlite);
	return 0;
}

static const char by_id[] =
    "SELECT id, state, recorded, spki_hash, subject, targets, der FROM requests WHERE id = ?1";

int
rmt_db_request_by_id(
    struct rmt_db *db, int64_t id, struct rmt_db_request *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, by_id, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rc = rmt_db_step(&query, "read the request", err);
	if (rc == 1 && rmt_db_keep_row(query.statement, &db->held, err) != 0)
		rc = -1;
	if (rc == 1)
		*out = (struct rmt_db_request){
			.id = sqlite3_column_int64(query.statement, 0),
			.state = rmt_db_keep_text(query.statement, 1, &db->held),
			.recorded = sqlite3_column_int64(query.statement, 2),
			.spki_hash = rmt_db_keep(query.statement, 3, &db->held),
			.subject = rmt_db_keep_text(query.statement, 4, &db->held),
			.targets = rmt_db_keep_text(query.statement, 5, &db->held),
			.der = rmt_db_keep(query.statement, 6, &db->held),
		};
	rmt_db_done(&query);
	return rc;
}
