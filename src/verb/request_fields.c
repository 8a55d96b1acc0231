/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_fields.c - a subject against the fields that a target has for it: which must be filled in, which there are, and how
 * long they may be; and names against the target's rules on wildcards.
 *
 * Keys are for the verbs that ask, all other rules for the audit of what comes back.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static void put_missing(const struct rmt_text_list *require, struct rmt_span subject, struct rmt_buf *out)
{
	const char *before = "it lacks ";

	for (size_t i = 0; i < require->count; i++) {
		struct rmt_buf value = {0};

		if (rmt_name_get(subject, require->items[i], false, &value) != 1) {
			rmt_buf_format(out, "%s%s", before, require->items[i]);
			before = ", ";
		}
		rmt_buf_free(&value);
	}
}

static bool has_field(const struct rmt_text_list *allow, const struct rmt_oid *oid)
{
	return oid && ((oid->label && rmt_text_list_has(allow, oid->label)) || rmt_text_list_has(allow, oid->name));
}

/* Attributes of one kind that follow each other, as DC does, are said once. */
static int put_extra(const struct rmt_text_list *allow, struct rmt_span subject, struct rmt_buf *out, struct rmt_err *err)
{
	const char *before = out->length ? ", and there is no field for " : "there is no field for ";
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_span last = {0};

	if (rmt_name_start(subject, &cursor, err))
		return -1;
	while (allow->count && rmt_name_next(&cursor, &attribute, err) == 1) {
		const struct rmt_oid *oid = rmt_oid_find(attribute.oid);

		if (!has_field(allow, oid) && !rmt_span_equal(attribute.oid, last)) {
			rmt_buf_format(out, "%s%s", before, oid ? oid->label ? oid->label : oid->name : "an unknown attribute");
			before = ", ";
		}
		last = attribute.oid;
	}
	return 0;
}

int rmt_request_fields_check(const struct rmt_target *target, struct rmt_span subject, struct rmt_err *err)
{
	struct rmt_buf wrong = {0};
	int rc;

	put_missing(&target->request.require, subject, &wrong);
	rc = put_extra(&target->request.allow, subject, &wrong, err);
	if (rc == 0)
		rc = rmt_buf_check(&wrong, err);
	if (rc == 0 && wrong.length)
		rc = rmt_err_set(err, RMT_POLICY, "subject", "%s takes no such subject: %s", target->name, rmt_buf_string(&wrong));
	rmt_buf_free(&wrong);
	return rc;
}

/* Fields of a device are short; whether this one cuts or refuses is for it to say. */
int rmt_request_fields_warn(struct remint *ctx, const struct rmt_target *target, struct rmt_span subject, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	for (size_t i = 0; i < target->request.limits.count; i++) {
		const char *limit = target->request.limits.items[i], *colon = strchr(limit, ':');
		unsigned long most = strtoul(colon + 1, NULL, 10);
		char label[32] = "";
		const struct rmt_oid *oid;

		memcpy(label, limit, (size_t)(colon - limit) < sizeof label ? (size_t)(colon - limit) : sizeof label - 1);
		oid = rmt_oid_named(label);
		if (!oid || rmt_name_start(subject, &cursor, err))
			return -1;
		while (rmt_name_next(&cursor, &attribute, err) == 1)
			if (rmt_span_equal(attribute.oid, oid->der) && attribute.value.length > most)
				rmt_verb_warn(ctx, "%s is said to take at most %lu characters of %s: it may refuse this one, or cut it",
				              target->name, most, label);
	}
	return 0;
}

/* ---- kinds of names ------------------------------------------------------------------------------------------------------------ */

void rmt_request_kinds_warn(struct remint *ctx, const struct rmt_template *policy, struct remint_strings names)
{
	for (size_t i = 0; i < names.count; i++) {
		size_t length = strcspn(names.items[i], ":");
		char kind[16] = "";

		memcpy(kind, names.items[i], length < sizeof kind ? length : 0);
		if (!rmt_text_list_has(&policy->san.allow, kind))
			rmt_verb_warn(ctx, "template %s, by which a home of Remint signs it, does not allow names of type %s: %s is for another CA",
			              policy->name, kind, names.items[i]);
	}
}

/* ---- wildcards ----------------------------------------------------------------------------------------------------------------- */

static bool cn_has(struct rmt_span subject, struct remint_strings names)
{
	struct rmt_buf cn = {0};
	bool has = rmt_name_get(subject, "CN", true, &cn) == 1 && !cn.failed && strchr(rmt_buf_string(&cn), '*');

	(void)names;
	rmt_buf_free(&cn);
	return has;
}

static bool names_have(struct rmt_span subject, struct remint_strings names)
{
	(void)subject;
	for (size_t i = 0; i < names.count; i++)
		if (strncmp(names.items[i], "dns:", 4) == 0 && strchr(names.items[i], '*'))
			return true;
	return false;
}

static const struct {
	const char *rule, *place;
	bool (*breaks)(struct rmt_span subject, struct remint_strings names);
} wildcard_rules[] = {{"leaf.cn.wildcard", "the common name", cn_has}, {"leaf.san.wildcard", "an alternative name", names_have}};

int rmt_request_names_check(struct remint *ctx, const struct rmt_target *target, struct rmt_span subject, struct remint_strings names,
                            struct rmt_err *err)
{
	for (size_t i = 0; i < target->rule_count; i++) {
		const struct rmt_rule_setting *setting = &target->rules[i];

		for (size_t k = 0; k < sizeof wildcard_rules / sizeof *wildcard_rules; k++) {
			if (strcmp(setting->rule, wildcard_rules[k].rule) != 0 || !wildcard_rules[k].breaks(subject, names))
				continue;
			if (setting->severity < 0 || setting->severity == RMT_SEVERITY_ERROR)
				return rmt_err_set(err, RMT_POLICY, "names", "%s takes no wildcard as %s (%s): ask for the names of its hosts", target->name,
				                   wildcard_rules[k].place, setting->rule);
			rmt_verb_warn(ctx, "%s is said to take no wildcard as %s (%s)", target->name, wildcard_rules[k].place, setting->rule);
		}
	}
	return 0;
}
