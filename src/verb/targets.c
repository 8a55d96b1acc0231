/* SPDX-License-Identifier: Apache-2.0 */
/*
 * targets.c - what --for means: the targets named, those that a pattern matches, or all. Every verb that takes targets asks here.
 *
 * A pattern holds one of * ? [ and is held against the names of the built-in and the user's targets as a shell holds it against file
 * names. What holds a slash or ends with ".cfg" is a path and no pattern.
 */
#include "config.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* The names found so far, and what is looked for. */
struct expansion {
	struct remint *ctx;
	struct rmt_arena *arena;
	const char **items;
	size_t count, capacity;
	const char *pattern;
	size_t matched;
	struct rmt_err *err;
};

static bool is_all(const char *given)
{
	return strcmp(given, "all") == 0;
}

static bool is_pattern(const char *given)
{
	size_t length = strlen(given);

	if (strchr(given, '/') || (length > 4 && strcmp(given + length - 4, ".cfg") == 0))
		return false;
	return strpbrk(given, "*?[") != NULL;
}

static int add(struct expansion *found, const char *name)
{
	const char **grown;

	if (rmt_strings_have((struct remint_strings){found->items, found->count}, name))
		return 0;
	if (found->count == found->capacity) {
		size_t capacity = found->capacity ? 2 * found->capacity : 8;

		grown = rmt_arena_take(found->arena, capacity * sizeof *grown);
		if (!grown)
			return rmt_err_memory(found->err);
		if (found->count)
			memcpy(grown, found->items, found->count * sizeof *grown);
		found->items = grown;
		found->capacity = capacity;
	}
	found->items[found->count++] = rmt_arena_text(found->arena, name);
	return found->arena->failed ? rmt_err_memory(found->err) : 0;
}

static int add_matching(void *arg, const char *name, const char *origin)
{
	struct expansion *found = arg;

	(void)origin;
	if (found->pattern && fnmatch(found->pattern, name, 0) != 0)
		return 0;
	found->matched++;
	return add(found, name);
}

/* ---- a pattern that matches nothing --------------------------------------------------------------------------------------------- */

/* Beginnings of names that are about as long as what stands before the first * ? or [. */
struct beginnings {
	const char *words[512];
	size_t count, length;
	struct rmt_arena arena;
};

static int add_beginning(void *arg, const char *name, const char *origin)
{
	struct beginnings *known = arg;
	char word[64];

	(void)origin;
	for (size_t length = known->length > 1 ? known->length - 1 : 1; length <= known->length + 1; length++) {
		if (length > strlen(name) || length >= sizeof word || known->count + 1 >= sizeof known->words / sizeof *known->words)
			break;
		snprintf(word, sizeof word, "%.*s", (int)length, name);
		known->words[known->count++] = rmt_arena_text(&known->arena, word);
	}
	return 0;
}

static int match_any(void *arg, const char *name, const char *origin)
{
	(void)origin;
	return fnmatch(arg, name, 0) == 0;
}

/* The same pattern behind a beginning that names have. */
static int refuse_pattern(struct remint *ctx, const char *pattern, struct rmt_err *err)
{
	struct beginnings known = {.length = strcspn(pattern, "*?[")};
	char stem[64], meant[160];
	const char *near = NULL;

	snprintf(stem, sizeof stem, "%.*s", (int)known.length, pattern);
	if (known.length && known.length < sizeof stem &&
	    rmt_policy_each(ctx->policies, RMT_POLICY_TARGET, add_beginning, &known, NULL) == 0 && !known.arena.failed)
		near = rmt_nearest(stem, known.words);
	snprintf(meant, sizeof meant, "%s%.80s", near ? near : "", pattern + known.length);
	if (near && rmt_policy_each(ctx->policies, RMT_POLICY_TARGET, match_any, meant, NULL) == 1)
		rmt_err_set(err, RMT_USAGE, NULL, "no target's name matches \"%.80s\" (did you mean \"%s\"?)", pattern, meant);
	else
		rmt_err_set(err, RMT_USAGE, NULL, "no target's name matches \"%.80s\" (see remint target list)", pattern);
	rmt_arena_free(&known.arena);
	return -1;
}

/* ---- expanding --------------------------------------------------------------------------------------------------------------------- */

static int add_given(struct expansion *found, const char *given)
{
	if (!is_all(given) && !is_pattern(given))
		return add(found, given);
	found->pattern = is_all(given) ? NULL : given;
	found->matched = 0;
	if (rmt_policy_each(found->ctx->policies, RMT_POLICY_TARGET, add_matching, found, found->err))
		return -1;
	return found->matched ? 0 : refuse_pattern(found->ctx, given, found->err);
}

int rmt_targets_expand(struct remint *ctx, struct remint_strings given, enum rmt_target_use use, struct rmt_arena *arena,
                       struct remint_strings *out, struct rmt_err *err)
{
	struct expansion found = {.ctx = ctx, .arena = arena, .err = err};

	*out = (struct remint_strings){0};
	for (size_t i = 0; i < given.count; i++) {
		if (use != RMT_TARGETS_JUDGE && is_all(given.items[i]))
			return rmt_err_set(err, RMT_USAGE, NULL,
			                   "\"all\" is for judging: no one certificate serves every target, since they contradict each other; name "
			                   "those that it is for");
		if (add_given(&found, given.items[i]))
			return -1;
	}
	if (use == RMT_TARGETS_ONE && found.count > 1)
		return rmt_err_set(err, RMT_USAGE, NULL, "one target is wanted here, but \"%.80s\" names %zu", given.items[0], found.count);
	*out = (struct remint_strings){found.items, found.count};
	return 0;
}

/* ---- for the caller ------------------------------------------------------------------------------------------------------------------ */

static int tell(struct remint *ctx, struct remint_strings names, remint_policy_fn *entry, void *arg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		struct rmt_target *target = rmt_target_load(ctx->policies, names.items[i], &ctx->err);
		struct remint_policy_entry out;

		if (!target)
			return -1;
		out = (struct remint_policy_entry){.name = target->name, .title = target->title, .origin = target->origin,
		                                   .extends = target->lineage.count ? target->lineage.items[0] : ""};
		rc = entry(arg, &out);
		rmt_target_free(target);
	}
	return rc;
}

int remint_targets(struct remint *ctx, struct remint_strings given, remint_policy_fn *entry, void *arg)
{
	struct rmt_arena arena = {0};
	struct remint_strings names;
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_targets_expand(ctx, given, RMT_TARGETS_JUDGE, &arena, &names, &ctx->err);
	if (rc == 0)
		rc = tell(ctx, names, entry, arg);
	rmt_arena_free(&arena);
	return rmt_verb_end(ctx, rc);
}
