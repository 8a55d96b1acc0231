/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every bound of docs/fuzzing.md below it, at it and above it: what is as large as the bound is
 * taken, and one more is refused with a sentence that says why.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/local.h"
#include "probe/probe.h"
#include "read/read.h"
#include "unit/test_base.h"

/* Makes the thing of size `n`, or of which there are `n`, and has it read: 0 taken, -1 refused. */
typedef int attempt_fn(size_t n, struct rmt_err *err);

static const unsigned char p256_spki[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
	0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const unsigned char ecdsa[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03,
	0x02 };
static const unsigned char oid[] = { 0x2a, 0x03, 0x04 };

static unsigned char *
zeros(size_t n)
{
	unsigned char *bytes = calloc(1, n + 1);

	assert_non_null(bytes);
	return bytes;
}

/* ---- objects of exactly n bytes ---- */

enum object { REQUEST, CERT, CRL };

static void
put_key(struct rmt_derw *w)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_raw(w, rmt_span_of(p256_spki, sizeof p256_spki));
	rmt_derw_bits(w, rmt_span_of("\4", 1), 0);
	rmt_derw_end(w);
}

static void
put_extension(struct rmt_derw *w, size_t number, struct rmt_span value)
{
	unsigned char own[] = { 0x2a, 0x03, (unsigned char)(number & 0x7f) };

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_oid(w, rmt_span_of(own, sizeof own));
	rmt_derw_value(w, RMT_DER_OCTET_STRING, value);
	rmt_derw_end(w);
}

static void
put_padding(struct rmt_derw *w, enum object object, struct rmt_span padding)
{
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(object == CERT ? 3 : 0));
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (object == REQUEST) {
		rmt_derw_oid(w, rmt_span_of(oid, sizeof oid));
		rmt_derw_begin(w, RMT_DER_SET);
		rmt_derw_value(w, RMT_DER_OCTET_STRING, padding);
		rmt_derw_end(w);
	} else {
		put_extension(w, 4, padding);
	}
	rmt_derw_end(w);
	rmt_derw_end(w);
}

static void
put_tbs(struct rmt_derw *w, enum object object, struct rmt_span serial, struct rmt_span padding)
{
	static const unsigned char no_name[] = { 0x30, 0x00 };

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (object == CERT) {
		rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
		rmt_derw_small(w, 2);
		rmt_derw_end(w);
		rmt_derw_value(w, RMT_DER_INTEGER, serial);
	} else {
		rmt_derw_small(w, object == CRL);
	}
	if (object != REQUEST)
		rmt_derw_raw(w, rmt_span_of(ecdsa, sizeof ecdsa));
	rmt_derw_raw(w, rmt_span_of(no_name, sizeof no_name));
	if (object == CERT)
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (int i = 0; i < (object == REQUEST ? 0 : 2); i++)
		rmt_derw_time(w, 1000000000);
	if (object == CERT) {
		rmt_derw_end(w);
		rmt_derw_raw(w, rmt_span_of(no_name, sizeof no_name));
	}
	if (object != CRL)
		put_key(w);
	put_padding(w, object, padding);
	rmt_derw_end(w);
}

static void
make(enum object object, struct rmt_span serial, struct rmt_span padding, struct rmt_buf *out)
{
	struct rmt_derw w = { 0 };

	rmt_buf_clear(out);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	put_tbs(&w, object, serial, padding);
	rmt_derw_raw(&w, rmt_span_of(ecdsa, sizeof ecdsa));
	rmt_derw_bits(&w, rmt_span_of("\1", 1), 0);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, out, NULL), 0);
}

static int
read_object(enum object object, struct rmt_span der, struct rmt_err *err)
{
	static struct rmt_request request;
	static struct rmt_cert cert;
	static struct rmt_crl crl;

	if (object == REQUEST)
		return rmt_request_read(&request, der, err);
	return object == CERT ? rmt_cert_read(&cert, der, RMT_STRICT, err)
			      : rmt_crl_read(&crl, der, RMT_STRICT, err);
}

/* The padding that makes the object n bytes long: what was too much is left out the next time, until the lengths of the lengths agree. */
static int
attempt_object(enum object object, size_t n, struct rmt_err *err)
{
	unsigned char *padding = zeros(n);
	struct rmt_buf der = { 0 };
	size_t length = n;
	int rc;

	for (int tries = 0; tries < 3 && der.length != n; tries++) {
		length -= der.length > 0 ? der.length - n : 0;
		make(object, rmt_span_of("\1", 1), rmt_span_of(padding, length), &der);
	}
	assert_int_equal(der.length, n);
	rc = read_object(object, rmt_buf_view(&der), err);
	rmt_buf_free(&der);
	free(padding);
	return rc;
}

static int
attempt_request(size_t n, struct rmt_err *err)
{
	return attempt_object(REQUEST, n, err);
}

static int
attempt_cert(size_t n, struct rmt_err *err)
{
	return attempt_object(CERT, n, err);
}

static int
attempt_crl(size_t n, struct rmt_err *err)
{
	return attempt_object(CRL, n, err);
}

static int
attempt_serial(size_t n, struct rmt_err *err)
{
	unsigned char *serial = zeros(n);
	struct rmt_buf der = { 0 };
	int rc;

	memset(serial, 1, n);
	make(CERT, rmt_span_of(serial, n), rmt_span_of("", 0), &der);
	rc = read_object(CERT, rmt_buf_view(&der), err);
	rmt_buf_free(&der);
	free(serial);
	return rc;
}

static int
attempt_extensions(size_t n, struct rmt_err *err)
{
	struct rmt_extensions extensions;
	struct rmt_derw w = { 0 };
	struct rmt_buf der = { 0 };
	int rc;

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < n; i++)
		put_extension(&w, i, rmt_span_of("", 0));
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
	rc = rmt_extensions_read(&extensions, rmt_buf_view(&der), NULL, "extensions", err);
	rmt_buf_free(&der);
	return rc;
}

/* ---- values ---- */

static int
attempt_depth(size_t n, struct rmt_err *err)
{
	unsigned char bytes[128] = { 0 };
	struct rmt_der der, inner;

	for (size_t i = 0; i < n; i++) {
		bytes[2 * i] = RMT_DER_SEQUENCE;
		bytes[2 * i + 1] = (unsigned char)(2 * (n - 1 - i));
	}
	rmt_der_open(&der, rmt_span_of(bytes, 2 * n), NULL);
	for (size_t i = 0; i < n; i++, der = inner)
		if (rmt_der_enter(&der, RMT_DER_SEQUENCE, &inner, "value", err) < 0)
			return -1;
	return 0;
}

static int
attempt_oid(size_t n, struct rmt_err *err)
{
	unsigned char bytes[200] = { RMT_DER_OID, 0x81, (unsigned char)n };
	struct rmt_span content;
	struct rmt_der der;

	memset(bytes + 3, 1, n);
	rmt_der_open(&der, rmt_span_of(bytes, n + 3), &rmt_notes_ignored);
	return rmt_der_oid(&der, &content, "oid", err);
}

/* ---- claims: what a file says of its own length, before any of it is there ---- */

static int
take_fault(void *arg, const struct rmt_err *fault)
{
	*(struct rmt_err *)arg = *fault;
	return 0;
}

/* -1 when the claim alone was refused. */
static int
claim(size_t n, const char *inside, size_t length, struct rmt_err *err)
{
	unsigned char bytes[64] = { RMT_DER_SEQUENCE, 0x84 };
	struct rmt_reader reader = { .fault = take_fault, .arg = err, .mode = RMT_TOLERANT };
	size_t content = n - 6;

	for (unsigned i = 0; i < 4; i++)
		bytes[2 + i] = (unsigned char)(content >> (24 - 8 * i));
	memcpy(bytes + 6, inside, length);
	assert_int_equal(rmt_read_mem(&reader, "claim", rmt_span_of(bytes, 6 + length), NULL), 0);
	assert_int_not_equal(err->class, RMT_NONE); /* there is not so much of it */
	return strstr(err->message, "are accepted") != NULL ? -1 : 0;
}

static int
claim_request(size_t n, struct rmt_err *err)
{
	static const char inside[] = "\60\204\0\0\xff\0\2\1\0\60\0\60\23\60\21\6\7\52\206\110\316\75\2\1";

	return claim(n, inside, sizeof inside - 1, err);
}

static int
claim_cert(size_t n, struct rmt_err *err)
{
	static const char inside[] = "\60\204\0\7\xff\0\240\3\2\1\2";

	return claim(n, inside, sizeof inside - 1, err);
}

static int
claim_pkcs7(size_t n, struct rmt_err *err)
{
	static const char inside[] = "\6\11\52\206\110\206\367\15\1\7\2\240\204\0\xff\xff\0";

	return claim(n, inside, sizeof inside - 1, err);
}

static int
claim_pkcs12(size_t n, struct rmt_err *err)
{
	static const char inside[] = "\2\1\3\60\204\0\xff\xff\0\6\11\52\206\110\206\367\15\1\7\1\240\202\1\0";

	return claim(n, inside, sizeof inside - 1, err);
}

static int
claim_crl(size_t n, struct rmt_err *err)
{
	static const char inside[] = "\60\204\7\xff\xff\0\60\12\6\10\52\206\110\316\75\4\3\2\60\0\27\15";

	return claim(n, inside, sizeof inside - 1, err);
}

/* ---- files, texts, names ---- */

static int
attempt_file(size_t n, size_t cap, struct rmt_err *err)
{
	char path[] = "/tmp/remint-limits-XXXXXX";
	struct rmt_buf bytes = { 0 };
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0 && ftruncate(fd, (off_t)n) == 0);
	close(fd);
	rc = rmt_file_read(path, cap, &bytes, err);
	assert_int_equal(bytes.length, rc == 0 ? n : 0);
	unlink(path);
	rmt_buf_free(&bytes);
	return rc;
}

static int
attempt_config(size_t n, struct rmt_err *err)
{
	return attempt_file(n, RMT_CAP_CONFIG, err);
}

static int
attempt_secret(size_t n, struct rmt_err *err)
{
	char path[] = "/tmp/remint-limits-XXXXXX";
	unsigned char *line = zeros(n);
	int fd = mkstemp(path);
	struct rmt_secret *secret;

	memset(line, 'x', n);
	assert_true(fd >= 0 && write(fd, line, n) == (ssize_t)n);
	close(fd);
	secret = rmt_secret_read_file(path, err);
	unlink(path);
	free(line);
	if (secret == NULL)
		return -1;
	assert_int_equal(rmt_secret_length(secret), n);
	rmt_secret_free(secret);
	return 0;
}

static int
attempt_nesting(size_t n, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	struct rmt_lineage *lineage;

	for (size_t i = 0; i < n; i++)
		rmt_buf_text(&text, "a: { ");
	for (size_t i = 0; i < n; i++)
		rmt_buf_text(&text, "}; ");
	lineage = rmt_lineage_mem("limits", rmt_buf_view(&text), err);
	rmt_buf_free(&text);
	rmt_lineage_free(lineage);
	return lineage != NULL ? 0 : -1;
}

static int
attempt_endpoint(size_t n, size_t label, struct rmt_err *err)
{
	struct rmt_endpoint endpoint;
	char text[400];
	int rc;

	for (size_t i = 0; i < n; i++)
		text[i] = i % (label + 1) == label ? '.' : 'a';
	memcpy(text + n, ":443", 5);
	rc = rmt_endpoint_parse(text, &endpoint, err);
	if (rc == 1)
		rmt_endpoint_clear(&endpoint);
	return rc == 1 ? 0 : -1;
}

static int
attempt_host(size_t n, struct rmt_err *err)
{
	return attempt_endpoint(n, 50, err);
}

static int
attempt_label(size_t n, struct rmt_err *err)
{
	return attempt_endpoint(n, 300, err);
}

/* RSAPrivateKey (RFC 8017, A.1.2) with exponents of 1, for a real one of that size takes minutes to make: that it can do nothing is
 * found once it is within the bound. */
static int
attempt_key(size_t n, struct rmt_err *err)
{
	size_t length = (n + 7) / 8;
	unsigned char *modulus = zeros(length + 1), one = 1, none = 0;
	struct rmt_derw w = { 0 };
	struct rmt_buf der = { 0 };
	struct rmt_key *key;

	modulus[1] = (unsigned char)(1 << (n - 1) % 8);
	modulus[length] |= 1;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 0);
	rmt_derw_value(&w, RMT_DER_INTEGER,
	    rmt_span_of(modulus + (n % 8 != 0), length + (n % 8 == 0)));
	for (int i = 0; i < 7; i++)
		rmt_derw_value(&w, RMT_DER_INTEGER, rmt_span_of(i < 2 ? &one : &none, 1));
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
	key = rmt_key_read_der(rmt_buf_view(&der), err);
	rmt_buf_free(&der);
	free(modulus);
	rmt_key_free(key);
	return key != NULL || strstr(err->message, "cannot be used") != NULL ? 0 : -1;
}

/* ---- the table ---- */

static const struct limit_row {
	const char *sentence;
	size_t limit;
	attempt_fn *attempt;
	const char *words; /* of the refusal one above; NULL: it is no longer that thing at all */
} limit_rows[] = {
	{ "a request has 64 KiB", 64 << 10, attempt_request, "larger than 65536 bytes" },
	{ "a certificate has 1 MiB", 1 << 20, attempt_cert, "larger than 1048576 bytes" },
	{ "a CRL has 128 MiB", 128 << 20, attempt_crl, "larger than 134217728 bytes" },
	{ "a file may claim a request of 64 KiB", 64 << 10, claim_request, "at most 65536" },
	{ "a file may claim a certificate of 1 MiB", 1 << 20, claim_cert, "at most 1048576" },
	{ "a file may claim a PKCS#7 of 16 MiB", 16 << 20, claim_pkcs7, "at most 16777216" },
	{ "a file may claim a PKCS#12 of 16 MiB", 16 << 20, claim_pkcs12, "at most 16777216" },
	{ "a file may claim a CRL of 128 MiB", 128 << 20, claim_crl, "at most 134217728" },
	{ "a configuration has 1 MiB", 1 << 20, attempt_config, "larger than the 1 MiB" },
	{ "a configuration nests 32 deep", 32, attempt_nesting, "nested too deeply" },
	{ "a passphrase has 4096 bytes", 4096, attempt_secret, "4096 bytes" },
	{ "values nest 32 deep", 32, attempt_depth, "nested too deeply" },
	{ "an OBJECT IDENTIFIER has 128 bytes", 128, attempt_oid, "too long" },
	{ "a serial number has 64 bytes", 64, attempt_serial, "longer than 64 bytes" },
	{ "an object has 48 extensions", 48, attempt_extensions, "more extensions" },
	{ "a number of a private key has 16384 bits", 16384, attempt_key, "more than 16384 are refused" },
	{ "a host name has 253 characters", 253, attempt_host, NULL },
	{ "a label of it has 63", 63, attempt_label, NULL },
};

static void
check_limit(void **state)
{
	const struct limit_row *row = *state;
	struct rmt_err err = { 0 };

	for (size_t n = row->limit - 1; n <= row->limit; n++) {
		rmt_err_clear(&err);
		if (row->attempt(n, &err) != 0)
			fail_msg("%zu is refused: %s", n, err.message);
	}
	rmt_err_clear(&err);
	assert_int_equal(row->attempt(row->limit + 1, &err), -1);
	if (row->words != NULL && strstr(err.message, row->words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, row->words);
}

int
main(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, limit_rows, check_limit);
	return run_rows("limits", &rows);
}
