/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_dates.c - rules about validity: now, soon, how long, and within the issuer's.
 *
 * A lifetime counts both ends (RFC 5280, 4.1.2.5): notAfter is the last good second. Days are told rounded up, as the
 * CA/Browser Forum counts them.
 */
#include "config.h"

#include <inttypes.h>

#include "audit/local.h"

enum { SOON = 30 }; /* days, when the target says nothing */

int
rmt_rule_dates_valid(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;
	rmt_time now = check->audit->now;
	char text[32];

	if (now < cert->not_before) {
		rmt_time_text(cert->not_before, text);
		return rmt_audit_fault(check, "tbs.validity.notBefore", "not valid before %s", text);
	}
	if (now > cert->not_after) {
		rmt_time_text(cert->not_after, text);
		return rmt_audit_fault(check, "tbs.validity.notAfter", "expired on %s", text);
	}
	return 0;
}

int
rmt_rule_dates_expiring(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;
	int64_t least = check->rule->set->min >= 0 ? check->rule->set->min : SOON * RMT_DAY;
	rmt_time now = check->audit->now;
	char text[32];

	if (now > cert->not_after || cert->not_after - now >= least)
		return 0;
	rmt_time_text(cert->not_after, text);
	return rmt_audit_fault(check, "tbs.validity.notAfter", "expires on %s, in %" PRId64 " days or less", text,
	    rmt_days(cert->not_after - now));
}

int
rmt_rule_dates_lifetime(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;
	int64_t most = check->rule->set->max, lifetime = cert->not_after - cert->not_before + 1;

	if (lifetime < 1)
		return rmt_audit_fault(check, "tbs.validity", "the end of the validity lies before its beginning");
	if (lifetime <= most)
		return 0;
	return rmt_audit_fault(check, "tbs.validity", "valid for %" PRId64 " days where at most %" PRId64 " are accepted",
	    rmt_days(lifetime), most / RMT_DAY);
}

int
rmt_rule_dates_nesting(struct rmt_check *check)
{
	const struct rmt_cert *issuer = check->on->cert, *below;
	char inner[32], outer[32];

	if (!check->depth)
		return 0;
	below = check->path.cert[check->depth - 1];
	if (below->not_after > issuer->not_after) {
		rmt_time_text(issuer->not_after, outer);
		rmt_time_text(below->not_after, inner);
		return rmt_audit_fault(check, "tbs.validity.notAfter",
		    "expires on %s, before a certificate that it signed, which lasts until %s", outer, inner);
	}
	if (below->not_before < issuer->not_before) {
		rmt_time_text(issuer->not_before, outer);
		rmt_time_text(below->not_before, inner);
		return rmt_audit_fault(check, "tbs.validity.notBefore",
		    "begins on %s, after a certificate that it signed, which begins on %s", outer, inner);
	}
	return 0;
}
