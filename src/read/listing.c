/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/listing.c - one row of a listing on its way to the caller: what its columns hold, whatever
 * the language of the Windows that printed it, and what stands in it as bytes.
 *
 * To add a heading: one row of headings[], folded as rmt_heading_fold() does it, and a row in
 * tests/unit/test_read_listing.c. It reads no file: csv.c, dump.c and inf.c collect the rows.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/local.h"

/*
 * By name: the English headings of certutil, the names of the columns in the CA's schema, those of
 * PowerShell's certificates, and headings of other languages as published outputs show them. The
 * first row of a name is its English heading.
 */
static const struct {
	const char *folded, *name;
} headings[] = {
	{ "issuedrequestid", "request-id" },
	{ "requestid", "request-id" },
	{ "requestrequestid", "request-id" },
	{ "anforderungsid", "request-id" },
	{ "ausgestellteanforderungsid", "request-id" },
	{ "iddelademande", "request-id" },
	{ "iddelademandemise", "request-id" },
	{ "iddesolicitudemitida", "request-id" },
	{ "iddesolicitud", "request-id" },
	{ "requestername", "requester" },
	{ "requestrequestername", "requester" },
	{ "antragstellername", "requester" },
	{ "nomdudemandeur", "requester" },
	{ "nombredelsolicitante", "requester" },
	{ "requestdisposition", "disposition" },
	{ "disposition", "disposition" },
	{ "anforderungsdisposition", "disposition" },
	{ "dispositiondelademande", "disposition" },
	{ "disposicindelasolicitud", "disposition" },
	{ "requeststatuscode", "status" },
	{ "statuscode", "status" },
	{ "requestsubmissiondate", "submitted" },
	{ "requestsubmittedwhen", "submitted" },
	{ "requestresolutiondate", "resolved" },
	{ "requestresolvedwhen", "resolved" },
	{ "serialnumber", "serial" },
	{ "seriennummer", "serial" },
	{ "numrodesrie", "serial" },
	{ "nmerodeserie", "serial" },
	{ "numerodiserie", "serial" },
	{ "serienummer", "serial" },
	{ "certificateeffectivedate", "not-before" },
	{ "notbefore", "not-before" },
	{ "nichtvor", "not-before" },
	{ "nonavant", "not-before" },
	{ "gltigab", "not-before" },
	{ "datedeffetducertificat", "not-before" },
	{ "certificateexpirationdate", "not-after" },
	{ "notafter", "not-after" },
	{ "nichtnach", "not-after" },
	{ "nonaprs", "not-after" },
	{ "gltigbis", "not-after" },
	{ "ablaufdatumdeszertifikats", "not-after" },
	{ "zertifikatablaufdatum", "not-after" },
	{ "datedexpirationducertificat", "not-after" },
	{ "fechadeexpiracindelcertificado", "not-after" },
	{ "certificatetemplate", "template" },
	{ "template", "template" },
	{ "zertifikatvorlage", "template" },
	{ "vorlage", "template" },
	{ "modledecertificat", "template" },
	{ "modle", "template" },
	{ "plantilladecertificado", "template" },
	{ "certificatehash", "thumbprint" },
	{ "certhashsha1", "thumbprint" },
	{ "thumbprint", "thumbprint" },
	{ "zertifikathashsha1", "thumbprint" },
	{ "zertifikathash", "thumbprint" },
	{ "hachcertsha1", "thumbprint" },
	{ "hachageducertificat", "thumbprint" },
	{ "issueddistinguishedname", "subject" },
	{ "distinguishedname", "subject" },
	{ "subject", "subject" },
	{ "antragsteller", "subject" },
	{ "objet", "subject" },
	{ "sujet", "subject" },
	{ "asunto", "subject" },
	{ "issuedcommonname", "common-name" },
	{ "commonname", "common-name" },
	{ "nomcommunmis", "common-name" },
	{ "requestcommonname", "common-name" },
	{ "issuer", "issuer" },
	{ "aussteller", "issuer" },
	{ "metteur", "issuer" },
	{ "emisor", "issuer" },
	{ "effectiverevocationdate", "revoked" },
	{ "requestrevokedeffectivewhen", "revoked" },
	{ "revocationdate", "revoked" },
	{ "requestrevokedwhen", "revoked" },
	{ "revocationreason", "revocation-reason" },
	{ "requestrevokedreason", "revocation-reason" },
	{ "binarycertificate", "certificate" },
	{ "rawcertificate", "certificate" },
	{ "binreszertifikat", "certificate" },
	{ "certificatbinaire", "certificate" },
	{ "certificadobinario", "certificate" },
	{ "binaryrequest", "request" },
	{ "requestrawrequest", "request" },
	{ "rawrequest", "request" },
	{ "demandebinaire", "request" },
	{ "publickeylength", "key-length" },
};

void
rmt_heading_fold(struct rmt_span heading, char out[64])
{
	size_t length = 0;

	for (size_t i = 0; i < heading.length && length < 63; i++) {
		unsigned char c = heading.at[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
			out[length++] = (char)c;
		else if (c >= 'A' && c <= 'Z')
			out[length++] = (char)(c | 0x20);
	}
	out[length] = '\0';
}

const char *
rmt_heading_name(struct rmt_span heading)
{
	char folded[64];

	rmt_heading_fold(heading, folded);
	for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
		if (!strcmp(headings[i].folded, folded))
			return headings[i].name;
	return NULL;
}

static bool
begins(struct rmt_span text, const char *with)
{
	return text.length >= strlen(with) && !memcmp(text.at, with, strlen(with));
}

const char *
rmt_shape_name(struct rmt_span text)
{
	static const struct rmt_dialect either = { .dates = RMT_DATES_DAY_FIRST };
	struct rmt_buf hex = { 0 };
	size_t digits;
	bool known;
	rmt_time time;

	if (memmem(text.at, text.length, "BEGIN NEW CERTIFICATE REQUEST", 29))
		return "request";
	if (memmem(text.at, text.length, "BEGIN CERTIFICATE", 17))
		return "certificate";
	known = rmt_listed_hex(text, &hex);
	digits = hex.length;
	rmt_buf_free(&hex);
	if (known && digits == 40)
		return "thumbprint";
	if (known && digits >= 16 && digits < 40)
		return "serial";
	if (rmt_listed_date(text, &either, &time))
		return "date";
	if (text.length > 6 && memmem(text.at, text.length, " -- ", 4))
		return "disposition";
	if (begins(text, "1.3.6.1.4.1.311.21.8."))
		return "template";
	if (begins(text, "CN=") || memmem(text.at, text.length, ", CN=", 5))
		return "subject";
	if (text.length > 2 && text.length < 200 && memchr(text.at, '\\', text.length))
		return "requester";
	return NULL;
}

const char *
rmt_listing_get(const struct rmt_listing *listing, const char *name)
{
	for (size_t i = 0; listing && i < listing->count; i++)
		if (listing->fields[i].name && !strcmp(listing->fields[i].name, name))
			return listing->fields[i].text;
	return NULL;
}

/* ---- a row ---- */

static size_t
keep(struct rmt_collected *record, struct rmt_span text)
{
	size_t at = record->bytes.length;

	rmt_buf_span(&record->bytes, text);
	rmt_buf_byte(&record->bytes, '\0');
	return at;
}

void
rmt_collected_add(
    struct rmt_collected *record, const char *name, struct rmt_span heading, struct rmt_span text)
{
	bool quoted = text.length && text.at[0] == '"';

	if (record->count == RMT_FIELDS_MAX)
		return;
	/* "OID" Name stands half in quotation marks. */
	if (!quoted) /* a mark at its end closes one within: CN=a, O="B, Inc." */
		text = rmt_trim(" \t\r\n", text);
	else if (text.at[text.length - 1] == '"' || !memchr(text.at + 1, '"', text.length - 1))
		text = rmt_trim(" \t\r\n\"", text);
	heading = rmt_trim(" \t\r\n\"", heading);
	if (!text.length || (text.length == 5 && !memcmp(text.at, "EMPTY", 5)))
		return;
	record->fields[record->count].name = !name   ? rmt_heading_name(heading)
					     : *name ? name
						     : NULL;
	record->fields[record->count].heading = keep(record, heading);
	record->fields[record->count].text = keep(record, text);
	record->count++;
}

void
rmt_collected_free(struct rmt_collected *record)
{
	rmt_buf_free(&record->bytes);
}

/* ---- its values ---- */

/* "0x14 (20) -- Issued" is "20 -- Issued", "0x2 (2)" is "2": the number as people write it. */
static void
append_number(struct rmt_span text, struct rmt_buf *out)
{
	const unsigned char *end = text.at + text.length, *open, *close, *rest = text.at;
	unsigned long value;
	char digits[20];

	if (!begins(text, "0x")) {
		rmt_buf_span(out, text);
		return;
	}
	open = memchr(text.at, '(', text.length);
	close = open ? memchr(open, ')', (size_t)(end - open)) : NULL;
	if (close && close - open < 16) {
		rmt_buf_append(out, open + 1, (size_t)(close - open - 1));
		rest = close + 1;
	} else {
		snprintf(digits, sizeof digits, "%.*s", text.length < 18 ? (int)text.length : 18,
		    (const char *)text.at);
		value = strtoul(digits, NULL, 16);
		while (rest < end && *rest != ' ')
			rest++;
		rmt_buf_format(out, "%lu", value);
	}
	rmt_buf_append(out, rest, (size_t)(end - rest));
}

static bool
is(const char *name, const char *other)
{
	return name && !strcmp(name, other);
}

static void
drop_marks(struct rmt_buf *text)
{
	size_t length = 0;

	for (size_t i = 0; i < text->length; i++)
		if (text->bytes[i] != '"')
			text->bytes[length++] = text->bytes[i];
	text->length = length;
}

/* The text of a field as it is handed out. */
static void
append_value(
    const char *name, struct rmt_span text, const struct rmt_dialect *dialect, struct rmt_buf *out)
{
	struct rmt_buf converted = { 0 };

	if ((is(name, "serial") || is(name, "thumbprint")) && rmt_listed_hex(text, out))
		return;
	if (is(name, "request-id") || is(name, "disposition")) {
		append_number(text, out);
		return;
	}
	rmt_listed_text(text, dialect, &converted);
	if (is(name, "template")) /* "OID" Name */
		drop_marks(&converted);
	rmt_plain_text(rmt_buf_view(&converted), out);
	out->failed = out->failed || converted.failed;
	rmt_buf_free(&converted);
}

static bool
has_armour(struct rmt_span text)
{
	return memmem(text.at, text.length, "-----BEGIN ", 11) != NULL;
}

/* A listing with what holds its bytes. */
struct row {
	struct rmt_listing listing;
	struct rmt_listed *fields;
	struct rmt_buf bytes;
};

static int
make_row(const struct rmt_collected *record, const struct rmt_dialect *dialect, struct row *row,
    struct rmt_err *err)
{
	size_t *places = calloc(record->count + 1, sizeof *places);
	const char *texts = rmt_buf_string(&record->bytes);

	*row = (struct row){ .fields = calloc(record->count + 1, sizeof *row->fields) };
	if (!places || !row->fields) {
		free(places);
		return rmt_err_memory(err);
	}
	for (size_t i = 0; i < record->count; i++) {
		const char *name = record->fields[i].name;
		struct rmt_span text = rmt_span_text(texts + record->fields[i].text);

		if (has_armour(text))
			continue; /* an object of its own */
		row->fields[row->listing.count].name = name;
		places[row->listing.count++] = row->bytes.length;
		append_value(
		    NULL, rmt_span_text(texts + record->fields[i].heading), dialect, &row->bytes);
		rmt_buf_byte(&row->bytes, '\0');
		append_value(name, text, dialect, &row->bytes);
		rmt_buf_byte(&row->bytes, '\0');
		if (is(name, "not-before") && !row->listing.not_before)
			rmt_listed_date(text, dialect, &row->listing.not_before);
		if (is(name, "not-after") && !row->listing.not_after)
			rmt_listed_date(text, dialect, &row->listing.not_after);
		if (is(name, "revoked") && !row->listing.revoked)
			rmt_listed_date(text, dialect, &row->listing.revoked);
	}
	for (size_t i = 0; i < row->listing.count && !row->bytes.failed; i++) {
		row->fields[i].heading = rmt_buf_string(&row->bytes) + places[i];
		row->fields[i].text = row->fields[i].heading + strlen(row->fields[i].heading) + 1;
	}
	free(places);
	row->listing.fields = row->fields;
	return rmt_buf_check(&row->bytes, err);
}

static void
free_row(struct row *row)
{
	free(row->fields);
	rmt_buf_free(&row->bytes);
}

struct rmt_listing *
rmt_listing_dup(const struct rmt_listing *listing, struct rmt_err *err)
{
	size_t size = sizeof *listing + listing->count * sizeof *listing->fields, length;
	struct rmt_listed *fields;
	struct rmt_listing *copy;
	char *to;

	for (size_t i = 0; i < listing->count; i++)
		size += strlen(listing->fields[i].heading) + strlen(listing->fields[i].text) + 2;
	if (!(copy = malloc(size))) {
		rmt_err_memory(err);
		return NULL;
	}
	*copy = *listing;
	fields = (struct rmt_listed *)(copy + 1);
	copy->fields = fields;
	to = (char *)(fields + listing->count);
	for (size_t i = 0; i < listing->count; i++) {
		fields[i].name = listing->fields[i].name; /* static */
		length = strlen(listing->fields[i].heading) + 1;
		fields[i].heading = memcpy(to, listing->fields[i].heading, length);
		to += length;
		length = strlen(listing->fields[i].text) + 1;
		fields[i].text = memcpy(to, listing->fields[i].text, length);
		to += length;
	}
	return copy;
}

/* ---- handing it out ---- */

/* The PEM in a text of the row, or a certificate's base64 without BEGIN and END. */
static int
read_embedded(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span text,
    struct rmt_err *err)
{
	struct rmt_stream *stream = rmt_stream_mem(reading->source, text, err);
	int rc;

	if (!stream)
		return -1;
	rc = rmt_read_text(reading, as, stream, err);
	rmt_stream_free(stream);
	return rc;
}

int
rmt_collected_hand(struct rmt_reading *reading, const struct rmt_object *as,
    enum rmt_object_type type, const struct rmt_dialect *dialect, struct rmt_collected *record)
{
	const char *texts = rmt_buf_string(&record->bytes);
	size_t before = reading->objects + reading->faults;
	struct rmt_object object = *as;
	struct rmt_err err = { 0 };
	struct row row;
	int rc = make_row(record, dialect, &row, &err);

	reading->row = &row.listing;
	reading->row_line = record->line;
	for (size_t i = 0; !rc && i < record->count; i++)
		if (is(record->fields[i].name, "certificate") ||
		    is(record->fields[i].name, "request"))
			rc = read_embedded(
			    reading, as, rmt_span_text(texts + record->fields[i].text), &err);
	if (!rc && reading->objects + reading->faults == before && record->count) {
		object.type = type;
		object.line = record->line;
		object.listing = &row.listing;
		rc = rmt_reading_hand(reading, &object);
	}
	reading->row = NULL;
	if (err.class)
		rc = rmt_reading_fault(reading, as, &err);
	free_row(&row);
	rmt_buf_clear(&record->bytes);
	record->count = 0;
	return rc;
}
