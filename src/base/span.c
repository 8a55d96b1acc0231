/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/span.c - borrowed views into memory: making and comparing them. A span owns nothing and is
 * never freed.
 */
#include "config.h"

#include <string.h>

#include "base/base.h"

struct rmt_span
rmt_span_of(const void *bytes, size_t length)
{
	return (struct rmt_span){ bytes, length };
}

struct rmt_span
rmt_span_text(const char *text)
{
	if (text == NULL)
		return (struct rmt_span){ NULL, 0 };
	return rmt_span_of(text, strlen(text));
}

struct rmt_span
rmt_span_unmarked(struct rmt_span text)
{
	if (text.length < 3 || memcmp(text.at, "\357\273\277", 3) != 0)
		return text;
	return rmt_span_of(text.at + 3, text.length - 3);
}

bool
rmt_span_equal(struct rmt_span a, struct rmt_span b)
{
	/* memcmp must not see NULL, not even with a length of 0. */
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

int
rmt_span_compare(struct rmt_span a, struct rmt_span b)
{
	size_t common = a.length < b.length ? a.length : b.length;
	int order = common == 0 ? 0 : memcmp(a.at, b.at, common);

	if (order != 0)
		return order;
	return (a.length > b.length) - (a.length < b.length);
}
