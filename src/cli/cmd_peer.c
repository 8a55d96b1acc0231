/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_peer.c - remint peer: one line for each connection while it happens, as text or as JSON,
 * until a signal, --count or --seconds ends it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { SECONDS_MOST = 31 * 86400, CONNECTIONS_MOST = 1000000000, OUTCOMES = 5 };

static const enum style outcome_styles[OUTCOMES] = { [REMINT_PEER_ACCEPTED] = STYLE_GOOD,
	[REMINT_PEER_REFUSED] = STYLE_BAD,
	[REMINT_PEER_LEFT] = STYLE_BAD,
	[REMINT_PEER_NO_TLS] = STYLE_WARNING,
	[REMINT_PEER_TIMED_OUT] = STYLE_WARNING };

/* ---- lines ----------------------------------------------------------------------------------- */

static int
ready_json(void *arg, const struct remint_peer_ready *ready)
{
	struct cli *cli = arg;
	struct json *json = event_begin(cli, "listening");

	cli->out.hold = false; /* from now on a reader waits for every line */
	json_text(json, "address", ready->address);
	json_text(json, "target", ready->target);
	json_text(json, "presents", ready->presents);
	json_number(json, "sent", (int64_t)ready->sent);
	json_bool(json, "demands_certificate", ready->demands_certificate);
	json_text(json, "certificate", ready->certificate);
	json_text(json, "serial", ready->serial);
	json_text(json, "sha256", ready->sha256);
	json_bool(json, "self_made", ready->self_made);
	json_text(json, "pem", ready->pem);
	json_text(json, "root_pem", ready->root_pem);
	return event_end(cli);
}

static int
ready_text(void *arg, const struct remint_peer_ready *ready)
{
	struct cli *cli = arg;
	struct out *out = &cli->out;
	char sends[80];

	snprintf(sends, sizeof sends, "%s: %zu certificate%s", ready->presents, ready->sent,
	    ready->sent == 1 ? "" : "s");
	out_style(out, STYLE_STRONG);
	out_format(out, "listening on %s as ", ready->address);
	out_safe(out, ready->target);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
	out_field(out, 2, "target", ready->title);
	out_field(out, 2, "serves", ready->certificate);
	if (ready->self_made)
		out_field(out, 2, "", "made for this run; clients do not trust it");
	out_field(out, 2, "SHA-256", ready->sha256);
	out_field(out, 2, "sends", sends);
	out_field(out, 2, "clients",
	    ready->demands_certificate ? "must show a certificate"
				       : "are not asked for a certificate");
	out_flush(out);
	return keep_going(cli);
}

static int
seen_json(void *arg, const struct remint_peer_seen *seen)
{
	struct cli *cli = arg;
	struct json *json = event_begin(cli, "connection");

	json_text(json, "from", seen->from);
	json_text(json, "outcome", remint_peer_outcome_name(seen->outcome));
	json_text(json, "reason", *seen->reason ? seen->reason : NULL);
	json_text(json, "protocol", seen->protocol);
	json_text(json, "cipher", seen->cipher);
	json_text(json, "server_name", seen->server_name);
	if (seen->alert >= 0) {
		json_number(json, "alert", seen->alert);
		json_text(json, "alert_from", seen->alert_ours ? "peer" : "client");
	}
	if (seen->verify_error) {
		json_number(json, "verify_error", seen->verify_error);
		json_number(json, "verify_depth", seen->verify_depth);
	}
	if (seen->certificates) {
		json_open(json, "client", '{');
		json_number(json, "certificates", (int64_t)seen->certificates);
		json_text(json, "subject", seen->subject);
		json_text(json, "issuer", seen->issuer);
		json_text(json, "serial", seen->serial);
		json_text(json, "sha256", seen->sha256);
		json_time(json, "not_after", seen->not_after);
		json_close(json, '}');
	}
	json_number(json, "milliseconds", (int64_t)seen->milliseconds);
	return event_end(cli);
}

/* Names are escaped already where they need it (RFC 4514): their backslashes stay single. */
static void
client_text(struct out *out, const struct remint_peer_seen *seen)
{
	if (!seen->certificates)
		return;
	out_text(out, "; client certificate ");
	out_plain(out, *seen->subject ? seen->subject : "without a subject");
	out_format(out, ", serial %.60s", seen->serial);
	if (seen->certificates > 1)
		out_format(out, ", and %zu more", seen->certificates - 1);
}

static int
seen_text(void *arg, const struct remint_peer_seen *seen)
{
	struct cli *cli = arg;
	struct out *out = &cli->out;
	const char *word = remint_peer_outcome_name(seen->outcome);

	out_style(out, outcome_styles[seen->outcome]);
	out_text(out, word);
	out_style(out, STYLE_NONE);
	out_spaces(out, 11 - strlen(word));
	out_text(out, seen->from);
	out_text(out, ": ");
	if (seen->protocol)
		out_format(out, "%s%s%s", seen->protocol, seen->cipher ? ", " : "",
		    seen->cipher ? seen->cipher : "");
	if (*seen->reason) {
		out_text(out, seen->protocol ? ": " : "");
		out_plain(out, seen->reason);
	}
	client_text(out, seen);
	return line_end(cli);
}

/* ---- the summary ----------------------------------------------------------------------------- */

static void
summary_json(struct cli *cli, const struct remint_peer_summary *summary)
{
	struct json *json = event_begin(cli, "end");

	for (int i = 0; i < OUTCOMES; i++)
		json_number(json, remint_peer_outcome_name((enum remint_peer_outcome)i),
		    (int64_t)summary->connections[i]);
	event_end(cli);
}

static void
summary_text(struct cli *cli, const struct remint_peer_summary *summary)
{
	uint64_t all = 0;

	for (int i = 0; i < OUTCOMES; i++)
		all += summary->connections[i];
	out_format(&cli->out, "%llu connection%s", (unsigned long long)all, all == 1 ? "" : "s");
	for (int i = 0, told = 0; i < OUTCOMES; i++)
		if (summary->connections[i])
			out_format(&cli->out, "%s%llu %s", told++ ? ", " : ": ",
			    (unsigned long long)summary->connections[i],
			    remint_peer_outcome_name((enum remint_peer_outcome)i));
	line_end(cli);
}

/* ---- the verb -------------------------------------------------------------------------------- */

static int
limits_of(struct cli *cli, struct remint_peer_options *options)
{
	int64_t count, timeout;

	if (count_of(cli, OPT_CONNECTIONS, 1, CONNECTIONS_MOST, &count) ||
	    count_of(cli, OPT_SECONDS, 1, SECONDS_MOST, &options->seconds) ||
	    duration_of(cli, OPT_TIMEOUT, &timeout))
		return -1;
	if (given(cli, OPT_TIMEOUT) && (timeout < 1 || timeout > 3600))
		return report_usage(cli, "--timeout takes 1s to 1h");
	if (given(cli, OPT_ONCE) && given(cli, OPT_CONNECTIONS))
		return report_usage(cli, "give --once or --count, not both");
	options->timeout = (unsigned)timeout * 1000;
	options->count = given(cli, OPT_ONCE) ? 1 : (uint64_t)count;
	return 0;
}

int
cmd_peer(struct cli *cli)
{
	struct remint_peer_options options = {
		.target = text_of(cli, OPT_AS),
		.listen = text_of(cli, OPT_LISTEN),
		.certificate = text_of(cli, OPT_CERT),
		.keys = list_of(cli, OPT_KEY),
		.chain = list_of(cli, OPT_CHAIN),
		.trust = list_of(cli, OPT_TRUST),
	};
	struct remint_peer_summary summary;
	int rc;

	if (!options.target)
		return report_usage(cli, "as whom? name the target with --as");
	if (limits_of(cli, &options) || (options.stop = stop_by_signal(cli)) < 0)
		return -1;
	rc = remint_peer(cli->ctx, &options, cli->json ? ready_json : ready_text,
	    cli->json ? seen_json : seen_text, cli, &summary);
	if (rc)
		return report_verb(cli);
	if (cli->json)
		summary_json(cli, &summary);
	else
		summary_text(cli, &summary);
	return 0;
}
