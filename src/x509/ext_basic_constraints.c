/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_basic_constraints.c - basicConstraints (RFC 5280, 4.2.1.9).
 */
#include "config.h"

#include <limits.h>

#include "x509/local.h"

static int
constraints_read(struct rmt_der *value, struct rmt_basic_constraints *out, struct rmt_err *err)
{
	struct rmt_der in;
	int64_t length;

	out->ca = false;
	out->path_length = -1;
	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &in, "basicConstraints", err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_BOOLEAN)) {
		const unsigned char *at = in.at;

		if (rmt_der_boolean(&in, &out->ca, "cA", err) < 0)
			return -1;
		if (!out->ca &&
		    rmt_der_deviate(&in, RMT_DEVIATION_DEFAULT_ENCODED, at, "cA", err) < 0)
			return -1;
	}
	if (rmt_der_more(&in)) {
		const unsigned char *at = in.at;

		if (rmt_der_small(&in, &length, "pathLenConstraint", err) < 0)
			return -1;
		if (length < 0)
			return rmt_der_fault(
			    &in, at, "pathLenConstraint", err, "negative path length");
		out->path_length = length > INT_MAX ? INT_MAX : (int)length;
	}
	return rmt_der_end(&in, "basicConstraints", err);
}

int
rmt_ext_basic_constraints(struct rmt_span value, struct rmt_basic_constraints *out,
    struct rmt_notes *notes, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, value, notes);
	if (constraints_read(&der, out, err) < 0)
		return -1;
	return rmt_der_end(&der, "basicConstraints", err);
}

void
rmt_ext_basic_constraints_write(struct rmt_derw *w, struct rmt_basic_constraints constraints)
{
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (constraints.ca)
		rmt_derw_boolean(w, true);
	if (constraints.ca && constraints.path_length >= 0)
		rmt_derw_small(w, constraints.path_length);
	rmt_derw_end(w);
}

int
rmt_show_basic_constraints(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_basic_constraints constraints;

	if (constraints_read(value, &constraints, err) < 0)
		return -1;
	rmt_put(out, constraints.ca ? "CA" : "not a CA");
	if (constraints.path_length >= 0)
		rmt_put(out, ", path length %d", constraints.path_length);
	return 0;
}
