/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_san.c - rules about what stands among the subject alternative names: wildcards, which name stands first,
 * and names that mean nothing outside a private network.
 *
 * A name that cannot be read is told by leaf.extensions.malformed, not here.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

#define PLACE "tbs.extensions.subjectAltName"

/* Call visit for each alternative name until it returns other than 0. */
static int
each_name(struct rmt_check *check, int (*visit)(struct rmt_check *check, const struct rmt_general_name *name))
{
	const struct rmt_ext *ext = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more, rc = 0;

	if (!ext)
		return 0;
	if (rmt_general_open(ext->value, &cursor, NULL))
		return rmt_audit_unreadable(check, PLACE, "the subject alternative name");
	while (!rc && (more = rmt_general_next(&cursor, &name, NULL)) > 0)
		rc = visit(check, &name);
	if (!rc && more < 0)
		return rmt_audit_unreadable(check, PLACE, "the subject alternative name");
	return rc;
}

/* A name for a message, in the audit's list. */
static const char *
shown(struct rmt_check *check, struct rmt_span text)
{
	struct rmt_buf *list = &check->audit->list;

	rmt_buf_clear(list);
	rmt_plain_text(text, list);
	return rmt_buf_string(list);
}

/* ---- wildcards --------------------------------------------------------------------------------------------------------- */

static int
refuse_wildcard(struct rmt_check *check, const struct rmt_general_name *name)
{
	if (name->type != RMT_GN_DNS || !memchr(name->value.at, '*', name->value.length) || rmt_audit_wants(check, name->value))
		return 0;
	return rmt_audit_fault(check, PLACE, "the name \"%s\" is a wildcard", shown(check, name->value));
}

int
rmt_rule_san_wildcard(struct rmt_check *check)
{
	return each_name(check, refuse_wildcard);
}

/* ---- the first name ------------------------------------------------------------------------------------------------------ */

/* Is this the first host name? Nothing is said where there is none: that is another rule's matter. */
static int
common_name_first(struct rmt_check *check, struct rmt_span text)
{
	const struct rmt_ext *ext = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der cursor;

	if (!ext || !rmt_audit_host_like(text) || rmt_general_open(ext->value, &cursor, NULL))
		return 0;
	while (rmt_general_next(&cursor, &name, NULL) > 0) {
		if (name.type != RMT_GN_DNS)
			continue;
		if (name.value.length == text.length &&
		    !strncasecmp((const char *)name.value.at, (const char *)text.at, text.length))
			return 0;
		return rmt_audit_fault(check, PLACE, "the first name is \"%s\", not the common name",
		    shown(check, name.value));
	}
	return 0;
}

int
rmt_rule_san_cn_first(struct rmt_check *check)
{
	return rmt_audit_common_names(check, common_name_first);
}

/* ---- names without a meaning outside ------------------------------------------------------------------------------------- */

/* Top-level domains that the public DNS will not have: RFC 6761, 6762 (with appendix G), 8375 and 9476, and those that
 * ICANN keeps back. */
static const char *const internal_domains[] = { "local", "localhost", "internal", "intranet", "private", "corp", "home",
	"lan", "mail", "test", "example", "invalid", "alt", "home.arpa" };

static bool
ends_in(struct rmt_span name, const char *domain)
{
	size_t length = strlen(domain);

	if (name.length < length || strncasecmp((const char *)name.at + name.length - length, domain, length))
		return false;
	return name.length == length || name.at[name.length - length - 1] == '.';
}

static const char *
host_is_internal(struct rmt_span name)
{
	if (!memchr(name.at, '.', name.length))
		return "is a single label";
	for (size_t i = 0; i < sizeof internal_domains / sizeof internal_domains[0]; i++)
		if (ends_in(name, internal_domains[i]))
			return "is in a domain that no public DNS has";
	return NULL;
}

/* Networks of the IANA special-purpose registries (RFC 6890) that no host on the Internet has. */
static const struct {
	unsigned char length, bits, prefix[4];
} reserved[] = {
	{ 4, 8, { 0 } },
	{ 4, 8, { 10 } },
	{ 4, 10, { 100, 64 } },
	{ 4, 8, { 127 } },
	{ 4, 16, { 169, 254 } },
	{ 4, 12, { 172, 16 } },
	{ 4, 24, { 192, 0, 0 } },
	{ 4, 24, { 192, 0, 2 } },
	{ 4, 16, { 192, 168 } },
	{ 4, 15, { 198, 18 } },
	{ 4, 24, { 198, 51, 100 } },
	{ 4, 24, { 203, 0, 113 } },
	{ 4, 3, { 224 } },
	{ 16, 32, { 0x20, 0x01, 0x0d, 0xb8 } },
	{ 16, 20, { 0x3f, 0xff } },
};

static bool
within(const unsigned char *address, const unsigned char *prefix, unsigned bits)
{
	for (unsigned bit = 0; bit < bits; bit++)
		if ((address[bit / 8] ^ prefix[bit / 8]) & 0x80u >> bit % 8)
			return false;
	return true;
}

static bool
address_is_reserved(const unsigned char *address, size_t length)
{
	static const unsigned char global[] = { 0x20 };

	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (reserved[i].length == length && within(address, reserved[i].prefix, reserved[i].bits))
			return true;
	/* Global unicast is 2000::/3. */
	return length == 16 && !within(address, global, 3);
}

static int
tell_internal(struct rmt_check *check, const char *place, struct rmt_span text)
{
	unsigned char address[16];
	size_t length = rmt_audit_address(text, address);
	const char *why = length ? NULL : host_is_internal(text);

	if (length && address_is_reserved(address, length))
		why = "is a reserved address";
	return why ? rmt_audit_fault(check, place, "the name \"%s\" %s", shown(check, text), why) : 0;
}

static int
refuse_internal(struct rmt_check *check, const struct rmt_general_name *name)
{
	struct rmt_buf *text = &check->audit->scratch;

	if (name->type == RMT_GN_DNS)
		return tell_internal(check, PLACE, name->value);
	if (name->type != RMT_GN_IP || (name->value.length != 4 && name->value.length != 16) ||
	    !address_is_reserved(name->value.at, name->value.length))
		return 0;
	rmt_buf_clear(text);
	rmt_general_text(name, text);
	return rmt_audit_fault(check, PLACE, "the name \"%s\" is a reserved address", shown(check, rmt_buf_view(text)));
}

/* A common name is looked at only where there are no alternative names: else it is one of them. */
static int
common_name_internal(struct rmt_check *check, struct rmt_span text)
{
	return rmt_audit_host_like(text) ? tell_internal(check, "tbs.subject.commonName", text) : 0;
}

int
rmt_rule_name_public(struct rmt_check *check)
{
	if (!rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_ALT_NAME))
		return rmt_audit_common_names(check, common_name_internal);
	return each_name(check, refuse_internal);
}
