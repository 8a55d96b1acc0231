/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/plan_key.c - which kinds of key a template accepts.
 *
 * Whether a key is sound (size, exponent, ROCA, ...) is rmt_key_check_public()'s business; this is the template's choice
 * among sound ones.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "issue/local.h"

/* "2048" or "2048-8192"; anything else names a curve. */
static bool
parse_bits(const char *text, struct rmt_key_rule *rule)
{
	char number[12];
	const char *dash = strchr(text, '-');
	size_t length = dash ? (size_t)(dash - text) : strlen(text);
	uint64_t min, max;

	if (!length || length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	if (rmt_quantity_count(number, 1, 65536, &min, NULL))
		return false;
	max = min;
	if (dash && rmt_quantity_count(dash + 1, min, 65536, &max, NULL))
		return false;
	rule->min = (unsigned)min;
	rule->max = (unsigned)max;
	return true;
}

static int
parse_rule(const char *text, struct rmt_key_rule *rule, struct rmt_err *err)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);

	*rule = (struct rmt_key_rule){ .text = text };
	if (!length || length >= sizeof(rule->kind))
		goto wrong;
	memcpy(rule->kind, text, length);
	if (!colon)
		return 0;
	if (isdigit((unsigned char)colon[1])) {
		if (parse_bits(colon + 1, rule))
			return 0;
		goto wrong;
	}
	if (!colon[1] || strlen(colon + 1) >= sizeof(rule->curve))
		goto wrong;
	memcpy(rule->curve, colon + 1, strlen(colon + 1) + 1);
	return 0;
wrong:
	return rmt_err_set(err, RMT_INPUT, "key.accept",
	                   "\"%s\" is no kind of key; write rsa:2048-8192, ec:p256 or ed25519", text);
}

int
rmt_key_rules_parse(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_text_list *accept = &recipe->policy->key_accept;

	if (accept->count > RMT_KEY_RULES_MAX)
		return rmt_err_set(err, RMT_INPUT, "key.accept", "more than %d kinds of key", (int)RMT_KEY_RULES_MAX);
	for (size_t i = 0; i < accept->count; i++)
		if (parse_rule(accept->items[i], &recipe->keys[recipe->key_count++], err))
			return -1;
	return 0;
}

/* "P-256" of the key is "p256" of a rule. */
static bool
same_curve(const char *rule, const char *curve)
{
	for (; *rule || *curve; rule++, curve++) {
		if (*curve == '-')
			curve++;
		if (tolower((unsigned char)*rule) != tolower((unsigned char)*curve))
			return false;
	}
	return true;
}

static bool
rule_accepts(const struct rmt_key_rule *rule, const struct rmt_spki *key)
{
	if (strcasecmp(rule->kind, key->kind))
		return false;
	if (rule->curve[0])
		return same_curve(rule->curve, key->curve);
	return !rule->min || (key->bits >= rule->min && key->bits <= rule->max);
}

int
rmt_key_rule_fits(const char *rule_text, const struct rmt_spki *key, struct rmt_err *err)
{
	struct rmt_key_rule rule;

	return parse_rule(rule_text, &rule, err) ? -1 : rule_accepts(&rule, key);
}

static int
refuse_key(const struct rmt_draft *draft, struct rmt_err *err)
{
	struct rmt_buf key = { 0 }, accepted = { 0 };
	char shown[RMT_SHOWN];

	rmt_spki_text(&draft->key, &key);
	for (size_t i = 0; i < draft->recipe->key_count; i++)
		rmt_buf_format(&accepted, "%s%s", i ? ", " : "", draft->recipe->keys[i].text);
	rmt_err_set(err, RMT_POLICY, "key", "template %s does not accept a key of kind %s (it accepts %s)",
	            draft->policy->name, key.length ? rmt_shown(rmt_buf_view(&key), shown) : "unknown",
	            rmt_buf_string(&accepted));
	rmt_buf_free(&key);
	rmt_buf_free(&accepted);
	return -1;
}

int
rmt_draft_key(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_recipe *recipe = draft->recipe;
	const struct rmt_cert *issuer = recipe->issuer.cert;
	bool accepted = !recipe->key_count;

	if (rmt_spki_read(draft->spki, &draft->key, err))
		return -1;
	for (size_t i = 0; i < recipe->key_count && !accepted; i++)
		accepted = rule_accepts(&recipe->keys[i], &draft->key);
	if (!accepted)
		return refuse_key(draft, err);
	if (issuer && draft->policy->role == RMT_ROLE_LEAF && rmt_span_equal(draft->spki, issuer->spki))
		return rmt_err_set(err, RMT_POLICY, "key", "the key is the issuing authority's own");
	return 0;
}
