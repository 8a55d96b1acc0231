/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/campaign.c - plans that were begun, and how far each of their items has come.
 *
 * The row of an item says what is. Every change is an event too, whose text is the row's whole
 * content, and the row names its last event: so the log tells what was, and campaign_check.c can
 * hold the row against it. What a state means, and which follows which, is decided above; only that
 * an item keeps the certificate it was given is held here, by a trigger.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/local.h"

const char *
rmt_item_state_name(enum rmt_item_state state)
{
	static const char *const names[] = { [RMT_ITEM_PLANNED] = "planned",
		[RMT_ITEM_REQUESTED] = "requested",
		[RMT_ITEM_ISSUED] = "issued",
		[RMT_ITEM_EXPORTED] = "exported",
		[RMT_ITEM_LIVE] = "live",
		[RMT_ITEM_CLOSED] = "closed",
		[RMT_ITEM_FAILED] = "failed",
		[RMT_ITEM_SKIPPED] = "skipped" };

	return (unsigned)state < RMT_ITEM_STATES ? names[state] : "";
}

/* ---- campaigns ---- */

static const char campaign_row[] =
    "SELECT id, plan, file, sha256, started FROM campaigns WHERE plan = ?1";
static const char insert_campaign[] =
    "INSERT INTO campaigns (plan, file, sha256, started, event) VALUES (?1, ?2, ?3, ?4, ?5)";

int
rmt_db_campaign_get(
    struct rmt_db *db, const char *plan, struct rmt_db_campaign *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, campaign_row, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, plan);
	rc = rmt_db_step(&query, "read the campaign", err);
	if (rc == 1 && rmt_db_keep_row(query.statement, &db->held, err) != 0)
		rc = -1;
	if (rc == 1)
		*out = (struct rmt_db_campaign){
			.id = sqlite3_column_int64(query.statement, 0),
			.plan = rmt_db_keep_text(query.statement, 1, &db->held),
			.file = rmt_db_keep_text(query.statement, 2, &db->held),
			.sha256 = rmt_db_keep(query.statement, 3, &db->held),
			.started = sqlite3_column_int64(query.statement, 4),
		};
	rmt_db_done(&query);
	return rc;
}

void
rmt_db_campaign_text(const struct rmt_db_campaign *campaign, struct rmt_buf *out)
{
	rmt_buf_format(out, "plan=%s sha256=", campaign->plan);
	rmt_hex(campaign->sha256, 0, out);
	rmt_buf_format(out, " file=%s", campaign->file);
}

int
rmt_db_campaign_add(
    struct rmt_db *db, const struct rmt_db_campaign *campaign, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_query query;
	struct rmt_buf text = { 0 };
	int rc;

	rmt_db_campaign_text(campaign, &text);
	rc = rmt_buf_check(&text, err);
	if (rc == 0)
		rc = rmt_db_event(db, campaign->started, "campaign", rmt_buf_string(&text), err);
	rmt_buf_free(&text);
	if (rc != 0 || rmt_db_query(db, insert_campaign, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, campaign->plan);
	rmt_db_bind_text(&query, campaign->file);
	rmt_db_bind_blob(&query, campaign->sha256);
	rmt_db_bind_int(&query, campaign->started);
	rmt_db_bind_int(&query, db->last_event);
	if (rmt_db_run(&query, "record the campaign", err) != 0)
		return -1;
	*id = sqlite3_last_insert_rowid(db->sqlite);
	return 0;
}

/* ---- items ---- */

#define COLUMNS \
	"i.campaign, i.item, i.state, i.asked, i.previous, i.tbs, i.certificate, i.request," \
	" i.attempts, i.why, i.confirmed_by, i.at"
static const char item_row[] =
    "SELECT " COLUMNS " FROM campaign_items i WHERE i.campaign = ?1 AND i.item = ?2";
static const char item_of_tbs[] = "SELECT " COLUMNS " FROM campaign_items i WHERE i.tbs = ?1";
static const char item_of_request[] =
    "SELECT " COLUMNS " FROM campaign_items i WHERE i.request = ?1";
static const char next_item[] =
    "SELECT " COLUMNS
    " FROM campaign_items i WHERE i.campaign = ?1 AND i.item > ?2 ORDER BY i.item LIMIT 1";

void
rmt_db_item_read(sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_db_item *out)
{
	*out = (struct rmt_db_item){
		.campaign = sqlite3_column_int64(row, 0),
		.item = rmt_db_keep_text(row, 1, buf),
		.state = (enum rmt_item_state)sqlite3_column_int(row, 2),
		.asked = rmt_db_keep(row, 3, buf),
		.previous = sqlite3_column_int64(row, 4),
		.tbs = sqlite3_column_int64(row, 5),
		.certificate = sqlite3_column_int64(row, 6),
		.request = sqlite3_column_int64(row, 7),
		.attempts = sqlite3_column_int64(row, 8),
		.why = rmt_db_keep_text(row, 9, buf),
		.confirmed_by = rmt_db_keep_text(row, 10, buf),
		.when = sqlite3_column_int64(row, 11),
	};
}

/* The row of a query that is bound already. */
static int
fetch(struct rmt_db_query *query, struct rmt_buf *buf, struct rmt_db_item *out, struct rmt_err *err)
{
	int rc = rmt_db_step(query, "read the campaign", err);

	if (rc == 1 && rmt_db_keep_row(query->statement, buf, err) != 0)
		rc = -1;
	if (rc == 1)
		rmt_db_item_read(query->statement, buf, out);
	rmt_db_done(query);
	return rc;
}

int
rmt_db_item_get(struct rmt_db *db, int64_t campaign, const char *item, struct rmt_db_item *out,
    struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, item_row, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, campaign);
	rmt_db_bind_text(&query, item);
	return fetch(&query, &db->held, out, err);
}

int
rmt_db_item_of_tbs(struct rmt_db *db, int64_t tbs, struct rmt_db_item *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, item_of_tbs, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, tbs);
	return fetch(&query, &db->held, out, err);
}

int
rmt_db_item_of_request(
    struct rmt_db *db, int64_t request, struct rmt_db_item *out, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, item_of_request, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, request);
	return fetch(&query, &db->held, out, err);
}

static const char elsewhere[] =
    "SELECT i.certificate, k.plan, k.file FROM campaign_items i"
    " JOIN campaigns k ON k.id = i.campaign JOIN certificates c ON c.id = i.certificate"
    " WHERE i.campaign <> ?1 AND i.item = ?2 AND c.not_after >= ?3"
    " AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.certificate = c.id)"
    " ORDER BY i.certificate DESC LIMIT 1";

int
rmt_db_item_elsewhere(struct rmt_db *db, int64_t campaign, const char *item, rmt_time now,
    struct rmt_db_elsewhere *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, elsewhere, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, campaign);
	rmt_db_bind_text(&query, item);
	rmt_db_bind_int(&query, now);
	rc = rmt_db_step(&query, "look for the item in other campaigns", err);
	*out = (struct rmt_db_elsewhere){ 0 };
	if (rc == 1) {
		out->certificate = sqlite3_column_int64(query.statement, 0);
		snprintf(out->plan, sizeof out->plan, "%s",
		    (const char *)sqlite3_column_text(query.statement, 1));
		snprintf(out->file, sizeof out->file, "%s",
		    (const char *)sqlite3_column_text(query.statement, 2));
	}
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_items(struct rmt_db *db, int64_t campaign,
    int (*visit)(void *arg, const struct rmt_db_item *item), void *arg, struct rmt_err *err)
{
	struct rmt_buf buf = { 0 }, last = { 0 };
	struct rmt_db_query query;
	struct rmt_db_item item;
	int rc;

	for (;;) {
		rc = rmt_db_query(db, next_item, &query, err);
		if (rc != 0)
			break;
		rmt_db_bind_int(&query, campaign);
		rmt_db_bind_text(&query, rmt_buf_string(&last));
		rc = fetch(&query, &buf, &item, err);
		if (rc != 1)
			break;
		rmt_buf_clear(&last);
		rmt_buf_text(&last, item.item);
		rc = rmt_buf_check(&last, err);
		if (rc == 0)
			rc = visit(arg, &item);
		if (rc != 0)
			break;
	}
	rmt_buf_free(&last);
	rmt_buf_free(&buf);
	return rc;
}

/* Free text is counted or stands last, so that no text reads as another row. */
void
rmt_db_item_text(const char *plan, const struct rmt_db_item *item, struct rmt_buf *out)
{
	rmt_buf_format(out, "plan=%s item=%s state=%s asked=", plan, item->item,
	    rmt_item_state_name(item->state));
	rmt_hex(item->asked, 0, out);
	rmt_buf_format(out,
	    " previous=%" PRId64 " tbs=%" PRId64 " certificate=%" PRId64 " request=%" PRId64
	    " attempts=%" PRId64 " confirmed_by=%zu:%s why=%s",
	    item->previous, item->tbs, item->certificate, item->request, item->attempts,
	    strlen(item->confirmed_by), item->confirmed_by, item->why);
}

static const char moves[] =
    "SELECT at, text FROM events WHERE kind = 'campaign' AND id >="
    " (SELECT event FROM campaigns WHERE id = ?1) AND EXISTS (SELECT 1 FROM campaigns WHERE"
    " id = ?1 AND substr(text, 1, length(plan) + 11) = 'plan=' || plan || ' item=')"
    " ORDER BY id";

/* The word behind `key` in a text that rmt_db_item_text() wrote. */
static bool
word_behind(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);
	size_t length = at != NULL ? strcspn(at + strlen(key), " ") : 0;

	if (length == 0 || length >= size)
		return false;
	memcpy(out, at + strlen(key), length);
	out[length] = '\0';
	return true;
}

static enum rmt_item_state
state_named(const char *name)
{
	int state = 0;

	while (state < RMT_ITEM_STATES &&
	       strcmp(rmt_item_state_name((enum rmt_item_state)state), name) != 0)
		state++;
	return (enum rmt_item_state)state;
}

int
rmt_db_item_moves(struct rmt_db *db, int64_t campaign,
    int (*visit)(void *arg, const char *item, enum rmt_item_state state, rmt_time when), void *arg,
    struct rmt_err *err)
{
	char item[32], name[16];
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, moves, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, campaign);
	while ((rc = rmt_db_step(&query, "read what became of the items", err)) == 1) {
		const char *text = (const char *)sqlite3_column_text(query.statement, 1);

		if (text == NULL || !word_behind(text, " item=", item, sizeof(item)) ||
		    !word_behind(text, " state=", name, sizeof(name)) ||
		    state_named(name) == RMT_ITEM_STATES)
			continue;
		rc = visit(arg, item, state_named(name), sqlite3_column_int64(query.statement, 0));
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

static const char plan_of[] = "SELECT plan FROM campaigns WHERE id = ?1";

static int
write_event(struct rmt_db *db, const struct rmt_db_item *item, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, plan_of, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, item->campaign);
	rc = rmt_db_step(&query, "record the state of an item", err);
	if (rc == 1)
		rmt_db_item_text(
		    (const char *)sqlite3_column_text(query.statement, 0), item, &text);
	rmt_db_done(&query);
	if (rc == 0)
		rc = rmt_db_refuse(
		    db->path, err, "there is no campaign %" PRId64, item->campaign);
	else if (rc == 1)
		rc = rmt_buf_check(&text, err);
	if (rc == 0)
		rc = rmt_db_event(db, item->when, "campaign", rmt_buf_string(&text), err);
	rmt_buf_free(&text);
	return rc;
}

static const char put[] =
    "INSERT INTO campaign_items (campaign, item, state, asked, previous, tbs, certificate, request,"
    " attempts, why, confirmed_by, at, event)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    " ON CONFLICT (campaign, item) DO UPDATE SET state = excluded.state, asked = excluded.asked,"
    " previous = excluded.previous, tbs = excluded.tbs, certificate = excluded.certificate,"
    " request = excluded.request, attempts = excluded.attempts, why = excluded.why,"
    " confirmed_by = excluded.confirmed_by, at = excluded.at, event = excluded.event";

int
rmt_db_item_put(struct rmt_db *db, const struct rmt_db_item *item, struct rmt_err *err)
{
	struct rmt_db_item full = *item;
	struct rmt_db_query query;

	full.why = item->why != NULL ? item->why : "";
	full.confirmed_by = item->confirmed_by != NULL ? item->confirmed_by : "";
	if (write_event(db, &full, err) != 0 || rmt_db_query(db, put, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, full.campaign);
	rmt_db_bind_text(&query, full.item);
	rmt_db_bind_int(&query, full.state);
	rmt_db_bind_blob(&query, full.asked);
	rmt_db_bind_id(&query, full.previous);
	rmt_db_bind_id(&query, full.tbs);
	rmt_db_bind_id(&query, full.certificate);
	rmt_db_bind_id(&query, full.request);
	rmt_db_bind_int(&query, full.attempts);
	rmt_db_bind_text(&query, full.why);
	rmt_db_bind_text(&query, full.confirmed_by);
	rmt_db_bind_int(&query, full.when);
	rmt_db_bind_int(&query, db->last_event);
	return rmt_db_run(&query, "record the state of an item", err);
}

/* ---- claims: who works on an item just now ---- */

static const char claimed_by[] =
    "SELECT owner, at FROM campaign_items WHERE campaign = ?1 AND item = ?2";
static const char claim[] =
    "UPDATE campaign_items SET owner = ?3 WHERE campaign = ?1 AND item = ?2";
static const char release[] =
    "UPDATE campaign_items SET owner = NULL WHERE campaign = ?1 AND owner = ?2";

/* 1 the item is free for `owner`, 0 another living process has it, -1. */
static int
is_free(struct rmt_db *db, int64_t campaign, const char *item, int64_t owner, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t other = 0;
	rmt_time since = 0;
	int rc;

	if (rmt_db_query(db, claimed_by, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, campaign);
	rmt_db_bind_text(&query, item);
	rc = rmt_db_step(&query, "look for another process at work", err);
	if (rc == 1) {
		other = sqlite3_column_int64(query.statement, 0);
		since = sqlite3_column_int64(query.statement, 1);
	}
	rmt_db_done(&query);
	if (rc == 0)
		return rmt_db_refuse(db->path, err, "the campaign has no item \"%.40s\"", item);
	if (rc < 0 || other == 0 || other == owner)
		return rc;
	return rmt_db_owner_gone(db, other, since, err);
}

int
rmt_db_item_claim(
    struct rmt_db *db, int64_t campaign, const char *item, int64_t pid, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t owner;
	int rc;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_owner(db, pid, &owner, err) != 0)
		return -1;
	rc = is_free(db, campaign, item, owner, err);
	if (rc != 1)
		return rc;
	if (rmt_db_query(db, claim, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, campaign);
	rmt_db_bind_text(&query, item);
	rmt_db_bind_int(&query, owner);
	return rmt_db_run(&query, "take an item", err) == 0 ? 1 : -1;
}

int
rmt_db_items_release(struct rmt_db *db, int64_t campaign, int64_t pid, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0)
		return -1;
	if (db->owner == 0 || db->owner_pid != pid)
		return 0;
	if (rmt_db_query(db, release, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, campaign);
	rmt_db_bind_int(&query, db->owner);
	return rmt_db_run(&query, "let go of the items", err);
}
