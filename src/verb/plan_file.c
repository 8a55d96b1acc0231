/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_file.c - reads the plan of a campaign: the table of its keys and the strict reader. plan_write.c writes it.
 *
 * People edit plans by hand, so what cannot be meant is refused with its place: a key that nobody knows, a value of the
 * wrong kind, an item that says of its certificate what the certificate does not. The certificate in `pem` is the truth; the
 * other keys about it are there to be read. Whether targets, templates and devices exist is for the verbs that need them.
 *
 * The items are cut out of the text and given to the JSON parser one at a time, so that a plan of a hundred thousand
 * certificates never stands in memory as a tree.
 */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

enum { PLAN_CAP = 1 << 29, TEXT_CAP = 64 << 10, LIST_CAP = 4096 };

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
	{"names", RMT_PLAN_LIST, AT(names), false},
	{"template", RMT_PLAN_NULLABLE, AT(template_name), false},
	{"key", RMT_PLAN_NULLABLE, AT(key), false},
	{"keep_key", RMT_PLAN_FLAG, AT(keep_key), false},
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
static const char *const signers[] = {"issuing", "external", NULL};
static const char *const kinds[] = {"file", "endpoint", "database", NULL};
static const char *const severities[] = {"info", "warning", "error", NULL};

const char *rmt_action_name(enum rmt_action action)
{
	return (size_t)action < sizeof actions / sizeof *actions - 1 ? actions[action] : "";
}

/* ---- faults and their place -------------------------------------------------------------------------------------------- */

struct reading {
	struct rmt_plan *plan;
	struct rmt_err *err;
	struct rmt_names items, devices; /* met so far */
	char place[120];                 /* of the object being read: "items[3]", or "" */
	const char *key;                 /* in it */
};

static int fault(const struct reading *reading, const char *format, ...) RMT_PRINTF(2, 3);
static int fault(const struct reading *reading, const char *format, ...)
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
static int word_of(const struct reading *reading, const char *word, const char *const *words)
{
	const char *near = rmt_nearest(word, words);
	char all[128] = "";

	for (int i = 0; words[i]; i++) {
		size_t length = strlen(all);

		if (strcmp(word, words[i]) == 0)
			return i;
		snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", words[i]);
	}
	return near ? fault(reading, "\"%.64s\" is not known here; did you mean \"%s\"?", word, near)
	            : fault(reading, "\"%.64s\" is none of %s", word, all);
}

/* ---- values, one function a kind ------------------------------------------------------------------------------------------ */

static int read_text(struct reading *reading, const json_t *value, void *at)
{
	const char *text = json_string_value(value);

	if (!text)
		return fault(reading, "must be a text in quotation marks");
	if (json_string_length(value) > TEXT_CAP)
		return fault(reading, "is longer than %d bytes", TEXT_CAP);
	*(const char **)at = rmt_arena_text(&reading->plan->arena, text);
	return 0;
}

static int read_nullable(struct reading *reading, const json_t *value, void *at)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || !*json_string_value(value))
		return fault(reading, "must be a text in quotation marks, or null");
	return read_text(reading, value, at);
}

static int read_flag(struct reading *reading, const json_t *value, void *at)
{
	if (!json_is_boolean(value))
		return fault(reading, "must be true or false, without quotation marks");
	*(bool *)at = json_is_true(value);
	return 0;
}

static int read_number(struct reading *reading, const json_t *value, void *at)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return fault(reading, "must be a whole number");
	*(size_t *)at = (size_t)json_integer_value(value);
	return 0;
}

static int read_schema(struct reading *reading, const json_t *value, void *at)
{
	(void)at;
	if (!json_is_integer(value))
		return fault(reading, "must be a whole number");
	if (json_integer_value(value) != RMT_PLAN_SCHEMA_NUMBER)
		return fault(reading, "this version of remint reads plans of schema %d only", RMT_PLAN_SCHEMA_NUMBER);
	return 0;
}

static int read_time(struct reading *reading, const json_t *value, void *at)
{
	rmt_time time;

	if (!json_is_string(value) || rmt_time_parse(json_string_value(value), &time, NULL))
		return fault(reading, "must be a time like \"2027-01-31T00:00:00Z\"");
	*(int64_t *)at = time;
	return 0;
}

static int read_duration(struct reading *reading, const json_t *value, void *at)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || rmt_quantity_duration(json_string_value(value), at, NULL) || *(int64_t *)at <= 0)
		return fault(reading, "must be a time like \"90d\", or null");
	return 0;
}

static int read_list(struct reading *reading, const json_t *value, void *at)
{
	struct remint_strings *list = at;
	const char **items;

	if (!json_is_array(value))
		return fault(reading, "must be a list of texts in brackets");
	if (json_array_size(value) > LIST_CAP)
		return fault(reading, "has more than %d entries", LIST_CAP);
	items = rmt_arena_take(&reading->plan->arena, (json_array_size(value) + 1) * sizeof *items);
	if (!items)
		return rmt_err_memory(reading->err);
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i)) || json_string_length(json_array_get(value, i)) == 0)
			return fault(reading, "entry %zu must be a text in quotation marks", i + 1);
		if (read_text(reading, json_array_get(value, i), &items[i]))
			return -1;
	}
	*list = (struct remint_strings){items, json_array_size(value)};
	return 0;
}

static int read_action(struct reading *reading, const json_t *value, void *at)
{
	int action = json_is_string(value) ? word_of(reading, json_string_value(value), actions)
	                                   : fault(reading, "must be a text in quotation marks");

	if (action < 0)
		return -1;
	*(enum rmt_action *)at = (enum rmt_action)action;
	return 0;
}

static int read_places(struct reading *reading, const json_t *value, void *item);
static int read_findings(struct reading *reading, const json_t *value, void *item);

/* The items were cut out of the text before it was parsed. */
static int read_no_items(struct reading *reading, const json_t *value, void *at)
{
	(void)at;
	return json_is_array(value) && json_array_size(value) == 0 ? 0
	                                                           : fault(reading, "must be a list of items in brackets");
}

static int (*const readers[])(struct reading *reading, const json_t *value, void *at) = {
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

static int unknown_key(struct reading *reading, const char *word, const struct rmt_plan_key *keys)
{
	const char *names[32] = {0};

	for (size_t i = 0; keys[i].name && i < sizeof names / sizeof *names - 1; i++)
		names[i] = keys[i].name;
	reading->key = NULL;
	return rmt_nearest(word, names) ? fault(reading, "\"%.64s\" is not a key of the plan; did you mean \"%s\"?", word,
	                                        rmt_nearest(word, names))
	                                : fault(reading, "\"%.64s\" is not a key of the plan", word);
}

/* Every key of an object into the members of `out`. */
static int read_object(struct reading *reading, json_t *object, const struct rmt_plan_key *keys, void *out)
{
	const char *word;
	json_t *value;

	reading->key = NULL;
	if (!json_is_object(object))
		return fault(reading, "must be an object in braces");
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
			return fault(reading, "the key \"%s\" is missing", key->name);
	return reading->plan->arena.failed ? rmt_err_memory(reading->err) : 0;
}

/* A list of objects inside an item: the place grows by "KEY[i]" meanwhile. */
static int read_objects(struct reading *reading, const json_t *value, const struct rmt_plan_key *keys, void *out, size_t size)
{
	char outer[sizeof reading->place];
	const char *name = reading->key;

	memcpy(outer, reading->place, sizeof outer);
	for (size_t i = 0; i < json_array_size(value); i++) {
		int rc = snprintf(reading->place, sizeof reading->place, "%.80s.%s[%zu]", outer, name, i);

		if (rc < 0 || read_object(reading, json_array_get(value, i), keys, (char *)out + i * size))
			return -1;
	}
	memcpy(reading->place, outer, sizeof outer);
	reading->key = name;
	return 0;
}

static int read_places(struct reading *reading, const json_t *value, void *at)
{
	struct rmt_plan_item *item = at;
	struct rmt_plan_place *places;

	if (!json_is_array(value))
		return fault(reading, "must be a list of places in brackets");
	places = rmt_arena_take(&reading->plan->arena, (json_array_size(value) + 1) * sizeof *places);
	if (!places)
		return rmt_err_memory(reading->err);
	if (read_objects(reading, value, rmt_plan_place_keys, places, sizeof *places))
		return -1;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (word_of(reading, places[i].kind, kinds) < 0)
			return -1;
	item->places = places;
	item->place_count = json_array_size(value);
	return 0;
}

static int read_findings(struct reading *reading, const json_t *value, void *at)
{
	struct rmt_plan_item *item = at;
	struct rmt_plan_finding *findings;

	if (!json_is_array(value))
		return fault(reading, "must be a list of findings in brackets");
	findings = rmt_arena_take(&reading->plan->arena, (json_array_size(value) + 1) * sizeof *findings);
	if (!findings)
		return rmt_err_memory(reading->err);
	for (size_t i = 0; i < json_array_size(value); i++)
		findings[i] = (struct rmt_plan_finding){.target = "", .message = "", .source = ""};
	if (read_objects(reading, value, rmt_plan_finding_keys, findings, sizeof *findings))
		return -1;
	for (size_t i = 0; i < json_array_size(value); i++)
		if (word_of(reading, findings[i].severity, severities) < 0)
			return -1;
	item->findings = findings;
	item->finding_count = json_array_size(value);
	return 0;
}

/* ---- what an item says of its certificate ------------------------------------------------------------------------------------ */

/* Text that a JSON document can hold. */
static const char *plain(struct rmt_arena *arena, const char *text)
{
	if (rmt_utf8_valid(rmt_span_text(text)))
		return text;
	rmt_plain_text(rmt_span_text(text), &arena->scratch);
	return rmt_arena_scratch(arena);
}

int rmt_plan_describe(struct rmt_plan_item *item, const struct rmt_cert *cert, struct rmt_arena *arena, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_cert_fingerprint(cert, hash, err))
		return -1;
	item->sha256 = rmt_arena_hex(arena, rmt_span_of(hash, sizeof hash));
	item->id = rmt_arena_hex(arena, rmt_span_of(hash, 8));
	item->serial = rmt_arena_serial(arena, cert->serial);
	item->subject = plain(arena, rmt_arena_name(arena, cert->subject));
	item->issuer = plain(arena, rmt_arena_name(arena, cert->issuer));
	rmt_cert_label(cert, &arena->scratch);
	item->name = plain(arena, rmt_arena_scratch(arena));
	item->not_after = cert->not_after;
	item->pem = rmt_arena_pem(arena, "CERTIFICATE", cert->der);
	return arena->failed ? rmt_err_memory(err) : 0;
}

struct one_certificate {
	struct rmt_plan_item *item;
	struct rmt_arena *arena;
	struct rmt_err *err;
	unsigned count;
};

static int describe_one(void *arg, const struct rmt_object *object)
{
	struct one_certificate *one = arg;

	if (one->count++ || !object->cert)
		return 1;
	return rmt_plan_describe(one->item, object->cert, one->arena, one->err);
}

static int refuse_broken(void *arg, const struct rmt_err *err)
{
	(void)arg;
	(void)err;
	return 1;
}

/* The keys that only repeat what the certificate says: an edit of one would let a person sign off what is not there. */
static int compare_facts(struct reading *reading, const struct rmt_plan_item *said, const struct rmt_plan_item *found)
{
	const struct {
		const char *key, *said, *found;
	} facts[] = {
		{"sha256", said->sha256, found->sha256}, {"id", said->id, found->id},
		{"serial", said->serial, found->serial}, {"subject", said->subject, found->subject},
		{"issuer", said->issuer, found->issuer}, {"name", said->name, found->name},
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		reading->key = facts[i].key;
		if (facts[i].said && strcmp(facts[i].said, facts[i].found) != 0)
			return fault(reading, "is \"%.64s\", but the certificate in \"pem\" says \"%.64s\"", facts[i].said,
			             facts[i].found);
	}
	reading->key = "not_after";
	if (said->not_after && said->not_after != found->not_after)
		return fault(reading, "is not what the certificate in \"pem\" says");
	return 0;
}

static int check_certificate(struct reading *reading, struct rmt_plan_item *item)
{
	struct rmt_plan_item found = *item;
	struct one_certificate one = {&found, &reading->plan->arena, reading->err, 0};
	struct rmt_reader reader = {
	    .object = describe_one, .fault = refuse_broken, .arg = &one, .mode = RMT_TOLERANT, .skip_keys = true};
	struct rmt_err err = {0};
	int rc = rmt_read_mem(&reader, "pem", rmt_span_text(item->pem), &err);

	reading->key = "pem";
	if (rc < 0 && reading->err->class != RMT_NONE)
		return -1;
	if (rc || one.count != 1)
		return fault(reading, "must be one certificate in PEM");
	if (compare_facts(reading, item, &found))
		return -1;
	*item = found;
	return 0;
}

/* ---- the other promises of an item --------------------------------------------------------------------------------------------- */

static int check_names(struct reading *reading, const struct rmt_plan_item *item)
{
	reading->key = "names";
	for (size_t i = 0; i < item->names.count; i++) {
		struct rmt_derw writer = {0};
		struct rmt_err err = {0};
		int rc = rmt_general_write(&writer, item->names.items[i], &err);

		rmt_derw_free(&writer);
		if (rc)
			return fault(reading, "entry %zu: %s", i + 1, err.message);
	}
	return 0;
}

/* A device becomes a directory of its own. Some file systems take "Web" and "web" for one. */
static int check_device(struct reading *reading, const struct rmt_plan_item *item)
{
	char label[65];
	int rc;

	reading->key = "device";
	rmt_file_label(item->device, label);
	if (strcmp(label, item->device) != 0)
		return fault(reading, "must be a plain directory name, like \"%s\"", label);
	for (char *c = label; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	rc = rmt_names_add(&reading->devices, label, reading->err);
	return rc == 0 ? fault(reading, "\"%s\" is the device of another item already", item->device) : rc < 0 ? -1 : 0;
}

static int check_item(struct reading *reading, struct rmt_plan_item *item)
{
	struct rmt_err err = {0};
	int rc;

	if (check_certificate(reading, item) || check_names(reading, item))
		return -1;
	reading->key = "signer";
	if (word_of(reading, item->signer, signers) < 0)
		return -1;
	reading->key = "keep_key";
	if (item->keep_key && item->action == RMT_ACTION_REKEY)
		return fault(reading, "must be false: rekey makes a new key");
	reading->key = "key";
	if (item->key && rmt_key_spec_check(item->key, &err))
		return fault(reading, "%s", err.message);
	reading->key = "targets";
	if (!item->targets.count)
		return fault(reading, "must name at least one target");
	reading->key = "id";
	rc = rmt_names_add(&reading->items, item->id, reading->err);
	if (rc <= 0)
		return rc ? rc : fault(reading, "the certificate \"%.64s\" stands in the plan already", item->name);
	return check_device(reading, item);
}

static int read_item(struct reading *reading, json_t *object, struct rmt_plan_item *item)
{
	*item = (struct rmt_plan_item){.why = "", .note = ""};
	snprintf(reading->place, sizeof reading->place, "items[%zu]", (size_t)(item - reading->plan->items));
	/* places and findings write to the item itself: their offset is 0 */
	return read_object(reading, object, rmt_plan_item_keys, item) || check_item(reading, item) ? -1 : 0;
}

/* ---- the text, cut into head and items ------------------------------------------------------------------------------------------- */

struct cut {
	const char *at, *end;
	size_t line;
	bool begun; /* an item was met */
};

/* Past one string that begins at `at`. */
static void skip_string(struct cut *cut)
{
	for (cut->at++; cut->at < cut->end && *cut->at != '"'; cut->at++)
		if (*cut->at == '\\' && cut->at + 1 < cut->end)
			cut->at++;
	if (cut->at < cut->end)
		cut->at++;
}

static void skip_space(struct cut *cut)
{
	for (; cut->at < cut->end && strchr(" \t\r\n", *cut->at) && *cut->at; cut->at++)
		cut->line += *cut->at == '\n';
}

/* One step: a string, or one character, with the depth of brackets that it leaves. Whether they fit is the parser's to say. */
static int step(struct cut *cut, int depth)
{
	char c = *cut->at;

	if (c == '"') {
		skip_string(cut);
		return depth;
	}
	cut->line += c == '\n';
	cut->at++;
	return depth + (c == '{' || c == '[') - (c == '}' || c == ']');
}

/* To behind the bracket that opens the list under "items" of the outermost object; false when there is none. */
static bool find_items(struct cut *cut)
{
	static const char word[] = "\"items\"";
	int depth = 0;

	while (cut->at < cut->end) {
		const char *begin = cut->at;

		depth = step(cut, depth);
		if (depth != 1 || cut->at - begin != (ptrdiff_t)strlen(word) || memcmp(begin, word, strlen(word)) != 0)
			continue;
		skip_space(cut);
		if (cut->at == cut->end || *cut->at != ':')
			continue;
		cut->at++;
		skip_space(cut);
		if (cut->at < cut->end && *cut->at == '[') {
			cut->at++;
			return true;
		}
	}
	return false;
}

/* The next element: its text and first line; false at the bracket that closes the list, or at the end of the text. */
static bool next_item(struct cut *cut, struct rmt_span *text, size_t *line)
{
	int depth = 0;

	skip_space(cut);
	if (cut->at == cut->end || (*cut->at == ']' && !cut->begun))
		return false;
	if (cut->begun) {
		if (*cut->at != ',')
			return false;
		cut->at++;
		skip_space(cut);
	}
	cut->begun = true;
	*line = cut->line;
	text->at = (const unsigned char *)cut->at;
	while (cut->at < cut->end && (depth > 0 || (*cut->at != ',' && *cut->at != ']')))
		depth = step(cut, depth);
	text->length = (size_t)((const unsigned char *)cut->at - text->at);
	return true;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------------- */

static json_t *parse(struct reading *reading, struct rmt_span text, size_t first_line)
{
	json_error_t error = {0};
	json_t *json = json_loadb((const char *)text.at, text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	char place[32];

	if (json)
		return json;
	if (!error.text[0]) {
		rmt_err_memory(reading->err);
		return NULL;
	}
	snprintf(place, sizeof place, "line %zu", first_line + (error.line > 1 ? (size_t)error.line - 1 : 0));
	rmt_err_set(reading->err, RMT_INPUT, place, "no valid JSON: %s", error.text);
	return NULL;
}

static int append_item(struct reading *reading, struct rmt_span text, size_t line, size_t *capacity)
{
	struct rmt_plan *plan = reading->plan;
	json_t *json;
	int rc;

	if (plan->item_count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 64;
		struct rmt_plan_item *grown = rmt_arena_take(&plan->arena, more * sizeof *grown);

		if (!grown)
			return rmt_err_memory(reading->err);
		if (plan->item_count)
			memcpy(grown, plan->items, plan->item_count * sizeof *grown);
		plan->items = grown;
		*capacity = more;
	}
	json = parse(reading, text, line);
	if (!json)
		return -1;
	rc = read_item(reading, json, &plan->items[plan->item_count++]);
	json_decref(json);
	return rc;
}

/* The head is parsed with the items taken out, but with their lines, so that the lines it names are those of the file. */
static int read_head(struct reading *reading, const struct rmt_buf *text, const char *from, const char *to, size_t lines)
{
	struct rmt_buf head = {0};
	json_t *json = NULL;
	int rc = -1;

	rmt_buf_append(&head, text->bytes, (size_t)(from - (const char *)text->bytes));
	while (lines-- > 0)
		rmt_buf_byte(&head, '\n');
	rmt_buf_append(&head, to, (size_t)((const char *)text->bytes + text->length - to));
	if (rmt_buf_check(&head, reading->err) == 0)
		json = parse(reading, rmt_buf_view(&head), 1);
	if (json) {
		reading->place[0] = 0;
		rc = read_object(reading, json, rmt_plan_head_keys, reading->plan);
	}
	json_decref(json);
	rmt_buf_free(&head);
	return rc;
}

static bool is_hex(const char *text, size_t length)
{
	return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static int check_head(struct reading *reading)
{
	const struct rmt_plan *plan = reading->plan;
	rmt_time time;

	reading->place[0] = 0;
	reading->key = "id";
	if (!is_hex(plan->id, 32))
		return fault(reading, "must be the 32 hex digits that the plan was made with");
	reading->key = "made";
	if (rmt_time_parse(plan->made, &time, NULL))
		return fault(reading, "must be a time like \"2027-01-31T00:00:00Z\"");
	reading->key = "authority";
	if (*plan->authority && !is_hex(plan->authority, 64))
		return fault(reading, "must be the SHA-256 of a certificate, 64 hex digits, or empty");
	return 0;
}

static int read_plan(struct reading *reading, struct rmt_buf *text)
{
	static const char mark[] = "\xef\xbb\xbf"; /* that some editors put first */
	struct cut cut = {(const char *)text->bytes, (const char *)text->bytes + text->length, 1, false}, list;
	size_t capacity = 0, line;
	struct rmt_span item;

	if (text->length >= strlen(mark) && memcmp(text->bytes, mark, strlen(mark)) == 0)
		memset(text->bytes, ' ', strlen(mark));
	if (!find_items(&cut)) /* the parser says why, or that the key is missing */
		return read_head(reading, text, cut.end, cut.end, 0);
	list = cut;
	while (next_item(&cut, &item, &line))
		;
	if (read_head(reading, text, list.at, cut.at, cut.line - list.line) || check_head(reading))
		return -1;
	for (cut = list; next_item(&cut, &item, &line);)
		if (append_item(reading, item, line, &capacity))
			return -1;
	return 0;
}

int rmt_plan_read(const char *path, struct rmt_plan *out, struct rmt_err *err)
{
	struct reading reading = {.plan = out, .err = err};
	struct rmt_buf text = {0};
	int rc = -1;

	*out = (struct rmt_plan){.by = "", .authority = ""};
	if (rmt_file_read(path, PLAN_CAP, &text, err) == 0)
		rc = read_plan(&reading, &text);
	if (rc)
		rmt_err_source(err, path);
	rmt_names_free(&reading.items);
	rmt_names_free(&reading.devices);
	rmt_buf_free(&text);
	return rc;
}

void rmt_plan_clear(struct rmt_plan *plan)
{
	rmt_arena_free(&plan->arena);
	*plan = (struct rmt_plan){0};
}
