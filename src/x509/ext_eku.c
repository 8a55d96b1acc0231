/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_eku.c - extendedKeyUsage (RFC 5280, 4.2.1.12): a list of purposes.
 */
#include "config.h"

#include "x509/local.h"

int
rmt_ext_eku_open(struct rmt_span value, struct rmt_der *cursor, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, cursor, "extendedKeyUsage", err) < 0)
		return -1;
	return rmt_der_end(&der, "extendedKeyUsage", err);
}

bool
rmt_ext_eku_lists(struct rmt_span value, struct rmt_span oid)
{
	struct rmt_der cursor;
	struct rmt_span purpose;

	if (rmt_ext_eku_open(value, &cursor, NULL) < 0)
		return false;
	while (rmt_der_more(&cursor)) {
		if (rmt_der_oid(&cursor, &purpose, NULL, NULL) < 0)
			return false;
		if (rmt_span_equal(purpose, oid))
			return true;
	}
	return false;
}

bool
rmt_ext_eku_has(struct rmt_span value, const char *oid_name)
{
	const struct rmt_oid *wanted = rmt_oid_named(oid_name);

	return wanted != NULL && rmt_ext_eku_lists(value, wanted->der);
}

int
rmt_ext_eku_write(
    struct rmt_derw *w, const char *const *purposes, size_t count, struct rmt_err *err)
{
	struct rmt_buf oid = { .bytes = NULL };
	int rc = -1;

	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < count; i++) {
		rmt_buf_clear(&oid);
		if (rmt_oid_encode(purposes[i], &oid, err) < 0)
			goto out;
		rmt_derw_oid(w, rmt_buf_view(&oid));
	}
	rc = 0;
out:
	rmt_derw_end(w);
	rmt_buf_free(&oid);
	return rc;
}

int
rmt_show_eku(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_der list;
	struct rmt_span purpose;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &list, "extendedKeyUsage", err) < 0 ||
	    rmt_list_check(&list, "extendedKeyUsage", err) < 0)
		return -1;
	while (rmt_der_more(&list)) {
		if (rmt_der_oid(&list, &purpose, "extendedKeyUsage", err) < 0)
			return -1;
		rmt_put_separated(out, &first, ", ");
		rmt_put_oid(out, purpose);
	}
	return 0;
}
