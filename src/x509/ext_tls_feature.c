/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_tls_feature.c - tlsFeature (RFC 7633): TLS extensions that the server promises to send.
 */
#include "config.h"

#include "x509/local.h"

int
rmt_show_tls_feature(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der list;
	int64_t number;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &list, "tlsFeature", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		if (rmt_der_small(&list, &number, "tlsFeature", err) < 0)
			return -1;
		rmt_put_separated(out, &first, ", ");
		if (number == 5)
			rmt_put(out, "status_request");
		else if (number == 17)
			rmt_put(out, "status_request_v2");
		else
			rmt_put(out, "%lld", (long long)number);
	}
	return 0;
}
