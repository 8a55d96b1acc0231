/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of base/: the calendar, RFC 3339 and quantities. */
#include "config.h"

#include <time.h>

#include "unit/test_base.h"

static const struct civil_row {
	const char *sentence;
	int civil[6];
	rmt_time time;
	const char *text;
} civil_rows[] = {
	{ "the epoch", { 1970, 1, 1, 0, 0, 0 }, 0, "1970-01-01T00:00:00Z" },
	{ "the second before the epoch", { 1969, 12, 31, 23, 59, 59 }, -1, "1969-12-31T23:59:59Z" },
	{ "the first day of year 0", { 0, 1, 1, 0, 0, 0 }, -INT64_C(62167219200),
	    "0000-01-01T00:00:00Z" },
	{ "the first day of year 1", { 1, 1, 1, 0, 0, 0 }, -INT64_C(62135596800),
	    "0001-01-01T00:00:00Z" },
	{ "the first UTCTime", { 1950, 1, 1, 0, 0, 0 }, -631152000, "1950-01-01T00:00:00Z" },
	{ "the end of 32-bit time", { 2038, 1, 19, 3, 14, 8 }, INT64_C(2147483648),
	    "2038-01-19T03:14:08Z" },
	{ "the last UTCTime", { 2049, 12, 31, 23, 59, 59 }, INT64_C(2524607999),
	    "2049-12-31T23:59:59Z" },
	{ "the first GeneralizedTime", { 2050, 1, 1, 0, 0, 0 }, INT64_C(2524608000),
	    "2050-01-01T00:00:00Z" },
	{ "the end of time in certificates", { 9999, 12, 31, 23, 59, 59 }, RMT_TIME_MAX,
	    "9999-12-31T23:59:59Z" },
	{ "the leap day of 2000", { 2000, 2, 29, 12, 0, 0 }, 951825600, "2000-02-29T12:00:00Z" },
	{ "the leap day of 2024", { 2024, 2, 29, 0, 0, 0 }, 1709164800, "2024-02-29T00:00:00Z" },
	{ "the day after February 2100", { 2100, 3, 1, 0, 0, 0 }, INT64_C(4107542400),
	    "2100-03-01T00:00:00Z" },
};

static void
check_civil(void **state)
{
	const struct civil_row *row = *state;
	const int *c = row->civil;
	struct rmt_err err = { 0 };
	rmt_time time = 7;
	char text[32];
	int back[6];

	assert_int_equal(rmt_time_from_civil(c[0], c[1], c[2], c[3], c[4], c[5], &time), 0);
	assert_true(time == row->time);
	rmt_time_to_civil(row->time, back);
	assert_memory_equal(back, row->civil, sizeof back);
	rmt_time_text(row->time, text);
	assert_string_equal(text, row->text);
	assert_int_equal(rmt_time_parse(row->text, &time, &err), 0);
	assert_true(time == row->time);
}

static const struct bad_civil_row {
	const char *sentence;
	int civil[6];
} bad_civil_rows[] = {
	{ "there is no month 0", { 2026, 0, 1, 0, 0, 0 } },
	{ "there is no month 13", { 2026, 13, 1, 0, 0, 0 } },
	{ "there is no day 0", { 2026, 1, 0, 0, 0, 0 } },
	{ "November has 30 days", { 2026, 11, 31, 0, 0, 0 } },
	{ "2026 is no leap year", { 2026, 2, 29, 0, 0, 0 } },
	{ "1900 was no leap year", { 1900, 2, 29, 0, 0, 0 } },
	{ "there is no hour 24", { 2026, 1, 1, 24, 0, 0 } },
	{ "there is no minute 60", { 2026, 1, 1, 0, 60, 0 } },
	{ "leap seconds are not counted", { 2016, 12, 31, 23, 59, 60 } },
	{ "year 10000 does not fit", { 10000, 1, 1, 0, 0, 0 } },
	{ "there is no year before 0", { -1, 12, 31, 0, 0, 0 } },
};

static void
check_bad_civil(void **state)
{
	const int *c = ((const struct bad_civil_row *)*state)->civil;
	rmt_time time = 7;

	assert_int_equal(rmt_time_from_civil(c[0], c[1], c[2], c[3], c[4], c[5], &time), -1);
	assert_true(time == 7);
}

/* A calendar kept by counting alone, over every day there is. */
static void
every_day_follows_the_one_before(void **state)
{
	int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = 0, month = 1, day = 1, civil[6];
	rmt_time time = -INT64_C(62167219200), computed;

	(void)state;
	for (; time <= RMT_TIME_MAX; time += RMT_DAY) {
		rmt_time_to_civil(time, civil);
		if (civil[0] != year || civil[1] != month || civil[2] != day ||
		    rmt_time_from_civil(year, month, day, 0, 0, 0, &computed) != 0 ||
		    computed != time)
			fail_msg("%04d-%02d-%02d is wrong", year, month, day);
		month_days[1] = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 29 : 28;
		if (++day > month_days[month - 1]) {
			day = 1;
			month++;
		}
		if (month > 12) {
			month = 1;
			year++;
		}
	}
	assert_int_equal(year, 10000);
}

static void
far_times_are_clamped(void **state)
{
	char text[32];

	(void)state;
	rmt_time_text(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	rmt_time_text(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static const struct parse_row {
	const char *sentence;
	const char *text;
	const char *same; /* as written by rmt_time_text(); NULL when it is refused */
} parse_rows[] = {
	{ "a date is its midnight", "2027-01-31", "2027-01-31T00:00:00Z" },
	{ "letters may be small", "2027-01-31t12:00:00z", "2027-01-31T12:00:00Z" },
	{ "a space may stand for T", "2027-01-31 12:00:00Z", "2027-01-31T12:00:00Z" },
	{ "an eastern offset is earlier in UTC", "2027-01-01T00:30:00+01:00",
	    "2026-12-31T23:30:00Z" },
	{ "a western offset is later in UTC", "2027-01-01T00:00:00-05:30", "2027-01-01T05:30:00Z" },
	{ "an unknown offset is UTC", "2027-01-01T00:00:00-00:00", "2027-01-01T00:00:00Z" },
	{ "a fraction is dropped", "2027-01-01T00:00:00.999999999999Z", "2027-01-01T00:00:00Z" },
	{ "the widest offset", "2027-01-01T00:00:00+23:59", "2026-12-31T00:01:00Z" },
	{ "the last second from the west does not fit", "9999-12-31T23:59:59-00:01", NULL },
	{ "the first second from the east does not fit", "0000-01-01T00:00:00+00:01", NULL },
	{ "an offset brings the last second back", "9999-12-31T23:59:59+00:01",
	    "9999-12-31T23:58:59Z" },
	{ "empty text is no date", "", NULL },
	{ "a month is not a date", "2027-01", NULL },
	{ "digits are not left out", "2027-1-31", NULL },
	{ "years have four digits", "12027-01-01", NULL },
	{ "there is no sign before a year", "-027-01-01", NULL },
	{ "a time needs its offset", "2027-01-01T00:00:00", NULL },
	{ "a time needs its seconds", "2027-01-01T00:00Z", NULL },
	{ "a fraction needs digits", "2027-01-01T00:00:00.Z", NULL },
	{ "an offset needs its minutes", "2027-01-01T00:00:00+01", NULL },
	{ "an offset has a colon", "2027-01-01T00:00:00+0100", NULL },
	{ "there is no offset of a day", "2027-01-01T00:00:00+24:00", NULL },
	{ "an offset has no minute 60", "2027-01-01T00:00:00+01:60", NULL },
	{ "a T promises a time", "2027-01-01T", NULL },
	{ "nothing follows a date", "2027-01-01x", NULL },
	{ "nothing follows a time", "2027-01-01T00:00:00Z ", NULL },
	{ "30 February is no day", "2027-02-30", NULL },
	{ "hour 24 is no hour", "2027-01-01T24:00:00Z", NULL },
	{ "a leap second is refused", "2016-12-31T23:59:60Z", NULL },
	{ "other digits are no digits", "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa7-01-01", NULL },
};

static void
check_parse(void **state)
{
	const struct parse_row *row = *state;
	struct rmt_err err = { 0 };
	rmt_time time = 7;
	char text[32];

	assert_int_equal(rmt_time_parse(row->text, &time, &err), row->same != NULL ? 0 : -1);
	if (row->same == NULL) {
		assert_true(time == 7);
		assert_int_equal(err.class, RMT_INPUT);
		assert_true(err.message[0] != '\0');
		return;
	}
	rmt_time_text(time, text);
	assert_string_equal(text, row->same);
}

static void
clock_runs(void **state)
{
	(void)state;
	assert_true(rmt_clock_now() >= (rmt_time)time(NULL) - 2);
	assert_true(rmt_clock_now() <= (rmt_time)time(NULL) + 2);
}

/* ---- quantities -------------------------------------------------------------------------------
 */

static const struct quantity_row {
	const char *sentence;
	char kind; /* count, duration, mode */
	const char *text;
	bool taken;
	uint64_t value;
} quantity_rows[] = {
	{ "a plain count", 'c', "4096", true, 4096 },
	{ "a count in k", 'c', "4k", true, 4096 },
	{ "a count in K", 'c', "4K", true, 4096 },
	{ "a count in M", 'c', "16M", true, 16 << 20 },
	{ "a count in G", 'c', "1G", true, 1 << 30 },
	{ "a count that libconfig wraps to 0", 'c', "4294967296", true, UINT64_C(4294967296) },
	{ "the smallest count asked for", 'c', "1", true, 1 },
	{ "a count below the smallest", 'c', "0", false, 0 },
	{ "a count above the largest", 'c', "1025G", false, 0 },
	{ "a count beyond 64 bits", 'c', "18446744073709551616", false, 0 },
	{ "a count whose unit takes it beyond 64 bits", 'c', "18446744073709551615k", false, 0 },
	{ "no count", 'c', "", false, 0 },
	{ "a unit alone", 'c', "k", false, 0 },
	{ "an unknown unit", 'c', "4T", false, 0 },
	{ "two units", 'c', "4kk", false, 0 },
	{ "a negative count", 'c', "-1", false, 0 },
	{ "a signed count", 'c', "+1", false, 0 },
	{ "a count behind a space", 'c', " 1", false, 0 },
	{ "a count before a space", 'c', "1 ", false, 0 },
	{ "a count in hexadecimal", 'c', "0x10", false, 0 },
	{ "a count that may be octal", 'c', "010", false, 0 },
	{ "a fraction", 'c', "1.5k", false, 0 },
	{ "seconds", 'd', "45s", true, 45 },
	{ "minutes", 'd', "30m", true, 1800 },
	{ "hours", 'd', "12h", true, 43200 },
	{ "days", 'd', "90d", true, 7776000 },
	{ "weeks", 'd', "6w", true, 3628800 },
	{ "years of 365 days", 'd', "10y", true, 315360000 },
	{ "no time at all", 'd', "0d", true, 0 },
	{ "a duration without a unit", 'd', "90", false, 0 },
	{ "a duration of two units", 'd', "1h30m", false, 0 },
	{ "a negative duration", 'd', "-1d", false, 0 },
	{ "a duration beyond the year 9999", 'd', "9000y", false, 0 },
	{ "a duration beyond 64 bits", 'd', "999999999999999999y", false, 0 },
	{ "an unknown unit of time", 'd', "3M", false, 0 },
	{ "an octal mode", 'm', "0640", true, 0640 },
	{ "mode zero", 'm', "0000", true, 0 },
	{ "the widest mode", 'm', "0777", true, 0777 },
	{ "a mode without its zero", 'm', "640", false, 0 },
	{ "a set-user-id mode", 'm', "04755", false, 0 },
	{ "a mode with an 8", 'm', "0648", false, 0 },
	{ "a mode in letters", 'm', "0rw-", false, 0 },
	{ "no mode", 'm', "", false, 0 },
};

static void
check_quantity(void **state)
{
	const struct quantity_row *row = *state;
	struct rmt_err err = { 0 };
	uint64_t count = 7;
	int64_t seconds = 7;
	mode_t mode = 7;
	int rc;

	if (row->kind == 'c') {
		rc = rmt_quantity_count(row->text, 1, UINT64_C(1) << 40, &count, &err);
	} else if (row->kind == 'd') {
		rc = rmt_quantity_duration(row->text, &seconds, &err);
		count = (uint64_t)seconds;
	} else {
		rc = rmt_quantity_mode(row->text, &mode, &err);
		count = mode;
	}
	assert_int_equal(rc, row->taken ? 0 : -1);
	assert_true(count == (row->taken ? row->value : 7));
	assert_int_equal(err.class, row->taken ? RMT_NONE : RMT_INPUT);
}

int
test_base_time(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, civil_rows, check_civil);
	ADD_TABLE(&rows, bad_civil_rows, check_bad_civil);
	add_row(&rows, "every day follows the one before", every_day_follows_the_one_before, NULL);
	add_row(&rows, "times out of range are clamped when written", far_times_are_clamped, NULL);
	ADD_TABLE(&rows, parse_rows, check_parse);
	add_row(&rows, "the clock is the system's", clock_runs, NULL);
	ADD_TABLE(&rows, quantity_rows, check_quantity);
	return run_rows("time", &rows);
}
