/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listings of certutil and certreq's INF: the forms are those of published outputs and of
 * Microsoft's documents; Windows itself is not at hand. "@" stands for a certificate in PEM with
 * serial number 1001.
 */
#include "config.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test_read.h"

#define SERIAL "6100000012abcdef0000000000a2"
#define ENGLISH \
	"\"Issued Request ID\",\"Requester Name\",\"Issued Common Name\",\"Certificate Effective " \
	"Date\"," \
	"\"Certificate Expiration Date\",\"Serial Number\",\"Certificate Template\",\"Request " \
	"Disposition\"," \
	"\"Certificate Hash\"\r\n"
#define ISSUED \
	"\"12\",\"CORP\\web01$\",\"www.corp.example\",\"1/22/2025 5:53 AM\",\"1/22/2027 5:53 " \
	"PM\"," \
	"\"" SERIAL "\",\"1.3.6.1.4.1.311.21.8.1.2 Web\",\"20 -- Issued\"," \
	"\"a1 b2 c3 d4 e5 f6 78 90 12 34 56 78 90 ab cd ef 12 34 56 78\"\r\n"
#define DENIED "\"14\",\"CORP\\web03$\",EMPTY,EMPTY,EMPTY,EMPTY,\"Web\",\"31 -- Denied\",EMPTY\r\n"
#define GERMAN \
	"\"Ausgestellte Anforderungs-ID\";\"Antragstellername\";\"Ablaufdatum des " \
	"Zertifikats\";\"Seriennummer\"\r\n" \
	"\"12\";\"CORP\\M\303\274ller\";\"22.11.2026 05:53\";\"" SERIAL "\"\r\n"
#define FRENCH_STORE \
	"My \"Personnel\"\r\n================ Certificat 0 ================\r\n" \
	"Num\303\251ro de s\303\251rie\302\240: 1a2b3c4d5e\r\n\303\211metteur: CN=Root\r\n " \
	"NotBefore : 13/01/2026 01:00\r\n" \
	" NotAfter : 01/02/2027 01:00\r\nObjet: CN=www.corp.example\r\n" \
	"Hach. cert. (sha1)\302\240: aa bb cc dd ee ff 00 11 22 33 44 55 66 77 88 99 aa bb cc " \
	"dd\r\n"
#define VIEW_SCHEMA \
	"Schema:\r\n  Column Name                   Localized Name                Type    " \
	"MaxLength\r\n" \
	"  ----------------------------  ----------------------------  ------  ---------\r\n" \
	"  RequestID                     Vydan\303\251 ID                   Long    4 -- " \
	"Indexed\r\n" \
	"  SerialNumber                  S\303\251riov\303\251 \304\215\303\255slo               " \
	"String  128 -- Indexed\r\n" \
	"  Request.Disposition           Dispozice                     Long    4 -- Indexed\r\n" \
	"  CertificateTemplate           \305\240ablona                     String  254 -- " \
	"Indexed\r\n" \
	"  RawCertificate                Certifik\303\241t                  Binary  16384\r\n\r\n"
#define VIEW_END \
	"\r\nMaximum Row Index: 1\r\n\r\n1 Rows\r\nCertUtil: -view command completed " \
	"successfully.\r\n"
#define DUMP \
	"X509 Certificate:\r\nVersion: 3\r\nSerial Number: " SERIAL "\r\nSignature Algorithm:\r\n" \
	"    Algorithm ObjectId: 1.2.840.113549.1.1.11 sha256RSA\r\nIssuer:\r\n    CN=Corp " \
	"CA\r\n    DC=corp\r\n" \
	"  Name Hash(sha1): 12\r\n\r\n NotBefore: 1/22/2025 5:53 AM\r\n NotAfter: 1/22/2027 5:53 " \
	"AM\r\n\r\n" \
	"Subject:\r\n    CN=www.corp.example\r\n    O=Corp\r\n\r\nCertificate Extensions: 1\r\n" \
	"    2.5.29.35: Flags = 0, Length = 18\r\n    Authority Key Identifier\r\n        Serial " \
	"Number: 99\r\n" \
	"CertUtil: -dump command completed successfully.\r\n"
#define INF \
	"[Version]\r\nSignature=\"$Windows NT$\"\r\n[NewRequest]\r\nSubject = " \
	"\"CN=www.corp.example, O=Corp\" ; name\r\n" \
	"KeyLength = 2048\r\nExportable = TRUE\r\n[Strings]\r\nsan = \"2.5.29.17\"\r\n" \
	"[EnhancedKeyUsageExtension]\r\nOID=1.3.6.1.5.5.7.3.1\r\n[Extensions]\r\n%san% = " \
	"\"{text}\"\r\n" \
	"_continue_ = \"dns=www.corp.example&\"\r\n_continue_ = \"ipaddress=192.0.2.7\"\r\n" \
	"[RequestAttributes]\r\nCertificateTemplate = WebServer\r\n"

static const struct {
	const char *sentence, *text, *charset, *wanted;
	const char *says; /* all of them, separated by '|' */
} rows[] = {
	{ "certutil -view csv", ENGLISH ISSUED, NULL, "listing=" SERIAL "@certutil:2",
	    "field: request-id=12|field: requester=CORP\\web01$|field: disposition=20 -- Issued|"
	    "field: template=1.3.6.1.4.1.311.21.8.1.2 Web|"
	    "field: thumbprint=a1b2c3d4e5f678901234567890abcdef12345678|"
	    "valid: 2025-01-22T05:53:00Z to 2027-01-22T17:53:00Z" },
	{ "a request that was denied", ENGLISH ISSUED DENIED, NULL,
	    "listing=" SERIAL "@certutil:2 listing=?@certutil:3",
	    "field: disposition=31 -- Denied" },
	{ "certutil's last line",
	    ENGLISH ISSUED "CertUtil: -view command completed successfully.\r\n", NULL,
	    "listing=" SERIAL "@certutil:2", NULL },
	{ "two listings one behind the other", ENGLISH ISSUED ENGLISH ISSUED, NULL,
	    "listing=" SERIAL "@certutil:2 listing=" SERIAL "@certutil:4", NULL },
	{ "UTF-16, as PowerShell writes it", ENGLISH ISSUED, "UTF-16LE",
	    "listing=" SERIAL "@certutil:2", "note: UTF-16 text: converted" },
	{ "headings in German", GERMAN, NULL, "listing=" SERIAL "@certutil:2",
	    "field: request-id=12|field: requester=CORP\\M\303\274ller|valid: ? to "
	    "2026-11-22T05:53:00Z" },
	{ "the code page of the console", GERMAN, "CP850", "listing=" SERIAL "@certutil:2",
	    "field: requester=CORP\\M\303\274ller" },
	{ "the code page of the desktop", GERMAN, "CP1252", "listing=" SERIAL "@certutil:2",
	    "field: requester=CORP\\M\303\274ller" },
	{ "headings in a language that is not known",
	    "\"Vydan\303\251 ID\",\"Jm\303\251no\",\"Platnost do\",\"Platnost "
	    "od\",\"\304\214\303\255slo\",\"Stav\"\r\n"
	    "\"7\",\"CORP\\web\",\"22.11.2026 05:53\",\"22.11.2025 05:53\",\"" SERIAL
	    "\",\"20 -- Vydan\303\275\"\r\n",
	    NULL, "listing=" SERIAL "@certutil:2",
	    "field: request-id=7|field: requester=CORP\\web|valid: 2025-11-22T05:53:00Z to "
	    "2026-11-22T05:53:00Z|"
	    "field: disposition=20 -- Vydan\303\275" },
	{ "PowerShell's Export-Csv",
	    "#TYPE System.Security.Cryptography.X509Certificates.X509Certificate2\r\n"
	    "\"Subject\",\"NotAfter\",\"Thumbprint\",\"SerialNumber\"\r\n"
	    "\"CN=www\",\"2027-01-22 "
	    "05:53:00\",\"A1B2C3D4E5F678901234567890ABCDEF12345678\",\"" SERIAL "\"\r\n",
	    NULL, "listing=" SERIAL "@certutil:3",
	    "field: subject=CN=www|valid: ? to 2027-01-22T05:53:00Z" },
	{ "a byte order mark, and a spreadsheet's first line",
	    "\357\273\277sep=;\r\nSerial Number;Requester Name\r\n" SERIAL ";CORP\\web\r\n", NULL,
	    "listing=" SERIAL "@certutil:3", "field: requester=CORP\\web" },
	{ "marks within a cell",
	    "\"Serial Number\",\"Request Disposition\"\r\n\"" SERIAL
	    "\",\"30 -- \"\"Error\"\", said it\"\r\n",
	    NULL, "listing=" SERIAL "@certutil:2", "field: disposition=30 -- \"Error\", said it" },
	{ "dates of which nobody knows which is the day",
	    "\"Serial Number\",\"Certificate Expiration Date\"\r\n\"" SERIAL
	    "\",\"3/4/2027 05:53\"\r\n",
	    NULL, "listing=" SERIAL "@certutil:2", "field: not-after=3/4/2027 05:53" },
	{ "a row with its certificate",
	    "\"Issued Request ID\",\"Binary Certificate\",\"Request Disposition\",\"Serial "
	    "Number\"\r\n"
	    "\"12\",\"@\",\"21 -- Revoked\",\"1001\"\r\n",
	    NULL, "certificate=leaf@pem:2", "note: revoked, as its row says|field: request-id=12" },
	{ "a row whose serial number has its bytes reversed",
	    "\"Issued Request ID\",\"Binary Certificate\",\"Serial "
	    "Number\"\r\n\"12\",\"@\",\"0110\"\r\n",
	    NULL, "certificate=leaf@pem:2",
	    "note: its row has the serial number with its bytes reversed" },
	{ "a row with the serial number of another",
	    "\"Issued Request ID\",\"Binary Certificate\",\"Serial "
	    "Number\"\r\n\"12\",\"@\",\"77\"\r\n",
	    NULL, "certificate=leaf@pem:2", "note: its row has another serial number: 77" },
	{ "rows of both kinds",
	    "\"Issued Request ID\",\"Binary Certificate\",\"Serial "
	    "Number\"\r\n\"12\",\"@\",\"1001\"\r\n"
	    "\"13\",\"1657 Bytes\",\"" SERIAL "\"\r\n",
	    NULL, "certificate=leaf@pem:2 listing=" SERIAL "@certutil:18", NULL },
	{ "a row that was cut", ENGLISH ISSUED "\"13\",\"CORP", NULL,
	    "listing=" SERIAL "@certutil:2 !input(line 3)", "this row does not end" },
	{ "a row with too few cells", ENGLISH "\"13\",\"x\"\r\n" ISSUED, NULL,
	    "!input(line 2) listing=" SERIAL "@certutil:3", "not as many cells" },
	{ "certutil -view with the certificate, in a language that is not known",
	    VIEW_SCHEMA "\305\230\303\241dek 1:\r\n  Vydan\303\251 ID: 0x2 (2)\r\n  "
			"S\303\251riov\303\251 \304\215\303\255slo: \"1001\"\r\n"
			"  Dispozice: 0x14 (20) -- Issued\r\n  \305\240ablona: \"1.2.3.4.5\" "
			"Web\r\n  Certifik\303\241t:\r\n@" VIEW_END,
	    NULL, "certificate=leaf@pem:10",
	    "field: request-id=2|field: disposition=20 -- Issued|field: template=1.2.3.4.5 Web" },
	{ "certutil -view without it",
	    VIEW_SCHEMA "\305\230\303\241dek 1:\r\n  Vydan\303\251 ID: 0x2 (2)\r\n  "
			"S\303\251riov\303\251 \304\215\303\255slo: \"" SERIAL "\"\r\n"
			"  Certifik\303\241t: EMPTY\r\n" VIEW_END,
	    NULL, "listing=" SERIAL "@certutil:10", "field: request-id=2" },
	{ "certutil -dump", DUMP, NULL, "listing=" SERIAL "@certutil:1",
	    "field: subject=CN=www.corp.example, O=Corp|field: issuer=CN=Corp CA, DC=corp|"
	    "valid: 2025-01-22T05:53:00Z to 2027-01-22T05:53:00Z" },
	{ "certutil -store in French", FRENCH_STORE, NULL, "listing=1a2b3c4d5e@certutil:2",
	    "field: subject=CN=www.corp.example|field: "
	    "thumbprint=aabbccddeeff00112233445566778899aabbccdd|"
	    "valid: 2026-01-13T01:00:00Z to 2027-02-01T01:00:00Z" },
	{ "the same from the console", FRENCH_STORE, "CP850", "listing=1a2b3c4d5e@certutil:2",
	    "field: thumbprint=aabbccddeeff00112233445566778899aabbccdd" },
	{ "certreq's INF", INF, NULL, "request-description=CN=www.corp.example, O=Corp@inf:1",
	    "field: key-length=2048|field: names=dns=www.corp.example&ipaddress=192.0.2.7|"
	    "field: extended-key-usage=1.3.6.1.5.5.7.3.1|field: template=WebServer|note: certreq "
	    "-new" },
	{ "an INF in UTF-16", INF, "UTF-16LE",
	    "request-description=CN=www.corp.example, O=Corp@inf:1",
	    "note: UTF-16 text: converted" },
	{ "an INF that asks for RSASSA-PSS",
	    "[NewRequest]\r\nSubject=CN=x\r\nAlternateSignatureAlgorithm=true\r\n", NULL,
	    "request-description=CN=x@inf:1", "note: it asks for RSASSA-PSS" },
};

/* The text in another charset; UTF-16 gets its mark. */
static void
encode(const char *charset, const struct rmt_buf *text, struct rmt_buf *out)
{
	iconv_t converter = iconv_open(charset, "UTF-8");
	size_t left = text->length, room = 4 * text->length;
	char *in = (char *)text->bytes, *bytes = malloc(room), *to = bytes;

	assert_true(converter != (iconv_t)-1);
	assert_int_equal(iconv(converter, &in, &left, &to, &room), 0);
	iconv_close(converter);
	if (!strcmp(charset, "UTF-16LE"))
		rmt_buf_append(out, "\377\376", 2);
	rmt_buf_append(out, bytes, (size_t)(to - bytes));
	free(bytes);
}

static void
check_all_said(const char *sentence, struct account *account, const char *says)
{
	char *list = says ? strdup(says) : NULL;

	for (char *one = list ? strtok(list, "|") : NULL; one; one = strtok(NULL, "|"))
		check_account(account, sentence, "", "", one);
	free(list);
}

static void
listings_are_read_in_any_language_and_encoding(void **state)
{
	struct rmt_buf pem = { 0 }, crlf = { 0 }, text = { 0 }, encoded = { 0 };
	struct account account;

	(void)state;
	fixture_read("leaf.pem", &pem);
	text_replace(rmt_buf_string(&pem), "\n", "\r\n", &crlf);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rmt_buf_clear(&text);
		rmt_buf_clear(&encoded);
		text_replace(rows[i].text, "@", rmt_buf_string(&crlf), &text);
		if (rows[i].charset)
			encode(rows[i].charset, &text, &encoded);
		else
			rmt_buf_span(&encoded, rmt_buf_view(&text));
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, encoded.bytes, encoded.length), rows[i].wanted, NULL);
		check_all_said(rows[i].sentence, &account, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&pem);
	rmt_buf_free(&crlf);
	rmt_buf_free(&text);
	rmt_buf_free(&encoded);
}

/* certreq reads all of an INF, so one that is cut short would say less than is asked for. */
static void
an_inf_is_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *sentence, *before, *repeated;
		size_t most;
		const char *says;
	} bounds[] = {
		{ "keys", "[NewRequest]\nSubject=CN=x\n", "a=b\n", 511, "more than 512 keys" },
		{ "one value", "[NewRequest]\nSubject=CN=x\na=b\n", "_continue_=\"0123456789abcdef0123456789abcde&\"\n", 8191,
		    "a value of more than 256 KiB" },
		{ "the file", "[NewRequest]\nSubject=CN=x\n", "; 3456789 123456789 123456789 1\n", 32767, "more than 1 MiB" },
		{ "a key", "[NewRequest]\nSubject=CN=x\n", "k", 128, "a key of more than 128 characters" },
	};
	struct rmt_buf text = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
		for (size_t more = 0; more < 2; more++) {
			rmt_buf_clear(&text);
			rmt_buf_text(&text, bounds[i].before);
			for (size_t n = 0; n < bounds[i].most + more; n++)
				rmt_buf_text(&text, bounds[i].repeated);
			rmt_buf_text(&text, i == 3 ? "=v\n" : "");
			account_start(&account, NULL);
			check_account(&account, bounds[i].sentence, account_mem(&account, text.bytes, text.length),
			    more ? "!input()" : "request-description=CN=x@inf:1", more ? bounds[i].says : NULL);
			account_end(&account);
		}
	rmt_buf_free(&text);
}

/* A pile keeps what a row said after the listing is gone. */
static void
a_kept_listing_is_a_deep_copy(void **state)
{
	struct rmt_pile pile = { 0 };
	struct account account;

	(void)state;
	account_start(&account, NULL);
	account.keep = &pile;
	account_mem(&account, ENGLISH ISSUED, sizeof(ENGLISH ISSUED) - 1);
	account_end(&account);
	assert_int_equal(pile.count, 1);
	assert_string_equal(rmt_listing_get(pile.objects[0]->listing, "serial"), SERIAL);
	assert_string_equal(rmt_listing_get(pile.objects[0]->listing, "requester"), "CORP\\web01$");
	assert_null(rmt_listing_get(pile.objects[0]->listing, "issuer"));
	rmt_pile_free(&pile);
}

/* A row may have a mebibyte; what is larger has lost a quotation mark, and is one fault. */
static void
a_row_has_its_bounds(void **state)
{
	static const struct {
		size_t length;
		const char *wanted;
	} lengths[] = {
		{ (1 << 20) - 8, "listing=12@certutil:2" },
		{ (1 << 20) + 100, "!input(line 2)" },
	};
	struct rmt_buf text = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		rmt_buf_clear(&text);
		rmt_buf_text(&text, "Serial Number,Requester Name\n12,");
		while (text.length < lengths[i].length)
			rmt_buf_byte(&text, 'x');
		rmt_buf_byte(&text, '\n');
		account_start(&account, NULL);
		check_account(&account, "a long row",
		    account_mem(&account, text.bytes, text.length), lengths[i].wanted, NULL);
		account_end(&account);
	}
	rmt_buf_free(&text);
}

const struct CMUnitTest read_listing_tests[] = {
	cmocka_unit_test(a_row_has_its_bounds),
	cmocka_unit_test(listings_are_read_in_any_language_and_encoding),
	cmocka_unit_test(an_inf_is_read_whole_or_not_at_all),
		cmocka_unit_test(a_kept_listing_is_a_deep_copy),
};
const size_t read_listing_count = sizeof read_listing_tests / sizeof read_listing_tests[0];
