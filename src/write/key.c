/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/key.c - a private key in a file of its own: PKCS#8, or the older form of its kind for devices that know no other,
 * in PEM or DER, plain or under a passphrase.
 *
 * PBES2 protects PKCS#8. What RFC 1421 left for the older forms is weak, so it is used only where a cipher is named.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

/* A key as bytes, and as PEM calls and heads them. */
struct encoded {
	struct rmt_buf der, headers;
	const char *label;
};

static void
encoded_free(struct encoded *encoded)
{
	rmt_buf_free(&encoded->der);
	rmt_buf_free(&encoded->headers);
}

static int
encode_pkcs8(const struct rmt_key *key, const struct rmt_write_options *options, struct encoded *out, struct rmt_err *err)
{
	out->label = options->passphrase ? "ENCRYPTED PRIVATE KEY" : "PRIVATE KEY";
	return options->passphrase ? rmt_key_write_sealed(key, options->passphrase, options->cipher, options->kdf, &out->der, err)
	                           : rmt_key_write_der(key, &out->der, err);
}

/* PKCS#1 is for RSA keys and SEC1 for EC keys; "traditional" is whichever fits. */
static int
check_kind(const struct rmt_key *key, const char *format, struct rmt_err *err)
{
	const char *label = rmt_key_traditional_label(key);
	bool rsa = label && !strncmp(label, "RSA", 3);
	struct rmt_buf kind = { 0 };
	struct rmt_spki spki;

	if (label && (!strcmp(format, "traditional") || rsa == !strncmp(format, "pkcs1", 5)))
		return 0;
	if (!rmt_spki_read(rmt_key_spki(key), &spki, NULL))
		rmt_spki_text(&spki, &kind);
	rmt_err_set(err, RMT_SECRET, NULL, "the key is %s, and %s: write pkcs8, which takes any kind", rmt_buf_string(&kind),
	            !label                          ? "only RSA and EC keys have a form older than PKCS#8"
	            : !strncmp(format, "pkcs1", 5) ? "PKCS#1 is for RSA keys"
	                                           : "SEC1 is for EC keys");
	rmt_buf_free(&kind);
	return -1;
}

static int
encode_older(const struct rmt_key *key, const struct rmt_write_options *options, struct encoded *out, struct rmt_err *err)
{
	struct rmt_buf plain = { 0 };
	int rc;

	if (check_kind(key, options->format, err))
		return -1;
	out->label = rmt_key_traditional_label(key);
	if (!options->passphrase)
		return rmt_key_write_traditional(key, &out->der, err);
	if (!options->cipher)
		return rmt_err_set(err, RMT_SECRET, NULL,
		                   "the passphrase of a %s file is hashed but once, by MD5, and protects little: write pkcs8, or name a cipher if the "
		                   "device takes nothing else",
		                   options->format);
	if (options->width && options->width != 64)
		return rmt_err_set(err, RMT_USAGE, NULL, "OpenSSL reads an encrypted %s file only in lines of 64 characters, not %u", options->format,
		                   options->width);
	rc = rmt_key_write_traditional(key, &plain, err);
	if (!rc)
		rc = rmt_dek_encrypt(rmt_buf_view(&plain), options->cipher, options->passphrase, &out->headers, &out->der, err);
	rmt_buf_free(&plain);
	return rc;
}

/* Header lines stand before an empty line (RFC 1421, 4.4). */
static void
put_block(const struct encoded *encoded, const struct rmt_write_options *options, struct rmt_buf *out)
{
	struct rmt_buf block = { 0 };
	const char *line_end = options->crlf ? "\r\n" : "\n", *body;

	rmt_buf_secret(out);
	rmt_buf_secret(&block);
	rmt_pem(encoded->label, rmt_buf_view(&encoded->der), options->width, options->crlf, &block);
	body = strchr(rmt_buf_string(&block), '\n');
	if (!encoded->headers.length || !body) {
		rmt_buf_span(out, rmt_buf_view(&block));
	} else {
		rmt_buf_append(out, block.bytes, (size_t)(body + 1 - rmt_buf_string(&block)));
		for (const char *at = rmt_buf_string(&encoded->headers); *at; at += strcspn(at, "\n") + 1) {
			rmt_buf_append(out, at, strcspn(at, "\n"));
			rmt_buf_text(out, line_end);
		}
		rmt_buf_text(out, line_end);
		rmt_buf_text(out, body + 1);
	}
	out->failed = out->failed || block.failed;
	rmt_buf_free(&block);
}

int
rmt_key_block(const struct rmt_key *key, const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err)
{
	struct encoded encoded = { .label = NULL };
	int rc = encode_pkcs8(key, options, &encoded, err);

	if (!rc)
		put_block(&encoded, options, out);
	encoded_free(&encoded);
	return rc ? rc : rmt_buf_check(out, err);
}

int
rmt_write_key(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_key *key = parts->list[0].key;
	struct encoded encoded = { .label = NULL };
	int rc;

	(void)bundle;
	if (!key)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds a private key and nothing else", options->format);
	rc = strncmp(options->format, "pkcs8", 5) ? encode_older(key, options, &encoded, err) : encode_pkcs8(key, options, &encoded, err);
	if (!rc && rmt_format_named(options->format)->binary)
		rmt_buf_span(out, rmt_buf_view(&encoded.der));
	else if (!rc)
		put_block(&encoded, options, out);
	encoded_free(&encoded);
	return rc ? rc : rmt_buf_check(out, err);
}
