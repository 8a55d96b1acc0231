/* SPDX-License-Identifier: Apache-2.0 */
/* Capturing what servers send: real TLS of every version, and peers that are slow, silent, rude or something else. */
#include "config.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/test_probe.h"

static struct party *root, *issuing, *leaf, *other;

static void
make_parties(void)
{
	root = party_new(&(struct recipe){ .cn = "Test Root", .ca = true }, NULL);
	issuing = party_new(&(struct recipe){ .cn = "Test Issuing", .ca = true }, root);
	leaf = party_new(&(struct recipe){ .cn = "host.example", .san = "DNS:host.example", .eku = "serverAuth" }, issuing);
	other = party_new(&(struct recipe){ .cn = "Another Root", .ca = true }, NULL);
}

static void
free_parties(void)
{
	party_free(root);
	party_free(issuing);
	party_free(leaf);
	party_free(other);
}

/* ---- the chain as sent ---- */

enum { LEAF = 1, ISSUING, ROOT, OTHER };
static const struct chain_row {
	const char *sentence;
	int chain[8], version;
} chain_rows[] = {
	{ "TLS 1.3: leaf and intermediate", { LEAF, ISSUING }, TLS1_3_VERSION },
	{ "TLS 1.2: leaf and intermediate", { LEAF, ISSUING }, TLS1_2_VERSION },
	{ "TLS 1.1: leaf and intermediate", { LEAF, ISSUING }, TLS1_1_VERSION },
	{ "TLS 1.0: leaf and intermediate", { LEAF, ISSUING }, TLS1_VERSION },
	{ "the leaf alone", { LEAF }, TLS1_3_VERSION },
	{ "the leaf twice, as a load balancer sent it", { LEAF, LEAF, ISSUING, ROOT }, TLS1_2_VERSION },
	{ "the wrong order", { LEAF, ROOT, ISSUING }, TLS1_2_VERSION },
	{ "the root on the wire", { LEAF, ISSUING, ROOT }, TLS1_3_VERSION },
	{ "a certificate of another family", { LEAF, OTHER, ISSUING }, TLS1_3_VERSION },
	{ "an intermediate three times", { LEAF, ISSUING, ISSUING, ISSUING }, TLS1_3_VERSION },
};

static void
check_chain(void **state)
{
	const struct chain_row *row = *state;
	const struct party *const parties[] = { NULL, leaf, issuing, root, other };
	static const char *const versions[] = { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3" };
	struct tls_server server = { .version = row->version };
	struct peer peer;
	struct seen seen;
	size_t count = 0;

	for (; row->chain[count] != 0; count++)
		server.chain[count] = parties[row->chain[count]];
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, NULL, "", "127.0.0.1", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	assert_int_equal(seen.last.sent_count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(rmt_span_equal(seen.sent[i]->der, server.chain[i]->cert->der));
	assert_string_equal(seen.protocol, versions[row->version - TLS1_VERSION]);
	assert_int_equal(seen.last.alert, -1);
	assert_false(seen.last.asked_certificate);
	if (row->version >= TLS1_2_VERSION)
		assert_string_equal(seen.signature, "ECDSA+SHA256");
	seen_clear(&seen);
	tls_clear(&server);
}

/* ---- other peers ---- */

static void
say_nothing(int fd, const void *arg)
{
	(void)arg;
	wait_for_end(fd);
}

static void
close_at_once(int fd, const void *arg)
{
	(void)arg;
	shutdown(fd, SHUT_WR);
	wait_for_end(fd);
}

static void
reset_at_once(int fd, const void *arg)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	char one;

	(void)arg;
	recv(fd, &one, 1, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* Hears the hello first, so that it answers rather than talks. */
static void
answer(int fd, const void *arg)
{
	const struct rmt_span *bytes = arg;
	char piece[4096];

	if (recv(fd, piece, sizeof(piece), 0) > 0)
		send_all(fd, bytes->at, bytes->length);
	shutdown(fd, SHUT_WR);
	wait_for_end(fd);
}

static void
say(int fd, const void *arg)
{
	const struct rmt_span *bytes = arg;

	send_all(fd, bytes->at, bytes->length);
	wait_for_end(fd);
}

static void
answer_and_wait(int fd, const void *arg)
{
	const struct rmt_span *bytes = arg;
	char piece[4096];

	if (recv(fd, piece, sizeof(piece), 0) > 0)
		send_all(fd, bytes->at, bytes->length);
	wait_for_end(fd);
}

static void
never_end(int fd, const void *arg)
{
	const struct rmt_span *bytes = arg;

	while (send(fd, bytes->at, bytes->length, MSG_NOSIGNAL) > 0)
		;
}

static const struct rude_row {
	const char *sentence;
	void (*serve)(int fd, const void *arg);
	struct rmt_span bytes;
	const char *scheme;
	enum rmt_probe_outcome outcome;
	enum rmt_probe_stage stage;
	const char *words;
	int alert;
} rude_rows[] = {
	{ "accepts and says nothing", say_nothing, { 0 }, "", RMT_PROBE_TIMED_OUT, RMT_STAGE_HANDSHAKE,
	    "the connection stands, but the TLS handshake is not answered within 300 ms", -1 },
	{ "closes", close_at_once, { 0 }, "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "closes the connection when TLS begins", -1 },
	{ "resets", reset_at_once, { 0 }, "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "cuts the connection when TLS begins", -1 },
	{ "sends HTTP", answer, BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE,
	    "does not speak TLS here but HTTP without TLS", -1 },
	{ "is SSH", say, BYTES("SSH-2.0-OpenSSH\r\n"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "but SSH", -1 },
	{ "is SMTP without a scheme", say, BYTES("220 mx ESMTP\r\n"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "write smtp:// or ftp://", -1 },
	{ "is IMAP without a scheme", say, BYTES("* OK ready\r\n"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "IMAP: write imap://", -1 },
	{ "sends something unknown with control characters", say, BYTES("\x1b]0;owned\x07 and more\r\n"), "", RMT_PROBE_NO_TLS,
	    RMT_STAGE_HANDSHAKE, "does not speak TLS: it says", -1 },
	{ "sends bytes that are no text", say, BYTES("\xff\xfe\xfd\xfc\xfb\xfa"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE,
	    "does not speak TLS: it says", -1 },
	{ "an alert instead of a hello", answer, BYTES("\x15\x03\x01\x00\x02\x02\x46"), "", RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE,
	    "it does not speak any of the versions offered (alert 70, protocol_version)", 70 },
	{ "an alert nobody knows", answer, BYTES("\x15\x03\x03\x00\x02\x02\xc8"), "", RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE,
	    "(alert 200, unknown)", 200 },
	{ "half a record", answer, BYTES("\x16\x03\x03\x01\x00\x02\x00\x00\xfc\x03\x03"), "", RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE,
	    "closes the connection in the middle of the handshake, without an alert", -1 },
	{ "half a record and silence", answer_and_wait, BYTES("\x16\x03\x03\x01\x00\x02\x00\x00\xfc\x03\x03"), "", RMT_PROBE_TIMED_OUT,
	    RMT_STAGE_HANDSHAKE, "the TLS handshake is not finished within 300 ms", -1 },
	{ "a hello that is nonsense", answer, BYTES("\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03"), "", RMT_PROBE_WE_REFUSED,
	    RMT_STAGE_HANDSHAKE, "the handshake ends here", 50 },
	{ "TLS records without end", never_end, BYTES("\x16\x03\x03\x40\x00\x00\x00\x00\x00"), "", RMT_PROBE_WE_REFUSED, RMT_STAGE_HANDSHAKE,
	    "the handshake ends here", 10 },
	{ "SMTP and silence", say_nothing, { 0 }, "smtp://", RMT_PROBE_TIMED_OUT, RMT_STAGE_DIALECT,
	    "the connection stands, but not one byte of SMTP came within 300 ms", -1 },
	{ "half a greeting and silence", say, BYTES("220-wait\r\n"), "smtp://", RMT_PROBE_TIMED_OUT, RMT_STAGE_DIALECT,
	    "its SMTP reply does not end within 300 ms", -1 },
	{ "SMTP without end", never_end, BYTES("220-more\r\n"), "smtp://", RMT_PROBE_NO_TLS, RMT_STAGE_DIALECT,
	    "its SMTP reply does not end after 1000 lines", -1 },
	{ "SMTP that closes", close_at_once, { 0 }, "smtp://", RMT_PROBE_NO_TLS, RMT_STAGE_DIALECT, "closes the connection without a word", -1 },
	{ "SMTP that closes half way", answer, BYTES("* OK\r\n"), "ldap://", RMT_PROBE_NO_TLS, RMT_STAGE_DIALECT, "does not speak LDAP: it says \"* OK\"", -1 },
	{ "plain text behind the go-ahead", answer, BYTES("Sinjected"), "postgres://", RMT_PROBE_NO_TLS, RMT_STAGE_DIALECT,
	    "sends 8 bytes in plain text behind the PostgreSQL reply that lets TLS begin", -1 },
};

static void
check_rude(void **state)
{
	const struct rude_row *row = *state;
	struct rmt_probe_options options = { .auth_level = -1, .timeout = 300, .now = NOW };
	struct peer peer;
	struct seen seen;

	peer_start(&peer, AF_INET, row->serve, &row->bytes);
	probe(&seen, &options, row->scheme, "127.0.0.1", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, row->outcome, row->stage, row->words);
	assert_int_equal(seen.last.alert, row->alert);
	assert_true(rmt_utf8_valid(rmt_span_text(seen.last.err.message)));
	assert_true(seen.last.milliseconds < 5000);
	assert_int_equal(seen.last.sent_count, 0);
	seen_clear(&seen);
}

int
main(void)
{
	static struct rows rows;
	int failed;

	make_parties();
	ADD_TABLE(&rows, chain_rows, check_chain);
	ADD_TABLE(&rows, rude_rows, check_rude);
	failed = run_rows("what servers send", &rows);
	free_parties();
	return failed;
}
