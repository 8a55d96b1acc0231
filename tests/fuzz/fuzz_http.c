/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what a client sends to the responder: a request of HTTP, and the OCSP request in the path of a GET.
 *
 * Besides surviving: every view lies in the input, a refusal has a status that can be written and ends the connection, and where a
 * request ends is no matter of how it came: a part of it is never a whole one, what is refused in part is refused whole, and what comes
 * behind it changes nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/local.h"
#include "verb/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { BODY_MOST = 2000, CUTS = 16 };

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static void
within(struct rmt_span inner, struct rmt_span outer)
{
	MUST(!inner.length || (inner.at >= outer.at && inner.at + inner.length <= outer.at + outer.length));
}

/* The same bytes as they come: up to here they say as much as the whole, or less, and never another thing. */
static void
read_part(struct rmt_span part, int rc, const struct rmt_http_message *whole)
{
	struct rmt_http_message message;
	int said = rmt_http_read(part, BODY_MOST, &message);

	if (said < 0) {
		MUST(rc < 0 && message.refusal == whole->refusal);
	} else if (said > 0) {
		MUST(rc > 0 && message.length == whole->length && message.keep == whole->keep);
		MUST(rmt_span_equal(message.request.body, whole->request.body));
	} else {
		MUST(rc <= 0 || part.length < whole->length);
	}
}

static void
find_request(struct rmt_span target)
{
	struct rmt_buf der = { 0 };

	rmt_responder_find_request(target, &der);
	MUST(!der.length || (der.bytes[0] == RMT_DER_SEQUENCE && rmt_der_extent(rmt_buf_view(&der)) == der.length));
	MUST(der.length <= target.length);
	rmt_buf_free(&der);
}

/* One request behind the other on one connection. 1 and *rest goes on behind it. */
static int
read_one(struct rmt_span *rest)
{
	struct rmt_http_message message;
	int rc = rmt_http_read(*rest, BODY_MOST, &message);

	for (size_t i = 1; i <= CUTS; i++)
		read_part(rmt_span_of(rest->at, rest->length * i / CUTS), rc, &message);
	if (rc < 0)
		MUST(*rmt_http_reason(message.refusal) && message.refusal >= 400 && !message.keep);
	if (rc <= 0)
		return 0;
	MUST(message.length > 0 && message.length <= rest->length && message.request.target.length > 0);
	within(message.request.target, *rest);
	within(message.request.body, *rest);
	MUST(message.request.body.length <= BODY_MOST);
	for (size_t i = 0; i < message.request.target.length; i++)
		MUST(message.request.target.at[i] > ' ' && message.request.target.at[i] != 0x7f);
	find_request(message.request.target);
	*rest = rmt_span_of(rest->at + message.length, rest->length - message.length);
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_span rest = rmt_span_of(bytes, length);

	for (int i = 0; i < 8 && rest.length && read_one(&rest); i++)
		;
	return 0;
}
