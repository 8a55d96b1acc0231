/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/export.c - tables as rows of named cells, for other programs. One row at a time, by id.
 *
 * The cells are what the database holds; only numbers that stand for a word are given as the word.
 *
 * To export another table: a row in `exported`, with a column of the query for each cell and a
 * letter for what it is: (n)umber, (t)ime, te(x)t, (h)ex of bytes, (b)ase64 of bytes, (f)lag. A
 * NULL is a cell without a value. A table of the schema that has no row here says why in
 * tests/unit/test_db_trust.c.
 */
#include "config.h"

#include <string.h>

#include "db/local.h"

static const struct {
	const char *name, *letters, *sql;
} exported[] = {
	{ "authorities", "nxxhfnxxxnfb",
	    "SELECT a.id, a.name, CASE a.state WHEN 0 THEN 'pending' WHEN 1 THEN 'active'"
	    " WHEN 2 THEN 'retired' ELSE 'foreign' END AS state, a.spki_hash AS spki_sha256,"
	    " a.key_here, a.parent, a.crl_uri, a.ocsp_uri, a.ca_uri, a.crl_shards, a.crl_deltas,"
	    " a.certificate AS der"
	    " FROM authorities a ORDER BY a.id" },
	{ "certificates", "nnxhhhxxttttxxxnnfnfb",
	    "SELECT c.id, c.authority, i.text AS issuer, c.serial, c.fingerprint AS sha256,"
	    " c.spki_hash AS spki_sha256, c.subject, c.name, c.not_before, c.not_after, c.recorded,"
	    " (SELECT r.at FROM revoked r WHERE r.certificate = c.id) AS revoked,"
	    " (SELECT group_concat(ifnull(n.name, n.folded), char(10)) FROM certificate_names n"
	    "  WHERE n.certificate = c.id) AS names,"
	    " t.text AS template, c.targets, c.supersedes,"
	    " (SELECT max(s.id) FROM certificates s WHERE s.supersedes = c.id) AS superseded_by,"
	    " c.proved, c.request,"
	    " EXISTS (SELECT 1 FROM adopted o WHERE o.certificate = c.id) AS adopted, d.der"
	    " FROM certificates c JOIN terms i ON i.id = c.issuer"
	    " LEFT JOIN terms t ON t.id = c.template"
	    " LEFT JOIN certificate_der d ON d.certificate = c.id ORDER BY c.id" },
	/* The history: what was said last of a serial number is so now. */
	{ "revocations", "nnhnntxttn",
	    "SELECT id, authority, serial, shard, certificate, at, CASE reason"
	    " WHEN 0 THEN 'unspecified' WHEN 1 THEN 'keyCompromise' WHEN 2 THEN 'cACompromise'"
	    " WHEN 3 THEN 'affiliationChanged' WHEN 4 THEN 'superseded'"
	    " WHEN 5 THEN 'cessationOfOperation' WHEN 6 THEN 'certificateHold'"
	    " WHEN 8 THEN 'removeFromCRL' WHEN 9 THEN 'privilegeWithdrawn'"
	    " WHEN 10 THEN 'aACompromise' ELSE reason END AS reason,"
	    " nullif(invalid_since, 0) AS invalid_since, nullif(expires, 0) AS expires,"
	    " event FROM revocations ORDER BY id" },
	/* Without a SHA-256 it was never published: its number is used up. */
	{ "crls", "nnnnnttnnhnn",
	    "SELECT id, authority, shard, number, base, this_update, next_update, through, entries,"
	    " sha256, event, published FROM crls ORDER BY id" },
	{ "ocsp_responses", "nxnnttb",
	    "SELECT certificate, CASE hash WHEN 0 THEN 'sha1' ELSE 'sha256' END AS hash,"
	    " stated AS revocation, signer, this_update, next_update, der"
	    " FROM ocsp_responses ORDER BY id" },
	{ "blocked_keys", "xhxtn",
	    "SELECT CASE b.kind WHEN 1 THEN 'spki-sha256' ELSE 'rsa-modulus' END AS kind, b.hash,"
	    " t.text AS source, e.at AS blocked, b.event FROM blocked_keys b"
	    " JOIN terms t ON t.id = b.source JOIN events e ON e.id = b.event"
	    " ORDER BY b.event, b.kind, b.hash" },
	{ "requests", "nxthxxb",
	    "SELECT id, state, recorded, spki_hash AS spki_sha256, subject, targets, der"
	    " FROM requests ORDER BY id" },
	{ "pending", "nxxtxxxxxxhnnnxtn",
	    "SELECT id, CASE kind WHEN 0 THEN 'device' WHEN 1 THEN 'held' ELSE 'external' END"
	    " AS kind, CASE state WHEN 0 THEN 'open' WHEN 1 THEN 'issued' WHEN 2 THEN 'denied'"
	    " ELSE 'withdrawn' END AS state, recorded, name, subject, template, targets, signer,"
	    " asked, spki_hash AS spki_sha256, request, tbs, certificate, why, at AS changed, event"
	    " FROM pending ORDER BY id" },
	{ "campaigns", "nxxhtn",
	    "SELECT id, plan, file, sha256, started, event FROM campaigns ORDER BY id" },
	{ "campaign_items", "nxxhnnnnnxxtn",
	    "SELECT campaign, item, CASE state WHEN 0 THEN 'planned' WHEN 1 THEN 'requested'"
	    " WHEN 2 THEN 'issued' WHEN 3 THEN 'exported' WHEN 4 THEN 'live' WHEN 5 THEN 'closed'"
	    " WHEN 6 THEN 'failed' ELSE 'skipped' END AS state, asked AS asked_sha256, previous,"
	    " tbs, certificate, request, attempts, why, confirmed_by, at AS changed, event"
	    " FROM campaign_items ORDER BY campaign, item" },
	/* Begun and not finished: a signature of these bytes may exist. */
	{ "unsigned", "nnhtxxnfb",
	    "SELECT u.tbs AS id, t.authority, t.serial, t.recorded, u.template, u.targets,"
	    " u.supersedes, u.proved, t.bytes AS tbs FROM unsigned u JOIN tbs t ON t.id = u.tbs"
	    " ORDER BY u.tbs" },
	{ "settings", "xx", "SELECT name, value FROM settings ORDER BY name" },
	{ "events", "ntxxh", "SELECT id, at, kind, text, hash FROM events ORDER BY id" },
};

enum { TABLES = sizeof exported / sizeof exported[0], CELLS = 32 };

const char *
rmt_db_exported(size_t at)
{
	return at < TABLES ? exported[at].name : NULL;
}

static const struct {
	char letter;
	enum rmt_cell_kind kind;
} kinds[] = {
	{ 'n', RMT_CELL_NUMBER },
	{ 't', RMT_CELL_TIME },
	{ 'x', RMT_CELL_TEXT },
	{ 'h', RMT_CELL_HEX },
	{ 'b', RMT_CELL_BASE64 },
	{ 'f', RMT_CELL_FLAG },
};

static enum rmt_cell_kind
kind_of(char letter)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].letter == letter)
			return kinds[i].kind;
	return RMT_CELL_TEXT;
}

static void
read_cell(sqlite3_stmt *row, int column, char letter, struct rmt_db_cell *cell)
{
	*cell = (struct rmt_db_cell){ .name = sqlite3_column_name(row, column),
		.kind = kind_of(letter) };
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		cell->absent = true;
	else if (cell->kind == RMT_CELL_TEXT || cell->kind == RMT_CELL_HEX ||
		 cell->kind == RMT_CELL_BASE64)
		cell->bytes = rmt_db_column(row, column);
	else
		cell->number = sqlite3_column_int64(row, column);
}

int
rmt_db_export(struct rmt_db *db, const char *table,
    rmt_db_row_fn *visit, void *arg, struct rmt_err *err)
{
	struct rmt_db_cell cells[CELLS];
	struct rmt_db_query query;
	size_t which = 0, count;
	uint64_t number = 0;
	int rc;

	while (which < TABLES && strcmp(exported[which].name, table) != 0)
		which++;
	if (which == TABLES)
		return rmt_err_set(err, RMT_USAGE, NULL, "there is no table \"%s\" to export", table);
	if (rmt_db_query(db, exported[which].sql, &query, err) != 0)
		return -1;
	count = strlen(exported[which].letters);
	if (count != (size_t)sqlite3_column_count(query.statement) || count > CELLS) {
		rmt_db_done(&query);
		return rmt_err_set(err, RMT_INTERNAL, NULL, "the export of \"%s\" has a letter too many or too few", table);
	}
	for (size_t i = 0; i < count; i++)
		cells[i] = (struct rmt_db_cell){ .name = sqlite3_column_name(query.statement, (int)i),
			.kind = kind_of(exported[which].letters[i]), .absent = true };
	rc = visit(arg, exported[which].name, 0, cells, count);
	while (rc == 0 && (rc = rmt_db_step(&query, "export the database", err)) == 1) {
		for (size_t i = 0; i < count; i++)
			read_cell(query.statement, (int)i, exported[which].letters[i], &cells[i]);
		rc = visit(arg, exported[which].name, ++number, cells, count);
	}
	rmt_db_done(&query);
	return rc;
}
