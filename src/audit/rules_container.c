/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_container.c - rules about what the objects came in.
 *
 * The facts are the reader's; where there are none (a live server, bytes in memory) these rules have nothing to say.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

int
rmt_rule_pfx_profile(struct rmt_check *check)
{
	const struct rmt_object_facts *facts = check->presented->facts;
	struct rmt_buf *list = &check->audit->list;

	if (!facts || !facts->pfx_profile || rmt_text_list_has(&check->rule->set->values, facts->pfx_profile))
		return 0;
	rmt_buf_clear(list);
	rmt_list_values(list, &check->rule->set->values);
	return rmt_audit_fault(check, "container", "the PFX is of the profile %s, not %s", facts->pfx_profile,
	    rmt_buf_string(list));
}

int
rmt_rule_container_format(struct rmt_check *check)
{
	const struct rmt_object_facts *facts = check->presented->facts;
	struct rmt_buf *list = &check->audit->list;

	if (!facts || !facts->container || rmt_text_list_has(&check->rule->set->values, facts->container))
		return 0;
	rmt_buf_clear(list);
	rmt_list_values(list, &check->rule->set->values);
	return rmt_audit_fault(check, "container", "it stands in the form %s, not %s", facts->container, rmt_buf_string(list));
}

int
rmt_rule_container_encoding(struct rmt_check *check)
{
	const struct rmt_object_facts *facts = check->presented->facts;

	if (!facts || !facts->note || !facts->note[0])
		return 0;
	return rmt_audit_fault(check, "container", "%s", facts->note);
}
