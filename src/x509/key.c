/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys: made, read from DER and PEM, freed. OpenSSL's EVP_PKEY stays behind struct rmt_key.
 *
 * A key that is read is not judged (rmt_key_check_public does that), but its two halves must belong
 * together. Encrypted forms are opened by key_decrypt.c; nothing here ever asks anybody for a
 * passphrase.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "x509/local.h"

enum { PEM_CAP = 1 << 20 };

/* To add a kind of key that can be made: one row here, and a row in tests/unit/test_keys.c. */
static const struct spec {
	const char *spec, *algorithm, *group;
	int bits;
} specs[] = {
	{ "rsa:2048", "RSA", NULL, 2048 },
	{ "rsa:3072", "RSA", NULL, 3072 },
	{ "rsa:4096", "RSA", NULL, 4096 },
	{ "ec:p256", "EC", "P-256", 0 },
	{ "ec:p384", "EC", "P-384", 0 },
	{ "ec:p521", "EC", "P-521", 0 },
	{ "ed25519", "ED25519", NULL, 0 },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct spec *
find_spec(const char *text, struct rmt_err *err)
{
	const char *names[COUNT(specs) + 1] = { NULL }, *nearest;

	for (size_t i = 0; i < COUNT(specs); i++) {
		if (strcmp(specs[i].spec, text) == 0)
			return &specs[i];
		names[i] = specs[i].spec;
	}
	nearest = rmt_nearest(text, names);
	rmt_err_set(err, RMT_USAGE, NULL,
	    "\"%.40s\" is no kind of key; %s%s%srsa:2048, rsa:3072, rsa:4096, ec:p256, "
	    "ec:p384, ec:p521 and ed25519 are",
	    text, nearest != NULL ? "did you mean " : "", nearest != NULL ? nearest : "",
	    nearest != NULL ? "? " : "");
	return NULL;
}

int
rmt_key_spec_check(const char *spec, struct rmt_err *err)
{
	return find_spec(spec, err) != NULL ? 0 : -1;
}

const char *
rmt_evp_kind(const EVP_PKEY *evp)
{
	static const char *const kinds[][2] = {
		{ "RSA", "rsa" },
		{ "EC", "ec" },
		{ "ED25519", "ed25519" },
		{ "RSA-PSS", "rsa-pss" },
		{ "ED448", "ed448" },
		{ "DSA", "dsa" },
		{ "ML-DSA-44", "ml-dsa-44" },
		{ "ML-DSA-65", "ml-dsa-65" },
		{ "ML-DSA-87", "ml-dsa-87" },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (EVP_PKEY_is_a(evp, kinds[i][0]))
			return kinds[i][1];
	return "";
}

static int
encode_public(EVP_PKEY *evp, struct rmt_buf *spki, struct rmt_err *err)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(evp, &der);

	if (length <= 0)
		return rmt_err_openssl(
		    err, RMT_SECRET, NULL, "the public half of the key cannot be encoded");
	rmt_buf_append(spki, der, (size_t)length);
	OPENSSL_free(der);
	return rmt_buf_check(spki, err);
}

/* Takes both, also on failure. An empty `spki` is encoded here. */
static struct rmt_key *
take(EVP_PKEY *evp, struct rmt_buf *spki, struct rmt_err *err)
{
	struct rmt_key *key = calloc(1, sizeof(*key));

	if (key == NULL) {
		EVP_PKEY_free(evp);
		rmt_buf_free(spki);
		rmt_err_memory(err);
		return NULL;
	}
	*key = (struct rmt_key){ .evp = evp, .spki = *spki };
	if (key->spki.length == 0 && encode_public(evp, &key->spki, err) < 0) {
		rmt_key_free(key);
		return NULL;
	}
	return key;
}

struct rmt_key *
rmt_key_take(EVP_PKEY *evp, struct rmt_err *err)
{
	struct rmt_buf spki = { 0 };

	return take(evp, &spki, err);
}

static EVP_PKEY *
generate(const struct spec *spec, struct rmt_err *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, spec->algorithm, NULL);
	EVP_PKEY *evp = NULL;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    (spec->bits != 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, spec->bits) <= 0) ||
	    (spec->group != NULL && EVP_PKEY_CTX_set_group_name(ctx, spec->group) <= 0) ||
	    EVP_PKEY_generate(ctx, &evp) <= 0)
		rmt_err_openssl(
		    err, RMT_INTERNAL, NULL, "cannot make a key of the kind %s", spec->spec);
	EVP_PKEY_CTX_free(ctx);
	return evp;
}

struct rmt_key *
rmt_key_generate(const char *spec_text, struct rmt_err *err)
{
	const struct spec *spec = find_spec(spec_text, err);
	struct rmt_key *key;
	EVP_PKEY *evp;

	if (spec == NULL)
		return NULL;
	ERR_clear_error();
	evp = generate(spec, err);
	key = evp != NULL ? rmt_key_take(evp, err) : NULL;
	if (key != NULL && rmt_key_check_public(rmt_key_spki(key), 0, err) < 0) {
		rmt_key_free(key);
		key = NULL;
	}
	return key;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* A file may pair a private half with somebody else's public half: what it signs would not verify.
 * One signature over a constant tells. Kinds whose public half is always computed from the private
 * one are not asked. */
static int
check_halves(EVP_PKEY *evp, struct rmt_err *err)
{
	static const unsigned char probe[32] = "do these two halves fit together";
	EVP_PKEY_CTX *ctx;
	unsigned char *signature = NULL;
	size_t length = (size_t)EVP_PKEY_get_size(evp);
	bool signed_it;
	int rc = -1;

	if (!EVP_PKEY_is_a(evp, "RSA") && !EVP_PKEY_is_a(evp, "EC"))
		return 0;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, evp, NULL);
	signature = malloc(length != 0 ? length : 1);
	if (ctx == NULL || signature == NULL) {
		rmt_err_memory(err);
		goto out;
	}
	signed_it = EVP_PKEY_sign_init(ctx) > 0 &&
		    EVP_PKEY_sign(ctx, signature, &length, probe, sizeof(probe)) > 0 &&
		    EVP_PKEY_verify_init(ctx) > 0;
	if (!signed_it && RAND_status() != 1)
		rmt_err_openssl(err, RMT_INTERNAL, NULL, "the random generator failed");
	else if (!signed_it)
		rmt_err_openssl(err, RMT_SECRET, NULL, "the private key cannot be used");
	else if (EVP_PKEY_verify(ctx, signature, length, probe, sizeof(probe)) == 1)
		rc = 0;
	else
		rmt_err_openssl(err, RMT_SECRET, NULL,
		    "the private and the public half of the key do not belong together");
out:
	free(signature);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static EVP_PKEY *
read_pkcs8(const unsigned char *at, long length)
{
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, length);
	EVP_PKEY *evp = info != NULL ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	return evp;
}

static EVP_PKEY *
read_rsa(const unsigned char *at, long length)
{
	return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, length);
}

static EVP_PKEY *
read_sec1(const unsigned char *at, long length)
{
	return d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, length);
}

static EVP_PKEY *
read_dsa(const unsigned char *at, long length)
{
	return d2i_PrivateKey(EVP_PKEY_DSA, NULL, &at, length);
}

/* What follows the version tells the form: PKCS#8 an AlgorithmIdentifier, SEC1 an OCTET STRING,
 * PKCS#1 and DSA numbers (eight more of PKCS#1, five of DSA). */
static EVP_PKEY *(*key_form(struct rmt_span der))(const unsigned char *at, long length)
{
	struct rmt_notes ignored = { 0 };
	struct rmt_der outer, inside;
	struct rmt_span number;
	unsigned numbers = 0;

	rmt_der_open(&outer, der, &ignored);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, NULL, NULL) < 0 ||
	    rmt_der_integer(&inside, &number, NULL, NULL) < 0)
		return NULL;
	if (rmt_der_next_is(&inside, RMT_DER_SEQUENCE))
		return read_pkcs8;
	if (rmt_der_next_is(&inside, RMT_DER_OCTET_STRING))
		return read_sec1;
	while (rmt_der_next_is(&inside, RMT_DER_INTEGER) &&
	       rmt_der_integer(&inside, &number, NULL, NULL) == 0)
		numbers++;
	return numbers == 8 ? read_rsa : numbers == 5 ? read_dsa : NULL;
}

/* In bits: the longest number of a list of values, of the lists in it, and of the octets that a PKCS#8 wraps a key in. */
static size_t
longest_number(struct rmt_span der, unsigned depth, bool wrapped)
{
	struct rmt_notes ignored = { 0 };
	struct rmt_der values;
	struct rmt_tlv value;
	size_t longest = 0, bits;

	rmt_der_open(&values, der, &ignored);
	while (rmt_der_any(&values, &value, NULL, NULL) == 0) {
		bool inside = (value.tag & 0x20) != 0, octets = value.tag == RMT_DER_OCTET_STRING;

		bits = 0;
		if (value.tag == RMT_DER_INTEGER && value.value.length > 0)
			bits = (value.value.length - (value.value.at[0] == 0)) * 8;
		else if (depth > 0 && (inside || (octets && !wrapped)))
			bits = longest_number(value.value, depth - 1, wrapped || octets);
		if (bits > longest)
			longest = bits;
	}
	return longest;
}

uint64_t
rmt_key_cost(struct rmt_span der)
{
	enum { USUAL = 4096, SHARE = 320 }; /* a thousand bits, as iterations */
	uint64_t bits = longest_number(der, 4, false), thousands = (bits + 1023) / 1024;

	return bits > USUAL && bits <= RMT_RSA_BITS_MAX ? thousands * thousands * thousands * SHARE : 0;
}

/* What a number costs grows with its third power, whatever comes of it: it is looked at before it is worked with. */
static int
check_numbers(struct rmt_span der, struct rmt_err *err)
{
	size_t bits = longest_number(der, 4, false);

	if (bits <= RMT_RSA_BITS_MAX)
		return 0;
	return rmt_err_set(err, RMT_INPUT, NULL,
	    "the private key has a number of %zu bits, more than %d are refused", bits, RMT_RSA_BITS_MAX);
}

struct rmt_key *
rmt_key_read_der(struct rmt_span der, struct rmt_err *err)
{
	EVP_PKEY *(*read)(const unsigned char *at, long length) = key_form(der);
	struct rmt_buf spki = { 0 };
	EVP_PKEY *evp;

	if (read == NULL) {
		rmt_err_set(err, RMT_INPUT, NULL,
		    "this is no private key: neither PKCS#8 nor PKCS#1 nor SEC1");
		return NULL;
	}
	if (der.length > PEM_CAP) {
		rmt_err_set(
		    err, RMT_INPUT, NULL, "the private key is larger than %d bytes", PEM_CAP);
		return NULL;
	}
	if (check_numbers(der, err) < 0)
		return NULL;
	ERR_clear_error();
	evp = read == read_pkcs8 ? rmt_key_from_numbers(der, &spki) : NULL;
	if (evp == NULL)
		evp = read(der.at, (long)der.length);
	if (evp == NULL) {
		rmt_err_openssl(
		    err, RMT_INPUT, NULL, "the private key is damaged or of an unsupported kind");
		return NULL;
	}
	ERR_clear_error();
	if (check_halves(evp, err) < 0) {
		EVP_PKEY_free(evp);
		rmt_buf_free(&spki);
		return NULL;
	}
	return take(evp, &spki, err);
}

struct rmt_key *
rmt_key_read_encrypted(
    struct rmt_span der, const struct rmt_secret *passphrase, struct rmt_err *err)
{
	struct rmt_key *key = NULL;
	struct rmt_buf plain = { 0 };

	if (rmt_pkcs8_decrypt(der, passphrase, &plain, err) == 0)
		key = rmt_key_read_der(rmt_buf_view(&plain), err);
	rmt_buf_free(&plain);
	return key;
}

/* ---- PEM ---------------------------------------------------------------------------------- */

struct block {
	struct rmt_span label, dek, body;
};

static bool
take_line(struct rmt_span *rest, struct rmt_span *line)
{
	const unsigned char *end;

	if (rest->length == 0)
		return false;
	end = memchr(rest->at, '\n', rest->length);
	*line = rmt_span_of(rest->at, end != NULL ? (size_t)(end - rest->at) : rest->length);
	rest->at += line->length + (end != NULL);
	rest->length -= line->length + (end != NULL);
	while (line->length > 0 && strchr(" \t\r", line->at[line->length - 1]) != NULL)
		line->length--;
	while (line->length > 0 && (line->at[0] == ' ' || line->at[0] == '\t')) {
		line->at++;
		line->length--;
	}
	return true;
}

static bool
starts(struct rmt_span line, const char *prefix)
{
	size_t length = strlen(prefix);

	return line.length >= length && memcmp(line.at, prefix, length) == 0;
}

static bool
ends(struct rmt_span line, const char *suffix)
{
	size_t length = strlen(suffix);

	return line.length >= length && memcmp(line.at + line.length - length, suffix, length) == 0;
}

static struct rmt_span
within(struct rmt_span line, size_t before, size_t after)
{
	return rmt_span_of(line.at + before, line.length - before - after);
}

/* The first block whose label ends in PRIVATE KEY. RFC 1421 headers stand before the body, one a
 * line, with a colon. */
static int
find_block(struct rmt_span rest, struct block *out, struct rmt_err *err)
{
	struct rmt_span line = { NULL, 0 };

	do {
		if (!take_line(&rest, &line))
			return rmt_err_set(
			    err, RMT_INPUT, NULL, "there is no PEM block with a private key");
	} while (!starts(line, "-----BEGIN ") || !ends(line, "PRIVATE KEY-----"));
	*out = (struct block){ .label = within(line, strlen("-----BEGIN "), strlen("-----")) };
	out->body = rmt_span_of(rest.at, 0);
	while (take_line(&rest, &line)) {
		if (starts(line, "-----END ")) {
			out->body.length = (size_t)(line.at - out->body.at);
			return 0;
		}
		if (starts(line, "DEK-Info:"))
			out->dek = within(line, strlen("DEK-Info:"), 0);
		if (line.length > 0 && memchr(line.at, ':', line.length) != NULL)
			out->body.at = rest.at;
	}
	return rmt_err_set(err, RMT_INPUT, NULL, "the PEM block with the private key has no end");
}

static struct rmt_key *
read_body(const struct block *block, struct rmt_span body, const struct rmt_secret *passphrase,
    struct rmt_err *err)
{
	struct rmt_buf plain = { 0 };
	struct rmt_key *key = NULL;

	if (rmt_span_equal(block->label, rmt_span_text("ENCRYPTED PRIVATE KEY")))
		return rmt_key_read_encrypted(body, passphrase, err);
	if (rmt_span_equal(block->label, rmt_span_text("OPENSSH PRIVATE KEY"))) {
		rmt_err_set(err, RMT_INPUT, NULL,
		    "a key in OpenSSH's own form is not read; "
		    "\"ssh-keygen -p -m PKCS8 -f FILE\" rewrites it");
		return NULL;
	}
	if (block->dek.length == 0)
		return rmt_key_read_der(body, err);
	if (rmt_dek_decrypt(block->dek, body, passphrase, &plain, err) == 0)
		key = rmt_key_read_der(rmt_buf_view(&plain), err);
	rmt_buf_free(&plain);
	return key;
}

struct rmt_key *
rmt_key_read_pem(struct rmt_span pem, const struct rmt_secret *passphrase, struct rmt_err *err)
{
	struct rmt_buf body = { 0 };
	struct rmt_key *key = NULL;
	struct block block;

	rmt_buf_secret(&body);
	if (pem.length > PEM_CAP)
		rmt_err_set(err, RMT_INPUT, NULL, "the PEM block is larger than %d bytes", PEM_CAP);
	else if (find_block(pem, &block, err) == 0 &&
		 rmt_base64_decode(block.body, &body, err) == 0)
		key = read_body(&block, rmt_buf_view(&body), passphrase, err);
	rmt_buf_free(&body);
	return key;
}

/* ---- the type ----------------------------------------------------------------------------- */

struct rmt_key *
rmt_key_dup(const struct rmt_key *key, struct rmt_err *err)
{
	struct rmt_key *copy = calloc(1, sizeof(*copy));

	if (copy == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	rmt_buf_span(&copy->spki, rmt_buf_view(&key->spki));
	if (rmt_buf_check(&copy->spki, err) < 0 || !EVP_PKEY_up_ref(key->evp)) {
		rmt_err_memory(err);
		rmt_buf_free(&copy->spki);
		free(copy);
		return NULL;
	}
	copy->evp = key->evp;
	return copy;
}

void
rmt_key_free(struct rmt_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->evp);
	rmt_buf_free(&key->spki);
	free(key);
}

struct rmt_span
rmt_key_spki(const struct rmt_key *key)
{
	return rmt_buf_view(&key->spki);
}

void *
rmt_key_evp(const struct rmt_key *key)
{
	return key->evp;
}
