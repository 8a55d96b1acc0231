/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuance.c - the one road on which a certificate is issued, whatever verb asks for it:
 *
 *   authorise -> reserve a serial -> plan -> build -> lint the to-be-signed bytes -> ask what is on record -> persist them,
 *   if it is still so -> sign -> record the certificate -> only then release it.
 *
 * Items travel in groups: planning, building, linting and signing run on every worker, the two commits on the caller's
 * thread alone. A crash at any point leaves a trace of every signature that may exist. Nothing is decided here that a
 * template, a target or the person should decide.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb/local.h"

enum { SAMPLE = 16 };

/* What one worker thread needs for itself. */
struct worker {
	struct rmt_signer *signer;
	struct rmt_checker *checker;
	struct rmt_audit *lint;
	struct rmt_audit **audits; /* the demand's targets */
	uint64_t made;             /* signatures */
};

struct rmt_issuance {
	struct rmt_home *home;
	struct rmt_authority *authority;
	struct rmt_demand *demand;
	bool dry_run;
	rmt_time now;
	struct rmt_recipe *recipe;
	struct rmt_pool *pool;
	struct worker *workers;
	size_t worker_count, audit_count;
	unsigned every; /* signature of a worker that is verified */
	/* of the group under way */
	struct rmt_item **items;
	struct rmt_vouch vouch;
};

/* ---- items ---------------------------------------------------------------------------------------------------------- */

struct rmt_item *rmt_item_new(struct rmt_err *err)
{
	struct rmt_item *item = calloc(1, sizeof *item);

	if (!item)
		rmt_err_memory(err);
	return item;
}

void rmt_item_free(struct rmt_item *item)
{
	if (!item)
		return;
	rmt_request_free(item->request);
	rmt_key_free(item->key);
	rmt_cert_free(item->previous);
	rmt_buf_free(&item->subject);
	rmt_buf_free(&item->spki);
	rmt_buf_free(&item->tbs);
	rmt_buf_free(&item->der);
	rmt_arena_free(&item->arena);
	free(item->names.items);
	free(item->decided);
	free(item->findings);
	free(item);
}

/* Room for one more in a growing list; NULL when memory is out. */
static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
	void *grown;

	if (count < *capacity)
		return list;
	grown = realloc(list, (*capacity ? 2 * *capacity : 8) * size);
	if (!grown)
		rmt_err_memory_note();
	else
		*capacity = *capacity ? 2 * *capacity : 8;
	return grown;
}

void rmt_item_decide(struct rmt_item *item, enum remint_decision decision, const char *field, const char *text)
{
	struct remint_decided *list =
	    grow(item->decided, item->decided_count, &item->decided_capacity, sizeof *item->decided);

	if (!list)
		return;
	item->decided = list;
	list[item->decided_count++] = (struct remint_decided){decision, rmt_arena_text(&item->arena, field),
	                                                      rmt_arena_text(&item->arena, text)};
}

static void plan_report(void *arg, enum rmt_decision decision, const char *field, const char *text)
{
	rmt_item_decide(arg, (enum remint_decision)decision, field, text);
}

static int keep_finding(void *arg, const struct rmt_finding *finding)
{
	struct rmt_item *item = arg;
	struct rmt_arena *arena = &item->arena;
	struct remint_finding told = rmt_finding_told(finding, item->source ? item->source : "");
	struct remint_finding *list =
	    grow(item->findings, item->finding_count, &item->finding_capacity, sizeof *item->findings);

	if (!list)
		return rmt_err_memory(&item->err);
	item->findings = list;
	list[item->finding_count++] = rmt_arena_finding(arena, &told);
	return 0;
}

/* ---- the run --------------------------------------------------------------------------------------------------------------- */

/* A dry run signs nothing: the authority's certificate is enough for it. */
static bool keyless(const struct rmt_issuance *run)
{
	return run->dry_run && !run->authority->key && run->authority->cert;
}

/* A root that is being made has no certificate yet. */
static struct rmt_span issuer_key(const struct rmt_issuance *run)
{
	return run->authority->cert ? run->authority->cert->spki : rmt_key_spki(run->authority->key);
}

static int worker_start(struct rmt_issuance *run, struct worker *worker, struct rmt_err *err)
{
	const struct rmt_demand *demand = run->demand;

	worker->audits = calloc(demand->target_count + 1, sizeof *worker->audits);
	if (!worker->audits)
		return rmt_err_memory(err);
	worker->checker = rmt_checker_new(err);
	worker->lint = rmt_lint_new(run->now, err);
	if (run->workers[0].signer)
		worker->signer = rmt_signer_dup(run->workers[0].signer, err);
	else if (keyless(run))
		worker->signer = rmt_signer_new_public(run->authority->cert->spki, demand->template->digest, err);
	else
		worker->signer = rmt_signer_new(run->authority->key, demand->template->digest, err);
	if (!worker->checker || !worker->lint || !worker->signer)
		return -1;
	for (size_t i = 0; i < demand->target_count; i++) {
		worker->audits[i] = rmt_audit_new(demand->targets[i], NULL, run->now, err);
		if (!worker->audits[i])
			return -1;
		rmt_audit_expect(worker->audits[i], rmt_expectation_of(&demand->expect, i));
	}
	return 0;
}

struct rmt_issuer rmt_authority_issuer(const struct rmt_authority *authority, bool rollover)
{
	return (struct rmt_issuer){.cert = authority->cert,
	                           .above = (const struct rmt_cert *const *)authority->chain,
	                           .above_count = authority->chain_count,
	                           .crl_uri = rmt_span_text(authority->crl_uri ? authority->crl_uri : ""),
	                           .crl_shards = authority->crl_shards,
	                           .ocsp_uri = rmt_span_text(authority->ocsp_uri ? authority->ocsp_uri : ""),
	                           .ca_uri = rmt_span_text(authority->ca_uri ? authority->ca_uri : ""),
	                           .rollover = rollover};
}

struct rmt_issuance *rmt_issuance_new(struct rmt_home *home, struct rmt_authority *authority, struct rmt_demand *demand,
                                      bool dry_run, struct rmt_err *err)
{
	struct rmt_issuance *run = calloc(1, sizeof *run);
	struct rmt_issuer issuer = rmt_authority_issuer(authority, demand->rollover);

	if (!run) {
		rmt_err_memory(err);
		return NULL;
	}
	run->home = home;
	run->authority = authority;
	run->demand = demand;
	run->dry_run = dry_run;
	run->now = rmt_verb_now(home->ctx);
	run->audit_count = demand->target_count;
	run->recipe = rmt_recipe_new(demand->template, &issuer, err);
	run->pool = run->recipe ? rmt_pool_new(home->ctx->jobs, err) : NULL;
	if (!run->pool || rmt_verify_every(issuer_key(run), SAMPLE, &run->every, err))
		goto fail;
	run->worker_count = rmt_pool_workers(run->pool);
	run->workers = calloc(run->worker_count, sizeof *run->workers);
	if (!run->workers) {
		rmt_err_memory(err);
		goto fail;
	}
	for (size_t i = 0; i < run->worker_count; i++)
		if (worker_start(run, &run->workers[i], err))
			goto fail;
	if (authority->cert && rmt_preflight_refuse(home, authority, demand, err))
		goto fail;
	if (!dry_run && authority->cert && rmt_issuance_resume(home, authority, err))
		goto fail;
	return run;
fail:
	rmt_issuance_free(run);
	return NULL;
}

void rmt_issuance_free(struct rmt_issuance *run)
{
	if (!run)
		return;
	for (size_t i = 0; run->workers && i < run->worker_count; i++) {
		struct worker *worker = &run->workers[i];

		for (size_t j = 0; worker->audits && j < run->audit_count; j++)
			rmt_audit_free(worker->audits[j]);
		free(worker->audits);
		rmt_audit_free(worker->lint);
		rmt_checker_free(worker->checker);
		rmt_signer_free(worker->signer);
	}
	free(run->workers);
	rmt_vouch_clear(&run->vouch);
	rmt_pool_free(run->pool);
	rmt_recipe_free(run->recipe);
	free(run);
}

/* ---- authorise ---------------------------------------------------------------------------------------------------------------- */

int rmt_authority_in_time(const struct rmt_authority *authority, rmt_time now, struct rmt_err *err)
{
	const struct rmt_cert *cert = authority->cert;
	char text[32];

	if (now >= cert->not_before && now <= cert->not_after)
		return 0;
	rmt_time_text(now < cert->not_before ? cert->not_before : cert->not_after, text);
	return rmt_err_set(err, RMT_POLICY, NULL, "the authority \"%s\" %s %s", authority->name,
	                   now < cert->not_before ? "is not valid before" : "expired at", text);
}

/* May this authority sign now? The clock against the database was checked when the home was opened for writing. */
static int authorise(const struct rmt_issuance *run, struct rmt_err *err)
{
	const struct rmt_cert *cert = run->authority->cert;

	if (!cert) /* a root about to sign itself */
		return run->demand->template->role == RMT_ROLE_ROOT_CA
		           ? 0
		           : rmt_err_set(err, RMT_POLICY, NULL, "the authority \"%s\" has no certificate yet",
		                         run->authority->name);
	if (!keyless(run) && (!run->authority->key || !rmt_span_equal(rmt_key_spki(run->authority->key), cert->spki)))
		return rmt_err_set(err, RMT_SECRET, NULL, "the key of the authority \"%s\" does not belong to its certificate",
		                   run->authority->name);
	return rmt_authority_in_time(run->authority, run->now, err);
}

/* ---- plan, build, lint ------------------------------------------------------------------------------------------------------------ */

static struct rmt_span item_spki(const struct rmt_item *item)
{
	if (item->request)
		return item->request->spki;
	return item->key ? rmt_key_spki(item->key) : rmt_buf_view(&item->spki);
}

static int prove_possession(struct worker *worker, struct rmt_item *item)
{
	struct rmt_err *err = &item->err;

	item->possession_proved = item->proved || item->key;
	if (!item->request)
		return item->possession_proved
		           ? 0
		           : rmt_err_set(err, RMT_POLICY, NULL,
		                         "nothing shows that whoever asks holds the private key: give --key, or a fresh --request");
	if (rmt_request_verify(worker->checker, item->request, err))
		return -1;
	item->possession_proved = true;
	return 0;
}

static int build(struct rmt_issuance *run, struct worker *worker, struct rmt_item *item)
{
	const struct rmt_extensions *asked = item->request    ? &item->request->extensions
	                                     : item->previous ? &item->previous->extensions
	                                                      : NULL;
	struct rmt_span subject = item->subject.length ? rmt_buf_view(&item->subject)
	                          : item->request      ? item->request->subject
	                          : item->previous     ? item->previous->subject
	                                               : (struct rmt_span){0};
	struct rmt_wish wish = {.subject = subject,
	                        .replaced_subject = item->subject.length && item->request && !item->previous ? item->request->subject
	                                                                                                     : (struct rmt_span){0},
	                        .subject_verbatim = item->subject_verbatim,
	                        .san = &item->names,
	                        .asked = item->previous ? &item->previous->extensions : asked,
	                        .asked_is_certificate = item->previous != NULL,
	                        .not_before = item->not_before,
	                        .not_after = item->not_after,
	                        .validity = item->validity};
	struct rmt_span serial = rmt_span_of(item->serial, sizeof item->serial);
	struct rmt_plan *plan;
	int rc;

	if (rmt_serial_new(item->serial, &item->err))
		return -1;
	wish.crl_shard = rmt_crl_shard(serial, run->authority->crl_shards);
	plan = rmt_plan_new(run->recipe, &wish, item_spki(item), run->now, plan_report, item, &item->err);
	if (!plan)
		return -1;
	rc = rmt_plan_build(plan, serial, rmt_signer_algorithm(worker->signer), &item->tbs, &item->err);
	rmt_plan_free(plan);
	return rc;
}

bool rmt_authority_causes(const struct rmt_authority *authority, const char *rule)
{
	return (!authority->crl_uri && strncmp(rule, "leaf.crl-distribution.", 22) == 0) ||
	       (!authority->ca_uri && strncmp(rule, "leaf.authority-info.", 20) == 0);
}

/* Remarks on what is being issued serve nobody. A subject that an old certificate had is kept as it is, whatever is wrong with it:
 * its consumers know it by that name. */
static int keep_lint(void *arg, const struct rmt_finding *finding)
{
	const struct rmt_item *item = arg;
	struct rmt_finding kept = *finding;

	if (item->subject_verbatim && strcmp(kept.place, "tbs.subject") == 0 && kept.severity == RMT_SEVERITY_ERROR)
		kept.severity = RMT_SEVERITY_WARNING;
	return kept.severity == RMT_SEVERITY_INFO ? 0 : keep_finding(arg, &kept);
}

/* What the standards ask of every certificate. Of a root the issuer is itself. */
static int lint_standards(struct rmt_issuance *run, struct worker *worker, struct rmt_item *item, struct rmt_presented *presented)
{
	presented->issuer = run->authority->cert ? run->authority->cert : &item->cert;
	if (rmt_lint_run(worker->lint, presented, keep_lint, item, &item->err))
		return -1;
	item->lint_count = item->finding_count;
	for (size_t i = 0; i < item->lint_count; i++)
		if (item->findings[i].severity == REMINT_ERROR)
			return rmt_err_cite(&item->err, RMT_POLICY, item->findings[i].place, item->findings[i].citation,
			                    "it would break %s: %s", item->findings[i].rule, item->findings[i].message);
	return 0;
}

static int lint(struct rmt_issuance *run, struct worker *worker, struct rmt_item *item)
{
	struct rmt_presented presented = {.leaf = &item->cert, .key_checked = true, .leaf_only = true, .lint = true};
	bool leaf = run->demand->template->role == RMT_ROLE_LEAF;

	if (rmt_cert_read_tbs(&item->cert, rmt_buf_view(&item->tbs), RMT_STRICT, &item->err))
		return -1;
	if (lint_standards(run, worker, item, &presented))
		return -1;
	for (size_t i = 0; i < run->audit_count; i++)
		if (leaf ? rmt_audit_run(worker->audits[i], &presented, keep_finding, item, &item->err)
		         : rmt_audit_run_ca(worker->audits[i], &item->cert, NULL, keep_finding, item, &item->err))
			return -1;
	for (size_t i = item->lint_count; i < item->finding_count; i++) {
		struct remint_finding *finding = &item->findings[i];

		finding->accepted = rmt_authority_causes(run->authority, finding->rule);
		if (finding->severity == REMINT_ERROR && !finding->accepted)
			return rmt_err_cite(&item->err, RMT_POLICY, finding->place, finding->citation, "%s would refuse it (%s): %s",
			                    finding->target, finding->rule, finding->message);
	}
	return 0;
}

static void prepare(void *arg, size_t index_of_worker, size_t index)
{
	struct rmt_issuance *run = arg;
	struct worker *worker = &run->workers[index_of_worker];
	struct rmt_item *item = run->items[index];

	item->failed = item->failed || prove_possession(worker, item) ||
	               rmt_key_check_public(item_spki(item), 0, &item->err) || build(run, worker, item) ||
	               lint(run, worker, item) || (item->check && item->check(item->check_arg, item, &item->err));
}

/* ---- persist ------------------------------------------------------------------------------------------------------------------------- */

/* The event of a group: the event chain then vouches for every row of it. */
static int event(struct rmt_issuance *run, const char *kind, struct rmt_err *err)
{
	struct rmt_buf head = {0};
	int rc = -1;

	rmt_buf_format(&head, "authority=%s template=%s", run->authority->name, run->demand->template->name);
	if (rmt_buf_check(&head, err) == 0)
		rc = rmt_vouch_event(&run->vouch, run->home->db, run->now, kind, rmt_buf_string(&head), err);
	rmt_buf_free(&head);
	return rc;
}

static int persist_item(struct rmt_issuance *run, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_db_tbs tbs = {.authority = run->authority->id,
	                         .serial = rmt_span_of(item->serial, sizeof item->serial),
	                         .tbs = rmt_buf_view(&item->tbs),
	                         .when = run->now,
	                         .owner_pid = getpid(),
	                         .template_name = run->demand->template->name,
	                         .targets = run->demand->target_names,
	                         .proved = item->possession_proved};
	int free = item->pending ? rmt_pending_free(run->home->db, item, err) : 1;

	if (free < 1) { /* another process was quicker */
		item->failed = true;
		return free;
	}
	if (item->previous &&
	    rmt_row_previous(run->home->db, item->previous, run->now, &item->arena, &item->supersedes, err))
		return -1;
	tbs.supersedes = item->supersedes;
	if (rmt_db_tbs_add(run->home->db, &tbs, &item->tbs_id, err))
		return -1;
	if ((item->campaign && rmt_campaign_begun(run->home->db, item, run->now, err)) ||
	    (item->pending && rmt_pending_begun(run->home->db, item, tbs.targets, run->now, err)))
		return -1;
	return rmt_vouch_tbs(&run->vouch, item->tbs_id, &tbs, err);
}

/* ---- what is on record ------------------------------------------------------------------------------------------------------------------- */

/* What is on record against the keys, on this thread since it is the database's. What is no fault is said the first time. */
static int judge_keys(struct rmt_issuance *run, size_t count, bool again, struct rmt_err *err)
{
	bool ca = run->demand->template->role != RMT_ROLE_LEAF;
	struct rmt_hygiene hygiene;
	int rc = rmt_hygiene_open(run->home->ctx, run->home->db, &hygiene, err);

	hygiene.quiet = again;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct rmt_item *item = run->items[i];

		if (!item->failed)
			item->failed = rmt_hygiene_judge(&hygiene, item->cert.spki, item->cert.subject, ca, item->source, &item->err) != 0;
	}
	rmt_hygiene_close(&hygiene);
	return rc;
}

static int ask_record(struct rmt_issuance *run, size_t count, struct rmt_err *err)
{
	int rc = rmt_db_still(run->home->db, err);

	if (rc)
		return -1;
	rc = judge_keys(run, count, false, err);
	rmt_db_move(run->home->db);
	return rc;
}

/* Others may have revoked, retired or blocked meanwhile; from here on they wait for the commit. */
static int ask_again(struct rmt_issuance *run, size_t count, struct rmt_err *err)
{
	if (run->authority->cert && rmt_authority_still_issues(run->home, run->authority, err))
		return -1;
	return judge_keys(run, count, true, err);
}

/* ---- record ------------------------------------------------------------------------------------------------------------------------------ */

static int record_request(struct rmt_issuance *run, struct rmt_item *item, const struct rmt_db_cert *row, int64_t *id,
                          struct rmt_err *err)
{
	struct rmt_db_request request = {.der = item->request->der,
	                                 .spki_hash = row->spki_hash,
	                                 .subject = row->subject,
	                                 .targets = run->demand->target_names,
	                                 .recorded = run->now,
	                                 .state = "signed"};

	return rmt_db_request_add(run->home->db, &request, id, err);
}

static int record_item(struct rmt_issuance *run, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_row_hashes hashes;
	struct rmt_db_cert row = {.tbs = item->tbs_id,
	                          .authority = run->authority->id,
	                          .issuer_name = rmt_arena_name(&item->arena, item->cert.issuer),
	                          .template_name = run->demand->template->name,
	                          .targets = run->demand->target_names,
	                          .supersedes = item->supersedes,
	                          .proved = item->possession_proved,
	                          .recorded = run->now};

	if (rmt_row_describe(&row, &item->cert, &item->arena, &hashes, err))
		return -1;
	row.request = item->request_id;
	if (item->request && !row.request && record_request(run, item, &row, &row.request, err))
		return -1;
	if (rmt_db_cert_add(run->home->db, &row, &item->cert_id, err) ||
	    rmt_vouch_cert(&run->vouch, item->cert_id, &row, err) ||
	    (item->campaign && rmt_campaign_issued(run->home->db, item->cert_id, run->now, err)) ||
	    (item->pending && rmt_pending_issued(run->home->db, item->cert_id, run->now, err)))
		return -1;
	if (!item->activates)
		return 0;
	return rmt_authority_activate(run->home, item->activates, item->cert.der,
	                              item->activates == run->authority->id ? 0 : run->authority->id, err);
}

static size_t standing(struct rmt_item *const *items, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += !items[i]->failed;
	return n;
}

/* One commit for all items that still stand, and that `ask` (may be NULL) lets stand. */
static int commit(struct rmt_issuance *run, const char *kind, size_t count,
                  int (*ask)(struct rmt_issuance *, size_t, struct rmt_err *),
                  int (*insert)(struct rmt_issuance *, struct rmt_item *, struct rmt_err *), struct rmt_err *err)
{
	rmt_vouch_clear(&run->vouch);
	if (rmt_db_begin(run->home->db, err))
		return -1;
	if (ask && ask(run, count, err))
		goto fail;
	for (size_t i = 0; i < count; i++)
		if (!run->items[i]->failed && insert(run, run->items[i], err))
			goto fail;
	if (!standing(run->items, count)) { /* none is left: there is nothing to vouch for */
		rmt_db_rollback(run->home->db);
		return 0;
	}
	if (event(run, kind, err) == 0 && rmt_db_commit(run->home->db, err) == 0)
		return 0;
fail:
	rmt_db_rollback(run->home->db);
	return -1;
}

/* ---- sign ------------------------------------------------------------------------------------------------------------------------------------- */

int rmt_verify_every(struct rmt_span spki, unsigned sample, unsigned *every, struct rmt_err *err)
{
	struct rmt_spki key;

	if (rmt_spki_read(spki, &key, err))
		return -1;
	*every = strncmp(key.kind, "rsa", 3) == 0 ? 1 : sample;
	return 0;
}

int rmt_issuance_verify(struct rmt_checker *checker, const struct rmt_cert *cert, struct rmt_span issuer, struct rmt_err *err)
{
	struct rmt_err why = {0};

	if (rmt_checker_verify(checker, cert->tbs, cert->outer_algorithm, cert->signature, issuer, &why) == 0)
		return 0;
	return rmt_err_set(err, RMT_INTERNAL, NULL, "the certificate was signed wrong and is not recorded: %.300s", why.message);
}

static int verify(struct rmt_issuance *run, struct worker *worker, struct rmt_item *item)
{
	return worker->made++ % run->every == 0 ? rmt_issuance_verify(worker->checker, &item->cert, issuer_key(run), &item->err) : 0;
}

static void sign(void *arg, size_t worker, size_t index)
{
	struct rmt_issuance *run = arg;
	struct rmt_item *item = run->items[index];

	if (item->failed)
		return;
	item->failed =
	    rmt_signer_wrap(run->workers[worker].signer, rmt_buf_view(&item->tbs), &item->der, &item->err) ||
	    rmt_cert_read(&item->cert, rmt_buf_view(&item->der), RMT_STRICT, &item->err) ||
	    verify(run, &run->workers[worker], item);
}

/* A generated key is in the home before anything is persisted, so that no certificate is ever without it. */
static void store_keys(struct rmt_issuance *run, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct rmt_item *item = run->items[i];

		if (!item->failed && item->store_key && item->key)
			item->failed = rmt_home_key_store(run->home, item->key, &item->err) != 0;
	}
}

/* ---- the road ------------------------------------------------------------------------------------------------------------------------------------ */

/* The caller's last look before anything is signed: can what is released be delivered? */
static void ask_ready(struct rmt_issuance *run, size_t count, const struct rmt_outlet *outlet)
{
	for (size_t i = 0; i < count; i++) {
		struct rmt_item *item = run->items[i];

		if (!item->failed && outlet->ready)
			item->failed = outlet->ready(outlet->arg, item, &item->err) != 0;
	}
}

int rmt_issuance_run(struct rmt_issuance *run, struct rmt_item **items, size_t count, const struct rmt_outlet *outlet,
                     struct rmt_err *err)
{
	int rc;

	run->items = items;
	if (authorise(run, err))
		return -1;
	rmt_pool_run(run->pool, count, prepare, run);
	if (standing(items, count) && ask_record(run, count, err))
		return -1;
	if (!run->dry_run && standing(items, count)) {
		ask_ready(run, count, outlet);
		store_keys(run, count);
		if (standing(items, count) && commit(run, "persist", count, ask_again, persist_item, err))
			return -1;
		rmt_pool_run(run->pool, count, sign, run);
		if (standing(items, count) && commit(run, "issue", count, NULL, record_item, err))
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i]->failed)
			continue;
		rc = outlet->release(outlet->arg, items[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* The second audit, on the finished certificate with the chain that will be served. */
int rmt_authority_audit(const struct rmt_authority *authority, const struct rmt_demand *demand, rmt_time now, struct rmt_item *item,
                        struct rmt_err *err)
{
	struct rmt_chain_store *store = rmt_chain_store_new(err);
	const struct rmt_cert *sent[RMT_PATH_DEPTH_MAX + 1];
	struct rmt_presented presented = {.leaf = &item->cert, .sent = sent, .order_matters = true, .leaf_first = true};
	int rc = store ? rmt_chain_store_add(store, authority->cert, rmt_cert_self_issued(authority->cert), err) : -1;

	if (!rmt_cert_self_issued(authority->cert))
		sent[presented.sent_count++] = authority->cert;
	for (size_t i = 0; rc == 0 && i < authority->chain_count; i++) {
		bool root = rmt_cert_self_issued(authority->chain[i]);

		rc = rmt_chain_store_add(store, authority->chain[i], root, err);
		if (!root)
			sent[presented.sent_count++] = authority->chain[i];
	}
	if (item->key)
		presented.key_spki = rmt_key_spki(item->key);
	else if (item->proved) /* where it is, it is */
		presented.key_spki = item->cert.spki;
	item->finding_count = item->lint_count;
	for (size_t i = 0; rc == 0 && i < demand->target_count; i++) {
		struct rmt_audit *audit = rmt_audit_new(demand->targets[i], store, now, err);

		if (audit)
			rmt_audit_expect(audit, rmt_expectation_of(&demand->expect, i));
		rc = audit ? rmt_audit_run(audit, &presented, keep_finding, item, err) : -1;
		rmt_audit_free(audit);
	}
	for (size_t i = 0; i < item->finding_count; i++)
		item->findings[i].accepted = rmt_authority_causes(authority, item->findings[i].rule);
	rmt_chain_store_free(store);
	return rc;
}
