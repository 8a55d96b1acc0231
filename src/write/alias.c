/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/alias.c - the names under which a trust store lists its certificates.
 *
 * Each has its own label, so that people find it, or the name that was stated. A reader keeps one entry of a name, whatever its
 * case: where several would have one name, each gets a piece of its SHA-1, which is the same in every store.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "write/local.h"

static int
by_name(const void *a, const void *b)
{
	const struct rmt_buf *left = *(const struct rmt_buf *const *)a, *right = *(const struct rmt_buf *const *)b;

	return strcasecmp(rmt_buf_string(left), rmt_buf_string(right));
}

static int
put_label(const struct rmt_cert *cert, const char *stated, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_bundle alone = { .leaf = cert };

	return rmt_parts_label(&alone, stated, out, err);
}

static int
put_hash(const struct rmt_cert *cert, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char hash[20];

	if (rmt_sha1(cert->der, hash, err))
		return -1;
	rmt_buf_byte(out, '-');
	rmt_hex(rmt_span_of(hash, 4), 0, out);
	return rmt_buf_check(out, err);
}

/* Neighbours in the sorted list that have one name. */
static int
part_twins(const struct rmt_parts *parts, struct rmt_buf *names, struct rmt_buf **sorted, struct rmt_err *err)
{
	int rc = 0;

	for (size_t i = 0, next; !rc && i < parts->count; i = next) {
		for (next = i + 1; next < parts->count && !by_name(&sorted[i], &sorted[next]); next++)
			;
		for (size_t k = i; !rc && next - i > 1 && k < next; k++)
			rc = put_hash(parts->list[sorted[k] - names].cert, sorted[k], err);
	}
	return rc;
}

struct rmt_buf *
rmt_aliases(const struct rmt_parts *parts, const char *stated, struct rmt_err *err)
{
	struct rmt_buf *names = calloc(parts->count, sizeof(*names));
	struct rmt_buf **sorted = calloc(parts->count, sizeof(*sorted));
	int rc = names && sorted ? 0 : rmt_err_memory(err);

	for (size_t i = 0; !rc && i < parts->count; i++) {
		sorted[i] = &names[i];
		rc = put_label(parts->list[i].cert, stated, &names[i], err);
	}
	if (!rc) {
		qsort(sorted, parts->count, sizeof(*sorted), by_name);
		rc = part_twins(parts, names, sorted, err);
	}
	free(sorted);
	if (!rc)
		return names;
	rmt_aliases_free(names, parts->count);
	return NULL;
}

void
rmt_aliases_free(struct rmt_buf *aliases, size_t count)
{
	for (size_t i = 0; aliases && i < count; i++)
		rmt_buf_free(&aliases[i]);
	free(aliases);
}
