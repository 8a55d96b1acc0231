/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation.c - what is said of a certificate of ours that is revoked, put on hold or released, as the database records it.
 *
 * Which list of its authority it stands on, the certificate says itself. Whether it may be revoked is the caller's and
 * the database's affair.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- partial lists ------------------------------------------------------------------------------------------------------ */

struct seeking {
	const char *crl_uri;
	int shards, found;
	struct rmt_buf uri;
};

static int try_uri(void *arg, struct rmt_span uri)
{
	struct seeking *seeking = arg;

	for (int shard = 1; shard <= seeking->shards; shard++) {
		rmt_buf_clear(&seeking->uri);
		rmt_crl_name(seeking->crl_uri, shard, false, &seeking->uri);
		if (rmt_span_equal(rmt_buf_view(&seeking->uri), uri)) {
			seeking->found = shard;
			return 1;
		}
	}
	return 0;
}

/* The partial list that its distribution point names, 0 when it names none. */
static int shard_of(const struct rmt_cert *cert, const char *crl_uri, int shards)
{
	struct seeking seeking = {.crl_uri = crl_uri, .shards = shards};
	const struct rmt_ext *ext = shards ? rmt_ext_find(&cert->extensions, RMT_EXT_CRL_DISTRIBUTION) : NULL;

	if (ext)
		rmt_ext_crl_uris(ext->value, try_uri, &seeking, NULL);
	rmt_buf_free(&seeking.uri);
	return seeking.found;
}

/* ---- a change ------------------------------------------------------------------------------------------------------------ */

int rmt_certificate_revoke(struct rmt_db *db, int64_t id, const struct rmt_revoking *how, struct rmt_err *err)
{
	struct rmt_db_revocation revocation = {.certificate = id, .at = how->now, .reason = how->reason,
	                                       .invalid_since = how->invalid_since};
	struct rmt_db_authority authority;
	struct rmt_buf held = {0};
	struct rmt_db_cert row;
	struct rmt_cert cert;
	int rc = -1, found = rmt_db_cert_by_id(db, id, &row, err);

	if (found != 1)
		return found < 0 ? -1 : rmt_err_set(err, RMT_DATABASE, NULL, "there is no certificate %lld to revoke", (long long)id);
	revocation.authority = row.authority;
	revocation.expires = row.not_after;
	rmt_buf_span(&held, row.der);
	/* A row is what its bytes say; the views are needed beyond the next look at the database. */
	if (rmt_buf_check(&held, err) || rmt_cert_read(&cert, rmt_buf_view(&held), RMT_TOLERANT, err))
		goto out;
	revocation.serial = cert.serial;
	if (row.authority && rmt_db_authority_get(db, NULL, row.authority, &authority, err) < 0)
		goto out;
	if (row.authority)
		revocation.shard = shard_of(&cert, authority.crl_uri, authority.crl_shards);
	rc = rmt_db_revoke(db, &revocation, how->now, err);
out:
	rmt_buf_free(&held);
	return rc;
}
