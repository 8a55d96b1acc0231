/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_standing.c - which authority issues when none is named, which issues no more, and what still hangs on one.
 *
 * Nothing is made here. A retired authority is never deleted: what it issued is checked against its CRLs until the last of it ends.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* The row of a name. The row is borrowed until the next call on the database. */
static int get_row(struct rmt_home *home, const char *name, struct rmt_db_authority *row, struct rmt_err *err)
{
	int found = rmt_db_authority_get(home->db, name, 0, row, err);

	if (found)
		return found;
	return rmt_err_set(err, RMT_USAGE, NULL, "no authority is called \"%s\": see remint ca list", name);
}

/* ---- who issues ----------------------------------------------------------------------------------------------------------- */

int rmt_authority_choose(struct rmt_home *home, const char *name, struct rmt_err *err)
{
	struct rmt_db_authority row;
	struct rmt_buf said = {0};
	int rc = -1;

	if (get_row(home, name, &row, err) < 0)
		return -1;
	if (row.state != RMT_AUTHORITY_ACTIVE || !row.key_here)
		return rmt_err_set(err, RMT_POLICY, NULL, "\"%s\" cannot issue: it is not active with its key in this home", name);
	rmt_buf_format(&said, "issues by default: %s", name);
	if (rmt_buf_check(&said, err) || rmt_db_begin(home->db, err))
		goto out;
	if (rmt_db_setting_put(home->db, RMT_SETTING_ISSUER, name, err) == 0 &&
	    rmt_db_event(home->db, rmt_verb_now(home->ctx), "authority", rmt_buf_string(&said), err) == 0)
		rc = rmt_db_commit(home->db, err);
	else
		rmt_db_rollback(home->db);
out:
	rmt_buf_free(&said);
	return rc;
}

int remint_ca_default(struct remint *ctx, const char *name, remint_authority_fn *authority, void *arg)
{
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err) == 0)
		rc = rmt_authority_choose(&home, name, &ctx->err);
	rmt_home_close(&home);
	if (rc == 0 && authority)
		rc = rmt_authorities_report(ctx, authority, arg, &ctx->err);
	return rmt_verb_end(ctx, rc);
}

/* ---- who issues no more --------------------------------------------------------------------------------------------------- */

static int retire(struct rmt_home *home, const char *name, const char *why, struct rmt_err *err)
{
	struct rmt_db_authority row;
	struct rmt_buf said = {0};
	int64_t id;
	int rc = -1, usual;

	if (get_row(home, name, &row, err) < 0)
		return -1;
	if (row.state != RMT_AUTHORITY_ACTIVE)
		return rmt_err_set(err, RMT_POLICY, NULL, "\"%s\" is not active", name);
	id = row.id;
	usual = rmt_authority_is_usual(home, name, true, err);
	if (usual)
		return usual < 0 ? -1 : rmt_err_set(err, RMT_POLICY, NULL,
		                   "\"%s\" issues when no authority is named: run remint ca rotate first, or choose another with remint ca default",
		                   name);
	rmt_buf_format(&said, "retired: %s%s%s", name, why && *why ? ": " : "", why ? why : "");
	if (rmt_buf_check(&said, err) || rmt_db_begin(home->db, err))
		goto out;
	if (rmt_db_authority_retire(home->db, id, err) == 0 &&
	    rmt_db_event(home->db, rmt_verb_now(home->ctx), "authority", rmt_buf_string(&said), err) == 0)
		rc = rmt_db_commit(home->db, err);
	else
		rmt_db_rollback(home->db);
out:
	rmt_buf_free(&said);
	return rc;
}

int remint_ca_retire(struct remint *ctx, const char *name, const char *why, remint_authority_fn *authority, void *arg)
{
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err) == 0)
		rc = retire(&home, name, why, &ctx->err);
	rmt_home_close(&home);
	if (rc == 0 && authority)
		rc = rmt_authorities_report(ctx, authority, arg, &ctx->err);
	return rmt_verb_end(ctx, rc);
}

/* ---- what hangs on one ------------------------------------------------------------------------------------------------------ */

struct standing {
	struct remint *ctx;
	struct rmt_home *home;
	const char *only; /* a name, or NULL */
	unsigned limit;
	remint_standing_fn *standing;
	int (*record)(void *arg, const struct remint_record *record);
	void *arg;
	struct rmt_arena arena;
	/* of the authority under way */
	const struct rmt_db_authority *row;
	const char *crossed[RMT_PATHS_MAX], *below[RMT_PATHS_MAX];
	size_t crossed_count, below_count;
	rmt_time below_until; /* when the last CA below ends */
};

static void see_below(struct standing *job, const struct rmt_db_authority *other)
{
	struct rmt_cert cert;

	if (other->id == job->row->id || other->parent != job->row->id || job->below_count == RMT_PATHS_MAX ||
	    rmt_cert_read(&cert, other->cert, RMT_TOLERANT, NULL) || cert.not_after < rmt_verb_now(job->ctx))
		return;
	job->below[job->below_count++] = rmt_arena_text(&job->arena, other->name);
	job->below_until = cert.not_after > job->below_until ? cert.not_after : job->below_until;
}

/* Does this other authority stand below the one under way, or did it certify it beside its issuer? */
static int see_other(void *arg, const struct rmt_db_authority *other)
{
	struct standing *job = arg;
	struct rmt_db_cert cert;
	int found;

	see_below(job, other);
	if (other->id == job->row->id || other->id == job->row->parent || job->crossed_count == RMT_PATHS_MAX)
		return 0;
	found = rmt_db_cert_of_key(job->home->db, other->id, job->row->spki_hash, &cert, &job->ctx->err);
	if (found == 1)
		job->crossed[job->crossed_count++] = rmt_arena_text(&job->arena, other->name);
	return found < 0 ? -1 : 0;
}

static int tell_one(struct standing *job)
{
	struct rmt_records records = {.ctx = job->ctx, .db = job->home->db, .record = job->record, .arg = job->arg,
	                              .now = rmt_verb_now(job->ctx)};
	struct rmt_err *err = &job->ctx->err;
	struct rmt_db_authority parent;
	struct rmt_db_hanging hanging;
	struct remint_authority told;
	struct remint_standing out;
	int rc;

	job->crossed_count = job->below_count = 0;
	job->below_until = 0;
	if (rmt_authority_told(job->home, job->row, &job->arena, &told, err) ||
	    rmt_db_authority_hanging(job->home->db, job->row->id, records.now, &hanging, err) ||
	    rmt_db_authorities(job->home->db, see_other, job, err))
		return -1;
	if (job->row->parent) {
		rc = rmt_db_authority_get(job->home->db, NULL, job->row->parent, &parent, err);
		if (rc < 0)
			return -1;
		if (rc == 1)
			told.parent = rmt_arena_text(&job->arena, parent.name);
	}
	out = (struct remint_standing){.authority = &told, .crossed = {job->crossed, job->crossed_count},
	                               .below = {job->below, job->below_count},
	                               .valid = (uint64_t)hanging.count[RMT_CERT_VALID],
	                               .superseded = (uint64_t)hanging.count[RMT_CERT_SUPERSEDED],
	                               .revoked = (uint64_t)hanging.count[RMT_CERT_REVOKED],
	                               .last_valid = hanging.last_valid, .needed_until = hanging.last > job->below_until ? hanging.last : job->below_until};
	rc = job->standing(job->arg, &out);
	if (rc == 0 && job->record && job->limit)
		rc = rmt_db_authority_certs(job->home->db, job->row->id, records.now, job->limit, rmt_record_hand, &records, err);
	rmt_arena_free(&records.arena);
	return rc;
}

static int see_one(void *arg, const struct rmt_db_authority *row)
{
	struct standing *job = arg;
	struct rmt_successor successor;
	int found;

	if (job->only && strcmp(job->only, row->name) != 0)
		return 0;
	found = rmt_authority_successor(job->home, row->name, &successor, &job->ctx->err);
	if (found < 0 || (!job->only && !found && row->state != RMT_AUTHORITY_RETIRED))
		return found;
	rmt_arena_reset(&job->arena);
	job->row = row;
	return tell_one(job);
}

int remint_ca_standing(struct remint *ctx, const char *name, unsigned limit, remint_standing_fn *standing,
                       int (*record)(void *arg, const struct remint_record *record), void *arg)
{
	struct rmt_home home = {0};
	struct standing job = {.ctx = ctx, .home = &home, .only = name, .limit = limit, .standing = standing, .record = record, .arg = arg};
	struct rmt_db_authority row;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err) == 0 && (!name || get_row(&home, name, &row, &ctx->err) == 1))
		rc = rmt_db_authorities(home.db, see_one, &job, &ctx->err);
	rmt_arena_free(&job.arena);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
