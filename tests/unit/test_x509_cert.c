/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of x509/: certificates, requests and CRLs put together from parts, so that a row breaks
 * exactly one of them.
 *
 * Each row says what strict and tolerant mode make of it, where, and whether OpenSSL reads it:
 * where they disagree, the sentence says why.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "unit/test_x509.h"

/* ---- parts ---- */

enum part {
	TBS_VERSION,
	SERIAL,
	ALGORITHM,
	ISSUER,
	VALIDITY,
	SUBJECT,
	SPKI,
	UNIQUE,
	EXTENSIONS,
	AFTER_TBS,
	OUTER_ALGORITHM,
	SIGNATURE,
	AFTER_SIGNATURE,
	AFTER_ALL,
	PARTS
};

#define ECDSA "30 0a 06 08 2a 86 48 ce 3d 04 03 02"
#define NAME(letter) "30 0c 31 0a 30 08 06 03 55 04 03 0c 01 " letter
#define UTC "17 0d 32 36 30 31 30 31 30 30 30 30 30 30 5a" /* 260101000000Z */
#define POINT \
	"04 6b 17 d1 f2 e1 2c 42 47 f8 bc e6 e5 63 a4 40 f2 77 03 7d 81 2d eb 33 a0 f4 a1 39 45 " \
	"d8 98 c2 96 " \
	"4f e3 42 e2 fe 1a 7f 9b 8e e7 eb 4a 7c 0f 9e 16 2b ce 33 57 6b 31 5e ce cb b6 40 68 37 " \
	"bf 51 f5"
#define KEY "30 59 30 13 06 07 2a 86 48 ce 3d 02 01 06 08 2a 86 48 ce 3d 03 01 07 03 42 00 " POINT
#define BASIC "30 0c 06 03 55 1d 13 01 01 ff 04 02 30 00"

static const char *const sound_cert[PARTS] = {
	[TBS_VERSION] = "a0 03 02 01 02",
	[SERIAL] = "02 01 05",
	[ALGORITHM] = ECDSA,
	[ISSUER] = NAME("61"),
	[VALIDITY] = "30 1e " UTC UTC,
	[SUBJECT] = NAME("62"),
	[SPKI] = KEY,
	[EXTENSIONS] = "a3 10 30 0e " BASIC,
	[OUTER_ALGORITHM] = ECDSA,
	[SIGNATURE] = "03 03 00 aa bb",
};

struct change {
	enum part part;
	const char *bytes;
};

/* The parts with changes made, each written where the standard wants it; `starts` gets the offset
 * of each. */
static struct rmt_buf
assemble(const char *const *sound, const struct change *changes, size_t count, size_t starts[PARTS])
{
	struct rmt_buf parts[PARTS], der = { 0 };
	struct rmt_derw w = { .depth = 0 };
	size_t at;

	for (int i = 0; i < PARTS; i++) {
		const char *bytes = sound[i] == NULL ? "" : sound[i];

		for (size_t k = 0; k < count; k++)
			if (changes[k].bytes != NULL && (int)changes[k].part == i)
				bytes = changes[k].bytes;
		parts[i] = from_hex(bytes);
	}
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (int i = 0; i < PARTS; i++) {
		if (i == OUTER_ALGORITHM || i == AFTER_ALL)
			rmt_derw_end(&w);
		rmt_derw_raw(&w, rmt_buf_view(&parts[i]));
	}
	assert_int_equal(rmt_derw_finish(&w, &der, NULL), 0);
	/* Between the parts stands nothing: their offsets follow from the end. */
	at = der.length;
	for (int i = PARTS - 1; i >= 0; i--) {
		at -= parts[i].length;
		starts[i] = at;
		rmt_buf_free(&parts[i]);
	}
	return der;
}

static bool
openssl_reads_cert(struct rmt_span der)
{
	const unsigned char *p = der.at;
	X509 *x = d2i_X509(NULL, &p, (long)der.length);
	bool read = x != NULL;

	X509_free(x);
	ERR_clear_error();
	return read;
}

/* ---- certificates ---- */

enum { CLEAN = -1, REFUSED = -2 };

static const struct cert_row {
	const char *sentence;
	struct change changes[3];
	int note;          /* CLEAN, REFUSED by both modes, or the deviation that strict refuses */
	const char *place; /* of the refusal */
	int delta;         /* where the deviation is, from the start of the changed part */
	bool openssl;      /* OpenSSL reads it */
} cert_rows[] = {
	{ "a sound certificate is read", { { 0 } }, CLEAN, NULL, 0, true },

	{ "version 1 has neither version nor extensions",
	    { { TBS_VERSION, "" }, { EXTENSIONS, "" } }, CLEAN, NULL, 0, true },
	{ "version 1 written out is noted",
	    { { TBS_VERSION, "a0 03 02 01 00" }, { EXTENSIONS, "" } },
	    RMT_DEVIATION_DEFAULT_ENCODED, "tbs.version", 0, true },
	{ "extensions in version 2 are noted",
	    { { EXTENSIONS, "a3 10 30 0e " BASIC }, { TBS_VERSION, "a0 03 02 01 01" } },
	    RMT_DEVIATION_VERSION, "tbs.extensions", 0, true },
	{ "version 5 is noted", { { TBS_VERSION, "a0 03 02 01 04" } }, RMT_DEVIATION_VERSION,
	    "tbs.version", 0, true },
	{ "a version that is no number is refused", { { TBS_VERSION, "a0 02 05 00" } }, REFUSED,
	    "tbs.version", 0, false },
	{ "unique identifiers are read in version 2",
	    { { UNIQUE, "81 02 00 aa 82 02 00 bb" }, { EXTENSIONS, "" } }, CLEAN, NULL, 0, true },
	{ "unique identifiers in version 1 are noted",
	    { { UNIQUE, "81 02 00 aa" }, { TBS_VERSION, "" }, { EXTENSIONS, "" } },
	    RMT_DEVIATION_VERSION, "tbs.uniqueID", 0, true },
	{ "a unique identifier without its count of bits is refused", { { UNIQUE, "81 00" } },
	    REFUSED, "tbs.uniqueID", 0, false },
	{ "unique identifiers in the wrong order are refused",
	    { { UNIQUE, "82 02 00 bb 81 02 00 aa" } }, REFUSED, "tbs", 0, false },

	{ "a serial number of 21 bytes is read, and left to the rules",
	    { { SERIAL, "02 15 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15" } },
	    CLEAN, NULL, 0, true },
	{ "a serial number of zero is read, and left to the rules", { { SERIAL, "02 01 00" } },
	    CLEAN, NULL, 0, true },
	{ "a serial number of 65 bytes is refused: no database column and no CA has room for it",
	    { { SERIAL, "02 41 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 "
			"01 01 01 01 01 01 01 01 01 "
			"01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 "
			"01 01 01 01 01 01 01 01 01 "
			"01" } },
	    REFUSED, "tbs.serialNumber", 0, true },
	{ "a negative serial number is noted", { { SERIAL, "02 01 85" } },
	    RMT_DEVIATION_INTEGER_NEGATIVE, "tbs.serialNumber", 0, true },
	{ "a padded serial number is noted (OpenSSL 3.0 refuses it)", { { SERIAL, "02 02 00 05" } },
	    RMT_DEVIATION_INTEGER_PADDED, "tbs.serialNumber", 0, false },
	{ "a serial number of no byte is refused", { { SERIAL, "02 00" } }, REFUSED,
	    "tbs.serialNumber", 0, false },
	{ "a missing serial number is refused", { { SERIAL, "" } }, REFUSED, "tbs.serialNumber", 0,
	    false },

	{ "an algorithm with NULL parameters is read", { { ALGORITHM, "30 06 06 02 2a 03 05 00" } },
	    CLEAN, NULL, 0, true },
	{ "an algorithm with two parameters is refused",
	    { { ALGORITHM, "30 08 06 02 2a 03 05 00 05 00" } }, REFUSED, "tbs.signature", 0,
	    false },
	{ "parameters that break their type are refused",
	    { { ALGORITHM, "30 07 06 02 2a 03 05 01 00" } }, REFUSED, "tbs.signature", 0, false },
	{ "parameters of a type that is never constructed are noted",
	    { { ALGORITHM, "30 08 06 02 2a 03 3d 02 ff ff" } }, RMT_DEVIATION_CONSTRUCTED_STRING,
	    "tbs.signature", 6, false },
	{ "an algorithm unlike the outer one is read, and left to the rules",
	    { { OUTER_ALGORITHM, "30 04 06 02 2a 03" } }, CLEAN, NULL, 0, true },

	{ "an empty subject is read", { { SUBJECT, "30 00" } }, CLEAN, NULL, 0, true },
	{ "an at sign in a PrintableString is noted",
	    { { SUBJECT, "30 0c 31 0a 30 08 06 03 55 04 03 13 01 40" } },
	    RMT_DEVIATION_STRING_CONTENT, "tbs.subject", 11, true },
	{ "a UTF8String that is no UTF-8 is noted (OpenSSL refuses it)",
	    { { ISSUER, "30 0c 31 0a 30 08 06 03 55 04 03 0c 01 e9" } },
	    RMT_DEVIATION_STRING_CONTENT, "tbs.issuer", 11, false },
	{ "a BMPString of odd length is noted (OpenSSL refuses it)",
	    { { ISSUER, "30 0c 31 0a 30 08 06 03 55 04 03 1e 01 61" } },
	    RMT_DEVIATION_STRING_CONTENT, "tbs.issuer", 11, false },
	{ "an empty relative name is noted", { { SUBJECT, "30 02 31 00" } },
	    RMT_DEVIATION_EMPTY_LIST, "tbs.subject", 2, true },
	{ "a name of a SEQUENCE of SEQUENCEs is refused",
	    { { SUBJECT, "30 0c 30 0a 30 08 06 03 55 04 03 0c 01 61" } }, REFUSED, "tbs.subject", 0,
	    false },
	{ "a value of a name that is TRUE as 01 is noted (OpenSSL has no BOOLEAN in names)",
	    { { SUBJECT, "30 0c 31 0a 30 08 06 03 55 04 03 01 01 01" } }, RMT_DEVIATION_BOOLEAN,
	    "tbs.subject", 11, false },
	{ "a name with an attribute of three values is refused",
	    { { SUBJECT, "30 0e 31 0c 30 0a 06 03 55 04 03 0c 01 61 05 00" } }, REFUSED,
	    "tbs.subject", 0, false },
	{ "a name in constructed form is noted, and stays as it is",
	    { { SUBJECT, "30 0e 31 0c 30 0a 06 03 55 04 03 2c 03 0c 01 61" } },
	    RMT_DEVIATION_CONSTRUCTED_STRING, "tbs.subject", 11, true },

	{ "a GeneralizedTime before 2050 is noted",
	    { { VALIDITY, "30 20 18 0f 32 30 32 36 30 31 30 31 30 30 30 30 30 30 5a " UTC } },
	    RMT_DEVIATION_TIME_FORM, "tbs.validity.notBefore", 2, true },
	{ "a UTCTime without seconds is noted",
	    { { VALIDITY, "30 1c 17 0b 32 36 30 31 30 31 30 30 30 30 5a " UTC } },
	    RMT_DEVIATION_TIME_FORM, "tbs.validity.notBefore", 2, true },
	{ "a UTCTime with an offset is noted",
	    { { VALIDITY,
		"30 22 " UTC "17 11 32 36 30 31 30 31 30 30 30 30 30 30 2b 30 31 30 30" } },
	    RMT_DEVIATION_TIME_FORM, "tbs.validity.notAfter", 17, true },
	{ "a time that is none is refused: it can neither be compared nor stored",
	    { { VALIDITY, "30 1e 17 0d 32 36 31 33 30 31 30 30 30 30 30 30 5a " UTC } }, REFUSED,
	    "tbs.validity.notBefore", 0, true },
	{ "a third time is refused", { { VALIDITY, "30 2d " UTC UTC UTC } }, REFUSED,
	    "tbs.validity", 0, false },

	{ "bits left over in the key are noted",
	    { { SPKI, "30 0b 30 04 06 02 2a 03 03 03 04 aa bf" } },
	    RMT_DEVIATION_BIT_STRING_PADDING, "tbs.subjectPublicKeyInfo", 8, true },
	{ "an unknown key is read", { { SPKI, "30 0b 30 04 06 02 2a 03 03 03 00 aa bb" } }, CLEAN,
	    NULL, 0, true },
	{ "a key of three parts is refused",
	    { { SPKI, "30 0d 30 04 06 02 2a 03 03 03 00 aa bb 05 00" } }, REFUSED,
	    "tbs.subjectPublicKeyInfo", 0, false },
	{ "a missing key is refused", { { SPKI, "" } }, REFUSED, "tbs.subjectPublicKeyInfo", 0,
	    false },

	{ "critical FALSE is noted",
	    { { EXTENSIONS, "a3 10 30 0e 30 0c 06 03 55 1d 13 01 01 00 04 02 30 00" } },
	    RMT_DEVIATION_DEFAULT_ENCODED, "tbs.extensions[0].critical", 11, true },
	{ "critical as 01 is noted",
	    { { EXTENSIONS, "a3 10 30 0e 30 0c 06 03 55 1d 13 01 01 01 04 02 30 00" } },
	    RMT_DEVIATION_BOOLEAN, "tbs.extensions[0].critical", 11, true },
	{ "an empty list of extensions is noted", { { EXTENSIONS, "a3 02 30 00" } },
	    RMT_DEVIATION_EMPTY_LIST, "tbs.extensions", 2, true },
	{ "an extension twice is flagged, not refused",
	    { { EXTENSIONS, "a3 1e 30 1c " BASIC BASIC } }, CLEAN, NULL, 0, true },
	{ "a value in one segment is noted",
	    { { EXTENSIONS, "a3 0f 30 0d 30 0b 06 03 55 1d 13 24 04 04 02 30 00" } },
	    RMT_DEVIATION_CONSTRUCTED_STRING, "tbs.extensions[0].extnValue", 11, true },
	{ "a value in two segments is refused: a view cannot join them",
	    { { EXTENSIONS, "a3 11 30 0f 30 0d 06 03 55 1d 13 24 06 04 01 30 04 01 00" } }, REFUSED,
	    "tbs.extensions[0].extnValue", 0, true },
	{ "a value that is nonsense is read, and left to the printers",
	    { { EXTENSIONS, "a3 10 30 0e 30 0c 06 03 55 1d 13 01 01 ff 04 02 ff ff" } }, CLEAN,
	    NULL, 0, true },
	{ "something after the extensions is refused",
	    { { EXTENSIONS, "a3 12 30 0e " BASIC "05 00" } }, REFUSED, "tbs.extensions", 0, false },
	{ "an end that comes later is refused", { { AFTER_TBS, "05 00" } }, REFUSED, "tbs", 0,
	    false },

	{ "unused bits in the signature are noted", { { SIGNATURE, "03 03 04 aa b0" } },
	    RMT_DEVIATION_BIT_STRING_PADDING, "signature", 0, true },
	{ "a missing signature is refused", { { SIGNATURE, "" } }, REFUSED, "signature", 0, false },
	{ "a fourth part is refused", { { AFTER_SIGNATURE, "05 00" } }, REFUSED, "certificate", 0,
	    false },
	{ "bytes after the certificate are noted", { { AFTER_ALL, "00 00" } },
	    RMT_DEVIATION_TRAILING_BYTES, "certificate", 0, true },
	{ "a length not in its shortest form is noted", { { SERIAL, "02 81 01 05" } },
	    RMT_DEVIATION_LENGTH_NOT_MINIMAL, "tbs.serialNumber", 0, true },
	{ "an indefinite length is noted", { { VALIDITY, "30 80 " UTC UTC "00 00" } },
	    RMT_DEVIATION_INDEFINITE_LENGTH, "tbs.validity", 0, true },
	{ "a high tag number is refused", { { UNIQUE, "9f 81 01 01 00" } }, REFUSED, "tbs", 0,
	    false },
};

static void
check_cert(void **state)
{
	const struct cert_row *row = *state;
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound_cert, row->changes, 3, starts);
	unsigned char *copy = exact_copy(rmt_buf_view(&der));
	struct rmt_span view = rmt_span_of(copy, der.length);
	struct rmt_cert cert;
	struct rmt_err err = { 0 };
	int strict = rmt_cert_read(&cert, view, RMT_STRICT, &err);

	if (row->note == CLEAN)
		no_error(&err);
	assert_int_equal(strict, row->note == CLEAN ? 0 : -1);
	if (row->note != CLEAN)
		assert_string_equal(err.place, row->place);
	rmt_err_clear(&err);
	assert_int_equal(
	    rmt_cert_read(&cert, view, RMT_TOLERANT, &err), row->note == REFUSED ? -1 : 0);
	if (row->note == REFUSED) {
		assert_string_equal(err.place, row->place);
	} else {
		assert_int_equal(cert.notes.count, row->note >= 0);
		assert_int_equal(cert.signature.length, 2);
	}
	if (row->note >= 0) {
		assert_int_equal(cert.notes.note[0].kind, row->note);
		assert_int_equal(
		    cert.notes.note[0].offset, starts[row->changes[0].part] + (size_t)row->delta);
	}
	/* OpenSSL 3.5 no longer reads times of another form, which 3.0 does. */
	if (row->note != RMT_DEVIATION_TIME_FORM)
		assert_int_equal(openssl_reads_cert(view), row->openssl);
	free(copy);
	rmt_buf_free(&der);
}

static void
to_be_signed_is_read_alone(void **state)
{
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound_cert, NULL, 0, starts);
	struct rmt_cert whole, tbs, *copy;

	(void)state;
	assert_int_equal(rmt_cert_read(&whole, rmt_buf_view(&der), RMT_STRICT, NULL), 0);
	assert_int_equal(rmt_cert_read_tbs(&tbs, whole.tbs, RMT_STRICT, NULL), 0);
	assert_true(rmt_span_equal(tbs.spki, whole.spki));
	assert_ptr_equal(tbs.der.at, whole.tbs.at);
	assert_int_equal(tbs.signature.length + tbs.outer_algorithm.length, 0);
	assert_int_equal(rmt_cert_read_tbs(&tbs, whole.der, RMT_STRICT, NULL), -1);
	assert_int_equal(rmt_cert_read_tbs(&tbs, whole.tbs, RMT_STRICT, NULL), 0);
	copy = rmt_cert_dup(&tbs, NULL);
	assert_non_null(copy);
	assert_true(rmt_span_equal(copy->tbs, tbs.tbs));
	assert_true(copy->tbs.at != tbs.tbs.at);
	rmt_cert_free(copy);
	rmt_buf_free(&der);
}

static void
a_copy_has_its_own_bytes(void **state)
{
	static const struct change change = { AFTER_ALL, "00" };
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound_cert, &change, 1, starts);
	struct rmt_cert *cert = rmt_cert_new(rmt_buf_view(&der), RMT_TOLERANT, NULL), *copy;
	unsigned char one[RMT_SHA256], two[RMT_SHA256];

	(void)state;
	rmt_buf_free(&der);
	assert_non_null(cert);
	copy = rmt_cert_dup(cert, NULL);
	assert_int_equal(rmt_cert_fingerprint(cert, one, NULL), 0);
	rmt_cert_free(cert);
	assert_int_equal(rmt_cert_fingerprint(copy, two, NULL), 0);
	assert_memory_equal(one, two, sizeof one);
	assert_int_equal(copy->notes.count, 1);
	assert_true(copy->validity.at > copy->der.at && copy->validity.at < copy->der.at + copy->der.length);
	rmt_cert_free(copy);
	rmt_cert_free(NULL);
	assert_null(rmt_cert_new(rmt_span_of("x", 1), RMT_TOLERANT, NULL));
}

static void
objects_beyond_their_cap_are_refused(void **state)
{
	struct rmt_buf huge = { 0 };
	struct rmt_cert cert;
	struct rmt_request request;
	struct rmt_err err = { 0 };

	(void)state;
	rmt_buf_reserve(&huge, (2 << 20));
	memset(huge.bytes, 0, 2 << 20);
	memcpy(huge.bytes, "\x30\x83\x1f\xff\xfb", 5);
	assert_int_equal(
	    rmt_cert_read(&cert, rmt_span_of(huge.bytes, 2 << 20), RMT_TOLERANT, &err), -1);
	assert_non_null(strstr(err.message, "larger than"));
	rmt_err_clear(&err);
	assert_int_equal(
	    rmt_request_read(&request, rmt_span_of(huge.bytes, RMT_CAP_REQUEST + 1), &err), -1);
	assert_non_null(strstr(err.message, "larger than"));
	rmt_buf_free(&huge);
}

/* ---- requests ---- */

#define ATTRIBUTE_EXTENSIONS "30 1d 06 09 2a 86 48 86 f7 0d 01 09 0e 31 10 30 0e " BASIC
#define MS_EXTENSIONS "30 1e 06 0a 2b 06 01 04 01 82 37 02 01 0e 31 10 30 0e " BASIC
#define CHALLENGE "30 10 06 09 2a 86 48 86 f7 0d 01 09 07 31 03 0c 01 61"
#define MS_VERSION "30 17 06 0a 2b 06 01 04 01 82 37 0d 02 03 31 09 16 07 31 30 2e 30 2e 31 2e"

static const char *const sound_request[PARTS] = {
	[TBS_VERSION] = "02 01 00",
	[SUBJECT] = NAME("62"),
	[SPKI] = KEY,
	[EXTENSIONS] = "a0 1f " ATTRIBUTE_EXTENSIONS,
	[OUTER_ALGORITHM] = ECDSA,
	[SIGNATURE] = "03 03 00 aa bb",
};

static const struct request_row {
	const char *sentence;
	struct change change;
	int note; /* CLEAN, REFUSED or a deviation */
	unsigned extensions;
	bool challenge;
	const char *place;
} request_rows[] = {
	{ "a sound request is read", { 0 }, CLEAN, 1, false, NULL },
	{ "extensions under Microsoft's OID are read", { EXTENSIONS, "a0 20 " MS_EXTENSIONS },
	    CLEAN, 1, false, NULL },
	{ "PKCS#9's extensions go before Microsoft's",
	    { EXTENSIONS, "a0 45 30 24 06 0a 2b 06 01 04 01 82 37 02 01 0e 31 16 30 14 30 08 06 02 "
			  "2a 03 04 02 05 00 "
			  "30 08 06 02 2a 04 04 02 05 00 " ATTRIBUTE_EXTENSIONS },
	    CLEAN, 1, false, NULL },
	{ "a challenge password is seen", { EXTENSIONS, "a0 12 " CHALLENGE }, CLEAN, 0, true,
	    NULL },
	{ "other attributes of Microsoft's are passed over",
	    { EXTENSIONS, "a0 38 " MS_VERSION ATTRIBUTE_EXTENSIONS }, CLEAN, 1, false, NULL },
	{ "no attributes are an empty set", { EXTENSIONS, "a0 00" }, CLEAN, 0, false, NULL },
	{ "the field of attributes may be missing", { EXTENSIONS, "" }, CLEAN, 0, false, NULL },
	{ "version 2 is noted", { TBS_VERSION, "02 01 01" }, RMT_DEVIATION_VERSION, 1, false,
	    NULL },
	{ "version 3 is noted", { TBS_VERSION, "02 01 02" }, RMT_DEVIATION_VERSION, 1, false,
	    NULL },
	{ "a negative version is refused", { TBS_VERSION, "02 01 ff" }, REFUSED, 0, false,
	    "info.version" },
	{ "an empty list of extensions is noted",
	    { EXTENSIONS, "a0 11 30 0f 06 09 2a 86 48 86 f7 0d 01 09 0e 31 02 30 00" },
	    RMT_DEVIATION_EMPTY_LIST, 0, false, NULL },
	{ "an attribute for extensions without value has none",
	    { EXTENSIONS, "a0 0f 30 0d 06 09 2a 86 48 86 f7 0d 01 09 0e 31 00" }, CLEAN, 0, false,
	    NULL },
	{ "an attribute that is no set is refused",
	    { EXTENSIONS, "a0 0f 30 0d 06 09 2a 86 48 86 f7 0d 01 09 0e 30 00" }, REFUSED, 0, false,
	    "info.attributes" },
	{ "extensions that are none are refused",
	    { EXTENSIONS, "a0 11 30 0f 06 09 2a 86 48 86 f7 0d 01 09 0e 31 02 05 00" }, REFUSED, 0,
	    false, "info.attributes.extensionRequest" },
	{ "bytes after the request are noted", { AFTER_ALL, "0a" }, RMT_DEVIATION_TRAILING_BYTES, 1,
	    false, NULL },
	{ "a missing key is refused", { SPKI, "" }, REFUSED, 0, false, "info.subjectPKInfo" },
};

static void
check_request(void **state)
{
	const struct request_row *row = *state;
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound_request, &row->change, 1, starts);
	unsigned char *copy = exact_copy(rmt_buf_view(&der));
	struct rmt_request request;
	struct rmt_err err = { 0 };
	int rc = rmt_request_read(&request, rmt_span_of(copy, der.length), &err);

	if (row->note != REFUSED)
		no_error(&err);
	assert_int_equal(rc, row->note == REFUSED ? -1 : 0);
	if (row->note == REFUSED) {
		assert_string_equal(err.place, row->place);
	} else {
		assert_int_equal(request.notes.count, row->note >= 0);
		if (row->note >= 0)
			assert_int_equal(request.notes.note[0].kind, row->note);
		assert_int_equal(request.extensions.count, row->extensions);
		assert_int_equal(request.has_challenge, row->challenge);
		assert_int_equal(request.signature.length, 2);
	}
	free(copy);
	rmt_buf_free(&der);
}

/* ---- revocation lists ---- */

#define ENTRY_REASON "30 20 02 01 06 " UTC "30 0c 30 0a 06 03 55 1d 15 04 03 0a 01 01"
#define NUMBER "30 0a 06 03 55 1d 14 04 03 02 01 07"

static const char *const sound_crl[PARTS] = {
	[TBS_VERSION] = "02 01 01",
	[ALGORITHM] = ECDSA,
	[ISSUER] = NAME("61"),
	[VALIDITY] = UTC UTC,
	[SUBJECT] = "30 36 30 12 02 01 05 " UTC ENTRY_REASON,
	[EXTENSIONS] = "a0 0e 30 0c " NUMBER,
	[OUTER_ALGORITHM] = ECDSA,
	[SIGNATURE] = "03 03 00 aa bb",
};

static const struct crl_row {
	const char *sentence;
	struct change change;
	int note;    /* CLEAN, REFUSED or the deviation that strict refuses */
	int entries; /* -1: an entry is broken in strict mode */
	const char *place;
} crl_rows[] = {
	{ "a sound list is read", { 0 }, CLEAN, 2, NULL },
	{ "no entries are no list", { SUBJECT, "" }, CLEAN, 0, NULL },
	{ "an empty list is noted", { SUBJECT, "30 00" }, RMT_DEVIATION_EMPTY_LIST, 0,
	    "tbs.revokedCertificates" },
	{ "a list without next update is read", { VALIDITY, UTC }, CLEAN, 2, NULL },
	{ "a list without any time is refused", { VALIDITY, "" }, REFUSED, 0, "tbs.thisUpdate" },
	{ "version 1 with extensions is noted", { TBS_VERSION, "" }, RMT_DEVIATION_VERSION, 2,
	    "tbs.crlExtensions" },
	{ "version 5 is noted", { TBS_VERSION, "02 01 04" }, RMT_DEVIATION_VERSION, 2,
	    "tbs.version" },
	{ "an entry with a negative number is refused when it is reached",
	    { SUBJECT, "30 14 30 12 02 01 85 " UTC }, CLEAN, -1, NULL },
	{ "an entry without a date is refused when it is reached",
	    { SUBJECT, "30 05 30 03 02 01 05" }, CLEAN, -1, NULL },
	{ "an entry with empty extensions is refused when it is reached",
	    { SUBJECT, "30 16 30 14 02 01 05 " UTC "30 00" }, CLEAN, -1, NULL },
	{ "an entry with a broken reason is refused when it is reached",
	    { SUBJECT, "30 22 30 20 02 01 06 " UTC "30 0c 30 0a 06 03 55 1d 15 04 03 02 01 01" },
	    CLEAN, -1, NULL },
	{ "something after the extensions is refused", { AFTER_TBS, "05 00" }, REFUSED, 0, "tbs" },
	{ "bytes after the list are noted", { AFTER_ALL, "0a" }, RMT_DEVIATION_TRAILING_BYTES, 2,
	    "crl" },
};

static void
check_crl(void **state)
{
	const struct crl_row *row = *state;
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound_crl, &row->change, 1, starts);
	struct rmt_crl crl;
	struct rmt_crl_entry entry;
	struct rmt_der cursor;
	struct rmt_err err = { 0 };
	int count = 0, rc;

	assert_int_equal(
	    rmt_crl_read(&crl, rmt_buf_view(&der), RMT_STRICT, &err), row->note == CLEAN ? 0 : -1);
	assert_string_equal(err.place, row->note == CLEAN ? "" : row->place);
	assert_int_equal(rmt_crl_read(&crl, rmt_buf_view(&der), RMT_TOLERANT, NULL),
	    row->note == REFUSED ? -1 : 0);
	if (row->note != REFUSED) {
		assert_int_equal(crl.notes.count, row->note >= 0);
		if (row->note >= 0)
			assert_int_equal(crl.notes.note[0].kind, row->note);
		rmt_der_open(&cursor, crl.entries, NULL);
		while ((rc = rmt_crl_next(&cursor, &entry, NULL)) == 1) {
			assert_int_equal(entry.serial.at[0], 5 + count);
			assert_int_equal(entry.reason, count == 0 ? -1 : 1);
			assert_true(entry.when == INT64_C(1767225600));
			count++;
		}
		assert_int_equal(rc, row->entries < 0 ? -1 : 0);
		if (row->entries >= 0)
			assert_int_equal(count, row->entries);
	}
	rmt_buf_free(&der);
}

static void
reasons_have_names(void **state)
{
	(void)state;
	assert_string_equal(rmt_reason_name(1), "keyCompromise");
	assert_string_equal(rmt_reason_name(7), "");
	assert_string_equal(rmt_reason_name(11), "");
	assert_string_equal(rmt_reason_name(-1), "");
}

/* ---- hostile bytes ---- */

/* Whether a name has a value of a type that OpenSSL refuses in names and RFC 5280 leaves to the
 * attribute (INTEGER, VisibleString, ...); to us it is an opaque view. */
static bool
odd_type(struct rmt_span name)
{
	static const unsigned char usual[] = { RMT_DER_UTF8, RMT_DER_PRINTABLE, RMT_DER_IA5,
		RMT_DER_T61, RMT_DER_BMP, RMT_DER_UNIVERSAL, RMT_DER_NUMERIC, RMT_DER_BIT_STRING };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	assert_int_equal(rmt_name_start(name, &cursor, NULL), 0);
	while (rmt_name_next(&cursor, &attribute, NULL) == 1)
		if (memchr(usual, attribute.tag, sizeof usual) == NULL)
			return true;
	return false;
}

/* Read the same bytes in every way; a strict certificate must be one for OpenSSL too. */
static void
read_all(struct rmt_span bytes)
{
	unsigned char *copy = exact_copy(bytes);
	struct rmt_span view = rmt_span_of(copy, bytes.length);
	struct rmt_cert cert;
	struct rmt_request request;
	struct rmt_crl crl;
	struct rmt_buf text = { 0 };

	if (rmt_cert_read(&cert, view, RMT_STRICT, NULL) == 0 && !openssl_reads_cert(view) &&
	    !odd_type(cert.issuer) && !odd_type(cert.subject)) {
		rmt_hex(view, 0, &text);
		fail_msg("OpenSSL does not read %s", rmt_buf_string(&text));
	}
	if (rmt_cert_read(&cert, view, RMT_TOLERANT, NULL) == 0) {
		rmt_cert_label(&cert, &text);
		for (unsigned i = 0; i < cert.extensions.count; i++)
			rmt_ext_print(&cert.extensions.list[i], &text);
		rmt_cert_issued_by(&cert, &cert);
		rmt_cert_is_ca(&cert);
	}
	rmt_request_read(&request, view, NULL);
	rmt_crl_read(&crl, view, RMT_TOLERANT, NULL);
	rmt_buf_free(&text);
	free(copy);
}

static void
every_cut_is_refused(void **state)
{
	const char *const *sound = *state;
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound, NULL, 0, starts);

	for (size_t length = 0; length < der.length; length++) {
		unsigned char *copy = exact_copy(rmt_span_of(der.bytes, length));
		struct rmt_span view = rmt_span_of(copy, length);
		struct rmt_cert cert;
		struct rmt_request request;
		struct rmt_crl crl;
		struct rmt_err err = { 0 };

		assert_int_equal(rmt_cert_read(&cert, view, RMT_TOLERANT, &err), -1);
		assert_int_equal(err.class, RMT_INPUT);
		assert_int_equal(rmt_request_read(&request, view, NULL), -1);
		assert_int_equal(rmt_crl_read(&crl, view, RMT_TOLERANT, NULL), -1);
		free(copy);
	}
	rmt_buf_free(&der);
}

static void
every_flip_is_survived(void **state)
{
	static const unsigned char masks[] = { 0x01, 0x20, 0x7f, 0x80, 0xff };
	const char *const *sound = *state;
	size_t starts[PARTS];
	struct rmt_buf der = assemble(sound, NULL, 0, starts);

	for (size_t i = 0; i < der.length; i++)
		for (size_t k = 0; k < sizeof masks; k++) {
			der.bytes[i] ^= masks[k];
			read_all(rmt_buf_view(&der));
			der.bytes[i] ^= masks[k];
		}
	rmt_buf_free(&der);
}

int
test_x509_cert(void)
{
	static struct rows rows;

	ADD_TABLE(&rows, cert_rows, check_cert);
	add_row(&rows, "to-be-signed bytes are read alone", to_be_signed_is_read_alone, NULL);
	add_row(&rows, "a copy has its own bytes", a_copy_has_its_own_bytes, NULL);
	add_row(&rows, "objects beyond their cap are refused", objects_beyond_their_cap_are_refused,
	    NULL);
	ADD_TABLE(&rows, request_rows, check_request);
	ADD_TABLE(&rows, crl_rows, check_crl);
	add_row(&rows, "reasons have their names", reasons_have_names, NULL);
	add_row(
	    &rows, "a certificate cut off anywhere is refused", every_cut_is_refused, sound_cert);
	add_row(
	    &rows, "a request cut off anywhere is refused", every_cut_is_refused, sound_request);
	add_row(&rows, "a list cut off anywhere is refused", every_cut_is_refused, sound_crl);
	add_row(&rows, "a certificate with any byte changed is survived", every_flip_is_survived,
	    sound_cert);
	add_row(&rows, "a request with any byte changed is survived", every_flip_is_survived,
	    sound_request);
	add_row(
	    &rows, "a list with any byte changed is survived", every_flip_is_survived, sound_crl);
	return run_rows("objects", &rows);
}
