/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/crash/badfs.c - a file system that goes bad: preloaded, it lets calls that change files below BADFS_PATH fail from the BADFS_FROM-th
 * of this process on, with the error number BADFS_ERRNO. With BADFS_COUNT, a file, it writes there how many there were. Reading goes on,
 * as it does from a disk that is full or mounted read-only. Descriptors are known by /proc/self/fd.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

	if (!concerned || !from || ++calls < atol(from))
		return 0;
	errno = number ? atoi(number) : EIO;
	return 1;
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

#define ONE(type, name, arguments, call, concerned) \
	type name arguments { return bad(concerned) ? -1 : NEXT(name) call; }
ONE(ssize_t, write, (int fd, const void *from, size_t length), (fd, from, length), is_of(fd))
ONE(ssize_t, pwrite, (int fd, const void *from, size_t length, off_t at), (fd, from, length, at), is_of(fd))
ONE(ssize_t, pwrite64, (int fd, const void *from, size_t length, off64_t at), (fd, from, length, at), is_of(fd))
ONE(int, fsync, (int fd), (fd), is_of(fd))
ONE(int, fdatasync, (int fd), (fd), is_of(fd))
ONE(int, ftruncate, (int fd, off_t length), (fd, length), is_of(fd))
ONE(int, ftruncate64, (int fd, off64_t length), (fd, length), is_of(fd))
ONE(int, fchmod, (int fd, mode_t mode), (fd, mode), is_of(fd))
ONE(int, mkdir, (const char *path, mode_t mode), (path, mode), is_at(AT_FDCWD, path))
ONE(int, rename, (const char *from, const char *to), (from, to), is_at(AT_FDCWD, to))
ONE(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), is_at(b, to))
ONE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags), is_at(b, to))
ONE(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), is_at(b, to))
