/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/list.c - certificates by filter, newest first, a page at a time, from a million or more.
 *
 * Every condition of a filter can lead: an index yields the ids that meet it, and the others are
 * tested on each. The condition that fewest rows meet leads, told by counting each up to a small
 * bound. Ids of one template, target, name or status stand in order in their index. Dates are
 * sought in blocks of ids, newest block first. The beginning of a name or serial yields ids in no
 * order, of which the newest are kept; when there are many, the newest rows are tested one by one
 * first, since a page of them is then likely to be near.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "db/local.h"

enum {
	PAGE = 100,
	FEW = 2000, /* rows: a condition that more meet does not lead for being rare */
	FEW_UNORDERED = 30000, /* nor one whose ids come in no order */
	MANY = INT_MAX,
	NEAR = 5000, /* rows tested one by one before more ids than that are looked through */
	KEPT = 1000, /* a longer page is sorted by the database */
};

enum condition { SERIAL, NAME, PREFIX, REVOKED, SUPERSEDED, DATES, TARGET, TEMPLATE, KEY, CONDITIONS };

/* In the texts "@" stands for the id of the certificate at hand. `test` may use the row c when
 * `needs_row`. */
static const struct {
	const char *id; /* the id as the leading source calls it */
	const char *from, *where;
	const char *test;
	bool needs_row; /* for the test */
	bool is_row;    /* as a leader it is the row c itself */
	bool unordered;
} conditions[CONDITIONS] = {
	[SERIAL] = { "l.id",
	    "(SELECT id FROM tbs WHERE serial >= :from AND serial < :below UNION ALL"
	    " SELECT id FROM certificates INDEXED BY certificates_serial"
	    "  WHERE tbs IS NULL AND serial >= :from AND serial < :below) l",
	    "NOT EXISTS (SELECT 1 FROM unsigned u WHERE u.tbs = l.id)",
	    "c.serial >= :from AND c.serial < :below", true, false, true },
	[NAME] = { "l.certificate", "certificate_names l INDEXED BY certificate_names_folded",
	    "l.folded = :name",
	    "EXISTS (SELECT 1 FROM certificate_names n WHERE n.certificate = @ AND n.folded = "
	    ":name)",
	    false, false, false },
	[PREFIX] = { "l.certificate", "certificate_names l INDEXED BY certificate_names_folded",
	    "l.folded >= :name AND l.folded < :after_name",
	    "EXISTS (SELECT 1 FROM certificate_names n WHERE n.certificate = @"
	    " AND n.folded >= :name AND n.folded < :after_name)",
	    false, false, true },
	[REVOKED] = { "l.certificate", "revoked l INDEXED BY revoked_certificate",
	    "l.certificate IS NOT NULL",
	    "EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = @)", false, false, false },
	[SUPERSEDED] = { "l.supersedes", "certificates l INDEXED BY certificates_supersedes",
	    "l.supersedes IS NOT NULL",
	    "EXISTS (SELECT 1 FROM certificates s WHERE s.supersedes = @)", false, false, false },
	[DATES] = { "c.id", "certificates c INDEXED BY certificates_expiry",
	    "c.id >> 12 = :block AND c.not_after BETWEEN :earliest AND :latest",
	    "c.not_after BETWEEN :earliest AND :latest", true, true, false },
	[TARGET] = { "l.certificate", "certificate_targets l", "l.target = :target",
	    "EXISTS (SELECT 1 FROM certificate_targets g"
	    " WHERE g.target = :target AND g.certificate = @)",
	    false, false, false },
	[TEMPLATE] = { "c.id", "certificates c INDEXED BY certificates_template",
	    "c.template = :template", "c.template = :template", true, true, false },
	[KEY] = { "c.id", "certificates c INDEXED BY certificates_key",
	    "substr(c.spki_hash, 1, 8) = substr(:key, 1, 8) AND c.spki_hash = :key",
	    "c.spki_hash = :key", true, true, false },
};

/* What some statuses exclude beside their condition. */
#define NOT_REVOKED " AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = @)"
#define NOT_SUPERSEDED " AND NOT EXISTS (SELECT 1 FROM certificates s WHERE s.supersedes = @)"

static const char *const exclusions[] = {
	[RMT_CERT_VALID] = NOT_REVOKED NOT_SUPERSEDED,
	[RMT_CERT_REVOKED] = "",
	[RMT_CERT_SUPERSEDED] = NOT_REVOKED,
	[RMT_CERT_EXPIRED] = NOT_REVOKED NOT_SUPERSEDED,
};

struct search {
	struct rmt_db *db;
	const struct rmt_db_filter *filter;
	bool present[CONDITIONS];
	struct rmt_db_serials serials;
	struct rmt_buf name, after_name;
	int64_t target, template_name;
	rmt_time earliest, latest;
	int64_t below, floor, block; /* ids of this pass: floor <= id < below */
	size_t wanted;
	struct rmt_buf ids; /* found so far */
};

/* ---- the filter ---- */

static int
read_name(struct search *s, const char *name, struct rmt_err *err)
{
	size_t length = strlen(name);
	bool prefix = length > 0 && name[length - 1] == '*';

	rmt_db_fold(rmt_span_of(name, prefix ? length - 1 : length), &s->name);
	if (prefix && s->name.length == 0)
		return rmt_buf_check(&s->name, err); /* "*" alone: every certificate */
	if (prefix) {
		rmt_buf_span(&s->after_name, rmt_buf_view(&s->name));
		/* Nothing sorts behind ff bytes but more of them. */
		if (!rmt_db_after_prefix(&s->after_name))
			for (int i = 0; i < 300; i++)
				rmt_buf_byte(&s->after_name, 0xff);
	}
	s->present[prefix ? PREFIX : NAME] = true;
	return rmt_buf_check(&s->name, err) != 0 || rmt_buf_check(&s->after_name, err) != 0 ? -1
											    : 0;
}

/* 1 the term exists, 0 no certificate can have it, -1. */
static int
read_term(
    struct search *s, const char *text, enum condition condition, int64_t *id, struct rmt_err *err)
{
	if (text == NULL || text[0] == '\0')
		return 1;
	s->present[condition] = true;
	return rmt_db_term(s->db, text, false, id, err);
}

static void
read_dates(struct search *s)
{
	const struct rmt_db_filter *filter = s->filter;

	s->earliest = INT64_MIN;
	s->latest = INT64_MAX;
	if (filter->expires_before != 0)
		s->latest = filter->expires_before - 1;
	if (filter->expires_after != 0)
		s->earliest = filter->expires_after + 1;
	if (filter->status == RMT_CERT_EXPIRED && filter->now - 1 < s->latest)
		s->latest = filter->now - 1;
	if (filter->status == RMT_CERT_VALID && filter->now > s->earliest)
		s->earliest = filter->now;
	s->present[DATES] = s->earliest != INT64_MIN || s->latest != INT64_MAX;
}

/* 1 go on, 0 nothing can match, -1. */
static int
read_filter(struct search *s, struct rmt_err *err)
{
	const struct rmt_db_filter *filter = s->filter;
	int rc;

	if (filter->serial != NULL && filter->serial[0] != '\0') {
		s->present[SERIAL] = true;
		if (rmt_db_serials(filter->serial, &s->serials, err) != 0)
			return -1;
	}
	if (filter->name != NULL && filter->name[0] != '\0' && read_name(s, filter->name, err) != 0)
		return -1;
	s->present[KEY] = filter->spki_hash.length > 0;
	s->present[REVOKED] = filter->status == RMT_CERT_REVOKED;
	s->present[SUPERSEDED] = filter->status == RMT_CERT_SUPERSEDED;
	read_dates(s);
	s->below = filter->after_id > 0 ? filter->after_id : INT64_MAX;
	s->floor = INT64_MIN;
	s->wanted = filter->limit > 0 ? filter->limit : PAGE;
	rc = read_term(s, filter->target, TARGET, &s->target, err);
	if (rc == 1)
		rc = read_term(s, filter->template_name, TEMPLATE, &s->template_name, err);
	return rc;
}

/* ---- statements ---- */

static void
append_with_id(struct rmt_buf *sql, const char *text, const char *id)
{
	for (; *text != '\0'; text++)
		if (*text == '@')
			rmt_buf_text(sql, id);
		else
			rmt_buf_byte(sql, (unsigned char)*text);
}

static bool
needs_row(const struct search *s, int leader)
{
	for (int i = 0; i < CONDITIONS; i++)
		if (s->present[i] && i != leader && conditions[i].needs_row)
			return true;
	return false;
}

/* `leader` is a condition, or CONDITIONS to walk all certificates. Without `sorted` the ids come as
 * they come, each as often as it meets the leader. */
static void
write_search(const struct search *s, int leader, bool sorted, struct rmt_buf *sql)
{
	bool walk = leader == CONDITIONS;
	const char *id = walk ? "c.id" : conditions[leader].id;

	rmt_buf_format(sql, "SELECT %s%s FROM %s", sorted ? "DISTINCT " : "", id,
	    walk ? "certificates c" : conditions[leader].from);
	if (!walk && !conditions[leader].is_row && needs_row(s, leader))
		rmt_buf_format(sql, " CROSS JOIN certificates c ON c.id = %s", id);
	rmt_buf_format(sql, " WHERE %s < :before AND %s >= :floor AND %s", id, id,
	    walk ? "true" : conditions[leader].where);
	for (int i = 0; i < CONDITIONS; i++)
		if (s->present[i] && i != leader) {
			rmt_buf_text(sql, " AND ");
			append_with_id(sql, conditions[i].test, id);
		}
	if (s->filter->status >= 0)
		append_with_id(sql, exclusions[s->filter->status], id);
	if (sorted)
		rmt_buf_format(sql, " ORDER BY %s DESC LIMIT :limit", id);
}

static void
write_count(int leader, struct rmt_buf *sql)
{
	rmt_buf_text(sql, "SELECT count(*) FROM (SELECT 1 FROM ");
	if (leader == DATES)
		rmt_buf_text(sql,
		    "(WITH RECURSIVE b (n) AS (SELECT min(:before >> 12, max(id) >> 12)"
		    " FROM certificates UNION ALL SELECT n - 1 FROM b WHERE n > 0) SELECT n FROM "
		    "b) b"
		    " CROSS JOIN ");
	rmt_buf_format(sql, "%s WHERE ", conditions[leader].from);
	/* Where ids come in no order all would be visited for the few below a late page. */
	if (!conditions[leader].unordered)
		rmt_buf_format(sql, "%s < :before AND ", conditions[leader].id);
	rmt_buf_text(sql, leader == DATES
			      ? "c.id >> 12 = b.n AND c.not_after BETWEEN :earliest AND :latest"
			      : conditions[leader].where);
	rmt_buf_text(sql, " LIMIT :limit)");
}

static int
bind_blob(sqlite3_stmt *statement, int at, const void *bytes, size_t length)
{
	return sqlite3_bind_blob64(statement, at, length > 0 ? bytes : "", length, SQLITE_STATIC);
}

static int
bind_one(const struct search *s, sqlite3_stmt *statement, int at, int64_t limit)
{
	const char *name = sqlite3_bind_parameter_name(statement, at);
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ ":before", s->below },
		{ ":floor", s->floor },
		{ ":block", s->block },
		{ ":target", s->target },
		{ ":template", s->template_name },
		{ ":earliest", s->earliest },
		{ ":latest", s->latest },
		{ ":limit", limit },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (strcmp(name, numbers[i].name) == 0)
			return sqlite3_bind_int64(statement, at, numbers[i].value);
	if (strcmp(name, ":name") == 0)
		return bind_blob(statement, at, s->name.bytes, s->name.length);
	if (strcmp(name, ":after_name") == 0)
		return bind_blob(statement, at, s->after_name.bytes, s->after_name.length);
	if (strcmp(name, ":key") == 0)
		return bind_blob(statement, at, s->filter->spki_hash.at, s->filter->spki_hash.length);
	if (strcmp(name, ":from") == 0)
		return bind_blob(statement, at, s->serials.from, s->serials.from_length);
	if (strcmp(name, ":below") == 0)
		return bind_blob(statement, at, s->serials.below, s->serials.below_length);
	return SQLITE_OK;
}

static sqlite3_stmt *
prepare(const struct search *s, const struct rmt_buf *sql, int64_t limit, struct rmt_err *err)
{
	sqlite3_stmt *statement = NULL;
	int result;

	if (rmt_buf_check(sql, err) != 0)
		return NULL;
	result = sqlite3_prepare_v2(s->db->sqlite, rmt_buf_string(sql), -1, &statement, NULL);
	for (int at = 1; result == SQLITE_OK && at <= sqlite3_bind_parameter_count(statement); at++)
		result = bind_one(s, statement, at, limit);
	if (result == SQLITE_OK)
		return statement;
	rmt_db_fail(s->db, result, "list certificates", err);
	sqlite3_finalize(statement);
	return NULL;
}

static size_t
found(const struct search *s)
{
	return s->ids.length / sizeof(int64_t);
}

/* ---- the passes ---- */

/* Add the ids that a prepared search yields. */
static int
collect(struct search *s, sqlite3_stmt *statement, struct rmt_err *err)
{
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		rmt_buf_append(&s->ids, &id, sizeof id);
	}
	if (result != SQLITE_DONE)
		return rmt_db_fail(s->db, result, "list certificates", err);
	return rmt_buf_check(&s->ids, err);
}

/* Put an id into its place among the newest `most`, each of which stands there once. */
static size_t
keep_newest(int64_t *newest, size_t count, size_t most, int64_t id)
{
	size_t at = 0;

	if (count == most && newest[count - 1] >= id)
		return count;
	while (at < count && newest[at] > id)
		at++;
	if (at < count && newest[at] == id)
		return count;
	if (count < most)
		count++;
	memmove(newest + at + 1, newest + at, (count - at - 1) * sizeof *newest);
	newest[at] = id;
	return count;
}

/* Add the newest of the ids that a search yields in no order. Sorting a hundred thousand for the
 * sake of a page would cost the database twice what going through them costs. */
static int
collect_newest(struct search *s, sqlite3_stmt *statement, struct rmt_err *err)
{
	int64_t newest[KEPT];
	size_t count = 0, most = s->wanted - found(s);
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		count = keep_newest(newest, count, most, sqlite3_column_int64(statement, 0));
	if (result != SQLITE_DONE)
		return rmt_db_fail(s->db, result, "list certificates", err);
	rmt_buf_append(&s->ids, newest, count * sizeof *newest);
	return rmt_buf_check(&s->ids, err);
}

static int
pass(struct search *s, int leader, struct rmt_err *err)
{
	bool sorted = leader == CONDITIONS || !conditions[leader].unordered || s->wanted > KEPT;
	struct rmt_buf sql = { 0 };
	sqlite3_stmt *statement;
	int rc = -1;

	write_search(s, leader, sorted, &sql);
	statement = prepare(s, &sql, (int64_t)(s->wanted - found(s)), err);
	if (statement != NULL)
		rc = (sorted ? collect : collect_newest)(s, statement, err);
	sqlite3_finalize(statement);
	rmt_buf_free(&sql);
	return rc;
}

/* How many rows a condition leads to, or MANY, -1 on failure. */
static int
count(const struct search *s, int leader, struct rmt_err *err)
{
	int bound = conditions[leader].unordered ? FEW_UNORDERED : FEW;
	struct rmt_buf sql = { 0 };
	sqlite3_stmt *statement;
	int result, rows = -1;

	write_count(leader, &sql);
	statement = prepare(s, &sql, bound, err);
	rmt_buf_free(&sql);
	if (statement == NULL)
		return -1;
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		rows = sqlite3_column_int(statement, 0);
	else
		rmt_db_fail(s->db, result, "list certificates", err);
	sqlite3_finalize(statement);
	return rows == bound ? MANY : rows;
}

/* The highest id there is, below the page; -1 on failure, 0 when there is none. */
static int64_t
highest(const struct search *s, struct rmt_err *err)
{
	static const char sql[] = "SELECT ifnull(max(id), 0) FROM certificates WHERE id < ?1";
	struct rmt_db_query query;
	int64_t id = -1;

	if (rmt_db_query(s->db, sql, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, s->below);
	if (rmt_db_step(&query, "list certificates", err) == 1)
		id = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return id;
}

/* Block by block, one statement for all. */
static int
pass_blocks(struct search *s, struct rmt_err *err)
{
	struct rmt_buf sql = { 0 };
	sqlite3_stmt *statement = NULL;
	int64_t top = highest(s, err);
	int rc = top < 0 ? -1 : 0;

	s->block = top >> RMT_DB_BLOCK_BITS;
	write_search(s, DATES, true, &sql);
	if (rc == 0 && (statement = prepare(s, &sql, 0, err)) == NULL)
		rc = -1;
	for (; rc == 0 && s->block >= 0 && found(s) < s->wanted; s->block--) {
		int result = sqlite3_bind_int64(
		    statement, sqlite3_bind_parameter_index(statement, ":block"), s->block);

		if (result == SQLITE_OK)
			result = sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":limit"),
			    (int64_t)(s->wanted - found(s)));
		rc = result == SQLITE_OK ? collect(s, statement, err)
					 : rmt_db_fail(s->db, result, "list certificates", err);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	rmt_buf_free(&sql);
	return rc;
}

/* Many ids in no order: the newest rows first, then all that is left. */
static int
pass_unordered(struct search *s, int leader, struct rmt_err *err)
{
	int64_t top = highest(s, err);

	if (top < 0)
		return -1;
	s->floor = top - NEAR;
	if (pass(s, CONDITIONS, err) != 0)
		return -1;
	if (found(s) >= s->wanted)
		return 0;
	s->below = s->floor;
	s->floor = INT64_MIN;
	return pass(s, leader, err);
}

/* The condition to lead and how many rows meet it; CONDITIONS when the filter has none. */
static int
choose_leader(const struct search *s, int *leader, int *rows, struct rmt_err *err)
{
	*leader = CONDITIONS;
	*rows = MANY;
	for (int i = 0; i < CONDITIONS; i++) {
		int here = s->present[i] ? count(s, i, err) : MANY;

		if (here < 0)
			return -1;
		if (!s->present[i])
			continue;
		/* Of two that many rows meet, the one whose ids come in order. */
		if (*leader == CONDITIONS || here < *rows ||
		    (here == *rows && conditions[*leader].unordered)) {
			*rows = here;
			*leader = i;
		}
	}
	return 0;
}

static int
find(struct search *s, struct rmt_err *err)
{
	int leader, rows;

	if (choose_leader(s, &leader, &rows, err) != 0)
		return -1;
	if (leader == DATES)
		return pass_blocks(s, err);
	if (leader != CONDITIONS && conditions[leader].unordered && rows == MANY)
		return pass_unordered(s, leader, err);
	return pass(s, leader, err);
}

int
rmt_db_certs(struct rmt_db *db, const struct rmt_db_filter *filter,
    int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err)
{
	struct search search = { .db = db, .filter = filter };
	int rc = read_filter(&search, err);

	if (rc == 1)
		rc = find(&search, err);
	if (rc == 0)
		rc = rmt_db_cert_visit(db, &search.ids, false, visit, arg, err);
	rmt_buf_free(&search.name);
	rmt_buf_free(&search.after_name);
	rmt_buf_free(&search.ids);
	return rc;
}
