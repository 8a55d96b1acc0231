/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_value.c - the keys of a plan and their values: one table for reader and writer, and the strict reading of one JSON
 * object into the members that the table names.
 *
 * What an item promises beyond its kinds of values is checked in plan_item.c; the file as a whole is plan_file.c's.
 */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "verb/local.h"

enum { TEXT_CAP = 32 << 20 /* a certificate may be large */, LIST_CAP = 4096 };

/*
 * How to add a key:
 *  1. Give the struct in local.h a member for it.
 *  2. Add a row here; the file is written in the order of the rows. A kind that is new gets its function in readers[]
 *     below and in writers[] of plan_write.c.
 *  3. Describe it in docs/man/remint-plan.5; tests/cli/plan.sh compares the page with this table.
 */
#define AT(member) offsetof(struct rmt_plan, member)
const struct rmt_plan_key rmt_plan_head_keys[] = {
	{"schema", RMT_PLAN_SCHEMA, 0, true},
	{"id", RMT_PLAN_TEXT, AT(id), true},
	{"made", RMT_PLAN_TEXT, AT(made), true},
	{"by", RMT_PLAN_TEXT, AT(by), false},
	{"authority", RMT_PLAN_TEXT, AT(authority), false},
	{"targets", RMT_PLAN_LIST, AT(targets), true},
	{"chain", RMT_PLAN_LIST, AT(chain), false},
	{"items", RMT_PLAN_ITEMS, 0, true},
	{0},
};
#undef AT
#define AT(member) offsetof(struct rmt_plan_item, member)
const struct rmt_plan_key rmt_plan_item_keys[] = {
	{"id", RMT_PLAN_TEXT, AT(id), true},
	{"action", RMT_PLAN_ACTION, AT(action), true},
	{"approved", RMT_PLAN_FLAG, AT(approved), true},
	{"why", RMT_PLAN_TEXT, AT(why), false},
	{"note", RMT_PLAN_TEXT, AT(note), false},
	{"device", RMT_PLAN_TEXT, AT(device), true},
	{"signer", RMT_PLAN_TEXT, AT(signer), true},
	{"targets", RMT_PLAN_LIST, AT(targets), true},
	{"cn", RMT_PLAN_NULLABLE, AT(cn), false},
	{"new_subject", RMT_PLAN_NULLABLE, AT(new_subject), false},
	{"names", RMT_PLAN_LIST, AT(names), false},
	{"template", RMT_PLAN_NULLABLE, AT(template_name), false},
	{"key", RMT_PLAN_NULLABLE, AT(key), false},
	{"keep_key", RMT_PLAN_FLAG, AT(keep_key), false},
	{"request", RMT_PLAN_NULLABLE, AT(request), false},
	{"validity", RMT_PLAN_DURATION, AT(validity), false},
	{"name", RMT_PLAN_TEXT, AT(name), false},
	{"subject", RMT_PLAN_TEXT, AT(subject), false},
	{"issuer", RMT_PLAN_TEXT, AT(issuer), false},
	{"serial", RMT_PLAN_TEXT, AT(serial), false},
	{"not_after", RMT_PLAN_TIME, AT(not_after), false},
	{"sha256", RMT_PLAN_TEXT, AT(sha256), false},
	{"places", RMT_PLAN_PLACES, 0, true},
	{"findings", RMT_PLAN_FINDINGS, 0, false},
	{"pem", RMT_PLAN_TEXT, AT(pem), true},
	{0},
};
#undef AT
#define AT(member) offsetof(struct rmt_plan_place, member)
const struct rmt_plan_key rmt_plan_place_keys[] = {
	{"kind", RMT_PLAN_TEXT, AT(kind), true},
	{"source", RMT_PLAN_TEXT, AT(source), true},
	{"index", RMT_PLAN_NUMBER, AT(index), false},
	{0},
};
#undef AT
#define AT(member) offsetof(struct rmt_plan_finding, member)
const struct rmt_plan_key rmt_plan_finding_keys[] = {
	{"rule", RMT_PLAN_TEXT, AT(rule), true},
	{"severity", RMT_PLAN_TEXT, AT(severity), true},
	{"target", RMT_PLAN_TEXT, AT(target), false},
	{"source", RMT_PLAN_TEXT, AT(source), false},
	{"message", RMT_PLAN_TEXT, AT(message), false},
	{"cleared", RMT_PLAN_FLAG, AT(cleared), false},
	{0},
};
#undef AT

static const char *const actions[] = {"keep", "reissue", "rekey", "convert", "fix-chain", "replace-ca", NULL};
static const char *const kinds[] = {"file", "endpoint", "database", NULL};
static const char *const severities[] = {"info", "warning", "error", NULL};

const char *rmt_action_name(enum rmt_action action)
{
	return (size_t)action < sizeof actions / sizeof *actions - 1 ? actions[action] : "";
}

/* ---- faults and their place -------------------------------------------------------------------------------------------- */

int rmt_plan_fault(const struct rmt_plan_reading *reading, const char *format, ...)
{
	char place[160], message[400];
	va_list args;

	snprintf(place, sizeof place, "%s%s%s", reading->place, *reading->place && reading->key ? "." : "",
	         reading->key ? reading->key : "");
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return rmt_err_set(reading->err, RMT_INPUT, place, "%s", message);
}

/* The position of `word` in `words`, or -1 and a fault that names the nearest one. */
int rmt_plan_word(const struct rmt_plan_reading *reading, const char *word, const char *const *words)
{
	const char *near = rmt_nearest(word, words);
	char all[128] = "";

	for (int i = 0; words[i]; i++) {
		size_t length = strlen(all);

		if (strcmp(word, words[i]) == 0)
			return i;
		snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", words[i]);
	}
	return near ? rmt_plan_fault(reading, "\"%.64s\" is not known here; did you mean \"%s\"?", word, near)
	            : rmt_plan_fault(reading, "\"%.64s\" is none of %s", word, all);
}

/* ---- values, one function a kind ------------------------------------------------------------------------------------------ */

static int read_text(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	const char *text = json_string_value(value);

	if (!text)
		return rmt_plan_fault(reading, "must be a text in quotation marks");
	if (json_string_length(value) > TEXT_CAP)
		return rmt_plan_fault(reading, "is longer than %d bytes", TEXT_CAP);
	*(const char **)at = rmt_arena_text(&reading->plan->arena, text);
	return 0;
}

static int read_nullable(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || !*json_string_value(value))
		return rmt_plan_fault(reading, "must be a text in quotation marks, or null");
	return read_text(reading, value, at);
}

static int read_flag(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	if (!json_is_boolean(value))
		return rmt_plan_fault(reading, "must be true or false, without quotation marks");
	*(bool *)at = json_is_true(value);
	return 0;
}

static int read_number(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return rmt_plan_fault(reading, "must be a whole number");
	*(size_t *)at = (size_t)json_integer_value(value);
	return 0;
}

static int read_schema(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	(void)at;
	if (!json_is_integer(value))
		return rmt_plan_fault(reading, "must be a whole number");
	if (json_integer_value(value) != RMT_PLAN_SCHEMA_NUMBER)
		return rmt_plan_fault(reading, "this version of remint reads plans of schema %d only", RMT_PLAN_SCHEMA_NUMBER);
	return 0;
}

static int read_time(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	rmt_time time;

	if (!json_is_string(value) || rmt_time_parse(json_string_value(value), &time, NULL))
		return rmt_plan_fault(reading, "must be a time like \"2027-01-31T00:00:00Z\"");
	*(int64_t *)at = time;
	return 0;
}

static int read_duration(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || rmt_quantity_duration(json_string_value(value), at, NULL) || *(int64_t *)at <= 0)
		return rmt_plan_fault(reading, "must be a time like \"90d\", or null");
	return 0;
}

static int read_list(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	struct remint_strings *list = at;
	const char **items;

	if (!json_is_array(value))
		return rmt_plan_fault(reading, "must be a list of texts in brackets");
	if (json_array_size(value) > LIST_CAP)
		return rmt_plan_fault(reading, "has more than %d entries", LIST_CAP);
	items = rmt_arena_take(&reading->plan->arena, (json_array_size(value) + 1) * sizeof *items);
	if (!items)
		return rmt_err_memory(reading->err);
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i)) || json_string_length(json_array_get(value, i)) == 0)
			return rmt_plan_fault(reading, "entry %zu must be a text in quotation marks", i + 1);
		if (read_text(reading, json_array_get(value, i), &items[i]))
			return -1;
	}
	*list = (struct remint_strings){items, json_array_size(value)};
	return 0;
}

static int read_action(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	int action = json_is_string(value) ? rmt_plan_word(reading, json_string_value(value), actions)
	                                   : rmt_plan_fault(reading, "must be a text in quotation marks");

	if (action < 0)
		return -1;
	*(enum rmt_action *)at = (enum rmt_action)action;
	return 0;
}

static int read_places(struct rmt_plan_reading *reading, const json_t *value, void *item);
static int read_findings(struct rmt_plan_reading *reading, const json_t *value, void *item);

/* The items were cut out of the text before it was parsed. */
static int read_no_items(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	(void)at;
	return json_is_array(value) && json_array_size(value) == 0 ? 0
	                                                           : rmt_plan_fault(reading, "must be a list of items in brackets");
}

static int (*const readers[])(struct rmt_plan_reading *reading, const json_t *value, void *at) = {
	[RMT_PLAN_SCHEMA] = read_schema,
	[RMT_PLAN_TEXT] = read_text,
	[RMT_PLAN_NULLABLE] = read_nullable,
	[RMT_PLAN_FLAG] = read_flag,
	[RMT_PLAN_NUMBER] = read_number,
	[RMT_PLAN_TIME] = read_time,
	[RMT_PLAN_DURATION] = read_duration,
	[RMT_PLAN_LIST] = read_list,
	[RMT_PLAN_ACTION] = read_action,
	[RMT_PLAN_PLACES] = read_places,
	[RMT_PLAN_FINDINGS] = read_findings,
	[RMT_PLAN_ITEMS] = read_no_items,
};

/* ---- objects --------------------------------------------------------------------------------------------------------------- */

static int unknown_key(struct rmt_plan_reading *reading, const char *word, const struct rmt_plan_key *keys)
{
	const char *names[32] = {0};

	for (size_t i = 0; keys[i].name && i < sizeof names / sizeof *names - 1; i++)
		names[i] = keys[i].name;
	reading->key = NULL;
	return rmt_nearest(word, names) ? rmt_plan_fault(reading, "\"%.64s\" is not a key of the plan; did you mean \"%s\"?", word,
	                                        rmt_nearest(word, names))
	                                : rmt_plan_fault(reading, "\"%.64s\" is not a key of the plan", word);
}

/* Every key of an object into the members of `out`. */
int rmt_plan_object(struct rmt_plan_reading *reading, json_t *object, const struct rmt_plan_key *keys, void *out)
{
	const char *word;
	json_t *value;

	reading->key = NULL;
	if (!json_is_object(object))
		return rmt_plan_fault(reading, "must be an object in braces");
	json_object_foreach (object, word, value) {
		const struct rmt_plan_key *key = keys;

		while (key->name && strcmp(key->name, word) != 0)
			key++;
		if (!key->name)
			return unknown_key(reading, word, keys);
		reading->key = key->name;
		if (readers[key->kind](reading, value, (char *)out + key->offset))
			return -1;
	}
	reading->key = NULL;
	for (const struct rmt_plan_key *key = keys; key->name; key++)
		if (key->required && !json_object_get(object, key->name))
			return rmt_plan_fault(reading, "the key \"%s\" is missing", key->name);
	return reading->plan->arena.failed ? rmt_err_memory(reading->err) : 0;
}

/* A list of objects inside an item: the place grows by "KEY[i]" meanwhile. */
static int read_objects(struct rmt_plan_reading *reading, const json_t *value, const struct rmt_plan_key *keys, void *out, size_t size)
{
	char outer[sizeof reading->place];
	const char *name = reading->key;

	memcpy(outer, reading->place, sizeof outer);
	for (size_t i = 0; i < json_array_size(value); i++) {
		int rc = snprintf(reading->place, sizeof reading->place, "%.80s.%s[%zu]", outer, name, i);

		if (rc < 0 || rmt_plan_object(reading, json_array_get(value, i), keys, (char *)out + i * size))
			return -1;
	}
	memcpy(reading->place, outer, sizeof outer);
	reading->key = name;
	return 0;
}

static int read_places(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	struct rmt_plan_item *item = at;
	struct rmt_plan_place *places;

	if (!json_is_array(value))
		return rmt_plan_fault(reading, "must be a list of places in brackets");
	places = rmt_arena_take(&reading->plan->arena, (json_array_size(value) + 1) * sizeof *places);
	if (!places)
		return rmt_err_memory(reading->err);
	if (read_objects(reading, value, rmt_plan_place_keys, places, sizeof *places))
		return -1;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (rmt_plan_word(reading, places[i].kind, kinds) < 0)
			return -1;
	item->places = places;
	item->place_count = json_array_size(value);
	return 0;
}

static int read_findings(struct rmt_plan_reading *reading, const json_t *value, void *at)
{
	struct rmt_plan_item *item = at;
	struct rmt_plan_finding *findings;

	if (!json_is_array(value))
		return rmt_plan_fault(reading, "must be a list of findings in brackets");
	findings = rmt_arena_take(&reading->plan->arena, (json_array_size(value) + 1) * sizeof *findings);
	if (!findings)
		return rmt_err_memory(reading->err);
	for (size_t i = 0; i < json_array_size(value); i++)
		findings[i] = (struct rmt_plan_finding){.target = "", .message = "", .source = ""};
	if (read_objects(reading, value, rmt_plan_finding_keys, findings, sizeof *findings))
		return -1;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (rmt_plan_word(reading, findings[i].severity, severities) < 0)
			return -1;
	item->findings = findings;
	item->finding_count = json_array_size(value);
	return 0;
}

