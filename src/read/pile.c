/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read/pile.c - objects that are kept: copies in the order in which they came, certificates as DER.
 * It knows nothing of how they were read.
 */
#include "config.h"

#include <stdlib.h>

#include "read/read.h"

/* Of equal certificates all but the first are marked. */
static int
note_certificate(struct rmt_pile *pile, struct rmt_object *object, struct rmt_err *err)
{
	int fresh = object->cert ? rmt_seen_add(&pile->seen, object->der, err) : 1;

	object->again = !fresh;
	return fresh < 0 ? -1 : 0;
}

/* Whether the outermost length, which no signature covers, is none that DER has. */
static bool
breaks_outside(const struct rmt_cert *cert)
{
	for (unsigned i = 0; cert && i < cert->notes.count && i < RMT_NOTES_MAX; i++)
		if (!cert->notes.note[i].offset &&
		    (cert->notes.note[i].kind == RMT_DEVIATION_LENGTH_NOT_MINIMAL ||
			cert->notes.note[i].kind == RMT_DEVIATION_INDEFINITE_LENGTH))
			return true;
	return false;
}

/* A copy, of a certificate as DER: what is kept is written, and many a device takes nothing else. */
static struct rmt_object *
copy_as_der(const struct rmt_object *object, struct rmt_err *err)
{
	struct rmt_object as = *object, *copy = NULL;
	struct rmt_buf whole = { 0 };
	struct rmt_derw w = { 0 };
	struct rmt_cert cert;
	struct rmt_der der;
	struct rmt_tlv outer;

	if (!breaks_outside(object->cert))
		return rmt_object_dup(object, err);
	rmt_der_open(&der, object->der, &rmt_notes_ignored);
	if (rmt_der_read(&der, RMT_DER_SEQUENCE, &outer, "certificate", err) != 0)
		return NULL;
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, outer.value);
	rmt_derw_end(&w);
	if (rmt_derw_finish(&w, &whole, err) == 0 &&
	    rmt_cert_read(&cert, rmt_buf_view(&whole), RMT_TOLERANT, err) == 0) {
		as.der = cert.der;
		as.cert = &cert;
		as.spki = cert.spki;
		copy = rmt_object_dup(&as, err);
	}
	rmt_buf_free(&whole);
	return copy;
}

int
rmt_pile_add(struct rmt_pile *pile, const struct rmt_object *object, struct rmt_err *err)
{
	struct rmt_object *copy, **grown;
	size_t capacity;

	if (pile->count == RMT_PILE_MOST || pile->bytes > RMT_CAP_CONTAINER)
		return rmt_err_set(err, RMT_INPUT, NULL,
		    "more than %d objects, or %d MiB of them, are not taken at once", RMT_PILE_MOST, RMT_CAP_CONTAINER >> 20);
	if (pile->count == pile->capacity) {
		capacity = pile->capacity ? pile->capacity * 2 : 16;
		grown = reallocarray(pile->objects, capacity, sizeof *grown);
		if (!grown)
			return rmt_err_memory(err);
		pile->objects = grown;
		pile->capacity = capacity;
	}
	if (!(copy = copy_as_der(object, err)))
		return -1;
	if (note_certificate(pile, copy, err) != 0) {
		rmt_object_free(copy);
		return -1;
	}
	pile->bytes += object->der.length;
	pile->objects[pile->count++] = copy;
	return 0;
}

void
rmt_pile_without(const struct rmt_pile *pile, size_t from, const char *wanted, char out[320])
{
	struct rmt_contents found = { .unread = "" };

	for (size_t i = from; i < pile->count; i++)
		rmt_contents_note(&found, pile->objects[i]);
	rmt_contents_without(&found, wanted, out);
}

void
rmt_pile_free(struct rmt_pile *pile)
{
	rmt_seen_clear(&pile->seen);
	for (size_t i = 0; i < pile->count; i++)
		rmt_object_free(pile->objects[i]);
	free(pile->objects);
	*pile = (struct rmt_pile){ 0 };
}
