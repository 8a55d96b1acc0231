/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_request.c - an item that another CA signs: a key and a request in the device's directory, and how to hand it in; or the
 * words for a device that makes its own.
 *
 * The key is in the home and the request in the database before any file is written, so that a second run writes the same
 * ones. What the other CA answers is taken in by apply_answer.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static const char usual_key[] = "rsa:2048";

struct asked {
	struct rmt_key *key;
	struct rmt_buf der; /* of the request */
};

/* The first of: the plan's, what a target's field rules begin with, the template's. */
static const char *key_spec(const struct rmt_plan_item *item, const struct rmt_demand *demand)
{
	if (item->key)
		return item->key;
	for (size_t i = 0; i < demand->target_count; i++)
		if (demand->targets[i]->request.keys.count)
			return demand->targets[i]->request.keys.items[0];
	return demand->template->key_generate ? demand->template->key_generate : usual_key;
}

static const char *digest_of(const struct rmt_demand *demand)
{
	for (size_t i = 0; i < demand->target_count; i++)
		if (demand->targets[i]->request.digest)
			return demand->targets[i]->request.digest;
	return "sha256";
}

/* The names of the old certificate and those of the plan, each once. */
static int join_names(const struct rmt_plan_item *item, const struct rmt_cert *old, struct rmt_arena *arena,
                      struct rmt_text_list *out, struct rmt_err *err)
{
	struct remint_strings lists[2] = {rmt_arena_names(arena, &old->extensions), item->names};

	out->items = rmt_arena_take(arena, (lists[0].count + lists[1].count + 1) * sizeof *out->items);
	out->count = 0;
	if (!out->items)
		return rmt_err_memory(err);
	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list].count; i++)
			if (!rmt_text_list_has(out, lists[list].items[i]))
				out->items[out->count++] = (char *)(uintptr_t)lists[list].items[i];
	return 0;
}

/* The subject that the new certificate is to have. */
static int wished_subject(const struct rmt_plan_item *item, const struct rmt_cert *old, struct rmt_buf *subject, struct rmt_err *err)
{
	struct rmt_buf stated = {0};
	int rc = rmt_plan_item_subject(item, old, &stated, err);

	if (rc == 0)
		rc = rmt_name_clean(rmt_buf_view(&stated), subject, err);
	rmt_buf_free(&stated);
	return rc;
}

/* With the way out. */
static int refuse_fields(const struct rmt_err *wrong, struct rmt_err *fault)
{
	if (wrong->class != RMT_POLICY)
		return rmt_err_set(fault, wrong->class, wrong->place, "%s", wrong->message);
	return rmt_err_set(fault, RMT_POLICY, NULL,
	                   "%s. State one that it takes as \"new_subject\" of the item, such as \"CN=host.example, O=Example, L=Utrecht, "
	                   "ST=Utrecht, C=NL\"", wrong->message);
}

/* Before anything is made or recorded: what the targets have fields for. */
static int check_fields(struct rmt_applying *job, struct rmt_err *fault)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;
	struct rmt_cert *old = rmt_plan_item_cert(job->item, fault);
	struct rmt_buf subject = {0};
	struct rmt_err wrong = {0};
	int rc = old ? wished_subject(job->item, old, &subject, fault) : -1;

	for (size_t i = 0; rc == 0 && i < demand->target_count; i++) {
		const struct rmt_target *target = demand->targets[i];

		if (rmt_request_fields_check(target, rmt_buf_view(&subject), &wrong) ||
		    rmt_request_fields_warn(job->campaign.ctx, target, rmt_buf_view(&subject), &wrong))
			rc = refuse_fields(&wrong, fault);
	}
	rmt_buf_free(&subject);
	rmt_cert_free(old);
	return rc;
}

/* The subject and the names that the new certificate is to have. */
static int wished(struct rmt_applying *job, struct rmt_buf *subject, struct rmt_text_list *names, struct rmt_err *err)
{
	struct rmt_cert *old = rmt_plan_item_cert(job->item, err);
	int rc = -1;

	if (old && wished_subject(job->item, old, subject, err) == 0)
		rc = join_names(job->item, old, &job->arena, names, err);
	rmt_cert_free(old);
	return rc;
}

static int build(struct rmt_applying *job, const struct rmt_key *key, struct rmt_buf *der, struct rmt_err *err)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;
	struct rmt_buf subject = {0}, extensions = {0};
	struct rmt_text_list names;
	int rc = -1;

	if (wished(job, &subject, &names, err) == 0 &&
	    rmt_request_extensions(&names, demand->template, rmt_key_spki(key), &extensions, err) == 0)
		rc = rmt_request_build(key, digest_of(demand), rmt_buf_view(&subject), rmt_buf_view(&extensions), der, err);
	rmt_buf_free(&extensions);
	rmt_buf_free(&subject);
	return rc;
}

/* The request on record, that it is waited for, what it will replace and the state of the item, in one transaction. */
static int record(struct rmt_applying *job, const struct asked *asked, struct rmt_err *err)
{
	struct rmt_db *db = job->campaign.bench.home.db;
	rmt_time now = rmt_verb_now(job->campaign.ctx);
	struct rmt_cert *old = rmt_plan_item_cert(job->item, err);
	struct rmt_db_item change = {.state = RMT_ITEM_REQUESTED};
	struct rmt_pending_new waiting = {.kind = RMT_PENDING_EXTERNAL,
	                                  .template_name = job->item->template_name,
	                                  .targets = job->campaign.bench.demand.target_names,
	                                  .signer = "external",
	                                  .der = rmt_buf_view(&asked->der)};
	int64_t pending;
	int rc = -1;

	if (!old || rmt_db_begin(db, err))
		goto out;
	if (rmt_request_keep(job->campaign.ctx, db, &waiting, !asked->key, &pending, &change.request, err) >= 0 &&
	    rmt_row_previous(db, old, now, &job->arena, &change.previous, err) == 0 &&
	    rmt_campaign_change(&job->campaign, job->item, &change, err) == 0)
		rc = rmt_db_commit(db, err);
	if (rc)
		rmt_db_rollback(db);
out:
	rmt_cert_free(old);
	return rc;
}

static int make(struct rmt_applying *job, struct asked *asked, struct rmt_err *fault, struct rmt_err *fatal)
{
	if (rmt_apply_may_make_key(job, fault))
		return -1;
	asked->key = rmt_key_generate(key_spec(job->item, &job->campaign.bench.demand), fault);
	if (!asked->key || build(job, asked->key, &asked->der, fault) ||
	    rmt_home_key_store(&job->campaign.bench.home, asked->key, fatal))
		return -1;
	return record(job, asked, fatal);
}

/* Held to the rule of requests that are waited for: it may ask for less, and not for more nor for something else. */
static int check_asked(struct rmt_applying *job, const struct rmt_request *request, struct rmt_err *fault)
{
	struct rmt_difference difference;
	struct rmt_buf subject = {0};
	struct rmt_text_list names;
	struct rmt_asked asked;
	int rc = wished(job, &subject, &names, fault);

	if (rc == 0) {
		asked = (struct rmt_asked){.subject = rmt_buf_view(&subject), .names = {(const char *const *)names.items, names.count}};
		rc = rmt_pending_compare(&asked, request, &job->arena, &difference, fault);
	}
	if (rc == 0 && difference.more.count)
		rc = rmt_pending_refuse("this item", &difference, &job->arena, fault);
	rmt_buf_free(&subject);
	return rc;
}

/* The device made it, and the plan names its file. */
static int take(struct rmt_applying *job, struct asked *asked, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_request *request = rmt_request_file(job->campaign.ctx, job->item->request, fault);
	int rc;

	if (!request)
		return -1;
	rc = check_asked(job, request, fault);
	if (rc == 0)
		rc = rmt_hygiene_check(job->campaign.ctx, job->campaign.bench.home.db, request->spki, request->subject, false, job->item->request, fault);
	rmt_buf_span(&asked->der, request->der);
	rmt_request_free(request);
	if (rc)
		return -1;
	return !job->options->commit ? 0 : rmt_buf_check(&asked->der, fatal) ? -1 : record(job, asked, fatal);
}

static int made_before(struct rmt_applying *job, struct asked *asked, struct rmt_err *fault)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_request row;
	int found = rmt_db_request_by_id(job->campaign.bench.home.db, job->standing.request, &row, fault);

	if (found < 0)
		return -1;
	if (!found || row.spki_hash.length != sizeof hash)
		return rmt_err_set(fault, RMT_DATABASE, NULL, "its request is gone from the database: run remint db check");
	memcpy(hash, row.spki_hash.at, sizeof hash);
	rmt_buf_span(&asked->der, row.der);
	if (job->item->request) /* the device has it */
		return rmt_buf_check(&asked->der, fault);
	asked->key = rmt_home_key_load(&job->campaign.bench.home, rmt_span_of(hash, sizeof hash), fault);
	return asked->key ? rmt_buf_check(&asked->der, fault) : -1;
}

/* ---- a device that has not made it yet --------------------------------------------------------------------------------------- */

/* The words for the first target that makes its own key, and the record that its request is waited for. Nothing is at another CA yet. */
static int tell_device(struct rmt_applying *job, const struct rmt_target *target, const char *directory, struct rmt_err *fault,
                       struct rmt_err *fatal)
{
	struct rmt_cert *old = rmt_plan_item_cert(job->item, fault);
	struct rmt_request_plan plan = {.target = (struct rmt_target *)(uintptr_t)target, .template = job->campaign.bench.demand.template};
	struct rmt_buf subject = {0};
	struct remint_requested told = {.pending = 0};
	struct rmt_fileset files = {0};
	struct rmt_err trouble = {0};
	int rc = -1;

	if (!old || wished_subject(job->item, old, &subject, fault) ||
	    join_names(job->item, old, &job->arena, target->request.san ? &plan.terms.names : &plan.owed, fault))
		goto out;
	plan.terms.subject = rmt_buf_view(&subject);
	plan.terms.key = key_spec(job->item, &job->campaign.bench.demand);
	plan.terms.digest = target->request.digest;
	plan.terms.ca_template = job->options->ca_template;
	if (rmt_request_device_files(&plan, true, &job->arena, &told, &files, fault) == 0 &&
	    rmt_files_settle(job->campaign.ctx, directory, files.files, files.count, job->options->out.force, fault) == 0)
		rc = rmt_request_await(job->campaign.ctx, job->campaign.bench.home.db, &plan, &told, &trouble);
	if (rc && trouble.class != RMT_NONE)
		*(trouble.class == RMT_POLICY ? fault : fatal) = trouble;
	if (rc == 0) {
		job->told.text = "the device has to make its own request: see DEVICE.txt, then name its file as \"request\" of this item (with \"key\" null and \"keep_key\" false)";
		job->told.directory = rmt_arena_text(&job->arena, directory);
	}
out:
	rmt_fileset_free(&files);
	rmt_buf_free(&subject);
	rmt_cert_free(old);
	return rc;
}

/* ---- files -------------------------------------------------------------------------------------------------------------------- */

/* For the first target whose machines share their key. */
static const char *exportable(const struct rmt_demand *demand)
{
	for (size_t i = 0; i < demand->target_count; i++)
		if (demand->targets[i]->request.exportable)
			return demand->targets[i]->request.exportable;
	return NULL;
}

static int fill(struct rmt_applying *job, const struct asked *asked, struct rmt_fileset *files, struct rmt_err *err)
{
	const struct rmt_external external = {.der = rmt_buf_view(&asked->der),
	                                      .key = asked->key,
	                                      .ca_template = job->options->ca_template,
	                                      .exportable = exportable(&job->campaign.bench.demand),
	                                      .encrypt_key = job->options->out.encrypt_key,
	                                      .campaign = true};

	return rmt_external_files(job->campaign.ctx, &external, files, err);
}

static struct remint_strings file_names(struct rmt_applying *job, const struct rmt_fileset *files)
{
	const char **names = rmt_arena_take(&job->arena, (files->count + 1) * sizeof *names);

	for (size_t i = 0; names && i < files->count; i++)
		names[i] = rmt_arena_text(&job->arena, files->names[i]);
	return (struct remint_strings){names, names ? files->count : 0};
}

static int ask_other(struct rmt_applying *job, const char *directory, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_fileset files = {0};
	struct asked asked = {0};
	int rc = job->standing.request     ? made_before(job, &asked, fault)
	         : job->item->request ? take(job, &asked, fault, fatal)
	                              : make(job, &asked, fault, fatal);

	if (rc == 0)
		rc = fill(job, &asked, &files, fault);
	if (rc == 0)
		rc = rmt_files_settle(job->campaign.ctx, directory, files.files, files.count, job->options->out.force, fault);
	if (rc == 0 && job->standing.state == RMT_ITEM_FAILED)
		rc = rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_REQUESTED, NULL, NULL, fatal);
	if (rc == 0) {
		job->told.text = "a request to the other CA is ready: see REQUEST.txt";
		job->told.directory = rmt_arena_text(&job->arena, directory);
		job->told.files = file_names(job, &files);
	}
	rmt_fileset_free(&files);
	rmt_key_free(asked.key);
	rmt_buf_free(&asked.der);
	return rc;
}

int rmt_apply_request(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	const struct rmt_target *own;
	struct asked asked = {0};
	char *directory;
	int rc = rmt_apply_demand(job, false, fault);

	if (rc || (!job->standing.request && !job->item->request && check_fields(job, fault)))
		return -1;
	own = job->standing.request || job->item->request ? NULL : rmt_apply_own_key(job);
	if (!job->options->commit) {
		rc = job->item->request && !job->standing.request ? take(job, &asked, fault, fatal) : 0;
		rmt_buf_free(&asked.der);
		if (own)
			job->told.text = "the device would be told how to make its own request";
		return rc;
	}
	directory = rmt_apply_directory(job);
	if (!directory)
		return rmt_err_memory(fatal);
	rc = own ? tell_device(job, own, directory, fault, fatal) : ask_other(job, directory, fault, fatal);
	free(directory);
	return rc;
}
