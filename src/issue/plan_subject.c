/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/plan_subject.c - the subject: which attributes of the wish are taken, what the template fixes, in which order.
 *
 * A subject to be repeated verbatim (reissue) is not judged attribute by attribute: only what no name may hold is refused.
 */
#include "config.h"

#include <string.h>

#include "issue/local.h"

static const char field[] = "subject";

/* Attributes on their way into the subject. */
struct choice {
	struct rmt_attribute list[RMT_SUBJECT_MAX];
	size_t count;
};

static const char *
label(struct rmt_span oid, char out[RMT_SHOWN])
{
	const struct rmt_oid *known = rmt_oid_find(oid);
	struct rmt_buf dotted = { 0 };

	if (known)
		return known->label ? known->label : known->name;
	rmt_oid_dotted(oid, &dotted);
	rmt_shown(rmt_buf_view(&dotted), out);
	rmt_buf_free(&dotted);
	return out;
}

static void
report_attribute(const struct rmt_draft *draft, enum rmt_decision decision, const struct rmt_attribute *attribute,
                 const char *why)
{
	char name[RMT_SHOWN], value[RMT_SHOWN];

	if (draft->report)
		rmt_draft_report(draft, decision, field, "%s=%s %s", label(attribute->oid, name),
		                 rmt_shown_string(attribute->tag, attribute->value, value), why);
}

/* The forms in which one byte is one character of ASCII need no conversion before they are looked at. */
static struct rmt_span
plain_text(struct rmt_draft *draft, const struct rmt_attribute *attribute)
{
	unsigned char tag = attribute->tag;

	if (tag == RMT_DER_UTF8 || tag == RMT_DER_PRINTABLE || tag == RMT_DER_IA5)
		return attribute->value;
	rmt_buf_clear(&draft->scratch);
	rmt_string_utf8(tag, attribute->value, &draft->scratch);
	return rmt_buf_view(&draft->scratch);
}

static bool
has_byte(struct rmt_span text, char byte)
{
	return text.length && memchr(text.at, byte, text.length);
}

/* What was copied from an old certificate nobody has typed: say where the name is written anew. */
static const char *
way_out(const struct rmt_draft *draft, const struct rmt_attribute *attribute)
{
	if (!draft->wish->subject_verbatim)
		return "";
	return rmt_span_equal(attribute->oid, draft->recipe->common_name)
	           ? ": write the name anew, as \"cn\" of the item in a plan, or with remint issue --subject"
	           : ": write the subject anew with remint issue --subject";
}

/* What no value may hold, whoever asks. A wildcard in the CN is judged like one among the names. */
static int
check_value(struct rmt_draft *draft, const struct rmt_attribute *attribute, struct rmt_err *err)
{
	struct rmt_span text = plain_text(draft, attribute);
	char name[RMT_SHOWN], value[RMT_SHOWN];

	if (rmt_text_hides(text))
		return rmt_err_set(err, RMT_POLICY, field, "%s=%s holds a control character or is not text%s",
		                   label(attribute->oid, name), rmt_shown(text, value), way_out(draft, attribute));
	if (!rmt_span_equal(attribute->oid, draft->recipe->common_name) || !has_byte(text, '*'))
		return 0;
	if (!draft->policy->san.wildcard)
		return rmt_err_set(err, RMT_POLICY, field, "CN=%s: template %s does not allow wildcards%s",
		                   rmt_shown(text, value), draft->policy->name, rmt_wildcard_hint(draft->policy));
	if (rmt_dns_check(text, true, NULL))
		return rmt_err_set(err, RMT_POLICY, field, "CN=%s has an asterisk that is not the whole first label",
		                   rmt_shown(text, value));
	return 0;
}

static bool
allowed(const struct rmt_draft *draft, struct rmt_span oid)
{
	const struct rmt_text_list *allow = &draft->policy->subject.allow;

	if (!allow->count)
		return rmt_oid_find(oid) != NULL;
	for (size_t i = 0; i < allow->count; i++)
		if (rmt_span_equal(draft->recipe->allow[i]->der, oid))
			return true;
	return false;
}

static bool
is_fixed(const struct rmt_draft *draft, struct rmt_span oid)
{
	for (size_t i = 0; i < draft->recipe->fixed_count; i++)
		if (rmt_span_equal(draft->recipe->fixed[i].attribute.oid, oid))
			return true;
	return false;
}

/* Why an attribute of the wish is left out, or NULL when it is taken. */
static const char *
objection(const struct rmt_draft *draft, const struct rmt_attribute *attribute)
{
	if (!attribute->value.length)
		return "is empty";
	if (is_fixed(draft, attribute->oid))
		return NULL; /* decided when the fixed ones are written */
	if (draft->policy->subject.merge == RMT_MERGE_TEMPLATE)
		return "is not asked: the template alone decides the subject";
	if (!allowed(draft, attribute->oid))
		return "is not among the attributes that the template allows";
	return NULL;
}

static int
gather(struct rmt_draft *draft, struct choice *asked, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	const char *why;
	int more;

	asked->count = 0;
	if (!draft->wish->subject.length)
		return 0;
	if (rmt_name_start(draft->wish->subject, &cursor, err))
		return -1;
	while ((more = rmt_name_next(&cursor, &attribute, err)) == 1) {
		why = objection(draft, &attribute);
		if (why) {
			report_attribute(draft, RMT_DECISION_DROPPED, &attribute, why);
			continue;
		}
		if (check_value(draft, &attribute, err))
			return -1;
		if (asked->count == RMT_SUBJECT_MAX)
			return rmt_err_set(err, RMT_POLICY, field, "more than %d attributes", (int)RMT_SUBJECT_MAX);
		asked->list[asked->count++] = attribute;
	}
	return more;
}

static bool
same_value(const struct rmt_attribute *a, const struct rmt_attribute *b)
{
	struct rmt_buf left = { 0 }, right = { 0 };
	bool same;

	rmt_string_utf8(a->tag, a->value, &left);
	rmt_string_utf8(b->tag, b->value, &right);
	same = rmt_span_equal(a->oid, b->oid) && rmt_span_equal(rmt_buf_view(&left), rmt_buf_view(&right));
	rmt_buf_free(&left);
	rmt_buf_free(&right);
	return same;
}

static bool
states(const struct choice *asked, const struct rmt_attribute *fixed)
{
	for (size_t i = 0; i < asked->count; i++)
		if (same_value(&asked->list[i], fixed))
			return true;
	return false;
}

static int
append(struct choice *out, const struct rmt_attribute *attribute, struct rmt_err *err)
{
	if (out->count == RMT_SUBJECT_MAX)
		return rmt_err_set(err, RMT_POLICY, field, "more than %d attributes", (int)RMT_SUBJECT_MAX);
	out->list[out->count++] = *attribute;
	return 0;
}

/* Every fixed attribute of this type, once; what the wish says of the type instead is dropped. */
static int
append_fixed(struct rmt_draft *draft, const struct choice *asked, struct rmt_span oid, struct choice *out,
             struct rmt_err *err)
{
	enum rmt_merge merge = draft->policy->subject.merge;

	for (size_t i = 0; i < draft->recipe->fixed_count; i++) {
		const struct rmt_attribute *fixed = &draft->recipe->fixed[i].attribute;
		bool stated = states(asked, fixed);

		if (!rmt_span_equal(fixed->oid, oid) || states(out, fixed))
			continue;
		if (merge == RMT_MERGE_INTERSECT && !stated)
			continue;
		if (merge == RMT_MERGE_REQUIRE && !stated) {
			char name[RMT_SHOWN], value[RMT_SHOWN];

			return rmt_err_set(err, RMT_POLICY, field, "template %s requires the request to state %s=%s",
			                   draft->policy->name, label(fixed->oid, name),
			                   rmt_shown_string(fixed->tag, fixed->value, value));
		}
		if (!stated)
			report_attribute(draft, RMT_DECISION_ADDED, fixed, "set by the template");
		if (append(out, fixed, err))
			return -1;
	}
	for (size_t i = 0; i < asked->count; i++)
		if (rmt_span_equal(asked->list[i].oid, oid) && !states(out, &asked->list[i]))
			report_attribute(draft, RMT_DECISION_DROPPED, &asked->list[i],
			                 merge == RMT_MERGE_INTERSECT ? "is not what the template has"
			                                              : "is set by the template");
	return 0;
}

/* All of one attribute type, the template's where it fixes it. */
static int
append_type(struct rmt_draft *draft, const struct choice *asked, struct rmt_span oid, struct choice *out,
            struct rmt_err *err)
{
	if (is_fixed(draft, oid))
		return append_fixed(draft, asked, oid, out, err);
	for (size_t i = 0; i < asked->count; i++)
		if (rmt_span_equal(asked->list[i].oid, oid) && append(out, &asked->list[i], err))
			return -1;
	return 0;
}

static bool
has_type(const struct choice *list, size_t before, struct rmt_span oid)
{
	for (size_t i = 0; i < before; i++)
		if (rmt_span_equal(list->list[i].oid, oid))
			return true;
	return false;
}

/* In the order of `allow`, or in the wish's own order where `allow` is empty; fixed ones that neither names come last. */
static int
arrange(struct rmt_draft *draft, const struct choice *asked, struct choice *out, struct rmt_err *err)
{
	const struct rmt_recipe *recipe = draft->recipe;
	size_t allow = draft->policy->subject.allow.count;

	out->count = 0;
	for (size_t i = 0; i < allow; i++)
		if (append_type(draft, asked, recipe->allow[i]->der, out, err))
			return -1;
	for (size_t i = 0; i < asked->count && !allow; i++) {
		struct rmt_span oid = asked->list[i].oid;
		bool first = !has_type(asked, i, oid);

		if (is_fixed(draft, oid) ? first && append_fixed(draft, asked, oid, out, err)
		                         : append(out, &asked->list[i], err))
			return -1;
	}
	for (size_t i = 0; i < recipe->fixed_count; i++) {
		struct rmt_span oid = recipe->fixed[i].attribute.oid;

		if (!has_type(out, out->count, oid) && append_fixed(draft, asked, oid, out, err))
			return -1;
	}
	return 0;
}

/* One attribute to an RDN, every value in the string type and within the bounds of RFC 5280, appendix A. */
static int
encode(struct rmt_draft *draft, const struct choice *chosen, struct rmt_err *err)
{
	struct rmt_name_part parts[RMT_SUBJECT_MAX];
	size_t offsets[RMT_SUBJECT_MAX];
	struct rmt_err why = { 0 };
	int rc = 0;

	rmt_buf_clear(&draft->scratch);
	for (size_t i = 0; i < chosen->count; i++) {
		const struct rmt_attribute *attribute = &chosen->list[i];

		offsets[i] = draft->scratch.length;
		rmt_string_utf8(attribute->tag, attribute->value, &draft->scratch);
		rmt_buf_byte(&draft->scratch, '\0');
	}
	if (rmt_buf_check(&draft->scratch, err))
		return -1;
	for (size_t i = 0; i < chosen->count; i++) {
		const struct rmt_oid *oid = rmt_oid_find(chosen->list[i].oid);

		if (!oid) /* `allow` and `fixed` hold known ones only, and so does what passed them */
			return rmt_err_set(err, RMT_INTERNAL, field, "an attribute without a name");
		parts[i] = (struct rmt_name_part){ oid->name, rmt_buf_string(&draft->scratch) + offsets[i] };
	}
	rc = rmt_name_build(parts, chosen->count, &draft->subject, &why);
	if (rc && why.class == RMT_INTERNAL)
		return rmt_err_set(err, why.class, field, "%s", why.message);
	return rc ? rmt_err_cite(err, RMT_POLICY, field, why.citation, "%s: %s", why.place, why.message) : 0;
}

/* Definite, minimal lengths all through: bytes that may stand in a certificate of ours as they are. */
static bool
is_der(struct rmt_span name)
{
	struct rmt_der outer, names, set, pair;
	struct rmt_span oid;
	struct rmt_tlv value;

	rmt_der_open(&outer, name, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &names, NULL, NULL) || rmt_der_end(&outer, NULL, NULL))
		return false;
	while (rmt_der_more(&names)) {
		if (rmt_der_enter(&names, RMT_DER_SET, &set, NULL, NULL) || !rmt_der_more(&set))
			return false;
		while (rmt_der_more(&set))
			if (rmt_der_enter(&set, RMT_DER_SEQUENCE, &pair, NULL, NULL) ||
			    rmt_der_oid(&pair, &oid, NULL, NULL) || rmt_der_any(&pair, &value, NULL, NULL) ||
			    rmt_der_end(&pair, NULL, NULL))
				return false;
	}
	return true;
}

/* The exact bytes, unless they break DER (a tolerated certificate): then the same values, written strictly. */
static int
verbatim(struct rmt_draft *draft, struct rmt_err *err)
{
	struct rmt_span subject = draft->wish->subject;
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int more;

	if (rmt_name_start(subject, &cursor, err))
		return -1;
	while ((more = rmt_name_next(&cursor, &attribute, err)) == 1) {
		if (check_value(draft, &attribute, err))
			return -1;
	}
	if (more < 0)
		return -1;
	if (is_der(subject)) {
		rmt_buf_span(&draft->subject, subject);
		return rmt_buf_check(&draft->subject, err);
	}
	if (rmt_name_clean(subject, &draft->subject, err))
		return -1;
	rmt_draft_report(draft, RMT_DECISION_CHANGED, field, "re-encoded: the original breaks DER");
	return 0;
}

static int
check_required(const struct rmt_draft *draft, const struct choice *chosen, struct rmt_err *err)
{
	const struct rmt_text_list *require = &draft->policy->subject.require;

	for (size_t i = 0; i < require->count; i++)
		if (!has_type(chosen, chosen->count, draft->recipe->require[i]->der))
			return rmt_err_set(err, RMT_POLICY, field, "template %s requires %s in the subject",
			                   draft->policy->name, require->items[i]);
	return 0;
}

static int
check_whole(const struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_cert *issuer = draft->recipe->issuer.cert;
	struct rmt_span subject = rmt_buf_view(&draft->subject);

	if (rmt_name_empty(subject)) {
		if (draft->policy->role != RMT_ROLE_LEAF)
			return rmt_err_cite(err, RMT_POLICY, field, "RFC 5280, 4.1.2.6", "a CA needs a subject");
		if (!draft->policy->subject.empty_ok)
			return rmt_err_set(err, RMT_POLICY, field, "template %s does not allow an empty subject",
			                   draft->policy->name);
		return 0;
	}
	if (issuer && draft->policy->role == RMT_ROLE_LEAF && rmt_name_equal(subject, issuer->subject))
		return rmt_err_set(err, RMT_POLICY, field, "the subject is the issuing authority's own name");
	return 0;
}

static void
report_replaced(const struct rmt_draft *draft)
{
	struct rmt_span replaced = draft->wish->replaced_subject;
	struct rmt_buf text = { 0 };
	char shown[RMT_SHOWN];

	if (!draft->report || rmt_name_empty(replaced) || rmt_name_equal(replaced, draft->wish->subject))
		return;
	rmt_name_text(replaced, &text);
	rmt_draft_report(draft, RMT_DECISION_DROPPED, field, "%s as requested: another subject was given",
	                 rmt_shown(rmt_buf_view(&text), shown));
	rmt_buf_free(&text);
}

static void
report_whole(const struct rmt_draft *draft)
{
	struct rmt_buf text = { 0 };
	char shown[RMT_SHOWN];

	if (!draft->report || rmt_name_empty(rmt_buf_view(&draft->subject)))
		return;
	rmt_name_text(rmt_buf_view(&draft->subject), &text);
	rmt_draft_report(draft, RMT_DECISION_TAKEN, field, "%s", rmt_shown(rmt_buf_view(&text), shown));
	rmt_buf_free(&text);
}

int
rmt_draft_subject(struct rmt_draft *draft, struct rmt_err *err)
{
	struct choice asked, chosen;

	report_replaced(draft);
	if (draft->wish->subject_verbatim) {
		if (verbatim(draft, err))
			return -1;
	} else if (gather(draft, &asked, err) || arrange(draft, &asked, &chosen, err) ||
	           check_required(draft, &chosen, err) || encode(draft, &chosen, err)) {
		return -1;
	}
	if (check_whole(draft, err))
		return -1;
	report_whole(draft);
	return 0;
}
