/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/schema.c - walks a libconfig tree against a schema table into a struct, and is the reason
 * why a wrong policy file gets its line, what was expected and a did-you-mean. It knows no template
 * and no target: only tables.
 *
 * To add a kind of value:
 * 1. add it to enum rmt_field in local.h, saying which C type takes it;
 * 2. add its row to kinds[] in value.c;
 * 3. teach dump.c to write it.
 * To add a key, add one row to the table in template.c or target.c and describe it in the manual
 * page: a test compares.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/local.h"

enum { KEYS_MAX = 64, ITEMS_MAX = 256 };

static void *
member(void *object, const struct rmt_schema *row)
{
	return (unsigned char *)object + row->at;
}

static const void *
member_of(const void *object, const struct rmt_schema *row)
{
	return (const unsigned char *)object + row->at;
}

/* ---- messages -------------------------------------------------------------------------------- */

int
rmt_walk_fail(struct rmt_walk *walk, const char *format, ...)
{
	char message[400], place[32];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	snprintf(place, sizeof(place), "line %u", walk->line);
	rmt_err_set(walk->err, RMT_INPUT, walk->line > 0 ? place : NULL, "%s", message);
	rmt_err_source(walk->err, walk->source);
	return -1;
}

const char *
rmt_did_you_mean(const char *word, const char *const *candidates, char out[128])
{
	const char *near = rmt_nearest(word, candidates);

	out[0] = '\0';
	if (near != NULL)
		snprintf(out, 128, " (did you mean \"%.80s\"?)", near);
	return out;
}

static const char *
type_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group { ... }";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a fraction";
	case CONFIG_TYPE_STRING:
		return "text";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ... ]";
	default:
		return "a list ( ... )";
	}
}

static int
wrong_type(struct rmt_walk *walk, const struct rmt_schema *row, const config_setting_t *setting)
{
	char wanted[256];

	return rmt_walk_fail(walk, "\"%s\" wants %s, not %s", walk->path,
	    rmt_value_wants(row, wanted), type_name(setting));
}

/* A value of the right type that will not do. Running out of memory is not the file's fault. */
static int
wrong_value(struct rmt_walk *walk, const struct rmt_schema *row, const char *text,
    const struct rmt_err *why)
{
	char wanted[256];

	if (why->class == RMT_INTERNAL)
		return rmt_err_set(walk->err, why->class, why->place, "%s", why->message);
	if (row->choices != NULL)
		return rmt_walk_fail(walk, "\"%s\" wants %s, %s", walk->path,
		    rmt_value_wants(row, wanted), why->message);
	return rmt_walk_fail(walk, "\"%s\" wants %s, not \"%.80s\": %s", walk->path,
	    rmt_value_wants(row, wanted), text, why->message);
}

static int
take(struct rmt_walk *walk, const struct rmt_schema *row, const char *text, void *object)
{
	struct rmt_err why = { 0 };

	if (!rmt_value_printable(row, text))
		return rmt_walk_fail(walk, "\"%s\" holds a control character", walk->path);
	if (rmt_value_take(row, member(object, row), text, &why) != 0)
		return wrong_value(walk, row, text, &why);
	return 0;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static int
walk_scalar(struct rmt_walk *walk, const struct rmt_schema *row, const config_setting_t *setting,
    void *object)
{
	int type = config_setting_type(setting);
	char number[32];
	const char *text;

	if (row->field == RMT_FIELD_BOOL && type == CONFIG_TYPE_BOOL) {
		text = config_setting_get_bool(setting) ? "true" : "false";
	} else if ((type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) &&
		   (row->field == RMT_FIELD_NUMBER || row->field == RMT_FIELD_QUANTITY)) {
		snprintf(number, sizeof(number), "%lld", config_setting_get_int64(setting));
		text = number;
	} else if (row->field != RMT_FIELD_BOOL && type == CONFIG_TYPE_STRING) {
		text = config_setting_get_string(setting);
	} else {
		return wrong_type(walk, row, setting);
	}
	return take(walk, row, text, object);
}

/* A list in a child takes the place of its parent's list. */
static int
walk_list(struct rmt_walk *walk, const struct rmt_schema *row, const config_setting_t *setting,
    void *object)
{
	int type = config_setting_type(setting), count;
	void *at = member(object, row);

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return wrong_type(walk, row, setting);
	if ((count = config_setting_length(setting)) > ITEMS_MAX)
		return rmt_walk_fail(walk, "\"%s\" has more than %d items", walk->path, ITEMS_MAX);
	if (row->field == RMT_FIELD_LIST)
		rmt_text_list_free(at);
	else
		*(unsigned *)at = 0;
	for (int i = 0; i < count; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
		const char *text = config_setting_get_string(item);

		walk->line = config_setting_source_line(item);
		if (text == NULL)
			return wrong_type(walk, row, item);
		if (take(walk, row, text, object) != 0)
			return -1;
	}
	return 0;
}

/* Room for one more element beside those in the struct. */
int
rmt_elements_append(const struct rmt_elements *elements, void *holder, size_t at,
    const void *element, struct rmt_err *err)
{
	size_t *count = (size_t *)(void *)((unsigned char *)holder + elements->count_at);
	unsigned char *items;

	memcpy(&items, (unsigned char *)holder + at, sizeof(items));
	items = realloc(items, (*count + 1) * elements->stored);
	if (items == NULL)
		return rmt_err_memory(err);
	memcpy(items + *count * elements->stored, element, elements->stored);
	memcpy((unsigned char *)holder + at, &items, sizeof(items));
	++*count;
	return 0;
}

static int
walk_element(struct rmt_walk *walk, const struct rmt_schema *row, const config_setting_t *setting,
    void *object)
{
	void *element = calloc(1, row->elements->size);
	int rc = -1;

	if (element == NULL)
		return rmt_err_memory(walk->err);
	if (rmt_schema_preset(row->inner, element, walk->err) != 0 ||
	    rmt_schema_walk(walk, row->inner, setting, element) != 0)
		goto out;
	walk->line = config_setting_source_line(setting);
	if (row->elements->add(walk, object, element) != 0)
		goto out;
	memset(element, 0, row->elements->size); /* taken over */
	rc = 0;
out:
	rmt_schema_free(row->inner, element);
	free(element);
	return rc;
}

static int
walk_elements(struct rmt_walk *walk, const struct rmt_schema *row, const config_setting_t *setting,
    void *object)
{
	size_t length = strlen(walk->path);
	int count;

	if (config_setting_type(setting) != CONFIG_TYPE_LIST)
		return wrong_type(walk, row, setting);
	if ((count = config_setting_length(setting)) > ITEMS_MAX)
		return rmt_walk_fail(walk, "\"%s\" has more than %d items", walk->path, ITEMS_MAX);
	if (row->elements->begin != NULL)
		row->elements->begin(object);
	for (int i = 0; i < count; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);

		walk->line = config_setting_source_line(item);
		snprintf(walk->path + length, sizeof(walk->path) - length, "[%d]", i);
		if (config_setting_type(item) != CONFIG_TYPE_GROUP)
			return rmt_walk_fail(walk, "\"%s\" wants a group { ... }, not %s",
			    walk->path, type_name(item));
		if (walk_element(walk, row, item, object) != 0)
			return -1;
		walk->path[length] = '\0';
	}
	return 0;
}

static int
walk_setting(struct rmt_walk *walk, const struct rmt_schema *row, const config_setting_t *setting,
    void *object)
{
	switch (row->field) {
	case RMT_FIELD_EXTENDS:
		return 0;
	case RMT_FIELD_LIST:
	case RMT_FIELD_USAGE:
		return walk_list(walk, row, setting, object);
	case RMT_FIELD_GROUP:
		if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
			return wrong_type(walk, row, setting);
		return rmt_schema_walk(walk, row->inner, setting, object);
	case RMT_FIELD_GROUPS:
		return walk_elements(walk, row, setting, object);
	default:
		return walk_scalar(walk, row, setting, object);
	}
}

static int
unknown_key(struct rmt_walk *walk, const struct rmt_schema *rows, const char *key)
{
	const char *keys[KEYS_MAX];
	char hint[128], known[300];
	size_t count = 0;

	for (; rows[count].key != NULL && count + 1 < KEYS_MAX; count++)
		keys[count] = rows[count].key;
	keys[count] = NULL;
	if (*rmt_did_you_mean(key, keys, hint) != '\0')
		return rmt_walk_fail(walk, "\"%s\" is not a key here%s", walk->path, hint);
	rmt_quote_words(keys, known, sizeof(known));
	return rmt_walk_fail(walk, "\"%s\" is not a key here; known are %s", walk->path, known);
}

int
rmt_schema_walk(struct rmt_walk *walk, const struct rmt_schema *rows, const config_setting_t *group,
    void *object)
{
	size_t length = strlen(walk->path);
	int count = config_setting_length(group);

	for (int i = 0; i < count; i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const char *key = config_setting_name(setting);
		const struct rmt_schema *row = rows;

		while (row->key != NULL && strcmp(row->key, key) != 0)
			row++;
		walk->line = config_setting_source_line(setting);
		snprintf(walk->path + length, sizeof(walk->path) - length, "%s%.40s",
		    length > 0 ? "." : "", key);
		if (row->key == NULL)
			return unknown_key(walk, rows, key);
		if (walk_setting(walk, row, setting, object) != 0)
			return -1;
		walk->path[length] = '\0';
	}
	return 0;
}

/* ---- whole structs --------------------------------------------------------------------------- */

int
rmt_schema_preset(const struct rmt_schema *rows, void *object, struct rmt_err *err)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		if (row->field == RMT_FIELD_GROUP) {
			if (rmt_schema_preset(row->inner, object, err) != 0)
				return -1;
		} else if (row->preset != NULL) {
			if (rmt_value_take(row, member(object, row), row->preset, err) != 0)
				return -1;
		} else if (row->field == RMT_FIELD_QUANTITY) {
			*(int64_t *)member(object, row) = -1;
		} else if (row->field == RMT_FIELD_CHOICE) {
			*(int *)member(object, row) = -1;
		}
	}
	return 0;
}

static void
free_elements(const struct rmt_schema *row, void *object)
{
	size_t *count = (size_t *)(void *)((unsigned char *)object + row->elements->count_at);
	unsigned char *items;

	memcpy(&items, member(object, row), sizeof(items));
	for (size_t i = 0; i < *count; i++)
		rmt_schema_free(row->inner, items + i * row->elements->stored);
	free(items);
	memset(member(object, row), 0, sizeof(items));
	*count = 0;
}

void
rmt_schema_free(const struct rmt_schema *rows, void *object)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		if (row->field == RMT_FIELD_GROUP) {
			rmt_schema_free(row->inner, object);
		} else if (row->field == RMT_FIELD_GROUPS) {
			free_elements(row, object);
		} else if (row->field == RMT_FIELD_LIST) {
			rmt_text_list_free(member(object, row));
		} else if (row->field == RMT_FIELD_TEXT || row->field == RMT_FIELD_LINES) {
			char **text = member(object, row);

			free(*text);
			*text = NULL;
		}
	}
}

void
rmt_schema_disown(const struct rmt_schema *rows, void *object)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		if (row->field == RMT_FIELD_GROUP)
			rmt_schema_disown(row->inner, object);
		else if (row->field == RMT_FIELD_GROUPS && row->elements->own)
			free_elements(row, object);
	}
}

/* Lists of groups are not copied: no template has one. */
int
rmt_schema_copy(const struct rmt_schema *rows, void *to, const void *from, struct rmt_err *err)
{
	int rc = 0;

	for (const struct rmt_schema *row = rows; row->key != NULL && rc == 0; row++) {
		if (row->field == RMT_FIELD_GROUP) {
			rc = rmt_schema_copy(row->inner, to, from, err);
		} else if (row->field == RMT_FIELD_LIST) {
			rc = rmt_text_list_copy(member(to, row), member_of(from, row), err);
		} else if (row->field == RMT_FIELD_TEXT || row->field == RMT_FIELD_LINES) {
			char *const *text = member_of(from, row);
			char **copy = member(to, row);

			if (*text != NULL && (*copy = rmt_strdup(*text, err)) == NULL)
				rc = -1;
		} else {
			memcpy(member(to, row), member_of(from, row), rmt_value_size(row->field));
		}
	}
	return rc;
}
