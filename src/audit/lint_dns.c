/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_dns.c - lints of host names among the subject alternative names, label by label.
 *
 * Each tells of one fault alone; whether the name is one that a consumer can use is the business of rules.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "audit/local.h"

enum { NAME_MOST = 253, LABEL_MOST = 63 };

static bool
judged(const struct rmt_general_name *name)
{
	return name->type == RMT_GN_DNS && name->value.length && !(name->value.length == 1 && name->value.at[0] == ' ');
}

static int
dns_fault(struct rmt_check *check, const struct rmt_general_name *name, const char *fault)
{
	return rmt_lint_fault(check, "the host name \"%s\" %s", rmt_lint_text(check, name->value), fault);
}

/* The next label, at first the one at the beginning: false when there is none. A dot at the end has a lint of its own. */
static bool
next_label(struct rmt_span name, struct rmt_span *label)
{
	const unsigned char *from = label->at ? label->at + label->length + 1 : name.at, *end = name.at + name.length, *dot;

	if (name.length && end[-1] == '.')
		end--;
	if (label->at && label->at + label->length >= end)
		return false;
	dot = memchr(from, '.', (size_t)(end - from));
	*label = (struct rmt_span){ from, (size_t)((dot ? dot : end) - from) };
	return true;
}

/* Call look for each label; the first that is at fault is told. */
static int
each_label(struct rmt_check *check, const struct rmt_general_name *name, bool (*good)(struct rmt_span label), const char *fault)
{
	struct rmt_span label = { NULL, 0 };

	if (!judged(name))
		return 0;
	while (next_label(name->value, &label))
		if (!good(label))
			return dns_fault(check, name, fault);
	return 0;
}

int
rmt_lint_dns_ia5(struct rmt_check *check, const struct rmt_general_name *name)
{
	for (size_t i = 0; name->type == RMT_GN_DNS && i < name->value.length; i++)
		if (name->value.at[i] >= 0x80)
			return dns_fault(check, name, "is not ASCII");
	return 0;
}

int
rmt_lint_dns_blank(struct rmt_check *check, const struct rmt_general_name *name)
{
	return name->type == RMT_GN_DNS && name->value.length == 1 && name->value.at[0] == ' ' ? dns_fault(check, name, "is a blank") : 0;
}

/* Control characters, bytes beyond ASCII, underscores and wildcards have lints of their own. */
static bool
character_good(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' || c == '_' || c == '*' ||
	    c < 0x20 || c >= 0x7f;
}

int
rmt_lint_dns_characters(struct rmt_check *check, const struct rmt_general_name *name)
{
	for (size_t i = 0; judged(name) && i < name->value.length; i++)
		if (!character_good(name->value.at[i]))
			return dns_fault(check, name, "has other characters than letters, digits, hyphens and dots");
	return 0;
}

int
rmt_lint_dns_underscore(struct rmt_check *check, const struct rmt_general_name *name)
{
	return judged(name) && memchr(name->value.at, '_', name->value.length) ? dns_fault(check, name, "has an underscore") : 0;
}

static bool
label_there(struct rmt_span label)
{
	return label.length > 0;
}

int
rmt_lint_dns_empty_label(struct rmt_check *check, const struct rmt_general_name *name)
{
	return each_label(check, name, label_there, "has an empty label");
}

static bool
label_short(struct rmt_span label)
{
	return label.length <= LABEL_MOST;
}

int
rmt_lint_dns_label_length(struct rmt_check *check, const struct rmt_general_name *name)
{
	return each_label(check, name, label_short, "has a label of more than 63 characters");
}

int
rmt_lint_dns_length(struct rmt_check *check, const struct rmt_general_name *name)
{
	return judged(name) && name->value.length > NAME_MOST ? dns_fault(check, name, "has more than 253 characters") : 0;
}

static bool
label_ends(struct rmt_span label)
{
	return !label.length || (label.at[0] != '-' && label.at[label.length - 1] != '-');
}

int
rmt_lint_dns_hyphen(struct rmt_check *check, const struct rmt_general_name *name)
{
	return each_label(check, name, label_ends, "has a label that begins or ends with a hyphen");
}

int
rmt_lint_dns_trailing_dot(struct rmt_check *check, const struct rmt_general_name *name)
{
	return judged(name) && name->value.at[name->value.length - 1] == '.' ? dns_fault(check, name, "ends with a dot") : 0;
}

int
rmt_lint_dns_wildcard(struct rmt_check *check, const struct rmt_general_name *name)
{
	struct rmt_span value = name->value;

	if (!judged(name))
		return 0;
	if (value.length > 2 && value.at[0] == '*' && value.at[1] == '.')
		value = rmt_span_of(value.at + 1, value.length - 1);
	return memchr(value.at, '*', value.length) ? dns_fault(check, name, "has a wildcard that is not the whole first label") : 0;
}

int
rmt_lint_dns_address(struct rmt_check *check, const struct rmt_general_name *name)
{
	unsigned char address[16];

	return judged(name) && rmt_audit_address(name->value, address) == 4 ? dns_fault(check, name, "is an address") : 0;
}

/* ---- A-labels ---------------------------------------------------------------------------------------------------------------- */

static bool
is_a_label(struct rmt_span label)
{
	return label.length >= 4 && !strncasecmp((const char *)label.at, "xn--", 4);
}

/* RFC 3492, 6.1 */
static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	for (; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

static int
digit_of(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' : -1;
}

/* One generalised variable-length integer (RFC 3492, 3.3), added to *i; its end, or NULL. */
static const unsigned char *
read_delta(const unsigned char *at, const unsigned char *end, uint32_t bias, uint32_t *i)
{
	uint32_t weight = 1;

	for (uint32_t k = 36;; k += 36) {
		uint32_t threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		int digit = at < end ? digit_of(*at++) : -1;

		if (digit < 0 || (uint32_t)digit > (UINT32_MAX - *i) / weight)
			return NULL;
		*i += (uint32_t)digit * weight;
		if ((uint32_t)digit < threshold)
			return at;
		if (weight > UINT32_MAX / (36 - threshold))
			return NULL;
		weight *= 36 - threshold;
	}
}

/* Does what follows "xn--" decode to characters of which at least one is beyond ASCII? RFC 3492, 6.2, without keeping them. */
static bool
decodes(struct rmt_span label)
{
	const unsigned char *at = label.at + 4, *end = label.at + label.length, *last = memrchr(at, '-', (size_t)(end - at));
	uint32_t n = 128, i = 0, bias = 72, points = last ? (uint32_t)(last - at) : 0;
	bool first = true;

	at = last ? last + 1 : at;
	if (at == end)
		return false;
	for (; at && at < end; first = false) {
		uint32_t before = i;

		at = read_delta(at, end, bias, &i);
		points++;
		if (!at || i / points > 0x10ffff - n)
			return false;
		bias = adapt(i - before, points, first);
		n += i / points;
		i = i % points + 1;
		if (n >= 0xd800 && n < 0xe000)
			return false;
	}
	return true;
}

static bool
a_label_good(struct rmt_span label)
{
	return !is_a_label(label) || decodes(label);
}

int
rmt_lint_dns_a_label(struct rmt_check *check, const struct rmt_general_name *name)
{
	return each_label(check, name, a_label_good, "has a label that begins with xn-- and encodes no Unicode");
}

static bool
label_reserved(struct rmt_span label)
{
	return label.length < 4 || label.at[2] != '-' || label.at[3] != '-' || is_a_label(label);
}

int
rmt_lint_dns_reserved(struct rmt_check *check, const struct rmt_general_name *name)
{
	return each_label(check, name, label_reserved, "has a reserved label: hyphens as its third and fourth character");
}
