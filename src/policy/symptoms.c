/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/symptoms.c - the keys of a file of symptoms: how one TLS stack or tool words what it refuses, what is behind it
 * and how to prove it. Who looks a message up in them is not known here; what belongs to one consumer stands in its
 * target's incidents.
 */
#include "config.h"

#include <stdlib.h>

#include "policy/local.h"

#define AT(member) offsetof(struct rmt_symptom, member)
#define FILE_AT(member) offsetof(struct rmt_symptoms, member)

static int add_entry(struct rmt_walk *walk, void *holder, void *element);

static const struct rmt_elements entry_elements = {
	.size = sizeof(struct rmt_symptom),
	.stored = sizeof(struct rmt_symptom),
	.count_at = FILE_AT(count),
	.own = true,
	.add = add_entry,
};

/* clang-format off */
static const struct rmt_schema entry_rows[] = {
	{ .key = "symptoms", .field = RMT_FIELD_LIST, .at = AT(incident.symptoms),
	  .example = "\"certificate verify failed\"", .check = rmt_check_filled },
	{ .key = "codes", .field = RMT_FIELD_LIST, .at = AT(incident.codes),
	  .example = "\"0x80090331\", \"alert 40\"", .check = rmt_check_filled },
	{ .key = "cause", .field = RMT_FIELD_TEXT, .at = AT(incident.cause),
	  .example = "The server sends no intermediate.", .check = rmt_check_filled },
	{ .key = "check", .field = RMT_FIELD_TEXT, .at = AT(check),
	  .example = "remint audit {input} --for rfc5280", .check = rmt_check_filled },
	{ .key = "rules", .field = RMT_FIELD_LIST, .at = AT(incident.rules),
	  .example = "\"chain.complete\"", .check = rmt_check_rule_id },
	{ .key = "target", .field = RMT_FIELD_TEXT, .at = AT(target), .example = "rfc5280",
	  .check = rmt_policy_label_check },
	{ .key = "fix", .field = RMT_FIELD_LINES, .at = AT(incident.fix),
	  .example = "Send the intermediates.", .check = rmt_check_filled },
	{ .key = "never", .field = RMT_FIELD_LINES, .at = AT(incident.never),
	  .example = "Do not switch the check off.", .check = rmt_check_filled },
	{ .key = "source", .field = RMT_FIELD_TEXT, .at = AT(incident.source),
	  .example = "libssl3 3.0", .check = rmt_check_filled },
	{ .key = "confidence", .field = RMT_FIELD_CHOICE, .at = AT(incident.confidence),
	  .preset = "documented", .choices = rmt_confidence_words },
	{ 0 },
};

const struct rmt_schema rmt_symptoms_schema[] = {
	{ .key = "extends", .field = RMT_FIELD_EXTENDS },
	{ .key = "title", .field = RMT_FIELD_TEXT, .at = FILE_AT(title), .example = "OpenSSL",
	  .check = rmt_check_filled },
	{ .key = "stack", .field = RMT_FIELD_LIST, .at = FILE_AT(stack), .example = "\"openssl\"",
	  .check = rmt_check_filled },
	{ .key = "target", .field = RMT_FIELD_TEXT, .at = FILE_AT(target), .preset = "rfc5280",
	  .example = "rfc5280", .check = rmt_policy_label_check },
	{ .key = "entries", .field = RMT_FIELD_GROUPS, .at = FILE_AT(entries), .inner = entry_rows,
	  .elements = &entry_elements },
	{ 0 },
};
/* clang-format on */

static int
add_entry(struct rmt_walk *walk, void *holder, void *element)
{
	const struct rmt_incident *incident = &((const struct rmt_symptom *)element)->incident;

	if (incident->symptoms.count == 0 && incident->codes.count == 0)
		return rmt_walk_fail(
		    walk, "an entry needs what people see of it: symptoms or codes");
	if (incident->cause == NULL || incident->fix == NULL || incident->source == NULL)
		return rmt_walk_fail(walk, "an entry needs its cause, its fix and its source");
	return rmt_elements_append(&entry_elements, holder, FILE_AT(entries), element, walk->err);
}

struct rmt_symptoms *
rmt_symptoms_load(const struct rmt_policy_store *store, const char *name, struct rmt_err *err)
{
	struct rmt_lineage *lineage = rmt_lineage_open(store, RMT_POLICY_SYMPTOMS, name, err);
	struct rmt_symptoms *symptoms = NULL;
	int rc = -1;

	if (lineage == NULL)
		return NULL;
	if ((symptoms = calloc(1, sizeof(*symptoms))) == NULL) {
		rmt_err_memory(err);
		goto out;
	}
	if (rmt_lineage_names(
		lineage, &symptoms->name, &symptoms->origin, &symptoms->lineage, err) != 0 ||
	    rmt_lineage_walk(lineage, rmt_symptoms_schema, symptoms, err) != 0)
		goto out;
	if (symptoms->title == NULL) {
		rmt_err_set(
		    err, RMT_INPUT, "title", "it is not stated, neither here nor in a parent");
		rmt_err_source(err, lineage->layer[0].source);
		goto out;
	}
	rc = 0;
out:
	rmt_lineage_free(lineage);
	if (rc == 0)
		return symptoms;
	rmt_symptoms_free(symptoms);
	return NULL;
}

void
rmt_symptoms_free(struct rmt_symptoms *symptoms)
{
	if (symptoms == NULL)
		return;
	rmt_schema_free(rmt_symptoms_schema, symptoms);
	rmt_text_list_free(&symptoms->lineage);
	free(symptoms->name);
	free(symptoms->origin);
	free(symptoms);
}
