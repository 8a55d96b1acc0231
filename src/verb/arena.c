/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c - the memory of one answer: strings made for a callback, all freed (or reused) together.
 *
 * A pile of a hundred thousand certificates is described one after the other in the same few blocks.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { BLOCK_SIZE = 16 << 10, ALIGNMENT = 16 };

struct rmt_arena_block {
	struct rmt_arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

static struct rmt_arena_block *block_new(size_t size)
{
	struct rmt_arena_block *block = malloc(sizeof *block + size);

	if (block) {
		block->next = NULL;
		block->used = 0;
		block->size = size;
	}
	return block;
}

/* The next block with room for `size`, kept ones first. */
static struct rmt_arena_block *block_for(struct rmt_arena *arena, size_t size)
{
	struct rmt_arena_block **end = arena->current ? &arena->current->next : &arena->first;

	while (*end && (*end)->size < size)
		end = &(*end)->next;
	if (!*end)
		*end = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
	return *end;
}

static void *out_of_memory(struct rmt_arena *arena)
{
	arena->failed = true;
	rmt_err_memory_note(); /* who does not ask `failed` tells less than there is: the verb then ends with that */
	return NULL;
}

void *rmt_arena_take(struct rmt_arena *arena, size_t size)
{
	struct rmt_arena_block *block = arena->current;
	void *at;

	if (size > SIZE_MAX - ALIGNMENT - sizeof *block)
		return out_of_memory(arena);
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!block || block->size - block->used < size) {
		block = block_for(arena, size);
		if (!block)
			return out_of_memory(arena);
		block->used = 0;
		arena->current = block;
	}
	at = block->bytes + block->used;
	block->used += size;
	return memset(at, 0, size);
}

const char *rmt_arena_bytes(struct rmt_arena *arena, struct rmt_span bytes)
{
	char *copy = rmt_arena_take(arena, bytes.length + 1);

	if (!copy)
		return "";
	if (bytes.length)
		memcpy(copy, bytes.at, bytes.length);
	return copy;
}

const char *rmt_arena_text(struct rmt_arena *arena, const char *text)
{
	return rmt_arena_bytes(arena, rmt_span_text(text));
}

/* Strings of remint.h end at a NUL; one inside a name is shown as its escape, so that nothing is hidden behind it. */
static const char *arena_visible(struct rmt_arena *arena, struct rmt_span text)
{
	size_t nuls = 0, to = 0;
	char *copy;

	if (!text.length || !memchr(text.at, 0, text.length))
		return rmt_arena_bytes(arena, text);
	for (size_t i = 0; i < text.length; i++)
		nuls += text.at[i] == 0;
	copy = rmt_arena_take(arena, text.length + 3 * nuls + 1);
	for (size_t i = 0; copy && i < text.length; i++) {
		if (text.at[i]) {
			copy[to++] = (char)text.at[i];
		} else {
			memcpy(copy + to, "\\x00", 4);
			to += 4;
		}
	}
	return copy ? copy : "";
}

const char *rmt_arena_scratch(struct rmt_arena *arena)
{
	const char *text = arena_visible(arena, rmt_buf_view(&arena->scratch));

	arena->failed |= arena->scratch.failed;
	rmt_buf_clear(&arena->scratch);
	return text;
}

void rmt_arena_reset(struct rmt_arena *arena)
{
	arena->current = arena->first;
	if (arena->current)
		arena->current->used = 0;
	arena->failed = false;
	rmt_buf_clear(&arena->scratch);
}

void rmt_arena_free(struct rmt_arena *arena)
{
	struct rmt_arena_block *next;

	for (struct rmt_arena_block *block = arena->first; block; block = next) {
		next = block->next;
		free(block);
	}
	rmt_buf_free(&arena->scratch);
	*arena = (struct rmt_arena){0};
}

/* ---- the usual strings ---------------------------------------------------------------------------------------------- */

const char *rmt_arena_hex(struct rmt_arena *arena, struct rmt_span bytes)
{
	rmt_hex(bytes, 0, &arena->scratch);
	return rmt_arena_scratch(arena);
}

const char *rmt_arena_serial(struct rmt_arena *arena, struct rmt_span serial)
{
	rmt_serial_hex(serial, &arena->scratch);
	return rmt_arena_scratch(arena);
}

const char *rmt_arena_name(struct rmt_arena *arena, struct rmt_span name)
{
	rmt_name_text(name, &arena->scratch);
	return rmt_arena_scratch(arena);
}

const char *rmt_arena_cn(struct rmt_arena *arena, struct rmt_span name)
{
	if (rmt_name_get(name, "CN", false, &arena->scratch) != 1) {
		rmt_buf_clear(&arena->scratch);
		return NULL;
	}
	return rmt_arena_scratch(arena);
}

struct remint_strings rmt_arena_names(struct rmt_arena *arena, const struct rmt_extensions *extensions)
{
	const struct rmt_ext *ext = rmt_ext_find(extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der cursor;
	const char **items;
	size_t count = 0, n = 0;

	if (!ext || rmt_general_open(ext->value, &cursor, NULL))
		return (struct remint_strings){0};
	while (rmt_general_next(&cursor, &name, NULL) == 1)
		count++;
	items = rmt_arena_take(arena, (count + 1) * sizeof *items);
	if (!items || rmt_general_open(ext->value, &cursor, NULL))
		return (struct remint_strings){0};
	while (n < count && rmt_general_next(&cursor, &name, NULL) == 1) {
		rmt_general_text(&name, &arena->scratch);
		items[n++] = rmt_arena_scratch(arena);
	}
	return (struct remint_strings){items, n};
}

const char *rmt_arena_algorithm(struct rmt_arena *arena, struct rmt_span identifier)
{
	struct rmt_signature_algorithm algorithm;

	if (rmt_algorithm_read(identifier, &algorithm, NULL))
		return NULL;
	if (algorithm.name[0])
		return rmt_arena_text(arena, algorithm.name);
	rmt_oid_dotted(algorithm.oid, &arena->scratch);
	return rmt_arena_scratch(arena);
}

const char *rmt_arena_spki(struct rmt_arena *arena, struct rmt_span spki)
{
	struct rmt_spki key;

	if (rmt_spki_read(spki, &key, NULL))
		return NULL;
	rmt_spki_text(&key, &arena->scratch);
	return rmt_arena_scratch(arena);
}

const char *rmt_arena_pem(struct rmt_arena *arena, const char *label, struct rmt_span der)
{
	rmt_pem(label, der, 64, false, &arena->scratch);
	return rmt_arena_scratch(arena);
}

struct remint_finding rmt_finding_told(const struct rmt_finding *finding, const char *source)
{
	return (struct remint_finding){.rule = finding->rule,
	                               .severity = (enum remint_severity)finding->severity,
	                               .target = finding->target,
	                               .source = source,
	                               .object = finding->object,
	                               .place = finding->place,
	                               .message = finding->message,
	                               .citation = finding->citation,
	                               .fix = finding->fix};
}

struct remint_finding rmt_arena_finding(struct rmt_arena *arena, const struct remint_finding *finding)
{
	return (struct remint_finding){.rule = rmt_arena_text(arena, finding->rule),
	                               .severity = finding->severity,
	                               .target = rmt_arena_text(arena, finding->target),
	                               .source = rmt_arena_text(arena, finding->source),
	                               .object = rmt_arena_text(arena, finding->object),
	                               .place = rmt_arena_text(arena, finding->place),
	                               .message = rmt_arena_text(arena, finding->message),
	                               .citation = rmt_arena_text(arena, finding->citation),
	                               .fix = rmt_arena_text(arena, finding->fix),
	                               .accepted = finding->accepted};
}
