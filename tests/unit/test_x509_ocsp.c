/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of x509/: OCSP requests and responses put together from parts, so that a row breaks exactly one of them; and the hashes by
 * which an issuer is named, beside OpenSSL's.
 */
#include "config.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "unit/test_x509.h"

#define SHA1 "30{ 06{2b 0e 03 02 1a} 05{} }"
#define HASHES "04{aa bb} 04{cc dd}"
#define ID "30{" SHA1 HASHES "02{05} }"
#define ONE "30{" ID "}"
#define NONCE_OID "06{2b 06 01 05 05 07 30 01 02}"
#define NONCE "30{" NONCE_OID "04{04{07}} }"
#define CRITICAL "30{06{2a 03 04} 01{ff} 04{}}"

/* "30{02{05}}": hexadecimal digits, and braces around what a tag holds, whose length is worked out. */
static struct rmt_buf
nested(const char *text)
{
	struct rmt_derw w = { 0 };
	struct rmt_buf der = { 0 };
	unsigned byte;

	while (*(text += strspn(text, " ")) != '\0') {
		if (*text == '}') {
			rmt_derw_end(&w);
			text++;
			continue;
		}
		assert_int_equal(sscanf(text, "%2x", &byte), 1);
		text += 2;
		if (*text == '{') {
			rmt_derw_begin(&w, (unsigned char)byte);
			text++;
		} else {
			rmt_buf_byte(&w.buf, (unsigned char)byte);
		}
	}
	assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
	return der;
}

enum { SOUND = -1, BROKEN = -2 };

/* ---- requests ---- */

static const struct request_row {
	const char *sentence, *hex;
	int note; /* SOUND, BROKEN, or the deviation that strict refuses */
	size_t count, nonce;
	bool is_signed;
} request_rows[] = {
	{ "one certificate", "30{30{30{" ONE "}}}", SOUND, 1, 0, false },
	{ "two certificates", "30{30{30{" ONE ONE "}}}", SOUND, 2, 0, false },
	{ "a hash without parameters", "30{30{30{30{30{30{06{2b 0e 03 02 1a}}" HASHES "02{05}}}}}}", SOUND, 1, 0, false },
	{ "a hash with other parameters", "30{30{30{30{30{30{06{2b 0e 03 02 1a} 04{}}" HASHES "02{05}}}}}}", BROKEN, 0, 0, false },
	{ "a nonce", "30{30{30{" ONE "} a2{30{" NONCE "}}}}", SOUND, 1, 1, false },
	{ "a nonce that is not wrapped", "30{30{30{" ONE "} a2{30{30{" NONCE_OID "04{07}}}}}}", BROKEN, 0, 0, false },
	{ "an empty nonce", "30{30{30{" ONE "} a2{30{30{" NONCE_OID "04{04{}}}}}}}", BROKEN, 0, 0, false },
	{ "the nonce twice", "30{30{30{" ONE "} a2{30{" NONCE NONCE "}}}}", BROKEN, 0, 0, false },
	{ "no certificate", "30{30{30{}}}", BROKEN, 0, 0, false },
	{ "an empty list of extensions", "30{30{30{" ONE "} a2{30{}}}}", RMT_DEVIATION_EMPTY_LIST, 1, 0, false },
	{ "an extension that is critical and unknown", "30{30{30{" ONE "} a2{30{" CRITICAL "}}}}", BROKEN, 0, 0, false },
	{ "an extension that is unknown", "30{30{30{" ONE "} a2{30{30{06{2a 03 04} 04{}}}}}}", SOUND, 1, 0, false },
	{ "a critical nonce", "30{30{30{" ONE "} a2{30{30{" NONCE_OID "01{ff} 04{04{07}}}}}}}", SOUND, 1, 1, false },
	{ "an extension of one certificate", "30{30{30{30{" ID "a0{30{30{06{2a 03 04} 04{}}}}}}}}", SOUND, 1, 0, false },
	{ "a critical one of one certificate", "30{30{30{30{" ID "a0{30{" CRITICAL "}}}}}}", BROKEN, 0, 0, false },
	{ "the version said", "30{30{a0{02{00}} 30{" ONE "}}}", RMT_DEVIATION_DEFAULT_ENCODED, 1, 0, false },
	{ "version 2", "30{30{a0{02{01}} 30{" ONE "}}}", BROKEN, 0, 0, false },
	{ "who asks", "30{30{a1{82{61}} 30{" ONE "}}}", SOUND, 1, 0, false },
	{ "who asks, as no name", "30{30{a1{8f{61}} 30{" ONE "}}}", BROKEN, 0, 0, false },
	{ "a signature", "30{30{30{" ONE "}} a0{30{30{06{2a 03 04}} 03{00 aa bb}}}}", SOUND, 1, 0, true },
	{ "a signature with certificates", "30{30{30{" ONE "}} a0{30{30{06{2a 03 04}} 03{00 aa bb} a0{30{30{02{05}}}}}}}", SOUND, 1, 0, true },
	{ "a signature without its bits", "30{30{30{" ONE "}} a0{30{30{06{2a 03 04}}}}}", BROKEN, 0, 0, false },
	{ "a serial number with a zero too many", "30{30{30{30{30{" SHA1 HASHES "02{00 05}}}}}}", RMT_DEVIATION_INTEGER_PADDED, 1, 0, false },
	{ "a negative serial number", "30{30{30{30{30{" SHA1 HASHES "02{85}}}}}}", RMT_DEVIATION_INTEGER_NEGATIVE, 1, 0, false },
	{ "no serial number", "30{30{30{30{30{" SHA1 HASHES "}}}}}", BROKEN, 0, 0, false },
	{ "something behind it", "30{30{30{" ONE "}}} 00", RMT_DEVIATION_TRAILING_BYTES, 1, 0, false },
	{ "something in it that is nobody's", "30{30{30{" ONE "}} 05{}}", BROKEN, 0, 0, false },
	{ "a response", "30{0a{06}}", BROKEN, 0, 0, false },
	{ "nothing", "", BROKEN, 0, 0, false },
};

static void
check_request(void **state)
{
	const struct request_row *row = *state;
	struct rmt_buf der = nested(row->hex);
	unsigned char *copy = exact_copy(rmt_buf_view(&der));
	struct rmt_ocsp_request request;
	struct rmt_err err = { 0 };
	int rc = rmt_ocsp_request_read(&request, rmt_span_of(copy, der.length), RMT_STRICT, &err);

	assert_int_equal(rc, row->note == SOUND ? 0 : -1);
	assert_int_equal(err.class, row->note == SOUND ? RMT_NONE : RMT_INPUT);
	rc = rmt_ocsp_request_read(&request, rmt_span_of(copy, der.length), RMT_TOLERANT, NULL);
	assert_int_equal(rc, row->note == BROKEN ? -1 : 0);
	if (rc == 0) {
		assert_int_equal(request.notes.count, row->note != SOUND);
		if (request.notes.count)
			assert_int_equal(request.notes.note[0].kind, row->note);
		assert_int_equal(request.count, row->count);
		assert_int_equal(request.nonce.length, row->nonce);
		assert_int_equal(request.is_signed, row->is_signed);
	}
	free(copy);
	rmt_buf_free(&der);
}

/* One more than may be asked for at once. */
static void
test_too_many(void **state)
{
	struct rmt_ocsp_request request;
	struct rmt_buf one = nested(ONE), der = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	for (int count = RMT_OCSP_IDS_MAX; count <= RMT_OCSP_IDS_MAX + 1; count++) {
		struct rmt_derw w = { 0 };

		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		for (int i = 0; i < count; i++)
			rmt_derw_raw(&w, rmt_buf_view(&one));
		for (int i = 0; i < 3; i++)
			rmt_derw_end(&w);
		assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
		assert_int_equal(rmt_ocsp_request_read(&request, rmt_buf_view(&der), RMT_STRICT, &err), count > RMT_OCSP_IDS_MAX ? -1 : 0);
		rmt_buf_free(&der);
	}
	assert_string_equal(err.message, "asks for more than 100 certificates at once");
	rmt_buf_free(&one);
}

/* ---- responses ---- */

#define TIME "18{32 30 32 36 31 31 32 32 30 36 30 30 30 30 5a}"
#define BY_KEY "a2{04{aa bb}}"

static const struct response_row {
	const char *sentence;
	const char *responder, *singles, *extensions; /* of the parts; the envelope is put around them */
	int note;
	int status; /* of the first answer, or -1 */
	int reason;
} response_rows[] = {
	{ "good", BY_KEY, "30{" ID "80{}" TIME "}", "", SOUND, RMT_OCSP_GOOD, -1 },
	{ "good, by name", "a1{30{31{30{06{55 04 03} 0c{61}}}}}", "30{" ID "80{}" TIME "}", "", SOUND, RMT_OCSP_GOOD, -1 },
	{ "unknown", BY_KEY, "30{" ID "82{}" TIME "}", "", SOUND, RMT_OCSP_UNKNOWN, -1 },
	{ "revoked", BY_KEY, "30{" ID "a1{" TIME "}" TIME "}", "", SOUND, RMT_OCSP_REVOKED, -1 },
	{ "revoked for a reason", BY_KEY, "30{" ID "a1{" TIME "a0{0a{06}}}" TIME "}", "", SOUND, RMT_OCSP_REVOKED, 6 },
	{ "until when", BY_KEY, "30{" ID "80{}" TIME "a0{" TIME "}}", "", SOUND, RMT_OCSP_GOOD, -1 },
	{ "an extension of the answer", BY_KEY, "30{" ID "80{}" TIME "a1{30{30{06{2a 03 04} 04{}}}}}", "", SOUND, RMT_OCSP_GOOD, -1 },
	{ "a nonce", BY_KEY, "30{" ID "80{}" TIME "}", "a1{30{" NONCE "}}", SOUND, RMT_OCSP_GOOD, -1 },
	{ "good, with something in it", BY_KEY, "30{" ID "80{00}" TIME "}", "", BROKEN, -1, -1 },
	{ "a status that does not exist", BY_KEY, "30{" ID "83{}" TIME "}", "", BROKEN, -1, -1 },
	{ "revoked without a time", BY_KEY, "30{" ID "a1{}" TIME "}", "", BROKEN, -1, -1 },
	{ "revoked for a reason that is no number", BY_KEY, "30{" ID "a1{" TIME "a0{02{06}}}" TIME "}", "", BROKEN, -1, -1 },
	{ "a time of the other kind", BY_KEY, "30{" ID "80{} 17{32 36 31 31 32 32 30 36 30 30 30 30 5a}}", "", BROKEN, -1, -1 },
	{ "a time without seconds", BY_KEY, "30{" ID "80{} 18{32 30 32 36 31 31 32 32 30 36 30 30 5a}}", "", RMT_DEVIATION_TIME_FORM,
	    RMT_OCSP_GOOD, -1 },
	{ "nobody who answers", "", "30{" ID "80{}" TIME "}", "", BROKEN, -1, -1 },
	{ "no answer", BY_KEY, "", "", SOUND, -1, -1 },
};

static void
envelope(const struct response_row *row, struct rmt_buf *der)
{
	struct rmt_buf text = { 0 };

	rmt_buf_format(&text, "30{0a{00} a0{30{06{2b 06 01 05 05 07 30 01 01} 04{30{30{%s " TIME "30{%s} %s} 30{06{2a 03 04}} 03{00 aa bb}}}}}}",
	    row->responder, row->singles, row->extensions);
	*der = nested(rmt_buf_string(&text));
	rmt_buf_free(&text);
}

static void
check_response(void **state)
{
	const struct response_row *row = *state;
	struct rmt_ocsp_response response;
	struct rmt_ocsp_single single;
	struct rmt_buf der = { 0 };
	struct rmt_der cursor;
	unsigned char *copy;
	int rc;

	envelope(row, &der);
	copy = exact_copy(rmt_buf_view(&der));
	rc = rmt_ocsp_response_read(&response, rmt_span_of(copy, der.length), RMT_STRICT, NULL);
	assert_int_equal(rc, row->note == SOUND ? 0 : -1);
	rc = rmt_ocsp_response_read(&response, rmt_span_of(copy, der.length), RMT_TOLERANT, NULL);
	assert_int_equal(rc, row->note == BROKEN ? -1 : 0);
	if (rc == 0) {
		rmt_der_open(&cursor, response.list, &rmt_notes_ignored);
		assert_int_equal(rmt_ocsp_response_next(&cursor, &single, NULL), row->status >= 0);
		assert_int_equal(response.nonce.length > 0, *row->extensions != '\0');
	}
	if (rc == 0 && row->status >= 0) {
		assert_int_equal(single.status, row->status);
		assert_int_equal(single.reason, row->reason);
	}
	free(copy);
	rmt_buf_free(&der);
}

static const struct result_row {
	const char *sentence, *hex;
	int result; /* -1: refused */
} result_rows[] = {
	{ "malformedRequest", "30 03 0a 01 01", 1 },
	{ "unauthorized", "30 03 0a 01 06", 6 },
	{ "a status that is not used", "30 03 0a 01 04", -1 },
	{ "successful, and nothing behind it", "30 03 0a 01 00", -1 },
	{ "tryLater, and something behind it", "30 05 0a 01 03 a0 00", -1 },
	{ "a status of two bytes", "30 04 0a 02 00 06", -1 },
};

static void
check_result(void **state)
{
	const struct result_row *row = *state;
	struct rmt_buf der = from_hex(row->hex);
	struct rmt_ocsp_response response;

	assert_int_equal(rmt_ocsp_response_read(&response, rmt_buf_view(&der), RMT_STRICT, NULL), row->result < 0 ? -1 : 0);
	if (row->result >= 0)
		assert_int_equal(response.result, row->result);
	if (row->result >= 0)
		assert_true(*rmt_ocsp_result_name(response.result) != '\0');
	rmt_buf_free(&der);
}

/* ---- the issuer's hashes, beside OpenSSL's ---- */

static void
make_issuer(struct rmt_buf *der)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *cert = X509_new();
	unsigned char *bytes = NULL;
	int length;

	assert_non_null(key);
	assert_non_null(cert);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 5);
	X509_NAME_add_entry_by_txt((X509_NAME *)(uintptr_t)X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"issuer", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	length = i2d_X509(cert, &bytes);
	rmt_buf_append(der, bytes, (size_t)length);
	OPENSSL_free(bytes);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
test_hashes(void **state)
{
	static const char *const digests[] = { "sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256", NULL };
	struct rmt_buf issuer = { 0 };
	struct rmt_cert cert;
	const unsigned char *at;
	X509 *theirs;

	(void)state;
	make_issuer(&issuer);
	at = issuer.bytes;
	theirs = d2i_X509(NULL, &at, (long)issuer.length);
	assert_int_equal(rmt_cert_read(&cert, rmt_buf_view(&issuer), RMT_STRICT, NULL), 0);
	for (int i = 0; digests[i]; i++) {
		OCSP_CERTID *id = OCSP_cert_to_id(EVP_get_digestbyname(digests[i]), theirs, theirs);
		struct rmt_cert_id_hashes hashes;
		struct rmt_ocsp_request read;
		OCSP_REQUEST *request = OCSP_REQUEST_new();
		unsigned char *bytes = NULL;
		struct rmt_cert_id ours;
		struct rmt_der cursor;
		int length;

		assert_non_null(OCSP_request_add0_id(request, id));
		length = i2d_OCSP_REQUEST(request, &bytes);
		assert_int_equal(rmt_ocsp_request_read(&read, rmt_span_of(bytes, (size_t)length), RMT_STRICT, NULL), 0);
		rmt_der_open(&cursor, read.list, NULL);
		assert_int_equal(rmt_ocsp_request_next(&cursor, &ours, NULL), 1);
		assert_int_equal(rmt_cert_id_hash(ours.algorithm, &cert, &hashes, NULL), 1);
		assert_true(rmt_cert_id_matches(&ours, &hashes));
		hashes.key[hashes.length - 1] ^= 1;
		assert_false(rmt_cert_id_matches(&ours, &hashes));
		if (strcmp(digests[i], "sha1") == 0) { /* the CertID written is the one that OpenSSL wrote */
			struct rmt_derw w = { 0 };
			struct rmt_buf own = { 0 };

			hashes.key[hashes.length - 1] ^= 1;
			rmt_cert_id_write(&w, "sha1", &hashes, cert.serial);
			assert_int_equal(rmt_derw_finish(&w, &own, NULL), 0);
			assert_true(rmt_span_equal(rmt_buf_view(&own), ours.whole));
			rmt_buf_free(&own);
		}
		OPENSSL_free(bytes);
		OCSP_REQUEST_free(request);
	}
	X509_free(theirs);
	rmt_buf_free(&issuer);
}

/* A hash that nobody knows is no failure: the issuer is not one of ours. */
static void
test_unknown_hash(void **state)
{
	struct rmt_buf issuer = { 0 }, oid = from_hex("2a 03 04");
	struct rmt_cert_id_hashes hashes;
	struct rmt_cert cert;

	(void)state;
	make_issuer(&issuer);
	assert_int_equal(rmt_cert_read(&cert, rmt_buf_view(&issuer), RMT_STRICT, NULL), 0);
	assert_int_equal(rmt_cert_id_hash(rmt_buf_view(&oid), &cert, &hashes, NULL), 0);
	rmt_buf_free(&oid);
	rmt_buf_free(&issuer);
}

int
test_x509_ocsp(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, request_rows, check_request);
	ADD_TABLE(&rows, response_rows, check_response);
	ADD_TABLE(&rows, result_rows, check_result);
	add_row(&rows, "more certificates than may be asked for at once", test_too_many, NULL);
	add_row(&rows, "an issuer's hashes are those of OpenSSL, by every digest", test_hashes, NULL);
	add_row(&rows, "a hash that is not known", test_unknown_hash, NULL);
	return run_rows("ocsp", &rows);
}
