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

/* ---- requests and answers within signed messages ---- */

#define OID_SIGNED "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_PKI_DATA "\x2b\x06\x01\x05\x05\x07\x0c\x02"
#define OID_PKI_RESPONSE "\x2b\x06\x01\x05\x05\x07\x0c\x03"
#define OID_STATUS "\x2b\x06\x01\x05\x05\x07\x07\x01"

/* SignedData around a content, with one certificate and nobody's signature. */
static void
sign_nothing(const char *type, struct rmt_span content, bool in_pieces, struct rmt_buf *out)
{
	struct rmt_buf leaf = { 0 };
	struct rmt_derw w = { 0 };

	fixture_read("leaf.der", &leaf);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_span_text(OID_SIGNED));
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 3);
	rmt_derw_begin(&w, RMT_DER_SET);
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_span_text(type));
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	if (in_pieces) {
		rmt_derw_begin(&w, RMT_DER_OCTET_STRING | 0x20);
		rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(content.at, 7));
		rmt_derw_value(
		    &w, RMT_DER_OCTET_STRING, rmt_span_of(content.at + 7, content.length - 7));
		rmt_derw_end(&w);
	} else {
		rmt_derw_value(&w, RMT_DER_OCTET_STRING, content);
	}
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_raw(&w, rmt_buf_view(&leaf));
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_SET);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
	rmt_buf_free(&leaf);
}

static void
empty_sequence(struct rmt_derw *w)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_end(w);
}

/* RFC 5272: a request as a tagged one; or the status of one. */
static void
make_pki_data(struct rmt_span request, struct rmt_buf *out)
{
	struct rmt_derw w = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	empty_sequence(&w);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_small(&w, 1);
	rmt_derw_raw(&w, request);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	empty_sequence(&w);
	empty_sequence(&w);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
}

static void
make_pki_response(unsigned status, const char *text, struct rmt_buf *out)
{
	struct rmt_derw w = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 1);
	rmt_derw_oid(&w, rmt_span_text(OID_STATUS));
	rmt_derw_begin(&w, RMT_DER_SET);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, status);
	empty_sequence(&w);
	rmt_derw_value(&w, RMT_DER_UTF8, rmt_span_text(text));
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	empty_sequence(&w);
	empty_sequence(&w);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
}

static void
messages_about_certificates_give_what_is_in_them(void **state)
{
	static const struct {
		const char *sentence, *type;
		int status; /* of an answer; -1 a request within CMC, -2 a bare one */
		bool in_pieces;
		const char *wanted, *says;
	} rows[] = {
		{ "a request within CMC", OID_PKI_DATA, -1, false,
		    "request=leaf@pkcs7 certificate=leaf@pkcs7",
		    "note: the request inside a CMC message" },
		{ "the same in pieces", OID_PKI_DATA, -1, true,
		    "request=leaf@pkcs7 certificate=leaf@pkcs7",
		    "note: the request inside a CMC message" },
		{ "a request signed by the old certificate's key", OID_DATA, -2, false,
		    "request=leaf@pkcs7 certificate=leaf@pkcs7",
		    "note: the request inside a signed message, as for a renewal" },
		{ "a CA's answer that a certificate is issued", OID_PKI_RESPONSE, 0, false,
		    "certificate=leaf@pkcs7", "note: a CA's full answer to a request (\"Why\")" },
		{ "a CA's refusal", OID_PKI_RESPONSE, 2, false,
		    "unsupported=answer of a CA that refused a request@pkcs7 "
		    "certificate=leaf@pkcs7",
		    "Why" },
		{ "a CA that has not decided", OID_PKI_RESPONSE, 3, false,
		    "unsupported=answer of a CA that has not decided yet@pkcs7 "
		    "certificate=leaf@pkcs7",
		    "certreq -retrieve" },
	};
	struct rmt_buf request = { 0 }, content = { 0 }, message = { 0 };
	struct account account;

	(void)state;
	fixture_read("leaf.csr.der", &request);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rmt_buf_free(&content);
		rmt_buf_free(&message);
		if (rows[i].status >= 0)
			make_pki_response((unsigned)rows[i].status, "Why", &content);
		else if (rows[i].status == -1)
			make_pki_data(rmt_buf_view(&request), &content);
		else
			rmt_buf_span(&content, rmt_buf_view(&request));
		sign_nothing(rows[i].type, rmt_buf_view(&content), rows[i].in_pieces, &message);
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, message.bytes, message.length), rows[i].wanted,
		    rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&request);
	rmt_buf_free(&content);
	rmt_buf_free(&message);
}

/* ---- names and pages ---- */

static void
a_name_that_promises_something_else_is_said(void **state)
{
	static const struct {
		const char *file, *name, *says; /* NULL: nothing */
	} rows[] = {
		{ "chain.p7b", "a.pfx", "named like a PFX, but it is a PKCS#7" },
		{ "leaf.pem", "a.p12", "without a private key" },
		{ "leaf.key", "a.pfx", NULL },
		{ "plain-nomac.pfx", "a.p7b", "there may be a private key in it" },
		{ "plain-nomac.pfx", "a.pfx", NULL },
		{ "leaf.pem", "a.key", "there is none in it: it is a certificate" },
		{ "leaf.csr.der", "a.key", "there is none in it: it is a certificate request" },
		{ "leaf.key", "a.key", NULL },
		{ "leaf.csr.pem", "a.cer", "still a request: its CA has to sign it" },
		{ "leaf.pkcs8.der", "a.crt", "keep it from others" },
		{ "leaf.der", "a.csr", "it is a certificate already" },
		{ "leaf.csr.der", "a.req", NULL },
		{ "leaf.pem", "a.pem", NULL },
		{ "leaf.pem", "a", NULL },
	};
	struct rmt_buf bytes = { 0 };
	struct account account;
	struct rmt_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fixture_read(rows[i].file, &bytes);
		account_start(&account, NULL);
		assert_int_equal(
		    rmt_read_mem(&account.reader, rows[i].name, rmt_buf_view(&bytes), &err), 0);
		if (rows[i].says)
			check_account(&account, rows[i].name, "", "", rows[i].says);
		else if (strstr(rmt_buf_string(&account.said), "named like"))
			fail_msg("%s under the name %s: %s", rows[i].file, rows[i].name,
			    rmt_buf_string(&account.said));
		account_end(&account);
	}
	rmt_buf_free(&bytes);
}

static void
a_text_without_a_certificate_says_what_to_do(void **state)
{
	static const struct {
		const char *text, *wanted, *says;
	} rows[] = {
		{ "<html><p>Your certificate request was denied. Your Request Id is 12. The "
		  "disposition "
		  "message is \"Denied by Policy Module\"</p></html>",
		    "unsupported=HTML page@der",
		    "request 12 was denied (Denied by Policy Module)" },
		{ "<HTML>Certificate Pending. Your Request Id is 7.</HTML>",
		    "unsupported=HTML page@der", "request 7 is pending" },
		{ "<!DOCTYPE html><a href=\"certnew.cer?ReqID=31&amp;Enc=b64\">Download</a>",
		    "unsupported=HTML page@der", "certnew.cer?ReqID=31&Enc=b64" },
		{ "<html><title>401 - Unauthorized</title></html>", "unsupported=HTML page@der",
		    "log on" },
		{ "<html><p>hello</p></html>", "unsupported=HTML page@der",
		    "a page was saved in place of the file" },
		{ "Certificate:\n    Data:\n        Version: 3 (0x2)\n",
		    "unsupported=certificate printed as text@der", "export it without -noout" },
		{ "-----BEGIN CERTIFICATE-----\nMIIB...\nAAAA\n-----END CERTIFICATE-----\n",
		    "!input(line 2)", "a part was left out where the dots are: copy it whole" },
		{ "-----BEGIN CERTIFICATE-----\nMIIBMII\n-----END CERTIFICATE-----\n",
		    "!input(line 2)", "take it again from where it came" },
		{ "-----BEGIN CERTIFICATE-----\nMIIBMIIB\n-----END CERTIFICATE-----\n",
		    "!input(line 1, offset 0)", "take it again, whole, from where it came" },
		{ "sk-ssh-ed25519@openssh.com AAAA", "unsupported=OpenSSH public key@der", "SSH" },
		{ "if (strstr(text, \"-----BEGIN CERTIFICATE-----\")) return 1;\n",
		    "!input(offset 0)", "holds no certificate" },
	};
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, NULL);
		check_account(&account, rows[i].text,
		    account_mem(&account, rows[i].text, strlen(rows[i].text)), rows[i].wanted,
		    rows[i].says);
		account_end(&account);
	}
}

const struct CMUnitTest read_almost_tests[] = {
	cmocka_unit_test(messages_about_certificates_give_what_is_in_them),
	cmocka_unit_test(a_name_that_promises_something_else_is_said),
	cmocka_unit_test(a_text_without_a_certificate_says_what_to_do),
	cmocka_unit_test(damage_to_the_text_is_undone_and_named),
};
const size_t read_almost_count = sizeof read_almost_tests / sizeof read_almost_tests[0];
