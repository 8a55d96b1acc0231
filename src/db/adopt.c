/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/adopt.c - certificates that were recorded before their authority was known, and authorities before their issuer: what comes later is put
 * above them. Whose they are is told by signatures, which are not read here.
 */
#include "config.h"

#include <inttypes.h>

#include "db/local.h"

static const char strays[] =
    "SELECT id FROM certificates INDEXED BY certificates_stray WHERE authority IS NULL ORDER BY id";
static const char mark[] = "INSERT INTO adopted (certificate) VALUES (?1)";
static const char adopt[] =
    "UPDATE certificates SET authority = ?1 WHERE id = ?2 AND authority IS NULL AND tbs IS NULL";
static const char place[] =
    "UPDATE authorities SET parent = ?1 WHERE id = ?2 AND parent IS NULL AND state > 0";
static const char between[] =
    "SELECT min(certificate) FROM adopted WHERE certificate BETWEEN ?1 AND ?2";

int
rmt_db_strays(struct rmt_db *db, int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg,
    struct rmt_err *err)
{
	struct rmt_buf ids = { 0 };
	struct rmt_db_query query;
	int rc = -1;

	if (rmt_db_query(db, strays, &query, err) == 0)
		rc = rmt_db_ids(&query, "look for certificates of nobody", &ids, err);
	if (rc == 0)
		rc = rmt_db_cert_visit(db, &ids, true, visit, arg, err);
	rmt_buf_free(&ids);
	return rc;
}

/* One row, or it was not what the caller takes it for. */
static int
run_once(struct rmt_db *db, struct rmt_db_query *query, int64_t id, const char *what, struct rmt_err *err)
{
	if (rmt_db_run(query, "put what came later above it", err) != 0)
		return -1;
	if (sqlite3_changes(db->sqlite) == 1)
		return 0;
	return rmt_db_refuse(db->path, err, "%s %" PRId64 " is not without an issuer", what, id);
}

int
rmt_db_cert_adopt(struct rmt_db *db, int64_t id, int64_t authority, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, mark, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	if (rmt_db_run(&query, "put what came later above it", err) != 0 ||
	    rmt_db_query(db, adopt, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_int(&query, id);
	return run_once(db, &query, id, "certificate", err);
}

int
rmt_db_authority_place(struct rmt_db *db, int64_t id, int64_t parent, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, place, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, parent);
	rmt_db_bind_int(&query, id);
	return run_once(db, &query, id, "the authority", err);
}

int
rmt_db_adopted_between(struct rmt_db *db, int64_t first, int64_t last, int64_t *id, struct rmt_err *err)
{
	return rmt_db_first_between(db, between, first, last, id, err);
}
