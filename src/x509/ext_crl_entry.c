/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_crl_entry.c - the extensions of a revoked certificate's entry: reasonCode and invalidityDate
 * (RFC 5280, 5.3.1 and 5.3.2).
 */
#include "config.h"

#include "x509/local.h"

/* CRLReason; 7 is not used. */
static const char *const reasons[] = {
	"unspecified",
	"keyCompromise",
	"cACompromise",
	"affiliationChanged",
	"superseded",
	"cessationOfOperation",
	"certificateHold",
	NULL,
	"removeFromCRL",
	"privilegeWithdrawn",
	"aACompromise",
};
enum { COUNT = sizeof reasons / sizeof *reasons };

int
rmt_reason_read(struct rmt_der *value, int *reason, struct rmt_err *err)
{
	struct rmt_tlv tlv;

	if (rmt_der_read(value, RMT_DER_ENUMERATED, &tlv, "reasonCode", err) < 0)
		return -1;
	if (tlv.value.length != 1 || tlv.value.at[0] >= 0x80)
		return rmt_der_fault(
		    value, tlv.whole.at, "reasonCode", err, "ENUMERATED that is no reason");
	*reason = tlv.value.at[0];
	return 0;
}

const char *
rmt_reason_name(int reason)
{
	return reason >= 0 && reason < COUNT && reasons[reason] != NULL ? reasons[reason] : "";
}

int
rmt_show_reason_code(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	int reason;

	if (rmt_reason_read(value, &reason, err) < 0)
		return -1;
	if (*rmt_reason_name(reason) != '\0')
		rmt_put(out, "%s", rmt_reason_name(reason));
	else
		rmt_put(out, "%d", reason);
	return 0;
}

/* Always a GeneralizedTime, before 2050 too. */
int
rmt_invalidity_read(struct rmt_der *value, rmt_time *out, struct rmt_err *err)
{
	struct rmt_tlv tlv;
	bool exact;

	if (rmt_der_read(value, RMT_DER_GENERALIZED_TIME, &tlv, "invalidityDate", err) < 0)
		return -1;
	if (rmt_time_read(RMT_DER_GENERALIZED_TIME, tlv.value, out, &exact) < 0)
		return rmt_der_fault(
		    value, tlv.whole.at, "invalidityDate", err, "this is not a point in time");
	return exact ? 0
		     : rmt_der_deviate(
			   value, RMT_DEVIATION_TIME_FORM, tlv.whole.at, "invalidityDate", err);
}

int
rmt_show_invalidity_date(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	char text[32];
	rmt_time when;

	if (rmt_invalidity_read(value, &when, err) < 0)
		return -1;
	rmt_time_text(when, text);
	rmt_put(out, "%s", text);
	return 0;
}
