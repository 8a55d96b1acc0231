/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_settle.c - the CAs of an import become authorities of the home: active where the key came along and the CA may issue, foreign
 * otherwise. At the end their revocation lists get numbers behind the newest that was heard of, and those that are revoked are retired.
 *
 * A CA is recorded under its issuer, so issuers go first. Its key is in the home before its row is.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- may it issue? ----------------------------------------------------------------------------------------------------------- */

/* A certificate that does not say that it is a CA's is not made to issue, whatever it was used for (RFC 5280, 4.2.1.9). */
static bool says_ca(const struct rmt_cert *cert)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints;

	return ext && rmt_ext_basic_constraints(ext->value, &constraints, NULL, NULL) == 0 && constraints.ca;
}

static bool may_sign(const struct rmt_cert *cert)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_KEY_USAGE);
	unsigned bits = 0;

	return !ext || (rmt_ext_key_usage(ext->value, &bits, NULL) == 0 && (bits & RMT_KU_CERT_SIGN));
}

/* One key has one series of numbers of revocation lists: of several certificates of a CA the newest issues. */
static bool is_newest(const struct rmt_import *run, const struct rmt_import_ca *ca)
{
	for (size_t i = 0; i < run->ca_count; i++) {
		const struct rmt_import_ca *other = &run->cas[i];

		if (other == ca || memcmp(other->spki, ca->spki, RMT_SHA256) != 0 ||
		    !rmt_name_equal(other->cert->subject, ca->cert->subject))
			continue;
		if ((other->home && other->issues) || other->cert->not_before > ca->cert->not_before ||
		    (other->cert->not_before == ca->cert->not_before && other < ca))
			return false;
	}
	return true;
}

/* 1 it issues from now on, 0 not, -1. What hinders it is told. */
static int judge(struct rmt_import *run, struct rmt_import_ca *ca, struct rmt_err *err)
{
	struct rmt_err fault = {0};
	const char *why = NULL;
	char subject[200];

	if (!ca->key)
		return 0;
	snprintf(subject, sizeof subject, "%s", rmt_arena_name(&run->arena, ca->cert->subject));
	run->source = &run->sources[ca->source == SIZE_MAX ? 0 : ca->source];
	if (!says_ca(ca->cert))
		why = "its certificate does not say so (no basicConstraints with cA, RFC 5280, 4.2.1.9)";
	else if (!may_sign(ca->cert))
		why = "its keyUsage does not let it sign certificates";
	if (why)
		return rmt_import_refuse(run, RMT_UNTAKEN_AUTHORITY, NULL, NULL, "%s is no CA to issue with: %s", subject, why) ? -1 : 0;
	if (rmt_hygiene_check(run->ctx, run->home.db, ca->cert->spki, ca->cert->subject, true, run->source->path, &fault) == 0)
		return 1;
	rmt_err_set(&fault, RMT_SECRET, NULL, "the key is not sound");
	return rmt_import_refuse_err(run, RMT_UNTAKEN_AUTHORITY, &fault, err) ? -1 : 0;
}

/* ---- where its lists are -------------------------------------------------------------------------------------------------------- */

struct uris {
	struct rmt_buf crl, ocsp, ca;
};

static int keep(struct rmt_buf *out, struct rmt_span uri)
{
	struct rmt_buf text = {0};

	rmt_buf_span(&text, uri);
	if (!out->length && !text.failed && strlen(rmt_buf_string(&text)) == uri.length && rmt_publish_url_check(rmt_buf_string(&text), NULL) == 0)
		rmt_buf_span(out, uri);
	rmt_buf_free(&text);
	return 0;
}

static int keep_crl(void *arg, struct rmt_span uri)
{
	return keep(&((struct uris *)arg)->crl, uri);
}

static int keep_access(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	struct uris *uris = arg;

	if (location->type != RMT_GN_URI)
		return 0;
	return rmt_oid_is(method, "ocsp") ? keep(&uris->ocsp, location->value) : rmt_oid_is(method, "caIssuers") ? keep(&uris->ca, location->value) : 0;
}

/* What the user says; else what a certificate of the CA says of it, when the CA really signed it. */
static int find_uris(struct rmt_import *run, const struct rmt_import_ca *ca, struct uris *uris, struct rmt_err *err)
{
	const char *url = run->options->publish_url;
	const struct rmt_cert *witness;
	const struct rmt_ext *ext;
	uint32_t which;

	if (url) {
		const char *slash = url[strlen(url) - 1] == '/' ? "" : "/";

		rmt_buf_format(&uris->crl, "%s%s%s.crl", url, slash, ca->name);
		rmt_buf_format(&uris->ca, "%s%s%s.cer", url, slash, ca->name);
		return rmt_buf_check(&uris->crl, err) || rmt_buf_check(&uris->ca, err) ? -1 : 0;
	}
	if (!rmt_import_noted(run, 'U', ca->cert->subject, &which))
		return 0;
	witness = run->witnesses[which];
	if (rmt_checker_verify(run->checker, witness->tbs, witness->outer_algorithm, witness->signature, ca->cert->spki, NULL))
		return 0;
	ext = rmt_ext_find(&witness->extensions, RMT_EXT_CRL_DISTRIBUTION);
	if (ext)
		rmt_ext_crl_uris(ext->value, keep_crl, uris, NULL);
	ext = rmt_ext_find(&witness->extensions, RMT_EXT_AUTHORITY_INFO);
	if (ext)
		rmt_ext_access(ext->value, keep_access, uris, NULL);
	return rmt_buf_check(&uris->crl, err) || rmt_buf_check(&uris->ocsp, err) || rmt_buf_check(&uris->ca, err) ? -1 : 0;
}

/* ---- its record ------------------------------------------------------------------------------------------------------------------ */

/* Its certificate as a row of its issuer's. 1 added, 0 it was there, -1. */
static int record_cert(struct rmt_import *run, const struct rmt_import_ca *ca, int64_t parent, struct rmt_err *err)
{
	struct rmt_db_cert known, row = {.authority = parent, .template_name = "", .targets = "", .recorded = run->now, .proved = ca->issues};
	struct rmt_row_hashes hashes;
	struct rmt_arena arena = {0};
	int64_t id;
	int rc = rmt_row_describe(&row, ca->cert, &arena, &hashes, err);

	if (rc == 0)
		rc = rmt_db_cert_find(run->home.db, row.serial, row.fingerprint, &known, err);
	if (rc == 0) {
		int used = parent ? rmt_db_serial_holder(run->home.db, parent, row.serial, &id, err) : 0;

		if (used == 1)
			row.authority = 0;
		rc = used >= 0 && rmt_row_record(run->home.db, &row, &id, err) == 0 ? 1 : -1;
	} else if (rc == 1)
		rc = 0;
	rmt_arena_free(&arena);
	return rc;
}

static bool is_root(struct rmt_import *run, const struct rmt_import_ca *ca)
{
	return rmt_import_cert_signer(run, ca->cert, NULL) == (size_t)(ca - run->cas);
}

static int record(struct rmt_import *run, struct rmt_import_ca *ca, int64_t parent, struct rmt_err *err)
{
	struct uris uris = {{0}, {0}, {0}};
	struct rmt_db_authority row = {.name = ca->name, .state = ca->state, .cert = ca->cert->der, .key_here = ca->issues, .parent = parent,
	                               .spki_hash = {ca->spki, RMT_SHA256}};
	struct rmt_buf text = {0};
	int added = -1, rc = -1;

	if (find_uris(run, ca, &uris, err) || (ca->issues && rmt_home_key_store(&run->home, ca->key, err)) || rmt_db_begin(run->home.db, err))
		goto out;
	row.crl_uri = rmt_buf_string(&uris.crl);
	row.ocsp_uri = rmt_buf_string(&uris.ocsp);
	row.ca_uri = rmt_buf_string(&uris.ca);
	if (ca->issues) {
		row.crl_shards = (int)run->options->crl_shards;
		row.crl_deltas = run->options->crl_deltas;
	}
	rmt_buf_format(&text, "%s imported", ca->name);
	if (rmt_db_authority_add(run->home.db, &row, &ca->id, err) == 0)
		added = record_cert(run, ca, parent ? parent : is_root(run, ca) ? ca->id : 0, err);
	if (added >= 0 && rmt_buf_check(&text, err) == 0 && rmt_db_event(run->home.db, run->now, "authority", rmt_buf_string(&text), err) == 0)
		rc = rmt_db_commit(run->home.db, err);
	if (rc)
		rmt_db_rollback(run->home.db);
	ca->row_added = added == 1;
out:
	rmt_buf_free(&text);
	rmt_buf_free(&uris.crl);
	rmt_buf_free(&uris.ocsp);
	rmt_buf_free(&uris.ca);
	return rc;
}

/* Its key came later than its certificate. */
static int adopt(struct rmt_import *run, struct rmt_import_ca *ca, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc = -1;

	if (rmt_home_key_store(&run->home, ca->key, err) || rmt_db_begin(run->home.db, err))
		return -1;
	rmt_buf_format(&text, "%s adopted with its key", ca->name);
	if (rmt_db_authority_adopt(run->home.db, ca->id, err) == 0 && rmt_buf_check(&text, err) == 0 &&
	    rmt_db_event(run->home.db, run->now, "authority", rmt_buf_string(&text), err) == 0)
		rc = rmt_db_commit(run->home.db, err);
	if (rc)
		rmt_db_rollback(run->home.db);
	rmt_buf_free(&text);
	return rc;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------------ */

/* What would hinder it at the first certificate is said when it comes. */
static int look_at(struct rmt_import *run, const struct rmt_import_ca *ca, struct rmt_err *err)
{
	struct rmt_err fault = {0};

	if (ca->state != RMT_AUTHORITY_ACTIVE || rmt_preflight_warn(&run->home, ca->name, &fault) == 0)
		return 0;
	return rmt_import_refuse_err(run, RMT_UNTAKEN_AUTHORITY, &fault, err);
}

static int settle(struct rmt_import *run, size_t n, unsigned depth, struct rmt_err *err)
{
	struct rmt_import_ca *ca = &run->cas[n];
	size_t parent = rmt_import_cert_signer(run, ca->cert, NULL);
	bool adopts = false;
	int fit;

	if (ca->settled)
		return 0;
	ca->settled = true;
	if (parent != SIZE_MAX && parent != n && depth < RMT_PATH_DEPTH_MAX && settle(run, parent, depth + 1, err))
		return -1;
	rmt_arena_reset(&run->arena);
	fit = ca->id && ca->state != RMT_AUTHORITY_FOREIGN ? 0 : judge(run, ca, err);
	if (fit < 0)
		return -1;
	if (fit) {
		adopts = ca->home && is_newest(run, ca);
		if (!ca->home || adopts) {
			ca->issues = true;
			ca->state = is_newest(run, ca) ? RMT_AUTHORITY_ACTIVE : RMT_AUTHORITY_RETIRED;
		}
	}
	if (ca->home && !adopts)
		return 0;
	ca->added = true;
	if (ca->source != SIZE_MAX) {
		run->sources[ca->source].told.authorities.known -= adopts;
		run->sources[ca->source].told.authorities.added++;
	}
	if (!run->options->commit)
		return 0;
	if (adopts)
		return adopt(run, ca, err) ? -1 : look_at(run, ca, err);
	return rmt_authority_free_name(&run->home, ca->cert, ca->name, err) ||
	               record(run, ca, parent != SIZE_MAX && parent != n ? run->cas[parent].id : 0, err) || look_at(run, ca, err)
	           ? -1
	           : 0;
}

int rmt_import_settle(struct rmt_import *run, struct rmt_err *err)
{
	for (size_t i = 0; i < run->ca_count; i++)
		if ((run->cas[i].source != SIZE_MAX || run->cas[i].key) && settle(run, i, 0, err))
			return -1;
	return 0;
}

/* The numbers of its lists go on behind the newest that was heard of, also when that list itself is not at hand. */
static int reserve(struct rmt_import *run, struct rmt_import_ca *ca, struct rmt_err *err)
{
	struct rmt_db_crl crl = {.authority = ca->id, .number = ca->number, .this_update = run->now, .next_update = run->now + 1};
	int64_t last;

	if (rmt_db_crl_number(run->home.db, ca->id, &last, err))
		return -1;
	return last >= ca->number ? 0 : rmt_import_write(run, err) || rmt_db_crl_add(run->home.db, &crl, run->now, err) ? -1 : 0;
}

int rmt_import_numbers(struct rmt_import *run, struct rmt_err *err)
{
	for (size_t i = 0; run->options->commit && i < run->ca_count; i++)
		if (run->cas[i].number && run->cas[i].id && reserve(run, &run->cas[i], err))
			return -1;
	return rmt_import_flush(run, err);
}

static int retire(struct rmt_import *run, struct rmt_import_ca *ca, int reason, struct rmt_err *err)
{
	if (rmt_db_begin(run->home.db, err))
		return -1;
	ca->state = RMT_AUTHORITY_RETIRED;
	if (rmt_authority_retire_revoked(run->home.db, ca->id, reason, run->now, err) == 0)
		return rmt_db_commit(run->home.db, err);
	rmt_db_rollback(run->home.db);
	return -1;
}

/* As after remint revoke --authority; what is on hold may come back. */
int rmt_import_retire(struct rmt_import *run, struct rmt_err *err)
{
	struct rmt_db_revocation revocation;
	struct rmt_db_authority row;

	for (size_t i = 0; run->options->commit && i < run->ca_count; i++) {
		int found = run->cas[i].id ? rmt_db_authority_get(run->home.db, NULL, run->cas[i].id, &row, err) : 0;

		if (found == 1)
			found = row.state == RMT_AUTHORITY_ACTIVE ? rmt_authority_revoked(run->home.db, &row, &revocation, err) : 0;
		if (found < 0 || (found == 1 && revocation.reason != RMT_REASON_HOLD && retire(run, &run->cas[i], revocation.reason, err)))
			return -1;
	}
	return 0;
}
