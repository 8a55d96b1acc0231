/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/plan_san.c - the subject alternative names: from options, from a request or an old certificate, from the template
 * and from the CN, all held against one allow-list.
 *
 * A name is judged the same wherever it comes from. What differs is the verdict on a type that is not allowed: an
 * option is refused, since a person has just typed it; what a device or an old certificate states is dropped and reported.
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "issue/local.h"

static const char field[] = "subjectAltName";

enum origin { FROM_OPTION, FROM_REQUEST, FROM_CERTIFICATE, FROM_TEMPLATE, FROM_CN };

static const char *
kind_text(const struct rmt_general_name *name)
{
	return name->type == RMT_GN_OTHER ? "upn or other" : rmt_general_type_name(name->type);
}

static bool
type_allowed(const struct rmt_draft *draft, const struct rmt_general_name *name)
{
	if (name->type == RMT_GN_OTHER && !rmt_oid_is(name->other_oid, "userPrincipalName"))
		return false;
	return draft->recipe->san_allow & (1u << name->type);
}

static bool
same_name(const struct rmt_general_name *a, const struct rmt_general_name *b)
{
	if (a->type != b->type || a->value.length != b->value.length)
		return false;
	if (a->type == RMT_GN_DNS)
		return !strncasecmp((const char *)a->value.at, (const char *)b->value.at, a->value.length);
	return rmt_span_equal(a->value, b->value) && rmt_span_equal(a->other_oid, b->other_oid);
}

static bool
present(struct rmt_span names, const struct rmt_general_name *name)
{
	struct rmt_general_name other;
	struct rmt_der cursor;

	rmt_der_open(&cursor, names, NULL);
	while (rmt_general_next(&cursor, &other, NULL) == 1)
		if (same_name(&other, name))
			return true;
	return false;
}

/* The name written anew and strictly, from its value. What is rare goes through its text form, which the writer checks. */
static int
write_strict(struct rmt_draft *draft, struct rmt_derw *w, const struct rmt_general_name *name, struct rmt_err *err)
{
	switch (name->type) {
	case RMT_GN_DNS:
		if (rmt_dns_check(name->value, true, err))
			return -1;
		break;
	case RMT_GN_IP:
		if (name->value.length != 4 && name->value.length != 16)
			return rmt_err_cite(err, RMT_POLICY, field, "RFC 5280, 4.2.1.6", "an IP address of %zu bytes",
			                    name->value.length);
		break;
	default:
		rmt_buf_clear(&draft->scratch);
		rmt_general_text(name, &draft->scratch);
		return rmt_buf_check(&draft->scratch, err) ||
		       rmt_general_write(w, rmt_buf_string(&draft->scratch), err) ? -1 : 0;
	}
	rmt_derw_value(w, RMT_DER_CONTEXT(name->type), name->value);
	return 0;
}

/* This room has no list of templates to look one up in; the tests hold the name against what is shipped. */
const char *
rmt_wildcard_hint(const struct rmt_template *policy)
{
	if (policy->role != RMT_ROLE_LEAF || !strcmp(policy->name, "web-server"))
		return "";
	return ": the template web-server does";
}

/* 0 may be added, 1 dropped (reported), -1 refused. */
static int
judge(struct rmt_draft *draft, const struct rmt_general_name *name, enum origin origin, struct rmt_err *err)
{
	bool wildcard = name->type == RMT_GN_DNS && name->value.length && memchr(name->value.at, '*', name->value.length);
	char shown[RMT_SHOWN];

	if (origin == FROM_TEMPLATE)
		return 0;
	if (!type_allowed(draft, name)) {
		if (origin == FROM_OPTION)
			return rmt_err_set(err, RMT_POLICY, field, "template %s does not allow names of type %s: %s",
			                   draft->policy->name, kind_text(name), rmt_shown_general(name, shown));
		if (draft->report)
			rmt_draft_report(draft, RMT_DECISION_DROPPED, field, "%s: the template does not allow names of type %s",
			                 rmt_shown_general(name, shown), kind_text(name));
		return 1;
	}
	if (wildcard && !draft->policy->san.wildcard)
		return rmt_err_set(err, RMT_POLICY, field, "%s: template %s does not allow wildcards%s",
		                   rmt_shown_general(name, shown), draft->policy->name, rmt_wildcard_hint(draft->policy));
	return 0;
}

/* A host name that breaks the rules as devices break them: an underscore, a dot or hyphen at its end, an address. What reads
 * as two names, or not at all, is none of these. */
static bool
lived_with(struct rmt_span name)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*:";

	for (size_t i = 0; i < name.length; i++)
		if (!name.at[i] || !strchr(host, name.at[i]))
			return false;
	return name.length > 0;
}

/* Append the name: 0 done, 1 dropped (reported), -1 refused. What an old certificate states and no certificate may state is
 * dropped, or a device could never be given a new one; but an underscore that it lives with is not ours to take away. */
static int
append(struct rmt_draft *draft, const struct rmt_general_name *name, enum origin origin, struct rmt_err *err)
{
	struct rmt_derw w = { .buf = draft->san };
	size_t length = w.buf.length;
	struct rmt_err why = { 0 };
	char shown[RMT_SHOWN];
	int rc;

	rc = write_strict(draft, &w, name, &why);
	if (rc && origin == FROM_CERTIFICATE && name->type == RMT_GN_DNS && lived_with(name->value)) {
		rmt_derw_value(&w, RMT_DER_CONTEXT(RMT_GN_DNS), name->value);
		rc = 0;
	}
	draft->san = w.buf;
	if (!rc)
		return rmt_buf_check(&draft->san, err);
	draft->san.length = length;
	if (origin == FROM_CERTIFICATE) {
		rmt_draft_report(draft, RMT_DECISION_DROPPED, field, "%s: %s", rmt_shown_general(name, shown), why.message);
		return 1;
	}
	return rmt_err_cite(err, RMT_POLICY, field, why.citation, "%s: %s", rmt_shown_general(name, shown), why.message);
}

static const char *
origin_text(enum origin origin)
{
	static const char *const texts[] = {
		[FROM_OPTION] = "", [FROM_REQUEST] = "", [FROM_CERTIFICATE] = " carried over",
		[FROM_TEMPLATE] = " added by the template", [FROM_CN] = " added from the CN",
	};

	return texts[origin];
}

static int
add(struct rmt_draft *draft, const struct rmt_general_name *name, enum origin origin, struct rmt_err *err)
{
	size_t max = draft->policy->san.max ? draft->policy->san.max : RMT_SAN_MAX;
	bool added = origin == FROM_TEMPLATE || origin == FROM_CN;
	char shown[RMT_SHOWN];
	int verdict;

	if (present(rmt_buf_view(&draft->san), name))
		return 0;
	verdict = judge(draft, name, origin, err);
	if (verdict)
		return verdict < 0 ? -1 : 0;
	if (draft->san_count == max)
		return rmt_err_set(err, RMT_POLICY, field, "more than the %zu names that template %s allows", max,
		                   draft->policy->name);
	verdict = append(draft, name, origin, err);
	if (verdict)
		return verdict < 0 ? -1 : 0;
	draft->san_count++;
	if (draft->report)
		rmt_draft_report(draft, added ? RMT_DECISION_ADDED : RMT_DECISION_TAKEN, field, "%s%s",
		                 rmt_shown_general(name, shown), origin_text(origin));
	return 0;
}

/* What the merge policy says of one stated name, before its form is looked at: true to go on. */
static bool
merge_takes(const struct rmt_draft *draft, const struct rmt_general_name *name)
{
	enum rmt_merge merge = draft->policy->san.merge;
	char shown[RMT_SHOWN];

	if (merge == RMT_MERGE_REQUEST || merge == RMT_MERGE_REQUIRE ||
	    (merge == RMT_MERGE_INTERSECT && present(rmt_buf_view(&draft->recipe->san_fixed), name)))
		return true;
	if (draft->report)
		rmt_draft_report(draft, RMT_DECISION_DROPPED, field, "%s: %s", rmt_shown_general(name, shown),
		                 merge == RMT_MERGE_TEMPLATE ? "the template alone decides the names"
		                                             : "not among the names of the template");
	return false;
}

/* Every name at a cursor. */
static int
add_all(struct rmt_draft *draft, struct rmt_der *names, enum origin origin, struct rmt_err *err)
{
	struct rmt_general_name name;
	int more;

	while ((more = rmt_general_next(names, &name, err)) == 1) {
		if (origin != FROM_TEMPLATE && !merge_takes(draft, &name))
			continue;
		if (add(draft, &name, origin, err))
			return -1;
	}
	return more;
}

static int
add_option(struct rmt_draft *draft, const char *text, struct rmt_err *err)
{
	struct rmt_buf encoded = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_der names;
	int rc = -1;

	if (rmt_general_write(&w, text, err) || rmt_derw_finish(&w, &encoded, err))
		goto out;
	rmt_der_open(&names, rmt_buf_view(&encoded), NULL);
	rc = add_all(draft, &names, FROM_OPTION, err);
out:
	rmt_derw_free(&w);
	rmt_buf_free(&encoded);
	return rc;
}

/* Whether a CN is a host, an address or an e-mail address, and as which name it then stands among the others. */
static bool
cn_stands_for(const struct rmt_buf *cn, unsigned char address[16], struct rmt_general_name *name)
{
	struct rmt_buf text = { 0 };
	struct rmt_derw w = { 0 };
	bool stands;

	*name = (struct rmt_general_name){ .type = RMT_GN_DNS, .value = rmt_buf_view(cn) };
	if (!cn->length || rmt_text_hides(name->value))
		return false;
	if (inet_pton(AF_INET, rmt_buf_string(cn), address) == 1) {
		*name = (struct rmt_general_name){ .type = RMT_GN_IP, .value = rmt_span_of(address, 4) };
		return true;
	}
	if (inet_pton(AF_INET6, rmt_buf_string(cn), address) == 1) {
		*name = (struct rmt_general_name){ .type = RMT_GN_IP, .value = rmt_span_of(address, 16) };
		return true;
	}
	if (!memchr(cn->bytes, '@', cn->length))
		return !rmt_dns_check(name->value, true, NULL);
	name->type = RMT_GN_EMAIL;
	rmt_general_text(name, &text);
	stands = !text.failed && !rmt_general_write(&w, rmt_buf_string(&text), NULL);
	rmt_derw_free(&w);
	rmt_buf_free(&text);
	return stands;
}

/* A name for want of which nothing is issued, and why the CN is none. */
static int
refuse_nameless(const struct rmt_draft *draft, const struct rmt_buf *cn, struct rmt_err *err)
{
	struct rmt_err why = { 0 };
	char shown[RMT_SHOWN];

	if (draft->policy->san.merge == RMT_MERGE_INTERSECT && draft->policy->san.fixed.count > 0)
		return rmt_err_set(err, RMT_POLICY, field, "template %s requires at least one of its own names to be stated",
		                   draft->policy->name);
	if (draft->policy->san.from_cn && cn->length && !rmt_text_hides(rmt_buf_view(cn)) &&
	    rmt_dns_check(rmt_buf_view(cn), true, &why))
		return rmt_err_set(err, RMT_POLICY, field,
		                   "template %s requires at least one name, and the CN %s cannot be one: %s", draft->policy->name,
		                   rmt_shown(rmt_buf_view(cn), shown), why.message);
	return rmt_err_set(err, RMT_POLICY, field, "template %s requires at least one name", draft->policy->name);
}

/* What the CNs stand for; the last that stands for no name goes to `nameless`. */
static int
add_common_names(struct rmt_draft *draft, struct rmt_buf *nameless, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_general_name name;
	struct rmt_buf cn = { 0 };
	unsigned char address[16];
	int more;

	if (rmt_name_start(rmt_buf_view(&draft->subject), &cursor, err))
		return -1;
	while ((more = rmt_name_next(&cursor, &attribute, err)) == 1) {
		if (!rmt_span_equal(attribute.oid, draft->recipe->common_name))
			continue;
		rmt_buf_clear(&cn);
		rmt_string_utf8(attribute.tag, attribute.value, &cn);
		more = rmt_buf_check(&cn, err);
		if (!more && !cn_stands_for(&cn, address, &name)) {
			rmt_buf_clear(nameless);
			rmt_buf_span(nameless, rmt_buf_view(&cn));
		} else if (!more && (draft->policy->san.merge != RMT_MERGE_INTERSECT || merge_takes(draft, &name))) {
			more = add(draft, &name, FROM_CN, err);
		}
		if (more < 0)
			break;
	}
	rmt_buf_free(&cn);
	return more;
}

/* RMT_MERGE_REQUIRE: every fixed name must have been stated. */
static int
check_required(const struct rmt_draft *draft, struct rmt_err *err)
{
	struct rmt_general_name name;
	struct rmt_der fixed;
	char shown[RMT_SHOWN];

	if (draft->policy->san.merge != RMT_MERGE_REQUIRE)
		return 0;
	rmt_der_open(&fixed, rmt_buf_view(&draft->recipe->san_fixed), NULL);
	while (rmt_general_next(&fixed, &name, err) == 1)
		if (!present(rmt_buf_view(&draft->san), &name))
			return rmt_err_set(err, RMT_POLICY, field, "template %s requires the request to state %s",
			                   draft->policy->name, rmt_shown_general(&name, shown));
	return 0;
}

static int
add_asked(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_wish *wish = draft->wish;
	const struct rmt_ext *ext = wish->asked ? rmt_ext_find(wish->asked, RMT_EXT_SUBJECT_ALT_NAME) : NULL;
	struct rmt_der names;

	for (size_t i = 0; wish->san && i < wish->san->count; i++)
		if (add_option(draft, wish->san->items[i], err))
			return -1;
	if (!ext)
		return 0;
	return rmt_general_open(ext->value, &names, err) ||
	       add_all(draft, &names, wish->asked_is_certificate ? FROM_CERTIFICATE : FROM_REQUEST, err) ? -1 : 0;
}

int
rmt_draft_san(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_template *policy = draft->policy;
	struct rmt_buf nameless = { 0 };
	struct rmt_der fixed;
	int rc = -1;

	if (add_asked(draft, err) || check_required(draft, err))
		return -1;
	rmt_der_open(&fixed, rmt_buf_view(&draft->recipe->san_fixed), NULL);
	if (policy->san.merge != RMT_MERGE_INTERSECT && add_all(draft, &fixed, FROM_TEMPLATE, err))
		return -1;
	if (policy->san.from_cn && add_common_names(draft, &nameless, err))
		goto out;
	if (!draft->san_count && policy->san.required)
		rc = refuse_nameless(draft, &nameless, err);
	else if (!draft->san_count && rmt_name_empty(rmt_buf_view(&draft->subject)))
		rc = rmt_err_cite(err, RMT_POLICY, field, "RFC 5280, 4.2.1.6",
		                  "a certificate needs a subject or a subject alternative name");
	else
		rc = 0;
out:
	rmt_buf_free(&nameless);
	return rc;
}
