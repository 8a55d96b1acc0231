/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c - writes a set of files of which some may stand there already, as after an interruption.
 *
 * A file that holds the same objects is as good as written: a PFX or an encrypted key has other bytes each time it is made. One that
 * holds something else is in the way, as anywhere. Temporary files of a process that was killed are taken away: the caller knows that no
 * other process is at work in the directory.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* What a file holds, as one text to compare: each object's kind and bytes; of a private key its public half. */
struct contents {
	struct remint *ctx;
	struct rmt_buf text;
	size_t count;
	bool open_key; /* a private key in it is not encrypted */
};

static int add_object(void *arg, const struct rmt_object *object)
{
	struct contents *contents = arg;
	struct rmt_span bytes = object->key ? rmt_key_spki(object->key) : object->der;

	rmt_buf_format(&contents->text, "%s %d ", rmt_object_type_name(object->type), object->locked);
	rmt_hex(bytes, 0, &contents->text);
	rmt_buf_byte(&contents->text, '\n');
	contents->count++;
	contents->open_key |= object->type == RMT_OBJECT_PRIVATE_KEY && !object->encrypted;
	return 0;
}

static int ignore_fault(void *arg, const struct rmt_err *fault)
{
	(void)arg;
	(void)fault;
	return 0;
}

/* The passphrase under which this run writes, if it has been asked for; nobody is asked for another. */
static const struct rmt_secret *out_secret(void *arg, const char *source, const char *what, unsigned n)
{
	const struct contents *contents = arg;

	(void)source;
	(void)what;
	return n == 0 ? contents->ctx->out_secret : NULL;
}

static void take_contents(struct remint *ctx, struct rmt_span bytes, struct contents *out)
{
	struct rmt_reader reader = {.passphrase = out_secret,
	                            .object = add_object,
	                            .fault = ignore_fault,
	                            .arg = out,
	                            .mode = RMT_TOLERANT,
	                            .given = ctx->out_secret ? 1 : 0};
	struct rmt_err unseen = {0};

	*out = (struct contents){.ctx = ctx};
	rmt_buf_secret(&out->text);
	rmt_read_mem(&reader, "-", bytes, &unseen);
}

enum standing { OTHER, SAME, SAME_LOCKED, SAME_OPEN /* but its key is protected, or open, and should not be */ };

static enum standing compare(struct remint *ctx, struct rmt_span there, struct rmt_span wanted)
{
	struct contents one, other;
	enum standing standing = OTHER;

	if (rmt_span_equal(there, wanted))
		return SAME;
	take_contents(ctx, there, &one);
	take_contents(ctx, wanted, &other);
	if (one.count && !one.text.failed && !other.text.failed && rmt_span_equal(rmt_buf_view(&one.text), rmt_buf_view(&other.text)))
		standing = one.open_key == other.open_key ? SAME : one.open_key ? SAME_OPEN : SAME_LOCKED;
	rmt_buf_free(&one.text);
	rmt_buf_free(&other.text);
	return standing;
}

static int look(struct remint *ctx, const char *directory, const struct rmt_output *output, enum standing *standing, struct rmt_err *err)
{
	char *path = rmt_path_join(directory, output->name, err);
	struct rmt_buf bytes = {0};
	struct rmt_err unseen = {0};

	*standing = OTHER;
	if (!path)
		return -1;
	rmt_buf_secret(&bytes);
	if (rmt_path_is_regular(path) && rmt_file_read(path, RMT_CAP_CONTAINER, &bytes, &unseen) == 0)
		*standing = compare(ctx, rmt_buf_view(&bytes), output->content);
	rmt_buf_free(&bytes);
	free(path);
	return 0;
}

/* The same key in the form of this run, in the place of the other. */
static int reform(struct remint *ctx, const char *directory, const struct rmt_output *output, enum standing standing, struct rmt_err *err)
{
	if (rmt_files_write(directory, output, 1, true, err))
		return -1;
	rmt_verb_warn(ctx, standing == SAME_OPEN ? "%s/%s stood there unencrypted: it is under the passphrase now"
	                                         : "%s/%s stood there under the passphrase: it is unencrypted now, as its device reads it",
	              directory, output->name);
	return 0;
}

int rmt_files_settle(struct remint *ctx, const char *directory, const struct rmt_output *outputs, size_t count, bool force,
                     struct rmt_err *err)
{
	struct rmt_output *left;
	size_t missing = 0;
	int rc;

	if (!rmt_path_is_directory(directory))
		return rmt_files_write(directory, outputs, count, force, err);
	left = calloc(count + 1, sizeof *left);
	if (!left)
		return rmt_err_memory(err);
	rc = rmt_files_sweep(directory, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		enum standing standing;

		rc = look(ctx, directory, &outputs[i], &standing, err);
		if (rc == 0 && standing == OTHER)
			left[missing++] = outputs[i];
		else if (rc == 0 && standing != SAME)
			rc = reform(ctx, directory, &outputs[i], standing, err);
	}
	if (rc == 0 && missing)
		rc = rmt_files_write(directory, left, missing, force, err);
	free(left);
	return rc;
}
