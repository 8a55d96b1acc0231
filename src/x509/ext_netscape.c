/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_netscape.c - netscapeCertType, the ancestor of extendedKeyUsage that old devices still look
 * at.
 */
#include "config.h"

#include "x509/local.h"

static const char *const names[] = {
	"SSL client",
	"SSL server",
	"S/MIME",
	"object signing",
	"reserved",
	"SSL CA",
	"S/MIME CA",
	"object signing CA",
};
enum { COUNT = sizeof names / sizeof *names };

int
rmt_show_netscape_type(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned bits;

	if (rmt_bits_named(value, COUNT, &bits, "netscapeCertType", err) < 0)
		return -1;
	rmt_put_bits(out, bits, names, COUNT);
	return 0;
}
