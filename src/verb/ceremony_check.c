/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceremony_check.c - remint_ca_ceremony_verify(): is the record of a ceremony what the root signed, and do certificates and requests at hand
 * belong to it?
 *
 * It needs no home: the certificates are in the record. That its root is the right one shows only a certificate that is held against it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { TRANSCRIPT_MAX = 1024 * 1024 };

struct checking {
	struct remint *ctx;
	struct rmt_transcript transcript;
	struct rmt_arena arena;
	remint_ceremony_check_fn *tell;
	void *arg;
	bool root_held; /* a certificate at hand is the root's */
};

/* Unless the memory for what was compared ran out. */
static int told(struct checking *job, enum remint_severity severity, const char *what, const char *sentence)
{
	struct remint_ceremony_check check = {severity, what, sentence};

	if (job->arena.failed)
		return rmt_err_memory(&job->ctx->err);
	return job->tell(job->arg, &check);
}

/* ---- the record by itself ----------------------------------------------------------------------------------------------------- */

/* The n-th hash of the record is that of the n-th certificate. */
static int check_fingerprints(struct checking *job, struct rmt_err *err)
{
	struct rmt_transcript *transcript = &job->transcript;
	unsigned char hash[RMT_SHA256];
	struct rmt_span value;
	size_t at = 0;

	for (size_t i = 0; i < transcript->cert_count; i++) {
		const char *hex;

		if (rmt_cert_fingerprint(transcript->certs[i], hash, err))
			return -1;
		hex = rmt_arena_hex(&job->arena, rmt_span_of(hash, sizeof hash));
		if (rmt_transcript_field(transcript, "certificate sha256", &at, &value) != 1 || !rmt_span_equal(value, rmt_span_text(hex)))
			return told(job, REMINT_ERROR, "fingerprints", "a certificate in the transcript is not the one that its text names");
	}
	return told(job, REMINT_INFO, "fingerprints", "every certificate is the one that the text names");
}

static int check_signatures(struct checking *job, struct rmt_err *err)
{
	struct rmt_transcript *transcript = &job->transcript;
	struct rmt_checker *checker = rmt_checker_new(err);
	bool hold = true;

	if (!checker)
		return -1;
	for (size_t i = 0; i < transcript->cert_count; i++) {
		const struct rmt_cert *cert = transcript->certs[i], *root = transcript->certs[0];

		hold = hold && rmt_name_equal(cert->issuer, root->subject) &&
		       rmt_checker_verify(checker, cert->tbs, cert->outer_algorithm, cert->signature, root->spki, NULL) == 0;
	}
	rmt_checker_free(checker);
	return told(job, hold ? REMINT_INFO : REMINT_ERROR, "certificates",
	            hold ? "the root signed itself and every certificate" : "a certificate is not signed by the root");
}

static int check_program(struct checking *job, struct rmt_err *err)
{
	struct rmt_machine machine;
	struct rmt_span value;
	size_t at = 0;

	if (rmt_machine_look(&machine, err))
		return -1;
	if (!machine.program_known)
		return told(job, REMINT_INFO, "program", "the file of this program cannot be read, so that it is not compared");
	if (rmt_transcript_field(&job->transcript, "program sha256", &at, &value) != 1)
		return 0;
	if (rmt_span_equal(value, rmt_span_text(rmt_arena_hex(&job->arena, rmt_span_of(machine.program, sizeof machine.program)))))
		return told(job, REMINT_INFO, "program", "the program that checks this is the one that held the ceremony");
	return told(job, REMINT_INFO, "program", "another build of the program held the ceremony than checks this");
}

/* ---- what is at hand ------------------------------------------------------------------------------------------------------------ */

static int check_cert(struct checking *job, const struct rmt_object *object)
{
	for (size_t i = 0; i < job->transcript.cert_count; i++) {
		if (!rmt_span_equal(job->transcript.certs[i]->der, object->cert->der))
			continue;
		job->root_held |= i == 0;
		return told(job, REMINT_INFO, object->source, i ? "a certificate of this ceremony" : "the root of this ceremony");
	}
	return told(job, REMINT_ERROR, object->source, "holds a certificate that is none of this ceremony's");
}

static int check_request(struct checking *job, const struct rmt_object *object, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_span value;
	const char *hex;
	size_t at = 0;

	if (rmt_sha256(object->der, hash, err))
		return -1;
	hex = rmt_arena_hex(&job->arena, rmt_span_of(hash, sizeof hash));
	while (rmt_transcript_field(&job->transcript, "request sha256", &at, &value) == 1)
		if (rmt_span_equal(value, rmt_span_text(hex)))
			return told(job, REMINT_INFO, object->source, "a request of this ceremony");
	return told(job, REMINT_ERROR, object->source, "holds a request that is none of this ceremony's");
}

static int check_files(struct checking *job, struct remint_strings files, struct rmt_err *err)
{
	struct rmt_pile pile = {0};
	int rc = files.count ? rmt_pile_need(job->ctx, &pile, files, true, err) : 0;

	for (size_t i = 0; rc == 0 && i < pile.count; i++) {
		const struct rmt_object *object = pile.objects[i];

		if (object->cert)
			rc = check_cert(job, object);
		else if (object->request)
			rc = check_request(job, object, err);
		else
			rc = told(job, REMINT_ERROR, object->source, "holds something that is neither a certificate nor a request");
	}
	rmt_pile_free(&pile);
	if (rc == 0 && !job->root_held)
		rc = told(job, REMINT_WARNING, "root",
		          "nothing was held against the root of the transcript: give its certificate as you have it from elsewhere, or compare its "
		          "hash with the printed and signed one");
	return rc;
}

/* ---- the verb -------------------------------------------------------------------------------------------------------------------- */

static int check(struct checking *job, struct rmt_span text, struct remint_strings files, struct rmt_err *err)
{
	int rc = rmt_transcript_open(text, &job->transcript, err);

	if (rc && err->class == RMT_NEGATIVE) { /* that is the answer */
		rc = told(job, REMINT_ERROR, "transcript", err->message);
		rmt_err_clear(err);
		return rc;
	}
	if (rc)
		return -1;
	rc = told(job, REMINT_INFO, "transcript", "the signature of the root holds for every byte");
	if (rc == 0)
		rc = check_fingerprints(job, err);
	if (rc == 0)
		rc = check_signatures(job, err);
	if (rc == 0)
		rc = check_program(job, err);
	return rc ? rc : check_files(job, files, err);
}

int remint_ca_ceremony_verify(struct remint *ctx, const char *transcript, struct remint_strings files, remint_ceremony_check_fn *tell, void *arg)
{
	struct checking job = {.ctx = ctx, .tell = tell, .arg = arg};
	struct rmt_buf text = {0};
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_file_read(transcript, TRANSCRIPT_MAX, &text, &ctx->err);
	if (rc == 0)
		rc = check(&job, rmt_buf_view(&text), files, &ctx->err);
	if (rc)
		rmt_err_source(&ctx->err, transcript);
	rmt_transcript_clear(&job.transcript);
	rmt_arena_free(&job.arena);
	rmt_buf_free(&text);
	return rmt_verb_end(ctx, rc);
}
