/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_peer.h - a lab peer in a thread of its own, certificates for both sides, and clients of it.
 */
#ifndef RMT_TEST_PEER_H
#define RMT_TEST_PEER_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <cmocka.h>

#include "probe/probe.h"

enum { SEEN_MOST = 512 };
enum { TLS10 = TLS1_VERSION, TLS12 = TLS1_2_VERSION, TLS13 = TLS1_3_VERSION };

int make_world(void **state);
int free_world(void **state);

/* What the peer reported of one connection. */
struct noted {
	enum rmt_probe_outcome outcome;
	int alert, verify_error, verify_depth;
	bool alert_ours;
	size_t sent;
	char message[512], protocol[16], sni[64];
};

struct lab {
	struct rmt_peer_options options;
	struct rmt_client client;
	const struct rmt_cert *chain[8], *trust[8], *at_hand[8];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int pipe[2];
	uint16_t port; /* 0: not listening yet */
	bool over;
	int rc;
	struct rmt_err err;
	struct noted seen[SEEN_MOST];
	size_t count;
};
extern struct lab lab;

/* How it serves. Certificates by name, parted by a space. */
struct serving {
	const char *chain; /* its certificate first; NULL "leaf middle" */
	const char *root, *presents, *trust, *at_hand;
	const char *min, *max; /* versions */
	int level;
	bool demands, any_purpose, root_only, strict_chain;
};
void open_lab(const struct serving *serving);
void start_lab(void);
const struct noted *wait_seen(size_t n); /* the n-th connection, when the peer has reported it */
void wait_over(void);                    /* until the peer ends by itself */
void close_lab(void);

/* What a client heard. */
struct heard {
	int alert; /* that came; -1 none */
	bool finished;
	size_t chain;
	char text[1024];
};
int dial(void);
SSL_CTX *client_ctx(int version, const char *shown);
/* A whole connection of OpenSSL's client, which trusts `trust` or everybody. */
void talk(int version, const char *shown, const char *trust, struct heard *heard);

/* test_peer_guests.c */
void test_not_tls(void **state);
void test_idle_ones_hold_up_nobody(void **state);
void test_slow_one(void **state);
void test_endless_sender(void **state);
void test_huge_chain(void **state);

#endif
