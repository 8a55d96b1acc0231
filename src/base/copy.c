/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/copy.c - large files copied, only hashed, or looked at in one place, and directories that appear under their name
 * complete and synced, or not at all.
 *
 * Files go by in pieces, so that their size does not matter. What stands in them is nobody's
 * business here.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { PIECE = 256 << 10 };

static int
write_all(int fd, const unsigned char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		bytes += done;
		length -= (size_t)done;
	}
	return 0;
}

static int
read_piece(int fd, uint64_t offset, size_t most, struct rmt_buf *out)
{
	size_t before = out->length;
	ssize_t got = 1;

	if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return -1;
	while (got != 0 && out->length - before < most) {
		got = read(fd, out->bytes + out->length, most - (out->length - before));
		if (got < 0 && errno != EINTR)
			return -1;
		out->length += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int
rmt_file_piece(const char *path, uint64_t offset, size_t most, struct rmt_buf *out, struct rmt_err *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc = -1;
	struct stat state;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 0 : rmt_err_errno(err, RMT_INPUT, path, "open");
	rmt_buf_reserve(out, most + 1);
	if (fstat(fd, &state) != 0)
		rmt_err_errno(err, RMT_INPUT, path, "read");
	else if (!S_ISREG(state.st_mode))
		rc = 0;
	else if (offset > INT64_MAX || rmt_buf_check(out, err) != 0)
		rmt_err_set(err, RMT_INPUT, NULL, "there is no such place in a file");
	else if (read_piece(fd, offset, most, out) != 0)
		rmt_err_errno(err, RMT_INPUT, path, "read");
	else
		rc = 1;
	close(fd);
	return rc;
}

struct copying {
	const char *from, *to; /* to NULL: only read */
	int in, out;
	struct rmt_hasher *hasher;
	unsigned char *piece;
};

static int
pass_on(struct copying *copying, uint64_t *size, struct rmt_err *err)
{
	ssize_t got;

	for (*size = 0;; *size += (uint64_t)got) {
		got = read(copying->in, copying->piece, PIECE);
		if (got < 0 && errno == EINTR) {
			got = 0;
			continue;
		}
		if (got < 0)
			return rmt_err_errno(err, RMT_INPUT, copying->from, "read");
		if (got == 0)
			return 0;
		if (rmt_hasher_add(copying->hasher, rmt_span_of(copying->piece, (size_t)got), err) != 0)
			return -1;
		if (copying->to != NULL &&
		    write_all(copying->out, copying->piece, (size_t)got) != 0)
			return rmt_err_errno(err, RMT_INPUT, copying->to, "write");
	}
}

static int
open_both(struct copying *copying, struct rmt_err *err)
{
	struct stat state;

	copying->in = open(copying->from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (copying->in < 0 || fstat(copying->in, &state) != 0)
		return rmt_err_errno(err, RMT_INPUT, copying->from, "open");
	if (!S_ISREG(state.st_mode)) {
		rmt_err_set(err, RMT_INPUT, NULL, "this is not a regular file");
		rmt_err_source(err, copying->from);
		return -1;
	}
	if (copying->to == NULL)
		return 0;
	copying->out = open(copying->to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return copying->out >= 0 ? 0 : rmt_err_errno(err, RMT_INPUT, copying->to, "create");
}

int
rmt_file_copy(const char *from, const char *to, unsigned char sha256[RMT_SHA256], uint64_t *size,
    struct rmt_err *err)
{
	struct copying copying = { .from = from, .to = to, .in = -1, .out = -1 };
	int rc = -1;

	copying.hasher = rmt_hasher_new(err);
	copying.piece = malloc(PIECE);
	if (copying.piece == NULL)
		rmt_err_memory(err);
	if (copying.hasher == NULL || copying.piece == NULL)
		goto out;
	if (open_both(&copying, err) != 0 || pass_on(&copying, size, err) != 0)
		goto out;
	if (copying.out >= 0 && fsync(copying.out) != 0)
		rmt_err_errno(err, RMT_INPUT, to, "make durable");
	else
		rc = rmt_hasher_end(copying.hasher, sha256, err);
out:
	if (copying.in >= 0)
		close(copying.in);
	if (copying.out >= 0)
		close(copying.out);
	free(copying.piece);
	rmt_hasher_free(copying.hasher);
	return rc;
}

/* ---- directories ---- */

static int
refuse_existing(const char *path, struct rmt_err *err)
{
	rmt_err_set(err, RMT_POLICY, NULL, "this is there already and is not replaced");
	rmt_err_source(err, path);
	return -1;
}

char *
rmt_tree_new(const char *path, struct rmt_err *err)
{
	struct rmt_buf name = { 0 };
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (rmt_path_exists(path)) {
		refuse_existing(path, err);
		return NULL;
	}
	rmt_buf_append(&name, path, length);
	rmt_buf_text(&name, ".XXXXXX");
	if (rmt_buf_check(&name, err) != 0) {
		rmt_buf_free(&name);
		return NULL;
	}
	if (mkdtemp((char *)name.bytes) == NULL) {
		rmt_err_errno(err, RMT_INPUT, path, "create the directory");
		rmt_buf_free(&name);
		return NULL;
	}
	return rmt_buf_take(&name);
}

static int
sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return rc;
}

static int
sync_entry(const char *path, const struct stat *state, int type, struct FTW *where)
{
	(void)state;
	(void)where;
	return type == FTW_DP ? sync_directory(path) : 0;
}

static int
sync_above(const char *path, struct rmt_err *err)
{
	char *parent = rmt_strndup(path, strlen(path), err), *slash;
	int rc;

	if (parent == NULL)
		return -1;
	for (size_t length = strlen(parent); length > 1 && parent[length - 1] == '/';)
		parent[--length] = '\0';
	slash = strrchr(parent, '/');
	if (slash != NULL)
		slash[slash == parent ? 1 : 0] = '\0';
	rc = sync_directory(slash != NULL ? parent : ".");
	if (rc != 0)
		rmt_err_errno(err, RMT_INPUT, path, "make durable");
	free(parent);
	return rc;
}

int
rmt_tree_move(const char *from, const char *to, struct rmt_err *err)
{
	int rc = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	/* A file system that does not know the flag. */
	if (rc != 0 && errno == EINVAL && !rmt_path_exists(to))
		rc = rename(from, to);
	if (rc != 0 && (errno == EEXIST || rmt_path_exists(to)))
		return refuse_existing(to, err);
	if (rc != 0)
		return rmt_err_errno(err, RMT_INPUT, to, "put into its place");
	return sync_above(to, err);
}

int
rmt_tree_place(const char *temporary, const char *path, struct rmt_err *err)
{
	if (nftw(temporary, sync_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
		return rmt_err_errno(err, RMT_INPUT, temporary, "make durable");
	return rmt_tree_move(temporary, path, err);
}

static int
remove_entry(const char *path, const struct stat *state, int type, struct FTW *where)
{
	(void)state;
	(void)type;
	(void)where;
	(void)remove(path); /* what stays is in the way of nothing */
	return 0;
}

void
rmt_tree_remove(const char *temporary)
{
	if (temporary != NULL)
		(void)nftw(temporary, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
