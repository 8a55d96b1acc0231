/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint.c - remint_db_checkpoint(), and a log of events held against one: what the chain by itself cannot show, an
 * end that was cut off, shows against a head that was kept elsewhere.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

/* `end`: where the log ends, when that is before the event that is known; else 0. A home that was restored says so itself. */
static int refuse(struct rmt_db *db, const struct rmt_manifest *manifest, const char *path, int64_t end, struct rmt_err *err)
{
	long long known = manifest->head.id;
	int64_t restored;
	rmt_time when;
	char text[32];

	if (rmt_db_last_upkeep(db, "restore", &restored, &when, err) < 0)
		return -1;
	rmt_time_text(when, text);
	if (restored && restored <= known)
		return rmt_err_set(err, RMT_DATABASE, NULL,
		                   "this home was restored at %s from a backup of before event %lld, which %s knows: what followed the backup is lost",
		                   text, known, path);
	if (end)
		return rmt_err_set(err, RMT_DATABASE, NULL,
		                   "the end of the event log was cut off: it ends with event %lld, and %s knows event %lld: " RMT_DB_REMEDY,
		                   (long long)end, path, known);
	return rmt_err_set(err, RMT_DATABASE, NULL,
	                   "the event log was replaced: its event %lld is not the one that %s knows: " RMT_DB_REMEDY, known, path);
}

int rmt_manifest_compare(struct rmt_db *db, const char *path, int64_t *event, struct rmt_err *err)
{
	struct rmt_manifest manifest;
	unsigned char hash[RMT_SHA256];
	struct rmt_db_head head;
	int found, rc = -1;

	if (rmt_manifest_read(path, &manifest, err) || rmt_db_head(db, &head, err))
		goto out;
	*event = manifest.head.id;
	if (memcmp(manifest.head.home, head.home, sizeof head.home) != 0) {
		rmt_err_set(err, RMT_DATABASE, NULL,
		            head.id ? "this was made from another home, or the event log was replaced from its first event on"
		                    : "the event log is empty, and was not when this was made");
		rmt_err_source(err, path);
		goto out;
	}
	found = manifest.head.id ? rmt_db_event_hash(db, manifest.head.id, hash, err) : 1;
	if (found < 0)
		goto out;
	if (found == 0 || (manifest.head.id && memcmp(hash, manifest.head.hash, sizeof hash) != 0))
		rc = refuse(db, &manifest, path, found ? 0 : head.id, err);
	else
		rc = 0;
out:
	rmt_manifest_clear(&manifest);
	return rc;
}

/* The event that tells of it is the head that is handed out, so that the log knows when it was last taken down. */
static int take(struct rmt_home *home, struct rmt_manifest *manifest, struct rmt_err *err)
{
	struct rmt_db *db = home->db;

	manifest->made = rmt_verb_now(home->ctx);
	if (rmt_db_begin(db, err))
		return -1;
	if (rmt_db_event(db, manifest->made, "checkpoint", "the head of the log was exported", err) == 0 &&
	    rmt_db_head(db, &manifest->head, err) == 0)
		return rmt_db_commit(db, err);
	rmt_db_rollback(db);
	return -1;
}

int remint_db_checkpoint(struct remint *ctx, remint_checkpoint_fn *checkpoint, void *arg)
{
	struct rmt_manifest manifest = {.kind = "checkpoint", .schema = rmt_db_schema_version()};
	struct remint_checkpoint told = {0};
	struct rmt_home home = {0};
	struct rmt_buf text = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err) || take(&home, &manifest, &ctx->err))
		goto out;
	rmt_manifest_write(&manifest, &text);
	if (rmt_buf_check(&text, &ctx->err))
		goto out;
	told.text = rmt_buf_string(&text);
	told.event = manifest.head.id;
	told.when = manifest.head.when;
	told.hash = rmt_arena_hex(&manifest.arena, rmt_span_of(manifest.head.hash, RMT_SHA256));
	told.home = rmt_arena_hex(&manifest.arena, rmt_span_of(manifest.head.home, RMT_SHA256));
	rc = manifest.arena.failed ? rmt_err_memory(&ctx->err) : checkpoint(arg, &told);
out:
	rmt_home_close(&home);
	rmt_buf_free(&text);
	rmt_manifest_clear(&manifest);
	return rmt_verb_end(ctx, rc);
}
