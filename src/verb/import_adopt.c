/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_adopt.c - what stands in the home already and whose issuer an import brings: certificates of nobody go under the CA that signed
 * them, and CAs under theirs. That CA's serial numbers, revocations and lists count them from then on.
 *
 * All of it is one transaction, and what is adopted is vouched for a second time, by an event of its own (check.c).
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

struct adopting {
	struct rmt_import *run;
	struct rmt_vouch vouch;
	bool open;
	struct rmt_err *err;
};

static int begin(struct adopting *adopting)
{
	if (!adopting->open && rmt_db_begin(adopting->run->home.db, adopting->err))
		return -1;
	adopting->open = true;
	return 0;
}

static struct remint_imported *told_by(struct rmt_import *run, const struct rmt_import_ca *ca)
{
	return &run->sources[ca->source == SIZE_MAX ? 0 : ca->source].told;
}

/* ---- certificates ---------------------------------------------------------------------------------------------------------------- */

/* A revocation that was kept for its serial number alone. */
static int link_revocation(struct adopting *adopting, const struct rmt_db_cert *row)
{
	struct rmt_db *db = adopting->run->home.db;
	struct rmt_db_revocation now;
	int found = rmt_db_revoked_serial(db, row->authority, row->serial, &now, adopting->err);

	if (found != 1 || now.certificate)
		return found < 0 ? -1 : 0;
	now.serial = row->serial;
	now.certificate = row->id;
	now.expires = row->not_after;
	return rmt_db_revoke(db, &now, adopting->run->now, adopting->err);
}

static int adopt(struct adopting *adopting, const struct rmt_db_cert *stray, int64_t authority)
{
	struct rmt_db_cert row = *stray;

	row.authority = authority;
	return begin(adopting) || rmt_db_cert_adopt(adopting->run->home.db, row.id, authority, adopting->err) ||
	               rmt_vouch_cert(&adopting->vouch, row.id, &row, adopting->err) || link_revocation(adopting, &row)
	           ? -1
	           : 0;
}

/* Of two certificates with one serial number the second stays nobody's. */
static int visit_stray(void *arg, const struct rmt_db_cert *stray)
{
	struct adopting *adopting = arg;
	struct rmt_import *run = adopting->run;
	const struct rmt_import_ca *ca;
	struct rmt_cert cert;
	int64_t holder;
	struct rmt_import_verdict verdict;
	size_t signer;
	int held = 0;

	if (rmt_cert_read(&cert, stray->der, RMT_TOLERANT, NULL) || (signer = rmt_import_cert_signer(run, &cert, &verdict)) == SIZE_MAX)
		return 0;
	ca = &run->cas[signer];
	if (ca->id)
		held = rmt_db_serial_holder(run->home.db, ca->id, stray->serial, &holder, adopting->err);
	if (held)
		return held < 0 ? -1 : 0;
	told_by(run, ca)->adopted++;
	run->source = &run->sources[ca->source == SIZE_MAX ? 0 : ca->source];
	if (verdict.unverified && rmt_import_unverified(run, RMT_UNTAKEN_UNVERIFIED, run->ctx->home, "a certificate goes under its CA", &verdict.why, adopting->err))
		return -1;
	return run->options->commit ? adopt(adopting, stray, ca->id) : 0;
}

/* ---- CAs ------------------------------------------------------------------------------------------------------------------------- */

static int place_cas(struct adopting *adopting)
{
	struct rmt_import *run = adopting->run;
	struct rmt_buf text = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && run->options->commit && i < run->ca_count; i++) {
		const struct rmt_import_ca *ca = &run->cas[i];
		size_t above = ca->home && !ca->parent && ca->state != RMT_AUTHORITY_PENDING ? rmt_import_cert_signer(run, ca->cert, NULL) : SIZE_MAX;

		if (above == SIZE_MAX || above == i || !run->cas[above].id || rmt_name_equal(ca->cert->subject, ca->cert->issuer))
			continue;
		rmt_buf_clear(&text);
		rmt_buf_format(&text, "%s stands under %s", ca->name, run->cas[above].name);
		rc = rmt_buf_check(&text, adopting->err) || begin(adopting) ||
		             rmt_db_authority_place(run->home.db, ca->id, run->cas[above].id, adopting->err) ||
		             rmt_db_event(run->home.db, run->now, "authority", rmt_buf_string(&text), adopting->err)
		         ? -1
		         : 0;
	}
	rmt_buf_free(&text);
	return rc;
}

/* ---- both ------------------------------------------------------------------------------------------------------------------------ */

int rmt_import_adopt(struct rmt_import *run, struct rmt_err *err)
{
	struct adopting adopting = {.run = run, .err = err};
	int rc = place_cas(&adopting) || rmt_db_strays(run->home.db, visit_stray, &adopting, err) ? -1 : 0;

	if (rc == 0 && adopting.vouch.count)
		rc = rmt_vouch_event(&adopting.vouch, run->home.db, run->now, "adopt", "import", err);
	if (rc == 0 && adopting.open)
		rc = rmt_db_commit(run->home.db, err);
	if (rc)
		rmt_db_rollback(run->home.db);
	rmt_vouch_clear(&adopting.vouch);
	return rc;
}
