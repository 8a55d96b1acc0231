/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pem.c - PEM (RFC 7468, RFC 1421) as it is met in the wild, line by line and in constant
 * memory, and bare base64.
 *
 * Taken in stride: any line end, indentation, text around, a byte order mark, header lines, a block
 * on one line, a missing END line. A block that cannot be read is one fault with its line; the next
 * BEGIN starts afresh. What the bytes of a block are is told by the bytes: a label that says
 * otherwise is a note.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

enum { LINE_MAX_BYTES = 16 << 10, LABEL_MAX = 64, BARE_MIN = 32 };

enum treatment { READ, SKIP, NAME };

/*
 * The labels that are known. READ: `name` is the form that stands under the label, as forms[] of
 * detect.c calls it. NAME: the thing is only named, with a note. Any other label is read when its
 * bytes are one of our forms. To add one: a row here and one in tests/unit/test_read.c.
 */
static const struct label {
	const char *text;
	enum treatment treatment;
	const char *name, *note;
} labels[] = {
	{ "CERTIFICATE", READ, "certificate", NULL },
	{ "X509 CERTIFICATE", READ, "certificate", NULL },
	{ "TRUSTED CERTIFICATE", READ, "certificate", NULL },
	{ "CERTIFICATE REQUEST", READ, "certificate request", NULL },
	{ "NEW CERTIFICATE REQUEST", READ, "certificate request", NULL },
	{ "X509 CRL", READ, "CRL", NULL },
	{ "PKCS7", READ, "PKCS#7 container", NULL },
	{ "PKCS #7 SIGNED DATA", READ, "PKCS#7 container", NULL },
	{ "CMS", READ, "PKCS#7 container", NULL },
	{ "PRIVATE KEY", READ, "private key", NULL },
	{ "ENCRYPTED PRIVATE KEY", READ, "encrypted private key", NULL },
	{ "RSA PRIVATE KEY", READ, "private key", NULL },
	{ "EC PRIVATE KEY", READ, "private key", NULL },
	{ "DSA PRIVATE KEY", READ, "private key", NULL },
	{ "ANY PRIVATE KEY", READ, "private key", NULL },
	{ "PUBLIC KEY", READ, "public key", NULL },
	{ "RSA PUBLIC KEY", READ, "public key", NULL },
	{ "OCSP RESPONSE", READ, "OCSP response", NULL },
	{ "EC PARAMETERS", SKIP, NULL, NULL },
	{ "DH PARAMETERS", SKIP, NULL, NULL },
	{ "X9.42 DH PARAMETERS", SKIP, NULL, NULL },
	{ "DSA PARAMETERS", SKIP, NULL, NULL },
	{ "OPENSSH PRIVATE KEY", NAME, "OpenSSH private key",
	    "make a PKCS#8 of a copy with ssh-keygen -p -m PKCS8 -f COPY" },
	{ "TSS2 PRIVATE KEY", NAME, "TPM 2.0 private key", "only the TPM can use it" },
	{ "PGP PUBLIC KEY BLOCK", NAME, "OpenPGP public key", "no X.509" },
	{ "PGP PRIVATE KEY BLOCK", NAME, "OpenPGP private key", "no X.509" },
	{ "PGP MESSAGE", NAME, "OpenPGP message", "no X.509" },
	{ "ATTRIBUTE CERTIFICATE", NAME, "attribute certificate", NULL },
};
static const struct label unknown_label = { "", READ, NULL, NULL };

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
	const struct label *label;
	const struct rmt_form *form; /* that the label promises, or NULL */
	size_t cap;                  /* bytes of its DER */
	char name[LABEL_MAX + 1];
	size_t begin;     /* line of BEGIN */
	size_t body_line; /* line on which the body begins; 0 before that */
	bool headers;     /* header lines have been seen and their end has not */
	bool encrypted;   /* Proc-Type says so */
	bool oversize;
	struct rmt_buf header;

	bool bare; /* so far everything was base64 */
	size_t bare_begin;
	size_t line;
};

/* ---- lines ---- */

static struct rmt_span
trim(struct rmt_span line)
{
	while (line.length && (line.at[0] == ' ' || line.at[0] == '\t')) {
		line.at++;
		line.length--;
	}
	while (line.length && (line.at[line.length - 1] == ' ' || line.at[line.length - 1] == '\t'))
		line.length--;
	return line;
}

static bool
starts_with(struct rmt_span line, const char *text, size_t length)
{
	return line.length >= length && !memcmp(line.at, text, length);
}

/* "-----BEGIN LABEL-----rest": the label as text, and what stands behind it. */
static bool
marker(struct rmt_span line, const char *keyword, char label[LABEL_MAX + 1], struct rmt_span *rest)
{
	const unsigned char *at, *end = line.at + line.length, *close;
	size_t length = strlen(keyword);

	if (!starts_with(line, keyword, length))
		return false;
	at = line.at + length;
	close = memmem(at, (size_t)(end - at), "--", 2);
	if (!close || close - at > LABEL_MAX)
		return false;
	for (size_t i = 0; i < (size_t)(close - at); i++) {
		if (at[i] < ' ' || at[i] > '~')
			return false;
	}
	memcpy(label, at, (size_t)(close - at));
	label[close - at] = '\0';
	while (close < end && *close == '-')
		close++;
	*rest = rmt_span_of(close, (size_t)(end - close));
	return true;
}

static bool
is_base64(struct rmt_span line)
{
	for (size_t i = 0; i < line.length; i++) {
		unsigned char c = line.at[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '+' || c == '/' || c == '='))
			return false;
	}
	return true;
}

/* ---- one block ---- */

static int
block_fault(struct pem *pem, size_t line, struct rmt_err *err)
{
	struct rmt_object as = *pem->as;

	as.line = line;
	err->place[0] = '\0';
	return rmt_reading_fault(pem->reading, &as, err);
}

/* Line of a place in the body that is no base64. */
static size_t
line_of_bad_base64(const struct pem *pem)
{
	const struct rmt_buf *body = &pem->text->body;
	size_t line = pem->body_line, characters = 0;
	bool padded = false;

	for (size_t i = 0; i < body->length; i++) {
		unsigned char c = body->bytes[i];

		if (c == '\n') {
			line++;
			continue;
		}
		if (c == ' ' || c == '\t')
			continue;
		if ((padded && c != '=') || !is_base64(rmt_span_of(&c, 1)))
			return line;
		padded = padded || c == '=';
		characters++;
	}
	return line - (line > pem->body_line); /* it is at the end: something is missing */
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

	if (!form && !pem->form)
		return rmt_reading_unsupported(
		    pem->reading, as, as->label, "this kind of PEM block is not read");
	if (!form && whole)
		return pem->form->read(
		    pem->reading, as, der); /* for its own words on what is wrong */
	if (form && (!pem->form || strcmp(form->name, pem->form->name))) {
		snprintf(note, sizeof note, "%s %s under the label %s",
		    strchr("aeoAEO", form->name[0]) ? "an" : "a", form->name, as->label);
		as->note = rmt_note_join(as->note, note, joined);
	}
	if (whole && !strcmp(as->label, "TRUSTED CERTIFICATE"))
		der.length = whole; /* OpenSSL's trust settings stand behind it */
	return rmt_read_der(pem->reading, as, der);
}

static int
block_end(struct pem *pem, const char *note)
{
	struct rmt_object as = *pem->as;
	struct rmt_err err = { 0 };
	char joined[256];

	pem->inside = false;
	as.line = pem->begin;
	as.label = pem->name;
	as.note = rmt_note_join(as.note, note, joined);
	if (pem->label->treatment == SKIP) {
		pem->reading->skipped++;
		return 0;
	}
	if (pem->label->treatment == NAME)
		return rmt_reading_unsupported(
		    pem->reading, &as, pem->label->name, pem->label->note);
	if (pem->oversize) {
		rmt_err_set(&err, RMT_INPUT, NULL,
		    "the %s block is larger than the %zu bytes that are accepted", pem->name,
		    pem->cap);
		return block_fault(pem, pem->begin, &err);
	}
	if (pem->encrypted)
		return read_traditional(pem, &as);
	rmt_buf_clear(&pem->text->der);
	if (rmt_base64_decode(rmt_buf_view(&pem->text->body), &pem->text->der, &err))
		return block_fault(pem, line_of_bad_base64(pem), &err);
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
	    !pem->encrypted && pem->label->treatment == READ) {
		rmt_buf_clear(&pem->text->der);
		if (!rmt_base64_decode(rmt_buf_view(&pem->text->body), &pem->text->der, &err) &&
		    rmt_der_extent(rmt_buf_view(&pem->text->der)) == pem->text->der.length)
			return block_end(pem, "its END line is missing");
		rmt_err_clear(&err);
	}
	rmt_err_set(
	    &err, RMT_INPUT, NULL, "the %s block that begins here has no END line", pem->name);
	return block_fault(pem, pem->begin, &err);
}

static int block_line(struct pem *pem, struct rmt_span line, bool whole);

static bool
is_secret(const char *label)
{
	static const char suffix[] = "PRIVATE KEY";
	size_t length = strlen(label);

	return length >= sizeof suffix - 1 && !strcmp(label + length - (sizeof suffix - 1), suffix);
}

static int
block_begin(struct pem *pem, struct rmt_span rest)
{
	size_t i = 0;

	while (i < sizeof labels / sizeof labels[0] && strcmp(labels[i].text, pem->name))
		i++;
	pem->label = i < sizeof labels / sizeof labels[0] ? &labels[i] : &unknown_label;
	pem->form = pem->label->treatment == READ ? rmt_form_named(pem->label->name) : NULL;
	pem->cap = pem->form ? pem->form->cap : 0;
	if (pem->cap < RMT_CAP_CONTAINER && (!pem->form || pem->form->read == rmt_read_certificate))
		pem->cap = RMT_CAP_CONTAINER; /* it may turn out to be a container */
	pem->text = is_secret(pem->name) ? &pem->secret : &pem->plain;
	pem->inside = true;
	pem->begin = pem->line;
	pem->body_line = 0;
	pem->headers = pem->encrypted = pem->oversize = false;
	pem->bare = false;
	rmt_buf_clear(&pem->header);
	rmt_buf_clear(&pem->text->body);
	rest = trim(rest);
	return rest.length ? block_line(pem, rest, true) : 0;
}

/* Header lines (RFC 1421, 4.6) before the body: true when the line was one. */
static bool
header_line(struct pem *pem, struct rmt_span line)
{
	if (pem->body_line || (!pem->headers && !memchr(line.at, ':', line.length)))
		return false;
	pem->headers = line.length > 0;
	if (pem->header.length + line.length < LINE_MAX_BYTES) {
		rmt_buf_span(&pem->header, line);
		if (line.length)
			rmt_buf_byte(&pem->header, '\n');
	}
	if (starts_with(line, "Proc-Type:", 10) && memmem(line.at, line.length, "ENCRYPTED", 9))
		pem->encrypted = true;
	return true;
}

/* A line within a block that is no marker. */
static int
block_line(struct pem *pem, struct rmt_span line, bool whole)
{
	struct rmt_buf *body = &pem->text->body;
	const unsigned char *close;
	char label[LABEL_MAX + 1];
	struct rmt_span end, rest;

	if (!pem->body_line && line.length && header_line(pem, line))
		return 0;
	if (!pem->body_line && !line.length) {
		pem->headers = false;
		return 0;
	}
	if (!pem->body_line)
		pem->body_line = pem->line;
	close = memchr(line.at, '-', line.length);
	if (close) { /* the END of a block on one line */
		end = rmt_span_of(close, line.length - (size_t)(close - line.at));
		if (marker(end, "-----END ", label, &rest))
			line.length -= end.length;
		else
			close = NULL;
	}
	if (pem->oversize || body->length + line.length > pem->cap / 2 * 3)
		pem->oversize = true;
	else
		rmt_buf_span(body, line);
	if (whole && !pem->oversize)
		rmt_buf_byte(body, '\n');
	return close ? block_end(pem, NULL) : 0;
}

/* ---- bare base64 ---- */

static int
bare_end(struct pem *pem, const char *note)
{
	struct rmt_object as = *pem->as;
	struct rmt_err ignored = { 0 };
	char joined[256];

	if (!pem->bare || pem->plain.body.length < BARE_MIN)
		return 0;
	pem->bare = false;
	rmt_buf_clear(&pem->plain.der);
	if (rmt_base64_decode(rmt_buf_view(&pem->plain.body), &pem->plain.der, &ignored) ||
	    !rmt_form_of(rmt_buf_view(&pem->plain.der)))
		return 0; /* it only looked so */
	as.container = "base64";
	as.line = pem->bare_begin;
	as.note = rmt_note_join(as.note, note, joined);
	return rmt_read_der(pem->reading, &as, rmt_buf_view(&pem->plain.der));
}

static void
bare_line(struct pem *pem, struct rmt_span line, bool whole)
{
	struct rmt_buf *body = &pem->plain.body;

	if (!line.length)
		return;
	if (!is_base64(line) || body->length + line.length > RMT_CAP_CONTAINER / 3 * 4) {
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
end_line(struct pem *pem, const char *label)
{
	struct rmt_err err = { 0 };
	char note[128];
	size_t before = pem->reading->objects + pem->reading->faults;
	int rc;

	if (pem->inside && !strcmp(label, pem->name))
		return block_end(pem, NULL);
	if (pem->inside && pem->reading->reader->mode != RMT_STRICT) {
		snprintf(note, sizeof note, "its END line says %s", label);
		return block_end(pem, note);
	}
	if (pem->inside) {
		pem->inside = false;
		rmt_err_set(&err, RMT_INPUT, NULL,
		    "the %s block that begins on line %zu ends as %s", pem->name, pem->begin,
		    label);
		return block_fault(pem, pem->line, &err);
	}
	rc = bare_end(pem, "base64 without a BEGIN line");
	if (rc || pem->reading->objects + pem->reading->faults > before)
		return rc;
	rmt_err_set(&err, RMT_INPUT, NULL, "END %s without a BEGIN line", label);
	return block_fault(pem, pem->line, &err);
}

static int
text_line(struct pem *pem, struct rmt_span line, bool whole)
{
	struct rmt_span rest;
	char label[LABEL_MAX + 1];
	int rc = 0;

	if (pem->line == 1 && starts_with(line, "\357\273\277", 3))
		line = rmt_span_of(line.at + 3, line.length - 3);
	line = trim(line);
	if (line.length > 10 && line.at[0] == '-') {
		if (marker(line, "-----BEGIN ", label, &rest)) {
			if (pem->inside)
				rc = block_unfinished(pem);
			if (rc)
				return rc;
			memcpy(pem->name, label, sizeof label);
			return block_begin(pem, rest);
		}
		if (marker(line, "-----END ", label, &rest))
			return end_line(pem, label);
	}
	if (pem->inside)
		return block_line(pem, line, whole);
	if (pem->bare)
		bare_line(pem, line, whole);
	return 0;
}

static void
pem_free(struct pem *pem)
{
	rmt_buf_free(&pem->plain.body);
	rmt_buf_free(&pem->plain.der);
	rmt_buf_free(&pem->secret.body);
	rmt_buf_free(&pem->secret.der);
	rmt_buf_free(&pem->header);
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
	while (!rc && (got = rmt_stream_line(stream, LINE_MAX_BYTES, &line, &whole, err)) > 0) {
		pem.line = rmt_stream_line_number(stream);
		rc = text_line(&pem, line, whole);
		if (!rc && pem.text)
			rc = rmt_buf_check(&pem.text->body, err);
	}
	if (!rc && got < 0)
		rc = -1;
	if (!rc && pem.inside)
		rc = block_unfinished(&pem);
	else if (!rc)
		rc = bare_end(&pem, "base64 without a BEGIN line");
	pem_free(&pem);
	return rc;
}
