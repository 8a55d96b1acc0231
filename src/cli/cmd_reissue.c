/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_reissue.c - remint reissue, renew and rekey: replacements for certificates at hand. The
 * three differ in what may change, which is the library's business; here they share everything.
 */
#include "config.h"

#include "cli/cli.h"

static int
replace(struct cli *cli, enum remint_replace how)
{
	struct remint_reissue_options options = {
		.how = how,
		.inputs = list_strings(&cli->arguments),
		.keys = list_of(cli, OPT_KEY),
		.targets = list_of(cli, OPT_FOR),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.names = list_strings(&cli->names),
		.topology = text_of(cli, OPT_TOPOLOGY),
		.server = text_of(cli, OPT_SERVER),
		.key = text_of(cli, OPT_KEY_TYPE),
		.request = text_of(cli, OPT_REQUEST),
		.keep_key = given(cli, OPT_KEEP_KEY),
		.authority = text_of(cli, OPT_CA),
		.dry_run = given(cli, OPT_DRY_RUN),
		.out = out_of(cli),
	};
	bool new_key = how != REMINT_RENEW && !options.keep_key && !options.request;
	int rc;

	if (validity_of(cli, &options.validity, &options.not_after))
		return -1;
	if (options.keep_key && options.key)
		return report_usage(cli, "--keep-key and --key-type contradict each other");
	if (new_key && !options.out.directory && !options.dry_run)
		return report_usage(
		    cli, "a new private key goes to files only: name a directory with --out DIR");
	document_begin(cli, "certificates");
	rc = remint_reissue(cli->ctx, &options, issued_print, cli);
	return issued_end(cli, rc);
}

int
cmd_reissue(struct cli *cli)
{
	return replace(cli, REMINT_REISSUE);
}

int
cmd_renew(struct cli *cli)
{
	return replace(cli, REMINT_RENEW);
}

int
cmd_rekey(struct cli *cli)
{
	return replace(cli, REMINT_REKEY);
}
