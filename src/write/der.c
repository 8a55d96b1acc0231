/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/der.c - one object as its bare DER: a certificate (".cer"), a request, a CRL, a public key, or a private key as
 * plain PKCS#8.
 */
#include "config.h"

#include "write/local.h"

int
rmt_write_der(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	(void)bundle;
	(void)options;
	if (parts->list[0].key)
		return rmt_key_write_der(parts->list[0].key, out, err);
	rmt_buf_span(out, rmt_part_der(&parts->list[0]));
	return rmt_buf_check(out, err);
}
