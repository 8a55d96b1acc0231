/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/wire.c - the options with which several verbs reach endpoints, read once for all of them.
 */
#include "config.h"

#include "cli/cli.h"

enum { TIMEOUT_MOST = 3600, PARALLEL_MOST = 1024 };

int
wire_of(struct cli *cli, struct remint_wire *wire)
{
	int64_t timeout, parallel;

	if (duration_of(cli, OPT_TIMEOUT, &timeout) ||
	    count_of(cli, OPT_PARALLEL, 1, PARALLEL_MOST, &parallel))
		return -1;
	if (given(cli, OPT_TIMEOUT) && (timeout < 1 || timeout > TIMEOUT_MOST))
		return report_usage(cli, "--timeout is not between 1s and 1h");
	*wire = (struct remint_wire){ .sni = text_of(cli, OPT_SNI),
		.connect = text_of(cli, OPT_CONNECT),
		.timeout = (unsigned)timeout * 1000,
		.parallel = (unsigned)parallel,
		.lists = list_of(cli, OPT_LIST) };
	return 0;
}

int
inputs_needed(struct cli *cli)
{
	if (cli->arguments.count || given(cli, OPT_LIST))
		return 0;
	return report_usage(cli, "%s needs %s", cli->command->name, cli->command->arguments);
}
