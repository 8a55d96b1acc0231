/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_audit.c - remint audit and remint lint: findings grouped by input, certificate and target, and a
 * closing line of counts. A lint has no target.
 *
 * Exits with 1 when a finding is at or above --fail-on. What is found is the library's judgement.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

struct auditing {
	struct cli *cli;
	struct list group; /* source, object, target of the finding before */
	enum remint_severity fail_on;
	uint64_t failing;
	bool lint;
	struct verdicts *verdicts; /* of several targets, in text */
};

static int
audit_text(void *arg, const struct remint_finding *finding)
{
	struct auditing *auditing = arg;
	struct out *out = &auditing->cli->out;

	auditing->failing += finding->severity >= auditing->fail_on;
	if (verdicts_targets(auditing->verdicts) > 1)
		return verdicts_finding(auditing->verdicts, finding);
	finding_heading(out, &auditing->group, finding, !auditing->lint);
	finding_text(out, finding);
	out_text(out, "\n");
	return keep_going(auditing->cli);
}

static int
audit_json(void *arg, const struct remint_finding *finding)
{
	struct auditing *auditing = arg;

	auditing->failing += finding->severity >= auditing->fail_on;
	finding_json(&auditing->cli->json_writer, finding);
	return keep_going(auditing->cli);
}

static const char *const csv_columns[] = { "source", "object", "target", "severity", "rule",
	"message", "place", "citation", "fix" };

static int
audit_csv(void *arg, const struct remint_finding *finding)
{
	struct auditing *auditing = arg;
	const char *cells[] = { finding->source, finding->object, finding->target,
		remint_severity_name(finding->severity), finding->rule, finding->message,
		finding->place, finding->citation, finding->fix };

	auditing->failing += finding->severity >= auditing->fail_on;
	csv_row(&auditing->cli->out, cells, sizeof cells / sizeof *cells);
	return keep_going(auditing->cli);
}

/* ---- summary ------------------------------------------------------------- */

static void
json_summary(struct json *json, const struct remint_audit_summary *summary)
{
	json_open(json, "summary", '{');
	json_number(json, "certificates", (int64_t)summary->certificates);
	json_open(json, "findings", '{');
	for (int severity = REMINT_INFO; severity <= REMINT_ERROR; severity++)
		json_number(json, remint_severity_name((enum remint_severity)severity),
		    (int64_t)summary->findings[severity]);
	json_close(json, '}');
	json_number(json, "faults", (int64_t)summary->faults);
	json_number(json, "verifications", (int64_t)summary->verifications);
	json_close(json, '}');
}

static void
counted(struct out *out, uint64_t count, const char *one, const char *many)
{
	out_format(out, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static void
text_summary(struct cli *cli, const struct remint_audit_summary *summary, bool lint)
{
	uint64_t errors = summary->findings[REMINT_ERROR];
	struct out *out = &cli->out;

	counted(out, summary->certificates, "certificate judged: ", "certificates judged: ");
	counted(out, errors, "error, ", "errors, ");
	counted(out, summary->findings[REMINT_WARNING], "warning, ", "warnings, ");
	counted(out, summary->findings[REMINT_INFO], lint ? "remark." : "remark; ",
	    lint ? "remarks." : "remarks; ");
	if (lint) {
		out_text(out, summary->certificates ? "\n" : " Nothing was judged.\n");
		return;
	}
	counted(out, summary->verifications, "signature verified. ", "signatures verified. ");
	out_style(out, errors ? STYLE_BAD : STYLE_GOOD);
	out_text(out, !summary->certificates ? "Nothing was judged."
		      : errors               ? "Verdict: refused."
					     : "Verdict: accepted.");
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
}

/* ---- the verb ------------------------------------------------------------ */

/* The summary stands between the findings and the errors. */
static void
close_document(struct cli *cli, const struct remint_audit_summary *summary)
{
	struct json *json = &cli->json_writer;

	if (!cli->document)
		return;
	json_close(json, ']');
	json_summary(json, summary);
	document_errors(cli);
	json_close(json, '}');
	out_text(&cli->out, "\n");
	cli->document = false;
}

/* Text is laid out by who judges: 0, or -1 after a report. */
static int
judges_open(struct auditing *auditing, struct remint_strings targets)
{
	struct cli *cli = auditing->cli;

	if (cli->json || cli->csv)
		return 0;
	if (!(auditing->verdicts = verdicts_new(cli)))
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "out of memory");
	return remint_targets(cli->ctx, targets, verdicts_target, auditing->verdicts) ? report_verb(cli) : 0;
}

int
cmd_audit(struct cli *cli)
{
	struct remint_audit_options options = { .inputs = list_strings(&cli->arguments),
		.targets = list_of(cli, OPT_FOR),
		.chain = list_of(cli, OPT_CHAIN),
		.trust = list_of(cli, OPT_TRUST),
		.keys = list_of(cli, OPT_KEY),
		.topology = text_of(cli, OPT_TOPOLOGY),
		.server = text_of(cli, OPT_SERVER),
		.host = text_of(cli, OPT_NAME) };
	struct auditing auditing = { .cli = cli, .fail_on = severity_of(cli) };
	struct remint_audit_summary summary = { 0 };
	int rc;

	if (inputs_needed(cli) || wire_of(cli, &options.wire) || time_of(cli, OPT_AT, &options.at))
		return -1;
	if (!options.targets.count)
		return report_usage(
		    cli, "who must accept it? name a target with --for (see remint target list)");
	if (judges_open(&auditing, options.targets)) {
		verdicts_free(auditing.verdicts);
		return -1;
	}
	if (cli->csv)
		csv_row(&cli->out, csv_columns, sizeof csv_columns / sizeof *csv_columns);
	document_begin(cli, "findings");
	rc = remint_audit(cli->ctx, &options,
	    cli->json  ? audit_json
	    : cli->csv ? audit_csv
		       : audit_text,
	    &auditing, &summary);
	list_free(&auditing.group);
	if (verdicts_targets(auditing.verdicts) > 1)
		verdicts_end(auditing.verdicts, rc ? NULL : &summary);
	verdicts_free(auditing.verdicts);
	if (rc)
		report_verb(cli);
	else if (!cli->json && !cli->csv)
		text_summary(cli, &summary, false);
	if (auditing.failing)
		report_status(cli, 1);
	close_document(cli, &summary);
	return rc;
}

/* ---- lint ---------------------------------------------------------------- */

struct lints {
	struct cli *cli;
	struct table *table;
};

static int
list_lint(void *arg, const struct remint_lint *lint)
{
	static const enum style styles[] = { STYLE_FAINT, STYLE_WARNING, STYLE_BAD };
	struct lints *lints = arg;
	struct cli *cli = lints->cli;
	struct json *json = &cli->json_writer;
	const char *severity = remint_severity_name(lint->severity);

	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "lint", lint->id);
		json_text(json, "severity", severity);
		json_text(json, "title", lint->title);
		json_text(json, "citation", lint->citation);
		json_text(json, "aka", lint->aka);
		json_close(json, '}');
	} else if (cli->csv) {
		csv_row(&cli->out,
		    (const char *const[]){
			lint->id, severity, lint->title, lint->citation, lint->aka },
		    5);
	} else {
		table_cell(lints->table, lint->id, STYLE_STRONG);
		table_cell(lints->table, severity, styles[lint->severity]);
		table_cell(lints->table, lint->title, STYLE_NONE);
		table_cell(lints->table, lint->citation, STYLE_FAINT);
	}
	return keep_going(cli);
}

static int
list_lints(struct cli *cli)
{
	static const char *const headings[] = { "LINT", "SEVERITY", "WHAT HOLDS", "SOURCE" },
			  *const columns[] = { "lint", "severity", "title", "citation", "aka" };
	struct lints lints = { .cli = cli };
	int rc;

	document_begin(cli, "lints");
	if (cli->csv)
		csv_row(&cli->out, columns, 5);
	else if (!cli->json)
		lints.table = table_new(&cli->out, headings, 4);
	rc = remint_lints(cli->ctx, list_lint, &lints);
	table_free(lints.table);
	return document_finish(cli, rc);
}

int
cmd_lint(struct cli *cli)
{
	struct remint_lint_options options = { .inputs = list_strings(&cli->arguments) };
	struct auditing auditing = { .cli = cli, .fail_on = severity_of(cli), .lint = true };
	struct remint_audit_summary summary = { 0 };
	int rc;

	if (given(cli, OPT_LINTS))
		return cli->arguments.count
			   ? report_usage(cli, "--lints judges nothing: it takes no FILE")
			   : list_lints(cli);
	if (inputs_needed(cli) || wire_of(cli, &options.wire))
		return -1;
	if (cli->csv)
		csv_row(&cli->out, csv_columns, sizeof csv_columns / sizeof *csv_columns);
	document_begin(cli, "findings");
	rc = remint_lint(cli->ctx, &options,
	    cli->json  ? audit_json
	    : cli->csv ? audit_csv
		       : audit_text,
	    &auditing, &summary);
	list_free(&auditing.group);
	if (rc)
		report_verb(cli);
	else if (!cli->json && !cli->csv)
		text_summary(cli, &summary, true);
	if (auditing.failing)
		report_status(cli, 1);
	close_document(cli, &summary);
	return rc;
}
