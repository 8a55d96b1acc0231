/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/crash/badsign.c - a signer that signs wrongly: preloaded, it turns a bit in the signatures of this process from the BADSIGN_FROM-th
 * to the BADSIGN_TO-th, and says nothing. With BADSIGN_COUNT, a file, it writes there how many there were. Ed25519 goes another way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static long calls;

static long number(const char *name)
{
	const char *value = getenv(name);

	return value ? atol(value) : 0;
}

int EVP_PKEY_sign(void *context, unsigned char *signature, size_t *length, const unsigned char *hash, size_t hash_length)
{
	int (*real)(void *, unsigned char *, size_t *, const unsigned char *, size_t) =
	    (int (*)(void *, unsigned char *, size_t *, const unsigned char *, size_t))dlsym(RTLD_NEXT, "EVP_PKEY_sign");
	int rc = real(context, signature, length, hash, hash_length);
	long n;

	if (rc <= 0 || !signature) /* only its length was asked for */
		return rc;
	n = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
	if (n >= number("BADSIGN_FROM") && n <= number("BADSIGN_TO"))
		signature[*length - 1] ^= 1;
	return rc;
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("BADSIGN_COUNT");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%ld\n", calls);
	fclose(file);
}
