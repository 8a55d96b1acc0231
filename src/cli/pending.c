/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/pending.c - pending requests as list --pending, sign --hold and deny print them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const char *const columns[] = { "id", "kind", "state", "recorded", "changed", "name",
	"subject", "targets", "template", "signer", "key", "next", "task", "command", "why",
	"certificate", "serial" };

void
pendings_begin(struct pendings *pendings, struct cli *cli, bool listing)
{
	static const char *const headings[] = { "ID", "SINCE", "KIND", "STATE", "NEXT", "NAME",
		"TARGETS", "COMMAND" };

	*pendings = (struct pendings){ .cli = cli };
	document_begin(cli, "pending");
	if (cli->csv)
		csv_row(&cli->out, columns, sizeof columns / sizeof *columns);
	else if (listing && !cli->json)
		pendings->table =
		    table_new(&cli->out, headings, sizeof headings / sizeof *headings);
}

static void
print_json(struct json *json, const struct remint_pending *pending)
{
	json_open(json, NULL, '{');
	json_number(json, "id", pending->id);
	json_text(json, "kind", pending->kind);
	json_text(json, "state", pending->state);
	json_time(json, "recorded", pending->recorded);
	json_time(json, "changed", pending->changed);
	json_text(json, "name", pending->name);
	json_text(json, "subject", pending->subject);
	json_strings(json, "names", pending->names);
	json_words(json, "targets", pending->targets);
	json_text(json, "template", pending->template_name);
	json_text(json, "signer", pending->signer);
	json_text(json, "key", pending->key);
	json_text(json, "next", remint_actor_name(pending->actor));
	json_text(json, "task", pending->task);
	json_text(json, "command", pending->command);
	json_text(json, "why", pending->why);
	if (pending->certificate)
		json_number(json, "certificate", pending->certificate);
	json_text(json, "serial", pending->serial);
	json_text(json, "spki_sha256", pending->spki_sha256);
	json_text(json, "pem", pending->pem);
	json_close(json, '}');
}

static void
print_csv(struct out *out, const struct remint_pending *pending)
{
	char recorded[32], changed[32], certificate[24] = "";

	remint_time_text(pending->recorded, recorded);
	remint_time_text(pending->changed, changed);
	if (pending->certificate)
		snprintf(certificate, sizeof certificate, "%lld", (long long)pending->certificate);
	csv_number(out, true, pending->id);
	csv_rest(out,
	    (const char *const[]){ pending->kind, pending->state, recorded, changed, pending->name,
		pending->subject, pending->targets, pending->template_name, pending->signer,
		pending->key ? pending->key : "", remint_actor_name(pending->actor), pending->task,
		pending->command, pending->why, certificate, pending->serial ? pending->serial : "" },
	    16);
}

static void
print_row(struct table *table, const struct remint_pending *pending)
{
	static const enum style styles[REMINT_ACTORS] = { [REMINT_ACTOR_US] = STYLE_WARNING,
		[REMINT_ACTOR_NOBODY] = STYLE_FAINT };
	char id[24], since[32];

	snprintf(id, sizeof id, "%lld", (long long)pending->id);
	remint_time_text(pending->recorded, since);
	since[10] = 0; /* the day is enough here */
	table_cell(table, id, STYLE_NONE);
	table_cell(table, since, STYLE_NONE);
	table_cell(table, pending->kind, STYLE_NONE);
	table_cell(table, pending->state, STYLE_NONE);
	table_cell(table, remint_actor_name(pending->actor), styles[pending->actor]);
	table_cell(table, pending->name, STYLE_NONE);
	table_cell(table, pending->targets, STYLE_NONE);
	table_cell(table, *pending->command ? pending->command : pending->why, STYLE_NONE);
}

/* One that was just recorded or just ended. */
static void
print_line(struct out *out, const struct remint_pending *pending)
{
	out_format(out, "request %lld: ", (long long)pending->id);
	out_style(out, STYLE_STRONG);
	out_safe(out, pending->name);
	out_style(out, STYLE_NONE);
	if (strcmp(pending->state, "open") == 0)
		out_format(out, " waits for approval: remint approve %lld, or remint deny %lld --why TEXT\n",
		    (long long)pending->id, (long long)pending->id);
	else
		out_format(out, " is %s\n", pending->state);
}

int
pendings_print(void *arg, const struct remint_pending *pending)
{
	struct pendings *pendings = arg;
	struct cli *cli = pendings->cli;

	pendings->count++;
	pendings->last = pending->id;
	if (cli->json)
		print_json(&cli->json_writer, pending);
	else if (cli->csv)
		print_csv(&cli->out, pending);
	else if (pendings->table)
		print_row(pendings->table, pending);
	else
		print_line(&cli->out, pending);
	return pendings->table || cli->csv ? keep_going(cli) : 0; /* what is recorded is recorded */
}

int
pendings_end(struct pendings *pendings, int rc)
{
	table_free(pendings->table);
	if (rc)
		report_verb(pendings->cli);
	document_end(pendings->cli, false);
	return rc;
}
