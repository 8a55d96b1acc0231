/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_db.c - remint db check: the structure of the database and its chain of events.
 */
#include "config.h"

#include "cli/cli.h"

int
cmd_db_check(struct cli *cli)
{
	struct json *json = &cli->json_writer;
	struct remint_db_report report = { 0 };

	if (remint_db_check(cli->ctx, &report))
		return report_verb(cli);
	document_begin(cli, NULL);
	if (cli->json) {
		json_open(json, "database", '{');
		json_number(json, "schema", report.schema);
		json_number(json, "orphans", (int64_t)report.orphans);
		json_number(json, "certificates", (int64_t)report.certificates);
		json_close(json, '}');
		json_close(json, '}');
		out_text(&cli->out, "\n");
		return 0;
	}
	out_format(&cli->out,
	    "The database is sound: schema %lld, every event in its place, %llu certificate%s as "
	    "their events say.\n",
	    (long long)report.schema, (unsigned long long)report.certificates,
	    report.certificates == 1 ? "" : "s");
	if (report.orphans)
		out_format(&cli->out,
		    "%llu certificate%s begun and not finished: the next run that issues finishes "
		    "them.\n",
		    (unsigned long long)report.orphans, report.orphans == 1 ? " was" : "s were");
	return 0;
}
