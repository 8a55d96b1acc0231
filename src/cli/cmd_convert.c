/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_convert.c - remint convert: one container to a file or standard output, or many, or the
 * files of targets, to a directory.
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

enum { CONTENT_MAX = 4 };

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

/* The words between commas. */
static int
take_content(struct cli *cli, const char *text, const char *words[CONTENT_MAX], struct remint_strings *out)
{
	static const char *const known[CONTENT_MAX] = { "leaf", "intermediates", "root", "key" };

	*out = (struct remint_strings){ words, 0 };
	while (text) {
		size_t length = strcspn(text, ","), i = 0;

		while (i < CONTENT_MAX && (strlen(known[i]) != length || strncmp(known[i], text, length) != 0))
			i++;
		if (i == CONTENT_MAX || out->count == CONTENT_MAX)
			return report_usage(cli, "--content lists leaf, intermediates, root and key with commas between, each once");
		words[out->count++] = known[i];
		text = text[length] ? text + length + 1 : NULL;
	}
	if (out->count && (given(cli, OPT_WITH_ROOT) || given(cli, OPT_NO_CHAIN) || given(cli, OPT_NO_KEY) || given(cli, OPT_ALL)))
		return report_usage(cli, "--content says it all: --with-root, --no-chain, --no-key and --all do not stand beside it");
	return 0;
}

/* A target says itself what goes into its files, and how. */
static int
check_company(struct cli *cli)
{
	static const enum option_id only_to[] = { OPT_WITH_ROOT, OPT_CONTENT, OPT_ALL, OPT_SPLIT, OPT_FILE_NAME, OPT_PROFILE,
		OPT_FRIENDLY_NAME, OPT_CIPHER, OPT_KDF, OPT_ORDER, OPT_SEPARATOR, OPT_CRLF, OPT_WIDTH, OPT_NO_FINAL_NEWLINE,
		OPT_CHARSET };

	if (!text_of(cli, OPT_TO) == !given(cli, OPT_FOR))
		return report_usage(cli, "say what to make: either --to FORMAT or --for TARGET");
	for (size_t i = 0; given(cli, OPT_FOR) && i < sizeof(only_to) / sizeof(only_to[0]); i++)
		if (given(cli, only_to[i]))
			return report_usage(cli, "--%s belongs to --to: with --for the target says it", option_table[only_to[i]].name);
	if (given(cli, OPT_FILE_NAME) && !given(cli, OPT_SPLIT))
		return report_usage(cli, "--file-name belongs to --split: one file is named with --out");
	if (given(cli, OPT_SELECT) && (given(cli, OPT_ALL) || given(cli, OPT_SPLIT)))
		return report_usage(cli, "--select chooses one certificate, --all and --split take them all");
	if (given(cli, OPT_ALL) && given(cli, OPT_SPLIT))
		return report_usage(cli, "--all makes one file, --split many");
	return 0;
}

/* Where it goes: a file, standard output, or a directory. */
static int
choose_place(struct cli *cli, struct remint_convert_options *options)
{
	bool many = !options->to || options->split;

	if (options->out.directory && strcmp(options->out.directory, "-") == 0) {
		if (many)
			return report_usage(cli, options->to ? "--split makes many files: name a directory with --out DIR"
			                                     : "a target may want several files: name a directory with --out DIR");
		options->out.directory = NULL;
	}
	if (many)
		return 0;
	if (!options->out.directory && cli->json)
		return report_usage(cli, "standard output is taken by --json: name the file with --out");
	options->file = options->out.directory;
	options->out.directory = NULL;
	return options->file ? check_parent(cli, options->file) : 0;
}

static int
convert(struct cli *cli, struct remint_convert_options *options)
{
	struct handing handing = { .cli = cli,
		.keystore = options->to && (strcmp(options->to, "pfx") == 0 || strcmp(options->to, "jks") == 0 || strcmp(options->to, "mobileconfig") == 0) &&
			    !options->no_key && !options->all && !options->content.count };
	int rc;

	if (choose_place(cli, options))
		return -1;
	document_begin(cli, "files");
	rc = remint_convert(cli->ctx, options, take_file, &handing);
	return document_finish(cli, rc);
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
		.with_root = given(cli, OPT_WITH_ROOT),
		.no_chain = given(cli, OPT_NO_CHAIN),
		.no_key = given(cli, OPT_NO_KEY),
		.all = given(cli, OPT_ALL),
		.select = text_of(cli, OPT_SELECT),
		.profile = text_of(cli, OPT_PROFILE),
		.cipher = text_of(cli, OPT_CIPHER),
		.kdf = text_of(cli, OPT_KDF),
		.friendly_name = text_of(cli, OPT_FRIENDLY_NAME),
		.order = text_of(cli, OPT_ORDER),
		.separator = text_of(cli, OPT_SEPARATOR),
		.charset = text_of(cli, OPT_CHARSET),
		.crlf = given(cli, OPT_CRLF),
		.no_final_newline = given(cli, OPT_NO_FINAL_NEWLINE),
		.split = given(cli, OPT_SPLIT),
		.file_name = text_of(cli, OPT_FILE_NAME),
		.out = out_of(cli),
	};
	const char *words[CONTENT_MAX];
	int64_t width;

	if (count_of(cli, OPT_WIDTH, 16, 4096, &width) || check_company(cli) ||
	    take_content(cli, text_of(cli, OPT_CONTENT), words, &options.content))
		return -1;
	options.width = (unsigned)width;
	return convert(cli, &options);
}
