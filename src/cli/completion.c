/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/completion.c - completion scripts for bash, zsh and fish, written from the tables that parse
 * the options.
 *
 * Names of targets and templates are asked of the program itself when TAB is pressed, so that files
 * of one's own appear.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

#define NAMES(kind) "remint " kind " list --csv 2>/dev/null | sed '1d;s/,.*//'"

static void
each_option(struct out *out, const struct command *command,
    void (*write)(struct out *out, const struct command *command, const struct option *option,
	const char *help))
{
	for (const struct option_use *use = command->options; use && use->id != OPT_NONE; use++)
		write(out, command, &option_table[use->id],
		    use->help ? use->help : option_table[use->id].help);
	for (const struct option_use *use = global_options; use->id != OPT_NONE; use++)
		write(out, command, &option_table[use->id],
		    use->help ? use->help : option_table[use->id].help);
}

/* The command's name with its space replaced, for a shell's identifier. */
static void
identifier(struct out *out, const char *name)
{
	for (; *name; name++)
		out_bytes(out, *name == ' ' ? "_" : name, 1);
}

/* Names of verbs, or of a group's members, with a space between. */
static void
verb_words(struct out *out, const struct command *group)
{
	const char *between = "";

	for (const struct command *command = command_table; command->name; command++) {
		if (group ? !command_in(command, group) : strchr(command->name, ' ') != NULL)
			continue;
		out_text(out, between);
		out_text(out, command->name + (group ? strlen(group->name) + 1 : 0));
		between = " ";
	}
}

/* ---- bash ---------------------------------------------------------------- */

static void
bash_action(struct out *out, enum takes takes, const char *choices)
{
	switch (takes) {
	case TAKES_FILE:
		out_text(
		    out, "COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null");
		break;
	case TAKES_DIRECTORY:
		out_text(
		    out, "COMPREPLY=($(compgen -d -- \"$cur\")); compopt -o filenames 2>/dev/null");
		break;
	case TAKES_TARGET:
		out_text(out, "COMPREPLY=($(compgen -W \"$(" NAMES("target") ")\" -- \"$cur\"))");
		break;
	case TAKES_TEMPLATE:
		out_text(out, "COMPREPLY=($(compgen -W \"$(" NAMES("template") ")\" -- \"$cur\"))");
		break;
	case TAKES_CHOICE:
		out_format(out, "COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", choices);
		break;
	case TAKES_VERB:
		out_text(out, "COMPREPLY=($(compgen -W '");
		verb_words(out, NULL);
		out_text(out, "' -- \"$cur\"))");
		break;
	default:
		out_text(out, "COMPREPLY=()");
		break;
	}
}

static void
bash_word(
    struct out *out, const struct command *command, const struct option *option, const char *help)
{
	(void)command;
	(void)help;
	if (option->letter)
		out_format(out, " -%c", option->letter);
	out_format(out, " --%s", option->name);
}

static void
bash_values(struct out *out)
{
	for (int id = OPT_NONE + 1; id < OPT_COUNT; id++) {
		const struct option *option = &option_table[id];

		if (option->takes == TAKES_NOTHING)
			continue;
		out_format(out, "\t--%s", option->name);
		if (option->letter)
			out_format(out, " | -%c", option->letter);
		out_text(out, ")\n\t\t");
		bash_action(out, option->takes, option->choices);
		out_text(out, "\n\t\treturn ;;\n");
	}
}

static void
bash_commands(struct out *out)
{
	for (const struct command *command = command_table; command->name; command++) {
		out_format(out, "\t'%s')\n", command->name);
		if (command->run) {
			out_text(out, "\t\toptions='");
			each_option(out, command, bash_word);
			out_text(out, "'\n\t\t[[ $cur == -* ]] || { ");
			bash_action(out, command->takes, command->choices);
			out_text(out, "; } ;;\n");
		} else {
			out_text(out, "\t\tCOMPREPLY=($(compgen -W '");
			verb_words(out, command);
			out_text(out, "' -- \"$cur\"))\n\t\treturn ;;\n");
		}
	}
}

static void
bash(struct out *out)
{
	out_text(out, "# Completion of remint for bash; written by \"remint completion bash\".\n"
		      "_remint()\n{\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} "
		      "verb= options= i\n"
		      "\tCOMPREPLY=()\n"
		      "\tcase $previous in\n");
	bash_values(out);
	out_text(out, "\tesac\n"
		      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		      "\t\tcase ${COMP_WORDS[i]} in\n"
		      "\t\t-*) ;;\n"
		      "\t\t*)\n"
		      "\t\t\tif [[ -z $verb ]]; then\n"
		      "\t\t\t\tverb=${COMP_WORDS[i]}\n"
		      "\t\t\t\tcase $verb in\n"
		      "\t\t\t\t");
	for (const struct command *command = command_table, *first = NULL; command->name; command++)
		if (!command->run) {
			out_format(out, "%s%s", first ? " | " : "", command->name);
			first = command;
		}
	out_text(out, ") ;;\n"
		      "\t\t\t\t*) break ;;\n"
		      "\t\t\t\tesac\n"
		      "\t\t\telse\n"
		      "\t\t\t\tverb=\"$verb ${COMP_WORDS[i]}\"\n"
		      "\t\t\t\tbreak\n"
		      "\t\t\tfi ;;\n"
		      "\t\tesac\n"
		      "\tdone\n"
		      "\tcase $verb in\n"
		      "\t'')\n"
		      "\t\tCOMPREPLY=($(compgen -W '");
	verb_words(out, NULL);
	out_text(out, "' -- \"$cur\"))\n\t\treturn ;;\n");
	bash_commands(out);
	out_text(out, "\tesac\n"
		      "\t[[ $cur == -* ]] && COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
		      "}\n"
		      "complete -F _remint remint\n");
}

/* ---- zsh ----------------------------------------------------------------- */

static void
zsh_quoted(struct out *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			out_bytes(out, "\\", 1);
		out_bytes(out, *text == '\'' ? "'\\''" : text, *text == '\'' ? 4 : 1);
	}
}

static void
zsh_action(struct out *out, enum takes takes, const char *choices)
{
	static const char *const actions[] = { [TAKES_FILE] = "_files",
		[TAKES_DIRECTORY] = "_files -/",
		[TAKES_TARGET] = "_remint_targets",
		[TAKES_TEMPLATE] = "_remint_templates",
		[TAKES_VERB] = "_remint_verbs" };

	if (takes == TAKES_CHOICE)
		out_format(out, "(%s)", choices);
	else
		out_text(out, (size_t)takes < sizeof actions / sizeof *actions && actions[takes]
				  ? actions[takes]
				  : " ");
}

static void
zsh_option(
    struct out *out, const struct command *command, const struct option *option, const char *help)
{
	const char *value = option->value;

	(void)command;
	out_text(out, "\t\t\t'");
	if (option->many)
		out_text(out, "*");
	out_format(out, "--%s%s[", option->name, option->takes == TAKES_NOTHING ? "" : "=");
	zsh_quoted(out, help);
	out_text(out, "]");
	if (option->takes != TAKES_NOTHING) {
		out_format(out, ":%s:", value);
		zsh_action(out, option->takes, option->choices);
	}
	out_text(out, "' \\\n");
	if (!option->letter)
		return;
	out_format(out, "\t\t\t'-%c[", option->letter);
	zsh_quoted(out, help);
	out_text(out, "]");
	if (option->takes != TAKES_NOTHING) {
		out_format(out, ":%s:", value);
		zsh_action(out, option->takes, option->choices);
	}
	out_text(out, "' \\\n");
}

static void
zsh_verbs(struct out *out, const struct command *group)
{
	for (const struct command *command = command_table; command->name; command++) {
		if (group ? !command_in(command, group) : strchr(command->name, ' ') != NULL)
			continue;
		out_format(out, "\t\t'%s:", command->name + (group ? strlen(group->name) + 1 : 0));
		zsh_quoted(out, command->summary);
		out_text(out, "'\n");
	}
}

static void
zsh_command(struct out *out, const struct command *command)
{
	out_format(out, "\t'%s')\n", command->name);
	if (!command->run) {
		out_text(out, "\t\tmembers=(\n");
		zsh_verbs(out, command);
		out_text(out, "\t\t)\n\t\t_describe command members ;;\n");
		return;
	}
	out_text(out, "\t\t_arguments -s \\\n");
	each_option(out, command, zsh_option);
	out_text(out, "\t\t\t'*:argument:");
	zsh_action(out, command->takes, command->choices);
	out_text(out, "' ;;\n");
}

static void
zsh(struct out *out)
{
	out_text(out,
	    "#compdef remint\n"
	    "# Completion of remint for zsh; written by \"remint completion zsh\".\n"
	    "_remint_targets() { local -a names; names=(${(f)\"$(" NAMES(
		"target") ")\"}); compadd -a names }\n"
			  "_remint_templates() { local -a names; names=(${(f)\"$(" NAMES(
			      "template") ")\"}); compadd -a names }\n"
					  "_remint_verbs() {\n\tlocal -a verbs\n\tverbs=(\n");
	zsh_verbs(out, NULL);
	out_text(out, "\t)\n\t_describe command verbs\n}\n"
		      "_remint() {\n"
		      "\tlocal -a members\n"
		      "\tlocal verb=${words[2]}\n"
		      "\tif (( CURRENT == 2 )); then _remint_verbs; return; fi\n"
		      "\tcase $verb in\n\t(");
	for (const struct command *command = command_table, *first = NULL; command->name; command++)
		if (!command->run) {
			out_format(out, "%s%s", first ? "|" : "", command->name);
			first = command;
		}
	out_text(out, ")\n"
		      "\t\tif (( CURRENT > 3 )); then verb=\"$verb ${words[3]}\"; shift words; (( "
		      "CURRENT-- )); fi ;;\n"
		      "\tesac\n"
		      "\tshift words; (( CURRENT-- ))\n"
		      "\tcase $verb in\n");
	for (const struct command *command = command_table; command->name; command++)
		zsh_command(out, command);
	out_text(out, "\tesac\n}\n_remint \"$@\"\n");
}

/* ---- fish ---------------------------------------------------------------- */

static void
fish_quoted(struct out *out, const char *text)
{
	out_text(out, "'");
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			out_bytes(out, "\\", 1);
		out_bytes(out, text, 1);
	}
	out_text(out, "'");
}

static void
fish_action(struct out *out, enum takes takes, const char *choices)
{
	switch (takes) {
	case TAKES_FILE:
		out_text(out, " -rF");
		break;
	case TAKES_DIRECTORY:
		out_text(out, " -xa '(__fish_complete_directories)'");
		break;
	case TAKES_TARGET:
		out_text(out, " -xa '(__remint_names target)'");
		break;
	case TAKES_TEMPLATE:
		out_text(out, " -xa '(__remint_names template)'");
		break;
	case TAKES_CHOICE:
		out_format(out, " -xa '%s'", choices);
		break;
	case TAKES_NOTHING:
		break;
	default:
		out_text(out, " -x");
		break;
	}
}

static void
fish_option(
    struct out *out, const struct command *command, const struct option *option, const char *help)
{
	out_text(out, "complete -c remint -n '__remint_verb ");
	identifier(out, command->name);
	out_format(out, "' -l %s", option->name);
	if (option->letter)
		out_format(out, " -s %c", option->letter);
	fish_action(out, option->takes, option->choices);
	out_text(out, " -d ");
	fish_quoted(out, help);
	out_text(out, "\n");
}

static void
fish_command(struct out *out, const struct command *command)
{
	const char *space = strchr(command->name, ' ');

	if (space)
		out_format(out, "complete -c remint -n '__remint_verb %.*s' -f -a '%s' -d ",
		    (int)(space - command->name), command->name, space + 1);
	else
		out_format(out, "complete -c remint -n '__remint_verb none' -f -a '%s' -d ",
		    command->name);
	fish_quoted(out, command->summary);
	out_text(out, "\n");
	if (!command->run)
		return;
	each_option(out, command, fish_option);
	if (command->takes == TAKES_NOTHING || command->takes == TAKES_FILE)
		return;
	out_text(out, "complete -c remint -n '__remint_verb ");
	identifier(out, command->name);
	out_text(out, "'");
	if (command->takes == TAKES_VERB) {
		out_text(out, " -xa '");
		verb_words(out, NULL);
		out_text(out, "'");
	} else {
		fish_action(out, command->takes, command->choices);
	}
	out_text(out, "\n");
}

static void
fish(struct out *out)
{
	out_text(out, "# Completion of remint for fish; written by \"remint completion fish\".\n"
		      "function __remint_names\n\tremint $argv[1] list --csv 2>/dev/null | sed "
		      "'1d;s/,.*//'\nend\n"
		      "function __remint_verb\n"
		      "\tset -l words (string match -v -- '-*' (commandline -opc)[2..-1])\n"
		      "\tset -l verb none\n"
		      "\tif set -q words[1]\n\t\tset verb $words[1]\n"
		      "\t\tif contains -- $verb");
	for (const struct command *command = command_table; command->name; command++)
		if (!command->run)
			out_format(out, " %s", command->name);
	out_text(out, "; and set -q words[2]\n\t\t\tset verb $verb\"_\"$words[2]\n\t\tend\n\tend\n"
		      "\ttest $verb = $argv[1]\nend\n");
	for (const struct command *command = command_table; command->name; command++)
		fish_command(out, command);
}

int
completion_write(struct out *out, const char *shell)
{
	static const struct {
		const char *name;
		void (*write)(struct out *out);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].write(out);
			return 0;
		}
	return -1;
}
