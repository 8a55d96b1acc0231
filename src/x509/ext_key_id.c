/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_key_id.c - authorityKeyIdentifier and subjectKeyIdentifier (RFC 5280, 4.2.1.1 and 4.2.1.2).
 *
 * How an identifier is made from a key is spki.c's affair.
 */
#include "config.h"

#include "x509/local.h"

/* All three parts are optional; the third is an INTEGER under a context tag. */
static int
authority_read(struct rmt_der *value, struct rmt_authority_key_id *out, struct rmt_buf *text,
    struct rmt_err *err)
{
	struct rmt_der in, names;
	struct rmt_tlv tlv;
	bool first = true;

	*out = (struct rmt_authority_key_id){ .key_id = { NULL, 0 } };
	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &in, "authorityKeyIdentifier", err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT(0)) ||
	    rmt_der_next_is(&in, RMT_DER_CONTEXT_CONSTRUCTED(0))) {
		if (rmt_der_read(&in, RMT_DER_CONTEXT(0), &tlv, "keyIdentifier", err) < 0)
			return -1;
		out->key_id = tlv.value;
		rmt_put_separated(text, &first, "\n");
		rmt_put(text, "key ");
		rmt_put_hex(text, tlv.value);
	}
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT_CONSTRUCTED(1))) {
		if (rmt_der_enter_whole(&in, RMT_DER_CONTEXT_CONSTRUCTED(1), &names, &out->issuer,
			"authorityCertIssuer", err) < 0)
			return -1;
		rmt_put_separated(text, &first, "\n");
		rmt_put(text, "issuer ");
		if (rmt_put_general_list(text, &names, err) < 0)
			return -1;
	}
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT(2))) {
		if (rmt_der_any(&in, &tlv, "authorityCertSerialNumber", err) < 0)
			return -1;
		if (tlv.value.length == 0)
			return rmt_der_fault(&in, tlv.whole.at, "authorityCertSerialNumber", err,
			    "INTEGER without content");
		out->serial = tlv.value;
		rmt_put_separated(text, &first, "\n");
		rmt_put(text, "serial ");
		if (text != NULL)
			rmt_serial_hex(tlv.value, text);
	}
	return rmt_der_end(&in, "authorityKeyIdentifier", err);
}

int
rmt_show_authority_key_id(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_authority_key_id id;

	return authority_read(value, &id, out, err);
}

int
rmt_ext_authority_key_id(
    struct rmt_span value, struct rmt_authority_key_id *out, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (authority_read(&der, out, NULL, err) < 0)
		return -1;
	return rmt_der_end(&der, "authorityKeyIdentifier", err);
}

void
rmt_ext_authority_key_id_write(struct rmt_derw *w, struct rmt_span key_id)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_value(w, RMT_DER_CONTEXT(0), key_id);
	rmt_derw_end(w);
}

int
rmt_show_subject_key_id(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (rmt_der_read(value, RMT_DER_OCTET_STRING, &tlv, "subjectKeyIdentifier", err) < 0)
		return -1;
	rmt_put_hex(out, tlv.value);
	return 0;
}

int
rmt_ext_subject_key_id(struct rmt_span value, struct rmt_span *key_id, struct rmt_err *err)
{
	struct rmt_der der;
	struct rmt_tlv tlv;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (rmt_der_read(&der, RMT_DER_OCTET_STRING, &tlv, "subjectKeyIdentifier", err) < 0)
		return -1;
	*key_id = tlv.value;
	return rmt_der_end(&der, "subjectKeyIdentifier", err);
}

void
rmt_ext_subject_key_id_write(struct rmt_derw *w, struct rmt_span key_id)
{
	rmt_derw_value(w, RMT_DER_OCTET_STRING, key_id);
}
