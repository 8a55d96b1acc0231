/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/pem.c - PEM (RFC 7468): one block after another.
 *
 * Line width and line ends are the device's wish; what stands between the blocks, and what the finished text is encoded in,
 * is laid out in layout.c.
 */
#include "config.h"

#include <string.h>

#include "write/local.h"

enum { USUAL_WIDTH = 64 };

static void
put_marker(const char *marker, const char *label, const char *line_end, struct rmt_buf *out)
{
	rmt_buf_text(out, marker);
	rmt_buf_text(out, label);
	rmt_buf_text(out, "-----");
	rmt_buf_text(out, line_end);
}

void
rmt_pem(const char *label, struct rmt_span der, unsigned width, bool crlf, struct rmt_buf *out)
{
	const char *line_end = crlf ? "\r\n" : "\n";

	put_marker("-----BEGIN ", label, line_end, out);
	rmt_base64_encode(der, width ? width : USUAL_WIDTH, line_end, out);
	if (out->length && out->bytes[out->length - 1] != '\n')
		rmt_buf_text(out, line_end);
	put_marker("-----END ", label, line_end, out);
}

static const char *
label_of(const struct rmt_part *part)
{
	if (part->cert)
		return "CERTIFICATE";
	switch (part->object->type) {
	case RMT_OBJECT_REQUEST:
		return "CERTIFICATE REQUEST";
	case RMT_OBJECT_CRL:
		return "X509 CRL";
	default:
		return "PUBLIC KEY";
	}
}

int
rmt_write_pem(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	size_t whole = 0;

	(void)bundle;
	for (size_t i = 0; i < parts->count; i++)
		whole += parts->list[i].key ? 0 : rmt_part_der(&parts->list[i]).length;
	rmt_buf_reserve(out, whole / 2 * 3); /* about; a long chain is not to be copied whenever it has doubled */
	for (size_t i = 0; i < parts->count; i++) {
		const struct rmt_part *part = &parts->list[i];

		rmt_layout_separate(part, i, options, out);
		if (!part->key)
			rmt_pem(label_of(part), rmt_part_der(part), options->width, options->crlf, out);
		else if (rmt_key_block(part->key, options, out, err))
			return -1;
	}
	return rmt_buf_check(out, err);
}
