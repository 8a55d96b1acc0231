/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shake.c - TLS servers to be probed, and the least that probing them can cost.
 *
 *	shake serve N CERTS KEY FILE   N endpoints on ports of the loopback, one a line in FILE as host:port; serves until it is killed
 *	shake connect FILE             connect to each in turn, handshake, close: a bare OpenSSL loop without any judgement. Prints handshakes and
 *	                               seconds.
 *
 * CERTS is a PEM file, leaf first. It is a measuring rod, not a product: the server does nothing but handshakes, on two processes.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static void die(const char *doing)
{
	perror(doing);
	ERR_print_errors_fp(stderr);
	exit(2);
}

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* One connection at a time, blocking: what a client feels is the handshake and its turn in the queue. */
static void shake_one(SSL_CTX *ctx, int fd)
{
	struct timeval limit = {.tv_sec = 5};
	SSL *ssl = SSL_new(ctx);
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		SSL_read(ssl, &byte, 1);
	ERR_clear_error();
	SSL_free(ssl);
	close(fd);
}

static void serve_all(SSL_CTX *ctx, const int *listeners, int count)
{
	int queue = epoll_create1(0);
	struct epoll_event ready[64];

	for (int i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.fd = listeners[i]}};

		if (epoll_ctl(queue, EPOLL_CTL_ADD, listeners[i], &event) != 0)
			die("epoll_ctl");
	}
	for (;;) {
		int got = epoll_wait(queue, ready, 64, -1);

		for (int i = 0; i < got; i++) {
			int fd = accept(ready[i].data.fd, NULL, NULL);

			if (fd >= 0)
				shake_one(ctx, fd);
		}
	}
}

static int serve(int count, const char *certs, const char *key, const char *path)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct rlimit limit = {.rlim_cur = (rlim_t)count + 64, .rlim_max = (rlim_t)count + 64};
	int *listeners = calloc((size_t)count, sizeof *listeners);
	FILE *out = fopen(path, "w");
	pid_t parent = getpid();

	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &limit);
	if (!listeners || !out || SSL_CTX_use_certificate_chain_file(ctx, certs) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		die("starting");
	for (int i = 0; i < count; i++) {
		struct sockaddr_in address = loopback(0);
		socklen_t length = sizeof address;

		listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (bind(listeners[i], (struct sockaddr *)&address, length) != 0 || listen(listeners[i], 64) != 0 ||
		    getsockname(listeners[i], (struct sockaddr *)&address, &length) != 0)
			die("listening");
		fprintf(out, "127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
	}
	if (fclose(out) != 0)
		die(path);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			return 0;
	}
	serve_all(ctx, listeners, count);
	return 0;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int connect_all(const char *path)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	FILE *in = fopen(path, "r");
	double began = now();
	char line[64];
	int count = 0;

	if (!ctx || !in)
		die(path);
	while (fgets(line, sizeof line, in)) {
		struct sockaddr_in address = loopback((unsigned)strtoul(strrchr(line, ':') + 1, NULL, 10));
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		SSL *ssl = SSL_new(ctx);

		if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
			die("connect");
		SSL_set_fd(ssl, fd);
		if (SSL_connect(ssl) != 1)
			die("handshake");
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(fd);
		count++;
	}
	printf("%d %.6f\n", count, now() - began);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "serve") == 0)
		return serve((int)strtol(argv[2], NULL, 10), argv[3], argv[4], argv[5]);
	if (argc == 3 && strcmp(argv[1], "connect") == 0)
		return connect_all(argv[2]);
	fprintf(stderr, "usage: see the head of shake.c\n");
	return 2;
}
