/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - remint_revoke(): certificates of this home's authorities taken back, put on hold, or released from it.
 *
 * Each is an event and a row of the database; nothing is deleted. Lists for others are crl.c's; which certificates are meant is
 * revoke_choose.c's, and what becomes of an authority revoke_authority.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static size_t count_of(const struct rmt_revoke_choice *choice)
{
	return choice->ids.length / sizeof(int64_t);
}

static int64_t id_at(const struct rmt_revoke_choice *choice, size_t n)
{
	int64_t id;

	memcpy(&id, choice->ids.bytes + n * sizeof id, sizeof id);
	return id;
}

/* CRLReason (RFC 5280, 5.3.1); putting on hold and releasing are asked for apart. */
static int reason_named(const char *name, int *reason, struct rmt_err *err)
{
	*reason = 0;
	for (int i = 0; name && i < RMT_REASONS; i++)
		if (i != RMT_REASON_HOLD && i != RMT_REASON_UNUSED && i != RMT_REASON_REMOVED && strcmp(rmt_reason_name(i), name) == 0) {
			*reason = i;
			return 0;
		}
	if (name && strcmp(name, rmt_reason_name(RMT_REASON_HOLD)) == 0)
		return rmt_err_set(err, RMT_USAGE, NULL, "certificateHold is not for good: ask for it with --hold");
	return name ? rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is no reason to revoke a certificate for good", name) : 0;
}

static int read_options(struct remint *ctx, const struct remint_revoke_options *options, struct rmt_revoking *how, struct rmt_err *err)
{
	how->now = rmt_verb_now(ctx);
	how->invalid_since = options->invalidity_date;
	if (options->hold && options->release)
		return rmt_err_set(err, RMT_USAGE, NULL, "a hold is either put on or released");
	if ((options->hold || options->release) && options->reason)
		return rmt_err_set(err, RMT_USAGE, NULL, "a hold has no other reason: leave out --reason");
	if (options->release && options->invalidity_date)
		return rmt_err_set(err, RMT_USAGE, NULL, "what is released was not invalid: leave out --invalidity-date");
	if (options->invalidity_date > how->now)
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 5280, 5.3.2", "the invalidity date is in the past: since when the key may be another's");
	if ((options->hold || options->release) && options->authority)
		return rmt_err_set(err, RMT_USAGE, NULL, "an authority is revoked for good: leave out --%s", options->hold ? "hold" : "release");
	if (reason_named(options->reason, &how->reason, err))
		return -1;
	if (options->hold || options->release)
		how->reason = options->hold ? RMT_REASON_HOLD : RMT_REASON_REMOVED;
	return 0;
}

static int revoke(struct rmt_revoke_choice *choice, const struct rmt_revoking *how)
{
	struct rmt_err *err = &choice->ctx->err;
	int rc = 0;

	if (rmt_db_begin(choice->db, err))
		return -1;
	for (size_t i = 0; rc == 0 && i < count_of(choice); i++)
		rc = rmt_certificate_revoke(choice->db, id_at(choice, i), how, err);
	if (rc == 0 && choice->retires)
		rc = rmt_authority_retire_revoked(choice->db, choice->authority, how->reason, how->now, err);
	if (rc == 0)
		return rmt_db_commit(choice->db, err);
	rmt_db_rollback(choice->db);
	return -1;
}

static int hand_over(struct rmt_revoke_choice *choice, remint_record_fn *record, void *arg)
{
	struct rmt_records records = {.ctx = choice->ctx, .db = choice->db, .record = record, .arg = arg,
	                              .now = rmt_verb_now(choice->ctx), .names = true};
	struct rmt_db_cert row;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count_of(choice); i++)
		rc = rmt_db_cert_by_id(choice->db, id_at(choice, i), &row, &choice->ctx->err) == 1 ? rmt_record_hand(&records, &row) : -1;
	rmt_arena_free(&records.arena);
	return rc;
}

int remint_revoke(struct remint *ctx, const struct remint_revoke_options *options, remint_record_fn *record, void *arg, bool *done)
{
	struct rmt_revoke_choice choice = {.ctx = ctx, .hold = options->hold, .release = options->release};
	struct rmt_revoking how = {0};
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	*done = false;
	if (read_options(ctx, options, &how, &ctx->err) || rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err))
		goto out;
	choice.db = home.db;
	if (rmt_revoke_choose(&choice, options))
		goto out;
	if (options->commit || (count_of(&choice) == 1 && !choice.weighty)) {
		if (revoke(&choice, &how))
			goto out;
		*done = true;
		if (choice.retires)
			rmt_verb_warn(ctx, "\"%s\" issues no more: publish the list that says so (remint crl), and make a successor (remint ca rotate %s)",
			              options->authority, options->authority);
	}
	rc = hand_over(&choice, record, arg);
out:
	rmt_buf_free(&choice.ids);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
