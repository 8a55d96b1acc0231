/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks that every public key passes before Remint signs it, uses it or calls it sound.
 *
 * They find keys that anybody can break: too small, badly made, or known for a broken generator.
 * They do not look at the private half, at lists of leaked keys or at possession. All work on
 * public numbers, so nothing here needs to run in constant time.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "x509/local.h"

#define BR "CA/Browser Forum BR, "

enum { RSA_BITS_MIN = 2048, RSA_EXPONENT_BITS_MAX = 256 };

enum {
	RSA = 1 << 0,
	EC = 1 << 1,
	ED25519 = 1 << 2,
	ED448 = 1 << 3,
	PQ = 1 << 4,
	OTHER = 1 << 5,
	ALL = (1 << 6) - 1
};

/* The key under check. The big numbers are made for RSA alone. */
struct subject {
	struct rmt_span spki;
	struct rmt_spki key;
	unsigned min_rsa_bits;
	BIGNUM *modulus, *exponent;
	struct rmt_modulus_signs signs;
	EC_POINT *point; /* left by ec_on_curve */
};

struct key_check {
	int (*sound)(struct subject *subject, const char *citation, struct rmt_err *err);
	unsigned kinds;
	const char *citation;
};

static int
weak(struct rmt_err *err, const char *place, const char *citation, const char *sentence)
{
	return rmt_err_cite(err, RMT_SECRET, place, citation, "%s", sentence);
}

/* ---- every kind --------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned bit;
	size_t length; /* of the key's bits, 0: any */
} kinds[] = {
	{ "rsa", RSA, 0 },
	{ "rsa-pss", RSA, 0 },
	{ "ec", EC, 0 },
	{ "ed25519", ED25519, 32 },
	{ "ed448", ED448, 57 },
	{ "ml-dsa-44", PQ, 1312 },
	{ "ml-dsa-65", PQ, 1952 },
	{ "ml-dsa-87", PQ, 2592 },
	{ "slh-dsa-sha2-128s", PQ, 32 },
	{ "slh-dsa-sha2-128f", PQ, 32 },
	{ "slh-dsa-sha2-192s", PQ, 48 },
	{ "slh-dsa-sha2-192f", PQ, 48 },
	{ "slh-dsa-sha2-256s", PQ, 64 },
	{ "slh-dsa-sha2-256f", PQ, 64 },
	{ "slh-dsa-shake-128s", PQ, 32 },
	{ "slh-dsa-shake-128f", PQ, 32 },
	{ "slh-dsa-shake-192s", PQ, 48 },
	{ "slh-dsa-shake-192f", PQ, 48 },
	{ "slh-dsa-shake-256s", PQ, 64 },
	{ "slh-dsa-shake-256f", PQ, 64 },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static unsigned
kind_bit(const char *kind)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return kinds[i].bit;
	return OTHER;
}

/* The SPKI of a request goes into the certificate byte for byte, so it must be DER itself. */
static int
encoding_is_der(struct subject *subject, const char *citation, struct rmt_err *err)
{
	struct rmt_spki ignored;
	struct rmt_err fault = { 0 };

	if (rmt_spki_read_notes(subject->spki, &ignored, NULL, &fault) == 0)
		return 0;
	return rmt_err_cite(err, RMT_SECRET, fault.place, citation,
	    "the public key is not in DER: %.400s", fault.message);
}

/* RFC 3279, 2.3.1: rsaEncryption has NULL parameters; RFC 8410, 3, and RFC 9881, 2: those kinds
 * have none. */
static int
parameters_fit(struct subject *subject, const char *citation, struct rmt_err *err)
{
	struct rmt_der outer, inside, algorithm;
	struct rmt_span oid;
	bool null, none;

	rmt_der_open(&outer, subject->spki, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &inside, "spki", err) < 0 ||
	    rmt_der_enter(&inside, RMT_DER_SEQUENCE, &algorithm, "spki.algorithm", err) < 0 ||
	    rmt_der_oid(&algorithm, &oid, "spki.algorithm", err) < 0)
		return -1;
	none = !rmt_der_more(&algorithm);
	null = algorithm.end - algorithm.at == 2 && rmt_der_next_is(&algorithm, RMT_DER_NULL);
	if (strcmp(subject->key.kind, "rsa") == 0 && !null)
		return weak(err, "spki.algorithm.parameters", citation,
		    "the parameters of an RSA key must be NULL");
	if ((kind_bit(subject->key.kind) & (ED25519 | ED448 | PQ)) != 0 && !none)
		return weak(err, "spki.algorithm.parameters", "RFC 8410, 3",
		    "a key of this kind has no parameters");
	return 0;
}

static int
kind_is_known(struct subject *subject, const char *citation, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };

	(void)citation;
	rmt_spki_text(&subject->key, &text);
	rmt_err_set(err, RMT_SECRET, "spki.algorithm",
	    "a key of the kind %s cannot be checked; RSA, EC P-256, P-384 or P-521 and Ed25519 can",
	    rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

static int
length_fits(struct subject *subject, const char *citation, struct rmt_err *err)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strcmp(kinds[i].name, subject->key.kind) != 0 ||
		    kinds[i].length == subject->key.point.length)
			continue;
		return rmt_err_cite(err, RMT_SECRET, "spki.subjectPublicKey", citation,
		    "the key has %zu bytes where its kind has %zu", subject->key.point.length,
		    kinds[i].length);
	}
	return 0;
}

/* ---- RSA ---------------------------------------------------------------------------------- */

static int
rsa_size(struct subject *subject, const char *citation, struct rmt_err *err)
{
	unsigned bits = subject->key.bits;

	if (bits < subject->min_rsa_bits)
		return rmt_err_cite(err, RMT_SECRET, "spki.modulus", citation,
		    "the RSA key has %u bits, at least %u are wanted", bits, subject->min_rsa_bits);
	if (bits > RMT_RSA_BITS_MAX)
		return rmt_err_cite(err, RMT_SECRET, "spki.modulus", citation,
		    "the RSA key has %u bits, more than %d are refused", bits, RMT_RSA_BITS_MAX);
	if (bits % 8 != 0)
		return rmt_err_cite(err, RMT_SECRET, "spki.modulus", citation,
		    "the size of the RSA key, %u bits, is not divisible by 8", bits);
	return 0;
}

static int
rsa_exponent(struct subject *subject, const char *citation, struct rmt_err *err)
{
	const BIGNUM *e = subject->exponent;

	if (BN_num_bits(e) > RSA_EXPONENT_BITS_MAX)
		return weak(
		    err, "spki.publicExponent", citation, "the RSA exponent is larger than 2^256");
	if (!BN_is_odd(e))
		return weak(err, "spki.publicExponent", citation, "the RSA exponent is even");
	if (BN_num_bits(e) <= 16)
		return rmt_err_cite(err, RMT_SECRET, "spki.publicExponent", citation,
		    "the RSA exponent is %lu, at least 65537 is wanted",
		    (unsigned long)BN_get_word(e));
	return 0;
}

static int
rsa_small_factors(struct subject *subject, const char *citation, struct rmt_err *err)
{
	if (subject->signs.factor == 2)
		return weak(err, "spki.modulus", citation, "the RSA modulus is even");
	if (subject->signs.factor != 0)
		return rmt_err_cite(err, RMT_SECRET, "spki.modulus", citation,
		    "the RSA modulus is divisible by %u", subject->signs.factor);
	return 0;
}

static int
rsa_roca(struct subject *subject, const char *citation, struct rmt_err *err)
{
	if (!subject->signs.roca)
		return 0;
	return weak(err, "spki.modulus", citation,
	    "the RSA modulus bears the fingerprint of the broken Infineon generator (ROCA, "
	    "CVE-2017-15361)");
}

static int
rsa_close_primes(struct subject *subject, const char *citation, struct rmt_err *err)
{
	int found = rmt_modulus_close_primes(subject->modulus);

	if (found < 0)
		return rmt_err_memory(err);
	if (found == 0)
		return 0;
	return weak(err, "spki.modulus", citation,
	    "the primes of the RSA key lie so close together that Fermat's method finds them");
}

/* ---- elliptic curves ---------------------------------------------------------------------- */

/* The curves that are accepted. What belongs to one is made on its first use and kept for the
 * process. */
static struct accepted_curve {
	const char *name;
	int nid;
	size_t bytes;
	EC_GROUP *group;
	struct rmt_scalar_search *search;
	atomic_bool ready;
} accepted[] = {
	{ .name = "P-256", .nid = NID_X9_62_prime256v1, .bytes = 32 },
	{ .name = "P-384", .nid = NID_secp384r1, .bytes = 48 },
	{ .name = "P-521", .nid = NID_secp521r1, .bytes = 66 },
};
static pthread_mutex_t preparing = PTHREAD_MUTEX_INITIALIZER;

static int
prepare_curve(struct accepted_curve *curve, struct rmt_err *err)
{
	if (atomic_load(&curve->ready))
		return 0;
	pthread_mutex_lock(&preparing);
	if (curve->group == NULL)
		curve->group = EC_GROUP_new_by_curve_name(curve->nid);
	if (curve->group != NULL && curve->search == NULL)
		curve->search = rmt_scalar_search_new(curve->group);
	atomic_store(&curve->ready, curve->search != NULL);
	pthread_mutex_unlock(&preparing);
	return curve->search != NULL ? 0 : rmt_err_memory(err);
}

static struct accepted_curve *
accepted_curve(const char *name)
{
	for (size_t i = 0; i < COUNT(accepted); i++)
		if (strcmp(accepted[i].name, name) == 0)
			return &accepted[i];
	return NULL;
}

static int
ec_curve(struct subject *subject, const char *citation, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };

	if (accepted_curve(subject->key.curve) != NULL)
		return 0;
	rmt_spki_text(&subject->key, &text);
	rmt_err_cite(err, RMT_SECRET, "spki.algorithm.parameters", citation,
	    "the curve of the key (%s) is none of P-256, P-384 and P-521", rmt_buf_string(&text));
	rmt_buf_free(&text);
	return -1;
}

static int
ec_point_form(struct subject *subject, const char *citation, struct rmt_err *err)
{
	const struct accepted_curve *curve = accepted_curve(subject->key.curve);
	struct rmt_span point = subject->key.point;

	if (point.length == 1 && point.at[0] == 0)
		return weak(err, "spki.subjectPublicKey", citation,
		    "the public point is the point at infinity");
	if ((point.length == 1 + 2 * curve->bytes && point.at[0] == 4) ||
	    (point.length == 1 + curve->bytes && (point.at[0] == 2 || point.at[0] == 3)))
		return 0;
	return weak(err, "spki.subjectPublicKey", citation,
	    "the public point has neither the plain nor the compressed form");
}

/* These curves have a prime number of points, so a point on the curve other than infinity has the
 * full order. */
static int
ec_on_curve(struct subject *subject, const char *citation, struct rmt_err *err)
{
	struct accepted_curve *curve = accepted_curve(subject->key.curve);
	struct rmt_span bytes = subject->key.point;

	if (prepare_curve(curve, err) < 0)
		return -1;
	subject->point = EC_POINT_new(curve->group);
	if (subject->point == NULL)
		return rmt_err_memory(err);
	if (EC_POINT_oct2point(curve->group, subject->point, bytes.at, bytes.length, NULL) == 1)
		return 0;
	ERR_clear_error();
	return weak(err, "spki.subjectPublicKey", citation, "the public point is not on its curve");
}

static int
ec_tiny_scalar(struct subject *subject, const char *citation, struct rmt_err *err)
{
	const struct accepted_curve *curve = accepted_curve(subject->key.curve);
	struct rmt_span x = rmt_span_of(subject->key.point.at + 1, curve->bytes);
	int tiny = rmt_scalar_is_tiny(curve->search, curve->group, subject->point, x);

	if (tiny < 0)
		return rmt_err_memory(err);
	return tiny == 0 ? 0
			 : weak(err, "spki.subjectPublicKey", citation,
			       "the private key behind this EC key is a number below 65,537 that "
			       "anybody can find");
}

/* ---- Edwards curves ----------------------------------------------------------------------- */

/* The y coordinates of the points of order 1, 2, 4 and 8, little-endian, and of the same points
 * encoded with y + p; the sign of x, the last bit, is masked out. */
static const char ed25519_small[][33] = {
	"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
	"\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
	"\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
};

static int
ed25519_order(struct subject *subject, const char *citation, struct rmt_err *err)
{
	unsigned char y[32];

	memcpy(y, subject->key.point.at, sizeof(y));
	y[31] &= 0x7f;
	for (size_t i = 0; i < COUNT(ed25519_small); i++)
		if (memcmp(y, ed25519_small[i], sizeof(y)) == 0)
			return weak(err, "spki.subjectPublicKey", citation,
			    "the public point has a small order");
	return 0;
}

/* The points of order 1, 2 and 4 have y = 1, -1 and 0; p is 2^448 - 2^224 - 1. */
static int
ed448_order(struct subject *subject, const char *citation, struct rmt_err *err)
{
	const unsigned char *y = subject->key.point.at;
	unsigned char minus_one[56];
	bool rest_zero = true;

	memset(minus_one, 0xff, sizeof(minus_one));
	minus_one[0] = 0xfe;
	minus_one[28] = 0xfe;
	for (size_t i = 1; i < 56; i++)
		rest_zero = rest_zero && y[i] == 0;
	if ((rest_zero && y[0] <= 1) || memcmp(y, minus_one, sizeof(minus_one)) == 0)
		return weak(
		    err, "spki.subjectPublicKey", citation, "the public point has a small order");
	return 0;
}

/* ---- the table ---------------------------------------------------------------------------- */

/*
 * To add a check:
 *   1. a function (subject, citation, err) above: 0 sound, else weak() with one sentence that names
 *      what is wrong;
 *   2. one row here: the function, the kinds of key it looks at, where it is demanded. Cheap rows
 *      stand first, and a row may rely on all above it (ec_on_curve on ec_curve, ec_point_form);
 *   3. a passing and a failing row in tests/unit/test_keys_check.c.
 */
static const struct key_check checks[] = {
	{ encoding_is_der, ALL, "RFC 5280, 4.1" },
	{ kind_is_known, OTHER, "" },
	{ parameters_fit, RSA | ED25519 | ED448 | PQ, "RFC 3279, 2.3.1" },
	{ length_fits, ED25519 | ED448 | PQ, "RFC 8410, 4" },
	{ rsa_size, RSA, BR "6.1.5" },
	{ rsa_exponent, RSA, BR "6.1.6" },
	{ rsa_small_factors, RSA, BR "6.1.6" },
	{ rsa_roca, RSA, BR "6.1.1.3" },
	{ rsa_close_primes, RSA, BR "6.1.1.3" },
	{ ec_curve, EC, BR "6.1.5" },
	{ ec_point_form, EC, "RFC 5480, 2.2" },
	{ ec_on_curve, EC, BR "6.1.6" },
	{ ec_tiny_scalar, EC, BR "6.1.1.3" },
	{ ed25519_order, ED25519, "RFC 8032, 5.1.7" },
	{ ed448_order, ED448, "RFC 8032, 5.2.7" },
};

static int
prepare_rsa(struct subject *subject, struct rmt_err *err)
{
	struct rmt_span n = subject->key.modulus, e = subject->key.exponent;

	/* Of numbers that are refused for their size only as much is taken as the refusal needs. */
	if (n.length > RMT_RSA_BITS_MAX / 8 + 1)
		n.length = RMT_RSA_BITS_MAX / 8 + 1;
	if (e.length > RMT_RSA_BITS_MAX / 8)
		e.length = RMT_RSA_BITS_MAX / 8;
	subject->modulus = BN_bin2bn(n.at, (int)n.length, NULL);
	subject->exponent = BN_bin2bn(e.at, (int)e.length, NULL);
	if (subject->modulus == NULL || subject->exponent == NULL ||
	    rmt_modulus_divide(subject->modulus, &subject->signs) < 0)
		return rmt_err_memory(err);
	return 0;
}

int
rmt_key_check_public(struct rmt_span spki, unsigned min_rsa_bits, struct rmt_err *err)
{
	struct subject subject = { .spki = spki,
		.min_rsa_bits = min_rsa_bits != 0 ? min_rsa_bits : RSA_BITS_MIN };
	unsigned kind;
	int rc = -1;

	if (rmt_spki_read(spki, &subject.key, err) < 0)
		return -1;
	kind = kind_bit(subject.key.kind);
	if (kind == RSA && prepare_rsa(&subject, err) < 0)
		goto out;
	for (size_t i = 0; i < COUNT(checks); i++)
		if ((checks[i].kinds & kind) != 0 &&
		    checks[i].sound(&subject, checks[i].citation, err) < 0)
			goto out;
	rc = 0;
out:
	BN_free(subject.modulus);
	BN_free(subject.exponent);
	EC_POINT_free(subject.point);
	return rc;
}
