/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/build.c - a plan, a serial number and a signature algorithm become the bytes that are signed.
 *
 * The same plan and serial always give the same bytes: they are what is linted, persisted and signed.
 */
#include "config.h"

#include "issue/local.h"

/* At most 20 octets with the sign byte, positive, not zero (RFC 5280, 4.1.2.2). */
static int
check_serial(struct rmt_span serial, struct rmt_err *err)
{
	static const char citation[] = "RFC 5280, 4.1.2.2";

	while (serial.length && !serial.at[0])
		serial = rmt_span_of(serial.at + 1, serial.length - 1);
	if (!serial.length)
		return rmt_err_cite(err, RMT_POLICY, "serialNumber", citation, "a serial number must not be zero");
	if (serial.length + (serial.at[0] >> 7) > 20)
		return rmt_err_cite(err, RMT_POLICY, "serialNumber", citation, "a serial number has at most 20 octets");
	return 0;
}

int
rmt_plan_build(const struct rmt_plan *plan, struct rmt_span serial, struct rmt_span algorithm, struct rmt_buf *tbs,
               struct rmt_err *err)
{
	struct rmt_derw w = { 0 };

	if (check_serial(serial, err))
		return -1;
	rmt_buf_reserve(&w.buf, plan->rest.length + algorithm.length + serial.length + 32);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_small(&w, 2); /* v3 */
	rmt_derw_end(&w);
	rmt_derw_integer(&w, serial);
	rmt_derw_raw(&w, algorithm);
	rmt_derw_raw(&w, rmt_buf_view(&plan->rest));
	rmt_derw_end(&w);
	return rmt_derw_finish(&w, tbs, err);
}
