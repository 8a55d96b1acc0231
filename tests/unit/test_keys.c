/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms and public keys as they are read; private keys as they are made, read and written. */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "unit/test_keys.h"

/* ---- signature algorithms ----------------------------------------------------------------- */

#define RSA_OID(n) "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" n
#define PLAIN_RSA(n) "\x30\x0d" RSA_OID(n) "\x05\x00"
#define NIST(n) "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03" n
#define ECDSA(n) "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" n
#define HASH(n) "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n "\x05\x00"
#define MGF1_SHA256 "\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" HASH("\x01")

static const struct algorithm_row {
	const char *sentence;
	struct rmt_span identifier;
	const char *name, *digest, *key; /* name NULL: refused */
} algorithm_rows[] = {
	{ "RSA with SHA-256", BYTES(PLAIN_RSA("\x0b")), "sha256WithRSAEncryption", "sha256",
	    "rsa" },
	{ "RSA with SHA-384", BYTES(PLAIN_RSA("\x0c")), "sha384WithRSAEncryption", "sha384",
	    "rsa" },
	{ "RSA with SHA-512", BYTES(PLAIN_RSA("\x0d")), "sha512WithRSAEncryption", "sha512",
	    "rsa" },
	{ "RSA with SHA-224", BYTES(PLAIN_RSA("\x0e")), "sha224WithRSAEncryption", "sha224",
	    "rsa" },
	{ "RSA with SHA-1", BYTES(PLAIN_RSA("\x05")), "sha1WithRSAEncryption", "sha1", "rsa" },
	{ "RSA with MD5", BYTES(PLAIN_RSA("\x04")), "md5WithRSAEncryption", "md5", "rsa" },
	{ "RSA with RIPEMD-160", BYTES("\x30\x0a\x06\x06\x2b\x24\x03\x03\x01\x02\x05\x00"),
	    "ripemd160WithRSA", "ripemd160", "rsa" },
	{ "RSA with MD2", BYTES(PLAIN_RSA("\x02")), "md2WithRSAEncryption", "md2", "rsa" },
	{ "RSA without its NULL", BYTES("\x30\x0b" RSA_OID("\x0b")), "sha256WithRSAEncryption",
	    "sha256", "rsa" },
	{ "RSA with SHA-1 under OIW's OID", BYTES("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1d\x05\x00"),
	    "sha1WithRSA", "sha1", "rsa" },
	{ "ECDSA with SHA-1", BYTES("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"),
	    "ecdsa-with-SHA1", "sha1", "ec" },
	{ "ECDSA with SHA-256", BYTES(ECDSA("\x02")), "ecdsa-with-SHA256", "sha256", "ec" },
	{ "ECDSA with SHA-384", BYTES(ECDSA("\x03")), "ecdsa-with-SHA384", "sha384", "ec" },
	{ "ECDSA with SHA-512", BYTES(ECDSA("\x04")), "ecdsa-with-SHA512", "sha512", "ec" },
	{ "DSA with SHA-1", BYTES("\x30\x09\x06\x07\x2a\x86\x48\xce\x38\x04\x03"), "dsa-with-sha1",
	    "sha1", "dsa" },
	{ "DSA with SHA-256", BYTES(NIST("\x02")), "dsa-with-sha256", "sha256", "dsa" },
	{ "Ed25519", BYTES("\x30\x05\x06\x03\x2b\x65\x70"), "Ed25519", "", "ed25519" },
	{ "Ed448", BYTES("\x30\x05\x06\x03\x2b\x65\x71"), "Ed448", "", "ed448" },
	{ "ML-DSA-65", BYTES(NIST("\x12")), "ML-DSA-65", "", "ml-dsa" },
	{ "SLH-DSA-SHA2-128s", BYTES(NIST("\x14")), "SLH-DSA-SHA2-128s", "", "slh-dsa" },
	{ "SLH-DSA-SHAKE-256f", BYTES(NIST("\x1f")), "SLH-DSA-SHAKE-256f", "", "slh-dsa" },
	{ "RSA-PSS without parameters means SHA-1", BYTES("\x30\x0b" RSA_OID("\x0a")), "RSASSA-PSS",
	    "sha1", "rsa-pss" },
	{ "RSA-PSS with an empty list means SHA-1", BYTES("\x30\x0d" RSA_OID("\x0a") "\x30\x00"),
	    "RSASSA-PSS", "sha1", "rsa-pss" },
	{ "RSA-PSS with SHA-256",
	    BYTES("\x30\x41" RSA_OID("\x0a") "\x30\x34\xa0\x0f" HASH(
		"\x01") "\xa1\x1c" MGF1_SHA256 "\xa2\x03\x02\x01\x20"),
	    "RSASSA-PSS", "sha256", "rsa-pss" },
	{ "RSA-PSS with SHA-512 alone",
	    BYTES("\x30\x1e" RSA_OID("\x0a") "\x30\x11\xa0\x0f" HASH("\x03")), "RSASSA-PSS",
	    "sha512", "rsa-pss" },
	{ "an unknown OID is not an error", BYTES("\x30\x06\x06\x04\x2a\x03\x04\x05"), "", "", "" },
	{ "RSA-PSS with another trailer is refused",
	    BYTES("\x30\x12" RSA_OID("\x0a") "\x30\x05\xa3\x03\x02\x01\x02"), NULL, NULL, NULL },
	{ "RSA-PSS with something behind is refused",
	    BYTES("\x30\x0f" RSA_OID("\x0a") "\x30\x02\x05\x00"), NULL, NULL, NULL },
	{ "a truncated identifier is refused", BYTES("\x30\x0d\x06\x09\x2a\x86"), NULL, NULL,
	    NULL },
	{ "an identifier without an OID is refused", BYTES("\x30\x02\x05\x00"), NULL, NULL, NULL },
	{ "nothing is refused", { NULL, 0 }, NULL, NULL, NULL },
};

static void
check_algorithm(void **state)
{
	const struct algorithm_row *row = *state;
	struct rmt_signature_algorithm read;
	struct rmt_err err = { 0 };
	struct rmt_buf text = { 0 };
	int rc = rmt_algorithm_read(row->identifier, &read, &err);

	if (row->name == NULL) {
		assert_int_equal(rc, -1);
		assert_error(&err, RMT_INPUT, "");
		return;
	}
	GOOD(rc);
	assert_string_equal(read.name, row->name);
	assert_string_equal(read.digest, row->digest);
	assert_string_equal(read.key, row->key);
	assert_true(read.oid.length > 0);
	if (row->name[0] != '\0') { /* the same name as everywhere else */
		rmt_oid_text(read.oid, &text);
		assert_string_equal(rmt_buf_string(&text), row->name);
		rmt_buf_free(&text);
	}
}

/* ---- public keys -------------------------------------------------------------------------- */

static const struct spki_row {
	const char *sentence, *algorithm;
	int bits;
	const char *group;
	const char *kind, *curve, *text;
	unsigned read_bits;
} spki_rows[] = {
	{ "RSA 1024", "RSA", 1024, NULL, "rsa", "", "RSA 1024", 1024 },
	{ "RSA 2048", "RSA", 2048, NULL, "rsa", "", "RSA 2048", 2048 },
	{ "RSA-PSS 1024", "RSA-PSS", 1024, NULL, "rsa-pss", "", "RSA-PSS 1024", 1024 },
	{ "EC P-224", "EC", 0, "P-224", "ec", "P-224", "EC P-224", 224 },
	{ "EC P-256", "EC", 0, "P-256", "ec", "P-256", "EC P-256", 256 },
	{ "EC P-384", "EC", 0, "P-384", "ec", "P-384", "EC P-384", 384 },
	{ "EC P-521", "EC", 0, "P-521", "ec", "P-521", "EC P-521", 521 },
	{ "EC secp256k1", "EC", 0, "secp256k1", "ec", "secp256k1", "EC secp256k1", 256 },
	{ "EC brainpoolP384r1", "EC", 0, "brainpoolP384r1", "ec", "brainpoolP384r1",
	    "EC brainpoolP384r1", 384 },
	{ "EC on a curve that is only named", "EC", 0, "sect283k1", "ec", "", "EC sect283k1", 0 },
	{ "Ed25519", "ED25519", 0, NULL, "ed25519", "", "Ed25519", 256 },
	{ "Ed448", "ED448", 0, NULL, "ed448", "", "Ed448", 456 },
	{ "X25519", "X25519", 0, NULL, "x25519", "", "X25519", 256 },
};

/* What OpenSSL takes for the key's bits, and their SHA-1. */
static void
assert_key_id(struct rmt_span spki)
{
	const unsigned char *at = spki.at, *bits;
	X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &at, (long)spki.length);
	unsigned char wanted[20], got[20];
	struct rmt_err err = { 0 };
	int length;

	assert_non_null(key);
	assert_true(X509_PUBKEY_get0_param(NULL, &bits, &length, NULL, key));
	assert_true(EVP_Digest(bits, (size_t)length, wanted, NULL, EVP_sha1(), NULL));
	GOOD(rmt_spki_key_id(spki, got, &err));
	assert_memory_equal(wanted, got, 20);
	X509_PUBKEY_free(key);
}

static void
check_spki(void **state)
{
	const struct spki_row *row = *state;
	EVP_PKEY *key = openssl_key(row->algorithm, row->bits, row->group);
	struct rmt_buf der = { 0 }, text = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_spki read;

	openssl_spki(key, &der);
	GOOD(rmt_spki_read(rmt_buf_view(&der), &read, &err));
	assert_string_equal(read.kind, row->kind);
	assert_string_equal(read.curve, row->curve);
	assert_int_equal(read.bits, row->read_bits);
	rmt_spki_text(&read, &text);
	assert_string_equal(rmt_buf_string(&text), row->text);
	if (read.modulus.length > 0) {
		assert_int_equal(read.modulus.length * 8, row->read_bits);
		assert_int_equal(read.exponent.length, 3);
		assert_memory_equal(read.exponent.at, "\x01\x00\x01", 3);
	}
	assert_key_id(rmt_buf_view(&der));
	rmt_buf_free(&text);
	rmt_buf_free(&der);
	EVP_PKEY_free(key);
}

static const struct spki_bytes_row {
	const char *sentence;
	struct rmt_span der;
	const char *kind, *text; /* kind NULL: refused */
} spki_bytes_rows[] = {
	{ "an unknown kind stays opaque",
	    BYTES("\x30\x0b\x30\x05\x06\x03\x2a\x03\x04\x03\x02\x00\x07"), "", "unknown 1.2.3.4" },
	{ "ML-DSA-65 is named and stays opaque",
	    BYTES("\x30\x11\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12\x03\x02\x00\x07"),
	    "ml-dsa-65", "ML-DSA-65, 1 bytes" },
	{ "SLH-DSA is named",
	    BYTES("\x30\x11\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x19\x03\x02\x00\x07"),
	    "slh-dsa-sha2-256f", "SLH-DSA-SHA2-256f, 1 bytes" },
	{ "EC with its parameters written out",
	    BYTES("\x30\x11\x30\x0b\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x30\x00\x03\x02\x00\x07"),
	    "ec", "EC explicit parameters" },
	{ "DSA has the size of p",
	    BYTES("\x30\x17\x30\x11\x06\x07\x2a\x86\x48\xce\x38\x04\x01\x30\x06\x02\x01\x7f\x02\x01"
		  "\x02\x03\x02\x00\x07"),
	    "dsa", "DSA 7" },
	{ "RSA whose bits are no SEQUENCE is refused",
	    BYTES(
		"\x30\x12\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x01\x00"),
	    NULL, NULL },
	{ "bits that are not whole bytes are refused",
	    BYTES("\x30\x0b\x30\x05\x06\x03\x2a\x03\x04\x03\x02\x04\x10"), NULL, NULL },
	{ "a missing key is refused", BYTES("\x30\x07\x30\x05\x06\x03\x2a\x03\x04"), NULL, NULL },
	{ "something behind the key is refused",
	    BYTES("\x30\x0d\x30\x05\x06\x03\x2a\x03\x04\x03\x02\x00\x07\x05\x00"), NULL, NULL },
	{ "nothing is refused", { NULL, 0 }, NULL, NULL },
};

static void
check_spki_bytes(void **state)
{
	const struct spki_bytes_row *row = *state;
	struct rmt_err err = { 0 };
	struct rmt_buf text = { 0 };
	struct rmt_spki read;
	int rc = rmt_spki_read(row->der, &read, &err);

	if (row->kind == NULL) {
		assert_int_equal(rc, -1);
		assert_error(&err, RMT_INPUT, "");
		return;
	}
	GOOD(rc);
	assert_string_equal(read.kind, row->kind);
	rmt_spki_text(&read, &text);
	assert_string_equal(rmt_buf_string(&text), row->text);
	rmt_buf_free(&text);
}

/* ---- keys made ---------------------------------------------------------------------------- */

static const struct made_row {
	const char *sentence, *spec, *text; /* text NULL: refused */
} made_rows[] = {
	{ "rsa:2048 is made", "rsa:2048", "RSA 2048" },
	{ "rsa:3072 is made", "rsa:3072", "RSA 3072" },
	{ "ec:p256 is made", "ec:p256", "EC P-256" },
	{ "ec:p384 is made", "ec:p384", "EC P-384" },
	{ "ec:p521 is made", "ec:p521", "EC P-521" },
	{ "ed25519 is made", "ed25519", "Ed25519" },
	{ "rsa:1024 is refused", "rsa:1024", NULL },
	{ "ec:p-256 is refused", "ec:p-256", NULL },
	{ "an empty kind is refused", "", NULL },
};

static struct rmt_secret *
secret(const char *text)
{
	struct rmt_err err = { 0 };
	struct rmt_secret *made = rmt_secret_new(text, strlen(text), &err);

	GIVEN(made);
	return made;
}

static int
never_asked(char *buffer, int size, int writing, void *arg)
{
	(void)buffer, (void)size, (void)writing, (void)arg;
	fail_msg("OpenSSL asked for a passphrase");
	return -1;
}

static int
the_passphrase(char *buffer, int size, int writing, void *arg)
{
	(void)size, (void)writing, (void)arg;
	memcpy(buffer, "geheim", 6);
	return 6;
}

/* Every form that is written is read by OpenSSL and by ourselves, and is the same key. */
static void
assert_same_key(struct rmt_span spki, const struct rmt_buf *pem, bool encrypted)
{
	BIO *bio = BIO_new_mem_buf(pem->bytes, (int)pem->length);
	EVP_PKEY *theirs =
	    PEM_read_bio_PrivateKey(bio, NULL, encrypted ? the_passphrase : never_asked, NULL);
	struct rmt_secret *passphrase = encrypted ? secret("geheim") : NULL;
	struct rmt_err err = { 0 };
	struct rmt_key *ours = rmt_key_read_pem(rmt_buf_view(pem), passphrase, &err);
	struct rmt_buf der = { 0 };

	assert_non_null(theirs);
	GIVEN(ours);
	openssl_spki(theirs, &der);
	assert_true(rmt_span_equal(spki, rmt_buf_view(&der)));
	assert_true(rmt_span_equal(spki, rmt_key_spki(ours)));
	assert_true(pem->secret);
	rmt_buf_free(&der);
	rmt_key_free(ours);
	rmt_secret_free(passphrase);
	EVP_PKEY_free(theirs);
	BIO_free(bio);
}

static void
check_written(const struct rmt_key *key)
{
	static const unsigned char scrypt_n[] = { 0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08, 0x02,
		0x01, 0x01 };
	struct rmt_secret *passphrase = secret("geheim");
	struct rmt_buf pem = { 0 }, body = { 0 };
	struct rmt_err err = { 0 };
	const char *from, *to;

	GOOD(rmt_key_write_pem(key, NULL, &pem, &err));
	assert_non_null(strstr(rmt_buf_string(&pem), "-----BEGIN PRIVATE KEY-----\n"));
	assert_same_key(rmt_key_spki(key), &pem, false);
	rmt_buf_free(&pem);
	GOOD(rmt_key_write_pem(key, passphrase, &pem, &err));
	assert_same_key(rmt_key_spki(key), &pem, true);
	from = strchr(rmt_buf_string(&pem), '\n');
	to = strstr(rmt_buf_string(&pem), "-----END");
	assert_non_null(strstr(rmt_buf_string(&pem), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
	GOOD(rmt_base64_decode(rmt_span_of(from, (size_t)(to - from)), &body, &err));
	assert_non_null(memmem(body.bytes, body.length, scrypt_n, sizeof(scrypt_n)));
	rmt_buf_free(&pem);
	rmt_buf_free(&body);
	rmt_secret_free(passphrase);
}

static void
check_written_der(const struct rmt_key *key)
{
	struct rmt_buf der = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_key *again;

	GOOD(rmt_key_write_der(key, &der, &err));
	again = rmt_key_read_der(rmt_buf_view(&der), &err);
	GIVEN(again);
	assert_true(rmt_span_equal(rmt_key_spki(key), rmt_key_spki(again)));
	assert_true(der.secret);
	rmt_key_free(again);
	rmt_buf_free(&der);
}

static void
check_written_traditional(const struct rmt_key *key, bool has_form, const char *label)
{
	struct rmt_buf der = { 0 };
	struct rmt_key *again;
	struct rmt_err err = { 0 };

	if (has_form) {
		assert_string_equal(rmt_key_traditional_label(key), label);
		GOOD(rmt_key_write_traditional(key, &der, &err));
		again = rmt_key_read_der(rmt_buf_view(&der), &err);
		GIVEN(again);
		assert_true(rmt_span_equal(rmt_key_spki(key), rmt_key_spki(again)));
		assert_true(der.secret);
		rmt_key_free(again);
	} else {
		assert_null(rmt_key_traditional_label(key));
		assert_int_equal(rmt_key_write_traditional(key, &der, &err), -1);
		assert_error(&err, RMT_SECRET, "only RSA and EC");
	}
	rmt_buf_free(&der);
}

static void
check_made(void **state)
{
	const struct made_row *row = *state;
	struct rmt_err err = { 0 };
	struct rmt_key *key = rmt_key_generate(row->spec, &err), *copy;
	struct rmt_buf text = { 0 };
	struct rmt_spki read;

	if (row->text == NULL) {
		assert_null(key);
		assert_error(&err, RMT_USAGE, "is no kind of key");
		return;
	}
	GIVEN(key);
	GOOD(rmt_key_spec_check(row->spec, &err));
	GOOD(rmt_spki_read(rmt_key_spki(key), &read, &err));
	rmt_spki_text(&read, &text);
	assert_string_equal(rmt_buf_string(&text), row->text);
	copy = rmt_key_dup(key, &err);
	GIVEN(copy);
	rmt_key_free(key);
	check_written(copy);
	check_written_der(copy);
	check_written_traditional(copy, read.bits != 0 && strcmp(read.kind, "ed25519") != 0,
	    strcmp(read.kind, "rsa") == 0 ? "RSA PRIVATE KEY" : "EC PRIVATE KEY");
	rmt_key_free(copy);
	rmt_buf_free(&text);
}

static void
check_suggestion(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_key_spec_check("ec:p257", &err), -1);
	assert_error(&err, RMT_USAGE, "did you mean ec:p256?");
}

/* ---- keys read ---------------------------------------------------------------------------- */

/* All are the same EC key; the passphrase is "geheim". */
static const struct file_row {
	const char *sentence, *file;
	bool encrypted, legacy;
} file_rows[] = {
	{ "PKCS#8", "pkcs8-plain", false, false },
	{ "SEC1", "sec1-plain", false, false },
	{ "PBES1 with MD5 and DES", "pbes1-md5-des", true, true },
	{ "PBES2 with PBKDF2 and AES-256", "pbes2-pbkdf2-aes256", true, false },
	{ "PBES2 with PBKDF2, SHA-1 and 3DES", "pbes2-pbkdf2-sha1-3des", true, false },
	{ "PBES2 with scrypt and AES-256", "pbes2-scrypt-aes256", true, false },
	{ "PKCS#12's 3DES", "pkcs12-sha1-3des", true, false },
	{ "PKCS#12's RC2-40", "pkcs12-sha1-rc2-40", true, true },
	{ "an old PEM block under AES-256", "sec1-aes256", true, false },
	{ "an old PEM block under 3DES", "sec1-3des", true, false },
	{ "an old PEM block under DES", "sec1-des", true, true },
};

static void
read_fixture(const char *name, struct rmt_buf *out)
{
	char path[512];
	struct rmt_err err = { 0 };

	snprintf(path, sizeof(path), SRCDIR "/tests/fuzz/corpus/key/%s", name);
	GOOD(rmt_file_read(path, 4096, out, &err));
}

static void
assert_refused(struct rmt_span pem, const char *passphrase, const char *words)
{
	struct rmt_secret *given = passphrase != NULL ? secret(passphrase) : NULL;
	struct rmt_err err = { 0 };

	assert_null(rmt_key_read_pem(pem, given, &err));
	assert_error(&err, RMT_SECRET, words);
	rmt_secret_free(given);
}

static void
check_file(void **state)
{
	const struct file_row *row = *state;
	struct rmt_secret *passphrase = secret("geheim");
	struct rmt_buf pem = { 0 }, plain = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_key *key, *wanted;

	if (row->legacy && rmt_legacy_context(&err) == NULL) {
		rmt_secret_free(passphrase);
		skip();
	}
	read_fixture(row->file, &pem);
	read_fixture("pkcs8-plain", &plain);
	key = rmt_key_read_pem(rmt_buf_view(&pem), row->encrypted ? passphrase : NULL, &err);
	GIVEN(key);
	wanted = rmt_key_read_pem(rmt_buf_view(&plain), NULL, &err);
	GIVEN(wanted);
	assert_true(rmt_span_equal(rmt_key_spki(key), rmt_key_spki(wanted)));
	if (row->encrypted) {
		assert_refused(rmt_buf_view(&pem), "Geheim", "the passphrase is wrong");
		assert_refused(rmt_buf_view(&pem), "", "the passphrase is wrong");
		assert_refused(rmt_buf_view(&pem), NULL, "no passphrase was given");
	}
	rmt_key_free(key);
	rmt_key_free(wanted);
	rmt_buf_free(&pem);
	rmt_buf_free(&plain);
	rmt_secret_free(passphrase);
}

/* Forms that only OpenSSL writes: RSA's own, and what surrounds a block in real files. */
static void
check_pem_dress(void **state)
{
	struct rmt_buf pem = { 0 }, dressed = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_key *key;

	(void)state;
	read_fixture("sec1-plain", &pem);
	rmt_buf_text(&dressed, "Bag Attributes\r\n  friendlyName: x\r\n-----BEGIN EC "
			       "PARAMETERS-----\r\nBggqhkjOPQMBBw==\r\n"
			       "-----END EC PARAMETERS-----\r\n");
	for (size_t i = 0; i < pem.length; i++) {
		if (pem.bytes[i] == '\n')
			rmt_buf_text(&dressed, " \r");
		rmt_buf_byte(&dressed, pem.bytes[i]);
	}
	rmt_buf_text(&dressed, "trailing words\n");
	key = rmt_key_read_pem(rmt_buf_view(&dressed), NULL, &err);
	GIVEN(key);
	rmt_key_free(key);
	rmt_buf_free(&pem);
	rmt_buf_free(&dressed);
}

static const struct broken_row {
	const char *sentence, *pem;
	enum rmt_class class;
	const char *words;
} broken_rows[] = {
	{ "no block", "hello\n", RMT_INPUT, "no PEM block" },
	{ "another label", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    RMT_INPUT, "no PEM block" },
	{ "no end", "-----BEGIN PRIVATE KEY-----\nAAAA\n", RMT_INPUT, "no end" },
	{ "no base64", "-----BEGIN PRIVATE KEY-----\nA*AA\n-----END PRIVATE KEY-----\n", RMT_INPUT,
	    "" },
	{ "no key inside", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
	    RMT_INPUT, "no private key" },
	{ "an empty block", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", RMT_INPUT,
	    "no private key" },
	{ "OpenSSH's form",
	    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
	    RMT_INPUT, "ssh-keygen" },
	{ "a vector of a wrong length",
	    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
	    "AES-128-CBC,0011\n\nAAAA\n"
	    "-----END RSA PRIVATE KEY-----\n",
	    RMT_INPUT, "wrong length" },
	{ "an unknown cipher",
	    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
	    "ROT-13,0011223344556677\n\nAAAA\n"
	    "-----END RSA PRIVATE KEY-----\n",
	    RMT_INPUT, "ROT-13" },
	{ "a cipher that is no CBC cipher",
	    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
	    "AES-128-GCM,001122334455667788990011\n\nAAAA\n"
	    "-----END RSA PRIVATE KEY-----\n",
	    RMT_INPUT, "AES-128-GCM" },
	{ "a header without a vector",
	    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
	    "AES-128-CBC\n\nAAAA\n"
	    "-----END RSA PRIVATE KEY-----\n",
	    RMT_INPUT, "does not name" },
};

static void
check_broken(void **state)
{
	const struct broken_row *row = *state;
	struct rmt_secret *passphrase = secret("geheim");
	struct rmt_err err = { 0 };

	assert_null(rmt_key_read_pem(rmt_span_text(row->pem), passphrase, &err));
	assert_error(&err, row->class, row->words);
	rmt_secret_free(passphrase);
}

/* Every prefix of a good key, and the key with each of its bytes changed: an answer, never a crash.
 */
static void
check_mutilated(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_key *key = rmt_key_generate("ec:p256", &err);
	struct rmt_buf der = { 0 };
	struct rmt_span exact;
	unsigned char *copy;

	(void)state;
	GIVEN(key);
	GOOD(rmt_key_write_der(key, &der, &err));
	rmt_key_free(key);
	for (size_t length = 0; length < der.length; length++) {
		copy = malloc(length != 0 ? length : 1);
		memcpy(copy, der.bytes, length);
		exact = rmt_span_of(copy, length);
		rmt_err_clear(&err);
		assert_null(rmt_key_read_der(exact, &err));
		assert_int_not_equal(err.class, RMT_NONE);
		free(copy);
	}
	for (size_t at = 0; at < der.length; at++) {
		der.bytes[at] ^= 0x55;
		rmt_key_free(rmt_key_read_der(rmt_buf_view(&der), NULL));
		der.bytes[at] ^= 0x55;
	}
	rmt_buf_free(&der);
}

/* SEC1 with the private half of one key and the public half of another. */
static void
check_foreign_half(void **state)
{
	EVP_PKEY *one = openssl_key("EC", 0, "P-256"), *other = openssl_key("EC", 0, "P-256");
	static const unsigned char p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	unsigned char number[32], point[65];
	struct rmt_buf der = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_err err = { 0 };
	BIGNUM *d = NULL;
	size_t length;

	(void)state;
	assert_true(EVP_PKEY_get_bn_param(one, OSSL_PKEY_PARAM_PRIV_KEY, &d));
	assert_int_equal(BN_bn2binpad(d, number, 32), 32);
	assert_true(EVP_PKEY_get_octet_string_param(
	    other, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &length));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 1);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(number, 32));
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_oid(&w, rmt_span_of(p256, sizeof(p256)));
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(1));
	rmt_derw_bits(&w, rmt_span_of(point, length), 0);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	GOOD(rmt_derw_finish(&w, &der, &err));
	assert_null(rmt_key_read_der(rmt_buf_view(&der), &err));
	assert_error(&err, RMT_SECRET, "do not belong together");
	rmt_buf_free(&der);
	BN_clear_free(d);
	EVP_PKEY_free(one);
	EVP_PKEY_free(other);
}

/* ---- what a passphrase may cost ----------------------------------------------------------- */

enum scheme { PBKDF2, SCRYPT, PBES1 };

static const struct cost_row {
	const char *sentence;
	enum scheme scheme;
	int64_t iterations, n, r, p;
	const char *words; /* NULL: accepted */
	enum rmt_class class;
	uint64_t most; /* allowed; 0: as usual */
} cost_rows[] = {
	{ "2,048 iterations", PBKDF2, 2048, 0, 0, 0, NULL, RMT_NONE, 0 },
	{ "2,500,000 iterations", PBKDF2, 2500000, 0, 0, 0, NULL, RMT_NONE, 0 },
	{ "2,500,001 iterations are refused", PBKDF2, 2500001, 0, 0, 0, "2500001 times",
	    RMT_POLICY, 0 },
	{ "unless so many are allowed", PBKDF2, 2500001, 0, 0, 0, NULL, RMT_NONE, 2500001 },
	{ "2,048 iterations are refused where 2,047 are allowed", PBKDF2, 2048, 0, 0, 0,
	    "2048 times, and --max-iterations allows 2047", RMT_POLICY, 2047 },
	{ "2^31 iterations are refused", PBKDF2, INT64_C(1) << 31, 0, 0, 0, "2147483648 times",
	    RMT_POLICY, 0 },
	{ "2^62 iterations are refused", PBKDF2, INT64_C(1) << 62, 0, 0, 0,
	    "4611686018427387904 times", RMT_POLICY, 0 },
	{ "no iterations are refused", PBKDF2, 0, 0, 0, 0, "not positive", RMT_INPUT, 0 },
	{ "minus one iteration is refused", PBKDF2, -1, 0, 0, 0, "", RMT_INPUT, 0 },
	{ "PBES1 with 2,500,001 iterations is refused", PBES1, 2500001, 0, 0, 0, "2500001 times",
	    RMT_POLICY, 0 },
	{ "scrypt with 16 MiB", SCRYPT, 0, 16384, 8, 1, NULL, RMT_NONE, 0 },
	{ "costs as much as 131,072 iterations", SCRYPT, 0, 16384, 8, 1, NULL, RMT_NONE, 131072 },
	{ "and is refused where 131,071 are allowed", SCRYPT, 0, 16384, 8, 1, "than 131071 iterations",
	    RMT_POLICY, 131071 },
	{ "scrypt with 256 MiB", SCRYPT, 0, 1 << 18, 8, 1, NULL, RMT_NONE, 0 },
	{ "but not twice", SCRYPT, 0, 1 << 18, 8, 2, "p=2 takes longer than 2500000 iterations",
	    RMT_POLICY, 0 },
	{ "unless so many are allowed", SCRYPT, 0, 1 << 18, 8, 2, NULL, RMT_NONE, 4194304 },
	{ "scrypt with 1 GiB where so many are allowed", SCRYPT, 0, 1 << 20, 8, 1, NULL, RMT_NONE,
	    8388608 },
	{ "scrypt with 2 GiB is refused", SCRYPT, 0, 1 << 21, 8, 1, "N=2097152 and r=8",
	    RMT_POLICY, 0 },
	{ "whatever is allowed", SCRYPT, 0, 1 << 21, 8, 1, "1 GiB", RMT_POLICY, INT32_MAX },
	{ "scrypt whose product overflows is refused", SCRYPT, 0, INT64_C(1) << 60,
	    INT64_C(1) << 60, 1, "1 GiB", RMT_POLICY, UINT64_MAX },
	{ "scrypt with an endless p is refused", SCRYPT, 0, 16384, 8, INT64_C(1) << 40,
	    "p=1099511627776", RMT_POLICY, UINT64_MAX },
	{ "scrypt with r=0 is refused", SCRYPT, 0, 16384, 0, 1, "not positive", RMT_INPUT, 0 },
	{ "scrypt whose N is no power of 2 is refused", SCRYPT, 0, 17408, 8, 1, "power of 2",
	    RMT_INPUT, 0 },
	{ "scrypt whose N is too large for its r is refused", SCRYPT, 0, 65536, 1, 1, "power of 2",
	    RMT_INPUT, 0 },
};

static void
write_scheme(
    const struct cost_row *row, struct rmt_span salt, struct rmt_span iv, struct rmt_derw *w)
{
	static const unsigned char pbes2[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05,
		0x0d };
	static const unsigned char pbkdf2[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05,
		0x0c };
	static const unsigned char pbes1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05,
		0x03 };
	static const unsigned char scrypt[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04,
		0x0b };
	static const unsigned char aes256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01,
		0x2a };

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, row->scheme == PBES1 ? rmt_span_of(pbes1, 9) : rmt_span_of(pbes2, 9));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (row->scheme != PBES1) {
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_oid(
		    w, row->scheme == SCRYPT ? rmt_span_of(scrypt, 9) : rmt_span_of(pbkdf2, 9));
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
	}
	rmt_derw_value(w, RMT_DER_OCTET_STRING, salt);
	rmt_derw_small(w, row->scheme == SCRYPT ? row->n : row->iterations);
	if (row->scheme == SCRYPT) {
		rmt_derw_small(w, row->r);
		rmt_derw_small(w, row->p);
	}
	if (row->scheme != PBES1) {
		rmt_derw_end(w);
		rmt_derw_end(w);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_oid(w, rmt_span_of(aes256, 9));
		rmt_derw_value(w, RMT_DER_OCTET_STRING, iv);
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
	rmt_derw_end(w);
}

static void
check_cost(void **state)
{
	const struct cost_row *row = *state;
	static const unsigned char zeros[16];
	struct rmt_buf der = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	write_scheme(row, rmt_span_of(zeros, 8), rmt_span_of(zeros, 16), &w);
	GOOD(rmt_derw_finish(&w, &der, &err));
	rc = rmt_pbe_check(rmt_buf_view(&der), row->most, NULL, &err);
	if (row->words == NULL)
		GOOD(rc);
	else {
		assert_int_equal(rc, -1);
		assert_error(&err, row->class, row->words);
	}
	rmt_buf_free(&der);
}

/* OpenSSL's own reader refuses scrypt beyond 32 MiB; ours reads it, and a refused cost is never
 * paid. */
static void
check_costly_scrypt(void **state)
{
	static const struct cost_row row = { "", SCRYPT, 0, 65536, 8, 1, NULL, RMT_NONE, 0 };
	static const struct cost_row hostile = { "", PBKDF2, INT64_C(1) << 40, 0, 0, 0, NULL,
		RMT_NONE, 0 };
	static const unsigned char salt[8] = "saltsalt", iv[16] = "initial vector.";
	unsigned char derived[32], sealed[512];
	struct rmt_secret *passphrase = secret("geheim");
	struct rmt_buf pkcs8 = { 0 }, der = { 0 };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct rmt_derw w = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_key *key = rmt_key_generate("ec:p256", &err), *again;
	int first, last;

	(void)state;
	GIVEN(key);
	GOOD(rmt_key_write_der(key, &pkcs8, &err));
	assert_true(
	    EVP_PBE_scrypt("geheim", 6, salt, 8, 65536, 8, 1, 128 << 20, derived, sizeof(derived)));
	assert_true(EVP_EncryptInit_ex2(ctx, EVP_aes_256_cbc(), derived, iv, NULL));
	assert_true(EVP_EncryptUpdate(ctx, sealed, &first, pkcs8.bytes, (int)pkcs8.length));
	assert_true(EVP_EncryptFinal_ex(ctx, sealed + first, &last));
	for (int pass = 0; pass < 2; pass++) {
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		write_scheme(
		    pass == 0 ? &row : &hostile, rmt_span_of(salt, 8), rmt_span_of(iv, 16), &w);
		rmt_derw_value(
		    &w, RMT_DER_OCTET_STRING, rmt_span_of(sealed, (size_t)(first + last)));
		rmt_derw_end(&w);
		GOOD(rmt_derw_finish(&w, &der, &err));
		again = rmt_key_read_encrypted(rmt_buf_view(&der), passphrase, &err);
		if (pass == 0) {
			GIVEN(again);
			assert_true(rmt_span_equal(rmt_key_spki(key), rmt_key_spki(again)));
			rmt_key_free(again);
		} else {
			assert_null(again);
			assert_error(&err, RMT_POLICY, "1099511627776 times");
		}
		rmt_buf_free(&der);
	}
	EVP_CIPHER_CTX_free(ctx);
	rmt_key_free(key);
	rmt_buf_free(&pkcs8);
	rmt_secret_free(passphrase);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, algorithm_rows, check_algorithm);
	ADD_TABLE(&rows, spki_rows, check_spki);
	ADD_TABLE(&rows, spki_bytes_rows, check_spki_bytes);
	ADD_TABLE(&rows, made_rows, check_made);
	add_row(&rows, "a kind that is nearly right is suggested", check_suggestion, NULL);
	ADD_TABLE(&rows, file_rows, check_file);
	add_row(&rows, "text, CRLF and EC PARAMETERS around a key are passed over", check_pem_dress,
	    NULL);
	ADD_TABLE(&rows, broken_rows, check_broken);
	add_row(&rows, "a mutilated key is refused", check_mutilated, NULL);
	add_row(&rows, "halves of two keys are refused", check_foreign_half, NULL);
	ADD_TABLE(&rows, cost_rows, check_cost);
	add_row(&rows, "scrypt with 64 MiB is read, 2^40 iterations are not tried",
	    check_costly_scrypt, NULL);
	return run_rows("keys", &rows);
}
