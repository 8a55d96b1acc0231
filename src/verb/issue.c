/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.c - remint_issue() and remint_sign(): new certificates, from a template alone or from requests.
 *
 * Both only prepare items; the road itself is issuance.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- what every issuing verb opens ---------------------------------------------------------------------------------- */

int rmt_bench_open(struct rmt_bench *bench, struct remint *ctx, const char *template_name, struct remint_strings targets,
                   const char *authority, bool dry_run, struct rmt_err *err)
{
	*bench = (struct rmt_bench){.release = {.ctx = ctx}};
	if (rmt_demand_load(ctx, template_name, targets, "server-client", &bench->demand, err) ||
	    rmt_home_open(ctx, RMT_DB_WRITE, &bench->home, err) ||
	    rmt_authority_load(&bench->home, authority, true, &bench->authority, err))
		return -1;
	if (bench->demand.template->role != RMT_ROLE_LEAF)
		return rmt_err_set(err, RMT_POLICY, NULL,
		                   "the template \"%s\" makes a CA: CA certificates are made by init and by ca sign",
		                   bench->demand.template->name);
	bench->run = rmt_issuance_new(&bench->home, &bench->authority, &bench->demand, dry_run, err);
	if (!bench->run)
		return -1;
	bench->release.run = bench->run;
	bench->release.authority = &bench->authority;
	bench->release.demand = &bench->demand;
	return 0;
}

void rmt_bench_close(struct rmt_bench *bench)
{
	rmt_issuance_free(bench->run);
	rmt_authority_clear(&bench->authority);
	rmt_home_close(&bench->home);
	rmt_demand_clear(&bench->demand);
}

int rmt_item_names(struct rmt_item *item, struct remint_strings names, struct rmt_err *err)
{
	item->names.items = calloc(names.count + 1, sizeof(char *));
	if (!item->names.items)
		return rmt_err_memory(err);
	for (size_t i = 0; i < names.count; i++) {
		item->names.items[i] = (char *)(uintptr_t)rmt_arena_text(&item->arena, names.items[i]);
		item->names.count++;
	}
	return 0;
}

/* ---- issue ------------------------------------------------------------------------------------------------------------- */

/* Without a subject the CN is the first name, or the first of its kind that can be one. */
static int subject_of(const struct remint_issue_options *options, struct rmt_buf *der, struct rmt_err *err)
{
	const char *first = options->names.count ? options->names.items[0] : NULL, *colon;
	struct rmt_name_part part = {.attribute = "CN"};

	if (options->subject)
		return rmt_name_parse(options->subject, der, err);
	if (!first)
		return rmt_err_set(err, RMT_USAGE, NULL, "a certificate needs a name: give --cn, --dns, --ip, --email, --uri or --upn");
	colon = strchr(first, ':');
	part.value = colon ? colon + 1 : first;
	if (strlen(part.value) > 64) /* ub-common-name, RFC 5280, A.1: it stands in the subjectAltName alone */
		return 0;
	return rmt_name_build(&part, 1, der, err);
}

static struct rmt_item *issue_item(const struct remint_issue_options *options, const struct rmt_demand *demand,
                                   struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);
	const char *spec = options->key ? options->key : demand->template->key_generate;

	if (!item)
		return NULL;
	item->source = "";
	item->validity = options->validity;
	item->not_after = options->not_after;
	item->store_key = true;
	if (subject_of(options, &item->subject, err) == 0 && rmt_item_names(item, options->names, err) == 0)
		item->key = rmt_key_generate(spec, err);
	if (item->key)
		return item;
	rmt_item_free(item);
	return NULL;
}

/* Run a group of one; its refusal is the verb's failure. */
int rmt_issuance_one(struct rmt_bench *bench, struct rmt_item *item, struct rmt_err *err)
{
	int rc = rmt_issuance_run(bench->run, &item, 1, rmt_release_item, &bench->release, err);

	if (rc == 0 && item->failed) {
		*err = item->err;
		return -1;
	}
	return rc;
}

int remint_issue(struct remint *ctx, const struct remint_issue_options *options, remint_issued_fn *issued, void *arg)
{
	struct rmt_err *err = &ctx->err;
	struct rmt_bench bench = {0};
	struct rmt_item *item = NULL;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_bench_open(&bench, ctx, options->template_name, options->targets, options->authority, options->dry_run, err))
		goto out;
	bench.release.out = options->out;
	bench.release.issued = issued;
	bench.release.arg = arg;
	bench.release.audit_again = options->targets.count > 0;
	if (rmt_release_ready(&bench.release, true, err) || !(item = issue_item(options, &bench.demand, err)))
		goto out;
	item->check = rmt_release_check;
	item->check_arg = &bench.release;
	rc = rmt_issuance_one(&bench, item, err);
out:
	rmt_item_free(item);
	rmt_bench_close(&bench);
	return rmt_verb_end(ctx, rc);
}

/* ---- sign --------------------------------------------------------------------------------------------------------------- */

struct signing {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	const struct remint_sign_options *options;
	struct rmt_bench bench;
	struct rmt_item *group[RMT_GROUP];
	char *sources[RMT_GROUP];
	size_t count;
	uint64_t done, seen; /* signed; requests met */
	struct rmt_names files;
};

static void group_clear(struct signing *signing)
{
	for (size_t i = 0; i < signing->count; i++) {
		rmt_item_free(signing->group[i]);
		free(signing->sources[i]);
	}
	signing->count = 0;
}

static int sign_release(void *arg, struct rmt_item *item)
{
	struct signing *signing = arg;

	rmt_verb_progress(signing->ctx, ++signing->done, 0);
	return rmt_release_item(&signing->bench.release, item);
}

static int sign_group(struct signing *signing)
{
	struct rmt_err *err = &signing->ctx->err;
	int rc = signing->count
	             ? rmt_issuance_run(signing->bench.run, signing->group, signing->count, sign_release, signing, err)
	             : 0;

	for (size_t i = 0; rc == 0 && i < signing->count; i++) {
		struct rmt_item *item = signing->group[i];

		if (!item->failed)
			continue;
		rmt_err_source(&item->err, item->source);
		rc = rmt_verb_fault(signing->ctx, &item->err);
	}
	group_clear(signing);
	return rc;
}

/* Requests of the same file name in two directories would be written over each other. */
static int give_file(struct signing *signing, struct rmt_item *item, struct rmt_err *err)
{
	char name[96];
	int rc;

	if (!signing->options->out.directory)
		return 0;
	rmt_release_file(item, name);
	rc = rmt_names_add(&signing->files, name, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	rmt_err_set(&item->err, RMT_POLICY, NULL,
	            "the certificate of another request is written to %s already: sign the two into different directories",
	            name);
	item->failed = true;
	return 0;
}

static int sign_object(void *arg, const struct rmt_object *object)
{
	struct signing *signing = arg;
	const struct remint_sign_options *options = signing->options;
	struct rmt_err *err = &signing->ctx->err;
	struct rmt_item *item;

	if (!object->request)
		return 0;
	signing->seen++;
	item = rmt_item_new(err);
	if (!item)
		return -1;
	signing->group[signing->count] = item;
	item->source = signing->sources[signing->count] = rmt_strdup(object->source, err);
	signing->count++;
	item->index = object->index;
	item->validity = options->validity;
	item->not_after = options->not_after;
	item->check = rmt_release_check;
	item->check_arg = &signing->bench.release;
	item->request = rmt_request_new(object->der, err);
	if (!item->source || !item->request || give_file(signing, item, err) || rmt_item_names(item, options->names, err) ||
	    (options->subject && rmt_name_parse(options->subject, &item->subject, err)))
		return -1;
	return signing->count == RMT_GROUP ? sign_group(signing) : 0;
}

/* An input without a request was named by mistake, also among others. */
static int sign_input(struct signing *signing, const struct rmt_reader *reader, const char *path)
{
	struct remint *ctx = signing->ctx;
	uint64_t seen = signing->seen, faults = ctx->faults;
	struct rmt_err fault = {0};
	int rc = rmt_read_path(reader, path, &fault);

	if (rc == 0 && signing->seen == seen && ctx->faults == faults) {
		rc = rmt_err_set(&fault, RMT_INPUT, NULL, "holds no certificate request");
		rmt_err_source(&fault, path);
	}
	if (rc && fault.class != RMT_NONE && ctx->err.class == RMT_NONE)
		rc = rmt_verb_fault(ctx, &fault);
	return rc;
}

int remint_sign(struct remint *ctx, const struct remint_sign_options *options, remint_issued_fn *issued, void *arg)
{
	struct rmt_reader reader = rmt_verb_reader(ctx);
	struct signing signing = {.ctx = ctx, .options = options};
	struct rmt_err *err = &ctx->err;
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_bench_open(&signing.bench, ctx, options->template_name, options->targets, options->authority,
	                    options->dry_run, err);
	signing.bench.release.out = options->out;
	signing.bench.release.issued = issued;
	signing.bench.release.arg = arg;
	signing.bench.release.one_file = true;
	if (rc == 0)
		rc = rmt_release_ready(&signing.bench.release, false, err);
	reader.object = sign_object;
	reader.arg = &signing;
	reader.skip_keys = true;
	for (size_t i = 0; rc == 0 && i < options->inputs.count; i++)
		rc = sign_input(&signing, &reader, options->inputs.items[i]);
	if (rc == 0)
		rc = sign_group(&signing);
	group_clear(&signing);
	rmt_names_free(&signing.files);
	rmt_bench_close(&signing.bench);
	return rmt_verb_end(ctx, rc);
}
