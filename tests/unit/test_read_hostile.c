/* SPDX-License-Identifier: Apache-2.0 */
/* Files made to hurt: cut short, endless, nested, enormous, or no certificates at all. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/test_read.h"

/* Cut at every length, and with every byte changed: whatever comes, it comes without a crash, and
 * it is something. */
static void
every_cut_and_every_flip_is_survived(void **state)
{
	static const char *const files[] = { "leaf.pem", "leaf.der", "leaf.csr.der", "crl.der",
		"chain-crl.p7b", "signed.ber", "plain.pfx", "leaf.pbes2.DER", "ocsp.der",
		"other.sec1.der", "leaf.rsapub.der", "ed25519.pkcs8.der" };
	struct rmt_buf whole = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		fixture_read(files[i], &whole);
		for (size_t n = 0; n<whole.length; n += whole.length> 1500 ? 7 : 3) {
			account_start(&account, NULL);
			account.reader.max_iterations = 10000;
			assert_string_not_equal(account_mem(&account, whole.bytes, n), "");
			account_end(&account);
			whole.bytes[n] ^= 0x81;
			account_start(&account, NULL);
			account.reader.max_iterations = 10000;
			assert_string_not_equal(
			    account_mem(&account, whole.bytes, whole.length), "");
			account_end(&account);
			whole.bytes[n] ^= 0x81;
		}
	}
	rmt_buf_free(&whole);
}

/* A header's name, its other fields, and the mark behind 257 bytes. */
#define ZEROS_16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_64 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define TAR "a" ZEROS_64 ZEROS_64 ZEROS_64 ZEROS_64 "ustar\0" "00" ZEROS_16

static void
what_is_none_of_ours_is_named(void **state)
{
	static const struct {
		const char *sentence, *bytes;
		size_t length;
		const char *wanted, *says;
	} rows[] = {
		{ "an empty file", "", 0, "!input(offset 0)", "there is nothing in it" },
		{ "a ZIP", "PK\003\004\0\0", 6, "unsupported=ZIP archive@der", "unpack it first" },
		{ "a tar", TAR, sizeof TAR - 1, "unsupported=tar archive@der", "unpack it first" },
		{ "UTF-16 without content", "\377\376h\0a\0l\0l\0o\0\n\0", 14, "!input(offset 0)", "\"hallo\"" },
		{ "a gzip", "\037\213\010\0\0", 5, "unsupported=gzip archive@der",
		    "unpack it first" },
		{ "a JKS of eight bytes", "\376\355\376\355\0\0\0\002", 8, "!input(offset 0)", "cut short" },
		{ "a JCEKS of nothing", "\316\316\316\316\0\0\0\002\0\0\0\0", 12, "!input(offset 0)", "cut short" },
		{ "a BKS", "\0\0\0\002\0\0\0\024xxxx", 12,
		    "unsupported=Bouncy Castle keystore (BKS)@der", "keytool" },
		{ "a web page", "\n <!doctype HTML><p>", 20, "unsupported=HTML page@der", NULL },
		{ "XML", "<?xml version='1.0'?>", 21, "unsupported=XML document@der", NULL },
		{ "an SSH public key", "ssh-ed25519 AAAA", 16, "unsupported=OpenSSH public key@der",
		    NULL },
		{ "a PDF", "%PDF-1.4\n", 9, "!input(offset 0)", "(starts like a PDF document)" },
		{ "text", "Hello \033[31m world\n", 18, "!input(offset 0)",
		    "(starts like text: \"Hello \")" },
		{ "a word that could be base64", "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJ", 40,
		    "!input(offset 0)", "holds no certificate" },
		{ "zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, "!input(offset 0)",
		    "00 00 00 00" },
		{ "text that begins with a zero", "0123456789 abc\n", 15, "!input(offset 0)",
		    "starts like text" },
		{ "another DER value", "0\003\002\001\001", 5, "!input(offset 0)",
		    "no certificate, key, request or CRL" },
		{ "a DER value with bytes behind", "0\003\002\001\001xx", 7, "!input(offset 0)",
		    NULL },
	};
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, rows[i].bytes, rows[i].length), rows[i].wanted,
		    rows[i].says);
		account_end(&account);
	}
}

static void
bytes_behind_the_end_are_noted(void **state)
{
	static const struct {
		const char *sentence, *first, *second;
		int mode;
		const char *wanted, *says;
	} rows[] = {
		{ "text behind a certificate", "leaf.der", "text", RMT_TOLERANT,
		    "certificate=leaf@der", "note: 5 bytes after its end" },
		{ "the same, strictly", "leaf.der", "text", RMT_STRICT, "!input(certificate)",
		    "bytes after the end" },
		{ "a second certificate", "leaf.der", "ca.der", RMT_TOLERANT,
		    "certificate=leaf@der certificate=ca@der", NULL },
		{ "a key behind its certificate", "leaf.der", "leaf.pkcs8.der", RMT_TOLERANT,
		    "certificate=leaf@der private-key=leaf@der", NULL },
		{ "text behind a container", "chain.p7b", "text", RMT_TOLERANT,
		    "certificate=leaf@pkcs7 certificate=ca@pkcs7", "note: 5 bytes after its end" },
	};
	struct rmt_buf bytes = { 0 }, more = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fixture_read(rows[i].first, &bytes);
		fixture_read(rows[i].second, &more);
		rmt_buf_span(&bytes, rmt_buf_view(&more));
		account_start(&account, NULL);
		account.reader.mode = rows[i].mode;
		check_account(&account, rows[i].sentence,
		    account_mem(&account, bytes.bytes, bytes.length), rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&bytes);
	rmt_buf_free(&more);
}

/* What would take memory or time without end is refused by what it says of itself. */
static void
claims_are_refused_before_they_are_believed(void **state)
{
	static const struct {
		const char *sentence, *bytes;
		size_t length;
		const char *wanted, *says;
	} rows[] = {
		{ "a length of 4 GiB", "0\204\377\377\377\377\060\202", 8, "!input(offset 0)",
		    "4294967301 bytes long" },
		{ "a length of 2^64", "0\210\377\377\377\377\377\377\377\377", 10,
		    "!input(offset 0)", "accepted" },
		{ "a request of 70,000 bytes",
		    "0\203\001\021\160"
		    "0\203\001\020\000"
		    "\002\001\0"
		    "0\0"
		    "0\015"
		    "0\013\006\011*\206H\206\367\015\001\001\001",
		    30, "!input(offset 0)", "at most 65536" },
	};
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, rows[i].bytes, rows[i].length), rows[i].wanted,
		    rows[i].says);
		account_end(&account);
	}
}

/* `depth` SEQUENCEs, one within the other. */
static void
nest(size_t depth, bool indefinite, struct rmt_buf *out)
{
	struct rmt_buf lengths = { 0 };
	size_t total = 0;

	if (indefinite) {
		for (size_t i = 0; i < depth; i++)
			rmt_buf_append(out, "0\200", 2);
		for (size_t i = 0; i < depth; i++)
			rmt_buf_append(out, "\0\0", 2);
		return;
	}
	for (size_t i = 0; i < depth; i++) { /* written backwards */
		for (size_t n = 0; n < 3; n++)
			rmt_buf_byte(&lengths, (unsigned char)(total >> (8 * n)));
		rmt_buf_append(&lengths, "\2030", 2);
		total += 5;
	}
	for (size_t i = lengths.length; i > 0; i--)
		rmt_buf_byte(out, lengths.bytes[i - 1]);
	rmt_buf_free(&lengths);
}

static void
ten_thousand_nested_values_are_refused(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct account account;

	(void)state;
	for (int indefinite = 0; indefinite < 2; indefinite++) {
		rmt_buf_clear(&bytes);
		nest(10000, indefinite, &bytes);
		account_start(&account, NULL);
		check_account(&account, indefinite ? "indefinite" : "definite",
		    account_mem(&account, bytes.bytes, bytes.length), "!input(offset 0)", NULL);
		account_end(&account);
	}
	rmt_buf_free(&bytes);
}

static void
iterations_beyond_the_cap_are_refused_with_their_number(void **state)
{
	static const struct {
		const char *file, *wanted;
	} rows[] = {
		{ "modern.pfx", "!policy()" },
		{ "nomac.pfx",
		    "certificate=leaf@pkcs12 certificate=ca@pkcs12 !policy(safe[1].bag[0], "
		    "encryptionAlgorithm.iterationCount)" },
		{ "leaf.pbes2.DER", "!policy(encryptionAlgorithm.iterationCount)" },
	};
	struct rmt_buf bytes = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fixture_read(rows[i].file, &bytes);
		account_start(&account, "secret");
		account.reader.max_iterations = 2047;
		check_account(&account, rows[i].file,
		    account_mem(&account, bytes.bytes, bytes.length), rows[i].wanted,
		    "hashed 2048 times, and --max-iterations allows 2047");
		account_end(&account);
	}
	rmt_buf_free(&bytes);
}

#define PFX_CERTS(line) "certificate=leaf@pem-pkcs12:" line " certificate=ca@pem-pkcs12:" line
#define PFX(line) PFX_CERTS(line) " private-key=leaf@pem-pkcs12:" line "+encrypted"

/* Of two containers of 2,048 iterations for the MAC, one safe and one key each. */
static void
what_all_of_a_file_costs_is_bounded(void **state)
{
	static const struct {
		const char *sentence, *secrets, *wanted, *says;
		uint64_t most;
	} rows[] = {
		{ "both are within the bound", "secret", PFX("1") " " PFX("3"), NULL, 6 * 2048 },
		{ "the last derivation is one too many", "secret",
		    PFX("1") " " PFX_CERTS("3") " !policy(line 3, safe[1].bag[0])",
		    "hashed 2048 times, after 10240 times for what else is in this file, and "
		    "--max-iterations allows 12287 for all of it", 6 * 2048 - 1 },
		{ "a passphrase that does not fit costs as much", "wrong|secret",
		    PFX("1") " !policy(line 3)", "after 8192 times", 4 * 2048 + 2047 },
	};
	struct rmt_buf der = { 0 }, pem = { 0 };
	struct account account;

	(void)state;
	fixture_read("modern.pfx", &der);
	for (int i = 0; i < 2; i++) {
		rmt_buf_text(&pem, "-----BEGIN PKCS12-----\n");
		rmt_base64_encode(rmt_buf_view(&der), 0, "\n", &pem);
		rmt_buf_text(&pem, "-----END PKCS12-----\n");
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, rows[i].secrets);
		account.reader.max_iterations = rows[i].most;
		account.reader.given = 2;
		check_account(&account, rows[i].sentence,
		    account_mem(&account, pem.bytes, pem.length), rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&der);
	rmt_buf_free(&pem);
}

/* 2,130,706,432 iterations that are allowed are not spent on a passphrase that nobody gave. */
static void
the_empty_passphrase_is_tried_where_it_is_cheap(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	struct account account;

	(void)state;
	assert_int_equal(rmt_file_read(SRCDIR "/tests/fuzz/corpus/read/iterations-2-31.pfx", 4096, &bytes, &err), 0);
	bytes.bytes[bytes.length - 4] = 0x7f; /* OpenSSL knows no 2^31 */
	account_start(&account, NULL);
	account.reader.max_iterations = UINT64_C(1) << 40;
	check_account(&account, "2^31 iterations", account_mem(&account, bytes.bytes, bytes.length),
	    "!secret()", "the empty one was not tried: it would be hashed 2130706432 times");
	account_end(&account);
	rmt_buf_free(&bytes);
}

static void
caps_hold_at_and_above(void **state)
{
	struct rmt_buf pem = { 0 }, body = { 0 };
	struct account account;

	(void)state;
	/* A block of 24 MiB under the label of a certificate, and what follows it. */
	rmt_buf_text(&pem, "-----BEGIN CERTIFICATE-----\n");
	for (size_t i = 0; i < 32 << 14; i++)
		rmt_buf_text(
		    &pem, "MIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMII\n");
	rmt_buf_text(&pem, "-----END CERTIFICATE-----\n");
	fixture_read("leaf.pem", &body);
	rmt_buf_span(&pem, rmt_buf_view(&body));
	account_start(&account, NULL);
	check_account(&account, "a block of 24 MiB", account_mem(&account, pem.bytes, pem.length),
	    "!input(line 1) certificate=leaf@pem:524291", "larger than the 16777216 bytes");
	account_end(&account);
	rmt_buf_free(&pem);
	rmt_buf_free(&body);
}

static void
sources_that_are_no_files_are_refused(void **state)
{
	struct account account;
	char path[600];

	(void)state;
	snprintf(path, sizeof path, "%s", fixture("fifo"));
	assert_int_equal(mkfifo(path, 0600), 0);
	static const struct {
		const char *path, *wanted, *says;
	} rows[] = {
		{ "/dev/zero", " => -1 input", "device without an end" },
		{ "/no/such/file", " => -1 input", "No such file" },
		{ "/dev/null", "!input(offset 0)", "there is nothing in it" },
		{ NULL, " => -1 input", "nobody writes to it" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, NULL);
		check_account(&account, rows[i].path ? rows[i].path : "a named pipe",
		    account_path(&account, rows[i].path ? rows[i].path : path),
		    rows[i].wanted + (rows[i].wanted[0] == ' '), rows[i].says);
		account_end(&account);
	}
	unlink(path);
}

static void
a_directory_is_read_in_order_with_its_faults(void **state)
{
	static const struct {
		const char *name, *from;
		size_t cut; /* 0: whole */
	} files[] = { { "a.txt", "text", 0 }, { "aa.der", "leaf.der", 200 }, { "b.crt", "leaf.pem", 0 },
		{ "c/d.p7b", "chain.p7b", 0 } };
	struct rmt_buf bytes = { 0 };
	struct account account;
	char path[600], below[700];

	(void)state;
	snprintf(path, sizeof path, "%s", fixture("many"));
	snprintf(below, sizeof below, "%s/c", path);
	assert_int_equal(mkdir(path, 0700) || mkdir(below, 0700), 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct rmt_span content;

		fixture_read(files[i].from, &bytes);
		content = rmt_span_of(bytes.bytes, files[i].cut ? files[i].cut : bytes.length);
		snprintf(below, sizeof below, "%s/%s", path, files[i].name);
		assert_int_equal(rmt_file_write(below, content, 0600, false, NULL), 0);
	}
	account_start(&account, NULL);
	check_account(&account, "a directory: text that is none of ours is passed over, a cut certificate is not",
	    account_path(&account, path),
	    "!input(offset 0) certificate=leaf@pem:1 certificate=leaf@pkcs7 certificate=ca@pkcs7", NULL);
	account_end(&account);
	account_start(&account, NULL);
	account.stop_after = 2;
	check_account(&account, "stopped", account_path(&account, path),
	    "!input(offset 0) certificate=leaf@pem:1 certificate=leaf@pkcs7 => 42", NULL);
	account_end(&account);
	rmt_buf_free(&bytes);
}

const struct CMUnitTest read_hostile_tests[] = {
	cmocka_unit_test(every_cut_and_every_flip_is_survived),
	cmocka_unit_test(what_is_none_of_ours_is_named),
	cmocka_unit_test(bytes_behind_the_end_are_noted),
	cmocka_unit_test(claims_are_refused_before_they_are_believed),
	cmocka_unit_test(ten_thousand_nested_values_are_refused),
	cmocka_unit_test(iterations_beyond_the_cap_are_refused_with_their_number),
	cmocka_unit_test(what_all_of_a_file_costs_is_bounded),
	cmocka_unit_test(the_empty_passphrase_is_tried_where_it_is_cheap),
	cmocka_unit_test(caps_hold_at_and_above),
	cmocka_unit_test(sources_that_are_no_files_are_refused),
	cmocka_unit_test(a_directory_is_read_in_order_with_its_faults),
};
const size_t read_hostile_count = sizeof read_hostile_tests / sizeof read_hostile_tests[0];
