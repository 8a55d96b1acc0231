/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_ocsp.c - remint ocsp: the answer to a request in a file, answers for all certificates in advance, or a responder over HTTP that
 * prints a line for each request.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { SECONDS_MOST = 31 * 86400, VALIDITY_MOST = 365 * 86400 };

/* ---- an answer in words ------------------------------------------------------------------------ */

static void
json_answer(struct json *json, const struct remint_ocsp_reply *reply)
{
	json_text(json, "from", reply->from);
	json_text(json, "result", reply->result);
	json_text(json, "reason", reply->why && *reply->why ? reply->why : NULL);
	json_text(json, "authority", reply->authority);
	json_bool(json, "nonce", reply->nonce);
	json_bool(json, "kept", reply->kept);
	json_open(json, "certificates", '[');
	for (size_t i = 0; i < reply->count; i++) {
		const struct remint_ocsp_answer *answer = &reply->answers[i];

		json_open(json, NULL, '{');
		json_text(json, "serial", answer->serial);
		json_text(json, "status", answer->status);
		json_time(json, "revoked", answer->revoked);
		json_text(json, "reason", answer->reason);
		json_time(json, "this_update", answer->this_update);
		json_time(json, "next_update", answer->next_update);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
text_answer(struct out *out, const struct remint_ocsp_answer *answer)
{
	char revoked[32];
	bool good = strcmp(answer->status, "good") == 0;

	out_style(out, good ? STYLE_GOOD : *answer->status == 'r' ? STYLE_BAD : STYLE_WARNING);
	out_text(out, answer->status);
	out_style(out, STYLE_NONE);
	out_spaces(out, 8 - strlen(answer->status));
	out_format(out, " %.80s", answer->serial);
	if (answer->revoked) {
		remint_time_text(answer->revoked, revoked);
		out_format(out, ", %s%s%s", revoked, answer->reason ? ", " : "", answer->reason ? answer->reason : "");
	}
	out_text(out, "\n");
}

/* ---- a request in a file ------------------------------------------------------------------------- */

struct answering {
	struct cli *cli;
	const char *path; /* of the response, or NULL: standard output */
	struct out file;
};

static int
write_response(struct answering *answering, const struct remint_ocsp_reply *reply)
{
	struct cli *cli = answering->cli;

	if (!answering->path) {
		if (cli->out.terminal) {
			report_failure(cli, REMINT_CLASS_USAGE, "",
			    "a response does not belong on a terminal: name a file with --out, or redirect");
			return cli->stopped = true;
		}
		out_bytes(&cli->out, reply->der, reply->length);
		return 0;
	}
	out_bytes(&answering->file, reply->der, reply->length);
	if (file_close(cli, &answering->file, answering->path))
		return cli->stopped = true;
	answering->path = NULL;
	return 0;
}

static int
take_answer(void *arg, const struct remint_ocsp_reply *reply)
{
	struct answering *answering = arg;
	struct cli *cli = answering->cli;
	bool in_words = answering->path != NULL;

	if (write_response(answering, reply))
		return 1;
	if (cli->json) {
		json_open(&cli->json_writer, NULL, '{');
		json_answer(&cli->json_writer, reply);
		json_close(&cli->json_writer, '}');
	} else if (in_words) {
		for (size_t i = 0; i < reply->count; i++)
			text_answer(&cli->out, &reply->answers[i]);
	}
	return 0;
}

static int
answer_file(struct cli *cli, const struct remint_ocsp_options *options)
{
	struct answering answering = { .cli = cli, .path = text_of(cli, OPT_OUT) };
	int rc;

	if (answering.path && strcmp(answering.path, "-") == 0)
		answering.path = NULL;
	if (cli->json && !answering.path)
		return report_usage(cli, "standard output is taken by --json: name the file of the response with --out");
	if (answering.path && file_begin(cli, &answering.file, answering.path))
		return -1;
	document_begin(cli, "responses");
	rc = remint_ocsp(cli->ctx, options, cli->arguments.items[0], take_answer, &answering);
	if (answering.path)
		out_abandon(&answering.file);
	return document_finish(cli, rc);
}

/* ---- all in advance --------------------------------------------------------------------------------- */

static int
answer_all(struct cli *cli, const struct remint_ocsp_options *options)
{
	const char *directory = text_of(cli, OPT_OUT);
	struct remint_ocsp_run run;
	struct json *json = &cli->json_writer;
	struct out *out = &cli->out;

	if (remint_ocsp_all(cli->ctx, options, directory, given(cli, OPT_FORCE), &run))
		return report_verb(cli);
	if (cli->json) {
		*json = (struct json){ .out = out };
		json_open(json, NULL, '{');
		json_number(json, "schema", 1);
		json_number(json, "certificates", (int64_t)run.certificates);
		json_number(json, "signed", (int64_t)run.signed_now);
		json_number(json, "kept", (int64_t)run.kept);
		json_number(json, "overtaken", (int64_t)run.overtaken);
		json_number(json, "files", (int64_t)run.files);
		json_number(json, "cut", (int64_t)run.cut);
		if (run.cut)
			json_time(json, "cut_at", run.cut_at);
		json_close(json, '}');
		out_text(out, "\n");
		return 0;
	}
	out_format(out, "%" PRIu64 " certificate%s: %" PRIu64 " signed, %" PRIu64 " kept", run.certificates, run.certificates == 1 ? "" : "s",
	    run.signed_now, run.kept);
	if (run.overtaken)
		out_format(out, ", %" PRIu64 " overtaken by a revocation", run.overtaken);
	if (directory)
		out_format(out, ", %" PRIu64 " file%s", run.files, run.files == 1 ? "" : "s");
	out_text(out, "\n");
	return 0;
}

/* ---- over HTTP ------------------------------------------------------------------------------------------ */

static int
say_ready(void *arg, const char *address)
{
	struct cli *cli = arg;

	cli->out.hold = false; /* from now on a reader waits for every line */
	if (!cli->json) {
		out_format(&cli->out, "listening on http://%s/", address);
		return line_end(cli);
	}
	json_text(event_begin(cli, "listening"), "address", address);
	return event_end(cli);
}

static int
say_answered(void *arg, const struct remint_ocsp_reply *reply)
{
	struct cli *cli = arg;
	struct out *out = &cli->out;

	if (cli->json) {
		json_answer(event_begin(cli, "request"), reply);
		return event_end(cli);
	}
	out_format(out, "%s %s", reply->from, reply->result);
	for (size_t i = 0; i < reply->count; i++)
		out_format(out, "%s %s %.80s", i ? "," : ":", reply->answers[i].status, reply->answers[i].serial);
	if (!reply->count && reply->why) {
		out_text(out, ": ");
		out_plain(out, reply->why);
	}
	out_text(out, reply->kept ? ", signed before" : reply->nonce ? ", with nonce" : "");
	return line_end(cli);
}

static int
listen_on(struct cli *cli, const struct remint_ocsp_options *options)
{
	struct remint_ocsp_listen_options listen = { .listen = text_of(cli, OPT_LISTEN) };
	struct remint_ocsp_summary summary;
	struct json *json;
	int64_t count;

	if (count_of(cli, OPT_CONNECTIONS, 1, INT64_MAX, &count) || count_of(cli, OPT_SECONDS, 1, SECONDS_MOST, &listen.seconds) ||
	    (listen.stop = stop_by_signal(cli)) < 0)
		return -1;
	listen.count = (uint64_t)count;
	if (remint_ocsp_listen(cli->ctx, options, &listen, say_ready, cli->quiet ? NULL : say_answered, cli, &summary))
		return report_verb(cli);
	if (!cli->json) {
		out_format(&cli->out, "%" PRIu64 " request%s: %" PRIu64 " signed, %" PRIu64 " signed before, %" PRIu64 " refused",
		    summary.requests, summary.requests == 1 ? "" : "s", summary.signed_now, summary.kept, summary.refused);
		line_end(cli);
		return 0;
	}
	json = event_begin(cli, "end");
	json_number(json, "requests", (int64_t)summary.requests);
	json_number(json, "signed", (int64_t)summary.signed_now);
	json_number(json, "kept", (int64_t)summary.kept);
	json_number(json, "refused", (int64_t)summary.refused);
	event_end(cli);
	return 0;
}

/* ---- the verb --------------------------------------------------------------------------------------------- */

int
cmd_ocsp(struct cli *cli)
{
	struct remint_ocsp_options options = {
		.authority = text_of(cli, OPT_CA),
		.own_key = given(cli, OPT_OWN_KEY),
		.key = text_of(cli, OPT_KEY_TYPE),
	};
	bool all = given(cli, OPT_ALL), listen = given(cli, OPT_LISTEN);

	if ((cli->arguments.count > 0) + all + listen != 1)
		return report_usage(cli, "say what: a REQUEST, --all or --listen [ADDRESS:]PORT");
	if (listen && (given(cli, OPT_OUT) || given(cli, OPT_FORCE)))
		return report_usage(cli, "--listen answers over HTTP and writes no file");
	if (!listen && (given(cli, OPT_CONNECTIONS) || given(cli, OPT_SECONDS)))
		return report_usage(cli, "--count and --seconds belong to --listen");
	if (options.own_key && options.key)
		return report_usage(cli, "with --own-key no other key is made: leave --key-type out");
	if (duration_of(cli, OPT_NEXT_UPDATE, &options.validity))
		return -1;
	if (given(cli, OPT_NEXT_UPDATE) && (options.validity < 60 || options.validity > VALIDITY_MOST))
		return report_usage(cli, "--next-update takes 1m to 365d");
	return all ? answer_all(cli, &options) : listen ? listen_on(cli, &options) : answer_file(cli, &options);
}
