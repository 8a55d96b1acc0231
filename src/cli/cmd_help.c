/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_help.c - remint help, version and completion: what the program says of itself.
 */
#include "config.h"

#include <stdio.h>

#include "cli/cli.h"

int
cmd_help(struct cli *cli)
{
	const struct command *command = NULL;
	char name[64] = "";

	if (!cli->arguments.count) {
		help_overview(&cli->out);
		return 0;
	}
	snprintf(name, sizeof name, "%.30s%s%.30s", cli->arguments.items[0],
	    cli->arguments.count > 1 ? " " : "",
	    cli->arguments.count > 1 ? cli->arguments.items[1] : "");
	command = command_named(name);
	if (!command) {
		cli->command = NULL;
		return report_usage(cli, "there is no command \"%s\"", name);
	}
	help_command(&cli->out, command);
	return 0;
}

int
cmd_version(struct cli *cli)
{
	struct json *json = document_begin(cli, NULL);

	if (cli->json) {
		json_text(json, "version", remint_version());
		json_close(json, '}');
		out_text(&cli->out, "\n");
	} else {
		out_format(&cli->out, "remint %s\n", remint_version());
	}
	return 0;
}

int
cmd_completion(struct cli *cli)
{
	if (completion_write(&cli->out, cli->arguments.items[0]))
		return report_usage(cli, "\"%s\" is no shell with completions: bash, zsh or fish",
		    cli->arguments.items[0]);
	return 0;
}
