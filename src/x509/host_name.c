/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_name.c - the syntax of a host name in a certificate, and whether a pattern covers a host.
 *
 * No name is ever looked up.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "x509/local.h"

static bool
digits_only(const unsigned char *p, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return length > 0;
}

static int
label_check(const unsigned char *label, size_t length, struct rmt_err *err)
{
	if (length == 0)
		return rmt_err_set(err, RMT_USAGE, NULL, "a host name has an empty label");
	if (length > 63)
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 1035, 2.3.4",
		    "a label of a host name is longer than 63 characters");
	for (size_t i = 0; i < length; i++) {
		unsigned char c = label[i];

		if (c >= 0x80)
			return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 5280, 7.2",
			    "a host name outside ASCII must be given as an A-label (xn--...)");
		if (!digits_only(&c, 1) && c != '-' && ((c | 0x20) < 'a' || (c | 0x20) > 'z'))
			return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 1123, 2.1",
			    "a host name may hold letters, digits, hyphens and dots only");
	}
	if (label[0] == '-' || label[length - 1] == '-')
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 1123, 2.1",
		    "a label of a host name begins or ends with a hyphen");
	return 0;
}

int
rmt_dns_check(struct rmt_span name, bool wildcard_ok, struct rmt_err *err)
{
	const unsigned char *p = name.at, *end, *dot;

	if (name.length == 0) /* and perhaps no bytes to point behind */
		return rmt_err_set(err, RMT_USAGE, NULL, "a host name is empty");
	end = p + name.length;
	if (name.length > 253)
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 1035, 2.3.4",
		    "a host name is longer than 253 characters");
	if (wildcard_ok && name.length > 2 && p[0] == '*' && p[1] == '.')
		p += 2;
	else if (memchr(p, '*', name.length) != NULL)
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 6125, 6.4.3",
		    wildcard_ok ? "a wildcard must be the whole first label of a host name"
				: "a wildcard is not allowed here");
	for (;; p = dot + 1) {
		dot = memchr(p, '.', (size_t)(end - p));
		if (label_check(p, (size_t)((dot == NULL ? end : dot) - p), err) < 0)
			return -1;
		if (dot == NULL)
			break;
	}
	if (digits_only(p, (size_t)(end - p)))
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 3696, 2",
		    "the last label of a host name is a number; an address is written with ip:");
	return 0;
}

static bool
equal_ignoring_case(struct rmt_span a, struct rmt_span b)
{
	return a.length == b.length &&
	       (a.length == 0 ||
		   strncasecmp((const char *)a.at, (const char *)b.at, a.length) == 0) &&
	       memchr(a.at, '\0', a.length) == NULL;
}

/* As verifiers do: the star stands for one whole label, and at least two labels must follow it. */
bool
rmt_dns_match(struct rmt_span pattern, struct rmt_span host)
{
	const unsigned char *dot;

	if (host.length > 1 && host.at[host.length - 1] == '.')
		host.length--;
	if (pattern.length == 0 || host.length == 0)
		return false;
	if (pattern.length < 3 || pattern.at[0] != '*' || pattern.at[1] != '.')
		return equal_ignoring_case(pattern, host);
	dot = memchr(host.at, '.', host.length);
	if (dot == NULL || dot == host.at ||
	    memchr(pattern.at + 2, '.', pattern.length - 2) == NULL)
		return false;
	return equal_ignoring_case(rmt_span_of(pattern.at + 1, pattern.length - 1),
	    rmt_span_of(dot, (size_t)(host.at + host.length - dot)));
}
