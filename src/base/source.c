/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/source.c - opens and reads inputs of every kind: regular files, standard input, pipes named
 * on the command line (also /dev/fd/63 of a shell's process substitution), terminals. Directories
 * and devices without end are refused.
 *
 * Everything is opened O_NONBLOCK, since opening a named pipe nobody writes to would otherwise
 * never return; reading then waits in poll(). It knows nothing of lines or of what the bytes mean.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/local.h"

enum {
	PATIENCE = 1000, /* milliseconds that a named pipe is given to meet its writer */
	IMPATIENCE = 50, /* ... after another was waited for in vain: many of them must not add up, */
	HURRY = 10000,   /* ... for so long */
	PIECE = 64 << 10,
};

static bool
is_null_device(const struct stat *state)
{
	return S_ISCHR(state->st_mode) && state->st_rdev == makedev(1, 3);
}

static int
refuse(const struct rmt_source *source, struct rmt_err *err, const char *sentence)
{
	rmt_err_set(err, source->class, NULL, "%s", sentence);
	rmt_err_source(err, source->path);
	return -1;
}

/* Only what has an end is read: a terminal has one (Ctrl-D), /dev/zero has not. */
static int
examine(struct rmt_source *source, struct rmt_err *err)
{
	struct stat state;
	off_t position;

	if (fstat(source->fd, &state) != 0)
		return rmt_err_errno(err, source->class, source->path, "read");
	if (S_ISDIR(state.st_mode))
		return refuse(source, err, "this is a directory, not a file");
	if (S_ISBLK(state.st_mode))
		return refuse(source, err, "this is a block device, not a file");
	if (S_ISCHR(state.st_mode) && !is_null_device(&state) && !isatty(source->fd))
		return refuse(source, err, "this is a device without an end, not a file");

	source->mode = state.st_mode;
	source->regular = S_ISREG(state.st_mode);
	if (source->regular) {
		position = lseek(source->fd, 0, SEEK_CUR);
		if (position < 0)
			position = 0;
		source->measured = state.st_size > 0;
		source->left = state.st_size > position ? (uint64_t)(state.st_size - position) : 0;
	}
	return 0;
}

int
rmt_source_open_fd(
    int fd, const char *name, enum rmt_class class, struct rmt_source *source, struct rmt_err *err)
{
	*source = (struct rmt_source){ .path = name, .class = class, .fd = fd };
	return examine(source, err);
}

int
rmt_source_open(
    const char *path, enum rmt_class class, struct rmt_source *source, struct rmt_err *err)
{
	if (strcmp(path, "-") == 0)
		return rmt_source_open_fd(STDIN_FILENO, path, class, source, err);

	*source = (struct rmt_source){ .path = path, .class = class, .owned = true };
	source->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (source->fd < 0)
		return rmt_err_errno(err, class, path, "open");
	if (examine(source, err) != 0) {
		rmt_source_close(source);
		return -1;
	}
	source->unmet = S_ISFIFO(source->mode);
	return 0;
}

static int
await(const struct rmt_source *source, int milliseconds)
{
	struct pollfd one = { .fd = source->fd, .events = POLLIN };
	int ready;

	do
		ready = poll(&one, 1, milliseconds);
	while (ready < 0 && errno == EINTR);
	return ready;
}

/* The first read of a named pipe. A pipe without a writer reads as empty, exactly as a pipe whose
 * writer has finished; but poll() reports the second at once and stays silent about the first, and
 * a writer who is merely slow makes the read say EAGAIN. */
static int
read_first(struct rmt_source *source, void *bytes, size_t room, ssize_t *got, struct rmt_err *err)
{
	static _Atomic uint64_t hurried_until;
	int ready = await(source, rmt_clock_ticks() < hurried_until ? IMPATIENCE : PATIENCE);

	source->unmet = false;
	*got = read(source->fd, bytes, room);
	if (ready == 0 && *got == 0) {
		hurried_until = rmt_clock_ticks() + HURRY;
		return refuse(source, err, "this is a named pipe and nobody writes to it");
	}
	return 0;
}

static ssize_t
read_waiting(struct rmt_source *source, void *bytes, size_t room, struct rmt_err *err)
{
	ssize_t got;

	for (;;) {
		got = read(source->fd, bytes, room);
		if (got >= 0)
			return got;
		if (errno == EAGAIN && source->regular) /* as /proc/kmsg, which has no end */
			return refuse(source, err, "this is no file with an end: reading it waits for what is to come");
		if (errno == EAGAIN && await(source, -1) >= 0)
			continue;
		if (errno != EINTR)
			return rmt_err_errno(err, source->class, source->path, "read");
	}
}

ssize_t
rmt_source_read(struct rmt_source *source, void *bytes, size_t room, struct rmt_err *err)
{
	ssize_t got = -1;

	if (source->measured && source->left < room)
		room = (size_t)source->left; /* what is appended meanwhile is not followed */
	if (source->unmet && read_first(source, bytes, room, &got, err) != 0)
		return -1;
	if (got < 0)
		got = read_waiting(source, bytes, room, err);
	if (got > 0)
		source->left -= (uint64_t)got < source->left ? (uint64_t)got : source->left;
	return got;
}

int
rmt_source_oversize(const char *path, size_t cap, struct rmt_err *err)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	size_t unit = 0;

	while (unit < 3 && cap >= 1024 && cap % 1024 == 0) {
		cap /= 1024;
		unit++;
	}
	rmt_err_set(err, RMT_INPUT, NULL, "this is larger than the %zu %s that are read here", cap,
	    units[unit]);
	rmt_err_source(err, path);
	return -1;
}

/* How much to ask for next: a file's remaining size and one byte, so that its end is met without
 * growing the buffer; and never more than one byte beyond what is allowed, by which a file that
 * grows meanwhile is noticed. */
static size_t
next_portion(const struct rmt_source *source, const struct rmt_buf *out, size_t allowed)
{
	size_t spare = out->capacity > out->length + 1 ? out->capacity - out->length - 1 : 0;
	size_t want = source->left > 0 ? (size_t)source->left + 1 : spare > 0 ? spare : PIECE;

	return want <= allowed ? want : allowed + 1;
}

int
rmt_source_rest(struct rmt_source *source, size_t cap, struct rmt_buf *out, struct rmt_err *err)
{
	size_t before = out->length;
	ssize_t got;

	if (source->left > cap)
		return rmt_source_oversize(source->path, cap, err);
	for (;;) {
		size_t portion = next_portion(source, out, cap - (out->length - before));

		rmt_buf_reserve(out, portion);
		if (rmt_buf_check(out, err) != 0)
			break;
		got = rmt_source_read(source, out->bytes + out->length, portion, err);
		if (got == 0)
			return 0;
		if (got < 0)
			break;
		out->length += (size_t)got;
		out->bytes[out->length] = '\0';
		if (out->length - before > cap) {
			rmt_source_oversize(source->path, cap, err);
			break;
		}
	}
	if (out->bytes != NULL) {
		out->length = before;
		out->bytes[before] = '\0';
	}
	return -1;
}

void
rmt_source_close(struct rmt_source *source)
{
	if (source->owned && source->fd >= 0)
		close(source->fd);
	source->fd = -1;
	source->owned = false;
}
