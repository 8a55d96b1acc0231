/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/option.c - reads the words of the command line into struct cli, by the tables; and the strict
 * readers of values.
 *
 * Nothing is done here but understanding what is asked for. GNU habits: --name VALUE, --name=VALUE,
 * -oVALUE, -qf, options and arguments in any order, "--" ends the options, "-" is an argument.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- lists --------------------------------------------------------------- */

int
list_add(struct list *list, const char *prefix, const char *text)
{
	size_t before = strlen(prefix), length = strlen(text);
	char *copy;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 8;
		char **grown = realloc(list->items, capacity * sizeof *grown);

		if (!grown)
			return -1;
		list->items = grown;
		list->capacity = capacity;
	}
	copy = malloc(before + length + 1);
	if (!copy)
		return -1;
	memcpy(copy, prefix, before);
	memcpy(copy + before, text, length + 1);
	list->items[list->count++] = copy;
	return 0;
}

void
list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct list){ 0 };
}

struct remint_strings
list_strings(const struct list *list)
{
	return (struct remint_strings){ (const char *const *)list->items, list->count };
}

/* ---- did you mean -------------------------------------------------------- */

enum { WORD_MAX = 32 };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters missing, too many, wrong or swapped with their neighbour. Both words are at most WORD_MAX
 * long. */
static unsigned
slips(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1][WORD_MAX + 1];
	unsigned rows = (unsigned)strlen(a), columns = (unsigned)strlen(b);

	for (unsigned i = 0; i <= rows; i++)
		row[i][0] = i;
	for (unsigned j = 0; j <= columns; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= rows; i++)
		for (unsigned j = 1; j <= columns; j++) {
			unsigned best = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = least(best, least(row[i - 1][j], row[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = least(best, row[i - 2][j - 2] + 1);
			row[i][j] = best;
		}
	return row[rows][columns];
}

const char *
nearest(const char *word, const char *const *words)
{
	unsigned best = (unsigned)strlen(word) / 3 + 2;
	const char *found = NULL;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		unsigned count = strlen(*words) > WORD_MAX ? best : slips(word, *words);

		if (count < best && count < strlen(*words)) {
			best = count;
			found = *words;
		}
	}
	return found;
}

/* ---- one option ---------------------------------------------------------- */

static int
unknown_option(struct cli *cli, const char *name, size_t length)
{
	const char *words[OPT_COUNT + 1] = { 0 }, *meant;
	char word[64];
	size_t count = 0;

	snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1),
	    name);
	for (int id = OPT_NONE + 1; id < OPT_COUNT; id++)
		if (command_option(cli->command, (enum option_id)id))
			words[count++] = option_table[id].name;
	meant = nearest(word, words);
	if (meant)
		return report_usage(cli, "unknown option --%s: did you mean --%s?", word, meant);
	return report_usage(cli, "unknown option --%s", word);
}

static bool
is_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = choices; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (strncmp(at, word, length) == 0 && (at[length] == ' ' || !at[length]))
			return length > 0;
	return false;
}

static int
check_choice(struct cli *cli, const struct option *option, const char *value)
{
	char copy[256];
	const char *words[16] = { 0 }, *meant;
	char *rest = NULL;
	size_t count = 0;

	if (is_choice(option->choices, value))
		return 0;
	snprintf(copy, sizeof copy, "%s", option->choices);
	for (char *word = strtok_r(copy, " ", &rest); word && count < 15;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	meant = nearest(value, words);
	return report_usage(cli, "\"%s\" is nothing that --%s takes: %s%s%s%s", value, option->name,
	    option->choices, meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

static int
secret_option(struct cli *cli, enum option_id id, const char *value)
{
	static const struct {
		enum remint_secret_use use;
		bool is_fd;
	} kinds[OPT_COUNT] = {
		[OPT_PASSWORD_FILE] = { REMINT_SECRET_READ, false },
		[OPT_PASSWORD_FD] = { REMINT_SECRET_READ, true },
		[OPT_CA_PASSWORD_FILE] = { REMINT_SECRET_CA, false },
		[OPT_CA_PASSWORD_FD] = { REMINT_SECRET_CA, true },
		[OPT_OUT_PASSWORD_FILE] = { REMINT_SECRET_OUT, false },
		[OPT_OUT_PASSWORD_FD] = { REMINT_SECRET_OUT, true },
	};

	if (id < OPT_PASSWORD_FILE || id > OPT_OUT_PASSWORD_FD)
		return 0;
	return secrets_add(cli->secrets, kinds[id].use, kinds[id].is_fd, value);
}

static int
take(struct cli *cli, enum option_id id, const char *value)
{
	const struct option *option = &option_table[id];

	if (cli->given[id].count && !option->many && option->takes != TAKES_NOTHING)
		return report_usage(cli, "--%s is given twice", option->name);
	if (option->takes == TAKES_CHOICE && check_choice(cli, option, value))
		return -1;
	if (secret_option(cli, id, value) || list_add(&cli->given[id], "", value) ||
	    (option->takes == TAKES_NAME && list_add(&cli->names, option->choices, value)))
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "memory is out");
	return 0;
}

static enum option_id
find_long(const struct command *command, const char *name, size_t length)
{
	for (int id = OPT_NONE + 1; id < OPT_COUNT; id++)
		if (strlen(option_table[id].name) == length &&
		    memcmp(option_table[id].name, name, length) == 0 &&
		    command_option(command, (enum option_id)id))
			return (enum option_id)id;
	return OPT_NONE;
}

static enum option_id
find_letter(const struct command *command, char letter)
{
	for (int id = OPT_NONE + 1; id < OPT_COUNT; id++)
		if (option_table[id].letter == letter &&
		    command_option(command, (enum option_id)id))
			return (enum option_id)id;
	return OPT_NONE;
}

/* What the value is called where this verb takes it. */
static const char *
value_name(const struct cli *cli, enum option_id id)
{
	const char *name = command_option(cli->command, id)->value;

	return name ? name : option_table[id].value;
}

/* --name, --name=VALUE, --name VALUE; `next` is the word behind. 1 when it was taken too, 0, -1. */
static int
long_option(struct cli *cli, const char *word, const char *next)
{
	size_t length = strcspn(word, "=");
	enum option_id id = find_long(cli->command, word, length);
	bool equals = word[length] == '=';

	if (id == OPT_NONE)
		return unknown_option(cli, word, length);
	if (option_table[id].takes == TAKES_NOTHING)
		return equals ? report_usage(cli, "--%s takes no value", option_table[id].name)
			      : take(cli, id, "");
	if (equals)
		return take(cli, id, word + length + 1);
	if (!next)
		return report_usage(
		    cli, "--%s needs a value: %s", option_table[id].name, value_name(cli, id));
	return take(cli, id, next) ? -1 : 1;
}

/* -q, -qf, -oVALUE, -o VALUE. */
static int
short_options(struct cli *cli, const char *letters, const char *next)
{
	for (; *letters; letters++) {
		enum option_id id = find_letter(cli->command, *letters);

		if (id == OPT_NONE)
			return report_usage(cli, "unknown option -%c",
			    isprint((unsigned char)*letters) ? *letters : '?');
		if (option_table[id].takes == TAKES_NOTHING) {
			if (take(cli, id, ""))
				return -1;
			continue;
		}
		if (letters[1])
			return take(cli, id, letters + 1);
		if (!next)
			return report_usage(
			    cli, "-%c needs a value: %s", *letters, value_name(cli, id));
		return take(cli, id, next) ? -1 : 1;
	}
	return 0;
}

/* ---- the command's words ------------------------------------------------- */

static int
unknown_verb(struct cli *cli, const struct command *group, const char *word)
{
	const char *words[64] = { 0 }, *meant;
	size_t count = 0, skip = group ? strlen(group->name) + 1 : 0;

	for (const struct command *command = command_table; command->name && count < 63; command++)
		if (group ? command_in(command, group) : !strchr(command->name, ' '))
			words[count++] = command->name + skip;
	meant = nearest(word, words);
	if (group && !word[0])
		return report_usage(cli, "%s needs a second word", group->name);
	if (!meant)
		return report_usage(cli, "unknown command \"%s%s%s\"", group ? group->name : "",
		    group ? " " : "", word);
	return report_usage(cli, "unknown command \"%s%s%s\": did you mean %s%s%s?",
	    group ? group->name : "", group ? " " : "", word, group ? group->name : "",
	    group ? " " : "", meant);
}

/* An argument comes by: the first is the verb, in a group the second says which. */
static int
word_of_command(struct cli *cli, const char *word)
{
	const struct command *group = cli->command && !cli->command->run ? cli->command : NULL,
			     *found;
	char name[64];

	snprintf(name, sizeof name, "%s%s%.40s", group ? group->name : "", group ? " " : "", word);
	found = command_named(name);
	if (!found || (!group && strchr(name, ' ')))
		return unknown_verb(cli, group, word);
	cli->command = found;
	return 0;
}

static int
check_arguments(struct cli *cli)
{
	const struct command *command = cli->command;
	int count = (int)cli->arguments.count;

	if (given(cli, OPT_HELP) || !command)
		return 0;
	if (!command->run)
		return unknown_verb(cli, command, "");
	if (count < command->least)
		return report_usage(cli, "%s needs %s", command->name, command->arguments);
	if (command->most >= 0 && count > command->most)
		return report_usage(cli, "%s takes no argument \"%s\"", command->name,
		    cli->arguments.items[command->most]);
	return 0;
}

int
options_parse(struct cli *cli, int argc, char **argv)
{
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int taken;

		if (!ended && strcmp(word, "--") == 0) {
			ended = true;
			continue;
		}
		if (ended || word[0] != '-' || !word[1] || (word[1] >= '0' && word[1] <= '9')) { /* -2146893007 is a code */
			if (cli->command && cli->command->run ? list_add(&cli->arguments, "", word)
							      : word_of_command(cli, word))
				return -1;
			continue;
		}
		if (!cli->command && strcmp(word, "--version") == 0) {
			cli->command = command_named("version");
			continue;
		}
		taken = word[1] == '-' ? long_option(cli, word + 2, next)
				       : short_options(cli, word + 1, next);
		if (taken < 0)
			return -1;
		i += taken;
	}
	return check_arguments(cli);
}

/* ---- values -------------------------------------------------------------- */

bool
given(const struct cli *cli, enum option_id id)
{
	return cli->given[id].count > 0;
}

const char *
text_of(const struct cli *cli, enum option_id id)
{
	return cli->given[id].count ? cli->given[id].items[0] : NULL;
}

struct remint_strings
list_of(const struct cli *cli, enum option_id id)
{
	return list_strings(&cli->given[id]);
}

int
count_of(struct cli *cli, enum option_id id, int64_t low, int64_t high, int64_t *number)
{
	const char *text = text_of(cli, id), *at = text;
	int64_t value = 0;

	*number = 0;
	if (!text)
		return 0;
	while (*at >= '0' && *at <= '9' && value <= high)
		value = value * 10 + (*at++ - '0');
	if (*at || at == text || value < low || value > high)
		return report_usage(cli, "--%s takes a number from %lld to %lld, not \"%s\"",
		    option_table[id].name, (long long)low, (long long)high, text);
	*number = value;
	return 0;
}

static int
value_wrong(struct cli *cli, enum option_id id)
{
	return report_usage(
	    cli, "--%s: %s", option_table[id].name, remint_failure(cli->ctx)->message);
}

int
duration_of(struct cli *cli, enum option_id id, int64_t *seconds)
{
	const char *text = text_of(cli, id);

	*seconds = 0;
	return text && remint_parse_duration(cli->ctx, text, seconds) ? value_wrong(cli, id) : 0;
}

int
time_of(struct cli *cli, enum option_id id, int64_t *time)
{
	const char *text = text_of(cli, id);

	*time = 0;
	return text && remint_parse_time(cli->ctx, text, time) ? value_wrong(cli, id) : 0;
}

int
validity_of(struct cli *cli, int64_t *validity, int64_t *not_after)
{
	int64_t days;

	if (given(cli, OPT_DAYS) + given(cli, OPT_VALIDITY) + given(cli, OPT_NOT_AFTER) > 1)
		return report_usage(cli, "give one of --days, --validity and --not-after");
	if (count_of(cli, OPT_DAYS, 1, 36500, &days) || duration_of(cli, OPT_VALIDITY, validity) ||
	    time_of(cli, OPT_NOT_AFTER, not_after))
		return -1;
	if (days)
		*validity = days * 86400;
	return 0;
}

/* RFC 4514, 2.4: what would end the value or open another is escaped. */
int
subject_of(struct cli *cli, char **subject)
{
	const char *cn = text_of(cli, OPT_CN), *whole = text_of(cli, OPT_SUBJECT);
	size_t at = 0;

	*subject = NULL;
	if (cn && whole)
		return report_usage(cli, "give --cn or --subject, not both");
	if (!cn && !whole)
		return 0;
	if (cn && !*cn)
		return report_usage(cli, "--cn is empty");
	*subject = malloc(2 * strlen(cn ? cn : whole) + 4);
	if (!*subject)
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "memory is out");
	if (whole) {
		memcpy(*subject, whole, strlen(whole) + 1);
		return 0;
	}
	memcpy(*subject, "CN=", 3);
	at = 3;
	for (const char *from = cn; *from; from++) {
		if (strchr("\",+;<>\\=", *from) || (*from == ' ' && (from == cn || !from[1])) ||
		    (*from == '#' && from == cn))
			(*subject)[at++] = '\\';
		(*subject)[at++] = *from;
	}
	(*subject)[at] = 0;
	return 0;
}

struct remint_out
out_of(const struct cli *cli)
{
	return (struct remint_out){
		.directory = text_of(cli, OPT_OUT),
		.force = given(cli, OPT_FORCE),
		.encrypt_key = given(cli, OPT_OUT_PASSWORD_FILE) || given(cli, OPT_OUT_PASSWORD_FD),
	};
}
