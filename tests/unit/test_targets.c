/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped targets against the rooms that act on them: every rule is in the audit's table and
 * takes the parameters that it is given, every file has a format that can be written, what proves an incident is
 * asked of every certificate that is audited for the target, and whoever looks at a chain in TLS judges it as it was sent.
 */
#include "config.h"

#include <stdio.h>

#include "unit/test_targets.h"
#include "write/write.h"

static struct {
	char name[64], sentence[128];
} targets[64];
static size_t target_count;

static int
collect(void *arg, const char *name, const char *origin)
{
	(void)arg;
	(void)origin;
	assert_true(target_count < sizeof targets / sizeof targets[0]);
	snprintf(targets[target_count].name, sizeof targets[0].name, "%s", name);
	snprintf(targets[target_count].sentence, sizeof targets[0].sentence,
	    "%s can be audited and written", name);
	target_count++;
	return 0;
}

static bool
asks(const struct rmt_target *target, const char *rule)
{
	for (size_t i = 0; i < target->rule_count; i++)
		if (strcmp(target->rules[i].rule, rule) == 0)
			return true;
	return false;
}

static void
check_incidents(const struct rmt_target *target)
{
	for (size_t i = 0; i < target->incident_count; i++) {
		const struct rmt_incident *incident = &target->incidents[i];

		for (size_t n = 0; n < incident->rules.count; n++)
			if (!asks(target, incident->rules.items[n]))
				fail_msg("%s: incident %zu rests on %s, which the target does not ask", target->name, i,
				    incident->rules.items[n]);
	}
}

/* Rules for issuing and places for files: no chain is sent to them. */
static const char *const chainless[] = { "apple-profile", "cabf-br", "java-8-keystore", "java-keystore", "rfc5280", "sfb-oauth", "windows-2012-pfx",
	"windows-pfx" };

static void
check_chain_as_sent(const struct rmt_target *target)
{
	static const char *const rules[] = { "chain.order", "chain.duplicate", "chain.root-included", "chain.foreign" };

	for (size_t i = 0; i < sizeof chainless / sizeof chainless[0]; i++)
		if (strcmp(target->name, chainless[i]) == 0)
			return;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (!asks(target, rules[i]))
			fail_msg("%s has nothing to say about %s", target->name, rules[i]);
}

static void
check_target(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rmt_target *target = rmt_target_load(store, *state, &err);
	struct rmt_audit *audit;

	assert_non_null(target);
	audit = rmt_audit_new(target, NULL, 0, &err);
	if (audit == NULL)
		fail_msg("%s: %s: %s", err.source, err.place, err.message);
	check_incidents(target);
	check_chain_as_sent(target);
	assert_non_null(target->template_name);
	assert_true(target->sources.count > 0);
	for (size_t i = 0; i < target->file_count; i++) {
		const struct rmt_format *format = rmt_format_named(target->files[i].format);

		assert_non_null(format);
		assert_true(
		    format->holds_key || !rmt_text_list_has(&target->files[i].content, "key"));
		assert_true(format->holds_many || target->files[i].content.count == 1);
	}
	rmt_audit_free(audit);
	rmt_target_free(target);
	rmt_policy_store_free(store);
}

int
main(void)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rows rows = { 0 };

	if (rmt_policy_each(store, RMT_POLICY_TARGET, collect, NULL, &err) != 0)
		return 1;
	rmt_policy_store_free(store);
	for (size_t i = 0; i < target_count; i++)
		add_row(&rows, targets[i].sentence, check_target, targets[i].name);
	return run_rows("targets", &rows) + test_targets_cases();
}
