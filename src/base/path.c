/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/path.c - names of files and directories: joining, asking, creating a directory, cleaning a
 * label into a name.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/base.h"

enum { LONGEST_LABEL = 64 };

bool
rmt_path_exists(const char *path)
{
	struct stat state;

	return lstat(path, &state) == 0;
}

int
rmt_path_stands(const char *path, struct rmt_err *err)
{
	struct stat state;

	if (lstat(path, &state) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : rmt_err_errno(err, RMT_INPUT, path, "look at");
}

bool
rmt_path_is_directory(const char *path)
{
	struct stat state;

	return stat(path, &state) == 0 && S_ISDIR(state.st_mode);
}

bool
rmt_path_is_regular(const char *path)
{
	struct stat state;

	return stat(path, &state) == 0 && S_ISREG(state.st_mode);
}

int
rmt_path_room(const char *path, uint64_t *bytes, struct rmt_err *err)
{
	struct statvfs volume;

	if (statvfs(path, &volume) != 0)
		return rmt_err_errno(err, RMT_INPUT, path, "ask for the free space");
	*bytes = (uint64_t)volume.f_bavail * volume.f_frsize;
	return 0;
}

const char *
rmt_path_leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

char *
rmt_path_join(const char *directory, const char *name, struct rmt_err *err)
{
	size_t length = strlen(directory);
	const char *joint = length == 0 || directory[length - 1] == '/' ? "" : "/";
	struct rmt_buf path = { 0 };
	char *joined;

	rmt_buf_format(&path, "%s%s%s", directory, joint, name);
	joined = rmt_buf_take(&path);
	if (joined == NULL)
		rmt_err_memory(err);
	return joined;
}

/* A new directory is durable once its parent is synced. Best effort: the directory itself exists
 * already. */
static void
sync_parent(const char *path)
{
	size_t length = strlen(path);
	struct rmt_buf parent = { 0 };
	int fd;

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	rmt_buf_append(&parent, path, length);
	if (length == 0)
		rmt_buf_text(&parent, ".");
	fd = parent.failed ? -1 : open(rmt_buf_string(&parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	rmt_buf_free(&parent);
}

int
rmt_directory_create(const char *path, struct rmt_err *err)
{
	if (mkdir(path, 0700) == 0) {
		sync_parent(path);
		return 0;
	}
	if (errno != EEXIST)
		return rmt_err_errno(err, RMT_INPUT, path, "create the directory");
	if (rmt_path_is_directory(path))
		return 0;
	rmt_err_set(err, RMT_INPUT, NULL, "this exists and is not a directory");
	rmt_err_source(err, path);
	return -1;
}

static bool
is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

void
rmt_file_label(const char *text, char out[65])
{
	size_t length = 0;

	for (; *text != '\0' && length < LONGEST_LABEL; text++) {
		if (((unsigned char)*text & 0xc0) == 0x80)
			continue; /* one '-' for one character, not for each of its bytes */
		out[length++] = is_name_character(*text) ? *text : '-';
	}
	out[length] = '\0';
	/* A leading dot hides a file and a leading dash looks like an option; "*.example.com" gives
	 * "_.example.com". */
	if (out[0] == '.' || out[0] == '-')
		out[0] = '_';
	if (length == 0)
		memcpy(out, "unnamed", sizeof "unnamed");
}
