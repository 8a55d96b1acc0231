/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/list.c - lists of text, and the words by which files and people call the enums of the
 * face.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "policy/local.h"

bool
rmt_text_list_has(const struct rmt_text_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], item) == 0)
			return true;
	return false;
}

int
rmt_text_list_add(struct rmt_text_list *list, const char *item, struct rmt_err *err)
{
	char *copy = rmt_strdup(item, err);
	char **grown;

	if (copy == NULL)
		return -1;
	grown = realloc(list->items, (list->count + 1) * sizeof(*grown));
	if (grown == NULL) {
		free(copy);
		return rmt_err_memory(err);
	}
	list->items = grown;
	list->items[list->count++] = copy;
	return 0;
}

int
rmt_text_list_copy(struct rmt_text_list *to, const struct rmt_text_list *from, struct rmt_err *err)
{
	for (size_t i = 0; i < from->count; i++)
		if (rmt_text_list_add(to, from->items[i], err) != 0)
			return -1;
	return 0;
}

void
rmt_text_list_free(struct rmt_text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

const char *
rmt_merge_name(enum rmt_merge merge)
{
	static const char *const names[] = { "template", "request", "intersect", "require" };

	return (size_t)merge < sizeof(names) / sizeof(names[0]) ? names[merge] : "";
}

static const char *const severity_names[] = { "info", "warning", "error" };
enum { SEVERITIES = sizeof(severity_names) / sizeof(severity_names[0]) };

const char *
rmt_severity_name(enum rmt_severity severity)
{
	return (size_t)severity < SEVERITIES ? severity_names[severity] : "";
}

int
rmt_severity_named(const char *name, enum rmt_severity *out)
{
	for (size_t i = 0; i < SEVERITIES; i++) {
		if (strcmp(name, severity_names[i]) == 0) {
			*out = (enum rmt_severity)i;
			return 0;
		}
	}
	return -1;
}
