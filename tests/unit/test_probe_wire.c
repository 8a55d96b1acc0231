/* SPDX-License-Identifier: Apache-2.0 */
/* Capturing what servers send: real TLS of every version, and peers that are slow, silent, rude or
 * something else. */
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
	leaf = party_new(
	    &(struct recipe){
		.cn = "host.example", .san = "DNS:host.example", .eku = "serverAuth" },
	    issuing);
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
	{ "the leaf twice, as a load balancer sent it", { LEAF, LEAF, ISSUING, ROOT },
	    TLS1_2_VERSION },
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
	{ "accepts and says nothing", say_nothing, { 0 }, "", RMT_PROBE_TIMED_OUT,
	    RMT_STAGE_HANDSHAKE,
	    "the connection stands, but the TLS handshake is not answered within 800 ms", -1 },
	{ "closes", close_at_once, { 0 }, "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE,
	    "closes the connection when TLS begins", -1 },
	{ "resets", reset_at_once, { 0 }, "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE,
	    "cuts the connection when TLS begins", -1 },
	{ "sends HTTP", answer, BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), "", RMT_PROBE_NO_TLS,
	    RMT_STAGE_HANDSHAKE, "does not speak TLS here but HTTP without TLS", -1 },
	{ "is SSH", say, BYTES("SSH-2.0-OpenSSH\r\n"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE,
	    "but SSH", -1 },
	{ "is SMTP without a scheme", say, BYTES("220 mx ESMTP\r\n"), "", RMT_PROBE_NO_TLS,
	    RMT_STAGE_HANDSHAKE, "write smtp:// or ftp://", -1 },
	{ "is IMAP without a scheme", say, BYTES("* OK ready\r\n"), "", RMT_PROBE_NO_TLS,
	    RMT_STAGE_HANDSHAKE, "IMAP: write imap://", -1 },
	{ "sends something unknown with control characters", say,
	    BYTES("\x1b]0;owned\x07 and more\r\n"), "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE,
	    "does not speak TLS: it says", -1 },
	{ "sends bytes that are no text", say, BYTES("\xff\xfe\xfd\xfc\xfb\xfa"), "",
	    RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "does not speak TLS: it says", -1 },
	{ "an alert instead of a hello", answer, BYTES("\x15\x03\x01\x00\x02\x02\x46"), "",
	    RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE,
	    "it does not speak any of the versions offered (alert 70, protocol_version)", 70 },
	{ "an alert nobody knows", answer, BYTES("\x15\x03\x03\x00\x02\x02\xc8"), "",
	    RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE, "(alert 200, unknown)", 200 },
	{ "half a record", answer, BYTES("\x16\x03\x03\x01\x00\x02\x00\x00\xfc\x03\x03"), "",
	    RMT_PROBE_THEY_REFUSED, RMT_STAGE_HANDSHAKE,
	    "closes the connection in the middle of the handshake, without an alert", -1 },
	{ "half a record and silence", answer_and_wait,
	    BYTES("\x16\x03\x03\x01\x00\x02\x00\x00\xfc\x03\x03"), "", RMT_PROBE_TIMED_OUT,
	    RMT_STAGE_HANDSHAKE, "the TLS handshake is not finished within 800 ms", -1 },
	{ "a hello that is nonsense", answer, BYTES("\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03"),
	    "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "begins as TLS and breaks its rules", 50 },
	{ "a record longer than any", answer, BYTES("\x16\x03\x03\xff\xff\x02\x00\x00\xfc\x03\x03"),
	    "", RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "begins as TLS and breaks its rules", 22 },
	{ "warnings without end", never_end, BYTES("\x15\x03\x03\x00\x02\x01\x5a"), "",
	    RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "begins as TLS and breaks its rules", 10 },
	{ "empty records without end", never_end, BYTES("\x16\x03\x03\x00\x00"), "",
	    RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "begins as TLS and breaks its rules", 10 },
	{ "TLS records without end", never_end, BYTES("\x16\x03\x03\x40\x00\x00\x00\x00\x00"), "",
	    RMT_PROBE_NO_TLS, RMT_STAGE_HANDSHAKE, "begins as TLS and breaks its rules", 10 },
	{ "SMTP and silence", say_nothing, { 0 }, "smtp://", RMT_PROBE_TIMED_OUT, RMT_STAGE_DIALECT,
	    "the connection stands, but not one byte of SMTP came within 800 ms", -1 },
	{ "half a greeting and silence", say, BYTES("220-wait\r\n"), "smtp://", RMT_PROBE_TIMED_OUT,
	    RMT_STAGE_DIALECT, "its SMTP reply does not end within 800 ms", -1 },
	{ "SMTP without end", never_end, BYTES("220-more\r\n"), "smtp://", RMT_PROBE_NO_TLS,
	    RMT_STAGE_DIALECT, "its SMTP reply does not end after 1000 lines", -1 },
	{ "SMTP that closes", close_at_once, { 0 }, "smtp://", RMT_PROBE_NO_TLS, RMT_STAGE_DIALECT,
	    "closes the connection without a word", -1 },
	{ "SMTP that closes half way", answer, BYTES("* OK\r\n"), "ldap://", RMT_PROBE_NO_TLS,
	    RMT_STAGE_DIALECT, "does not speak LDAP: it says \"* OK\"", -1 },
	{ "plain text behind the go-ahead", answer, BYTES("Sinjected"), "postgres://",
	    RMT_PROBE_NO_TLS, RMT_STAGE_DIALECT,
	    "sends 8 bytes in plain text behind the PostgreSQL reply that lets TLS begin", -1 },
};

static void
check_rude(void **state)
{
	const struct rude_row *row = *state;
	struct rmt_probe_options options = { .rules.auth_level = -1,
		.timeout = row->outcome == RMT_PROBE_TIMED_OUT ? 800 : 20000,
		.rules.now = NOW };
	struct peer peer;
	struct seen seen;

	peer_start(&peer, AF_INET, row->serve, &row->bytes);
	probe(&seen, &options, row->scheme, "127.0.0.1", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, row->outcome, row->stage, row->words);
	assert_int_equal(seen.last.alert, row->alert);
	assert_true(rmt_utf8_valid(rmt_span_text(seen.last.err.message)));
	assert_true(seen.last.milliseconds < 20000);
	assert_int_equal(seen.last.sent_count, 0);
	seen_clear(&seen);
}

/* ---- chains that no server of OpenSSL sends ---- */

static void
put(struct rmt_buf *out, size_t width, size_t value)
{
	while (width-- > 0)
		rmt_buf_byte(out, (unsigned char)(value >> (8 * width)));
}

/* Records of at most 16 KiB around a flight of handshake messages. */
static void
put_records(struct rmt_buf *out, struct rmt_span flight)
{
	while (flight.length > 0) {
		size_t length = flight.length < 16384 ? flight.length : 16384;

		rmt_buf_append(out, "\x16\x03\x03", 3);
		put(out, 2, length);
		rmt_buf_append(out, flight.at, length);
		flight = rmt_span_of(flight.at + length, flight.length - length);
	}
}

/* A ServerHello of TLS 1.2 and a Certificate message around `list`, which under TLS 1.2 travel in
 * the open. */
static void
write_flight(struct rmt_span list, struct rmt_buf *out)
{
	static const char hello[] = "\x02\x00\x00\x26\x03\x03"
				    "RandomRandomRandomRandomRandom!!"
				    "\x00\xc0\x2b\x00";
	struct rmt_buf flight = { 0 };

	rmt_buf_append(&flight, hello, 42);
	rmt_buf_byte(&flight, 11);
	put(&flight, 3, list.length);
	rmt_buf_span(&flight, list);
	put_records(out, rmt_buf_view(&flight));
	rmt_buf_free(&flight);
}

static const struct member {
	const char *bytes;
	size_t length;
} junk = { "\x30\x03\x02\x01\x05", 5 }, empty = { "", 0 };
enum { GOOD_MEMBER = 1, JUNK_MEMBER, EMPTY_MEMBER, CUT_MEMBER };
static const struct raw_row {
	const char *sentence;
	int members[8];
	size_t repeat; /* of the last member */
	size_t sent, broken;
	const char *place, *words;
	enum rmt_probe_stage stage;
} raw_rows[] = {
	{ "a member that is not a certificate", { GOOD_MEMBER, JUNK_MEMBER }, 1, 1, 1,
	    "certificate 2",
	    "sends something that is not a certificate (certificate 2:", RMT_STAGE_CERTIFICATE },
	{ "members behind the broken one are kept", { GOOD_MEMBER, JUNK_MEMBER, GOOD_MEMBER }, 1, 2,
	    1, "certificate 2", "certificate 2:", RMT_STAGE_CERTIFICATE },
	{ "a broken leaf", { JUNK_MEMBER, GOOD_MEMBER }, 1, 1, 1, "certificate 1",
	    "certificate 1:", RMT_STAGE_CERTIFICATE },
	{ "an empty member", { GOOD_MEMBER, EMPTY_MEMBER }, 1, 1, 1, "certificate 2",
	    "certificate 2:", RMT_STAGE_CERTIFICATE },
	{ "a list that is cut off", { GOOD_MEMBER, CUT_MEMBER }, 1, 1, 0, NULL,
	    "the handshake ends here", RMT_STAGE_HANDSHAKE },
	{ "an empty list", { 0 }, 0, 0, 0, NULL, "the handshake ends here", RMT_STAGE_HANDSHAKE },
	{ "eight broken members", { JUNK_MEMBER }, 8, 0, 8, "certificate 1",
	    "certificate 1:", RMT_STAGE_CERTIFICATE },
	{ "80,000 empty members", { GOOD_MEMBER, EMPTY_MEMBER }, 80000, 1, 999, "certificate 2",
	    "certificate 2:", RMT_STAGE_CERTIFICATE },
	{ "more bytes than are taken", { GOOD_MEMBER }, 900, 0, 0, NULL,
	    "the other side sends a message longer than is taken (256 KiB of certificates)",
	    RMT_STAGE_HANDSHAKE },
};

static void
put_member(struct rmt_buf *list, int kind)
{
	struct rmt_span good = leaf->cert->der;

	put(list, 3,
	    kind == JUNK_MEMBER    ? junk.length
	    : kind == EMPTY_MEMBER ? empty.length
	    : kind == CUT_MEMBER   ? good.length + 7
				   : good.length);
	if (kind == JUNK_MEMBER)
		rmt_buf_append(list, junk.bytes, junk.length);
	else if (kind != EMPTY_MEMBER)
		rmt_buf_span(list, good);
}

static void
check_raw(void **state)
{
	const struct raw_row *row = *state;
	struct rmt_buf members = { 0 }, list = { 0 }, flight = { 0 };
	struct rmt_probe_options options = { .rules.auth_level = -1, .timeout = 20000, .rules.now = NOW };
	struct rmt_span bytes;
	struct peer peer;
	struct seen seen;

	for (size_t i = 0; i < 8 && row->members[i] != 0; i++)
		for (size_t j = 0; j < (i == 7 || row->members[i + 1] == 0 ? row->repeat : 1); j++)
			put_member(&members, row->members[i]);
	put(&list, 3, members.length);
	rmt_buf_span(&list, rmt_buf_view(&members));
	write_flight(rmt_buf_view(&list), &flight);
	bytes = rmt_buf_view(&flight);
	peer_start(&peer, AF_INET, answer_and_wait, &bytes);
	probe(&seen, &options, "", "127.0.0.1", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_WE_REFUSED, row->stage, row->words);
	assert_int_equal(seen.last.sent_count, row->sent);
	assert_int_equal(seen.last.broken_count, row->broken);
	if (row->place != NULL)
		assert_string_equal(seen.broken.place, row->place);
	assert_true(seen.last.alert_ours);
	seen_clear(&seen);
	rmt_buf_free(&members);
	rmt_buf_free(&list);
	rmt_buf_free(&flight);
}

/* Half a thousand certificates come through whole. */
static void
check_huge(void **state)
{
	struct tls_server server = { .chain = { leaf, issuing }, .repeat = 499 };
	struct peer peer;
	struct seen seen;

	(void)state;
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, NULL, "", "127.0.0.1", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	assert_int_equal(seen.last.sent_count, 500);
	assert_true(rmt_span_equal(seen.sent[499]->der, issuing->cert->der));
	seen_clear(&seen);
	tls_clear(&server);
}

/* A name that ends in the middle is not taken for its beginning. */
static void
check_nul(void **state)
{
	struct party *evil = party_new(
	    &(struct recipe){ .cn = "evil",
		.san = "DER:30:14:82:12:68:6f:73:74:2e:65:78:61:6d:70:6c:65:00:2e:65:76:69:6c" },
	    issuing);
	struct tls_server server = { .chain = { evil, issuing } };
	char names[] = "san-or-cn";
	struct rmt_client client = { .names = names, .security_level = -1 };
	struct rmt_probe_options options = {
		.rules.client = &client, .rules.auth_level = -1, .timeout = 20000, .rules.now = NOW
	};
	struct peer peer;
	struct seen seen;

	(void)state;
	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, "", "host.example", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_WE_REFUSED, RMT_STAGE_NAME, "not for host.example");
	assert_null(strstr(seen.last.err.message, "it is for host.example,"));
	assert_int_equal(seen.last.sent_count, 2);
	seen_clear(&seen);
	tls_clear(&server);
	party_free(evil);
}

/* ---- SNI, dialects, IPv6 ---- */

static const struct sni_row {
	const char *sentence, *host, *sni, *wanted;
	bool silent;
} sni_rows[] = {
	{ "the name of the endpoint is asked for", "host.example", NULL, "host.example", false },
	{ "an address is not asked for", "127.0.0.1", NULL, "", false },
	{ "another name is asked for", "127.0.0.1", "other.example", "other.example", false },
	{ "a client that sends none", "host.example", NULL, "", true },
	{ "a client that sends none, told to", "host.example", "other.example", "other.example",
	    true },
};

static void
check_sni(void **state)
{
	const struct sni_row *row = *state;
	char names[] = "none";
	struct rmt_client client = { .names = names, .security_level = -1, .sends_sni = false };
	struct rmt_probe_options options = { .rules.client = row->silent ? &client : NULL,
		.rules.auth_level = -1,
		.timeout = 20000,
		.rules.now = NOW,
		.sni = row->sni };
	struct tls_server server = { .chain = { leaf, issuing } };
	struct peer peer;
	struct seen seen;

	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, &options, "", row->host, peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	assert_string_equal(last_sni, row->wanted);
	seen_clear(&seen);
	tls_clear(&server);
}

static const struct spoken_row {
	const char *sentence, *scheme;
	const char *script[6];
} spoken_rows[] = {
	{ "SMTP, then TLS", "smtp://", { "220 mx\r\n", "250 STARTTLS\r\n", "220 go\r\n" } },
	{ "IMAP, then TLS", "imap://", { "* OK\r\n", "a OK\r\n" } },
	{ "POP3, then TLS", "pop3://", { "+OK\r\n", "+OK\r\n" } },
	{ "FTP, then TLS", "ftp://", { "220 x\r\n", "234 x\r\n" } },
	{ "PostgreSQL, then TLS", "postgres://", { "", "S" } },
	{ "ManageSieve, then TLS", "sieve://", { "OK\r\n", "OK\r\n" } },
	{ "SIP is TLS at once", "sip://", { NULL } },
};

static void
check_spoken(void **state)
{
	const struct spoken_row *row = *state;
	struct tls_server server = { .chain = { leaf, issuing },
		.script = row->script[0] != NULL ? row->script : NULL };
	struct peer peer;
	struct seen seen;

	tls_prepare(&server);
	peer_start(&peer, AF_INET, serve_tls, &server);
	probe(&seen, NULL, row->scheme, "127.0.0.1", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	assert_int_equal(seen.last.sent_count, 2);
	seen_clear(&seen);
	tls_clear(&server);
}

static void
check_ipv6(void **state)
{
	struct tls_server server = { .chain = { leaf, issuing } };
	struct peer peer;
	struct seen seen;
	char wanted[32];

	(void)state;
	if (!loopback6()) {
		print_message("there is no IPv6 on this machine's loopback\n");
		skip();
	}
	tls_prepare(&server);
	peer_start(&peer, AF_INET6, serve_tls, &server);
	probe(&seen, NULL, "", "[::1]", peer.port);
	peer_stop(&peer);
	assert_seen(&seen, RMT_PROBE_DONE, 0, "");
	snprintf(wanted, sizeof(wanted), "[::1]:%u", (unsigned)peer.port);
	assert_string_equal(seen.address, wanted);
	seen_clear(&seen);
	tls_clear(&server);
}

int
main(void)
{
	static struct rows rows;
	int failed;

	make_parties();
	ADD_TABLE(&rows, chain_rows, check_chain);
	ADD_TABLE(&rows, rude_rows, check_rude);
	ADD_TABLE(&rows, raw_rows, check_raw);
	add_row(&rows, "500 certificates", check_huge, NULL);
	add_row(&rows, "a NUL in a name", check_nul, NULL);
	ADD_TABLE(&rows, sni_rows, check_sni);
	ADD_TABLE(&rows, spoken_rows, check_spoken);
	add_row(&rows, "IPv6", check_ipv6, NULL);
	failed = run_rows("what servers send", &rows);
	free_parties();
	return failed;
}
