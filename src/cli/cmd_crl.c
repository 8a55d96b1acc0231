/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_crl.c - remint crl: the revocation lists that were published.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"

static void
print_json(struct json *json, const struct remint_crl_made *crl)
{
	json_open(json, NULL, '{');
	json_text(json, "authority", crl->authority);
	json_number(json, "shard", crl->shard);
	json_number(json, "number", crl->number);
	if (crl->delta)
		json_number(json, "base", crl->base);
	json_time(json, "this_update", crl->this_update);
	json_time(json, "next_update", crl->next_update);
	json_number(json, "entries", (int64_t)crl->entries);
	json_text(json, "sha256", crl->sha256);
	json_text(json, "file", crl->file);
	json_text(json, "pem", crl->pem);
	json_close(json, '}');
}

static int
print(void *arg, const struct remint_crl_made *crl)
{
	struct cli *cli = arg;
	char next[32];

	if (cli->json) {
		print_json(&cli->json_writer, crl);
		return 0;
	}
	remint_time_text(crl->next_update, next);
	out_safe(&cli->out, crl->file);
	out_format(&cli->out, ": number %" PRId64, crl->number);
	if (crl->delta)
		out_format(&cli->out, " on top of %" PRId64, crl->base);
	out_format(&cli->out, ", %" PRIu64 " %s, next by %s\n", crl->entries,
	    crl->entries == 1 ? "entry" : "entries", next);
	return 0;
}

int
cmd_crl(struct cli *cli)
{
	struct remint_crl_options options = {
		.authority = cli->arguments.count ? cli->arguments.items[0] : NULL,
		.delta = given(cli, OPT_DELTA),
		.directory = text_of(cli, OPT_OUT),
		.force = given(cli, OPT_FORCE),
	};
	int rc;

	if (!options.directory)
		return report_usage(cli, "say which directory the lists are published in: --out DIR");
	if (duration_of(cli, OPT_NEXT_UPDATE, &options.lifetime))
		return -1;
	if (given(cli, OPT_NEXT_UPDATE) && !options.lifetime) /* to the library that is its default */
		return report_usage(cli, "a list is good for some time up to ten years");
	document_begin(cli, "lists");
	rc = remint_crl(cli->ctx, &options, print, cli);
	return document_finish(cli, rc);
}
