/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/main.c - the remint command from its first to its last step: harden the process, understand
 * the call, open the library, run the verb, see that the output arrived, exit with the status.
 *
 * It knows no verb; they stand in command.c.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

/* Whoever closed one of the first three descriptors must not find a database behind it. What is
 * opened here cannot be written, so that lost output is noticed. */
static void
guard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			_exit(70);
}

/* Already wanted before the call is understood, since a mistake in it is reported too. */
static bool
wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

/* --home, REMINT_HOME, ~/.local/share/remint; without any the library says so when a verb needs
 * one. */
static int
choose_home(struct cli *cli)
{
	const char *home = text_of(cli, OPT_HOME), *user = getenv("HOME"),
		   *from = getenv("REMINT_HOME");
	struct list path = { 0 };
	int rc;

	if (!home)
		home = from && *from ? from : NULL;
	if (!home && user && *user == '/') {
		cli->usual_home = user;
		home = list_add(&path, user, "/.local/share/remint") == 0 ? path.items[0] : NULL;
	}
	if (!home && !cli->usual_home)
		return 0;
	rc = home ? remint_set_home(cli->ctx, home) : 0;
	cli->home = home && rc == 0 ? strdup(home) : NULL;
	list_free(&path);
	if (rc)
		return report_verb(cli);
	return cli->home ? 0 : report_failure(cli, REMINT_CLASS_INTERNAL, "", "memory is out");
}

static int
open_library(struct cli *cli)
{
	struct remint_strings policies = list_of(cli, OPT_POLICIES);
	int64_t jobs, iterations;

	cli->ctx = remint_new();
	if (!cli->ctx)
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "memory is out");
	remint_set_password(cli->ctx, secrets_ask, cli);
	remint_set_progress(cli->ctx, report_progress, cli);
	remint_set_warning(cli->ctx, report_warning, cli);
	remint_set_fault(cli->ctx, report_fault, cli);
	if (count_of(cli, OPT_JOBS, 1, 64, &jobs) ||
	    count_of(cli, OPT_MAX_ITERATIONS, 1, INT32_MAX, &iterations))
		return -1;
	remint_set_max_iterations(cli->ctx, (uint64_t)iterations);
	if (jobs)
		remint_set_jobs(cli->ctx, (unsigned)jobs);
	for (size_t i = 0; i < policies.count; i++) {
		struct stat there;

		/* A home may lack its directories of policies; one that is named must be there. */
		if (stat(policies.items[i], &there) || !S_ISDIR(there.st_mode))
			return report_usage(
			    cli, "--policies: there is no directory \"%s\"", policies.items[i]);
		if (remint_add_policies(cli->ctx, policies.items[i]))
			return report_verb(cli);
	}
	return choose_home(cli);
}

static int
run(struct cli *cli, int argc, char **argv)
{
	if (options_parse(cli, argc, argv))
		return -1;
	cli->quiet = given(cli, OPT_QUIET);
	cli->csv = given(cli, OPT_CSV);
	cli->out.hold |= cli->csv;
	if (!cli->command || given(cli, OPT_HELP)) {
		if (cli->command)
			help_command(&cli->out, cli->command);
		else
			help_overview(&cli->out);
		return 0;
	}
	if (cli->csv && cli->json)
		return report_usage(cli, "give --json or --csv, not both");
	if (open_library(cli) || secrets_load(cli))
		return -1;
	return cli->command->run(cli);
}

/* A reader that has seen enough is no failure; a full disk is. */
static void
finish_output(struct cli *cli)
{
	bool file = cli->out.temporary != NULL;

	report_interlude(cli);
	if (out_close(&cli->out) == 0)
		return;
	if (cli->out.failed == EPIPE && !file)
		return;
	fprintf(stderr, "remint: cannot write the output: %s\n", strerrordesc_np(cli->out.failed));
	report_status(cli, 70);
}

static void
cli_free(struct cli *cli)
{
	remint_free(cli->ctx);
	secrets_free(cli->secrets);
	free(cli->home);
	for (int id = 0; id < OPT_COUNT; id++)
		list_free(&cli->given[id]);
	list_free(&cli->names);
	list_free(&cli->arguments);
	list_free(&cli->errors);
}

int
main(int argc, char **argv)
{
	struct cli cli = { .secrets = secrets_new() };

	guard_descriptors();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* each line in one piece, whoever else writes there */
	out_umask();
	remint_harden_process();
	signal(SIGPIPE, SIG_IGN); /* write() says it too, and that can be reported */
	signal(SIGXFSZ, SIG_IGN);
	out_open(&cli.out);
	cli.out.wipe = report_wipe;
	cli.out.wipe_arg = &cli;
	cli.json = wants_json(argc, argv);
	cli.out.hold = cli.json;
	cli.err_terminal = isatty(STDERR_FILENO);
	if (!cli.secrets) {
		fputs("remint: memory is out\n", stderr);
		return 70;
	}
	/* A verb that failed has said why and set the status. */
	if (run(&cli, argc, argv) && cli.status == 0 && !cli.stopped)
		report_failure(&cli, REMINT_CLASS_INTERNAL, "", "memory is out");
	report_wipe(&cli);
	finish_output(&cli);
	cli_free(&cli);
	return cli.status;
}
