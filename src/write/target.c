/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/target.c - the files that a target's deploy block asks for, and the four that every reissue leaves beside them.
 *
 * Which container a file is comes from the target; how it is written from formats.c.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "write/local.h"

enum { KEY_MODE = 0600, PLAIN_MODE = 0644, MODE_BITS = 0666, OTHERS = 07 };

int
rmt_file_name(const char *pattern, const char *label, const char *serial, size_t n, struct rmt_buf *out, struct rmt_err *err)
{
	char number[24];
	const struct { const char *mark, *text; } marks[] = { { "{label}", label }, { "{n}", number }, { "{serial}", serial } };

	snprintf(number, sizeof(number), "%zu", n);
	while (*pattern) {
		size_t i, plain = strcspn(pattern, "{}");

		rmt_buf_append(out, pattern, plain);
		pattern += plain;
		if (!*pattern)
			break;
		for (i = 0; i < 3 && strncmp(pattern, marks[i].mark, strlen(marks[i].mark)); i++)
			;
		if (i == 3)
			return rmt_err_set(err, RMT_INPUT, NULL, "\"%s\" in a file name is none of {label}, {serial} and {n}", pattern);
		if (!marks[i].text)
			return rmt_err_set(err, RMT_INPUT, NULL, "%s stands in a file name, and there is none", marks[i].mark);
		rmt_buf_text(out, marks[i].text);
		pattern += strlen(marks[i].mark);
	}
	return rmt_buf_check(out, err);
}

static int
choose_mode(const struct rmt_deploy_file *file, mode_t *mode, struct rmt_err *err)
{
	bool key = rmt_deploy_wants_key(file);

	*mode = file->mode ? file->mode & MODE_BITS : key ? KEY_MODE : PLAIN_MODE;
	if (key && (*mode & OTHERS))
		return rmt_err_set(err, RMT_POLICY, NULL, "%s holds a private key and everybody could read it (mode %04o)",
		                   file->name, (unsigned)*mode);
	return 0;
}

static int
write_file(const struct rmt_bundle *bundle, const struct rmt_deploy_file *file, const struct rmt_secret *passphrase,
           const char *name, const char *friendly_name, struct rmt_fileset *out, struct rmt_err *err)
{
	struct rmt_write_options options = {
		.friendly_name = friendly_name,
		.format = file->format, .content = file->content, .profile = file->profile, .width = file->width,
		.crlf = file->crlf, .no_final_newline = file->no_final_newline, .root_first = file->order && !strcmp(file->order, "root-first"),
		.separator = file->separator, .charset = file->charset, .cipher = file->cipher, .kdf = file->kdf,
	};
	struct rmt_buf content = { 0 };
	mode_t mode;

	if (rmt_deploy_wants_passphrase(file))
		options.passphrase = passphrase;
	if (choose_mode(file, &mode, err) || rmt_write_mem(bundle, &options, &content, err)) {
		rmt_buf_free(&content);
		return -1;
	}
	return rmt_fileset_share(out, name, mode, &content, err);
}

/* `n` from 1 for one intermediate of several files, 0 for a file of its own. */
static int
write_named(const struct rmt_bundle *bundle, const struct rmt_deploy_file *file, const struct rmt_secret *passphrase,
            const char *label, size_t n, struct rmt_fileset *out, struct rmt_err *err)
{
	struct rmt_bundle one = *bundle;
	struct rmt_buf name = { 0 }, friendly_name = { 0 }, serial = { 0 };
	int rc = -1;

	if (bundle->leaf)
		rmt_serial_hex(bundle->leaf->serial, &serial);
	if (n) {
		one.intermediates = bundle->intermediates + (n - 1);
		one.intermediate_count = 1;
	}
	if (rmt_file_name(file->name, label, NULL, n ? n : 1, &name, err) ||
	    (file->friendly_name && rmt_file_name(file->friendly_name, label, rmt_buf_string(&serial), 1, &friendly_name, err))) {
		rmt_err_within(err, file->name);
	} else {
		rc = write_file(&one, file, passphrase, rmt_buf_string(&name), file->friendly_name ? rmt_buf_string(&friendly_name) : NULL, out, err);
		if (rc)
			rmt_err_within(err, rmt_buf_string(&name));
	}
	rmt_buf_free(&name);
	rmt_buf_free(&friendly_name);
	rmt_buf_free(&serial);
	return rc;
}

/* ---- the steps and what they speak of ---- */

static bool
speaks_of(const struct rmt_target *target, const struct rmt_anchor *anchor)
{
	return anchor->cert && rmt_steps_mention(target, anchor->mark);
}

/* A file of a target's own that has the name has the content, too; the set says so if not. */
static int
write_anchors(const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_fileset *out, struct rmt_err *err)
{
	struct rmt_anchor anchors[RMT_ANCHORS];
	int rc = 0;

	rmt_anchors(bundle, anchors);
	for (size_t i = 0; !rc && i < RMT_ANCHORS; i++) {
		struct rmt_buf content = { 0 };

		if (!speaks_of(target, &anchors[i]))
			continue;
		if (!strcmp(anchors[i].format, "pem"))
			rmt_pem("CERTIFICATE", anchors[i].cert->der, 0, false, &content);
		else
			rmt_buf_span(&content, anchors[i].cert->der);
		rc = rmt_fileset_share(out, anchors[i].name, PLAIN_MODE, &content, err);
	}
	return rc;
}

static int
write_steps(const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_fileset *out, struct rmt_err *err)
{
	struct rmt_buf content = { 0 }, name = { 0 };
	int rc;

	rmt_buf_format(&name, "INSTALL-%s.txt", target->name);
	rc = rmt_runbook_steps(bundle, target, &content, err);
	if (!rc)
		rc = rmt_buf_check(&name, err);
	if (rc)
		rmt_buf_free(&content);
	else
		rc = rmt_fileset_add(out, rmt_buf_string(&name), PLAIN_MODE, &content, err);
	rmt_buf_free(&name);
	return rc ? rc : write_anchors(bundle, target, out, err);
}

int
rmt_write_target(const struct rmt_bundle *bundle, const struct rmt_target *target, const struct rmt_secret *passphrase,
                 struct rmt_fileset *out, struct rmt_err *err)
{
	struct rmt_buf label = { 0 };
	char file_label[65];
	int rc = -1;

	if ((passphrase && rmt_passphrase_check(target, passphrase, err)) || rmt_parts_label(bundle, NULL, &label, err))
		goto out;
	rmt_file_label(rmt_buf_string(&label), file_label);
	for (size_t i = 0; i < target->file_count; i++) {
		struct rmt_deploy_made made;
		size_t count = rmt_deploy_make(target, i, bundle, &made);

		for (size_t n = 1; n <= count; n++)
			if (write_named(bundle, &made.file, passphrase, file_label, made.file.per_intermediate ? n : 0, out, err))
				goto out;
	}
	rc = rmt_runbook_has(target) ? write_steps(bundle, target, out, err) : 0;
out:
	rmt_buf_free(&label);
	return rc;
}

static int
visit_names(const struct rmt_deploy_file *file, const char *label, size_t last,
            int (*visit)(void *arg, const char *name), void *arg, struct rmt_err *err)
{
	int rc = 0;

	for (size_t n = 1; !rc && n <= last; n++) {
		struct rmt_buf name = { 0 };

		rc = rmt_file_name(file->name, label, NULL, n, &name, err);
		if (!rc)
			rc = visit(arg, rmt_buf_string(&name));
		rmt_buf_free(&name);
	}
	return rc;
}

/* A name may be told twice: by a target's file and by its steps. */
static int
visit_steps(const struct rmt_bundle *bundle, const struct rmt_target *target, int (*visit)(void *arg, const char *name), void *arg,
            struct rmt_err *err)
{
	struct rmt_anchor anchors[RMT_ANCHORS];
	struct rmt_buf name = { 0 };
	int rc;

	rmt_buf_format(&name, "INSTALL-%s.txt", target->name);
	rc = rmt_buf_check(&name, err);
	if (!rc)
		rc = visit(arg, rmt_buf_string(&name));
	rmt_buf_free(&name);
	rmt_anchors(bundle, anchors);
	for (size_t i = 0; !rc && i < RMT_ANCHORS; i++)
		if (speaks_of(target, &anchors[i]))
			rc = visit(arg, anchors[i].name);
	return rc;
}

int
rmt_write_names(const struct rmt_bundle *bundle, const struct rmt_target *target,
                int (*visit)(void *arg, const char *name), void *arg, struct rmt_err *err)
{
	struct rmt_buf label = { 0 };
	char file_label[65];
	int rc = rmt_parts_label(bundle, NULL, &label, err);

	if (!rc)
		rmt_file_label(rmt_buf_string(&label), file_label);
	for (size_t i = 0; !rc && i < target->file_count; i++) {
		struct rmt_deploy_made made;
		size_t count = rmt_deploy_make(target, i, bundle, &made);

		rc = visit_names(&made.file, file_label, count, visit, arg, err);
	}
	rmt_buf_free(&label);
	return rc || !rmt_runbook_has(target) ? rc : visit_steps(bundle, target, visit, arg, err);
}

/* ---- the four standard files ---- */

/* Where there is no intermediate the chain is the root; where there is none at hand either it is empty, not absent. */
static int
write_chain(const struct rmt_bundle *bundle, struct rmt_buf *content, struct rmt_err *err)
{
	for (size_t i = 0; i < bundle->intermediate_count; i++)
		rmt_pem("CERTIFICATE", bundle->intermediates[i]->der, 0, false, content);
	if (!bundle->intermediate_count && bundle->root)
		rmt_pem("CERTIFICATE", bundle->root->der, 0, false, content);
	return rmt_buf_check(content, err);
}

static int
write_part(const struct rmt_bundle *bundle, const char *format, char **items, size_t count,
           const struct rmt_secret *passphrase, struct rmt_buf *content, struct rmt_err *err)
{
	const struct rmt_write_options options = {
		.format = format, .content = { items, count }, .passphrase = passphrase,
	};

	return rmt_write_mem(bundle, &options, content, err);
}

int
rmt_write_standard(const struct rmt_bundle *bundle, const struct rmt_secret *passphrase, struct rmt_fileset *out,
                   struct rmt_err *err)
{
	static char leaf[] = "leaf", intermediates[] = "intermediates", key[] = "key";
	static const struct {
		const char *name, *format;
		mode_t mode;
		char *items[2];
		size_t count; /* 0: chain.pem */
	} rows[] = {
		{ "cert.pem", "pem", PLAIN_MODE, { leaf }, 1 },
		{ "chain.pem", "pem", PLAIN_MODE, { NULL }, 0 },
		{ "fullchain.pem", "pem", PLAIN_MODE, { leaf, intermediates }, 2 },
		{ "key.pem", "pkcs8", KEY_MODE, { key }, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rmt_buf content = { 0 };
		char *items[2] = { rows[i].items[0], rows[i].items[1] };
		bool secret = items[0] == key;

		if (rmt_fileset_has(out, rows[i].name) || (secret && !bundle->key))
			continue;
		if (rows[i].count ? write_part(bundle, rows[i].format, items, rows[i].count, secret ? passphrase : NULL, &content, err)
		                  : write_chain(bundle, &content, err)) {
			rmt_buf_free(&content);
			return -1;
		}
		if (rmt_fileset_add(out, rows[i].name, rows[i].mode, &content, err))
			return -1;
	}
	return 0;
}
