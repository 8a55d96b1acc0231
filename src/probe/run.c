/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/run.c - the loop that drives hundreds of connections with one poll(): begins them as room
 * becomes free, wakes them, hands each to the caller as it ends.
 *
 * What happens on one connection is job.c's. A run that is cut short by its caller leaves nothing
 * open.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "probe/local.h"

enum { PARALLEL_MOST = 4096, NAP_MOST = 60000 };

/* The connections under way stand in the first `active` places. */
struct loop {
	struct rmt_probe_run run;
	const struct rmt_probe_jobs *jobs;
	size_t next; /* job to begin */
	struct rmt_probe_connection **connections;
	struct pollfd *polled;
	size_t active, most;
	int (*visit)(void *arg, const struct rmt_probe_seen *seen);
	void *arg;
};

/* ---- one connection begins and ends ---- */

static bool
has_fallback(const struct loop *loop, const struct rmt_probe_job *job)
{
	size_t next = (size_t)(job - loop->jobs->items) + 1;

	return next < loop->jobs->count && loop->jobs->items[next].fallback &&
	       loop->jobs->items[next].endpoint == job->endpoint;
}

static bool
try_another(const struct loop *loop, const struct rmt_probe_connection *connection)
{
	return connection->wire.err.class != RMT_NONE &&
	       connection->wire.stage == RMT_STAGE_CONNECT && has_fallback(loop, connection->job);
}

static int
report(struct loop *loop, struct rmt_probe_connection *connection, struct rmt_err *err)
{
	struct rmt_probe_seen seen;

	if (rmt_probe_connection_seen(connection, &seen, err) < 0)
		return -1;
	return loop->visit(loop->arg, &seen);
}

/* It has ended: its next address, or its report. 0 under way again, 1 gone, else (as `*stop`) what
 * ends the run. */
static int
finish(struct loop *loop, struct rmt_probe_connection *connection, int *stop, struct rmt_err *err)
{
	int rc = 1;

	while (rc == 1 && try_another(loop, connection)) {
		const struct rmt_probe_job *next = connection->job + 1;

		rmt_probe_connection_close(connection);
		rc = rmt_probe_connection_open(
		    connection, &loop->run, next, has_fallback(loop, next));
		if (rc < 0)
			rc = 1; /* somebody else took the descriptor just closed */
	}
	if (rc == 0)
		return 0;
	*stop = report(loop, connection, err);
	rmt_probe_connection_close(connection);
	return 1;
}

static int
out_of_descriptors(struct rmt_err *err)
{
	errno = EMFILE;
	return rmt_err_errno(err, RMT_INTERNAL, NULL, "open a socket");
}

/* Begin the next job: 1 begun (and perhaps ended), 0 there is no room, else what ends the run. */
static int
begin(struct loop *loop, int *stop, struct rmt_err *err)
{
	const struct rmt_probe_job *job = &loop->jobs->items[loop->next];
	struct rmt_probe_connection *connection = loop->connections[loop->active];
	int rc;

	if (job->fallback && loop->next > 0) {
		loop->next++;
		return 1;
	}
	rc = rmt_probe_connection_open(connection, &loop->run, job, has_fallback(loop, job));
	if (rc < 0) {
		if (loop->active == 0)
			*stop = out_of_descriptors(err);
		return 0;
	}
	loop->next++;
	if (rc == 0 || finish(loop, connection, stop, err) == 0)
		loop->active++;
	return 1;
}

/* ---- the loop ---- */

static int
wait_for_any(struct loop *loop, struct rmt_err *err)
{
	uint64_t now = rmt_clock_ticks(), wake = now + NAP_MOST;

	for (size_t i = 0; i < loop->active; i++) {
		const struct rmt_probe_connection *connection = loop->connections[i];

		loop->polled[i] =
		    (struct pollfd){ .fd = connection->fd, .events = connection->events };
		wake = connection->wake < wake ? connection->wake : wake;
	}
	if (poll(loop->polled, loop->active, wake > now ? (int)(wake - now) : 0) < 0 &&
	    errno != EINTR)
		return rmt_err_errno(err, RMT_INTERNAL, NULL, "wait for the network");
	return 0;
}

/* Those that ended give their place to the last one. */
static int
go_on(struct loop *loop, struct rmt_err *err)
{
	uint64_t now = rmt_clock_ticks();
	int stop = 0;

	for (size_t i = loop->active; i-- > 0 && stop == 0;) {
		struct rmt_probe_connection *connection = loop->connections[i];

		if (loop->polled[i].revents == 0 && now < connection->wake)
			continue;
		if (rmt_probe_connection_go(connection, now) == 0 ||
		    finish(loop, connection, &stop, err) == 0)
			continue;
		loop->active--;
		loop->connections[i] = loop->connections[loop->active];
		loop->connections[loop->active] = connection;
	}
	return stop;
}

static int
drive(struct loop *loop, struct rmt_err *err)
{
	int stop = 0;

	while (stop == 0 && (loop->active > 0 || loop->next < loop->jobs->count)) {
		while (stop == 0 && loop->active < loop->most && loop->next < loop->jobs->count)
			if (begin(loop, &stop, err) == 0)
				break;
		if (stop == 0 && loop->active > 0)
			stop = wait_for_any(loop, err);
		if (stop == 0 && loop->active > 0)
			stop = go_on(loop, err);
	}
	return stop;
}

/* ---- the run ---- */

static int
loop_open(struct loop *loop, unsigned parallel, struct rmt_err *err)
{
	loop->most = parallel == 0 ? RMT_PROBE_PARALLEL : parallel;
	if (loop->most > PARALLEL_MOST)
		loop->most = PARALLEL_MOST;
	if (loop->most > loop->jobs->count)
		loop->most = loop->jobs->count;
	loop->connections = calloc(loop->most + 1, sizeof(struct rmt_probe_connection *));
	loop->polled = calloc(loop->most + 1, sizeof(*loop->polled));
	if (loop->connections == NULL || loop->polled == NULL)
		return rmt_err_memory(err);
	for (size_t i = 0; i < loop->most; i++) {
		loop->connections[i] = calloc(1, sizeof(struct rmt_probe_connection));
		if (loop->connections[i] == NULL)
			return rmt_err_memory(err);
	}
	return 0;
}

static void
loop_close(struct loop *loop)
{
	for (size_t i = 0; loop->connections != NULL && i < loop->most; i++) {
		if (i < loop->active)
			rmt_probe_connection_close(loop->connections[i]);
		free(loop->connections[i]);
	}
	free(loop->connections);
	free(loop->polled);
}

static int
prepare(const struct rmt_probe_options *options, SSL_CTX *ctx, struct rmt_probe_judge **judge,
    struct rmt_err *err)
{
	if (options->certificate != NULL &&
	    rmt_probe_ctx_show(ctx, options->certificate, options->key, options->certificate_chain,
		options->certificate_chain_count, err) < 0)
		return -1;
	if (options->rules.client == NULL)
		return 0;
	*judge = rmt_probe_judge_new(&options->rules, RMT_PURPOSE_SERVER, err);
	return *judge != NULL ? rmt_probe_judge_install(*judge, ctx, false, err) : -1;
}

int
rmt_probe_run(const struct rmt_probe_options *options, const struct rmt_endpoint *endpoints,
    const struct rmt_probe_jobs *jobs, int (*visit)(void *arg, const struct rmt_probe_seen *seen),
    void *arg, struct rmt_err *err)
{
	struct loop loop = { .run = { .options = options, .endpoints = endpoints },
		.jobs = jobs,
		.visit = visit,
		.arg = arg };
	struct rmt_probe_judge *judge = NULL;
	int rc = -1;

	loop.run.ctx = rmt_probe_ctx_new(options->rules.client, false, err);
	if (loop.run.ctx != NULL && prepare(options, loop.run.ctx, &judge, err) == 0 &&
	    loop_open(&loop, options->parallel, err) == 0)
		rc = drive(&loop, err);
	loop_close(&loop);
	SSL_CTX_free(loop.run.ctx);
	rmt_probe_judge_free(judge);
	return rc;
}
