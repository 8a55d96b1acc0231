/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsp_listen.c - remint_ocsp_listen(): the responder over HTTP (RFC 6960, A.1; RFC 5019).
 *
 * The database is asked for every request, so that a revocation by another process is in the next answer; what was signed is recorded in
 * groups, when nobody else is writing. The connections are probe/'s.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "probe/probe.h"
#include "verb/local.h"

enum {
	WAITING_MOST = 64,      /* responses to be recorded in one commit */
	WAITING_LONGEST = 250,  /* milliseconds until they are */
	SLASHES_MOST = 8,       /* of the path before the request */
	AGE_MOST = 3600,        /* seconds that a cache between may keep a response: a revocation must get through */
};

struct waiting {
	struct rmt_db_ocsp_response response;
	struct rmt_buf der;
};

struct listening {
	struct remint *ctx;
	struct rmt_responder responder;
	remint_ocsp_ready_fn *ready;
	remint_ocsp_fn *answered;
	void *arg;
	struct remint_ocsp_summary *summary;
	struct rmt_reply *reply;
	struct rmt_arena arena;
	struct rmt_buf request;
	struct waiting waiting[WAITING_MOST];
	size_t count;
	uint64_t since; /* ticks when the first one came */
};

/* ---- what was signed --------------------------------------------------------------------------------------------------------- */

/* Into the database, if it is free. A response that cannot be kept is signed again one day; that is no reason to end. */
static void put_waiting(struct listening *job)
{
	struct rmt_db *db = job->responder.home.db;
	struct rmt_err err = {0};
	int rc = rmt_db_begin_now(db, &err);

	for (size_t i = 0; rc == 1 && i < job->count; i++) {
		job->waiting[i].response.der = rmt_buf_view(&job->waiting[i].der);
		if (rmt_db_ocsp_put(db, &job->waiting[i].response, &err) < 0)
			rc = -1;
	}
	if (rc == 1 && rmt_db_commit(db, &err))
		rc = -1;
	else if (rc < 0)
		rmt_db_rollback(db);
	if (rc < 0)
		rmt_verb_warn(job->ctx, "responses are not kept: %s", err.message);
	job->count = 0;
}

static void wait_for(struct listening *job, const struct rmt_db_ocsp_response *response)
{
	struct waiting *waiting = &job->waiting[job->count];

	if (!response->certificate)
		return;
	rmt_buf_clear(&waiting->der);
	rmt_buf_span(&waiting->der, response->der);
	if (waiting->der.failed)
		return;
	waiting->response = *response;
	if (job->count++ == 0)
		job->since = rmt_clock_ticks();
	if (job->count == WAITING_MOST)
		put_waiting(job);
}

static unsigned rest(void *arg)
{
	struct listening *job = arg;
	uint64_t waited = job->count ? rmt_clock_ticks() - job->since : 0;

	if (!job->count)
		return 0;
	if (waited < WAITING_LONGEST)
		return (unsigned)(WAITING_LONGEST - waited);
	put_waiting(job);
	return 0;
}

/* ---- the request in the path ---------------------------------------------------------------------------------------------------- */

static int hex_digit(unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = byte ? strchr(digits, byte >= 'A' && byte <= 'F' ? byte + 32 : byte) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* %2B to "+". What is no escape stays. */
static void unescape(struct rmt_span text, struct rmt_buf *out)
{
	for (size_t i = 0; i < text.length; i++) {
		int high = text.at[i] == '%' && i + 2 < text.length ? hex_digit(text.at[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;

		if (low >= 0)
			i += 2;
		rmt_buf_byte(out, low >= 0 ? (unsigned char)(high << 4 | low) : text.at[i]);
	}
}

/* What stands behind the responder's own path may hold slashes itself: the first rest of the path that is one whole SEQUENCE. */
void rmt_responder_find_request(struct rmt_span target, struct rmt_buf *der)
{
	struct rmt_buf path = {0};
	int slashes = 0;

	rmt_buf_clear(der);
	unescape(target, &path);
	for (size_t i = 0; i < path.length && slashes < SLASHES_MOST; i++) {
		if (path.bytes[i] != '/')
			continue;
		slashes++;
		if (rmt_base64_decode(rmt_span_of(path.bytes + i + 1, path.length - i - 1), der, NULL) == 0 && der->length &&
		    der->bytes[0] == RMT_DER_SEQUENCE && rmt_der_extent(rmt_buf_view(der)) == der->length)
			break;
		rmt_buf_clear(der);
	}
	rmt_buf_free(&path);
}

/* ---- the response ------------------------------------------------------------------------------------------------------------------ */

/* RFC 5019, 6: how long whoever stands between may keep it. */
static int put_headers(const struct rmt_reply *reply, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_ocsp_answer *first = &reply->said[0].answer;
	unsigned char hash[RMT_SHA256];
	rmt_time age;

	if (reply->result != RMT_OCSP_SUCCESSFUL || reply->nonce) {
		rmt_buf_text(out, "Cache-Control: no-store\r\n");
		return 0;
	}
	if (rmt_sha256(rmt_buf_view(&reply->der), hash, err))
		return -1;
	age = first->next_update - reply->now;
	rmt_buf_text(out, "Last-Modified: ");
	rmt_http_date(first->this_update, out);
	rmt_buf_text(out, "\r\nExpires: ");
	rmt_http_date(first->next_update, out);
	rmt_buf_text(out, "\r\nETag: \"");
	rmt_hex(rmt_span_of(hash, 20), 0, out);
	rmt_buf_format(out, "\"\r\nCache-Control: max-age=%lld, public, no-transform, must-revalidate\r\n",
	               (long long)(age < 0 ? 0 : age < AGE_MOST ? age : AGE_MOST));
	return 0;
}

static int tell(struct listening *job, const char *from)
{
	struct remint_ocsp_reply told;
	struct rmt_err err = {0};

	job->summary->requests++;
	if (job->reply->result != RMT_OCSP_SUCCESSFUL)
		job->summary->refused++;
	else if (job->reply->signed_now)
		job->summary->signed_now++;
	else
		job->summary->kept++;
	rmt_arena_reset(&job->arena);
	if (!job->answered || rmt_reply_tell(job->reply, &job->arena, &told, &err))
		return 0;
	told.from = from;
	return job->answered(job->arg, &told);
}

/* The responder failed (the key is gone, the database is locked): the client hears so, and the next one may fare better. */
static int answer_failed(struct listening *job, const struct rmt_err *why, struct rmt_err *err)
{
	rmt_verb_warn(job->ctx, "a request could not be answered: %s", why->message);
	rmt_reply_clear(job->reply);
	job->reply->why = *why;
	job->reply->result = RMT_OCSP_INTERNAL_ERROR;
	return rmt_ocsp_refuse(RMT_OCSP_INTERNAL_ERROR, &job->reply->der, err);
}

static int answer(void *arg, const struct rmt_http_request *asked, struct rmt_http_answer *out)
{
	struct listening *job = arg;
	struct rmt_err *err = &job->ctx->err, why = {0};
	struct rmt_span request = asked->body;

	if (!asked->post) {
		rmt_responder_find_request(asked->target, &job->request);
		request = rmt_buf_view(&job->request);
	}
	if (rmt_responder_answer(&job->responder, request, job->reply, &why) && answer_failed(job, &why, err))
		return -1;
	out->status = 200;
	out->type = "application/ocsp-response";
	rmt_buf_span(&out->body, rmt_buf_view(&job->reply->der));
	if (put_headers(job->reply, &out->headers, err))
		return -1;
	wait_for(job, &job->reply->keep);
	return tell(job, asked->from);
}

static int tell_ready(void *arg, const char *address)
{
	struct listening *job = arg;

	return job->ready ? job->ready(job->arg, address) : 0;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------------- */

/* The passphrase is asked for now and not when the first request is there, and what is wrong with the usual signer is said now. */
static int make_ready(struct listening *job, struct rmt_err *err)
{
	const struct remint_ocsp_options *options = job->responder.options;
	struct rmt_answerer *usual = job->responder.answerers[0];
	struct rmt_authority authority;

	if (!options->authority && job->responder.count > 1) {
		if (rmt_authority_load(&job->responder.home, NULL, false, &authority, NULL) == 0)
			for (size_t i = 0; i < job->responder.count; i++)
				if (job->responder.answerers[i]->authority.id == authority.id)
					usual = job->responder.answerers[i];
		rmt_authority_clear(&authority);
	}
	return rmt_answerer_ready(&job->responder, usual, rmt_verb_now(job->ctx), err);
}

static int serve(struct listening *job, const struct remint_ocsp_listen_options *listen, struct rmt_err *err)
{
	const struct rmt_http_options options = {.body_most = RMT_CAP_REQUEST,
	                                         .most = listen->count,
	                                         .lasting = (uint64_t)listen->seconds * 1000,
	                                         .stop = listen->stop > 0 ? listen->stop : -1};
	const struct rmt_http_server server = {.listening = tell_ready, .answer = answer, .rest = rest, .arg = job};
	char *address = NULL;
	uint16_t port;
	int rc = -1;

	if (rmt_listen_parse(listen->listen ? listen->listen : "0", &address, &port, err) == 0 && make_ready(job, err) == 0)
		rc = rmt_http_run(&options, &server, address, port, err);
	if (job->count)
		put_waiting(job);
	free(address);
	return rc;
}

int remint_ocsp_listen(struct remint *ctx, const struct remint_ocsp_options *options, const struct remint_ocsp_listen_options *listen,
                       remint_ocsp_ready_fn *ready, remint_ocsp_fn *answered, void *arg, struct remint_ocsp_summary *summary)
{
	struct listening *job = calloc(1, sizeof *job);
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	*summary = (struct remint_ocsp_summary){0};
	rmt_verb_begin(ctx);
	if (!job || !(job->reply = calloc(1, sizeof *job->reply))) {
		rmt_err_memory(err);
		goto out;
	}
	job->ctx = ctx;
	job->ready = ready;
	job->answered = answered;
	job->arg = arg;
	job->summary = summary;
	if (rmt_responder_open(ctx, options, &job->responder, err) == 0)
		rc = serve(job, listen, err);
	rmt_reply_free(job->reply);
	rmt_responder_close(&job->responder);
	rmt_arena_free(&job->arena);
	rmt_buf_free(&job->request);
	for (size_t i = 0; i < WAITING_MOST; i++)
		rmt_buf_free(&job->waiting[i].der);
out:
	free(job);
	return rmt_verb_end(ctx, rc);
}
