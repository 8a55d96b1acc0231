/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the factors of an RSA modulus, as far as it shows without factoring it: small
 * ones, those of a broken generator, two that lie close together.
 *
 * It computes; key_check.c asks and finds the words.
 */
#include "config.h"

#include <pthread.h>

#include <openssl/bn.h>

#include "x509/local.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SMALL_PRIME_MAX = 751, SMALL_PRIMES = 132, ROCA_PRIME_MAX = 167, FERMAT_ROUNDS = 110 };

/* ---- small primes ------------------------------------------------------------------------- */

static unsigned short small_primes[SMALL_PRIMES];
/* Nemec and others, "The Return of Coppersmith's Attack" (CCS 2017): the broken library made primes
 * of the form k*M + (65537^a mod M), M a product of the first primes, so the modulus is a power of
 * 65537 modulo each of them. Bit r of a row: r is such a power. */
static unsigned char roca_group[SMALL_PRIMES][ROCA_PRIME_MAX / 8 + 1];
/* Fermat's method asks of 110 numbers whether they are squares: the squares modulo these, bit r for
 * the residue r. */
static struct {
	unsigned modulus;
	uint64_t squares;
} sieve[] = { { 64, 0 }, { 63, 0 }, { 61, 0 }, { 19, 0 }, { 17, 0 }, { 11, 0 } };
#define FERMAT_SIEVE \
	(64u * 63 * 61 * 19 * 17 * 11) /* three times this still fits a word of 32 bits */
static pthread_once_t primes_once = PTHREAD_ONCE_INIT;

static void
find_primes(void)
{
	unsigned count = 0;

	for (unsigned n = 3; n <= SMALL_PRIME_MAX && count < SMALL_PRIMES; n += 2) {
		unsigned i = 0;

		while (i < count && n % small_primes[i] != 0)
			i++;
		if (i == count)
			small_primes[count++] = (unsigned short)n;
	}
	for (unsigned i = 0; i < count && small_primes[i] <= ROCA_PRIME_MAX; i++) {
		unsigned power = 1;

		do {
			roca_group[i][power / 8] |= (unsigned char)(1u << power % 8);
			power = power * (65537u % small_primes[i]) % small_primes[i];
		} while (power != 1);
	}
	for (size_t i = 0; i < COUNT(sieve); i++)
		for (unsigned x = 0; x < sieve[i].modulus; x++)
			sieve[i].squares |= UINT64_C(1) << x * x % sieve[i].modulus;
}

/* The residues of the modulus: one long division by each product of primes that fits a word, then
 * short ones. */
static int
find_residues(const BIGNUM *modulus, unsigned short residue[SMALL_PRIMES])
{
	unsigned from = 0, to;

	while (from < SMALL_PRIMES) {
		BN_ULONG product = small_primes[from], rest;

		for (to = from + 1; to < SMALL_PRIMES && product <= (BN_ULONG)-1 / small_primes[to];
		     to++)
			product *= small_primes[to];
		rest = BN_mod_word(modulus, product);
		if (rest == (BN_ULONG)-1)
			return -1;
		for (; from < to; from++)
			residue[from] = (unsigned short)(rest % small_primes[from]);
	}
	return 0;
}

static bool
is_roca(const unsigned short residue[SMALL_PRIMES])
{
	for (size_t i = 0; i < SMALL_PRIMES && small_primes[i] <= ROCA_PRIME_MAX; i++)
		if ((roca_group[i][residue[i] / 8] >> residue[i] % 8 & 1) == 0)
			return false;
	return true;
}

int
rmt_modulus_divide(const BIGNUM *modulus, struct rmt_modulus_signs *out)
{
	unsigned short residue[SMALL_PRIMES];

	pthread_once(&primes_once, find_primes);
	if (find_residues(modulus, residue) < 0)
		return -1;
	*out = (struct rmt_modulus_signs){ .factor = BN_is_odd(modulus) ? 0 : 2 };
	for (size_t i = SMALL_PRIMES; i-- > 0 && out->factor != 2;)
		if (residue[i] == 0)
			out->factor = small_primes[i];
	out->roca = is_roca(residue);
	return 0;
}

/* ---- close primes ------------------------------------------------------------------------- */

/* root := the least number whose square is not below n. Newton's method from above. */
static int
square_root_up(BIGNUM *root, const BIGNUM *n, BN_CTX *scratch)
{
	BIGNUM *next = BN_CTX_get(scratch), *square = BN_CTX_get(scratch);

	if (square == NULL)
		return 0;
	BN_zero(root);
	if (!BN_set_bit(root, (BN_num_bits(n) + 1) / 2))
		return 0;
	for (;;) {
		if (!BN_div(next, NULL, n, root, scratch) || !BN_add(next, next, root) ||
		    !BN_rshift1(next, next))
			return 0;
		if (BN_cmp(next, root) >= 0)
			break;
		if (BN_copy(root, next) == NULL)
			return 0;
	}
	if (!BN_sqr(square, root, scratch))
		return 0;
	return BN_cmp(square, n) >= 0 || BN_add_word(root, 1);
}

/* Whether a residue can be that of a square: all but one number in 270 are told at once that they
 * cannot. */
static bool
square_residue(BN_ULONG residue)
{
	for (size_t i = 0; i < COUNT(sieve); i++)
		if ((sieve[i].squares >> residue % sieve[i].modulus & 1) == 0)
			return false;
	return true;
}

/* Whether (a + round)^2 - n is a square: then n is the product of two primes that lie close
 * together. */
static int
is_fermat_square(const BIGNUM *a, unsigned round, const BIGNUM *n, BN_CTX *scratch)
{
	BIGNUM *sum = BN_CTX_get(scratch), *rest = BN_CTX_get(scratch), *root = BN_CTX_get(scratch);

	if (root == NULL || BN_copy(sum, a) == NULL || !BN_add_word(sum, round) ||
	    !BN_sqr(rest, sum, scratch) || !BN_sub(rest, rest, n))
		return -1;
	if (BN_is_zero(rest))
		return 1;
	if (!square_root_up(root, rest, scratch) || !BN_sqr(sum, root, scratch))
		return -1;
	return BN_cmp(sum, rest) == 0;
}

/* 1 close primes, 0 none found, -1 out of memory. Each round adds to residues; only candidates cost
 * big numbers. */
static int
fermat(const BIGNUM *n, BN_CTX *scratch)
{
	const BN_ULONG m = FERMAT_SIEVE;
	BIGNUM *a = BN_CTX_get(scratch), *square = BN_CTX_get(scratch);
	BN_ULONG a_rest, rest;

	if (square == NULL || !square_root_up(a, n, scratch) || !BN_sqr(square, a, scratch) ||
	    !BN_sub(square, square, n))
		return -1;
	a_rest = BN_mod_word(a, m);
	rest = BN_mod_word(square, m);
	for (unsigned round = 0; round < FERMAT_ROUNDS; round++) {
		int found = 0;

		if (square_residue(rest)) {
			BN_CTX_start(scratch);
			found = is_fermat_square(a, round, n, scratch);
			BN_CTX_end(scratch);
		}
		if (found != 0)
			return found;
		rest = (rest + 2 * a_rest + 1) % m;
		a_rest = (a_rest + 1) % m;
	}
	return 0;
}

int
rmt_modulus_close_primes(const BIGNUM *modulus)
{
	BN_CTX *scratch = BN_CTX_new();
	int found;

	if (scratch == NULL)
		return -1;
	pthread_once(&primes_once, find_primes);
	BN_CTX_start(scratch);
	found = fermat(modulus, scratch);
	BN_CTX_end(scratch);
	BN_CTX_free(scratch);
	return found;
}
