/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock.c - the system clock and the civil calendar: seconds to dates, dates to seconds, RFC
 * 3339 text.
 *
 * Proleptic Gregorian, UTC, no leap seconds, years 0 to 9999. It uses nothing of the C library's
 * time zone code, which depends on the environment. The ASN.1 forms are read and written in x509/.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"

#define TIME_MIN (-INT64_C(62167219200)) /* 0000-01-01T00:00:00Z */

enum { DAYS_BEFORE_1970 = 719468 /* from 0000-03-01 */, DAYS_OF_400_YEARS = 146097 };

rmt_time
rmt_clock_now(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

uint64_t
rmt_clock_ticks(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years are counted from March, so that the leap day is the last of its year and month lengths
 * follow a line. */
static int64_t
days_from_1970(int year, int month, int day)
{
	int64_t shifted = month > 2 ? year : year - 1;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t of_era = shifted - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       DAYS_BEFORE_1970;
}

int
rmt_time_from_civil(int year, int month, int day, int hour, int minute, int second, rmt_time *out)
{
	if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_of_month(year, month))
		return -1;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return -1;
	*out = days_from_1970(year, month, day) * RMT_DAY + hour * 3600 + minute * 60 + second;
	return 0;
}

void
rmt_time_to_civil(rmt_time time, int civil[6])
{
	if (time < TIME_MIN)
		time = TIME_MIN;
	if (time > RMT_TIME_MAX)
		time = RMT_TIME_MAX;

	/* Shifted by 400 years, all that follows is positive. */
	int64_t seconds = time + (DAYS_BEFORE_1970 + DAYS_OF_400_YEARS) * RMT_DAY;
	int64_t days = seconds / RMT_DAY;
	int of_day = (int)(seconds % RMT_DAY);
	int64_t era = days / DAYS_OF_400_YEARS;
	int of_era = (int)(days % DAYS_OF_400_YEARS);
	int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int from_march = (5 * of_year + 2) / 153;

	civil[1] = from_march < 10 ? from_march + 3 : from_march - 9;
	civil[0] = (int)((era - 1) * 400) + year_of_era + (civil[1] <= 2);
	civil[2] = of_year - (153 * from_march + 2) / 5 + 1;
	civil[3] = of_day / 3600;
	civil[4] = of_day / 60 % 60;
	civil[5] = of_day % 60;
}

void
rmt_time_text(rmt_time time, char out[32])
{
	int civil[6];

	rmt_time_to_civil(time, civil);
	snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", civil[0], civil[1], civil[2], civil[3],
	    civil[4], civil[5]);
}

/* Exactly `count` decimal digits at *text, which moves behind them; -1 when there are fewer. */
static int
digits(const char **text, int count)
{
	int value = 0;

	for (; count > 0; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static bool
pass(const char **text, const char *any)
{
	if (**text == '\0' || strchr(any, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

/* "Z", "+02:00", "-05:30": seconds east of Greenwich. */
static bool
parse_offset(const char **text, int *seconds)
{
	int sign, hours, minutes;

	*seconds = 0;
	if (pass(text, "Zz"))
		return true;
	if (**text != '+' && **text != '-')
		return false;
	sign = *(*text)++ == '-' ? -1 : 1;
	hours = digits(text, 2);
	if (hours < 0 || hours > 23 || !pass(text, ":"))
		return false;
	minutes = digits(text, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* The part behind the date; fractions of a second are read and dropped. */
static bool
parse_clock(const char **text, int part[6], int *offset)
{
	part[3] = digits(text, 2);
	if (part[3] < 0 || !pass(text, ":") || (part[4] = digits(text, 2)) < 0)
		return false;
	if (!pass(text, ":") || (part[5] = digits(text, 2)) < 0)
		return false;
	if (pass(text, ".")) {
		if (digits(text, 1) < 0)
			return false;
		while (digits(text, 1) >= 0)
			;
	}
	return parse_offset(text, offset);
}

static bool
parse_date(const char **text, int part[6])
{
	part[0] = digits(text, 4);
	if (part[0] < 0 || !pass(text, "-") || (part[1] = digits(text, 2)) < 0)
		return false;
	return pass(text, "-") && (part[2] = digits(text, 2)) >= 0;
}

int
rmt_time_parse(const char *text, rmt_time *out, struct rmt_err *err)
{
	const char *at = text;
	int part[6] = { 0 };
	int offset = 0;
	rmt_time time;

	if (!parse_date(&at, part) || (pass(&at, "Tt ") && !parse_clock(&at, part, &offset)) ||
	    *at != '\0')
		return rmt_err_cite(err, RMT_INPUT, NULL, "RFC 3339, 5.6",
		    "\"%.40s\" is not a date such as 2027-01-31 or 2027-01-31T12:00:00Z", text);
	if (rmt_time_from_civil(part[0], part[1], part[2], part[3], part[4], part[5], &time) != 0)
		return rmt_err_cite(err, RMT_INPUT, NULL, "RFC 3339, 5.7",
		    "\"%.40s\" names a day or time of day that does not exist", text);
	time -= offset;
	if (time < TIME_MIN || time > RMT_TIME_MAX)
		return rmt_err_set(
		    err, RMT_INPUT, NULL, "\"%.40s\" is outside the years 0 to 9999 in UTC", text);
	*out = time;
	return 0;
}
