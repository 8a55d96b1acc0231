/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_explain.c - remint explain: the likely causes of an error message, best first, and with files or endpoints which of them
 * is proved.
 *
 * Exits with 1 when nothing is known. What a message means is the library's knowledge.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { SYMPTOM_MOST = 65536 }; /* bytes; the rest of a longer log is not looked at */

struct explaining {
	struct cli *cli;
	bool tried; /* on files or endpoints that were given */
	uint64_t causes;
};

/* ---- text -------------------------------------------------------------------- */

/* Text of several lines: one paragraph, but a line that is indented (a command) stands by itself. */
static void
lines_text(struct out *out, const char *label, const char *text)
{
	char line[4096];
	size_t used = 0;

	for (; text && *text; text++) {
		bool breaks = text[0] == '\n' && (text[1] == ' ' || text[1] == 0 || (used && line[0] == ' '));

		if (!breaks && used + 1 < sizeof line)
			line[used++] = text[0] == '\n' ? ' ' : text[0];
		if (!breaks && text[1])
			continue;
		line[used] = 0;
		out_field(out, 4, label, line);
		label = "";
		used = 0;
	}
}

static void
words_text(struct out *out, const char *label, struct remint_strings words)
{
	char line[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < words.count; i++) {
		int more = snprintf(line + used, sizeof line - used, "%s%s", i ? ", " : "", words.items[i]);

		if (more < 0 || (size_t)more >= sizeof line - used)
			break;
		used += (size_t)more;
	}
	out_field(out, 4, label, line);
}

static void
proof_text(struct out *out, const struct remint_cause *cause, bool tried)
{
	static const char *const words[] = { "nothing given can prove this", "not seen in what was given",
		"likely: a warning", "proved" };
	static const enum style styles[] = { STYLE_FAINT, STYLE_FAINT, STYLE_WARNING, STYLE_BAD };

	if (!tried)
		return;
	out_spaces(out, 4);
	out_style(out, STYLE_FAINT);
	out_text(out, "proof        ");
	out_style(out, styles[cause->proof]);
	out_text(out, cause->proof == REMINT_PROOF_NONE && cause->rules.count
		? "not tried: nothing that was given could be judged"
		: words[cause->proof]);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
	for (size_t i = 0; i < cause->finding_count; i++) {
		const struct remint_finding *finding = &cause->findings[i];

		out_field(out, 6, "in", finding->source);
		out_field(out, 6, "certificate", finding->object);
		out_field(out, 6, finding->rule, finding->message);
	}
}

static int
explain_text(void *arg, const struct remint_cause *cause)
{
	struct explaining *explaining = arg;
	struct out *out = &explaining->cli->out;
	char *safe = remint_safe_text(cause->cause, strlen(cause->cause));

	out_style(out, STYLE_STRONG);
	out_format(out, "%2u. ", cause->rank);
	out_wrap(out, safe ? safe : "", 4, 4);
	out_style(out, STYLE_NONE);
	remint_text_free(safe);
	proof_text(out, cause, explaining->tried);
	out_field(out, 4, "check", cause->check);
	lines_text(out, "fix", cause->fix);
	lines_text(out, "never", cause->never);
	words_text(out, "seen as", cause->codes);
	words_text(out, "rules", cause->rules);
	out_field(out, 4, "source", cause->source);
	if (strcmp(cause->confidence, "documented") != 0)
		out_field(out, 4, "confidence", cause->confidence);
	out_field(out, 4, "known from", cause->origin);
	out_text(out, "\n");
	explaining->causes++;
	return keep_going(explaining->cli);
}

/* ---- JSON ---------------------------------------------------------------------- */

static int
explain_json(void *arg, const struct remint_cause *cause)
{
	struct explaining *explaining = arg;
	struct json *json = &explaining->cli->json_writer;

	json_open(json, NULL, '{');
	json_number(json, "rank", cause->rank);
	json_number(json, "score", cause->score);
	json_text(json, "cause", cause->cause);
	json_text(json, "check", cause->check);
	json_text(json, "fix", cause->fix);
	json_text(json, "never", cause->never);
	json_strings(json, "codes", cause->codes);
	json_strings(json, "rules", cause->rules);
	json_text(json, "target", cause->rules.count ? cause->target : NULL);
	json_text(json, "source", cause->source);
	json_text(json, "confidence", cause->confidence);
	json_text(json, "origin", cause->origin);
	json_text(json, "proof", remint_proof_name(cause->proof));
	json_open(json, "findings", '[');
	for (size_t i = 0; i < cause->finding_count; i++)
		finding_json(json, &cause->findings[i]);
	json_close(json, ']');
	json_close(json, '}');
	explaining->causes++;
	return keep_going(explaining->cli);
}

/* ---- the verb -------------------------------------------------------------------- */

/* The message from standard input; 0, or -1 after a report. NULs end no log: they part words. */
static int
symptom_read(struct cli *cli, char *text)
{
	size_t length = fread(text, 1, SYMPTOM_MOST, stdin);

	if (ferror(stdin))
		return report_failure(cli, REMINT_CLASS_INPUT, "-", "cannot be read");
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = ' ';
	text[length] = 0;
	return 0;
}

int
cmd_explain(struct cli *cli)
{
	static char message[SYMPTOM_MOST + 1];
	struct remint_strings arguments = list_strings(&cli->arguments);
	struct remint_explain_options options = { .symptom = arguments.items[0],
		.inputs = { arguments.items + 1, arguments.count - 1 },
		.chain = list_of(cli, OPT_CHAIN),
		.trust = list_of(cli, OPT_TRUST),
		.keys = list_of(cli, OPT_KEY),
		.host = text_of(cli, OPT_NAME) };
	struct explaining explaining = { .cli = cli, .tried = options.inputs.count > 0 || given(cli, OPT_LIST) };
	int64_t limit = 0;
	int rc;

	if (wire_of(cli, &options.wire) || time_of(cli, OPT_AT, &options.at) ||
	    count_of(cli, OPT_LIMIT, 1, 100, &limit))
		return -1;
	options.limit = (unsigned)limit;
	if (strcmp(options.symptom, "-") == 0) {
		if (symptom_read(cli, message))
			return -1;
		options.symptom = message;
	}
	if (!*options.symptom)
		return report_usage(cli, "what was seen? give the message or the code");
	document_begin(cli, "causes");
	rc = remint_explain(cli->ctx, &options, cli->json ? explain_json : explain_text, &explaining);
	if (rc)
		report_verb(cli);
	if (rc == 0 && explaining.causes == 0) {
		report_note(cli, "nothing is known of this symptom");
		report_status(cli, 1);
	}
	document_end(cli, true);
	return rc;
}
