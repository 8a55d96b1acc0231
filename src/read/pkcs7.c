/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pkcs7.c - bags of certificates: PKCS#7 and CMS SignedData (RFC 5652), Netscape's certificate
 * sequence, PkiPath.
 *
 * The walk is our own and handles BER envelopes in place, so that every member is handed out byte
 * for byte as it stands. Signatures are not looked at; signed content is cmc.c's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

#define RSADSI_PKCS7 "\x2a\x86\x48\x86\xf7\x0d\x01\x07"

enum content { SIGNED, SIGNED_AND_ENVELOPED, SEQUENCE_OF_CERTIFICATES, CLOSED };

static const struct {
	const char *oid;
	size_t length;
	enum content content;
	const char *label; /* of what is not read */
} types[] = {
	{ RSADSI_PKCS7 "\x02", 9, SIGNED, NULL },
	{ RSADSI_PKCS7 "\x04", 9, SIGNED_AND_ENVELOPED, NULL },
	{ "\x60\x86\x48\x01\x86\xf8\x42\x02\x05", 9, SEQUENCE_OF_CERTIFICATES,
	    NULL }, /* Netscape */
	{ RSADSI_PKCS7 "\x01", 9, CLOSED, "PKCS#7 plain data" },
	{ RSADSI_PKCS7 "\x03", 9, CLOSED, "PKCS#7 message encrypted for its recipients" },
	{ RSADSI_PKCS7 "\x05", 9, CLOSED, "PKCS#7 digest" },
	{ RSADSI_PKCS7 "\x06", 9, CLOSED, "PKCS#7 encrypted message" },
};

/* The members of one set, each to `read`; another tag than a SEQUENCE is one of the choices nobody
 * uses. */
static int
read_members(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_der *set,
    const char *name, int (*read)(struct rmt_reading *, const struct rmt_object *, struct rmt_span))
{
	struct rmt_err err = { 0 };
	struct rmt_tlv member;
	char place[48];
	int rc = 0;

	reading->member = place;
	for (size_t i = 0; !rc && rmt_der_more(set); i++) {
		snprintf(place, sizeof place, "%s[%zu]", name, i);
		if (rmt_der_any(set, &member, NULL, &err)) {
			rc = rmt_reading_fault(reading, as, &err);
			break; /* where the next one begins is not known */
		}
		if (member.tag == RMT_DER_SEQUENCE)
			rc = read(reading, as, member.whole);
		else
			rc = rmt_reading_unsupported(
			    reading, as, "attribute certificate or other choice", NULL);
	}
	reading->member = NULL;
	return rc;
}

/* RFC 5652, 5.2: eContentType and, if it is not detached, [0] eContent: an OCTET STRING, in BER perhaps in pieces, in PKCS#7
 * any value. */
static int
read_content_of(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span encapsulated, char note[256])
{
	struct rmt_notes notes = { 0 };
	struct rmt_buf octets = { 0 };
	struct rmt_der top, seq, content, pieces;
	struct rmt_span type;
	struct rmt_tlv value;
	int rc = 0;

	note[0] = '\0';
	rmt_der_open(&top, encapsulated, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, NULL, NULL) || rmt_der_oid(&seq, &type, NULL, NULL) ||
	    rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, NULL, NULL))
		return 0; /* detached, or nothing that would be ours */
	if (rmt_der_next_is(&content, RMT_DER_OCTET_STRING | 0x20)) {
		if (!rmt_der_enter(&content, RMT_DER_OCTET_STRING | 0x20, &pieces, NULL, NULL))
			while (rmt_der_more(&pieces) && !rmt_der_read(&pieces, RMT_DER_OCTET_STRING, &value, NULL, NULL))
				rmt_buf_span(&octets, value.value);
	} else if (!rmt_der_any(&content, &value, NULL, NULL)) {
		rmt_buf_span(&octets, value.tag == RMT_DER_OCTET_STRING ? value.value : value.whole);
	}
	if (octets.length && !octets.failed)
		rc = rmt_read_signed_content(reading, as, type, rmt_buf_view(&octets), note);
	rmt_buf_free(&octets);
	return rc;
}

/* RFC 5652, 5.1: version, digestAlgorithms, encapContentInfo, [0] certificates, [1] crls,
 * signerInfos; RFC 2315, 11.1: the same with recipientInfos after the version. */
static int
read_signed(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_der *content,
    bool enveloped)
{
	struct rmt_err err = { 0 };
	struct rmt_object here = *as;
	struct rmt_der seq, set;
	struct rmt_tlv skipped;
	char note[256], joined[256];
	int64_t version;
	int rc;

	if (rmt_der_enter(content, RMT_DER_SEQUENCE, &seq, "signedData", &err) ||
	    rmt_der_small(&seq, &version, "signedData.version", &err) ||
	    (enveloped &&
		rmt_der_read(&seq, RMT_DER_SET, &skipped, "signedData.recipientInfos", &err)) ||
	    rmt_der_read(&seq, RMT_DER_SET, &skipped, "signedData.digestAlgorithms", &err) ||
	    rmt_der_read(&seq, RMT_DER_SEQUENCE, &skipped, "signedData.encapContentInfo", &err))
		return rmt_reading_fault(reading, as, &err);
	rc = read_content_of(reading, as, skipped.whole, note);
	here.note = rmt_note_join(as->note, *note ? note : NULL, joined);
	if (!rc && rmt_der_next_is(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0))) {
		if (rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &set,
			"signedData.certificates", &err))
			return rmt_reading_fault(reading, as, &err);
		rc = read_members(reading, &here, &set, "certificates", rmt_read_certificate);
	}
	if (!rc && rmt_der_next_is(&seq, RMT_DER_CONTEXT_CONSTRUCTED(1))) {
		if (rmt_der_enter(
			&seq, RMT_DER_CONTEXT_CONSTRUCTED(1), &set, "signedData.crls", &err))
			return rmt_reading_fault(reading, as, &err);
		rc = read_members(reading, as, &set, "crls", rmt_read_crl);
	}
	return rc;
}

static int
read_content(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span type,
    struct rmt_der *content)
{
	struct rmt_err err = { 0 };
	struct rmt_der set;
	size_t i = 0;

	while (i < sizeof types / sizeof types[0] &&
	       !rmt_span_equal(type, rmt_span_of(types[i].oid, types[i].length)))
		i++;
	if (i == sizeof types / sizeof types[0])
		return rmt_reading_unsupported(
		    reading, as, "PKCS#7 of a type that holds no certificates", NULL);
	if (types[i].content == SIGNED || types[i].content == SIGNED_AND_ENVELOPED)
		return read_signed(
		    reading, as, content, types[i].content == SIGNED_AND_ENVELOPED);
	if (types[i].content == CLOSED)
		return rmt_reading_unsupported(reading, as, types[i].label, NULL);
	if (rmt_der_enter(content, RMT_DER_SEQUENCE, &set, "certificates", &err))
		return rmt_reading_fault(reading, as, &err);
	return read_members(reading, as, &set, "certificates", rmt_read_certificate);
}

int
rmt_read_pkcs7(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span ber)
{
	struct rmt_object here = *as;
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, content;
	struct rmt_span type;
	size_t before = reading->objects + reading->faults;
	int rc;

	here.container = !strcmp(as->container, "pem")      ? "pem-pkcs7"
			 : !strcmp(as->container, "base64") ? "base64-pkcs7"
							    : "pkcs7";
	rmt_der_open(&top, ber, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "contentInfo", &err) ||
	    rmt_der_oid(&seq, &type, "contentInfo.contentType", &err) ||
	    rmt_der_enter(
		&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "contentInfo.content", &err))
		return rmt_reading_fault(reading, &here, &err);
	rc = read_content(reading, &here, type, &content);
	if (!rc && reading->objects + reading->faults == before) {
		rmt_err_set(&err, RMT_INPUT, NULL, "this PKCS#7 holds no certificate, no CRL and no request");
		rc = rmt_reading_fault(reading, &here, &err);
	}
	return rc;
}

/* PkiPath ::= SEQUENCE OF Certificate, as TLS client software and Java keep chains. */
int
rmt_read_path_of_certificates(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, seq;

	rmt_der_open(&top, der, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "path", &err))
		return rmt_reading_fault(reading, as, &err);
	return read_members(reading, as, &seq, "path", rmt_read_certificate);
}

/* X.509, 11.2.3: CertificatePair ::= SEQUENCE { [0] Certificate, [1] Certificate }. */
int
rmt_read_pair(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, one;
	int rc = 0;

	rmt_der_open(&top, der, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "pair", &err))
		return rmt_reading_fault(reading, as, &err);
	for (unsigned i = 0; !rc && i < 2; i++) {
		unsigned char tag = (unsigned char)RMT_DER_CONTEXT_CONSTRUCTED(i);

		if (!rmt_der_next_is(&seq, tag))
			continue;
		if (rmt_der_enter(&seq, tag, &one, "pair", &err))
			return rmt_reading_fault(reading, as, &err);
		rc = read_members(
		    reading, as, &one, i ? "reverse" : "forward", rmt_read_certificate);
	}
	return rc;
}
