/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare: Remint's reader beside OpenSSL's, field by field, on certificates, CRLs and requests.
 *
 *	compare <LIST      each line NAME, a tab, and the path of one PEM block or DER value
 *
 * Whatever d2i accepts Remint must read too (tolerantly), with the same serial number, names, dates,
 * key and extensions. Each difference is a line as those of corpora.py: NAME, "d2i", what, 1, 0;
 * the last line counts. It knows nothing of which differences are known.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "x509/x509.h"

enum kind { CERTIFICATE, CRL, REQUEST, KINDS };
static const char *const kinds[KINDS] = { "certificate", "crl", "request" };
static size_t compared[KINDS];

static void
differ(const char *name, enum kind kind, const char *field)
{
	printf("%s\td2i\t%s%s\t1\t0\n", name, kinds[kind], field);
}

static void
field(const char *name, enum kind kind, const char *what, bool same)
{
	if (!same)
		differ(name, kind, what);
}

/* ---- the fields --------------------------------------------------------------------------- */

static bool
same_bytes(struct rmt_span ours, unsigned char *der, int length)
{
	bool same = length >= 0 && rmt_span_equal(ours, rmt_span_of(der, (size_t)length));

	OPENSSL_free(der);
	return same;
}

static bool
same_name(struct rmt_span ours, const X509_NAME *theirs)
{
	unsigned char *der = NULL;
	int length = i2d_X509_NAME(theirs, &der);

	return same_bytes(ours, der, length);
}

static bool
same_key(struct rmt_span ours, X509_PUBKEY *theirs)
{
	unsigned char *der = NULL;
	int length = i2d_X509_PUBKEY(theirs, &der);

	return same_bytes(ours, der, length);
}

static bool
same_serial(struct rmt_span ours, const ASN1_INTEGER *theirs)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(theirs, NULL), *read = NULL;
	struct rmt_buf hex = { 0 };
	bool same;

	rmt_serial_hex(ours, &hex);
	same = BN_hex2bn(&read, rmt_buf_string(&hex)) > 0 && BN_cmp(read, number) == 0;
	BN_free(number);
	BN_free(read);
	rmt_buf_free(&hex);
	return same;
}

/* What OpenSSL itself cannot make a time of is not compared. */
static bool
same_time(rmt_time ours, const ASN1_TIME *theirs)
{
	struct tm tm;
	rmt_time converted = 0;

	if (theirs == NULL)
		return ours == 0;
	if (ASN1_TIME_to_tm(theirs, &tm) != 1)
		return true;
	return rmt_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec, &converted) == 0 &&
	       ours == converted;
}

/* ---- the objects -------------------------------------------------------------------------- */

static bool
compare_certificate(const char *name, struct rmt_span bytes)
{
	const unsigned char *at = bytes.at;
	X509 *theirs = d2i_X509(NULL, &at, (long)bytes.length);
	struct rmt_cert ours;

	if (theirs == NULL)
		return false;
	compared[CERTIFICATE]++;
	bytes.length = (size_t)(at - bytes.at);
	if (rmt_cert_read(&ours, bytes, RMT_TOLERANT, NULL)) {
		differ(name, CERTIFICATE, "");
	} else {
		field(name, CERTIFICATE, ".version", ours.version == X509_get_version(theirs) + 1);
		field(name, CERTIFICATE, ".serial",
		    same_serial(ours.serial, X509_get0_serialNumber(theirs)));
		field(name, CERTIFICATE, ".issuer",
		    same_name(ours.issuer, X509_get_issuer_name(theirs)));
		field(name, CERTIFICATE, ".subject",
		    same_name(ours.subject, X509_get_subject_name(theirs)));
		field(name, CERTIFICATE, ".notBefore",
		    same_time(ours.not_before, X509_get0_notBefore(theirs)));
		field(name, CERTIFICATE, ".notAfter",
		    same_time(ours.not_after, X509_get0_notAfter(theirs)));
		field(name, CERTIFICATE, ".key", same_key(ours.spki, X509_get_X509_PUBKEY(theirs)));
		field(name, CERTIFICATE, ".extensions",
		    (int)ours.extensions.count == X509_get_ext_count(theirs));
	}
	X509_free(theirs);
	return true;
}

static int
count_entries(const struct rmt_crl *crl)
{
	struct rmt_notes notes = { 0 };
	struct rmt_crl_entry entry;
	struct rmt_der cursor;
	int entries = 0;

	rmt_der_open(&cursor, crl->entries, &notes);
	while (rmt_crl_next(&cursor, &entry, NULL) == 1)
		entries++;
	return entries;
}

static bool
compare_crl(const char *name, struct rmt_span bytes)
{
	const unsigned char *at = bytes.at;
	X509_CRL *theirs = d2i_X509_CRL(NULL, &at, (long)bytes.length);
	STACK_OF(X509_REVOKED) *revoked;
	struct rmt_crl ours;

	if (theirs == NULL)
		return false;
	compared[CRL]++;
	bytes.length = (size_t)(at - bytes.at);
	revoked = X509_CRL_get_REVOKED(theirs);
	if (rmt_crl_read(&ours, bytes, RMT_TOLERANT, NULL)) {
		differ(name, CRL, "");
	} else {
		field(name, CRL, ".version", ours.version == X509_CRL_get_version(theirs) + 1);
		field(name, CRL, ".issuer", same_name(ours.issuer, X509_CRL_get_issuer(theirs)));
		field(name, CRL, ".thisUpdate",
		    same_time(ours.this_update, X509_CRL_get0_lastUpdate(theirs)));
		field(name, CRL, ".nextUpdate",
		    same_time(ours.next_update, X509_CRL_get0_nextUpdate(theirs)));
		field(name, CRL, ".entries",
		    count_entries(&ours) == (revoked ? sk_X509_REVOKED_num(revoked) : 0));
		field(name, CRL, ".extensions",
		    (int)ours.extensions.count == X509_CRL_get_ext_count(theirs));
	}
	X509_CRL_free(theirs);
	return true;
}

static bool
compare_request(const char *name, struct rmt_span bytes)
{
	const unsigned char *at = bytes.at;
	X509_REQ *theirs = d2i_X509_REQ(NULL, &at, (long)bytes.length);
	STACK_OF(X509_EXTENSION) *extensions;
	struct rmt_request ours;

	if (theirs == NULL)
		return false;
	compared[REQUEST]++;
	bytes.length = (size_t)(at - bytes.at);
	extensions = X509_REQ_get_extensions(theirs);
	if (rmt_request_read(&ours, bytes, NULL)) {
		differ(name, REQUEST, "");
	} else {
		field(name, REQUEST, ".version", ours.version == X509_REQ_get_version(theirs) + 1);
		field(name, REQUEST, ".subject",
		    same_name(ours.subject, X509_REQ_get_subject_name(theirs)));
		field(name, REQUEST, ".key", same_key(ours.spki, X509_REQ_get_X509_PUBKEY(theirs)));
		field(name, REQUEST, ".extensions",
		    (int)ours.extensions.count ==
			(extensions ? sk_X509_EXTENSION_num(extensions) : 0));
	}
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(theirs);
	return true;
}

/* ---- the list ----------------------------------------------------------------------------- */

/* The DER in a file: of its PEM block, or all of it. */
static bool
load(const char *path, struct rmt_buf *der)
{
	BIO *bio = BIO_new_file(path, "rb");
	char *label = NULL, *header = NULL;
	unsigned char *bytes = NULL, piece[4096];
	long length;
	int got;

	if (bio == NULL)
		return false;
	rmt_buf_clear(der);
	if (PEM_read_bio(bio, &label, &header, &bytes, &length)) {
		rmt_buf_append(der, bytes, (size_t)length);
	} else {
		(void)BIO_seek(bio, 0);
		while ((got = BIO_read(bio, piece, sizeof piece)) > 0)
			rmt_buf_append(der, piece, (size_t)got);
	}
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(bytes);
	BIO_free(bio);
	ERR_clear_error();
	return true;
}

int
main(void)
{
	struct rmt_buf der = { 0 };
	char line[8192], *path;

	while (fgets(line, sizeof line, stdin) != NULL) {
		struct rmt_span bytes;

		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, '\t');
		if (path == NULL || (*path++ = '\0', !load(path, &der))) {
			fprintf(stderr, "cannot read: %s\n", line);
			return EXIT_FAILURE;
		}
		bytes = rmt_buf_view(&der);
		if (!compare_certificate(line, bytes) && !compare_crl(line, bytes))
			(void)compare_request(line, bytes);
		ERR_clear_error();
	}
	rmt_buf_free(&der);
	printf("compared");
	for (int kind = 0; kind < KINDS; kind++)
		printf("\t%zu\t%s", compared[kind], kinds[kind]);
	printf("\n");
	return EXIT_SUCCESS;
}
