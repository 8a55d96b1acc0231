/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/nearest.c - "did you mean": the known word that is fewest slips away from a given one. A
 * slip is a letter missing, too much, or wrong, or two neighbours swapped; upper and lower case are
 * the same. A word that is near to none may be the beginning of one.
 */
#include "config.h"

#include <string.h>

#include "base/base.h"

enum { LONGEST = 64 };

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance in three rows; both words are at most LONGEST. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t *older = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t a_length = strlen(a), b_length = strlen(b);

	for (size_t j = 0; j <= b_length; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			bool differ = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = least(above[j - 1] + differ, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], older[j - 2] + 1);
		}
		spare = older;
		older = above;
		above = row;
		row = spare;
	}
	return above[b_length];
}

/* The only word that begins with it, as when somebody stops half way. */
static const char *
completed(const char *word, const char *const *candidates)
{
	size_t length = strlen(word);
	const char *only = NULL;

	for (; length > 2 && *candidates != NULL; candidates++) {
		if (strncmp(*candidates, word, length) != 0)
			continue;
		if (only != NULL)
			return NULL;
		only = *candidates;
	}
	return only;
}

const char *
rmt_nearest(const char *word, const char *const *candidates)
{
	size_t length = strlen(word);
	size_t limit = length / 3 + 1; /* the distance must stay below */
	const char *nearest = NULL, *const *all = candidates;

	if (length > LONGEST)
		return NULL;
	for (; *candidates != NULL; candidates++) {
		size_t slips;

		if (strlen(*candidates) > LONGEST)
			continue;
		slips = distance(word, *candidates);
		if (slips < limit) {
			limit = slips;
			nearest = *candidates;
		}
	}
	return nearest != NULL ? nearest : completed(word, all);
}
