/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responder.c - one OCSP request becomes one response: whose certificates are meant, what the database says of them now, and who signs.
 *
 * A response that was signed in advance is taken when nothing but it is asked for. The signers are responder_signer.c's, where requests
 * come from and responses go is ocsp.c's and ocsp_listen.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { VALIDITY = 3 * 86400, SKEW = 300 /* seconds that a client's clock may be behind */ };

static const char *const hash_names[RMT_OCSP_HASHES] = {"sha1", "sha256"};

/* ---- whose ---------------------------------------------------------------------------------------------------------------- */

static int add_answerer(struct rmt_responder *responder, const char *name, struct rmt_err *err)
{
	struct rmt_answerer *answerer = calloc(1, sizeof *answerer);

	if (!answerer)
		return rmt_err_memory(err);
	responder->answerers[responder->count++] = answerer;
	if (rmt_authority_load_status(&responder->home, name, false, &answerer->authority, err))
		return -1;
	for (int i = 0; i < RMT_OCSP_HASHES; i++)
		if (rmt_cert_id_hash(rmt_oid_named(hash_names[i])->der, answerer->authority.cert, &answerer->hashes[i], err) != 1)
			return rmt_err_set(err, RMT_INTERNAL, NULL, "cannot hash the name of the authority \"%s\"", name);
	return 0;
}

struct naming {
	struct rmt_buf names; /* each with its NUL */
	size_t count;
};

/* Those that have a certificate, and their key here to answer by or to certify a signer with. */
static int note_authority(void *arg, const struct rmt_db_authority *authority)
{
	struct naming *naming = arg;

	if (!authority->key_here || !authority->cert.length ||
	    (authority->state != RMT_AUTHORITY_ACTIVE && authority->state != RMT_AUTHORITY_RETIRED))
		return 0;
	rmt_buf_append(&naming->names, authority->name, strlen(authority->name) + 1);
	naming->count++;
	return 0;
}

static int find_authorities(struct rmt_responder *responder, struct rmt_err *err)
{
	struct naming naming = {0};
	const char *at;
	int rc = -1;

	if (rmt_db_authorities(responder->home.db, note_authority, &naming, err) || rmt_buf_check(&naming.names, err))
		goto out;
	if (responder->options->authority)
		naming.count = 1;
	if (!naming.count) {
		rmt_err_set(err, RMT_POLICY, NULL, "this home has no authority with its key, so that nobody can answer: run remint init");
		goto out;
	}
	responder->answerers = calloc(naming.count, sizeof(struct rmt_answerer *));
	if (!responder->answerers) {
		rmt_err_memory(err);
		goto out;
	}
	at = responder->options->authority ? responder->options->authority : rmt_buf_string(&naming.names);
	for (size_t i = 0; i < naming.count; i++, at += strlen(at) + 1)
		if (add_answerer(responder, at, err))
			goto out;
	rc = 0;
out:
	rmt_buf_free(&naming.names);
	return rc;
}

int rmt_responder_open(struct remint *ctx, const struct remint_ocsp_options *options, struct rmt_responder *out, struct rmt_err *err)
{
	*out = (struct rmt_responder){.ctx = ctx, .options = options};
	if (rmt_home_open(ctx, RMT_DB_WRITE, &out->home, err) || find_authorities(out, err))
		return -1;
	out->checker = rmt_checker_new(err);
	return out->checker ? 0 : -1;
}

void rmt_responder_close(struct rmt_responder *responder)
{
	for (size_t i = 0; i < responder->count; i++) {
		rmt_answerer_clear(responder->answerers[i]);
		rmt_authority_clear(&responder->answerers[i]->authority);
		free(responder->answerers[i]);
	}
	free(responder->answerers);
	rmt_checker_free(responder->checker);
	rmt_home_close(&responder->home);
	*responder = (struct rmt_responder){0};
}

/* The hash that a CertID was made with, when responses by it are kept; else -1. */
static int hash_of(const struct rmt_cert_id *id)
{
	for (int i = 0; i < RMT_OCSP_HASHES; i++)
		if (rmt_oid_is(id->algorithm, hash_names[i]))
			return i;
	return -1;
}

static int is_issuer(const struct rmt_answerer *answerer, const struct rmt_cert_id *id, struct rmt_err *err)
{
	struct rmt_cert_id_hashes other;
	int hash = hash_of(id), rc = 1;

	if (hash >= 0)
		return rmt_cert_id_matches(id, &answerer->hashes[hash]);
	rc = rmt_cert_id_hash(id->algorithm, answerer->authority.cert, &other, err);
	return rc == 1 ? rmt_cert_id_matches(id, &other) : rc;
}

/* 1 found, 0 none of ours, -1. */
static int find_issuer(struct rmt_responder *responder, const struct rmt_cert_id *id, struct rmt_answerer **out, struct rmt_err *err)
{
	for (size_t i = 0; i < responder->count; i++) {
		int rc = is_issuer(responder->answerers[i], id, err);

		if (rc == 1)
			*out = responder->answerers[i];
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ---- what is so ------------------------------------------------------------------------------------------------------------ */

int64_t rmt_responder_validity(const struct rmt_responder *responder)
{
	return responder->options->validity ? responder->options->validity : VALIDITY;
}

void rmt_answerer_says(const struct rmt_responder *responder, const struct rmt_answerer *answerer, const struct rmt_db_ocsp_state *state,
                       bool known, rmt_time now, struct rmt_ocsp_answer *out)
{
	rmt_time until = now + rmt_responder_validity(responder);

	out->status = !known ? RMT_OCSP_UNKNOWN : state->stated ? RMT_OCSP_REVOKED : RMT_OCSP_GOOD;
	out->revoked = state->revoked;
	out->reason = state->stated && state->reason ? state->reason : -1; /* "unspecified" is left out: RFC 5280, 5.3.1 */
	/* A little before now, for clients whose clock is behind; never before what it speaks of. */
	out->this_update = state->stated && state->revoked > now - SKEW ? state->revoked : now - SKEW;
	if (out->this_update > now)
		out->this_update = now;
	out->next_update = until < answerer->until ? until : answerer->until;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------- */

static int refuse(struct rmt_reply *reply, enum rmt_ocsp_result why, struct rmt_err *err)
{
	reply->result = why;
	rmt_buf_clear(&reply->der);
	return rmt_ocsp_refuse(why, &reply->der, err);
}

/* Is it the CertID that a response kept repeats, to the last byte? */
static bool is_usual(const struct rmt_answerer *answerer, const struct rmt_cert_id *id, int hash)
{
	struct rmt_derw w = {0};
	struct rmt_buf usual = {0};
	bool same;

	if (hash < 0)
		return false;
	rmt_cert_id_write(&w, hash_names[hash], &answerer->hashes[hash], id->serial);
	same = rmt_derw_finish(&w, &usual, NULL) == 0 && rmt_span_equal(rmt_buf_view(&usual), id->whole);
	rmt_buf_free(&usual);
	return same;
}

/* The response kept for the only certificate asked for, as long as a quarter of its life is left: 1, 0 there is none, -1. */
static int take_kept(struct rmt_responder *responder, struct rmt_reply *reply, int hash, struct rmt_err *err)
{
	rmt_time beyond = reply->now + rmt_responder_validity(responder) / 4;
	struct rmt_db_ocsp_response kept;
	int rc;

	if (reply->by->until && reply->by->until < beyond) /* a signer near its end */
		beyond = reply->now;
	rc = rmt_db_ocsp_get(responder->home.db, reply->said[0].certificate, (enum rmt_ocsp_hash)hash, beyond, &kept, err);
	if (rc != 1)
		return rc;
	rmt_buf_span(&reply->der, kept.der);
	reply->said[0].answer.this_update = kept.this_update;
	reply->said[0].answer.next_update = kept.next_update;
	return rmt_buf_check(&reply->der, err) ? -1 : 1;
}

static int look_up(struct rmt_responder *responder, struct rmt_reply *reply, struct rmt_said *said, struct rmt_db_ocsp_state *state,
                   struct rmt_err *err)
{
	struct rmt_answerer *issuer = NULL;
	int known = find_issuer(responder, &said->id, &issuer, err);

	*state = (struct rmt_db_ocsp_state){0};
	if (known < 0)
		return -1;
	if (issuer == reply->by) /* the answer is one authority's: what another issued is unknown to it */
		known = rmt_db_ocsp_state(responder->home.db, issuer->authority.id, said->id.serial, state, err);
	else
		known = 0;
	said->certificate = state->certificate;
	said->stated = state->stated;
	return known;
}

static int sign(struct rmt_responder *responder, struct rmt_reply *reply, struct rmt_span nonce, struct rmt_err *err)
{
	struct rmt_ocsp_answer answers[RMT_OCSP_IDS_MAX];

	for (size_t i = 0; i < reply->count; i++)
		answers[i] = reply->said[i].answer;
	if (rmt_ocsp_sign(&reply->by->by, answers, reply->count, reply->now, nonce, &reply->der, err))
		return -1;
	reply->signed_now = true;
	return rmt_ocsp_prove(&reply->by->by, answers, reply->count, nonce, responder->checker, rmt_buf_view(&reply->der), err);
}

static int read_ids(const struct rmt_ocsp_request *request, struct rmt_reply *reply, struct rmt_err *err)
{
	struct rmt_der cursor;

	rmt_der_open(&cursor, request->list, NULL);
	while (reply->count < request->count) {
		struct rmt_said *said = &reply->said[reply->count++];

		*said = (struct rmt_said){0};
		if (rmt_ocsp_request_next(&cursor, &said->id, err) != 1)
			return -1;
		said->answer.id = said->id.whole;
	}
	return 0;
}

/* The authority of the first certificate that is one of ours. */
static int find_answerer(struct rmt_responder *responder, struct rmt_reply *reply, struct rmt_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < reply->count; i++)
		rc = find_issuer(responder, &reply->said[i].id, &reply->by, err);
	return rc;
}

int rmt_responder_answer(struct rmt_responder *responder, struct rmt_span request, struct rmt_reply *reply, struct rmt_err *err)
{
	struct rmt_ocsp_request asked;
	struct rmt_db_ocsp_state state;
	bool kept;
	int rc, hash;

	rmt_reply_clear(reply);
	reply->now = rmt_verb_now(responder->ctx);
	if (rmt_ocsp_request_read(&asked, request, RMT_STRICT, &reply->why))
		return refuse(reply, RMT_OCSP_MALFORMED, err);
	if (read_ids(&asked, reply, err) || (rc = find_answerer(responder, reply, err)) < 0)
		return -1;
	if (rc == 0) {
		rmt_err_set(&reply->why, RMT_NEGATIVE, "tbsRequest.requestList",
		            "no authority that answers here issued what is asked for");
		return refuse(reply, RMT_OCSP_UNAUTHORIZED, err);
	}
	reply->nonce = asked.nonce.length > 0;
	if (rmt_answerer_ready(responder, reply->by, reply->now, err))
		return -1;
	for (size_t i = 0; i < reply->count; i++) {
		rc = look_up(responder, reply, &reply->said[i], &state, err);
		if (rc < 0)
			return -1;
		rmt_answerer_says(responder, reply->by, &state, rc == 1, reply->now, &reply->said[i].answer);
	}
	hash = hash_of(&reply->said[0].id);
	kept = reply->count == 1 && !reply->nonce && reply->said[0].certificate && is_usual(reply->by, &reply->said[0].id, hash);
	rc = kept ? take_kept(responder, reply, hash, err) : 0;
	if (rc != 0)
		return rc > 0 ? 0 : -1;
	if (sign(responder, reply, asked.nonce, err))
		return -1;
	if (kept)
		reply->keep = (struct rmt_db_ocsp_response){.certificate = reply->said[0].certificate,
		                                            .hash = (enum rmt_ocsp_hash)hash,
		                                            .stated = reply->said[0].stated,
		                                            .signer = reply->by->signer,
		                                            .this_update = reply->said[0].answer.this_update,
		                                            .next_update = reply->said[0].answer.next_update,
		                                            .der = rmt_buf_view(&reply->der)};
	return 0;
}

void rmt_reply_clear(struct rmt_reply *reply)
{
	rmt_buf_clear(&reply->der);
	rmt_err_clear(&reply->why);
	reply->result = RMT_OCSP_SUCCESSFUL;
	reply->by = NULL;
	reply->count = 0;
	reply->nonce = reply->signed_now = false;
	reply->keep = (struct rmt_db_ocsp_response){0};
}

void rmt_reply_free(struct rmt_reply *reply)
{
	if (!reply)
		return;
	rmt_buf_free(&reply->der);
	free(reply);
}

/* ---- in words ----------------------------------------------------------------------------------------------------------------- */

int rmt_reply_tell(const struct rmt_reply *reply, struct rmt_arena *arena, struct remint_ocsp_reply *out, struct rmt_err *err)
{
	struct remint_ocsp_answer *answers = rmt_arena_take(arena, (reply->count + 1) * sizeof *answers);
	bool successful = reply->result == RMT_OCSP_SUCCESSFUL;

	if (!answers)
		return rmt_err_memory(err);
	*out = (struct remint_ocsp_reply){.result = rmt_ocsp_result_name(reply->result),
	                                  .why = reply->why.message,
	                                  .nonce = reply->nonce,
	                                  .kept = successful && !reply->signed_now,
	                                  .answers = answers,
	                                  .count = successful ? reply->count : 0,
	                                  .der = reply->der.bytes,
	                                  .length = reply->der.length};
	if (successful)
		out->authority = reply->by->authority.name;
	for (size_t i = 0; i < out->count; i++) {
		const struct rmt_ocsp_answer *said = &reply->said[i].answer;

		answers[i].serial = rmt_arena_serial(arena, reply->said[i].id.serial);
		answers[i].status = rmt_ocsp_status_name(said->status);
		answers[i].this_update = said->this_update;
		answers[i].next_update = said->next_update;
		if (said->status == RMT_OCSP_REVOKED) {
			answers[i].revoked = said->revoked;
			answers[i].reason = said->reason >= 0 ? rmt_reason_name(said->reason) : NULL;
		}
	}
	return arena->failed ? rmt_err_memory(err) : 0;
}
