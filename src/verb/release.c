/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.c - the last step of the road: judge the finished certificate again, write the files that its device wants,
 * hand it to the caller. What comes here is recorded already.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* The chain above a leaf of this authority: intermediates nearest first, root apart. */
struct above {
	const struct rmt_cert *intermediates[RMT_PATH_DEPTH_MAX + 1];
	size_t count;
	const struct rmt_cert *root;
};

static void above_of(const struct rmt_authority *authority, struct above *out)
{
	*out = (struct above){0};
	if (rmt_cert_self_issued(authority->cert))
		out->root = authority->cert;
	else
		out->intermediates[out->count++] = authority->cert;
	for (size_t i = 0; i < authority->chain_count; i++) {
		if (rmt_cert_self_issued(authority->chain[i]))
			out->root = authority->chain[i];
		else
			out->intermediates[out->count++] = authority->chain[i];
	}
}

/* ---- files --------------------------------------------------------------------------------------------------------------- */

static bool wants_passphrase(const struct rmt_target *target)
{
	for (size_t i = 0; i < target->file_count; i++) {
		const struct rmt_format *format = rmt_format_named(target->files[i].format);

		if (format && format->takes_passphrase && format->binary && format->holds_key)
			return true;
	}
	return false;
}

static const struct rmt_secret *pfx_secret(struct rmt_release *release, const struct rmt_target *target,
                                           struct rmt_err *err)
{
	char what[128];

	snprintf(what, sizeof what, "the PFX for %s", target->name);
	return rmt_verb_out_secret(release->ctx, what, err);
}

static int write_targets(struct rmt_release *release, const struct rmt_bundle *bundle, struct rmt_fileset *files,
                         struct rmt_err *err)
{
	for (size_t i = 0; i < release->demand->target_count; i++) {
		const struct rmt_target *target = release->demand->targets[i];
		const struct rmt_secret *secret = NULL;

		if (bundle->key && wants_passphrase(target) && !(secret = pfx_secret(release, target, err)))
			return -1;
		if (rmt_write_target(bundle, target, secret, files, err))
			return -1;
	}
	return 0;
}

/* cert.pem chain.pem fullchain.pem key.pem, and the targets' own files beside them. */
static int bundle_files(struct rmt_release *release, const struct rmt_item *item, struct rmt_fileset *files,
                        struct rmt_err *err)
{
	const struct rmt_secret *secret = NULL;
	struct above above;
	struct rmt_bundle bundle = {.leaf = &item->cert, .key = item->key};

	above_of(release->authority, &above);
	bundle.intermediates = above.intermediates;
	bundle.intermediate_count = above.count;
	bundle.root = above.root;
	if (item->key && release->out.encrypt_key && !(secret = rmt_verb_out_secret(release->ctx, "key.pem", err)))
		return -1;
	if (write_targets(release, &bundle, files, err))
		return -1;
	return rmt_write_standard(&bundle, secret, files, err);
}

void rmt_release_file(const struct rmt_item *item, char name[96])
{
	const char *leaf = item->source && strcmp(item->source, "-") != 0 ? rmt_path_leaf(item->source) : "certificate";
	const char *dot = strrchr(leaf, '.');
	struct rmt_buf stem = {0};
	char label[65];

	rmt_buf_append(&stem, leaf, dot && dot > leaf ? (size_t)(dot - leaf) : strlen(leaf));
	rmt_file_label(rmt_buf_string(&stem), label);
	rmt_buf_free(&stem);
	if (item->index > 1)
		snprintf(name, 96, "%s-%zu.pem", label, item->index);
	else
		snprintf(name, 96, "%s.pem", label);
}

static int single_file(const struct rmt_item *item, const char *pem, struct rmt_fileset *files, struct rmt_err *err)
{
	struct rmt_buf content = {0};
	char name[96];

	rmt_release_file(item, name);
	rmt_buf_text(&content, pem);
	return rmt_fileset_add(files, name, 0644, &content, err);
}

static struct remint_strings file_names(struct rmt_arena *arena, const struct rmt_fileset *files)
{
	const char **names = rmt_arena_take(arena, (files->count + 1) * sizeof *names);

	for (size_t i = 0; names && i < files->count; i++)
		names[i] = rmt_arena_text(arena, files->files[i].name);
	return (struct remint_strings){names, names ? files->count : 0};
}

static int write_files(struct rmt_release *release, struct rmt_item *item, struct remint_issued *issued,
                       struct rmt_err *err)
{
	struct rmt_fileset files = {0};
	struct rmt_buf pem = {0};
	int rc;

	if (release->one_file) {
		rmt_buf_format(&pem, "%s%s", issued->pem, issued->chain_pem);
		rc = rmt_buf_check(&pem, err) ? -1 : single_file(item, rmt_buf_string(&pem), &files, err);
	} else {
		rc = bundle_files(release, item, &files, err);
	}
	if (rc == 0)
		rc = rmt_files_write(release->out.directory, files.files, files.count, release->out.force, err);
	if (rc == 0) {
		issued->directory = release->out.directory;
		issued->files = file_names(&item->arena, &files);
	}
	rmt_buf_free(&pem);
	rmt_fileset_free(&files);
	return rc;
}

/* ---- before anything is signed -------------------------------------------------------------------------------------------- */

int rmt_release_ready(struct rmt_release *release, bool with_key, struct rmt_err *err)
{
	const char *directory = release->out.directory;

	if (!directory)
		return 0;
	if (rmt_files_check(directory, NULL, 0, release->out.force, err))
		return -1;
	for (size_t i = 0; with_key && i < release->demand->target_count; i++)
		if (wants_passphrase(release->demand->targets[i]) && !pfx_secret(release, release->demand->targets[i], err))
			return -1;
	return with_key && release->out.encrypt_key && !rmt_verb_out_secret(release->ctx, "key.pem", err) ? -1 : 0;
}

static int name_files(const struct rmt_release *release, const struct rmt_item *item, struct rmt_fileset *files,
                      struct rmt_err *err)
{
	static const char *const standard[] = {"cert.pem", "chain.pem", "fullchain.pem", "key.pem"};
	struct above above;
	struct rmt_bundle bundle = {.leaf = &item->cert};

	if (release->one_file)
		return single_file(item, "", files, err);
	above_of(release->authority, &above);
	bundle.intermediate_count = above.count;
	for (size_t i = 0; i < release->demand->target_count; i++)
		if (rmt_write_target_names(&bundle, release->demand->targets[i], files, err))
			return -1;
	for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
		struct rmt_buf none = {0};

		if (!rmt_fileset_has(files, standard[i]) && rmt_fileset_add(files, standard[i], 0, &none, err))
			return -1;
	}
	return 0;
}

int rmt_release_check(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	const struct rmt_release *release = arg;
	struct rmt_fileset files = {0};
	int rc = 0;

	if (!release->out.directory)
		return 0;
	rc = name_files(release, item, &files, err);
	if (rc == 0)
		rc = rmt_files_check(release->out.directory, files.files, files.count, release->out.force, err);
	rmt_fileset_free(&files);
	return rc;
}

/* ---- the answer ---------------------------------------------------------------------------------------------------------------- */

static const char *chain_pem(struct rmt_arena *arena, const struct rmt_authority *authority)
{
	struct above above;

	above_of(authority, &above);
	for (size_t i = 0; i < above.count; i++)
		rmt_pem("CERTIFICATE", above.intermediates[i]->der, 64, false, &arena->scratch);
	return rmt_arena_scratch(arena);
}

static void describe(struct rmt_release *release, struct rmt_item *item, struct remint_issued *out)
{
	struct rmt_arena *arena = &item->arena;
	const struct rmt_cert *cert = &item->cert;
	unsigned char fingerprint[RMT_SHA256];

	*out = (struct remint_issued){.id = item->cert_id,
	                              .source = item->source ? item->source : "",
	                              .index = item->index,
	                              .serial = rmt_arena_serial(arena, cert->serial),
	                              .subject = rmt_arena_name(arena, cert->subject),
	                              .issuer = rmt_arena_name(arena, cert->issuer),
	                              .template_name = release->demand->template->name,
	                              .targets = release->demand->target_names,
	                              .not_before = cert->not_before,
	                              .not_after = cert->not_after,
	                              .supersedes = item->supersedes};
	rmt_cert_label(cert, &arena->scratch);
	out->name = rmt_arena_scratch(arena);
	if (item->previous)
		out->superseded_serial = rmt_arena_serial(arena, item->previous->serial);
	if (!item->cert_id)
		return; /* a dry run: nothing was signed */
	if (rmt_cert_fingerprint(cert, fingerprint, NULL) == 0)
		out->sha256 = rmt_arena_hex(arena, rmt_span_of(fingerprint, sizeof fingerprint));
	out->pem = rmt_arena_pem(arena, "CERTIFICATE", cert->der);
	out->chain_pem = chain_pem(arena, release->authority);
}

static void compare_report(void *arg, enum rmt_decision decision, const char *field, const char *text)
{
	enum remint_decision public = decision == RMT_DECISION_TAKEN ? REMINT_KEPT : (enum remint_decision)decision;

	rmt_item_decide(arg, public, field, text);
}

/* What is recorded is not lost with the disk that had no room for it. */
static void unwritten(struct rmt_item *item, const char *serial)
{
	struct rmt_err *err = &item->err;
	size_t length = strlen(err->message);

	snprintf(err->message + length, sizeof err->message - length,
	         "; the certificate is recorded all the same%s: see remint history %s",
	         item->key ? ", and its key is in the home" : "", serial);
}

int rmt_release_item(void *arg, struct rmt_item *item)
{
	struct rmt_release *release = arg;
	struct remint_issued issued;
	struct rmt_err *err = &release->ctx->err;

	if (item->previous) {
		item->decided_count = 0; /* the comparison says it better than the merge */
		if (rmt_compare(item->previous, &item->cert, compare_report, item, err))
			return -1;
	}
	if (release->audit_again && item->cert_id && rmt_issuance_audit(release->run, item, err))
		return -1;
	describe(release, item, &issued);
	if (item->cert_id && release->out.directory && write_files(release, item, &issued, &item->err)) {
		item->failed = true;
		unwritten(item, issued.serial);
		return 0;
	}
	issued.decided = item->decided;
	issued.decided_count = item->decided_count;
	issued.findings = item->findings;
	issued.finding_count = item->finding_count;
	for (size_t i = 0; i < item->finding_count; i++)
		release->unaccepted += item->findings[i].severity == REMINT_ERROR && !item->findings[i].accepted;
	return release->issued ? release->issued(release->arg, &issued) : 0;
}
