/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_database.c - the database of a status: its size, its room, its last backup, and whether the end of its log is whole.
 * The whole of it is read by remint_db_check() alone.
 */
#include "config.h"

#include <inttypes.h>

#include "verb/local.h"

enum { TAIL = 1000 /* events */, LOG_MOST = 128 << 20, ROOM_LEAST = 64 << 20, ROOM_WANTED = 256 << 20 };

static void put_size(struct rmt_buf *out, uint64_t bytes)
{
	if (bytes >= UINT64_C(10) << 30)
		rmt_buf_format(out, "%" PRIu64 " GiB", bytes >> 30);
	else
		rmt_buf_format(out, "%" PRIu64 ".%d MiB", bytes >> 20, (int)((bytes & 0xfffff) * 10 >> 20));
}

static void measure(struct rmt_status *status, int64_t value, const char *unit)
{
	status->line.measured = true;
	status->line.value = value;
	status->line.unit = unit;
}

static int tell_sizes(struct rmt_status *status, uint64_t database, uint64_t log)
{
	struct rmt_buf *text = &status->arena.scratch;

	rmt_status_begin(status, "database", "size", NULL);
	put_size(text, database);
	measure(status, (int64_t)database, "B");
	if (rmt_status_tell(status, REMINT_HEALTH_OK))
		return -1;
	rmt_status_begin(status, "database", "log-size", NULL);
	rmt_buf_text(text, "the write-ahead log has ");
	put_size(text, log);
	if (log > LOG_MOST)
		rmt_buf_text(text, ": some process has been reading for long and keeps it from being emptied");
	measure(status, (int64_t)log, "B");
	status->line.warning = LOG_MOST;
	return rmt_status_tell(status, log > LOG_MOST ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

/* A change of the schema, and a backup on the same disk, need as much again. */
static int tell_room(struct rmt_status *status, uint64_t database)
{
	struct rmt_buf *text = &status->arena.scratch;
	uint64_t room, wanted = database + ROOM_WANTED;

	if (rmt_path_room(status->home.ctx->home, &room, status->err))
		return -1;
	rmt_status_begin(status, "database", "disk-free", NULL);
	put_size(text, room);
	rmt_buf_text(text, room < ROOM_LEAST ? " are free on its disk: soon nothing can be issued"
	                   : room < wanted   ? " are free on its disk: less than a copy of it needs"
	                                     : " are free on its disk");
	measure(status, room > INT64_MAX ? INT64_MAX : (int64_t)room, "B");
	status->line.warning = (int64_t)wanted;
	status->line.critical = ROOM_LEAST;
	return rmt_status_tell(status, room < ROOM_LEAST ? REMINT_HEALTH_CRITICAL : room < wanted ? REMINT_HEALTH_WARNING
	                                                                                          : REMINT_HEALTH_OK);
}

/* `days` 0: nobody asks. */
static int tell_age(struct rmt_status *status, const char *kind, const char *what, int64_t days)
{
	struct rmt_buf *text = &status->arena.scratch;
	int64_t event, limit = days * RMT_DAY, age;
	rmt_time when;
	int found = rmt_db_last_upkeep(status->home.db, kind, &event, &when, status->err);

	if (found < 0)
		return -1;
	age = found && status->now > when ? status->now - when : 0;
	rmt_status_begin(status, "database", kind, NULL);
	if (found) {
		rmt_buf_format(text, "the last %s was made ", what);
		rmt_status_span(text, age);
		rmt_buf_text(text, " ago");
		measure(status, age, "s");
	} else {
		rmt_buf_format(text, "no %s was ever made: see remint help db %s", what, kind);
	}
	if (days)
		status->line.warning = limit;
	return rmt_status_tell(status, days && (!found || age > limit) ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

static int tell_tail(struct rmt_status *status)
{
	struct rmt_buf *text = &status->arena.scratch;
	struct rmt_err fault = {0};
	struct rmt_db_head head;
	int64_t from;
	int broken;

	if (rmt_db_head(status->home.db, &head, status->err))
		return -1;
	from = head.id > TAIL ? head.id - TAIL : 0;
	broken = rmt_db_check_events_after(status->home.db, from, &fault);
	rmt_status_begin(status, "database", "event-log", NULL);
	if (broken)
		rmt_buf_format(text, "%s: run remint db check", fault.message);
	else
		rmt_buf_format(text, "the last %lld events of %lld are whole", (long long)(head.id - from), (long long)head.id);
	measure(status, head.id, "");
	return rmt_status_tell(status, broken ? REMINT_HEALTH_CRITICAL : REMINT_HEALTH_OK);
}

static int tell_unfinished(struct rmt_status *status)
{
	struct rmt_buf *text = &status->arena.scratch;
	int64_t count, age;
	rmt_time oldest;

	if (rmt_db_unfinished(status->home.db, &count, &oldest, status->err))
		return -1;
	age = count && status->now > oldest ? status->now - oldest : 0;
	rmt_status_begin(status, "database", "unfinished", NULL);
	if (count) {
		rmt_buf_format(text, "%lld certificate%s begun and not finished, the oldest since ", (long long)count,
		               count == 1 ? " was" : "s were");
		rmt_status_span(text, age);
		if (age > 3600)
			rmt_buf_text(text, ": the next run that issues finishes it");
	} else {
		rmt_buf_text(text, "every certificate that was begun is finished");
	}
	measure(status, count, "");
	return rmt_status_tell(status, age > 3600 ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

int rmt_status_database(struct rmt_status *status)
{
	uint64_t database, log;

	if (rmt_db_sizes(status->home.db, &database, &log, status->err))
		return -1;
	return tell_sizes(status, database, log) || tell_room(status, database) ||
	               tell_age(status, "backup", "backup", status->options.backup_days) ||
	               tell_age(status, "checkpoint", "checkpoint", status->options.checkpoint_days) || tell_tail(status) ||
	               tell_unfinished(status)
	           ? -1
	           : 0;
}
