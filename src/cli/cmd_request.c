/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_request.c - remint request: a key and a request for a CA elsewhere.
 */
#include "config.h"

#include <stdlib.h>

#include "cli/cli.h"

static int
print(void *arg, const struct remint_requested *requested)
{
	struct cli *cli = arg;
	struct json *json = &cli->json_writer;

	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "subject", requested->subject);
		json_text(json, "key", requested->key);
		json_text(json, "directory", requested->directory);
		json_strings(json, "files", requested->files);
		json_text(json, "pem", requested->pem);
		json_close(json, '}');
		return 0;
	}
	out_style(&cli->out, STYLE_STRONG);
	out_text(&cli->out, "request\n");
	out_style(&cli->out, STYLE_NONE);
	out_field(&cli->out, 2, "subject", requested->subject);
	out_field(&cli->out, 2, "key", requested->key);
	out_field(&cli->out, 2, "written to", requested->directory);
	for (size_t i = 0; i < requested->files.count; i++)
		out_field(&cli->out, 2, "", requested->files.items[i]);
	return 0;
}

int
cmd_request(struct cli *cli)
{
	struct remint_strings targets = list_of(cli, OPT_FOR);
	struct remint_request_options options = {
		.names = list_strings(&cli->names),
		.key = text_of(cli, OPT_KEY_TYPE),
		.digest = text_of(cli, OPT_DIGEST),
		.target = text_of(cli, OPT_FOR),
		.topology = text_of(cli, OPT_TOPOLOGY),
		.server = text_of(cli, OPT_SERVER),
		.from = text_of(cli, OPT_FROM),
		.out = out_of(cli),
	};
	char *subject;
	int rc;

	if (targets.count > 1)
		return report_usage(
		    cli, "one request follows the rules of one target: give --for once");
	if (!options.out.directory)
		return report_usage(
		    cli, "a new private key goes to files only: name a directory with --out DIR");
	if (subject_of(cli, &subject))
		return -1;
	options.subject = subject;
	document_begin(cli, "requests");
	rc = remint_request(cli->ctx, &options, print, cli);
	free(subject);
	if (rc)
		report_verb(cli);
	document_end(cli, false);
	return rc;
}
