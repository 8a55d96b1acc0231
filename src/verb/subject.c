/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject.c - one subject made of several: what is stated replaces or joins what an older one says, and the CN is one that the
 * topology has for the role.
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

/* Is the older subject's CN one that the role may have? */
static bool takes_older(const struct rmt_expectation *expect, struct rmt_span older)
{
	struct rmt_buf cn = {0};
	bool takes = older.length && rmt_name_get(older, "CN", false, &cn) == 1 && !cn.failed &&
	             rmt_expectation_takes_cn(expect, rmt_buf_string(&cn));

	rmt_buf_free(&cn);
	return takes;
}

int rmt_subject_expected(const struct rmt_expectation *expect, struct rmt_span older, const char *stated, struct rmt_buf *out,
                         struct rmt_err *err)
{
	struct rmt_name_part part = {.attribute = "CN", .value = rmt_expectation_cn(expect)};
	struct rmt_buf expected = {0}, base = {0}, further = {0};
	int rc = 0;

	if (takes_older(expect, older))
		rmt_buf_span(&base, older);
	else if ((rc = rmt_name_build(&part, 1, older.length ? &expected : &base, err)) == 0 && older.length)
		rc = rmt_subject_join(older, rmt_buf_view(&expected), &base, err);
	if (rc == 0 && stated)
		rc = rmt_name_parse(stated, &further, err);
	if (rc == 0 && stated)
		rc = rmt_subject_join(rmt_buf_view(&base), rmt_buf_view(&further), out, err);
	else if (rc == 0)
		rmt_buf_span(out, rmt_buf_view(&base));
	rmt_buf_free(&expected);
	rmt_buf_free(&base);
	rmt_buf_free(&further);
	return rc ? -1 : rmt_buf_check(out, err);
}
