/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.c - remint_show(): every object of every input, described one after the other.
 *
 * But for the hashes of a few keys nothing is kept between objects, so that a pile of any size is shown in constant memory. What is shown is what
 * stands in the bytes; whether it is good is the audit's question.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

/* Whose key is whose, as long as it is a handful that a person put together and not a pile. */
enum { WATCHED_MOST = 32 };
struct watched {
	unsigned char spki[RMT_SHA256];
	char source[256];
	bool key;
	enum { OWNER_NONE, OWNER_REQUEST, OWNER_CA, OWNER_LEAF } owner; /* who may have meant it, the likeliest last */
};

struct show {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	const struct remint_show_options *options;
	remint_object_fn *object;
	void *arg;
	struct rmt_arena arena;
	struct watched watched[WATCHED_MOST];
	size_t watched_count; /* WATCHED_MOST + 1: there were more, and nothing is said */
};

/* ---- a key and its certificate ---------------------------------------------------------------------------------------- */

static int watch(struct show *show, const struct rmt_object *object)
{
	struct watched *watched = show->watched + show->watched_count;

	if (!object->spki.length || object->endpoint || (object->type != RMT_OBJECT_PRIVATE_KEY && !object->cert && !object->request))
		return 0;
	if (show->watched_count >= WATCHED_MOST) {
		show->watched_count = WATCHED_MOST + 1;
		return 0;
	}
	if (rmt_spki_hash(object->spki, watched->spki, &show->ctx->err))
		return -1;
	snprintf(watched->source, sizeof watched->source, "%s", object->source);
	watched->key = object->type == RMT_OBJECT_PRIVATE_KEY;
	watched->owner = object->request                 ? OWNER_REQUEST
	                 : !object->cert                 ? OWNER_NONE
	                 : rmt_cert_is_ca(object->cert) ? OWNER_CA
	                                                 : OWNER_LEAF;
	show->watched_count++;
	return 0;
}

static bool has_owner(const struct show *show, const struct watched *key)
{
	for (size_t i = 0; i < show->watched_count; i++)
		if (!show->watched[i].key && memcmp(show->watched[i].spki, key->spki, RMT_SHA256) == 0)
			return true;
	return false;
}

/* For a person, and for a program. */
static int say_stray(struct show *show, const struct watched *key, const struct watched *other)
{
	const char *what = other->owner == OWNER_REQUEST ? "request" : "certificate";
	struct rmt_buf hashes = {0};
	struct remint_stray_key stray = {.source = key->source, .beside = other->source};
	size_t second;
	int rc;

	rmt_hex(rmt_span_of(key->spki, RMT_SHA256), 0, &hashes);
	rmt_buf_byte(&hashes, 0);
	second = hashes.length;
	rmt_hex(rmt_span_of(other->spki, RMT_SHA256), 0, &hashes);
	rc = rmt_buf_check(&hashes, &show->ctx->err);
	if (rc == 0) {
		stray.spki_sha256 = rmt_buf_string(&hashes);
		stray.beside_spki_sha256 = rmt_buf_string(&hashes) + second;
		rmt_verb_warn(show->ctx, "%s: the key belongs to another %s: SPKI %s, and that of the %s in %s is %s", key->source, what,
		              stray.spki_sha256, what, other->source, stray.beside_spki_sha256);
	}
	if (rc == 0 && show->options->stray_key)
		rc = show->options->stray_key(show->arg, &stray);
	rmt_buf_free(&hashes);
	return rc;
}

/* A key that belongs to none of the certificates and requests beside it is the commonest mistake there is. */
static int say_whose_keys(struct show *show)
{
	const struct watched *other = NULL;
	int rc = 0;

	for (size_t i = 0; show->watched_count <= WATCHED_MOST && i < show->watched_count; i++)
		if (show->watched[i].owner && (!other || show->watched[i].owner >= other->owner))
			other = &show->watched[i];
	for (size_t i = 0; rc == 0 && other && i < show->watched_count; i++)
		if (show->watched[i].key && !has_owner(show, &show->watched[i]))
			rc = say_stray(show, &show->watched[i], other);
	return rc;
}

/* ---- one object --------------------------------------------------------------------------------------------------------- */

static void describe_extensions(struct rmt_arena *arena, const struct rmt_extensions *list, struct remint_object *out)
{
	struct remint_extension *to = rmt_arena_take(arena, (list->count + 1) * sizeof *to);

	if (!to)
		return;
	for (unsigned i = 0; i < list->count; i++) {
		const struct rmt_ext *ext = &list->list[i];

		rmt_oid_text(ext->oid, &arena->scratch);
		to[i].name = rmt_arena_scratch(arena);
		rmt_oid_dotted(ext->oid, &arena->scratch);
		to[i].oid = rmt_arena_scratch(arena);
		rmt_ext_print(ext, &arena->scratch);
		to[i].text = rmt_arena_scratch(arena);
		to[i].critical = ext->critical;
	}
	out->extensions = to;
	out->extension_count = list->count;
	out->names = rmt_arena_names(arena, list);
}

static void describe_deviations(struct rmt_arena *arena, const struct rmt_notes *notes, struct remint_object *out)
{
	unsigned kept = notes->count < RMT_NOTES_MAX ? notes->count : RMT_NOTES_MAX;
	const char **items = rmt_arena_take(arena, (kept + 1) * sizeof *items);

	if (!items)
		return;
	for (unsigned i = 0; i < kept; i++) {
		rmt_buf_format(&arena->scratch, "offset %u: %s", notes->note[i].offset,
		               rmt_deviation_text(notes->note[i].kind));
		items[i] = rmt_arena_scratch(arena);
	}
	out->deviations = (struct remint_strings){items, kept};
}

static int describe_key(struct rmt_arena *arena, struct rmt_span spki, struct remint_object *out, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (!spki.length)
		return 0;
	out->key = rmt_arena_spki(arena, spki);
	if (rmt_spki_hash(spki, hash, err))
		return -1;
	out->spki_sha256 = rmt_arena_hex(arena, rmt_span_of(hash, sizeof hash));
	return 0;
}

static void describe_cert(struct rmt_arena *arena, const struct rmt_cert *cert, struct remint_object *out)
{
	out->version = cert->version;
	out->serial = rmt_arena_serial(arena, cert->serial);
	out->subject = rmt_arena_name(arena, cert->subject);
	out->issuer = rmt_arena_name(arena, cert->issuer);
	out->common_name = rmt_arena_cn(arena, cert->subject);
	out->not_before = cert->not_before;
	out->not_after = cert->not_after;
	out->ca = rmt_cert_is_ca(cert);
	out->self_issued = rmt_cert_self_issued(cert);
	out->signature_algorithm = rmt_arena_algorithm(arena, cert->outer_algorithm);
	describe_extensions(arena, &cert->extensions, out);
	describe_deviations(arena, &cert->notes, out);
}

static void describe_request(struct rmt_arena *arena, const struct rmt_request *request, struct remint_object *out)
{
	out->version = request->version;
	out->subject = rmt_arena_name(arena, request->subject);
	out->common_name = rmt_arena_cn(arena, request->subject);
	out->signature_algorithm = rmt_arena_algorithm(arena, request->algorithm);
	describe_extensions(arena, &request->extensions, out);
	describe_deviations(arena, &request->notes, out);
}

enum { ENTRIES = 100 }; /* of a list are told; the others are counted */

static void describe_crl(struct rmt_arena *arena, const struct rmt_crl *crl, struct remint_object *out)
{
	struct rmt_notes notes = {0}; /* an entry that breaks DER is an entry */
	struct remint_crl_entry *entries;
	struct rmt_crl_entry entry;
	struct rmt_der cursor;

	out->version = crl->version;
	out->issuer = rmt_arena_name(arena, crl->issuer);
	out->not_before = crl->this_update;
	out->not_after = crl->next_update;
	out->signature_algorithm = rmt_arena_algorithm(arena, crl->outer_algorithm);
	rmt_der_open(&cursor, crl->entries, &notes);
	entries = rmt_arena_take(arena, ENTRIES * sizeof *entries);
	while (rmt_crl_next(&cursor, &entry, NULL) == 1)
		if (out->revoked++ < ENTRIES && entries)
			entries[out->entry_count++] = (struct remint_crl_entry){rmt_arena_serial(arena, entry.serial), entry.when,
			                                                        rmt_reason_name(entry.reason), entry.invalid_since};
	out->entries = entries;
	describe_extensions(arena, &crl->extensions, out);
	describe_deviations(arena, &crl->notes, out);
}

/* The value of "CN=" in a name as Windows prints it. */
static const char *cn_of(struct rmt_arena *arena, const char *name)
{
	const char *at = name ? strcasestr(name, "CN=") : NULL;

	if (!at || (at > name && !strchr(", ", at[-1])))
		return NULL;
	return rmt_arena_bytes(arena, rmt_span_of((const unsigned char *)at + 3, strcspn(at + 3, ",")));
}

/* "dns=a&ipaddress=192.0.2.1", as certreq takes it, to "dns:a" and "ip:192.0.2.1". */
static struct remint_strings names_of(struct rmt_arena *arena, const char *text)
{
	static const struct { const char *theirs, *ours; } kinds[] = {
	    {"dns", "dns"}, {"ipaddress", "ip"}, {"email", "email"}, {"upn", "upn"}, {"url", "uri"}, {"dn", "dirname"}, {"oid", "rid"}};
	size_t most = 1, count = 0, length;
	const char **items;

	for (const char *at = text; at && *at; at++)
		most += *at == '&';
	if (!text || !(items = rmt_arena_take(arena, most * sizeof *items)))
		return (struct remint_strings){0};
	for (const char *at = text; *at; at += length + (at[length] == '&')) {
		const char *equals = memchr(at, '=', length = strcspn(at, "&"));

		for (size_t i = 0; equals && i < sizeof kinds / sizeof kinds[0]; i++) {
			if (strlen(kinds[i].theirs) != (size_t)(equals - at) || strncasecmp(kinds[i].theirs, at, (size_t)(equals - at)) != 0)
				continue;
			rmt_buf_format(&arena->scratch, "%s:", kinds[i].ours);
			rmt_buf_append(&arena->scratch, equals + 1, length - (size_t)(equals + 1 - at));
			items[count++] = rmt_arena_scratch(arena);
		}
	}
	return (struct remint_strings){items, count};
}

static void describe_fields(struct rmt_arena *arena, const struct rmt_listing *listing, struct remint_object *out)
{
	struct remint_field *fields = rmt_arena_take(arena, (listing->count + 1) * sizeof *fields);

	for (size_t i = 0; fields && i < listing->count; i++)
		fields[i] = (struct remint_field){listing->fields[i].name, listing->fields[i].heading, listing->fields[i].text};
	out->fields = fields;
	out->field_count = fields ? listing->count : 0;
}

/* What a row or a description says, as if it stood in the object itself. */
static void describe_listing(struct rmt_arena *arena, const struct rmt_object *object, struct remint_object *out)
{
	const struct rmt_listing *listing = object->listing;
	const char *length = rmt_listing_get(listing, "key-length"), *algorithm = rmt_listing_get(listing, "key-algorithm");

	out->serial = rmt_listing_get(listing, "serial");
	out->subject = rmt_listing_get(listing, "subject");
	out->issuer = rmt_listing_get(listing, "issuer");
	out->common_name = rmt_listing_get(listing, "common-name");
	if (!out->common_name)
		out->common_name = cn_of(arena, out->subject);
	out->not_before = listing->not_before;
	out->not_after = listing->not_after;
	if (object->type != RMT_OBJECT_REQUEST_DESCRIPTION)
		return;
	out->names = names_of(arena, rmt_listing_get(listing, "names"));
	if (length || algorithm) {
		rmt_buf_format(&arena->scratch, "%s%s%s", algorithm ? algorithm : "RSA", length ? " " : "", length ? length : "");
		out->key = rmt_arena_scratch(arena);
	}
}

/* ---- OCSP ------------------------------------------------------------------------------------------------------------------ */

enum { OCSP_FIELDS_MOST = 64 }; /* answers beyond are counted, not listed */

struct fields {
	struct rmt_arena *arena;
	struct remint_field *items;
	size_t count;
};

/* The text under construction becomes a field. */
static void put_field(struct fields *fields, const char *name)
{
	const char *text = rmt_arena_scratch(fields->arena);

	if (fields->items && text && fields->count < OCSP_FIELDS_MOST)
		fields->items[fields->count++] = (struct remint_field){name, name, text};
}

/* "serial 0ec6, issuer's key 5d1f by sha1" */
static void put_id(struct rmt_buf *out, const struct rmt_cert_id *id)
{
	rmt_buf_text(out, "serial ");
	rmt_serial_hex(id->serial, out);
	rmt_buf_text(out, ", issuer's key ");
	rmt_hex(id->key_hash, 0, out);
	rmt_buf_text(out, " by ");
	rmt_oid_text(id->algorithm, out);
}

static void put_time(struct rmt_buf *out, const char *before, rmt_time time)
{
	char text[32];

	rmt_time_text(time, text);
	rmt_buf_format(out, "%s%s", before, text);
}

static void put_nonce(struct fields *fields, struct rmt_span nonce)
{
	if (!nonce.length)
		return;
	rmt_hex(nonce, 0, &fields->arena->scratch);
	put_field(fields, "nonce");
}

static void describe_ocsp_request(struct fields *fields, const struct rmt_object *object, struct remint_object *out)
{
	struct rmt_ocsp_request request;
	struct rmt_cert_id id;
	struct rmt_der cursor;

	if (rmt_ocsp_request_read(&request, object->der, RMT_TOLERANT, NULL))
		return;
	rmt_der_open(&cursor, request.list, &rmt_notes_ignored);
	while (rmt_ocsp_request_next(&cursor, &id, NULL) == 1) {
		put_id(&fields->arena->scratch, &id);
		put_field(fields, "asks");
	}
	put_nonce(fields, request.nonce);
	if (request.is_signed) {
		rmt_buf_text(&fields->arena->scratch, "yes");
		put_field(fields, "signed");
	}
	describe_deviations(fields->arena, &request.notes, out);
}

static void put_answers(struct fields *fields, struct rmt_span list)
{
	struct rmt_buf *text = &fields->arena->scratch;
	struct rmt_ocsp_single single;
	struct rmt_der cursor;

	rmt_der_open(&cursor, list, &rmt_notes_ignored);
	while (rmt_ocsp_response_next(&cursor, &single, NULL) == 1) {
		put_id(text, &single.id);
		if (single.status == RMT_OCSP_REVOKED)
			put_time(text, ", revoked ", single.revoked);
		if (*rmt_reason_name(single.reason))
			rmt_buf_format(text, ", %s", rmt_reason_name(single.reason));
		put_time(text, "; so since ", single.this_update);
		if (single.next_update)
			put_time(text, " until ", single.next_update);
		put_field(fields, rmt_ocsp_status_name(single.status));
	}
}

static void put_signers(struct fields *fields, struct rmt_span list)
{
	struct rmt_span der;
	struct rmt_cert cert;
	struct rmt_der cursor;

	rmt_der_open(&cursor, list, &rmt_notes_ignored);
	while (rmt_ocsp_certificate_next(&cursor, &der, NULL) == 1)
		if (rmt_cert_read(&cert, der, RMT_TOLERANT, NULL) == 0) {
			rmt_name_text(cert.subject, &fields->arena->scratch);
			put_time(&fields->arena->scratch, ", valid until ", cert.not_after);
			put_field(fields, "signer");
		}
}

static void describe_ocsp_response(struct fields *fields, const struct rmt_object *object, struct remint_object *out)
{
	struct rmt_buf *text = &fields->arena->scratch;
	struct rmt_ocsp_response response;
	struct rmt_err err = {0};

	if (rmt_ocsp_response_read(&response, object->der, RMT_TOLERANT, &err)) {
		rmt_buf_format(text, "cannot be read: %s", err.message);
		put_field(fields, "result");
		return;
	}
	rmt_buf_text(text, rmt_ocsp_result_name(response.result));
	put_field(fields, "result");
	if (response.result != RMT_OCSP_SUCCESSFUL)
		return;
	put_answers(fields, response.list);
	if (response.by_name.length)
		rmt_name_text(response.by_name, text);
	else
		rmt_hex(response.by_key, 0, text);
	put_field(fields, response.by_name.length ? "responder" : "by key");
	put_time(text, "", response.produced);
	put_field(fields, "produced");
	put_nonce(fields, response.nonce);
	put_signers(fields, response.certificates);
	out->signature_algorithm = rmt_arena_algorithm(fields->arena, response.algorithm);
	describe_extensions(fields->arena, &response.extensions, out);
	describe_deviations(fields->arena, &response.notes, out);
}

static void describe_ocsp(struct rmt_arena *arena, const struct rmt_object *object, struct remint_object *out)
{
	struct fields fields = {.arena = arena, .items = rmt_arena_take(arena, OCSP_FIELDS_MOST * sizeof(struct remint_field))};

	if (object->type == RMT_OBJECT_OCSP_RESPONSE)
		describe_ocsp_response(&fields, object, out);
	else
		describe_ocsp_request(&fields, object, out);
	out->fields = fields.items;
	out->field_count = fields.count;
}

static int describe_bytes(struct rmt_arena *arena, const struct rmt_object *object, bool pem, struct remint_object *out, struct rmt_err *err)
{
	static const char *const labels[] = {[RMT_OBJECT_CERTIFICATE] = "CERTIFICATE",
	                                     [RMT_OBJECT_PUBLIC_KEY] = "PUBLIC KEY",
	                                     [RMT_OBJECT_REQUEST] = "CERTIFICATE REQUEST",
	                                     [RMT_OBJECT_CRL] = "X509 CRL",
	                                     [RMT_OBJECT_OCSP_RESPONSE] = "OCSP RESPONSE",
	                                     [RMT_OBJECT_LISTING] = NULL,
	                                     [RMT_OBJECT_REQUEST_DESCRIPTION] = NULL,
	                                     [RMT_OBJECT_UNSUPPORTED] = NULL};
	unsigned char sha256[RMT_SHA256], sha1[20];
	const char *label = labels[object->type];

	if (object->type == RMT_OBJECT_PRIVATE_KEY || !object->der.length || !label)
		return 0;
	if (rmt_sha256(object->der, sha256, err) || rmt_sha1(object->der, sha1, err))
		return -1;
	out->sha256 = rmt_arena_hex(arena, rmt_span_of(sha256, sizeof sha256));
	out->sha1 = rmt_arena_hex(arena, rmt_span_of(sha1, sizeof sha1));
	if (pem)
		out->pem = rmt_arena_pem(arena, label, object->der);
	return 0;
}

static int show_object(void *arg, const struct rmt_object *object)
{
	struct show *show = arg;
	struct remint_object out = {.type = rmt_object_type_name(object->type),
	                            .source = object->source,
	                            .index = object->index,
	                            .line = object->line,
	                            .container = object->container,
	                            .label = object->label,
	                            .friendly_name = object->friendly_name,
	                            .note = object->note,
	                            .encrypted = object->encrypted,
	                            .locked = object->locked,
	                            .endpoint = object->endpoint,
	                            .address = object->address};

	rmt_arena_reset(&show->arena);
	if (watch(show, object) || describe_key(&show->arena, object->spki, &out, &show->ctx->err))
		return -1;
	if (object->cert)
		describe_cert(&show->arena, object->cert, &out);
	else if (object->request)
		describe_request(&show->arena, object->request, &out);
	else if (object->crl)
		describe_crl(&show->arena, object->crl, &out);
	else if (object->listing)
		describe_listing(&show->arena, object, &out);
	else if (object->type == RMT_OBJECT_OCSP_RESPONSE || (object->type == RMT_OBJECT_UNSUPPORTED && object->der.length))
		describe_ocsp(&show->arena, object, &out);
	if (object->listing)
		describe_fields(&show->arena, object->listing, &out);
	if (describe_bytes(&show->arena, object, !show->options->no_pem, &out, &show->ctx->err))
		return -1;
	if (show->arena.failed)
		return rmt_err_memory(&show->ctx->err);
	return show->object(show->arg, &out);
}

int remint_show(struct remint *ctx, const struct remint_show_options *options, remint_object_fn *object, void *arg)
{
	struct show show = {.ctx = ctx, .options = options, .object = object, .arg = arg};
	struct rmt_reader reader = rmt_verb_reader(ctx);
	struct rmt_wire wire;
	int rc;

	rmt_verb_begin(ctx);
	reader.object = show_object;
	reader.arg = &show;
	reader.mode = options->strict ? RMT_STRICT : RMT_TOLERANT;
	reader.skip_keys = options->no_keys;
	rc = rmt_wire_open(ctx, &options->wire, options->inputs, &wire, &ctx->err);
	for (size_t i = 0; rc == 0 && i < wire.count; i++) {
		struct rmt_err err = {0};

		rc = rmt_wire_read(&wire, i, &reader, &err);
		if (rc && err.class != RMT_NONE && ctx->err.class == RMT_NONE) /* this input fails, the others go on */
			rc = rmt_verb_fault(ctx, &err);
	}
	if (rc == 0)
		rc = say_whose_keys(&show);
	rmt_wire_clear(&wire);
	rmt_arena_free(&show.arena);
	return rmt_verb_end(ctx, rc);
}
