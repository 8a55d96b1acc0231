/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_live.c - what the places of a campaign have now: endpoints on the wire, every address, and files anew; and the verb that
 * moves items to live by it.
 *
 * Where an item has a new certificate, a place has it, or the old one, or another; and an endpoint that has it must send it so that
 * none of the item's targets would refuse (apply_served.c). Where the same certificate was only put into
 * its right form, a place is right when the audit no longer finds there what the plan said would be cleared. Nobody's word
 * counts here; a person's confirmation is apply_close.c's.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct rmt_gaze {
	const struct rmt_campaign *campaign;
	struct rmt_wire wire;
	struct rmt_judges *judges; /* of the last item that needed some */
	size_t *first; /* input of an item's first endpoint, by its place in the plan */
};

static bool is_endpoint(const struct rmt_plan_place *place)
{
	return strcmp(place->kind, "endpoint") == 0;
}

/* ---- one look at all endpoints ------------------------------------------------------------------------------------------ */

static size_t gather(struct rmt_gaze *gaze, const bool *wanted, const char **inputs)
{
	const struct rmt_plan *plan = &gaze->campaign->plan;
	size_t count = 0;

	for (size_t i = 0; i < plan->item_count; i++) {
		gaze->first[i] = count;
		for (size_t k = 0; wanted[i] && k < plan->items[i].place_count; k++)
			if (is_endpoint(&plan->items[i].places[k])) {
				if (inputs)
					inputs[count] = plan->items[i].places[k].source;
				count++;
			}
	}
	return count;
}

struct rmt_gaze *rmt_gaze_new(const struct rmt_campaign *campaign, const struct remint_wire *wire, const bool *wanted,
                              struct rmt_err *err)
{
	struct rmt_gaze *gaze = calloc(1, sizeof *gaze);
	const char **inputs = NULL;
	size_t count;
	int rc = -1;

	if (gaze) {
		gaze->campaign = campaign;
		gaze->first = calloc(campaign->plan.item_count + 1, sizeof *gaze->first);
	}
	if (gaze && gaze->first) {
		count = gather(gaze, wanted, NULL);
		inputs = calloc(count + 1, sizeof *inputs);
	}
	if (!inputs) {
		rmt_err_memory(err);
	} else {
		gather(gaze, wanted, inputs);
		rc = rmt_wire_open(campaign->ctx, wire, (struct remint_strings){inputs, count}, &gaze->wire, err);
	}
	free(inputs);
	if (rc == 0)
		return gaze;
	rmt_gaze_free(gaze);
	return NULL;
}

void rmt_gaze_free(struct rmt_gaze *gaze)
{
	if (!gaze)
		return;
	rmt_wire_clear(&gaze->wire);
	rmt_judges_free(gaze->judges);
	free(gaze->first);
	free(gaze);
}

int rmt_gaze_issuers(const struct rmt_gaze *gaze, int (*visit)(void *arg, const struct rmt_cert *cert), void *arg)
{
	int rc = 0;

	for (size_t i = 0; i < gaze->wire.node_count; i++)
		for (size_t k = 0; rc == 0 && k < gaze->wire.nodes[i].sent_count; k++)
			if (rmt_cert_is_ca(gaze->wire.nodes[i].sent[k]))
				rc = visit(arg, gaze->wire.nodes[i].sent[k]);
	return rc;
}

/* ---- one item ------------------------------------------------------------------------------------------------------------ */

struct looking {
	struct rmt_gaze *gaze;
	const struct rmt_campaign *campaign;
	const struct rmt_plan_item *item;
	unsigned char new[RMT_SHA256], old[RMT_SHA256];
	int64_t authority; /* that issued the new one; 0: another CA */
	struct rmt_arena *arena;
	const char **nodes;
	size_t node_count, node_room;
	struct rmt_look *out;
	struct rmt_err *err;
};

static void note(struct looking *looking, enum rmt_sight sight, const char *place, const char *what, const char *detail)
{
	looking->out->seen[sight]++;
	if (sight == RMT_SIGHT_NEW || looking->node_count == looking->node_room)
		return;
	rmt_buf_format(&looking->arena->scratch, "%s %s%s", place, what, detail);
	looking->nodes[looking->node_count++] = rmt_arena_scratch(looking->arena);
}

static int sight_of(struct looking *looking, const struct rmt_cert *cert, enum rmt_sight *out)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_cert_fingerprint(cert, hash, looking->err))
		return -1;
	*out = memcmp(hash, looking->new, sizeof hash) == 0   ? RMT_SIGHT_NEW
	       : memcmp(hash, looking->old, sizeof hash) == 0 ? RMT_SIGHT_OLD
	                                                      : RMT_SIGHT_OTHER;
	return 0;
}

/* Addresses that send the same have one source; each is to be found by the person who goes there. */
static const char *node_name(struct looking *looking, const struct rmt_wire_node *node)
{
	if (!node->address[0] || strstr(node->source, node->address))
		return node->source;
	rmt_buf_format(&looking->arena->scratch, "%s [%s]", node->source, node->address);
	return rmt_arena_scratch(looking->arena);
}

/* Items of a campaign that come one after the other often have the same targets and authority. */
static struct rmt_judges *judges_of(struct looking *looking)
{
	struct rmt_gaze *gaze = looking->gaze;

	if (!rmt_judges_suit(gaze->judges, looking->item->targets, looking->authority)) {
		rmt_judges_free(gaze->judges);
		gaze->judges = rmt_judges_new(looking->campaign, looking->item->targets, looking->authority, looking->err);
	}
	return gaze->judges;
}

static int find_refusal(struct looking *looking, const struct rmt_wire_node *node, const char **sentence)
{
	struct rmt_judges *judges = judges_of(looking);

	return judges ? rmt_judges_refuse(judges, looking->item, node, rmt_wire_host(&looking->gaze->wire, node), looking->arena,
	                                  sentence, looking->err)
	              : -1;
}

static void note_node(struct looking *looking, const struct rmt_wire_node *node)
{
	const struct rmt_cert *leaf = node->sent_count ? node->sent[rmt_wire_leaf(node)] : NULL;
	const char *place = node_name(looking, node), *refused = NULL;
	enum rmt_sight sight = RMT_SIGHT_NONE;

	if (leaf && sight_of(looking, leaf, &sight))
		return;
	if (sight == RMT_SIGHT_NEW && find_refusal(looking, node, &refused))
		return;
	if (!leaf)
		note(looking, sight, place, "cannot be looked at: ", node->seen.err.message);
	else if (refused)
		note(looking, RMT_SIGHT_REFUSED, place, refused, "");
	else if (sight == RMT_SIGHT_OLD)
		note(looking, sight, place, "still serves the old certificate", "");
	else
		note(looking, sight, place, "serves another certificate, serial number ",
		     rmt_arena_serial(looking->arena, leaf->serial));
}

struct holding {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	struct looking *looking;
	bool any, old, new;
};

static int look_at_object(void *arg, const struct rmt_object *object)
{
	struct holding *holding = arg;
	enum rmt_sight sight;

	if (!object->cert)
		return 0;
	if (sight_of(holding->looking, object->cert, &sight))
		return -1;
	holding->any |= !rmt_cert_is_ca(object->cert);
	holding->old |= sight == RMT_SIGHT_OLD;
	holding->new |= sight == RMT_SIGHT_NEW;
	return 0;
}

static int ignore(void *arg, const struct rmt_err *fault)
{
	(void)arg;
	(void)fault;
	return 0;
}

static void look_at_file(struct looking *looking, const char *path)
{
	struct holding holding = {.ctx = looking->campaign->ctx, .looking = looking};
	struct rmt_reader reader = rmt_verb_reader(looking->campaign->ctx);
	struct rmt_err gone = {0};

	reader.object = look_at_object;
	reader.fault = ignore;
	reader.arg = &holding;
	reader.skip_keys = true;
	if (rmt_read_path(&reader, path, &gone))
		note(looking, RMT_SIGHT_NONE, path, "cannot be read: ", gone.message);
	else if (holding.old)
		note(looking, RMT_SIGHT_OLD, path, "still holds the old certificate", "");
	else if (holding.new)
		note(looking, RMT_SIGHT_NEW, path, "", "");
	else
		note(looking, holding.any ? RMT_SIGHT_OTHER : RMT_SIGHT_NONE, path,
		     holding.any ? "holds another certificate" : "holds no certificate that can be read", "");
}

/* ---- the same certificate in another form ---------------------------------------------------------------------------------- */

struct judging {
	const struct rmt_plan_item *item;
	const char *rule; /* of the first finding that should be gone */
	struct rmt_arena *arena;
};

/* A missing root, which few servers send, is information under the rule that a missing intermediate breaks. */
static enum remint_severity severity_of(const struct rmt_plan_finding *finding)
{
	enum rmt_severity severity = RMT_SEVERITY_INFO;

	rmt_severity_named(finding->severity, &severity);
	return (enum remint_severity)severity;
}

static int note_finding(void *arg, const struct remint_finding *finding)
{
	struct judging *judging = arg;

	for (size_t i = 0; i < judging->item->finding_count && !judging->rule; i++) {
		const struct rmt_plan_finding *cleared = &judging->item->findings[i];

		if (cleared->cleared && strcmp(cleared->rule, finding->rule) == 0 && finding->severity >= severity_of(cleared) &&
		    (!cleared->target || !*cleared->target || strcmp(cleared->target, finding->target) == 0))
			judging->rule = rmt_arena_text(judging->arena, finding->rule);
	}
	return 0;
}

static int hear_finding(void *arg, const struct rmt_finding *finding)
{
	struct remint_finding told = rmt_finding_told(finding, "");

	return note_finding(arg, &told);
}

static int count_fault(void *arg, const struct rmt_err *err)
{
	(void)err;
	++*(uint64_t *)arg;
	return 0;
}

static int quiet_fault(void *arg, const struct remint_fault *fault)
{
	(void)fault;
	++*(uint64_t *)arg;
	return 0;
}

/* What was found at a place as it is judged anew; what cannot be read is counted, not told. */
static void note_form(struct looking *looking, const char *source, const char *rule, bool seen)
{
	if (rule)
		note(looking, RMT_SIGHT_OLD, source, "still has what was to be cleared: ", rule);
	else if (!seen)
		note(looking, RMT_SIGHT_NONE, source, "cannot be looked at", "");
	else
		note(looking, RMT_SIGHT_NEW, source, "", "");
}

static int judge_file(struct looking *looking, const char *source)
{
	struct remint *ctx = looking->campaign->ctx;
	struct judging judging = {.item = looking->item, .arena = looking->arena};
	struct remint_audit_options options = {.inputs = {&source, 1}, .targets = looking->item->targets};
	const struct rmt_judges *judges = judges_of(looking);
	const struct rmt_demand *demand = judges ? rmt_judges_demand(judges) : NULL;
	struct remint_audit_summary summary = {0};
	remint_fault_fn *fault = ctx->fault;
	void *fault_arg = ctx->fault_arg;
	uint64_t faults = 0, before = ctx->faults;
	int rc;

	if (!demand)
		return -1;
	ctx->fault = quiet_fault;
	ctx->fault_arg = &faults;
	rc = rmt_verb_audit(ctx, &options, demand->targets, demand->target_count, note_finding, &judging, &summary);
	ctx->fault = fault;
	ctx->fault_arg = fault_arg;
	ctx->faults = before;
	if (rc == 0)
		note_form(looking, source, judging.rule, !faults && summary.certificates);
	return rc;
}

/* What an endpoint sent is at hand already. */
static int judge_endpoint(struct looking *looking, size_t input)
{
	const struct rmt_wire *wire = &looking->gaze->wire;
	struct judging judging = {.item = looking->item, .arena = looking->arena};
	struct rmt_judges *judges = judges_of(looking);
	const struct rmt_wire_node *node;
	uint64_t faults = 0;
	size_t cursor = 0;
	int rc = judges ? 0 : -1;

	while (rc == 0 && rmt_wire_chain(wire, input, &cursor, &node))
		rc = rmt_judges_hear(judges, node, rmt_wire_host(wire, node), hear_finding, &judging, looking->err);
	if (rc == 0 && wire->inputs[input].count)
		rc = rmt_wire_faults(wire, input, count_fault, &faults);
	if (rc == 0)
		note_form(looking, wire->inputs[input].text, judging.rule, !faults && wire->inputs[input].count);
	return rc;
}

/* ---- the look -------------------------------------------------------------------------------------------------------------- */

static int find_hashes(struct looking *looking, const struct rmt_standing *standing)
{
	struct rmt_cert *old = rmt_plan_item_cert(looking->item, looking->err);
	struct rmt_db_cert row;
	int found, rc = old ? rmt_cert_fingerprint(old, looking->old, looking->err) : -1;

	rmt_cert_free(old);
	if (rc)
		return -1;
	found = rmt_db_cert_by_id(looking->campaign->bench.home.db, standing->certificate, &row, looking->err);
	if (found < 0)
		return -1;
	if (!found || row.fingerprint.length != sizeof looking->new)
		return rmt_err_set(looking->err, RMT_DATABASE, NULL, "its certificate is gone from the database: run remint db check");
	memcpy(looking->new, row.fingerprint.at, sizeof looking->new);
	looking->authority = row.authority;
	return 0;
}

static void look_at_endpoint(struct looking *looking, size_t input)
{
	const struct rmt_wire *wire = &looking->gaze->wire;
	const struct rmt_wire_input *of = &wire->inputs[input];

	for (size_t i = 0; i < of->count; i++)
		note_node(looking, &wire->nodes[of->first + i]);
	if (!of->count)
		note(looking, RMT_SIGHT_NONE, of->text, "cannot be looked at: ", "it is no endpoint");
}

/* One place: is the new certificate there, or where there is none, what the plan's action was to change? */
static int look_at_place(struct looking *looking, const struct rmt_plan_place *place, size_t input, bool replaced)
{
	if (is_endpoint(place) && input >= looking->gaze->wire.count)
		return 0;
	if (!replaced)
		return is_endpoint(place) ? judge_endpoint(looking, input) : judge_file(looking, place->source);
	if (is_endpoint(place))
		look_at_endpoint(looking, input);
	else
		look_at_file(looking, place->source);
	return 0;
}

static size_t room_for(const struct rmt_gaze *gaze, const struct rmt_plan_item *item, size_t first)
{
	size_t room = item->place_count;

	for (size_t k = 0, input = first; k < item->place_count; k++)
		if (is_endpoint(&item->places[k]) && input < gaze->wire.count)
			room += gaze->wire.inputs[input++].count;
	return room;
}

int rmt_gaze_at(struct rmt_gaze *gaze, size_t index, const struct rmt_standing *standing, struct rmt_arena *arena,
                struct rmt_look *out, struct rmt_err *err)
{
	const struct rmt_plan_item *item = &gaze->campaign->plan.items[index];
	struct looking looking = {.gaze = gaze, .campaign = gaze->campaign, .item = item, .arena = arena, .out = out, .err = err};
	size_t input = gaze->first[index];
	int rc = 0;

	*out = (struct rmt_look){0};
	looking.node_room = room_for(gaze, item, input);
	looking.nodes = rmt_arena_take(arena, (looking.node_room + 1) * sizeof *looking.nodes);
	if (!looking.nodes)
		return rmt_err_memory(err);
	if (standing->certificate && find_hashes(&looking, standing))
		return -1;
	for (size_t i = 0; rc == 0 && i < item->place_count; i++) {
		const struct rmt_plan_place *place = &item->places[i];
		bool endpoint = is_endpoint(place);

		if (!endpoint && strcmp(place->kind, "file") != 0)
			continue;
		rc = look_at_place(&looking, place, input, standing->certificate != 0);
		input += endpoint;
	}
	out->nodes = (struct remint_strings){looking.nodes, looking.node_count};
	return rc || err->class != RMT_NONE ? -1 : 0;
}

/* ---- the verb -------------------------------------------------------------------------------------------------------------- */

struct verifying {
	struct rmt_campaign campaign;
	struct rmt_standing *standings;
	bool *wanted;
	struct rmt_arena arena;
	remint_step_fn *step;
	void *arg;
};

/* What comes of a look: the sentence, and the state that follows. */
static const char *judge(const struct rmt_look *look, enum rmt_item_state *state)
{
	bool all_new = look->seen[RMT_SIGHT_NEW] && !look->nodes.count;

	*state = all_new ? RMT_ITEM_LIVE : RMT_ITEM_EXPORTED;
	if (all_new)
		return "every place has the new certificate";
	if (look->seen[RMT_SIGHT_REFUSED] == look->nodes.count && look->nodes.count)
		return "the new certificate is there, but not as its targets need it";
	return look->nodes.count ? "not every place has the new certificate"
	                         : "the plan names no place that can be looked at: a person has to confirm it when it is closed";
}

static int verify_item(struct verifying *verifying, struct rmt_gaze *gaze, size_t index, struct rmt_err *err)
{
	const struct rmt_plan_item *item = &verifying->campaign.plan.items[index];
	const struct rmt_standing *standing = &verifying->standings[index];
	struct remint_step step = {.before = rmt_item_state_name(standing->state)};
	enum rmt_item_state state = standing->state;
	struct rmt_look look;

	rmt_arena_reset(&verifying->arena);
	if (verifying->wanted[index]) {
		if (rmt_gaze_at(gaze, index, standing, &verifying->arena, &look, err))
			return -1;
		step.text = judge(&look, &state);
		step.nodes = look.nodes;
	} else {
		step.text = standing->state == RMT_ITEM_FAILED ? standing->why : "there is nothing to look at in this state";
	}
	if (state != standing->state && rmt_campaign_move(&verifying->campaign, item, state, NULL, NULL, err))
		return -1;
	if (rmt_campaign_describe(&verifying->campaign, item, &verifying->arena, &step, err))
		return -1;
	return verifying->step ? verifying->step(verifying->arg, &step) : 0;
}

static int verify_all(struct verifying *verifying, const struct remint_wire *wire, struct rmt_err *err)
{
	const struct rmt_plan *plan = &verifying->campaign.plan;
	struct rmt_gaze *gaze;
	int rc = 0;

	if (!verifying->campaign.id)
		return rmt_err_set(err, RMT_POLICY, NULL, "this plan was never applied: run remint apply --commit first");
	verifying->standings = calloc(plan->item_count + 1, sizeof *verifying->standings);
	verifying->wanted = calloc(plan->item_count + 1, sizeof *verifying->wanted);
	if (!verifying->standings || !verifying->wanted)
		return rmt_err_memory(err);
	for (size_t i = 0; i < plan->item_count; i++) {
		if (rmt_campaign_standing(&verifying->campaign, &plan->items[i], &verifying->standings[i], err))
			return -1;
		verifying->wanted[i] = verifying->standings[i].state == RMT_ITEM_EXPORTED || verifying->standings[i].state == RMT_ITEM_LIVE;
	}
	gaze = rmt_gaze_new(&verifying->campaign, wire, verifying->wanted, err);
	for (size_t i = 0; gaze && rc == 0 && i < plan->item_count; i++)
		rc = verify_item(verifying, gaze, i, err);
	rmt_gaze_free(gaze);
	return gaze ? rc : -1;
}

int remint_campaign_verify(struct remint *ctx, const struct remint_campaign_options *options, remint_step_fn *step, void *arg)
{
	struct verifying verifying = {.step = step, .arg = arg};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_campaign_open(ctx, options->plan, RMT_DB_WRITE, &verifying.campaign, &ctx->err) == 0)
		rc = verify_all(&verifying, &options->wire, &ctx->err);
	free(verifying.standings);
	free(verifying.wanted);
	rmt_arena_free(&verifying.arena);
	rmt_campaign_close(&verifying.campaign);
	return rmt_verb_end(ctx, rc);
}
