/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_ca_ceremony.c - remint ca ceremony: an offline root and what it certifies, with a record; and checking that.
 */
#include "config.h"

#include "cli/cli.h"

static int
print_name(void *arg, const char *name, const void *bytes, size_t length, bool secret)
{
	struct cli *cli = arg;
	struct json *json = &cli->json_writer;

	(void)bytes;
	(void)length;
	(void)secret;
	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "name", name);
		json_close(json, '}');
		return keep_going(cli);
	}
	out_safe(&cli->out, name);
	out_text(&cli->out, "\n");
	return keep_going(cli);
}

static int
print_check(void *arg, const struct remint_ceremony_check *check)
{
	static const char *const words[] = { "ok       ", "warning  ", "WRONG    " };
	static const enum style styles[] = { STYLE_GOOD, STYLE_WARNING, STYLE_BAD };
	struct cli *cli = arg;
	struct json *json = &cli->json_writer;

	if (check->severity == REMINT_ERROR)
		report_status(cli, 1);
	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "what", check->what);
		json_bool(json, "holds", check->severity != REMINT_ERROR);
		json_text(json, "severity", remint_severity_name(check->severity));
		json_text(json, "sentence", check->sentence);
		json_close(json, '}');
		return keep_going(cli);
	}
	out_style(&cli->out, styles[check->severity]);
	out_text(&cli->out, words[check->severity]);
	out_style(&cli->out, STYLE_NONE);
	out_safe(&cli->out, check->what);
	out_text(&cli->out, ": ");
	out_plain(&cli->out, check->sentence);
	out_text(&cli->out, "\n");
	return keep_going(cli);
}

static int
verify(struct cli *cli, const char *transcript)
{
	static const enum option_id others[] = { OPT_OUT, OPT_PLACE, OPT_OPERATOR, OPT_WITNESS, OPT_CA, OPT_TEMPLATE, OPT_VALIDITY,
		OPT_ROOT_SUBJECT, OPT_ROOT_KEY, OPT_ROOT_VALIDITY, OPT_PUBLISH_URL, OPT_NO_PASSWORD };
	int rc;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (given(cli, others[i]))
			return report_usage(cli, "--verify only looks, --%s is for a ceremony", option_table[others[i]].name);
	document_begin(cli, "checks");
	rc = remint_ca_ceremony_verify(cli->ctx, transcript, list_strings(&cli->arguments), print_check, cli);
	return document_finish(cli, rc);
}

int
cmd_ca_ceremony(struct cli *cli)
{
	struct remint_out out = out_of(cli);
	struct remint_ceremony_options options = {
		.authority = text_of(cli, OPT_CA),
		.root_subject = text_of(cli, OPT_ROOT_SUBJECT),
		.root_key = text_of(cli, OPT_ROOT_KEY),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
		.no_password = given(cli, OPT_NO_PASSWORD),
		.requests = list_strings(&cli->arguments),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.place = text_of(cli, OPT_PLACE),
		.person = text_of(cli, OPT_OPERATOR),
		.witnesses = list_of(cli, OPT_WITNESS),
		.directory = out.directory,
		.force = out.force,
	};
	int rc;

	if (given(cli, OPT_VERIFY))
		return verify(cli, text_of(cli, OPT_VERIFY));
	if (!options.directory)
		return report_usage(cli, "several files are written: name a directory with --out DIR");
	if (options.no_password && (given(cli, OPT_CA_PASSWORD_FILE) || given(cli, OPT_CA_PASSWORD_FD)))
		return report_usage(cli, "--no-password and a passphrase contradict each other");
	if (duration_of(cli, OPT_ROOT_VALIDITY, &options.root_validity) || duration_of(cli, OPT_VALIDITY, &options.validity))
		return -1;
	document_begin(cli, "files");
	rc = remint_ca_ceremony(cli->ctx, &options, print_name, cli);
	return document_finish(cli, rc);
}
