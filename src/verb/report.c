/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - remint_report(): a plan and what the database knows of its campaign, in the order in which people ask: how far, on
 * which device, what was and what is, who is next.
 *
 * Nothing is changed and nothing is looked at but the plan and the database. How it looks on a page is report_page.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { ACTIONS = RMT_ACTION_REPLACE_CA + 1 };

/* What is known of one item besides the plan. */
struct row {
	const struct rmt_plan_item *item;
	enum rmt_item_state state;
	int64_t certificate; /* the new one's row, or 0 */
	bool foreign;        /* the old one is another CA's */
	rmt_time when;
	const char *reason, *confirmed_by;
	rmt_time came[RMT_ITEM_STATES]; /* into each state, the last time; 0: never */
	enum rmt_item_state last;       /* that the log has told */
};

struct report {
	struct remint *ctx;
	const struct remint_report_options *options;
	struct rmt_plan plan;
	struct rmt_home home;
	int64_t campaign;
	struct row *rows;
	struct rmt_arena arena;          /* of the rows */
	struct remint_report_summary summary;
	struct remint_report_count states[RMT_ITEM_STATES], actions[ACTIONS];
	struct rmt_page page;
};

const char *remint_actor_name(enum remint_actor actor)
{
	static const char *const names[REMINT_ACTORS] = {"nobody", "us", "ca", "device"};

	return (size_t)actor < REMINT_ACTORS ? names[actor] : "";
}

/* ---- what the database knows ------------------------------------------------------------------------------------------------ */

static int open_campaign(struct report *report, struct rmt_err *err)
{
	struct remint *ctx = report->ctx;
	struct rmt_db_campaign campaign;
	char *maker = NULL;
	int found = rmt_home_stands(ctx, err);

	if (found < 1)
		return found;
	if (rmt_home_open(ctx, RMT_DB_READ, &report->home, err))
		return -1;
	report->summary.database = true;
	found = rmt_plan_maker(&report->plan, report->home.db, &maker, err);
	free(maker);
	if (found < 0)
		return -1;
	report->summary.stranger = !found;
	if (!found)
		rmt_verb_warn(ctx, "%s was made with another CA than those of this home, which has no record of the campaign: everything is told "
		              "as it is planned; name the home that made it with --home DIR", report->options->plan);
	found = rmt_db_campaign_get(report->home.db, report->plan.id, &campaign, err);
	if (found == 1) {
		report->campaign = campaign.id;
		report->summary.begun = true;
		report->summary.started = campaign.started;
	}
	return found < 0 ? -1 : 0;
}

/* Whose certificate is it that is to be replaced: as recorded, else as the plan has it. */
static int is_foreign(struct report *report, const struct row *row, int64_t previous, struct rmt_err *err)
{
	struct rmt_db_cert cert;
	int found = previous ? rmt_db_cert_by_id(report->home.db, previous, &cert, err) : 0;

	if (found < 0)
		return -1;
	return found ? cert.authority == 0 : strcmp(row->item->signer, "external") == 0;
}

static int fill_row(struct report *report, struct row *row, struct rmt_err *err)
{
	const struct rmt_plan_item *item = row->item;
	bool kept = item->action == RMT_ACTION_KEEP || !item->approved;
	struct rmt_db_item known;
	int64_t previous = 0;
	int found = report->campaign ? rmt_db_item_get(report->home.db, report->campaign, item->id, &known, err) : 0;

	if (found < 0)
		return -1;
	row->state = kept ? RMT_ITEM_SKIPPED : RMT_ITEM_PLANNED;
	row->reason = kept ? item->approved ? "the plan keeps it" : "not approved in the plan" : "";
	row->confirmed_by = "";
	if (found) {
		row->state = known.state;
		row->certificate = known.certificate;
		row->when = known.when;
		row->reason = rmt_arena_text(&report->arena, known.why ? known.why : "");
		row->confirmed_by = rmt_arena_text(&report->arena, known.confirmed_by ? known.confirmed_by : "");
		previous = known.previous;
	}
	found = is_foreign(report, row, previous, err);
	row->foreign = found == 1;
	return found < 0 ? -1 : 0;
}

/* ---- what the log tells -------------------------------------------------------------------------------------------------------- */

struct told {
	struct row **rows; /* by id */
	size_t count;
};

static int compare_ids(const void *a, const void *b)
{
	const struct row *const *one = a, *const *two = b;

	return strcmp((*one)->item->id, (*two)->item->id);
}

static int compare_id(const void *key, const void *row)
{
	const struct row *const *at = row;

	return strcmp(key, (*at)->item->id);
}

/* A state that is written once more, as when an item gets its certificate, is no new one. */
static int note_move(void *arg, const char *id, enum rmt_item_state state, rmt_time when)
{
	const struct told *told = arg;
	struct row **row = bsearch(id, told->rows, told->count, sizeof *told->rows, compare_id);

	if (!row || ((*row)->last == state && (*row)->came[state]))
		return 0;
	(*row)->came[state] = when;
	(*row)->last = state;
	return 0;
}

static int note_moves(struct report *report, struct rmt_err *err)
{
	size_t count = report->plan.item_count;
	struct told told = {calloc(count + 1, sizeof *told.rows), count};
	int rc;

	if (!told.rows)
		return rmt_err_memory(err);
	for (size_t i = 0; i < count; i++)
		told.rows[i] = &report->rows[i];
	qsort(told.rows, count, sizeof *told.rows, compare_ids);
	rc = rmt_db_item_moves(report->home.db, report->campaign, note_move, &told, err);
	free(told.rows);
	return rc;
}

/* By device. */
static int compare_rows(const void *a, const void *b)
{
	const struct row *one = a, *two = b;
	int order = strcmp(one->item->device, two->item->device);

	if (order == 0)
		order = (one->state == RMT_ITEM_SKIPPED) - (two->state == RMT_ITEM_SKIPPED);
	if (order == 0)
		order = one->item < two->item ? -1 : one->item > two->item;
	return order;
}

static int fill_rows(struct report *report, struct rmt_err *err)
{
	size_t count = report->plan.item_count;

	report->rows = calloc(count + 1, sizeof *report->rows);
	if (!report->rows)
		return rmt_err_memory(err);
	for (size_t i = 0; i < count; i++) {
		report->rows[i].item = &report->plan.items[i];
		if (fill_row(report, &report->rows[i], err))
			return -1;
	}
	if (report->campaign && note_moves(report, err))
		return -1;
	qsort(report->rows, count, sizeof *report->rows, compare_rows);
	return report->arena.failed ? rmt_err_memory(err) : 0;
}

/* ---- who is next -------------------------------------------------------------------------------------------------------------- */

static bool stays_same(const struct rmt_plan_item *item)
{
	return item->action == RMT_ACTION_CONVERT || item->action == RMT_ACTION_FIX_CHAIN;
}

/* What comes next in a state. `command` is a format for the plan's file, or for the old serial number. */
struct next {
	enum remint_actor actor;
	const char *task, *command;
	bool serial;
};
static const char apply[] = "remint apply %s --commit --out DIR";
static const struct next nexts[RMT_ITEM_STATES] = {
    [RMT_ITEM_PLANNED] = {REMINT_ACTOR_US, "Apply the plan.", apply, false},
    [RMT_ITEM_REQUESTED] = {REMINT_ACTOR_CA, "Sign the request in the bundle, and give back the certificate with its chain; then it is taken in.",
                            "remint apply %s --commit --out DIR --cert FILE", false},
    [RMT_ITEM_ISSUED] = {REMINT_ACTOR_US, "The certificate is made, its files are not written yet: apply the plan again.", apply, false},
    [RMT_ITEM_EXPORTED] = {REMINT_ACTOR_DEVICE, "Install the bundle by the runbook in it; then the places are looked at again.",
                           "remint verify --campaign %s", false},
    [RMT_ITEM_LIVE] = {REMINT_ACTOR_US, "Nothing serves the old one any more: close.", "remint apply %s --close --commit", false},
    [RMT_ITEM_CLOSED] = {REMINT_ACTOR_NOBODY, "", "", false},
    [RMT_ITEM_FAILED] = {REMINT_ACTOR_US, "Remove the cause, and apply the plan again.", apply, false},
    [RMT_ITEM_SKIPPED] = {REMINT_ACTOR_NOBODY, "", "", false},
};
static const struct next next_close = {REMINT_ACTOR_US, "Every place has it as it was planned: close.", "remint apply %s --close --commit", false};
static const struct next next_revoke = {REMINT_ACTOR_CA, "Nothing serves the old one any more: revoke it, and tell us or publish a CRL that lists it.", "certutil -revoke %s 4", true};
static const struct next next_replace = {REMINT_ACTOR_CA, "Replace the CA that issued it; then a new plan is made.", "", false};

static const struct next *next_of(const struct row *row)
{
	if (row->foreign && row->item->action == RMT_ACTION_REPLACE_CA &&
	    (row->state == RMT_ITEM_PLANNED || row->state == RMT_ITEM_FAILED))
		return &next_replace;
	if (row->state == RMT_ITEM_LIVE && stays_same(row->item))
		return &next_close;
	if (row->state == RMT_ITEM_LIVE && row->foreign)
		return &next_revoke;
	return &nexts[row->state];
}

/* The path as every shell takes it for a plain word, else a word to be replaced. */
static const char *plain_path(const char *path)
{
	for (const char *at = path; *at; at++)
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || strchr("._/-", *at)))
			return "PLAN";
	return *path && *path != '-' ? path : "PLAN";
}

static void put_command(struct rmt_buf *out, const char *command, const char *value)
{
	const char *mark = strstr(command, "%s");

	if (mark)
		rmt_buf_format(out, "%.*s%s%s", (int)(mark - command), command, value, mark + 2);
}

/* ---- the summary ---------------------------------------------------------------------------------------------------------------- */

static void count_row(struct report *report, size_t n)
{
	const struct row *row = &report->rows[n];
	struct remint_report_summary *summary = &report->summary;
	bool done = row->state == RMT_ITEM_LIVE || row->state == RMT_ITEM_CLOSED;

	report->states[row->state].items++;
	report->actions[row->item->action].items++;
	summary->actors[next_of(row)->actor]++;
	summary->places += row->item->place_count;
	summary->findings += row->item->finding_count;
	for (size_t i = 0; done && i < row->item->finding_count; i++)
		summary->cleared += row->item->findings[i].cleared;
	if (n == 0 || strcmp(row->item->device, report->rows[n - 1].item->device) != 0)
		summary->devices++;
}

static void summarise(struct report *report)
{
	struct remint_report_summary *summary = &report->summary;

	for (int i = 0; i < RMT_ITEM_STATES; i++)
		report->states[i].name = rmt_item_state_name((enum rmt_item_state)i);
	for (int i = 0; i < ACTIONS; i++)
		report->actions[i].name = rmt_action_name((enum rmt_action)i);
	for (size_t i = 0; i < report->plan.item_count; i++)
		count_row(report, i);
	summary->plan = report->options->plan;
	summary->id = report->plan.id;
	summary->made = report->plan.made;
	summary->by = report->plan.by;
	summary->now = rmt_verb_now(report->ctx);
	summary->items = report->plan.item_count;
	summary->states = report->states;
	summary->state_count = RMT_ITEM_STATES;
	summary->actions = report->actions;
	summary->action_count = ACTIONS;
}

/* ---- one item ------------------------------------------------------------------------------------------------------------------- */

static void describe_cert(struct rmt_arena *arena, const struct rmt_cert *cert, struct remint_report_cert *out)
{
	const struct rmt_ext *purposes = rmt_ext_find(&cert->extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	unsigned char hash[RMT_SHA256];

	out->serial = rmt_arena_serial(arena, cert->serial);
	out->subject = rmt_arena_name(arena, cert->subject);
	out->issuer = rmt_arena_name(arena, cert->issuer);
	out->signature = rmt_arena_algorithm(arena, cert->outer_algorithm);
	out->key = rmt_arena_spki(arena, cert->spki);
	out->names = rmt_arena_names(arena, &cert->extensions);
	out->not_before = cert->not_before;
	out->not_after = cert->not_after;
	if (rmt_sha256(cert->der, hash, NULL) == 0)
		out->sha256 = rmt_arena_hex(arena, rmt_span_of(hash, sizeof hash));
	if (purposes) {
		rmt_ext_print(purposes, &arena->scratch);
		out->purposes = rmt_arena_scratch(arena);
	}
}

static int note_old(void *arg, const struct rmt_object *object)
{
	struct rmt_cert **cert = arg;

	if (object->cert && !*cert)
		*cert = rmt_cert_dup(object->cert, NULL);
	return 0;
}

/* The plan was read strictly: its PEM is the certificate that it says. */
static void describe_old(struct rmt_arena *arena, const struct rmt_plan_item *item, struct remint_report_cert *out)
{
	struct rmt_cert *cert = NULL;
	struct rmt_reader reader = {.object = note_old, .arg = &cert, .mode = RMT_TOLERANT, .skip_keys = true};

	if (rmt_read_mem(&reader, "plan", rmt_span_text(item->pem), NULL) == 0 && cert)
		describe_cert(arena, cert, out);
	rmt_cert_free(cert);
}

static int describe_new(struct report *report, const struct row *row, struct rmt_arena *arena, struct remint_report_item *out,
                        struct rmt_err *err)
{
	struct remint_report_cert *after;
	struct rmt_db_cert stored;
	struct rmt_cert cert;
	int found = row->certificate ? rmt_db_cert_by_id(report->home.db, row->certificate, &stored, err) : 0;

	if (found <= 0)
		return found;
	after = rmt_arena_take(arena, sizeof *after);
	if (!after)
		return rmt_err_memory(err);
	if (rmt_cert_read(&cert, stored.der, RMT_TOLERANT, err))
		return -1;
	describe_cert(arena, &cert, after);
	out->after = after;
	return 0;
}

static void describe_places(struct rmt_arena *arena, const struct rmt_plan_item *item, struct remint_report_item *out)
{
	const char **places = rmt_arena_take(arena, (item->place_count + 1) * sizeof *places);

	for (size_t i = 0; places && i < item->place_count; i++) {
		rmt_buf_format(&arena->scratch, "%s %s", item->places[i].kind, item->places[i].source);
		places[i] = rmt_arena_scratch(arena);
	}
	out->places = (struct remint_strings){places, places ? item->place_count : 0};
}

/* Oldest first. States are numbered in the order in which they come, so those of one second stay in it. */
static void describe_moves(struct rmt_arena *arena, const struct row *row, struct remint_report_item *out)
{
	struct remint_report_move *moves = rmt_arena_take(arena, RMT_ITEM_STATES * sizeof *moves);

	for (int i = 0; moves && i < RMT_ITEM_STATES; i++) {
		size_t at = out->move_count;

		if (!row->came[i])
			continue;
		for (; at > 0 && moves[at - 1].when > row->came[i]; at--)
			moves[at] = moves[at - 1];
		moves[at] = (struct remint_report_move){rmt_item_state_name((enum rmt_item_state)i), row->came[i]};
		out->move_count++;
	}
	out->moves = moves;
}

static void describe_findings(struct rmt_arena *arena, const struct rmt_plan_item *item, struct remint_report_item *out)
{
	struct remint_report_finding *findings = rmt_arena_take(arena, (item->finding_count + 1) * sizeof *findings);

	for (size_t i = 0; findings && i < item->finding_count; i++)
		findings[i] = (struct remint_report_finding){.rule = item->findings[i].rule,
		                                             .severity = item->findings[i].severity,
		                                             .target = item->findings[i].target,
		                                             .message = item->findings[i].message,
		                                             .cleared = item->findings[i].cleared};
	out->findings = findings;
	out->finding_count = findings ? item->finding_count : 0;
}

static int describe(struct report *report, const struct row *row, struct rmt_arena *arena, struct remint_report_item *out,
                    struct rmt_err *err)
{
	const struct rmt_plan_item *item = row->item;
	const struct next *next = next_of(row);

	*out = (struct remint_report_item){.id = item->id, .name = item->name, .device = item->device, .why = item->why,
	                                   .note = item->note, .reason = row->reason, .confirmed_by = row->confirmed_by,
	                                   .when = row->when, .approved = item->approved, .targets = item->targets,
	                                   .action = rmt_action_name(item->action), .state = rmt_item_state_name(row->state),
	                                   .same = stays_same(item) && !row->certificate};
	describe_old(arena, item, &out->before);
	out->actor = next->actor;
	out->task = next->task;
	put_command(&arena->scratch, next->command, next->serial ? out->before.serial : plain_path(report->options->plan));
	out->command = rmt_arena_scratch(arena);
	describe_places(arena, item, out);
	describe_findings(arena, item, out);
	describe_moves(arena, row, out);
	if (describe_new(report, row, arena, out, err))
		return -1;
	return arena->failed ? rmt_err_memory(err) : 0;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------- */

static int hand_items(struct report *report, remint_report_fn *item, void *arg, struct rmt_err *err)
{
	struct rmt_arena arena = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < report->plan.item_count; i++) {
		struct remint_report_item told;

		rmt_arena_reset(&arena);
		rc = describe(report, &report->rows[i], &arena, &told, err);
		if (rc == 0 && report->options->html)
			rc = rmt_page_item(&report->page, &told, err);
		if (rc == 0 && item)
			rc = item(arg, &told);
		rmt_verb_progress(report->ctx, i + 1, report->plan.item_count);
	}
	rmt_arena_free(&arena);
	return rc;
}

/* The page is whole before its file is: a report that fails halfway leaves none. */
static int tell(struct report *report, remint_report_summary_fn *summary, remint_report_fn *item, void *arg, struct rmt_err *err)
{
	const struct remint_report_options *options = report->options;
	int rc = options->html ? rmt_file_check(options->html, options->force, err) : 0;

	if (rc == 0 && options->html)
		rc = rmt_page_begin(&report->page, &report->summary, err);
	if (rc == 0 && summary)
		rc = summary(arg, &report->summary);
	if (rc == 0)
		rc = hand_items(report, item, arg, err);
	if (rc == 0 && options->html)
		rc = rmt_page_end(&report->page, err);
	if (rc == 0 && options->html)
		rc = rmt_file_write(options->html, rmt_buf_view(&report->page.html), 0644, options->force, err);
	return rc;
}

int remint_report(struct remint *ctx, const struct remint_report_options *options, remint_report_summary_fn *summary,
                  remint_report_fn *item, void *arg)
{
	struct report report = {.ctx = ctx, .options = options};
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_plan_read(options->plan, &report.plan, err) == 0 && open_campaign(&report, err) == 0 && fill_rows(&report, err) == 0) {
		summarise(&report);
		rc = tell(&report, summary, item, arg, err);
	}
	rmt_page_clear(&report.page);
	rmt_home_close(&report.home);
	rmt_plan_clear(&report.plan);
	free(report.rows);
	rmt_arena_free(&report.arena);
	return rmt_verb_end(ctx, rc);
}
