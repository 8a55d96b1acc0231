/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsp_all.c - remint_ocsp_all(): responses signed in advance, in the database and, where a directory is named, in a file each.
 *
 * Certificates are taken by their ids in groups: the workers sign a group, the caller's thread records it in one commit. A response whose
 * certificate was revoked meanwhile is not taken in (db/ocsp.c). Every response is read back. Its signature is verified, too, by an RSA
 * key: that costs nothing beside the signature, and a wrong one could give the key away. By another kind of key verifying takes three
 * times as long as signing: the first of each worker is verified, and each eighth (SAMPLE), which a signer that signs wrongly does not pass.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { GROUP = 1000, SERIAL_MOST = 64, SAMPLE = 8 };

struct one {
	int64_t certificate, stated;
	unsigned char serial[SERIAL_MOST];
	size_t serial_length;
	struct rmt_ocsp_answer answer;
	struct rmt_buf id, der;
	bool kept; /* `der` was signed before */
	struct rmt_err err;
	bool failed;
};

struct worker {
	struct rmt_ocsp_responder by;
	struct rmt_checker *checker;
	uint64_t made; /* with this signer */
};

struct run {
	struct remint *ctx;
	struct rmt_responder responder;
	struct rmt_answerer *answerer;
	const char *directory;
	bool anew;
	struct remint_ocsp_run *told;
	struct rmt_pool *pool;
	struct worker *workers;
	unsigned every; /* signature that is verified: 1 is each of them */
	struct one *group;
	size_t count;
	uint64_t done, total;
	int64_t after;
	rmt_time now, soonest; /* when the first response of this authority ends; 0 none yet */
};

/* ---- a group -------------------------------------------------------------------------------------------------------------- */

static int take(void *arg, const struct rmt_db_ocsp_state *state, const struct rmt_db_ocsp_response *response)
{
	struct run *run = arg;
	struct one *one = &run->group[run->count];

	run->after = state->certificate;
	if (state->serial.length > SERIAL_MOST) /* of another CA's making, and nobody asks for such */
		return 0;
	one->certificate = state->certificate;
	one->stated = state->stated;
	one->kept = response && !run->anew;
	one->failed = false;
	one->serial_length = state->serial.length;
	memcpy(one->serial, state->serial.at, state->serial.length);
	rmt_buf_clear(&one->id);
	rmt_buf_clear(&one->der);
	rmt_err_clear(&one->err);
	if (one->kept) {
		if (run->directory)
			rmt_buf_span(&one->der, response->der);
		one->answer.next_update = response->next_update;
	} else {
		rmt_answerer_says(&run->responder, run->answerer, state, true, run->now, &one->answer);
	}
	if (!run->soonest || one->answer.next_update < run->soonest)
		run->soonest = one->answer.next_update;
	run->count++;
	return rmt_buf_check(&one->der, &run->ctx->err);
}

static int make(struct run *run, struct worker *worker, struct one *one)
{
	const struct rmt_span serial = {one->serial, one->serial_length}, none = {NULL, 0};
	struct rmt_checker *checker = worker->made++ % run->every == 0 ? worker->checker : NULL;
	struct rmt_derw w = {0};

	rmt_cert_id_write(&w, "sha1", &run->answerer->hashes[RMT_OCSP_SHA1], serial);
	if (rmt_derw_finish(&w, &one->id, &one->err))
		return -1;
	one->answer.id = rmt_buf_view(&one->id);
	if (rmt_ocsp_sign(&worker->by, &one->answer, 1, run->now, none, &one->der, &one->err))
		return -1;
	return rmt_ocsp_prove(&worker->by, &one->answer, 1, none, checker, rmt_buf_view(&one->der), &one->err);
}

static void work(void *arg, size_t worker, size_t index)
{
	struct run *run = arg;
	struct one *one = &run->group[index];

	if (!one->kept)
		one->failed = make(run, &run->workers[worker], one) != 0;
}

/* Nothing holds longer than its signer. */
static void note_cut(struct run *run, const struct one *one)
{
	if (one->answer.next_update >= run->now + rmt_responder_validity(&run->responder))
		return;
	run->told->cut++;
	if (!run->told->cut_at || one->answer.next_update < run->told->cut_at)
		run->told->cut_at = one->answer.next_update;
}

static int put(struct run *run, struct rmt_err *err)
{
	for (size_t i = 0; i < run->count; i++) {
		struct one *one = &run->group[i];
		const struct rmt_db_ocsp_response response = {.certificate = one->certificate,
		                                              .hash = RMT_OCSP_SHA1,
		                                              .stated = one->stated,
		                                              .signer = run->answerer->signer,
		                                              .this_update = one->answer.this_update,
		                                              .next_update = one->answer.next_update,
		                                              .der = rmt_buf_view(&one->der)};
		int rc = one->kept ? 1 : rmt_db_ocsp_put(run->responder.home.db, &response, err);

		if (rc < 0)
			return -1;
		if (rc == 0) { /* what it says is not so any more: it goes nowhere */
			one->failed = true;
			run->told->overtaken++;
		} else if (one->kept) {
			run->told->kept++;
		} else {
			run->told->signed_now++;
			note_cut(run, one);
		}
	}
	return 0;
}

static int record(struct run *run, struct rmt_err *err)
{
	struct rmt_db *db = run->responder.home.db;

	for (size_t i = 0; i < run->count; i++)
		if (run->group[i].failed) {
			*err = run->group[i].err;
			return -1;
		}
	if (rmt_db_begin(db, err))
		return -1;
	if (put(run, err) == 0)
		return rmt_db_commit(db, err);
	rmt_db_rollback(db);
	return -1;
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

static int write_files(struct run *run, struct rmt_err *err)
{
	struct rmt_output *outputs = calloc(run->count + 1, sizeof *outputs);
	struct rmt_arena arena = {0};
	size_t count = 0;
	int rc;

	for (size_t i = 0; outputs && i < run->count; i++) {
		struct one *one = &run->group[i];

		if (one->failed)
			continue;
		rmt_buf_format(&arena.scratch, "%s-", run->answerer->authority.name); /* two CAs may have used one serial number */
		rmt_serial_hex(rmt_span_of(one->serial, one->serial_length), &arena.scratch);
		rmt_buf_text(&arena.scratch, ".ocsp");
		outputs[count].name = rmt_arena_scratch(&arena);
		outputs[count].mode = 0644;
		outputs[count++].content = rmt_buf_view(&one->der);
	}
	rc = !outputs || arena.failed ? rmt_err_memory(err) : count ? rmt_files_write(run->directory, outputs, count, true, err) : 0;
	if (rc == 0)
		run->told->files += count;
	rmt_arena_free(&arena);
	free(outputs);
	return rc;
}

/* ---- an authority ------------------------------------------------------------------------------------------------------------ */

static void workers_clear(struct run *run)
{
	for (size_t i = 0; run->workers && i < rmt_pool_workers(run->pool); i++)
		rmt_signer_free(run->workers[i].by.signer);
	for (size_t i = 0; run->workers && i < rmt_pool_workers(run->pool); i++)
		rmt_checker_free(run->workers[i].checker);
	free(run->workers);
	run->workers = NULL;
}

static int workers_make(struct run *run, struct rmt_err *err)
{
	size_t count = rmt_pool_workers(run->pool);

	workers_clear(run);
	if (rmt_verify_every(run->answerer->by.cert->spki, SAMPLE, &run->every, err))
		return -1;
	run->workers = calloc(count, sizeof *run->workers);
	if (!run->workers)
		return rmt_err_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct worker *worker = &run->workers[i];

		worker->by = run->answerer->by;
		worker->by.signer = rmt_signer_dup(run->answerer->by.signer, err);
		worker->checker = rmt_checker_new(err);
		if (!worker->by.signer || !worker->checker)
			return -1;
	}
	return 0;
}

/* One group; 1 there was one, 0 no more, -1. The signer is looked at before each: a run may be long. */
static int next_group(struct run *run, struct rmt_err *err)
{
	struct rmt_db_ocsp_query query = {.authority = run->answerer->authority.id, .after = run->after, .limit = GROUP};
	const struct rmt_signer *signer = run->answerer->by.signer;
	int64_t before = run->after;

	run->now = query.now = rmt_verb_now(run->ctx);
	query.beyond = run->now + rmt_responder_validity(&run->responder) / 2;
	if (rmt_answerer_ready(&run->responder, run->answerer, run->now, err) ||
	    ((signer != run->answerer->by.signer || !run->workers) && workers_make(run, err)))
		return -1;
	if (run->answerer->until < query.beyond) /* nothing holds longer than its signer */
		query.beyond = run->now + (run->answerer->until - run->now) / 2;
	run->count = 0;
	if (rmt_db_ocsp_live(run->responder.home.db, &query, take, run, err))
		return -1;
	rmt_pool_run(run->pool, run->count, work, run);
	if (run->count && (record(run, err) || (run->directory && write_files(run, err))))
		return -1;
	run->told->certificates += run->count;
	run->done += run->count;
	rmt_verb_progress(run->ctx, run->done, run->total > run->done ? run->total : run->done);
	return run->after != before;
}

/* What a status asks for from now on, of this authority. */
static int remember(struct run *run, struct rmt_err *err)
{
	struct rmt_db *db = run->responder.home.db;
	struct rmt_buf name = {0}, value = {0};
	int rc = -1;

	rmt_buf_format(&name, "%s%s", RMT_SETTING_IN_ADVANCE, run->answerer->authority.name);
	rmt_buf_format(&value, "%lld %lld", (long long)run->soonest, (long long)rmt_responder_validity(&run->responder));
	if (rmt_buf_check(&name, err) || rmt_buf_check(&value, err) || rmt_db_begin(db, err))
		goto out;
	if (rmt_db_setting_put(db, rmt_buf_string(&name), rmt_buf_string(&value), err) == 0)
		rc = rmt_db_commit(db, err);
	else
		rmt_db_rollback(db);
out:
	rmt_buf_free(&name);
	rmt_buf_free(&value);
	return rc;
}

static int answer_for(struct run *run, struct rmt_answerer *answerer, struct rmt_err *err)
{
	int rc = 1;

	run->answerer = answerer;
	run->after = run->soonest = 0;
	workers_clear(run);
	if (rmt_answerer_ready(&run->responder, answerer, rmt_verb_now(run->ctx), err)) {
		struct rmt_err fault = *err;

		if (fault.class != RMT_POLICY)
			return -1;
		rmt_err_clear(err);
		return rmt_verb_fault(run->ctx, &fault); /* the others get theirs */
	}
	while (rc == 1)
		rc = next_group(run, err);
	return rc == 0 && run->soonest ? remember(run, err) : rc;
}

static int trim(struct run *run, struct rmt_err *err)
{
	struct rmt_db *db = run->responder.home.db;

	if (rmt_db_begin(db, err))
		return -1;
	if (rmt_db_ocsp_trim(db, rmt_verb_now(run->ctx), err) == 0)
		return rmt_db_commit(db, err);
	rmt_db_rollback(db);
	return -1;
}

static int prepare(struct run *run, int64_t *counts, struct rmt_err *err)
{
	run->pool = rmt_pool_new(run->ctx->jobs ? run->ctx->jobs : 1, err);
	run->group = calloc(GROUP, sizeof *run->group);
	if (!run->pool || !run->group)
		return run->group ? -1 : rmt_err_memory(err);
	for (size_t i = 0; i < run->responder.count; i++) {
		if (rmt_db_ocsp_count(run->responder.home.db, run->responder.answerers[i]->authority.id, rmt_verb_now(run->ctx), &counts[i], err))
			return -1;
		run->total += (uint64_t)counts[i];
	}
	return run->directory ? rmt_directory_create(run->directory, err) : 0;
}

static void warn_cut(struct remint *ctx, const struct remint_ocsp_run *told)
{
	char at[32];

	rmt_time_text(told->cut_at, at);
	if (told->cut)
		rmt_verb_warn(ctx, "%llu response%s before the time that was asked for, from %s on: none holds longer than the certificate that signs it",
		              (unsigned long long)told->cut, told->cut == 1 ? " ends" : "s end", at);
}

int remint_ocsp_all(struct remint *ctx, const struct remint_ocsp_options *options, const char *directory, bool anew,
                    struct remint_ocsp_run *told)
{
	struct run run = {.ctx = ctx, .directory = directory, .anew = anew, .told = told};
	struct rmt_err *err = &ctx->err;
	int64_t *counts = NULL;
	int rc = -1;

	*told = (struct remint_ocsp_run){0};
	rmt_verb_begin(ctx);
	if (rmt_responder_open(ctx, options, &run.responder, err))
		goto out;
	counts = calloc(run.responder.count, sizeof *counts);
	rc = counts ? prepare(&run, counts, err) : rmt_err_memory(err);
	for (size_t i = 0; rc == 0 && i < run.responder.count; i++)
		if (counts[i]) /* for one that issued nothing nobody needs a signer */
			rc = answer_for(&run, run.responder.answerers[i], err);
	if (rc == 0)
		rc = trim(&run, err);
	warn_cut(ctx, told);
out:
	workers_clear(&run);
	for (size_t i = 0; run.group && i < GROUP; i++) {
		rmt_buf_free(&run.group[i].id);
		rmt_buf_free(&run.group[i].der);
	}
	free(run.group);
	free(counts);
	rmt_pool_free(run.pool);
	rmt_responder_close(&run.responder);
	return rmt_verb_end(ctx, rc);
}
