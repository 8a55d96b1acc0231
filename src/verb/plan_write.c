/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_write.c - writes the plan of a campaign as JSON, in the order of the tables in plan_file.c and one value a line, so
 * that two plans compare line by line with the tools at hand.
 *
 * Always valid UTF-8: text that is none is written with its escapes, and characters that would act on a terminal or an
 * editor are \u escapes of JSON, which read back as what they were.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verb/local.h"

/* ---- one text ------------------------------------------------------------------------------------------------------------ */

static bool must_escape(uint32_t c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f || (c > 0x7f && rmt_text_unseen(c));
}

static void write_escape(struct rmt_buf *out, uint32_t c)
{
	if (c == '"' || c == '\\')
		rmt_buf_format(out, "\\%c", (int)c);
	else if (c == '\n')
		rmt_buf_text(out, "\\n");
	else if (c < 0x10000)
		rmt_buf_format(out, "\\u%04x", c);
	else
		rmt_buf_format(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

static void write_string(struct rmt_buf *out, const char *text)
{
	struct rmt_buf valid = {0};
	struct rmt_span left;
	size_t length;
	uint32_t c;

	rmt_plain_text(rmt_span_text(text), &valid);
	out->failed |= valid.failed;
	rmt_buf_byte(out, '"');
	for (left = rmt_buf_view(&valid); (length = rmt_utf8_character(left, &c)) > 0;) {
		if (must_escape(c))
			write_escape(out, c);
		else
			rmt_buf_append(out, left.at, length);
		left = rmt_span_of(left.at + length, left.length - length);
	}
	rmt_buf_byte(out, '"');
	rmt_buf_free(&valid);
}

/* ---- values, one function a kind -------------------------------------------------------------------------------------------- */

struct writing {
	struct rmt_buf *out;
	unsigned depth;
	/* Where the text goes item by item, or NULL: all of it stays in `out`. */
	int (*sink)(void *arg, struct rmt_span text);
	void *arg;
	int rc; /* of the sink */
};

static void hand_on(struct writing *writing)
{
	if (!writing->sink || writing->rc || writing->out->failed)
		return;
	writing->rc = writing->sink(writing->arg, rmt_buf_view(writing->out));
	rmt_buf_clear(writing->out);
}

static void new_line(const struct writing *writing)
{
	rmt_buf_byte(writing->out, '\n');
	for (unsigned i = 0; i < writing->depth; i++)
		rmt_buf_text(writing->out, "  ");
}

static void write_object(struct writing *writing, const struct rmt_plan_key *keys, const void *object);

/* A list, one entry a line: entry i by `entry`. */
static void write_entries(struct writing *writing, size_t count, const void *entries,
                          void (*entry)(struct writing *writing, const void *entries, size_t i))
{
	rmt_buf_byte(writing->out, '[');
	writing->depth++;
	for (size_t i = 0; i < count; i++) {
		if (i)
			rmt_buf_byte(writing->out, ',');
		new_line(writing);
		entry(writing, entries, i);
	}
	writing->depth--;
	if (count)
		new_line(writing);
	rmt_buf_byte(writing->out, ']');
}

static void write_schema(struct writing *writing, const void *at)
{
	(void)at;
	rmt_buf_format(writing->out, "%d", RMT_PLAN_SCHEMA_NUMBER);
}

static void write_text(struct writing *writing, const void *at)
{
	const char *text = *(const char *const *)at;

	write_string(writing->out, text ? text : "");
}

static void write_nullable(struct writing *writing, const void *at)
{
	if (*(const char *const *)at)
		write_text(writing, at);
	else
		rmt_buf_text(writing->out, "null");
}

static void write_flag(struct writing *writing, const void *at)
{
	rmt_buf_text(writing->out, *(const bool *)at ? "true" : "false");
}

static void write_number(struct writing *writing, const void *at)
{
	rmt_buf_format(writing->out, "%zu", *(const size_t *)at);
}

static void write_time(struct writing *writing, const void *at)
{
	char text[32];

	rmt_time_text(*(const int64_t *)at, text);
	write_string(writing->out, text);
}

static void write_duration(struct writing *writing, const void *at)
{
	int64_t seconds = *(const int64_t *)at;

	if (seconds <= 0)
		rmt_buf_text(writing->out, "null");
	else if (seconds % RMT_DAY == 0)
		rmt_buf_format(writing->out, "\"%lldd\"", (long long)(seconds / RMT_DAY));
	else
		rmt_buf_format(writing->out, "\"%llds\"", (long long)seconds);
}

static void list_entry(struct writing *writing, const void *entries, size_t i)
{
	write_text(writing, (const char *const *)entries + i);
}

static void write_list(struct writing *writing, const void *at)
{
	const struct remint_strings *list = at;

	write_entries(writing, list->count, list->items, list_entry);
}

static void write_action(struct writing *writing, const void *at)
{
	write_string(writing->out, rmt_action_name(*(const enum rmt_action *)at));
}

static void place_entry(struct writing *writing, const void *entries, size_t i)
{
	write_object(writing, rmt_plan_place_keys, (const struct rmt_plan_place *)entries + i);
}

static void write_places(struct writing *writing, const void *at)
{
	const struct rmt_plan_item *item = at;

	write_entries(writing, item->place_count, item->places, place_entry);
}

static void finding_entry(struct writing *writing, const void *entries, size_t i)
{
	write_object(writing, rmt_plan_finding_keys, (const struct rmt_plan_finding *)entries + i);
}

static void write_findings(struct writing *writing, const void *at)
{
	const struct rmt_plan_item *item = at;

	write_entries(writing, item->finding_count, item->findings, finding_entry);
}

static void item_entry(struct writing *writing, const void *entries, size_t i)
{
	if (writing->rc)
		return;
	write_object(writing, rmt_plan_item_keys, (const struct rmt_plan_item *)entries + i);
	hand_on(writing);
}

static void write_items(struct writing *writing, const void *at)
{
	const struct rmt_plan *plan = at;

	write_entries(writing, plan->item_count, plan->items, item_entry);
}

static void (*const writers[])(struct writing *writing, const void *at) = {
	[RMT_PLAN_SCHEMA] = write_schema,
	[RMT_PLAN_TEXT] = write_text,
	[RMT_PLAN_NULLABLE] = write_nullable,
	[RMT_PLAN_FLAG] = write_flag,
	[RMT_PLAN_NUMBER] = write_number,
	[RMT_PLAN_TIME] = write_time,
	[RMT_PLAN_DURATION] = write_duration,
	[RMT_PLAN_LIST] = write_list,
	[RMT_PLAN_ACTION] = write_action,
	[RMT_PLAN_PLACES] = write_places,
	[RMT_PLAN_FINDINGS] = write_findings,
	[RMT_PLAN_ITEMS] = write_items,
};

/* ---- the whole ----------------------------------------------------------------------------------------------------------------- */

static void write_object(struct writing *writing, const struct rmt_plan_key *keys, const void *object)
{
	rmt_buf_byte(writing->out, '{');
	writing->depth++;
	for (const struct rmt_plan_key *key = keys; key->name; key++) {
		if (key != keys)
			rmt_buf_byte(writing->out, ',');
		new_line(writing);
		rmt_buf_format(writing->out, "\"%s\": ", key->name);
		writers[key->kind](writing, (const char *)object + key->offset);
	}
	writing->depth--;
	new_line(writing);
	rmt_buf_byte(writing->out, '}');
}

int rmt_plan_object_write(const struct rmt_plan_key *keys, const void *object, struct rmt_buf *out, struct rmt_err *err)
{
	struct writing writing = {.out = out};

	write_object(&writing, keys, object);
	return rmt_buf_check(out, err);
}

static int write_plan(struct writing *writing, const struct rmt_plan *plan, struct rmt_err *err)
{
	write_object(writing, rmt_plan_head_keys, plan);
	rmt_buf_byte(writing->out, '\n');
	hand_on(writing);
	return rmt_buf_check(writing->out, err) ? -1 : writing->rc;
}

int rmt_plan_write(const struct rmt_plan *plan, struct rmt_buf *out, struct rmt_err *err)
{
	struct writing writing = {.out = out};

	return write_plan(&writing, plan, err);
}

int rmt_plan_write_to(const struct rmt_plan *plan, int (*sink)(void *arg, struct rmt_span text), void *arg, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	struct writing writing = {.out = &text, .sink = sink, .arg = arg};
	int rc = write_plan(&writing, plan, err);

	rmt_buf_free(&text);
	return rc;
}
