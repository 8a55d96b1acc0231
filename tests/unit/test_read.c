/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of read/: fixtures, accounts, and the forms as openssl writes them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>

#include "unit/test_read.h"

static char directory[] = "/tmp/remint-read.XXXXXX";
static char fixture_path[512];

/* ---- fixtures ---- */

const char *
fixture(const char *name)
{
	snprintf(fixture_path, sizeof fixture_path, "%s/%s", directory, name);
	return fixture_path;
}

void
fixture_read(const char *name, struct rmt_buf *out)
{
	struct rmt_err err = { 0 };

	rmt_buf_clear(out);
	if (rmt_path_exists(fixture(name)))
		assert_int_equal(rmt_file_read(fixture(name), RMT_CAP_CONTAINER, out, &err), 0);
}

static int
make_fixtures(void **state)
{
	char command[1024];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(command, sizeof command, "sh '%s/tests/fixtures/read.sh' '%s'", SRCDIR, directory);
	return system(command);
}

static int
remove_fixtures(void **state)
{
	char command[1024];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	return system(command);
}

/* ---- accounts ---- */

/* The common name of whom an object belongs to: by its subject, its issuer, or its key. */
static void
append_owner(struct rmt_buf *text, const struct rmt_object *object)
{
	static const char *const keys[] = { "leaf", "other", "ed25519" };
	struct rmt_buf pem = { 0 };
	struct rmt_key *key;
	char name[64];

	if (object->cert) {
		rmt_name_get(object->cert->subject, "CN", false, text);
	} else if (object->request) {
		rmt_name_get(object->request->subject, "CN", false, text);
	} else if (object->crl) {
		rmt_name_get(object->crl->issuer, "CN", false, text);
	} else if (object->type == RMT_OBJECT_LISTING ||
		   object->type == RMT_OBJECT_REQUEST_DESCRIPTION) {
		const char *serial = rmt_listing_get(object->listing, "serial");
		const char *subject = rmt_listing_get(object->listing, "subject");

		rmt_buf_text(text, serial ? serial : subject ? subject : "?");
	} else if (object->type == RMT_OBJECT_UNSUPPORTED) {
		rmt_buf_text(text, object->label);
	} else if (object->spki.length) {
		for (size_t i = 0; i < 3; i++) {
			snprintf(name, sizeof name, "%s.key", keys[i]);
			fixture_read(name, &pem);
			key = rmt_key_read_pem(rmt_buf_view(&pem), NULL, NULL);
			assert_non_null(key);
			if (rmt_span_equal(rmt_key_spki(key), object->spki))
				rmt_buf_text(text, keys[i]);
			rmt_key_free(key);
		}
	}
	rmt_buf_free(&pem);
}

/* What a listing says: "field: serial=1001", "valid: 2026-11-22T05:53:00Z to ..." */
static void
append_fields(struct rmt_buf *said, const struct rmt_listing *listing)
{
	char before[32], after[32];

	for (size_t i = 0; i < listing->count; i++)
		rmt_buf_format(said, "field: %s=%s\n",
		    listing->fields[i].name ? listing->fields[i].name : listing->fields[i].heading,
		    listing->fields[i].text);
	rmt_time_text(listing->not_before, before);
	rmt_time_text(listing->not_after, after);
	if (listing->not_before || listing->not_after)
		rmt_buf_format(said, "valid: %s to %s\n", listing->not_before ? before : "?",
		    listing->not_after ? after : "?");
}

static int
on_object(void *arg, const struct rmt_object *object)
{
	struct account *account = arg;
	struct rmt_err err = { 0 };

	if (account->text.length)
		rmt_buf_byte(&account->text, ' ');
	rmt_buf_format(&account->text, "%s=", rmt_object_type_name(object->type));
	append_owner(&account->text, object);
	rmt_buf_format(&account->text, "@%s", object->container);
	if (object->line)
		rmt_buf_format(&account->text, ":%zu", object->line);
	rmt_buf_text(&account->text, object->encrypted ? "+encrypted" : "");
	rmt_buf_text(&account->text, object->locked ? "+locked" : "");
	if (object->note)
		rmt_buf_format(&account->said, "note: %s\n", object->note);
	if (object->label)
		rmt_buf_format(&account->said, "label: %s\n", object->label);
	if (object->friendly_name)
		rmt_buf_format(&account->said, "name: %s\n", object->friendly_name);
	if (object->listing)
		append_fields(&account->said, object->listing);
	if (object->profile)
		rmt_buf_format(&account->said, "profile: %s\n", object->profile);
	if (object->local_key_id.length)
		rmt_buf_format(
		    &account->said, "local key id of %zu bytes\n", object->local_key_id.length);
	account->objects++;
	assert_string_not_equal(object->source, "");
	assert_true(object->index >= 1 && object->index <= account->objects);
	assert_int_equal(object->locked || object->type != RMT_OBJECT_PRIVATE_KEY, !object->key);
	if (account->keep)
		assert_int_equal(rmt_pile_add(account->keep, object, &err), 0);
	return account->objects == account->stop_after ? 42 : 0;
}

static int
on_fault(void *arg, const struct rmt_err *err)
{
	struct account *account = arg;

	if (account->text.length)
		rmt_buf_byte(&account->text, ' ');
	rmt_buf_format(&account->text, "!%s(%s)", rmt_class_name(err->class), err->place);
	rmt_buf_format(&account->said, "%s\n", err->message);
	assert_string_not_equal(err->source, "");
	assert_string_not_equal(err->message, "");
	return 0;
}

static const struct rmt_secret *
on_passphrase(void *arg, const char *source, const char *what, unsigned n)
{
	struct account *account = arg;
	const char *at = account->secrets, *end;

	account->asked++;
	assert_non_null(strstr(what, source));
	for (; at && n; n--) {
		at = strchr(at, '|');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return NULL;
	end = strchrnul(at, '|');
	rmt_secret_free(account->secret);
	return account->secret = rmt_secret_new(at, (size_t)(end - at), NULL);
}

void
account_start(struct account *account, const char *secrets)
{
	*account = (struct account){ .secrets = secrets };
	account->reader = (struct rmt_reader){ .passphrase = on_passphrase,
		.object = on_object,
		.fault = on_fault,
		.arg = account,
		.mode = RMT_TOLERANT };
}

static const char *
account_of(struct account *account, int rc, const struct rmt_err *err)
{
	if (rc)
		rmt_buf_format(&account->text, "%s=> %d", account->text.length ? " " : "", rc);
	if (err->class) {
		rmt_buf_format(&account->text, " %s", rmt_class_name(err->class));
		rmt_buf_format(&account->said, "%s\n", err->message);
	}
	return rmt_buf_string(&account->text);
}

const char *
account_path(struct account *account, const char *path)
{
	struct rmt_err err = { 0 };
	int rc = rmt_read_path(&account->reader, path, &err);

	return account_of(account, rc, &err);
}

const char *
account_mem(struct account *account, const void *bytes, size_t length)
{
	struct rmt_err err = { 0 };
	/* Exactly as long as it is, so that a read beyond the end is seen. */
	unsigned char *copy = malloc(length ? length : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	rc = rmt_read_mem(&account->reader, "memory", rmt_span_of(copy, length), &err);
	free(copy);
	return account_of(account, rc, &err);
}

void
account_end(struct account *account)
{
	rmt_buf_free(&account->text);
	rmt_buf_free(&account->said);
	rmt_secret_free(account->secret);
}

void
check_account(struct account *account, const char *sentence, const char *got, const char *wanted,
    const char *says)
{
	if (strcmp(got, wanted))
		fail_msg("%s:\n got    %s\n wanted %s\n said\n%s", sentence, got, wanted,
		    rmt_buf_string(&account->said));
	if (says && !strstr(rmt_buf_string(&account->said), says))
		fail_msg("%s: nothing says \"%s\" among\n%s", sentence, says,
		    rmt_buf_string(&account->said));
}

void
check_rows(const struct row *rows, size_t count)
{
	struct account account;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		if (!rmt_path_exists(fixture(row->file))) {
			print_message(
			    "%s: the openssl at hand cannot make %s\n", row->sentence, row->file);
			continue;
		}
		account_start(&account, row->secrets);
		check_account(&account, row->sentence, account_path(&account, fixture(row->file)),
		    row->wanted, row->says);
		account_end(&account);
	}
}

/* ---- the forms, one row each ---- */

static void
every_form_is_told_by_its_content(void **state)
{
	static const struct row rows[] = {
		{ "a PEM certificate", "leaf.pem", NULL, "certificate=leaf@pem:1",
		    "label: CERTIFICATE" },
		{ "a chain in PEM", "chain.pem", NULL,
		    "certificate=leaf@pem:1 certificate=ca@pem:16", NULL },
		{ "OpenSSL's trusted certificate", "leaf.trusted.pem", NULL,
		    "certificate=leaf@pem:1", "label: TRUSTED CERTIFICATE" },
		{ "a DER certificate", "leaf.der", NULL, "certificate=leaf@der", NULL },
		{ "a PEM request", "leaf.csr.pem", NULL, "request=leaf@pem:1", NULL },
		{ "a request under the older label", "leaf.newcsr.pem", NULL, "request=leaf@pem:1",
		    "label: NEW CERTIFICATE REQUEST" },
		{ "a DER request", "leaf.csr.der", NULL, "request=leaf@der", NULL },
		{ "a PEM CRL", "crl.pem", NULL, "crl=ca@pem:1", NULL },
		{ "a DER CRL", "crl.der", NULL, "crl=ca@der", NULL },
		{ "an OCSP response", "ocsp.der", NULL, "ocsp-response=@der", NULL },
		{ "an OCSP request", "ocsp.request", NULL, "unsupported=OCSP request@der", NULL },
		{ "a PKCS#8 key in PEM", "leaf.key", NULL, "private-key=leaf@pem:1", NULL },
		{ "a PKCS#8 key in DER", "leaf.pkcs8.der", NULL, "private-key=leaf@der", NULL },
		{ "a PKCS#1 key in PEM", "leaf.pkcs1.pem", NULL, "private-key=leaf@pem:1", NULL },
		{ "a PKCS#1 key in DER", "leaf.pkcs1.der", NULL, "private-key=leaf@der", NULL },
		{ "a SEC1 key in DER", "other.sec1.der", NULL, "private-key=other@der", NULL },
		{ "a SEC1 key without its public half", "other.sec1.pem", NULL,
		    "private-key=other@pem:1", NULL },
		{ "a SEC1 key after its parameters", "other.sec1-parameters.pem", NULL,
		    "private-key=other@pem:4", NULL },
		{ "an Ed25519 key in PEM", "ed25519.key", NULL, "private-key=ed25519@pem:1", NULL },
		{ "an Ed25519 key in DER, 48 bytes", "ed25519.pkcs8.der", NULL,
		    "private-key=ed25519@der", NULL },
		{ "a public key in PEM", "leaf.spki.pem", NULL, "public-key=leaf@pem:1", NULL },
		{ "a public key in DER", "leaf.spki.der", NULL, "public-key=leaf@der", NULL },
		{ "a public key in DER, 44 bytes", "ed25519.spki.der", NULL,
		    "public-key=ed25519@der", NULL },
		{ "a PKCS#1 public key in PEM", "leaf.rsapub.pem", NULL, "public-key=leaf@pem:1",
		    NULL },
		{ "a PKCS#1 public key in DER", "leaf.rsapub.der", NULL, "public-key=leaf@der",
		    NULL },
		{ "a PuTTY key", "putty.ppk", NULL, "unsupported=PuTTY private key@der", "SSH" },
		{ "an OpenSSH key", "openssh.key", NULL, "unsupported=OpenSSH private key@pem:1",
		    "ssh-keygen" },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* A bare RSAPublicKey and the parameters of Diffie-Hellman (PKCS #3) are both two INTEGERs. */
static void
parameters_are_no_public_key(void **state)
{
	static const struct {
		const char *sentence;
		bool prime;
		int64_t second;
		const char *wanted;
	} rows[] = {
		{ "a prime and the generator 2", true, 2, "!input(offset 0)" },
		{ "a prime and the generator 5", true, 5, "!input(offset 0)" },
		{ "a product of primes and the exponent 5", false, 5, "public-key=@der" },
		{ "a product of primes and an even exponent", false, 4, "!input(offset 0)" },
	};
	BIGNUM *prime = BN_get_rfc3526_prime_1536(NULL);
	struct rmt_buf spki = { 0 }, der = { 0 };
	unsigned char bytes[192];
	struct account account;
	struct rmt_spki key;

	(void)state;
	fixture_read("leaf.spki.der", &spki);
	assert_int_equal(rmt_spki_read(rmt_buf_view(&spki), &key, NULL), 0);
	assert_int_equal(BN_bn2bin(prime, bytes), sizeof bytes);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rmt_derw w = { 0 };

		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_integer(
		    &w, rows[i].prime ? rmt_span_of(bytes, sizeof bytes) : key.modulus);
		rmt_derw_small(&w, rows[i].second);
		rmt_derw_end(&w);
		assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, der.bytes, der.length), rows[i].wanted,
		    *rows[i].wanted == '!' ? "nothing but parameters" : NULL);
		account_end(&account);
		rmt_buf_free(&der);
	}
	rmt_buf_free(&spki);
	BN_free(prime);
}

static void
encrypted_keys_open_stay_locked_or_fail(void **state)
{
	static const struct row rows[] = {
		{ "PBES2 with the passphrase", "leaf.pbes2.PEM", "secret",
		    "private-key=leaf@pem:1+encrypted", NULL },
		{ "PBES2 in DER", "leaf.pbes2.DER", "secret", "private-key=leaf@der+encrypted",
		    NULL },
		{ "PBES2 without a passphrase", "leaf.pbes2.PEM", NULL,
		    "private-key=@pem:1+encrypted+locked", NULL },
		{ "PBES2 in DER without a passphrase", "leaf.pbes2.DER", NULL,
		    "private-key=@der+encrypted+locked", NULL },
		{ "PBES2 with a wrong one", "leaf.pbes2.PEM", "wrong", "!secret(line 1)",
		    "the passphrase given does not open the private key" },
		{ "PBES2 with two wrong ones", "leaf.pbes2.PEM", "wrong|bad", "!secret(line 1)",
		    "none of the passphrases given opens" },
		{ "PBES2 with the right one second", "leaf.pbes2.PEM", "wrong|secret",
		    "private-key=leaf@pem:1+encrypted", NULL },
		{ "PKCS#12's 3DES in DER", "leaf.pbe3des.DER", "secret",
		    "private-key=leaf@der+encrypted", NULL },
		{ "PBES1 with MD5 and DES", "leaf.pbes1.pem", "secret",
		    "private-key=leaf@pem:1+encrypted", NULL },
		{ "scrypt", "leaf.scrypt.PEM", "secret", "private-key=leaf@pem:1+encrypted", NULL },
		{ "scrypt with a wrong passphrase", "leaf.scrypt.DER", "wrong", "!secret()", NULL },
		{ "traditional encryption", "leaf.traditional.pem", "secret",
		    "private-key=leaf@pem:1+encrypted", NULL },
		{ "traditional encryption of an EC key", "other.traditional.pem", "wrong|secret",
		    "private-key=other@pem:1+encrypted", NULL },
		{ "traditional encryption without a passphrase", "leaf.traditional.pem", NULL,
		    "private-key=@pem:1+encrypted+locked", NULL },
		{ "traditional encryption with a wrong one", "leaf.traditional.pem", "wrong",
		    "!secret(line 1)", NULL },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* ---- the reader's options ---- */

static void
skipped_keys_are_neither_opened_nor_asked_for(void **state)
{
	static const struct row rows[] = {
		{ "a plain key", "leaf.key", "secret", "private-key=@pem:1+locked", NULL },
		{ "an encrypted key", "leaf.pbes2.PEM", "secret",
		    "private-key=@pem:1+encrypted+locked", NULL },
		{ "a key of old PEM", "leaf.traditional.pem", "secret",
		    "private-key=@pem:1+encrypted+locked", NULL },
	};
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, rows[i].secrets);
		account.reader.skip_keys = true;
		check_account(&account, rows[i].sentence,
		    account_path(&account, fixture(rows[i].file)), rows[i].wanted, NULL);
		assert_int_equal(account.asked, 0);
		account_end(&account);
	}
}

static void
a_callback_stops_the_reading(void **state)
{
	struct account account;

	(void)state;
	account_start(&account, NULL);
	account.stop_after = 1;
	check_account(&account, "the sink's value comes back",
	    account_path(&account, fixture("chain.pem")), "certificate=leaf@pem:1 => 42", NULL);
	account_end(&account);
	account_start(&account, NULL);
	account.stop_after = 2;
	check_account(&account, "also out of a directory and a container",
	    account_path(&account, fixture("chain.p7b")),
	    "certificate=leaf@pkcs7 certificate=ca@pkcs7 => 42", NULL);
	account_end(&account);
}

static void
a_pile_keeps_deep_copies(void **state)
{
	static const char *const files[] = { "leaf.pem", "leaf.csr.pem", "crl.pem", "leaf.key",
		"leaf.spki.pem" };
	struct rmt_pile pile = { 0 };
	struct account account;
	struct rmt_buf texts = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		account_start(&account, NULL);
		account.keep = &pile;
		rmt_buf_text(&texts, account_path(&account, fixture(files[i])));
		account_end(&account);
	}
	assert_int_equal(pile.count, 5);
	for (size_t i = 0; i < pile.count; i++) { /* handed out again, the sources long gone */
		account_start(&account, NULL);
		account.reader.object(&account, pile.objects[i]);
		assert_non_null(strstr(rmt_buf_string(&texts), rmt_buf_string(&account.text)));
		assert_string_equal(
		    pile.objects[i]->label, ((const char *[]){ "CERTIFICATE", "CERTIFICATE REQUEST",
						"X509 CRL", "PRIVATE KEY", "PUBLIC KEY" })[i]);
		account_end(&account);
	}
	rmt_pile_free(&pile);
	assert_int_equal(pile.count, 0);
	rmt_buf_free(&texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_told_by_its_content),
		cmocka_unit_test(parameters_are_no_public_key),
	cmocka_unit_test(encrypted_keys_open_stay_locked_or_fail),
		cmocka_unit_test(skipped_keys_are_neither_opened_nor_asked_for),
		cmocka_unit_test(a_callback_stops_the_reading),
		cmocka_unit_test(a_pile_keeps_deep_copies),
	};
	struct CMUnitTest all[64];
	size_t count = sizeof tests / sizeof tests[0];

	memcpy(all, tests, sizeof tests);
	memcpy(all + count, read_pem_tests, read_pem_count * sizeof all[0]);
	count += read_pem_count;
	memcpy(all + count, read_container_tests, read_container_count * sizeof all[0]);
	count += read_container_count;
	memcpy(all + count, read_hostile_tests, read_hostile_count * sizeof all[0]);
	count += read_hostile_count;
	memcpy(all + count, read_listing_tests, read_listing_count * sizeof all[0]);
	count += read_listing_count;
	memcpy(all + count, read_almost_tests, read_almost_count * sizeof all[0]);
	count += read_almost_count;
	return _cmocka_run_group_tests("read", all, count, make_fixtures, remove_fixtures);
}
