/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bounded: runs a command that must come to its end with little. It exits with the command's status
 * when the command stayed within its bounds, else it says on standard error which one it broke.
 *
 * The time is that of the processor, which other programs on the machine do not lengthen; by the
 * clock a command that hangs is killed. Under a sanitizer memory is not judged, since most of it is
 * the sanitizer's.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = 124, TOO_SLOW = 125, TOO_LARGE = 126, PATIENCE = 60 };

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static pid_t child;

static void
end_it(int signal_number)
{
	(void)signal_number;
	kill(child, SIGKILL);
}

static int
judge(int status, const struct rusage *used, double seconds, long mib)
{
	double cpu = (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
		     (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;

	if (WIFSIGNALED(status)) {
		fprintf(stderr, "bounded: ended by signal %d after %.2f s of processor time\n",
		    WTERMSIG(status), cpu);
		return KILLED;
	}
	if (cpu > seconds * (SANITIZED ? 10 : 1)) {
		fprintf(stderr, "bounded: took %.2f s of processor time\n", cpu);
		return TOO_SLOW;
	}
	if (!SANITIZED && used->ru_maxrss > mib << 10) {
		fprintf(stderr, "bounded: took %ld KiB of memory\n", used->ru_maxrss);
		return TOO_LARGE;
	}
	return WEXITSTATUS(status);
}

int
main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: bounded SECONDS MIB COMMAND...\n");
		return 2;
	}
	child = fork();
	if (child < 0)
		return 2;
	if (child == 0) {
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	signal(SIGALRM, end_it);
	alarm(PATIENCE);
	while (wait4(child, &status, 0, &used) < 0)
		;
	return judge(status, &used, strtod(argv[1], NULL), strtol(argv[2], NULL, 10));
}
