/* SPDX-License-Identifier: Apache-2.0 */
/*
 * external.c - the files of a request that goes to another CA: the request, its key when it was made here, the same as an INF
 * for certreq, how to hand it in and take in what comes
 * back, and the record that it is waited for.
 *
 * What comes back is accept.c's and apply_answer.c's.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "verb/local.h"

static const char usual_template[] = "WebServer";

int rmt_external_template_check(const char *name, struct rmt_err *err)
{
	size_t length = name ? strlen(name) : 1;

	for (size_t i = 0; name && i < length; i++)
		if (!isalnum((unsigned char)name[i]) && (!i || !strchr("._-", name[i])))
			length = 0;
	if (length && length <= 64)
		return 0;
	return rmt_err_set(err, RMT_USAGE, NULL,
	                   "the name of a certificate template at the CA (not the one that is displayed) is made of letters, digits, dots and dashes");
}

/* How the files come about; each fills an empty buffer. One that stays empty is not written. */
static int put_request(struct remint *ctx, const struct rmt_external *external, struct rmt_buf *out, struct rmt_err *err)
{
	(void)ctx;
	rmt_pem("CERTIFICATE REQUEST", external->der, 64, false, out);
	return rmt_buf_check(out, err);
}

static int put_der(struct remint *ctx, const struct rmt_external *external, struct rmt_buf *out, struct rmt_err *err)
{
	(void)ctx;
	rmt_buf_span(out, external->der);
	return rmt_buf_check(out, err);
}

static int put_key(struct remint *ctx, const struct rmt_external *external, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_secret *secret = NULL;

	if (!external->key)
		return 0;
	if (external->encrypt_key && !(secret = rmt_verb_out_secret(ctx, "key.pem", err)))
		return -1;
	return rmt_key_write_pem(external->key, secret, out, err);
}

/* What certreq has no words for (a kind of key, a kind of name) is no reason to have no request; where there is a key already, no
 * machine is to make another. */
static int put_inf(struct remint *ctx, const struct rmt_external *external, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_request *request = external->key ? rmt_request_new(external->der, err) : NULL;
	struct rmt_terms_text terms = {.key = ""};
	struct rmt_err unfit = {0};
	int rc = !external->key ? 0 : request ? rmt_terms_repeat(request->subject, request->spki, &request->extensions, &terms, err) : -1;

	(void)ctx;
	terms.terms.ca_template = external->ca_template ? external->ca_template : usual_template;
	terms.terms.label = "request";
	terms.terms.exportable = external->exportable;
	if (rc == 0 && request && rmt_write_inf(&terms.terms, out, &unfit)) {
		rmt_buf_clear(out);
		rc = unfit.class == RMT_INPUT || unfit.class == RMT_USAGE ? 0 : rmt_err_set(err, unfit.class, NULL, "%s", unfit.message);
	}
	rmt_terms_clear(&terms);
	rmt_request_free(request);
	return rc;
}

static int put_hint(struct remint *ctx, const struct rmt_external *external, struct rmt_buf *out, struct rmt_err *err)
{
	const char *template_name = external->ca_template ? external->ca_template : usual_template;

	(void)ctx;
	rmt_buf_format(out, "This certificate comes from another CA. %s; only the request goes to the CA.\n\n",
	               external->key ? "Its key stays here" : "Its key is where the request was made");
	rmt_buf_format(out,
	               "1. Hand request.pem to the CA. Active Directory Certificate Services, with the certificate template that fits:\n"
	               "     certreq -submit -attrib \"CertificateTemplate:%s\" request.pem new.cer\n"
	               "   A request of which a person has to approve gets a number; fetch the certificate later with\n"
	               "     certreq -retrieve NUMBER new.cer\n"
	               "   The template decides the purposes: WebServer as it is delivered gives serverAuth alone, and mutual TLS needs\n"
	               "   clientAuth too. Duplicate it, add Client Authentication to its application policies, and name the duplicate here.\n",
	               template_name);
	if (external->key)
		rmt_buf_text(out,
		             "   request.inf says the same for certreq -new, for a Windows machine that is to make its own key. What comes of that\n"
		             "   answers another request than this one: remint request --on-device has it expected.\n");
	rmt_buf_text(out,
	             "2. Take in what came back, with the CA's own certificates. It is judged, recorded, and its bundle written:\n");
	rmt_buf_format(out, "     remint %s new.cer --chain chain.p7b%s\n", external->campaign ? "apply PLAN --commit --out DIR --cert" : "accept",
	               external->campaign ? "" : " --out DIR");
	if (external->campaign)
		rmt_buf_text(out, "   Without the plan at hand: remint accept new.cer --chain chain.p7b; the next remint apply writes the bundle.\n");
	return rmt_buf_check(out, err);
}

int rmt_external_files(struct remint *ctx, const struct rmt_external *external, struct rmt_fileset *files, struct rmt_err *err)
{
	static const struct {
		const char *name;
		mode_t mode;
		int (*put)(struct remint *, const struct rmt_external *, struct rmt_buf *, struct rmt_err *);
	} rows[] = {{"request.pem", 0644, put_request}, {"request.der", 0644, put_der}, {"key.pem", 0600, put_key},
	            {"request.inf", 0644, put_inf},     {"REQUEST.txt", 0644, put_hint}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rmt_buf content = {0};

		if (external->campaign && rows[i].put == put_der)
			continue;
		if (rows[i].put(ctx, external, &content, err)) {
			rmt_buf_free(&content);
			return -1;
		}
		if (!content.length)
			rmt_buf_free(&content);
		else if (rmt_fileset_add(files, rows[i].name, rows[i].mode, &content, err))
			return -1;
	}
	return 0;
}

/* ---- the record -------------------------------------------------------------------------------------------------------- */

struct rmt_request *rmt_request_first(struct remint *ctx, const char *path, struct rmt_err *err)
{
	struct rmt_request *request = NULL;
	struct rmt_pile pile = {0};
	int rc = rmt_pile_need(ctx, &pile, (struct remint_strings){&path, 1}, true, err);

	for (size_t i = 0; rc == 0 && !request && i < pile.count; i++)
		if (pile.objects[i]->request && !(request = rmt_request_new(pile.objects[i]->der, err)))
			rc = -1;
	if (rc == 0 && !request)
		rmt_pile_refuse(&pile, 0, "certificate request", path, err);
	rmt_pile_free(&pile);
	return request;
}

struct rmt_request *rmt_request_file(struct remint *ctx, const char *path, struct rmt_err *err)
{
	struct rmt_checker *checker = rmt_checker_new(err);
	struct rmt_request *request = checker ? rmt_request_first(ctx, path, err) : NULL;

	if (request && rmt_request_verify(checker, request, err)) {
		rmt_err_source(err, path);
		rmt_request_free(request);
		request = NULL;
	}
	rmt_checker_free(checker);
	return request;
}

/* What was recorded before of a request that a device made; texts in the arena. */
struct before {
	int64_t id;                  /* the row that waited for these bytes, or 0 */
	struct remint_strings names; /* what the certificate is to have, by that row or by the one in its place */
	struct rmt_arena arena;
};

/* Shown once already: the row of the device is withdrawn, and its names stand in the one that took its place. */
static int shown_before(struct rmt_db *db, const struct rmt_request *request, struct before *out, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_pending row;
	struct rmt_asked asked;
	int found = rmt_spki_hash(request->spki, hash, err) ? -1 : rmt_db_pending_of_key(db, rmt_span_of(hash, sizeof hash), &row, err);

	if (found != 1 || row.state != RMT_PENDING_OPEN || row.kind != RMT_PENDING_EXTERNAL)
		return found < 0 ? -1 : 0;
	if (rmt_pending_load(db, row.id, &out->arena, &row, &asked, err) != 1)
		return -1;
	out->names = asked.names;
	return 0;
}

/* Whoever hands the request on must know which names it does not ask for. */
static void warn_unasked(struct remint *ctx, const struct rmt_request *request, struct before *before)
{
	struct remint_strings has = rmt_arena_names(&before->arena, &request->extensions);
	struct rmt_buf missing = {0};

	for (size_t i = 0; i < before->names.count; i++)
		if (!rmt_strings_have(has, before->names.items[i]))
			rmt_buf_format(&missing, "%s%s", missing.length ? ", " : "", before->names.items[i]);
	if (missing.length)
		rmt_verb_warn(ctx, "the request does not ask for %s: have the CA add what is missing", rmt_buf_string(&missing));
	rmt_buf_free(&missing);
}

/* The row of a device that waited for these bytes, which must be what it was asked for. */
static int waited_for(struct remint *ctx, struct rmt_db *db, struct rmt_span der, struct before *out, struct rmt_err *err)
{
	struct rmt_answering answering = {.key_may_wait = true};
	struct rmt_request *request = rmt_request_new(der, err);
	int found = request ? rmt_pending_match(db, request, &out->arena, &answering, err) : -1;

	if (found == 1) {
		out->id = answering.row.id;
		out->names = answering.asked.names;
		if (answering.less_subject)
			rmt_verb_warn(ctx, "the request has less of a subject than was asked for: have the CA add what is missing of %s",
			              rmt_arena_name(&out->arena, answering.asked.subject));
	} else if (found == 0) {
		found = shown_before(db, request, out, err);
	}
	if (found >= 0)
		warn_unasked(ctx, request, out);
	rmt_request_free(request);
	return found < 0 ? -1 : 0;
}

int rmt_request_keep(struct remint *ctx, struct rmt_db *db, const struct rmt_pending_new *new, bool device, int64_t *pending,
                     int64_t *request, struct rmt_err *err)
{
	struct rmt_pending_new kept = *new;
	struct before before = {0};
	struct rmt_db_pending row;
	char why[80];
	int rc = device ? waited_for(ctx, db, new->der, &before, err) : 0;

	if (!kept.asked.names.count)
		kept.asked.names = before.names;
	if (rc == 0)
		rc = rmt_pending_add(ctx, db, &kept, pending, err);
	if (rc >= 0 && rmt_db_pending_get(db, *pending, &row, err) != 1)
		rc = -1;
	if (rc >= 0) {
		*request = row.request;
		snprintf(why, sizeof why, "its request went to another CA, as pending request %lld", (long long)*pending);
		if (before.id && rmt_pending_end(ctx, db, before.id, RMT_PENDING_WITHDRAWN, 0, why, err))
			rc = -1;
	}
	rmt_arena_free(&before.arena);
	return rc;
}

/* The key is in the home before the request is recorded, and both before any file is written. */
int rmt_request_record(struct remint *ctx, const struct rmt_pending_new *new, const struct rmt_key *key, struct remint_requested *out,
                       struct rmt_err *err)
{
	struct rmt_home home;
	int64_t request;
	int rc = rmt_home_if_any(ctx, &home, err);

	if (rc != 1)
		return rc;
	rc = key ? rmt_home_key_store(&home, key, err) : 0;
	if (rc == 0)
		rc = rmt_db_begin(home.db, err);
	if (rc == 0) {
		rc = rmt_request_keep(ctx, home.db, new, !key, &out->pending, &request, err);
		out->again = rc == 1;
		if (rc < 0 || rmt_db_commit(home.db, err)) {
			rmt_db_rollback(home.db);
			rc = -1;
		}
	}
	rmt_home_close(&home);
	return rc < 0 ? -1 : 0;
}
