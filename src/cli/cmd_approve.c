/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_approve.c - remint approve and remint deny: what becomes of requests that wait.
 */
#include "config.h"

#include "cli/cli.h"

int
cmd_approve(struct cli *cli)
{
	struct remint_approve_options options = {
		.requests = list_strings(&cli->arguments),
		.dry_run = given(cli, OPT_DRY_RUN),
		.out = out_of(cli),
	};

	document_begin(cli, "certificates");
	return issued_end(cli, remint_approve(cli->ctx, &options, issued_print, cli));
}

int
cmd_deny(struct cli *cli)
{
	struct pendings pendings;

	if (!text_of(cli, OPT_WHY))
		return report_usage(cli, "whoever asked will want to know: give the reason with --why");
	pendings_begin(&pendings, cli, false);
	return pendings_end(&pendings,
	    remint_deny(cli->ctx, list_strings(&cli->arguments), text_of(cli, OPT_WHY),
		pendings_print, &pendings));
}
