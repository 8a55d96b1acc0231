/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name.c - distinguished names as they stand in an object: walking, comparing, folding, writing as
 * text.
 *
 * Comparison is RFC 5280, 7.1 as verifiers practise it: strings are compared as UTF-8 whatever
 * their type, without regard to ASCII case and to the number of spaces. That is also what OpenSSL
 * does, so that a chain we find by names is one that it finds. Building names is name_build.c's
 * affair.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "x509/local.h"

/* ---- walking ---- */

/* One AttributeTypeAndValue. */
static int
attribute_read(struct rmt_der *set, struct rmt_span *oid, struct rmt_tlv *value, const char *place,
    struct rmt_err *err)
{
	struct rmt_der pair;

	if (rmt_der_enter(set, RMT_DER_SEQUENCE, &pair, place, err) < 0 ||
	    rmt_der_oid(&pair, oid, place, err) < 0 ||
	    rmt_der_any_checked(&pair, value, place, err) < 0)
		return -1;
	if ((value->tag & 0xc0) != 0)
		return rmt_der_fault(
		    set, value->whole.at, place, err, "a value of a name has a type of nobody's");
	return rmt_der_end(&pair, place, err);
}

/* A value with characters that its type does not have. */
static int
value_check(
    const struct rmt_der *der, const struct rmt_tlv *value, const char *place, struct rmt_err *err)
{
	if (!rmt_string_valid(value->tag, value->value))
		return rmt_der_deviate(
		    der, RMT_DEVIATION_STRING_CONTENT, value->whole.at, place, err);
	return 0;
}

int
rmt_name_read(struct rmt_der *der, struct rmt_span *whole, const char *place, struct rmt_err *err)
{
	const unsigned char *start = der->at;
	struct rmt_der names, set;
	struct rmt_span oid;
	struct rmt_tlv value;

	if (rmt_der_enter(der, RMT_DER_SEQUENCE, &names, place, err) < 0)
		return -1;
	while (rmt_der_more(&names)) {
		const unsigned char *at = names.at;

		if (rmt_der_enter(&names, RMT_DER_SET, &set, place, err) < 0)
			return -1;
		if (!rmt_der_more(&set) &&
		    rmt_der_deviate(&names, RMT_DEVIATION_EMPTY_LIST, at, place, err) < 0)
			return -1;
		while (rmt_der_more(&set))
			if (attribute_read(&set, &oid, &value, place, err) < 0 ||
			    value_check(&set, &value, place, err) < 0)
				return -1;
	}
	*whole = rmt_span_of(start, (size_t)(der->at - start));
	return 0;
}

int
rmt_name_start(struct rmt_span name, struct rmt_name_cursor *cursor, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, name, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, &cursor->names, "name", err) < 0)
		return -1;
	cursor->set = cursor->names;
	cursor->set.end = cursor->set.at;
	cursor->rdn = UINT32_MAX;
	return rmt_der_end(&der, "name", err);
}

int
rmt_name_next(struct rmt_name_cursor *cursor, struct rmt_attribute *out, struct rmt_err *err)
{
	struct rmt_tlv value;

	while (!rmt_der_more(&cursor->set)) {
		if (!rmt_der_more(&cursor->names))
			return 0;
		if (rmt_der_enter(&cursor->names, RMT_DER_SET, &cursor->set, "name", err) < 0)
			return -1;
		cursor->rdn++;
	}
	if (attribute_read(&cursor->set, &out->oid, &value, "name", err) < 0)
		return -1;
	out->tag = value.tag;
	out->value = value.value;
	out->rdn = cursor->rdn;
	return 1;
}

bool
rmt_name_empty(struct rmt_span name)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	return rmt_name_start(name, &cursor, NULL) < 0 ||
	       rmt_name_next(&cursor, &attribute, NULL) == 0;
}

int
rmt_name_get(struct rmt_span name, const char *attribute, bool last, struct rmt_buf *out)
{
	const struct rmt_oid *oid = rmt_oid_named(attribute);
	struct rmt_name_cursor cursor;
	struct rmt_attribute each, found = { .tag = 0 };

	if (oid == NULL || rmt_name_start(name, &cursor, NULL) < 0)
		return 0;
	while (rmt_name_next(&cursor, &each, NULL) == 1) {
		if (!rmt_span_equal(each.oid, oid->der))
			continue;
		found = each;
		if (!last)
			break;
	}
	if (found.tag == 0)
		return 0;
	rmt_string_utf8(found.tag, found.value, out);
	return 1;
}

/* ---- text ---- */

/* RFC 4514, 2.4: a space at either end and a leading number sign are escaped besides the
 * separators. */
static void
value_text(const struct rmt_attribute *attribute, struct rmt_buf *utf8, struct rmt_buf *out)
{
	static const char separators[] = ",+\"<>;";
	struct rmt_span text;
	bool trailing;

	rmt_buf_clear(utf8);
	rmt_string_utf8(attribute->tag, attribute->value, utf8);
	out->failed |= utf8->failed;
	text = rmt_buf_view(utf8);
	if (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '#'))
		rmt_buf_byte(out, '\\');
	trailing = text.length > 1 && text.at[text.length - 1] == ' ';
	if (trailing)
		text.length--;
	rmt_text_escape(text, separators, out);
	if (trailing)
		rmt_buf_text(out, "\\ ");
}

static void
attribute_text(const struct rmt_attribute *attribute, struct rmt_buf *utf8, struct rmt_buf *out)
{
	const struct rmt_oid *oid = rmt_oid_find(attribute->oid);
	struct rmt_derw w = { .depth = 0 };

	if (oid != NULL)
		rmt_buf_text(out, oid->label != NULL ? oid->label : oid->name);
	else
		rmt_oid_dotted(attribute->oid, out);
	rmt_buf_byte(out, '=');
	if (rmt_string_is_text(attribute->tag, attribute->value)) {
		value_text(attribute, utf8, out);
		return;
	}
	rmt_derw_value(&w, attribute->tag, attribute->value);
	rmt_buf_byte(out, '#');
	rmt_hex(rmt_buf_view(&w.buf), 0, out);
	rmt_derw_free(&w);
}

void
rmt_name_text(struct rmt_span name, struct rmt_buf *out)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	struct rmt_buf utf8 = { .bytes = NULL };
	unsigned rdn = 0;
	bool first = true;
	int rc;

	rc = rmt_name_start(name, &cursor, NULL);
	while (rc == 0 && (rc = rmt_name_next(&cursor, &attribute, NULL)) == 1) {
		if (!first)
			rmt_buf_text(out, attribute.rdn == rdn ? "+" : ", ");
		attribute_text(&attribute, &utf8, out);
		rdn = attribute.rdn;
		first = false;
		rc = 0;
	}
	if (rc < 0)
		rmt_buf_text(out,
		    first ? "<malformed>" : ", <malformed>"); /* a value's own "<" is escaped */
	if (utf8.failed)
		out->failed = true;
	rmt_buf_free(&utf8);
}

/* ---- folding ---- */

/* The folded bytes of a string, one by one: -1 at the end. */
struct fold {
	struct rmt_string_cursor string;
	int held; /* the byte after a gap, -1 none */
	bool started;
};

static void
fold_open(struct fold *fold, const struct rmt_attribute *attribute)
{
	rmt_string_open(&fold->string, attribute->tag, attribute->value);
	fold->held = -1;
	fold->started = false;
}

static int
fold_next(struct fold *fold)
{
	bool gap = false;
	int byte;

	if (fold->held >= 0) {
		byte = fold->held;
		fold->held = -1;
		return byte;
	}
	do {
		byte = rmt_string_next(&fold->string);
		if (byte != ' ' && (byte < '\t' || byte > '\r'))
			break;
		gap = fold->started;
	} while (true);
	if (byte < 0)
		return -1;
	fold->started = true;
	if (byte >= 'A' && byte <= 'Z')
		byte += 'a' - 'A';
	if (!gap)
		return byte;
	fold->held = byte;
	return ' ';
}

/* What distinguishes values that are compared as text from those that are compared as they are. */
static unsigned char
fold_class(const struct rmt_attribute *attribute)
{
	return rmt_string_is_text(attribute->tag, attribute->value) ? RMT_DER_UTF8 : attribute->tag;
}

static void
fold_number(struct rmt_buf *out, size_t number, unsigned bytes)
{
	while (bytes-- > 0)
		rmt_buf_byte(out, (unsigned char)(number >> 8 * bytes));
}

static void
fold_attribute(const struct rmt_attribute *attribute, struct rmt_buf *out)
{
	unsigned char class = fold_class(attribute);
	size_t length_at, length;
	struct fold fold;
	int byte;

	fold_number(out, attribute->oid.length, 2);
	rmt_buf_span(out, attribute->oid);
	rmt_buf_byte(out, class);
	length_at = out->length;
	fold_number(out, 0, 4);
	if (class != RMT_DER_UTF8) {
		rmt_buf_span(out, attribute->value);
	} else {
		fold_open(&fold, attribute);
		while ((byte = fold_next(&fold)) >= 0)
			rmt_buf_byte(out, (unsigned char)byte);
	}
	if (out->failed)
		return;
	length = out->length - length_at - 4;
	for (unsigned i = 0; i < 4; i++)
		out->bytes[length_at + i] = (unsigned char)(length >> (24 - 8 * i));
}

enum { SORTED_MAX = 16 };

/* Put the attributes of one relative name, which begin at `starts`, in byte order. Those of a set
 * of more than SORTED_MAX keep the order of their encoding: such sets equal only themselves. */
static void
sort_set(struct rmt_buf *out, const size_t *starts, size_t count)
{
	struct rmt_span parts[SORTED_MAX];
	unsigned char *copy;
	size_t total, at;

	if (count < 2 || count > SORTED_MAX || out->failed)
		return;
	total = out->length - starts[0];
	copy = malloc(total);
	if (copy == NULL) {
		out->failed = true;
		return;
	}
	memcpy(copy, out->bytes + starts[0], total);
	for (size_t i = 0; i < count; i++) {
		size_t end = i + 1 < count ? starts[i + 1] : out->length, k = i;
		struct rmt_span part = rmt_span_of(copy + (starts[i] - starts[0]), end - starts[i]);

		for (; k > 0 && rmt_span_compare(parts[k - 1], part) > 0; k--)
			parts[k] = parts[k - 1];
		parts[k] = part;
	}
	at = starts[0];
	for (size_t i = 0; i < count; at += parts[i].length, i++)
		memcpy(out->bytes + at, parts[i].at, parts[i].length);
	free(copy);
}

/* For each relative name the byte 31, then its attributes: length (2 bytes) and content of the OID,
 * class, length (4 bytes) and folded value. */
void
rmt_name_fold(struct rmt_span name, struct rmt_buf *out)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	size_t starts[SORTED_MAX], count = 0;
	unsigned rdn = UINT32_MAX;

	if (rmt_name_start(name, &cursor, NULL) < 0)
		return;
	while (rmt_name_next(&cursor, &attribute, NULL) == 1) {
		if (attribute.rdn != rdn) {
			sort_set(out, starts, count);
			rmt_buf_byte(out, RMT_DER_SET);
			count = 0;
			rdn = attribute.rdn;
		}
		if (count < SORTED_MAX)
			starts[count] = out->length;
		count++;
		fold_attribute(&attribute, out);
	}
	sort_set(out, starts, count);
}

/* ---- comparing ---- */

static bool
attribute_equal(const struct rmt_attribute *a, const struct rmt_attribute *b)
{
	struct fold left, right;
	int byte;

	if (!rmt_span_equal(a->oid, b->oid) || fold_class(a) != fold_class(b))
		return false;
	if (a->tag == b->tag && rmt_span_equal(a->value, b->value))
		return true;
	if (fold_class(a) != RMT_DER_UTF8)
		return false;
	fold_open(&left, a);
	fold_open(&right, b);
	do {
		byte = fold_next(&left);
		if (byte != fold_next(&right))
			return false;
	} while (byte >= 0);
	return true;
}

/* Names with a relative name of several attributes, whose order does not count. */
static bool
equal_folded(struct rmt_span a, struct rmt_span b)
{
	struct rmt_buf left = { .bytes = NULL }, right = { .bytes = NULL };
	bool equal;

	rmt_name_fold(a, &left);
	rmt_name_fold(b, &right);
	equal = !left.failed && !right.failed &&
		rmt_span_equal(rmt_buf_view(&left), rmt_buf_view(&right));
	rmt_buf_free(&left);
	rmt_buf_free(&right);
	return equal;
}

bool
rmt_name_equal(struct rmt_span a, struct rmt_span b)
{
	struct rmt_name_cursor left, right;
	struct rmt_attribute one, other;
	int rc;

	if (rmt_span_equal(a, b))
		return true;
	if (rmt_name_start(a, &left, NULL) < 0 || rmt_name_start(b, &right, NULL) < 0)
		return false;
	while ((rc = rmt_name_next(&left, &one, NULL)) == rmt_name_next(&right, &other, NULL)) {
		if (rc != 1)
			return rc == 0;
		if (rmt_der_more(&left.set) || rmt_der_more(&right.set))
			return equal_folded(a, b);
		if (!attribute_equal(&one, &other))
			return false;
	}
	return false;
}
