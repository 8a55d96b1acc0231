/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/crash/badfs.c - a file system that goes bad: preloaded, it lets calls that change files below BADFS_PATH fail from the BADFS_FROM-th
 * of this process on, with the error number BADFS_ERRNO. With BADFS_COUNT, a file, it writes there how many there were. Reading goes on,
 * as it does from a disk that is full or mounted read-only. Descriptors are known by /proc/self/fd.
 *
 * BADFS_UNSYNCED, a file, gets a line for each file that was given its name before it was synced, and at the end for each file that was
 * written, and each directory that names were changed in, and not synced behind that: what a power failure would take. SQLite's index of
 * its log is made anew, and a log that was emptied may come back: it has been written to the database by then.
 *
 * With BADFS_STOP the process stops before the first such call, until somebody lets it go on; with BADFS_STOP_LOCK before it first
 * takes a lock.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

static int is_below(const char *path)
{
	const char *base = getenv("BADFS_PATH");

	return base && path && strncmp(path, base, strlen(base)) == 0;
}

static int is_of(int fd)
{
	char link[64], path[4096];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return 0;
	path[length] = 0;
	return is_below(path);
}

/* A path relative to a directory, or to the working directory. */
static int is_at(int directory, const char *path)
{
	char here[4096];

	if (*path == '/')
		return is_below(path);
	if (directory != AT_FDCWD)
		return is_of(directory);
	return getcwd(here, sizeof here) && (is_below(here) || is_of(AT_FDCWD));
}

static int bad(int concerned)
{
	const char *from = getenv("BADFS_FROM"), *number = getenv("BADFS_ERRNO");
	static int stopped;

	if (concerned && getenv("BADFS_STOP") && !stopped++)
		raise(SIGSTOP);
	if (!concerned || !from || ++calls < atol(from))
		return 0;
	errno = number ? atoi(number) : EIO;
	return 1;
}

int flock(int fd, int operation)
{
	static int (*real)(int, int);
	static int stopped;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "flock");
	if (getenv("BADFS_STOP_LOCK") && operation & LOCK_EX && !stopped++)
		raise(SIGSTOP);
	return real(fd, operation);
}

/* ---- what has not reached the disk ---- */

enum { FILES_MOST = 4096 };
static struct unsynced {
	dev_t device;
	ino_t inode;
	char path[512];
} unsynced[FILES_MOST];
static size_t unsynced_count;

static struct unsynced *find_unsynced(const struct stat *state)
{
	for (size_t i = 0; i < unsynced_count; i++)
		if (unsynced[i].device == state->st_dev && unsynced[i].inode == state->st_ino)
			return &unsynced[i];
	return NULL;
}

static void complain(const char *what, const char *path)
{
	const char *to = getenv("BADFS_UNSYNCED");
	FILE *file = to ? fopen(to, "a") : NULL;

	if (file) {
		fprintf(file, "%s: %s\n", what, path);
		fclose(file);
	}
}

static void changed(int fd)
{
	char link[64];
	struct stat state;
	struct unsynced *entry = &unsynced[unsynced_count];
	ssize_t length;

	if (!is_of(fd) || fstat(fd, &state) || find_unsynced(&state))
		return;
	if (unsynced_count == FILES_MOST - 1) {
		complain("too many files to watch", "");
		return;
	}
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, entry->path, sizeof entry->path - 1);
	entry->path[length < 0 ? 0 : length] = 0;
	entry->device = state.st_dev;
	entry->inode = state.st_ino;
	unsynced_count++;
}

static void synced(int fd)
{
	struct stat state;
	struct unsynced *entry = fstat(fd, &state) ? NULL : find_unsynced(&state);

	if (entry)
		*entry = unsynced[--unsynced_count];
}

/* A name now stands for what `from` was; the directory has to be synced, too. */
static void named(int directory, const char *path)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');
	struct stat state;
	int fd;

	if (!is_at(directory, path))
		return;
	if (fstatat(directory, path, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(state.st_mode) && find_unsynced(&state))
		complain("named before it is on the disk", path);
	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = openat(directory, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		changed(fd);
		close(fd);
	}
}

__attribute__((destructor)) static void tell_unsynced(void)
{
	struct stat state;

	for (size_t i = 0; i < unsynced_count; i++)
		if (stat(unsynced[i].path, &state) == 0 && !strstr(unsynced[i].path, "-shm"))
			complain(S_ISDIR(state.st_mode) ? "names in it are not on the disk" : "not on the disk", unsynced[i].path);
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("BADFS_COUNT");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (file) {
		fprintf(file, "%ld\n", calls);
		fclose(file);
	}
}

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))
#define WRITES(flags) (((flags) & (O_CREAT | O_TRUNC)) || ((flags) & O_ACCMODE) != O_RDONLY)

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		mode_t mode = 0; \
		va_list rest; \
		va_start(rest, flags); \
		if (flags & O_CREAT) \
			mode = va_arg(rest, mode_t); \
		va_end(rest); \
		return bad(WRITES(flags) && is_at(AT_FDCWD, path)) ? -1 : NEXT(name)(path, flags, mode); \
	}
#define OPENAT(name) \
	int name(int directory, const char *path, int flags, ...) \
	{ \
		mode_t mode = 0; \
		va_list rest; \
		va_start(rest, flags); \
		if (flags & O_CREAT) \
			mode = va_arg(rest, mode_t); \
		va_end(rest); \
		return bad(WRITES(flags) && is_at(directory, path)) ? -1 : NEXT(name)(directory, path, flags, mode); \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* DONE follows when the call has succeeded. */
#define ONE(type, name, arguments, call, concerned, done) \
	type name arguments \
	{ \
		type rc = bad(concerned) ? -1 : NEXT(name) call; \
		if (rc >= 0) \
			done; \
		return rc; \
	}
ONE(ssize_t, write, (int fd, const void *from, size_t length), (fd, from, length), is_of(fd), changed(fd))
ONE(ssize_t, pwrite, (int fd, const void *from, size_t length, off_t at), (fd, from, length, at), is_of(fd), changed(fd))
ONE(ssize_t, pwrite64, (int fd, const void *from, size_t length, off64_t at), (fd, from, length, at), is_of(fd), changed(fd))
ONE(int, fsync, (int fd), (fd), is_of(fd), synced(fd))
ONE(int, fdatasync, (int fd), (fd), is_of(fd), synced(fd))
ONE(int, ftruncate, (int fd, off_t length), (fd, length), is_of(fd), (void)0)
ONE(int, ftruncate64, (int fd, off64_t length), (fd, length), is_of(fd), (void)0)
ONE(int, fchmod, (int fd, mode_t mode), (fd, mode), is_of(fd), (void)0)
ONE(int, mkdir, (const char *path, mode_t mode), (path, mode), is_at(AT_FDCWD, path), (void)0)
ONE(int, rename, (const char *from, const char *to), (from, to), is_at(AT_FDCWD, to), named(AT_FDCWD, to))
ONE(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), is_at(b, to), named(b, to))
ONE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags), is_at(b, to), named(b, to))
ONE(int, link, (const char *from, const char *to), (from, to), is_at(AT_FDCWD, to), named(AT_FDCWD, to))
ONE(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), is_at(b, to), named(b, to))
