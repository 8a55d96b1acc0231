/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/fail.c - what SQLite reports, as one sentence that says what to do.
 *
 * It does not decide what is tried again: nothing here is, beyond the waiting that open and begin
 * do.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/local.h"

int
rmt_db_refuse(const char *path, struct rmt_err *err, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	rmt_err_set(err, RMT_DATABASE, NULL, "%s", message);
	if (path != NULL)
		rmt_err_source(err, path);
	return -1;
}

static const struct {
	int result; /* a primary result code */
	const char *sentence;
} sentences[] = {
	{ SQLITE_FULL, "the disk is full, nothing was written: free some space and run it again" },
	{ SQLITE_READONLY, "the database cannot be written: make the home writable for this user" },
	{ SQLITE_PERM, "the database may not be opened by this user" },
	{ SQLITE_CORRUPT, "the database is damaged: " RMT_DB_REMEDY },
	{ SQLITE_NOTADB, "this is not a Remint database, or its beginning is damaged: " RMT_DB_REMEDY },
	{ SQLITE_CANTOPEN, "the database or its write-ahead log beside it cannot be opened" },
	{ SQLITE_PROTOCOL, "the database is too busy to be opened: try again" },
	{ SQLITE_TOOBIG, "an entry is larger than 64 MiB" },
	{ SQLITE_NOLFS, "the database is larger than this file system allows" },
	{ SQLITE_MISMATCH, "an entry has the wrong type" },
};

static const char *
sentence_of(int result)
{
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		if (sentences[i].result == (result & 0xff))
			return sentences[i].sentence;
	return NULL;
}

int
rmt_db_fail(struct rmt_db *db, int result, const char *doing, struct rmt_err *err)
{
	int reason = db->sqlite != NULL ? sqlite3_system_errno(db->sqlite) : 0;
	const char *said = db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(result);
	char why[96];

	switch (result & 0xff) {
	case SQLITE_NOMEM:
		return rmt_err_memory(err);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return rmt_db_refuse(db->path, err,
		    "cannot %s: another process has been using the database for %u s: "
		    "try again when it is done",
		    doing, db->wait);
	case SQLITE_IOERR:
		if (reason == EDQUOT || reason == ENOSPC)
			return rmt_db_fail(db, SQLITE_FULL, doing, err);
		return rmt_db_refuse(db->path, err, "cannot %s: the disk failed: %s", doing,
		    reason != 0 ? strerror_r(reason, why, sizeof why) : said);
	}
	/* Our statements are constant: what they name is there, unless the schema was damaged. */
	if ((result & 0xff) == SQLITE_ERROR && strncmp(said, "no such ", 8) == 0)
		return rmt_db_refuse(db->path, err, "cannot %s: a part of the database is missing: " RMT_DB_REMEDY, doing);
	if (sentence_of(result) != NULL)
		return rmt_db_refuse(db->path, err, "cannot %s: %s", doing, sentence_of(result));
	return rmt_db_refuse(db->path, err, "cannot %s: %s", doing, said);
}

/* What SQLite's check says, by a part of it. */
static const struct {
	const char *said, *sentence;
} findings[] = {
	{ "btreeInitPage", "a page of the file cannot be read" },
	{ "missing from index", "an index lacks a row of its table" },
	{ "wrong # of entries in index", "an index and its table disagree" },
	{ "values in index", "an index and its table disagree" },
	{ "non-unique entry", "two rows have what only one may have" },
	{ "NULL value in", "a cell is empty" },
	{ "value in", "a cell holds what its column does not" },
	{ "CHECK constraint", "a cell holds what its column does not" },
	{ "never used", "a page of the file belongs to nothing" },
};

int
rmt_db_fail_check(struct rmt_db *db, const char *said, struct rmt_err *err)
{
	size_t i = 0;

	while (i < sizeof findings / sizeof findings[0] && strstr(said, findings[i].said) == NULL)
		i++;
	return rmt_db_refuse(db->path, err, "the database is damaged (%s): " RMT_DB_REMEDY,
	    i < sizeof findings / sizeof findings[0] ? findings[i].sentence : "its pages do not fit together");
}
