/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/file.c - whole files: read with a cap, written as a set, all or nothing.
 *
 * A written file appears under its name complete and synced, or not at all. Symbolic links are
 * never written through. What the bytes mean, and what the files are called, is decided above.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/local.h"

int
rmt_file_read(const char *path, size_t cap, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_source source;
	int rc;

	if (rmt_source_open(path, RMT_INPUT, &source, err) != 0)
		return -1;
	rc = rmt_source_rest(&source, cap, out, err);
	rmt_source_close(&source);
	return rc;
}

/* How far one output has come; undo() knows the way back from each. */
enum progress {
	UNTOUCHED,
	WRITTEN,   /* complete under its temporary name */
	PLACED,    /* under its own name, where nothing was before */
	EXCHANGED, /* under its own name; the former file is under the temporary name */
	REPLACED,  /* under its own name; the former file is gone */
};

struct pending {
	enum progress progress;
	char temporary[32];
};

struct writing {
	const char *directory;
	int fd; /* of the directory */
	bool force;
	const struct rmt_output *outputs;
	struct pending *pending;
	size_t count;
	struct rmt_err *err;
};

static int
complain(const struct writing *w, const char *name, enum rmt_class class, const char *sentence)
{
	char path[512];

	rmt_err_set(w->err, class, NULL, "%s", sentence);
	if (strcmp(w->directory, ".") == 0)
		snprintf(path, sizeof path, "%s", name);
	else
		snprintf(path, sizeof path, "%s/%s", w->directory, name);
	rmt_err_source(w->err, path);
	return -1;
}

static int
complain_errno(const struct writing *w, const char *name, const char *doing)
{
	char sentence[192], room[128];

	snprintf(sentence, sizeof sentence, "cannot %s: %s", doing,
	    strerror_r(errno, room, sizeof room));
	return complain(w, name, RMT_INPUT, sentence);
}

static int
complain_taken(const struct writing *w, const char *name)
{
	return complain(
	    w, name, RMT_POLICY, "this file exists and is not overwritten without force");
}

static int
check_names(const struct writing *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const char *name = w->outputs[i].name;

		if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
		    strcmp(name, "..") == 0)
			return complain(w, name, RMT_USAGE, "this is not a plain file name");
		for (size_t k = 0; k < i; k++)
			if (strcmp(name, w->outputs[k].name) == 0)
				return complain(
				    w, name, RMT_USAGE, "two of the files to write have this name");
	}
	return 0;
}

/* 1 when a regular file stands where `name` shall go, 0 when nothing does, -1 when it may not be
 * written. */
static int
check_place(const struct writing *w, const char *name)
{
	struct stat state;

	if (fstatat(w->fd, name, &state, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : complain_errno(w, name, "write");
	if (S_ISLNK(state.st_mode))
		return complain(w, name, RMT_POLICY,
		    "this is a symbolic link, and links are not written through");
	if (S_ISDIR(state.st_mode))
		return complain(
		    w, name, RMT_POLICY, "this is a directory, so that no file can take its place");
	if (!S_ISREG(state.st_mode))
		return complain(
		    w, name, RMT_POLICY, "this is not a regular file and is not replaced");
	return w->force ? 1 : complain_taken(w, name);
}

static int
write_all(int fd, struct rmt_span content)
{
	while (content.length > 0) {
		ssize_t put = write(fd, content.at, content.length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		content.at += put;
		content.length -= (size_t)put;
	}
	return 0;
}

/* What everybody may read is no secret, and gets its mode as any program's files do: less what the umask takes. */
static bool
is_public(mode_t mode)
{
	return (mode & 07) != 0;
}

static int
open_temporary(const struct writing *w, struct pending *pending, mode_t mode)
{
	uint64_t unique;
	int fd, tries = 0;

	do {
		if (rmt_random(&unique, sizeof unique, w->err) != 0)
			return -1;
		snprintf(
		    pending->temporary, sizeof pending->temporary, ".remint-%016" PRIx64, unique);
		fd = openat(w->fd, pending->temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, is_public(mode) ? mode & 0777 : 0600);
	} while (fd < 0 && errno == EEXIST && ++tries < 8);
	if (fd >= 0)
		pending->progress = WRITTEN;
	return fd;
}

static int
write_temporary(const struct writing *w, size_t i)
{
	const struct rmt_output *output = &w->outputs[i];
	int fd = open_temporary(w, &w->pending[i], output->mode);
	int rc = -1;

	if (fd < 0)
		return complain_errno(w, output->name, "create");
	/* The mode of a secret for a group is set last: while it grows, the file is its owner's alone. */
	if (write_all(fd, output->content) != 0)
		complain_errno(w, output->name, "write");
	else if ((is_public(output->mode) ? rmt_process_share(fd, output->mode & 0777) : fchmod(fd, output->mode & 0777)) != 0)
		complain_errno(w, output->name, "set the mode");
	else if (fsync(fd) != 0)
		complain_errno(w, output->name, "write to disk");
	else
		rc = 0;
	if (close(fd) != 0 && rc == 0)
		rc = complain_errno(w, output->name, "write to disk");
	return rc;
}

/* The kernel or the file system does not know the flags of renameat2. */
static bool
lacks_flags(void)
{
	return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
}

/* Rename without ever replacing: where the file system has no such call, a hard link refuses a
 * taken name as well. */
static int
rename_new(int directory, const char *from, const char *to)
{
	if (renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!lacks_flags())
		return -1;
	if (linkat(directory, from, directory, to, 0) != 0)
		return -1;
	(void)unlinkat(directory, from, 0);
	return 0;
}

static int
place(const struct writing *w, size_t i)
{
	const char *name = w->outputs[i].name;
	struct pending *pending = &w->pending[i];
	int stands = check_place(w, name);

	if (stands < 0)
		return -1;
	if (stands == 0) {
		if (rename_new(w->fd, pending->temporary, name) != 0)
			return errno == EEXIST ? complain_taken(w, name)
					       : complain_errno(w, name, "name");
		pending->progress = PLACED;
		return 0;
	}
	/* An exchange can be taken back when a later file of the set fails; not every file system
	 * has it. */
	if (renameat2(w->fd, pending->temporary, w->fd, name, RENAME_EXCHANGE) == 0) {
		pending->progress = EXCHANGED;
		return 0;
	}
	if (!lacks_flags() || renameat(w->fd, pending->temporary, w->fd, name) != 0)
		return complain_errno(w, name, "replace");
	pending->progress = REPLACED;
	return 0;
}

static void
undo(const struct writing *w, size_t i)
{
	const char *name = w->outputs[i].name;
	const struct pending *pending = &w->pending[i];

	if (pending->progress == PLACED)
		(void)unlinkat(w->fd, name, 0);
	if (pending->progress == EXCHANGED)
		(void)renameat2(w->fd, pending->temporary, w->fd, name, RENAME_EXCHANGE);
	if (pending->progress == EXCHANGED || pending->progress == WRITTEN)
		(void)unlinkat(w->fd, pending->temporary, 0);
}

static int
sync_directory(const struct writing *w)
{
	/* EINVAL: a file system whose directories cannot be synced. */
	if (fsync(w->fd) != 0 && errno != EINVAL)
		return rmt_err_errno(w->err, RMT_INPUT, w->directory, "write to disk");
	return 0;
}

static int
write_set(const struct writing *w)
{
	int rc = -1;
	size_t i;

	for (i = 0; i < w->count; i++)
		if (check_place(w, w->outputs[i].name) < 0)
			goto out;
	for (i = 0; i < w->count; i++)
		if (write_temporary(w, i) != 0)
			goto out;
	for (i = 0; i < w->count; i++)
		if (place(w, i) != 0)
			goto out;
	if (sync_directory(w) != 0)
		goto out;
	for (i = 0; i < w->count; i++)
		if (w->pending[i].progress == EXCHANGED)
			(void)unlinkat(w->fd, w->pending[i].temporary, 0);
	rc = 0;
out:
	for (i = w->count; rc != 0 && i-- > 0;)
		undo(w, i);
	return rc;
}

int
rmt_files_write(const char *directory, const struct rmt_output *outputs, size_t count, bool force,
    struct rmt_err *err)
{
	struct writing w = { .directory = directory,
		.fd = -1,
		.force = force,
		.outputs = outputs,
		.count = count,
		.err = err };
	bool created = !rmt_path_exists(directory);
	int rc = -1;

	if (rmt_err_memory_noted())
		return rmt_err_memory(err);
	if (check_names(&w) != 0 || rmt_directory_create(directory, err) != 0)
		return -1;
	w.pending = calloc(count + 1, sizeof *w.pending);
	if (w.pending == NULL) {
		rmt_err_memory(err);
		goto out;
	}
	w.fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0) {
		rmt_err_errno(err, RMT_INPUT, directory, "open");
		goto out;
	}
	rc = write_set(&w);
out:
	if (w.fd >= 0)
		close(w.fd);
	if (rc != 0 && created)
		(void)rmdir(directory);
	free(w.pending);
	return rc;
}

static bool
is_temporary(const char *name)
{
	return strncmp(name, ".remint-", 8) == 0 && strspn(name + 8, "0123456789abcdef") == 16 &&
	       name[24] == '\0';
}

int
rmt_files_sweep(const char *directory, struct rmt_err *err)
{
	DIR *open_directory = opendir(directory);
	struct dirent *entry;

	if (open_directory == NULL)
		return rmt_err_errno(err, RMT_INPUT, directory, "open");
	while ((entry = readdir(open_directory)) != NULL)
		if (is_temporary(entry->d_name))
			(void)unlinkat(dirfd(open_directory), entry->d_name, 0);
	closedir(open_directory);
	return 0;
}

/* The directory that the last part of `path` stands in; slashes behind that part count for nothing. */
static char *
parent_of(const char *path, struct rmt_err *err)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	if (length == 0)
		return rmt_strdup(".", err);
	return rmt_strndup(path, length > 1 ? length - 1 : 1, err); /* "/name" keeps its slash */
}

/* A directory that is not there yet can be made when the one above it can be written. */
static int
check_directory(const char *directory, struct rmt_err *err)
{
	const char *above = directory;
	char *parent = NULL;
	int rc = 0;

	if (!rmt_path_exists(directory)) {
		parent = parent_of(directory, err);
		if (parent == NULL)
			return -1;
		above = parent;
	}
	if (rmt_path_exists(above) && !rmt_path_is_directory(above)) {
		rc = rmt_err_set(err, RMT_INPUT, NULL, "this exists and is not a directory");
		rmt_err_source(err, above);
	} else if (access(above, W_OK | X_OK) != 0) {
		rc = rmt_err_errno(err, RMT_INPUT, directory,
		    parent != NULL ? "create the directory" : "write into the directory");
	}
	free(parent);
	return rc;
}

int
rmt_files_check(const char *directory, const struct rmt_output *outputs, size_t count, bool force,
    struct rmt_err *err)
{
	struct writing w = { .directory = directory,
		.force = force,
		.outputs = outputs,
		.count = count,
		.err = err };
	int rc = 0;

	if (check_names(&w) != 0 || check_directory(directory, err) != 0)
		return -1;
	if (!rmt_path_exists(directory))
		return 0;
	w.fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return rmt_err_errno(err, RMT_INPUT, directory, "open");
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = check_place(&w, outputs[i].name) < 0 ? -1 : 0;
	close(w.fd);
	return rc;
}

/* The directory that a path names a file in; NULL when it names none. */
static char *
directory_for(const char *path, struct rmt_err *err)
{
	if (rmt_path_leaf(path)[0] == '\0') {
		rmt_err_set(
		    err, RMT_USAGE, NULL, "this names a directory where a file is to be written");
		rmt_err_source(err, path);
		return NULL;
	}
	return parent_of(path, err);
}

int
rmt_file_write(
    const char *path, struct rmt_span content, mode_t mode, bool force, struct rmt_err *err)
{
	struct rmt_output output = { .name = rmt_path_leaf(path), .mode = mode, .content = content };
	char *directory = directory_for(path, err);
	int rc = directory != NULL ? rmt_files_write(directory, &output, 1, force, err) : -1;

	free(directory);
	return rc;
}

int
rmt_file_check(const char *path, bool force, struct rmt_err *err)
{
	struct rmt_output output = { .name = rmt_path_leaf(path) };
	char *directory = directory_for(path, err);
	int rc = directory != NULL ? rmt_files_check(directory, &output, 1, force, err) : -1;

	free(directory);
	return rc;
}
