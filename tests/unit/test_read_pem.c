/* SPDX-License-Identifier: Apache-2.0 */
/* PEM as it is met: the same certificate after what editors, mailers and people do to it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test_read.h"

/* Each takes the PEM text of leaf.pem and writes what became of it. */
typedef void change_fn(const char *pem, struct rmt_buf *out);

void
text_replace(const char *text, const char *from, const char *to, struct rmt_buf *out)
{
	const char *at;

	while ((at = strstr(text, from))) {
		rmt_buf_append(out, text, (size_t)(at - text));
		rmt_buf_text(out, to);
		text = at + strlen(from);
	}
	rmt_buf_text(out, text);
}

static void
crlf(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", "\r\n", out);
}

static void
cr_only(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", "\r", out);
}

static void
byte_order_mark(const char *pem, struct rmt_buf *out)
{
	rmt_buf_format(out, "\357\273\277%s", pem);
}

static void
indented(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "  \t");
	text_replace(pem, "\n", "  \n  \t", out);
}

static void
no_final_newline(const char *pem, struct rmt_buf *out)
{
	rmt_buf_append(out, pem, strlen(pem) - 1);
}

static void
text_around(const char *pem, struct rmt_buf *out)
{
	rmt_buf_format(out, "Dear colleague,\n-- here it is: ----\n%sYours\n", pem);
}

/* ---- base64 of all of it ---- */

static void
put_coded(const char *pem, size_t width, struct rmt_buf *out)
{
	struct rmt_buf coded = { 0 };

	rmt_base64_encode(rmt_span_text(pem), width, "\n", &coded);
	rmt_buf_span(out, rmt_buf_view(&coded));
	rmt_buf_free(&coded);
}

static void
coded(const char *pem, struct rmt_buf *out)
{
	put_coded(pem, 0, out);
}

static void
coded_in_lines(const char *pem, struct rmt_buf *out)
{
	put_coded(pem, 76, out);
}

static void
coded_twice(const char *pem, struct rmt_buf *out)
{
	struct rmt_buf once = { 0 };

	put_coded(pem, 0, &once);
	put_coded(rmt_buf_string(&once), 0, out); /* nobody does that, and its beginning is another */
	rmt_buf_free(&once);
}

static void
secret_in_yaml(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "apiVersion: v1\nkind: Secret\ndata:\n  tls.crt: ");
	put_coded(pem, 0, out);
	rmt_buf_text(out, "\n  ca.crt: ");
	put_coded(pem, 0, out);
	rmt_buf_text(out, "\ntype: kubernetes.io/tls\n");
}

static void
secret_folded(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "data:\n  tls.crt: |\n");
	put_coded(pem, 64, out);
	rmt_buf_text(out, "  other: x\n");
}

static void
secret_in_json(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, "{\"data\":{\"ca.crt\":\"");
	put_coded(pem, 0, out);
	rmt_buf_text(out, "\",\"tls.crt\":\"");
	put_coded(pem, 0, out);
	rmt_buf_text(out, "\"},\"kind\":\"Secret\"}");
}

static void
secret_then_pem(const char *pem, struct rmt_buf *out)
{
	put_coded(pem, 0, out);
	rmt_buf_format(out, "\n%s", pem);
}

static void
secret_of(size_t length, struct rmt_buf *out)
{
	rmt_buf_text(out, "tls.crt: LS0tLS1CRUdJTiB");
	for (size_t i = strlen("LS0tLS1CRUdJTiB"); i < length; i++)
		rmt_buf_byte(out, 'A');
}

static void
secret_of_the_limit(const char *pem, struct rmt_buf *out)
{
	secret_of(4 << 20, out);
	rmt_buf_format(out, "\n%s", pem);
}

static void
secret_above_the_limit(const char *pem, struct rmt_buf *out)
{
	secret_of((4 << 20) + 1, out);
	rmt_buf_format(out, "\n%s", pem);
}

static void
secret_cut(const char *pem, struct rmt_buf *out)
{
	struct rmt_buf whole = { 0 };

	put_coded(pem, 0, &whole);
	rmt_buf_format(out, "tls.crt: %.301s\nrest: 1\n", rmt_buf_string(&whole));
	rmt_buf_free(&whole);
}

static void
blank_lines(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", "\n\n", out);
}

static void
on_one_line(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "\n", "", out);
}

static void
body_on_one_line(const char *pem, struct rmt_buf *out)
{
	const char *body = strchr(pem, '\n') + 1, *end = strstr(pem, "-----END");

	rmt_buf_append(out, pem, (size_t)(body - pem));
	for (; body < end; body++) {
		if (*body != '\n')
			rmt_buf_byte(out, (unsigned char)*body);
	}
	rmt_buf_format(out, "\n%s", end);
}

static void
headers(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "BEGIN CERTIFICATE-----\n",
	    "BEGIN CERTIFICATE-----\nSubject: leaf\n continued\n\n", out);
}

static void
x509_label(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, " CERTIFICATE", " X509 CERTIFICATE", out);
}

static void
request_label(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, " CERTIFICATE", " CERTIFICATE REQUEST", out);
}

static void
unknown_label(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, " CERTIFICATE", " MY DEVICE'S THING", out);
}

static void
no_end(const char *pem, struct rmt_buf *out)
{
	rmt_buf_append(out, pem, (size_t)(strstr(pem, "-----END") - pem));
}

static void
no_end_twice(const char *pem, struct rmt_buf *out)
{
	no_end(pem, out);
	rmt_buf_text(out, pem);
}

static void
another_end(const char *pem, struct rmt_buf *out)
{
	text_replace(pem, "END CERTIFICATE", "END X509 CERTIFICATE", out);
}

static void
no_begin(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, strchr(pem, '\n') + 1);
}

static void
bare(const char *pem, struct rmt_buf *out)
{
	const char *body = strchr(pem, '\n') + 1;

	rmt_buf_append(out, body, (size_t)(strstr(pem, "-----END") - body));
}

static void
utf16(const char *pem, struct rmt_buf *out, const char *mark, bool big)
{
	rmt_buf_append(out, mark, 2);
	for (; *pem; pem++) {
		if (*pem == '\n')
			rmt_buf_append(out, big ? "\0\r" : "\r\0", 2);
		rmt_buf_byte(out, big ? 0 : (unsigned char)*pem);
		rmt_buf_byte(out, big ? (unsigned char)*pem : 0);
	}
}

static void
utf16_little(const char *pem, struct rmt_buf *out)
{
	utf16(pem, out, "\377\376", false);
}

static void
utf16_big(const char *pem, struct rmt_buf *out)
{
	utf16(pem, out, "\376\377", true);
}

static void
utf16_without_mark(const char *pem, struct rmt_buf *out)
{
	utf16(pem, out, "\n", false);
}

static void
html(const char *pem, struct rmt_buf *out)
{
	rmt_buf_format(out, "<html><pre>\n%s</pre></html>\n", pem);
}

static void
trailing_zeros(const char *pem, struct rmt_buf *out)
{
	rmt_buf_text(out, pem);
	rmt_buf_append(out, "\0\0\0\0", 4);
}

static void
long_preamble(const char *pem, struct rmt_buf *out)
{
	for (unsigned i = 0; i < 4000; i++)
		rmt_buf_format(out, "line %u of a long text before the certificate comes\n", i);
	rmt_buf_text(out, pem);
}

static const struct {
	const char *sentence;
	change_fn *change;
	const char *wanted, *says;
} changes[] = {
	{ "CRLF", crlf, "certificate=leaf@pem:1", NULL },
	{ "CR only", cr_only, "certificate=leaf@pem:1", NULL },
	{ "a byte order mark", byte_order_mark, "certificate=leaf@pem:1", NULL },
	{ "indentation and trailing blanks", indented, "certificate=leaf@pem:1", NULL },
	{ "no final newline", no_final_newline, "certificate=leaf@pem:1", NULL },
	{ "text around", text_around, "certificate=leaf@pem:3", NULL },
	{ "blank lines between", blank_lines, "certificate=leaf@pem:1", NULL },
	{ "all on one line", on_one_line, "certificate=leaf@pem:1", NULL },
	{ "the body on one line", body_on_one_line, "certificate=leaf@pem:1", NULL },
	{ "header lines in the block", headers, "certificate=leaf@pem:1", NULL },
	{ "the label X509 CERTIFICATE", x509_label, "certificate=leaf@pem:1",
	    "label: X509 CERTIFICATE" },
	{ "the label of a request", request_label, "certificate=leaf@pem:1",
	    "note: a certificate under the label CERTIFICATE REQUEST" },
	{ "a label nobody knows", unknown_label, "certificate=leaf@pem:1",
	    "note: a certificate under the label MY DEVICE'S THING" },
	{ "no END line", no_end, "certificate=leaf@pem:1", "note: its END line is missing" },
	{ "the next BEGIN in place of END", no_end_twice,
	    "certificate=leaf@pem:1 certificate=leaf@pem:15", "note: its END line is missing" },
	{ "another END", another_end, "certificate=leaf@pem:1",
	    "note: its END line says X509 CERTIFICATE" },
	{ "no BEGIN line", no_begin, "certificate=leaf@base64:1",
	    "note: a base64 body without BEGIN line: accepted as certificate" },
	{ "bare base64", bare, "certificate=leaf@base64:1", "note: a base64 body without BEGIN line: accepted as certificate" },
	{ "base64 of a PEM, as a Kubernetes Secret has it", coded, "certificate=leaf@pem:1", "note: base64 of a PEM: decoded" },
	{ "the same in lines", coded_in_lines, "certificate=leaf@pem:1", "note: base64 of a PEM: decoded" },
	{ "once more is nothing that anybody makes", coded_twice, "!input(offset 0)", "holds no certificate" },
	{ "the values of a Secret in YAML", secret_in_yaml, "certificate=leaf@pem:4 certificate=leaf@pem:5", "note: base64 of a PEM: decoded" },
	{ "a value in lines of its own", secret_folded, "certificate=leaf@pem:3", "note: base64 of a PEM: decoded" },
	{ "the values of a Secret in JSON", secret_in_json, "certificate=leaf@pem:1 certificate=leaf@pem:1", "note: base64 of a PEM: decoded" },
	{ "a PEM behind it", secret_then_pem, "certificate=leaf@pem:1 certificate=leaf@pem:2", "note: base64 of a PEM: decoded" },
	{ "4 MiB of it, which hold nothing", secret_of_the_limit, "certificate=leaf@pem:2", NULL },
	{ "one character more", secret_above_the_limit, "!input(line 1) certificate=leaf@pem:2", "longer than the 4194304 characters" },
	{ "one that was cut", secret_cut, "!input(line 1)", "the base64 of a PEM that begins here cannot be read: it was cut" },
	{ "UTF-16, little-endian", utf16_little, "certificate=leaf@pem:1",
	    "note: UTF-16 text: converted" },
	{ "UTF-16, big-endian", utf16_big, "certificate=leaf@pem:1",
	    "note: UTF-16 text: converted" },
	{ "UTF-16 without its mark", utf16_without_mark, "certificate=leaf@pem:2",
	    "note: UTF-16 text: converted" },
	{ "within a web page", html, "certificate=leaf@pem:2", NULL },
	{ "zeros behind the text", trailing_zeros, "certificate=leaf@pem:1", NULL },
	{ "a long text before", long_preamble, "certificate=leaf@pem:4001", NULL },
};

static void
a_certificate_survives_what_is_done_to_its_text(void **state)
{
	struct rmt_buf pem = { 0 }, changed = { 0 };
	struct account account;

	(void)state;
	fixture_read("leaf.pem", &pem);
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

/* Every label, around the DER of a fixture. */
static void
labels_are_known(void **state)
{
	static const struct {
		const char *label, *file, *wanted, *says;
	} rows[] = {
		{ "CERTIFICATE", "leaf.der", "certificate=leaf@pem:1", NULL },
		{ "CERTIFICATE", "chain.p7b",
		    "certificate=leaf@pem-pkcs7:1 certificate=ca@pem-pkcs7:1",
		    "note: a PKCS#7 container under the label CERTIFICATE" },
		{ "PKCS7", "chain.p7b", "certificate=leaf@pem-pkcs7:1 certificate=ca@pem-pkcs7:1",
		    NULL },
		{ "CMS", "chain.p7b", "certificate=leaf@pem-pkcs7:1 certificate=ca@pem-pkcs7:1",
		    NULL },
		{ "CERTIFICATE REQUEST", "leaf.csr.der", "request=leaf@pem:1", NULL },
		{ "NEW CERTIFICATE REQUEST", "leaf.csr.der", "request=leaf@pem:1", NULL },
		{ "X509 CRL", "crl.der", "crl=ca@pem:1", NULL },
		{ "PRIVATE KEY", "leaf.pkcs8.der", "private-key=leaf@pem:1", NULL },
		{ "PRIVATE KEY", "leaf.pkcs1.der", "private-key=leaf@pem:1", NULL },
		{ "RSA PRIVATE KEY", "leaf.pkcs8.der", "private-key=leaf@pem:1", NULL },
		{ "PRIVATE KEY", "leaf.pbes2.DER", "private-key=@pem:1+encrypted+locked",
		    "note: an encrypted private key under the label PRIVATE KEY" },
		{ "EC PRIVATE KEY", "other.sec1.der", "private-key=other@pem:1", NULL },
		{ "PUBLIC KEY", "leaf.spki.der", "public-key=leaf@pem:1", NULL },
		{ "RSA PUBLIC KEY", "leaf.rsapub.der", "public-key=leaf@pem:1", NULL },
		{ "OCSP RESPONSE", "ocsp.der", "ocsp-response=@pem:1", NULL },
		{ "EC PARAMETERS", "leaf.der", "!input(offset 0)", "nothing but parameters" },
		{ "PKCS12", "plain-nomac.pfx",
		    "certificate=leaf@pem-pkcs12:1 certificate=ca@pem-pkcs12:1 "
		    "private-key=leaf@pem-pkcs12:1",
		    "note: a PFX inside PEM armour, under the label PKCS12" },
		{ "PGP PUBLIC KEY BLOCK", "leaf.der", "unsupported=OpenPGP public key@pem:1",
		    NULL },
		{ "HONEY", "text", "unsupported=HONEY@pem:1",
		    "this kind of PEM block is not read" },
	};
	struct rmt_buf der = { 0 }, pem = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fixture_read(rows[i].file, &der);
		rmt_buf_clear(&pem);
		rmt_buf_format(&pem, "-----BEGIN %s-----\n", rows[i].label);
		rmt_base64_encode(rmt_buf_view(&der), 64, "\n", &pem);
		rmt_buf_format(&pem, "-----END %s-----\n", rows[i].label);
		account_start(&account, NULL);
		check_account(&account, rows[i].label, account_mem(&account, pem.bytes, pem.length),
		    rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&der);
	rmt_buf_free(&pem);
}

/* Texts around "@", which stands for the certificate (15 lines). */
static void
a_broken_block_is_one_fault_with_its_line(void **state)
{
	static const struct {
		const char *sentence, *text, *wanted, *says;
	} rows[] = {
		{ "certtool's text before it, which is no listing of certutil",
		    "X.509 Certificate Information:\n\tVersion: 3\n\tIssuer: CN=ca\n\tSubject: CN=leaf\n@",
		    "certificate=leaf@pem:5", NULL },
		{ "the text of an older certtool", "X.509 certificate info:\n\nX.509 Extensions:\nIssuer: CN=ca\n@",
		    "certificate=leaf@pem:5", NULL },
		{ "a stranger in the body",
		    "@-----BEGIN CERTIFICATE-----\nMIIB\nMI*B\nMIIB\n-----END CERTIFICATE-----\n@",
		    "certificate=leaf@pem:1 !input(line 18) certificate=leaf@pem:21", "base64" },
		{ "padding in the middle",
		    "-----BEGIN CERTIFICATE-----\nMIIB\nMI==\nMIIB\n-----END CERTIFICATE-----\n@",
		    "!input(line 4) certificate=leaf@pem:6", NULL },
		{ "a character short",
		    "-----BEGIN CERTIFICATE-----\nMIIB\nMII\n-----END CERTIFICATE-----\n@",
		    "!input(line 3) certificate=leaf@pem:5", NULL },
		{ "an empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n@",
		    "!input(line 1) certificate=leaf@pem:3", "is empty" },
		{ "a value cut short",
		    "-----BEGIN CERTIFICATE-----\nMIIBMIIC\n-----END CERTIFICATE-----\n@",
		    "!input(line 1, offset 0) certificate=leaf@pem:4", "cut short" },
		{ "a value that is something else",
		    "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n@",
		    "!input(line 1, tbs) certificate=leaf@pem:4", NULL },
		{ "a BEGIN within a block", "-----BEGIN CERTIFICATE-----\nMIIB\n@",
		    "!input(line 1) certificate=leaf@pem:3", "no END line" },
		{ "an END alone", "-----END CERTIFICATE-----\n@",
		    "!input(line 1) certificate=leaf@pem:2", "without a BEGIN line" },
		{ "a file that ends within a block", "@-----BEGIN CERTIFICATE-----\nMIIB\n",
		    "certificate=leaf@pem:1 !input(line 16)", "no END line" },
		{ "an encrypted key without its header's values",
		    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END RSA "
		    "PRIVATE KEY-----\n@",
		    "private-key=@pem:1+encrypted+locked certificate=leaf@pem:6", NULL },
	};
	struct rmt_buf pem = { 0 }, text = { 0 };
	struct account account;

	(void)state;
	fixture_read("leaf.pem", &pem);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rmt_buf_clear(&text);
		text_replace(rows[i].text, "@", rmt_buf_string(&pem), &text);
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, text.bytes, text.length), rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&pem);
	rmt_buf_free(&text);
}

static void
strict_reading_takes_no_almost_right_text(void **state)
{
	static const struct {
		change_fn *change;
		const char *wanted;
	} rows[] = {
		{ no_end, "!input(line 1)" },
		{ another_end, "!input(line 15)" },
		{ crlf, "certificate=leaf@pem:1" },
	};
	struct rmt_buf pem = { 0 }, changed = { 0 };
	struct account account;

	(void)state;
	fixture_read("leaf.pem", &pem);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rmt_buf_clear(&changed);
		rows[i].change(rmt_buf_string(&pem), &changed);
		account_start(&account, NULL);
		account.reader.mode = RMT_STRICT;
		check_account(&account, "strict",
		    account_mem(&account, changed.bytes, changed.length), rows[i].wanted, NULL);
		account_end(&account);
	}
	rmt_buf_free(&pem);
	rmt_buf_free(&changed);
}

const struct CMUnitTest read_pem_tests[] = {
	cmocka_unit_test(a_certificate_survives_what_is_done_to_its_text),
	cmocka_unit_test(labels_are_known),
	cmocka_unit_test(a_broken_block_is_one_fault_with_its_line),
	cmocka_unit_test(strict_reading_takes_no_almost_right_text),
};
const size_t read_pem_count = sizeof read_pem_tests / sizeof read_pem_tests[0];
