/* SPDX-License-Identifier: Apache-2.0 */
/*
 * propose.c - from an inventory to the items of a plan: which step each certificate needs, why, what the step clears, and
 * the device that its files are for.
 *
 * The strongest step that a finding asks for is taken, since it does the work of the weaker ones too. Everything is sorted
 * by the places, so that the same certificates give the same plan whatever the order in which they answered.
 */
#include "config.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- order ------------------------------------------------------------------------------------------------------------------ */

static int kind_rank(const char *kind)
{
	return kind[0] == 'f' ? 0 : kind[0] == 'e' ? 1 : 2; /* file, endpoint, database */
}

static int compare_places(const void *one, const void *other)
{
	const struct rmt_plan_place *a = one, *b = other;
	int order = kind_rank(a->kind) - kind_rank(b->kind);

	if (order == 0)
		order = strcmp(a->source, b->source);
	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_findings(const void *one, const void *other)
{
	const struct rmt_found *a = one, *b = other;
	int order = strcmp(a->said.target, b->said.target);

	if (order == 0)
		order = strcmp(a->said.rule, b->said.rule);
	if (order == 0)
		order = strcmp(a->said.source, b->said.source);
	return order ? order : strcmp(a->said.message, b->said.message);
}

static int compare_items(const void *one, const void *other)
{
	const struct rmt_inventory_item *a = *(struct rmt_inventory_item *const *)one;
	const struct rmt_inventory_item *b = *(struct rmt_inventory_item *const *)other;
	int order = compare_places(a->places, b->places);

	return order ? order : memcmp(a->sha256, b->sha256, sizeof a->sha256);
}

/* The same input given twice is one place. */
static void sort_item(struct rmt_inventory_item *item)
{
	size_t kept = 0;

	qsort(item->places, item->item.place_count, sizeof *item->places, compare_places);
	for (size_t i = 0; i < item->item.place_count; i++)
		if (i == 0 || compare_places(&item->places[i], &item->places[kept - 1]) != 0)
			item->places[kept++] = item->places[i];
	item->item.place_count = kept;
	item->item.places = item->places;
	if (item->finding_count)
		qsort(item->findings, item->finding_count, sizeof *item->findings, compare_findings);
}

/* ---- the step ------------------------------------------------------------------------------------------------------------------ */

enum rmt_action rmt_action_for(enum rmt_remedy remedy)
{
	static const enum rmt_action actions[] = {
	    [RMT_REMEDY_NONE] = RMT_ACTION_KEEP,       [RMT_REMEDY_CONVERT] = RMT_ACTION_CONVERT,
	    [RMT_REMEDY_CHAIN] = RMT_ACTION_FIX_CHAIN, [RMT_REMEDY_RENEW] = RMT_ACTION_REISSUE,
	    [RMT_REMEDY_REISSUE] = RMT_ACTION_REISSUE, [RMT_REMEDY_KEY] = RMT_ACTION_REKEY,
	    [RMT_REMEDY_ISSUER] = RMT_ACTION_REPLACE_CA,
	};

	return actions[remedy];
}

/* The strongest remedy that is part of an action. */
static enum rmt_remedy reach_of(enum rmt_action action)
{
	static const enum rmt_remedy reach[] = {
	    [RMT_ACTION_KEEP] = RMT_REMEDY_NONE,       [RMT_ACTION_REISSUE] = RMT_REMEDY_REISSUE,
	    [RMT_ACTION_REKEY] = RMT_REMEDY_KEY,       [RMT_ACTION_CONVERT] = RMT_REMEDY_CONVERT,
	    [RMT_ACTION_FIX_CHAIN] = RMT_REMEDY_CHAIN, [RMT_ACTION_REPLACE_CA] = RMT_REMEDY_ISSUER,
	};

	return reach[action];
}

/* The finding that decides: of those that act the one with the strongest remedy, an error before a warning. */
static const struct rmt_found *deciding(const struct rmt_inventory_item *item, size_t *acting)
{
	const struct rmt_found *first = NULL;

	*acting = 0;
	for (size_t i = 0; i < item->finding_count; i++) {
		const struct rmt_found *found = &item->findings[i];

		if (!found->acts)
			continue;
		++*acting;
		if (!first || found->remedy > first->remedy ||
		    (found->remedy == first->remedy && strcmp(found->said.severity, "error") == 0 &&
		     strcmp(first->said.severity, "error") != 0))
			first = found;
	}
	return first;
}

/* A message may be followed by the target's own sentences: the first one is the reason. */
static int first_sentence(const char *message)
{
	const char *end = strstr(message, ". ");

	return end ? (int)(end - message) : (int)strlen(message);
}

static const char *why_kept(struct rmt_arena *arena, const struct rmt_inventory_item *item)
{
	if (item->finding_count == 0)
		return "every target accepts it";
	rmt_buf_format(&arena->scratch, "nothing that the targets refuse; %zu finding%s beside it", item->finding_count,
	               item->finding_count == 1 ? "" : "s");
	return rmt_arena_scratch(arena);
}

static const char *why_acted(struct rmt_arena *arena, const struct rmt_inventory_item *item, const struct rmt_found *first,
                             size_t acting)
{
	const struct rmt_plan_finding *said = &first->said;

	rmt_buf_format(&arena->scratch, "%s %s%s: %.*s", said->target, strcmp(said->severity, "error") == 0 ? "refuses it" : "warns",
	               first->unconfirmed ? " (unconfirmed)" : "", first_sentence(said->message), said->message);
	if (*said->source)
		rmt_buf_format(&arena->scratch, " (at %s)", said->source);
	if (acting > 1)
		rmt_buf_format(&arena->scratch, "; %zu more finding%s", acting - 1, acting == 2 ? "" : "s");
	if (item->successor)
		rmt_buf_format(&arena->scratch, "; this home has replaced it by %s%s", item->successor,
		               item->succeeded     ? ", which is to be installed"
		               : item->in_campaign ? ", for other targets: another is made only when that is revoked"
		                                   : ", for other targets");
	if (item->item.action == RMT_ACTION_KEEP)
		rmt_buf_text(&arena->scratch, "; no step clears that");
	if (item->item.action == RMT_ACTION_REPLACE_CA && item->ours)
		rmt_buf_text(&arena->scratch, "; the issuer is this home's own CA, so it takes another one");
	return rmt_arena_scratch(arena);
}

static int decide(struct rmt_inventory *inventory, struct rmt_inventory_item *item, const struct rmt_plan *plan, struct rmt_err *err)
{
	struct rmt_plan_finding *findings = rmt_arena_take(inventory->arena, (item->finding_count + 1) * sizeof *findings);
	struct rmt_plan_item *out = &item->item;
	const struct rmt_found *first;
	size_t acting;

	if (!findings)
		return rmt_err_memory(err);
	if (rmt_inventory_weigh(item, err))
		return -1;
	first = deciding(item, &acting);
	out->action = first ? rmt_action_for(first->remedy) : RMT_ACTION_KEEP;
	for (size_t i = 0; i < item->finding_count; i++) {
		findings[i] = item->findings[i].said;
		findings[i].cleared = item->findings[i].remedy != RMT_REMEDY_NONE && item->findings[i].remedy <= reach_of(out->action);
	}
	out->findings = findings;
	out->finding_count = item->finding_count;
	out->why = first ? why_acted(inventory->arena, item, first, acting) : why_kept(inventory->arena, item);
	out->targets = plan->targets;
	out->approved = !((item->succeeded || item->in_campaign) && reach_of(out->action) >= RMT_REMEDY_REISSUE); /* a second successor only when somebody says so */
	out->signer = inventory->authority && !(item->ours && out->action == RMT_ACTION_REPLACE_CA) ? "issuing" : "external";
	return inventory->arena->failed ? rmt_err_memory(err) : 0;
}

/* ---- devices ------------------------------------------------------------------------------------------------------------------- */

const char *rmt_endpoint_host(struct rmt_arena *arena, const char *endpoint)
{
	const char *begin = strstr(endpoint, "://"), *end;

	begin = begin ? begin + 3 : endpoint;
	if (*begin == '[' && (end = strchr(begin, ']')))
		return rmt_arena_bytes(arena, rmt_span_of(begin + 1, (size_t)(end - begin - 1)));
	return rmt_arena_bytes(arena, rmt_span_of(begin, strcspn(begin, ":/")));
}

/* Labels given away, without regard to case as some file systems have it, and how often. */
struct label {
	char name[65];
	unsigned uses;
};

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static void fold(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
}

/* The entry of a label, new when it has none yet; NULL without memory. */
static struct label *label_entry(void **tree, const char *name)
{
	struct label wanted = {.uses = 0}, *own;
	struct label **found;

	snprintf(wanted.name, sizeof wanted.name, "%s", name);
	fold(wanted.name);
	found = tfind(&wanted, tree, compare_labels);
	if (found)
		return *found;
	own = malloc(sizeof *own);
	if (!own)
		return NULL;
	*own = wanted;
	if (tsearch(own, tree, compare_labels))
		return own;
	free(own);
	return NULL;
}

/* A file by its name without the ending; its directory goes before it where another file has the same. */
static void file_label(const char *path, bool directory, char out[65])
{
	const char *leaf = rmt_path_leaf(path), *dot = strrchr(leaf, '.'), *begin = leaf;
	char text[256];

	if (directory && leaf > path + 1)
		for (begin = leaf - 1; begin > path && begin[-1] != '/';)
			begin--;
	snprintf(text, sizeof text, "%.*s", (int)(dot && dot > leaf ? dot - begin : (ptrdiff_t)strlen(begin)), begin);
	for (char *slash = text; (slash = strchr(slash, '/'));)
		*slash = '-';
	rmt_file_label(text, out);
}

/* From the first place: the host, the file, and where several certificates share it the name of this one. */
static void device_label(struct rmt_inventory *inventory, const struct rmt_inventory_item *item, bool shared, bool directory, char out[65])
{
	const struct rmt_plan_place *place = item->places;

	if (strcmp(place->kind, "endpoint") == 0)
		rmt_file_label(rmt_endpoint_host(inventory->arena, place->source), out);
	else if (shared || strcmp(place->kind, "database") == 0 || strcmp(place->source, "-") == 0)
		rmt_file_label(item->item.name, out);
	else
		file_label(place->source, directory, out);
}

/* Does a neighbour of the sorted items stand in the same file? */
static bool is_shared(const struct rmt_inventory *inventory, size_t i)
{
	const char *source = inventory->items[i]->places->source;

	return (i > 0 && strcmp(inventory->items[i - 1]->places->source, source) == 0) ||
	       (i + 1 < inventory->count && strcmp(inventory->items[i + 1]->places->source, source) == 0);
}

/* The label itself, else the first of label-2, label-3... that nobody has. */
static int give_device(struct rmt_inventory *inventory, void **given, struct rmt_plan_item *item, const char *label, struct rmt_err *err)
{
	struct label *base = label_entry(given, label), *own = base;
	char name[65];

	snprintf(name, sizeof name, "%s", label);
	while (base && own && own->uses) {
		char number[16];
		size_t length = (size_t)snprintf(number, sizeof number, "-%u", ++base->uses);

		snprintf(name, sizeof name, "%.*s%s", (int)(sizeof name - 1 - length), label, number);
		own = label_entry(given, name);
	}
	if (!own)
		return rmt_err_memory(err);
	own->uses++;
	item->device = rmt_arena_text(inventory->arena, name);
	return inventory->arena->failed ? rmt_err_memory(err) : 0;
}

static int give_devices(struct rmt_inventory *inventory, struct rmt_err *err)
{
	void *seen = NULL, *given = NULL;
	char label[65];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < inventory->count; i++) {
		struct label *entry;

		device_label(inventory, inventory->items[i], is_shared(inventory, i), false, label);
		entry = label_entry(&seen, label);
		rc = entry ? 0 : rmt_err_memory(err);
		if (entry)
			entry->uses++;
	}
	for (size_t i = 0; rc == 0 && i < inventory->count; i++) {
		bool shared = is_shared(inventory, i);
		const struct label *entry;

		device_label(inventory, inventory->items[i], shared, false, label);
		entry = label_entry(&seen, label);
		if (entry && entry->uses > 1)
			device_label(inventory, inventory->items[i], shared, true, label);
		rc = give_device(inventory, &given, &inventory->items[i]->item, label, err);
	}
	tdestroy(seen, free);
	tdestroy(given, free);
	return rc;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

int rmt_inventory_propose(struct rmt_inventory *inventory, struct rmt_plan *plan, struct rmt_err *err)
{
	for (size_t i = 0; i < inventory->count; i++) {
		sort_item(inventory->items[i]);
		if (decide(inventory, inventory->items[i], plan, err))
			return -1;
	}
	if (inventory->count)
		qsort(inventory->items, inventory->count, sizeof(struct rmt_inventory_item *), compare_items);
	if (give_devices(inventory, err))
		return -1;
	plan->items = rmt_arena_take(&plan->arena, (inventory->count + 1) * sizeof *plan->items);
	if (!plan->items)
		return rmt_err_memory(err);
	for (size_t i = 0; i < inventory->count; i++)
		plan->items[i] = inventory->items[i]->item;
	plan->item_count = inventory->count;
	return 0;
}
