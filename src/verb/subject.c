/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject.c - one subject made of two: what is stated replaces or joins what an older one says.
 */
#include "config.h"

#include "verb/local.h"

static bool states(struct rmt_span name, struct rmt_span oid)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	if (rmt_name_start(name, &cursor, NULL))
		return false;
	while (rmt_name_next(&cursor, &attribute, NULL) == 1)
		if (rmt_span_equal(attribute.oid, oid))
			return true;
	return false;
}

/* The attributes of `name` that `not` does not state, as "L=...," text for rmt_name_parse(). */
static int add_attributes(struct rmt_span name, struct rmt_span not, struct rmt_buf *text, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int rc;

	if (rmt_name_start(name, &cursor, err))
		return -1;
	while ((rc = rmt_name_next(&cursor, &attribute, err)) == 1) {
		struct rmt_buf value = {0};

		if (not.length && states(not, attribute.oid))
			continue;
		rmt_string_utf8(attribute.tag, attribute.value, &value);
		rmt_buf_text(text, text->length ? "," : "");
		rmt_oid_dotted(attribute.oid, text);
		rmt_buf_text(text, "=");
		for (size_t i = 0; i < value.length; i++)
			rmt_buf_format(text, "\\%02x", value.bytes[i]); /* RFC 4514, 2.4: every byte as a pair of digits */
		rmt_buf_free(&value);
	}
	return rc;
}

int rmt_subject_join(struct rmt_span older, struct rmt_span stated, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc = -1;

	if (add_attributes(older, stated, &text, err) == 0 && add_attributes(stated, (struct rmt_span){0}, &text, err) == 0 &&
	    rmt_buf_check(&text, err) == 0)
		rc = rmt_name_parse(rmt_buf_string(&text), out, err);
	rmt_buf_free(&text);
	return rc;
}
