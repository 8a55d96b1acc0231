/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/request_extensions.c - what a request of ours asks for: names, and the usages of the template it is meant for.
 *
 * Whether the names are allowed is decided where the certificate is made; only their form is checked here.
 */
#include "config.h"

#include "issue/local.h"

static int
write_names(struct rmt_derw *w, const struct rmt_text_list *san, struct rmt_err *err)
{
	if (!san || !san->count)
		return 0;
	rmt_ext_begin(w, RMT_EXT_SUBJECT_ALT_NAME, false);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < san->count; i++)
		if (rmt_general_write(w, san->items[i], err))
			return -1;
	rmt_derw_end(w);
	rmt_ext_end(w);
	return 0;
}

static int
write_usages(struct rmt_derw *w, const struct rmt_template *policy, struct rmt_span spki, struct rmt_err *err)
{
	const struct rmt_text_list *purposes = &policy->extended_key_usage.values;
	unsigned bits = policy->key_usage.bits;
	struct rmt_buf oids = { 0 };
	struct rmt_spki key;
	int rc = -1;

	if (spki.length) {
		if (rmt_spki_read(spki, &key, err))
			return -1;
		bits = rmt_usage_fit(bits, &key);
	}
	if (bits) {
		rmt_ext_begin(w, RMT_EXT_KEY_USAGE, policy->key_usage.critical);
		rmt_ext_key_usage_write(w, bits);
		rmt_ext_end(w);
	}
	for (size_t i = 0; i < purposes->count; i++)
		if (rmt_oids_add(&oids, purposes->items[i], err))
			goto out;
	if (oids.length) {
		rmt_ext_begin(w, RMT_EXT_EXTENDED_KEY_USAGE, policy->extended_key_usage.critical);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_raw(w, rmt_buf_view(&oids));
		rmt_derw_end(w);
		rmt_ext_end(w);
	}
	rc = 0;
out:
	rmt_buf_free(&oids);
	return rc;
}

int
rmt_request_extensions(const struct rmt_text_list *san, const struct rmt_template *policy, struct rmt_span spki,
                       struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_derw inner = { 0 }, outer = { 0 };
	struct rmt_buf list = { 0 };
	int rc = -1;

	if ((policy && write_usages(&inner, policy, spki, err)) || write_names(&inner, san, err))
		goto out;
	if (rmt_derw_finish(&inner, &list, err))
		goto out;
	if (list.length) {
		rmt_derw_begin(&outer, RMT_DER_SEQUENCE);
		rmt_derw_raw(&outer, rmt_buf_view(&list));
		rmt_derw_end(&outer);
		if (rmt_derw_finish(&outer, out, err))
			goto out;
	}
	rc = 0;
out:
	rmt_derw_free(&inner);
	rmt_derw_free(&outer);
	rmt_buf_free(&list);
	return rc;
}
