/* SPDX-License-Identifier: Apache-2.0 */
/* db/setting.c - named texts of the home, such as its version of a format. What they mean is
 * decided above. */
#include "config.h"

#include "db/local.h"

static const char put[] = "INSERT INTO settings (name, value) VALUES (?1, ?2)"
			  " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
static const char get[] = "SELECT value FROM settings WHERE name = ?1";

int
rmt_db_setting_put(struct rmt_db *db, const char *name, const char *value, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_must_write(db, err) != 0 || rmt_db_query(db, put, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, name);
	rmt_db_bind_text(&query, value);
	return rmt_db_run(&query, "record a setting", err);
}

int
rmt_db_setting_get(struct rmt_db *db, const char *name, struct rmt_buf *value, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, get, &query, err) != 0)
		return -1;
	rmt_db_bind_text(&query, name);
	rc = rmt_db_step(&query, "read a setting", err);
	if (rc == 1) {
		rmt_buf_span(value, rmt_db_column(query.statement, 0));
		if (rmt_buf_check(value, err) != 0)
			rc = -1;
	}
	rmt_db_done(&query);
	return rc;
}
