/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand.c - the template and the targets that a run of issuing serves, loaded once.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static int load_targets(struct remint *ctx, struct remint_strings given, struct rmt_demand *out, struct rmt_err *err)
{
	struct rmt_arena arena = {0};
	struct rmt_buf joined = {0};
	struct remint_strings names;
	int rc = -1;

	if (rmt_targets_expand(ctx, given, RMT_TARGETS_ISSUE, &arena, &names, err))
		goto out;
	out->targets = calloc(names.count + 1, sizeof(struct rmt_target *));
	if (!out->targets) {
		rmt_err_memory(err);
		goto out;
	}
	for (size_t i = 0; i < names.count; i++) {
		struct rmt_target *target = rmt_target_load(ctx->policies, names.items[i], err);

		if (!target)
			goto out;
		out->targets[out->target_count++] = target;
		rmt_buf_format(&joined, "%s%s", i ? "," : "", target->name);
	}
	if (rmt_buf_check(&joined, err))
		goto out;
	out->target_names = rmt_strdup(rmt_buf_string(&joined), err);
	rc = out->target_names ? 0 : -1;
out:
	rmt_arena_free(&arena);
	rmt_buf_free(&joined);
	return rc;
}

int rmt_demand_load(struct remint *ctx, const char *template_name, struct remint_strings targets, const char *fallback,
                    struct rmt_demand *out, struct rmt_err *err)
{
	*out = (struct rmt_demand){0};
	if (load_targets(ctx, targets, out, err))
		goto fail;
	for (size_t i = 0; !template_name && i < out->target_count; i++)
		template_name = out->targets[i]->template_name;
	out->template = rmt_template_load(ctx->policies, template_name ? template_name : fallback, err);
	if (out->template)
		return 0;
fail:
	rmt_demand_clear(out);
	return -1;
}

void rmt_demand_clear(struct rmt_demand *demand)
{
	for (size_t i = 0; i < demand->target_count; i++)
		rmt_target_free(demand->targets[i]);
	rmt_expectation_clear(&demand->expect);
	free(demand->targets);
	free(demand->target_names);
	rmt_template_free(demand->template);
	*demand = (struct rmt_demand){0};
}
