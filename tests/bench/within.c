/* SPDX-License-Identifier: Apache-2.0 */
/*
 * within.c - what single steps cost inside one process, without its start, beside OpenSSL's bare calls for the same.
 *
 *	within pfx ROUNDS PROFILE FILE...  key, leaf and chain of the FILEs as a PFX under 2,048 iterations, in turns: our export,
 *	                                   which reads back what it wrote; PKCS12_create and PKCS12_parse; our import;
 *	                                   PKCS12_parse. Prints the medians in that order, in microseconds of CPU.
 *	within paths CERTS LEAVES          the candidate paths of LEAVES end-entity certificates out of a pile of CERTS that
 *	                                   holds them, no signature looked at. Prints the paths, and the CPU seconds of indexing and of searching.
 *
 * It is a measuring rod, not a product: any surprise ends it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "audit/audit.h"
#include "write/write.h"

enum { ITERATIONS = 2048, ROUNDS_MAX = 1000, STEPS = 4 };

static struct rmt_err err;

static void die(const char *doing)
{
	fprintf(stderr, "within: %s: %s %s\n", doing, err.place, err.message);
	exit(2);
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- PFX ------------------------------------------------------------------------------------------------------------ */

static const struct way {
	const char *profile;
	int key, certs;
	const char *mac;
	bool legacy;
} ways[] = {
	{"modern", NID_aes_256_cbc, NID_aes_256_cbc, "SHA256", false},
	{"compat", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "SHA1", false},
	{"legacy", NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And40BitRC2_CBC, "SHA1", true},
};

struct content {
	const struct way *way;
	OSSL_LIB_CTX *context;
	EVP_MD *mac;
	struct rmt_pile pile;
	const struct rmt_cert *certs[16]; /* the leaf first */
	size_t count;
	const struct rmt_key *key;
	struct rmt_secret *secret;
	X509 *leaf;
	STACK_OF(X509) *chain;
	struct rmt_buf made; /* by our export */
	size_t seen;         /* objects that our import found */
};

static int keep(void *arg, const struct rmt_object *object)
{
	struct content *content = arg;

	return rmt_pile_add(&content->pile, object, &err);
}

static X509 *x509_of(const struct rmt_cert *cert)
{
	const unsigned char *at = cert->der.at;
	X509 *x509 = d2i_X509(NULL, &at, (long)cert->der.length);

	if (!x509)
		die("d2i_X509");
	return x509;
}

static void load(struct content *content, const char *profile, char **files)
{
	const struct rmt_reader reader = {.object = keep, .arg = content, .mode = RMT_TOLERANT};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strcmp(ways[i].profile, profile) == 0)
			content->way = &ways[i];
	content->context = content->way && content->way->legacy ? rmt_legacy_context(&err) : NULL;
	content->mac = content->way ? EVP_MD_fetch(content->context, content->way->mac, NULL) : NULL;
	content->secret = rmt_secret_new("bench passphrase", strlen("bench passphrase"), &err);
	content->chain = sk_X509_new_null();
	if (!content->mac || !content->secret || !content->chain)
		die(profile);
	for (; *files; files++)
		if (rmt_read_path(&reader, *files, &err))
			die(*files);
	for (size_t i = 0; i < content->pile.count; i++) {
		const struct rmt_object *object = content->pile.objects[i];

		if (object->key)
			content->key = object->key;
		if (!object->cert || object->again || content->count == 16)
			continue;
		content->certs[content->count++] = object->cert;
		if (content->count == 1)
			content->leaf = x509_of(object->cert);
		else
			sk_X509_push(content->chain, x509_of(object->cert));
	}
	if (!content->key || !content->leaf)
		die("finding a key and its certificate");
}

static void our_export(struct content *content)
{
	const struct rmt_bundle bundle = {.leaf = content->certs[0], .intermediates = content->certs + 1,
	                                  .intermediate_count = content->count - 1, .key = content->key};
	const struct rmt_write_options options = {.format = "pfx", .profile = content->way->profile, .passphrase = content->secret,
	                                          .friendly_name = "bench", .iterations = ITERATIONS};

	if (rmt_write_mem(&bundle, &options, &content->made, &err))
		die("writing a PFX");
}

/* The bytes to key, leaf and chain, as every program that uses OpenSSL does. */
static void parse(const struct content *content, const unsigned char *bytes, size_t length)
{
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, content->context, NULL);
	EVP_PKEY *key = NULL;
	X509 *leaf = NULL;
	STACK_OF(X509) *chain = NULL;

	if (!p12 || !d2i_PKCS12(&p12, &bytes, (long)length) ||
	    !PKCS12_parse(p12, rmt_secret_text(content->secret), &key, &leaf, &chain) || !key || !leaf ||
	    (size_t)sk_X509_num(chain) + 1 != content->count)
		die("PKCS12_parse");
	PKCS12_free(p12);
	EVP_PKEY_free(key);
	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
}

static void bare_export(struct content *content)
{
	const char *text = rmt_secret_text(content->secret);
	PKCS12 *p12 = PKCS12_create_ex(text, "bench", rmt_key_evp(content->key), content->leaf, content->chain, content->way->key,
	                               content->way->certs, ITERATIONS, -1, 0, content->context, NULL);
	unsigned char *der = NULL;
	int length;

	if (!p12 || !PKCS12_set_mac(p12, text, -1, NULL, 0, ITERATIONS, content->mac) || (length = i2d_PKCS12(p12, &der)) <= 0)
		die("PKCS12_create");
	PKCS12_free(p12);
	parse(content, der, (size_t)length);
	OPENSSL_free(der);
}

static const struct rmt_secret *give(void *arg, const char *source, const char *what, unsigned n)
{
	const struct content *content = arg;

	(void)source;
	(void)what;
	return n ? NULL : content->secret;
}

static int count(void *arg, const struct rmt_object *object)
{
	struct content *content = arg;

	content->seen += object->cert || object->key;
	return 0;
}

static void our_import(struct content *content)
{
	const struct rmt_reader reader = {.passphrase = give, .given = 1, .object = count, .arg = content, .mode = RMT_TOLERANT};

	content->seen = 0;
	if (rmt_read_mem(&reader, "bench.pfx", rmt_buf_view(&content->made), &err) || content->seen != content->count + 1)
		die("reading a PFX");
}

static void bare_import(struct content *content)
{
	parse(content, content->made.bytes, content->made.length);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static int pfx(int rounds, const char *profile, char **files)
{
	static void (*const steps[STEPS])(struct content *) = {our_export, bare_export, our_import, bare_import};
	static double took[STEPS][ROUNDS_MAX];
	struct content content = {0};

	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("that many rounds");
	load(&content, profile, files);
	for (int r = -1; r < rounds; r++) /* the first warms up */
		for (int s = 0; s < STEPS; s++) {
			double before = cpu();

			steps[s](&content);
			if (r >= 0)
				took[s][r] = cpu() - before;
		}
	for (int s = 0; s < STEPS; s++) {
		qsort(took[s], (size_t)rounds, sizeof took[s][0], compare);
		printf("%.1f%s", 1e6 * took[s][rounds / 2], s + 1 < STEPS ? " " : "\n");
	}
	return 0;
}

/* ---- paths ---------------------------------------------------------------------------------------------------------- */

/*
 * Ten roots; a hundred issuing CAs that were given a new key ten times, each of these certified by two of the roots; the
 * rest are leaves. Every tenth leaf names no key of its issuer: it has twenty paths, the others two.
 */
enum { ROOTS = 10, NAMES = 100, REKEYED = 10, CROSS = 2, KEYLESS = 10 };

static void put_key_id(struct rmt_derw *w, enum rmt_ext_id id, const unsigned char digest[RMT_SHA256])
{
	rmt_ext_begin(w, id, false);
	if (id == RMT_EXT_SUBJECT_KEY_ID)
		rmt_ext_subject_key_id_write(w, rmt_span_of(digest, 20));
	else
		rmt_ext_authority_key_id_write(w, rmt_span_of(digest, 20));
	rmt_ext_end(w);
}

struct wish {
	char subject[64], issuer[64];
	char key[64], issuer_key[64]; /* any text stands for a key; no issuer_key: not named */
	bool ca;
};

static void name(struct rmt_derw *w, const char *cn)
{
	const struct rmt_name_part part = {"CN", cn};
	struct rmt_buf der = {0};

	if (rmt_name_build(&part, 1, &der, &err))
		die("a name");
	rmt_derw_raw(w, rmt_buf_view(&der));
	rmt_buf_free(&der);
}

static void algorithm(struct rmt_derw *w, const char *oid)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, rmt_oid_named(oid)->der);
	rmt_derw_end(w);
}

/* Names, key identifiers and the usual length; the signature is filler. */
static void make(const struct wish *wish, unsigned long serial, struct rmt_buf *out)
{
	unsigned char own[RMT_SHA256], above[RMT_SHA256], filler[72] = {4};
	struct rmt_derw w = {0};

	if (rmt_sha256(rmt_span_text(wish->key), own, &err) || rmt_sha256(rmt_span_text(wish->issuer_key), above, &err))
		die("hashing");
	memcpy(filler + 1, own, sizeof own);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_small(&w, 2);
	rmt_derw_end(&w);
	rmt_derw_small(&w, (int64_t)serial + 1);
	algorithm(&w, "1.2.840.10045.4.3.2");
	name(&w, wish->issuer);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_time(&w, 1700000000);
	rmt_derw_time(&w, 1900000000);
	rmt_derw_end(&w);
	name(&w, wish->subject);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, rmt_oid_named("1.2.840.10045.2.1")->der);
	rmt_derw_oid(&w, rmt_oid_named("1.2.840.10045.3.1.7")->der);
	rmt_derw_end(&w);
	rmt_derw_bits(&w, rmt_span_of(filler, 65), 0);
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(3));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	put_key_id(&w, RMT_EXT_SUBJECT_KEY_ID, own);
	if (*wish->issuer_key)
		put_key_id(&w, RMT_EXT_AUTHORITY_KEY_ID, above);
	rmt_ext_begin(&w, RMT_EXT_BASIC_CONSTRAINTS, true);
	rmt_ext_basic_constraints_write(&w, (struct rmt_basic_constraints){wish->ca, -1});
	rmt_ext_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	algorithm(&w, "1.2.840.10045.4.3.2");
	rmt_derw_bits(&w, rmt_span_of(filler, sizeof filler), 0);
	rmt_derw_end(&w);
	if (rmt_derw_finish(&w, out, &err))
		die("making a certificate");
}

/* The n-th certificate of the pile. */
static void wish_for(unsigned long n, struct wish *wish)
{
	unsigned long issuing = n - ROOTS, leaf = n - ROOTS - NAMES * REKEYED * CROSS;

	*wish = (struct wish){.ca = true};
	if (n < ROOTS) {
		snprintf(wish->subject, sizeof wish->subject, "Root %lu", n);
		memcpy(wish->issuer, wish->subject, sizeof wish->issuer);
		memcpy(wish->key, wish->subject, sizeof wish->key);
		memcpy(wish->issuer_key, wish->subject, sizeof wish->issuer_key);
		return;
	}
	if (issuing < NAMES * REKEYED * CROSS) {
		unsigned long key = issuing / CROSS;

		snprintf(wish->subject, sizeof wish->subject, "Issuing CA %lu", key % NAMES);
		snprintf(wish->key, sizeof wish->key, "issuing key %lu", key);
		snprintf(wish->issuer, sizeof wish->issuer, "Root %lu", (key + issuing % CROSS) % ROOTS);
		memcpy(wish->issuer_key, wish->issuer, sizeof wish->issuer_key);
		return;
	}
	wish->ca = false;
	snprintf(wish->subject, sizeof wish->subject, "host%lu.bench.example", leaf);
	snprintf(wish->key, sizeof wish->key, "leaf key %lu", leaf);
	snprintf(wish->issuer, sizeof wish->issuer, "Issuing CA %lu", leaf % NAMES);
	if (leaf % KEYLESS)
		snprintf(wish->issuer_key, sizeof wish->issuer_key, "issuing key %lu", leaf % (NAMES * REKEYED));
}

static int count_path(void *arg, const struct rmt_cert *const *path, size_t length, bool anchored)
{
	unsigned long *paths = arg;

	(void)path;
	*paths += length == 3 && !anchored;
	return 0;
}

/* Views of each certificate and its place in the index: what a pile costs before the first path. */
static void fill(struct rmt_chain_store *store, const struct rmt_buf *pile, unsigned long certs)
{
	for (unsigned long i = 0; i < certs; i++) {
		struct rmt_cert cert;

		if (rmt_cert_read(&cert, rmt_buf_view(&pile[i]), RMT_TOLERANT, &err) || rmt_chain_store_add(store, &cert, false, &err))
			die("indexing");
	}
}

static int paths(unsigned long certs, unsigned long leaves)
{
	struct rmt_buf *pile = calloc(certs, sizeof *pile);
	struct rmt_chain_store *store = rmt_chain_store_new(&err);
	unsigned long found = 0, expected = leaves / KEYLESS * REKEYED * CROSS + (leaves - leaves / KEYLESS) * CROSS;
	double began, indexed;
	bool capped;

	if (!pile || !store || leaves % KEYLESS || certs < leaves + ROOTS + NAMES * REKEYED * CROSS)
		die("that pile");
	for (unsigned long i = 0; i < certs; i++) {
		struct wish wish;

		wish_for(i, &wish);
		make(&wish, i, &pile[i]);
	}
	began = cpu();
	fill(store, pile, certs);
	indexed = cpu();
	for (unsigned long i = 0; i < leaves; i++) {
		struct rmt_cert leaf;

		if (rmt_cert_read(&leaf, rmt_buf_view(&pile[certs - leaves + i]), RMT_TOLERANT, &err) ||
		    rmt_chain_paths(store, &leaf, NULL, 0, count_path, &found, &capped, &err) || capped)
			die("searching");
	}
	printf("%lu %.6f %.6f\n", found, indexed - began, cpu() - indexed);
	if (found != expected)
		die("there are other paths than these");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[1], "pfx") == 0)
		return pfx((int)strtol(argv[2], NULL, 10), argv[3], argv + 4);
	if (argc == 4 && strcmp(argv[1], "paths") == 0)
		return paths(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: see the head of within.c\n");
	return 2;
}
