/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - what another CA made of a request of ours: its chain among what is at hand, and its record. It serves apply and
 * accept alike.
 *
 * Whether the certificate is good enough is decided before it comes here.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verb/local.h"

/* ---- its chain ----------------------------------------------------------------------------------------------------------- */

int rmt_chain_add_pile(struct rmt_chain_store *store, const struct rmt_pile *pile, struct rmt_err *err)
{
	for (size_t i = 0; i < pile->count; i++)
		if (pile->objects[i]->cert && rmt_chain_store_add(store, pile->objects[i]->cert, false, err))
			return -1;
	return 0;
}

struct adding {
	struct rmt_chain_store *store;
	struct rmt_err *err;
};

static int add_authority(void *arg, const struct rmt_db_authority *row)
{
	struct adding *adding = arg;
	struct rmt_cert cert;

	if (!row->cert.length || rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL))
		return 0;
	return rmt_chain_store_add(adding->store, &cert, false, adding->err);
}

int rmt_answer_path(struct rmt_db *db, struct rmt_chain_store *store, const struct rmt_cert *leaf, struct rmt_path *path, struct rmt_err *err)
{
	struct adding adding = {store, err};
	int rc = rmt_db_authorities(db, add_authority, &adding, err);

	if (rc == 0)
		rc = rmt_path_find(store, leaf, path, err);
	if (rc || path->count || path->root || rmt_cert_self_issued(leaf))
		return rc;
	rmt_path_clear(path);
	if (rmt_chain_store_knows(store, leaf->issuer))
		return rmt_err_set(err, RMT_INPUT, NULL, "a CA of its issuer's name is at hand, but another key has signed it: the CA was renewed, or another "
		                   "one has its name. Give the certificate of the one that signed with --chain FILE");
	return rmt_err_set(err, RMT_INPUT, NULL, "the certificates of its issuers are not at hand: give them with --chain FILE");
}

void rmt_path_authority(const struct rmt_path *path, struct rmt_cert *leaf, struct rmt_authority *out)
{
	struct rmt_cert *above[RMT_PATH_DEPTH_MAX + 2];
	size_t count = 0;

	for (size_t i = 0; i < path->count; i++)
		above[count++] = path->intermediates[i];
	if (path->root)
		above[count++] = path->root;
	if (!count)
		above[count++] = leaf; /* self-signed: its own root */
	*out = (struct rmt_authority){.cert = above[0]};
	for (size_t i = 1; i < count && i <= RMT_PATH_DEPTH_MAX; i++)
		out->chain[out->chain_count++] = above[i];
}

/* ---- its record ---------------------------------------------------------------------------------------------------------- */

/* The item of a campaign that asked for it, by its row as another process may have left it. */
static int move_item(struct rmt_db *db, struct rmt_db_item *item, int64_t previous, int64_t certificate, rmt_time now, struct rmt_err *err)
{
	unsigned char asked[RMT_SHA256];
	char name[80];

	if (item->asked.length != sizeof asked || strlen(item->item) >= sizeof name)
		return rmt_err_set(err, RMT_DATABASE, NULL, "the item's row is damaged");
	memcpy(asked, item->asked.at, sizeof asked);
	snprintf(name, sizeof name, "%s", item->item);
	item->asked = rmt_span_of(asked, sizeof asked);
	item->item = name;
	item->why = item->confirmed_by = "";
	item->state = RMT_ITEM_ISSUED;
	item->previous = previous;
	item->certificate = certificate;
	item->when = now;
	return rmt_db_item_put(db, item, err);
}

int rmt_answer_record(struct remint *ctx, struct rmt_db *db, const struct rmt_cert *cert, const struct rmt_answer *answer,
                      struct rmt_arena *arena, int64_t *certificate, struct rmt_err *err)
{
	rmt_time now = rmt_verb_now(ctx);
	struct rmt_db_cert row = {.template_name = "",
	                          .targets = answer->targets ? answer->targets : "",
	                          .recorded = now,
	                          .proved = answer->request != 0, /* the request was verified, or made here */
	                          .request = answer->request};
	int64_t previous = answer->previous, pending = answer->pending;
	struct rmt_row_hashes hashes;
	struct rmt_db_pending waiting;
	struct rmt_db_item item;
	int found = answer->request ? rmt_db_item_of_request(db, answer->request, &item, err) : 0;

	if (found == 1 && !previous)
		previous = item.previous;
	if (found < 0 || rmt_row_describe(&row, cert, arena, &hashes, err))
		return -1;
	row.supersedes = previous;
	if (rmt_row_record(db, &row, certificate, err))
		return -1;
	if (!pending) {
		int waits = rmt_db_pending_of_key(db, row.spki_hash, &waiting, err);

		if (waits < 0)
			return -1;
		pending = waits && waiting.state == RMT_PENDING_OPEN ? waiting.id : 0;
	}
	if (pending && rmt_pending_end(ctx, db, pending, RMT_PENDING_ISSUED, *certificate, NULL, err))
		return -1;
	/* Read anew: what it is handed lasts to the next question. */
	if (found == 1 && rmt_db_item_of_request(db, answer->request, &item, err) != 1)
		return -1;
	return found == 1 ? move_item(db, &item, previous, *certificate, now, err) : 0;
}
