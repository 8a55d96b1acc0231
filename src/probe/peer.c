/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/peer.c - the lab peer: a TLS server that takes from its clients what a target takes, serves
 * what it serves, says one line to whom it accepted, and reports every connection.
 *
 * A guest has its handshake, the reply, and a moment in which what it still sends is thrown away. When
 * there are too many guests one that has had its answer gives way, else the oldest. The loop is
 * guests.c's; what is taken and served is serve.c's and judge.c's.
 */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "probe/local.h"

enum { LINGER = 1000 }; /* milliseconds for the reply, and again for the rest */

enum guest_state { GUEST_HANDSHAKE, GUEST_REPLY, GUEST_REST };

struct client {
	struct rmt_guest guest;
	struct rmt_probe_wire wire;
	enum guest_state state;
	uint64_t began;
	struct rmt_buf reply;
};

struct peer {
	struct rmt_guests guests;
	const struct rmt_peer_options *options;
	struct rmt_peer_server *server;
	uint64_t welcomed;
	int (*visit)(void *arg, const struct rmt_peer_seen *seen);
	void *arg;
};

/* ---- guests ---------------------------------------------------------------------------------- */

static void
clear(struct rmt_guest *guest)
{
	struct client *client = (struct client *)guest;

	rmt_probe_wire_close(&client->wire);
	rmt_buf_free(&client->reply);
}

/* One that has had its answer gives way before any other. */
static int
weight(const struct rmt_guest *guest)
{
	return ((const struct client *)guest)->state == GUEST_HANDSHAKE;
}

static short
events(const struct rmt_guest *guest)
{
	return ((const struct client *)guest)->wire.events;
}

static unsigned
handshake_time(const struct peer *peer)
{
	return peer->options->timeout != 0 ? peer->options->timeout : RMT_PROBE_TIMEOUT;
}

static int
report(struct peer *peer, struct client *client, enum rmt_probe_outcome outcome,
    const struct rmt_err *why)
{
	struct rmt_probe_wire *wire = &client->wire;
	struct rmt_peer_seen seen = { .from = client->guest.from,
		.outcome = outcome,
		.alert = wire->alert,
		.alert_ours = wire->alert_ours,
		.verify_error = wire->verdict.error,
		.verify_depth = wire->verdict.depth,
		.sni = SSL_get_servername(wire->ssl, TLSEXT_NAMETYPE_host_name),
		.milliseconds = (unsigned)(rmt_clock_ticks() - client->began) };

	if (rmt_probe_wire_chain(wire, peer->guests.err) < 0)
		return -1;
	if (why != NULL)
		seen.err = *why;
	if (outcome == RMT_PROBE_WE_REFUSED)
		rmt_peer_server_explain(peer->server, wire->ssl, &seen.err);
	seen.sent = (const struct rmt_cert *const *)wire->sent;
	seen.sent_count = wire->sent_count;
	seen.broken = wire->broken;
	seen.broken_count = wire->broken_count;
	seen.protocol = rmt_probe_wire_protocol(wire);
	seen.cipher = rmt_probe_wire_cipher(wire);
	return peer->visit != NULL ? peer->visit(peer->arg, &seen) : 0;
}

/* Nothing more is said; what comes is thrown away until the client closes, too. */
static void
hush(struct client *client)
{
	client->state = GUEST_REST;
	rmt_guest_wait(&client->guest, LINGER);
	client->wire.events = POLLIN;
	(void)shutdown(client->wire.fd, SHUT_WR);
}

/* 0 stays, 1 is done with */
static int
step_reply(struct client *client)
{
	SSL *ssl = client->wire.ssl;
	int rc = client->reply.length > 0
		     ? SSL_write(ssl, client->reply.bytes, (int)client->reply.length)
		     : 1;

	if (rc > 0)
		(void)SSL_shutdown(ssl);
	else if (SSL_get_error(ssl, rc) == SSL_ERROR_WANT_WRITE)
		client->wire.events = POLLOUT;
	else if (SSL_get_error(ssl, rc) == SSL_ERROR_WANT_READ)
		client->wire.events = POLLIN;
	else
		rc = 1;
	ERR_clear_error();
	if (rc > 0)
		hush(client);
	return 0;
}

static int
step_handshake(struct peer *peer, struct client *client)
{
	struct rmt_probe_wire *wire = &client->wire;
	int rc = rmt_probe_wire_handshake(wire);

	if (rc == 0)
		return 0;
	if (rc < 0) {
		hush(client);
		return report(peer, client, wire->outcome, &wire->err) != 0 ? -1 : 0;
	}
	if (report(peer, client, RMT_PROBE_DONE, NULL) != 0 ||
	    rmt_peer_reply(peer->options->name, wire, &client->reply, peer->guests.err) < 0)
		return -1;
	client->state = GUEST_REPLY;
	rmt_guest_wait(&client->guest, LINGER);
	return step_reply(client);
}

/* ---- the host -------------------------------------------------------------------------------- */

static int
step(struct rmt_guests *guests, struct rmt_guest *guest)
{
	struct client *client = (struct client *)guest;

	switch (client->state) {
	case GUEST_HANDSHAKE:
		return step_handshake((struct peer *)guests, client);
	case GUEST_REPLY:
		return step_reply(client);
	case GUEST_REST:
		break;
	}
	return rmt_guest_rest(guest);
}

static int
dismiss(struct rmt_guests *guests, struct rmt_guest *guest, bool crowded)
{
	struct peer *peer = (struct peer *)guests;
	struct client *client = (struct client *)guest;
	struct rmt_err why = { 0 };

	if (client->state != GUEST_HANDSHAKE)
		return 0;
	if (crowded)
		rmt_err_set(&why, RMT_NETWORK, NULL,
		    "gave way to newer connections, being the oldest that was not finished");
	else
		rmt_err_set(&why, RMT_NETWORK, NULL,
		    client->wire.received > 0
			? "the handshake was begun and not finished within %u ms"
			: "nothing was said within %u ms",
		    handshake_time(peer));
	return report(peer, client, RMT_PROBE_TIMED_OUT, &why) != 0 ? -1 : 0;
}

static int
welcome(struct rmt_guests *guests, struct rmt_guest *guest)
{
	struct peer *peer = (struct peer *)guests;
	struct client *client = (struct client *)guest;

	if (rmt_probe_wire_open(
		&client->wire, rmt_peer_server_ctx(peer->server), guest->fd, guests->err) < 0)
		return -1;
	SSL_set_accept_state(client->wire.ssl);
	client->wire.events = POLLIN;
	rmt_guest_wait(guest, handshake_time(peer));
	client->began = guest->since;
	guests->closed = ++peer->welcomed == peer->options->most;
	return 0;
}

static const struct rmt_host host = {
	.size = sizeof(struct client),
	.welcome = welcome,
	.step = step,
	.events = events,
	.weight = weight,
	.dismiss = dismiss,
	.clear = clear,
};

int
rmt_peer_run(const struct rmt_peer_options *options, const char *address, uint16_t port,
    int (*listening)(void *arg, const char *address),
    int (*visit)(void *arg, const struct rmt_peer_seen *seen), void *arg, struct rmt_err *err)
{
	struct peer peer = {
		.guests = { .host = &host, .err = err, .lasting = options->lasting, .stop = options->stop },
		.options = options,
		.visit = visit,
		.arg = arg,
	};
	int rc;

	peer.server = rmt_peer_server_new(options, err);
	if (peer.server == NULL)
		return -1;
	rc = rmt_guests_run(&peer.guests, address, port, listening, arg);
	rmt_peer_server_free(peer.server);
	return rc;
}
