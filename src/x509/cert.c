/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.c - certificates: one pass over the bytes that leaves a table of views (RFC 5280, 4.1).
 *
 * The reader checks structure: every value to the end of its type, but extension values only as far
 * as their OCTET STRING. Nothing is allocated. Whether a well-formed certificate is a good one is
 * decided in audit/, whether its signature is right in sign.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "x509/local.h"

enum { CERT_MAX = 1 << 20, SERIAL_MAX = 64 };

/* ---- pieces shared with requests and CRLs ---- */

int
rmt_algorithm_id_read(
    struct rmt_der *der, struct rmt_span *whole, const char *place, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_span oid;
	struct rmt_tlv parameters;

	if (rmt_der_enter_whole(der, RMT_DER_SEQUENCE, &in, whole, place, err) < 0 ||
	    rmt_der_oid(&in, &oid, place, err) < 0)
		return -1;
	if (rmt_der_more(&in) && rmt_der_any_checked(&in, &parameters, place, err) < 0)
		return -1;
	return rmt_der_end(&in, place, err);
}

int
rmt_spki_walk(struct rmt_der *der, struct rmt_span *whole, const char *place, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_span algorithm, bits;
	unsigned unused;

	if (rmt_der_enter_whole(der, RMT_DER_SEQUENCE, &in, whole, place, err) < 0 ||
	    rmt_algorithm_id_read(&in, &algorithm, place, err) < 0 ||
	    rmt_der_bits(&in, &bits, &unused, place, err) < 0)
		return -1;
	return rmt_der_end(&in, place, err);
}

int
rmt_signature_read(
    struct rmt_der *der, struct rmt_span *bits, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;
	unsigned unused;

	if (rmt_der_bits(der, bits, &unused, place, err) < 0)
		return -1;
	return unused == 0
		   ? 0
		   : rmt_der_deviate(der, RMT_DEVIATION_BIT_STRING_PADDING, start, place, err);
}

int
rmt_object_open(struct rmt_der *der, struct rmt_span bytes, size_t cap, struct rmt_notes *notes,
    struct rmt_span *whole, struct rmt_der *inner, const char *noun, struct rmt_err *err)
{
	rmt_der_open(der, bytes, notes);
	if (bytes.length > cap)
		return rmt_err_set(err, RMT_INPUT, noun, "larger than %zu bytes", cap);
	if (rmt_der_enter_whole(der, RMT_DER_SEQUENCE, inner, whole, noun, err) < 0)
		return -1;
	if (rmt_der_more(der))
		return rmt_der_deviate(der, RMT_DEVIATION_TRAILING_BYTES, der->at, noun, err);
	return 0;
}

/* ---- reading ---- */

/* version [0] EXPLICIT DEFAULT v1. Leaves 1 to 3; another number is a deviation, since nobody knows
 * what it means. */
static int
version_read(struct rmt_der *tbs, int *version, struct rmt_err *err)
{
	const unsigned char *start = tbs->at;
	struct rmt_der in;
	int64_t number;

	*version = 1;
	if (!rmt_der_next_is(tbs, RMT_DER_CONTEXT_CONSTRUCTED(0)))
		return 0;
	if (rmt_der_enter(tbs, RMT_DER_CONTEXT_CONSTRUCTED(0), &in, "tbs.version", err) < 0 ||
	    rmt_der_small(&in, &number, "tbs.version", err) < 0 ||
	    rmt_der_end(&in, "tbs.version", err) < 0)
		return -1;
	if (number == 0)
		return rmt_der_deviate(
		    tbs, RMT_DEVIATION_DEFAULT_ENCODED, start, "tbs.version", err);
	*version = number == 1 ? 2 : 3;
	if (number < 0 || number > 2)
		return rmt_der_deviate(tbs, RMT_DEVIATION_VERSION, start, "tbs.version", err);
	return 0;
}

static int
serial_read(struct rmt_der *tbs, struct rmt_span *serial, struct rmt_err *err)
{
	const unsigned char *start = tbs->at;

	if (rmt_der_integer(tbs, serial, "tbs.serialNumber", err) < 0)
		return -1;
	if (serial->length > SERIAL_MAX)
		return rmt_der_fault(
		    tbs, start, "tbs.serialNumber", err, "serial number longer than 64 bytes");
	return 0;
}

static int
validity_read(struct rmt_der *tbs, struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_der in;

	if (rmt_der_enter(tbs, RMT_DER_SEQUENCE, &in, "tbs.validity", err) < 0)
		return -1;
	cert->validity = rmt_span_of(in.at, (size_t)(in.end - in.at));
	if (rmt_der_time(&in, &cert->not_before, "tbs.validity.notBefore", err) < 0 ||
	    rmt_der_time(&in, &cert->not_after, "tbs.validity.notAfter", err) < 0)
		return -1;
	return rmt_der_end(&in, "tbs.validity", err);
}

/* issuerUniqueID [1] and subjectUniqueID [2], both IMPLICIT BIT STRING; nobody wants to know what
 * is in them. */
static int
unique_ids_skip(struct rmt_der *tbs, struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	for (unsigned number = 1; number <= 2; number++) {
		const unsigned char *start = tbs->at;

		if (rmt_der_next_is(tbs, RMT_DER_CONTEXT_CONSTRUCTED(number)))
			return rmt_der_fault(
			    tbs, start, "tbs.uniqueID", err, "unique identifier in constructed form");
		if (!rmt_der_next_is(tbs, RMT_DER_CONTEXT(number)))
			continue;
		if (rmt_der_any(tbs, &tlv, "tbs.uniqueID", err) < 0)
			return -1;
		if (tlv.value.length == 0 || tlv.value.at[0] > 7 ||
		    (tlv.value.length == 1 && tlv.value.at[0] != 0))
			return rmt_der_fault(tbs, start, "tbs.uniqueID", err,
			    "BIT STRING with an impossible count of unused bits");
		cert->unique_ids = true;
		if (cert->version < 2 &&
		    rmt_der_deviate(tbs, RMT_DEVIATION_VERSION, start, "tbs.uniqueID", err) < 0)
			return -1;
	}
	return 0;
}

static int
extensions_read(struct rmt_der *tbs, struct rmt_cert *cert, struct rmt_err *err)
{
	const unsigned char *start = tbs->at;
	struct rmt_der in;

	if (!rmt_der_next_is(tbs, RMT_DER_CONTEXT_CONSTRUCTED(3)))
		return 0;
	if (cert->version < 3 &&
	    rmt_der_deviate(tbs, RMT_DEVIATION_VERSION, start, "tbs.extensions", err) < 0)
		return -1;
	if (rmt_der_enter(tbs, RMT_DER_CONTEXT_CONSTRUCTED(3), &in, "tbs.extensions", err) < 0 ||
	    rmt_extensions_walk(&in, &cert->extensions, "tbs.extensions", err) < 0)
		return -1;
	return rmt_der_end(&in, "tbs.extensions", err);
}

static int
tbs_read(struct rmt_der *tbs, struct rmt_cert *cert, struct rmt_err *err)
{
	if (version_read(tbs, &cert->version, err) < 0 ||
	    serial_read(tbs, &cert->serial, err) < 0 ||
	    rmt_algorithm_id_read(tbs, &cert->inner_algorithm, "tbs.signature", err) < 0 ||
	    rmt_name_read(tbs, &cert->issuer, "tbs.issuer", err) < 0 ||
	    validity_read(tbs, cert, err) < 0 ||
	    rmt_name_read(tbs, &cert->subject, "tbs.subject", err) < 0 ||
	    rmt_spki_walk(tbs, &cert->spki, "tbs.subjectPublicKeyInfo", err) < 0 ||
	    unique_ids_skip(tbs, cert, err) < 0 || extensions_read(tbs, cert, err) < 0)
		return -1;
	return rmt_der_end(tbs, "tbs", err);
}

static void
cert_clear(struct rmt_cert *cert)
{
	cert->outer_algorithm = cert->signature = (struct rmt_span){ NULL, 0 };
	cert->notes.count = 0;
	cert->unique_ids = false;
	cert->owned = NULL;
	rmt_extensions_clear(&cert->extensions);
}

int
rmt_cert_read(struct rmt_cert *cert, struct rmt_span der, int mode, struct rmt_err *err)
{
	struct rmt_der outer, in, tbs;

	cert_clear(cert);
	if (rmt_object_open(&outer, der, CERT_MAX, mode == RMT_TOLERANT ? &cert->notes : NULL,
		&cert->der, &in, "certificate", err) < 0 ||
	    rmt_der_enter_whole(&in, RMT_DER_SEQUENCE, &tbs, &cert->tbs, "tbs", err) < 0 ||
	    tbs_read(&tbs, cert, err) < 0 ||
	    rmt_algorithm_id_read(&in, &cert->outer_algorithm, "signatureAlgorithm", err) < 0 ||
	    rmt_signature_read(&in, &cert->signature, "signature", err) < 0)
		return -1;
	return rmt_der_end(&in, "certificate", err);
}

int
rmt_cert_read_tbs(struct rmt_cert *cert, struct rmt_span tbs, int mode, struct rmt_err *err)
{
	struct rmt_der outer, in;

	cert_clear(cert);
	if (rmt_object_open(&outer, tbs, CERT_MAX, mode == RMT_TOLERANT ? &cert->notes : NULL,
		&cert->tbs, &in, "tbs", err) < 0 ||
	    tbs_read(&in, cert, err) < 0)
		return -1;
	cert->der = cert->tbs;
	return 0;
}

/* ---- owning ---- */

unsigned char *
rmt_der_copy(struct rmt_span der, struct rmt_err *err)
{
	unsigned char *copy = malloc(der.length == 0 ? 1 : der.length);

	if (copy == NULL)
		rmt_err_memory(err);
	else if (der.length > 0)
		memcpy(copy, der.at, der.length);
	return copy;
}

/* A pile keeps a certificate for each object: room for extensions that it has not would be most of its memory. */
static struct rmt_cert *
keep(const struct rmt_cert *read, struct rmt_err *err)
{
	size_t used = offsetof(struct rmt_cert, extensions.list) +
		      read->extensions.count * sizeof read->extensions.list[0];
	struct rmt_cert *cert = malloc(used);

	if (cert == NULL)
		rmt_err_memory(err);
	else
		memcpy(cert, read, used);
	return cert;
}

static struct rmt_cert *
new_from(struct rmt_span der, int mode, bool tbs_only, struct rmt_err *err)
{
	unsigned char *owned = rmt_der_copy(der, err);
	struct rmt_cert read, *cert = NULL;

	if (owned == NULL)
		return NULL;
	if ((tbs_only ? rmt_cert_read_tbs : rmt_cert_read)(
		&read, rmt_span_of(owned, der.length), mode, err) == 0) {
		read.owned = owned;
		cert = keep(&read, err);
	}
	if (cert == NULL)
		free(owned);
	return cert;
}

struct rmt_cert *
rmt_cert_new(struct rmt_span der, int mode, struct rmt_err *err)
{
	return new_from(der, mode, false, err);
}

/* What was read once is not read again: each view moves along with the bytes. */
static void
move_view(struct rmt_span *view, struct rmt_span from, const unsigned char *to)
{
	if (view->at >= from.at && view->at <= from.at + from.length)
		view->at = to + (view->at - from.at);
}

static void
move_views(struct rmt_cert *cert, const unsigned char *to)
{
	struct rmt_span from = cert->der;
	struct rmt_span *const views[] = { &cert->tbs, &cert->serial, &cert->inner_algorithm,
		&cert->outer_algorithm, &cert->issuer, &cert->subject, &cert->validity,
		&cert->spki, &cert->signature, &cert->der };

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		move_view(views[i], from, to);
	for (unsigned i = 0; i < cert->extensions.count; i++) {
		struct rmt_ext *ext = &cert->extensions.list[i];

		move_view(&ext->oid, from, to);
		move_view(&ext->value, from, to);
		move_view(&ext->whole, from, to);
	}
}

struct rmt_cert *
rmt_cert_dup(const struct rmt_cert *cert, struct rmt_err *err)
{
	unsigned char *owned = rmt_der_copy(cert->der, err);
	struct rmt_cert *copy = owned == NULL ? NULL : keep(cert, err);

	if (copy == NULL) {
		free(owned);
		return NULL;
	}
	move_views(copy, owned);
	copy->owned = owned;
	return copy;
}

void
rmt_cert_free(struct rmt_cert *cert)
{
	if (cert == NULL)
		return;
	free(cert->owned);
	free(cert);
}

/* ---- questions ---- */

int
rmt_cert_fingerprint(
    const struct rmt_cert *cert, unsigned char sha256[RMT_SHA256], struct rmt_err *err)
{
	return rmt_sha256(cert->der, sha256, err);
}

bool
rmt_cert_self_issued(const struct rmt_cert *cert)
{
	return rmt_name_equal(cert->subject, cert->issuer);
}

bool
rmt_cert_is_ca(const struct rmt_cert *cert)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints;
	unsigned usage;

	if (ext != NULL)
		return rmt_ext_basic_constraints(
			   ext->value, &constraints, &rmt_notes_ignored, NULL) == 0 &&
		       constraints.ca;
	if (cert->version == 1)
		return rmt_cert_self_issued(cert);
	ext = rmt_ext_find(&cert->extensions, RMT_EXT_KEY_USAGE);
	return ext != NULL && rmt_ext_key_usage(ext->value, &usage, NULL) == 0 &&
	       (usage & RMT_KU_CERT_SIGN) != 0;
}

static bool
serial_equal(struct rmt_span a, struct rmt_span b)
{
	while (a.length > 1 && a.at[0] == 0)
		a = rmt_span_of(a.at + 1, a.length - 1);
	while (b.length > 1 && b.at[0] == 0)
		b = rmt_span_of(b.at + 1, b.length - 1);
	return rmt_span_equal(a, b);
}

/* Whether the issuer's issuer, when the identifier names one as a directory name, is another one.
 */
static bool
authority_differs(struct rmt_span general_names, struct rmt_span issuer_of_issuer)
{
	struct rmt_general_name name;
	struct rmt_der der, names;

	rmt_der_open(&der, general_names, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_CONTEXT_CONSTRUCTED(1), &names, NULL, NULL) < 0)
		return false;
	while (rmt_general_next(&names, &name, NULL) == 1)
		if (name.type == RMT_GN_DIRECTORY)
			return !rmt_name_equal(name.value, issuer_of_issuer);
	return false;
}

bool
rmt_cert_issued_by(const struct rmt_cert *cert, const struct rmt_cert *issuer)
{
	const struct rmt_ext *ext;
	struct rmt_authority_key_id authority;
	struct rmt_span key_id;

	if (!rmt_name_equal(cert->issuer, issuer->subject))
		return false;
	ext = rmt_ext_find(&cert->extensions, RMT_EXT_AUTHORITY_KEY_ID);
	if (ext == NULL || rmt_ext_authority_key_id(ext->value, &authority, NULL) < 0)
		return true;
	ext = rmt_ext_find(&issuer->extensions, RMT_EXT_SUBJECT_KEY_ID);
	if (authority.key_id.length > 0 && ext != NULL &&
	    rmt_ext_subject_key_id(ext->value, &key_id, NULL) == 0 &&
	    !rmt_span_equal(authority.key_id, key_id))
		return false;
	if (authority.serial.length > 0 && !serial_equal(authority.serial, issuer->serial))
		return false;
	return authority.issuer.length == 0 || !authority_differs(authority.issuer, issuer->issuer);
}

/* ---- text ---- */

void
rmt_serial_hex(struct rmt_span serial, struct rmt_buf *out)
{
	unsigned char magnitude[SERIAL_MAX];
	size_t first = 0;
	unsigned carry = 1;

	if (serial.length == 0 || serial.length > SERIAL_MAX) {
		rmt_hex(serial, 0, out);
		return;
	}
	memcpy(magnitude, serial.at, serial.length);
	if ((serial.at[0] & 0x80) != 0) {
		rmt_buf_byte(out, '-');
		for (size_t i = serial.length; i > 0; i--) {
			carry += (unsigned char)~serial.at[i - 1];
			magnitude[i - 1] = (unsigned char)carry;
			carry >>= 8;
		}
	}
	while (first + 1 < serial.length && magnitude[first] == 0)
		first++;
	rmt_hex(rmt_span_of(magnitude + first, serial.length - first), 0, out);
}

/* The first alternative name, 1 when there is one. */
static int
first_alternative(const struct rmt_cert *cert, struct rmt_buf *out)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der names;

	if (ext == NULL || rmt_general_open(ext->value, &names, NULL) < 0 ||
	    rmt_general_next(&names, &name, NULL) != 1)
		return 0;
	if (name.type == RMT_GN_DNS || name.type == RMT_GN_EMAIL || name.type == RMT_GN_URI)
		rmt_buf_span(out, name.value);
	else
		rmt_general_text(&name, out);
	return 1;
}

void
rmt_cert_label(const struct rmt_cert *cert, struct rmt_buf *out)
{
	size_t before = out->length;

	if (rmt_name_get(cert->subject, "commonName", true, out) == 1 && out->length > before)
		return;
	if (first_alternative(cert, out) == 1 && out->length > before)
		return;
	if (!rmt_name_empty(cert->subject)) {
		rmt_name_text(cert->subject, out);
		return;
	}
	rmt_buf_text(out, "serial ");
	rmt_serial_hex(cert->serial, out);
}
