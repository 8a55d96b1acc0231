/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of base/: digests, random bytes, the pool of threads. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "unit/test_base.h"

/* ---- digests (FIPS 180-4 examples) -------------------------------------------------------------
 */

static const struct digest_row {
	const char *sentence;
	const char *text;
	const char *sha256, *sha1;
} digest_rows[] = {
	{ "the digest of nothing", "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "the digest of abc", "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "the digest of more than a block",
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	    "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
};

static void
check_digest(void **state)
{
	const struct digest_row *row = *state;
	unsigned char sha256[RMT_SHA256], sha1[20];
	struct rmt_buf text = { 0 };
	struct rmt_err err = { 0 };

	/* Twice, in turns: the contexts are used again. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rmt_sha256(rmt_span_text(row->text), sha256, &err), 0);
		assert_int_equal(rmt_sha1(rmt_span_text(row->text), sha1, &err), 0);
		rmt_buf_clear(&text);
		rmt_hex(rmt_span_of(sha256, sizeof sha256), 0, &text);
		assert_string_equal(rmt_buf_string(&text), row->sha256);
		rmt_buf_clear(&text);
		rmt_hex(rmt_span_of(sha1, sizeof sha1), 0, &text);
		assert_string_equal(rmt_buf_string(&text), row->sha1);
	}
	rmt_buf_free(&text);
}

static void
random_bytes_differ(void **state)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_random(a, sizeof a, &err), 0);
	assert_int_equal(rmt_random(b, sizeof b, &err), 0);
	assert_memory_not_equal(a, b, sizeof a);
	assert_int_equal(rmt_random(b, 0, &err), 0);
}

/* ---- pool -------------------------------------------------------------------------------------
 */

enum { MOST = 5000 };

struct tally {
	size_t workers;
	pthread_t caller;
	atomic_uchar times[MOST];
	unsigned char digests[MOST][RMT_SHA256];
	pthread_t thread_of[64]; /* written by that worker only */
	size_t done_by[64];
	atomic_bool wrong;
};

static void
count_one(void *arg, size_t worker, size_t index)
{
	struct tally *tally = arg;

	if (worker >= tally->workers || index >= MOST) {
		atomic_store(&tally->wrong, true);
		return;
	}
	if (tally->done_by[worker]++ == 0)
		tally->thread_of[worker] = pthread_self();
	else if (!pthread_equal(tally->thread_of[worker], pthread_self()))
		atomic_store(&tally->wrong, true);
	if (worker == 0 && !pthread_equal(tally->caller, pthread_self()))
		atomic_store(&tally->wrong, true);
	atomic_fetch_add(&tally->times[index], 1);
	rmt_sha256(rmt_span_of(&index, sizeof index), tally->digests[index], NULL);
}

static const struct pool_row {
	const char *sentence;
	size_t workers, count;
} pool_rows[] = {
	{ "one worker is the caller", 1, 100 },
	{ "two workers share a loop", 2, MOST },
	{ "a loop may be empty", 3, 0 },
	{ "one item is the caller's", 3, 1 },
	{ "there may be more workers than items", 64, 5 },
	{ "many workers share a long loop", 8, MOST },
};

static void
check_pool(void **state)
{
	const struct pool_row *row = *state;
	struct tally *tally = calloc(1, sizeof *tally);
	struct rmt_err err = { 0 };
	struct rmt_pool *pool = rmt_pool_new(row->workers, &err);
	unsigned char expected[RMT_SHA256];

	assert_non_null(tally);
	assert_non_null(pool);
	assert_int_equal(rmt_pool_workers(pool), row->workers);
	tally->workers = row->workers;
	tally->caller = pthread_self();
	for (unsigned round = 1; round <= 20; round++) {
		rmt_pool_run(pool, row->count, count_one, tally);
		for (size_t i = 0; i < MOST; i++)
			if (tally->times[i] != (i < row->count ? round : 0))
				fail_msg(
				    "item %zu ran %d times in %u loops", i, tally->times[i], round);
	}
	assert_false(tally->wrong);
	for (size_t i = 0; i < row->count; i++) {
		rmt_sha256(rmt_span_of(&i, sizeof i), expected, NULL);
		assert_memory_equal(expected, tally->digests[i], sizeof expected);
	}
	rmt_pool_free(pool);
	free(tally);
}

static void
pool_sizes_are_bounded(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_null(rmt_pool_new(0, &err));
	assert_int_equal(err.class, RMT_USAGE);
	rmt_err_clear(&err);
	assert_null(rmt_pool_new(65, &err));
	assert_int_equal(err.class, RMT_USAGE);
	rmt_pool_free(NULL);
}

static void
unused_pool_ends(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		rmt_pool_free(rmt_pool_new(4, &err));
	assert_int_equal(err.class, RMT_NONE);
}

int
test_base_threads(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, digest_rows, check_digest);
	add_row(&rows, "random bytes differ", random_bytes_differ, NULL);
	ADD_TABLE(&rows, pool_rows, check_pool);
	add_row(&rows, "a pool has 1 to 64 workers", pool_sizes_are_bounded, NULL);
	add_row(&rows, "a pool that never ran ends", unused_pool_ends, NULL);
	return run_rows("threads", &rows);
}
