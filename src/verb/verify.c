/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - remint_verify(): each address of each endpoint, met as a target meets it.
 *
 * The handshake is the probe's, the rules are the audit's; here the two make one verdict. What the database knows of the
 * certificates that are served is the answer of served.c.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct verifying {
	struct remint *ctx;
	const struct remint_verify_options *options;
	remint_verified_fn *verified;
	void *arg;
	struct remint_verify_summary *summary;
	struct rmt_target *target;
	struct rmt_pile trust, chain, own;
	struct rmt_company company;  /* of our own certificate */
	struct rmt_path path;        /* that is shown with it */
	const struct rmt_cert **trusted, **at_hand;
	size_t trusted_count, at_hand_count;
	struct rmt_chain_store *store;
	struct rmt_audit *audit;
	struct rmt_served_records *records; /* NULL: there is no database */
	struct rmt_wire wire;
	struct rmt_arena arena; /* of the endpoint under way */
	struct rmt_buf label;
	struct remint_finding *findings; /* of all its addresses, one after the other */
	size_t finding_count, finding_capacity;
	const char *source;
	struct rmt_err *err;
};

const char *remint_verdict_name(enum remint_verdict verdict)
{
	static const char *const names[] = {"none", "accepted", "refused"};

	return (size_t)verdict < sizeof names / sizeof *names ? names[verdict] : "";
}

/* ---- what the target has ------------------------------------------------------------------------------------------------- */

/* The certificates of the files, borrowed from the pile; a file without any was named by mistake. */
static int certs_of(struct verifying *run, struct remint_strings files, struct rmt_pile *pile, const struct rmt_cert ***certs,
                    size_t *count)
{
	if (rmt_pile_for(run->ctx, pile, files, RMT_OBJECT_CERTIFICATE, run->err))
		return -1;
	*certs = calloc(pile->count + 1, sizeof **certs);
	if (!*certs)
		return rmt_err_memory(run->err);
	for (size_t i = 0; i < pile->count; i++)
		if (pile->objects[i]->cert)
			(*certs)[(*count)++] = pile->objects[i]->cert;
	return 0;
}

/* A consumer that trusts roots only takes no issuer but from the wire. */
static int stores_fill(struct verifying *run)
{
	const struct remint_verify_options *options = run->options;
	bool at_hand = !run->target->client.trusts_root_only;

	run->store = rmt_chain_store_new(run->err);
	if (!run->store || certs_of(run, options->trust, &run->trust, &run->trusted, &run->trusted_count) ||
	    certs_of(run, options->chain, &run->chain, &run->at_hand, &run->at_hand_count))
		return -1;
	if (!at_hand && run->at_hand_count) {
		run->at_hand_count = 0;
		rmt_verb_warn(run->ctx, "%s takes intermediates from the wire only: --chain is not used", run->target->name);
	}
	for (size_t i = 0; i < run->trusted_count; i++)
		if (rmt_chain_store_add(run->store, run->trusted[i], true, run->err))
			return -1;
	for (size_t i = 0; i < run->at_hand_count; i++)
		if (rmt_chain_store_add(run->store, run->at_hand[i], false, run->err))
			return -1;
	return 0;
}

/* What is shown with our certificate: its issuers in their order, whatever the order in the file, without the root. */
static int own_path(struct verifying *run)
{
	struct rmt_chain_store *store = rmt_chain_store_new(run->err);
	int rc = store ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < run->company.sent_count; i++)
		rc = rmt_chain_store_add(store, run->company.sent[i], false, run->err);
	if (rc == 0)
		rc = rmt_path_find(store, run->company.leaf->cert, &run->path, run->err);
	rmt_chain_store_free(store);
	return rc;
}

static int own_certificate(struct verifying *run)
{
	const char *file = run->options->certificate;
	int found;

	if (!file)
		return run->options->keys.count ? rmt_err_set(run->err, RMT_USAGE, NULL, "a key without its --client-cert") : 0;
	if (rmt_pile_need(run->ctx, &run->own, (struct remint_strings){&file, 1}, false, run->err) ||
	    rmt_pile_for(run->ctx, &run->own, run->options->keys, RMT_OBJECT_PRIVATE_KEY, run->err))
		return -1;
	found = rmt_company_first(&run->own, &run->company, run->err);
	if (found == 0)
		rmt_pile_refuse(&run->own, 0, "certificate", file, run->err);
	else if (found == 1 && !run->company.key)
		rmt_err_set(run->err, RMT_SECRET, NULL, "the private key of this certificate is not there: name it with --key");
	else if (found == 1 && !run->company.key->key)
		rmt_err_set(run->err, RMT_SECRET, NULL, "the private key is locked: give its passphrase with --password-file");
	rmt_err_source(run->err, file);
	return run->err->class != RMT_NONE ? -1 : own_path(run);
}

static int probe(struct verifying *run)
{
	const struct rmt_target *target = run->target;
	struct rmt_probe_options as = {.rules = {.client = &target->client,
	                                         .auth_level = target->path.check ? target->path.auth_level : -1,
	                                         .strict = target->path.check && target->path.strict,
	                                         .trust = run->trusted,
	                                         .trust_count = run->trusted_count,
	                                         .at_hand = run->at_hand,
	                                         .at_hand_count = run->at_hand_count,
	                                         .now = run->options->at ? run->options->at : rmt_verb_now(run->ctx)},
	                               .name = run->options->name};

	if (run->company.leaf) {
		as.certificate = run->company.leaf->cert;
		as.key = run->company.key->key;
		as.certificate_chain = (const struct rmt_cert *const *)run->path.intermediates;
		as.certificate_chain_count = run->path.count;
	}
	return rmt_wire_probe(&run->wire, &run->options->wire, &as, run->err);
}

/* ---- one address ------------------------------------------------------------------------------------------------------------ */

static int keep_finding(void *arg, const struct rmt_finding *finding)
{
	struct verifying *run = arg;
	struct rmt_arena *arena = &run->arena;
	struct remint_finding told = rmt_finding_told(finding, run->source);

	if (run->finding_count == run->finding_capacity) {
		size_t capacity = run->finding_capacity ? 2 * run->finding_capacity : 16;
		struct remint_finding *grown = realloc(run->findings, capacity * sizeof *grown);

		if (!grown)
			return rmt_err_memory(run->err);
		run->findings = grown;
		run->finding_capacity = capacity;
	}
	run->findings[run->finding_count++] = rmt_arena_finding(arena, &told);
	return arena->failed ? rmt_err_memory(run->err) : 0;
}

static int judge(struct verifying *run, const struct rmt_wire_node *node)
{
	const char *host = run->options->name ? run->options->name : rmt_wire_host(&run->wire, node);
	const struct rmt_cert **sent = NULL;
	struct rmt_presented presented;
	int rc;

	run->source = node->source;
	rc = rmt_wire_present(node, host, &presented, &sent, &run->label, run->err);
	if (rc == 0)
		rc = rmt_audit_run(run->audit, &presented, keep_finding, run, run->err);
	free(sent);
	return rc;
}

static const char *shown(const struct verifying *run, const struct rmt_wire_node *node)
{
	const struct rmt_probe_seen *seen = &node->seen;

	if (!seen->protocol && !seen->asked_certificate)
		return NULL; /* there was no handshake to ask in */
	if (!seen->asked_certificate)
		return "not-asked";
	if (!run->company.leaf)
		return "none";
	if (seen->outcome == RMT_PROBE_THEY_REFUSED && seen->stage == RMT_STAGE_CLIENT_CERTIFICATE)
		return "refused";
	return seen->outcome == RMT_PROBE_DONE && seen->closed_cleanly ? "taken" : "unknown";
}

static void tell_handshake(struct verifying *run, const struct rmt_wire_node *node, struct remint_verified_address *out)
{
	const struct rmt_probe_seen *seen = &node->seen;
	bool refused = seen->outcome == RMT_PROBE_THEY_REFUSED || seen->outcome == RMT_PROBE_WE_REFUSED;

	out->address = node->address;
	out->handshake = seen->outcome == RMT_PROBE_DONE ? REMINT_VERDICT_ACCEPTED
	                 : refused                       ? REMINT_VERDICT_REFUSED
	                                                 : REMINT_VERDICT_NONE;
	if (refused)
		out->by = seen->outcome == RMT_PROBE_WE_REFUSED ? "target" : "server";
	if (out->handshake != REMINT_VERDICT_ACCEPTED) {
		out->stage = rmt_probe_stage_name(seen->stage);
		out->reason = rmt_arena_text(&run->arena, seen->err.message);
	}
	out->protocol = seen->protocol;
	out->cipher = seen->cipher;
	out->signature = seen->signature;
	out->alert = seen->alert;
	out->alert_ours = seen->alert_ours;
	out->verify_error = seen->verify_error;
	out->verify_depth = seen->verify_depth;
	out->asked_certificate = seen->asked_certificate;
	out->issuers_named = seen->issuers_named;
	out->shown = shown(run, node);
	out->milliseconds = seen->milliseconds;
}

static int tell_chain(struct verifying *run, const struct rmt_wire_node *node, struct remint_verified_address *out)
{
	const struct rmt_cert *leaf = node->sent[rmt_wire_leaf(node)];
	const char **labels = rmt_arena_take(&run->arena, (node->sent_count + 1) * sizeof *labels);
	unsigned char hash[RMT_SHA256];

	if (!labels || rmt_cert_fingerprint(leaf, hash, run->err))
		return labels ? -1 : rmt_err_memory(run->err);
	for (size_t i = 0; i < node->sent_count; i++) {
		rmt_cert_label(node->sent[i], &run->arena.scratch);
		labels[i] = rmt_arena_scratch(&run->arena);
	}
	out->chain = (struct remint_strings){labels, node->sent_count};
	rmt_cert_label(leaf, &run->arena.scratch);
	out->name = rmt_arena_scratch(&run->arena);
	out->sha256 = rmt_arena_hex(&run->arena, rmt_span_of(hash, sizeof hash));
	out->serial = rmt_arena_serial(&run->arena, leaf->serial);
	out->subject = rmt_arena_name(&run->arena, leaf->subject);
	out->issuer = rmt_arena_name(&run->arena, leaf->issuer);
	out->not_before = leaf->not_before;
	out->not_after = leaf->not_after;
	return run->records ? rmt_served_look_up(run->records, run->wire.endpoints[node->endpoint].host, leaf->serial,
	                                         rmt_span_of(hash, sizeof hash), &run->arena, out, run->err)
	                    : 0;
}

/* An error among the rules refuses what the handshake alone would have taken. */
static void conclude(struct verifying *run, struct remint_verified_address *out, size_t first)
{
	const struct remint_finding *error = NULL;

	for (size_t i = first; !error && i < run->finding_count; i++)
		if (run->findings[i].severity == REMINT_ERROR)
			error = &run->findings[i];
	out->verdict = error ? REMINT_VERDICT_REFUSED : out->handshake;
	if (!error || out->handshake == REMINT_VERDICT_REFUSED)
		return;
	out->by = "rules";
	out->stage = "rules";
	rmt_buf_format(&run->arena.scratch, "%s: %s", error->rule, error->message);
	out->reason = rmt_arena_scratch(&run->arena);
}

static int verify_node(struct verifying *run, const struct rmt_wire_node *node, struct remint_verified_address *out)
{
	size_t first = run->finding_count;

	tell_handshake(run, node, out);
	if (node->sent_count && (tell_chain(run, node, out) || judge(run, node)))
		return -1;
	out->finding_count = run->finding_count - first;
	conclude(run, out, first);
	run->summary->addresses++;
	run->summary->verdicts[out->verdict]++;
	run->summary->old += out->old;
	return run->arena.failed ? rmt_err_memory(run->err) : 0;
}

/* ---- one endpoint ----------------------------------------------------------------------------------------------------------- */

static bool serves_other(const struct remint_verified_address *a, const struct remint_verified_address *b)
{
	return a->sha256 && b->sha256 && strcmp(a->sha256, b->sha256) != 0;
}

/* The addresses that serve what is old, or the certificates apart: a sentence, when they do not all serve the same. */
static const char *spread(struct verifying *run, const struct remint_verified_address *list, size_t count)
{
	struct rmt_buf *text = &run->arena.scratch;
	size_t serving = 0, old = 0, kinds = 0, named = 0;

	for (size_t i = 0; i < count; i++) {
		bool fresh = list[i].sha256 != NULL;

		serving += fresh;
		old += list[i].old;
		for (size_t j = 0; fresh && j < i; j++)
			fresh = !list[j].sha256 || serves_other(&list[i], &list[j]);
		kinds += fresh;
	}
	if (kinds < 2)
		return NULL;
	if (!old || old == serving) {
		rmt_buf_format(text, "its %zu addresses serve %zu different certificates", serving, kinds);
		return rmt_arena_scratch(&run->arena);
	}
	rmt_buf_format(text, "%zu of %zu addresses still serve%s the old one: ", old, serving, old == 1 ? "s" : "");
	for (size_t i = 0; i < count; i++)
		if (list[i].old)
			rmt_buf_format(text, "%s%s", named++ ? ", " : "", list[i].address);
	return rmt_arena_scratch(&run->arena);
}

static int verify_endpoint(struct verifying *run, const struct rmt_wire_input *input)
{
	struct remint_verified out = {.endpoint = input->name, .target = run->target->name, .address_count = input->count};
	struct remint_verified_address *list;
	const struct rmt_wire_node *nodes = &run->wire.nodes[input->first];
	size_t first = 0;
	int rc = 0;

	rmt_arena_reset(&run->arena);
	run->finding_count = 0;
	list = rmt_arena_take(&run->arena, (input->count + 1) * sizeof *list);
	if (!list)
		return rmt_err_memory(run->err);
	for (size_t i = 0; i < input->count; i++)
		if (verify_node(run, &nodes[i], &list[i]))
			return -1;
	for (size_t i = 0; i < input->count; first += list[i++].finding_count)
		list[i].findings = run->findings ? run->findings + first : NULL;
	out.addresses = list;
	out.spread = spread(run, list, input->count);
	if (run->arena.failed)
		return rmt_err_memory(run->err);
	run->summary->endpoints++;
	if (run->verified)
		rc = run->verified(run->arg, &out);
	for (size_t i = 0; rc == 0 && i < input->count; i++)
		if (list[i].verdict == REMINT_VERDICT_NONE)
			rc = rmt_verb_fault(run->ctx, &nodes[i].seen.err);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------ */

/* A file among the arguments is a mistake; in a list it is a fault of that list alone. */
static int endpoints_only(struct verifying *run)
{
	for (size_t i = 0; i < run->wire.count; i++) {
		const struct rmt_wire_input *input = &run->wire.inputs[i];
		struct rmt_err fault = {0};
		int rc;

		if (input->name)
			continue;
		rmt_err_set(&fault, i < run->options->inputs.count ? RMT_USAGE : RMT_INPUT, NULL, "this is no endpoint: give HOST:PORT");
		rmt_err_source(&fault, input->text);
		if (i < run->options->inputs.count) {
			*run->err = fault;
			return -1;
		}
		if ((rc = rmt_verb_fault(run->ctx, &fault)) != 0)
			return rc;
	}
	return 0;
}

static int verify(struct verifying *run)
{
	const struct remint_verify_options *options = run->options;
	int rc;

	if (!options->target)
		return rmt_err_set(run->err, RMT_USAGE, NULL, "no target: name whom to behave as with --as");
	run->target = rmt_target_load(run->ctx->policies, options->target, run->err);
	if (!run->target || stores_fill(run) || own_certificate(run) || rmt_served_records_open(run->ctx, &run->records, run->err))
		return -1;
	run->summary->compared = run->records != NULL;
	run->audit = rmt_audit_new(run->target, run->store, options->at ? options->at : rmt_verb_now(run->ctx), run->err);
	if (!run->audit)
		return -1;
	rc = rmt_wire_inputs(run->ctx, &options->wire, options->inputs, &run->wire, run->err);
	if (rc == 0)
		rc = endpoints_only(run);
	if (rc == 0)
		rc = probe(run);
	for (size_t i = 0; rc == 0 && i < run->wire.count; i++)
		if (run->wire.inputs[i].name)
			rc = verify_endpoint(run, &run->wire.inputs[i]);
	return rc;
}

int remint_verify(struct remint *ctx, const struct remint_verify_options *options, remint_verified_fn *verified, void *arg,
                  struct remint_verify_summary *summary)
{
	struct remint_verify_summary counted = {0};
	struct verifying run = {.ctx = ctx, .options = options, .verified = verified, .arg = arg, .summary = &counted, .err = &ctx->err};
	int rc;

	rmt_verb_begin(ctx);
	rc = verify(&run);
	rmt_wire_clear(&run.wire);
	rmt_served_records_close(run.records);
	rmt_audit_free(run.audit);
	rmt_chain_store_free(run.store);
	rmt_path_clear(&run.path);
	rmt_company_clear(&run.company);
	rmt_pile_free(&run.own);
	rmt_pile_free(&run.chain);
	rmt_pile_free(&run.trust);
	rmt_target_free(run.target);
	rmt_arena_free(&run.arena);
	rmt_buf_free(&run.label);
	free(run.trusted);
	free(run.at_hand);
	free(run.findings);
	if (summary)
		*summary = counted;
	return rmt_verb_end(ctx, rc);
}
