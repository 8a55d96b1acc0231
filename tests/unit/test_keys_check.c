/* SPDX-License-Identifier: Apache-2.0 */
/* The table of key checks: for every check keys that pass and keys, weak by construction, that
 * fail. */
#include "config.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "unit/test_keys.h"

/* ---- weak RSA keys ------------------------------------------------------------------------ */

enum rsa_recipe {
	SOUND,
	SMALL_KEY,
	ODD_SIZE,
	HUGE,
	EVEN,
	FACTOR_3,
	FACTOR_751,
	FACTOR_757,
	ROCA,
	CLOSE_PRIMES,
	SAME_PRIMES,
	DISTANT_PRIMES
};

static BIGNUM *
prime(int bits)
{
	BIGNUM *p = BN_new();

	assert_true(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL));
	return p;
}

/* The next prime above p + distance. */
static BIGNUM *
prime_after(const BIGNUM *p, int distance_bits)
{
	BIGNUM *q = BN_dup(p), *step = BN_new();

	BN_set_bit(step, distance_bits);
	BN_add(q, q, step);
	if (!BN_is_odd(q))
		BN_add_word(q, 1);
	while (BN_check_prime(q, NULL, NULL) != 1)
		BN_add_word(q, 2);
	BN_free(step);
	return q;
}

/* A prime of 1024 bits as the broken library made them: k*M + (65537^a mod M), M the product of the
 * first 126 primes. */
static BIGNUM *
roca_prime(void)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_new(), *a = BN_new(), *k = BN_new(), *p = BN_new(), *g = BN_new();
	unsigned n = 2, count = 0;

	BN_one(m);
	for (; count < 126; n++) {
		unsigned d = 2;

		while (d * d <= n && n % d != 0)
			d++;
		if (d * d > n) {
			BN_mul_word(m, n);
			count++;
		}
	}
	BN_set_word(g, 65537);
	do {
		BN_rand(a, 250, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
		BN_mod_exp(p, g, a, m, ctx);
		BN_rand(k, 1024 - BN_num_bits(m), BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
		BN_mul(k, k, m, ctx);
		BN_add(p, p, k);
	} while (BN_num_bits(p) != 1024 || BN_check_prime(p, ctx, NULL) != 1);
	BN_free(m);
	BN_free(a);
	BN_free(k);
	BN_free(g);
	BN_CTX_free(ctx);
	return p;
}

static void
rsa_primes(enum rsa_recipe recipe, BIGNUM **p, BIGNUM **q)
{
	*q = NULL;
	*p = recipe == ROCA ? roca_prime() : prime(recipe == SMALL_KEY ? 512 : 1024);
	switch (recipe) {
	case SMALL_KEY:
		*q = prime(512);
		break;
	case ODD_SIZE:
		*q = prime(1028);
		break;
	case ROCA:
		*q = roca_prime();
		break;
	case CLOSE_PRIMES: /* found after about (2^516 - 2^0)^2 / (8 * 2^1024) rounds, that is at
			      once or nearly */
		*q = prime_after(*p, 514);
		break;
	case SAME_PRIMES:
		*q = BN_dup(*p);
		break;
	case DISTANT_PRIMES: /* close, but far beyond what 110 rounds reach */
		*q = prime_after(*p, 540);
		break;
	default:
		*q = prime(1024);
	}
}

static BIGNUM *
modulus(enum rsa_recipe recipe)
{
	static const unsigned factors[] = {
		[EVEN] = 2, [FACTOR_3] = 3, [FACTOR_751] = 751, [FACTOR_757] = 757
	};
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = BN_new(), *p, *q;

	if (recipe == HUGE) {
		BN_rand(n, 16392, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	} else if (recipe >= EVEN && recipe <= FACTOR_757) {
		unsigned factor = factors[recipe];

		do { /* the rest is prime enough for these checks when it has no factor up to 751 */
			BN_rand(n, 2048 - BN_num_bits_word(factor - 1), BN_RAND_TOP_TWO,
			    BN_RAND_BOTTOM_ODD);
			for (unsigned d = 3; d <= 751; d += 2)
				if (BN_mod_word(n, d) == 0) {
					BN_sub_word(n, 2);
					d = 1;
				}
			BN_mul_word(n, factor);
		} while (BN_num_bits(n) != 2048);
	} else {
		rsa_primes(recipe, &p, &q);
		BN_mul(n, p, q, ctx);
		BN_free(p);
		BN_free(q);
	}
	BN_CTX_free(ctx);
	return n;
}

/* SubjectPublicKeyInfo by our own writer. */
static void
write_spki(
    const char *algorithm, struct rmt_span parameters, struct rmt_span bits, struct rmt_buf *out)
{
	struct rmt_buf oid = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_err err = { 0 };

	GOOD(rmt_oid_encode(algorithm, &oid, &err));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_buf_view(&oid));
	rmt_derw_raw(&w, parameters);
	rmt_derw_end(&w);
	rmt_derw_bits(&w, bits, 0);
	rmt_derw_end(&w);
	GOOD(rmt_derw_finish(&w, out, &err));
	rmt_buf_free(&oid);
}

static void
write_rsa(const BIGNUM *n, const BIGNUM *e, struct rmt_span parameters, struct rmt_buf *out)
{
	unsigned char number[2100];
	struct rmt_buf key = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_err err = { 0 };

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_integer(&w, rmt_span_of(number, (size_t)BN_bn2bin(n, number)));
	rmt_derw_integer(&w, rmt_span_of(number, (size_t)BN_bn2bin(e, number)));
	rmt_derw_end(&w);
	GOOD(rmt_derw_finish(&w, &key, &err));
	write_spki("rsaEncryption", parameters, rmt_buf_view(&key), out);
	rmt_buf_free(&key);
}

#define NULL_PARAMETERS "\x05\x00"

struct verdict {
	const char *sentence;
	const char *words; /* of the refusal; NULL: the key is sound */
	const char *citation;
};

static void
assert_verdict(const struct verdict *wanted, struct rmt_span spki, unsigned min_rsa_bits)
{
	struct rmt_err err = { 0 };
	int rc = rmt_key_check_public(spki, min_rsa_bits, &err);

	if (wanted->words == NULL) {
		GOOD(rc);
		return;
	}
	assert_int_equal(rc, -1);
	assert_error(&err, RMT_SECRET, wanted->words);
	if (strstr(err.citation, wanted->citation) == NULL)
		fail_msg("cites \"%s\", not \"%s\"", err.citation, wanted->citation);
}

static const struct rsa_row {
	const char *sentence, *words, *citation;
	enum rsa_recipe recipe;
	const char *exponent; /* hex */
	unsigned min_bits;
	const char *parameters;
	size_t parameters_length;
} rsa_rows[] = {
	{ "RSA of 2048 bits and e=65537 is sound", NULL, "", SOUND, "10001", 0, NULL_PARAMETERS,
	    2 },
	{ "RSA with an exponent of 256 bits is sound", NULL, "", SOUND,
	    "8000000000000000000000000000000000000000000000000000000000000001", 0, NULL_PARAMETERS,
	    2 },
	{ "RSA of 1024 bits is too small", "1024 bits, at least 2048", "6.1.5", SMALL_KEY, "10001",
	    0, NULL_PARAMETERS, 2 },
	{ "RSA of 1024 bits is sound where 1024 are enough", NULL, "", SMALL_KEY, "10001", 1024,
	    NULL_PARAMETERS, 2 },
	{ "RSA of 2048 bits is too small where 3072 are wanted", "at least 3072", "6.1.5", SOUND,
	    "10001", 3072, NULL_PARAMETERS, 2 },
	{ "RSA of 2052 bits is refused: not whole bytes", "divisible by 8", "6.1.5", ODD_SIZE,
	    "10001", 0, NULL_PARAMETERS, 2 },
	{ "RSA of 16392 bits is refused: too slow for everybody", "16392 bits", "6.1.5", HUGE,
	    "10001", 0, NULL_PARAMETERS, 2 },
	{ "e=3 is refused by name", "exponent is 3,", "6.1.6", SOUND, "3", 0, NULL_PARAMETERS, 2 },
	{ "e=1 is refused", "exponent is 1,", "6.1.6", SOUND, "1", 0, NULL_PARAMETERS, 2 },
	{ "e=65535 is refused", "exponent is 65535,", "6.1.6", SOUND, "ffff", 0, NULL_PARAMETERS,
	    2 },
	{ "an even exponent is refused", "even", "6.1.6", SOUND, "10002", 0, NULL_PARAMETERS, 2 },
	{ "an exponent above 2^256 is refused", "2^256", "6.1.6", SOUND,
	    "10000000000000000000000000000000000000000000000000000000000000001", 0, NULL_PARAMETERS,
	    2 },
	{ "an even modulus is refused", "even", "6.1.6", EVEN, "10001", 0, NULL_PARAMETERS, 2 },
	{ "a factor 3 is found", "divisible by 3", "6.1.6", FACTOR_3, "10001", 0, NULL_PARAMETERS,
	    2 },
	{ "the largest factor looked for, 751, is found", "divisible by 751", "6.1.6", FACTOR_751,
	    "10001", 0, NULL_PARAMETERS, 2 },
	{ "the next prime, 757, is not looked for", NULL, "", FACTOR_757, "10001", 0,
	    NULL_PARAMETERS, 2 },
	{ "the ROCA fingerprint is found", "ROCA", "6.1.1.3", ROCA, "10001", 0, NULL_PARAMETERS,
	    2 },
	{ "primes that lie close together are found", "Fermat", "6.1.1.3", CLOSE_PRIMES, "10001", 0,
	    NULL_PARAMETERS, 2 },
	{ "the square of a prime is found", "Fermat", "6.1.1.3", SAME_PRIMES, "10001", 0,
	    NULL_PARAMETERS, 2 },
	{ "primes 2^540 apart are beyond 110 rounds", NULL, "", DISTANT_PRIMES, "10001", 0,
	    NULL_PARAMETERS, 2 },
	{ "an RSA key without its NULL parameters is refused", "must be NULL", "RFC 3279, 2.3.1",
	    SOUND, "10001", 0, "", 0 },
};

static void
check_rsa(void **state)
{
	const struct rsa_row *row = *state;
	struct verdict wanted = { row->sentence, row->words, row->citation };
	BIGNUM *n = modulus(row->recipe), *e = NULL;
	struct rmt_buf spki = { 0 };

	BN_hex2bn(&e, row->exponent);
	write_rsa(n, e, rmt_span_of(row->parameters, row->parameters_length), &spki);
	assert_verdict(&wanted, rmt_buf_view(&spki), row->min_bits);
	rmt_buf_free(&spki);
	BN_free(n);
	BN_free(e);
}

/* ---- elliptic curves ---------------------------------------------------------------------- */

enum point_recipe { PLAIN, COMPRESSED, HYBRID, INFINITY_POINT, OFF_CURVE, TOO_SHORT, BEYOND_FIELD };

static const struct ec_row {
	const char *sentence, *words, *citation;
	const char *curve;
	int nid;
	enum point_recipe recipe;
	const char *scalar; /* decimal, or NULL for a random one; a leading minus counts from the
			       group order down */
} ec_rows[] = {
	{ "P-256 is sound", NULL, "", "prime256v1", NID_X9_62_prime256v1, PLAIN, NULL },
	{ "P-384 is sound", NULL, "", "secp384r1", NID_secp384r1, PLAIN, NULL },
	{ "P-521 is sound", NULL, "", "secp521r1", NID_secp521r1, PLAIN, NULL },
	{ "a compressed point is sound", NULL, "", "prime256v1", NID_X9_62_prime256v1, COMPRESSED,
	    NULL },
	{ "P-224 is refused", "P-224", "6.1.5", "secp224r1", NID_secp224r1, PLAIN, NULL },
	{ "secp256k1 is refused", "secp256k1", "6.1.5", "secp256k1", NID_secp256k1, PLAIN, NULL },
	{ "the point at infinity is refused", "infinity", "RFC 5480, 2.2", "prime256v1",
	    NID_X9_62_prime256v1, INFINITY_POINT, NULL },
	{ "the hybrid form is refused", "neither", "RFC 5480, 2.2", "prime256v1",
	    NID_X9_62_prime256v1, HYBRID, NULL },
	{ "a point one byte short is refused", "neither", "RFC 5480, 2.2", "prime256v1",
	    NID_X9_62_prime256v1, TOO_SHORT, NULL },
	{ "a point off its curve is refused", "not on its curve", "6.1.6", "prime256v1",
	    NID_X9_62_prime256v1, OFF_CURVE, NULL },
	{ "a P-521 point off its curve is refused", "not on its curve", "6.1.6", "secp521r1",
	    NID_secp521r1, OFF_CURVE, NULL },
	{ "a coordinate beyond the field is refused", "not on its curve", "6.1.6", "prime256v1",
	    NID_X9_62_prime256v1, BEYOND_FIELD, NULL },
	{ "the generator itself is refused", "below 65,537", "6.1.1.3", "prime256v1",
	    NID_X9_62_prime256v1, PLAIN, "1" },
	{ "a baby step is refused", "below 65,537", "6.1.1.3", "prime256v1", NID_X9_62_prime256v1,
	    PLAIN, "256" },
	{ "between steps is refused", "below 65,537", "6.1.1.3", "prime256v1", NID_X9_62_prime256v1,
	    PLAIN, "257" },
	{ "an anchor is refused", "below 65,537", "6.1.1.3", "prime256v1", NID_X9_62_prime256v1,
	    PLAIN, "513" },
	{ "scalar 65536 is refused", "below 65,537", "6.1.1.3", "prime256v1", NID_X9_62_prime256v1,
	    PLAIN, "65536" },
	{ "scalar -1 is refused", "below 65,537", "6.1.1.3", "prime256v1", NID_X9_62_prime256v1,
	    PLAIN, "-1" },
	{ "scalar -65536 is refused", "below 65,537", "6.1.1.3", "prime256v1", NID_X9_62_prime256v1,
	    PLAIN, "-65536" },
	{ "scalar 40000 on P-384 is refused", "below 65,537", "6.1.1.3", "secp384r1", NID_secp384r1,
	    PLAIN, "40000" },
	{ "scalar -777 on P-521 is refused", "below 65,537", "6.1.1.3", "secp521r1", NID_secp521r1,
	    PLAIN, "-777" },
	{ "a compressed tiny point is refused", "below 65,537", "6.1.1.3", "prime256v1",
	    NID_X9_62_prime256v1, COMPRESSED, "31337" },
	{ "scalar 70000 is beyond the search", NULL, "", "prime256v1", NID_X9_62_prime256v1, PLAIN,
	    "70000" },
};

static size_t
make_point(const struct ec_row *row, unsigned char out[160])
{
	static const int forms[] = {
		[COMPRESSED] = POINT_CONVERSION_COMPRESSED, [HYBRID] = POINT_CONVERSION_HYBRID
	};
	EC_GROUP *group = EC_GROUP_new_by_curve_name(row->nid);
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *k = NULL;
	size_t length;

	if (row->scalar != NULL)
		BN_dec2bn(&k, row->scalar);
	else {
		k = BN_new();
		BN_rand_range(k, EC_GROUP_get0_order(group));
	}
	if (BN_is_negative(k))
		BN_add(k, k, EC_GROUP_get0_order(group));
	assert_true(EC_POINT_mul(group, point, k, NULL, NULL, NULL));
	length = EC_POINT_point2oct(group, point,
	    row->recipe == COMPRESSED || row->recipe == HYBRID
		? (point_conversion_form_t)forms[row->recipe]
		: POINT_CONVERSION_UNCOMPRESSED,
	    out, 160, NULL);
	BN_free(k);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return length;
}

static void
write_ec(const struct ec_row *row, struct rmt_buf *out)
{
	unsigned char point[160];
	size_t length = make_point(row, point);
	struct rmt_buf oid = { 0 }, parameters = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_err err = { 0 };

	switch (row->recipe) {
	case OFF_CURVE:
		point[length - 1] ^= 1;
		break;
	case TOO_SHORT:
		length--;
		break;
	case INFINITY_POINT:
		point[0] = 0;
		length = 1;
		break;
	case BEYOND_FIELD:
		memset(point + 1, 0xff, 32);
		break;
	default:
		break;
	}
	GOOD(rmt_oid_encode(row->curve, &oid, &err));
	rmt_derw_oid(&w, rmt_buf_view(&oid));
	GOOD(rmt_derw_finish(&w, &parameters, &err));
	write_spki("1.2.840.10045.2.1", rmt_buf_view(&parameters), rmt_span_of(point, length), out);
	rmt_buf_free(&oid);
	rmt_buf_free(&parameters);
}

static void
check_ec(void **state)
{
	const struct ec_row *row = *state;
	struct verdict wanted = { row->sentence, row->words, row->citation };
	struct rmt_buf spki = { 0 };

	write_ec(row, &spki);
	assert_verdict(&wanted, rmt_buf_view(&spki), 0);
	rmt_buf_free(&spki);
}

/* After some hundreds of keys the search goes over to a table: nothing may change. */
static void
check_ec_after_many(void **state)
{
	struct rmt_buf spki = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	write_ec(&ec_rows[0], &spki);
	for (int i = 0; i < 600; i++)
		GOOD(rmt_key_check_public(rmt_buf_view(&spki), 0, &err));
	rmt_buf_free(&spki);
	for (size_t i = 0; i < sizeof(ec_rows) / sizeof(ec_rows[0]); i++) {
		const void *row = &ec_rows[i];
		void *copy;

		memcpy(&copy, &row, sizeof(copy));
		check_ec(&copy);
	}
}

static void
check_ec_explicit(void **state)
{
	const struct verdict wanted = { "", "explicit parameters", "6.1.5" };
	EVP_PKEY *key = openssl_key("EC", 0, "P-256");
	struct rmt_buf spki = { 0 };

	(void)state;
	EVP_PKEY_set_utf8_string_param(
	    key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
	openssl_spki(key, &spki);
	assert_verdict(&wanted, rmt_buf_view(&spki), 0);
	rmt_buf_free(&spki);
	EVP_PKEY_free(key);
}

/* ---- other kinds -------------------------------------------------------------------------- */

#define ZEROS_31 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define FFS_30 \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff"
#define Y8_A \
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6" \
	"\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc"
#define Y8_B \
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39" \
	"\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03"
/* RFC 8032, 7.1, TEST 1 and the beginning of 7.4, Blank: public keys. */
#define ED25519_GOOD \
	"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6" \
	"\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a"
#define ED448_GOOD \
	"\x5f\xd7\x44\x9b\x59\xb4\x61\xfd\x2c\xe7\x87\xec\x61\x6a\xd4\x6a\x1d\xa1\x34\x24\x85\xa7" \
	"\x0e\x1f\x8a\x0e\xa7\x5d\x80\xe9" \
	"\x67\x78\xed\xf1\x24\x76\x9b\x46\xc7\x06\x1b\xd6\x78\x3d\xf1\xe5\x0f\x6c\xd1\xfa\x1a\xbe" \
	"\xaf\xe8\x25\x61\x80"
#define ZEROS_56 ZEROS_31 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ED448_MINUS_ONE \
	"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff" \
	"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\x80"

static const struct other_row {
	const char *sentence, *words, *citation, *algorithm;
	struct rmt_span parameters, bits;
	size_t repeat; /* the bits are this many zero bytes instead */
} other_rows[] = {
	{ "Ed25519 is sound", NULL, "", "Ed25519", { NULL, 0 }, BYTES(ED25519_GOOD), 0 },
	{ "Ed25519 with parameters is refused", "no parameters", "RFC 8410, 3", "Ed25519",
	    BYTES(NULL_PARAMETERS), BYTES(ED25519_GOOD), 0 },
	{ "Ed25519 of 31 bytes is refused", "31 bytes", "RFC 8410, 4", "Ed25519", { NULL, 0 },
	    BYTES(ZEROS_31), 0 },
	{ "Ed25519 order 1 is refused", "small order", "RFC 8032", "Ed25519", { NULL, 0 },
	    BYTES("\x01" ZEROS_31), 0 },
	{ "Ed25519 order 4 is refused", "small order", "RFC 8032", "Ed25519", { NULL, 0 },
	    BYTES("\0" ZEROS_31), 0 },
	{ "Ed25519 order 4, other sign, is refused", "small order", "RFC 8032", "Ed25519",
	    { NULL, 0 }, BYTES(ZEROS_31 "\x80"), 0 },
	{ "Ed25519 order 2 is refused", "small order", "RFC 8032", "Ed25519", { NULL, 0 },
	    BYTES("\xec" FFS_30 "\x7f"), 0 },
	{ "Ed25519 order 4 written as p is refused", "small order", "RFC 8032", "Ed25519",
	    { NULL, 0 }, BYTES("\xed" FFS_30 "\x7f"), 0 },
	{ "Ed25519 order 1 written as p+1 is refused", "small order", "RFC 8032", "Ed25519",
	    { NULL, 0 }, BYTES("\xee" FFS_30 "\xff"), 0 },
	{ "Ed25519 order 8 is refused", "small order", "RFC 8032", "Ed25519", { NULL, 0 },
	    BYTES(Y8_A "\x05"), 0 },
	{ "Ed25519 order 8, other sign, is refused", "small order", "RFC 8032", "Ed25519",
	    { NULL, 0 }, BYTES(Y8_A "\x85"), 0 },
	{ "Ed25519 the other order 8 is refused", "small order", "RFC 8032", "Ed25519", { NULL, 0 },
	    BYTES(Y8_B "\x7a"), 0 },
	{ "Ed448 is sound", NULL, "", "Ed448", { NULL, 0 }, BYTES(ED448_GOOD), 0 },
	{ "Ed448 order 1 is refused", "small order", "RFC 8032", "Ed448", { NULL, 0 },
	    BYTES("\x01" ZEROS_56), 0 },
	{ "Ed448 order 4 is refused", "small order", "RFC 8032", "Ed448", { NULL, 0 },
	    BYTES("\0" ZEROS_56), 0 },
	{ "Ed448 order 2 is refused", "small order", "RFC 8032", "Ed448", { NULL, 0 },
	    BYTES(ED448_MINUS_ONE), 0 },
	{ "ML-DSA-65 of its length is let through", NULL, "", "ML-DSA-65", { NULL, 0 }, { NULL, 0 },
	    1952 },
	{ "ML-DSA-65 of another length is refused", "1951 bytes", "", "ML-DSA-65", { NULL, 0 },
	    { NULL, 0 }, 1951 },
	{ "X25519 is refused: it cannot sign", "X25519", "", "X25519", { NULL, 0 }, { NULL, 0 },
	    32 },
	{ "DSA is refused", "DSA", "", "1.2.840.10040.4.1", { NULL, 0 }, { NULL, 0 }, 128 },
	{ "an unknown kind is refused with its OID", "1.2.3.4.5", "", "1.2.3.4.5", { NULL, 0 },
	    { NULL, 0 }, 10 },
};

static void
check_other(void **state)
{
	static const unsigned char zeros[4096];
	const struct other_row *row = *state;
	struct verdict wanted = { row->sentence, row->words, row->citation };
	struct rmt_buf spki = { 0 };

	write_spki(row->algorithm, row->parameters,
	    row->repeat > 0 ? rmt_span_of(zeros, row->repeat) : row->bits, &spki);
	assert_verdict(&wanted, rmt_buf_view(&spki), 0);
	rmt_buf_free(&spki);
}

static const struct encoding_row {
	const char *sentence, *words;
	struct rmt_span spki;
	enum rmt_class class;
} encoding_rows[] = {
	{ "a length that is not minimal is refused", "not in DER",
	    BYTES("\x30\x81\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0" ED25519_GOOD), RMT_SECRET },
	{ "a truncated key is refused", "", BYTES("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21"),
	    RMT_INPUT },
	{ "an empty key is refused", "", { NULL, 0 }, RMT_INPUT },
	{ "a key of half a byte is refused", "whole bytes",
	    BYTES("\x30\x0b\x30\x05\x06\x03\x2b\x65\x70\x03\x02\x04\x10"), RMT_INPUT },
};

static void
check_encoding(void **state)
{
	const struct encoding_row *row = *state;
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_key_check_public(row->spki, 0, &err), -1);
	assert_error(&err, row->class, row->words);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, rsa_rows, check_rsa);
	ADD_TABLE(&rows, ec_rows, check_ec);
	add_row(&rows, "the verdicts stay when the table of tiny scalars is there",
	    check_ec_after_many, NULL);
	add_row(
	    &rows, "a curve with its parameters written out is refused", check_ec_explicit, NULL);
	ADD_TABLE(&rows, other_rows, check_other);
	ADD_TABLE(&rows, encoding_rows, check_encoding);
	return run_rows("key checks", &rows);
}
