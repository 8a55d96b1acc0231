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

/* What is said of a CA that is not made would be lost. To refuse another combination: a row. */
static int
check_makes(struct cli *cli)
{
	static const char root_elsewhere[] = "the root is made elsewhere: say it there",
			  at_request[] = "the CA is made by remint ca request: say it there", at_sign[] = "say it where the root is, to remint ca sign",
			  at_add[] = "an issuing CA is made later, by remint ca add: say it there";
	static const struct {
		enum option_id without, said;
		const char *remedy;
	} rows[] = {
		{ OPT_NO_ROOT, OPT_ROOT_SUBJECT, root_elsewhere },
		{ OPT_NO_ROOT, OPT_ROOT_KEY, root_elsewhere },
		{ OPT_NO_ROOT, OPT_ROOT_VALIDITY, root_elsewhere },
		{ OPT_NO_ROOT, OPT_ISSUING_SUBJECT, "the CA is made by remint ca request: say it there, with --subject" },
		{ OPT_NO_ROOT, OPT_ISSUING_KEY, "the CA is made by remint ca request: say it there, with --key-type" },
		{ OPT_NO_ROOT, OPT_ISSUING_VALIDITY, at_sign },
		{ OPT_NO_ROOT, OPT_PUBLISH_URL, at_request },
		{ OPT_NO_ROOT, OPT_OCSP_URL, at_request },
		{ OPT_NO_ROOT, OPT_CRL_SHARDS, at_request },
		{ OPT_NO_ROOT, OPT_CRL_DELTAS, at_request },
		{ OPT_NO_ISSUING, OPT_ISSUING_SUBJECT, at_add },
		{ OPT_NO_ISSUING, OPT_ISSUING_KEY, at_add },
		{ OPT_NO_ISSUING, OPT_ISSUING_VALIDITY, at_add },
		{ OPT_NO_ISSUING, OPT_CRL_SHARDS, at_add },
		{ OPT_NO_ISSUING, OPT_CRL_DELTAS, at_add },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (given(cli, rows[i].without) && given(cli, rows[i].said))
			return report_usage(cli, "--%s has nothing to go to with --%s: %s", option_table[rows[i].said].name,
			    option_table[rows[i].without].name, rows[i].remedy);
	return 0;
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

	if (check_makes(cli))
		return -1;
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
