/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/issued.c - what issue, sign, reissue, renew and rekey print of each certificate that they
 * made.
 *
 * Where no directory takes the files, certificate and chain go to standard output as PEM and the
 * report to standard error, so that the output can be used as it is.
 */
#include "config.h"

#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- JSON ---------------------------------------------------------------- */

static void
json_decided(struct json *json, const struct remint_issued *issued)
{
	json_open(json, "decided", '[');
	for (size_t i = 0; i < issued->decided_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "decision", remint_decision_name(issued->decided[i].decision));
		json_text(json, "field", issued->decided[i].field);
		json_text(json, "text", issued->decided[i].text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void
issued_json(struct json *json, const struct remint_issued *issued)
{
	if (issued->id)
		json_number(json, "id", issued->id);
	json_text(json, "source", issued->source);
	json_number(json, "index", (int64_t)issued->index);
	json_text(json, "serial", issued->serial);
	json_text(json, "subject", issued->subject);
	json_text(json, "name", issued->name);
	json_text(json, "issuer", issued->issuer);
	json_text(json, "sha256", issued->sha256);
	json_text(json, "template", issued->template_name);
	json_words(json, "targets", issued->targets);
	json_time(json, "not_before", issued->not_before);
	json_time(json, "not_after", issued->not_after);
	if (issued->supersedes)
		json_number(json, "supersedes", issued->supersedes);
	json_text(json, "superseded_serial", issued->superseded_serial);
	if (issued->pending)
		json_number(json, "pending", issued->pending);
	json_decided(json, issued);
	json_open(json, "findings", '[');
	for (size_t i = 0; i < issued->finding_count; i++)
		finding_json(json, &issued->findings[i]);
	json_close(json, ']');
	json_text(json, "directory", issued->directory);
	json_strings(json, "files", issued->files);
	json_text(json, "pem", issued->pem);
	json_text(json, "chain_pem", issued->chain_pem);
}

static void
print_json(struct json *json, const struct remint_issued *issued)
{
	json_open(json, NULL, '{');
	issued_json(json, issued);
	json_close(json, '}');
}

/* ---- text ---------------------------------------------------------------- */

static void
text_decided(struct out *out, const struct remint_issued *issued)
{
	static const enum style styles[] = { [REMINT_TAKEN] = STYLE_NONE,
		[REMINT_DROPPED] = STYLE_WARNING,
		[REMINT_CHANGED] = STYLE_STRONG,
		[REMINT_ADDED] = STYLE_GOOD,
		[REMINT_KEPT] = STYLE_FAINT };
	size_t widest = 0, from;

	for (size_t i = 0; i < issued->decided_count; i++) {
		size_t columns = text_columns(issued->decided[i].field);

		widest = columns > widest && columns <= 28 ? columns : widest;
	}
	from = 2 + 9 + widest + 2;
	for (size_t i = 0; i < issued->decided_count; i++) {
		const struct remint_decided *decided = &issued->decided[i];
		const char *name = remint_decision_name(decided->decision);
		char *field = remint_safe_text(decided->field, strlen(decided->field));
		char *text = escaped_text(decided->text);
		size_t columns = field ? text_columns(field) : 0;

		out_text(out, "  ");
		out_style(out, styles[decided->decision]);
		out_text(out, name);
		out_style(out, STYLE_NONE);
		out_spaces(out, 9 - strlen(name));
		out_text(out, field ? field : "");
		out_spaces(out, columns < widest ? widest - columns + 2 : 2);
		out_wrap(out, text ? text : "", columns > widest ? 13 + columns : from, from);
		remint_text_free(field);
		remint_text_free(text);
	}
}

void
issued_files(struct out *out, const struct remint_issued *issued)
{
	char *all, *to;
	size_t size = 1;

	if (!issued->directory)
		return;
	for (size_t i = 0; i < issued->files.count; i++)
		size += strlen(issued->files.items[i]) + 1;
	all = to = malloc(size);
	if (!all) {
		out->failed = ENOMEM;
		return;
	}
	for (size_t i = 0; i < issued->files.count; i++) {
		size_t length = strlen(issued->files.items[i]);

		if (i)
			*to++ = ' ';
		memcpy(to, issued->files.items[i], length);
		to += length;
	}
	*to = 0;
	out_field(out, 2, "written to", issued->directory);
	out_field(out, 2, "", all);
	free(all);
}

static void
text_heading(struct out *out, const struct remint_issued *issued)
{
	if (*issued->source) {
		out_safe(out, issued->source);
		if (issued->index > 1)
			out_format(out, " #%zu", issued->index);
		out_text(out, ": ");
	}
	out_style(out, STYLE_STRONG);
	out_safe(out, issued->name);
	out_style(out, STYLE_NONE);
	out_text(out, issued->id ? "\n" : "  (dry run: nothing was signed)\n");
}

static void
print_text(struct out *out, const struct remint_issued *issued)
{
	char before[32], after[32], valid[80];

	remint_time_text(issued->not_before, before);
	remint_time_text(issued->not_after, after);
	snprintf(valid, sizeof valid, "%s to %s", before, after);
	text_heading(out, issued);
	text_decided(out, issued);
	if (issued->decided_count)
		out_text(out, "\n");
	if (!issued->superseded_serial) { /* the comparison above has said so */
		out_escaped(out, 2, LABEL_WIDTH, "subject", issued->subject);
		out_escaped(out, 2, LABEL_WIDTH, "issuer", issued->issuer);
	}
	out_field(out, 2, "serial", issued->id ? issued->serial : NULL);
	out_field(out, 2, "valid", valid);
	out_field(out, 2, "template", issued->template_name);
	out_field(out, 2, "targets", issued->targets);
	out_field(out, 2, "replaces", issued->superseded_serial);
	if (issued->pending) {
		snprintf(valid, sizeof valid, "pending request %lld", (long long)issued->pending);
		out_field(out, 2, "answers", valid);
	}
	issued_files(out, issued);
	out_text(out, "\n");
	if (issued->finding_count)
		out_text(out, issued->id ? "  Audited again, this is still found:\n\n"
					 : "  An audit would find:\n\n");
	for (size_t i = 0; i < issued->finding_count; i++) {
		finding_text(out, &issued->findings[i]);
		out_text(out, "\n");
	}
}

static bool
worth_a_word(const struct remint_decided *decided)
{
	return decided->decision == REMINT_DROPPED || decided->decision == REMINT_CHANGED;
}

/* Of a request among many: a line, and what it asked for and did not get. */
static void
print_brief(struct out *out, const struct remint_issued *issued)
{
	char after[32];

	remint_time_text(issued->not_after, after);
	out_safe(out, issued->source);
	if (issued->index > 1)
		out_format(out, " #%zu", issued->index);
	out_text(out, ": ");
	out_style(out, STYLE_STRONG);
	out_safe(out, issued->name);
	out_style(out, STYLE_NONE);
	out_format(out, ", %s, until %s", issued->serial, after);
	if (issued->pending)
		out_format(out, ", answers request %lld", (long long)issued->pending);
	for (size_t i = 0; i < issued->files.count; i++) {
		out_text(out, i ? " " : ", in ");
		out_safe(out, issued->directory);
		out_text(out, "/");
		out_safe(out, issued->files.items[i]);
	}
	out_text(out, "\n");
	for (size_t i = 0; i < issued->decided_count; i++)
		if (worth_a_word(&issued->decided[i])) {
			struct remint_issued one = { .decided = &issued->decided[i],
				.decided_count = 1 };

			text_decided(out, &one);
		}
	for (size_t i = 0; i < issued->finding_count; i++)
		finding_text(out, &issued->findings[i]);
}

/* The report where it does not mix with the PEM: standard error. */
static void
print_aside(struct cli *cli, const struct remint_issued *issued)
{
	if (issued->pending)
		report_note(cli, "remint: %s: answers pending request %lld",
		    *issued->source ? issued->source : issued->name, (long long)issued->pending);
	for (size_t i = 0; i < issued->decided_count; i++) {
		const struct remint_decided *decided = &issued->decided[i];

		if (worth_a_word(decided))
			report_note(cli, "remint: %s: %s %s: %s",
			    *issued->source ? issued->source : issued->name,
			    remint_decision_name(decided->decision), decided->field, decided->text);
	}
	for (size_t i = 0; i < issued->finding_count; i++)
		if (issued->findings[i].severity != REMINT_INFO)
			report_note(cli, "remint: %s: %s%s: %s",
			    *issued->source ? issued->source : issued->name,
			    remint_severity_name(issued->findings[i].severity),
			    issued->findings[i].accepted ? " (accepted)" : "",
			    issued->findings[i].message);
}

/* ---- the callback -------------------------------------------------------- */

int
issued_print(void *arg, const struct remint_issued *issued)
{
	struct cli *cli = arg;

	for (size_t i = 0; i < issued->finding_count; i++)
		if (issued->findings[i].severity == REMINT_ERROR && !issued->findings[i].accepted)
			report_status(cli, 1);
	if (cli->json) {
		print_json(&cli->json_writer, issued);
	} else if (issued->directory && *issued->source && !issued->superseded_serial) {
		print_brief(&cli->out, issued);
	} else if (issued->directory || !issued->pem) {
		print_text(&cli->out, issued);
	} else {
		out_text(&cli->out, issued->pem);
		out_text(&cli->out, issued->chain_pem ? issued->chain_pem : "");
		print_aside(cli, issued);
	}
	return 0; /* what is issued is issued: a reader that went away does not stop the rest from
		     being recorded */
}

int
issued_end(struct cli *cli, int rc)
{
	return document_finish(cli, rc);
}
