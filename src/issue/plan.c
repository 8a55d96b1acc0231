/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/plan.c - a recipe and a wish become a decided certificate: everything but serial number and signature.
 *
 * Each field is decided in its own plan_*.c; here stands only their order and the encoding of the result.
 */
#include "config.h"

#include <stdlib.h>

#include "issue/local.h"

/* A rollover is told by its name, which is then spared by path lengths (RFC 5280, 4.2.1.9). */
static int
check_rollover(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_issuer *issuer = &draft->recipe->issuer;

	if (!issuer->rollover || (issuer->cert && rmt_name_equal(rmt_buf_view(&draft->subject), issuer->cert->subject)))
		return 0;
	return rmt_err_cite(err, RMT_POLICY, "subject", "RFC 5280, 6.1",
	                    "the key of a rollover has the name of its issuer, and this is another");
}

static const struct {
	int (*decide)(struct rmt_draft *draft, struct rmt_err *err);
} steps[] = {
	{ rmt_draft_key }, { rmt_draft_validity }, { rmt_draft_subject }, { check_rollover }, { rmt_draft_san }, { rmt_draft_usage },
	{ rmt_draft_bounds },
};

static void
write_usage(const struct rmt_draft *draft, struct rmt_derw *w)
{
	if (draft->key_usage) {
		rmt_ext_begin(w, RMT_EXT_KEY_USAGE, draft->policy->key_usage.critical);
		rmt_ext_key_usage_write(w, draft->key_usage);
		rmt_ext_end(w);
	}
	if (draft->eku.length) {
		rmt_ext_begin(w, RMT_EXT_EXTENDED_KEY_USAGE,
		                    draft->policy->extended_key_usage.critical);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_raw(w, rmt_buf_view(&draft->eku));
		rmt_derw_end(w);
		rmt_ext_end(w);
	}
}

/* The subject's identifier by hash (RFC 5280, 4.2.1.2, method 1); a root names itself as its authority too. */
static int
write_key_ids(const struct rmt_draft *draft, struct rmt_derw *w, struct rmt_err *err)
{
	const struct rmt_recipe *recipe = draft->recipe;
	bool own_authority = draft->policy->authority_key_id && !recipe->issuer.cert;
	unsigned char key_id[20];

	if (!draft->policy->subject_key_id && !own_authority)
		return 0;
	if (rmt_spki_key_id(draft->spki, key_id, err))
		return -1;
	if (draft->policy->subject_key_id) {
		rmt_ext_begin(w, RMT_EXT_SUBJECT_KEY_ID, false);
		rmt_ext_subject_key_id_write(w, rmt_span_of(key_id, sizeof(key_id)));
		rmt_ext_end(w);
	}
	if (own_authority) {
		rmt_ext_begin(w, RMT_EXT_AUTHORITY_KEY_ID, false);
		rmt_ext_authority_key_id_write(w, rmt_span_of(key_id, sizeof(key_id)));
		rmt_ext_end(w);
	}
	return 0;
}

static void
write_names(const struct rmt_draft *draft, struct rmt_derw *w)
{
	bool critical = draft->policy->san.critical_when_empty_subject && rmt_name_empty(rmt_buf_view(&draft->subject));

	if (!draft->san.length)
		return;
	rmt_ext_begin(w, RMT_EXT_SUBJECT_ALT_NAME, critical);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_raw(w, rmt_buf_view(&draft->san));
	rmt_derw_end(w);
	rmt_ext_end(w);
}

/* Issuer to extensions, as they follow the signature algorithm in a TBSCertificate. */
static int
encode(const struct rmt_draft *draft, struct rmt_plan *plan, struct rmt_err *err)
{
	const struct rmt_recipe *recipe = draft->recipe;
	const struct rmt_cert *issuer = recipe->issuer.cert;
	struct rmt_derw w = { 0 };

	rmt_buf_reserve(&w.buf, 768 + draft->spki.length + draft->san.length);
	rmt_derw_raw(&w, issuer ? issuer->subject : rmt_buf_view(&draft->subject));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_time(&w, draft->not_before);
	rmt_derw_time(&w, draft->not_after);
	rmt_derw_end(&w);
	rmt_derw_raw(&w, rmt_buf_view(&draft->subject));
	rmt_derw_raw(&w, draft->spki);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(3));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, rmt_buf_view(&recipe->head));
	write_usage(draft, &w);
	if (write_key_ids(draft, &w, err)) {
		rmt_derw_free(&w);
		return -1;
	}
	write_names(draft, &w);
	rmt_derw_raw(&w, rmt_buf_view(recipe->tails && draft->wish->crl_shard ? &recipe->tails[draft->wish->crl_shard - 1] : &recipe->tail));
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	return rmt_derw_finish(&w, &plan->rest, err);
}

static int
decide(struct rmt_draft *draft, struct rmt_err *err)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].decide(draft, err))
			return -1;
	if (draft->recipe->path_clamped)
		rmt_draft_report(draft, RMT_DECISION_CHANGED, "basicConstraints",
		                 "path length %d: the authorities above leave no more", draft->recipe->path_length);
	return 0;
}

struct rmt_plan *
rmt_plan_new(const struct rmt_recipe *recipe, const struct rmt_wish *wish, struct rmt_span spki, rmt_time now,
             rmt_report_fn *report, void *report_arg, struct rmt_err *err)
{
	struct rmt_plan *plan = calloc(1, sizeof(*plan));
	struct rmt_draft draft = {
		.recipe = recipe, .policy = recipe->policy, .wish = wish, .spki = spki, .now = now,
		.report = report, .report_arg = report_arg,
	};
	int rc = -1;

	if (!plan) {
		rmt_err_memory(err);
		return NULL;
	}
	if (decide(&draft, err) || encode(&draft, plan, err))
		goto out;
	plan->not_before = draft.not_before;
	plan->not_after = draft.not_after;
	rc = 0;
out:
	rmt_buf_free(&draft.subject);
	rmt_buf_free(&draft.san);
	rmt_buf_free(&draft.eku);
	rmt_buf_free(&draft.scratch);
	if (!rc)
		return plan;
	rmt_plan_free(plan);
	return NULL;
}

void
rmt_plan_free(struct rmt_plan *plan)
{
	if (!plan)
		return;
	rmt_buf_free(&plan->rest);
	free(plan);
}

rmt_time
rmt_plan_not_before(const struct rmt_plan *plan)
{
	return plan->not_before;
}

rmt_time
rmt_plan_not_after(const struct rmt_plan *plan)
{
	return plan->not_after;
}
