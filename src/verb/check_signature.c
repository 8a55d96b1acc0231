/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_signature.c - the signature of every certificate on record against the authority that its row names, a batch at
 * a time on as many threads as the caller allows.
 *
 * A signature that nobody here can verify (an algorithm that this OpenSSL does not know) is counted, not condemned.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { BATCH = 512 };

struct job {
	int64_t id;
	size_t issuer;      /* place among the authorities */
	size_t from, length; /* of the DER in `bytes` */
	enum rmt_judgement outcome;
	char why[160]; /* it cannot be verified */
};

struct authority {
	int64_t id;
	struct rmt_buf spki;
};

struct rmt_signatures {
	struct rmt_home *home;
	struct authority *authorities;
	size_t authority_count;
	struct rmt_pool *pool;
	struct rmt_checker **checkers;
	struct job jobs[BATCH];
	size_t count;
	struct rmt_buf bytes;
	uint64_t good, unverifiable, foreign;
};

struct collecting {
	struct rmt_signatures *signatures;
	struct rmt_err *err;
};

static int collect_authority(void *arg, const struct rmt_db_authority *row)
{
	struct collecting *collecting = arg;
	struct rmt_signatures *signatures = collecting->signatures;
	struct authority *grown;
	struct rmt_cert cert;

	if (!row->cert.length || rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL))
		return 0;
	grown = realloc(signatures->authorities, (signatures->authority_count + 1) * sizeof *grown);
	if (!grown)
		return rmt_err_memory(collecting->err);
	signatures->authorities = grown;
	grown += signatures->authority_count++;
	*grown = (struct authority){.id = row->id};
	rmt_buf_span(&grown->spki, cert.spki);
	return rmt_buf_check(&grown->spki, collecting->err);
}

struct rmt_signatures *rmt_signatures_new(struct rmt_home *home, struct rmt_err *err)
{
	struct rmt_signatures *signatures = calloc(1, sizeof *signatures);
	struct collecting collecting = {signatures, err};
	size_t workers = home->ctx->jobs;

	if (!signatures) {
		rmt_err_memory(err);
		return NULL;
	}
	signatures->home = home;
	signatures->pool = rmt_pool_new(workers, err);
	signatures->checkers = calloc(workers, sizeof *signatures->checkers);
	if (!signatures->checkers)
		rmt_err_memory(err);
	if (!signatures->pool || !signatures->checkers || rmt_db_authorities(home->db, collect_authority, &collecting, err))
		goto fail;
	for (size_t i = 0; i < workers; i++)
		if (!(signatures->checkers[i] = rmt_checker_new(err)))
			goto fail;
	return signatures;
fail:
	rmt_signatures_free(signatures);
	return NULL;
}

void rmt_signatures_free(struct rmt_signatures *signatures)
{
	if (!signatures)
		return;
	for (size_t i = 0; signatures->checkers && i < signatures->home->ctx->jobs; i++)
		rmt_checker_free(signatures->checkers[i]);
	for (size_t i = 0; i < signatures->authority_count; i++)
		rmt_buf_free(&signatures->authorities[i].spki);
	rmt_pool_free(signatures->pool);
	rmt_buf_free(&signatures->bytes);
	free(signatures->checkers);
	free(signatures->authorities);
	free(signatures);
}

static enum rmt_judgement outcome_of(struct rmt_checker *checker, struct rmt_span der, struct rmt_span spki, char *said, size_t size)
{
	enum rmt_judgement outcome;
	struct rmt_err why;
	struct rmt_cert cert;

	if (rmt_cert_read(&cert, der, RMT_TOLERANT, NULL))
		return RMT_SIGNATURE_FALSE;
	outcome = rmt_checker_judge(checker, cert.tbs, cert.outer_algorithm, cert.signature, spki, &why);
	if (outcome == RMT_SIGNATURE_UNVERIFIABLE)
		snprintf(said, size, "%.150s", why.message);
	return outcome;
}

static void work(void *arg, size_t worker, size_t index)
{
	struct rmt_signatures *signatures = arg;
	struct job *job = &signatures->jobs[index];

	job->outcome = outcome_of(signatures->checkers[worker], rmt_span_of(signatures->bytes.bytes + job->from, job->length),
	                          rmt_buf_view(&signatures->authorities[job->issuer].spki), job->why, sizeof job->why);
}

static int flush(struct rmt_signatures *signatures, struct rmt_err *err)
{
	rmt_pool_run(signatures->pool, signatures->count, work, signatures);
	for (size_t i = 0; i < signatures->count; i++) {
		const struct job *job = &signatures->jobs[i];

		signatures->good += job->outcome == RMT_SIGNATURE_GOOD;
		if (job->outcome == RMT_SIGNATURE_UNVERIFIABLE && signatures->unverifiable++ == 0)
			rmt_verb_warn(signatures->home->ctx, "certificate %lld, and perhaps others, cannot be verified: %s", (long long)job->id, job->why);
		if (job->outcome != RMT_SIGNATURE_FALSE)
			continue;
		rmt_err_set(err, RMT_DATABASE, NULL, "certificate %lld was not signed by the authority that it stands under: its signature does not verify",
		            (long long)job->id);
		rmt_err_source(err, signatures->home->ctx->home);
		return -1;
	}
	signatures->count = 0;
	rmt_buf_clear(&signatures->bytes);
	return 0;
}

int rmt_signatures_add(struct rmt_signatures *signatures, const struct rmt_db_cert *row, struct rmt_err *err)
{
	struct job *job = &signatures->jobs[signatures->count];
	size_t issuer = 0;

	while (issuer < signatures->authority_count && signatures->authorities[issuer].id != row->authority)
		issuer++;
	if (!row->authority || issuer == signatures->authority_count) {
		signatures->foreign++;
		return 0;
	}
	*job = (struct job){.id = row->id, .issuer = issuer, .from = signatures->bytes.length, .length = row->der.length};
	rmt_buf_span(&signatures->bytes, row->der);
	if (rmt_buf_check(&signatures->bytes, err))
		return -1;
	return ++signatures->count < BATCH ? 0 : flush(signatures, err);
}

int rmt_signatures_end(struct rmt_signatures *signatures, struct remint_db_report *report, struct rmt_err *err)
{
	if (flush(signatures, err))
		return -1;
	report->signatures = signatures->good;
	report->unverifiable = signatures->unverifiable;
	report->foreign = signatures->foreign;
	return 0;
}
