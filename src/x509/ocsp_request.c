/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsp_request.c - what clients ask an OCSP responder (RFC 6960, 4.1) as views, and the hashes by
 * which they name an issuer.
 *
 * A signature over the request is noticed, not checked: nobody here is served for who he is. Which
 * certificate is meant, and what is said of it, is decided in verb/.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "x509/local.h"

static const char list_place[] = "tbsRequest.requestList",
		  extensions_place[] = "tbsRequest.requestExtensions";

/* ---- the issuer by its hashes ---- */

/* The digest with this OID; NULL when OpenSSL has none, or it is one of unusual length. */
static const EVP_MD *
digest_of(struct rmt_span algorithm)
{
	const struct rmt_oid *known = rmt_oid_find(algorithm);
	const EVP_MD *digest = known != NULL ? rmt_digest_named(known->name, NULL) : NULL;
	struct rmt_buf dotted = { 0 };

	if (digest == NULL) {
		rmt_oid_dotted(algorithm, &dotted);
		ERR_set_mark();
		digest = EVP_get_digestbynid(OBJ_txt2nid(rmt_buf_string(&dotted)));
		ERR_pop_to_mark();
		rmt_buf_free(&dotted);
	}
	if (digest != NULL && EVP_MD_get_size(digest) > RMT_CERT_ID_HASH_MAX)
		return NULL;
	return digest;
}

/* The bits of the key, without what says which kind of key they are. */
static int
key_bits(struct rmt_span spki, struct rmt_span *bits, struct rmt_err *err)
{
	struct rmt_der der, in;
	struct rmt_span algorithm;
	unsigned unused;

	rmt_der_open(&der, spki, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, &in, "spki", err) < 0 ||
	    rmt_algorithm_id_read(&in, &algorithm, "spki.algorithm", err) < 0)
		return -1;
	return rmt_der_bits(&in, bits, &unused, "spki.subjectPublicKey", err);
}

int
rmt_cert_id_hash(struct rmt_span algorithm, const struct rmt_cert *issuer,
    struct rmt_cert_id_hashes *out, struct rmt_err *err)
{
	const EVP_MD *digest = digest_of(algorithm);
	struct rmt_span key;
	unsigned length = 0;

	if (digest == NULL)
		return 0;
	if (key_bits(issuer->spki, &key, err) < 0)
		return -1;
	ERR_set_mark(); /* a digest may have a name and nobody who does it */
	if (EVP_Digest(issuer->subject.at, issuer->subject.length, out->name, &length, digest,
		NULL) &&
	    EVP_Digest(key.at, key.length, out->key, &length, digest, NULL))
		out->length = length;
	else
		out->length = 0;
	ERR_pop_to_mark();
	return out->length > 0;
}

bool
rmt_cert_id_matches(const struct rmt_cert_id *id, const struct rmt_cert_id_hashes *hashes)
{
	return rmt_span_equal(id->name_hash, rmt_span_of(hashes->name, hashes->length)) &&
	       rmt_span_equal(id->key_hash, rmt_span_of(hashes->key, hashes->length));
}

void
rmt_cert_id_write(struct rmt_derw *w, const char *algorithm, const struct rmt_cert_id_hashes *hashes,
    struct rmt_span serial)
{
	const struct rmt_oid *oid = rmt_oid_named(algorithm);

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, oid != NULL ? oid->der : (struct rmt_span){ NULL, 0 });
	rmt_derw_null(w);
	rmt_derw_end(w);
	rmt_derw_value(w, RMT_DER_OCTET_STRING, rmt_span_of(hashes->name, hashes->length));
	rmt_derw_value(w, RMT_DER_OCTET_STRING, rmt_span_of(hashes->key, hashes->length));
	rmt_derw_value(w, RMT_DER_INTEGER, serial);
	rmt_derw_end(w);
}

/* The hash's AlgorithmIdentifier: its parameters are absent or NULL. */
static int
hash_read(struct rmt_der *id, struct rmt_span *algorithm, struct rmt_err *err)
{
	static const char place[] = "reqCert.hashAlgorithm";
	struct rmt_der in;
	struct rmt_tlv null;

	if (rmt_der_enter(id, RMT_DER_SEQUENCE, &in, place, err) < 0 ||
	    rmt_der_oid(&in, algorithm, place, err) < 0 ||
	    (rmt_der_more(&in) && rmt_der_read(&in, RMT_DER_NULL, &null, place, err) < 0))
		return -1;
	return rmt_der_end(&in, place, err);
}

int
rmt_cert_id_read(struct rmt_der *der, struct rmt_cert_id *out, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_tlv name, key;

	if (rmt_der_enter_whole(der, RMT_DER_SEQUENCE, &in, &out->whole, "reqCert", err) < 0 ||
	    hash_read(&in, &out->algorithm, err) < 0 ||
	    rmt_der_read(&in, RMT_DER_OCTET_STRING, &name, "reqCert.issuerNameHash", err) < 0 ||
	    rmt_der_read(&in, RMT_DER_OCTET_STRING, &key, "reqCert.issuerKeyHash", err) < 0 ||
	    rmt_der_integer(&in, &out->serial, "reqCert.serialNumber", err) < 0)
		return -1;
	out->name_hash = name.value;
	out->key_hash = key.value;
	return rmt_der_end(&in, "reqCert", err);
}

/* ---- extensions ---- */

int
rmt_ocsp_nonce_read(const struct rmt_der *of, const struct rmt_extensions *extensions,
    struct rmt_span *nonce, struct rmt_err *err)
{
	struct rmt_der value;
	struct rmt_tlv octets;

	for (unsigned i = 0; i < extensions->count; i++) {
		const struct rmt_ext *ext = &extensions->list[i];

		if (!rmt_oid_is(ext->oid, "ocspNonce"))
			continue;
		rmt_der_open(&value, ext->value, of->notes);
		value.origin = of->origin;
		if (rmt_der_read(&value, RMT_DER_OCTET_STRING, &octets, "nonce", err) < 0 ||
		    rmt_der_end(&value, "nonce", err) < 0)
			return -1;
		if (octets.value.length == 0 || octets.value.length > RMT_OCSP_NONCE_MAX)
			return rmt_err_cite(err, RMT_INPUT, "nonce", "RFC 9654, 2.1",
			    "a nonce has 1 to %d bytes, not %zu", RMT_OCSP_NONCE_MAX,
			    octets.value.length);
		*nonce = octets.value;
	}
	return 0;
}

/* What is critical must be understood, and nothing but the nonce is. */
static int
refuse_critical(const struct rmt_extensions *extensions, const char *place, struct rmt_err *err)
{
	if (extensions->duplicate)
		return rmt_err_cite(
		    err, RMT_INPUT, place, "RFC 5280, 4.2", "an extension stands there twice");
	for (unsigned i = 0; i < extensions->count; i++)
		if (extensions->list[i].critical &&
		    !rmt_oid_is(extensions->list[i].oid, "ocspNonce"))
			return rmt_err_cite(err, RMT_INPUT, place, "RFC 6960, 4.4",
			    "a critical extension that is not understood here");
	return 0;
}

static int
request_extensions(struct rmt_der *tbs, struct rmt_ocsp_request *request, struct rmt_err *err)
{
	struct rmt_der in;

	if (!rmt_der_more(tbs))
		return 0;
	if (rmt_der_enter(tbs, RMT_DER_CONTEXT_CONSTRUCTED(2), &in, extensions_place, err) < 0 ||
	    rmt_extensions_walk(&in, &request->extensions, extensions_place, err) < 0 ||
	    rmt_der_end(&in, extensions_place, err) < 0 ||
	    refuse_critical(&request->extensions, extensions_place, err) < 0)
		return -1;
	return rmt_ocsp_nonce_read(tbs, &request->extensions, &request->nonce, err);
}

/* ---- the list ---- */

int
rmt_ocsp_request_next(struct rmt_der *cursor, struct rmt_cert_id *out, struct rmt_err *err)
{
	struct rmt_der in, wrapped;
	struct rmt_extensions extensions;

	if (!rmt_der_more(cursor))
		return 0;
	if (rmt_der_enter(cursor, RMT_DER_SEQUENCE, &in, "request", err) < 0 ||
	    rmt_cert_id_read(&in, out, err) < 0)
		return -1;
	if (rmt_der_more(&in) &&
	    (rmt_der_enter(&in, RMT_DER_CONTEXT_CONSTRUCTED(0), &wrapped,
		 "singleRequestExtensions", err) < 0 ||
		rmt_extensions_walk(&wrapped, &extensions, "singleRequestExtensions", err) < 0 ||
		rmt_der_end(&wrapped, "singleRequestExtensions", err) < 0 ||
		refuse_critical(&extensions, "singleRequestExtensions", err) < 0))
		return -1;
	return rmt_der_end(&in, "request", err) < 0 ? -1 : 1;
}

static int
list_read(struct rmt_der *tbs, struct rmt_ocsp_request *request, struct rmt_err *err)
{
	struct rmt_cert_id id;
	struct rmt_der list;
	char place[64];
	int rc;

	if (rmt_der_enter(tbs, RMT_DER_SEQUENCE, &list, list_place, err) < 0)
		return -1;
	request->list = rmt_span_of(list.at, (size_t)(list.end - list.at));
	while ((rc = rmt_ocsp_request_next(&list, &id, err)) == 1)
		if (++request->count > RMT_OCSP_IDS_MAX)
			return rmt_err_set(err, RMT_INPUT, list_place,
			    "asks for more than %d certificates at once", RMT_OCSP_IDS_MAX);
	if (rc < 0) {
		snprintf(place, sizeof place, "%s[%zu]", list_place, request->count);
		rmt_err_within(err, place);
		return -1;
	}
	if (request->count == 0)
		return rmt_err_cite(
		    err, RMT_INPUT, list_place, "RFC 6960, 4.1.1", "asks for no certificate");
	return 0;
}

/* ---- the request ---- */

/* v1(0), which DER leaves out. */
static int
version_read(struct rmt_der *tbs, struct rmt_err *err)
{
	static const char place[] = "tbsRequest.version";
	const unsigned char *start = tbs->at;
	struct rmt_der in;
	int64_t number;

	if (!rmt_der_next_is(tbs, RMT_DER_CONTEXT_CONSTRUCTED(0)))
		return 0;
	if (rmt_der_enter(tbs, RMT_DER_CONTEXT_CONSTRUCTED(0), &in, place, err) < 0 ||
	    rmt_der_small(&in, &number, place, err) < 0 || rmt_der_end(&in, place, err) < 0)
		return -1;
	if (number != 0)
		return rmt_err_cite(err, RMT_INPUT, place, "RFC 6960, 4.1.1",
		    "a version of requests that does not exist");
	return rmt_der_deviate(tbs, RMT_DEVIATION_DEFAULT_ENCODED, start, place, err);
}

static int
requestor_read(struct rmt_der *tbs, struct rmt_err *err)
{
	static const char place[] = "tbsRequest.requestorName";
	struct rmt_general_name name;
	struct rmt_der in;

	if (!rmt_der_next_is(tbs, RMT_DER_CONTEXT_CONSTRUCTED(1)))
		return 0;
	if (rmt_der_enter(tbs, RMT_DER_CONTEXT_CONSTRUCTED(1), &in, place, err) < 0 ||
	    rmt_general_read(&in, &name, err) < 0)
		return -1;
	return rmt_der_end(&in, place, err);
}

/* The signature and its certificates, for their form only. */
static int
signature_read(struct rmt_der *outer, struct rmt_ocsp_request *request, struct rmt_err *err)
{
	static const char place[] = "optionalSignature";
	struct rmt_span algorithm, bits, certificate;
	struct rmt_der wrapped, in, certs, list;
	int rc;

	if (!rmt_der_more(outer))
		return 0;
	request->is_signed = true;
	if (rmt_der_enter(outer, RMT_DER_CONTEXT_CONSTRUCTED(0), &wrapped, place, err) < 0 ||
	    rmt_der_enter(&wrapped, RMT_DER_SEQUENCE, &in, place, err) < 0 ||
	    rmt_algorithm_id_read(&in, &algorithm, place, err) < 0 ||
	    rmt_signature_read(&in, &bits, place, err) < 0 || rmt_der_end(&wrapped, place, err) < 0)
		return -1;
	if (!rmt_der_more(&in))
		return 0;
	if (rmt_der_enter(&in, RMT_DER_CONTEXT_CONSTRUCTED(0), &certs, place, err) < 0 ||
	    rmt_der_enter(&certs, RMT_DER_SEQUENCE, &list, place, err) < 0 ||
	    rmt_der_end(&certs, place, err) < 0)
		return -1;
	while ((rc = rmt_ocsp_certificate_next(&list, &certificate, err)) == 1)
		;
	return rc < 0 ? -1 : rmt_der_end(&in, place, err);
}

int
rmt_ocsp_request_read(
    struct rmt_ocsp_request *request, struct rmt_span der, int mode, struct rmt_err *err)
{
	struct rmt_der outer, in, tbs;

	request->list = request->nonce = (struct rmt_span){ NULL, 0 };
	request->count = 0;
	request->is_signed = false;
	request->notes.count = 0;
	rmt_extensions_clear(&request->extensions);
	if (rmt_object_open(&outer, der, RMT_CAP_REQUEST,
		mode == RMT_TOLERANT ? &request->notes : NULL, &request->der, &in, "OCSP request",
		err) < 0 ||
	    rmt_der_enter(&in, RMT_DER_SEQUENCE, &tbs, "tbsRequest", err) < 0 ||
	    version_read(&tbs, err) < 0 || requestor_read(&tbs, err) < 0 ||
	    list_read(&tbs, request, err) < 0 || request_extensions(&tbs, request, err) < 0 ||
	    rmt_der_end(&tbs, "tbsRequest", err) < 0 || signature_read(&in, request, err) < 0)
		return -1;
	return rmt_der_end(&in, "OCSP request", err);
}
