/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_signature.c - rules about the algorithm that a certificate was signed with.
 *
 * They judge the name of the algorithm only; whether the signature verifies is part of path validation. Bytes that are
 * still to be signed name their algorithm too and are judged by it.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

static int
read_algorithm(struct rmt_check *check, struct rmt_signature_algorithm *out)
{
	const struct rmt_cert *cert = check->on->cert;
	bool sealed = cert->outer_algorithm.length > 0;

	return rmt_algorithm_read(sealed ? cert->outer_algorithm : cert->inner_algorithm, out, NULL);
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
