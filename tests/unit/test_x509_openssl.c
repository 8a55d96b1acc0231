/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of x509/: our reader beside OpenSSL's, field by field, on the certificates of the
 * corpus and on those that the machine trusts.
 */
#include "config.h"

#include <dirent.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "unit/test_x509.h"

enum { CERTS_MAX = 400 };

struct pair {
	struct rmt_cert *ours;
	X509 *theirs;
};

static struct pair pairs[CERTS_MAX];
static size_t count;

/* ---- loading ---- */

static void
add(X509 *x, const char *path)
{
	unsigned char *der = NULL;
	int length = i2d_X509(x, &der);
	struct rmt_err err = { 0 };
	struct rmt_cert *cert;

	assert_true(length > 0 && count < CERTS_MAX);
	cert = rmt_cert_new(rmt_span_of(der, (size_t)length), RMT_TOLERANT, &err);
	if (cert == NULL)
		fail_msg("%s: %s: %s", path, err.place, err.message);
	OPENSSL_free(der);
	pairs[count].ours = cert;
	pairs[count++].theirs = x;
}

static void
load_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	X509 *x;

	if (file == NULL)
		return;
	x = PEM_read_X509(file, NULL, NULL, NULL);
	if (x == NULL) {
		rewind(file);
		x = d2i_X509_fp(file, NULL);
	}
	fclose(file);
	ERR_clear_error();
	if (x != NULL)
		add(x, path);
}

static void
load_directory(const char *path, const char *ending)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char name[1024];

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name), tail = strlen(ending);

		if (length < tail || strcmp(entry->d_name + length - tail, ending) != 0)
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		load_file(name);
	}
	if (directory != NULL)
		closedir(directory);
}

static int
load(void **state)
{
	(void)state;
	load_directory(SRCDIR "/tests/fuzz/corpus/x509", ".der");
	load_directory("/etc/ssl/certs", ".pem");
	return 0;
}

static int
unload(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		rmt_cert_free(pairs[i].ours);
		X509_free(pairs[i].theirs);
	}
	count = 0;
	return 0;
}

/* ---- fields ---- */

static void
some_are_there(void **state)
{
	(void)state;
	assert_true(count >= 8);
}

static void
serials_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		BIGNUM *theirs = ASN1_INTEGER_to_BN(X509_get0_serialNumber(pairs[i].theirs), NULL),
		       *number = NULL;
		struct rmt_buf ours = { 0 };

		rmt_serial_hex(pairs[i].ours->serial, &ours);
		assert_int_equal(BN_hex2bn(&number, rmt_buf_string(&ours)), ours.length);
		assert_int_equal(BN_cmp(number, theirs), 0);
		rmt_buf_free(&ours);
		BN_free(theirs);
		BN_free(number);
	}
}

static void
same_name(struct rmt_span ours, const X509_NAME *theirs)
{
	unsigned char *der = NULL;
	int length = i2d_X509_NAME(theirs, &der);
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int attributes = 0;

	assert_true(length > 0 && rmt_span_equal(ours, rmt_span_of(der, (size_t)length)));
	OPENSSL_free(der);
	assert_int_equal(rmt_name_start(ours, &cursor, NULL), 0);
	while (rmt_name_next(&cursor, &attribute, NULL) == 1) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(theirs, attributes++);
		const ASN1_OBJECT *oid = X509_NAME_ENTRY_get_object(entry);
		struct rmt_buf utf8 = { 0 };
		unsigned char *text = NULL;
		int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));

		assert_true(rmt_span_equal(
		    attribute.oid, rmt_span_of(OBJ_get0_data(oid), OBJ_length(oid))));
		assert_int_equal(attribute.rdn, X509_NAME_ENTRY_set(entry));
		rmt_string_utf8(attribute.tag, attribute.value, &utf8);
		if (size >= 0)
			assert_true(
			    rmt_span_equal(rmt_buf_view(&utf8), rmt_span_of(text, (size_t)size)));
		OPENSSL_free(text);
		rmt_buf_free(&utf8);
	}
	assert_int_equal(attributes, X509_NAME_entry_count(theirs));
}

static void
names_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		same_name(pairs[i].ours->subject, X509_get_subject_name(pairs[i].theirs));
		same_name(pairs[i].ours->issuer, X509_get_issuer_name(pairs[i].theirs));
	}
}

static void
comparisons_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++) {
			bool theirs = X509_NAME_cmp(X509_get_issuer_name(pairs[i].theirs),
					  X509_get_subject_name(pairs[k].theirs)) == 0;

			if (rmt_name_equal(pairs[i].ours->issuer, pairs[k].ours->subject) != theirs)
				fail_msg("certificates %zu and %zu", i, k);
			/* OpenSSL looks at keyUsage too, so that only its yes binds us. */
			if (X509_check_issued(pairs[k].theirs, pairs[i].theirs) == X509_V_OK)
				assert_true(rmt_cert_issued_by(pairs[i].ours, pairs[k].ours));
		}
}

static bool
same_time(rmt_time ours, const ASN1_TIME *theirs)
{
	struct tm tm;
	rmt_time converted = 0;

	return ASN1_TIME_to_tm(theirs, &tm) == 1 &&
	       rmt_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		   tm.tm_min, tm.tm_sec, &converted) == 0 &&
	       ours == converted;
}

static void
dates_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(
		    same_time(pairs[i].ours->not_before, X509_get0_notBefore(pairs[i].theirs)));
		assert_true(
		    same_time(pairs[i].ours->not_after, X509_get0_notAfter(pairs[i].theirs)));
	}
}

static void
keys_and_signatures_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const ASN1_BIT_STRING *signature;
		const X509_ALGOR *algorithm;
		unsigned char *der = NULL;
		int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(pairs[i].theirs), &der);

		assert_true(length > 0 &&
			    rmt_span_equal(pairs[i].ours->spki, rmt_span_of(der, (size_t)length)));
		OPENSSL_free(der);
		X509_get0_signature(&signature, &algorithm, pairs[i].theirs);
		assert_true(rmt_span_equal(
		    pairs[i].ours->signature, rmt_span_of(ASN1_STRING_get0_data(signature),
						  (size_t)ASN1_STRING_length(signature))));
		der = NULL;
		length = i2d_X509_ALGOR(algorithm, &der);
		assert_true(length > 0 && rmt_span_equal(pairs[i].ours->outer_algorithm,
					      rmt_span_of(der, (size_t)length)));
		OPENSSL_free(der);
		assert_int_equal(pairs[i].ours->version, X509_get_version(pairs[i].theirs) + 1);
	}
}

static void
extensions_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct rmt_extensions *list = &pairs[i].ours->extensions;

		assert_int_equal(list->count, X509_get_ext_count(pairs[i].theirs));
		for (unsigned k = 0; k < list->count; k++) {
			X509_EXTENSION *theirs = X509_get_ext(pairs[i].theirs, (int)k);
			const ASN1_OBJECT *oid = X509_EXTENSION_get_object(theirs);
			const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(theirs);

			assert_true(rmt_span_equal(
			    list->list[k].oid, rmt_span_of(OBJ_get0_data(oid), OBJ_length(oid))));
			assert_true(rmt_span_equal(
			    list->list[k].value, rmt_span_of(ASN1_STRING_get0_data(value),
						     (size_t)ASN1_STRING_length(value))));
			assert_int_equal(
			    list->list[k].critical, X509_EXTENSION_get_critical(theirs) != 0);
		}
	}
}

/* What the decoders of the extensions that decide say. */
static void
meanings_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct rmt_extensions *list = &pairs[i].ours->extensions;
		uint32_t flags = X509_get_extension_flags(pairs[i].theirs),
			 usage = X509_get_key_usage(pairs[i].theirs);
		const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(pairs[i].theirs);
		const struct rmt_ext *ext;
		unsigned bits;
		struct rmt_span ours;

		if ((flags & EXFLAG_INVALID) != 0)
			continue;
		ext = rmt_ext_find(list, RMT_EXT_BASIC_CONSTRAINTS);
		if (ext != NULL)
			assert_int_equal(rmt_cert_is_ca(pairs[i].ours), (flags & EXFLAG_CA) != 0);
		ext = rmt_ext_find(list, RMT_EXT_KEY_USAGE);
		assert_int_equal(ext != NULL, (flags & EXFLAG_KUSAGE) != 0);
		if (ext != NULL) {
			assert_int_equal(rmt_ext_key_usage(ext->value, &bits, NULL), 0);
			assert_int_equal(
			    (bits & RMT_KU_CERT_SIGN) != 0, (usage & KU_KEY_CERT_SIGN) != 0);
			assert_int_equal((bits & RMT_KU_DIGITAL_SIGNATURE) != 0,
			    (usage & KU_DIGITAL_SIGNATURE) != 0);
			assert_int_equal(
			    (bits & RMT_KU_DECIPHER_ONLY) != 0, (usage & KU_DECIPHER_ONLY) != 0);
		}
		ext = rmt_ext_find(list, RMT_EXT_SUBJECT_KEY_ID);
		assert_int_equal(ext != NULL, key_id != NULL);
		if (ext != NULL) {
			assert_int_equal(rmt_ext_subject_key_id(ext->value, &ours, NULL), 0);
			assert_true(rmt_span_equal(ours, rmt_span_of(ASN1_STRING_get0_data(key_id),
							     (size_t)ASN1_STRING_length(key_id))));
		}
	}
}

int
test_x509_openssl(void)
{
	static struct rows rows;

	add_row(&rows, "there are certificates to compare", some_are_there, NULL);
	add_row(&rows, "serial numbers agree with OpenSSL", serials_agree, NULL);
	add_row(&rows, "names agree with OpenSSL", names_agree, NULL);
	add_row(&rows, "names are equal when OpenSSL says so", comparisons_agree, NULL);
	add_row(&rows, "dates agree with OpenSSL", dates_agree, NULL);
	add_row(&rows, "keys, signatures and versions agree with OpenSSL",
	    keys_and_signatures_agree, NULL);
	add_row(&rows, "extensions agree with OpenSSL", extensions_agree, NULL);
	add_row(&rows, "what extensions mean agrees with OpenSSL", meanings_agree, NULL);
	return _cmocka_run_group_tests("openssl", rows.tests, rows.count, load, unload);
}
