/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/wanted_names.c - the keys of a target that say which names its certificate has (names), and what they come to in one
 * topology. Whether a certificate has them is audit/'s business, how they get into one is verb/'s.
 *
 * A pattern is a host name in which {KEY} stands for what the topology says under that key: "sip.{sip_domains}" is one name for
 * each SIP domain. A pattern whose key the topology does not state comes to nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/local.h"
#include "x509/x509.h"

#define AT(member) offsetof(struct rmt_target, member)
#define PATTERN_AT(member) offsetof(struct rmt_name_pattern, member)

enum { KEYS_MAX = 64 };

/* ---- checks of single values ----------------------------------------------------------------------------------------------- */

/* Paths of the keys that hold names, or those that are true or false. */
static size_t
list_keys(const struct rmt_schema *rows, const char *prefix, bool conditions, char keys[KEYS_MAX][48], size_t count)
{
	for (; rows->key != NULL; rows++) {
		char path[48];

		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix != '\0' ? "." : "", rows->key);
		if (rows->field == RMT_FIELD_GROUP)
			count = list_keys(rows->inner, path, conditions, keys, count);
		else if (count < KEYS_MAX && strcmp(path, "title") != 0 &&
			 (conditions ? rows->field == RMT_FIELD_BOOL
				     : rows->field == RMT_FIELD_TEXT || rows->field == RMT_FIELD_LIST))
			snprintf(keys[count++], sizeof(keys[0]), "%s", path);
	}
	return count;
}

/* Is it one of the keys? Else says so, with the nearest. */
static int
check_key(const char *word, size_t length, bool conditions, struct rmt_err *err)
{
	char keys[KEYS_MAX][48], given[64], hint[128];
	const char *words[KEYS_MAX + 1] = { NULL };
	size_t count = list_keys(rmt_topology_schema, "", conditions, keys, 0);

	snprintf(given, sizeof(given), "%.*s", (int)(length < 60 ? length : 60), word);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i], given) == 0)
			return 0;
		words[i] = keys[i];
	}
	rmt_did_you_mean(given, words, hint);
	return rmt_err_set(err, RMT_INPUT, NULL, "a topology has no %s \"%s\"%s", conditions ? "condition" : "name", given, hint);
}

/* Where the place holder of a pattern begins, and how long it is with its braces; NULL: it has none. */
static const char *
holder(const char *pattern, size_t *length)
{
	const char *open = strchr(pattern, '{'), *close = open != NULL ? strchr(open, '}') : NULL;

	*length = close != NULL ? (size_t)(close - open) + 1 : 0;
	return close != NULL ? open : NULL;
}

/* The pattern with `value` in place of its place holder. */
static int
fill(const char *pattern, const char *value, struct rmt_buf *out, struct rmt_err *err)
{
	size_t length;
	const char *at = holder(pattern, &length);

	rmt_buf_clear(out);
	if (at == NULL) {
		rmt_buf_text(out, pattern);
	} else {
		rmt_buf_append(out, pattern, (size_t)(at - pattern));
		rmt_buf_text(out, value);
		rmt_buf_text(out, at + length);
	}
	return rmt_buf_check(out, err);
}

static int
check_pattern(const char *text, struct rmt_err *err)
{
	struct rmt_buf sample = { 0 };
	struct rmt_err why = { 0 };
	size_t length;
	const char *at = holder(text, &length);
	int rc;

	if (at != NULL && check_key(at + 1, length - 2, false, err) != 0)
		return -1;
	if (at != NULL && strpbrk(at + length, "{}") != NULL)
		return rmt_err_set(err, RMT_INPUT, NULL, "a name takes one {KEY} at most");
	if (fill(text, "example.com", &sample, err) != 0)
		return -1;
	rc = rmt_dns_check(rmt_buf_view(&sample), true, &why);
	rmt_buf_free(&sample);
	return rc == 0 ? 0 : rmt_err_set(err, RMT_INPUT, NULL, "%s", why.message);
}

static int
check_condition(const char *text, struct rmt_err *err)
{
	text += *text == '!';
	return check_key(text, strlen(text), true, err);
}

/* ---- the table ------------------------------------------------------------------------------------------------------------- */

static void drop_patterns(void *holder_of);
static int add_pattern(struct rmt_walk *walk, void *holder_of, void *element);

static const struct rmt_elements pattern_elements = {
	.size = sizeof(struct rmt_name_pattern),
	.stored = sizeof(struct rmt_name_pattern),
	.count_at = AT(names.san_count),
	.begin = drop_patterns,
	.add = add_pattern,
};

/* clang-format off */
static const struct rmt_schema pattern_rows[] = {
	{ .key = "name", .field = RMT_FIELD_TEXT, .at = PATTERN_AT(name), .example = "sip.{sip_domains}",
	  .check = check_pattern },
	{ .key = "when", .field = RMT_FIELD_LIST, .at = PATTERN_AT(when), .example = "\"mobility\"",
	  .check = check_condition },
	{ .key = "wildcard", .field = RMT_FIELD_BOOL, .at = PATTERN_AT(wildcard), .preset = "false" },
	{ .key = "confidence", .field = RMT_FIELD_CHOICE, .at = PATTERN_AT(confidence),
	  .preset = "documented", .choices = rmt_confidence_words },
	{ .key = "source", .field = RMT_FIELD_TEXT, .at = PATTERN_AT(source), .example = "RFC 6186",
	  .check = rmt_check_filled },
	{ 0 },
};

const struct rmt_schema rmt_names_rows[] = {
	{ .key = "cn", .field = RMT_FIELD_LIST, .at = AT(names.cn), .example = "\"{front_end.pool}\"",
	  .check = check_pattern },
	{ .key = "san", .field = RMT_FIELD_GROUPS, .at = AT(names.san), .inner = pattern_rows,
	  .elements = &pattern_elements },
	{ .key = "source", .field = RMT_FIELD_TEXT, .at = AT(names.source), .example = "RFC 6186",
	  .check = rmt_check_filled },
	{ 0 },
};
/* clang-format on */

static void
drop_patterns(void *holder_of)
{
	struct rmt_target *target = holder_of;

	for (size_t i = 0; i < target->names.san_count; i++)
		rmt_schema_free(pattern_rows, &target->names.san[i]);
	free(target->names.san);
	target->names.san = NULL;
	target->names.san_count = 0;
}

static int
add_pattern(struct rmt_walk *walk, void *holder_of, void *element)
{
	const struct rmt_name_pattern *pattern = element;

	if (pattern->name == NULL)
		return rmt_walk_fail(walk, "a name needs its pattern: name = \"sip.{sip_domains}\"");
	return rmt_elements_append(&pattern_elements, holder_of, AT(names.san), element, walk->err);
}

/* ---- what the patterns come to ------------------------------------------------------------------------------------------------ */

/* One resolution under way. */
struct resolving {
	const struct rmt_topology *topology;
	const char *server; /* the only one meant, or NULL */
	struct rmt_wanted_names *out;
	struct rmt_buf name;
	struct rmt_err *err;
};

/* What a pattern is filled with: borrowed from the topology. */
struct filling {
	const char *const *items;
	const char *one[1];
	size_t count;
	bool servers; /* the names are those of the machines of a pool */
	char key[48];
};

static void
filling_of(const struct resolving *resolving, const char *pattern, struct filling *out)
{
	const struct rmt_topology *topology = resolving->topology;
	size_t length;
	const char *at = holder(pattern, &length);
	const struct rmt_schema *row;
	const void *member;

	memset(out, 0, sizeof(*out));
	out->items = out->one;
	if (at == NULL) {
		out->one[0] = "";
		out->count = 1;
		return;
	}
	snprintf(out->key, sizeof(out->key), "%.*s", (int)length - 2, at + 1);
	if ((row = rmt_topology_key(at + 1, length - 2)) == NULL)
		return;
	member = (const unsigned char *)topology + row->at;
	if (row->field == RMT_FIELD_TEXT) {
		out->one[0] = *(char *const *)member;
		out->count = out->one[0] != NULL;
		return;
	}
	out->items = (const char *const *)((const struct rmt_text_list *)member)->items;
	out->count = ((const struct rmt_text_list *)member)->count;
	out->servers = strcmp(row->key, "servers") == 0;
}

static bool
holds(const struct rmt_topology *topology, const char *condition)
{
	bool negated = *condition == '!';
	const struct rmt_schema *row = rmt_topology_key(condition + negated, strlen(condition + negated));

	return row != NULL && *(const bool *)((const unsigned char *)topology + row->at) != negated;
}

static bool
all_hold(const struct rmt_topology *topology, const struct rmt_text_list *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (!holds(topology, conditions->items[i]))
			return false;
	return true;
}

static struct rmt_wanted_name *
find(struct rmt_wanted_names *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->names[i].name, name) == 0)
			return &wanted->names[i];
	return NULL;
}

/* One more name, or one that two patterns come to: then the stricter of them counts. */
static int
add_name(struct resolving *resolving, const char *name, const struct rmt_name_pattern *pattern, unsigned group)
{
	struct rmt_wanted_names *out = resolving->out;
	struct rmt_wanted_name *known = find(out, name), *grown;

	if (known != NULL) {
		known->group = known->group != 0 && group != 0 ? known->group : 0;
		known->wildcard = known->wildcard && pattern->wildcard;
		known->unconfirmed = known->unconfirmed && pattern->confidence == RMT_CONFIDENCE_UNCONFIRMED;
		return 0;
	}
	if ((grown = realloc(out->names, (out->count + 1) * sizeof(*grown))) == NULL)
		return rmt_err_memory(resolving->err);
	out->names = grown;
	grown[out->count] = (struct rmt_wanted_name){ .name = rmt_strdup(name, resolving->err), .group = group,
		.wildcard = pattern->wildcard, .unconfirmed = pattern->confidence == RMT_CONFIDENCE_UNCONFIRMED };
	return grown[out->count].name != NULL ? (out->count++, 0) : -1;
}

/* Of several servers each may have a certificate of its own, unless one is meant. */
static int
add_patterns(struct resolving *resolving, const struct rmt_name_pattern *pattern, unsigned group)
{
	struct filling filling;
	bool one = false;

	filling_of(resolving, pattern->name, &filling);
	for (size_t i = 0; resolving->server != NULL && filling.servers && i < filling.count; i++)
		one = one || strcmp(filling.items[i], resolving->server) == 0;
	resolving->out->server_known = resolving->out->server_known || one;
	for (size_t i = 0; i < filling.count; i++) {
		if (one && strcmp(filling.items[i], resolving->server) != 0)
			continue;
		if (fill(pattern->name, filling.items[i], &resolving->name, resolving->err) != 0 ||
		    add_name(resolving, rmt_buf_string(&resolving->name), pattern,
			filling.servers && !one && filling.count > 1 ? group : 0) != 0)
			return -1;
	}
	return 0;
}

static int
add_common_names(struct resolving *resolving, const struct rmt_text_list *patterns)
{
	struct rmt_text_list *cn = &resolving->out->cn;
	struct filling filling;

	for (size_t i = 0; i < patterns->count; i++) {
		filling_of(resolving, patterns->items[i], &filling);
		if (i == 0 && filling.count == 0)
			snprintf(resolving->out->missing, sizeof(resolving->out->missing), "%s", filling.key);
		for (size_t n = 0; n < filling.count; n++) {
			if (fill(patterns->items[i], filling.items[n], &resolving->name, resolving->err) != 0)
				return -1;
			if (!rmt_text_list_has(cn, rmt_buf_string(&resolving->name)) &&
			    rmt_text_list_add(cn, rmt_buf_string(&resolving->name), resolving->err) != 0)
				return -1;
		}
	}
	return 0;
}

int
rmt_wanted_names_resolve(const struct rmt_target *target, const struct rmt_topology *topology, const char *server,
    struct rmt_wanted_names *out, struct rmt_err *err)
{
	struct resolving resolving = { .topology = topology, .server = server, .out = out, .err = err };
	int rc;

	memset(out, 0, sizeof(*out));
	if (target->names.cn.count == 0 && target->names.san_count == 0)
		return 0;
	rc = add_common_names(&resolving, &target->names.cn);
	for (size_t i = 0; rc == 0 && out->missing[0] == '\0' && i < target->names.san_count; i++)
		if (all_hold(topology, &target->names.san[i].when))
			rc = add_patterns(&resolving, &target->names.san[i], (unsigned)i + 1);
	rmt_buf_free(&resolving.name);
	if (rc == 0)
		return 1;
	rmt_wanted_names_clear(out);
	return -1;
}

void
rmt_wanted_names_clear(struct rmt_wanted_names *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		free(wanted->names[i].name);
	free(wanted->names);
	rmt_text_list_free(&wanted->cn);
	memset(wanted, 0, sizeof(*wanted));
}
