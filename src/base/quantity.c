/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/quantity.c - the one strict parser of counts, durations and file modes. Configuration and
 * command line both hand us strings: libconfig wraps large integers silently and knows no units.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/base.h"

struct unit {
	char letter;
	uint64_t factor;
};

/* Decimal digits at the start of `text`; NULL when there are none, when they overflow or start with
 * a needless zero (some would read "010" as eight), otherwise the place behind them. */
static const char *
read_number(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	if (at == text || (text[0] == '0' && at - text > 1))
		return NULL;
	*number = value;
	return at;
}

/* False when the letter is unknown or the product too large. */
static bool
apply_unit(const struct unit *units, char letter, uint64_t *number)
{
	for (; units->letter != '\0'; units++) {
		if (units->letter != letter)
			continue;
		if (*number > UINT64_MAX / units->factor)
			return false;
		*number *= units->factor;
		return true;
	}
	return false;
}

int
rmt_quantity_count(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct rmt_err *err)
{
	static const struct unit units[] = {
		{ 'k', 1024 },
		{ 'K', 1024 },
		{ 'M', 1024 * 1024 },
		{ 'G', 1024 * 1024 * 1024 },
		{ 0, 0 },
	};
	uint64_t number;
	const char *end = read_number(text, &number);

	if (end != NULL && *end != '\0')
		end = apply_unit(units, *end, &number) ? end + 1 : NULL;
	if (end == NULL || *end != '\0')
		return rmt_err_set(
		    err, RMT_INPUT, NULL, "\"%.40s\" is not a count such as 4096, 4k or 16M", text);
	if (number < min || number > max)
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "\"%.40s\" is not between %" PRIu64 " and %" PRIu64, text, min, max);
	*out = number;
	return 0;
}

int
rmt_quantity_duration(const char *text, int64_t *seconds, struct rmt_err *err)
{
	static const struct unit units[] = {
		{ 's', 1 },
		{ 'm', 60 },
		{ 'h', 3600 },
		{ 'd', 86400 },
		{ 'w', 7 * 86400 },
		{ 'y', 365 * 86400 },
		{ 0, 0 },
	};
	uint64_t number;
	const char *end = read_number(text, &number);

	if (end != NULL && *end == '\0')
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "\"%.40s\" is a duration without its unit: s, m (minutes), h, d, w or y", text);
	if (end != NULL)
		end = apply_unit(units, *end, &number) ? end + 1 : NULL;
	if (end == NULL || *end != '\0')
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "\"%.40s\" is not a duration such as 90d, 12h or 10y", text);
	if (number > (uint64_t)RMT_TIME_MAX)
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "\"%.40s\" is longer than any certificate can live", text);
	*seconds = (int64_t)number;
	return 0;
}

int
rmt_quantity_mode(const char *text, mode_t *out, struct rmt_err *err)
{
	mode_t mode = 0;

	if (text[0] != '0' || strlen(text) != 4 || strspn(text, "01234567") != 4)
		return rmt_err_set(
		    err, RMT_INPUT, NULL, "\"%.40s\" is not a file mode such as 0640", text);
	for (; *text != '\0'; text++)
		mode = mode << 3 | (mode_t)(*text - '0');
	*out = mode;
	return 0;
}
