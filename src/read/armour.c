/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/armour.c - the BEGIN and END lines of PEM (RFC 7468, 2), also as word processors, mailers
 * and people who copy by hand leave them, and what stands under each label.
 *
 * A marker that is not as it should be counts only with a label that is known, so that prose is not
 * taken for one. The body between the markers is repaired in repair.c.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "read/local.h"

/*
 * The labels that are known. READ: `name` is the form that stands under the label, as forms[] of
 * detect.c calls it. NAME: the thing is only named, with a note. Any other label is read when its
 * bytes are one of our forms. To add one: a row here and one in tests/unit/test_read.c.
 */
static const struct rmt_label labels[] = {
	{ "CERTIFICATE", RMT_LABEL_READ, "certificate", NULL },
	{ "X509 CERTIFICATE", RMT_LABEL_READ, "certificate", NULL },
	{ "TRUSTED CERTIFICATE", RMT_LABEL_READ, "certificate", NULL },
	{ "CERTIFICATE REQUEST", RMT_LABEL_READ, "certificate request", NULL },
	{ "NEW CERTIFICATE REQUEST", RMT_LABEL_READ, "certificate request", NULL },
	{ "X509 CRL", RMT_LABEL_READ, "CRL", NULL },
	{ "PKCS7", RMT_LABEL_READ, "PKCS#7 container", NULL },
	{ "PKCS #7 SIGNED DATA", RMT_LABEL_READ, "PKCS#7 container", NULL },
	{ "CMS", RMT_LABEL_READ, "PKCS#7 container", NULL },
	{ "PRIVATE KEY", RMT_LABEL_READ, "private key", NULL },
	{ "ENCRYPTED PRIVATE KEY", RMT_LABEL_READ, "encrypted private key", NULL },
	{ "RSA PRIVATE KEY", RMT_LABEL_READ, "private key", NULL },
	{ "EC PRIVATE KEY", RMT_LABEL_READ, "private key", NULL },
	{ "DSA PRIVATE KEY", RMT_LABEL_READ, "private key", NULL },
	{ "ANY PRIVATE KEY", RMT_LABEL_READ, "private key", NULL },
	{ "PUBLIC KEY", RMT_LABEL_READ, "public key", NULL },
	{ "RSA PUBLIC KEY", RMT_LABEL_READ, "public key", NULL },
	{ "OCSP RESPONSE", RMT_LABEL_READ, "OCSP response", NULL },
	{ "EC PARAMETERS", RMT_LABEL_SKIP, NULL, NULL },
	{ "DH PARAMETERS", RMT_LABEL_SKIP, NULL, NULL },
	{ "X9.42 DH PARAMETERS", RMT_LABEL_SKIP, NULL, NULL },
	{ "DSA PARAMETERS", RMT_LABEL_SKIP, NULL, NULL },
	{ "OPENSSH PRIVATE KEY", RMT_LABEL_NAME, "OpenSSH private key",
	    "make a PKCS#8 of a copy with ssh-keygen -p -m PKCS8 -f COPY" },
	{ "TSS2 PRIVATE KEY", RMT_LABEL_NAME, "TPM 2.0 private key", "only the TPM can use it" },
	{ "PGP PUBLIC KEY BLOCK", RMT_LABEL_NAME, "OpenPGP public key", "no X.509" },
	{ "PGP PRIVATE KEY BLOCK", RMT_LABEL_NAME, "OpenPGP private key", "no X.509" },
	{ "PGP MESSAGE", RMT_LABEL_NAME, "OpenPGP message", "no X.509" },
	{ "ATTRIBUTE CERTIFICATE", RMT_LABEL_NAME, "attribute certificate", NULL },
};
const struct rmt_label rmt_label_unknown = { "", RMT_LABEL_READ, NULL, NULL };

const struct rmt_label *
rmt_label_of(const char *text)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (!strcmp(labels[i].text, text))
			return &labels[i];
	return NULL;
}

/* ---- dashes ---- */

/* A run of dashes: the typewriter's, and those that a word processor puts in their place. */
struct dashes {
	size_t length; /* bytes */
	unsigned plain, typographic;
};

/* Bytes of the one dash at `at`: U+2010 to U+2015 and U+2212 in UTF-8, the two of Windows-1252. */
static size_t
typographic_dash(const unsigned char *at, const unsigned char *end)
{
	if (end - at >= 3 && at[0] == 0xe2 &&
	    ((at[1] == 0x80 && at[2] >= 0x90 && at[2] <= 0x95) || (at[1] == 0x88 && at[2] == 0x92)))
		return 3;
	return at < end && (at[0] == 0x96 || at[0] == 0x97);
}

static struct dashes
dashes_after(const unsigned char *at, const unsigned char *end, unsigned most)
{
	struct dashes run = { 0 };
	size_t one;

	while (at < end && run.plain + run.typographic < most) {
		one = *at == '-' ? 1 : typographic_dash(at, end);
		if (!one)
			break;
		run.plain += *at == '-';
		run.typographic += *at != '-';
		run.length += one;
		at += one;
	}
	return run;
}

static struct dashes
dashes_before(const unsigned char *start, const unsigned char *at)
{
	struct dashes run = { 0 };
	size_t one;

	for (; at > start; at -= one) {
		one = at[-1] == '-' ? 1 : 0;
		if (!one && at - start >= 3 && typographic_dash(at - 3, at) == 3)
			one = 3;
		if (!one && typographic_dash(at - 1, at) == 1)
			one = 1;
		if (!one)
			break;
		run.plain += at[-1] == '-';
		run.typographic += at[-1] != '-';
		run.length += one;
	}
	return run;
}

/* ---- markers ---- */

enum { DASHES = 5 };

/* The label that begins at `at`: up to two dashes, a typographic one, or the end of the line. */
static bool
take_label(const unsigned char *at, const unsigned char *end, struct rmt_marker *out)
{
	const unsigned char *close = at;
	struct rmt_span label;

	while (close < end && !typographic_dash(close, end) &&
	       !(close[0] == '-' && (end - close == 1 || close[1] == '-'))) {
		if (*close < ' ' || *close > '~' || close - at > RMT_LABEL_MAX + 2)
			return false;
		close++;
	}
	label = rmt_trim(" ", rmt_span_of(at, (size_t)(close - at)));
	if (!label.length || label.length > RMT_LABEL_MAX)
		return false;
	out->blanks = label.length != (size_t)(close - at);
	memcpy(out->label, label.at, label.length);
	out->label[label.length] = '\0';
	out->rest = rmt_span_of(close, (size_t)(end - close));
	return true;
}

/* May a BEGIN follow this on its line: behind a quotation mark, a key of a format of settings, a
 * mark of a quoted mail, a tag? */
static bool
may_precede(struct rmt_span before)
{
	unsigned char last;

	before = rmt_trim(" ", before);
	if (!before.length)
		return true;
	last = before.at[before.length - 1];
	if (last == 'n' || last == 'r')
		return before.length > 1 && before.at[before.length - 2] == '\\';
	return memchr("\"'`:=>,;|([{*#", last, 14) != NULL;
}

static const char *
fault_of_dashes(const struct rmt_marker *marker, struct dashes open, struct dashes close)
{
	if (open.typographic || close.typographic)
		return marker->end ? "its END line has typographic dashes"
				   : "its BEGIN line has typographic dashes";
	if (open.plain < DASHES || close.plain < DASHES)
		return marker->end ? "its END line has too few dashes"
				   : "its BEGIN line has too few dashes";
	if (open.plain > DASHES)
		return marker->end ? "its END line has too many dashes"
				   : "its BEGIN line has too many dashes";
	return marker->blanks ? "there are blanks around its label" : NULL;
}

/* The marker whose keyword stands at `at`. */
static bool
marker_at(struct rmt_span line, const unsigned char *at, bool strict, struct rmt_marker *out)
{
	const unsigned char *end = line.at + line.length, *open = at;
	struct dashes before, after;

	out->end = *at == 'E';
	if (!take_label(at + (out->end ? 4 : 6), end, out))
		return false;
	if (open > line.at && open[-1] == ' ') {
		open--;
		out->blanks = true;
	}
	before = dashes_before(line.at, open);
	after = dashes_after(out->rest.at, end, DASHES);
	out->before = rmt_span_of(line.at, (size_t)(open - line.at) - before.length);
	out->rest =
	    rmt_span_of(out->rest.at + after.length, (size_t)(end - out->rest.at) - after.length);
	out->note = fault_of_dashes(out, before, after);
	if (strict)
		return !out->note && (out->end || !out->before.length);
	if (!out->end && !may_precede(out->before))
		return false;
	if (!out->note && !out->before.length)
		return true;
	if (!before.length && (out->before.length || out->rest.length))
		return false; /* the bare word: only alone on its line */
	return rmt_label_of(out->label) != NULL || (out->end && !out->note);
}

bool
rmt_marker_find(struct rmt_span line, bool strict, struct rmt_marker *out)
{
	const unsigned char *end = line.at + line.length, *at = line.at;

	/* The keyword and its blank: what has no blank has no marker. */
	for (; (at = memchr(at, ' ', (size_t)(end - at))); at++) {
		const unsigned char *word = NULL;

		*out = (struct rmt_marker){ 0 };
		if (at - line.at >= 5 && !memcmp(at - 5, "BEGIN", 5))
			word = at - 5;
		else if (at - line.at >= 3 && !memcmp(at - 3, "END", 3))
			word = at - 3;
		if (word && marker_at(line, word, strict, out))
			return true;
	}
	return false;
}
