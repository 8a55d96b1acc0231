/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/hint.c - what a person should know about a file beyond what is in it: a name that promises
 * something else, and a web page that was saved in place of a certificate.
 *
 * Nothing is detected here: what a file is has been told by its content.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "read/local.h"

/* ---- names ---- */

/* What is in a file, as far as its name can be wrong about it. */
enum content { CERTIFICATE = 1, KEY = 2, REQUEST = 4, PKCS7 = 8, PFX = 16 };

/* A name with this ending over content that has none of `lacks` and one of `has`. */
static const struct {
	const char *endings;
	int lacks, has;
	const char *note;
} names[] = {
	{ ".pfx.p12", PFX, PKCS7,
	    "named like a PFX, but it is a PKCS#7: there is no private key in it, export it again "
	    "with the key" },
	{ ".pfx.p12", PFX | KEY, CERTIFICATE,
	    "named like a PFX, but it is a certificate without a private key" },
	{ ".p7b.p7c.p7s.spc", 0, PFX,
	    "named like a PKCS#7, but it is a PFX: there may be a private key in it" },
	{ ".key", KEY | PFX, CERTIFICATE | PKCS7,
	    "named like a private key, but there is none in it: it is a certificate" },
	{ ".key", KEY | PFX, REQUEST,
	    "named like a private key, but there is none in it: it is a certificate request" },
	{ ".csr.req.p10", REQUEST | PKCS7, CERTIFICATE,
	    "named like a request, but it is a certificate already" },
	{ ".cer.crt.cert", CERTIFICATE | PKCS7 | PFX, REQUEST,
	    "named like a certificate, but it is still a request: its CA has to sign it" },
	{ ".cer.crt.cert", CERTIFICATE | REQUEST | PKCS7 | PFX, KEY,
	    "named like a certificate, but it is a private key: keep it from others" },
};

static bool
is_in(struct rmt_span text, const char *word)
{
	return memmem(text.at, text.length, word, strlen(word)) != NULL;
}

static int
content_of(struct rmt_span ahead)
{
	const struct rmt_form *form = rmt_looks_der(ahead) ? rmt_form_of(ahead) : NULL;
	int content = 0;

	if (form)
		return form->read == rmt_read_certificate         ? CERTIFICATE
		       : form->read == rmt_read_request           ? REQUEST
		       : form->read == rmt_read_pkcs7             ? PKCS7
		       : form->read == rmt_read_pkcs12            ? PFX
		       : form->read == rmt_read_private           ? KEY
		       : form->read == rmt_read_private_encrypted ? KEY
								  : 0;
	content |= is_in(ahead, "BEGIN CERTIFICATE-") || is_in(ahead, "X509 CERTIFICATE-") ||
			   is_in(ahead, "TRUSTED CERTIFICATE-")
		       ? CERTIFICATE
		       : 0;
	content |= is_in(ahead, "PRIVATE KEY-") ? KEY : 0;
	content |= is_in(ahead, "CERTIFICATE REQUEST-") ? REQUEST : 0;
	content |= is_in(ahead, "BEGIN PKCS7-") || is_in(ahead, "BEGIN CMS-") ? PKCS7 : 0;
	content |= is_in(ahead, "BEGIN PKCS12-") || is_in(ahead, "BEGIN PFX-") ? PFX : 0;
	return content;
}

const char *
rmt_hint_of_name(const char *source, struct rmt_span ahead)
{
	const char *ending = strrchr(source, '.'), *found;
	size_t length = ending ? strlen(ending) : 0;
	int content = -1;

	if (length < 3 || length > 5)
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		found = strcasestr(names[i].endings, ending);
		if (!found || (found[length] && found[length] != '.'))
			continue;
		if (content < 0)
			content = content_of(ahead);
		if ((content & names[i].has) && !(content & names[i].lacks))
			return names[i].note;
	}
	return NULL;
}

/* ---- pages ---- */

/* The number behind a word, as text; "" for none. */
static void
number_behind(struct rmt_span page, const char *word, char out[16])
{
	const unsigned char *at = memmem(page.at, page.length, word, strlen(word)),
			    *end = page.at + page.length;
	size_t length = 0;

	out[0] = '\0';
	if (!at)
		return;
	for (at += strlen(word); at < end && length < 15 && *at >= '0' && *at <= '9'; at++)
		out[length++] = (char)*at;
	out[length] = '\0';
}

/* What stands in quotation marks behind a word. */
static void
quoted_behind(struct rmt_span page, const char *word, char out[100])
{
	const unsigned char *at = memmem(page.at, page.length, word, strlen(word)),
			    *end = page.at + page.length;
	size_t length = 0;

	out[0] = '\0';
	if (!at || !(at = memchr(at, '"', (size_t)(end - at))))
		return;
	for (at++; at < end && length < 99 && *at >= ' ' && *at < 0x7f && !memchr("\"<", *at, 2);
	     at++)
		out[length++] = (char)*at;
	out[length] = '\0';
}

/* The pages of AD CS web enrolment, by the words that its clients go by. */
bool
rmt_hint_of_page(struct rmt_span page, char note[256])
{
	char id[16], why[100];

	number_behind(page, "Your Request Id is ", id);
	if (!*id)
		number_behind(page, "ReqID=", id);
	quoted_behind(page, "The disposition message is", why);
	if (is_in(page, "Denied by") || is_in(page, "Certificate Request Denied"))
		snprintf(note, 256,
		    "a page of the CA's web site: request %s was denied (%s): see the CA's failed "
		    "requests for the reason",
		    *id ? id : "of unknown number", *why ? why : "no reason given");
	else if (is_in(page, "Certificate Pending") || is_in(page, "Taken Under Submission"))
		snprintf(note, 256,
		    "a page of the CA's web site: request %s is pending: fetch the certificate "
		    "when the CA has issued it",
		    *id ? id : "of unknown number");
	else if (is_in(page, "certnew.cer?ReqID="))
		snprintf(note, 256,
		    "a page of the CA's web site: fetch the certificate itself, "
		    "certnew.cer?ReqID=%s&Enc=b64",
		    id);
	else if (is_in(page, "401") &&
		 (is_in(page, "nauthorized") || is_in(page, "not authorized")))
		snprintf(note, 256,
		    "the page with which the server refused to let somebody in: log on, and fetch "
		    "the file again");
	else if (is_in(page, "certsrv"))
		snprintf(note, 256,
		    "a page of the CA's web site was saved in place of the certificate: fetch that "
		    "with \"Download certificate\"");
	else
		return false;
	return true;
}
