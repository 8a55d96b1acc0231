/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/mobileconfig.c - Apple configuration profiles: XML property lists whose payloads are certificates, PEM files and
 * PKCS#12 containers.
 *
 * This is no XML parser. What holds a certificate is a <data> element behind <key>PayloadContent</key>, in which base64
 * stands and nothing else; all else in the document is stepped over. A profile that is signed is CMS, and only its
 * signer's certificates are read.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "read/local.h"

static struct rmt_span
without_space(struct rmt_span text)
{
	while (text.length && (text.at[0] == ' ' || (text.at[0] >= '\t' && text.at[0] <= '\r')))
		text = rmt_span_of(text.at + 1, text.length - 1);
	return text;
}

static bool
begins(struct rmt_span text, const char *word)
{
	return text.length >= strlen(word) && !strncasecmp((const char *)text.at, word, strlen(word));
}

bool
rmt_looks_plist(struct rmt_span beginning)
{
	struct rmt_span text = without_space(rmt_span_unmarked(beginning));

	return (begins(text, "<?xml") || begins(text, "<!DOCTYPE plist") || begins(text, "<plist")) &&
	       memmem(text.at, text.length, "<plist", 6);
}

/* Step over the next `mark`; false when there is none. */
static bool
step_over(struct rmt_span *rest, const char *mark)
{
	const unsigned char *at = memmem(rest->at, rest->length, mark, strlen(mark));

	if (!at)
		return false;
	at += strlen(mark);
	*rest = rmt_span_of(at, rest->length - (size_t)(at - rest->at));
	return true;
}

static int
fault(struct rmt_reading *reading, const struct rmt_object *as, const char *sentence)
{
	struct rmt_err err = { 0 };

	rmt_err_set(&err, RMT_INPUT, NULL, "%s", sentence);
	return rmt_reading_fault(reading, as, &err);
}

static int
read_as_text(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span text)
{
	struct rmt_err err = { 0 };
	struct rmt_stream *stream = rmt_stream_mem(reading->source, text, &err);
	int rc = stream ? rmt_read_text(reading, as, stream, &err) : -1;

	rmt_stream_free(stream);
	return rc && err.class ? rmt_reading_fault(reading, as, &err) : rc;
}

static int
read_payload(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span base64)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	rmt_buf_secret(&bytes);
	if (rmt_base64_decode(base64, &bytes, &err))
		rc = rmt_reading_fault(reading, as, &err);
	else if (rmt_looks_der(rmt_buf_view(&bytes)))
		rc = rmt_read_der(reading, as, rmt_buf_view(&bytes));
	else
		rc = read_as_text(reading, as, rmt_buf_view(&bytes));
	rmt_buf_free(&bytes);
	return rc;
}

int
rmt_read_mobileconfig(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_span bytes)
{
	struct rmt_object here = *as;
	struct rmt_span rest = bytes;
	char place[40];
	size_t n = 0;
	int rc = 0;

	here.container = "mobileconfig";
	while (!rc && step_over(&rest, "<key>PayloadContent</key>")) {
		const unsigned char *start;

		rest = without_space(rest);
		if (!begins(rest, "<data>")) /* the list of all payloads has the same key */
			continue;
		start = rest.at + strlen("<data>");
		snprintf(place, sizeof place, "payload[%zu]", n++);
		reading->member = place;
		if (!step_over(&rest, "</data>")) { /* nor does any that follows: they are not searched again and again */
			rc = fault(reading, &here, "the profile ends within a payload");
			break;
		}
		rc = read_payload(reading, &here, rmt_span_of(start, (size_t)(rest.at - start) - strlen("</data>")));
	}
	reading->member = NULL;
	return rc || n ? rc : read_as_text(reading, as, bytes);
}
