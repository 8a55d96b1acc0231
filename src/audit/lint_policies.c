/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_policies.c - lints of certificate policies, their mappings, and name constraints.
 *
 * Whether a path satisfies them is path validation's business.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

/* ---- certificate policies ------------------------------------------------------------------------------------------------ */

/* The next PolicyInformation: its OID, and a cursor over its qualifiers (empty when there are none). */
static bool
next_policy(struct rmt_der *list, struct rmt_span *oid, struct rmt_der *qualifiers)
{
	struct rmt_der in;

	if (!rmt_der_more(list) || rmt_der_enter(list, RMT_DER_SEQUENCE, &in, NULL, NULL) || rmt_der_oid(&in, oid, NULL, NULL))
		return false;
	*qualifiers = in;
	if (rmt_der_more(&in) && rmt_der_enter(&in, RMT_DER_SEQUENCE, qualifiers, NULL, NULL))
		return false;
	return true;
}

int
rmt_lint_policies_duplicate(struct rmt_check *check)
{
	struct rmt_der list, ahead, qualifiers;
	struct rmt_span oid, other;

	if (!rmt_lint_open(check, &list))
		return 0;
	while (next_policy(&list, &oid, &qualifiers))
		for (ahead = list; next_policy(&ahead, &other, &qualifiers);)
			if (rmt_span_equal(oid, other)) {
				rmt_buf_clear(&check->audit->list);
				rmt_oid_text(oid, &check->audit->list);
				return rmt_lint_fault(check, "the policy %s stands there twice", rmt_buf_string(&check->audit->list));
			}
	return 0;
}

/* What a user notice says. */
struct notice {
	bool reference;
	struct rmt_tlv text; /* value.at NULL: none */
};

static void
read_notice(struct rmt_der *qualifier, struct notice *notice)
{
	struct rmt_der in;
	struct rmt_tlv part;

	if (rmt_der_enter(qualifier, RMT_DER_SEQUENCE, &in, NULL, NULL))
		return;
	while (rmt_der_more(&in) && !rmt_der_any(&in, &part, NULL, NULL))
		if (part.tag == RMT_DER_SEQUENCE)
			notice->reference = true;
		else
			notice->text = part;
}

/* Call look for each qualifier of each policy: what it answers but NULL is the fault. */
static int
each_qualifier(struct rmt_check *check, const char *(*look)(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice))
{
	struct rmt_der list, qualifiers, in;
	struct rmt_span policy, oid;

	if (!rmt_lint_open(check, &list))
		return 0;
	while (next_policy(&list, &policy, &qualifiers))
		while (rmt_der_more(&qualifiers) && !rmt_der_enter(&qualifiers, RMT_DER_SEQUENCE, &in, NULL, NULL) &&
		    !rmt_der_oid(&in, &oid, NULL, NULL)) {
			struct notice notice = { .reference = false };
			const char *fault;

			if (rmt_oid_is(oid, "userNotice"))
				read_notice(&in, &notice);
			fault = look(policy, oid, &notice);
			if (fault)
				return rmt_lint_fault(check, "%s", fault);
		}
	return 0;
}

static const char *
look_any(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice)
{
	(void)notice;
	return rmt_oid_is(policy, "anyPolicy") && !rmt_oid_is(qualifier, "cps") && !rmt_oid_is(qualifier, "userNotice")
	           ? "any policy has a qualifier that is neither a statement nor a notice"
	           : NULL;
}

int
rmt_lint_policies_any(struct rmt_check *check)
{
	return each_qualifier(check, look_any);
}

static const char *
look_long(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice)
{
	size_t count = 0;

	(void)policy;
	(void)qualifier;
	if (notice->text.tag == RMT_DER_BMP)
		count = notice->text.value.length / 2;
	for (size_t i = 0; notice->text.tag != RMT_DER_BMP && notice->text.value.at && i < notice->text.value.length; i++)
		count += notice->text.tag != RMT_DER_UTF8 || (notice->text.value.at[i] & 0xc0) != 0x80;
	return count > 200 ? "a notice has more than 200 characters" : NULL;
}

int
rmt_lint_policies_long(struct rmt_check *check)
{
	return each_qualifier(check, look_long);
}

static const char *
look_ia5(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice)
{
	(void)policy;
	(void)qualifier;
	return notice->text.tag == RMT_DER_IA5 ? "a notice is an IA5String" : NULL;
}

int
rmt_lint_policies_ia5(struct rmt_check *check)
{
	return each_qualifier(check, look_ia5);
}

static const char *
look_utf8(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice)
{
	(void)policy;
	(void)qualifier;
	return notice->text.tag == RMT_DER_VISIBLE || notice->text.tag == RMT_DER_BMP ? "a notice is no UTF8String" : NULL;
}

int
rmt_lint_policies_utf8(struct rmt_check *check)
{
	return each_qualifier(check, look_utf8);
}

static const char *
look_control(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice)
{
	(void)policy;
	(void)qualifier;
	for (size_t i = 0; notice->text.value.at && notice->text.tag != RMT_DER_BMP && i < notice->text.value.length; i++)
		if (notice->text.value.at[i] < 0x20 || notice->text.value.at[i] == 0x7f)
			return "a notice has a control character";
	return NULL;
}

int
rmt_lint_policies_control(struct rmt_check *check)
{
	return each_qualifier(check, look_control);
}

static const char *
look_reference(struct rmt_span policy, struct rmt_span qualifier, const struct notice *notice)
{
	(void)policy;
	(void)qualifier;
	return notice->reference ? "a notice is referred to by its number" : NULL;
}

int
rmt_lint_policies_reference(struct rmt_check *check)
{
	return each_qualifier(check, look_reference);
}

/* ---- policy mappings -------------------------------------------------------------------------------------------------------- */

static bool
next_mapping(struct rmt_der *list, struct rmt_span *from, struct rmt_span *to)
{
	struct rmt_der pair;

	return rmt_der_more(list) && !rmt_der_enter(list, RMT_DER_SEQUENCE, &pair, NULL, NULL) && !rmt_der_oid(&pair, from, NULL, NULL) &&
	    !rmt_der_oid(&pair, to, NULL, NULL);
}

int
rmt_lint_mappings_any(struct rmt_check *check)
{
	struct rmt_span from, to;
	struct rmt_der list;

	if (!rmt_lint_open(check, &list))
		return 0;
	while (next_mapping(&list, &from, &to))
		if (rmt_oid_is(from, "anyPolicy") || rmt_oid_is(to, "anyPolicy"))
			return rmt_lint_fault(check, "any policy is mapped");
	return 0;
}

struct wanted {
	struct rmt_span oid;
	bool found;
};

static int
see_policy(void *arg, struct rmt_span policy)
{
	struct wanted *wanted = arg;

	wanted->found = wanted->found || rmt_span_equal(policy, wanted->oid);
	return wanted->found;
}

int
rmt_lint_mappings_listed(struct rmt_check *check)
{
	const struct rmt_ext *policies = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_CERTIFICATE_POLICIES);
	struct wanted wanted;
	struct rmt_span to;
	struct rmt_der list;

	if (!rmt_lint_open(check, &list))
		return 0;
	while (wanted.found = false, next_mapping(&list, &wanted.oid, &to)) {
		if (policies && (rmt_ext_policies(policies->value, see_policy, &wanted, NULL) || wanted.found))
			continue;
		rmt_buf_clear(&check->audit->list);
		rmt_oid_text(wanted.oid, &check->audit->list);
		return rmt_lint_fault(check, "the policy %s is mapped and is no policy of the certificate",
		    rmt_buf_string(&check->audit->list));
	}
	return 0;
}

/* ---- name constraints ---------------------------------------------------------------------------------------------------------- */

/* A subtree's base, and its bounds by their tags. */
struct subtree {
	unsigned char tag; /* of the base */
	struct rmt_span base;
	bool minimum, maximum; /* a minimum other than zero; any maximum */
};

static void
read_bounds(struct rmt_der *in, struct subtree *out)
{
	struct rmt_tlv bound;

	out->minimum = out->maximum = false;
	while (rmt_der_more(in) && !rmt_der_any(in, &bound, NULL, NULL)) {
		out->minimum = out->minimum || (bound.tag == RMT_DER_CONTEXT(0) && !(bound.value.length == 1 && !bound.value.at[0]));
		out->maximum = out->maximum || bound.tag == RMT_DER_CONTEXT(1);
	}
}

/* Call look for each subtree, permitted or excluded. */
static int
each_subtree(struct rmt_check *check, const char *(*look)(const struct subtree *subtree))
{
	struct rmt_der constraints, in;
	struct rmt_tlv list, base;
	struct subtree subtree;

	if (!rmt_lint_open(check, &constraints))
		return 0;
	while (rmt_der_more(&constraints) && !rmt_der_any(&constraints, &list, NULL, NULL)) {
		struct rmt_der trees;

		rmt_der_open(&trees, list.value, &rmt_notes_ignored);
		while (rmt_der_more(&trees) && !rmt_der_enter(&trees, RMT_DER_SEQUENCE, &in, NULL, NULL) &&
		    !rmt_der_any(&in, &base, NULL, NULL)) {
			const char *fault;

			subtree.tag = base.tag;
			subtree.base = base.value;
			read_bounds(&in, &subtree);
			fault = look(&subtree);
			if (fault)
				return rmt_lint_fault(check, "%s", fault);
		}
	}
	return 0;
}

static const char *
look_minimum(const struct subtree *subtree)
{
	return subtree->minimum ? "a subtree has a minimum" : NULL;
}

int
rmt_lint_constraints_minimum(struct rmt_check *check)
{
	return each_subtree(check, look_minimum);
}

static const char *
look_maximum(const struct subtree *subtree)
{
	return subtree->maximum ? "a subtree has a maximum" : NULL;
}

int
rmt_lint_constraints_maximum(struct rmt_check *check)
{
	return each_subtree(check, look_maximum);
}

static const char *
look_mask(const struct subtree *subtree)
{
	size_t half = subtree->base.length / 2;
	bool ended = false;

	if (subtree->tag != RMT_DER_CONTEXT(RMT_GN_IP))
		return NULL;
	if (half * 2 != subtree->base.length || (half != 4 && half != 16))
		return "an address stands there without its mask";
	for (size_t i = 0; i < 8 * half; i++) {
		bool set = subtree->base.at[half + i / 8] >> (7 - i % 8) & 1;

		if (set && ended)
			return "the mask of an address has holes";
		ended = !set;
	}
	return NULL;
}

int
rmt_lint_constraints_mask(struct rmt_check *check)
{
	return each_subtree(check, look_mask);
}

static const char *
look_forms(const struct subtree *subtree)
{
	switch (subtree->tag & 0x1f) {
	case RMT_GN_X400:
		return "an X.400 address is constrained, which verifiers do not look at";
	case RMT_GN_EDI:
		return "an EDI party is constrained, which verifiers do not look at";
	case RMT_GN_RID:
		return "a registered identifier is constrained, which verifiers do not look at";
	default:
		return NULL;
	}
}

int
rmt_lint_constraints_forms(struct rmt_check *check)
{
	return each_subtree(check, look_forms);
}
