/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/dump.c - what certutil prints for people: "-dump" of a file, "-store" of a store, "-view" of
 * a CA's database without "csv".
 *
 * A record begins with "Row 1:", "==== Certificate 0 ====" or "X509 Certificate:", in whatever
 * language; its lines are "label: value". The schema that "-view" prints first gives the labels of
 * that language their meaning. Of a dump of a certificate only what identifies it is kept, since
 * its bytes are not there; extensions are not read out of prose.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "read/local.h"

enum { LINE_BYTES = 64 << 10, LEARNED_MAX = 256 };

enum start { NO_START, START_ROW, START_CERTIFICATE, START_OTHER };

struct dump {
	struct rmt_reading *reading;
	struct rmt_object as;
	struct rmt_dialect dialect;
	enum start kind; /* of the record under way */
	struct rmt_collected record;
	bool schema;
	struct {
		char folded[64];
		const char *name;
	} learned[LEARNED_MAX];
	size_t learned_count;
	/* a value on the lines below its label */
	const char *name;
	struct rmt_buf label, value;
	unsigned indent;
	bool pending, armour;
};

/* ---- lines ---- */

static unsigned
indent_of(struct rmt_span line)
{
	unsigned n = 0;

	while (n < line.length && line.at[n] == ' ')
		n++;
	return n;
}

/* A label without what French puts before its colon: blanks, and the no-break one in whatever
 * encoding. */
static struct rmt_span
trim_label(struct rmt_span label)
{
	label = rmt_trim(" \t\r", label);
	if (label.length > 2 && label.at[label.length - 2] == 0xc2 &&
	    label.at[label.length - 1] == 0xa0)
		label.length -= 2;
	else if (label.length > 1 &&
		 (label.at[label.length - 1] == 0xa0 || label.at[label.length - 1] == 0xff))
		label.length--;
	return rmt_trim(" \t\r", label);
}

/* "label: value"; the value may be empty. */
static bool
split_line(struct rmt_span line, struct rmt_span *label, struct rmt_span *value)
{
	const unsigned char *colon;

	line = rmt_trim(" \t\r", line);
	colon = memchr(line.at, ':', line.length);
	if (!colon || colon == line.at || colon - line.at > 80)
		return false;
	*label = trim_label(rmt_span_of(line.at, (size_t)(colon - line.at)));
	*value =
	    rmt_trim(" \t\r", rmt_span_of(colon + 1, line.length - (size_t)(colon + 1 - line.at)));
	return label->length > 0;
}

/* "Row 1:", "Zeile 12:", "Fila 3 :": one word and a number. */
static bool
is_row(struct rmt_span label)
{
	size_t i = 0, digits = 0;

	while (
	    i < label.length && label.at[i] != ' ' && !(label.at[i] >= '0' && label.at[i] <= '9'))
		i++;
	if (!i)
		return false;
	while (i < label.length && label.at[i] == ' ')
		i++;
	for (; i < label.length && label.at[i] >= '0' && label.at[i] <= '9'; i++)
		digits++;
	return digits > 0 && digits < 10 && i == label.length;
}

static enum start
start_of(struct rmt_span line)
{
	struct rmt_span label, value;
	char folded[64];

	if (line.length > 20 && !memcmp(line.at, "========", 8) && line.at[line.length - 1] == '=')
		return START_CERTIFICATE;
	if (!line.length || *line.at == ' ' || *line.at == '\t' ||
	    !split_line(line, &label, &value) || value.length)
		return NO_START;
	if (is_row(label))
		return START_ROW;
	rmt_heading_fold(label, folded);
	/* certtool's headings ("X.509 Certificate Information:"): the PEM follows the text. */
	if (strstr(folded, "info") || memchr(label.at, '.', label.length))
		return NO_START;
	if (strstr(folded, "x509"))
		return strstr(folded, "revo") || strstr(folded, "sperr") || strstr(folded, "crl")
			   ? START_OTHER
			   : START_CERTIFICATE;
	return strstr(folded, "pkcs10") || strstr(folded, "pkcs7") ? START_OTHER : NO_START;
}

/* ---- is it one? ---- */

static bool
next_line(struct rmt_span *text, struct rmt_span *line)
{
	const unsigned char *end;

	if (!text->length)
		return false;
	end = memchr(text->at, '\n', text->length);
	*line = rmt_span_of(text->at, end ? (size_t)(end - text->at) : text->length);
	text->length -= line->length + (end != NULL);
	text->at += line->length + (end != NULL);
	while (line->length && line->at[line->length - 1] == '\r')
		line->length--;
	return true;
}

/* A record has begun and something in it is known, or certutil says that it was it. */
bool
rmt_dump_fits(struct rmt_span ahead)
{
	struct rmt_span line, label, value;
	bool started = false;

	ahead = rmt_span_unmarked(ahead);
	while (next_line(&ahead, &line)) {
		if (!started && line.length > 10 && !memcmp(line.at, "-----BEGIN ", 11))
			return false; /* a PEM file, whatever comes behind it */
		if (start_of(line))
			started = true;
		else if (started && split_line(line, &label, &value) &&
			 (rmt_heading_name(label) || memmem(label.at, label.length, "CertUtil", 8)))
			return true;
	}
	return false;
}

/* ---- what a label means ---- */

static const char *
name_of(const struct dump *dump, struct rmt_span label)
{
	char folded[64];

	rmt_heading_fold(label, folded);
	for (size_t i = 0; i < dump->learned_count; i++)
		if (!strcmp(dump->learned[i].folded, folded))
			return dump->learned[i].name;
	return rmt_heading_name(label);
}

/* "  SerialNumber      Seriennummer      String  128 -- Indexed" */
static void
learn(struct dump *dump, struct rmt_span line)
{
	const unsigned char *at = line.at + indent_of(line), *end = line.at + line.length,
			    *column = at, *local;
	const char *name;

	while (at < end && *at != ' ')
		at++;
	if (!(name = rmt_heading_name(rmt_span_of(column, (size_t)(at - column)))) ||
	    dump->learned_count == LEARNED_MAX)
		return;
	while (at < end && *at == ' ')
		at++;
	for (local = at; at < end && !(at[0] == ' ' && (end - at < 2 || at[1] == ' ')); at++)
		continue;
	rmt_heading_fold(
	    rmt_span_of(local, (size_t)(at - local)), dump->learned[dump->learned_count].folded);
	dump->learned[dump->learned_count++].name = name;
}

/* ---- records ---- */

static bool
has(const struct dump *dump, const char *name)
{
	for (size_t i = 0; i < dump->record.count; i++)
		if (dump->record.fields[i].name && !strcmp(dump->record.fields[i].name, name))
			return true;
	return false;
}

static void
add(struct dump *dump, const char *name, struct rmt_span label, struct rmt_span value)
{
	/* The first of a name is the certificate's own; deeper ones are its extensions'. */
	if ((name && has(dump, name)) || (!name && dump->kind != START_ROW))
		return;
	if (dump->record.bytes.length + label.length + value.length < RMT_ROW_MAX)
		rmt_collected_add(&dump->record, name, label, value);
}

static void
finish_value(struct dump *dump)
{
	if (dump->pending && dump->value.length)
		add(dump, dump->name, rmt_buf_view(&dump->label), rmt_buf_view(&dump->value));
	dump->pending = dump->armour = false;
	rmt_buf_clear(&dump->value);
}

static int
finish_record(struct dump *dump)
{
	bool identified;

	finish_value(dump);
	identified = has(dump, "serial") || has(dump, "thumbprint") || has(dump, "request-id") ||
		     has(dump, "certificate");
	if (dump->kind == NO_START || dump->kind == START_OTHER || !identified) {
		rmt_buf_clear(&dump->record.bytes);
		dump->record.count = 0;
		return 0;
	}
	return rmt_collected_hand(
	    dump->reading, &dump->as, RMT_OBJECT_LISTING, &dump->dialect, &dump->record);
}

/* A line of a value that stands below its label: PEM, or a name with one attribute a line. */
static bool
value_line(struct dump *dump, struct rmt_span line)
{
	struct rmt_span text = rmt_trim(" \t\r", line);
	bool begins = text.length > 10 && !memcmp(text.at, "-----BEGIN ", 11);

	if (!dump->pending)
		return false;
	if (begins || dump->armour) {
		dump->armour = !(text.length > 8 && !memcmp(text.at, "-----END ", 9));
		if (dump->value.length + text.length < RMT_ROW_MAX) {
			rmt_buf_span(&dump->value, text);
			rmt_buf_byte(&dump->value, '\n');
		}
		return true;
	}
	if (!text.length || indent_of(line) <= dump->indent || !memchr(text.at, '=', text.length) ||
	    dump->value.length + text.length > 4096)
		return false;
	if (dump->value.length)
		rmt_buf_text(&dump->value, ", ");
	rmt_buf_span(&dump->value, text);
	return true;
}

static int
take_line(struct dump *dump, struct rmt_span line, size_t number)
{
	enum start start = dump->armour ? NO_START : start_of(line);
	struct rmt_span label, value;
	int rc;

	if (start) {
		rc = finish_record(dump);
		dump->kind = start;
		dump->record.line = number;
		dump->schema = false;
		return rc;
	}
	if (value_line(dump, line))
		return 0;
	finish_value(dump);
	if (dump->kind == NO_START && line.length > 6 && !memcmp(line.at, "Schema", 6))
		dump->schema = true;
	else if (dump->kind == NO_START && (dump->schema || indent_of(line) == 2))
		learn(dump, line);
	if (dump->kind == NO_START || !split_line(line, &label, &value) ||
	    (dump->kind == START_ROW && indent_of(line) != 2))
		return 0;
	dump->name = name_of(dump, label);
	dump->indent = indent_of(line);
	if (value.length) {
		add(dump, dump->name, label, value);
		return 0;
	}
	dump->pending = true;
	rmt_buf_clear(&dump->label);
	rmt_buf_span(&dump->label, label);
	return 0;
}

int
rmt_read_dump(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    struct rmt_err *err)
{
	struct dump *dump = calloc(1, sizeof *dump);
	struct rmt_span line, ahead;
	int got = 0, rc = -1;

	if (!dump)
		return rmt_err_memory(err);
	dump->reading = reading;
	dump->as = *as;
	dump->as.container = "certutil";
	if (rmt_stream_peek(stream, RMT_AHEAD, &ahead, err))
		goto out;
	dump->dialect = rmt_dialect_of(ahead);
	rc = 0;
	while (!rc && (got = rmt_reading_line(
			   dump->reading, stream, LINE_BYTES, 0, &line, NULL, err)) > 0)
		rc = take_line(dump, line, rmt_stream_line_number(stream));
	if (!rc)
		rc = got < 0 ? -1 : finish_record(dump);
	if (!rc && (rmt_buf_check(&dump->label, err) || rmt_buf_check(&dump->value, err)))
		rc = -1;
out:
	rmt_collected_free(&dump->record);
	rmt_buf_free(&dump->label);
	rmt_buf_free(&dump->value);
	free(dump);
	return rc;
}
