/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c - remint_db_export(): the tables of the database as rows of texts and numbers, of one state of it.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

struct exporting {
	struct rmt_arena arena;
	remint_row_fn *row;
	void *arg;
	struct rmt_err *err;
	struct remint *ctx;
	uint64_t rows;
};

/* A text of the database may hold anything; a NUL would cut it. */
static const char *text_of(struct rmt_arena *arena, const struct rmt_db_cell *cell)
{
	struct rmt_buf *out = &arena->scratch;

	if (cell->kind == RMT_CELL_HEX)
		rmt_hex(cell->bytes, 0, out);
	else if (cell->kind == RMT_CELL_BASE64)
		rmt_base64_encode(cell->bytes, 0, "\n", out);
	else
		rmt_plain_text(cell->bytes, out);
	return rmt_arena_scratch(arena);
}

static const enum remint_cell_kind kinds[] = {
    [RMT_CELL_NUMBER] = REMINT_CELL_NUMBER, [RMT_CELL_TIME] = REMINT_CELL_TIME, [RMT_CELL_TEXT] = REMINT_CELL_TEXT,
    [RMT_CELL_HEX] = REMINT_CELL_TEXT,      [RMT_CELL_BASE64] = REMINT_CELL_TEXT, [RMT_CELL_FLAG] = REMINT_CELL_FLAG,
};

static int hand_row(void *arg, const char *table, uint64_t row, const struct rmt_db_cell *cells, size_t count)
{
	struct exporting *exporting = arg;
	struct remint_cell *out;

	rmt_arena_reset(&exporting->arena);
	out = rmt_arena_take(&exporting->arena, count * sizeof *out);
	for (size_t i = 0; out && i < count; i++) {
		out[i] = (struct remint_cell){.name = cells[i].name, .kind = kinds[cells[i].kind], .absent = cells[i].absent,
		                              .number = cells[i].number};
		if (!cells[i].absent && out[i].kind == REMINT_CELL_TEXT)
			out[i].text = text_of(&exporting->arena, &cells[i]);
	}
	if (!out || exporting->arena.failed)
		return rmt_err_memory(exporting->err);
	if (row)
		rmt_verb_progress(exporting->ctx, ++exporting->rows, 0);
	return exporting->row(exporting->arg, table, row, out, count);
}

/* A slip is told before anything has left. */
static int check_name(const char *name, struct rmt_err *err)
{
	const char *known[32] = {0}, *meant;

	for (size_t i = 0; i < 31 && rmt_db_exported(i); i++) {
		known[i] = rmt_db_exported(i);
		if (strcmp(known[i], name) == 0)
			return 0;
	}
	meant = rmt_nearest(name, known);
	return rmt_err_set(err, RMT_USAGE, NULL, "there is no table \"%s\" to export%s%s%s", name, meant ? ": did you mean " : "",
	                   meant ? meant : "", meant ? "?" : "");
}

static int export_all(struct rmt_db *db, struct remint_strings tables, struct exporting *exporting)
{
	const char *name;

	for (size_t i = 0; i < tables.count; i++)
		if (check_name(tables.items[i], exporting->err))
			return -1;
	for (size_t i = 0; tables.count ? i < tables.count : rmt_db_exported(i) != NULL; i++) {
		name = tables.count ? tables.items[i] : rmt_db_exported(i);
		if (rmt_db_export(db, name, hand_row, exporting, exporting->err))
			return -1;
	}
	return 0;
}

int remint_db_export(struct remint *ctx, struct remint_strings tables, remint_row_fn *row, void *arg)
{
	struct exporting exporting = {.row = row, .arg = arg, .err = &ctx->err, .ctx = ctx};
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err) == 0 && rmt_db_still(home.db, &ctx->err) == 0) {
		rc = export_all(home.db, tables, &exporting);
		rmt_db_move(home.db);
	}
	rmt_home_close(&home);
	rmt_arena_free(&exporting.arena);
	return rmt_verb_end(ctx, rc);
}
