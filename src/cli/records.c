/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/records.c - certificates of the database as list and history print them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char *const columns[] = { "id", "serial", "name", "status", "not_before", "not_after",
	"template", "targets", "issuer", "subject", "supersedes", "superseded_by", "sha256", "revoked", "reason" };

struct table *
records_table(struct out *out)
{
	static const char *const headings[] = { "ID", "EXPIRES", "STATUS", "REPLACES", "NAME",
		"TEMPLATE", "SERIAL" };

	return table_new(out, headings, sizeof headings / sizeof *headings);
}

void
records_begin(struct records *records, struct cli *cli)
{
	*records = (struct records){ .cli = cli, .cs_clients = given(cli, OPT_CS_CLIENTS) };
	document_begin(cli, "certificates");
	if (records->cs_clients)
		cs_client_heading(cli);
	else if (cli->csv)
		csv_row(&cli->out, columns, sizeof columns / sizeof *columns);
	else if (!cli->json)
		records->table = records_table(&cli->out);
}

void
record_json(struct json *json, const struct remint_record *record)
{
	json_open(json, NULL, '{');
	json_number(json, "id", record->id);
	json_text(json, "serial", record->serial);
	json_text(json, "subject", record->subject);
	json_text(json, "name", record->name);
	json_text(json, "issuer", record->issuer);
	json_text(json, "sha256", record->sha256);
	json_text(json, "template", record->template_name);
	json_words(json, "targets", record->targets);
	json_time(json, "not_before", record->not_before);
	json_time(json, "not_after", record->not_after);
	json_time(json, "recorded", record->recorded);
	json_text(json, "status", record->status);
	if (record->reason) {
		json_time(json, "revoked", record->revoked);
		json_text(json, "reason", record->reason);
	}
	json_bool(json, "foreign", record->foreign);
	if (record->supersedes)
		json_number(json, "supersedes", record->supersedes);
	if (record->superseded_by)
		json_number(json, "superseded_by", record->superseded_by);
	if (record->names.count) {
		json_open(json, "names", '[');
		for (size_t i = 0; i < record->names.count; i++)
			json_text(json, NULL, record->names.items[i]);
		json_close(json, ']');
	}
	json_text(json, "pem", record->pem);
	json_close(json, '}');
}

static void
print_csv(struct out *out, const struct remint_record *record)
{
	char before[32], after[32], revoked[32] = "", old[24] = "", new[24] = "";

	remint_time_text(record->not_before, before);
	remint_time_text(record->not_after, after);
	if (record->reason)
		remint_time_text(record->revoked, revoked);
	if (record->supersedes)
		snprintf(old, sizeof old, "%lld", (long long)record->supersedes);
	if (record->superseded_by)
		snprintf(new, sizeof new, "%lld", (long long)record->superseded_by);
	csv_number(out, true, record->id);
	csv_rest(out,
	    (const char *const[]){ record->serial, record->name, record->status, before, after,
		record->template_name, record->targets, record->issuer, record->subject, old, new,
		record->sha256, revoked, record->reason ? record->reason : "" },
	    14);
}

/* "revoked (keyCompromise)", "on hold". */
static const char *
status_text(const struct remint_record *record, char text[64])
{
	if (record->reason && strcmp(record->reason, "certificateHold") == 0)
		return "on hold";
	if (!record->reason || !*record->reason || strcmp(record->reason, "unspecified") == 0)
		return record->status;
	snprintf(text, 64, "%s (%s)", record->status, record->reason);
	return text;
}

void
record_row(struct table *table, const struct remint_record *record)
{
	char id[24], old[24] = "", after[32], status[64];
	enum style style = strcmp(record->status, "valid") == 0        ? STYLE_GOOD
			   : strcmp(record->status, "superseded") == 0 ? STYLE_FAINT
								       : STYLE_WARNING;

	snprintf(id, sizeof id, "%lld", (long long)record->id);
	if (record->supersedes)
		snprintf(old, sizeof old, "%lld", (long long)record->supersedes);
	remint_time_text(record->not_after, after);
	after[10] = 0; /* the day is enough here */
	table_cell(table, id, STYLE_NONE);
	table_cell(table, after, STYLE_NONE);
	table_cell(table, status_text(record, status), style);
	table_cell(table, old, STYLE_NONE);
	table_cell(table, record->name, STYLE_NONE);
	table_cell(table, record->foreign ? "(foreign)" : record->template_name, STYLE_NONE);
	table_cell(table, record->serial, STYLE_NONE);
}

int
records_print(void *arg, const struct remint_record *record)
{
	struct records *records = arg;
	struct cli *cli = records->cli;

	records->last = record->id;
	if (records->cs_clients && !cli->json) {
		records->count += cs_client_print(cli, record, records->count == 0);
		return keep_going(cli);
	}
	records->count++;
	if (cli->json)
		record_json(&cli->json_writer, record);
	else if (cli->csv)
		print_csv(&cli->out, record);
	else
		record_row(records->table, record);
	return keep_going(cli);
}

int
records_end(struct records *records, int rc)
{
	table_free(records->table);
	if (rc)
		report_verb(records->cli);
	document_end(records->cli, false);
	return rc;
}
