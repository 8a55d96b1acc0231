/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/out.c - the output stream: our own buffer before write(2), or before a file that appears
 * whole or not at all.
 *
 * What is written here is data; it is not checked for what a terminal would do with it (out_safe()
 * is for that).
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static mode_t umask_given;

enum { BLOCK = 64 << 10, HOLD_MAX = 1 << 20, WIDTH = 100, WIDTH_LEAST = 60 };

static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (!no || !*no) && term && *term && strcmp(term, "dumb") != 0;
}

void
out_umask(void)
{
	umask_given = umask(077);
	umask(umask_given);
}

void
out_open(struct out *out)
{
	struct winsize size;

	*out = (struct out){ .fd = STDOUT_FILENO, .width = WIDTH };
	out->terminal = isatty(STDOUT_FILENO);
	out->colour = out->terminal && wants_colour();
	if (out->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col &&
	    size.ws_col < WIDTH)
		out->width = size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

/* ---- a file in its place ------------------------------------------------- */

int
out_redirect(struct out *out, const char *path, bool force)
{
	static const char suffix[] = ".XXXXXX";
	size_t length = strlen(path);
	struct stat there;

	if (lstat(path, &there) == 0 && (!force || S_ISDIR(there.st_mode))) {
		errno = S_ISDIR(there.st_mode) ? EISDIR : EEXIST;
		return -1;
	}
	out->path = strdup(path);
	out->temporary = malloc(length + sizeof suffix);
	out->fd = -1;
	if (out->path && out->temporary) {
		memcpy(out->temporary, path, length);
		memcpy(out->temporary + length, suffix, sizeof suffix);
		out->fd = mkostemp(out->temporary, O_CLOEXEC);
	}
	if (out->fd < 0) {
		int why = errno;

		free(out->path);
		free(out->temporary);
		out->path = out->temporary = NULL;
		out->fd = STDOUT_FILENO;
		errno = why;
		return -1;
	}
	out->force = force;
	out->terminal = out->colour = false;
	out->width = WIDTH;
	return 0;
}

/* As the library has it for the files that it writes: a link is no file. */
int
file_begin(struct cli *cli, struct out *out, const char *path)
{
	bool force = given(cli, OPT_FORCE);
	struct stat there;

	if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return report_failure(cli, REMINT_CLASS_POLICY, path,
		    S_ISDIR(there.st_mode)   ? "this is a directory, so that no file can take its place"
		    : S_ISLNK(there.st_mode) ? "this is a symbolic link, and links are not written through"
					     : "this is not a regular file and is not replaced");
	if (out_redirect(out, path, force) == 0)
		return 0;
	if (errno == EEXIST)
		return report_failure(
		    cli, REMINT_CLASS_POLICY, path, "this file exists: --force replaces it");
	return report_failure(
	    cli, REMINT_CLASS_INPUT, path, "cannot create: %s", strerrordesc_np(errno));
}

/* With its mode, durable and closed, then the name; without --force a file that came up meanwhile is left alone. */
static int
file_appear(struct out *out)
{
	if (out->failed == 0 && !out->secret && fchmod(out->fd, 0666 & ~umask_given))
		out->failed = errno;
	if (out->failed == 0 && fsync(out->fd))
		out->failed = errno;
	if (close(out->fd) && out->failed == 0)
		out->failed = errno;
	if (out->failed == 0 && (out->force ? rename(out->temporary, out->path) : link(out->temporary, out->path)))
		out->failed = errno;
	if (out->failed || !out->force)
		unlink(out->temporary);
	return out->failed ? -1 : 0;
}

/* ---- bytes --------------------------------------------------------------- */

void
out_flush(struct out *out)
{
	size_t done = 0;

	if (out->used && out->wipe)
		out->wipe(out->wipe_arg);
	while (done < out->used && out->failed == 0) {
		ssize_t n = write(out->fd, out->bytes + done, out->used - done);

		if (n < 0 && errno != EINTR)
			out->failed = errno;
		done += n > 0 ? (size_t)n : 0;
		out->left |= n > 0;
	}
	out->used = 0;
}

char *
out_room(struct out *out, size_t size)
{
	size_t capacity = out->capacity ? out->capacity : BLOCK;
	char *grown;

	if (out->failed)
		return NULL;
	if (size <= out->capacity - out->used)
		return out->bytes + out->used;
	if (!out->hold || out->used + size > HOLD_MAX) {
		out->hold = false;
		out_flush(out);
		if (out->failed)
			return NULL;
	}
	while (capacity - out->used < size)
		capacity *= 2;
	if (capacity == out->capacity)
		return out->bytes + out->used;
	grown = realloc(out->bytes, capacity);
	if (!grown) {
		out->failed = ENOMEM;
		return NULL;
	}
	out->bytes = grown;
	out->capacity = capacity;
	return out->bytes + out->used;
}

void
out_bytes(struct out *out, const void *bytes, size_t length)
{
	char *to = out_room(out, length);

	if (!to || !length)
		return;
	memcpy(to, bytes, length);
	out->used += length;
}

void
out_text(struct out *out, const char *text)
{
	out_bytes(out, text, strlen(text));
}

void
out_format(struct out *out, const char *format, ...)
{
	char text[512];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (length > 0)
		out_bytes(
		    out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void
out_safe(struct out *out, const char *text)
{
	char *safe = remint_safe_text(text, strlen(text));

	if (safe)
		out_text(out, safe);
	else
		out->failed = ENOMEM;
	remint_text_free(safe);
}

void
out_plain(struct out *out, const char *text)
{
	char *safe = escaped_text(text);

	if (safe)
		out_text(out, safe);
	else
		out->failed = ENOMEM;
	remint_text_free(safe);
}

void
out_spaces(struct out *out, size_t count)
{
	char *to = out_room(out, count);

	if (!to || !count)
		return;
	memset(to, ' ', count);
	out->used += count;
}

void
out_style(struct out *out, enum style style)
{
	static const char *const codes[] = {
		[STYLE_NONE] = "\033[0m",
		[STYLE_STRONG] = "\033[1m",
		[STYLE_FAINT] = "\033[2m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_WARNING] = "\033[33m",
		[STYLE_BAD] = "\033[1;31m",
	};

	if (out->colour)
		out_text(out, codes[style]);
}

void
out_discard(struct out *out)
{
	out->used = 0;
}

void
out_abandon(struct out *out)
{
	out->failed = ECANCELED;
	out_close(out);
}

int
out_close(struct out *out)
{
	out->hold = false;
	out_flush(out);
	if (out->temporary)
		file_appear(out);
	else if (out->failed == 0 && out->left && close(STDOUT_FILENO))
		out->failed = errno;
	free(out->bytes);
	free(out->path);
	free(out->temporary);
	out->bytes = out->path = out->temporary = NULL;
	out->capacity = 0;
	return out->failed ? -1 : 0;
}

int
file_close(struct cli *cli, struct out *out, const char *path)
{
	return out_close(out) == 0 ? 0
				   : report_failure(cli, REMINT_CLASS_INTERNAL, path,
					 "cannot write: %s", strerrordesc_np(out->failed));
}
