/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/help.c - the overview by task, and the help of one command, both from the tables.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { OPTION_COLUMN = 32, COMMAND_COLUMN = 16 };

/* What each exit status says; the same words for every command. */
static const struct {
	char letter;
	int status;
	const char *text;
} exit_rows[] = {
	{ 0, 0, "done, and nothing to say against it" },
	{ '1', 1, "findings, or a negative answer" },
	{ 0, 2, "the call makes no sense" },
	{ '3', 3, "an input cannot be read or understood" },
	{ '4', 4, "refused by a template, a target or a safety rule" },
	{ '5', 5, "the network failed" },
	{ '6', 6, "the database failed" },
	{ '7', 7, "a passphrase or key is missing, wrong or unfit" },
	{ 0, 70, "something failed inside (memory, output, a fault of Remint)" },
};

static void
heading(struct out *out, const char *text)
{
	out_text(out, "\n");
	out_style(out, STYLE_STRONG);
	out_text(out, text);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
}

static void
paragraph(struct out *out, const char *text, size_t indent)
{
	out_spaces(out, indent);
	out_wrap(out, text, indent, indent);
}

/* `left` in its column, `text` wrapped beside it. */
static void
entry(struct out *out, const char *left, const char *text, size_t column)
{
	size_t wide = strlen(left) + 2;

	out_text(out, "  ");
	out_text(out, left);
	if (wide + 2 > column) {
		out_text(out, "\n");
		wide = 0;
	}
	out_spaces(out, column - wide);
	out_wrap(out, text, column, column);
}

void
help_overview(struct out *out)
{
	out_text(out, "usage: remint COMMAND [option...] [argument...]\n\n");
	paragraph(out,
	    "Remint finds the certificates that devices will refuse, mints compliant replacements "
	    "and "
	    "writes each device the exact files that it wants.",
	    0);
	for (const struct command *command = command_table; command->name; command++) {
		if (strchr(command->name, ' '))
			continue;
		if (command->task)
			heading(out, command->task);
		entry(out, command->name, command->summary, COMMAND_COLUMN);
	}
	heading(out, "First steps");
	out_text(out, "  remint audit old.pfx --for sfb-edge-internal                  why will it "
		      "be refused?\n"
		      "  remint init                                                   a lab PKI "
		      "of your own\n"
		      "  remint reissue old.pfx --for sfb-edge-internal --out new/     the "
		      "replacement, in its files\n");
	out_text(out, "\nremint help COMMAND tells more of each; remint target list shows who can "
		      "be judged for.\n");
}

/* "  -o, --out DIR" */
static void
option_entry(struct out *out, const struct option_use *use)
{
	const struct option *option = &option_table[use->id];
	const char *value = use->value ? use->value : option->value;
	char left[80], letter[8] = "    ", text[256];

	if (option->letter)
		snprintf(letter, sizeof letter, "-%c, ", option->letter);
	snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, value ? " " : "",
	    value ? value : "");
	snprintf(text, sizeof text, "%s%s", use->help ? use->help : option->help,
	    option->many ? " (may be repeated)" : "");
	entry(out, left, text, OPTION_COLUMN);
}

static void
options_section(struct out *out, const struct command *command)
{
	if (command->options && command->options->id != OPT_NONE) {
		heading(out, "OPTIONS");
		for (const struct option_use *use = command->options; use->id != OPT_NONE; use++)
			option_entry(out, use);
	}
	heading(out, "OPTIONS OF EVERY COMMAND");
	for (const struct option_use *use = global_options; use->id != OPT_NONE; use++)
		option_entry(out, use);
}

static void
exits_section(struct out *out, const struct command *command)
{
	char status[8];

	heading(out, "EXIT STATUS");
	for (size_t i = 0; i < sizeof exit_rows / sizeof *exit_rows; i++) {
		if (exit_rows[i].letter && !strchr(command->exits, exit_rows[i].letter))
			continue;
		snprintf(status, sizeof status, "%d", exit_rows[i].status);
		entry(out, status, exit_rows[i].text, 8);
	}
}

static void
examples_section(struct out *out, const struct command *command)
{
	heading(out, "EXAMPLES");
	for (const struct example *example = command->examples; example->command; example++) {
		paragraph(out, example->text, 2);
		out_format(out, "    remint %s\n", example->command);
	}
}

/* The one line of the table as a sentence. */
static void
summary(struct out *out, const struct command *command)
{
	char text[160];

	const size_t length = strlen(command->summary);

	snprintf(text, sizeof text, "%s%s", command->summary, command->summary[length - 1] == '?' ? "" : ".");
	text[0] = (char)toupper((unsigned char)text[0]);
	paragraph(out, text, 0);
}

static void
help_group(struct out *out, const struct command *group)
{
	out_format(out, "usage: remint %s COMMAND [option...] [argument...]\n\n", group->name);
	summary(out, group);
	heading(out, "COMMANDS");
	for (const struct command *command = command_table; command->name; command++)
		if (command_in(command, group)) {
			char left[96];

			snprintf(left, sizeof left, "%s%s%s", command->name,
			    *command->arguments ? " " : "", command->arguments);
			entry(out, left, command->summary, OPTION_COLUMN);
		}
	out_format(out, "\nremint help %s COMMAND tells more of each.\n", group->name);
}

void
help_command(struct out *out, const struct command *command)
{
	if (!command->run) {
		help_group(out, command);
		return;
	}
	out_format(out, "usage: remint %s [option...]%s%s\n\n", command->name,
	    *command->arguments ? " " : "", command->arguments);
	summary(out, command);
	if (command->text) {
		out_text(out, "\n");
		paragraph(out, command->text, 0);
	}
	options_section(out, command);
	exits_section(out, command);
	examples_section(out, command);
}
