/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/object.c - one object on its way to the caller, and its copy.
 *
 * The only place where the callbacks for objects and faults are called. It does not read anything.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/local.h"

const char *
rmt_object_type_name(enum rmt_object_type type)
{
	static const char *const names[] = {
		[RMT_OBJECT_CERTIFICATE] = "certificate",
		[RMT_OBJECT_PRIVATE_KEY] = "private-key",
		[RMT_OBJECT_PUBLIC_KEY] = "public-key",
		[RMT_OBJECT_REQUEST] = "request",
		[RMT_OBJECT_CRL] = "crl",
		[RMT_OBJECT_OCSP_RESPONSE] = "ocsp-response",
		[RMT_OBJECT_LISTING] = "listing",
		[RMT_OBJECT_REQUEST_DESCRIPTION] = "request-description",
		[RMT_OBJECT_UNSUPPORTED] = "unsupported",
	};

	return names[type];
}

/* What the row of a listing says of what stands in it, where that matters. */
static const char *
note_of_row(const struct rmt_listing *row, const struct rmt_cert *cert, char out[256])
{
	const char *disposition = rmt_listing_get(row, "disposition");
	const char *serial = rmt_listing_get(row, "serial");
	struct rmt_buf own = { 0 }, reversed = { 0 };

	out[0] = '\0';
	if (disposition && !strncmp(disposition, "21 ", 3))
		snprintf(out, 256, "revoked, as its row says");
	if (serial && cert) {
		while (serial[0] == '0' && serial[1] == '0' && serial[2])
			serial += 2;
		rmt_serial_hex(cert->serial, &own);
		for (size_t i = own.length; i >= 2; i -= 2)
			rmt_buf_append(&reversed, own.bytes + i - 2, 2);
		if (!strcmp(rmt_buf_string(&reversed), serial) &&
		    strcmp(rmt_buf_string(&own), serial) != 0)
			snprintf(out, 256, "its row has the serial number with its bytes reversed");
		else if (strcmp(rmt_buf_string(&own), serial) != 0)
			snprintf(out, 256, "its row has another serial number: %.80s", serial);
	}
	rmt_buf_free(&own);
	rmt_buf_free(&reversed);
	return *out ? out : NULL;
}

int
rmt_reading_hand(struct rmt_reading *reading, struct rmt_object *object)
{
	char note[256], joined[256];

	if (reading->row && !object->listing) {
		object->listing = reading->row;
		object->note = rmt_note_join(
		    object->note, note_of_row(reading->row, object->cert, note), joined);
	}
	object->source = reading->source;
	object->index = ++reading->objects;
	return reading->reader->object ? reading->reader->object(reading->reader->arg, object) : 0;
}

int
rmt_reading_fault(struct rmt_reading *reading, const struct rmt_object *as, struct rmt_err *err)
{
	const char *member = reading->member ? reading->member : "";
	char inner[sizeof err->place], line[32] = "";
	int stop = 0;

	reading->faults++;
	rmt_err_source(err, reading->source);
	if (as->line)
		snprintf(line, sizeof line, "line %zu", as->line);
	memcpy(inner, err->place, sizeof inner);
	snprintf(err->place, sizeof err->place, "%s%s%.60s%s%.60s", line,
	    *line && *member ? ", " : "", member, (*line || *member) && *inner ? ", " : "", inner);
	if (reading->reader->fault)
		stop = reading->reader->fault(reading->reader->arg, err);
	rmt_err_clear(err);
	return stop;
}

uint64_t
rmt_reading_most(const struct rmt_reading *reading)
{
	uint64_t most = reading->reader->max_iterations;

	return most ? most : RMT_ITERATIONS_MAX;
}

int
rmt_reading_spend(struct rmt_reading *reading, uint64_t iterations, struct rmt_err *err)
{
	uint64_t most = rmt_reading_most(reading);

	if (iterations <= most && reading->spent <= most - iterations) {
		reading->spent += iterations;
		return 0;
	}
	return rmt_err_set(err, RMT_POLICY, NULL,
	    "the passphrase would be hashed %llu times, after %llu times for what else is in this file, "
	    "and --max-iterations allows %llu for all of it",
	    (unsigned long long)iterations, (unsigned long long)reading->spent, (unsigned long long)most);
}

int
rmt_reading_unsupported(
    struct rmt_reading *reading, const struct rmt_object *as, const char *label, const char *note)
{
	struct rmt_object object = *as;
	char joined[256];

	object.type = RMT_OBJECT_UNSUPPORTED;
	object.label = label;
	object.note = rmt_note_join(as->note, note, joined);
	return rmt_reading_hand(reading, &object);
}

int
rmt_reading_line(struct rmt_reading *reading, struct rmt_stream *stream, size_t cap, size_t more,
    struct rmt_span *line, bool *whole, struct rmt_err *err)
{
	size_t met = reading->objects + reading->faults;
	uint64_t offset = rmt_stream_offset(stream);

	if (met != reading->met) {
		reading->met = met;
		reading->met_at = offset;
	}
	if (!rmt_stream_endless(stream) || offset - reading->met_at <= RMT_CAP_CONTAINER + (uint64_t)more)
		return rmt_stream_line(stream, cap, line, whole, err);
	rmt_err_set(err, RMT_INPUT, NULL,
	    "nothing comes in more than 16 MiB of text: what follows is not read");
	rmt_err_source(err, reading->source);
	return -1;
}

const char *
rmt_note_join(const char *a, const char *b, char out[256])
{
	if (!a || !b)
		return a ? a : b;
	snprintf(out, 256, "%s; %s", a, b);
	return out;
}

/* "an OpenSSH private key", "a ZIP archive": capitals are spelt out. */
static bool
begins_with_vowel(const char *text)
{
	bool spelt = text[0] && text[1] >= 'A' && text[1] <= 'Z';

	return *text && strchr(spelt ? "AEFHILMNOSX" : "AEIOaeio", *text);
}

void
rmt_contents_note(struct rmt_contents *found, const struct rmt_object *object)
{
	const char *label = object->label ? object->label : "file";

	found->types[object->type]++;
	if (object->type == RMT_OBJECT_UNSUPPORTED && !found->unread[0])
		snprintf(found->unread, sizeof found->unread, "%s %.80s%s%.100s",
		    begins_with_vowel(label) ? "an" : "a", label, object->note ? ": " : "",
		    object->note ? object->note : "");
}

/* What is there in place of what is wanted, and what to do about it. The first row of what is there counts. */
static const struct instead {
	enum rmt_object_type type;
	const char *wanted; /* as rmt_contents_without() has it; NULL: whatever it is */
	const char *sentence;
} insteads[] = {
	{ RMT_OBJECT_REQUEST, "certificate", "a certificate request: a CA has to sign it first" },
	{ RMT_OBJECT_CERTIFICATE, "certificate request",
	    "a certificate, which is signed already: remint reissue makes a new one for it" },
	{ RMT_OBJECT_LISTING, "certificate request",
	    "what a CA's listing says of some: the request itself is in the column RawRequest (certutil "
	    "-view -out \"...,Request.RawRequest\")" },
	{ RMT_OBJECT_LISTING, "certificate",
	    "what a CA's listing says of some: list them again with the column RawCertificate "
	    "(certutil -view -out \"...,RawCertificate\")" },
	{ RMT_OBJECT_LISTING, NULL, "what a CA's listing says" },
	{ RMT_OBJECT_REQUEST_DESCRIPTION, "certificate request",
	    "certreq's description of one: make the request with certreq -new" },
	{ RMT_OBJECT_REQUEST_DESCRIPTION, NULL,
	    "certreq's description of a request: make the request with certreq -new, and let a CA sign it" },
	{ RMT_OBJECT_PRIVATE_KEY, "certificate", "a private key: the certificate is in another file" },
	{ RMT_OBJECT_PRIVATE_KEY, "certificate request", "a private key: the request is in another file" },
	{ RMT_OBJECT_CERTIFICATE, "certificate", "certificates of CAs" }, /* of those that another CA could have made */
	{ RMT_OBJECT_CERTIFICATE, NULL, "a certificate" },
	{ RMT_OBJECT_REQUEST, NULL, "a certificate request" },
	{ RMT_OBJECT_PRIVATE_KEY, NULL, "a private key" },
	{ RMT_OBJECT_PUBLIC_KEY, NULL, "a public key" },
	{ RMT_OBJECT_CRL, NULL, "a CRL" },
	{ RMT_OBJECT_OCSP_RESPONSE, NULL, "an OCSP response" },
};

void
rmt_contents_without(const struct rmt_contents *found, const char *wanted, char out[320])
{
	const char *instead = found->unread[0] ? found->unread : NULL;

	for (size_t i = sizeof insteads / sizeof insteads[0]; i--;) {
		const char *for_whom = insteads[i].wanted;

		/* "certificate that a CA could have made": the longer word begins with the shorter one */
		if (found->types[insteads[i].type] &&
		    (!for_whom || !strcmp(for_whom, wanted) ||
			(!strcmp(for_whom, "certificate") && !strncmp(wanted, "certificate that ", 17))))
			instead = insteads[i].sentence;
	}
	snprintf(out, 320, "holds no %s%s%s", wanted, instead ? ", only " : "", instead ? instead : "");
}

/* The copy owns its texts and bytes; the object comes first, so that a pointer to it is one to the
 * whole. */
struct kept {
	struct rmt_object object;
	char *source, *label, *friendly_name, *note, *endpoint, *address;
	unsigned char *der, *spki, *local_key_id;
	struct rmt_cert *cert;
	struct rmt_request *request;
	struct rmt_crl *crl;
	struct rmt_key *key;
	struct rmt_listing *listing;
};

static int
keep_text(const char *text, char **owned, const char **view, struct rmt_err *err)
{
	if (!text)
		return 0;
	if (!(*owned = rmt_strdup(text, err)))
		return -1;
	*view = *owned;
	return 0;
}

static int
keep_bytes(struct rmt_span bytes, unsigned char **owned, struct rmt_span *view, struct rmt_err *err)
{
	if (!bytes.length)
		return 0;
	if (!(*owned = malloc(bytes.length)))
		return rmt_err_memory(err);
	memcpy(*owned, bytes.at, bytes.length);
	*view = rmt_span_of(*owned, bytes.length);
	return 0;
}

static int
keep_parsed(struct kept *kept, const struct rmt_object *object, struct rmt_err *err)
{
	if (object->cert) {
		if (!(kept->cert = rmt_cert_dup(object->cert, err)))
			return -1;
		kept->object.cert = kept->cert;
		kept->object.der = kept->cert->der;
		kept->object.spki = kept->cert->spki;
	}
	if (object->request) {
		if (!(kept->request = rmt_request_new(object->request->der, err)))
			return -1;
		kept->object.request = kept->request;
	}
	if (object->crl) {
		if (!(kept->crl = rmt_crl_new(object->crl->der, RMT_TOLERANT, err)))
			return -1;
		kept->object.crl = kept->crl;
	}
	if (object->listing) {
		if (!(kept->listing = rmt_listing_dup(object->listing, err)))
			return -1;
		kept->object.listing = kept->listing;
	}
	if (object->key) {
		if (!(kept->key = rmt_key_dup(object->key, err)))
			return -1;
		kept->object.key = kept->key;
	}
	return 0;
}

struct rmt_object *
rmt_object_dup(const struct rmt_object *object, struct rmt_err *err)
{
	struct kept *kept = calloc(1, sizeof *kept);

	if (!kept) {
		rmt_err_memory(err);
		return NULL;
	}
	kept->object = *object;
	if (keep_text(object->source, &kept->source, &kept->object.source, err) ||
	    keep_text(object->label, &kept->label, &kept->object.label, err) ||
	    keep_text(
		object->friendly_name, &kept->friendly_name, &kept->object.friendly_name, err) ||
	    keep_text(object->note, &kept->note, &kept->object.note, err) ||
	    keep_text(object->endpoint, &kept->endpoint, &kept->object.endpoint, err) ||
	    keep_text(object->address, &kept->address, &kept->object.address, err) ||
	    (!object->cert && /* whose copy has them */
		(keep_bytes(object->der, &kept->der, &kept->object.der, err) ||
		    keep_bytes(object->spki, &kept->spki, &kept->object.spki, err))) ||
	    keep_bytes(
		object->local_key_id, &kept->local_key_id, &kept->object.local_key_id, err) ||
	    keep_parsed(kept, object, err)) {
		rmt_object_free(&kept->object);
		return NULL;
	}
	return &kept->object;
}

void
rmt_object_free(struct rmt_object *object)
{
	struct kept *kept = (struct kept *)object;

	if (!kept)
		return;
	free(kept->source);
	free(kept->label);
	free(kept->friendly_name);
	free(kept->note);
	free(kept->endpoint);
	free(kept->address);
	free(kept->der);
	free(kept->spki);
	free(kept->local_key_id);
	rmt_cert_free(kept->cert);
	rmt_request_free(kept->request);
	rmt_crl_free(kept->crl);
	rmt_key_free(kept->key);
	free(kept->listing);
	free(kept);
}
