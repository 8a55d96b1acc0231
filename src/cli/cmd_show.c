/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cmd_show.c - remint show: every object of every input as a card, a JSON object or a CSV row,
 * one after the other.
 *
 * A pile of any size goes by in constant memory; what is in an object is the library's knowledge.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"

struct showing {
	struct cli *cli;
	bool strays; /* the list of them has begun, behind that of the objects */
};

enum { EXTENSION_WIDTH = 32 };

static bool
is_crl(const struct remint_object *object)
{
	return strcmp(object->type, "crl") == 0;
}

/* What a listing or certreq's INF says of a certificate, rather than one. */
static bool
is_listed(const struct remint_object *object)
{
	return strcmp(object->type, "listing") == 0 ||
	       strcmp(object->type, "request-description") == 0;
}

static bool
is_private_key(const struct remint_object *object)
{
	return strcmp(object->type, "private-key") == 0;
}

/* ---- JSON ---------------------------------------------------------------- */

static void
json_extensions(struct json *json, const struct remint_object *object)
{
	json_open(json, "extensions", '[');
	for (size_t i = 0; i < object->extension_count; i++) {
		const struct remint_extension *extension = &object->extensions[i];

		json_open(json, NULL, '{');
		json_text(json, "name", extension->name);
		json_text(json, "oid", extension->oid);
		json_bool(json, "critical", extension->critical);
		json_text(json, "text", extension->text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
json_entries(struct json *json, const struct remint_object *object)
{
	json_number(json, "revoked", (int64_t)object->revoked);
	json_open(json, "entries", '[');
	for (size_t i = 0; i < object->entry_count; i++) {
		const struct remint_crl_entry *entry = &object->entries[i];

		json_open(json, NULL, '{');
		json_text(json, "serial", entry->serial);
		json_time(json, "revoked", entry->revoked);
		if (*entry->reason)
			json_text(json, "reason", entry->reason);
		if (entry->invalid_since)
			json_time(json, "invalid_since", entry->invalid_since);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
json_fields(struct json *json, const struct remint_object *object)
{
	if (!object->field_count)
		return;
	json_open(json, "fields", '[');
	for (size_t i = 0; i < object->field_count; i++) {
		json_open(json, NULL, '{');
		json_text(json, "name", object->fields[i].name);
		json_text(json, "heading", object->fields[i].heading);
		json_text(json, "text", object->fields[i].text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
json_body(struct json *json, const struct remint_object *object)
{
	bool crl = is_crl(object), certificate = strcmp(object->type, "certificate") == 0;

	if (object->version)
		json_number(json, "version", object->version);
	json_text(json, "serial", object->serial);
	json_text(json, "subject", object->subject);
	json_text(json, "issuer", object->issuer);
	json_text(json, "common_name", object->common_name);
	if (crl || certificate || strcmp(object->type, "listing") == 0) {
		json_time(json, crl ? "this_update" : "not_before", object->not_before);
		json_time(json, crl ? "next_update" : "not_after", object->not_after);
	}
	if (certificate) {
		json_bool(json, "ca", object->ca);
		json_bool(json, "self_issued", object->self_issued);
	}
	if (crl)
		json_entries(json, object);
	json_text(json, "key", object->key);
	json_text(json, "signature_algorithm", object->signature_algorithm);
	if (crl || certificate || object->names.count || object->extension_count) {
		json_strings(json, "names", object->names);
		json_extensions(json, object);
	}
	if (object->deviations.count)
		json_strings(json, "deviations", object->deviations);
	json_fields(json, object);
}

static int
show_json(void *arg, const struct remint_object *object)
{
	struct cli *cli = ((struct showing *)arg)->cli;
	struct json *json = &cli->json_writer;

	json_open(json, NULL, '{');
	json_text(json, "type", object->type);
	json_text(json, "source", object->source);
	json_number(json, "index", (int64_t)object->index);
	if (object->line)
		json_number(json, "line", (int64_t)object->line);
	json_text(json, "container", object->container);
	json_text(json, "endpoint", object->endpoint);
	json_text(json, "address", object->address);
	json_text(json, "label", object->label);
	json_text(json, "friendly_name", object->friendly_name);
	json_text(json, "note", object->note);
	if (is_private_key(object)) {
		json_bool(json, "encrypted", object->encrypted);
		json_bool(json, "locked", object->locked);
	}
	json_body(json, object);
	json_text(json, "spki_sha256", object->spki_sha256);
	json_text(json, "sha256", object->sha256);
	json_text(json, "sha1", object->sha1);
	json_text(json, "pem", object->pem);
	json_close(json, '}');
	return keep_going(cli);
}

/* ---- CSV ----------------------------------------------------------------- */

static int
show_csv(void *arg, const struct remint_object *object)
{
	struct cli *cli = ((struct showing *)arg)->cli;
	struct out *out = &cli->out;
	char before[32] = "", after[32] = "";

	if (object->not_before)
		remint_time_text(object->not_before, before);
	if (object->not_after)
		remint_time_text(object->not_after, after);
	csv_cell(out, true, object->source);
	csv_number(out, false, (int64_t)object->index);
	csv_rest(out,
	    (const char *const[]){ object->type, object->common_name, object->subject,
		object->issuer, object->serial, before, after, object->key,
		object->signature_algorithm, object->sha256 },
	    10);
	return keep_going(cli);
}

/* ---- text ---------------------------------------------------------------- */

static void
text_heading(struct out *out, const struct remint_object *object)
{
	const char *name = object->common_name     ? object->common_name
			   : object->friendly_name ? object->friendly_name
						   : NULL;

	out_style(out, STYLE_STRONG);
	out_text(out, object->type);
	if (name) {
		out_text(out, " ");
		out_safe(out, name);
	}
	out_style(out, STYLE_NONE);
	out_style(out, STYLE_FAINT);
	out_text(out, "  ");
	out_safe(out, object->source);
	out_format(out, " #%zu, ", object->index);
	if (object->line)
		out_format(out, "line %zu, ", object->line);
	out_text(out, object->container);
	out_style(out, STYLE_NONE);
	out_text(out, "\n");
}

static void
text_dates(struct out *out, const struct remint_object *object)
{
	bool crl = is_crl(object);
	int64_t now = (int64_t)time(NULL);
	char before[32], after[32] = "", text[160], remark[64] = "";
	enum style style = STYLE_NONE;

	if (!object->not_before && !object->not_after)
		return;
	remint_time_text(object->not_before, before);
	if (object->not_after)
		remint_time_text(object->not_after, after);
	if (object->not_after && object->not_after < now) {
		snprintf(remark, sizeof remark, " (expired)");
		style = STYLE_BAD;
	} else if (object->not_before > now) {
		snprintf(remark, sizeof remark, " (not yet valid)");
		style = STYLE_WARNING;
	} else if (object->not_after) {
		long long days = (long long)(object->not_after - now) / 86400;

		snprintf(remark, sizeof remark, " (%lld day%s left)", days, days == 1 ? "" : "s");
		style = days < 30 ? STYLE_WARNING : STYLE_NONE;
	}
	snprintf(text, sizeof text, "%s%s%s%s", object->not_before ? before : "",
	    *after ? object->not_before ? " to " : "until " : "", after, remark);
	if (style != STYLE_NONE)
		out_style(out, style);
	out_field(out, 2, crl ? "updates" : "valid", text);
	if (style != STYLE_NONE)
		out_style(out, STYLE_NONE);
}

static void
text_names(struct out *out, struct remint_strings names)
{
	for (size_t i = 0; i < names.count; i++)
		out_escaped(out, 2, LABEL_WIDTH, i == 0 ? "names" : "", names.items[i]);
}

static void
text_extensions(struct out *out, const struct remint_object *object)
{
	size_t width = 0;

	for (size_t i = 0; i < object->extension_count; i++) {
		size_t columns = strlen(object->extensions[i].name);

		width = columns > width && columns <= EXTENSION_WIDTH ? columns : width;
	}
	for (size_t i = 0; i < object->extension_count; i++) {
		const struct remint_extension *extension = &object->extensions[i];
		char label[128];

		if (strcmp(extension->name, "subjectAltName") == 0 && object->names.count)
			continue; /* its names stand above */
		snprintf(label, sizeof label, "%s%s", extension->name,
		    extension->critical ? ", critical" : "");
		out_escaped(
		    out, 2, width + 10, label, *extension->text ? extension->text : "(empty)");
	}
}

/* What a row says and what is not told above; of a certificate only how it came to be. */
static void
text_fields(struct out *out, const struct remint_object *object)
{
	static const char *const above[] = { "serial", "subject", "issuer", "names", "certificate",
		"request" };
	static const char *const rest[] = { "common-name", "not-before", "not-after", "thumbprint",
		"key-length", "key-algorithm" };

	for (size_t i = 0; i < object->field_count; i++) {
		const struct remint_field *field = &object->fields[i];
		bool told = false;

		for (size_t j = 0; field->name && j < sizeof above / sizeof *above; j++)
			told = told || strcmp(field->name, above[j]) == 0;
		for (size_t j = 0; field->name && j < sizeof rest / sizeof *rest; j++)
			told = told || (!is_listed(object) && strcmp(field->name, rest[j]) == 0);
		if (told ||
		    (field->name && object->not_before && strcmp(field->name, "not-before") == 0) ||
		    (field->name && object->not_after && strcmp(field->name, "not-after") == 0))
			continue;
		out_escaped(
		    out, 2, LABEL_WIDTH, field->name ? field->name : field->heading, field->text);
	}
}

static void
text_key(struct out *out, const struct remint_object *object)
{
	char text[160];

	if (!is_private_key(object)) {
		out_field(out, 2, "key", object->key);
		return;
	}
	snprintf(text, sizeof text, "%s%s", object->key ? object->key : "not known",
	    object->locked      ? ", locked: give its passphrase with --password-file"
	    : object->encrypted ? ", encrypted"
				: ", not encrypted");
	out_field(out, 2, "key", text);
}

/* The first ones of a list. */
static void
text_entries(struct out *out, const struct remint_object *object)
{
	for (size_t i = 0; i < object->entry_count; i++) {
		const struct remint_crl_entry *entry = &object->entries[i];
		char line[160], at[32], since[32] = "";

		remint_time_text(entry->revoked, at);
		if (entry->invalid_since)
			remint_time_text(entry->invalid_since, since);
		snprintf(line, sizeof line, "%.64s %s%s%s%s%s", entry->serial, at,
		    *entry->reason ? " " : "", entry->reason, *since ? ", invalid since " : "", since);
		out_field(out, 2, "", line);
	}
}

static int
show_text(void *arg, const struct remint_object *object)
{
	struct cli *cli = ((struct showing *)arg)->cli;
	struct out *out = &cli->out;
	char revoked[64];

	text_heading(out, object);
	out_escaped(out, 2, LABEL_WIDTH, "subject",
	    object->subject && !*object->subject ? "(empty)" : object->subject);
	out_escaped(out, 2, LABEL_WIDTH, "issuer", object->self_issued ? "itself" : object->issuer);
	out_field(out, 2, "serial", object->serial);
	text_dates(out, object);
	if (is_crl(object)) {
		snprintf(revoked, sizeof revoked, "%llu %s",
		    (unsigned long long)object->revoked, plural(object->revoked, "certificate", "certificates"));
		out_field(out, 2, "revoked", revoked);
		text_entries(out, object);
	}
	text_key(out, object);
	out_field(out, 2, "signature", object->signature_algorithm);
	text_names(out, object->names);
	text_extensions(out, object);
	text_fields(out, object);
	for (size_t i = 0; i < object->deviations.count; i++)
		out_field(out, 2, i == 0 ? "breaks DER" : "", object->deviations.items[i]);
	out_field(out, 2, "sha256", object->sha256);
	if (!object->sha256)
		out_field(out, 2, "key sha256", object->spki_sha256);
	out_field(out, 2, "label", strcmp(object->type, "unsupported") == 0 ? object->label : NULL);
	out_field(out, 2, "note", object->note);
	out_text(out, "\n");
	return keep_going(cli);
}

static int
stray_json(void *arg, const struct remint_stray_key *stray)
{
	struct showing *showing = arg;
	struct json *json = &showing->cli->json_writer;

	if (!showing->strays) {
		json_close(json, ']');
		json_open(json, "stray_keys", '[');
	}
	showing->strays = true;
	json_open(json, NULL, '{');
	json_text(json, "source", stray->source);
	json_text(json, "spki_sha256", stray->spki_sha256);
	json_text(json, "beside", stray->beside);
	json_text(json, "beside_spki_sha256", stray->beside_spki_sha256);
	json_close(json, '}');
	return 0;
}

/* ---- the verb ------------------------------------------------------------ */

int
cmd_show(struct cli *cli)
{
	static const char *const columns[] = { "source", "index", "type", "name", "subject",
		"issuer", "serial", "not_before", "not_after", "key", "signature", "sha256" };
	struct remint_show_options options = {
		.inputs = list_strings(&cli->arguments),
		.strict = given(cli, OPT_STRICT),
		.no_keys = given(cli, OPT_NO_KEYS),
		.no_pem = !cli->json || given(cli, OPT_NO_PEM),
		.stray_key = cli->json ? stray_json : NULL,
	};
	struct showing showing = { .cli = cli };
	const char *file = text_of(cli, OPT_OUT);
	int rc;

	if (inputs_needed(cli) || wire_of(cli, &options.wire) ||
	    (file && file_begin(cli, &cli->out, file)))
		return -1;
	if (cli->csv)
		csv_row(&cli->out, columns, sizeof columns / sizeof *columns);
	document_begin(cli, "objects");
	rc = remint_show(cli->ctx, &options,
	    cli->json  ? show_json
	    : cli->csv ? show_csv
		       : show_text,
	    &showing);
	if (rc)
		report_verb(cli);
	document_end(cli, true);
	return rc;
}
