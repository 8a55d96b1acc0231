/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_policies.c - certificatePolicies, policyMappings and policyConstraints (RFC
 * 5280, 4.2.1.4, 4.2.1.5 and 4.2.1.11), and Microsoft's application policies, which have the form
 * of the first.
 *
 * Processing policies along a path is OpenSSL's affair.
 */
#include "config.h"

#include "x509/local.h"

/* UserNotice: a reference to numbered notices of an organisation, and a text; both optional. */
static int
user_notice(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der notice, reference, numbers;
	struct rmt_span number;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &notice, "userNotice", err) < 0)
		return -1;
	rmt_put(out, "\n  notice");
	if (rmt_der_next_is(&notice, RMT_DER_SEQUENCE)) {
		rmt_put(out, " of ");
		if (rmt_der_enter(&notice, RMT_DER_SEQUENCE, &reference, "noticeRef", err) < 0 ||
		    rmt_put_string(out, &reference, err) < 0 ||
		    rmt_der_enter(&reference, RMT_DER_SEQUENCE, &numbers, "noticeNumbers", err) < 0)
			return -1;
		while (rmt_der_more(&numbers)) {
			if (rmt_der_integer(&numbers, &number, "noticeNumbers", err) < 0)
				return -1;
			rmt_put(out, " ");
			rmt_put_number(out, number);
		}
		if (rmt_der_end(&reference, "noticeRef", err) < 0)
			return -1;
	}
	if (rmt_der_more(&notice)) {
		rmt_put(out, ": ");
		if (rmt_put_string(out, &notice, err) < 0)
			return -1;
	}
	return rmt_der_end(&notice, "userNotice", err);
}

static int
qualifier(struct rmt_der *list, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_span oid;
	struct rmt_tlv tlv;
	int rc = 0;

	if (rmt_der_enter(list, RMT_DER_SEQUENCE, &in, "policyQualifier", err) < 0 ||
	    rmt_der_oid(&in, &oid, "policyQualifier", err) < 0)
		return -1;
	if (rmt_oid_is(oid, "cps")) {
		rmt_put(out, "\n  cps ");
		rc = rmt_put_string(out, &in, err);
	} else if (rmt_oid_is(oid, "userNotice")) {
		rc = user_notice(&in, out, err);
	} else {
		rc = rmt_der_any(&in, &tlv, "policyQualifier", err);
		if (rc == 0) {
			rmt_put(out, "\n  ");
			rmt_put_oid(out, oid);
			rmt_put(out, " ");
			rmt_put_hex(out, tlv.whole);
		}
	}
	return rc < 0 ? -1 : rmt_der_end(&in, "policyQualifier", err);
}

/* One PolicyInformation. */
static int
policy(struct rmt_der *list, struct rmt_span *oid, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der in, qualifiers;

	if (rmt_der_enter(list, RMT_DER_SEQUENCE, &in, "policy", err) < 0 ||
	    rmt_der_oid(&in, oid, "policy", err) < 0)
		return -1;
	rmt_put_oid(out, *oid);
	if (rmt_der_more(&in)) {
		if (rmt_der_enter(&in, RMT_DER_SEQUENCE, &qualifiers, "policyQualifiers", err) <
			0 ||
		    rmt_list_check(&qualifiers, "policyQualifiers", err) < 0)
			return -1;
		while (rmt_der_more(&qualifiers))
			if (qualifier(&qualifiers, out, err) < 0)
				return -1;
	}
	return rmt_der_end(&in, "policy", err);
}

int
rmt_show_policies(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der list;
	struct rmt_span oid;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &list, "policies", err) < 0 ||
	    rmt_list_check(&list, "policies", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		rmt_put_separated(out, &first, "\n");
		if (policy(&list, &oid, out, err) < 0)
			return -1;
	}
	return 0;
}

int
rmt_ext_policies(struct rmt_span value, int (*visit)(void *arg, struct rmt_span policy), void *arg,
    struct rmt_err *err)
{
	struct rmt_der der, list;
	struct rmt_span oid;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, &list, "policies", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		if (policy(&list, &oid, NULL, err) < 0)
			return -1;
		if (visit(arg, oid) != 0)
			return 0;
	}
	return rmt_der_end(&der, "policies", err);
}

int
rmt_ext_policies_write(
    struct rmt_derw *w, const char *const *policies, size_t count, struct rmt_err *err)
{
	struct rmt_buf oid = { .bytes = NULL };
	int rc = -1;

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < count; i++) {
		rmt_buf_clear(&oid);
		if (rmt_oid_encode(policies[i], &oid, err) < 0)
			goto out;
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_oid(w, rmt_buf_view(&oid));
		rmt_derw_end(w);
	}
	rc = 0;
out:
	rmt_derw_end(w);
	rmt_buf_free(&oid);
	return rc;
}

int
rmt_show_policy_mappings(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der list, pair;
	struct rmt_span issuer, subject;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &list, "policyMappings", err) < 0 ||
	    rmt_list_check(&list, "policyMappings", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		if (rmt_der_enter(&list, RMT_DER_SEQUENCE, &pair, "policyMappings", err) < 0 ||
		    rmt_der_oid(&pair, &issuer, "issuerDomainPolicy", err) < 0 ||
		    rmt_der_oid(&pair, &subject, "subjectDomainPolicy", err) < 0 ||
		    rmt_der_end(&pair, "policyMappings", err) < 0)
			return -1;
		rmt_put_separated(out, &first, "\n");
		rmt_put_oid(out, issuer);
		rmt_put(out, " is ");
		rmt_put_oid(out, subject);
	}
	return 0;
}

/* Two counts under context tags, INTEGERs in their content. */
int
rmt_show_policy_constraints(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	static const char *const names[] = { "explicit policy required after ",
		"policy mapping inhibited after " };
	struct rmt_der in;
	struct rmt_tlv tlv;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &in, "policyConstraints", err) < 0 ||
	    rmt_list_check(&in, "policyConstraints", err) < 0)
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		if (!rmt_der_next_is(&in, RMT_DER_CONTEXT(i)))
			continue;
		if (rmt_der_any(&in, &tlv, "policyConstraints", err) < 0)
			return -1;
		if (tlv.value.length == 0)
			return rmt_der_fault(
			    &in, tlv.whole.at, "policyConstraints", err, "INTEGER without content");
		rmt_put_separated(out, &first, ", ");
		rmt_put(out, "%s", names[i]);
		rmt_put_number(out, tlv.value);
	}
	return rmt_der_end(&in, "policyConstraints", err);
}
