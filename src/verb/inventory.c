/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory.c - collects the certificates that a plan is about: each once, with every place in which it was found and
 * every finding about it.
 *
 * What is to be done about them is decided in propose.c. The memory is that of one item per certificate: texts that many
 * findings share are kept once.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- tables ------------------------------------------------------------------------------------------------------------- */

static uint64_t first_bytes(const unsigned char *sha256)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | sha256[i];
	return value;
}

/* The slot of a certificate by the bytes that make its id: its own, or an empty one. */
static size_t slot_of(const struct rmt_inventory *inventory, const unsigned char *sha256)
{
	size_t i = (size_t)first_bytes(sha256) & (inventory->slot_count - 1);

	while (inventory->slots[i] && first_bytes(inventory->items[inventory->slots[i] - 1]->sha256) != first_bytes(sha256))
		i = (i + 1) & (inventory->slot_count - 1);
	return i;
}

static int grow_slots(struct rmt_inventory *inventory, struct rmt_err *err)
{
	size_t count = inventory->slot_count ? 2 * inventory->slot_count : 1024;
	uint32_t *slots = calloc(count, sizeof *slots);

	if (!slots || inventory->count >= UINT32_MAX / 2) {
		free(slots);
		return rmt_err_memory(err);
	}
	free(inventory->slots);
	inventory->slots = slots;
	inventory->slot_count = count;
	for (size_t i = 0; i < inventory->count; i++)
		slots[slot_of(inventory, inventory->items[i]->sha256)] = (uint32_t)i + 1;
	return 0;
}

static size_t text_slot(const char *const *texts, size_t slots, const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (const char *at = text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	for (i = (size_t)(hash ^ hash >> 32) & (slots - 1); texts[i]; i = (i + 1) & (slots - 1))
		if (strcmp(texts[i], text) == 0)
			break;
	return i;
}

static int grow_texts(struct rmt_inventory *inventory, struct rmt_err *err)
{
	size_t slots = inventory->text_slots ? 2 * inventory->text_slots : 256;
	const char **texts = calloc(slots, sizeof *texts);

	if (!texts)
		return rmt_err_memory(err);
	for (size_t i = 0; i < inventory->text_slots; i++)
		if (inventory->texts[i])
			texts[text_slot(texts, slots, inventory->texts[i])] = inventory->texts[i];
	free(inventory->texts);
	inventory->texts = texts;
	inventory->text_slots = slots;
	return 0;
}

/* The one copy of a text: equal texts have equal addresses. */
static const char *keep_text(struct rmt_inventory *inventory, const char *text, struct rmt_err *err)
{
	size_t slot;

	if (2 * inventory->text_count >= inventory->text_slots && grow_texts(inventory, err))
		return NULL;
	slot = text_slot(inventory->texts, inventory->text_slots, text);
	if (!inventory->texts[slot]) {
		const char *copy = rmt_arena_text(inventory->arena, text);

		if (inventory->arena->failed) {
			rmt_err_memory(err);
			return NULL;
		}
		inventory->texts[slot] = copy;
		inventory->text_count++;
	}
	return inventory->texts[slot];
}

/* Room for one more in a list of the arena: the list, or a larger copy; NULL without memory. */
static void *room(struct rmt_arena *arena, void *list, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? 2 * *capacity : 2;
	void *grown;

	if (count < *capacity)
		return list;
	grown = rmt_arena_take(arena, more * size);
	if (!grown)
		return NULL;
	if (count)
		memcpy(grown, list, count * size);
	*capacity = more;
	return grown;
}

/* ---- certificates and places ---------------------------------------------------------------------------------------------- */

static struct rmt_inventory_item *item_new(struct rmt_inventory *inventory, const struct rmt_cert *cert,
                                           const unsigned char *sha256, struct rmt_err *err)
{
	struct rmt_inventory_item *item = rmt_arena_take(inventory->arena, sizeof *item);

	if (!item) {
		rmt_err_memory(err);
		return NULL;
	}
	memcpy(item->sha256, sha256, sizeof item->sha256);
	item->item.approved = true;
	item->item.why = item->item.note = "";
	item->ours = inventory->authority && rmt_cert_issued_by(cert, inventory->authority->cert);
	return rmt_plan_describe(&item->item, cert, inventory->arena, err) ? NULL : item;
}

static struct rmt_inventory_item *item_add(struct rmt_inventory *inventory, const struct rmt_cert *cert,
                                           const unsigned char *sha256, struct rmt_err *err)
{
	struct rmt_inventory_item *item;

	if (inventory->count == inventory->capacity) {
		size_t capacity = inventory->capacity ? 2 * inventory->capacity : 256;
		struct rmt_inventory_item **grown = realloc(inventory->items, capacity * sizeof *grown);

		if (!grown) {
			rmt_err_memory(err);
			return NULL;
		}
		inventory->items = grown;
		inventory->capacity = capacity;
	}
	item = item_new(inventory, cert, sha256, err);
	if (item)
		inventory->items[inventory->count++] = item;
	return item;
}

static int add_place(struct rmt_inventory *inventory, struct rmt_inventory_item *item, struct rmt_err *err)
{
	struct rmt_plan_place *places =
	    room(inventory->arena, item->places, item->item.place_count, &item->place_capacity, sizeof *places);

	if (!places)
		return rmt_err_memory(err);
	item->places = places;
	places[item->item.place_count++] = inventory->place;
	return 0;
}

int rmt_inventory_leaf(struct rmt_inventory *inventory, const struct rmt_cert *cert, struct rmt_plan_place place,
                       struct rmt_err *err)
{
	unsigned char sha256[RMT_SHA256];
	struct rmt_inventory_item *item;
	size_t slot;

	inventory->current = NULL;
	if (rmt_cert_fingerprint(cert, sha256, err))
		return -1;
	if (2 * inventory->count >= inventory->slot_count && grow_slots(inventory, err))
		return -1;
	inventory->place = place;
	inventory->place.source = keep_text(inventory, place.source, err);
	if (!inventory->place.source)
		return -1;
	slot = slot_of(inventory, sha256);
	item = inventory->slots[slot] ? inventory->items[inventory->slots[slot] - 1] : NULL;
	if (item && memcmp(item->sha256, sha256, sizeof sha256) != 0)
		return 1;
	if (!item) {
		item = item_add(inventory, cert, sha256, err);
		if (!item)
			return -1;
		inventory->slots[slot] = (uint32_t)inventory->count;
	}
	inventory->current = item;
	inventory->cert = cert;
	return add_place(inventory, item, err);
}

/* ---- findings --------------------------------------------------------------------------------------------------------------- */

/* What is wrong with the chain as sent, the container or the key at hand is so at one place only. */
static bool is_local(const struct rmt_finding *finding)
{
	return finding->remedy == RMT_REMEDY_CHAIN || finding->remedy == RMT_REMEDY_CONVERT || strncmp(finding->rule, "key.", 4) == 0;
}

/* Errors, what has run out or soon will, and warnings when they are to count. */
static bool does_act(const struct rmt_inventory *inventory, const struct rmt_finding *finding)
{
	return finding->severity == RMT_SEVERITY_ERROR || inventory->act_on_warnings || finding->remedy == RMT_REMEDY_RENEW;
}

static bool same_finding(const struct rmt_plan_finding *a, const struct rmt_plan_finding *b)
{
	return a->rule == b->rule && a->target == b->target && a->message == b->message && a->source == b->source;
}

/* Names that a certificate lacks, so that its successor has them. What can be no name is left out. */
static int add_name(struct rmt_inventory *inventory, struct rmt_inventory_item *item, const char *name, struct rmt_err *err)
{
	struct rmt_derw writer = {0};
	size_t count = item->item.names.count;
	int rc = rmt_general_write(&writer, name, NULL);

	rmt_derw_free(&writer);
	for (size_t i = 0; i < count; i++)
		if (rc || strcmp(item->names[i], name) == 0)
			return 0;
	if (rc)
		return 0;
	item->names = room(inventory->arena, item->names, count, &item->name_capacity, sizeof *item->names);
	if (!item->names)
		return rmt_err_memory(err);
	item->names[count] = rmt_arena_text(inventory->arena, name);
	item->item.names = (struct remint_strings){item->names, count + 1};
	return inventory->arena->failed ? rmt_err_memory(err) : 0;
}

/* leaf.name.host: the host that was asked for. */
static int add_host(struct rmt_inventory *inventory, struct rmt_inventory_item *item, struct rmt_err *err)
{
	const char *host = inventory->host;

	if (!host && strcmp(inventory->place.kind, "endpoint") == 0)
		host = rmt_endpoint_host(inventory->arena, inventory->place.source);
	if (!host)
		return 0;
	rmt_buf_format(&inventory->arena->scratch, "%s:%s", host[strspn(host, "0123456789.")] && !strchr(host, ':') ? "dns" : "ip", host);
	return add_name(inventory, item, rmt_arena_scratch(inventory->arena), err);
}

/* leaf.cn.topology, leaf.san.topology: the names of the role, and its common name unless the old one is one of them. */
static int add_role(struct rmt_inventory *inventory, struct rmt_inventory_item *item, struct rmt_err *err)
{
	const struct rmt_expectation *expect = inventory->expect;
	struct rmt_arena *arena = inventory->arena;
	struct remint_strings names, none = {0};
	const char *cn = rmt_arena_cn(arena, inventory->cert->subject);
	int rc;

	if (!expect || !expect->topology)
		return 0;
	if (!cn || !rmt_expectation_takes_cn(expect, cn))
		item->item.cn = rmt_expectation_cn(expect) ? rmt_arena_text(arena, rmt_expectation_cn(expect)) : NULL;
	rc = rmt_expectation_names(expect, rmt_arena_names(arena, &inventory->cert->extensions), none, arena, &names, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = add_name(inventory, item, names.items[i], err);
	return rc;
}

/* What findings of these rules say of the names to come. */
static const struct {
	const char *rule;
	int (*add)(struct rmt_inventory *inventory, struct rmt_inventory_item *item, struct rmt_err *err);
} naming[] = {{"leaf.name.host", add_host}, {"leaf.cn.topology", add_role}, {"leaf.san.topology", add_role}};

static int add_names(struct rmt_inventory *inventory, struct rmt_inventory_item *item, const char *rule, struct rmt_err *err)
{
	for (size_t i = 0; i < sizeof naming / sizeof *naming; i++)
		if (strcmp(rule, naming[i].rule) == 0)
			return naming[i].add(inventory, item, err);
	return 0;
}

/* About names that it has and should not have: its successor gets the old names, and a plan takes none away. */
static bool is_inherited(const char *rule)
{
	static const char *const rules[] = {"leaf.name.characters", "leaf.name.public", "leaf.cn.wildcard", "leaf.san.wildcard"};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rule, rules[i]) == 0)
			return true;
	return false;
}

int rmt_inventory_finding(struct rmt_inventory *inventory, const struct rmt_finding *finding, struct rmt_err *err)
{
	struct rmt_inventory_item *item = inventory->current;
	struct rmt_found found = {.remedy = finding->remedy, .acts = does_act(inventory, finding)}, *grown;

	if (!item || finding->severity == RMT_SEVERITY_INFO)
		return 0;
	found.unconfirmed = strncmp(finding->citation, "unconfirmed", strlen("unconfirmed")) == 0;
	if ((inventory->authority && rmt_authority_causes(inventory->authority, finding->rule)) || is_inherited(finding->rule))
		found.remedy = RMT_REMEDY_NONE; /* its successor would have the same fault */
	found.said.rule = keep_text(inventory, finding->rule, err);
	found.said.severity = rmt_severity_name(finding->severity);
	found.said.target = keep_text(inventory, finding->target, err);
	found.said.message = keep_text(inventory, finding->message, err);
	found.said.source = is_local(finding) ? inventory->place.source : "";
	if (!found.said.rule || !found.said.target || !found.said.message)
		return -1;
	for (size_t i = 0; i < item->finding_count; i++)
		if (same_finding(&item->findings[i].said, &found.said))
			return 0;
	grown = room(inventory->arena, item->findings, item->finding_count, &item->finding_capacity, sizeof *grown);
	if (!grown)
		return rmt_err_memory(err);
	item->findings = grown;
	grown[item->finding_count++] = found;
	return found.acts ? add_names(inventory, item, finding->rule, err) : 0;
}

void rmt_inventory_clear(struct rmt_inventory *inventory)
{
	free(inventory->items);
	free(inventory->slots);
	free(inventory->texts);
	*inventory = (struct rmt_inventory){0};
}
