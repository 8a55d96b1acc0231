/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approve.c - remint_approve(): what was held is issued as it was recorded, by the one road.
 *
 * Who may approve is decided by who may read the CA's key. What was issued before is handed over again, so that a run which
 * was interrupted before it wrote its files can be repeated; there is one certificate for a pending request.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct approving {
	struct rmt_signing signing; /* first: what its callbacks are handed */
	struct rmt_home home;       /* for reading the rows */
};

/* May it be approved? What waits for somebody else cannot. */
static int check(const struct rmt_db_pending *row, struct rmt_err *err)
{
	if (row->state == RMT_PENDING_DENIED || row->state == RMT_PENDING_WITHDRAWN)
		return rmt_pending_ended(row, err);
	if (row->kind == RMT_PENDING_EXTERNAL)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "it lies at another CA%s%.100s: remint accept takes in what comes back",
		                   *row->signer ? ", " : "", row->signer);
	if (!row->request)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "the device has not sent its request yet: remint sign FILE --pending %lld signs it",
		                   (long long)row->id);
	return 0;
}

static int load_request(struct approving *approving, const struct rmt_db_pending *row, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_db_request bytes;
	int found = rmt_db_request_by_id(approving->home.db, row->request, &bytes, err);

	if (found == 1)
		item->request = rmt_request_new(bytes.der, err);
	else if (found == 0)
		rmt_err_set(err, RMT_DATABASE, NULL, "the bytes of pending request %lld are gone: run remint db check", (long long)row->id);
	return item->request ? 0 : -1;
}

/* The certificate on record, on its way out again. */
static int hand_over(struct approving *approving, const struct rmt_db_pending *row, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_release *release = &approving->signing.bench.release;
	struct rmt_db_cert cert;
	int found = rmt_db_cert_by_id(approving->signing.bench.home.db, row->certificate, &cert, err), rc = -1;

	if (found == 1) {
		item->cert_id = cert.id;
		rmt_buf_span(&item->der, cert.der);
	}
	if (found != 1 || rmt_buf_check(&item->der, err) || rmt_cert_read(&item->cert, rmt_buf_view(&item->der), RMT_STRICT, err))
		return rmt_err_set(err, RMT_DATABASE, NULL, "the certificate of pending request %lld cannot be read: run remint db check",
		                   (long long)row->id);
	rmt_verb_warn(approving->signing.ctx, "pending request %lld was issued before; this is the same certificate", (long long)row->id);
	release->settle = true; /* the files of the earlier run may stand there */
	if (rmt_release_ready(release, item, err) == 0)
		rc = rmt_release_item(release, item);
	release->settle = false;
	return rc;
}

/* An item that went its way is no longer the caller's. */
static int go(struct approving *approving, int64_t id, struct rmt_item **taken, struct rmt_err *err)
{
	struct rmt_signing *signing = &approving->signing;
	struct rmt_item *item = *taken;
	struct remint_strings none = {0};
	struct rmt_db_pending row;
	struct rmt_asked asked;
	int found = rmt_pending_load(approving->home.db, id, &item->arena, &row, &asked, err);

	if (found == 0)
		rmt_err_set(err, RMT_NEGATIVE, NULL, "there is no such pending request");
	if (found != 1 || check(&row, err) || load_request(approving, &row, item, err) ||
	    rmt_signing_for(signing, *row.signer ? row.signer : NULL, *row.template_name ? row.template_name : NULL,
	                    rmt_arena_words(&item->arena, row.targets), err))
		return -1;
	/* Opening the authority has finished what an earlier run began. */
	if (rmt_pending_load(approving->home.db, id, &item->arena, &row, &asked, err) != 1 || rmt_pending_wish(item, &row, &asked, none, err))
		return -1;
	if (row.state == RMT_PENDING_ISSUED && !signing->dry_run)
		return hand_over(approving, &row, item, err);
	if (rmt_pending_remark_key(signing->ctx, approving->home.db, item, err))
		return -1;
	*taken = NULL;
	return rmt_signing_take(signing, item, &signing->ctx->err);
}

static int approve_one(struct approving *approving, const char *which)
{
	struct remint *ctx = approving->signing.ctx;
	struct rmt_err *err = &ctx->err, fault = {0};
	struct rmt_item *item = rmt_item_new(err);
	int64_t id = 0;
	int rc = -1;

	if (!item)
		return -1;
	item->index = 1;
	rmt_buf_format(&item->arena.scratch, "request-%s", which);
	item->source = rmt_arena_scratch(&item->arena);
	if (item->source && rmt_pending_number(which, &id, &fault) == 0)
		rc = go(approving, id, &item, &fault);
	if (item && rc == 0 && item->failed)
		fault = item->err;
	if (fault.class == RMT_DATABASE || fault.class == RMT_INTERNAL || fault.class == RMT_SECRET) {
		*err = fault;
		rc = -1;
	} else if (fault.class != RMT_NONE && err->class == RMT_NONE) {
		rmt_err_source(&fault, which);
		rc = rmt_verb_fault(ctx, &fault);
	}
	rmt_item_free(item);
	return rc;
}

static bool named_before(struct remint_strings requests, size_t n)
{
	return rmt_strings_have((struct remint_strings){requests.items, n}, requests.items[n]);
}

int remint_approve(struct remint *ctx, const struct remint_approve_options *options, remint_issued_fn *issued, void *arg)
{
	struct approving approving = {
	    .signing = {.ctx = ctx, .dry_run = options->dry_run, .out = options->out, .issued = issued, .arg = arg}};
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_home_open(ctx, RMT_DB_WRITE, &approving.home, &ctx->err);
	for (size_t i = 0; rc == 0 && i < options->requests.count; i++)
		rc = named_before(options->requests, i) ? 0 : approve_one(&approving, options->requests.items[i]);
	if (rc == 0)
		rc = rmt_signing_flush(&approving.signing, &ctx->err);
	rmt_signing_clear(&approving.signing);
	rmt_home_close(&approving.home);
	return rmt_verb_end(ctx, rc);
}
