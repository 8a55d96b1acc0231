/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_name.c - lints of the attributes of a subject: their types, lengths and characters.
 *
 * Whether the name suits a host is the business of rules_name.c.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "audit/local.h"

#define PLACE "tbs.subject"

/* What RFC 5280, A.1 and X.520 say of attributes: their bound in characters, and the one type that they have. */
static const struct attribute {
	const char *name;
	unsigned most;
	unsigned char only; /* 0: any DirectoryString */
} attributes[] = {
	{ "commonName", 64, 0 },
	{ "organizationName", 64, 0 },
	{ "organizationalUnitName", 64, 0 },
	{ "localityName", 128, 0 },
	{ "stateOrProvinceName", 128, 0 },
	{ "countryName", 2, RMT_DER_PRINTABLE },
	{ "serialNumber", 64, RMT_DER_PRINTABLE },
	{ "dnQualifier", 0, RMT_DER_PRINTABLE },
	{ "emailAddress", 255, RMT_DER_IA5 },
	{ "domainComponent", 0, RMT_DER_IA5 },
	{ "title", 64, 0 },
	{ "givenName", 32768, 0 },
	{ "surname", 32768, 0 },
	{ "pseudonym", 128, 0 },
	{ "streetAddress", 128, 0 },
	{ "postalCode", 40, 0 },
};

static const struct attribute *
known(struct rmt_span oid)
{
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if (rmt_oid_is(oid, attributes[i].name))
			return &attributes[i];
	return NULL;
}

static bool
wide(unsigned char tag)
{
	return tag == RMT_DER_BMP || tag == RMT_DER_UNIVERSAL;
}

static bool
is_text(unsigned char tag)
{
	return tag == RMT_DER_UTF8 || tag == RMT_DER_PRINTABLE || tag == RMT_DER_IA5 || tag == RMT_DER_T61 || tag == RMT_DER_NUMERIC ||
	    tag == RMT_DER_VISIBLE || wide(tag);
}

static int
attribute_fault(struct rmt_check *check, const struct rmt_attribute *attribute, const char *fault)
{
	char name[64];
	struct rmt_buf text = { 0 };

	rmt_oid_text(attribute->oid, &text);
	snprintf(name, sizeof name, "%s", rmt_buf_string(&text));
	rmt_buf_free(&text);
	return rmt_audit_fault(check, PLACE, "%s %s", name, fault);
}

int
rmt_lint_alphabet(struct rmt_check *check)
{
	const struct rmt_notes *notes = &check->on->cert->notes;
	unsigned kept = notes->count < RMT_NOTES_MAX ? notes->count : RMT_NOTES_MAX;

	for (unsigned i = 0; i < kept; i++)
		if (notes->note[i].kind == RMT_DEVIATION_STRING_CONTENT)
			return rmt_audit_fault(check, PLACE, "the string at offset %u has characters that its type does not have",
			    (unsigned)notes->note[i].offset);
	return 0;
}

int
rmt_lint_string_type(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	switch (attribute->tag) {
	case RMT_DER_T61:
		return attribute_fault(check, attribute, "is a TeletexString");
	case RMT_DER_BMP:
		return attribute_fault(check, attribute, "is a BMPString");
	case RMT_DER_UNIVERSAL:
		return attribute_fault(check, attribute, "is a UniversalString");
	default:
		return 0;
	}
}

/* Characters, not bytes. */
static size_t
characters(const struct rmt_attribute *attribute)
{
	size_t count = 0;

	if (wide(attribute->tag))
		return attribute->value.length / (attribute->tag == RMT_DER_BMP ? 2 : 4);
	if (attribute->tag != RMT_DER_UTF8)
		return attribute->value.length;
	for (size_t i = 0; i < attribute->value.length; i++)
		count += (attribute->value.at[i] & 0xc0) != 0x80;
	return count;
}

int
rmt_lint_attribute_length(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	const struct attribute *rule = known(attribute->oid);
	char fault[80];

	/* The form of a country has a lint of its own. */
	if (!rule || !rule->most || rule->most == 2 || characters(attribute) <= rule->most)
		return 0;
	snprintf(fault, sizeof fault, "has %zu characters, more than %u", characters(attribute), rule->most);
	return attribute_fault(check, attribute, fault);
}

int
rmt_lint_attribute_empty(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	return attribute->value.length ? 0 : attribute_fault(check, attribute, "is empty");
}

static int
only(struct rmt_check *check, const struct rmt_attribute *attribute, unsigned char tag, const char *fault)
{
	const struct attribute *rule = attribute->tag == tag ? NULL : known(attribute->oid);

	return rule && rule->only == tag ? attribute_fault(check, attribute, fault) : 0;
}

int
rmt_lint_printable_only(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	return only(check, attribute, RMT_DER_PRINTABLE, "is no PrintableString");
}

int
rmt_lint_ia5_only(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	return only(check, attribute, RMT_DER_IA5, "is no IA5String");
}

int
rmt_lint_control(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	size_t step = attribute->tag == RMT_DER_BMP ? 2 : attribute->tag == RMT_DER_UNIVERSAL ? 4 : 1;
	struct rmt_span value = attribute->value;

	if (!is_text(attribute->tag))
		return 0;
	for (size_t i = 0; i + step <= value.length; i += step) {
		bool low = true;

		for (size_t j = 0; j + 1 < step; j++)
			low = low && !value.at[i + j];
		if (low && (value.at[i + step - 1] < 0x20 || value.at[i + step - 1] == 0x7f))
			return attribute_fault(check, attribute, "has a control character");
	}
	return 0;
}

int
rmt_lint_blanks(struct rmt_check *check, const struct rmt_attribute *attribute)
{
	struct rmt_span value = attribute->value;

	if (!value.length || !is_text(attribute->tag) || wide(attribute->tag))
		return 0;
	if (value.at[0] == ' ')
		return attribute_fault(check, attribute, "begins with a blank");
	return value.at[value.length - 1] == ' ' ? attribute_fault(check, attribute, "ends with a blank") : 0;
}

/* ---- the subject as a whole --------------------------------------------------------------------------------------------- */

static bool
capitals(struct rmt_span text)
{
	return text.length == 2 && text.at[0] >= 'A' && text.at[0] <= 'Z' && text.at[1] >= 'A' && text.at[1] <= 'Z';
}

int
rmt_lint_country_code(struct rmt_check *check)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute each;

	if (rmt_name_start(check->on->cert->subject, &cursor, NULL))
		return 0;
	while (rmt_name_next(&cursor, &each, NULL) > 0)
		if (rmt_oid_is(each.oid, "countryName") && !wide(each.tag) && each.value.length && !capitals(each.value))
			return rmt_audit_fault(check, PLACE, "the country \"%s\" is no code of two capital letters",
			    rmt_lint_text(check, each.value));
	return 0;
}

int
rmt_lint_common_names(struct rmt_check *check)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute each;
	unsigned count = 0;

	if (rmt_name_start(check->on->cert->subject, &cursor, NULL))
		return 0;
	while (rmt_name_next(&cursor, &each, NULL) > 0)
		count += rmt_oid_is(each.oid, "commonName");
	return count > 1 ? rmt_audit_fault(check, PLACE, "the subject has %u common names", count) : 0;
}

int
rmt_lint_multi_valued(struct rmt_check *check)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute each;
	unsigned before = UINT32_MAX;

	if (rmt_name_start(check->on->cert->subject, &cursor, NULL))
		return 0;
	for (; rmt_name_next(&cursor, &each, NULL) > 0; before = each.rdn)
		if (each.rdn == before)
			return rmt_audit_fault(check, PLACE, "two attributes of the subject stand in one relative name");
	return 0;
}
