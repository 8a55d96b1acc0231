/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/password.c - where passphrases come from: files and descriptors named on the command line,
 * then the terminal.
 *
 * Three kinds that are never mixed: what opens an input, what opens the CA's keys, what protects an
 * output. A passphrase is the first line, without its line end. The terminal is asked only when
 * standard error is one, with echo off and put back when a signal ends or stops the program.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"

enum { SECRET_MAX = 1024, SOURCES_MAX = 32, KINDS = 3, TRIES = 3 };

struct source {
	const char *value; /* of argv: lives as long as the program */
	bool is_fd;
	int length;
	char secret[SECRET_MAX];
};

struct secrets {
	struct source *sources[KINDS][SOURCES_MAX];
	unsigned count[KINDS];
	char last[256]; /* what was prompted for last, and how often */
	unsigned tries;
};

struct secrets *
secrets_new(void)
{
	return calloc(1, sizeof(struct secrets));
}

void
secrets_free(struct secrets *secrets)
{
	if (!secrets)
		return;
	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned i = 0; i < secrets->count[kind]; i++) {
			remint_wipe(secrets->sources[kind][i], sizeof(struct source));
			free(secrets->sources[kind][i]);
		}
	free(secrets);
}

int
secrets_add(struct secrets *secrets, enum remint_secret_use use, bool is_fd, const char *value)
{
	struct source *source;

	if (secrets->count[use] == SOURCES_MAX)
		return -1;
	source = calloc(1, sizeof *source);
	if (!source)
		return -1;
	source->value = value;
	source->is_fd = is_fd;
	secrets->sources[use][secrets->count[use]++] = source;
	return 0;
}

/* ---- files and descriptors ----------------------------------------------- */

/* What is typed up to the end of the line; -1 with errno. */
static int
read_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	ssize_t n;
	char c;

	for (;;) {
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || c == '\n')
			break;
		if (length == size) {
			errno = EMSGSIZE;
			return -1;
		}
		line[length++] = c;
	}
	if (length > 0 && line[length - 1] == '\r')
		length--;
	return (int)length;
}

static int
source_read(struct cli *cli, struct source *source)
{
	char *end;
	long fd = -1;

	if (source->is_fd) {
		errno = 0;
		fd = strtol(source->value, &end, 10);
		if (errno || *end || end == source->value || fd < 0 || fd > 1 << 20)
			return report_failure(cli, REMINT_CLASS_USAGE, "",
			    "\"%s\" is not the number of a file descriptor", source->value);
	}
	source->length = remint_read_secret(cli->ctx, source->is_fd ? NULL : source->value, (int)fd,
	    source->secret, sizeof source->secret);
	return source->length < 0 ? report_verb(cli) : 0;
}

int
secrets_load(struct cli *cli)
{
	struct secrets *secrets = cli->secrets;

	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned i = 0; i < secrets->count[kind]; i++)
			if (source_read(cli, secrets->sources[kind][i]))
				return -1;
	return 0;
}

/* ---- the terminal -------------------------------------------------------- */

static int tty = -1;
static struct termios tty_before;
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP }; /* the last one waits */
enum { SIGNALS = sizeof signals / sizeof *signals };

/* tcsetattr() and raise() may be called from here (POSIX, 2.4.3). The handler is reset on entry:
 * the second raise does what the signal does by itself. */
static void
restore_echo(int signal)
{
	int before = errno;

	tcsetattr(tty, TCSANOW, &tty_before);
	raise(signal);
	errno = before;
}

static int
type_line(const char *prompt, char *line, size_t size)
{
	struct sigaction act = { .sa_handler = restore_echo, .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before[SIGNALS];
	struct termios silent;
	int length;

	if (tcgetattr(tty, &tty_before))
		return -1;
	silent = tty_before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ECHONL;
	sigemptyset(&act.sa_mask);
	sigemptyset(&ignore.sa_mask);
	for (int i = 0; i < SIGNALS; i++) {
		sigaction(signals[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], signals[i] == SIGTSTP ? &ignore : &act, NULL);
	}
	/* Silence first: whoever answers at once must not be shown, nor what is typed ahead be thrown
	 * away, as TCSAFLUSH would. */
	if (tcsetattr(tty, TCSANOW, &silent) || write(tty, prompt, strlen(prompt)) < 0)
		length = -1;
	else
		length = read_line(tty, line, size);
	tcsetattr(tty, TCSANOW, &tty_before);
	for (int i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	return length;
}

/* "Passphrase to open private key in old.pfx: ". Of the CA's the library gives the whole phrase,
 * "new passphrase for the CA's keys". `before` is a sentence on the last answer, or "". */
static int
ask_terminal(enum remint_secret_use use, const char *before, const char *what, char *out,
    size_t size)
{
	static const char *const kinds[] = { [REMINT_SECRET_READ] = "passphrase to open ",
		[REMINT_SECRET_CA] = "",
		[REMINT_SECRET_OUT] = "passphrase to protect " };
	char *safe = remint_safe_text(what, strlen(what));
	char prompt[512];
	size_t start = strlen(before);

	if (!safe)
		return -1;
	snprintf(prompt, sizeof prompt, "%s%s%.300s: ", before, kinds[use], safe);
	remint_text_free(safe);
	if (start == 0 || before[start - 2] == '.')
		prompt[start] = (char)toupper((unsigned char)prompt[start]);
	return type_line(prompt, out, size);
}

static bool
may_ask(struct cli *cli, enum remint_secret_use use, const char *what)
{
	struct secrets *secrets = cli->secrets;

	if (!cli->err_terminal)
		return false;
	if (strncmp(secrets->last, what, sizeof secrets->last - 1) != 0) {
		secrets->tries = 0;
		snprintf(secrets->last, sizeof secrets->last, "%s", what);
	}
	if (use == REMINT_SECRET_READ && secrets->tries++ == TRIES)
		return false;
	if (tty < 0)
		tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return tty >= 0;
}

static int
ask_twice(const char *what, char *out, size_t size)
{
	const char *before = "";
	char again[SECRET_MAX];
	int length, second;

	do {
		length = ask_terminal(REMINT_SECRET_OUT, before, what, out, size);
		if (length <= 0)
			return -1;
		second = ask_terminal(REMINT_SECRET_OUT, "Once more: ", what, again, sizeof again);
		if (second < 0)
			length = -1;
		before = "The two differ. ";
	} while (length > 0 && (second != length || memcmp(again, out, (size_t)length) != 0));
	remint_wipe(again, sizeof again);
	return length;
}

/* What is to be said before the question: the last answer was no good. may_ask() has counted. */
static const char *
sentence_before(const struct secrets *secrets, enum remint_secret_use use, unsigned attempt)
{
	if (use == REMINT_SECRET_CA)
		return attempt > 0 ? "Once more: " : "";
	if (secrets->tries > 1)
		return "That was not it. ";
	return secrets->count[use] > 0 ? "The passphrases given do not open it. " : "";
}

int
secrets_ask(void *arg, enum remint_secret_use use, const char *what, unsigned attempt, char *out,
    size_t size)
{
	struct cli *cli = arg;
	struct secrets *secrets = cli->secrets;
	struct source *source = NULL;
	int length;

	/* What is read may be locked in several ways; the other two are one passphrase each. */
	if (use == REMINT_SECRET_READ && attempt < secrets->count[use])
		source = secrets->sources[use][attempt];
	else if (use != REMINT_SECRET_READ && secrets->count[use])
		source = secrets->sources[use][0];
	if (source) {
		if ((size_t)source->length > size)
			return -1;
		memcpy(out, source->secret, (size_t)source->length);
		return source->length;
	}
	if (!may_ask(cli, use, what))
		return -1;
	report_interlude(cli);
	if (use == REMINT_SECRET_OUT)
		return ask_twice(what, out, size);
	length = ask_terminal(use, sentence_before(secrets, use, attempt), what, out,
	    size < SECRET_MAX ? size : SECRET_MAX);
	return length == 0 ? -1 : length;
}
