/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/verdicts.c - an audit for several targets as a person reads it: what several of them find is told once, with all of
 * their names, and in the end stands who takes the certificates and who does not.
 *
 * Findings come target after target for one certificate, then for the next. They are kept until the first target is at work
 * again, so that a pile of any size takes the memory of one certificate's findings. Nothing is judged here.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { TOLD_MAX = 1000 }; /* findings kept at most: then they are told, grouped or not */

/* What was found, and for whom. */
struct told {
	struct list text; /* rule, place, message, object: the finding's, copied */
	enum remint_severity severity;
	bool accepted, printed;
	struct list targets, notes, sources, fixes;
};

/* One target: what it has said so far. */
struct judge {
	char *name;
	uint64_t errors, warnings;
};

struct verdicts {
	struct cli *cli;
	struct judge *judges;
	size_t judge_count, last; /* last: the judge of the finding before */
	struct told *told;
	size_t told_count;
	char *source; /* of what is kept */
};

struct verdicts *
verdicts_new(struct cli *cli)
{
	struct verdicts *verdicts = calloc(1, sizeof *verdicts);

	if (verdicts)
		verdicts->cli = cli;
	return verdicts;
}

int
verdicts_target(void *arg, const struct remint_policy_entry *target)
{
	struct verdicts *verdicts = arg;
	struct judge *grown =
	    realloc(verdicts->judges, (verdicts->judge_count + 1) * sizeof *grown);

	if (!grown)
		return -1;
	verdicts->judges = grown;
	grown[verdicts->judge_count] = (struct judge){ .name = strdup(target->name) };
	return grown[verdicts->judge_count].name ? (verdicts->judge_count++, 0) : -1;
}

size_t
verdicts_targets(const struct verdicts *verdicts)
{
	return verdicts ? verdicts->judge_count : 0;
}

/* ---- what is kept ---------------------------------------------------------------------------------------------- */

enum { RULE, PLACE, MESSAGE, OBJECT };

static void
told_clear(struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->told_count; i++) {
		struct told *told = &verdicts->told[i];

		list_free(&told->text);
		list_free(&told->targets);
		list_free(&told->notes);
		list_free(&told->sources);
		list_free(&told->fixes);
	}
	free(verdicts->told);
	free(verdicts->source);
	verdicts->told = NULL;
	verdicts->source = NULL;
	verdicts->told_count = 0;
}

static int
add_once(struct list *list, const char *text)
{
	if (!*text)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return 0;
	return list_add(list, "", text);
}

/* How long the fault itself is: behind its first full stop a message says why the target cares. A name stands in quotes. */
static size_t
fault_length(const char *message)
{
	bool quoted = false;

	for (const char *at = message; *at; at++) {
		quoted ^= *at == '"';
		if (!quoted && at[0] == '.' && at[1] == ' ')
			return (size_t)(at - message);
	}
	return strlen(message);
}

static bool
same_fault(const struct told *told, const struct remint_finding *finding, size_t length)
{
	char *const *text = told->text.items;

	return told->severity == finding->severity && told->accepted == finding->accepted &&
	       strlen(text[MESSAGE]) == length && strncmp(text[MESSAGE], finding->message, length) == 0 &&
	       strcmp(text[RULE], finding->rule) == 0 && strcmp(text[PLACE], finding->place) == 0 &&
	       strcmp(text[OBJECT], finding->object) == 0;
}

static struct told *
told_new(struct verdicts *verdicts, const struct remint_finding *finding, size_t length)
{
	struct told *grown = realloc(verdicts->told, (verdicts->told_count + 1) * sizeof *grown);
	char *fault = strndup(finding->message, length);

	if (grown)
		verdicts->told = grown;
	if (!grown || !fault) {
		free(fault);
		return NULL;
	}
	grown += verdicts->told_count++;
	*grown = (struct told){ .severity = finding->severity, .accepted = finding->accepted };
	if (list_add(&grown->text, "", finding->rule) || list_add(&grown->text, "", finding->place) ||
	    list_add(&grown->text, "", fault) || list_add(&grown->text, "", finding->object)) {
		list_free(&grown->text);
		verdicts->told_count--;
		grown = NULL;
	}
	free(fault);
	return grown;
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

static void
names_text(struct out *out, size_t indent, const char *label, const struct list *names)
{
	struct out memory = { .fd = -1, .hold = true };

	for (size_t i = 0; i < names->count; i++) {
		out_text(&memory, i ? ", " : "");
		out_text(&memory, names->items[i]);
	}
	out_bytes(&memory, "", 1);
	if (memory.failed)
		out->failed = memory.failed;
	else
		out_field(out, indent, label, memory.bytes);
	free(memory.bytes);
}

static void
told_text(struct out *out, struct told *told)
{
	struct remint_finding finding = { .rule = told->text.items[RULE], .severity = told->severity,
		.message = told->text.items[MESSAGE], .accepted = told->accepted };

	finding_text(out, &finding);
	names_text(out, 11, "for", &told->targets);
	out_field(out, 11, "place", told->text.items[PLACE]);
	for (size_t i = 0; i < told->notes.count; i++)
		out_field(out, 11, "note", told->notes.items[i]);
	for (size_t i = 0; i < told->sources.count; i++)
		out_field(out, 11, "source", told->sources.items[i]);
	for (size_t i = 0; i < told->fixes.count; i++)
		out_field(out, 11, "fix", told->fixes.items[i]);
	out_text(out, "\n");
	told->printed = true;
}

/* What one certificate of a group is blamed for, the gravest first. */
static void
object_text(struct verdicts *verdicts, const char *object)
{
	struct out *out = &verdicts->cli->out;

	out_style(out, STYLE_STRONG);
	out_safe(out, verdicts->source);
	out_style(out, STYLE_NONE);
	out_text(out, ": ");
	out_safe(out, object);
	out_text(out, "\n\n");
	for (int severity = REMINT_ERROR; severity >= REMINT_INFO; severity--)
		for (size_t i = 0; i < verdicts->told_count; i++) {
			struct told *told = &verdicts->told[i];

			if (!told->printed && (int)told->severity == severity &&
			    strcmp(told->text.items[OBJECT], object) == 0)
				told_text(out, told);
		}
}

static void
flush(struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->told_count; i++)
		if (!verdicts->told[i].printed)
			object_text(verdicts, verdicts->told[i].text.items[OBJECT]);
	told_clear(verdicts);
}

static size_t
judge_of(const struct verdicts *verdicts, const char *target)
{
	size_t i = 0;

	while (i < verdicts->judge_count && strcmp(verdicts->judges[i].name, target) != 0)
		i++;
	return i;
}

int
verdicts_finding(struct verdicts *verdicts, const struct remint_finding *finding)
{
	size_t judge = judge_of(verdicts, finding->target), length = fault_length(finding->message);
	struct told *told = NULL;

	if (judge < verdicts->last || verdicts->told_count >= TOLD_MAX ||
	    (verdicts->source && strcmp(verdicts->source, finding->source) != 0))
		flush(verdicts);
	verdicts->last = judge;
	if (judge < verdicts->judge_count) {
		verdicts->judges[judge].errors += finding->severity == REMINT_ERROR;
		verdicts->judges[judge].warnings += finding->severity == REMINT_WARNING;
	}
	if (!verdicts->source && !(verdicts->source = strdup(finding->source)))
		return -1;
	for (size_t i = 0; !told && i < verdicts->told_count; i++)
		if (same_fault(&verdicts->told[i], finding, length))
			told = &verdicts->told[i];
	if (!told && !(told = told_new(verdicts, finding, length)))
		return -1;
	if (add_once(&told->targets, finding->target) ||
	    add_once(&told->notes, finding->message[length] ? finding->message + length + 2 : "") ||
	    add_once(&told->sources, finding->citation) || add_once(&told->fixes, finding->fix))
		verdicts->cli->out.failed = ENOMEM;
	return keep_going(verdicts->cli);
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

enum { REFUSES, WARNS, ACCEPTS, WAYS };

static int
way_of(const struct judge *judge)
{
	return judge->errors ? REFUSES : judge->warnings ? WARNS : ACCEPTS;
}

/* Of several certificates a number says how much there is to find, of one the list above does. */
static void
way_text(struct verdicts *verdicts, int way, bool several)
{
	static const char *const words[] = { "refused by", "warnings of", "accepted by" };
	struct list names = { 0 };
	char text[320];

	for (size_t i = 0; i < verdicts->judge_count; i++) {
		const struct judge *judge = &verdicts->judges[i];
		uint64_t count = way == REFUSES ? judge->errors : judge->warnings;

		if (way_of(judge) != way)
			continue;
		snprintf(text, sizeof text, "%.256s", judge->name);
		if (several && way != ACCEPTS)
			snprintf(text, sizeof text, "%.256s (%llu %s%s)", judge->name, (unsigned long long)count,
			    way == REFUSES ? "error" : "warning", count == 1 ? "" : "s");
		if (list_add(&names, "", text))
			verdicts->cli->out.failed = ENOMEM;
	}
	names_text(&verdicts->cli->out, 2, words[way], &names);
	list_free(&names);
}

void
verdicts_end(struct verdicts *verdicts, const struct remint_audit_summary *summary)
{
	struct out *out = &verdicts->cli->out;

	flush(verdicts);
	if (!summary || !summary->certificates)
		return;
	out_style(out, STYLE_STRONG);
	out_format(out, "%zu %s\n", verdicts->judge_count, plural(verdicts->judge_count, "target", "targets"));
	out_style(out, STYLE_NONE);
	for (int way = REFUSES; way < WAYS; way++)
		way_text(verdicts, way, summary->certificates > 1);
	out_text(out, "\n");
}

void
verdicts_free(struct verdicts *verdicts)
{
	if (!verdicts)
		return;
	told_clear(verdicts);
	for (size_t i = 0; i < verdicts->judge_count; i++)
		free(verdicts->judges[i].name);
	free(verdicts->judges);
	free(verdicts);
}
