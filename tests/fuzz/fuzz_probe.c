/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe reads before and inside TLS: the text of an endpoint, the replies of every dialect
 * in pieces of any size, and the body of a Certificate message.
 *
 * The first line of an input says which: "endpoint", "chain", or the scheme of a dialect; the rest
 * is what is read. What is refused is refused with a sentence that is text, and no dialogue goes on
 * for ever.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void
must(bool promise)
{
	if (!promise)
		abort();
}

static void
refused(const struct rmt_err *err, enum rmt_class class)
{
	must(err->class == class && *err->message != '\0');
}

static void
as_endpoint(struct rmt_span input)
{
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };
	char *text = rmt_strndup((const char *)input.at, input.length, &err);
	int rc = text != NULL ? rmt_endpoint_parse(text, &endpoint, &err) : 0;

	if (rc < 0)
		refused(&err, RMT_USAGE);
	if (rc == 0)
		must(err.class == RMT_NONE);
	if (rc == 1) {
		must(endpoint.port != 0 && *endpoint.host != '\0' && endpoint.dialect != NULL);
		must(strcmp(endpoint.text, text) == 0);
		for (const char *at = endpoint.host; *at != '\0'; at++)
			must(*at > ' ' && *at < 0x7f);
		rmt_endpoint_clear(&endpoint);
	}
	free(text);
}

static void
as_chain(struct rmt_span input)
{
	struct rmt_probe_wire wire = { .fd = -1, .alert = -1 };
	struct rmt_err err = { 0 };

	rmt_buf_append(&wire.list, input.at, input.length);
	must(rmt_probe_wire_chain(&wire, &err) == 0);
	must(wire.sent_count + wire.broken_count <= RMT_PROBE_MEMBERS_MOST);
	for (size_t i = 0; i < wire.sent_count; i++)
		must(wire.sent[i]->der.length > 0);
	for (size_t i = 0; i < wire.broken_count; i++)
		must(strncmp(wire.broken[i].place, "certificate ", 12) == 0 &&
		     *wire.broken[i].message != '\0');
	rmt_probe_wire_close(&wire);
}

static void
as_dialogue(const struct rmt_dialect *dialect, struct rmt_span input)
{
	struct rmt_probe_dialogue dialogue;
	struct rmt_err err = { 0 };
	size_t piece = input.length % 7 + 1, at = 0;
	int rc;

	rmt_probe_dialogue_open(&dialogue, dialect->steps, "host.example");
	rc = rmt_probe_dialogue_hear(&dialogue, NULL, 0, &err);
	while (rc == 0 && at < input.length) {
		size_t size = piece < input.length - at ? piece : input.length - at;

		rc = rmt_probe_dialogue_hear(&dialogue, input.at + at, size, &err);
		at += size;
	}
	if (rc < 0) {
		refused(&err, RMT_NETWORK);
		must(rmt_utf8_valid(rmt_span_text(err.message)));
	}
	if (rc == 1)
		must(dialogue.at == dialogue.in.length && dialogue.out.length > 0);
	if (rc == 0)
		must(dialogue.heard <= 64 << 10);
	rmt_probe_dialogue_close(&dialogue);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = length > 0 ? memchr(bytes, '\n', length) : NULL;
	struct rmt_span rest;
	size_t count, word;
	const struct rmt_dialect *dialects = rmt_dialects(&count);

	if (end == NULL)
		return 0;
	word = (size_t)(end - bytes);
	rest = rmt_span_of(end + 1, length - word - 1);
	if (word == 8 && memcmp(bytes, "endpoint", 8) == 0)
		as_endpoint(rest);
	if (word == 5 && memcmp(bytes, "chain", 5) == 0)
		as_chain(rest);
	for (size_t i = 0; i < count; i++)
		if (dialects[i].steps != NULL && strlen(dialects[i].scheme) == word &&
		    memcmp(dialects[i].scheme, bytes, word) == 0)
			as_dialogue(&dialects[i], rest);
	return 0;
}
