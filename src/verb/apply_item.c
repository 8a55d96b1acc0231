/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_item.c - the replacement of one item of a plan, and what the other deeds share: authority and targets, the bundle.
 *
 * Issuing goes the one road of issuance.c; the bundle is release.c's, with a runbook beside it; keys are apply_key.c's. Each function here may be
 * called again after an interruption at any point.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static const char usual_template[] = "server-client";

/* ---- the bench: authority, template and targets of an item --------------------------------------------------------------- */

static const char *authority_name(const struct rmt_applying *job)
{
	return job->options->authority ? job->options->authority : job->campaign.authority;
}

/* The key is asked for when something is to be signed, and then what an interrupted run left is finished first. */
int rmt_apply_authority(struct rmt_applying *job, bool signing, struct rmt_err *fatal)
{
	struct rmt_bench *bench = &job->campaign.bench;

	if (bench->authority.cert && (bench->authority.key || !signing))
		return 0;
	rmt_issuance_free(bench->run);
	bench->run = bench->release.run = NULL;
	bench->release.issuer = NULL;
	rmt_buf_clear(&job->bench_for);
	rmt_authority_clear(&bench->authority);
	if (rmt_authority_load(&bench->home, authority_name(job), signing, &bench->authority, fatal))
		return -1;
	if ((signing || !job->options->commit) && !bench->authority.crl_uri)
		rmt_verb_warn(job->campaign.ctx, "the CA \"%s\" has no publish URL: the new certificates carry no CRL or issuer address",
		              bench->authority.name);
	return signing ? rmt_issuance_resume(&bench->home, &bench->authority, fatal) : 0;
}

int rmt_apply_demand(struct rmt_applying *job, bool signing, struct rmt_err *err)
{
	const struct rmt_plan_item *item = job->item;
	struct rmt_bench *bench = &job->campaign.bench;
	struct rmt_buf wanted = {0};
	int rc = 0;

	rmt_buf_format(&wanted, "%d\n%s\n", signing, item->template_name ? item->template_name : "");
	for (size_t i = 0; i < item->targets.count; i++)
		rmt_buf_format(&wanted, "%s\n", item->targets.items[i]);
	rc = rmt_buf_check(&wanted, err);
	if (rc || rmt_span_equal(rmt_buf_view(&wanted), rmt_buf_view(&job->bench_for)))
		goto out;
	rmt_buf_clear(&job->bench_for);
	if (signing) {
		rc = rmt_bench_demand(bench, item->template_name, item->targets, !job->options->commit, err);
	} else {
		rmt_issuance_free(bench->run);
		bench->run = bench->release.run = NULL;
		rmt_demand_clear(&bench->demand);
		rc = rmt_demand_load(job->campaign.ctx, item->template_name, item->targets, usual_template, &bench->demand, err);
	}
	if (rc == 0) {
		rmt_buf_span(&job->bench_for, rmt_buf_view(&wanted));
		rc = rmt_buf_check(&job->bench_for, err);
	}
out:
	rmt_buf_free(&wanted);
	return rc;
}

/* ---- the bundle ------------------------------------------------------------------------------------------------------------ */

/* Facts for whoever stands before the device. */
static int write_runbook(void *arg, const struct rmt_bundle *bundle, struct rmt_buf *content, struct rmt_err *err)
{
	struct rmt_applying *job = arg;
	const struct rmt_plan_item *item = job->item;
	const struct rmt_demand *demand = &job->campaign.bench.demand;
	const char **addresses = rmt_arena_take(&job->arena, (item->place_count + 1) * sizeof *addresses);
	struct rmt_runbook_part part = {.bundle = bundle,
	                                .targets = (const struct rmt_target *const *)demand->targets,
	                                .target_count = demand->target_count,
	                                .apart = demand->target_count > 1,
	                                .addresses = addresses,
	                                .why = item->why,
	                                .note = item->note};
	struct rmt_runbook runbook = {.device = item->device, .parts = &part, .part_count = 1};

	if (!addresses)
		return rmt_err_memory(err);
	for (size_t i = 0; i < item->place_count; i++)
		if (strcmp(item->places[i].kind, "endpoint") == 0)
			addresses[part.address_count++] = item->places[i].source;
	return rmt_write_runbook(&runbook, content, err);
}

/* The files are there: the item is exported, and only then is it told. */
static int exported(void *arg, const struct remint_issued *issued)
{
	struct rmt_applying *job = arg;
	struct rmt_arena *arena = &job->arena;
	const char **files = rmt_arena_take(arena, (issued->files.count + 1) * sizeof *files);

	if (rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_EXPORTED, NULL, NULL, &job->campaign.ctx->err))
		return -1;
	job->told.text = "issued and exported";
	job->told.serial = rmt_arena_text(arena, issued->serial);
	job->told.directory = issued->directory ? rmt_arena_text(arena, issued->directory) : NULL;
	for (size_t i = 0; files && i < issued->files.count; i++)
		files[i] = rmt_arena_text(arena, issued->files.items[i]);
	job->told.files = (struct remint_strings){files, files ? issued->files.count : 0};
	return 0;
}

/* The errors that the second audit still has go with the step; the item holds them no longer than this. */
static void keep_findings(struct rmt_applying *job, const struct rmt_item *item)
{
	struct rmt_arena *arena = &job->arena;
	struct remint_finding *list = rmt_arena_take(arena, (item->finding_count + 1) * sizeof *list);

	for (size_t i = 0; list && i < item->finding_count; i++) {
		list[i] = item->findings[i];
		list[i].rule = rmt_arena_text(arena, list[i].rule);
		list[i].target = rmt_arena_text(arena, list[i].target);
		list[i].source = rmt_arena_text(arena, list[i].source);
		list[i].object = rmt_arena_text(arena, list[i].object);
		list[i].place = rmt_arena_text(arena, list[i].place);
		list[i].message = rmt_arena_text(arena, list[i].message);
		list[i].citation = rmt_arena_text(arena, list[i].citation);
		list[i].fix = rmt_arena_text(arena, list[i].fix);
	}
	job->told.findings = list;
	job->told.finding_count = list ? item->finding_count : 0;
}

static int set_release(struct rmt_applying *job, char **directory, struct rmt_err *err)
{
	struct rmt_release *release = &job->campaign.bench.release;

	*directory = rmt_path_join(job->options->out.directory, job->item->device, err);
	if (!*directory)
		return -1;
	release->out = job->options->out;
	release->out.directory = *directory;
	release->parent = job->options->out.directory;
	release->audit_again = true;
	release->settle = true;
	release->issued = exported;
	release->more_name = "RUNBOOK.txt";
	release->more = write_runbook;
	release->arg = job;
	return 0;
}

/* Release an item outside the road: its certificate stood before this run. */
int rmt_apply_release(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *fault, struct rmt_err *fatal)
{
	char *directory = NULL;
	int rc = set_release(job, &directory, fatal);

	if (rc == 0)
		rc = rmt_release_item(&job->campaign.bench.release, item);
	if (rc && job->campaign.ctx->err.class != RMT_NONE)
		rmt_err_set(fatal, job->campaign.ctx->err.class, NULL, "%s", job->campaign.ctx->err.message);
	if (rc == 0 && item->failed) {
		*fault = item->err;
		rc = -1;
	}
	free(directory);
	return rc;
}

/* ---- issue ------------------------------------------------------------------------------------------------------------------- */

static struct rmt_item *replacement(struct rmt_applying *job, struct rmt_err *err)
{
	const struct rmt_plan_item *wanted = job->item;
	struct rmt_item *item = rmt_item_new(err);

	if (!item)
		return NULL;
	item->source = wanted->device;
	item->validity = wanted->validity;
	item->subject_verbatim = true;
	item->campaign = job->campaign.id;
	item->campaign_item = wanted->id;
	item->previous = rmt_plan_item_cert(wanted, err);
	if (item->previous && rmt_plan_item_subject(wanted, item->previous, &item->subject, err) == 0 &&
	    rmt_item_names(item, wanted->names, err) == 0 && rmt_apply_choose_key(job, item, err) == 0)
		return item;
	rmt_item_free(item);
	return NULL;
}

/* The end of a dry run's road: nothing is written, but what is in the way is told. */
static int look_at_files(void *arg, struct rmt_item *item)
{
	item->failed = rmt_release_look(arg, item, &item->err) != 0;
	return 0;
}

static int take_the_road(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_bench *bench = &job->campaign.bench;
	struct rmt_outlet outlet = {rmt_release_ready, job->options->commit ? rmt_release_item : look_at_files, &bench->release};
	struct rmt_err trouble = {0};
	int rc = rmt_issuance_run(bench->run, &item, 1, &outlet, &trouble);

	if (rc && trouble.class == RMT_NONE)
		trouble = job->campaign.ctx->err;
	if (rc && (trouble.class == RMT_NEGATIVE || trouble.class == RMT_POLICY))
		*fault = trouble;
	else if (rc)
		*fatal = trouble;
	else if (item->failed)
		*fault = item->err;
	return rc || item->failed ? -1 : 0;
}

/* In a dry run everything but the signature and what comes after it, without the authority's key. */
int rmt_apply_issue(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	const bool commit = job->options->commit;
	struct rmt_item *item = NULL;
	char *directory = NULL;
	int rc = -1;

	if (rmt_apply_authority(job, commit, fatal))
		return -1;
	if (rmt_campaign_standing(&job->campaign, job->item, &job->standing, fatal))
		return -1;
	if (job->standing.tbs) /* finished just now, from an interrupted run */
		return rmt_apply_export(job, fault, fatal);
	if (rmt_apply_demand(job, true, fault) ||
	    (job->options->out.directory && set_release(job, &directory, fatal)))
		goto out;
	item = replacement(job, fault);
	if (item)
		rc = take_the_road(job, item, fault, fatal);
	if (item && commit)
		keep_findings(job, item);
out:
	rmt_item_free(item);
	free(directory);
	return rc;
}
