/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_answer.c - what another CA made of an item's request: found by its key, judged for the item's targets, recorded as
 * another CA's certificate that replaces the old one. The bundle is apply_export.c's.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

/* The certificate among the answers with the key of the item's request, the one that ends last, or NULL. */
static const struct rmt_cert *find_answer(struct rmt_applying *job)
{
	unsigned char wanted[RMT_SHA256], hash[RMT_SHA256];
	const struct rmt_cert *best = NULL;
	struct rmt_db_request row;
	struct rmt_err unseen = {0};

	if (rmt_db_request_by_id(job->campaign.bench.home.db, job->standing.request, &row, &unseen) != 1 ||
	    row.spki_hash.length != sizeof wanted)
		return NULL;
	memcpy(wanted, row.spki_hash.at, sizeof wanted);
	for (size_t i = 0; i < job->answers.count; i++) {
		const struct rmt_cert *cert = job->answers.objects[i]->cert;

		if (cert && rmt_spki_hash(cert->spki, hash, &unseen) == 0 && memcmp(hash, wanted, sizeof hash) == 0 &&
		    (!best || cert->not_after > best->not_after))
			best = cert;
	}
	return best;
}

bool rmt_apply_answered(struct rmt_applying *job)
{
	return job->answers.count && job->standing.request && !job->standing.certificate && find_answer(job);
}

static int refuse(void *arg, const struct rmt_finding *finding)
{
	if (finding->severity != RMT_SEVERITY_ERROR)
		return 0;
	return rmt_err_cite(arg, RMT_POLICY, finding->place, finding->citation,
	                    "what the other CA made would be refused by %s (%s): %.300s", finding->target, finding->rule, finding->message);
}

/* With the chain that the bundle will have. */
static int judge(struct rmt_applying *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	const struct rmt_demand *demand = &job->campaign.bench.demand;
	struct rmt_chain_store *store = rmt_chain_store_new(err);
	struct rmt_path path = {0};
	struct rmt_presented presented = {.leaf = cert, .key_spki = cert->spki, .order_matters = true, .leaf_first = true};
	int rc = store ? rmt_apply_path(job, cert, &path, err) : -1;

	presented.sent = (const struct rmt_cert *const *)path.intermediates;
	presented.sent_count = path.count;
	if (rc == 0 && path.root)
		rc = rmt_chain_store_add(store, path.root, true, err);
	for (size_t i = 0; rc == 0 && i < demand->target_count; i++) {
		struct rmt_audit *audit = rmt_audit_new(demand->targets[i], store, rmt_verb_now(job->campaign.ctx), err);

		rc = audit ? rmt_audit_run(audit, &presented, refuse, err, err) : -1;
		rmt_audit_free(audit);
	}
	rmt_path_clear(&path);
	rmt_chain_store_free(store);
	return rc ? -1 : 0;
}

/* Old and new certificate, what waited for it and the item, in one transaction. */
static int record(struct rmt_applying *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_db *db = job->campaign.bench.home.db;
	struct rmt_answer answer = {.request = job->standing.request, .targets = job->campaign.bench.demand.target_names};
	struct rmt_cert *old = rmt_plan_item_cert(job->item, err);
	int64_t certificate;
	int rc = -1;

	if (!old || rmt_db_begin(db, err))
		goto out;
	if (rmt_row_previous(db, old, rmt_verb_now(job->campaign.ctx), &job->arena, &answer.previous, err) == 0 &&
	    rmt_answer_record(job->campaign.ctx, db, cert, &answer, &job->arena, &certificate, err) == 0)
		rc = rmt_db_commit(db, err);
	if (rc)
		rmt_db_rollback(db);
out:
	rmt_cert_free(old);
	return rc;
}

int rmt_apply_answer(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	const struct rmt_cert *cert = find_answer(job);

	if (!cert)
		return rmt_err_set(fault, RMT_INPUT, NULL, "no certificate with the key of its request was given");
	if (rmt_apply_demand(job, false, fault) || judge(job, cert, fault))
		return -1;
	if (!job->options->commit)
		return 0;
	if (record(job, cert, fatal) ||
	    rmt_campaign_standing(&job->campaign, job->item, &job->standing, fatal))
		return -1;
	return rmt_apply_export(job, fault, fatal);
}
