/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509/local.h - what the files of this room share among themselves and nobody else may use.
 *
 * Three things: the two ways in which reading stops or goes on (a fault, a deviation), the walkers of names and
 * extensions that keep the offsets of the object around them, and the printers that the table in ext.c joins.
 */
#ifndef RMT_X509_LOCAL_H
#define RMT_X509_LOCAL_H

#include "x509/x509.h"

/* Stop reading: "<sentence> (offset N)" at `place`; always -1. */
int rmt_der_fault(const struct rmt_der *der, const unsigned char *at, const char *place, struct rmt_err *err,
                  const char *sentence);
/* DER is broken at `at` in a way that the table of deviations knows: strict stops (-1), tolerant notes it (0). */
int rmt_der_deviate(const struct rmt_der *der, enum rmt_deviation kind, const unsigned char *at, const char *place,
                    struct rmt_err *err);
/* The content of a UTCTime or GeneralizedTime; *exact says that it has seconds, no fraction and ends in Z. */
int rmt_time_read(unsigned char tag, struct rmt_span text, rmt_time *out, bool *exact);
bool rmt_der_string_tag(unsigned char tag); /* a universal character string type */

/* The rows of oid_table.c; their `der` is filled in by oid.c on first use. */
extern struct rmt_oid rmt_oid_table[];
extern const size_t rmt_oid_table_size;

#endif
