/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.c - remint_convert(): the same objects in another container, or in the files that a target wants.
 *
 * The leaf, its key and its chain are found in a pile of any order; where no one leaf is meant, a container takes all
 * certificates of the pile. Nothing is signed: a change of content is a reissue.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct converting {
	struct remint *ctx;
	const struct remint_convert_options *options;
	struct rmt_pile pile;
	struct rmt_chain_store *store;
	struct rmt_company company;
	struct rmt_path path;
	const struct rmt_cert **all; /* when no one leaf is meant; NULL otherwise */
	struct rmt_bundle bundle;
	remint_file_fn *file;
	void *arg;
};

/* ---- what goes in ----------------------------------------------------------------------------------------------------------- */

enum { CHAIN_MAX = 64 }; /* more certificates of CAs are a pile and no chain */

/* In a chain without a leaf (a root with its issuing CA) the certificate that issued none of the others is meant. */
static bool lowest(const struct rmt_pile *pile, const struct rmt_leaves *leaves, size_t *chosen)
{
	size_t found = 0;

	for (size_t n = 0; n < leaves->count; n++) {
		const struct rmt_cert *cert = pile->objects[leaves->at[n]]->cert;
		bool issues = false;

		if (leaves->count > CHAIN_MAX || !rmt_cert_is_ca(cert))
			return false;
		for (size_t i = 0; i < pile->count; i++) {
			const struct rmt_cert *other = pile->objects[i]->cert;

			issues |= other && !rmt_span_equal(other->der, cert->der) && rmt_cert_issued_by(other, cert);
		}
		if (!issues) {
			found++;
			*chosen = n;
		}
	}
	return found == 1;
}

/* The leaf of that name or serial number. */
static int select_leaf(const struct converting *job, const struct rmt_leaves *leaves, size_t *chosen, struct rmt_err *err)
{
	const char *select = job->options->select;
	size_t selected = 0;

	for (size_t n = 0; n < leaves->count; n++) {
		if (!rmt_cert_matches(job->pile.objects[leaves->at[n]]->cert, select))
			continue;
		selected++;
		*chosen = n;
	}
	if (selected == 1)
		return 1;
	return rmt_err_set(err, RMT_USAGE, NULL, selected ? "several certificates match \"%s\": select by serial number"
	                                                  : "no certificate among the inputs matches \"%s\"",
	                   select);
}

/* May everything go in when no one certificate is meant? A bag of certificates is as good a content as a chain; but of
 * several private keys one must be chosen. */
static bool takes_all(const struct converting *job)
{
	const struct rmt_format *format = job->options->to ? rmt_format_named(job->options->to) : NULL;
	bool keys = false;

	for (size_t i = 0; i < job->pile.count; i++)
		keys |= job->pile.objects[i]->type == RMT_OBJECT_PRIVATE_KEY;
	return format && format->holds_many && !job->options->no_chain && (!keys || !format->holds_key || job->options->no_key);
}

/* The leaf meant: the selected one, else the only one, else the only one whose key is at hand. 1, or 0 when none is
 * meant before the others and all can be written. */
static int choose_leaf(struct converting *job, const struct rmt_leaves *leaves, size_t *chosen, struct rmt_err *err)
{
	size_t keyed;

	if (!leaves->count) {
		rmt_err_set(err, RMT_INPUT, NULL, "%s", job->options->inputs.count == 1 ? "holds no certificate" : "no certificate among the inputs");
		rmt_err_source(err, job->options->inputs.count == 1 ? job->options->inputs.items[0] : "");
		return -1;
	}
	*chosen = 0;
	if (job->options->select)
		return select_leaf(job, leaves, chosen, err);
	keyed = leaves->count > 1 ? rmt_leaves_keyed(&job->pile, leaves, chosen) : 1;
	if (keyed == 1 || lowest(&job->pile, leaves, chosen))
		return 1;
	if (takes_all(job))
		return 0;
	return rmt_err_set(err, RMT_USAGE, NULL,
	                   "%zu certificates could be meant: choose one with --select NAME or --select SERIAL", leaves->count);
}

/* Every certificate of the pile once, in the order in which they came. */
static int take_all(struct converting *job, struct rmt_err *err)
{
	size_t count = 0;

	job->all = calloc(job->pile.count, sizeof *job->all);
	if (!job->all)
		return rmt_err_memory(err);
	for (size_t i = 0; i < job->pile.count; i++)
		if (job->pile.objects[i]->cert && !job->pile.objects[i]->again)
			job->all[count++] = job->pile.objects[i]->cert;
	job->bundle.intermediates = job->all;
	job->bundle.intermediate_count = count;
	rmt_verb_warn(job->ctx, "%zu certificates are at hand and no one is meant before the others: all are written", count);
	return 0;
}

static int take_chain(struct converting *job, struct rmt_err *err)
{
	const struct remint_convert_options *options = job->options;
	const struct rmt_object *key = job->company.key;

	job->store = rmt_chain_store_new(err);
	if (!job->store)
		return -1;
	for (size_t i = 0; i < job->pile.count; i++)
		if (job->pile.objects[i]->cert && rmt_chain_store_add(job->store, job->pile.objects[i]->cert, false, err))
			return -1;
	if (rmt_path_find(job->store, job->company.leaf->cert, &job->path, err))
		return -1;
	job->bundle.leaf = job->company.leaf->cert;
	if (key && key->locked && !options->no_key)
		return rmt_err_set(err, RMT_SECRET, NULL, "the private key in %s is locked: give its passphrase with --password-file",
		                   key->source);
	if (!options->no_key)
		job->bundle.key = key ? key->key : NULL;
	if (options->no_chain)
		return 0;
	job->bundle.intermediates = (const struct rmt_cert *const *)job->path.intermediates;
	job->bundle.intermediate_count = job->path.count;
	job->bundle.root = job->path.root;
	return 0;
}

static int fill_bundle(struct converting *job, struct rmt_err *err)
{
	struct rmt_leaves leaves;
	size_t chosen;
	int rc;

	if (rmt_leaves_find(&job->pile, &leaves, err))
		return -1;
	rc = choose_leaf(job, &leaves, &chosen, err);
	if (rc == 1)
		rc = rmt_company_at(&job->pile, leaves.at[chosen], &job->company, err) ? -1 : take_chain(job, err);
	else if (rc == 0)
		rc = take_all(job, err);
	rmt_leaves_clear(&leaves);
	return rc;
}

static bool named_as_key(const struct converting *job, const char *source)
{
	for (size_t i = 0; i < job->options->keys.count; i++)
		if (strcmp(job->options->keys.items[i], source) == 0)
			return true;
	return false;
}

/* A key named for this certificate that is locked, or belongs to another one, deserves a word. */
static int check_keys(struct converting *job, struct rmt_err *err)
{
	for (size_t i = 0; i < job->pile.count; i++) {
		const struct rmt_object *object = job->pile.objects[i];

		if (object->locked && !job->company.key && named_as_key(job, object->source))
			return rmt_err_set(err, RMT_SECRET, NULL,
			                   "the private key in %s is locked: give its passphrase with --password-file",
			                   object->source);
		if (!object->key || object == job->company.key)
			continue;
		if (job->options->keys.count && !job->company.key) {
			rmt_err_set(err, RMT_SECRET, NULL, "this private key belongs to another certificate than the one converted");
			rmt_err_source(err, object->source);
			return -1;
		}
	}
	return 0;
}

/* ---- one container -------------------------------------------------------------------------------------------------------------- */

/* A format for the private key alone. */
static bool key_alone(const struct rmt_format *format)
{
	return strncmp(format->name, "key", 3) == 0;
}

/* What each container holds by default; the options take parts away or add the root. */
static void contents(const struct converting *job, const struct rmt_format *format, struct rmt_text_list *list,
                     char *items[4])
{
	static char leaf[] = "leaf", intermediates[] = "intermediates", root[] = "root", key[] = "key";

	list->items = items;
	list->count = 0;
	if (key_alone(format)) {
		items[list->count++] = key;
		return;
	}
	if (!job->all)
		items[list->count++] = leaf;
	if (!format->holds_many)
		return;
	items[list->count++] = intermediates;
	if (job->options->with_root && !job->all)
		items[list->count++] = root;
	if (format->holds_key && job->bundle.key)
		items[list->count++] = key;
}

static int convert_one(struct converting *job, struct rmt_err *err)
{
	const struct remint_convert_options *options = job->options;
	const struct rmt_format *format = rmt_format_named(options->to);
	struct rmt_write_options how = {.format = options->to,
	                                .profile = options->profile,
	                                .width = options->width,
	                                .crlf = options->crlf,
	                                .friendly_name = options->friendly_name};
	char *items[4];
	struct rmt_buf out = {0};
	bool secret;
	int rc = -1;

	if (!format)
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is not a format that Remint writes: pem, der, p7b, p7b-pem, pfx, jks, key or key-traditional",
		                   options->to);
	contents(job, format, &how.content, items);
	if (options->with_root && format->holds_many && !job->bundle.root && !job->all)
		return rmt_err_set(err, RMT_INPUT, NULL, "the root is asked for but is not among the inputs: add it with --chain");
	if (key_alone(format) && !job->bundle.key)
		return rmt_err_set(err, RMT_INPUT, NULL, "no private key of this certificate among the inputs: give --key FILE");
	secret = job->bundle.key && (key_alone(format) || (format->holds_key && format->holds_many));
	if (rmt_format_protected(format) || (secret && options->out.encrypt_key)) {
		how.passphrase = rmt_verb_out_secret(job->ctx, format->title, err);
		if (!how.passphrase)
			return -1;
	}
	if (secret)
		rmt_buf_secret(&out);
	if (rmt_write_mem(&job->bundle, &how, &out, err))
		goto out;
	if (options->file)
		rc = rmt_file_write(options->file, rmt_buf_view(&out), secret ? 0600 : 0644, options->out.force, err);
	else
		rc = 0;
	if (rc == 0 && job->file)
		rc = job->file(job->arg, options->file ? options->file : "", options->file ? NULL : out.bytes,
		               options->file ? 0 : out.length, secret);
out:
	rmt_buf_free(&out);
	return rc;
}

/* ---- the files of targets ----------------------------------------------------------------------------------------------------------- */

static int target_files(struct converting *job, const char *name, struct rmt_fileset *files, struct rmt_err *err)
{
	struct rmt_target *target = rmt_target_load(job->ctx->policies, name, err);
	const struct rmt_secret *secret = NULL;
	char what[128];
	int rc = -1;

	if (!target)
		return -1;
	if (!target->file_count) {
		rmt_err_set(err, RMT_USAGE, NULL, "the target %s names no files to write", target->name);
		goto out;
	}
	snprintf(what, sizeof what, "the PFX for %s", target->name);
	for (size_t i = 0; i < target->file_count && !secret; i++) {
		const struct rmt_format *format = rmt_format_named(target->files[i].format);

		if (format && format->binary && format->takes_passphrase && job->bundle.key &&
		    !(secret = rmt_verb_out_secret(job->ctx, what, err)))
			goto out;
	}
	rc = rmt_write_target(&job->bundle, target, secret, files, err);
out:
	rmt_target_free(target);
	return rc;
}

/* One target: into the directory itself, or of several into a directory of its own. */
static int convert_target(struct converting *job, const char *name, bool apart, struct rmt_err *err)
{
	const struct remint_convert_options *options = job->options;
	char *directory = apart ? rmt_path_join(options->out.directory, rmt_path_leaf(name), err)
	                        : rmt_strdup(options->out.directory, err);
	struct rmt_fileset files = {0};
	int rc = directory ? target_files(job, name, &files, err) : -1;

	if (rc == 0 && apart)
		rc = rmt_directory_create(options->out.directory, err);
	if (rc == 0)
		rc = rmt_files_write(directory, files.files, files.count, options->out.force, err);
	for (size_t i = 0; rc == 0 && job->file && i < files.count; i++) {
		struct rmt_buf shown = {0};

		rmt_buf_format(&shown, "%s%s%s", apart ? rmt_path_leaf(name) : "", apart ? "/" : "", files.files[i].name);
		rc = rmt_buf_check(&shown, err);
		if (rc == 0)
			rc = job->file(job->arg, rmt_buf_string(&shown), NULL, 0, files.files[i].mode == 0600);
		rmt_buf_free(&shown);
	}
	rmt_fileset_free(&files);
	free(directory);
	return rc;
}

static int convert_targets(struct converting *job, struct rmt_err *err)
{
	struct rmt_arena arena = {0};
	struct remint_strings names;
	int rc;

	if (!job->options->out.directory)
		return rmt_err_set(err, RMT_USAGE, NULL, "a target may want several files: name a directory with --out DIR");
	rc = rmt_targets_expand(job->ctx, job->options->targets, RMT_TARGETS_ISSUE, &arena, &names, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = convert_target(job, names.items[i], names.count > 1, err);
	rmt_arena_free(&arena);
	return rc;
}

/* Files, and "serial:HEX" for a certificate of the database with its chain and key. */
static int read_inputs(struct converting *job, struct rmt_err *err)
{
	struct rmt_home home = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < job->options->inputs.count; i++) {
		const char *input = job->options->inputs.items[i];

		if (strncmp(input, "serial:", 7) != 0) {
			rc = rmt_pile_need(job->ctx, &job->pile, (struct remint_strings){&input, 1}, job->options->no_key, err);
			continue;
		}
		if (!home.db)
			rc = rmt_home_open(job->ctx, RMT_DB_READ, &home, err);
		if (rc == 0)
			rc = rmt_pile_add_serial(&home, &job->pile, input + 7, true, err);
	}
	rmt_home_close(&home);
	return rc;
}

int remint_convert(struct remint *ctx, const struct remint_convert_options *options, remint_file_fn *file, void *arg)
{
	struct converting job = {.ctx = ctx, .options = options, .file = file, .arg = arg};
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!options->to == !options->targets.count) {
		rmt_err_set(err, RMT_USAGE, NULL, "say what to make: either --to FORMAT or --for TARGET");
		goto out;
	}
	if (read_inputs(&job, err) ||
	    rmt_pile_need(ctx, &job.pile, options->keys, false, err) ||
	    rmt_pile_need(ctx, &job.pile, options->chain, true, err))
		goto out;
	if (fill_bundle(&job, err) == 0 && check_keys(&job, err) == 0)
		rc = options->to ? convert_one(&job, err) : convert_targets(&job, err);
out:
	free(job.all);
	rmt_company_clear(&job.company);
	rmt_path_clear(&job.path);
	rmt_chain_store_free(job.store);
	rmt_pile_free(&job.pile);
	return rmt_verb_end(ctx, rc);
}
