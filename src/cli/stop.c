/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/stop.c - verbs that run until somebody ends them: a signal becomes a byte in a pipe, which tells the library to stop.
 *
 * Signals are caught here and nowhere else.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static int stop_pipe[2] = { -1, -1 };

static void
on_signal(int number)
{
	int kept = errno;

	(void)number;
	if (write(stop_pipe[1], "", 1) < 0) { /* it is full: that tells the same */
	}
	errno = kept;
}

/* The first signal ends the run, the second one the process. */
int
stop_by_signal(struct cli *cli)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK))
		return report_failure(cli, REMINT_CLASS_INTERNAL, "", "cannot wait for signals: %s",
		    strerrordesc_np(errno));
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction before;

		/* What the caller ignores (nohup) stays ignored. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
	return stop_pipe[0];
}
