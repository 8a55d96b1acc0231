/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/writer.c - one file in the making, of any size: written in pieces, read back, then put in its place.
 *
 * Until then it has a temporary name, and nobody sees it half done. It takes the place of a regular file and of nothing else.
 * Sets of small files are file.c's.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/local.h"

enum { PIECE = 256 << 10, KEY = 32, SUM = 16 };

struct rmt_writer {
	int directory, fd;
	char *path, *name;
	char temporary[32];
	mode_t mode;
	unsigned char *kept; /* PIECE bytes, of which `count` are not written yet */
	size_t count;
	EVP_MAC_CTX *sum; /* of all that was written since the beginning, or NULL */
	unsigned char key[KEY];
	void *map;
	size_t mapped;
	bool fresh; /* nothing stood in its place */
	bool placed;
};

static int
fail(const struct rmt_writer *writer, const char *doing, struct rmt_err *err)
{
	return rmt_err_errno(err, RMT_INPUT, writer->path, doing);
}

static int
create(struct rmt_writer *writer, struct rmt_err *err)
{
	uint64_t unique;

	for (int tries = 0; tries < 8; tries++) {
		if (rmt_random(&unique, sizeof unique, err) != 0)
			return -1;
		snprintf(writer->temporary, sizeof writer->temporary, ".remint-%016" PRIx64, unique);
		writer->fd = openat(writer->directory, writer->temporary,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (writer->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return fail(writer, "create", err);
}

static int
check_place(struct rmt_writer *writer, struct rmt_err *err)
{
	struct stat state;

	writer->fresh = fstatat(writer->directory, writer->name, &state, AT_SYMLINK_NOFOLLOW) != 0;
	if (writer->fresh)
		return errno == ENOENT ? 0 : fail(writer, "write", err);
	if (S_ISREG(state.st_mode))
		return 0;
	rmt_err_set(err, RMT_POLICY, NULL, "this is not a regular file and is not replaced");
	rmt_err_source(err, writer->path);
	return -1;
}

struct rmt_writer *
rmt_writer_new(const char *directory, const char *name, mode_t mode, struct rmt_err *err)
{
	struct rmt_writer *writer = calloc(1, sizeof *writer);

	if (writer == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	writer->directory = writer->fd = -1;
	writer->mode = mode;
	writer->name = rmt_strdup(name, err);
	writer->path = rmt_path_join(directory, name, err);
	writer->kept = malloc(PIECE);
	if (writer->kept == NULL)
		rmt_err_memory(err);
	if (writer->name == NULL || writer->path == NULL || writer->kept == NULL ||
	    rmt_directory_create(directory, err) != 0)
		goto failed;
	writer->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (writer->directory < 0) {
		rmt_err_errno(err, RMT_INPUT, directory, "open");
		goto failed;
	}
	if (check_place(writer, err) == 0 && create(writer, err) == 0)
		return writer;
failed:
	rmt_writer_free(writer);
	return NULL;
}

static int
put(const struct rmt_writer *writer, struct rmt_span bytes, off_t at, struct rmt_err *err)
{
	while (bytes.length > 0) {
		ssize_t done = at < 0 ? write(writer->fd, bytes.at, bytes.length)
				      : pwrite(writer->fd, bytes.at, bytes.length, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail(writer, "write", err);
		bytes.at += done;
		bytes.length -= (size_t)done;
		at += at < 0 ? 0 : done;
	}
	return 0;
}

/* Poly1305 under a key of its own: fast, and nobody who writes the file can meet it. */
static int
start_sum(struct rmt_writer *writer, struct rmt_err *err)
{
	return EVP_MAC_init(writer->sum, writer->key, sizeof writer->key, NULL) == 1
		   ? 0
		   : rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare a checksum");
}

static int
add_to_sum(struct rmt_writer *writer, struct rmt_span bytes, struct rmt_err *err)
{
	return EVP_MAC_update(writer->sum, bytes.at, bytes.length) == 1
		   ? 0
		   : rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot compute a checksum");
}

static int
end_sum(struct rmt_writer *writer, unsigned char out[SUM], struct rmt_err *err)
{
	size_t length;

	return EVP_MAC_final(writer->sum, out, &length, SUM) == 1
		   ? 0
		   : rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot compute a checksum");
}

static void
forget_sum(struct rmt_writer *writer)
{
	EVP_MAC_CTX_free(writer->sum);
	writer->sum = NULL;
}

static int
write_on(struct rmt_writer *writer, struct rmt_span bytes, struct rmt_err *err)
{
	if (writer->sum != NULL && add_to_sum(writer, bytes, err) != 0)
		return -1;
	return put(writer, bytes, -1, err);
}

static int
flush(struct rmt_writer *writer, struct rmt_err *err)
{
	int rc = write_on(writer, rmt_span_of(writer->kept, writer->count), err);

	writer->count = 0;
	return rc;
}

int
rmt_writer_append(struct rmt_writer *writer, struct rmt_span bytes, struct rmt_err *err)
{
	if (bytes.length > PIECE - writer->count && flush(writer, err) != 0)
		return -1;
	if (bytes.length > PIECE)
		return write_on(writer, bytes, err);
	if (bytes.length == 0) /* where there may be nothing to point at */
		return 0;
	memcpy(writer->kept + writer->count, bytes.at, bytes.length);
	writer->count += bytes.length;
	return 0;
}

int
rmt_writer_patch(struct rmt_writer *writer, size_t at, struct rmt_span bytes, struct rmt_err *err)
{
	return flush(writer, err) != 0 ? -1 : put(writer, bytes, (off_t)at, err);
}

static int
new_sum(struct rmt_writer *writer, struct rmt_err *err)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);

	writer->sum = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac);
	return writer->sum != NULL ? 0 : rmt_err_openssl(err, RMT_INTERNAL, NULL, "cannot prepare a checksum");
}

int
rmt_writer_begin(struct rmt_writer *writer, struct rmt_err *err)
{
	if ((writer->sum == NULL && new_sum(writer, err) != 0) ||
	    rmt_random(writer->key, sizeof writer->key, err) != 0 || start_sum(writer, err) != 0)
		return -1;
	writer->count = 0;
	if (ftruncate(writer->fd, 0) != 0 || lseek(writer->fd, 0, SEEK_SET) != 0)
		return fail(writer, "write", err);
	return 0;
}

static int
read_again(struct rmt_writer *writer, int (*take)(void *to, struct rmt_span piece, struct rmt_err *err),
    void *to, struct rmt_err *err)
{
	for (off_t at = 0;;) {
		ssize_t got = pread(writer->fd, writer->kept, PIECE, at);
		int rc;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(writer, "read back", err);
		if (got == 0)
			return 0;
		if (add_to_sum(writer, rmt_span_of(writer->kept, (size_t)got), err) != 0)
			return -1;
		rc = take(to, rmt_span_of(writer->kept, (size_t)got), err);
		if (rc != 0)
			return rc;
		at += got;
	}
}

int
rmt_writer_again(struct rmt_writer *writer, int (*take)(void *to, struct rmt_span piece, struct rmt_err *err),
    void *to, struct rmt_err *err)
{
	unsigned char written[SUM], found[SUM];
	int rc;

	if (writer->sum == NULL)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "a file read back that was not begun");
	if (flush(writer, err) != 0 || end_sum(writer, written, err) != 0 || start_sum(writer, err) != 0)
		return -1;
	rc = read_again(writer, take, to, err);
	if (rc == 0)
		rc = end_sum(writer, found, err);
	if (rc == 0 && CRYPTO_memcmp(written, found, SUM) != 0) {
		rc = rmt_err_set(err, RMT_INPUT, NULL, "what was written is not what is read back");
		rmt_err_source(err, writer->path);
	}
	forget_sum(writer);
	return rc;
}

int
rmt_writer_view(struct rmt_writer *writer, struct rmt_span *out, struct rmt_err *err)
{
	struct stat state;

	if (flush(writer, err) != 0)
		return -1;
	if (fstat(writer->fd, &state) != 0 || state.st_size <= 0)
		return fail(writer, "read back", err);
	writer->mapped = (size_t)state.st_size;
	writer->map = mmap(NULL, writer->mapped, PROT_READ, MAP_SHARED, writer->fd, 0);
	if (writer->map == MAP_FAILED) {
		writer->map = NULL;
		return fail(writer, "read back", err);
	}
	*out = rmt_span_of(writer->map, writer->mapped);
	return 0;
}

void
rmt_writer_seen(struct rmt_writer *writer)
{
	if (writer->map != NULL)
		(void)madvise(writer->map, writer->mapped, MADV_DONTNEED);
}

int
rmt_writer_ready(struct rmt_writer *writer, struct rmt_err *err)
{
	if (flush(writer, err) != 0 || check_place(writer, err) != 0)
		return -1;
	if (fchmod(writer->fd, writer->mode & 0777) != 0)
		return fail(writer, "set the mode", err);
	return fsync(writer->fd) == 0 ? 0 : fail(writer, "write to disk", err);
}

int
rmt_writer_place(struct rmt_writer *writer, struct rmt_err *err)
{
	if (renameat(writer->directory, writer->temporary, writer->directory, writer->name) != 0)
		return fail(writer, "name", err);
	writer->placed = true;
	/* EINVAL: a file system whose directories cannot be synced. */
	if (fsync(writer->directory) != 0 && errno != EINVAL)
		return fail(writer, "write to disk", err);
	return 0;
}

void
rmt_writer_withdraw(struct rmt_writer *writer)
{
	if (writer->placed && writer->fresh)
		(void)unlinkat(writer->directory, writer->name, 0);
}

void
rmt_writer_free(struct rmt_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->map != NULL)
		munmap(writer->map, writer->mapped);
	forget_sum(writer);
	if (writer->fd >= 0) {
		close(writer->fd);
		if (!writer->placed)
			(void)unlinkat(writer->directory, writer->temporary, 0);
	}
	if (writer->directory >= 0)
		close(writer->directory);
	free(writer->kept);
	free(writer->path);
	free(writer->name);
	free(writer);
}
