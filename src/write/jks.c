/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/jks.c - a Java keystore (JKS), for programs on Java that take no PKCS#12: a private key with its chain as one
 * entry, or every certificate as one that is trusted.
 *
 * Weak by today's measure, as JKS is: the file's mode protects the key, and PKCS#12 is the better answer for Java 8u301
 * and later. JCEKS is read and never written.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

enum { PRIVATE_KEY = 1, TRUSTED_CERTIFICATE = 2, STORE_VERSION = 2, DIGEST = 20, ALIAS_MAX = 200 };

static void
put_number(struct rmt_buf *out, unsigned octets, uint64_t number)
{
	while (octets-- > 0)
		rmt_buf_byte(out, (unsigned char)(number >> 8 * octets));
}

static void
put_bytes(struct rmt_buf *out, unsigned octets, struct rmt_span bytes)
{
	put_number(out, octets, bytes.length);
	rmt_buf_span(out, bytes);
}

/* keytool compares aliases without regard to case and writes them in lower case. */
static void
put_head(struct rmt_buf *out, unsigned kind, const char *alias)
{
	char lower[ALIAS_MAX + 1];
	size_t length = 0;

	for (; alias[length] && length < ALIAS_MAX; length++)
		lower[length] = alias[length] >= 'A' && alias[length] <= 'Z' ? (char)(alias[length] + 32) : alias[length];
	put_number(out, 4, kind);
	put_bytes(out, 2, rmt_span_of(lower, length));
	put_number(out, 8, (uint64_t)rmt_clock_now() * 1000);
}

static void
put_certificate(struct rmt_buf *out, const struct rmt_cert *cert)
{
	put_bytes(out, 2, rmt_span_text("X.509"));
	put_bytes(out, 4, cert->der);
}

static int
put_key_entry(struct rmt_buf *out, const struct rmt_parts *parts, const char *alias, struct rmt_span password,
              struct rmt_err *err)
{
	struct rmt_buf sealed = { 0 };
	int rc = 0;

	put_head(out, PRIVATE_KEY, alias);
	for (size_t i = 0; rc == 0 && i < parts->count; i++)
		if (parts->list[i].key)
			rc = rmt_java_protect(parts->list[i].key, password, &sealed, err);
	put_bytes(out, 4, rmt_buf_view(&sealed));
	put_number(out, 4, parts->count - parts->keys);
	for (size_t i = 0; i < parts->count; i++)
		if (parts->list[i].cert)
			put_certificate(out, parts->list[i].cert);
	rmt_buf_free(&sealed);
	return rc;
}

static int
put_trusted(struct rmt_buf *out, const struct rmt_parts *parts, const char *stated, struct rmt_err *err)
{
	struct rmt_buf *aliases = rmt_aliases(parts, stated, err);

	for (size_t i = 0; aliases && i < parts->count; i++) {
		put_head(out, TRUSTED_CERTIFICATE, rmt_buf_string(&aliases[i]));
		put_certificate(out, parts->list[i].cert);
	}
	rmt_aliases_free(aliases, parts->count);
	return aliases ? 0 : -1;
}

/* SHA-1 over the passphrase, a phrase of the format's makers, and the store. */
static int
put_digest(struct rmt_buf *out, struct rmt_span password, struct rmt_err *err)
{
	unsigned char digest[DIGEST];
	struct rmt_buf whole = { 0 };
	int rc = rmt_java_password(password, &whole, err);

	rmt_buf_text(&whole, "Mighty Aphrodite");
	rmt_buf_span(&whole, rmt_buf_view(out));
	if (rc == 0)
		rc = rmt_buf_check(&whole, err) || rmt_sha1(rmt_buf_view(&whole), digest, err) ? -1 : 0;
	if (rc == 0)
		rmt_buf_append(out, digest, sizeof(digest));
	rmt_buf_free(&whole);
	return rc;
}

static const struct rmt_cert *
first_certificate(const struct rmt_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		if (parts->list[i].cert)
			return parts->list[i].cert;
	return NULL;
}

int
rmt_write_jks(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf alias = { 0 };
	struct rmt_span password;
	int rc = -1;

	if (!options->passphrase || rmt_secret_length(options->passphrase) < 6)
		return rmt_err_set(err, RMT_SECRET, NULL, "a Java keystore needs a passphrase of six characters or more");
	password = rmt_span_of(rmt_secret_text(options->passphrase), rmt_secret_length(options->passphrase));
	if (rmt_parts_label(bundle, options->friendly_name, &alias, err))
		goto out;
	if (parts->keys && (!bundle->leaf || first_certificate(parts) != bundle->leaf)) {
		rmt_err_set(err, RMT_USAGE, NULL, "a key in a Java keystore stands with its certificate, which comes first");
		goto out;
	}
	put_number(out, 4, 0xfeedfeed);
	put_number(out, 4, STORE_VERSION);
	put_number(out, 4, parts->keys ? 1 : parts->count);
	if (parts->keys ? put_key_entry(out, parts, rmt_buf_string(&alias), password, err)
	                : put_trusted(out, parts, options->friendly_name, err))
		goto out;
	rc = put_digest(out, password, err);
	if (rc == 0)
		rc = rmt_buf_check(out, err);
out:
	rmt_buf_free(&alias);
	return rc;
}
