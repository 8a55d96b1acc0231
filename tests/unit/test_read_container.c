/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#7 and PKCS#12: as openssl writes them, and as others do and openssl's command cannot. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "unit/test_read.h"

static void
pkcs7_gives_its_certificates_and_crls(void **state)
{
	static const struct row rows[] = {
		{ "DER", "chain.p7b", NULL, "certificate=leaf@pkcs7 certificate=ca@pkcs7", NULL },
		{ "PEM", "chain.p7b.pem", NULL,
		    "certificate=leaf@pem-pkcs7:1 certificate=ca@pem-pkcs7:1", "label: PKCS7" },
		{ "with a CRL", "chain-crl.p7b", NULL,
		    "certificate=leaf@pkcs7 certificate=ca@pkcs7 crl=ca@pkcs7", NULL },
		{ "a CRL alone", "crl-only.p7b", NULL, "crl=ca@pkcs7", NULL },
		{ "CMS in PEM, signed", "signed.cms.pem", NULL,
		    "certificate=ca@pem-pkcs7:1 certificate=leaf@pem-pkcs7:1", "label: CMS" },
		{ "BER as a stream", "signed.ber", NULL,
		    "certificate=ca@pkcs7 certificate=leaf@pkcs7", NULL },
		{ "a signature without certificates", "nocerts.p7s", NULL, "!input()",
		    "holds no certificate" },
		{ "an encrypted message", "enveloped.p7m", NULL,
		    "unsupported=PKCS#7 message encrypted for its recipients@pkcs7", NULL },
		{ "Netscape's sequence", "chain.nseq.pem", NULL,
		    "certificate=leaf@pem-pkcs7:1 certificate=ca@pem-pkcs7:1", NULL },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* PkiPath and CertificatePair: bare sequences around two certificates. */
static void
sequences_of_certificates_are_read(void **state)
{
	static const struct {
		const char *sentence;
		unsigned char tag;
		const char *wanted;
	} rows[] = {
		{ "PkiPath", 0, "certificate=leaf@der certificate=ca@der" },
		{ "a pair of cross certificates", 0xa0, "certificate=leaf@der certificate=ca@der" },
	};
	static const char *const files[] = { "leaf.der", "ca.der" };
	struct rmt_buf der = { 0 }, out = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rmt_derw w = { 0 };

		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		for (unsigned char n = 0; n < 2; n++) {
			fixture_read(files[n], &der);
			if (rows[i].tag)
				rmt_derw_begin(&w, (unsigned char)(rows[i].tag | n));
			rmt_derw_raw(&w, rmt_buf_view(&der));
			if (rows[i].tag)
				rmt_derw_end(&w);
		}
		rmt_derw_end(&w);
		assert_int_equal(rmt_derw_finish(&w, &out, NULL), 0);
		account_start(&account, NULL);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, out.bytes, out.length), rows[i].wanted, NULL);
		account_end(&account);
		rmt_buf_free(&out);
	}
	rmt_buf_free(&der);
}

/* RFC 2315, 11.1: an encrypted message of PKCS#7 whose certificates stand in the clear. */
static void
a_signed_and_enveloped_message_gives_its_certificates(void **state)
{
	struct rmt_buf der = { 0 }, oid = { 0 }, out = { 0 };
	struct rmt_derw w = { 0 };
	struct account account;

	(void)state;
	fixture_read("leaf.der", &der);
	assert_int_equal(rmt_oid_encode("1.2.840.113549.1.7.4", &oid, NULL), 0);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_buf_view(&oid));
	rmt_derw_begin(&w, 0xa0);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 1);
	for (unsigned i = 0; i < 3; i++) { /* recipients, digests, what is encrypted */
		rmt_derw_begin(&w, i < 2 ? RMT_DER_SET : RMT_DER_SEQUENCE);
		rmt_derw_end(&w);
	}
	rmt_derw_begin(&w, 0xa0);
	rmt_derw_raw(&w, rmt_buf_view(&der));
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_SET); /* signers */
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &out, NULL), 0);
	account_start(&account, NULL);
	check_account(&account, "signedAndEnvelopedData",
	    account_mem(&account, out.bytes, out.length), "certificate=leaf@pkcs7", NULL);
	account_end(&account);
	rmt_buf_free(&der);
	rmt_buf_free(&oid);
	rmt_buf_free(&out);
}

#define LEAF_PFX "certificate=leaf@pkcs12 certificate=ca@pkcs12 private-key=leaf@pkcs12+encrypted"
#define LEAF_PFX_LOCKED \
	"certificate=leaf@pkcs12 certificate=ca@pkcs12 private-key=@pkcs12+encrypted+locked"
#define LEAF_PFX_PLAIN "certificate=leaf@pkcs12 certificate=ca@pkcs12 private-key=leaf@pkcs12"

static void
pkcs12_opens_in_every_variant(void **state)
{
	static const struct row rows[] = {
		{ "AES and SHA-256", "modern.pfx", "secret", LEAF_PFX, "profile: modern" },
		{ "3DES and SHA-1", "compat.pfx", "secret", LEAF_PFX, "profile: compat" },
		{ "RC2-40 and SHA-1", "legacy.pfx", "secret", LEAF_PFX, "profile: legacy" },
		{ "no MAC", "nomac.pfx", "secret", LEAF_PFX, "profile: modern" },
		{ "SHA-512 MAC", "sha512.pfx", "secret", LEAF_PFX, "profile: modern" },
		{ "certificates in the clear", "plain-certificates.pfx", "secret", LEAF_PFX,
		    "profile: modern" },
		{ "all in the clear under a MAC", "plain.pfx", "secret", LEAF_PFX_PLAIN,
		    "profile: none" },
		{ "all in the clear without MAC", "plain-nomac.pfx", NULL, LEAF_PFX_PLAIN,
		    "profile: none" },
		{ "the empty passphrase, nobody asked", "empty-password.pfx", NULL, LEAF_PFX,
		    NULL },
		{ "certificates only", "certificates.pfx", "secret",
		    "certificate=leaf@pkcs12 certificate=ca@pkcs12", NULL },
		{ "a key only", "key.pfx", "secret", "private-key=leaf@pkcs12+encrypted", NULL },
		{ "the friendly name", "modern.pfx", "secret", LEAF_PFX, "name: Leaf name" },
		{ "the local key id", "modern.pfx", "secret", LEAF_PFX,
		    "local key id of 20 bytes" },
		{ "the second passphrase", "modern.pfx", "wrong|secret", LEAF_PFX, NULL },
		{ "a wrong passphrase", "modern.pfx", "wrong", "!secret()",
		    "the passphrase given does not open this PKCS#12" },
		{ "two wrong ones", "compat.pfx", "wrong|bad", "!secret()",
		    "none of the passphrases given" },
		{ "no passphrase", "modern.pfx", NULL, "!secret()", "none was given" },
		{ "no passphrase, and only the key is encrypted", "nomac.pfx", NULL,
		    "certificate=leaf@pkcs12 certificate=ca@pkcs12 "
		    "private-key=@pkcs12+encrypted+locked",
		    NULL },
		{ "a wrong passphrase, and only the key is encrypted", "nomac.pfx", "wrong",
		    "certificate=leaf@pkcs12 certificate=ca@pkcs12 !secret(safe[1].bag[0])", NULL },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void
profiles_give_what_their_payloads_hold(void **state)
{
	static const struct row rows[] = {
		{ "certificates", "trust.mobileconfig", NULL, "certificate=leaf@mobileconfig certificate=ca@mobileconfig", NULL },
		{ "PEM in a payload", "pem.mobileconfig", NULL, "certificate=leaf@pem:1", NULL },
		{ "a PKCS#12 in a payload", "identity.mobileconfig", "secret", LEAF_PFX " certificate=ca@mobileconfig", "profile: compat" },
		{ "a PKCS#12 that stays closed", "identity.mobileconfig", NULL, "!secret(payload[0]) certificate=ca@mobileconfig", "none was given" },
		{ "an end within a payload", "cut.mobileconfig", NULL, "!input(payload[0])", "ends within a payload" },
		{ "no base64 in a payload", "broken.mobileconfig", NULL, "!input(payload[0], offset 4) certificate=ca@mobileconfig", NULL },
		{ "a payload of another kind", "odd.mobileconfig", NULL, "unsupported=XML document@der", NULL },
		{ "PEM in another property list", "string.plist", NULL, "certificate=leaf@pem:2", NULL },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void
passphrases_at_hand_come_before_the_empty_one(void **state)
{
	static const struct {
		const char *file, *secrets;
		unsigned given, asked;
	} rows[] = {
		{ "empty-password.pfx", "secret", 0, 0 },
		{ "empty-password.pfx", "secret", 1, 1 },
		{ "empty-password.pfx", NULL, 1, 1 },
		{ "modern.pfx", "secret", 1, 1 },
		{ "modern.pfx", "bad|secret", 1, 2 },
	};
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		account_start(&account, rows[i].secrets);
		account.reader.given = rows[i].given;
		check_account(&account, rows[i].file, account_path(&account, fixture(rows[i].file)),
		    LEAF_PFX, NULL);
		assert_int_equal(account.asked, rows[i].asked);
		account_end(&account);
	}
}

static void
skipped_keys_of_a_pfx_stay_locked(void **state)
{
	struct account account;

	(void)state;
	account_start(&account, "secret");
	account.reader.skip_keys = true;
	check_account(&account, "skip_keys", account_path(&account, fixture("modern.pfx")),
	    LEAF_PFX_LOCKED, NULL);
	account_end(&account);
}

/* ---- containers made here ---- */

static X509 *
load_certificate(const char *name)
{
	BIO *bio = BIO_new_file(fixture(name), "r");
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(cert);
	return cert;
}

static EVP_PKEY *
load_key(const char *name)
{
	BIO *bio = BIO_new_file(fixture(name), "r");
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(key);
	return key;
}

static void
encode(PKCS12 *p12, struct rmt_buf *out)
{
	unsigned char *der = NULL;
	int length = i2d_PKCS12(p12, &der);

	assert_true(length > 0);
	rmt_buf_clear(out);
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_free(der);
	PKCS12_free(p12);
}

/* Two keys and their certificates with names, an unrelated CRL, in one safe; `password` NULL is the
 * absent one. */
static void
make_pfx_of_two(const char *password, int nid, struct rmt_buf *out)
{
	static const char *const names[] = { "leaf", "other" };
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	STACK_OF(PKCS7) *safes = NULL;
	PKCS12_SAFEBAG *bag;
	BIO *bio = BIO_new_file(fixture("crl.pem"), "r");
	X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	PKCS12 *p12;
	char file[32];

	for (unsigned char i = 0; i < 2; i++) {
		X509 *cert;
		EVP_PKEY *key;

		snprintf(file, sizeof file, "%s.pem", names[i]);
		cert = load_certificate(file);
		snprintf(file, sizeof file, "%s.key", names[i]);
		key = load_key(file);
		bag = PKCS12_add_cert(&bags, cert);
		assert_true(PKCS12_add_friendlyname_utf8(bag, i ? "Zw\303\266lf" : names[i], -1));
		assert_true(PKCS12_add_localkeyid(bag, &i, 1));
		bag = PKCS12_add_key(&bags, key, 0, 2048, nid, password);
		assert_true(PKCS12_add_localkeyid(bag, &i, 1));
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	bag = PKCS12_SAFEBAG_create_crl(crl);
	sk_PKCS12_SAFEBAG_push(bags, bag);
	assert_true(PKCS12_add_safe(&safes, bags, nid, 2048, password));
	p12 = PKCS12_add_safes(safes, 0);
	assert_true(PKCS12_set_mac(p12, password, password ? -1 : 0, NULL, 0, 2048, EVP_sha256()));
	encode(p12, out);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	X509_CRL_free(crl);
	BIO_free(bio);
}

#define TWO \
	"certificate=leaf@pkcs12 private-key=leaf@pkcs12+encrypted certificate=other@pkcs12 " \
	"private-key=other@pkcs12+encrypted crl=ca@pkcs12"

static void
several_keys_names_and_a_crl_come_out(void **state)
{
	static const struct {
		const char *sentence, *password, *secrets, *wanted, *says;
		int nid;
	} rows[] = {
		{ "several keys", "secret", "secret", TWO, "name: Zw\303\266lf",
		    NID_pbe_WithSHA1And3_Key_TripleDES_CBC },
		{ "an absent password", NULL, NULL, TWO, "local key id of 1 bytes",
		    NID_pbe_WithSHA1And3_Key_TripleDES_CBC },
		{ "an absent password under PBES2", NULL, NULL, TWO, NULL, NID_aes_256_cbc },
		{ "a password beyond ASCII", "gr\303\274n", "gr\303\274n", TWO, NULL,
		    NID_aes_256_cbc },
		{ "the same in PKCS#12's own scheme", "gr\303\274n", "gr\303\274n", TWO, NULL,
		    NID_pbe_WithSHA1And3_Key_TripleDES_CBC },
		{ "the same as older OpenSSL encoded it", "gr\303\203\302\274n", "gr\303\274n", TWO,
		    NULL, NID_pbe_WithSHA1And3_Key_TripleDES_CBC },
		{ "a password in Latin-1", "gr\303\274n", "gr\374n", TWO, NULL,
		    NID_pbe_WithSHA1And3_Key_TripleDES_CBC },
	};
	struct rmt_buf pfx = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make_pfx_of_two(rows[i].password, rows[i].nid, &pfx);
		account_start(&account, rows[i].secrets);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, pfx.bytes, pfx.length), rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&pfx);
}

/* Every constructed value with an indefinite length, every OCTET STRING in pieces: what BER allows.
 */
static void
make_ber(struct rmt_der *in, struct rmt_buf *out)
{
	struct rmt_tlv tlv;
	struct rmt_der inner;
	size_t piece;

	while (rmt_der_more(in)) {
		assert_int_equal(rmt_der_any(in, &tlv, NULL, NULL), 0);
		if (tlv.tag & 0x20) {
			rmt_buf_byte(out, tlv.tag);
			rmt_buf_byte(out, 0x80);
			rmt_der_open(&inner, tlv.value, NULL);
			make_ber(&inner, out);
			rmt_buf_append(out, "\0\0", 2);
		} else if (tlv.tag == RMT_DER_OCTET_STRING || tlv.tag == RMT_DER_CONTEXT(0)) {
			rmt_buf_byte(out, tlv.tag | 0x20);
			rmt_buf_byte(out, 0x80);
			for (size_t at = 0; at < tlv.value.length; at += piece) {
				piece = tlv.value.length - at < 100 ? tlv.value.length - at : 100;
				rmt_buf_byte(out, RMT_DER_OCTET_STRING);
				rmt_buf_byte(out, (unsigned char)piece);
				rmt_buf_append(out, tlv.value.at + at, piece);
			}
			rmt_buf_append(out, "\0\0", 2);
		} else {
			rmt_buf_span(out, tlv.whole);
		}
	}
}

static void
ber_containers_read_as_der_ones(void **state)
{
	static const struct row rows[] = {
		{ "PKCS#12", "modern.pfx", "secret", LEAF_PFX, NULL },
		{ "PKCS#12 without encryption", "plain.pfx", "secret", LEAF_PFX_PLAIN, NULL },
	};
	struct rmt_buf der = { 0 }, ber = { 0 };
	struct account account;
	struct rmt_der top;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fixture_read(rows[i].file, &der);
		rmt_buf_clear(&ber);
		rmt_der_open(&top, rmt_buf_view(&der), NULL);
		make_ber(&top, &ber);
		assert_true(ber.length > der.length);
		account_start(&account, rows[i].secrets);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, ber.bytes, ber.length), rows[i].wanted, NULL);
		account_end(&account);
	}
	rmt_buf_free(&der);
	rmt_buf_free(&ber);
}

/* ---- MACs made here, and left out ---- */

/* RFC 7292, 4: version and authSafe without macData. */
static void
without_mac(const char *name, struct rmt_buf *out)
{
	struct rmt_buf der = { 0 };
	struct rmt_der top, seq;
	struct rmt_derw w = { 0 };
	struct rmt_tlv tlv;

	fixture_read(name, &der);
	rmt_der_open(&top, rmt_buf_view(&der), NULL);
	assert_int_equal(rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, NULL, NULL), 0);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(rmt_der_any(&seq, &tlv, NULL, NULL), 0);
		rmt_derw_raw(&w, tlv.whole);
	}
	assert_true(rmt_der_more(&seq));
	rmt_derw_end(&w);
	rmt_buf_clear(out);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
	rmt_buf_free(&der);
}

static void
without_a_mac_the_content_tells_whether_a_passphrase_fits(void **state)
{
	static const struct row rows[] = {
		{ "AES", "modern.pfx", "secret", LEAF_PFX, NULL },
		{ "3DES, second passphrase", "compat.pfx", "wrong|secret", LEAF_PFX, NULL },
		{ "the empty passphrase", "empty-password.pfx", NULL, LEAF_PFX, NULL },
		{ "a wrong passphrase", "modern.pfx", "wrong",
		    "!secret(safe[0]) !secret(safe[1].bag[0])", NULL },
		{ "no passphrase", "modern.pfx", NULL,
		    "!secret(safe[0]) private-key=@pkcs12+encrypted+locked", "none was given" },
	};
	struct rmt_buf pfx = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		without_mac(rows[i].file, &pfx);
		account_start(&account, rows[i].secrets);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, pfx.bytes, pfx.length), rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&pfx);
}

static void
named(struct rmt_derw *w, const char *oid)
{
	struct rmt_buf content = { 0 };

	assert_int_equal(rmt_oid_encode(oid, &content, NULL), 0);
	rmt_derw_oid(w, rmt_buf_view(&content));
	rmt_buf_free(&content);
}

/* plain-nomac.pfx: what stands before a MAC, and what a MAC is over. */
static void
open_plain(
    struct rmt_buf *der, struct rmt_tlv *version, struct rmt_tlv *whole, struct rmt_tlv *octets)
{
	struct rmt_der top, seq, info, content;
	struct rmt_span oid;

	fixture_read("plain-nomac.pfx", der);
	rmt_der_open(&top, rmt_buf_view(der), NULL);
	assert_int_equal(rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, NULL, NULL), 0);
	assert_int_equal(rmt_der_any(&seq, version, NULL, NULL), 0);
	info = seq;
	assert_int_equal(rmt_der_any(&seq, whole, NULL, NULL), 0);
	assert_int_equal(rmt_der_enter(&info, RMT_DER_SEQUENCE, &content, NULL, NULL), 0);
	assert_int_equal(rmt_der_oid(&content, &oid, NULL, NULL), 0);
	assert_int_equal(rmt_der_enter(&content, 0xa0, &info, NULL, NULL), 0);
	assert_int_equal(rmt_der_any(&info, octets, NULL, NULL), 0);
}

/* The same under a SHA-256 MAC whose salt is empty. */
static void
make_mac_without_salt(const char *password, struct rmt_buf *out)
{
	unsigned char key[32], mac[32], salt[1];
	struct rmt_buf der = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_tlv version, whole, octets;

	open_plain(&der, &version, &whole, &octets);
	assert_true(PKCS12_key_gen_utf8_ex(password, (int)strlen(password), salt, 0, PKCS12_MAC_ID,
	    2048, 32, key, EVP_sha256(), NULL, NULL));
	assert_non_null(
	    HMAC(EVP_sha256(), key, 32, octets.value.at, octets.value.length, mac, NULL));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, version.whole);
	rmt_derw_raw(&w, whole.whole);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE); /* MacData */
	rmt_derw_begin(&w, RMT_DER_SEQUENCE); /* DigestInfo */
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	named(&w, "2.16.840.1.101.3.4.2.1");
	rmt_derw_end(&w);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(mac, 32));
	rmt_derw_end(&w);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(salt, 0));
	rmt_derw_small(&w, 2048);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_buf_clear(out);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
	rmt_buf_free(&der);
}

static void
a_mac_may_have_an_empty_salt(void **state)
{
	static const struct {
		const char *sentence, *password, *secrets, *wanted;
	} rows[] = {
		{ "a passphrase", "secret", "secret", LEAF_PFX_PLAIN },
		{ "a wrong one", "secret", "wrong", "!secret()" },
		{ "none given: neither the absent nor the empty one fits", "secret", NULL,
		    "!secret()" },
		{ "the empty one", "", NULL, LEAF_PFX_PLAIN },
	};
	struct rmt_buf pfx = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make_mac_without_salt(rows[i].password, &pfx);
		account_start(&account, rows[i].secrets);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, pfx.bytes, pfx.length), rows[i].wanted, NULL);
		account_end(&account);
	}
	rmt_buf_free(&pfx);
}

/* RFC 9579: plain-nomac.pfx under a PBMAC1 with "secret"; iterations as written, not as derived. */
static void
make_pbmac1(
    int64_t iterations, int key_length, const char *kdf, const char *hmac, struct rmt_buf *out)
{
	static const unsigned char salt[8] = "saltsalt";
	unsigned char key[32], mac[32];
	struct rmt_buf der = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_tlv version, whole, octets;

	open_plain(&der, &version, &whole, &octets);
	assert_true(
	    PKCS5_PBKDF2_HMAC("secret", 6, salt, 8, 2048, EVP_sha256(), key_length, key));
	assert_non_null(
	    HMAC(EVP_sha256(), key, key_length, octets.value.at, octets.value.length, mac, NULL));

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, version.whole);
	rmt_derw_raw(&w, whole.whole);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE); /* MacData */
	rmt_derw_begin(&w, RMT_DER_SEQUENCE); /* DigestInfo */
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	named(&w, "1.2.840.113549.1.5.14");
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	named(&w, kdf);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(salt, 8));
	rmt_derw_small(&w, iterations);
	rmt_derw_small(&w, key_length);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	named(&w, "1.2.840.113549.2.9");
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	named(&w, hmac);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of(mac, 32));
	rmt_derw_end(&w);
	rmt_derw_value(&w, RMT_DER_OCTET_STRING, rmt_span_of("unused", 6));
	rmt_derw_small(&w, 1);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_buf_clear(out);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
	rmt_buf_free(&der);
}

static void
pbmac1_is_checked_here(void **state)
{
	static const struct {
		const char *sentence, *kdf, *hmac, *secrets, *wanted, *says;
		int64_t iterations;
		int key_length;
	} rows[] = {
		{ "the right passphrase", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "secret",
		    LEAF_PFX_PLAIN, NULL, 2048, 32 },
		{ "a wrong passphrase", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "wrong",
		    "!secret()", NULL, 2048, 32 },
		{ "another derivation", "1.3.6.1.4.1.11591.4.11", "1.2.840.113549.2.9", "secret",
		    "!input(keyDerivationFunc)", "not PBKDF2", 2048, 32 },
		{ "an unknown HMAC", "1.2.840.113549.1.5.12", "1.2.3.4", "secret",
		    "!input(macData)", "1.2.3.4", 2048, 32 },
		{ "too many iterations", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "secret",
		    "!policy()", "2147483648 times", INT64_C(2147483648), 32 },
		{ "the shortest key", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "secret",
		    LEAF_PFX_PLAIN, NULL, 2048, 20 },
		{ "a shorter one", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "secret",
		    "!input(macData)", "out of bounds", 2048, 19 },
		{ "no iterations", "1.2.840.113549.1.5.12", "1.2.840.113549.2.9", "secret",
		    "!input(macData)", NULL, 0, 32 },
	};
	struct rmt_buf pfx = { 0 };
	struct account account;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make_pbmac1(
		    rows[i].iterations, rows[i].key_length, rows[i].kdf, rows[i].hmac, &pfx);
		account_start(&account, rows[i].secrets);
		check_account(&account, rows[i].sentence,
		    account_mem(&account, pfx.bytes, pfx.length), rows[i].wanted, rows[i].says);
		account_end(&account);
	}
	rmt_buf_free(&pfx);
}

/* A byte of the first certificate inside an unprotected container is turned. */
static void
a_broken_member_is_one_fault_and_the_rest_comes(void **state)
{
	static const struct {
		const char *file, *wanted;
	} rows[] = {
		{ "chain.p7b", "!input(certificates[0], tbs) certificate=ca@pkcs7" },
		{ "plain-nomac.pfx",
		    "!input(safe[0].bag[0], tbs) certificate=ca@pkcs12 private-key=leaf@pkcs12" },
	};
	struct rmt_buf whole = { 0 }, leaf = { 0 };
	struct account account;
	unsigned char *at;

	(void)state;
	fixture_read("leaf.der", &leaf);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fixture_read(rows[i].file, &whole);
		at = memmem(whole.bytes, whole.length, leaf.bytes, leaf.length);
		assert_non_null(at);
		at[4] = RMT_DER_SET; /* the SEQUENCE of the TBSCertificate */
		account_start(&account, NULL);
		check_account(&account, rows[i].file,
		    account_mem(&account, whole.bytes, whole.length), rows[i].wanted, NULL);
		account_end(&account);
	}
	rmt_buf_free(&whole);
	rmt_buf_free(&leaf);
}

const struct CMUnitTest read_container_tests[] = {
	cmocka_unit_test(pkcs7_gives_its_certificates_and_crls),
	cmocka_unit_test(sequences_of_certificates_are_read),
	cmocka_unit_test(pkcs12_opens_in_every_variant),
	cmocka_unit_test(profiles_give_what_their_payloads_hold),
	cmocka_unit_test(passphrases_at_hand_come_before_the_empty_one),
	cmocka_unit_test(skipped_keys_of_a_pfx_stay_locked),
	cmocka_unit_test(several_keys_names_and_a_crl_come_out),
	cmocka_unit_test(ber_containers_read_as_der_ones),
	cmocka_unit_test(without_a_mac_the_content_tells_whether_a_passphrase_fits),
	cmocka_unit_test(a_signed_and_enveloped_message_gives_its_certificates),
	cmocka_unit_test(a_mac_may_have_an_empty_salt),
	cmocka_unit_test(pbmac1_is_checked_here),
	cmocka_unit_test(a_broken_member_is_one_fault_and_the_rest_comes),
};
const size_t read_container_count = sizeof read_container_tests / sizeof read_container_tests[0];
