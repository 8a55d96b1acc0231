/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/term.c - texts that many rows share, each written once: names of templates, targets and
 * issuers.
 *
 * The last few are remembered, since a batch repeats the same ones; a rollback forgets them.
 */
#include "config.h"

#include <string.h>

#include "db/local.h"

static const char find[] = "SELECT id FROM terms WHERE text = ?1";
static const char insert[] = "INSERT INTO terms (text) VALUES (?1)";

void
rmt_db_terms_forget(struct rmt_db *db)
{
	memset(db->terms, 0, sizeof db->terms);
}

static void
remember(struct rmt_db *db, const char *text, int64_t id)
{
	struct rmt_db_term *term = &db->terms[db->next_term++ % RMT_DB_TERMS];
	size_t length = strlen(text);

	if (length >= sizeof term->text)
		return;
	memcpy(term->text, text, length + 1);
	term->id = id;
}

static int
look_up(struct rmt_db *db, const char *text, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, find, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, text);
	rc = rmt_db_step(&query, "read the database", err);
	if (rc == 1)
		*id = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_term(struct rmt_db *db, const char *text, bool add, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	for (size_t i = 0; i < RMT_DB_TERMS; i++)
		if (db->terms[i].id != 0 && strcmp(db->terms[i].text, text) == 0) {
			*id = db->terms[i].id;
			return 1;
		}
	rc = look_up(db, text, id, err);
	if (rc < 0 || (rc == 0 && !add))
		return rc;
	if (rc == 0) {
		if (rmt_db_query(db, insert, &query, err) != 0)
			return -1;
		rmt_db_bind_text(&query, text);
		if (rmt_db_run(&query, "record a name", err) != 0)
			return -1;
		*id = sqlite3_last_insert_rowid(db->sqlite);
	}
	remember(db, text, *id);
	return 1;
}
