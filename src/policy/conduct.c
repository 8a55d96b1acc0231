/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/conduct.c - the keys of a target that say how it conducts itself: as a TLS peer (client), and how it has failed
 * (incidents). What it accepts and wants to be given is target.c's; who behaves or explains by these keys is not known
 * here.
 */
#include "config.h"

#include <string.h>

#include "policy/local.h"

#define AT(member) offsetof(struct rmt_target, member)

/* By enum rmt_confidence. */
const char *const rmt_confidence_words[] = { "documented", "field", "measured", "unconfirmed", NULL };

/* From the oldest to the newest: rmt_client_check() goes by the order. */
static const char *const versions[] = { "tls1.0", "tls1.1", "tls1.2", "tls1.3", NULL };
static const char *const name_places[] = { "san", "san-or-cn", "none", NULL };

/* ---- as a TLS peer --------------------------------------------------------------------------- */

/* clang-format off */
const struct rmt_schema rmt_client_rows[] = {
	{ .key = "min_version", .field = RMT_FIELD_TEXT, .at = AT(client.min_version),
	  .choices = versions },
	{ .key = "max_version", .field = RMT_FIELD_TEXT, .at = AT(client.max_version),
	  .choices = versions },
	{ .key = "signature_algorithms", .field = RMT_FIELD_LIST,
	  .at = AT(client.signature_algorithms), .example = "\"RSA+SHA256\", \"ECDSA+SHA256\"",
	  .check = rmt_check_signature_pair },
	{ .key = "ciphers", .field = RMT_FIELD_TEXT, .at = AT(client.ciphers),
	  .example = "AES128-SHA:AES256-SHA", .check = rmt_check_filled },
	{ .key = "security_level", .field = RMT_FIELD_NUMBER, .at = AT(client.security_level),
	  .preset = "none", .min = -1, .max = 5 },
	{ .key = "strict_chain", .field = RMT_FIELD_BOOL, .at = AT(client.strict_chain),
	  .preset = "false" },
	{ .key = "sends_sni", .field = RMT_FIELD_BOOL, .at = AT(client.sends_sni),
	  .preset = "true" },
	{ .key = "names", .field = RMT_FIELD_TEXT, .at = AT(client.names), .preset = "san",
	  .choices = name_places },
	{ .key = "demands_certificate", .field = RMT_FIELD_BOOL,
	  .at = AT(client.demands_certificate), .preset = "false" },
	{ .key = "checks_purpose", .field = RMT_FIELD_BOOL, .at = AT(client.checks_purpose),
	  .preset = "true" },
	{ .key = "trusts_root_only", .field = RMT_FIELD_BOOL, .at = AT(client.trusts_root_only),
	  .preset = "false" },
	{ 0 },
};
/* clang-format on */

static size_t
version_rank(const char *version)
{
	size_t rank = 0;

	while (versions[rank] != NULL && strcmp(versions[rank], version) != 0)
		rank++;
	return rank;
}

int
rmt_client_check(const struct rmt_client *client, struct rmt_err *err)
{
	if (client->min_version == NULL || client->max_version == NULL ||
	    version_rank(client->min_version) <= version_rank(client->max_version))
		return 0;
	return rmt_err_set(err, RMT_INPUT, "client.min_version",
	    "%s is newer than the newest version, %s", client->min_version, client->max_version);
}

/* ---- incidents: of one file alone ------------------------------------------------------------- */

#define INCIDENT_AT(member) offsetof(struct rmt_incident, member)

/* clang-format off */
const struct rmt_schema rmt_incident_rows[] = {
	{ .key = "symptoms", .field = RMT_FIELD_LIST, .at = INCIDENT_AT(symptoms),
	  .example = "\"certificate verify failed\"", .check = rmt_check_filled },
	{ .key = "codes", .field = RMT_FIELD_LIST, .at = INCIDENT_AT(codes),
	  .example = "\"0x80090331\", \"alert 40\"", .check = rmt_check_filled },
	{ .key = "cause", .field = RMT_FIELD_TEXT, .at = INCIDENT_AT(cause),
	  .example = "The server sends no intermediate.", .check = rmt_check_filled },
	{ .key = "rules", .field = RMT_FIELD_LIST, .at = INCIDENT_AT(rules),
	  .example = "\"chain.complete\"", .check = rmt_check_rule_id },
	{ .key = "fix", .field = RMT_FIELD_LINES, .at = INCIDENT_AT(fix),
	  .example = "Send the intermediates.", .check = rmt_check_filled },
	{ .key = "never", .field = RMT_FIELD_LINES, .at = INCIDENT_AT(never),
	  .example = "Do not switch the check off.", .check = rmt_check_filled },
	{ .key = "source", .field = RMT_FIELD_TEXT, .at = INCIDENT_AT(source),
	  .example = "ticket 4711", .check = rmt_check_filled },
	{ .key = "confidence", .field = RMT_FIELD_CHOICE, .at = INCIDENT_AT(confidence),
	  .preset = "documented", .choices = rmt_confidence_words },
	{ 0 },
};
/* clang-format on */

static int
add_incident(struct rmt_walk *walk, void *holder, void *element)
{
	const struct rmt_incident *incident = element;

	if (incident->symptoms.count == 0 && incident->codes.count == 0)
		return rmt_walk_fail(
		    walk, "an incident needs what people see of it: symptoms or codes");
	if (incident->cause == NULL || incident->fix == NULL || incident->source == NULL)
		return rmt_walk_fail(walk, "an incident needs its cause, its fix and its source");
	return rmt_elements_append(
	    &rmt_incident_elements, holder, AT(incidents), element, walk->err);
}

const struct rmt_elements rmt_incident_elements = {
	.size = sizeof(struct rmt_incident),
	.stored = sizeof(struct rmt_incident),
	.count_at = AT(incident_count),
	.own = true,
	.add = add_incident,
};
