/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/step.c - the items of a campaign as apply and verify --campaign print them: a line each, with what stands in
 * the way below it, and a line of counts at the end.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
	const char *state;
	enum style style;
} states[] = {
	{ "planned", STYLE_NONE },
	{ "requested", STYLE_WARNING },
	{ "issued", STYLE_WARNING },
	{ "exported", STYLE_GOOD },
	{ "live", STYLE_GOOD },
	{ "closed", STYLE_GOOD },
	{ "failed", STYLE_BAD },
	{ "skipped", STYLE_FAINT },
};
enum { STATE_WIDTH = 10 };

static size_t
row_of(const char *state)
{
	size_t i = 0;

	while (i + 1 < sizeof states / sizeof *states && strcmp(states[i].state, state) != 0)
		i++;
	return i;
}

void
steps_begin(struct steps *steps, struct cli *cli)
{
	*steps = (struct steps){ .cli = cli };
	document_begin(cli, "items");
}

static void
print_json(struct json *json, const struct remint_step *step)
{
	json_open(json, NULL, '{');
	json_text(json, "item", step->item);
	json_text(json, "name", step->name);
	json_text(json, "device", step->device);
	json_text(json, "action", step->action);
	json_text(json, "before", step->before);
	json_text(json, "state", step->state);
	json_text(json, "text", step->text);
	json_bool(json, "changed", step->changed);
	json_text(json, "serial", step->serial);
	json_text(json, "old_serial", step->old_serial);
	json_text(json, "directory", step->directory);
	json_strings(json, "files", step->files);
	json_strings(json, "nodes", step->nodes);
	json_open(json, "findings", '[');
	for (size_t i = 0; i < step->finding_count; i++)
		finding_json(json, &step->findings[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void
print_text(struct out *out, const struct remint_step *step)
{
	size_t row = row_of(step->state);
	char *name = remint_safe_text(step->name ? step->name : "", strlen(step->name ? step->name : ""));
	char *text = remint_safe_text(step->text, strlen(step->text));

	out_style(out, states[row].style);
	out_text(out, step->state);
	out_style(out, STYLE_NONE);
	out_spaces(out, strlen(step->state) < STATE_WIDTH ? STATE_WIDTH - strlen(step->state) : 1);
	out_style(out, STYLE_STRONG);
	out_safe(out, step->device);
	out_style(out, STYLE_NONE);
	out_text(out, "  ");
	out_text(out, name ? name : "");
	out_format(out, "  %s\n", step->action);
	out_spaces(out, STATE_WIDTH);
	out_wrap(out, text ? text : "", STATE_WIDTH, STATE_WIDTH);
	if (step->changed)
		out_field(out, STATE_WIDTH, "changed", "the plan asks for something else now than what was done");
	out_field(out, STATE_WIDTH, "serial", step->serial);
	out_field(out, STATE_WIDTH, "replaces", step->serial ? step->old_serial : NULL);
	out_field(out, STATE_WIDTH, "bundle", step->directory);
	for (size_t i = 0; i < step->nodes.count; i++)
		out_field(out, STATE_WIDTH, i ? "" : "places", step->nodes.items[i]);
	for (size_t i = 0; i < step->finding_count; i++)
		finding_text(out, &step->findings[i]);
	remint_text_free(name);
	remint_text_free(text);
}

int
steps_print(void *arg, const struct remint_step *step)
{
	struct steps *steps = arg;
	struct cli *cli = steps->cli;

	steps->count++;
	steps->by_state[row_of(step->state)]++;
	for (size_t i = 0; i < step->finding_count; i++)
		if (step->findings[i].severity == REMINT_ERROR && !step->findings[i].accepted)
			report_status(cli, 1);
	if (steps->live_wanted && (step->nodes.count || step->unfinished))
		report_status(cli, 1);
	if (cli->json)
		print_json(&cli->json_writer, step);
	else
		print_text(&cli->out, step);
	return 0; /* what is done is done: a reader that went away does not stop the rest */
}

static void
print_counts(struct steps *steps)
{
	struct out *out = &steps->cli->out;
	bool some = false;

	out_format(out, "%s%zu item%s", steps->count ? "\n" : "", steps->count, steps->count == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (steps->by_state[i]) {
			out_format(out, "%s %zu %s", some ? "," : ":", steps->by_state[i], states[i].state);
			some = true;
		}
	out_text(out, ".\n");
}

size_t
steps_in(const struct steps *steps, const char *state)
{
	return steps->by_state[row_of(state)];
}

int
steps_end(struct steps *steps, int rc)
{
	struct cli *cli = steps->cli;

	if (rc)
		report_verb(cli);
	else if (!cli->json)
		print_counts(steps);
	document_end(cli, false);
	return rc;
}
