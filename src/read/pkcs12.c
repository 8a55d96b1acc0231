/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pkcs12.c - PKCS#12 containers (RFC 7292): which password fits, and every bag in the order in
 * which it stands.
 *
 * The walk is our own, so that several keys, names, CRLs and containers without keys or without MAC
 * come out whole. The MAC is checked here (also PBMAC1 of RFC 9579, which OpenSSL before 3.4
 * reports as a wrong password); decryption is in pbe.c. All iteration counts are judged before
 * anything is derived.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pkcs12.h>

#include "read/local.h"

#define RSADSI "\x2a\x86\x48\x86\xf7\x0d"
#define OID(text) \
	{ \
		(const unsigned char *)(text), sizeof(text) - 1 \
	}

static const struct rmt_span oid_data = OID(RSADSI "\x01\x07\x01");
static const struct rmt_span oid_signed = OID(RSADSI "\x01\x07\x02");
static const struct rmt_span oid_encrypted = OID(RSADSI "\x01\x07\x06");
static const struct rmt_span oid_pbes2 = OID(RSADSI "\x01\x05\x0d");
static const struct rmt_span oid_pkcs12_pbe = OID(RSADSI "\x01\x0c\x01"); /* less its last arc */
static const struct rmt_span oid_shrouded_key = OID(RSADSI "\x01\x0c\x0a\x01\x02");
static const struct rmt_span oid_pbmac1 = OID(RSADSI "\x01\x05\x0e");
static const struct rmt_span oid_friendly_name = OID(RSADSI "\x01\x09\x14");
static const struct rmt_span oid_local_key_id = OID(RSADSI "\x01\x09\x15");
static const struct rmt_span oid_x509_certificate = OID(RSADSI "\x01\x09\x16\x01");
static const struct rmt_span oid_x509_crl = OID(RSADSI "\x01\x09\x17\x01");

enum { MAC_KEY_MAX = 1024, SALT_MAX = 64 << 10 };

/* What MacData says, RFC 7292, 4; of PBMAC1 its own parameters. */
struct mac {
	bool present;
	bool pbmac1;
	const char *digest; /* of the HMAC, OpenSSL's name */
	struct rmt_span expected, salt;
	int64_t iterations;
	struct rmt_pbkdf2 kdf;
};

struct pfx {
	struct rmt_reading *reading;
	struct rmt_object *as;
	struct rmt_notes notes;
	struct rmt_buf der;        /* the whole of it with definite lengths */
	struct rmt_span auth_safe; /* what the MAC is over */
	struct mac mac;
	struct rmt_buf password; /* the one that fits */
	bool found, absent;
	bool given_up;  /* all passphrases were tried: nobody is asked twice */
	unsigned tried; /* passphrases of the callback */
	uint64_t work;
	char what[300];
};

/* One thing that a password is to open. */
struct trial {
	struct rmt_span algorithm, cipher; /* empty: the MAC */
	struct rmt_buf *plain;
};

/* ---- reading the envelope ---- */

static int
read_mac_algorithm(struct mac *mac, struct rmt_span algorithm, struct rmt_err *err)
{
	struct rmt_span oid, parameters, hmac, ignored;
	struct rmt_notes notes = { 0 };
	struct rmt_der top, seq;
	struct rmt_tlv kdf, scheme;
	struct rmt_buf name = { 0 };

	if (rmt_algorithm_split(algorithm, &oid, &parameters, err))
		return -1;
	hmac = oid;
	if (rmt_span_equal(oid, oid_pbmac1)) { /* RFC 8018, A.5 */
		mac->pbmac1 = true;
		rmt_der_open(&top, parameters, &notes);
		if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "PBMAC1-params", err) ||
		    rmt_der_read(&seq, RMT_DER_SEQUENCE, &kdf, "keyDerivationFunc", err) ||
		    rmt_der_read(&seq, RMT_DER_SEQUENCE, &scheme, "messageAuthScheme", err) ||
		    rmt_pbkdf2_read(kdf.whole, &mac->kdf, err) ||
		    rmt_algorithm_split(scheme.whole, &hmac, &ignored, err))
			return -1;
		mac->salt = mac->kdf.salt;
		mac->iterations = mac->kdf.iterations;
	}
	mac->digest = rmt_digest_name(hmac);
	if (mac->digest && (!mac->pbmac1 || mac->kdf.digest))
		return 0;
	rmt_oid_text(hmac, &name);
	rmt_err_set(err, RMT_INPUT, "macData",
	    "its integrity is protected with %s, which is not known here", rmt_buf_string(&name));
	rmt_buf_free(&name);
	return -1;
}

static int
read_mac(struct pfx *pfx, struct rmt_der *outer, struct rmt_err *err)
{
	struct mac *mac = &pfx->mac;
	struct rmt_der seq, digest_info;
	struct rmt_tlv algorithm, expected, salt;

	if (rmt_der_enter(outer, RMT_DER_SEQUENCE, &seq, "macData", err) ||
	    rmt_der_enter(&seq, RMT_DER_SEQUENCE, &digest_info, "macData.mac", err) ||
	    rmt_der_read(
		&digest_info, RMT_DER_SEQUENCE, &algorithm, "macData.mac.algorithm", err) ||
	    rmt_der_read(
		&digest_info, RMT_DER_OCTET_STRING, &expected, "macData.mac.digest", err) ||
	    rmt_der_read(&seq, RMT_DER_OCTET_STRING, &salt, "macData.salt", err))
		return -1;
	mac->present = true;
	mac->iterations = 1; /* the default, RFC 7292, 4 */
	if (rmt_der_more(&seq) && rmt_der_small(&seq, &mac->iterations, "macData.iterations", err))
		return -1;
	mac->expected = expected.value;
	mac->salt = salt.value;
	if (read_mac_algorithm(mac, algorithm.whole, err))
		return -1;
	if (mac->iterations < 1 || mac->salt.length > SALT_MAX ||
	    (mac->pbmac1 && (mac->kdf.key_length < 1 || mac->kdf.key_length > MAC_KEY_MAX)))
		return rmt_err_set(err, RMT_INPUT, "macData", "its parameters are out of bounds");
	return 0;
}

/* The work of one derivation, alone and together with the others of this container. */
static int
admit(struct pfx *pfx, uint64_t work, struct rmt_err *err)
{
	if (rmt_work_admit(pfx->reading, work, err))
		return -1;
	pfx->work += work;
	return rmt_work_admit(pfx->reading, pfx->work / 8, err);
}

/* RFC 7292, 4: version, authSafe, macData. */
static int
read_envelope(struct pfx *pfx, struct rmt_span ber, struct rmt_err *err)
{
	struct rmt_der top, seq, content_info, content;
	struct rmt_span type;
	struct rmt_tlv auth_safe;
	int64_t version;

	if (rmt_der_from_ber(ber, &pfx->der, err))
		return -1;
	rmt_der_open(&top, rmt_buf_view(&pfx->der), &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "pfx", err) ||
	    rmt_der_small(&seq, &version, "pfx.version", err) ||
	    rmt_der_enter(&seq, RMT_DER_SEQUENCE, &content_info, "pfx.authSafe", err) ||
	    rmt_der_oid(&content_info, &type, "pfx.authSafe.contentType", err))
		return -1;
	if (rmt_span_equal(type, oid_signed))
		return rmt_err_set(err, RMT_INPUT, "pfx.authSafe",
		    "this PKCS#12 is signed with a key instead "
		    "of protected with a passphrase, which is not read");
	if (rmt_der_enter(
		&content_info, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "pfx.authSafe", err) ||
	    rmt_der_read(&content, RMT_DER_OCTET_STRING, &auth_safe, "pfx.authSafe", err))
		return -1;
	pfx->auth_safe = auth_safe.value;
	if (!rmt_der_more(&seq))
		return 0;
	if (read_mac(pfx, &seq, err))
		return -1;
	return admit(pfx, (uint64_t)pfx->mac.iterations, err);
}

/* ---- profile ---- */

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
profile_of_bags(struct pfx *pfx, struct rmt_span contents)
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
profile_of_safe(struct pfx *pfx, struct rmt_der *safe)
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

static enum profile
profile_of_safes(struct pfx *pfx, struct rmt_der safes)
{
	enum profile highest = NONE, one;
	struct rmt_der safe;

	while (
	    rmt_der_more(&safes) && !rmt_der_enter(&safes, RMT_DER_SEQUENCE, &safe, NULL, NULL)) {
		one = profile_of_safe(pfx, &safe);
		highest = one > highest ? one : highest;
	}
	return highest;
}

/* ---- passwords ---- */

static int
derive_mac_key(const struct mac *mac, const EVP_MD *md, struct rmt_password password,
    unsigned char key[MAC_KEY_MAX], size_t *length, struct rmt_err *err)
{
	struct rmt_buf salt = { 0 };
	int ok;

	if (mac->iterations > INT32_MAX)
		return rmt_err_set(
		    err, RMT_INPUT, "macData.iterations", "more iterations than OpenSSL can do");
	if (mac->pbmac1) {
		*length = (size_t)mac->kdf.key_length;
		ok = PKCS5_PBKDF2_HMAC(password.text ? password.text : "", (int)password.length,
		    mac->salt.at, (int)mac->salt.length, (int)mac->iterations,
		    EVP_get_digestbyname(mac->kdf.digest), (int)*length, key);
	} else {
		*length = (size_t)EVP_MD_get_size(md);
		rmt_buf_span(&salt, mac->salt); /* the library takes it writable */
		ok = !salt.failed && PKCS12_key_gen_utf8_ex(password.text, (int)password.length,
					 salt.bytes, (int)salt.length, PKCS12_MAC_ID,
					 (int)mac->iterations, (int)*length, key, md, NULL, NULL);
		rmt_buf_free(&salt);
	}
	return ok ? 0
		  : rmt_err_openssl(
			err, RMT_INTERNAL, "macData", "the MAC's key cannot be derived");
}

/* 1 the MAC is right, 0 it is not, -1 it cannot be computed. */
static int
mac_fits(const struct pfx *pfx, struct rmt_password password, struct rmt_err *err)
{
	const struct mac *mac = &pfx->mac;
	const EVP_MD *md = EVP_get_digestbyname(mac->digest);
	unsigned char key[MAC_KEY_MAX], computed[EVP_MAX_MD_SIZE];
	unsigned computed_length = 0;
	size_t length = 0;
	int rc = -1;

	ERR_set_mark();
	if (!md) {
		rmt_err_set(
		    err, RMT_INPUT, "macData", "the OpenSSL at hand has no %s", mac->digest);
		goto out;
	}
	if (derive_mac_key(mac, md, password, key, &length, err))
		goto out;
	if (!HMAC(md, key, (int)length, pfx->auth_safe.at, pfx->auth_safe.length, computed,
		&computed_length)) {
		rmt_err_openssl(err, RMT_INTERNAL, "macData", "the MAC cannot be computed");
		goto out;
	}
	rc = computed_length == mac->expected.length &&
	     !CRYPTO_memcmp(computed, mac->expected.at, computed_length);
out:
	ERR_pop_to_mark();
	rmt_wipe(key, sizeof key);
	return rc;
}

/* 1 it opens, 0 it does not, -1 no password would. */
static int
fits(const struct pfx *pfx, const struct trial *trial, struct rmt_password password,
    struct rmt_err *err)
{
	struct rmt_err refused = { 0 };
	struct rmt_span plain;

	if (!trial->algorithm.length)
		return mac_fits(pfx, password, err);
	if (rmt_pbe_decrypt(trial->algorithm, trial->cipher, password, trial->plain, &refused)) {
		if (refused.class == RMT_SECRET)
			return 0;
		*err = refused;
		return -1;
	}
	plain = rmt_buf_view(trial->plain); /* a wrong password may survive the padding by chance */
	return plain.length && plain.at[0] == RMT_DER_SEQUENCE &&
	       rmt_der_extent(plain) == plain.length;
}

static int
keep_password(struct pfx *pfx, struct rmt_password password, struct rmt_err *err)
{
	struct rmt_buf kept = { 0 };

	rmt_buf_secret(&kept);
	rmt_buf_append(&kept, password.text ? password.text : "", password.length);
	if (rmt_buf_check(&kept, err))
		return -1;
	rmt_buf_free(&pfx->password);
	pfx->password = kept;
	pfx->absent = !password.text;
	pfx->found = true;
	return 1;
}

/* One passphrase in both encodings. */
static int
try_secret(struct pfx *pfx, const struct trial *trial, const struct rmt_secret *secret,
    struct rmt_err *err)
{
	struct rmt_password password = { rmt_secret_text(secret), rmt_secret_length(secret) };
	struct rmt_buf other = { 0 };
	int rc = fits(pfx, trial, password, err);

	pfx->tried++;
	if (!rc && rmt_password_bytewise(password, &other)) {
		password = (struct rmt_password){ rmt_buf_string(&other), other.length };
		rc = fits(pfx, trial, password, err);
	}
	if (rc == 1)
		rc = keep_password(pfx, password, err);
	rmt_buf_free(&other);
	return rc;
}

static int
try_nothing(struct pfx *pfx, const struct trial *trial, struct rmt_err *err)
{
	static const struct rmt_password nothing[] = { { NULL, 0 }, { "", 0 } };
	int rc = 0;

	for (size_t i = 0; !rc && i < 2; i++) {
		rc = fits(pfx, trial, nothing[i], err);
		if (rc == 1)
			rc = keep_password(pfx, nothing[i], err);
	}
	return rc;
}

/* Passphrases at hand, then none and the empty one, then those that a person is asked for. 1, 0 or
 * -1. */
static int
find_password(struct pfx *pfx, const struct trial *trial, struct rmt_err *err)
{
	unsigned given = pfx->reading->reader->given, n = 0;
	const struct rmt_secret *secret = NULL;
	int rc = 0;

	pfx->tried = 0;
	for (; !rc && n < given; n++) {
		if (!(secret = rmt_reading_passphrase(pfx->reading, pfx->what, n)))
			break;
		rc = try_secret(pfx, trial, secret, err);
	}
	if (!rc)
		rc = try_nothing(pfx, trial, err);
	for (; !rc && n >= given && (secret = rmt_reading_passphrase(pfx->reading, pfx->what, n));
	     n++)
		rc = try_secret(pfx, trial, secret, err);
	pfx->given_up = !rc;
	return rc;
}

static int
open_trial(struct pfx *pfx, const struct trial *trial, struct rmt_err *err)
{
	struct rmt_password known = { pfx->absent ? NULL : rmt_buf_string(&pfx->password),
		pfx->password.length };
	int rc = pfx->found ? fits(pfx, trial, known, err) : 0;

	if (!rc && !pfx->given_up)
		rc = find_password(pfx, trial, err);
	if (rc)
		return rc == 1 ? 0 : -1;
	return rmt_err_set(err, RMT_SECRET, NULL, "%s",
	    !pfx->tried       ? "this PKCS#12 is protected with a passphrase, and none was given"
	    : pfx->tried == 1 ? "the passphrase given does not open this PKCS#12"
			      : "none of the passphrases given opens this PKCS#12");
}

static int
decrypt(struct pfx *pfx, struct rmt_span algorithm, struct rmt_span cipher, struct rmt_buf *plain,
    struct rmt_err *err)
{
	struct trial trial = { algorithm, cipher, plain };
	uint64_t work;

	if (rmt_pbe_work(algorithm, &work, err) || admit(pfx, work, err))
		return -1;
	return open_trial(pfx, &trial, err);
}

/* ---- bags ---- */

struct bag {
	struct rmt_span type;
	struct rmt_span value; /* the whole value inside [0] */
	struct rmt_object as;
	struct rmt_buf name;
};

static int
read_attribute(struct bag *bag, struct rmt_der *attributes, struct rmt_err *err)
{
	struct rmt_der seq, values;
	struct rmt_span type;
	struct rmt_tlv value;

	if (rmt_der_enter(attributes, RMT_DER_SEQUENCE, &seq, "bagAttributes", err) ||
	    rmt_der_oid(&seq, &type, "bagAttributes", err) ||
	    rmt_der_enter(&seq, RMT_DER_SET, &values, "bagAttributes", err))
		return -1;
	if (!rmt_der_more(&values))
		return 0;
	if (rmt_der_any(&values, &value, "bagAttributes", err))
		return -1;
	if (rmt_span_equal(type, oid_friendly_name)) {
		rmt_buf_clear(&bag->name);
		rmt_string_utf8(value.tag, value.value, &bag->name);
		bag->as.friendly_name = rmt_buf_string(&bag->name);
	} else if (rmt_span_equal(type, oid_local_key_id)) {
		bag->as.local_key_id = value.value;
	}
	return 0;
}

/* RFC 7292, 4.2: bagId, [0] bagValue, SET OF attributes. */
static int
read_bag_header(struct bag *bag, struct rmt_der *bags, struct rmt_err *err)
{
	struct rmt_der seq, content, attributes;
	struct rmt_tlv value;

	if (rmt_der_enter(bags, RMT_DER_SEQUENCE, &seq, NULL, err) ||
	    rmt_der_oid(&seq, &bag->type, "bagId", err) ||
	    rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "bagValue", err) ||
	    rmt_der_any(&content, &value, "bagValue", err))
		return -1;
	bag->value = value.whole;
	if (!rmt_der_next_is(&seq, RMT_DER_SET))
		return 0;
	if (rmt_der_enter(&seq, RMT_DER_SET, &attributes, "bagAttributes", err))
		return -1;
	while (rmt_der_more(&attributes)) {
		if (read_attribute(bag, &attributes, err))
			return -1;
	}
	return rmt_buf_check(&bag->name, err);
}

static int
bag_key(struct pfx *pfx, const struct bag *bag)
{
	return rmt_read_private(pfx->reading, &bag->as, bag->value);
}

static int
bag_shrouded_key(struct pfx *pfx, const struct bag *bag)
{
	struct rmt_err err = { 0 };
	struct rmt_buf plain = { 0 };
	struct rmt_tlv algorithm, cipher;
	struct rmt_key *key = NULL;
	struct rmt_der top, seq;
	int rc;

	if (pfx->reading->reader->skip_keys)
		return rmt_hand_locked(pfx->reading, &bag->as, true);
	rmt_der_open(&top, bag->value, &pfx->notes);
	if (!rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "encryptedPrivateKeyInfo", &err) &&
	    !rmt_der_read(&seq, RMT_DER_SEQUENCE, &algorithm, "encryptionAlgorithm", &err) &&
	    !rmt_der_read(&seq, RMT_DER_OCTET_STRING, &cipher, "encryptedData", &err) &&
	    !decrypt(pfx, algorithm.whole, cipher.value, &plain, &err))
		key = rmt_key_read_der(rmt_buf_view(&plain), &err);
	if (key)
		rc = rmt_hand_key(pfx->reading, &bag->as, key, true);
	else if (err.class == RMT_SECRET && pfx->given_up && !pfx->tried)
		rc = rmt_hand_locked(pfx->reading, &bag->as, true);
	else
		rc = rmt_reading_fault(pfx->reading, &bag->as, &err);
	rmt_buf_free(&plain);
	return rc;
}

/* RFC 7292, 4.2.3 and 4.2.4: an OID, and the certificate or CRL in an OCTET STRING. */
static int
bag_wrapped(struct pfx *pfx, const struct bag *bag, struct rmt_span expected, const char *other,
    int (*read)(struct rmt_reading *, const struct rmt_object *, struct rmt_span))
{
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, content;
	struct rmt_span type;
	struct rmt_tlv value;

	rmt_der_open(&top, bag->value, &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, "bagValue", &err) ||
	    rmt_der_oid(&seq, &type, "bagValue", &err))
		return rmt_reading_fault(pfx->reading, &bag->as, &err);
	if (!rmt_span_equal(type, expected))
		return rmt_reading_unsupported(pfx->reading, &bag->as, other, NULL);
	if (rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "bagValue", &err) ||
	    rmt_der_read(&content, RMT_DER_OCTET_STRING, &value, "bagValue", &err))
		return rmt_reading_fault(pfx->reading, &bag->as, &err);
	return read(pfx->reading, &bag->as, value.value);
}

static int
bag_certificate(struct pfx *pfx, const struct bag *bag)
{
	return bag_wrapped(
	    pfx, bag, oid_x509_certificate, "SDSI certificate", rmt_read_certificate);
}

static int
bag_crl(struct pfx *pfx, const struct bag *bag)
{
	return bag_wrapped(
	    pfx, bag, oid_x509_crl, "CRL of another kind than X.509's", rmt_read_crl);
}

static int
bag_secret(struct pfx *pfx, const struct bag *bag)
{
	return rmt_reading_unsupported(pfx->reading, &bag->as, "secret key", NULL);
}

static int read_bags(struct pfx *pfx, struct rmt_span contents);

static int
bag_nested(struct pfx *pfx, const struct bag *bag)
{
	return read_bags(pfx, bag->value);
}

/* RFC 7292, 4.2: the bag types are the arcs 1 to 6 below pkcs-12PbeBagIds. */
static int (*const bag_types[])(struct pfx *, const struct bag *) = {
	NULL,
	bag_key,
	bag_shrouded_key,
	bag_certificate,
	bag_crl,
	bag_secret,
	bag_nested,
};

static int
read_bag(struct pfx *pfx, const struct bag *bag)
{
	static const struct rmt_span parent = OID(RSADSI "\x01\x0c\x0a\x01");
	struct rmt_span type = bag->type;

	if (type.length == parent.length + 1 && !memcmp(type.at, parent.at, parent.length) &&
	    type.at[parent.length] >= 1 && type.at[parent.length] <= 6)
		return bag_types[type.at[parent.length]](pfx, bag);
	return rmt_reading_unsupported(pfx->reading, &bag->as, "PKCS#12 bag of unknown type", NULL);
}

/* SafeContents: a sequence of bags, itself perhaps in BER. A broken bag is one fault. */
static int
read_bags(struct pfx *pfx, struct rmt_span contents)
{
	struct rmt_reading *reading = pfx->reading;
	const char *outer = reading->member;
	struct rmt_buf der = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der top, bags, one;
	struct rmt_tlv whole;
	char place[64];
	int rc = 0;

	rmt_buf_secret(&der);
	if (reading->nested >= RMT_MEMBERS_NESTED_MAX) {
		rmt_err_set(&err, RMT_INPUT, NULL, "bags are nested more than %d deep",
		    RMT_MEMBERS_NESTED_MAX);
		return rmt_reading_fault(reading, pfx->as, &err);
	}
	reading->nested++;
	if (rmt_der_from_ber(contents, &der, &err))
		goto out;
	rmt_der_open(&top, rmt_buf_view(&der), &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &bags, "safeContents", &err))
		goto out;
	for (size_t i = 0; !rc && rmt_der_more(&bags); i++) {
		struct bag bag = { .as = *pfx->as };

		snprintf(place, sizeof place, "%.40s.bag[%zu]", outer ? outer : "", i);
		reading->member = place;
		if (rmt_der_any(&bags, &whole, NULL, &err))
			goto out;
		rmt_der_open(&one, whole.whole, &pfx->notes);
		if (read_bag_header(&bag, &one, &err))
			rc = rmt_reading_fault(reading, pfx->as, &err);
		else
			rc = read_bag(pfx, &bag);
		rmt_buf_free(&bag.name);
	}
out:
	if (err.class)
		rc = rmt_reading_fault(reading, pfx->as, &err);
	reading->nested--;
	reading->member = outer;
	rmt_buf_free(&der);
	return rc;
}

/* ---- safes ---- */

/* [0] IMPLICIT OCTET STRING: whole, or in pieces when it came as BER. */
static int
implicit_octets(struct rmt_der *seq, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der pieces;
	struct rmt_tlv piece;

	if (rmt_der_next_is(seq, RMT_DER_CONTEXT(0))) {
		if (rmt_der_any(seq, &piece, "encryptedContent", err))
			return -1;
		rmt_buf_span(out, piece.value);
		return rmt_buf_check(out, err);
	}
	if (rmt_der_enter(seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &pieces, "encryptedContent", err))
		return -1;
	while (rmt_der_more(&pieces)) {
		if (rmt_der_read(&pieces, RMT_DER_OCTET_STRING, &piece, "encryptedContent", err))
			return -1;
		rmt_buf_span(out, piece.value);
	}
	return rmt_buf_check(out, err);
}

/* RFC 2315, 13: EncryptedData, with the algorithm and the ciphertext that we want. */
static int
read_encrypted_safe(struct pfx *pfx, struct rmt_der *content)
{
	struct rmt_buf cipher = { 0 }, plain = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_der encrypted, inner;
	struct rmt_span type;
	struct rmt_tlv algorithm;
	int64_t version;
	int rc;

	if (rmt_der_enter(content, RMT_DER_SEQUENCE, &encrypted, "encryptedData", &err) ||
	    rmt_der_small(&encrypted, &version, "encryptedData.version", &err) ||
	    rmt_der_enter(&encrypted, RMT_DER_SEQUENCE, &inner, "encryptedContentInfo", &err) ||
	    rmt_der_oid(&inner, &type, "encryptedContentInfo", &err) ||
	    rmt_der_read(&inner, RMT_DER_SEQUENCE, &algorithm, "encryptedContentInfo", &err) ||
	    implicit_octets(&inner, &cipher, &err) ||
	    decrypt(pfx, algorithm.whole, rmt_buf_view(&cipher), &plain, &err))
		rc = rmt_reading_fault(pfx->reading, pfx->as, &err);
	else
		rc = read_bags(pfx, rmt_buf_view(&plain));
	rmt_buf_free(&cipher);
	rmt_buf_free(&plain);
	return rc;
}

static int
read_safe(struct pfx *pfx, struct rmt_span content_info)
{
	struct rmt_err err = { 0 };
	struct rmt_der top, seq, content;
	struct rmt_span type;
	struct rmt_tlv octets;

	rmt_der_open(&top, content_info, &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &seq, NULL, &err) ||
	    rmt_der_oid(&seq, &type, "contentType", &err) ||
	    rmt_der_enter(&seq, RMT_DER_CONTEXT_CONSTRUCTED(0), &content, "content", &err))
		return rmt_reading_fault(pfx->reading, pfx->as, &err);
	if (rmt_span_equal(type, oid_encrypted))
		return read_encrypted_safe(pfx, &content);
	if (!rmt_span_equal(type, oid_data))
		return rmt_reading_unsupported(
		    pfx->reading, pfx->as, "PKCS#12 content encrypted for a key", NULL);
	if (rmt_der_read(&content, RMT_DER_OCTET_STRING, &octets, "content", &err))
		return rmt_reading_fault(pfx->reading, pfx->as, &err);
	return read_bags(pfx, octets.value);
}

static int
read_safes(struct pfx *pfx)
{
	struct rmt_err err = { 0 };
	struct rmt_buf der = { 0 };
	struct rmt_der top, safes;
	struct rmt_tlv safe;
	char place[40];
	int rc = 0;

	if (rmt_der_from_ber(pfx->auth_safe, &der, &err))
		goto out;
	rmt_der_open(&top, rmt_buf_view(&der), &pfx->notes);
	if (rmt_der_enter(&top, RMT_DER_SEQUENCE, &safes, "authSafe", &err))
		goto out;
	pfx->as->profile = profiles[profile_of_safes(pfx, safes)];
	for (size_t i = 0; !rc && rmt_der_more(&safes); i++) {
		snprintf(place, sizeof place, "safe[%zu]", i);
		pfx->reading->member = place;
		if (rmt_der_any(&safes, &safe, NULL, &err))
			break;
		rc = read_safe(pfx, safe.whole);
	}
out:
	if (err.class)
		rc = rmt_reading_fault(pfx->reading, pfx->as, &err);
	pfx->reading->member = NULL;
	rmt_buf_free(&der);
	return rc;
}

int
rmt_read_pkcs12(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span ber)
{
	struct rmt_object here = *as;
	struct pfx pfx = { .reading = reading, .as = &here };
	struct trial mac = { { 0 }, { 0 }, NULL };
	struct rmt_err err = { 0 };
	size_t before = reading->objects + reading->faults;
	int rc;

	here.container = !strcmp(as->container, "pem")      ? "pem-pkcs12"
			 : !strcmp(as->container, "base64") ? "base64-pkcs12"
							    : "pkcs12";
	snprintf(pfx.what, sizeof pfx.what, "PKCS#12 in %.255s", reading->source);
	if (read_envelope(&pfx, ber, &err) || (pfx.mac.present && open_trial(&pfx, &mac, &err)))
		rc = rmt_reading_fault(reading, &here, &err);
	else
		rc = read_safes(&pfx);
	if (!rc && reading->objects + reading->faults == before) {
		rmt_err_set(&err, RMT_INPUT, NULL, "this PKCS#12 is empty");
		rc = rmt_reading_fault(reading, &here, &err);
	}
	rmt_buf_free(&pfx.der);
	rmt_buf_free(&pfx.password);
	return rc;
}
