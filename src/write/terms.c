/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write/terms.c - what a request is to say, taken from a certificate or request that says it, and its names in pieces for the
 * writers of inf.c, cnf.c and device.c.
 *
 * Whether a target takes it is asked elsewhere.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "write/local.h"

static int
add_text(struct rmt_text_list *list, struct rmt_buf *text, struct rmt_err *err)
{
	char **grown = realloc(list->items, (list->count + 1) * sizeof *grown);
	char *taken = rmt_buf_take(text);

	if (grown)
		list->items = grown;
	if (!grown || !taken) {
		free(taken);
		return rmt_err_memory(err);
	}
	grown[list->count++] = taken;
	return 0;
}

static int
repeat_names(const struct rmt_extensions *extensions, struct rmt_text_list *out, struct rmt_err *err)
{
	const struct rmt_ext *ext = rmt_ext_find(extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more;

	if (!ext)
		return 0;
	if (rmt_general_open(ext->value, &cursor, err))
		return -1;
	while ((more = rmt_general_next(&cursor, &name, err)) == 1) {
		struct rmt_buf text = { 0 };

		rmt_general_text(&name, &text);
		if (add_text(out, &text, err))
			return -1;
	}
	return more;
}

static int
repeat_purposes(const struct rmt_extensions *extensions, struct rmt_text_list *out, struct rmt_err *err)
{
	const struct rmt_ext *ext = rmt_ext_find(extensions, RMT_EXT_EXTENDED_KEY_USAGE);
	struct rmt_der cursor;

	if (!ext)
		return 0;
	if (rmt_ext_eku_open(ext->value, &cursor, err))
		return -1;
	while (rmt_der_more(&cursor)) {
		struct rmt_buf text = { 0 };
		struct rmt_span oid;

		if (rmt_der_oid(&cursor, &oid, "extendedKeyUsage", err))
			return -1;
		rmt_oid_dotted(oid, &text);
		if (add_text(out, &text, err))
			return -1;
	}
	return 0;
}

/* An extension that the terms have, that comes with any key, or that the CA puts in. */
static bool
is_said(const struct rmt_ext *ext)
{
	static const int ids[] = { RMT_EXT_SUBJECT_ALT_NAME, RMT_EXT_KEY_USAGE, RMT_EXT_EXTENDED_KEY_USAGE, RMT_EXT_BASIC_CONSTRAINTS,
		RMT_EXT_SUBJECT_KEY_ID, RMT_EXT_AUTHORITY_KEY_ID, RMT_EXT_CRL_DISTRIBUTION, RMT_EXT_FRESHEST_CRL,
		RMT_EXT_AUTHORITY_INFO, RMT_EXT_SCT_LIST };

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if (ext->id == ids[i])
			return true;
	return false;
}

static int
note_unsaid(const struct rmt_extensions *extensions, struct rmt_text_list *out, struct rmt_err *err)
{
	for (unsigned i = 0; i < extensions->count; i++) {
		struct rmt_buf text = { 0 };

		if (is_said(&extensions->list[i]))
			continue;
		rmt_oid_text(extensions->list[i].oid, &text);
		if (add_text(out, &text, err))
			return -1;
	}
	return 0;
}

static int
refuse_ca(const struct rmt_extensions *extensions, unsigned key_usage, struct rmt_err *err)
{
	const struct rmt_ext *ext = rmt_ext_find(extensions, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints = { .ca = false };

	if (ext && rmt_ext_basic_constraints(ext->value, &constraints, NULL, err))
		return -1;
	if (!constraints.ca && !(key_usage & RMT_KU_CERT_SIGN))
		return 0;
	return rmt_err_set(err, RMT_INPUT, "basicConstraints", "it is a CA's: an INF asks for a machine's certificate only");
}

/* "rsa:2048", "ec:p256"; what key specifications have no word for stays a kind that no writer takes. */
static int
repeat_key(struct rmt_span spki, char out[32], struct rmt_err *err)
{
	struct rmt_spki key;

	if (rmt_spki_read(spki, &key, err))
		return -1;
	if (!strcmp(key.kind, "rsa"))
		snprintf(out, 32, "rsa:%u", key.bits);
	else if (!strcmp(key.kind, "ec"))
		snprintf(out, 32, "ec:p%u", key.bits);
	else
		snprintf(out, 32, "%.31s", key.kind);
	return 0;
}

int
rmt_terms_repeat(struct rmt_span subject, struct rmt_span spki, const struct rmt_extensions *extensions,
                 struct rmt_terms_text *out, struct rmt_err *err)
{
	const struct rmt_ext *usage = rmt_ext_find(extensions, RMT_EXT_KEY_USAGE);

	out->terms = (struct rmt_request_terms){ .subject = subject, .digest = "sha256", .repeats = true };
	if (usage && rmt_ext_key_usage(usage->value, &out->terms.key_usage, err))
		return -1;
	if (refuse_ca(extensions, out->terms.key_usage, err) || repeat_key(spki, out->key, err) ||
	    repeat_names(extensions, &out->terms.names, err) || repeat_purposes(extensions, &out->terms.purposes, err) ||
	    note_unsaid(extensions, &out->terms.unsaid, err))
		return -1;
	out->terms.key = out->key;
	return 0;
}

void
rmt_terms_clear(struct rmt_terms_text *terms)
{
	struct rmt_text_list *lists[] = { &terms->terms.names, &terms->terms.purposes, &terms->terms.unsaid };

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		for (size_t k = 0; k < lists[i]->count; k++)
			free(lists[i]->items[k]);
		free(lists[i]->items);
		*lists[i] = (struct rmt_text_list){ 0 };
	}
}

/* ---- pieces ---- */

const char *
rmt_terms_name(const char *name, struct rmt_span *type, struct rmt_buf *value)
{
	const char *colon = strchr(name, ':');

	*type = rmt_span_of(name, colon ? (size_t)(colon - name) : 0);
	for (const char *at = colon ? colon + 1 : name; *at; at++) {
		if (*at == '\\' && (at[1] == '\\' || at[1] == ',')) /* as rmt_general_text() writes them */
			at++;
		rmt_buf_byte(value, (unsigned char)*at);
	}
	return rmt_buf_string(value);
}

void
rmt_terms_label(const struct rmt_request_terms *terms, char out[65])
{
	struct rmt_buf text = { 0 };
	struct rmt_span type;

	if (terms->label)
		rmt_buf_text(&text, terms->label);
	else if (rmt_name_get(terms->subject, "CN", true, &text) != 1 && terms->names.count)
		rmt_terms_name(terms->names.items[0], &type, &text);
	rmt_file_label(text.length ? rmt_buf_string(&text) : "request", out);
	rmt_buf_free(&text);
}

/* The bits of "rsa:2048" or the curve's of "ec:p256"; 0 when the key is of another kind. */
unsigned
rmt_terms_bits(const struct rmt_request_terms *terms, const char *kind)
{
	size_t length = strlen(kind);
	const char *bits = terms->key + length + 1;

	if (strncmp(terms->key, kind, length) || terms->key[length] != ':')
		return 0;
	return (unsigned)strtoul(*bits == 'p' ? bits + 1 : bits, NULL, 10);
}
