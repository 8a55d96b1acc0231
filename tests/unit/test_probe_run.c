/* SPDX-License-Identifier: Apache-2.0 */
/* Names into addresses, and many jobs at once: fallbacks, time, descriptors, a caller who has seen
 * enough. */
#include "config.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/test_probe.h"

static struct party *leaf;

/* ---- names ---- */

struct faults {
	size_t count, endpoint;
	struct rmt_err err;
	int answer;
};

static int
on_fault(void *arg, size_t endpoint, const struct rmt_err *err)
{
	struct faults *faults = arg;

	faults->count++;
	faults->endpoint = endpoint;
	faults->err = *err;
	return faults->answer;
}

static void
parse(const char *text, struct rmt_endpoint *out)
{
	struct rmt_err err = { 0 };

	if (rmt_endpoint_parse(text, out, &err) != 1)
		fail_msg("%s: %s", text, err.message);
}

static void
check_literals(void **state)
{
	struct rmt_endpoint endpoints[3];
	struct rmt_probe_jobs jobs;
	struct faults faults = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	parse("192.0.2.7:443", &endpoints[0]);
	parse("smtp://[2001:DB8::1]", &endpoints[1]);
	parse("[::1]:8443", &endpoints[2]);
	GOOD(rmt_probe_resolve(endpoints, 3, NULL, true, &jobs, on_fault, &faults, &err));
	assert_int_equal(jobs.count, 3);
	assert_string_equal(jobs.items[0].text, "192.0.2.7:443");
	assert_string_equal(jobs.items[1].text, "[2001:db8::1]:25");
	assert_string_equal(jobs.items[2].text, "[::1]:8443");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(jobs.items[i].endpoint, i);
		assert_false(jobs.items[i].fallback);
	}
	assert_int_equal(faults.count, 0);
	rmt_probe_jobs_clear(&jobs);
	GOOD(rmt_probe_resolve(endpoints, 3, "[::1]", true, &jobs, on_fault, &faults, &err));
	assert_int_equal(jobs.count, 3);
	assert_string_equal(jobs.items[0].text, "[::1]:443");
	rmt_probe_jobs_clear(&jobs);
	for (size_t i = 0; i < 3; i++)
		rmt_endpoint_clear(&endpoints[i]);
}

/* A name under .invalid exists nowhere (RFC 6761, 6.4), whether a name server is there or not. */
static void
check_unknown(void **state)
{
	struct rmt_endpoint endpoints[3];
	struct rmt_probe_jobs jobs;
	struct faults faults = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	parse("127.0.0.1:1", &endpoints[0]);
	parse("https://no-such-host.invalid", &endpoints[1]);
	parse("127.0.0.1:2", &endpoints[2]);
	GOOD(rmt_probe_resolve(endpoints, 3, NULL, true, &jobs, on_fault, &faults, &err));
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.endpoint, 1);
	assert_error(&faults.err, RMT_NETWORK, "\"no-such-host.invalid\"");
	assert_string_equal(faults.err.source, "https://no-such-host.invalid");
	assert_int_equal(jobs.count, 2);
	assert_int_equal(jobs.items[1].endpoint, 2);
	rmt_probe_jobs_clear(&jobs);
	faults = (struct faults){ .answer = 7 };
	assert_int_equal(
	    rmt_probe_resolve(endpoints, 3, NULL, true, &jobs, on_fault, &faults, &err), 7);
	assert_int_equal(jobs.count, 0);
	for (size_t i = 0; i < 3; i++)
		rmt_endpoint_clear(&endpoints[i]);
}

static void
check_localhost(void **state)
{
	struct rmt_endpoint endpoint;
	struct rmt_probe_jobs all, some;
	struct faults faults = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	parse("localhost:443", &endpoint);
	GOOD(rmt_probe_resolve(&endpoint, 1, NULL, true, &all, on_fault, &faults, &err));
	GOOD(rmt_probe_resolve(&endpoint, 1, NULL, false, &some, on_fault, &faults, &err));
	assert_int_equal(faults.count, 0);
	assert_true(all.count >= 1);
	assert_int_equal(all.count, some.count);
	for (size_t i = 0; i < all.count; i++) {
		assert_false(all.items[i].fallback);
		assert_int_equal(some.items[i].fallback, i > 0);
	}
	rmt_probe_jobs_clear(&all);
	rmt_probe_jobs_clear(&some);
	rmt_endpoint_clear(&endpoint);
}

/* ---- jobs ---- */

/* A port of the loopback where nobody listens, for as long as `fd` is open. */
static uint16_t
closed_port(int *fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(address);

	*fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

static struct rmt_probe_job
job_for(uint16_t port, bool fallback)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(port) };
	struct rmt_probe_job job = { .length = sizeof(address), .fallback = fallback };

	memcpy(&job.address, &address, sizeof(address));
	snprintf(job.text, sizeof(job.text), "127.0.0.1:%u", (unsigned)port);
	return job;
}

static void
check_fallback(void **state)
{
	struct tls_server server = { .chain = { leaf } };
	struct rmt_probe_options options = { .rules.auth_level = -1, .timeout = 20000, .rules.now = NOW };
	struct rmt_probe_job items[4];
	struct rmt_probe_jobs jobs = { items, 4 };
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };
	struct seen seen = { 0 };
	struct peer peer;
	int taken;
	uint16_t closed = closed_port(&taken);

	(void)state;
	parse("tls://host.example:443", &endpoint);
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	items[0] = job_for(closed, false);
	items[1] = job_for(closed, true);
	items[2] = job_for(peer.port, true);
	items[3] = job_for(peer.port, true); /* not needed any more */
	GOOD(rmt_probe_run(&options, &endpoint, &jobs, keep_seen, &seen, &err));
	assert_int_equal(seen.visits, 1);
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	assert_string_equal(seen.address, items[2].text);
	seen_clear(&seen);
	jobs.count = 2;
	GOOD(rmt_probe_run(&options, &endpoint, &jobs, keep_seen, &seen, &err));
	assert_int_equal(seen.visits, 1);
	assert_seen(
	    &seen, RMT_PROBE_UNREACHABLE, RMT_STAGE_CONNECT, "cannot connect: Connection refused");
	assert_string_equal(seen.last.err.source, "tls://host.example:443");
	peer_stop(&peer);
	seen_clear(&seen);
	tls_clear(&server);
	close(taken);
	rmt_endpoint_clear(&endpoint);
}

enum { MANY = 300 };

static int
stop_at_seven(void *arg, const struct rmt_probe_seen *now)
{
	unsigned *visits = arg;

	assert_int_equal(now->outcome, RMT_PROBE_DONE);
	return ++*visits == 7 ? 42 : 0;
}

static void
check_many(void **state)
{
	struct tls_server server = { .chain = { leaf } };
	struct rmt_probe_options options = { .rules.auth_level = -1, .timeout = 200000, .rules.now = NOW };
	struct rmt_probe_job *items = calloc(MANY, sizeof(*items));
	struct rmt_probe_jobs jobs = { items, MANY };
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };
	struct seen seen = { 0 };
	struct peer peer;
	unsigned visits = 0;

	(void)state;
	parse("tls://host.example:443", &endpoint);
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	for (size_t i = 0; i < MANY; i++)
		items[i] = job_for(peer.port, false);
	GOOD(rmt_probe_run(&options, &endpoint, &jobs, keep_seen, &seen, &err));
	assert_int_equal(seen.visits, MANY);
	assert_int_equal(seen.outcomes[RMT_PROBE_DONE], MANY);
	options.parallel = 3;
	jobs.count = 20;
	assert_int_equal(
	    rmt_probe_run(&options, &endpoint, &jobs, stop_at_seven, &visits, &err), 42);
	assert_int_equal(visits, 7);
	assert_int_equal(err.class, RMT_NONE);
	peer_stop(&peer);
	seen_clear(&seen);
	tls_clear(&server);
	rmt_endpoint_clear(&endpoint);
	free(items);
}

/* A listener that never accepts, and fewer descriptors than jobs: the rest waits its turn, and time
 * is kept for each. */
static void
check_descriptors(void **state)
{
	struct rmt_probe_options options = { .rules.auth_level = -1, .timeout = 200, .rules.now = NOW };
	static struct rmt_probe_job items[30];
	struct rmt_probe_jobs jobs = { items, 30 };
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };
	struct seen seen = { 0 };
	struct rlimit before, few;
	int listener, last;
	uint16_t port = closed_port(&listener);
	uint64_t began = rmt_clock_ticks();

	(void)state;
	assert_int_equal(listen(listener, 64), 0);
	parse("tls://host.example:443", &endpoint);
	for (size_t i = 0; i < 30; i++)
		items[i] = job_for(port, false);
	last = dup(listener);
	close(last);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ .rlim_cur = (rlim_t)last + 10, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	GOOD(rmt_probe_run(&options, &endpoint, &jobs, keep_seen, &seen, &err));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(seen.visits, 30);
	assert_int_equal(seen.outcomes[RMT_PROBE_TIMED_OUT], 30);
	assert_true(rmt_clock_ticks() - began >= 600);
	assert_true(rmt_clock_ticks() - began < 20000);
	seen_clear(&seen);
	rmt_endpoint_clear(&endpoint);
	close(listener);
}

/* A listener whose queue is full answers no further connection: as behind a firewall that drops. */
static void
check_dropped(void **state)
{
	struct tls_server server = { .chain = { leaf } };
	struct rmt_probe_options options = { .rules.auth_level = -1, .timeout = 1200, .rules.now = NOW };
	struct rmt_probe_job items[2];
	struct rmt_probe_jobs jobs = { items, 1 };
	struct rmt_endpoint endpoint;
	struct rmt_err err = { 0 };
	struct seen seen = { 0 };
	struct peer peer;
	int listener, fillers[4];
	uint16_t port = closed_port(&listener);

	(void)state;
	assert_int_equal(listen(listener, 0), 0);
	items[0] = job_for(port, false);
	for (size_t i = 0; i < 4; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fillers[i], (struct sockaddr *)&items[0].address, items[0].length);
	}
	parse("tls://host.example:443", &endpoint);
	GOOD(rmt_probe_run(&options, &endpoint, &jobs, keep_seen, &seen, &err));
	assert_seen(
	    &seen, RMT_PROBE_TIMED_OUT, RMT_STAGE_CONNECT, "there is no connection within 1200 ms");
	seen_clear(&seen);
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	items[1] = job_for(peer.port, true);
	jobs.count = 2;
	options.timeout = 8000; /* of which the first address has a quarter */
	GOOD(rmt_probe_run(&options, &endpoint, &jobs, keep_seen, &seen, &err));
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	assert_string_equal(seen.address, items[1].text);
	peer_stop(&peer);
	seen_clear(&seen);
	tls_clear(&server);
	for (size_t i = 0; i < 4; i++)
		close(fillers[i]);
	close(listener);
	rmt_endpoint_clear(&endpoint);
}

static void
check_none(void **state)
{
	struct rmt_probe_options options = { .rules.auth_level = -1 };
	struct rmt_probe_jobs none = { 0 };
	struct rmt_err err = { 0 };
	struct seen seen = { 0 };

	(void)state;
	GOOD(rmt_probe_run(&options, NULL, &none, keep_seen, &seen, &err));
	assert_int_equal(seen.visits, 0);
}

int
main(void)
{
	static struct rows rows;
	int failed;

	leaf = party_new(&(struct recipe){ .cn = "host.example", .san = "DNS:host.example" }, NULL);
	add_row(&rows, "addresses need no name server", check_literals, NULL);
	add_row(&rows, "a name that does not exist is one fault, and the rest goes on",
	    check_unknown, NULL);
	add_row(
	    &rows, "all addresses of a name, or the others as fallbacks", check_localhost, NULL);
	add_row(
	    &rows, "a fallback is tried when the one before is not reached", check_fallback, NULL);
	add_row(&rows, "300 jobs, and a caller who has seen enough after seven", check_many, NULL);
	add_row(&rows, "fewer descriptors than jobs", check_descriptors, NULL);
	add_row(
	    &rows, "a connection that is never answered, and its fallback", check_dropped, NULL);
	add_row(&rows, "no jobs at all", check_none, NULL);
	failed = run_rows("many jobs", &rows);
	party_free(leaf);
	return failed;
}
