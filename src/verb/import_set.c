/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_set.c - hashes that an import has met, each with a small number: forty bytes for each, whatever it stands for.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct rmt_set_entry {
	unsigned char hash[RMT_SHA256];
	uint32_t number;
	bool used;
};

/* The slot of the hash, or the free one where it would be. */
static size_t slot_of(const struct rmt_set *set, const unsigned char hash[RMT_SHA256])
{
	uint64_t start;
	size_t at;

	memcpy(&start, hash, sizeof start);
	for (at = (size_t)start & (set->capacity - 1); set->slots[at].used; at = (at + 1) & (set->capacity - 1))
		if (memcmp(set->slots[at].hash, hash, RMT_SHA256) == 0)
			break;
	return at;
}

static int grow(struct rmt_set *set, struct rmt_err *err)
{
	struct rmt_set larger = {.capacity = set->capacity ? 2 * set->capacity : 1024, .count = set->count};

	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (!larger.slots)
		return rmt_err_memory(err);
	for (size_t i = 0; i < set->capacity; i++)
		if (set->slots[i].used)
			larger.slots[slot_of(&larger, set->slots[i].hash)] = set->slots[i];
	free(set->slots);
	*set = larger;
	return 0;
}

int rmt_set_note(struct rmt_set *set, const unsigned char hash[RMT_SHA256], uint32_t *number, struct rmt_err *err)
{
	struct rmt_set_entry *entry;

	if (2 * set->count >= set->capacity && grow(set, err))
		return -1;
	entry = &set->slots[slot_of(set, hash)];
	if (entry->used) {
		*number = entry->number;
		return 0;
	}
	memcpy(entry->hash, hash, RMT_SHA256);
	entry->number = *number;
	entry->used = true;
	set->count++;
	return 1;
}

bool rmt_set_has(const struct rmt_set *set, const unsigned char hash[RMT_SHA256], uint32_t *number)
{
	const struct rmt_set_entry *entry = set->capacity ? &set->slots[slot_of(set, hash)] : NULL;

	if (!entry || !entry->used)
		return false;
	if (number)
		*number = entry->number;
	return true;
}

void rmt_set_clear(struct rmt_set *set)
{
	free(set->slots);
	*set = (struct rmt_set){0};
}
