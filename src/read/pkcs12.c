/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pkcs12.c - PKCS#12 containers (RFC 7292): the envelope, the safes in it, and every bag in
 * the order in which it stands.
 *
 * The walk is our own, so that several keys, names, CRLs and containers without keys or without MAC
 * come out whole. Which password fits is found in pkcs12_password.c.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

#define RSADSI "\x2a\x86\x48\x86\xf7\x0d"
#define OID(text) \
	{ \
		(const unsigned char *)(text), sizeof(text) - 1 \
	}

static const struct rmt_span oid_data = OID(RSADSI "\x01\x07\x01");
static const struct rmt_span oid_signed = OID(RSADSI "\x01\x07\x02");
static const struct rmt_span oid_encrypted = OID(RSADSI "\x01\x07\x06");
static const struct rmt_span oid_friendly_name = OID(RSADSI "\x01\x09\x14");
static const struct rmt_span oid_local_key_id = OID(RSADSI "\x01\x09\x15");
/* Oracle's trustedKeyUsage, 2.16.840.1.113894.746875.1.1: without it Java does not list a certificate. */
static const struct rmt_span oid_trusted_usage = OID("\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01");
static const struct rmt_span oid_x509_certificate = OID(RSADSI "\x01\x09\x16\x01");
static const struct rmt_span oid_x509_crl = OID(RSADSI "\x01\x09\x17\x01");

/* ---- envelope ---- */

/* RFC 7292, 4: version, authSafe, macData. */
static int
read_envelope(struct rmt_pfx *pfx, struct rmt_span ber, struct rmt_err *err)
{
	struct rmt_der top, seq, content_info, content;
	struct rmt_span type;
	struct rmt_tlv auth_safe;
	int64_t version;

	if (rmt_der_from_ber(ber, &pfx->der, err))
		return -1;
	rmt_der_open(&top, rmt_buf_view(&pfx->der), &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "pfx", err) ||
	    rmt_der_small(&seq, &version, "pfx.version", err) ||
	    rmt_der_enter(&seq, RMT_DER_SEQUENCE, &content_info, "pfx.authSafe", err) ||
	    rmt_der_oid(&content_info, &type, "pfx.authSafe.contentType", err))
		return -1;
	if (rmt_span_equal(type, oid_signed))
		return rmt_err_set(err, RMT_INPUT, "pfx.authSafe",
		    "this PKCS#12 is signed with a key instead "
		    "of protected with a passphrase, which is not read");
	if (rmt_der_enter(
		&content_info, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "pfx.authSafe", err) ||
	    rmt_der_read(&content, RMT_DER_OCTET_STRING, &auth_safe, "pfx.authSafe", err))
		return -1;
	pfx->auth_safe = auth_safe.value;
	return rmt_der_more(&seq) ? rmt_pfx_read_mac(pfx, &seq, err) : 0;
}

/* ---- bags ---- */

struct bag {
	struct rmt_span type;
	struct rmt_span value; /* the whole value inside [0] */
	struct rmt_object as;
	struct rmt_buf name;
};

static int
read_attribute(struct bag *bag, struct rmt_der *attributes, struct rmt_err *err)
{
	struct rmt_der seq, values;
	struct rmt_span type;
	struct rmt_tlv value;

	if (rmt_der_enter(attributes, RMT_DER_SEQUENCE, &seq, "bagAttributes", err) ||
	    rmt_der_oid(&seq, &type, "bagAttributes", err) ||
	    rmt_der_enter(&seq, RMT_DER_SET, &values, "bagAttributes", err))
		return -1;
	if (!rmt_der_more(&values))
		return 0;
	if (rmt_der_any(&values, &value, "bagAttributes", err))
		return -1;
	if (rmt_span_equal(type, oid_friendly_name)) {
		rmt_buf_clear(&bag->name);
		rmt_string_utf8(value.tag, value.value, &bag->name);
		bag->as.friendly_name = rmt_buf_string(&bag->name);
	} else if (rmt_span_equal(type, oid_local_key_id)) {
		bag->as.local_key_id = value.value;
	} else if (rmt_span_equal(type, oid_trusted_usage)) {
		bag->as.trusted = true;
	}
	return 0;
}

/* RFC 7292, 4.2: bagId, [0] bagValue, SET OF attributes. */
static int
read_bag_header(struct bag *bag, struct rmt_der *bags, struct rmt_err *err)
{
	struct rmt_der seq, content, attributes;
	struct rmt_tlv value;

	if (rmt_der_enter(bags, RMT_DER_SEQUENCE, &seq, NULL, err) ||
	    rmt_der_oid(&seq, &bag->type, "bagId", err) ||
	    rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "bagValue", err) ||
	    rmt_der_any(&content, &value, "bagValue", err))
		return -1;
	bag->value = value.whole;
	if (!rmt_der_next_is(&seq, RMT_DER_SET))
		return 0;
	if (rmt_der_enter(&seq, RMT_DER_SET, &attributes, "bagAttributes", err))
		return -1;
	while (rmt_der_more(&attributes)) {
		if (read_attribute(bag, &attributes, err))
			return -1;
	}
	return rmt_buf_check(&bag->name, err);
}

static int
bag_key(struct rmt_pfx *pfx, const struct bag *bag)
{
	return rmt_read_private(pfx->reading, &bag->as, bag->value);
}

static int
bag_shrouded_key(struct rmt_pfx *pfx, const struct bag *bag)
{
	struct rmt_err err = { 0 };
	struct rmt_buf plain = { 0 };
	struct rmt_tlv algorithm, cipher;
	struct rmt_key *key = NULL;
	struct rmt_der top, seq;
	int rc;

	if (pfx->reading->reader->skip_keys)
		return rmt_hand_locked(pfx->reading, &bag->as, true);
	rmt_der_open(&top, bag->value, &pfx->notes);
	if (!rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "encryptedPrivateKeyInfo", &err) &&
	    !rmt_der_read(&seq, RMT_DER_SEQUENCE, &algorithm, "encryptionAlgorithm", &err) &&
	    !rmt_der_read(&seq, RMT_DER_OCTET_STRING, &cipher, "encryptedData", &err) &&
	    !rmt_pfx_decrypt(pfx, algorithm.whole, cipher.value, &plain, &err))
		key = rmt_reading_key(pfx->reading, rmt_buf_view(&plain), &err);
	if (key)
		rc = rmt_hand_key(pfx->reading, &bag->as, key, true);
	else if (err.class == RMT_SECRET && pfx->given_up && !pfx->tried)
		rc = rmt_hand_locked(pfx->reading, &bag->as, true);
	else
		rc = rmt_reading_fault(pfx->reading, &bag->as, &err);
	rmt_buf_free(&plain);
	return rc;
}

/* RFC 7292, 4.2.3 and 4.2.4: an OID, and the certificate or CRL in an OCTET STRING. */
static int
bag_wrapped(struct rmt_pfx *pfx, const struct bag *bag, struct rmt_span expected, const char *other,
    int (*read)(struct rmt_reading *, const struct rmt_object *, struct rmt_span))
{
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, content;
	struct rmt_span type;
	struct rmt_tlv value;

	rmt_der_open(&top, bag->value, &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "bagValue", &err) ||
	    rmt_der_oid(&seq, &type, "bagValue", &err))
		return rmt_reading_fault(pfx->reading, &bag->as, &err);
	if (!rmt_span_equal(type, expected))
		return rmt_reading_unsupported(pfx->reading, &bag->as, other, NULL);
	if (rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "bagValue", &err) ||
	    rmt_der_read(&content, RMT_DER_OCTET_STRING, &value, "bagValue", &err))
		return rmt_reading_fault(pfx->reading, &bag->as, &err);
	return read(pfx->reading, &bag->as, value.value);
}

static int
bag_certificate(struct rmt_pfx *pfx, const struct bag *bag)
{
	return bag_wrapped(
	    pfx, bag, oid_x509_certificate, "SDSI certificate", rmt_read_certificate);
}

static int
bag_crl(struct rmt_pfx *pfx, const struct bag *bag)
{
	return bag_wrapped(
	    pfx, bag, oid_x509_crl, "CRL of another kind than X.509's", rmt_read_crl);
}

static int
bag_secret(struct rmt_pfx *pfx, const struct bag *bag)
{
	return rmt_reading_unsupported(pfx->reading, &bag->as, "secret key", NULL);
}

static int read_bags(struct rmt_pfx *pfx, struct rmt_span contents);

static int
bag_nested(struct rmt_pfx *pfx, const struct bag *bag)
{
	return read_bags(pfx, bag->value);
}

/* RFC 7292, 4.2: the bag types are the arcs 1 to 6 below pkcs-12PbeBagIds. */
static int (*const bag_types[])(struct rmt_pfx *, const struct bag *) = {
	NULL,
	bag_key,
	bag_shrouded_key,
	bag_certificate,
	bag_crl,
	bag_secret,
	bag_nested,
};

static int
read_bag(struct rmt_pfx *pfx, const struct bag *bag)
{
	static const struct rmt_span parent = OID(RSADSI "\x01\x0c\x0a\x01");
	struct rmt_span type = bag->type;

	if (type.length == parent.length + 1 && !memcmp(type.at, parent.at, parent.length) &&
	    type.at[parent.length] >= 1 && type.at[parent.length] <= 6)
		return bag_types[type.at[parent.length]](pfx, bag);
	return rmt_reading_unsupported(pfx->reading, &bag->as, "PKCS#12 bag of unknown type", NULL);
}

/* SafeContents: a sequence of bags, itself perhaps in BER. A broken bag is one fault. */
static int
read_bags(struct rmt_pfx *pfx, struct rmt_span contents)
{
	struct rmt_reading *reading = pfx->reading;
	const char *outer = reading->member;
	struct rmt_buf der = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, bags, one;
	struct rmt_tlv whole;
	char place[64];
	int rc = 0;

	rmt_buf_secret(&der);
	if (reading->nested >= RMT_MEMBERS_NESTED_MAX) {
		rmt_err_set(&err, RMT_INPUT, NULL, "bags are nested more than %d deep",
		    RMT_MEMBERS_NESTED_MAX);
		return rmt_reading_fault(reading, pfx->as, &err);
	}
	reading->nested++;
	if (rmt_der_from_ber(contents, &der, &err))
		goto out;
	rmt_der_open(&top, rmt_buf_view(&der), &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &bags, "safeContents", &err))
		goto out;
	for (size_t i = 0; !rc && rmt_der_more(&bags); i++) {
		struct bag bag = { .as = *pfx->as };

		snprintf(place, sizeof place, "%.40s.bag[%zu]", outer ? outer : "", i);
		reading->member = place;
		if (rmt_der_any(&bags, &whole, NULL, &err))
			goto out;
		rmt_der_open(&one, whole.whole, &pfx->notes);
		if (read_bag_header(&bag, &one, &err))
			rc = rmt_reading_fault(reading, pfx->as, &err);
		else
			rc = read_bag(pfx, &bag);
		rmt_buf_free(&bag.name);
	}
out:
	if (err.class)
		rc = rmt_reading_fault(reading, pfx->as, &err);
	reading->nested--;
	reading->member = outer;
	rmt_buf_free(&der);
	return rc;
}

/* ---- safes ---- */

/* [0] IMPLICIT OCTET STRING: whole, or in pieces when it came as BER. */
static int
implicit_octets(struct rmt_der *seq, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der pieces;
	struct rmt_tlv piece;

	if (rmt_der_next_is(seq, RMT_DER_CONTEXT(0))) {
		if (rmt_der_any(seq, &piece, "encryptedContent", err))
			return -1;
		rmt_buf_span(out, piece.value);
		return rmt_buf_check(out, err);
	}
	if (rmt_der_enter(seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &pieces, "encryptedContent", err))
		return -1;
	while (rmt_der_more(&pieces)) {
		if (rmt_der_read(&pieces, RMT_DER_OCTET_STRING, &piece, "encryptedContent", err))
			return -1;
		rmt_buf_span(out, piece.value);
	}
	return rmt_buf_check(out, err);
}

/* RFC 2315, 13: EncryptedData, with the algorithm and the ciphertext that we want. */
static int
read_encrypted_safe(struct rmt_pfx *pfx, struct rmt_der *content)
{
	struct rmt_buf cipher = { 0 }, plain = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der encrypted, inner;
	struct rmt_span type;
	struct rmt_tlv algorithm;
	int64_t version;
	int rc;

	if (rmt_der_enter(content, RMT_DER_SEQUENCE, &encrypted, "encryptedData", &err) ||
	    rmt_der_small(&encrypted, &version, "encryptedData.version", &err) ||
	    rmt_der_enter(&encrypted, RMT_DER_SEQUENCE, &inner, "encryptedContentInfo", &err) ||
	    rmt_der_oid(&inner, &type, "encryptedContentInfo", &err) ||
	    rmt_der_read(&inner, RMT_DER_SEQUENCE, &algorithm, "encryptedContentInfo", &err) ||
	    implicit_octets(&inner, &cipher, &err) ||
	    rmt_pfx_decrypt(pfx, algorithm.whole, rmt_buf_view(&cipher), &plain, &err))
		rc = rmt_reading_fault(pfx->reading, pfx->as, &err);
	else
		rc = read_bags(pfx, rmt_buf_view(&plain));
	rmt_buf_free(&cipher);
	rmt_buf_free(&plain);
	return rc;
}

static int
read_safe(struct rmt_pfx *pfx, struct rmt_span content_info)
{
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, content;
	struct rmt_span type;
	struct rmt_tlv octets;

	rmt_der_open(&top, content_info, &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, NULL, &err) ||
	    rmt_der_oid(&seq, &type, "contentType", &err) ||
	    rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "content", &err))
		return rmt_reading_fault(pfx->reading, pfx->as, &err);
	if (rmt_span_equal(type, oid_encrypted))
		return read_encrypted_safe(pfx, &content);
	if (!rmt_span_equal(type, oid_data))
		return rmt_reading_unsupported(
		    pfx->reading, pfx->as, "PKCS#12 content encrypted for a key", NULL);
	if (rmt_der_read(&content, RMT_DER_OCTET_STRING, &octets, "content", &err))
		return rmt_reading_fault(pfx->reading, pfx->as, &err);
	return read_bags(pfx, octets.value);
}

static int
read_safes(struct rmt_pfx *pfx)
{
	struct rmt_err err = { 0 };
	struct rmt_buf der = { 0 };
	struct rmt_der top, safes;
	struct rmt_tlv safe;
	char place[40];
	int rc = 0;

	if (rmt_der_from_ber(pfx->auth_safe, &der, &err))
		goto out;
	rmt_der_open(&top, rmt_buf_view(&der), &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &safes, "authSafe", &err))
		goto out;
	pfx->as->profile = rmt_pfx_profile(pfx, safes);
	for (size_t i = 0; !rc && rmt_der_more(&safes); i++) {
		snprintf(place, sizeof place, "safe[%zu]", i);
		pfx->reading->member = place;
		if (rmt_der_any(&safes, &safe, NULL, &err))
			break;
		rc = read_safe(pfx, safe.whole);
	}
out:
	if (err.class)
		rc = rmt_reading_fault(pfx->reading, pfx->as, &err);
	pfx->reading->member = NULL;
	rmt_buf_free(&der);
	return rc;
}

int
rmt_read_pkcs12(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span ber)
{
	struct rmt_object here = *as;
	struct rmt_pfx pfx = { .reading = reading, .as = &here };
	struct rmt_err err = { 0 };
	size_t before = reading->objects + reading->faults;
	int rc;

	here.container = !strcmp(as->container, "pem")      ? "pem-pkcs12"
			 : !strcmp(as->container, "base64") ? "base64-pkcs12"
							    : "pkcs12";
	snprintf(pfx.what, sizeof pfx.what, "PKCS#12 in %.255s", reading->source);
	if (read_envelope(&pfx, ber, &err) || rmt_pfx_verify(&pfx, &err))
		rc = rmt_reading_fault(reading, &here, &err);
	else
		rc = read_safes(&pfx);
	if (!rc && reading->objects + reading->faults == before) {
		rmt_err_set(&err, RMT_INPUT, NULL, "this PKCS#12 is empty");
		rc = rmt_reading_fault(reading, &here, &err);
	}
	rmt_buf_free(&pfx.der);
	rmt_buf_free(&pfx.password);
	return rc;
}
