/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/der.c - DER values to objects: certificates, requests, CRLs, OCSP responses, public keys.
 *
 * The parsing is x509's; here an object is put around it and a failure becomes a fault. Private
 * keys are in private.c, containers in files of their own.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

/* What stands behind the last value, as a diagnosis; zeros are padding that some tools leave. */
static const char *
note_trailing(struct rmt_span rest, char out[256])
{
	size_t zeros = 0;

	while (zeros < rest.length &&
	       (!rest.at[zeros] || rest.at[zeros] == '\n' || rest.at[zeros] == '\r'))
		zeros++;
	snprintf(out, 256, "%zu %s after its end", rest.length,
	    zeros == rest.length ? "bytes of padding"
	    : rest.length == 1   ? "byte"
				 : "bytes");
	return out;
}

/* A value that is not one of ours, or not whole. */
static int
fault_value(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes,
    const struct rmt_form *form, size_t offset)
{
	struct rmt_err err = { 0 };
	char place[40];

	snprintf(place, sizeof place, "offset %zu", offset);
	if (form)
		rmt_err_set(&err, RMT_INPUT, place,
		    "the %s is cut short or its lengths are wrong: %zu bytes "
		    "are there; take it again, whole, from where it came",
		    form->name, bytes.length);
	else if (!rmt_der_extent(bytes))
		rmt_err_set(&err, RMT_INPUT, place,
		    "this is no whole DER value: it is cut short, or its "
		    "lengths are wrong; take it again, whole, from where it came");
	else
		rmt_err_set(&err, RMT_INPUT, place,
		    "this DER value is no certificate, key, request or CRL");
	return rmt_reading_fault(reading, as, &err);
}

static int
read_one(struct rmt_reading *reading, const struct rmt_object *as, const struct rmt_form *form,
    struct rmt_span der, size_t offset)
{
	struct rmt_err err = { 0 };
	char place[40];
	int rc;

	if (der.length > form->cap) {
		snprintf(place, sizeof place, "offset %zu", offset);
		rmt_err_set(&err, RMT_INPUT, place,
		    "the %s of %zu bytes is larger than the %zu that are "
		    "accepted",
		    form->name, der.length, form->cap);
		return rmt_reading_fault(reading, as, &err);
	}
	if (reading->nested >= RMT_MEMBERS_NESTED_MAX) {
		rmt_err_set(&err, RMT_INPUT, NULL, "containers are nested more than %d deep",
		    RMT_MEMBERS_NESTED_MAX);
		return rmt_reading_fault(reading, as, &err);
	}
	reading->nested++;
	rc = form->read(reading, as, der);
	reading->nested--;
	return rc;
}

int
rmt_read_der(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes)
{
	const unsigned char *start = bytes.at;
	const struct rmt_form *form = rmt_form_of(bytes), *next;
	struct rmt_object here = *as;
	struct rmt_span rest;
	char text[256], joined[256];
	size_t whole;
	int rc = 0;

	do {
		whole = rmt_der_extent(bytes);
		if (!form || !whole)
			return fault_value(reading, as, bytes, form, (size_t)(bytes.at - start));
		rest = rmt_span_of(bytes.at + whole, bytes.length - whole);
		next = rmt_form_of(rest);
		here.note = as->note;
		if (rest.length && !next)
			here.note = rmt_note_join(as->note, note_trailing(rest, text), joined);
		if (reading->reader->mode == RMT_STRICT && rest.length)
			whole = bytes.length; /* for x509 to refuse */
		rc = read_one(
		    reading, &here, form, rmt_span_of(bytes.at, whole), (size_t)(bytes.at - start));
		bytes = rmt_span_of(bytes.at + whole, bytes.length - whole);
		form = next;
	} while (!rc && bytes.length && next);
	return rc;
}

int
rmt_read_certificate(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_object object = *as;
	struct rmt_err err = { 0 };
	struct rmt_cert cert;

	if (rmt_cert_read(&cert, der, reading->reader->mode, &err))
		return rmt_reading_fault(reading, as, &err);
	object.type = RMT_OBJECT_CERTIFICATE;
	object.der = cert.der;
	object.cert = &cert;
	object.spki = cert.spki;
	return rmt_reading_hand(reading, &object);
}

int
rmt_read_request(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_object object = *as;
	struct rmt_err err = { 0 };
	struct rmt_request request;

	if (rmt_request_read(&request, der, &err))
		return rmt_reading_fault(reading, as, &err);
	object.type = RMT_OBJECT_REQUEST;
	object.der = request.der;
	object.request = &request;
	object.spki = request.spki;
	return rmt_reading_hand(reading, &object);
}

int
rmt_read_crl(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_object object = *as;
	struct rmt_err err = { 0 };
	struct rmt_crl crl;

	if (rmt_crl_read(&crl, der, reading->reader->mode, &err))
		return rmt_reading_fault(reading, as, &err);
	object.type = RMT_OBJECT_CRL;
	object.der = crl.der;
	object.crl = &crl;
	return rmt_reading_hand(reading, &object);
}

/* RFC 6960, 4.2.1: a status, and in a good case the response; what it says is not judged here. */
int
rmt_read_ocsp(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_object object = *as;

	object.type = RMT_OBJECT_OCSP_RESPONSE;
	object.der = der;
	return rmt_reading_hand(reading, &object);
}

int
rmt_read_ocsp_request(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_object here = *as;

	here.der = der; /* it is shown, though nothing else is done with it */
	return rmt_reading_unsupported(reading, &here, "OCSP request", NULL);
}

int
rmt_read_public(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_object object = *as;
	struct rmt_err err = { 0 };
	struct rmt_spki spki;

	if (rmt_spki_read(der, &spki, &err))
		return rmt_reading_fault(reading, as, &err);
	object.type = RMT_OBJECT_PUBLIC_KEY;
	object.der = der;
	object.spki = der;
	return rmt_reading_hand(reading, &object);
}

/* RFC 8017, A.1.1: the bare RSAPublicKey, put into a SubjectPublicKeyInfo (RFC 3279, 2.3.1). */
int
rmt_read_public_pkcs1(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	static const unsigned char rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
	struct rmt_object object = *as;
	struct rmt_err err = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_buf out = { 0 };
	struct rmt_spki spki;
	int rc;

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_span_of(rsa, sizeof rsa));
	rmt_derw_null(&w);
	rmt_derw_end(&w);
	rmt_derw_bits(&w, der, 0);
	rmt_derw_end(&w);
	if (rmt_derw_finish(&w, &out, &err) || rmt_spki_read(rmt_buf_view(&out), &spki, &err)) {
		rc = rmt_reading_fault(reading, as, &err);
	} else if (!rmt_spki_rsa_possible(&spki)) {
		reading->skipped++; /* parameters of Diffie-Hellman */
		rc = 0;
	} else {
		object.type = RMT_OBJECT_PUBLIC_KEY;
		object.der = der;
		object.spki = rmt_buf_view(&out);
		rc = rmt_reading_hand(reading, &object);
	}
	rmt_buf_free(&out);
	return rc;
}
