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
	if (name->type == RMT_GN_OTHER && !rmt_oid_is(name->other_oid, "1.3.6.1.4.1.311.20.2.3"))
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

static int
check_upn(struct rmt_span value, struct rmt_err *err)
{
	struct rmt_der cursor;
	struct rmt_tlv text;

	rmt_der_open(&cursor, value, NULL);
	if (rmt_der_read(&cursor, RMT_DER_UTF8, &text, field, err))
		return -1;
	if (!text.value.length || rmt_text_hides(text.value))
		return rmt_err_set(err, RMT_POLICY, field, "a user principal name holds a control character or is not text");
	return 0;
}

/* The strict check of a name that came as bytes: those that the writer makes from text are written once more from theirs. */
static int
check_form(struct rmt_draft *draft, const struct rmt_general_name *name, struct rmt_err *err)
{
	struct rmt_derw w = { 0 };
	int rc;

	switch (name->type) {
	case RMT_GN_DNS:
		return rmt_dns_check(name->value, true, err);
	case RMT_GN_IP:
		if (name->value.length == 4 || name->value.length == 16)
			return 0;
		return rmt_err_cite(err, RMT_POLICY, field, "RFC 5280, 4.2.1.6", "an IP address of %zu bytes",
		                    name->value.length);
	case RMT_GN_EMAIL:
	case RMT_GN_URI:
		if (rmt_text_hides(name->value))
			return rmt_err_set(err, RMT_POLICY, field, "a name holds a control character or is not text");
		rmt_buf_clear(&draft->scratch);
		rmt_buf_format(&draft->scratch, "%s:%.*s", rmt_general_type_name(name->type),
		               (int)name->value.length, (const char *)name->value.at);
		rc = rmt_general_write(&w, rmt_buf_string(&draft->scratch), err);
		rmt_derw_free(&w);
		return rc;
	default:
		return check_upn(name->value, err);
	}
}

/* 0 to be added, 1 dropped (reported), -1 refused. */
static int
judge(struct rmt_draft *draft, const struct rmt_general_name *name, enum origin origin, struct rmt_err *err)
{
	bool wildcard = name->type == RMT_GN_DNS && name->value.length && memchr(name->value.at, '*', name->value.length);
	struct rmt_err why = { 0 };
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
		return rmt_err_set(err, RMT_POLICY, field, "%s: template %s does not allow wildcards",
		                   rmt_shown_general(name, shown), draft->policy->name);
	if (!check_form(draft, name, &why))
		return 0;
	if (origin == FROM_CERTIFICATE && name->type == RMT_GN_DNS && !rmt_text_hides(name->value))
		return 0; /* verbatim: an underscore that a device lives with is not ours to refuse */
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
add(struct rmt_draft *draft, struct rmt_span whole, const struct rmt_general_name *name, enum origin origin,
    struct rmt_err *err)
{
	size_t max = draft->policy->san.max ? draft->policy->san.max : RMT_SAN_MAX;
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
	draft->san_count++;
	rmt_buf_span(&draft->san, whole);
	if (draft->report)
		rmt_draft_report(draft, origin == FROM_TEMPLATE || origin == FROM_CN ? RMT_DECISION_ADDED : RMT_DECISION_TAKEN,
		                 field, "%s%s", rmt_shown_general(name, shown), origin_text(origin));
	return rmt_buf_check(&draft->san, err);
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

/* Every name of `names` (GeneralName values one after another), or what a cursor stands at. */
static int
add_all(struct rmt_draft *draft, struct rmt_der *names, enum origin origin, struct rmt_err *err)
{
	struct rmt_general_name name;
	const unsigned char *start;
	int more;

	for (start = names->at; (more = rmt_general_next(names, &name, err)) == 1; start = names->at) {
		struct rmt_span whole = rmt_span_of(start, (size_t)(names->at - start));

		if (origin != FROM_TEMPLATE && origin != FROM_CN && !merge_takes(draft, &name))
			continue;
		if (add(draft, whole, &name, origin, err))
			return -1;
	}
	return more;
}

static int
add_text(struct rmt_draft *draft, const char *text, enum origin origin, struct rmt_err *err)
{
	struct rmt_buf encoded = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_der names;
	int rc = -1;

	if (rmt_general_write(&w, text, err))
		goto out;
	if (rmt_derw_finish(&w, &encoded, err))
		goto out;
	rmt_der_open(&names, rmt_buf_view(&encoded), NULL);
	rc = add_all(draft, &names, origin, err);
out:
	rmt_derw_free(&w);
	rmt_buf_free(&encoded);
	return rc;
}

/* A host name whose last label is all digits would be read as an address. */
static bool
is_host(struct rmt_span text)
{
	size_t i = text.length;

	if (!text.length || rmt_dns_check(text, true, NULL))
		return false;
	while (i > 0 && text.at[i - 1] != '.')
		if (text.at[--i] < '0' || text.at[i] > '9')
			return true;
	return false;
}

/* The general name that a CN stands for: "ip:", "email:", "dns:", or NULL when it is none of these. */
static const char *
cn_form(const struct rmt_buf *cn)
{
	unsigned char address[16];
	struct rmt_derw w = { 0 };
	struct rmt_buf text = { 0 };
	bool email;

	if (rmt_text_hides(rmt_buf_view(cn)))
		return NULL;
	if (inet_pton(AF_INET, rmt_buf_string(cn), address) == 1 || inet_pton(AF_INET6, rmt_buf_string(cn), address) == 1)
		return "ip:";
	if (is_host(rmt_buf_view(cn)))
		return "dns:";
	if (!cn->length || !memchr(cn->bytes, '@', cn->length))
		return NULL;
	rmt_buf_format(&text, "email:%s", rmt_buf_string(cn));
	email = !rmt_general_write(&w, rmt_buf_string(&text), NULL);
	rmt_derw_free(&w);
	rmt_buf_free(&text);
	return email ? "email:" : NULL;
}

static int
add_common_names(struct rmt_draft *draft, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_buf cn = { 0 }, text = { 0 };
	int more = -1;

	if (rmt_name_start(rmt_buf_view(&draft->subject), &cursor, err))
		return -1;
	while ((more = rmt_name_next(&cursor, &attribute, err)) == 1) {
		const char *form;

		if (!rmt_span_equal(attribute.oid, draft->recipe->common_name))
			continue;
		rmt_buf_clear(&cn);
		rmt_buf_clear(&text);
		rmt_string_utf8(attribute.tag, attribute.value, &cn);
		form = cn_form(&cn);
		if (!form)
			continue;
		rmt_buf_format(&text, "%s%s", form, rmt_buf_string(&cn));
		more = rmt_buf_check(&text, err) ? -1 : add_text(draft, rmt_buf_string(&text), FROM_CN, err);
		if (more < 0)
			break;
	}
	rmt_buf_free(&cn);
	rmt_buf_free(&text);
	return more < 0 ? -1 : 0;
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
		if (add_text(draft, wish->san->items[i], FROM_OPTION, err))
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
	struct rmt_der fixed;

	if (add_asked(draft, err) || check_required(draft, err))
		return -1;
	rmt_der_open(&fixed, rmt_buf_view(&draft->recipe->san_fixed), NULL);
	if (policy->san.merge != RMT_MERGE_INTERSECT && add_all(draft, &fixed, FROM_TEMPLATE, err))
		return -1;
	if (policy->san.from_cn && add_common_names(draft, err))
		return -1;
	if (!draft->san_count && policy->san.required)
		return rmt_err_set(err, RMT_POLICY, field, "template %s requires at least one name", policy->name);
	if (!draft->san_count && rmt_name_empty(rmt_buf_view(&draft->subject)))
		return rmt_err_cite(err, RMT_POLICY, field, "RFC 5280, 4.2.1.6",
		                    "a certificate needs a subject or a subject alternative name");
	return 0;
}
