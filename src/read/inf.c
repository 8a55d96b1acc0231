/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/inf.c - the INF from which certreq makes a request: what is to be asked for, before there is
 * a key.
 *
 * Sections, "key = value" with comments, strings in %percent% marks, values that go on with
 * "_continue_". Every value is handed out under SECTION.KEY; names, key and usages also under a
 * name of their own. What certreq would make of it is not judged here.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "read/local.h"

enum { ENTRIES_MAX = 512, KEY_MAX = 128, VALUE_MAX = 256 << 10, INF_MAX = 1 << 20 };

struct entry {
	struct rmt_buf key, value; /* "NewRequest.Subject" */
};

struct inf {
	struct entry *entries;
	size_t count;
	struct rmt_buf section;
	const char *over; /* what it has too much of, or NULL: no part of it is left out without a word */
};

/* SECTION.KEY to the name of a field. */
static const struct {
	const char *key, *name;
} keys[] = {
	{ "NewRequest.Subject", "subject" },
	{ "NewRequest.KeyLength", "key-length" },
	{ "NewRequest.KeyAlgorithm", "key-algorithm" },
	{ "NewRequest.HashAlgorithm", "hash-algorithm" },
	{ "NewRequest.Exportable", "exportable" },
	{ "NewRequest.KeyUsage", "key-usage" },
	{ "NewRequest.RequestType", "request-type" },
	{ "NewRequest.RenewalCert", "renews" },
	{ "NewRequest.FriendlyName", "friendly-name" },
	{ "Extensions.2.5.29.17", "names" },
	{ "Extensions.2.5.29.37", "extended-key-usage" },
	{ "EnhancedKeyUsageExtension.OID", "extended-key-usage" },
	{ "RequestAttributes.CertificateTemplate", "template" },
	{ "RequestAttributes.SAN", "names" },
};

static const char long_value[] = "a value of more than 256 KiB", long_file[] = "more than 1 MiB";

/* ---- lines ---- */

/* Without a comment: what comes behind a semicolon outside quotation marks. */
static struct rmt_span
uncomment(struct rmt_span line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.length; i++) {
		if (line.at[i] == '"')
			quoted = !quoted;
		if (line.at[i] == ';' && !quoted)
			line.length = i;
	}
	return rmt_trim(" \t\r", line);
}

static struct rmt_span
unquote(struct rmt_span text)
{
	if (text.length >= 2 && text.at[0] == '"' && text.at[text.length - 1] == '"')
		return rmt_span_of(text.at + 1, text.length - 2);
	return text;
}

bool
rmt_inf_fits(struct rmt_span ahead)
{
	const unsigned char *at = ahead.at, *end = at + ahead.length;

	while ((at = memmem(at, (size_t)(end - at), "[", 1))) {
		if (end - at >= 12 && !strncasecmp((const char *)at, "[NewRequest]", 12) &&
		    (at == ahead.at || at[-1] == '\n' || at[-1] == '\r' || at[-1] == ' ' ||
			at[-1] == '\t' || at[-1] == 0xbf))
			return true;
		at++;
	}
	return false;
}

/* ---- entries ---- */

static const struct entry *
find(const struct inf *inf, const char *section, struct rmt_span key)
{
	size_t length = strlen(section);

	for (size_t i = 0; i < inf->count; i++) {
		const char *name = rmt_buf_string(&inf->entries[i].key);

		if (!strncasecmp(name, section, length) && name[length] == '.' &&
		    strlen(name + length + 1) == key.length &&
		    !strncasecmp(name + length + 1, (const char *)key.at, key.length))
			return &inf->entries[i];
	}
	return NULL;
}

/* With %tokens% as [Strings] has them; those strings are not looked into again. */
static void
expand(const struct inf *inf, struct rmt_span text, struct rmt_buf *out)
{
	const unsigned char *at = text.at, *end, *open, *close;
	const struct entry *entry;

	if (!text.length) /* and perhaps no bytes to point behind */
		return;
	end = at + text.length;
	while (at < end && out->length <= VALUE_MAX) {
		open = memchr(at, '%', (size_t)(end - at));
		close = open ? memchr(open + 1, '%', (size_t)(end - open - 1)) : NULL;
		if (!close) {
			rmt_buf_append(out, at, (size_t)(end - at));
			return;
		}
		rmt_buf_append(out, at, (size_t)(open - at));
		at = close + 1;
		if (close == open + 1) { /* two of them are one that means itself */
			rmt_buf_byte(out, '%');
			continue;
		}
		entry = find(inf, "Strings", rmt_span_of(open + 1, (size_t)(close - open - 1)));
		if (entry)
			rmt_buf_span(out, rmt_buf_view(&entry->value));
		else
			rmt_buf_append(out, open, (size_t)(close + 1 - open));
	}
}

static void
take_entry(struct inf *inf, struct rmt_span key, struct rmt_span value)
{
	struct entry *entry;

	if (key.length == 10 && !strncasecmp((const char *)key.at, "_continue_", 10)) {
		if (inf->count &&
		    inf->entries[inf->count - 1].value.length + value.length <= VALUE_MAX)
			rmt_buf_span(&inf->entries[inf->count - 1].value, value);
		else if (inf->count)
			inf->over = long_value;
		return;
	}
	if (inf->count == ENTRIES_MAX)
		inf->over = "more than 512 keys";
	if (key.length > KEY_MAX)
		inf->over = "a key of more than 128 characters";
	if (inf->over)
		return;
	entry = &inf->entries[inf->count++];
	rmt_buf_span(&entry->key, rmt_buf_view(&inf->section));
	rmt_buf_byte(&entry->key, '.');
	rmt_buf_span(&entry->key, key);
	rmt_buf_span(&entry->value, value);
}

/* Within quotation marks two of them are one. */
static void
plain_value(struct rmt_span value, struct rmt_buf *out)
{
	struct rmt_span inside = unquote(value);

	for (size_t i = 0; i < inside.length; i++) {
		rmt_buf_byte(out, inside.at[i]);
		if (inside.length < value.length && inside.at[i] == '"' &&
		    i + 1 < inside.length && inside.at[i + 1] == '"')
			i++;
	}
}

static void
take_line(struct inf *inf, struct rmt_span line)
{
	const unsigned char *equals;

	line = uncomment(line);
	if (!line.length)
		return;
	if (line.at[0] == '[') {
		const unsigned char *close = memchr(line.at, ']', line.length);

		rmt_buf_clear(&inf->section);
		if (close && close - line.at < 65)
			rmt_buf_append(&inf->section, line.at + 1, (size_t)(close - line.at - 1));
		return;
	}
	equals = memchr(line.at, '=', line.length);
	if (equals) {
		struct rmt_span key = rmt_trim(" \t\r", rmt_span_of(line.at, (size_t)(equals - line.at)));
		struct rmt_buf value = { 0 };

		plain_value(
		    rmt_trim(" \t\r",
			rmt_span_of(equals + 1, line.length - (size_t)(equals + 1 - line.at))),
		    &value);
		take_entry(inf, unquote(key), rmt_buf_view(&value));
		rmt_buf_free(&value);
	}
}

/* ---- what it asks for ---- */

static const char *
name_of(struct rmt_span key)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strlen(keys[i].key) == key.length &&
		    !strncasecmp(keys[i].key, (const char *)key.at, key.length))
			return keys[i].name;
	return NULL;
}

/* "{text}" before a value says that the rest is text. */
static struct rmt_span
less_text_mark(struct rmt_span value)
{
	if (value.length >= 6 && !strncasecmp((const char *)value.at, "{text}", 6))
		return rmt_trim(" \t\r", rmt_span_of(value.at + 6, value.length - 6));
	return value;
}

static void
add_entries(struct inf *inf, struct rmt_collected *record)
{
	struct rmt_buf key = { 0 }, value = { 0 };
	size_t bytes = 0;

	for (size_t i = 0; i < inf->count && !inf->over; i++) {
		const char *name;

		if (!strncasecmp(rmt_buf_string(&inf->entries[i].key), "Strings.", 8) ||
		    !strncasecmp(rmt_buf_string(&inf->entries[i].key), "Version.", 8))
			continue;
		rmt_buf_clear(&key);
		rmt_buf_clear(&value);
		expand(inf, rmt_buf_view(&inf->entries[i].key), &key);
		expand(inf, rmt_buf_view(&inf->entries[i].value), &value);
		bytes += key.length + value.length;
		if (value.length > VALUE_MAX || bytes > INF_MAX) {
			inf->over = value.length > VALUE_MAX ? long_value : long_file;
			break;
		}
		name = name_of(rmt_buf_view(&key));
		rmt_collected_add(record, name ? name : "", rmt_buf_view(&key),
		    less_text_mark(rmt_buf_view(&value)));
	}
	record->line = 1;
	rmt_buf_free(&key);
	rmt_buf_free(&value);
}

/* RSASSA-PSS in place of the usual padding is what most servers and devices refuse. */
static const char *
note_of(const struct inf *inf)
{
	const struct entry *entry =
	    find(inf, "NewRequest", rmt_span_text("AlternateSignatureAlgorithm"));
	const char *value = entry ? rmt_buf_string(&entry->value) : "";

	return !strcasecmp(value, "true") || !strcmp(value, "1")
		   ? "it asks for RSASSA-PSS (AlternateSignatureAlgorithm), which many consumers "
		     "refuse"
		   : "certreq -new makes the request of it, on the machine that is to have the key";
}

int
rmt_read_inf(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    struct rmt_err *err)
{
	struct inf inf = { .entries = calloc(ENTRIES_MAX, sizeof *inf.entries) };
	struct rmt_collected record = { 0 };
	struct rmt_object here = *as;
	struct rmt_dialect dialect;
	struct rmt_span line, ahead;
	char joined[256];
	struct rmt_err fault = { 0 };
	size_t bytes = 0;
	bool whole;
	int got = 0, rc = -1;

	if (!inf.entries)
		return rmt_err_memory(err);
	if (rmt_stream_peek(stream, RMT_AHEAD, &ahead, err))
		goto out;
	dialect = rmt_dialect_of(ahead);
	while (!inf.over && (got = rmt_stream_line(stream, VALUE_MAX, &line, &whole, err)) > 0) {
		bytes += line.length + 1;
		inf.over = !whole ? long_value : bytes > INF_MAX ? long_file : NULL;
		if (!inf.over)
			take_line(&inf, line);
	}
	if (got < 0)
		goto out;
	add_entries(&inf, &record);
	if (inf.over) {
		rmt_err_set(&fault, RMT_INPUT, NULL, "the INF has %s: none of it is read", inf.over);
		rc = rmt_reading_fault(reading, as, &fault);
		goto out;
	}
	here.container = "inf";
	here.note = rmt_note_join(as->note, note_of(&inf), joined);
	rc = rmt_collected_hand(reading, &here, RMT_OBJECT_REQUEST_DESCRIPTION, &dialect, &record);
out:
	for (size_t i = 0; i < inf.count; i++) {
		rmt_buf_free(&inf.entries[i].key);
		rmt_buf_free(&inf.entries[i].value);
	}
	rmt_buf_free(&inf.section);
	rmt_collected_free(&record);
	free(inf.entries);
	return rc;
}
