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
