/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert_split.c - a file for each thing converted instead of one for all: each leaf with its key and chain, each
 * certificate, each request, each key. All of them are written, or none.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct splitting {
	struct rmt_converting *job;
	const struct rmt_format *format;
	struct rmt_names names;
	struct rmt_fileset files;
	size_t n; /* of the file under way, from 1 */
	struct rmt_err *err;
};

/* ---- names ---------------------------------------------------------------------------------------------------------------------- */

static void put_cn(struct rmt_span name, const char *otherwise, struct rmt_buf *out)
{
	if (!rmt_name_get(name, "CN", true, out))
		rmt_buf_text(out, otherwise);
}

/* What the bundle is about, for a file's name. */
static void label_of(const struct rmt_bundle *bundle, char out[65])
{
	const struct rmt_object *object = bundle->object_count ? bundle->objects[0] : NULL;
	struct rmt_buf label = {0};

	if (object && object->cert)
		rmt_cert_label(object->cert, &label);
	else if (object && object->request)
		put_cn(object->request->subject, "request", &label);
	else if (object && object->crl)
		put_cn(object->crl->issuer, "crl", &label);
	else if (bundle->leaf)
		rmt_cert_label(bundle->leaf, &label);
	else
		rmt_buf_text(&label, object ? "public-key" : "key");
	rmt_file_label(rmt_buf_string(&label), out);
	rmt_buf_free(&label);
}

/* A name that this run has given away gets a number before its ending. Some devices do not tell cases apart. */
static int choose_name(struct splitting *to, const char *wanted, struct rmt_buf *out)
{
	const char *dot = strrchr(wanted, '.');
	size_t stem = dot && dot > wanted ? (size_t)(dot - wanted) : strlen(wanted);
	int new = 0;

	for (size_t n = 1; !new; n++) {
		struct rmt_buf folded = {0};

		rmt_buf_clear(out);
		rmt_buf_append(out, wanted, stem);
		if (n > 1)
			rmt_buf_format(out, "-%zu", n);
		rmt_buf_text(out, wanted + stem);
		for (size_t i = 0; i < out->length; i++)
			rmt_buf_byte(&folded, (unsigned char)(out->bytes[i] >= 'A' && out->bytes[i] <= 'Z' ? out->bytes[i] | 0x20 : out->bytes[i]));
		new = rmt_buf_check(&folded, to->err) ? -1 : rmt_names_add(&to->names, rmt_buf_string(&folded), to->err);
		rmt_buf_free(&folded);
	}
	return new < 0 ? -1 : rmt_buf_check(out, to->err);
}

static int name_of(struct splitting *to, struct rmt_buf *out)
{
	const struct rmt_bundle *bundle = &to->job->bundle;
	const struct rmt_cert *cert = bundle->object_count ? bundle->objects[0]->cert : bundle->leaf;
	const char *pattern = to->job->options->file_name;
	struct rmt_buf usual = {0}, serial = {0}, wanted = {0};
	char label[65];
	int rc;

	label_of(bundle, label);
	rmt_buf_format(&usual, "{label}%s", to->format->suffix);
	if (cert)
		rmt_serial_hex(cert->serial, &serial);
	rc = rmt_buf_check(&usual, to->err);
	if (rc == 0)
		rc = rmt_file_name(pattern ? pattern : rmt_buf_string(&usual), label, cert ? rmt_buf_string(&serial) : NULL, to->n, &wanted, to->err);
	if (rc && pattern)
		to->err->class = RMT_USAGE;
	if (rc == 0)
		rc = choose_name(to, rmt_buf_string(&wanted), out);
	rmt_buf_free(&usual);
	rmt_buf_free(&serial);
	rmt_buf_free(&wanted);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------------------------------------------- */

/* The bundle as it stands becomes one more file. */
static int add_file(struct splitting *to)
{
	struct rmt_buf content = {0}, name = {0};
	bool secret = false;
	int rc;

	to->n++;
	rc = name_of(to, &name);
	if (rc == 0 && (rc = rmt_converting_write(to->job, to->format, &content, &secret, to->err)) != 0)
		rmt_err_source(to->err, rmt_buf_string(&name));
	if (rc)
		rmt_buf_free(&content);
	else
		rc = rmt_fileset_add(&to->files, rmt_buf_string(&name), secret ? 0600 : 0644, &content, to->err);
	rmt_buf_free(&name);
	return rc;
}

static int each_object(struct splitting *to)
{
	struct rmt_converting *job = to->job;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < job->object_count; i++) {
		job->bundle = (struct rmt_bundle){.objects = &job->objects[i], .object_count = 1};
		if (job->objects[i]->key)
			job->bundle = (struct rmt_bundle){.key = job->objects[i]->key};
		rc = add_file(to);
	}
	return rc;
}

static int each_certificate(struct splitting *to)
{
	struct rmt_converting *job = to->job;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < job->pile.count; i++) {
		const struct rmt_object *object = job->pile.objects[i];

		if (!object->cert || object->again)
			continue;
		job->bundle = (struct rmt_bundle){.leaf = object->cert};
		rc = add_file(to);
	}
	return rc;
}

static int each_leaf(struct splitting *to)
{
	struct rmt_converting *job = to->job;
	struct rmt_leaves leaves;
	int rc = rmt_leaves_find(&job->pile, &leaves, to->err);

	for (size_t n = 0; rc == 0 && n < leaves.count; n++) {
		rmt_company_clear(&job->company);
		rc = rmt_company_at(&job->pile, leaves.at[n], &job->company, to->err);
		if (rc == 0)
			rc = rmt_converting_leaf(job, job->company.leaf->cert, job->company.key, to->err);
		if (rc == 0)
			rc = add_file(to);
	}
	rmt_leaves_clear(&leaves);
	return rc;
}

/* Where a file holds one certificate and nothing else, issuers have files of their own. */
static int fill(struct splitting *to)
{
	const struct remint_convert_options *options = to->job->options;
	bool lone = (!to->format->holds_many && !rmt_format_key_alone(to->format)) || (options->no_chain && options->no_key);

	if (rmt_converting_about(to->job, to->format) != RMT_ABOUT_LEAF)
		return each_object(to);
	if (rmt_converting_check_strays(to->job, to->err))
		return -1;
	return lone ? each_certificate(to) : each_leaf(to);
}

int rmt_converting_split(struct rmt_converting *job, const struct rmt_format *format, struct rmt_err *err)
{
	struct splitting to = {.job = job, .format = format, .err = err};
	const struct remint_out *out = &job->options->out;
	int rc = -1;

	if (!out->directory) {
		rmt_err_set(err, RMT_USAGE, NULL, "--split makes many files: name a directory with --out DIR");
		goto out;
	}
	rc = fill(&to);
	if (rc == 0)
		rc = rmt_files_write(out->directory, to.files.files, to.files.count, out->force, err);
	for (size_t i = 0; rc == 0 && job->file && i < to.files.count; i++)
		rc = job->file(job->arg, to.files.files[i].name, NULL, 0, to.files.files[i].mode == 0600);
out:
	rmt_names_free(&to.names);
	rmt_fileset_free(&to.files);
	return rc;
}
