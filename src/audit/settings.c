/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/settings.c - a target's rule settings resolved against the table.
 *
 * An unknown rule, a parameter that the rule does not take, one that it needs and lacks, and a value that can mean
 * nothing are refused here, with file and line and the nearest right word; after that no check has to ask. Nothing is
 * judged here.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/local.h"

static const char *const digest_words[] = { "md2", "md4", "md5", "sha1", "sha224", "sha256", "sha384", "sha512", NULL };
static const char *const key_words[] = { "rsa", "rsa-pss", "ec", "ed25519", "ed448", "dsa", "ml-dsa-44", "ml-dsa-65",
	"ml-dsa-87", NULL };
static const char *const curve_words[] = { "P-224", "P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1",
	"brainpoolP384r1", "brainpoolP512r1", NULL };
static const char *const general_words[] = { "other", "email", "dns", "x400", "directory", "edi", "uri", "ip", "rid",
	"upn", NULL };
static const char *const usage_words[] = { "digitalSignature", "nonRepudiation", "contentCommitment", "keyEncipherment", "dataEncipherment",
	"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly", NULL };
static const char *const profile_words[] = { "modern", "compat", "legacy", NULL };
static const char *const format_words[] = { "pem", "der", "pkcs7", "pkcs12", "base64", "pem-pkcs7", "jks", "mobileconfig", NULL };

/* The closed sets of words, by kind of value; NULL where the words are open. */
static const char *const *const word_sets[] = {
	[RMT_VALUES_NONE] = NULL,
	[RMT_VALUES_EKU] = NULL,
	[RMT_VALUES_DIGEST] = digest_words,
	[RMT_VALUES_KEY] = key_words,
	[RMT_VALUES_CURVE] = curve_words,
	[RMT_VALUES_SIZE] = NULL,
	[RMT_VALUES_GENERAL] = general_words,
	[RMT_VALUES_USAGE] = usage_words,
	[RMT_VALUES_PROFILE] = profile_words,
	[RMT_VALUES_FORMAT] = format_words,
};

/* Refuse a setting: the file and the line are the source and the place. */
static int RMT_PRINTF(3, 4)
refuse(struct rmt_err *err, const struct rmt_rule_setting *set, const char *format, ...)
{
	char message[400], place[40];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	snprintf(place, sizeof place, "line %u", set->line);
	rmt_err_set(err, RMT_USAGE, set->line ? place : NULL, "%s", message);
	if (set->file)
		rmt_err_source(err, set->file);
	return -1;
}

const struct rmt_rule_row *
rmt_rule_find(const char *id)
{
	size_t count;
	const struct rmt_rule_row *rows = rmt_rule_rows(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(rows[i].id, id))
			return &rows[i];
	return NULL;
}

static int
refuse_rule(struct rmt_err *err, const struct rmt_rule_setting *set)
{
	size_t count;
	const struct rmt_rule_row *rows = rmt_rule_rows(&count);
	const char **ids = calloc(count + 1, sizeof *ids);
	const char *near;

	if (!ids)
		return rmt_err_memory(err);
	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].id;
	near = rmt_nearest(set->rule, ids);
	free(ids);
	if (near)
		return refuse(err, set, "there is no rule \"%s\": did you mean \"%s\"?", set->rule, near);
	return refuse(err, set, "there is no rule \"%s\"", set->rule);
}

/* Is `word` one of the blank-separated words of `list`? */
static bool
has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

/* The parameters that are set are those that the rule takes, and one that it needs is among them. */
static int
check_parameters(const struct rmt_rule_row *row, const struct rmt_rule_setting *set, struct rmt_err *err)
{
	const struct {
		const char *name;
		bool set;
	} parameters[] = {
		{ "min", set->min >= 0 },
		{ "max", set->max >= 0 },
		{ "values", set->values.count > 0 },
		{ "from", set->from != 0 },
		{ "until", set->until != 0 },
	};
	bool missing = row->needed != NULL;
	int first = row->needed ? (int)strcspn(row->needed, " ") : 0;

	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
		if (parameters[i].set && !has_word(row->parameters, parameters[i].name))
			return refuse(err, set, "the rule %s takes no \"%s\"%s%s", row->id, parameters[i].name,
			    row->parameters[0] ? ", only: " : "", row->parameters);
		missing = missing && !(parameters[i].set && has_word(row->needed, parameters[i].name));
	}
	if (missing)
		return refuse(err, set, "the rule %s needs \"%.*s\"%s%s%s", row->id, first, row->needed, row->needed[first] ? " or \"" : "",
		    row->needed + first + (row->needed[first] != 0), row->needed[first] ? "\"" : "");
	if (set->min >= 0 && set->max >= 0 && set->min > set->max)
		return refuse(err, set, "the \"min\" of the rule %s is above its \"max\"", row->id);
	if (set->from && set->until && set->from >= set->until)
		return refuse(err, set, "the \"from\" of the rule %s is not before its \"until\"", row->id);
	return 0;
}

static int
resolve_purposes(struct rmt_active *active, struct rmt_err *err)
{
	const struct rmt_text_list *values = &active->set->values;

	active->purpose = calloc(values->count, sizeof *active->purpose);
	if (!active->purpose)
		return rmt_err_memory(err);
	active->value_count = values->count;
	for (size_t i = 0; i < values->count; i++)
		if (rmt_oid_encode(values->items[i], &active->purpose[i], NULL)) {
			const char *near = rmt_oid_nearest(values->items[i], rmt_oid_purpose_arcs);

			return refuse(err, active->set, "the rule %s: \"%s\" is no known key purpose and no dotted identifier%s%s%s",
			    active->row->id, values->items[i], near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		}
	return 0;
}

static int
resolve_sizes(struct rmt_active *active, struct rmt_err *err)
{
	const struct rmt_text_list *values = &active->set->values;

	active->number = calloc(values->count, sizeof *active->number);
	if (!active->number)
		return rmt_err_memory(err);
	active->value_count = values->count;
	for (size_t i = 0; i < values->count; i++)
		if (rmt_quantity_count(values->items[i], 1, 65536, &active->number[i], NULL))
			return refuse(err, active->set, "the rule %s: \"%s\" is no number of bits from 1 to 65536", active->row->id,
			    values->items[i]);
	return 0;
}

/* Nothing near is known: say all that is. */
static int
refuse_value(const struct rmt_active *active, const char *value, const char *const *words, struct rmt_err *err)
{
	struct rmt_buf known = { 0 };
	int rc;

	for (size_t i = 0; words[i]; i++)
		rmt_buf_format(&known, "%s\"%s\"", i ? ", " : "", words[i]);
	rc = refuse(err, active->set, "the rule %s knows no value \"%.80s\"; known are %s", active->row->id, value, rmt_buf_string(&known));
	rmt_buf_free(&known);
	return rc;
}

static int
check_words(const struct rmt_active *active, const char *const *words, struct rmt_err *err)
{
	const struct rmt_text_list *values = &active->set->values;

	for (size_t i = 0; i < values->count; i++) {
		const char *near;
		size_t w = 0;

		while (words[w] && strcmp(words[w], values->items[i]))
			w++;
		if (words[w])
			continue;
		near = rmt_nearest(values->items[i], words);
		if (near)
			return refuse(err, active->set, "the rule %s knows no value \"%s\": did you mean \"%s\"?",
			    active->row->id, values->items[i], near);
		return refuse_value(active, values->items[i], words, err);
	}
	return 0;
}

static int
resolve_values(struct rmt_active *active, struct rmt_err *err)
{
	const char *const *words = word_sets[active->row->values];

	if (!active->set->values.count)
		return 0;
	if (active->row->values == RMT_VALUES_EKU)
		return resolve_purposes(active, err);
	if (active->row->values == RMT_VALUES_SIZE)
		return resolve_sizes(active, err);
	return words ? check_words(active, words, err) : 0;
}

/* What a finding quotes: the setting's source before the rule's own; what nobody has confirmed says so. */
static int
resolve_citation(struct rmt_active *active, struct rmt_err *err)
{
	const struct rmt_rule_setting *set = active->set;
	bool unconfirmed = set->confidence == RMT_CONFIDENCE_UNCONFIRMED;
	const char *source = set->source && set->source[0] ? set->source : NULL;
	struct rmt_buf text = { 0 };

	if (unconfirmed)
		rmt_buf_format(&text, "unconfirmed: %s", source ? source : "no source was found");
	else
		rmt_buf_text(&text, source ? source : active->row->citation);
	active->citation = rmt_buf_take(&text);
	return active->citation ? 0 : rmt_err_memory(err);
}

int
rmt_active_resolve(struct rmt_active *active, const struct rmt_rule_setting *set, struct rmt_err *err)
{
	*active = (struct rmt_active){ .set = set, .row = rmt_rule_find(set->rule) };
	if (!active->row)
		return refuse_rule(err, set);
	active->severity = set->severity >= 0 ? (enum rmt_severity)set->severity : active->row->severity;
	if (set->confidence == RMT_CONFIDENCE_UNCONFIRMED && active->severity > RMT_SEVERITY_WARNING)
		active->severity = RMT_SEVERITY_WARNING;
	active->fix = set->fix && set->fix[0] ? set->fix : active->row->fix;
	if (check_parameters(active->row, set, err) || resolve_values(active, err))
		return -1;
	return resolve_citation(active, err);
}

void
rmt_active_free(struct rmt_active *active)
{
	for (size_t i = 0; active->purpose && i < active->value_count; i++)
		rmt_buf_free(&active->purpose[i]);
	free(active->purpose);
	free(active->number);
	free(active->citation);
}
