/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/readback.c - nothing counts as written before it has been read again and is what it should be.
 *
 * Certificates, requests and the like are compared by their bytes, keys by their PKCS#8 form. A difference is a fault of ours, or of a library.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

struct reading {
	struct rmt_parts *parts;
	bool ordered;
	const struct rmt_secret *passphrase;
	const char *friendly_name; /* of the part that carries one; NULL: not looked at */
	bool named;
	size_t count;
	struct rmt_err *err;
};

static const struct rmt_secret *
give_passphrase(void *arg, const char *source, const char *what, unsigned n)
{
	struct reading *reading = arg;

	(void)source;
	(void)what;
	return n ? NULL : reading->passphrase;
}

static bool
same_key(const struct rmt_key *a, const struct rmt_key *b)
{
	struct rmt_buf left = { 0 }, right = { 0 };
	bool same;

	same = !rmt_key_write_der(a, &left, NULL) && !rmt_key_write_der(b, &right, NULL) &&
	       rmt_span_equal(rmt_buf_view(&left), rmt_buf_view(&right));
	rmt_buf_free(&left);
	rmt_buf_free(&right);
	return same;
}

static bool
same_part(const struct reading *reading, const struct rmt_part *part, const struct rmt_object *object)
{
	if (part->cert)
		return (object->trusted || !reading->parts->trusted) && object->type == RMT_OBJECT_CERTIFICATE && object->cert &&
		       rmt_span_equal(part->cert->der, object->cert->der);
	if (part->object)
		return object->type == part->object->type &&
		       rmt_span_equal(rmt_part_der(part), rmt_part_der(&(struct rmt_part){ .object = object }));
	return object->type == RMT_OBJECT_PRIVATE_KEY && object->key && same_key(part->key, object->key);
}

static int
take_object(void *arg, const struct rmt_object *object)
{
	struct reading *reading = arg;
	struct rmt_parts *parts = reading->parts;
	size_t first = reading->count++, last = reading->ordered ? first + 1 : first + parts->count;

	if (reading->friendly_name && object->friendly_name)
		reading->named = reading->named || !strcmp(object->friendly_name, reading->friendly_name);
	/* Where order does not count most stand in their place all the same: there the search begins. */
	for (size_t i = first; first < parts->count && i < last; i++) {
		struct rmt_part *part = &parts->list[i % parts->count];

		if (!part->found && same_part(reading, part, object)) {
			part->found = true;
			return 0;
		}
	}
	return rmt_err_set(reading->err, RMT_INTERNAL, NULL, "what was written reads back differently: object %zu is a %s that was not written there",
	                   reading->count, rmt_object_type_name(object->type));
}

static int
take_fault(void *arg, const struct rmt_err *fault)
{
	struct reading *reading = arg;

	return rmt_err_set(reading->err, RMT_INTERNAL, fault->place, "what was written cannot be read back: %s",
	                   fault->message);
}

int
rmt_readback(struct rmt_span written, struct rmt_parts *parts, bool ordered, const struct rmt_secret *passphrase,
             const char *friendly_name, struct rmt_err *err)
{
	struct reading reading = {
		.parts = parts, .ordered = ordered, .passphrase = passphrase, .friendly_name = friendly_name, .err = err,
	};
	const struct rmt_reader reader = {
		.passphrase = give_passphrase, .object = take_object, .fault = take_fault, .arg = &reading,
		.mode = RMT_TOLERANT, .max_iterations = UINT64_MAX, .given = 1,
	};

	if (rmt_read_mem(&reader, "", written, err))
		return rmt_err_set(err, RMT_INTERNAL, NULL, "what was written cannot be read back");
	if (reading.count != parts->count)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "what was written reads back as %zu objects instead of %zu",
		                   reading.count, parts->count);
	if (friendly_name && friendly_name[0] && !reading.named)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "the friendly name does not read back as it was written");
	return 0;
}
