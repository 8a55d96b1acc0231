/* SPDX-License-Identifier: Apache-2.0 */
/*
 * company.c - finds, in a pile of objects in any order, each leaf with what belongs to it: its private key and the
 * certificates that came along; and its best path to a root.
 *
 * It reads nothing but what the piles hold and judges nothing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

struct pile_sink {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	struct rmt_pile *pile;
	struct rmt_err *err;
	bool whole; /* the input under way may have no fault */
};

static int pile_object(void *arg, const struct rmt_object *object)
{
	struct pile_sink *sink = arg;

	return rmt_pile_add(sink->pile, object, sink->err);
}

/* A fault is the verb's failure where the file had to be whole, else one of the faults that the caller is told. */
static int pile_fault(void *arg, const struct rmt_err *fault)
{
	struct pile_sink *sink = arg;

	if (!sink->whole)
		return rmt_verb_fault(sink->ctx, fault);
	*sink->err = *fault;
	return -1;
}

static int pile_fill(struct pile_sink *sink, struct remint_strings inputs, bool need, bool skip_keys)
{
	struct rmt_reader reader = rmt_verb_reader(sink->ctx);

	reader.object = pile_object;
	reader.fault = pile_fault;
	reader.arg = sink;
	reader.skip_keys = skip_keys;
	for (size_t i = 0; i < inputs.count; i++) {
		struct rmt_err fault = {0};
		int rc;

		sink->whole = need && !rmt_path_is_directory(inputs.items[i]);
		rc = rmt_read_path(&reader, inputs.items[i], &fault);
		if (rc && fault.class != RMT_NONE && sink->err->class == RMT_NONE)
			rc = pile_fault(sink, &fault);
		if (rc)
			return rc;
	}
	return 0;
}

int rmt_pile_read(struct remint *ctx, struct rmt_pile *pile, struct remint_strings inputs, bool skip_keys,
                  struct rmt_err *err)
{
	struct pile_sink sink = {.ctx = ctx, .pile = pile, .err = err};

	return pile_fill(&sink, inputs, false, skip_keys);
}

int rmt_pile_need(struct remint *ctx, struct rmt_pile *pile, struct remint_strings inputs, bool skip_keys,
                  struct rmt_err *err)
{
	struct pile_sink sink = {.ctx = ctx, .pile = pile, .err = err};

	return pile_fill(&sink, inputs, true, skip_keys);
}

static bool has(const struct rmt_pile *pile, size_t from, enum rmt_object_type type)
{
	for (size_t i = from; i < pile->count; i++)
		if (pile->objects[i]->type == type)
			return true;
	return false;
}

int rmt_pile_refuse(const struct rmt_pile *pile, size_t from, const char *wanted, const char *source, struct rmt_err *err)
{
	char without[320];

	rmt_pile_without(pile, from, wanted, without);
	rmt_err_set(err, RMT_INPUT, NULL, "%s", without);
	rmt_err_source(err, source);
	return -1;
}

int rmt_pile_for(struct remint *ctx, struct rmt_pile *pile, struct remint_strings inputs, enum rmt_object_type type, struct rmt_err *err)
{
	const char *wanted = type == RMT_OBJECT_PRIVATE_KEY ? "private key" : "certificate";
	int rc = 0;

	for (size_t n = 0; rc == 0 && n < inputs.count; n++) {
		size_t before = pile->count;

		rc = rmt_pile_need(ctx, pile, (struct remint_strings){&inputs.items[n], 1}, type != RMT_OBJECT_PRIVATE_KEY, err);
		if (rc == 0 && !has(pile, before, type))
			rc = rmt_pile_refuse(pile, before, wanted, inputs.items[n], err);
	}
	return rc;
}

/* The certificates of --trust or --chain. */
int rmt_verb_store_fill(struct remint *ctx, struct rmt_chain_store *store, struct remint_strings files, bool trusted, struct rmt_err *err)
{
	struct rmt_pile pile = {0};
	int rc = rmt_pile_for(ctx, &pile, files, RMT_OBJECT_CERTIFICATE, err);

	for (size_t i = 0; rc == 0 && i < pile.count; i++)
		if (pile.objects[i]->cert)
			rc = rmt_chain_store_add(store, pile.objects[i]->cert, trusted, err);
	rmt_pile_free(&pile);
	return rc;
}

/* ---- leaves ------------------------------------------------------------------------------------------------------------ */

int rmt_leaves_find(const struct rmt_pile *pile, struct rmt_leaves *out, struct rmt_err *err)
{
	bool ends = false;

	*out = (struct rmt_leaves){.at = calloc(pile->count + 1, sizeof *out->at)};
	if (!out->at)
		return rmt_err_memory(err);
	for (size_t i = 0; i < pile->count; i++) {
		const struct rmt_object *object = pile->objects[i];
		bool end = object->cert && !object->again && !rmt_cert_is_ca(object->cert);

		if (!object->cert || object->again || (ends && !end))
			continue;
		if (end && !ends) /* the certificates of CAs before it are its company */
			out->count = 0;
		ends |= end;
		out->at[out->count++] = i;
	}
	return 0;
}

void rmt_leaves_clear(struct rmt_leaves *leaves)
{
	free(leaves->at);
	*leaves = (struct rmt_leaves){0};
}

/* Is the key at this place open, and none before it the same? */
static bool new_key(const struct rmt_pile *pile, size_t at)
{
	const struct rmt_key *key = pile->objects[at]->key;

	for (size_t i = 0; key && i < at; i++)
		if (pile->objects[i]->key && rmt_span_equal(rmt_key_spki(pile->objects[i]->key), rmt_key_spki(key)))
			return false;
	return key != NULL;
}

size_t rmt_leaves_keyed(const struct rmt_pile *pile, const struct rmt_leaves *leaves, size_t *which)
{
	size_t count = 0;

	for (size_t i = 0; i < pile->count; i++)
		for (size_t n = 0; new_key(pile, i) && n < leaves->count; n++) {
			if (!rmt_span_equal(rmt_key_spki(pile->objects[i]->key), pile->objects[leaves->at[n]]->cert->spki))
				continue;
			*which = n;
			count++;
		}
	return count;
}

int rmt_key_of_another(struct rmt_span key, struct rmt_span wanted, const char *source, struct rmt_err *err)
{
	unsigned char theirs[RMT_SHA256], ours[RMT_SHA256];
	struct rmt_buf text = {0};

	if (rmt_spki_hash(key, theirs, err) || rmt_spki_hash(wanted, ours, err))
		return -1;
	rmt_buf_text(&text, "the key belongs to another certificate: SPKI ");
	rmt_hex(rmt_span_of(theirs, sizeof theirs), 0, &text);
	rmt_buf_text(&text, ", and the certificate's is ");
	rmt_hex(rmt_span_of(ours, sizeof ours), 0, &text);
	rmt_err_set(err, RMT_SECRET, NULL, "%s", rmt_buf_string(&text));
	rmt_buf_free(&text);
	rmt_err_source(err, source);
	return -1;
}

static const struct rmt_object *key_of(const struct rmt_pile *pile, const struct rmt_object *leaf)
{
	const struct rmt_object *locked = NULL;

	for (size_t i = 0; i < pile->count; i++) {
		const struct rmt_object *object = pile->objects[i];

		if (object->type != RMT_OBJECT_PRIVATE_KEY)
			continue;
		if (object->key && rmt_span_equal(rmt_key_spki(object->key), leaf->cert->spki))
			return object;
		if (object->locked && strcmp(object->source, leaf->source) == 0)
			locked = object;
	}
	return locked;
}

int rmt_company_at(const struct rmt_pile *pile, size_t at, struct rmt_company *out, struct rmt_err *err)
{
	size_t others = 0;

	*out = (struct rmt_company){.leaf = pile->objects[at], .leaf_first = true};
	out->key = key_of(pile, out->leaf);
	out->sent = calloc(pile->count, sizeof *out->sent);
	if (!out->sent)
		return rmt_err_memory(err);
	for (size_t i = 0; i < pile->count; i++) {
		const struct rmt_object *object = pile->objects[i];

		if (i == at || !object->cert || strcmp(object->source, out->leaf->source) != 0)
			continue;
		if (!rmt_cert_is_ca(object->cert) && !rmt_span_equal(object->der, out->leaf->der))
			continue; /* another leaf of the pile, not this one's company */
		out->sent[others++] = object->cert;
		out->leaf_first &= i > at;
	}
	out->sent_count = others;
	return 0;
}

int rmt_company_first(const struct rmt_pile *pile, struct rmt_company *out, struct rmt_err *err)
{
	struct rmt_leaves leaves;
	int rc = -1;

	*out = (struct rmt_company){0};
	if (rmt_leaves_find(pile, &leaves, err))
		return -1;
	rc = leaves.count ? rmt_company_at(pile, leaves.at[0], out, err) : 0;
	if (rc == 0 && leaves.count)
		rc = 1;
	rmt_leaves_clear(&leaves);
	return rc;
}

void rmt_company_clear(struct rmt_company *company)
{
	free(company->sent);
	*company = (struct rmt_company){0};
}

bool rmt_cert_matches(const struct rmt_cert *cert, const char *select)
{
	struct rmt_arena arena = {0};
	const char *cn = rmt_arena_cn(&arena, cert->subject);
	struct remint_strings names = rmt_arena_names(&arena, &cert->extensions);
	bool match = (cn && strcasecmp(cn, select) == 0) || strcasecmp(rmt_arena_serial(&arena, cert->serial), select) == 0;

	for (size_t i = 0; !match && i < names.count; i++) {
		const char *colon = strchr(names.items[i], ':');

		match = strcasecmp(names.items[i], select) == 0 || (colon && strcasecmp(colon + 1, select) == 0);
	}
	rmt_arena_free(&arena);
	return match;
}

/* ---- the best path ---------------------------------------------------------------------------------------------------------- */

struct taking {
	struct rmt_path *path;
	struct rmt_err *err;
};

/* The paths handed out live during the call only: the first, which is the best, is copied. */
static int take_first(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored)
{
	struct taking *taking = arg;
	struct rmt_path *out = taking->path;
	size_t last = count - 1;

	(void)anchored;
	if (count > 1 && rmt_cert_self_issued(path[last])) {
		out->root = rmt_cert_dup(path[last--], taking->err);
		if (!out->root)
			return -1;
	}
	for (size_t i = 1; i <= last && out->count < RMT_PATH_DEPTH_MAX; i++) {
		out->intermediates[out->count] = rmt_cert_dup(path[i], taking->err);
		if (!out->intermediates[out->count])
			return -1;
		out->count++;
	}
	return 1;
}

int rmt_path_find(const struct rmt_chain_store *store, const struct rmt_cert *leaf, struct rmt_path *out,
                  struct rmt_err *err)
{
	struct taking taking = {out, err};
	bool capped;

	*out = (struct rmt_path){0};
	if (rmt_chain_paths(store, leaf, NULL, 0, take_first, &taking, &capped, err) >= 0)
		return 0;
	rmt_path_clear(out);
	return -1;
}

void rmt_path_clear(struct rmt_path *path)
{
	for (size_t i = 0; i < path->count; i++)
		rmt_cert_free(path->intermediates[i]);
	rmt_cert_free(path->root);
	*path = (struct rmt_path){0};
}
