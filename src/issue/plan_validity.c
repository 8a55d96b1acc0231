/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/plan_validity.c - notBefore and notAfter: the template's wish, the person's, and what the issuer's own leaves.
 *
 * A period of N seconds includes both its ends: notAfter = notBefore + N - 1 (RFC 5280, 4.1.2.5).
 */
#include "config.h"

#include "issue/local.h"

static const char field[] = "validity";

static int
not_before(struct rmt_draft *draft, struct rmt_err *err)
{
	rmt_time asked = draft->wish->not_before;
	rmt_time issuer = draft->recipe->not_before;
	char text[32], limit[32];

	draft->not_before = asked ? asked : draft->now - draft->policy->backdate;
	rmt_time_text(draft->not_before, text);
	if (draft->not_before < draft->now - RMT_BACKDATE_MAX)
		return rmt_err_set(err, RMT_POLICY, "validity.notBefore",
		                   "%s lies more than 24 hours in the past", text);
	if (draft->recipe->issuer.cert && draft->not_before < issuer) {
		rmt_time_text(issuer, limit);
		if (asked)
			return rmt_err_set(err, RMT_POLICY, "validity.notBefore",
			                   "%s is before the issuer's own beginning, %s", text, limit);
		draft->not_before = issuer;
		rmt_draft_report(draft, RMT_DECISION_CHANGED, field,
		                 "notBefore is %s, when the issuer begins, instead of %s", limit, text);
	}
	return 0;
}

/* The last second wished for, before the issuer's end is looked at. */
static int
wished_end(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_template *policy = draft->policy;
	const struct rmt_wish *wish = draft->wish;
	int64_t seconds = wish->validity ? wish->validity : policy->validity;

	if (wish->not_after)
		seconds = wish->not_after >= draft->not_before ? wish->not_after - draft->not_before + 1 : 0;
	if (seconds <= 0)
		return rmt_err_set(err, RMT_POLICY, "validity.notAfter", "the certificate would end before it begins");
	if (policy->max_validity > 0 && seconds > policy->max_validity)
		return rmt_err_set(err, RMT_POLICY, field,
		                   "%lld days are more than the %lld days that template %s allows",
		                   (long long)((seconds + RMT_DAY - 1) / RMT_DAY),
		                   (long long)(policy->max_validity / RMT_DAY), policy->name);
	if (seconds - 1 > RMT_TIME_MAX - draft->not_before) {
		draft->not_after = RMT_TIME_MAX;
		rmt_draft_report(draft, RMT_DECISION_CHANGED, field,
		                 "notAfter cut to 9999-12-31T23:59:59Z, the last date there is (RFC 5280, 4.1.2.5)");
		return 0;
	}
	draft->not_after = draft->not_before + seconds - 1;
	return 0;
}

static int
issuer_end(struct rmt_draft *draft, struct rmt_err *err)
{
	rmt_time end = draft->recipe->not_after;
	char text[32], limit[32];

	if (!draft->recipe->issuer.cert || draft->not_after <= end)
		return 0;
	rmt_time_text(draft->not_after, text);
	rmt_time_text(end, limit);
	if (draft->wish->not_after)
		return rmt_err_set(err, RMT_POLICY, "validity.notAfter",
		                   "%s is beyond the end of the issuing authority, %s", text, limit);
	draft->not_after = end;
	rmt_draft_report(draft, RMT_DECISION_CHANGED, field,
	                 "notAfter cut from %s to the issuing authority's own end, %s", text, limit);
	return 0;
}

int
rmt_draft_validity(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_recipe *recipe = draft->recipe;
	char text[32];

	if (recipe->issuer.cert && draft->now > recipe->not_after) {
		rmt_time_text(recipe->not_after, text);
		return rmt_err_set(err, RMT_POLICY, "issuer", "the issuing authority expired on %s", text);
	}
	if (recipe->issuer.cert && draft->now < recipe->not_before) {
		rmt_time_text(recipe->not_before, text);
		return rmt_err_set(err, RMT_POLICY, "issuer", "the issuing authority is not valid before %s", text);
	}
	if (not_before(draft, err) || wished_end(draft, err) || issuer_end(draft, err))
		return -1;
	if (draft->not_after < draft->now)
		return rmt_err_set(err, RMT_POLICY, "validity.notAfter", "the certificate would be expired already");
	return 0;
}
