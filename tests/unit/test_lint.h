/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of lints share: a maker of certificates in which every byte may be wrong.
 *
 * Parts are written in a notation of DER: `30( ... )` is a value with this tag and the length that its content has,
 * two hex digits are a byte, 'text' its bytes, @name the OID of that name, and a byte, text or value with *N behind it
 * stands there N times. A part that is NULL is that of a good certificate, "-" leaves it out; an extension that begins
 * with ! is critical.
 */
#ifndef RMT_TEST_LINT_H
#define RMT_TEST_LINT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/audit.h"

struct parts {
	bool ca; /* a good CA is what the rest departs from */
	const char *version, *serial, *algorithm, *issuer, *before, *after, *subject, *spki, *unique;
	const char *ext[RMT_EXT_COUNT];
	const char *more;  /* further Extensions, whole */
	const char *outer; /* the algorithm outside the signed part; NULL: the same */
};
/* DER of the certificate, its signature nonsense. Fails the test when a part cannot be read. */
void lint_make(const struct parts *parts, struct rmt_buf *der);

#endif
