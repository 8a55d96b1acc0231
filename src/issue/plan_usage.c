/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/plan_usage.c - keyUsage and extendedKeyUsage, and what becomes of every other extension that a request asks for.
 *
 * Purposes that would let a leaf speak for the CA or for time are never had by asking, whatever the template allows.
 */
#include "config.h"

#include <string.h>

#include "issue/local.h"

static const char usage_field[] = "keyUsage";
static const char purpose_field[] = "extendedKeyUsage";

enum {
	CA_BITS = RMT_KU_CERT_SIGN | RMT_KU_CRL_SIGN,
	ALL_BITS = (1 << 9) - 1,
	ENCIPHER_BITS = RMT_KU_KEY_ENCIPHERMENT | RMT_KU_DATA_ENCIPHERMENT, /* a key transported under RSA */
	AGREEMENT_BITS = RMT_KU_KEY_AGREEMENT | RMT_KU_ENCIPHER_ONLY | RMT_KU_DECIPHER_ONLY,
};

/* Had only when the template itself says so among its values. */
static const char *const never_asked[] = {
	"OCSPSigning", "timeStamping", "anyExtendedKeyUsage",
	"enrollmentAgent", /* Microsoft's: requests in the name of others */
};

unsigned
rmt_usage_fit(unsigned bits, const struct rmt_spki *key)
{
	bool rsa = !strcmp(key->kind, "rsa");
	bool ec = !strcmp(key->kind, "ec");

	if (!rsa)
		bits &= ~(unsigned)ENCIPHER_BITS;
	if (!ec)
		bits &= ~(unsigned)AGREEMENT_BITS;
	return bits;
}

static const char *
bits_text(unsigned bits, char out[RMT_SHOWN])
{
	struct rmt_buf text = { 0 };

	for (unsigned bit = 1; bit < ALL_BITS; bit <<= 1)
		if (bits & bit)
			rmt_buf_format(&text, "%s%s", text.length ? ", " : "", rmt_key_usage_name(bit));
	rmt_shown(rmt_buf_view(&text), out);
	rmt_buf_free(&text);
	return out;
}

/* What the wish states, 0 when it is silent. */
static int
asked_bits(const struct rmt_draft *draft, unsigned *bits, struct rmt_err *err)
{
	const struct rmt_extensions *asked = draft->wish->asked;
	const struct rmt_ext *ext = asked ? rmt_ext_find(asked, RMT_EXT_KEY_USAGE) : NULL;

	*bits = 0;
	return ext ? rmt_ext_key_usage(ext->value, bits, err) : 0;
}

static int
merge_bits(struct rmt_draft *draft, unsigned asked, struct rmt_err *err)
{
	unsigned own = draft->policy->key_usage.bits;
	unsigned taken = asked & ((ALL_BITS & ~(unsigned)CA_BITS) | own);
	char text[RMT_SHOWN];

	draft->key_usage = own;
	switch (draft->policy->key_usage.merge) {
	case RMT_MERGE_TEMPLATE:
		break;
	case RMT_MERGE_REQUEST:
		if (taken)
			draft->key_usage = taken;
		break;
	case RMT_MERGE_INTERSECT:
		if (own && asked && !(draft->key_usage = asked & own))
			return rmt_err_set(err, RMT_POLICY, usage_field,
			                   "the request asks for %s, of which template %s allows nothing",
			                   bits_text(asked, text), draft->policy->name);
		break;
	case RMT_MERGE_REQUIRE:
		if (own & ~asked)
			return rmt_err_set(err, RMT_POLICY, usage_field, "template %s requires the request to ask for %s",
			                   draft->policy->name, bits_text(own & ~asked, text));
		break;
	}
	return 0;
}

static int
usage(struct rmt_draft *draft, struct rmt_err *err)
{
	unsigned asked, merged;
	char text[RMT_SHOWN];

	if (asked_bits(draft, &asked, err) || merge_bits(draft, asked, err))
		return -1;
	merged = draft->key_usage;
	draft->key_usage = rmt_usage_fit(merged, &draft->key);
	if (merged && !draft->key_usage)
		return rmt_err_set(err, RMT_POLICY, usage_field, "no key usage is left for a key of this kind: %s is not for it",
		                   bits_text(merged, text));
	if (!draft->report)
		return 0;
	if (asked & merged & ~draft->key_usage) /* what nobody asked for is no loss to report */
		rmt_draft_report(draft, RMT_DECISION_DROPPED, usage_field, "%s: not for a key of this kind",
		                 bits_text(asked & merged & ~draft->key_usage, text));
	if (asked & ~merged)
		rmt_draft_report(draft, RMT_DECISION_DROPPED, usage_field, "%s: not allowed by the template",
		                 bits_text(asked & ~merged, text));
	if (asked & draft->key_usage)
		rmt_draft_report(draft, RMT_DECISION_TAKEN, usage_field, "%s", bits_text(asked & draft->key_usage, text));
	if (draft->key_usage & ~asked)
		rmt_draft_report(draft, RMT_DECISION_ADDED, usage_field, "%s", bits_text(draft->key_usage & ~asked, text));
	return 0;
}

/* ---- extended key usage ---- */

static bool
may_be_asked(const struct rmt_draft *draft, struct rmt_span purpose)
{
	const struct rmt_recipe *recipe = draft->recipe;
	struct rmt_span own = rmt_buf_view(&recipe->eku);
	bool listed = draft->policy->extended_key_usage.merge == RMT_MERGE_REQUEST && recipe->eku_allow.length;

	if (rmt_oids_have(own, purpose))
		return true;
	if (!listed || !rmt_oids_have(rmt_buf_view(&recipe->eku_allow), purpose))
		return false;
	for (size_t i = 0; i < sizeof(never_asked) / sizeof(never_asked[0]); i++)
		if (rmt_oid_is(purpose, never_asked[i]))
			return false;
	return true;
}

static void
report_purpose(const struct rmt_draft *draft, enum rmt_decision decision, struct rmt_span purpose, const char *why)
{
	struct rmt_buf text = { 0 };

	if (!draft->report)
		return;
	rmt_oid_text(purpose, &text);
	rmt_draft_report(draft, decision, purpose_field, "%s%s", rmt_buf_string(&text), why);
	rmt_buf_free(&text);
}

static void
put_oid(struct rmt_buf *oids, struct rmt_span oid)
{
	unsigned char header[2] = { RMT_DER_OID, (unsigned char)oid.length };

	if (oid.length >= 0x80) {
		oids->failed = true; /* the reader's limit on object identifiers is far below */
		return;
	}
	rmt_buf_append(oids, header, sizeof(header));
	rmt_buf_span(oids, oid);
}

/* Purposes of the wish that may be had go to draft->eku; *stated: it has the extension at all. */
static int
take_purposes(struct rmt_draft *draft, bool *stated, struct rmt_err *err)
{
	const struct rmt_extensions *asked = draft->wish->asked;
	const struct rmt_ext *ext = asked ? rmt_ext_find(asked, RMT_EXT_EXTENDED_KEY_USAGE) : NULL;
	struct rmt_span purpose;
	struct rmt_der cursor;

	*stated = ext != NULL;
	if (!ext)
		return 0;
	if (rmt_ext_eku_open(ext->value, &cursor, err))
		return -1;
	while (rmt_der_more(&cursor)) {
		if (rmt_der_oid(&cursor, &purpose, purpose_field, err))
			return -1;
		if (!may_be_asked(draft, purpose))
			report_purpose(draft, RMT_DECISION_DROPPED, purpose, ": not allowed by the template");
		else if (!rmt_oids_have(rmt_buf_view(&draft->eku), purpose))
			put_oid(&draft->eku, purpose);
	}
	return rmt_buf_check(&draft->eku, err);
}

/* Every purpose of `all` against `some`; the first of `all` that is missing goes to *missing. */
static bool
covers(struct rmt_span some, struct rmt_span all, struct rmt_span *missing)
{
	struct rmt_der cursor;

	rmt_der_open(&cursor, all, NULL);
	while (rmt_der_more(&cursor))
		if (rmt_der_oid(&cursor, missing, NULL, NULL) || !rmt_oids_have(some, *missing))
			return false;
	return true;
}

static void
report_purposes(const struct rmt_draft *draft, struct rmt_span asked)
{
	struct rmt_span purpose;
	struct rmt_der cursor;

	rmt_der_open(&cursor, rmt_buf_view(&draft->eku), NULL);
	while (draft->report && rmt_der_more(&cursor) && !rmt_der_oid(&cursor, &purpose, NULL, NULL)) {
		bool had = rmt_oids_have(asked, purpose);

		report_purpose(draft, had ? RMT_DECISION_TAKEN : RMT_DECISION_ADDED, purpose,
		               had ? "" : " by the template");
	}
}

static int
purposes(struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_recipe *recipe = draft->recipe;
	struct rmt_span own = rmt_buf_view(&recipe->eku), missing;
	enum rmt_merge merge = draft->policy->extended_key_usage.merge;
	struct rmt_buf asked = { 0 };
	bool stated;

	if (take_purposes(draft, &stated, err))
		return -1;
	if (merge == RMT_MERGE_REQUIRE && !covers(rmt_buf_view(&draft->eku), own, &missing)) {
		struct rmt_buf text = { 0 };

		rmt_oid_text(missing, &text);
		rmt_err_set(err, RMT_POLICY, purpose_field, "template %s requires the request to ask for %s",
		            draft->policy->name, rmt_buf_string(&text));
		rmt_buf_free(&text);
		return -1;
	}
	if (merge == RMT_MERGE_INTERSECT && stated && !draft->eku.length && own.length)
		return rmt_err_set(err, RMT_POLICY, purpose_field, "template %s allows none of the purposes asked for",
		                   draft->policy->name);
	rmt_buf_span(&asked, rmt_buf_view(&draft->eku));
	if (!draft->eku.length || merge == RMT_MERGE_TEMPLATE || merge == RMT_MERGE_REQUIRE) {
		rmt_buf_clear(&draft->eku);
		rmt_buf_span(&draft->eku, own);
	}
	report_purposes(draft, rmt_buf_view(&asked));
	rmt_buf_free(&asked);
	if (rmt_buf_check(&draft->eku, err))
		return -1;
	return rmt_issuer_check_eku(recipe, rmt_buf_view(&draft->eku), err);
}

/* ---- the rest ---- */

/* A request to be a CA is refused under a leaf template: who asks for one has no use for a leaf. Of an old certificate that
 * calls itself a CA the caller has decided that it was none. */
static int
check_ca_wish(const struct rmt_draft *draft, const struct rmt_ext *ext, struct rmt_err *err)
{
	struct rmt_basic_constraints asked = { .path_length = -1 };

	if (rmt_ext_basic_constraints(ext->value, &asked, &(struct rmt_notes){ 0 }, err))
		return -1;
	if (asked.ca && !draft->wish->asked_is_certificate && draft->policy->role == RMT_ROLE_LEAF)
		return rmt_err_set(err, RMT_POLICY, "basicConstraints",
		                   "the request asks to be a CA, which template %s does not make; a CA template must be named for that",
		                   draft->policy->name);
	return 0;
}

/* Everything else comes from the template and the issuer. An old certificate's own are compared afterwards, field by field. */
static int
others(const struct rmt_draft *draft, struct rmt_err *err)
{
	const struct rmt_extensions *asked = draft->wish->asked;
	char shown[RMT_SHOWN];

	for (unsigned i = 0; asked && i < asked->count; i++) {
		const struct rmt_ext *ext = &asked->list[i];
		struct rmt_buf name = { 0 };

		if (ext->id == RMT_EXT_SUBJECT_ALT_NAME || ext->id == RMT_EXT_KEY_USAGE ||
		    ext->id == RMT_EXT_EXTENDED_KEY_USAGE)
			continue;
		if (ext->id == RMT_EXT_BASIC_CONSTRAINTS && check_ca_wish(draft, ext, err))
			return -1;
		if (!draft->report || draft->wish->asked_is_certificate)
			continue;
		rmt_oid_text(ext->oid, &name);
		rmt_draft_report(draft, RMT_DECISION_DROPPED, ext->id < 0 ? "extension" : rmt_ext_name((enum rmt_ext_id)ext->id),
		                 "%s as requested: decided by the template", rmt_shown(rmt_buf_view(&name), shown));
		rmt_buf_free(&name);
	}
	return 0;
}

int
rmt_draft_usage(struct rmt_draft *draft, struct rmt_err *err)
{
	return others(draft, err) || usage(draft, err) || purposes(draft, err) ? -1 : 0;
}
