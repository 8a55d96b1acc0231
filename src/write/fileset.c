/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/fileset.c - finished files on their way to a directory: names that are plain, none of them twice.
 *
 * Nothing is written to disk here; rmt_files_write() of base/ takes the set all or nothing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "write/local.h"

bool
rmt_fileset_has(const struct rmt_fileset *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcasecmp(set->names[i], name))
			return true;
	return false;
}

/* A name that can only mean a file in the directory that was named. */
static int
check_name(const struct rmt_fileset *set, const char *name, struct rmt_err *err)
{
	if (!name[0] || name[0] == '.' || strlen(name) > 255 || strpbrk(name, "/\\"))
		return rmt_err_set(err, RMT_INPUT, NULL, "\"%s\" is no plain file name", name);
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return rmt_err_set(err, RMT_INPUT, NULL, "a file name holds a control character");
	if (rmt_fileset_has(set, name))
		return rmt_err_set(err, RMT_INPUT, NULL, "two files would be called %s", name);
	return 0;
}

static int
grow(struct rmt_fileset *set, struct rmt_err *err)
{
	size_t capacity = set->capacity ? 2 * set->capacity : 8;
	struct rmt_output *files;
	struct rmt_buf *contents;
	char **names;

	if (set->count < set->capacity)
		return 0;
	files = realloc(set->files, capacity * sizeof(*files));
	if (!files)
		return rmt_err_memory(err);
	set->files = files;
	names = realloc(set->names, capacity * sizeof(*names));
	if (!names)
		return rmt_err_memory(err);
	set->names = names;
	contents = realloc(set->contents, capacity * sizeof(*contents));
	if (!contents)
		return rmt_err_memory(err);
	set->contents = contents;
	set->capacity = capacity;
	return 0;
}

int
rmt_fileset_add(struct rmt_fileset *set, const char *name, mode_t mode, struct rmt_buf *content, struct rmt_err *err)
{
	char *own;

	if (check_name(set, name, err) || rmt_buf_check(content, err) || grow(set, err))
		goto failed;
	own = rmt_strdup(name, err);
	if (!own)
		goto failed;
	set->names[set->count] = own;
	set->contents[set->count] = *content;
	set->files[set->count] = (struct rmt_output){ own, mode, rmt_buf_view(content) };
	set->count++;
	*content = (struct rmt_buf){ 0 };
	return 0;
failed:
	rmt_buf_free(content);
	return -1;
}

int
rmt_fileset_share(struct rmt_fileset *set, const char *name, mode_t mode, struct rmt_buf *content, struct rmt_err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->names[i], name) || set->files[i].mode != mode || content->failed ||
		    !rmt_span_equal(rmt_buf_view(&set->contents[i]), rmt_buf_view(content)))
			continue;
		rmt_buf_free(content);
		return 0;
	}
	return rmt_fileset_add(set, name, mode, content, err);
}

void
rmt_fileset_free(struct rmt_fileset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->names[i]);
		rmt_buf_free(&set->contents[i]);
	}
	free(set->files);
	free(set->names);
	free(set->contents);
	*set = (struct rmt_fileset){ 0 };
}
