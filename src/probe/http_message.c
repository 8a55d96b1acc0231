/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/http_message.c - one request of HTTP/1.1 (RFC 9112) taken apart: bytes in, a verdict out, no
 * socket.
 *
 * Little is understood, and the rest is refused rather than guessed at: GET and POST, a body whose
 * length is said beforehand, no lines that go on in the next. Where a request ends must never be a
 * matter of opinion.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "probe/local.h"

const char *
rmt_http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

static int
refuse(struct rmt_http_message *out, unsigned status)
{
	out->refusal = status;
	out->keep = false;
	return -1;
}

/* The next line without its end, which is CR LF, or LF alone. 1; 0 when its end is not there yet. */
static int
next_line(struct rmt_span *rest, struct rmt_span *line)
{
	const unsigned char *end =
	    rest->length > 0 ? memchr(rest->at, '\n', rest->length) : NULL;

	if (end == NULL)
		return 0;
	*line = rmt_span_of(rest->at, (size_t)(end - rest->at));
	*rest = rmt_span_of(end + 1, rest->length - line->length - 1);
	if (line->length > 0 && line->at[line->length - 1] == '\r')
		line->length--;
	return 1;
}

static bool
has_controls(struct rmt_span line)
{
	for (size_t i = 0; i < line.length; i++)
		if ((line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
			return true;
	return false;
}

static bool
is_word(struct rmt_span text, const char *word)
{
	return text.length == strlen(word) &&
	       strncasecmp((const char *)text.at, word, text.length) == 0;
}

/* ---- the first line ---- */

static struct rmt_span
until_space(struct rmt_span *rest)
{
	const unsigned char *space = rest->length > 0 ? memchr(rest->at, ' ', rest->length) : NULL;
	struct rmt_span word = *rest;

	if (space == NULL) {
		*rest = (struct rmt_span){ NULL, 0 };
		return word;
	}
	word.length = (size_t)(space - rest->at);
	*rest = rmt_span_of(space + 1, rest->length - word.length - 1);
	return word;
}

static int
read_start(struct rmt_span line, struct rmt_http_message *out)
{
	struct rmt_span method = until_space(&line), target = until_space(&line);
	bool minor;

	if (method.length == 0 || target.length == 0 || line.length != 8 ||
	    memchr(target.at, '\t', target.length) != NULL || memcmp(line.at, "HTTP/", 5) != 0)
		return refuse(out, 400);
	if (memcmp(line.at + 5, "1.", 2) != 0 || line.at[7] < '0' || line.at[7] > '9')
		return refuse(out, 505);
	minor = line.at[7] != '0';
	out->keep = minor;
	out->request.post = rmt_span_equal(method, rmt_span_text("POST"));
	if (!out->request.post && !rmt_span_equal(method, rmt_span_text("GET")))
		return refuse(out, 405);
	out->request.target = target;
	return 0;
}

/* ---- the fields ---- */

/* A decimal number of at most nine digits. */
static int
read_length(struct rmt_span text, size_t *length)
{
	size_t value = 0;

	if (text.length == 0 || text.length > 9)
		return -1;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		value = value * 10 + (size_t)(text.at[i] - '0');
	}
	*length = value;
	return 0;
}

struct fields {
	bool length_said;
	size_t length;
};

static int
take_length(struct rmt_span value, struct fields *fields, struct rmt_http_message *out)
{
	size_t length;

	if (read_length(value, &length) < 0)
		return refuse(out, value.length > 9 ? 413 : 400);
	if (fields->length_said && fields->length != length)
		return refuse(out, 400);
	fields->length_said = true;
	fields->length = length;
	return 0;
}

static int
read_field(struct rmt_span line, struct fields *fields, struct rmt_http_message *out)
{
	const unsigned char *colon = memchr(line.at, ':', line.length);
	struct rmt_span name, value;

	if (colon == NULL || colon == line.at || line.at[0] == ' ' || line.at[0] == '\t' ||
	    colon[-1] == ' ' || colon[-1] == '\t')
		return refuse(out, 400);
	name = rmt_span_of(line.at, (size_t)(colon - line.at));
	value = rmt_span_of(colon + 1, line.length - name.length - 1);
	while (value.length > 0 && (value.at[0] == ' ' || value.at[0] == '\t'))
		value = rmt_span_of(value.at + 1, value.length - 1);
	while (value.length > 0 &&
	       (value.at[value.length - 1] == ' ' || value.at[value.length - 1] == '\t'))
		value.length--;
	if (is_word(name, "Content-Length"))
		return take_length(value, fields, out);
	if (is_word(name, "Transfer-Encoding"))
		return refuse(out, 501);
	if (is_word(name, "Connection") && is_word(value, "close"))
		out->keep = false;
	else if (is_word(name, "Connection") && is_word(value, "keep-alive"))
		out->keep = true;
	if (is_word(name, "Expect")) {
		if (!is_word(value, "100-continue"))
			return refuse(out, 417);
		out->expects = true;
	}
	return 0;
}

/* ---- the whole ---- */

/* The lines through the empty one. */
static int
read_head(struct rmt_span *rest, struct fields *fields, struct rmt_http_message *out)
{
	struct rmt_span line;
	int empty = 0;

	do { /* an empty line or two before the first one are forgiven (RFC 9112, 2.2) */
		if (next_line(rest, &line) == 0)
			return 0;
	} while (line.length == 0 && ++empty < 3);
	if (has_controls(line))
		return refuse(out, 400);
	if (read_start(line, out) < 0)
		return -1;
	for (;;) {
		if (next_line(rest, &line) == 0)
			return 0;
		if (line.length == 0)
			return 1;
		if (has_controls(line))
			return refuse(out, 400);
		if (read_field(line, fields, out) < 0)
			return -1;
	}
}

int
rmt_http_read(struct rmt_span bytes, size_t body_most, struct rmt_http_message *out)
{
	struct fields fields = { 0 };
	struct rmt_span rest = bytes;
	size_t head;
	int rc;

	*out = (struct rmt_http_message){ .length = 0 };
	if (rest.length > RMT_HTTP_HEAD_MOST)
		rest.length = RMT_HTTP_HEAD_MOST;
	rc = read_head(&rest, &fields, out);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		out->expects = false;
		return bytes.length >= RMT_HTTP_HEAD_MOST ? refuse(out, 431) : 0;
	}
	head = (size_t)(rest.at - bytes.at);
	if (out->request.post && !fields.length_said)
		return refuse(out, 411);
	if (fields.length > body_most)
		return refuse(out, 413);
	if (bytes.length - head < fields.length)
		return 0;
	out->request.body = rmt_span_of(bytes.at + head, fields.length);
	out->length = head + fields.length;
	return 1;
}
