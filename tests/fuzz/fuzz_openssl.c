/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DER reader against OpenSSL's own on the same bytes: certificate, request and CRL.
 *
 * What strict mode accepts, OpenSSL must accept too and find the same in it: version, serial, names,
 * dates, key, signature, extensions. What OpenSSL accepts, tolerant mode must accept too. Where the
 * two are meant to differ, one of the tables says why; a difference that no row explains is a crash.
 * Whether a reader keeps its own promises is asked by fuzz_x509.c.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int fuzz_replayed(void); /* see replay.c */

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: a difference that no table explains: %s\n", __FILE__, \
			    __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* ---- differences that are meant ---- */

/* What OpenSSL accepts and even tolerant mode refuses: by the place of the refusal, when one is
 * given, and a piece of its sentence. To add a row: give its reason, and keep an input that shows it
 * as corpus/openssl/differs-NAME. */
static const struct {
	const char *name, *place, *words, *reason;
} refused_by_us[] = {
	{ "time", NULL, "not a point in time",
	    "OpenSSL leaves the text of a time unread until somebody compares it; without its dates "
	    "an object cannot be judged" },
	{ "wishes", "info.attributes.extensionRequest", NULL,
	    "to OpenSSL the value of an attribute is any DER; to us it is the extensions that the "
	    "request wishes for, and they are read at once" },
	{ "reason", "reasonCode", NULL,
	    "OpenSSL reads the list and calls it invalid; a list that is not understood is not read" },
	{ "reason-end", "entry.reasonCode", NULL, "likewise" },
	{ "segments", NULL, "string in several segments",
	    "a view has one piece; only containers are joined into DER before they are read" },
	{ "unique-id", "tbs.uniqueID", "constructed form",
	    "OpenSSL gathers the pieces of such a string, whatever they are" },
	{ "primitive-sequence", NULL, "SEQUENCE expected, tag 10 found",
	    "OpenSSL does not ask whether a SEQUENCE OF is in constructed form" },
	{ "primitive-set", NULL, "SET expected, tag 11 found", "likewise" },
	{ "primitive-attributes", "info.attributes", "[0] expected, [0] found", "likewise" },
	{ "long-tag", NULL, "tag 1f found",
	    "OpenSSL takes a small tag number in the form for large ones (X.690, 8.1.2.2)" },
	{ "long-tag-constructed", NULL, "tag 3f found", "likewise" },
	{ "long-tag-any", NULL, "tag number above 30", "likewise" },
	{ "version", "info.version", NULL,
	    "nobody knows what a request of another version than 1 means beyond 256" },
	{ "number", NULL, "number too large", "a version number of more than 8 bytes, likewise" },
	{ "serial", "tbs.serialNumber", "longer than 64 bytes",
	    "three times what RFC 5280, 4.1.2.2 allows" },
	{ "extensions", NULL, "more extensions than any real object has",
	    "the table of views has a bound" },
	{ "end-marker", NULL, "end marker where a value should be",
	    "OpenSSL takes the reserved tag 0 for a value of any type (X.690, 8.1.5)" },
};

/* OpenSSL takes a value of a name apart by its universal type and refuses types that RFC 5280
 * leaves to whoever defines the attribute (INTEGER, OCTET STRING, VisibleString, ...); to us such a
 * value is an opaque view. */
static bool
odd_type(struct rmt_span name)
{
	static const unsigned char usual[] = { RMT_DER_UTF8, RMT_DER_PRINTABLE, RMT_DER_IA5,
		RMT_DER_T61, RMT_DER_BMP, RMT_DER_UNIVERSAL, RMT_DER_NUMERIC, RMT_DER_BIT_STRING };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	MUST(rmt_name_start(name, &cursor, NULL) == 0);
	while (rmt_name_next(&cursor, &attribute, NULL) == 1)
		if (memchr(usual, attribute.tag, sizeof usual) == NULL)
			return true;
	return false;
}

/* A NumericString is text to us, whatever the type of its twin; OpenSSL compares it raw. */
static bool
has_numeric(struct rmt_span name)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	MUST(rmt_name_start(name, &cursor, NULL) == 0);
	while (rmt_name_next(&cursor, &attribute, NULL) == 1)
		if (attribute.tag == RMT_DER_NUMERIC)
			return true;
	return false;
}

static bool shown[sizeof refused_by_us / sizeof *refused_by_us]; /* which rows were needed */

static bool
explained(const struct rmt_err *refusal)
{
	for (size_t i = 0; i < sizeof refused_by_us / sizeof *refused_by_us; i++) {
		const char *place = refused_by_us[i].place, *words = refused_by_us[i].words;

		if ((place == NULL || strncmp(refusal->place, place, strlen(place)) == 0) &&
		    (words == NULL || strstr(refusal->message, words) != NULL)) {
			shown[i] = true;
			return true;
		}
	}
	fprintf(stderr, "OpenSSL reads it, we do not: %s: %s\n", refusal->place, refusal->message);
	return false;
}

/* ---- the same in both ---- */

static bool
same_bytes(struct rmt_span ours, unsigned char *theirs, int length)
{
	bool same = length >= 0 && rmt_span_equal(ours, rmt_span_of(theirs, (size_t)length));

	OPENSSL_free(theirs);
	return same;
}

static bool
same_name(struct rmt_span ours, const X509_NAME *theirs)
{
	unsigned char *out = NULL;
	int length = i2d_X509_NAME(theirs, &out);

	return same_bytes(ours, out, length);
}

static bool
same_key(struct rmt_span ours, X509_PUBKEY *theirs)
{
	unsigned char *out = NULL;
	int length = i2d_X509_PUBKEY(theirs, &out);

	return same_bytes(ours, out, length);
}

static bool
same_string(struct rmt_span ours, const ASN1_STRING *theirs)
{
	return rmt_span_equal(ours,
	    rmt_span_of(ASN1_STRING_get0_data(theirs), (size_t)ASN1_STRING_length(theirs)));
}

static bool
same_serial(struct rmt_span ours, const ASN1_INTEGER *theirs)
{
	unsigned char *out = NULL;
	int length = i2d_ASN1_INTEGER(theirs, &out);
	struct rmt_span content = { .at = NULL };
	struct rmt_der der;
	bool same;

	rmt_der_open(&der, rmt_span_of(out, length > 0 ? (size_t)length : 0), &rmt_notes_ignored);
	same = rmt_der_integer(&der, &content, NULL, NULL) == 0 && rmt_span_equal(ours, content);
	OPENSSL_free(out);
	return same;
}

static bool
same_time(rmt_time ours, const ASN1_TIME *theirs)
{
	struct tm tm;
	rmt_time converted;

	return ASN1_TIME_to_tm(theirs, &tm) == 1 &&
	       rmt_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec, &converted) == 0 &&
	       ours == converted;
}

static void
compare_extensions(const struct rmt_extensions *ours, const STACK_OF(X509_EXTENSION) *theirs)
{
	MUST((theirs == NULL ? 0 : sk_X509_EXTENSION_num(theirs)) == (int)ours->count);
	for (unsigned i = 0; i < ours->count; i++) {
		X509_EXTENSION *one = sk_X509_EXTENSION_value(theirs, (int)i);
		const ASN1_OBJECT *oid = X509_EXTENSION_get_object(one);

		MUST(rmt_span_equal(
		    ours->list[i].oid, rmt_span_of(OBJ_get0_data(oid), OBJ_length(oid))));
		MUST(same_string(ours->list[i].value, X509_EXTENSION_get_data(one)));
		MUST(ours->list[i].critical == (X509_EXTENSION_get_critical(one) != 0));
	}
}

/* ---- certificates ---- */

static void
compare_cert(const struct rmt_cert *cert, const X509 *x)
{
	const ASN1_BIT_STRING *signature;

	MUST(X509_get_version(x) + 1 == cert->version);
	MUST(same_serial(cert->serial, X509_get0_serialNumber(x)));
	MUST(same_name(cert->subject, X509_get_subject_name(x)));
	MUST(same_name(cert->issuer, X509_get_issuer_name(x)));
	MUST(same_key(cert->spki, X509_get_X509_PUBKEY(x)));
	X509_get0_signature(&signature, NULL, x);
	MUST(same_string(cert->signature, signature));
	compare_extensions(&cert->extensions, X509_get0_extensions(x));
	MUST(same_time(cert->not_before, X509_get0_notBefore(x)));
	MUST(same_time(cert->not_after, X509_get0_notAfter(x)));
	if (!has_numeric(cert->subject) && !has_numeric(cert->issuer))
		MUST(rmt_cert_self_issued(cert) ==
		     (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0));
}

static void
read_cert(struct rmt_span bytes)
{
	struct rmt_err refusal = { 0 };
	const unsigned char *p = bytes.at;
	X509 *x = d2i_X509(NULL, &p, (long)bytes.length);
	struct rmt_cert cert;
	int rc = rmt_cert_read(&cert, bytes, RMT_TOLERANT, &refusal);

	if (rc < 0 && x != NULL)
		MUST(explained(&refusal));
	if (rc == 0 && x == NULL && cert.notes.count == 0)
		MUST(odd_type(cert.issuer) || odd_type(cert.subject));
	if (rc == 0 && x != NULL)
		MUST(p == cert.der.at + cert.der.length);
	if (rc == 0 && x != NULL && cert.notes.count == 0)
		compare_cert(&cert, x);
	X509_free(x);
}

/* ---- requests ---- */

static void
compare_request(const struct rmt_request *request, X509_REQ *x)
{
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(x);
	const ASN1_BIT_STRING *signature;

	MUST(X509_REQ_get_version(x) + 1 == request->version);
	MUST(same_name(request->subject, X509_REQ_get_subject_name(x)));
	MUST(same_key(request->spki, X509_REQ_get_X509_PUBKEY(x)));
	X509_REQ_get0_signature(x, &signature, NULL);
	MUST(same_string(request->signature, signature));
	if (extensions != NULL)
		compare_extensions(&request->extensions, extensions);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

static void
read_request(struct rmt_span bytes)
{
	struct rmt_err refusal = { 0 };
	const unsigned char *p = bytes.at;
	X509_REQ *x = d2i_X509_REQ(NULL, &p, (long)bytes.length);
	struct rmt_request request;
	int rc = rmt_request_read(&request, bytes, &refusal);

	if (rc < 0 && x != NULL)
		MUST(explained(&refusal));
	if (rc == 0 && x == NULL && request.notes.count == 0)
		MUST(odd_type(request.subject));
	if (rc == 0 && x != NULL)
		MUST(p == request.der.at + request.der.length);
	if (rc == 0 && x != NULL && request.notes.count == 0)
		compare_request(&request, x);
	X509_REQ_free(x);
}

/* ---- CRLs ---- */

/* The entries of a CRL that was read without a note: 0, or -1 at one that is refused. */
static int
compare_entries(const struct rmt_crl *crl, X509_CRL *x, struct rmt_err *refusal)
{
	STACK_OF(X509_REVOKED) *theirs = X509_CRL_get_REVOKED(x);
	struct rmt_crl_entry entry;
	struct rmt_der cursor;
	int rc, count = 0;

	rmt_der_open(&cursor, crl->entries, &rmt_notes_ignored);
	while ((rc = rmt_crl_next(&cursor, &entry, refusal)) == 1) {
		X509_REVOKED *one = sk_X509_REVOKED_value(theirs, count++);

		MUST(one != NULL);
	}
	MUST(rc < 0 || count == (theirs == NULL ? 0 : sk_X509_REVOKED_num(theirs)));
	return rc;
}

/* What strict mode reads of the entries, OpenSSL must read alike. */
static void
compare_strict_entries(const struct rmt_crl *crl, X509_CRL *x)
{
	STACK_OF(X509_REVOKED) *theirs = X509_CRL_get_REVOKED(x);
	struct rmt_crl_entry entry;
	struct rmt_der cursor;

	rmt_der_open(&cursor, crl->entries, NULL);
	for (int i = 0; rmt_crl_next(&cursor, &entry, NULL) == 1; i++) {
		X509_REVOKED *one = sk_X509_REVOKED_value(theirs, i);

		MUST(same_serial(entry.serial, X509_REVOKED_get0_serialNumber(one)));
		MUST(same_time(entry.when, X509_REVOKED_get0_revocationDate(one)));
	}
}

static void
compare_crl(const struct rmt_crl *crl, X509_CRL *x)
{
	const ASN1_BIT_STRING *signature;

	MUST(X509_CRL_get_version(x) + 1 == crl->version);
	MUST(same_name(crl->issuer, X509_CRL_get_issuer(x)));
	MUST(same_time(crl->this_update, X509_CRL_get0_lastUpdate(x)));
	MUST((X509_CRL_get0_nextUpdate(x) == NULL) == (crl->next_update == 0));
	if (crl->next_update != 0)
		MUST(same_time(crl->next_update, X509_CRL_get0_nextUpdate(x)));
	X509_CRL_get0_signature(x, &signature, NULL);
	MUST(same_string(crl->signature, signature));
	compare_extensions(&crl->extensions, X509_CRL_get0_extensions(x));
	compare_strict_entries(crl, x);
}

static void
read_crl(struct rmt_span bytes)
{
	struct rmt_err refusal = { 0 };
	const unsigned char *p = bytes.at;
	X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)bytes.length);
	struct rmt_crl crl;
	int rc = rmt_crl_read(&crl, bytes, RMT_TOLERANT, &refusal);

	if (rc < 0 && x != NULL)
		MUST(explained(&refusal));
	if (rc == 0 && x != NULL && compare_entries(&crl, x, &refusal) < 0)
		MUST(explained(&refusal));
	if (rc == 0 && x == NULL && crl.notes.count == 0 && crl.entries.length == 0)
		MUST(odd_type(crl.issuer));
	if (rc == 0 && x != NULL && crl.notes.count == 0)
		compare_crl(&crl, x);
	X509_CRL_free(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_span span = rmt_span_of(bytes, length);

	read_cert(span);
	read_request(span);
	read_crl(span);
	ERR_clear_error();
	return 0;
}

/* A row that no input of the corpus shows is no longer true. */
int
fuzz_replayed(void)
{
	int missing = 0;

	for (size_t i = 0; i < sizeof shown; i++) {
		if (!shown[i])
			printf("# %s: no input shows it (%s)\n", refused_by_us[i].name,
			    refused_by_us[i].reason);
		missing += !shown[i];
	}
	return missing;
}
