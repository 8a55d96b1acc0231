/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/peer.c - the lab peer: a TLS server that takes from its clients what a target takes, serves
 * what it serves, says one line to whom it accepted, and reports every connection.
 *
 * One thread, one poll loop. A guest is one connection: its handshake, the reply, and a moment in
 * which what it still sends is thrown away, since closing over unread bytes would take the alert or
 * the reply back. Each of these has a deadline, and when there are too many guests the oldest gives
 * way. What is taken and served is serve.c's and judge.c's.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "probe/local.h"

enum {
	GUESTS_MOST = 1024,
	LINGER = 1000,        /* milliseconds for the reply, and again for the rest */
	REST_MOST = 64 << 10, /* bytes thrown away behind the handshake */
	ACCEPT_PAUSE =
	    50, /* milliseconds without accept() when the system has no descriptor left */
};

enum guest_state { GUEST_HANDSHAKE, GUEST_REPLY, GUEST_REST };

struct guest {
	struct rmt_probe_wire wire;
	enum guest_state state;
	uint64_t began, deadline;
	char from[80];
	struct rmt_buf reply;
	size_t rest;
};

struct peer {
	const struct rmt_peer_options *options;
	struct rmt_peer_server *server;
	int listener;
	struct guest *guests[GUESTS_MOST]; /* in the order of their coming */
	struct pollfd polls[GUESTS_MOST + 2];
	size_t count;
	uint64_t welcomed, ends, pause_until; /* ticks; 0 never */
	bool closed;                          /* nobody is let in any more */
	int (*visit)(void *arg, const struct rmt_peer_seen *seen);
	void *arg;
	struct rmt_err *err;
};

/* ---- guests ---------------------------------------------------------------------------------- */

static void
guest_free(struct guest *guest)
{
	int fd = guest->wire.fd;

	rmt_probe_wire_close(&guest->wire);
	rmt_buf_free(&guest->reply);
	close(fd);
	free(guest);
}

static unsigned
handshake_time(const struct peer *peer)
{
	return peer->options->timeout != 0 ? peer->options->timeout : RMT_PROBE_TIMEOUT;
}

static int
report(struct peer *peer, struct guest *guest, enum rmt_probe_outcome outcome,
    const struct rmt_err *why)
{
	struct rmt_probe_wire *wire = &guest->wire;
	struct rmt_peer_seen seen = { .from = guest->from,
		.outcome = outcome,
		.alert = wire->alert,
		.alert_ours = wire->alert_ours,
		.verify_error = wire->verdict.error,
		.verify_depth = wire->verdict.depth,
		.sni = SSL_get_servername(wire->ssl, TLSEXT_NAMETYPE_host_name),
		.milliseconds = (unsigned)(rmt_clock_ticks() - guest->began) };

	if (rmt_probe_wire_chain(wire, peer->err) < 0)
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
guest_hush(struct guest *guest)
{
	guest->state = GUEST_REST;
	guest->deadline = rmt_clock_ticks() + LINGER;
	guest->wire.events = POLLIN;
	(void)shutdown(guest->wire.fd, SHUT_WR);
}

/* 0 stays, 1 is done with */
static int
step_reply(struct guest *guest)
{
	SSL *ssl = guest->wire.ssl;
	int rc = guest->reply.length > 0
		     ? SSL_write(ssl, guest->reply.bytes, (int)guest->reply.length)
		     : 1;

	if (rc > 0)
		(void)SSL_shutdown(ssl);
	else if (SSL_get_error(ssl, rc) == SSL_ERROR_WANT_WRITE)
		guest->wire.events = POLLOUT;
	else if (SSL_get_error(ssl, rc) == SSL_ERROR_WANT_READ)
		guest->wire.events = POLLIN;
	else
		rc = 1;
	ERR_clear_error();
	if (rc > 0)
		guest_hush(guest);
	return 0;
}

static int
step_rest(struct guest *guest)
{
	char rest[4096];
	ssize_t got;

	while ((got = recv(guest->wire.fd, rest, sizeof(rest), MSG_DONTWAIT)) > 0)
		if ((guest->rest += (size_t)got) > REST_MOST)
			return 1;
	return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : 1;
}

static int
step_handshake(struct peer *peer, struct guest *guest)
{
	struct rmt_probe_wire *wire = &guest->wire;
	int rc = rmt_probe_wire_handshake(wire);

	if (rc == 0)
		return 0;
	if (rc < 0) {
		guest_hush(guest);
		return report(peer, guest, wire->outcome, &wire->err) != 0 ? -1 : 0;
	}
	if (report(peer, guest, RMT_PROBE_DONE, NULL) != 0 ||
	    rmt_peer_reply(peer->options->name, wire, &guest->reply, peer->err) < 0)
		return -1;
	guest->state = GUEST_REPLY;
	guest->deadline = rmt_clock_ticks() + LINGER;
	return step_reply(guest);
}

/* 0 stays, 1 is done with, -1 the whole run ends. */
static int
step(struct peer *peer, struct guest *guest)
{
	switch (guest->state) {
	case GUEST_HANDSHAKE:
		return step_handshake(peer, guest);
	case GUEST_REPLY:
		return step_reply(guest);
	case GUEST_REST:
		break;
	}
	return step_rest(guest);
}

/* Its time is over, or (`crowded`) its place is needed. */
static int
give_up(struct peer *peer, struct guest *guest, bool crowded)
{
	struct rmt_err why = { 0 };
	const struct rmt_probe_wire *wire = &guest->wire;

	if (guest->state != GUEST_HANDSHAKE)
		return 0;
	if (crowded)
		rmt_err_set(&why, RMT_NETWORK, NULL,
		    "gave way to newer connections, being the oldest that was not finished");
	else
		rmt_err_set(&why, RMT_NETWORK, NULL,
		    wire->received > 0 ? "the handshake was begun and not finished within %u ms"
				       : "nothing was said within %u ms",
		    handshake_time(peer));
	return report(peer, guest, RMT_PROBE_TIMED_OUT, &why);
}

static void
remove_at(struct peer *peer, size_t at)
{
	guest_free(peer->guests[at]);
	peer->count--;
	memmove(
	    &peer->guests[at], &peer->guests[at + 1], (peer->count - at) * sizeof(*peer->guests));
}

/* Room for one more: the first guest that has had its answer, else the oldest. */
static int
make_room(struct peer *peer)
{
	size_t at = 0;
	int rc;

	while (at < peer->count && peer->guests[at]->state == GUEST_HANDSHAKE)
		at++;
	if (at == peer->count)
		at = 0;
	rc = give_up(peer, peer->guests[at], true);
	remove_at(peer, at);
	return rc;
}

static int
welcome(struct peer *peer, int fd, const struct sockaddr_storage *address, socklen_t length)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (guest == NULL) {
		close(fd);
		return rmt_err_memory(peer->err);
	}
	rmt_listen_address(address, length, guest->from, sizeof(guest->from));
	if (rmt_listen_flags(fd) < 0 || rmt_probe_wire_open(&guest->wire,
				     rmt_peer_server_ctx(peer->server), fd, peer->err) < 0) {
		close(fd);
		free(guest);
		return peer->err->class != RMT_NONE ? -1 : 0;
	}
	SSL_set_accept_state(guest->wire.ssl);
	guest->wire.events = POLLIN;
	guest->began = rmt_clock_ticks();
	guest->deadline = guest->began + handshake_time(peer);
	peer->guests[peer->count++] = guest;
	return 0;
}

/* Whoever waits at the door, a hundred at a time, so that those inside are not kept waiting. */
static int
let_in(struct peer *peer)
{
	for (int n = 0; n < 100 && !peer->closed; n++) {
		struct sockaddr_storage address = { 0 };
		socklen_t length = sizeof(address);
		int fd = accept(peer->listener, (struct sockaddr *)&address, &length);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			    errno == ENOMEM)
				peer->pause_until = rmt_clock_ticks() + ACCEPT_PAUSE;
			return errno == EMFILE && peer->count > 0 ? make_room(peer) : 0;
		}
		if (peer->count == GUESTS_MOST && make_room(peer) != 0) {
			close(fd);
			return -1;
		}
		if (welcome(peer, fd, &address, length) < 0)
			return -1;
		peer->closed = ++peer->welcomed == peer->options->most;
	}
	return 0;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Milliseconds until something is due; -1 nothing is. */
static int
patience(const struct peer *peer)
{
	uint64_t now = rmt_clock_ticks(), due = peer->ends;

	for (size_t i = 0; i < peer->count; i++)
		if (due == 0 || peer->guests[i]->deadline < due)
			due = peer->guests[i]->deadline;
	if (peer->pause_until > now && (due == 0 || peer->pause_until < due))
		due = peer->pause_until;
	if (due == 0)
		return -1;
	if (due <= now)
		return 0;
	return due - now < 60000 ? (int)(due - now) + 1 : 60000;
}

/* The guests as they stood when poll() was called; who came since waits for the next round. */
static int
serve_guests(struct peer *peer, const struct pollfd *polls, size_t count)
{
	uint64_t now = rmt_clock_ticks();
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		struct guest *guest = peer->guests[at];
		int rc = polls[i].revents != 0 ? step(peer, guest) : 0;

		if (rc == 0 && guest->deadline <= now)
			rc = give_up(peer, guest, false) == 0 ? 1 : -1;
		if (rc < 0)
			return -1;
		if (rc > 0)
			remove_at(peer, at);
		else
			at++;
	}
	return 0;
}

/* One round: 0 go on, 1 the end, -1 a failure. */
static int
turn(struct peer *peer)
{
	bool door = !peer->closed && peer->pause_until <= rmt_clock_ticks();
	size_t guests = peer->count;
	int ready;

	peer->polls[0] = (struct pollfd){ .fd = peer->options->stop, .events = POLLIN };
	peer->polls[1] = (struct pollfd){ .fd = door ? peer->listener : -1, .events = POLLIN };
	for (size_t i = 0; i < guests; i++)
		peer->polls[i + 2] = (struct pollfd){ .fd = peer->guests[i]->wire.fd,
			.events = peer->guests[i]->wire.events };
	ready = poll(peer->polls, (nfds_t)guests + 2, patience(peer));
	if (ready < 0)
		return errno == EINTR ? 0 : rmt_err_errno(peer->err, RMT_INTERNAL, NULL, "wait");
	if (peer->polls[0].revents != 0 || (peer->ends != 0 && peer->ends <= rmt_clock_ticks()))
		return 1;
	if (serve_guests(peer, peer->polls + 2, guests) < 0)
		return -1;
	if (peer->polls[1].revents != 0 && let_in(peer) != 0)
		return -1;
	return peer->closed && peer->count == 0 ? 1 : 0;
}

int
rmt_peer_run(const struct rmt_peer_options *options, const char *address, uint16_t port,
    int (*listening)(void *arg, const char *address),
    int (*visit)(void *arg, const struct rmt_peer_seen *seen), void *arg, struct rmt_err *err)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int rc = -1;

	if (peer == NULL)
		return rmt_err_memory(err);
	peer->options = options;
	peer->listener = -1;
	peer->visit = visit;
	peer->arg = arg;
	peer->err = err;
	peer->server = rmt_peer_server_new(options, err);
	if (peer->server == NULL || (peer->listener = rmt_listen_open(address, port, err)) < 0)
		goto out;
	if (options->lasting != 0)
		peer->ends = rmt_clock_ticks() + options->lasting;
	rc = rmt_listen_tell(peer->listener, listening, arg) != 0 ? -1 : 0;
	while (rc == 0)
		rc = turn(peer);
	rc = rc > 0 ? 0 : rc;
out:
	while (peer->count > 0)
		remove_at(peer, peer->count - 1);
	if (peer->listener >= 0)
		close(peer->listener);
	rmt_peer_server_free(peer->server);
	free(peer);
	return rc;
}
