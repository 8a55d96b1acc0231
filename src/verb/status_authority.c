/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_authority.c - the authorities of a status: how long they live, whether their keys are there, and how fresh what
 * they publish is.
 */
#include "config.h"

#include <stdlib.h>

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

/* Of all lists of an authority, or of its deltas, the one that ends first; and how much of the history they know. */
struct lists {
	bool delta;
	rmt_time this_update, next_update;
	int64_t through, number, base, entries;
	int missing; /* shards without a list */
};

static int find_lists(struct rmt_status *status, const struct rmt_db_authority *authority, bool delta, struct lists *lists)
{
	struct rmt_db_crl crl;

	*lists = (struct lists){.delta = delta};
	for (int shard = 0; shard <= authority->crl_shards; shard++) {
		int found = rmt_db_crl_newest(status->home.db, authority->id, shard, delta, &crl, status->err);

		if (found < 0)
			return -1;
		lists->missing += !found;
		if (found && shard == 0)
			lists->through = crl.through;
		if (!found || (lists->number && crl.next_update >= lists->next_update))
			continue;
		lists->this_update = crl.this_update;
		lists->next_update = crl.next_update;
		lists->number = crl.number;
		lists->base = crl.base;
		lists->entries = crl.entries;
	}
	return 0;
}

/* What no list that holds says. */
struct unlisted {
	int64_t count;
	rmt_time oldest;
};

/* How long before its end a list should have been replaced. */
static int64_t margin_of(const struct rmt_status *status, rmt_time this_update, rmt_time next_update)
{
	return status->options.margin ? status->options.margin : (next_update - this_update) / 4;
}

static void describe_end(struct rmt_status *status, const struct lists *lists, const char *whose)
{
	int64_t left = lists->next_update - status->now;
	struct rmt_buf *text = &status->arena.scratch;
	const char *run = lists->delta ? "run remint crl --delta" : "run remint crl";
	char when[32];

	rmt_time_text(lists->next_update, when);
	rmt_buf_format(text, "%s %s", left < 0 ? "ended at" : "holds until", when);
	if (left < 0)
		rmt_buf_format(text, ": devices that check%s refuse every certificate of this authority: %s", whose, run);
	else if (left < margin_of(status, lists->this_update, lists->next_update))
		rmt_buf_format(text, ": a run was missed: %s", run);
	if (lists->missing)
		rmt_buf_format(text, "; %d partial list%s never published", lists->missing, lists->missing == 1 ? " was" : "s were");
}

/* How the date and the parts of lists stand; the figures of the line. */
static enum remint_health measure_end(struct rmt_status *status, const struct lists *lists)
{
	int64_t left = lists->next_update - status->now;

	status->line.measured = true;
	status->line.value = left;
	status->line.unit = "s";
	status->line.warning = margin_of(status, lists->this_update, lists->next_update);
	status->line.critical = 0;
	return left < 0 || lists->missing ? REMINT_HEALTH_CRITICAL : left < status->line.warning ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK;
}

static enum remint_health describe_unlisted(struct rmt_status *status, const struct unlisted *unlisted)
{
	struct rmt_buf *text = &status->arena.scratch;

	if (!unlisted->count)
		return REMINT_HEALTH_OK;
	rmt_buf_format(text, "; %lld change%s not on it yet, since ", (long long)unlisted->count, unlisted->count == 1 ? " is" : "s are");
	rmt_status_span(text, status->now > unlisted->oldest ? status->now - unlisted->oldest : 0);
	return status->now - unlisted->oldest > RMT_DAY ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK;
}

static int tell_complete(struct rmt_status *status, const struct rmt_db_authority *authority, const struct lists *lists,
                         const struct unlisted *unlisted)
{
	struct rmt_buf *text = &status->arena.scratch;
	enum remint_health health, late;

	rmt_status_begin(status, "crl", "freshness", authority->name);
	if (lists->number) {
		rmt_buf_format(text, "list %lld (%lld revoked) ", (long long)lists->number, (long long)lists->entries);
		describe_end(status, lists, "");
		health = measure_end(status, lists);
		late = describe_unlisted(status, unlisted);
		return rmt_status_tell(status, late > health ? late : health);
	}
	if (*authority->crl_uri)
		rmt_buf_text(text, "no list was ever published, and certificates say where it should be: run remint crl");
	else if (unlisted->count)
		rmt_buf_format(text, "%lld certificate%s revoked and no list was ever published", (long long)unlisted->count,
		               unlisted->count == 1 ? " was" : "s were");
	else
		rmt_buf_text(text, "nothing is revoked, and certificates name no list");
	return rmt_status_tell(status, *authority->crl_uri || unlisted->count ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

/* Deltas are asked for by an authority whose lists name them, and told of another that has published one since its last list. */
static int tell_deltas(struct rmt_status *status, const struct rmt_db_authority *authority, const struct lists *lists,
                       const struct lists *deltas)
{
	struct rmt_buf *text = &status->arena.scratch;
	enum remint_health health;

	if (!lists->number || (!authority->crl_deltas && deltas->number < lists->number))
		return 0;
	rmt_status_begin(status, "crl", "delta-freshness", authority->name);
	if (!deltas->number) {
		rmt_buf_text(text, "no delta was ever published, and its lists say where it should be: run remint crl --delta");
		return rmt_status_tell(status, REMINT_HEALTH_WARNING);
	}
	rmt_buf_format(text, "delta %lld on top of list %lld (%lld change%s) ", (long long)deltas->number, (long long)deltas->base,
	               (long long)deltas->entries, deltas->entries == 1 ? "" : "s");
	describe_end(status, deltas, " deltas");
	if (deltas->number < lists->number)
		rmt_buf_text(text, "; the list is newer and says it all");
	health = measure_end(status, deltas);
	return rmt_status_tell(status, health == REMINT_HEALTH_CRITICAL && !authority->crl_deltas ? REMINT_HEALTH_WARNING : health);
}

static int tell_lists(struct rmt_status *status, const struct rmt_db_authority *authority)
{
	struct unlisted unlisted = {0};
	struct lists lists, deltas;
	int64_t through;

	if (find_lists(status, authority, false, &lists) || find_lists(status, authority, true, &deltas))
		return -1;
	/* What a delta says counts as long as it holds. */
	through = deltas.next_update > status->now && deltas.through > lists.through ? deltas.through : lists.through;
	if (rmt_db_unlisted(status->home.db, authority->id, through, &unlisted.count, &unlisted.oldest, status->err))
		return -1;
	return tell_complete(status, authority, &lists, &unlisted) || tell_deltas(status, authority, &lists, &deltas) ? -1 : 0;
}

/* ---- responses that were signed in advance ------------------------------------------------------------------------------------------ */

/* What the last run left, or nothing: where requests are answered as they come, nothing has to be fresh. */
static int last_run(struct rmt_status *status, const char *authority, rmt_time *soonest, int64_t *life)
{
	struct rmt_buf value = {0};
	char *end = NULL;
	int found;

	rmt_buf_format(&status->arena.scratch, "%s%s", RMT_SETTING_IN_ADVANCE, authority);
	found = rmt_db_setting_get(status->home.db, rmt_buf_string(&status->arena.scratch), &value, status->err);
	*soonest = found == 1 ? strtoll(rmt_buf_string(&value), &end, 10) : 0;
	*life = end ? strtoll(end, NULL, 10) : 0;
	rmt_buf_clear(&status->arena.scratch);
	rmt_buf_free(&value);
	return found;
}

/* Where certificates say whom to ask, somebody should answer. */
static int tell_silence(struct rmt_status *status, const struct rmt_db_authority *authority)
{
	int begun = *authority->ocsp_uri ? rmt_db_ocsp_begun(status->home.db, authority->id, RMT_OCSP_TEMPLATE, status->err) : 1;

	if (begun)
		return begun < 0 ? -1 : 0;
	rmt_buf_text(&status->arena.scratch, "no response was ever signed, and certificates say where to ask: run remint ocsp --all or --listen");
	return rmt_status_tell(status, REMINT_HEALTH_WARNING);
}

static int tell_responses(struct rmt_status *status, const struct rmt_db_authority *authority)
{
	struct rmt_buf *text = &status->arena.scratch;
	int64_t life, left, margin;
	rmt_time soonest;
	int found;

	rmt_status_begin(status, "ocsp", "freshness", authority->name);
	found = last_run(status, authority->name, &soonest, &life);
	left = soonest - status->now;
	if (found < 1)
		return found < 0 ? -1 : tell_silence(status, authority);
	/* What ended as long ago as a certificate that is told no more was given up. */
	if (-left > status->options.expired_days * RMT_DAY)
		return 0;
	/* A run leaves alone what holds for half of its life yet. */
	margin = status->options.margin ? status->options.margin : life / 8;
	rmt_buf_text(text, left < 0 ? "the first response signed in advance ended " : "the first response signed in advance ends in ");
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

/* ---- each authority ------------------------------------------------------------------------------------------------------------------- */

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

static int tell_ocsp(void *arg, const struct rmt_db_authority *authority)
{
	return authority->state == RMT_AUTHORITY_FOREIGN || authority->state == RMT_AUTHORITY_PENDING || !authority->key_here
	           ? 0
	           : tell_responses(arg, authority);
}

int rmt_status_authorities(struct rmt_status *status)
{
	return rmt_db_lifetimes(status->home.db, tell_life, status, status->err) ||
	               rmt_db_authorities(status->home.db, tell_revoked, status, status->err) ||
	               rmt_db_authorities(status->home.db, tell_authority, status, status->err) ||
	               rmt_db_authorities(status->home.db, tell_ocsp, status, status->err)
	           ? -1
	           : 0;
}
