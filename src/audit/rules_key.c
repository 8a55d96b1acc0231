/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_key.c - rules about public keys, their use, and the private key at hand.
 *
 * Sizes, kinds and curves are matters of taste and stand in the target; whether a key is weak in itself is the table of
 * key checks in x509.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "audit/local.h"

#define PLACE "tbs.subjectPublicKeyInfo"
#define PLACE_USAGE "tbs.extensions.keyUsage"

enum { RSA_LEAST = 2048, SOUND_LEAST = 512 };

static bool
is_rsa(const struct rmt_spki *spki)
{
	return !strcmp(spki->kind, "rsa") || !strcmp(spki->kind, "rsa-pss");
}

static int
unreadable_key(struct rmt_check *check)
{
	return rmt_audit_unreadable(check, PLACE, "the public key");
}

int
rmt_rule_key_bits(struct rmt_check *check)
{
	const struct rmt_rule_setting *set = check->rule->set;
	int64_t least = set->min >= 0 ? set->min : set->max >= 0 ? 0 : RSA_LEAST;
	const struct rmt_spki *spki = rmt_audit_spki(check);

	if (!spki)
		return unreadable_key(check);
	if (!is_rsa(spki))
		return 0;
	if ((int64_t)spki->bits < least)
		return rmt_audit_fault(check, PLACE, "the RSA key has %u bits, fewer than %" PRId64, spki->bits, least);
	if (set->max >= 0 && (int64_t)spki->bits > set->max)
		return rmt_audit_fault(check, PLACE, "the RSA key has %u bits, more than %" PRId64, spki->bits, set->max);
	return 0;
}

int
rmt_rule_key_sizes(struct rmt_check *check)
{
	const struct rmt_active *rule = check->rule;
	const struct rmt_spki *spki = rmt_audit_spki(check);
	struct rmt_buf *list = &check->audit->list;

	if (!spki)
		return unreadable_key(check);
	if (!is_rsa(spki))
		return 0;
	for (size_t i = 0; i < rule->value_count; i++)
		if (rule->number[i] == spki->bits)
			return 0;
	rmt_buf_clear(list);
	rmt_list_values(list, &rule->set->values);
	return rmt_audit_fault(check, PLACE, "the RSA key has %u bits, not %s", spki->bits, rmt_buf_string(list));
}

int
rmt_rule_key_type(struct rmt_check *check)
{
	const struct rmt_spki *spki = rmt_audit_spki(check);
	struct rmt_buf *list = &check->audit->list;

	if (!spki)
		return unreadable_key(check);
	if (rmt_text_list_has(&check->rule->set->values, spki->kind))
		return 0;
	rmt_buf_clear(list);
	rmt_spki_text(spki, list);
	rmt_buf_text(list, ", not ");
	rmt_list_values(list, &check->rule->set->values);
	return rmt_audit_fault(check, PLACE, "the public key is %s", rmt_buf_string(list));
}

int
rmt_rule_key_curve(struct rmt_check *check)
{
	const struct rmt_spki *spki = rmt_audit_spki(check);
	struct rmt_buf *list = &check->audit->list;

	if (!spki)
		return unreadable_key(check);
	if (strcmp(spki->kind, "ec") != 0 || rmt_text_list_has(&check->rule->set->values, spki->curve))
		return 0;
	rmt_buf_clear(list);
	rmt_list_values(list, &check->rule->set->values);
	return rmt_audit_fault(check, PLACE, "the key is on the curve %s, not %s", spki->curve[0] ? spki->curve : "(unknown)",
	    rmt_buf_string(list));
}

/* The size is another rule's business where the target has one. */
int
rmt_rule_key_sound(struct rmt_check *check)
{
	int64_t least = check->rule->set->min;
	struct rmt_err why = { 0 };

	if (least < 0)
		least = rmt_audit_has(check, "leaf.key.rsa-bits") || rmt_audit_has(check, "leaf.key.rsa-sizes") ? SOUND_LEAST : 0;
	if (check->presented->key_checked && least <= RSA_LEAST)
		return 0;
	if (!rmt_key_check_public(check->on->cert->spki, (unsigned)least, &why))
		return 0;
	if (why.class == RMT_INTERNAL)
		return rmt_err_set(check->err, why.class, why.place, "%s", why.message);
	return rmt_audit_fault(check, PLACE, "%s%s%s%s", why.message, why.citation[0] ? " (" : "", why.citation,
	    why.citation[0] ? ")" : "");
}

/* ---- key usage ------------------------------------------------------------------------------------------------------ */

static void
list_usage(struct rmt_buf *list, unsigned bits)
{
	size_t count = 0;

	rmt_buf_clear(list);
	for (unsigned bit = 1; bit <= RMT_KU_DECIPHER_ONLY; bit <<= 1)
		if (bits & bit)
			rmt_list_word(list, rmt_key_usage_name(bit), count++, !(bits & ~(bit * 2 - 1)));
	if (!count)
		rmt_buf_text(list, "nothing");
}

/* An RSA key decrypts or signs in TLS, any other key signs; whoever presents it as a client signs. */
int
rmt_rule_key_usage_tls(struct rmt_check *check)
{
	const struct rmt_extensions *extensions = &check->on->cert->extensions;
	const struct rmt_ext *usage = rmt_ext_find(extensions, RMT_EXT_KEY_USAGE);
	const struct rmt_ext *purposes = rmt_ext_find(extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	const struct rmt_spki *spki = rmt_audit_spki(check);
	unsigned bits, wanted = RMT_KU_DIGITAL_SIGNATURE;

	if (!usage)
		return 0;
	if (!spki)
		return unreadable_key(check);
	if (rmt_ext_key_usage(usage->value, &bits, NULL))
		return rmt_audit_unreadable(check, PLACE_USAGE, "the key usage");
	if (!strcmp(spki->kind, "rsa") && !(purposes && rmt_ext_eku_has(purposes->value, "clientAuth")))
		wanted |= RMT_KU_KEY_ENCIPHERMENT;
	if (bits & wanted)
		return 0;
	list_usage(&check->audit->list, bits);
	return rmt_audit_fault(check, PLACE_USAGE, "the key usage allows %s, not digitalSignature",
	    rmt_buf_string(&check->audit->list));
}

/* keyEncipherment is asked of RSA keys only: no other key can do it. */
int
rmt_rule_key_usage_includes(struct rmt_check *check)
{
	const struct rmt_text_list *values = &check->rule->set->values;
	const struct rmt_ext *usage = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_KEY_USAGE);
	const struct rmt_spki *spki = rmt_audit_spki(check);
	unsigned bits, bit;

	if (!usage)
		return 0;
	if (!spki)
		return unreadable_key(check);
	if (rmt_ext_key_usage(usage->value, &bits, NULL))
		return rmt_audit_unreadable(check, PLACE_USAGE, "the key usage");
	for (size_t i = 0; i < values->count; i++) {
		if (rmt_key_usage_named(values->items[i], &bit) || (bits & bit) ||
		    (bit == RMT_KU_KEY_ENCIPHERMENT && strcmp(spki->kind, "rsa")))
			continue;
		list_usage(&check->audit->list, bits);
		return rmt_audit_fault(check, PLACE_USAGE, "the key usage allows %s, and %s is missing",
		    rmt_buf_string(&check->audit->list), values->items[i]);
	}
	return 0;
}

/* ---- the private key at hand ----------------------------------------------------------------------------------------- */

int
rmt_rule_key_present(struct rmt_check *check)
{
	if (check->presented->key_spki.length || check->presented->key_locked)
		return 0;
	return rmt_audit_fault(check, "key", "there is no private key with the certificate");
}

/* Equal bytes, or the same key encoded in another way (RSA with its parameters left out). */
static bool
same_key(struct rmt_span one, struct rmt_span other)
{
	struct rmt_spki a, b;

	if (rmt_span_equal(one, other))
		return true;
	if (rmt_spki_read(one, &a, NULL) || rmt_spki_read(other, &b, NULL))
		return false;
	return is_rsa(&a) && is_rsa(&b) && rmt_span_equal(a.modulus, b.modulus) && rmt_span_equal(a.exponent, b.exponent);
}

/* The SHA-256 by which keys are named everywhere else. */
static void
append_hash(struct rmt_span spki, struct rmt_buf *out)
{
	unsigned char hash[RMT_SHA256];

	if (!rmt_spki_hash(spki, hash, NULL))
		rmt_hex(rmt_span_of(hash, sizeof hash), 0, out);
}

int
rmt_rule_key_match(struct rmt_check *check)
{
	struct rmt_span key = check->presented->key_spki;
	const struct rmt_spki *spki;
	struct rmt_spki other;
	struct rmt_buf *list = &check->audit->list;

	if (!key.length || same_key(key, check->on->cert->spki))
		return 0;
	spki = rmt_audit_spki(check);
	if (!spki)
		return unreadable_key(check);
	rmt_buf_clear(list);
	rmt_buf_text(list, "the private key (");
	if (!rmt_spki_read(key, &other, NULL))
		rmt_spki_text(&other, list);
	rmt_buf_text(list, ") is not the one of the certificate (");
	rmt_spki_text(spki, list);
	rmt_buf_text(list, "): its SPKI is ");
	append_hash(key, list);
	rmt_buf_text(list, ", the certificate's ");
	append_hash(check->on->cert->spki, list);
	return rmt_audit_fault(check, "key", "%s", rmt_buf_string(list));
}
