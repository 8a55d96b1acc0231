/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/store.c - the certificates that may stand above a leaf, indexed.
 *
 * Each certificate is kept as its DER and a row of about a hundred bytes; views are read again when a search asks for
 * them, so that a pile of a hundred thousand costs little more than its bytes. Three hash tables lead to a row: by the
 * bytes, by the folded subject, and by subject and key identifier together, so that many certificates of one name are
 * no burden. A store that is complete may be read by several threads. Nothing is judged here.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "audit/local.h"

enum { HEADS_FIRST = 64, ROWS_MAX = 1 << 24 };

/* The first eight bytes of the SHA-256: names are chosen by strangers, a weak hash would let them fill one bucket. */
static int
hash_span(struct rmt_span bytes, uint64_t *out, struct rmt_err *err)
{
	unsigned char digest[RMT_SHA256];

	if (rmt_sha256(bytes, digest, err))
		return -1;
	memcpy(out, digest, sizeof *out);
	return 0;
}

int
rmt_issuers_hash_name(struct rmt_span name, struct rmt_buf *scratch, uint64_t *out, struct rmt_err *err)
{
	rmt_buf_clear(scratch);
	rmt_name_fold(name, scratch);
	if (rmt_buf_check(scratch, err))
		return -1;
	return hash_span(rmt_buf_view(scratch), out, err);
}

uint64_t
rmt_issuers_hash_key(uint64_t subject, struct rmt_span key_id)
{
	uint64_t hash = subject ^ (key_id.length * UINT64_C(0x9e3779b97f4a7c15));

	for (size_t i = 0; i < key_id.length && i < 64; i++)
		hash = (hash ^ key_id.at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct rmt_chain_store *
rmt_chain_store_new(struct rmt_err *err)
{
	struct rmt_chain_store *store = calloc(1, sizeof *store);

	if (!store)
		rmt_err_memory(err);
	return store;
}

void
rmt_chain_store_free(struct rmt_chain_store *store)
{
	if (!store)
		return;
	for (uint32_t i = 0; i < store->count; i++)
		free(store->rows[i].der);
	for (int t = 0; t < RMT_STORE_TABLES; t++)
		free(store->heads[t]);
	free(store->rows);
	rmt_buf_free(&store->scratch);
	free(store);
}

bool
rmt_chain_store_has_anchors(const struct rmt_chain_store *store)
{
	return store && store->trusted_count > 0;
}

static void
enter_row(struct rmt_chain_store *store, uint32_t index)
{
	struct rmt_store_row *row = &store->rows[index];

	for (int t = 0; t < RMT_STORE_TABLES; t++) {
		uint32_t *head = &store->heads[t][row->hash[t] & (store->head_count - 1)];

		row->next[t] = *head;
		*head = index + 1;
	}
}

static int
new_heads(uint32_t *heads[RMT_STORE_TABLES], size_t room, struct rmt_err *err)
{
	bool failed = false;

	for (int t = 0; t < RMT_STORE_TABLES; t++) {
		heads[t] = calloc(room, sizeof *heads[t]);
		failed = failed || !heads[t];
	}
	for (int t = 0; t < RMT_STORE_TABLES && failed; t++)
		free(heads[t]);
	return failed ? rmt_err_memory(err) : 0;
}

/* Make room for one more row: rows and heads double together. */
static int
grow(struct rmt_chain_store *store, struct rmt_err *err)
{
	size_t room = store->head_count ? store->head_count * 2 : HEADS_FIRST;
	uint32_t *heads[RMT_STORE_TABLES];
	struct rmt_store_row *rows;

	if (store->count < store->head_count)
		return 0;
	if (store->count >= ROWS_MAX)
		return rmt_err_set(err, RMT_INPUT, NULL, "more than %d certificates at hand as issuers", ROWS_MAX);
	rows = realloc(store->rows, room * sizeof *rows);
	if (!rows)
		return rmt_err_memory(err);
	store->rows = rows;
	if (new_heads(heads, room, err))
		return -1;
	for (int t = 0; t < RMT_STORE_TABLES; t++) {
		free(store->heads[t]);
		store->heads[t] = heads[t];
	}
	store->head_count = room;
	for (uint32_t i = 0; i < store->count; i++)
		enter_row(store, i);
	return 0;
}

uint32_t
rmt_issuers_first(const struct rmt_chain_store *store, enum rmt_store_table table, uint64_t hash)
{
	return store && store->head_count ? store->heads[table][hash & (store->head_count - 1)] : 0;
}

int
rmt_issuers_find(const struct rmt_chain_store *store, struct rmt_span der, uint32_t *position, struct rmt_err *err)
{
	uint64_t hash;

	*position = 0;
	if (!store || !store->count)
		return 0;
	if (hash_span(der, &hash, err))
		return -1;
	for (uint32_t at = rmt_issuers_first(store, RMT_STORE_BYTES, hash); at; at = store->rows[at - 1].next[RMT_STORE_BYTES]) {
		const struct rmt_store_row *row = &store->rows[at - 1];

		if (row->length == der.length && !memcmp(row->der, der.at, der.length)) {
			*position = at;
			break;
		}
	}
	return 0;
}

/* Fill a row's hashes; the DER is not yet copied. */
static int
describe(struct rmt_chain_store *store, const struct rmt_cert *cert, struct rmt_store_row *row, struct rmt_err *err)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_SUBJECT_KEY_ID);
	struct rmt_span key_id = { NULL, 0 };

	if (ext && rmt_ext_subject_key_id(ext->value, &key_id, NULL))
		key_id = (struct rmt_span){ NULL, 0 };
	if (hash_span(cert->der, &row->hash[RMT_STORE_BYTES], err) ||
	    rmt_issuers_hash_name(cert->subject, &store->scratch, &row->hash[RMT_STORE_SUBJECT], err))
		return -1;
	row->hash[RMT_STORE_KEY] = rmt_issuers_hash_key(row->hash[RMT_STORE_SUBJECT], key_id);
	return 0;
}

int
rmt_chain_store_add(struct rmt_chain_store *store, const struct rmt_cert *cert, bool trusted, struct rmt_err *err)
{
	struct rmt_store_row row = { .trusted = trusted, .length = cert->der.length };
	uint32_t known;

	if (rmt_issuers_find(store, cert->der, &known, err))
		return -1;
	if (known) {
		struct rmt_store_row *old = &store->rows[known - 1];

		store->trusted_count += trusted && !old->trusted;
		old->trusted = old->trusted || trusted;
		return 0;
	}
	if (describe(store, cert, &row, err) || grow(store, err))
		return -1;
	row.der = malloc(cert->der.length ? cert->der.length : 1);
	if (!row.der)
		return rmt_err_memory(err);
	memcpy(row.der, cert->der.at, cert->der.length);
	store->rows[store->count] = row;
	enter_row(store, store->count++);
	store->trusted_count += trusted;
	return 0;
}

size_t
rmt_chain_store_count(const struct rmt_chain_store *store)
{
	return store->count;
}

bool
rmt_chain_store_knows(const struct rmt_chain_store *store, struct rmt_span name)
{
	struct rmt_cert cert;

	for (uint32_t i = 0; i < store->count; i++)
		if (rmt_cert_read(&cert, rmt_span_of(store->rows[i].der, store->rows[i].length), RMT_TOLERANT, NULL) == 0 &&
		    rmt_name_equal(cert.subject, name))
			return true;
	return false;
}

void
rmt_chain_store_drop(struct rmt_chain_store *store, size_t count)
{
	while (store->count > count) {
		struct rmt_store_row *row = &store->rows[--store->count];

		/* The row that was added last stands first in each of its lists. */
		for (int t = 0; t < RMT_STORE_TABLES; t++)
			store->heads[t][row->hash[t] & (store->head_count - 1)] = row->next[t];
		store->trusted_count -= row->trusted;
		free(row->der);
	}
}
