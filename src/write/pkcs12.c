/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/pkcs12.c - key and certificates in a PKCS#12 file (RFC 7292), in three strengths for three ages of readers.
 *
 * To add a profile:
 *   1. add its row to profiles[]: how the key and the certificates are encrypted, the digest of the MAC, the iterations, and
 *      whether the ciphers need OpenSSL's legacy provider;
 *   2. add its row to tests/unit/test_write.c and name it in the man page of target files.
 *
 * OpenSSL does the encryption; which objects go in is decided in parts.c.
 */
#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "write/local.h"

/*
 * Iterations. A guess costs its author the cheapest of the three derivations (MAC, key, certificates), so all are equal.
 * Modern: .NET refuses more than 300,000 in one derivation, 1,000,000 in all, and 600,000 in all where no passphrase is
 * stated: three times 200,000 is the most that every current reader takes. Compat: 10,000 is what Java writes
 * today and old appliances bear. Legacy: 40 bits of key protect nothing; the number of its own age.
 */
static const struct profile {
	const char *name;
	int key, certs; /* NID of a cipher (PBES2 with PBKDF2-HMAC-SHA256) or of a PKCS#12 scheme */
	const char *mac;
	int iterations;
	bool legacy;
} profiles[] = {
	{ "modern", NID_aes_256_cbc, NID_aes_256_cbc, "SHA256", 200000, false },
	{ "compat", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "SHA1", 10000, false },
	{ "legacy", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And40BitRC2_CBC, "SHA1", 2048, true },
};

enum { SALT = 16, KEY_ID = 20 };

/* What one file is made from. */
struct job {
	const struct profile *profile;
	const struct rmt_parts *parts;
	const char *name;       /* friendlyName of the leaf and its key */
	const char *passphrase;
	int passphrase_length;
	unsigned char key_id[KEY_ID]; /* localKeyId, which ties a key to its certificate: SHA-1 of that certificate */
	const struct rmt_cert *leaf;  /* the certificate of the key; NULL without a key */
	const struct rmt_buf *aliases; /* of certificates that are to be trusted, one for each part; NULL: they are not */
	int iterations;
	OSSL_LIB_CTX *context; /* NULL: the process's own; RC2 is not in it */
	struct rmt_err *err;
};

/* Friendly names are UTF-16 as Windows writes them; OpenSSL's own way from UTF-8 ends at the basic plane. */
static int
name_bag(PKCS12_SAFEBAG *bag, const char *name)
{
	unsigned char *utf16 = NULL;
	int length = 0, ok = 1;

	if (name[0]) {
		ok = OPENSSL_utf82uni(name, -1, &utf16, &length) && length > 2 &&
		     PKCS12_add_friendlyname_uni(bag, utf16, length - 2); /* less its end mark */
		OPENSSL_free(utf16);
	}
	return ok ? 0 : -1;
}

static int
label_bag(const struct job *job, PKCS12_SAFEBAG *bag)
{
	unsigned char key_id[KEY_ID];

	memcpy(key_id, job->key_id, KEY_ID);
	if (name_bag(bag, job->name) || (job->leaf && !PKCS12_add_localkeyid(bag, key_id, KEY_ID)))
		return -1;
	return 0;
}

/* Java lists a certificate of a PKCS#12 as trusted when Oracle's trustedKeyUsage says for what; keytool says anyExtendedKeyUsage. */
static int
trust_bag(const struct job *job, PKCS12_SAFEBAG *bag, size_t n)
{
	const unsigned char *any = (const unsigned char *)OBJ_nid2obj(NID_anyExtendedKeyUsage);

	if (name_bag(bag, rmt_buf_string(&job->aliases[n])) ||
	    !PKCS12_add1_attr_by_txt(bag, "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT, any, -1))
		return -1;
	return 0;
}

/* Our reader tolerates more than OpenSSL's, which writes the container: then it is the certificate that is at fault. */
static X509 *
decode_cert(const struct job *job, const struct rmt_cert *cert)
{
	const unsigned char *at = cert->der.at;
	X509 *x509 = d2i_X509(NULL, &at, (long)cert->der.length);
	struct rmt_buf label = { 0 };

	if (x509)
		return x509;
	rmt_cert_label(cert, &label);
	rmt_err_openssl(job->err, RMT_INPUT, NULL,
	    "the certificate of \"%.80s\" is too far from DER for a PKCS#12 file", rmt_buf_string(&label));
	rmt_buf_free(&label);
	return NULL;
}

/* The leaf carries name and identifier, as its key does; a CA certificate carries neither, unless it is there to be trusted. */
static PKCS12_SAFEBAG *
cert_bag(const struct job *job, size_t n, bool first)
{
	const struct rmt_cert *cert = job->parts->list[n].cert;
	bool labelled = job->leaf ? cert == job->leaf : first;
	X509 *x509 = decode_cert(job, cert);
	PKCS12_SAFEBAG *bag = x509 ? PKCS12_SAFEBAG_create_cert(x509) : NULL;

	X509_free(x509);
	if (bag && (job->aliases ? trust_bag(job, bag, n) : labelled ? label_bag(job, bag) : 0)) {
		PKCS12_SAFEBAG_free(bag);
		return NULL;
	}
	return bag;
}

static int
add_cert(const struct job *job, STACK_OF(PKCS12_SAFEBAG) **bags, size_t n, bool first)
{
	PKCS12_SAFEBAG *bag = cert_bag(job, n, first);

	if (!*bags)
		*bags = sk_PKCS12_SAFEBAG_new_null();
	if (bag && *bags && sk_PKCS12_SAFEBAG_push(*bags, bag))
		return 0;
	PKCS12_SAFEBAG_free(bag);
	return -1;
}

static int
add_key(const struct job *job, STACK_OF(PKCS12_SAFEBAG) **bags, const struct rmt_key *key)
{
	PKCS12_SAFEBAG *bag = PKCS12_add_key_ex(bags, rmt_key_evp(key), 0, job->iterations, job->profile->key,
	                                        job->passphrase, job->context, NULL);

	return bag ? label_bag(job, bag) : -1;
}

/* One safe with the certificates, encrypted as a whole, and one with the key, encrypted by itself. */
static int
add_safes(const struct job *job, STACK_OF(PKCS7) **safes)
{
	STACK_OF(PKCS12_SAFEBAG) *certs = NULL, *keys = NULL;
	const struct profile *profile = job->profile;
	int rc = -1;

	for (size_t i = 0, seen = 0; i < job->parts->count; i++) {
		const struct rmt_part *part = &job->parts->list[i];

		if (part->cert ? add_cert(job, &certs, i, seen++ == 0) : add_key(job, &keys, part->key))
			goto out;
	}
	if (certs && !PKCS12_add_safe_ex(safes, certs, profile->certs, job->iterations, job->passphrase,
	                                 job->context, NULL))
		goto out;
	if (keys && !PKCS12_add_safe(safes, keys, -1, 0, NULL))
		goto out;
	rc = 0;
out:
	sk_PKCS12_SAFEBAG_pop_free(certs, PKCS12_SAFEBAG_free);
	sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
	return rc;
}

static int
encode(const struct job *job, struct rmt_buf *out, struct rmt_err *err)
{
	STACK_OF(PKCS7) *safes = NULL;
	EVP_MD *digest = NULL;
	PKCS12 *p12 = NULL;
	unsigned char salt[SALT], *der = NULL;
	int length = 0;

	ERR_clear_error();
	if (rmt_random(salt, sizeof(salt), err))
		return -1;
	digest = EVP_MD_fetch(job->context, job->profile->mac, NULL);
	if (digest && !add_safes(job, &safes))
		p12 = PKCS12_add_safes_ex(safes, 0, job->context, NULL);
	if (p12 && PKCS12_set_mac(p12, job->passphrase, job->passphrase_length, salt, sizeof(salt),
	                          job->iterations, digest))
		length = i2d_PKCS12(p12, &der);
	PKCS12_free(p12);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	EVP_MD_free(digest);
	if (length <= 0)
		return rmt_err_openssl(err, RMT_INTERNAL, NULL, "the PKCS#12 file cannot be made");
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_free(der);
	return rmt_buf_check(out, err);
}

static const struct profile *
profile_named(const char *name, struct rmt_err *err)
{
	enum { COUNT = sizeof(profiles) / sizeof(profiles[0]) };
	const char *names[COUNT + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < COUNT; i++) {
		names[i] = profiles[i].name;
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	}
	near = rmt_nearest(name, names);
	rmt_err_set(err, RMT_USAGE, NULL, "no PKCS#12 profile \"%s\"%s%s%s", name, near ? "; did you mean \"" : "",
	            near ? near : "", near ? "\"?" : "");
	return NULL;
}

/* Whose certificate is it? The leaf's when it goes in with its key. */
static int
pair_key(struct job *job, const struct rmt_bundle *bundle, struct rmt_err *err)
{
	for (size_t i = 0; i < job->parts->count && job->parts->keys; i++)
		if (bundle->leaf && job->parts->list[i].cert == bundle->leaf)
			job->leaf = bundle->leaf;
	return job->leaf ? rmt_sha1(job->leaf->der, job->key_id, err) : 0;
}

int
rmt_write_pfx(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf name = { 0 }, *aliases = NULL;
	struct job job = { .parts = parts, .err = err };
	int rc = -1;

	if (!options->passphrase)
		return rmt_err_set(err, RMT_SECRET, NULL, "a PKCS#12 file needs a passphrase");
	if (parts->trusted && rmt_secret_length(options->passphrase) < 6) /* keytool(1), -storepass */
		return rmt_err_set(err, RMT_SECRET, NULL, "a Java keystore needs a passphrase of six characters or more");
	job.profile = profile_named(options->profile ? options->profile : profiles[0].name, err);
	if (!job.profile || rmt_parts_label(bundle, options->friendly_name, &name, err) || pair_key(&job, bundle, err) ||
	    (parts->trusted && !(aliases = rmt_aliases(parts, options->friendly_name, err))))
		goto out;
	job.name = rmt_buf_string(&name);
	job.aliases = aliases;
	job.passphrase = rmt_secret_text(options->passphrase);
	job.passphrase_length = (int)rmt_secret_length(options->passphrase);
	job.iterations = options->iterations ? (int)options->iterations : job.profile->iterations;
	if (job.profile->legacy && !(job.context = rmt_legacy_context(err)))
		goto out;
	rc = encode(&job, out, err);
out:
	rmt_aliases_free(aliases, parts->count);
	rmt_buf_free(&name);
	return rc;
}
