/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.c - remint_sign() and remint_hold(): certificates from requests, at once or when somebody has approved them.
 *
 * A request that answers a pending one of a device is made for what was recorded then (pending_match.c). Holding goes the same
 * road as a dry run, and records what would have been signed.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct intent {
	struct rmt_signing signing; /* first: what its callbacks are handed */
	const struct remint_sign_options *options;
	int64_t pending;            /* stated, or 0 */
	char *targets;              /* stated, comma-separated, or NULL */
	bool some_open, some_denied; /* something was pending when the group began, or denied ever */
	uint64_t taken;
	bool holding;
	remint_pending_fn *held;
};

/* ---- what each asks for -------------------------------------------------------------------------------------------------- */

static int sign_own(struct intent *intent, struct rmt_err *err)
{
	const struct remint_sign_options *options = intent->options;

	return rmt_signing_for(&intent->signing, options->authority, options->template_name, options->targets, err);
}

/* Once a group: requests that come in by the thousand meet a database in which nothing is pending, as a rule. */
static int look_once(struct intent *intent, struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found = 0;

	/* What the record before asked for could not be opened. */
	if (!intent->signing.bench.home.db && sign_own(intent, err))
		return -1;
	if (intent->signing.count)
		return 0;
	found = rmt_db_pending_next(intent->signing.bench.home.db, RMT_PENDING_DENIED, 0, &row, err);
	intent->some_denied = found == 1;
	if (found < 0 || intent->options->no_pending)
		return found < 0 ? -1 : 0;
	found = rmt_db_pending_next(intent->signing.bench.home.db, RMT_PENDING_OPEN, 0, &row, err);
	intent->some_open = found == 1;
	return found < 0 ? -1 : 0;
}

/* Somebody said no to this key: whoever signs may overrule it, but knows. */
static int remark_denied(struct intent *intent, const struct rmt_item *item, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_pending row;
	int found;

	if (!intent->some_denied)
		return 0;
	if (rmt_spki_hash(item->request->spki, hash, err))
		return -1;
	found = rmt_db_pending_of_key(intent->signing.bench.home.db, rmt_span_of(hash, sizeof hash), &row, err);
	if (found == 1 && row.state == RMT_PENDING_DENIED)
		rmt_verb_warn(intent->signing.ctx, "%s: a request with this key was denied as number %lld: %.200s", item->source, (long long)row.id, row.why);
	return found < 0 ? -1 : 0;
}

static int wish_own(struct intent *intent, struct rmt_item *item, struct rmt_err *err)
{
	const struct remint_sign_options *options = intent->options;

	item->validity = options->validity;
	item->not_after = options->not_after;
	if (rmt_item_names(item, options->names, err) || (options->subject && rmt_name_parse(options->subject, &item->subject, err)))
		return -1;
	return sign_own(intent, err);
}

/* What the person states goes before what was recorded. */
static int wish_asked(struct intent *intent, struct rmt_item *item, const struct rmt_answering *found, struct rmt_err *err)
{
	const struct remint_sign_options *options = intent->options;
	const struct rmt_db_pending *row = &found->row;
	struct remint_strings targets = *row->targets ? rmt_arena_words(&item->arena, row->targets) : options->targets;

	if (rmt_pending_wish(item, row, &found->asked, options->names, err))
		return -1;
	if (options->validity || options->not_after) {
		item->validity = options->validity;
		item->not_after = options->not_after;
	}
	if (options->subject) {
		rmt_buf_clear(&item->subject);
		if (rmt_name_parse(options->subject, &item->subject, err))
			return -1;
	}
	return rmt_signing_for(&intent->signing, *row->signer ? row->signer : options->authority,
	                       *row->template_name ? row->template_name : options->template_name, targets, err);
}

/* Is a refusal the item's own, so that the rest goes on? */
static bool is_own(const struct intent *intent, const struct rmt_item *item)
{
	enum rmt_class class = item->err.class;

	return intent->signing.ctx->err.class == RMT_NONE && class != RMT_NONE && class != RMT_DATABASE && class != RMT_SECRET &&
	       class != RMT_INTERNAL;
}

/* 1 it goes its way, 0 it was refused, -1. */
static int wish(struct intent *intent, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_answering found = {.id = intent->pending,
	                              .template_name = intent->options->template_name,
	                              .targets = intent->targets,
	                              .authority = intent->options->authority,
	                              .key_may_wait = intent->holding};
	int rc = 0;

	if (intent->pending && intent->taken++)
		rc = rmt_err_set(&item->err, RMT_USAGE, NULL, "one request answers pending request %lld, and there are more", (long long)intent->pending);
	else if (intent->some_open)
		rc = rmt_pending_match(intent->signing.bench.home.db, item->request, &item->arena, &found, &item->err);
	if (rc == 0 && found.other)
		rmt_verb_warn(intent->signing.ctx,
		              "%s: pending request %lld waits under this name, but for other targets, template or authority: it stays open",
		              item->source, (long long)found.other);
	if (rc == 0)
		return wish_own(intent, item, err) ? -1 : 1;
	if (rc == 1)
		rc = wish_asked(intent, item, &found, &item->err);
	if (rc == 0)
		return 1;
	if (is_own(intent, item))
		return 0;
	if (err->class == RMT_NONE)
		*err = item->err;
	return -1;
}

static int take(struct rmt_signing *signing, struct rmt_item *item)
{
	struct intent *intent = (struct intent *)signing;
	struct rmt_err *err = &signing->ctx->err;
	int rc = look_once(intent, err) || remark_denied(intent, item, err) ? -1 : wish(intent, item, err);

	if (rc == 1)
		return rmt_signing_take(signing, item, err);
	if (rc == 0)
		rc = rmt_signing_refuse(signing, item);
	rmt_item_free(item);
	return rc;
}

/* What is held is found again by name, by whoever approves it and wherever that is. */
static int check_policies(const struct remint_sign_options *options, struct rmt_err *err)
{
	const char *path = options->template_name && rmt_policy_is_path(options->template_name) ? options->template_name : NULL;

	for (size_t i = 0; !path && i < options->targets.count; i++)
		if (rmt_policy_is_path(options->targets.items[i]))
			path = options->targets.items[i];
	return !path ? 0
	             : rmt_err_set(err, RMT_USAGE, NULL,
	                           "what is held is approved later, by the name of its template and targets: put %.200s into the home's templates "
	                           "directory, and give its name",
	                           path);
}

/* ---- the verbs -------------------------------------------------------------------------------------------------------------- */

static int join_targets(const struct rmt_demand *demand, const struct remint_sign_options *options, char **out, struct rmt_err *err)
{
	*out = options->targets.count ? rmt_strdup(demand->target_names, err) : NULL;
	return options->targets.count && !*out ? -1 : 0;
}

static int run(struct intent *intent)
{
	const struct remint_sign_options *options = intent->options;
	struct remint *ctx = intent->signing.ctx;
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_pending_number(options->pending, &intent->pending, err) == 0 && (!intent->holding || check_policies(options, err) == 0) &&
	    sign_own(intent, err) == 0 && join_targets(&intent->signing.bench.demand, options, &intent->targets, err) == 0)
		rc = rmt_signing_read(&intent->signing, options->inputs, take, err);
	rmt_signing_clear(&intent->signing);
	free(intent->targets);
	return rmt_verb_end(ctx, rc);
}

int remint_sign(struct remint *ctx, const struct remint_sign_options *options, remint_issued_fn *issued, void *arg)
{
	struct intent intent = {.signing = {.ctx = ctx, .dry_run = options->dry_run, .out = options->out, .issued = issued, .arg = arg},
	                        .options = options};

	return run(&intent);
}

/* ---- hold ------------------------------------------------------------------------------------------------------------------- */

/* What a device was asked for has its record already: the bytes join it. */
static int attach(struct intent *intent, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_db *db = intent->signing.bench.home.db;
	int free = rmt_pending_free(db, item, err);

	return free == 1 ? rmt_pending_arrived(db, item, intent->signing.bench.demand.target_names, rmt_verb_now(intent->signing.ctx), err)
	                 : -1;
}

static int add(struct intent *intent, struct rmt_item *item, struct rmt_err *err)
{
	const struct rmt_bench *bench = &intent->signing.bench;
	struct rmt_pending_new new = {.kind = RMT_PENDING_HELD,
	                              .asked = {.subject = rmt_buf_view(&item->subject),
	                                        .names = intent->options->names,
	                                        .validity = item->validity,
	                                        .not_after = item->not_after},
	                              .template_name = bench->demand.template->name,
	                              .targets = bench->demand.target_names,
	                              .signer = bench->authority.name,
	                              .der = item->request->der};

	return rmt_pending_add(intent->signing.ctx, bench->home.db, &new, &item->pending, err);
}

/* Each in a transaction of its own: its number is told when it is on the disk. */
static int record(void *arg, struct rmt_item *item)
{
	struct intent *intent = arg;
	struct rmt_db *db = intent->signing.bench.home.db;
	struct rmt_err *err = &intent->signing.ctx->err;
	int rc;

	if (intent->options->dry_run)
		return 0;
	if (rmt_db_begin(db, err))
		return -1;
	rc = item->pending ? attach(intent, item, &item->err) : add(intent, item, &item->err);
	if (rc >= 0 && rmt_db_commit(db, err) == 0)
		return rmt_pending_remark_key(intent->signing.ctx, db, item, err) ? -1 : rmt_pending_tell(intent->signing.ctx, db, item->pending, intent->held, intent->signing.arg, err);
	rmt_db_rollback(db);
	item->failed = true;
	if (rc >= 0 || is_own(intent, item))
		return rc >= 0 ? -1 : 0;
	*err = item->err;
	return -1;
}

int remint_hold(struct remint *ctx, const struct remint_sign_options *options, remint_pending_fn *held, void *arg)
{
	struct intent intent = {.signing = {.ctx = ctx, .dry_run = true, .keyless = true, .arg = arg, .release = record},
	                        .options = options,
	                        .holding = true,
	                        .held = held};

	return run(&intent);
}
