/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: every container, judged by the openssl program, and what is refused or reads back differently. */
#include "config.h"

#include <stdlib.h>

#include "unit/test_write.h"

/* One container written from the whole bundle. */
struct row {
	const char *sentence, *format, *content, *profile, *passphrase; /* passphrase NULL: none given */
	int kind;
	unsigned width;
	bool crlf;
	const char *label; /* of the bundle */
	const char *friendly_name;
	const char *judge; /* a shell command over the file "out" that must succeed */
};

#define COUNT_CERTS(n) "test $(grep -c 'BEGIN CERTIFICATE' out) = " n
#define PLIST "python3 -c \"import plistlib; p = plistlib.load(open('out', 'rb')); assert "
#define P12 "openssl pkcs12 -in out -passin pass:secret -info "

static const struct row rows_written[] = {
	{ "PEM holds the leaf and its chain", "pem", NULL, .judge = "openssl x509 -in out -noout -subject | grep web.example && " COUNT_CERTS("3") },
	{ "PEM holds what is named, in that order", "pem", "key leaf intermediates root", .kind = KIND_EC,
	  .judge = "head -1 out | grep -x -- '-----BEGIN PRIVATE KEY-----' && openssl pkey -in out -noout && " COUNT_CERTS("4") },
	{ "PEM goes leaf first, each certificate before its issuer", "pem", "leaf intermediates root",
	  .judge = "openssl storeutl -noout -text -certs out | grep Subject: | sed 's/.*CN *= *//' | tr '\\n' '|' | "
	           "grep -x 'web.example|Lower CA|Upper CA|Root|'" },
	{ "PEM is plain ASCII with lines of 64", "pem", "leaf key", .judge = "! LC_ALL=C grep '[^ -~]' out && awk 'length > 64 { exit 1 }' out" },
	{ "PEM has the line ends that are asked for", "pem", "leaf key", .crlf = true,
	  .judge = "openssl x509 -in out -noout && openssl pkey -in out -noout && ! sed 's/\\r$/CR/' out | grep -v 'CR$'" },
	{ "PEM has the width that is asked for", "pem", "leaf key", .width = 76,
	  .judge = "openssl x509 -in out -noout && openssl pkey -in out -noout && awk 'length > m { m = length } END { exit m != 76 }' out" },
	{ "PEM protects a key by the passphrase", "pem", "leaf key", .passphrase = "secret",
	  .judge = "grep 'BEGIN ENCRYPTED PRIVATE KEY' out && openssl pkey -in out -passin pass:secret -noout && "
	           "! openssl pkey -in out -passin pass:wrong -noout" },
	{ "DER holds one certificate", "der", NULL, .judge = "openssl x509 -inform DER -in out -noout -serial | grep '=0A$'" },
	{ "DER holds the root when it is named", "der", "root", .judge = "openssl x509 -inform DER -in out -noout -subject | grep Root" },
	{ "DER holds a key by itself", "der", "key", .judge = "openssl pkey -inform DER -in out -noout" },
	{ "PKCS#7 holds the chain", "p7b", "leaf intermediates root",
	  .judge = "test $(openssl pkcs7 -inform DER -in out -print_certs | grep -c '^subject=') = 4" },
	{ "PKCS#7 stands in the order that DER wants", "p7b", "root intermediates leaf", .kind = KIND_EC,
	  .judge = "openssl cms -cmsout -inform DER -in out -outform DER -out again && cmp out again" },
	{ "PKCS#7 in PEM", "p7b-pem", NULL, .judge = "head -1 out | grep -x -- '-----BEGIN PKCS7-----' && "
	  "test $(openssl pkcs7 -in out -print_certs | grep -c '^subject=') = 3" },
	{ "PKCS#12 modern is AES-256 under SHA-256", "pfx", NULL, NULL, "secret",
	  .judge = P12 "-noout 2>&1 | tee info && grep 'MAC: sha256, Iteration 200000' info && "
	           "test $(grep -c 'PBES2, PBKDF2, AES-256-CBC, Iteration 200000, PRF hmacWithSHA256' info) = 2" },
	{ "PKCS#12 compat is triple DES under SHA-1", "pfx", NULL, "compat", "secret",
	  .judge = P12 "-noout 2>&1 | tee info && grep 'MAC: sha1, Iteration 10000' info && "
	           "test $(grep -c 'pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000' info) = 2" },
	{ "PKCS#12 legacy is RC2 for the certificates", "pfx", NULL, "legacy", "secret",
	  .judge = P12 "-legacy -noout 2>&1 | tee info && grep 'pbeWithSHA1And40BitRC2-CBC, Iteration 2048' info && "
	           "grep 'Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC' info" },
	{ "the rest still works after PKCS#12 legacy", "pfx", NULL, "modern", "secret", KIND_EC, .judge = P12 "-noout" },
	{ "PKCS#12 ties the key to its certificate", "pfx", NULL, NULL, "secret", .label = "the web server",
	  .judge = P12 "-nodes 2>&1 | tee info && test $(grep -c 'friendlyName: the web server' info) = 2 && "
	           "test $(grep localKeyID info | sort -u | wc -l) = 1 && test $(grep -c localKeyID info) = 2" },
	{ "PKCS#12 takes the name that is stated", "pfx", NULL, NULL, "secret", .label = "label", .friendly_name = "stated",
	  .judge = P12 "-nokeys | grep 'friendlyName: stated'" },
	{ "PKCS#12 takes a name beyond ASCII", "pfx", NULL, NULL, "secret", .label = "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x94\x91", .judge = P12 "-noout" },
	{ "PKCS#12 escapes what is hidden in a name", "pfx", NULL, NULL, "secret", .label = "a\x1b[31m\xff", .judge = P12 "-nokeys | grep -F 'friendlyName: a\\x1b[31m\\xff'" },
	{ "PKCS#12 falls back on the leaf's own name", "pfx", NULL, NULL, "secret", .judge = P12 "-nokeys | grep 'friendlyName: web.example'" },
	{ "PKCS#12 without a key", "pfx", "leaf intermediates", NULL, "secret",
	  .judge = P12 "-nokeys > certs && test $(grep -c BEGIN certs) = 3 && ! grep localKeyID certs" },
	{ "PKCS#12 with an empty passphrase that was stated", "pfx", NULL, NULL, "", .judge = "openssl pkcs12 -in out -passin pass: -noout" },
	{ "PKCS#12 with a passphrase beyond ASCII", "pfx", NULL, NULL, "p\xc3\xa4ss", .judge = "openssl pkcs12 -in out -passin 'pass:p\xc3\xa4ss' -noout" },
	{ "PKCS#12 of an Ed25519 key", "pfx", NULL, NULL, "secret", KIND_ED25519, .judge = P12 "-noout" },
	{ "a trust store in PKCS#12 says of each certificate that it is trusted", "pfx-trust", NULL, NULL, "secret",
	  .judge = P12 "-nokeys >certs && test $(grep -c BEGIN certs) = 3 && test $(grep -c -e 2.16.840.1.113894.746875.1.1 -e 'Trusted key usage (Oracle)' certs) = 3 && "
	           "grep 'friendlyName: Lower CA' certs && grep 'friendlyName: Root' certs" },
	{ "a trust store tells certificates of one name apart", "pfx-trust", "root intermediates", NULL, "secret", .friendly_name = "ours",
	  .judge = P12 "-nokeys >certs && test $(grep -cx ' *friendlyName: ours-[0-9a-f]\\{8\\}' certs) = 3 && "
	           "test $(grep friendlyName certs | sort -u | wc -l) = 3" },
	{ "a JKS trust store has an entry for each certificate, and no key", "jks-trust", "root intermediates", NULL, "secret",
	  .judge = "test \"$(od -An -tx1 -N12 out | tr -d ' ')\" = feedfeed0000000200000003" },
	{ "a profile holds the CAs as payloads", "mobileconfig", "intermediates root",
	  .judge = PLIST "[x['PayloadType'] for x in p['PayloadContent']] == 2 * ['com.apple.security.pkcs1'] + ['com.apple.security.root']; "
	           "assert p['PayloadType'] == 'Configuration' and p['PayloadIdentifier'] == 'remint.trust.Root'\"" },
	{ "a profile's UUIDs differ, and are in the form of RFC 9562", "mobileconfig", "intermediates root",
	  .judge = "sed -n 's/.*<string>\\([0-9A-F]\\{8\\}-[0-9A-F]\\{4\\}-5[0-9A-F]\\{3\\}-[89AB][0-9A-F]\\{3\\}-[0-9A-F]\\{12\\}\\)<.*/\\1/p' out | sort -u >uuids && "
	           "test $(grep -c . uuids) = 4" },
	{ "a profile's key is a PKCS#12 whose passphrase is not in it", "mobileconfig", NULL, NULL, "secret",
	  .judge = PLIST "p['PayloadContent'][0]['PayloadType'] == 'com.apple.security.pkcs12' and 'secret' not in str(p); "
	           "open('p12', 'wb').write(p['PayloadContent'][0]['PayloadContent'])\" && openssl pkcs12 -in p12 -passin pass:secret -noout" },
	{ "a profile's text is escaped", "mobileconfig", "leaf root", .label = "<A&B> \"it's\" \xc3\xbc \xef\xbf\xbe",
	  .judge = PLIST "p['PayloadDisplayName'] == '<A&B> \\\"it\\'s\\\" \xc3\xbc \\\\\\\\u{fffe}'\"" },
	{ "a key by itself", "pkcs8", NULL, .judge = "head -1 out | grep -x -- '-----BEGIN PRIVATE KEY-----' && openssl rsa -in out -check -noout" },
	{ "a key under scrypt", "pkcs8", NULL, NULL, "secret", KIND_EC,
	  .judge = "openssl pkey -in out -passin pass:secret -noout && openssl asn1parse -in out | grep -i scrypt" },
	{ "an RSA key in its old form", "traditional", NULL, .judge = "head -1 out | grep -x -- '-----BEGIN RSA PRIVATE KEY-----' && "
	  "openssl rsa -in out -check -noout" },
	{ "an EC key in its old form", "traditional", NULL, .kind = KIND_EC, .judge = "head -1 out | grep -x -- '-----BEGIN EC PRIVATE KEY-----' && "
	  "openssl ec -in out -check -noout" },
};

static void
check_written(void **state)
{
	const struct row *row = *state;
	struct rmt_bundle bundle = whole_bundle(row->kind);
	struct rmt_secret *passphrase = row->passphrase ? rmt_secret_new(row->passphrase, strlen(row->passphrase), NULL) : NULL;
	struct words words;
	const struct rmt_write_options options = {
		.format = row->format, .content = words_of(&words, row->content), .profile = row->profile, .passphrase = passphrase,
		.width = row->width, .crlf = row->crlf, .friendly_name = row->friendly_name,
	};
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };

	bundle.label = row->label;
	if (rmt_write_mem(&bundle, &options, &out, &err))
		fail_msg("%s", err.message);
	put_file("out", rmt_buf_view(&out));
	rmt_buf_free(&out);
	rmt_secret_free(passphrase);
	if (system("openssl version >/dev/null 2>&1"))
		skip();
	assert_int_equal(run(row->judge), 0);
}

/* ---- refusals ---- */

enum { WITHOUT_LEAF = 1, WITHOUT_ROOT = 2, WITHOUT_KEY = 4, OTHER_KEY = 8, WITHOUT_CHAIN = 16 };

struct refusal {
	const char *sentence, *format, *content, *profile, *passphrase;
	unsigned bundle;
	enum rmt_class class;
	const char *message;
	int kind;
};

static const struct refusal refusals[] = {
	{ "an unknown container", "p12", NULL, NULL, NULL, 0, RMT_USAGE, "no container format \"p12\"", 0 },
	{ "a container that is nearly known", "der.", NULL, NULL, NULL, 0, RMT_USAGE, "did you mean \"der\"?", 0 },
	{ "unknown content", "pem", "leaf chain", NULL, NULL, 0, RMT_USAGE, "\"chain\" is no content", 0 },
	{ "a root that is not at hand", "pem", "leaf root", NULL, NULL, WITHOUT_ROOT, RMT_INPUT, "the root certificate is wanted", 0 },
	{ "a certificate that is not at hand", "der", "leaf", NULL, NULL, WITHOUT_LEAF, RMT_INPUT, "the certificate itself is wanted", 0 },
	{ "a key that is not at hand", "pkcs8", NULL, NULL, NULL, WITHOUT_KEY, RMT_SECRET, "the private key is wanted", 0 },
	{ "a key of another certificate", "pem", "leaf key", NULL, NULL, OTHER_KEY, RMT_SECRET, "does not belong", 0 },
	{ "a key in PKCS#7", "p7b", "leaf key", NULL, NULL, 0, RMT_USAGE, "p7b holds no private key", 0 },
	{ "a key in a trust store", "pfx-trust", "root key", NULL, "secret", 0, RMT_USAGE, "holds no private key", 0 },
	{ "a trust store without a passphrase", "jks-trust", NULL, NULL, NULL, 0, RMT_SECRET, "six characters", 0 },
	{ "a key in a profile without a passphrase", "mobileconfig", NULL, NULL, NULL, 0, RMT_SECRET, "needs a passphrase", 0 },
	{ "a key in a profile without its certificate", "mobileconfig", "key root", NULL, "secret", 0, RMT_USAGE, "stands with its certificate", 0 },
	{ "two certificates in DER", "der", "leaf intermediates", NULL, NULL, 0, RMT_USAGE, "holds one object, not 3", 0 },
	{ "a certificate beside a key in a key file", "pkcs8", "leaf key", NULL, NULL, 0, RMT_USAGE, "holds one object", 0 },
	{ "a certificate instead of a key", "pkcs8", "leaf", NULL, NULL, 0, RMT_USAGE, "holds a private key and nothing else", 0 },
	{ "nothing", "pem", "intermediates", NULL, NULL, WITHOUT_CHAIN, RMT_USAGE, "nothing to write", 0 },
	{ "PKCS#12 without a passphrase", "pfx", NULL, NULL, NULL, 0, RMT_SECRET, "needs a passphrase", 0 },
	{ "an unknown profile", "pfx", NULL, "moderm", "secret", 0, RMT_USAGE, "did you mean \"modern\"?", 0 },
	{ "a passphrase for a form that cannot be protected", "pkcs1-der", NULL, NULL, "secret", 0, RMT_SECRET, "cannot be protected", 0 },
	{ "a passphrase for a form that is protected badly, without saying so", "traditional", NULL, NULL, "secret", 0, RMT_SECRET, "hashed but once", 0 },
	{ "a passphrase for a key in DER", "der", "key", NULL, "secret", 0, RMT_SECRET, "cannot be protected", 0 },
	{ "an old form that a kind of key does not have", "traditional", NULL, NULL, NULL, 0, RMT_SECRET, "only RSA and EC", KIND_ED25519 },
};

static void
check_refusal(void **state)
{
	const struct refusal *row = *state;
	struct rmt_bundle bundle = whole_bundle(row->kind);
	struct rmt_secret *passphrase = row->passphrase ? rmt_secret_new(row->passphrase, strlen(row->passphrase), NULL) : NULL;
	struct words words;
	const struct rmt_write_options options = {
		.format = row->format, .content = words_of(&words, row->content), .profile = row->profile, .passphrase = passphrase,
	};
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };

	if (row->bundle & WITHOUT_LEAF)
		bundle.leaf = NULL;
	if (row->bundle & WITHOUT_ROOT)
		bundle.root = NULL;
	if (row->bundle & (WITHOUT_KEY | OTHER_KEY))
		bundle.key = row->bundle & OTHER_KEY ? chain.keys[KIND_EC] : NULL;
	if (row->bundle & WITHOUT_CHAIN)
		bundle.intermediate_count = 0;
	assert_int_equal(rmt_write_mem(&bundle, &options, &out, &err), -1);
	if (!strstr(err.message, row->message))
		fail_msg("refused with: %s", err.message);
	assert_int_equal(err.class, row->class);
	assert_int_equal(out.length, 0);
	rmt_buf_free(&out);
	rmt_secret_free(passphrase);
}

/* ---- reading back ---- */

/* What is read back against other parts than were written. */
struct mismatch {
	const char *sentence;
	const char *written, *expected; /* content lists of a PEM file */
	bool ordered;
	const char *friendly_name;
	size_t cut; /* bytes taken from the end */
	const char *message; /* NULL: they agree */
};

static const struct mismatch mismatches[] = {
	{ "what was written reads back", "leaf intermediates key", "leaf intermediates key", true, NULL, 0, NULL },
	{ "another order where order counts is found", "leaf intermediates", "intermediates leaf", true, NULL, 0, "not written there" },
	{ "another order where order does not count is none", "leaf intermediates", "intermediates leaf", false, NULL, 0, NULL },
	{ "a certificate too few is found", "leaf", "leaf root", true, NULL, 0, "1 objects instead of 2" },
	{ "a certificate too many is found", "leaf root", "leaf", true, NULL, 0, "object 2 is a certificate" },
	{ "another certificate is found", "root", "leaf", true, NULL, 0, "object 1 is a certificate" },
	{ "a key instead of a certificate is found", "key", "leaf", true, NULL, 0, "object 1 is a private-key" },
	{ "a cut file is found", "leaf", "leaf", true, NULL, 40, "read back" },
	{ "a friendly name that was lost is found", "leaf", "leaf", true, "web", 0, "friendly name" },
};

static void
check_mismatch(void **state)
{
	const struct mismatch *row = *state;
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct words words, expected_words;
	const struct rmt_write_options options = { .format = "pem", .content = words_of(&words, row->written) };
	const struct rmt_write_options expected = { .format = "pem", .content = words_of(&expected_words, row->expected) };
	struct rmt_parts parts = { 0 };
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	assert_int_equal(rmt_write_mem(&bundle, &options, &out, NULL), 0);
	assert_int_equal(rmt_parts_choose(&parts, &bundle, &expected, NULL), 0);
	out.length -= row->cut;
	rc = rmt_readback(rmt_buf_view(&out), &parts, row->ordered, NULL, row->friendly_name, &err);
	assert_int_equal(rc, row->message ? -1 : 0);
	if (row->message && !strstr(err.message, row->message))
		fail_msg("found: %s", err.message);
	rmt_parts_clear(&parts);
	rmt_buf_free(&out);
}

/* A chain that holds a certificate twice is written with it once. */
static void
writes_each_once(void **state)
{
	const struct rmt_cert *twice[] = { chain.intermediates[0], chain.intermediates[0], chain.leaves[KIND_EC], chain.root };
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct words words;
	const struct rmt_write_options options = { .format = "pem", .content = words_of(&words, "leaf intermediates root") };
	struct rmt_parts parts = { 0 };

	(void)state;
	bundle.intermediates = twice;
	bundle.intermediate_count = 4;
	assert_int_equal(rmt_parts_choose(&parts, &bundle, &options, NULL), 0);
	assert_int_equal(parts.count, 3);
	assert_ptr_equal(parts.list[0].cert, chain.leaves[KIND_EC]);
	assert_ptr_equal(parts.list[1].cert, chain.intermediates[0]);
	assert_ptr_equal(parts.list[2].cert, chain.root);
	rmt_parts_clear(&parts);
}

/* A certificate that a reader would not list as trusted is none in a trust store. */
static void
finds_what_is_not_trusted(void **state)
{
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct rmt_secret *passphrase = rmt_secret_new("secret", 6, NULL);
	struct words words;
	struct rmt_write_options options = { .format = "pfx", .content = words_of(&words, "root"), .passphrase = passphrase };
	struct rmt_parts parts;
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_write_mem(&bundle, &options, &out, NULL), 0);
	options.format = "pfx-trust";
	assert_int_equal(rmt_parts_choose(&parts, &bundle, &options, NULL), 0);
	assert_int_equal(rmt_readback(rmt_buf_view(&out), &parts, false, passphrase, NULL, &err), -1);
	assert_non_null(strstr(err.message, "not written there"));
	rmt_parts_clear(&parts);
	rmt_buf_free(&out);
	rmt_secret_free(passphrase);
}

static void
repeats_a_profile(void **state)
{
	const struct rmt_write_options options = { .format = "mobileconfig", .content = { (char *[]){ (char[]){ "root" } }, 1 } };
	struct rmt_bundle one = whole_bundle(KIND_EC), other = whole_bundle(KIND_RSA);
	struct rmt_buf first = { 0 }, second = { 0 };

	(void)state;
	other.label = "another host";
	assert_int_equal(rmt_write_mem(&one, &options, &first, NULL), 0);
	assert_int_equal(rmt_write_mem(&other, &options, &second, NULL), 0);
	assert_string_equal(rmt_buf_string(&first), rmt_buf_string(&second));
	rmt_buf_free(&first);
	rmt_buf_free(&second);
}

static void
keeps_keys_wiped(void **state)
{
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct rmt_buf key = { 0 }, cert = { 0 };

	(void)state;
	assert_int_equal(rmt_write_mem(&bundle, &(struct rmt_write_options){ .format = "pkcs8" }, &key, NULL), 0);
	assert_int_equal(rmt_write_mem(&bundle, &(struct rmt_write_options){ .format = "der" }, &cert, NULL), 0);
	assert_true(key.secret);
	assert_false(cert.secret);
	rmt_buf_free(&key);
	rmt_buf_free(&cert);
}

static void
writes_one_object(void **state)
{
	struct rmt_buf out = { 0 };

	(void)state;
	rmt_pem("X509 CRL", rmt_span_of("abcdefg", 7), 8, true, &out);
	assert_string_equal(rmt_buf_string(&out), "-----BEGIN X509 CRL-----\r\nYWJjZGVm\r\nZw==\r\n-----END X509 CRL-----\r\n");
	rmt_buf_free(&out);
}

/* docs/formats.md, "What is written": a row for each format, and no other. */
static void
is_documented(void **state)
{
	struct rmt_buf page = { 0 }, row = { 0 };
	const struct rmt_format *formats;
	size_t count, rows = 0;
	char *section, *end;

	(void)state;
	formats = rmt_formats(&count);
	assert_int_equal(rmt_file_read(SRCDIR "/docs/formats.md", 1 << 20, &page, NULL), 0);
	section = strstr(rmt_buf_string(&page), "\n## What is written\n");
	assert_non_null(section);
	end = strstr(section + 1, "\n## ");
	assert_non_null(end);
	*end = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct rmt_format *format = &formats[i];

		rmt_buf_clear(&row);
		rmt_buf_format(&row, "\n| `%s` | %s | `%s` | %s | %s | %s | %s |\n", format->name, format->title, format->suffix,
		    format->holds_key ? "yes" : "no", format->holds_many ? "yes" : "no",
		    format->keystore      ? "always"
		    : format->seals_key   ? "for the key"
		    : format->takes_passphrase ? "yes"
		                          : "no",
		    format->usual);
		if (!strstr(section, rmt_buf_string(&row)))
			fail_msg("docs/formats.md lacks this row:%s", rmt_buf_string(&row));
	}
	for (char *at = section; (at = strstr(at, "\n| `")); at++)
		rows++;
	assert_int_equal(rows, count);
	rmt_buf_free(&page);
	rmt_buf_free(&row);
}

void
test_write_formats(struct rows *rows)
{
	ADD_TABLE(rows, rows_written, check_written);
	ADD_TABLE(rows, refusals, check_refusal);
	ADD_TABLE(rows, mismatches, check_mismatch);
	add_row(rows, "a certificate that occurs twice in a chain is written once", writes_each_once, NULL);
	add_row(rows, "what is not marked as trusted is none in a trust store", finds_what_is_not_trusted, NULL);
	add_row(rows, "the same CAs give the same profile, whatever the host", repeats_a_profile, NULL);
	add_row(rows, "what holds a key is wiped when it is freed", keeps_keys_wiped, NULL);
	add_row(rows, "one object in PEM with another width and line end", writes_one_object, NULL);
	add_row(rows, "every format stands in docs/formats.md as the table has it", is_documented, NULL);
}
