/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/table.c - text laid out for people: wrapped paragraphs, labelled fields and tables with
 * aligned columns.
 *
 * Strings that come from certificates must be safe text already, except in cells and fields, which
 * make them so.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { ROWS_MAX = 1000, GAP = 2 };

/* Characters, not bytes: what continues a UTF-8 sequence takes no room of its own. */
size_t
text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

const char *
plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

static size_t
columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

/* Words are never broken: a file name or an address stays whole and may stick out. */
void
out_wrap(struct out *out, const char *text, size_t column, size_t indent)
{
	bool first = true;

	for (;;) {
		size_t length, columns;

		text += strspn(text, " ");
		length = strcspn(text, " ");
		if (length == 0)
			break;
		columns = columns_of(text, length);
		if (!first && column + 1 + columns > (size_t)out->width) {
			out_bytes(out, "\n", 1);
			out_spaces(out, indent);
			column = indent;
		} else if (!first) {
			out_bytes(out, " ", 1);
			column++;
		}
		out_bytes(out, text, length);
		column += columns;
		text += length;
		first = false;
	}
	out_bytes(out, "\n", 1);
}

char *
escaped_text(const char *text)
{
	char *safe = remint_safe_text(text, strlen(text)), *to = safe;

	for (const char *from = safe; from && *from; from++) {
		*to++ = *from;
		if (from[0] == '\\' && from[1] == '\\')
			from++;
	}
	if (to)
		*to = 0;
	return safe;
}

void
out_field(struct out *out, size_t indent, const char *label, const char *text)
{
	out_labelled(out, indent, LABEL_WIDTH, label, text);
}

/* Label and text, the latter safe already. */
static void
field(struct out *out, size_t indent, size_t width, const char *label, const char *safe)
{
	size_t wide = text_columns(label), from = indent + (wide < width ? width : wide) + 1;

	out_spaces(out, indent);
	out_style(out, STYLE_FAINT);
	out_text(out, label);
	out_style(out, STYLE_NONE);
	out_spaces(out, from - indent - wide);
	out_wrap(out, safe, from, from);
}

void
out_labelled(struct out *out, size_t indent, size_t width, const char *label, const char *text)
{
	char *safe = text && *text ? remint_safe_text(text, strlen(text)) : NULL;

	if (safe)
		field(out, indent, width, label, safe);
	else if (text && *text)
		out->failed = ENOMEM;
	remint_text_free(safe);
}

void
out_escaped(struct out *out, size_t indent, size_t width, const char *label, const char *text)
{
	char *safe = text && *text ? escaped_text(text) : NULL;

	if (safe)
		field(out, indent, width, label, safe);
	else if (text && *text)
		out->failed = ENOMEM;
	remint_text_free(safe);
}

/* ---- tables -------------------------------------------------------------- */

struct cell {
	char *text;
	enum style style;
};

struct table {
	struct out *out;
	const char *const *headings;
	size_t columns, count; /* cells waiting */
	size_t *widths;
	struct cell *cells;
	bool begun; /* widths are settled */
};

struct table *
table_new(struct out *out, const char *const *headings, size_t columns)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table) {
		out->failed = ENOMEM;
		return NULL;
	}
	table->out = out;
	table->headings = headings;
	table->columns = columns;
	table->widths = calloc(columns, sizeof *table->widths);
	table->cells = calloc(columns * ROWS_MAX, sizeof *table->cells);
	if (table->widths && table->cells)
		return table;
	free(table->widths);
	free(table->cells);
	free(table);
	out->failed = ENOMEM;
	return NULL;
}

static void
print_cell(struct table *table, size_t column, const char *text, enum style style)
{
	size_t width = text_columns(text);

	if (style != STYLE_NONE)
		out_style(table->out, style);
	out_text(table->out, text);
	if (style != STYLE_NONE)
		out_style(table->out, STYLE_NONE);
	if (column + 1 == table->columns)
		out_bytes(table->out, "\n", 1);
	else
		out_spaces(table->out,
		    (width < table->widths[column] ? table->widths[column] - width : 0) + GAP);
}

static void
print_rows(struct table *table)
{
	if (!table->begun) {
		for (size_t i = 0; i < table->columns; i++)
			table->widths[i] = text_columns(table->headings[i]);
		for (size_t i = 0; i < table->count; i++) {
			size_t width = text_columns(table->cells[i].text);

			if (width > table->widths[i % table->columns])
				table->widths[i % table->columns] = width;
		}
		for (size_t i = 0; i < table->columns; i++)
			print_cell(table, i, table->headings[i], STYLE_FAINT);
	}
	table->begun = true;
	for (size_t i = 0; i < table->count; i++) {
		print_cell(table, i % table->columns, table->cells[i].text, table->cells[i].style);
		remint_text_free(table->cells[i].text);
	}
	table->count = 0;
}

void
table_cell(struct table *table, const char *text, enum style style)
{
	char *safe;

	if (!table)
		return;
	safe = remint_safe_text(text ? text : "", text ? strlen(text) : 0);
	if (!safe) {
		table->out->failed = ENOMEM;
		return;
	}
	table->cells[table->count++] = (struct cell){ safe, style };
	if (table->count == table->columns * ROWS_MAX)
		print_rows(table);
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	if (table->count)
		print_rows(table);
	free(table->widths);
	free(table->cells);
	free(table);
}
