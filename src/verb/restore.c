/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - remint_db_restore(): a home from a backup.
 *
 * What happened after the backup is not in it. Serial numbers are random, so that none comes twice; numbers of revocation
 * lists must only grow, so each authority skips more of them than can have been published since. Both, and where the log
 * took up again, stand in an event of the new home. A home that is in the way is moved aside, never deleted.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verb/local.h"

struct restoring {
	struct remint *ctx;
	struct rmt_err *err;
	const char *backup, *directory; /* where from; where to, under its temporary name */
	struct rmt_manifest manifest;
	uint64_t bytes;
};

static int refuse(struct restoring *restoring, const char *path, const char *why)
{
	rmt_err_set(restoring->err, RMT_INPUT, NULL, "%s", why);
	rmt_err_source(restoring->err, path);
	return -1;
}

/* Somebody opened the backup as if it were a home, and wrote to it. */
static int refuse_written(struct restoring *restoring)
{
	char *log = rmt_path_join(restoring->backup, "ca.db-wal", restoring->err);
	struct stat state;
	int rc = -1;

	if (log && stat(log, &state) == 0 && state.st_size > 0)
		refuse(restoring, log, "the backup was written to after it was made: this is no longer what its manifest says");
	else if (log)
		rc = 0;
	free(log);
	return rc;
}

static int copy_back(struct restoring *restoring, const struct rmt_manifest_file *file)
{
	char *from = rmt_path_join(restoring->backup, file->name, restoring->err);
	char *to = rmt_path_join(restoring->directory, file->name, restoring->err);
	unsigned char sha256[RMT_SHA256];
	uint64_t size;
	int rc = -1;

	if (!from || !to || rmt_backup_way(to, strlen(restoring->directory) + 1, restoring->err) ||
	    rmt_file_copy(from, to, sha256, &size, restoring->err))
		goto out;
	restoring->bytes += size;
	if (size != file->size || memcmp(sha256, file->sha256, sizeof sha256) != 0)
		refuse(restoring, from, "this is not the file that was backed up: its size or its SHA-256 is another");
	else
		rc = 0;
out:
	free(from);
	free(to);
	return rc;
}

static int copy_all(struct restoring *restoring)
{
	bool database = false;

	for (size_t i = 0; i < restoring->manifest.file_count; i++) {
		if (copy_back(restoring, &restoring->manifest.files[i]))
			return -1;
		database |= strcmp(restoring->manifest.files[i].name, "ca.db") == 0;
	}
	return database ? 0 : refuse(restoring, restoring->backup, "the manifest names no database");
}

/* ---- what must be different from now on ----------------------------------------------------------------------------------- */

struct skipping {
	struct restoring *restoring;
	struct rmt_db *db;
};

static int write_event(struct restoring *restoring, struct rmt_home *home)
{
	struct rmt_buf text = {0};
	char made[32];
	int rc = -1;

	rmt_time_text(restoring->manifest.made, made);
	rmt_buf_format(&text, "backup=%s event=%lld sha256=", made, (long long)restoring->manifest.head.id);
	rmt_hex(rmt_span_of(restoring->manifest.head.hash, RMT_SHA256), 0, &text);
	if (rmt_buf_check(&text, restoring->err) == 0)
		rc = rmt_db_event(home->db, rmt_verb_now(restoring->ctx), "restore", rmt_buf_string(&text), restoring->err);
	rmt_buf_free(&text);
	return rc;
}

enum { NUMBERS_SKIPPED = 1000 };

/* A number that is reserved is never given again: the next list gets one behind it. More than one list a second nobody publishes. */
static int skip_numbers(void *arg, const struct rmt_db_authority *authority)
{
	struct skipping *skipping = arg;
	rmt_time now = rmt_verb_now(skipping->restoring->ctx), made = skipping->restoring->manifest.made;
	struct rmt_db_crl crl = {.authority = authority->id, .this_update = now, .next_update = now + 1};

	if (authority->state == RMT_AUTHORITY_FOREIGN || !authority->key_here)
		return 0;
	if (rmt_db_crl_number(skipping->db, authority->id, &crl.number, skipping->restoring->err))
		return -1;
	crl.number += NUMBERS_SKIPPED + (now > made ? now - made : 0);
	return rmt_db_crl_add(skipping->db, &crl, now, skipping->restoring->err);
}

static int go_on(struct restoring *restoring)
{
	struct rmt_home home = {.ctx = restoring->ctx};
	int rc = -1;

	home.db = rmt_db_open(restoring->directory, RMT_DB_WRITE, 10, restoring->err);
	if (home.db && rmt_db_begin(home.db, restoring->err) == 0) {
		struct skipping skipping = {restoring, home.db};

		rc = write_event(restoring, &home);
		if (rc == 0)
			rc = rmt_db_authorities(home.db, skip_numbers, &skipping, restoring->err);
		if (rc == 0)
			rc = rmt_db_commit(home.db, restoring->err);
		else
			rmt_db_rollback(home.db);
	}
	rmt_home_close(&home);
	return rc;
}

/* ---- its place -------------------------------------------------------------------------------------------------------------------- */

static char *aside_of(struct restoring *restoring, const char *home)
{
	struct rmt_buf name = {0};
	size_t length = strlen(home);
	int civil[6];

	while (length > 1 && home[length - 1] == '/')
		length--;
	rmt_time_to_civil(rmt_verb_now(restoring->ctx), civil);
	rmt_buf_append(&name, home, length);
	rmt_buf_format(&name, ".before-restore-%04d%02d%02dT%02d%02d%02dZ", civil[0], civil[1], civil[2], civil[3], civil[4],
	               civil[5]);
	if (rmt_buf_check(&name, restoring->err)) {
		rmt_buf_free(&name);
		return NULL;
	}
	return rmt_buf_take(&name);
}

static int restore(struct restoring *restoring)
{
	if (refuse_written(restoring) || copy_all(restoring) ||
	    rmt_backup_verify(restoring->ctx, restoring->directory, RMT_DB_WRITE, &restoring->manifest, restoring->err))
		return -1;
	return go_on(restoring);
}

static int place(struct restoring *restoring, const char *home, bool force, char **aside)
{
	if (rmt_path_exists(home)) {
		if (!force)
			return rmt_err_set(restoring->err, RMT_POLICY, NULL, "%s is there already", home);
		*aside = aside_of(restoring, home);
		if (!*aside || rmt_tree_move(home, *aside, restoring->err))
			return -1;
	}
	if (rmt_tree_place(restoring->directory, home, restoring->err) == 0)
		return 0;
	if (*aside)
		(void)rmt_tree_move(*aside, home, NULL); /* back, so that nothing has happened */
	return -1;
}

/* The manifest, and that a place is free or may be made free. */
static int look(struct restoring *restoring, const char *home, bool force)
{
	char *path = rmt_path_join(restoring->backup, "MANIFEST", restoring->err);
	int rc = -1;

	if (!path)
		return -1;
	if (!rmt_path_is_directory(restoring->backup) || !rmt_path_exists(path))
		refuse(restoring, restoring->backup, "this is not a backup: it is no directory with a MANIFEST");
	else if (rmt_manifest_read(path, &restoring->manifest, restoring->err) == 0)
		rc = strcmp(restoring->manifest.kind, "backup") == 0 ? 0 : refuse(restoring, path, "this is not the manifest of a backup");
	free(path);
	if (rc == 0 && rmt_path_exists(home) && !force) {
		rc = rmt_err_set(restoring->err, RMT_POLICY, NULL,
		                 "this is there already: restore into a new home, or have it moved aside with --force");
		rmt_err_source(restoring->err, home);
	}
	return rc;
}

static int tell(struct restoring *restoring, const char *aside, remint_backup_fn *backup, void *arg)
{
	struct remint_backup told = {.path = restoring->ctx->home, .event = restoring->manifest.head.id,
	                             .made = restoring->manifest.made, .files = restoring->manifest.file_count,
	                             .bytes = restoring->bytes, .aside = aside};

	told.hash = rmt_arena_hex(&restoring->manifest.arena, rmt_span_of(restoring->manifest.head.hash, RMT_SHA256));
	return restoring->manifest.arena.failed ? rmt_err_memory(restoring->err) : backup ? backup(arg, &told) : 0;
}

int remint_db_restore(struct remint *ctx, const char *from, bool force, remint_backup_fn *backup, void *arg)
{
	struct restoring restoring = {.ctx = ctx, .err = &ctx->err, .backup = from};
	char *beside = NULL, *temporary = NULL, *aside = NULL;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!ctx->home) {
		rmt_err_set(&ctx->err, RMT_USAGE, NULL, "no CA home: name one with --home DIR or REMINT_HOME");
		goto out;
	}
	if (look(&restoring, ctx->home, force))
		goto out;
	/* With --force the place itself is taken, and the name beside it must be free. */
	beside = aside_of(&restoring, ctx->home);
	temporary = beside ? rmt_tree_new(rmt_path_exists(ctx->home) ? beside : ctx->home, &ctx->err) : NULL;
	restoring.directory = temporary;
	if (!temporary)
		goto out;
	rc = restore(&restoring);
	if (rc == 0)
		rc = place(&restoring, ctx->home, force, &aside);
	if (rc)
		rmt_tree_remove(temporary);
	else
		rc = tell(&restoring, aside, backup, arg);
out:
	rmt_manifest_clear(&restoring.manifest);
	free(beside);
	free(temporary);
	free(aside);
	return rmt_verb_end(ctx, rc);
}
