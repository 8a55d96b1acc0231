/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke_authority.c - certificates that others hang on: a CA's, or an OCSP responder's. No pattern takes one of them along; those of an
 * authority of this home are revoked by its name, and then it issues nothing more.
 *
 * It still signs its lists and OCSP responses, since what it issued is asked for until the last of it ends. What is done to a
 * certificate is revoke.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- what hangs on one ------------------------------------------------------------------------------------------------------ */

struct owner {
	struct rmt_span spki_hash;
	char *name;
	struct rmt_err *err;
};

static int is_owner(void *arg, const struct rmt_db_authority *authority)
{
	struct owner *owner = arg;

	if (!rmt_span_equal(authority->spki_hash, owner->spki_hash))
		return 0;
	owner->name = rmt_strdup(authority->name, owner->err);
	return owner->name ? 1 : -1;
}

int rmt_revoke_kind(struct rmt_revoke_choice *choice, int64_t id, char **authority)
{
	struct rmt_err *err = &choice->ctx->err;
	unsigned char hash[RMT_SHA256];
	struct owner owner = {.spki_hash = {hash, sizeof hash}, .err = err};
	struct rmt_db_cert row;
	struct rmt_cert cert;
	const struct rmt_ext *eku;
	int rc = rmt_db_cert_by_id(choice->db, id, &row, err);

	*authority = NULL;
	if (rc != 1 || rmt_cert_read(&cert, row.der, RMT_TOLERANT, err) || rmt_spki_hash(cert.spki, hash, err))
		return -1;
	eku = rmt_ext_find(&cert.extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	if (!rmt_cert_is_ca(&cert))
		return eku && rmt_ext_eku_has(eku->value, "OCSPSigning") ? RMT_REVOKE_RESPONDER : RMT_REVOKE_LEAF;
	rc = rmt_db_authorities(choice->db, is_owner, &owner, err);
	*authority = owner.name;
	return rc < 0 ? -1 : rc ? RMT_REVOKE_AUTHORITY : RMT_REVOKE_CA;
}

struct weighing {
	struct rmt_db *db;
	int64_t top, count;
	rmt_time now;
	struct rmt_err *err;
};

/* 1 the authority is `top` or stands below it, 0 not, -1. */
static int stands_below(const struct weighing *weighing, int64_t id)
{
	struct rmt_db_authority row;
	int found = 1;

	for (unsigned depth = 0; id && id != weighing->top && found == 1 && depth <= RMT_PATH_DEPTH_MAX; depth++) {
		found = rmt_db_authority_get(weighing->db, NULL, id, &row, weighing->err);
		id = found == 1 ? row.parent : 0;
	}
	return found < 0 ? -1 : id == weighing->top;
}

static int weigh(void *arg, const struct rmt_db_authority *row)
{
	struct weighing *weighing = arg;
	struct rmt_db_hanging hanging;
	int below = stands_below(weighing, row->id);

	if (below < 1)
		return below;
	if (rmt_db_authority_hanging(weighing->db, row->id, weighing->now, &hanging, weighing->err))
		return -1;
	weighing->count += hanging.count[RMT_CERT_VALID] + hanging.count[RMT_CERT_SUPERSEDED];
	return 0;
}

int rmt_authority_weight(struct rmt_db *db, int64_t id, rmt_time now, int64_t *count, struct rmt_err *err)
{
	struct weighing weighing = {.db = db, .top = id, .now = now, .err = err};
	int rc = rmt_db_authorities(db, weigh, &weighing, err);

	*count = weighing.count;
	return rc;
}

int rmt_authority_revoked(struct rmt_db *db, const struct rmt_db_authority *row, struct rmt_db_revocation *out, struct rmt_err *err)
{
	struct rmt_buf serial = {0};
	int64_t issuer = row->parent;
	struct rmt_cert cert;
	int rc = -1;

	if (!issuer || !row->cert.length || rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL))
		return 0;
	rmt_buf_span(&serial, cert.serial); /* the row may be what the database handed out last */
	if (rmt_buf_check(&serial, err) == 0)
		rc = rmt_db_revoked_serial(db, issuer, rmt_buf_view(&serial), out, err);
	rmt_buf_free(&serial);
	return rc;
}

/* ---- the certificates of one ------------------------------------------------------------------------------------------------ */

struct gathering {
	struct rmt_revoke_choice *choice;
	const char *name;
	unsigned char spki[RMT_SHA256], own[RMT_SHA256]; /* its key, and its own certificate */
	size_t chosen, roots, revoked;
	char *elsewhere; /* who certified it with a key that is not in this home */
};

/* Is the key of the one who issued it here? 1, 0, -1. */
static int issuer_here(struct gathering *gathering, int64_t issuer)
{
	struct rmt_db_authority row;
	struct rmt_err *err = &gathering->choice->ctx->err;
	int found = rmt_db_authority_get(gathering->choice->db, NULL, issuer, &row, err);

	if (found != 1 || row.key_here)
		return found;
	free(gathering->elsewhere);
	gathering->elsewhere = rmt_strdup(row.name, err);
	return gathering->elsewhere ? 0 : -1;
}

/* 1 it is its own certificate, by its bytes; 0 one that another wrote beside, or none of a CA; -1. */
static int see_bytes(struct gathering *gathering, int64_t id, bool *ca, bool *self)
{
	unsigned char sha256[RMT_SHA256];
	struct rmt_db_cert row;
	struct rmt_cert cert;
	struct rmt_err *err = &gathering->choice->ctx->err;

	if (rmt_db_cert_by_id(gathering->choice->db, id, &row, err) != 1 || rmt_cert_read(&cert, row.der, RMT_TOLERANT, err) ||
	    rmt_cert_fingerprint(&cert, sha256, err))
		return -1;
	*ca = rmt_cert_is_ca(&cert);
	*self = rmt_name_equal(cert.subject, cert.issuer);
	return memcmp(sha256, gathering->own, sizeof sha256) == 0;
}

static int gather(void *arg, const struct rmt_db_cert *row)
{
	struct gathering *gathering = arg;
	struct rmt_revoke_choice *choice = gathering->choice;
	int64_t id = row->id, issuer = row->authority;
	struct rmt_db_revocation now;
	bool ca = false, self = false;
	int own, rc;

	if (!issuer || row->not_after < rmt_verb_now(choice->ctx))
		return 0;
	own = see_bytes(gathering, id, &ca, &self);
	if (own < 0 || !ca)
		return own < 0 ? -1 : 0;
	if (issuer == choice->authority) {
		gathering->roots += self;
		return 0;
	}
	rc = rmt_db_revoked_certificate(choice->db, id, &now, &choice->ctx->err);
	gathering->revoked += rc == 1;
	if (rc == 0 && (rc = issuer_here(gathering, issuer)) == 1) {
		choice->retires = choice->retires || own;
		gathering->chosen++;
		return rmt_revoke_take(choice, id);
	}
	return rc < 0 ? -1 : 0;
}

static int explain_none(struct gathering *gathering, struct rmt_err *err)
{
	if (gathering->elsewhere)
		return rmt_err_set(err, RMT_POLICY, NULL,
		                   "\"%s\" was certified by \"%s\", whose key is not in this home: revoke it in that home by its serial number, then "
		                   "rotate and retire it here",
		                   gathering->name, gathering->elsewhere);
	if (gathering->revoked)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "\"%s\" is revoked already", gathering->name);
	if (gathering->roots)
		return rmt_err_set(err, RMT_POLICY, NULL,
		                   "\"%s\" certified itself, and no list takes that back: have it removed wherever it is trusted, and retire it here "
		                   "(remint ca retire)",
		                   gathering->name);
	return rmt_err_set(err, RMT_NEGATIVE, NULL, "no authority of this home certified \"%s\"", gathering->name);
}

static int tell_weight(struct gathering *gathering, struct rmt_err *err)
{
	struct rmt_revoke_choice *choice = gathering->choice;
	int64_t count;

	if (gathering->elsewhere)
		rmt_verb_warn(choice->ctx, "\"%s\", whose key is not in this home, certified \"%s\" too: revoke that in its home", gathering->elsewhere,
		              gathering->name);
	if (!choice->retires)
		return 0;
	if (rmt_authority_weight(choice->db, choice->authority, rmt_verb_now(choice->ctx), &count, err))
		return -1;
	rmt_verb_warn(choice->ctx, "%lld certificate%s that %s not expired hang%s on \"%s\": who checks its CA takes none of them any more",
	              (long long)count, count == 1 ? "" : "s", count == 1 ? "has" : "have", count == 1 ? "s" : "", gathering->name);
	return 0;
}

int rmt_revoke_choose_authority(struct rmt_revoke_choice *choice, const char *name)
{
	struct gathering gathering = {.choice = choice, .name = name};
	struct rmt_err *err = &choice->ctx->err;
	struct rmt_db_filter filter = {.spki_hash = {gathering.spki, RMT_SHA256}, .status = -1, .now = rmt_verb_now(choice->ctx), .limit = UINT32_MAX};
	struct rmt_db_authority row;
	int found = rmt_db_authority_get(choice->db, name, 0, &row, err), rc = -1;

	if (found < 1)
		return found < 0 ? -1 : rmt_err_set(err, RMT_USAGE, NULL, "no authority is called \"%s\": see remint ca list", name);
	if (!row.cert.length || row.spki_hash.length != RMT_SHA256)
		return rmt_err_set(err, RMT_POLICY, NULL, "\"%s\" has no certificate yet", name);
	choice->authority = row.id;
	memcpy(gathering.spki, row.spki_hash.at, RMT_SHA256);
	if (rmt_sha256(row.cert, gathering.own, err) == 0 && rmt_db_certs(choice->db, &filter, gather, &gathering, err) == 0)
		rc = gathering.chosen ? tell_weight(&gathering, err) : explain_none(&gathering, err);
	free(gathering.elsewhere);
	choice->weighty = true;
	return rc;
}

/* ---- it issues no more --------------------------------------------------------------------------------------------------------- */

int rmt_authority_retire_revoked(struct rmt_db *db, int64_t id, int reason, rmt_time now, struct rmt_err *err)
{
	struct rmt_db_authority row;
	struct rmt_buf said = {0};
	int rc = rmt_db_authority_get(db, NULL, id, &row, err) == 1 ? 0 : -1;

	if (rc || row.state != RMT_AUTHORITY_ACTIVE)
		return rc;
	rmt_buf_format(&said, "retired: %s: revoked, %s", row.name, rmt_reason_name(reason));
	rc = rmt_buf_check(&said, err);
	if (rc == 0)
		rc = rmt_db_authority_retire(db, id, err);
	if (rc == 0)
		rc = rmt_db_event(db, now, "authority", rmt_buf_string(&said), err);
	rmt_buf_free(&said);
	return rc;
}
