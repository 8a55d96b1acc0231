/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_key_usage.c - keyUsage (RFC 5280, 4.2.1.3): nine named bits.
 */
#include "config.h"

#include <strings.h>

#include "x509/local.h"

static const char *const names[] = {
	"digitalSignature",
	"contentCommitment",
	"keyEncipherment",
	"dataEncipherment",
	"keyAgreement",
	"keyCertSign",
	"cRLSign",
	"encipherOnly",
	"decipherOnly",
};
enum { COUNT = sizeof names / sizeof *names };

int
rmt_ext_key_usage(struct rmt_span value, unsigned *bits, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (rmt_bits_named(&der, COUNT, bits, "keyUsage", err) < 0)
		return -1;
	return rmt_der_end(&der, "keyUsage", err);
}

int
rmt_show_key_usage(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned bits;

	if (rmt_bits_named(value, COUNT, &bits, "keyUsage", err) < 0)
		return -1;
	rmt_put_bits(out, bits, names, COUNT);
	return 0;
}

/* Bits after the last one that is set are left out (X.690, 11.2.2). */
void
rmt_ext_key_usage_write(struct rmt_derw *w, unsigned bits)
{
	unsigned char bytes[2] = { 0, 0 };
	unsigned used = 0;

	for (unsigned i = 0; i < COUNT; i++)
		if ((bits >> i & 1) != 0) {
			bytes[i / 8] |= (unsigned char)(0x80 >> i % 8);
			used = i + 1;
		}
	rmt_derw_bits(w, rmt_span_of(bytes, (used + 7) / 8), (8 - used % 8) % 8);
}

const char *
rmt_key_usage_name(unsigned bit)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (bit == 1u << i)
			return names[i];
	return "";
}

int
rmt_key_usage_named(const char *name, unsigned *bit)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (strcasecmp(names[i], name) == 0) {
			*bit = 1u << i;
			return 0;
		}
	if (strcasecmp(name, "nonRepudiation") == 0) { /* its name before X.509 (2005) */
		*bit = RMT_KU_CONTENT_COMMITMENT;
		return 0;
	}
	return -1;
}
