/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_ca.c - remint ca list, request, sign, install and export: the authorities of a home.
 */
#include "config.h"

#include "cli/cli.h"

static int
finish(struct cli *cli, int rc)
{
	if (rc)
		report_verb(cli);
	document_end(cli, false);
	return rc;
}

int
cmd_ca_list(struct cli *cli)
{
	document_begin(cli, "authorities");
	return finish(cli, remint_ca_list(cli->ctx, authority_print, cli));
}

/* PEM goes to standard output as it is; what went to a directory is named. */
static int
take_file(void *arg, const char *name, const void *bytes, size_t length, bool secret)
{
	struct cli *cli = arg;
	struct json *json = &cli->json_writer;

	(void)secret; /* no private key comes by here */
	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "name", name);
		json_bytes(json, "text", bytes, length);
		json_close(json, '}');
	} else if (bytes) {
		out_bytes(&cli->out, bytes, length);
	} else {
		out_safe(&cli->out, name);
		out_text(&cli->out, "\n");
	}
	return 0;
}

int
cmd_ca_request(struct cli *cli)
{
	struct remint_ca_request_options options = {
		.name = text_of(cli, OPT_NAME),
		.subject = text_of(cli, OPT_SUBJECT),
		.key = text_of(cli, OPT_KEY_TYPE),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
	};

	if (!options.subject)
		return report_usage(cli, "a CA needs a name: give --subject \"CN=..., O=...\"");
	document_begin(cli, "files");
	return finish(cli, remint_ca_request(cli->ctx, &options, take_file, cli));
}

int
cmd_ca_sign(struct cli *cli)
{
	struct remint_ca_sign_options options = {
		.request = cli->arguments.items[0],
		.authority = text_of(cli, OPT_CA),
		.template_name = text_of(cli, OPT_TEMPLATE),
	};

	if (duration_of(cli, OPT_VALIDITY, &options.validity))
		return -1;
	document_begin(cli, "files");
	return finish(cli, remint_ca_sign(cli->ctx, &options, take_file, cli));
}

int
cmd_ca_install(struct cli *cli)
{
	document_begin(cli, "authorities");
	return finish(
	    cli, remint_ca_install(cli->ctx, list_strings(&cli->arguments), authority_print, cli));
}

int
cmd_ca_export(struct cli *cli)
{
	struct remint_out out = out_of(cli);

	if (!out.directory)
		return report_usage(
		    cli, "several files are written: name a directory with --out DIR");
	document_begin(cli, "files");
	return finish(cli, remint_ca_export(cli->ctx, out.directory, out.force, take_file, cli));
}
