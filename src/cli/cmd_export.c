/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_export.c - remint db export: rows of the database as JSON lines or CSV, as they come.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

struct exporting {
	struct cli *cli;
	struct out *out;
};

static void
json_cell(struct json *json, const struct remint_cell *cell)
{
	if (cell->absent)
		return;
	if (cell->kind == REMINT_CELL_TEXT)
		json_text(json, cell->name, cell->text);
	else if (cell->kind == REMINT_CELL_TIME)
		json_time(json, cell->name, cell->number);
	else if (cell->kind == REMINT_CELL_FLAG)
		json_bool(json, cell->name, cell->number != 0);
	else
		json_number(json, cell->name, cell->number);
}

static int
json_row(struct exporting *exporting, const char *table, const struct remint_cell *cells, size_t count)
{
	struct json json = { .out = exporting->out };

	json_open(&json, NULL, '{');
	json_text(&json, "table", table);
	for (size_t i = 0; i < count; i++)
		json_cell(&json, &cells[i]);
	json_close(&json, '}');
	out_text(exporting->out, "\n");
	return 0;
}

static void
csv_value(struct out *out, bool first, const struct remint_cell *cell)
{
	char time[32] = "";

	if (cell->absent)
		csv_cell(out, first, "");
	else if (cell->kind == REMINT_CELL_TEXT)
		csv_cell(out, first, cell->text);
	else if (cell->kind != REMINT_CELL_TIME)
		csv_number(out, first, cell->number);
	else {
		remint_time_text(cell->number, time);
		csv_cell(out, first, time);
	}
}

static int
csv_line(struct exporting *exporting, bool heading, const struct remint_cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (heading)
			csv_cell(exporting->out, i == 0, cells[i].name);
		else
			csv_value(exporting->out, i == 0, &cells[i]);
	csv_end(exporting->out);
	return 0;
}

static int
print_row(void *arg, const char *table, uint64_t row, const struct remint_cell *cells, size_t count)
{
	struct exporting *exporting = arg;

	if (exporting->cli->csv)
		csv_line(exporting, row == 0, cells, count);
	else if (row)
		json_row(exporting, table, cells, count);
	return exporting->out == &exporting->cli->out ? keep_going(exporting->cli)
						      : exporting->out->failed != 0;
}

int
cmd_db_export(struct cli *cli)
{
	const char *path = text_of(cli, OPT_OUT);
	struct out file;
	struct exporting exporting = { .cli = cli, .out = path ? &file : &cli->out };
	struct remint_strings tables = list_of(cli, OPT_TABLE);

	if (cli->csv && tables.count != 1)
		return report_usage(
		    cli, "a CSV file has the columns of one table: name it with --table NAME");
	cli->out.hold = false; /* JSON is a line a row, and nobody waits for the last one */
	if (path) {
		out_open(&file);
		file.secret = true; /* as the database, of which it is the whole */
	}
	if (path && file_begin(cli, &file, path))
		return -1;
	if (remint_db_export(cli->ctx, tables, print_row, &exporting)) {
		if (path)
			out_abandon(&file);
		return report_verb(cli);
	}
	if (path && file_close(cli, &file, path))
		return -1;
	return 0;
}
