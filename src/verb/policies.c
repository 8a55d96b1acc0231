/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policies.c - templates and targets as a person sees them: listed, shown resolved, checked; and the rule table.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- list ---------------------------------------------------------------------------------------------------------------- */

struct listing {
	struct remint *ctx;
	enum remint_policy kind;
	remint_policy_fn *entry;
	void *arg;
};

static const char *first_parent(const struct rmt_text_list *lineage)
{
	return lineage->count ? lineage->items[0] : "";
}

static int list_one(void *arg, const char *name, const char *origin)
{
	struct listing *listing = arg;
	struct remint_policy_entry entry = {.name = name, .origin = origin};
	struct rmt_template *template = NULL;
	struct rmt_target *target = NULL;
	struct rmt_err err = {0};
	int rc;

	if (listing->kind == REMINT_TEMPLATE && (template = rmt_template_load(listing->ctx->policies, name, &err))) {
		entry.title = template->title;
		entry.extends = first_parent(&template->lineage);
	} else if (listing->kind == REMINT_TARGET && (target = rmt_target_load(listing->ctx->policies, name, &err))) {
		entry.title = target->title;
		entry.extends = first_parent(&target->lineage);
	} else {
		return rmt_verb_fault(listing->ctx, &err); /* one broken file does not hide the others */
	}
	rc = listing->entry(listing->arg, &entry);
	rmt_template_free(template);
	rmt_target_free(target);
	return rc;
}

static enum rmt_policy_kind kind_of(enum remint_policy kind)
{
	return kind == REMINT_TEMPLATE ? RMT_POLICY_TEMPLATE : RMT_POLICY_TARGET;
}

int remint_policy_list(struct remint *ctx, enum remint_policy kind, remint_policy_fn *entry, void *arg)
{
	struct listing listing = {ctx, kind, entry, arg};

	rmt_verb_begin(ctx);
	return rmt_verb_end(ctx, rmt_policy_each(ctx->policies, kind_of(kind), list_one, &listing, &ctx->err));
}

/* ---- show and check ---------------------------------------------------------------------------------------------------------- */

static int show(struct remint *ctx, enum remint_policy kind, const char *name, struct rmt_buf *out)
{
	struct rmt_template *template;
	struct rmt_target *target;

	if (kind == REMINT_TEMPLATE) {
		template = rmt_template_load(ctx->policies, name, &ctx->err);
		if (!template)
			return -1;
		rmt_template_dump(template, out);
		rmt_template_free(template);
	} else {
		target = rmt_target_load(ctx->policies, name, &ctx->err);
		if (!target)
			return -1;
		rmt_target_dump(target, out);
		rmt_target_free(target);
	}
	return rmt_buf_check(out, &ctx->err);
}

char *remint_policy_show(struct remint *ctx, enum remint_policy kind, const char *name)
{
	struct rmt_buf out = {0};
	int rc;

	rmt_verb_begin(ctx);
	rc = show(ctx, kind, name, &out);
	if (rmt_verb_end(ctx, rc) == 0)
		return rmt_buf_take(&out);
	rmt_buf_free(&out);
	return NULL;
}

/* A target's rules must exist and take their parameters; its template and formats too. */
static int check_target(struct remint *ctx, const char *name)
{
	struct rmt_target *target = rmt_target_load(ctx->policies, name, &ctx->err);
	struct rmt_audit *audit = NULL;
	struct rmt_template *template = NULL;
	int rc = -1;

	if (!target)
		return -1;
	audit = rmt_audit_new(target, NULL, rmt_verb_now(ctx), &ctx->err);
	if (!audit)
		goto out;
	if (target->template_name && !(template = rmt_template_load(ctx->policies, target->template_name, &ctx->err)))
		goto out;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < target->file_count; i++)
		if (!rmt_format_named(target->files[i].format))
			rc = rmt_err_set(&ctx->err, RMT_USAGE, target->files[i].name, "\"%s\" is not a format that Remint writes",
			                 target->files[i].format);
out:
	rmt_template_free(template);
	rmt_audit_free(audit);
	rmt_target_free(target);
	return rc;
}

int remint_policy_check(struct remint *ctx, enum remint_policy kind, const char *name)
{
	struct rmt_template *template;
	int rc;

	rmt_verb_begin(ctx);
	if (kind == REMINT_TARGET)
		return rmt_verb_end(ctx, check_target(ctx, name));
	template = rmt_template_load(ctx->policies, name, &ctx->err);
	rc = template ? rmt_key_spec_check(template->key_generate, &ctx->err) : -1;
	rmt_template_free(template);
	return rmt_verb_end(ctx, rc);
}

/* ---- rules ----------------------------------------------------------------------------------------------------------------------- */

static struct remint_rule rule_of(const struct rmt_rule_row *row)
{
	return (struct remint_rule){.id = row->id, .title = row->title, .citation = row->citation, .fix = row->fix,
	                            .parameters = row->parameters, .severity = (enum remint_severity)row->severity,
	                            .note = "", .source = "", .confidence = ""};
}

static int rules_of(struct remint *ctx, const char *name, remint_rule_fn *rule, void *arg)
{
	static const char *const confidence[] = {"documented", "field", "measured", "unconfirmed"};
	struct rmt_target *target = rmt_target_load(ctx->policies, name, &ctx->err);
	const struct rmt_rule_row *rows;
	size_t count;
	int rc = 0;

	if (!target)
		return -1;
	rows = rmt_rule_rows(&count);
	for (size_t i = 0; rc == 0 && i < target->rule_count; i++) {
		const struct rmt_rule_setting *setting = &target->rules[i];

		for (size_t j = 0; rc == 0 && j < count; j++) {
			struct remint_rule out = rule_of(&rows[j]);

			if (strcmp(rows[j].id, setting->rule) != 0)
				continue;
			if (setting->severity >= 0)
				out.severity = (enum remint_severity)setting->severity;
			out.note = setting->note ? setting->note : "";
			out.source = setting->source ? setting->source : "";
			out.confidence = confidence[setting->confidence];
			rc = rule(arg, &out);
		}
	}
	rmt_target_free(target);
	return rc;
}

int remint_rules(struct remint *ctx, const char *target, remint_rule_fn *rule, void *arg)
{
	const struct rmt_rule_row *rows;
	size_t count;
	int rc = 0;

	rmt_verb_begin(ctx);
	if (target)
		return rmt_verb_end(ctx, rules_of(ctx, target, rule, arg));
	rows = rmt_rule_rows(&count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct remint_rule out = rule_of(&rows[i]);

		rc = rule(arg, &out);
	}
	return rmt_verb_end(ctx, rc);
}
