/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of probe/ share: certificates made with OpenSSL's own API, servers on threads of this process, and one
 * probe whose result is kept.
 */
#ifndef RMT_TEST_PROBE_H
#define RMT_TEST_PROBE_H

#include <openssl/ssl.h>

#include "probe/local.h"
#include "unit/test_keys.h"

#define NOW INT64_C(1800000000) /* 2027-01-15 */

/* ---- certificates (test_probe_make.c) ---- */

/* Absent parts take the defaults of a good server certificate. */
struct recipe {
	const char *cn;
	const char *san;    /* "DNS:host.example,IP:127.0.0.1"; NULL: none */
	const char *eku;    /* "serverAuth,clientAuth"; NULL: none */
	const char *usage;  /* keyUsage; NULL: none */
	const char *digest; /* NULL: SHA256; "" for Ed25519 */
	const char *key;    /* NULL: P-256; "RSA", "RSA1024", "ED25519" */
	bool ca;
	int expired;        /* days ago */
};
struct party {
	EVP_PKEY *evp;
	X509 *x509;
	struct rmt_cert *cert;
	struct rmt_key *key;
};
struct party *party_new(const struct recipe *recipe, const struct party *issuer); /* issuer NULL: self-signed */
void party_free(struct party *party);

/* ---- peers (test_probe_peer.c) ---- */

/* A listener on the loopback whose connections are served one after the other on a thread, by serve(fd, arg). */
struct peer {
	int fd;
	uint16_t port;
	int family; /* AF_INET or AF_INET6 */
	void (*serve)(int fd, const void *arg);
	const void *arg;
	int stop[2];
	pthread_t thread;
};
void peer_start(struct peer *peer, int family, void (*serve)(int fd, const void *arg), const void *arg);
void peer_stop(struct peer *peer);
bool loopback6(void); /* whether [::1] can be used here */

/* TLS by OpenSSL: the chain is sent as it stands, leaf first. */
struct tls_server {
	const struct party *chain[8]; /* leaf first, the leaf's key is used */
	int version;                  /* the only one; 0 any */
	const struct party *client_root; /* set: clients must show a certificate from it */
	const char *sigalgs, *ciphers;
	bool strict;                  /* SSL_CERT_FLAG_TLS_STRICT */
	bool abrupt;                  /* closes without a word after the handshake */
	const char *page;             /* takes any certificate or none, hears a request and answers so */
	size_t repeat;                /* chain[1] is sent so often */
	const char *const *script;    /* before TLS: say a line, hear one, say a line, ...; ended by NULL */
	SSL_CTX *ctx;                 /* made by tls_prepare() */
};
void tls_prepare(struct tls_server *server);
void tls_clear(struct tls_server *server);
void serve_tls(int fd, const void *server);
extern char last_sni[256]; /* of the last handshake that got so far; "" none */
void send_all(int fd, const void *bytes, size_t length);
void wait_for_end(int fd); /* until the other side closes */

/* ---- one probe ---- */

struct seen {
	unsigned visits;
	struct rmt_probe_seen last; /* strings and chain copied or NULL */
	struct rmt_cert *sent[600];
	size_t outcomes[6]; /* how often */
	struct rmt_err broken; /* the first */
	char protocol[16], signature[32], address[64];
};
/* host:port by "scheme://" ("" for plain). `options` may be NULL: only capture. */
void probe(struct seen *seen, const struct rmt_probe_options *options, const char *scheme, const char *host, uint16_t port);
int keep_seen(void *seen, const struct rmt_probe_seen *now); /* a visitor */
void seen_clear(struct seen *seen);
const char *outcome_name(enum rmt_probe_outcome outcome);
/* Outcome, and words of the sentence. */
void assert_seen(const struct seen *seen, enum rmt_probe_outcome outcome, enum rmt_probe_stage stage, const char *words);

#endif
