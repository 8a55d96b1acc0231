/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/owner.c - which process persisted to-be-signed bytes, and whether it is gone.
 *
 * A process is its pid, the tick at which it started, the boot and the pid namespace, so that a pid
 * given out again is another process. One in another namespace of the same boot cannot be seen from
 * here: it counts as gone when an hour has passed, since a signature follows its bytes within
 * seconds.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/local.h"

enum { UNSEEN_SECONDS = 3600 };

/* The first bytes of a file under /proc as text; false when there is no such file. */
static bool
read_small(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	out[got > 0 ? got : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return got > 0;
}

enum { UNKNOWN = 0, DEAD = -1 };

/* Field 22 of /proc/PID/stat; the second one is a name in parentheses that may hold anything. */
static int64_t
start_of(int64_t pid)
{
	char path[64], text[1024];
	const char *at;

	snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
	if (!read_small(path, text, sizeof text) || (at = strrchr(text, ')')) == NULL)
		return UNKNOWN;
	/* Killed, but its parent has not asked yet. */
	if (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0)
		return DEAD;
	for (int field = 2; field < 22; field++) {
		at = strchr(at, ' ');
		if (at == NULL)
			return UNKNOWN;
		at++;
	}
	return strtoll(at, NULL, 10);
}

struct place {
	char boot[64], space[64];
};

static void
find_place(struct place *place)
{
	ssize_t length = readlink("/proc/self/ns/pid", place->space, sizeof place->space - 1);

	place->space[length > 0 ? length : 0] = '\0';
	read_small("/proc/sys/kernel/random/boot_id", place->boot, sizeof place->boot);
}

static const char insert[] = "INSERT INTO owners (pid, start, boot, space) VALUES (?1, ?2, ?3, ?4)";

int
rmt_db_owner(struct rmt_db *db, int64_t pid, int64_t *id, struct rmt_err *err)
{
	struct rmt_db_query query;
	struct place place;

	if (db->owner != 0 && db->owner_pid == pid) {
		*id = db->owner;
		return 0;
	}
	find_place(&place);
	if (rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, pid);
	rmt_db_bind_int(&query, start_of(pid));
	rmt_db_bind_text(&query, place.boot);
	rmt_db_bind_text(&query, place.space);
	if (rmt_db_run(&query, "record this process", err) != 0)
		return -1;
	*id = db->owner = sqlite3_last_insert_rowid(db->sqlite);
	db->owner_pid = pid;
	return 0;
}

struct owner {
	int64_t pid, start;
	struct rmt_span boot, space;
};

static bool
is_gone(const struct owner *owner, rmt_time recorded, rmt_time now)
{
	struct place here;
	int64_t start;

	find_place(&here);
	if (!rmt_span_equal(owner->boot, rmt_span_text(here.boot)))
		return true;
	if (!rmt_span_equal(owner->space, rmt_span_text(here.space)))
		return recorded < now - UNSEEN_SECONDS;
	start = start_of(owner->pid);
	if (start != UNKNOWN && owner->start != UNKNOWN)
		return start != owner->start;
	return kill((pid_t)owner->pid, 0) != 0 && errno == ESRCH;
}

static const char owner_row[] = "SELECT pid, start, boot, space FROM owners WHERE id = ?1";

int
rmt_db_owner_gone(struct rmt_db *db, int64_t id, rmt_time since, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, owner_row, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rc = rmt_db_step(&query, "look for another process at work", err);
	if (rc == 1) {
		struct owner owner = { sqlite3_column_int64(query.statement, 0),
			sqlite3_column_int64(query.statement, 1),
			rmt_db_column(query.statement, 2), rmt_db_column(query.statement, 3) };

		rc = is_gone(&owner, since, rmt_clock_now());
	} else if (rc == 0) {
		rc = 1;
	}
	rmt_db_done(&query);
	return rc;
}

static const char orphan_rows[] =
    "SELECT u.tbs, t.recorded, o.pid, o.start, o.boot, o.space"
    " FROM unsigned u JOIN tbs t ON t.id = u.tbs JOIN owners o ON o.id = t.owner ORDER BY u.tbs";
static const char orphan_row[] = "SELECT t.authority, t.serial, t.bytes, t.recorded, o.pid,"
				 "  u.template, u.targets, u.supersedes, u.proved"
				 " FROM unsigned u JOIN tbs t ON t.id = u.tbs JOIN owners o ON o.id = t.owner"
				 " WHERE u.tbs = ?1";

static int
find_orphans(struct rmt_db *db, struct rmt_buf *ids, struct rmt_err *err)
{
	static const char doing[] = "look for unfinished certificates";
	rmt_time now = rmt_clock_now();
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, orphan_rows, &query, err) != 0)
		return -1;
	while ((rc = rmt_db_step(&query, doing, err)) == 1) {
		sqlite3_stmt *row = query.statement;
		int64_t id = sqlite3_column_int64(row, 0);
		struct owner owner = { sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3),
			rmt_db_column(row, 4), rmt_db_column(row, 5) };

		if (is_gone(&owner, sqlite3_column_int64(row, 1), now))
			rmt_buf_append(ids, &id, sizeof id);
	}
	rmt_db_done(&query);
	return rc < 0 ? -1 : rmt_buf_check(ids, err);
}

static int
visit_orphan(struct rmt_db *db, int64_t id, struct rmt_buf *buf,
    int (*visit)(void *arg, int64_t id, const struct rmt_db_tbs *tbs), void *arg,
    struct rmt_err *err)
{
	struct rmt_db_tbs tbs = { 0 };
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, orphan_row, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rc = rmt_db_step(&query, "read to-be-signed bytes", err);
	if (rc == 1 && rmt_db_keep_row(query.statement, buf, err) == 0) {
		tbs.authority = sqlite3_column_int64(query.statement, 0);
		tbs.serial = rmt_db_keep(query.statement, 1, buf);
		tbs.tbs = rmt_db_keep(query.statement, 2, buf);
		tbs.when = sqlite3_column_int64(query.statement, 3);
		tbs.owner_pid = sqlite3_column_int64(query.statement, 4);
		tbs.template_name = rmt_db_keep_text(query.statement, 5, buf);
		tbs.targets = rmt_db_keep_text(query.statement, 6, buf);
		tbs.supersedes = sqlite3_column_int64(query.statement, 7);
		tbs.proved = sqlite3_column_int(query.statement, 8) != 0;
	} else if (rc == 1) {
		rc = -1;
	}
	rmt_db_done(&query);
	return rc == 1 ? visit(arg, id, &tbs) : rc;
}

int
rmt_db_orphans(struct rmt_db *db, int (*visit)(void *arg, int64_t id, const struct rmt_db_tbs *tbs),
    void *arg, struct rmt_err *err)
{
	struct rmt_buf ids = { 0 }, buf = { 0 };
	int rc = find_orphans(db, &ids, err);

	for (size_t at = 0; rc == 0 && at < ids.length; at += sizeof(int64_t)) {
		int64_t id;

		memcpy(&id, ids.bytes + at, sizeof id);
		rc = visit_orphan(db, id, &buf, visit, arg, err);
	}
	rmt_buf_free(&ids);
	rmt_buf_free(&buf);
	return rc;
}
