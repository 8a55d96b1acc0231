/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/key.c - a private key in a file of its own: PKCS#8, or the older form of its kind for devices that know no other.
 */
#include "config.h"

#include "write/local.h"

static int
write_lone_key(const struct rmt_bundle *bundle, const struct rmt_write_options *options, bool traditional,
               struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf pem = { 0 };
	struct rmt_parts parts;
	int rc = -1;

	if (rmt_parts_choose(&parts, bundle, options, err))
		return -1;
	if (parts.keys != 1 || parts.count != 1)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds a private key and nothing else", options->format);
	if (traditional ? rmt_key_write_traditional(bundle->key, &pem, err)
	                : rmt_key_write_pem(bundle->key, options->passphrase, &pem, err))
		goto out;
	rmt_pem_reflow(rmt_buf_view(&pem), options->width, options->crlf, out);
	rc = rmt_buf_check(out, err);
out:
	rmt_buf_free(&pem);
	return rc;
}

int
rmt_write_key(const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out,
              struct rmt_err *err)
{
	return write_lone_key(bundle, options, false, out, err);
}

int
rmt_write_key_traditional(const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                          struct rmt_buf *out, struct rmt_err *err)
{
	return write_lone_key(bundle, options, true, out, err);
}
