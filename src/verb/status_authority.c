/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_authority.c - the authorities of a status: how long they live, whether their keys are there, and how fresh what
 * they publish is.
 */
#include "config.h"

#include "verb/local.h"

/* ---- lifetimes -------------------------------------------------------------------------------------------------------------------- */

static void describe_life(struct rmt_status *status, const struct rmt_db_lifetime *life, int64_t left)
{
	struct rmt_buf *text = &status->arena.scratch;

	if (left < 0) {
		rmt_buf_text(text, "expired on ");
		rmt_status_day(text, life->not_after);
	} else {
		rmt_buf_text(text, "ends on ");
		rmt_status_day(text, life->not_after);
		rmt_buf_text(text, ", in ");
		rmt_status_span(text, left);
	}
	if (life->state == RMT_AUTHORITY_RETIRED)
		rmt_buf_text(text, "; it is retired");
}

/* A certificate as long as the last ones would outlive it from then on. */
static bool describe_outliving(struct rmt_status *status, const struct rmt_db_lifetime *life)
{
	struct rmt_buf *text = &status->arena.scratch;
	bool late = false;

	if (life->outliving)
		rmt_buf_format(text, "; %lld certificate%s on record outlive%s it", (long long)life->outliving,
		               life->outliving == 1 ? "" : "s", life->outliving == 1 ? "s" : "");
	if (life->state == RMT_AUTHORITY_ACTIVE && life->key_here && life->longest && life->not_after > status->now) {
		late = status->now > life->not_after - life->longest;
		rmt_buf_text(text, late ? "; a certificate of " : "; from ");
		if (!late) {
			rmt_status_day(text, life->not_after - life->longest);
			rmt_buf_text(text, " on one of ");
		}
		rmt_status_span(text, life->longest);
		rmt_buf_text(text, late ? ", as it issues them, would outlive it: rotate it" : " would outlive it");
	}
	return late || life->outliving;
}

static int tell_life(void *arg, const struct rmt_db_lifetime *life)
{
	struct rmt_status *status = arg;
	int64_t left = life->not_after - status->now;
	int64_t warn = status->options.ca_days * RMT_DAY, critical = status->options.warn_days * RMT_DAY;
	int stands = life->key_here ? rmt_home_key_stands(&status->home, life->spki_hash, status->err) : 1;
	enum remint_health health = REMINT_HEALTH_OK;

	if (stands < 0)
		return -1;
	rmt_status_begin(status, "authorities", "lifetime", life->name);
	describe_life(status, life, left);
	if (describe_outliving(status, life) || (life->state != RMT_AUTHORITY_RETIRED && left < warn))
		health = REMINT_HEALTH_WARNING;
	if (life->state != RMT_AUTHORITY_RETIRED && left < critical)
		health = REMINT_HEALTH_CRITICAL;
	if (!stands) {
		rmt_buf_text(&status->arena.scratch, "; its private key is not in keys/");
		health = REMINT_HEALTH_CRITICAL;
	}
	status->line.measured = true;
	status->line.value = left;
	status->line.unit = "s";
	if (life->state != RMT_AUTHORITY_RETIRED) {
		status->line.warning = warn;
		status->line.critical = critical;
	}
	return rmt_status_tell(status, health);
}

/* What hangs on a revoked CA is refused, whoever checks. */
static int tell_revoked(void *arg, const struct rmt_db_authority *authority)
{
	struct rmt_status *status = arg;
	struct rmt_buf *text = &status->arena.scratch;
	struct rmt_db_revocation revocation;
	int64_t count;
	int found = rmt_authority_revoked(status->home.db, authority, &revocation, status->err);

	if (found < 1)
		return found;
	if (rmt_authority_weight(status->home.db, authority->id, status->now, &count, status->err))
		return -1;
	rmt_status_begin(status, "authorities", "revocation", authority->name);
	rmt_buf_text(text, "revoked on ");
	rmt_status_day(text, revocation.at);
	if (revocation.reason)
		rmt_buf_format(text, " (%s)", rmt_reason_name(revocation.reason));
	if (count)
		rmt_buf_format(text, "; %lld certificate%s that %s not expired hang%s on it: replace %s", (long long)count, count == 1 ? "" : "s",
		               count == 1 ? "has" : "have", count == 1 ? "s" : "", count == 1 ? "it" : "them");
	return rmt_status_tell(status, count ? REMINT_HEALTH_CRITICAL : REMINT_HEALTH_OK);
}

/* ---- revocation lists --------------------------------------------------------------------------------------------------------------- */

/* Of all lists of an authority the one that ends first, and the history that none of them speaks of. */
struct lists {
	rmt_time this_update, next_update;
	int64_t through, number, entries;
	int missing; /* shards without a list */
};

static int find_lists(struct rmt_status *status, const struct rmt_db_authority *authority, struct lists *lists)
{
	struct rmt_db_crl crl;

	*lists = (struct lists){0};
	for (int shard = 0; shard <= authority->crl_shards; shard++) {
		int found = rmt_db_crl_newest(status->home.db, authority->id, shard, false, &crl, status->err);

		if (found < 0)
			return -1;
		lists->missing += !found;
		if (!found || (lists->number && crl.next_update >= lists->next_update))
			continue;
		*lists = (struct lists){crl.this_update, crl.next_update, lists->through, crl.number, crl.entries, lists->missing};
		if (shard == 0)
			lists->through = crl.through;
	}
	/* A delta speaks of what came after its base. */
	if (lists->number && rmt_db_crl_newest(status->home.db, authority->id, 0, true, &crl, status->err) == 1 &&
	    crl.through > lists->through && crl.next_update > status->now)
		lists->through = crl.through;
	return 0;
}

struct unlisted {
	int64_t authority, count;
	rmt_time oldest;
};

static int count_unlisted(void *arg, const struct rmt_db_revocation *row)
{
	struct unlisted *unlisted = arg;

	if (row->authority != unlisted->authority)
		return 0;
	if (!unlisted->count++ || row->at < unlisted->oldest)
		unlisted->oldest = row->at;
	return 0;
}

/* How long before its end a list should have been replaced. */
static int64_t margin_of(const struct rmt_status *status, rmt_time this_update, rmt_time next_update)
{
	return status->options.margin ? status->options.margin : (next_update - this_update) / 4;
}

static enum remint_health describe_lists(struct rmt_status *status, const struct lists *lists, const struct unlisted *unlisted)
{
	int64_t left = lists->next_update - status->now, margin = margin_of(status, lists->this_update, lists->next_update);
	struct rmt_buf *text = &status->arena.scratch;
	enum remint_health health = left < 0 ? REMINT_HEALTH_CRITICAL : left < margin ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK;
	char when[32];

	rmt_time_text(lists->next_update, when);
	rmt_buf_format(text, "list %lld (%lld revoked) %s %s", (long long)lists->number, (long long)lists->entries,
	               left < 0 ? "ended at" : "holds until", when);
	if (left < 0)
		rmt_buf_text(text, ": devices that check refuse every certificate of this authority: run remint crl");
	else if (left < margin)
		rmt_buf_text(text, ": a run was missed: run remint crl");
	if (lists->missing) {
		rmt_buf_format(text, "; %d partial list%s never published", lists->missing, lists->missing == 1 ? " was" : "s were");
		health = REMINT_HEALTH_CRITICAL;
	}
	if (unlisted->count) {
		rmt_buf_format(text, "; %lld revocation%s not on it yet, since ", (long long)unlisted->count,
		               unlisted->count == 1 ? " is" : "s are");
		rmt_status_span(text, status->now > unlisted->oldest ? status->now - unlisted->oldest : 0);
		if (status->now - unlisted->oldest > RMT_DAY && health == REMINT_HEALTH_OK)
			health = REMINT_HEALTH_WARNING;
	}
	status->line.measured = true;
	status->line.value = left;
	status->line.unit = "s";
	status->line.warning = margin;
	status->line.critical = 0;
	return health;
}

static int tell_lists(struct rmt_status *status, const struct rmt_db_authority *authority)
{
	struct unlisted unlisted = {.authority = authority->id};
	struct lists lists;

	if (find_lists(status, authority, &lists) ||
	    rmt_db_revocations(status->home.db, lists.through, count_unlisted, &unlisted, status->err))
		return -1;
	rmt_status_begin(status, "crl", "freshness", authority->name);
	if (lists.number)
		return rmt_status_tell(status, describe_lists(status, &lists, &unlisted));
	if (*authority->crl_uri)
		rmt_buf_text(&status->arena.scratch,
		             "no list was ever published, and certificates say where it should be: run remint crl");
	else if (unlisted.count)
		rmt_buf_format(&status->arena.scratch, "%lld certificate%s revoked and no list was ever published",
		               (long long)unlisted.count, unlisted.count == 1 ? " was" : "s were");
	else
		rmt_buf_text(&status->arena.scratch, "nothing is revoked, and certificates name no list");
	return rmt_status_tell(status, *authority->crl_uri || unlisted.count ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

static int tell_authority(void *arg, const struct rmt_db_authority *authority)
{
	struct rmt_status *status = arg;

	if (authority->state == RMT_AUTHORITY_PENDING) {
		rmt_status_begin(status, "authorities", "certificate", authority->name);
		rmt_buf_text(&status->arena.scratch, "waits for its certificate: install it with remint ca install");
		return rmt_status_tell(status, REMINT_HEALTH_OK);
	}
	if (authority->state == RMT_AUTHORITY_FOREIGN || !authority->key_here)
		return 0;
	return tell_lists(status, authority);
}

/* ---- responses that were signed in advance ------------------------------------------------------------------------------------------ */

static int tell_responses(struct rmt_status *status)
{
	struct rmt_buf *text = &status->arena.scratch;
	int64_t count, life, left, margin;
	rmt_time soonest;

	if (rmt_db_ocsp_sample(status->home.db, &count, &soonest, &life, status->err))
		return -1;
	if (!count)
		return 0;
	left = soonest - status->now;
	/* A run leaves alone what holds for half of its life yet. */
	margin = status->options.margin ? status->options.margin : life / 8;
	rmt_status_begin(status, "ocsp", "freshness", NULL);
	rmt_buf_format(text, "%lld of the responses signed in advance were looked at, the first ", (long long)count);
	rmt_buf_text(text, left < 0 ? "ended " : "ends in ");
	rmt_status_span(text, left < 0 ? -left : left);
	rmt_buf_text(text, left < 0        ? " ago: run remint ocsp --all"
	                   : left < margin ? ": a run was missed: run remint ocsp --all"
	                                   : "");
	status->line.measured = true;
	status->line.value = left;
	status->line.unit = "s";
	status->line.warning = margin;
	status->line.critical = 0;
	return rmt_status_tell(status, left < 0 ? REMINT_HEALTH_CRITICAL : left < margin ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

int rmt_status_authorities(struct rmt_status *status)
{
	return rmt_db_lifetimes(status->home.db, tell_life, status, status->err) ||
	               rmt_db_authorities(status->home.db, tell_revoked, status, status->err) ||
	               rmt_db_authorities(status->home.db, tell_authority, status, status->err) || tell_responses(status)
	           ? -1
	           : 0;
}
