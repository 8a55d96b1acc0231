/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a point on a NIST curve is a tiny multiple of the generator: k*G with k (or -k) from 1 to
 * 65,536, as broken generators and test programs make them.
 *
 * Baby steps and giant steps: with the multiples 1 to 256 of G and the anchors 513, 1026, ... times
 * G at hand, a point P is tiny when P minus some anchor is one of the baby steps. All anchors are
 * tried at the price of one inversion, about 90 us for P-256, and preparing costs 0.6 ms. A process
 * that has checked a few hundred keys pays 30 ms once for a table of all 65,920 multiples; from
 * then on a check is one look-up. Only public numbers occur, so nothing is constant-time.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "x509/local.h"

enum {
	BABY_STEPS = 256,
	GIANT_STEP = 2 * BABY_STEPS + 1,
	ANCHORS = 128,
	CHECKS_BEFORE_TABLE = 256
};
enum { TABLE_SLOTS = 1 << 17, BABY_SLOTS = 1 << 10, FIELD_BYTES_MAX = 66 };
_Static_assert(ANCHORS *GIANT_STEP + BABY_STEPS >= 65536, "tiny scalars reach to 2^16");

/* Coordinates in Montgomery form. */
struct point {
	BIGNUM *x, *y;
};

/* A set of x coordinates by their lowest 64 bits, open addressing; 0 marks a free slot. Two
 * coordinates that agree in these bits are taken for one: that happens to one sound key in 2^48. */
struct set {
	uint64_t *slots;
	size_t mask;
};

struct rmt_scalar_search {
	BIGNUM *p, *a;
	BN_MONT_CTX *mont;
	struct point baby[BABY_STEPS]; /* 1 to 256 times G */
	struct point anchor[ANCHORS];  /* 513, 1026, ... times G */
	struct set babies;
	_Atomic(uint64_t *) table;
	atomic_uint checks;
	pthread_mutex_t building;
};

/* Room for a batch of divisions: numerators stay with the caller. */
struct batch {
	BIGNUM *divisor[BABY_STEPS], *product[BABY_STEPS];
	BIGNUM *t, *u, *v;
	BN_CTX *scratch;
};

/* ---- sets of coordinates ------------------------------------------------------------------ */

static uint64_t
low_bits(const BIGNUM *x)
{
	unsigned char bytes[FIELD_BYTES_MAX];
	uint64_t low = 0;

	if (BN_bn2lebinpad(x, bytes, sizeof(bytes)) < 0)
		return 0;
	for (int i = 7; i >= 0; i--)
		low = low << 8 | bytes[i];
	return low;
}

static void
set_add(struct set *set, const BIGNUM *x)
{
	uint64_t low = low_bits(x);
	size_t at = low & set->mask;

	while (set->slots[at] != 0 && set->slots[at] != low)
		at = (at + 1) & set->mask;
	set->slots[at] = low;
}

static bool
set_has(const struct set *set, const BIGNUM *x)
{
	uint64_t low = low_bits(x);

	for (size_t at = low & set->mask; set->slots[at] != 0; at = (at + 1) & set->mask)
		if (set->slots[at] == low)
			return true;
	return false;
}

/* ---- batches of divisions ----------------------------------------------------------------- */

static bool
batch_start(struct batch *batch, size_t count)
{
	batch->scratch = BN_CTX_new();
	if (batch->scratch == NULL)
		return false;
	BN_CTX_start(batch->scratch);
	for (size_t i = 0; i < count; i++) {
		batch->divisor[i] = BN_CTX_get(batch->scratch);
		batch->product[i] = BN_CTX_get(batch->scratch);
	}
	batch->t = BN_CTX_get(batch->scratch);
	batch->u = BN_CTX_get(batch->scratch);
	batch->v = BN_CTX_get(batch->scratch);
	return batch->v != NULL; /* once one failed, all that follow do */
}

static void
batch_end(struct batch *batch)
{
	if (batch->scratch == NULL)
		return;
	BN_CTX_end(batch->scratch);
	BN_CTX_free(batch->scratch);
}

/* Each divisor becomes its inverse: one inversion and three products a piece (Montgomery's
 * trick). */
static bool
batch_invert(const struct rmt_scalar_search *s, struct batch *b, size_t count)
{
	bool ok = BN_copy(b->product[0], b->divisor[0]) != NULL;

	for (size_t i = 1; ok && i < count; i++)
		ok = BN_mod_mul_montgomery(
		    b->product[i], b->product[i - 1], b->divisor[i], s->mont, b->scratch);
	ok = ok && BN_from_montgomery(b->t, b->product[count - 1], s->mont, b->scratch) &&
	     BN_mod_inverse(b->u, b->t, s->p, b->scratch) != NULL &&
	     BN_to_montgomery(b->t, b->u, s->mont, b->scratch);
	for (size_t i = count - 1; ok && i > 0; i--) {
		ok = BN_mod_mul_montgomery(b->u, b->t, b->divisor[i], s->mont, b->scratch) &&
		     BN_mod_mul_montgomery(
			 b->divisor[i], b->t, b->product[i - 1], s->mont, b->scratch);
		BN_swap(b->t, b->u);
	}
	return ok && BN_copy(b->divisor[0], b->t) != NULL;
}

/* x of the sum of two points: slope^2 - x1 - x2, where slope = rise * inverse is left in b->v. */
static bool
sum_x(const struct rmt_scalar_search *s, struct batch *b, const BIGNUM *rise, const BIGNUM *inverse,
    const BIGNUM *x1, const BIGNUM *x2, BIGNUM *out)
{
	return BN_mod_mul_montgomery(b->v, rise, inverse, s->mont, b->scratch) &&
	       BN_mod_mul_montgomery(out, b->v, b->v, s->mont, b->scratch) &&
	       BN_mod_sub_quick(out, out, x1, s->p) && BN_mod_sub_quick(out, out, x2, s->p);
}

/* ---- preparing ---------------------------------------------------------------------------- */

/* The rise of the line through two multiples of a point; of the tangent when they are the same
 * one. */
static bool
rise(const struct rmt_scalar_search *s, struct batch *b, const struct point *p,
    const struct point *q, BIGNUM *out)
{
	if (p != q)
		return BN_mod_sub_quick(out, p->y, q->y, s->p);
	return BN_mod_mul_montgomery(b->u, p->x, p->x, s->mont, b->scratch) &&
	       BN_mod_lshift1_quick(out, b->u, s->p) && BN_mod_add_quick(out, out, b->u, s->p) &&
	       BN_mod_add_quick(out, out, s->a, s->p);
}

/* From the first multiple of a point to the first `count` (a power of two): each pass doubles their
 * number by adding the last one to all. */
static bool
fill_multiples(
    const struct rmt_scalar_search *s, struct batch *b, struct point *multiple, size_t count)
{
	bool ok = true;

	for (size_t have = 1; ok && have < count; have *= 2) {
		const struct point *last = &multiple[have - 1];

		for (size_t i = 0; ok && i < have; i++)
			ok = &multiple[i] != last
				 ? BN_mod_sub_quick(b->divisor[i], multiple[i].x, last->x, s->p)
				 : BN_mod_lshift1_quick(b->divisor[i], last->y, s->p);
		ok = ok && batch_invert(s, b, have);
		for (size_t i = 0; ok && i < have; i++) {
			const struct point *from = &multiple[i];
			struct point *to = &multiple[have + i];

			ok = rise(s, b, from, last, b->t) &&
			     sum_x(s, b, b->t, b->divisor[i], from->x, last->x, to->x) &&
			     BN_mod_sub_quick(b->t, last->x, to->x, s->p) &&
			     BN_mod_mul_montgomery(to->y, b->t, b->v, s->mont, b->scratch) &&
			     BN_mod_sub_quick(to->y, to->y, last->y, s->p);
		}
	}
	return ok;
}

static bool
allocate(struct rmt_scalar_search *s)
{
	bool ok;

	s->p = BN_new();
	s->a = BN_new();
	s->mont = BN_MONT_CTX_new();
	s->babies = (struct set){ calloc(BABY_SLOTS, sizeof(uint64_t)), BABY_SLOTS - 1 };
	ok = s->p != NULL && s->a != NULL && s->mont != NULL && s->babies.slots != NULL;
	for (size_t i = 0; i < BABY_STEPS + ANCHORS; i++) {
		struct point *point = i < BABY_STEPS ? &s->baby[i] : &s->anchor[i - BABY_STEPS];

		point->x = BN_new();
		point->y = BN_new();
		ok = ok && point->x != NULL && point->y != NULL;
	}
	return ok;
}

/* multiple * G in Montgomery form. */
static bool
set_multiple(const struct rmt_scalar_search *s, const EC_GROUP *group, unsigned multiple,
    struct point *out, BN_CTX *scratch)
{
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *k = BN_new();
	bool ok = point != NULL && k != NULL && BN_set_word(k, multiple) &&
		  EC_POINT_mul(group, point, k, NULL, NULL, scratch) &&
		  EC_POINT_get_affine_coordinates(group, point, out->x, out->y, scratch) &&
		  BN_to_montgomery(out->x, out->x, s->mont, scratch) &&
		  BN_to_montgomery(out->y, out->y, s->mont, scratch);

	BN_free(k);
	EC_POINT_free(point);
	return ok;
}

struct rmt_scalar_search *
rmt_scalar_search_new(const EC_GROUP *group)
{
	struct rmt_scalar_search *s = calloc(1, sizeof(*s));
	struct batch batch = { .scratch = NULL };
	bool ok;

	if (s == NULL)
		return NULL;
	pthread_mutex_init(&s->building, NULL);
	ok = allocate(s) && batch_start(&batch, BABY_STEPS) &&
	     EC_GROUP_get_curve(group, s->p, s->a, NULL, batch.scratch) &&
	     BN_MONT_CTX_set(s->mont, s->p, batch.scratch) &&
	     BN_to_montgomery(s->a, s->a, s->mont, batch.scratch) &&
	     set_multiple(s, group, 1, &s->baby[0], batch.scratch) &&
	     set_multiple(s, group, GIANT_STEP, &s->anchor[0], batch.scratch) &&
	     fill_multiples(s, &batch, s->baby, BABY_STEPS) &&
	     fill_multiples(s, &batch, s->anchor, ANCHORS);
	for (size_t i = 0; ok && i < BABY_STEPS; i++)
		set_add(&s->babies, s->baby[i].x);
	batch_end(&batch);
	if (!ok) {
		rmt_scalar_search_free(s);
		return NULL;
	}
	return s;
}

void
rmt_scalar_search_free(struct rmt_scalar_search *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < BABY_STEPS + ANCHORS; i++) {
		struct point *point = i < BABY_STEPS ? &s->baby[i] : &s->anchor[i - BABY_STEPS];

		BN_free(point->x);
		BN_free(point->y);
	}
	BN_free(s->p);
	BN_free(s->a);
	BN_MONT_CTX_free(s->mont);
	free(s->babies.slots);
	free(atomic_load(&s->table));
	pthread_mutex_destroy(&s->building);
	free(s);
}

/* ---- the table of all --------------------------------------------------------------------- */

/* anchor + j*G and anchor - j*G for all baby steps: they share their divisors. */
static bool
add_around(
    const struct rmt_scalar_search *s, struct batch *b, const struct point *anchor, struct set *set)
{
	bool ok = true;

	set_add(set, anchor->x);
	for (size_t j = 0; ok && j < BABY_STEPS; j++)
		ok = BN_mod_sub_quick(b->divisor[j], anchor->x, s->baby[j].x, s->p);
	ok = ok && batch_invert(s, b, BABY_STEPS);
	for (size_t j = 0; ok && j < BABY_STEPS; j++) {
		const struct point *baby = &s->baby[j];

		ok = BN_mod_sub_quick(b->t, anchor->y, baby->y, s->p) &&
		     sum_x(s, b, b->t, b->divisor[j], anchor->x, baby->x, b->u);
		if (ok)
			set_add(set, b->u);
		ok = ok && BN_mod_add_quick(b->t, anchor->y, baby->y, s->p) &&
		     sum_x(s, b, b->t, b->divisor[j], anchor->x, baby->x, b->u);
		if (ok)
			set_add(set, b->u);
	}
	return ok;
}

/* Without memory for the table every check goes on as before. */
static void
build_table(struct rmt_scalar_search *s)
{
	struct set set = { calloc(TABLE_SLOTS, sizeof(uint64_t)), TABLE_SLOTS - 1 };
	struct batch batch = { .scratch = NULL };
	bool ok = set.slots != NULL && batch_start(&batch, BABY_STEPS);

	for (size_t i = 0; ok && i < BABY_STEPS; i++)
		set_add(&set, s->baby[i].x);
	for (size_t i = 0; ok && i < ANCHORS; i++)
		ok = add_around(s, &batch, &s->anchor[i], &set);
	batch_end(&batch);
	if (ok)
		atomic_store(&s->table, set.slots);
	else
		free(set.slots);
}

static uint64_t *
table_when_due(struct rmt_scalar_search *s)
{
	if (atomic_load(&s->table) == NULL &&
	    atomic_fetch_add(&s->checks, 1) >= CHECKS_BEFORE_TABLE &&
	    pthread_mutex_trylock(&s->building) ==
		0) { /* whoever comes while it is built goes the long way */
		if (atomic_load(&s->table) == NULL)
			build_table(s);
		pthread_mutex_unlock(&s->building);
	}
	return atomic_load(&s->table);
}

/* ---- searching ---------------------------------------------------------------------------- */

static int
search_steps(const struct rmt_scalar_search *s, struct batch *b, const struct point *p)
{
	bool ok = true;

	if (set_has(&s->babies, p->x))
		return 1;
	for (size_t i = 0; ok && i < ANCHORS; i++) {
		ok = BN_mod_sub_quick(b->divisor[i], p->x, s->anchor[i].x, s->p);
		if (ok && BN_is_zero(b->divisor[i]))
			return 1; /* an anchor itself, or its negative */
	}
	ok = ok && batch_invert(s, b, ANCHORS);
	for (size_t i = 0; ok && i < ANCHORS; i++) {
		ok = BN_mod_add_quick(b->t, p->y, s->anchor[i].y, s->p) &&
		     sum_x(s, b, b->t, b->divisor[i], p->x, s->anchor[i].x, b->u);
		if (ok && set_has(&s->babies, b->u))
			return 1;
		/* -P instead of P: k and -k are equally tiny, and only one of them lies on this
		 * side of zero. */
		ok = ok && BN_mod_sub_quick(b->t, p->y, s->anchor[i].y, s->p) &&
		     sum_x(s, b, b->t, b->divisor[i], p->x, s->anchor[i].x, b->u);
		if (ok && set_has(&s->babies, b->u))
			return 1;
	}
	return ok ? 0 : -1;
}

static int
search_with(
    struct rmt_scalar_search *s, const EC_GROUP *group, const EC_POINT *point, BN_CTX *scratch)
{
	struct point p = { BN_CTX_get(scratch), BN_CTX_get(scratch) };
	struct batch batch = { .scratch = NULL };
	int found = -1;

	if (p.y != NULL && EC_POINT_get_affine_coordinates(group, point, p.x, p.y, scratch) &&
	    BN_to_montgomery(p.x, p.x, s->mont, scratch) &&
	    BN_to_montgomery(p.y, p.y, s->mont, scratch) && batch_start(&batch, ANCHORS))
		found = search_steps(s, &batch, &p);
	batch_end(&batch);
	return found;
}

static int
look_up(const struct rmt_scalar_search *s, uint64_t *table, struct rmt_span x, BN_CTX *scratch)
{
	struct set set = { table, TABLE_SLOTS - 1 };
	BIGNUM *number = BN_CTX_get(scratch);

	if (number == NULL || BN_bin2bn(x.at, (int)x.length, number) == NULL ||
	    !BN_to_montgomery(number, number, s->mont, scratch))
		return -1;
	return set_has(&set, number);
}

int
rmt_scalar_is_tiny(
    struct rmt_scalar_search *s, const EC_GROUP *group, const EC_POINT *point, struct rmt_span x)
{
	uint64_t *table = table_when_due(s);
	BN_CTX *scratch = BN_CTX_new();
	int found;

	if (scratch == NULL)
		return -1;
	BN_CTX_start(scratch);
	found =
	    table != NULL ? look_up(s, table, x, scratch) : search_with(s, group, point, scratch);
	BN_CTX_end(scratch);
	BN_CTX_free(scratch);
	return found;
}
