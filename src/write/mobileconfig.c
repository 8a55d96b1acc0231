/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/mobileconfig.c - an Apple configuration profile: certificates to be trusted and, when there is a key, an identity, in an
 * XML property list that iOS, iPadOS, macOS, tvOS and visionOS install.
 *
 * A key goes in as a PKCS#12 with its certificate, under a passphrase for which the device asks: the profile does not hold it.
 * The identifier follows from the name, so that a new profile takes the place of the old one; UUIDs follow from the content, so
 * that the same certificates give the same file. The profile is not signed.
 * Source: Apple, Device Management, CertificateRoot, CertificatePKCS1, CertificatePKCS12, TopLevel.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "write/local.h"

enum { DATA_WIDTH = 64, UUID = 36 };

struct profile {
	const struct rmt_bundle *bundle;
	const struct rmt_write_options *options;
	const struct rmt_parts *parts;
	const struct rmt_cert *identity; /* whose key is in it; NULL: certificates alone */
	struct rmt_buf label;            /* what people read */
	char identifier[96];
	struct rmt_buf *out;
};

/* ---- XML ---- */

/* XML 1.0, 2.4. A label has no control characters and nothing that XML does not take for a character (2.2): rmt_safe_text() saw to it. */
static void
put_escaped(const char *text, struct rmt_buf *out)
{
	static const struct { const char *found, *put; } escapes[] = {
		{ "&", "&amp;" }, { "<", "&lt;" }, { ">", "&gt;" }, { "\"", "&quot;" }, { "'", "&apos;" },
	};
	enum { COUNT = sizeof(escapes) / sizeof(escapes[0]) };

	while (*text) {
		size_t i = 0;

		while (i < COUNT && strncmp(text, escapes[i].found, strlen(escapes[i].found)))
			i++;
		if (i < COUNT)
			rmt_buf_text(out, escapes[i].put);
		else
			rmt_buf_byte(out, (unsigned char)*text);
		text += i < COUNT ? strlen(escapes[i].found) : 1;
	}
}

static void
put_string(struct rmt_buf *out, const char *indent, const char *key, const char *text)
{
	rmt_buf_format(out, "%s<key>%s</key>\n%s<string>", indent, key, indent);
	put_escaped(text, out);
	rmt_buf_text(out, "</string>\n");
}

/* ---- names ---- */

/* RFC 9562, 5.5: a UUID from a name in a space of our own. */
static int
make_uuid(const char *kind, struct rmt_span content, char out[UUID + 1], struct rmt_err *err)
{
	static const unsigned char space[16] = {
		0x1d, 0x5e, 0x0c, 0x52, 0x9a, 0x34, 0x4f, 0x0e, 0x8b, 0x6d, 0x52, 0x45, 0x4d, 0x49, 0x4e, 0x54
	};
	struct rmt_buf named = { 0 };
	unsigned char h[20];
	int rc;

	rmt_buf_append(&named, space, sizeof(space));
	rmt_buf_text(&named, kind);
	rmt_buf_byte(&named, 0);
	rmt_buf_span(&named, content);
	rc = rmt_buf_check(&named, err) || rmt_sha1(rmt_buf_view(&named), h, err) ? -1 : 0;
	rmt_buf_free(&named);
	if (rc)
		return -1;
	h[6] = (unsigned char)((h[6] & 0x0f) | 0x50);
	h[8] = (unsigned char)((h[8] & 0x3f) | 0x80);
	snprintf(out, UUID + 1, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", h[0], h[1], h[2], h[3],
	         h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
	return 0;
}

/* A profile that trusts CAs is named after the last of them, whatever the host: it is the same for all hosts. */
static int
name_profile(struct profile *profile, struct rmt_err *err)
{
	const struct rmt_bundle *bundle = profile->bundle;
	struct rmt_bundle last = { .leaf = NULL };
	char clean[65];
	bool leaf = profile->identity != NULL;

	for (size_t i = 0; i < profile->parts->count; i++)
		if (profile->parts->list[i].cert) {
			last.leaf = profile->parts->list[i].cert;
			leaf = leaf || last.leaf == bundle->leaf;
		}
	if (rmt_parts_label(leaf ? bundle : &last, profile->options->friendly_name, &profile->label, err))
		return -1;
	rmt_file_label(rmt_buf_string(&profile->label), clean);
	snprintf(profile->identifier, sizeof(profile->identifier), "remint.%s.%s", profile->identity ? "identity" : "trust", clean);
	return 0;
}

/* ---- payloads ---- */

/* What every payload and the profile itself state. */
static void
put_common(struct rmt_buf *out, const char *indent, const char *type, const char *name, const char *identifier, const char *uuid)
{
	put_string(out, indent, "PayloadDisplayName", name);
	put_string(out, indent, "PayloadIdentifier", identifier);
	put_string(out, indent, "PayloadType", type);
	put_string(out, indent, "PayloadUUID", uuid);
	rmt_buf_format(out, "%s<key>PayloadVersion</key>\n%s<integer>1</integer>\n", indent, indent);
}

static int
put_payload(struct profile *profile, const char *type, const struct rmt_cert *cert, struct rmt_span content, struct rmt_err *err)
{
	struct rmt_bundle only = { .leaf = cert };
	struct rmt_buf name = { 0 };
	char uuid[UUID + 1], identifier[sizeof(profile->identifier) + UUID + 1], clean[65];
	struct rmt_buf *out = profile->out;

	if (make_uuid(type, cert->der, uuid, err) || rmt_parts_label(&only, NULL, &name, err)) {
		rmt_buf_free(&name);
		return -1;
	}
	rmt_file_label(rmt_buf_string(&name), clean);
	snprintf(identifier, sizeof(identifier), "%s.%s", profile->identifier, uuid);
	rmt_buf_text(out, "\t\t<dict>\n");
	rmt_buf_format(out, "\t\t\t<key>PayloadCertificateFileName</key>\n\t\t\t<string>%s.%s</string>\n", clean,
	               cert == profile->identity ? "p12" : "cer");
	rmt_buf_text(out, "\t\t\t<key>PayloadContent</key>\n\t\t\t<data>\n");
	rmt_base64_encode(content, profile->options->width ? profile->options->width : DATA_WIDTH, "\n", out);
	rmt_buf_text(out, "\t\t\t</data>\n");
	put_common(out, "\t\t\t", type, rmt_buf_string(&name), identifier, uuid);
	rmt_buf_text(out, "\t\t</dict>\n");
	rmt_buf_free(&name);
	return rmt_buf_check(out, err);
}

/* Key and certificate; the other certificates are payloads of their own. 3DES and SHA-1 unless another profile is stated: whether
 * every system takes newer ones is not known. */
static int
put_identity(struct profile *profile, struct rmt_err *err)
{
	static char key[] = "key", leaf[] = "leaf";
	char *items[] = { key, leaf };
	struct rmt_write_options how = *profile->options;
	struct rmt_buf pfx = { 0 };
	struct rmt_parts pair;
	int rc;

	how.content = (struct rmt_text_list){ items, 2 };
	if (!how.profile)
		how.profile = "compat";
	rmt_buf_secret(&pfx);
	rc = rmt_parts_choose(&pair, profile->bundle, &how, err);
	if (!rc)
		rc = rmt_write_pfx(&pair, profile->bundle, &how, &pfx, err);
	if (!rc)
		rc = put_payload(profile, "com.apple.security.pkcs12", profile->identity, rmt_buf_view(&pfx), err);
	rmt_parts_clear(&pair);
	rmt_buf_free(&pfx);
	return rc;
}

static int
put_payloads(struct profile *profile, struct rmt_err *err)
{
	int rc = profile->identity ? put_identity(profile, err) : 0;

	for (size_t i = 0; !rc && i < profile->parts->count; i++) {
		const struct rmt_cert *cert = profile->parts->list[i].cert;

		if (cert && cert != profile->identity)
			rc = put_payload(profile, rmt_cert_self_issued(cert) ? "com.apple.security.root" : "com.apple.security.pkcs1",
			                 cert, cert->der, err);
	}
	return rc;
}

static int
put_profile(struct profile *profile, struct rmt_err *err)
{
	struct rmt_buf *out = profile->out, content = { 0 };
	char uuid[UUID + 1];
	int rc;

	for (size_t i = 0; i < profile->parts->count; i++)
		if (profile->parts->list[i].cert)
			rmt_buf_span(&content, profile->parts->list[i].cert->der);
	rc = rmt_buf_check(&content, err) || make_uuid(profile->identity ? "identity" : "trust", rmt_buf_view(&content), uuid, err) ? -1 : 0;
	rmt_buf_free(&content);
	if (rc)
		return -1;
	rmt_buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                  "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	                  "<plist version=\"1.0\">\n<dict>\n\t<key>PayloadContent</key>\n\t<array>\n");
	rc = put_payloads(profile, err);
	rmt_buf_text(out, "\t</array>\n");
	put_common(out, "\t", "Configuration", rmt_buf_string(&profile->label), profile->identifier, uuid);
	rmt_buf_text(out, "</dict>\n</plist>\n");
	return rc ? rc : rmt_buf_check(out, err);
}

int
rmt_write_mobileconfig(struct rmt_parts *parts, const struct rmt_bundle *bundle, const struct rmt_write_options *options,
                       struct rmt_buf *out, struct rmt_err *err)
{
	struct profile profile = { .bundle = bundle, .options = options, .parts = parts, .out = out };
	int rc = -1;

	for (size_t i = 0; parts->keys && i < parts->count; i++)
		if (bundle->leaf && parts->list[i].cert == bundle->leaf)
			profile.identity = bundle->leaf;
	if (parts->keys && !profile.identity)
		return rmt_err_set(err, RMT_USAGE, NULL, "a key in a configuration profile stands with its certificate");
	if (!name_profile(&profile, err))
		rc = put_profile(&profile, err);
	rmt_buf_free(&profile.label);
	return rc;
}
