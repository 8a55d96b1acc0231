/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_revoke.c - remint revoke: certificates taken back. More than one is shown first.
 */
#include "config.h"

#include "cli/cli.h"

int
cmd_revoke(struct cli *cli)
{
	struct remint_revoke_options options = {
		.which = { (const char *const *)cli->arguments.items, cli->arguments.count },
		.user = text_of(cli, OPT_USER),
		.device = text_of(cli, OPT_DEVICE),
		.reason = text_of(cli, OPT_REASON),
		.commit = given(cli, OPT_COMMIT),
	};
	struct records records;
	bool done;
	int rc;

	if (!options.which.count && !options.user && !options.device)
		return report_usage(cli, "say which: a serial number, --user or --device");
	records_begin(&records, cli);
	rc = records_end(&records, remint_revoke(cli->ctx, &options, records_print, &records, &done));
	if (rc == 0 && !done)
		report_note(cli, "remint: nothing was revoked yet: --commit revokes these %zu certificates",
		    records.count);
	return rc;
}
