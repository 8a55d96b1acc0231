/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/jks.c - Java's own keystores: JKS, and JCEKS of the same build.
 *
 * Big-endian numbers, then entries: a private key with its chain, a trusted certificate, or (JCEKS alone) a secret
 * key as a serialised Java object, whose length nobody states: what stands behind one cannot be read. The SHA-1 at
 * the end is over the passphrase and all before it. It is checked when a passphrase is at hand, and nobody is asked
 * for one as long as there are certificates alone, as keytool does it too.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

enum { SHA1 = 20, ENTRIES_MAX = 100000, CHAIN_MAX = 100 };
enum { PRIVATE_KEY = 1, TRUSTED_CERTIFICATE = 2, SECRET_KEY = 3 };

struct store {
	struct rmt_reading *reading;
	struct rmt_object as;
	const unsigned char *start, *at, *end; /* the digest is behind the end */
	uint64_t version;
	size_t entry;
	struct rmt_buf alias;
	char member[64];
};

/* A number of `octets` bytes; false when they are not there. */
static bool
take_number(struct store *store, unsigned octets, uint64_t *out)
{
	if ((size_t)(store->end - store->at) < octets)
		return false;
	*out = 0;
	while (octets-- > 0)
		*out = *out << 8 | *store->at++;
	return true;
}

static bool
take_bytes(struct store *store, unsigned octets, struct rmt_span *out)
{
	uint64_t length;

	if (!take_number(store, octets, &length) || length > (uint64_t)(store->end - store->at))
		return false;
	*out = rmt_span_of(store->at, (size_t)length);
	store->at += length;
	return true;
}

static int
fault(struct store *store, const char *sentence)
{
	struct rmt_err err = { 0 };
	char place[40];

	snprintf(place, sizeof place, "offset %zu", (size_t)(store->at - store->start));
	rmt_err_set(&err, RMT_INPUT, place, "%s", sentence);
	return rmt_reading_fault(store->reading, &store->as, &err);
}

/* ---- entries ---- */

/* 1 read, 0 the store is broken here (reported), else what a callback said. */
static int
read_certificate(struct store *store, int *stop)
{
	struct rmt_span type = rmt_span_text("X.509"), der;

	if ((store->version > 1 && !take_bytes(store, 2, &type)) || !take_bytes(store, 4, &der)) {
		*stop = fault(store, "the keystore ends within a certificate");
		return 0;
	}
	if (rmt_span_equal(type, rmt_span_text("X.509")))
		*stop = rmt_read_certificate(store->reading, &store->as, der);
	else
		*stop = rmt_reading_unsupported(store->reading, &store->as, "certificate of another kind", NULL);
	return *stop == 0;
}

static int
read_key(struct store *store, int *stop)
{
	uint64_t chain;
	struct rmt_span key;

	if (!take_bytes(store, 4, &key) || !take_number(store, 4, &chain) || chain > CHAIN_MAX) {
		*stop = fault(store, "the keystore ends within a private key, or its chain is too long");
		return 0;
	}
	*stop = rmt_read_private_encrypted(store->reading, &store->as, key);
	while (*stop == 0 && chain-- > 0)
		if (!read_certificate(store, stop))
			return 0;
	return *stop == 0;
}

static int
read_entry(struct store *store, int *stop)
{
	struct rmt_span alias;
	uint64_t kind, made;

	if (!take_number(store, 4, &kind) || !take_bytes(store, 2, &alias) || !take_number(store, 8, &made)) {
		*stop = fault(store, "the keystore is cut short");
		return 0;
	}
	rmt_buf_clear(&store->alias);
	rmt_plain_text(alias, &store->alias);
	store->as.friendly_name = alias.length ? rmt_buf_string(&store->alias) : NULL;
	store->as.trusted = kind == TRUSTED_CERTIFICATE;
	if (kind == PRIVATE_KEY)
		return read_key(store, stop);
	if (kind == TRUSTED_CERTIFICATE)
		return read_certificate(store, stop);
	*stop = kind == SECRET_KEY
		    ? rmt_reading_unsupported(store->reading, &store->as, "secret key in a Java keystore",
			  "what stands behind it in the keystore cannot be read")
		    : fault(store, "the keystore has an entry of an unknown kind");
	return 0;
}

/* ---- the digest at the end ---- */

/* Does one of the passphrases at hand fit? Nobody is asked: a wrong or absent one is seen at a key. */
static int
check_digest(struct store *store, struct rmt_span bytes)
{
	static const char whitener[] = "Mighty Aphrodite";
	const struct rmt_secret *secret;
	unsigned char digest[SHA1];
	struct rmt_err err = { 0 };
	bool fits = false;
	unsigned n = 0;

	for (; !fits && n < store->reading->reader->given; n++) {
		struct rmt_buf whole = { 0 };

		secret = rmt_reading_passphrase(store->reading, "Java keystore", n);
		if (!secret)
			break;
		if (rmt_java_password(
			rmt_span_of(rmt_secret_text(secret), rmt_secret_length(secret)), &whole, NULL) == 0) {
			rmt_buf_append(&whole, whitener, sizeof whitener - 1);
			rmt_buf_append(&whole, bytes.at, bytes.length - SHA1);
			fits = !whole.failed && rmt_sha1(rmt_buf_view(&whole), digest, NULL) == 0 &&
			       memcmp(digest, bytes.at + bytes.length - SHA1, SHA1) == 0;
		}
		rmt_buf_free(&whole);
	}
	if (fits || n == 0)
		return 0;
	rmt_err_set(&err, RMT_SECRET, NULL,
	    "no passphrase given is the keystore's, or it was changed: its digest does not fit");
	return rmt_reading_fault(store->reading, &store->as, &err);
}

int
rmt_read_jks(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes)
{
	struct store store = { .reading = reading, .as = *as };
	uint64_t magic = 0, count = 0;
	int stop = 0, rc = 1;

	store.start = store.at = bytes.at;
	store.end = bytes.at + bytes.length - (bytes.length < SHA1 ? bytes.length : SHA1);
	if (!take_number(&store, 4, &magic) || !take_number(&store, 4, &store.version) ||
	    !take_number(&store, 4, &count))
		return fault(&store, "the keystore is cut short");
	store.as.container = magic == 0xfeedfeed ? "jks" : "jceks";
	if (store.version < 1 || store.version > 2 || count > ENTRIES_MAX)
		return fault(&store, "the keystore is of an unknown version, or has too many entries");
	stop = check_digest(&store, bytes);
	reading->member = store.member;
	for (; rc && !stop && store.entry < count; store.entry++) {
		snprintf(store.member, sizeof store.member, "entry %zu", store.entry + 1);
		rc = read_entry(&store, &stop);
	}
	reading->member = NULL;
	if (rc && !stop && store.at != store.end)
		stop = fault(&store, "there is more in the keystore than its entries");
	rmt_buf_free(&store.alias);
	return stop;
}
