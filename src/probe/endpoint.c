/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/endpoint.c - text into an endpoint: "host:port", "[2001:db8::1]:443",
 * "smtp://mx.example.com".
 *
 * An endpoint stands where a file name may stand too, so what does not look like one is left alone
 * without a complaint; whether a file of that name exists is not asked here. Nothing is looked up.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "probe/probe.h"

enum { HOST_MOST = 253, LABEL_MOST = 63, ZONE_MOST = 15 };

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* ---- hosts ---- */

/* A name as DNS and hosts files have it: labels of letters, digits, hyphens and (in practice)
 * underscores. */
static bool
is_name(struct rmt_span text)
{
	size_t label = 0;

	if (text.length > 0 && text.at[text.length - 1] == '.')
		text.length--;
	if (text.length == 0 || text.length > HOST_MOST)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		char c = (char)text.at[i];

		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MOST || !(is_alnum(c) || c == '-' || c == '_' || c == '.'))
			return false;
		if ((c == '.' || c == '-') && (i == 0 || (c == '.' && text.at[i - 1] == '.')))
			return false;
	}
	return true;
}

/* An IPv6 literal, with a zone ("fe80::1%eth0") or without. */
static bool
is_ipv6(struct rmt_span text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	size_t length = 0;

	while (length < text.length && text.at[length] != '%')
		length++;
	if (length == 0 || length >= sizeof(address))
		return false;
	if (length < text.length && text.length - length - 1 > ZONE_MOST)
		return false;
	for (size_t i = length + 1; i < text.length; i++)
		if (!is_alnum((char)text.at[i]) && strchr("._-", text.at[i]) == NULL)
			return false;
	memcpy(address, text.at, length);
	address[length] = '\0';
	return text.length != length + 1 && inet_pton(AF_INET6, address, &parsed) == 1;
}

/* Digits and dots that no resolver should see: "1.2.3" is no name. */
static bool
is_bad_ipv4(struct rmt_span text)
{
	char address[INET_ADDRSTRLEN] = { 0 };
	struct in_addr parsed;

	for (size_t i = 0; i < text.length; i++)
		if ((text.at[i] < '0' || text.at[i] > '9') && text.at[i] != '.')
			return false;
	if (text.length >= sizeof(address))
		return true;
	memcpy(address, text.at, text.length);
	return inet_pton(AF_INET, address, &parsed) != 1;
}

/* ---- ports ---- */

/* The decimal number that is all of `text`: 1 a port, 0 no number at all, -1 a number that is no
 * port. */
static int
read_port(struct rmt_span text, uint16_t *port)
{
	unsigned long value = 0;

	if (text.length == 0)
		return 0;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return 0;
		if (value <= 65535)
			value = value * 10 + (unsigned long)(text.at[i] - '0');
	}
	if (value == 0 || value > 65535)
		return -1;
	*port = (uint16_t)value;
	return 1;
}

static int
bad_port(const char *text, struct rmt_err *err)
{
	return rmt_err_set(
	    err, RMT_USAGE, NULL, "the port of \"%.100s\" is not between 1 and 65535", text);
}

/* ---- schemes ---- */

static int
unknown_scheme(const char *text, size_t length, struct rmt_err *err)
{
	const char *names[64], *nearest;
	char scheme[32] = { 0 };
	size_t count;
	const struct rmt_dialect *dialects = rmt_dialects(&count);

	for (size_t i = 0; i < count && i < 63; i++)
		names[i] = dialects[i].scheme;
	names[count < 63 ? count : 63] = NULL;
	if (length < sizeof(scheme))
		memcpy(scheme, text, length);
	nearest = scheme[0] != '\0' ? rmt_nearest(scheme, names) : NULL;
	if (nearest != NULL)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%s://\" is no way to a TLS server; did you mean \"%s://\"?", scheme,
		    nearest);
	return rmt_err_set(err, RMT_USAGE, NULL,
	    "\"%.*s://\" is no way to a TLS server (tls://host:port is the plain one)",
	    (int)(length < 40 ? length : 40), text);
}

static const struct rmt_dialect *
find_dialect(const char *scheme, size_t length)
{
	size_t count;
	const struct rmt_dialect *dialects = rmt_dialects(&count);

	for (size_t i = 0; i < count; i++)
		if (strlen(dialects[i].scheme) == length &&
		    strncasecmp(dialects[i].scheme, scheme, length) == 0)
			return &dialects[i];
	return NULL;
}

/* The length of "scheme" before "://", 0 when there is none. */
static size_t
scheme_length(const char *text)
{
	size_t length = 0;

	while (is_alnum(text[length]) ||
	       (length > 0 && text[length] != '\0' && strchr("+-.", text[length]) != NULL))
		length++;
	return strncmp(text + length, "://", 3) == 0 ? length : 0;
}

/* ---- the two forms ---- */

/* What stands between the scheme and the path, taken apart. */
struct parts {
	struct rmt_span host, port;
	bool bracketed, has_port;
};

/* 1 taken apart, 0 the brackets or colons do not fit. */
static int
take_apart(const char *text, size_t length, struct parts *out)
{
	const char *end = text + length, *close, *colon;

	*out = (struct parts){ .bracketed = length > 0 && *text == '[' };
	if (out->bracketed) {
		close = memchr(text, ']', length);
		if (close == NULL || (close + 1 < end && close[1] != ':'))
			return 0;
		out->host = rmt_span_of(text + 1, (size_t)(close - text - 1));
		colon = close + 1 < end ? close + 1 : NULL;
	} else {
		colon = memchr(text, ':', length);
		if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
			return 0;
		out->host = rmt_span_of(text, colon != NULL ? (size_t)(colon - text) : length);
	}
	out->has_port = colon != NULL;
	if (colon != NULL)
		out->port = rmt_span_of(colon + 1, (size_t)(end - colon - 1));
	return 1;
}

static int
fill(struct rmt_endpoint *out, const char *text, struct rmt_span host, uint16_t port,
    const struct rmt_dialect *dialect, struct rmt_err *err)
{
	size_t length = host.length;

	if (host.at[length - 1] ==
	    '.') /* the root of a full name is not part of what certificates say */
		length--;
	*out = (struct rmt_endpoint){ .port = port, .dialect = dialect };
	out->text = rmt_strdup(text, err);
	out->host = rmt_strndup((const char *)host.at, length, err);
	if (out->text != NULL && out->host != NULL)
		return 1;
	rmt_endpoint_clear(out);
	return -1;
}

/* Behind "scheme://": every fault is one to be told. */
static int
parse_url(const char *text, size_t scheme, struct rmt_endpoint *out, struct rmt_err *err)
{
	const struct rmt_dialect *dialect = find_dialect(text, scheme);
	const char *authority = text + scheme + 3;
	size_t length = strcspn(authority, "/?#");
	struct parts parts;
	uint16_t port = dialect != NULL ? dialect->port : 0;

	if (dialect == NULL)
		return unknown_scheme(text, scheme, err);
	if (memchr(authority, '@', length) != NULL)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.100s\" names a user: an endpoint is a host and a port", text);
	if (take_apart(authority, length, &parts) == 0)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.100s\" is not %s://host:port (an IPv6 address stands in brackets)", text,
		    dialect->scheme);
	if (parts.bracketed ? !is_ipv6(parts.host)
			    : !is_name(parts.host) || is_bad_ipv4(parts.host))
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.100s\" has no valid host (international names are written as xn--...)",
		    text);
	if (parts.has_port && read_port(parts.port, &port) != 1)
		return bad_port(text, err);
	if (port == 0)
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%.100s\" needs a port: %s://host:port",
		    text, dialect->scheme);
	return fill(out, text, parts.host, port, dialect, err);
}

/* "host:port" and "[address]:port". A drive ("C:1") and a selector of ours ("serial:0123") have the
 * same form. */
static int
parse_plain(const char *text, struct rmt_endpoint *out, struct rmt_err *err)
{
	struct rmt_span all = rmt_span_text(text);
	struct parts parts;
	uint16_t port = 0;
	int valid;

	if (is_ipv6(all) && strchr(text, ':') != NULL)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "an IPv6 address stands in brackets before its port: [%.60s]:443", text);
	if (take_apart(text, all.length, &parts) == 0)
		return 0;
	if (parts.bracketed ? !is_ipv6(parts.host) : !parts.has_port || !is_name(parts.host))
		return 0;
	if (!parts.bracketed && (parts.host.length < 2 || strncmp(text, "serial:", 7) == 0))
		return 0;
	if (!parts.has_port)
		return rmt_err_set(
		    err, RMT_USAGE, NULL, "\"%.100s\" needs a port: %.60s:443", text, text);
	valid = read_port(parts.port, &port);
	if (valid <= 0)
		return valid < 0 ? bad_port(text, err) : 0;
	if (!parts.bracketed && is_bad_ipv4(parts.host))
		return rmt_err_set(
		    err, RMT_USAGE, NULL, "\"%.100s\" has no valid IPv4 address", text);
	return fill(out, text, parts.host, port, find_dialect("tls", 3), err);
}

int
rmt_endpoint_parse(const char *text, struct rmt_endpoint *out, struct rmt_err *err)
{
	size_t scheme = scheme_length(text);

	*out = (struct rmt_endpoint){ 0 };
	return scheme > 0 ? parse_url(text, scheme, out, err) : parse_plain(text, out, err);
}

void
rmt_endpoint_clear(struct rmt_endpoint *endpoint)
{
	free(endpoint->text);
	free(endpoint->host);
	*endpoint = (struct rmt_endpoint){ 0 };
}
