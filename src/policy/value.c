/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/value.c - one value of a policy file from its text into the member of a struct, by the
 * kind of its key, and how a message says what a key wants. Where the text comes from and where it
 * stood is schema.c's business.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/local.h"
#include "x509/x509.h"

typedef int
text_taker(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err);

static int
check_text(const struct rmt_schema *row, const char *text, struct rmt_err *err)
{
	if (row->choices != NULL) {
		char hint[128];

		for (size_t i = 0; row->choices[i] != NULL; i++)
			if (strcmp(text, row->choices[i]) == 0)
				return 0;
		return rmt_err_set(err, RMT_INPUT, NULL, "not \"%.60s\"%s", text,
		    rmt_did_you_mean(text, row->choices, hint));
	}
	return row->check != NULL ? row->check(text, err) : 0;
}

static int
take_text(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	char **to = at;
	char *copy;

	if (check_text(row, text, err) != 0 || (copy = rmt_strdup(text, err)) == NULL)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

static int
take_bool(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	(void)row;
	(void)err;
	*(bool *)at = strcmp(text, "true") == 0;
	return 0;
}

static int
take_number(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	uint64_t number = 0;

	if (row->min < 0 && strcmp(text, "none") == 0) {
		*(int *)at = -1;
		return 0;
	}
	if (rmt_quantity_count(
		text, row->min > 0 ? (uint64_t)row->min : 0, (uint64_t)row->max, &number, err) != 0)
		return -1;
	*(int *)at = (int)number;
	return 0;
}

static int
take_duration(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	int64_t seconds;

	if (rmt_quantity_duration(text, &seconds, err) != 0)
		return -1;
	if (row->max > 0 && (seconds < row->min || seconds > row->max)) {
		struct rmt_buf low = { 0 }, high = { 0 };

		rmt_duration_text(row->min, &low);
		rmt_duration_text(row->max, &high);
		rmt_err_set(err, RMT_INPUT, NULL, "it is not between %s and %s",
		    rmt_buf_string(&low), rmt_buf_string(&high));
		rmt_buf_free(&low);
		rmt_buf_free(&high);
		return -1;
	}
	*(int64_t *)at = seconds;
	return 0;
}

/* Digits alone are a count, anything else a duration. */
static int
take_quantity(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	uint64_t number;

	(void)row;
	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return rmt_quantity_duration(text, at, err);
	if (rmt_quantity_count(text, 0, INT64_MAX, &number, err) != 0)
		return -1;
	*(int64_t *)at = (int64_t)number;
	return 0;
}

static int
take_mode(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	(void)row;
	return rmt_quantity_mode(text, at, err);
}

static int
take_time(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	(void)row;
	return rmt_time_parse(text, at, err);
}

static int
take_choice(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	if (check_text(row, text, err) != 0)
		return -1;
	for (int i = 0; row->choices[i] != NULL; i++)
		if (strcmp(text, row->choices[i]) == 0)
			*(int *)at = i;
	return 0;
}

static int
add_usage(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	const char *names[10] = { NULL };
	char hint[128];
	unsigned bit;

	(void)row;
	for (unsigned n = 0; n < 9; n++)
		names[n] = rmt_key_usage_name(1u << n);
	if (rmt_key_usage_named(text, &bit) != 0)
		return rmt_err_set(err, RMT_INPUT, NULL, "no key usage has this name%s",
		    rmt_did_you_mean(text, names, hint));
	*(unsigned *)at |= bit;
	return 0;
}

static int
add_item(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	struct rmt_text_list *list = at;

	if (check_text(row, text, err) != 0)
		return -1;
	if (rmt_text_list_has(list, text))
		return rmt_err_set(err, RMT_INPUT, NULL, "it stands there twice");
	return rmt_text_list_add(list, text, err);
}

static const struct {
	text_taker *take; /* of a list: add one item; NULL: not had from text */
	const char *wants;
	size_t size;
} kinds[] = {
	[RMT_FIELD_EXTENDS] = { NULL, "the name of a parent", 0 },
	[RMT_FIELD_TEXT] = { take_text, "text", sizeof(char *) },
	[RMT_FIELD_LINES] = { take_text, "text", sizeof(char *) },
	[RMT_FIELD_LIST] = { add_item, "a list of texts", sizeof(struct rmt_text_list) },
	[RMT_FIELD_BOOL] = { take_bool, "true or false", sizeof(bool) },
	[RMT_FIELD_NUMBER] = { take_number, "a number", sizeof(int) },
	[RMT_FIELD_DURATION] = { take_duration, "a duration", sizeof(int64_t) },
	[RMT_FIELD_QUANTITY] = { take_quantity, "a number or a duration in quotes",
	    sizeof(int64_t) },
	[RMT_FIELD_MODE] = { take_mode, "a file mode in quotes", sizeof(mode_t) },
	[RMT_FIELD_TIME] = { take_time, "a date", sizeof(rmt_time) },
	[RMT_FIELD_CHOICE] = { take_choice, "a word", sizeof(int) },
	[RMT_FIELD_USAGE] = { add_usage, "a list of key usages", sizeof(unsigned) },
	[RMT_FIELD_GROUP] = { NULL, "a group { ... }", 0 },
	[RMT_FIELD_GROUPS] = { NULL, "a list of groups ( { ... }, { ... } )", 0 },
};

int
rmt_value_take(const struct rmt_schema *row, void *at, const char *text, struct rmt_err *err)
{
	return kinds[row->field].take(row, at, text, err);
}

size_t
rmt_value_size(enum rmt_field field)
{
	return kinds[field].size;
}

bool
rmt_value_printable(const struct rmt_schema *row, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == 0x7f || (c < 0x20 && !(c == '\n' && row->field == RMT_FIELD_LINES)))
			return false;
	}
	return true;
}

/* "a", "b", "c" */
void
rmt_quote_words(const char *const *words, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; words[i] != NULL && length < size; i++)
		length += (size_t)snprintf(
		    out + length, size - length, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
}

/* `a duration such as "199d"`, `one of "info", "warning", "error"`, `a number from 0 to 5` */
const char *
rmt_value_wants(const struct rmt_schema *row, char out[256])
{
	char words[200];

	if (row->choices != NULL) {
		rmt_quote_words(row->choices, words, sizeof(words));
		snprintf(out, 256, row->field == RMT_FIELD_LIST ? "a list made of %s" : "one of %s",
		    words);
	} else if (row->field == RMT_FIELD_NUMBER) {
		snprintf(out, 256, "a number from %d to %d%s", row->min > 0 ? (int)row->min : 0,
		    (int)row->max, row->min < 0 ? " or \"none\"" : "");
	} else if (row->example != NULL &&
		   (row->field == RMT_FIELD_LIST || row->field == RMT_FIELD_USAGE)) {
		snprintf(out, 256, "%s such as [%s]", kinds[row->field].wants, row->example);
	} else if (row->example != NULL) {
		snprintf(out, 256, "%s such as \"%s\"", kinds[row->field].wants, row->example);
	} else {
		snprintf(out, 256, "%s", kinds[row->field].wants);
	}
	return out;
}
