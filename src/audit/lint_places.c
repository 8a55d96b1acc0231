/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_places.c - lints of where revocation lists, OCSP responders and issuers are found.
 *
 * Nothing is fetched.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "audit/local.h"

/* ---- CRL distribution points ------------------------------------------------------------------------------------------ */

/* Which parts the next point has; false at the end. */
static bool
next_point(struct rmt_der *list, bool *name, bool *reasons, bool *issuer)
{
	struct rmt_der point;
	struct rmt_tlv part;

	if (!rmt_der_more(list) || rmt_der_enter(list, RMT_DER_SEQUENCE, &point, NULL, NULL))
		return false;
	*name = *reasons = *issuer = false;
	while (rmt_der_more(&point) && !rmt_der_any(&point, &part, NULL, NULL)) {
		*name = *name || part.tag == RMT_DER_CONTEXT_CONSTRUCTED(0);
		*reasons = *reasons || part.tag == RMT_DER_CONTEXT(1);
		*issuer = *issuer || part.tag == RMT_DER_CONTEXT_CONSTRUCTED(2);
	}
	return true;
}

int
rmt_lint_points_complete(struct rmt_check *check)
{
	bool name, reasons, issuer;
	struct rmt_der list;

	if (!rmt_lint_open(check, &list))
		return 0;
	while (next_point(&list, &name, &reasons, &issuer))
		if (!name && !issuer)
			return rmt_lint_fault(check, "a CRL distribution point has neither a name nor an issuer");
	return 0;
}

int
rmt_lint_points_reasons(struct rmt_check *check)
{
	bool name, reasons, issuer, some = false;
	struct rmt_der list;

	if (!rmt_lint_open(check, &list))
		return 0;
	for (; next_point(&list, &name, &reasons, &issuer); some = true)
		if (!reasons)
			return 0;
	return some ? rmt_lint_fault(check, "every CRL distribution point is for some reasons only") : 0;
}

struct seen {
	struct rmt_span relative, tls;
};

static bool
begins(struct rmt_span text, const char *with)
{
	size_t length = strlen(with);

	return text.length >= length && !strncasecmp((const char *)text.at, with, length);
}

static int
see(void *arg, struct rmt_span uri)
{
	struct seen *seen = arg;

	if (!rmt_lint_scheme(uri))
		seen->relative = uri;
	if (begins(uri, "https:") || begins(uri, "ldaps:"))
		seen->tls = uri;
	return 0;
}

int
rmt_lint_points_relative(struct rmt_check *check)
{
	struct seen seen = { { NULL, 0 }, { NULL, 0 } };

	if (rmt_ext_crl_uris(rmt_lint_ext(check)->value, see, &seen, NULL) || !seen.relative.at)
		return 0;
	return rmt_lint_fault(check, "\"%s\" is no absolute URI", rmt_lint_text(check, seen.relative));
}

int
rmt_lint_points_https(struct rmt_check *check)
{
	struct seen seen = { { NULL, 0 }, { NULL, 0 } };

	if (rmt_ext_crl_uris(rmt_lint_ext(check)->value, see, &seen, NULL) || !seen.tls.at)
		return 0;
	return rmt_lint_fault(check, "to fetch \"%s\" another certificate must be verified first", rmt_lint_text(check, seen.tls));
}

/* ---- authority information access ------------------------------------------------------------------------------------------ */

static int
see_method(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	struct rmt_span *odd = arg;

	(void)location;
	if (!rmt_oid_is(method, "caIssuers") && !rmt_oid_is(method, "ocsp"))
		*odd = method;
	return 0;
}

int
rmt_lint_access_method(struct rmt_check *check)
{
	struct rmt_span odd = { NULL, 0 };

	if (rmt_ext_access(rmt_lint_ext(check)->value, see_method, &odd, NULL) || !odd.at)
		return 0;
	rmt_buf_clear(&check->audit->list);
	rmt_oid_text(odd, &check->audit->list);
	return rmt_lint_fault(check, "the access method %s is none of issuers and OCSP", rmt_buf_string(&check->audit->list));
}

static int
see_location(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	const char **odd = arg;

	(void)method;
	if (location->type != RMT_GN_URI)
		*odd = "a place is no URI";
	else if (!begins(location->value, "http://") && !begins(location->value, "ldap://") && !begins(location->value, "ldap:///"))
		*odd = "a place is no http or ldap URI";
	return 0;
}

int
rmt_lint_access_uri(struct rmt_check *check)
{
	const char *odd = NULL;

	if (rmt_ext_access(rmt_lint_ext(check)->value, see_location, &odd, NULL) || !odd)
		return 0;
	return rmt_lint_fault(check, "%s", odd);
}
