/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsp.c - remint_ocsp(): the answer to one OCSP request from a file.
 *
 * A request that is refused is answered, too: the response says why, and so does the failure of the verb.
 */
#include "config.h"

#include <stdlib.h>

#include "verb/local.h"

/* What was signed saves the next one a signature. */
int rmt_responder_keep(struct rmt_responder *responder, const struct rmt_db_ocsp_response *response, struct rmt_err *err)
{
	int rc;

	if (!response->certificate)
		return 0;
	rc = rmt_db_begin_now(responder->home.db, err);
	if (rc < 1)
		return rc;
	if (rmt_db_ocsp_put(responder->home.db, response, err) >= 0)
		return rmt_db_commit(responder->home.db, err);
	rmt_db_rollback(responder->home.db);
	return -1;
}

static int refused(const struct rmt_reply *reply, struct rmt_err *err)
{
	return reply->result == RMT_OCSP_MALFORMED
	           ? rmt_err_cite(err, RMT_INPUT, reply->why.place, reply->why.citation[0] ? reply->why.citation : "RFC 6960, 4.1.1",
	                          "this is no OCSP request that can be answered: %s", reply->why.message)
	           : rmt_err_set(err, RMT_NEGATIVE, reply->why.place, "%s", reply->why.message);
}

int remint_ocsp(struct remint *ctx, const struct remint_ocsp_options *options, const char *request, remint_ocsp_fn *answered, void *arg)
{
	struct rmt_reply *reply = calloc(1, sizeof *reply);
	struct rmt_responder responder = {0};
	struct remint_ocsp_reply told;
	struct rmt_err *err = &ctx->err;
	struct rmt_arena arena = {0};
	struct rmt_buf der = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!reply) {
		rmt_err_memory(err);
		goto out;
	}
	if (rmt_file_read(request, RMT_CAP_REQUEST, &der, err) || rmt_responder_open(ctx, options, &responder, err) ||
	    rmt_responder_answer(&responder, rmt_buf_view(&der), reply, err) || rmt_reply_tell(reply, &arena, &told, err))
		goto out;
	told.from = request;
	rc = answered ? answered(arg, &told) : 0;
	if (rc == 0)
		rc = rmt_responder_keep(&responder, &reply->keep, err);
	if (rc == 0 && reply->result != RMT_OCSP_SUCCESSFUL) {
		rc = refused(reply, err);
		rmt_err_source(err, request);
	}
out:
	rmt_reply_free(reply);
	rmt_responder_close(&responder);
	rmt_arena_free(&arena);
	rmt_buf_free(&der);
	return rmt_verb_end(ctx, rc);
}
