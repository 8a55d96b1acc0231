/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_blocklist.c - remint blocklist add and list: keys that this home certifies for nobody.
 */
#include "config.h"

#include "cli/cli.h"

int
cmd_blocklist_add(struct cli *cli)
{
	struct remint_block_options options = { .inputs = list_strings(&cli->arguments),
		.why = text_of(cli, OPT_WHY) };
	struct json *json = &cli->json_writer;
	struct remint_blocked_summary summary;

	if (remint_block(cli->ctx, &options, &summary))
		return report_verb(cli);
	document_begin(cli, NULL);
	if (cli->json) {
		json_number(json, "added", (int64_t)summary.added);
		json_number(json, "known", (int64_t)summary.known);
		json_number(json, "in_force", (int64_t)summary.in_force);
		json_close(json, '}');
		out_text(&cli->out, "\n");
		cli->document = false;
		return 0;
	}
	out_format(&cli->out, "%llu %s blocked, %llu known before\n", (unsigned long long)summary.added,
	    plural(summary.added, "hash", "hashes"), (unsigned long long)summary.known);
	return 0;
}

struct listing {
	struct cli *cli;
	struct table *table;
};

static int
list_one(void *arg, const struct remint_blocked *blocked)
{
	struct listing *listing = arg;
	struct cli *cli = listing->cli;
	struct json *json = &cli->json_writer;
	char when[32];

	remint_time_text(blocked->when, when);
	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "kind", blocked->kind);
		json_text(json, "hash", blocked->hash);
		json_text(json, "source", blocked->source);
		json_time(json, "when", blocked->when);
		json_close(json, '}');
	} else if (cli->csv) {
		csv_row(&cli->out,
		    (const char *const[]){ blocked->kind, blocked->hash, blocked->source, when }, 4);
	} else {
		table_cell(listing->table, blocked->kind, STYLE_NONE);
		table_cell(listing->table, blocked->hash, STYLE_STRONG);
		table_cell(listing->table, when, STYLE_FAINT);
		table_cell(listing->table, blocked->source, STYLE_NONE);
	}
	return keep_going(cli);
}

int
cmd_blocklist_list(struct cli *cli)
{
	static const char *const headings[] = { "KIND", "HASH", "SINCE", "SOURCE" },
			  *const columns[] = { "kind", "hash", "source", "when" };
	struct listing listing = { .cli = cli };
	int rc;

	document_begin(cli, "blocked");
	if (cli->csv)
		csv_row(&cli->out, columns, 4);
	else if (!cli->json)
		listing.table = table_new(&cli->out, headings, 4);
	rc = remint_blocklist(cli->ctx, list_one, &listing);
	table_free(listing.table);
	return document_finish(cli, rc);
}
