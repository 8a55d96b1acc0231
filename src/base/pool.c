/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/pool.c - threads that run one loop together. Indices are handed out in small runs from one
 * counter, so that a slow item (an RSA key) does not hold back the rest. There is no queue, no
 * cancelling, and no loop within a loop.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/base.h"

enum { MOST_WORKERS = 64, LONGEST_RUN = 64 };

struct worker {
	struct rmt_pool *pool;
	size_t number;
	pthread_t thread;
};

struct rmt_pool {
	pthread_mutex_t lock;
	pthread_cond_t begin; /* a new loop, or the end */
	pthread_cond_t done;  /* the last thread has left the loop */
	size_t workers;       /* with the caller, who is number 0 and has no thread */
	size_t started;       /* threads */
	struct worker *threads;

	/* under the lock */
	uint64_t loop; /* number of the loop being run */
	size_t busy;   /* threads still in it */
	bool memory_out; /* in one of them */
	bool ending;

	/* the loop, written before `loop` is raised */
	void (*work)(void *arg, size_t worker, size_t index);
	void *arg;
	size_t count;
	size_t run;
	atomic_size_t next;
};

static void
take_part(struct rmt_pool *pool, size_t number)
{
	for (;;) {
		size_t first =
		    atomic_fetch_add_explicit(&pool->next, pool->run, memory_order_relaxed);

		if (first >= pool->count)
			return;
		for (size_t i = first; i < pool->count && i - first < pool->run; i++)
			pool->work(pool->arg, number, i);
	}
}

static void *
live(void *arg)
{
	struct worker *worker = arg;
	struct rmt_pool *pool = worker->pool;
	uint64_t seen = 0;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->loop == seen && !pool->ending)
			pthread_cond_wait(&pool->begin, &pool->lock);
		if (pool->ending)
			break;
		seen = pool->loop;
		pthread_mutex_unlock(&pool->lock);
		take_part(pool, worker->number);
		pthread_mutex_lock(&pool->lock);
		pool->memory_out |= rmt_err_memory_noted();
		rmt_err_memory_forget();
		if (--pool->busy == 0)
			pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Signals stay with the thread that called us. */
static int
start_threads(struct rmt_pool *pool, struct rmt_err *err)
{
	sigset_t all, before;
	int failure = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (failure == 0 && pool->started < pool->workers - 1) {
		struct worker *worker = &pool->threads[pool->started];

		worker->pool = pool;
		worker->number = pool->started + 1;
		failure = pthread_create(&worker->thread, NULL, live, worker);
		if (failure == 0)
			pool->started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure != 0) {
		errno = failure;
		return rmt_err_errno(err, RMT_INTERNAL, NULL, "start a thread");
	}
	return 0;
}

struct rmt_pool *
rmt_pool_new(size_t workers, struct rmt_err *err)
{
	struct rmt_pool *pool;

	if (workers < 1 || workers > MOST_WORKERS) {
		rmt_err_set(err, RMT_USAGE, NULL, "the number of workers is 1 to %d, not %zu",
		    MOST_WORKERS, workers);
		return NULL;
	}
	pool = calloc(1, sizeof *pool);
	if (pool != NULL)
		pool->threads = calloc(workers, sizeof *pool->threads);
	if (pool == NULL || pool->threads == NULL) {
		free(pool);
		rmt_err_memory(err);
		return NULL;
	}
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->begin, NULL);
	pthread_cond_init(&pool->done, NULL);
	atomic_init(&pool->next, 0);
	pool->workers = workers;
	if (start_threads(pool, err) != 0) {
		rmt_pool_free(pool);
		return NULL;
	}
	return pool;
}

size_t
rmt_pool_workers(const struct rmt_pool *pool)
{
	return pool->workers;
}

void
rmt_pool_run(struct rmt_pool *pool, size_t count,
    void (*work)(void *arg, size_t worker, size_t index), void *arg)
{
	size_t share = count / (pool->workers * 8);

	if (count == 0)
		return;
	pool->work = work;
	pool->arg = arg;
	pool->count = count;
	pool->run = share < 1 ? 1 : share > LONGEST_RUN ? LONGEST_RUN : share;
	atomic_store(&pool->next, 0);
	if (pool->started > 0 && count > 1) {
		pthread_mutex_lock(&pool->lock);
		pool->busy = pool->started;
		pool->loop++;
		pthread_cond_broadcast(&pool->begin);
		pthread_mutex_unlock(&pool->lock);
	}
	take_part(pool, 0);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy > 0)
		pthread_cond_wait(&pool->done, &pool->lock);
	if (pool->memory_out)
		rmt_err_memory_note();
	pool->memory_out = false;
	pthread_mutex_unlock(&pool->lock);
}

void
rmt_pool_free(struct rmt_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->begin);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->started; i++)
		pthread_join(pool->threads[i].thread, NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->begin);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}
