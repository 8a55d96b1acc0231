/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_plan.c - remint plan: the plan to a file or to standard output, and what it proposes in
 * numbers.
 *
 * Exits with 1 when there is something to be done. What is proposed is the library's judgement.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { REASONS_SHOWN = 12 };

struct planning {
	struct cli *cli;
	const char *path; /* of the file, or NULL */
	struct out file;
	uint64_t certificates;
};

/* ---- in numbers ---------------------------------------------------------- */

static uint64_t
to_do(const struct remint_planned *planned)
{
	uint64_t items = 0;

	for (size_t i = 0; i < planned->step_count; i++)
		if (strcmp(planned->steps[i].action, "keep") != 0)
			items += planned->steps[i].items;
	return items;
}

static void
steps_text(struct out *out, const struct remint_planned *planned)
{
	static const char *const headings[] = { "STEP", "CERTIFICATES", "PLACES" };
	struct table *table = table_new(out, headings, 3);

	for (size_t i = 0; i < planned->step_count; i++) {
		const struct remint_plan_step *step = &planned->steps[i];
		char number[24];

		if (!step->items)
			continue;
		table_cell(table, step->action, STYLE_STRONG);
		snprintf(number, sizeof number, "%llu", (unsigned long long)step->items);
		table_cell(table, number, STYLE_NONE);
		snprintf(number, sizeof number, "%llu", (unsigned long long)step->places);
		table_cell(table, number, STYLE_NONE);
	}
	table_free(table);
}

static void
reasons_text(struct out *out, const struct remint_planned *planned)
{
	for (size_t i = 0; i < planned->reason_count && i < REASONS_SHOWN; i++) {
		const struct remint_plan_reason *reason = &planned->reasons[i];

		out_text(out, i ? "" : "\n");
		out_style(out, STYLE_STRONG);
		out_safe(out, reason->rule);
		out_style(out, STYLE_NONE);
		out_format(out, ": %llu %s, %s\n", (unsigned long long)reason->items,
		    plural(reason->items, "certificate", "certificates"),
		    strcmp(reason->action, "keep") == 0 ? "no step clears it" : reason->action);
		out_labelled(out, 4, 0, "for example:", reason->example);
	}
	if (planned->reason_count > REASONS_SHOWN)
		out_format(out, "and %zu more %s\n", planned->reason_count - REASONS_SHOWN,
		    plural(planned->reason_count - REASONS_SHOWN, "reason", "reasons"));
}

/* "12 certificates, found in files 20 times, at endpoints 3 times: ..." */
static void
totals_text(struct out *out, const struct remint_planned *planned)
{
	static const char *const where[3] = { "in files", "at endpoints", "in the database" };
	const char *before = ", found ";

	out_format(out, "\n%llu %s", (unsigned long long)planned->certificates,
	    plural(planned->certificates, "certificate", "certificates"));
	for (size_t i = 0; i < 3; i++) {
		uint64_t places = planned->places[i];

		if (!places)
			continue;
		out_format(out, "%s%s ", before, where[i]);
		if (places == 1)
			out_text(out, "once");
		else
			out_format(out, "%llu times", (unsigned long long)places);
		before = ", ";
	}
	out_format(out, ": %llu to be dealt with, ", (unsigned long long)to_do(planned));
	if (planned->left)
		out_format(out, "%llu %s that no step clears, ", (unsigned long long)planned->left,
		    plural(planned->left, "finding", "findings"));
	out_format(out, "replacements signed by %s.\n",
	    strcmp(planned->signer, "issuing") == 0 ? "this home's CA" : "another CA");
	if (planned->replaced)
		out_format(out, "%llu of them %s replaced by this home already, by what \"why\" in the plan names.\n",
		    (unsigned long long)planned->replaced, planned->replaced == 1 ? "was" : "were");
}

/* ---- the plan ------------------------------------------------------------ */

static int
take_numbers(void *arg, const struct remint_planned *planned)
{
	struct planning *planning = arg;
	struct cli *cli = planning->cli;

	planning->certificates = planned->certificates;
	if (to_do(planned))
		report_status(cli, 1);
	if (cli->json || !planning->path) {
		char replaced[64] = "";

		if (planned->replaced)
			snprintf(replaced, sizeof replaced, ", %llu replaced already",
			    (unsigned long long)planned->replaced);
		report_note(cli, "remint: %llu %s, %llu to be dealt with%s",
		    (unsigned long long)planned->certificates,
		    plural(planned->certificates, "certificate", "certificates"),
		    (unsigned long long)to_do(planned), replaced);
		return 0;
	}
	steps_text(&cli->out, planned);
	reasons_text(&cli->out, planned);
	totals_text(&cli->out, planned);
	return keep_going(cli);
}

static int
take_text(void *arg, const char *text, size_t length)
{
	struct planning *planning = arg;
	struct cli *cli = planning->cli;

	if (planning->path)
		out_bytes(&planning->file, text, length);
	if (cli->json || !planning->path)
		out_bytes(&cli->out, text, length);
	return planning->file.failed ? 1 : keep_going(cli);
}

/* A plan of nothing, because nothing could be read, takes the place of no other. */
static int
file_end(struct planning *planning, int rc)
{
	struct cli *cli = planning->cli;

	if (!planning->path)
		return rc;
	if ((rc && !planning->file.failed) || (planning->certificates == 0 && cli->status != 0)) {
		out_abandon(&planning->file);
		if (rc == 0)
			report_note(cli, "remint: no plan is written, since no certificate was found");
		return rc;
	}
	if (file_close(cli, &planning->file, planning->path))
		return -1;
	if (!cli->json)
		report_note(cli, "remint: the plan is in %s", planning->path);
	return 0;
}

int
cmd_plan(struct cli *cli)
{
	const char *act_on = text_of(cli, OPT_ACT_ON);
	struct remint_plan_options options = { .inputs = list_strings(&cli->arguments),
		.database = given(cli, OPT_DATABASE),
		.targets = list_of(cli, OPT_FOR),
		.chain = list_of(cli, OPT_CHAIN),
		.trust = list_of(cli, OPT_TRUST),
		.keys = list_of(cli, OPT_KEY),
		.host = text_of(cli, OPT_NAME),
		.topology = text_of(cli, OPT_TOPOLOGY),
		.server = text_of(cli, OPT_SERVER),
		.signer = text_of(cli, OPT_SIGNER),
		.authority = text_of(cli, OPT_CA),
		.act_on_warnings = act_on && strcmp(act_on, "warning") == 0 };
	struct planning planning = { .cli = cli, .path = text_of(cli, OPT_OUT) };
	int rc;

	if (wire_of(cli, &options.wire) || time_of(cli, OPT_AT, &options.at))
		return -1;
	if (!options.inputs.count && !options.database && !given(cli, OPT_LIST))
		return report_usage(cli, "nothing to plan: name files or endpoints, a --list of them, or --database");
	if (!options.targets.count)
		return report_usage(
		    cli, "who must accept them? name a target with --for (see remint target list)");
	if (planning.path)
		out_open(&planning.file);
	if (planning.path && file_begin(cli, &planning.file, planning.path))
		return -1;
	rc = remint_plan(cli->ctx, &options, take_numbers, take_text, &planning);
	if (rc && !planning.file.failed)
		report_verb(cli);
	return file_end(&planning, rc);
}
