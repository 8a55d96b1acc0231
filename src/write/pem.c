/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/pem.c - PEM (RFC 7468): US-ASCII, one block after another, nothing around them.
 *
 * Line width and line ends are the device's wish; key blocks come from x509/ and are only broken into other lines here.
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

void
rmt_pem_reflow(struct rmt_span pem, unsigned width, bool crlf, struct rmt_buf *out)
{
	const char *line_end = crlf ? "\r\n" : "\n";
	size_t column = 0, i = 0;

	width = width ? width : USUAL_WIDTH;
	rmt_buf_secret(out);
	rmt_buf_reserve(out, 2 * pem.length + 16);
	while (i < pem.length) {
		if (pem.at[i] == '\n' || pem.at[i] == '\r') {
			i++;
			continue;
		}
		if (pem.at[i] == '-') {
			if (column)
				rmt_buf_text(out, line_end);
			for (column = 0; i < pem.length && pem.at[i] != '\n' && pem.at[i] != '\r'; i++)
				rmt_buf_byte(out, pem.at[i]);
			rmt_buf_text(out, line_end);
			continue;
		}
		rmt_buf_byte(out, pem.at[i++]);
		if (++column == width) {
			rmt_buf_text(out, line_end);
			column = 0;
		}
	}
}

static int
append_key(const struct rmt_key *key, const struct rmt_write_options *options, struct rmt_buf *out,
           struct rmt_err *err)
{
	struct rmt_buf pem = { 0 };
	int rc;

	rc = rmt_key_write_pem(key, options->passphrase, &pem, err);
	if (!rc)
		rmt_pem_reflow(rmt_buf_view(&pem), options->width, options->crlf, out);
	rmt_buf_free(&pem);
	return rc;
}

int
rmt_write_pem(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
              struct rmt_buf *out, struct rmt_err *err)
{
	(void)bundle;
	for (size_t i = 0; i < parts->count; i++)
		if (parts->list[i].cert)
			rmt_pem("CERTIFICATE", parts->list[i].cert->der, options->width, options->crlf, out);
		else if (append_key(parts->list[i].key, options, out, err))
			return -1;
	return rmt_buf_check(out, err);
}
