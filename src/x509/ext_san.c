/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_san.c - subjectAltName and issuerAltName (RFC 5280, 4.2.1.6 and 4.2.1.7).
 *
 * The names themselves are read and written in general_name.c.
 */
#include "config.h"

#include "x509/local.h"

int
rmt_show_general_names(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der names;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &names, "names", err) < 0)
		return -1;
	return rmt_put_general_list(out, &names, err);
}
