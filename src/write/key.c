/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/key.c - a private key in a file of its own: PKCS#8, or the older form of its kind for devices that know no other.
 */
#include "config.h"

#include "write/local.h"

static int
write_lone_key(const struct rmt_parts *parts, const struct rmt_write_options *options, bool traditional,
               struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf pem = { 0 };
	const struct rmt_key *key = parts->list[0].key;
	int rc = -1;

	if (!key)
		return rmt_err_set(err, RMT_USAGE, NULL, "%s holds a private key and nothing else", options->format);
	if (traditional ? rmt_key_write_traditional(key, &pem, err)
	                : rmt_key_write_pem(key, options->passphrase, &pem, err))
		goto out;
	rmt_pem_reflow(rmt_buf_view(&pem), options->width, options->crlf, out);
	rc = rmt_buf_check(out, err);
out:
	rmt_buf_free(&pem);
	return rc;
}

int
rmt_write_key(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	(void)bundle;
	return write_lone_key(parts, options, false, out, err);
}

int
rmt_write_key_traditional(struct rmt_parts *parts, const struct rmt_bundle *bundle,
                          const struct rmt_write_options *options, struct rmt_buf *out, struct rmt_err *err)
{
	(void)bundle;
	return write_lone_key(parts, options, true, out, err);
}
