/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/constraints.c - name constraints (RFC 5280, 4.2.1.10): writing those of a CA template, and holding a draft's
 * subject and names against those of every issuer above.
 *
 * A form that is constrained above and cannot be compared here (otherName, x400Address, ...) is refused, never passed.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "issue/local.h"

static const char citation[] = "RFC 5280, 4.2.1.10";

/* ---- writing ---- */

/* "10.0.0.0/8" as address and mask. */
static int
write_network(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	const char *slash = strchr(text, '/');
	unsigned char bytes[32];
	char address[64];
	uint64_t prefix;
	size_t half;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		goto wrong;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	half = strchr(address, ':') ? 16 : 4;
	if (inet_pton(half == 16 ? AF_INET6 : AF_INET, address, bytes) != 1 ||
	    rmt_quantity_count(slash + 1, 0, half * 8, &prefix, NULL))
		goto wrong;
	for (size_t i = 0; i < half; i++) {
		unsigned bits = prefix > 8 * i ? (unsigned)(prefix - 8 * i) : 0;

		bytes[half + i] = bits >= 8 ? 0xff : (unsigned char)(0xff00 >> bits);
		if (bytes[i] & (unsigned char)~bytes[half + i])
			goto wrong;
	}
	rmt_derw_value(w, RMT_DER_CONTEXT(RMT_GN_IP), rmt_span_of(bytes, 2 * half));
	return 0;
wrong:
	return rmt_err_set(err, RMT_INPUT, "name_constraints", "\"%s\" is no network such as 10.0.0.0/8", text);
}

static int
write_base(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	static const struct { const char *prefix; enum rmt_general_type type; } forms[] = {
		{ "dns:", RMT_GN_DNS }, { "email:", RMT_GN_EMAIL }, { "uri:", RMT_GN_URI },
	};

	if (!strncmp(text, "ip:", 3))
		return write_network(w, text + 3, err);
	if (!strncmp(text, "directory:", 10)) {
		struct rmt_buf name = { 0 };
		int rc = rmt_name_parse(text + 10, &name, err);

		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(RMT_GN_DIRECTORY));
		rmt_derw_raw(w, rmt_buf_view(&name));
		rmt_derw_end(w);
		rmt_buf_free(&name);
		return rc;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *value = text + strlen(forms[i].prefix);

		if (strncmp(text, forms[i].prefix, strlen(forms[i].prefix)))
			continue;
		for (const char *at = value; *at; at++)
			if (*at <= ' ' || *at >= 0x7f)
				return rmt_err_set(err, RMT_INPUT, "name_constraints", "\"%s\" is not plain ASCII", text);
		rmt_derw_value(w, RMT_DER_CONTEXT(forms[i].type), rmt_span_text(value));
		return 0;
	}
	return rmt_err_set(err, RMT_INPUT, "name_constraints",
	                   "\"%s\" is no name constraint; write dns:, email:, uri:, ip: or directory:", text);
}

static int
write_subtrees(struct rmt_derw *w, unsigned char tag, const struct rmt_text_list *list, struct rmt_err *err)
{
	if (!list->count)
		return 0;
	rmt_derw_begin(w, tag);
	for (size_t i = 0; i < list->count; i++) {
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		if (write_base(w, list->items[i], err))
			return -1;
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
	return 0;
}

int
rmt_constraints_write(struct rmt_derw *w, const struct rmt_text_list *permitted,
                      const struct rmt_text_list *excluded, struct rmt_err *err)
{
	rmt_ext_begin(w, RMT_EXT_NAME_CONSTRAINTS, true);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (write_subtrees(w, RMT_DER_CONTEXT_CONSTRUCTED(0), permitted, err) ||
	    write_subtrees(w, RMT_DER_CONTEXT_CONSTRUCTED(1), excluded, err))
		return -1;
	rmt_derw_end(w);
	rmt_ext_end(w);
	return 0;
}

/* ---- matching ---- */

static bool
ends_with(struct rmt_span text, struct rmt_span end)
{
	return text.length >= end.length &&
	       !strncasecmp((const char *)text.at + text.length - end.length, (const char *)end.at, end.length);
}

static struct rmt_span
from(struct rmt_span text, size_t offset)
{
	return rmt_span_of(text.at + offset, text.length - offset);
}

/* `host` is `domain` or lies below it. An empty domain holds every host. */
static bool
host_below(struct rmt_span host, struct rmt_span domain)
{
	if (!domain.length)
		return true;
	if (domain.at[0] == '.')
		return host.length > domain.length && ends_with(host, domain);
	if (!ends_with(host, domain))
		return false;
	return host.length == domain.length || host.at[host.length - domain.length - 1] == '.';
}

/* A wildcard stands for hosts that an exclusion further down may name. */
static bool
match_dns(struct rmt_span base, struct rmt_span name, bool excluded)
{
	if (host_below(name, base))
		return true;
	return excluded && name.length > 2 && name.at[0] == '*' && base.length > name.length - 1 &&
	       ends_with(base, from(name, 1));
}

/* Host constraint of e-mail and URI: ".example" for hosts below, "example" for that host alone. */
static bool
match_host(struct rmt_span base, struct rmt_span host)
{
	if (base.length && base.at[0] == '.')
		return host_below(host, base);
	return base.length == host.length && ends_with(host, base);
}

static bool
match_email(struct rmt_span base, struct rmt_span name)
{
	const unsigned char *at = memrchr(name.at, '@', name.length);
	const unsigned char *base_at = base.length ? memrchr(base.at, '@', base.length) : NULL;
	size_t local;

	if (!at)
		return false;
	local = (size_t)(at - name.at);
	if (!base_at)
		return match_host(base, from(name, local + 1));
	return (size_t)(base_at - base.at) == local && !memcmp(base.at, name.at, local) &&
	       match_host(from(base, local + 1), from(name, local + 1));
}

/* The host of scheme://user@host:port/path; empty when the URI has none. */
static struct rmt_span
uri_host(struct rmt_span uri)
{
	const unsigned char *at = memmem(uri.at, uri.length, "://", 3);
	const unsigned char *end = uri.at + uri.length;
	const unsigned char *stop, *user;

	if (!at)
		return (struct rmt_span){ NULL, 0 };
	at += 3;
	for (stop = at; stop < end && !memchr("/?#", *stop, 3); stop++)
		;
	user = memrchr(at, '@', (size_t)(stop - at));
	if (user)
		at = user + 1;
	if (at < stop && *at != '[') {
		const unsigned char *colon = memchr(at, ':', (size_t)(stop - at));

		stop = colon ? colon : stop;
	}
	return rmt_span_of(at, (size_t)(stop - at));
}

static bool
match_ip(struct rmt_span base, struct rmt_span address)
{
	if (base.length != 2 * address.length)
		return false;
	for (size_t i = 0; i < address.length; i++)
		if ((base.at[i] ^ address.at[i]) & base.at[address.length + i])
			return false;
	return true;
}

/* The name's first relative distinguished names, as many as the base has, equal the base. */
static bool
match_directory(struct rmt_span base, struct rmt_span name)
{
	struct rmt_der outer, base_sets, name_sets;
	struct rmt_derw w = { 0 };
	struct rmt_buf head = { 0 };
	struct rmt_tlv set;
	bool equal = false;

	rmt_der_open(&outer, base, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &base_sets, NULL, NULL))
		return false;
	rmt_der_open(&outer, name, NULL);
	if (rmt_der_enter(&outer, RMT_DER_SEQUENCE, &name_sets, NULL, NULL))
		return false;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	while (rmt_der_more(&base_sets)) {
		if (rmt_der_any(&base_sets, &set, NULL, NULL) || !rmt_der_more(&name_sets) ||
		    rmt_der_any(&name_sets, &set, NULL, NULL))
			goto out;
		rmt_derw_raw(&w, set.whole);
	}
	rmt_derw_end(&w);
	if (!rmt_derw_finish(&w, &head, NULL))
		equal = rmt_name_equal(base, rmt_buf_view(&head));
out:
	rmt_derw_free(&w);
	rmt_buf_free(&head);
	return equal;
}

/* 1 inside the subtree, 0 outside, -1 cannot be told. */
static int
match(const struct rmt_general_name *base, const struct rmt_general_name *name, bool excluded)
{
	switch (name->type) {
	case RMT_GN_DNS:
		return match_dns(base->value, name->value, excluded);
	case RMT_GN_EMAIL:
		return match_email(base->value, name->value);
	case RMT_GN_URI: {
		struct rmt_span host = uri_host(name->value);

		return host.length ? match_host(base->value, host) : -1;
	}
	case RMT_GN_IP:
		return match_ip(base->value, name->value);
	case RMT_GN_DIRECTORY:
		return match_directory(base->value, name->value);
	default:
		return -1;
	}
}

/* ---- judging ---- */

/* The next subtree's base: 1, 0 at the end, -1 malformed. A minimum or maximum has no meaning in X.509. */
static int
next_base(struct rmt_der *subtrees, struct rmt_general_name *base, struct rmt_err *err)
{
	struct rmt_der one;

	if (!rmt_der_more(subtrees))
		return 0;
	if (rmt_der_enter(subtrees, RMT_DER_SEQUENCE, &one, "nameConstraints", err) ||
	    rmt_general_next(&one, base, err) != 1)
		return rmt_err_set(err, RMT_INPUT, "nameConstraints", "the issuer's name constraints are malformed");
	if (rmt_der_more(&one))
		return rmt_err_cite(err, RMT_POLICY, "nameConstraints", citation,
		                    "the issuer's name constraints use minimum or maximum");
	return 1;
}

/* 1 in one of the subtrees, 0 in none though its form occurs, 2 its form does not occur, -1 cannot be told or malformed. */
static int
look_up(struct rmt_span list, const struct rmt_general_name *name, bool excluded, struct rmt_err *err)
{
	struct rmt_general_name base;
	struct rmt_der subtrees;
	int more, found = 2;

	rmt_der_open(&subtrees, list, NULL);
	while ((more = next_base(&subtrees, &base, err)) == 1) {
		int hit;

		if (base.type != name->type ||
		    (base.type == RMT_GN_OTHER && !rmt_span_equal(base.other_oid, name->other_oid)))
			continue;
		hit = match(&base, name, excluded);
		if (hit)
			return hit;
		found = 0;
	}
	return more < 0 ? -1 : found;
}

static int
judge(const struct rmt_bound *bound, const struct rmt_general_name *name, struct rmt_err *err)
{
	int excluded = look_up(bound->subtrees.excluded, name, true, err);
	int permitted = look_up(bound->subtrees.permitted, name, false, err);
	char shown[RMT_SHOWN], by[RMT_SHOWN];
	struct rmt_buf issuer = { 0 };
	const char *why;

	if ((excluded == 0 || excluded == 2) && permitted > 0)
		return 0;
	why = excluded < 0 || permitted < 0 ? "cannot be held against" : "is outside";
	rmt_name_text(bound->from->subject, &issuer);
	rmt_err_cite(err, RMT_POLICY, "subjectAltName", citation, "%s %s the name constraints of %s",
	             rmt_shown_general(name, shown), why, rmt_shown(rmt_buf_view(&issuer), by));
	rmt_buf_free(&issuer);
	return -1;
}

/* A CN that is a host counts as one where no dNSName says better: that is how old clients read it. */
static int
judge_attribute(const struct rmt_bound *bound, const struct rmt_attribute *attribute, bool has_dns,
                struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_general_name name = { .type = RMT_GN_EMAIL, .value = attribute->value };
	int rc = 0;

	if (rmt_oid_is(attribute->oid, "emailAddress"))
		return judge(bound, &name, err);
	if (has_dns || !rmt_oid_is(attribute->oid, "commonName"))
		return 0;
	rmt_string_utf8(attribute->tag, attribute->value, &text);
	name = (struct rmt_general_name){ .type = RMT_GN_DNS, .value = rmt_buf_view(&text) };
	if (text.length && memchr(text.bytes, '.', text.length) && !rmt_dns_check(name.value, true, NULL))
		rc = judge(bound, &name, err);
	rmt_buf_free(&text);
	return rc;
}

/* The subject is a directory name, and its e-mail addresses count as if they stood among the names. */
static int
judge_subject(const struct rmt_bound *bound, struct rmt_span subject, bool has_dns, struct rmt_err *err)
{
	struct rmt_general_name name = { .type = RMT_GN_DIRECTORY, .value = subject };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int more;

	if (!rmt_name_empty(subject) && judge(bound, &name, err))
		return -1;
	if (rmt_name_start(subject, &cursor, err))
		return -1;
	while ((more = rmt_name_next(&cursor, &attribute, err)) == 1)
		if (judge_attribute(bound, &attribute, has_dns, err))
			return -1;
	return more;
}

/* The CAs between the one with the constraints and what we issue are held against them too, self-issued ones excepted (RFC 5280, 6.1.3):
 * where one is outside, nothing below it is accepted. A common name of theirs is no host. */
static int
check_below(const struct rmt_bound *bound, const struct rmt_issuer *issuer, size_t above, struct rmt_err *err)
{
	for (size_t i = 0; i < above; i++) {
		const struct rmt_cert *cert = i ? issuer->above[i - 1] : issuer->cert;

		if (!rmt_cert_self_issued(cert) && judge_subject(bound, cert->subject, true, err))
			return -1;
	}
	return 0;
}

int
rmt_bounds_load(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_issuer *issuer = &recipe->issuer;
	struct rmt_bound *bound;

	if (!issuer->cert)
		return 0;
	recipe->bounds = calloc(issuer->above_count + 1, sizeof(*recipe->bounds));
	if (!recipe->bounds)
		return rmt_err_memory(err);
	for (size_t i = 0; i <= issuer->above_count; i++) {
		const struct rmt_cert *above = i ? issuer->above[i - 1] : issuer->cert;
		const struct rmt_ext *ext = rmt_ext_find(&above->extensions, RMT_EXT_NAME_CONSTRAINTS);

		if (!ext)
			continue;
		bound = &recipe->bounds[recipe->bound_count++];
		bound->from = above;
		if (rmt_ext_name_constraints(ext->value, &bound->subtrees, err)) {
			rmt_err_within(err, "issuer");
			return -1;
		}
		if (check_below(bound, issuer, i, err))
			return -1;
	}
	return 0;
}

int
rmt_draft_bounds(struct rmt_draft *draft, struct rmt_err *err)
{
	for (size_t i = 0; i < draft->recipe->bound_count; i++) {
		const struct rmt_bound *bound = &draft->recipe->bounds[i];
		struct rmt_general_name name;
		bool has_dns = false;
		struct rmt_der names;
		int more;

		rmt_der_open(&names, rmt_buf_view(&draft->san), NULL);
		while ((more = rmt_general_next(&names, &name, err)) == 1) {
			has_dns = has_dns || name.type == RMT_GN_DNS;
			if (judge(bound, &name, err))
				return -1;
		}
		if (more < 0 || judge_subject(bound, rmt_buf_view(&draft->subject), has_dns, err))
			return -1;
	}
	return 0;
}

/* ---- what is left ---- */

/* Does every bound let a host of this base pass? */
static bool
passes(const struct rmt_recipe *recipe, struct rmt_span base)
{
	struct rmt_general_name name = { .type = RMT_GN_DNS };
	struct rmt_buf host = { 0 };
	struct rmt_err unseen = { 0 };
	bool pass = true;

	if (base.at[0] == '.')
		rmt_buf_byte(&host, 'x');
	rmt_buf_span(&host, base);
	name.value = rmt_buf_view(&host);
	for (size_t i = 0; i < recipe->bound_count; i++)
		pass = pass && judge(&recipe->bounds[i], &name, &unseen) == 0;
	rmt_buf_free(&host);
	return pass;
}

/* The narrowest of what all of them permit is the base of one of them. */
bool
rmt_recipe_dns_left(const struct rmt_recipe *recipe)
{
	bool met = false;

	for (size_t i = 0; i < recipe->bound_count; i++) {
		struct rmt_general_name base;
		struct rmt_der subtrees;

		rmt_der_open(&subtrees, recipe->bounds[i].subtrees.permitted, NULL);
		while (next_base(&subtrees, &base, NULL) == 1) {
			if (base.type != RMT_GN_DNS || !base.value.length)
				continue;
			if (passes(recipe, base.value))
				return true;
			met = true;
		}
	}
	return !met;
}
