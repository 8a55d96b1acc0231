/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_request.c - an item that another CA signs: a key and a request in the device's directory, and how to hand it in.
 *
 * The key is in the home and the request in the database before any file is written, so that a second run writes the same
 * ones. What the other CA answers is taken in by apply_answer.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static const char usual_key[] = "rsa:2048";

static const char how_to[] =
    "This device's certificate comes from another CA. Its key stays here; only the request goes to the CA.\n"
    "\n"
    "1. Hand request.pem to the CA. Active Directory Certificate Services, with the certificate template that fits:\n"
    "     certreq -submit -attrib \"CertificateTemplate:WebServer\" request.pem new.cer\n"
    "   A request of which a person has to approve gets a number; fetch the certificate later with\n"
    "     certreq -retrieve NUMBER new.cer\n"
    "2. Give what came back, and the CA's own certificates, to the campaign. It is audited, and the bundle written:\n"
    "     remint apply PLAN --commit --out DIR --cert new.cer --chain chain.p7b\n";

struct asked {
	struct rmt_key *key;
	struct rmt_buf der; /* of the request */
};

/* The first of: the plan's, what a target's field rules begin with, the template's. */
static const char *key_spec(const struct rmt_plan_item *item, const struct rmt_demand *demand)
{
	if (item->key)
		return item->key;
	for (size_t i = 0; i < demand->target_count; i++)
		if (demand->targets[i]->request.keys.count)
			return demand->targets[i]->request.keys.items[0];
	return demand->template->key_generate ? demand->template->key_generate : usual_key;
}

/* The names of the old certificate and those of the plan, each once. */
static int join_names(const struct rmt_plan_item *item, const struct rmt_cert *old, struct rmt_arena *arena,
                      struct rmt_text_list *out, struct rmt_err *err)
{
	struct remint_strings lists[2] = {rmt_arena_names(arena, &old->extensions), item->names};

	out->items = rmt_arena_take(arena, (lists[0].count + lists[1].count + 1) * sizeof *out->items);
	out->count = 0;
	if (!out->items)
		return rmt_err_memory(err);
	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list].count; i++)
			if (!rmt_text_list_has(out, lists[list].items[i]))
				out->items[out->count++] = (char *)(uintptr_t)lists[list].items[i];
	return 0;
}

static int build(struct rmt_applying *job, const struct rmt_key *key, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_cert *old = rmt_plan_item_cert(job->item, err);
	struct rmt_buf stated = {0}, subject = {0}, extensions = {0};
	struct rmt_text_list names;
	int rc = -1;

	if (old && rmt_plan_item_subject(job->item, old, &stated, err) == 0 &&
	    rmt_name_clean(rmt_buf_view(&stated), &subject, err) == 0 &&
	    join_names(job->item, old, &job->arena, &names, err) == 0 &&
	    rmt_request_extensions(&names, NULL, rmt_key_spki(key), &extensions, err) == 0)
		rc = rmt_request_build(key, "sha256", rmt_buf_view(&subject), rmt_buf_view(&extensions), der, err);
	rmt_buf_free(&extensions);
	rmt_buf_free(&subject);
	rmt_buf_free(&stated);
	rmt_cert_free(old);
	return rc;
}

/* The request on record and the state of the item, in one transaction. */
static int record(struct rmt_applying *job, const struct asked *asked, struct rmt_err *err)
{
	struct rmt_db *db = job->campaign.bench.home.db;
	unsigned char hash[RMT_SHA256];
	struct rmt_db_request row = {.der = rmt_buf_view(&asked->der),
	                             .spki_hash = rmt_span_of(hash, sizeof hash),
	                             .subject = job->item->subject ? job->item->subject : "",
	                             .targets = job->campaign.bench.demand.target_names,
	                             .recorded = rmt_verb_now(job->campaign.ctx),
	                             .state = "made"};
	struct rmt_db_item change = {.state = RMT_ITEM_REQUESTED};

	if (rmt_spki_hash(rmt_key_spki(asked->key), hash, err) || rmt_db_begin(db, err))
		return -1;
	if (rmt_db_request_add(db, &row, &change.request, err) == 0 &&
	    rmt_campaign_change(&job->campaign, job->item, &change, err) == 0 &&
	    rmt_db_commit(db, err) == 0)
		return 0;
	rmt_db_rollback(db);
	return -1;
}

static int make(struct rmt_applying *job, struct asked *asked, struct rmt_err *fault, struct rmt_err *fatal)
{
	asked->key = rmt_key_generate(key_spec(job->item, &job->campaign.bench.demand), fault);
	if (!asked->key || build(job, asked->key, &asked->der, fault) ||
	    rmt_home_key_store(&job->campaign.bench.home, asked->key, fatal))
		return -1;
	return record(job, asked, fatal);
}

static int made_before(struct rmt_applying *job, struct asked *asked, struct rmt_err *fault)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_request row;
	int found = rmt_db_request_by_id(job->campaign.bench.home.db, job->standing.request, &row, fault);

	if (found < 0)
		return -1;
	if (!found || row.spki_hash.length != sizeof hash)
		return rmt_err_set(fault, RMT_DATABASE, NULL, "its request is gone from the database: run remint db check");
	memcpy(hash, row.spki_hash.at, sizeof hash);
	rmt_buf_span(&asked->der, row.der);
	asked->key = rmt_home_key_load(&job->campaign.bench.home, rmt_span_of(hash, sizeof hash), fault);
	return asked->key ? rmt_buf_check(&asked->der, fault) : -1;
}

/* How the three files come about; each fills an empty buffer. */
static int put_request(struct rmt_applying *job, const struct asked *asked, struct rmt_buf *out, struct rmt_err *err)
{
	(void)job;
	rmt_pem("CERTIFICATE REQUEST", rmt_buf_view(&asked->der), 64, false, out);
	return rmt_buf_check(out, err);
}

static int put_key(struct rmt_applying *job, const struct asked *asked, struct rmt_buf *out, struct rmt_err *err)
{
	const struct rmt_secret *secret = NULL;

	if (job->options->out.encrypt_key && !(secret = rmt_verb_out_secret(job->campaign.ctx, "key.pem", err)))
		return -1;
	return rmt_key_write_pem(asked->key, secret, out, err);
}

static int put_hint(struct rmt_applying *job, const struct asked *asked, struct rmt_buf *out, struct rmt_err *err)
{
	(void)job;
	(void)asked;
	rmt_buf_text(out, how_to);
	return rmt_buf_check(out, err);
}

static int fill(struct rmt_applying *job, const struct asked *asked, struct rmt_fileset *files, struct rmt_err *err)
{
	static const struct {
		const char *name;
		mode_t mode;
		int (*put)(struct rmt_applying *, const struct asked *, struct rmt_buf *, struct rmt_err *);
	} rows[] = {{"request.pem", 0644, put_request}, {"key.pem", 0600, put_key}, {"REQUEST.txt", 0644, put_hint}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rmt_buf content = {0};

		if (rows[i].put(job, asked, &content, err)) {
			rmt_buf_free(&content);
			return -1;
		}
		if (rmt_fileset_add(files, rows[i].name, rows[i].mode, &content, err))
			return -1;
	}
	return 0;
}

int rmt_apply_request(struct rmt_applying *job, struct rmt_err *fault, struct rmt_err *fatal)
{
	static const char *const names[] = {"request.pem", "key.pem", "REQUEST.txt"};
	char *directory;
	struct rmt_fileset files = {0};
	struct asked asked = {0};
	int rc;

	if (!job->options->commit)
		return rmt_apply_demand(job, false, fault) || (!job->standing.request && rmt_apply_may_make_key(job, fault)) ? -1 : 0;
	directory = rmt_apply_directory(job);
	rc = directory ? rmt_apply_demand(job, false, fault) : rmt_err_memory(fatal);
	if (rc == 0 && !job->standing.request)
		rc = rmt_apply_may_make_key(job, fault);
	if (rc == 0)
		rc = job->standing.request ? made_before(job, &asked, fault) : make(job, &asked, fault, fatal);
	if (rc == 0)
		rc = fill(job, &asked, &files, fault);
	if (rc == 0)
		rc = rmt_files_settle(job->campaign.ctx, directory, files.files, files.count, job->options->out.force, fault);
	if (rc == 0 && job->standing.state == RMT_ITEM_FAILED)
		rc = rmt_campaign_move(&job->campaign, job->item, RMT_ITEM_REQUESTED, NULL, NULL, fatal);
	if (rc == 0) {
		job->told.text = "a request to the other CA is ready: see REQUEST.txt";
		job->told.directory = rmt_arena_text(&job->arena, directory);
		job->told.files = (struct remint_strings){names, 3};
	}
	rmt_fileset_free(&files);
	rmt_key_free(asked.key);
	rmt_buf_free(&asked.der);
	free(directory);
	return rc;
}
