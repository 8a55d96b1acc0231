/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceremony.c - remint_ca_ceremony(): a root made, or taken as it is, and requests of issuing CAs certified by it, before witnesses, with a
 * record of all that matters: by what, where and when it was done, what came in and what came out.
 *
 * All that comes in is read before anything is made, and a root that is made comes to its place with the whole ceremony or not at all.
 * The root is init's, a certificate comes by the road of issuance. A request whose key the root certified in an interrupted ceremony gets
 * that certificate, and no second one. The form of the record is transcript.c's, checking it is ceremony_check.c's.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct ceremony {
	struct remint *ctx;
	const struct remint_ceremony_options *options;
	struct rmt_home home;
	struct rmt_authority root;
	struct rmt_demand demand;
	struct rmt_request **requests; /* as many as the options name; NULL where it was consumed */
	struct rmt_arena arena;
	struct rmt_buf text, certs; /* the record, and the certificates that stand at its end */
	struct rmt_fileset files;
	struct rmt_names names;
	rmt_time begun;
	bool made_root;
	size_t count;
};

/* ---- the record ------------------------------------------------------------------------------------------------------------------- */

/* What comes from outside stands in one line, whatever it is. */
static void line(struct ceremony *job, const char *name, const char *value)
{
	rmt_buf_format(&job->text, "%s = ", name);
	rmt_safe_text(rmt_span_text(value ? value : ""), &job->text);
	rmt_buf_byte(&job->text, '\n');
}

static void line_if(struct ceremony *job, const char *name, const char *value)
{
	if (value && *value)
		line(job, name, value);
}

static void line_time(struct ceremony *job, const char *name, rmt_time when)
{
	char text[32];

	rmt_time_text(when, text);
	line(job, name, text);
}

static int line_hash(struct ceremony *job, const char *name, struct rmt_span bytes, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];

	if (rmt_sha256(bytes, hash, err))
		return -1;
	line(job, name, rmt_arena_hex(&job->arena, rmt_span_of(hash, sizeof hash)));
	return 0;
}

static void section(struct ceremony *job, const char *title)
{
	rmt_buf_format(&job->text, "\n[%s]\n", title);
}

static void say_ceremony(struct ceremony *job)
{
	const struct remint_ceremony_options *options = job->options;

	rmt_buf_format(&job->text, "%s\n\n", rmt_transcript_title);
	rmt_buf_text(&job->text, "Compare what is printed here with what the screen shows, then sign it at the places below. A program\n"
	                         "checks it: remint ca ceremony --verify transcript.txt\n");
	section(job, "ceremony");
	line_time(job, "begun", job->begun);
	line_if(job, "place", options->place);
	line_if(job, "operator", options->person);
	for (size_t i = 0; i < options->witnesses.count; i++)
		line(job, "witness", options->witnesses.items[i]);
}

static int say_machine(struct ceremony *job, struct rmt_err *err)
{
	struct rmt_machine machine;

	if (rmt_machine_look(&machine, err))
		return -1;
	section(job, "machine");
	line(job, "remint", remint_version());
	if (machine.program_known)
		line(job, "program sha256", rmt_arena_hex(&job->arena, rmt_span_of(machine.program, sizeof machine.program)));
	line(job, "openssl", machine.library);
	line_if(job, "system", machine.system);
	line_if(job, "kernel", machine.kernel);
	line_if(job, "host", machine.host);
	return 0;
}

static int say_template(struct ceremony *job, const struct rmt_template *template, struct rmt_err *err)
{
	struct rmt_buf dump = {0};
	int rc;

	line(job, "template", template->name);
	rmt_template_dump(template, &dump);
	rc = rmt_buf_check(&dump, err) ? -1 : line_hash(job, "template sha256", rmt_buf_view(&dump), err);
	rmt_buf_free(&dump);
	return rc;
}

/* A certificate in lines; the thing itself stands at the end. */
static int say_cert(struct ceremony *job, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_err weak = {0};
	bool sound = rmt_key_check_public(cert->spki, 0, &weak) == 0;

	line(job, "subject", rmt_arena_name(&job->arena, cert->subject));
	line(job, "issuer", rmt_arena_name(&job->arena, cert->issuer));
	line(job, "serial", rmt_arena_serial(&job->arena, cert->serial));
	line(job, "key", rmt_arena_spki(&job->arena, cert->spki));
	line(job, "key checks", sound ? "passed" : weak.message);
	line_time(job, "not before", cert->not_before);
	line_time(job, "not after", cert->not_after);
	line(job, "signature algorithm", rmt_arena_algorithm(&job->arena, cert->outer_algorithm));
	rmt_err_clear(&weak);
	rmt_pem("CERTIFICATE", cert->der, 64, false, &job->certs);
	return line_hash(job, "key sha256", cert->spki, err) || line_hash(job, "certificate sha256", cert->der, err) ? -1 : 0;
}

static int say_finding(void *arg, const struct rmt_finding *finding)
{
	struct ceremony *job = arg;

	if (finding->severity == RMT_SEVERITY_INFO)
		return 0;
	rmt_buf_format(&job->arena.scratch, "%s: %s", finding->rule, finding->message);
	line(job, "pre-flight", rmt_arena_scratch(&job->arena));
	return 0;
}

static int say_root(struct ceremony *job, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_cert row = {.template_name = ""};
	size_t before;

	section(job, "root");
	line(job, "name", job->root.name);
	line(job, "made", job->made_root ? "in this ceremony" : "before this ceremony");
	if (rmt_cert_fingerprint(job->root.cert, hash, err) ||
	    rmt_db_cert_find(job->home.db, job->root.cert->serial, rmt_span_of(hash, sizeof hash), &row, err) < 0)
		return -1;
	line_if(job, "template", row.template_name);
	if (say_cert(job, job->root.cert, err))
		return -1;
	before = job->text.length;
	if (rmt_preflight(&job->home, &job->root, &job->demand, say_finding, job, err))
		return -1;
	if (job->text.length == before)
		line(job, "pre-flight", "nothing found");
	return 0;
}

static void say_signatures(struct ceremony *job)
{
	static const char rule[] = "______________________________  date ______________";
	const struct remint_ceremony_options *options = job->options;

	section(job, "signatures on paper");
	if (options->person)
		rmt_buf_format(&job->text, "\noperator  %s\n\n  ", rule);
	if (options->person)
		rmt_safe_text(rmt_span_text(options->person), &job->text);
	for (size_t i = 0; i < options->witnesses.count; i++) {
		rmt_buf_format(&job->text, "%s\nwitness   %s\n\n  ", i || options->person ? "\n" : "", rule);
		rmt_safe_text(rmt_span_text(options->witnesses.items[i]), &job->text);
	}
	if (!options->person && !options->witnesses.count)
		rmt_buf_format(&job->text, "\noperator  %s\n\nwitness   %s\n\nwitness   %s", rule, rule, rule);
	rmt_buf_byte(&job->text, '\n');
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static int add_file(struct ceremony *job, const char *stem, const char *suffix, struct rmt_buf *content, struct rmt_err *err)
{
	struct rmt_buf name = {0};
	int rc;

	rmt_buf_format(&name, "%s%s", stem, suffix);
	rc = rmt_buf_check(&name, err) ? -1 : rmt_fileset_add(&job->files, rmt_buf_string(&name), 0644, content, err);
	rmt_buf_free(content);
	rmt_buf_free(&name);
	return rc;
}

/* Called after the certificate; where two are called the same, by their serial numbers. */
static int add_cert(struct ceremony *job, const struct rmt_cert *cert, const char *name, struct rmt_err *err)
{
	struct rmt_buf label = {0}, der = {0}, pem = {0};
	char stem[65];
	int new;

	if (name)
		rmt_buf_text(&label, name);
	else
		rmt_cert_label(cert, &label);
	rmt_file_label(rmt_buf_string(&label), stem);
	rmt_buf_free(&label);
	new = rmt_names_add(&job->names, stem, err);
	if (new < 0)
		return -1;
	if (new == 0)
		snprintf(stem, sizeof stem, "%.64s", rmt_arena_serial(&job->arena, cert->serial));
	rmt_buf_span(&der, cert->der);
	rmt_pem("CERTIFICATE", cert->der, 64, false, &pem);
	if (cert != job->root.cert)
		rmt_pem("CERTIFICATE", job->root.cert->der, 64, false, &pem);
	if (add_file(job, stem, ".cer", &der, err)) {
		rmt_buf_free(&pem);
		return -1;
	}
	return add_file(job, stem, ".pem", &pem, err);
}

static int add_page(struct ceremony *job, struct rmt_err *err)
{
	struct rmt_buf page = {0};
	int rc = rmt_html_begin("Transcript of a CA ceremony", &page, err);

	rmt_buf_text(&page, "<pre>");
	for (const unsigned char *at = job->text.bytes; rc == 0 && at < job->text.bytes + job->text.length; at++) {
		if (*at == '<' || *at == '>' || *at == '&')
			rmt_buf_text(&page, *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : "&amp;");
		else
			rmt_buf_byte(&page, *at);
	}
	rmt_buf_text(&page, "</pre>\n");
	if (rc == 0)
		rc = rmt_html_end(&page, err);
	if (rc == 0)
		return add_file(job, "transcript", ".html", &page, err);
	rmt_buf_free(&page);
	return -1;
}

/* ---- certifying -------------------------------------------------------------------------------------------------------------------- */

/* The certificate that the root gave this key before, when it is still good. 1 found in `der`, 0, -1. */
static int certified_before(struct ceremony *job, const struct rmt_request *request, struct rmt_buf *der, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_cert row;
	int found;

	if (rmt_issuance_resume(&job->home, &job->root, err) || rmt_spki_hash(request->spki, hash, err))
		return -1;
	found = rmt_db_cert_of_key(job->home.db, job->root.id, rmt_span_of(hash, sizeof hash), &row, err);
	if (found != 1 || row.revoked || row.not_after < job->begun)
		return found < 0 ? -1 : 0;
	rmt_buf_span(der, row.der);
	return rmt_buf_check(der, err) ? -1 : 1;
}

static int certify(struct ceremony *job, const char *path, struct rmt_request *request, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);

	if (!item) {
		rmt_request_free(request);
		return -1;
	}
	item->source = path;
	item->validity = job->options->validity;
	item->request = request;
	if (rmt_authority_issue(&job->home, &job->root, &job->demand, item, der, err) == 0)
		return 0;
	rmt_err_source(err, path);
	return -1;
}

/* What came in of one request, and the certificate for it. */
static int answer_request(struct ceremony *job, const char *path, struct rmt_request *request, struct rmt_buf *der, struct rmt_err *err)
{
	const char *slash = strrchr(path, '/');
	char title[40];
	int before = -1;

	snprintf(title, sizeof title, "certificate %zu", ++job->count);
	section(job, title);
	line(job, "request file", slash ? slash + 1 : path);
	if (line_hash(job, "request sha256", request->der, err) == 0) {
		line(job, "possession of the key", "proved by the request's own signature");
		before = certified_before(job, request, der, err);
	}
	if (before == 0)
		return certify(job, path, request, der, err) ? -1 : 0;
	rmt_request_free(request);
	return before;
}

static int one_request(struct ceremony *job, size_t i, struct rmt_err *err)
{
	struct rmt_request *request = job->requests[i];
	struct rmt_cert *cert = NULL;
	struct rmt_buf der = {0};
	int rc, before;

	job->requests[i] = NULL;
	before = answer_request(job, job->options->requests.items[i], request, &der, err);
	rc = before < 0 ? -1 : 0;
	line(job, "made", before == 1 ? "before: the root had certified this key" : "in this ceremony");
	if (rc == 0)
		rc = say_template(job, job->demand.template, err);
	cert = rc == 0 ? rmt_cert_new(rmt_buf_view(&der), RMT_STRICT, err) : NULL;
	rc = cert && say_cert(job, cert, err) == 0 ? add_cert(job, cert, NULL, err) : -1;
	rmt_cert_free(cert);
	rmt_buf_free(&der);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------------- */

/* The files that are there in any case must have a place before anything is signed. */
static int check_place(const struct ceremony *job, struct rmt_err *err)
{
	static const struct rmt_output sure[] = {
	    {"root.cer", 0644, {NULL, 0}}, {"root.pem", 0644, {NULL, 0}}, {"transcript.txt", 0644, {NULL, 0}}, {"transcript.html", 0644, {NULL, 0}}};

	return rmt_files_check(job->options->directory, sure, sizeof sure / sizeof *sure, job->options->force, err);
}

static int seal(struct ceremony *job, struct rmt_err *err)
{
	struct rmt_signer *signer = rmt_signer_new(job->root.key, job->demand.template->digest, err);
	int rc = signer ? 0 : -1;

	line_time(job, "\n[end]\nended", rmt_verb_now(job->ctx));
	rmt_buf_byte(&job->text, '\n');
	rmt_buf_span(&job->text, rmt_buf_view(&job->certs));
	if (rc == 0)
		rc = rmt_transcript_seal(&job->text, signer, err);
	rmt_signer_free(signer);
	return rc;
}

/* The database remembers that there was a ceremony, and what was signed. */
static int record(struct ceremony *job, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf said = {0};
	int rc = rmt_sha256(rmt_buf_view(&job->text), hash, err);

	rmt_buf_format(&said, "authority=%s certificates=%zu transcript=", job->root.name, job->count);
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, &said);
	if (rc == 0)
		rc = rmt_buf_check(&said, err) || rmt_db_begin(job->home.db, err) ? -1 : 0;
	if (rc == 0) {
		rc = rmt_db_event(job->home.db, rmt_verb_now(job->ctx), "ceremony", rmt_buf_string(&said), err);
		if (rc == 0)
			rc = rmt_db_commit(job->home.db, err);
		else
			rmt_db_rollback(job->home.db);
	}
	rmt_buf_free(&said);
	return rc;
}

/* All that comes in, read and checked before there is anything to undo. */
static int read_inputs(struct ceremony *job, struct rmt_err *err)
{
	const struct remint_ceremony_options *options = job->options;

	if (rmt_demand_load(job->ctx, options->template_name ? options->template_name : "issuing-ca", (struct remint_strings){0}, "",
	                    &job->demand, err) ||
	    rmt_template_makes_ca(job->demand.template, err))
		return -1;
	job->requests = calloc(options->requests.count + 1, sizeof(struct rmt_request *));
	if (!job->requests)
		return rmt_err_memory(err);
	for (size_t i = 0; i < options->requests.count; i++)
		if (!(job->requests[i] = rmt_request_file(job->ctx, options->requests.items[i], err)))
			return -1;
	return 0;
}

static int hold(struct ceremony *job, struct rmt_err *err)
{
	const struct remint_ceremony_options *options = job->options;
	struct rmt_buf text = {0};

	if (rmt_home_open(job->ctx, RMT_DB_WRITE, &job->home, err) ||
	    rmt_authority_load_parent(&job->home, options->authority, "root", &job->root, err))
		return -1;
	if (!rmt_cert_self_issued(job->root.cert))
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is no root", job->root.name);
	say_ceremony(job);
	if (say_machine(job, err) || say_root(job, err) || add_cert(job, job->root.cert, "root", err))
		return -1;
	for (size_t i = 0; i < options->requests.count; i++)
		if (one_request(job, i, err))
			return -1;
	say_signatures(job);
	/* Before it is on record: what the certificates are called is known only now. */
	if (seal(job, err) || rmt_buf_check(&job->text, err) || add_page(job, err) ||
	    rmt_files_check(options->directory, job->files.files, job->files.count, options->force, err) || record(job, err))
		return -1;
	rmt_buf_span(&text, rmt_buf_view(&job->text));
	return add_file(job, "transcript", ".txt", &text, err);
}

/* In the new home while it has no place yet, and closed when it gets it. */
static int hold_there(void *arg, struct rmt_err *err)
{
	struct ceremony *job = arg;
	int rc = hold(job, err);

	rmt_home_close(&job->home);
	return rc;
}

static int hold_with_new_root(struct ceremony *job, struct rmt_err *err)
{
	const struct remint_ceremony_options *options = job->options;
	struct remint_init_options init = {.root_subject = options->root_subject, .root_key = options->root_key,
	                                   .root_validity = options->root_validity, .publish_url = options->publish_url,
	                                   .no_password = options->no_password, .no_issuing = true};

	job->made_root = true;
	if (rmt_home_make(job->ctx, &init, hold_there, job, err))
		return -1;
	if (!options->publish_url)
		rmt_verb_warn(job->ctx, "no publish URL: what this root certifies carries no CRL or issuer address; where devices check revocation, "
		                        "the root is made with --publish-url");
	return 0;
}

static int hold_with_old_root(struct ceremony *job, struct rmt_err *err)
{
	const struct remint_ceremony_options *options = job->options;

	if (options->root_subject || options->root_key || options->root_validity || options->publish_url || options->no_password)
		return rmt_err_set(err, RMT_USAGE, NULL, "the home has its root already: what is said of a new one does not apply");
	return hold(job, err);
}

/* 1 there is a home, 0 not yet, -1. */
static int has_home(struct ceremony *job, struct rmt_err *err)
{
	if (!job->ctx->home)
		return rmt_err_set(err, RMT_USAGE, NULL, "no CA home: name one with --home DIR or REMINT_HOME");
	return rmt_home_stands(job->ctx, err);
}

int remint_ca_ceremony(struct remint *ctx, const struct remint_ceremony_options *options, remint_file_fn *file, void *arg)
{
	struct ceremony job = {.ctx = ctx, .options = options, .begun = rmt_verb_now(ctx)};
	struct rmt_err *err = &ctx->err;
	int there, rc = -1;

	rmt_verb_begin(ctx);
	if (!options->directory) {
		rmt_err_set(err, RMT_USAGE, NULL, "several files are written: name a directory with --out DIR");
		return rmt_verb_end(ctx, -1);
	}
	there = has_home(&job, err);
	if (there >= 0 && check_place(&job, err) == 0 && read_inputs(&job, err) == 0)
		rc = there ? hold_with_old_root(&job, err) : hold_with_new_root(&job, err);
	if (rc == 0)
		rc = rmt_files_write(options->directory, job.files.files, job.files.count, options->force, err);
	for (size_t i = 0; rc == 0 && file && i < job.files.count; i++)
		rc = file(arg, job.files.files[i].name, NULL, 0, false);
	for (size_t i = 0; job.requests && i < options->requests.count; i++)
		rmt_request_free(job.requests[i]);
	free(job.requests);
	rmt_fileset_free(&job.files);
	rmt_names_free(&job.names);
	rmt_arena_free(&job.arena);
	rmt_buf_free(&job.text);
	rmt_buf_free(&job.certs);
	rmt_demand_clear(&job.demand);
	rmt_authority_clear(&job.root);
	rmt_home_close(&job.home);
	return rmt_verb_end(ctx, rc);
}
