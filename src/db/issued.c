/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/issued.c - what hangs on an authority: certificates that it issued and that have not expired.
 *
 * The certificates of authorities of this home are not among them: a cross-certificate hangs on
 * nobody. Counting reads every row of a home, which is done seldom, so that no index is kept for it.
 */
#include "config.h"

#include "db/local.h"

#define HANGING \
	" FROM certificates c WHERE c.authority = ?1 AND c.not_after >= ?2" \
	" AND NOT EXISTS (SELECT 1 FROM authorities a WHERE a.spki_hash = c.spki_hash)"
#define REVOKED "EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = c.id)"
#define SUPERSEDED "EXISTS (SELECT 1 FROM certificates s WHERE s.supersedes = c.id)"
#define STATUS "CASE WHEN " REVOKED " THEN 1 WHEN " SUPERSEDED " THEN 2 ELSE 0 END"

static const char counted[] =
    "SELECT " STATUS " AS status, count(*), max(c.not_after)" HANGING " GROUP BY status";
static const char soonest[] = "SELECT c.id" HANGING " ORDER BY c.not_after, c.id LIMIT ?3";
static const char of_key[] = "SELECT max(id) FROM certificates"
			     " WHERE substr(spki_hash, 1, 8) = substr(?2, 1, 8)"
			     " AND spki_hash = ?2 AND (?1 = 0 OR authority = ?1)";

int
rmt_db_authority_hanging(struct rmt_db *db, int64_t authority, rmt_time now,
    struct rmt_db_hanging *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	*out = (struct rmt_db_hanging){ 0 };
	if (rmt_db_query(db, counted, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_int(&query, now);
	while ((rc = rmt_db_step(&query, "count what an authority issued", err)) == 1) {
		int status = sqlite3_column_int(query.statement, 0);
		int64_t last = sqlite3_column_int64(query.statement, 2);

		out->count[status] = sqlite3_column_int64(query.statement, 1);
		out->last = last > out->last ? last : out->last;
		if (status == RMT_CERT_VALID)
			out->last_valid = last;
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_authority_certs(struct rmt_db *db, int64_t authority, rmt_time now, unsigned limit,
    int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_buf ids = { 0 };
	int rc = -1;

	if (rmt_db_query(db, soonest, &query, err) == 0) {
		rmt_db_bind_int(&query, authority);
		rmt_db_bind_int(&query, now);
		rmt_db_bind_int(&query, limit);
		rc = rmt_db_ids(&query, "list what an authority issued", &ids, err);
	}
	if (rc == 0)
		rc = rmt_db_cert_visit(db, &ids, false, visit, arg, err);
	rmt_buf_free(&ids);
	return rc;
}

int
rmt_db_cert_of_key(struct rmt_db *db, int64_t authority, struct rmt_span spki_hash,
    struct rmt_db_cert *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t id = 0;
	int rc;

	if (rmt_db_query(db, of_key, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_blob(&query, spki_hash);
	rc = rmt_db_step(&query, "look for the key", err);
	if (rc == 1)
		id = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	if (rc < 0 || id == 0)
		return rc < 0 ? -1 : 0;
	return rmt_db_cert_by_id(db, id, out, err);
}
