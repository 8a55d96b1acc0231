/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/status.c - the questions of a status: what ends soon, what waits, what is unfinished. Indexed
 * columns only, so that a million certificates cost no more than those that are meant.
 *
 * What is early, late or bad is not known here.
 */
#include "config.h"

#include <sys/stat.h>

#include "db/local.h"

static const char doing[] = "read the status";

/* Expiry is indexed within blocks of ids: each block is sought. What has a successor that was not
 * taken back is done with, and so is what was revoked; an authority's own certificates, and those
 * of the template ?3, are somebody else's matter. */
static const char expiring[] =
    "WITH RECURSIVE b (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM b"
    "  WHERE n < (SELECT max(id) >> 12 FROM certificates)),"
    " other (id) AS MATERIALIZED (SELECT k.id FROM authorities a JOIN certificates k"
    "  ON substr(k.spki_hash, 1, 8) = substr(a.spki_hash, 1, 8)"
    "  UNION ALL SELECT k.id FROM certificates k INDEXED BY certificates_template"
    "  WHERE k.template = (SELECT id FROM terms WHERE text = ?3))"
    " SELECT c.id, c.not_after FROM b"
    " CROSS JOIN certificates c INDEXED BY certificates_expiry"
    "  ON c.id >> 12 = b.n AND c.not_after BETWEEN ?1 AND ?2"
    " WHERE NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = c.id)"
    " AND NOT EXISTS (SELECT 1 FROM certificates s WHERE s.supersedes = c.id"
    "  AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = s.id))"
    " AND c.id NOT IN (SELECT id FROM other)";

int
rmt_db_expiring(struct rmt_db *db, rmt_time from, rmt_time until, const char *but,
    int (*visit)(void *arg, int64_t id, rmt_time not_after), void *arg, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, expiring, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, from);
	rmt_db_bind_int(&query, until);
	rmt_db_bind_text(&query, but);
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		rc = visit(arg, sqlite3_column_int64(query.statement, 0),
		    sqlite3_column_int64(query.statement, 1));
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

/* The dates of an authority's certificate stand in its row; the longest life among the last
 * thousand certificates says how long those that it issues are made for; not one that ends
 * with it, nor a cross-certificate: these were cut to fit. */
static const char lifetimes[] =
    "SELECT a.name, a.state, a.key_here, c.not_before, c.not_after,"
    " (SELECT max(l.not_after - l.not_before + 1) FROM (SELECT authority, not_before, not_after, id, spki_hash"
    "   FROM certificates ORDER BY id DESC LIMIT 1000) l WHERE l.authority = a.id AND l.id <> c.id AND l.not_after < c.not_after"
    "  AND NOT EXISTS (SELECT 1 FROM authorities x WHERE x.spki_hash = l.spki_hash AND x.parent IS NOT a.id)),"
    " a.id, a.spki_hash"
    " FROM authorities a JOIN certificates c ON c.id = (SELECT k.id FROM certificates k"
    "  JOIN certificate_der d ON d.certificate = k.id"
    "  WHERE substr(k.spki_hash, 1, 8) = substr(a.spki_hash, 1, 8) AND d.der = a.certificate LIMIT 1)"
    " ORDER BY a.id";
/* Only what was made elsewhere can outlive the authority that it hangs on. */
static const char outliving[] =
    "WITH RECURSIVE b (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM b"
    "  WHERE n < (SELECT max(id) >> 12 FROM certificates))"
    " SELECT count(*) FROM b CROSS JOIN certificates c INDEXED BY certificates_expiry"
    "  ON c.id >> 12 = b.n AND c.not_after > ?1"
    " WHERE c.tbs IS NULL AND c.authority = ?2"
    " AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = c.id)";

static int
count_outliving(struct rmt_db *db, struct rmt_db_lifetime *lifetime, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, outliving, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, lifetime->not_after);
	rmt_db_bind_int(&query, lifetime->authority);
	return rmt_db_number(&query, doing, &lifetime->outliving, err);
}

int
rmt_db_lifetimes(struct rmt_db *db,
    int (*visit)(void *arg, const struct rmt_db_lifetime *lifetime), void *arg,
    struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, lifetimes, &query, err) != 0)
		return -1;
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		sqlite3_stmt *row = query.statement;
		struct rmt_db_lifetime lifetime = {
			.name = (const char *)sqlite3_column_text(row, 0),
			.state = (enum rmt_authority_state)sqlite3_column_int(row, 1),
			.key_here = sqlite3_column_int(row, 2) != 0,
			.not_before = sqlite3_column_int64(row, 3),
			.not_after = sqlite3_column_int64(row, 4),
			.longest = sqlite3_column_int64(row, 5),
			.authority = sqlite3_column_int64(row, 6),
			.spki_hash = rmt_db_column(row, 7),
		};

		rc = count_outliving(db, &lifetime, err);
		if (rc == 0)
			rc = visit(arg, &lifetime);
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

/* Each serial number of which something was said since, with the first of it, which tells what was so before: nothing before a
 * hold, a hold before its release. Anything else is for good, and was not so before. */
static const char unlisted[] =
    "SELECT count(*), min(f.at) FROM (SELECT serial, min(id) AS first FROM revocations"
    "  WHERE id > ?2 AND authority = ?1 GROUP BY serial) n"
    " JOIN revocations f ON f.id = n.first"
    " LEFT JOIN revoked r ON r.authority = ?1 AND r.serial = n.serial"
    " WHERE CASE f.reason WHEN 6 THEN r.reason IS NOT NULL WHEN 8 THEN r.reason IS NOT 6 ELSE 1 END";

int
rmt_db_unlisted(struct rmt_db *db, int64_t authority, int64_t through, int64_t *count,
    rmt_time *oldest, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, unlisted, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, authority);
	rmt_db_bind_int(&query, through);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1) {
		*count = sqlite3_column_int64(query.statement, 0);
		*oldest = sqlite3_column_int64(query.statement, 1);
	}
	rmt_db_done(&query);
	return rc < 0 ? -1 : 0;
}

/* ---- what waits ---- */

static const char waiting[] = "SELECT kind, count(*), min(recorded) FROM pending WHERE state = 0"
			      " GROUP BY kind ORDER BY kind";

int
rmt_db_pending_waiting(struct rmt_db *db,
    int (*visit)(void *arg, enum rmt_pending_kind kind, int64_t count, rmt_time oldest), void *arg,
    struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, waiting, &query, err) != 0)
		return -1;
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		rc = visit(arg, (enum rmt_pending_kind)sqlite3_column_int(query.statement, 0),
		    sqlite3_column_int64(query.statement, 1),
		    sqlite3_column_int64(query.statement, 2));
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

static const char campaigns[] =
    "SELECT c.id, c.plan, c.file, c.started, i.state, count(i.item), max(i.at) FROM campaigns c"
    " LEFT JOIN campaign_items i ON i.campaign = c.id GROUP BY c.id, i.state ORDER BY c.id, i.state";

/* Rows of one campaign follow one another: each state adds its count. */
static void
add_state(sqlite3_stmt *row, struct rmt_db_progress *progress)
{
	int state = sqlite3_column_int(row, 4);
	rmt_time moved = sqlite3_column_int64(row, 6);

	if (sqlite3_column_type(row, 4) != SQLITE_NULL && state >= 0 && state < RMT_ITEM_STATES)
		progress->items[state] = sqlite3_column_int64(row, 5);
	if (moved > progress->moved)
		progress->moved = moved;
}

int
rmt_db_campaigns(struct rmt_db *db,
    int (*visit)(void *arg, const struct rmt_db_progress *progress), void *arg,
    struct rmt_err *err)
{
	struct rmt_db_progress progress = { 0 };
	struct rmt_buf plan = { 0 }, file = { 0 };
	struct rmt_db_query query;
	int rc, told = 0;

	if (rmt_db_query(db, campaigns, &query, err) != 0)
		return -1;
	while (told == 0 && (rc = rmt_db_step(&query, doing, err)) == 1) {
		sqlite3_stmt *row = query.statement;
		int64_t id = sqlite3_column_int64(row, 0);

		if (id != progress.id) {
			if (progress.id != 0)
				told = visit(arg, &progress);
			rmt_buf_clear(&plan);
			rmt_buf_clear(&file);
			rmt_buf_span(&plan, rmt_db_column(row, 1));
			rmt_buf_span(&file, rmt_db_column(row, 2));
			progress = (struct rmt_db_progress){ .id = id,
				.plan = rmt_buf_string(&plan),
				.file = rmt_buf_string(&file),
				.started = sqlite3_column_int64(row, 3) };
		}
		add_state(row, &progress);
	}
	rmt_db_done(&query);
	if (told == 0 && rc == 0 && progress.id != 0)
		told = visit(arg, &progress);
	rmt_buf_free(&plan);
	rmt_buf_free(&file);
	return told != 0 ? told : rc;
}

/* ---- the database itself ---- */

static const char unfinished[] = "SELECT count(*), min(t.recorded) FROM unsigned u JOIN tbs t"
				 " ON t.id = u.tbs";
static const char counted[] = "SELECT (SELECT count(*) FROM certificates), (SELECT count(*) FROM "
			      "revoked), (SELECT count(*) FROM requests)";

int
rmt_db_unfinished(struct rmt_db *db, int64_t *count, rmt_time *oldest, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, unfinished, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1) {
		*count = sqlite3_column_int64(query.statement, 0);
		*oldest = sqlite3_column_int64(query.statement, 1);
	}
	rmt_db_done(&query);
	return rc < 0 ? -1 : 0;
}

int
rmt_db_counts(struct rmt_db *db, struct rmt_db_counts *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, counted, &query, err) != 0)
		return -1;
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1)
		*out = (struct rmt_db_counts){
			.certificates = sqlite3_column_int64(query.statement, 0),
			.revoked = sqlite3_column_int64(query.statement, 1),
			.requests = sqlite3_column_int64(query.statement, 2),
		};
	rmt_db_done(&query);
	return rc < 0 ? -1 : 0;
}

static uint64_t
size_of(const char *path)
{
	struct stat state;

	return stat(path, &state) == 0 ? (uint64_t)state.st_size : 0;
}

int
rmt_db_sizes(struct rmt_db *db, uint64_t *database, uint64_t *log, struct rmt_err *err)
{
	struct rmt_buf path = { 0 };

	rmt_buf_format(&path, "%s-wal", db->path);
	if (rmt_buf_check(&path, err) != 0) {
		rmt_buf_free(&path);
		return -1;
	}
	*database = size_of(db->path);
	*log = size_of(rmt_buf_string(&path));
	rmt_buf_free(&path);
	return 0;
}
