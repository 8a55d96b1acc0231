/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/http.c - a small HTTP server.
 *
 * A guest has so long for a request, from its first byte on, and so long for silence before it; what it
 * still sends after its last answer is thrown away for a moment. When there are too many guests, one that
 * is silent gives way, and only then one that is not. The loop is guests.c's; what is answered is the
 * caller's; what a request is stands in http_message.c.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "probe/local.h"

enum {
	TIMEOUT = 10000, /* milliseconds */
	IDLE = 15000,
	LINGER = 1000,
	BODY_MOST = 64 << 10,
};

enum guest_state { GUEST_SILENT, GUEST_ASKING, GUEST_ANSWERED, GUEST_LEAVING };

struct visitor {
	struct rmt_guest guest;
	enum guest_state state;
	bool keep, told; /* after the answer it may ask again; it was told to go on */
	struct rmt_buf in, out;
	size_t sent;
};

struct http {
	struct rmt_guests guests;
	const struct rmt_http_options *options;
	const struct rmt_http_server *server;
	uint64_t answered;
};

static unsigned
or_else(unsigned value, unsigned usual)
{
	return value != 0 ? value : usual;
}

/* ---- guests ---- */

static void
clear(struct rmt_guest *guest)
{
	struct visitor *visitor = (struct visitor *)guest;

	rmt_buf_free(&visitor->in);
	rmt_buf_free(&visitor->out);
}

static void
enter(const struct http *http, struct visitor *visitor, enum guest_state state)
{
	visitor->state = state;
	rmt_guest_wait(&visitor->guest, state == GUEST_SILENT ? or_else(http->options->idle, IDLE)
					: state == GUEST_LEAVING ? LINGER
								 : or_else(http->options->timeout, TIMEOUT));
}

/* How readily a guest gives way: one that leaves, one that is silent, any other. */
static int
weight(const struct rmt_guest *guest)
{
	enum guest_state state = ((const struct visitor *)guest)->state;

	return state == GUEST_LEAVING ? 0 : state == GUEST_SILENT ? 1 : 2;
}

static short
events(const struct rmt_guest *guest)
{
	return ((const struct visitor *)guest)->out.length > 0 ? POLLOUT : POLLIN;
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
put_answer(struct visitor *visitor, const struct rmt_http_answer *answer)
{
	struct rmt_buf *out = &visitor->out;

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
	rmt_buf_format(out, "Connection: %s\r\n", visitor->keep ? "keep-alive" : "close");
	rmt_buf_span(out, rmt_buf_view(&answer->headers));
	rmt_buf_text(out, "\r\n");
	rmt_buf_span(out, rmt_buf_view(&answer->body));
}

/* Nothing more is said; what comes is thrown away until the client closes, too. */
static void
hush(const struct http *http, struct visitor *visitor)
{
	(void)shutdown(visitor->guest.fd, SHUT_WR);
	enter(http, visitor, GUEST_LEAVING);
}

/* 0 stays, 1 is done with. */
static int
send_out(struct http *http, struct visitor *visitor)
{
	while (visitor->sent < visitor->out.length) {
		ssize_t sent = send(visitor->guest.fd, visitor->out.bytes + visitor->sent,
		    visitor->out.length - visitor->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : 1;
		visitor->sent += (size_t)sent;
	}
	rmt_buf_clear(&visitor->out);
	visitor->sent = 0;
	if (visitor->state != GUEST_ANSWERED)
		return 0; /* it was only told to go on */
	if (!visitor->keep)
		hush(http, visitor);
	else
		enter(http, visitor, visitor->in.length > 0 ? GUEST_ASKING : GUEST_SILENT);
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
answer_request(struct http *http, struct visitor *visitor, struct rmt_http_message *message)
{
	struct rmt_http_answer answer = { .status = 500 };
	int rc;

	message->request.from = visitor->guest.from;
	rc = http->server->answer(http->server->arg, &message->request, &answer);
	if (answer.body.failed || answer.headers.failed) {
		rmt_buf_free(&answer.body);
		rmt_buf_free(&answer.headers);
		answer.status = 500;
	}
	http->guests.closed = ++http->answered == http->options->most;
	visitor->keep = message->keep && !http->guests.closed;
	if (rc == 0)
		put_answer(visitor, &answer);
	rmt_buf_free(&answer.headers);
	rmt_buf_free(&answer.body);
	return rc == 0 ? 0 : -1;
}

/* What has come so far, one request at a time: the next waits until the answer is gone. 0 stays, 1 is done with, -1 the run ends. */
static int
consider(struct http *http, struct visitor *visitor)
{
	size_t most =
	    http->options->body_most != 0 ? http->options->body_most : (size_t)BODY_MOST;
	struct rmt_http_message message;
	int rc;

	while (visitor->state == GUEST_ASKING) {
		rc = rmt_http_read(rmt_buf_view(&visitor->in), most, &message);
		if (rc == 0) {
			if (message.expects && !visitor->told) {
				rmt_buf_text(&visitor->out, "HTTP/1.1 100 Continue\r\n\r\n");
				visitor->told = true;
				return send_out(http, visitor);
			}
			return 0;
		}
		if (rc < 0) {
			const struct rmt_http_answer refusal = { .status = message.refusal };

			visitor->keep = false;
			put_answer(visitor, &refusal);
		} else if (answer_request(http, visitor, &message) < 0) {
			return -1;
		}
		visitor->told = false;
		forget(&visitor->in, rc > 0 ? message.length : visitor->in.length);
		enter(http, visitor, GUEST_ANSWERED);
		if (visitor->out.failed || send_out(http, visitor) > 0)
			return 1;
	}
	return 0;
}

/* All that is there, up to what one request may hold and a little of the next. */
static int
receive(struct http *http, struct visitor *visitor)
{
	size_t most = RMT_HTTP_HEAD_MOST +
		      (http->options->body_most != 0 ? http->options->body_most : (size_t)BODY_MOST);
	char bytes[8 << 10];
	ssize_t got;

	if (visitor->in.length > most) /* the next request waits in the socket */
		return 0;
	got = recv(visitor->guest.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : 1;
	if (got == 0)
		return 1;
	rmt_buf_append(&visitor->in, bytes, (size_t)got);
	if (visitor->in.failed)
		return 1;
	if (visitor->state == GUEST_SILENT)
		enter(http, visitor, GUEST_ASKING);
	return consider(http, visitor);
}

/* ---- the host ---- */

static int
welcome(struct rmt_guests *guests, struct rmt_guest *guest)
{
	enter((struct http *)guests, (struct visitor *)guest, GUEST_SILENT);
	return 0;
}

static int
step(struct rmt_guests *guests, struct rmt_guest *guest)
{
	struct http *http = (struct http *)guests;
	struct visitor *visitor = (struct visitor *)guest;
	int rc;

	if (visitor->state == GUEST_LEAVING)
		return rmt_guest_rest(guest);
	if (visitor->out.length == 0)
		return receive(http, visitor);
	rc = send_out(http, visitor);
	return rc == 0 ? consider(http, visitor) : rc;
}

static unsigned
rest(struct rmt_guests *guests)
{
	const struct http *http = (const struct http *)guests;

	return http->server->rest != NULL ? http->server->rest(http->server->arg) : 0;
}

static const struct rmt_host host = {
	.size = sizeof(struct visitor),
	.welcome = welcome,
	.step = step,
	.events = events,
	.weight = weight,
	.clear = clear,
	.rest = rest,
};

int
rmt_http_run(const struct rmt_http_options *options, const struct rmt_http_server *server,
    const char *address, uint16_t port, struct rmt_err *err)
{
	struct http http = {
		.guests = { .host = &host, .err = err, .most = options->connections,
		    .lasting = options->lasting, .stop = options->stop },
		.options = options,
		.server = server,
	};

	return rmt_guests_run(&http.guests, address, port, server->listening, server->arg);
}
