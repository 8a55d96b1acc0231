/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/authority.c - one authority of a home, as init, ca list and ca install print it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

void
authority_json(struct json *json, const struct remint_authority *authority)
{
	json_text(json, "name", authority->name);
	json_text(json, "state", authority->state);
	json_text(json, "subject", authority->subject);
	json_text(json, "serial", authority->serial);
	json_text(json, "key", authority->key);
	json_bool(json, "key_here", authority->key_here);
	json_bool(json, "key_locked", authority->key_locked);
	json_text(json, "parent", authority->parent);
	json_bool(json, "issues", authority->issues);
	if (*authority->succeeds)
		json_text(json, "succeeds", authority->succeeds);
	if (*authority->successor)
		json_text(json, "successor", authority->successor);
	if (authority->revoked) {
		json_time(json, "revoked", authority->revoked);
		json_text(json, "reason", authority->revoked_for);
	}
	json_time(json, "not_before", authority->not_before);
	json_time(json, "not_after", authority->not_after);
	json_text(json, "crl_uri", authority->crl_uri);
	json_number(json, "crl_shards", authority->crl_shards);
	json_bool(json, "crl_deltas", authority->crl_deltas);
	json_text(json, "ca_uri", authority->ca_uri);
	json_text(json, "ocsp_uri", authority->ocsp_uri);
	json_text(json, "sha256", authority->sha256);
	json_text(json, "pem", authority->pem);
}

void
authority_text(struct out *out, const struct remint_authority *authority)
{
	char before[32], after[32], valid[80] = "", revoked[80] = "", parts[32] = "";

	out_style(out, STYLE_STRONG);
	out_safe(out, authority->name);
	out_style(out, STYLE_NONE);
	out_format(out, "  (%s, %s%s)\n", authority->state,
	    authority->key_here ? "key here" : "key elsewhere",
	    authority->issues ? ", issues by default" : "");
	if (authority->not_after) {
		remint_time_text(authority->not_before, before);
		remint_time_text(authority->not_after, after);
		snprintf(valid, sizeof valid, "%s to %s", before, after);
	}
	if (authority->revoked) {
		remint_time_text(authority->revoked, before);
		snprintf(revoked, sizeof revoked, "%s%s%s", before, *authority->revoked_for ? ", " : "", authority->revoked_for);
	}
	out_escaped(out, 2, LABEL_WIDTH, "subject", authority->subject);
	out_escaped(out, 2, LABEL_WIDTH, "issuer", authority->parent);
	out_escaped(out, 2, LABEL_WIDTH, "succeeds", authority->succeeds);
	out_escaped(out, 2, LABEL_WIDTH, "successor", authority->successor);
	out_field(out, 2, "serial", authority->serial);
	out_field(out, 2, "key", authority->key);
	out_field(out, 2, "valid", valid);
	out_field(out, 2, "revoked", revoked);
	if (authority->crl_shards)
		snprintf(parts, sizeof parts, "%u partial%s", authority->crl_shards, authority->crl_deltas ? ", " : "");
	snprintf(parts + strlen(parts), sizeof parts - strlen(parts), "%s", authority->crl_deltas ? "with deltas" : "");
	out_field(out, 2, "CRL", authority->crl_uri);
	out_field(out, 2, "lists", parts);
	out_field(out, 2, "CA file", authority->ca_uri);
	out_field(out, 2, "OCSP", authority->ocsp_uri);
	out_field(out, 2, "sha256", authority->sha256);
}

int
authority_print(void *arg, const struct remint_authority *authority)
{
	struct cli *cli = arg;

	if (cli->json) {
		json_open(&cli->json_writer, NULL, '{');
		authority_json(&cli->json_writer, authority);
		json_close(&cli->json_writer, '}');
	} else {
		authority_text(&cli->out, authority);
		out_text(&cli->out, "\n");
	}
	return 0;
}
