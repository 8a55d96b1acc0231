/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/job.c - one connection from its first packet to its last: connect, dialect,
 * handshake. What may follow after our certificate is linger.c's.
 *
 * Nothing here blocks: each step goes as far as the socket allows and says what it waits for. Which
 * connections there are is run.c's.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "probe/local.h"

enum { PIECE = 4096, LEAST_BRIEF = 250 };

/* ---- ends ---- */

static int
end_unreachable(struct rmt_probe_connection *connection, int number)
{
	errno = number;
	connection->wire.outcome = RMT_PROBE_UNREACHABLE;
	connection->wire.stage = RMT_STAGE_CONNECT;
	rmt_err_errno(&connection->wire.err, RMT_NETWORK, NULL, "connect");
	return 1;
}

static int
end_without_tls(struct rmt_probe_connection *connection)
{
	connection->wire.outcome = RMT_PROBE_NO_TLS;
	connection->wire.stage = RMT_STAGE_DIALECT;
	return 1;
}

static int
end_late(struct rmt_probe_connection *connection)
{
	const char *speaks = connection->dialogue.speaks;
	struct rmt_buf what = { 0 };
	unsigned waited = (unsigned)(connection->deadline - connection->began);

	switch (connection->stage) {
	case RMT_STAGE_CONNECT:
		rmt_buf_text(&what, "there is no connection");
		waited = (unsigned)(connection->wake - connection->began);
		break;
	case RMT_STAGE_DIALECT:
		rmt_buf_format(&what,
		    connection->dialogue.heard == 0
			? "the connection stands, but not one byte of %s came"
			: "its %s reply does not end",
		    speaks);
		break;
	default:
		rmt_buf_text(
		    &what, connection->wire.received == 0
			       ? "the connection stands, but the TLS handshake is not answered"
			       : "the TLS handshake is not finished");
		break;
	}
	rmt_probe_wire_late(&connection->wire, connection->stage, waited, rmt_buf_string(&what));
	rmt_buf_free(&what);
	return 1;
}

/* ---- handshake ---- */

static bool
is_address(const char *host)
{
	struct in6_addr parsed;

	return inet_pton(AF_INET, host, &parsed) == 1 || strchr(host, ':') != NULL;
}

static int
begin_tls(struct rmt_probe_connection *connection)
{
	const struct rmt_probe_options *options = connection->run->options;
	const char *host = connection->endpoint->host, *sni = options->sni;
	struct rmt_probe_wire *wire = &connection->wire;

	connection->stage = RMT_STAGE_HANDSHAKE;
	if (rmt_probe_wire_open(wire, connection->run->ctx, connection->fd, &wire->err) < 0)
		return -1;
	wire->client = options->rules.client;
	wire->name = options->name != NULL ? options->name : host;
	if (sni == NULL && !is_address(host) &&
	    (options->rules.client == NULL || options->rules.client->sends_sni))
		sni = host;
	if (sni != NULL && !SSL_set_tlsext_host_name(wire->ssl, sni))
		return rmt_err_openssl(
		    &wire->err, RMT_USAGE, NULL, "\"%.100s\" is too long for a server name", sni);
	SSL_set_connect_state(wire->ssl);
	return 0;
}

static int
shake_hands(struct rmt_probe_connection *connection, uint64_t now)
{
	int rc = rmt_probe_wire_handshake(&connection->wire);

	connection->events = connection->wire.events;
	if (rc == 1)
		return rmt_probe_connection_linger(connection, now);
	return rc < 0 ? 1 : 0;
}

static int
start_handshake(struct rmt_probe_connection *connection, uint64_t now)
{
	if (begin_tls(connection) < 0) {
		connection->wire.outcome = RMT_PROBE_WE_REFUSED;
		connection->wire.stage = RMT_STAGE_HANDSHAKE;
		return 1;
	}
	return shake_hands(connection, now);
}

/* ---- dialect ---- */

/* 1 all is said, 0 the socket is full, -1 it is broken. */
static int
speak(struct rmt_probe_connection *connection)
{
	struct rmt_probe_dialogue *dialogue = &connection->dialogue;

	while (dialogue->said < dialogue->out.length) {
		ssize_t sent = send(connection->fd, dialogue->out.bytes + dialogue->said,
		    dialogue->out.length - dialogue->said, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		dialogue->said += (size_t)sent;
	}
	return 1;
}

static int
left_in_dialogue(struct rmt_probe_connection *connection, const char *how)
{
	rmt_err_set(&connection->wire.err, RMT_NETWORK, NULL, "%s the connection %s", how,
	    connection->dialogue.heard == 0 ? "without a word" : "before TLS could begin");
	return end_without_tls(connection);
}

static int
talk(struct rmt_probe_connection *connection, uint64_t now)
{
	struct rmt_probe_dialogue *dialogue = &connection->dialogue;
	char piece[PIECE];
	ssize_t got;
	int rc, said;

	got = recv(connection->fd, piece, sizeof(piece), 0);
	if (got == 0)
		return left_in_dialogue(connection, "closes");
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		return left_in_dialogue(connection, "cuts");
	rc = rmt_probe_dialogue_hear(
	    dialogue, piece, got > 0 ? (size_t)got : 0, &connection->wire.err);
	if (rc < 0)
		return end_without_tls(connection);
	said = speak(connection);
	if (said < 0)
		return left_in_dialogue(connection, "cuts");
	connection->events = said == 0 ? POLLOUT : POLLIN;
	return rc == 1 && said == 1 ? start_handshake(connection, now) : 0;
}

/* ---- connect ---- */

static int
after_connect(struct rmt_probe_connection *connection, uint64_t now)
{
	const struct rmt_dialect *dialect = connection->endpoint->dialect;

	connection->wake = connection->deadline;
	if (dialect->steps == NULL)
		return start_handshake(connection, now);
	connection->stage = RMT_STAGE_DIALECT;
	rmt_probe_dialogue_open(&connection->dialogue, dialect->steps, connection->endpoint->host);
	return talk(connection, now);
}

static int
check_connect(struct rmt_probe_connection *connection, uint64_t now)
{
	socklen_t length = sizeof(int);
	int number = 0;

	if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0)
		number = errno;
	return number != 0 ? end_unreachable(connection, number) : after_connect(connection, now);
}

int
rmt_probe_connection_open(struct rmt_probe_connection *connection, const struct rmt_probe_run *run,
    const struct rmt_probe_job *job, bool brief)
{
	unsigned timeout = run->options->timeout > 0 ? run->options->timeout : RMT_PROBE_TIMEOUT;
	unsigned share = timeout / 4 > LEAST_BRIEF ? timeout / 4 : LEAST_BRIEF;
	uint64_t now = rmt_clock_ticks();

	*connection = (struct rmt_probe_connection){ .run = run,
		.endpoint = &run->endpoints[job->endpoint],
		.job = job,
		.began = now,
		.deadline = now + timeout,
		.wake = now + (brief && share < timeout ? share : timeout),
		.stage = RMT_STAGE_CONNECT,
		.events = POLLOUT,
		.wire = { .fd = -1, .alert = -1 } };
	connection->fd =
	    socket(job->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0) {
		bool none_left = errno == EMFILE || errno == ENFILE;

		end_unreachable(connection, errno);
		return none_left ? -1 : 1;
	}
	if (connect(connection->fd, (const struct sockaddr *)&job->address, job->length) == 0)
		return after_connect(connection, now);
	return errno == EINPROGRESS ? 0 : end_unreachable(connection, errno);
}

int
rmt_probe_connection_go(struct rmt_probe_connection *connection, uint64_t now)
{
	if (now >= connection->wake && connection->stage != RMT_STAGE_CLIENT_CERTIFICATE)
		return end_late(connection);
	switch (connection->stage) {
	case RMT_STAGE_CONNECT:
		return check_connect(connection, now);
	case RMT_STAGE_DIALECT:
		return talk(connection, now);
	case RMT_STAGE_HANDSHAKE:
		return shake_hands(connection, now);
	default:
		return rmt_probe_connection_linger(connection, now);
	}
}

/* ---- what was seen ---- */

int
rmt_probe_connection_seen(
    struct rmt_probe_connection *connection, struct rmt_probe_seen *out, struct rmt_err *err)
{
	struct rmt_probe_wire *wire = &connection->wire;
	const STACK_OF(X509_NAME) *issuers =
	    wire->ssl != NULL ? SSL_get0_peer_CA_list(wire->ssl) : NULL;

	if (wire->ssl != NULL && rmt_probe_wire_chain(wire, err) < 0)
		return -1;
	rmt_err_source(&wire->err, connection->endpoint->text);
	*out = (struct rmt_probe_seen){
		.endpoint = connection->endpoint,
		.job = connection->job,
		.outcome = wire->outcome,
		.stage = wire->stage,
		.err = wire->err,
		.sent = (const struct rmt_cert *const *)wire->sent,
		.sent_count = wire->sent_count,
		.broken = wire->broken,
		.broken_count = wire->broken_count,
		.protocol = rmt_probe_wire_protocol(wire),
		.cipher = rmt_probe_wire_cipher(wire),
		.signature = rmt_probe_wire_signature(wire),
		.alert = wire->alert,
		.alert_ours = wire->alert_ours,
		.verify_error = wire->verdict.error,
		.verify_depth = wire->verdict.depth,
		.asked_certificate = wire->cert_request,
		.issuers_named = issuers != NULL ? (size_t)sk_X509_NAME_num(issuers) : 0,
		.closed_cleanly = connection->closed_cleanly,
		.milliseconds = (unsigned)(rmt_clock_ticks() - connection->began),
	};
	return 0;
}

void
rmt_probe_connection_close(struct rmt_probe_connection *connection)
{
	rmt_probe_wire_close(&connection->wire);
	rmt_probe_dialogue_close(&connection->dialogue);
	rmt_buf_free(&connection->answer);
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}
