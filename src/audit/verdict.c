/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/verdict.c - asks OpenSSL's path validation about the candidate paths of one leaf.
 *
 * Each path is handed over alone, best first, once for every role in which the target uses the leaf. One accepted path
 * is enough for a role; when none is, the fault told is that of the best. The path that the rules about CAs then look
 * at is the accepted one. Where to find paths is chain.c's business; what OpenSSL is asked is x509's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "audit/local.h"

/* Numbers of OpenSSL's X509_V_ERR_* for a path that ends without an anchor, as administrators know them. */
enum { UNSPECIFIED = 1, SELF_SIGNED_LEAF = 18, SELF_SIGNED_IN_CHAIN = 19, NO_ISSUER = 20 };

/* Roots are known, and this path leads to none of them: what OpenSSL says of it without partial chains. */
static void
unanchored(struct rmt_verdict *verdict, const struct rmt_path *path)
{
	verdict->depth = (int)path->count - 1;
	verdict->error = NO_ISSUER;
	if (path->rooted)
		verdict->error = path->count == 1 ? SELF_SIGNED_LEAF : SELF_SIGNED_IN_CHAIN;
	verdict->text = rmt_verify_error_text(verdict->error);
}

/* The tolerant reader takes more than OpenSSL does: what only OpenSSL cannot read has no path, and that is a verdict. */
static int
refuse_unreadable(struct rmt_check *check, const struct rmt_path *path, struct rmt_verdict *verdict,
    const struct rmt_err *why)
{
	char place[32];

	if (why->class != RMT_INPUT)
		return rmt_err_set(check->err, why->class, why->place, "%s", why->message);
	for (size_t i = 0; i < path->count; i++) {
		snprintf(place, sizeof place, "path[%zu]", i);
		if (!strcmp(place, why->place))
			verdict->depth = (int)i;
	}
	verdict->error = UNSPECIFIED;
	verdict->text = "OpenSSL cannot read this certificate";
	return 0;
}

/* One path in one role. Without any root at hand a path may end anywhere, and only the rest of it is judged. */
static int
judge_path(struct rmt_check *check, unsigned role, const struct rmt_path *path, struct rmt_verdict *verdict)
{
	struct rmt_audit *audit = check->audit;
	struct rmt_path_outcome outcome = { 0 };
	struct rmt_err why = { 0 };

	*verdict = (struct rmt_verdict){ .purpose = audit->purpose[role] };
	if (rmt_chain_store_has_anchors(audit->store) && !path->anchored) {
		unanchored(verdict, path);
		return 0;
	}
	if (rmt_path_check(audit->checker[role], path->cert, path->count, path->anchored, &outcome, &why))
		return refuse_unreadable(check, path, verdict, &why);
	verdict->accepted = outcome.accepted;
	verdict->error = outcome.error;
	verdict->depth = outcome.depth;
	verdict->text = outcome.text;
	return 0;
}

/* One role over all paths: `accepted` is the path taken, left alone when there is none. */
static int
judge_role(struct rmt_check *check, unsigned role, size_t *accepted)
{
	size_t count = rmt_search_count(check->audit->search);

	for (size_t i = 0; i < count; i++) {
		struct rmt_verdict verdict;
		struct rmt_path path;

		rmt_search_path(check->audit->search, i, &path);
		if (judge_path(check, role, &path, &verdict))
			return -1;
		verdict.cert = path.cert[verdict.depth >= 0 && (size_t)verdict.depth < path.count ? verdict.depth : 0];
		if (verdict.accepted || i == 0)
			check->verdict[role] = verdict;
		if (verdict.accepted) {
			*accepted = i;
			return 0;
		}
	}
	return 0;
}

int
rmt_audit_path(struct rmt_check *check)
{
	struct rmt_audit *audit = check->audit;
	const struct rmt_presented *presented = check->presented;
	size_t chosen = 0;

	if (check->path_known)
		return 0;
	if (rmt_search_run(audit->search, audit->store, presented->leaf, presented->sent, presented->sent_count, check->err))
		return -1;
	for (unsigned role = 0; role < audit->purpose_count; role++)
		if (judge_role(check, role, &chosen))
			return -1;
	check->verdict_count = audit->purpose_count;
	rmt_search_path(audit->search, chosen, &check->path);
	for (size_t i = 1; i < check->path.count; i++)
		check->judged[i].cert = check->path.cert[i];
	check->path_known = true;
	return 0;
}
