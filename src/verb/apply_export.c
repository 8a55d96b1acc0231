/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_export.c - the bundle of a certificate that stood before this run: one that was issued here or by another CA for the
 * item, or the old one itself, when only its form or chain was wrong.
 *
 * Nothing is signed here, except that what an interrupted run left is finished first.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- a chain from what is at hand ---------------------------------------------------------------------------------------- */

/* Among the files where the old certificate was found, --chain, what came back with the new one, the authorities of the home. */
int rmt_apply_path(struct rmt_applying *job, const struct rmt_cert *leaf, struct rmt_path *path, struct rmt_err *err)
{
	struct rmt_chain_store *store = rmt_chain_store_new(err);
	struct rmt_pile pile = {0};
	int rc = -1;

	if (store && rmt_plan_item_pile(job->campaign.ctx, job->item, &pile, err) == 0 && rmt_chain_add_pile(store, &pile, err) == 0 &&
	    rmt_chain_add_pile(store, &job->chain, err) == 0 && rmt_chain_add_pile(store, &job->answers, err) == 0)
		rc = rmt_answer_path(job->campaign.bench.home.db, store, leaf, path, err);
	rmt_pile_free(&pile);
	rmt_chain_store_free(store);
	return rc;
}

/* Released with the best path at hand instead of this home's authority. */
static int release_with_path(struct rmt_applying *job, struct rmt_item *item, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_release *release = &job->campaign.bench.release;
	struct rmt_authority *usual = release->authority, above;
	struct rmt_path path = {0};
	int rc = rmt_apply_path(job, &item->cert, &path, fault);

	if (rc == 0) {
		rmt_path_authority(&path, &item->cert, &above);
		release->authority = &above;
		release->issuer = NULL;
		rc = rmt_apply_release(job, item, fault, fatal);
		release->authority = usual;
		release->issuer = NULL;
	}
	rmt_path_clear(&path);
	return rc;
}

/* ---- what was issued before ------------------------------------------------------------------------------------------------ */

/* The certificate on record as an item; `foreign` when another CA signed it. */
static struct rmt_item *recorded(struct rmt_applying *job, bool *foreign, struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);
	struct rmt_db_cert row;
	int found;

	if (!item)
		return NULL;
	found = rmt_db_cert_by_id(job->campaign.bench.home.db, job->standing.certificate, &row, err);
	if (found == 0)
		rmt_err_set(err, RMT_DATABASE, NULL, "its certificate is gone from the database: run remint db check");
	if (found == 1) {
		*foreign = !row.authority;
		item->cert_id = row.id;
		item->supersedes = row.supersedes;
		item->source = job->item->device;
		item->proved = rmt_apply_elsewhere(job);
		rmt_buf_span(&item->der, row.der);
		if (row.authority && row.authority != job->campaign.bench.authority.id)
			found = rmt_err_set(err, RMT_POLICY, NULL, "it was issued by another authority of this home (%s): name that with --ca",
			                    row.issuer_name);
	}
	if (found == 1 && rmt_buf_check(&item->der, err) == 0 &&
	    rmt_cert_read(&item->cert, rmt_buf_view(&item->der), RMT_TOLERANT, err) == 0 &&
	    (item->previous = rmt_plan_item_cert(job->item, err)))
		return item;
	rmt_item_free(item);
	return NULL;
}

/* Bytes without a certificate: whoever was to sign them is gone, which only the authority's key mends. */
static int finish(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	if (!job->standing.tbs) /* another CA's */
		return 0;
	if (rmt_apply_authority(job, !job->standing.certificate, fatal) ||
	    rmt_campaign_standing(&job->campaign, job->item, &job->standing, fatal))
		return -1;
	if (job->standing.certificate)
		return 0;
	return rmt_err_set(fault, RMT_NEGATIVE, NULL,
	                   "another process, or another authority than \"%s\", has still to sign it: it was left alone",
	                   job->campaign.bench.authority.name);
}

int rmt_apply_export(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_item *item;
	bool foreign = false;
	int rc = -1;

	if (!job->options->commit)
		return rmt_apply_demand(job, false, fault);
	if (finish(job, fault, fatal) || rmt_apply_demand(job, false, fault))
		return -1;
	item = recorded(job, &foreign, fault);
	if (!item)
		return -1;
	item->key = rmt_apply_bundle_key(job, item->cert.spki, fault);
	if (!item->key && fault->class == RMT_NONE && !rmt_apply_elsewhere(job) &&
	    !rmt_span_equal(item->cert.spki, item->previous->spki)) /* made here, not kept elsewhere */
		rmt_err_set(fault, RMT_SECRET, NULL, "its private key is no longer in the home: give it with --key FILE");
	if (fault->class == RMT_NONE)
		rc = foreign ? release_with_path(job, item, fault, fatal) : rmt_apply_release(job, item, fault, fatal);
	rmt_item_free(item);
	return rc;
}

/* ---- the same certificate in its right form --------------------------------------------------------------------------------- */

static int look_for_path(struct rmt_applying *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_path path = {0};
	int rc = rmt_apply_path(job, cert, &path, err);

	rmt_path_clear(&path);
	return rc;
}

int rmt_apply_convert(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_item *item = rmt_item_new(fatal);
	struct rmt_cert *old = rmt_plan_item_cert(job->item, fault);
	int rc = item && old ? rmt_apply_demand(job, false, fault) : -1;

	if (rc == 0 && !job->options->commit) {
		rc = look_for_path(job, old, fault);
		goto out;
	}
	if (rc == 0)
		rc = rmt_cert_read(&item->cert, old->der, RMT_TOLERANT, fault);
	if (rc == 0) {
		item->source = job->item->device;
		item->cert_id = -1; /* signed long ago, in no row of ours */
		item->key = rmt_apply_bundle_key(job, old->spki, fault);
		rc = fault->class == RMT_NONE ? release_with_path(job, item, fault, fatal) : -1;
	}
	if (rc == 0) {
		job->told.text = "exported: the same certificate";
		job->told.serial = NULL;
	}
out:
	rmt_cert_free(old);
	rmt_item_free(item);
	return rc;
}
