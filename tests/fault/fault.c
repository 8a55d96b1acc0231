/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fault/fault.c - runs one call of the command again and again, and lets another call of Remint's own code fail each time: the
 * first, the second, and so on until none is left to fail. After each it judges what the run said and what it left.
 *
 *	fault [-s SAMPLES | -r TIMES | -n CALL] [-c FUNCTION,...] [-e STATUS] FIXTURE SCRATCH VERB ARGUMENT...
 *
 * Each run has a fresh copy of the directory FIXTURE as its working directory, and "home" in it as the CA's home. SAMPLES spreads
 * so many failing calls over the run instead of taking all; TIMES passes over a call that has failed so often from the same callers;
 * CALL takes one alone and shows what was said; FUNCTION lets calls of these alone fail and be counted. STATUS is that of the run in
 * which nothing fails. Exit status 0 when no fault was found; each fault is a line "# ...".
 *
 * The command's main() is linked in; the linker calls ours in its place.
 */
#include "config.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "inject.h"

extern char __executable_start[]; /* the linker's */
extern int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

enum { SHOWN_MOST = 40, RUN_SECONDS = 120 };

struct loop {
	const char *fixture, *scratch;
	char **arguments;
	int argument_count;
	int wanted;            /* status when nothing fails */
	struct rmt_buf before; /* files of the fixture, one a line, and of a run in which nothing fails */
	struct rmt_buf after;
	struct rmt_buf told;   /* what a run in which nothing fails says: steady_words() of its output, and its messages */
	struct rmt_buf warned;
	unsigned long runs, faults, tolerated;
	bool loud;
};

static void
stop(const char *doing)
{
	perror(doing);
	exit(2);
}

/* ---- the directory of a run --------------------------------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *state, int kind, struct FTW *walk)
{
	(void)state;
	(void)kind;
	(void)walk;
	return remove(path);
}

static const char *copy_from, *copy_to;

static int
copy_one(const char *path, const struct stat *state, int kind, struct FTW *walk)
{
	char to[4096], block[8192];
	int in, out;
	ssize_t got;

	(void)walk;
	snprintf(to, sizeof to, "%s%s", copy_to, path + strlen(copy_from));
	if (kind == FTW_D)
		return mkdir(to, 0700);
	in = open(path, O_RDONLY);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL, state->st_mode & 0777);
	if (in < 0 || out < 0)
		return -1;
	while ((got = read(in, block, sizeof block)) > 0)
		if (write(out, block, (size_t)got) != got)
			return -1;
	close(in);
	close(out);
	return got < 0 ? -1 : 0;
}

static void
renew(const struct loop *loop)
{
	memset(fault_state->places, 0, sizeof fault_state->places);
	copy_from = loop->fixture;
	copy_to = loop->scratch;
	if (nftw(loop->scratch, remove_one, 32, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		stop(loop->scratch);
	if (nftw(loop->fixture, copy_one, 32, FTW_PHYS) != 0)
		stop(loop->fixture);
}

/* ---- one run -------------------------------------------------------------------------------------------------------------- */

static void
redirect(const char *path, int fd, int flags)
{
	int opened = open(path, flags, 0600);

	if (opened < 0 || dup2(opened, fd) < 0)
		stop(path);
	close(opened);
}

/* The command in a child, in the directory of the run; its words in the files OUT and ERR beside it. */
static int
call(const struct loop *loop, int argc, char **argv, bool armed)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child < 0)
		stop("fork");
	if (child == 0) {
		if (chdir(loop->scratch) != 0)
			stop(loop->scratch);
		redirect("/dev/null", 0, O_RDONLY);
		redirect("../OUT", 1, O_WRONLY | O_CREAT | O_TRUNC);
		redirect("../ERR", 2, O_WRONLY | O_CREAT | O_TRUNC);
		alarm(RUN_SECONDS);
		fault_state->armed = armed;
		status = __real_main(argc, argv);
		fault_state->armed = false;
		exit(status);
	}
	if (waitpid(child, &status, 0) != child)
		stop("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* ---- what a run leaves ------------------------------------------------------------------------------------------------------ */

/* A path without what is random in it: serial numbers and hashes. */
static void
name_of(const char *path, char out[4096])
{
	size_t length = 0;

	while (*path != '\0' && length < 4000) {
		size_t hex = strspn(path, "0123456789abcdef");

		if (hex >= 16) {
			out[length++] = '#';
			path += hex;
		} else {
			out[length++] = *path++;
		}
	}
	out[length] = '\0';
}

static bool
holds_line(const struct rmt_buf *lines, const char *line)
{
	struct rmt_buf wanted = { 0 };
	bool found;

	rmt_buf_format(&wanted, "\n%s\n", line);
	found = strstr(rmt_buf_string(lines), rmt_buf_string(&wanted)) != NULL;
	rmt_buf_free(&wanted);
	return found;
}

/* Is this the whole of a file, as far as one can tell without knowing its meaning? */
static bool
is_whole(const unsigned char *bytes, size_t length)
{
	size_t header = 2, inner = 0;

	if (length == 0)
		return false;
	if (bytes[0] != 0x30 || length < 4)
		return bytes[length - 1] == '\n' || bytes[0] < 0x20 || bytes[0] >= 0x7f;
	if (bytes[1] < 0x80)
		return header + bytes[1] == length;
	for (; header < (size_t)(bytes[1] & 0x7f) + 2 && header < length; header++)
		inner = inner << 8 | bytes[header];
	return header + inner == length;
}

static const struct loop *walking;
static struct rmt_buf *walk_names; /* where the names go, or */
static struct rmt_buf *walk_faults; /* where the faults go */

static int
visit(const char *path, const struct stat *state, int kind, struct FTW *walk)
{
	const char *inside = path + strlen(walking->scratch);
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	char name[4096];

	(void)state;
	name_of(inside, name);
	if (kind != FTW_F || strstr(path, "/ca.db") != NULL || strcmp(path + walk->base, "lock") == 0)
		return 0;
	if (walk_names != NULL)
		rmt_buf_format(walk_names, "%s\n", name);
	if (walk_faults == NULL || holds_line(&walking->before, name))
		return 0;
	if (fault_state->done && fault_state->kind == FAULT_REMOVING)
		; /* what could not be removed may stay */
	else if (strncmp(path + walk->base, ".remint-", 8) == 0 || strstr(path, "tmp") != NULL)
		rmt_buf_format(walk_faults, "a temporary file is left: %s; ", inside);
	else if (!holds_line(&walking->after, name))
		rmt_buf_format(walk_faults, "a file nobody asked for: %s; ", inside);
	else if (rmt_file_read(path, 1 << 24, &bytes, &err) != 0 || !is_whole(bytes.bytes, bytes.length))
		rmt_buf_format(walk_faults, "half a file: %s; ", inside);
	rmt_buf_free(&bytes);
	return 0;
}

static void
walk(const struct loop *loop, struct rmt_buf *names, struct rmt_buf *faults)
{
	walking = loop;
	walk_names = names;
	walk_faults = faults;
	if (names != NULL)
		rmt_buf_text(names, "\n");
	if (nftw(loop->scratch, visit, 32, FTW_PHYS) != 0)
		stop(loop->scratch);
}

/* An OCSP response is a file by itself: a run that was broken off goes on where it was. */
static bool
stands_alone(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".ocsp") == 0;
}

/* Beside a file that the run made, all others that a whole run makes in its directory. */
static void
judge_sets(const struct loop *loop, const struct rmt_buf *left, bool whole, struct rmt_buf *faults)
{
	char *names = strdup(rmt_buf_string(&loop->after)), *rest = names, *name;

	while ((name = strsep(&rest, "\n")) != NULL) {
		size_t directory = strrchr(name, '/') ? (size_t)(strrchr(name, '/') - name) : 0;
		char *others, *at, *other;
		bool some = whole;

		if (*name == '\0' || holds_line(&loop->before, name) || holds_line(left, name) || strncmp(name, "/home/", 6) == 0 || stands_alone(name))
			continue;
		others = at = strdup(rmt_buf_string(left));
		while (!some && (other = strsep(&at, "\n")) != NULL)
			some = !holds_line(&loop->before, other) && strncmp(other, name, directory + 1) == 0 &&
			       strchr(other + directory + 1, '/') == NULL && *other != '\0';
		free(others);
		if (some)
			rmt_buf_format(faults, "%s is missing; ", name);
	}
	free(names);
}

/* Where the call that failed was made; addr2line makes lines of it. */
static void
print_place(void)
{
	char command[1024];
	size_t length = (size_t)snprintf(command, sizeof command, "addr2line -sfpe /proc/%d/exe", getpid());
	FILE *lines;

	for (int i = 2; i < fault_state->frame_count && i < 12; i++)
		length += (size_t)snprintf(command + length, sizeof command - length, " %#lx",
		    (unsigned long)((char *)fault_state->frames[i] - __executable_start) - 1);
	snprintf(command + length, sizeof command - length, " 2>/dev/null | grep -v '^[?]' | head -n 8 | sed 's/^/#     /'");
	fflush(stdout);
	lines = popen(command, "w");
	if (lines != NULL)
		pclose(lines);
}

/* ---- what a run says ----------------------------------------------------------------------------------------------------------- */

static void
judge_words(int status, const char *words, struct rmt_buf *faults)
{
	enum fault_kind kind = fault_state->kind;
	const char *said = strstr(words, "remint: ");
	bool watched = strncmp(words, "REMINT ", 7) == 0; /* for a program that watches, with a status of its own */

	if (status == 1 && kind != FAULT_MEMORY) /* a negative answer, which is no message */
		return;
	if (watched ? strlen(words) < 20 : said == NULL || strlen(said) < 20)
		rmt_buf_text(faults, "no message; ");
	else if (kind == FAULT_MEMORY && strstr(words, "memory") == NULL)
		rmt_buf_text(faults, "the message does not say that memory is out; ");
	else if ((kind == FAULT_FILES || kind == FAULT_NETWORK) && status == 70 && strstr(words, "cannot write") == NULL)
		rmt_buf_text(faults, "a failing file is no internal error; ");
	else if (kind == FAULT_SQLITE && status != 6 && !watched && strstr(words, "memory") == NULL &&
		 !(status == 3 && strstr(words, "this SQLite database") != NULL)) /* one of another program, which is an input */
		rmt_buf_text(faults, "a failing database has the status 6; ");
}

/* What the run wrote into one of the files beside its directory. */
static void
read_words(const struct loop *loop, const char *name, struct rmt_buf *words)
{
	struct rmt_err err = { 0 };
	char path[4096];

	snprintf(path, sizeof path, "%s/../%s", loop->scratch, name);
	if (rmt_file_read(path, 1 << 24, words, &err) != 0)
		stop(path);
}

/* The words of a text that are the same in every run: none with a digit, and nothing that is PEM. */
static void
steady_words(const struct rmt_buf *text, struct rmt_buf *out)
{
	static const char between[] = " \t\n\",:=()[]{}<>|/";
	char *copy = strdup(rmt_buf_string(text)), *rest = copy, *word;
	bool pem = false;

	while ((word = strsep(&rest, between)) != NULL) {
		if (strncmp(word, "-----BEGIN", 10) == 0 || strncmp(word, "-----END", 8) == 0)
			pem = word[5] == 'B';
		if (!pem && *word != '\0' && strpbrk(word, "0123456789") == NULL)
			rmt_buf_format(out, "%s ", word);
	}
	free(copy);
}

/* Does it say a line that a whole run does not say? */
static bool
says_why(const struct rmt_buf *warned, const struct rmt_buf *usual)
{
	char *copy = strdup(rmt_buf_string(warned)), *rest = copy, *line;
	bool does = false;

	while ((line = strsep(&rest, "\n")) != NULL)
		does = does || (*line != '\0' && strstr(rmt_buf_string(usual), line) == NULL);
	free(copy);
	return does;
}

/* A run that ends as if nothing had failed has told the same, or it says why not. Who tells findings may have one more, and who serves
 * tells of what a client seems to do. */
static void
judge_output(const struct loop *loop, int status, struct rmt_buf *faults)
{
	struct rmt_buf out = { 0 }, told = { 0 }, warned = { 0 };

	bool serves = false;

	for (int i = 1; i < loop->argument_count; i++)
		serves |= strcmp(loop->arguments[i], "--listen") == 0;
	if ((status == 1 || serves) && fault_state->kind != FAULT_MEMORY)
		return;
	read_words(loop, "OUT", &out);
	read_words(loop, "ERR", &warned);
	steady_words(&out, &told);
	if (strcmp(rmt_buf_string(&told), rmt_buf_string(&loop->told)) != 0 && !says_why(&warned, &loop->warned) &&
	    (strstr(rmt_buf_string(&told), "cannot") == NULL || strstr(rmt_buf_string(&loop->told), "cannot") != NULL))
		rmt_buf_text(faults, "it tells something else than a whole run, without a word why; ");
	rmt_buf_free(&out);
	rmt_buf_free(&told);
	rmt_buf_free(&warned);
}

static void
judge(struct loop *loop, int status, struct rmt_buf *faults)
{
	static char remint[] = "remint", db[] = "db", word[] = "check", home[] = "--home=home";
	char *check[] = { remint, db, word, home, NULL };
	struct rmt_buf words = { 0 }, left = { 0 };
	char path[4096];

	read_words(loop, "ERR", &words);
	if (words.length == 0)
		read_words(loop, "OUT", &words);
	if (status > 70 || (status > 7 && status < 70)) {
		rmt_buf_format(faults, status > 1000 ? "killed by signal %d; " : "status %d; ", status % 1000);
		loop->loud |= loop->faults < 3;
	} else if (status != loop->wanted) {
		judge_words(status, rmt_buf_string(&words), faults);
	} else {
		loop->tolerated++;
		judge_output(loop, status, faults);
		if (getenv("FAULT_TOLERATED") != NULL) {
			printf("# tolerated: call %lu, %s\n", fault_state->failed, fault_state->name);
			print_place();
		}
	}
	if (faults->length > 0 || loop->loud)
		printf("#   says: %.*s\n", loop->loud ? 4000 : 400, rmt_buf_string(&words));
	walk(loop, &left, faults);
	judge_sets(loop, &left, status == loop->wanted, faults);
	snprintf(path, sizeof path, "%s/home/ca.db", loop->scratch);
	if (access(path, F_OK) == 0 && call(loop, 4, check, false) != 0)
		rmt_buf_text(faults, "db check finds faults; ");
	rmt_buf_free(&words);
	rmt_buf_free(&left);
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------------ */

/* Lets the n-th call fail; false when there was none. */
static bool
fail_one(struct loop *loop, unsigned long n)
{
	struct rmt_buf faults = { 0 };
	int status;

	renew(loop);
	fault_state->calls = 0;
	fault_state->fail_at = n;
	fault_state->done = false;
	status = call(loop, loop->argument_count, loop->arguments, true);
	if (fault_state->done) {
		loop->runs++;
		judge(loop, status, &faults);
	}
	if (faults.length > 0 && loop->faults++ < SHOWN_MOST) {
		printf("# call %lu, %s (status %d): %s\n", fault_state->failed, fault_state->name, status % 1000, rmt_buf_string(&faults));
		print_place();
	} else if (loop->loud && fault_state->done) {
		printf("# call %lu, %s: status %d\n", n, fault_state->name, status % 1000);
		print_place();
	}
	rmt_buf_free(&faults);
	return fault_state->done;
}

/* The run in which nothing fails: how many calls it makes, and what it leaves. */
static unsigned long
run_whole(struct loop *loop)
{
	struct rmt_buf out = { 0 };
	int status;

	renew(loop);
	walk(loop, &loop->before, NULL);
	fault_state->fail_at = 0;
	fault_state->calls = 0;
	status = call(loop, loop->argument_count, loop->arguments, true);
	walk(loop, &loop->after, NULL);
	read_words(loop, "OUT", &out);
	read_words(loop, "ERR", &loop->warned);
	steady_words(&out, &loop->told);
	rmt_buf_free(&out);
	if (status == loop->wanted)
		return fault_state->calls;
	printf("# without a fault the status is %d, not %d\n", status, loop->wanted);
	exit(1);
}

int
__wrap_main(int argc, char **argv)
{
	struct loop loop = { 0 };
	unsigned long calls, samples = 0, one = 0;
	unsigned times = 0;
	const char *only = "";
	int option;
	void *frames[2];

	while ((option = getopt(argc, argv, "+s:r:n:c:e:")) != -1)
		switch (option) {
		case 's': samples = strtoul(optarg, NULL, 10); break;
		case 'r': times = (unsigned)atoi(optarg); break;
		case 'n': one = strtoul(optarg, NULL, 10); break;
		case 'c': only = optarg; break;
		case 'e': loop.wanted = atoi(optarg); break;
		default: return 2;
		}
	if (argc - optind < 3)
		return 2;
	fault_state = mmap(NULL, sizeof *fault_state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault_state == MAP_FAILED)
		stop("mmap");
	if (only[0] != '\0')
		snprintf(fault_state->only, sizeof fault_state->only, " %s ", only);
	for (char *at = fault_state->only; *at != '\0'; at++)
		*at = *at == ',' ? ' ' : *at;
	backtrace(frames, 2); /* the first call loads a library */
	loop.fixture = argv[optind];
	loop.scratch = argv[optind + 1];
	loop.arguments = argv + optind + 1;
	loop.argument_count = argc - optind - 1;
	argv[optind + 1] = strdup("remint");
	loop.loud = one != 0;
	calls = run_whole(&loop);
	fault_state->most = times;
	if (one != 0)
		fail_one(&loop, one);
	else if (samples != 0 && samples < calls)
		for (unsigned long i = 0; i < samples; i++)
			fail_one(&loop, 1 + i * (calls - 1) / (samples > 1 ? samples - 1 : 1));
	else
		for (unsigned long n = 1; fail_one(&loop, n);)
			n = fault_state->failed + 1;
	printf("# %lu calls, %lu of them failed, %lu of these did no harm, %lu faults\n", calls, loop.runs, loop.tolerated, loop.faults);
	rmt_buf_free(&loop.before);
	rmt_buf_free(&loop.after);
	rmt_buf_free(&loop.told);
	rmt_buf_free(&loop.warned);
	free(argv[optind + 1]);
	return loop.faults > 0;
}
