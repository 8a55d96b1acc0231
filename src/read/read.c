/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/read.c - a source from end to end: a file, a directory, standard input or memory; which
 * reader it goes to, and what is said when no reader wants it. Text is streamed; only DER is taken
 * into memory, up to the cap of its form.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

enum { HEAD = 512 };

/* The first bytes of a source, kept to describe it when nothing was found. */
struct head {
	unsigned char bytes[HEAD];
	size_t length;
	char page[256]; /* what it says if it is a web page; "" for nothing */
};

static int
fault_at_start(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_err *err)
{
	if (!*err->place)
		snprintf(err->place, sizeof err->place, "offset 0");
	return rmt_reading_fault(reading, as, err);
}

/* ---- DER ---- */

/* The length that the header of the value claims, its header included; SIZE_MAX when it claims more
 * than that, 0 when it is indefinite. */
static size_t
claimed_length(struct rmt_span ahead)
{
	unsigned octets = ahead.at[1] & 0x7f;
	size_t length = 0;

	if (ahead.at[1] < 0x80)
		return (size_t)ahead.at[1] + 2;
	for (unsigned i = 0; i < octets; i++) {
		if (2 + i >= ahead.length)
			return 0;
		if (length >> (8 * sizeof length - 8))
			return SIZE_MAX;
		length = length << 8 | ahead.at[2 + i];
	}
	if (!octets)
		return 0;
	return length > SIZE_MAX - 2 - octets ? SIZE_MAX : length + 2 + octets;
}

static int
read_binary(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    struct rmt_span ahead)
{
	const struct rmt_form *form = rmt_form_of(ahead);
	size_t cap = form ? form->cap : RMT_CAP_CONTAINER;
	size_t claimed = claimed_length(ahead);
	struct rmt_object here = *as;
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	if (claimed > cap) {
		rmt_err_set(&err, RMT_INPUT, "offset 0",
		    "the %s says that it is %zu bytes long, and at most %zu are "
		    "accepted",
		    form ? form->name : "DER value", claimed, cap);
		return rmt_reading_fault(reading, as, &err);
	}
	here.note = rmt_hint_of_name(reading->source, ahead);
	if (ahead.length < RMT_AHEAD) /* that is all of it */
		return rmt_read_der(reading, &here, ahead);
	if (rmt_stream_rest(stream, cap, &bytes, &err))
		rc = fault_at_start(reading, as, &err);
	else
		rc = rmt_read_der(reading, &here, rmt_buf_view(&bytes));
	rmt_buf_free(&bytes);
	return rc;
}

/* A container that is told by its first bytes and is taken whole. */
static int
read_whole(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    rmt_read_fn *read)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	if (rmt_stream_rest(stream, RMT_CAP_CONTAINER, &bytes, &err))
		rc = fault_at_start(reading, as, &err);
	else
		rc = read(reading, as, rmt_buf_view(&bytes));
	rmt_buf_free(&bytes);
	return rc;
}

/* ---- text ---- */

/* Remember what only the whole beginning tells, before it is read. */
static void
look_ahead(struct head *head, struct rmt_span ahead)
{
	const struct rmt_magic *magic;

	ahead = rmt_span_unmarked(ahead); /* a mark is no content */
	head->length = ahead.length < HEAD ? ahead.length : HEAD;
	memcpy(head->bytes, ahead.at, head->length);
	magic = rmt_magic_of(ahead);
	if (!magic || strcmp(magic->label, "HTML page") != 0 || !rmt_hint_of_page(ahead, head->page))
		head->page[0] = '\0';
}

/* A listing, a description of a request, or PEM in whatever text. */
static int
read_text(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    struct rmt_err *err)
{
	struct rmt_object here = *as;
	rmt_read_text_fn *listing;
	struct rmt_span ahead;
	char joined[256];

	if (rmt_stream_peek(stream, RMT_AHEAD, &ahead, err))
		return -1;
	here.note = rmt_note_join(as->note, rmt_hint_of_name(reading->source, ahead), joined);
	listing = rmt_listing_of(ahead);
	return listing ? listing(reading, &here, stream, err)
		       : rmt_read_text(reading, &here, stream, err);
}

static int
read_utf16(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    int order, struct head *head, struct rmt_err *err)
{
	struct rmt_object here = *as;
	struct rmt_buf bytes = { 0 }, text = { 0 };
	struct rmt_stream *inner = NULL;
	int rc = -1;

	rmt_buf_secret(&bytes); /* there may be a private key in it */
	rmt_buf_secret(&text);
	here.note = "UTF-16 text: converted";
	if (rmt_stream_rest(stream, 2 * RMT_CAP_CONTAINER, &bytes, err))
		goto out;
	rmt_utf16_convert(rmt_buf_view(&bytes), order, &text);
	if (rmt_buf_check(&text, err))
		goto out;
	look_ahead(head, rmt_buf_view(&text));
	if ((inner = rmt_stream_mem(reading->source, rmt_buf_view(&text), err)))
		rc = read_text(reading, &here, inner, err);
out:
	rmt_stream_free(inner);
	rmt_buf_free(&bytes);
	rmt_buf_free(&text);
	return rc;
}

/* ---- what is none of ours ---- */

static int
read_nothing(struct rmt_reading *reading, const struct rmt_object *as, const struct head *head)
{
	struct rmt_span beginning = rmt_span_of(head->bytes, head->length);
	const struct rmt_magic *magic = rmt_magic_of(beginning);
	struct rmt_err err = { 0 };
	char like[160];

	if (magic && magic->note)
		return rmt_reading_unsupported(
		    reading, as, magic->label, *head->page ? head->page : magic->note);
	if (reading->skipped) {
		rmt_err_set(&err, RMT_INPUT, NULL,
		    "holds nothing but parameters: no certificate, key, request or CRL");
		return fault_at_start(reading, as, &err);
	}
	if (reading->listed)
		return 0;
	rmt_describe(beginning, like);
	rmt_err_set(&err, RMT_INPUT, NULL, "holds no certificate, key, request or CRL (%s)", like);
	return fault_at_start(reading, as, &err);
}

/* Bytes that no text has, and no PEM block among them that could still be found. */
static bool
is_binary(struct rmt_span ahead)
{
	return memchr(ahead.at, '\0', ahead.length) &&
	       !memmem(ahead.at, ahead.length, "-----BEGIN ", 11);
}

/* An archive may hold a PEM file as it is, which is no reason to take half of what it holds for all of it. */
static bool
is_archive(struct rmt_span ahead)
{
	const struct rmt_magic *magic = rmt_magic_of(ahead);

	return magic && magic->length && magic->note;
}

/* ---- a source ---- */

static int
read_stream(struct rmt_reading *reading, struct rmt_stream *stream, struct rmt_err *err)
{
	struct rmt_object as = { .container = "der" };
	rmt_read_fn *container;
	struct rmt_err empty = { 0 };
	struct rmt_span ahead;
	struct head head;
	int order, rc = 0;

	if (rmt_stream_peek(stream, RMT_AHEAD, &ahead, err))
		return -1;
	if (!ahead.length && reading->listed)
		return 0;
	if (!ahead.length) {
		rmt_err_set(&empty, RMT_INPUT, NULL, "there is nothing in it");
		return fault_at_start(reading, &as, &empty);
	}
	look_ahead(&head, ahead);
	order = rmt_utf16_of(ahead);
	container = rmt_container_of(ahead);
	if (container)
		rc = read_whole(reading, &as, stream, container);
	else if (order)
		rc = read_utf16(reading, &as, stream, order, &head, err);
	else if (rmt_looks_der(ahead))
		rc = read_binary(reading, &as, stream, ahead);
	else if (!is_binary(ahead) && !is_archive(ahead))
		rc = read_text(reading, &as, stream, err);
	if (!rc && !reading->objects && !reading->faults)
		rc = read_nothing(reading, &as, &head);
	return rc;
}

int
rmt_read_mem(
    const struct rmt_reader *reader, const char *source, struct rmt_span bytes, struct rmt_err *err)
{
	struct rmt_reading reading = { .reader = reader, .source = source };
	struct rmt_stream *stream = rmt_stream_mem(source, bytes, err);
	int rc;

	if (!stream)
		return -1;
	rc = read_stream(&reading, stream, err);
	rmt_stream_free(stream);
	return rc;
}

static int
read_file(const struct rmt_reader *reader, const char *path, bool listed, struct rmt_buf *kept,
    struct rmt_err *err)
{
	struct rmt_reading reading = { .reader = reader, .source = path, .listed = listed };
	struct rmt_stream *stream = rmt_stream_open(path, err);
	int rc;

	if (!stream)
		return -1;
	if (kept)
		rmt_stream_keep(stream, kept, RMT_CAP_CRL);
	rc = read_stream(&reading, stream, err);
	rmt_stream_free(stream);
	return rc;
}

/* A directory on its way: what a callback that returns nothing wants to say must wait. */
struct walk {
	const struct rmt_reader *reader;
	int stop;
};

static void
walk_fault(void *arg, const struct rmt_err *err)
{
	struct walk *walk = arg;

	if (!walk->stop && walk->reader->fault)
		walk->stop = walk->reader->fault(walk->reader->arg, err);
}

static int
walk_visit(void *arg, const char *path)
{
	struct walk *walk = arg;
	struct rmt_err err = { 0 };
	int rc;

	if (walk->stop)
		return walk->stop;
	rc = read_file(walk->reader, path, true, NULL, &err);
	if (rc && err.class) {
		rmt_err_source(&err, path);
		walk_fault(walk, &err);
		rc = walk->stop;
	}
	return rc;
}

int
rmt_read_listed(const struct rmt_reader *reader, const char *path, struct rmt_err *err)
{
	return read_file(reader, path, true, NULL, err);
}

int
rmt_read_keep(const struct rmt_reader *reader, const char *path, struct rmt_buf *kept,
    struct rmt_err *err)
{
	return read_file(reader, path, false, kept, err);
}

int
rmt_read_path(const struct rmt_reader *reader, const char *path, struct rmt_err *err)
{
	struct walk walk = { .reader = reader };
	int rc;

	if (!strcmp(path, "-") || !rmt_path_is_directory(path))
		return read_file(reader, path, false, NULL, err);
	rc = rmt_directory_walk(path, walk_visit, walk_fault, &walk, err);
	return rc ? rc : walk.stop;
}
