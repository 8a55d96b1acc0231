/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_files.c - sources that are files, directories, listings of certutil or endpoints: whatever read/ understands.
 *
 * A directory belongs to somebody else: a link in it that leads out of it is not followed.
 */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verb/local.h"

int rmt_endpoint_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	(void)err;
	return source->kind != NULL;
}

/* ---- listings -------------------------------------------------------------------------------------------------------------------- */

static int first_object(void *arg, const struct rmt_object *object)
{
	*(bool *)arg = strcmp(object->container, "certutil") == 0 || object->listing;
	return 1;
}

int rmt_adcs_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	bool listing = false;
	struct rmt_reader reader = {.object = first_object, .arg = &listing, .mode = RMT_TOLERANT, .skip_keys = true};

	(void)err;
	if (strcmp(source->path, "-") != 0 && rmt_path_is_regular(source->path))
		rmt_read_path(&reader, source->path, NULL);
	return listing;
}

/* ---- directories ----------------------------------------------------------------------------------------------------------------- */

struct walking {
	struct rmt_import *run;
	bool (*skip)(const char *leaf);
	char *root; /* where the directory really is */
	struct rmt_err *err;
	int rc;
};

/* Does it lead to a file below the directory? */
static bool stays_inside(const struct walking *walking, const char *path)
{
	size_t length = strlen(walking->root);
	struct stat st;
	char *target;
	bool inside;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		return true;
	target = realpath(path, NULL);
	inside = target && strncmp(target, walking->root, length) == 0 && (target[length] == '/' || strcmp(walking->root, "/") == 0);
	free(target);
	return inside;
}

static int visit_file(void *arg, const char *path)
{
	struct walking *walking = arg;

	if (walking->rc || (walking->skip && walking->skip(rmt_path_leaf(path))))
		return walking->rc;
	if (stays_inside(walking, path) && !rmt_db_foreign_is(path))
		return walking->rc = rmt_import_file(walking->run, path, true, walking->err);
	if (walking->run->phase != RMT_IMPORT_SURVEY)
		return 0;
	return walking->rc = stays_inside(walking, path)
	                         ? rmt_import_refuse(walking->run, RMT_UNTAKEN_DATABASE, path, NULL,
	                                             "an SQLite database: name it as a source of its own")
	                         : rmt_import_refuse(walking->run, RMT_UNTAKEN_OUTSIDE, path, NULL,
	                                             "the link leads out of the directory and is not followed");
}

static void walk_fault(void *arg, const struct rmt_err *fault)
{
	struct walking *walking = arg;

	if (!walking->rc)
		walking->rc = walking->run->reader.fault(walking->run, fault);
}

int rmt_import_directory(struct rmt_import *run, const char *path, bool (*skip)(const char *leaf), struct rmt_err *err)
{
	struct walking walking = {.run = run, .skip = skip, .err = err, .root = realpath(path, NULL)};
	int rc;

	if (!walking.root)
		return rmt_err_errno(err, RMT_INPUT, path, "open the directory");
	rc = rmt_directory_walk(path, visit_file, walk_fault, &walking, err);
	free(walking.root);
	return rc ? rc : walking.rc;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------------ */

/* What a source without an end can say before it is given up: room that is taken at once needs no copies, which would be as large again. */
enum { KEPT_USUALLY = 32 << 20 };

/* What comes once (standard input, a pipe) is kept for the later phases. */
static int read_once(struct rmt_import *run, const char *path, struct rmt_err *err)
{
	struct rmt_import_source *source = run->source;
	struct rmt_err fault = {0};
	int rc;

	if (run->phase != RMT_IMPORT_SURVEY)
		return source->unread ? 0 : rmt_read_mem(&run->reader, path, rmt_buf_view(&source->kept), err);
	rmt_buf_secret(&source->kept);
	rmt_buf_reserve(&source->kept, KEPT_USUALLY);
	rc = rmt_read_keep(&run->reader, path, &source->kept, &fault);
	if (rc == 0 || fault.class == RMT_NONE)
		return rc;
	source->unread = true;
	rmt_err_source(&fault, path);
	return rmt_import_fault(run, &fault);
}

int rmt_files_read(struct rmt_import *run, struct rmt_err *err)
{
	const char *path = run->source->path;

	if (run->wire.inputs[run->source->wire].name)
		return rmt_wire_read(&run->wire, run->source->wire, &run->reader, err);
	if (rmt_path_is_directory(path))
		return rmt_import_directory(run, path, NULL, err);
	if (strcmp(path, "-") == 0 || !rmt_path_is_regular(path))
		return read_once(run, path, err);
	return rmt_import_file(run, path, false, err);
}
