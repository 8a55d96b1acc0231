/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_name.c - rules about the names of a certificate: subject, common name, subject alternative names.
 *
 * A common name counts as a host name when it could be one; a person's name or a title is left alone. What is asked of
 * each alternative name by itself stands in rules_san.c, the name constraints of issuers in constraints.c.
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "audit/local.h"

#define PLACE_SAN "tbs.extensions.subjectAltName"
#define PLACE_CN "tbs.subject.commonName"

static const struct rmt_ext *
alternative_names(const struct rmt_check *check)
{
	return rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
}

static int
unreadable_names(struct rmt_check *check)
{
	return rmt_audit_unreadable(check, PLACE_SAN, "the subject alternative name");
}

int
rmt_audit_common_names(struct rmt_check *check, int (*visit)(struct rmt_check *check, struct rmt_span name))
{
	const struct rmt_oid *common_name = rmt_oid_named("commonName");
	struct rmt_buf *scratch = &check->audit->scratch;
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int more, rc = 0;

	if (rmt_name_start(check->on->cert->subject, &cursor, NULL))
		return rmt_audit_unreadable(check, "tbs.subject", "the subject");
	while (!rc && (more = rmt_name_next(&cursor, &attribute, NULL)) > 0) {
		if (!rmt_span_equal(attribute.oid, common_name->der))
			continue;
		rmt_buf_clear(scratch);
		rmt_string_utf8(attribute.tag, attribute.value, scratch);
		if (rmt_buf_check(scratch, check->err))
			return -1;
		rc = visit(check, rmt_buf_view(scratch));
	}
	if (!rc && more < 0)
		return rmt_audit_unreadable(check, "tbs.subject", "the subject");
	return rc;
}

size_t
rmt_audit_address(struct rmt_span text, unsigned char out[16])
{
	char name[64];

	if (text.length >= sizeof name)
		return 0;
	memcpy(name, text.at, text.length);
	name[text.length] = '\0';
	if (strlen(name) != text.length)
		return 0;
	if (inet_pton(AF_INET, name, out) == 1)
		return 4;
	return inet_pton(AF_INET6, name, out) == 1 ? 16 : 0;
}

static bool
host_character(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	    c == '_' || c == '*' || c >= 0x80;
}

bool
rmt_audit_host_like(struct rmt_span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!host_character(text.at[i]))
			return false;
	return text.length > 0;
}

static bool
same_text(struct rmt_span a, struct rmt_span b)
{
	return a.length == b.length && !strncasecmp((const char *)a.at, (const char *)b.at, a.length);
}

/* Is this text among the alternative names, a wildcard included? 1, 0, -1 malformed. */
static int
covered(struct rmt_span names, struct rmt_span text)
{
	struct rmt_general_name name;
	struct rmt_der cursor;
	unsigned char address[16];
	size_t address_length = rmt_audit_address(text, address);
	int more;

	if (rmt_general_open(names, &cursor, NULL))
		return -1;
	while ((more = rmt_general_next(&cursor, &name, NULL)) > 0) {
		if (name.type == RMT_GN_DNS && (same_text(name.value, text) || rmt_dns_match(name.value, text)))
			return 1;
		if (name.type == RMT_GN_EMAIL && same_text(name.value, text))
			return 1;
		if (name.type == RMT_GN_IP && address_length && name.value.length == address_length &&
		    !memcmp(name.value.at, address, address_length))
			return 1;
	}
	return more;
}

int
rmt_rule_san_present(struct rmt_check *check)
{
	const struct rmt_ext *ext = alternative_names(check);
	struct rmt_der cursor;

	if (!ext)
		return rmt_audit_fault(check, PLACE_SAN, "there is no subject alternative name");
	if (rmt_general_open(ext->value, &cursor, NULL))
		return unreadable_names(check);
	if (!rmt_der_more(&cursor))
		return rmt_audit_fault(check, PLACE_SAN, "the subject alternative name is empty");
	return 0;
}

static int
common_name_covered(struct rmt_check *check, struct rmt_span text)
{
	const struct rmt_ext *ext = alternative_names(check);
	struct rmt_buf *list = &check->audit->list;
	int found = 0;

	if (!rmt_audit_host_like(text) && !memchr(text.at, '@', text.length) && !memchr(text.at, ':', text.length))
		return 0;
	if (ext)
		found = covered(ext->value, text);
	if (found > 0)
		return 0;
	if (found < 0)
		return unreadable_names(check);
	rmt_buf_clear(list);
	rmt_plain_text(text, list);
	return rmt_audit_fault(check, PLACE_SAN, "the common name \"%s\" is not among the subject alternative names%s",
	    rmt_buf_string(list), ext ? "" : ", of which there are none");
}

int
rmt_rule_san_covers_cn(struct rmt_check *check)
{
	/* One fault is told once: where the names are missing altogether, the rule about that says so. */
	if (!alternative_names(check) && rmt_audit_has(check, "leaf.san.present"))
		return 0;
	return rmt_audit_common_names(check, common_name_covered);
}

/* "upn" stands for the one otherName that has a name of its own. */
static const char *
kind_of(const struct rmt_general_name *name)
{
	if (name->type == RMT_GN_OTHER) {
		const struct rmt_oid *upn = rmt_oid_named("1.3.6.1.4.1.311.20.2.3");

		if (upn && rmt_span_equal(name->other_oid, upn->der))
			return "upn";
	}
	return rmt_general_type_name(name->type);
}

int
rmt_rule_san_types(struct rmt_check *check)
{
	const struct rmt_ext *ext = alternative_names(check);
	struct rmt_buf *list = &check->audit->list, *text = &check->audit->scratch;
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more, rc = 0;

	if (!ext)
		return 0;
	if (rmt_general_open(ext->value, &cursor, NULL))
		return unreadable_names(check);
	while (!rc && (more = rmt_general_next(&cursor, &name, NULL)) > 0) {
		if (rmt_text_list_has(&check->rule->set->values, kind_of(&name)))
			continue;
		rmt_buf_clear(text);
		rmt_general_text(&name, text);
		rmt_buf_clear(list);
		rmt_plain_text(rmt_buf_view(text), list);
		rmt_buf_text(list, "\" is not one of the kinds ");
		rmt_list_values(list, &check->rule->set->values);
		rc = rmt_audit_fault(check, PLACE_SAN, "the name \"%s", rmt_buf_string(list));
	}
	if (!rc && more < 0)
		return unreadable_names(check);
	return rc;
}

int
rmt_rule_san_critical(struct rmt_check *check)
{
	const struct rmt_ext *ext = alternative_names(check);

	if (!rmt_name_empty(check->on->cert->subject))
		return 0;
	if (!ext)
		return rmt_audit_fault(check, PLACE_SAN, "the subject is empty and there is no subject alternative name");
	if (!ext->critical)
		return rmt_audit_fault(check, PLACE_SAN, "the subject is empty and the subject alternative name is not critical");
	return 0;
}

/* ---- the host asked for ------------------------------------------------------------------------------------------- */

static int
common_name_is_host(struct rmt_check *check, struct rmt_span text)
{
	struct rmt_span host = rmt_span_text(check->presented->host);

	return same_text(text, host) || rmt_dns_match(text, host) ? 1 : 0;
}

/* Everything that the certificate names, for the message. */
static void
list_names(struct rmt_check *check, struct rmt_span names)
{
	struct rmt_buf *list = &check->audit->list, *text = &check->audit->scratch;
	struct rmt_general_name name;
	struct rmt_der cursor;

	rmt_buf_clear(list);
	if (rmt_general_open(names, &cursor, NULL))
		return;
	for (size_t i = 0; rmt_general_next(&cursor, &name, NULL) > 0; i++) {
		if (i == 10) {
			rmt_buf_text(list, ", ...");
			return;
		}
		rmt_buf_text(list, i ? ", " : "");
		rmt_buf_clear(text);
		rmt_general_text(&name, text);
		rmt_plain_text(rmt_buf_view(text), list);
	}
}

int
rmt_rule_name_host(struct rmt_check *check)
{
	const struct rmt_ext *ext = alternative_names(check);
	const char *host = check->presented->host;
	int found = 0;

	if (!host)
		return 0;
	if (ext)
		found = covered(ext->value, rmt_span_text(host));
	if (found > 0)
		return 0;
	if (found < 0)
		return unreadable_names(check);
	if (ext) {
		list_names(check, ext->value);
		return rmt_audit_fault(check, PLACE_SAN, "it names %s, not \"%s\"", rmt_buf_string(&check->audit->list), host);
	}
	found = rmt_audit_common_names(check, common_name_is_host);
	if (found < 0)
		return -1;
	if (found)
		return rmt_audit_fault(check, PLACE_SAN,
		    "only the common name says \"%s\", where browsers and newer clients do not look", host);
	return rmt_audit_fault(check, PLACE_SAN, "nothing in it names \"%s\"", host);
}

/* ---- the characters of host names ---------------------------------------------------------------------------------- */

/* What is wrong with a host name, or NULL. A leading "*." is another rule's matter. */
static const char *
host_fault(struct rmt_span text)
{
	bool dot = false, extended = false;

	if (text.length >= 2 && text.at[0] == '*' && text.at[1] == '.') {
		text.at += 2;
		text.length -= 2;
	}
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = text.at[i];

		if (c == '_')
			return "has an underscore";
		if (c >= 0x80)
			return "has letters beyond ASCII";
		if (c == '*' || !host_character(c))
			return "has characters that no host name has";
		dot = dot || c == '.';
		extended = extended || ((i == 0 || text.at[i - 1] == '.') && text.length - i >= 4 &&
		    !strncasecmp((const char *)text.at + i, "xn--", 4));
	}
	if (extended)
		return "is an internationalised name";
	return dot ? NULL : "is a single label, not a full name";
}

static int
tell_host_fault(struct rmt_check *check, const char *place, struct rmt_span text)
{
	struct rmt_buf *list = &check->audit->list;
	const char *fault = host_fault(text);

	if (!fault)
		return 0;
	rmt_buf_clear(list);
	rmt_plain_text(text, list);
	return rmt_audit_fault(check, place, "the name \"%s\" %s", rmt_buf_string(list), fault);
}

/* A common name that stands among the alternative names was told there. */
static int
common_name_characters(struct rmt_check *check, struct rmt_span text)
{
	const struct rmt_ext *ext = alternative_names(check);
	struct rmt_general_name name;
	struct rmt_der cursor;
	unsigned char address[16];

	if (!rmt_audit_host_like(text) || rmt_audit_address(text, address))
		return 0;
	if (ext && !rmt_general_open(ext->value, &cursor, NULL))
		while (rmt_general_next(&cursor, &name, NULL) > 0)
			if (name.type == RMT_GN_DNS && same_text(name.value, text))
				return 0;
	return tell_host_fault(check, PLACE_CN, text);
}

int
rmt_rule_name_characters(struct rmt_check *check)
{
	const struct rmt_ext *ext = alternative_names(check);
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more = 0, rc = 0;

	if (ext) {
		if (rmt_general_open(ext->value, &cursor, NULL))
			return unreadable_names(check);
		while (!rc && (more = rmt_general_next(&cursor, &name, NULL)) > 0)
			if (name.type == RMT_GN_DNS)
				rc = tell_host_fault(check, PLACE_SAN, name.value);
		if (!rc && more < 0)
			rc = unreadable_names(check);
	}
	return rc ? rc : rmt_audit_common_names(check, common_name_characters);
}

static int
common_name_wildcard(struct rmt_check *check, struct rmt_span text)
{
	struct rmt_buf *list = &check->audit->list;

	if (!memchr(text.at, '*', text.length) || !rmt_audit_host_like(text))
		return 0;
	rmt_buf_clear(list);
	rmt_plain_text(text, list);
	return rmt_audit_fault(check, PLACE_CN, "the common name \"%s\" is a wildcard", rmt_buf_string(list));
}

int
rmt_rule_cn_wildcard(struct rmt_check *check)
{
	return rmt_audit_common_names(check, common_name_wildcard);
}
