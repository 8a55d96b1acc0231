/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.c - remint_lint(): the lints of every certificate in the inputs, and remint_lints(), which lists them.
 *
 * The certificates of one source are held until it ends, since an issuer mostly stands behind what it issued; of a pile
 * the first HELD_MOST, so that a pile of any size costs the same memory. No path is built and no signature verified.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { HELD_MOST = 64 };

struct lint_run {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	remint_finding_fn *finding;
	void *arg;
	struct remint_audit_summary *summary;
	struct rmt_audit *lint;
	struct rmt_cert *held[HELD_MOST];
	size_t index[HELD_MOST]; /* in its source */
	size_t count;
	char *source;
	bool many; /* the source has more than one */
	struct rmt_contents found; /* in the input under way */
	struct rmt_buf label;
	struct rmt_err *err;
};

static int hand_finding(void *arg, const struct rmt_finding *finding)
{
	struct lint_run *run = arg;
	struct remint_finding out = rmt_finding_told(finding, run->source);

	run->summary->findings[finding->severity]++;
	return run->finding(run->arg, &out);
}

static const struct rmt_cert *issuer_of(const struct lint_run *run, const struct rmt_cert *cert)
{
	for (size_t i = 0; i < run->count; i++)
		if (rmt_cert_is_ca(run->held[i]) && rmt_cert_issued_by(cert, run->held[i]))
			return run->held[i];
	return NULL;
}

static int lint_one(struct lint_run *run, size_t n)
{
	struct rmt_presented presented = {.leaf = run->held[n], .leaf_only = true, .issuer = issuer_of(run, run->held[n])};

	rmt_buf_clear(&run->label);
	if (run->many)
		rmt_buf_format(&run->label, "#%zu ", run->index[n]);
	rmt_cert_label(run->held[n], &run->label);
	presented.label = rmt_buf_string(&run->label);
	if (rmt_buf_check(&run->label, run->err))
		return -1;
	run->summary->certificates++;
	return rmt_lint_run(run->lint, &presented, hand_finding, run, run->err);
}

/* Judge what is held, and forget it. */
static int flush(struct lint_run *run)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->count; i++)
		rc = lint_one(run, i);
	for (size_t i = 0; i < run->count; i++)
		rmt_cert_free(run->held[i]);
	run->count = 0;
	rmt_verb_progress(run->ctx, run->summary->certificates, 0);
	return rc;
}

static int change_source(struct lint_run *run, const char *source)
{
	if (run->source && strcmp(run->source, source) == 0)
		return 0;
	if (flush(run))
		return -1;
	free(run->source);
	run->source = rmt_strdup(source, run->err);
	run->many = false;
	return run->source ? 0 : -1;
}

static int take(void *arg, const struct rmt_object *object)
{
	struct lint_run *run = arg;

	rmt_contents_note(&run->found, object);
	if (!object->cert)
		return 0;
	if (change_source(run, object->source))
		return -1;
	if (run->count == HELD_MOST && flush(run))
		return -1;
	run->many = run->many || run->count > 0;
	run->index[run->count] = object->index;
	run->held[run->count] = rmt_cert_dup(object->cert, run->err);
	return run->held[run->count++] ? 0 : -1;
}

static int lint_input(struct lint_run *run, const struct rmt_wire *wire, size_t n)
{
	struct rmt_reader reader = rmt_verb_reader(run->ctx);
	uint64_t before = run->summary->certificates, faults = run->ctx->faults;
	struct rmt_err err = {0};
	char without[320];
	int rc;

	reader.arg = run;
	reader.object = take;
	reader.skip_keys = true;
	run->found = (struct rmt_contents){.unread = ""};
	rc = rmt_wire_read(wire, n, &reader, &err);
	if (rc && err.class != RMT_NONE && run->err->class == RMT_NONE) /* this input fails, the others go on */
		rc = rmt_verb_fault(run->ctx, &err);
	if (rc == 0)
		rc = flush(run);
	if (rc == 0 && run->summary->certificates == before && run->ctx->faults == faults) {
		rmt_contents_without(&run->found, "certificate", without);
		rmt_err_set(&err, RMT_INPUT, NULL, "%s", without);
		rmt_err_source(&err, wire->inputs[n].text);
		rc = rmt_verb_fault(run->ctx, &err);
	}
	return rc;
}

static int lint_all(struct lint_run *run, const struct remint_lint_options *options)
{
	struct rmt_wire wire;
	int rc = rmt_wire_open(run->ctx, &options->wire, options->inputs, &wire, run->err);

	for (size_t i = 0; rc == 0 && i < wire.count; i++)
		rc = lint_input(run, &wire, i);
	rmt_wire_clear(&wire);
	return rc;
}

int remint_lint(struct remint *ctx, const struct remint_lint_options *options, remint_finding_fn *finding, void *arg,
                struct remint_audit_summary *summary)
{
	struct remint_audit_summary counted = {0};
	struct lint_run run = {.ctx = ctx, .finding = finding, .arg = arg, .summary = &counted, .err = &ctx->err};
	int rc = -1;

	rmt_verb_begin(ctx);
	run.lint = rmt_lint_new(rmt_verb_now(ctx), &ctx->err);
	if (run.lint)
		rc = lint_all(&run, options);
	counted.faults = ctx->faults;
	if (summary)
		*summary = counted;
	for (size_t i = 0; i < run.count; i++)
		rmt_cert_free(run.held[i]);
	rmt_audit_free(run.lint);
	free(run.source);
	rmt_buf_free(&run.label);
	return rmt_verb_end(ctx, rc);
}

int remint_lints(struct remint *ctx, remint_lint_fn *visit, void *arg)
{
	size_t count;
	const struct rmt_lint_row *rows = rmt_lint_rows(&count);
	int rc = 0;

	rmt_verb_begin(ctx);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct remint_lint lint = {.id = rows[i].rule.id,
		                           .severity = (enum remint_severity)rows[i].rule.severity,
		                           .title = rows[i].rule.title,
		                           .citation = rows[i].rule.citation,
		                           .aka = rows[i].aka};

		rc = visit(arg, &lint);
	}
	return rmt_verb_end(ctx, rc);
}
