/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_crl_distribution.c - cRLDistributionPoints, freshestCRL and issuingDistributionPoint (RFC
 * 5280, 4.2.1.13, 4.2.1.15 and 5.2.5).
 *
 * Nothing is fetched here.
 */
#include "config.h"

#include "x509/local.h"

static const char *const reasons[] = {
	"unused",
	"keyCompromise",
	"cACompromise",
	"affiliationChanged",
	"superseded",
	"cessationOfOperation",
	"certificateHold",
	"privilegeWithdrawn",
	"aACompromise",
};
enum { REASONS = sizeof reasons / sizeof *reasons };

/* What is done with each name of a full name. */
struct sink {
	struct rmt_buf *text;
	int (*visit)(void *arg, struct rmt_span uri);
	void *arg;
	bool stopped;
};

static int
full_name(struct rmt_der *names, struct sink *sink, struct rmt_err *err)
{
	struct rmt_general_name name;
	bool first = true;

	if (rmt_list_check(names, "fullName", err) < 0)
		return -1;
	while (rmt_der_more(names) && !sink->stopped) {
		if (rmt_general_read(names, &name, err) < 0)
			return -1;
		rmt_put_separated(sink->text, &first, ", ");
		rmt_put_general(sink->text, &name);
		if (sink->visit != NULL && name.type == RMT_GN_URI)
			sink->stopped = sink->visit(sink->arg, name.value) != 0;
	}
	return 0;
}

/* The DistributionPointName under the [0] at the cursor. */
static int
point_name(struct rmt_der *in, struct sink *sink, struct rmt_err *err)
{
	struct rmt_der choice, names;
	struct rmt_tlv tlv;

	if (rmt_der_enter(in, RMT_DER_CONTEXT_CONSTRUCTED(0), &choice, "distributionPoint", err) <
	    0)
		return -1;
	if (rmt_der_next_is(&choice, RMT_DER_CONTEXT_CONSTRUCTED(0))) {
		if (rmt_der_enter(
			&choice, RMT_DER_CONTEXT_CONSTRUCTED(0), &names, "fullName", err) < 0 ||
		    full_name(&names, sink, err) < 0)
			return -1;
	} else {
		if (rmt_der_read(&choice, RMT_DER_CONTEXT_CONSTRUCTED(1), &tlv,
			"nameRelativeToCRLIssuer", err) < 0)
			return -1;
		rmt_put(sink->text, "relative to the issuer: ");
		rmt_put_hex(sink->text, tlv.value);
	}
	return rmt_der_end(&choice, "distributionPoint", err);
}

/* ReasonFlags under a context tag: the content of a BIT STRING. */
static int
reason_flags(struct rmt_der *in, unsigned char tag, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_tlv tlv;
	unsigned bits = 0;

	if (rmt_der_read(in, tag, &tlv, "reasons", err) < 0)
		return -1;
	if (tlv.value.length == 0 || tlv.value.at[0] > 7)
		return rmt_der_fault(in, tlv.whole.at, "reasons", err,
		    "BIT STRING with an impossible count of unused bits");
	for (unsigned i = 0; i < REASONS && i / 8 + 1 < tlv.value.length; i++)
		if ((tlv.value.at[1 + i / 8] >> (7 - i % 8) & 1) != 0)
			bits |= 1u << i;
	rmt_put(out, " for ");
	rmt_put_bits(out, bits, reasons, REASONS);
	return 0;
}

static int
point(struct rmt_der *list, struct sink *sink, struct rmt_err *err)
{
	struct rmt_der in, names;

	if (rmt_der_enter(list, RMT_DER_SEQUENCE, &in, "distributionPoint", err) < 0 ||
	    rmt_list_check(&in, "distributionPoint", err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT_CONSTRUCTED(0)) && point_name(&in, sink, err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT(1)) &&
	    reason_flags(&in, RMT_DER_CONTEXT(1), sink->text, err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT_CONSTRUCTED(2))) {
		if (rmt_der_enter(&in, RMT_DER_CONTEXT_CONSTRUCTED(2), &names, "cRLIssuer", err) <
		    0)
			return -1;
		rmt_put(sink->text, " issued by ");
		if (rmt_put_general_list(sink->text, &names, err) < 0)
			return -1;
	}
	return rmt_der_end(&in, "distributionPoint", err);
}

static int
points(struct rmt_der *value, struct sink *sink, struct rmt_err *err)
{
	struct rmt_der list;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &list, "cRLDistributionPoints", err) < 0 ||
	    rmt_list_check(&list, "cRLDistributionPoints", err) < 0)
		return -1;
	while (rmt_der_more(&list) && !sink->stopped) {
		rmt_put_separated(sink->text, &first, "\n");
		if (point(&list, sink, err) < 0)
			return -1;
	}
	return 0;
}

int
rmt_show_crl_distribution(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct sink sink = { .text = out };

	return points(value, &sink, err);
}

int
rmt_ext_crl_uris(struct rmt_span value, int (*visit)(void *arg, struct rmt_span uri), void *arg,
    struct rmt_err *err)
{
	struct sink sink = { .visit = visit, .arg = arg };
	struct rmt_der der;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (points(&der, &sink, err) < 0)
		return -1;
	return rmt_der_end(&der, "cRLDistributionPoints", err);
}

void
rmt_ext_crl_uris_write(struct rmt_derw *w, const char *const *uris, size_t count)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	for (size_t i = 0; i < count; i++)
		rmt_derw_value(w, RMT_DER_CONTEXT(6), rmt_span_text(uris[i]));
	for (unsigned i = 0; i < 4; i++)
		rmt_derw_end(w);
}

/* A BOOLEAN under a context tag, FALSE by default. */
static int
flag(
    struct rmt_der *in, unsigned number, const char *text, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (!rmt_der_next_is(in, RMT_DER_CONTEXT(number)))
		return 0;
	if (rmt_der_any(in, &tlv, text, err) < 0)
		return -1;
	if (tlv.value.length != 1)
		return rmt_der_fault(in, tlv.whole.at, text, err, "BOOLEAN that is not one byte");
	if (tlv.value.at[0] == 0)
		return rmt_der_deviate(in, RMT_DEVIATION_DEFAULT_ENCODED, tlv.whole.at, text, err);
	if (tlv.value.at[0] != 0xff &&
	    rmt_der_deviate(in, RMT_DEVIATION_BOOLEAN, tlv.whole.at, text, err) < 0)
		return -1;
	rmt_put(out, ", %s", text);
	return 0;
}

int
rmt_show_issuing_distribution(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct sink sink = { .text = out };
	struct rmt_der in;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &in, "issuingDistributionPoint", err) < 0)
		return -1;
	if (!rmt_der_next_is(&in, RMT_DER_CONTEXT_CONSTRUCTED(0)))
		rmt_put(out, "no name");
	else if (point_name(&in, &sink, err) < 0)
		return -1;
	if (flag(&in, 1, "user certificates only", out, err) < 0 ||
	    flag(&in, 2, "CA certificates only", out, err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT(3)) &&
	    reason_flags(&in, RMT_DER_CONTEXT(3), out, err) < 0)
		return -1;
	if (flag(&in, 4, "indirect", out, err) < 0 ||
	    flag(&in, 5, "attribute certificates only", out, err) < 0)
		return -1;
	return rmt_der_end(&in, "issuingDistributionPoint", err);
}
