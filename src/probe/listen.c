/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/listen.c - the door of a server: where it listens, and who stands before it, in words.
 *
 * What is done with whoever comes in is peer.c's and http.c's.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/local.h"

int
rmt_listen_parse(const char *text, char **address, uint16_t *port, struct rmt_err *err)
{
	const char *colon = strrchr(text, ':'), *digits = colon != NULL ? colon + 1 : text;
	size_t length = colon != NULL ? (size_t)(colon - text) : 0;
	const char *host = text;
	unsigned long number;
	char *end;

	*address = NULL;
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		host++;
		length -= 2;
	} else if (colon != NULL && (length == 0 || memchr(text, ':', length) != NULL)) {
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.80s\" is no place to listen: give PORT, ADDRESS:PORT or [ADDRESS]:PORT",
		    text);
	}
	errno = 0;
	number = strtoul(digits, &end, 10);
	if (errno != 0 || *digits < '0' || *digits > '9' || *end != '\0' || number > 65535)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.80s\" is no port: a number from 0 (any that is free) to 65535", digits);
	*port = (uint16_t)number;
	return length > 0 && (*address = rmt_strndup(host, length, err)) == NULL ? -1 : 0;
}

void
rmt_listen_address(const struct sockaddr_storage *address, socklen_t length, char *out, size_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)address, length, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, size, "?");
	else
		snprintf(out, size, address->ss_family == AF_INET6 ? "[%.60s]:%s" : "%.60s:%s",
		    host, port);
}

int
rmt_listen_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		       fcntl(fd, F_SETFD, FD_CLOEXEC) < 0
		   ? -1
		   : 0;
}

static int
listen_on(const struct addrinfo *at)
{
	int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol), on = 1, why;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (rmt_listen_flags(fd) == 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
	    listen(fd, 512) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

int
rmt_listen_open(const char *address, uint16_t port, struct rmt_err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	const char *host = address != NULL ? address : "127.0.0.1";
	struct addrinfo *found = NULL;
	char service[8];
	int rc, fd;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	rc = getaddrinfo(host, service, &hints, &found);
	if (rc != 0)
		return rmt_err_set(err, RMT_NETWORK, NULL, "cannot listen on \"%.80s\": %s", host,
		    gai_strerror(rc));
	fd = listen_on(found);
	if (fd < 0) {
		rmt_err_errno(err, RMT_NETWORK, NULL, "listen");
		rmt_err_source(err, host);
		rmt_err_within(err, service);
	}
	freeaddrinfo(found);
	return fd;
}

int
rmt_listen_tell(int fd, int (*listening)(void *arg, const char *address), void *arg)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);
	char text[80];

	(void)getsockname(fd, (struct sockaddr *)&address, &length);
	rmt_listen_address(&address, length, text, sizeof(text));
	return listening != NULL ? listening(arg, text) : 0;
}
