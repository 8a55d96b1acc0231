/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_microsoft.c - what Active Directory Certificate Services put into a certificate: template, CA
 * version, and the security identifier of the account (KB5014754).
 *
 * Application policies have the form of certificatePolicies and stand in ext_policies.c.
 */
#include "config.h"

#include "x509/local.h"

/* CertificateTemplateOID: the template and, both optional, its major and minor version. */
int
rmt_show_ms_template(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_span oid, number;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &in, "template", err) < 0 ||
	    rmt_der_oid(&in, &oid, "template", err) < 0)
		return -1;
	rmt_put_oid(out, oid);
	for (unsigned i = 0; i < 2 && rmt_der_more(&in); i++) {
		if (rmt_der_integer(&in, &number, "version", err) < 0)
			return -1;
		rmt_put(out, i == 0 ? " version " : ".");
		rmt_put_number(out, number);
	}
	return rmt_der_end(&in, "template", err);
}

/* The low half counts the CA's certificates, the high half its keys. */
int
rmt_show_ms_ca_version(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	int64_t version;

	if (rmt_der_small(value, &version, "version", err) < 0)
		return -1;
	rmt_put(out, "certificate %lld, key %lld", (long long)(version & 0xffff),
	    (long long)(version >> 16));
	return 0;
}

/* A GeneralNames whose otherName holds the identifier's text as an OCTET STRING. */
int
rmt_show_ms_sid(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_general_name name;
	struct rmt_der names, inner;
	struct rmt_tlv sid;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &names, "names", err) < 0 ||
	    rmt_list_check(&names, "names", err) < 0)
		return -1;
	while (rmt_der_more(&names)) {
		if (rmt_general_read(&names, &name, err) < 0)
			return -1;
		rmt_put_separated(out, &first, ", ");
		if (name.type == RMT_GN_OTHER && rmt_oid_is(name.other_oid, "msNtdsObjectSID")) {
			rmt_der_open(&inner, name.value, &rmt_notes_ignored);
			if (rmt_der_read(&inner, RMT_DER_OCTET_STRING, &sid, "sid", err) < 0)
				return -1;
			if (out != NULL)
				rmt_text_escape(sid.value, ",", out);
		} else {
			rmt_put_general(out, &name);
		}
	}
	return 0;
}
