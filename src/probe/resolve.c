/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/resolve.c - endpoints into addresses: every A and AAAA record, because behind one name
 * stand several nodes and each of them serves its own certificate.
 *
 * getaddrinfo() blocks, so names are looked up by a pool of threads; addresses need no resolver.
 * Nothing is connected to.
 */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probe/local.h"

enum { LOOKERS = 16, ADDRESSES_MOST = 64 /* of one name */ };

struct look_up {
	const struct rmt_endpoint *endpoint;
	const char *host;
	struct addrinfo *found;
	int failure, number; /* of getaddrinfo(), and errno with EAI_SYSTEM */
};

/* ---- one name ---- */

static int
look_up(struct look_up *look, int flags)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | flags };
	char port[8];

	snprintf(port, sizeof(port), "%u", (unsigned)look->endpoint->port);
	look->failure = getaddrinfo(look->host, port, &hints, &look->found);
	look->number = errno;
	return look->failure;
}

static void
look_up_name(void *arg, size_t worker, size_t index)
{
	struct look_up *look = &((struct look_up *)arg)[index];

	(void)worker;
	if (look->found == NULL)
		look_up(look, 0);
}

/* Literals first; the pool is made only when a name is left. */
static int
look_up_all(struct look_up *looks, size_t count, struct rmt_err *err)
{
	struct rmt_pool *pool;
	size_t names = 0;

	for (size_t i = 0; i < count; i++)
		names += look_up(&looks[i], AI_NUMERICHOST) != 0;
	if (names == 0)
		return 0;
	pool = rmt_pool_new(names < LOOKERS ? names : LOOKERS, err);
	if (pool == NULL)
		return -1;
	rmt_pool_run(pool, count, look_up_name, looks);
	rmt_pool_free(pool);
	return 0;
}

/* ---- jobs ---- */

/* The address as people write it before a port, zone included. */
static void
write_address(struct rmt_probe_job *job, uint16_t port)
{
	char host[NI_MAXHOST];
	bool v6 = job->address.ss_family == AF_INET6;

	if (getnameinfo((const struct sockaddr *)&job->address, job->length, host, sizeof(host),
		NULL, 0, NI_NUMERICHOST) != 0)
		host[0] = '\0';
	snprintf(job->text, sizeof(job->text), "%s%.54s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
	    (unsigned)port);
}

static bool
is_known(const struct rmt_probe_jobs *jobs, size_t first, const struct addrinfo *one)
{
	for (size_t i = first; i < jobs->count; i++)
		if (jobs->items[i].length == one->ai_addrlen &&
		    memcmp(&jobs->items[i].address, one->ai_addr, one->ai_addrlen) == 0)
			return true;
	return false;
}

static int
add_jobs(struct rmt_probe_jobs *jobs, const struct look_up *look, size_t endpoint, bool all,
    struct rmt_err *err)
{
	size_t first = jobs->count;

	for (const struct addrinfo *one = look->found; one != NULL; one = one->ai_next) {
		struct rmt_probe_job *more, *job;

		if (one->ai_addrlen > sizeof(job->address) || is_known(jobs, first, one))
			continue;
		if (jobs->count - first == ADDRESSES_MOST)
			break;
		more = realloc(jobs->items, (jobs->count + 1) * sizeof(*more));
		if (more == NULL)
			return rmt_err_memory(err);
		jobs->items = more;
		job = &more[jobs->count];
		*job = (struct rmt_probe_job){ .endpoint = endpoint,
			.length = one->ai_addrlen,
			.fallback = !all && jobs->count > first };
		memcpy(&job->address, one->ai_addr, one->ai_addrlen);
		write_address(job, look->endpoint->port);
		jobs->count++;
	}
	return 0;
}

static void
explain(const struct look_up *look, struct rmt_err *out)
{
	*out = (struct rmt_err){ 0 };
	if (look->failure == EAI_SYSTEM) {
		errno = look->number;
		rmt_err_errno(out, RMT_NETWORK, NULL, "look up the name");
	} else if (look->failure == EAI_NONAME) {
		rmt_err_set(out, RMT_NETWORK, NULL, "there is no host \"%.100s\"", look->host);
	} else if (look->failure == EAI_AGAIN) {
		rmt_err_set(out, RMT_NETWORK, NULL,
		    "the name server does not answer for \"%.100s\"", look->host);
	} else {
		rmt_err_set(out, RMT_NETWORK, NULL, "cannot look up \"%.100s\": %s", look->host,
		    gai_strerror(look->failure));
	}
	rmt_err_source(out, look->endpoint->text);
}

/* "[::1]" is what people paste. */
static char *
bare_host(const char *host, struct rmt_err *err)
{
	size_t length = strlen(host);

	if (length > 2 && host[0] == '[' && host[length - 1] == ']')
		return rmt_strndup(host + 1, length - 2, err);
	return rmt_strdup(host, err);
}

int
rmt_probe_resolve(const struct rmt_endpoint *endpoints, size_t count, const char *connect_to,
    bool all, struct rmt_probe_jobs *out,
    int (*fault)(void *arg, size_t endpoint, const struct rmt_err *err), void *arg,
    struct rmt_err *err)
{
	struct look_up *looks = calloc(count + 1, sizeof(*looks));
	char *instead = connect_to != NULL ? bare_host(connect_to, err) : NULL;
	int rc = -1;

	*out = (struct rmt_probe_jobs){ 0 };
	if (looks == NULL)
		rmt_err_memory(err);
	if (looks == NULL || (connect_to != NULL && instead == NULL))
		goto out;
	for (size_t i = 0; i < count; i++)
		looks[i] = (struct look_up){ .endpoint = &endpoints[i],
			.host = instead != NULL ? instead : endpoints[i].host };
	rc = look_up_all(looks, count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct rmt_err why;

		if (looks[i].found != NULL) {
			rc = add_jobs(out, &looks[i], i, all, err);
			continue;
		}
		explain(&looks[i], &why);
		rc = fault != NULL ? fault(arg, i, &why) : 0;
	}
out:
	for (size_t i = 0; looks != NULL && i < count; i++)
		if (looks[i].found != NULL)
			freeaddrinfo(looks[i].found);
	free(looks);
	free(instead);
	if (rc != 0)
		rmt_probe_jobs_clear(out);
	return rc;
}

void
rmt_probe_jobs_clear(struct rmt_probe_jobs *jobs)
{
	free(jobs->items);
	*jobs = (struct rmt_probe_jobs){ 0 };
}
