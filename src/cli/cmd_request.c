/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_request.c - remint request: a key and a request for a CA elsewhere, or what a device is told that
 * makes its own.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void
print_json(struct json *json, const struct remint_requested *requested)
{
	json_open(json, NULL, '{');
	json_text(json, "subject", requested->subject);
	json_text(json, "key", requested->key);
	json_text(json, "directory", requested->directory);
	json_strings(json, "files", requested->files);
	json_text(json, "pem", requested->pem);
	if (requested->text) {
		json_text(json, "text", requested->text);
		json_text(json, "form_name", requested->form_name);
		json_text(json, "form", requested->form);
	}
	if (requested->pending) {
		json_number(json, "pending", requested->pending);
		json_bool(json, "again", requested->again);
	}
	json_close(json, '}');
}

static void
print_number(struct out *out, const struct remint_requested *requested)
{
	if (requested->pending)
		out_format(out, "\n# Pending request %lld: remint list --pending shows what is waited for.\n", (long long)requested->pending);
}

static void
print_files(struct out *out, const struct remint_requested *requested)
{
	out_style(out, STYLE_STRONG);
	out_text(out, "request\n");
	out_style(out, STYLE_NONE);
	out_field(out, 2, "subject", requested->subject);
	out_field(out, 2, "key", requested->key);
	if (requested->pending) {
		char number[24];

		snprintf(number, sizeof number, "%lld", (long long)requested->pending);
		out_field(out, 2, "pending", number);
	}
	out_field(out, 2, "written to", requested->directory);
	for (size_t i = 0; i < requested->files.count; i++)
		out_field(out, 2, "", requested->files.items[i]);
}

/* Line by line, since the ends of lines are ours and what stands between them may not be. */
static void
print_lines(struct out *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *safe = remint_safe_text(text, length);

		out_text(out, safe ? safe : "");
		out_text(out, "\n");
		remint_text_free(safe);
		text += length + (text[length] == '\n');
	}
}

static void
print_words(struct out *out, const struct remint_requested *requested)
{
	print_lines(out, requested->text);
	print_number(out, requested);
	if (!requested->form || requested->directory)
		return;
	out_text(out, "\n# ---- ");
	out_safe(out, requested->form_name);
	out_text(out, " (--out DIR writes it as a file) ----\n");
	print_lines(out, requested->form);
}

static int
print(void *arg, const struct remint_requested *requested)
{
	struct cli *cli = arg;

	if (cli->json) {
		print_json(&cli->json_writer, requested);
		return 0;
	}
	if (requested->text && !requested->directory)
		print_words(&cli->out, requested);
	else
		print_files(&cli->out, requested);
	if (requested->pending)
		report_note(cli, "remint: pending request %lld%s: remint list --pending shows what is waited for",
		    (long long)requested->pending, requested->again ? " (as before)" : "");
	return 0;
}

int
cmd_request(struct cli *cli)
{
	struct remint_strings targets = list_of(cli, OPT_FOR);
	struct remint_request_options options = {
		.names = list_strings(&cli->names),
		.key = text_of(cli, OPT_KEY_TYPE),
		.digest = text_of(cli, OPT_DIGEST),
		.target = text_of(cli, OPT_FOR),
		.topology = text_of(cli, OPT_TOPOLOGY),
		.server = text_of(cli, OPT_SERVER),
		.from = text_of(cli, OPT_FROM),
		.on_device = given(cli, OPT_ON_DEVICE),
		.request = text_of(cli, OPT_REQUEST),
		.ca_template = text_of(cli, OPT_CA_TEMPLATE),
		.no_record = given(cli, OPT_NO_RECORD),
		.out = out_of(cli),
	};
	char *subject;
	int rc;

	if (targets.count > 1)
		return report_usage(
		    cli, "one request follows the rules of one target: give --for once");
	if (options.on_device && !options.target)
		return report_usage(cli, "name the device that makes the request with --for TARGET");
	if (options.request && (options.on_device || options.from || cli->names.count || given(cli, OPT_CN) || given(cli, OPT_SUBJECT)))
		return report_usage(cli, "--request takes a request as it is: leave out what would make another one");
	if (!options.out.directory && options.request)
		return report_usage(cli, "name a directory for the request and how to hand it in with --out DIR");
	if (!options.out.directory && !options.on_device)
		return report_usage(
		    cli, "a new private key goes to files only: name a directory with --out DIR");
	if (subject_of(cli, &subject))
		return -1;
	options.subject = subject;
	document_begin(cli, "requests");
	rc = remint_request(cli->ctx, &options, print, cli);
	free(subject);
	return document_finish(cli, rc);
}
