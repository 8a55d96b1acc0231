/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending.c - requests that wait for a device, for approval or for another CA: how they are recorded and how they end.
 *
 * What a device's request is held against is pending_match.c's; the certificate is made on the one road (issuance.c).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- its key ------------------------------------------------------------------------------------------------------------ */

int rmt_pending_remark_key(struct remint *ctx, struct rmt_db *db, const struct rmt_item *item, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf serial = {0};
	struct rmt_db_cert cert;
	char until[32];
	int found;

	if (rmt_spki_hash(item->request->spki, hash, err))
		return -1;
	found = rmt_db_cert_of_key(db, 0, rmt_span_of(hash, sizeof hash), &cert, err);
	if (found == 1) {
		rmt_serial_hex(cert.serial, &serial);
		rmt_time_text(cert.not_after, until);
		rmt_verb_warn(ctx, "%s: its key has a certificate already: %s, serial number %s, until %s%s. Where this is no renewal, ask for a new key",
		              item->source, cert.name, rmt_buf_string(&serial), until, cert.revoked ? ", which was revoked" : "");
	}
	rmt_buf_free(&serial);
	return found < 0 ? -1 : 0;
}

int rmt_pending_issued_for(struct rmt_db *db, const struct rmt_cert *cert, struct rmt_db_pending *out, struct rmt_err *err)
{
	unsigned char fingerprint[RMT_SHA256];
	struct rmt_db_cert known;
	int64_t after = 0, id;
	int found;

	if (rmt_cert_fingerprint(cert, fingerprint, err))
		return -1;
	found = rmt_db_cert_find(db, cert->serial, rmt_span_of(fingerprint, sizeof fingerprint), &known, err);
	id = known.id;
	for (; found == 1; after = out->id) {
		found = rmt_db_pending_next(db, RMT_PENDING_ISSUED, after, out, err);
		if (found == 1 && out->certificate == id)
			return 1;
	}
	return found;
}

/* Its request came from a device, or was shown to us on its way to another CA. */
static int keeps(const struct rmt_home *home, const struct rmt_cert *cert, int64_t *pending, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_pending row;
	int found = rmt_spki_hash(cert->spki, hash, err) ? -1 : rmt_db_pending_of_key(home->db, rmt_span_of(hash, sizeof hash), &row, err);

	if (found == 0)
		found = rmt_pending_issued_for(home->db, cert, &row, err);
	if (found != 1)
		return found;
	*pending = row.id;
	if (row.kind == RMT_PENDING_DEVICE)
		return 1;
	found = rmt_home_key_stands(home, rmt_span_of(hash, sizeof hash), err);
	return found < 0 ? -1 : row.kind == RMT_PENDING_EXTERNAL && !found;
}

bool rmt_pending_keeps_key(struct remint *ctx, const struct rmt_cert *cert, int64_t *pending)
{
	struct rmt_err unseen = {0}; /* a home that cannot be asked knows nothing */
	struct rmt_home home = {.ctx = ctx};
	bool does = rmt_home_stands(ctx, &unseen) == 1 && rmt_home_open(ctx, RMT_DB_READ, &home, &unseen) == 0 &&
	            keeps(&home, cert, pending, &unseen) == 1;

	rmt_home_close(&home);
	return does;
}

/* ---- recording ---------------------------------------------------------------------------------------------------------- */

struct adding {
	const struct rmt_pending_new *new;
	struct rmt_db *db;
	rmt_time now;
	struct rmt_request *request; /* NULL: there are no bytes yet */
	unsigned char spki[RMT_SHA256];
	struct rmt_buf asked;
	struct rmt_arena arena;
	struct rmt_db_pending row;
};

/* What people call it: the CN, else the first name. */
static const char *name_of(struct rmt_arena *arena, struct rmt_span subject, struct remint_strings names)
{
	const char *cn = subject.length ? rmt_arena_cn(arena, subject) : NULL, *colon;

	if (cn || !names.count)
		return cn;
	colon = strchr(names.items[0], ':');
	return colon ? colon + 1 : names.items[0];
}

static int describe(struct adding *adding, struct rmt_err *err)
{
	const struct rmt_pending_new *new = adding->new;
	struct rmt_span subject = new->asked.subject;
	struct remint_strings names = new->asked.names;
	struct rmt_db_pending *row = &adding->row;

	if (new->der.length) {
		adding->request = rmt_request_new(new->der, err);
		if (!adding->request || rmt_spki_hash(adding->request->spki, adding->spki, err))
			return -1;
		row->spki_hash = rmt_span_of(adding->spki, sizeof adding->spki);
		if (!subject.length)
			subject = adding->request->subject;
		if (!names.count)
			names = rmt_arena_names(&adding->arena, &adding->request->extensions);
	}
	if (rmt_asked_write(&new->asked, &adding->asked, err))
		return -1;
	row->kind = new->kind;
	row->recorded = adding->now;
	row->subject = rmt_arena_name(&adding->arena, subject);
	row->name = name_of(&adding->arena, subject, names);
	row->template_name = new->template_name ? new->template_name : "";
	row->targets = new->targets ? new->targets : "";
	row->signer = new->signer ? new->signer : "";
	row->asked = rmt_buf_string(&adding->asked);
	row->request = new->request;
	return adding->arena.failed ? rmt_err_memory(err) : 0;
}

static bool is_same(const struct rmt_db_pending *a, const struct rmt_db_pending *b)
{
	return a->kind == b->kind && strcmp(a->asked, b->asked) == 0 && strcmp(a->targets, b->targets) == 0 &&
	       strcmp(a->template_name, b->template_name) == 0 && strcmp(a->signer, b->signer) == 0;
}

/* The very same bytes, or none on both sides. */
static int same_bytes(struct adding *adding, int64_t request, struct rmt_err *err)
{
	struct rmt_db_request row;
	int found;

	if (!request)
		return !adding->request;
	found = rmt_db_request_by_id(adding->db, request, &row, err);
	return found == 1 ? rmt_span_equal(row.der, adding->new->der) : found;
}

/* One that waits with the same key: the same again (1), none (0), or something else. */
static int find_key(struct adding *adding, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found = rmt_db_pending_of_key(adding->db, adding->row.spki_hash, &row, err);
	bool same;

	if (found != 1 || row.state != RMT_PENDING_OPEN)
		return found < 0 ? -1 : 0;
	*id = row.id;
	same = is_same(&row, &adding->row);
	found = same ? same_bytes(adding, row.request, err) : 0;
	if (found)
		return found;
	return rmt_err_set(err, RMT_POLICY, NULL,
	                   "its key waits already, with pending request %lld, which asks for something else: remint deny %lld takes that back",
	                   (long long)*id, (long long)*id);
}

/* A device is asked once for the same. */
static int find_named(struct adding *adding, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found;

	*id = 0;
	while ((found = rmt_db_pending_named(adding->db, adding->row.name ? adding->row.name : "", *id, &row, err)) == 1) {
		*id = row.id;
		if (is_same(&row, &adding->row))
			return 1;
	}
	return found;
}

static int add_row(struct adding *adding, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_request request = {.der = adding->new->der,
	                                 .spki_hash = adding->row.spki_hash,
	                                 .subject = adding->row.subject,
	                                 .targets = adding->row.targets,
	                                 .recorded = adding->now,
	                                 .state = "made"};

	if (adding->request && !adding->row.request && rmt_db_request_add(adding->db, &request, &adding->row.request, err))
		return -1;
	return rmt_db_pending_add(adding->db, &adding->row, id, err);
}

int rmt_pending_add(struct remint *ctx, struct rmt_db *db, const struct rmt_pending_new *new, int64_t *id, struct rmt_err *err)
{
	struct adding adding = {.new = new, .db = db, .now = rmt_verb_now(ctx)};
	int rc = describe(&adding, err);

	if (rc == 0)
		rc = adding.request ? find_key(&adding, id, err) : find_named(&adding, id, err);
	if (rc == 0)
		rc = add_row(&adding, id, err);
	rmt_request_free(adding.request);
	rmt_buf_free(&adding.asked);
	rmt_arena_free(&adding.arena);
	return rc;
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

int rmt_pending_load(struct rmt_db *db, int64_t id, struct rmt_arena *arena, struct rmt_db_pending *out, struct rmt_asked *asked,
                     struct rmt_err *err)
{
	const char **texts[] = {&out->name, &out->subject, &out->template_name, &out->targets, &out->signer, &out->asked, &out->why};
	int found = rmt_db_pending_get(db, id, out, err);
	unsigned char *key;

	if (found != 1)
		return found;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = rmt_arena_text(arena, *texts[i]);
	key = rmt_arena_take(arena, RMT_SHA256);
	if (!key || arena->failed)
		return rmt_err_memory(err);
	if (out->spki_hash.length == RMT_SHA256) {
		memcpy(key, out->spki_hash.at, RMT_SHA256);
		out->spki_hash = rmt_span_of(key, RMT_SHA256);
	}
	return asked && rmt_asked_read(out->asked, arena, asked, err) ? -1 : 1;
}

int rmt_pending_ended(const struct rmt_db_pending *row, struct rmt_err *err)
{
	return rmt_err_set(err, RMT_NEGATIVE, NULL, "pending request %lld was %s already%s%.300s", (long long)row->id,
	                   rmt_pending_state_name(row->state), row->why && *row->why ? ": " : "", row->why ? row->why : "");
}

/* ---- on the road of issuance ---------------------------------------------------------------------------------------------- */

int rmt_pending_free(struct rmt_db *db, struct rmt_item *item, struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found = rmt_db_pending_get(db, item->pending, &row, err);

	if (found < 0)
		return -1;
	if (!found)
		rmt_err_set(&item->err, RMT_DATABASE, NULL, "pending request %lld is gone: run remint db check", (long long)item->pending);
	else if (row.state != RMT_PENDING_OPEN)
		rmt_pending_ended(&row, &item->err);
	else if (row.tbs)
		rmt_err_set(&item->err, RMT_NEGATIVE, NULL, "pending request %lld has just been answered by another process, or before in this run",
		            (long long)item->pending);
	else
		return 1;
	return 0;
}

/* The row with the bytes of the item's request, not yet written. */
static int with_bytes(struct rmt_db *db, struct rmt_item *item, const char *targets, rmt_time now, struct rmt_db_pending *row,
                      unsigned char spki[RMT_SHA256], struct rmt_err *err)
{
	struct rmt_db_request request = {.der = item->request->der,
	                                 .spki_hash = rmt_span_of(spki, RMT_SHA256),
	                                 .subject = rmt_arena_name(&item->arena, item->request->subject),
	                                 .targets = targets,
	                                 .recorded = now,
	                                 .state = "made"};

	if (rmt_spki_hash(item->request->spki, spki, err) || rmt_db_pending_get(db, item->pending, row, err) != 1)
		return rmt_err_set(err, RMT_DATABASE, NULL, "pending request %lld is gone: run remint db check", (long long)item->pending);
	item->request_id = row->request;
	if (!item->request_id && rmt_db_request_add(db, &request, &item->request_id, err))
		return -1;
	row->why = "";
	row->spki_hash = request.spki_hash;
	row->request = item->request_id;
	row->when = now;
	return 0;
}

int rmt_pending_arrived(struct rmt_db *db, struct rmt_item *item, const char *targets, rmt_time now, struct rmt_err *err)
{
	unsigned char spki[RMT_SHA256];
	struct rmt_db_pending row;

	if (with_bytes(db, item, targets, now, &row, spki, err))
		return -1;
	return rmt_db_pending_put(db, &row, err);
}

int rmt_pending_begun(struct rmt_db *db, struct rmt_item *item, const char *targets, rmt_time now, struct rmt_err *err)
{
	unsigned char spki[RMT_SHA256];
	struct rmt_db_pending row;

	if (with_bytes(db, item, targets, now, &row, spki, err))
		return -1;
	row.tbs = item->tbs_id;
	return rmt_db_pending_put(db, &row, err);
}

int rmt_pending_issued(struct rmt_db *db, int64_t certificate, rmt_time now, struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found = rmt_db_pending_of_tbs(db, certificate, &row, err);

	if (found != 1)
		return found;
	row.state = RMT_PENDING_ISSUED;
	row.certificate = certificate;
	row.when = now;
	return rmt_db_pending_put(db, &row, err);
}

/* ---- how it ends ---------------------------------------------------------------------------------------------------------- */

int rmt_pending_end(struct remint *ctx, struct rmt_db *db, int64_t id, enum rmt_pending_state state, int64_t certificate, const char *why,
                    struct rmt_err *err)
{
	struct rmt_db_pending row;
	int found = rmt_db_pending_get(db, id, &row, err);

	if (found < 0)
		return -1;
	if (!found)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "there is no pending request %lld", (long long)id);
	if (row.state != RMT_PENDING_OPEN)
		return rmt_pending_ended(&row, err);
	if (row.tbs && row.tbs != certificate)
		return rmt_err_set(err, RMT_POLICY, NULL, "request %lld was approved, and its certificate is being made", (long long)id);
	row.state = state;
	row.certificate = certificate;
	row.why = why;
	row.when = rmt_verb_now(ctx);
	return rmt_db_pending_put(db, &row, err);
}
