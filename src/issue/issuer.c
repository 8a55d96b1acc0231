/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/issuer.c - may this authority issue by this template at all? CA bit, key usage, path length, own purposes,
 * judged over the issuer and, where they are at hand, those above it.
 *
 * Name constraints stand in constraints.c, dates in plan_validity.c. No signature is checked here.
 */
#include "config.h"

#include "issue/local.h"

static const char *
label(const struct rmt_cert *cert, char out[RMT_SHOWN])
{
	struct rmt_buf text = { 0 };

	rmt_name_text(cert->subject, &text);
	rmt_shown(rmt_buf_view(&text), out);
	rmt_buf_free(&text);
	return out;
}

/* The n-th above the certificates that we issue: 0 the issuer itself. */
static const struct rmt_cert *
nth_above(const struct rmt_issuer *issuer, size_t n)
{
	return n ? issuer->above[n - 1] : issuer->cert;
}

static int
check_ca(const struct rmt_cert *cert, struct rmt_basic_constraints *constraints, struct rmt_err *err)
{
	const struct rmt_ext *basic = rmt_ext_find(&cert->extensions, RMT_EXT_BASIC_CONSTRAINTS);
	const struct rmt_ext *usage = rmt_ext_find(&cert->extensions, RMT_EXT_KEY_USAGE);
	char shown[RMT_SHOWN];
	unsigned bits;

	*constraints = (struct rmt_basic_constraints){ .path_length = -1 };
	if (basic && rmt_ext_basic_constraints(basic->value, constraints, NULL, err))
		return -1;
	if (!constraints->ca)
		return rmt_err_cite(err, RMT_POLICY, "issuer", "RFC 5280, 4.2.1.9",
		                    "%s is not a CA certificate and cannot issue", label(cert, shown));
	if (!usage)
		return 0;
	if (rmt_ext_key_usage(usage->value, &bits, err))
		return -1;
	if (!(bits & RMT_KU_CERT_SIGN))
		return rmt_err_cite(err, RMT_POLICY, "issuer", "RFC 5280, 4.2.1.3",
		                    "the key usage of %s lacks keyCertSign", label(cert, shown));
	return 0;
}

/* Certificates below `above` that count against its path length: the CAs between and ours, self-issued ones excepted. */
static int
check_path(struct rmt_recipe *recipe, const struct rmt_cert *above, int path_length, int between,
           struct rmt_err *err)
{
	bool ca = recipe->policy->role != RMT_ROLE_LEAF;
	char shown[RMT_SHOWN];
	int left;

	if (path_length < 0)
		return 0;
	left = path_length - between - (ca && !recipe->issuer.rollover ? 1 : 0);
	if (left < 0)
		return rmt_err_cite(err, RMT_POLICY, "issuer", "RFC 5280, 4.2.1.9",
		                    "the path length %d of %s leaves no room for %s", path_length, label(above, shown),
		                    ca ? "a further CA" : "this issuer");
	if (ca && (recipe->path_length < 0 || recipe->path_length > left)) {
		recipe->path_length = left;
		recipe->path_clamped = true;
	}
	return 0;
}

static int
check_self_signed(const struct rmt_template *policy, struct rmt_err *err)
{
	if (policy->role == RMT_ROLE_ROOT_CA)
		return 0;
	return rmt_err_set(err, RMT_POLICY, "issuer", "template %s needs an authority to issue it", policy->name);
}

int
rmt_issuer_check(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_issuer *issuer = &recipe->issuer;
	struct rmt_basic_constraints constraints;
	int between = 0;

	recipe->path_length = recipe->policy->basic_constraints.path_length;
	if (!issuer->cert)
		return check_self_signed(recipe->policy, err);
	if (recipe->policy->role == RMT_ROLE_ROOT_CA)
		return rmt_err_set(err, RMT_POLICY, "issuer", "template %s makes self-signed certificates only",
		                   recipe->policy->name);
	recipe->not_before = issuer->cert->not_before;
	recipe->not_after = issuer->cert->not_after;
	for (size_t i = 0; i <= issuer->above_count; i++) {
		const struct rmt_cert *above = nth_above(issuer, i);

		if (check_ca(above, &constraints, err) ||
		    check_path(recipe, above, constraints.path_length, between, err))
			return -1;
		if (above->not_after < recipe->not_after)
			recipe->not_after = above->not_after;
		if (!rmt_cert_self_issued(above))
			between++;
	}
	return 0;
}

/* OCSP signing needs no counterpart above: the right comes from the issuer's signature alone (RFC 6960, 4.2.2.2). */
static int
check_purpose(const struct rmt_cert *above, struct rmt_span allowed, struct rmt_span purpose, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	char shown[RMT_SHOWN];
	struct rmt_der cursor;
	struct rmt_span one;

	if (rmt_ext_eku_has(allowed, "anyExtendedKeyUsage") || rmt_oid_is(purpose, "OCSPSigning"))
		return 0;
	if (rmt_ext_eku_open(allowed, &cursor, err))
		return -1;
	while (rmt_der_more(&cursor)) {
		if (rmt_der_oid(&cursor, &one, "extendedKeyUsage", err))
			return -1;
		if (rmt_span_equal(one, purpose))
			return 0;
	}
	rmt_oid_text(purpose, &text);
	rmt_err_cite(err, RMT_POLICY, "extendedKeyUsage", "RFC 5280, 4.2.1.12",
	             "%s may not issue for %s: its own extendedKeyUsage leaves it out", label(above, shown),
	             rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

int
rmt_issuer_check_eku(const struct rmt_recipe *recipe, struct rmt_span eku, struct rmt_err *err)
{
	const struct rmt_issuer *issuer = &recipe->issuer;

	for (size_t i = 0; issuer->cert && i <= issuer->above_count; i++) {
		const struct rmt_cert *above = nth_above(issuer, i);
		const struct rmt_ext *ext = rmt_ext_find(&above->extensions, RMT_EXT_EXTENDED_KEY_USAGE);
		struct rmt_der cursor;
		struct rmt_span purpose;

		if (!ext)
			continue;
		rmt_der_open(&cursor, eku, NULL);
		while (rmt_der_more(&cursor))
			if (rmt_der_oid(&cursor, &purpose, "extendedKeyUsage", err) ||
			    check_purpose(above, ext->value, purpose, err))
				return -1;
	}
	return 0;
}
