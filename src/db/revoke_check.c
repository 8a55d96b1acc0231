/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/revoke_check.c - are the revocations and the numbers of lists what their events say?
 *
 * A row of either is compared with its event, each event must have a row, and what is so now must be
 * what the history comes to.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/local.h"

static const char doing[] = "check the revocations";

static const char rows[] =
    "SELECT r.authority, r.serial, r.shard, r.certificate, r.at, r.reason, r.invalid_since,"
    " r.expires, r.id, e.kind, e.text, e.at, e.id"
    " FROM revocations r LEFT JOIN events e ON e.id = r.event ORDER BY r.id";

/* What schema 3 wrote: all else was the certificate's. */
static bool
is_early_event(sqlite3_stmt *row, const struct rmt_db_revocation *revocation, struct rmt_buf *buf)
{
	if (revocation->certificate == 0 || revocation->shard != 0 || revocation->invalid_since != 0)
		return false;
	rmt_buf_clear(buf);
	rmt_buf_format(buf, "certificate=%" PRId64 " reason=%d", revocation->certificate,
	    revocation->reason);
	return rmt_db_row_is_event(row, 9, "revoke", buf, revocation->at);
}

static int
check_row(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	struct rmt_db_revocation revocation;
	const char *kind;

	rmt_db_revocation_read(row, &revocation);
	kind = revocation.reason == 8 ? "release" : "revoke";
	rmt_db_revocation_text(&revocation, buf);
	/* The event's time is its own: what is taken over from elsewhere was revoked before. */
	if (rmt_db_row_is_event(row, 9, kind, buf, sqlite3_column_int64(row, 11)) ||
	    is_early_event(row, &revocation, buf))
		return rmt_buf_check(buf, err);
	return rmt_db_refuse(db->path, err, "the revocation of number %lld was altered",
	    (long long)revocation.id);
}

static const char crl_rows[] =
    "SELECT c.id, c.authority, c.shard, c.number, c.base, c.this_update, c.next_update, c.through,"
    " c.entries, c.sha256, e.kind, e.text, e.at, p.kind, p.text, p.at"
    " FROM crls c LEFT JOIN events e ON e.id = c.event LEFT JOIN events p ON p.id = c.published"
    " ORDER BY c.id";

static int
check_crl(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	struct rmt_db_crl crl;
	bool same;

	rmt_db_crl_read(row, &crl);
	rmt_db_crl_text(&crl, false, buf);
	same = rmt_db_row_is_event(row, 10, "crl", buf, sqlite3_column_int64(row, 12));
	if (same && crl.sha256.length > 0) {
		rmt_db_crl_text(&crl, true, buf);
		same = rmt_db_row_is_event(
		    row, 13, "crl-published", buf, sqlite3_column_int64(row, 15));
	}
	if (rmt_buf_check(buf, err) != 0)
		return -1;
	return same ? 0
		    : rmt_db_refuse(db->path, err,
			  "the revocation list %" PRId64 " of authority %" PRId64 " was altered",
			  crl.number, crl.authority);
}

static int
refuse(struct rmt_db *db, const char *which, const char *why, struct rmt_err *err)
{
	return rmt_db_refuse(db->path, err, "%.80s: %s", which != NULL ? which : "", why);
}

static const struct rmt_db_relation relations[] = {
	{ "SELECT 'event ' || e.id FROM events e WHERE e.kind IN ('revoke', 'release')"
	  " AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.event = e.id)",
	    "its revocation is gone" },
	{ "SELECT 'event ' || min(r.event) FROM revocations r GROUP BY r.event HAVING count(*) > 1",
	    "a revocation is known to no event: it was put there by another hand" },
	{ "SELECT 'revocation ' || r.id FROM revocations r JOIN certificates c"
	  " ON c.id = r.certificate WHERE c.authority IS NOT r.authority OR c.serial <> r.serial"
	  " OR c.not_after <> r.expires",
	    "it is not about the certificate that it names" },
	{ "SELECT 'revocation ' || ifnull(h.id, n.changed) FROM"
	  " (SELECT max(id) AS id, authority, serial FROM revocations GROUP BY authority, serial) l"
	  " CROSS JOIN revocations h ON h.id = l.id"
	  " LEFT JOIN revoked n ON n.authority = l.authority AND n.serial = l.serial"
	  " WHERE (h.reason = 8) <> (n.changed IS NULL) OR n.changed <> h.id OR n.shard <> h.shard"
	  " OR n.at <> h.at OR n.reason <> h.reason OR n.invalid_since <> h.invalid_since"
	  " OR n.expires <> h.expires OR (n.certificate IS NOT h.certificate AND h.reason <> 8)",
	    "the table of what is revoked now says something else" },
	{ "SELECT 'revocation ' || n.changed FROM revoked n WHERE NOT EXISTS"
	  " (SELECT 1 FROM revocations h WHERE h.id = n.changed AND h.authority = n.authority"
	  "  AND h.serial = n.serial)",
	    "a revocation is known to no event: it was put there by another hand" },
	{ "SELECT 'event ' || e.id FROM events e WHERE (e.kind = 'crl' AND NOT EXISTS"
	  " (SELECT 1 FROM crls c WHERE c.event = e.id)) OR (e.kind = 'crl-published'"
	  "  AND NOT EXISTS (SELECT 1 FROM crls c WHERE c.published = e.id))",
	    "its revocation list is gone" },
};

int
rmt_db_check_revoked(struct rmt_db *db, struct rmt_err *err)
{
	if (rmt_db_check_rows(db, rows, doing, check_row, err) != 0 ||
	    rmt_db_check_rows(db, crl_rows, doing, check_crl, err) != 0)
		return -1;
	return rmt_db_check_relations(
	    db, relations, sizeof relations / sizeof relations[0], doing, refuse, err);
}
