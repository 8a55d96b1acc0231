/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/buf.c - bytes that grow. A failed allocation is remembered, so that a run of appends is
 * checked once at its end. A secret buffer never leaves a copy behind: it grows by copy and wipe
 * instead of realloc.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base.h"

enum { FIRST_CAPACITY = 64, LARGE_PAGE = 2 << 20 };

/* In many megabytes that are about to be filled the fault that each small page costs is dearer than filling it. A hint: where the
 * system has no large pages, nothing changes. */
static void
prefer_large_pages(unsigned char *bytes, size_t capacity)
{
#ifdef MADV_HUGEPAGE
	size_t before = (LARGE_PAGE - (uintptr_t)bytes % LARGE_PAGE) % LARGE_PAGE;

	if (capacity >= 2 * LARGE_PAGE)
		(void)madvise(bytes + before, (capacity - before) / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#else
	(void)bytes;
	(void)capacity;
#endif
}

static bool
resize(struct rmt_buf *buf, size_t capacity)
{
	unsigned char *bytes;

	if (!buf->secret) {
		bytes = realloc(buf->bytes, capacity);
		if (bytes == NULL)
			return false;
	} else {
		bytes = malloc(capacity);
		if (bytes == NULL)
			return false;
		if (buf->bytes != NULL) {
			memcpy(bytes, buf->bytes, buf->length);
			rmt_wipe(buf->bytes, buf->capacity);
			free(buf->bytes);
		}
	}
	buf->bytes = bytes;
	buf->capacity = capacity;
	return true;
}

static bool
enlarge(struct rmt_buf *buf, size_t more)
{
	size_t needed, capacity;

	if (more > SIZE_MAX / 4 || buf->length > SIZE_MAX / 4) {
		buf->failed = true;
		return false;
	}
	needed = buf->length + more + 1;
	capacity = buf->capacity * 2 > FIRST_CAPACITY ? buf->capacity * 2 : FIRST_CAPACITY;
	if (capacity < needed)
		capacity = needed;
	if (!resize(buf, capacity)) {
		buf->failed = true;
		rmt_err_memory_note();
	}
	return !buf->failed;
}

/* Room for `more` bytes and the NUL behind them. */
static inline bool
grow(struct rmt_buf *buf, size_t more)
{
	return !buf->failed && (more < buf->capacity - buf->length || enlarge(buf, more));
}

void
rmt_buf_secret(struct rmt_buf *buf)
{
	buf->secret = true;
}

void
rmt_buf_append(struct rmt_buf *buf, const void *bytes, size_t length)
{
	if (length == 0 || !grow(buf, length))
		return;
	memcpy(buf->bytes + buf->length, bytes, length);
	buf->length += length;
	buf->bytes[buf->length] = '\0';
}

void
rmt_buf_span(struct rmt_buf *buf, struct rmt_span span)
{
	rmt_buf_append(buf, span.at, span.length);
}

void
rmt_buf_text(struct rmt_buf *buf, const char *text)
{
	rmt_buf_append(buf, text, strlen(text));
}

void
rmt_buf_byte(struct rmt_buf *buf, unsigned char byte)
{
	if (!grow(buf, 1))
		return;
	buf->bytes[buf->length++] = byte;
	buf->bytes[buf->length] = '\0';
}

void
rmt_buf_format(struct rmt_buf *buf, const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(NULL, 0, format, values);
	va_end(values);
	if (length < 0)
		buf->failed = true;
	if (length <= 0 || !grow(buf, (size_t)length))
		return;
	va_start(values, format);
	vsnprintf((char *)buf->bytes + buf->length, (size_t)length + 1, format, values);
	va_end(values);
	buf->length += (size_t)length;
}

void
rmt_buf_reserve(struct rmt_buf *buf, size_t more)
{
	size_t before = buf->capacity;

	if (!grow(buf, more))
		return;
	buf->bytes[buf->length] = '\0';
	if (buf->capacity != before)
		prefer_large_pages(buf->bytes, buf->capacity);
}

void
rmt_buf_clear(struct rmt_buf *buf)
{
	if (buf->secret && buf->bytes != NULL)
		rmt_wipe(buf->bytes, buf->capacity);
	if (buf->bytes != NULL)
		buf->bytes[0] = '\0';
	buf->length = 0;
	buf->failed = false;
}

void
rmt_buf_free(struct rmt_buf *buf)
{
	if (buf == NULL)
		return;
	if (buf->secret && buf->bytes != NULL)
		rmt_wipe(buf->bytes, buf->capacity);
	free(buf->bytes);
	memset(buf, 0, sizeof *buf);
}

struct rmt_span
rmt_buf_view(const struct rmt_buf *buf)
{
	return rmt_span_of(buf->bytes, buf->length);
}

const char *
rmt_buf_string(const struct rmt_buf *buf)
{
	return buf->bytes != NULL ? (const char *)buf->bytes : "";
}

char *
rmt_buf_take(struct rmt_buf *buf)
{
	char *bytes;

	rmt_buf_reserve(buf, 0); /* an empty buffer gives "" and not NULL */
	if (buf->failed) {
		rmt_buf_free(buf);
		return NULL;
	}
	bytes = (char *)buf->bytes;
	memset(buf, 0, sizeof *buf);
	return bytes;
}

int
rmt_buf_check(const struct rmt_buf *buf, struct rmt_err *err)
{
	return buf->failed ? rmt_err_memory(err) : 0;
}
