/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reissue.c - remint_reissue(): replacements for certificates at hand, linked to what they replace.
 *
 *   renew    same key and content, new dates
 *   rekey    new key, same content
 *   reissue  policy may change; a new key unless it is to be kept
 *
 * Keeping a key needs the private key, a fresh request signed by it, or our own record that possession was proved.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct replacing {
	struct remint *ctx;
	const struct remint_reissue_options *options;
	struct rmt_bench bench;
	struct rmt_pile pile;
	struct rmt_request *request;
	struct rmt_leaves leaves;
	struct rmt_names directories;
	bool recorded; /* the template in use came from a certificate's record */
};

/* ---- inputs ------------------------------------------------------------------------------------------------------------- */

/* An input without a certificate was named by mistake, also among others. */
static int pile_from_input(struct replacing *job, const char *input, struct rmt_err *err)
{
	uint64_t faults = job->ctx->faults;
	size_t before = job->pile.count;
	struct rmt_err none = {0};

	if (rmt_pile_read(job->ctx, &job->pile, (struct remint_strings){&input, 1}, false, err))
		return -1;
	for (size_t i = before; i < job->pile.count; i++)
		if (job->pile.objects[i]->cert)
			return 0;
	if (job->ctx->faults != faults)
		return 0;
	rmt_pile_refuse(&job->pile, before, "certificate", input, &none);
	return rmt_verb_fault(job->ctx, &none);
}

static int read_inputs(struct replacing *job, struct rmt_err *err)
{
	for (size_t i = 0; i < job->options->inputs.count; i++) {
		const char *input = job->options->inputs.items[i];
		int rc = strncmp(input, "serial:", 7) == 0
		             ? rmt_pile_add_serial(&job->bench.home, &job->pile, input + 7, false, err)
		             : pile_from_input(job, input, err);

		if (rc)
			return rc;
	}
	return rmt_pile_for(job->ctx, &job->pile, job->options->keys, RMT_OBJECT_PRIVATE_KEY, err);
}

/* ---- keys ----------------------------------------------------------------------------------------------------------------- */

static bool keeps_key(const struct remint_reissue_options *options)
{
	return options->how == REMINT_RENEW || options->keep_key;
}

/* The same key again: at hand, in the home, by a fresh request, or proved on record. */
static int keep_key(struct replacing *job, struct rmt_item *item, const struct rmt_company *company, struct rmt_err *err)
{
	struct rmt_span spki = company->leaf->cert->spki;
	unsigned char hash[RMT_SHA256];
	int proved, stands;

	if (job->request) {
		item->request = rmt_request_new(job->request->der, err);
		if (item->request && rmt_span_equal(item->request->spki, spki))
			return 0;
		return rmt_err_set(err, RMT_SECRET, NULL, "the request is for another key than the certificate's");
	}
	if (company->key && company->key->key) {
		item->key = rmt_key_dup(company->key->key, err);
		return item->key ? 0 : -1;
	}
	if (job->options->keys.count)
		return rmt_err_set(err, RMT_SECRET, NULL, company->key
		                   ? "the private key is locked: give its passphrase with --password-file"
		                   : "the private key given belongs to another certificate");
	if (rmt_spki_hash(spki, hash, err))
		return -1;
	proved = rmt_db_key_proved(job->bench.home.db, rmt_span_of(hash, sizeof hash), err);
	if (proved < 0)
		return -1;
	/* One that stands in the home and cannot be used is an error: what is written must not lack its key without a word. */
	stands = rmt_home_key_stands(&job->bench.home, rmt_span_of(hash, sizeof hash), err);
	if (stands < 0 || (stands && !(item->key = rmt_home_key_load(&job->bench.home, rmt_span_of(hash, sizeof hash), err))))
		return -1;
	if (!item->key && !proved)
		return rmt_err_set(err, RMT_SECRET, NULL,
		                   "keeping the key needs it, or a proof that somebody holds it: give --key FILE, or --request "
		                   "FILE made with it, or let a new key be made");
	item->proved = proved == 1;
	rmt_buf_span(&item->spki, spki);
	return rmt_buf_check(&item->spki, err);
}

static int choose_key(struct replacing *job, struct rmt_item *item, const struct rmt_company *company,
                      struct rmt_err *err)
{
	const char *spec = job->options->key ? job->options->key : job->bench.demand.template->key_generate;

	if (keeps_key(job->options))
		return keep_key(job, item, company, err);
	if (job->request) {
		item->request = rmt_request_new(job->request->der, err);
		return item->request ? 0 : -1;
	}
	item->store_key = true;
	item->key = rmt_key_generate(spec, err);
	return item->key ? 0 : -1;
}

/* ---- one replacement ---------------------------------------------------------------------------------------------------------- */

/* Not being a CA is the same said or left out: many CAs leave it out. */
static bool same_constraints(const struct rmt_ext *before, const struct rmt_ext *after)
{
	struct rmt_basic_constraints was = {.path_length = -1}, is = {.path_length = -1};

	if ((before && rmt_ext_basic_constraints(before->value, &was, NULL, NULL)) ||
	    (after && rmt_ext_basic_constraints(after->value, &is, NULL, NULL)))
		return false;
	return was.ca == is.ca && was.path_length == is.path_length;
}

static bool same_value(const struct rmt_ext *before, const struct rmt_ext *after)
{
	return !before == !after && (!before || rmt_span_equal(before->value, after->value));
}

/* renew and rekey keep the content: another set of usages or names would be a reissue. */
static int check_content(struct replacing *job, const struct rmt_item *item, struct rmt_err *err)
{
	static const enum rmt_ext_id kept[] = {RMT_EXT_KEY_USAGE, RMT_EXT_EXTENDED_KEY_USAGE, RMT_EXT_BASIC_CONSTRAINTS};

	if (job->options->how == REMINT_REISSUE)
		return 0;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		const struct rmt_ext *before = rmt_ext_find(&item->previous->extensions, kept[i]);
		const struct rmt_ext *after = rmt_ext_find(&item->cert.extensions, kept[i]);

		if (kept[i] == RMT_EXT_BASIC_CONSTRAINTS ? !same_constraints(before, after) : !same_value(before, after))
			return rmt_err_set(err, RMT_POLICY, rmt_ext_name(kept[i]),
			                   "the template \"%s\" would change %s, and %s keeps the content: use reissue, or name the "
			                   "template it was made by",
			                   job->bench.demand.template->name, rmt_ext_name(kept[i]),
			                   job->options->how == REMINT_RENEW ? "renew" : "rekey");
	}
	return 0;
}

static int check_item(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	return check_content(arg, item, err);
}

/* The old subject, byte for byte unless its CN is none that the topology has for this role. */
static int subject_of(const struct rmt_expectation *expect, const struct rmt_cert *old, struct rmt_item *item, struct rmt_err *err)
{
	if (rmt_expectation_cn(expect))
		return rmt_subject_expected(expect, old->subject, NULL, &item->subject, err);
	rmt_buf_span(&item->subject, old->subject);
	return rmt_buf_check(&item->subject, err);
}

/* The topology's names, then those stated; the old certificate's own follow on the road. */
static int names_of(const struct replacing *job, const struct rmt_cert *old, struct rmt_item *item, struct rmt_err *err)
{
	const struct rmt_expectation *expect = &job->bench.demand.expect;
	struct remint_strings names = job->options->names;

	if (expect->topology && rmt_expectation_names(expect, rmt_arena_names(&item->arena, &old->extensions), job->options->names,
	                                              &item->arena, &names, err))
		return -1;
	return rmt_item_names(item, names, err);
}

static struct rmt_item *replacement(struct replacing *job, const struct rmt_company *company, struct rmt_err *err)
{
	const struct rmt_cert *old = company->leaf->cert;
	struct rmt_item *item = rmt_item_new(err);

	if (!item)
		return NULL;
	item->source = company->leaf->source;
	item->index = company->leaf->index;
	item->validity = job->options->validity;
	item->not_after = job->options->not_after;
	item->subject_verbatim = true;
	item->check = check_item;
	item->check_arg = job;
	item->previous = rmt_cert_dup(old, err);
	if (item->previous && subject_of(&job->bench.demand.expect, old, item, err) == 0 && names_of(job, old, item, err) == 0 &&
	    choose_key(job, item, company, err) == 0)
		return item;
	rmt_item_free(item);
	return NULL;
}

/* The template: the one named, a target's, else the one on record for this very certificate. */
static int demand_for(struct replacing *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	const struct remint_reissue_options *options = job->options;
	const char *name = options->template_name;
	unsigned char fingerprint[RMT_SHA256];
	struct rmt_db_cert row;
	char *recorded = NULL;
	int found = 0, rc;

	if (!name && !options->targets.count) {
		if (rmt_cert_fingerprint(cert, fingerprint, err))
			return -1;
		found = rmt_db_cert_find(job->bench.home.db, cert->serial, rmt_span_of(fingerprint, sizeof fingerprint), &row, err);
		if (found < 0)
			return -1;
	}
	if (found && row.template_name[0])
		name = recorded = rmt_strdup(row.template_name, err);
	if (found && row.template_name[0] && !recorded)
		return -1;
	if (job->bench.run && (!name || strcmp(name, job->bench.demand.template->name) == 0) && (name || !job->recorded)) {
		free(recorded);
		return 0; /* as for the leaf before */
	}
	job->recorded = recorded != NULL;
	rc = rmt_bench_demand(&job->bench, name, options->targets, options->dry_run, err);
	free(recorded);
	return rc;
}

/* With several leaves each has a directory of its own, named after it; of two with one name the second is NAME-2. */
static int directory_for(struct replacing *job, const struct rmt_cert *cert, char **owned, struct rmt_err *err)
{
	struct rmt_buf label = {0};
	char stem[65], name[96];
	int taken;

	*owned = NULL;
	job->bench.release.out = job->options->out;
	job->bench.release.parent = NULL;
	if (!job->options->out.directory || job->leaves.count < 2)
		return 0;
	rmt_cert_label(cert, &label);
	rmt_file_label(rmt_buf_string(&label), stem);
	rmt_buf_free(&label);
	snprintf(name, sizeof name, "%s", stem);
	for (unsigned n = 2; (taken = rmt_names_add(&job->directories, name, err)) == 0; n++)
		snprintf(name, sizeof name, "%s-%u", stem, n);
	if (taken < 0)
		return -1;
	*owned = rmt_path_join(job->options->out.directory, name, err);
	job->bench.release.out.directory = *owned;
	job->bench.release.parent = job->options->out.directory;
	return *owned ? 0 : -1;
}

/* openssl req -x509 calls every self-signed certificate a CA; without the right to sign certificates it serves as a leaf. */
static bool serves_as_leaf(const struct rmt_cert *cert)
{
	const struct rmt_ext *usage = rmt_ext_find(&cert->extensions, RMT_EXT_KEY_USAGE);
	unsigned bits = 0;

	if (usage && rmt_ext_key_usage(usage->value, &bits, NULL))
		return false;
	return rmt_cert_self_issued(cert) && !(bits & RMT_KU_CERT_SIGN);
}

static int replace_one(struct replacing *job, const struct rmt_company *company, struct rmt_err *err)
{
	struct rmt_item *item = NULL;
	char *directory = NULL;
	int rc = -1;

	if (rmt_cert_is_ca(company->leaf->cert) && !serves_as_leaf(company->leaf->cert)) {
		rmt_err_set(err, RMT_POLICY, NULL, "is a CA certificate: CA certificates are replaced by ca request and ca sign");
		goto out;
	}
	if (demand_for(job, company->leaf->cert, err) || directory_for(job, company->leaf->cert, &directory, err))
		goto out;
	item = replacement(job, company, err);
	if (item)
		rc = rmt_issuance_one(&job->bench, item, err);
out:
	rmt_err_source(err, company->leaf->source);
	rmt_item_free(item);
	free(directory);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------- */

static int replace_all(struct replacing *job, struct rmt_err *err)
{
	size_t count;
	int rc = 0;

	if (rmt_leaves_find(&job->pile, &job->leaves, err))
		return -1;
	count = job->leaves.count;
	if (!count)
		return job->ctx->faults ? 0 : rmt_err_set(err, RMT_INPUT, NULL, "no certificate among the inputs");
	if (job->request && count > 1)
		return rmt_err_set(err, RMT_USAGE, NULL, "one --request serves one certificate, but there are %zu", count);
	for (size_t n = 0; rc == 0 && n < count; n++) {
		struct rmt_company company;
		struct rmt_err refused = {0};

		if (rmt_company_at(&job->pile, job->leaves.at[n], &company, err))
			return -1;
		rc = replace_one(job, &company, &refused);
		rmt_company_clear(&company);
		if (rc && count == 1)
			*err = err->class == RMT_NONE ? refused : *err;
		else if (rc && refused.class != RMT_NONE)
			rc = rmt_verb_fault(job->ctx, &refused);
	}
	return rc;
}

int remint_reissue(struct remint *ctx, const struct remint_reissue_options *options, remint_issued_fn *issued, void *arg)
{
	struct replacing job = {.ctx = ctx, .options = options};
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (options->topology && options->how != REMINT_REISSUE) {
		rmt_err_set(err, RMT_USAGE, NULL, "a topology may change the names, and renew and rekey keep them: use reissue");
		goto out;
	}
	if (rmt_bench_open(&job.bench, ctx, options->authority, true, err))
		goto out;
	job.bench.topology = options->topology;
	job.bench.server = options->server;
	job.bench.release.issued = issued;
	job.bench.release.arg = arg;
	job.bench.release.audit_again = options->targets.count > 0;
	if (!job.bench.authority.crl_uri)
		rmt_verb_warn(ctx, "the CA \"%s\" has no publish URL: the new certificates carry no CRL or issuer address",
		              job.bench.authority.name);
	if ((options->request && !(job.request = rmt_request_first(ctx, options->request, err))) || read_inputs(&job, err))
		goto out;
	rc = replace_all(&job, err);
out:
	rmt_request_free(job.request);
	rmt_leaves_clear(&job.leaves);
	rmt_pile_free(&job.pile);
	rmt_names_free(&job.directories);
	rmt_bench_close(&job.bench);
	return rmt_verb_end(ctx, rc);
}
