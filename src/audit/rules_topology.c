/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_topology.c - rules about the names that a role has in a topology: do they stand in the certificate?
 *
 * They run when the audit was told the names (rmt_audit_expect()); without them they say nothing. Which names a role needs is
 * worked out in policy/.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

#define PLACE_SAN "tbs.extensions.subjectAltName"
#define PLACE_CN "tbs.subject.commonName"

enum { LISTED_MAX = 20 }; /* missing names that a message lists; 20 of 253 characters and more would be cut anyway */

static bool
same_name(struct rmt_span a, struct rmt_span b)
{
	return a.length == b.length && !strncasecmp((const char *)a.at, (const char *)b.at, a.length);
}

/* Does one of the alternative names say it? 1, 0, -1 malformed. */
static int
said(struct rmt_span names, const struct rmt_wanted_name *wanted)
{
	struct rmt_span host = rmt_span_text(wanted->name);
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more;

	if (rmt_general_open(names, &cursor, NULL))
		return -1;
	while ((more = rmt_general_next(&cursor, &name, NULL)) > 0)
		if (name.type == RMT_GN_DNS &&
		    (same_name(name.value, host) || (wanted->wildcard && rmt_dns_match(name.value, host))))
			return 1;
	return more;
}

/* Is it said, or another one that will do as well? */
static int
satisfied(struct rmt_span names, const struct rmt_wanted_names *wanted, size_t index)
{
	unsigned group = wanted->names[index].group;
	int found = said(names, &wanted->names[index]);

	for (size_t i = 0; group && found == 0 && i < wanted->count; i++)
		if (wanted->names[i].group == group)
			found = said(names, &wanted->names[i]);
	return found;
}

static bool
first_of_group(const struct rmt_wanted_names *wanted, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (wanted->names[i].group == wanted->names[index].group)
			return false;
	return true;
}

/* "fe01.contoso.com or fe02.contoso.com": a server's name each, of which one is enough. */
static void
list_name(struct rmt_buf *list, const struct rmt_wanted_names *wanted, size_t index)
{
	unsigned group = wanted->names[index].group;

	rmt_buf_text(list, wanted->names[index].name);
	for (size_t i = index + 1; group && i < wanted->count; i++)
		if (wanted->names[i].group == group)
			rmt_buf_format(list, " or %s", wanted->names[i].name);
}

/* The names that are missing, into the audit's list. Returns how many, -1 when the extension cannot be read. */
static int
list_missing(struct rmt_check *check, struct rmt_span names, bool unconfirmed)
{
	const struct rmt_wanted_names *wanted = check->audit->wanted;
	struct rmt_buf *list = &check->audit->list;
	int count = 0;

	rmt_buf_clear(list);
	for (size_t i = 0; i < wanted->count; i++) {
		int found;

		if (wanted->names[i].unconfirmed != unconfirmed || (wanted->names[i].group && !first_of_group(wanted, i)))
			continue;
		found = names.length ? satisfied(names, wanted, i) : 0;
		if (found < 0)
			return -1;
		if (found || ++count > LISTED_MAX)
			continue;
		rmt_buf_text(list, count > 1 ? ", " : "");
		list_name(list, wanted, i);
	}
	if (count > LISTED_MAX)
		rmt_buf_format(list, " and %d more", count - LISTED_MAX);
	return count;
}

int
rmt_rule_san_topology(struct rmt_check *check)
{
	const struct rmt_ext *ext = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_span names = ext ? ext->value : (struct rmt_span){ 0 };
	int missing, rc = 0;

	if (!check->audit->wanted)
		return 0;
	missing = list_missing(check, names, false);
	if (missing < 0)
		return rmt_audit_unreadable(check, PLACE_SAN, "the subject alternative name");
	if (missing)
		rc = rmt_audit_fault(check, PLACE_SAN, "the alternative names lack %s", rmt_buf_string(&check->audit->list));
	if (!rc && list_missing(check, names, true) > 0)
		rc = rmt_audit_fault_most(check, RMT_SEVERITY_WARNING, PLACE_SAN,
		    "the alternative names lack %s, which nobody has confirmed to be needed", rmt_buf_string(&check->audit->list));
	return rc;
}

bool
rmt_audit_wants(const struct rmt_check *check, struct rmt_span name)
{
	const struct rmt_wanted_names *wanted = check->audit->wanted;

	for (size_t i = 0; wanted && i < wanted->count; i++)
		if (same_name(rmt_span_text(wanted->names[i].name), name))
			return true;
	return false;
}

/* ---- the common name --------------------------------------------------------------------------------------------------- */

/* 1: it is one of those that the topology has for this role; the last that is not is kept for the message. */
static int
is_wanted(struct rmt_check *check, struct rmt_span text)
{
	const struct rmt_text_list *cn = &check->audit->wanted->cn;
	struct rmt_buf *list = &check->audit->list;

	for (size_t i = 0; i < cn->count; i++)
		if (same_name(rmt_span_text(cn->items[i]), text))
			return 1;
	rmt_buf_clear(list);
	rmt_plain_text(text, list);
	return 0;
}

static bool
readable(struct rmt_span subject)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int more;

	if (rmt_name_start(subject, &cursor, NULL))
		return false;
	while ((more = rmt_name_next(&cursor, &attribute, NULL)) > 0)
		;
	return more == 0;
}

int
rmt_rule_cn_topology(struct rmt_check *check)
{
	struct rmt_buf *list = &check->audit->list;
	int found;

	if (!check->audit->wanted || !check->audit->wanted->cn.count)
		return 0;
	if (!readable(check->on->cert->subject))
		return rmt_audit_unreadable(check, "tbs.subject", "the subject");
	rmt_buf_clear(list);
	found = rmt_audit_common_names(check, is_wanted);
	if (found)
		return found < 0 ? -1 : 0;
	if (list->length)
		return rmt_audit_fault(check, PLACE_CN, "the common name is \"%s\", not \"%s\"", rmt_buf_string(list),
		    check->audit->wanted->cn.items[0]);
	return rmt_audit_fault(check, PLACE_CN, "there is no common name; \"%s\" is wanted", check->audit->wanted->cn.items[0]);
}
