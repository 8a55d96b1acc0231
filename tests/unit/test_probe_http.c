/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of probe/: requests of HTTP taken apart, whole and in pieces, and the server under guests who say nothing, half of it, or
 * too much.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/local.h"
#include "unit/test_base.h"

/* ---- one request ---- */

#define END "\r\n\r\n"

static const struct message_row {
	const char *sentence, *bytes;
	int rc;
	unsigned refusal;
	const char *target, *body;
	bool post, keep;
	size_t behind; /* bytes of the next request */
} message_rows[] = {
	{ "GET", "GET /a HTTP/1.1\r\nHost: x" END, 1, 0, "/a", "", false, true, 0 },
	{ "GET of HTTP/1.0", "GET / HTTP/1.0" END, 1, 0, "/", "", false, false, 0 },
	{ "GET of HTTP/1.0 that keeps", "GET / HTTP/1.0\r\nconnection: Keep-Alive" END, 1, 0, "/", "", false, true, 0 },
	{ "GET that closes", "GET / HTTP/1.1\r\nConnection: close" END, 1, 0, "/", "", false, false, 0 },
	{ "lines that end in LF alone", "GET / HTTP/1.1\nHost: x\n\n", 1, 0, "/", "", false, true, 0 },
	{ "empty lines before it", "\r\n\r\nGET / HTTP/1.1" END, 1, 0, "/", "", false, true, 0 },
	{ "POST", "POST /b HTTP/1.1\r\nContent-Length: 3" END "abc", 1, 0, "/b", "abc", true, true, 0 },
	{ "POST of nothing", "POST /b HTTP/1.1\r\nContent-Length: 0" END, 1, 0, "/b", "", true, true, 0 },
	{ "two in one", "POST / HTTP/1.1\r\nContent-Length: 1" END "aGET / HTTP/1.1" END, 1, 0, "/", "a", true, true, 18 },
	{ "the length twice, and the same", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1" END "a", 1, 0, "/", "a", true, true, 0 },
	{ "a body that is not all there", "POST / HTTP/1.1\r\nContent-Length: 3" END "ab", 0, 0, NULL, NULL, false, false, 0 },
	{ "lines that are not all there", "GET / HTTP/1.1\r\nHost", 0, 0, NULL, NULL, false, false, 0 },
	{ "nothing", "", 0, 0, NULL, NULL, false, false, 0 },
	{ "another method", "DELETE / HTTP/1.1" END, -1, 405, NULL, NULL, false, false, 0 },
	{ "a method in small letters", "get / HTTP/1.1" END, -1, 405, NULL, NULL, false, false, 0 },
	{ "no version", "GET /" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "a tab in the target", "GET /a\tb HTTP/1.1" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "HTTP/2", "PRI * HTTP/2.0" END, -1, 505, NULL, NULL, false, false, 0 },
	{ "TLS", "\x16\x03\x01\x02\n", -1, 400, NULL, NULL, false, false, 0 },
	{ "POST without a length", "POST / HTTP/1.1" END, -1, 411, NULL, NULL, false, false, 0 },
	{ "a length that is no number", "POST / HTTP/1.1\r\nContent-Length: -1" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "a length with a sign", "POST / HTTP/1.1\r\nContent-Length: +1" END "a", -1, 400, NULL, NULL, false, false, 0 },
	{ "two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2" END "ab", -1, 400, NULL, NULL, false, false, 0 },
	{ "a length beyond the bound", "POST / HTTP/1.1\r\nContent-Length: 65" END, -1, 413, NULL, NULL, false, false, 0 },
	{ "a length beyond all bounds", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999" END, -1, 413, NULL, NULL, false, false, 0 },
	{ "a body in chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked" END "0" END, -1, 501, NULL, NULL, false, false, 0 },
	{ "both ways to say a length", "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked" END, -1, 501, NULL, NULL, false, false, 0 },
	{ "a line that goes on", "GET / HTTP/1.1\r\nA: b\r\n c" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "a blank before the colon", "GET / HTTP/1.1\r\nContent-Length : 1" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "a line without a colon", "GET / HTTP/1.1\r\nabc" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "a control character", "GET / HTTP/1.1\r\nA: \x01" END, -1, 400, NULL, NULL, false, false, 0 },
	{ "an expectation that is met", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1" END "a", 1, 0, "/", "a", true, true, 0 },
	{ "one that is not", "POST / HTTP/1.1\r\nExpect: the best\r\nContent-Length: 1" END "a", -1, 417, NULL, NULL, false, false, 0 },
};

static void
check_message(void **state)
{
	const struct message_row *row = *state;
	struct rmt_span bytes = rmt_span_text(row->bytes);
	struct rmt_http_message message;

	assert_int_equal(rmt_http_read(bytes, 64, &message), row->rc);
	assert_int_equal(message.refusal, row->refusal);
	if (row->refusal)
		assert_true(*rmt_http_reason(message.refusal) != '\0');
	if (row->rc == 1) {
		assert_true(rmt_span_equal(message.request.target, rmt_span_text(row->target)));
		assert_true(rmt_span_equal(message.request.body, rmt_span_text(row->body)));
		assert_int_equal(message.request.post, row->post);
		assert_int_equal(message.keep, row->keep);
		assert_int_equal(bytes.length - message.length, row->behind);
	}
	/* A beginning of it is never more than that; and bytes to come change no refusal. */
	for (size_t n = 0; row->rc == 1 && n + row->behind < bytes.length; n++)
		assert_int_equal(rmt_http_read(rmt_span_of(bytes.at, n), 64, &message), 0);
}

static void
test_long_head(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_http_message message;

	(void)state;
	rmt_buf_text(&bytes, "GET /");
	while (bytes.length < RMT_HTTP_HEAD_MOST - 1)
		rmt_buf_byte(&bytes, 'a');
	assert_int_equal(rmt_http_read(rmt_buf_view(&bytes), 64, &message), 0);
	rmt_buf_byte(&bytes, 'a');
	assert_int_equal(rmt_http_read(rmt_buf_view(&bytes), 64, &message), -1);
	assert_int_equal(message.refusal, 431);
	rmt_buf_free(&bytes);
}

/* ---- the server ---- */

struct served {
	struct rmt_http_options options;
	pthread_t thread;
	int stop[2];
	uint16_t port;
	pthread_mutex_t lock;
	pthread_cond_t open;
	unsigned requests;
	struct rmt_err err;
	int rc;
};

static int
note_port(void *arg, const char *address)
{
	struct served *served = arg;

	pthread_mutex_lock(&served->lock);
	served->port = (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
	pthread_cond_signal(&served->open);
	pthread_mutex_unlock(&served->lock);
	return 0;
}

/* The body comes back; the path /big gives more than a socket takes at once. */
static int
echo(void *arg, const struct rmt_http_request *request, struct rmt_http_answer *answer)
{
	struct served *served = arg;

	served->requests++;
	answer->status = 200;
	answer->type = "text/plain";
	rmt_buf_text(&answer->headers, "X-From: here\r\n");
	if (rmt_span_equal(request->target, rmt_span_text("/big")))
		for (int i = 0; i < 400000; i++)
			rmt_buf_text(&answer->body, "0123456789");
	else
		rmt_buf_span(&answer->body, request->post ? request->body : request->target);
	return 0;
}

static void *
serve(void *arg)
{
	struct served *served = arg;
	const struct rmt_http_server server = { .listening = note_port, .answer = echo, .arg = served };

	served->rc = rmt_http_run(&served->options, &server, NULL, 0, &served->err);
	return NULL;
}

static void
served_open(struct served *served)
{
	assert_int_equal(pipe(served->stop), 0);
	served->options.stop = served->stop[0];
	pthread_mutex_init(&served->lock, NULL);
	pthread_cond_init(&served->open, NULL);
	assert_int_equal(pthread_create(&served->thread, NULL, serve, served), 0);
	pthread_mutex_lock(&served->lock);
	while (!served->port)
		pthread_cond_wait(&served->open, &served->lock);
	pthread_mutex_unlock(&served->lock);
}

static void
served_close(struct served *served)
{
	assert_int_equal(write(served->stop[1], "", 1), 1);
	pthread_join(served->thread, NULL);
	close(served->stop[0]);
	close(served->stop[1]);
	pthread_mutex_destroy(&served->lock);
	pthread_cond_destroy(&served->open);
	assert_int_equal(served->rc, 0);
}

static int
dial(const struct served *served)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(served->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* All that comes until the server closes or has said `until`. */
static size_t
hear(int fd, const char *until, char *out, size_t size)
{
	size_t length = 0;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		ssize_t got;

		out[length] = '\0';
		if (until && strstr(out, until))
			return length;
		assert_int_equal(poll(&wait, 1, 20000), 1);
		got = recv(fd, out + length, size - length - 1, 0);
		if (got <= 0)
			return length;
		length += (size_t)got;
	}
}

/* It still answers. */
static void
still_serves(const struct served *served)
{
	char text[1024];
	int fd = dial(served);

	say(fd, "POST / HTTP/1.0\r\nContent-Length: 5" END "hello");
	hear(fd, NULL, text, sizeof text);
	assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(text, "X-From: here\r\n"));
	assert_non_null(strstr(text, END "hello"));
	close(fd);
}

static void
test_keeps(void **state)
{
	struct served served = { 0 };
	char text[1024];
	int fd;

	(void)state;
	served_open(&served);
	fd = dial(&served);
	say(fd, "GET /one HTTP/1.1" END "GET /two HTTP/1.1" END);
	hear(fd, "/two", text, sizeof text);
	assert_non_null(strstr(text, END "/one"));
	say(fd, "GET /three HTTP/1.1\r\nConnection: close" END);
	hear(fd, NULL, text, sizeof text);
	assert_non_null(strstr(text, "Connection: close\r\n"));
	assert_non_null(strstr(text, END "/three"));
	close(fd);
	still_serves(&served);
	served_close(&served);
	assert_int_equal(served.requests, 4);
}

static void
test_expects(void **state)
{
	struct served served = { 0 };
	char text[1024];
	int fd;

	(void)state;
	served_open(&served);
	fd = dial(&served);
	say(fd, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close" END);
	hear(fd, "100 Continue" END, text, sizeof text);
	say(fd, "ab");
	hear(fd, NULL, text, sizeof text);
	assert_non_null(strstr(text, "200 OK"));
	assert_non_null(strstr(text, END "ab"));
	close(fd);
	served_close(&served);
}

static void
test_big_answer(void **state)
{
	struct served served = { 0 };
	char *text = malloc(5 << 20);
	int fd;

	(void)state;
	assert_non_null(text);
	served_open(&served);
	fd = dial(&served);
	say(fd, "GET /big HTTP/1.0" END);
	still_serves(&served); /* while the other does not read */
	assert_true(hear(fd, NULL, text, 5 << 20) > 4000000);
	close(fd);
	served_close(&served);
	free(text);
}

/* A client that comes and goes, one that says half, one that says nonsense. */
static void
test_rude_guests(void **state)
{
	struct served served = { .options = { .timeout = 300, .idle = 300 } };
	char text[1024];
	int fds[4];

	(void)state;
	served_open(&served);
	for (int i = 0; i < 20; i++)
		close(dial(&served));
	still_serves(&served);
	fds[0] = dial(&served); /* says nothing */
	fds[1] = dial(&served);
	say(fds[1], "POST / HTTP/1.1\r\nContent-Len");
	fds[2] = dial(&served);
	say(fds[2], "POST / HTTP/1.1\r\nContent-Length: 100" END "half");
	fds[3] = dial(&served);
	say(fds[3], "nonsense" END);
	still_serves(&served);
	hear(fds[3], NULL, text, sizeof text);
	assert_non_null(strstr(text, "HTTP/1.1 400 Bad Request\r\n"));
	for (int i = 0; i < 3; i++) /* their time is over */
		assert_int_equal(hear(fds[i], NULL, text, sizeof text), 0);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	still_serves(&served);
	served_close(&served);
}

/* One byte at a time buys no more time than a request has. */
static void
test_drip(void **state)
{
	struct served served = { .options = { .timeout = 400 } };
	uint64_t began = rmt_clock_ticks();
	int fd;

	(void)state;
	served_open(&served);
	fd = dial(&served);
	say(fd, "GET /");
	while (rmt_clock_ticks() - began < 20000) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		if (poll(&wait, 1, 20) != 0 || send(fd, "a", 1, MSG_NOSIGNAL) < 0)
			break;
	}
	assert_true(rmt_clock_ticks() - began < 15000);
	close(fd);
	still_serves(&served);
	served_close(&served);
}

/* More silent guests than there are places: each newcomer is served, and those who are asking keep their place. */
static void
test_crowd(void **state)
{
	struct served served = { .options = { .connections = 8, .timeout = 20000, .idle = 20000 } };
	char text[1024];
	int fds[40], asking;

	(void)state;
	served_open(&served);
	asking = dial(&served);
	say(asking, "POST / HTTP/1.0\r\nContent-Length: 4" END "ab");
	for (int i = 0; i < 40; i++)
		fds[i] = dial(&served);
	still_serves(&served);
	say(asking, "cd");
	hear(asking, NULL, text, sizeof text);
	assert_non_null(strstr(text, END "abcd"));
	close(asking);
	for (int i = 0; i < 40; i++)
		close(fds[i]);
	served_close(&served);
}

/* ---- where to listen ---- */

static const struct place_row {
	const char *sentence, *text, *address;
	int port; /* -1: refused */
} place_rows[] = {
	{ "a port", "8443", NULL, 8443 },
	{ "an address and a port", "192.0.2.1:0", "192.0.2.1", 0 },
	{ "an address of IPv6 and a port", "[::1]:80", "::1", 80 },
	{ "an address of IPv6 without brackets", "::1:80", NULL, -1 },
	{ "a port beyond the last", "65536", NULL, -1 },
	{ "an address alone", "192.0.2.1", NULL, -1 },
	{ "no address before the colon", ":80", NULL, -1 },
	{ "nothing", "", NULL, -1 },
};

static void
check_place(void **state)
{
	const struct place_row *row = *state;
	struct rmt_err err = { 0 };
	char *address = NULL;
	uint16_t port = 1;

	assert_int_equal(rmt_listen_parse(row->text, &address, &port, &err), row->port < 0 ? -1 : 0);
	assert_int_equal(err.class, row->port < 0 ? RMT_USAGE : RMT_NONE);
	if (row->port >= 0)
		assert_int_equal(port, row->port);
	if (row->address)
		assert_string_equal(address, row->address);
	else
		assert_null(address);
	free(address);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, message_rows, check_message);
	ADD_TABLE(&rows, place_rows, check_place);
	add_row(&rows, "a head that is too long", test_long_head, NULL);
	add_row(&rows, "several requests on one connection", test_keeps, NULL);
	add_row(&rows, "a client that waits to be told to go on", test_expects, NULL);
	add_row(&rows, "an answer larger than a socket takes", test_big_answer, NULL);
	add_row(&rows, "guests that say nothing, half or nonsense", test_rude_guests, NULL);
	add_row(&rows, "a request that drips in", test_drip, NULL);
	add_row(&rows, "more guests than places", test_crowd, NULL);
	return run_rows("http", &rows);
}
