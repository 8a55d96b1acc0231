/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_build.c - distinguished names made from words, and names of other makers' objects made
 * clean.
 *
 * Every attribute gets the string type and the upper bound that RFC 5280, appendix A, gives it.
 * Names are encoded in the order in which they are given, the most general part first or last as
 * the caller likes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "x509/local.h"

enum { SET_MAX = 16 }; /* attributes of one relative name that can be written */

/* String type and bounds (in characters) of an attribute. To add one: a row, and in oid_table.c its
 * OID. What has no row is a UTF8String of at most 1024. */
struct bound {
	const char *name;
	unsigned char tag;
	size_t min, max;
};
static const struct bound bounds[] = {
	{ "commonName", RMT_DER_UTF8, 1, 64 },
	{ "surname", RMT_DER_UTF8, 1, 64 },
	{ "givenName", RMT_DER_UTF8, 1, 64 },
	{ "initials", RMT_DER_UTF8, 1, 64 },
	{ "generationQualifier", RMT_DER_UTF8, 1, 64 },
	{ "name", RMT_DER_UTF8, 1, 64 },
	{ "serialNumber", RMT_DER_PRINTABLE, 1, 64 },
	{ "countryName", RMT_DER_PRINTABLE, 2, 2 },
	{ "localityName", RMT_DER_UTF8, 1, 128 },
	{ "stateOrProvinceName", RMT_DER_UTF8, 1, 128 },
	{ "streetAddress", RMT_DER_UTF8, 1, 128 },
	{ "organizationName", RMT_DER_UTF8, 1, 64 },
	{ "organizationalUnitName", RMT_DER_UTF8, 1, 64 },
	{ "title", RMT_DER_UTF8, 1, 64 },
	{ "postalCode", RMT_DER_UTF8, 1, 40 },
	{ "telephoneNumber", RMT_DER_PRINTABLE, 1, 32 },
	{ "dnQualifier", RMT_DER_PRINTABLE, 1, 64 },
	{ "pseudonym", RMT_DER_UTF8, 1, 128 },
	{ "organizationIdentifier", RMT_DER_UTF8, 1, 256 },
	{ "userId", RMT_DER_UTF8, 1, 256 },
	{ "domainComponent", RMT_DER_IA5, 1, 63 },
	{ "mail", RMT_DER_IA5, 1, 255 },
	{ "emailAddress", RMT_DER_IA5, 1, 255 },
	{ "jurisdictionCountryName", RMT_DER_PRINTABLE, 2, 2 },
	{ "jurisdictionLocalityName", RMT_DER_UTF8, 1, 128 },
	{ "jurisdictionStateOrProvinceName", RMT_DER_UTF8, 1, 128 },
};
static const struct bound any_bound = { "", RMT_DER_UTF8, 1, 1024 };

static const struct bound *
find_bound(struct rmt_span oid)
{
	const struct rmt_oid *known = rmt_oid_find(oid);

	for (size_t i = 0; known != NULL && i < sizeof bounds / sizeof *bounds; i++)
		if (strcmp(bounds[i].name, known->name) == 0)
			return &bounds[i];
	return &any_bound;
}

/* ---- checks ---- */

static size_t
characters(struct rmt_span utf8)
{
	size_t count = 0;

	for (size_t i = 0; i < utf8.length; i++)
		count += (utf8.at[i] & 0xc0) != 0x80;
	return count;
}

/* C0, DEL and C1: nobody's name has them, and every printer trips over them. */
static bool
has_control(struct rmt_span utf8)
{
	for (size_t i = 0; i < utf8.length; i++)
		if (utf8.at[i] < 0x20 || utf8.at[i] == 0x7f ||
		    (utf8.at[i] == 0xc2 && i + 1 < utf8.length && utf8.at[i + 1] < 0xa0))
			return true;
	return false;
}

static bool
letters_only(struct rmt_span text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((text.at[i] | 0x20) < 'a' || (text.at[i] | 0x20) > 'z')
			return false;
	return true;
}

static int
value_check(
    const char *attribute, const struct bound *bound, struct rmt_span value, struct rmt_err *err)
{
	size_t length = characters(value);

	if (!rmt_utf8_valid(value))
		return rmt_err_set(err, RMT_USAGE, attribute, "the value is not UTF-8");
	if (has_control(value))
		return rmt_err_set(err, RMT_USAGE, attribute, "the value has a control character");
	if (bound->max == 2 && (length != 2 || !letters_only(value)))
		return rmt_err_cite(err, RMT_USAGE, attribute, "RFC 5280, appendix A.1",
		    "a country is exactly two letters (ISO 3166), such as DE");
	if (length < bound->min)
		return rmt_err_set(err, RMT_USAGE, attribute, "the value is empty");
	if (length > bound->max)
		return rmt_err_cite(err, RMT_USAGE, attribute, "RFC 5280, appendix A.1",
		    "the value has %zu characters, %zu are the limit", length, bound->max);
	if (!rmt_string_valid(bound->tag, value))
		return rmt_err_set(err, RMT_USAGE, attribute,
		    bound->tag == RMT_DER_IA5
			? "only ASCII characters are allowed here"
			: "only letters, digits, space and '()+,-./:=? are allowed here");
	return 0;
}

/* ---- writing ---- */

/* The attributes of the relative name that is being put together, each encoded in `bytes`. */
struct relative {
	struct rmt_buf bytes;
	size_t starts[SET_MAX + 1];
	size_t count;
};

static int
relative_add(struct relative *rdn, struct rmt_span oid, unsigned char tag, struct rmt_span value,
    struct rmt_err *err)
{
	struct rmt_derw w = { .depth = 0 };

	if (rdn->count == SET_MAX)
		return rmt_err_set(err, RMT_USAGE, "name",
		    "more than %d attributes joined in one part of the name", SET_MAX);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_oid(&w, oid);
	rmt_derw_value(&w, tag, value);
	rmt_derw_end(&w);
	rdn->starts[rdn->count++] = rdn->bytes.length;
	return rmt_derw_finish(&w, &rdn->bytes, err);
}

/* Write the relative name as a SET in the order of X.690, 11.6, and begin a new one. */
static void
relative_write(struct relative *rdn, struct rmt_derw *w)
{
	struct rmt_span parts[SET_MAX];

	if (rdn->count == 0)
		return;
	rdn->starts[rdn->count] = rdn->bytes.length;
	for (size_t i = 0; i < rdn->count; i++) {
		struct rmt_span part = rmt_span_of(
		    rdn->bytes.bytes + rdn->starts[i], rdn->starts[i + 1] - rdn->starts[i]);
		size_t k = i;

		for (; k > 0 && rmt_span_compare(parts[k - 1], part) > 0; k--)
			parts[k] = parts[k - 1];
		parts[k] = part;
	}
	rmt_derw_begin(w, RMT_DER_SET);
	for (size_t i = 0; i < rdn->count; i++)
		rmt_derw_raw(w, parts[i]);
	rmt_derw_end(w);
	rmt_buf_clear(&rdn->bytes);
	rdn->count = 0;
}

static int
finish(struct relative *rdn, struct rmt_derw *w, int rc, struct rmt_buf *der, struct rmt_err *err)
{
	if (rc == 0) {
		relative_write(rdn, w);
		rmt_derw_end(w);
		rc = rmt_derw_finish(w, der, err);
	} else {
		rmt_derw_free(w);
	}
	rmt_buf_free(&rdn->bytes);
	return rc;
}

/* One attribute by its name and UTF-8 value, checked. */
static int
add_checked(struct relative *rdn, const char *attribute, struct rmt_span value, struct rmt_err *err)
{
	struct rmt_buf oid = { .bytes = NULL };
	const struct bound *bound;
	int rc = -1;

	if (rmt_oid_encode(attribute, &oid, err) < 0)
		goto out;
	bound = find_bound(rmt_buf_view(&oid));
	if (value_check(attribute, bound, value, err) < 0)
		goto out;
	rc = relative_add(rdn, rmt_buf_view(&oid), bound->tag, value, err);
out:
	rmt_buf_free(&oid);
	return rc;
}

int
rmt_name_build(
    const struct rmt_name_part *parts, size_t count, struct rmt_buf *der, struct rmt_err *err)
{
	struct relative rdn = { .count = 0 };
	struct rmt_derw w = { .depth = 0 };
	int rc = 0;

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < count && rc == 0; i++) {
		relative_write(&rdn, &w);
		rc = add_checked(&rdn, parts[i].attribute, rmt_span_text(parts[i].value), err);
	}
	return finish(&rdn, &w, rc, der, err);
}

/* ---- reading a name written by a person ---- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The attribute's name up to "=". */
static int
parse_attribute(const char **text, char attribute[RMT_OID_MAX], struct rmt_err *err)
{
	const char *p = *text, *end;
	size_t length;

	end = p + strcspn(p, "=,+\\\"");
	length = (size_t)(end - p);
	while (length > 0 && p[length - 1] == ' ')
		length--;
	if (*end != '=' || length == 0 || length >= RMT_OID_MAX)
		return rmt_err_set(err, RMT_USAGE, "name",
		    "\"%.40s\": expected ATTRIBUTE=value, such as CN=host.example", p);
	memcpy(attribute, p, length);
	attribute[length] = '\0';
	*text = end + 1;
	return 0;
}

/* One escape after its backslash: two hexadecimal digits or a single character. */
static int
parse_escape(const char **text, struct rmt_buf *value, struct rmt_err *err)
{
	const char *p = *text;
	int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);

	if (low >= 0) {
		rmt_buf_byte(value, (unsigned char)(high << 4 | low));
		*text = p + 2;
		return 0;
	}
	if (*p == '\0' || strchr(" #=,+\"\\<>;", *p) == NULL)
		return rmt_err_cite(err, RMT_USAGE, "name", "RFC 4514, 3",
		    "a backslash before \"%.8s\" has no meaning", p);
	rmt_buf_byte(value, (unsigned char)*p);
	*text = p + 1;
	return 0;
}

/* A value up to an unescaped separator; spaces around it do not count. A value in double quotes may
 * hold separators. */
static int
parse_value(const char **text, struct rmt_buf *value, struct rmt_err *err)
{
	const char *p = *text;
	bool quoted;
	size_t keep = 0; /* bytes that are not trailing spaces */

	p += strspn(p, " ");
	quoted = *p == '"';
	p += quoted;
	while (*p != '\0' && (quoted ? *p != '"' : strchr(",+", *p) == NULL)) {
		bool space = *p == ' ' && !quoted;

		if (*p == '\\') {
			p++;
			if (parse_escape(&p, value, err) < 0)
				return -1;
		} else {
			rmt_buf_byte(value, (unsigned char)*p++);
		}
		if (!space)
			keep = value->length;
	}
	if (quoted && *p++ != '"')
		return rmt_err_set(err, RMT_USAGE, "name", "the closing quote is missing");
	if (!value->failed && value->bytes != NULL) {
		value->length = keep;
		value->bytes[keep] = '\0';
	}
	p += strspn(p, " ");
	if (*p != '\0' && *p != ',' && *p != '+')
		return rmt_err_set(
		    err, RMT_USAGE, "name", "\"%.40s\" stands after a quoted value", p);
	*text = p;
	return rmt_buf_check(value, err);
}

/* A value given as "#" and the hexadecimal digits of its encoding. */
static int
add_encoded(struct relative *rdn, const char *attribute, struct rmt_span hex, struct rmt_err *err)
{
	struct rmt_buf oid = { .bytes = NULL }, bytes = { .bytes = NULL };
	char *digits = rmt_strndup((const char *)hex.at, hex.length, err);
	struct rmt_der der;
	struct rmt_tlv tlv;
	int rc = -1;

	if (digits == NULL || rmt_hex_decode(digits, &bytes, err) < 0 ||
	    rmt_oid_encode(attribute, &oid, err) < 0)
		goto out;
	rmt_der_open(&der, rmt_buf_view(&bytes), NULL);
	if (rmt_der_any(&der, &tlv, attribute, err) < 0 || rmt_der_end(&der, attribute, err) < 0)
		goto out;
	if (!rmt_string_valid(tlv.tag, tlv.value)) {
		rmt_err_set(err, RMT_USAGE, attribute,
		    "the value has characters that its string type does not have");
		goto out;
	}
	rc = relative_add(rdn, rmt_buf_view(&oid), tlv.tag, tlv.value, err);
out:
	free(digits);
	rmt_buf_free(&oid);
	rmt_buf_free(&bytes);
	return rc;
}

static int
parse_part(const char **text, struct relative *rdn, struct rmt_err *err)
{
	char attribute[RMT_OID_MAX];
	struct rmt_buf value = { .bytes = NULL };
	const char *start;
	int rc = -1;

	*text += strspn(*text, " ");
	if (parse_attribute(text, attribute, err) < 0)
		return -1;
	start = *text + strspn(*text, " ");
	if (parse_value(text, &value, err) < 0)
		goto out;
	if (*start == '#')
		rc = add_encoded(
		    rdn, attribute, rmt_span_of(value.bytes + 1, value.length - 1), err);
	else
		rc = add_checked(rdn, attribute, rmt_buf_view(&value), err);
out:
	rmt_buf_free(&value);
	return rc;
}

int
rmt_name_parse(const char *text, struct rmt_buf *der, struct rmt_err *err)
{
	struct relative rdn = { .count = 0 };
	struct rmt_derw w = { .depth = 0 };
	int rc = 0;

	if (*text == '/')
		return rmt_err_set(err, RMT_USAGE, "name",
		    "\"%.40s\": write CN=host,O=Example instead of /CN=host/O=Example", text);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	while (*text != '\0' && (rc = parse_part(&text, &rdn, err)) == 0 && *text != '\0') {
		if (*text++ == ',')
			relative_write(&rdn, &w);
		if (text[strspn(text, " ")] == '\0')
			rc = rmt_err_set(
			    err, RMT_USAGE, "name", "a part is missing after the last separator");
	}
	return finish(&rdn, &w, rc, der, err);
}

/* ---- cleaning ---- */

/* A value whose type does not hold its characters becomes a UTF8String; bytes that are not UTF-8
 * are read as Latin-1, which is what those who write them mean. */
static int
add_clean(struct relative *rdn, const struct rmt_attribute *attribute, struct rmt_err *err)
{
	struct rmt_buf utf8 = { .bytes = NULL };
	int rc = -1;

	if ((attribute->tag & 0x20) != 0)
		return rmt_err_set(
		    err, RMT_INPUT, "name", "a value of the name is not a plain string");
	if (rmt_string_valid(attribute->tag, attribute->value))
		return relative_add(rdn, attribute->oid, attribute->tag, attribute->value, err);
	rmt_string_utf8(attribute->tag, attribute->value, &utf8);
	if (!rmt_utf8_valid(rmt_buf_view(&utf8))) {
		rmt_buf_clear(&utf8);
		rmt_string_utf8(RMT_DER_T61, attribute->value, &utf8);
	}
	if (rmt_buf_check(&utf8, err) == 0)
		rc = relative_add(rdn, attribute->oid, RMT_DER_UTF8, rmt_buf_view(&utf8), err);
	rmt_buf_free(&utf8);
	return rc;
}

int
rmt_name_clean(struct rmt_span name, struct rmt_buf *der, struct rmt_err *err)
{
	struct relative rdn = { .count = 0 };
	struct rmt_derw w = { .depth = 0 };
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	unsigned last = 0;
	int rc, found;

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rc = rmt_name_start(name, &cursor, err);
	while (rc == 0 && (found = rmt_name_next(&cursor, &attribute, err)) != 0) {
		if (found < 0) {
			rc = -1;
			break;
		}
		if (attribute.rdn != last)
			relative_write(&rdn, &w);
		last = attribute.rdn;
		rc = add_clean(&rdn, &attribute, err);
	}
	return finish(&rdn, &w, rc, der, err);
}
