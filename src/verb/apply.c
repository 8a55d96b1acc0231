/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - remint_apply(): a plan carried out, item by item, from whatever state each has reached.
 *
 *   planned -> issued -> exported -> live -> closed      requested: at another CA
 *   failed is tried again, skipped is looked at again
 *
 * The table of deeds says what comes next for an item. Each step is durable before the next begins, and nothing depends on
 * what this process remembers: killed at any moment, a run is finished by the next. How a deed is done is apply_item.c's.
 * A dry run goes the same way, but each deed stops before it makes anything, and nothing is recorded.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb/local.h"

/* ---- what comes next ---------------------------------------------------------------------------------------------------- */

enum deed { DEED_NONE, DEED_SKIP, DEED_ISSUE, DEED_EXPORT, DEED_CONVERT, DEED_REQUEST, DEED_ANSWER, DEED_REPLACE_CA, DEEDS };

static int skip(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
static int replace_ca(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);

/*
 * How to add a deed: a name above, a row here with what a dry run says of it and the function that does it, and a line in next_deed().
 */
static const struct {
	const char *would;
	int (*act)(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal);
} deeds[DEEDS] = {
    [DEED_NONE] = {"nothing is left to do", NULL},
    [DEED_SKIP] = {"is left as it is", skip},
    [DEED_ISSUE] = {"a replacement would be issued and its bundle written", rmt_apply_issue},
    [DEED_EXPORT] = {"the replacement is issued; its bundle would be written", rmt_apply_export},
    [DEED_CONVERT] = {"the same certificate would be written with its right chain in the form that is wanted", rmt_apply_convert},
    [DEED_REQUEST] = {"a key and a request to the other CA would be made", rmt_apply_request},
    [DEED_ANSWER] = {"what the other CA made would be recorded and its bundle written", rmt_apply_answer},
    [DEED_REPLACE_CA] = {"its issuing CA has to be replaced first, by a person", replace_ca},
};

/* What is done once, before the next step, for an item that has nothing yet. */
static enum deed first_deed(const struct rmt_plan_item *item)
{
	bool external = strcmp(item->signer, "external") == 0;

	switch (item->action) {
	case RMT_ACTION_KEEP:
		return DEED_SKIP;
	case RMT_ACTION_CONVERT:
	case RMT_ACTION_FIX_CHAIN:
		return DEED_CONVERT;
	case RMT_ACTION_REPLACE_CA:
		return external ? DEED_REPLACE_CA : DEED_ISSUE;
	case RMT_ACTION_REISSUE:
	case RMT_ACTION_REKEY:
		return external ? DEED_REQUEST : DEED_ISSUE;
	}
	return DEED_SKIP;
}

static enum deed next_deed(const struct rmt_plan_item *item, const struct rmt_standing *standing, bool bundle_stands, bool answered)
{
	if (standing->state == RMT_ITEM_CLOSED || standing->state == RMT_ITEM_LIVE)
		return DEED_NONE;
	if (standing->certificate || standing->tbs) /* taken out of the plan or not: what is signed is finished */
		return standing->state == RMT_ITEM_EXPORTED && bundle_stands ? DEED_NONE : DEED_EXPORT;
	if (!item->approved)
		return DEED_SKIP;
	if (standing->request && answered)
		return DEED_ANSWER;
	if (standing->request)
		return standing->state == RMT_ITEM_REQUESTED && bundle_stands ? DEED_NONE : DEED_REQUEST;
	if (standing->state == RMT_ITEM_EXPORTED && bundle_stands && !standing->edited)
		return DEED_NONE;
	return first_deed(item);
}

static const char *why_skipped(const struct rmt_plan_item *item)
{
	return item->approved ? "the plan keeps it" : "not approved in the plan";
}

static int skip(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	const char *why = why_skipped(job->item);

	(void)fault;
	job->told.text = why;
	if (!job->options->commit)
		return 0;
	if (job->standing.state == RMT_ITEM_SKIPPED && strcmp(job->standing.why, why) == 0)
		return 0;
	return rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_SKIPPED, why, NULL, fatal);
}

static int replace_ca(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	(void)job;
	(void)fatal;
	return rmt_err_set(fault, RMT_POLICY, NULL,
	                   "the CA that issued it has to be replaced first: make or certify one with remint ca request, ca sign and ca "
	                   "install, or at the other CA; then set this item's signer to \"issuing\", or plan anew");
}

/* ---- one item ------------------------------------------------------------------------------------------------------------ */

/* One certificate has one replacement: what another campaign of this home has given it is installed, or revoked first. */
static int check_elsewhere(struct rmt_applying *job, enum deed deed, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_db *db = job->campaign.bench.home.db;
	struct rmt_db_elsewhere other;
	struct rmt_db_cert row;
	const char *serial;
	int found;

	if (deed != DEED_ISSUE && deed != DEED_ANSWER && (deed != DEED_REQUEST || job->standing.request))
		return 0;
	found = rmt_db_item_elsewhere(db, job->campaign.id, job->item->id, rmt_verb_now(job->campaign.ctx), &other, fatal);
	if (found == 1)
		found = rmt_db_cert_by_id(db, other.certificate, &row, fatal);
	if (found != 1)
		return found;
	serial = rmt_arena_serial(&job->arena, row.serial);
	return rmt_err_set(fault, RMT_POLICY, NULL,
	                   "another campaign of this home (%s, id %s) has replaced this certificate already, by serial number %s: install that "
	                   "one, or revoke it first with remint revoke",
	                   other.file, other.plan, serial);
}

char *rmt_apply_directory(const struct rmt_applying *job)
{
	return job->options->out.directory ? rmt_path_join(job->options->out.directory, job->item->device, NULL) : NULL;
}

/* A target that reads key.pem as it is has it beside the standard files when it is alone. */
static bool reads_open_key(struct rmt_applying *job)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;
	struct rmt_err unseen = {0};

	if (rmt_apply_demand(job, false, &unseen) || demand->target_count != 1)
		return false;
	for (size_t i = 0; i < demand->targets[0]->file_count; i++)
		if (strcmp(demand->targets[0]->files[i].name, "key.pem") == 0)
			return true;
	return false;
}

/* A run without the passphrase has written the key: this one is to protect it. */
static bool open_key_stands(struct rmt_applying *job, const char *directory)
{
	static const char open[] = "-----BEGIN PRIVATE KEY-----";
	char *path = job->options->out.encrypt_key ? rmt_path_join(directory, "key.pem", NULL) : NULL;
	struct rmt_buf bytes = {.secret = true};
	bool stands = path && rmt_path_is_regular(path) && rmt_file_read(path, RMT_CAP_CONTAINER, &bytes, NULL) == 0 &&
	              memmem(bytes.bytes, bytes.length, open, strlen(open));

	rmt_buf_free(&bytes);
	free(path);
	return stands && (job->standing.state == RMT_ITEM_REQUESTED || !reads_open_key(job));
}

/* An item is exported after its files are written, but requested before: for such a one they are looked for. */
static bool bundle_stands(struct rmt_applying *job)
{
	static const char *const requested[] = {"request.pem", "REQUEST.txt", "key.pem"};
	size_t count = job->item->request ? 2 : 3; /* whoever made the request has its key */
	char *directory = rmt_apply_directory(job);
	bool stands = !directory || rmt_path_is_directory(directory);

	for (size_t i = 0; stands && directory && job->standing.request && i < count; i++) {
		char *path = rmt_path_join(directory, requested[i], NULL);

		stands = path && rmt_path_exists(path);
		free(path);
	}
	if (stands && directory)
		stands = !open_key_stands(job, directory);
	free(directory);
	return stands;
}

static int tell(struct rmt_applying *job)
{
	if (rmt_campaign_describe(&job->campaign, job->item, &job->arena, &job->told, &job->campaign.ctx->err))
		return -1;
	return job->step ? job->step(job->arg, &job->told) : 0;
}

/* What failed is told, recorded and tried again by the next run. That another process was faster is no failure of the item. */
static int note_failure(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_standing now;
	char why[800];

	if (fault->class == RMT_USAGE) /* of the plan, not of the call */
		fault->class = RMT_INPUT;
	snprintf(why, sizeof why, "%s%s%s", fault->source, fault->source[0] ? ": " : "", fault->message);
	if (!fault->source[0])
		snprintf(fault->source, sizeof fault->source, "%.200s", job->item->device);
	if (rmt_campaign_standing(&job->campaign, job->item, &now, fatal))
		return -1;
	if (job->options->commit && now.state != RMT_ITEM_EXPORTED && fault->class != RMT_NEGATIVE &&
	    rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_FAILED, why, NULL, fatal))
		return -1;
	job->told.text = rmt_arena_text(&job->arena, why);
	return rmt_verb_fault(job->campaign.ctx, fault);
}

static void begin_item(struct rmt_applying *job, const struct rmt_plan_item *item)
{
	rmt_arena_reset(&job->arena);
	job->item = item;
	job->told = (struct remint_step){0};
}

/* The row is read anew each time: resuming and other processes change it. */
static int look_up(struct rmt_applying *job, enum deed *deed, struct rmt_err *fatal)
{
	if (rmt_campaign_standing(&job->campaign, job->item, &job->standing, fatal))
		return -1;
	*deed = next_deed(job->item, &job->standing, bundle_stands(job), rmt_apply_answered(job));
	job->told.before = rmt_item_state_name(job->standing.state);
	return 0;
}

static int do_item(struct rmt_applying *job, const struct rmt_plan_item *item, bool ours, struct rmt_err *fatal)
{
	struct rmt_err fault = {0};
	enum deed deed;

	begin_item(job, item);
	if (look_up(job, &deed, fatal))
		return -1;
	job->told.text = deeds[deed].would;
	if (job->standing.changed)
		rmt_verb_warn(job->campaign.ctx, "%s: the plan asks for something else now than what was issued for it: it is not done again",
		              item->device);
	if (deed == DEED_NONE)
		return tell(job);
	if (!ours)
		rmt_err_set(&fault, RMT_NEGATIVE, NULL, "another process is at work on it: it was left alone");
	else if (check_elsewhere(job, deed, &fault, fatal) == 0)
		deeds[deed].act(job, &fault, fatal);
	if (fatal->class != RMT_NONE || (fault.class != RMT_NONE && note_failure(job, &fault, fatal)))
		return -1;
	return tell(job);
}

/* ---- all items ------------------------------------------------------------------------------------------------------------- */

static int preview(struct rmt_applying *job, struct rmt_err *err)
{
	const struct rmt_plan *plan = &job->campaign.plan;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->item_count; i++) {
		rc = do_item(job, &plan->items[i], true, err);
		rmt_verb_progress(job->campaign.ctx, i + 1, plan->item_count);
	}
	return rc;
}

static int begin_campaign(struct rmt_campaign *campaign, struct rmt_err *err)
{
	struct rmt_db_campaign row = {.plan = campaign->plan.id,
	                              .file = rmt_path_leaf(campaign->path),
	                              .sha256 = rmt_span_of(campaign->plan.sha256, sizeof campaign->plan.sha256),
	                              .started = rmt_verb_now(campaign->ctx)};
	struct rmt_db_campaign found;
	int rc = rmt_db_campaign_get(campaign->bench.home.db, campaign->plan.id, &found, err);

	if (rc == 1)
		campaign->id = found.id;
	return rc ? (rc < 0 ? -1 : 0) : rmt_db_campaign_add(campaign->bench.home.db, &row, &campaign->id, err);
}

/* Every item has a row; those with something to do are taken for this process. */
static int enlist(struct rmt_applying *job, bool *ours, struct rmt_err *err)
{
	const struct rmt_plan *plan = &job->campaign.plan;
	struct rmt_db *db = job->campaign.bench.home.db;
	enum deed deed;
	int taken;

	if (rmt_db_begin(db, err))
		return -1;
	if (begin_campaign(&job->campaign, err))
		goto fail;
	for (size_t i = 0; i < plan->item_count; i++) {
		begin_item(job, &plan->items[i]);
		if (look_up(job, &deed, err) ||
		    (!job->standing.known &&
		     rmt_campaign_change(&job->campaign, job->item, &(struct rmt_db_item){.state = RMT_ITEM_PLANNED}, err)))
			goto fail;
		taken = deed == DEED_NONE ? 0 : rmt_db_item_claim(db, job->campaign.id, job->item->id, getpid(), err);
		if (taken < 0)
			goto fail;
		ours[i] = taken == 1;
	}
	if (rmt_db_commit(db, err) == 0)
		return 0;
fail:
	rmt_db_rollback(db);
	return -1;
}

static void let_go(struct rmt_applying *job)
{
	struct rmt_db *db = job->campaign.bench.home.db;
	struct rmt_err unseen = {0};

	if (!job->campaign.id || rmt_db_begin(db, &unseen))
		return;
	if (rmt_db_items_release(db, job->campaign.id, getpid(), &unseen) || rmt_db_commit(db, &unseen))
		rmt_db_rollback(db);
}

static int count_row(void *arg, const struct rmt_db_item *row)
{
	(void)row;
	++*(size_t *)arg;
	return 0;
}

static int warn_missing(struct rmt_applying *job, struct rmt_err *err)
{
	size_t rows = 0, gone;

	if (rmt_db_items(job->campaign.bench.home.db, job->campaign.id, count_row, &rows, err))
		return -1;
	gone = rows > job->campaign.plan.item_count ? rows - job->campaign.plan.item_count : 0;
	if (gone)
		rmt_verb_warn(job->campaign.ctx, "%zu item%s that this plan once had %s no longer in it and stay%s as %s", gone,
		              gone == 1 ? "" : "s", gone == 1 ? "is" : "are", gone == 1 ? "s" : "", gone == 1 ? "it is" : "they are");
	return 0;
}

static int carry_out(struct rmt_applying *job, struct rmt_err *err)
{
	const struct rmt_plan *plan = &job->campaign.plan;
	bool *ours = calloc(plan->item_count + 1, sizeof *ours);
	int rc;

	if (!ours)
		return rmt_err_memory(err);
	rc = rmt_directory_create(job->options->out.directory, err) || enlist(job, ours, err) || warn_missing(job, err);
	for (size_t i = 0; rc == 0 && i < plan->item_count; i++) {
		rc = do_item(job, &plan->items[i], ours[i], err);
		rmt_verb_progress(job->campaign.ctx, i + 1, plan->item_count);
	}
	let_go(job);
	free(ours);
	return rc ? -1 : 0;
}

static int run(struct rmt_applying *job, struct rmt_err *err)
{
	const struct remint_apply_options *options = job->options;

	if (options->close)
		return rmt_apply_close(job, err);
	if (!options->commit)
		return preview(job, err);
	if (!options->out.directory)
		return rmt_err_set(err, RMT_USAGE, NULL, "a campaign writes a bundle for each device: name a directory with --out DIR");
	return carry_out(job, err);
}

/* What the plan names as certificates of CAs may be elsewhere by now; --chain says where. */
static int read_chain(struct rmt_applying *job, struct rmt_err *err)
{
	const struct remint_strings *named = &job->campaign.plan.chain;

	for (size_t i = 0; i < named->count; i++) {
		struct rmt_err unread = {0};

		if (rmt_pile_need(job->campaign.ctx, &job->chain, (struct remint_strings){&named->items[i], 1}, true, &unread) && !job->options->chain.count)
			rmt_verb_warn(job->campaign.ctx, "%s, which the plan names for its certificates of CAs, cannot be read: %s", named->items[i],
			              unread.message);
	}
	return rmt_pile_for(job->campaign.ctx, &job->chain, job->options->chain, RMT_OBJECT_CERTIFICATE, err);
}

int remint_apply(struct remint *ctx, const struct remint_apply_options *options, remint_step_fn *step, void *arg)
{
	struct rmt_applying job = {.options = options, .step = step, .arg = arg};
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_external_template_check(options->ca_template, err) == 0 &&
	    rmt_campaign_open(ctx, options->plan, options->commit ? RMT_DB_WRITE : RMT_DB_READ, &job.campaign, err) == 0 &&
	    rmt_pile_for(ctx, &job.keys, options->keys, RMT_OBJECT_PRIVATE_KEY, err) == 0 &&
	    read_chain(&job, err) == 0 &&
	    rmt_pile_need(ctx, &job.answers, options->certificates, true, err) == 0)
		rc = run(&job, err);
	rmt_pile_free(&job.keys);
	rmt_pile_free(&job.chain);
	rmt_pile_free(&job.answers);
	rmt_buf_free(&job.bench_for);
	rmt_buf_free(&job.sample_spec);
	rmt_key_free(job.sample);
	rmt_arena_free(&job.arena);
	rmt_campaign_close(&job.campaign);
	return rmt_verb_end(ctx, rc);
}
