/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/ocsp.c - what an OCSP responder asks of a serial number, and the responses that are kept for it.
 *
 * A kept response is worth nothing but the signature that it saves: a trigger drops it in the
 * transaction that revokes, holds or releases its certificate, and one that was signed for a state
 * that is no longer so is not taken in. What a response says is not known here.
 */
#include "config.h"

#include "db/local.h"

static const char doing[] = "read the state of a certificate", storing[] = "keep an OCSP response";

/* ---- the state of a serial number ---- */

static const char state[] =
    "SELECT c.id, c.not_after, r.changed, r.at, r.reason FROM (SELECT coalesce("
    " (SELECT t.id FROM tbs t WHERE t.serial = ?2 AND t.authority = ?1),"
    " (SELECT f.id FROM certificates f WHERE f.serial = ?2 AND f.authority = ?1 AND f.tbs IS NULL)"
    ") AS id) k LEFT JOIN certificates c ON c.id = k.id"
    " LEFT JOIN revoked r ON r.authority = ?1 AND r.serial = ?2";

int
rmt_db_ocsp_state(struct rmt_db *db, int64_t authority, struct rmt_span serial,
    struct rmt_db_ocsp_state *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	*out = (struct rmt_db_ocsp_state){ .serial = serial };
	if (rmt_db_query(db, state, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_blob(&query, serial);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1) {
		out->certificate = sqlite3_column_int64(query.statement, 0);
		out->not_after = sqlite3_column_int64(query.statement, 1);
		out->stated = sqlite3_column_int64(query.statement, 2);
		out->revoked = sqlite3_column_int64(query.statement, 3);
		out->reason = sqlite3_column_int(query.statement, 4);
		rc = out->certificate != 0 || out->stated != 0;
	}
	rmt_db_done(&query);
	return rc;
}

/* ---- responses ---- */

/* One signed by a certificate that was revoked since is as good as none. */
static const char kept[] =
    "SELECT certificate, hash, stated, signer, this_update, next_update, der FROM ocsp_responses o"
    " WHERE id = 2 * ?1 + ?2 AND next_update > ?3"
    " AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = o.signer)";

static void
read_response(sqlite3_stmt *row, int at, struct rmt_db_ocsp_response *out)
{
	*out = (struct rmt_db_ocsp_response){
		.certificate = sqlite3_column_int64(row, at),
		.hash = (enum rmt_ocsp_hash)sqlite3_column_int(row, at + 1),
		.stated = sqlite3_column_int64(row, at + 2),
		.signer = sqlite3_column_int64(row, at + 3),
		.this_update = sqlite3_column_int64(row, at + 4),
		.next_update = sqlite3_column_int64(row, at + 5),
		.der = rmt_db_column(row, at + 6),
	};
}

int
rmt_db_ocsp_get(struct rmt_db *db, int64_t certificate, enum rmt_ocsp_hash hash, rmt_time beyond,
    struct rmt_db_ocsp_response *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, kept, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, certificate);
	rmt_db_bind_int(&query, hash);
	rmt_db_bind_int(&query, beyond);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1 && rmt_db_keep_row(query.statement, &db->held, err) != 0)
		rc = -1;
	if (rc == 1) {
		read_response(query.statement, 0, out);
		out->der = rmt_db_keep(query.statement, 6, &db->held);
	}
	rmt_db_done(&query);
	return rc;
}

/* Only while what it says is so: whoever revoked the certificate meanwhile was not waited for. */
static const char keep[] =
    "INSERT OR REPLACE INTO ocsp_responses (id, certificate, hash, stated, signer, this_update,"
    " next_update, der) SELECT 2 * ?1 + ?2, ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM certificates c"
    " WHERE c.id = ?1 AND (SELECT r.changed FROM revoked r WHERE r.authority = c.authority"
    "  AND r.serial = c.serial) IS ?3";

int
rmt_db_ocsp_put(
    struct rmt_db *db, const struct rmt_db_ocsp_response *response, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, keep, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, response->certificate);
	rmt_db_bind_int(&query, response->hash);
	rmt_db_bind_id(&query, response->stated);
	rmt_db_bind_id(&query, response->signer);
	rmt_db_bind_int(&query, response->this_update);
	rmt_db_bind_int(&query, response->next_update);
	rmt_db_bind_blob(&query, response->der);
	if (rmt_db_run(&query, storing, err) != 0)
		return -1;
	return sqlite3_changes(db->sqlite) > 0;
}

/* Those of a certificate that has expired are asked for no more. */
static const char outlived[] =
    "DELETE FROM ocsp_responses WHERE next_update <= ?1 AND certificate IN"
    " (SELECT id FROM certificates WHERE not_after < ?1)";

int
rmt_db_ocsp_trim(struct rmt_db *db, rmt_time now, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, outlived, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, now);
	return rmt_db_run(&query, "drop what nobody asks for", err);
}

/* ---- all that live ---- */

static const char live[] =
    "SELECT c.id, c.serial, c.not_after, r.changed, r.at, r.reason,"
    " o.certificate, o.hash, o.stated, o.signer, o.this_update, o.next_update, o.der"
    " FROM certificates c LEFT JOIN revoked r ON r.authority = c.authority AND r.serial = c.serial"
    " LEFT JOIN ocsp_responses o ON o.id = 2 * c.id + ?4 AND o.next_update > ?5"
    "  AND NOT EXISTS (SELECT 1 FROM revoked s WHERE s.certificate = o.signer)"
    " WHERE c.id > ?2 AND c.authority = ?1 AND c.not_after >= ?3 ORDER BY c.id LIMIT ?6";

int
rmt_db_ocsp_live(struct rmt_db *db, const struct rmt_db_ocsp_query *asked,
    int (*visit)(void *arg, const struct rmt_db_ocsp_state *state,
	const struct rmt_db_ocsp_response *response),
    void *arg, struct rmt_err *err)
{
	struct rmt_db_ocsp_response response;
	struct rmt_db_ocsp_state one;
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, live, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, asked->authority);
	rmt_db_bind_int(&query, asked->after);
	rmt_db_bind_int(&query, asked->now);
	rmt_db_bind_int(&query, asked->hash);
	rmt_db_bind_int(&query, asked->beyond);
	rmt_db_bind_int(&query, asked->limit);
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		one = (struct rmt_db_ocsp_state){
			.certificate = sqlite3_column_int64(query.statement, 0),
			.serial = rmt_db_column(query.statement, 1),
			.not_after = sqlite3_column_int64(query.statement, 2),
			.stated = sqlite3_column_int64(query.statement, 3),
			.revoked = sqlite3_column_int64(query.statement, 4),
			.reason = sqlite3_column_int(query.statement, 5),
		};
		read_response(query.statement, 6, &response);
		rc = visit(arg, &one, response.certificate != 0 ? &response : NULL);
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

static const char count[] = "SELECT count(*) FROM certificates WHERE authority = ?1 AND not_after >= ?2";

int
rmt_db_ocsp_count(
    struct rmt_db *db, int64_t authority, rmt_time now, int64_t *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, count, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_int(&query, now);
	return rmt_db_number(&query, doing, out, err);
}

static const char begun[] =
    "SELECT EXISTS (SELECT 1 FROM certificates WHERE template = ?2 AND authority = ?1)"
    " OR EXISTS (SELECT 1 FROM ocsp_responses o JOIN certificates c ON c.id = o.certificate"
    "            WHERE c.authority = ?1)";

int
rmt_db_ocsp_begun(struct rmt_db *db, int64_t authority, const char *signers, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t found;

	if (rmt_db_query(db, begun, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_text(&query, signers);
	return rmt_db_number(&query, doing, &found, err) != 0 ? -1 : found != 0;
}

/* ---- check ---- */

static const struct rmt_db_relation relations[] = {
	{ "SELECT o.certificate FROM ocsp_responses o JOIN certificates c ON c.id = o.certificate"
	  " LEFT JOIN revoked r ON r.authority = c.authority AND r.serial = c.serial"
	  " WHERE o.stated IS NOT r.changed LIMIT 1",
	    "is not what is known of it now" },
};

static int
refuse(struct rmt_db *db, const char *which, const char *why, struct rmt_err *err)
{
	return rmt_db_refuse(
	    db->path, err, "the OCSP response kept for the certificate %s %s", which, why);
}

int
rmt_db_check_ocsp(struct rmt_db *db, struct rmt_err *err)
{
	return rmt_db_check_relations(db, relations, sizeof relations / sizeof *relations,
	    "check the OCSP responses", refuse, err);
}
