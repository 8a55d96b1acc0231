/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_revocation.c - what other CAs revoked, taken over: from their lists, and from what rows of their databases say. A serial
 * number is revoked also when its certificate is not there.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- one revocation ------------------------------------------------------------------------------------------------------------- */

/* The first that is said of a serial number counts: 1, 0 it was said before, -1. */
static int note(struct rmt_import *run, const struct rmt_withdrawal *withdrawal, struct rmt_err *err)
{
	struct rmt_buf key = {0};
	int new;

	rmt_buf_format(&key, "%zu ", withdrawal->ca);
	rmt_buf_span(&key, withdrawal->serial);
	new = rmt_buf_check(&key, err) ? -1 : rmt_import_note(run, 'V', rmt_buf_view(&key), NULL, err);
	rmt_buf_free(&key);
	return new;
}

/* Does the home say so already? A hold that has become final there is news, and so is the certificate of a number that had none. */
static int is_known(struct rmt_import *run, const struct rmt_db_revocation *row, struct rmt_err *err)
{
	struct rmt_db_revocation now;
	int found = row->authority ? rmt_db_revoked_serial(run->home.db, row->authority, row->serial, &now, err) : 0;

	if (found <= 0)
		return found;
	if (now.reason == RMT_REASON_HOLD && row->reason != RMT_REASON_HOLD)
		return 0;
	return !(!now.certificate && row->certificate && now.reason == row->reason);
}

/* What is known of a certificate that is not there, beside its serial number, is kept in the log. */
static int describe(struct rmt_import *run, const struct rmt_db_revocation *row, struct rmt_span subject, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc = -1;

	rmt_buf_format(&text, "authority=%lld serial=", (long long)row->authority);
	rmt_hex(row->serial, 0, &text);
	rmt_buf_text(&text, " subject=");
	rmt_safe_text(subject, &text);
	if (rmt_buf_check(&text, err) == 0)
		rc = rmt_db_event(run->home.db, run->now, "import", rmt_buf_string(&text), err);
	rmt_buf_free(&text);
	return rc;
}

static int find_certificate(struct rmt_import *run, struct rmt_db_revocation *row, struct rmt_err *err)
{
	struct rmt_db_cert cert;
	int found = row->authority ? rmt_db_serial_holder(run->home.db, row->authority, row->serial, &row->certificate, err) : 0;

	if (found < 0 || !row->certificate)
		return found < 0 ? -1 : 0;
	if (rmt_db_cert_by_id(run->home.db, row->certificate, &cert, err) != 1)
		return -1;
	row->expires = cert.not_after;
	return 0;
}

int rmt_import_revocation(struct rmt_import *run, const struct rmt_withdrawal *withdrawal, struct rmt_err *err)
{
	const struct rmt_import_stated *stated = &withdrawal->stated;
	struct rmt_db_revocation row = {.authority = run->cas[withdrawal->ca].id, .serial = withdrawal->serial,
	                                .at = stated->at ? stated->at : run->now, .reason = stated->reason,
	                                .invalid_since = stated->invalid_since, .expires = withdrawal->expires};
	int known, new = note(run, withdrawal, err);

	if (new != 1 || stated->reason == RMT_REASON_REMOVED)
		return new < 0 ? -1 : 0;
	if (row.reason < 0 || row.reason == RMT_REASON_UNUSED || row.reason >= RMT_REASONS)
		row.reason = 0;
	run->source->told.revocations.found++;
	if (find_certificate(run, &row, err) || (known = is_known(run, &row, err)) < 0)
		return -1;
	run->source->told.revocations.known += known == 1;
	run->source->told.revocations.added += known == 0;
	if (known || !run->options->commit)
		return 0;
	if (rmt_import_write(run, err) || rmt_db_revoke(run->home.db, &row, run->now, err))
		return -1;
	return row.certificate || !withdrawal->subject.length ? 0 : describe(run, &row, withdrawal->subject, err);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------ */

/* The number that a cell begins with: "21 -- Revoked", "0x15 (21) -- Revoked", "0x1 -- Key Compromise". */
static int64_t leading_number(const char *text)
{
	return text ? strtoll(text, NULL, strncmp(text, "0x", 2) == 0 ? 16 : 10) : -1;
}

/* Disposition 21 is "revoked"; a reason of -1 (0xffffffff) ends a hold. */
static struct rmt_import_stated stated_by(const struct rmt_listing *listing)
{
	enum { REVOKED = 21 };
	int64_t reason = leading_number(rmt_listing_get(listing, "revocation-reason"));
	struct rmt_import_stated stated = {.revoked = leading_number(rmt_listing_get(listing, "disposition")) == REVOKED,
	                                   .at = listing->revoked};

	if (!rmt_listing_get(listing, "disposition"))
		stated.revoked = rmt_listing_get(listing, "revoked") != NULL;
	if (rmt_listing_get(listing, "revocation-reason") && (reason < 0 || reason == 0xffffffff))
		stated.reason = RMT_REASON_REMOVED;
	else if (reason > 0 && reason < RMT_REASONS)
		stated.reason = (int)reason;
	return stated;
}

int rmt_import_stated(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	struct rmt_withdrawal withdrawal = {.serial = object->cert->serial, .expires = object->cert->not_after,
	                                    .source = object->source,
	                                    .stated = object->listing ? stated_by(object->listing) : run->stated};

	if (!withdrawal.stated.revoked)
		return 0;
	if (!object->listing) /* the row is of one certificate, which is found */
		run->stated.revoked = false;
	withdrawal.ca = rmt_import_cert_signer(run, object->cert, NULL);
	if (withdrawal.ca != SIZE_MAX)
		return rmt_import_revocation(run, &withdrawal, err);
	return rmt_import_refuse(run, RMT_UNTAKEN_REVOCATION, object->source, NULL,
	                         "the certificate with serial number %s is revoked, but its CA %.80s is neither here nor in the home",
	                         rmt_arena_serial(&run->arena, object->cert->serial), rmt_arena_name(&run->arena, object->cert->issuer));
}

/* The CA of rows without certificates: the one that a source holds and that signed nothing of the others; told by their issuer's
 * name where the listing has it. */
static size_t listed_ca(const struct rmt_import *run, const char *issuer)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < run->ca_count; i++) {
		struct rmt_buf name = {0};
		bool fits;

		if (run->cas[i].source == SIZE_MAX || rmt_cert_is_ca(run->cas[i].cert) == false)
			continue;
		rmt_name_text(run->cas[i].cert->subject, &name);
		fits = !issuer || strcmp(rmt_buf_string(&name), issuer) == 0;
		rmt_buf_free(&name);
		if (fits && found != SIZE_MAX && memcmp(run->cas[found].spki, run->cas[i].spki, RMT_SHA256) != 0)
			return SIZE_MAX;
		if (fits)
			found = i;
	}
	return found;
}

/* Some columns have the bytes of a serial number the other way round: where only that is a number of the CA, it is meant. */
static void turn(const struct rmt_import *run, size_t ca, struct rmt_buf *serial)
{
	struct rmt_buf turned = {0};
	size_t from = serial->length && serial->bytes[0] == 0 ? 1 : 0;

	for (size_t i = serial->length; i-- > from;)
		if (serial->bytes[i] || turned.length)
			rmt_buf_byte(&turned, serial->bytes[i]);
	if (turned.length && !rmt_import_met(run, ca, rmt_buf_view(serial))) {
		struct rmt_buf whole = {0};

		if (turned.bytes[0] & 0x80)
			rmt_buf_byte(&whole, 0);
		rmt_buf_span(&whole, rmt_buf_view(&turned));
		if (!whole.failed && rmt_import_met(run, ca, rmt_buf_view(&whole))) {
			rmt_buf_clear(serial);
			rmt_buf_span(serial, rmt_buf_view(&whole));
		}
		rmt_buf_free(&whole);
	}
	rmt_buf_free(&turned);
}

int rmt_import_listed(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	const char *number = rmt_listing_get(object->listing, "serial"), *subject = rmt_listing_get(object->listing, "subject");
	struct rmt_withdrawal withdrawal = {.stated = stated_by(object->listing), .expires = object->listing->not_after,
	                                    .subject = subject ? rmt_span_text(subject) : (struct rmt_span){NULL, 0}};
	struct rmt_buf serial = {0};
	char place[40];
	int rc;

	rmt_buf_format(&run->arena.scratch, "line %zu", object->line);
	memcpy(place, rmt_buf_string(&run->arena.scratch), run->arena.scratch.length < sizeof place ? run->arena.scratch.length + 1 : 1);
	rmt_buf_clear(&run->arena.scratch);
	rc = rmt_import_refuse(run, RMT_UNTAKEN_LISTED, object->source, place,
	                       "the certificate is not in this row: list with \"certutil -view -out ...,RawCertificate csv\" to have it too");
	if (rc || !withdrawal.stated.revoked)
		return rc;
	withdrawal.ca = listed_ca(run, rmt_listing_get(object->listing, "issuer"));
	if (!number || withdrawal.ca == SIZE_MAX || rmt_serial_from_hex(rmt_span_text(number), &serial, NULL)) {
		rmt_buf_free(&serial);
		return rmt_import_refuse(run, RMT_UNTAKEN_REVOCATION, object->source, place,
		                         number ? "the row does not say of which CA: give its certificate, and no other CA's, as a source too"
		                                : "the row has no serial number");
	}
	turn(run, withdrawal.ca, &serial);
	withdrawal.serial = rmt_buf_view(&serial);
	rc = rmt_import_revocation(run, &withdrawal, err);
	rmt_buf_free(&serial);
	return rc;
}

/* ---- lists ---------------------------------------------------------------------------------------------------------------------- */

void rmt_import_number(struct rmt_import *run, size_t ca, int64_t number)
{
	if (number > run->cas[ca].number)
		run->cas[ca].number = number;
}

static int note_number(struct rmt_import *run, const struct rmt_object *object, size_t ca)
{
	const struct rmt_ext *ext = rmt_ext_find(&object->crl->extensions, RMT_EXT_CRL_NUMBER);
	struct rmt_der der;
	int64_t number;

	if (!ext)
		return 0;
	rmt_der_open(&der, ext->value, &rmt_notes_ignored);
	if (rmt_der_small(&der, &number, "cRLNumber", NULL))
		return rmt_import_refuse(run, RMT_UNTAKEN_LIST, object->source, "cRLNumber",
		                         "the number of this list is larger than any that is given here: lists cannot go on behind it");
	rmt_import_number(run, ca, number);
	return 0;
}

/* Its entries may be other CAs' (RFC 5280, 5.2.5): [4] TRUE. */
static bool is_indirect(const struct rmt_crl *crl)
{
	const struct rmt_ext *ext = rmt_ext_find(&crl->extensions, RMT_EXT_ISSUING_DISTRIBUTION);
	struct rmt_der der, point;
	struct rmt_tlv part;

	if (!ext)
		return false;
	rmt_der_open(&der, ext->value, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, &point, "", NULL))
		return true;
	while (rmt_der_more(&point)) {
		if (rmt_der_any(&point, &part, "", NULL))
			return true;
		if (part.tag == RMT_DER_CONTEXT(4) && part.value.length == 1 && part.value.at[0])
			return true;
	}
	return false;
}

/* Whoever has the key of a CA need not believe what nobody can verify: a list of their own they can make again, by a digest that is known. */
static int refuse_unverified(struct rmt_import *run, const struct rmt_object *object, const struct rmt_err *why)
{
	return rmt_import_refuse(run, RMT_UNTAKEN_LIST, object->source, NULL,
	                         "the revocation list of %.100s cannot be verified here (%.200s), and the key of that CA is in this home: make the list again, "
	                         "or revoke with remint revoke",
	                         rmt_arena_name(&run->arena, object->crl->issuer), why->message);
}

/* A revocation too many can be seen and mended, one that is lost cannot: what such a list says is believed, and each is told. */
static int tell_unverified(struct rmt_import *run, const struct rmt_object *object, const struct rmt_err *why, struct rmt_err *err)
{
	char what[180];

	snprintf(what, sizeof what, "what the revocation list of %.100s says is revoked", rmt_arena_name(&run->arena, object->crl->issuer));
	return rmt_import_unverified(run, RMT_UNTAKEN_UNVERIFIED_LIST, object->source, what, why, err);
}

int rmt_import_crl(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	const struct rmt_crl *crl = object->crl;
	const struct rmt_import_signed what = {crl->issuer, crl->tbs, crl->outer_algorithm, crl->signature, &crl->extensions};
	struct rmt_withdrawal withdrawal = {.source = object->source};
	struct rmt_crl_entry entry;
	struct rmt_err fault = {0};
	struct rmt_der cursor;
	struct rmt_import_verdict verdict;
	int more, rc;

	withdrawal.ca = rmt_import_signer(run, &what, &verdict);
	if (withdrawal.ca == SIZE_MAX && verdict.unverified)
		return rmt_import_refuse(run, RMT_UNTAKEN_LIST, object->source, NULL,
		                         "the revocation list of %.100s cannot be verified here (%.200s), and no key of that name is known to be the one that signed it",
		                         rmt_arena_name(&run->arena, crl->issuer), verdict.why.message);
	if (withdrawal.ca == SIZE_MAX)
		return rmt_import_refuse(run, verdict.named == SIZE_MAX ? RMT_UNTAKEN_STRANGER : RMT_UNTAKEN_LIST, object->source, NULL,
		                         verdict.named == SIZE_MAX ? "the revocation list is of %.100s, which is neither here nor in the home"
		                                           : "the revocation list says that it is of %.100s, whose key did not sign it",
		                         rmt_arena_name(&run->arena, crl->issuer));
	if (is_indirect(crl))
		return rmt_import_refuse(run, RMT_UNTAKEN_LIST, object->source, NULL, "an indirect list: its entries may be other CAs'");
	if (verdict.unverified && run->cas[withdrawal.ca].issues)
		return refuse_unverified(run, object, &verdict.why);
	rc = verdict.unverified ? tell_unverified(run, object, &verdict.why, err) : 0;
	if (rc == 0)
		rc = note_number(run, object, withdrawal.ca);
	rmt_der_open(&cursor, crl->entries, &rmt_notes_ignored);
	while (rc == 0 && (more = rmt_crl_next(&cursor, &entry, &fault)) != 0) {
		if (more < 0)
			return rmt_import_refuse_err(run, RMT_UNTAKEN_UNREADABLE, &fault, err);
		withdrawal.serial = entry.serial;
		withdrawal.stated = (struct rmt_import_stated){true, entry.when, entry.invalid_since, entry.reason < 0 ? 0 : entry.reason};
		rc = rmt_import_revocation(run, &withdrawal, err);
	}
	return rc;
}
