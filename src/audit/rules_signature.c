/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_signature.c - rules about the algorithm that a certificate was signed with.
 *
 * They judge the name of the algorithm only; whether the signature verifies is part of path validation. Bytes that are
 * still to be signed name their algorithm too and are judged by it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "audit/local.h"

static int
read_algorithm_of(const struct rmt_cert *cert, struct rmt_signature_algorithm *out)
{
	bool sealed = cert->outer_algorithm.length > 0;

	return rmt_algorithm_read(sealed ? cert->outer_algorithm : cert->inner_algorithm, out, NULL);
}

static int
read_algorithm(struct rmt_check *check, struct rmt_signature_algorithm *out)
{
	return read_algorithm_of(check->on->cert, out);
}

int
rmt_rule_signature_digest(struct rmt_check *check)
{
	struct rmt_signature_algorithm algorithm;

	if (read_algorithm(check, &algorithm))
		return rmt_audit_unreadable(check, "signatureAlgorithm", "the signature algorithm");
	if (!algorithm.digest[0] || !rmt_text_list_has(&check->rule->set->values, algorithm.digest))
		return 0;
	return rmt_audit_fault(check, "signatureAlgorithm", "signed with %s, and the digest %s is refused", algorithm.name,
	    algorithm.digest);
}

int
rmt_rule_signature_pss(struct rmt_check *check)
{
	struct rmt_signature_algorithm algorithm;

	if (read_algorithm(check, &algorithm))
		return rmt_audit_unreadable(check, "signatureAlgorithm", "the signature algorithm");
	if (strcmp(algorithm.key, "rsa-pss") != 0)
		return 0;
	return rmt_audit_fault(check, "signatureAlgorithm", "signed with RSASSA-PSS%s%s", algorithm.digest[0] ? " and " : "",
	    algorithm.digest);
}

/* A root's own signature proves nothing, and who trusts it does not look; but peers exist that hold everything on the
 * wire against the algorithms that they know. What is in a bag is not yet on the wire. */
int
rmt_rule_root_digest(struct rmt_check *check)
{
	const struct rmt_presented *presented = check->presented;
	int rc = 0;

	for (size_t i = 0; presented->order_matters && i < presented->sent_count && !rc; i++) {
		const struct rmt_cert *cert = presented->sent[i];
		struct rmt_signature_algorithm algorithm;
		char place[32];

		if (!rmt_chain_is_root(cert) || read_algorithm_of(cert, &algorithm) || !algorithm.digest[0] ||
		    !rmt_text_list_has(&check->rule->set->values, algorithm.digest))
			continue;
		snprintf(place, sizeof place, "chain[%zu]", i + 1);
		rc = rmt_audit_fault_of(check, cert, RMT_SEVERITY_ERROR, place,
		    "this root is sent along, signed with %s, and the digest %s is refused", algorithm.name, algorithm.digest);
	}
	return rc;
}

int
rmt_rule_algorithm_match(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;
	struct rmt_signature_algorithm inner = { .name = "" }, outer = { .name = "" };

	if (rmt_span_equal(cert->inner_algorithm, cert->outer_algorithm))
		return 0;
	if (rmt_algorithm_read(cert->inner_algorithm, &inner, NULL) || rmt_algorithm_read(cert->outer_algorithm, &outer, NULL))
		return rmt_audit_unreadable(check, "signatureAlgorithm", "the signature algorithm");
	if (!strcmp(inner.name, outer.name))
		return rmt_audit_fault(check, "signatureAlgorithm",
		    "the parameters of the signature algorithm differ inside and outside the signed part");
	return rmt_audit_fault(check, "signatureAlgorithm", "the signed part says %s, the signature says %s",
	    inner.name[0] ? inner.name : "an unknown algorithm", outer.name[0] ? outer.name : "an unknown algorithm");
}
