/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/walk.c - visits the regular files below a directory in byte order of their paths. It opens
 * directories only, never the files, and does not enter a directory through a symbolic link, so
 * that it cannot go round in circles.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { DEEPEST = 32 };

struct walk {
	int (*visit)(void *arg, const char *path);
	void (*fault)(void *arg, const struct rmt_err *err);
	void *arg;
	struct rmt_buf path;
	struct rmt_err *err;
};

struct entry {
	char *name;
	bool directory;
};

struct listing {
	struct entry *entries;
	size_t count, room;
};

/* In the order of whole paths: a directory sorts as if its slash were part of its name ("a-b" <
 * "a/c" < "ab"). */
static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	const unsigned char *x = (const unsigned char *)a->name,
			    *y = (const unsigned char *)b->name;
	int at_x, at_y;

	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	at_x = *x == '\0' && a->directory ? '/' : *x;
	at_y = *y == '\0' && b->directory ? '/' : *y;
	return at_x - at_y;
}

static void
report(struct walk *walk, const char *doing)
{
	struct rmt_err err = { 0 };

	if (walk->fault == NULL)
		return;
	rmt_err_errno(&err, RMT_INPUT, rmt_buf_string(&walk->path), doing);
	walk->fault(walk->arg, &err);
}

/* Put "/name" behind the path; the length before it, to cut back to. */
static size_t
step_into(struct walk *walk, const char *name)
{
	size_t before = walk->path.length;

	if (before > 0 && walk->path.bytes[before - 1] != '/')
		rmt_buf_byte(&walk->path, '/');
	rmt_buf_text(&walk->path, name);
	return before;
}

static void
step_back(struct walk *walk, size_t before)
{
	walk->path.length = before;
	walk->path.bytes[before] = '\0';
}

/* Whether the entry is to be visited or entered. A link to a file is; a link to a directory, a
 * pipe, a device are not. */
static bool
is_wanted(struct walk *walk, int fd, const struct dirent *found, bool *directory)
{
	struct stat state;
	size_t before;
	bool link;

	*directory = found->d_type == DT_DIR;
	if (found->d_type == DT_REG || found->d_type == DT_DIR)
		return true;
	if (found->d_type != DT_LNK && found->d_type != DT_UNKNOWN)
		return false;
	link =
	    fstatat(fd, found->d_name, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(state.st_mode);
	if (fstatat(fd, found->d_name, &state, 0) != 0) {
		before = step_into(walk, found->d_name);
		if (!walk->path.failed)
			report(walk, link ? "follow the link" : "read");
		step_back(walk, before);
		return false;
	}
	*directory = S_ISDIR(state.st_mode);
	return S_ISREG(state.st_mode) || (S_ISDIR(state.st_mode) && !link);
}

static int
keep(struct listing *listing, const char *name, bool directory)
{
	struct entry *entries;

	if (listing->count == listing->room) {
		size_t room = listing->room > 0 ? listing->room * 2 : 32;

		entries = reallocarray(listing->entries, room, sizeof *entries);
		if (entries == NULL)
			return -1;
		listing->entries = entries;
		listing->room = room;
	}
	listing->entries[listing->count].name = strdup(name);
	listing->entries[listing->count].directory = directory;
	if (listing->entries[listing->count].name == NULL)
		return -1;
	listing->count++;
	return 0;
}

static int
list(struct walk *walk, DIR *stream, struct listing *listing)
{
	const struct dirent *found;
	bool directory;

	while (errno = 0, (found = readdir(stream)) != NULL) {
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		if (is_wanted(walk, dirfd(stream), found, &directory) &&
		    keep(listing, found->d_name, directory) != 0)
			return rmt_err_memory(walk->err);
	}
	if (errno != 0)
		report(walk, "list the directory");
	if (listing->count > 0)
		qsort(listing->entries, listing->count, sizeof *listing->entries, compare_entries);
	return rmt_buf_check(&walk->path, walk->err);
}

static int walk_directory(struct walk *walk, int fd, unsigned depth);

static int
walk_below(struct walk *walk, int parent, const char *name, unsigned depth)
{
	int fd;

	if (depth >= DEEPEST) {
		errno = ELOOP;
		report(walk, "enter a directory this deep");
		return 0;
	}
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		report(walk, "open the directory");
		return 0;
	}
	return walk_directory(walk, fd, depth + 1);
}

/* Takes `fd`. The recursion ends at DEEPEST. */
static int
walk_directory(struct walk *walk, int fd, unsigned depth)
{
	struct listing listing = { 0 };
	DIR *stream = fdopendir(fd);
	int rc;

	if (stream == NULL) {
		close(fd);
		return rmt_err_memory(walk->err);
	}
	rc = list(walk, stream, &listing);
	for (size_t i = 0; rc == 0 && i < listing.count; i++) {
		size_t before = step_into(walk, listing.entries[i].name);

		rc = rmt_buf_check(&walk->path, walk->err);
		if (rc == 0 && listing.entries[i].directory)
			rc = walk_below(walk, fd, listing.entries[i].name, depth);
		else if (rc == 0)
			rc = walk->visit(walk->arg, rmt_buf_string(&walk->path));
		step_back(walk, before);
	}
	for (size_t i = 0; i < listing.count; i++)
		free(listing.entries[i].name);
	free(listing.entries);
	closedir(stream);
	return rc;
}

int
rmt_directory_walk(const char *path, int (*visit)(void *arg, const char *path),
    void (*fault)(void *arg, const struct rmt_err *err), void *arg, struct rmt_err *err)
{
	struct walk walk = { .visit = visit, .fault = fault, .arg = arg, .err = err };
	int fd, rc;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rmt_err_errno(err, RMT_INPUT, path, "open the directory");
	rmt_buf_text(&walk.path, path);
	rc = rmt_buf_check(&walk.path, err);
	if (rc == 0)
		rc = walk_directory(&walk, fd, 0);
	else
		close(fd);
	rmt_buf_free(&walk.path);
	return rc;
}
