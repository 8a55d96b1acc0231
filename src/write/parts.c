/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/parts.c - from a bundle and a content list to the objects of one container, in order.
 *
 * The chain is the bundle's: nothing is looked up and nothing reordered here.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "write/local.h"

enum { LABEL_MAX = 256 };

static int
add_part(struct rmt_parts *parts, struct rmt_part part, struct rmt_err *err)
{
	if (parts->count == parts->room) {
		size_t room = parts->room ? 2 * parts->room : 16;
		struct rmt_part *grown = reallocarray(parts->list, room, sizeof(*grown));

		if (!grown)
			return rmt_err_memory(err);
		parts->list = grown;
		parts->room = room;
	}
	parts->list[parts->count++] = part;
	return 0;
}

/* A pile may hold ten thousand: what is there already is looked up, not searched for. */
static int
add_cert(struct rmt_parts *parts, const struct rmt_cert *cert, struct rmt_err *err)
{
	int fresh = rmt_seen_add(&parts->seen, cert->der, err);

	return fresh == 1 ? add_part(parts, (struct rmt_part){ .cert = cert }, err) : fresh;
}

static int
add_leaf(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_err *err)
{
	if (!bundle->leaf)
		return rmt_err_set(err, RMT_INPUT, NULL, "the certificate itself is wanted and not at hand");
	return add_cert(parts, bundle->leaf, err);
}

static int
add_intermediates(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_err *err)
{
	for (size_t i = 0; i < bundle->intermediate_count; i++)
		if (add_cert(parts, bundle->intermediates[i], err))
			return -1;
	return 0;
}

static int
add_root(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_err *err)
{
	if (!bundle->root)
		return rmt_err_set(err, RMT_INPUT, NULL, "the root certificate is wanted and not at hand");
	return add_cert(parts, bundle->root, err);
}

/* A key that does not belong to the certificate beside it helps nobody, whatever the container. */
static int
add_key(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_err *err)
{
	if (!bundle->key)
		return rmt_err_set(err, RMT_SECRET, NULL, "the private key is wanted and not at hand");
	if (bundle->leaf && !rmt_span_equal(bundle->leaf->spki, rmt_key_spki(bundle->key))) {
		unsigned char of_cert[RMT_SHA256], of_key[RMT_SHA256];

		/* One key may be encoded in two ways (a named and an explicit curve are not the same bytes). */
		if (rmt_spki_key_id(bundle->leaf->spki, of_cert, err) ||
		    rmt_spki_key_id(rmt_key_spki(bundle->key), of_key, err))
			return -1;
		if (memcmp(of_cert, of_key, 20))
			return rmt_err_set(err, RMT_SECRET, NULL, "the private key does not belong to the certificate");
	}
	for (size_t i = 0; i < parts->count; i++)
		if (parts->list[i].key)
			return 0;
	parts->keys++;
	return add_part(parts, (struct rmt_part){ .key = bundle->key }, err);
}

static int
add_objects(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_err *err)
{
	for (size_t i = 0; i < bundle->object_count; i++) {
		const struct rmt_object *object = bundle->objects[i];

		if (object->cert ? add_cert(parts, object->cert, err) : add_part(parts, (struct rmt_part){ .object = object }, err))
			return -1;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*add)(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_err *err);
} kinds[] = {
	{ "leaf", add_leaf },
	{ "intermediates", add_intermediates },
	{ "root", add_root },
	{ "key", add_key },
	{ "objects", add_objects },
};

static int
add_kind(struct rmt_parts *parts, const struct rmt_bundle *bundle, struct rmt_span name, struct rmt_err *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (rmt_span_equal(name, rmt_span_text(kinds[i].name)))
			return kinds[i].add(parts, bundle, err);
	return rmt_err_set(err, RMT_USAGE, NULL, "\"%.*s\" is no content; write leaf, intermediates, root or key",
	                   (int)(name.length < 64 ? name.length : 64), (const char *)name.at);
}

/* Only the places of certificates change hands. */
static void
reverse_certs(struct rmt_parts *parts)
{
	size_t low = 0, high = parts->count;

	while (low < high) {
		struct rmt_part part = parts->list[low];

		if (!part.cert) {
			low++;
		} else if (!parts->list[high - 1].cert) {
			high--;
		} else {
			parts->list[low++] = parts->list[--high];
			parts->list[high] = part;
		}
	}
}

int
rmt_parts_choose(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                 struct rmt_err *err)
{
	const struct rmt_format *format = rmt_format_named(options->format);

	*parts = (struct rmt_parts){ .trusted = format && format->trusts };
	for (size_t i = 0; i < options->content.count; i++)
		if (add_kind(parts, bundle, rmt_span_text(options->content.items[i]), err))
			return -1;
	for (const char *at = format && !options->content.count ? format->usual : ""; *at;) {
		size_t length = strcspn(at, " ");

		if (add_kind(parts, bundle, rmt_span_of(at, length), err))
			return -1;
		at += length + (at[length] == ' ');
	}
	if (options->root_first)
		reverse_certs(parts);
	return 0;
}

struct rmt_span
rmt_part_der(const struct rmt_part *part)
{
	if (part->cert)
		return part->cert->der;
	return part->object->type == RMT_OBJECT_PUBLIC_KEY ? part->object->spki : part->object->der;
}

void
rmt_parts_clear(struct rmt_parts *parts)
{
	rmt_seen_clear(&parts->seen);
	free(parts->list);
	*parts = (struct rmt_parts){ 0 };
}

/* A name may come from a hostile certificate: what is not plain text is escaped, and nobody needs a page of it. */
static int
clean_label(struct rmt_buf *label, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf safe = { 0 };
	struct rmt_span text;
	int rc;

	rmt_safe_text(rmt_buf_view(label), &safe);
	rc = rmt_buf_check(&safe, err);
	text = rmt_buf_view(&safe);
	if (text.length > LABEL_MAX)
		for (text.length = LABEL_MAX; text.length && !rmt_utf8_valid(text); text.length--)
			;
	rmt_buf_span(out, text);
	rmt_buf_free(&safe);
	rmt_buf_free(label);
	return rc == 0 ? rmt_buf_check(out, err) : -1;
}

int
rmt_parts_label(const struct rmt_bundle *bundle, const char *stated, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_cert *first = bundle->leaf;
	struct rmt_buf label = { 0 };

	if (!first)
		first = bundle->intermediate_count ? bundle->intermediates[0] : bundle->root;
	if (stated)
		rmt_buf_text(&label, stated);
	else if (bundle->label)
		rmt_buf_text(&label, bundle->label);
	else if (first)
		rmt_cert_label(first, &label);
	if (rmt_buf_check(&label, err)) {
		rmt_buf_free(&label);
		return -1;
	}
	return clean_label(&label, out, err);
}
