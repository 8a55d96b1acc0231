/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every reader of x509/ on the same hostile bytes: certificate and CRL in both modes, request,
 * name, general names, the value of every known extension, BER.
 *
 * Besides surviving, the readers must keep their promises: what strict mode accepts, tolerant mode
 * accepts without a note; what is printed is one line of UTF-8 where it says so; a name read back
 * from its text is the same name. Whether OpenSSL reads the same is asked by fuzz_openssl.c.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x509/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, \
			    #condition); \
			abort(); \
		} \
	} while (0)

/* ---- names ---- */

static void
one_line(const struct rmt_buf *text)
{
	MUST(rmt_utf8_valid(rmt_buf_view(text)));
	for (size_t i = 0; i < text->length; i++)
		MUST(text->bytes[i] >= 0x20 && text->bytes[i] != 0x7f);
}

static void
name_promises(struct rmt_span name)
{
	struct rmt_buf text = { 0 }, fold = { 0 }, other = { 0 }, clean = { 0 };

	rmt_name_text(name, &text);
	rmt_name_fold(name, &fold);
	one_line(&text);
	MUST(rmt_name_equal(name, name));
	if (rmt_name_parse(rmt_buf_string(&text), &other, NULL) == 0)
		MUST(rmt_name_equal(name, rmt_buf_view(&other)));
	if (rmt_name_clean(name, &clean, NULL) == 0) {
		struct rmt_name_cursor cursor;
		struct rmt_attribute attribute;

		MUST(rmt_name_start(rmt_buf_view(&clean), &cursor, NULL) == 0);
		while (rmt_name_next(&cursor, &attribute, NULL) == 1)
			;
	}
	rmt_buf_clear(&text);
	rmt_name_get(name, "CN", true, &text);
	rmt_buf_free(&text);
	rmt_buf_free(&fold);
	rmt_buf_free(&other);
	rmt_buf_free(&clean);
}

static void
read_name(struct rmt_span bytes)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_buf text = { 0 };
	int rc;

	if (rmt_name_start(bytes, &cursor, NULL) < 0)
		return;
	while ((rc = rmt_name_next(&cursor, &attribute, NULL)) == 1)
		;
	rmt_name_text(bytes, &text);
	one_line(&text);
	if (rc == 0)
		name_promises(bytes);
	rmt_buf_free(&text);
}

static void
read_general(struct rmt_span bytes)
{
	struct rmt_general_name name;
	struct rmt_der cursor;
	struct rmt_buf text = { 0 };

	if (rmt_general_open(bytes, &cursor, NULL) < 0)
		return;
	while (rmt_general_next(&cursor, &name, NULL) == 1) {
		struct rmt_derw w = { .depth = 0 };

		rmt_buf_clear(&text);
		rmt_general_text(&name, &text);
		one_line(&text);
		rmt_general_write(&w, rmt_buf_string(&text), NULL);
		rmt_derw_free(&w);
		rmt_dns_match(name.value, bytes);
	}
	rmt_buf_free(&text);
}

/* ---- extensions ---- */

static int
visit_span(void *arg, struct rmt_span span)
{
	*(size_t *)arg += span.length;
	return 0;
}

static int
visit_access(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	*(size_t *)arg += method.length + location->value.length;
	return 0;
}

static void
decode_value(struct rmt_span value)
{
	struct rmt_notes notes = { .count = 0 };
	struct rmt_basic_constraints basic;
	struct rmt_authority_key_id authority;
	struct rmt_name_constraints constraints;
	struct rmt_general_name base;
	struct rmt_buf text = { 0 };
	struct rmt_der cursor;
	struct rmt_span key_id;
	size_t sum = 0;
	unsigned bits;

	rmt_ext_key_usage(value, &bits, NULL);
	rmt_ext_basic_constraints(value, &basic, NULL, NULL);
	rmt_ext_basic_constraints(value, &basic, &notes, NULL);
	rmt_ext_eku_has(value, "serverAuth");
	rmt_ext_authority_key_id(value, &authority, NULL);
	rmt_ext_subject_key_id(value, &key_id, NULL);
	rmt_ext_crl_uris(value, visit_span, &sum, NULL);
	rmt_ext_access(value, visit_access, &sum, NULL);
	rmt_ext_policies(value, visit_span, &sum, NULL);
	if (rmt_ext_name_constraints(value, &constraints, NULL) == 0) {
		rmt_der_open(&cursor, constraints.permitted, NULL);
		while (rmt_name_constraints_next(&cursor, &base, NULL) == 1)
			sum += base.value.length;
	}
	rmt_ext_text(value, &text, NULL);
	rmt_buf_free(&text);
}

static bool
check_value(struct rmt_ext *ext)
{
	struct rmt_notes notes = { .count = 0 };
	struct rmt_err err = { 0 };
	int strict = rmt_ext_check(ext, NULL, NULL), tolerant = rmt_ext_check(ext, &notes, &err);

	MUST(tolerant == 0 || strict < 0);
	MUST(strict < 0 || notes.count == 0);
	MUST((tolerant < 0) == (err.class != RMT_NONE));
	return tolerant == 0;
}

static void
print_value(struct rmt_ext *ext)
{
	struct rmt_buf text = { 0 };

	rmt_ext_print(ext, &text);
	MUST(rmt_utf8_valid(rmt_buf_view(&text)));
	rmt_buf_free(&text);
}

static void
read_value(struct rmt_ext *ext)
{
	check_value(ext);
	print_value(ext);
}

/* As every extension there is. What none accepts is printed as one only: in hexadecimal it looks
 * the same as all, and printing takes most of the time. */
static void
read_extension(struct rmt_span bytes)
{
	struct rmt_ext ext = { .value = bytes };

	decode_value(bytes);
	for (ext.id = -1; ext.id < RMT_EXT_COUNT; ext.id++)
		if (check_value(&ext) || ext.id == (int)(bytes.length % RMT_EXT_COUNT))
			print_value(&ext);
}

/* ---- certificates ---- */

static void
cert_promises(struct rmt_cert *cert, const struct rmt_span bytes)
{
	struct rmt_buf text = { 0 };
	struct rmt_cert *copy;

	MUST(cert->der.at == bytes.at && cert->der.length <= bytes.length);
	name_promises(cert->subject);
	name_promises(cert->issuer);
	rmt_cert_label(cert, &text);
	rmt_serial_hex(cert->serial, &text);
	rmt_buf_free(&text);
	rmt_cert_is_ca(cert);
	MUST(rmt_cert_self_issued(cert) == rmt_name_equal(cert->issuer, cert->subject));
	rmt_cert_issued_by(cert, cert);
	for (unsigned i = 0; i < cert->extensions.count; i++) {
		struct rmt_ext *ext = &cert->extensions.list[i];

		read_value(ext);
		if (ext->id == RMT_EXT_SUBJECT_ALT_NAME)
			read_general(ext->value);
	}
	copy = rmt_cert_dup(cert, NULL);
	MUST(copy != NULL && rmt_span_equal(copy->der, cert->der) &&
	     copy->extensions.count == cert->extensions.count);
	rmt_cert_free(copy);
}

static void
read_cert(struct rmt_span bytes)
{
	struct rmt_cert strict, tolerant, tbs;
	struct rmt_err err = { 0 };
	int accepted = rmt_cert_read(&strict, bytes, RMT_STRICT, &err);

	MUST((accepted < 0) == (err.class != RMT_NONE));
	rmt_err_clear(&err);
	if (rmt_cert_read(&tolerant, bytes, RMT_TOLERANT, &err) < 0) {
		MUST(accepted < 0 && err.class != RMT_NONE);
		return;
	}
	cert_promises(&tolerant, bytes);
	MUST((accepted == 0) == (tolerant.notes.count == 0));
	if (accepted < 0)
		return;
	MUST(rmt_cert_read_tbs(&tbs, strict.tbs, RMT_STRICT, NULL) == 0);
}

/* ---- requests, CRLs, BER ---- */

static void
read_request(struct rmt_span bytes)
{
	struct rmt_request request;

	if (rmt_request_read(&request, bytes, NULL) < 0)
		return;
	name_promises(request.subject);
	for (unsigned i = 0; i < request.extensions.count; i++)
		read_value(&request.extensions.list[i]);
}

static void
read_crl(struct rmt_span bytes, int mode)
{
	struct rmt_crl crl;
	struct rmt_crl_entry entry;
	struct rmt_der cursor;

	if (rmt_crl_read(&crl, bytes, mode, NULL) < 0)
		return;
	name_promises(crl.issuer);
	rmt_der_open(&cursor, crl.entries, mode == RMT_STRICT ? NULL : &crl.notes);
	while (rmt_crl_next(&cursor, &entry, NULL) == 1)
		MUST(entry.serial.length > 0 && entry.reason >= -1);
	for (unsigned i = 0; i < crl.extensions.count; i++)
		read_value(&crl.extensions.list[i]);
}

static void
read_ber(struct rmt_span bytes, bool strict_der)
{
	struct rmt_buf once = { 0 }, twice = { 0 };
	size_t extent = rmt_der_extent(bytes);

	MUST(extent <= bytes.length);
	if (rmt_der_from_ber(bytes, &once, NULL) == 0) {
		MUST(extent > 0 && rmt_der_extent(rmt_buf_view(&once)) == once.length);
		MUST(rmt_der_from_ber(rmt_buf_view(&once), &twice, NULL) == 0);
		MUST(rmt_span_equal(rmt_buf_view(&once), rmt_buf_view(&twice)));
		if (strict_der)
			MUST(rmt_span_equal(rmt_buf_view(&once), rmt_span_of(bytes.at, extent)));
	}
	rmt_buf_free(&once);
	rmt_buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rmt_span span = rmt_span_of(bytes, length);
	struct rmt_buf text = { 0 };

	read_cert(span);
	read_request(span);
	read_crl(span, RMT_STRICT);
	read_crl(span, RMT_TOLERANT);
	read_name(span);
	read_general(span);
	read_extension(span);
	read_ber(span, false);
	rmt_oid_text(span, &text);
	rmt_serial_hex(span, &text);
	rmt_string_utf8(length > 0 ? bytes[0] : 0, span, &text);
	rmt_buf_free(&text);
	return 0;
}
