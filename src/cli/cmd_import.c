/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_import.c - remint import: what other CAs left, taken over and counted.
 */
#include "config.h"

#include <stdio.h>

#include "cli/cli.h"

struct account {
	struct cli *cli;
	uint64_t found, added; /* of anything, in all sources */
};

/* ---- JSON ---- */

static void
tally_json(struct json *json, const char *key, const struct remint_tally *tally)
{
	json_open(json, key, '{');
	json_number(json, "found", (int64_t)tally->found);
	json_number(json, "new", (int64_t)tally->added);
	json_number(json, "known", (int64_t)tally->known);
	json_close(json, '}');
}

static void
cas_json(struct json *json, const struct remint_imported *imported)
{
	json_open(json, "cas", '[');
	for (size_t i = 0; i < imported->ca_count; i++) {
		const struct remint_imported_ca *ca = &imported->cas[i];

		json_open(json, NULL, '{');
		json_text(json, "name", ca->name);
		json_text(json, "subject", ca->subject);
		json_text(json, "sha256", ca->sha256);
		json_text(json, "state", ca->state);
		json_bool(json, "issues", ca->issues);
		json_bool(json, "new", ca->added);
		json_number(json, "crl_number", ca->crl_number);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
print_json(struct cli *cli, const struct remint_imported *imported)
{
	struct json *json = &cli->json_writer;

	json_open(json, NULL, '{');
	json_text(json, "source", imported->source);
	json_text(json, "kind", imported->kind);
	json_bool(json, "committed", given(cli, OPT_COMMIT));
	tally_json(json, "certificates", &imported->certificates);
	tally_json(json, "authorities", &imported->authorities);
	tally_json(json, "keys", &imported->keys);
	tally_json(json, "revocations", &imported->revocations);
	json_number(json, "adopted", (int64_t)imported->adopted);
	json_number(json, "requests", (int64_t)imported->requests);
	json_open(json, "refused", '[');
	for (size_t i = 0; i < imported->refusal_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "reason", imported->refusals[i].reason);
		json_number(json, "count", (int64_t)imported->refusals[i].count);
		json_bool(json, "fault", imported->refusals[i].fault);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (imported->ca_count)
		cas_json(json, imported);
	json_close(json, '}');
}

/* ---- text ---- */

static void
tally_row(struct table *table, const char *what, const struct remint_tally *tally)
{
	char number[24];

	table_cell(table, what, STYLE_NONE);
	snprintf(number, sizeof number, "%llu", (unsigned long long)tally->found);
	table_cell(table, number, STYLE_NONE);
	snprintf(number, sizeof number, "%llu", (unsigned long long)tally->added);
	table_cell(table, number, tally->added ? STYLE_GOOD : STYLE_NONE);
	snprintf(number, sizeof number, "%llu", (unsigned long long)tally->known);
	table_cell(table, number, STYLE_NONE);
}

static void
print_ca(struct out *out, const struct remint_imported_ca *ca)
{
	char text[160];

	out_text(out, "\n");
	out_style(out, STYLE_STRONG);
	out_plain(out, ca->subject);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
	out_field(out, 2, "authority", ca->name);
	out_field(out, 2, "state", ca->issues ? "active: it issues here" : ca->state);
	if (!ca->crl_number)
		return;
	snprintf(text, sizeof text, "%lld was the last number that was heard of", (long long)ca->crl_number);
	out_field(out, 2, "lists", text);
}

static void
print_text(struct out *out, const struct remint_imported *imported)
{
	static const char *const headings[] = { "", "FOUND", "NEW", "KNOWN" };
	struct table *table = table_new(out, headings, 4);

	out_safe(out, imported->source);
	out_format(out, " (%s)\n", imported->kind);
	tally_row(table, "certificates", &imported->certificates);
	tally_row(table, "CAs", &imported->authorities);
	tally_row(table, "private keys", &imported->keys);
	tally_row(table, "revoked", &imported->revocations);
	table_free(table);
	if (imported->adopted)
		out_format(out, "adopted %llu: on record before their CA was known, and its certificates now\n",
		    (unsigned long long)imported->adopted);
	for (size_t i = 0; i < imported->refusal_count; i++)
		out_format(out, "%s %llu: %s\n", imported->refusals[i].fault ? "refused" : "left out",
		    (unsigned long long)imported->refusals[i].count, imported->refusals[i].reason);
	for (size_t i = 0; i < imported->ca_count; i++)
		print_ca(out, &imported->cas[i]);
}

static int
print(void *arg, const struct remint_imported *imported)
{
	struct account *account = arg;
	struct cli *cli = account->cli;

	account->found += imported->certificates.found + imported->authorities.found +
			  imported->keys.found + imported->revocations.found;
	account->added += imported->certificates.added + imported->authorities.added +
			  imported->keys.added + imported->revocations.added + imported->adopted;
	if (cli->json)
		print_json(cli, imported);
	else
		print_text(&cli->out, imported);
	return keep_going(cli);
}

int
cmd_import(struct cli *cli)
{
	struct account account = { .cli = cli };
	struct remint_import_options options = {
		.inputs = list_strings(&cli->arguments),
		.from = text_of(cli, OPT_KIND),
		.keys = list_of(cli, OPT_KEY),
		.publish_url = text_of(cli, OPT_PUBLISH_URL),
		.crl_deltas = given(cli, OPT_CRL_DELTAS),
		.no_keys = given(cli, OPT_NO_KEYS),
		.commit = given(cli, OPT_COMMIT),
	};
	int rc;

	if (wire_of(cli, &options.wire) || count_of(cli, OPT_CRL_SHARDS, 0, 999, &options.crl_shards) || inputs_needed(cli))
		return -1;
	document_begin(cli, "imported");
	rc = remint_import(cli->ctx, &options, print, &account);
	if (rc)
		report_verb(cli);
	document_end(cli, false);
	if (rc)
		return -1;
	if (!account.found)
		report_status(cli, 3);
	if (!account.added)
		report_note(cli, account.found ? "remint: there is nothing new in it"
					       : "remint: there was nothing to take over");
	else if (!options.commit)
		report_note(cli, "remint: nothing was written yet: --commit takes it over");
	return 0;
}
