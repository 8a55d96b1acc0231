/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509/key_gnomint.c - private keys as gnoMint seals them in its database: the PEM text under AES-256 in counter mode, in hexadecimal digits.
 *
 * Version 1.3 writes "gCP" in front, an initial vector that it does not use, and the first counter; earlier ones have a counter that is
 * always the same. The key is folded from a phrase, the password and the owner's name, without salt or iterations: nothing here protects
 * for long. Whether the password fits is told by the text alone.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "x509/local.h"

enum { KEY = 32, BLOCK = 16 };
#define MARK "gCP"
#define PHRASE "gnoMintPrivateKey"
static const char old_counter[BLOCK + 1] = "dg4eJ53lc-!GzAz=";

/* A short text is repeated, and the last byte stays zero; of a long one all pieces are added up. */
static void
fold(struct rmt_span text, unsigned char key[KEY])
{
	memset(key, 0, KEY);
	for (size_t i = 0; text.length > KEY && i < text.length; i++)
		key[i % KEY] ^= text.at[i];
	for (size_t i = 0; text.length > 0 && text.length <= KEY && i < KEY - 1; i++)
		key[i] = text.at[i % text.length];
}

static int
decrypt(const unsigned char key[KEY], const unsigned char *counter, struct rmt_span sealed,
    struct rmt_buf *out, struct rmt_err *err)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	int length = 0, rc = -1;

	rmt_buf_reserve(out, sealed.length + 1);
	if (context == NULL || rmt_buf_check(out, err) != 0)
		rmt_err_memory(err);
	else if (cipher == NULL || sealed.length > INT_MAX ||
		 !EVP_DecryptInit_ex2(context, cipher, key, counter, NULL) ||
		 !EVP_DecryptUpdate(context, out->bytes, &length, sealed.at, (int)sealed.length))
		rmt_err_openssl(err, RMT_SECRET, NULL, "the OpenSSL at hand cannot open a key of gnoMint");
	else
		rc = 0;
	out->length = rc == 0 ? (size_t)length : 0;
	EVP_CIPHER_free(cipher);
	EVP_CIPHER_CTX_free(context);
	return rc;
}

/* The first counter, and what remains of the bytes behind it. */
static const unsigned char *
find_counter(bool marked, struct rmt_span *sealed)
{
	const unsigned char *counter = (const unsigned char *)old_counter;

	if (!marked)
		return counter;
	if (sealed->length < 2 * BLOCK)
		return NULL;
	counter = sealed->at + BLOCK;
	*sealed = rmt_span_of(sealed->at + 2 * BLOCK, sealed->length - 2 * BLOCK);
	return counter;
}

int
rmt_gnomint_decrypt(struct rmt_span text, struct rmt_span name, struct rmt_span password,
    struct rmt_buf *out, struct rmt_err *err)
{
	bool marked = text.length > strlen(MARK) && memcmp(text.at, MARK, strlen(MARK)) == 0;
	struct rmt_buf digits = { 0 }, bytes = { 0 }, phrase = { 0 };
	const unsigned char *counter;
	unsigned char key[KEY];
	struct rmt_span sealed;
	int rc = -1;

	rmt_buf_secret(&phrase);
	rmt_buf_secret(out);
	rmt_buf_text(&phrase, PHRASE);
	rmt_buf_span(&phrase, password);
	rmt_buf_span(&phrase, name);
	rmt_buf_append(&digits, text.at + (marked ? strlen(MARK) : 0), text.length - (marked ? strlen(MARK) : 0));
	if (rmt_buf_check(&phrase, err) != 0 || rmt_buf_check(&digits, err) != 0 ||
	    rmt_hex_decode(rmt_buf_string(&digits), &bytes, err) != 0)
		goto out;
	sealed = rmt_buf_view(&bytes);
	counter = find_counter(marked, &sealed);
	if (counter == NULL) {
		rmt_err_set(err, RMT_INPUT, NULL, "this is no private key that gnoMint sealed");
		goto out;
	}
	fold(rmt_buf_view(&phrase), key);
	if (decrypt(key, counter, sealed, out, err) == 0)
		rc = memmem(out->bytes, out->length, "-----BEGIN ", 11) != NULL;
out:
	rmt_wipe(key, sizeof key);
	rmt_buf_free(&digits);
	rmt_buf_free(&bytes);
	rmt_buf_free(&phrase);
	return rc;
}
