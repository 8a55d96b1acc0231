/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_inputs.c - the inputs of a verb one by one: files as they are, endpoints taken apart, lists of inputs replaced by
 * what stands in them.
 *
 * Nothing is opened here but the lists, and nothing goes on the wire.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { LINE_MOST = 1024, INPUTS_MOST = 100000, NONSENSE_MOST = 1000 };

static struct rmt_wire_input *input_add(struct rmt_wire *wire, const char *text, struct rmt_err *err)
{
	if (wire->count == wire->capacity) {
		size_t capacity = wire->capacity ? 2 * wire->capacity : 8;
		struct rmt_wire_input *grown = realloc(wire->inputs, capacity * sizeof *grown);

		if (!grown) {
			rmt_err_memory(err);
			return NULL;
		}
		wire->inputs = grown;
		wire->capacity = capacity;
	}
	wire->inputs[wire->count] = (struct rmt_wire_input){.text = rmt_arena_text(&wire->arena, text)};
	if (wire->arena.failed) {
		rmt_err_memory(err);
		return NULL;
	}
	return &wire->inputs[wire->count++];
}

/* "mx.example.com:443", and with its scheme where something is said before TLS: so it is found again in a plan. */
static const char *endpoint_name(struct rmt_arena *arena, const struct rmt_endpoint *endpoint)
{
	bool address = strchr(endpoint->host, ':') != NULL;

	if (endpoint->dialect->steps)
		rmt_buf_format(&arena->scratch, "%s://", endpoint->dialect->scheme);
	rmt_buf_format(&arena->scratch, address ? "[%s]:%u" : "%s:%u", endpoint->host, (unsigned)endpoint->port);
	return rmt_arena_scratch(arena);
}

static int endpoint_add(struct rmt_wire *wire, struct rmt_wire_input *input, const struct rmt_endpoint *endpoint,
                        struct rmt_err *err)
{
	if (wire->endpoint_count == wire->endpoint_capacity) {
		size_t capacity = wire->endpoint_capacity ? 2 * wire->endpoint_capacity : 8;
		struct rmt_endpoint *grown = realloc(wire->endpoints, capacity * sizeof *grown);

		if (!grown)
			return rmt_err_memory(err);
		wire->endpoints = grown;
		wire->endpoint_capacity = capacity;
	}
	input->name = endpoint_name(&wire->arena, endpoint);
	if (wire->arena.failed) /* the endpoint stays the caller's */
		return rmt_err_memory(err);
	input->endpoint = wire->endpoint_count;
	wire->endpoints[wire->endpoint_count++] = *endpoint;
	return 0;
}

/* `listed`: what is neither there nor an endpoint is told now, as long as its line is known; else whoever opens it does. */
static int add(struct rmt_wire *wire, const char *text, bool listed, struct rmt_err *err)
{
	struct rmt_endpoint endpoint = {0};
	struct rmt_wire_input *input;
	bool file = strcmp(text, "-") == 0 || strncmp(text, "serial:", 7) == 0 || rmt_path_exists(text);
	int found = file ? 0 : rmt_endpoint_parse(text, &endpoint, err);

	if (found < 0)
		return -1;
	if (!file && !found && listed)
		return rmt_err_set(err, RMT_INPUT, NULL, "\"%.200s\" is no file that is there, and no endpoint: give HOST:PORT", text);
	input = input_add(wire, text, err);
	if (!input || (found && endpoint_add(wire, input, &endpoint, err))) {
		if (found)
			rmt_endpoint_clear(&endpoint);
		return -1;
	}
	return 0;
}

/* ---- lists --------------------------------------------------------------------------------------------------------------- */

/* The input in a line, without the comment and the space around it; empty when there is none. */
static struct rmt_span stripped(struct rmt_span line)
{
	static const unsigned char mark[] = {0xef, 0xbb, 0xbf}; /* of UTF-8, at the beginning of files from Windows */
	size_t begin = line.length >= 3 && memcmp(line.at, mark, sizeof mark) == 0 ? 3 : 0, end = begin;

	while (begin < line.length && (line.at[begin] == ' ' || line.at[begin] == '\t'))
		begin++;
	for (end = begin; end < line.length; end++)
		if (line.at[end] == '#' && (end == begin || line.at[end - 1] == ' ' || line.at[end - 1] == '\t'))
			break;
	while (end > begin && (line.at[end - 1] == ' ' || line.at[end - 1] == '\t'))
		end--;
	return rmt_span_of(line.at + begin, end - begin);
}

static int add_line(struct rmt_wire *wire, struct rmt_span text, bool whole, struct rmt_err *err)
{
	char *copy;
	int rc;

	if (!whole)
		return rmt_err_set(err, RMT_INPUT, NULL, "the line is longer than %d bytes", LINE_MOST);
	if (memchr(text.at, 0, text.length))
		return rmt_err_set(err, RMT_INPUT, NULL, "there is a NUL in the line: this is no list of inputs");
	if (text.length == 1 && *text.at == '-')
		return rmt_err_set(err, RMT_INPUT, NULL, "a list cannot name standard input");
	if (wire->count >= INPUTS_MOST)
		return rmt_err_set(err, RMT_INPUT, NULL, "there are more than %d inputs", INPUTS_MOST);
	copy = rmt_strndup((const char *)text.at, text.length, err);
	rc = copy ? add(wire, copy, true, err) : -1;
	free(copy);
	if (rc && err->class == RMT_USAGE) /* what stands in a file is an input */
		err->class = RMT_INPUT;
	return rc;
}

/* A bad line is one fault, however long it is, and the others go on; after NUL bytes, too many inputs or a thousand bad lines without a
 * good one nothing does. */
static int add_lines(struct rmt_wire *wire, struct rmt_stream *stream, const char *path, struct rmt_err *err)
{
	size_t told = 0, number, before = wire->count, bad = 0;
	struct rmt_span line;
	bool whole;
	int more;

	while ((more = rmt_stream_line(stream, LINE_MOST, &line, &whole, err)) > 0) {
		struct rmt_span text = stripped(line);
		struct rmt_err fault = {0};
		int rc;

		if (rmt_stream_offset(stream) > RMT_CAP_CONTAINER)
			return rmt_err_set(err, RMT_INPUT, NULL, "this list is larger than %d MiB", RMT_CAP_CONTAINER >> 20);
		number = rmt_stream_line_number(stream);
		if (!text.length || number == told || add_line(wire, text, whole, &fault) == 0)
			continue;
		told = number;
		if (fault.class == RMT_INTERNAL) {
			*err = fault;
			return -1;
		}
		snprintf(fault.source, sizeof fault.source, "%s", path);
		snprintf(fault.place, sizeof fault.place, "line %zu", number);
		if ((rc = rmt_verb_fault(wire->ctx, &fault)) != 0)
			return rc;
		if (wire->count >= INPUTS_MOST || memchr(text.at, 0, text.length) ||
		    (++bad == NONSENSE_MOST && wire->count == before))
			return 0;
	}
	return more;
}

static int add_list(struct rmt_wire *wire, const char *path, struct rmt_err *err)
{
	struct rmt_stream *stream = rmt_stream_open(path, err);
	int rc = stream ? add_lines(wire, stream, path, err) : -1;

	rmt_stream_free(stream);
	rmt_err_source(err, path);
	return rc;
}

int rmt_wire_inputs(struct remint *ctx, const struct remint_wire *options, struct remint_strings inputs,
                    struct rmt_wire *out, struct rmt_err *err)
{
	int rc = 0;

	*out = (struct rmt_wire){.ctx = ctx};
	for (size_t i = 0; rc == 0 && i < inputs.count; i++)
		rc = add(out, inputs.items[i], false, err);
	for (size_t i = 0; rc == 0 && i < options->lists.count; i++)
		rc = add_list(out, options->lists.items[i], err);
	return rc;
}
