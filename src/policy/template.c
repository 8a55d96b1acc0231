/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/template.c - the keys of a certificate template and the checks across them. What is made
 * of a template is issue/'s business.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "policy/local.h"
#include "x509/x509.h"

#define AT(member) offsetof(struct rmt_template, member)

#define YEAR (365 * RMT_DAY)

static const char *const roles[] = { "leaf", "issuing-ca", "root-ca", NULL };
static const char *const merges[] = { "template", "request", "intersect", "require", NULL };
static const char *const digests[] = { "sha256", "sha384", "sha512", NULL };
static const char *const name_types[] = { "dns", "ip", "email", "uri", "upn", NULL };

/* clang-format off */
static const struct rmt_schema key_rows[] = {
	{ .key = "generate", .field = RMT_FIELD_TEXT, .at = AT(key_generate), .preset = "rsa:2048",
	  .example = "rsa:2048", .check = rmt_check_key_spec },
	{ .key = "accept", .field = RMT_FIELD_LIST, .at = AT(key_accept),
	  .example = "\"rsa:2048-8192\", \"ec:p256\"", .check = rmt_check_key_range },
	{ 0 },
};

static const struct rmt_schema subject_rows[] = {
	{ .key = "merge", .field = RMT_FIELD_CHOICE, .at = AT(subject.merge), .preset = "request",
	  .choices = merges },
	{ .key = "allow", .field = RMT_FIELD_LIST, .at = AT(subject.allow),
	  .example = "\"O\", \"CN\"", .check = rmt_check_attribute },
	{ .key = "require", .field = RMT_FIELD_LIST, .at = AT(subject.require), .example = "\"CN\"",
	  .check = rmt_check_attribute },
	{ .key = "fixed", .field = RMT_FIELD_LIST, .at = AT(subject.fixed),
	  .example = "\"O=Example\"", .check = rmt_check_subject_part },
	{ .key = "empty_ok", .field = RMT_FIELD_BOOL, .at = AT(subject.empty_ok),
	  .preset = "false" },
	{ 0 },
};

static const struct rmt_schema san_rows[] = {
	{ .key = "merge", .field = RMT_FIELD_CHOICE, .at = AT(san.merge), .preset = "request",
	  .choices = merges },
	{ .key = "allow", .field = RMT_FIELD_LIST, .at = AT(san.allow), .choices = name_types },
	{ .key = "fixed", .field = RMT_FIELD_LIST, .at = AT(san.fixed),
	  .example = "\"dns:host.example\"", .check = rmt_check_general_name },
	{ .key = "from_cn", .field = RMT_FIELD_BOOL, .at = AT(san.from_cn), .preset = "false" },
	{ .key = "required", .field = RMT_FIELD_BOOL, .at = AT(san.required), .preset = "false" },
	{ .key = "wildcard", .field = RMT_FIELD_BOOL, .at = AT(san.wildcard), .preset = "false" },
	{ .key = "critical_when_empty_subject", .field = RMT_FIELD_BOOL,
	  .at = AT(san.critical_when_empty_subject), .preset = "true" },
	{ .key = "max", .field = RMT_FIELD_NUMBER, .at = AT(san.max),
	  .preset = "100", .max = 1000 },
	{ 0 },
};

static const struct rmt_schema key_usage_rows[] = {
	{ .key = "merge", .field = RMT_FIELD_CHOICE, .at = AT(key_usage.merge), .preset = "template",
	  .choices = merges },
	{ .key = "values", .field = RMT_FIELD_USAGE, .at = AT(key_usage.bits),
	  .example = "\"digitalSignature\", \"keyEncipherment\"" },
	{ .key = "critical", .field = RMT_FIELD_BOOL, .at = AT(key_usage.critical),
	  .preset = "true" },
	{ 0 },
};

static const struct rmt_schema extended_key_usage_rows[] = {
	{ .key = "merge", .field = RMT_FIELD_CHOICE, .at = AT(extended_key_usage.merge),
	  .preset = "template", .choices = merges },
	{ .key = "values", .field = RMT_FIELD_LIST, .at = AT(extended_key_usage.values),
	  .example = "\"serverAuth\", \"clientAuth\"", .check = rmt_check_purpose },
	{ .key = "allow", .field = RMT_FIELD_LIST, .at = AT(extended_key_usage.allow),
	  .example = "\"clientAuth\"", .check = rmt_check_given_purpose },
	{ .key = "critical", .field = RMT_FIELD_BOOL, .at = AT(extended_key_usage.critical),
	  .preset = "false" },
	{ 0 },
};

static const struct rmt_schema basic_constraints_rows[] = {
	{ .key = "present", .field = RMT_FIELD_BOOL, .at = AT(basic_constraints.present),
	  .preset = "true" },
	{ .key = "ca", .field = RMT_FIELD_BOOL, .at = AT(basic_constraints.ca), .preset = "false" },
	{ .key = "critical", .field = RMT_FIELD_BOOL, .at = AT(basic_constraints.critical),
	  .preset = "true" },
	{ .key = "path_length", .field = RMT_FIELD_NUMBER, .at = AT(basic_constraints.path_length),
	  .preset = "none", .min = -1, .max = 10 },
	{ 0 },
};

static const struct rmt_schema name_constraints_rows[] = {
	{ .key = "permitted", .field = RMT_FIELD_LIST, .at = AT(permitted),
	  .example = "\"dns:corp.example\"", .check = rmt_check_constraint },
	{ .key = "excluded", .field = RMT_FIELD_LIST, .at = AT(excluded),
	  .example = "\"dns:corp.example\"", .check = rmt_check_constraint },
	{ 0 },
};

const struct rmt_schema rmt_template_schema[] = {
	{ .key = "extends", .field = RMT_FIELD_EXTENDS },
	{ .key = "title", .field = RMT_FIELD_TEXT, .at = AT(title), .example = "Web server",
	  .check = rmt_check_filled },
	{ .key = "role", .field = RMT_FIELD_CHOICE, .at = AT(role), .preset = "leaf",
	  .choices = roles },
	{ .key = "validity", .field = RMT_FIELD_DURATION, .at = AT(validity), .example = "199d",
	  .min = 60, .max = 100 * YEAR },
	{ .key = "max_validity", .field = RMT_FIELD_DURATION, .at = AT(max_validity),
	  .example = "398d", .min = 60, .max = 100 * YEAR },
	{ .key = "backdate", .field = RMT_FIELD_DURATION, .at = AT(backdate), .preset = "10m",
	  .example = "10m", .min = 0, .max = RMT_DAY },
	{ .key = "digest", .field = RMT_FIELD_TEXT, .at = AT(digest), .preset = "sha256",
	  .choices = digests },
	{ .key = "key", .field = RMT_FIELD_GROUP, .inner = key_rows },
	{ .key = "subject", .field = RMT_FIELD_GROUP, .inner = subject_rows },
	{ .key = "san", .field = RMT_FIELD_GROUP, .inner = san_rows },
	{ .key = "key_usage", .field = RMT_FIELD_GROUP, .inner = key_usage_rows },
	{ .key = "extended_key_usage", .field = RMT_FIELD_GROUP, .inner = extended_key_usage_rows },
	{ .key = "basic_constraints", .field = RMT_FIELD_GROUP, .inner = basic_constraints_rows },
	{ .key = "policies", .field = RMT_FIELD_LIST, .at = AT(policies),
	  .example = "\"1.3.6.1.4.1.99999.1\"", .check = rmt_check_oid },
	{ .key = "name_constraints", .field = RMT_FIELD_GROUP, .inner = name_constraints_rows },
	{ .key = "subject_key_id", .field = RMT_FIELD_BOOL, .at = AT(subject_key_id),
	  .preset = "true" },
	{ .key = "authority_key_id", .field = RMT_FIELD_BOOL, .at = AT(authority_key_id),
	  .preset = "true" },
	{ .key = "crl_distribution", .field = RMT_FIELD_BOOL, .at = AT(crl_distribution),
	  .preset = "true" },
	{ .key = "authority_info", .field = RMT_FIELD_BOOL, .at = AT(authority_info),
	  .preset = "true" },
	{ .key = "ocsp_nocheck", .field = RMT_FIELD_BOOL, .at = AT(ocsp_nocheck),
	  .preset = "false" },
	{ .key = "microsoft_template_name", .field = RMT_FIELD_BOOL,
	  .at = AT(microsoft_template_name), .preset = "false" },
	{ 0 },
};
/* clang-format on */

/* ---- checks across keys ---------------------------------------------------------------------- */

static int
refuse(struct rmt_err *err, const char *key, const char *why)
{
	return rmt_err_set(err, RMT_INPUT, key, "%s", why);
}

static int
too_long(const struct rmt_template *policy, struct rmt_err *err)
{
	struct rmt_buf own = { 0 }, most = { 0 };

	rmt_duration_text(policy->validity, &own);
	rmt_duration_text(policy->max_validity, &most);
	rmt_err_set(err, RMT_INPUT, "validity", "%s is longer than the %s of max_validity",
	    rmt_buf_string(&own), rmt_buf_string(&most));
	rmt_buf_free(&own);
	rmt_buf_free(&most);
	return -1;
}

static int
check_validity(struct rmt_template *policy, struct rmt_err *err)
{
	if (policy->validity == 0)
		return refuse(err, "validity", "it is not stated, neither here nor in a parent");
	if (policy->max_validity == 0)
		policy->max_validity = policy->validity;
	if (policy->validity > policy->max_validity)
		return too_long(policy, err);
	return 0;
}

static int
check_role(struct rmt_template *policy, struct rmt_err *err)
{
	unsigned signing = RMT_KU_CERT_SIGN | RMT_KU_CRL_SIGN;

	if (policy->role == RMT_ROLE_LEAF) {
		if (policy->basic_constraints.ca)
			return refuse(err, "basic_constraints.ca",
			    "a leaf is no CA: a CA's template has role = \"issuing-ca\" or \"root-ca\"");
		if (policy->basic_constraints.path_length >= 0)
			return refuse(err, "basic_constraints.path_length",
			    "a leaf has no path length: path_length = \"none\"");
		if ((policy->key_usage.bits & signing) != 0)
			return refuse(
			    err, "key_usage.values", "a leaf signs neither certificates nor CRLs");
		return 0;
	}
	if (!policy->basic_constraints.present || !policy->basic_constraints.ca ||
	    !policy->basic_constraints.critical)
		return rmt_err_cite(err, RMT_INPUT,
		    !policy->basic_constraints.ca        ? "basic_constraints.ca"
		    : !policy->basic_constraints.critical ? "basic_constraints.critical"
							  : "basic_constraints.present",
		    "RFC 5280, 4.2.1.9", "a CA states basic constraints with ca = true, critical");
	if ((policy->key_usage.bits & RMT_KU_CERT_SIGN) == 0)
		return rmt_err_cite(err, RMT_INPUT, "key_usage.values", "RFC 5280, 4.2.1.3",
		    "a CA has keyCertSign");
	if (policy->key_usage.merge != RMT_MERGE_TEMPLATE ||
	    policy->extended_key_usage.merge != RMT_MERGE_TEMPLATE)
		return refuse(err,
		    policy->key_usage.merge != RMT_MERGE_TEMPLATE ? "key_usage.merge"
								  : "extended_key_usage.merge",
		    "what a CA may do is the template's business: merge = \"template\"");
	return 0;
}

static int
check_purposes(struct rmt_template *policy, struct rmt_err *err)
{
	bool responder = rmt_text_list_has(&policy->extended_key_usage.values, "OCSPSigning");

	if (policy->ocsp_nocheck && !responder)
		return rmt_err_cite(err, RMT_INPUT, "ocsp_nocheck", "RFC 6960, 4.2.2.2.1",
		    "only a certificate with the purpose OCSPSigning is exempt from revocation "
		    "checks");
	if (responder && policy->extended_key_usage.merge == RMT_MERGE_REQUEST)
		return refuse(err, "extended_key_usage.merge",
		    "no request decides the purposes of an OCSP signer");
	return 0;
}

/* "rsa:2048" is within "rsa:2048-8192"; others must be the same. */
static bool
accepts(const char *range, const char *spec)
{
	const char *dash = strchr(range, '-');
	struct rmt_err none = { 0 };
	uint64_t bits, min, max;
	char low[16] = "";

	if (dash == NULL || strncmp(spec, "rsa:", 4) != 0 || dash - range > 15)
		return strcmp(range, spec) == 0;
	memcpy(low, range + 4, (size_t)(dash - range) - 4);
	return rmt_quantity_count(spec + 4, 0, UINT32_MAX, &bits, &none) == 0 &&
	       rmt_quantity_count(low, 0, UINT32_MAX, &min, &none) == 0 &&
	       rmt_quantity_count(dash + 1, 0, UINT32_MAX, &max, &none) == 0 && bits >= min &&
	       bits <= max;
}

static int
check_keys(struct rmt_template *policy, struct rmt_err *err)
{
	if (policy->key_accept.count == 0)
		return refuse(err, "key.accept", "no key is accepted: state at least one");
	for (size_t i = 0; i < policy->key_accept.count; i++)
		if (accepts(policy->key_accept.items[i], policy->key_generate))
			return 0;
	return rmt_err_set(err, RMT_INPUT, "key.generate",
	    "\"%s\" is not among the keys of key.accept", policy->key_generate);
}

/* One of the fixed parts ("O=Example, OU=x") sets this attribute. */
static bool
fixes(const struct rmt_text_list *fixed, const char *attribute)
{
	size_t length = strlen(attribute);

	for (size_t i = 0; i < fixed->count; i++)
		if (strncmp(fixed->items[i], attribute, length) == 0 &&
		    fixed->items[i][length] == '=')
			return true;
	return false;
}

static int
check_names(struct rmt_template *policy, struct rmt_err *err)
{
	const struct rmt_text_list *require = &policy->subject.require,
				   *allow = &policy->subject.allow;

	for (size_t i = 0; i < require->count; i++)
		if (allow->count > 0 && !rmt_text_list_has(allow, require->items[i]) &&
		    !fixes(&policy->subject.fixed, require->items[i]))
			return rmt_err_set(err, RMT_INPUT, "subject.require",
			    "%s is required but neither allowed nor fixed", require->items[i]);
	if (policy->san.required && policy->san.allow.count == 0 && policy->san.fixed.count == 0)
		return refuse(
		    err, "san.required", "a name is required, but none is allowed or fixed");
	return 0;
}

static int
check_template(struct rmt_template *policy, struct rmt_err *err)
{
	if (policy->title == NULL)
		return refuse(err, "title", "it is not stated, neither here nor in a parent");
	if (check_validity(policy, err) != 0 || check_role(policy, err) != 0 ||
	    check_purposes(policy, err) != 0 || check_keys(policy, err) != 0)
		return -1;
	return check_names(policy, err);
}

/* The key that is named by the check, and the other that may be the one that was changed. */
static const struct rmt_partner partners[] = {
	{ "validity", "max_validity" },
	{ "basic_constraints.ca", "role" },
	{ "basic_constraints.critical", "role" },
	{ "basic_constraints.present", "role" },
	{ "basic_constraints.path_length", "role" },
	{ "key_usage.values", "role" },
	{ "key_usage.merge", "role" },
	{ "extended_key_usage.merge", "extended_key_usage.values" },
	{ "ocsp_nocheck", "extended_key_usage.values" },
	{ "key.generate", "key.accept" },
	{ "subject.require", "subject.allow" },
	{ "san.required", "san.allow" },
	{ NULL, NULL },
};

/* ---- the face -------------------------------------------------------------------------------- */

struct rmt_template *
rmt_template_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err)
{
	struct rmt_lineage *lineage = rmt_lineage_open(store, RMT_POLICY_TEMPLATE, name, err);
	struct rmt_template *policy = NULL;
	struct rmt_err fault = { 0 };
	int rc = -1;

	if (lineage == NULL)
		return NULL;
	if ((policy = calloc(1, sizeof(*policy))) == NULL) {
		rmt_err_memory(err);
		goto out;
	}
	if (rmt_lineage_names(lineage, &policy->name, &policy->origin, &policy->lineage, err) !=
		0 ||
	    rmt_lineage_walk(lineage, rmt_template_schema, policy, err) != 0)
		goto out;
	if (check_template(policy, &fault) != 0) {
		rmt_lineage_blame(lineage, partners, &fault, err);
		goto out;
	}
	rc = 0;
out:
	rmt_lineage_free(lineage);
	if (rc == 0)
		return policy;
	rmt_template_free(policy);
	return NULL;
}

void
rmt_template_free(struct rmt_template *policy)
{
	if (policy == NULL)
		return;
	rmt_schema_free(rmt_template_schema, policy);
	rmt_text_list_free(&policy->lineage);
	free(policy->name);
	free(policy->origin);
	free(policy);
}

struct rmt_template *
rmt_template_dup(const struct rmt_template *policy, struct rmt_err *err)
{
	struct rmt_template *copy = calloc(1, sizeof(*copy));

	if (copy == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	copy->name = rmt_strdup(policy->name, err);
	copy->origin = rmt_strdup(policy->origin, err);
	if (copy->name != NULL && copy->origin != NULL &&
	    rmt_text_list_copy(&copy->lineage, &policy->lineage, err) == 0 &&
	    rmt_schema_copy(rmt_template_schema, copy, policy, err) == 0)
		return copy;
	rmt_template_free(copy);
	return NULL;
}

void
rmt_template_dump(const struct rmt_template *policy, struct rmt_buf *out)
{
	rmt_dump_remark("template", policy->name, out);
	rmt_dump_remark("from", policy->origin, out);
	for (size_t i = 0; i < policy->lineage.count; i++)
		rmt_dump_remark("with all of", policy->lineage.items[i], out);
	rmt_dump_file(rmt_template_schema, policy, out);
}
