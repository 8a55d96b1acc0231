/* SPDX-License-Identifier: Apache-2.0 */
/*
 * general_name.c - the alternatives of GeneralName (RFC 5280, 4.2.1.6): walking, text, and writing
 * from text.
 *
 * The text form "dns:host.example" is the same on the way out and on the way in. Which names a
 * certificate may hold is decided in policy/ and audit/.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "x509/local.h"

static int write_other(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_email(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_dns(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_directory(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_uri(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_ip(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_rid(struct rmt_derw *w, const char *text, struct rmt_err *err);
static int write_upn(struct rmt_derw *w, const char *text, struct rmt_err *err);

/* The alternatives in order of their tags. To add a way to write one: a function here and its row.
 */
static const struct {
	const char *name;
	unsigned char tag;
	int (*write)(
	    struct rmt_derw *w, const char *text, struct rmt_err *err); /* NULL: read only */
} alternatives[] = {
	[RMT_GN_OTHER] = { "other", RMT_DER_CONTEXT_CONSTRUCTED(0), write_other },
	[RMT_GN_EMAIL] = { "email", RMT_DER_CONTEXT(1), write_email },
	[RMT_GN_DNS] = { "dns", RMT_DER_CONTEXT(2), write_dns },
	[RMT_GN_X400] = { "x400", RMT_DER_CONTEXT_CONSTRUCTED(3), NULL },
	[RMT_GN_DIRECTORY] = { "directory", RMT_DER_CONTEXT_CONSTRUCTED(4), write_directory },
	[RMT_GN_EDI] = { "edi", RMT_DER_CONTEXT_CONSTRUCTED(5), NULL },
	[RMT_GN_URI] = { "uri", RMT_DER_CONTEXT(6), write_uri },
	[RMT_GN_IP] = { "ip", RMT_DER_CONTEXT(7), write_ip },
	[RMT_GN_RID] = { "rid", RMT_DER_CONTEXT(8), write_rid },
	{ "upn", 0, write_upn }, /* an otherName in wide use, written by its own word */
};

const char *
rmt_general_type_name(enum rmt_general_type type)
{
	return (unsigned)type <= RMT_GN_RID ? alternatives[type].name : "";
}

/* ---- walking ---- */

int
rmt_general_open(struct rmt_span names, struct rmt_der *cursor, struct rmt_err *err)
{
	struct rmt_der der;

	rmt_der_open(&der, names, &rmt_notes_ignored);
	if (rmt_der_enter(&der, RMT_DER_SEQUENCE, cursor, "names", err) < 0)
		return -1;
	return rmt_der_end(&der, "names", err);
}

/* otherName: type-id and an explicitly tagged value. */
static int
read_other(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err)
{
	struct rmt_der other, inner;
	struct rmt_tlv value;

	if (rmt_der_enter(cursor, RMT_DER_CONTEXT_CONSTRUCTED(0), &other, "otherName", err) < 0 ||
	    rmt_der_oid(&other, &out->other_oid, "otherName", err) < 0 ||
	    rmt_der_enter(&other, RMT_DER_CONTEXT_CONSTRUCTED(0), &inner, "otherName", err) < 0 ||
	    rmt_der_any(&inner, &value, "otherName", err) < 0 ||
	    rmt_der_end(&inner, "otherName", err) < 0)
		return -1;
	out->value = value.whole;
	return rmt_der_end(&other, "otherName", err);
}

static int
read_directory(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err)
{
	struct rmt_der inner;

	if (rmt_der_enter(cursor, RMT_DER_CONTEXT_CONSTRUCTED(4), &inner, "directoryName", err) <
		0 ||
	    rmt_name_read(&inner, &out->value, "directoryName", err) < 0)
		return -1;
	return rmt_der_end(&inner, "directoryName", err);
}

/* The alternatives whose value is the content of one primitive string. */
static int
read_plain(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err)
{
	bool ia5 = out->type == RMT_GN_EMAIL || out->type == RMT_GN_DNS || out->type == RMT_GN_URI;
	struct rmt_tlv tlv;

	if (rmt_der_read(
		cursor, alternatives[out->type].tag, &tlv, alternatives[out->type].name, err) < 0)
		return -1;
	out->value = tlv.value;
	if (out->type == RMT_GN_RID && !rmt_oid_valid(tlv.value))
		return rmt_der_fault(cursor, tlv.whole.at, "registeredID", err,
		    "OBJECT IDENTIFIER that is empty, too long, padded or cut off");
	if (ia5 && !rmt_string_valid(RMT_DER_IA5, tlv.value))
		return rmt_der_deviate(cursor, RMT_DEVIATION_STRING_CONTENT, tlv.whole.at,
		    alternatives[out->type].name, err);
	return 0;
}

int
rmt_general_read(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err)
{
	unsigned number;
	int rc;

	if (!rmt_der_more(cursor) || (*cursor->at & 0xc0) != 0x80 ||
	    (*cursor->at & 0x1f) > RMT_GN_RID)
		return rmt_der_fault(
		    cursor, cursor->at, "name", err, "no alternative of GeneralName has this tag");
	number = *cursor->at & 0x1f;
	out->type = (enum rmt_general_type)number;
	out->other_oid = (struct rmt_span){ NULL, 0 };
	if (number == RMT_GN_OTHER)
		rc = read_other(cursor, out, err);
	else if (number == RMT_GN_DIRECTORY)
		rc = read_directory(cursor, out, err);
	else
		rc = read_plain(cursor, out, err);
	return rc < 0 ? -1 : 0;
}

int
rmt_general_next(struct rmt_der *cursor, struct rmt_general_name *out, struct rmt_err *err)
{
	if (!rmt_der_more(cursor))
		return 0;
	return rmt_general_read(cursor, out, err) < 0 ? -1 : 1;
}

/* ---- text ---- */

/* An address, or in constraints an address and its mask: "192.0.2.0/24", or with the mask in full
 * when it has holes. */
static void
ip_text(struct rmt_span value, struct rmt_buf *out)
{
	size_t half = value.length == 8 || value.length == 32 ? value.length / 2 : value.length;
	int family = half == 4 ? AF_INET : AF_INET6;
	char text[INET6_ADDRSTRLEN];
	unsigned bits = 0;
	bool ended = false, holes = false;

	if ((half != 4 && half != 16) || inet_ntop(family, value.at, text, sizeof text) == NULL) {
		rmt_buf_byte(out, '#');
		rmt_hex(value, 0, out);
		return;
	}
	rmt_buf_text(out, text);
	if (half == value.length)
		return;
	for (size_t i = 0; i < 8 * half; i++) {
		bool set = (value.at[half + i / 8] >> (7 - i % 8) & 1) != 0;

		holes = holes || (set && ended);
		ended = ended || !set;
		bits += set;
	}
	if (!holes) {
		rmt_buf_format(out, "/%u", bits);
	} else if (inet_ntop(family, value.at + half, text, sizeof text) != NULL) {
		rmt_buf_byte(out, '/');
		rmt_buf_text(out, text);
	}
}

/* Whether a text form of the value would be read back as the same value. */
static bool
readable(struct rmt_span utf8)
{
	for (size_t i = 0; i < utf8.length; i++)
		if (utf8.at[i] < 0x20 || utf8.at[i] == 0x7f)
			return false;
	return utf8.length > 0 && utf8.at[0] != '#' && rmt_utf8_valid(utf8);
}

/* "upn:user@domain" for the form that Windows uses, "other:OID:text" for a UTF8String,
 * "other:OID:#hex" for the rest. */
static void
other_text(const struct rmt_general_name *name, struct rmt_buf *out)
{
	struct rmt_der der;
	struct rmt_tlv value;
	bool text;

	rmt_der_open(&der, name->value, &rmt_notes_ignored);
	text = rmt_der_any(&der, &value, NULL, NULL) == 0 && value.tag == RMT_DER_UTF8;
	if (text && rmt_oid_is(name->other_oid, "userPrincipalName")) {
		rmt_buf_text(out, "upn:");
		rmt_text_escape(value.value, ",", out);
		return;
	}
	rmt_buf_text(out, "other:");
	rmt_oid_dotted(name->other_oid, out);
	rmt_buf_byte(out, ':');
	if (text && readable(value.value)) {
		rmt_text_escape(value.value, ",", out);
	} else {
		rmt_buf_byte(out, '#');
		rmt_hex(name->value, 0, out);
	}
}

void
rmt_general_text(const struct rmt_general_name *name, struct rmt_buf *out)
{
	struct rmt_buf text = { .bytes = NULL };

	if (name->type == RMT_GN_OTHER) {
		other_text(name, out);
		return;
	}
	rmt_buf_text(out, rmt_general_type_name(name->type));
	rmt_buf_byte(out, ':');
	switch (name->type) {
	case RMT_GN_EMAIL:
	case RMT_GN_DNS:
	case RMT_GN_URI:
		rmt_text_escape(name->value, ",", out);
		break;
	case RMT_GN_DIRECTORY:
		rmt_name_text(name->value, &text);
		rmt_text_escape(rmt_buf_view(&text), ",", out);
		rmt_buf_free(&text);
		break;
	case RMT_GN_IP:
		ip_text(name->value, out);
		break;
	case RMT_GN_RID:
		rmt_oid_dotted(name->value, out);
		break;
	default:
		rmt_buf_byte(out, '#');
		rmt_hex(name->value, 0, out);
		break;
	}
}

/* ---- writing from text ---- */

static bool
plain_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static int
write_email(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	const char *at = strrchr(text, '@');
	struct rmt_span host;

	if (!plain_ascii(text) || at == NULL || at == text || at - text > 64)
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 5280, 4.2.1.6",
		    "\"%.64s\" is not an e-mail address (local@host, ASCII)", text);
	host = rmt_span_text(at + 1);
	if (rmt_dns_check(host, false, err) < 0)
		return -1;
	rmt_derw_value(w, RMT_DER_CONTEXT(1), rmt_span_text(text));
	return 0;
}

static int
write_dns(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	if (rmt_dns_check(rmt_span_text(text), true, err) < 0)
		return -1;
	rmt_derw_value(w, RMT_DER_CONTEXT(2), rmt_span_text(text));
	return 0;
}

static int
write_directory(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	struct rmt_buf name = { .bytes = NULL };

	if (rmt_name_parse(text, &name, err) < 0)
		return -1;
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(4));
	rmt_derw_raw(w, rmt_buf_view(&name));
	rmt_derw_end(w);
	rmt_buf_free(&name);
	return 0;
}

/* RFC 3986, 3.1: a letter, then letters, digits, "+", "-" and "."; RFC 5280 wants an absolute URI.
 */
static int
write_uri(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	size_t scheme =
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	if (!plain_ascii(text) || scheme == 0 || (text[0] | 0x20) < 'a' || (text[0] | 0x20) > 'z' ||
	    text[scheme] != ':' || text[scheme + 1] == '\0')
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 5280, 4.2.1.6",
		    "\"%.64s\" is not an absolute URI (scheme:..., ASCII, no spaces)", text);
	rmt_derw_value(w, RMT_DER_CONTEXT(6), rmt_span_text(text));
	return 0;
}

static int
write_ip(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	unsigned char address[16];
	size_t length;

	if (inet_pton(AF_INET, text, address) == 1)
		length = 4;
	else if (inet_pton(AF_INET6, text, address) == 1)
		length = 16;
	else
		return rmt_err_set(
		    err, RMT_USAGE, NULL, "\"%.64s\" is not an IPv4 or IPv6 address", text);
	rmt_derw_value(w, RMT_DER_CONTEXT(7), rmt_span_of(address, length));
	return 0;
}

static int
write_rid(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	struct rmt_buf oid = { .bytes = NULL };

	if (rmt_oid_encode(text, &oid, err) < 0)
		return -1;
	rmt_derw_value(w, RMT_DER_CONTEXT(8), rmt_buf_view(&oid));
	rmt_buf_free(&oid);
	return 0;
}

/* An otherName around one encoded value. */
static void
other_write(struct rmt_derw *w, struct rmt_span oid, struct rmt_span value)
{
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_oid(w, oid);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_raw(w, value);
	rmt_derw_end(w);
	rmt_derw_end(w);
}

static int
other_utf8(struct rmt_derw *w, struct rmt_span oid, const char *text, struct rmt_err *err)
{
	struct rmt_derw value = { .depth = 0 };
	struct rmt_span utf8 = rmt_span_text(text);

	if (utf8.length == 0 || !rmt_utf8_valid(utf8))
		return rmt_err_set(err, RMT_USAGE, NULL, "a name is empty or not UTF-8");
	for (size_t i = 0; i < utf8.length; i++)
		if (utf8.at[i] < 0x20 || utf8.at[i] == 0x7f)
			return rmt_err_set(err, RMT_USAGE, NULL, "a name has a control character");
	rmt_derw_value(&value, RMT_DER_UTF8, utf8);
	other_write(w, oid, rmt_buf_view(&value.buf));
	w->buf.failed = w->buf.failed || value.buf.failed;
	rmt_derw_free(&value);
	return 0;
}

static int
write_upn(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	const char *at = strrchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0')
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.64s\" is not a user principal name (user@domain)", text);
	return other_utf8(w, rmt_oid_named("userPrincipalName")->der, text, err);
}

/* "OID:text" for a UTF8String, "OID:#hex" for any encoded value. */
static int
write_other(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	struct rmt_buf oid = { .bytes = NULL }, value = { .bytes = NULL };
	const char *colon = strchr(text, ':');
	struct rmt_der der;
	struct rmt_tlv tlv;
	char *type;
	int rc = -1;

	if (colon == NULL)
		return rmt_err_set(err, RMT_USAGE, NULL,
		    "\"%.64s\" is not of the form OID:text or OID:#hex", text);
	type = rmt_strndup(text, (size_t)(colon - text), err);
	if (type == NULL || rmt_oid_encode(type, &oid, err) < 0)
		goto out;
	if (colon[1] != '#') {
		rc = other_utf8(w, rmt_buf_view(&oid), colon + 1, err);
		goto out;
	}
	if (rmt_hex_decode(colon + 2, &value, err) < 0)
		goto out;
	rmt_der_open(&der, rmt_buf_view(&value), NULL);
	if (rmt_der_any(&der, &tlv, NULL, err) < 0 || rmt_der_end(&der, NULL, err) < 0)
		goto out;
	other_write(w, rmt_buf_view(&oid), tlv.whole);
	rc = 0;
out:
	free(type);
	rmt_buf_free(&oid);
	rmt_buf_free(&value);
	return rc;
}

/* Undo the escapes of rmt_general_text(). */
static int
unescape(const char *text, struct rmt_buf *out, struct rmt_err *err)
{
	static const char hex[] = "0123456789ABCDEF";

	while (*text != '\0') {
		const char *high, *low;

		if (*text != '\\') {
			rmt_buf_byte(out, (unsigned char)*text++);
			continue;
		}
		text++;
		high = *text == '\0' ? NULL : strchr(hex, *text);
		low = high == NULL || text[1] == '\0' ? NULL : strchr(hex, text[1]);
		if (low != NULL) {
			rmt_buf_byte(out, (unsigned char)((high - hex) << 4 | (low - hex)));
			text += 2;
		} else if (*text == '\\' || *text == ',') {
			rmt_buf_byte(out, (unsigned char)*text++);
		} else {
			return rmt_err_set(err, RMT_USAGE, NULL,
			    "a backslash before \"%.8s\" has no meaning", text);
		}
	}
	if (out->length > 0 && memchr(out->bytes, '\0', out->length) != NULL)
		return rmt_err_set(err, RMT_USAGE, NULL, "a name has a NUL byte");
	return rmt_buf_check(out, err);
}

int
rmt_general_write(struct rmt_derw *w, const char *text, struct rmt_err *err)
{
	struct rmt_buf value = { .bytes = NULL };
	const char *colon = strchr(text, ':');
	size_t length = colon == NULL ? 0 : (size_t)(colon - text);
	int rc = -1;

	for (size_t i = 0; length > 0 && i < sizeof alternatives / sizeof *alternatives; i++) {
		if (alternatives[i].write == NULL || strlen(alternatives[i].name) != length ||
		    strncasecmp(alternatives[i].name, text, length) != 0)
			continue;
		if (unescape(colon + 1, &value, err) == 0)
			rc = alternatives[i].write(w, rmt_buf_string(&value), err);
		rmt_buf_free(&value);
		if (rc != 0 && err != NULL && err->place[0] == '\0') /* of several, this one */
			snprintf(err->place, sizeof(err->place), "%s", text);
		return rc;
	}
	return rmt_err_set(err, RMT_USAGE, NULL,
	    "\"%.64s\" does not begin with dns:, ip:, email:, uri:, upn:, directory:, rid: or "
	    "other:",
	    text);
}
