/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_init.c - remint init: a CA home.
 */
#include "config.h"

#include <sys/stat.h>

#include "cli/cli.h"

/* On a fresh account the folders above the usual home are absent; a home that was named gets none
 * made for it. What goes wrong here the library will say of the home itself. */
static void
make_usual_parents(const struct cli *cli)
{
	static const char *const parents[] = { "/.local", "/.local/share" };
	struct list paths = { 0 };

	for (size_t i = 0; cli->usual_home && i < sizeof parents / sizeof *parents; i++)
		if (list_add(&paths, cli->usual_home, parents[i]) == 0)
			(void)mkdir(paths.items[i], 0700);
	list_free(&paths);
}

int
cmd_init(struct cli *cli)
{
	struct remint_init_options options = {
		.root_subject = text_of(cli, OPT_ROOT_SUBJECT),
		.issuing_subject = text_of(cli, OPT_ISSUING_SUBJECT),
		.root_key = text_of(cli, OPT_ROOT_KEY),
		.issuing_key = text_of(cli, OPT_ISSUING_KEY),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
		.ocsp_url = text_of(cli, OPT_OCSP_URL),
		.no_password = given(cli, OPT_NO_PASSWORD),
		.offline_root = text_of(cli, OPT_OFFLINE_ROOT),
		.no_issuing = given(cli, OPT_NO_ISSUING),
		.no_root = given(cli, OPT_NO_ROOT),
		.crl_deltas = given(cli, OPT_CRL_DELTAS),
	};
	int rc;

	if (count_of(cli, OPT_CRL_SHARDS, 0, 999, &options.crl_shards) ||
	    duration_of(cli, OPT_ROOT_VALIDITY, &options.root_validity) ||
	    duration_of(cli, OPT_ISSUING_VALIDITY, &options.issuing_validity))
		return -1;
	if (options.no_password &&
	    (given(cli, OPT_CA_PASSWORD_FILE) || given(cli, OPT_CA_PASSWORD_FD)))
		return report_usage(cli, "--no-password and a passphrase contradict each other");
	make_usual_parents(cli);
	document_begin(cli, "authorities");
	rc = remint_init(cli->ctx, &options, authority_print, cli);
	if (rc)
		report_verb(cli);
	document_end(cli, false);
	if (rc == 0 && options.no_password)
		report_warning(cli, "the CA's keys stand without a passphrase: whoever can read "
				    "the files of the home can issue in "
				    "the CA's name, and so can whoever finds a backup of them");
	return rc;
}
