/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/detect.c - what lies before us, told by its first bytes and never by its name.
 *
 * Two tables: the forms of DER, which have a reader, and the magics of other files, which are only
 * named. A recogniser says yes or no; whether the thing is sound is for its reader to find out.
 *
 * To add a form of DER: (1) write its reader, (2) declare it in local.h, (3) add a row to forms[]
 * with its shape, (4) add a row to tests/unit/test_read.c.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "read/local.h"

/*
 * A shape is the beginning of a value, tag by tag: two hexadecimal digits match one value and step
 * over it, "(" enters the value just matched, ")" leaves it, "t" matches a time, "." the end of the
 * value that was entered. What a shape does not mention may be anything. The first row that fits is
 * taken.
 */
static const struct rmt_form forms[] = {
	{ "certificate", RMT_CAP_SINGLE, rmt_read_certificate, "30(30(a0" },
	{ "PKCS#7 container", RMT_CAP_CONTAINER, rmt_read_pkcs7, "30(06a0" },
	{ "PKCS#12 container", RMT_CAP_CONTAINER, rmt_read_pkcs12, "30(0230(06a0" },
	{ "private key", RMT_CAP_SINGLE, rmt_read_private, "30(0230(06)04" },
	{ "encrypted private key", RMT_CAP_SINGLE, rmt_read_private_encrypted, "30(30(06)04" },
	{ "private key", RMT_CAP_SINGLE, rmt_read_private, "30(020202020202" },
	{ "private key", RMT_CAP_SINGLE, rmt_read_private, "30(0204" },
	{ "certificate", RMT_CAP_SINGLE, rmt_read_certificate, "30(30(0230(06)3030" },
	{ "CRL", RMT_CAP_CRL, rmt_read_crl, "30(30(0230(06)30t" },
	{ "CRL", RMT_CAP_CRL, rmt_read_crl, "30(30(30(06)30t" },
	{ "certificate request", RMT_CAP_REQUEST, rmt_read_request, "30(30(023030(30(06" },
	{ "OCSP response", RMT_CAP_CONTAINER, rmt_read_ocsp, "30(0a" },
	{ "public key", RMT_CAP_SINGLE, rmt_read_public, "30(30(06)03" },
	{ "public key", RMT_CAP_SINGLE, rmt_read_public_pkcs1, "30(0202." },
	{ "path of certificates", RMT_CAP_CONTAINER, rmt_read_path_of_certificates, "30(30(30(a0" },
	{ "pair of cross certificates", RMT_CAP_CONTAINER, rmt_read_pair, "30(a0(30(30(" },
	{ "pair of cross certificates", RMT_CAP_CONTAINER, rmt_read_pair, "30(a1(30(30(" },
	{ "OCSP request", RMT_CAP_SINGLE, rmt_read_ocsp_request, "30(30(30(30(30(30(06" },
};

/* A cursor that looks at values of which only the beginning may be there. */
struct glance {
	const unsigned char *at, *end;
};

/* Read the header at the cursor, step over the value, open `inner` over as much of its content as
 * is there. */
static bool
glance_next(struct glance *cursor, unsigned char *tag, struct glance *inner)
{
	const unsigned char *at = cursor->at;
	size_t left = (size_t)(cursor->end - at), length, whole;
	unsigned octets;

	if (left < 2)
		return false;
	*tag = at[0];
	length = at[1];
	octets = length > 0x80 ? length & 0x7f : 0;
	if (octets > 8 || left < 2 + octets)
		return false;
	if (octets)
		length = 0;
	for (unsigned i = 0; i < octets; i++)
		length = length << 8 | at[2 + i];
	inner->at = at + 2 + octets;
	inner->end = cursor->end;
	if (!octets && length == 0x80) { /* indefinite: its end is wherever the walk finds it */
		whole = rmt_der_extent(rmt_span_of(at, left));
		cursor->at = whole ? at + whole : cursor->end;
		return true;
	}
	if (length < (size_t)(cursor->end - inner->at))
		inner->end = inner->at + length;
	cursor->at = inner->end;
	return true;
}

static bool
glance_ended(const struct glance *cursor)
{
	return cursor->at == cursor->end ||
	       (cursor->end - cursor->at >= 2 && !cursor->at[0] && !cursor->at[1]);
}

static unsigned
hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static bool
shape_fits(const char *shape, struct rmt_span beginning)
{
	struct glance stack[8] = { { beginning.at, beginning.at + beginning.length } },
		      inner = { 0 };
	unsigned depth = 0;
	unsigned char tag;

	for (const char *s = shape; *s; s++) {
		if (*s == '(') {
			stack[++depth] = inner;
		} else if (*s == ')') {
			depth--;
		} else if (*s == '.') {
			if (!glance_ended(&stack[depth]))
				return false;
		} else if (!glance_next(&stack[depth], &tag, &inner)) {
			return false;
		} else if (*s == 't') {
			if (tag != RMT_DER_UTC_TIME && tag != RMT_DER_GENERALIZED_TIME)
				return false;
		} else {
			if (tag != (hex_digit(s[0]) << 4 | hex_digit(s[1])))
				return false;
			s++;
		}
	}
	return true;
}

const struct rmt_form *
rmt_form_of(struct rmt_span beginning)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (shape_fits(forms[i].shape, beginning))
			return &forms[i];
	}
	return NULL;
}

const struct rmt_form *
rmt_form_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof forms / sizeof forms[0]; i++) {
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	}
	return NULL;
}

bool
rmt_looks_der(struct rmt_span beginning)
{
	const unsigned char *at = beginning.at;

	if (beginning.length < 2 || at[0] != RMT_DER_SEQUENCE)
		return false;
	if (at[1] >= 0x80)
		return at[1] <= 0x88; /* no UTF-8 text goes on like this after its "0" */
	/* A short value holds a small tag soon; a text has no such control characters. */
	for (size_t i = 2; i < beginning.length && i < 16; i++) {
		if (at[i] < '\t')
			return true;
	}
	return false;
}

rmt_read_fn *
rmt_container_of(struct rmt_span beginning)
{
	static const struct {
		const char *bytes;
		rmt_read_fn *read;
	} containers[] = {
		{ "\376\355\376\355", rmt_read_jks },
		{ "\316\316\316\316", rmt_read_jks }, /* JCEKS */
	};

	for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
		if (beginning.length >= 4 && !memcmp(beginning.at, containers[i].bytes, 4))
			return containers[i].read;
	return rmt_looks_plist(beginning) ? rmt_read_mobileconfig : NULL;
}

/* To add a file that is named but not read: one row. Text rows have length 0. */
static const struct rmt_magic magics[] = {
	{ "PK\003\004", 4, "ZIP archive", "unpack it first" },
	{ "PK\005\006", 4, "ZIP archive", "it is empty" },
	{ "\037\213", 2, "gzip archive", "unpack it first" },
	{ "BZh", 3, "bzip2 archive", "unpack it first" },
	{ "\375"
	  "7zXZ",
	    5, "xz archive", "unpack it first" },
	{ "7z\274\257\047\034", 6, "7-Zip archive", "unpack it first" },
	{ "Rar!", 4, "RAR archive", "unpack it first" },
	{ "MSCF", 4, "CAB archive", "unpack it first" },
	{ "\0\0\0\002\0\0\0\024", 8, "Bouncy Castle keystore (BKS)",
	    "make a PKCS#12 of it with keytool -importkeystore -deststoretype PKCS12" },
	{ "\0\0\0\0CERT", 8, "Windows certificate store (SST)",
	    "export its certificates as PKCS#7" },
	{ "PuTTY-User-Key-File-", 0, "PuTTY private key", "an SSH key, which no certificate uses" },
	{ "---- BEGIN SSH2 ", 0, "SSH2 public key", "an SSH key, which no certificate uses" },
	{ "ssh-", 0, "OpenSSH public key", "an SSH key, which no certificate uses" },
	{ "ecdsa-sha2-", 0, "OpenSSH public key", "an SSH key, which no certificate uses" },
	{ "sk-ssh-", 0, "OpenSSH public key", "an SSH key, which no certificate uses" },
	{ "sk-ecdsa-sha2-", 0, "OpenSSH public key", "an SSH key, which no certificate uses" },
	{ "Certificate:", 0, "certificate printed as text",
	    "the certificate itself is not in it: export it without -noout" },
	{ "Certificate Request:", 0, "certificate request printed as text",
	    "the request itself is not in it: export it without -noout" },
	{ "Certificate Revocation List (CRL):", 0, "CRL printed as text",
	    "the CRL itself is not in it: export it without -noout" },
	{ "X.509 Certificate Information:", 0, "certificate printed as text",
	    "the certificate itself is not in it: export it as a file" },
	{ "Alias name:", 0, "keystore printed as text",
	    "the certificates themselves are not in it: print them with keytool -list -rfc" },
	{ "Keystore type:", 0, "keystore printed as text",
	    "the certificates themselves are not in it: print them with keytool -list -rfc" },
	{ "<!DOCTYPE html", 0, "HTML page", "a page was saved in place of the file" },
	{ "<html", 0, "HTML page", "a page was saved in place of the file" },
	{ "<?xml", 0, "XML document", "its certificates, if any, must be taken out first" },
	{ "MIME-Version:", 0, "e-mail message", "save its attachment first" },
	{ "Received:", 0, "e-mail message", "save its attachment first" },
	{ "%PDF", 4, "a PDF document", NULL },
	{ "\211PNG", 4, "a PNG image", NULL },
	{ "\377\330\377", 3, "a JPEG image", NULL },
	{ "GIF8", 4, "a GIF image", NULL },
	{ "\177"
	  "ELF",
	    4, "an ELF program", NULL },
	{ "MZ", 2, "a Windows program", NULL },
	{ "\320\317\021\340", 4, "a Microsoft Office document", NULL },
	{ "{\\rtf", 5, "an RTF document", NULL },
	{ "SQLite format 3", 16, "an SQLite database", NULL },
	{ "#!", 2, "a script", NULL },
};

static bool
magic_fits(const struct rmt_magic *magic, struct rmt_span beginning)
{
	const unsigned char *at = beginning.at, *end = at + beginning.length;
	size_t length = magic->length;

	if (!length) {
		length = strlen(magic->bytes);
		at = rmt_span_unmarked(beginning).at;
		while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
			at++;
		return (size_t)(end - at) >= length &&
		       !strncasecmp((const char *)at, magic->bytes, length);
	}
	return beginning.length >= length && !memcmp(at, magic->bytes, length);
}

/* Alone in having its mark behind other fields, which end in a zero. */
enum { TAR_AT = 257 };
static const struct rmt_magic tar = { "ustar", 5, "tar archive", "unpack it first" };

const struct rmt_magic *
rmt_magic_of(struct rmt_span beginning)
{
	if (beginning.length >= TAR_AT + 5 && !memcmp(beginning.at + TAR_AT - 1, "\0ustar", 6))
		return &tar;
	for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
		if (magic_fits(&magics[i], beginning))
			return &magics[i];
	}
	return NULL;
}

void
rmt_describe(struct rmt_span beginning, char out[160])
{
	const struct rmt_magic *magic = rmt_magic_of(beginning);
	struct rmt_span head = beginning;
	struct rmt_buf text = { 0 };
	size_t n = 0;

	if (head.length > 40)
		head.length = 40;
	while (n < head.length && head.at[n] != '\n' && head.at[n] != '\r' &&
	       (head.at[n] == '\t' || (head.at[n] >= ' ' && head.at[n] < 0x7f)))
		n++;
	if (magic) {
		snprintf(out, 160, "starts like %s", magic->label);
	} else if (n >= 4) {
		rmt_safe_text(rmt_span_of(head.at, n), &text);
		snprintf(out, 160, "starts like text: \"%.120s\"", rmt_buf_string(&text));
	} else {
		rmt_hex(rmt_span_of(head.at, head.length < 8 ? head.length : 8), ' ', &text);
		snprintf(out, 160, "starts with the bytes %s", rmt_buf_string(&text));
	}
	rmt_buf_free(&text);
}

rmt_read_text_fn *
rmt_listing_of(struct rmt_span ahead)
{
	static const struct {
		bool (*fits)(struct rmt_span ahead);
		rmt_read_text_fn *read;
	} texts[] = {
		{ rmt_csv_fits, rmt_read_csv },
		{ rmt_dump_fits, rmt_read_dump },
		{ rmt_inf_fits, rmt_read_inf },
	};

	if (ahead.length > 11 && !memcmp(ahead.at, "-----BEGIN ", 11))
		return NULL; /* most of what there is */
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].fits(ahead))
			return texts[i].read;
	return NULL;
}
