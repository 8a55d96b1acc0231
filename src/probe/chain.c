/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/chain.c - the body of a Certificate message into the certificates it holds, in the order in
 * which they were sent.
 *
 * Nothing is repaired: what is missing stays missing, what is sent twice is there twice. A member
 * that even the tolerant reader refuses is set apart with its place, and the others are kept.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/local.h"

/* The vector behind `width` bytes of length at *rest, which moves behind it; false when it does not
 * fit. */
static bool
next_vector(struct rmt_span *rest, size_t width, struct rmt_span *out)
{
	size_t length = 0;

	if (rest->length < width)
		return false;
	for (size_t i = 0; i < width; i++)
		length = length << 8 | rest->at[i];
	if (rest->length - width < length)
		return false;
	*out = rmt_span_of(rest->at + width, length);
	*rest = rmt_span_of(rest->at + width + length, rest->length - width - length);
	return true;
}

/* How many members `list` holds, up to the bound. */
static size_t
count_members(struct rmt_span list, bool tls13)
{
	struct rmt_span ignored;
	size_t count = 0;

	while (count < RMT_PROBE_MEMBERS_MOST && list.length > 0 &&
	       next_vector(&list, 3, &ignored) && (!tls13 || next_vector(&list, 2, &ignored)))
		count++;
	return count;
}

static int
add_broken(
    struct rmt_probe_wire *wire, const struct rmt_err *why, size_t number, struct rmt_err *err)
{
	size_t count = wire->broken_count;
	struct rmt_err *more = wire->broken;

	if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, ...: it is full */
		more = realloc(more, (count > 0 ? 2 * count : 1) * sizeof(*more));
		if (more == NULL)
			return rmt_err_memory(err);
		wire->broken = more;
	}
	more[count] = *why;
	snprintf(more[count].place, sizeof(more->place), "certificate %zu", number);
	wire->broken_count++;
	return 0;
}

static int
add(struct rmt_probe_wire *wire, struct rmt_span der, size_t number, struct rmt_err *err)
{
	struct rmt_err why = { 0 };
	struct rmt_cert *cert = rmt_cert_new(der, RMT_TOLERANT, &why);

	if (cert != NULL)
		wire->sent[wire->sent_count++] = cert;
	else if (why.class == RMT_INTERNAL)
		return rmt_err_memory(err);
	else
		return add_broken(wire, &why, number, err);
	return 0;
}

/* RFC 5246, 7.4.2: a list of certificates. RFC 8446, 4.4.2: a context before it, extensions behind
 * each. A message that is no such list is left to OpenSSL, which ends the handshake over it. */
int
rmt_probe_wire_chain(struct rmt_probe_wire *wire, struct rmt_err *err)
{
	struct rmt_span rest = rmt_buf_view(&wire->list), list, member, ignored;
	bool tls13 = wire->ssl != NULL && SSL_version(wire->ssl) == TLS1_3_VERSION;
	size_t count;

	if (wire->list.failed)
		return rmt_err_memory(err);
	if (wire->chain_read || (tls13 && !next_vector(&rest, 1, &ignored)) ||
	    !next_vector(&rest, 3, &list))
		return 0;
	wire->chain_read = true;
	count = count_members(list, tls13);
	wire->sent = calloc(count + 1, sizeof(*wire->sent));
	if (wire->sent == NULL)
		return rmt_err_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (!next_vector(&list, 3, &member) || (tls13 && !next_vector(&list, 2, &ignored)))
			break;
		if (add(wire, member, i + 1, err) < 0)
			return -1;
	}
	return 0;
}
