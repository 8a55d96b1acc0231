/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/err.c - the one error record: what kind of failure, in which input, where in it, and one
 * sentence.
 *
 * It needs no memory of its own, so that "out of memory" can be said too. It does not print, and it
 * does not make hostile text safe: whoever shows a message to a person does that.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "base/base.h"

/* Cut a text that filled its array back to the end of a whole UTF-8 character. */
static void
trim_partial(char *text)
{
	size_t length = strlen(text);
	size_t start = length;

	while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || (unsigned char)text[start - 1] < 0xc0)
		return;
	start--;

	unsigned char lead = (unsigned char)text[start];
	size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (length - start < wanted)
		text[start] = '\0';
}

static void
copy_text(char *to, size_t size, const char *from)
{
	if (snprintf(to, size, "%s", from) >= (int)size)
		trim_partial(to);
}

/* Names keep their end when they do not fit: the last parts of a path tell more than the first. */
static void
copy_source(struct rmt_err *err, const char *source)
{
	size_t length = strlen(source);

	if (length < sizeof err->source)
		memcpy(err->source, source, length + 1);
	else
		snprintf(err->source, sizeof err->source, "...%s",
		    source + length - (sizeof err->source - 4));
}

/* What runs out of memory deep down often comes up as something else: a text cut short that cannot be parsed, an attempt that failed and is
 * followed by the next. So what fails in this thread from then on says the first cause, until a verb begins. */
static _Thread_local bool memory_out;

void
rmt_err_memory_note(void)
{
	memory_out = true;
}

bool
rmt_err_memory_noted(void)
{
	return memory_out;
}

void
rmt_err_memory_forget(void)
{
	memory_out = false;
}

/* True when the failure was recorded as it is, false when an earlier one stands or lack of memory is behind it. */
static bool
record(struct rmt_err *err, enum rmt_class class, const char *place, const char *format,
    va_list values)
{
	if (err == NULL || err->class != RMT_NONE)
		return false;
	if (memory_out) {
		memset(err, 0, sizeof *err);
		err->class = RMT_INTERNAL;
		copy_text(err->message, sizeof err->message, "out of memory");
		return false;
	}
	err->class = class;
	copy_text(err->place, sizeof err->place, place != NULL ? place : "");
	err->source[0] = '\0';
	err->citation[0] = '\0';
	if (vsnprintf(err->message, sizeof err->message, format, values) >=
	    (int)sizeof err->message)
		trim_partial(err->message);
	return true;
}

int
rmt_err_set(struct rmt_err *err, enum rmt_class class, const char *place, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	record(err, class, place, format, values);
	va_end(values);
	return -1;
}

int
rmt_err_cite(struct rmt_err *err, enum rmt_class class, const char *place, const char *citation,
    const char *format, ...)
{
	va_list values;

	va_start(values, format);
	if (record(err, class, place, format, values) && citation != NULL)
		copy_text(err->citation, sizeof err->citation, citation);
	va_end(values);
	return -1;
}

int
rmt_err_openssl(
    struct rmt_err *err, enum rmt_class class, const char *place, const char *format, ...)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
	va_list values;

	va_start(values, format);
	if (record(err, class, place, format, values) && code != 0) {
		size_t length = strlen(err->message);
		char *end = err->message + length;
		size_t room = sizeof err->message - length;

		if (reason != NULL)
			snprintf(end, room, " (%s)", reason);
		else
			snprintf(end, room, " (error %lx)", code);
	}
	va_end(values);
	ERR_clear_error();
	return -1;
}

int
rmt_err_memory(struct rmt_err *err)
{
	rmt_err_memory_note();
	return rmt_err_set(err, RMT_INTERNAL, NULL, "out of memory");
}

int
rmt_err_errno(struct rmt_err *err, enum rmt_class class, const char *path, const char *doing)
{
	char room[128];
	int number = errno;

	rmt_err_set(
	    err, class, NULL, "cannot %s: %s", doing, strerror_r(number, room, sizeof room));
	rmt_err_source(err, path);
	errno = number;
	return -1;
}

void
rmt_err_source(struct rmt_err *err, const char *source)
{
	if (err == NULL || err->class == RMT_NONE || err->source[0] != '\0' || source == NULL)
		return;
	copy_source(err, source);
}

void
rmt_err_within(struct rmt_err *err, const char *outer)
{
	char inner[sizeof err->place];

	if (err == NULL || err->class == RMT_NONE || outer == NULL || outer[0] == '\0')
		return;
	memcpy(inner, err->place, sizeof inner);
	copy_text(err->place, sizeof err->place, outer);

	size_t length = strlen(err->place);
	const char *joint = inner[0] == '\0' || inner[0] == '[' ? "" : ".";

	if (snprintf(err->place + length, sizeof err->place - length, "%s%s", joint, inner) >=
	    (int)(sizeof err->place - length))
		trim_partial(err->place);
}

void
rmt_err_clear(struct rmt_err *err)
{
	if (err != NULL)
		memset(err, 0, sizeof *err);
}

const char *rmt_class_name(enum rmt_class class)
{
	static const char *const names[] = {
		[RMT_NONE] = "none",
		[RMT_NEGATIVE] = "negative",
		[RMT_USAGE] = "usage",
		[RMT_INPUT] = "input",
		[RMT_POLICY] = "policy",
		[RMT_NETWORK] = "network",
		[RMT_DATABASE] = "database",
		[RMT_SECRET] = "secret",
		[RMT_INTERNAL] = "internal",
	};

	if ((size_t) class >= sizeof names / sizeof names[0])
		return "internal";
	return names[class];
}
