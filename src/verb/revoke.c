/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.c - remint_revoke(): certificates of this home's authorities taken back, one or all of a user's or a device's.
 *
 * The revocation is an event and a row of the database; nothing is deleted. Lists for others are not written here.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

enum { UUID = 36, REASONS = 11 };

/* What is to be revoked: ids, each once. */
struct chosen {
	struct remint *ctx;
	struct rmt_db *db;
	const char *device; /* "urn:uuid:..." that each must hold, or NULL */
	struct rmt_buf ids; /* of int64_t */
};

static size_t count_of(const struct chosen *chosen)
{
	return chosen->ids.length / sizeof(int64_t);
}

static int64_t id_at(const struct chosen *chosen, size_t n)
{
	int64_t id;

	memcpy(&id, chosen->ids.bytes + n * sizeof id, sizeof id);
	return id;
}

static int choose(struct chosen *chosen, int64_t id)
{
	for (size_t i = 0; i < count_of(chosen); i++)
		if (id_at(chosen, i) == id)
			return 0;
	rmt_buf_append(&chosen->ids, &id, sizeof id);
	return rmt_buf_check(&chosen->ids, &chosen->ctx->err);
}

/* ---- named one by one ------------------------------------------------------------------------------------------------ */

static int is_own(void *arg, const struct rmt_db_authority *authority)
{
	const struct rmt_db_cert *row = arg;

	return rmt_span_equal(authority->cert, row->der);
}

/* Only a certificate of our own that is no authority's, and once. */
static int may_go(struct chosen *chosen, int64_t id, const char *which)
{
	struct rmt_err *err = &chosen->ctx->err;
	struct rmt_db_cert row;
	int rc = rmt_db_cert_by_id(chosen->db, id, &row, err);

	if (rc != 1)
		return -1;
	if (row.authority == 0)
		return rmt_err_set(err, RMT_POLICY, NULL, "%s is another CA's: only that CA can revoke it", which);
	if (row.revoked)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "%s is revoked already", which);
	rc = rmt_db_authorities(chosen->db, is_own, &row, err);
	if (rc > 0)
		rmt_err_set(err, RMT_POLICY, NULL, "%s is the certificate of an authority of this home, not of a server or client",
		            which);
	return rc ? -1 : 0;
}

static int choose_one(struct chosen *chosen, const char *which)
{
	struct rmt_err *err = &chosen->ctx->err;
	int64_t id;
	int found = rmt_record_find(chosen->ctx, chosen->db, which, &id, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "the database knows no certificate by \"%s\"", which);
	if (found > 1)
		return rmt_err_set(err, RMT_NEGATIVE, NULL,
		                   "\"%s\" means more than one certificate: give serial numbers (remint list --name), or --user",
		                   which);
	return may_go(chosen, id, which) ? -1 : choose(chosen, id);
}

/* ---- a user's, a device's -------------------------------------------------------------------------------------------- */

static int names_device(void *arg, const char *name)
{
	return strcasecmp(name, arg) == 0;
}

static int choose_in_force(void *arg, const struct rmt_db_cert *row)
{
	struct chosen *chosen = arg;
	int rc = 1;

	if (row->authority == 0 || row->revoked || row->not_after < rmt_verb_now(chosen->ctx))
		return 0;
	if (chosen->device)
		rc = rmt_db_names(chosen->db, row->id, names_device, (void *)(uintptr_t)chosen->device, &chosen->ctx->err);
	return rc == 1 ? choose(chosen, row->id) : rc;
}

static int choose_named(struct chosen *chosen, const char *name)
{
	struct rmt_db_filter filter = {.name = name, .status = -1, .now = rmt_verb_now(chosen->ctx), .limit = UINT32_MAX};

	return rmt_db_certs(chosen->db, &filter, choose_in_force, chosen, &chosen->ctx->err);
}

/* By the SIP address as a URI, and by the address as a common name. */
static int choose_of_user(struct chosen *chosen, const char *user)
{
	const char *address = strncasecmp(user, "sip:", 4) == 0 ? user + 4 : user;
	struct rmt_buf uri = {0};
	int rc = -1;

	if (!*address || strchr(address, '*')) {
		rmt_err_set(&chosen->ctx->err, RMT_USAGE, NULL, "\"%s\" is no user's address", user);
		goto out;
	}
	rmt_buf_format(&uri, "sip:%s", address);
	if (rmt_buf_check(&uri, &chosen->ctx->err) || choose_named(chosen, rmt_buf_string(&uri)))
		goto out;
	rc = choose_named(chosen, address);
out:
	rmt_buf_free(&uri);
	return rc;
}

/* "{375DA200-...}" as the URN that certificates hold. */
static int device_urn(const char *device, struct rmt_buf *out, struct rmt_err *err)
{
	const char *at = device + (strncasecmp(device, "urn:uuid:", 9) == 0 ? 9 : *device == '{');
	size_t length = strspn(at, "0123456789abcdefABCDEF-");

	if (length != UUID || (at[length] && strcmp(at + length, "}") != 0))
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is no device's UUID", device);
	rmt_buf_format(out, "urn:uuid:%.*s", UUID, at);
	return rmt_buf_check(out, err);
}

static int choose_all(struct chosen *chosen, const struct remint_revoke_options *options)
{
	struct rmt_err *err = &chosen->ctx->err;
	struct rmt_buf urn = {0};
	int rc = -1;

	for (size_t i = 0; i < options->which.count; i++)
		if (choose_one(chosen, options->which.items[i]))
			return -1;
	if (options->device) {
		if (device_urn(options->device, &urn, err))
			goto out;
		chosen->device = rmt_buf_string(&urn);
	}
	if (options->user ? choose_of_user(chosen, options->user) : options->device ? choose_named(chosen, chosen->device) : 0)
		goto out;
	rc = count_of(chosen) ? 0 : rmt_err_set(err, RMT_NEGATIVE, NULL, "the database knows no certificate in force of that user or device");
out:
	chosen->device = NULL;
	rmt_buf_free(&urn);
	return rc;
}

/* ---- the act --------------------------------------------------------------------------------------------------------- */

/* CRLReason without those that are not for good: 6 is a hold, 8 ends one, 7 is not used (RFC 5280, 5.3.1). */
static int reason_named(const char *name, int *reason, struct rmt_err *err)
{
	*reason = 0;
	for (int i = 0; name && i < REASONS; i++)
		if (i != 6 && i != 7 && i != 8 && strcmp(rmt_reason_name(i), name) == 0) {
			*reason = i;
			return 0;
		}
	return name ? rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is no reason to revoke a certificate for good", name) : 0;
}

static int revoke(struct chosen *chosen, int reason)
{
	struct rmt_revoking how = {.now = rmt_verb_now(chosen->ctx), .reason = reason};
	struct rmt_err *err = &chosen->ctx->err;
	int rc = 0;

	if (rmt_db_begin(chosen->db, err))
		return -1;
	for (size_t i = 0; rc == 0 && i < count_of(chosen); i++)
		rc = rmt_certificate_revoke(chosen->db, id_at(chosen, i), &how, err);
	if (rc == 0)
		return rmt_db_commit(chosen->db, err);
	rmt_db_rollback(chosen->db);
	return -1;
}

static int hand_over(struct chosen *chosen, remint_record_fn *record, void *arg)
{
	struct rmt_records records = {.ctx = chosen->ctx, .db = chosen->db, .record = record, .arg = arg,
	                              .now = rmt_verb_now(chosen->ctx), .names = true};
	struct rmt_db_cert row;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count_of(chosen); i++)
		rc = rmt_db_cert_by_id(chosen->db, id_at(chosen, i), &row, &chosen->ctx->err) == 1 ? rmt_record_hand(&records, &row) : -1;
	rmt_arena_free(&records.arena);
	return rc;
}

int remint_revoke(struct remint *ctx, const struct remint_revoke_options *options, remint_record_fn *record, void *arg, bool *done)
{
	struct chosen chosen = {.ctx = ctx};
	struct rmt_home home = {0};
	int reason, rc = -1;

	rmt_verb_begin(ctx);
	*done = false;
	if (reason_named(options->reason, &reason, &ctx->err) || rmt_home_open(ctx, RMT_DB_WRITE, &home, &ctx->err))
		goto out;
	chosen.db = home.db;
	if (choose_all(&chosen, options))
		goto out;
	if (options->commit || count_of(&chosen) == 1) {
		if (revoke(&chosen, reason))
			goto out;
		*done = true;
	}
	rc = hand_over(&chosen, record, arg);
out:
	rmt_buf_free(&chosen.ids);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
