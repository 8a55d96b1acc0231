/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.c - what every issuing verb opens, and remint_issue(): a new key and certificate from a template alone.
 *
 * Items are only prepared here; the road itself is issuance.c's.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- what every issuing verb opens ---------------------------------------------------------------------------------- */

int rmt_bench_open(struct rmt_bench *bench, struct remint *ctx, const char *authority, bool signing, struct rmt_err *err)
{
	*bench = (struct rmt_bench){.release = {.ctx = ctx}};
	bench->release.authority = &bench->authority;
	bench->release.demand = &bench->demand;
	if (rmt_home_open(ctx, RMT_DB_WRITE, &bench->home, err))
		return -1;
	return rmt_authority_load(&bench->home, authority, signing, &bench->authority, err);
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
	if (rmt_bench_open(&bench, ctx, options->authority, true, err))
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
