/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.c - remint_accept(): certificates that come back from another CA. Each is matched with the pending request that has its
 * key, judged for the targets that it was asked for, recorded as another CA's, and its bundle written.
 *
 * A certificate that a target would refuse, or that lacks a name that was asked for, is left where it is: nothing is recorded, so that a
 * better one can come. The record
 * is answer.c's, the bundle release.c's. Whoever accepts the same again gets the same files.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static const char usual_template[] = "server-client";

struct accepting {
	struct remint *ctx; /* first: the fault callback expects it */
	const struct remint_accept_options *options;
	remint_accepted_fn *accepted;
	void *arg;
	struct rmt_home home;
	struct rmt_pile inputs, keys, chain;
	struct rmt_names directories; /* given away, when several answers are accepted */
	size_t answers;
	/* of the certificate under way */
	struct rmt_arena arena;
	struct rmt_db_pending row;    /* what waited for it; texts in the arena, */
	struct rmt_asked asked;       /* ... and these */
	struct remint_accepted told;
	struct rmt_demand demand;
	int64_t instead;              /* the certificate that was accepted for it earlier; 0 none */
	struct rmt_item *item;
	struct rmt_path path;
	struct rmt_authority above;
};

/* ---- which request does it answer? ---------------------------------------------------------------------------------------- */

static int keep_row(struct accepting *job, int64_t id, struct rmt_err *err)
{
	return rmt_pending_load(job->home.db, id, &job->arena, &job->row, &job->asked, err);
}

static int find_by_key(struct accepting *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_pending row;
	int found = rmt_spki_hash(cert->spki, hash, err) ? -1
	                                                 : rmt_db_pending_of_key(job->home.db, rmt_span_of(hash, sizeof hash), &row, err);

	return found == 1 ? keep_row(job, row.id, err) : found;
}

/* The same certificate was accepted before for a device whose request was never seen. */
static int find_accepted(struct accepting *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found = rmt_pending_issued_for(job->home.db, cert, &row, err);

	return found == 1 ? keep_row(job, row.id, err) : found;
}

/* A device whose request went to the other CA by itself: the one that waits under a name of the certificate. */
static int find_by_name(struct accepting *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct remint_strings names = rmt_arena_names(&job->arena, &cert->extensions);
	const char *cn = rmt_arena_cn(&job->arena, cert->subject);
	struct rmt_db_pending row;
	int found = 0;

	for (size_t i = 0; found == 0 && i <= names.count; i++) {
		const char *name = i ? strchr(names.items[i - 1], ':') + 1 : cn;

		if (name)
			found = rmt_db_pending_named(job->home.db, name, 0, &row, err);
	}
	if (found != 1 || (found = keep_row(job, row.id, err)) != 1)
		return found;
	job->told.by_name = true;
	found = rmt_db_pending_named(job->home.db, job->row.name, job->row.id, &row, err);
	if (found == 1)
		return rmt_err_set(err, RMT_POLICY, NULL,
		                   "several devices wait under the name %s, and none has shown its request: show it with remint request --request FILE",
		                   job->row.name);
	return found < 0 ? -1 : 1;
}

static int find_request(struct accepting *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	int found = find_by_key(job, cert, err);

	if (found == 0)
		found = find_accepted(job, cert, err);
	if (found == 0)
		found = find_by_name(job, cert, err);
	job->told.pending = job->row.id;
	job->told.kind = rmt_pending_kind_name(job->row.kind);
	return found;
}

static int no_request(const struct rmt_cert *cert, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf hex = {0};

	if (rmt_spki_hash(cert->spki, hash, err))
		return -1;
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, &hex);
	rmt_err_set(err, RMT_INPUT, NULL,
	            "this certificate answers no pending request (SHA-256 of its key: %s): see remint list --pending for what is waited for",
	            rmt_buf_string(&hex));
	rmt_buf_free(&hex);
	return -1;
}

/* Open, or answered by this very certificate. */
static int check_open(struct accepting *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	unsigned char fingerprint[RMT_SHA256];
	struct rmt_db_cert known;
	int found;

	if (job->row.kind == RMT_PENDING_HELD)
		return rmt_err_set(err, RMT_POLICY, NULL, "request %lld waits to be signed here: approve or deny it", (long long)job->row.id);
	if (job->row.state == RMT_PENDING_OPEN)
		return 0;
	if (job->row.state != RMT_PENDING_ISSUED)
		return rmt_pending_ended(&job->row, err);
	if (rmt_cert_fingerprint(cert, fingerprint, err) ||
	    (found = rmt_db_cert_find(job->home.db, cert->serial, rmt_span_of(fingerprint, sizeof fingerprint), &known, err)) < 0)
		return -1;
	if (found) {
		job->told.again = true;
		job->item->cert_id = known.id;
		job->item->supersedes = known.supersedes;
		return 0;
	}
	if (rmt_db_cert_by_id(job->home.db, job->row.certificate, &known, err) != 1)
		return -1;
	job->instead = known.id;
	return job->options->anyway ? 0
	                            : rmt_err_set(err, RMT_POLICY, NULL,
	                                          "request %lld was answered already, by the certificate with serial number %s "
	                                          "(--anyway records this one as its successor)",
	                                          (long long)job->row.id, rmt_arena_serial(&job->arena, known.serial));
}

/* ---- is it good? -------------------------------------------------------------------------------------------------------------- */

static int find_path(struct accepting *job, struct rmt_err *err)
{
	struct rmt_chain_store *store = rmt_chain_store_new(err);
	int rc = -1;

	if (store && rmt_chain_add_pile(store, &job->inputs, err) == 0 && rmt_chain_add_pile(store, &job->chain, err) == 0)
		rc = rmt_answer_path(job->home.db, store, &job->item->cert, &job->path, err);
	rmt_chain_store_free(store);
	if (rc == 0)
		rmt_path_authority(&job->path, &job->item->cert, &job->above);
	return rc;
}

/* What was asked for, as the request itself says it: NULL for a device that never showed one. */
static struct rmt_request *load_request(struct accepting *job)
{
	struct rmt_err unseen = {0};
	struct rmt_db_request bytes;

	return job->row.request && rmt_db_request_by_id(job->home.db, job->row.request, &bytes, &unseen) == 1
	           ? rmt_request_new(bytes.der, &unseen)
	           : NULL;
}

static bool has_purpose(struct rmt_span purposes, struct rmt_span wanted)
{
	struct rmt_der cursor;

	if (rmt_ext_eku_open(purposes, &cursor, NULL))
		return true; /* what is broken is the audit's */
	return rmt_ext_eku_has(purposes, "anyExtendedKeyUsage") || rmt_ext_eku_lists(purposes, wanted);
}

/* Whether a purpose is needed is the targets' to say, and public CAs leave some out: a person is told. */
static void warn_purposes(struct accepting *job, const struct rmt_request *request)
{
	const struct rmt_ext *asked = rmt_ext_find(&request->extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	const struct rmt_ext *has = rmt_ext_find(&job->item->cert.extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	struct rmt_der cursor;
	struct rmt_span oid;

	if (!asked || !has || rmt_ext_eku_open(asked->value, &cursor, NULL))
		return;
	while (rmt_der_more(&cursor) && rmt_der_oid(&cursor, &oid, NULL, NULL) == 0) {
		struct rmt_buf name = {0};

		rmt_oid_text(oid, &name);
		if (!has_purpose(has->value, oid))
			rmt_verb_warn(job->ctx, "%s: the purpose %s was asked for, and is not in the certificate", job->item->source,
			              rmt_buf_string(&name));
		rmt_buf_free(&name);
	}
}

/* The names that the other CA left out: a certificate without them is not the one that was asked for. Those that the form of a device
 * has no field for stand in the record alone. */
static int check_names(struct accepting *job, struct remint_strings requested, struct remint_strings recorded, struct rmt_err *err)
{
	struct remint_strings has = rmt_arena_names(&job->arena, &job->item->cert.extensions);
	struct rmt_buf missing = {0};
	int rc = 0;

	for (size_t i = 0; i < requested.count + recorded.count; i++) {
		bool again = i >= requested.count;
		const char *name = again ? recorded.items[i - requested.count] : requested.items[i];

		if (!rmt_strings_have(has, name) && !(again && rmt_strings_have(requested, name)))
			rmt_buf_format(&missing, "%s%s", missing.length ? ", " : "", name);
	}
	if (missing.length && job->options->anyway)
		rmt_verb_warn(job->ctx, "%s: %s was asked for, and is not in the certificate", job->item->source, rmt_buf_string(&missing));
	else if (missing.length)
		rc = rmt_err_set(err, RMT_POLICY, NULL,
		                 "%s was asked for, and is not in the certificate: nothing was recorded, and the request is still open (--anyway takes it)",
		                 rmt_buf_string(&missing));
	rmt_buf_free(&missing);
	return rc;
}

static int check_asked(struct accepting *job, struct rmt_err *err)
{
	struct rmt_request *request = load_request(job);
	int rc;

	rc = check_names(job, request ? rmt_arena_names(&job->arena, &request->extensions) : (struct remint_strings){0}, job->asked.names, err);
	if (rc == 0 && request)
		warn_purposes(job, request);
	rmt_request_free(request);
	return rc;
}

static int judge(struct accepting *job, struct rmt_err *err)
{
	struct remint_strings targets = job->options->targets.count ? job->options->targets : rmt_arena_words(&job->arena, job->row.targets);
	struct rmt_item *item = job->item;

	rmt_demand_clear(&job->demand);
	if (rmt_demand_load(job->ctx, *job->row.template_name ? job->row.template_name : NULL, targets, usual_template, &job->demand, err) ||
	    (!job->told.again &&
	     rmt_hygiene_check(job->ctx, job->home.db, item->cert.spki, item->cert.subject, false, item->source, err)) ||
	    find_path(job, err) || rmt_authority_audit(&job->above, &job->demand, rmt_verb_now(job->ctx), item, err))
		return -1;
	for (size_t i = 0; i < item->finding_count; i++) {
		item->findings[i].accepted = false; /* no setting of ours is to blame for another CA's certificate */
		job->told.refused |= item->findings[i].severity >= job->options->fail_on;
	}
	return job->told.again ? 0 : check_asked(job, err);
}

/* ---- its key, its record, its files ------------------------------------------------------------------------------------------- */

static int find_key(struct accepting *job, struct rmt_err *err)
{
	struct rmt_span spki = job->item->cert.spki;
	unsigned char hash[RMT_SHA256];
	const struct rmt_pile *piles[] = {&job->keys, &job->inputs};
	int stands;

	for (size_t p = 0; p < 2; p++)
		for (size_t i = 0; i < piles[p]->count; i++) {
			const struct rmt_key *key = piles[p]->objects[i]->key;

			if (key && rmt_span_equal(rmt_key_spki(key), spki))
				return (job->item->key = rmt_key_dup(key, err)) ? 0 : -1;
		}
	if (rmt_spki_hash(spki, hash, err))
		return -1;
	stands = rmt_home_key_stands(&job->home, rmt_span_of(hash, sizeof hash), err);
	if (stands != 1)
		return stands;
	job->item->key = rmt_home_key_load(&job->home, rmt_span_of(hash, sizeof hash), err);
	return job->item->key ? 0 : -1;
}

static int record(struct accepting *job, struct rmt_err *err)
{
	/* An answer that was recorded stays: a later one follows it. */
	const struct rmt_answer answer = {.request = job->row.request,
	                                  .pending = job->instead ? 0 : job->row.id,
	                                  .previous = job->instead,
	                                  .targets = job->demand.target_names};
	struct rmt_db_cert known;
	int rc = -1;

	if (rmt_db_begin(job->home.db, err))
		return -1;
	if (rmt_answer_record(job->ctx, job->home.db, &job->item->cert, &answer, &job->arena, &job->item->cert_id, err) == 0)
		rc = rmt_db_commit(job->home.db, err);
	if (rc)
		rmt_db_rollback(job->home.db);
	if (rc == 0 && rmt_db_cert_by_id(job->home.db, job->item->cert_id, &known, err) == 1)
		job->item->supersedes = known.supersedes;
	return rc;
}

/* Its issuers among the authorities that the home has met: whoever writes its bundle later finds them there. */
static int keep_issuers(struct accepting *job, struct rmt_err *err)
{
	int64_t parent = 0;

	if (job->path.root && rmt_authority_settle(&job->home, job->path.root, 0, false, &parent, err))
		return -1;
	for (size_t i = job->path.count; i--;)
		if (rmt_authority_settle(&job->home, job->path.intermediates[i], parent, false, &parent, err))
			return -1;
	return 0;
}

/* For the way back in the runbook, and for the comparison. */
static int load_previous(struct accepting *job, struct rmt_err *err)
{
	struct rmt_db_cert row;
	struct rmt_cert cert;

	if (!job->item->supersedes)
		return 0;
	if (rmt_db_cert_by_id(job->home.db, job->item->supersedes, &row, err) != 1 || rmt_cert_read(&cert, row.der, RMT_TOLERANT, err))
		return -1;
	job->item->previous = rmt_cert_dup(&cert, err);
	return job->item->previous ? 0 : -1;
}

static int write_runbook(void *arg, const struct rmt_bundle *bundle, struct rmt_buf *content, struct rmt_err *err)
{
	struct accepting *job = arg;
	struct rmt_runbook_part part = {.bundle = bundle,
	                                .targets = (const struct rmt_target *const *)job->demand.targets,
	                                .target_count = job->demand.target_count,
	                                .apart = job->demand.target_count > 1};
	struct rmt_runbook runbook = {.device = job->row.name, .parts = &part, .part_count = 1};

	return rmt_write_runbook(&runbook, content, err);
}

static int tell(void *arg, const struct remint_issued *issued)
{
	struct accepting *job = arg;

	for (size_t i = 0; i < job->item->finding_count; i++)
		job->item->findings[i].accepted = false;
	job->told.issued = *issued;
	job->told.issued.template_name = NULL; /* the other CA's own business */
	return job->accepted ? job->accepted(job->arg, &job->told) : 0;
}

/* Of several answers each has a directory of its own. */
static const char *directory_of(struct accepting *job, struct rmt_err *err)
{
	const char *base = job->options->out.directory;
	char label[65], name[96], *path;
	const char *kept;
	int fresh;

	if (!base || job->answers < 2)
		return base;
	rmt_file_label(job->row.name, label);
	fresh = rmt_names_add(&job->directories, label, err);
	snprintf(name, sizeof name, fresh ? "%s" : "%s-%lld", label, (long long)job->row.id);
	path = fresh < 0 ? NULL : rmt_path_join(base, name, err);
	kept = path ? rmt_arena_text(&job->arena, path) : NULL;
	free(path);
	return kept;
}

static int set_release(struct accepting *job, struct rmt_release *release, struct rmt_err *err)
{
	*release = (struct rmt_release){.ctx = job->ctx,
	                                .authority = &job->above,
	                                .demand = &job->demand,
	                                .out = job->options->out,
	                                .audit_again = true,
	                                .settle = true,
	                                .issued = tell,
	                                .more_name = "RUNBOOK.txt",
	                                .more = job->demand.target_count ? write_runbook : NULL,
	                                .arg = job};
	release->out.directory = directory_of(job, err);
	if (job->answers > 1)
		release->parent = job->options->out.directory;
	return release->out.directory || !job->options->out.directory ? 0 : -1;
}

/* Recorded only when its files can be written, and written only when it is recorded. */
static int take_in(struct accepting *job, struct rmt_err *err)
{
	struct rmt_release release = {.ctx = NULL};
	int rc = set_release(job, &release, err);

	if (rc == 0 && job->told.refused && !job->options->anyway) {
		release.out.directory = NULL; /* told, and nothing else */
		release.audit_again = false;
		rc = rmt_release_item(&release, job->item);
		rmt_release_clear(&release);
		return rc;
	}
	if (rc == 0)
		rc = find_key(job, err);
	if (rc == 0 && !job->told.again)
		rc = rmt_release_ready(&release, job->item, err);
	if (rc == 0 && !job->told.again)
		rc = record(job, err);
	if (rc == 0)
		rc = keep_issuers(job, err);
	if (rc == 0)
		rc = load_previous(job, err);
	if (rc == 0)
		rc = rmt_release_item(&release, job->item);
	if (rc == 0 && job->item->failed) {
		*err = job->item->err;
		rc = -1;
	}
	rmt_release_clear(&release);
	return rc;
}

/* ---- one certificate, and all ------------------------------------------------------------------------------------------------- */

static void begin(struct accepting *job)
{
	rmt_item_free(job->item);
	job->item = NULL;
	rmt_path_clear(&job->path);
	job->path = (struct rmt_path){.count = 0};
	rmt_demand_clear(&job->demand);
	rmt_arena_reset(&job->arena);
	job->row = (struct rmt_db_pending){.id = 0};
	job->told = (struct remint_accepted){.pending = 0};
	job->instead = 0;
}

static int accept_one(struct accepting *job, const struct rmt_object *object, struct rmt_err *err)
{
	begin(job);
	job->item = rmt_item_new(err);
	if (!job->item)
		return -1;
	job->item->source = object->source;
	job->item->proved = true; /* whoever made the request has the key */
	rmt_buf_span(&job->item->der, object->cert->der);
	if (rmt_buf_check(&job->item->der, err) || rmt_cert_read(&job->item->cert, rmt_buf_view(&job->item->der), RMT_TOLERANT, err))
		return -1;
	switch (find_request(job, object->cert, err)) {
	case 0:
		return no_request(object->cert, err);
	case 1:
		return check_open(job, object->cert, err) || judge(job, err) || take_in(job, err) ? -1 : 0;
	default:
		return -1;
	}
}

/* What may be an answer: no certificate of a CA that came along, and each one once. */
static bool is_answer(const struct accepting *job, size_t n)
{
	const struct rmt_cert *cert = job->inputs.objects[n]->cert;

	if (!cert || rmt_cert_is_ca(cert))
		return false;
	for (size_t i = 0; i < n; i++)
		if (job->inputs.objects[i]->cert && rmt_span_equal(job->inputs.objects[i]->cert->der, cert->der))
			return false;
	return true;
}

static int accept_all(struct accepting *job, struct rmt_err *err)
{
	for (size_t i = 0; i < job->inputs.count; i++)
		job->answers += is_answer(job, i);
	if (!job->answers) {
		if (job->options->inputs.count != 1)
			return rmt_err_set(err, RMT_INPUT, NULL, "no certificate among the inputs");
		return rmt_pile_refuse(&job->inputs, 0, "certificate that a CA could have made of a request", job->options->inputs.items[0], err);
	}
	for (size_t i = 0; i < job->inputs.count; i++) {
		struct rmt_err fault = {0};

		if (!is_answer(job, i) || accept_one(job, job->inputs.objects[i], &fault) == 0)
			continue;
		if (fault.class == RMT_NONE) /* the context has it, or the caller stopped it */
			return -1;
		if (!fault.source[0])
			rmt_err_source(&fault, job->inputs.objects[i]->source);
		if (job->answers == 1) {
			*err = fault;
			return -1;
		}
		if (rmt_verb_fault(job->ctx, &fault))
			return -1;
	}
	return 0;
}

int remint_accept(struct remint *ctx, const struct remint_accept_options *options, remint_accepted_fn *accepted, void *arg)
{
	struct accepting job = {.ctx = ctx, .options = options, .accepted = accepted, .arg = arg};
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_pile_need(ctx, &job.inputs, options->inputs, false, err) == 0 && rmt_pile_need(ctx, &job.keys, options->keys, false, err) == 0 &&
	    rmt_pile_need(ctx, &job.chain, options->chain, true, err) == 0 && rmt_home_open(ctx, RMT_DB_WRITE, &job.home, err) == 0)
		rc = accept_all(&job, err);
	begin(&job);
	rmt_arena_free(&job.arena);
	rmt_names_free(&job.directories);
	rmt_pile_free(&job.inputs);
	rmt_pile_free(&job.keys);
	rmt_pile_free(&job.chain);
	rmt_home_close(&job.home);
	return rmt_verb_end(ctx, rc);
}
