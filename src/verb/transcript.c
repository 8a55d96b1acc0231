/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transcript.c - the form of a ceremony's record: text for people whose lines "name = value" a program reads too, the certificates that
 * were made, and behind it all the root's own signature.
 *
 * Whoever has the root's certificate can check it. There is one way only to write the signature, which is held against what stands there,
 * so that no byte of the whole can be another. The first line is no beginning of anything in DER: the root never signs here what could
 * be taken for a certificate or a CRL. What is said in the record is ceremony.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

const char rmt_transcript_title[] = "TRANSCRIPT OF A CA CEREMONY (remint, format 1)";
static const char seal[] = "\n[signature of the root]\n";

/* ---- the seal ------------------------------------------------------------------------------------------------------------------- */

/* What is signed ends with how it is signed, so that this cannot be another either. */
static int begin_seal(struct rmt_span algorithm, struct rmt_buf *out, struct rmt_err *err)
{
	rmt_buf_text(out, seal);
	rmt_buf_text(out, "algorithm = ");
	rmt_hex(algorithm, 0, out);
	rmt_buf_text(out, "\ncovers = every byte up to the end of this line\n");
	return rmt_buf_check(out, err);
}

/* The one way to write the rest. */
static int end_seal(struct rmt_span covered, struct rmt_span signature, struct rmt_buf *out, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_sha256(covered, hash, err))
		return -1;
	rmt_buf_text(out, "sha256 = ");
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, out);
	rmt_buf_text(out, "\nvalue =\n");
	rmt_base64_encode(signature, 64, "\n", out);
	return rmt_buf_check(out, err);
}

int rmt_transcript_seal(struct rmt_buf *text, struct rmt_signer *signer, struct rmt_err *err)
{
	struct rmt_buf signature = {0}, end = {0};
	int rc = begin_seal(rmt_signer_algorithm(signer), text, err);

	if (rc == 0)
		rc = rmt_signer_sign(signer, rmt_buf_view(text), &signature, err);
	if (rc == 0)
		rc = end_seal(rmt_buf_view(text), rmt_buf_view(&signature), &end, err);
	rmt_buf_span(text, rmt_buf_view(&end));
	rmt_buf_free(&signature);
	rmt_buf_free(&end);
	return rc ? -1 : rmt_buf_check(text, err);
}

/* Where the seal begins: the last place that looks like it; 0: nowhere. */
static size_t seal_place(struct rmt_span text)
{
	size_t length = strlen(seal);

	for (size_t at = text.length >= length ? text.length - length : 0; at > 0; at--)
		if (memcmp(text.at + at, seal, length) == 0)
			return at;
	return 0;
}

/* What stands between two texts in the seal. */
static bool between(struct rmt_span text, const char *before, const char *after, struct rmt_span *out)
{
	const unsigned char *from = memmem(text.at, text.length, before, strlen(before)), *end = text.at + text.length, *to;

	if (!from)
		return false;
	from += strlen(before);
	to = after ? memmem(from, (size_t)(end - from), after, strlen(after)) : end;
	if (!to)
		return false;
	*out = rmt_span_of(from, (size_t)(to - from));
	return true;
}

/* Read the seal that begins at `at`, write it anew, and compare: what differs was altered. `covered` grows by what of it is signed. */
static int read_seal(struct rmt_span text, struct rmt_span *covered, struct rmt_buf *algorithm, struct rmt_buf *signature, struct rmt_err *err)
{
	struct rmt_span whole = rmt_span_of(text.at + covered->length, text.length - covered->length), hex, value;
	struct rmt_buf anew = {0}, line = {0};
	int rc = -1;

	if (between(whole, "\nalgorithm = ", "\n", &hex) && between(whole, "\nvalue =\n", NULL, &value)) {
		rmt_buf_span(&line, hex);
		if (rmt_buf_check(&line, err) == 0 && rmt_hex_decode(rmt_buf_string(&line), algorithm, NULL) == 0 &&
		    rmt_base64_decode(value, signature, NULL) == 0)
			rc = begin_seal(rmt_buf_view(algorithm), &anew, err);
	}
	if (rc == 0 && covered->length + anew.length <= text.length) {
		covered->length += anew.length;
		rc = end_seal(*covered, rmt_buf_view(signature), &anew, err);
	}
	if (rc || !rmt_span_equal(rmt_buf_view(&anew), whole))
		rc = rmt_err_set(err, RMT_NEGATIVE, NULL, "the transcript was altered: its text has not the hash that was signed");
	rmt_buf_free(&anew);
	rmt_buf_free(&line);
	return rc;
}

/* ---- the certificates ------------------------------------------------------------------------------------------------------------- */

/* Every block is a certificate; they stand as they were written, which the signature covers. */
static int read_certs(struct rmt_transcript *out, struct rmt_err *err)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n", end[] = "-----END CERTIFICATE-----\n";
	struct rmt_span rest = out->covered, body;
	struct rmt_buf der = {0};
	int rc = 0;

	while (rc == 0 && between(rest, begin, end, &body)) {
		size_t past = (size_t)(body.at + body.length - rest.at) + strlen(end);

		rmt_buf_clear(&der);
		if (out->cert_count == RMT_TRANSCRIPT_CERTS || rmt_base64_decode(body, &der, NULL) ||
		    !(out->certs[out->cert_count] = rmt_cert_new(rmt_buf_view(&der), RMT_TOLERANT, NULL)))
			rc = rmt_err_set(err, RMT_NEGATIVE, NULL, "the transcript was altered: a certificate in it cannot be read");
		else
			out->cert_count++;
		rest = rmt_span_of(rest.at + past, rest.length - past);
	}
	rmt_buf_free(&der);
	if (rc == 0 && !out->cert_count)
		rc = rmt_err_set(err, RMT_NEGATIVE, NULL, "the transcript was altered: the root's certificate is not in it");
	return rc;
}

/* ---- taking apart ------------------------------------------------------------------------------------------------------------------ */

static int check_signature(const struct rmt_transcript *transcript, const struct rmt_buf *algorithm, const struct rmt_buf *signature,
                           struct rmt_err *err)
{
	struct rmt_checker *checker = rmt_checker_new(err);
	int rc = -1;

	if (checker && rmt_checker_verify(checker, transcript->covered, rmt_buf_view(algorithm), rmt_buf_view(signature),
	                                  transcript->certs[0]->spki, NULL) == 0)
		rc = 0;
	else if (checker)
		rmt_err_set(err, RMT_NEGATIVE, NULL, "the transcript was altered: the signature of the root does not hold");
	rmt_checker_free(checker);
	return rc;
}

int rmt_transcript_open(struct rmt_span text, struct rmt_transcript *out, struct rmt_err *err)
{
	struct rmt_buf algorithm = {0}, signature = {0};
	size_t title = strlen(rmt_transcript_title), at = seal_place(text);
	int rc = -1;

	*out = (struct rmt_transcript){.covered = {text.at, at}};
	if (!at)
		return rmt_err_set(err, text.length > title && memcmp(text.at, rmt_transcript_title, title) == 0 ? RMT_NEGATIVE : RMT_INPUT, NULL,
		                   "this is no transcript of a ceremony, or its signature was cut off");
	if (at <= title || memcmp(text.at, rmt_transcript_title, title) != 0) {
		rmt_err_set(err, RMT_NEGATIVE, NULL, "the transcript was altered: its first line is another");
		goto out;
	}
	if (read_seal(text, &out->covered, &algorithm, &signature, err) == 0 && read_certs(out, err) == 0)
		rc = check_signature(out, &algorithm, &signature, err);
out:
	rmt_buf_free(&algorithm);
	rmt_buf_free(&signature);
	if (rc)
		rmt_transcript_clear(out);
	return rc;
}

void rmt_transcript_clear(struct rmt_transcript *transcript)
{
	for (size_t i = 0; i < transcript->cert_count; i++)
		rmt_cert_free(transcript->certs[i]);
	*transcript = (struct rmt_transcript){0};
}

int rmt_transcript_field(const struct rmt_transcript *transcript, const char *name, size_t *at, struct rmt_span *value)
{
	struct rmt_span text = transcript->covered;
	size_t length = strlen(name);

	while (*at < text.length) {
		const unsigned char *line = text.at + *at, *end = memchr(line, '\n', text.length - *at);
		size_t size = end ? (size_t)(end - line) : text.length - *at;

		*at += size + 1;
		if (size < length + 3 || memcmp(line, name, length) != 0 || memcmp(line + length, " = ", 3) != 0)
			continue;
		*value = rmt_span_of(line + length + 3, size - length - 3);
		return 1;
	}
	return 0;
}
