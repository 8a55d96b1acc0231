/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/der.c - one object as its bare DER: a certificate (".cer"), or a private key as plain PKCS#8.
 */
#include "config.h"

#include "write/local.h"

int
rmt_write_der(const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out,
              struct rmt_err *err)
{
	struct rmt_parts parts;

	if (rmt_parts_choose(&parts, bundle, options, err))
		return -1;
	if (parts.count != 1)
		return rmt_err_set(err, RMT_USAGE, NULL, "der holds one object, not %zu", parts.count);
	if (parts.list[0].key)
		return rmt_key_write_der(parts.list[0].key, out, err);
	rmt_buf_span(out, parts.list[0].cert->der);
	return rmt_buf_check(out, err);
}
