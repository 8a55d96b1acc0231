/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: how keys and text are laid out, what stands beside certificates, and what a device takes as a passphrase. */
#include "config.h"

#include <stdlib.h>

#include "unit/test_write.h"

/* ---- every control, judged by other programs ---- */

struct row {
	const char *sentence;
	struct rmt_write_options how;
	const char *content;
	int kind;
	bool secret; /* under the passphrase "secret" */
	const char *judge;
};

#define OPENS "openssl pkey -in out -passin pass:secret -noout && ! openssl pkey -in out -passin pass:wrong -noout"
#define PARSED(words) "openssl asn1parse -in out | grep -i '" words "'"
#define NAMES "openssl storeutl -noout -text -certs out | grep Subject: | sed 's/.*CN *= *//' | tr '\\n' '|' | grep -x "

static const struct row rows_laid_out[] = {
	{ "an RSA key as PKCS#1", { .format = "pkcs1" }, .judge = "head -1 out | grep -x -- '-----BEGIN RSA PRIVATE KEY-----' && openssl rsa -in out -check -noout" },
	{ "and its DER", { .format = "pkcs1-der" }, .judge = "openssl asn1parse -inform DER -in out | sed -n 2,3p | grep -c INTEGER | grep -x 2 && openssl rsa -inform DER -in out -check -noout" },
	{ "an EC key as SEC1", { .format = "sec1" }, .kind = KIND_EC, .judge = "head -1 out | grep -x -- '-----BEGIN EC PRIVATE KEY-----' && openssl ec -in out -check -noout" },
	{ "and its DER, too", { .format = "sec1-der" }, .kind = KIND_EC, .judge = "openssl asn1parse -inform DER -in out | sed -n 3p | grep 'OCTET STRING' && openssl ec -inform DER -in out -check -noout" },
	{ "PKCS#8 in DER", { .format = "pkcs8-der" }, .kind = KIND_ED25519, .judge = "openssl pkey -inform DER -in out -noout && openssl asn1parse -inform DER -in out | grep ED25519" },
	{ "PKCS#8 in DER under a passphrase", { .format = "pkcs8-der" }, .kind = KIND_EC, .secret = true,
	  .judge = "openssl pkcs8 -inform DER -in out -passin pass:secret -out plain && openssl asn1parse -inform DER -in out | grep -i scrypt" },
	{ "AES with 192 bits", { .format = "pkcs8", .cipher = "aes-192-cbc" }, .secret = true, .judge = OPENS " && " PARSED("aes-192-cbc") },
	{ "AES with 128 bits", { .format = "pkcs8", .cipher = "aes-128-cbc" }, .secret = true, .judge = OPENS " && " PARSED("aes-128-cbc") },
	{ "triple DES", { .format = "pkcs8", .cipher = "des-ede3-cbc" }, .secret = true, .judge = OPENS " && " PARSED("des-ede3-cbc") },
	{ "PBKDF2 for readers without scrypt, 600,000 times", { .format = "pkcs8", .cipher = "aes-256-cbc", .kdf = "pbkdf2" }, .secret = true,
	  .judge = OPENS " && " PARSED("PBKDF2") " && " PARSED("hmacWithSHA256") " && " PARSED("INTEGER *:0927C0") },
	{ "the key of a PEM file under a named cipher", { .format = "pem", .cipher = "aes-128-cbc", .kdf = "pbkdf2" }, "key leaf", KIND_EC, true,
	  .judge = OPENS " && " PARSED("aes-128-cbc") " && openssl x509 -in out -noout" },
	{ "an old form under AES when that is asked for", { .format = "pkcs1", .cipher = "aes-256-cbc" }, .secret = true,
	  .judge = OPENS " && sed -n 2p out | grep -x 'Proc-Type: 4,ENCRYPTED' && sed -n 3p out | grep -x 'DEK-Info: AES-256-CBC,[0-9A-F]\\{32\\}' && sed -n 4p out | grep -x ''" },
	{ "an old form under triple DES", { .format = "sec1", .cipher = "des-ede3-cbc", .crlf = true }, .kind = KIND_EC, .secret = true,
	  .judge = OPENS " && tr -d '\\r' <out | sed -n 3p | grep -x 'DEK-Info: DES-EDE3-CBC,[0-9A-F]\\{16\\}' && ! sed 's/\\r$/CR/' out | grep -v 'CR$'" },
	{ "the root first", { .format = "pem", .root_first = true }, "leaf intermediates root", .judge = NAMES "'Root|Upper CA|Lower CA|web.example|'" },
	{ "which leaves a key where it is", { .format = "pem", .root_first = true }, "leaf key intermediates", KIND_EC,
	  .judge = NAMES "'Upper CA|Lower CA|web.example|' && grep BEGIN out | sed -n 2p | grep PRIVATE" },
	{ "which also leaves it in front", { .format = "pem", .root_first = true }, "key leaf intermediates", KIND_EC,
	  .judge = NAMES "'Upper CA|Lower CA|web.example|' && head -1 out | grep PRIVATE" },
	{ "nothing between the blocks", { .format = "pem", .separator = "none" }, "leaf root", .judge = "! grep -vE '^(-----|[A-Za-z0-9+/=]+$)' out" },
	{ "an empty line between the blocks", { .format = "pem", .separator = "blank", .crlf = true }, "leaf intermediates",
	  .judge = "test $(tr -d '\\r' <out | grep -cx '') = 2 && head -1 out | grep BEGIN && " NAMES "'web.example|Lower CA|Upper CA|'" },
	{ "who it is before each block", { .format = "pem", .separator = "comment" }, "leaf intermediates key", KIND_EC,
	  .judge = "head -1 out | grep -x '# subject: O=Example, CN=web.example' && grep -x '# issuer: CN=Lower CA' out && grep -x '# serial: 0b' out && "
	           "grep -x '# valid: 2023-11-14T22:13:20Z to 2033-05-18T03:33:20Z' out && grep -x '# private key: EC P-256' out && "
	           NAMES "'web.example|Lower CA|Upper CA|' && openssl pkey -in out -noout" },
	{ "no last line end", { .format = "pem", .no_final_newline = true, .crlf = true }, "leaf",
	  .judge = "test \"$(tail -c 1 out)\" = - && test $(tail -c 1 out | wc -l) = 0 && openssl x509 -in out -noout" },
	{ "UTF-8 with a mark", { .format = "pem", .charset = "utf-8-bom" }, "leaf", .judge = "head -c 3 out | od -An -tx1 | grep -x ' ef bb bf' && tail -c +4 out | openssl x509 -noout" },
	{ "UTF-16 as Windows has it", { .format = "pem", .charset = "utf-16le", .crlf = true }, "leaf key", KIND_EC,
	  .judge = "head -c 2 out | od -An -tx1 | grep -x ' ff fe' && iconv -f UTF-16 -t ASCII out >plain && openssl x509 -in plain -noout && openssl pkey -in plain -noout" },
	{ "one P7B as UTF-16", { .format = "p7b-pem", .charset = "utf-16le" }, .judge = "iconv -f UTF-16 -t ASCII out | openssl pkcs7 -print_certs -noout" },
};

static void
check_laid_out(void **state)
{
	const struct row *row = *state;
	struct rmt_bundle bundle = whole_bundle(row->kind);
	struct rmt_secret *passphrase = row->secret ? rmt_secret_new("secret", 6, NULL) : NULL;
	struct rmt_write_options how = row->how;
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };
	struct words words;

	how.content = words_of(&words, row->content);
	how.passphrase = passphrase;
	if (rmt_write_mem(&bundle, &how, &out, &err))
		fail_msg("%s", err.message);
	put_file("out", rmt_buf_view(&out));
	rmt_buf_free(&out);
	rmt_secret_free(passphrase);
	if (system("openssl version >/dev/null 2>&1"))
		skip();
	assert_int_equal(run(row->judge), 0);
}

/* ---- what does not go together ---- */

struct refusal {
	const char *sentence;
	struct rmt_write_options how;
	const char *content;
	int kind;
	bool secret;
	enum rmt_class class;
	const char *message;
};

static const struct refusal refusals[] = {
	{ "PKCS#1 of an EC key", { .format = "pkcs1" }, NULL, KIND_EC, false, RMT_SECRET, "the key is EC P-256, and PKCS#1 is for RSA keys: write pkcs8" },
	{ "SEC1 of an RSA key", { .format = "sec1-der" }, NULL, KIND_RSA, false, RMT_SECRET, "the key is RSA 2048, and SEC1 is for EC keys" },
	{ "SEC1 of an Ed25519 key", { .format = "sec1" }, NULL, KIND_ED25519, false, RMT_SECRET, "only RSA and EC" },
	{ "an unknown cipher", { .format = "pkcs8", .cipher = "aes-256-gcm" }, NULL, KIND_EC, true, RMT_USAGE, "did you mean aes-256-cbc?" },
	{ "an unknown way to hash", { .format = "pkcs8", .kdf = "bcrypt" }, NULL, KIND_EC, true, RMT_USAGE, "scrypt and pbkdf2 do" },
	{ "a cipher for a PFX", { .format = "pfx", .cipher = "aes-256-cbc" }, NULL, KIND_EC, true, RMT_USAGE, "a pfx is encrypted as its profile says" },
	{ "a cipher where there is no key", { .format = "pem", .cipher = "aes-256-cbc" }, "leaf", KIND_EC, true, RMT_USAGE, "no private key" },
	{ "a cipher for a form that has none", { .format = "sec1-der", .cipher = "aes-256-cbc" }, NULL, KIND_EC, false, RMT_USAGE, "could protect" },
	{ "long lines of an encrypted old form", { .format = "pkcs1", .cipher = "aes-256-cbc", .width = 76 }, NULL, KIND_RSA, true, RMT_USAGE, "only in lines of 64" },
	{ "an order for a P7B", { .format = "p7b", .root_first = true }, NULL, KIND_EC, false, RMT_USAGE, "the order in p7b is not ours" },
	{ "an order for a key", { .format = "pkcs8", .root_first = true }, NULL, KIND_EC, false, RMT_USAGE, "the order in pkcs8 is not ours" },
	{ "comments in DER", { .format = "der", .separator = "comment" }, NULL, KIND_EC, false, RMT_USAGE, "no blocks" },
	{ "an unknown charset", { .format = "pem", .charset = "latin-1" }, NULL, KIND_EC, false, RMT_USAGE, "\"latin-1\" is no charset" },
	{ "a charset for DER", { .format = "der", .charset = "utf-8" }, NULL, KIND_EC, false, RMT_USAGE, "der is no text" },
	{ "a cipher for a JKS", { .format = "jks", .cipher = "aes-256-cbc" }, NULL, KIND_RSA, true, RMT_USAGE, "a jks has a cipher of its own" },
	{ "a profile for a JKS", { .format = "jks", .profile = "modern" }, NULL, KIND_RSA, true, RMT_USAGE, "a jks has no profiles" },
	{ "a profile for a PEM file", { .format = "pem", .profile = "compat" }, NULL, KIND_EC, false, RMT_USAGE, "a pem has no profiles" },
	{ "a name in a PEM file", { .format = "pem", .friendly_name = "x" }, NULL, KIND_EC, false, RMT_USAGE, "no entry in a pem has a name" },
	{ "CR LF in DER", { .format = "der", .crlf = true }, NULL, KIND_EC, false, RMT_USAGE, "der is no text" },
	{ "a width of DER", { .format = "der", .width = 76 }, NULL, KIND_EC, false, RMT_USAGE, "no lines whose width" },
	{ "a last line end of a PFX", { .format = "pfx", .no_final_newline = true }, NULL, KIND_EC, true, RMT_USAGE, "pfx is no text" },
	{ "nothing that stands by itself", { .format = "csr" }, NULL, KIND_EC, false, RMT_USAGE, "nothing to write as csr" },
};

static void
check_refusal(void **state)
{
	const struct refusal *row = *state;
	struct rmt_bundle bundle = whole_bundle(row->kind);
	struct rmt_secret *passphrase = row->secret ? rmt_secret_new("secret", 6, NULL) : NULL;
	struct rmt_write_options how = row->how;
	struct rmt_buf out = { 0 };
	struct rmt_err err = { 0 };
	struct words words;

	how.content = words_of(&words, row->content);
	how.passphrase = passphrase;
	assert_int_equal(rmt_write_mem(&bundle, &how, &out, &err), -1);
	if (!strstr(err.message, row->message))
		fail_msg("refused with: %s", err.message);
	assert_int_equal(err.class, row->class);
	rmt_buf_free(&out);
	rmt_secret_free(passphrase);
}

/* ---- what stands by itself ---- */

struct alone_row {
	const char *sentence, *format;
	bool request, public_key;
	const char *judge;    /* NULL: refused */
	const char *message;
};

static const struct alone_row alone_rows[] = {
	{ "a request in PEM", "csr", true, false, "openssl req -in out -noout -verify -subject | grep 'CN *= *asked.example'", NULL },
	{ "a request in DER", "csr-der", true, false, "openssl req -inform DER -in out -noout -verify", NULL },
	{ "a request in a PEM file", "pem", true, false, "head -1 out | grep -x -- '-----BEGIN CERTIFICATE REQUEST-----'", NULL },
	{ "a public key in PEM", "pem", false, true, "openssl pkey -pubin -in out -noout", NULL },
	{ "a public key in DER", "der", false, true, "openssl pkey -pubin -inform DER -in out -noout", NULL },
	{ "both, one after the other", "pem", true, true, "grep -c BEGIN out | grep -x 2 && openssl req -in out -noout && openssl pkey -pubin -in out -noout", NULL },
	{ "two in DER", "csr-der", true, true, NULL, "csr-der holds one object, not 2" },
	{ "a request in a P7B", "p7b", true, false, NULL, "p7b holds no request" },
	{ "a request in a PFX", "pfx", true, false, NULL, "pfx holds no request" },
};

static void
check_alone(void **state)
{
	const struct alone_row *row = *state;
	struct rmt_buf name = { 0 }, der = { 0 }, out = { 0 };
	struct rmt_secret *passphrase = rmt_secret_new("secret", 6, NULL);
	struct rmt_object objects[2] = { { .type = RMT_OBJECT_REQUEST }, { .type = RMT_OBJECT_PUBLIC_KEY } };
	const struct rmt_object *both[2] = { &objects[0], &objects[1] };
	struct rmt_bundle bundle = { .objects = row->request ? both : both + 1, .object_count = (size_t)row->request + row->public_key };
	struct words words;
	const struct rmt_write_options how = { .format = row->format, .content = words_of(&words, "objects"),
		.passphrase = !strcmp(row->format, "pfx") ? passphrase : NULL };
	struct rmt_request request;
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_name_parse("CN=asked.example", &name, NULL), 0);
	assert_int_equal(rmt_request_build(chain.keys[KIND_EC], "sha256", rmt_buf_view(&name), rmt_span_of(NULL, 0), &der, NULL), 0);
	assert_int_equal(rmt_request_read(&request, rmt_buf_view(&der), NULL), 0);
	objects[0].request = &request;
	objects[0].der = request.der;
	objects[1].spki = rmt_key_spki(chain.keys[KIND_RSA]);
	assert_int_equal(rmt_write_mem(&bundle, &how, &out, &err), row->judge ? 0 : -1);
	if (row->message && !strstr(err.message, row->message))
		fail_msg("refused with: %s", err.message);
	put_file("out", rmt_buf_view(&out));
	if (row->judge && !system("openssl version >/dev/null 2>&1"))
		assert_int_equal(run(row->judge), 0);
	rmt_buf_free(&name);
	rmt_buf_free(&der);
	rmt_buf_free(&out);
	rmt_secret_free(passphrase);
}

/* ---- names that would like to be PEM ---- */

static const char *const hostile[] = {
	"-----BEGIN CERTIFICATE-----",
	"x\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	"x\r-----BEGIN PRIVATE KEY-----\rAAAA",
	"----- END",
	"\xe2\x80\xa8-----BEGIN X-----",
	"\xc3\xbc\xe2\x80\x8b-\xe2\x80\x8b-\xf0\x9f\x94\x91",
	"-\x1b[31m-",
	"A name longer than any reader of lines would take in one piece, made to push what stands at its end to the beginning of a piece of its own, "
	"where five hyphens would begin a block: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-----BEGIN CERTIFICATE-----",
};

/* Every line is a boundary of ours, base64, or a comment that holds no two hyphens, no control character and is short. */
static void
check_text(const char *text, bool ascii)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		for (size_t i = 0; *text == '#' && i < length; i++)
			if ((unsigned char)text[i] < 0x20 || (text[i] == '-' && text[i + 1] == '-') || (ascii && (unsigned char)text[i] > 0x7e) || length > 254)
				fail_msg("in \"%.*s\"", (int)length, text);
		if (*text != '#' && *text != '-' && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != length)
			fail_msg("in \"%.*s\"", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void
check_hostile(void **state)
{
	static const char *const charsets[] = { NULL, "utf-8", "utf-8-bom", "utf-16le" };
	struct rmt_cert *leaf = make_called(*state);
	struct rmt_bundle bundle = { .leaf = leaf };
	struct words words;

	for (size_t i = 0; i < 4; i++) {
		const struct rmt_write_options how = { .format = "pem", .content = words_of(&words, "leaf"), .separator = "comment", .charset = charsets[i] };
		struct rmt_buf out = { 0 };
		struct rmt_err err = { 0 };

		if (rmt_write_mem(&bundle, &how, &out, &err))
			fail_msg("%s", err.message);
		if (i < 2)
			check_text(rmt_buf_string(&out), i == 0);
		rmt_buf_free(&out);
	}
	rmt_cert_free(leaf);
}

/* ---- passphrases ---- */

struct passphrase_row {
	const char *sentence;
	struct rmt_passphrase_rules rules;
	const char *passphrase;
	const char *message; /* NULL: taken */
};

static char ascii[] = "ascii", alphanumeric[] = "alphanumeric", quotes[] = "?\" ", manual[] = "the manual";

static const struct passphrase_row passphrase_rows[] = {
	{ "no rule takes anything", { .min = -1, .max = -1 }, "\xff\xfe any", NULL },
	{ "as long as it may be", { .min = -1, .max = 6 }, "secret", NULL },
	{ "longer than it may be", { .min = -1, .max = 6 }, "secrets", "the target t takes a passphrase of at most 6 characters, and this one has 7" },
	{ "characters are counted, not bytes", { .min = -1, .max = 6 }, "s\xc3\xa9" "cret", NULL },
	{ "as short as it may be", { .min = 6, .max = -1 }, "secret", NULL },
	{ "shorter than it may be", { .min = 6, .max = -1 }, "short", "takes a passphrase of 6 characters or more, and this one has 5" },
	{ "empty where one is wanted", { .min = 1, .max = -1 }, "", "1 characters or more" },
	{ "ASCII", { .min = -1, .max = -1, .characters = ascii }, "~ all of it!", NULL },
	{ "beyond ASCII", { .min = -1, .max = -1, .characters = ascii }, "s\xc3\xa9" "cret", "printable ASCII only, and this one holds another character" },
	{ "a tab is not printable", { .min = -1, .max = -1, .characters = ascii }, "a\tb", "printable ASCII only" },
	{ "letters and digits", { .min = -1, .max = -1, .characters = alphanumeric }, "Secret1", NULL },
	{ "a space among letters and digits", { .min = -1, .max = -1, .characters = alphanumeric }, "Secret 1", "letters and digits of ASCII only" },
	{ "a character that is left out", { .min = -1, .max = -1, .without = quotes }, "why?", "any character other than ?\" , and" },
	{ "bytes that are no text", { .min = -1, .max = -1, .characters = ascii }, "\xff", "printable ASCII only" },
	{ "the source is named", { .min = 9, .max = -1, .source = manual }, "short", "9 characters" },
};

static void
check_passphrase(void **state)
{
	const struct passphrase_row *row = *state;
	static char name[] = "t", file_name[] = "a.pfx", format[] = "pfx";
	struct rmt_deploy_file file = { .name = file_name, .format = format };
	struct rmt_target target = { .name = name, .passphrase = row->rules, .files = &file, .file_count = 1 };
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct rmt_secret *passphrase = rmt_secret_new(row->passphrase, strlen(row->passphrase), NULL);
	struct rmt_fileset set = { .count = 0 };
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_passphrase_check(&target, passphrase, &err), row->message ? -1 : 0);
	if (row->message && !strstr(err.message, row->message))
		fail_msg("refused with: %s", err.message);
	assert_int_equal(err.class, row->message ? RMT_SECRET : RMT_NONE);
	assert_string_equal(err.citation, row->message && row->rules.source ? row->rules.source : "");
	if (row->message) {
		assert_int_equal(rmt_write_target(&bundle, &target, passphrase, &set, NULL), -1);
		assert_int_equal(set.count, 0);
	}
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
}

/* A key that the target wants protected is written under the passphrase; its other files say how they are laid out. */
static void
writes_target(void **state)
{
	static char key_name[] = "a.key", key_format[] = "pkcs8", cipher[] = "aes-128-cbc", kdf[] = "pbkdf2";
	static char pem_name[] = "a.pem", pem_format[] = "pem", order[] = "root-first", separator[] = "comment";
	struct words words, chain_words;
	struct rmt_deploy_file files[] = {
		{ .name = key_name, .format = key_format, .content = words_of(&words, "key"), .cipher = cipher, .kdf = kdf },
		{ .name = pem_name, .format = pem_format, .content = words_of(&chain_words, "leaf intermediates"), .order = order, .separator = separator,
		  .no_final_newline = true },
	};
	struct rmt_target target = { .files = files, .file_count = 2 };
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct rmt_secret *passphrase = rmt_secret_new("secret", 6, NULL);
	struct rmt_fileset set = { .count = 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_true(rmt_target_wants_passphrase(&target, true));
	if (rmt_write_target(&bundle, &target, passphrase, &set, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < set.count; i++)
		put_file(set.files[i].name, set.files[i].content);
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
	files[0].cipher = files[0].kdf = NULL;
	assert_false(rmt_target_wants_passphrase(&target, true));
	if (system("openssl version >/dev/null 2>&1"))
		skip();
	assert_int_equal(run("openssl pkey -in a.key -passin pass:secret -noout && openssl asn1parse -in a.key | grep aes-128-cbc && openssl asn1parse -in a.key | "
	                     "grep PBKDF2 && head -1 a.pem | grep -x '# subject: CN=Upper CA' && test \"$(tail -c 1 a.pem)\" = -"), 0);
}

/* ---- file names ---- */

static const struct {
	const char *pattern, *serial, *expected; /* expected NULL: refused */
} name_rows[] = {
	{ "{label}.cer", "0a", "web.example.cer" },
	{ "{n}-{label}-{serial}.cer", "0a", "3-web.example-0a.cer" },
	{ "plain.cer", NULL, "plain.cer" },
	{ "{serial}.cer", NULL, NULL },
	{ "{cn}.cer", "0a", NULL },
	{ "a}.cer", "0a", NULL },
};

static void
names_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
		struct rmt_buf out = { 0 };

		assert_int_equal(rmt_file_name(name_rows[i].pattern, "web.example", name_rows[i].serial, 3, &out, NULL), name_rows[i].expected ? 0 : -1);
		if (name_rows[i].expected)
			assert_string_equal(rmt_buf_string(&out), name_rows[i].expected);
		rmt_buf_free(&out);
	}
}

void
test_write_layout(struct rows *rows)
{
	ADD_TABLE(rows, rows_laid_out, check_laid_out);
	ADD_TABLE(rows, refusals, check_refusal);
	ADD_TABLE(rows, alone_rows, check_alone);
	ADD_TABLE(rows, passphrase_rows, check_passphrase);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		add_row(rows, "a name that would like to be PEM stays a comment", check_hostile, hostile[i]);
	add_row(rows, "a target says how its files are laid out and protected", writes_target, NULL);
	add_row(rows, "the name of a file has a label, a serial number and a number", names_files, NULL);
}
