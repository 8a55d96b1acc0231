/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c - remint_import(): what other CAs left, taken over. The run over all sources, the table of their kinds, and the
 * transactions.
 *
 * Everything is known by its bytes, so that whatever is on record already is passed over: an import that was killed is
 * run again, and ends as if it had not been. What the objects of a source are made of stands in the files of its kind; what becomes of
 * them in import_authority.c, import_settle.c, import_adopt.c, import_certificate.c and import_revocation.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { GROUP = 500 };

/* The first that fits is taken; the last takes whatever can be read. */
static const struct rmt_import_kind kinds[] = {
    {"endpoint", rmt_endpoint_fits, rmt_files_read}, {"easy-rsa", rmt_easyrsa_fits, rmt_openssl_read},
    {"openssl", rmt_openssl_fits, rmt_openssl_read}, {"xca", rmt_xca_fits, rmt_xca_read},
    {"gnomint", rmt_gnomint_fits, rmt_gnomint_read}, {"cfssl", rmt_cfssl_fits, rmt_cfssl_read},
    {"adcs", rmt_adcs_fits, rmt_files_read},         {"files", NULL, rmt_files_read},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- transactions -------------------------------------------------------------------------------------------------------- */

int rmt_import_flush(struct rmt_import *run, struct rmt_err *err)
{
	int rc = 0;

	if (!run->open)
		return 0;
	if (run->vouch.count)
		rc = rmt_vouch_event(&run->vouch, run->home.db, run->now, "record", "import", err);
	rmt_vouch_clear(&run->vouch);
	if (rc == 0)
		rc = rmt_db_commit(run->home.db, err);
	if (rc)
		rmt_db_rollback(run->home.db);
	run->open = false;
	run->written = 0;
	return rc;
}

int rmt_import_write(struct rmt_import *run, struct rmt_err *err)
{
	if (run->written >= GROUP && rmt_import_flush(run, err))
		return -1;
	if (!run->open && rmt_db_begin(run->home.db, err))
		return -1;
	run->open = true;
	run->written++;
	return 0;
}

/* ---- what was met --------------------------------------------------------------------------------------------------------- */

static int hash_of(char what, struct rmt_span bytes, unsigned char hash[RMT_SHA256], struct rmt_err *err)
{
	struct rmt_buf buf = {0};
	int rc;

	rmt_buf_byte(&buf, (unsigned char)what);
	rmt_buf_span(&buf, bytes);
	rc = rmt_buf_check(&buf, err) ? -1 : rmt_sha256(rmt_buf_view(&buf), hash, err);
	rmt_buf_free(&buf);
	return rc;
}

int rmt_import_note(struct rmt_import *run, char what, struct rmt_span bytes, uint32_t *number, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	uint32_t none = 0;

	return hash_of(what, bytes, hash, err) ? -1 : rmt_set_note(&run->set, hash, number ? number : &none, err);
}

bool rmt_import_noted(const struct rmt_import *run, char what, struct rmt_span bytes, uint32_t *number)
{
	unsigned char hash[RMT_SHA256];

	return hash_of(what, bytes, hash, NULL) == 0 && rmt_set_has(&run->set, hash, number);
}

/* ---- objects ---------------------------------------------------------------------------------------------------------------- */

static int take(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	switch (run->phase) {
	case RMT_IMPORT_SURVEY:
		return rmt_import_survey(run, object, err);
	case RMT_IMPORT_KEYS:
		return object->type == RMT_OBJECT_PRIVATE_KEY ? rmt_import_key(run, object, err) : 0;
	case RMT_IMPORT_CERTIFICATES:
		return object->cert ? rmt_import_cert(run, object, err) : 0;
	case RMT_IMPORT_REVOCATIONS:
		if (object->type == RMT_OBJECT_LISTING)
			return rmt_import_listed(run, object, err);
		return object->crl ? rmt_import_crl(run, object, err) : object->cert ? rmt_import_stated(run, object, err) : 0;
	default:
		return 0;
	}
}

int rmt_import_object(void *arg, const struct rmt_object *object)
{
	struct rmt_import *run = arg;

	run->source->met += run->phase == RMT_IMPORT_SURVEY;
	rmt_arena_reset(&run->arena);
	rmt_verb_progress(run->ctx, run->set.count, 0);
	return take(run, object, &run->ctx->err);
}

/* The same thing that cannot be read is met in each phase, and told once. */
int rmt_import_fault(void *arg, const struct rmt_err *fault)
{
	struct rmt_import *run = arg;
	struct rmt_err told = *fault;
	struct rmt_buf same = {0};
	int new;

	if (run->place)
		rmt_err_within(&told, run->place);
	if (fault->class == RMT_INTERNAL) {
		run->ctx->err = told;
		return -1;
	}
	rmt_buf_format(&same, "%s\n%s\n%s", told.source, told.place, told.message);
	new = rmt_buf_check(&same, &run->ctx->err) ? -1 : rmt_import_note(run, 'F', rmt_buf_view(&same), NULL, &run->ctx->err);
	rmt_buf_free(&same);
	if (new != 1)
		return new;
	return rmt_import_refuse_err(run, told.class == RMT_SECRET ? RMT_UNTAKEN_LOCKED : RMT_UNTAKEN_UNREADABLE, &told, &run->ctx->err);
}

int rmt_import_bytes(struct rmt_import *run, const char *place, struct rmt_span bytes, struct rmt_err *err)
{
	int rc;

	run->place = place;
	rc = rmt_read_mem(&run->reader, run->source->path, bytes, err);
	run->place = NULL;
	return rc;
}

int rmt_import_file(struct rmt_import *run, const char *path, bool listed, struct rmt_err *err)
{
	struct rmt_err fault = {0};
	uint64_t met = run->source->met, unreadable = run->source->untaken[RMT_UNTAKEN_UNREADABLE];
	int rc = (listed ? rmt_read_listed : rmt_read_path)(&run->reader, path, &fault);

	if (rc == 0 && listed && run->phase == RMT_IMPORT_SURVEY && met == run->source->met &&
	    unreadable == run->source->untaken[RMT_UNTAKEN_UNREADABLE])
		run->source->untaken[RMT_UNTAKEN_OTHER]++;
	if (rc == 0 || fault.class == RMT_NONE)
		return rc;
	rmt_err_source(&fault, path);
	(void)err;
	return rmt_import_fault(run, &fault);
}

/* ---- sources ----------------------------------------------------------------------------------------------------------------- */

static const struct rmt_import_kind *kind_named(const char *name, struct rmt_err *err)
{
	const char *names[KINDS + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < KINDS; i++) {
		names[i] = kinds[i].name;
		if (strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	}
	near = rmt_nearest(name, names);
	rmt_err_set(err, RMT_USAGE, NULL, "\"%.60s\" is no kind of source%s%s%s", name, near ? ": did you mean " : "", near ? near : "",
	            near ? "?" : "");
	return NULL;
}

/* The kind that was named, or the first that fits. 1, 0 when it is not of the kind named, -1. */
static int find_kind(struct rmt_import_source *source, const struct rmt_import_kind *named, struct rmt_err *err)
{
	int fits = 0;

	source->told.source = source->path;
	if (!source->kind && strcmp(source->path, "-") != 0 && !rmt_path_exists(source->path))
		return rmt_err_set(err, RMT_INPUT, NULL, "there is no such file or directory"), rmt_err_source(err, source->path), -1;
	for (size_t i = 0; fits == 0 && i < KINDS; i++) {
		if (named && named != &kinds[i])
			continue;
		fits = kinds[i].fits ? kinds[i].fits(source, err) : 1;
		source->kind = &kinds[i];
	}
	source->told.kind = source->kind->name;
	if (fits == 0)
		rmt_err_set(err, RMT_INPUT, NULL, "this is no source of the kind \"%s\"", named->name);
	rmt_err_source(err, source->path);
	return fits;
}

/* A source that is not what it should be is told, and the others go on. */
static int find_kinds(struct rmt_import *run, struct rmt_err *err)
{
	const struct rmt_import_kind *named = run->options->from ? kind_named(run->options->from, err) : NULL;

	if (run->options->from && !named)
		return -1;
	run->sources = calloc(run->wire.count + 1, sizeof *run->sources);
	if (!run->sources)
		return rmt_err_memory(err);
	for (size_t i = 0; i < run->wire.count; i++) {
		const struct rmt_wire_input *input = &run->wire.inputs[i];
		struct rmt_import_source *source = &run->sources[run->source_count];
		struct rmt_err fault = {0};

		*source = (struct rmt_import_source){.path = input->name ? input->name : input->text, .wire = i,
		                                     .kind = input->name ? &kinds[0] : NULL};
		if (find_kind(source, named, &fault) == 1) {
			run->source_count++;
			continue;
		}
		rmt_db_foreign_close(source->foreign);
		if (run->wire.count == 1) {
			*err = fault;
			return -1;
		}
		if (rmt_verb_fault(run->ctx, &fault))
			return -1;
	}
	return run->source_count ? 0 : rmt_err_set(err, RMT_INPUT, NULL, "none of the sources can be read");
}

static int read_keys_elsewhere(struct rmt_import *run, struct rmt_err *err)
{
	int rc = 0;

	run->source = &run->sources[0];
	for (size_t i = 0; rc == 0 && i < run->options->keys.count; i++)
		rc = rmt_import_file(run, run->options->keys.items[i], false, err);
	return rc;
}

static int read_sources(struct rmt_import *run, enum rmt_import_phase phase, struct rmt_err *err)
{
	int rc = 0;

	run->phase = phase;
	run->reader.skip_keys = phase != RMT_IMPORT_KEYS;
	if (phase == RMT_IMPORT_KEYS)
		rc = read_keys_elsewhere(run, err);
	for (size_t i = 0; rc == 0 && i < run->source_count; i++) {
		run->source = &run->sources[i];
		rc = run->source->kind->read(run, err);
	}
	return rc || rmt_import_flush(run, err) ? -1 : 0;
}

/* Of a file its reader says so itself. */
static int tell_empty(struct rmt_import *run)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < run->source_count; i++) {
		run->source = &run->sources[i];
		if (!run->source->met && rmt_path_is_directory(run->source->path) && !run->source->untaken[RMT_UNTAKEN_UNREADABLE] &&
		    run->source->kind->read == rmt_files_read)
			rc = rmt_import_refuse(run, RMT_UNTAKEN_UNREADABLE, NULL, NULL,
			                       "there is no certificate, private key, request or revocation list in this directory");
	}
	return rc;
}

int rmt_import_phases(struct rmt_import *run, struct rmt_err *err)
{
	if (rmt_import_home_cas(run, err) || read_sources(run, RMT_IMPORT_SURVEY, err) || tell_empty(run))
		return -1;
	if (!run->options->no_keys && read_sources(run, RMT_IMPORT_KEYS, err))
		return -1;
	run->source = &run->sources[0];
	return rmt_import_settle(run, err) || rmt_import_adopt(run, err) || read_sources(run, RMT_IMPORT_CERTIFICATES, err) ||
	               read_sources(run, RMT_IMPORT_REVOCATIONS, err) || rmt_import_numbers(run, err) || rmt_import_retire(run, err)
	           ? -1
	           : 0;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------ */

static void import_clear(struct rmt_import *run)
{
	if (run->open)
		rmt_db_rollback(run->home.db);
	rmt_vouch_clear(&run->vouch);
	for (size_t i = 0; i < run->source_count; i++) {
		rmt_db_foreign_close(run->sources[i].foreign);
		rmt_buf_free(&run->sources[i].kept);
	}
	free(run->sources);
	rmt_import_cas_clear(run);
	rmt_set_clear(&run->set);
	rmt_wire_clear(&run->wire);
	rmt_arena_free(&run->arena);
	rmt_checker_free(run->checker);
	rmt_home_close(&run->home);
}

int remint_import(struct remint *ctx, const struct remint_import_options *options, remint_imported_fn *imported, void *arg)
{
	const struct rmt_publication publication = {.url = options->publish_url, .crl_shards = options->crl_shards, .crl_deltas = options->crl_deltas};
	struct rmt_import run = {.ctx = ctx, .options = options, .reader = rmt_verb_reader(ctx), .now = rmt_verb_now(ctx)};
	struct rmt_err *err = &ctx->err;
	int rc = -1;

	rmt_verb_begin(ctx);
	run.reader.object = rmt_import_object;
	run.reader.fault = rmt_import_fault;
	run.reader.arg = &run;
	if (rmt_publication_check(&publication, err))
		goto out;
	if (rmt_wire_inputs(ctx, &options->wire, options->inputs, &run.wire, err) || find_kinds(&run, err) ||
	    rmt_home_open(ctx, options->commit ? RMT_DB_WRITE : RMT_DB_READ, &run.home, err) || !(run.checker = rmt_checker_new(err)) ||
	    rmt_wire_probe(&run.wire, &options->wire, NULL, err))
		goto out;
	rc = rmt_import_phases(&run, err);
	if (rc == 0)
		rc = rmt_import_tell(&run, imported, arg, err);
out:
	import_clear(&run);
	return rmt_verb_end(ctx, rc);
}
