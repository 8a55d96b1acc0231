/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_sign.c - remint sign: certificates from requests, to standard output or one file a
 * request.
 */
#include "config.h"

#include <stdlib.h>

#include "cli/cli.h"

int
cmd_sign(struct cli *cli)
{
	struct remint_sign_options options = {
		.inputs = list_strings(&cli->arguments),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.targets = list_of(cli, OPT_FOR),
		.names = list_strings(&cli->names),
		.authority = text_of(cli, OPT_CA),
		.dry_run = given(cli, OPT_DRY_RUN),
		.out = out_of(cli),
	};
	char *subject;
	int rc;

	if (validity_of(cli, &options.validity, &options.not_after) || subject_of(cli, &subject))
		return -1;
	options.subject = subject;
	document_begin(cli, "certificates");
	rc = remint_sign(cli->ctx, &options, issued_print, cli);
	free(subject);
	return issued_end(cli, rc);
}
