/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_report.c - remint report: how far a campaign is, who is next, and the whole as one HTML page.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

struct telling {
	struct cli *cli;
	uint64_t left; /* items that wait for somebody */
	char device[200];
};

/* ---- as JSON ------------------------------------------------------------------------------ */

static void
counts_json(struct json *json, const char *key, const struct remint_report_count *counts, size_t count)
{
	json_open(json, key, '{');
	for (size_t i = 0; i < count; i++)
		json_number(json, counts[i].name, (int64_t)counts[i].items);
	json_close(json, '}');
}

static void
summary_json(struct json *json, const struct remint_report_summary *summary)
{
	json_text(json, "plan", summary->plan);
	json_text(json, "id", summary->id);
	json_text(json, "made", summary->made);
	json_text(json, "by", summary->by);
	json_bool(json, "begun", summary->begun);
	json_bool(json, "database", summary->database);
	json_bool(json, "other_ca", summary->stranger);
	json_time(json, "started", summary->started);
	json_time(json, "now", summary->now);
	json_number(json, "count", (int64_t)summary->items);
	json_number(json, "devices", (int64_t)summary->devices);
	json_number(json, "places", (int64_t)summary->places);
	json_number(json, "findings", (int64_t)summary->findings);
	json_number(json, "cleared", (int64_t)summary->cleared);
	counts_json(json, "states", summary->states, summary->state_count);
	counts_json(json, "actions", summary->actions, summary->action_count);
	json_open(json, "actors", '{');
	for (int actor = 0; actor < REMINT_ACTORS; actor++)
		json_number(json, remint_actor_name((enum remint_actor)actor), (int64_t)summary->actors[actor]);
	json_close(json, '}');
}

static void
cert_json(struct json *json, const char *key, const struct remint_report_cert *cert)
{
	json_open(json, key, '{');
	json_text(json, "serial", cert->serial);
	json_text(json, "subject", cert->subject);
	json_text(json, "issuer", cert->issuer);
	json_text(json, "sha256", cert->sha256);
	json_text(json, "signature", cert->signature);
	json_text(json, "key", cert->key);
	json_text(json, "purposes", cert->purposes);
	json_strings(json, "names", cert->names);
	json_time(json, "not_before", cert->not_before);
	json_time(json, "not_after", cert->not_after);
	json_close(json, '}');
}

static void
item_json(struct json *json, const struct remint_report_item *item)
{
	json_open(json, NULL, '{');
	json_text(json, "item", item->id);
	json_text(json, "name", item->name);
	json_text(json, "device", item->device);
	json_text(json, "action", item->action);
	json_text(json, "state", item->state);
	json_bool(json, "approved", item->approved);
	json_text(json, "why", item->why);
	json_text(json, "note", item->note);
	json_text(json, "reason", item->reason);
	json_text(json, "confirmed_by", item->confirmed_by);
	json_time(json, "when", item->when);
	json_open(json, "moves", '[');
	for (size_t i = 0; i < item->move_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "state", item->moves[i].state);
		json_time(json, "when", item->moves[i].when);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_text(json, "actor", remint_actor_name(item->actor));
	json_text(json, "task", item->task);
	json_text(json, "command", item->command);
	json_strings(json, "targets", item->targets);
	json_strings(json, "places", item->places);
	cert_json(json, "before", &item->before);
	if (item->after)
		cert_json(json, "after", item->after);
	json_open(json, "findings", '[');
	for (size_t i = 0; i < item->finding_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "rule", item->findings[i].rule);
		json_text(json, "severity", item->findings[i].severity);
		json_text(json, "target", item->findings[i].target);
		json_text(json, "message", item->findings[i].message);
		json_bool(json, "cleared", item->findings[i].cleared);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

/* ---- as text -------------------------------------------------------------------------------- */

/* "  planned 3, live 2" */
static void
counts_text(struct out *out, const char *label, const struct remint_report_count *counts, size_t count)
{
	char line[300] = "";

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(line);

		if (counts[i].items)
			snprintf(line + length, sizeof(line) - length, "%s%s %llu", length ? ", " : "",
			    counts[i].name, (unsigned long long)counts[i].items);
	}
	out_field(out, 2, label, line);
}

static void
summary_text(struct out *out, const struct remint_report_summary *summary)
{
	out_safe(out, summary->plan);
	out_format(out, ": %llu certificate%s on %llu device%s\n", (unsigned long long)summary->items,
	    summary->items == 1 ? "" : "s", (unsigned long long)summary->devices,
	    summary->devices == 1 ? "" : "s");
	counts_text(out, "states", summary->states, summary->state_count);
	counts_text(out, "actions", summary->actions, summary->action_count);
	out_format(out, "  findings     %llu, cleared %llu\n", (unsigned long long)summary->findings,
	    (unsigned long long)summary->cleared);
	out_format(out, "  waiting for  our administrator %llu, another CA's %llu, the person at the device %llu\n",
	    (unsigned long long)summary->actors[REMINT_ACTOR_US],
	    (unsigned long long)summary->actors[REMINT_ACTOR_CA],
	    (unsigned long long)summary->actors[REMINT_ACTOR_DEVICE]);
	if (!summary->database)
		out_text(out, "  There is no database here, so the campaign is told as if it were not begun.\n");
	else if (!summary->begun && !summary->stranger)
		out_text(out, "  This home has no record of the campaign: it is not begun here.\n");
}

/* What is left, a paragraph for each device. */
static void
item_text(struct telling *telling, const struct remint_report_item *item)
{
	static const char *const actors[REMINT_ACTORS] = { "", "our administrator",
		"the other CA's administrator", "the person at the device" };
	struct out *out = &telling->cli->out;

	if (item->actor == REMINT_ACTOR_NOBODY)
		return;
	if (telling->left++ == 0 || strncmp(telling->device, item->device, sizeof(telling->device) - 1) != 0) {
		out_text(out, "\n");
		out_style(out, STYLE_STRONG);
		out_safe(out, *item->device ? item->device : "no device named");
		out_style(out, STYLE_NONE);
		out_text(out, "\n");
		snprintf(telling->device, sizeof(telling->device), "%s", item->device);
	}
	out_labelled(out, 2, LABEL_WIDTH, item->state, item->name && *item->name ? item->name : item->id);
	if (*item->reason)
		out_labelled(out, 4, LABEL_WIDTH - 2, "why", item->reason);
	out_labelled(out, 4, LABEL_WIDTH - 2, "who", actors[item->actor]);
	out_labelled(out, 4, LABEL_WIDTH - 2, "next", item->task);
	out_labelled(out, 4, LABEL_WIDTH - 2, "", item->command);
}

/* ---- the callbacks --------------------------------------------------------------------------- */

static int
print_summary(void *arg, const struct remint_report_summary *summary)
{
	struct telling *telling = arg;
	struct cli *cli = telling->cli;

	if (!cli->json)
		summary_text(&cli->out, summary);
	else
		summary_json(&cli->json_writer, summary);
	if (cli->json)
		json_open(&cli->json_writer, "items", '[');
	return keep_going(cli);
}

static int
print_item(void *arg, const struct remint_report_item *item)
{
	struct telling *telling = arg;
	struct cli *cli = telling->cli;

	if (cli->json)
		item_json(&cli->json_writer, item);
	else
		item_text(telling, item);
	return keep_going(cli);
}

int
cmd_report(struct cli *cli)
{
	const struct remint_report_options options = {
		.plan = cli->arguments.items[0],
		.html = text_of(cli, OPT_HTML),
		.force = given(cli, OPT_FORCE),
	};
	struct telling telling = { .cli = cli };

	if (cli->json)
		document_begin(cli, NULL);
	if (remint_report(cli->ctx, &options, print_summary, print_item, &telling) != 0)
		return report_verb(cli);
	if (!cli->json && options.html)
		out_labelled(&cli->out, 0, LABEL_WIDTH, "\nwritten to", options.html);
	if (cli->json)
		document_end(cli, false);
	return 0;
}
