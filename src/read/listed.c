/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/listed.c - how Windows writes numbers, dates and letters in a listing: by the settings of
 * whoever made it, which are told from the text itself.
 *
 * A date whose day and month cannot be told apart is no date. Times are the CA's local ones; nobody
 * says its zone, and they are taken for UTC.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "read/local.h"

/* ---- dates ---- */

struct cursor {
	const unsigned char *at, *end;
};

static bool
take_digits(struct cursor *cursor, unsigned most, int *out, unsigned *count)
{
	*out = 0;
	for (*count = 0;
	     cursor->at < cursor->end && *count < most && *cursor->at >= '0' && *cursor->at <= '9';
	     ++*count)
		*out = *out * 10 + (*cursor->at++ - '0');
	return *count > 0;
}

static bool
take_one(struct cursor *cursor, const char *of)
{
	if (cursor->at == cursor->end || !*cursor->at || !strchr(of, *cursor->at))
		return false;
	cursor->at++;
	return true;
}

/* "11/22/2026", "22.11.2026", "2026-11-22": three numbers, and which of them is the year. */
struct numbers {
	int value[3];
	unsigned char separator;
	bool year_first;
};

static bool
take_numbers(struct cursor *cursor, struct numbers *out)
{
	unsigned count[3];

	for (unsigned i = 0; i < 3; i++) {
		if (i == 1)
			out->separator = cursor->at < cursor->end ? *cursor->at : 0;
		if (i && !(take_one(cursor, "/.-") && cursor->at[-1] == out->separator))
			return false;
		while (i && take_one(cursor, " ")) /* "22. 11. 2026" */
			continue;
		if (!take_digits(cursor, 4, &out->value[i], &count[i]))
			return false;
	}
	out->year_first = count[0] == 4;
	return count[1] <= 2 && (out->year_first ? count[2] <= 2 : count[0] <= 2 && count[2] == 4);
}

/* "5:53 AM", "05:53:15"; nothing is midnight. */
static bool
take_clock(struct cursor *cursor, int clock[3])
{
	unsigned count;
	bool afternoon, half;

	memset(clock, 0, 3 * sizeof *clock);
	while (take_one(cursor, " T"))
		continue;
	if (cursor->at == cursor->end)
		return true;
	if (!take_digits(cursor, 2, &clock[0], &count) || !take_one(cursor, ":.") ||
	    !take_digits(cursor, 2, &clock[1], &count))
		return false;
	if (take_one(cursor, ":.") && !take_digits(cursor, 2, &clock[2], &count))
		return false;
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at >= 0x80))
		cursor->at++; /* ICU puts a narrow no-break blank before AM */
	half = cursor->end - cursor->at >= 2 && memchr("AaPp", *cursor->at, 4);
	afternoon = half && (*cursor->at | 0x20) == 'p';
	if (half && (clock[0] < 1 || clock[0] > 12))
		return false;
	if (half)
		clock[0] = clock[0] % 12 + (afternoon ? 12 : 0);
	return true;
}

bool
rmt_listed_date(struct rmt_span text, const struct rmt_dialect *dialect, rmt_time *out)
{
	struct cursor cursor = { text.at, text.at + text.length };
	struct numbers n;
	int clock[3], day, month, year;
	bool day_first;

	if (!take_numbers(&cursor, &n) || !take_clock(&cursor, clock))
		return false;
	day_first =
	    n.value[0] > 12 ||
	    (n.value[1] <= 12 && (n.separator == '.' || dialect->dates == RMT_DATES_DAY_FIRST));
	if (!n.year_first && n.separator != '.' && n.value[0] <= 12 && n.value[1] <= 12 &&
	    n.value[0] != n.value[1] && dialect->dates == RMT_DATES_UNKNOWN)
		return false;
	year = n.year_first ? n.value[0] : n.value[2];
	month = n.year_first ? n.value[1] : n.value[day_first ? 1 : 0];
	day = n.year_first ? n.value[2] : n.value[day_first ? 0 : 1];
	return rmt_time_from_civil(year, month, day, clock[0], clock[1], clock[2], out) == 0;
}

/* What the dates in a text betray of their order. */
static int
order_of_dates(struct rmt_span text)
{
	const unsigned char *end = text.at + text.length;
	bool day_first = false, month_first = false, half_days = false;
	struct cursor cursor = { text.at, end };
	struct numbers n;

	while (cursor.at < end) {
		const unsigned char *start = cursor.at;

		if (*start < '0' || *start > '9' ||
		    (start > text.at && start[-1] >= '0' && start[-1] <= '9') ||
		    !take_numbers(&cursor, &n) || n.year_first) {
			cursor.at = start + 1;
			continue;
		}
		day_first = day_first || n.separator == '.' || n.value[0] > 12;
		month_first = month_first || (n.separator != '.' && n.value[1] > 12);
		for (const unsigned char *at = cursor.at;
		     at < end && at < cursor.at + 16 && *at != '\n'; at++)
			half_days = half_days ||
				    (end - at > 1 && (*at == 'A' || *at == 'P') && at[1] == 'M');
	}
	if (day_first != month_first)
		return day_first ? RMT_DATES_DAY_FIRST : RMT_DATES_MONTH_FIRST;
	return !day_first && half_days ? RMT_DATES_MONTH_FIRST : RMT_DATES_UNKNOWN;
}

/* ---- letters ---- */

/* 0x80 to 0xff of code page 850, the console's of Western Europe; its accented letters are those of
 * page 437. */
static const uint16_t console[128] = { 0xc7, 0xfc, 0xe9, 0xe2, 0xe4, 0xe0, 0xe5, 0xe7, 0xea, 0xeb,
	0xe8, 0xef, 0xee, 0xec, 0xc4, 0xc5, 0xc9, 0xe6, 0xc6, 0xf4, 0xf6, 0xf2, 0xfb, 0xf9, 0xff,
	0xd6, 0xdc, 0xf8, 0xa3, 0xd8, 0xd7, 0x192, 0xe1, 0xed, 0xf3, 0xfa, 0xf1, 0xd1, 0xaa, 0xba,
	0xbf, 0xae, 0xac, 0xbd, 0xbc, 0xa1, 0xab, 0xbb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524,
	0xc1, 0xc2, 0xc0, 0xa9, 0x2563, 0x2551, 0x2557, 0x255d, 0xa2, 0xa5, 0x2510, 0x2514, 0x2534,
	0x252c, 0x251c, 0x2500, 0x253c, 0xe3, 0xc3, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
	0x256c, 0xa4, 0xf0, 0xd0, 0xca, 0xcb, 0xc8, 0x131, 0xcd, 0xce, 0xcf, 0x2518, 0x250c, 0x2588,
	0x2584, 0xa6, 0xcc, 0x2580, 0xd3, 0xdf, 0xd4, 0xd2, 0xf5, 0xd5, 0xb5, 0xfe, 0xde, 0xda,
	0xdb, 0xd9, 0xfd, 0xdd, 0xaf, 0xb4, 0xad, 0xb1, 0x2017, 0xbe, 0xb6, 0xa7, 0xf7, 0xb8, 0xb0,
	0xa8, 0xb7, 0xb9, 0xb3, 0xb2, 0x25a0, 0xa0 };
/* 0x80 to 0x9f of Windows-1252; what is above is Latin-1. */
static const uint16_t windows[32] = { 0x20ac, 0xfffd, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0xfffd, 0x17d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c,
	0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0xfffd, 0x17e, 0x178 };

/* The accented letters of Western languages: where each page has them, the other has signs that
 * nobody writes. */
static int
page_of(struct rmt_span text)
{
	size_t low = 0, high = 0;

	for (size_t i = 0; i < text.length; i++) {
		low += text.at[i] >= 0x80 && text.at[i] < 0xa6;
		high += text.at[i] >= 0xc0;
	}
	return low > high ? RMT_TEXT_CONSOLE : RMT_TEXT_WINDOWS;
}

/* Less an unfinished character at its end. */
static bool
is_utf8(struct rmt_span text)
{
	for (unsigned cut = 0; cut < 4 && cut <= text.length; cut++)
		if (rmt_utf8_valid(rmt_span_of(text.at, text.length - cut)))
			return true;
	return false;
}

void
rmt_listed_text(struct rmt_span text, const struct rmt_dialect *dialect, struct rmt_buf *out)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = text.at[i];
		uint32_t character = c;

		if (c < 0x80 || dialect->page == RMT_TEXT_UTF8) {
			rmt_buf_byte(out, c);
			continue;
		}
		if (dialect->page == RMT_TEXT_CONSOLE)
			character = console[c - 0x80];
		else if (c < 0xa0)
			character = windows[c - 0x80];
		rmt_utf8_append(out, character);
	}
}

struct rmt_dialect
rmt_dialect_of(struct rmt_span ahead)
{
	struct rmt_dialect dialect = { .page = RMT_TEXT_UTF8 };

	dialect.dates = order_of_dates(ahead);
	if (!is_utf8(ahead))
		dialect.page = page_of(ahead);
	return dialect;
}

/* ---- numbers ---- */

bool
rmt_listed_hex(struct rmt_span text, struct rmt_buf *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t start = out->length, count = 0, i = 0;

	if (text.length > 2 && text.at[0] == '0' && (text.at[1] | 0x20) == 'x')
		i = 2;
	for (size_t j = i; j < text.length; j++)
		count += !memchr(" :-", text.at[j], 3);
	if (count % 2)
		rmt_buf_byte(out, '0');
	for (; i < text.length; i++) {
		unsigned char c = text.at[i], low = c | 0x20;

		if (memchr(" :-", c, 3))
			continue;
		if (!((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f'))) {
			out->length = start;
			return false;
		}
		rmt_buf_byte(out, (unsigned char)*strchr(digits, c >= '0' && c <= '9' ? c : low));
	}
	return count > 0;
}
