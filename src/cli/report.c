/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/report.c - what is said beside the data: failures, warnings, notes and progress on standard
 * error, the frame of a JSON document, and the exit status.
 *
 * One failure is one line: "remint: SOURCE: PLACE: message (citation)".
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

enum { ERRORS_MAX = 10000 };

/* ---- status -------------------------------------------------------------- */

void
report_status(struct cli *cli, int status)
{
	static const int order[] = { 70, 6, 7, 4, 5, 3, 2, 1, 0 };

	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (order[i] == cli->status || order[i] == status) {
			cli->status = order[i];
			return;
		}
}

/* ---- standard error ------------------------------------------------------ */

void
report_wipe(void *arg)
{
	struct cli *cli = arg;

	if (cli->progress_shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	cli->progress_shown = false;
}

/* On a terminal data and messages appear in the order in which they were written. */
void
report_interlude(struct cli *cli)
{
	report_wipe(cli);
	if (cli->out.terminal && !cli->out.hold)
		out_flush(&cli->out);
}

static void
put_safe(const char *text)
{
	char *safe = remint_safe_text(text, strlen(text));

	if (safe)
		fputs(safe, stderr);
	else /* memory is out, which is what most of the text will say */
		for (; *text; text++)
			fputc(*text >= ' ' && *text < 0x7f ? *text : '?', stderr);
	remint_text_free(safe);
}

static void
put_fault(struct cli *cli, const struct remint_fault *fault)
{
	report_interlude(cli);
	fputs("remint: ", stderr);
	if (*fault->source) {
		put_safe(fault->source);
		fputs(": ", stderr);
	}
	if (*fault->place) {
		put_safe(fault->place);
		fputs(": ", stderr);
	}
	put_safe(fault->message);
	if (*fault->citation) {
		fputs(" (", stderr);
		put_safe(fault->citation);
		fputs(")", stderr);
	}
	fputs("\n", stderr);
}

void
report_warning(void *arg, const char *sentence)
{
	struct cli *cli = arg;

	if (cli->quiet)
		return;
	report_interlude(cli);
	fputs("remint: warning: ", stderr);
	put_safe(sentence);
	fputs("\n", stderr);
}

void
report_note(struct cli *cli, const char *format, ...)
{
	char text[1024], *safe;
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_interlude(cli);
	safe = remint_safe_text(text, strlen(text));
	fprintf(stderr, "%s\n", safe ? safe : "?");
	remint_text_free(safe);
}

/* Shown from the first second on, five times a second at most; not behind data that goes to the
 * terminal too. */
void
report_progress(void *arg, uint64_t done, uint64_t total)
{
	struct cli *cli = arg;
	struct timespec now;
	int64_t ticks;

	if (!cli->err_terminal || cli->quiet || (!total && (done & 15)) ||
	    (cli->out.terminal && cli->out.left))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ticks = (int64_t)now.tv_sec * 5 + now.tv_nsec / 200000000;
	if (!cli->progress_last)
		cli->progress_last = ticks + 4;
	if (ticks <= cli->progress_last)
		return;
	cli->progress_last = ticks;
	cli->progress_shown = true;
	if (total)
		fprintf(stderr, "\r\033[K%llu of %llu", (unsigned long long)done,
		    (unsigned long long)total);
	else
		fprintf(stderr, "\r\033[K%llu", (unsigned long long)done);
	fflush(stderr);
}

/* ---- failures ------------------------------------------------------------ */

/* One entry of "errors", kept as text until the array before it is closed. */
static void
keep_error(struct cli *cli, const struct remint_fault *fault)
{
	struct out memory = { .fd = -1, .hold = true };
	struct json json = { .out = &memory };

	if (cli->errors.count == ERRORS_MAX) {
		cli->errors_lost++;
		return;
	}
	json_open(&json, NULL, '{');
	json_text(&json, "source", fault->source);
	json_text(&json, "class", remint_class_name(fault->fault_class));
	json_text(&json, "place", fault->place);
	json_text(&json, "message", fault->message);
	json_close(&json, '}');
	out_bytes(&memory, "", 1);
	if (memory.failed || list_add(&cli->errors, "", memory.bytes))
		cli->errors_lost++;
	free(memory.bytes);
}

int
report_fault(void *arg, const struct remint_fault *fault)
{
	struct cli *cli = arg;

	put_fault(cli, fault);
	report_status(cli, remint_class_status(fault->fault_class));
	if (cli->json)
		keep_error(cli, fault);
	return keep_going(cli);
}

/* The whole document of a verb that failed: nothing else stands on standard output. */
static void
error_document(struct cli *cli, const struct remint_fault *fault)
{
	struct json *json = &cli->json_writer;
	char place[512];

	snprintf(place, sizeof place, "%s%s%s", fault->source,
	    *fault->source && *fault->place ? ": " : "", fault->place);
	out_discard(&cli->out);
	*json = (struct json){ .out = &cli->out };
	json_open(json, NULL, '{');
	json_number(json, "schema", 1);
	json_open(json, "error", '{');
	json_text(json, "class", remint_class_name(fault->fault_class));
	json_text(json, "place", place);
	json_text(json, "message", fault->message);
	json_close(json, '}');
	json_close(json, '}');
	out_text(&cli->out, "\n");
	cli->document = false;
}

/* Data that has left already cannot be taken back: then the failure becomes the last of its errors.
 */
static int
fail(struct cli *cli, const struct remint_fault *fault)
{
	report_status(cli, remint_class_status(fault->fault_class));
	put_fault(cli, fault);
	if (cli->csv && cli->out.hold)
		out_discard(&cli->out);
	if (!cli->json || cli->out.failed)
		return -1;
	if (cli->out.left || (cli->document && !cli->out.hold))
		keep_error(cli, fault);
	else
		error_document(cli, fault);
	return -1;
}

const char *
failure_words(struct cli *cli)
{
	const char *words = remint_failure(cli->ctx)->message;

	/* Our callbacks stop a verb for want of memory alone, or since the output failed. */
	return strcmp(words, "stopped by the caller") == 0 ? "memory is out" : words;
}

int
report_verb(struct cli *cli)
{
	if (cli->stopped) /* by ourselves: the output failed, and that is said when it is closed */
		return -1;
	if (failure_words(cli) != remint_failure(cli->ctx)->message)
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "%s", failure_words(cli));
	return fail(cli, remint_failure(cli->ctx));
}

int
report_failure(
    struct cli *cli, enum remint_class fault_class, const char *source, const char *format, ...)
{
	struct remint_fault fault = { fault_class, source, "", "", "" };
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	fault.message = message;
	return fail(cli, &fault);
}

int
report_usage(struct cli *cli, const char *format, ...)
{
	struct remint_fault fault = { REMINT_CLASS_USAGE, "", "", "", "" };
	char message[1024], see[96];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	snprintf(see, sizeof see, "see remint %s%s--help", cli->command ? cli->command->name : "",
	    cli->command ? " " : "");
	fault.message = message;
	fault.citation = see;
	return fail(cli, &fault);
}

/* ---- documents ----------------------------------------------------------- */

struct json *
document_begin(struct cli *cli, const char *key)
{
	struct json *json = &cli->json_writer;

	*json = (struct json){ .out = &cli->out };
	if (!cli->json)
		return json;
	cli->document = true;
	json_open(json, NULL, '{');
	json_number(json, "schema", 1);
	if (key)
		json_open(json, key, '[');
	return json;
}

void
document_errors(struct cli *cli)
{
	struct json *json = &cli->json_writer;

	json_open(json, "errors", '[');
	for (size_t i = 0; i < cli->errors.count; i++) {
		out_text(&cli->out, json->some ? "," : "");
		out_text(&cli->out, cli->errors.items[i]);
		json->some = true;
	}
	if (cli->errors_lost) {
		char text[96];

		snprintf(text, sizeof text, "%zu more %s not listed", cli->errors_lost,
		    plural(cli->errors_lost, "error is", "errors are"));
		json_open(json, NULL, '{');
		json_text(json, "source", "");
		json_text(json, "class", "input");
		json_text(json, "place", "");
		json_text(json, "message", text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void
document_end(struct cli *cli, bool with_errors)
{
	struct json *json = &cli->json_writer;

	if (!cli->document)
		return;
	json_close(json, ']');
	if (with_errors || cli->errors.count)
		document_errors(cli);
	json_close(json, '}');
	out_text(&cli->out, "\n");
	cli->document = false;
}

int
document_finish(struct cli *cli, int rc)
{
	if (rc)
		report_verb(cli);
	document_end(cli, false);
	return rc;
}

int
keep_going(struct cli *cli)
{
	cli->stopped = cli->out.failed != 0;
	return cli->stopped;
}
