/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.c - remint_issue() and remint_sign(): new certificates, from a template alone or from requests.
 *
 * Both only prepare items; the road itself is issuance.c's.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- what every issuing verb opens ---------------------------------------------------------------------------------- */

int rmt_bench_open(struct rmt_bench *bench, struct remint *ctx, const char *authority, struct rmt_err *err)
{
	*bench = (struct rmt_bench){.release = {.ctx = ctx}};
	bench->release.authority = &bench->authority;
	bench->release.demand = &bench->demand;
	if (rmt_home_open(ctx, RMT_DB_WRITE, &bench->home, err))
		return -1;
	return rmt_authority_load(&bench->home, authority, true, &bench->authority, err);
}

int rmt_bench_demand(struct rmt_bench *bench, const char *template_name, struct remint_strings targets, bool dry_run,
                     struct rmt_err *err)
{
	rmt_issuance_free(bench->run);
	bench->run = bench->release.run = NULL;
	rmt_demand_clear(&bench->demand);
	if (rmt_demand_load(bench->home.ctx, template_name, targets, "server-client", &bench->demand, err))
		return -1;
	if (bench->demand.template->role != RMT_ROLE_LEAF)
		return rmt_err_set(err, RMT_POLICY, NULL,
		                   "the template \"%s\" makes a CA: CA certificates are made by init and by ca sign",
		                   bench->demand.template->name);
	if (rmt_expectation_load(bench->home.ctx, bench->topology, bench->server, bench->demand.targets, bench->demand.target_count, true,
	                         &bench->demand.expect, err))
		return -1;
	bench->run = bench->release.run =
	    rmt_issuance_new(&bench->home, &bench->authority, &bench->demand, dry_run, err);
	return bench->run ? 0 : -1;
}

void rmt_bench_close(struct rmt_bench *bench)
{
	rmt_issuance_free(bench->run);
	rmt_release_clear(&bench->release);
	rmt_authority_clear(&bench->authority);
	rmt_home_close(&bench->home);
	rmt_demand_clear(&bench->demand);
}

int rmt_item_names(struct rmt_item *item, struct remint_strings names, struct rmt_err *err)
{
	item->names.items = calloc(names.count + 1, sizeof(char *));
	if (!item->names.items)
		return rmt_err_memory(err);
	for (size_t i = 0; i < names.count; i++) {
		item->names.items[i] = (char *)(uintptr_t)rmt_arena_text(&item->arena, names.items[i]);
		item->names.count++;
	}
	return 0;
}

/* ---- issue ------------------------------------------------------------------------------------------------------------- */

/* Without a subject the CN is the first name, or the first of its kind that can be one. */
static int subject_of(const struct remint_issue_options *options, const struct rmt_expectation *expect, struct rmt_buf *der,
                      struct rmt_err *err)
{
	const char *first = options->names.count ? options->names.items[0] : NULL, *colon;
	struct rmt_name_part part = {.attribute = "CN"};

	if (rmt_expectation_cn(expect))
		return rmt_subject_expected(expect, (struct rmt_span){0}, options->subject, der, err);
	if (options->subject)
		return rmt_name_parse(options->subject, der, err);
	if (!first)
		return rmt_err_set(err, RMT_USAGE, NULL, "a certificate needs a name: give --cn, --dns, --ip, --email, --uri or --upn");
	colon = strchr(first, ':');
	part.value = colon ? colon + 1 : first;
	if (strlen(part.value) > 64) /* ub-common-name, RFC 5280, A.1: it stands in the subjectAltName alone */
		return 0;
	return rmt_name_build(&part, 1, der, err);
}

static struct rmt_item *issue_item(const struct remint_issue_options *options, const struct rmt_demand *demand,
                                   struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);
	const char *spec = options->key ? options->key : demand->template->key_generate;
	struct remint_strings names;

	if (!item)
		return NULL;
	item->source = "";
	item->validity = options->validity;
	item->not_after = options->not_after;
	item->store_key = true;
	if (subject_of(options, &demand->expect, &item->subject, err) == 0 &&
	    rmt_expectation_names(&demand->expect, (struct remint_strings){0}, options->names, &item->arena, &names, err) == 0 &&
	    rmt_item_names(item, names, err) == 0)
		item->key = rmt_key_generate(spec, err);
	if (item->key)
		return item;
	rmt_item_free(item);
	return NULL;
}

/* Run a group of one; its refusal is the verb's failure. */
int rmt_issuance_one(struct rmt_bench *bench, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_outlet outlet = {rmt_release_ready, rmt_release_item, &bench->release};
	int rc = rmt_issuance_run(bench->run, &item, 1, &outlet, err);

	if (rc == 0 && item->failed) {
		*err = item->err;
		return -1;
	}
	return rc;
}

int remint_issue(struct remint *ctx, const struct remint_issue_options *options, remint_issued_fn *issued, void *arg)
{
	struct rmt_err *err = &ctx->err;
	struct rmt_bench bench = {0};
	struct rmt_item *item = NULL;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_bench_open(&bench, ctx, options->authority, err))
		goto out;
	bench.topology = options->topology;
	bench.server = options->server;
	if (rmt_bench_demand(&bench, options->template_name, options->targets, options->dry_run, err))
		goto out;
	bench.release.out = options->out;
	bench.release.issued = issued;
	bench.release.arg = arg;
	bench.release.audit_again = options->targets.count > 0;
	item = issue_item(options, &bench.demand, err);
	if (item)
		rc = rmt_issuance_one(&bench, item, err);
out:
	rmt_item_free(item);
	rmt_bench_close(&bench);
	return rmt_verb_end(ctx, rc);
}

/* ---- sign --------------------------------------------------------------------------------------------------------------- */

struct signing {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	const struct remint_sign_options *options;
	struct rmt_bench bench;
	struct rmt_item *group[RMT_GROUP];
	char *sources[RMT_GROUP];
	size_t count;
	uint64_t seen, done; /* requests read, certificates issued */
};

static void group_clear(struct signing *signing)
{
	for (size_t i = 0; i < signing->count; i++) {
		rmt_item_free(signing->group[i]);
		free(signing->sources[i]);
	}
	signing->count = 0;
}

static int sign_release(void *arg, struct rmt_item *item)
{
	struct signing *signing = arg;

	rmt_verb_progress(signing->ctx, ++signing->done, 0);
	return rmt_release_item(&signing->bench.release, item);
}

static int sign_ready(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	return rmt_release_ready(&((struct signing *)arg)->bench.release, item, err);
}

/* Which of several requests of a file: by its line in PEM, else by its number. What failed in another file, as one to be
 * written, has its place there. */
static void name_item(struct rmt_item *item)
{
	char place[sizeof item->err.place], which[40] = "";

	if (item->err.source[0])
		return;
	if (item->line)
		snprintf(which, sizeof which, "line %zu", item->line);
	else if (item->index > 1)
		snprintf(which, sizeof which, "request %zu", item->index);
	snprintf(place, sizeof place, "%s%s%.100s", which, which[0] && item->err.place[0] ? ", " : "", item->err.place);
	memcpy(item->err.place, place, sizeof place);
	rmt_err_source(&item->err, item->source);
}

static int sign_group(struct signing *signing)
{
	struct rmt_err *err = &signing->ctx->err;
	struct rmt_outlet outlet = {sign_ready, sign_release, signing};
	int rc = signing->count ? rmt_issuance_run(signing->bench.run, signing->group, signing->count, &outlet, err) : 0;

	for (size_t i = 0; rc == 0 && i < signing->count; i++) {
		struct rmt_item *item = signing->group[i];

		if (!item->failed)
			continue;
		name_item(item);
		rc = rmt_verb_fault(signing->ctx, &item->err);
	}
	group_clear(signing);
	return rc;
}

static int sign_object(void *arg, const struct rmt_object *object)
{
	struct signing *signing = arg;
	const struct remint_sign_options *options = signing->options;
	struct rmt_err *err = &signing->ctx->err;
	struct rmt_item *item;

	if (!object->request)
		return 0;
	item = rmt_item_new(err);
	if (!item)
		return -1;
	signing->group[signing->count] = item;
	item->source = signing->sources[signing->count] = rmt_strdup(object->source, err);
	signing->count++;
	signing->seen++;
	item->index = object->index;
	item->line = object->line;
	item->validity = options->validity;
	item->not_after = options->not_after;
	item->request = rmt_request_new(object->der, err);
	if (!item->source || !item->request || rmt_item_names(item, options->names, err) ||
	    (options->subject && rmt_name_parse(options->subject, &item->subject, err)))
		return -1;
	return signing->count == RMT_GROUP ? sign_group(signing) : 0;
}

/* One input; one in which no request was found, and nothing else was wrong, is a fault of its own. */
static int sign_input(struct signing *signing, const struct rmt_reader *reader, const char *input)
{
	struct rmt_err *err = &signing->ctx->err, fault = {0};
	uint64_t seen = signing->seen, faults = signing->ctx->faults;
	int rc = rmt_read_path(reader, input, &fault);

	if (rc && (fault.class == RMT_NONE || err->class != RMT_NONE))
		return rc;
	if (rc == 0 && signing->seen == seen && signing->ctx->faults == faults) {
		rmt_err_set(&fault, RMT_INPUT, NULL, "holds no certificate request");
		rmt_err_source(&fault, input);
	}
	return fault.class == RMT_NONE ? 0 : rmt_verb_fault(signing->ctx, &fault);
}

int remint_sign(struct remint *ctx, const struct remint_sign_options *options, remint_issued_fn *issued, void *arg)
{
	struct rmt_reader reader = rmt_verb_reader(ctx);
	struct signing signing = {.ctx = ctx, .options = options};
	struct rmt_release *release = &signing.bench.release;
	struct rmt_err *err = &ctx->err;
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_bench_open(&signing.bench, ctx, options->authority, err);
	if (rc == 0)
		rc = rmt_bench_demand(&signing.bench, options->template_name, options->targets, options->dry_run, err);
	release->out = options->out;
	release->issued = issued;
	release->arg = arg;
	release->one_file = true;
	release->audit_again = options->targets.count > 0;
	reader.object = sign_object;
	reader.arg = &signing;
	reader.skip_keys = true;
	for (size_t i = 0; rc == 0 && i < options->inputs.count; i++)
		rc = sign_input(&signing, &reader, options->inputs.items[i]);
	if (rc == 0)
		rc = sign_group(&signing);
	group_clear(&signing);
	rmt_bench_close(&signing.bench);
	return rmt_verb_end(ctx, rc);
}
