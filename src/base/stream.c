/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/stream.c - an input read in pieces: line by line, ahead, or all that is left. Lines end with
 * LF, CRLF or CR.
 *
 * Every byte is looked at a bounded number of times whatever the input: the place of the next LF is
 * remembered, so that a file of CR-only lines does not search for the same missing LF again and
 * again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/local.h"

enum { ROOM = 64 << 10 };

#define NOWHERE SIZE_MAX

struct rmt_stream {
	struct rmt_source source;
	char *name;
	unsigned char
	    *room; /* what was read ahead; NULL when the bytes are somebody else's memory */
	size_t room_size;
	size_t used; /* of it, so many bytes ever held something */
	const unsigned char *at; /* the bytes not consumed yet */
	size_t left;
	bool ended;     /* nothing comes after them */
	size_t scanned; /* of them, so many were searched for LF */
	size_t lf;      /* index of the first LF among those, or NOWHERE */
	uint64_t offset;
	size_t line_number;
	bool inside; /* the last piece did not end its line */
	struct rmt_buf *kept; /* a copy of all that comes, or NULL */
	size_t kept_cap;
};

static struct rmt_stream *
make(const char *name, struct rmt_err *err)
{
	struct rmt_stream *stream = calloc(1, sizeof *stream);

	if (stream == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	stream->lf = NOWHERE;
	stream->source.fd = -1;
	stream->name = rmt_strdup(name, err);
	if (stream->name == NULL) {
		free(stream);
		return NULL;
	}
	return stream;
}

struct rmt_stream *
rmt_stream_open(const char *path, struct rmt_err *err)
{
	struct rmt_stream *stream = make(path, err);

	if (stream == NULL)
		return NULL;
	stream->room = malloc(ROOM);
	if (stream->room == NULL)
		rmt_err_memory(err);
	if (stream->room == NULL ||
	    rmt_source_open(stream->name, RMT_INPUT, &stream->source, err) != 0) {
		rmt_stream_free(stream);
		return NULL;
	}
	stream->room_size = ROOM;
	stream->at = stream->room;
	return stream;
}

struct rmt_stream *
rmt_stream_mem(const char *name, struct rmt_span bytes, struct rmt_err *err)
{
	static const unsigned char nothing[1];
	struct rmt_stream *stream = make(name, err);

	if (stream == NULL)
		return NULL;
	stream->at = bytes.length > 0 ? bytes.at : nothing;
	stream->left = bytes.length;
	stream->ended = true;
	return stream;
}

void
rmt_stream_free(struct rmt_stream *stream)
{
	if (stream == NULL)
		return;
	rmt_source_close(&stream->source);
	rmt_wipe(stream->room, stream->used); /* it may have been a private key */
	free(stream->room);
	free(stream->name);
	free(stream);
}

static int
enlarge(struct rmt_stream *stream, struct rmt_err *err)
{
	unsigned char *room;

	if (stream->room_size > SIZE_MAX / 2)
		return rmt_err_memory(err);
	room = malloc(stream->room_size * 2);
	if (room == NULL)
		return rmt_err_memory(err);
	memcpy(room, stream->room, stream->left);
	rmt_wipe(stream->room, stream->used);
	free(stream->room);
	stream->room = room;
	stream->room_size *= 2;
	stream->at = room;
	return 0;
}

static int
keep(struct rmt_stream *stream, const void *bytes, size_t length, struct rmt_err *err)
{
	if (stream->kept == NULL)
		return 0;
	if (length > stream->kept_cap - stream->kept->length)
		return rmt_source_oversize(stream->name, stream->kept_cap, err);
	rmt_buf_append(stream->kept, bytes, length);
	return rmt_buf_check(stream->kept, err);
}

/* Read more behind what is left; sets `ended` when nothing more comes. */
static int
fill(struct rmt_stream *stream, struct rmt_err *err)
{
	ssize_t got;

	if (stream->at != stream->room) {
		memmove(stream->room, stream->at, stream->left);
		stream->at = stream->room;
	}
	if (stream->left == stream->room_size && enlarge(stream, err) != 0)
		return -1;
	got = rmt_source_read(
	    &stream->source, stream->room + stream->left, stream->room_size - stream->left, err);
	if (got < 0)
		return -1;
	if (got == 0)
		stream->ended = true;
	if (keep(stream, stream->room + stream->left, (size_t)got, err) != 0)
		return -1;
	stream->left += (size_t)got;
	if (stream->left > stream->used) /* it stands at the beginning of the room */
		stream->used = stream->left;
	return 0;
}

static void
consume(struct rmt_stream *stream, size_t count)
{
	stream->at += count;
	stream->left -= count;
	stream->offset += count;
	stream->scanned = stream->scanned > count ? stream->scanned - count : 0;
	if (stream->lf != NOWHERE)
		stream->lf = stream->lf >= count ? stream->lf - count : NOWHERE;
}

/* Index of the first LF among the first `window` bytes, or NOWHERE. */
static size_t
find_lf(struct rmt_stream *stream, size_t window)
{
	const unsigned char *found;

	if (stream->lf == NOWHERE && stream->scanned < window) {
		found = memchr(stream->at + stream->scanned, '\n', window - stream->scanned);
		stream->lf = found != NULL ? (size_t)(found - stream->at) : NOWHERE;
		stream->scanned = found != NULL ? stream->lf + 1 : window;
	}
	return stream->lf < window ? stream->lf : NOWHERE;
}

/* What the bytes at hand say about the next line: its length, and that of its end. */
enum verdict { LINE, PIECE, UNDECIDED };

static enum verdict
measure(struct rmt_stream *stream, size_t cap, size_t *length, size_t *end)
{
	size_t window = stream->left < cap + 1 ? stream->left : cap + 1;
	size_t lf = find_lf(stream, window);
	const unsigned char *cr = memchr(stream->at, '\r', lf != NOWHERE ? lf : window);

	*length = cr != NULL ? (size_t)(cr - stream->at) : lf;
	*end = 1;
	if (*length == NOWHERE && stream->left <= cap) {
		*length = stream->left;
		*end = 0;
		return stream->ended ? LINE : UNDECIDED;
	}
	if (*length > cap) {
		*length = cap;
		*end = 0;
		return PIECE;
	}
	if (cr == NULL)
		return LINE;
	/* CR alone or CRLF: the byte behind it decides. */
	if (*length + 1 == stream->left)
		return stream->ended ? LINE : UNDECIDED;
	if (cr[1] == '\n')
		*end = 2;
	return LINE;
}

int
rmt_stream_line(
    struct rmt_stream *stream, size_t cap, struct rmt_span *line, bool *whole, struct rmt_err *err)
{
	enum verdict verdict;
	size_t length, end;

	if (cap == 0)
		cap = 1;
	if (cap > SIZE_MAX / 4)
		cap = SIZE_MAX / 4;
	while ((verdict = measure(stream, cap, &length, &end)) == UNDECIDED)
		if (fill(stream, err) != 0)
			return -1;
	if (stream->left == 0)
		return 0;
	if (whole != NULL)
		*whole = verdict == LINE && !stream->inside;
	if (!stream->inside)
		stream->line_number++;
	stream->inside = verdict == PIECE;
	*line = rmt_span_of(stream->at, length);
	consume(stream, length + end);
	return 1;
}

int
rmt_stream_peek(struct rmt_stream *stream, size_t want, struct rmt_span *ahead, struct rmt_err *err)
{
	if (want > ROOM)
		want = ROOM;
	while (stream->left < want && !stream->ended)
		if (fill(stream, err) != 0)
			return -1;
	*ahead = rmt_span_of(stream->at, stream->left < want ? stream->left : want);
	return 0;
}

int
rmt_stream_rest(struct rmt_stream *stream, size_t cap, struct rmt_buf *out, struct rmt_err *err)
{
	size_t before = out->length;
	size_t held = stream->left;

	if (held > cap)
		return rmt_source_oversize(stream->name, cap, err);
	rmt_buf_append(out, stream->at, held);
	if (rmt_buf_check(out, err) != 0)
		return -1;
	if (!stream->ended && rmt_source_rest(&stream->source, cap - held, out, err) != 0) {
		out->length = before;
		return -1;
	}
	consume(stream, held);
	stream->offset += out->length - before - held;
	stream->ended = true;
	return keep(stream, out->bytes + before + held, out->length - before - held, err);
}

bool
rmt_stream_endless(const struct rmt_stream *stream)
{
	return stream->room != NULL && !stream->source.measured;
}

void
rmt_stream_keep(struct rmt_stream *stream, struct rmt_buf *kept, size_t cap)
{
	stream->kept = kept;
	stream->kept_cap = cap;
}

uint64_t
rmt_stream_offset(const struct rmt_stream *stream)
{
	return stream->offset;
}

size_t
rmt_stream_line_number(const struct rmt_stream *stream)
{
	return stream->line_number;
}
