/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/inf.c - a policy file for certreq -new: the request that a Windows machine makes for a key of its own.
 *
 * The form is that of Microsoft's windowsserverdocs, windows-commands, certreq. Three readers come one after the other, and
 * what stands in a name must end for none of them: the INF (quotation marks, percent signs, line ends), the name in Subject
 * (commas, plus signs, quotation marks again) and the list of alternative names (ampersands). What cannot be said is refused.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "write/local.h"

/* ---- text of an INF ---- */

/* A person looks an INF over before it is used: what hides or turns text around does not get into it. `field` is whose text it is. */
static int
check_text(const char *text, const char *field, struct rmt_err *err)
{
	struct rmt_span rest = rmt_span_text(text);
	uint32_t character = 0;

	for (size_t length; rest.length; rest = rmt_span_of(rest.at + length, rest.length - length)) {
		length = rmt_utf8_character(rest, &character);
		if (!length)
			return rmt_err_set(err, RMT_INPUT, field, "a value that is no text cannot stand in an INF file");
		if (character < 0x20 || character == 0x7f)
			return rmt_err_set(err, RMT_INPUT, field, "a control character cannot stand in an INF file");
		if (rmt_text_unseen(character))
			return rmt_err_set(err, RMT_INPUT, field, "an invisible character (U+%04X) cannot stand in an INF file", (unsigned)character);
	}
	return 0;
}

/* The inside of a quoted value: INF reads "" as one quotation mark, %% as one percent sign [the latter unconfirmed for certreq]. */
static int
put_quoted(const char *text, const char *field, struct rmt_buf *out, struct rmt_err *err)
{
	if (check_text(text, field, err))
		return -1;
	for (const char *at = text; *at; at++) {
		if (*at == '"' || *at == '%')
			rmt_buf_byte(out, (unsigned char)*at);
		rmt_buf_byte(out, (unsigned char)*at);
	}
	return rmt_buf_check(out, err);
}

/* Key = "value" */
static int
put_value(const char *key, const char *value, const char *field, struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_format(out, "%s = \"", key);
	if (put_quoted(value, field, out, err))
		return -1;
	rmt_buf_text(out, "\"\n");
	return 0;
}

/* ---- [NewRequest] ---- */

/* What Windows calls an attribute where it is not our label; any other goes by its number. */
static void
put_attribute(struct rmt_span oid, struct rmt_buf *out)
{
	static const char *const labels[][2] = { { "CN", "CN" }, { "O", "O" }, { "OU", "OU" }, { "L", "L" }, { "ST", "S" },
		{ "C", "C" }, { "DC", "DC" }, { "emailAddress", "E" }, { "serialNumber", "SERIALNUMBER" } };

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		const struct rmt_oid *known = rmt_oid_named(labels[i][0]);

		if (known && rmt_span_equal(known->der, oid)) {
			rmt_buf_text(out, labels[i][1]);
			return;
		}
	}
	rmt_oid_dotted(oid, out);
}

/* Quoted whenever CertStrToName() could read anything into it. */
static void
put_rdn_value(const char *value, struct rmt_buf *out)
{
	size_t length = strlen(value);
	bool quoted = strpbrk(value, ",+=\"<>#;\r\n") || !length || value[0] == ' ' || value[length - 1] == ' ';

	rmt_buf_text(out, quoted ? "\"" : "");
	for (const char *at = value; *at; at++) {
		if (quoted && *at == '"')
			rmt_buf_byte(out, '"');
		rmt_buf_byte(out, (unsigned char)*at);
	}
	rmt_buf_text(out, quoted ? "\"" : "");
}

static int
put_subject(struct rmt_span name, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	unsigned rdn = 0;
	int more;

	if (!name.length)
		return 0;
	if (rmt_name_start(name, &cursor, err))
		return -1;
	for (bool first = true; (more = rmt_name_next(&cursor, &attribute, err)) == 1; first = false) {
		struct rmt_buf value = { 0 };

		rmt_string_utf8(attribute.tag, attribute.value, &value);
		if (!first)
			rmt_buf_text(out, attribute.rdn == rdn ? " + " : ", ");
		rdn = attribute.rdn;
		put_attribute(attribute.oid, out);
		rmt_buf_byte(out, '=');
		if (memchr(rmt_buf_string(&value), 0, value.length) || !rmt_utf8_valid(rmt_buf_view(&value)))
			more = rmt_err_set(err, RMT_INPUT, "subject", "a value that is no text cannot stand in an INF file");
		else
			put_rdn_value(rmt_buf_string(&value), out);
		out->failed |= value.failed;
		rmt_buf_free(&value);
		if (more < 0)
			return -1;
	}
	return more < 0 ? -1 : rmt_buf_check(out, err);
}

/* A key that several servers use leaves the machine where it is made; any other stays. Why is said beside it, for who looks it over. */
static int
put_exportable(const char *why, struct rmt_buf *out, struct rmt_err *err)
{
	if (why && check_text(why, "request.exportable", err))
		return -1;
	if (why)
		rmt_buf_format(out, "; %s: the others get it as a PFX\n", why);
	rmt_buf_format(out, "Exportable = %s\n", why ? "TRUE" : "FALSE");
	return 0;
}

/* RSA in the provider that Exchange, Lync and Schannel all take; an EC key has none but CNG's. */
static int
put_key(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned rsa = rmt_terms_bits(terms, "rsa"), ec = rmt_terms_bits(terms, "ec");

	if (rsa)
		rmt_buf_format(out, "KeyAlgorithm = RSA\nKeyLength = %u\nKeySpec = AT_KEYEXCHANGE\n"
		               "ProviderName = \"Microsoft RSA SChannel Cryptographic Provider\"\nProviderType = 12\n", rsa);
	else if (ec == 256 || ec == 384 || ec == 521)
		rmt_buf_format(out, "KeyAlgorithm = ECDSA_P%u\nKeyLength = %u\n"
		               "ProviderName = \"Microsoft Software Key Storage Provider\"\n", ec, ec);
	else
		return rmt_err_set(err, RMT_USAGE, NULL, "certreq makes no key of the kind %s", terms->key);
	return 0;
}

static const struct { unsigned bit; const char *name; } usages[] = {
	{ RMT_KU_DIGITAL_SIGNATURE, "CERT_DIGITAL_SIGNATURE_KEY_USAGE" },
	{ RMT_KU_CONTENT_COMMITMENT, "CERT_NON_REPUDIATION_KEY_USAGE" },
	{ RMT_KU_KEY_ENCIPHERMENT, "CERT_KEY_ENCIPHERMENT_KEY_USAGE" },
	{ RMT_KU_DATA_ENCIPHERMENT, "CERT_DATA_ENCIPHERMENT_KEY_USAGE" },
	{ RMT_KU_KEY_AGREEMENT, "CERT_KEY_AGREEMENT_KEY_USAGE" },
	{ RMT_KU_CRL_SIGN, "CERT_CRL_SIGN_KEY_USAGE" },
	{ RMT_KU_ENCIPHER_ONLY, "CERT_ENCIPHER_ONLY_KEY_USAGE" },
	{ RMT_KU_DECIPHER_ONLY, "CERT_DECIPHER_ONLY_KEY_USAGE" },
};

static void
put_usage(const struct rmt_request_terms *terms, struct rmt_buf *out)
{
	unsigned bits = terms->key_usage;
	const char *between = "";

	if (!bits && terms->repeats)
		return;
	if (!bits)
		bits = RMT_KU_DIGITAL_SIGNATURE | (rmt_terms_bits(terms, "rsa") ? RMT_KU_KEY_ENCIPHERMENT : 0);
	rmt_buf_text(out, "KeyUsage = \"");
	for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++)
		if (bits & usages[i].bit) {
			rmt_buf_format(out, "%s%s", between, usages[i].name);
			between = " | ";
		}
	rmt_buf_text(out, "\"\n");
}

static int
put_new_request(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf subject = { 0 };
	int rc = put_subject(terms->subject, &subject, err);

	rmt_buf_text(out, "[NewRequest]\n");
	if (!rc && subject.length)
		rc = put_value("Subject", rmt_buf_string(&subject), "subject", out, err);
	rmt_buf_free(&subject);
	if (rc || put_key(terms, out, err))
		return -1;
	rmt_buf_format(out, "HashAlgorithm = %s\nMachineKeySet = TRUE\n", terms->digest);
	if (put_exportable(terms->exportable, out, err))
		return -1;
	put_usage(terms, out);
	/* TRUE would be RSASSA-PSS, which most consumers refuse. */
	rmt_buf_text(out, "AlternateSignatureAlgorithm = FALSE\nRequestType = PKCS10\n");
	return rmt_buf_check(out, err);
}

/* ---- [Extensions] ---- */

static const char *
name_key(struct rmt_span type)
{
	static const char *const keys[][2] = { { "dns", "DNS" }, { "ip", "IPAddress" }, { "email", "EMail" }, { "uri", "URL" },
		{ "upn", "UPN" } };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (rmt_span_equal(type, rmt_span_text(keys[i][0])))
			return keys[i][1];
	return NULL;
}

static int
put_name(const char *name, bool last, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf value = { 0 }, line = { 0 };
	struct rmt_span type;
	const char *text = rmt_terms_name(name, &type, &value), *key = name_key(type);
	int rc;

	if (!key)
		rc = rmt_err_set(err, RMT_INPUT, "names", "an alternative name of the kind \"%.*s\" cannot stand in an INF file",
		                 (int)(type.length < 32 ? type.length : 32), (const char *)type.at);
	else if (strchr(text, '&'))
		rc = rmt_err_set(err, RMT_INPUT, "names", "an alternative name with an ampersand cannot stand in an INF file: it ends the name there");
	else {
		rmt_buf_format(&line, "%s=%s%s", key, text, last ? "" : "&");
		rc = put_value("_continue_", rmt_buf_string(&line), "names", out, err);
	}
	rmt_buf_free(&value);
	rmt_buf_free(&line);
	return rc;
}

static int
put_purposes(const struct rmt_text_list *purposes, struct rmt_buf *out, struct rmt_err *err)
{
	static char server[] = "serverAuth", client[] = "clientAuth";
	char *both[] = { server, client };
	const struct rmt_text_list usual = { both, 2 };

	if (!purposes->count)
		purposes = &usual;
	rmt_buf_text(out, "2.5.29.37 = \"{text}");
	for (size_t i = 0; i < purposes->count; i++) {
		struct rmt_buf oid = { 0 };
		int rc = rmt_oid_encode(purposes->items[i], &oid, err);

		rmt_buf_text(out, i ? "," : "");
		if (!rc)
			rmt_oid_dotted(rmt_buf_view(&oid), out);
		rmt_buf_free(&oid);
		if (rc)
			return -1;
	}
	rmt_buf_text(out, "\"\n");
	return 0;
}

static int
put_extensions(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	bool purposes = terms->purposes.count || !terms->repeats;

	if (terms->names.count || terms->unsaid.count || purposes)
		rmt_buf_text(out, "[Extensions]\n");
	if (terms->names.count)
		rmt_buf_text(out, "2.5.29.17 = \"{text}\"\n");
	for (size_t i = 0; i < terms->names.count; i++)
		if (put_name(terms->names.items[i], i + 1 == terms->names.count, out, err))
			return -1;
	for (size_t i = 0; i < terms->unsaid.count; i++)
		rmt_buf_format(out, "; left out: %s\n", terms->unsaid.items[i]);
	return purposes ? put_purposes(&terms->purposes, out, err) : 0;
}

/* ---- the file ---- */

/* UTF-16, little endian, with its mark: Windows reads a file without one by the code page of the machine. */
static void
put_utf16(struct rmt_span text, struct rmt_buf *out)
{
	rmt_buf_append(out, "\xff\xfe", 2);
	while (text.length) {
		uint32_t character = 0;
		size_t length = rmt_utf8_character(text, &character);

		if (!length) {
			out->failed = true;
			return;
		}
		if (character > 0xffff) {
			uint32_t high = 0xd800 + ((character - 0x10000) >> 10);

			rmt_buf_byte(out, high & 0xff);
			rmt_buf_byte(out, (unsigned char)(high >> 8));
			character = 0xdc00 + ((character - 0x10000) & 0x3ff);
		}
		rmt_buf_byte(out, character & 0xff);
		rmt_buf_byte(out, (unsigned char)(character >> 8 & 0xff));
		text = rmt_span_of(text.at + length, text.length - length);
	}
}

static bool
is_ascii(const struct rmt_buf *text)
{
	for (size_t i = 0; i < text->length; i++)
		if (text->bytes[i] > 0x7e)
			return false;
	return true;
}

/* Line ends of Windows, in the one of two encodings that it cannot misread. */
static void
encode(const struct rmt_buf *text, struct rmt_buf *out)
{
	struct rmt_buf lines = { 0 };

	for (size_t i = 0; i < text->length; i++) {
		if (text->bytes[i] == '\n')
			rmt_buf_byte(&lines, '\r');
		rmt_buf_byte(&lines, text->bytes[i]);
	}
	if (is_ascii(&lines))
		rmt_buf_span(out, rmt_buf_view(&lines));
	else
		put_utf16(rmt_buf_view(&lines), out);
	out->failed |= lines.failed;
	rmt_buf_free(&lines);
}

int
rmt_inf_text(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	char label[65];

	rmt_terms_label(terms, label);
	rmt_buf_format(out, "; certreq -new %s.inf %s.req\n[Version]\nSignature = \"$Windows NT$\"\n\n", label, label);
	if (put_new_request(terms, out, err))
		return -1;
	rmt_buf_byte(out, '\n');
	if (put_extensions(terms, out, err))
		return -1;
	if (!terms->ca_template)
		return rmt_buf_check(out, err);
	rmt_buf_text(out, "\n[RequestAttributes]\n");
	return put_value("CertificateTemplate", terms->ca_template, "template", out, err);
}

/* ---- read back ---- */

struct reading {
	const char *subject;
	size_t names, found;
	struct rmt_err *err;
};

/* What the reader makes of it must say the same: no name has become more than a name. */
static int
take_description(void *arg, const struct rmt_object *object)
{
	struct reading *reading = arg;
	const char *subject = object->listing ? rmt_listing_get(object->listing, "subject") : NULL;
	size_t names = 0;

	for (size_t i = 0; object->listing && i < object->listing->count; i++) {
		const struct rmt_listed *field = &object->listing->fields[i];

		if (field->name && !strcmp(field->name, "names"))
			for (const char *at = field->text; at; at = strchr(at + 1, '&'))
				names++;
	}
	reading->found++;
	if (object->type == RMT_OBJECT_REQUEST_DESCRIPTION && names == reading->names && !strcmp(subject ? subject : "", reading->subject))
		return 0;
	return rmt_err_set(reading->err, RMT_INTERNAL, NULL, "the INF that was written reads back differently");
}

static int
read_back(const struct rmt_request_terms *terms, const struct rmt_buf *written, struct rmt_err *err)
{
	struct rmt_buf subject = { 0 };
	struct reading reading = { .names = terms->names.count, .err = err };
	const struct rmt_reader reader = { .object = take_description, .arg = &reading, .mode = RMT_TOLERANT, .given = 1 };
	int rc = put_subject(terms->subject, &subject, err);

	reading.subject = rmt_buf_string(&subject);
	if (!rc && (rmt_read_mem(&reader, "", rmt_buf_view(written), err) || reading.found != 1))
		rc = rmt_err_set(err, RMT_INTERNAL, NULL, "the INF that was written cannot be read back");
	rmt_buf_free(&subject);
	return rc;
}

int
rmt_write_inf(const struct rmt_request_terms *terms, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_buf text = { 0 };
	int rc = rmt_inf_text(terms, &text, err);

	if (!rc)
		encode(&text, out);
	rmt_buf_free(&text);
	return rc || rmt_buf_check(out, err) || read_back(terms, out, err) ? -1 : 0;
}

static int
repeat(const struct rmt_object *object, const struct rmt_cert *cert, struct rmt_terms_text *terms, struct rmt_err *err)
{
	const struct rmt_request *request = object ? object->request : NULL;

	if (request)
		return rmt_terms_repeat(request->subject, request->spki, &request->extensions, terms, err);
	if (cert)
		return rmt_terms_repeat(cert->subject, cert->spki, &cert->extensions, terms, err);
	return rmt_err_set(err, RMT_USAGE, NULL, "an INF repeats a request or a certificate");
}

int
rmt_write_inf_file(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options, struct rmt_buf *out,
                   struct rmt_err *err)
{
	struct rmt_terms_text terms = { .key = "" };
	int rc = repeat(parts->list[0].object, parts->list[0].cert, &terms, err);

	(void)bundle;
	(void)options;
	if (!rc)
		rc = rmt_write_inf(&terms.terms, out, err);
	rmt_terms_clear(&terms);
	return rc;
}

int
rmt_inf_unsaid(const struct rmt_bundle *bundle, struct rmt_buf *out, struct rmt_err *err)
{
	struct rmt_terms_text terms = { .key = "" };
	int rc = repeat(bundle->object_count ? bundle->objects[0] : NULL, bundle->leaf, &terms, err);

	for (size_t i = 0; !rc && i < terms.terms.unsaid.count; i++)
		rmt_buf_format(out, "%s%s", i ? ", " : "", terms.terms.unsaid.items[i]);
	rmt_terms_clear(&terms);
	return rc || rmt_buf_check(out, err) ? -1 : 0;
}
