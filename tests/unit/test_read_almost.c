/* SPDX-License-Identifier: Apache-2.0 */
/* What is almost right: each kind of damage is put right with a note that names it, or is one fault
 * that says what to do. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test_read.h"

/* ---- the text of a PEM file ---- */

typedef void change_fn(const char *pem, struct rmt_buf *out);

static void
dashes_of_a_word_processor(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "-----", "\342\200\224\342\200\224-", out);
}

static void
dashes_of_windows(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "-----", "\227\226", out);
}

static void
a_dash_missing(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, pem + 1);
}

static void
a_dash_too_many(const char *pem, struct rmt_buf *out)
{
	rmt_buf_format(out, "-%s", pem);
}

static void
dashes_missing_behind(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "CERTIFICATE-----", "CERTIFICATE", out);
}

static void
no_dashes(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "-----", "", out);
}

static void
blanks_around_the_label(const char *pem, struct rmt_buf *out)
{
	struct rmt_buf half = { 0 };

	text_replace(pem, "BEGIN CERTIFICATE", " BEGIN CERTIFICATE ", &half);
	text_replace(rmt_buf_string(&half), "END CERTIFICATE", " END CERTIFICATE ", out);
	rmt_buf_free(&half);
}

static void
quoted_printable(const char *pem, struct rmt_buf *out)
{
	struct rmt_buf half = { 0 };

	text_replace(pem, "=", "=3D", &half); /* the body has padding; see below */
	for (size_t i = 0; i < half.length; i++) {
		if (i % 50 == 49 && half.bytes[i] != '\n' && half.bytes[i - 1] != '=' && i > 60 &&
		    i + 60 < half.length)
			rmt_buf_text(out, "=\r\n");
		rmt_buf_byte(out, half.bytes[i]);
	}
	rmt_buf_free(&half);
}

static void
quoted_in_a_mail(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "> ");
	text_replace(pem, "\n", "\n> ", out);
}

static void
in_json(const char *pem, struct rmt_buf *out)
{
	struct rmt_buf half = { 0 };

	text_replace(pem, "\n", "\\n", &half);
	rmt_buf_text(out, "{\"name\": \"x\", \"cert\": \"");
	text_replace(rmt_buf_string(&half), "/", "\\/", out);
	rmt_buf_text(out, "\"}\n");
	rmt_buf_free(&half);
}

static void
in_json_with_line_ends_of_windows(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "\"cert\": \"");
	text_replace(pem, "\n", "\\r\\n", out);
	rmt_buf_text(out, "\"\n");
}

static void
two_in_one_string(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "chain: \"");
	text_replace(pem, "\n", "\\n", out);
	text_replace(pem, "\n", "\\n", out);
	rmt_buf_text(out, "\"\n");
}

static void
in_source_code(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "\tchar *pem = \"");
	text_replace(pem, "\n", "\\n\"\n\t    \"", out);
	rmt_buf_text(out, "\";\n");
}

static void
in_yaml(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "tls:\n  certificate: |\n    ");
	text_replace(pem, "\n", "\n    ", out);
}

static void
in_xml(const char *pem, struct rmt_buf *out)
{
	rmt_buf_format(
	    out, "<?xml version=\"1.0\"?>\n<cert>%.*s</cert>\n", (int)strlen(pem) - 1, pem);
}

static void
on_one_line_with_blanks(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", " ", out);
}

static void
two_without_a_line_between(const char *pem, struct rmt_buf *out)
{
	rmt_buf_append(out, pem, strlen(pem) - 1);
	rmt_buf_text(out, pem);
}

static void
no_break_blanks(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", "\302\240\n\302\240", out);
}

static void
zero_width_blanks(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", "\342\200\213\n", out);
}

static void
as_a_form_sends_it(const char *pem, struct rmt_buf *out)
{
	struct rmt_buf half = { 0 };

	text_replace(pem, "+", "%2B", &half);
	text_replace(rmt_buf_string(&half), "/", "%2F", out);
	rmt_buf_free(&half);
}

static void
in_a_web_page(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "<p>");
	text_replace(pem, "\n", "<br>\n", out);
}

static void
with_entities(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "+", "&#43;", out);
}

static void
a_text_dump_before(const char *pem, struct rmt_buf *out)
{
	rmt_buf_format(out,
	    "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number: 4097\n%s",
	    pem);
}

static const struct {
	const char *sentence;
	change_fn *change;
	const char *wanted, *says;
} changes[] = {
	{ "the dashes of a word processor", dashes_of_a_word_processor, "certificate=leaf@pem:1",
	    "note: its BEGIN line has typographic dashes" },
	{ "the dashes of Windows-1252", dashes_of_windows, "certificate=leaf@pem:1",
	    "note: its BEGIN line has typographic dashes" },
	{ "a dash missing", a_dash_missing, "certificate=leaf@pem:1",
	    "note: its BEGIN line has too few dashes" },
	{ "a dash too many", a_dash_too_many, "certificate=leaf@pem:1",
	    "note: its BEGIN line has too many dashes" },
	{ "no dashes behind the label", dashes_missing_behind, "certificate=leaf@pem:1",
	    "its END line has too few dashes" },
	{ "no dashes at all", no_dashes, "certificate=leaf@pem:1",
	    "note: its BEGIN line has too few dashes" },
	{ "blanks around the label", blanks_around_the_label, "certificate=leaf@pem:1",
	    "note: there are blanks around its label" },
	{ "quoted-printable", quoted_printable, "certificate=leaf@pem:1",
	    "note: quoted-printable as in an e-mail: undone" },
	{ "quoted in a mail", quoted_in_a_mail, "certificate=leaf@pem:1",
	    "note: marks of a quotation" },
	{ "a string of JSON", in_json, "certificate=leaf@pem:1", "note: line ends written as \\n" },
	{ "a string of JSON with CRLF", in_json_with_line_ends_of_windows, "certificate=leaf@pem:1",
	    "note: line ends written as \\n" },
	{ "two in one string", two_in_one_string, "certificate=leaf@pem:1 certificate=leaf@pem:1",
	    NULL },
	{ "a program's source", in_source_code, "certificate=leaf@pem:1",
	    "marks of a quotation or of a program's text" },
	{ "YAML", in_yaml, "certificate=leaf@pem:3", NULL },
	{ "XML", in_xml, "certificate=leaf@pem:2", NULL },
	{ "blanks in place of line ends", on_one_line_with_blanks, "certificate=leaf@pem:1", NULL },
	{ "two without a line end between", two_without_a_line_between,
	    "certificate=leaf@pem:1 certificate=leaf@pem:15", NULL },
	{ "no-break blanks", no_break_blanks, "certificate=leaf@pem:1",
	    "note: invisible characters in it: undone" },
	{ "zero-width blanks", zero_width_blanks, "certificate=leaf@pem:1",
	    "note: invisible characters in it: undone" },
	{ "percent encoding", as_a_form_sends_it, "certificate=leaf@pem:1",
	    "note: percent encoding as in a web form: undone" },
	{ "a web page with line breaks", in_a_web_page, "certificate=leaf@pem:1",
	    "note: HTML in it: undone" },
	{ "entities of HTML", with_entities, "certificate=leaf@pem:1", "note: HTML in it: undone" },
	{ "a text dump before it", a_text_dump_before, "certificate=leaf@pem:5", NULL },
};

/* A certificate whose text has both "+" and "/", and padding, so that every change has something to
 * change. */
static void
text_with_everything(struct rmt_buf *pem)
{
	fixture_read("padded.pem", pem);
	assert_non_null(strchr(rmt_buf_string(pem), '+'));
	assert_non_null(strchr(rmt_buf_string(pem), '/'));
	assert_non_null(strchr(rmt_buf_string(pem), '='));
}

static void
damage_to_the_text_is_undone_and_named(void **state)
{
	struct rmt_buf pem = { 0 }, changed = { 0 };
	struct account account;

	(void)state;
	text_with_everything(&pem);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		rmt_buf_clear(&changed);
		changes[i].change(rmt_buf_string(&pem), &changed);
		account_start(&account, NULL);
		check_account(&account, changes[i].sentence,
		    account_mem(&account, changed.bytes, changed.length), changes[i].wanted,
		    changes[i].says);
		account_end(&account);
	}
	rmt_buf_free(&pem);
	rmt_buf_free(&changed);
}

const struct CMUnitTest read_almost_tests[] = {
	cmocka_unit_test(damage_to_the_text_is_undone_and_named),
};
const size_t read_almost_count = sizeof read_almost_tests / sizeof read_almost_tests[0];
