/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_served.c - what the targets of an item say to the chain that a place sends with the new certificate.
 *
 * The new leaf alone is not the end of a campaign: without its issuers a phone refuses it all the same. The chain is judged as it
 * was sent, nothing repaired, with the root of the authority trusted that issued it. Errors that were known and left when it was
 * issued are none here: those of an authority without a publish URL, and those that the plan says its action does not clear.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct rmt_judges {
	int64_t id; /* of the authority; 0: another CA's */
	struct remint_strings targets; /* borrowed from the plan */
	struct rmt_authority authority; /* cert NULL: another CA's */
	struct rmt_chain_store *store;
	struct rmt_demand demand;
	struct rmt_audit **audits; /* one for each target of the demand */
};

struct judging {
	const struct rmt_plan_item *item;
	const struct rmt_authority *authority;
	struct rmt_arena *arena;
	const char *sentence;
	bool incomplete; /* the sentence speaks of what was not sent, which says more than that no path was found */
};

static bool is_left(const struct judging *judging, const struct rmt_finding *finding)
{
	const struct rmt_plan_item *item = judging->item;

	if (judging->authority->cert && rmt_authority_causes(judging->authority, finding->rule))
		return true;
	for (size_t i = 0; i < item->finding_count; i++)
		if (!item->findings[i].cleared && strcmp(item->findings[i].rule, finding->rule) == 0 && item->findings[i].target &&
		    strcmp(item->findings[i].target, finding->target) == 0)
			return true;
	return false;
}

static int note_error(void *arg, const struct rmt_finding *finding)
{
	struct judging *judging = arg;
	struct rmt_buf *text = &judging->arena->scratch;
	bool incomplete = strcmp(finding->rule, "chain.complete") == 0;

	if (finding->severity != RMT_SEVERITY_ERROR || (judging->sentence && (judging->incomplete || !incomplete)) ||
	    is_left(judging, finding))
		return 0;
	if (incomplete)
		rmt_buf_format(text, "serves the new certificate, but without its intermediate, so that %s would refuse it: %s", finding->target,
		               finding->message);
	else
		rmt_buf_format(text, "serves the new certificate, but %s would refuse what it sends: %s (%s)", finding->target,
		               finding->message, finding->rule);
	judging->sentence = rmt_arena_scratch(judging->arena);
	judging->incomplete = incomplete;
	return 0;
}

/* ---- what does not depend on the place --------------------------------------------------------------------------------- */

/* The authority that issued it, with its chain; one that is not active any more has none that could be loaded. */
static int load_authority(const struct rmt_campaign *campaign, int64_t id, struct rmt_authority *out, struct rmt_err *err)
{
	struct rmt_home home = campaign->bench.home;
	struct rmt_db_authority row;
	int found = id ? rmt_db_authority_get(home.db, NULL, id, &row, err) : 0;
	char *name;
	int rc;

	*out = (struct rmt_authority){0};
	if (found <= 0 || row.state != RMT_AUTHORITY_ACTIVE)
		return found < 0 ? -1 : 0;
	name = rmt_strdup(row.name, err);
	rc = name ? rmt_authority_load_status(&home, name, false, out, err) : -1;
	free(name);
	return rc;
}

static int trust_root(const struct rmt_authority *authority, struct rmt_chain_store *store, struct rmt_err *err)
{
	int rc = 0;

	if (authority->cert && rmt_cert_self_issued(authority->cert))
		rc = rmt_chain_store_add(store, authority->cert, true, err);
	for (size_t i = 0; rc == 0 && i < authority->chain_count; i++)
		if (rmt_cert_self_issued(authority->chain[i]))
			rc = rmt_chain_store_add(store, authority->chain[i], true, err);
	return rc;
}

static int prepare(struct rmt_judges *judges, const struct rmt_campaign *campaign, struct rmt_err *err)
{
	struct rmt_demand *demand = &judges->demand;

	judges->store = rmt_chain_store_new(err);
	if (!judges->store || load_authority(campaign, judges->id, &judges->authority, err) ||
	    trust_root(&judges->authority, judges->store, err) ||
	    rmt_demand_load(campaign->ctx, NULL, judges->targets, "server-client", demand, err))
		return -1;
	judges->audits = calloc(demand->target_count + 1, sizeof(struct rmt_audit *));
	if (!judges->audits)
		return rmt_err_memory(err);
	for (size_t i = 0; i < demand->target_count; i++)
		if (!(judges->audits[i] = rmt_audit_new(demand->targets[i], judges->store, rmt_verb_now(campaign->ctx), err)))
			return -1;
	return 0;
}

struct rmt_judges *rmt_judges_new(const struct rmt_campaign *campaign, struct remint_strings targets, int64_t authority,
                                  struct rmt_err *err)
{
	struct rmt_judges *judges = calloc(1, sizeof *judges);

	if (!judges) {
		rmt_err_memory(err);
		return NULL;
	}
	judges->id = authority;
	judges->targets = targets;
	if (prepare(judges, campaign, err) == 0)
		return judges;
	rmt_judges_free(judges);
	return NULL;
}

void rmt_judges_free(struct rmt_judges *judges)
{
	if (!judges)
		return;
	for (size_t i = 0; judges->audits && i < judges->demand.target_count; i++)
		rmt_audit_free(judges->audits[i]);
	free(judges->audits);
	rmt_demand_clear(&judges->demand);
	rmt_authority_clear(&judges->authority);
	rmt_chain_store_free(judges->store);
	free(judges);
}

bool rmt_judges_suit(const struct rmt_judges *judges, struct remint_strings targets, int64_t authority)
{
	if (!judges || judges->id != authority || judges->targets.count != targets.count)
		return false;
	for (size_t i = 0; i < targets.count; i++)
		if (strcmp(judges->targets.items[i], targets.items[i]) != 0)
			return false;
	return true;
}

const struct rmt_demand *rmt_judges_demand(const struct rmt_judges *judges)
{
	return &judges->demand;
}

/* ---- what a place sends ------------------------------------------------------------------------------------------------- */

int rmt_judges_hear(struct rmt_judges *judges, const struct rmt_wire_node *node, const char *host,
                    int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err)
{
	const struct rmt_cert **sent = NULL;
	struct rmt_presented presented;
	struct rmt_buf label = {0};
	int rc = rmt_wire_present(node, host, &presented, &sent, &label, err);

	for (size_t i = 0; rc == 0 && i < judges->demand.target_count; i++)
		rc = rmt_audit_run(judges->audits[i], &presented, sink, arg, err);
	free(sent);
	rmt_buf_free(&label);
	return rc;
}

int rmt_judges_refuse(struct rmt_judges *judges, const struct rmt_plan_item *item, const struct rmt_wire_node *node,
                      const char *host, struct rmt_arena *arena, const char **sentence, struct rmt_err *err)
{
	struct judging judging = {.item = item, .authority = &judges->authority, .arena = arena};
	int rc = rmt_judges_hear(judges, node, host, note_error, &judging, err);

	*sentence = judging.sentence;
	return rc;
}
