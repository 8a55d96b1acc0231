/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - the endpoints among the inputs of a verb: all probed together, and what each address sent kept as objects
 * like those of a file.
 *
 * What was sent stays as it was sent: nothing is put in order, left out or fetched. One endpoint that fails is a fault
 * and the others go on. Whether what was sent is good is the audit's question.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct probing {
	struct rmt_wire *wire;
	struct rmt_probe_jobs jobs;
	struct rmt_err *unresolved; /* by endpoint; class RMT_NONE: it has addresses */
	size_t *node_of;            /* by job */
	size_t done;
	struct rmt_err *err;
};

/* ---- nodes -------------------------------------------------------------------------------------------------------------- */

static int note_unresolved(void *arg, size_t endpoint, const struct rmt_err *err)
{
	struct probing *probing = arg;

	probing->unresolved[endpoint] = *err;
	return 0;
}

/* One node for each job, in the order of the endpoints; one for an endpoint without any. */
static int nodes_make(struct probing *probing)
{
	struct rmt_wire *wire = probing->wire;
	size_t *counts = calloc(wire->endpoint_count, sizeof *counts), at = 0;

	probing->node_of = calloc(probing->jobs.count + 1, sizeof *probing->node_of);
	wire->nodes = calloc(probing->jobs.count + wire->endpoint_count, sizeof *wire->nodes);
	if (!counts || !probing->node_of || !wire->nodes) {
		free(counts);
		return rmt_err_memory(probing->err);
	}
	for (size_t i = 0; i < probing->jobs.count; i++)
		counts[probing->jobs.items[i].endpoint]++;
	for (size_t i = 0; i < wire->count; i++) {
		struct rmt_wire_input *input = &wire->inputs[i];

		if (!input->name)
			continue;
		input->first = at;
		input->count = counts[input->endpoint] ? counts[input->endpoint] : 1;
		at += input->count;
		counts[input->endpoint] = input->first; /* from here on the next free node */
		wire->nodes[input->first].endpoint = input->endpoint;
		wire->nodes[input->first].seen.err = probing->unresolved[input->endpoint];
		wire->nodes[input->first].seen.alert = -1;
	}
	wire->node_count = at;
	for (size_t i = 0; i < probing->jobs.count; i++) {
		const struct rmt_probe_job *job = &probing->jobs.items[i];
		struct rmt_wire_node *node = &wire->nodes[counts[job->endpoint]];

		probing->node_of[i] = counts[job->endpoint]++;
		*node = (struct rmt_wire_node){.endpoint = job->endpoint, .seen = {.alert = -1}};
		memcpy(node->address, job->text, sizeof node->address);
	}
	free(counts);
	return 0;
}

static int keep_chain(struct rmt_wire_node *node, const struct rmt_probe_seen *seen, struct rmt_err *err)
{
	node->sent = calloc(seen->sent_count + 1, sizeof(struct rmt_cert *));
	node->broken = calloc(seen->broken_count + 1, sizeof *node->broken);
	if (!node->sent || !node->broken)
		return rmt_err_memory(err);
	for (; node->sent_count < seen->sent_count; node->sent_count++)
		if (!(node->sent[node->sent_count] = rmt_cert_dup(seen->sent[node->sent_count], err)))
			return -1;
	for (; node->broken_count < seen->broken_count; node->broken_count++)
		node->broken[node->broken_count] = seen->broken[node->broken_count];
	node->seen.sent = (const struct rmt_cert *const *)node->sent;
	node->seen.broken = node->broken;
	return 0;
}

static const char *text_or_null(struct rmt_arena *arena, const char *text)
{
	return text ? rmt_arena_text(arena, text) : NULL;
}

static int keep_seen(void *arg, const struct rmt_probe_seen *seen)
{
	struct probing *probing = arg;
	struct rmt_wire *wire = probing->wire;
	struct rmt_wire_node *node = &wire->nodes[probing->node_of[seen->job - probing->jobs.items]];

	node->seen = *seen;
	node->seen.job = NULL;
	node->seen.protocol = text_or_null(&wire->arena, seen->protocol);
	node->seen.cipher = text_or_null(&wire->arena, seen->cipher);
	node->seen.signature = text_or_null(&wire->arena, seen->signature);
	rmt_verb_progress(wire->ctx, ++probing->done, probing->jobs.count);
	if (wire->arena.failed)
		return rmt_err_memory(probing->err);
	return keep_chain(node, seen, probing->err);
}

/* ---- addresses that send the same, and those that differ ---------------------------------------------------------------------- */

static bool same_chain(const struct rmt_wire_node *a, const struct rmt_wire_node *b)
{
	if (a->sent_count != b->sent_count || a->broken_count || b->broken_count)
		return false;
	for (size_t i = 0; i < a->sent_count; i++)
		if (!rmt_span_equal(a->sent[i]->der, b->sent[i]->der))
			return false;
	return true;
}

static bool sent_before(const struct rmt_wire_node *nodes, size_t count, const struct rmt_wire_node *node)
{
	for (size_t i = 0; i < count; i++)
		if (nodes[i].sent_count && !nodes[i].same && same_chain(&nodes[i], node))
			return true;
	return false;
}

/* An error names its input; what has no certificate to show has a reason. */
static void settle(struct rmt_wire_node *node, const char *source)
{
	struct rmt_err *err = &node->seen.err;

	node->source = source;
	if (err->class == RMT_NONE && !node->sent_count && !node->broken_count)
		rmt_err_set(err, RMT_NETWORK, NULL, "the handshake ended without a certificate");
	if (err->class != RMT_NONE && !*err->place)
		snprintf(err->place, sizeof err->place, "%s", rmt_probe_stage_name(node->seen.stage));
	if (err->class != RMT_NONE)
		snprintf(err->source, sizeof err->source, "%s", source);
	for (size_t i = 0; i < node->broken_count; i++)
		snprintf(node->broken[i].source, sizeof node->broken[i].source, "%s", source);
}

static int name_nodes(struct rmt_wire *wire, const struct rmt_wire_input *input, struct rmt_err *err)
{
	struct rmt_wire_node *nodes = &wire->nodes[input->first];
	size_t different = 0;

	for (size_t i = 0; i < input->count; i++) {
		nodes[i].name = input->name;
		nodes[i].same = nodes[i].sent_count && sent_before(nodes, i, &nodes[i]);
		different += !nodes[i].same;
	}
	for (size_t i = 0; i < input->count; i++) {
		if (different < 2) {
			settle(&nodes[i], input->name);
			continue;
		}
		rmt_buf_format(&wire->arena.scratch, "%s [%s]", input->name, nodes[i].address);
		settle(&nodes[i], rmt_arena_scratch(&wire->arena));
	}
	return wire->arena.failed ? rmt_err_memory(err) : 0;
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------- */

int rmt_wire_probe(struct rmt_wire *wire, const struct remint_wire *options, const struct rmt_probe_options *as,
                   struct rmt_err *err)
{
	struct rmt_probe_options probe = as ? *as : (struct rmt_probe_options){.rules = {.auth_level = -1}};
	struct probing probing = {.wire = wire, .err = err};
	int rc = -1;

	if (!wire->endpoint_count)
		return 0;
	probe.sni = options->sni;
	probe.timeout = options->timeout;
	probe.parallel = options->parallel;
	if (!probe.rules.now)
		probe.rules.now = rmt_verb_now(wire->ctx);
	probing.unresolved = calloc(wire->endpoint_count, sizeof *probing.unresolved);
	if (!probing.unresolved) {
		rmt_err_memory(err);
		goto out;
	}
	if (rmt_probe_resolve(wire->endpoints, wire->endpoint_count, options->connect, true, &probing.jobs, note_unresolved,
	                      &probing, err) ||
	    nodes_make(&probing) ||
	    rmt_probe_run(&probe, wire->endpoints, &probing.jobs, keep_seen, &probing, err))
		goto out;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < wire->count; i++)
		if (wire->inputs[i].name)
			rc = name_nodes(wire, &wire->inputs[i], err);
out:
	rmt_probe_jobs_clear(&probing.jobs);
	free(probing.unresolved);
	free(probing.node_of);
	return rc;
}

int rmt_wire_open(struct remint *ctx, const struct remint_wire *options, struct remint_strings inputs, struct rmt_wire *out,
                  struct rmt_err *err)
{
	int rc = rmt_wire_inputs(ctx, options, inputs, out, err);

	return rc ? rc : rmt_wire_probe(out, options, NULL, err);
}

void rmt_wire_clear(struct rmt_wire *wire)
{
	for (size_t i = 0; i < wire->node_count; i++) {
		struct rmt_wire_node *node = &wire->nodes[i];

		for (size_t j = 0; j < node->sent_count; j++)
			rmt_cert_free(node->sent[j]);
		free(node->sent);
		free(node->broken);
	}
	for (size_t i = 0; i < wire->endpoint_count; i++)
		rmt_endpoint_clear(&wire->endpoints[i]);
	free(wire->inputs);
	free(wire->endpoints);
	free(wire->nodes);
	rmt_arena_free(&wire->arena);
	*wire = (struct rmt_wire){0};
}

/* ---- what was sent, as objects ----------------------------------------------------------------------------------------------------- */

int rmt_wire_chain(const struct rmt_wire *wire, size_t n, size_t *cursor, const struct rmt_wire_node **node)
{
	const struct rmt_wire_input *input = &wire->inputs[n];

	while (*cursor < input->count) {
		*node = &wire->nodes[input->first + (*cursor)++];
		if ((*node)->sent_count && !(*node)->same)
			return 1;
	}
	return 0;
}

size_t rmt_wire_leaf(const struct rmt_wire_node *node)
{
	for (size_t i = 0; node->seen.outcome != RMT_PROBE_DONE && i < node->sent_count; i++)
		if (!rmt_cert_is_ca(node->sent[i]))
			return i;
	return 0;
}

const char *rmt_wire_host(const struct rmt_wire *wire, const struct rmt_wire_node *node)
{
	const char *host = wire->endpoints[node->endpoint].host;
	bool address = strchr(host, ':') || host[strspn(host, "0123456789.")] == '\0';

	return address ? NULL : host;
}

int rmt_wire_present(const struct rmt_wire_node *node, const char *host, struct rmt_presented *out, const struct rmt_cert ***sent,
                     struct rmt_buf *label, struct rmt_err *err)
{
	size_t leaf = rmt_wire_leaf(node), count = 0;
	const struct rmt_cert **others = calloc(node->sent_count, sizeof *others);

	*sent = others;
	if (!others)
		return rmt_err_memory(err);
	for (size_t i = 0; i < node->sent_count; i++)
		if (i != leaf)
			others[count++] = node->sent[i];
	rmt_buf_clear(label);
	if (node->sent_count > 1)
		rmt_buf_format(label, "#%zu ", leaf + 1);
	rmt_cert_label(node->sent[leaf], label);
	*out = (struct rmt_presented){.leaf = node->sent[leaf],
	                              .label = rmt_buf_string(label),
	                              .sent = others,
	                              .sent_count = count,
	                              .order_matters = true,
	                              .leaf_first = leaf == 0,
	                              .key_spki = node->sent[leaf]->spki, /* the server has it, or there would be no TLS */
	                              .host = host};
	return rmt_buf_check(label, err);
}

/* The failure that tells most: of the address where the connection came farthest. */
static const struct rmt_wire_node *farthest(const struct rmt_wire_node *nodes, size_t count)
{
	const struct rmt_wire_node *best = nodes;

	for (size_t i = 1; i < count; i++)
		if (nodes[i].seen.outcome > best->seen.outcome)
			best = &nodes[i];
	return best;
}

int rmt_wire_faults(const struct rmt_wire *wire, size_t n, int (*fault)(void *arg, const struct rmt_err *err), void *arg)
{
	const struct rmt_wire_input *input = &wire->inputs[n];
	const struct rmt_wire_node *nodes = &wire->nodes[input->first];
	size_t answered = 0;
	struct rmt_err err;
	int rc = 0;

	for (size_t i = 0; i < input->count; i++) {
		answered += nodes[i].sent_count || nodes[i].broken_count;
		for (size_t j = 0; rc == 0 && fault && !nodes[i].same && j < nodes[i].broken_count; j++)
			rc = fault(arg, &nodes[i].broken[j]);
	}
	for (size_t i = 0; answered && i < input->count; i++)
		if (!nodes[i].sent_count && !nodes[i].broken_count)
			rmt_verb_warn(wire->ctx, "%s: %s: %s; its other addresses answer", nodes[i].source, nodes[i].seen.err.place,
			              nodes[i].seen.err.message);
	if (rc || answered || !fault)
		return rc;
	err = farthest(nodes, input->count)->seen.err;
	err.class = RMT_NETWORK; /* whoever refused: there is nothing to look at */
	snprintf(err.source, sizeof err.source, "%s", input->name);
	return fault(arg, &err);
}

void rmt_wire_object(const struct rmt_wire_node *node, size_t i, struct rmt_object *out)
{
	const struct rmt_cert *cert = node->sent[i];

	*out = (struct rmt_object){.type = RMT_OBJECT_CERTIFICATE, .source = node->source, .index = i + 1, .container = "tls",
	                           .cert = cert, .der = cert->der, .spki = cert->spki, .endpoint = node->name,
	                           .address = node->address};
}

static int hand_cert(const struct rmt_reader *reader, const struct rmt_wire_node *node, size_t i)
{
	struct rmt_err err = {0};
	struct rmt_object object;
	struct rmt_cert strict;

	rmt_wire_object(node, i, &object);
	if (reader->mode == RMT_STRICT && rmt_cert_read(&strict, object.der, RMT_STRICT, &err)) {
		char inner[sizeof err.place];

		memcpy(inner, err.place, sizeof inner);
		snprintf(err.place, sizeof err.place, "certificate %zu%s%.120s", i + 1, *inner ? ", " : "", inner);
		rmt_err_source(&err, node->source);
		return reader->fault ? reader->fault(reader->arg, &err) : 0;
	}
	return reader->object ? reader->object(reader->arg, &object) : 0;
}

int rmt_wire_read(const struct rmt_wire *wire, size_t n, const struct rmt_reader *reader, struct rmt_err *err)
{
	const struct rmt_wire_input *input = &wire->inputs[n];
	const struct rmt_wire_node *node;
	size_t cursor = 0;
	int rc = 0;

	if (!input->name)
		return rmt_read_path(reader, input->text, err);
	while (rc == 0 && rmt_wire_chain(wire, n, &cursor, &node))
		for (size_t i = 0; rc == 0 && i < node->sent_count; i++)
			rc = hand_cert(reader, node, i);
	return rc ? rc : rmt_wire_faults(wire, n, reader->fault, reader->arg);
}
