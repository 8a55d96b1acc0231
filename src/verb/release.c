/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.c - the last step of the road: judge the finished certificate again, write the files that its device wants,
 * hand it to the caller. What comes here is recorded already.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- what is written, and where ------------------------------------------------------------------------------------------ */

/* With one target its files stand beside the standard ones; of several, each has a directory of its own. */
static char *directory_of(const struct rmt_release *release, const struct rmt_target *target, struct rmt_err *err)
{
	if (!target || release->demand->target_count < 2)
		return rmt_strdup(release->out.directory, err);
	return rmt_path_join(release->out.directory, target->name, err);
}

static void bundle_of(const struct rmt_release *release, const struct rmt_item *item, struct above *above,
                      struct rmt_bundle *out)
{
	above_of(release->authority, above);
	*out = (struct rmt_bundle){.leaf = &item->cert,
	                           .key = item->key,
	                           .without_key = !item->key,
	                           .intermediates = above->intermediates,
	                           .intermediate_count = above->count,
	                           .root = above->root,
	                           .replaces = item->previous ? item->previous : item->cert_id < 0 ? &item->cert : NULL}; /* the same again */
}

/* A passphrase that the device does not take is refused before there is a certificate. */
const struct rmt_secret *rmt_target_secret(struct remint *ctx, const struct rmt_target *target, struct rmt_err *err)
{
	const struct rmt_secret *secret;
	char what[128];

	snprintf(what, sizeof what, "the files for %s", target->name);
	secret = rmt_verb_out_secret(ctx, what, err);
	return secret && rmt_passphrase_check(target, secret, err) == 0 ? secret : NULL;
}

/* A file of the target is not there, or not whole: a person must know why. */
int rmt_target_warn_keyless(struct remint *ctx, const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_err *err)
{
	struct rmt_buf what = {0};
	int rc = bundle->without_key ? rmt_deploy_left_out(bundle, target, &what, err) : 0;

	if (rc == 0 && what.length)
		rmt_verb_warn(ctx, "%s: the private key is not at hand: %s", target->name, rmt_buf_string(&what));
	rmt_buf_free(&what);
	return rc;
}

void rmt_target_warn_open(struct remint *ctx, const struct rmt_target *target)
{
	if (rmt_target_opens_key(target))
		rmt_verb_warn(ctx, "the passphrase does not protect the private key for %s: the device reads it from a file that is not encrypted "
		              "and only its owner may read", target->name);
}

/* ---- before anything is signed ------------------------------------------------------------------------------------------------- */

enum { NAMES_MAX = 64 };

struct name_list {
	char *names[NAMES_MAX];
	size_t count;
	struct rmt_err *err;
};

static int note_name(void *arg, const char *name)
{
	struct name_list *list = arg;

	if (list->count == NAMES_MAX)
		return rmt_err_set(list->err, RMT_POLICY, NULL, "more than %d files in one directory", NAMES_MAX);
	list->names[list->count] = rmt_strdup(name, list->err);
	return list->names[list->count++] ? 0 : -1;
}

/* A directory below one that is still to be made is free as a whole: the one above is looked at instead. */
static int place_check(const struct rmt_release *release, const char *directory, struct name_list *list)
{
	struct rmt_output outputs[NAMES_MAX] = {0};
	const char *base = release->parent ? release->parent : release->out.directory;
	bool inside = rmt_path_exists(base) || strcmp(base, directory) == 0;

	for (size_t i = 0; i < list->count; i++)
		outputs[i].name = list->names[i];
	if (inside && strcmp(base, directory) != 0 && !rmt_path_exists(directory) && !rmt_path_exists(release->out.directory))
		inside = false;
	return inside ? rmt_files_check(directory, outputs, list->count, release->out.force, list->err)
	              : rmt_files_check(base, NULL, 0, release->out.force, list->err);
}

static int set_check(struct rmt_release *release, const struct rmt_bundle *bundle, const struct rmt_target *target,
                     struct rmt_err *err)
{
	static const char *const standard[] = {"cert.pem", "chain.pem", "fullchain.pem", "key.pem"};
	struct name_list list = {.err = err};
	char *directory = directory_of(release, target, err);
	int rc = directory ? 0 : -1;

	if (rc == 0 && target)
		rc = rmt_write_names(bundle, target, note_name, &list, err);
	for (size_t i = 0; rc == 0 && !target && i < sizeof standard / sizeof *standard; i++)
		rc = note_name(&list, standard[i]);
	if (rc == 0 && !target && release->more)
		rc = note_name(&list, release->more_name);
	if (rc == 0)
		rc = place_check(release, directory, &list);
	for (size_t i = 0; i < list.count; i++)
		free(list.names[i]);
	free(directory);
	return rc;
}

static int names_free(struct rmt_release *release, const struct rmt_item *item, struct rmt_err *err)
{
	struct above above;
	struct rmt_bundle bundle;
	int rc;

	bundle_of(release, item, &above, &bundle);
	rc = set_check(release, &bundle, NULL, err);
	for (size_t i = 0; rc == 0 && i < release->demand->target_count; i++)
		rc = set_check(release, &bundle, release->demand->targets[i], err);
	return rc;
}

/* app.csr becomes app.pem, the n-th request of a pile app-n.pem; a name that this run has used gets a further number. */
static int choose_file(struct rmt_release *release, struct rmt_item *item, struct rmt_err *err)
{
	const char *leaf = item->source && strcmp(item->source, "-") != 0 ? rmt_path_leaf(item->source) : "certificate";
	const char *dot = strrchr(leaf, '.');
	struct rmt_output output = {.name = item->file};
	struct rmt_buf stem = {0};
	char label[65];
	int new;

	rmt_buf_append(&stem, leaf, dot && dot > leaf ? (size_t)(dot - leaf) : strlen(leaf));
	rmt_file_label(rmt_buf_string(&stem), label);
	rmt_buf_free(&stem);
	for (size_t n = item->index;; n++) {
		snprintf(item->file, sizeof item->file, n > 1 ? "%s-%zu.pem" : "%s.pem", label, n);
		new = rmt_names_add(&release->names, item->file, err);
		if (new)
			break;
	}
	if (new < 0 || (release->settle && item->cert_id)) /* handed over again: what stands there is looked at when it is written */
		return new < 0 ? -1 : 0;
	return rmt_files_check(release->out.directory, &output, 1, release->out.force, err);
}

/* ---- the bundle for targets, of a request that was signed here ------------------------------------------------------------------- */

struct answered {
	struct rmt_release release; /* of the bundle */
	const struct rmt_item *item;
	char *directory;            /* named after its one file */
};

static int device_runbook(void *arg, const struct rmt_bundle *bundle, struct rmt_buf *content, struct rmt_err *err)
{
	const struct answered *answered = arg;
	const struct rmt_demand *demand = answered->release.demand;
	const struct rmt_runbook_part part = {.bundle = bundle,
	                                      .targets = (const struct rmt_target *const *)demand->targets,
	                                      .target_count = demand->target_count,
	                                      .apart = demand->target_count > 1};
	struct rmt_buf name = {0};
	int rc = -1;

	rmt_cert_label(bundle->leaf, &name);
	if (rmt_buf_check(&name, err) == 0)
		rc = rmt_write_runbook(&(struct rmt_runbook){.device = rmt_buf_string(&name), .parts = &part, .part_count = 1}, content, err);
	rmt_buf_free(&name);
	return rc;
}

/* vip.pem has its bundle in vip/, as accept would write it: 1, 0 it has none, -1. */
static int find_answered(const struct rmt_release *release, const struct rmt_item *item, struct answered *out, struct rmt_err *err)
{
	char stem[sizeof item->file];

	*out = (struct answered){.release = *release, .item = item};
	if (!release->demand->target_count)
		return 0;
	snprintf(stem, sizeof stem, "%.*s", (int)(strlen(item->file) - strlen(".pem")), item->file);
	out->directory = rmt_path_join(release->out.directory, stem, err);
	out->release.parent = release->out.directory;
	out->release.out.directory = out->directory;
	out->release.one_file = false;
	out->release.more_name = "RUNBOOK.txt";
	out->release.more = device_runbook;
	out->release.arg = out;
	return out->directory ? 1 : -1;
}

static int ready_answered(const struct rmt_release *release, struct rmt_item *item, struct rmt_err *err)
{
	struct answered answered;
	int rc = find_answered(release, item, &answered, err);

	if (rc == 1)
		rc = release->settle && item->cert_id ? 0 : rmt_release_look(&answered.release, item, err);
	for (size_t i = 0; rc == 0 && answered.directory && i < release->demand->target_count; i++)
		if (rmt_target_wants_passphrase(release->demand->targets[i], false) && !rmt_target_secret(release->ctx, release->demand->targets[i], err))
			rc = -1;
	free(answered.directory);
	return rc;
}

int rmt_release_look(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_release *release = arg;

	return release->out.directory ? names_free(release, item, err) : 0;
}

int rmt_release_ready(void *arg, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_release *release = arg;

	if (!release->out.directory)
		return 0;
	if (release->one_file)
		return choose_file(release, item, err) ? -1 : ready_answered(release, item, err);
	if (rmt_release_look(release, item, err))
		return -1;
	for (size_t i = 0; item->key && i < release->demand->target_count; i++)
		if (rmt_target_wants_passphrase(release->demand->targets[i], item->key != NULL) && !rmt_target_secret(release->ctx, release->demand->targets[i], err))
			return -1;
	if (!item->key || !release->out.encrypt_key)
		return 0;
	for (size_t i = 0; !release->warned && i < release->demand->target_count; i++)
		rmt_target_warn_open(release->ctx, release->demand->targets[i]);
	release->warned = true;
	return rmt_verb_out_secret(release->ctx, "key.pem", err) ? 0 : -1;
}

/* ---- afterwards ------------------------------------------------------------------------------------------------------------------ */

/* Write one set and note its names, with the target's directory before them where there is one. */
static int write_set(struct rmt_release *release, const struct rmt_target *target, const struct rmt_fileset *files,
                     struct rmt_buf *names, struct rmt_err *err)
{
	bool apart = target && release->demand->target_count > 1;
	char *directory = directory_of(release, target, err);
	int rc = -1;

	if (directory)
		rc = (release->settle ? rmt_files_settle(release->ctx, directory, files->files, files->count, release->out.force, err)
		                      : rmt_files_write(directory, files->files, files->count, release->out.force, err));
	for (size_t i = 0; rc == 0 && i < files->count; i++)
		rmt_buf_format(names, "%s%s%s\n", apart ? target->name : "", apart ? "/" : "", files->files[i].name);
	free(directory);
	return rc;
}

static int add_more(const struct rmt_release *release, const struct rmt_bundle *bundle, struct rmt_fileset *files,
                    struct rmt_err *err)
{
	struct rmt_buf content = {0};

	if (release->more(release->arg, bundle, &content, err) == 0)
		return rmt_fileset_add(files, release->more_name, 0644, &content, err);
	rmt_buf_free(&content);
	return -1;
}

/* What a target still says against it was accepted when it was issued: whoever stands before the device must know. */
static void note_known(const struct rmt_release *release, struct rmt_item *item, struct rmt_bundle *bundle)
{
	struct rmt_known *known = rmt_arena_take(&item->arena, (item->finding_count + 1) * sizeof *known);

	bundle->known = known;
	for (size_t i = 0; known && release->audit_again && i < item->finding_count; i++)
		if (item->findings[i].severity == REMINT_ERROR)
			known[bundle->known_count++] =
			    (struct rmt_known){item->findings[i].target, item->findings[i].rule, item->findings[i].message};
}

static int write_bundle(struct rmt_release *release, struct rmt_item *item, struct rmt_buf *names, struct rmt_err *err)
{
	const struct rmt_secret *secret = NULL;
	struct rmt_fileset files = {0};
	struct above above;
	struct rmt_bundle bundle;
	int rc = 0;

	bundle_of(release, item, &above, &bundle);
	note_known(release, item, &bundle);
	for (size_t i = 0; rc == 0 && i < release->demand->target_count; i++) {
		const struct rmt_target *target = release->demand->targets[i];
		const struct rmt_secret *pfx = rmt_target_wants_passphrase(target, item->key != NULL) ? rmt_target_secret(release->ctx, target, err) : NULL;

		rc = rmt_target_warn_keyless(release->ctx, &bundle, target, err);
		if (rc == 0)
			rc = rmt_write_target(&bundle, target, pfx, &files, err);
		if (rc == 0 && release->demand->target_count > 1) {
			rc = write_set(release, target, &files, names, err);
			rmt_fileset_free(&files);
			files = (struct rmt_fileset){0};
		}
	}
	if (rc == 0 && item->key && release->out.encrypt_key && !(secret = rmt_verb_out_secret(release->ctx, "key.pem", err)))
		rc = -1;
	if (rc == 0)
		rc = rmt_write_standard(&bundle, secret, &files, err);
	if (rc == 0 && release->more)
		rc = add_more(release, &bundle, &files, err);
	if (rc == 0)
		rc = write_set(release, NULL, &files, names, err);
	rmt_fileset_free(&files);
	return rc;
}

static int write_one(struct rmt_release *release, struct rmt_item *item, const struct remint_issued *issued,
                     struct rmt_buf *names, struct rmt_err *err)
{
	struct rmt_fileset files = {0};
	struct rmt_buf content = {0};
	int rc;

	rmt_buf_format(&content, "%s%s", issued->pem, issued->chain_pem);
	rc = rmt_fileset_add(&files, item->file, 0644, &content, err);
	if (rc == 0)
		rc = write_set(release, NULL, &files, names, err);
	rmt_fileset_free(&files);
	return rc;
}

static struct remint_strings lines_of(struct rmt_arena *arena, const struct rmt_buf *names)
{
	size_t count = 0, n = 0;
	const char **items, *at = rmt_buf_string(names), *end;

	for (size_t i = 0; i < names->length; i++)
		count += names->bytes[i] == '\n';
	items = rmt_arena_take(arena, (count + 1) * sizeof *items);
	for (; items && n < count && (end = strchr(at, '\n')); at = end + 1)
		items[n++] = rmt_arena_bytes(arena, rmt_span_of(at, (size_t)(end - at)));
	return (struct remint_strings){items, n};
}

/* Its names come after that of the one file, with the directory before them. */
static int write_answered(const struct rmt_release *release, struct rmt_item *item, struct rmt_buf *names, struct rmt_err *err)
{
	struct rmt_buf inner = {0};
	struct answered answered;
	int rc = find_answered(release, item, &answered, err);

	if (rc == 1) {
		rc = release->demand->target_count > 1 ? rmt_directory_create(answered.directory, err) : 0;
		if (rc == 0)
			rc = write_bundle(&answered.release, item, &inner, err);
		for (const char *at = rmt_buf_string(&inner), *end; rc == 0 && (end = strchr(at, '\n')); at = end + 1)
			rmt_buf_format(names, "%s/%.*s\n", rmt_path_leaf(answered.directory), (int)(end - at), at);
	}
	rmt_buf_free(&inner);
	free(answered.directory);
	return rc;
}

static int write_files(struct rmt_release *release, struct rmt_item *item, struct remint_issued *issued,
                       struct rmt_err *err)
{
	struct rmt_buf names = {0};
	int rc = release->parent ? rmt_directory_create(release->parent, err) : 0;

	if (rc == 0 && release->demand->target_count > 1 && !release->one_file)
		rc = rmt_directory_create(release->out.directory, err);
	if (rc == 0)
		rc = release->one_file ? write_one(release, item, issued, &names, err) : write_bundle(release, item, &names, err);
	if (rc == 0 && release->one_file)
		rc = write_answered(release, item, &names, err);
	issued->directory = release->out.directory;
	issued->files = lines_of(&item->arena, &names);
	rmt_buf_free(&names);
	return rc;
}

void rmt_release_clear(struct rmt_release *release)
{
	rmt_names_free(&release->names);
	rmt_arena_free(&release->same);
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

	if (!release->issuer) {
		release->issuer = rmt_arena_name(&release->same, release->authority->cert->subject);
		release->chain_pem = chain_pem(&release->same, release->authority);
	}
	*out = (struct remint_issued){.id = item->cert_id,
	                              .source = item->source ? item->source : "",
	                              .index = item->index,
	                              .serial = rmt_arena_serial(arena, cert->serial),
	                              .subject = rmt_arena_name(arena, cert->subject),
	                              .issuer = release->issuer,
	                              .template_name = release->demand->template->name,
	                              .targets = release->demand->target_names,
	                              .not_before = cert->not_before,
	                              .not_after = cert->not_after,
	                              .supersedes = item->supersedes,
	                              .pending = item->pending};
	rmt_cert_label(cert, &arena->scratch);
	out->name = rmt_arena_scratch(arena);
	if (item->previous)
		out->superseded_serial = rmt_arena_serial(arena, item->previous->serial);
	if (!item->cert_id)
		return; /* a dry run: nothing was signed */
	if (rmt_cert_fingerprint(cert, fingerprint, NULL) == 0)
		out->sha256 = rmt_arena_hex(arena, rmt_span_of(fingerprint, sizeof fingerprint));
	out->pem = rmt_arena_pem(arena, "CERTIFICATE", cert->der);
	out->chain_pem = release->chain_pem;
}

static void compare_report(void *arg, enum rmt_decision decision, const char *field, const char *text)
{
	enum remint_decision public = decision == RMT_DECISION_TAKEN ? REMINT_KEPT : (enum remint_decision)decision;

	rmt_item_decide(arg, public, field, text);
}

/* What is recorded is not lost with the disk that had no room for it: said with the failure, since --quiet hides warnings. */
static void unwritten(struct rmt_item *item, const char *serial)
{
	struct rmt_err *err = &item->err;
	size_t length = strlen(err->message);

	if (item->cert_id < 0) /* nobody signed anything */
		return;

	snprintf(err->message + length, sizeof err->message - length,
	         "; the certificate is recorded all the same%s: see remint history %s",
	         item->store_key ? ", and its key is in the home" : "", serial);
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
	if (release->audit_again && item->cert_id &&
	    rmt_authority_audit(release->authority, release->demand, rmt_verb_now(release->ctx), item, err))
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
	return release->issued ? release->issued(release->arg, &issued) : 0;
}
