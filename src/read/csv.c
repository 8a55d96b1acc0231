/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/csv.c - listings as tables: "certutil -view ... csv", and what PowerShell and spreadsheets
 * make of it.
 *
 * Cells are separated by commas, semicolons or tabs, as the Windows that wrote them is set. A
 * column is known by its heading, or by the shape of its cells. Rows are read one by one: a listing
 * of any length takes little memory.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "read/local.h"

enum { COLUMNS_MAX = 256, LINE_BYTES = 64 << 10 };

struct cells {
	struct rmt_span cell[COLUMNS_MAX];
	size_t count;
};

struct table {
	struct rmt_reading *reading;
	struct rmt_object as;
	struct rmt_dialect dialect;
	unsigned char separator;
	struct rmt_buf heading_bytes;
	struct cells heading;
	const char *name[COLUMNS_MAX];
	struct rmt_buf row; /* the lines of one row */
	size_t row_line;
	bool open;   /* ... which ended within quotation marks */
	bool broken; /* nothing can be read any more */
	struct rmt_collected record;
};

/* ---- cells ---- */

/* The cells of a row; a quoted one without its marks, doubled marks within it left as they are. */
static void
split(struct rmt_span row, unsigned char separator, struct cells *out)
{
	const unsigned char *at = row.at, *end = row.at + row.length, *start;
	bool quoted;

	out->count = 0;
	while (at <= end && out->count < COLUMNS_MAX) {
		while (at < end && *at == ' ')
			at++;
		start = at;
		quoted = at < end && *at == '"';
		for (at += quoted; quoted && at < end; at++) {
			if (*at != '"')
				continue;
			if (at + 1 < end && at[1] == '"') {
				at++;
				continue;
			}
			break;
		}
		while (at < end && *at != separator)
			at++;
		out->cell[out->count++] = rmt_span_of(start, (size_t)(at - start));
		at++;
	}
}

/* Do the quotation marks of a piece of a row open (or close) a cell that goes on? */
static bool
toggles(struct rmt_span piece)
{
	size_t marks = 0;

	for (size_t i = 0; i < piece.length; i++)
		marks += piece.at[i] == '"';
	return marks % 2;
}

/* ---- is it one? ---- */

/* The first row with something in it, quotation marks honoured; `rest` is what follows.
 * PowerShell's "#TYPE" and a spreadsheet's "sep=" are passed over. */
static struct rmt_span
first_row(struct rmt_span text, struct rmt_span *rest)
{
	const unsigned char *at = rmt_span_unmarked(text).at, *end = text.at + text.length, *start;
	bool within = false;

	for (start = at; at < end; at++) {
		if (*at == '"')
			within = !within;
		if (within || (*at != '\n' && *at != '\r'))
			continue;
		if (at > start && *start != '#' &&
		    !(at - start == 5 && !strncasecmp((const char *)start, "sep=", 4)))
			break;
		start = at + 1;
	}
	*rest = rmt_span_of(at, (size_t)(end - at));
	return rmt_span_of(start, (size_t)(at - start));
}

static unsigned char
separator_of(struct rmt_span row, struct cells *cells)
{
	static const unsigned char separators[] = { ',', ';', '\t' };
	unsigned char best = 0;
	size_t most = 1;

	for (size_t i = 0; i < sizeof separators; i++) {
		split(row, separators[i], cells);
		if (cells->count > most) {
			most = cells->count;
			best = separators[i];
		}
	}
	if (best)
		split(row, best, cells);
	return best;
}

static unsigned
known_headings(const struct cells *cells)
{
	unsigned known = 0;
	const char *name;

	for (size_t i = 0; i < cells->count; i++) {
		name = rmt_heading_name(rmt_trim(" \"", cells->cell[i]));
		known += name && strcmp(name, "subject") != 0; /* a mail has one too */
	}
	return known;
}

static unsigned
known_shapes(const struct cells *cells)
{
	unsigned known = 0, identity = 0;

	for (size_t i = 0; i < cells->count; i++) {
		const char *name = rmt_shape_name(rmt_trim(" \"", cells->cell[i]));

		known += name != NULL;
		identity += name && (!strcmp(name, "serial") || !strcmp(name, "thumbprint") ||
					!strcmp(name, "certificate"));
	}
	return identity ? known : 0;
}

/* By two headings that are known, or by a row of cells that look like it under as many headings. */
bool
rmt_csv_fits(struct rmt_span ahead)
{
	struct rmt_span rest, row = first_row(ahead, &rest);
	struct cells cells;
	unsigned char separator;
	size_t columns;

	if (row.length > LINE_BYTES / 4 || !(separator = separator_of(row, &cells)))
		return false;
	if (known_headings(&cells) >= 2)
		return true;
	columns = cells.count;
	split(first_row(rest, &rest), separator, &cells);
	return columns >= 3 && cells.count == columns && known_shapes(&cells) >= 2;
}

/* ---- columns ---- */

static void
name_columns(struct table *table)
{
	for (size_t i = 0; i < table->heading.count; i++)
		table->name[i] = rmt_heading_name(rmt_trim(" \"", table->heading.cell[i]));
}

static bool
has(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->heading.count; i++)
		if (table->name[i] && !strcmp(table->name[i], name))
			return true;
	return false;
}

static bool
is_number(struct rmt_span cell)
{
	for (size_t i = 0; i < cell.length; i++)
		if (cell.at[i] < '0' || cell.at[i] > '9')
			return false;
	return cell.length > 0 && cell.length <= 10;
}

/* Columns of unknown heading, by the first row in which they look like something; of two dates the
 * earlier one is the first. */
static void
name_by_shape(struct table *table, const struct cells *cells)
{
	rmt_time first = 0, second = 0;
	size_t date = SIZE_MAX;

	if (!table->name[0] && !has(table, "request-id") &&
	    is_number(rmt_trim(" \"", cells->cell[0])))
		table->name[0] = "request-id";
	for (size_t i = 0; i < cells->count; i++) {
		const char *shape =
		    table->name[i] ? NULL : rmt_shape_name(rmt_trim(" \"", cells->cell[i]));

		if (!shape || has(table, shape))
			continue;
		if (strcmp(shape, "date") != 0) {
			table->name[i] = shape;
			continue;
		}
		if (date == SIZE_MAX) {
			date = i;
			continue;
		}
		if (has(table, "not-after") || has(table, "not-before") ||
		    !rmt_listed_date(rmt_trim(" \"", cells->cell[date]), &table->dialect, &first) ||
		    !rmt_listed_date(rmt_trim(" \"", cells->cell[i]), &table->dialect, &second))
			continue;
		table->name[date] = first <= second ? "not-before" : "not-after";
		table->name[i] = first <= second ? "not-after" : "not-before";
	}
	if (date != SIZE_MAX && !has(table, "not-after"))
		table->name[date] = "not-after"; /* who lists one date wants to know when it ends */
}

static int
take_heading(struct table *table, struct rmt_err *err)
{
	struct cells ignored;

	rmt_buf_clear(&table->heading_bytes);
	rmt_buf_span(&table->heading_bytes, rmt_buf_view(&table->row));
	if (rmt_buf_check(&table->heading_bytes, err))
		return -1;
	table->separator = separator_of(rmt_buf_view(&table->heading_bytes), &ignored);
	split(rmt_buf_view(&table->heading_bytes), table->separator, &table->heading);
	name_columns(table);
	return 0;
}

/* ---- rows ---- */

/* A quoted cell without its marks and with those within it single. */
static struct rmt_span
unquote(struct rmt_span cell, struct rmt_buf *out)
{
	rmt_buf_clear(out);
	while (cell.length && cell.at[cell.length - 1] == ' ')
		cell.length--;
	if (cell.length < 2 || cell.at[0] != '"' || cell.at[cell.length - 1] != '"')
		return cell;
	for (size_t i = 1; i + 1 < cell.length; i++) {
		rmt_buf_byte(out, cell.at[i]);
		if (cell.at[i] == '"' && cell.at[i + 1] == '"')
			i++;
	}
	return rmt_buf_view(out);
}

static int
row_fault(struct table *table, const char *sentence)
{
	struct rmt_object as = table->as;
	struct rmt_err err = { 0 };

	as.line = table->row_line;
	rmt_err_set(&err, RMT_INPUT, NULL, "%s", sentence);
	return rmt_reading_fault(table->reading, &as, &err);
}

static int
take_row(struct table *table, struct rmt_err *err)
{
	struct rmt_buf plain = { 0 };
	struct cells cells;

	if (!table->heading.count)
		return take_heading(table, err);
	split(rmt_buf_view(&table->row), table->separator, &cells);
	if (cells.count < 2) /* "CertUtil: -view command completed successfully.", "12 Rows" */
		return 0;
	if (rmt_span_equal(rmt_buf_view(&table->row), rmt_buf_view(&table->heading_bytes)))
		return 0; /* listings one behind the other */
	if (known_headings(&cells) >= 2)
		return take_heading(table, err);
	if (cells.count != table->heading.count)
		return row_fault(table, "this row has not as many cells as the heading: it was "
					"cut, or a quotation mark is missing");
	name_by_shape(table, &cells);
	table->record.line = table->row_line;
	for (size_t i = 0; i < cells.count; i++)
		rmt_collected_add(&table->record, table->name[i], table->heading.cell[i],
		    unquote(cells.cell[i], &plain));
	rmt_buf_free(&plain);
	if (!table->record.count)
		return 0;
	return rmt_collected_hand(
	    table->reading, &table->as, RMT_OBJECT_LISTING, &table->dialect, &table->record);
}

/* A line, or a piece of one. */
static int
take_line(struct table *table, struct rmt_span line, size_t number, bool whole, struct rmt_err *err)
{
	int rc = 0;

	if (number == 1)
		line = rmt_span_unmarked(line);
	if (!table->row.length) {
		table->row_line = number;
		if (!line.length || *line.at == '#' ||
		    (line.length == 5 && !strncasecmp((const char *)line.at, "sep=", 4)))
			return 0;
	}
	if (table->row.length + line.length > RMT_ROW_MAX) {
		table->broken = true;
		return row_fault(
		    table, "this row is larger than a mebibyte: a quotation mark is missing");
	}
	rmt_buf_span(&table->row, line);
	if (toggles(line))
		table->open = !table->open;
	if (!whole)
		return 0;
	if (table->open) {
		rmt_buf_byte(&table->row, '\n');
		return 0;
	}
	if (!rmt_buf_check(&table->row, err))
		rc = take_row(table, err);
	rmt_buf_clear(&table->row);
	return rc;
}

int
rmt_read_csv(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    struct rmt_err *err)
{
	struct table *table = calloc(1, sizeof *table);
	struct rmt_span line, ahead;
	bool whole;
	int got = 0, rc = -1;

	if (!table)
		return rmt_err_memory(err);
	table->reading = reading;
	table->as = *as;
	table->as.container = "certutil";
	if (rmt_stream_peek(stream, RMT_AHEAD, &ahead, err))
		goto out;
	table->dialect = rmt_dialect_of(ahead);
	rc = 0;
	while (!rc && !table->broken &&
	       (got = rmt_reading_line(table->reading, stream, LINE_BYTES, 0, &line, &whole, err)) > 0)
		rc = take_line(table, line, rmt_stream_line_number(stream), whole, err);
	if (!rc && got < 0)
		rc = -1;
	if (!rc && table->row.length && !table->broken)
		rc = table->open ? row_fault(table, "this row does not end: the listing was cut")
				 : take_row(table, err);
out:
	rmt_collected_free(&table->record);
	rmt_buf_free(&table->row);
	rmt_buf_free(&table->heading_bytes);
	free(table);
	return rc;
}
