/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certification requests written (RFC 2986): a name, a public key and the extensions asked for,
 * signed by the key.
 *
 * The name and the extensions come encoded; what they may say is decided above.
 */
#include "config.h"

#include "x509/local.h"

/* [0] IMPLICIT Attributes stands even when it is empty (RFC 2986, 4.1); extensions are one
 * attribute (RFC 2985, 5.4.2). */
static void
write_attributes(struct rmt_derw *w, struct rmt_span extensions)
{
	static const unsigned char extension_request[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
		0x09, 0x0e };

	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	if (extensions.length > 0) {
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_oid(w, rmt_span_of(extension_request, sizeof(extension_request)));
		rmt_derw_begin(w, RMT_DER_SET);
		rmt_derw_raw(w, extensions);
		rmt_derw_end(w);
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
}

int
rmt_request_build(const struct rmt_key *key, const char *digest, struct rmt_span subject,
    struct rmt_span extensions, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_signer *signer = rmt_signer_new(key, digest, err);
	struct rmt_buf info = { 0 };
	struct rmt_derw w = { 0 };
	int rc = -1;

	if (signer == NULL)
		return -1;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_small(&w, 0);
	rmt_derw_raw(&w, subject);
	rmt_derw_raw(&w, rmt_key_spki(key));
	write_attributes(&w, extensions);
	rmt_derw_end(&w);
	if (rmt_derw_finish(&w, &info, err) == 0)
		rc = rmt_signer_wrap(signer, rmt_buf_view(&info), der, err);
	rmt_buf_free(&info);
	rmt_signer_free(signer);
	return rc;
}
