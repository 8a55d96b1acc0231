/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_history.c - remint history: one certificate with everything before and after it, oldest
 * first.
 */
#include "config.h"

#include "cli/cli.h"

int
cmd_history(struct cli *cli)
{
	struct records records;

	records_begin(&records, cli);
	return records_end(
	    &records, remint_history(cli->ctx, cli->arguments.items[0], records_print, &records));
}
