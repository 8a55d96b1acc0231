/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/deploy.c - which files of a target's deploy block there are for a bundle, and what goes into each.
 *
 * A key that stays where its request was made is in none of them. Its own file is left out, a PEM file goes without it, and in the
 * place of a keystore comes a P7B with the same certificates: that is what takes an answer in (certreq -accept, keytool
 * -importcert). How a file is written is target.c's business.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "write/local.h"

static bool
holds(const struct rmt_deploy_file *file, const char *part)
{
	const struct rmt_format *format = rmt_format_named(file->format);

	if (format && !file->content.count)
		return strstr(format->usual, part) != NULL;
	return rmt_text_list_has(&file->content, part);
}

static bool
is_alone(const struct rmt_deploy_file *file, const char *part)
{
	return file->content.count == 1 && holds(file, part);
}

bool
rmt_deploy_wants_key(const struct rmt_deploy_file *file)
{
	return holds(file, "key");
}

bool
rmt_deploy_wants_passphrase(const struct rmt_deploy_file *file)
{
	const struct rmt_format *format = rmt_format_named(file->format);

	return (format && (format->keystore || (format->seals_key && rmt_deploy_wants_key(file)))) || file->cipher;
}

bool
rmt_target_wants_passphrase(const struct rmt_target *target, bool key)
{
	for (size_t i = 0; i < target->file_count; i++)
		if ((key || !rmt_deploy_wants_key(&target->files[i])) && rmt_deploy_wants_passphrase(&target->files[i]))
			return true;
	return false;
}

bool
rmt_target_opens_key(const struct rmt_target *target)
{
	for (size_t i = 0; i < target->file_count; i++)
		if (rmt_deploy_wants_key(&target->files[i]) && !rmt_deploy_wants_passphrase(&target->files[i]))
			return true;
	return false;
}

bool
rmt_target_own_key(const struct rmt_target *target)
{
	bool leaf = false;

	for (size_t i = 0; i < target->file_count; i++) {
		if (rmt_deploy_wants_key(&target->files[i]))
			return false;
		leaf = leaf || holds(&target->files[i], "leaf");
	}
	return leaf;
}

/* ---- without the key ---- */

/* What it holds but for the key, in its order. */
static void
drop_key(const struct rmt_deploy_file *file, struct rmt_deploy_made *made)
{
	static char leaf[] = "leaf", intermediates[] = "intermediates", root[] = "root";
	char *const usual[] = { leaf, intermediates, root };
	size_t count = file->content.count ? file->content.count : sizeof(usual) / sizeof(usual[0]);

	made->file.content = (struct rmt_text_list){ made->content, 0 };
	for (size_t i = 0; i < count && made->file.content.count < RMT_DEPLOY_PARTS; i++) {
		char *part = file->content.count ? file->content.items[i] : usual[i];

		if (holds(file, part) && strcmp(part, "key"))
			made->content[made->file.content.count++] = part;
	}
	made->file.cipher = made->file.kdf = made->file.profile = made->file.friendly_name = NULL;
}

/* web.pfx becomes web.p7b. */
static void
make_bag(const struct rmt_deploy_file *file, struct rmt_deploy_made *made)
{
	static char format[] = "p7b";
	const char *dot = strrchr(file->name, '.');
	size_t stem = dot && dot > file->name ? (size_t)(dot - file->name) : strlen(file->name);

	snprintf(made->name, sizeof(made->name), "%.*s.p7b", (int)(stem < sizeof(made->name) - 5 ? stem : sizeof(made->name) - 5), file->name);
	made->file.name = made->name;
	made->file.format = format;
	made->file.mode = 0;
}

/* Is the certificate alone in a file of this target, or was the same bag made of an earlier file? Then there is no need for another. */
static bool
needs_no_bag(const struct rmt_target *target, size_t n, const char *name)
{
	for (size_t i = 0; i < target->file_count; i++) {
		struct rmt_deploy_made other = { .form = RMT_DEPLOY_WHOLE };

		if (is_alone(&target->files[i], "leaf"))
			return true;
		if (i >= n || !rmt_deploy_wants_key(&target->files[i]))
			continue;
		make_bag(&target->files[i], &other);
		if (!strcmp(other.name, name))
			return true;
	}
	return false;
}

static enum rmt_deploy_form
without_key(const struct rmt_target *target, size_t n, struct rmt_deploy_made *made)
{
	const struct rmt_deploy_file *file = &target->files[n];

	drop_key(file, made);
	if (!made->file.content.count)
		return RMT_DEPLOY_LEFT_OUT;
	if (!strcmp(file->format, "pem"))
		return RMT_DEPLOY_KEYLESS;
	make_bag(file, made);
	return needs_no_bag(target, n, made->name) ? RMT_DEPLOY_LEFT_OUT : RMT_DEPLOY_BAG;
}

/* A file for intermediates and nothing else is not there when there are none. */
size_t
rmt_deploy_make(const struct rmt_target *target, size_t n, const struct rmt_bundle *bundle, struct rmt_deploy_made *made)
{
	*made = (struct rmt_deploy_made){ .file = target->files[n] };
	if (bundle->without_key && rmt_deploy_wants_key(&target->files[n]))
		made->form = without_key(target, n, made);
	if (made->form == RMT_DEPLOY_LEFT_OUT)
		return 0;
	if (made->file.per_intermediate)
		return bundle->intermediate_count;
	return is_alone(&made->file, "intermediates") && !bundle->intermediate_count ? 0 : 1;
}

static int
put_name(const char *pattern, const char *label, struct rmt_buf *out, struct rmt_err *err)
{
	return rmt_file_name(pattern, label, NULL, 1, out, err);
}

int
rmt_deploy_left_out(const struct rmt_bundle *bundle, const struct rmt_target *target, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf label = { 0 };
	char file_label[65];
	int rc = rmt_parts_label(bundle, NULL, &label, err);

	rmt_file_label(rmt_buf_string(&label), file_label);
	for (size_t i = 0; !rc && i < target->file_count; i++) {
		struct rmt_deploy_made made;

		rmt_deploy_make(target, i, bundle, &made);
		if (made.form == RMT_DEPLOY_WHOLE)
			continue;
		rmt_buf_text(out, out->length ? ", " : "");
		if (made.form == RMT_DEPLOY_BAG) {
			rc = put_name(made.file.name, file_label, out, err);
			rmt_buf_text(out, " stands for ");
		}
		if (!rc)
			rc = put_name(target->files[i].name, file_label, out, err);
		rmt_buf_text(out, made.form == RMT_DEPLOY_KEYLESS ? " is written without it" : made.form == RMT_DEPLOY_LEFT_OUT ? " is left out" : "");
	}
	rmt_buf_free(&label);
	return rc ? rc : rmt_buf_check(out, err);
}
