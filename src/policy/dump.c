/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/dump.c - a resolved policy as canonical text, one field or one element of a list of groups
 * a line, driven by the same table that reads it: rmt_dump_file() writes a file that loads to the
 * same policy again, rmt_dump_fields() a flat listing in which a value stands as it would in a file.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "policy/local.h"
#include "x509/x509.h"

static const void *
member_of(const void *object, const struct rmt_schema *row)
{
	return (const unsigned char *)object + row->at;
}

void
rmt_duration_text(int64_t seconds, struct rmt_buf *out)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {
		{ RMT_DAY, 'd' },
		{ 3600, 'h' },
		{ 60, 'm' },
		{ 1, 's' },
	};
	size_t i = 0;

	while (seconds == 0 ? units[i].seconds > 1 : seconds % units[i].seconds != 0)
		i++;
	rmt_buf_format(out, "%" PRId64 "%c", seconds / units[i].seconds, units[i].letter);
}

/* A line end closes the literal and opens another below: two literals side by side are one text. */
static void
quote(const char *text, struct rmt_buf *out)
{
	rmt_buf_byte(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			rmt_buf_text(out, text[1] != '\0' ? "\\n\"\n\t\"" : "\\n");
		else if (*text == '"' || *text == '\\')
			rmt_buf_format(out, "\\%c", *text);
		else
			rmt_buf_byte(out, (unsigned char)*text);
	}
	rmt_buf_byte(out, '"');
}

static void
quote_list(const struct rmt_text_list *list, struct rmt_buf *out)
{
	rmt_buf_byte(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		rmt_buf_text(out, i > 0 ? ", " : "");
		quote(list->items[i], out);
	}
	rmt_buf_byte(out, ']');
}

static void
quote_usage(unsigned bits, struct rmt_buf *out)
{
	const char *between = "";

	rmt_buf_byte(out, '[');
	for (unsigned n = 0; n < 9; n++) {
		if ((bits & 1u << n) == 0)
			continue;
		rmt_buf_text(out, between);
		quote(rmt_key_usage_name(1u << n), out);
		between = ", ";
	}
	rmt_buf_byte(out, ']');
}

/* A whole number of days is shown as days: no count of an algorithm's bits is one. */
static void
quantity(int64_t number, struct rmt_buf *out)
{
	if (number >= RMT_DAY && number % RMT_DAY == 0)
		rmt_buf_format(out, "\"%" PRId64 "d\"", number / RMT_DAY);
	else
		rmt_buf_format(out, "\"%" PRId64 "\"", number);
}

static void
date(rmt_time time, struct rmt_buf *out)
{
	char text[32];

	rmt_time_text(time, text);
	quote(text, out);
}

/* What an empty text, an unset choice and the like have in common. */
static bool
unset(const struct rmt_schema *row, const void *at)
{
	switch (row->field) {
	case RMT_FIELD_TEXT:
	case RMT_FIELD_LINES:
		return *(char *const *)at == NULL;
	case RMT_FIELD_NUMBER:
	case RMT_FIELD_CHOICE:
		return *(const int *)at == -1;
	case RMT_FIELD_QUANTITY:
		return *(const int64_t *)at == -1;
	case RMT_FIELD_TIME:
		return *(const rmt_time *)at == 0;
	default:
		return false;
	}
}

static void
value(const struct rmt_schema *row, const void *at, struct rmt_buf *out)
{
	switch (row->field) {
	case RMT_FIELD_TEXT:
	case RMT_FIELD_LINES:
		quote(*(char *const *)at, out);
		break;
	case RMT_FIELD_LIST:
		quote_list(at, out);
		break;
	case RMT_FIELD_BOOL:
		rmt_buf_text(out, *(const bool *)at ? "true" : "false");
		break;
	case RMT_FIELD_NUMBER:
		rmt_buf_format(out, "%d", *(const int *)at);
		break;
	case RMT_FIELD_DURATION:
		rmt_buf_byte(out, '"');
		rmt_duration_text(*(const int64_t *)at, out);
		rmt_buf_byte(out, '"');
		break;
	case RMT_FIELD_QUANTITY:
		quantity(*(const int64_t *)at, out);
		break;
	case RMT_FIELD_MODE:
		rmt_buf_format(out, "\"%04o\"", (unsigned)*(const mode_t *)at);
		break;
	case RMT_FIELD_TIME:
		date(*(const rmt_time *)at, out);
		break;
	case RMT_FIELD_CHOICE:
		quote(row->choices[*(const int *)at], out);
		break;
	case RMT_FIELD_USAGE:
		quote_usage(*(const unsigned *)at, out);
		break;
	default:
		break;
	}
}

/* In an element what is unset, empty or false is left out. */
static bool
dull(const struct rmt_schema *row, const void *at)
{
	if (row->field == RMT_FIELD_LIST)
		return ((const struct rmt_text_list *)at)->count == 0;
	if (row->field == RMT_FIELD_BOOL)
		return !*(const bool *)at;
	return unset(row, at);
}

/* "rules", "deploy.files" */
static void
key(const char *prefix, const struct rmt_schema *row, struct rmt_buf *out)
{
	rmt_buf_format(out, "%s%s%s = ", prefix, *prefix != '\0' ? "." : "", row->key);
}

static void
dump_elements(
    const struct rmt_schema *row, const char *prefix, const void *object, struct rmt_buf *out)
{
	const unsigned char *items;
	size_t count;

	memcpy(&items, member_of(object, row), sizeof(items));
	memcpy(&count, (const unsigned char *)object + row->elements->count_at, sizeof(count));
	for (size_t i = 0; i < count; i++, items += row->elements->stored) {
		key(prefix, row, out);
		rmt_buf_byte(out, '{');
		for (const struct rmt_schema *inner = row->inner; inner->key != NULL; inner++) {
			if (inner->at >= row->elements->stored ||
			    dull(inner, member_of(items, inner)))
				continue;
			rmt_buf_format(out, " %s = ", inner->key);
			value(inner, member_of(items, inner), out);
			rmt_buf_byte(out, ';');
		}
		rmt_buf_text(out, " }\n");
	}
}

static bool
all_unset(const struct rmt_schema *rows, const void *object)
{
	while (rows->key != NULL && unset(rows, member_of(object, rows)))
		rows++;
	return rows->key == NULL;
}

static void dump_rows(
    const struct rmt_schema *rows, const char *prefix, const void *object, struct rmt_buf *out);

/* A group within a group is one whole: of one that says nothing there is nothing to say. */
static void
dump_group(
    const struct rmt_schema *row, const char *prefix, const void *object, struct rmt_buf *out)
{
	struct rmt_buf path = { 0 };

	if (*prefix != '\0' && all_unset(row->inner, object))
		return;
	rmt_buf_format(&path, "%s%s%s", prefix, *prefix != '\0' ? "." : "", row->key);
	dump_rows(row->inner, rmt_buf_string(&path), object, out);
	out->failed = out->failed || path.failed;
	rmt_buf_free(&path);
}

static void
dump_rows(
    const struct rmt_schema *rows, const char *prefix, const void *object, struct rmt_buf *out)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		if (row->field == RMT_FIELD_EXTENDS)
			continue;
		if (row->field == RMT_FIELD_GROUP) {
			dump_group(row, prefix, object, out);
			continue;
		}
		if (row->field == RMT_FIELD_GROUPS) {
			dump_elements(row, prefix, object, out);
			continue;
		}
		key(prefix, row, out);
		if (unset(row, member_of(object, row)))
			rmt_buf_text(out, "none");
		else
			value(row, member_of(object, row), out);
		rmt_buf_byte(out, '\n');
	}
}

void
rmt_dump_fields(const struct rmt_schema *rows, const void *object, struct rmt_buf *out)
{
	dump_rows(rows, "", object, out);
}

/* Groups in braces and every key stated, so that what is read back does not hang on a preset. Policies with lists of
 * groups are not written this way. */
static void
file_rows(const struct rmt_schema *rows, const char *indent, const void *object, struct rmt_buf *out)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		if (row->field == RMT_FIELD_EXTENDS || row->field == RMT_FIELD_GROUPS)
			continue;
		if (row->field == RMT_FIELD_GROUP) {
			rmt_buf_format(out, "%s%s: {\n", indent, row->key);
			file_rows(row->inner, "\t", object, out);
			rmt_buf_format(out, "%s};\n", indent);
			continue;
		}
		if (unset(row, member_of(object, row)) && row->field != RMT_FIELD_NUMBER)
			continue;
		rmt_buf_format(out, "%s%s = ", indent, row->key);
		if (unset(row, member_of(object, row)))
			rmt_buf_text(out, "\"none\"");
		else
			value(row, member_of(object, row), out);
		rmt_buf_text(out, ";\n");
	}
}

void
rmt_dump_file(const struct rmt_schema *rows, const void *object, struct rmt_buf *out)
{
	file_rows(rows, "", object, out);
}

/* A path may hold a line end, which would end the comment. */
void
rmt_dump_remark(const char *what, const char *text, struct rmt_buf *out)
{
	rmt_buf_format(out, "# %s: ", what);
	for (; *text != '\0'; text++)
		rmt_buf_byte(out, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : (unsigned char)*text);
	rmt_buf_byte(out, '\n');
}

void
rmt_dump_text(const char *key, const char *text, struct rmt_buf *out)
{
	rmt_buf_format(out, "%s = ", key);
	quote(text, out);
	rmt_buf_byte(out, '\n');
}

void
rmt_dump_list(const char *key, const struct rmt_text_list *list, struct rmt_buf *out)
{
	rmt_buf_format(out, "%s = ", key);
	quote_list(list, out);
	rmt_buf_byte(out, '\n');
}
