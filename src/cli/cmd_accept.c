/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_accept.c - remint accept: what another CA made of a request, judged, recorded and written as its device wants it.
 */
#include "config.h"

#include <stdio.h>

#include "cli/cli.h"

static void
print_json(struct json *json, const struct remint_accepted *accepted)
{
	json_open(json, NULL, '{');
	json_number(json, "pending", accepted->pending);
	json_text(json, "kind", accepted->kind);
	json_bool(json, "by_name", accepted->by_name);
	json_bool(json, "again", accepted->again);
	json_bool(json, "accepted", accepted->issued.id != 0);
	issued_json(json, &accepted->issued);
	json_close(json, '}');
}

static const char *
how_of(const struct remint_accepted *accepted)
{
	if (!accepted->issued.id)
		return "refused: nothing was recorded or written, and the request is still open (--anyway takes it)";
	if (accepted->again)
		return "it was accepted before";
	return accepted->by_name ? "matched by its name: the device's request was never seen" : NULL;
}

static void
print_text(struct out *out, const struct remint_accepted *accepted)
{
	const struct remint_issued *issued = &accepted->issued;
	char from[32], until[32], valid[80], answers[64];

	remint_time_text(issued->not_before, from);
	remint_time_text(issued->not_after, until);
	snprintf(valid, sizeof valid, "%s to %s", from, until);
	snprintf(answers, sizeof answers, "pending request %lld (%s)", (long long)accepted->pending, accepted->kind);
	out_safe(out, issued->source);
	out_text(out, ": ");
	out_style(out, STYLE_STRONG);
	out_safe(out, issued->name);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
	out_field(out, 2, "answers", answers);
	out_field(out, 2, "", how_of(accepted));
	out_escaped(out, 2, LABEL_WIDTH, "subject", issued->subject);
	out_escaped(out, 2, LABEL_WIDTH, "issuer", issued->issuer);
	out_field(out, 2, "serial", issued->serial);
	out_field(out, 2, "valid", valid);
	out_field(out, 2, "targets", *issued->targets ? issued->targets : NULL);
	out_field(out, 2, "replaces", issued->superseded_serial);
	issued_files(out, issued);
	out_text(out, "\n");
	for (size_t i = 0; i < issued->finding_count; i++) {
		finding_text(out, &issued->findings[i]);
		out_text(out, "\n");
	}
}

static int
print(void *arg, const struct remint_accepted *accepted)
{
	struct cli *cli = arg;

	if (accepted->refused && !accepted->issued.id) /* with consent the answer is no "no" */
		report_status(cli, 1);
	if (cli->json)
		print_json(&cli->json_writer, accepted);
	else
		print_text(&cli->out, accepted);
	return 0;
}

int
cmd_accept(struct cli *cli)
{
	struct remint_accept_options options = {
		.inputs = list_strings(&cli->arguments),
		.keys = list_of(cli, OPT_KEY),
		.chain = list_of(cli, OPT_CHAIN),
		.targets = list_of(cli, OPT_FOR),
		.fail_on = severity_of(cli),
		.anyway = given(cli, OPT_ANYWAY),
		.out = out_of(cli),
	};

	document_begin(cli, "accepted");
	return issued_end(cli, remint_accept(cli->ctx, &options, print, cli));
}
