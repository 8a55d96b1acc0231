/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_usage.c - lints of what a key is for: key usage, extended key usage, OCSP, and the kind of key.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

enum {
	SIGNS = RMT_KU_DIGITAL_SIGNATURE | RMT_KU_CONTENT_COMMITMENT,
	CERTIFIES = RMT_KU_CERT_SIGN | RMT_KU_CRL_SIGN,
	ONLY = RMT_KU_ENCIPHER_ONLY | RMT_KU_DECIPHER_ONLY,
};

int
rmt_lint_usage_bits(struct rmt_check *check)
{
	return check->facts->usage_known && !check->facts->usage ? rmt_lint_fault(check, "the key usage names no use") : 0;
}

int
rmt_lint_usage_der(struct rmt_check *check)
{
	struct rmt_span value = rmt_lint_ext(check)->value;

	if (!check->facts->usage_known || !check->facts->usage || !rmt_ext_check(rmt_lint_ext(check), NULL, NULL))
		return 0;
	return rmt_lint_fault(check, "the key usage of %zu bytes is longer than its bits ask for", value.length);
}

int
rmt_lint_usage_ca(struct rmt_check *check)
{
	const struct rmt_ext *ext = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_KEY_USAGE);

	if (!check->facts->ca || (ext && !check->facts->usage_known) || check->facts->usage & RMT_KU_CERT_SIGN)
		return 0;
	return rmt_audit_fault(check, "tbs.extensions.keyUsage", ext ? "the key usage of this CA lacks keyCertSign"
	                                                             : "this CA has no key usage");
}

int
rmt_lint_usage_not_ca(struct rmt_check *check)
{
	if (check->facts->ca || !(check->facts->usage & RMT_KU_CERT_SIGN))
		return 0;
	return rmt_lint_fault(check, "the key usage has keyCertSign, and the certificate is no CA's");
}

/* The uses that a kind of key has; a name that ends with a hyphen goes for all that begin so. */
static const struct {
	const char *kind;
	unsigned uses;
} kinds[] = {
	{ "rsa", SIGNS | CERTIFIES | RMT_KU_KEY_ENCIPHERMENT | RMT_KU_DATA_ENCIPHERMENT },
	{ "rsa-pss", SIGNS | CERTIFIES },
	{ "ec", SIGNS | CERTIFIES | RMT_KU_KEY_AGREEMENT | ONLY },
	{ "ed25519", SIGNS | CERTIFIES },
	{ "ed448", SIGNS | CERTIFIES },
	{ "x25519", RMT_KU_KEY_AGREEMENT | ONLY },
	{ "x448", RMT_KU_KEY_AGREEMENT | ONLY },
	{ "ml-dsa-", SIGNS | CERTIFIES },
	{ "slh-dsa-", SIGNS | CERTIFIES },
	{ "ml-kem-", RMT_KU_KEY_ENCIPHERMENT },
};

static bool
is_kind(const char *kind, const char *row)
{
	size_t length = strlen(row);

	return row[length - 1] == '-' ? !strncmp(kind, row, length) : !strcmp(kind, row);
}

int
rmt_lint_usage_kind(struct rmt_check *check)
{
	const struct rmt_spki *spki = check->facts->usage_known ? rmt_audit_spki(check) : NULL;

	for (size_t i = 0; spki && i < sizeof kinds / sizeof kinds[0]; i++) {
		unsigned wrong = check->facts->usage & ~kinds[i].uses;

		if (is_kind(spki->kind, kinds[i].kind))
			return wrong ? rmt_lint_fault(check, "a key of the kind %s has no use for %s", spki->kind,
			                   rmt_key_usage_name(wrong & (~wrong + 1)))
			             : 0;
	}
	return 0;
}

int
rmt_lint_usage_only(struct rmt_check *check)
{
	unsigned usage = check->facts->usage;

	if (!(usage & ONLY) || usage & RMT_KU_KEY_AGREEMENT)
		return 0;
	return rmt_lint_fault(check, "the key usage has %s without keyAgreement", rmt_key_usage_name(usage & RMT_KU_ENCIPHER_ONLY
	                                                                                              ? RMT_KU_ENCIPHER_ONLY
	                                                                                              : RMT_KU_DECIPHER_ONLY));
}

/* RFC 5280, 4.2.1.12: the uses that may be consistent with each purpose. */
static const struct {
	const char *purpose;
	unsigned uses;
} purposes[] = {
	{ "serverAuth", RMT_KU_DIGITAL_SIGNATURE | RMT_KU_KEY_ENCIPHERMENT | RMT_KU_KEY_AGREEMENT },
	{ "clientAuth", RMT_KU_DIGITAL_SIGNATURE | RMT_KU_KEY_AGREEMENT },
	{ "codeSigning", RMT_KU_DIGITAL_SIGNATURE },
	{ "emailProtection", SIGNS | RMT_KU_KEY_ENCIPHERMENT | RMT_KU_KEY_AGREEMENT },
	{ "timeStamping", SIGNS },
	{ "OCSPSigning", SIGNS },
};

/* The purposes of a CA bound what is issued under it; they say nothing of its own key. */
int
rmt_lint_usage_purpose(struct rmt_check *check)
{
	const struct rmt_lint_facts *facts = check->facts;

	if (!facts->purposes.length || facts->ca || !facts->usage_known || !facts->usage)
		return 0;
	for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
		if (!(facts->usage & purposes[i].uses) && rmt_lint_purpose(check, purposes[i].purpose))
			return rmt_lint_fault(check, "no use of the key is one for %s", purposes[i].purpose);
	return 0;
}

/* ---- the key itself ---------------------------------------------------------------------------------------------------- */

int
rmt_lint_key_point(struct rmt_check *check)
{
	const struct rmt_spki *spki = rmt_audit_spki(check);

	if (!spki || strcmp(spki->kind, "ec") != 0 || !spki->point.length || (spki->point.at[0] != 2 && spki->point.at[0] != 3))
		return 0;
	return rmt_audit_fault(check, "tbs.subjectPublicKeyInfo", "the point of the EC key is compressed, which not everybody reads");
}

/* ---- purposes ------------------------------------------------------------------------------------------------------------ */

int
rmt_lint_eku_any(struct rmt_check *check)
{
	if (!rmt_lint_ext(check)->critical || !rmt_lint_purpose(check, "anyExtendedKeyUsage"))
		return 0;
	return rmt_lint_fault(check, "the extended key usage allows any purpose and is critical");
}

int
rmt_lint_eku_duplicate(struct rmt_check *check)
{
	struct rmt_der list, ahead;
	struct rmt_span oid, other;

	if (!rmt_lint_open(check, &list))
		return 0;
	while (rmt_der_more(&list) && !rmt_der_oid(&list, &oid, NULL, NULL))
		for (ahead = list; rmt_der_more(&ahead) && !rmt_der_oid(&ahead, &other, NULL, NULL);)
			if (rmt_span_equal(oid, other)) {
				rmt_buf_clear(&check->audit->list);
				rmt_oid_text(oid, &check->audit->list);
				return rmt_lint_fault(check, "the purpose %s stands there twice", rmt_buf_string(&check->audit->list));
			}
	return 0;
}

/* ---- OCSP ---------------------------------------------------------------------------------------------------------------- */

int
rmt_lint_nocheck(struct rmt_check *check)
{
	if (rmt_lint_purpose(check, "OCSPSigning") && !check->facts->ca)
		return 0;
	return rmt_lint_fault(check, "the certificate says that it is not checked for revocation, and is no OCSP responder's");
}

int
rmt_lint_ocsp_ca(struct rmt_check *check)
{
	if (!check->facts->ca || !rmt_lint_purpose(check, "OCSPSigning") || rmt_lint_purpose(check, "anyExtendedKeyUsage"))
		return 0;
	/* A CA may bound what is issued under it to OCSP responders among others. */
	if (rmt_lint_purpose(check, "serverAuth") || rmt_lint_purpose(check, "clientAuth") || rmt_lint_purpose(check, "emailProtection"))
		return 0;
	return rmt_lint_fault(check, "the certificate of an OCSP responder is a CA's");
}
