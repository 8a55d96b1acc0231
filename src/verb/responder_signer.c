/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responder_signer.c - who signs OCSP responses for an authority: a certificate of its own for this (RFC 6960, 4.2.2.2), found in the
 * database with its key in the home, or issued on the one road; or the authority itself.
 *
 * Such a certificate cannot be revoked with effect (id-pkix-ocsp-nocheck), so it is short, and replaced when a third of its life is left.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { LOOK_AGAIN = 1000 /* milliseconds for which a signer that was good is taken for good */ };

void rmt_answerer_clear(struct rmt_answerer *answerer)
{
	rmt_signer_free(answerer->by.signer);
	rmt_key_free(answerer->key);
	rmt_cert_free(answerer->cert);
	answerer->by = (struct rmt_ocsp_responder){0};
	answerer->key = NULL;
	answerer->cert = NULL;
	answerer->signer = 0;
	answerer->until = 0;
}

/* ---- the one in force ----------------------------------------------------------------------------------------------------- */

struct seeking {
	const struct rmt_responder *responder;
	const struct rmt_answerer *answerer;
	rmt_time now;
	int64_t found;
	struct rmt_err *err;
};

static bool is_worn(rmt_time not_before, rmt_time not_after, rmt_time now)
{
	return not_before > now || not_after - now < (not_after - not_before) / 3;
}

static int consider(void *arg, const struct rmt_db_cert *row)
{
	struct seeking *seeking = arg;
	int stands;

	if (row->authority != seeking->answerer->authority.id || is_worn(row->not_before, row->not_after, seeking->now))
		return 0;
	stands = rmt_home_key_stands(&seeking->responder->home, row->spki_hash, seeking->err);
	if (stands == 1)
		seeking->found = row->id;
	return stands;
}

/* A key of the kind that is asked for. */
static int is_wanted(const struct rmt_responder *responder, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_spki spki;

	if (!responder->options->key)
		return 1;
	return rmt_spki_read(cert->spki, &spki, err) ? -1 : rmt_key_rule_fits(responder->options->key, &spki, err);
}

/* What the answerer holds from now on. */
static int hold(struct rmt_answerer *answerer, const struct rmt_cert *cert, const struct rmt_key *key, bool enclosed, struct rmt_err *err)
{
	answerer->by = (struct rmt_ocsp_responder){.cert = cert, .enclosed = enclosed};
	answerer->until = cert->not_after;
	answerer->looked = rmt_clock_ticks();
	if (!rmt_span_equal(rmt_key_spki(key), cert->spki))
		return rmt_err_set(err, RMT_SECRET, NULL, "the key that is to sign does not belong to its certificate");
	answerer->by.signer = rmt_signer_new(key, NULL, err);
	return answerer->by.signer ? rmt_spki_key_id(cert->spki, answerer->by.key_id, err) : -1;
}

/* 1 there is one, and it is held; 0 none; -1. */
static int find(struct rmt_responder *responder, struct rmt_answerer *answerer, rmt_time now, struct rmt_err *err)
{
	const struct rmt_db_filter filter = {.template_name = RMT_OCSP_TEMPLATE, .status = RMT_CERT_VALID, .now = now, .limit = 1000};
	struct seeking seeking = {.responder = responder, .answerer = answerer, .now = now, .err = err};
	unsigned char hash[RMT_SHA256];
	struct rmt_db_cert row;
	int rc;

	if (rmt_db_certs(responder->home.db, &filter, consider, &seeking, err) < 0)
		return -1;
	if (!seeking.found)
		return 0;
	if (rmt_db_cert_by_id(responder->home.db, seeking.found, &row, err) != 1)
		return -1;
	answerer->cert = rmt_cert_new(row.der, RMT_STRICT, err);
	memcpy(hash, row.spki_hash.at, sizeof hash);
	rc = answerer->cert ? is_wanted(responder, answerer->cert, err) : -1;
	if (rc < 1) {
		rmt_answerer_clear(answerer);
		return rc;
	}
	answerer->key = rmt_home_key_load(&responder->home, rmt_span_of(hash, sizeof hash), err);
	if (!answerer->key || hold(answerer, answerer->cert, answerer->key, true, err))
		return -1;
	answerer->signer = seeking.found;
	return 1;
}

/* ---- a new one ------------------------------------------------------------------------------------------------------------- */

static int load_authority_key(struct rmt_responder *responder, struct rmt_answerer *answerer, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (answerer->authority.key)
		return 0;
	if (rmt_spki_hash(answerer->authority.cert->spki, hash, err))
		return -1;
	answerer->authority.key = rmt_home_key_load(&responder->home, rmt_span_of(hash, sizeof hash), err);
	return answerer->authority.key ? 0 : -1;
}

/* "CN=Example Issuing CA OCSP", as far as a CN may be that long. */
static int subject_of(const struct rmt_answerer *answerer, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_name_part part = {.attribute = "CN"};
	struct rmt_buf text = {0};
	int rc;

	rmt_name_get(answerer->authority.cert->subject, "CN", true, &text);
	rmt_buf_text(&text, text.length ? " OCSP" : "OCSP");
	part.value = text.length <= 64 ? rmt_buf_string(&text) : "OCSP";
	rc = rmt_buf_check(&text, err) ? -1 : rmt_name_build(&part, 1, der, err);
	rmt_buf_free(&text);
	return rc;
}

static struct rmt_item *signer_item(const struct rmt_responder *responder, const struct rmt_answerer *answerer,
                                    const struct rmt_demand *demand, struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);

	if (!item)
		return NULL;
	item->source = "";
	item->store_key = true;
	item->key = rmt_key_generate(responder->options->key ? responder->options->key : demand->template->key_generate, err);
	if (item->key && subject_of(answerer, &item->subject, err) == 0)
		return item;
	rmt_item_free(item);
	return NULL;
}

/* What a template or a constraint has against it is said of a certificate that nobody here has asked for. */
static void explain_refusal(const struct rmt_answerer *answerer, struct rmt_err *err)
{
	struct rmt_err why = *err;

	rmt_err_clear(err);
	rmt_err_set(err, RMT_POLICY, NULL, "the authority \"%s\" can have no certificate for a signer of OCSP responses (%s): with --own-key it signs them itself",
	            answerer->authority.name, why.message);
}

static int issue(struct rmt_responder *responder, struct rmt_answerer *answerer, struct rmt_err *err)
{
	struct rmt_demand demand = {0};
	struct rmt_buf der = {0};
	struct rmt_item *item;
	int rc = -1;

	if (load_authority_key(responder, answerer, err) ||
	    rmt_demand_load(responder->ctx, RMT_OCSP_TEMPLATE, (struct remint_strings){0}, RMT_OCSP_TEMPLATE, &demand, err))
		return -1;
	item = signer_item(responder, answerer, &demand, err);
	if (item)
		rc = rmt_authority_issue(&responder->home, &answerer->authority, &demand, item, &der, err);
	rmt_buf_free(&der);
	rmt_demand_clear(&demand);
	if (rc && err->class == RMT_POLICY)
		explain_refusal(answerer, err);
	if (rc == 0)
		rmt_verb_warn(responder->ctx, "issued a certificate that signs OCSP responses for the authority \"%s\"", answerer->authority.name);
	return rc;
}

/* ---- ready ------------------------------------------------------------------------------------------------------------------ */

/* Is what it holds still good? 1, 0, -1. */
static int still_good(struct rmt_responder *responder, struct rmt_answerer *answerer, rmt_time now, struct rmt_err *err)
{
	struct rmt_db_revocation revocation;
	int rc = 0;

	if (!answerer->by.signer || answerer->by.cert->not_after <= now)
		return 0;
	if (!answerer->signer)
		return 1;
	if (is_worn(answerer->cert->not_before, answerer->cert->not_after, now))
		return 0;
	if (rmt_clock_ticks() - answerer->looked < LOOK_AGAIN)
		return 1;
	rc = rmt_db_revoked_certificate(responder->home.db, answerer->signer, &revocation, err);
	answerer->looked = rmt_clock_ticks();
	return rc < 0 ? -1 : !rc;
}

static int check_dates(const struct rmt_authority *authority, rmt_time now, struct rmt_err *err)
{
	char text[32];

	if (now >= authority->cert->not_before && now <= authority->cert->not_after)
		return 0;
	rmt_time_text(now < authority->cert->not_before ? authority->cert->not_before : authority->cert->not_after, text);
	return rmt_err_set(err, RMT_POLICY, NULL, "the authority \"%s\" %s %s and can answer for nothing", authority->name,
	                   now < authority->cert->not_before ? "is not valid before" : "expired at", text);
}

int rmt_answerer_ready(struct rmt_responder *responder, struct rmt_answerer *answerer, rmt_time now, struct rmt_err *err)
{
	int rc = still_good(responder, answerer, now, err);

	if (rc != 0)
		return rc > 0 ? 0 : -1;
	rmt_answerer_clear(answerer);
	if (check_dates(&answerer->authority, now, err))
		return -1;
	if (responder->options->own_key)
		return load_authority_key(responder, answerer, err) ||
		               hold(answerer, answerer->authority.cert, answerer->authority.key, false, err)
		           ? -1
		           : 0;
	rc = find(responder, answerer, now, err);
	if (rc == 0) {
		if (issue(responder, answerer, err))
			return -1;
		rc = find(responder, answerer, now, err);
	}
	return rc == 1 ? 0
	               : rmt_err_set(err, RMT_POLICY, NULL,
	                             "the certificate issued by the template " RMT_OCSP_TEMPLATE " cannot sign OCSP responses for \"%s\"",
	                             answerer->authority.name);
}
