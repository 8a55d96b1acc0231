/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_certificate.c - certificates of an import on their way into the database, and the keys and requests that stand beside them.
 *
 * A certificate whose CA is known, here or elsewhere, is recorded under it once its signature says so, or where nobody here can verify
 * that, its key identifier; its serial number is then never
 * given again. What is on record already, by its bytes, stays as it is.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- the survey ---------------------------------------------------------------------------------------------------------------- */

/* The first certificate of an issuer that says where lists or issuers are: see find_uris() in import_settle.c. */
static int note_witness(struct rmt_import *run, const struct rmt_cert *cert, struct rmt_err *err)
{
	uint32_t number = (uint32_t)run->witness_count;
	int new;

	if (rmt_cert_self_issued(cert) || (!rmt_ext_find(&cert->extensions, RMT_EXT_CRL_DISTRIBUTION) &&
	                                   !rmt_ext_find(&cert->extensions, RMT_EXT_AUTHORITY_INFO)))
		return 0;
	new = rmt_import_note(run, 'U', cert->issuer, &number, err);
	if (new != 1)
		return new;
	if (run->witness_count == run->witness_capacity) {
		size_t capacity = 2 * run->witness_capacity + 16;
		struct rmt_cert **grown = reallocarray(run->witnesses, capacity, sizeof(*grown));

		if (!grown)
			return rmt_err_memory(err);
		run->witnesses = grown;
		run->witness_capacity = capacity;
	}
	run->witnesses[run->witness_count] = rmt_cert_dup(cert, err);
	return run->witnesses[run->witness_count] ? (run->witness_count++, 0) : -1;
}

/* Whoever made it has the key. */
static int survey_request(struct rmt_import *run, const struct rmt_request *request, struct rmt_err *err)
{
	int new = rmt_import_note(run, 'R', request->der, NULL, err);

	if (new != 1)
		return new;
	if (rmt_request_verify(run->checker, request, NULL))
		return 0;
	run->source->told.requests++;
	return rmt_import_note(run, 'P', request->spki, NULL, err) < 0 ? -1 : 0;
}

/* What is known by its form, and not read: an archive may hold what is being looked for. */
static int refuse_form(struct rmt_import *run, const struct rmt_object *object)
{
	struct rmt_contents found = {.unread = ""};

	rmt_contents_note(&found, object);
	return rmt_import_refuse(run, RMT_UNTAKEN_FORM, object->source, NULL, "%s", found.unread);
}

int rmt_import_survey(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	if (object->type == RMT_OBJECT_UNSUPPORTED)
		return refuse_form(run, object);
	if (object->request)
		return survey_request(run, object->request, err);
	if (!object->cert)
		return 0;
	if (rmt_import_note(run, 'S', object->cert->spki, NULL, err) < 0 || note_witness(run, object->cert, err))
		return -1;
	return rmt_cert_is_ca(object->cert) ? rmt_import_ca_found(run, object, err) : 0;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------------ */

/* A CA's key is kept until it is settled, anybody else's goes into the home at once. */
static int take_key(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	unsigned char spki[RMT_SHA256];
	struct rmt_err fault = {0};
	size_t ca;
	int stands;

	if (rmt_spki_hash(rmt_key_spki(object->key), spki, err))
		return -1;
	stands = rmt_home_key_stands(&run->home, rmt_span_of(spki, sizeof spki), err);
	if (stands < 0)
		return -1;
	run->source->told.keys.found++;
	ca = rmt_import_ca_keyed(run, spki);
	if (!stands && rmt_hygiene_check(run->ctx, run->home.db, rmt_key_spki(object->key), rmt_span_of(NULL, 0), ca != SIZE_MAX, object->source, &fault)) {
		rmt_err_source(&fault, object->source);
		if (rmt_import_refuse_err(run, RMT_UNTAKEN_WEAK, &fault, err))
			return -1;
	}
	for (; ca < run->ca_count; ca++)
		if (memcmp(run->cas[ca].spki, spki, sizeof spki) == 0 && !run->cas[ca].key &&
		    !(run->cas[ca].key = rmt_key_dup(object->key, err)))
			return -1;
	if (fault.class != RMT_NONE)
		return 0;
	run->source->told.keys.known += stands == 1;
	run->source->told.keys.added += !stands;
	return stands || !run->options->commit ? 0 : rmt_home_key_store(&run->home, object->key, err);
}

static bool is_spare(const struct rmt_import *run, struct rmt_span spki)
{
	unsigned char hash[RMT_SHA256];

	return !rmt_import_noted(run, 'S', spki, NULL) &&
	       (rmt_spki_hash(spki, hash, NULL) || rmt_import_ca_keyed(run, hash) == SIZE_MAX);
}

int rmt_import_key(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	int new;

	if (!object->key) {
		if (object->spki.length && is_spare(run, object->spki))
			return 0;
		return rmt_import_refuse(run, RMT_UNTAKEN_LOCKED, object->source, NULL,
		                         "the private key is encrypted, and no passphrase was given: --password-file");
	}
	new = rmt_import_note(run, 'K', rmt_key_spki(object->key), NULL, err);
	if (new != 1)
		return new;
	if (is_spare(run, rmt_key_spki(object->key)))
		return rmt_import_refuse(run, RMT_UNTAKEN_SPARE_KEY, object->source, NULL,
		                         "the private key belongs to no certificate of the sources and stays where it is");
	if (rmt_import_note(run, 'P', rmt_key_spki(object->key), NULL, err) < 0)
		return -1;
	return take_key(run, object, err);
}

/* ---- certificates --------------------------------------------------------------------------------------------------------------- */

static int met_key(size_t ca, struct rmt_span serial, struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_format(out, "%zu ", ca);
	rmt_buf_span(out, serial);
	return rmt_buf_check(out, err);
}

static int note_met(struct rmt_import *run, size_t ca, struct rmt_span serial, struct rmt_err *err)
{
	struct rmt_buf key = {0};
	int rc = met_key(ca, serial, &key, err) ? -1 : rmt_import_note(run, 'M', rmt_buf_view(&key), NULL, err);

	rmt_buf_free(&key);
	return rc;
}

bool rmt_import_met(const struct rmt_import *run, size_t ca, struct rmt_span serial)
{
	struct rmt_buf key = {0};
	bool met = met_key(ca, serial, &key, NULL) == 0 && rmt_import_noted(run, 'M', rmt_buf_view(&key), NULL);

	rmt_buf_free(&key);
	return met;
}

/* It says that this very key signed it, and that key did not: it was altered, or somebody made it up. */
static bool is_false(const struct rmt_import *run, const struct rmt_cert *cert)
{
	for (size_t i = 0; i < run->ca_count; i++)
		if (rmt_name_equal(run->cas[i].cert->subject, cert->issuer) && rmt_import_key_named(&run->cas[i], &cert->extensions) == 1)
			return true;
	return false;
}

static int add_row(struct rmt_import *run, struct rmt_db_cert *row, struct rmt_err *err)
{
	int64_t id;

	if (rmt_import_write(run, err) || rmt_db_cert_add(run->home.db, row, &id, err) || rmt_vouch_cert(&run->vouch, id, row, err))
		return -1;
	return 0;
}

/* A CA's serial numbers are given once: of two certificates with one number the second is nobody's. */
static int claim_serial(struct rmt_import *run, const struct rmt_object *object, size_t ca, struct rmt_db_cert *row, bool again, struct rmt_err *err)
{
	int64_t holder;
	int used = again ? 1 : row->authority ? rmt_db_serial_holder(run->home.db, row->authority, row->serial, &holder, err) : 0;

	if (used <= 0)
		return used;
	row->authority = 0;
	return rmt_import_refuse(run, RMT_UNTAKEN_SERIAL, object->source, NULL,
	                         "the serial number %s is another certificate's of %.80s: this one is recorded as foreign",
	                         rmt_arena_serial(&run->arena, row->serial), rmt_arena_name(&run->arena, run->cas[ca].cert->subject));
}

static int record(struct rmt_import *run, const struct rmt_object *object, size_t ca, bool again, struct rmt_err *err)
{
	struct rmt_db_cert known, row = {.template_name = "", .targets = "", .recorded = run->now,
	                                 .proved = rmt_import_noted(run, 'P', object->cert->spki, NULL)};
	struct rmt_row_hashes hashes;
	int found;

	if (rmt_row_describe(&row, object->cert, &run->arena, &hashes, err))
		return -1;
	found = rmt_db_cert_find(run->home.db, row.serial, row.fingerprint, &known, err);
	if (found < 0)
		return -1;
	run->source->told.certificates.known += found == 1;
	run->source->told.certificates.added += found == 0;
	if (found == 1)
		return 0;
	row.authority = ca == SIZE_MAX ? 0 : run->cas[ca].id;
	if (ca != SIZE_MAX && claim_serial(run, object, ca, &row, again, err))
		return -1;
	return run->options->commit ? add_row(run, &row, err) : 0;
}

/* The row of a CA's certificate was written when the CA was settled. */
static bool is_settled(struct rmt_import *run, size_t self)
{
	if (self == SIZE_MAX || !run->cas[self].row_added)
		return false;
	run->source->told.certificates.added++;
	return true;
}

static int tell_unverified(struct rmt_import *run, const struct rmt_object *object, const struct rmt_err *why, struct rmt_err *err)
{
	char what[120];

	snprintf(what, sizeof what, "the certificate with serial number %.50s is taken", rmt_arena_serial(&run->arena, object->cert->serial));
	return rmt_import_unverified(run, RMT_UNTAKEN_UNVERIFIED, object->source, what, why, err);
}

/* What is in force stays on record, whatever its key; the first is told, and how many. */
static int tell_unsound(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	struct rmt_err fault = {0};

	if (rmt_key_check_public(object->cert->spki, 0, &fault) == 0)
		return 0;
	rmt_err_source(&fault, object->source);
	return rmt_import_refuse_err(run, RMT_UNTAKEN_UNSOUND, &fault, err);
}

int rmt_import_cert(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	unsigned char sha256[RMT_SHA256];
	struct rmt_import_verdict verdict;
	size_t ca, self;
	int new;

	if (rmt_cert_fingerprint(object->cert, sha256, err))
		return -1;
	new = rmt_import_note(run, 'C', rmt_span_of(sha256, sizeof sha256), NULL, err);
	if (new != 1)
		return new;
	run->source->told.certificates.found++;
	ca = rmt_import_cert_signer(run, object->cert, &verdict);
	if (ca == SIZE_MAX && is_false(run, object->cert))
		return rmt_import_refuse(run, RMT_UNTAKEN_SIGNATURE, object->source, NULL,
		                         "the certificate with serial number %s says that %.80s signed it, whose key did not",
		                         rmt_arena_serial(&run->arena, object->cert->serial), rmt_arena_name(&run->arena, object->cert->issuer));
	if (tell_unsound(run, object, err))
		return -1;
	if (verdict.unverified && ca != SIZE_MAX && tell_unverified(run, object, &verdict.why, err))
		return -1;
	new = ca == SIZE_MAX ? 1 : note_met(run, ca, object->cert->serial, err);
	self = rmt_import_ca_of(run, sha256);
	if (new < 0 || is_settled(run, self))
		return new < 0 ? -1 : 0;
	return record(run, object, ca, new == 0, err);
}
