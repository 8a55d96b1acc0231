/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modulus.c - names of an RSA key that go with its modulus alone, whatever else its encoding says.
 *
 * Two keys with one modulus fall together, although their bytes and their SHA-256 differ. Whether
 * such a key was seen before is for others to know.
 */
#include "config.h"

#include <string.h>

#include "x509/local.h"

static bool
rsa(struct rmt_span spki, struct rmt_spki *key)
{
	return rmt_spki_read(spki, key, NULL) == 0 && strncmp(key->kind, "rsa", 3) == 0 &&
	       key->modulus.length > 0;
}

/* What `openssl rsa -modulus` prints: upper-case hex without leading zeros. */
static void
put_modulus(struct rmt_span modulus, struct rmt_buf *out)
{
	static const char digits[] = "0123456789ABCDEF";

	rmt_buf_text(out, "Modulus=");
	if (modulus.at[0] >= 0x10)
		rmt_buf_byte(out, (unsigned char)digits[modulus.at[0] >> 4]);
	rmt_buf_byte(out, (unsigned char)digits[modulus.at[0] & 15]);
	for (size_t i = 1; i < modulus.length; i++) {
		rmt_buf_byte(out, (unsigned char)digits[modulus.at[i] >> 4]);
		rmt_buf_byte(out, (unsigned char)digits[modulus.at[i] & 15]);
	}
	rmt_buf_byte(out, '\n');
}

int
rmt_spki_modulus_hash(
    struct rmt_span spki, unsigned char tail[RMT_MODULUS_HASH], struct rmt_err *err)
{
	struct rmt_buf text = { .bytes = NULL };
	unsigned char sha1[20];
	struct rmt_spki key;
	int rc = -1;

	if (!rsa(spki, &key))
		return 0;
	put_modulus(key.modulus, &text);
	if (rmt_buf_check(&text, err) == 0 && rmt_sha1(rmt_buf_view(&text), sha1, err) == 0) {
		memcpy(tail, sha1 + sizeof sha1 - RMT_MODULUS_HASH, RMT_MODULUS_HASH);
		rc = 1;
	}
	rmt_buf_free(&text);
	return rc;
}

/* The key as everybody else would write it: rsaEncryption, NULL parameters, the exponent 65537. */
static int
write_usual(struct rmt_span modulus, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_derw key = { .depth = 0 }, w = { .depth = 0 };
	struct rmt_buf bits = { .bytes = NULL };
	int rc;

	rmt_derw_begin(&key, RMT_DER_SEQUENCE);
	rmt_derw_integer(&key, modulus);
	rmt_derw_small(&key, 65537);
	rmt_derw_end(&key);
	if (rmt_derw_finish(&key, &bits, err) < 0)
		return -1;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_oid_named("rsaEncryption")->der);
	rmt_derw_null(&w);
	rmt_derw_end(&w);
	rmt_derw_bits(&w, rmt_buf_view(&bits), 0);
	rmt_derw_end(&w);
	rmt_buf_free(&bits);
	rc = rmt_derw_finish(&w, out, err);
	return rc;
}

int
rmt_spki_usual_hash(struct rmt_span spki, unsigned char sha256[RMT_SHA256], struct rmt_err *err)
{
	static const unsigned char usual[] = { 1, 0, 1 };
	struct rmt_buf der = { .bytes = NULL };
	struct rmt_spki key;
	int rc = -1;

	/* Nearly every key is the usual one already. */
	if (!rsa(spki, &key) || (strcmp(key.kind, "rsa") == 0 &&
				    rmt_span_equal(key.exponent, rmt_span_of(usual, sizeof usual))))
		return 0;
	if (write_usual(key.modulus, &der, err) == 0)
		rc = rmt_sha256(rmt_buf_view(&der), sha256, err) < 0 ? -1 : 1;
	rmt_buf_free(&der);
	return rc;
}
