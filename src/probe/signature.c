/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/signature.c - whether a list of signature algorithms, as a target writes it for OpenSSL,
 * holds the signature of a certificate. What follows when it does not is judge.c's.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "probe/local.h"

/* How the items of such a list begin, OpenSSL's pairs and the schemes of RFC 8446, 4.2.3; the
 * digest follows. The curve that a scheme names means nothing under TLS 1.2. */
static const struct {
	const char *begins, *key;
} spellings[] = {
	{ "RSA+", "rsa" },
	{ "rsa_pkcs1_", "rsa" },
	{ "RSA-PSS+", "rsa-pss" },
	{ "PSS+", "rsa-pss" },
	{ "rsa_pss_rsae_", "rsa-pss" },
	{ "rsa_pss_pss_", "rsa-pss" },
	{ "ECDSA+", "ec" },
	{ "ecdsa_secp256r1_", "ec" },
	{ "ecdsa_secp384r1_", "ec" },
	{ "ecdsa_secp521r1_", "ec" },
	{ "ecdsa_", "ec" },
	{ "DSA+", "dsa" },
};

static bool
is_meant(const char *item, const struct rmt_signature_algorithm *algorithm)
{
	if (*algorithm->digest == '\0')
		return *algorithm->key != '\0' &&
		       strcasecmp(item, algorithm->key) == 0; /* ed25519 */
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		size_t length = strlen(spellings[i].begins);

		if (strcmp(spellings[i].key, algorithm->key) == 0 &&
		    strncasecmp(item, spellings[i].begins, length) == 0 &&
		    strcasecmp(item + length, algorithm->digest) == 0)
			return true;
	}
	return false;
}

bool
rmt_probe_signature_listed(
    const struct rmt_text_list *list, const struct rmt_signature_algorithm *algorithm)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_meant(list->items[i], algorithm))
			return true;
	return false;
}
