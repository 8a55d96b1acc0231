/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/coded.c - PEM that was put into base64 once more, as a value of a Kubernetes Secret is:
 * alone, or in the YAML or JSON around it. It is told by how "-----BEGIN " looks then.
 *
 * What comes out goes to the reader of text again; how deep that may go is bounded.
 */
#include "config.h"

#include <string.h>

#include "read/local.h"

static const char beginning[] = "LS0tLS1CRUdJTiB";
/* A Secret holds 1 MiB at most. */
enum { BEGINNING = sizeof beginning - 1, CODED_MAX = 4 << 20 };

static size_t
run_of(const unsigned char *at, const unsigned char *end)
{
	const unsigned char *from = at;

	while (at < end && rmt_is_base64(rmt_span_of(at, 1)))
		at++;
	return (size_t)(at - from);
}

/* Where one begins that is no part of something longer, or NULL. */
static const unsigned char *
find_beginning(const unsigned char *from, const unsigned char *start, const unsigned char *end)
{
	const unsigned char *at = from;

	while ((at = memmem(at, (size_t)(end - at), beginning, BEGINNING))) {
		if (at == start || !rmt_is_base64(rmt_span_of(at - 1, 1)))
			return at;
		at += BEGINNING;
	}
	return NULL;
}

/* The text in it, as it would stand there by itself; it is told by the line of its base64. */
static int
read_decoded(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span text)
{
	struct rmt_err err = { 0 };
	struct rmt_stream *inner = NULL;
	int rc = -1;

	if (reading->nested >= RMT_MEMBERS_NESTED_MAX) {
		rmt_err_set(&err, RMT_INPUT, NULL, "base64 within base64, more than %d deep",
		    (int)RMT_MEMBERS_NESTED_MAX);
		return rmt_reading_fault(reading, as, &err);
	}
	reading->nested++;
	if ((inner = rmt_stream_mem(reading->source, text, &err)))
		rc = rmt_read_text(reading, as, inner, &err);
	rmt_stream_free(inner);
	reading->nested--;
	return rc && err.class ? rmt_reading_fault(reading, as, &err) : rc;
}

int
rmt_coded_end(struct rmt_coded *coded, struct rmt_reading *reading, const struct rmt_object *as)
{
	struct rmt_object here = *as;
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };
	char joined[256];
	int rc;

	if (!coded->on)
		return 0;
	coded->on = false;
	here.line = coded->begin;
	rmt_buf_secret(&text);
	if (coded->oversize) {
		rmt_err_set(&err, RMT_INPUT, NULL,
		    "the base64 of a PEM that begins here is longer than the %d characters that are accepted",
		    (int)CODED_MAX);
		rc = rmt_reading_fault(reading, &here, &err);
	} else if (rmt_buf_check(&coded->body, &err)) {
		rc = rmt_reading_fault(reading, &here, &err);
	} else if (rmt_base64_decode(rmt_buf_view(&coded->body), &text, &err)) {
		if (err.class == RMT_INPUT) {
			rmt_err_clear(&err);
			rmt_err_set(&err, RMT_INPUT, NULL,
			    "the base64 of a PEM that begins here cannot be read: %s",
			    rmt_base64_remedy(rmt_buf_view(&coded->body)));
		}
		rc = rmt_reading_fault(reading, &here, &err);
	} else {
		here.note = rmt_note_join(as->note, "base64 of a PEM: decoded", joined);
		rc = read_decoded(reading, &here, rmt_buf_view(&text));
	}
	rmt_buf_free(&text);
	rmt_buf_clear(&coded->body);
	return rc;
}

static void
append(struct rmt_coded *coded, const unsigned char *at, size_t run)
{
	coded->oversize = coded->oversize || coded->body.length + run > CODED_MAX;
	if (!coded->oversize)
		rmt_buf_append(&coded->body, (const char *)at, run);
}

/* What goes on from the line before: does all of this line? */
static bool
goes_on(struct rmt_coded *coded, struct rmt_span line, size_t run)
{
	if (coded->line_ended && run < line.length) /* a line of its own, or none */
		return false;
	append(coded, line.at, run);
	return run == line.length && line.length > 0;
}

int
rmt_coded_line(struct rmt_coded *coded, struct rmt_reading *reading, const struct rmt_object *as,
    struct rmt_span line, bool whole, size_t number)
{
	const unsigned char *at = line.at, *end = at + line.length;
	int rc = 0;

	if (coded->on) {
		size_t run = run_of(at, end);

		if (goes_on(coded, line, run)) {
			coded->line_ended = whole;
			return 0;
		}
		at += coded->line_ended ? 0 : run;
		rc = rmt_coded_end(coded, reading, as);
	}
	while (!rc && (at = find_beginning(at, line.at, end))) {
		size_t run = run_of(at, end);

		rmt_buf_secret(&coded->body);
		coded->oversize = false;
		append(coded, at, run);
		coded->on = true;
		coded->begin = number;
		coded->line_ended = whole;
		at += run;
		if (at == end)
			return 0;
		rc = rmt_coded_end(coded, reading, as);
	}
	return rc;
}
