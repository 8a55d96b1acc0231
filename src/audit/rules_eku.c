/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_eku.c - rules about the extended key usage of the leaf and of what stands above it.
 *
 * A certificate without the extension serves every purpose and passes. anyExtendedKeyUsage alone is a fault and says
 * why: CryptoAPI takes it for any purpose, OpenSSL's TLS purposes do not.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

#define PLACE "tbs.extensions.extendedKeyUsage"

static const struct rmt_ext *
purposes_of(const struct rmt_check *check)
{
	return rmt_ext_find(&check->on->cert->extensions, RMT_EXT_EXTENDED_KEY_USAGE);
}

/* Does the extension list this purpose (OID content)? 1, 0, -1 malformed. */
static int
lists(struct rmt_span value, struct rmt_span purpose)
{
	struct rmt_der cursor;
	struct rmt_span oid;
	int found = 0;

	if (rmt_ext_eku_open(value, &cursor, NULL))
		return -1;
	while (rmt_der_more(&cursor)) {
		if (rmt_der_oid(&cursor, &oid, NULL, NULL))
			return -1;
		found = found || rmt_span_equal(oid, purpose);
	}
	return found;
}

/* "serverAuth and emailProtection": everything the extension lists. */
static int
describe(struct rmt_check *check, struct rmt_span value)
{
	struct rmt_buf *list = &check->audit->list, *word = &check->audit->scratch;
	struct rmt_der cursor;
	struct rmt_span oid;

	rmt_buf_clear(list);
	if (rmt_ext_eku_open(value, &cursor, NULL))
		return -1;
	for (size_t i = 0; rmt_der_more(&cursor); i++) {
		if (rmt_der_oid(&cursor, &oid, NULL, NULL))
			return -1;
		rmt_buf_clear(word);
		rmt_oid_text(oid, word);
		rmt_list_word(list, rmt_buf_string(word), i, !rmt_der_more(&cursor));
	}
	return list->length ? 0 : -1;
}

static int
needs_purpose(struct rmt_check *check, const char *name)
{
	const struct rmt_ext *ext = purposes_of(check);

	if (!ext || rmt_ext_eku_has(ext->value, name))
		return 0;
	if (describe(check, ext->value))
		return rmt_audit_unreadable(check, PLACE, "the extended key usage");
	if (rmt_ext_eku_has(ext->value, "anyExtendedKeyUsage"))
		return rmt_audit_fault(check, PLACE, "the extended key usage lists %s but not %s itself, which Windows accepts "
		    "and OpenSSL refuses", rmt_buf_string(&check->audit->list), name);
	return rmt_audit_fault(check, PLACE, "the extended key usage lists only %s", rmt_buf_string(&check->audit->list));
}

int
rmt_rule_eku_server(struct rmt_check *check)
{
	return needs_purpose(check, "serverAuth");
}

int
rmt_rule_eku_client(struct rmt_check *check)
{
	return needs_purpose(check, "clientAuth");
}

int
rmt_rule_eku_present(struct rmt_check *check)
{
	if (purposes_of(check))
		return 0;
	return rmt_audit_fault(check, PLACE, "there is no extended key usage");
}

int
rmt_rule_eku_forbidden(struct rmt_check *check)
{
	const struct rmt_active *rule = check->rule;
	const struct rmt_ext *ext = purposes_of(check);

	for (size_t i = 0; ext && i < rule->value_count; i++) {
		int listed = lists(ext->value, rmt_buf_view(&rule->purpose[i]));
		int rc = 0;

		if (listed < 0)
			return rmt_audit_unreadable(check, PLACE, "the extended key usage");
		if (listed)
			rc = rmt_audit_fault(check, PLACE, "the extended key usage lists %s", rule->set->values.items[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* The purposes that an issuer must not rule out: those of the setting, else those of the target's role. */
static size_t
needed_above(const struct rmt_check *check, const char *names[2], struct rmt_span purposes[2])
{
	const struct rmt_audit *audit = check->audit;
	size_t count = 0;

	for (unsigned role = 0; role < audit->purpose_count; role++) {
		const struct rmt_oid *oid;

		if (audit->purpose[role] == RMT_PURPOSE_ANY)
			continue;
		oid = rmt_oid_named(audit->purpose[role] == RMT_PURPOSE_SERVER ? "serverAuth" : "clientAuth");
		if (oid) {
			names[count] = oid->name;
			purposes[count++] = oid->der;
		}
	}
	return count;
}

static int
forbids(struct rmt_check *check, const struct rmt_ext *ext, const char *name, struct rmt_span purpose)
{
	int listed = lists(ext->value, purpose);

	if (listed > 0)
		return 0;
	if (listed < 0 || describe(check, ext->value))
		return rmt_audit_unreadable(check, PLACE, "the extended key usage");
	if (rmt_ext_eku_has(ext->value, "anyExtendedKeyUsage"))
		return rmt_audit_fault(check, PLACE, "the extended key usage of this issuer lists %s but not %s itself, which "
		    "Windows accepts and OpenSSL refuses", rmt_buf_string(&check->audit->list), name);
	return rmt_audit_fault(check, PLACE,
	    "the extended key usage of this issuer lists only %s, which rules out %s for every certificate below it",
	    rmt_buf_string(&check->audit->list), name);
}

int
rmt_rule_eku_path(struct rmt_check *check)
{
	const struct rmt_active *rule = check->rule;
	const struct rmt_ext *ext = purposes_of(check);
	struct rmt_span purposes[2];
	const char *names[2];
	int rc = 0;

	if (!ext)
		return 0;
	for (size_t i = 0; i < rule->value_count && !rc; i++)
		rc = forbids(check, ext, rule->set->values.items[i], rmt_buf_view(&rule->purpose[i]));
	if (!rule->value_count) {
		size_t count = needed_above(check, names, purposes);

		for (size_t i = 0; i < count && !rc; i++)
			rc = forbids(check, ext, names[i], purposes[i]);
	}
	return rc;
}
