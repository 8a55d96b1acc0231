/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending_list.c - remint_pendings() and remint_deny(): what is still owed and by whom, and the end of it without a certificate.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

int rmt_pending_number(const char *text, int64_t *id, struct rmt_err *err)
{
	uint64_t number = 0;

	*id = 0;
	if (!text)
		return 0;
	if (rmt_quantity_count(text, 1, INT64_MAX, &number, NULL))
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%.40s\" is no number of a pending request: remint list --pending shows them", text);
	*id = (int64_t)number;
	return 0;
}

/* ---- one row, as the caller sees it --------------------------------------------------------------------------------------- */

/* Who is next: the first row that fits. */
static const struct {
	enum rmt_pending_kind kind;
	int bytes, begun; /* the request is there; what is to be signed is: 1, 0, -1 either */
	enum remint_actor actor;
	const char *task, *command; /* the number is put behind it */
} tasks[] = {
    {RMT_PENDING_DEVICE, -1, 1, REMINT_ACTOR_US, "a run was interrupted while it signed: finish it", "remint approve"},
    {RMT_PENDING_HELD, -1, 1, REMINT_ACTOR_US, "a run was interrupted while it signed: finish it", "remint approve"},
    {RMT_PENDING_DEVICE, 0, 0, REMINT_ACTOR_DEVICE, "make the key and the request on the device, and have it signed", "remint sign FILE --pending"},
    {RMT_PENDING_DEVICE, 1, 0, REMINT_ACTOR_US, "approve or deny the request", "remint approve"},
    {RMT_PENDING_HELD, 1, 0, REMINT_ACTOR_US, "approve or deny the request", "remint approve"},
    {RMT_PENDING_EXTERNAL, 1, 0, REMINT_ACTOR_CA, "have the request signed by the other CA, and take in what comes back", NULL},
};

static void say_task(const struct rmt_db_pending *row, struct rmt_arena *arena, struct remint_pending *out)
{
	out->task = out->command = "";
	if (row->state != RMT_PENDING_OPEN)
		return;
	for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
		if (tasks[i].kind != row->kind || (tasks[i].bytes >= 0 && tasks[i].bytes != (row->request != 0)) ||
		    (tasks[i].begun >= 0 && tasks[i].begun != (row->tbs != 0)))
			continue;
		out->actor = tasks[i].actor;
		out->task = tasks[i].task;
		if (tasks[i].command)
			rmt_buf_format(&arena->scratch, "%s %lld", tasks[i].command, (long long)row->id);
		else
			rmt_buf_text(&arena->scratch, "remint accept FILE");
		out->command = rmt_arena_scratch(arena);
		return;
	}
}

/* From the bytes at hand: the key, the names that were asked for in them, the request itself. */
static int say_request(struct rmt_db *db, const struct rmt_db_pending *row, struct rmt_arena *arena, struct remint_pending *out,
                       struct rmt_err *err)
{
	struct rmt_db_request bytes;
	struct rmt_request *request;
	int found = row->request ? rmt_db_request_by_id(db, row->request, &bytes, err) : 0;

	if (found != 1)
		return found;
	out->pem = rmt_arena_pem(arena, "CERTIFICATE REQUEST", bytes.der);
	out->spki_sha256 = rmt_arena_hex(arena, row->spki_hash);
	request = rmt_request_new(bytes.der, err);
	if (!request)
		return -1;
	out->key = rmt_arena_spki(arena, request->spki);
	if (!out->names.count)
		out->names = rmt_arena_names(arena, &request->extensions);
	rmt_request_free(request);
	return 0;
}

static int say_certificate(struct rmt_db *db, const struct rmt_db_pending *row, struct rmt_arena *arena, struct remint_pending *out,
                           struct rmt_err *err)
{
	struct rmt_db_cert cert;
	int found = row->certificate ? rmt_db_cert_by_id(db, row->certificate, &cert, err) : 0;

	if (found == 1)
		out->serial = rmt_arena_serial(arena, cert.serial);
	return found < 0 ? -1 : 0;
}

int rmt_pending_tell(struct remint *ctx, struct rmt_db *db, int64_t id, remint_pending_fn *tell, void *arg, struct rmt_err *err)
{
	struct rmt_arena arena = {0};
	struct rmt_db_pending row;
	struct rmt_asked asked;
	struct remint_pending out;
	int rc = rmt_pending_load(db, id, &arena, &row, &asked, err);

	(void)ctx;
	if (rc == 1) {
		out = (struct remint_pending){.id = row.id,
		                              .kind = rmt_pending_kind_name(row.kind),
		                              .state = rmt_pending_state_name(row.state),
		                              .name = row.name,
		                              .subject = row.subject,
		                              .template_name = row.template_name,
		                              .targets = row.targets,
		                              .names = asked.names,
		                              .key = asked.key,
		                              .signer = row.signer,
		                              .recorded = row.recorded,
		                              .changed = row.when,
		                              .why = row.why,
		                              .certificate = row.certificate};
		say_task(&row, &arena, &out);
		rc = say_request(db, &row, &arena, &out, err) || say_certificate(db, &row, &arena, &out, err) ? -1 : 0;
		if (rc == 0 && tell)
			rc = tell(arg, &out);
	}
	rmt_arena_free(&arena);
	return rc;
}

/* ---- list ------------------------------------------------------------------------------------------------------------------ */

int remint_pendings(struct remint *ctx, const struct remint_pendings_options *options, remint_pending_fn *pending, void *arg)
{
	struct rmt_err *err = &ctx->err;
	struct rmt_home home = {0};
	struct rmt_db_pending row = {.id = options->after};
	unsigned limit = options->limit ? options->limit : 100;
	int64_t id = options->after;
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_home_open(ctx, RMT_DB_READ, &home, err);
	while (rc == 0 && limit-- > 0) {
		int found = rmt_db_pending_next(home.db, options->all ? -1 : RMT_PENDING_OPEN, id, &row, err);

		if (found != 1) {
			rc = found;
			break;
		}
		id = row.id;
		rc = rmt_pending_tell(ctx, home.db, id, pending, arg, err);
	}
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}

/* ---- deny ------------------------------------------------------------------------------------------------------------------- */

static int end_one(struct remint *ctx, struct rmt_db *db, int64_t id, const char *why, struct rmt_err *fault)
{
	struct rmt_db_pending row;
	int found;

	if (rmt_db_begin(db, fault))
		return -1;
	found = rmt_db_pending_get(db, id, &row, fault);
	if (found >= 0 &&
	    rmt_pending_end(ctx, db, id, found && row.kind != RMT_PENDING_HELD ? RMT_PENDING_WITHDRAWN : RMT_PENDING_DENIED, 0, why, fault) == 0 &&
	    rmt_db_commit(db, fault) == 0)
		return 0;
	rmt_db_rollback(db);
	return -1;
}

static int deny_one(struct remint *ctx, struct rmt_db *db, const char *which, const char *why, remint_pending_fn *denied, void *arg)
{
	struct rmt_err fault = {0};
	int64_t id;

	if (rmt_pending_number(which, &id, &fault) == 0 && end_one(ctx, db, id, why, &fault) == 0)
		return rmt_pending_tell(ctx, db, id, denied, arg, &ctx->err);
	if (fault.class == RMT_DATABASE || fault.class == RMT_INTERNAL) {
		ctx->err = fault;
		return -1;
	}
	rmt_err_source(&fault, which);
	return rmt_verb_fault(ctx, &fault);
}

int remint_deny(struct remint *ctx, struct remint_strings requests, const char *why, remint_pending_fn *denied, void *arg)
{
	struct rmt_home home = {0};
	int rc;

	rmt_verb_begin(ctx);
	if (!why || !*why)
		rc = rmt_err_set(&ctx->err, RMT_USAGE, NULL, "whoever asked will want to know: give the reason with --why");
	else
		rc = rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err);
	for (size_t i = 0; rc == 0 && i < requests.count; i++)
		rc = deny_one(ctx, home.db, requests.items[i], why, denied, arg);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
