/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/private.c - private keys: which passphrase opens them, and what becomes of those that none
 * opens.
 *
 * Without a passphrase an encrypted key is an object that stays locked; with a wrong one it is a
 * fault. The decoding of the key itself is x509's.
 */
#include "config.h"

#include <stdio.h>

#include "read/local.h"

const struct rmt_secret *
rmt_reading_passphrase(struct rmt_reading *reading, const char *what, unsigned n)
{
	const struct rmt_reader *reader = reading->reader;

	return reader->passphrase ? reader->passphrase(reader->arg, reading->source, what, n)
				  : NULL;
}

int
rmt_hand_locked(struct rmt_reading *reading, const struct rmt_object *as, bool encrypted)
{
	struct rmt_object object = *as;

	object.type = RMT_OBJECT_PRIVATE_KEY;
	object.encrypted = encrypted;
	object.locked = true;
	return rmt_reading_hand(reading, &object);
}

int
rmt_hand_key(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_key *key, bool encrypted)
{
	struct rmt_object object = *as;
	int rc;

	object.type = RMT_OBJECT_PRIVATE_KEY;
	object.encrypted = encrypted;
	object.key = key;
	object.spki = rmt_key_spki(key);
	rc = rmt_reading_hand(reading, &object);
	rmt_key_free(key);
	return rc;
}

struct rmt_key *
rmt_reading_key(struct rmt_reading *reading, struct rmt_span der, struct rmt_err *err)
{
	uint64_t cost = rmt_key_cost(der);
	struct rmt_err spent = { 0 };

	if (cost == 0 || rmt_reading_spend(reading, cost, &spent) == 0)
		return rmt_key_read_der(der, err);
	rmt_err_set(err, RMT_POLICY, NULL,
	    "the numbers of this private key, and of what else is in the file, take as long as hashing a passphrase more than "
	    "%llu times: --max-iterations allows no more",
	    (unsigned long long)rmt_reading_most(reading));
	return NULL;
}

int
rmt_read_private(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct rmt_err err = { 0 };
	struct rmt_key *key;

	if (reading->reader->skip_keys)
		return rmt_hand_locked(reading, as, false);
	if (!(key = rmt_reading_key(reading, der, &err)))
		return rmt_reading_fault(reading, as, &err);
	return rmt_hand_key(reading, as, key, false);
}

/* An encrypted key and how to open it: NULL with RMT_SECRET when the passphrase is wrong, with
 * another class when no passphrase would help. */
struct lock {
	struct rmt_span bytes;
	struct rmt_key *(*open)(
	    struct lock *lock, const struct rmt_secret *secret, struct rmt_err *err);
	struct rmt_span algorithm, cipher; /* of an EncryptedPrivateKeyInfo */
	uint64_t iterations;               /* ... and what an attempt costs */
	struct rmt_reading *reading;
	bool opened;                       /* the passphrase fits, whatever the key is like */
};

static int
unlock(struct rmt_reading *reading, const struct rmt_object *as, struct lock *lock)
{
	const struct rmt_secret *secret;
	uint64_t most = reading->reader->max_iterations;
	struct rmt_err err = { 0 };
	struct rmt_key *key = NULL;
	char what[300];
	unsigned n;

	snprintf(what, sizeof what, "private key in %.255s", reading->source);
	for (n = 0; !key && (secret = rmt_reading_passphrase(reading, what, n)); n++) {
		rmt_err_clear(&err);
		if (!n && lock->algorithm.length &&
		    rmt_pbe_check(lock->algorithm, most, &lock->iterations, &err))
			break;
		if (!(key = lock->open(lock, secret, &err)) &&
		    (lock->opened || err.class != RMT_SECRET))
			break;
	}
	if (key)
		return rmt_hand_key(reading, as, key, true);
	if (!n && !err.class)
		return rmt_hand_locked(reading, as, true);
	if (err.class == RMT_SECRET && !lock->opened) {
		rmt_err_clear(&err);
		rmt_err_set(&err, RMT_SECRET, NULL, "%s the private key",
		    n > 1 ? "none of the passphrases given opens"
			  : "the passphrase given does not open");
	}
	return rmt_reading_fault(reading, as, &err);
}

static int
try_password(struct lock *lock, struct rmt_span password, struct rmt_buf *plain, struct rmt_err *err)
{
	if (rmt_reading_spend(lock->reading, lock->iterations, err))
		return -1;
	return rmt_pbe_decrypt(lock->algorithm, lock->cipher, password, plain, err);
}

/* The passphrase as it is, and as older OpenSSL took it. */
static struct rmt_key *
open_encrypted(struct lock *lock, const struct rmt_secret *secret, struct rmt_err *err)
{
	struct rmt_span password = rmt_span_of(rmt_secret_text(secret), rmt_secret_length(secret));
	struct rmt_buf plain = { 0 }, other = { 0 };
	struct rmt_key *key = NULL;
	int rc = try_password(lock, password, &plain, err);

	if (rc && err->class == RMT_SECRET && rmt_password_bytewise(password, &other)) {
		rmt_err_clear(err);
		rc = try_password(lock, rmt_buf_view(&other), &plain, err);
	}
	lock->opened = !rc;
	if (!rc)
		key = rmt_reading_key(lock->reading, rmt_buf_view(&plain), err);
	rmt_buf_free(&plain);
	rmt_buf_free(&other);
	return key;
}

/* RFC 5958, 3: EncryptedPrivateKeyInfo ::= SEQUENCE { algorithm, OCTET STRING }. */
int
rmt_read_private_encrypted(
    struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span der)
{
	struct lock lock = { .bytes = der, .open = open_encrypted, .reading = reading };
	struct rmt_notes notes = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv algorithm, cipher;

	if (reading->reader->skip_keys)
		return rmt_hand_locked(reading, as, true);
	rmt_der_open(&top, der, &notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "encryptedPrivateKeyInfo", &err) ||
	    rmt_der_read(&seq, RMT_DER_SEQUENCE, &algorithm, "encryptionAlgorithm", &err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &cipher, "encryptedData", &err))
		return rmt_reading_fault(reading, as, &err);
	lock.algorithm = algorithm.whole;
	lock.cipher = cipher.value;
	return unlock(reading, as, &lock);
}

static struct rmt_key *
open_pem(struct lock *lock, const struct rmt_secret *secret, struct rmt_err *err)
{
	return rmt_key_read_pem(lock->bytes, secret, err);
}

int
rmt_read_private_pem(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span pem)
{
	struct lock lock = { .bytes = pem, .open = open_pem };

	if (reading->reader->skip_keys)
		return rmt_hand_locked(reading, as, true);
	return unlock(reading, as, &lock);
}
