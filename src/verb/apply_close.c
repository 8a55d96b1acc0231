/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_close.c - the end of a campaign's items: nothing serves the old certificate any more, so that it is revoked, or its CA is
 * told to.
 *
 * Every place is looked at again first: what is still served, or cannot be looked at, is not closed, whoever confirms it. What an
 * authority of this home issued is revoked here. Another CA's administrator gets the line to run; the item is closed when that
 * CA's CRL lists the serial number, or when a person says by name that it is done.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct closing {
	struct rmt_applying *job;
	struct rmt_pile crls;
	struct rmt_gaze *gaze;
	struct rmt_checker *checker;
	struct rmt_standing *standings;
	bool *wanted;
};

/* ---- another CA's list ----------------------------------------------------------------------------------------------------- */

struct seeking {
	struct closing *closing;
	const struct rmt_crl *crl;
	bool verified;
};

static int try_issuer(void *arg, const struct rmt_cert *cert)
{
	struct seeking *seeking = arg;
	const struct rmt_crl *crl = seeking->crl;

	if (!seeking->verified && rmt_span_equal(cert->subject, crl->issuer))
		seeking->verified = rmt_checker_verify(seeking->closing->checker, crl->tbs, crl->outer_algorithm, crl->signature,
		                                       cert->spki, NULL) == 0;
	return 0;
}

static void try_pile(struct seeking *seeking, const struct rmt_pile *pile)
{
	for (size_t i = 0; i < pile->count; i++)
		if (pile->objects[i]->cert)
			try_issuer(seeking, pile->objects[i]->cert);
}

/* Signed by a CA certificate at hand: --chain, what the places sent, the files where the old certificate was found. */
static bool is_signed(struct closing *closing, const struct rmt_crl *crl)
{
	struct rmt_applying *job = closing->job;
	struct seeking seeking = {closing, crl, false};
	struct rmt_err unseen = {0};
	struct rmt_pile pile = {0};

	try_pile(&seeking, &job->chain);
	try_pile(&seeking, &closing->crls);
	rmt_gaze_issuers(closing->gaze, try_issuer, &seeking);
	if (!seeking.verified && rmt_plan_item_pile(job->campaign.ctx, job->item, &pile, &unseen) == 0)
		try_pile(&seeking, &pile);
	rmt_pile_free(&pile);
	return seeking.verified;
}

/* 1 the serial is on the list for good, 0 it is not, -1. */
static int is_listed(const struct rmt_crl *crl, struct rmt_span serial, rmt_time *when, struct rmt_err *err)
{
	struct rmt_notes notes = {0}; /* another CA's list need not be perfect DER */
	struct rmt_crl_entry entry;
	struct rmt_der cursor;
	int rc;

	rmt_der_open(&cursor, crl->entries, &notes);
	while ((rc = rmt_crl_next(&cursor, &entry, err)) == 1)
		if (rmt_span_equal(entry.serial, serial)) {
			*when = entry.when;
			return entry.reason != RMT_REASON_HOLD && entry.reason != RMT_REASON_REMOVED;
		}
	return rc;
}

/* 1 closed by a list, with the sentence that says so; 0 not; -1. */
static int listed(struct closing *closing, const struct rmt_cert *old, char sentence[256], struct rmt_err *fault)
{
	bool unsigned_list = false;

	for (size_t i = 0; i < closing->crls.count; i++) {
		const struct rmt_crl *crl = closing->crls.objects[i]->crl;
		char when[32];
		rmt_time at = 0;
		int rc;

		if (!crl || !rmt_span_equal(crl->issuer, old->issuer))
			continue;
		if (!is_signed(closing, crl)) {
			unsigned_list = true;
			continue;
		}
		rc = is_listed(crl, old->serial, &at, fault);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		rmt_time_text(at, when);
		snprintf(sentence, 256, "the CRL of its CA lists it as revoked at %s", when);
		return 1;
	}
	if (!unsigned_list)
		return 0;
	return rmt_err_set(fault, RMT_POLICY, NULL,
	                   "the CRL given for its CA is not signed by a CA certificate at hand: give that with --chain FILE");
}

/* ---- CLOSE.txt: what the other CA's administrator runs ---------------------------------------------------------------------- */

static int write_close(struct rmt_applying *job, const char *serial, struct rmt_err *err)
{
	struct rmt_output output = {.name = "CLOSE.txt", .mode = 0644};
	char *directory = rmt_apply_directory(job);
	struct rmt_buf text = {0};
	int rc = 0;

	if (!directory)
		return 0;
	rmt_buf_format(&text,
	               "The certificate with this serial number was replaced and is served nowhere any more. On its CA (Active Directory\n"
	               "Certificate Services), as an administrator of the CA; 4 is the reason \"superseded\":\n\n"
	               "    certutil -revoke %s 4\n    certutil -crl\n\n"
	               "Then close the item with the CA's new CRL, or in your own name:\n\n"
	               "    remint apply PLAN --close --commit --crl FILE\n"
	               "    remint apply PLAN --close --commit --confirmed-by NAME\n",
	               serial);
	rc = rmt_buf_check(&text, err);
	if (rc == 0)
		rc = rmt_directory_create(job->options->out.directory, err);
	output.content = rmt_buf_view(&text);
	if (rc == 0)
		rc = rmt_files_settle(job->campaign.ctx, directory, &output, 1, job->options->out.force, err);
	if (rc == 0) {
		static const char *const names[] = {"CLOSE.txt"};

		job->told.directory = rmt_arena_text(&job->arena, directory);
		job->told.files = (struct remint_strings){names, 1};
	}
	rmt_buf_free(&text);
	free(directory);
	return rc;
}

/* ---- one item ---------------------------------------------------------------------------------------------------------------- */

/* Revoked and closed in one transaction. */
static int revoke(struct rmt_applying *job, const struct rmt_db_cert *old, struct rmt_err *err)
{
	struct rmt_db *db = job->campaign.bench.home.db;
	struct rmt_db_item change = {.state = RMT_ITEM_CLOSED, .confirmed_by = job->options->confirmed_by};
	struct rmt_revoking how = {.now = rmt_verb_now(job->campaign.ctx), .reason = RMT_REASON_SUPERSEDED};
	bool revoked = old->revoked;
	int64_t id = old->id;

	job->told.text = revoked ? "closed: the old certificate was revoked before" : "closed: the old certificate is revoked as superseded";
	if (rmt_db_begin(db, err))
		return -1;
	if ((revoked || rmt_certificate_revoke(db, id, &how, err) == 0) &&
	    rmt_campaign_change(&job->campaign, job->item, &change, err) == 0 &&
	    rmt_db_commit(db, err) == 0)
		return 0;
	rmt_db_rollback(db);
	return -1;
}

static int close_foreign(struct closing *closing, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_applying *job = closing->job;
	struct rmt_cert *old = rmt_plan_item_cert(job->item, fault);
	char sentence[256] = "";
	const char *serial;
	int rc = old ? listed(closing, old, sentence, fault) : -1;

	serial = old ? rmt_arena_serial(&job->arena, old->serial) : "";
	rmt_cert_free(old);
	if (rc < 0 || (job->options->commit && write_close(job, serial, fault)))
		return -1;
	if (!rc && !job->options->confirmed_by)
		return rmt_err_set(fault, RMT_NEGATIVE, NULL,
		                   "its CA has still to revoke it: certutil -revoke %s 4 there, then come again with --crl FILE or "
		                   "--confirmed-by NAME",
		                   serial);
	job->told.text = rc ? rmt_arena_text(&job->arena, sentence) : "closed: confirmed by a person";
	if (!job->options->commit)
		return 0;
	return rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_CLOSED, rc ? sentence : NULL, job->options->confirmed_by,
	                         fatal);
}

/* Nothing may have the old one, and everything must have been seen. */
static int check_sight(struct rmt_applying *job, const struct rmt_look *look, struct rmt_err *fault)
{
	const char *first = look->nodes.count ? look->nodes.items[0] : "";
	size_t seen = look->seen[RMT_SIGHT_NEW] + look->nodes.count;

	if (look->seen[RMT_SIGHT_OLD])
		return rmt_err_set(fault, RMT_NEGATIVE, NULL, "not closed while the old certificate is in use: %.300s%s", first,
		                   look->nodes.count > 1 ? ", and more" : "");
	if (look->seen[RMT_SIGHT_NONE])
		return rmt_err_set(fault, RMT_NEGATIVE, NULL,
		                   "not closed while a place cannot be looked at: %.260s%s; take it out of the plan when it is gone for good",
		                   first, look->nodes.count > 1 ? ", and more" : "");
	if (look->seen[RMT_SIGHT_REFUSED])
		return rmt_err_set(fault, RMT_NEGATIVE, NULL, "not closed while the new certificate would be refused: %.400s", first);
	if (job->options->confirmed_by)
		return 0;
	if (look->seen[RMT_SIGHT_OTHER])
		return rmt_err_set(fault, RMT_NEGATIVE, NULL,
		                   "neither the old nor the new certificate is in use: %.260s; --confirmed-by NAME closes it all the same", first);
	if (!seen)
		return rmt_err_set(fault, RMT_NEGATIVE, NULL,
		                   "the plan names no place where it could be seen: --confirmed-by NAME closes it on a person's word");
	return 0;
}

static int end_item(struct closing *closing, const struct rmt_standing *standing, struct rmt_err *fault, struct rmt_err *fatal)
{
	struct rmt_applying *job = closing->job;
	struct rmt_db_cert old = {0};
	int found;

	if (!standing->certificate) { /* the same certificate: nothing to revoke */
		job->told.text = job->options->commit ? "closed" : "would be closed";
		return job->options->commit
		           ? rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_CLOSED, NULL, job->options->confirmed_by, fatal)
		           : 0;
	}
	found = rmt_db_cert_by_id(job->campaign.bench.home.db, standing->previous, &old, fatal);
	if (found != 1)
		return found < 0 ? -1 : rmt_err_set(fatal, RMT_DATABASE, NULL, "the old certificate is gone from the database: run remint db check");
	if (!old.authority)
		return close_foreign(closing, fault, fatal);
	if (job->options->commit)
		return revoke(job, &old, fatal);
	job->told.text = "the old certificate would be revoked as superseded, and the item closed";
	return 0;
}

static const char *why_not(enum rmt_item_state state)
{
	switch (state) {
	case RMT_ITEM_CLOSED:
		return "is closed";
	case RMT_ITEM_SKIPPED:
		return "was skipped: there is nothing to close";
	case RMT_ITEM_REQUESTED:
		return "waits for another CA: there is nothing to close";
	default:
		return "is not exported yet: there is nothing to close";
	}
}

static int close_item(struct closing *closing, size_t index, struct rmt_err *fatal)
{
	struct rmt_applying *job = closing->job;
	const struct rmt_standing *standing = &closing->standings[index];
	struct rmt_err fault = {0};
	struct rmt_look look;

	rmt_arena_reset(&job->arena);
	job->item = &job->campaign.plan.items[index];
	job->told = (struct remint_step){.before = rmt_item_state_name(standing->state), .text = why_not(standing->state)};
	if (closing->wanted[index]) {
		if (rmt_gaze_at(closing->gaze, index, standing, &job->arena, &look, fatal))
			return -1;
		job->told.nodes = look.nodes;
		if (check_sight(job, &look, &fault) == 0)
			end_item(closing, standing, &fault, fatal);
	} else if (rmt_campaign_unfinished(job->item, standing)) {
		rmt_err_set(&fault, RMT_NEGATIVE, NULL, "%s", why_not(standing->state));
	}
	if (fatal->class != RMT_NONE)
		return -1;
	if (fault.class != RMT_NONE) {
		job->told.text = rmt_arena_text(&job->arena, fault.message);
		rmt_err_source(&fault, job->item->device);
		if (rmt_verb_fault(job->campaign.ctx, &fault))
			return -1;
	}
	if (rmt_campaign_describe(&job->campaign, job->item, &job->arena, &job->told, &job->campaign.ctx->err))
		return -1;
	return job->step ? job->step(job->arg, &job->told) : 0;
}

/* ---- all items ----------------------------------------------------------------------------------------------------------------- */

static int prepare(struct closing *closing, struct rmt_err *err)
{
	struct rmt_applying *job = closing->job;
	const struct rmt_plan *plan = &job->campaign.plan;

	closing->standings = calloc(plan->item_count + 1, sizeof *closing->standings);
	closing->wanted = calloc(plan->item_count + 1, sizeof *closing->wanted);
	if (!closing->standings || !closing->wanted)
		return rmt_err_memory(err);
	for (size_t i = 0; i < plan->item_count; i++) {
		enum rmt_item_state state;

		if (rmt_campaign_standing(&job->campaign, &plan->items[i], &closing->standings[i], err))
			return -1;
		state = closing->standings[i].state;
		closing->wanted[i] = state == RMT_ITEM_EXPORTED || state == RMT_ITEM_LIVE;
	}
	closing->checker = rmt_checker_new(err);
	if (!closing->checker || rmt_pile_need(job->campaign.ctx, &closing->crls, job->options->crls, true, err))
		return -1;
	closing->gaze = rmt_gaze_new(&job->campaign, &job->options->wire, closing->wanted, err);
	return closing->gaze ? 0 : -1;
}

int rmt_apply_close(struct rmt_applying *job, struct rmt_err *err)
{
	struct closing closing = {.job = job};
	size_t count = job->campaign.plan.item_count;
	int rc;

	if (!job->campaign.id)
		return rmt_err_set(err, RMT_POLICY, NULL, "this plan was never applied: there is nothing to close");
	rc = prepare(&closing, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = close_item(&closing, i, err);
		rmt_verb_progress(job->campaign.ctx, i + 1, count);
	}
	rmt_gaze_free(closing.gaze);
	rmt_checker_free(closing.checker);
	rmt_pile_free(&closing.crls);
	free(closing.standings);
	free(closing.wanted);
	return rc;
}
