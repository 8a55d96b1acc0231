/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/campaign_check.c - are campaigns what was written of them? Each row is held against the last
 * event that tells of it, and against the certificates that it names. Nothing is mended.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/local.h"

static const char doing[] = "check the campaigns";

/* ---- against the certificates ---- */

#define ITEMS "SELECT i.item FROM campaign_items i "
static const struct rmt_db_relation relations[] = {
	{ ITEMS "JOIN certificates c ON c.id = i.certificate"
		" WHERE c.supersedes IS NOT i.previous LIMIT 1",
	    "its certificate does not replace the one that it should" },
	{ ITEMS "JOIN certificates c ON c.id = i.tbs WHERE i.certificate IS NULL LIMIT 1",
	    "its certificate was issued, but it does not say so" },
	{ ITEMS "WHERE i.state = 2 AND i.certificate IS NULL LIMIT 1",
	    "it counts as issued, but has no certificate" },
	{ ITEMS "WHERE i.state IN (0, 1) AND i.certificate IS NOT NULL LIMIT 1",
	    "it has a certificate, but counts as not issued" },
	{ ITEMS "WHERE i.state = 1 AND i.request IS NULL LIMIT 1",
	    "it counts as requested, but has no request" },
	{ ITEMS "LEFT JOIN certificates c ON c.id = i.certificate"
		" WHERE i.certificate IS NOT NULL AND c.id IS NULL LIMIT 1",
	    "its certificate is gone" },
};

static int
refuse_item(struct rmt_db *db, const char *item, const char *why, struct rmt_err *err)
{
	return rmt_db_refuse(
	    db->path, err, "item %.40s of a campaign was altered: %s", item, why);
}

/* ---- against the log ---- */

static const char items[] =
    "SELECT i.campaign, i.item, i.state, i.asked, i.previous, i.tbs, i.certificate, i.request,"
    " i.attempts, i.why, i.confirmed_by, i.at, c.plan, e.kind, e.text, e.at"
    " FROM campaign_items i JOIN campaigns c ON c.id = i.campaign"
    " LEFT JOIN events e ON e.id = i.event ORDER BY i.campaign, i.item";
static const char campaigns[] = "SELECT c.plan, c.file, c.sha256, c.started, e.kind, e.text, e.at"
				" FROM campaigns c LEFT JOIN events e ON e.id = c.event";

static int
check_item(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_item item;
	int rc = rmt_db_keep_row(row, buf, err);

	if (rc != 0)
		return -1;
	rmt_db_item_read(row, buf, &item);
	rmt_db_item_text((const char *)sqlite3_column_text(row, 12), &item, &text);
	rc = rmt_buf_check(&text, err);
	if (rc == 0 && !rmt_db_row_is_event(row, 13, "campaign", &text, item.when))
		rc = refuse_item(db, item.item, "it is not what its event says", err);
	rmt_buf_free(&text);
	return rc;
}

static int
check_campaign(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_db_campaign campaign;
	int rc = rmt_db_keep_row(row, buf, err);

	if (rc != 0)
		return -1;
	campaign = (struct rmt_db_campaign){ .plan = rmt_db_keep_text(row, 0, buf),
		.file = rmt_db_keep_text(row, 1, buf),
		.sha256 = rmt_db_keep(row, 2, buf) };
	rmt_db_campaign_text(&campaign, &text);
	rc = rmt_buf_check(&text, err);
	if (rc == 0 && !rmt_db_row_is_event(row, 4, "campaign", &text, sqlite3_column_int64(row, 3)))
		rc = rmt_db_refuse(db->path, err,
		    "the campaign of plan %.40s was altered: it is not what its event says",
		    campaign.plan);
	rmt_buf_free(&text);
	return rc;
}

/* ---- the log against the rows ---- */

static const char events[] = "SELECT id, text FROM events WHERE kind = 'campaign' ORDER BY id";
static const char item_event[] = "SELECT i.event FROM campaigns c JOIN campaign_items i"
				 " ON i.campaign = c.id AND i.item = ?2 WHERE c.plan = ?1";
static const char campaign_event[] = "SELECT event FROM campaigns WHERE plan = ?1";

/* The word behind `key`, which must stand at `*at`; empty when it does not. */
static struct rmt_span
word(const char **at, const char *key)
{
	size_t skip = strlen(key), length;

	if (strncmp(*at, key, skip) != 0)
		return (struct rmt_span){ 0 };
	length = strcspn(*at + skip, " ");
	*at += skip + length;
	return rmt_span_of(*at - length, length);
}

/* No event tells of a later state than the row. */
static int
check_event(struct rmt_db *db, sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_err *err)
{
	const char *at = (const char *)sqlite3_column_text(row, 1);
	struct rmt_span plan = word(&at, "plan="), item = word(&at, " item=");
	struct rmt_db_query query;
	bool right = false;
	int rc;

	(void)buf;
	if (rmt_db_query(db, item.length > 0 ? item_event : campaign_event, &query, err) != 0)
		return -1;
	query.result = sqlite3_bind_text(query.statement, 1, (const char *)plan.at, (int)plan.length, SQLITE_STATIC);
	if (query.result == SQLITE_OK && item.length > 0)
		query.result = sqlite3_bind_text(
		    query.statement, 2, (const char *)item.at, (int)item.length, SQLITE_STATIC);
	rc = rmt_db_step(&query, doing, err);
	if (rc == 1)
		right = sqlite3_column_int64(query.statement, 0) >= sqlite3_column_int64(row, 0);
	rmt_db_done(&query);
	if (rc < 0 || right)
		return rc < 0 ? -1 : 0;
	return rmt_db_refuse(db->path, err,
	    "what event %lld tells of a campaign is gone: the state of an item was set back",
	    (long long)sqlite3_column_int64(row, 0));
}

int
rmt_db_check_campaigns(struct rmt_db *db, struct rmt_err *err)
{
	if (rmt_db_check_relations(db, relations, sizeof relations / sizeof relations[0], doing,
		refuse_item, err) != 0 ||
	    rmt_db_check_rows(db, items, doing, check_item, err) != 0 ||
	    rmt_db_check_rows(db, campaigns, doing, check_campaign, err) != 0)
		return -1;
	return rmt_db_check_rows(db, events, doing, check_event, err);
}
