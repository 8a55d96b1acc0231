/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_chain.c - rules about the chain as it was sent, and about the verdict on its paths.
 *
 * What was sent is judged as sent: a certificate that the auditor happens to have does not repair it. A root may be
 * missing, since whoever trusts it has it. The search itself is chain.c's, the verdict verdict.c's.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/local.h"

enum { ORDER_MOST = 256 }; /* certificates sent whose order is compared each with each */

/* ---- complete -------------------------------------------------------------------------------------------------------------- */

/* The first certificate on the path that is at hand but was not sent and should have been; 0 when there is none. */
static size_t
first_missing(const struct rmt_path *path)
{
	for (size_t i = 1; i < path->count; i++) {
		bool last = i + 1 == path->count;

		if (!path->sent[i] && !(last && (path->anchored || path->rooted)))
			return i;
	}
	return 0;
}

static int
see_issuer_address(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	bool *found = arg;

	*found = *found || (rmt_oid_is(method, "caIssuers") && location->type == RMT_GN_URI);
	return 0;
}

/* Will the consumer fetch the issuer of this certificate by itself? */
static bool
fetched(const struct rmt_check *check, const struct rmt_cert *cert)
{
	const struct rmt_ext *ext = rmt_ext_find(&cert->extensions, RMT_EXT_AUTHORITY_INFO);
	bool found = false;

	if (!check->audit->target->path.fetch_missing || !ext || rmt_ext_access(ext->value, see_issuer_address, &found, NULL))
		return false;
	return found;
}

/* What a name is called in a message, in the audit's list. */
static const char *
name_text(struct rmt_check *check, struct rmt_span name)
{
	struct rmt_buf *list = &check->audit->list, *text = &check->audit->scratch;

	rmt_buf_clear(text);
	rmt_name_text(name, text);
	rmt_buf_clear(list);
	rmt_plain_text(rmt_buf_view(text), list);
	return rmt_buf_string(list);
}

static int
tell_incomplete(struct rmt_check *check, const struct rmt_path *path)
{
	size_t missing = first_missing(path);
	const struct rmt_cert *below = path->cert[missing ? missing - 1 : path->count - 1];
	bool anchors = rmt_chain_store_has_anchors(check->audit->store);
	enum rmt_severity most = fetched(check, below) ? RMT_SEVERITY_INFO : RMT_SEVERITY_ERROR;

	if (missing)
		return rmt_audit_fault_most(check, most, "chain", "the intermediate \"%s\" was not sent along",
		    name_text(check, path->cert[missing]->subject));
	if (anchors)
		return rmt_audit_fault_most(check, most, "chain", "the issuer \"%s\" was not sent, and it is no trusted root",
		    name_text(check, below->issuer));
	/* Nobody knows whether what is missing is a root. After an intermediate it mostly is. */
	if (path->count > 1)
		most = RMT_SEVERITY_INFO;
	return rmt_audit_fault_most(check, most, "chain",
	    "the issuer \"%s\" was not sent: unless it is a root that the consumer has, no path can be built",
	    name_text(check, below->issuer));
}

int
rmt_rule_chain_complete(struct rmt_check *check)
{
	const struct rmt_search *search = check->audit->search;
	bool anchors = rmt_chain_store_has_anchors(check->audit->store);
	struct rmt_path path;

	for (size_t i = 0; i < rmt_search_count(search); i++) {
		rmt_search_path(search, i, &path);
		if ((path.anchored || (path.rooted && !anchors)) && !first_missing(&path))
			return 0;
		/* A root that is sent and not trusted is another rule's matter: nothing is missing. */
		if (path.rooted && path.sent[path.count - 1] && !first_missing(&path))
			return 0;
	}
	rmt_search_path(search, 0, &path);
	return tell_incomplete(check, &path);
}

/* ---- order and ballast ------------------------------------------------------------------------------------------------------ */

static bool
is_twin(const struct rmt_check *check, size_t index)
{
	return rmt_search_twin(check->audit->search, index) != (ptrdiff_t)index;
}

/* Has this certificate signed the leaf or one that stands before it? */
static bool
signed_before(const struct rmt_presented *presented, size_t index)
{
	const struct rmt_cert *issuer = presented->sent[index];

	if (rmt_cert_issued_by(presented->leaf, issuer))
		return true;
	for (size_t i = 0; i < index; i++)
		if (rmt_cert_issued_by(presented->sent[i], issuer))
			return true;
	return false;
}

/* Does one that it signed come later? What was not sent at all is out of no order. */
static bool
signs_later(const struct rmt_presented *presented, size_t index)
{
	const struct rmt_cert *issuer = presented->sent[index];

	for (size_t i = index + 1; i < presented->sent_count && i < ORDER_MOST; i++)
		if (rmt_cert_issued_by(presented->sent[i], issuer) && !rmt_span_equal(presented->sent[i]->der, issuer->der))
			return true;
	return false;
}

int
rmt_rule_chain_order(struct rmt_check *check)
{
	const struct rmt_presented *presented = check->presented;

	if (!presented->order_matters || !presented->sent_count)
		return 0;
	if (!presented->leaf_first)
		return rmt_audit_fault(check, "chain", "the leaf does not stand first");
	for (size_t i = 0; i < presented->sent_count && i < ORDER_MOST; i++) {
		char place[32];

		if (is_twin(check, i) || !rmt_search_reached(check->audit->search, i) ||
		    signed_before(presented, i) || !signs_later(presented, i))
			continue;
		snprintf(place, sizeof place, "chain[%zu]", i + 1);
		return rmt_audit_fault(check, place, "\"%s\" stands before the certificates that it signed",
		    name_text(check, presented->sent[i]->subject));
	}
	return 0;
}

int
rmt_rule_chain_duplicate(struct rmt_check *check)
{
	const struct rmt_presented *presented = check->presented;
	int rc = 0;

	for (size_t i = 0; i < presented->sent_count && !rc; i++) {
		ptrdiff_t twin = rmt_search_twin(check->audit->search, i);
		char place[32];

		if (twin == (ptrdiff_t)i)
			continue;
		snprintf(place, sizeof place, "chain[%zu]", i + 1);
		rc = rmt_audit_fault_of(check, presented->sent[i], RMT_SEVERITY_ERROR, place, "the same certificate is sent again, after place %td",
		    twin + 1);
	}
	return rc;
}

int
rmt_rule_chain_root(struct rmt_check *check)
{
	const struct rmt_presented *presented = check->presented;
	bool harmless = check->audit->target->path.root_on_wire_ok;
	int rc = 0;

	if (!presented->order_matters)
		return 0;
	for (size_t i = 0; i < presented->sent_count && !rc; i++) {
		char place[32];

		if (is_twin(check, i) || !rmt_search_reached(check->audit->search, i) ||
		    !rmt_chain_is_root(presented->sent[i]))
			continue;
		snprintf(place, sizeof place, "chain[%zu]", i + 1);
		rc = rmt_audit_fault_of(check, presented->sent[i], harmless ? RMT_SEVERITY_INFO : RMT_SEVERITY_ERROR, place,
		    "the root is sent along");
	}
	return rc;
}

int
rmt_rule_chain_foreign(struct rmt_check *check)
{
	const struct rmt_presented *presented = check->presented;
	int rc = 0;

	if (rmt_search_capped(check->audit->search))
		return 0;
	for (size_t i = 0; i < presented->sent_count && !rc; i++) {
		char place[32];

		if (is_twin(check, i) || rmt_search_reached(check->audit->search, i))
			continue;
		snprintf(place, sizeof place, "chain[%zu]", i + 1);
		rc = rmt_audit_fault_of(check, presented->sent[i], RMT_SEVERITY_ERROR, place, "it stands on no path of the leaf");
	}
	return rc;
}

int
rmt_rule_chain_length(struct rmt_check *check)
{
	int64_t length = (int64_t)check->presented->sent_count + 1, most = check->rule->set->max;

	if (length <= most)
		return 0;
	return rmt_audit_fault(check, "chain", "%" PRId64 " certificates are sent, more than %" PRId64, length, most);
}

/* ---- the verdict ------------------------------------------------------------------------------------------------------------- */

static const char *
role_text(enum rmt_purpose purpose)
{
	switch (purpose) {
	case RMT_PURPOSE_SERVER:
		return "as a server certificate: ";
	case RMT_PURPOSE_CLIENT:
		return "as a client certificate: ";
	default:
		return "";
	}
}

/* What to do about the faults that administrators meet, by OpenSSL's number; any other has the rule's own fix. */
static const struct {
	int error;
	enum rmt_remedy remedy; /* of this fault in the leaf */
	const char *fix;
} path_fixes[] = {
	{ 2, RMT_REMEDY_CHAIN, "send the missing issuer along, or let the consumer trust its root" },
	{ 7, RMT_REMEDY_REISSUE, "replace the certificate: the key of the issuer at hand did not sign it" },
	{ 9, RMT_REMEDY_RENEW, "set the clock right, or wait until the certificate begins" },
	{ 10, RMT_REMEDY_RENEW, "renew the certificate that has expired" },
	{ 18, RMT_REMEDY_ISSUER, "replace the self-signed certificate by one from a CA that the consumer trusts" },
	{ 19, RMT_REMEDY_ISSUER, "let the consumer trust the root at the end of the chain, or issue from a CA that it trusts" },
	{ 20, RMT_REMEDY_CHAIN, "send the missing issuer along, or let the consumer trust its root" },
	{ 25, RMT_REMEDY_ISSUER, "issue from a CA higher up, or renew the issuer with a longer path allowed" },
	{ 26, RMT_REMEDY_REISSUE, "reissue with an extended key usage that names this role, or without one" },
	{ 32, RMT_REMEDY_ISSUER, "renew the issuer with keyCertSign in its key usage" },
	{ 34, RMT_REMEDY_REISSUE, "reissue without the critical extension that nobody knows" },
	{ 47, RMT_REMEDY_ISSUER, "issue from a CA whose name constraints permit these names" },
	{ 48, RMT_REMEDY_ISSUER, "issue from a CA whose name constraints do not exclude these names" },
	{ 66, RMT_REMEDY_KEY, "reissue for a longer key" },
	{ 67, RMT_REMEDY_ISSUER, "issue from a CA with a longer key" },
	{ 68, RMT_REMEDY_REISSUE, "renew the certificate with SHA-256 or better" },
	{ 76, RMT_REMEDY_ISSUER, "judge it by a Remint that has a newer OpenSSL, or issue from a CA with an RSA or EC key" },
	{ 79, RMT_REMEDY_ISSUER, "renew the issuer with basic constraints that say CA" },
	{ 92, RMT_REMEDY_ISSUER, "renew the issuer with a key usage" },
};

static const char *
path_fix(int error)
{
	for (size_t i = 0; i < sizeof path_fixes / sizeof path_fixes[0]; i++)
		if (path_fixes[i].error == error)
			return path_fixes[i].fix;
	return NULL;
}

/* What is wrong with a certificate above the leaf only another issuer makes good; what is only missing can be sent. */
static enum rmt_remedy
path_remedy(int error, int depth)
{
	enum rmt_remedy remedy = RMT_REMEDY_REISSUE;

	for (size_t i = 0; i < sizeof path_fixes / sizeof path_fixes[0]; i++)
		if (path_fixes[i].error == error)
			remedy = path_fixes[i].remedy;
	return depth > 0 && remedy != RMT_REMEDY_CHAIN ? RMT_REMEDY_ISSUER : remedy;
}

int
rmt_rule_path_valid(struct rmt_check *check)
{
	const struct rmt_verdict *verdicts = check->verdict;
	int rc = 0;

	for (unsigned i = 0; i < check->verdict_count && !rc; i++) {
		const struct rmt_verdict *verdict = &verdicts[i];
		bool both = check->verdict_count == 2 && !verdicts[0].accepted && !verdicts[1].accepted &&
		    verdicts[0].error == verdicts[1].error && verdicts[0].depth == verdicts[1].depth;
		char place[32];

		if (verdict->accepted || (both && i > 0))
			continue;
		snprintf(place, sizeof place, "path[%d]", verdict->depth);
		check->fix = path_fix(verdict->error);
		check->remedy = path_remedy(verdict->error, verdict->depth);
		rc = rmt_audit_fault_of(check, verdict->cert, RMT_SEVERITY_ERROR, place, "%s%s (error %d at depth %d)",
		    both ? "" : role_text(verdict->purpose), verdict->text ? verdict->text : "refused", verdict->error,
		    verdict->depth);
		check->fix = NULL;
		check->remedy = RMT_REMEDY_NONE;
	}
	return rc;
}

int
rmt_rule_path_anchor(struct rmt_check *check)
{
	if (rmt_chain_store_has_anchors(check->audit->store))
		return 0;
	return rmt_audit_fault(check, "path", "no trusted root was given: the path was judged up to \"%s\" only",
	    name_text(check, check->path.cert[check->path.count - 1]->subject));
}

int
rmt_rule_path_capped(struct rmt_check *check)
{
	if (!rmt_search_capped(check->audit->search))
		return 0;
	return rmt_audit_fault(check, "path", "the search for paths was cut at %d paths or %d certificates on one",
	    RMT_PATHS_MAX, RMT_PATH_DEPTH_MAX);
}
