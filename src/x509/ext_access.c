/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_access.c - authorityInfoAccess (RFC 5280, 4.2.2.1): where the issuer's certificate and its
 * OCSP responder are.
 *
 * Nothing is fetched here.
 */
#include "config.h"

#include "x509/local.h"

static int
description(struct rmt_der *list, struct rmt_span *method, struct rmt_general_name *location,
    struct rmt_err *err)
{
	struct rmt_der in;

	if (rmt_der_enter(list, RMT_DER_SEQUENCE, &in, "accessDescription", err) < 0 ||
	    rmt_der_oid(&in, method, "accessMethod", err) < 0 ||
	    rmt_general_read(&in, location, err) < 0)
		return -1;
	return rmt_der_end(&in, "accessDescription", err);
}

int
rmt_ext_access(struct rmt_span value,
    int (*visit)(void *arg, struct rmt_span method, const struct rmt_general_name *location),
    void *arg, struct rmt_err *err)
{
	struct rmt_general_name location;
	struct rmt_der der, list;
	struct rmt_span method;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, &list, "authorityInfoAccess", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		if (description(&list, &method, &location, err) < 0)
			return -1;
		if (visit(arg, method, &location) != 0)
			return 0;
	}
	return rmt_der_end(&der, "authorityInfoAccess", err);
}

void
rmt_ext_access_write(struct rmt_derw *w, const struct rmt_access *list, size_t count)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < count; i++) {
		const struct rmt_oid *method = rmt_oid_named(list[i].method);

		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_oid(w, method == NULL ? (struct rmt_span){ NULL, 0 } : method->der);
		rmt_derw_value(w, RMT_DER_CONTEXT(6), rmt_span_text(list[i].uri));
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
}

int
rmt_show_access(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_general_name location;
	struct rmt_der list;
	struct rmt_span method;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &list, "authorityInfoAccess", err) < 0 ||
	    rmt_list_check(&list, "authorityInfoAccess", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		if (description(&list, &method, &location, err) < 0)
			return -1;
		rmt_put_separated(out, &first, "\n");
		rmt_put_oid(out, method);
		rmt_put(out, " ");
		rmt_put_general(out, &location);
	}
	return 0;
}
