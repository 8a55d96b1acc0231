/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_issue.c - remint issue: a key and a certificate from a template and the names on the
 * command line.
 */
#include "config.h"

#include <stdlib.h>

#include "cli/cli.h"

int
cmd_issue(struct cli *cli)
{
	struct remint_issue_options options = {
		.template_name = text_of(cli, OPT_TEMPLATE),
		.targets = list_of(cli, OPT_FOR),
		.names = list_strings(&cli->names),
		.topology = text_of(cli, OPT_TOPOLOGY),
		.server = text_of(cli, OPT_SERVER),
		.key = text_of(cli, OPT_KEY_TYPE),
		.authority = text_of(cli, OPT_CA),
		.dry_run = given(cli, OPT_DRY_RUN),
		.out = out_of(cli),
	};
	char *subject;
	int rc;

	if (validity_of(cli, &options.validity, &options.not_after) || subject_of(cli, &subject))
		return -1;
	options.subject = subject;
	if (!options.out.directory && !options.dry_run) {
		free(subject);
		return report_usage(
		    cli, "a new private key goes to files only: name a directory with --out DIR");
	}
	document_begin(cli, "certificates");
	rc = remint_issue(cli->ctx, &options, issued_print, cli);
	free(subject);
	return issued_end(cli, rc);
}
