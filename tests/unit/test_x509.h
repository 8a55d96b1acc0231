/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test files of x509/ share: bytes written as hexadecimal digits, and the files of the
 * corpus.
 */
#ifndef RMT_TEST_X509_H
#define RMT_TEST_X509_H

#include <stdio.h>
#include <stdlib.h>

#include "unit/test_base.h"

#include "x509/x509.h"

/* The bytes of "30 03 02 01 05"; the caller frees the buffer. */
static inline struct rmt_buf
from_hex(const char *digits)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };

	if (rmt_hex_decode(digits, &bytes, &err) < 0)
		fail_msg("%s: %s", digits, err.message);
	return bytes;
}

/* A view that ASan can guard: a copy of exactly its length. */
static inline unsigned char *
exact_copy(struct rmt_span span)
{
	unsigned char *copy = malloc(span.length > 0 ? span.length : 1);

	assert_non_null(copy);
	if (span.length > 0)
		memcpy(copy, span.at, span.length);
	return copy;
}

/* Fail with what the error says when there is one that should not be. */
static inline void
no_error(const struct rmt_err *err)
{
	if (err->class != RMT_NONE)
		fail_msg("%s: %s", err->place, err->message);
}

int test_x509_der(void);
int test_x509_oid(void);
int test_x509_name(void);
int test_x509_general(void);
int test_x509_ext(void);
int test_x509_cert(void);
int test_x509_ocsp(void);
int test_x509_openssl(void);

#endif
