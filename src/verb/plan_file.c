/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_file.c - reads the file of a plan: cuts it into head and items and hands both on. plan_write.c writes it.
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

#include "verb/local.h"

enum { PLAN_CAP = 1 << 29, AHEAD = 4096 };

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

static json_t *parse(struct rmt_plan_reading *reading, struct rmt_span text, size_t first_line)
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

static int append_item(struct rmt_plan_reading *reading, struct rmt_span text, size_t line, size_t *capacity)
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
	rc = rmt_plan_item_read(reading, json, &plan->items[plan->item_count++]);
	json_decref(json);
	return rc;
}

/* The head is parsed with the items taken out, but with their lines, so that the lines it names are those of the file. */
static int read_head(struct rmt_plan_reading *reading, struct rmt_span before, size_t lines, struct rmt_span after)
{
	struct rmt_buf head = {0};
	json_t *json = NULL;
	int rc = -1;

	rmt_buf_span(&head, before);
	while (lines-- > 0)
		rmt_buf_byte(&head, '\n');
	rmt_buf_span(&head, after);
	if (rmt_buf_check(&head, reading->err) == 0)
		json = parse(reading, rmt_buf_view(&head), 1);
	if (json) {
		reading->place[0] = 0;
		rc = rmt_plan_object(reading, json, rmt_plan_head_keys, reading->plan);
	}
	json_decref(json);
	rmt_buf_free(&head);
	return rc;
}

static bool is_hex(const char *text, size_t length)
{
	return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static int check_head(struct rmt_plan_reading *reading)
{
	const struct rmt_plan *plan = reading->plan;
	rmt_time time;

	reading->place[0] = 0;
	reading->key = "id";
	if (!is_hex(plan->id, 32))
		return rmt_plan_fault(reading, "must be the 32 hex digits that the plan was made with");
	reading->key = "made";
	if (rmt_time_parse(plan->made, &time, NULL))
		return rmt_plan_fault(reading, "must be a time like \"2027-01-31T00:00:00Z\"");
	reading->key = "authority";
	if (*plan->authority && !is_hex(plan->authority, 64))
		return rmt_plan_fault(reading, "must be the SHA-256 of a certificate, 64 hex digits, or empty");
	return 0;
}

static struct rmt_span between(const char *from, const char *to)
{
	return rmt_span_of(from, (size_t)(to - from));
}

static int read_plan(struct rmt_plan_reading *reading, struct rmt_span text)
{
	const char *begin = text.length ? (const char *)text.at : "";
	struct cut cut = {begin, begin + text.length, 1, false}, list;
	size_t capacity = 0, line;
	struct rmt_span item;

	if (!find_items(&cut)) /* the parser says why, or that the key is missing */
		return read_head(reading, text, 0, (struct rmt_span){0}) ? -1
		           : rmt_err_set(reading->err, RMT_INPUT, "items", "must be a list of items in brackets");
	list = cut;
	while (next_item(&cut, &item, &line))
		;
	if (read_head(reading, between(begin, list.at), cut.line - list.line, between(cut.at, cut.end)) || check_head(reading))
		return -1;
	for (cut = list; next_item(&cut, &item, &line);)
		if (append_item(reading, item, line, &capacity))
			return -1;
	return 0;
}

int rmt_plan_read_mem(const char *name, struct rmt_span text, struct rmt_plan *out, struct rmt_err *err)
{
	struct rmt_plan_reading reading = {.plan = out, .err = err};
	int rc;

	*out = (struct rmt_plan){.by = "", .authority = ""};
	rc = read_plan(&reading, rmt_span_unmarked(text));
	if (rc)
		rmt_err_source(err, name);
	rmt_names_free(&reading.items);
	rmt_names_free(&reading.devices);
	return rc;
}

static bool begins_like_a_plan(struct rmt_span ahead)
{
	ahead = rmt_span_unmarked(ahead);
	while (ahead.length && strchr(" \t\r\n", *ahead.at) && *ahead.at) {
		ahead.at++;
		ahead.length--;
	}
	return ahead.length && *ahead.at == '{';
}

/* Of what is none the beginning is enough to say so, however much there is of it. */
static int read_file(const char *path, struct rmt_buf *text, struct rmt_err *err)
{
	struct rmt_stream *stream = rmt_stream_open(path, err);
	struct rmt_span ahead;
	int rc = -1;

	if (stream && rmt_stream_peek(stream, AHEAD, &ahead, err) == 0) {
		if (begins_like_a_plan(ahead)) {
			rc = rmt_stream_rest(stream, PLAN_CAP, text, err);
		} else {
			rmt_buf_span(text, ahead);
			rc = rmt_buf_check(text, err);
		}
	}
	rmt_stream_free(stream);
	return rc;
}

int rmt_plan_read(const char *path, struct rmt_plan *out, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc;

	*out = (struct rmt_plan){0};
	rc = read_file(path, &text, err);
	if (rc == 0)
		rc = rmt_plan_read_mem(path, rmt_buf_view(&text), out, err);
	if (rc == 0)
		rc = rmt_sha256(rmt_buf_view(&text), out->sha256, err);
	rmt_err_source(err, path);
	rmt_buf_free(&text);
	return rc;
}

void rmt_plan_clear(struct rmt_plan *plan)
{
	rmt_arena_free(&plan->arena);
	*plan = (struct rmt_plan){0};
}
