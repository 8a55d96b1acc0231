/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pkcs12_profile.c - whom a PKCS#12 container is made for, by the encryption in it. It opens
 * nothing.
 */
#include "config.h"

#include <string.h>

#include "read/local.h"

#define RSADSI "\x2a\x86\x48\x86\xf7\x0d"
#define OID(text) \
	{ \
		(const unsigned char *)(text), sizeof(text) - 1 \
	}

static const struct rmt_span oid_data = OID(RSADSI "\x01\x07\x01");
static const struct rmt_span oid_encrypted = OID(RSADSI "\x01\x07\x06");
static const struct rmt_span oid_pbes2 = OID(RSADSI "\x01\x05\x0d");
static const struct rmt_span oid_pkcs12_pbe = OID(RSADSI "\x01\x0c\x01"); /* less its last arc */
static const struct rmt_span oid_shrouded_key = OID(RSADSI "\x01\x0c\x0a\x01\x02");

enum profile { NONE, MODERN, COMPAT, LEGACY };
static const char *const profiles[] = { "none", "modern", "compat", "legacy" };

/* Which consumers can open this: what everybody has had for twenty years ranks higher than what is
 * new. */
static enum profile
profile_of(struct rmt_span algorithm)
{
	struct rmt_span oid, parameters;
	unsigned char last;

	if (rmt_algorithm_split(algorithm, &oid, &parameters, NULL))
		return NONE;
	if (rmt_span_equal(oid, oid_pbes2))
		return MODERN;
	last = oid.at[oid.length - 1];
	if (oid.length == oid_pkcs12_pbe.length + 1 &&
	    !memcmp(oid.at, oid_pkcs12_pbe.at, oid_pkcs12_pbe.length) && (last == 3 || last == 4))
		return COMPAT; /* 3DES */
	return LEGACY;
}

/* The highest of the shrouded keys that stand in a safe without encryption of its own. */
static enum profile
profile_of_bags(struct rmt_pfx *pfx, struct rmt_span contents)
{
	struct rmt_der top, bags, bag, value, key;
	struct rmt_tlv algorithm;
	struct rmt_span type;
	enum profile highest = NONE, one;

	rmt_der_open(&top, contents, &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &bags, NULL, NULL))
		return NONE;
	while (rmt_der_more(&bags) && !rmt_der_enter(&bags, RMT_DER_SEQUENCE, &bag, NULL, NULL)) {
		if (rmt_der_oid(&bag, &type, NULL, NULL) ||
		    !rmt_span_equal(type, oid_shrouded_key) ||
		    rmt_der_enter(&bag, RMT_DER_CONTEXT_CONSTRUCTED(0), &value, NULL, NULL) ||
		    rmt_der_enter(&value, RMT_DER_SEQUENCE, &key, NULL, NULL) ||
		    rmt_der_read(&key, RMT_DER_SEQUENCE, &algorithm, NULL, NULL))
			continue;
		one = profile_of(algorithm.whole);
		highest = one > highest ? one : highest;
	}
	return highest;
}

static enum profile
profile_of_safe(struct rmt_pfx *pfx, struct rmt_der *safe)
{
	struct rmt_der content, encrypted, inner;
	struct rmt_span type;
	struct rmt_tlv value;
	int64_t version;

	if (rmt_der_oid(safe, &type, NULL, NULL) ||
	    rmt_der_enter(safe, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, NULL, NULL))
		return NONE;
	if (rmt_span_equal(type, oid_data))
		return rmt_der_read(&content, RMT_DER_OCTET_STRING, &value, NULL, NULL)
			   ? NONE
			   : profile_of_bags(pfx, value.value);
	if (!rmt_span_equal(type, oid_encrypted) ||
	    rmt_der_enter(&content, RMT_DER_SEQUENCE, &encrypted, NULL, NULL) ||
	    rmt_der_small(&encrypted, &version, NULL, NULL) ||
	    rmt_der_enter(&encrypted, RMT_DER_SEQUENCE, &inner, NULL, NULL) ||
	    rmt_der_oid(&inner, &type, NULL, NULL) ||
	    rmt_der_read(&inner, RMT_DER_SEQUENCE, &value, NULL, NULL))
		return NONE;
	return profile_of(value.whole);
}

const char *
rmt_pfx_profile(struct rmt_pfx *pfx, struct rmt_der safes)
{
	enum profile highest = NONE, one;
	struct rmt_der safe;

	while (
	    rmt_der_more(&safes) && !rmt_der_enter(&safes, RMT_DER_SEQUENCE, &safe, NULL, NULL)) {
		one = profile_of_safe(pfx, &safe);
		highest = one > highest ? one : highest;
	}
	return profiles[highest];
}
