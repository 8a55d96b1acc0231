/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a template, a target and a topology: no crash, no leak; what is refused is refused with a
 * sentence and the name of the file, and what is taken can be copied and written back.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void
refused(const struct rmt_err *err)
{
	if (err->class == RMT_NONE || *err->message == '\0' || strcmp(err->source, "fuzz") != 0)
		abort();
}

static void
as_template(const struct rmt_lineage *lineage)
{
	struct rmt_template *policy = calloc(1, sizeof(*policy)), *copy;
	struct rmt_buf one = { 0 }, two = { 0 };
	struct rmt_err err = { 0 };

	if (policy == NULL)
		return;
	if (rmt_lineage_names(lineage, &policy->name, &policy->origin, &policy->lineage, &err) != 0)
		abort();
	if (rmt_lineage_walk(lineage, rmt_template_schema, policy, &err) != 0) {
		refused(&err);
	} else if ((copy = rmt_template_dup(policy, &err)) != NULL) {
		rmt_template_dump(policy, &one);
		rmt_template_dump(copy, &two);
		if (!rmt_span_equal(rmt_buf_view(&one), rmt_buf_view(&two)))
			abort();
		rmt_template_free(copy);
	}
	rmt_template_free(policy);
	rmt_buf_free(&one);
	rmt_buf_free(&two);
}

static void
as_target(const struct rmt_lineage *lineage)
{
	struct rmt_target *target = calloc(1, sizeof(*target));
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };

	if (target == NULL)
		return;
	if (rmt_lineage_names(lineage, &target->name, &target->origin, &target->lineage, &err) != 0)
		abort();
	if (rmt_lineage_walk(lineage, rmt_target_schema, target, &err) != 0)
		refused(&err);
	else
		rmt_target_dump(target, &text);
	rmt_target_free(target);
	rmt_buf_free(&text);
}

/* And what the names of a shipped target come to in it. */
static void
as_topology(const struct rmt_lineage *lineage)
{
	static struct rmt_policy_store *store;
	static struct rmt_target *target;
	struct rmt_topology *topology = calloc(1, sizeof(*topology));
	struct rmt_wanted_names wanted;
	struct rmt_err err = { 0 };

	if (store == NULL && (store = rmt_policy_store_new(&err)) != NULL)
		target = rmt_target_load(store, "sfb-front-end", &err);
	if (topology == NULL || target == NULL)
		abort();
	if (rmt_topology_read(lineage, topology, &err) != 0)
		refused(&err);
	else if (rmt_wanted_names_resolve(target, topology, NULL, &wanted, &err) == 1)
		rmt_wanted_names_clear(&wanted);
	rmt_topology_free(topology);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_err err = { 0 };
	struct rmt_lineage *lineage = rmt_lineage_mem("fuzz", rmt_span_of(bytes, length), &err);

	if (lineage == NULL) {
		refused(&err);
		return 0;
	}
	as_template(lineage);
	as_target(lineage);
	as_topology(lineage);
	rmt_lineage_free(lineage);
	return 0;
}
