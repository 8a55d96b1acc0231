/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/lineage.c - a policy file and the parents that it names by `extends`, read from the file
 * up and walked from the oldest parent down, so that a child's values win. It knows neither
 * templates nor targets.
 *
 * A file that extends its own name extends the one that it hides: a user's server-client.cfg may
 * build on the built-in server-client.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/local.h"

/* ---- one file -------------------------------------------------------------------------------- */

/* Called without a fault in `config` only: libconfig leaves half a tree behind after a failed read.
 */
static int
parse(struct rmt_layer *layer, const char *text, struct rmt_err *err)
{
	char place[32];

	config_init(&layer->config);
	if (config_read_string(&layer->config, text) == CONFIG_TRUE) {
		layer->open = true;
		return 0;
	}
	snprintf(place, sizeof(place), "line %d", config_error_line(&layer->config));
	if (config_error_text(&layer->config) != NULL &&
	    strstr(config_error_text(&layer->config), "duplicate") != NULL)
		rmt_err_set(err, RMT_INPUT, place, "this key stands twice in its group");
	else
		rmt_err_set(err, RMT_INPUT, place,
		    "syntax error here or just before (a missing quote or bracket, or a comma "
		    "behind the last item?)");
	config_destroy(&layer->config);
	return -1;
}

static int
understand(struct rmt_layer *layer, const struct rmt_buf *text, struct rmt_err *err)
{
	if (rmt_buf_check(text, err) == 0 && rmt_policy_scan(rmt_buf_view(text), err) == 0 &&
	    parse(layer, rmt_buf_string(text), err) == 0)
		return 0;
	rmt_err_source(err, layer->source);
	return -1;
}

static int
read_layer(struct rmt_layer *layer, const struct rmt_builtin *builtin, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	int rc = 0;

	if (builtin != NULL)
		rmt_buf_append(&text, builtin->text, builtin->length);
	else
		rc = rmt_file_read(layer->origin, RMT_CAP_CONFIG, &text, err);
	if (rc == 0)
		rc = understand(layer, &text, err);
	rmt_buf_free(&text);
	return rc;
}

/* The file's name without directory and ".cfg". */
static char *
label_of(const char *path, struct rmt_err *err)
{
	const char *leaf = rmt_path_leaf(path);
	size_t length = strlen(leaf);

	if (length > 4 && strcmp(leaf + length - 4, ".cfg") == 0)
		length -= 4;
	return rmt_strndup(leaf, length, err);
}

static int
add_layer(struct rmt_lineage *lineage, enum rmt_policy_kind kind, const struct rmt_found *found,
    struct rmt_err *err)
{
	struct rmt_layer *layer = &lineage->layer[lineage->count];
	struct rmt_buf source = { 0 };

	lineage->count++;
	layer->level = found->level;
	if (found->builtin != NULL)
		rmt_buf_format(
		    &source, "built-in %s %s", rmt_policy_kind_name(kind), found->builtin->name);
	else
		rmt_buf_text(&source, found->path);
	if (rmt_buf_check(&source, err) != 0) {
		rmt_buf_free(&source);
		return -1;
	}
	layer->source = rmt_buf_take(&source);
	layer->origin = rmt_strdup(found->builtin != NULL ? "built in" : found->path, err);
	layer->name = found->builtin != NULL ? rmt_strdup(found->builtin->name, err)
					     : label_of(found->path, err);
	if (layer->source == NULL || layer->origin == NULL || layer->name == NULL)
		return -1;
	return read_layer(layer, found->builtin, err);
}

/* ---- its parents ----------------------------------------------------------------------------- */

/* A path in `extends` starts where the file that says it lies. */
static char *
beside(const struct rmt_layer *layer, const char *path, struct rmt_err *err)
{
	struct rmt_buf joined = { 0 };

	if (path[0] != '/')
		rmt_buf_append(
		    &joined, layer->origin, (size_t)(rmt_path_leaf(layer->origin) - layer->origin));
	rmt_buf_text(&joined, path);
	if (rmt_buf_check(&joined, err) != 0) {
		rmt_buf_free(&joined);
		return NULL;
	}
	return rmt_buf_take(&joined);
}

/* "a -> b -> a" */
static int
loop(struct rmt_walk *walk, const struct rmt_lineage *lineage, size_t first)
{
	struct rmt_buf text = { 0 };

	for (size_t i = first; i < lineage->count; i++)
		rmt_buf_format(&text, "%s -> ", lineage->layer[i].name);
	rmt_walk_fail(walk, "the parents go round in a loop: %s%s", rmt_buf_string(&text),
	    lineage->layer[first].name);
	rmt_buf_free(&text);
	return -1;
}

/* Two paths to one file: a user may name by path what a label would find, too. */
static bool
same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* By its label; a file's own name means the one below it. */
static int
find_label(const struct rmt_policy_store *store, enum rmt_policy_kind kind,
    const struct rmt_layer *child, const char *name, struct rmt_found *found, struct rmt_err *err)
{
	size_t limit = strcmp(name, child->name) == 0 ? child->level : RMT_LEVEL_PATH;
	int rc = rmt_policy_find(store, kind, name, limit, found, err);

	while (rc > 0 && found->path != NULL && same_file(found->path, child->origin)) {
		limit = found->level;
		free(found->path);
		rc = rmt_policy_find(store, kind, name, limit, found, err);
	}
	return rc;
}

static int
find_parent(struct rmt_walk *walk, const struct rmt_policy_store *store, enum rmt_policy_kind kind,
    const struct rmt_layer *child, const char *name, struct rmt_found *found)
{
	struct rmt_err why = { 0 };
	char hint[128];
	int rc;

	memset(found, 0, sizeof(*found));
	if (rmt_policy_is_path(name)) {
		if (child->level == 0)
			return rmt_walk_fail(walk, "a built-in policy extends no path");
		found->level = RMT_LEVEL_PATH;
		return (found->path = beside(child, name, walk->err)) != NULL ? 0 : -1;
	}
	if (rmt_policy_label_check(name, &why) != 0)
		return rmt_walk_fail(walk, "\"extends\" wants the name of a %s: %s",
		    rmt_policy_kind_name(kind), why.message);
	rc = find_label(store, kind, child, name, found, walk->err);
	if (rc != 0)
		return rc > 0 ? 0 : -1;
	rmt_store_suggest(store, kind, name, hint);
	return rmt_walk_fail(walk, "it extends \"%s\", but no other %s has this name%s", name,
	    rmt_policy_kind_name(kind), hint);
}

/* Read the parent of the last layer: 1 read, 0 it has none. */
static int
climb(struct rmt_lineage *lineage, const struct rmt_policy_store *store, enum rmt_policy_kind kind,
    struct rmt_err *err)
{
	const struct rmt_layer *child = &lineage->layer[lineage->count - 1];
	const config_setting_t *setting =
	    config_setting_get_member(config_root_setting(&child->config), "extends");
	struct rmt_walk walk = { .source = child->source, .err = err };
	struct rmt_found found = { 0 };
	const char *name;
	int rc;

	if (setting == NULL)
		return 0;
	walk.line = config_setting_source_line(setting);
	if ((name = config_setting_get_string(setting)) == NULL)
		return rmt_walk_fail(
		    &walk, "\"extends\" wants the name of a parent such as \"server-client\"");
	if (find_parent(&walk, store, kind, child, name, &found) != 0)
		return -1;
	for (size_t i = 0; i < lineage->count; i++) {
		const char *origin = found.path != NULL ? found.path : "built in";

		if (strcmp(lineage->layer[i].origin, origin) == 0 &&
		    (found.path != NULL ||
			strcmp(lineage->layer[i].name, found.builtin->name) == 0)) {
			free(found.path);
			return loop(&walk, lineage, i);
		}
	}
	if (lineage->count > RMT_ANCESTORS_MAX)
		rc = rmt_walk_fail(
		    &walk, "it has more than %d parents one above the other", RMT_ANCESTORS_MAX);
	else
		rc = add_layer(lineage, kind, &found, err);
	free(found.path);
	return rc == 0 ? 1 : -1;
}

static int
find_first(const struct rmt_policy_store *store, enum rmt_policy_kind kind, const char *name,
    struct rmt_found *found, struct rmt_err *err)
{
	char hint[128];
	int rc;

	memset(found, 0, sizeof(*found));
	if (rmt_policy_is_path(name)) {
		found->level = RMT_LEVEL_PATH;
		return (found->path = rmt_strdup(name, err)) != NULL ? 0 : -1;
	}
	rc = rmt_policy_label_check(name, NULL) == 0
		 ? rmt_policy_find(store, kind, name, RMT_LEVEL_PATH, found, err)
		 : 0;
	if (rc != 0)
		return rc > 0 ? 0 : -1;
	rmt_store_suggest(store, kind, name, hint);
	return rmt_err_set(err, RMT_USAGE, NULL, "no %s is named \"%.80s\"%s",
	    rmt_policy_kind_name(kind), name, hint);
}

struct rmt_lineage *
rmt_lineage_open(const struct rmt_policy_store *store, enum rmt_policy_kind kind, const char *name,
    struct rmt_err *err)
{
	struct rmt_lineage *lineage = calloc(1, sizeof(*lineage));
	struct rmt_found found = { 0 };
	int rc = -1;

	if (lineage == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	if (find_first(store, kind, name, &found, err) != 0 ||
	    add_layer(lineage, kind, &found, err) != 0)
		goto out;
	while ((rc = climb(lineage, store, kind, err)) > 0)
		;
out:
	free(found.path);
	if (rc == 0)
		return lineage;
	rmt_lineage_free(lineage);
	return NULL;
}

struct rmt_lineage *
rmt_lineage_mem(const char *source, struct rmt_span text, struct rmt_err *err)
{
	struct rmt_lineage *lineage = calloc(1, sizeof(*lineage));
	struct rmt_buf copy = { 0 };
	int rc = -1;

	if (lineage == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	lineage->count = 1;
	lineage->layer[0].level = RMT_LEVEL_PATH;
	lineage->layer[0].name = rmt_strdup(source, err);
	lineage->layer[0].origin = rmt_strdup(source, err);
	lineage->layer[0].source = rmt_strdup(source, err);
	rmt_buf_span(&copy, text);
	if (lineage->layer[0].name != NULL && lineage->layer[0].origin != NULL &&
	    lineage->layer[0].source != NULL)
		rc = understand(&lineage->layer[0], &copy, err);
	rmt_buf_free(&copy);
	if (rc == 0)
		return lineage;
	rmt_lineage_free(lineage);
	return NULL;
}

void
rmt_lineage_free(struct rmt_lineage *lineage)
{
	if (lineage == NULL)
		return;
	for (size_t i = 0; i < lineage->count; i++) {
		free(lineage->layer[i].name);
		free(lineage->layer[i].origin);
		free(lineage->layer[i].source);
		if (lineage->layer[i].open)
			config_destroy(&lineage->layer[i].config);
	}
	free(lineage);
}

int
rmt_lineage_walk(const struct rmt_lineage *lineage, const struct rmt_schema *rows, void *object,
    struct rmt_err *err)
{
	if (rmt_schema_preset(rows, object, err) != 0)
		return -1;
	for (size_t i = lineage->count; i-- > 0;) {
		const struct rmt_layer *layer = &lineage->layer[i];
		struct rmt_walk walk = { .source = layer->source, .err = err };

		rmt_schema_disown(rows, object);
		if (rmt_schema_walk(&walk, rows, config_root_setting(&layer->config), object) != 0)
			return -1;
	}
	return 0;
}

static const config_setting_t *
stated(const struct rmt_layer *layer, const char *key, const struct rmt_partner *partners)
{
	const config_setting_t *setting = config_lookup(&layer->config, key);

	for (; setting == NULL && partners->key != NULL; partners++)
		if (strcmp(partners->key, key) == 0)
			setting = config_lookup(&layer->config, partners->partner);
	return setting;
}

void
rmt_lineage_blame(const struct rmt_lineage *lineage, const struct rmt_partner *partners,
    const struct rmt_err *fault, struct rmt_err *err)
{
	const char *citation = fault->citation[0] != '\0' ? fault->citation : NULL;
	const struct rmt_layer *layer = lineage->layer;
	const config_setting_t *setting = NULL;
	char place[32];

	for (size_t i = 0; setting == NULL && fault->place[0] != '\0' && i < lineage->count; i++) {
		layer = &lineage->layer[i];
		setting = stated(layer, fault->place, partners);
	}
	if (setting == NULL) {
		layer = lineage->layer;
		rmt_err_cite(err, fault->class, fault->place, citation, "%s", fault->message);
	} else {
		snprintf(place, sizeof(place), "line %u", (unsigned)config_setting_source_line(setting));
		rmt_err_cite(err, fault->class, place, citation, "\"%s\": %s", fault->place, fault->message);
	}
	rmt_err_source(err, layer->source);
}

int
rmt_lineage_names(const struct rmt_lineage *lineage, char **name, char **origin,
    struct rmt_text_list *parents, struct rmt_err *err)
{
	*name = rmt_strdup(lineage->layer[0].name, err);
	*origin = rmt_strdup(lineage->layer[0].origin, err);
	if (*name == NULL || *origin == NULL)
		return -1;
	for (size_t i = 1; i < lineage->count; i++)
		if (rmt_text_list_add(parents, lineage->layer[i].name, err) != 0)
			return -1;
	return 0;
}
