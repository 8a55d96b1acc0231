/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotate.c - remint_ca_rotate(): a successor with a new key beside an authority, and on request each certified by the other; and
 * remint_ca_add(): one more CA in a home.
 *
 * The setting that tells a successor is there before its key is, so that the next run finishes what this one began.
 * What an authority is to be made of is decided here; how it is brought to be, establish.c knows, and who retires it is a person.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct rotation {
	const struct remint_ca_rotate_options *options;
	struct rmt_home home;
	struct rmt_authority old;    /* to be succeeded */
	struct rmt_authority parent; /* with its key, when `parent_here`; a root is its own */
	bool root, parent_here;
	struct rmt_successor successor; /* "" : none yet */
	struct rmt_demand demand;
	struct rmt_founding founding;
	struct rmt_buf subject, key, publish, template_name;
	char name[65];
};

static void rotation_clear(struct rotation *job)
{
	rmt_authority_clear(&job->old);
	rmt_authority_clear(&job->parent);
	rmt_demand_clear(&job->demand);
	rmt_home_close(&job->home);
	rmt_buf_free(&job->subject);
	rmt_buf_free(&job->key);
	rmt_buf_free(&job->publish);
	rmt_buf_free(&job->template_name);
}

/* ---- what there is ------------------------------------------------------------------------------------------------------------ */

/* The issuer of the old one, or who took its place, with its key when that is in this home. */
static int load_parent(struct rotation *job, struct rmt_err *err)
{
	struct rmt_db_authority row;
	struct rmt_successor heir;
	char *name;
	int found;

	job->parent_here = job->root;
	if (job->root)
		return 0;
	found = rmt_db_authority_get(job->home.db, NULL, job->old.id, &row, err);
	if (found == 1 && row.parent)
		found = rmt_db_authority_get(job->home.db, NULL, row.parent, &row, err);
	else if (found == 1)
		found = 0;
	if (found != 1)
		return found;
	name = rmt_strdup(row.name, err);
	found = name ? rmt_authority_heir(&job->home, name, &heir, err) : -1;
	if (found == 1) {
		job->parent_here = true;
		found = rmt_authority_load_parent(&job->home, NULL, name, &job->parent, err);
	}
	free(name);
	return found < 0 ? -1 : 0;
}

/* The template that it was made by, where that is known. */
static int choose_template(struct rotation *job, struct rmt_err *err)
{
	const char *name = job->options->template_name, *usual = job->root ? "root-ca" : "issuing-ca";
	unsigned char sha256[RMT_SHA256];
	struct rmt_db_cert row;
	int found = 0;

	if (!name) {
		if (rmt_cert_fingerprint(job->old.cert, sha256, err))
			return -1;
		found = rmt_db_cert_find(job->home.db, job->old.cert->serial, rmt_span_of(sha256, sizeof sha256), &row, err);
		if (found == 1 && row.template_name[0])
			rmt_buf_text(&job->template_name, row.template_name);
	}
	if (found < 0 || rmt_buf_check(&job->template_name, err))
		return -1;
	if (!name)
		name = job->template_name.length ? rmt_buf_string(&job->template_name) : usual;
	if (rmt_demand_load(job->home.ctx, name, (struct remint_strings){0}, "", &job->demand, err))
		return -1;
	if (job->demand.template->role == (job->root ? RMT_ROLE_ROOT_CA : RMT_ROLE_ISSUING_CA))
		return 0;
	return rmt_err_set(err, RMT_USAGE, NULL, "the template %s makes no %s CA", job->demand.template->name, job->root ? "root" : "issuing");
}

/* ---- what it is to be called -------------------------------------------------------------------------------------------------- */

/* "issuing" is followed by "issuing-2", that by "issuing-3". */
static int next_name(struct rotation *job, struct rmt_err *err)
{
	const char *old = job->old.name, *dash = strrchr(old, '-');
	size_t stem = strlen(old);
	unsigned long generation = 1;
	struct rmt_db_authority row;
	int found = 1;

	if (dash && dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1) && strlen(dash + 1) < 6) {
		stem = (size_t)(dash - old);
		generation = strtoul(dash + 1, NULL, 10);
	}
	while (found == 1) {
		snprintf(job->name, sizeof job->name, "%.*s-%lu", (int)(stem < 50 ? stem : 50), old, ++generation);
		found = rmt_db_authority_get(job->home.db, job->name, 0, &row, err);
	}
	return found;
}

/* "Example CA" is followed by "Example CA G2", that by "Example CA G3". */
static void next_common_name(struct rmt_buf *cn)
{
	size_t digits = 0;
	unsigned long generation = 1;

	while (digits < cn->length && digits < 6 && isdigit(cn->bytes[cn->length - digits - 1]))
		digits++;
	if (digits && cn->length > digits + 2 && memcmp(cn->bytes + cn->length - digits - 2, " G", 2) == 0) {
		generation = strtoul(rmt_buf_string(cn) + cn->length - digits, NULL, 10);
		cn->length -= digits + 2;
	}
	rmt_buf_format(cn, " G%lu", generation + 1);
}

static int common_name_text(const char *cn, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_name_part part = {"CN", cn};
	struct rmt_buf der = {0};
	int rc = rmt_name_build(&part, 1, &der, err);

	if (rc == 0)
		rmt_name_text(rmt_buf_view(&der), out);
	rmt_buf_free(&der);
	return rc ? rc : rmt_buf_check(out, err);
}

/* The old subject with the next generation in its common name, everything else and its order as it is. */
static int next_subject(struct rotation *job, struct rmt_err *err)
{
	struct rmt_buf cn = {0}, before = {0}, after = {0}, whole = {0}, text = {0};
	const char *at;
	int rc = -1;

	if (rmt_name_get(job->old.cert->subject, "CN", false, &cn) != 1) {
		rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" has no common name to count on: give --subject, or --same-name", job->old.name);
		goto out;
	}
	rmt_name_text(job->old.cert->subject, &whole);
	if (rmt_buf_check(&cn, err) || rmt_buf_check(&whole, err) || common_name_text(rmt_buf_string(&cn), &before, err))
		goto out;
	next_common_name(&cn);
	if (rmt_buf_check(&cn, err) || common_name_text(rmt_buf_string(&cn), &after, err))
		goto out;
	at = strstr(rmt_buf_string(&whole), rmt_buf_string(&before));
	if (!at) {
		rmt_err_set(err, RMT_USAGE, NULL, "the name of \"%s\" cannot be counted on: give --subject, or --same-name", job->old.name);
		goto out;
	}
	rmt_buf_append(&text, whole.bytes, (size_t)(at - rmt_buf_string(&whole)));
	rmt_buf_format(&text, "%s%s", rmt_buf_string(&after), at + before.length);
	rc = rmt_buf_check(&text, err) ? -1 : rmt_name_parse(rmt_buf_string(&text), &job->subject, err);
out:
	rmt_buf_free(&cn);
	rmt_buf_free(&before);
	rmt_buf_free(&after);
	rmt_buf_free(&whole);
	rmt_buf_free(&text);
	return rc;
}

static int choose_subject(struct rotation *job, struct rmt_err *err)
{
	if (job->options->subject)
		return rmt_name_parse(job->options->subject, &job->subject, err);
	job->founding.verbatim = true;
	if (!job->options->same_name)
		return next_subject(job, err);
	rmt_buf_span(&job->subject, job->old.cert->subject);
	return rmt_buf_check(&job->subject, err);
}

/* ---- what it is to be --------------------------------------------------------------------------------------------------------------- */

/* "http://pki.example/" of "http://pki.example/issuing.crl": the files of the successor lie beside those of the old one. */
static void choose_publish_url(struct rotation *job)
{
	const char *uri = job->old.crl_uri ? job->old.crl_uri : job->old.ca_uri, *slash = uri ? strrchr(uri, '/') : NULL;

	job->founding.publication.crl_shards = job->options->crl_shards ? job->options->crl_shards : job->old.crl_shards;
	job->founding.publication.crl_deltas = job->options->crl_deltas || job->old.crl_deltas;
	job->founding.publication.ocsp_url = job->old.ocsp_uri;
	job->founding.publication.url = job->options->publish_url;
	if (job->founding.publication.url || !slash)
		return;
	rmt_buf_append(&job->publish, uri, (size_t)(slash - uri) + 1);
	job->founding.publication.url = rmt_buf_string(&job->publish);
}

static bool same_extension(const struct rmt_cert *old, const struct rmt_cert *new, enum rmt_ext_id id)
{
	const struct rmt_ext *one = rmt_ext_find(&old->extensions, id), *other = rmt_ext_find(&new->extensions, id);

	return !one || (other && rmt_span_equal(one->value, other->value));
}

static int path_length(const struct rmt_cert *cert)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints basic = {.path_length = -1};

	return ext && rmt_ext_basic_constraints(ext->value, &basic, NULL, NULL) == 0 ? basic.path_length : -1;
}

/* A successor that may do more than the old one is never made by default. */
static int keeps_limits(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	const struct rotation *job = arg;
	const struct rmt_cert *old = job->old.cert, *new = &item->cert;
	int before = path_length(old), now = path_length(new);
	const char *lost = !same_extension(old, new, RMT_EXT_NAME_CONSTRAINTS)     ? "the name constraints"
	                   : !same_extension(old, new, RMT_EXT_EXTENDED_KEY_USAGE) ? "the extended key usage"
	                   : before >= 0 && (now < 0 || now > before)              ? "the path length"
	                                                                           : NULL;

	if (!lost || job->options->template_name)
		return 0;
	return rmt_err_set(err, RMT_POLICY, NULL,
	                   "the template %s gives the successor not %s of \"%s\": name the template that is to be its own with --template",
	                   job->demand.template->name, lost, job->old.name);
}

static int64_t choose_validity(const struct rotation *job)
{
	int64_t most = job->demand.template->max_validity, old = job->old.cert->not_after - job->old.cert->not_before + 1;

	if (job->options->validity)
		return job->options->validity;
	return most > 0 && old > most ? most : old;
}

/* The successor is there: only what it is called counts. */
static int describe_done(struct rotation *job, struct rmt_err *err)
{
	struct rmt_authority new = {0};
	int rc = rmt_authority_load(&job->home, job->successor.name, false, &new, err);

	snprintf(job->name, sizeof job->name, "%s", job->successor.name);
	if (rc == 0)
		rmt_buf_span(&job->subject, new.cert->subject);
	if (rc == 0)
		rc = rmt_buf_check(&job->subject, err) ? -1 : choose_template(job, err);
	rmt_authority_clear(&new);
	return rc;
}

static int describe(struct rotation *job, struct rmt_err *err)
{
	if (job->successor.name[0]) /* it waits for its certificate */
		snprintf(job->name, sizeof job->name, "%s", job->successor.name);
	else if (job->options->name)
		snprintf(job->name, sizeof job->name, "%s", job->options->name);
	else if (next_name(job, err))
		return -1;
	if (choose_template(job, err) || choose_subject(job, err) || rmt_key_spec_of(job->old.cert->spki, &job->key, err))
		return -1;
	choose_publish_url(job);
	job->founding.name = job->name;
	job->founding.subject = rmt_buf_view(&job->subject);
	job->founding.key = job->options->key ? job->options->key
	                    : job->key.length ? rmt_buf_string(&job->key)
	                                      : job->demand.template->key_generate;
	job->founding.validity = choose_validity(job);
	job->founding.succeeds = job->old.name;
	job->founding.check = keeps_limits;
	job->founding.check_arg = job;
	return rmt_buf_check(&job->publish, err) ? -1 : rmt_publication_check(&job->founding.publication, err);
}

/* ---- one certified by the other ------------------------------------------------------------------------------------------------------ */

/* What certifies a root beside itself needs a template that makes no root. */
static int cross_demand(const struct rotation *job, const struct rmt_authority *by, struct rmt_span subject, struct rmt_demand *out,
                        struct rmt_err *err)
{
	const char *name = job->root ? "cross-ca" : job->demand.template->name;

	if (rmt_demand_load(job->home.ctx, name, (struct remint_strings){0}, "", out, err))
		return -1;
	out->rollover = rmt_name_equal(by->cert->subject, subject);
	return 0;
}

/* Before anything is made: does the old one have room for a CA below it? */
static int cross_possible(const struct rotation *job, struct rmt_err *err)
{
	struct rmt_demand demand;
	struct rmt_recipe *recipe = NULL;
	struct rmt_issuer issuer;
	int rc = -1;

	if (!job->options->cross)
		return 0;
	if (cross_demand(job, &job->old, rmt_buf_view(&job->subject), &demand, err))
		return -1;
	issuer = rmt_authority_issuer(&job->old, demand.rollover);
	recipe = rmt_recipe_new(demand.template, &issuer, err);
	if (recipe)
		rc = 0;
	else if (!demand.rollover && err->class == RMT_POLICY)
		rmt_verb_warn(job->home.ctx, "a successor of the same name (--same-name) counts against no path length");
	rmt_recipe_free(recipe);
	rmt_demand_clear(&demand);
	return rc;
}

/* 1 there is one in force already, 0, -1. */
static int crossed(const struct rotation *job, const struct rmt_authority *by, const struct rmt_authority *other, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_cert row;
	int found;

	if (rmt_spki_hash(other->cert->spki, hash, err))
		return -1;
	found = rmt_db_cert_of_key(job->home.db, by->id, rmt_span_of(hash, sizeof hash), &row, err);
	return found == 1 ? !row.revoked && row.not_after >= rmt_verb_now(job->home.ctx) : found;
}

static struct rmt_item *cross_item(const struct rmt_authority *by, const struct rmt_authority *other, struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);

	if (!item)
		return NULL;
	item->source = "";
	item->proved = true; /* its own key signed what is in this home */
	item->subject_verbatim = true;
	item->not_after = other->cert->not_after < by->cert->not_after ? other->cert->not_after : by->cert->not_after;
	rmt_buf_span(&item->subject, other->cert->subject);
	rmt_buf_span(&item->spki, other->cert->spki);
	if (rmt_buf_check(&item->subject, err) == 0 && rmt_buf_check(&item->spki, err) == 0)
		return item;
	rmt_item_free(item);
	return NULL;
}

static int cross_one(struct rotation *job, struct rmt_authority *by, const struct rmt_authority *other, struct rmt_err *err)
{
	struct rmt_demand demand;
	struct rmt_buf der = {0};
	struct rmt_item *item;
	int rc;

	if (cross_demand(job, by, other->cert->subject, &demand, err))
		return -1;
	rc = rmt_issuance_resume(&job->home, by, err);
	if (rc == 0)
		rc = crossed(job, by, other, err);
	if (rc == 0) {
		item = cross_item(by, other, err);
		rc = item ? rmt_authority_issue(&job->home, by, &demand, item, &der, err) : -1;
	}
	rmt_buf_free(&der);
	rmt_demand_clear(&demand);
	return rc < 0 ? -1 : 0;
}

/* The new one by the old, and the old one by the new (RFC 4210, 4.4). */
static int cross(struct rotation *job, struct rmt_err *err)
{
	struct rmt_authority old = {0}, new = {0};
	int rc = -1;

	if (rmt_authority_load(&job->home, job->old.name, true, &old, err) == 0 &&
	    rmt_authority_load(&job->home, job->name, true, &new, err) == 0 && cross_one(job, &old, &new, err) == 0)
		rc = cross_one(job, &new, &old, err);
	rmt_authority_clear(&old);
	rmt_authority_clear(&new);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------------ */

static int hand_request(struct rotation *job, remint_file_fn *file, void *arg, struct rmt_err *err)
{
	struct rmt_buf der = {0};
	struct rmt_key *key;
	int64_t id;
	int rc = -1;

	if (!job->options->may_request)
		return rmt_err_set(err, RMT_USAGE, NULL,
		                   "the issuer of \"%s\" is retired, or its key is not in this home: name a file for the request to it with --out", job->old.name);
	key = rmt_authority_pending(&job->home, &job->founding, &id, err);
	if (key)
		rc = rmt_request_build(key, job->demand.template->digest, rmt_buf_view(&job->subject), (struct rmt_span){0}, &der, err);
	if (rc == 0)
		rc = rmt_pem_hand(file, arg, "request.pem", "CERTIFICATE REQUEST", rmt_buf_view(&der), err);
	rmt_buf_free(&der);
	rmt_key_free(key);
	return rc;
}

static int hand_chain(struct rotation *job, remint_file_fn *file, void *arg, struct rmt_err *err)
{
	struct rmt_authority new = {0};
	int rc = rmt_authority_load(&job->home, job->name, false, &new, err);

	if (rc == 0)
		rc = rmt_pem_hand(file, arg, "ca.pem", "CERTIFICATE", new.cert->der, err);
	for (size_t i = 0; rc == 0 && i < new.chain_count; i++)
		rc = rmt_pem_hand(file, arg, "issuer.pem", "CERTIFICATE", new.chain[i]->der, err);
	rmt_authority_clear(&new);
	return rc;
}

/* The successor is there, and has its certificate. */
static bool is_done(const struct rotation *job)
{
	return job->successor.name[0] && job->successor.state != RMT_AUTHORITY_PENDING;
}

static int open_rotation(struct rotation *job, struct remint *ctx, struct rmt_err *err)
{
	const struct remint_ca_rotate_options *options = job->options;

	if (options->subject && options->same_name)
		return rmt_err_set(err, RMT_USAGE, NULL, "--same-name and --subject contradict each other");
	if ((options->publish_url && rmt_publish_url_check(options->publish_url, err)) ||
	    (options->name && rmt_authority_name_check(options->name, err)) || rmt_home_open(ctx, RMT_DB_WRITE, &job->home, err) ||
	    rmt_authority_load_status(&job->home, options->authority, false, &job->old, err) ||
	    rmt_authority_successor(&job->home, job->old.name, &job->successor, err) < 0)
		return -1;
	job->root = rmt_cert_self_issued(job->old.cert);
	return is_done(job) ? 0 : load_parent(job, err);
}

static int rotate(struct rotation *job, remint_file_fn *file, void *arg, struct rmt_err *err)
{
	bool done = is_done(job);

	if (done && !job->options->cross)
		return rmt_err_set(err, RMT_POLICY, NULL, "\"%s\" has a successor already: \"%s\" is the one to rotate", job->old.name,
		                   job->successor.name);
	if ((done ? describe_done(job, err) : describe(job, err)) || cross_possible(job, err))
		return -1;
	if (!done && !job->parent_here)
		return hand_request(job, file, arg, err);
	if (!done && rmt_authority_establish(&job->home, job->root ? NULL : &job->parent, &job->demand, &job->founding, err))
		return -1;
	if ((!done && rmt_preflight_warn(&job->home, job->name, err)) || (job->options->cross && cross(job, err)))
		return -1;
	return hand_chain(job, file, arg, err);
}

int remint_ca_rotate(struct remint *ctx, const struct remint_ca_rotate_options *options, remint_file_fn *file,
                     remint_authority_fn *authority, void *arg)
{
	struct rotation job = {.options = options};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (open_rotation(&job, ctx, &ctx->err) == 0)
		rc = rotate(&job, file, arg, &ctx->err);
	rotation_clear(&job);
	if (rc == 0 && authority)
		rc = rmt_authorities_report(ctx, authority, arg, &ctx->err);
	return rmt_verb_end(ctx, rc);
}

/* ---- one more --------------------------------------------------------------------------------------------------------------------------- */

static int add(struct rmt_home *home, const struct remint_ca_add_options *options, struct rmt_err *err)
{
	struct rmt_founding founding = {.name = options->name, .validity = options->validity,
	                                .publication = {options->publish_url, options->crl_shards, options->crl_deltas, options->ocsp_url}};
	struct rmt_authority parent = {0};
	struct rmt_demand demand = {0};
	struct rmt_buf subject = {0};
	int rc = -1;

	if (rmt_demand_load(home->ctx, options->template_name ? options->template_name : "issuing-ca", (struct remint_strings){0}, "", &demand,
	                    err) ||
	    rmt_name_parse(options->subject, &subject, err) ||
	    rmt_authority_load_parent(home, options->parent, "root", &parent, err))
		goto out;
	founding.subject = rmt_buf_view(&subject);
	founding.key = options->key ? options->key : demand.template->key_generate;
	rc = rmt_authority_establish(home, &parent, &demand, &founding, err);
	if (rc == 0)
		rc = rmt_preflight_warn(home, options->name, err);
out:
	rmt_buf_free(&subject);
	rmt_demand_clear(&demand);
	rmt_authority_clear(&parent);
	return rc;
}

int remint_ca_add(struct remint *ctx, const struct remint_ca_add_options *options, remint_authority_fn *authority, void *arg)
{
	const struct rmt_publication publication = {options->publish_url, options->crl_shards, options->crl_deltas, options->ocsp_url};
	struct rmt_err *err = &ctx->err;
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!options->name || !options->subject) {
		rmt_err_set(err, RMT_USAGE, NULL, "a CA needs a name here and a subject: give --subject \"CN=..., O=...\"");
		goto out;
	}
	if (rmt_authority_name_check(options->name, err) || rmt_publication_check(&publication, err) || rmt_home_open(ctx, RMT_DB_WRITE, &home, err))
		goto out;
	rc = add(&home, options, err);
	if (rc == 0 && options->issues)
		rc = rmt_authority_choose(&home, options->name, err);
out:
	rmt_home_close(&home);
	if (rc == 0 && authority)
		rc = rmt_authorities_report(ctx, authority, arg, err);
	return rmt_verb_end(ctx, rc);
}
