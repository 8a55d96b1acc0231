/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/constraints.c - the name constraints of an issuer against the names of a leaf (RFC 5280, 4.2.1.10).
 *
 * A name is refused when an excluded subtree holds it, or when there are permitted subtrees of its kind and none holds
 * it. Kinds that no consumer constrains (X.400, EDI, registered identifiers, other names) are left to path validation,
 * and so are the names of intermediates.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

#define PLACE "tbs.extensions.nameConstraints"

static bool
ends_with(struct rmt_span text, struct rmt_span end)
{
	return text.length >= end.length &&
	    !strncasecmp((const char *)text.at + text.length - end.length, (const char *)end.at, end.length);
}

/* A host within a DNS subtree: the base itself or anything to its left. */
static bool
host_within(struct rmt_span host, struct rmt_span base)
{
	if (!base.length || (host.length == base.length && ends_with(host, base)))
		return true;
	if (!ends_with(host, base))
		return false;
	return base.at[0] == '.' || host.at[host.length - base.length - 1] == '.';
}

/* A host within an e-mail or URI subtree: ".base" is everything below, "base" only itself. */
static bool
host_of_within(struct rmt_span host, struct rmt_span base)
{
	if (base.length && base.at[0] == '.')
		return host.length > base.length && ends_with(host, base);
	return host.length == base.length && ends_with(host, base);
}

static bool
mailbox_within(struct rmt_span mailbox, struct rmt_span base)
{
	const unsigned char *sign = memchr(mailbox.at, '@', mailbox.length);

	if (!base.length || memchr(base.at, '@', base.length))
		return !base.length || (mailbox.length == base.length && ends_with(mailbox, base));
	if (!sign)
		return false;
	return host_of_within((struct rmt_span){ sign + 1, (size_t)(mailbox.at + mailbox.length - sign - 1) }, base);
}

/* The host of "scheme://user@host:port/path"; empty when there is none. */
static struct rmt_span
host_of_uri(struct rmt_span uri)
{
	const unsigned char *at = memmem(uri.at, uri.length, "://", 3), *end = uri.at + uri.length;
	const unsigned char *begin, *p;

	if (!at)
		return (struct rmt_span){ NULL, 0 };
	begin = at + 3;
	for (p = begin; p < end && *p != '/' && *p != '?' && *p != '#'; p++)
		if (*p == '@')
			begin = p + 1;
	end = p;
	p = memchr(begin, ':', (size_t)(end - begin));
	return (struct rmt_span){ begin, (size_t)((p ? p : end) - begin) };
}

static bool
address_within(struct rmt_span address, struct rmt_span base)
{
	if (base.length != address.length * 2)
		return false;
	for (size_t i = 0; i < address.length; i++)
		if ((address.at[i] ^ base.at[i]) & base.at[address.length + i])
			return false;
	return true;
}

/* Is the base the beginning of the name? The first relative names of the name, as many as the base has, are compared as a
 * name of their own. */
static bool
directory_within(struct rmt_span name, struct rmt_span base)
{
	struct rmt_der outer, names, bases;
	struct rmt_tlv rdn;
	struct rmt_derw writer = { 0 };
	struct rmt_buf head = { 0 };
	bool within = true;

	rmt_der_open(&outer, base, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &bases, NULL, NULL))
		return false;
	rmt_der_open(&outer, name, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &names, NULL, NULL))
		return false;
	rmt_derw_begin(&writer, RMT_DER_SEQUENCE);
	while (within && rmt_der_more(&bases)) {
		within = !rmt_der_any(&bases, &rdn, NULL, NULL) && rmt_der_more(&names) &&
		    !rmt_der_any(&names, &rdn, NULL, NULL);
		if (within)
			rmt_derw_raw(&writer, rdn.whole);
	}
	rmt_derw_end(&writer);
	if (rmt_derw_finish(&writer, &head, NULL))
		within = false;
	within = within && rmt_name_equal(rmt_buf_view(&head), base);
	rmt_buf_free(&head);
	return within;
}

static bool
within(const struct rmt_general_name *name, struct rmt_span base)
{
	switch (name->type) {
	case RMT_GN_DNS:
		return host_within(name->value, base);
	case RMT_GN_EMAIL:
		return mailbox_within(name->value, base);
	case RMT_GN_URI:
		return host_of_within(host_of_uri(name->value), base);
	case RMT_GN_IP:
		return address_within(name->value, base);
	case RMT_GN_DIRECTORY:
		return directory_within(name->value, base);
	default:
		return false;
	}
}

enum standing { UNMENTIONED, OUTSIDE, INSIDE, MALFORMED };

/* Where a name stands among subtrees: its kind is not mentioned, or none holds it, or one does. */
static enum standing
standing_of(const struct rmt_general_name *name, struct rmt_span subtrees)
{
	enum standing standing = UNMENTIONED;
	struct rmt_der cursor, subtree;
	struct rmt_general_name base;

	rmt_der_open(&cursor, subtrees, NULL);
	while (rmt_der_more(&cursor)) {
		if (rmt_der_enter(&cursor, RMT_DER_SEQUENCE, &subtree, NULL, NULL) ||
		    rmt_general_next(&subtree, &base, NULL) <= 0)
			return MALFORMED;
		if (base.type != name->type)
			continue;
		if (within(name, base.value))
			standing = INSIDE;
		else if (standing == UNMENTIONED)
			standing = OUTSIDE;
	}
	return standing;
}

static int
judge_name(struct rmt_check *check, const struct rmt_name_constraints *constraints, const struct rmt_general_name *name)
{
	struct rmt_buf *list = &check->audit->list, *text = &check->audit->scratch;
	enum standing permitted = standing_of(name, constraints->permitted);
	enum standing excluded = standing_of(name, constraints->excluded);

	if (permitted == MALFORMED || excluded == MALFORMED)
		return rmt_audit_unreadable(check, PLACE, "the name constraints");
	if (permitted != OUTSIDE && excluded != INSIDE)
		return 0;
	rmt_buf_clear(text);
	rmt_general_text(name, text);
	rmt_buf_clear(list);
	rmt_plain_text(rmt_buf_view(text), list);
	return rmt_audit_fault(check, PLACE, "the name constraints of this issuer %s the leaf's name %s",
	    excluded == INSIDE ? "exclude" : "do not permit", rmt_buf_string(list));
}

static int
judge_alternative_names(struct rmt_check *check, const struct rmt_name_constraints *constraints, const struct rmt_ext *ext)
{
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more, rc = 0;

	if (rmt_general_open(ext->value, &cursor, NULL))
		return 0; /* told by the rules about the leaf */
	while (!rc && (more = rmt_general_next(&cursor, &name, NULL)) > 0)
		rc = judge_name(check, constraints, &name);
	return rc;
}

int
rmt_rule_name_constraints(struct rmt_check *check)
{
	const struct rmt_cert *leaf = check->presented->leaf;
	const struct rmt_ext *ext = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_NAME_CONSTRAINTS);
	struct rmt_name_constraints constraints;
	struct rmt_general_name subject = { .type = RMT_GN_DIRECTORY };
	const struct rmt_ext *names;
	int rc = 0;

	if (!ext || !leaf)
		return 0;
	if (rmt_ext_name_constraints(ext->value, &constraints, NULL))
		return rmt_audit_unreadable(check, PLACE, "the name constraints");
	names = rmt_ext_find(&leaf->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	if (names)
		rc = judge_alternative_names(check, &constraints, names);
	if (rc || rmt_name_empty(leaf->subject))
		return rc;
	subject.value = leaf->subject;
	return judge_name(check, &constraints, &subject);
}
