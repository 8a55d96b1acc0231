/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_general.c - lints of subject alternative names that are no host names: addresses, e-mail, URIs, and what
 * goes for names of any kind.
 *
 * Host names are in lint_dns.c. What is empty or has control characters is told once, by the lints about that.
 */
#include "config.h"

#include <string.h>

#include "audit/local.h"

/* More names than any real certificate has are not compared with one another. */
enum { COMPARED_MOST = 512 };

static bool
is_ia5(const struct rmt_general_name *name)
{
	return name->type == RMT_GN_DNS || name->type == RMT_GN_EMAIL || name->type == RMT_GN_URI;
}

int
rmt_lint_san_critical(struct rmt_check *check)
{
	if (!rmt_lint_ext(check)->critical || rmt_name_empty(check->on->cert->subject))
		return 0;
	return rmt_lint_fault(check, "the subject alternative name is critical beside a subject");
}

static bool
same(const struct rmt_general_name *a, const struct rmt_general_name *b)
{
	if (a->type != b->type || a->value.length != b->value.length || !rmt_span_equal(a->other_oid, b->other_oid))
		return false;
	if (a->type == RMT_GN_DNS)
		return !strncasecmp((const char *)a->value.at, (const char *)b->value.at, a->value.length);
	return rmt_span_equal(a->value, b->value);
}

int
rmt_lint_san_duplicate(struct rmt_check *check)
{
	struct rmt_general_name name, other;
	struct rmt_der cursor, ahead;
	struct rmt_buf text = { 0 };
	int count = 0, rc;

	if (rmt_general_open(rmt_lint_ext(check)->value, &cursor, NULL))
		return 0;
	while (rmt_general_next(&cursor, &name, NULL) > 0 && count++ < COMPARED_MOST)
		for (ahead = cursor; rmt_general_next(&ahead, &other, NULL) > 0;) {
			if (!same(&name, &other))
				continue;
			rmt_general_text(&name, &text);
			rc = rmt_lint_fault(check, "\"%s\" stands there twice", rmt_lint_text(check, rmt_buf_view(&text)));
			rmt_buf_free(&text);
			return rc;
		}
	return 0;
}

int
rmt_lint_name_empty(struct rmt_check *check, const struct rmt_general_name *name)
{
	if (name->value.length || name->type == RMT_GN_IP)
		return 0;
	return rmt_lint_fault(check, "an alternative name of the kind %s is empty", rmt_general_type_name(name->type));
}

int
rmt_lint_name_control(struct rmt_check *check, const struct rmt_general_name *name)
{
	for (size_t i = 0; is_ia5(name) && i < name->value.length; i++)
		if (name->value.at[i] < 0x20 || name->value.at[i] == 0x7f)
			return rmt_lint_fault(check, "\"%s\" has a %s", rmt_lint_text(check, name->value),
			    name->value.at[i] ? "control character" : "NUL");
	return 0;
}

int
rmt_lint_ip_length(struct rmt_check *check, const struct rmt_general_name *name)
{
	if (name->type != RMT_GN_IP || name->value.length == 4 || name->value.length == 16)
		return 0;
	return rmt_lint_fault(check, "an address has %zu octets", name->value.length);
}

/* ---- e-mail --------------------------------------------------------------------------------------------------------------- */

/* What may stand in a local part that is not quoted (RFC 5321, 4.1.2: dot-string). */
static bool
dot_string(struct rmt_span text)
{
	static const char special[] = "!#$%&'*+-/=?^_`{|}~.";

	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = text.at[i];

		if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && (!c || !strchr(special, c)))
			return false;
	}
	return text.length && text.at[0] != '.' && text.at[text.length - 1] != '.' && text.length <= 64;
}

int
rmt_lint_email(struct rmt_check *check, const struct rmt_general_name *name)
{
	struct rmt_span value = name->value, local, host;
	const unsigned char *at;
	bool quoted;

	if (name->type != RMT_GN_EMAIL || !value.length)
		return 0;
	at = memrchr(value.at, '@', value.length);
	if (!at)
		return rmt_lint_fault(check, "\"%s\" is no e-mail address", rmt_lint_text(check, value));
	local = rmt_span_of(value.at, (size_t)(at - value.at));
	host = rmt_span_of(at + 1, value.length - local.length - 1);
	quoted = local.length > 2 && local.at[0] == '"' && local.at[local.length - 1] == '"';
	if ((quoted || dot_string(local)) && host.length && rmt_dns_check(host, false, NULL) == 0)
		return 0;
	return rmt_lint_fault(check, "\"%s\" is no e-mail address", rmt_lint_text(check, value));
}

int
rmt_lint_smtp_utf8(struct rmt_check *check, const struct rmt_general_name *name)
{
	struct rmt_tlv value;
	struct rmt_der der;
	const unsigned char *at;

	if (name->type != RMT_GN_OTHER || !rmt_oid_is(name->other_oid, "smtpUTF8Mailbox"))
		return 0;
	rmt_der_open(&der, name->value, &rmt_notes_ignored);
	if (rmt_der_any(&der, &value, NULL, NULL) || value.tag != RMT_DER_UTF8)
		return rmt_lint_fault(check, "an internationalised e-mail address is no UTF8String");
	at = value.value.length ? memrchr(value.value.at, '@', value.value.length) : NULL;
	for (const unsigned char *p = value.value.at; at && p < at; p++)
		if (*p >= 0x80)
			return 0;
	return rmt_lint_fault(check, "the e-mail address \"%s\" has a local part in ASCII and is to be an rfc822Name",
	    rmt_lint_text(check, value.value));
}

/* ---- URIs ------------------------------------------------------------------------------------------------------------------ */

int
rmt_lint_uri_ia5(struct rmt_check *check, const struct rmt_general_name *name)
{
	for (size_t i = 0; name->type == RMT_GN_URI && i < name->value.length; i++)
		if (name->value.at[i] >= 0x80)
			return rmt_lint_fault(check, "\"%s\" is not ASCII", rmt_lint_text(check, name->value));
	return 0;
}

size_t
rmt_lint_scheme(struct rmt_span uri)
{
	size_t i = 0;

	while (i < uri.length && uri.at[i] && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.", uri.at[i]))
		i++;
	return i && i + 1 < uri.length && uri.at[i] == ':' && (uri.at[0] | 0x20) >= 'a' && (uri.at[0] | 0x20) <= 'z' ? i : 0;
}

int
rmt_lint_uri_relative(struct rmt_check *check, const struct rmt_general_name *name)
{
	if (name->type != RMT_GN_URI || !name->value.length || rmt_lint_scheme(name->value))
		return 0;
	return rmt_lint_fault(check, "\"%s\" is no absolute URI", rmt_lint_text(check, name->value));
}

/* The host of an authority: between user and port, or in brackets. */
static struct rmt_span
host_of(struct rmt_span authority)
{
	const unsigned char *at = authority.length ? memrchr(authority.at, '@', authority.length) : NULL, *end;

	if (at)
		authority = rmt_span_of(at + 1, authority.length - (size_t)(at + 1 - authority.at));
	if (authority.length && authority.at[0] == '[') {
		end = memchr(authority.at, ']', authority.length);
		return end ? rmt_span_of(authority.at + 1, (size_t)(end - authority.at - 1)) : authority;
	}
	end = authority.length ? memchr(authority.at, ':', authority.length) : NULL;
	return end ? rmt_span_of(authority.at, (size_t)(end - authority.at)) : authority;
}

int
rmt_lint_uri_host(struct rmt_check *check, const struct rmt_general_name *name)
{
	size_t scheme = name->type == RMT_GN_URI ? rmt_lint_scheme(name->value) : 0, length = 0;
	const unsigned char *at = name->value.at + scheme + 1;
	size_t rest = scheme ? name->value.length - scheme - 1 : 0;
	unsigned char address[16];
	struct rmt_span host;

	if (rest < 2 || at[0] != '/' || at[1] != '/')
		return 0;
	while (length + 2 < rest && !strchr("/?#", at[2 + length]))
		length++;
	host = host_of(rmt_span_of(at + 2, length));
	if (rmt_audit_address(host, address) || rmt_dns_check(host, true, NULL) == 0)
		return 0;
	return rmt_lint_fault(check, "the host of \"%s\" is neither a name nor an address", rmt_lint_text(check, name->value));
}
