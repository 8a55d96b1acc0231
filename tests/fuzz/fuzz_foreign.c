/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as another program's SQLite file: what stands before SQLite's own reader and behind it (db/foreign.c), with the tables that
 * are asked for. What the rows mean is fuzz_import.c's.
 *
 * Besides surviving: a refusal is a sentence about this file; cells can be read to their last byte; the file is as it was afterwards, and
 * nothing stands beside it.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { ROWS_MOST = 200 };

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static char directory[64], path[96];
static int file = -1;

static void
clear(void)
{
	unlink(path);
	rmdir(directory);
}

static void
put(const uint8_t *bytes, size_t length)
{
	if (file < 0) {
		snprintf(directory, sizeof directory, "%s/fuzz_foreign.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		MUST(mkdtemp(directory) != NULL);
		snprintf(path, sizeof path, "%s/ca.db", directory);
		file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		MUST(file >= 0 && atexit(clear) == 0);
	}
	MUST(ftruncate(file, 0) == 0 && pwrite(file, bytes, length, 0) == (ssize_t)length);
}

static void
is_untouched(const uint8_t *bytes, size_t length)
{
	static const char *const endings[] = { "-journal", "-wal", "-shm" };
	uint8_t *now = malloc(length + 1);
	char beside[128];

	MUST(now != NULL && pread(file, now, length + 1, 0) == (ssize_t)length);
	MUST(length == 0 || memcmp(now, bytes, length) == 0);
	free(now);
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		snprintf(beside, sizeof beside, "%s%s", path, endings[i]);
		MUST(access(beside, F_OK) != 0);
	}
}

static void
refused(const struct rmt_err *err)
{
	MUST(err->class == RMT_INPUT && *err->message && strcmp(err->source, path) == 0);
}

struct asking {
	int count, columns;
	unsigned sum;
};

static int
visit(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct asking *asking = arg;

	asking->sum += (unsigned)row;
	for (int i = 0; i < asking->columns; i++) {
		MUST(!cells[i].is_number || !cells[i].text.length);
		for (size_t k = 0; k < cells[i].text.length; k++)
			asking->sum += cells[i].text.at[k];
	}
	return ++asking->count == ROWS_MOST;
}

static void
ask(struct rmt_db_foreign *foreign, const char *table, const char *const *columns)
{
	struct asking asking = { 0 };
	struct rmt_err err = { 0 };
	int there = rmt_db_foreign_has(foreign, table, columns, &err), rc;

	if (there <= 0) {
		if (there < 0)
			refused(&err);
		return;
	}
	while (columns[asking.columns])
		asking.columns++;
	rc = rmt_db_foreign_rows(foreign, table, columns, visit, &asking, &err);
	if (rc < 0)
		refused(&err);
	else
		MUST((rc == 1) == (asking.count == ROWS_MOST));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const cfssl[] = { "serial_number", "status", "reason", "expiry", "pem", NULL };
	static const char *const xca[] = { "item", "cert", NULL };
	static const char *const odd[] = { "item\"", NULL };
	struct rmt_db_foreign *foreign;
	struct rmt_err err = { 0 };
	bool is;

	put(bytes, length);
	is = rmt_db_foreign_is(path);
	foreign = rmt_db_foreign_open(path, &err);
	if (foreign == NULL) {
		refused(&err);
	} else {
		MUST(is && err.class == RMT_NONE);
		ask(foreign, "certificates", cfssl);
		ask(foreign, "certs", xca);
		MUST(rmt_db_foreign_has(foreign, "certs", odd, NULL) <= 0);
	}
	rmt_db_foreign_close(foreign);
	is_untouched(bytes, length);
	return 0;
}
