/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/pkcs7.c - certificates in a SignedData that signs nothing (RFC 5652, 5.1; RFC 2315, 9.1): the .p7b of Windows.
 *
 * A SET OF has no order of its own: DER sorts it, and whoever reads it builds the chain anew.
 */
#include "config.h"

#include <stdlib.h>

#include "write/local.h"

static int
by_encoding(const void *a, const void *b)
{
	const struct rmt_part *left = a, *right = b;

	return rmt_span_compare(left->cert->der, right->cert->der);
}

static void
write_oid(struct rmt_derw *w, const char *dotted)
{
	struct rmt_buf content = { 0 };

	if (rmt_oid_encode(dotted, &content, NULL))
		w->buf.failed = true;
	rmt_derw_oid(w, rmt_buf_view(&content));
	rmt_buf_free(&content);
}

static int
encode(struct rmt_parts *parts, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_derw w = { 0 };

	qsort(parts->list, parts->count, sizeof(parts->list[0]), by_encoding);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	write_oid(&w, "1.2.840.113549.1.7.2"); /* signedData */
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 1);
	rmt_derw_value(&w, RMT_DER_SET, rmt_span_of(NULL, 0)); /* digest algorithms */
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	write_oid(&w, "1.2.840.113549.1.7.1"); /* data, absent */
	rmt_derw_end(&w);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	for (size_t i = 0; i < parts->count; i++)
		rmt_derw_raw(&w, parts->list[i].cert->der);
	rmt_derw_end(&w);
	rmt_derw_value(&w, RMT_DER_SET, rmt_span_of(NULL, 0)); /* signers */
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	return rmt_derw_finish(&w, out, err);
}

int
rmt_write_p7b(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	(void)bundle;
	(void)options;
	return encode(parts, out, err);
}

int
rmt_write_p7b_pem(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                  struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf der = { 0 };
	int rc = rmt_write_p7b(parts, bundle, options, &der, err);

	if (!rc) {
		rmt_pem("PKCS7", rmt_buf_view(&der), options->width, options->crlf, out);
		rc = rmt_buf_check(out, err);
	}
	rmt_buf_free(&der);
	return rc;
}
