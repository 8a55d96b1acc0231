/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_revoke.c - remint revoke: certificates taken back, put on hold or released. More than one, or a CA's, is shown first.
 */
#include "config.h"

#include "cli/cli.h"

static void
note_shown(struct cli *cli, const struct remint_revoke_options *options, size_t count)
{
	const char *done = options->release ? "released" : options->hold ? "put on hold" : "revoked";
	const char *does = options->release ? "releases" : options->hold ? "puts on hold" : "revokes";

	if (count == 1)
		report_note(cli, "remint: nothing was %s yet: --commit %s this certificate", done, does);
	else
		report_note(cli, "remint: nothing was %s yet: --commit %s these %zu certificates", done, does, count);
}

int
cmd_revoke(struct cli *cli)
{
	struct remint_revoke_options options = {
		.which = { (const char *const *)cli->arguments.items, cli->arguments.count },
		.lists = list_of(cli, OPT_LIST),
		.keys = list_of(cli, OPT_KEY),
		.name = text_of(cli, OPT_NAME),
		.user = text_of(cli, OPT_USER),
		.device = text_of(cli, OPT_DEVICE),
		.campaign = text_of(cli, OPT_CAMPAIGN),
		.authority = text_of(cli, OPT_AUTHORITY),
		.reason = text_of(cli, OPT_REASON),
		.hold = given(cli, OPT_HOLD),
		.release = given(cli, OPT_RELEASE),
		.commit = given(cli, OPT_COMMIT),
	};
	struct records records;
	bool done;
	int rc;

	if (!options.which.count && !options.lists.count && !options.keys.count && !options.name &&
	    !options.user && !options.device && !options.campaign && !options.authority)
		return report_usage(cli, "say which: a serial number, a file, --name, --key, --user, "
					 "--device, --list, --campaign or --authority");
	if (time_of(cli, OPT_INVALIDITY_DATE, &options.invalidity_date))
		return -1;
	records_begin(&records, cli);
	rc = records_end(&records, remint_revoke(cli->ctx, &options, records_print, &records, &done));
	if (rc == 0 && !done)
		note_shown(cli, &options, records.count);
	return rc;
}
