/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/chain.c - finds the paths that may lead from a leaf to a root, best first.
 *
 * Two steps. First the graph: which certificates of those sent and of the store can be reached from the leaf by issuer
 * name and key identifier, each looked at once; and from every possible end backwards how far away it is. Then the
 * walk: partial paths are taken up in the order of what they can cost at best (an anchored end before a root that nobody
 * trusts, that before a dead end; then the shorter), so that the ends come out in that order and the search may stop at
 * the hundredth. Loops are cut: no key stands twice under one name on a path. Every list has a limit, since a stranger
 * can send any number of cross-certificates; reaching one is remembered and told.
 *
 * No signature is checked here and no path is called good: that is verdict.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "audit/local.h"

enum {
	NODES_MAX = 1024,  /* certificates in the graph of one leaf */
	SENT_MAX = 512,    /* of them as sent */
	LINKS_MAX = 64,    /* issuers of one certificate */
	BUCKET_MAX = 512,  /* rows of the store looked at for one certificate */
	STEPS_MAX = 16384, /* partial paths */
	COST_DEAD = 32, COST_ROOT = 16, COSTS = 64, COST_NONE = 255,
};

/* A certificate of the graph. Node 0 is the leaf. */
struct node {
	const struct rmt_cert *cert;
	uint64_t subject;      /* hash of the folded subject */
	uint64_t who;          /* hash of subject and public key: what must not come twice */
	uint32_t position;     /* in the store, 0 when it is not there */
	uint32_t link, links;  /* its issuers in search->links */
	unsigned char cost;    /* of the best end from here */
	bool sent, trusted, root, reached;
};

/* A partial path: a node and the step below it. */
struct step {
	uint32_t node;
	uint32_t below;  /* index of the step below plus one; 0 for the leaf */
	uint32_t next;   /* in its queue; index plus one */
	unsigned depth;  /* certificates up to here */
	bool end, cut;
};

struct end {
	uint32_t step;
	unsigned cost;
	rmt_time expiry; /* when the first of the issuers expires */
};

struct rmt_search {
	const struct rmt_chain_store *store;
	struct node nodes[NODES_MAX];
	uint32_t node_count;
	uint32_t queue[NODES_MAX]; /* nodes reached, in the order found */
	uint32_t queue_count;
	ptrdiff_t *sent_node; /* node of each certificate sent; -1 not taken in */
	size_t sent_count, sent_room;
	uint32_t *links;
	size_t link_count, link_room;
	struct step *steps;
	size_t step_count, step_room;
	uint32_t head[COSTS], tail[COSTS]; /* queues of steps by what their path costs at best */
	unsigned cost;                     /* the queue that is being emptied */
	struct end ends[RMT_PATHS_MAX];
	size_t end_count;
	struct rmt_cert **pool; /* certificates of the store, read for this leaf */
	size_t pool_count, pool_room;
	bool capped;
	struct rmt_buf scratch;
};

struct rmt_search *
rmt_search_new(struct rmt_err *err)
{
	struct rmt_search *search = calloc(1, sizeof *search);

	if (!search)
		rmt_err_memory(err);
	return search;
}

void
rmt_search_free(struct rmt_search *search)
{
	if (!search)
		return;
	for (size_t i = 0; i < search->pool_room; i++)
		free(search->pool[i]);
	free(search->pool);
	free(search->sent_node);
	free(search->links);
	free(search->steps);
	rmt_buf_free(&search->scratch);
	free(search);
}

bool
rmt_chain_is_root(const struct rmt_cert *cert)
{
	const struct rmt_ext *own = rmt_ext_find(&cert->extensions, RMT_EXT_SUBJECT_KEY_ID);
	const struct rmt_ext *above = rmt_ext_find(&cert->extensions, RMT_EXT_AUTHORITY_KEY_ID);
	struct rmt_authority_key_id authority;
	struct rmt_span key_id;

	if (!rmt_cert_self_issued(cert))
		return false;
	if (!own || !above || rmt_ext_subject_key_id(own->value, &key_id, NULL) ||
	    rmt_ext_authority_key_id(above->value, &authority, NULL) || !authority.key_id.length)
		return true;
	return rmt_span_equal(key_id, authority.key_id);
}

/* One more element in an array that grows by doubling. */
static int
make_room(void *array, size_t count, size_t *room, size_t size, struct rmt_err *err)
{
	void **place = array, *grown;
	size_t wanted = *room ? *room * 2 : 64;

	if (count < *room)
		return 0;
	grown = realloc(*place, wanted * size);
	if (!grown)
		return rmt_err_memory(err);
	*place = grown;
	*room = wanted;
	return 0;
}

/* ---- the graph --------------------------------------------------------------------------------------------------- */

static int
hash_who(struct rmt_search *search, struct node *node, struct rmt_err *err)
{
	unsigned char digest[RMT_SHA256];

	if (rmt_issuers_hash_name(node->cert->subject, &search->scratch, &node->subject, err) ||
	    rmt_sha256(node->cert->spki, digest, err))
		return -1;
	memcpy(&node->who, digest, sizeof node->who);
	node->who ^= node->subject;
	return 0;
}

/* Take a certificate into the graph; the caller has made sure that there is room. */
static int
add_node(struct rmt_search *search, const struct rmt_cert *cert, uint32_t position, bool sent, struct rmt_err *err)
{
	struct node *node = &search->nodes[search->node_count];

	*node = (struct node){ .cert = cert, .position = position, .sent = sent, .cost = COST_NONE };
	if (hash_who(search, node, err))
		return -1;
	if (!position && rmt_issuers_find(search->store, cert->der, &node->position, err))
		return -1;
	node->trusted = node->position && search->store->rows[node->position - 1].trusted;
	node->root = rmt_chain_is_root(cert);
	search->node_count++;
	return 0;
}

/* The node of the same bytes, or -1. */
static ptrdiff_t
same_node(const struct rmt_search *search, const struct rmt_cert *cert)
{
	for (uint32_t i = 0; i < search->node_count; i++)
		if (rmt_span_equal(search->nodes[i].cert->der, cert->der))
			return (ptrdiff_t)i;
	return -1;
}

static int
add_sent(struct rmt_search *search, const struct rmt_cert *const *sent, size_t count, struct rmt_err *err)
{
	if (count > search->sent_room) {
		ptrdiff_t *grown = realloc(search->sent_node, count * sizeof *grown);

		if (!grown)
			return rmt_err_memory(err);
		search->sent_node = grown;
		search->sent_room = count;
	}
	search->sent_count = count;
	for (size_t i = 0; i < count; i++) {
		search->sent_node[i] = i < SENT_MAX ? same_node(search, sent[i]) : -1;
		search->capped = search->capped || i >= SENT_MAX;
		if (i >= SENT_MAX || search->sent_node[i] >= 0)
			continue;
		search->sent_node[i] = (ptrdiff_t)search->node_count;
		if (add_node(search, sent[i], 0, true, err))
			return -1;
	}
	return 0;
}

static void
reach(struct rmt_search *search, uint32_t node)
{
	if (search->nodes[node].reached)
		return;
	search->nodes[node].reached = true;
	search->queue[search->queue_count++] = node;
}

static int
add_link(struct rmt_search *search, uint32_t child, uint32_t issuer, struct rmt_err *err)
{
	struct node *node = &search->nodes[child];

	if (node->links >= LINKS_MAX) {
		search->capped = true;
		return 0;
	}
	if (make_room(&search->links, search->link_count, &search->link_room, sizeof *search->links, err))
		return -1;
	search->links[search->link_count++] = issuer;
	node->links++;
	reach(search, issuer);
	return 0;
}

/* Views of a row of the store, in memory that lasts until the next run. */
static int
read_row(struct rmt_search *search, const struct rmt_store_row *row, struct rmt_cert **out, struct rmt_err *err)
{
	struct rmt_span der = { row->der, row->length };

	if (search->pool_count == search->pool_room) {
		size_t old = search->pool_room;

		if (make_room(&search->pool, search->pool_count, &search->pool_room, sizeof(struct rmt_cert *), err))
			return -1;
		memset(search->pool + old, 0, (search->pool_room - old) * sizeof(struct rmt_cert *));
	}
	*out = search->pool[search->pool_count];
	if (!*out) {
		*out = malloc(sizeof **out);
		if (!*out)
			return rmt_err_memory(err);
		search->pool[search->pool_count] = *out;
	}
	/* It was read before it was stored. */
	return rmt_cert_read(*out, der, RMT_TOLERANT, err);
}

static int
link_row(struct rmt_search *search, uint32_t child, uint32_t position, struct rmt_err *err)
{
	struct rmt_cert *cert;

	for (uint32_t i = 0; i < search->node_count; i++) {
		if (search->nodes[i].position != position)
			continue;
		/* What was sent is linked already. */
		if (search->nodes[i].sent || i == child ||
		    !rmt_cert_issued_by(search->nodes[child].cert, search->nodes[i].cert))
			return 0;
		return add_link(search, child, i, err);
	}
	if (search->node_count == NODES_MAX) {
		search->capped = true;
		return 0;
	}
	if (read_row(search, &search->store->rows[position - 1], &cert, err))
		return -1;
	if (!rmt_cert_issued_by(search->nodes[child].cert, cert))
		return 0;
	search->pool_count++;
	if (add_node(search, cert, position, false, err))
		return -1;
	return add_link(search, child, search->node_count - 1, err);
}

static int
link_bucket(struct rmt_search *search, uint32_t child, enum rmt_store_table table, uint64_t hash, struct rmt_err *err)
{
	unsigned looked = 0;

	for (uint32_t at = rmt_issuers_first(search->store, table, hash); at;
	     at = search->store->rows[at - 1].next[table]) {
		if (search->store->rows[at - 1].hash[table] != hash)
			continue;
		if (looked++ == BUCKET_MAX) {
			search->capped = true;
			break;
		}
		if (link_row(search, child, at, err))
			return -1;
	}
	return 0;
}

/* Link a node to every certificate that can have issued it. A key identifier narrows the store to the rows that have
 * it and to those that have none. */
static int
link_node(struct rmt_search *search, uint32_t child, struct rmt_err *err)
{
	const struct rmt_cert *cert = search->nodes[child].cert;
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_AUTHORITY_KEY_ID);
	const struct rmt_span none = { NULL, 0 };
	struct rmt_authority_key_id authority;
	uint64_t issuer;

	search->nodes[child].link = (uint32_t)search->link_count;
	if (search->nodes[child].root)
		return 0;
	if (rmt_issuers_hash_name(cert->issuer, &search->scratch, &issuer, err))
		return -1;
	for (uint32_t i = 1; i < search->node_count; i++)
		if (search->nodes[i].sent && i != child && search->nodes[i].subject == issuer &&
		    rmt_cert_issued_by(cert, search->nodes[i].cert) && add_link(search, child, i, err))
			return -1;
	if (!search->store)
		return 0;
	if (!ext || rmt_ext_authority_key_id(ext->value, &authority, NULL) || !authority.key_id.length)
		return link_bucket(search, child, RMT_STORE_SUBJECT, issuer, err);
	if (link_bucket(search, child, RMT_STORE_KEY, rmt_issuers_hash_key(issuer, authority.key_id), err))
		return -1;
	return link_bucket(search, child, RMT_STORE_KEY, rmt_issuers_hash_key(issuer, none), err);
}

static int
build_graph(struct rmt_search *search, const struct rmt_cert *leaf, const struct rmt_cert *const *sent, size_t sent_count,
    struct rmt_err *err)
{
	if (add_node(search, leaf, 0, true, err) || add_sent(search, sent, sent_count, err))
		return -1;
	reach(search, 0);
	for (uint32_t i = 0; i < search->queue_count; i++)
		if (link_node(search, search->queue[i], err))
			return -1;
	return 0;
}

/* What it costs to end here; COST_NONE where an issuer goes on. */
static unsigned char
end_cost(const struct node *node)
{
	if (node->trusted)
		return 0;
	if (node->root)
		return COST_ROOT;
	return node->links ? COST_NONE : COST_DEAD;
}

/* From the ends backwards, one certificate further each round. */
static void
estimate_costs(struct rmt_search *search)
{
	bool changed = true;

	for (uint32_t i = 0; i < search->node_count; i++)
		search->nodes[i].cost = end_cost(&search->nodes[i]);
	for (int round = 0; round < RMT_PATH_DEPTH_MAX && changed; round++) {
		changed = false;
		for (uint32_t i = 0; i < search->node_count; i++) {
			struct node *node = &search->nodes[i];

			for (uint32_t l = 0; l < node->links; l++) {
				unsigned above = search->nodes[search->links[node->link + l]].cost;

				if (above + 1 < node->cost) {
					node->cost = (unsigned char)(above + 1);
					changed = true;
				}
			}
		}
	}
}

/* ---- the walk ------------------------------------------------------------------------------------------------------ */

static int
push(struct rmt_search *search, struct step step, unsigned rest, struct rmt_err *err)
{
	unsigned cost = step.depth + (rest == COST_NONE ? COST_DEAD : rest);
	uint32_t position;

	if (search->step_count == STEPS_MAX) {
		search->capped = true;
		return 0;
	}
	if (make_room(&search->steps, search->step_count, &search->step_room, sizeof *search->steps, err))
		return -1;
	/* What turns out better than it was reckoned comes out at once; the ends are sorted anyway. */
	if (cost < search->cost)
		cost = search->cost;
	step.next = 0;
	search->steps[search->step_count++] = step;
	position = (uint32_t)search->step_count;
	if (search->tail[cost])
		search->steps[search->tail[cost] - 1].next = position;
	else
		search->head[cost] = position;
	search->tail[cost] = position;
	return 0;
}

/* Is this key under this name on the path already? */
static bool
on_path(const struct rmt_search *search, uint32_t at, uint64_t who)
{
	for (uint32_t p = at + 1; p; p = search->steps[p - 1].below)
		if (search->nodes[search->steps[p - 1].node].who == who)
			return true;
	return false;
}

static void
finish(struct rmt_search *search, uint32_t at)
{
	unsigned cost = end_cost(&search->nodes[search->steps[at].node]);
	struct end *end;

	if (search->end_count == RMT_PATHS_MAX) {
		search->capped = true;
		return;
	}
	end = &search->ends[search->end_count++];
	cost = search->steps[at].depth + (cost == COST_NONE ? COST_DEAD : cost);
	*end = (struct end){ .step = at, .cost = cost, .expiry = RMT_TIME_MAX };
	/* The leaf is the same on every path. */
	for (uint32_t p = at + 1; search->steps[p - 1].below; p = search->steps[p - 1].below) {
		rmt_time expiry = search->nodes[search->steps[p - 1].node].cert->not_after;

		if (expiry < end->expiry)
			end->expiry = expiry;
	}
}

/* A step that no issuer continues although there are some: the loop or the depth ended it. It takes its turn among the
 * dead ends. */
static int
push_end(struct rmt_search *search, uint32_t at, bool cut, struct rmt_err *err)
{
	struct step step = search->steps[at];

	step.end = true;
	step.cut = cut;
	search->capped = search->capped || cut;
	return push(search, step, COST_DEAD, err);
}

static int
take_step(struct rmt_search *search, uint32_t at, struct rmt_err *err)
{
	const struct step step = search->steps[at];
	const struct node *node = &search->nodes[step.node];
	unsigned above = 0;

	if (step.end || node->trusted || node->root || !node->links)
		finish(search, at);
	if (step.end || node->root || !node->links)
		return 0;
	if (step.depth == RMT_PATH_DEPTH_MAX)
		return node->trusted ? 0 : push_end(search, at, true, err);
	for (uint32_t l = 0; l < node->links; l++) {
		uint32_t issuer = search->links[node->link + l];

		if (on_path(search, at, search->nodes[issuer].who))
			continue;
		above++;
		if (push(search, (struct step){ .node = issuer, .below = at + 1, .depth = step.depth + 1 },
		        search->nodes[issuer].cost, err))
			return -1;
	}
	return above || node->trusted ? 0 : push_end(search, at, false, err);
}

static int
compare_ends(const void *one, const void *other)
{
	const struct end *a = one, *b = other;

	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	if (a->expiry != b->expiry)
		return a->expiry > b->expiry ? -1 : 1;
	return a->step < b->step ? -1 : a->step > b->step;
}

static int
walk(struct rmt_search *search, struct rmt_err *err)
{
	memset(search->head, 0, sizeof search->head);
	memset(search->tail, 0, sizeof search->tail);
	search->cost = 0;
	if (push(search, (struct step){ .node = 0, .depth = 1 }, search->nodes[0].cost, err))
		return -1;
	/* A full list ends the walk only once something was left over, so that "capped" is true. */
	while (search->cost < COSTS && !(search->capped && search->end_count == RMT_PATHS_MAX)) {
		uint32_t position = search->head[search->cost];

		if (!position) {
			search->cost++;
			continue;
		}
		search->head[search->cost] = search->steps[position - 1].next;
		if (!search->head[search->cost])
			search->tail[search->cost] = 0;
		if (take_step(search, position - 1, err))
			return -1;
	}
	if (!search->end_count)
		finish(search, (uint32_t)search->step_count - 1);
	qsort(search->ends, search->end_count, sizeof search->ends[0], compare_ends);
	return 0;
}

int
rmt_search_run(struct rmt_search *search, const struct rmt_chain_store *store, const struct rmt_cert *leaf,
    const struct rmt_cert *const *sent, size_t sent_count, struct rmt_err *err)
{
	search->store = store;
	search->node_count = 0;
	search->queue_count = 0;
	search->sent_count = 0;
	search->link_count = 0;
	search->step_count = 0;
	search->end_count = 0;
	search->pool_count = 0;
	search->capped = false;
	if (build_graph(search, leaf, sent, sent_count, err))
		return -1;
	estimate_costs(search);
	return walk(search, err);
}

/* ---- what was found ------------------------------------------------------------------------------------------------ */

size_t
rmt_search_count(const struct rmt_search *search)
{
	return search->end_count;
}

void
rmt_search_path(const struct rmt_search *search, size_t index, struct rmt_path *out)
{
	const struct end *end = &search->ends[index];
	const struct step *last = &search->steps[end->step];
	const struct node *top = &search->nodes[last->node];

	out->count = last->depth;
	out->anchored = top->trusted;
	out->rooted = top->root;
	out->cut = last->cut;
	for (uint32_t p = end->step + 1; p; p = search->steps[p - 1].below) {
		const struct step *step = &search->steps[p - 1];

		out->cert[step->depth - 1] = search->nodes[step->node].cert;
		out->sent[step->depth - 1] = search->nodes[step->node].sent;
	}
}

bool
rmt_search_capped(const struct rmt_search *search)
{
	return search->capped;
}

bool
rmt_search_reached(const struct rmt_search *search, size_t sent_index)
{
	ptrdiff_t node = search->sent_node[sent_index];

	return node >= 0 && search->nodes[node].reached;
}

ptrdiff_t
rmt_search_twin(const struct rmt_search *search, size_t sent_index)
{
	ptrdiff_t node = search->sent_node[sent_index];
	size_t first = 0;

	if (node == 0)
		return -1;
	while (node > 0 && first < sent_index && search->sent_node[first] != node)
		first++;
	return (ptrdiff_t)(node > 0 ? first : sent_index);
}

int
rmt_chain_paths(const struct rmt_chain_store *store, const struct rmt_cert *leaf, const struct rmt_cert *const *sent,
    size_t sent_count, int (*visit)(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored), void *arg,
    bool *capped, struct rmt_err *err)
{
	struct rmt_search *search = rmt_search_new(err);
	int rc = -1;

	if (!search || rmt_search_run(search, store, leaf, sent, sent_count, err))
		goto out;
	*capped = rmt_search_capped(search);
	rc = 0;
	for (size_t i = 0; i < rmt_search_count(search) && !rc; i++) {
		struct rmt_path path;

		rmt_search_path(search, i, &path);
		rc = visit(arg, path.cert, path.count, path.anchored);
	}
out:
	rmt_search_free(search);
	return rc;
}
