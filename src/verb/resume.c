/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resume.c - finishes what another process began: to-be-signed bytes that were persisted and whose process is gone are
 * signed again, the very same bytes, and recorded. The same serial number, so one certificate.
 *
 * It runs under the write lock, before an authority signs anything new. It never makes new bytes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct resuming {
	struct rmt_home *home;
	struct rmt_authority *authority;
	struct rmt_err *err;
	unsigned finished;
	struct rmt_vouch vouch;
	struct rmt_buf serials; /* of the finished ones, for the warning */
};

static int sign_again(struct resuming *resuming, const struct rmt_db_tbs *tbs, struct rmt_buf *der)
{
	struct rmt_signature_algorithm algorithm;
	struct rmt_checker *checker = NULL;
	struct rmt_signer *signer;
	struct rmt_cert cert;
	int rc;

	if (rmt_cert_read_tbs(&cert, tbs->tbs, RMT_STRICT, resuming->err) ||
	    rmt_algorithm_read(cert.inner_algorithm, &algorithm, resuming->err))
		return -1;
	signer = rmt_signer_new(resuming->authority->key, algorithm.digest, resuming->err);
	rc = signer ? rmt_signer_wrap(signer, tbs->tbs, der, resuming->err) : -1;
	if (rc == 0)
		rc = (checker = rmt_checker_new(resuming->err)) ? rmt_cert_read(&cert, rmt_buf_view(der), RMT_STRICT, resuming->err) : -1;
	if (rc == 0)
		rc = rmt_issuance_verify(checker, &cert, rmt_key_spki(resuming->authority->key), resuming->err);
	rmt_checker_free(checker);
	rmt_signer_free(signer);
	return rc;
}

static int record_again(struct resuming *resuming, int64_t id, const struct rmt_db_tbs *tbs, struct rmt_span der)
{
	struct rmt_db_cert row = {.tbs = id,
	                          .authority = tbs->authority,
	                          .template_name = tbs->template_name,
	                          .targets = tbs->targets,
	                          .supersedes = tbs->supersedes,
	                          .proved = tbs->proved,
	                          .recorded = rmt_verb_now(resuming->home->ctx)};
	struct rmt_row_hashes hashes;
	struct rmt_db_pending pending = {0};
	struct rmt_arena arena = {0};
	struct rmt_cert cert;
	int64_t certificate;
	int rc = -1;

	if (rmt_db_pending_of_tbs(resuming->home->db, id, &pending, resuming->err) < 0)
		return -1;
	row.request = pending.request;
	if (rmt_cert_read(&cert, der, RMT_STRICT, resuming->err) == 0 &&
	    rmt_row_describe(&row, &cert, &arena, &hashes, resuming->err) == 0)
		rc = rmt_db_cert_add(resuming->home->db, &row, &certificate, resuming->err);
	if (rc == 0)
		rc = rmt_vouch_cert(&resuming->vouch, certificate, &row, resuming->err);
	if (rc == 0)
		rc = rmt_campaign_issued(resuming->home->db, certificate, row.recorded, resuming->err);
	if (rc == 0)
		rc = rmt_pending_issued(resuming->home->db, certificate, row.recorded, resuming->err);
	if (rc == 0) {
		rmt_buf_format(&resuming->serials, "%s%s", resuming->finished++ ? " " : "",
		               rmt_arena_serial(&arena, cert.serial));
	}
	rmt_arena_free(&arena);
	return rc;
}

static int finish(void *arg, int64_t id, const struct rmt_db_tbs *tbs)
{
	struct resuming *resuming = arg;
	struct rmt_buf der = {0};
	int rc;

	if (tbs->authority != resuming->authority->id)
		return 0;
	rc = sign_again(resuming, tbs, &der);
	if (rc == 0)
		rc = record_again(resuming, id, tbs, rmt_buf_view(&der));
	rmt_buf_free(&der);
	return rc;
}

static int count(void *arg, int64_t id, const struct rmt_db_tbs *tbs)
{
	(void)id;
	(void)tbs;
	++*(unsigned *)arg;
	return 0;
}

static int write_event(struct resuming *resuming)
{
	struct rmt_buf head = {0};
	int rc = -1;

	rmt_buf_format(&head, "authority=%s", resuming->authority->name);
	if (rmt_buf_check(&head, resuming->err) == 0)
		rc = rmt_vouch_event(&resuming->vouch, resuming->home->db, rmt_verb_now(resuming->home->ctx), "resume",
		                     rmt_buf_string(&head), resuming->err);
	rmt_buf_free(&head);
	return rc;
}

int rmt_issuance_resume(struct rmt_home *home, struct rmt_authority *authority, struct rmt_err *err)
{
	struct resuming resuming = {.home = home, .authority = authority, .err = err};
	unsigned orphans = 0;
	int rc;

	if (rmt_db_orphans(home->db, count, &orphans, err))
		return -1;
	if (!orphans)
		return 0; /* the usual case takes no lock */
	if (rmt_db_begin(home->db, err))
		return -1;
	rc = rmt_db_orphans(home->db, finish, &resuming, err);
	if (rc == 0 && resuming.finished)
		rc = write_event(&resuming);
	if (rc == 0)
		rc = rmt_db_commit(home->db, err);
	if (rc)
		rmt_db_rollback(home->db);
	else if (resuming.finished)
		rmt_verb_warn(home->ctx, "an earlier run was interrupted while it signed; what it had begun is finished and recorded: %s",
		              rmt_buf_string(&resuming.serials));
	rmt_vouch_clear(&resuming.vouch);
	rmt_buf_free(&resuming.serials);
	return rc;
}
