/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - remint_audit(): inputs against targets, streamed.
 *
 * Every input is read twice. The first pass keeps what leaves are judged by: issuing certificates and private keys. The
 * second pass judges each leaf as it goes by, so that a pile of any size costs the memory of its CA certificates alone.
 *
 * A source (one file) with a single leaf is taken for what a server presents: the rest of it is the chain as sent. With
 * several leaves it is a pile, of which nobody knows what was sent with what: its CA certificates are at hand for every
 * path, and rules about the chain as sent do not run.
 *
 * What an endpoint sent is in memory already: its leaf is the certificate that the server proved itself with, whatever
 * that is, and everything else is the chain as sent, in its order.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* Certificates kept as company of a single leaf; more than any search takes. Later ones are at hand, but not "sent". */
enum { COMPANY_MOST = 600 };

/* What one source holds beside the leaf under judgement. */
struct group {
	char *source;
	struct rmt_cert **certs; /* CA certificates and repetitions of the first leaf, in order */
	size_t count, capacity;
	size_t leaves, seen;
	unsigned char first[RMT_SHA256]; /* fingerprint of the first leaf */
	bool leaf_first, judged;
	struct rmt_buf keys; /* SPKI hashes, RMT_SHA256 bytes each */
	struct rmt_buf first_key; /* SPKI of the first */
	bool locked;
};

struct audit_run {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	const struct remint_audit_options *options;
	remint_finding_fn *finding;
	void *arg;
	const struct rmt_leaf_sink *leaves; /* instead of `finding`, or NULL */
	struct remint_audit_summary *summary;
	struct rmt_chain_store *store;
	struct rmt_audit **audits;
	size_t audit_count;
	struct rmt_expectation expect; /* of the targets, by the topology */
	struct rmt_pile keys; /* --key */
	struct group *groups;
	struct rmt_contents found; /* in the input under way */
	size_t group_count, group_capacity, current;
	size_t leaf_count; /* of this input */
	struct rmt_buf label;
	const char *source; /* of the leaf being judged */
	struct rmt_wire wire;
	struct rmt_err *err;
};

/* ---- first pass -------------------------------------------------------------------------------------------------------- */

static struct group *group_of(struct audit_run *run, const char *source)
{
	struct group *last = run->group_count ? &run->groups[run->group_count - 1] : NULL, *grown;

	if (last && strcmp(last->source, source) == 0)
		return last;
	if (run->group_count == run->group_capacity) {
		size_t capacity = run->group_capacity ? 2 * run->group_capacity : 8;

		grown = realloc(run->groups, capacity * sizeof *grown);
		if (!grown) {
			rmt_err_memory(run->err);
			return NULL;
		}
		run->groups = grown;
		run->group_capacity = capacity;
	}
	last = &run->groups[run->group_count];
	*last = (struct group){.source = rmt_strdup(source, run->err), .leaf_first = true};
	if (!last->source)
		return NULL;
	run->group_count++;
	return last;
}

static int group_keep(struct group *group, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_cert **grown;

	if (group->count == group->capacity) {
		size_t capacity = group->capacity ? 2 * group->capacity : 4;

		grown = realloc(group->certs, capacity * sizeof *grown);
		if (!grown)
			return rmt_err_memory(err);
		group->certs = grown;
		group->capacity = capacity;
	}
	group->certs[group->count] = rmt_cert_dup(cert, err);
	return group->certs[group->count++] ? 0 : -1;
}

static int keep_key(struct audit_run *run, struct group *group, const struct rmt_object *object)
{
	unsigned char hash[RMT_SHA256];

	group->locked |= object->locked;
	if (!object->spki.length || rmt_spki_hash(object->spki, hash, NULL))
		return 0;
	if (!group->keys.length)
		rmt_buf_span(&group->first_key, object->spki);
	rmt_buf_append(&group->keys, hash, sizeof hash);
	return rmt_buf_check(&group->first_key, run->err) || rmt_buf_check(&group->keys, run->err) ? -1 : 0;
}

/* Count a leaf; the same one again is no second leaf but something sent twice: 1. */
static int count_leaf(struct audit_run *run, struct group *group, const struct rmt_cert *cert)
{
	unsigned char fingerprint[RMT_SHA256];

	if (rmt_cert_fingerprint(cert, fingerprint, run->err))
		return -1;
	if (group->leaves > 0 && memcmp(fingerprint, group->first, RMT_SHA256) == 0)
		return 1;
	if (group->leaves++ == 0) {
		memcpy(group->first, fingerprint, RMT_SHA256);
		group->leaf_first = group->seen == 0;
	}
	run->leaf_count++;
	return 0;
}

static int first_pass(void *arg, const struct rmt_object *object)
{
	struct audit_run *run = arg;
	struct group *group = group_of(run, object->source);
	int keep = 1;

	if (!group)
		return -1;
	rmt_contents_note(&run->found, object);
	if (object->type == RMT_OBJECT_PRIVATE_KEY)
		return keep_key(run, group, object);
	if (!object->cert)
		return 0;
	if (!rmt_cert_is_ca(object->cert))
		keep = count_leaf(run, group, object->cert);
	group->seen++;
	if (keep <= 0)
		return keep;
	return group->count < COMPANY_MOST ? group_keep(group, object->cert, run->err)
	                                   : rmt_chain_store_add(run->store, object->cert, false, run->err);
}

/* The CA certificates of a pile are at hand for all its leaves. */
static int piles_to_store(struct audit_run *run)
{
	for (size_t i = 0; i < run->group_count; i++) {
		struct group *group = &run->groups[i];

		for (size_t j = 0; group->leaves > 1 && j < group->count; j++)
			if (rmt_cert_is_ca(group->certs[j]) &&
			    rmt_chain_store_add(run->store, group->certs[j], false, run->err))
				return -1;
	}
	return 0;
}

/* ---- second pass ----------------------------------------------------------------------------------------------------------- */

static int hand_finding(void *arg, const struct rmt_finding *finding)
{
	struct audit_run *run = arg;
	struct remint_finding out = rmt_finding_told(finding, run->source);

	run->summary->findings[finding->severity]++;
	if (run->leaves)
		return run->leaves->finding(run->leaves->arg, finding);
	return run->finding ? run->finding(run->arg, &out) : 0;
}

/* The SPKI of the private key that belongs to the leaf; else of one that stands beside it. */
static struct rmt_span key_spki(const struct audit_run *run, const struct group *group, const struct rmt_cert *leaf)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_span other = {0};

	if (rmt_spki_hash(leaf->spki, hash, NULL))
		return (struct rmt_span){0};
	for (size_t at = 0; at < group->keys.length; at += RMT_SHA256)
		if (memcmp(group->keys.bytes + at, hash, RMT_SHA256) == 0)
			return leaf->spki;
	if (group->leaves == 1) /* in a pile a key may belong to any of the others */
		other = rmt_buf_view(&group->first_key);
	for (size_t i = 0; i < run->keys.count; i++) {
		if (!run->keys.objects[i]->key)
			continue;
		if (rmt_span_equal(run->keys.objects[i]->spki, leaf->spki))
			return leaf->spki;
		other = run->keys.objects[i]->spki;
	}
	return other;
}

static const char *label_of(struct audit_run *run, const struct group *group, const struct rmt_object *object)
{
	rmt_buf_clear(&run->label);
	if (group->seen > 1)
		rmt_buf_format(&run->label, "#%zu ", object->index);
	rmt_cert_label(object->cert, &run->label);
	return rmt_buf_string(&run->label);
}

static int judge_leaf(struct audit_run *run, const struct group *group, const struct rmt_object *object)
{
	struct rmt_object_facts facts = {
	    .container = object->container, .pfx_profile = object->profile, .note = object->note};
	bool pile = group->leaves > 1;
	struct rmt_presented presented = {.leaf = object->cert,
	                                  .facts = &facts,
	                                  .label = label_of(run, group, object),
	                                  .sent = (const struct rmt_cert *const *)group->certs,
	                                  .sent_count = pile ? 0 : group->count,
	                                  .order_matters = !pile && strcmp(object->container, "pem") == 0,
	                                  .leaf_first = group->leaf_first,
	                                  .key_spki = key_spki(run, group, object->cert),
	                                  .key_locked = group->locked,
	                                  .host = run->options->host,
	                                  .leaf_only = pile && !run->options->trust.count && !run->options->chain.count,
	                                  .chain_unknown = pile,
	                                  .once = pile && !run->leaves};
	int rc = run->leaves ? run->leaves->leaf(run->leaves->arg, object) : 0;

	for (size_t i = 0; rc == 0 && i < run->audit_count; i++)
		rc = rmt_audit_run(run->audits[i], &presented, hand_finding, run, run->err);
	if (rc)
		return rc;
	run->summary->certificates++;
	rmt_verb_progress(run->ctx, run->summary->certificates, 0);
	return 0;
}

static int judge_ca(struct audit_run *run, const struct group *group, const struct rmt_object *object)
{
	const char *label = label_of(run, group, object);

	for (size_t i = 0; i < run->audit_count; i++) {
		int rc = rmt_audit_run_ca(run->audits[i], object->cert, label, hand_finding, run, run->err);

		if (rc)
			return rc;
	}
	run->summary->certificates++;
	return 0;
}

static int second_pass(void *arg, const struct rmt_object *object)
{
	struct audit_run *run = arg;
	struct group *group;

	if (!object->cert)
		return 0;
	while (run->current < run->group_count && strcmp(run->groups[run->current].source, object->source) != 0)
		run->current++;
	if (run->current == run->group_count)
		return rmt_err_set(run->err, RMT_INPUT, NULL, "%s changed while it was read", object->source);
	group = &run->groups[run->current];
	run->source = object->source;
	if (!rmt_cert_is_ca(object->cert)) {
		if (group->leaves == 1 && group->judged) /* sent twice: chain.duplicate has said so */
			return 0;
		group->judged = true;
		return judge_leaf(run, group, object);
	}
	return run->leaf_count == 0 && !run->leaves ? judge_ca(run, group, object) : 0; /* CA certificates are judged on a leaf's path, or alone */
}

/* ---- an endpoint ----------------------------------------------------------------------------------------------------------- */

static int judge_node(struct audit_run *run, const struct rmt_wire_node *node)
{
	const char *host = run->options->host ? run->options->host : rmt_wire_host(&run->wire, node);
	const struct rmt_cert **sent = NULL;
	struct rmt_presented presented;
	struct rmt_object object;
	int rc = rmt_wire_present(node, host, &presented, &sent, &run->label, run->err);

	run->source = node->source;
	rmt_wire_object(node, rmt_wire_leaf(node), &object);
	if (rc == 0 && run->leaves)
		rc = run->leaves->leaf(run->leaves->arg, &object);
	for (size_t i = 0; rc == 0 && i < run->audit_count; i++)
		rc = rmt_audit_run(run->audits[i], &presented, hand_finding, run, run->err);
	run->summary->certificates += rc == 0;
	free(sent);
	return rc;
}

static int wire_fault(void *arg, const struct rmt_err *err)
{
	struct audit_run *run = arg;

	return rmt_verb_fault(run->ctx, err);
}

static int audit_endpoint(struct audit_run *run, size_t n)
{
	const struct rmt_wire_node *node;
	size_t cursor = 0;
	int rc = 0;

	while (rc == 0 && rmt_wire_chain(&run->wire, n, &cursor, &node))
		rc = judge_node(run, node);
	return rc ? rc : rmt_wire_faults(&run->wire, n, wire_fault, run);
}

/* ---- one input ---------------------------------------------------------------------------------------------------------------- */

static void groups_clear(struct audit_run *run)
{
	for (size_t i = 0; i < run->group_count; i++) {
		struct group *group = &run->groups[i];

		for (size_t j = 0; j < group->count; j++)
			rmt_cert_free(group->certs[j]);
		free(group->certs);
		rmt_buf_free(&group->keys);
		rmt_buf_free(&group->first_key);
		free(group->source);
	}
	run->group_count = run->current = run->leaf_count = 0;
	run->found = (struct rmt_contents){.unread = ""};
}

static size_t certificates(const struct audit_run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->group_count; i++)
		count += run->groups[i].seen;
	return count;
}

/* What cannot be read twice (standard input, a pipe of the shell) is held meanwhile. */
static int read_twice(struct audit_run *run, const char *path, struct rmt_err *err)
{
	bool hold = !rmt_path_is_directory(path) && (strcmp(path, "-") == 0 || !rmt_path_is_regular(path));
	struct rmt_reader reader = rmt_verb_reader(run->ctx);
	uint64_t faults = run->ctx->faults;
	struct rmt_buf held = {0};
	char without[320];
	size_t rows;
	int rc;

	reader.arg = run;
	reader.object = first_pass;
	rc = hold ? rmt_read_keep(&reader, path, &held, err) : rmt_read_path(&reader, path, err);
	if (rc == 0 && !certificates(run) && run->ctx->faults == faults) {
		rmt_contents_without(&run->found, "certificate", without);
		rc = rmt_err_set(err, RMT_INPUT, NULL, "%s", without);
		rmt_err_source(err, path);
	}
	rows = run->found.types[RMT_OBJECT_LISTING];
	if (rc == 0 && rows)
		rmt_verb_warn(run->ctx, "%zu row%s of a CA's listing in %.200s come%s without %s, which %s not judged: list again with the column "
		              "RawCertificate", rows, rows == 1 ? "" : "s", path, rows == 1 ? "s" : "", rows == 1 ? "its certificate" : "their certificates",
		              rows == 1 ? "is" : "are");
	if (rc == 0)
		rc = piles_to_store(run);
	if (rc == 0) {
		reader.object = second_pass;
		reader.fault = NULL; /* reported in the first pass */
		reader.skip_keys = true;
		rc = hold ? rmt_read_mem(&reader, path, rmt_buf_view(&held), err) : rmt_read_path(&reader, path, err);
	}
	rmt_buf_free(&held);
	return rc;
}

static int audit_input(struct audit_run *run, const char *path)
{
	size_t at_hand = rmt_chain_store_count(run->store);
	struct rmt_err err = {0};
	int rc = read_twice(run, path, &err);

	groups_clear(run);
	rmt_chain_store_drop(run->store, at_hand); /* the next input is judged as if it came first */
	if (rc && err.class != RMT_NONE && run->err->class == RMT_NONE)
		rc = rmt_verb_fault(run->ctx, &err);
	return rc;
}

/* ---- the verb -------------------------------------------------------------------------------------------------------------------- */

static int audits_load(struct audit_run *run, struct rmt_target *const *targets, size_t count)
{
	rmt_time at = run->options->at ? run->options->at : rmt_verb_now(run->ctx);

	for (size_t i = 0; i < count; i++) {
		run->audits[i] = rmt_audit_new(targets[i], run->store, at, run->err);
		if (!run->audits[i])
			return -1;
		run->audit_count++;
	}
	if (rmt_expectation_load(run->ctx, run->options->topology, run->options->server, targets, count, false, &run->expect, run->err))
		return -1;
	for (size_t i = 0; i < count; i++)
		rmt_audit_expect(run->audits[i], rmt_expectation_of(&run->expect, i));
	return 0;
}

static int audit_all(struct audit_run *run, struct rmt_target *const *targets, size_t target_count)
{
	const struct remint_audit_options *options = run->options;
	int rc = -1;

	run->store = rmt_chain_store_new(run->err);
	run->audits = calloc(target_count + 1, sizeof(struct rmt_audit *));
	if (!run->audits)
		rmt_err_memory(run->err);
	if (!run->audits || !run->store)
		goto out;
	if (rmt_verb_store_fill(run->ctx, run->store, options->trust, true, run->err) ||
	    rmt_verb_store_fill(run->ctx, run->store, options->chain, false, run->err) ||
	    rmt_pile_for(run->ctx, &run->keys, options->keys, RMT_OBJECT_PRIVATE_KEY, run->err) || audits_load(run, targets, target_count))
		goto out;
	rc = rmt_wire_open(run->ctx, &options->wire, options->inputs, &run->wire, run->err);
	for (size_t i = 0; rc == 0 && i < run->wire.count; i++)
		rc = run->wire.inputs[i].name ? audit_endpoint(run, i) : audit_input(run, run->wire.inputs[i].text);
out:
	for (size_t i = 0; run->audits && i < run->audit_count; i++) {
		run->summary->verifications += rmt_audit_verifications(run->audits[i]);
		rmt_audit_free(run->audits[i]);
	}
	run->summary->faults = run->ctx->faults;
	rmt_expectation_clear(&run->expect);
	free(run->audits);
	free(run->groups);
	rmt_buf_free(&run->label);
	rmt_pile_free(&run->keys);
	rmt_chain_store_free(run->store);
	rmt_wire_clear(&run->wire);
	return rc;
}

int rmt_verb_audit(struct remint *ctx, const struct remint_audit_options *options, struct rmt_target *const *targets, size_t target_count,
                   remint_finding_fn *finding, void *arg, struct remint_audit_summary *summary)
{
	struct audit_run run = {.ctx = ctx, .options = options, .finding = finding, .arg = arg, .summary = summary, .err = &ctx->err};

	return audit_all(&run, targets, target_count);
}

int rmt_verb_audit_leaves(struct remint *ctx, const struct remint_audit_options *options, struct rmt_target *const *targets,
                          size_t target_count, const struct rmt_leaf_sink *leaves, struct remint_audit_summary *summary)
{
	struct audit_run run = {.ctx = ctx, .options = options, .leaves = leaves, .summary = summary, .err = &ctx->err};

	return audit_all(&run, targets, target_count);
}

/* The targets named, in an array that the caller frees with targets_free(). */
static struct rmt_target **targets_load(struct remint *ctx, struct remint_strings given, size_t *count)
{
	struct rmt_arena arena = {0};
	struct rmt_target **targets = NULL;
	struct remint_strings names;
	int rc;

	*count = 0;
	rc = given.count ? rmt_targets_expand(ctx, given, RMT_TARGETS_JUDGE, &arena, &names, &ctx->err)
	                 : rmt_err_set(&ctx->err, RMT_USAGE, NULL,
	                               "no target: name who must accept the certificate with --for");
	if (rc == 0 && !(targets = calloc(names.count + 1, sizeof *targets)))
		rmt_err_memory(&ctx->err);
	for (; targets && *count < names.count; ++*count)
		if (!(targets[*count] = rmt_target_load(ctx->policies, names.items[*count], &ctx->err)))
			break;
	rmt_arena_free(&arena);
	return targets;
}

static void targets_free(struct rmt_target **targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rmt_target_free(targets[i]);
	free(targets);
}

int remint_audit(struct remint *ctx, const struct remint_audit_options *options, remint_finding_fn *finding, void *arg,
                 struct remint_audit_summary *summary)
{
	struct remint_audit_summary counted = {0};
	struct rmt_target **targets;
	size_t count;
	int rc = -1;

	rmt_verb_begin(ctx);
	targets = targets_load(ctx, options->targets, &count);
	if (targets && ctx->err.class == RMT_NONE)
		rc = rmt_verb_audit(ctx, options, targets, count, finding, arg, &counted);
	targets_free(targets, count);
	if (summary)
		*summary = counted;
	return rmt_verb_end(ctx, rc);
}
