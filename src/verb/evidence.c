/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.c - which findings about files tell of a fault that a device shows.
 *
 * A directory of a device often holds the same certificate in several files: alone, with its chain, in a PFX. Nobody serves
 * each of them. What is wrong with one file asks for no step when another file of the same directory has the same
 * certificate, and for the same target no such fault.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* The kinds of fault that a file may have and its neighbour not. */
enum { OF_CHAIN, OF_CONTAINER, OF_KEY, KINDS };

/* One file with the certificate, sorted by its directory. */
struct copy {
	const char *source;
	size_t directory; /* length of the path to the last slash */
	bool bad;
};

static int kind_of(const struct rmt_found *found)
{
	if (!found->acts || !*found->said.source)
		return -1;
	return found->remedy == RMT_REMEDY_CHAIN ? OF_CHAIN : found->remedy == RMT_REMEDY_CONVERT ? OF_CONTAINER : OF_KEY;
}

static int compare_directories(const struct copy *a, const struct copy *b)
{
	size_t shorter = a->directory < b->directory ? a->directory : b->directory;
	int order = shorter ? memcmp(a->source, b->source, shorter) : 0;

	return order ? order : (a->directory > b->directory) - (a->directory < b->directory);
}

static int compare_copies(const void *one, const void *other)
{
	const struct copy *a = one, *b = other;
	int order = compare_directories(a, b);

	return order ? order : strcmp(a->source, b->source);
}

static struct copy *copy_of(struct copy *copies, size_t count, const char *source)
{
	struct copy wanted = {.source = source, .directory = (size_t)(rmt_path_leaf(source) - source)};

	return bsearch(&wanted, copies, count, sizeof *copies, compare_copies);
}

/* Is there a good file in the directory of this one? The directory's files stand together. */
static bool has_good_neighbour(const struct copy *copies, size_t count, const struct copy *copy)
{
	const struct copy *at = copy;

	while (at > copies && compare_directories(at - 1, copy) == 0)
		at--;
	for (; at < copies + count && compare_directories(at, copy) == 0; at++)
		if (!at->bad)
			return true;
	return false;
}

/* The findings of one target and kind: those of files with a good neighbour act no more. */
static void weigh(struct rmt_found *findings, size_t finding_count, int kind, struct copy *copies, size_t count)
{
	struct copy *copy;

	for (size_t i = 0; i < count; i++)
		copies[i].bad = false;
	for (size_t i = 0; i < finding_count; i++)
		if (kind_of(&findings[i]) == kind && (copy = copy_of(copies, count, findings[i].said.source)))
			copy->bad = true;
	for (size_t i = 0; i < finding_count; i++)
		if (kind_of(&findings[i]) == kind && (copy = copy_of(copies, count, findings[i].said.source)))
			findings[i].acts = !has_good_neighbour(copies, count, copy);
}

static size_t list_copies(const struct rmt_inventory_item *item, struct copy *copies)
{
	size_t count = 0;

	for (size_t i = 0; i < item->item.place_count; i++) {
		const char *source = item->places[i].source;

		if (strcmp(item->places[i].kind, "file") == 0 && (count == 0 || copies[count - 1].source != source))
			copies[count++] = (struct copy){source, (size_t)(rmt_path_leaf(source) - source), false};
	}
	qsort(copies, count, sizeof *copies, compare_copies);
	return count;
}

int rmt_inventory_weigh(struct rmt_inventory_item *item, struct rmt_err *err)
{
	struct copy *copies;
	size_t count, end;

	if (item->item.place_count < 2 || !item->finding_count)
		return 0;
	copies = calloc(item->item.place_count, sizeof *copies);
	if (!copies)
		return rmt_err_memory(err);
	count = list_copies(item, copies);
	for (size_t begin = 0; count > 1 && begin < item->finding_count; begin = end) {
		for (end = begin; end < item->finding_count; end++)
			if (strcmp(item->findings[end].said.target, item->findings[begin].said.target) != 0)
				break;
		for (int kind = 0; kind < KINDS; kind++)
			weigh(item->findings + begin, end - begin, kind, copies, count);
	}
	free(copies);
	return 0;
}
