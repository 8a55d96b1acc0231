/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/local.h - what the files of this room share and nobody else sees: an opened input of any
 * kind.
 */
#ifndef RMT_BASE_LOCAL_H
#define RMT_BASE_LOCAL_H

#include "base/base.h"

/* A file, pipe, terminal or standard input, opened for reading and known to have an end. */
struct rmt_source {
	const char *path;     /* borrowed; the name in errors */
	enum rmt_class class; /* the class of its errors: RMT_INPUT, or RMT_SECRET for a passphrase
			       */
	int fd;
	bool owned; /* to be closed by rmt_source_close() */
	bool unmet; /* a named pipe that may not have met a writer yet */
	bool regular;
	mode_t mode;
	bool measured; /* a regular file that says its size (one of /proc does not) */
	uint64_t left; /* of such a file: bytes from here to where it ended when it was opened */
};

int rmt_source_open(
    const char *path, enum rmt_class class, struct rmt_source *source, struct rmt_err *err);
/* A descriptor that somebody else opened and will close. */
int rmt_source_open_fd(
    int fd, const char *name, enum rmt_class class, struct rmt_source *source, struct rmt_err *err);
/* Bytes read, 0 at the end, -1 on error. Waits for input whether the descriptor blocks or not. */
ssize_t rmt_source_read(struct rmt_source *source, void *bytes, size_t room, struct rmt_err *err);
/* All that is left, appended to `out`, which is as before on failure. More than `cap` bytes are
 * refused. */
int
rmt_source_rest(struct rmt_source *source, size_t cap, struct rmt_buf *out, struct rmt_err *err);
int rmt_source_oversize(
    const char *path, size_t cap, struct rmt_err *err); /* the sentence for "larger than cap" */
void rmt_source_close(struct rmt_source *source);

#endif
