/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_list.c - remint list: a page of the database.
 */
#include "config.h"

#include "cli/cli.h"

int
cmd_list(struct cli *cli)
{
	struct remint_list_options options = {
		.name = text_of(cli, OPT_NAME),
		.serial = text_of(cli, OPT_SERIAL),
		.target = text_of(cli, OPT_TARGET),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.status = text_of(cli, OPT_STATUS),
	};
	struct records records;
	int64_t limit;
	int rc;

	if (time_of(cli, OPT_EXPIRES_BEFORE, &options.expires_before) ||
	    time_of(cli, OPT_EXPIRES_AFTER, &options.expires_after) ||
	    count_of(cli, OPT_LIMIT, 1, 1000000000, &limit) ||
	    count_of(cli, OPT_AFTER, 1, INT64_MAX / 16, &options.after))
		return -1;
	options.limit = limit ? (unsigned)limit : 100;
	records_begin(&records, cli);
	rc = records_end(&records, remint_list(cli->ctx, &options, records_print, &records));
	if (rc == 0 && records.count == options.limit && !limit)
		report_note(cli,
		    "remint: the first %u are shown: --after %lld goes on, --limit N shows more",
		    options.limit, (long long)records.last);
	return rc;
}
