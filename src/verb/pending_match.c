/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending_match.c - a request that came: which pending one does it answer, and is it what was asked for?
 *
 * The rule: what is other than was asked for, or more, is refused, whoever signs; what is missing is put in, since it was asked
 * for. So the certificate has at most what the record has. A person who wants the other thing signs it without the record.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

/* ---- is it what was asked for ------------------------------------------------------------------------------------------- */

enum { ATTRIBUTES_MAX = 64, MORE_MAX = 24, CANDIDATES_MAX = 64 };

struct attribute {
	const struct rmt_oid *oid; /* NULL: unknown */
	struct rmt_span raw;
	const char *value;
	bool met;
};
struct attributes {
	struct attribute list[ATTRIBUTES_MAX];
	size_t count;
};

struct comparing {
	struct rmt_arena *arena;
	const char **more;
	size_t count;
};

static const char *label_of(struct comparing *comparing, const struct attribute *attribute)
{
	if (attribute->oid)
		return attribute->oid->label ? attribute->oid->label : attribute->oid->name;
	rmt_oid_dotted(attribute->raw, &comparing->arena->scratch);
	return rmt_arena_scratch(comparing->arena);
}

/* A phrase from what is in the arena's scratch. */
static void add(struct comparing *comparing)
{
	const char *phrase = rmt_arena_scratch(comparing->arena);

	if (comparing->count < MORE_MAX)
		comparing->more[comparing->count++] = phrase;
}

static int read_attributes(struct rmt_span name, struct rmt_arena *arena, struct attributes *out, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int rc = 0;

	out->count = 0;
	if (!name.length || rmt_name_start(name, &cursor, err))
		return name.length ? -1 : 0;
	while ((rc = rmt_name_next(&cursor, &attribute, err)) == 1) {
		if (out->count == ATTRIBUTES_MAX)
			return rmt_err_set(err, RMT_POLICY, "subject", "a subject of more than %d attributes", (int)ATTRIBUTES_MAX);
		rmt_string_utf8(attribute.tag, attribute.value, &arena->scratch);
		out->list[out->count++] =
		    (struct attribute){.oid = rmt_oid_find(attribute.oid), .raw = attribute.oid, .value = rmt_arena_scratch(arena)};
	}
	return rc;
}

/* RFC 5280, 7.1: case does not count, nor how many spaces stand together. */
static bool same_value(const char *a, const char *b)
{
	a += strspn(a, " ");
	b += strspn(b, " ");
	while (*a && *b) {
		size_t left = strspn(a, " "), right = strspn(b, " ");

		if ((left == 0) != (right == 0) && a[left] && b[right])
			return false;
		a += left;
		b += right;
		if (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
			a++;
			b++;
		} else if (*a || *b) {
			return false;
		}
	}
	return !a[strspn(a, " ")] && !b[strspn(b, " ")];
}

static struct attribute *find(struct attributes *among, const struct attribute *wanted, bool same)
{
	for (size_t i = 0; i < among->count; i++) {
		struct attribute *attribute = &among->list[i];

		if (!attribute->met && rmt_span_equal(attribute->raw, wanted->raw) && (!same || same_value(attribute->value, wanted->value)))
			return attribute;
	}
	return NULL;
}

static int compare_subject(struct comparing *comparing, struct rmt_span asked, struct rmt_span came, bool *less, struct rmt_err *err)
{
	struct attributes wanted, there;
	struct rmt_buf *scratch = &comparing->arena->scratch;
	struct attribute *other;

	if (read_attributes(asked, comparing->arena, &wanted, err) || read_attributes(came, comparing->arena, &there, err))
		return -1;
	for (size_t i = 0; i < wanted.count; i++)
		if ((other = find(&there, &wanted.list[i], true)))
			other->met = wanted.list[i].met = true;
	for (size_t i = 0; i < wanted.count; i++) {
		const struct attribute *one = &wanted.list[i];
		const char *label = label_of(comparing, one);

		if (one->met)
			continue;
		other = find(&there, one, false);
		*less |= !other;
		if (!other)
			continue;
		other->met = true;
		rmt_buf_format(scratch, "%s is \"%s\" instead of \"%s\"", label, other->value, one->value);
		add(comparing);
	}
	for (size_t i = 0; i < there.count; i++) {
		const char *label = label_of(comparing, &there.list[i]);

		if (there.list[i].met)
			continue;
		rmt_buf_format(scratch, "%s \"%s\" was not asked for", label, there.list[i].value);
		add(comparing);
	}
	return 0;
}

/* A common name that is a DNS name too is no more than was asked for: many devices repeat it. */
static bool is_asked(const struct rmt_asked *asked, const char *cn, const char *name)
{
	bool dns = strncmp(name, "dns:", 4) == 0;

	for (size_t i = 0; i < asked->names.count; i++)
		if (dns ? strcasecmp(asked->names.items[i], name) == 0 : strcmp(asked->names.items[i], name) == 0)
			return true;
	return dns && cn && strcasecmp(name + 4, cn) == 0;
}

static void compare_names(struct comparing *comparing, const struct rmt_asked *asked, const struct rmt_request *request)
{
	struct remint_strings came = rmt_arena_names(comparing->arena, &request->extensions);
	const char *cn = asked->subject.length ? rmt_arena_cn(comparing->arena, asked->subject) : NULL;

	for (size_t i = 0; i < came.count; i++)
		if (!is_asked(asked, cn, came.items[i])) {
			rmt_buf_format(&comparing->arena->scratch, "the name %s was not asked for", came.items[i]);
			add(comparing);
		}
}

static int compare_key(struct comparing *comparing, const struct rmt_asked *asked, const struct rmt_request *request, struct rmt_err *err)
{
	struct rmt_buf *scratch = &comparing->arena->scratch;
	struct rmt_spki spki;
	int fits;

	if (!asked->key)
		return 0;
	if (rmt_spki_read(request->spki, &spki, err))
		return -1;
	fits = rmt_key_rule_fits(asked->key, &spki, err);
	if (fits)
		return fits < 0 ? -1 : 0;
	rmt_buf_text(scratch, "the key is ");
	rmt_spki_text(&spki, scratch);
	rmt_buf_format(scratch, " instead of %s", asked->key);
	add(comparing);
	return 0;
}

int rmt_pending_compare(const struct rmt_asked *asked, const struct rmt_request *request, struct rmt_arena *arena,
                        struct rmt_difference *out, struct rmt_err *err)
{
	struct comparing comparing = {.arena = arena, .more = rmt_arena_take(arena, MORE_MAX * sizeof(char *))};

	*out = (struct rmt_difference){0};
	if (!comparing.more)
		return rmt_err_memory(err);
	if (compare_subject(&comparing, asked->subject, request->subject, &out->less_subject, err))
		return -1;
	compare_names(&comparing, asked, request);
	if (compare_key(&comparing, asked, request, err))
		return -1;
	out->more = (struct remint_strings){comparing.more, comparing.count};
	return arena->failed ? rmt_err_memory(err) : 0;
}

/* ---- which one ---------------------------------------------------------------------------------------------------------------- */

int rmt_pending_refuse(const char *asker, const struct rmt_difference *difference, struct rmt_arena *arena, struct rmt_err *err)
{
	const char *all;

	for (size_t i = 0; i < difference->more.count; i++)
		rmt_buf_format(&arena->scratch, "%s%s", i ? "; " : "", difference->more.items[i]);
	all = rmt_arena_scratch(arena);
	return rmt_err_set(err, RMT_POLICY, NULL, "it is not what %s asked for: %s", asker, all ? all : "");
}

static int refuse_difference(int64_t id, const struct rmt_difference *difference, struct rmt_arena *arena, struct rmt_err *err)
{
	char asker[48];

	snprintf(asker, sizeof asker, "pending request %lld", (long long)id);
	return rmt_pending_refuse(asker, difference, arena, err);
}

/* The same words, in whatever order. */
static bool same_words(struct rmt_arena *arena, const char *a, const char *b)
{
	struct remint_strings left = rmt_arena_words(arena, a), right = rmt_arena_words(arena, b);
	size_t met = 0;

	for (size_t i = 0; i < left.count; i++)
		for (size_t j = 0; j < right.count; j++)
			met += strcmp(left.items[i], right.items[j]) == 0;
	return left.count == right.count && met == left.count;
}

/* What the person states must be what was recorded; the row that says nothing fits all. */
static bool is_for(const struct rmt_answering *stated, const struct rmt_db_pending *row, struct rmt_arena *arena)
{
	return (!stated->template_name || !*row->template_name || strcmp(stated->template_name, row->template_name) == 0) &&
	       (!stated->targets || !*row->targets || same_words(arena, stated->targets, row->targets)) &&
	       (!stated->authority || !*row->signer || strcmp(stated->authority, row->signer) == 0);
}

/* The bytes of this key wait for something already: 0 no, -1 they do. */
static int check_key(struct rmt_db *db, const struct rmt_request *request, struct rmt_err *err)
{
	unsigned char spki[RMT_SHA256];
	struct rmt_db_pending row;
	int found;

	if (rmt_spki_hash(request->spki, spki, err))
		return -1;
	found = rmt_db_pending_of_key(db, rmt_span_of(spki, sizeof spki), &row, err);
	if (found != 1 || row.state != RMT_PENDING_OPEN || row.kind == RMT_PENDING_EXTERNAL)
		return found < 0 ? -1 : 0;
	return rmt_err_set(err, RMT_POLICY, NULL, "its key waits with pending request %lld: remint approve %lld issues it, remint deny %lld does not",
	                   (long long)row.id, (long long)row.id, (long long)row.id);
}

struct candidates {
	int64_t ids[CANDIDATES_MAX]; /* that are for the same */
	size_t count;
	int64_t other;               /* one that is for something else, or 0 */
};

static int collect(struct rmt_db *db, const char *name, const struct rmt_answering *stated, struct rmt_arena *arena,
                   struct candidates *out, struct rmt_err *err)
{
	struct rmt_db_pending row = {0};
	int64_t after = 0;
	int found = 0;

	while (out->count < CANDIDATES_MAX && (found = rmt_db_pending_named(db, name, after, &row, err)) == 1) {
		after = row.id;
		if (is_for(stated, &row, arena))
			out->ids[out->count++] = row.id;
		else
			out->other = row.id;
	}
	return found < 0 ? -1 : 0;
}

/* By its common name, else by its names until one is known. */
static int look_for(struct rmt_db *db, const struct rmt_request *request, const struct rmt_answering *stated, struct rmt_arena *arena,
                    struct candidates *out, struct rmt_err *err)
{
	const char *cn = rmt_arena_cn(arena, request->subject), *colon;
	struct remint_strings names = {0};

	if (cn && collect(db, cn, stated, arena, out, err))
		return -1;
	if (!cn)
		names = rmt_arena_names(arena, &request->extensions);
	for (size_t i = 0; i < names.count && !out->count; i++) {
		colon = strchr(names.items[i], ':');
		if (collect(db, colon ? colon + 1 : names.items[i], stated, arena, out, err))
			return -1;
	}
	return 0;
}

/* Of several, the only one that it is what was asked for. */
static int choose(struct rmt_db *db, const struct candidates *among, const struct rmt_request *request, struct rmt_arena *arena,
                  struct rmt_answering *out, struct rmt_err *err)
{
	struct rmt_difference difference, kept = {0};
	struct rmt_answering one;
	size_t fits = 0;

	for (size_t i = 0; i < among->count; i++) {
		one = *out;
		if (rmt_pending_load(db, among->ids[i], arena, &one.row, &one.asked, err) != 1 ||
		    rmt_pending_compare(&one.asked, request, arena, &difference, err))
			return -1;
		if (i == 0)
			kept = difference;
		if (difference.more.count)
			continue;
		one.less_subject = difference.less_subject;
		if (++fits > 1)
			return rmt_err_set(err, RMT_POLICY, NULL, "it answers pending request %lld as well as %lld: say which with --pending",
			                   (long long)out->row.id, (long long)one.row.id);
		*out = one;
	}
	if (fits == 1)
		return 1;
	return refuse_difference(among->ids[0], &kept, arena, err);
}

static int match_stated(struct rmt_db *db, const struct rmt_request *request, struct rmt_arena *arena, struct rmt_answering *out,
                        struct rmt_err *err)
{
	struct rmt_difference difference;
	int found = rmt_pending_load(db, out->id, arena, &out->row, &out->asked, err);

	if (found < 0)
		return -1;
	if (!found)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "there is no pending request %lld", (long long)out->id);
	if (out->row.state != RMT_PENDING_OPEN)
		return rmt_pending_ended(&out->row, err);
	if (out->row.kind != RMT_PENDING_DEVICE)
		return rmt_err_set(err, RMT_POLICY, NULL, "pending request %lld waits for no device%s", (long long)out->id,
		                   out->row.kind == RMT_PENDING_HELD ? ": remint approve issues it" : "");
	if (out->row.request)
		return rmt_err_set(err, RMT_POLICY, NULL, "pending request %lld has its request already: remint approve %lld issues it",
		                   (long long)out->id, (long long)out->id);
	if (!is_for(out, &out->row, arena))
		return rmt_err_set(err, RMT_POLICY, NULL, "pending request %lld is for other targets, by another template or by another authority",
		                   (long long)out->id);
	if (rmt_pending_compare(&out->asked, request, arena, &difference, err))
		return -1;
	out->less_subject = difference.less_subject;
	return difference.more.count ? refuse_difference(out->id, &difference, arena, err) : 1;
}

int rmt_pending_match(struct rmt_db *db, const struct rmt_request *request, struct rmt_arena *arena, struct rmt_answering *out,
                      struct rmt_err *err)
{
	struct candidates candidates = {0};

	if (!out->key_may_wait && check_key(db, request, err))
		return -1;
	if (out->id)
		return match_stated(db, request, arena, out, err);
	if (look_for(db, request, out, arena, &candidates, err))
		return -1;
	out->other = candidates.other;
	return candidates.count ? choose(db, &candidates, request, arena, out, err) : 0;
}

/* ---- what the item asks for ----------------------------------------------------------------------------------------------------- */

static struct remint_strings join(struct rmt_arena *arena, struct remint_strings first, struct remint_strings second)
{
	const char **all = rmt_arena_take(arena, (first.count + second.count + 1) * sizeof *all);

	for (size_t i = 0; all && i < first.count + second.count; i++)
		all[i] = i < first.count ? first.items[i] : second.items[i - first.count];
	return (struct remint_strings){all, all ? first.count + second.count : 0};
}

int rmt_pending_wish(struct rmt_item *item, const struct rmt_db_pending *row, const struct rmt_asked *asked, struct remint_strings names,
                     struct rmt_err *err)
{
	bool device = row->kind == RMT_PENDING_DEVICE;
	struct rmt_difference difference = {.less_subject = true};

	item->pending = row->id;
	item->validity = asked->validity;
	item->not_after = asked->not_after;
	if (device && rmt_pending_compare(asked, item->request, &item->arena, &difference, err))
		return -1;
	if (asked->subject.length && difference.less_subject)
		rmt_buf_span(&item->subject, asked->subject);
	if (rmt_item_names(item, join(&item->arena, asked->names, names), err))
		return -1;
	return rmt_buf_check(&item->subject, err);
}
