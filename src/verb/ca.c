/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca.c - the authorities of a home: list them, and carry an issuing CA's request to a root elsewhere and its certificate back
 * (request, sign, install).
 *
 * Their certificates go out by ca_export.c.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- list ---------------------------------------------------------------------------------------------------------------- */

struct listing {
	struct remint *ctx;
	struct rmt_home *home;
	remint_authority_fn *authority;
	void *arg;
	struct rmt_arena arena;
	struct rmt_buf parents; /* "ID NAME\n" of every authority, gathered first */
};

static const char *state_name(enum rmt_authority_state state)
{
	static const char *const names[] = {"pending", "active", "retired", "foreign"};

	return (size_t)state < sizeof names / sizeof *names ? names[state] : "";
}

static int note_name(void *arg, const struct rmt_db_authority *row)
{
	struct listing *listing = arg;

	rmt_buf_format(&listing->parents, "\n%lld %s", (long long)row->id, row->name);
	return 0;
}

static const char *parent_name(struct listing *listing, int64_t id)
{
	struct rmt_buf find = {0};
	const char *at;

	rmt_buf_format(&find, "\n%lld ", (long long)id);
	at = id ? strstr(rmt_buf_string(&listing->parents), rmt_buf_string(&find)) : NULL;
	if (at) {
		at += find.length;
		rmt_buf_append(&listing->arena.scratch, at, strcspn(at, "\n"));
	}
	rmt_buf_free(&find);
	return rmt_arena_scratch(&listing->arena);
}

static int describe_cert(struct rmt_arena *arena, const struct rmt_cert *cert, struct remint_authority *out, struct rmt_err *err)
{
	unsigned char fingerprint[RMT_SHA256];
	struct rmt_spki spki;

	out->subject = rmt_arena_name(arena, cert->subject);
	out->serial = rmt_arena_serial(arena, cert->serial);
	if (rmt_spki_read(cert->spki, &spki, NULL) == 0)
		rmt_spki_text(&spki, &arena->scratch);
	out->key = rmt_arena_scratch(arena);
	if (rmt_cert_fingerprint(cert, fingerprint, err))
		return -1;
	out->sha256 = rmt_arena_hex(arena, rmt_span_of(fingerprint, sizeof fingerprint));
	out->not_before = cert->not_before;
	out->not_after = cert->not_after;
	out->pem = rmt_arena_pem(arena, "CERTIFICATE", cert->der);
	return 0;
}

int rmt_authority_told(struct rmt_home *home, const struct rmt_db_authority *row, struct rmt_arena *arena, struct remint_authority *out,
                       struct rmt_err *err)
{
	struct rmt_buf issues = {0};
	struct rmt_db_revocation revoked;
	struct rmt_successor successor;
	struct rmt_cert cert;
	int rc = rmt_authority_revoked(home->db, row, &revoked, err), locked = rmt_home_locked(home, err);

	*out = (struct remint_authority){.name = row->name, .state = state_name(row->state), .key_here = row->key_here,
	                                 .key_locked = row->key_here && locked == 1,
	                                 .crl_shards = (unsigned)row->crl_shards, .crl_deltas = row->crl_deltas,
	                                 .subject = "", .serial = "", .key = "", .sha256 = "", .parent = "", .succeeds = "", .successor = "", .revoked_for = "",
	                                 .crl_uri = row->crl_uri, .ca_uri = row->ca_uri, .ocsp_uri = row->ocsp_uri};
	if (rc == 1) {
		out->revoked = revoked.at;
		out->revoked_for = rmt_reason_name(revoked.reason);
	}
	if (rc >= 0)
		rc = 0;
	if (row->cert.length && rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL) == 0 && describe_cert(arena, &cert, out, err))
		rc = -1;
	if (locked < 0 || rmt_db_setting_get(home->db, RMT_SETTING_ISSUER, &issues, err) < 0 ||
	    rmt_authority_succeeds(home, row->name, &arena->scratch, err) < 0)
		rc = -1;
	out->issues = strcmp(rmt_buf_string(&issues), row->name) == 0;
	out->succeeds = rmt_arena_scratch(arena);
	if (rmt_authority_successor(home, row->name, &successor, err) < 0)
		rc = -1;
	out->successor = rmt_arena_text(arena, successor.name);
	rmt_buf_free(&issues);
	return rc;
}

static int list_one(void *arg, const struct rmt_db_authority *row)
{
	struct listing *listing = arg;
	struct remint_authority out;

	rmt_arena_reset(&listing->arena);
	if (rmt_authority_told(listing->home, row, &listing->arena, &out, &listing->ctx->err))
		return -1;
	out.parent = parent_name(listing, row->parent);
	return listing->authority(listing->arg, &out);
}

int rmt_authorities_report(struct remint *ctx, remint_authority_fn *authority, void *arg, struct rmt_err *err)
{
	struct rmt_home home;
	struct listing listing = {.ctx = ctx, .home = &home, .authority = authority, .arg = arg};
	int rc;

	if (rmt_home_open(ctx, RMT_DB_READ, &home, err))
		return -1;
	rc = rmt_db_authorities(home.db, note_name, &listing, err);
	if (rc == 0)
		rc = rmt_db_authorities(home.db, list_one, &listing, err);
	rmt_home_close(&home);
	rmt_buf_free(&listing.parents);
	rmt_arena_free(&listing.arena);
	return rc;
}

int remint_ca_list(struct remint *ctx, remint_authority_fn *authority, void *arg)
{
	rmt_verb_begin(ctx);
	return rmt_verb_end(ctx, rmt_authorities_report(ctx, authority, arg, &ctx->err));
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------ */

/* A certificate that another home issued, recorded under its authority here, unless it is on record already. */
static int record_cert(struct rmt_home *home, const struct rmt_cert *cert, int64_t authority, struct rmt_err *err)
{
	struct rmt_db_cert known, row = {.authority = authority, .template_name = "", .targets = "",
	                                 .recorded = rmt_verb_now(home->ctx)};
	struct rmt_row_hashes hashes;
	struct rmt_arena arena = {0};
	int64_t id;
	int rc = rmt_row_describe(&row, cert, &arena, &hashes, err);

	if (rc == 0)
		rc = rmt_db_cert_find(home->db, row.serial, row.fingerprint, &known, err);
	if (rc == 0)
		rc = rmt_row_record(home->db, &row, &id, err);
	rmt_arena_free(&arena);
	return rc < 0 ? -1 : 0;
}

int rmt_authority_record(struct rmt_home *home, const char *name, const struct rmt_cert *cert,
                         enum rmt_authority_state state, int64_t parent, int64_t *id, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_authority row = {.name = name, .state = state, .cert = cert->der, .parent = parent, .crl_uri = "",
	                               .ocsp_uri = "", .ca_uri = "", .spki_hash = {hash, sizeof hash}};
	int64_t made;

	if (rmt_spki_hash(cert->spki, hash, err) || rmt_db_begin(home->db, err))
		return -1;
	if (rmt_db_authority_add(home->db, &row, &made, err) == 0 && record_cert(home, cert, 0, err) == 0 &&
	    rmt_db_event(home->db, rmt_verb_now(home->ctx), "authority", name, err) == 0) {
		if (id)
			*id = made;
		return rmt_db_commit(home->db, err);
	}
	rmt_db_rollback(home->db);
	return -1;
}

int rmt_authority_install(struct rmt_home *home, int64_t id, struct rmt_span der, int64_t parent, struct rmt_err *err)
{
	struct rmt_cert *cert = rmt_cert_new(der, RMT_TOLERANT, err);
	int rc = -1;

	if (!cert)
		return -1;
	if (rmt_db_begin(home->db, err))
		goto out;
	if (rmt_authority_activate(home, id, cert->der, parent, err) == 0 &&
	    record_cert(home, cert, parent, err) == 0 &&
	    rmt_db_event(home->db, rmt_verb_now(home->ctx), "install", "authority activated", err) == 0)
		rc = rmt_db_commit(home->db, err);
	else
		rmt_db_rollback(home->db);
out:
	rmt_cert_free(cert);
	return rc;
}

/* ---- request --------------------------------------------------------------------------------------------------------------------- */

int rmt_pem_hand(remint_file_fn *file, void *arg, const char *name, const char *label, struct rmt_span der,
                    struct rmt_err *err)
{
	struct rmt_buf pem = {0};
	int rc;

	rmt_pem(label, der, 64, false, &pem);
	rc = rmt_buf_check(&pem, err) ? -1 : file(arg, name, pem.bytes, pem.length, false);
	rmt_buf_free(&pem);
	return rc;
}

int remint_ca_request(struct remint *ctx, const struct remint_ca_request_options *options, remint_file_fn *file, void *arg)
{
	const char *name = options->name ? options->name : "issuing";
	struct rmt_err *err = &ctx->err;
	struct rmt_template *template = NULL;
	struct rmt_founding founding = {.name = name, .publication = {options->publish_url, options->crl_shards, options->crl_deltas, options->ocsp_url}};
	struct rmt_buf subject = {0}, der = {0};
	struct rmt_key *key = NULL;
	struct rmt_home home = {0};
	int64_t id;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!options->subject) {
		rmt_err_set(err, RMT_USAGE, NULL, "a CA needs a name: give --subject \"CN=..., O=...\"");
		goto out;
	}
	if (rmt_authority_name_check(name, err))
		goto out;
	if (rmt_publication_check(&founding.publication, err))
		goto out;
	if (rmt_home_open(ctx, RMT_DB_WRITE, &home, err) || rmt_name_parse(options->subject, &subject, err))
		goto out;
	template = rmt_template_load(ctx->policies, "issuing-ca", err);
	if (template)
		founding.key = options->key ? options->key : template->key_generate;
	key = template ? rmt_authority_pending(&home, &founding, &id, err) : NULL;
	if (key && rmt_request_build(key, template->digest, rmt_buf_view(&subject), (struct rmt_span){0}, &der, err) == 0)
		rc = rmt_pem_hand(file, arg, "request.pem", "CERTIFICATE REQUEST", rmt_buf_view(&der), err);
out:
	rmt_buf_free(&subject);
	rmt_buf_free(&der);
	rmt_key_free(key);
	rmt_template_free(template);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}

/* ---- sign ----------------------------------------------------------------------------------------------------------------------------- */

/* A leaf or another root is not what the home that asks can install. */
int rmt_template_makes_ca(const struct rmt_template *template, struct rmt_err *err)
{
	if (template->role == RMT_ROLE_ISSUING_CA)
		return 0;
	return rmt_err_set(err, RMT_USAGE, NULL, "the template %s makes no issuing CA: its role is not issuing-ca", template->name);
}

int remint_ca_sign(struct remint *ctx, const struct remint_ca_sign_options *options, remint_file_fn *file, void *arg)
{
	struct rmt_err *err = &ctx->err;
	struct rmt_authority authority = {0};
	struct rmt_demand demand = {0};
	struct rmt_item *item = NULL;
	struct rmt_home home = {0};
	struct rmt_buf der = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_demand_load(ctx, options->template_name ? options->template_name : "issuing-ca", (struct remint_strings){0}, "", &demand,
	                    err) ||
	    rmt_template_makes_ca(demand.template, err) || rmt_home_open(ctx, RMT_DB_WRITE, &home, err) ||
	    rmt_authority_load_parent(&home, options->authority, "root", &authority, err))
		goto out;
	item = rmt_item_new(err);
	if (!item)
		goto out;
	item->validity = options->validity;
	item->source = options->request;
	item->request = rmt_request_first(ctx, options->request, err);
	if (!item->request) {
		rmt_item_free(item);
		goto out;
	}
	rc = rmt_authority_issue(&home, &authority, &demand, item, &der, err);
	if (rc == 0)
		rc = rmt_pem_hand(file, arg, "ca.pem", "CERTIFICATE", rmt_buf_view(&der), err);
	if (rc == 0)
		rc = rmt_pem_hand(file, arg, "issuer.pem", "CERTIFICATE", authority.cert->der, err);
	for (size_t i = 0; rc == 0 && i < authority.chain_count; i++)
		rc = rmt_pem_hand(file, arg, "issuer.pem", "CERTIFICATE", authority.chain[i]->der, err);
out:
	rmt_buf_free(&der);
	rmt_authority_clear(&authority);
	rmt_demand_clear(&demand);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}

/* ---- install ------------------------------------------------------------------------------------------------------------------------- */

struct pending {
	const struct rmt_pile *pile;
	const struct rmt_cert *cert; /* the one that completes it */
	int64_t id;
};

static int match_pending(void *arg, const struct rmt_db_authority *row)
{
	struct pending *pending = arg;
	unsigned char hash[RMT_SHA256];

	if (row->state != RMT_AUTHORITY_PENDING)
		return 0;
	for (size_t i = 0; i < pending->pile->count; i++) {
		const struct rmt_cert *cert = pending->pile->objects[i]->cert;

		if (!cert || rmt_spki_hash(cert->spki, hash, NULL) ||
		    !rmt_span_equal(rmt_span_of(hash, sizeof hash), row->spki_hash))
			continue;
		pending->cert = cert;
		pending->id = row->id;
		return 1;
	}
	return 0;
}

/* The certificate and its issuers, nearest first: copies. */
struct ascent {
	struct rmt_checker *checker;
	struct rmt_cert *certs[RMT_PATH_DEPTH_MAX + 1];
	size_t count;
	struct rmt_err *err;
};

static void ascent_clear(struct ascent *ascent)
{
	for (size_t i = 0; i < ascent->count; i++)
		rmt_cert_free(ascent->certs[i]);
	ascent->count = 0;
}

/* How far up each certificate is signed by the key of the next. */
static size_t signed_length(struct rmt_checker *checker, const struct rmt_cert *const *path, size_t count)
{
	size_t length = 1;

	while (length < count && length <= RMT_PATH_DEPTH_MAX &&
	       rmt_checker_verify(checker, path[length - 1]->tbs, path[length - 1]->outer_algorithm,
	                          path[length - 1]->signature, path[length]->spki, NULL) == 0)
		length++;
	return length;
}

/* Candidates are found by name, and several may bear the same one: only a signature tells who the issuer is. The first
 * path that holds to its end is taken; failing that, the one that holds longest. */
static int take_signed(void *arg, const struct rmt_cert *const *path, size_t count, bool anchored)
{
	struct ascent *ascent = arg;
	size_t length = signed_length(ascent->checker, path, count);

	(void)anchored;
	if (length <= ascent->count)
		return length == count;
	ascent_clear(ascent);
	while (ascent->count < length) {
		ascent->certs[ascent->count] = rmt_cert_dup(path[ascent->count], ascent->err);
		if (!ascent->certs[ascent->count])
			return -1;
		ascent->count++;
	}
	return length == count;
}

/* It must be a CA certificate whose issuers came along and whose signature holds. */
static int ascend(const struct rmt_pile *pile, const struct rmt_cert *cert, struct ascent *ascent, struct rmt_err *err)
{
	struct rmt_chain_store *store;
	bool capped;
	int rc = 0;

	if (!rmt_cert_is_ca(cert))
		return rmt_err_cite(err, RMT_POLICY, "tbs.extensions.basicConstraints", "RFC 5280, 4.2.1.9",
		                    "the certificate is not a CA's");
	store = rmt_chain_store_new(err);
	ascent->checker = store ? rmt_checker_new(err) : NULL;
	if (!ascent->checker)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < pile->count; i++)
		if (pile->objects[i]->cert)
			rc = rmt_chain_store_add(store, pile->objects[i]->cert, false, err);
	if (rc == 0 && rmt_chain_paths(store, cert, NULL, 0, take_signed, ascent, &capped, err) < 0)
		rc = -1;
	if (rc == 0 && ascent->count < 2)
		rc = rmt_err_set(err, RMT_INPUT, NULL,
		                 "the issuer of the CA certificate is not among the inputs: none of them has the key that "
		                 "signed it; give its chain too");
	rmt_checker_free(ascent->checker);
	rmt_chain_store_free(store);
	return rc;
}

/* A certificate of the chain among the authorities of the home. */
struct sought {
	const struct rmt_cert *cert;
	struct rmt_span spki_hash;
	int64_t same;    /* the authority that has this very certificate */
	int64_t pending; /* the one that waits for a certificate of this key */
};

static int match_authority(void *arg, const struct rmt_db_authority *row)
{
	struct sought *sought = arg;

	if (row->cert.length && rmt_span_equal(row->cert, sought->cert->der))
		sought->same = row->id;
	if (row->state == RMT_AUTHORITY_PENDING && rmt_span_equal(row->spki_hash, sought->spki_hash))
		sought->pending = row->id;
	return 0;
}

/* The certificate's label, with a number behind it where that is taken. */
int rmt_authority_free_name(struct rmt_home *home, const struct rmt_cert *cert, char name[65], struct rmt_err *err)
{
	struct rmt_db_authority row;
	struct rmt_buf label = {0};
	char stem[65];
	int found = 1;

	rmt_cert_label(cert, &label);
	rmt_file_label(rmt_buf_string(&label), stem);
	rmt_buf_free(&label);
	for (unsigned i = 1; found == 1; i++) {
		if (i == 1)
			snprintf(name, 65, "%s", stem);
		else
			snprintf(name, 65, "%.48s-%u", stem, i);
		found = rmt_db_authority_get(home->db, name, 0, &row, err);
	}
	return found;
}

/* Find the authority of a certificate or make it one: known by the certificate itself, never by what it calls itself. */
int rmt_authority_settle(struct rmt_home *home, const struct rmt_cert *cert, int64_t parent, bool install, int64_t *id, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct sought sought = {.cert = cert, .spki_hash = {hash, sizeof hash}};
	char name[65];

	if (rmt_spki_hash(cert->spki, hash, err) || rmt_db_authorities(home->db, match_authority, &sought, err) < 0)
		return -1;
	*id = sought.same ? sought.same : sought.pending;
	if (sought.same || (sought.pending && !install))
		return 0;
	if (sought.pending)
		return rmt_authority_install(home, sought.pending, cert->der, parent, err);
	if (rmt_authority_free_name(home, cert, name, err))
		return -1;
	return rmt_authority_record(home, name, cert, RMT_AUTHORITY_FOREIGN, parent, id, err);
}

/* What came back may not be what was asked for. */
static int warn_of(struct rmt_home *home, int64_t id, struct rmt_err *err)
{
	struct rmt_db_authority row;
	char *name = rmt_db_authority_get(home->db, NULL, id, &row, err) == 1 ? rmt_strdup(row.name, err) : NULL;
	int rc = name ? rmt_preflight_warn(home, name, err) : -1;

	free(name);
	return rc;
}

int remint_ca_install(struct remint *ctx, struct remint_strings inputs, remint_authority_fn *installed, void *arg)
{
	struct rmt_err *err = &ctx->err;
	struct rmt_home home = {0};
	struct rmt_pile pile = {0};
	struct pending pending = {.pile = &pile};
	struct ascent ascent = {.err = err};
	int64_t parent = 0;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_WRITE, &home, err) || rmt_pile_need(ctx, &pile, inputs, true, err) ||
	    rmt_db_authorities(home.db, match_pending, &pending, err) < 0)
		goto out;
	if (!pending.cert) {
		rmt_err_set(err, RMT_INPUT, NULL, "no certificate here belongs to a pending authority of this home");
		goto out;
	}
	rc = rmt_hygiene_check(ctx, home.db, pending.cert->spki, pending.cert->subject, true, NULL, err);
	if (rc == 0)
		rc = ascend(&pile, pending.cert, &ascent, err);
	for (size_t i = ascent.count; rc == 0 && i-- > 0;)
		rc = rmt_authority_settle(&home, ascent.certs[i], parent, true, &parent, err);
	if (rc == 0)
		rc = warn_of(&home, parent, err);
out:
	rmt_home_close(&home);
	rmt_pile_free(&pile);
	ascent_clear(&ascent);
	if (rc == 0 && installed)
		rc = rmt_authorities_report(ctx, installed, arg, err);
	return rmt_verb_end(ctx, rc);
}
