/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/linger.c - the time after the handshake in which a server that asked for a certificate may
 * still refuse ours.
 *
 * Under TLS 1.3 the alert comes after our side has finished; .NET judges after the handshake under
 * any version and then goes away; nginx lets everybody in and answers 400 in HTTP. A server that
 * asked for nothing is let go at once.
 */
#include "config.h"

#include <poll.h>
#include <string.h>

#include <openssl/err.h>

#include "probe/local.h"

enum { PIECE = 4096, HTTPS = 443 };

static uint64_t
soonest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int
end_well(struct rmt_probe_connection *connection)
{
	connection->wire.outcome = RMT_PROBE_DONE;
	return 1;
}

/* ---- HTTP ---- */

static bool
speaks_http(const struct rmt_endpoint *endpoint)
{
	return strcmp(endpoint->dialect->scheme, "https") == 0 ||
	       (strcmp(endpoint->dialect->scheme, "tls") == 0 && endpoint->port == HTTPS);
}

/* What becomes of it shows when the answer is read. */
static void
ask_for_page(struct rmt_probe_connection *connection)
{
	const char *host = connection->endpoint->host;
	bool v6 = strchr(host, ':') != NULL;
	struct rmt_buf request = { 0 };

	rmt_buf_format(&request, "GET / HTTP/1.0\r\nHost: %s%s%s\r\nConnection: close\r\n\r\n",
	    v6 ? "[" : "", host, v6 ? "]" : "");
	if (!request.failed)
		SSL_write(connection->wire.ssl, request.bytes, (int)request.length);
	rmt_buf_free(&request);
}

/* "HTTP/1.1 400 Bad Request" with a page that speaks of certificates. */
static bool
http_refuses(const struct rmt_buf *answer)
{
	const char *text = rmt_buf_string(answer);

	return strncmp(text, "HTTP/1.", 7) == 0 && strncmp(text + 8, " 4", 2) == 0 &&
	       strcasestr(text, "certificate") != NULL;
}

static int
end_by_page(struct rmt_probe_connection *connection)
{
	struct rmt_probe_wire *wire = &connection->wire;
	struct rmt_buf line = { 0 };

	rmt_plain_text(rmt_span_of(connection->answer.bytes,
			   strcspn(rmt_buf_string(&connection->answer), "\r\n")),
	    &line);
	wire->outcome = RMT_PROBE_THEY_REFUSED;
	wire->stage = RMT_STAGE_CLIENT_CERTIFICATE;
	rmt_err_set(&wire->err, RMT_NEGATIVE, NULL, "%s: it answers \"%.100s\"",
	    wire->cert_shown ? "refuses the certificate that it was shown"
			     : "demands a certificate and was shown none",
	    rmt_buf_string(&line));
	rmt_buf_free(&line);
	connection->closed_cleanly = false;
	return 1;
}

/* ---- the last words ---- */

static int
conclude(struct rmt_probe_connection *connection)
{
	return http_refuses(&connection->answer) ? end_by_page(connection) : end_well(connection);
}

/* Why SSL_read() gave nothing: 1 it is over, 0 wait. */
static int
silence(struct rmt_probe_connection *connection, int why)
{
	struct rmt_probe_wire *wire = &connection->wire;
	bool tls13 = SSL_version(wire->ssl) == TLS1_3_VERSION, cut;

	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		connection->events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return 0;
	}
	/* A server that closes before we do, or that resets what it should have read, has no use
	 * for us. */
	cut = connection->spoke_last ? wire->errnum != 0 && tls13 : why != SSL_ERROR_ZERO_RETURN;
	if ((wire->alert >= 0 && !wire->alert_ours) ||
	    (cut && !wire->ticket && connection->answer.length == 0)) {
		rmt_probe_wire_failed(wire, why);
		return 1;
	}
	connection->closed_cleanly = true;
	return conclude(connection);
}

/* Nothing came unasked. */
static int
speak_last(struct rmt_probe_connection *connection, uint64_t now)
{
	connection->spoke_last = true;
	connection->wake = soonest(now + RMT_PROBE_LINGER, connection->deadline);
	if (speaks_http(connection->endpoint))
		ask_for_page(connection);
	else
		SSL_shutdown(connection->wire.ssl);
	return 0;
}

static int
begin(struct rmt_probe_connection *connection, uint64_t now)
{
	const struct rmt_probe_options *options = connection->run->options;
	bool silent = !speaks_http(connection->endpoint);

	if (!connection->wire.cert_request ||
	    (options->rules.client == NULL && options->certificate == NULL)) {
		SSL_shutdown(connection->wire.ssl);
		return end_well(connection);
	}
	connection->stage = RMT_STAGE_CLIENT_CERTIFICATE;
	connection->wake = soonest(now + (silent ? RMT_PROBE_LISTEN : 0), connection->deadline);
	return 0;
}

/* A refusal comes unasked (.NET, TLS 1.3). Where none came in the first moment we say goodbye, or
 * ask for a page where that is what is spoken, and a server that took our certificate answers. */
int
rmt_probe_connection_linger(struct rmt_probe_connection *connection, uint64_t now)
{
	struct rmt_probe_wire *wire = &connection->wire;
	char piece[PIECE];
	int got;

	if (connection->stage != RMT_STAGE_CLIENT_CERTIFICATE && begin(connection, now) == 1)
		return 1;
	ERR_clear_error();
	do {
		got = SSL_read(wire->ssl, piece, sizeof(piece));
		if (got > 0)
			rmt_buf_append(&connection->answer, piece, (size_t)got);
		connection->closed_cleanly = connection->closed_cleanly || got > 0 || wire->ticket;
		if (connection->answer.length > RMT_PROBE_ANSWER_MOST)
			return conclude(connection);
	} while (got > 0);
	if (silence(connection, SSL_get_error(wire->ssl, got)) == 1)
		return 1;
	if (now < connection->wake)
		return 0;
	if (!connection->spoke_last && !(wire->ticket && !speaks_http(connection->endpoint)) &&
	    now < connection->deadline)
		return speak_last(connection, now);
	connection->closed_cleanly =
	    connection->closed_cleanly || SSL_version(wire->ssl) <= TLS1_2_VERSION;
	return conclude(connection);
}
