/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_ca_rotate.c - remint ca add, check, default, rotate, retire and show: the authorities of a home over time.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { LISTED = 20 };

int
cmd_ca_add(struct cli *cli)
{
	struct remint_ca_add_options options = {
		.name = cli->arguments.items[0],
		.subject = text_of(cli, OPT_SUBJECT),
		.parent = text_of(cli, OPT_PARENT),
		.key = text_of(cli, OPT_KEY_TYPE),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.ocsp_url = text_of(cli, OPT_OCSP_URL),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
		.crl_deltas = given(cli, OPT_CRL_DELTAS),
		.issues = given(cli, OPT_DEFAULT),
	};

	if (!options.subject)
		return report_usage(cli, "a CA needs a name: give --subject \"CN=..., O=...\"");
	if (duration_of(cli, OPT_VALIDITY, &options.validity) || count_of(cli, OPT_CRL_SHARDS, 0, 999, &options.crl_shards))
		return -1;
	document_begin(cli, "authorities");
	return document_finish(cli, remint_ca_add(cli->ctx, &options, authority_print, cli));
}

int
cmd_ca_default(struct cli *cli)
{
	document_begin(cli, "authorities");
	return document_finish(cli, remint_ca_default(cli->ctx, cli->arguments.items[0], authority_print, cli));
}

int
cmd_ca_retire(struct cli *cli)
{
	document_begin(cli, "authorities");
	return document_finish(cli,
	    remint_ca_retire(cli->ctx, cli->arguments.items[0], text_of(cli, OPT_WHY), authority_print, cli));
}

/* ---- what hangs on an authority ---------------------------------------------------- */

struct standings {
	struct cli *cli;
	struct table *table; /* of the certificates of the authority under way */
	bool open;           /* its JSON */
	bool any;            /* authority was told */
	uint64_t told, listed;
};

static void
standings_close(struct standings *standings)
{
	struct json *json = &standings->cli->json_writer;

	if (standings->open && standings->cli->json) {
		json_close(json, ']');
		json_close(json, '}');
	} else if (standings->open) {
		table_free(standings->table);
		if (standings->told > standings->listed)
			out_format(&standings->cli->out, "  and %llu more\n", (unsigned long long)(standings->told - standings->listed));
		out_text(&standings->cli->out, "\n");
	}
	standings->table = NULL;
	standings->open = false;
}

static void
standing_json(struct json *json, const struct remint_standing *standing)
{
	json_open(json, NULL, '{');
	authority_json(json, standing->authority);
	if (standing->crossed.count)
		json_strings(json, "crossed", standing->crossed);
	if (standing->below.count)
		json_strings(json, "below", standing->below);
	json_number(json, "valid", (int64_t)standing->valid);
	json_number(json, "superseded", (int64_t)standing->superseded);
	json_number(json, "revoked", (int64_t)standing->revoked);
	json_time(json, "last_valid", standing->last_valid);
	json_time(json, "needed_until", standing->needed_until);
	json_open(json, "certificates", '[');
}

static void
standing_text(struct out *out, const struct remint_standing *standing)
{
	char line[160], end[32];

	authority_text(out, standing->authority);
	for (size_t i = 0; i < standing->crossed.count; i++)
		out_escaped(out, 2, LABEL_WIDTH, "certified by", standing->crossed.items[i]);
	for (size_t i = 0; i < standing->below.count; i++)
		out_escaped(out, 2, LABEL_WIDTH, "certified", standing->below.items[i]);
	remint_time_text(standing->last_valid, end);
	snprintf(line, sizeof line, "%llu%s%s", (unsigned long long)standing->valid, standing->valid ? ", the last until " : "",
	    standing->valid ? end : "");
	out_field(out, 2, "in force", line);
	snprintf(line, sizeof line, "%llu superseded and %llu revoked that have not expired",
	    (unsigned long long)standing->superseded, (unsigned long long)standing->revoked);
	out_field(out, 2, "besides", line);
	remint_time_text(standing->needed_until, end);
	snprintf(line, sizeof line, "until %s: so long its CRLs are asked for", end);
	out_field(out, 2, "needed", standing->needed_until ? line : "no more: nothing hangs on it");
}

static int
standings_authority(void *arg, const struct remint_standing *standing)
{
	struct standings *standings = arg;
	struct cli *cli = standings->cli;

	standings_close(standings);
	standings->open = standings->any = true;
	standings->told = standing->valid + standing->superseded + standing->revoked;
	standings->listed = 0;
	if (cli->json)
		standing_json(&cli->json_writer, standing);
	else
		standing_text(&cli->out, standing);
	return keep_going(cli);
}

static int
standings_record(void *arg, const struct remint_record *record)
{
	struct standings *standings = arg;
	struct cli *cli = standings->cli;

	standings->listed++;
	if (cli->json) {
		record_json(&cli->json_writer, record);
		return keep_going(cli);
	}
	if (!standings->table)
		standings->table = records_table(&cli->out);
	record_row(standings->table, record);
	return keep_going(cli);
}

static int
standings_print(struct cli *cli, const char *name)
{
	struct standings standings = { .cli = cli };
	int64_t limit = LISTED;
	int rc;

	if (given(cli, OPT_LIMIT) && count_of(cli, OPT_LIMIT, 0, 1000000, &limit))
		return -1;
	document_begin(cli, "authorities");
	rc = remint_ca_standing(cli->ctx, name, (unsigned)limit, standings_authority, standings_record, &standings);
	standings_close(&standings);
	if (rc == 0 && !standings.any && !cli->json)
		out_text(&cli->out, "No authority was rotated or retired: nothing hangs on an old one.\n");
	return document_finish(cli, rc);
}

int
cmd_ca_show(struct cli *cli)
{
	return standings_print(cli, cli->arguments.items[0]);
}

/* ---- check ----------------------------------------------------------------------------- */

struct checking {
	struct cli *cli;
	struct list group; /* of the finding before */
	enum remint_severity fail_on;
	uint64_t failing;
};

static int
check_finding(void *arg, const struct remint_finding *finding)
{
	struct checking *checking = arg;
	struct cli *cli = checking->cli;

	checking->failing += finding->severity >= checking->fail_on;
	if (cli->json) {
		finding_json(&cli->json_writer, finding);
		return keep_going(cli);
	}
	finding_heading(&cli->out, &checking->group, finding, true);
	finding_text(&cli->out, finding);
	out_text(&cli->out, "\n");
	return keep_going(cli);
}

int
cmd_ca_check(struct cli *cli)
{
	struct remint_ca_check_options options = {
		.authority = cli->arguments.count ? cli->arguments.items[0] : NULL,
		.template_name = text_of(cli, OPT_TEMPLATE),
		.targets = list_of(cli, OPT_FOR),
	};
	struct checking checking = { .cli = cli, .fail_on = severity_of(cli) };
	struct remint_audit_summary summary;
	int rc;

	document_begin(cli, "findings");
	rc = remint_ca_check(cli->ctx, &options, check_finding, &checking, &summary);
	list_free(&checking.group);
	if (rc == 0 && !cli->json)
		out_format(&cli->out, "%llu %s, %llu %s. %s\n", (unsigned long long)summary.findings[REMINT_ERROR],
		    plural(summary.findings[REMINT_ERROR], "error", "errors"),
		    (unsigned long long)summary.findings[REMINT_WARNING],
		    plural(summary.findings[REMINT_WARNING], "warning", "warnings"),
		    summary.findings[REMINT_ERROR] ? "It should not issue this." : "It may issue this.");
	if (rc == 0 && checking.failing)
		report_status(cli, 1);
	return document_finish(cli, rc);
}

/* ---- rotate ---------------------------------------------------------------------------- */

/* Files go to --out, authorities to standard output. */
static int
take_pem(void *arg, const char *name, const void *bytes, size_t length, bool secret)
{
	struct pem_file *handing = arg;

	(void)name;
	(void)secret; /* no private key comes by here */
	if (handing->path)
		out_bytes(&handing->file, bytes, length);
	return 0;
}

static int
take_authority(void *arg, const struct remint_authority *authority)
{
	struct pem_file *handing = arg;

	return authority_print(handing->cli, authority);
}

static int
check_status_alone(struct cli *cli)
{
	static const enum option_id others[] = { OPT_NAME, OPT_SUBJECT, OPT_SAME_NAME, OPT_KEY_TYPE, OPT_VALIDITY, OPT_TEMPLATE,
		OPT_PUBLISH_URL, OPT_CRL_SHARDS, OPT_CRL_DELTAS, OPT_CROSS, OPT_OUT };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (given(cli, others[i]))
			return report_usage(cli, "--status only looks, --%s is for a rotation", option_table[others[i]].name);
	return 0;
}

int
cmd_ca_rotate(struct cli *cli)
{
	struct remint_ca_rotate_options options = {
		.authority = cli->arguments.count ? cli->arguments.items[0] : NULL,
		.name = text_of(cli, OPT_NAME),
		.subject = text_of(cli, OPT_SUBJECT),
		.same_name = given(cli, OPT_SAME_NAME),
		.key = text_of(cli, OPT_KEY_TYPE),
		.template_name = text_of(cli, OPT_TEMPLATE),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
		.crl_deltas = given(cli, OPT_CRL_DELTAS),
		.cross = given(cli, OPT_CROSS),
		.may_request = given(cli, OPT_OUT),
	};
	struct pem_file handing = { .cli = cli, .path = text_of(cli, OPT_OUT) };
	int rc;

	if (given(cli, OPT_ROTATION_STATUS))
		return check_status_alone(cli) ? -1 : standings_print(cli, options.authority);
	if (given(cli, OPT_LIMIT))
		return report_usage(cli, "--limit goes with --status");
	if (duration_of(cli, OPT_VALIDITY, &options.validity) || count_of(cli, OPT_CRL_SHARDS, 1, 999, &options.crl_shards) ||
	    pem_file_begin(&handing))
		return -1;
	document_begin(cli, "authorities");
	rc = remint_ca_rotate(cli->ctx, &options, take_pem, take_authority, &handing);
	if (pem_file_close(&handing, rc))
		rc = -1;
	else if (rc)
		report_verb(cli);
	document_end(cli, false);
	return rc;
}
