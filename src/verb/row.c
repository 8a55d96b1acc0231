/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.c - a certificate as a row of the database: its columns taken from its own bytes.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

/* Everything a certificate is searched by: the CN and the value of each alternative name, once. */
static void name_row(struct rmt_db_cert *row, const struct rmt_cert *cert, struct rmt_arena *arena)
{
	struct remint_strings names = rmt_arena_names(arena, &cert->extensions);
	const char *cn = rmt_arena_cn(arena, cert->subject);
	const char **all = rmt_arena_take(arena, (names.count + 2) * sizeof *all);
	size_t count = 0;

	if (all && cn)
		all[count++] = cn;
	for (size_t i = 0; all && i < names.count; i++) {
		const char *colon = strchr(names.items[i], ':');
		const char *value = colon ? colon + 1 : names.items[i];

		if (!cn || strcmp(value, cn) != 0)
			all[count++] = value;
	}
	rmt_cert_label(cert, &arena->scratch);
	row->name = rmt_arena_scratch(arena);
	row->names = all;
	row->name_count = count;
}

int rmt_row_describe(struct rmt_db_cert *row, const struct rmt_cert *cert, struct rmt_arena *arena,
                     struct rmt_row_hashes *hashes, struct rmt_err *err)
{
	int other;

	name_row(row, cert, arena);
	row->subject = rmt_arena_name(arena, cert->subject);
	row->issuer_name = rmt_arena_name(arena, cert->issuer);
	row->serial = cert->serial;
	row->der = cert->der;
	row->fingerprint = rmt_span_of(hashes->fingerprint, RMT_SHA256);
	row->spki_hash = rmt_span_of(hashes->spki, RMT_SHA256);
	row->not_before = cert->not_before;
	row->not_after = cert->not_after;
	if (arena->failed)
		return rmt_err_memory(err);
	if (rmt_cert_fingerprint(cert, hashes->fingerprint, err))
		return -1;
	other = rmt_spki_usual_hash(cert->spki, hashes->usual, err);
	row->usual_hash = rmt_span_of(hashes->usual, other == 1 ? RMT_SHA256 : 0);
	return other < 0 ? -1 : rmt_spki_hash(cert->spki, hashes->spki, err);
}

int rmt_row_previous(struct rmt_db *db, const struct rmt_cert *cert, rmt_time now, struct rmt_arena *arena, int64_t *id,
                     struct rmt_err *err)
{
	unsigned char fingerprint[RMT_SHA256];
	struct rmt_row_hashes hashes;
	struct rmt_db_cert row;
	int found;

	if (rmt_cert_fingerprint(cert, fingerprint, err))
		return -1;
	found = rmt_db_cert_find(db, cert->serial, rmt_span_of(fingerprint, sizeof fingerprint), &row, err);
	if (found < 0)
		return -1;
	if (found) {
		*id = row.id;
		return 0;
	}
	row = (struct rmt_db_cert){.template_name = "", .targets = "", .recorded = now};
	if (rmt_row_describe(&row, cert, arena, &hashes, err))
		return -1;
	return rmt_row_record(db, &row, id, err);
}
