/* SPDX-License-Identifier: Apache-2.0 */
/* Servers on threads of the test's own process, real TLS by OpenSSL among them, and one probe with
 * its result kept. */
#include "config.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "unit/test_probe.h"

/* ---- a listener ---- */

static socklen_t
loopback(int family, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };

	memset(out, 0, sizeof(*out));
	if (family == AF_INET)
		memcpy(out, &v4, sizeof(v4));
	else
		memcpy(out, &v6, sizeof(v6));
	return family == AF_INET ? sizeof(v4) : sizeof(v6);
}

bool
loopback6(void)
{
	struct sockaddr_storage address;
	socklen_t length = loopback(AF_INET6, 0, &address);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void *
listen_on(void *arg)
{
	struct peer *peer = arg;
	struct pollfd either[2] = { { .fd = peer->fd, .events = POLLIN },
		{ .fd = peer->stop[0], .events = POLLIN } };

	while (poll(either, 2, -1) > 0 && either[1].revents == 0) {
		int fd = accept(peer->fd, NULL, NULL);
		struct timeval limit = { .tv_sec = 20 };

		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		peer->serve(fd, peer->arg);
		close(fd);
	}
	return NULL;
}

void
peer_start(struct peer *peer, int family, void (*serve)(int fd, const void *arg), const void *arg)
{
	struct sockaddr_storage address;
	socklen_t length = loopback(family, 0, &address);

	signal(SIGPIPE, SIG_DFL); /* what the library does must not raise it; the servers ignore it
				     by MSG_NOSIGNAL */
	*peer = (struct peer){
		.fd = socket(family, SOCK_STREAM, 0), .family = family, .serve = serve, .arg = arg
	};
	assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(peer->fd, 1024), 0);
	assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &length), 0);
	peer->port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
					     : ((struct sockaddr_in6 *)&address)->sin6_port);
	assert_int_equal(pipe(peer->stop), 0);
	assert_int_equal(pthread_create(&peer->thread, NULL, listen_on, peer), 0);
}

void
peer_stop(struct peer *peer)
{
	assert_int_equal(write(peer->stop[1], "x", 1), 1);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
	close(peer->stop[0]);
	close(peer->stop[1]);
}

void
send_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		length -= (size_t)sent;
	}
}

void
wait_for_end(int fd)
{
	char piece[4096];

	while (recv(fd, piece, sizeof(piece), 0) > 0)
		;
}

/* ---- TLS ---- */

static int
take_any(X509_STORE_CTX *ctx, void *arg)
{
	(void)ctx, (void)arg;
	return 1;
}

static bool
is_shared(SSL *ssl, const X509 *cert)
{
	int count = SSL_get_shared_sigalgs(ssl, 0, NULL, NULL, NULL, NULL, NULL), nid = NID_undef;

	for (int i = 0; i < count; i++) {
		SSL_get_shared_sigalgs(ssl, i, NULL, NULL, &nid, NULL, NULL);
		if (nid == X509_get_signature_nid(cert))
			return true;
	}
	return false;
}

/* As Schannel: a root that is sent counts like the rest. The strict mode of OpenSSL 3.0 sees it so,
 * too; that of 3.5 lets a root's signature pass. */
static int
keep_to_shared(SSL *ssl, void *arg)
{
	STACK_OF(X509) *chain = NULL;
	bool shared = is_shared(ssl, SSL_get_certificate(ssl));

	(void)arg;
	SSL_get0_chain_certs(ssl, &chain);
	for (int i = 0; shared && i < sk_X509_num(chain); i++)
		shared = is_shared(ssl, sk_X509_value(chain, i));
	if (!shared && SSL_version(ssl) == TLS1_2_VERSION)
		SSL_certs_clear(ssl);
	return 1;
}

void
tls_prepare(struct tls_server *server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	assert_true(SSL_CTX_set_cipher_list(
	    ctx, server->ciphers != NULL ? server->ciphers : "ALL:@SECLEVEL=0"));
	SSL_CTX_set_min_proto_version(ctx, server->version != 0 ? server->version : TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, server->version);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	assert_true(SSL_CTX_use_certificate(ctx, server->chain[0]->x509));
	assert_true(SSL_CTX_use_PrivateKey(ctx, server->chain[0]->evp));
	for (size_t i = 1; i < 8 && server->chain[i] != NULL; i++)
		assert_true(SSL_CTX_add1_chain_cert(ctx, server->chain[i]->x509));
	for (size_t i = 1; i < server->repeat; i++)
		assert_true(SSL_CTX_add1_chain_cert(ctx, server->chain[1]->x509));
	if (server->sigalgs != NULL)
		assert_true(SSL_CTX_set1_sigalgs_list(ctx, server->sigalgs));
	if (server->strict) {
		SSL_CTX_set_cert_flags(ctx, SSL_CERT_FLAG_TLS_STRICT);
		SSL_CTX_set_cert_cb(ctx, keep_to_shared, NULL);
	}
	if (server->client_root != NULL) {
		X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), server->client_root->x509);
		SSL_CTX_add_client_CA(ctx, server->client_root->x509);
		X509_VERIFY_PARAM_set_time(param, (time_t)NOW);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	if (server->page != NULL) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, take_any, NULL);
	}
	server->ctx = ctx;
}

void
tls_clear(struct tls_server *server)
{
	SSL_CTX_free(server->ctx);
	server->ctx = NULL;
}

char last_sni[256];

/* Say, hear, say, hear: a line each. */
static void
play_script(int fd, const char *const *script)
{
	char piece[4096];

	for (; *script != NULL; script++) {
		send_all(fd, *script, strlen(*script));
		if (script[1] != NULL && recv(fd, piece, sizeof(piece), 0) <= 0)
			return;
	}
}

/* Takes connections as they come, whatever becomes of them. The write of an SSL raises SIGPIPE
 * where the peer is gone, so it is blocked on this thread. */
void
serve_tls(int fd, const void *arg)
{
	const struct tls_server *server = arg;
	SSL *ssl = SSL_new(server->ctx);
	char piece[4096];
	sigset_t pipe_only;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, NULL);
	SSL_set_fd(ssl, fd);
	if (server->script != NULL)
		play_script(fd, server->script);
	last_sni[0] = '\0';
	if (SSL_accept(ssl) == 1 && !server->abrupt) {
		if (server->page != NULL && SSL_read(ssl, piece, sizeof(piece)) > 0)
			SSL_write(ssl, server->page, (int)strlen(server->page));
		while (server->page == NULL && SSL_read(ssl, piece, sizeof(piece)) > 0)
			;
		SSL_shutdown(ssl);
	}
	if (SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != NULL)
		snprintf(last_sni, sizeof(last_sni), "%s",
		    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	ERR_clear_error();
	SSL_free(ssl);
}

/* ---- one probe ---- */

int
keep_seen(void *arg, const struct rmt_probe_seen *now)
{
	struct seen *seen = arg;
	struct rmt_err err = { 0 };

	for (size_t i = 0; i < 600; i++)
		rmt_cert_free(seen->sent[i]);
	memset(seen->sent, 0, sizeof(seen->sent));
	seen->visits++;
	seen->outcomes[now->outcome]++;
	seen->last = *now;
	seen->last.protocol = seen->last.signature = seen->last.cipher = NULL;
	for (size_t i = 0; i < now->sent_count && i < 600; i++) {
		seen->sent[i] = rmt_cert_dup(now->sent[i], &err);
		GIVEN(seen->sent[i]);
	}
	if (now->broken_count > 0)
		seen->broken = now->broken[0];
	snprintf(seen->protocol, sizeof(seen->protocol), "%s",
	    now->protocol != NULL ? now->protocol : "");
	snprintf(seen->signature, sizeof(seen->signature), "%s",
	    now->signature != NULL ? now->signature : "");
	snprintf(seen->address, sizeof(seen->address), "%s", now->job->text);
	return 0;
}

static int
no_fault(void *arg, size_t endpoint, const struct rmt_err *err)
{
	(void)arg, (void)endpoint;
	fail_msg("not resolved: %s", err->message);
	return -1;
}

void
probe(struct seen *seen, const struct rmt_probe_options *options, const char *scheme,
    const char *host, uint16_t port)
{
	struct rmt_probe_options capture = { .rules.auth_level = -1, .timeout = 20000, .rules.now = NOW };
	struct rmt_endpoint endpoint;
	struct rmt_probe_jobs jobs;
	struct rmt_err err = { 0 };
	char text[200];

	memset(seen, 0, sizeof(*seen));
	snprintf(text, sizeof(text), "%s%s:%u", scheme, host, (unsigned)port);
	if (rmt_endpoint_parse(text, &endpoint, &err) != 1)
		fail_msg("%s: %s", text, err.message);
	GOOD(rmt_probe_resolve(&endpoint, 1,
	    strchr(host, '.') != NULL && strstr(host, ".example") != NULL ? "127.0.0.1" : NULL,
	    false, &jobs, no_fault, NULL, &err));
	GOOD(rmt_probe_run(
	    options != NULL ? options : &capture, &endpoint, &jobs, keep_seen, seen, &err));
	assert_int_equal(seen->visits, 1);
	rmt_probe_jobs_clear(&jobs);
	rmt_endpoint_clear(&endpoint);
}

void
seen_clear(struct seen *seen)
{
	for (size_t i = 0; i < 600; i++)
		rmt_cert_free(seen->sent[i]);
	memset(seen, 0, sizeof(*seen));
}

const char *
outcome_name(enum rmt_probe_outcome outcome)
{
	static const char *const names[] = { "unreachable", "timed out", "no TLS", "they refused",
		"we refused", "done" };

	return names[outcome];
}

void
assert_seen(const struct seen *seen, enum rmt_probe_outcome outcome, enum rmt_probe_stage stage,
    const char *words)
{
	const struct rmt_err *err = &seen->last.err;

	if (seen->last.outcome != outcome ||
	    (outcome != RMT_PROBE_DONE && seen->last.stage != stage) ||
	    strstr(err->message, words) == NULL)
		fail_msg("got %s at %s: \"%s\"; wanted %s at %s: \"...%s...\"",
		    outcome_name(seen->last.outcome), rmt_probe_stage_name(seen->last.stage),
		    err->message, outcome_name(outcome), rmt_probe_stage_name(stage), words);
	assert_int_equal(err->class == RMT_NONE, outcome == RMT_PROBE_DONE);
}
