/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/passphrase.c - does a device take this passphrase? Its target says how long it may be and of which characters.
 *
 * A device that cuts or refuses a passphrase says "wrong password" of a file that is sound. The passphrase itself is never
 * shown, nor any character of it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "write/local.h"

static bool
is_alphanumeric(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
allowed(const struct rmt_passphrase_rules *rules, uint32_t c)
{
	if (rules->without && c < 0x80 && c && strchr(rules->without, (int)c))
		return false;
	if (!rules->characters || !strcmp(rules->characters, "any"))
		return true;
	return !strcmp(rules->characters, "ascii") ? c >= 0x20 && c < 0x7f : is_alphanumeric(c);
}

static int
refuse(const struct rmt_target *target, struct rmt_err *err, const char *what)
{
	const char *source = target->passphrase.source;

	return rmt_err_cite(err, RMT_SECRET, NULL, source ? source : "", "the target %s takes %s", target->name, what);
}

/* "letters and digits only", "ASCII without ..." */
static int
refuse_character(const struct rmt_target *target, struct rmt_err *err)
{
	const struct rmt_passphrase_rules *rules = &target->passphrase;
	const char *kind = !rules->characters || !strcmp(rules->characters, "any") ? "any character"
	                   : !strcmp(rules->characters, "ascii")                   ? "printable ASCII"
	                                                                           : "letters and digits of ASCII";
	char what[256];

	snprintf(what, sizeof(what), "a passphrase of %s%s%.64s%s, and this one holds another character", kind,
	         rules->without ? " other than " : "", rules->without ? rules->without : "", rules->without ? "" : " only");
	return refuse(target, err, what);
}

int
rmt_passphrase_check(const struct rmt_target *target, const struct rmt_secret *passphrase, struct rmt_err *err)
{
	const struct rmt_passphrase_rules *rules = &target->passphrase;
	struct rmt_span text = rmt_span_of(rmt_secret_text(passphrase), rmt_secret_length(passphrase));
	size_t count = 0, length;
	char what[128];
	uint32_t c;

	for (; text.length; text.at += length, text.length -= length, count++) {
		length = rmt_utf8_character(text, &c);
		if (!length) { /* no UTF-8: a byte is a character beyond ASCII */
			length = 1;
			c = 0xfffd;
		}
		if (!allowed(rules, c))
			return refuse_character(target, err);
	}
	if (rules->max > 0 && count > (size_t)rules->max)
		snprintf(what, sizeof(what), "a passphrase of at most %d characters, and this one has %zu", rules->max, count);
	else if (rules->min > 0 && count < (size_t)rules->min)
		snprintf(what, sizeof(what), "a passphrase of %d characters or more, and this one has %zu", rules->min, count);
	else
		return 0;
	return refuse(target, err, what);
}
