/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the factors of an RSA modulus, as far as it shows without factoring it: small
 * ones, those of a broken generator, two that lie close together.
 *
 * And whether it can be a modulus at all. It computes; key_check.c asks and finds the words.
 */
#include "config.h"

#include <pthread.h>

#include <openssl/bn.h>

#include "x509/local.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SMALL_PRIME_MAX = 751, SMALL_PRIMES = 132, ROCA_PRIME_MAX = 167, FERMAT_ROUNDS = 110 };
enum { WORDS_MAX = 64, WORDS_IN_BLOCK = 5, PRIME_BYTES_MAX = 1024 };

/* ---- small primes ------------------------------------------------------------------------- */

/* A prime, and what tells its multiples without a division: w is one when w * inverse, modulo 2^64,
 * is at most `most`, the largest w / prime. */
static struct small_prime {
	unsigned prime;
	unsigned word; /* index of the product that it is a factor of */
	uint64_t inverse, most;
	unsigned char
	    roca[ROCA_PRIME_MAX / 8 + 1]; /* bit r: r is a power of 65537 modulo the prime */
} primes[SMALL_PRIMES];
/* Products of neighbouring primes that fit a word, and products of those. */
static BN_ULONG words[WORDS_MAX];
static unsigned words_count;
static BIGNUM *blocks[WORDS_MAX / WORDS_IN_BLOCK + 1];
static bool primes_ready;
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

		while (i < count && n % primes[i].prime != 0)
			i++;
		if (i == count)
			primes[count++].prime = n;
	}
}

static void
prepare_prime(struct small_prime *entry)
{
	unsigned power = 1;

	entry->most = UINT64_MAX / entry->prime;
	entry->inverse = entry->prime; /* right in its lowest 3 bits; each step doubles that */
	for (int step = 0; step < 5; step++)
		entry->inverse *= 2 - entry->prime * entry->inverse;
	do {
		if (entry->prime <= ROCA_PRIME_MAX)
			entry->roca[power / 8] |= (unsigned char)(1u << power % 8);
		power = power * (65537u % entry->prime) % entry->prime;
	} while (power != 1);
}

static bool
make_words(void)
{
	bool ok = true;

	for (size_t i = 0; i < SMALL_PRIMES; i++) {
		if (i == 0 || words[words_count - 1] > (BN_ULONG)-1 / primes[i].prime)
			words[words_count++] = 1;
		words[words_count - 1] *= primes[i].prime;
		primes[i].word = words_count - 1;
	}
	for (unsigned i = 0; i < words_count && ok; i++) {
		BIGNUM **block = &blocks[i / WORDS_IN_BLOCK];

		if (*block == NULL && (*block = BN_new()) != NULL)
			BN_one(*block);
		ok = *block != NULL && BN_mul_word(*block, words[i]);
	}
	return ok;
}

static void
prepare(void)
{
	find_primes();
	for (size_t i = 0; i < SMALL_PRIMES; i++)
		prepare_prime(&primes[i]);
	for (size_t i = 0; i < COUNT(sieve); i++)
		for (unsigned x = 0; x < sieve[i].modulus; x++)
			sieve[i].squares |= UINT64_C(1) << x * x % sieve[i].modulus;
	primes_ready = make_words();
}

/* What the modulus leaves when divided by each word: first by a whole block, so that most divisions
 * are short. */
static bool
find_rests(const BIGNUM *modulus, BN_ULONG rests[WORDS_MAX], BN_CTX *scratch)
{
	BIGNUM *rest = BN_CTX_get(scratch);

	for (unsigned i = 0; i < words_count; i++) {
		if (rest == NULL ||
		    (i % WORDS_IN_BLOCK == 0 &&
			!BN_mod(rest, modulus, blocks[i / WORDS_IN_BLOCK], scratch)))
			return false;
		rests[i] = BN_mod_word(rest, words[i]);
	}
	return true;
}

/* Nemec and others, "The Return of Coppersmith's Attack" (CCS 2017): the broken library made primes
 * of the form k*M + (65537^a mod M), M a product of the first primes, so the modulus is a power of
 * 65537 modulo each of them. Two thirds of other moduli are told apart by the first few. */
static bool
is_roca(const BN_ULONG rests[WORDS_MAX])
{
	for (size_t i = 0; i < SMALL_PRIMES && primes[i].prime <= ROCA_PRIME_MAX; i++) {
		unsigned residue = (unsigned)(rests[primes[i].word] % primes[i].prime);

		if ((primes[i].roca[residue / 8] >> residue % 8 & 1) == 0)
			return false;
	}
	return true;
}

int
rmt_modulus_divide(const BIGNUM *modulus, struct rmt_modulus_signs *out)
{
	BN_CTX *scratch = BN_CTX_new();
	BN_ULONG rests[WORDS_MAX];
	bool divided;

	pthread_once(&primes_once, prepare);
	if (scratch == NULL || !primes_ready) {
		BN_CTX_free(scratch);
		return -1;
	}
	BN_CTX_start(scratch);
	divided = find_rests(modulus, rests, scratch);
	BN_CTX_end(scratch);
	BN_CTX_free(scratch);
	if (!divided)
		return -1;
	*out = (struct rmt_modulus_signs){ .factor = BN_is_odd(modulus) ? 0 : 2 };
	for (size_t i = 0; i < SMALL_PRIMES && out->factor == 0; i++)
		if (rests[primes[i].word] * primes[i].inverse <= primes[i].most)
			out->factor = primes[i].prime;
	out->roca = is_roca(rests);
	return 0;
}

/* ---- close primes ------------------------------------------------------------------------- */

static unsigned
word_root(BN_ULONG n)
{
	unsigned root = 0;

	for (unsigned bit = 1u << 15; bit != 0; bit >>= 1)
		if ((BN_ULONG)(root | bit) * (root | bit) <= n)
			root |= bit;
	return root;
}

/* root := the whole part of the square root of n > 0. Each step doubles the digits of a root of the
 * top of n by one step of Newton's, so that only the last division is a long one. */
static bool
square_root(BIGNUM *root, const BIGNUM *n, BN_CTX *scratch)
{
	BIGNUM *top = BN_CTX_get(scratch), *quotient = BN_CTX_get(scratch);
	int half = (BN_num_bits(n) - 1) / 2, step = 0, have, before;
	bool ok;

	while (half >> step > 15) /* the top fits a word of 32 bits */
		step++;
	have = half >> step;
	ok = quotient != NULL && BN_rshift(top, n, 2 * (half - have)) &&
	     BN_set_word(root, word_root(BN_get_word(top)));
	while (ok && step-- > 0) {
		before = have;
		have = half >> step;
		ok = BN_rshift(top, n, 2 * half - before - have + 1) &&
		     BN_div(quotient, NULL, top, root, scratch) &&
		     BN_lshift(root, root, have - before - 1) && BN_add(root, root, quotient);
	}
	ok = ok && BN_sqr(top, root, scratch);
	return ok && (BN_cmp(top, n) <= 0 || BN_sub_word(root, 1));
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
	if (!square_root(root, rest, scratch) || !BN_sqr(sum, root, scratch))
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

	/* The first round looks at the least number whose square is not below n. */
	if (square == NULL || !square_root(a, n, scratch) || !BN_sqr(square, a, scratch) ||
	    (BN_cmp(square, n) < 0 && (!BN_add_word(a, 1) || !BN_sqr(square, a, scratch))) ||
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
	pthread_once(&primes_once, prepare);
	BN_CTX_start(scratch);
	found = fermat(modulus, scratch);
	BN_CTX_end(scratch);
	BN_CTX_free(scratch);
	return found;
}

/* Fermat's test with base 2, which no product of two random primes passes. */
static bool
looks_prime(const BIGNUM *n, BN_CTX *scratch)
{
	BIGNUM *base = BN_CTX_get(scratch), *before = BN_CTX_get(scratch),
	       *power = BN_CTX_get(scratch);

	return power != NULL && BN_is_odd(n) && BN_set_word(base, 2) && BN_copy(before, n) &&
	       BN_sub_word(before, 1) && BN_mod_exp(power, base, before, n, scratch) &&
	       BN_is_one(power);
}

bool
rmt_spki_rsa_possible(const struct rmt_spki *spki)
{
	struct rmt_span n = spki->modulus, e = spki->exponent;
	BN_CTX *scratch;
	BIGNUM *modulus;
	bool prime;

	if (e.length == 0 || (e.at[e.length - 1] & 1) == 0)
		return false;
	if (n.length > PRIME_BYTES_MAX) /* nobody has such parameters, and it would take long */
		return true;
	scratch = BN_CTX_new();
	modulus = BN_bin2bn(n.at, (int)n.length, NULL);
	prime = scratch != NULL && modulus != NULL && looks_prime(modulus, scratch);
	BN_free(modulus);
	BN_CTX_free(scratch);
	return !prime;
}
