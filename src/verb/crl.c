/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl.c - remint_crl(): the revocation lists of this home's authorities, complete, partial or as deltas, numbered and published.
 *
 * A number is committed before its list is signed, and what was published is committed with it while the home is locked, so that
 * an older list never takes the place of a newer one, and the file there is asked as well (crl_there.c). How one list is made and put into its place is crl_publish.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum {
	BACKDATE = 5 * 60,          /* of thisUpdate, for clocks that are behind */
	LIFETIME = 7 * 24 * 3600,   /* until nextUpdate */
	DELTA_LIFETIME = 24 * 3600,
};

struct publishing {
	struct rmt_home *home;
	const struct remint_crl_options *options;
	remint_crl_fn *made;
	void *arg;
	rmt_time now;
	unsigned authorities;
};

/* One authority at its work. */
struct authority {
	struct rmt_db_authority row;
	struct rmt_arena arena;
	struct rmt_cert *cert;
	struct rmt_key *key;
	struct rmt_signer *signer;
	struct rmt_crl_list *lists; /* the complete one first */
	size_t count;
};

static void authority_clear(struct authority *authority)
{
	rmt_signer_free(authority->signer);
	rmt_key_free(authority->key);
	rmt_cert_free(authority->cert);
	free(authority->lists);
	rmt_arena_free(&authority->arena);
}

/* ---- which --------------------------------------------------------------------------------------------------------------- */

/* Why this authority signs no lists now, or NULL. */
static const char *idle(const struct rmt_db_authority *row, const struct rmt_cert *cert, rmt_time now)
{
	if (!row->key_here)
		return "has its key elsewhere: its lists are made there";
	if (!cert)
		return "has no certificate yet";
	return now > cert->not_after ? "has expired: nobody takes its lists any more" : NULL;
}

static int authority_open(struct publishing *publishing, const struct rmt_db_authority *row, struct authority *out, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (row->spki_hash.length != sizeof hash)
		return rmt_err_set(err, RMT_DATABASE, NULL, "the authority \"%s\" cannot be used", row->name);
	memcpy(hash, row->spki_hash.at, sizeof hash);
	out->row = *row;
	out->row.name = rmt_arena_text(&out->arena, row->name);
	out->row.crl_uri = rmt_arena_text(&out->arena, row->crl_uri);
	out->row.cert = out->row.spki_hash = (struct rmt_span){0};
	out->key = rmt_home_key_load(publishing->home, rmt_span_of(hash, sizeof hash), err);
	out->signer = out->key ? rmt_signer_new(out->key, NULL, err) : NULL;
	out->lists = calloc((size_t)row->crl_shards + 1, sizeof *out->lists);
	if (!out->signer)
		return -1;
	return out->lists && !out->arena.failed ? 0 : rmt_err_memory(err);
}

/* ---- numbers --------------------------------------------------------------------------------------------------------------- */

static const char *named(struct authority *authority, const char *uri, int shard, bool delta)
{
	rmt_crl_name(uri, shard, delta, &authority->arena.scratch);
	return rmt_arena_scratch(&authority->arena);
}

/* What one list is to say, after what was published before it. */
static int plan(struct publishing *publishing, struct authority *authority, int shard, struct rmt_crl_list *list, struct rmt_err *err)
{
	const struct rmt_db_authority *row = &authority->row;
	bool delta = publishing->options->delta;
	int64_t lifetime = publishing->options->lifetime;
	struct rmt_db_crl before = {0};
	int found = rmt_db_crl_newest(publishing->home->db, row->id, shard, false, &before, err);

	if (found < 0)
		return -1;
	if (delta && !found)
		return rmt_err_set(err, RMT_POLICY, NULL, "the authority \"%s\" has published no complete list that a delta could stand on: run \"remint crl\" without --delta first",
		                   row->name);
	list->row = (struct rmt_db_crl){.authority = row->id, .shard = shard, .delta = delta, .base = delta ? before.number : 0};
	list->row.this_update = publishing->now - BACKDATE > authority->cert->not_before ? publishing->now - BACKDATE : authority->cert->not_before;
	list->row.next_update = publishing->now + (lifetime ? lifetime : delta ? DELTA_LIFETIME : LIFETIME);
	list->said = (struct rmt_db_revoked_query){.authority = row->id, .shard = shard, .changes = delta, .after = before.through,
	                                           .not_expired_at = before.this_update};
	list->expected = delta ? 0 : (uint64_t)before.entries;
	list->stem = named(authority, row->name, shard, delta);
	if (shard)
		list->only_at = named(authority, row->crl_uri, shard, false);
	if (!delta && row->crl_deltas && *row->crl_uri)
		list->deltas_at = named(authority, row->crl_uri, shard, true);
	return authority->arena.failed ? rmt_err_memory(err) : 0;
}

static int may_replace(struct publishing *publishing, const struct rmt_cert *issuer, const struct rmt_crl_list *list, struct rmt_err *err)
{
	return publishing->options->force ? 0 : rmt_crl_replaces(publishing->home->ctx, list, publishing->options->directory, issuer, err);
}

/* The lists of one run have one number. What is refused takes none: else the number of a run that is tried again would grow past any other. */
static int reserve(struct publishing *publishing, struct authority *authority, struct rmt_err *err)
{
	struct rmt_db *db = publishing->home->db;
	int64_t last;
	int rc = -1;

	if (rmt_db_begin(db, err))
		return -1;
	if (rmt_db_crl_number(db, authority->row.id, &last, err))
		goto out;
	for (int shard = 0; shard <= authority->row.crl_shards; shard++) {
		struct rmt_crl_list *list = &authority->lists[authority->count];

		if (plan(publishing, authority, shard, list, err))
			goto out;
		list->row.number = last + 1;
		if (may_replace(publishing, authority->cert, list, err) || rmt_db_crl_add(db, &list->row, publishing->now, err))
			goto out;
		/* What the last one said, and all that happened since. */
		list->expected += (uint64_t)(list->row.through - list->said.after);
		authority->count++;
	}
	rc = 0;
out:
	if (rc == 0)
		return rmt_db_commit(db, err);
	rmt_db_rollback(db);
	return -1;
}

/* ---- one list ---------------------------------------------------------------------------------------------------------------- */

/* 1 when a newer list of this home was put in its place meanwhile, forced or not; one that was published in another directory is no reason
 * to leave this one out. */
static int check_place(struct publishing *publishing, const struct rmt_cert *issuer, const struct rmt_crl_list *list, struct rmt_err *err)
{
	struct rmt_home *home = publishing->home;
	struct rmt_err why = {0};
	struct rmt_db_crl there;
	int found = rmt_db_crl_newest(home->db, list->row.authority, list->row.shard, list->row.delta, &there, err);

	if (found < 0)
		return -1;
	if (!found || there.number < list->row.number)
		return may_replace(publishing, issuer, list, err);
	if (rmt_crl_replaces(home->ctx, list, publishing->options->directory, issuer, &why) == 0)
		return 0;
	if (why.class == RMT_POLICY)
		return 1;
	*err = why;
	return -1;
}

/* Put in its place and recorded under one lock; 1 when a newer one stands there already. */
static int place(struct publishing *publishing, const struct rmt_cert *issuer, struct rmt_crl_list *list, struct rmt_err *err)
{
	struct rmt_db *db = publishing->home->db;
	int rc;

	if (rmt_db_begin(db, err))
		return -1;
	rc = check_place(publishing, issuer, list, err);
	if (rc == 0 && (rmt_crl_place(list, err) || rmt_db_crl_published(db, &list->row, publishing->now, err)))
		rc = -1;
	if (rc == 0)
		return rmt_db_commit(db, err);
	rmt_db_rollback(db);
	return rc;
}

static int tell(struct publishing *publishing, struct authority *authority, const struct rmt_crl_list *list)
{
	const struct rmt_db_crl *row = &list->row;
	struct rmt_arena *arena = &authority->arena;
	struct remint_crl_made told = {.authority = authority->row.name, .shard = row->shard, .number = row->number, .delta = row->delta,
	                               .base = row->base, .this_update = row->this_update, .next_update = row->next_update,
	                               .entries = (uint64_t)row->entries, .sha256 = rmt_arena_hex(arena, row->sha256)};

	rmt_buf_format(&arena->scratch, "%s/%s.crl", publishing->options->directory, list->stem);
	told.file = rmt_arena_scratch(arena);
	rmt_buf_format(&arena->scratch, "%s/%s.crl.pem", publishing->options->directory, list->stem);
	told.pem = rmt_arena_scratch(arena);
	return arena->failed ? rmt_err_memory(&publishing->home->ctx->err) : publishing->made(publishing->arg, &told);
}

static int publish(struct publishing *publishing, struct authority *authority, struct rmt_crl_list *list, struct rmt_err *err)
{
	int rc = rmt_crl_make(publishing->home, authority->cert, authority->signer, list, publishing->options->directory, err);

	if (rc == 0)
		rc = place(publishing, authority->cert, list, err);
	if (rc == 1)
		rmt_verb_warn(publishing->home->ctx, "list %lld of \"%s\" is left out: a newer one was published meanwhile",
		              (long long)list->row.number, authority->row.name);
	rmt_crl_list_clear(list);
	return rc == 0 ? tell(publishing, authority, list) : rc < 0 ? -1 : 0;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------ */

static int publish_all(struct publishing *publishing, const struct rmt_db_authority *row, struct rmt_cert *cert)
{
	struct authority authority = {.cert = cert};
	struct rmt_err *err = &publishing->home->ctx->err;
	int rc = -1;

	if (authority_open(publishing, row, &authority, err) == 0 && reserve(publishing, &authority, err) == 0)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < authority.count; i++)
		rc = publish(publishing, &authority, &authority.lists[i], err);
	publishing->authorities++;
	authority_clear(&authority);
	return rc;
}

static int visit(void *arg, const struct rmt_db_authority *row)
{
	struct publishing *publishing = arg;
	struct remint *ctx = publishing->home->ctx;
	const char *only = publishing->options->authority;
	struct rmt_cert *cert = NULL;
	const char *why;

	if (only && strcmp(only, row->name) != 0)
		return 0;
	if (row->cert.length && !(cert = rmt_authority_cert(row, &ctx->err)))
		return -1;
	why = idle(row, cert, publishing->now);
	if (!why)
		return publish_all(publishing, row, cert);
	rmt_cert_free(cert);
	if (only)
		return rmt_err_set(&ctx->err, RMT_POLICY, NULL, "the authority \"%s\" %s", row->name, why);
	if (row->key_here)
		rmt_verb_warn(ctx, "no list of \"%s\": it %s", row->name, why);
	return 0;
}

int remint_crl(struct remint *ctx, const struct remint_crl_options *options, remint_crl_fn *made, void *arg)
{
	struct rmt_home home = {0};
	struct publishing publishing = {.home = &home, .options = options, .made = made, .arg = arg, .now = rmt_verb_now(ctx)};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!options->directory) {
		rmt_err_set(&ctx->err, RMT_USAGE, NULL, "say which directory the lists are published in: --out DIR");
		goto out;
	}
	if (options->lifetime < 0 || options->lifetime > 3650 * RMT_DAY) {
		rmt_err_set(&ctx->err, RMT_USAGE, NULL, "a list is good for some time up to ten years");
		goto out;
	}
	if (rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err))
		goto out;
	rc = rmt_db_authorities(home.db, visit, &publishing, &ctx->err);
	if (rc == 0 && !publishing.authorities)
		rc = options->authority
		         ? rmt_err_set(&ctx->err, RMT_USAGE, NULL, "no authority is called \"%s\": see remint ca list", options->authority)
		         : rmt_err_set(&ctx->err, RMT_POLICY, NULL, "no authority of this home has its key here");
out:
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
