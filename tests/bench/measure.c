/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.c - run one command and say what it cost: CPU seconds (user and system), wall seconds, peak memory in KiB.
 *
 *	measure OUTFILE COMMAND [ARGUMENT...]
 *
 * Appends "cpu wall kib" to OUTFILE; the command keeps its standard streams and its exit status is passed on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec before, after;
	struct rusage used;
	FILE *out;
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &before);
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &after);
	out = fopen(argv[1], "a");
	if (!out)
		return 2;
	fprintf(out, "%.6f %.6f %ld\n", seconds(used.ru_utime) + seconds(used.ru_stime),
	        (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9, used.ru_maxrss);
	fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
