/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_apply.c - remint apply: carry out a plan, or say what that would do; and, with --close, end what is live.
 */
#include "config.h"

#include "cli/cli.h"

/* What a person does next: of bundles only when there are any to install. */
static void
say_next(struct cli *cli, const struct remint_apply_options *options, const struct steps *steps)
{
	if (cli->json)
		return;
	if (!options->commit)
		out_text(&cli->out, "Nothing was done: --commit does it.\n");
	if (!options->commit || options->close || !steps_in(steps, "exported"))
		return;
	out_text(&cli->out, "Install each bundle by its RUNBOOK.txt, then: remint verify --campaign ");
	out_safe(&cli->out, options->plan);
	out_text(&cli->out, "\n");
}

int
cmd_apply(struct cli *cli)
{
	struct remint_apply_options options = {
		.plan = cli->arguments.items[0],
		.commit = given(cli, OPT_COMMIT),
		.close = given(cli, OPT_CLOSE),
		.keys = list_of(cli, OPT_KEY),
		.chain = list_of(cli, OPT_CHAIN),
		.certificates = list_of(cli, OPT_CERT),
		.crls = list_of(cli, OPT_CRL),
		.confirmed_by = text_of(cli, OPT_CONFIRMED_BY),
		.authority = text_of(cli, OPT_CA),
		.ca_template = text_of(cli, OPT_CA_TEMPLATE),
		.out = out_of(cli),
	};
	struct steps steps;
	int rc;

	if (wire_of(cli, &options.wire))
		return -1;
	if (!options.close && (options.confirmed_by || options.crls.count))
		return report_usage(cli, "--crl and --confirmed-by are for --close");
	if (options.commit && !options.close && !options.out.directory)
		return report_usage(cli, "a campaign writes a bundle for each device: name a directory with --out DIR");
	steps_begin(&steps, cli);
	rc = steps_end(&steps, remint_apply(cli->ctx, &options, steps_print, &steps));
	if (rc == 0)
		say_next(cli, &options, &steps);
	return rc;
}
