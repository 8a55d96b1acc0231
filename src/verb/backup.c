/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - remint_db_backup(): the database, the keys and the user's own policies of a home in a directory of their own,
 * with a manifest of what belongs to it.
 *
 * The database is copied first: a key is in the home before anything that needs it is in the database, so that no key can
 * be missing. The directory appears under its name when it was read back and found sound. It is laid out as a home is.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verb/local.h"

struct making {
	struct remint *ctx;
	struct rmt_err *err;
	const char *directory; /* under its temporary name */
	struct rmt_manifest manifest;
	uint64_t bytes;
	size_t skip;           /* of a path in the home before the name in the manifest */
};

/* ---- where ------------------------------------------------------------------------------------------------------------------- */

/* A directory that is to hold backups is neither one itself nor a home. */
static int refuse_holder(const char *out, struct rmt_err *err)
{
	static const char *const marks[] = {"MANIFEST", "ca.db"};
	bool marked = false;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		char *path = rmt_path_join(out, marks[i], err);

		marked |= path && rmt_path_exists(path);
		free(path);
	}
	if (!marked)
		return 0;
	rmt_err_set(err, RMT_POLICY, NULL, "this is a backup or a home already: name a new directory, or one that holds backups");
	rmt_err_source(err, out);
	return -1;
}

/* HOME-backup-20260131T120000Z beside the home; the same name within a directory that is there. */
static char *place_of(struct remint *ctx, const char *out, struct rmt_err *err)
{
	char *home = rmt_strdup(ctx->home, err), *place;
	struct rmt_buf name = {0};
	int civil[6];

	if (!home || (out && refuse_holder(out, err))) {
		free(home);
		return NULL;
	}
	for (size_t length = strlen(home); length > 1 && home[length - 1] == '/';)
		home[--length] = 0;
	rmt_time_to_civil(rmt_verb_now(ctx), civil);
	rmt_buf_format(&name, "%s-backup-%04d%02d%02dT%02d%02d%02dZ", out ? rmt_path_leaf(home) : home, civil[0], civil[1],
	               civil[2], civil[3], civil[4], civil[5]);
	free(home);
	if (out && !rmt_path_is_directory(out)) {
		rmt_buf_clear(&name);
		rmt_buf_text(&name, out);
	}
	if (rmt_buf_check(&name, err)) {
		rmt_buf_free(&name);
		return NULL;
	}
	place = out && rmt_path_is_directory(out) ? rmt_path_join(out, rmt_buf_string(&name), err)
	                                          : rmt_strdup(rmt_buf_string(&name), err);
	rmt_buf_free(&name);
	return place;
}

/* ---- what ---------------------------------------------------------------------------------------------------------------------- */

static int show_progress(void *arg, uint64_t done, uint64_t total)
{
	rmt_verb_progress(arg, done, total);
	return 0;
}

static int copy_database(struct making *making, struct rmt_db *db)
{
	char *path = rmt_path_join(making->directory, "ca.db", making->err);
	int rc = -1;

	if (path && rmt_db_head(db, &making->manifest.head, making->err) == 0)
		rc = rmt_db_backup(db, path, show_progress, making->ctx, making->err);
	free(path);
	return rc;
}

/* The directories on the way to a file of the backup. */
int rmt_backup_way(const char *path, size_t from, struct rmt_err *err)
{
	char *way = rmt_strdup(path, err);
	int rc = way ? 0 : -1;

	for (char *slash = way ? strchr(way + from, '/') : NULL; rc == 0 && slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		rc = rmt_directory_create(way, err);
		*slash = '/';
	}
	free(way);
	return rc;
}

static int copy_file(void *arg, const char *path)
{
	struct making *making = arg;
	const char *name = path + making->skip;
	unsigned char sha256[RMT_SHA256];
	char *to = rmt_path_join(making->directory, name, making->err);
	uint64_t size;
	int rc = -1;

	if (to && !rmt_manifest_name_fits(name)) {
		rmt_err_set(making->err, RMT_INPUT, NULL, "this file name cannot be kept in a backup: rename it");
		rmt_err_source(making->err, path);
	} else if (to && rmt_backup_way(to, strlen(making->directory) + 1, making->err) == 0 &&
	           rmt_file_copy(path, to, sha256, &size, making->err) == 0) {
		making->bytes += size;
		rc = rmt_manifest_add(&making->manifest, name, sha256, size, making->err);
	}
	free(to);
	return rc;
}

static void walk_fault(void *arg, const struct rmt_err *fault)
{
	struct making *making = arg;

	if (making->err->class == RMT_NONE)
		*making->err = *fault;
}

static int copy_below(struct making *making, const char *name)
{
	char *path = rmt_path_join(making->ctx->home, name, making->err);
	int rc = path ? rmt_path_stands(path, making->err) : -1;

	if (rc == 1) {
		making->skip = strlen(path) - strlen(name);
		rc = rmt_directory_walk(path, copy_file, walk_fault, making, making->err);
	}
	free(path);
	return rc || making->err->class != RMT_NONE ? -1 : 0;
}

/* Hashed as it was left, so that the manifest holds what lies there. */
static int note_database(struct making *making)
{
	char *path = rmt_path_join(making->directory, "ca.db", making->err);
	unsigned char sha256[RMT_SHA256];
	uint64_t size;
	int rc = -1;

	if (path && rmt_file_copy(path, NULL, sha256, &size, making->err) == 0) {
		making->bytes += size;
		rc = rmt_manifest_add(&making->manifest, "ca.db", sha256, size, making->err);
	}
	free(path);
	return rc;
}

/* ---- verified by reopening --------------------------------------------------------------------------------------------------- */

static void drop(const char *directory, const char *name)
{
	char *path = rmt_path_join(directory, name, NULL);

	if (path)
		(void)unlink(path);
	free(path);
}

int rmt_backup_verify(struct remint *ctx, const char *directory, int mode, const struct rmt_manifest *manifest,
                      struct rmt_err *err)
{
	struct rmt_home copy = {.ctx = ctx};
	struct rmt_db_head head;
	int rc = -1;

	copy.db = rmt_db_open(directory, mode, 10, err);
	if (copy.db && rmt_db_head(copy.db, &head, err) == 0) {
		if (head.id != manifest->head.id || memcmp(head.hash, manifest->head.hash, sizeof head.hash) != 0) {
			rmt_err_set(err, RMT_DATABASE, NULL, "the copy of the database does not end with the event that its manifest says");
			rmt_err_source(err, directory);
		} else {
			rc = rmt_check_quickly(&copy, err);
		}
	}
	rmt_home_close(&copy);
	if (mode == RMT_DB_READ) { /* which leaves an empty log behind */
		drop(directory, "ca.db-shm");
		drop(directory, "ca.db-wal");
	}
	return rc;
}

static int write_manifest(struct making *making)
{
	struct rmt_buf text = {0};
	struct rmt_output output = {.name = "MANIFEST", .mode = 0600};
	int rc = -1;

	rmt_manifest_write(&making->manifest, &text);
	output.content = rmt_buf_view(&text);
	if (rmt_buf_check(&text, making->err) == 0)
		rc = rmt_files_write(making->directory, &output, 1, false, making->err);
	rmt_buf_free(&text);
	return rc;
}

static int make(struct making *making, struct rmt_db *db)
{
	int rc;

	if (rmt_db_still(db, making->err))
		return -1;
	rc = copy_database(making, db);
	rmt_db_move(db);
	return rc || copy_below(making, "keys") || copy_below(making, "templates") ||
	               rmt_backup_verify(making->ctx, making->directory, RMT_DB_READ, &making->manifest, making->err) ||
	               note_database(making) || write_manifest(making)
	           ? -1
	           : 0;
}

/* A backup that the log does not know is still one: the person is told. */
static void record(struct making *making, const char *place)
{
	struct rmt_home home = {0};
	struct rmt_err err = {0};
	struct rmt_buf text = {0};

	rmt_buf_format(&text, "event=%lld files=%zu bytes=%llu sha256=", (long long)making->manifest.head.id,
	               making->manifest.file_count, (unsigned long long)making->bytes);
	rmt_hex(rmt_span_of(making->manifest.head.hash, RMT_SHA256), 0, &text);
	if (rmt_buf_check(&text, &err) == 0 && rmt_home_open(making->ctx, RMT_DB_WRITE, &home, &err) == 0 &&
	    rmt_db_begin(home.db, &err) == 0) {
		if (rmt_db_event(home.db, making->manifest.made, "backup", rmt_buf_string(&text), &err) == 0)
			(void)rmt_db_commit(home.db, &err);
		else
			rmt_db_rollback(home.db);
	}
	if (err.class != RMT_NONE)
		rmt_verb_warn(making->ctx, "the backup %s is good, but the event log could not be told, so that status does not know of it: %s",
		              place, err.message);
	rmt_home_close(&home);
	rmt_buf_free(&text);
}

static int tell(struct making *making, const char *place, remint_backup_fn *backup, void *arg)
{
	struct remint_backup told = {.path = place, .event = making->manifest.head.id, .made = making->manifest.made,
	                             .files = making->manifest.file_count, .bytes = making->bytes};

	told.hash = rmt_arena_hex(&making->manifest.arena, rmt_span_of(making->manifest.head.hash, RMT_SHA256));
	return making->manifest.arena.failed ? rmt_err_memory(making->err) : backup ? backup(arg, &told) : 0;
}

int remint_db_backup(struct remint *ctx, const char *out, remint_backup_fn *backup, void *arg)
{
	struct making making = {.ctx = ctx, .err = &ctx->err};
	char *place = NULL, *temporary = NULL;
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	making.manifest = (struct rmt_manifest){.kind = "backup", .made = rmt_verb_now(ctx), .schema = rmt_db_schema_version()};
	if (rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err) || !(place = place_of(ctx, out, &ctx->err)) ||
	    !(temporary = rmt_tree_new(place, &ctx->err)))
		goto out;
	making.directory = temporary;
	rc = make(&making, home.db);
	if (rc == 0)
		rc = rmt_tree_place(temporary, place, &ctx->err);
	if (rc) {
		rmt_tree_remove(temporary);
		goto out;
	}
	rmt_home_close(&home);
	record(&making, place);
	rc = tell(&making, place, backup, arg);
out:
	rmt_home_close(&home);
	rmt_manifest_clear(&making.manifest);
	free(temporary);
	free(place);
	return rmt_verb_end(ctx, rc);
}
