/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - remint_status(): one line for each thing that a CA lives by, and how it stands.
 *
 * Here are the certificates that end, what waits, the clock, and how a line is told; the authorities and what they publish
 * are in status_authority.c, the database in status_database.c. Indexed columns alone are read, never a certificate.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static const char *const healths[] = {"ok", "warning", "critical"};

const char *remint_health_name(enum remint_health health)
{
	return healths[health <= REMINT_HEALTH_CRITICAL ? health : REMINT_HEALTH_CRITICAL];
}

/* ---- a line --------------------------------------------------------------------------------------------------------------------- */

void rmt_status_begin(struct rmt_status *status, const char *section, const char *check, const char *object)
{
	rmt_arena_reset(&status->arena);
	status->line = (struct remint_status_line){.section = section, .check = check, .unit = "", .warning = INT64_MIN,
	                                           .critical = INT64_MIN};
	status->line.object = rmt_arena_text(&status->arena, object ? object : "");
	rmt_buf_clear(&status->arena.scratch);
}

int rmt_status_tell(struct rmt_status *status, enum remint_health health)
{
	status->line.health = health;
	status->line.text = rmt_arena_scratch(&status->arena);
	if (status->arena.failed)
		return rmt_err_memory(status->err);
	status->summary.lines++;
	status->summary.warnings += health == REMINT_HEALTH_WARNING;
	status->summary.criticals += health == REMINT_HEALTH_CRITICAL;
	if (health > status->summary.health)
		status->summary.health = health;
	return status->tell ? status->tell(status->arg, &status->line) : 0;
}

void rmt_status_span(struct rmt_buf *out, int64_t seconds)
{
	static const struct {
		int64_t length;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t at = 0;

	while (at < 3 && seconds < 2 * units[at].length)
		at++;
	rmt_buf_format(out, "%lld %s%s", (long long)(seconds / units[at].length), units[at].name,
	               seconds / units[at].length == 1 ? "" : "s");
}

void rmt_status_day(struct rmt_buf *out, rmt_time time)
{
	char text[32];

	rmt_time_text(time, text);
	rmt_buf_append(out, text, 10);
}

/* ---- certificates that end ------------------------------------------------------------------------------------------------------ */

struct soonest {
	int64_t id;
	rmt_time not_after;
};

/* From one time to another; the soonest are named, of those that have ended the last. */
struct band {
	const char *check;
	rmt_time from, until;
	enum remint_health health; /* when there is one */
	int64_t days;
	uint64_t count;
	struct soonest *named;
	size_t named_count;
};

enum { EXPIRED, CRITICAL, WARNING, LATER, BANDS };

struct counting {
	struct band bands[BANDS];
	size_t most;
};

static bool goes_before(const struct band *band, const struct soonest *left, const struct soonest *right)
{
	if (left->not_after != right->not_after)
		return (left->not_after < right->not_after) == (band->health != REMINT_HEALTH_CRITICAL || strcmp(band->check, "expired") != 0);
	return left->id < right->id;
}

static void keep(struct band *band, size_t most, struct soonest found)
{
	size_t at = band->named_count;

	band->count++;
	while (at > 0 && goes_before(band, &found, &band->named[at - 1]))
		at--;
	if (at == most)
		return;
	if (band->named_count < most)
		band->named_count++;
	memmove(&band->named[at + 1], &band->named[at], (band->named_count - at - 1) * sizeof *band->named);
	band->named[at] = found;
}

static int count_one(void *arg, int64_t id, rmt_time not_after)
{
	struct counting *counting = arg;

	for (size_t i = 0; i < BANDS; i++)
		if (not_after >= counting->bands[i].from && not_after <= counting->bands[i].until) {
			keep(&counting->bands[i], counting->most, (struct soonest){id, not_after});
			break;
		}
	return 0;
}

static int name_them(struct rmt_status *status, const struct band *band)
{
	struct remint_status_certificate *out = rmt_arena_take(&status->arena, (band->named_count + 1) * sizeof *out);
	struct rmt_db_cert row;

	for (size_t i = 0; out && i < band->named_count; i++) {
		int found = rmt_db_cert_by_id(status->home.db, band->named[i].id, &row, status->err);

		if (found < 0)
			return -1;
		out[i] = (struct remint_status_certificate){.id = band->named[i].id, .not_after = band->named[i].not_after};
		out[i].name = rmt_arena_text(&status->arena, found ? row.name : "");
	}
	if (!out || status->arena.failed)
		return rmt_err_memory(status->err);
	status->line.certificates = out;
	status->line.certificate_count = band->named_count;
	return 0;
}

static int tell_band(struct rmt_status *status, const struct band *band)
{
	struct rmt_buf *text = &status->arena.scratch;

	rmt_status_begin(status, "certificates", band->check, NULL);
	if (name_them(status, band))
		return -1;
	status->line.measured = true;
	status->line.value = (int64_t)band->count;
	if (band->health == REMINT_HEALTH_CRITICAL)
		status->line.critical = 0;
	if (band->health == REMINT_HEALTH_WARNING)
		status->line.warning = 0;
	if (band->count)
		rmt_buf_format(text, "%llu ", (unsigned long long)band->count);
	else
		rmt_buf_text(text, "none ");
	if (strcmp(band->check, "expired") == 0)
		rmt_buf_text(text, "expired within the last ");
	else
		rmt_buf_format(text, "end%s within ", band->count == 1 || !band->count ? "s" : "");
	rmt_buf_format(text, "%lld day%s%s", (long long)band->days, band->days == 1 ? "" : "s",
	               strcmp(band->check, "expired") == 0 ? " without a successor" : "");
	return rmt_status_tell(status, band->count ? band->health : REMINT_HEALTH_OK);
}

static int64_t at_most(int64_t left, int64_t right)
{
	return left < right ? left : right;
}

static int tell_certificates(struct rmt_status *status)
{
	const struct remint_status_options *options = &status->options;
	rmt_time now = status->now, critical = now + options->critical_days * RMT_DAY, warn = now + options->warn_days * RMT_DAY;
	int64_t later = options->warn_days < 90 ? 90 : 0; /* nothing is later than what a warning is asked for */
	struct counting counting = {.bands = {
		[EXPIRED] = {"expired", now - options->expired_days * RMT_DAY, now - 1, REMINT_HEALTH_CRITICAL, options->expired_days, 0, NULL, 0},
		[CRITICAL] = {"ends-critical", now, critical, REMINT_HEALTH_CRITICAL, options->critical_days, 0, NULL, 0},
		[WARNING] = {"ends-warning", critical + 1, warn, REMINT_HEALTH_WARNING, options->warn_days, 0, NULL, 0},
		[LATER] = {"ends-later", warn + 1, later ? now + later * RMT_DAY : warn, REMINT_HEALTH_OK, later, 0, NULL, 0},
	}, .most = options->names};
	struct soonest *room = calloc(BANDS * (options->names + 1), sizeof *room);
	int rc = room ? 0 : rmt_err_memory(status->err);

	for (size_t i = 0; room && i < BANDS; i++)
		counting.bands[i].named = room + i * (options->names + 1);
	if (rc == 0)
		rc = rmt_db_expiring(status->home.db, at_most(counting.bands[EXPIRED].from, now), counting.bands[LATER].until,
		                     RMT_OCSP_TEMPLATE, count_one, &counting, status->err); /* these are made anew when they are needed */
	for (size_t i = 0; rc == 0 && i < BANDS; i++)
		if (counting.bands[i].days)
			rc = tell_band(status, &counting.bands[i]);
	free(room);
	return rc;
}

/* ---- what waits --------------------------------------------------------------------------------------------------------------------- */

static int tell_waiting(void *arg, enum rmt_pending_kind kind, int64_t count, rmt_time oldest)
{
	static const char *const whom[RMT_PENDING_KINDS][2] = {
	    [RMT_PENDING_DEVICE] = {"device that was asked for a request", "devices that were asked for a request"},
	    [RMT_PENDING_HELD] = {"request that waits for approval", "requests that wait for approval"},
	    [RMT_PENDING_EXTERNAL] = {"request that lies at another CA", "requests that lie at another CA"},
	};
	struct rmt_status *status = arg;
	int64_t age = status->now > oldest ? status->now - oldest : 0, limit = status->options.pending_days * RMT_DAY;

	rmt_status_begin(status, "pending", rmt_pending_kind_name(kind), NULL);
	rmt_buf_format(&status->arena.scratch, "%lld %s, the oldest for ", (long long)count, whom[kind][count != 1]);
	rmt_status_span(&status->arena.scratch, age);
	status->waiting = true;
	status->line.measured = true;
	status->line.value = age;
	status->line.unit = "s";
	status->line.warning = limit;
	return rmt_status_tell(status, age > limit ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

static int tell_pending(struct rmt_status *status)
{
	if (rmt_db_pending_waiting(status->home.db, tell_waiting, status, status->err))
		return -1;
	if (status->waiting)
		return 0;
	rmt_status_begin(status, "pending", "pending", NULL);
	rmt_buf_text(&status->arena.scratch, "nothing waits");
	return rmt_status_tell(status, REMINT_HEALTH_OK);
}

/* Live and closed items are at their end, skipped ones were never meant to move. */
static int64_t open_items(const struct rmt_db_progress *progress)
{
	int64_t open = 0;

	for (int i = 0; i < RMT_ITEM_STATES; i++)
		if (i != RMT_ITEM_LIVE && i != RMT_ITEM_CLOSED && i != RMT_ITEM_SKIPPED)
			open += progress->items[i];
	return open;
}

static int tell_campaign(void *arg, const struct rmt_db_progress *progress)
{
	struct rmt_status *status = arg;
	struct rmt_buf *text = &status->arena.scratch;
	int64_t open = open_items(progress), idle = status->now - (progress->moved ? progress->moved : progress->started);
	bool stalled = idle > status->options.pending_days * RMT_DAY;
	const char *comma = "";

	if (!open)
		return 0;
	rmt_status_begin(status, "campaigns", "open-items", progress->file);
	rmt_buf_format(text, "%lld item%s open: ", (long long)open, open == 1 ? " is" : "s are");
	for (int i = 0; i < RMT_ITEM_STATES; i++)
		if (progress->items[i]) {
			rmt_buf_format(text, "%s%lld %s", comma, (long long)progress->items[i], rmt_item_state_name((enum rmt_item_state)i));
			comma = ", ";
		}
	if (stalled) {
		rmt_buf_text(text, "; nothing has moved for ");
		rmt_status_span(text, idle);
	}
	status->line.measured = true;
	status->line.value = open;
	return rmt_status_tell(status, stalled || progress->items[RMT_ITEM_FAILED] ? REMINT_HEALTH_WARNING : REMINT_HEALTH_OK);
}

/* ---- the clock ------------------------------------------------------------------------------------------------------------------------ */

static int tell_clock(struct rmt_status *status)
{
	struct rmt_buf *text = &status->arena.scratch;
	struct rmt_db_head head;
	char when[32];

	if (rmt_db_head(status->home.db, &head, status->err))
		return -1;
	rmt_status_begin(status, "clock", "clock", NULL);
	rmt_time_text(status->now, when);
	rmt_buf_format(text, "it is %s, the last event was ", when);
	rmt_time_text(head.when, when);
	rmt_buf_format(text, "at %s", when);
	if (status->now < head.when)
		rmt_buf_text(text, ", which is later: nothing can be issued until the clock is right");
	status->line.measured = true;
	status->line.value = status->now - head.when;
	status->line.unit = "s";
	return rmt_status_tell(status, status->now < head.when ? REMINT_HEALTH_CRITICAL : REMINT_HEALTH_OK);
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------------- */

/* What is not set has its default. */
static void settle_options(struct remint_status_options *options)
{
	const struct {
		int64_t *days, usual;
	} settings[] = {
	    {&options->critical_days, 7}, {&options->warn_days, 30},   {&options->pending_days, 7},
	    {&options->ca_days, 180},     {&options->backup_days, 7},  {&options->expired_days, 30},
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (!*settings[i].days)
			*settings[i].days = settings[i].usual;
	if (options->expired_days < 0)
		options->expired_days = 0;
	if (options->warn_days < options->critical_days)
		options->warn_days = options->critical_days;
	options->names = options->names ? options->names : 5;
}

/* Nothing is said where all is well. */
static int tell_blocked(struct rmt_status *status)
{
	int64_t count = 0;

	if (rmt_db_blocked_in_force(status->home.db, status->now, &count, status->err))
		return -1;
	if (!count)
		return 0;
	rmt_status_begin(status, "certificates", "blocked-keys", NULL);
	rmt_buf_format(&status->arena.scratch, "%lld in force ha%s a key that is blocked: revoke %s", (long long)count, count == 1 ? "s" : "ve",
	               count == 1 ? "it" : "them");
	status->line.measured = true;
	status->line.value = count;
	status->line.unit = "";
	return rmt_status_tell(status, REMINT_HEALTH_WARNING);
}

static int tell_all(struct rmt_status *status)
{
	return tell_certificates(status) || tell_blocked(status) || rmt_status_authorities(status) || tell_pending(status) ||
	               rmt_db_campaigns(status->home.db, tell_campaign, status, status->err) || rmt_status_database(status) ||
	               tell_clock(status)
	           ? -1
	           : 0;
}

int remint_status(struct remint *ctx, const struct remint_status_options *options, remint_status_fn *line, void *arg,
                  struct remint_status_summary *summary)
{
	struct rmt_status status = {.options = *options, .tell = line, .arg = arg, .err = &ctx->err, .now = rmt_verb_now(ctx)};
	int rc = -1;

	rmt_verb_begin(ctx);
	settle_options(&status.options);
	status.summary.now = status.now;
	if (rmt_home_open(ctx, RMT_DB_READ, &status.home, &ctx->err) == 0 && rmt_db_still(status.home.db, &ctx->err) == 0) {
		rc = tell_all(&status);
		rmt_db_move(status.home.db);
	}
	rmt_home_close(&status.home);
	rmt_arena_free(&status.arena);
	if (summary)
		*summary = status.summary;
	return rmt_verb_end(ctx, rc);
}
