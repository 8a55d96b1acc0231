/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_peer_guests.c - guests of the lab peer that are no good clients: other protocols, silence,
 * slowness, floods.
 */
#include "config.h"

#include <signal.h>

#include <openssl/bio.h>

#include "unit/test_peer.h"

enum { IDLE = 200 };

static const unsigned char half_hello[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3, 4 };

void
test_not_tls(void **state)
{
	static const struct {
		const char *sentence;
		const void *bytes;
		size_t length;
		bool early; /* closes at once */
		enum rmt_probe_outcome outcome;
	} guests[] = {
		{ "plain HTTP", "GET / HTTP/1.0\r\n\r\n", 18, false, RMT_PROBE_NO_TLS },
		{ "another dialect", "EHLO there\r\n", 12, false, RMT_PROBE_NO_TLS },
		{ "garbage", "\xff\xfe\0\1\2\3\4\5\6\7\x80\x81\x82", 13, false, RMT_PROBE_NO_TLS },
		{ "nothing, and an end", "", 0, true, RMT_PROBE_NO_TLS },
		{ "half a hello, and an end", half_hello, sizeof(half_hello), true,
		    RMT_PROBE_THEY_REFUSED },
		{ "half a hello, and silence", half_hello, sizeof(half_hello), false,
		    RMT_PROBE_TIMED_OUT },
		{ "silence", "", 0, false, RMT_PROBE_TIMED_OUT },
	};
	const struct serving serving = { .level = 0 };

	(void)state;
	open_lab(&serving);
	lab.options.timeout = 300;
	start_lab();
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		int fd = dial();

		assert_int_equal(
		    send(fd, guests[i].bytes, guests[i].length, MSG_NOSIGNAL), guests[i].length);
		if (guests[i].early)
			shutdown(fd, SHUT_WR);
		if (wait_seen(i)->outcome != guests[i].outcome || lab.seen[i].message[0] == 0)
			fail_msg("%s: outcome %d, \"%s\"", guests[i].sentence, lab.seen[i].outcome,
			    lab.seen[i].message);
		close(fd);
	}
	close_lab();
	assert_int_equal(lab.rc, 0);
}

static long
resident_kilobytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Half of them say nothing, half of them begin and stop; in the midst of them others are served as
 * if alone. */
void
test_idle_ones_hold_up_nobody(void **state)
{
	const struct serving serving = { .level = 0 };
	long before, during;
	int fds[IDLE];
	uint64_t began;
	struct heard heard;

	(void)state;
	open_lab(&serving);
	lab.options.timeout = 60000;
	start_lab();
	talk(TLS13, NULL, NULL, &heard); /* what the library loads once is loaded */
	before = resident_kilobytes();
	for (int i = 0; i < IDLE; i++) {
		fds[i] = dial();
		if (i % 2)
			assert_int_equal(send(fds[i], half_hello, sizeof(half_hello), MSG_NOSIGNAL),
			    sizeof(half_hello));
	}
	began = rmt_clock_ticks();
	for (int i = 0; i < 20; i++) {
		talk(i % 2 ? TLS12 : TLS13, NULL, NULL, &heard);
		assert_true(heard.finished);
		assert_non_null(strstr(heard.text, "accepted"));
	}
	assert_true(rmt_clock_ticks() - began < 10000);
	during = resident_kilobytes();
	for (int i = 0; i < 21; i++)
		assert_int_equal(wait_seen((size_t)i)->outcome, RMT_PROBE_DONE);
	if (during - before > 40 * 1024)
		fail_msg("%d idle connections take %ld KiB", IDLE, during - before);
	for (int i = 0; i < IDLE; i++)
		close(fds[i]);
	for (size_t i = 21; i < 21 + IDLE; i++)
		assert_in_range(wait_seen(i)->outcome, RMT_PROBE_NO_TLS, RMT_PROBE_THEY_REFUSED);
	close_lab();
}

/* One that sends its hello byte by byte finishes in the end, and others meanwhile. */
void
test_slow_one(void **state)
{
	const struct serving serving = { .level = 0 };
	SSL_CTX *ctx = client_ctx(TLS13, NULL);
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	struct heard heard, own = { .alert = -1 };
	unsigned char byte, answer[4096];
	int fd, n = 0;
	ssize_t got;

	(void)state;
	open_lab(&serving);
	start_lab();
	fd = dial();
	SSL_set_app_data(ssl, &own);
	SSL_set_bio(ssl, in, out);
	(void)SSL_connect(ssl);
	while (BIO_read(out, &byte, 1) == 1) {
		assert_int_equal(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
		if (n++ % 60 == 0) {
			talk(TLS12, NULL, NULL, &heard);
			assert_true(heard.finished);
		}
		usleep(200);
	}
	while (SSL_connect(ssl) != 1) {
		got = recv(fd, answer, sizeof(answer), 0);
		assert_true(got > 0);
		BIO_write(in, answer, (int)got);
	}
	while (BIO_read(out, &byte, 1) == 1)
		assert_int_equal(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
	for (size_t i = 0; i < (size_t)(n + 59) / 60 + 1; i++)
		if (wait_seen(i)->outcome != RMT_PROBE_DONE)
			fail_msg("connection %zu: %s", i, lab.seen[i].message);
	close(fd);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close_lab();
}

/* A client that floods after its handshake, and one that never reads, are both done with. */
void
test_endless_sender(void **state)
{
	const struct serving serving = { .level = 0 };
	static char much[65536];
	int fd, sent = 0;

	(void)state;
	open_lab(&serving);
	start_lab();
	fd = dial();
	while (sent < 64 << 20) {
		ssize_t n = send(fd, much, sizeof(much), MSG_NOSIGNAL);

		if (n <= 0)
			break;
		sent += (int)n;
	}
	assert_true(sent < 64 << 20);
	assert_int_equal(wait_seen(0)->outcome, RMT_PROBE_NO_TLS);
	close(fd);
	close_lab();
}

/* More certificates than anybody needs, and a peer that reads the next client's as if nothing had been. */
void
test_huge_chain(void **state)
{
	const struct serving serving = { .demands = true };
	SSL_CTX *ctx;
	SSL *ssl;
	X509 *cert;
	struct heard heard, own = { .alert = -1 };
	int fd;

	(void)state;
	open_lab(&serving);
	start_lab();
	ctx = client_ctx(TLS12, "leaf");
	cert = SSL_CTX_get0_certificate(ctx);
	for (int i = 0; i < 2000; i++)
		SSL_CTX_add1_chain_cert(ctx, cert);
	ssl = SSL_new(ctx);
	fd = dial();
	SSL_set_app_data(ssl, &own);
	SSL_set_fd(ssl, fd);
	signal(SIGPIPE, SIG_IGN); /* this client is cut off in the middle of what it says */
	assert_int_not_equal(SSL_connect(ssl), 1);
	signal(SIGPIPE, SIG_DFL);
	if (wait_seen(0)->outcome != RMT_PROBE_WE_REFUSED ||
	    strstr(lab.seen[0].message, "longer than is taken") == NULL)
		fail_msg("2,001 certificates: outcome %d, \"%s\"", lab.seen[0].outcome,
		    lab.seen[0].message);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	talk(TLS12, "leaf middle", NULL, &heard);
	assert_int_equal(wait_seen(1)->outcome, RMT_PROBE_DONE);
	close_lab();
}
