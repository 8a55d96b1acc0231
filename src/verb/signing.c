/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing.c - requests on their way through the one road (issuance.c) in groups: what sign, hold and approve have in common.
 *
 * What each asks for is decided by those three. Here the authority, template and targets change when an item needs others,
 * and a refused item is told with the place it came from.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- by whom and for whom ----------------------------------------------------------------------------------------------- */

struct remint_strings rmt_arena_words(struct rmt_arena *arena, const char *list)
{
	size_t count = 1, n = 0, length;
	const char **items;

	if (!list || !*list)
		return (struct remint_strings){0};
	for (const char *at = list; *at; at++)
		count += *at == ',';
	items = rmt_arena_take(arena, count * sizeof *items);
	for (const char *at = list; items && n < count; at += length + 1) {
		length = strcspn(at, ",");
		items[n++] = rmt_arena_bytes(arena, rmt_span_of(at, length));
	}
	return (struct remint_strings){items, n};
}

bool rmt_strings_have(struct remint_strings list, const char *text)
{
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.items[i], text) == 0)
			return true;
	return false;
}

/* The names that were given away stay so, whoever signs what follows. */
static int open_bench(struct rmt_signing *signing, const char *authority, struct rmt_err *err)
{
	struct rmt_names names = signing->bench.release.names;
	struct rmt_release *release = &signing->bench.release;
	int rc;

	release->names = (struct rmt_names){0};
	rmt_bench_close(&signing->bench);
	rc = rmt_bench_open(&signing->bench, signing->ctx, authority, !signing->keyless, err);
	if (rc)
		rmt_bench_close(&signing->bench); /* nothing half open is mistaken for the right one */
	if (rc == 0 && !authority && !signing->usual)
		rc = (signing->usual = rmt_strdup(signing->bench.authority.name, err)) ? 0 : -1;
	release->names = names;
	release->out = signing->out;
	release->issued = signing->issued;
	release->arg = signing->arg;
	release->one_file = true;
	return rc;
}

static bool is_signed_by(const struct rmt_signing *signing, const char *authority)
{
	const char *name = signing->bench.authority.name, *wanted = authority ? authority : signing->usual;

	return name && wanted && strcmp(name, wanted) == 0;
}

int rmt_signing_for(struct rmt_signing *signing, const char *authority, const char *template_name, struct remint_strings targets,
                    struct rmt_err *err)
{
	struct rmt_buf wanted = {0};
	int rc = -1;

	rmt_buf_format(&wanted, "%s\n%s\n", authority ? authority : "", template_name ? template_name : "");
	for (size_t i = 0; i < targets.count; i++)
		rmt_buf_format(&wanted, "%s\n", targets.items[i]);
	if (rmt_buf_check(&wanted, err))
		goto out;
	rc = 0;
	if (signing->bench.run && rmt_span_equal(rmt_buf_view(&wanted), rmt_buf_view(&signing->made_for)))
		goto out;
	rc = rmt_signing_flush(signing, &signing->ctx->err);
	rmt_buf_clear(&signing->made_for);
	if (rc == 0 && !is_signed_by(signing, authority))
		rc = open_bench(signing, authority, err);
	if (rc == 0)
		rc = rmt_bench_demand(&signing->bench, template_name, targets, signing->dry_run, err);
	signing->bench.release.audit_again = targets.count > 0;
	if (rc == 0)
		rmt_buf_span(&signing->made_for, rmt_buf_view(&wanted));
out:
	rmt_buf_free(&wanted);
	return rc;
}

/* ---- groups --------------------------------------------------------------------------------------------------------------- */

static void group_clear(struct rmt_signing *signing)
{
	for (size_t i = 0; i < signing->count; i++)
		rmt_item_free(signing->group[i]);
	signing->count = 0;
}

void rmt_signing_clear(struct rmt_signing *signing)
{
	group_clear(signing);
	rmt_bench_close(&signing->bench);
	rmt_buf_free(&signing->made_for);
	free(signing->usual);
	signing->usual = NULL;
}

/* Which of several requests of a file: by its line in PEM, else by its number. What failed in another file, as one to be
 * written, has its place there. */
int rmt_signing_refuse(struct rmt_signing *signing, struct rmt_item *item)
{
	char place[sizeof item->err.place], which[40] = "";

	if (!item->err.source[0]) {
		if (item->line)
			snprintf(which, sizeof which, "line %zu", item->line);
		else if (item->index > 1)
			snprintf(which, sizeof which, "request %zu", item->index);
		snprintf(place, sizeof place, "%s%s%.100s", which, which[0] && item->err.place[0] ? ", " : "", item->err.place);
		memcpy(item->err.place, place, sizeof place);
		rmt_err_source(&item->err, item->source);
	}
	return rmt_verb_fault(signing->ctx, &item->err);
}

static int release(void *arg, struct rmt_item *item)
{
	struct rmt_signing *signing = arg;

	rmt_verb_progress(signing->ctx, ++signing->done, 0);
	return signing->release ? signing->release(signing, item) : rmt_release_item(&signing->bench.release, item);
}

static int ready(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	return rmt_release_ready(&((struct rmt_signing *)arg)->bench.release, item, err);
}

int rmt_signing_flush(struct rmt_signing *signing, struct rmt_err *err)
{
	struct rmt_outlet outlet = {ready, release, signing};
	int rc = signing->count ? rmt_issuance_run(signing->bench.run, signing->group, signing->count, &outlet, err) : 0;

	for (size_t i = 0; rc == 0 && i < signing->count; i++)
		if (signing->group[i]->failed)
			rc = rmt_signing_refuse(signing, signing->group[i]);
	group_clear(signing);
	return rc;
}

int rmt_signing_take(struct rmt_signing *signing, struct rmt_item *item, struct rmt_err *err)
{
	signing->group[signing->count++] = item;
	return signing->count == RMT_GROUP ? rmt_signing_flush(signing, err) : 0;
}

/* ---- requests from files ---------------------------------------------------------------------------------------------------- */

struct reading {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	struct rmt_signing *signing;
	int (*take)(struct rmt_signing *signing, struct rmt_item *item);
	uint64_t seen;
	struct rmt_contents found; /* in the input under way */
};

static int read_object(void *arg, const struct rmt_object *object)
{
	struct reading *reading = arg;
	struct rmt_err *err = &reading->ctx->err;
	struct rmt_item *item;

	rmt_contents_note(&reading->found, object);
	if (!object->request)
		return 0;
	reading->seen++;
	item = rmt_item_new(err);
	if (!item)
		return -1;
	item->source = rmt_arena_text(&item->arena, object->source);
	item->index = object->index;
	item->line = object->line;
	item->request = rmt_request_new(object->der, err);
	if (item->source && item->request)
		return reading->take(reading->signing, item);
	rmt_item_free(item);
	return rmt_err_memory(err);
}

/* One input; one in which no request was found, and nothing else was wrong, is a fault of its own. */
static int read_input(struct reading *reading, const struct rmt_reader *reader, const char *input)
{
	struct rmt_err *err = &reading->ctx->err, fault = {0};
	uint64_t seen = reading->seen, faults = reading->ctx->faults;
	char without[320];
	int rc;

	reading->found = (struct rmt_contents){.unread = ""};
	rc = rmt_read_path(reader, input, &fault);
	if (rc && (fault.class == RMT_NONE || err->class != RMT_NONE))
		return rc;
	if (rc == 0 && reading->seen == seen && reading->ctx->faults == faults) {
		rmt_contents_without(&reading->found, "certificate request", without);
		rmt_err_set(&fault, RMT_INPUT, NULL, "%s", without);
		rmt_err_source(&fault, input);
	}
	return fault.class == RMT_NONE ? 0 : rmt_verb_fault(reading->ctx, &fault);
}

int rmt_signing_read(struct rmt_signing *signing, struct remint_strings inputs, int (*take)(struct rmt_signing *signing, struct rmt_item *item),
                     struct rmt_err *err)
{
	struct reading reading = {.ctx = signing->ctx, .signing = signing, .take = take};
	struct rmt_reader reader = rmt_verb_reader(signing->ctx);
	int rc = 0;

	reader.object = read_object;
	reader.arg = &reading;
	reader.skip_keys = true;
	for (size_t i = 0; rc == 0 && i < inputs.count; i++)
		rc = read_input(&reading, &reader, inputs.items[i]);
	return rc == 0 ? rmt_signing_flush(signing, err) : rc;
}
