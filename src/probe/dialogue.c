/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/dialogue.c - runs the steps of a dialect: what is said, and whether a reply goes on,
 * refuses, or is another protocol. Bytes in, bytes out: it knows no socket and no clock.
 *
 * Everything heard is hostile. A line, a reply and the whole conversation are bounded, and nothing
 * may stand behind the reply that lets TLS begin: whoever sits between could have put it there
 * (CVE-2011-0411), and a client that keeps it would take it for something that came encrypted.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "probe/local.h"

enum { LINE_MOST = 4096, HEARD_MOST = 64 << 10, LINES_MOST = 1000, QUOTED_MOST = 100 };

/* ---- faults ---- */

/* What the peer said, short enough for a sentence. */
static void
quote(struct rmt_span text, struct rmt_buf *out)
{
	size_t length = 0;

	while (length < text.length && length < QUOTED_MOST && text.at[length] != '\r' &&
	       text.at[length] != '\n')
		length++;
	rmt_plain_text(rmt_span_of(text.at, length), out);
}

static int
other_protocol(const struct rmt_dialect_step *step, struct rmt_span heard, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };

	quote(heard, &text);
	rmt_err_set(err, RMT_NETWORK, NULL, "does not speak %s: it says \"%s\"", step->speaks,
	    rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

static int
refused(const struct rmt_dialect_step *step, struct rmt_span heard, struct rmt_err *err)
{
	bool last = step[1].say == NULL && step[1].form == RMT_FORM_NONE;
	struct rmt_buf text = { 0 };

	quote(heard, &text);
	rmt_err_set(err, RMT_NETWORK, NULL, "%s: the %s server says \"%s\"",
	    last ? "does not begin TLS" : "refuses to talk", step->speaks, rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

/* ---- pieces of replies ---- */

/* One of the beginnings in `list`, joined by '|'. */
static bool
begins(struct rmt_span line, const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, "|");

		if (line.length >= length && memcmp(line.at, list, length) == 0)
			return true;
		list += length + (list[length] == '|');
	}
	return false;
}

static struct rmt_span
unread(const struct rmt_probe_dialogue *dialogue)
{
	if (dialogue->in.bytes == NULL)
		return (struct rmt_span){ 0 };
	return rmt_span_of(dialogue->in.bytes + dialogue->at, dialogue->in.length - dialogue->at);
}

/* The next line without its end: 1, 0 not whole yet, -1 beyond a bound. */
static int
next_line(struct rmt_probe_dialogue *dialogue, struct rmt_span *line, struct rmt_err *err)
{
	struct rmt_span rest = unread(dialogue);
	const unsigned char *end = rest.length > 0 ? memchr(rest.at, '\n', rest.length) : NULL;
	size_t length = end != NULL ? (size_t)(end - rest.at) : rest.length;

	if (length > LINE_MOST)
		return rmt_err_set(err, RMT_NETWORK, NULL,
		    "a line of its %s reply is longer than %d bytes", dialogue->step->speaks,
		    LINE_MOST);
	if (end == NULL)
		return 0;
	if (++dialogue->lines > LINES_MOST)
		return rmt_err_set(err, RMT_NETWORK, NULL,
		    "its %s reply does not end after %d lines", dialogue->step->speaks, LINES_MOST);
	dialogue->at += length + 1;
	if (length > 0 && rest.at[length - 1] == '\r')
		length--;
	*line = rmt_span_of(rest.at, length);
	return 1;
}

static bool
is_code(struct rmt_span line)
{
	for (size_t i = 0; i < 3; i++)
		if (i >= line.length || line.at[i] < '0' || line.at[i] > '9')
			return false;
	return line.length == 3 || line.at[3] == ' ' || line.at[3] == '-';
}

/* ---- the forms: 1 heard to its end, 0 more is needed, -1 not what was hoped for ---- */

/* "250-STARTTLS" and "250 starttls": in any case (RFC 5321, 2.4). */
static bool
tells(struct rmt_span line, const char *word)
{
	size_t length = strlen(word);

	return line.length >= 4 + length && strncasecmp((const char *)line.at + 4, word, length) == 0 &&
	       (line.length == 4 + length || line.at[4 + length] == ' ');
}

static int
heard_code(struct rmt_probe_dialogue *dialogue, struct rmt_span line, struct rmt_err *err)
{
	const struct rmt_dialect_step *step = dialogue->step;
	bool offered = dialogue->offered;

	memset(dialogue->code, 0, sizeof(dialogue->code));
	dialogue->offered = false;
	if (!begins(line, step->good))
		return refused(step, line, err);
	if (step->offers != NULL && !offered)
		return rmt_err_set(err, RMT_NETWORK, NULL,
		    "does not begin TLS: the %s server offers no %s", step->speaks, step->offers);
	return 1;
}

/* A first line "250-" opens a reply of several; what follows up to "250 " is anything (RFC 959, 4.2
 * allows it). */
static int
hear_code(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	const struct rmt_dialect_step *step = dialogue->step;
	struct rmt_span line;
	int rc;

	while ((rc = next_line(dialogue, &line, err)) == 1) {
		if (dialogue->code[0] == '\0') {
			if (!is_code(line))
				return other_protocol(step, line, err);
			memcpy(dialogue->code, line.at, 3);
		}
		if (is_code(line) && step->offers != NULL && tells(line, step->offers))
			dialogue->offered = true;
		if (!is_code(line) || memcmp(dialogue->code, line.at, 3) != 0 ||
		    (line.length > 3 && line.at[3] == '-'))
			continue;
		return heard_code(dialogue, line, err);
	}
	return rc;
}

static int
hear_line(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	const struct rmt_dialect_step *step = dialogue->step;
	struct rmt_span line;
	int rc;

	while ((rc = next_line(dialogue, &line, err)) == 1) {
		if (begins(line, step->good))
			return 1;
		if (begins(line, step->bad))
			return refused(step, line, err);
		if (!begins(line, step->skip))
			return other_protocol(step, line, err);
	}
	return rc;
}

static const unsigned char *
find(struct rmt_span text, const char *word, size_t length)
{
	return text.length > 0 ? memmem(text.at, text.length, word, length) : NULL;
}

static int
hear_markup(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	const struct rmt_dialect_step *step = dialogue->step;
	struct rmt_span rest = unread(dialogue);
	const unsigned char *good = find(rest, step->good, strlen(step->good)), *end;
	size_t length;

	if (rest.length > 0 && rest.at[0] != '<' && rest.at[0] != ' ' && rest.at[0] != '\n')
		return other_protocol(step, rest, err);
	for (const char *bad = step->bad; *bad != '\0'; bad += length + (bad[length] == '|')) {
		const unsigned char *at;

		length = strcspn(bad, "|");
		at = find(rest, bad, length);
		if (at != NULL && (good == NULL || at < good))
			return refused(step, rest, err);
	}
	if (good == NULL)
		return 0;
	end = find(rmt_span_of(good, (size_t)(rest.at + rest.length - good)), step->until,
	    strlen(step->until));
	if (end == NULL)
		return 0;
	dialogue->at += (size_t)(end - rest.at) + strlen(step->until);
	return 1;
}

static int
hear_letter(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	struct rmt_span rest = unread(dialogue);

	if (rest.length == 0)
		return 0;
	if (begins(rest, dialogue->step->bad))
		return refused(dialogue->step, rest, err);
	if (!begins(rest, dialogue->step->good))
		return other_protocol(dialogue->step, rest, err);
	dialogue->at++;
	return 1;
}

/* RFC 4511, 4.12: LDAPMessage { messageID 1, [APPLICATION 24] { resultCode, ... } } */
static int
read_extended_response(struct rmt_span message, int64_t *result)
{
	struct rmt_der whole, body, response;
	struct rmt_tlv code;
	int64_t id;

	rmt_der_open(&whole, message, &rmt_notes_ignored);
	if (rmt_der_enter(&whole, RMT_DER_SEQUENCE, &body, NULL, NULL) != 0 ||
	    rmt_der_small(&body, &id, NULL, NULL) != 0 ||
	    rmt_der_enter(&body, 0x78, &response, NULL, NULL) != 0 ||
	    rmt_der_read(&response, RMT_DER_ENUMERATED, &code, NULL, NULL) != 0 ||
	    code.value.length != 1)
		return -1;
	*result = code.value.at[0];
	return 0;
}

/* RFC 4511, 4.1.9; what servers answer that have no TLS to offer. */
static const char *
result_name(int64_t result)
{
	static const struct {
		int64_t code;
		const char *name;
	} names[] = { { 1, " (operationsError)" },
		{ 2, " (protocolError: it does not know StartTLS)" },
		{ 8, " (strongerAuthRequired)" }, { 10, " (referral)" },
		{ 52, " (unavailable: it has no certificate)" }, { 53, " (unwillingToPerform)" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == result)
			return names[i].name;
	return "";
}

static int
hear_ldap(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	struct rmt_span rest = unread(dialogue);
	size_t extent = rmt_der_extent(rest);
	int64_t result;

	if (rest.length > 0 && rest.at[0] != RMT_DER_SEQUENCE)
		return other_protocol(dialogue->step, rest, err);
	if (extent == 0)
		return 0;
	if (read_extended_response(rmt_span_of(rest.at, extent), &result) != 0)
		return rmt_err_cite(err, RMT_NETWORK, NULL, "RFC 4511, 4.14.2",
		    "does not answer StartTLS with an LDAP extended response");
	if (result != 0)
		return rmt_err_cite(err, RMT_NETWORK, NULL, "RFC 4511, 4.14.2",
		    "does not begin TLS: the LDAP server answers StartTLS with result code %d%s",
		    (int)result, result_name(result));
	dialogue->at += extent;
	return 1;
}

/* Three bytes of length, a number, then the greeting: version 10, a text, 8 + 1 + 4 bytes, and two
 * of capabilities, of which bit 11 is TLS. */
static int
hear_mysql(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	struct rmt_span rest = unread(dialogue);
	size_t length =
	    rest.length >= 4 ? rest.at[0] | (size_t)rest.at[1] << 8 | (size_t)rest.at[2] << 16 : 0;
	const unsigned char *text_end;

	if (rest.length >= 4 && (length < 20 || length > LINE_MOST || rest.at[3] != 0))
		return other_protocol(dialogue->step, rest, err);
	if (rest.length < 4 || rest.length < length + 4)
		return 0;
	if (rest.at[4] == 0xff)
		return refused(dialogue->step, rmt_span_of(rest.at + 7, length - 3), err);
	text_end = memchr(rest.at + 5, 0, length - 1);
	if (rest.at[4] != 10 || text_end == NULL || text_end + 15 >= rest.at + 4 + length)
		return other_protocol(dialogue->step, rest, err);
	if ((text_end[15] & 0x08) == 0) /* the high byte of the lower capabilities */
		return rmt_err_set(err, RMT_NETWORK, NULL,
		    "does not begin TLS: the MySQL server does not offer it");
	dialogue->at += length + 4;
	return 1;
}

/* TPKT (RFC 2126, 4.2), then a connection confirm with a negotiation response (type 2) or failure
 * (type 3). */
static int
hear_rdp(struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	struct rmt_span rest = unread(dialogue);
	size_t length = rest.length >= 4 ? (size_t)rest.at[2] << 8 | rest.at[3] : 0;

	if (rest.length > 0 && rest.at[0] != 3)
		return other_protocol(dialogue->step, rest, err);
	if (rest.length >= 4 && (length < 11 || length > LINE_MOST))
		return other_protocol(dialogue->step, rest, err);
	if (rest.length < 4 || rest.length < length)
		return 0;
	if (rest.at[5] != 0xd0)
		return other_protocol(dialogue->step, rest, err);
	if (length < 19 || rest.at[11] != 2)
		return rmt_err_set(err, RMT_NETWORK, NULL,
		    "does not begin TLS: the RDP server does not take TLS as its security");
	dialogue->at += length;
	return 1;
}

static int (*const forms[])(struct rmt_probe_dialogue *dialogue, struct rmt_err *err) = {
	[RMT_FORM_CODE] = hear_code,
	[RMT_FORM_LINE] = hear_line,
	[RMT_FORM_MARKUP] = hear_markup,
	[RMT_FORM_LETTER] = hear_letter,
	[RMT_FORM_LDAP] = hear_ldap,
	[RMT_FORM_MYSQL] = hear_mysql,
	[RMT_FORM_RDP] = hear_rdp,
};

/* ---- the conversation ---- */

void
rmt_probe_dialogue_open(
    struct rmt_probe_dialogue *dialogue, const struct rmt_dialect_step *steps, const char *host)
{
	*dialogue = (struct rmt_probe_dialogue){ .step = steps, .host = host };
	while (steps->form == RMT_FORM_NONE && steps->say != NULL)
		steps++;
	dialogue->speaks = steps->speaks;
}

void
rmt_probe_dialogue_close(struct rmt_probe_dialogue *dialogue)
{
	rmt_buf_free(&dialogue->in);
	rmt_buf_free(&dialogue->out);
}

/* {host} is the only place holder; it is LDH text and needs no escape. */
static void
say(struct rmt_probe_dialogue *dialogue)
{
	const struct rmt_dialect_step *step = dialogue->step;
	const char *holder = step->length == 0 ? strstr(step->say, "{host}") : NULL;

	if (holder == NULL) {
		rmt_buf_append(
		    &dialogue->out, step->say, step->length > 0 ? step->length : strlen(step->say));
		return;
	}
	rmt_buf_append(&dialogue->out, step->say, (size_t)(holder - step->say));
	rmt_buf_text(&dialogue->out, dialogue->host);
	rmt_buf_text(&dialogue->out, holder + strlen("{host}"));
}

static int
behind_the_last(const struct rmt_probe_dialogue *dialogue, struct rmt_err *err)
{
	if (unread(dialogue).length == 0)
		return 1;
	return rmt_err_cite(err, RMT_NETWORK, NULL, "CVE-2011-0411",
	    "sends %zu bytes in plain text behind the %s reply that lets TLS begin: someone may "
	    "have put them there",
	    unread(dialogue).length, dialogue->speaks);
}

int
rmt_probe_dialogue_hear(
    struct rmt_probe_dialogue *dialogue, const void *bytes, size_t length, struct rmt_err *err)
{
	int rc = 1;

	if (length > 0)
		rmt_buf_append(&dialogue->in, bytes, length);
	dialogue->heard += length;
	while (rc == 1 && (dialogue->step->say != NULL || dialogue->step->form != RMT_FORM_NONE)) {
		if (dialogue->step->say != NULL)
			say(dialogue);
		else
			rc = forms[dialogue->step->form](dialogue, err);
		if (rc == 1)
			dialogue->step++;
	}
	if (dialogue->in.failed || dialogue->out.failed)
		return rmt_err_memory(err);
	if (rc == 0 && dialogue->heard > HEARD_MOST)
		return rmt_err_set(err, RMT_NETWORK, NULL,
		    "its %s reply does not end after %d bytes", dialogue->step->speaks, HEARD_MOST);
	return rc == 1 ? behind_the_last(dialogue, err) : rc;
}
