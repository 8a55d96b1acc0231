/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext_name_constraints.c - nameConstraints (RFC 5280, 4.2.1.10): permitted and excluded subtrees.
 *
 * Applying them to a path is OpenSSL's affair.
 */
#include "config.h"

#include "x509/local.h"

/* A GeneralSubtree: its base, and bounds that RFC 5280 fixes to 0 and absent. */
static int
subtree_read(struct rmt_der *list, struct rmt_general_name *out, struct rmt_err *err)
{
	struct rmt_der in;
	struct rmt_tlv tlv;

	if (rmt_der_enter(list, RMT_DER_SEQUENCE, &in, "subtree", err) < 0 ||
	    rmt_general_read(&in, out, err) < 0)
		return -1;
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT(0))) {
		if (rmt_der_any(&in, &tlv, "minimum", err) < 0)
			return -1;
		if (tlv.value.length == 1 && tlv.value.at[0] == 0 &&
		    rmt_der_deviate(
			&in, RMT_DEVIATION_DEFAULT_ENCODED, tlv.whole.at, "minimum", err) < 0)
			return -1;
	}
	if (rmt_der_next_is(&in, RMT_DER_CONTEXT(1)) && rmt_der_any(&in, &tlv, "maximum", err) < 0)
		return -1;
	return rmt_der_end(&in, "subtree", err);
}

int
rmt_name_constraints_next(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err)
{
	if (!rmt_der_more(cursor))
		return 0;
	return subtree_read(cursor, out, err) < 0 ? -1 : 1;
}

static int
subtrees(struct rmt_der *in, unsigned tag, const char *title, struct rmt_span *content,
    struct rmt_buf *out, bool *first, struct rmt_err *err)
{
	struct rmt_general_name base;
	struct rmt_der list;

	*content = (struct rmt_span){ NULL, 0 };
	if (!rmt_der_next_is(in, (unsigned char)tag))
		return 0;
	if (rmt_der_enter(in, (unsigned char)tag, &list, title, err) < 0 ||
	    rmt_list_check(&list, title, err) < 0)
		return -1;
	*content = rmt_span_of(list.at, (size_t)(list.end - list.at));
	while (rmt_der_more(&list)) {
		if (subtree_read(&list, &base, err) < 0)
			return -1;
		rmt_put_separated(out, first, "\n");
		rmt_put(out, "%s ", title);
		rmt_put_general(out, &base);
	}
	return 0;
}

static int
constraints_read(struct rmt_der *value, struct rmt_name_constraints *out, struct rmt_buf *text,
    struct rmt_err *err)
{
	struct rmt_der in;
	bool first = true;

	if (rmt_der_enter(value, RMT_DER_SEQUENCE, &in, "nameConstraints", err) < 0 ||
	    rmt_list_check(&in, "nameConstraints", err) < 0 ||
	    subtrees(&in, RMT_DER_CONTEXT_CONSTRUCTED(0), "permitted", &out->permitted, text,
		&first, err) < 0 ||
	    subtrees(&in, RMT_DER_CONTEXT_CONSTRUCTED(1), "excluded", &out->excluded, text, &first,
		err) < 0)
		return -1;
	return rmt_der_end(&in, "nameConstraints", err);
}

int
rmt_ext_name_constraints(
    struct rmt_span value, struct rmt_name_constraints *out, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, value, &rmt_notes_ignored);
	if (constraints_read(&der, out, NULL, err) < 0)
		return -1;
	return rmt_der_end(&der, "nameConstraints", err);
}

int
rmt_show_name_constraints(struct rmt_der *value, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_name_constraints constraints;

	return constraints_read(value, &constraints, out, err);
}
