/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_convert.c - remint convert: one container to a file or standard output, or the files of
 * targets to a directory.
 *
 * A private key, or bytes that are no text, never go to a terminal.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

static bool
is_text(const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((bytes[i] < 0x20 && !strchr("\r\n\t", bytes[i])) || bytes[i] > 0x7e ||
		    !bytes[i])
			return false;
	return true;
}

struct handing {
	struct cli *cli;
	bool keystore; /* one file that usually has a private key */
};

/* The library makes the directory of a home's file; a slip in a path makes none. */
static int
check_parent(struct cli *cli, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct stat there;
	char *parent;
	int rc;

	if (!slash || slash == file)
		return 0;
	parent = strndup(file, (size_t)(slash - file));
	if (!parent)
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "memory is out");
	rc = stat(parent, &there) == 0 ? 0
				       : report_failure(cli, REMINT_CLASS_INPUT, file,
					     "cannot create: %s", strerrordesc_np(errno));
	free(parent);
	return rc;
}

static int
take_file(void *arg, const char *name, const void *bytes, size_t length, bool secret)
{
	const struct handing *handing = arg;
	struct cli *cli = handing->cli;
	struct json *json = &cli->json_writer;

	if (handing->keystore && !secret)
		report_note(cli, "remint: no private key is in it, since none of this certificate is "
				 "at hand: --key FILE adds one, --no-key says that none is wanted");
	if (cli->json) {
		json_open(json, NULL, '{');
		json_text(json, "name", name);
		json_bool(json, "secret", secret);
		json_close(json, '}');
		return 0;
	}
	if (!bytes) {
		out_safe(&cli->out, name);
		out_text(&cli->out, "\n");
		return 0;
	}
	if (cli->out.terminal && (secret || !is_text(bytes, length))) {
		report_failure(cli, REMINT_CLASS_USAGE, "",
		    "%s does not belong on a terminal: name a file with --out, or redirect",
		    secret ? "a private key" : "binary output");
		cli->stopped = true;
		return 1;
	}
	out_bytes(&cli->out, bytes, length);
	return 0;
}

int
cmd_convert(struct cli *cli)
{
	struct remint_convert_options options = {
		.inputs = list_strings(&cli->arguments),
		.keys = list_of(cli, OPT_KEY),
		.chain = list_of(cli, OPT_CHAIN),
		.to = text_of(cli, OPT_TO),
		.targets = list_of(cli, OPT_FOR),
		.profile = text_of(cli, OPT_PROFILE),
		.with_root = given(cli, OPT_WITH_ROOT),
		.no_chain = given(cli, OPT_NO_CHAIN),
		.no_key = given(cli, OPT_NO_KEY),
		.select = text_of(cli, OPT_SELECT),
		.crlf = given(cli, OPT_CRLF),
		.friendly_name = text_of(cli, OPT_FRIENDLY_NAME),
		.out = out_of(cli),
	};
	struct handing handing = { .cli = cli,
		.keystore = options.to && (strcmp(options.to, "pfx") == 0 || strcmp(options.to, "jks") == 0) &&
			    !options.no_key };
	int64_t width;
	int rc;

	if (count_of(cli, OPT_WIDTH, 16, 4096, &width))
		return -1;
	options.width = (unsigned)width;
	if (!options.to == !options.targets.count)
		return report_usage(cli, "say what to make: either --to FORMAT or --for TARGET");
	if (options.out.directory && strcmp(options.out.directory, "-") == 0) {
		if (!options.to)
			return report_usage(
			    cli, "a target may want several files: name a directory with --out DIR");
		options.out.directory = NULL;
	}
	if (options.to && !options.out.directory && cli->json)
		return report_usage(
		    cli, "standard output is taken by --json: name the file with --out");
	if (options.to) {
		options.file = options.out.directory;
		options.out.directory = NULL;
		if (options.file && check_parent(cli, options.file))
			return -1;
	}
	document_begin(cli, "files");
	rc = remint_convert(cli->ctx, &options, take_file, &handing);
	if (rc)
		report_verb(cli);
	document_end(cli, false);
	return rc;
}
