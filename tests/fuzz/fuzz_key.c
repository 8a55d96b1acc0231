/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of every form from hostile bytes: PEM, PKCS#8, PKCS#1, SEC1, encryption schemes, public
 * keys, algorithms.
 *
 * A passphrase is given only where opening is cheap (the encryption of old PEM blocks): the cost of
 * the others is bounded by what a person would wait for, not by what a fuzzer would.
 */
#include "config.h"

#include <string.h>

#include "x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void
read_public(struct rmt_span input)
{
	struct rmt_signature_algorithm algorithm;
	struct rmt_buf text = { 0 };
	unsigned char id[20];
	struct rmt_spki spki;

	(void)rmt_algorithm_read(input, &algorithm, NULL);
	(void)rmt_spki_key_id(input, id, NULL);
	(void)rmt_key_check_public(input, 0, NULL);
	if (rmt_spki_read(input, &spki, NULL) == 0)
		rmt_spki_text(&spki, &text);
	rmt_buf_free(&text);
}

static void
write_all(const struct rmt_key *key)
{
	struct rmt_buf out = { 0 };

	(void)rmt_key_write_der(key, &out, NULL);
	(void)rmt_key_write_traditional(key, &out, NULL);
	(void)rmt_key_check_public(rmt_key_spki(key), 0, NULL);
	rmt_buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_span input = rmt_span_of(bytes, length);
	struct rmt_secret *passphrase = NULL;
	struct rmt_key *key;

	read_public(input);
	(void)rmt_pbe_check(input, 0, NULL, NULL);
	rmt_key_free(rmt_key_read_encrypted(input, NULL, NULL));
	key = rmt_key_read_der(input, NULL);
	if (key != NULL)
		write_all(key);
	rmt_key_free(key);
	if (length > 0 && memmem(bytes, length, "DEK-Info", 8) != NULL)
		passphrase = rmt_secret_new("geheim", 6, NULL);
	key = rmt_key_read_pem(input, passphrase, NULL);
	if (key != NULL)
		write_all(key);
	rmt_key_free(key);
	rmt_secret_free(passphrase);
	return 0;
}
