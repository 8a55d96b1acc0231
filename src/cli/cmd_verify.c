/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_verify.c - remint verify: what a target would say to each address of each endpoint.
 *
 * Exits with 1 when it would refuse one of them, or when one serves a certificate that was replaced or revoked; with 5
 * when there is no verdict. The handshake and the judgement are the library's.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* ---- text -------------------------------------------------------------------- */

static const struct verdict_text {
	enum style style;
	const char *words;
} verdicts[] = {
	[REMINT_VERDICT_NONE] = { STYLE_WARNING, "no verdict" },
	[REMINT_VERDICT_ACCEPTED] = { STYLE_GOOD, "accepted" },
	[REMINT_VERDICT_REFUSED] = { STYLE_BAD, "refused" },
};

static void
heading_text(struct out *out, const struct remint_verified_address *seen)
{
	const struct verdict_text *verdict = &verdicts[seen->verdict];

	out_spaces(out, 2);
	out_style(out, STYLE_STRONG);
	out_safe(out, *seen->address ? seen->address : "no address");
	out_style(out, STYLE_NONE);
	out_text(out, "  ");
	out_style(out, verdict->style);
	out_text(out, verdict->words);
	out_style(out, STYLE_NONE);
	if (seen->by && strcmp(seen->by, "rules") == 0)
		out_text(out, seen->handshake == REMINT_VERDICT_ACCEPTED
			? " by a rule, though the handshake went well"
			: " by a rule");
	else if (seen->by)
		out_format(out, " by the %s", seen->by);
	if (seen->stage && strcmp(seen->stage, "rules") != 0)
		out_format(out, " (%s)", seen->stage);
	out_text(out, "\n");
}

static void
connection_text(struct out *out, const struct remint_verified_address *seen)
{
	char text[256];

	if (seen->protocol) {
		snprintf(text, sizeof text, "%s, %s%s%s, %u ms", seen->protocol,
		    seen->cipher ? seen->cipher : "no cipher", seen->signature ? ", " : "",
		    seen->signature ? seen->signature : "", seen->milliseconds);
		out_field(out, 4, "connection", text);
	}
	if (seen->alert >= 0) {
		snprintf(text, sizeof text, "%d, sent by %s", seen->alert,
		    seen->alert_ours ? "the target" : "the server");
		out_field(out, 4, "alert", text);
	}
	if (seen->verify_error) {
		snprintf(text, sizeof text, "error %d at depth %d", seen->verify_error,
		    seen->verify_depth);
		out_field(out, 4, "path", text);
	}
}

/* The other direction of mutual TLS. */
static void
shown_text(struct out *out, const struct remint_verified_address *seen)
{
	static const struct { const char *shown, *text; } texts[] = {
		{ "none", "the server asks for a certificate, and none was given" },
		{ "taken", "the server asked for our certificate and took it" },
		{ "refused", "the server asked for our certificate and refused it" },
		{ "unknown", "the server asked for our certificate; what it thinks of it is not known" },
	};
	char text[192];

	for (size_t i = 0; seen->shown && i < sizeof texts / sizeof *texts; i++) {
		if (strcmp(seen->shown, texts[i].shown) != 0)
			continue;
		snprintf(text, sizeof text, "%s (it names %llu issuer%s)", texts[i].text,
		    (unsigned long long)seen->issuers_named, seen->issuers_named == 1 ? "" : "s");
		out_field(out, 4, "client", text);
	}
}

static void
served_text(struct out *out, const struct remint_verified_address *seen)
{
	char until[32];

	if (!seen->sha256)
		return;
	remint_time_text(seen->not_after, until);
	out_labelled(out, 4, LABEL_WIDTH, "serves", seen->name);
	out_field(out, 4, "serial", seen->serial);
	out_field(out, 4, "valid until", until);
	for (size_t i = 0; i < seen->chain.count; i++)
		out_labelled(out, 4, LABEL_WIDTH, i ? "" : "sends", seen->chain.items[i]);
}

static void
record_text(struct out *out, const struct remint_verified_address *seen)
{
	bool issued = seen->record && strcmp(seen->record, "issued") == 0;
	char text[256];

	if (!seen->record)
		return;
	if (!seen->status) {
		snprintf(text, sizeof text, "not in this database%s%s",
		    seen->expected ? ", which has for this host " : "",
		    seen->expected ? seen->expected : "");
		out_field(out, 4, "record", text);
		return;
	}
	snprintf(text, sizeof text, "%s, %s%s%s", issued ? "issued here" : "another CA's, recorded here",
	    seen->status, seen->successor ? ": replaced by " : "", seen->successor ? seen->successor : "");
	if (seen->old)
		out_style(out, STYLE_BAD);
	out_field(out, 4, "record", text);
	if (seen->old)
		out_style(out, STYLE_NONE);
}

static void
address_text(struct out *out, const struct remint_verified_address *seen)
{
	heading_text(out, seen);
	out_labelled(out, 4, LABEL_WIDTH, "reason", seen->reason);
	connection_text(out, seen);
	shown_text(out, seen);
	served_text(out, seen);
	record_text(out, seen);
	out_text(out, "\n");
	for (size_t i = 0; i < seen->finding_count; i++) {
		finding_text(out, &seen->findings[i]);
		out_text(out, "\n");
	}
}

static int
verify_text(void *arg, const struct remint_verified *verified)
{
	struct cli *cli = arg;
	struct out *out = &cli->out;

	out_style(out, STYLE_STRONG);
	out_safe(out, verified->endpoint);
	out_style(out, STYLE_NONE);
	out_text(out, ", as ");
	out_style(out, STYLE_STRONG);
	out_safe(out, verified->target);
	out_style(out, STYLE_NONE);
	out_text(out, "\n\n");
	for (size_t i = 0; i < verified->address_count; i++)
		address_text(out, &verified->addresses[i]);
	if (verified->spread) {
		out_style(out, STYLE_BAD);
		out_field(out, 2, "differ", verified->spread);
		out_style(out, STYLE_NONE);
		out_text(out, "\n");
	}
	return keep_going(cli);
}

static void
text_summary(struct out *out, const struct remint_verify_summary *summary)
{
	out_format(out, "%llu address%s: %llu accepted, %llu refused, %llu without a verdict",
	    (unsigned long long)summary->addresses, summary->addresses == 1 ? "" : "es",
	    (unsigned long long)summary->verdicts[REMINT_VERDICT_ACCEPTED],
	    (unsigned long long)summary->verdicts[REMINT_VERDICT_REFUSED],
	    (unsigned long long)summary->verdicts[REMINT_VERDICT_NONE]);
	if (summary->old)
		out_format(out, "; %llu still serve%s an old certificate", (unsigned long long)summary->old,
		    summary->old == 1 ? "s" : "");
	out_text(out, ".\n");
}

/* ---- JSON ---------------------------------------------------------------------- */

static void
json_leaf(struct json *json, const struct remint_verified_address *seen)
{
	json_text(json, "name", seen->name);
	json_text(json, "serial", seen->serial);
	json_text(json, "subject", seen->subject);
	json_text(json, "issuer", seen->issuer);
	json_time(json, "not_before", seen->not_before);
	json_time(json, "not_after", seen->not_after);
	json_text(json, "sha256", seen->sha256);
	json_text(json, "record", seen->record);
	json_text(json, "status", seen->status);
	json_text(json, "successor", seen->successor);
	json_text(json, "expected", seen->expected);
	json_bool(json, "old", seen->old);
}

static void
json_address(struct json *json, const struct remint_verified_address *seen)
{
	json_open(json, NULL, '{');
	json_text(json, "address", seen->address);
	json_text(json, "verdict", remint_verdict_name(seen->verdict));
	json_text(json, "handshake", remint_verdict_name(seen->handshake));
	json_text(json, "by", seen->by);
	json_text(json, "stage", seen->stage);
	json_text(json, "reason", seen->reason);
	json_text(json, "protocol", seen->protocol);
	json_text(json, "cipher", seen->cipher);
	json_text(json, "signature", seen->signature);
	if (seen->alert >= 0) {
		json_number(json, "alert", seen->alert);
		json_text(json, "alert_from", seen->alert_ours ? "target" : "server");
	}
	if (seen->verify_error) {
		json_number(json, "verify_error", seen->verify_error);
		json_number(json, "verify_depth", seen->verify_depth);
	}
	json_bool(json, "asked_certificate", seen->asked_certificate);
	json_number(json, "issuers_named", (int64_t)seen->issuers_named);
	json_text(json, "shown", seen->shown);
	json_number(json, "milliseconds", seen->milliseconds);
	json_strings(json, "chain", seen->chain);
	if (seen->sha256)
		json_leaf(json, seen);
	json_open(json, "findings", '[');
	for (size_t i = 0; i < seen->finding_count; i++)
		finding_json(json, &seen->findings[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static int
verify_json(void *arg, const struct remint_verified *verified)
{
	struct cli *cli = arg;
	struct json *json = &cli->json_writer;

	json_open(json, NULL, '{');
	json_text(json, "endpoint", verified->endpoint);
	json_text(json, "target", verified->target);
	json_text(json, "spread", verified->spread);
	json_open(json, "addresses", '[');
	for (size_t i = 0; i < verified->address_count; i++)
		json_address(json, &verified->addresses[i]);
	json_close(json, ']');
	json_close(json, '}');
	return keep_going(cli);
}

/* ---- CSV ----------------------------------------------------------------------- */

static const char *const csv_columns[] = { "endpoint", "address", "target", "verdict", "handshake", "by",
	"stage", "reason", "protocol", "cipher", "client", "name", "serial", "not_after", "sha256",
	"record", "status", "successor" };

static int
verify_csv(void *arg, const struct remint_verified *verified)
{
	struct cli *cli = arg;
	char until[32];

	for (size_t i = 0; i < verified->address_count; i++) {
		const struct remint_verified_address *seen = &verified->addresses[i];
		const char *cells[] = { verified->endpoint, seen->address, verified->target,
			remint_verdict_name(seen->verdict), remint_verdict_name(seen->handshake),
			seen->by, seen->stage, seen->reason, seen->protocol, seen->cipher,
			seen->shown, seen->name, seen->serial, seen->sha256 ? until : NULL,
			seen->sha256, seen->record, seen->status, seen->successor };

		remint_time_text(seen->not_after, until);
		csv_row(&cli->out, cells, sizeof cells / sizeof *cells);
	}
	return keep_going(cli);
}

/* The summary stands between the endpoints and the errors. */
static void
close_document(struct cli *cli, const struct remint_verify_summary *summary)
{
	struct json *json = &cli->json_writer;

	if (!cli->document)
		return;
	json_close(json, ']');
	json_open(json, "summary", '{');
	json_number(json, "endpoints", (int64_t)summary->endpoints);
	json_number(json, "addresses", (int64_t)summary->addresses);
	for (int verdict = REMINT_VERDICT_NONE; verdict <= REMINT_VERDICT_REFUSED; verdict++)
		json_number(json, remint_verdict_name((enum remint_verdict)verdict),
		    (int64_t)summary->verdicts[verdict]);
	json_number(json, "old", (int64_t)summary->old);
	json_bool(json, "compared", summary->compared);
	json_close(json, '}');
	document_errors(cli);
	json_close(json, '}');
	out_text(&cli->out, "\n");
	cli->document = false;
}

/* ---- the verb -------------------------------------------------------------------- */

/* Every place of a plan that was applied, against what was issued for it. */
static int
verify_campaign(struct cli *cli)
{
	struct remint_campaign_options options = { .plan = text_of(cli, OPT_CAMPAIGN) };
	struct steps steps;

	if (cli->arguments.count || given(cli, OPT_AS) || given(cli, OPT_LIST))
		return report_usage(cli, "the plan of --campaign says what is looked at: give no endpoints, --as or --list");
	if (cli->csv)
		return report_usage(cli, "a campaign is told as text or as JSON, not as CSV");
	if (wire_of(cli, &options.wire))
		return -1;
	steps_begin(&steps, cli);
	steps.live_wanted = true;
	return steps_end(&steps, remint_campaign_verify(cli->ctx, &options, steps_print, &steps));
}

int
cmd_verify(struct cli *cli)
{
	struct remint_verify_options options = { .inputs = list_strings(&cli->arguments),
		.target = text_of(cli, OPT_AS),
		.trust = list_of(cli, OPT_TRUST),
		.chain = list_of(cli, OPT_CHAIN),
		.certificate = text_of(cli, OPT_CLIENT_CERT),
		.keys = list_of(cli, OPT_KEY),
		.name = text_of(cli, OPT_NAME) };
	struct remint_verify_summary summary = { 0 };
	int rc;

	if (given(cli, OPT_CAMPAIGN))
		return verify_campaign(cli);
	if (inputs_needed(cli) || wire_of(cli, &options.wire) || time_of(cli, OPT_AT, &options.at))
		return -1;
	if (!options.target)
		return report_usage(
		    cli, "as whom? name a target with --as (see remint target list)");
	if (cli->csv)
		csv_row(&cli->out, csv_columns, sizeof csv_columns / sizeof *csv_columns);
	document_begin(cli, "endpoints");
	rc = remint_verify(cli->ctx, &options,
	    cli->json  ? verify_json
	    : cli->csv ? verify_csv
		       : verify_text,
	    cli, &summary);
	if (rc)
		report_verb(cli);
	else if (!cli->json && !cli->csv)
		text_summary(&cli->out, &summary);
	if (rc == 0 && given(cli, OPT_HOME) && !summary.compared)
		report_warning(cli, "there is no database in the home given: nothing was compared with it");
	if (summary.verdicts[REMINT_VERDICT_REFUSED] || summary.old)
		report_status(cli, 1);
	close_document(cli, &summary);
	return rc;
}
