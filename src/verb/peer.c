/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.c - remint_peer(): a target as a TLS server of the lab.
 *
 * It gathers what the server needs: the target, the certificate with its key and chain, the roots of the clients. How the
 * server behaves is probe/'s; a certificate made for want of one is throwaway.c's.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/probe.h"
#include "verb/local.h"

struct peering {
	struct remint *ctx;
	const struct remint_peer_options *options;
	remint_peer_ready_fn *ready;
	remint_peer_seen_fn *seen;
	void *arg;
	struct remint_peer_summary *summary;
	struct rmt_target *target;
	struct rmt_pile pile, trust;     /* what was read */
	struct rmt_company company;      /* the certificate served, in the pile */
	struct rmt_path path;
	struct rmt_throwaway made;
	const struct rmt_cert **trusted, **at_hand;
	struct rmt_arena arena;
	struct rmt_peer_options peer;
	char *address; /* NULL: loopback */
	uint16_t port;
};

const char *remint_peer_outcome_name(enum remint_peer_outcome outcome)
{
	static const char *const names[] = {"accepted", "refused", "left", "no-tls", "timed-out"};

	return names[outcome];
}

/* ---- what is served ----------------------------------------------------------------------------------------------------- */

/* The leaf meant: the only one, or the only one whose key is at hand. */
static int choose_leaf(struct peering *job, struct rmt_err *err)
{
	struct rmt_leaves leaves;
	size_t keyed, chosen = 0;
	int rc = -1;

	if (rmt_leaves_find(&job->pile, &leaves, err))
		return -1;
	keyed = rmt_leaves_keyed(&job->pile, &leaves, &chosen);
	if (!leaves.count) {
		rmt_pile_refuse(&job->pile, 0, "certificate", job->options->certificate, err);
	} else if (leaves.count > 1 && keyed != 1) {
		rmt_err_set(err, keyed ? RMT_USAGE : RMT_SECRET, NULL,
		            keyed ? "%zu certificates could be served: give one, with its chain in --chain"
		                  : "%zu certificates could be served, and the key of none is at hand: name it with --key",
		            leaves.count);
	} else {
		rc = rmt_company_at(&job->pile, leaves.at[chosen], &job->company, err);
	}
	rmt_leaves_clear(&leaves);
	return rc;
}

static int check_key(struct peering *job, struct rmt_err *err)
{
	const struct rmt_object *key = job->company.key;

	if (key && key->key)
		return 0;
	if (key && key->locked)
		rmt_err_set(err, RMT_SECRET, NULL, "the private key is locked: give its passphrase with --password-file");
	else
		rmt_err_set(err, RMT_SECRET, NULL, "no private key of this certificate is at hand: name it with --key");
	rmt_err_source(err, key ? key->source : job->options->certificate);
	return -1;
}

static int read_certificate(struct peering *job, struct rmt_err *err)
{
	const char *input = job->options->certificate;
	struct rmt_home home = {0};
	int rc;

	if (strncmp(input, "serial:", 7) != 0)
		return rmt_pile_need(job->ctx, &job->pile, (struct remint_strings){&input, 1}, false, err);
	rc = rmt_home_open(job->ctx, RMT_DB_READ, &home, err);
	if (rc == 0)
		rc = rmt_pile_add_serial(&home, &job->pile, input + 7, true, err);
	rmt_home_close(&home);
	return rc;
}

/* The path to be sent may end in a root that only --trust holds. */
static int find_path(struct peering *job, struct rmt_err *err)
{
	struct rmt_chain_store *store = rmt_chain_store_new(err);
	int rc = store ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < job->pile.count; i++)
		if (job->pile.objects[i]->cert)
			rc = rmt_chain_store_add(store, job->pile.objects[i]->cert, false, err);
	for (size_t i = 0; rc == 0 && i < job->trust.count; i++)
		if (job->trust.objects[i]->cert)
			rc = rmt_chain_store_add(store, job->trust.objects[i]->cert, true, err);
	if (rc == 0)
		rc = rmt_path_find(store, job->company.leaf->cert, &job->path, err);
	rmt_chain_store_free(store);
	return rc;
}

static int load_certificate(struct peering *job, struct rmt_err *err)
{
	const struct remint_peer_options *options = job->options;

	if (read_certificate(job, err) || rmt_pile_for(job->ctx, &job->pile, options->keys, RMT_OBJECT_PRIVATE_KEY, err) ||
	    rmt_pile_for(job->ctx, &job->pile, options->chain, RMT_OBJECT_CERTIFICATE, err) || choose_leaf(job, err) || check_key(job, err) ||
	    find_path(job, err))
		return -1;
	if (!job->path.count && !job->path.root && !rmt_cert_self_issued(job->company.leaf->cert))
		rmt_verb_warn(job->ctx, "the issuer of this certificate is not among the files, so that it is sent alone: --chain adds it");
	job->peer.certificate = job->company.leaf->cert;
	job->peer.key = job->company.key->key;
	job->peer.chain = (const struct rmt_cert *const *)job->path.intermediates;
	job->peer.chain_count = job->path.count;
	job->peer.root = job->path.root;
	return 0;
}

static int make_certificate(struct peering *job, struct rmt_err *err)
{
	if (job->options->keys.count)
		return rmt_err_set(err, RMT_USAGE, NULL, "a key alone serves nothing: name its certificate with --cert");
	if (rmt_throwaway_make(job->ctx, job->target->request.keys.count ? job->target->request.keys.items[0] : NULL, job->address,
	                       &job->made, err))
		return -1;
	job->peer.certificate = job->made.leaf;
	job->peer.key = job->made.key;
	job->peer.root = job->made.root;
	return rmt_pile_for(job->ctx, &job->pile, job->options->chain, RMT_OBJECT_CERTIFICATE, err);
}

/* ---- whom it trusts --------------------------------------------------------------------------------------------------------- */

static const struct rmt_cert **certificates_of(const struct rmt_pile *pile, bool ca_alone, size_t *count, struct rmt_err *err)
{
	const struct rmt_cert **list = calloc(pile->count + 1, sizeof *list);

	*count = 0;
	if (!list)
		rmt_err_memory(err);
	for (size_t i = 0; list && i < pile->count; i++)
		if (pile->objects[i]->cert && !pile->objects[i]->again && (!ca_alone || rmt_cert_is_ca(pile->objects[i]->cert)))
			list[(*count)++] = pile->objects[i]->cert;
	return list;
}

static int list_trust(struct peering *job, struct rmt_err *err)
{
	job->trusted = certificates_of(&job->trust, false, &job->peer.rules.trust_count, err);
	job->at_hand = job->trusted ? certificates_of(&job->pile, true, &job->peer.rules.at_hand_count, err) : NULL;
	if (!job->at_hand)
		return -1;
	job->peer.rules.trust = job->trusted;
	job->peer.rules.at_hand = job->at_hand;
	if (job->target->client.demands_certificate && !job->peer.rules.trust_count)
		rmt_verb_warn(job->ctx, "without --trust the certificates of clients may come from any CA");
	return 0;
}

/* ---- what is reported ---------------------------------------------------------------------------------------------------------- */

static const char *label_of(struct rmt_arena *arena, const struct rmt_cert *cert)
{
	rmt_cert_label(cert, &arena->scratch);
	return rmt_arena_scratch(arena);
}

static const char *sha256_of(struct rmt_arena *arena, const struct rmt_cert *cert)
{
	unsigned char fingerprint[RMT_SHA256];

	return rmt_cert_fingerprint(cert, fingerprint, NULL) ? NULL : rmt_arena_hex(arena, rmt_span_of(fingerprint, sizeof fingerprint));
}

static int tell_ready(void *arg, const char *address)
{
	struct peering *job = arg;
	const struct rmt_cert *leaf = job->peer.certificate, *root = job->peer.root;
	bool whole = strcmp(job->target->presents, "leaf") != 0, with_root = strstr(job->target->presents, "+root") != NULL;
	struct remint_peer_ready ready = {.address = address,
	                                  .target = job->target->name,
	                                  .title = job->target->title,
	                                  .presents = job->target->presents,
	                                  .demands_certificate = job->target->client.demands_certificate,
	                                  .certificate = label_of(&job->arena, leaf),
	                                  .serial = rmt_arena_serial(&job->arena, leaf->serial),
	                                  .sha256 = sha256_of(&job->arena, leaf),
	                                  .pem = rmt_arena_pem(&job->arena, "CERTIFICATE", leaf->der),
	                                  .root_pem = root ? rmt_arena_pem(&job->arena, "CERTIFICATE", root->der) : NULL,
	                                  .sent = 1 + (whole ? job->peer.chain_count : 0) + (with_root && root),
	                                  .self_made = job->made.leaf != NULL};

	if (job->arena.failed)
		return rmt_err_memory(&job->ctx->err);
	return job->ready ? job->ready(job->arg, &ready) : 0;
}

static enum remint_peer_outcome outcome_of(enum rmt_probe_outcome outcome)
{
	static const enum remint_peer_outcome outcomes[] = {
	    [RMT_PROBE_UNREACHABLE] = REMINT_PEER_NO_TLS,     [RMT_PROBE_TIMED_OUT] = REMINT_PEER_TIMED_OUT,
	    [RMT_PROBE_NO_TLS] = REMINT_PEER_NO_TLS,          [RMT_PROBE_THEY_REFUSED] = REMINT_PEER_LEFT,
	    [RMT_PROBE_WE_REFUSED] = REMINT_PEER_REFUSED,     [RMT_PROBE_DONE] = REMINT_PEER_ACCEPTED,
	};

	return outcomes[outcome];
}

static int tell_seen(void *arg, const struct rmt_peer_seen *from)
{
	struct peering *job = arg;
	const struct rmt_cert *cert = from->sent_count ? from->sent[0] : NULL;
	struct remint_peer_seen seen = {.from = from->from,
	                                .outcome = outcome_of(from->outcome),
	                                .reason = from->err.message,
	                                .protocol = from->protocol,
	                                .cipher = from->cipher,
	                                .server_name = from->sni,
	                                .alert = from->alert,
	                                .alert_ours = from->alert_ours,
	                                .verify_error = from->verify_error,
	                                .verify_depth = from->verify_depth,
	                                .certificates = from->sent_count,
	                                .milliseconds = from->milliseconds};

	job->summary->connections[seen.outcome]++;
	rmt_arena_reset(&job->arena);
	if (cert) {
		seen.subject = rmt_arena_name(&job->arena, cert->subject);
		seen.common_name = rmt_arena_cn(&job->arena, cert->subject);
		seen.issuer = rmt_arena_name(&job->arena, cert->issuer);
		seen.serial = rmt_arena_serial(&job->arena, cert->serial);
		seen.sha256 = sha256_of(&job->arena, cert);
		seen.not_after = cert->not_after;
	}
	if (job->arena.failed)
		return rmt_err_memory(&job->ctx->err);
	return job->seen ? job->seen(job->arg, &seen) : 0;
}

/* The lab goes on, as the server would: the fault shows in the first handshake, and is told before it. */
static int warn_of_unserved(struct peering *job, struct rmt_err *err)
{
	const struct rmt_cert *cert = rmt_peer_unserved(&job->peer);
	struct rmt_signature_algorithm algorithm = {0};
	struct rmt_buf name = {0};
	int rc;

	if (!cert)
		return 0;
	(void)rmt_algorithm_read(cert->outer_algorithm, &algorithm, NULL);
	rmt_cert_label(cert, &name);
	rc = rmt_buf_check(&name, err);
	if (rc == 0)
		rmt_verb_warn(job->ctx, "%s serves no \"%.100s\" under TLS 1.2: it is signed with %s, so every client of TLS 1.2 is refused",
		              job->target->name, rmt_buf_string(&name),
		              algorithm.name && *algorithm.name ? algorithm.name : "an unknown algorithm");
	rmt_buf_free(&name);
	return rc;
}

/* ---- the verb ----------------------------------------------------------------------------------------------------------------- */

static int run(struct peering *job, struct rmt_err *err)
{
	const struct remint_peer_options *options = job->options;

	if (!options->target)
		return rmt_err_set(err, RMT_USAGE, NULL, "no target: name as whom to serve with --as");
	if (rmt_listen_parse(options->listen ? options->listen : "0", &job->address, &job->port, err) ||
	    !(job->target = rmt_target_load(job->ctx->policies, options->target, err)) || rmt_pile_for(job->ctx, &job->trust, job->options->trust, RMT_OBJECT_CERTIFICATE, err) ||
	    (options->certificate ? load_certificate(job, err) : make_certificate(job, err)) || list_trust(job, err))
		return -1;
	job->peer.rules.client = &job->target->client;
	job->peer.name = job->target->name;
	job->peer.presents = job->target->presents;
	job->peer.rules.auth_level = job->target->path.auth_level;
	job->peer.rules.strict = job->target->path.strict;
	job->peer.rules.now = job->ctx->fixed_now;
	job->peer.timeout = options->timeout;
	job->peer.most = options->count;
	job->peer.lasting = options->seconds > 0 ? (uint64_t)options->seconds * 1000 : 0;
	job->peer.stop = options->stop > 0 ? options->stop : -1;
	if (warn_of_unserved(job, err))
		return -1;
	return rmt_peer_run(&job->peer, job->address, job->port, tell_ready, tell_seen, job, err);
}

int remint_peer(struct remint *ctx, const struct remint_peer_options *options, remint_peer_ready_fn *ready,
                remint_peer_seen_fn *seen, void *arg, struct remint_peer_summary *summary)
{
	struct remint_peer_summary own;
	struct peering job = {.ctx = ctx,
	                      .options = options,
	                      .ready = ready,
	                      .seen = seen,
	                      .arg = arg,
	                      .summary = summary ? summary : &own};
	int rc;

	*job.summary = (struct remint_peer_summary){0};
	rmt_verb_begin(ctx);
	rc = run(&job, &ctx->err);
	rmt_company_clear(&job.company);
	rmt_path_clear(&job.path);
	rmt_throwaway_clear(&job.made);
	rmt_pile_free(&job.pile);
	rmt_pile_free(&job.trust);
	rmt_target_free(job.target);
	rmt_arena_free(&job.arena);
	free(job.trusted);
	free(job.at_hand);
	free(job.address);
	return rmt_verb_end(ctx, rc);
}
