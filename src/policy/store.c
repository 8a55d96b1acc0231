/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/store.c - where policies lie: the table compiled in and the user's directories. Finds a
 * file by its label and lists what there is; reads none of them.
 *
 * A label is [a-z0-9._-], so that no label leaves its directory; anything else is a path and must
 * look like one.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/local.h"

static const struct {
	const char *folder, *name;
} kinds[] = {
	[RMT_POLICY_TEMPLATE] = { "certificates", "template" },
	[RMT_POLICY_TARGET] = { "targets", "target" },
	[RMT_POLICY_SYMPTOMS] = { "symptoms", "file of symptoms" },
	[RMT_POLICY_TOPOLOGY] = { "topologies", "topology" },
};

struct rmt_policy_store {
	char **directories; /* in the order added; the last is searched first */
	size_t count;
};

const char *
rmt_policy_kind_name(enum rmt_policy_kind kind)
{
	return kinds[kind].name;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

bool
rmt_policy_is_path(const char *name)
{
	return strchr(name, '/') != NULL || ends_with(name, ".cfg");
}

struct rmt_policy_store *
rmt_policy_store_new(struct rmt_err *err)
{
	struct rmt_policy_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		rmt_err_memory(err);
	return store;
}

int
rmt_policy_store_add(struct rmt_policy_store *store, const char *directory, struct rmt_err *err)
{
	char *copy, **grown;

	if (rmt_path_exists(directory) && !rmt_path_is_directory(directory)) {
		rmt_err_set(
		    err, RMT_INPUT, NULL, "this is not a directory of templates and targets");
		rmt_err_source(err, directory);
		return -1;
	}
	if ((copy = rmt_strdup(directory, err)) == NULL)
		return -1;
	grown = realloc(store->directories, (store->count + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(copy);
		return rmt_err_memory(err);
	}
	store->directories = grown;
	store->directories[store->count++] = copy;
	return 0;
}

void
rmt_policy_store_free(struct rmt_policy_store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < store->count; i++)
		free(store->directories[i]);
	free(store->directories);
	free(store);
}

/* <directory>/<folder>/<name>.cfg, or without the last part when `name` is NULL. The caller's. */
static char *
policy_path(const char *directory, enum rmt_policy_kind kind, const char *name, struct rmt_err *err)
{
	struct rmt_buf path = { 0 };

	rmt_buf_format(&path, "%s/%s", directory, kinds[kind].folder);
	if (name != NULL)
		rmt_buf_format(&path, "/%s.cfg", name);
	if (rmt_buf_check(&path, err) != 0) {
		rmt_buf_free(&path);
		return NULL;
	}
	return rmt_buf_take(&path);
}

static const struct rmt_builtin *
builtin(enum rmt_policy_kind kind, const char *label)
{
	for (const struct rmt_builtin *row = rmt_builtin_templates; row->name != NULL; row++)
		if (strcmp(row->kind, kinds[kind].folder) == 0 && strcmp(row->name, label) == 0)
			return row;
	return NULL;
}

int
rmt_policy_find(const struct rmt_policy_store *store, enum rmt_policy_kind kind, const char *label,
    size_t limit, struct rmt_found *out, struct rmt_err *err)
{
	size_t level = limit <= store->count ? limit : store->count + 1;

	memset(out, 0, sizeof(*out));
	while (level-- > 1) {
		char *path = policy_path(store->directories[level - 1], kind, label, err);

		if (path == NULL)
			return -1;
		if (rmt_path_exists(path)) {
			out->level = level;
			out->path = path;
			return 1;
		}
		free(path);
	}
	out->level = 0;
	out->builtin = limit > 0 ? builtin(kind, label) : NULL;
	return out->builtin != NULL;
}

/* ---- listing --------------------------------------------------------------------------------- */

struct entry {
	char *name, *origin;
	size_t level;
};
struct entries {
	struct entry *list;
	size_t count;
};

static void
entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		free(entries->list[i].name);
		free(entries->list[i].origin);
	}
	free(entries->list);
}

/* Takes `origin` over, also on failure. */
static int
entries_add(
    struct entries *entries, const char *name, char *origin, size_t level, struct rmt_err *err)
{
	struct entry *grown;
	char *copy;

	if (origin == NULL || (copy = rmt_strdup(name, err)) == NULL) {
		free(origin);
		return -1;
	}
	grown = realloc(entries->list, (entries->count + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(copy);
		free(origin);
		return rmt_err_memory(err);
	}
	entries->list = grown;
	entries->list[entries->count++] = (struct entry){ copy, origin, level };
	return 0;
}

/* Files of a directory whose names are labels. A missing folder holds none. */
static int
entries_read(struct entries *entries, const char *directory, enum rmt_policy_kind kind,
    size_t level, struct rmt_err *err)
{
	char *folder = policy_path(directory, kind, NULL, err);
	DIR *stream = NULL;
	struct dirent *file;
	int rc = -1;

	if (folder == NULL)
		return -1;
	if ((stream = opendir(folder)) == NULL) {
		rc = errno == ENOENT ? 0
				     : rmt_err_errno(err, RMT_INPUT, folder, "list the policies");
		goto out;
	}
	while ((file = readdir(stream)) != NULL) {
		size_t length = strlen(file->d_name);
		char label[256];

		if (!ends_with(file->d_name, ".cfg"))
			continue;
		snprintf(
		    label, sizeof(label), "%.*s", (int)(length - strlen(".cfg")), file->d_name);
		if (rmt_policy_label_check(label, NULL) == 0 &&
		    entries_add(
			entries, label, policy_path(directory, kind, label, err), level, err) != 0)
			goto out;
	}
	rc = 0;
out:
	if (stream != NULL)
		closedir(stream);
	free(folder);
	return rc;
}

/* By name; of the same name the one that is found first. */
static int
compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : (a->level < b->level) - (a->level > b->level);
}

static int
collect(const struct rmt_policy_store *store, enum rmt_policy_kind kind, struct entries *entries,
    struct rmt_err *err)
{
	size_t kept = 0;

	for (const struct rmt_builtin *row = rmt_builtin_templates; row->name != NULL; row++)
		if (strcmp(row->kind, kinds[kind].folder) == 0 &&
		    entries_add(entries, row->name, rmt_strdup("built in", err), 0, err) != 0)
			return -1;
	for (size_t i = 0; i < store->count; i++)
		if (entries_read(entries, store->directories[i], kind, i + 1, err) != 0)
			return -1;
	if (entries->count > 0)
		qsort(entries->list, entries->count, sizeof(entries->list[0]), compare);
	for (size_t i = 0; i < entries->count; i++) {
		if (kept > 0 && strcmp(entries->list[kept - 1].name, entries->list[i].name) == 0) {
			free(entries->list[i].name);
			free(entries->list[i].origin);
		} else {
			entries->list[kept++] = entries->list[i];
		}
	}
	entries->count = kept;
	return 0;
}

int
rmt_policy_each(const struct rmt_policy_store *store, enum rmt_policy_kind kind,
    int (*visit)(void *arg, const char *name, const char *origin), void *arg, struct rmt_err *err)
{
	struct entries entries = { 0 };
	int rc = collect(store, kind, &entries, err);

	for (size_t i = 0; i < entries.count && rc == 0; i++)
		rc = visit(arg, entries.list[i].name, entries.list[i].origin);
	entries_free(&entries);
	return rc;
}

void
rmt_store_suggest(const struct rmt_policy_store *store, enum rmt_policy_kind kind,
    const char *label, char out[128])
{
	struct entries entries = { 0 };
	const char **names;

	out[0] = '\0';
	if (collect(store, kind, &entries, NULL) == 0 &&
	    (names = calloc(entries.count + 1, sizeof(*names))) != NULL) {
		for (size_t i = 0; i < entries.count; i++)
			names[i] = entries.list[i].name;
		rmt_did_you_mean(label, names, out);
		free(names);
	}
	entries_free(&entries);
}
