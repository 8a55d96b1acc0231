/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys in PKCS#8, in the forms that are read from their numbers and in those that are left to OpenSSL: either way
 * the key and its public half are what OpenSSL makes of the same bytes.
 */
#include "config.h"

#include <openssl/core_names.h>

#include "unit/test_keys.h"
#include "x509/local.h"

static const struct form_row {
	const char *sentence, *algorithm;
	int bits;
	const char *group;
	const char *parameter, *value; /* set on the key before it is written */
	bool numbers;                  /* read from them */
} form_rows[] = {
	{ "RSA", "RSA", 2048, NULL, NULL, NULL, true },
	{ "EC P-256", "EC", 0, "P-256", NULL, NULL, true },
	{ "EC P-384", "EC", 0, "P-384", NULL, NULL, true },
	{ "EC P-521", "EC", 0, "P-521", NULL, NULL, true },
	{ "EC secp256k1", "EC", 0, "secp256k1", NULL, NULL, true },
	{ "EC on a curve that is only named", "EC", 0, "sect283k1", NULL, NULL, false },
	{ "EC with a compressed point", "EC", 0, "P-256", "point-format", "compressed", false },
	{ "EC with its parameters written out", "EC", 0, "P-256", "encoding", "explicit", false },
	{ "EC without its public half", "EC", 0, "P-256", "include-public", "0", false },
	{ "RSA-PSS", "RSA-PSS", 2048, NULL, NULL, NULL, false },
	{ "Ed25519", "ED25519", 0, NULL, NULL, NULL, false },
	{ "X25519", "X25519", 0, NULL, NULL, NULL, false },
};

static void
write_pkcs8(EVP_PKEY *evp, struct rmt_buf *out)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(evp);
	unsigned char *der = NULL;
	int length;

	assert_non_null(info);
	length = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	assert_true(length > 0);
	rmt_buf_append(out, der, (size_t)length);
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
}

static EVP_PKEY *
make_form(const struct form_row *row, struct rmt_buf *pkcs8)
{
	EVP_PKEY *evp = openssl_key(row->algorithm, row->bits, row->group);

	if (row->parameter != NULL && strcmp(row->parameter, "include-public") == 0)
		assert_true(EVP_PKEY_set_int_param(evp, row->parameter, 0));
	else if (row->parameter != NULL)
		assert_true(EVP_PKEY_set_utf8_string_param(evp, row->parameter, row->value));
	write_pkcs8(evp, pkcs8);
	return evp;
}

static void
check_form(void **state)
{
	const struct form_row *row = *state;
	struct rmt_buf pkcs8 = { 0 }, again = { 0 }, spki = { 0 }, wanted = { 0 };
	EVP_PKEY *theirs = make_form(row, &pkcs8), *ours;
	struct rmt_err err = { 0 };
	struct rmt_key *key;

	ours = rmt_key_from_numbers(rmt_buf_view(&pkcs8), &spki);
	assert_int_equal(ours != NULL, row->numbers);
	assert_int_equal(spki.length > 0, row->numbers);
	EVP_PKEY_free(ours);
	key = rmt_key_read_der(rmt_buf_view(&pkcs8), &err);
	GIVEN(key);
	openssl_spki(theirs, &wanted);
	assert_true(rmt_span_equal(rmt_buf_view(&wanted), rmt_key_spki(key)));
	assert_int_equal(EVP_PKEY_eq(rmt_key_evp(key), theirs), 1);
	/* The private half: written again it is the same. */
	if (row->parameter == NULL) {
		write_pkcs8(rmt_key_evp(key), &again);
		assert_true(rmt_span_equal(rmt_buf_view(&again), rmt_buf_view(&pkcs8)));
	}
	rmt_key_free(key);
	EVP_PKEY_free(theirs);
	rmt_buf_free(&pkcs8);
	rmt_buf_free(&again);
	rmt_buf_free(&spki);
	rmt_buf_free(&wanted);
}

/* Whatever byte is cut off or changed: read or refused, never worse; and never another public half than OpenSSL's. */
static void
check_damaged(void **state)
{
	const struct form_row *row = *state;
	struct rmt_buf pkcs8 = { 0 };
	EVP_PKEY *theirs = make_form(row, &pkcs8);

	for (size_t i = 0; i < pkcs8.length; i++) {
		struct rmt_buf spki = { 0 }, wanted = { 0 };
		unsigned char kept = pkcs8.bytes[i];
		EVP_PKEY *ours;

		assert_null(rmt_key_from_numbers(rmt_span_of(pkcs8.bytes, i), &spki));
		pkcs8.bytes[i] ^= 1;
		ours = rmt_key_from_numbers(rmt_buf_view(&pkcs8), &spki);
		if (ours != NULL) {
			openssl_spki(ours, &wanted);
			assert_true(rmt_span_equal(rmt_buf_view(&wanted), rmt_buf_view(&spki)));
		}
		pkcs8.bytes[i] = kept;
		EVP_PKEY_free(ours);
		rmt_buf_free(&spki);
		rmt_buf_free(&wanted);
	}
	EVP_PKEY_free(theirs);
	rmt_buf_free(&pkcs8);
}

int
main(void)
{
	enum { FORMS = sizeof(form_rows) / sizeof(form_rows[0]) };
	struct CMUnitTest tests[FORMS + 2];
	size_t count = 0;

	for (size_t i = 0; i < FORMS; i++)
		tests[count++] = (struct CMUnitTest){ .name = form_rows[i].sentence,
			.test_func = check_form, .initial_state = (void *)(uintptr_t)&form_rows[i] };
	tests[count++] = (struct CMUnitTest){ .name = "an RSA key with any byte damaged",
		.test_func = check_damaged, .initial_state = (void *)(uintptr_t)&form_rows[0] };
	tests[count++] = (struct CMUnitTest){ .name = "an EC key with any byte damaged",
		.test_func = check_damaged, .initial_state = (void *)(uintptr_t)&form_rows[1] };
	return cmocka_run_group_tests_name("private keys from their numbers", tests, NULL, NULL);
}
