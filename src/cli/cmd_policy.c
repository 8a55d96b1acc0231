/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_policy.c - remint template and remint target: list, show, check. The two kinds of policy
 * are shown alike; a target has rules on top.
 */
#include "config.h"

#include <string.h>

#include "cli/cli.h"

/* ---- list ---------------------------------------------------------------- */

struct listing {
	struct cli *cli;
	struct table *table;
};

static int
list_one(void *arg, const struct remint_policy_entry *entry)
{
	struct listing *listing = arg;
	struct cli *cli = listing->cli;
	struct json *json = &cli->json_writer;

	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "name", entry->name);
		json_text(json, "title", entry->title);
		json_text(json, "origin", entry->origin);
		json_text(
		    json, "extends", entry->extends && *entry->extends ? entry->extends : NULL);
		json_close(json, '}');
	} else if (cli->csv) {
		csv_row(&cli->out,
		    (const char *const[]){
			entry->name, entry->title, entry->origin, entry->extends },
		    4);
	} else {
		table_cell(listing->table, entry->name, STYLE_STRONG);
		table_cell(listing->table, entry->title, STYLE_NONE);
		table_cell(listing->table, entry->origin, STYLE_FAINT);
	}
	return keep_going(cli);
}

static int
policy_list(struct cli *cli, enum remint_policy kind, const char *key)
{
	static const char *const headings[] = { "NAME", "TITLE", "FROM" }, *const columns[] = {
		"name", "title", "origin", "extends"
	};
	struct listing listing = { .cli = cli };
	int rc;

	document_begin(cli, key);
	if (cli->csv)
		csv_row(&cli->out, columns, 4);
	else if (!cli->json)
		listing.table = table_new(&cli->out, headings, 3);
	rc = remint_policy_list(cli->ctx, kind, list_one, &listing);
	table_free(listing.table);
	return document_finish(cli, rc);
}

/* ---- show ---------------------------------------------------------------- */

static int
rule_text(void *arg, const struct remint_rule *rule)
{
	static const enum style styles[] = { STYLE_FAINT, STYLE_WARNING, STYLE_BAD };
	struct listing *listing = arg;

	table_cell(listing->table, rule->id, STYLE_NONE);
	table_cell(listing->table, remint_severity_name(rule->severity), styles[rule->severity]);
	table_cell(listing->table, rule->confidence, STYLE_NONE);
	table_cell(listing->table, rule->title, STYLE_NONE);
	return keep_going(listing->cli);
}

static int
rule_json(void *arg, const struct remint_rule *rule)
{
	struct listing *listing = arg;
	struct json *json = &listing->cli->json_writer;

	json_open(json, NULL, '{');
	json_text(json, "rule", rule->id);
	json_text(json, "severity", remint_severity_name(rule->severity));
	json_text(json, "confidence", rule->confidence);
	json_text(json, "title", rule->title);
	json_text(json, "citation", rule->citation);
	json_text(json, "fix", rule->fix);
	json_text(json, "parameters", rule->parameters);
	json_text(json, "note", rule->note);
	json_text(json, "source", rule->source);
	json_close(json, '}');
	return keep_going(listing->cli);
}

/* Lines of the resolved file: the library's text, but it holds what a file says, so it is made safe
 * line by line. */
static void
print_lines(struct out *out, char *text)
{
	while (*text) {
		char *end = text + strcspn(text, "\n");
		char *next = end + (*end == '\n');

		*end = 0;
		for (; *text == '\t'; text++)
			out_text(out, "\t");
		out_plain(out, text);
		out_text(out, "\n");
		text = next;
	}
}

/* A target's rules stand as a table between its first fields and the details. */
static int
show_text(struct cli *cli, enum remint_policy kind, const char *name, char *resolved)
{
	static const char *const headings[] = { "RULE", "SEVERITY", "CONFIDENCE", "WHAT" };
	struct listing listing = { .cli = cli };
	char *rules = kind == REMINT_TARGET ? strstr(resolved, "\nrules = ") : NULL;
	int rc;

	if (!rules) {
		print_lines(&cli->out, resolved);
		return 0;
	}
	*rules = 0;
	print_lines(&cli->out, resolved);
	out_text(&cli->out, "\n");
	listing.table = table_new(&cli->out, headings, 4);
	rc = remint_rules(cli->ctx, name, rule_text, &listing);
	table_free(listing.table);
	out_text(&cli->out, "\n");
	print_lines(&cli->out, rules + 1);
	return rc;
}

static int
show_json(struct cli *cli, enum remint_policy kind, const char *name, const char *resolved)
{
	struct listing listing = { .cli = cli };
	struct json *json = document_begin(cli, NULL);
	int rc = 0;

	json_open(json, kind == REMINT_TARGET ? "target" : "template", '{');
	json_text(json, "name", name);
	json_text(json, "text", resolved);
	if (kind == REMINT_TARGET) {
		json_open(json, "rules", '[');
		rc = remint_rules(cli->ctx, name, rule_json, &listing);
		json_close(json, ']');
	}
	json_close(json, '}');
	json_close(json, '}');
	out_text(&cli->out, "\n");
	return rc;
}

static int
policy_show(struct cli *cli, enum remint_policy kind)
{
	const char *name = cli->arguments.items[0];
	char *resolved = remint_policy_show(cli->ctx, kind, name);
	int rc;

	if (!resolved)
		return report_verb(cli);
	rc =
	    cli->json ? show_json(cli, kind, name, resolved) : show_text(cli, kind, name, resolved);
	if (rc)
		report_verb(cli);
	remint_text_free(resolved);
	return rc;
}

/* ---- check --------------------------------------------------------------- */

/* Every file is checked; each wrong one is one line. */
static int
policy_check(struct cli *cli, enum remint_policy kind)
{
	struct json *json = document_begin(cli, "checked");

	for (size_t i = 0; i < cli->arguments.count; i++) {
		const char *name = cli->arguments.items[i];
		bool good = remint_policy_check(cli->ctx, kind, name) == 0;

		if (!good)
			report_fault(cli, remint_failure(cli->ctx));
		if (cli->json) {
			json_open(json, NULL, '{');
			json_text(json, "name", name);
			json_bool(json, "good", good);
			json_close(json, '}');
		} else if (good) {
			out_safe(&cli->out, name);
			out_text(&cli->out, ": good\n");
		}
	}
	document_end(cli, true);
	return 0;
}

int
cmd_target_list(struct cli *cli)
{
	return policy_list(cli, REMINT_TARGET, "targets");
}

int
cmd_target_show(struct cli *cli)
{
	return policy_show(cli, REMINT_TARGET);
}

int
cmd_target_check(struct cli *cli)
{
	return policy_check(cli, REMINT_TARGET);
}

int
cmd_template_list(struct cli *cli)
{
	return policy_list(cli, REMINT_TEMPLATE, "templates");
}

int
cmd_template_show(struct cli *cli)
{
	return policy_show(cli, REMINT_TEMPLATE);
}

int
cmd_template_check(struct cli *cli)
{
	return policy_check(cli, REMINT_TEMPLATE);
}
