/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/csv.c - comma-separated values as RFC 4180 has them, for spreadsheets.
 *
 * A cell that begins like a formula gets an apostrophe in front: the text of a certificate must not
 * compute on the desk of whoever opens the file. Controls and bytes that are no text are escaped as
 * for a terminal.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"

static void
quoted(struct out *out, const char *before, const char *text)
{
	out_bytes(out, "\"", 1);
	out_text(out, before);
	for (const char *end; *text; text = end) {
		end = text + strcspn(text, "\"");
		out_bytes(out, text, (size_t)(end - text));
		if (*end == '"') {
			out_bytes(out, "\"\"", 2);
			end++;
		}
	}
	out_bytes(out, "\"", 1);
}

void
csv_cell(struct out *out, bool first, const char *text)
{
	bool formula;
	char *safe;

	if (!first)
		out_bytes(out, ",", 1);
	if (!text || !*text)
		return;
	formula = strchr("=+-@\t\r", *text) != NULL;
	safe = remint_safe_text(text, strlen(text));
	if (!safe)
		out->failed = ENOMEM;
	else if (formula || strpbrk(safe, ",\"") || *safe == ' ')
		quoted(out, formula ? "'" : "", safe);
	else
		out_text(out, safe);
	remint_text_free(safe);
}

void
csv_number(struct out *out, bool first, int64_t number)
{
	out_format(out, "%s%lld", first ? "" : ",", (long long)number);
}

void
csv_end(struct out *out)
{
	out_bytes(out, "\r\n", 2);
}

void
csv_rest(struct out *out, const char *const *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		csv_cell(out, false, cells[i]);
	csv_end(out);
}

void
csv_row(struct out *out, const char *const *cells, size_t count)
{
	csv_cell(out, true, cells[0]);
	csv_rest(out, cells + 1, count - 1);
}
