/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/device.c - what is typed or pasted on a device that makes its own key: the words of a target's request.on_device with
 * their marks filled in, and the file that goes with them.
 *
 * The words are of three kinds, and a value is filled in only as far as its place is safe. A line that begins with # is to be
 * read: it may hold any text, made harmless as in a runbook. Between quotation marks stands what sh, cmd and PowerShell leave
 * alone there; elsewhere what each of them, and the prompt of an appliance, takes for plain words. What does not fit becomes a
 * word in angle brackets, and stands at the head, where it can be read. A line about what the request has not is left out, and
 * a line about what it has several of comes several times.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "write/local.h"

/* ---- what each mark stands for ----
 *
 * To add one: its name in rmt_request_marks (policy/check.c), a row in marks[], its line in remint-target(5). Each function appends
 * the n-th value and answers whether there is one.
 */

static bool
nth_attribute(const struct rmt_request_terms *terms, const char *attribute, size_t n, struct rmt_buf *out)
{
	const struct rmt_oid *wanted = rmt_oid_named(attribute);
	struct rmt_name_cursor cursor;
	struct rmt_attribute at;

	if (!terms->subject.length || !wanted || rmt_name_start(terms->subject, &cursor, NULL))
		return false;
	while (rmt_name_next(&cursor, &at, NULL) == 1) {
		if (!rmt_span_equal(at.oid, wanted->der) || n--)
			continue;
		rmt_string_utf8(at.tag, at.value, out);
		return true;
	}
	return false;
}

static bool
nth_name(const struct rmt_request_terms *terms, const char *type, size_t n, struct rmt_buf *out)
{
	for (size_t i = 0; i < terms->names.count; i++) {
		struct rmt_buf value = { 0 };
		struct rmt_span is;
		bool found;

		rmt_terms_name(terms->names.items[i], &is, &value);
		found = rmt_span_equal(is, rmt_span_text(type)) && !n--;
		if (found)
			rmt_buf_span(out, rmt_buf_view(&value));
		rmt_buf_free(&value);
		if (found)
			return true;
	}
	return false;
}

static bool
put_label(const struct rmt_request_terms *terms, const char *detail, size_t n, struct rmt_buf *out)
{
	char label[65];

	(void)detail;
	rmt_terms_label(terms, label);
	rmt_buf_text(out, label);
	return !n;
}

static bool
put_subject(const struct rmt_request_terms *terms, const char *detail, size_t n, struct rmt_buf *out)
{
	(void)detail;
	if (n || !terms->subject.length)
		return false;
	rmt_name_text(terms->subject, out);
	return true;
}

/* "DNS:a,IP:192.0.2.1", as openssl, keytool and several devices write them. */
static bool
put_names(const struct rmt_request_terms *terms, const char *detail, size_t n, struct rmt_buf *out)
{
	static const char *const words[][2] = { { "dns", "DNS" }, { "ip", "IP" }, { "email", "email" }, { "uri", "URI" } };
	const char *between = "";

	(void)detail;
	for (size_t i = 0; !n && i < terms->names.count; i++) {
		struct rmt_buf value = { 0 };
		struct rmt_span type;

		rmt_terms_name(terms->names.items[i], &type, &value);
		for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
			if (rmt_span_equal(type, rmt_span_text(words[k][0]))) {
				rmt_buf_format(out, "%s%s:%s", between, words[k][1], rmt_buf_string(&value));
				between = ",";
			}
		rmt_buf_free(&value);
	}
	return *between;
}

static bool
put_hosts(const struct rmt_request_terms *terms, const char *detail, size_t n, struct rmt_buf *out)
{
	struct rmt_buf host = { 0 };
	size_t count = 0;

	(void)detail;
	for (; !n && nth_name(terms, "dns", count, &host); count++) {
		rmt_buf_format(out, "%s%s", count ? "," : "", rmt_buf_string(&host));
		rmt_buf_clear(&host);
	}
	rmt_buf_free(&host);
	return count > 0;
}

static bool
put_bits(const struct rmt_request_terms *terms, const char *kind, size_t n, struct rmt_buf *out)
{
	unsigned bits = rmt_terms_bits(terms, kind);

	if (n || !bits)
		return false;
	rmt_buf_format(out, "%u", bits);
	return true;
}

static bool
put_digest(const struct rmt_request_terms *terms, const char *detail, size_t n, struct rmt_buf *out)
{
	(void)detail;
	rmt_buf_text(out, terms->digest);
	return !n;
}

static const struct mark {
	const char *name;
	bool (*put)(const struct rmt_request_terms *terms, const char *detail, size_t n, struct rmt_buf *out);
	const char *detail, *unfit; /* `unfit` stands where the value cannot */
} marks[] = {
	{ "{cn}", nth_attribute, "CN", "<common name>" },
	{ "{o}", nth_attribute, "O", "<organization>" },
	{ "{ou}", nth_attribute, "OU", "<organizational unit>" },
	{ "{l}", nth_attribute, "L", "<locality>" },
	{ "{st}", nth_attribute, "ST", "<state or province>" },
	{ "{c}", nth_attribute, "C", "<country>" },
	{ "{email}", nth_attribute, "emailAddress", "<e-mail address>" },
	{ "{serial-number}", nth_attribute, "serialNumber", "<serial number>" },
	{ "{subject}", put_subject, NULL, "<subject>" },
	{ "{names}", put_names, NULL, "<alternative names>" },
	{ "{hosts}", put_hosts, NULL, "<host names>" },
	{ "{dns}", nth_name, "dns", "<host name>" },
	{ "{ip}", nth_name, "ip", "<address>" },
	{ "{label}", put_label, NULL, "<name>" },
	{ "{rsa-bits}", put_bits, "rsa", "" },
	{ "{ec-bits}", put_bits, "ec", "" },
	{ "{digest}", put_digest, NULL, "" },
};

static const struct mark *
mark_at(const char *at)
{
	for (size_t i = 0; *at == '{' && i < sizeof(marks) / sizeof(marks[0]); i++)
		if (!strncmp(at, marks[i].name, strlen(marks[i].name)))
			return &marks[i];
	return NULL;
}

/* ---- what may stand where ---- */

enum place { PLACE_READ, PLACE_QUOTED, PLACE_BARE };

/* A letter of any script: no punctuation beyond ASCII, of which PowerShell takes some for quotation marks. */
static bool
is_letter(uint32_t character)
{
	return character >= 0xc0 && character != 0xd7 && character != 0xf7 && !rmt_text_unseen(character) &&
	       !(character >= 0x2000 && character < 0x2e80) && !(character >= 0x3000 && character < 0x3040) &&
	       !(character >= 0xfe10 && character < 0xfe70) && character < 0xff00;
}

/* In quotation marks a backslash is one before a comma, as names have it, and before nothing else. An equals
 * sign is one where it joins two words: zsh looks for a command behind one that begins a word. */
static bool
is_fit(struct rmt_span text, enum place place)
{
	const char *also = place == PLACE_QUOTED ? " ._:/@,-&'()+=;*" : " ._:/@,-=";
	uint32_t character = 0, before = 0;
	size_t length;

	if (!text.length || text.length > 300 || (!isalnum(text.at[0]) && text.at[0] < 0x80) || text.at[text.length - 1] == ' ')
		return false;
	for (; text.length; text = rmt_span_of(text.at + length, text.length - length), before = character) {
		length = rmt_utf8_character(text, &character);
		if (!length || (character == '=' && before < 0x80 && !isalnum((int)before)))
			return false;
		if (character == '\\' && place == PLACE_QUOTED && text.length > 1 && text.at[1] == ',')
			continue;
		if (character > 0x7e ? !is_letter(character) : !isalnum((int)character) && !strchr(also, (int)character))
			return false;
	}
	return true;
}

static void
put_value(const struct mark *mark, enum place place, const struct rmt_buf *value, struct rmt_buf *out)
{
	if (place == PLACE_READ)
		rmt_steps_fact(rmt_buf_string(value), out);
	else if (is_fit(rmt_buf_view(value), place))
		rmt_buf_span(out, rmt_buf_view(value));
	else
		rmt_buf_text(out, mark->unfit);
}

/* ---- filling in ---- */

/* The n-th value, or the only one again beside others that are several. 1 the n-th, 0 the first again, -1 there is none. */
static int
value_of(const struct mark *mark, const struct rmt_request_terms *terms, size_t n, struct rmt_buf *value)
{
	if (mark->put(terms, mark->detail, n, value))
		return 1;
	rmt_buf_clear(value);
	return n && mark->put(terms, mark->detail, 0, value) ? 0 : -1;
}

/* One line, its end included, for the n-th time. False: there is not, or no more, what it speaks of. */
static bool
fill_line(struct rmt_span line, const struct rmt_request_terms *terms, size_t n, struct rmt_buf *out)
{
	bool to_be_read = *line.at == '#', quoted = false, fresh = n == 0;

	while (line.length) {
		const struct mark *mark = mark_at((const char *)line.at);
		size_t length = mark ? strlen(mark->name) : 1;
		struct rmt_buf value = { 0 };
		int found = mark ? value_of(mark, terms, n, &value) : 0;

		if (mark && found >= 0)
			put_value(mark, to_be_read ? PLACE_READ : quoted ? PLACE_QUOTED : PLACE_BARE, &value, out);
		else if (!mark)
			rmt_buf_byte(out, *line.at);
		quoted ^= !mark && *line.at == '"';
		fresh |= found > 0;
		out->failed |= value.failed;
		rmt_buf_free(&value);
		if (found < 0)
			return false;
		line = rmt_span_of(line.at + length, line.length - length);
	}
	return fresh;
}

static void
fill(const char *text, const struct rmt_request_terms *terms, struct rmt_buf *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		bool more = true;

		length += text[length] == '\n';
		for (size_t n = 0; more; n++) {
			struct rmt_buf line = { 0 };

			more = fill_line(rmt_span_of(text, length), terms, n, &line);
			if (more)
				rmt_buf_span(out, rmt_buf_view(&line));
			out->failed |= line.failed;
			rmt_buf_free(&line);
		}
		text += length;
	}
}

/* ---- the words ---- */

static const char usual[] =
    "# As whoever the key belongs to, beside the file {label}.cnf:\n"
    "  umask 077\n"
    "  openssl req -new -config {label}.cnf -newkey rsa:{rsa-bits} -nodes -keyout {label}.key -out {label}.csr\n"
    "  openssl req -new -config {label}.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-{ec-bits} -nodes -keyout {label}.key -out {label}.csr\n";

static const char head[] =
    "#   subject: {subject}\n"
    "#   name: {dns}\n"
    "#   name: {ip}\n";

static const struct form {
	const char *name, *suffix;
	int (*text)(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err);
	int (*write)(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err);
} forms[] = {
	{ "inf", ".inf", rmt_inf_text, rmt_write_inf },
	{ "openssl", ".cnf", rmt_write_cnf, rmt_write_cnf },
};

/* The file that goes with the words of a target, or NULL. */
static const struct form *
form_of(const struct rmt_target *target)
{
	const char *name = target->request.on_device ? target->request.form : "openssl";

	for (size_t i = 0; name && i < sizeof forms / sizeof forms[0]; i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	return NULL;
}

int
rmt_write_on_device(const struct rmt_target *target, const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_text(out, "# Request to be made on: ");
	rmt_steps_fact(target->title, out);
	rmt_buf_byte(out, '\n');
	fill(head, terms, out);
	rmt_buf_format(out, "#   key: %s, signed with %s\n", terms->key, terms->digest);
	rmt_buf_text(out, "# What stands in angle brackets is yours to fill in; quotation marks in these remarks are not part of a value.\n"
	             "# [unconfirmed] behind a step: no document and no measurement at hand says so.\n\n");
	fill(target->request.on_device ? target->request.on_device : usual, terms, out);
	if (out->length && out->bytes[out->length - 1] != '\n')
		rmt_buf_byte(out, '\n');
	return rmt_buf_check(out, err);
}

int
rmt_write_on_device_file(const struct rmt_target *target, const struct rmt_request_terms *terms, struct rmt_device_file *out,
                         struct rmt_err *err)
{
	const struct form *form = form_of(target);
	char label[65];

	if (!form)
		return 0;
	rmt_terms_label(terms, label);
	rmt_buf_format(&out->name, "%s%s", label, form->suffix);
	return rmt_buf_check(&out->name, err) || form->text(terms, &out->text, err) || form->write(terms, &out->bytes, err) ? -1 : 0;
}

void
rmt_device_file_clear(struct rmt_device_file *file)
{
	rmt_buf_free(&file->name);
	rmt_buf_free(&file->text);
	rmt_buf_free(&file->bytes);
}
