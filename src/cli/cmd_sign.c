/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_sign.c - remint sign: certificates from requests, to standard output or one file a
 * request. With --hold they are only kept.
 */
#include "config.h"

#include <stdlib.h>

#include "cli/cli.h"

static int
hold(struct cli *cli, const struct remint_sign_options *options)
{
	struct pendings pendings;

	pendings_begin(&pendings, cli, false);
	return pendings_end(&pendings, remint_hold(cli->ctx, options, pendings_print, &pendings));
}

static int
sign(struct cli *cli, const struct remint_sign_options *options)
{
	document_begin(cli, "certificates");
	return issued_end(cli, remint_sign(cli->ctx, options, issued_print, cli));
}

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
		.pending = text_of(cli, OPT_ANSWERS),
		.no_pending = given(cli, OPT_NO_PENDING),
		.out = out_of(cli),
	};
	char *subject;
	int rc;

	if (given(cli, OPT_HOLD) && (options.dry_run || options.out.directory))
		return report_usage(cli, "what is held is not issued: --hold goes without --out and --dry-run");
	if (options.pending && options.no_pending)
		return report_usage(cli, "--pending and --no-pending exclude each other");
	if (validity_of(cli, &options.validity, &options.not_after) || subject_of(cli, &subject))
		return -1;
	options.subject = subject;
	rc = given(cli, OPT_HOLD) ? hold(cli, &options) : sign(cli, &options);
	free(subject);
	return rc;
}
