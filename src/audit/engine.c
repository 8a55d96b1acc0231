/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/engine.c - runs a target's rules over one leaf and what came with it, and hands out findings.
 *
 * The rules run in the order of the target, each on what its row says: the leaf, every certificate above it on its
 * path, the chain as sent, the container. The search for paths is made when the first rule asks for it. A rule that
 * passes costs no memory; texts are made when there is a fault to tell. What a rule asks stands in rules_*.c.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/local.h"

/* ---- preparing ---------------------------------------------------------------------------------------------------- */

static int
resolve_rules(struct rmt_audit *audit, struct rmt_err *err)
{
	const struct rmt_target *target = audit->target;
	bool searches = false, mentioned = false;

	audit->active = calloc(target->rule_count + 1, sizeof *audit->active);
	if (!audit->active)
		return rmt_err_memory(err);
	for (size_t i = 0; i < target->rule_count; i++) {
		struct rmt_active *active = &audit->active[audit->active_count++];

		if (rmt_active_resolve(active, &target->rules[i], err))
			return -1;
		searches = searches || active->row->scope >= RMT_ON_CA;
		mentioned = mentioned || active->row->check == rmt_rule_path_capped;
	}
	if (!searches || mentioned)
		return 0;
	/* A search that was cut short is told in any case: what was not looked at cannot be called good. */
	return rmt_active_resolve(&audit->active[audit->active_count++], &audit->capped, err);
}

/* The roles in which the target wants the leaf's path accepted, each with a checker of its own. */
static int
open_checkers(struct rmt_audit *audit, struct rmt_err *err)
{
	static const struct {
		const char *name;
		unsigned count;
		enum rmt_purpose purpose[2];
	} roles[] = {
		{ "any", 1, { RMT_PURPOSE_ANY, RMT_PURPOSE_ANY } },
		{ "server", 1, { RMT_PURPOSE_SERVER, RMT_PURPOSE_ANY } },
		{ "client", 1, { RMT_PURPOSE_CLIENT, RMT_PURPOSE_ANY } },
		{ "both", 2, { RMT_PURPOSE_SERVER, RMT_PURPOSE_CLIENT } },
	};
	const struct rmt_target *target = audit->target;
	const char *wanted = target->path.purpose ? target->path.purpose : "any";
	size_t i = 0;

	if (!target->path.check)
		return 0;
	while (i < sizeof roles / sizeof roles[0] && strcmp(roles[i].name, wanted))
		i++;
	if (i == sizeof roles / sizeof roles[0])
		return rmt_err_set(err, RMT_USAGE, NULL, "the target %s asks for the unknown purpose \"%s\"", target->name,
		    wanted);
	for (audit->purpose_count = 0; audit->purpose_count < roles[i].count; audit->purpose_count++) {
		enum rmt_purpose purpose = roles[i].purpose[audit->purpose_count];
		struct rmt_path_rules rules = { .purpose = purpose, .auth_level = target->path.auth_level,
			.strict = target->path.strict, .at = audit->now };

		audit->purpose[audit->purpose_count] = purpose;
		audit->checker[audit->purpose_count] = rmt_path_checker_new(&rules, err);
		if (!audit->checker[audit->purpose_count])
			return -1;
	}
	return 0;
}

struct rmt_audit *
rmt_audit_new(const struct rmt_target *target, const struct rmt_chain_store *store, rmt_time now, struct rmt_err *err)
{
	static char capped_id[] = "path.capped";
	struct rmt_audit *audit = calloc(1, sizeof *audit);

	if (!audit) {
		rmt_err_memory(err);
		return NULL;
	}
	audit->target = target;
	audit->store = store;
	audit->now = now;
	audit->capped = (struct rmt_rule_setting){ .rule = capped_id, .severity = -1, .min = -1, .max = -1 };
	audit->search = rmt_search_new(err);
	if (!audit->search || resolve_rules(audit, err) || open_checkers(audit, err)) {
		rmt_audit_free(audit);
		return NULL;
	}
	return audit;
}

void
rmt_audit_free(struct rmt_audit *audit)
{
	if (!audit)
		return;
	for (size_t i = 0; i < audit->active_count; i++)
		rmt_active_free(&audit->active[i]);
	for (unsigned i = 0; i < 2; i++)
		rmt_path_checker_free(audit->checker[i]);
	rmt_search_free(audit->search);
	rmt_buf_free(&audit->scratch);
	rmt_buf_free(&audit->message);
	rmt_buf_free(&audit->list);
	free(audit->active);
	free(audit->told);
	free(audit);
}

void
rmt_audit_expect(struct rmt_audit *audit, const struct rmt_wanted_names *wanted)
{
	audit->wanted = wanted;
}

uint64_t
rmt_audit_verifications(const struct rmt_audit *audit)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < audit->purpose_count; i++)
		sum += rmt_path_verifications(audit->checker[i]);
	return sum;
}

/* ---- telling ------------------------------------------------------------------------------------------------------- */

void
rmt_audit_label(const struct rmt_check *check, const struct rmt_cert *cert, struct rmt_buf *out)
{
	struct rmt_buf raw = { 0 };

	if (cert == check->presented->leaf && check->presented->label) {
		rmt_buf_text(out, check->presented->label);
		return;
	}
	rmt_cert_label(cert, &raw);
	rmt_plain_text(rmt_buf_view(&raw), out);
	out->failed = out->failed || raw.failed;
	rmt_buf_free(&raw);
}

static const char *
object_label(struct rmt_check *check)
{
	struct rmt_judged *on = check->on;

	if (on->given)
		return on->given;
	if (!on->label.length)
		rmt_audit_label(check, on->cert, &on->label);
	return rmt_buf_string(&on->label);
}

/* Put a key into the set of faults told; 1 when it was there already. */
static int
told_put(uint64_t *set, size_t room, uint64_t key)
{
	size_t i = key & (room - 1);

	for (; set[i]; i = (i + 1) & (room - 1))
		if (set[i] == key)
			return 1;
	set[i] = key;
	return 0;
}

static int
told_grow(struct rmt_audit *audit)
{
	size_t room = audit->told_room ? audit->told_room * 2 : 64;
	uint64_t *set = calloc(room, sizeof *set);

	if (!set)
		return -1;
	for (size_t i = 0; i < audit->told_room; i++)
		if (audit->told[i])
			told_put(set, room, audit->told[i]);
	free(audit->told);
	audit->told = set;
	audit->told_room = room;
	return 0;
}

/* Has this rule told of this CA before in the same audit? 1 yes, 0 no (and it is noted), -1 out of memory. The place is
 * part of the fault; the message is not, since it may name the leaf. */
static int
told_before(struct rmt_check *check, const char *place)
{
	struct rmt_audit *audit = check->audit;
	unsigned char digest[RMT_SHA256];
	uint64_t key = 0;
	int known;

	if (!check->presented->once || check->on->cert == check->presented->leaf || !check->on->cert)
		return 0;
	if (rmt_cert_fingerprint(check->on->cert, digest, check->err))
		return -1;
	for (size_t i = 0; i < 8; i++)
		key = key << 8 | digest[i];
	key += (uint64_t)(check->rule - audit->active) * UINT64_C(0x9e3779b97f4a7c15);
	for (const char *at = place; *at; at++)
		key = (key ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	if (audit->told_count * 2 >= audit->told_room && told_grow(audit))
		return rmt_err_memory(check->err);
	known = told_put(audit->told, audit->told_room, key ? key : 1);
	audit->told_count += known ? 0 : 1;
	return known;
}

/* Why this consumer cares: sentences of the target's own. The message ends without a full stop as all do. */
static void
add_note(struct rmt_buf *message, const char *note)
{
	size_t length = note ? strlen(note) : 0;

	while (length && (note[length - 1] == '.' || note[length - 1] == ' '))
		length--;
	if (!length)
		return;
	rmt_buf_text(message, ". ");
	rmt_buf_append(message, note, length);
}

/* Formats are ours and bounded, but a name in one may be long: it is cut at a character, its rest says nothing more. */
static size_t
whole_characters(const char *text, size_t length, size_t room)
{
	size_t lead = room;

	if (length <= room)
		return length;
	/* Whether the last character is whole only its first byte could tell: it goes unless it is ASCII. */
	while (lead && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	return lead && ((unsigned char)text[lead - 1] & 0x80) ? lead - 1 : room;
}

static int RMT_PRINTF(4, 0)
tell(struct rmt_check *check, enum rmt_severity most, const char *place, const char *format, va_list arguments)
{
	const struct rmt_active *rule = check->rule;
	struct rmt_buf *message = &check->audit->message;
	struct rmt_finding finding = { .rule = rule->row->id, .target = check->audit->target->name, .place = place,
		.citation = rule->citation, .fix = rule->fix,
		.remedy = check->remedy ? check->remedy : rule->row->remedy };
	char text[1024];
	int length, before = told_before(check, place);

	if (before)
		return before < 0 ? -1 : 0;
	length = vsnprintf(text, sizeof text, format, arguments);
	rmt_buf_clear(message);
	rmt_buf_append(message, text, whole_characters(text, length < 0 ? 0 : (size_t)length, sizeof text - 1));
	add_note(message, rule->set->note);
	if (check->fix && rule->fix == rule->row->fix)
		finding.fix = check->fix;
	finding.severity = rule->severity < most ? rule->severity : most;
	finding.object = object_label(check);
	finding.message = rmt_buf_string(message);
	if (message->failed || check->on->label.failed || check->audit->list.failed)
		return rmt_err_memory(check->err);
	return check->sink(check->sink_arg, &finding);
}

int
rmt_audit_fault(struct rmt_check *check, const char *place, const char *format, ...)
{
	va_list arguments;
	int rc;

	va_start(arguments, format);
	rc = tell(check, RMT_SEVERITY_ERROR, place, format, arguments);
	va_end(arguments);
	return rc;
}

int
rmt_audit_fault_most(struct rmt_check *check, enum rmt_severity most, const char *place, const char *format, ...)
{
	va_list arguments;
	int rc;

	va_start(arguments, format);
	rc = tell(check, most, place, format, arguments);
	va_end(arguments);
	return rc;
}

int
rmt_audit_fault_of(struct rmt_check *check, const struct rmt_cert *cert, enum rmt_severity most, const char *place,
    const char *format, ...)
{
	struct rmt_judged other = { .cert = cert }, *saved = check->on;
	va_list arguments;
	int rc;

	check->on = &other;
	va_start(arguments, format);
	rc = tell(check, most, place, format, arguments);
	va_end(arguments);
	check->on = saved;
	rmt_buf_free(&other.label);
	return rc;
}

int
rmt_audit_unreadable(struct rmt_check *check, const char *place, const char *what)
{
	return rmt_audit_fault(check, place, "%s cannot be read", what);
}

/* ---- what checks ask ------------------------------------------------------------------------------------------------- */

const struct rmt_spki *
rmt_audit_spki(struct rmt_check *check)
{
	struct rmt_judged *on = check->on;

	if (!on->spki_state)
		on->spki_state = rmt_spki_read(on->cert->spki, &on->spki, NULL) ? -1 : 1;
	return on->spki_state > 0 ? &on->spki : NULL;
}

bool
rmt_audit_has(const struct rmt_check *check, const char *rule)
{
	for (size_t i = 0; i < check->audit->active_count; i++)
		if (!strcmp(check->audit->active[i].row->id, rule))
			return true;
	return false;
}

void
rmt_list_word(struct rmt_buf *list, const char *word, size_t index, bool last)
{
	if (index)
		rmt_buf_text(list, last ? " and " : ", ");
	rmt_buf_text(list, word);
}

void
rmt_list_values(struct rmt_buf *list, const struct rmt_text_list *values)
{
	for (size_t i = 0; i < values->count; i++) {
		if (i)
			rmt_buf_text(list, i + 1 == values->count ? " or " : ", ");
		rmt_buf_text(list, values->items[i]);
	}
}

int64_t
rmt_days(int64_t seconds)
{
	return (seconds + RMT_DAY - 1) / RMT_DAY;
}

/* ---- running --------------------------------------------------------------------------------------------------------- */

/* Does the setting's window hold the certificate at hand? */
static bool
within_window(const struct rmt_check *check)
{
	const struct rmt_rule_setting *set = check->rule->set;
	rmt_time begin = check->on->cert->not_before;

	return (!set->from || begin >= set->from) && (!set->until || begin < set->until);
}

static bool
skipped(const struct rmt_presented *presented, int scope)
{
	if (presented->lint && scope != RMT_ON_LEAF)
		return true;
	if (presented->chain_unknown && scope == RMT_ON_CHAIN)
		return true;
	return presented->leaf_only && scope >= RMT_ON_CA;
}

static int
run_on_path(struct rmt_check *check, int scope)
{
	int rc = 0;

	for (size_t i = check->presented->leaf ? 1 : 0; i < check->path.count && !rc; i++) {
		bool root = rmt_chain_is_root(check->path.cert[i]);

		if ((scope == RMT_ON_ISSUING && root) || (scope == RMT_ON_ROOT && !root))
			continue;
		check->on = &check->judged[i];
		check->depth = i;
		if (within_window(check))
			rc = check->rule->row->check(check);
	}
	return rc;
}

static int
run_rule(struct rmt_check *check)
{
	int scope = check->rule->row->scope;

	if (skipped(check->presented, scope) || (scope == RMT_ON_PATH && !check->audit->purpose_count))
		return 0;
	if (scope >= RMT_ON_CA && rmt_audit_path(check))
		return -1;
	if (scope == RMT_ON_CA || scope == RMT_ON_ISSUING || scope == RMT_ON_ROOT)
		return run_on_path(check, scope);
	check->on = &check->judged[0];
	check->depth = 0;
	return within_window(check) ? check->rule->row->check(check) : 0;
}

static int
run_rules(struct rmt_check *check)
{
	int rc = 0;

	for (size_t i = 0; i < check->audit->active_count && !rc; i++) {
		check->rule = &check->audit->active[i];
		rc = run_rule(check);
	}
	for (size_t i = 0; i < RMT_PATH_DEPTH_MAX; i++)
		rmt_buf_free(&check->judged[i].label);
	return rc;
}

int
rmt_audit_run(struct rmt_audit *audit, const struct rmt_presented *presented,
    int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err)
{
	struct rmt_check check = { .audit = audit, .presented = presented, .sink = sink, .sink_arg = arg, .err = err };

	check.judged[0].cert = presented->leaf;
	check.judged[0].given = presented->label;
	return run_rules(&check);
}

int
rmt_audit_run_ca(struct rmt_audit *audit, const struct rmt_cert *ca, const char *label,
    int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err)
{
	const struct rmt_presented nothing = { .label = NULL };
	struct rmt_check check = { .audit = audit, .presented = &nothing, .sink = sink, .sink_arg = arg, .err = err };
	int rc = 0;

	/* The CA is a path of its own: what compares it with a certificate below finds none. */
	check.path_known = true;
	check.path.cert[0] = ca;
	check.path.count = 1;
	check.judged[0].cert = ca;
	check.judged[0].given = label;
	for (size_t i = 0; i < audit->active_count && !rc; i++) {
		int scope = audit->active[i].row->scope;

		check.rule = &audit->active[i];
		if (scope == RMT_ON_CA || scope == RMT_ON_ISSUING || scope == RMT_ON_ROOT)
			rc = run_on_path(&check, scope);
	}
	rmt_buf_free(&check.judged[0].label);
	return rc;
}
