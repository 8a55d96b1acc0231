/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.c - remint_plan(): inputs and the database audited into one inventory, and a plan made of it.
 *
 * What is an item stands in inventory.c, what is proposed for it in propose.c, the file in plan_write.c. Nothing is
 * changed anywhere.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { PAGE = 1000, SUCCESSIONS = 1000 };

struct planning {
	struct remint *ctx;
	const struct remint_plan_options *options;
	struct rmt_demand demand; /* the targets */
	struct rmt_home home;
	struct rmt_authority authority; /* that signs; cert NULL: another CA does */
	struct rmt_plan plan;
	struct rmt_inventory inventory;
	uint64_t judged;
	struct rmt_err *err;
};

/* ---- who signs ------------------------------------------------------------------------------------------------------------- */

static int open_home(struct planning *job)
{
	return job->home.db ? 0 : rmt_home_open(job->ctx, RMT_DB_READ, &job->home, job->err);
}

/* Unless the caller says who signs it is the home's issuing authority, when there is one. */
static int choose_signer(struct planning *job)
{
	const char *signer = job->options->signer;
	struct rmt_err err = {0};
	int stands;

	if (signer && strcmp(signer, "external") == 0)
		return 0;
	if (signer && strcmp(signer, "issuing") != 0)
		return rmt_err_set(job->err, RMT_USAGE, NULL, "\"%.64s\" is no signer: issuing or external", signer);
	if (signer || job->options->authority)
		return open_home(job) || rmt_authority_load(&job->home, job->options->authority, false, &job->authority, job->err) ? -1 : 0;
	stands = rmt_home_stands(job->ctx, job->err);
	if (stands < 1)
		return stands;
	if (open_home(job))
		return -1;
	if (rmt_authority_load(&job->home, NULL, false, &job->authority, &err) == 0)
		return 0;
	if (err.class == RMT_DATABASE || err.class == RMT_INTERNAL) {
		*job->err = err;
		return -1;
	}
	rmt_verb_warn(job->ctx, "another CA is to sign the replacements, since this home cannot: %s", err.message);
	return 0;
}

/* ---- what was replaced already ------------------------------------------------------------------------------------------------ */

/* Are all the plan's targets among these, separated by commas? */
static bool covers(const struct rmt_demand *demand, const char *targets)
{
	for (size_t i = 0; i < demand->target_count; i++) {
		const char *name = demand->targets[i]->name, *at = targets;
		size_t length = strlen(name);

		while (at && !(strncmp(at, name, length) == 0 && (at[length] == ',' || !at[length])))
			at = (at = strchr(at, ',')) ? at + 1 : NULL;
		if (!at)
			return false;
	}
	return true;
}

/* The newest certificate that stands for this one, when it is in force. Another campaign may have made it. */
static int note_successor(struct planning *job, const struct rmt_cert *cert)
{
	struct rmt_inventory_item *item = job->inventory.current;
	struct rmt_db_elsewhere campaign;
	struct rmt_db_cert row;
	int rc;

	/* A row that is being read is in force, and what was borrowed with it lives until the next question only. */
	if (!job->home.db || !item || item->item.place_count != 1 || strcmp(job->inventory.place.kind, "database") == 0)
		return 0;
	rc = rmt_db_cert_find(job->home.db, cert->serial, rmt_span_of(item->sha256, sizeof item->sha256), &row, job->err);
	if (rc != 1 || !row.superseded_by)
		return rc < 0 ? -1 : 0;
	for (int steps = 0; rc == 1 && row.superseded_by && steps < SUCCESSIONS; steps++)
		rc = rmt_db_cert_by_id(job->home.db, row.superseded_by, &row, job->err);
	if (rc != 1 || rmt_db_cert_status(&row, rmt_verb_now(job->ctx)) != RMT_CERT_VALID)
		return rc < 0 ? -1 : 0;
	item->successor = rmt_arena_serial(&job->plan.arena, row.serial);
	item->succeeded = covers(&job->demand, row.targets);
	rc = rmt_db_item_elsewhere(job->home.db, 0, item->item.id, rmt_verb_now(job->ctx), &campaign, job->err);
	item->in_campaign = rc == 1;
	return rc < 0 ? -1 : 0;
}

/* ---- leaves of the inputs ------------------------------------------------------------------------------------------------------ */

static int take_leaf(struct planning *job, const struct rmt_cert *cert, struct rmt_plan_place place)
{
	struct rmt_err fault = {0};
	int rc = rmt_inventory_leaf(&job->inventory, cert, place, job->err);

	if (rc <= 0)
		return rc ? rc : note_successor(job, cert);
	rmt_err_set(&fault, RMT_INPUT, NULL,
	            "the SHA-256 of this certificate begins like that of another one: it cannot be told apart in a plan and is left out");
	rmt_err_source(&fault, place.source);
	return rmt_verb_fault(job->ctx, &fault);
}

static int input_leaf(void *arg, const struct rmt_object *object)
{
	struct rmt_plan_place place = {"file", object->source, object->index};

	/* Which of its addresses sent the chain says nothing of where the files must go. */
	if (object->endpoint)
		place = (struct rmt_plan_place){"endpoint", object->endpoint, 0};
	return take_leaf(arg, object->cert, place);
}

static int take_finding(void *arg, const struct rmt_finding *finding)
{
	struct planning *job = arg;

	return rmt_inventory_finding(&job->inventory, finding, job->err);
}

static int audit_inputs(struct planning *job)
{
	const struct remint_plan_options *options = job->options;
	struct remint_audit_options audit = {.wire = options->wire, .inputs = options->inputs, .chain = options->chain,
	                                     .trust = options->trust, .keys = options->keys, .host = options->host,
	                                     .topology = options->topology, .server = options->server, .at = options->at};
	struct rmt_leaf_sink leaves = {input_leaf, take_finding, job};
	struct remint_audit_summary summary = {0};
	int rc = rmt_verb_audit_leaves(job->ctx, &audit, job->demand.targets, job->demand.target_count, &leaves, &summary);

	job->judged = summary.certificates;
	return rc;
}

/* ---- leaves of the database ------------------------------------------------------------------------------------------------------- */

struct scanning {
	struct planning *job;
	struct rmt_chain_store *store;
	struct rmt_audit **audits;
	struct rmt_buf page; /* ids */
	int64_t after;
};

static int store_authority(void *arg, const struct rmt_db_authority *authority)
{
	struct scanning *scan = arg;
	struct rmt_cert *cert = authority->cert.length ? rmt_authority_cert(authority, scan->job->err) : NULL;
	int rc = authority->cert.length && !cert ? -1 : 0;

	if (cert)
		rc = rmt_chain_store_add(scan->store, cert, false, scan->job->err);
	rmt_cert_free(cert);
	return rc;
}

/* Nobody knows what is sent along with it, or who holds its key: rules about those do not run. */
static int judge_row(struct scanning *scan, const struct rmt_db_cert *row)
{
	struct planning *job = scan->job;
	struct rmt_arena *arena = &job->plan.arena;
	struct rmt_cert cert;
	struct rmt_presented presented = {.leaf = &cert, .chain_unknown = true, .host = job->options->host};
	int rc;

	if (rmt_cert_read(&cert, row->der, RMT_TOLERANT, job->err))
		return -1;
	if (rmt_cert_is_ca(&cert))
		return 0;
	presented.key_spki = cert.spki;
	rmt_buf_text(&arena->scratch, "serial:");
	rmt_serial_hex(cert.serial, &arena->scratch);
	rc = take_leaf(job, &cert, (struct rmt_plan_place){"database", rmt_arena_scratch(arena), (size_t)row->id});
	for (size_t i = 0; rc == 0 && i < job->demand.target_count; i++)
		rc = rmt_audit_run(scan->audits[i], &presented, take_finding, job, job->err);
	rmt_verb_progress(job->ctx, ++job->judged, 0);
	return rc;
}

/* The root and what other authorities issued is no business of ours. */
static int note_row(void *arg, const struct rmt_db_cert *row)
{
	struct scanning *scan = arg;

	scan->after = row->id;
	if (row->authority)
		rmt_buf_append(&scan->page, &row->id, sizeof row->id);
	return rmt_buf_check(&scan->page, scan->job->err);
}

static int scan_rows(struct scanning *scan)
{
	struct planning *job = scan->job;
	struct rmt_db_filter filter = {.status = RMT_CERT_VALID, .now = rmt_verb_now(job->ctx), .limit = PAGE};

	for (;;) {
		filter.after_id = scan->after;
		rmt_buf_clear(&scan->page);
		if (rmt_db_certs(job->home.db, &filter, note_row, scan, job->err))
			return -1;
		if (scan->after == filter.after_id)
			return 0;
		for (size_t at = 0; at < scan->page.length; at += sizeof(int64_t)) {
			struct rmt_db_cert row;
			int64_t id;
			int rc;

			memcpy(&id, scan->page.bytes + at, sizeof id);
			rc = rmt_db_cert_by_id(job->home.db, id, &row, job->err);
			if (rc < 0 || (rc == 1 && (rc = judge_row(scan, &row)) != 0))
				return rc;
		}
	}
}

static int audit_database(struct planning *job)
{
	const struct remint_plan_options *options = job->options;
	rmt_time at = options->at ? options->at : rmt_verb_now(job->ctx);
	struct scanning scan = {.job = job, .store = rmt_chain_store_new(job->err)};
	size_t count = job->demand.target_count;
	int rc = -1;

	scan.audits = calloc(count + 1, sizeof(struct rmt_audit *));
	if (!scan.audits)
		rmt_err_memory(job->err);
	if (!scan.audits || !scan.store || open_home(job) || rmt_db_still(job->home.db, job->err))
		goto out;
	if (rmt_db_authorities(job->home.db, store_authority, &scan, job->err) ||
	    rmt_verb_store_fill(job->ctx, scan.store, options->trust, true, job->err) ||
	    rmt_verb_store_fill(job->ctx, scan.store, options->chain, false, job->err))
		goto out;
	for (size_t i = 0; i < count; i++) {
		scan.audits[i] = rmt_audit_new(job->demand.targets[i], scan.store, at, job->err);
		if (!scan.audits[i])
			goto out;
		rmt_audit_expect(scan.audits[i], rmt_expectation_of(&job->demand.expect, i));
	}
	rc = scan_rows(&scan);
out:
	for (size_t i = 0; scan.audits && i < count; i++)
		rmt_audit_free(scan.audits[i]);
	free(scan.audits);
	rmt_chain_store_free(scan.store);
	rmt_buf_free(&scan.page);
	return rc;
}

/* ---- the plan in numbers -------------------------------------------------------------------------------------------------------------- */

enum { ACTIONS = 6, REASONS = 128 };

struct numbers {
	struct remint_planned planned;
	struct remint_plan_step steps[ACTIONS];
	struct remint_plan_reason reasons[REASONS];
};

/* Of several targets a rule counts once. */
static bool counted_before(const struct rmt_inventory_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (item->findings[i].acts && item->findings[i].said.rule == item->findings[n].said.rule)
			return true;
	return false;
}

static void count_reason(struct numbers *numbers, const struct rmt_inventory_item *item)
{
	for (size_t i = 0; i < item->finding_count; i++) {
		const struct rmt_found *found = &item->findings[i];
		size_t r = 0;

		if (!found->acts || counted_before(item, i))
			continue;
		while (r < numbers->planned.reason_count && numbers->reasons[r].rule != found->said.rule)
			r++;
		if (r == REASONS)
			continue;
		if (r == numbers->planned.reason_count) {
			numbers->reasons[r] = (struct remint_plan_reason){.rule = found->said.rule, .action = rmt_action_name(rmt_action_for(found->remedy)),
			                                                  .example = found->said.message};
			numbers->planned.reason_count++;
		}
		numbers->reasons[r].items++;
	}
}

static int compare_reasons(const void *one, const void *other)
{
	const struct remint_plan_reason *a = one, *b = other;

	return a->items != b->items ? (a->items < b->items) - (a->items > b->items) : strcmp(a->rule, b->rule);
}

static void count(struct planning *job, struct numbers *numbers)
{
	static const enum rmt_action order[ACTIONS] = {RMT_ACTION_REPLACE_CA, RMT_ACTION_REKEY, RMT_ACTION_REISSUE,
	                                               RMT_ACTION_FIX_CHAIN, RMT_ACTION_CONVERT, RMT_ACTION_KEEP};
	struct remint_planned *planned = &numbers->planned;

	for (size_t s = 0; s < ACTIONS; s++)
		numbers->steps[s].action = rmt_action_name(order[s]);
	for (size_t i = 0; i < job->inventory.count; i++) {
		const struct rmt_inventory_item *item = job->inventory.items[i];

		for (size_t s = 0; s < ACTIONS; s++)
			if (order[s] == item->item.action) {
				numbers->steps[s].items++;
				numbers->steps[s].places += item->item.place_count;
			}
		for (size_t p = 0; p < item->item.place_count; p++)
			planned->places[item->places[p].kind[0] == 'f' ? 0 : item->places[p].kind[0] == 'e' ? 1 : 2]++;
		for (size_t f = 0; f < item->finding_count; f++)
			planned->left += item->findings[f].acts && !item->item.findings[f].cleared;
		count_reason(numbers, item);
		planned->replaced += item->successor != NULL;
	}
	qsort(numbers->reasons, planned->reason_count, sizeof *numbers->reasons, compare_reasons);
	planned->id = job->plan.id;
	planned->signer = job->authority.cert ? "issuing" : "external";
	planned->certificates = job->inventory.count;
	planned->steps = numbers->steps;
	planned->step_count = ACTIONS;
	planned->reasons = numbers->reasons;
}

/* ---- the verb -------------------------------------------------------------------------------------------------------------------------- */

static int write_head(struct planning *job)
{
	unsigned char bytes[16], sha256[RMT_SHA256];
	struct rmt_arena *arena = &job->plan.arena;
	char now[32];

	if (rmt_random(bytes, sizeof bytes, job->err))
		return -1;
	job->plan.id = rmt_arena_hex(arena, rmt_span_of(bytes, sizeof bytes));
	rmt_time_text(rmt_verb_now(job->ctx), now);
	job->plan.made = rmt_arena_text(arena, now);
	rmt_buf_format(&arena->scratch, "remint %s", remint_version());
	job->plan.by = rmt_arena_scratch(arena);
	job->plan.authority = "";
	if (job->authority.cert && rmt_cert_fingerprint(job->authority.cert, sha256, job->err))
		return -1;
	if (job->authority.cert)
		job->plan.authority = rmt_arena_hex(arena, rmt_span_of(sha256, sizeof sha256));
	return arena->failed ? rmt_err_memory(job->err) : 0;
}

/* --chain and --trust, each file once: who carries the plan out needs them again. */
static int note_chain(struct planning *job)
{
	const struct remint_strings given[2] = {job->options->chain, job->options->trust};
	const char **files = rmt_arena_take(&job->plan.arena, (given[0].count + given[1].count + 1) * sizeof *files);
	size_t count = 0, k;

	if (!files)
		return rmt_err_memory(job->err);
	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; i < given[list].count; i++) {
			const char *file = given[list].items[i];

			for (k = 0; k < count && strcmp(files[k], file) != 0; k++)
				;
			if (k == count && strcmp(file, "-") != 0)
				files[count++] = file;
		}
	job->plan.chain = (struct remint_strings){files, count};
	return 0;
}

static int load_targets(struct planning *job)
{
	struct remint_strings given = job->options->targets;

	if (!given.count)
		return rmt_err_set(job->err, RMT_USAGE, NULL, "no target: name who must accept the certificates with --for");
	if (rmt_targets_expand(job->ctx, given, RMT_TARGETS_ISSUE, &job->plan.arena, &job->plan.targets, job->err))
		return -1;
	for (size_t i = 0; i < job->plan.targets.count; i++)
		if (rmt_policy_is_path(job->plan.targets.items[i]))
			return rmt_err_set(job->err, RMT_USAGE, NULL,
			                   "\"%.64s\" is a path, and a plan only names a target: put the file into the home's templates/targets",
			                   job->plan.targets.items[i]);
	if (rmt_demand_load(job->ctx, NULL, given, "server-client", &job->demand, job->err))
		return -1;
	return rmt_expectation_load(job->ctx, job->options->topology, job->options->server, job->demand.targets, job->demand.target_count,
	                            true, &job->demand.expect, job->err);
}

struct handing {
	remint_text_fn *text;
	void *arg;
};

static int hand_text(void *arg, struct rmt_span text)
{
	const struct handing *handing = arg;

	return handing->text(handing->arg, (const char *)text.at, text.length);
}

static int hand_over(struct planning *job, remint_planned_fn *planned, remint_text_fn *text, void *arg)
{
	struct numbers *numbers = calloc(1, sizeof *numbers);
	struct handing handing = {text, arg};
	int rc;

	if (!numbers)
		return rmt_err_memory(job->err);
	count(job, numbers);
	rc = planned(arg, &numbers->planned);
	free(numbers);
	return rc ? rc : rmt_plan_write_to(&job->plan, hand_text, &handing, job->err);
}

/* Where a device makes its own key, nobody makes one for it. */
static void keep_keys(struct planning *job)
{
	bool own = false;

	for (size_t i = 0; i < job->demand.target_count; i++)
		own = own || rmt_target_own_key(job->demand.targets[i]);
	for (size_t i = 0; own && i < job->plan.item_count; i++)
		job->plan.items[i].keep_key = job->plan.items[i].action == RMT_ACTION_REISSUE && strcmp(job->plan.items[i].signer, "issuing") == 0;
}

int remint_plan(struct remint *ctx, const struct remint_plan_options *options, remint_planned_fn *planned, remint_text_fn *text, void *arg)
{
	struct planning job = {.ctx = ctx, .options = options, .err = &ctx->err};
	int rc;

	rmt_verb_begin(ctx);
	job.inventory = (struct rmt_inventory){.arena = &job.plan.arena, .host = options->host, .expect = &job.demand.expect,
	                                       .act_on_warnings = options->act_on_warnings};
	rc = load_targets(&job) || choose_signer(&job) ? -1 : 0;
	job.inventory.authority = job.authority.cert ? &job.authority : NULL;
	if (rc == 0)
		rc = audit_inputs(&job);
	if (rc == 0 && options->database)
		rc = audit_database(&job);
	if (rc == 0 && (write_head(&job) || note_chain(&job) || rmt_inventory_propose(&job.inventory, &job.plan, job.err)))
		rc = -1;
	keep_keys(&job);
	if (rc == 0)
		rc = hand_over(&job, planned, text, arg);
	rmt_inventory_clear(&job.inventory);
	rmt_plan_clear(&job.plan);
	rmt_authority_clear(&job.authority);
	rmt_home_close(&job.home);
	rmt_demand_clear(&job.demand);
	return rmt_verb_end(ctx, rc);
}
