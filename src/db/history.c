/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/history.c - a certificate and all that are linked to it by "supersedes": up to the first, then
 * down every branch.
 */
#include "config.h"

#include "db/local.h"

static const char linked[] =
    "WITH RECURSIVE"
    " up (id, older) AS (SELECT id, supersedes FROM certificates WHERE id = ?1"
    "  UNION SELECT c.id, c.supersedes FROM up CROSS JOIN certificates c ON c.id = up.older),"
    " down (id, depth) AS (SELECT id, 0 FROM up WHERE older IS NULL"
    "  UNION SELECT c.id, down.depth + 1 FROM down CROSS JOIN certificates c"
    "   ON c.supersedes = down.id)"
    " SELECT id FROM down ORDER BY depth, id";

int
rmt_db_history(struct rmt_db *db, int64_t id,
    int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_buf ids = { 0 };
	int rc = -1;

	if (rmt_db_query(db, linked, &query, err) == 0) {
		rmt_db_bind_int(&query, id);
		rc = rmt_db_ids(&query, "read the history", &ids, err);
	}
	if (rc == 0)
		rc = rmt_db_cert_visit(db, &ids, false, visit, arg, err);
	rmt_buf_free(&ids);
	return rc;
}
