/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pem.c - PEM (RFC 7468, RFC 1421) as it is met in the wild, line by line and in constant
 * memory, and bare base64.
 *
 * Taken in stride: any line end, indentation, text around, a byte order mark, header lines, a block
 * on one line, several on one, a missing END line; with a note what armour.c and repair.c put
 * right. A block that cannot be read is one fault with its line; the next BEGIN starts afresh. What
 * the bytes of a block are is told by the bytes: a label that says otherwise is a note.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

/* A line as JSON has it holds a whole chain. */
enum { LINE_MAX_BYTES = 256 << 10, HEADER_MAX = 16 << 10, BARE_MIN = 32 };

/* What was collected of one kind: plain or secret, so that only secrets pay for being wiped. */
struct pile_of_text {
	struct rmt_buf body; /* base64 with a line feed after each line */
	struct rmt_buf der;
};

struct pem {
	struct rmt_reading *reading;
	const struct rmt_object *as;
	struct pile_of_text plain, secret, *text;

	bool inside;
	const struct rmt_label *label;
	const struct rmt_form *form; /* that the label promises, or NULL */
	size_t cap;                  /* bytes of its DER */
	char name[RMT_LABEL_MAX + 1];
	char note[256];   /* what is not right with its text; "" for nothing */
	size_t begin;     /* line of BEGIN */
	size_t body_line; /* line on which the body begins; 0 before that */
	bool headers;     /* header lines have been seen and their end has not */
	bool encrypted;   /* Proc-Type says so */
	bool oversize;
	bool within; /* other text stands before BEGIN on its line */
	struct rmt_buf header;

	struct rmt_coded coded;
	bool bare; /* so far everything was base64 */
	size_t bare_begin;
	size_t line;
};

/* ---- lines ---- */

static bool
starts_with(struct rmt_span line, const char *text, size_t length)
{
	return line.length >= length && !memcmp(line.at, text, length);
}

/* ---- one block ---- */

/* What stands in a row of a listing is told by the line of the row, what stood in base64 by the line of that. */
static size_t
line_of(const struct pem *pem, size_t line)
{
	return pem->reading->row ? pem->reading->row_line : pem->as->line ? pem->as->line : line;
}

static int
block_fault(struct pem *pem, size_t line, struct rmt_err *err)
{
	struct rmt_object as = *pem->as;

	as.line = line_of(pem, line);
	err->place[0] = '\0';
	return rmt_reading_fault(pem->reading, &as, err);
}

/* One more thing that is not right with the text of the block. */
static void
remark(struct pem *pem, const char *note)
{
	char joined[256];

	snprintf(pem->note, sizeof pem->note, "%s",
	    rmt_note_join(*pem->note ? pem->note : NULL, note, joined));
}

/* The body to bytes, or after what was put into it is taken out again. */
static int
decode(struct pem *pem, struct rmt_err *err)
{
	struct pile_of_text *text = pem->text;
	struct rmt_buf repaired = { 0 };
	struct rmt_err ignored = { 0 };
	char note[256];
	int rc;

	rmt_buf_clear(&text->der);
	rc = rmt_base64_decode(rmt_buf_view(&text->body), &text->der, err);
	if (!rc || pem->reading->reader->mode == RMT_STRICT)
		return rc;
	if (text == &pem->secret)
		rmt_buf_secret(&repaired);
	rmt_buf_clear(&text->der);
	if (rmt_armour_repair(rmt_buf_view(&text->body), &repaired, note) &&
	    !rmt_base64_decode(rmt_buf_view(&repaired), &text->der, &ignored)) {
		rmt_err_clear(err);
		remark(pem, note);
		rmt_buf_clear(&text->body);
		rmt_buf_span(&text->body, rmt_buf_view(&repaired));
		rc = rmt_buf_check(&text->body, err);
	}
	rmt_buf_free(&repaired);
	return rc;
}

/* A body that is no base64, with what to do about it. */
static int
undecodable(struct pem *pem, struct rmt_err *err)
{
	const struct rmt_buf *body = &pem->text->body;
	char message[sizeof err->message];
	size_t line = pem->body_line + rmt_base64_broken_line(rmt_buf_view(body));

	if (pem->within && body->length < BARE_MIN) { /* somebody's text about PEM */
		rmt_err_clear(err);
		return 0;
	}
	memcpy(message, err->message, sizeof message);
	snprintf(err->message, sizeof err->message, "%.150s; %s", message,
	    rmt_base64_remedy(rmt_buf_view(body)));
	return block_fault(pem, line, err);
}

/* PEM again, for the reader of traditional encryption. */
static int
read_traditional(struct pem *pem, const struct rmt_object *as)
{
	struct rmt_buf block = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	rmt_buf_secret(&block);
	rmt_buf_format(&block, "-----BEGIN %s-----\n", pem->name);
	rmt_buf_span(&block, rmt_buf_view(&pem->header));
	rmt_buf_byte(&block, '\n');
	rmt_buf_span(&block, rmt_buf_view(&pem->text->body));
	rmt_buf_format(&block, "-----END %s-----\n", pem->name);
	if (rmt_buf_check(&block, &err))
		rc = rmt_reading_fault(pem->reading, as, &err);
	else
		rc = rmt_read_private_pem(pem->reading, as, rmt_buf_view(&block));
	rmt_buf_free(&block);
	return rc;
}

/* The bytes of a block to the reader of what they are. */
static int
read_bytes(struct pem *pem, struct rmt_object *as)
{
	struct rmt_span der = rmt_buf_view(&pem->text->der);
	const struct rmt_form *form = rmt_form_of(der);
	size_t whole = rmt_der_extent(der);
	char note[256], joined[256];
	bool pfx = form && form->read == rmt_read_pkcs12;

	if (!form && !pem->form)
		return rmt_reading_unsupported(
		    pem->reading, as, as->label, "this kind of PEM block is not read");
	if (!form && whole)
		return pem->form->read(
		    pem->reading, as, der); /* for its own words on what is wrong */
	if (form && (!pem->form || strcmp(form->name, pem->form->name))) {
		snprintf(note, sizeof note, "%s %s under the label %s",
		    strchr("aeoAEO", form->name[0]) ? "an" : "a",
		    pfx ? "PFX inside PEM armour," : form->name, as->label);
		as->note = rmt_note_join(as->note, note, joined);
	}
	if (whole && !strcmp(as->label, "TRUSTED CERTIFICATE"))
		der.length = whole; /* OpenSSL's trust settings stand behind it */
	return rmt_read_der(pem->reading, as, der);
}

/* How a block is told: where it stands, and what is not right with its text. */
static struct rmt_object
block_as(const struct pem *pem, char joined[256])
{
	struct rmt_object as = *pem->as;

	as.line = line_of(pem, pem->begin);
	as.label = pem->name;
	as.note = rmt_note_join(as.note, *pem->note ? pem->note : NULL, joined);
	return as;
}

static int
block_end(struct pem *pem)
{
	struct rmt_err err = { 0 };
	struct rmt_object as;
	char joined[256];

	pem->inside = false;
	if (pem->label->treatment == RMT_LABEL_SKIP) {
		pem->reading->skipped++;
		return 0;
	}
	as = block_as(pem, joined);
	if (pem->label->treatment == RMT_LABEL_NAME)
		return rmt_reading_unsupported(
		    pem->reading, &as, pem->label->name, pem->label->note);
	if (pem->oversize) {
		rmt_err_set(&err, RMT_INPUT, NULL,
		    "the %s block is larger than the %zu bytes that are accepted", pem->name,
		    pem->cap);
		return block_fault(pem, pem->begin, &err);
	}
	if (decode(pem, &err))
		return undecodable(pem, &err);
	as = block_as(pem, joined);
	if (pem->encrypted)
		return read_traditional(pem, &as);
	if (!pem->text->der.length && pem->within)
		return 0;
	if (!pem->text->der.length) {
		rmt_err_set(&err, RMT_INPUT, NULL, "the %s block is empty", pem->name);
		return block_fault(pem, pem->begin, &err);
	}
	return read_bytes(pem, &as);
}

/* The block has no END line. It is taken if its body is whole all the same. */
static int
block_unfinished(struct pem *pem)
{
	struct rmt_err err = { 0 };

	pem->inside = false;
	if (pem->reading->reader->mode != RMT_STRICT && !pem->oversize && pem->text->body.length &&
	    !pem->encrypted && pem->label->treatment == RMT_LABEL_READ) {
		if (!decode(pem, &err) &&
		    rmt_der_extent(rmt_buf_view(&pem->text->der)) == pem->text->der.length) {
			remark(pem, "its END line is missing");
			return block_end(pem);
		}
		rmt_err_clear(&err);
	}
	if (pem->within && pem->text->body.length < BARE_MIN)
		return 0;
	rmt_err_set(&err, RMT_INPUT, NULL,
	    "the %s block that begins here has no END line, and is not whole without it: take it "
	    "again from where it came",
	    pem->name);
	return block_fault(pem, pem->begin, &err);
}

static bool
is_secret(const char *label)
{
	static const char suffix[] = "PRIVATE KEY";
	size_t length = strlen(label);

	return length >= sizeof suffix - 1 && !strcmp(label + length - (sizeof suffix - 1), suffix);
}

static void
block_begin(struct pem *pem, const struct rmt_marker *marker)
{
	const struct rmt_label *label = rmt_label_of(marker->label);

	memcpy(pem->name, marker->label, sizeof pem->name);
	pem->label = label ? label : &rmt_label_unknown;
	pem->form =
	    pem->label->treatment == RMT_LABEL_READ ? rmt_form_named(pem->label->name) : NULL;
	pem->cap = pem->form ? pem->form->cap : 0;
	if (pem->cap < RMT_CAP_CONTAINER && (!pem->form || pem->form->read == rmt_read_certificate))
		pem->cap = RMT_CAP_CONTAINER; /* it may turn out to be a container */
	pem->text = is_secret(pem->name) ? &pem->secret : &pem->plain;
	pem->inside = true;
	pem->within = marker->before.length > 0;
	pem->begin = pem->line;
	pem->body_line = 0;
	pem->headers = pem->encrypted = pem->oversize = false;
	pem->bare = false;
	*pem->note = '\0';
	if (marker->note)
		remark(pem, marker->note);
	rmt_buf_clear(&pem->header);
	rmt_buf_clear(&pem->text->body);
}

/* Header lines (RFC 1421, 4.6) before the body: true when the line was one. */
static bool
header_line(struct pem *pem, struct rmt_span line)
{
	if (pem->body_line || (!pem->headers && !memchr(line.at, ':', line.length)))
		return false;
	pem->headers = line.length > 0;
	if (pem->header.length + line.length < HEADER_MAX) {
		rmt_buf_span(&pem->header, line);
		if (line.length)
			rmt_buf_byte(&pem->header, '\n');
	}
	if (starts_with(line, "Proc-Type:", 10) && memmem(line.at, line.length, "ENCRYPTED", 9))
		pem->encrypted = true;
	return true;
}

/* A line within a block that is no marker. */
static void
block_line(struct pem *pem, struct rmt_span line, bool whole)
{
	struct rmt_buf *body = &pem->text->body;

	if (!pem->body_line && line.length && header_line(pem, line))
		return;
	if (!pem->body_line && !line.length) {
		pem->headers = false;
		return;
	}
	if (!pem->body_line)
		pem->body_line = pem->line;
	if (pem->oversize || body->length + line.length > pem->cap / 2 * 3)
		pem->oversize = true;
	else
		rmt_buf_span(body, line);
	if (whole && !pem->oversize)
		rmt_buf_byte(body, '\n');
}

/* The same, where line ends are written out as in JSON and in programs: "\\n" and "\\r". */
static void
block_text(struct pem *pem, struct rmt_span line, bool whole)
{
	const unsigned char *end = line.at + line.length, *at = line.at, *slash = at;
	bool escaped = false;

	while (
	    at < end && (slash = memchr(slash, '\\', (size_t)(end - slash))) && end - slash > 1) {
		if (slash[1] != 'n' && slash[1] != 'r') {
			slash++;
			continue;
		}
		if (slash > at || slash[1] == 'n')
			block_line(
			    pem, rmt_trim(" \t", rmt_span_of(at, (size_t)(slash - at))), true);
		at = slash = slash + 2;
		escaped = true;
	}
	if (escaped && !strstr(pem->note, "line ends"))
		remark(pem, "line ends written as \\n: converted");
	if (!escaped || at < end)
		block_line(pem, rmt_span_of(at, (size_t)(end - at)), whole);
}

/* ---- bare base64 ---- */

static int
bare_end(struct pem *pem)
{
	struct rmt_object as = *pem->as;
	const struct rmt_form *form;
	struct rmt_err ignored = { 0 };
	char note[128], joined[256];

	if (!pem->bare || pem->plain.body.length < BARE_MIN)
		return 0;
	pem->bare = false;
	rmt_buf_clear(&pem->plain.der);
	if (rmt_base64_decode(rmt_buf_view(&pem->plain.body), &pem->plain.der, &ignored) ||
	    !(form = rmt_form_of(rmt_buf_view(&pem->plain.der))))
		return 0; /* it only looked so */
	snprintf(note, sizeof note, "a base64 body without BEGIN line: accepted as %s", form->name);
	as.container = "base64";
	as.line = line_of(pem, pem->bare_begin);
	as.note = rmt_note_join(as.note, note, joined);
	return rmt_read_der(pem->reading, &as, rmt_buf_view(&pem->plain.der));
}

static void
bare_line(struct pem *pem, struct rmt_span line, bool whole)
{
	struct rmt_buf *body = &pem->plain.body;

	if (!line.length)
		return;
	if (!rmt_is_base64(line) || body->length + line.length > RMT_CAP_CONTAINER / 3 * 4) {
		pem->bare = false;
		return;
	}
	if (!body->length)
		pem->bare_begin = pem->line;
	rmt_buf_span(body, line);
	if (whole)
		rmt_buf_byte(body, '\n');
}

/* ---- the text ---- */

static int
end_line(struct pem *pem, const struct rmt_marker *marker)
{
	struct rmt_err err = { 0 };
	char note[128];
	size_t before = pem->reading->objects + pem->reading->faults;
	int rc;

	if (pem->inside && marker->note)
		remark(pem, marker->note);
	if (pem->inside && !strcmp(marker->label, pem->name))
		return block_end(pem);
	if (pem->inside && pem->reading->reader->mode != RMT_STRICT) {
		snprintf(note, sizeof note, "its END line says %s", marker->label);
		remark(pem, note);
		return block_end(pem);
	}
	if (pem->inside) {
		pem->inside = false;
		rmt_err_set(&err, RMT_INPUT, NULL,
		    "the %s block that begins on line %zu ends as %s", pem->name, pem->begin,
		    marker->label);
		return block_fault(pem, pem->line, &err);
	}
	if (marker->before.length || marker->note)
		return 0; /* somebody's text about PEM */
	rc = bare_end(pem);
	if (rc || pem->reading->objects + pem->reading->faults > before)
		return rc;
	rmt_err_set(&err, RMT_INPUT, NULL, "END %s without a BEGIN line", marker->label);
	return block_fault(pem, pem->line, &err);
}

/* What stands before a marker, then the marker. */
static int
marker_line(struct pem *pem, const struct rmt_marker *marker)
{
	int rc = 0;

	if (!pem->inside)
		rc = rmt_coded_end(&pem->coded, pem->reading, pem->as);
	if (rc)
		return rc;
	if (pem->inside && marker->before.length)
		block_text(pem, rmt_trim(" \t", marker->before), false);
	if (marker->end)
		return end_line(pem, marker);
	if (pem->inside)
		rc = block_unfinished(pem);
	if (!rc)
		block_begin(pem, marker);
	return rc;
}

static int
text_line(struct pem *pem, struct rmt_span line, bool whole)
{
	bool strict = pem->reading->reader->mode == RMT_STRICT;
	struct rmt_marker marker;
	int rc = 0;

	if (pem->line == 1)
		line = rmt_span_unmarked(line);
	line = rmt_trim(" \t", line);
	while (rmt_marker_find(line, strict, &marker)) {
		rc = marker_line(pem, &marker);
		line = rmt_trim(" \t", marker.rest);
		if (rc || !line.length)
			return rc;
	}
	if (pem->inside)
		block_text(pem, line, whole);
	else if (!strict)
		rc = rmt_coded_line(&pem->coded, pem->reading, pem->as, line, whole, line_of(pem, pem->line));
	if (!pem->inside && pem->bare && !pem->coded.on)
		bare_line(pem, line, whole);
	return rc;
}

static void
pem_free(struct pem *pem)
{
	rmt_buf_free(&pem->plain.body);
	rmt_buf_free(&pem->plain.der);
	rmt_buf_free(&pem->secret.body);
	rmt_buf_free(&pem->secret.der);
	rmt_buf_free(&pem->header);
	rmt_buf_free(&pem->coded.body);
}

int
rmt_read_text(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_stream *stream,
    struct rmt_err *err)
{
	struct rmt_object here = *as;
	struct pem pem = { .reading = reading, .as = &here, .bare = true };
	struct rmt_span line;
	bool whole;
	int got, rc = 0;

	here.container = "pem";
	rmt_buf_secret(&pem.secret.body);
	rmt_buf_secret(&pem.secret.der);
	while (!rc && (got = rmt_reading_line(reading, stream, LINE_MAX_BYTES,
			   pem.inside && !pem.oversize ? 2 * pem.cap : 0, &line, &whole, err)) > 0) {
		pem.line = rmt_stream_line_number(stream);
		rc = text_line(&pem, line, whole);
		if (!rc && pem.text)
			rc = rmt_buf_check(&pem.text->body, err);
	}
	if (!rc && got < 0)
		rc = -1;
	if (!rc)
		rc = rmt_coded_end(&pem.coded, reading, &here);
	if (!rc && pem.inside)
		rc = block_unfinished(&pem);
	else if (!rc)
		rc = bare_end(&pem);
	pem_free(&pem);
	return rc;
}
