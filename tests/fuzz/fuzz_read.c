/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes through every reader of read/: no crash, no leak, and what is handed out is coherent.
 * Key derivations are bounded low, so that the time goes into parsing.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct state {
	struct rmt_secret *secret;
	size_t objects, faults;
};

static int
on_object(void *arg, const struct rmt_object *object)
{
	struct state *state = arg;
	struct rmt_object *copy;

	if (object->index != ++state->objects || !object->source || !object->container)
		abort();
	if (object->type == RMT_OBJECT_CERTIFICATE && (!object->cert || !object->spki.length))
		abort();
	if (object->type == RMT_OBJECT_UNSUPPORTED && !object->label)
		abort();
	if ((object->type == RMT_OBJECT_PRIVATE_KEY && !object->locked) != (object->key != NULL))
		abort();
	copy = rmt_object_dup(object, NULL);
	if (copy && !rmt_span_equal(copy->der, object->der))
		abort();
	rmt_object_free(copy);
	return state->objects > 1000;
}

static int
on_fault(void *arg, const struct rmt_err *err)
{
	struct state *state = arg;

	if (!err->class || !*err->message)
		abort();
	return ++state->faults > 1000;
}

static const struct rmt_secret *
on_passphrase(void *arg, const char *source, const char *what, unsigned n)
{
	struct state *state = arg;

	(void)source;
	(void)what;
	return n ? NULL : state->secret;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct state state = { .secret = rmt_secret_new("secret", 6, NULL) };
	struct rmt_reader reader = { .passphrase = on_passphrase,
		.object = on_object,
		.fault = on_fault,
		.arg = &state,
		.mode = length % 2 ? RMT_TOLERANT : RMT_STRICT,
		.max_iterations = 3000,
		.given = 1 };
	struct rmt_err err = { 0 };
	int rc = rmt_read_mem(&reader, "fuzz", rmt_span_of(bytes, length), &err);

	if (!rc && !state.objects && !state.faults)
		abort(); /* whatever it is, something is said about it */
	rmt_secret_free(state.secret);
	return 0;
}
