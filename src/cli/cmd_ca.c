/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_ca.c - remint ca list, request, sign, install and export: the authorities of a home.
 */
#include "config.h"

#include <string.h>

#include "cli/cli.h"

int
cmd_ca_list(struct cli *cli)
{
	document_begin(cli, "authorities");
	return document_finish(cli, remint_ca_list(cli->ctx, authority_print, cli));
}

static int
take_file(void *arg, const char *name, const void *bytes, size_t length, bool secret)
{
	struct pem_file *handing = arg;
	struct cli *cli = handing->cli;
	struct json *json = &cli->json_writer;

	(void)secret; /* no private key comes by here */
	if (handing->path) {
		out_bytes(&handing->file, bytes, length);
	} else if (cli->json) {
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
pem_file_begin(struct pem_file *handing)
{
	if (!handing->path)
		return 0;
	out_open(&handing->file);
	return file_begin(handing->cli, &handing->file, handing->path);
}

int
pem_file_close(struct pem_file *handing, int rc)
{
	if (!handing->path)
		return 0;
	if (rc) {
		out_abandon(&handing->file);
		return 0;
	}
	return file_close(handing->cli, &handing->file, handing->path);
}

/* The file is begun before anything is signed: where it cannot be made, nothing is. */
static int
hand_begin(struct pem_file *handing, struct cli *cli, const char *path)
{
	*handing = (struct pem_file){ .cli = cli, .path = path };
	if (pem_file_begin(handing))
		return -1;
	document_begin(cli, "files");
	return 0;
}

static int
hand_end(struct pem_file *handing, int rc)
{
	struct cli *cli = handing->cli;
	const char *path = handing->path;

	if (pem_file_close(handing, rc))
		return -1;
	if (rc || !path)
		return document_finish(cli, rc);
	handing->path = NULL;
	take_file(handing, path, NULL, 0, false);
	return document_finish(cli, 0);
}

int
cmd_ca_request(struct cli *cli)
{
	struct remint_ca_request_options options = {
		.name = text_of(cli, OPT_NAME),
		.subject = text_of(cli, OPT_SUBJECT),
		.key = text_of(cli, OPT_KEY_TYPE),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
		.ocsp_url = text_of(cli, OPT_OCSP_URL),
		.crl_deltas = given(cli, OPT_CRL_DELTAS),
	};
	struct pem_file handing;

	if (count_of(cli, OPT_CRL_SHARDS, 0, 999, &options.crl_shards))
		return -1;
	if (!options.subject)
		return report_usage(cli, "a CA needs a name: give --subject \"CN=..., O=...\"");
	if (hand_begin(&handing, cli, text_of(cli, OPT_OUT)))
		return -1;
	return hand_end(&handing, remint_ca_request(cli->ctx, &options, take_file, &handing));
}

int
cmd_ca_sign(struct cli *cli)
{
	struct remint_ca_sign_options options = {
		.request = cli->arguments.items[0],
		.authority = text_of(cli, OPT_CA),
		.template_name = text_of(cli, OPT_TEMPLATE),
	};
	struct pem_file handing;

	if (duration_of(cli, OPT_VALIDITY, &options.validity) ||
	    hand_begin(&handing, cli, text_of(cli, OPT_OUT)))
		return -1;
	return hand_end(&handing, remint_ca_sign(cli->ctx, &options, take_file, &handing));
}

int
cmd_ca_install(struct cli *cli)
{
	document_begin(cli, "authorities");
	return document_finish(
	    cli, remint_ca_install(cli->ctx, list_strings(&cli->arguments), authority_print, cli));
}

int
cmd_ca_export(struct cli *cli)
{
	struct remint_out out = out_of(cli);
	struct pem_file handing;

	if (!out.directory)
		return report_usage(
		    cli, "several files are written: name a directory with --out DIR");
	if (hand_begin(&handing, cli, NULL))
		return -1;
	return hand_end(&handing,
	    remint_ca_export(cli->ctx, out.directory, out.force, take_file, &handing));
}
