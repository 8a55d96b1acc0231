/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_key.c - the key of an item's replacement: a new one, the old one, or the one of a request that the plan names.
 *
 * A device that makes its own key takes no certificate for another: for it nothing is made here, and what is at hand is a
 * proof and stays out of the bundle.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

/* ---- keys at hand ---------------------------------------------------------------------------------------------------------- */

static struct rmt_key *key_in(const struct rmt_pile *pile, struct rmt_span spki, struct rmt_err *err)
{
	for (size_t i = 0; i < pile->count; i++)
		if (pile->objects[i]->key && rmt_span_equal(rmt_key_spki(pile->objects[i]->key), spki))
			return rmt_key_dup(pile->objects[i]->key, err);
	return NULL;
}

/* The private key of a public one: among --key, in the home, or where the old certificate was found. NULL: nowhere. */
struct rmt_key *rmt_apply_key(struct rmt_applying *job, struct rmt_span spki, struct rmt_err *err)
{
	struct rmt_home *home = &job->campaign.bench.home;
	struct rmt_key *key = key_in(&job->keys, spki, err);
	unsigned char hash[RMT_SHA256];
	struct rmt_pile pile = {0};

	/* One that stands in the home but stays locked is an error: a bundle must not lack its key for want of a passphrase. */
	if (!key && rmt_spki_hash(spki, hash, err) == 0 && rmt_home_key_stands(home, rmt_span_of(hash, sizeof hash), err) == 1)
		key = rmt_home_key_load(home, rmt_span_of(hash, sizeof hash), err);
	if (!key && err->class == RMT_NONE && rmt_plan_item_pile(job->campaign.ctx, job->item, &pile, err) == 0)
		key = key_in(&pile, spki, err);
	rmt_pile_free(&pile);
	return key;
}

/* ---- devices that make their own ------------------------------------------------------------------------------------------- */

/* The first of the item's targets that does, or NULL. */
const struct rmt_target *rmt_apply_own_key(const struct rmt_applying *job)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;

	for (size_t i = 0; i < demand->target_count; i++)
		if (rmt_target_own_key(demand->targets[i]))
			return demand->targets[i];
	return NULL;
}

/* A server with files beside such a device may still want it. */
static bool is_wanted(const struct rmt_applying *job)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;

	for (size_t i = 0; i < demand->target_count; i++)
		for (size_t k = 0; k < demand->targets[i]->file_count; k++)
			if (rmt_deploy_wants_key(&demand->targets[i]->files[k]))
				return true;
	return !rmt_apply_own_key(job);
}

struct rmt_key *rmt_apply_bundle_key(struct rmt_applying *job, struct rmt_span spki, struct rmt_err *err)
{
	return is_wanted(job) ? rmt_apply_key(job, spki, err) : NULL;
}

bool rmt_apply_elsewhere(const struct rmt_applying *job)
{
	return job->item->request || rmt_apply_own_key(job);
}

int rmt_apply_may_make_key(const struct rmt_applying *job, struct rmt_err *err)
{
	const struct rmt_target *target = rmt_apply_own_key(job);

	if (!target)
		return 0;
	return rmt_err_set(err, RMT_POLICY, NULL,
	                   "%s makes its own key: make a request on the device and name its file as \"request\" of this item, or sign it "
	                   "with remint reissue OLD --for %s --request FILE", target->name, target->name);
}

/* ---- the choice ------------------------------------------------------------------------------------------------------------ */

static int take_request(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *err)
{
	item->request = rmt_request_file(job->campaign.ctx, job->item->request, err);
	return item->request ? 0 : -1;
}

/* Proved by a key that is no business of the bundle's, or on record. */
static int prove_key(struct rmt_applying *job, struct rmt_item *item, bool seen, struct rmt_err *err)
{
	struct rmt_span spki = item->previous->spki;
	unsigned char hash[RMT_SHA256];
	int proved = seen;

	if (!seen && rmt_spki_hash(spki, hash, err))
		return -1;
	if (!seen)
		proved = rmt_db_key_proved(job->campaign.bench.home.db, rmt_span_of(hash, sizeof hash), err);
	if (proved < 0)
		return -1;
	if (!proved && rmt_apply_own_key(job))
		return rmt_apply_may_make_key(job, err);
	if (!proved)
		return rmt_err_set(err, RMT_SECRET, NULL,
		                   "keeping the key needs it, and it is not where the certificate was found: give --key FILE, or set "
		                   "keep_key to false in the plan");
	item->proved = true;
	rmt_buf_span(&item->spki, spki);
	return rmt_buf_check(&item->spki, err);
}

static int stands_in_home(const struct rmt_applying *job, struct rmt_span spki, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	return rmt_spki_hash(spki, hash, err) ? -1
	                                      : rmt_home_key_stands(&job->campaign.bench.home, rmt_span_of(hash, sizeof hash), err);
}

static int keep_key(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_key *key;
	bool seen;
	int stands = job->options->commit ? 0 : stands_in_home(job, item->previous->spki, err);

	if (stands) /* a dry run asks for no passphrase */
		return stands < 0 ? -1 : prove_key(job, item, true, err);
	key = rmt_apply_key(job, item->previous->spki, err);
	seen = key != NULL;
	if (err->class != RMT_NONE)
		return -1;
	if (key && is_wanted(job)) {
		item->key = key;
		return 0;
	}
	rmt_key_free(key);
	return prove_key(job, item, seen, err);
}

/* A dry run shows what would come of a new key of this kind: one of each kind is enough for all its items. */
static struct rmt_key *sample_key(struct rmt_applying *job, const char *spec, struct rmt_err *err)
{
	if (!job->sample || strcmp(rmt_buf_string(&job->sample_spec), spec) != 0) {
		rmt_key_free(job->sample);
		rmt_buf_clear(&job->sample_spec);
		rmt_buf_text(&job->sample_spec, spec);
		job->sample = rmt_buf_check(&job->sample_spec, err) ? NULL : rmt_key_generate(spec, err);
	}
	return job->sample ? rmt_key_dup(job->sample, err) : NULL;
}

int rmt_apply_choose_key(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *err)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;
	const char *spec;

	if (job->item->request)
		return take_request(job, item, err);
	if (job->item->keep_key)
		return keep_key(job, item, err);
	if (rmt_apply_may_make_key(job, err))
		return -1;
	item->store_key = true;
	spec = job->item->key ? job->item->key : demand->template->key_generate;
	item->key = job->options->commit ? rmt_key_generate(spec, err) : sample_key(job, spec, err);
	return item->key ? 0 : -1;
}
