/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_export.c - remint_ca_export(): the certificates of the CAs of a home and of those above them, each by itself and together, as
 * whoever is to trust them wants them.
 *
 * Which CA may issue, and which is revoked, is not judged here.
 */
#include "config.h"

#include <stdlib.h>

#include "verb/local.h"

/* Where an authority stands. */
struct place {
	int64_t id, parent;
	bool ours; /* its key is or was this home's, or it is above such a one */
};

struct exporting {
	struct rmt_buf places;
	size_t strangers;
	struct rmt_fileset files;
	struct rmt_cert *certs[RMT_PATHS_MAX];
	char *names[RMT_PATHS_MAX];
	int64_t ids[RMT_PATHS_MAX];
	bool revoked[RMT_PATHS_MAX];
	size_t count;
	struct rmt_db *db;
	struct rmt_err *err;
};

static int note_place(void *arg, const struct rmt_db_authority *row)
{
	struct exporting *to = arg;
	const struct place place = {.id = row->id, .parent = row->parent, .ours = row->state != RMT_AUTHORITY_FOREIGN};

	rmt_buf_append(&to->places, &place, sizeof place);
	return rmt_buf_check(&to->places, to->err);
}

static struct place *place_of(const struct exporting *to, int64_t id)
{
	struct place *places = (struct place *)(void *)to->places.bytes;

	for (size_t i = 0; i < to->places.length / sizeof *places; i++)
		if (places[i].id == id)
			return &places[i];
	return NULL;
}

/* Whoever trusts what is exported trusts a CA of this home and those above it: one that came with somebody's certificate is neither. */
static void mark_issuers(struct exporting *to)
{
	struct place *places = (struct place *)(void *)to->places.bytes, *above;

	for (size_t i = 0; i < to->places.length / sizeof *places; i++)
		for (above = places[i].ours ? place_of(to, places[i].parent) : NULL; above && !above->ours; above = place_of(to, above->parent))
			above->ours = true;
}

static int gather(void *arg, const struct rmt_db_authority *row)
{
	struct exporting *to = arg;
	const struct place *place = place_of(to, row->id);
	struct rmt_db_revocation revocation;
	int revoked;

	if (!row->cert.length)
		return 0;
	if (!place || !place->ours) {
		to->strangers++;
		return 0;
	}
	if (to->count == RMT_PATHS_MAX)
		return rmt_err_set(to->err, RMT_POLICY, NULL, "this home has more than %d CAs of its own: that many are not exported together", RMT_PATHS_MAX);
	revoked = rmt_authority_revoked(to->db, row, &revocation, to->err);
	if (revoked < 0)
		return -1;
	to->revoked[to->count] = revoked == 1;
	to->certs[to->count] = rmt_authority_cert(row, to->err);
	to->names[to->count] = rmt_strdup(row->name, to->err);
	to->ids[to->count] = row->id;
	to->count++;
	return to->certs[to->count - 1] && to->names[to->count - 1] ? 0 : -1;
}

static int export_file(struct exporting *to, const char *stem, const char *suffix, struct rmt_buf *content)
{
	struct rmt_buf name = {0};
	int rc;

	rmt_buf_format(&name, "%s%s", stem, suffix);
	rc = rmt_fileset_add(&to->files, rmt_buf_string(&name), 0644, content, to->err);
	rmt_buf_free(&name);
	return rc;
}

/* Each authority as CER (DER) and PEM. */
static int export_each(struct exporting *to)
{
	for (size_t i = 0; i < to->count; i++) {
		struct rmt_buf der = {0}, pem = {0};

		rmt_buf_span(&der, to->certs[i]->der);
		rmt_pem("CERTIFICATE", to->certs[i]->der, 64, false, &pem);
		if (export_file(to, to->names[i], ".cer", &der)) {
			rmt_buf_free(&pem);
			return -1;
		}
		if (export_file(to, to->names[i], ".pem", &pem))
			return -1;
	}
	return 0;
}

/* "NAME-by-OTHER": where an authority was certified by another one beside its issuer. Whoever trusts only that one needs it. */
static int export_cross(struct exporting *to, size_t by, size_t of)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf der = {0}, pem = {0}, stem = {0};
	struct rmt_db_cert row;
	int found;

	if (rmt_spki_hash(to->certs[of]->spki, hash, to->err))
		return -1;
	found = rmt_db_cert_of_key(to->db, to->ids[by], rmt_span_of(hash, sizeof hash), &row, to->err);
	if (found != 1 || row.revoked || rmt_span_equal(row.der, to->certs[of]->der))
		return found < 0 ? -1 : 0;
	rmt_buf_span(&der, row.der);
	rmt_pem("CERTIFICATE", row.der, 64, false, &pem);
	rmt_buf_format(&stem, "%s-by-%s", to->names[of], to->names[by]);
	found = rmt_buf_check(&stem, to->err);
	if (found == 0)
		found = export_file(to, rmt_buf_string(&stem), ".cer", &der);
	if (found == 0)
		found = export_file(to, rmt_buf_string(&stem), ".pem", &pem);
	rmt_buf_free(&der);
	rmt_buf_free(&pem);
	rmt_buf_free(&stem);
	return found;
}

static int export_crosses(struct exporting *to)
{
	for (size_t by = 0; by < to->count; by++)
		for (size_t of = 0; of < to->count; of++)
			if (by != of && export_cross(to, by, of))
				return -1;
	return 0;
}

/* All that are not revoked together, issuing CAs before roots, as PEM and P7B. */
static int export_chain(struct exporting *to)
{
	static const char *const kinds[] = {"pem", "p7b"}, *const suffixes[] = {".pem", ".p7b"};
	char leaf[] = "leaf", intermediates[] = "intermediates", *content[] = {leaf, intermediates};
	const struct rmt_cert *ordered[RMT_PATHS_MAX];
	struct rmt_bundle bundle = {0};
	size_t count = 0;

	for (int roots = 0; roots < 2; roots++)
		for (size_t i = 0; i < to->count; i++)
			if (!to->revoked[i] && rmt_cert_self_issued(to->certs[i]) == (roots == 1))
				ordered[count++] = to->certs[i];
	if (!count)
		return rmt_err_set(to->err, RMT_POLICY, NULL, "this home has no CA certificate to export");
	bundle.leaf = ordered[0];
	bundle.intermediates = ordered + 1;
	bundle.intermediate_count = count - 1;
	for (size_t i = 0; i < 2; i++) {
		struct rmt_write_options options = {.format = kinds[i], .content = {content, 2}};
		struct rmt_buf out = {0};

		if (rmt_write_mem(&bundle, &options, &out, to->err))
			return -1;
		if (export_file(to, "chain", suffixes[i], &out))
			return -1;
	}
	return 0;
}

int remint_ca_export(struct remint *ctx, const char *directory, bool force, remint_file_fn *file, void *arg)
{
	struct exporting to = {.err = &ctx->err};
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err))
		goto out;
	to.db = home.db;
	if (rmt_db_authorities(home.db, note_place, &to, &ctx->err))
		goto out;
	mark_issuers(&to);
	if (rmt_db_authorities(home.db, gather, &to, &ctx->err) || export_each(&to) || export_crosses(&to) || export_chain(&to))
		goto out;
	if (to.strangers)
		rmt_verb_warn(ctx, "%zu CA%s that came with certificates of others %s left out", to.strangers, to.strangers == 1 ? "" : "s",
		              to.strangers == 1 ? "is" : "are");
	rc = directory ? rmt_files_write(directory, to.files.files, to.files.count, force, &ctx->err) : 0;
	for (size_t i = 0; rc == 0 && file && i < to.files.count; i++) {
		const struct rmt_output *one = &to.files.files[i];

		rc = file(arg, one->name, directory ? NULL : one->content.at, directory ? 0 : one->content.length, false);
	}
out:
	rmt_buf_free(&to.places);
	for (size_t i = 0; i < to.count; i++) {
		rmt_cert_free(to.certs[i]);
		free(to.names[i]);
	}
	rmt_fileset_free(&to.files);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
