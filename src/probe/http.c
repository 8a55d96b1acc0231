/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/http.c - a small HTTP server: one thread, one poll loop, many connections.
 *
 * A guest is one connection. It has so long for a request, from its first byte on, and so long for
 * silence before it; what it still sends after its last answer is thrown away for a moment, since
 * closing over unread bytes would take the answer back. When there are too many guests, one that is
 * silent gives way, and only then one that is not. What is answered is the caller's; what a request
 * is stands in http_message.c.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/local.h"

enum {
	CONNECTIONS = 1024,
	TIMEOUT = 10000, /* milliseconds */
	IDLE = 15000,
	LINGER = 1000,
	BODY_MOST = 64 << 10,
	REST_MOST = 256 << 10, /* bytes thrown away behind the last answer */
	ACCEPT_PAUSE = 50,     /* when the system has no descriptor left */
};

enum guest_state { GUEST_SILENT, GUEST_ASKING, GUEST_ANSWERED, GUEST_LEAVING };

struct guest {
	int fd;
	enum guest_state state;
	uint64_t since, deadline; /* of its state */
	bool keep, told; /* after the answer it may ask again; it was told to go on */
	struct rmt_buf in, out;
	size_t sent, rest;
	char from[80];
};

struct http {
	const struct rmt_http_options *options;
	const struct rmt_http_server *server;
	int listener;
	struct guest **guests; /* in the order of their coming */
	struct pollfd *polls;
	size_t count, most;
	uint64_t answered, ends, pause_until, rest_at; /* ticks; 0 never */
	bool over; /* the last request was answered */
	struct rmt_err *err;
};

static unsigned
or_else(unsigned value, unsigned usual)
{
	return value != 0 ? value : usual;
}

/* ---- guests ---- */

static void
guest_free(struct guest *guest)
{
	close(guest->fd);
	rmt_buf_free(&guest->in);
	rmt_buf_free(&guest->out);
	free(guest);
}

static void
enter(const struct http *http, struct guest *guest, enum guest_state state)
{
	unsigned timeout = or_else(http->options->timeout, TIMEOUT);

	guest->state = state;
	guest->since = rmt_clock_ticks();
	guest->deadline = guest->since + (state == GUEST_SILENT ? or_else(http->options->idle, IDLE)
					  : state == GUEST_LEAVING ? LINGER
								   : timeout);
}

static void
remove_at(struct http *http, size_t at)
{
	guest_free(http->guests[at]);
	http->count--;
	memmove(
	    &http->guests[at], &http->guests[at + 1], (http->count - at) * sizeof(*http->guests));
}

/* How readily a guest gives way: one that leaves, one that is silent, any other. */
static int
weight(const struct guest *guest)
{
	return guest->state == GUEST_LEAVING ? 0 : guest->state == GUEST_SILENT ? 1 : 2;
}

/* Room for one more: of those that give way most readily, the one that has been so for longest. */
static void
make_room(struct http *http)
{
	size_t chosen = 0;

	for (size_t i = 1; i < http->count; i++) {
		const struct guest *one = http->guests[i], *best = http->guests[chosen];
		int difference = weight(one) - weight(best);

		if (difference < 0 || (difference == 0 && one->since < best->since))
			chosen = i;
	}
	remove_at(http, chosen);
}

/* ---- what is sent ---- */

void
rmt_http_date(rmt_time time, struct rmt_buf *out)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	int civil[6];

	time = time > 0 ? time : 0;
	rmt_time_to_civil(time, civil);
	rmt_buf_format(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[time / RMT_DAY % 7], civil[2], months[civil[1] - 1], civil[0], civil[3], civil[4],
	    civil[5]);
}

static void
put_answer(struct guest *guest, const struct rmt_http_answer *answer)
{
	struct rmt_buf *out = &guest->out;

	rmt_buf_format(
	    out, "HTTP/1.1 %u %s\r\n", answer->status, rmt_http_reason(answer->status));
	rmt_buf_text(out, "Date: ");
	rmt_http_date(rmt_clock_now(), out);
	rmt_buf_text(out, "\r\n");
	if (answer->type != NULL)
		rmt_buf_format(out, "Content-Type: %s\r\n", answer->type);
	rmt_buf_format(out, "Content-Length: %zu\r\n", answer->body.length);
	if (answer->status == 405)
		rmt_buf_text(out, "Allow: GET, POST\r\n");
	rmt_buf_format(out, "Connection: %s\r\n", guest->keep ? "keep-alive" : "close");
	rmt_buf_span(out, rmt_buf_view(&answer->headers));
	rmt_buf_text(out, "\r\n");
	rmt_buf_span(out, rmt_buf_view(&answer->body));
}

/* Nothing more is said; what comes is thrown away until the client closes, too. */
static void
hush(const struct http *http, struct guest *guest)
{
	(void)shutdown(guest->fd, SHUT_WR);
	enter(http, guest, GUEST_LEAVING);
}

/* 0 stays, 1 is done with. */
static int
send_out(struct http *http, struct guest *guest)
{
	while (guest->sent < guest->out.length) {
		ssize_t sent = send(guest->fd, guest->out.bytes + guest->sent,
		    guest->out.length - guest->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : 1;
		guest->sent += (size_t)sent;
	}
	rmt_buf_clear(&guest->out);
	guest->sent = 0;
	if (guest->state != GUEST_ANSWERED)
		return 0; /* it was only told to go on */
	if (!guest->keep)
		hush(http, guest);
	else
		enter(http, guest, guest->in.length > 0 ? GUEST_ASKING : GUEST_SILENT);
	return 0;
}

/* ---- what is asked ---- */

static void
forget(struct rmt_buf *in, size_t length)
{
	memmove(in->bytes, in->bytes + length, in->length - length);
	in->length -= length;
}

static int
answer_request(struct http *http, struct guest *guest, struct rmt_http_message *message)
{
	struct rmt_http_answer answer = { .status = 500 };
	int rc;

	message->request.from = guest->from;
	rc = http->server->answer(http->server->arg, &message->request, &answer);
	if (answer.body.failed || answer.headers.failed) {
		rmt_buf_free(&answer.body);
		rmt_buf_free(&answer.headers);
		answer.status = 500;
	}
	http->over = ++http->answered == http->options->most;
	guest->keep = message->keep && !http->over;
	if (rc == 0)
		put_answer(guest, &answer);
	rmt_buf_free(&answer.headers);
	rmt_buf_free(&answer.body);
	return rc == 0 ? 0 : -1;
}

/* What has come so far, one request at a time: the next waits until the answer is gone. 0 stays, 1 is done with, -1 the run ends. */
static int
consider(struct http *http, struct guest *guest)
{
	size_t most =
	    http->options->body_most != 0 ? http->options->body_most : (size_t)BODY_MOST;
	struct rmt_http_message message;
	int rc;

	while (guest->state == GUEST_ASKING) {
		rc = rmt_http_read(rmt_buf_view(&guest->in), most, &message);
		if (rc == 0) {
			if (message.expects && !guest->told) {
				rmt_buf_text(&guest->out, "HTTP/1.1 100 Continue\r\n\r\n");
				guest->told = true;
				return send_out(http, guest);
			}
			return 0;
		}
		if (rc < 0) {
			const struct rmt_http_answer refusal = { .status = message.refusal };

			guest->keep = false;
			put_answer(guest, &refusal);
		} else if (answer_request(http, guest, &message) < 0) {
			return -1;
		}
		guest->told = false;
		forget(&guest->in, rc > 0 ? message.length : guest->in.length);
		enter(http, guest, GUEST_ANSWERED);
		if (guest->out.failed || send_out(http, guest) > 0)
			return 1;
	}
	return 0;
}

/* All that is there, up to what one request may hold and a little of the next. */
static int
receive(struct http *http, struct guest *guest)
{
	size_t most = RMT_HTTP_HEAD_MOST +
		      (http->options->body_most != 0 ? http->options->body_most : (size_t)BODY_MOST);
	char bytes[8 << 10];
	ssize_t got;

	if (guest->in.length > most) /* the next request waits in the socket */
		return 0;
	got = recv(guest->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : 1;
	if (got == 0)
		return 1;
	rmt_buf_append(&guest->in, bytes, (size_t)got);
	if (guest->in.failed)
		return 1;
	if (guest->state == GUEST_SILENT)
		enter(http, guest, GUEST_ASKING);
	return consider(http, guest);
}

static int
throw_away(struct guest *guest)
{
	char bytes[4096];
	ssize_t got;

	while ((got = recv(guest->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		if ((guest->rest += (size_t)got) > REST_MOST)
			return 1;
	return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : 1;
}

/* 0 stays, 1 is done with, -1 the whole run ends. */
static int
step(struct http *http, struct guest *guest)
{
	int rc;

	if (guest->state == GUEST_LEAVING)
		return throw_away(guest);
	if (guest->out.length == 0)
		return receive(http, guest);
	rc = send_out(http, guest);
	return rc == 0 ? consider(http, guest) : rc;
}

/* ---- the door ---- */

static int
welcome(struct http *http, int fd, const struct sockaddr_storage *address, socklen_t length)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (guest == NULL || rmt_listen_flags(fd) < 0) {
		free(guest);
		close(fd);
		return 0; /* one client less, and no reason to end */
	}
	guest->fd = fd;
	rmt_listen_address(address, length, guest->from, sizeof(guest->from));
	enter(http, guest, GUEST_SILENT);
	http->guests[http->count++] = guest;
	return receive(http, guest);
}

/* Whoever waits at the door, a hundred at a time, so that those inside are not kept waiting. */
static int
let_in(struct http *http)
{
	for (int n = 0; n < 100 && !http->over; n++) {
		struct sockaddr_storage address = { 0 };
		socklen_t length = sizeof(address);
		int fd = accept(http->listener, (struct sockaddr *)&address, &length), rc;

		if (fd < 0) {
			bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
				    errno == ENOMEM;

			if (full && http->count > 0)
				make_room(http);
			else if (full)
				http->pause_until = rmt_clock_ticks() + ACCEPT_PAUSE;
			return 0;
		}
		if (http->count == http->most)
			make_room(http);
		rc = welcome(http, fd, &address, length);
		if (rc < 0)
			return -1;
		if (rc > 0)
			remove_at(http, http->count - 1);
	}
	return 0;
}

/* ---- the loop ---- */

static void
sooner(uint64_t *due, uint64_t when)
{
	if (when != 0 && (*due == 0 || when < *due))
		*due = when;
}

/* Milliseconds until something is due; -1 nothing is. */
static int
patience(const struct http *http)
{
	uint64_t now = rmt_clock_ticks(), due = http->ends;

	for (size_t i = 0; i < http->count; i++)
		sooner(&due, http->guests[i]->deadline);
	sooner(&due, http->rest_at);
	if (http->pause_until > now)
		sooner(&due, http->pause_until);
	if (due == 0)
		return -1;
	if (due <= now)
		return 0;
	return due - now < 60000 ? (int)(due - now) + 1 : 60000;
}

/* The guests as they stood when poll() was called; who came since waits for the next round. */
static int
serve_guests(struct http *http, const struct pollfd *polls, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		struct guest *guest = http->guests[at];
		int rc = polls[i].revents != 0 ? step(http, guest) : 0;

		if (rc < 0)
			return -1;
		if (rc > 0 || guest->deadline <= rmt_clock_ticks())
			remove_at(http, at);
		else
			at++;
	}
	return 0;
}

static void
rest(struct http *http)
{
	unsigned wanted = http->server->rest != NULL ? http->server->rest(http->server->arg) : 0;

	http->rest_at = wanted != 0 ? rmt_clock_ticks() + wanted : 0;
}

/* One round: 0 go on, 1 the end, -1 a failure. */
static int
turn(struct http *http)
{
	bool door = !http->over && http->pause_until <= rmt_clock_ticks();
	size_t guests = http->count;
	int ready;

	http->polls[0] = (struct pollfd){ .fd = http->options->stop, .events = POLLIN };
	http->polls[1] = (struct pollfd){ .fd = door ? http->listener : -1, .events = POLLIN };
	for (size_t i = 0; i < guests; i++)
		http->polls[i + 2] = (struct pollfd){ .fd = http->guests[i]->fd,
			.events = http->guests[i]->out.length > 0 ? POLLOUT : POLLIN };
	ready = poll(http->polls, (nfds_t)guests + 2, patience(http));
	if (ready < 0)
		return errno == EINTR ? 0 : rmt_err_errno(http->err, RMT_INTERNAL, NULL, "wait");
	if (http->polls[0].revents != 0 || (http->ends != 0 && http->ends <= rmt_clock_ticks()))
		return 1;
	if (serve_guests(http, http->polls + 2, guests) < 0)
		return -1;
	if (http->polls[1].revents != 0 && let_in(http) < 0)
		return -1;
	rest(http);
	return http->over && http->count == 0 ? 1 : 0;
}

static int
prepare(struct http *http, const char *address, uint16_t port)
{
	http->most = http->options->connections != 0 ? http->options->connections
						     : (size_t)CONNECTIONS;
	http->guests = calloc(http->most, sizeof(*http->guests));
	http->polls = calloc(http->most + 2, sizeof(*http->polls));
	if (http->guests == NULL || http->polls == NULL)
		return rmt_err_memory(http->err);
	http->listener = rmt_listen_open(address, port, http->err);
	if (http->listener < 0)
		return -1;
	if (http->options->lasting != 0)
		http->ends = rmt_clock_ticks() + http->options->lasting;
	return rmt_listen_tell(http->listener, http->server->listening, http->server->arg) != 0 ? -1
												 : 0;
}

int
rmt_http_run(const struct rmt_http_options *options, const struct rmt_http_server *server,
    const char *address, uint16_t port, struct rmt_err *err)
{
	struct http http = {
		.options = options, .server = server, .listener = -1, .err = err
	};
	int rc = prepare(&http, address, port);

	while (rc == 0)
		rc = turn(&http);
	while (http.count > 0)
		remove_at(&http, http.count - 1);
	if (http.listener >= 0)
		close(http.listener);
	free(http.guests);
	free(http.polls);
	return rc > 0 ? 0 : rc;
}
