/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.c - remint_convert(): the same objects in another container, or in the files that a target wants.
 *
 * What is converted is found by convert_inputs.c; many files of one format are made by convert_split.c. Nothing is signed:
 * a change of content is a reissue.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { PARTS_MAX = 4 };

/* ---- one container -------------------------------------------------------------------------------------------------------------- */

static char leaf[] = "leaf", intermediates[] = "intermediates", root[] = "root", key[] = "key", objects[] = "objects";

/* What the caller lists himself. */
static void stated(const struct remint_convert_options *options, struct rmt_text_list *list)
{
	char *const words[] = {leaf, intermediates, root, key};

	for (size_t i = 0; i < options->content.count && list->count < PARTS_MAX; i++)
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (strcmp(words[k], options->content.items[i]) == 0)
				list->items[list->count++] = words[k];
}

/* A certificate of no CA is trusted by itself only when it is asked for. */
static bool trusts_nobody(const struct rmt_converting *job, const struct rmt_format *format)
{
	const struct rmt_bundle *bundle = &job->bundle;

	return format->trusts && !job->options->content.count && bundle->leaf && !bundle->intermediate_count && !bundle->root &&
	       !rmt_cert_is_ca(bundle->leaf);
}

/* What each container holds by default; the options take parts away or add the root. */
static void contents(const struct rmt_converting *job, const struct rmt_format *format, struct rmt_text_list *list)
{
	const struct remint_convert_options *options = job->options;
	const struct rmt_bundle *bundle = &job->bundle;

	if (options->content.count) {
		stated(options, list);
		return;
	}
	if (job->bundle.object_count || !job->bundle.leaf || rmt_format_key_alone(format)) {
		list->items[list->count++] = job->bundle.object_count ? objects : key;
		return;
	}
	if (!format->trusts || rmt_cert_is_ca(bundle->leaf))
		list->items[list->count++] = leaf;
	if (!format->holds_many)
		return;
	list->items[list->count++] = intermediates;
	if (options->with_root || (bundle->root && strstr(format->usual, root)))
		list->items[list->count++] = root;
	if (format->holds_key && job->bundle.key)
		list->items[list->count++] = key;
}

static struct rmt_write_options how_of(const struct remint_convert_options *options)
{
	return (struct rmt_write_options){
	    .format = options->to,
	    .profile = options->profile,
	    .cipher = options->cipher,
	    .kdf = options->kdf,
	    .root_first = options->order && strcmp(options->order, "root-first") == 0,
	    .separator = options->separator,
	    .charset = options->charset,
	    .width = options->width,
	    .crlf = options->crlf,
	    .no_final_newline = options->no_final_newline,
	    .friendly_name = options->friendly_name,
	};
}

/* What stands in a file that only says what is there is less than what is there. */
static int warn_unsaid(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err)
{
	struct rmt_buf unsaid = {0};
	int rc = rmt_inf_unsaid(&job->bundle, &unsaid, err);

	if (rc == 0 && unsaid.length)
		rmt_verb_warn(job->ctx, "the %s does not say: %s", format->name, rmt_buf_string(&unsaid));
	rmt_buf_free(&unsaid);
	return rc;
}

/* Whoever gives a key wants it written; a container that has no place for it must not swallow it. */
static void warn_left_out(struct rmt_converting *job, const struct rmt_format *format)
{
	const struct remint_convert_options *options = job->options;

	if (job->warned || !job->bundle.leaf || !job->bundle.key || !options->keys.count || options->content.count)
		return;
	rmt_verb_warn(job->ctx, "%s holds no private key beside a certificate: the one that was given is left out", format->name);
	job->warned = true;
}

int rmt_converting_write(struct rmt_converting *job, const struct rmt_format *format, struct rmt_buf *out, bool *secret, struct rmt_err *err)
{
	const struct remint_convert_options *options = job->options;
	struct rmt_write_options how = how_of(options);
	char *items[PARTS_MAX];

	how.content.items = items;
	contents(job, format, &how.content);
	if (options->with_root && format->holds_many && job->bundle.leaf && !job->bundle.root)
		return rmt_err_set(err, RMT_INPUT, NULL, "the root is asked for but is not among the inputs: add it with --chain");
	if (trusts_nobody(job, format))
		return rmt_err_set(err, RMT_INPUT, NULL, "a trust store lists CAs, and no certificate of a CA is at hand for this one: add it with "
		                   "--chain, or give --content leaf to have the certificate itself trusted");
	if (rmt_format_key_alone(format) && !job->bundle.key)
		return rmt_err_set(err, RMT_INPUT, NULL, "no private key of this certificate among the inputs: give --key FILE");
	*secret = rmt_text_list_has(&how.content, "key");
	if (format->keystore || (*secret && (format->seals_key || options->out.encrypt_key || how.cipher || how.kdf))) {
		how.passphrase = rmt_verb_out_secret(job->ctx, options->file ? rmt_path_leaf(options->file) : format->name, err);
		if (!how.passphrase)
			return -1;
	}
	if (*secret)
		rmt_buf_secret(out);
	else
		warn_left_out(job, format);
	if (rmt_write_mem(&job->bundle, &how, out, err))
		return -1;
	return format->says ? warn_unsaid(job, format, err) : 0;
}

static void warn_weak(struct rmt_converting *job, const struct rmt_format *format)
{
	if (job->options->cipher && rmt_format_key_alone(format) && strncmp(format->name, "pkcs8", 5) != 0)
		rmt_verb_warn(job->ctx, "the passphrase of a %s file is hashed but once, by MD5: whoever gets the file tries millions of passphrases a "
		              "second. pkcs8 is protected well", format->name);
}

static int convert_one(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err)
{
	const struct remint_convert_options *options = job->options;
	struct rmt_buf out = {0};
	bool secret;
	int rc = -1;

	if (rmt_converting_write(job, format, &out, &secret, err))
		goto out;
	warn_weak(job, format);
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

static bool wants_key(const struct rmt_target *target)
{
	for (size_t i = 0; i < target->file_count; i++)
		if (rmt_deploy_wants_key(&target->files[i]))
			return true;
	return false;
}

/* Without its key a certificate goes out only when nobody expects it here: --no-key says so, or the record of a device's request. */
static int check_keyless(struct rmt_converting *job, const struct rmt_target *target, struct rmt_err *err)
{
	struct rmt_bundle *bundle = &job->bundle;
	int64_t pending;

	if (!wants_key(target) || bundle->key)
		return 0;
	if (!bundle->without_key && bundle->leaf && rmt_pending_keeps_key(job->ctx, bundle->leaf, &pending)) {
		bundle->without_key = true;
		rmt_verb_warn(job->ctx, "the certificate answers request %lld: its key is in the device that made it", (long long)pending);
	}
	if (!bundle->without_key)
		return rmt_err_set(err, RMT_SECRET, NULL, "files for %s hold the private key, and it is not at hand: --key FILE adds it, --no-key says "
		                   "that it stays where its request was made", target->name);
	return rmt_target_warn_keyless(job->ctx, bundle, target, err);
}

static int target_files(struct rmt_converting *job, const char *name, struct rmt_fileset *files, struct rmt_err *err)
{
	struct rmt_target *target = rmt_target_load(job->ctx->policies, name, err);
	const struct rmt_secret *secret = NULL;
	int rc = -1;

	if (!target)
		return -1;
	if (!target->file_count) {
		rmt_err_set(err, RMT_USAGE, NULL, "the target %s names no files to write", target->name);
		goto out;
	}
	if (check_keyless(job, target, err))
		goto out;
	if (rmt_target_wants_passphrase(target, job->bundle.key != NULL) && !(secret = rmt_target_secret(job->ctx, target, err)))
		goto out;
	if (job->options->out.encrypt_key && job->bundle.key)
		rmt_target_warn_open(job->ctx, target);
	rc = rmt_write_target(&job->bundle, target, secret, files, err);
out:
	rmt_target_free(target);
	return rc;
}

/* One target: into the directory itself, or of several into a directory of its own. */
static int convert_target(struct rmt_converting *job, const char *name, bool apart, struct rmt_err *err)
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

static int convert_targets(struct rmt_converting *job, struct rmt_err *err)
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
static int read_inputs(struct rmt_converting *job, struct rmt_err *err)
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
	struct rmt_converting job = {.ctx = ctx, .options = options, .file = file, .arg = arg};
	const struct rmt_format *format = NULL;
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!options->to == !options->targets.count) {
		rmt_err_set(err, RMT_USAGE, NULL, "say what to make: either --to FORMAT or --for TARGET");
		goto out;
	}
	if ((options->to && !(format = rmt_format_find(options->to, err))) || read_inputs(&job, err) ||
	    rmt_pile_for(ctx, &job.pile, options->keys, RMT_OBJECT_PRIVATE_KEY, err) ||
	    rmt_pile_for(ctx, &job.chain, options->chain, RMT_OBJECT_CERTIFICATE, err))
		goto out;
	if (rmt_converting_fill(&job, format, err) == 0)
		rc = !format ? convert_targets(&job, err) : options->split ? rmt_converting_split(&job, format, err) : convert_one(&job, format, err);
out:
	rmt_converting_clear(&job);
	return rmt_verb_end(ctx, rc);
}
