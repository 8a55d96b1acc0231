/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - remint_request(): a key and a PKCS#10 request for a certificate of another CA, by a target's field rules; or a
 * request that a device made, or is to make, for it.
 *
 * Needs no CA home. Where there is one, what is asked for is recorded there as pending: accept.c and sign.c take it from there.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

#define DEFAULT_KEY "rsa:2048" /* what the devices that need a foreign CA's certificate all take */
enum { NAMES_MAX = RMT_CAP_REQUEST / 3 }; /* the shortest has three bytes */

struct asking {
	struct remint *ctx;
	const struct remint_request_options *options;
	struct rmt_target *target;   /* NULL: no field rules */
	struct rmt_template *template; /* the target's, or NULL */
	struct rmt_cert *from;       /* NULL: nothing to repeat */
	struct rmt_buf subject, extensions, der;
	struct rmt_text_list names;
	struct rmt_key *key;         /* NULL: it is not made here */
	struct rmt_span spki;
	struct rmt_expectation expect;
	struct rmt_arena arena;
};

/* ---- what is asked ------------------------------------------------------------------------------------------------------ */

static int read_from(struct asking *asking, struct rmt_err *err)
{
	struct rmt_pile pile = {0};
	struct rmt_company company;
	int found = -1;

	if (rmt_pile_need(asking->ctx, &pile, (struct remint_strings){&asking->options->from, 1}, true, err) == 0)
		found = rmt_company_first(&pile, &company, err);
	if (found == 1) {
		asking->from = rmt_cert_dup(company.leaf->cert, err);
		rmt_company_clear(&company);
	} else if (found == 0) {
		rmt_pile_refuse(&pile, 0, "certificate", asking->options->from, err);
	}
	rmt_pile_free(&pile);
	return asking->from ? 0 : -1;
}

/* --from with --subject: what the person states replaces or joins what the certificate says. */
static int merge_subject(struct asking *asking, struct rmt_err *err)
{
	struct rmt_buf stated = {0};
	int rc = rmt_name_parse(asking->options->subject, &stated, err);

	if (rc == 0)
		rc = rmt_subject_join(asking->from->subject, rmt_buf_view(&stated), &asking->subject, err);
	rmt_buf_free(&stated);
	return rc;
}

/* By the topology; a CN that is stated beside it must be one that the role may have, for no audit follows. */
static int expected_subject(struct asking *asking, struct rmt_err *err)
{
	struct rmt_span older = asking->from ? asking->from->subject : (struct rmt_span){0};
	struct rmt_buf whole = {0}, cn = {0};
	int rc = rmt_subject_expected(&asking->expect, older, asking->options->subject, &whole, err);

	if (rc == 0)
		rc = rmt_name_clean(rmt_buf_view(&whole), &asking->subject, err);
	if (rc == 0 && (rmt_name_get(rmt_buf_view(&asking->subject), "CN", false, &cn) != 1 ||
	                !rmt_expectation_takes_cn(&asking->expect, rmt_buf_string(&cn))))
		rc = rmt_err_set(err, RMT_POLICY, "subject", "the topology has \"%s\" as the common name for %s: leave the other out",
		                 rmt_expectation_cn(&asking->expect), asking->target->name);
	rmt_buf_free(&whole);
	rmt_buf_free(&cn);
	return rc;
}

static int subject_of(struct asking *asking, struct rmt_err *err)
{
	const struct remint_request_options *options = asking->options;
	const char *first = options->names.count ? options->names.items[0] : NULL, *colon;
	struct rmt_name_part part = {.attribute = "CN"};

	if (rmt_expectation_cn(&asking->expect))
		return expected_subject(asking, err);
	if (options->subject && asking->from)
		return merge_subject(asking, err);
	if (options->subject)
		return rmt_name_parse(options->subject, &asking->subject, err);
	if (asking->from)
		return rmt_name_clean(asking->from->subject, &asking->subject, err);
	if (!first)
		return rmt_err_set(err, RMT_USAGE, NULL, "a request needs a name: give --cn, --subject or --from CERTIFICATE");
	colon = strchr(first, ':');
	part.value = colon ? colon + 1 : first;
	return rmt_name_build(&part, 1, &asking->subject, err);
}

static int add_name(struct asking *asking, const char *text, struct rmt_err *err)
{
	char **grown;

	if (rmt_text_list_has(&asking->names, text))
		return 0;
	grown = realloc(asking->names.items, (asking->names.count + 1) * sizeof *grown);
	if (!grown)
		return rmt_err_memory(err);
	asking->names.items = grown;
	grown[asking->names.count++] = (char *)(uintptr_t)rmt_arena_text(&asking->arena, text);
	return 0;
}

static struct remint_strings asked_names(const struct asking *asking)
{
	return (struct remint_strings){(const char *const *)asking->names.items, asking->names.count};
}

static int names_of(struct asking *asking, struct rmt_err *err)
{
	struct remint_strings wished, old = {0};

	if (asking->from)
		old = rmt_arena_names(&asking->arena, &asking->from->extensions);
	if (old.count > NAMES_MAX)
		return rmt_err_set(err, RMT_INPUT, "subjectAltName", "%zu names do not go into a request, which has at most 64 KiB", old.count);
	if (rmt_expectation_names(&asking->expect, old, asking->options->names, &asking->arena, &wished, err))
		return -1;
	for (size_t i = 0; i < wished.count; i++)
		if (add_name(asking, wished.items[i], err))
			return -1;
	for (size_t i = 0; i < old.count; i++)
		if (add_name(asking, old.items[i], err))
			return -1;
	return 0;
}

/* ---- the target's rules ---------------------------------------------------------------------------------------------------- */

static int apply_rules(struct asking *asking, const char **key, const char **digest, struct rmt_err *err)
{
	const struct rmt_request_rules *rules = asking->target ? &asking->target->request : NULL;

	*key = asking->options->key;
	*digest = asking->options->digest;
	if (rules) {
		if (rmt_request_fields_check(asking->target, rmt_buf_view(&asking->subject), err) ||
		    rmt_request_fields_warn(asking->ctx, asking->target, rmt_buf_view(&asking->subject), err) ||
		    rmt_request_names_check(asking->ctx, asking->target, rmt_buf_view(&asking->subject), asked_names(asking), err))
			return -1;
		if (*key && rules->keys.count && !rmt_text_list_has(&rules->keys, *key))
			return rmt_err_set(err, RMT_POLICY, NULL, "%s does not take a key of the kind %s: %s is its default",
			                   asking->target->name, *key, rules->keys.items[0]);
		if (!*key && rules->keys.count)
			*key = rules->keys.items[0];
		if (!*digest)
			*digest = rules->digest;
	}
	*key = *key ? *key : DEFAULT_KEY;
	*digest = *digest ? *digest : "sha256";
	return 0;
}

/* ---- what comes of it ---------------------------------------------------------------------------------------------------------- */

static int record(struct asking *asking, struct remint_requested *out, struct rmt_err *err)
{
	const struct rmt_pending_new new = {.kind = RMT_PENDING_EXTERNAL,
	                                    .targets = asking->target ? asking->target->name : NULL,
	                                    .signer = "external",
	                                    .der = rmt_buf_view(&asking->der)};

	return asking->options->no_record ? 0 : rmt_request_record(asking->ctx, &new, asking->key, out, err);
}

static int answer(struct asking *asking, remint_requested_fn *requested, void *arg, struct rmt_err *err)
{
	const struct remint_request_options *options = asking->options;
	const struct rmt_external external = {.der = rmt_buf_view(&asking->der),
	                                      .key = asking->key,
	                                      .ca_template = options->ca_template,
	                                      .exportable = asking->target ? asking->target->request.exportable : NULL,
	                                      .encrypt_key = options->out.encrypt_key};
	struct remint_requested out = {.subject = rmt_arena_name(&asking->arena, rmt_buf_view(&asking->subject)),
	                               .pem = rmt_arena_pem(&asking->arena, "CERTIFICATE REQUEST", rmt_buf_view(&asking->der)),
	                               .key = rmt_arena_spki(&asking->arena, asking->spki),
	                               .directory = options->out.directory};
	struct rmt_fileset files = {0};
	int rc = rmt_hygiene_check_home(asking->ctx, asking->spki, rmt_buf_view(&asking->subject), options->request, err);

	if (rc == 0)
		rc = rmt_external_files(asking->ctx, &external, &files, err);
	if (rc == 0)
		rc = rmt_files_check(options->out.directory, files.files, files.count, options->out.force, err);
	if (rc == 0)
		rc = record(asking, &out, err);
	if (rc == 0)
		rc = rmt_files_write(options->out.directory, files.files, files.count, options->out.force, err);
	out.files = (struct remint_strings){(const char *const *)files.names, files.count};
	if (rc == 0 && requested)
		rc = requested(arg, &out);
	rmt_fileset_free(&files);
	return rc;
}

/* A new key, and its request. */
static int make(struct asking *asking, const char *key, const char *digest, struct rmt_err *err)
{
	asking->key = rmt_key_generate(key, err);
	if (!asking->key)
		return -1;
	asking->spki = rmt_key_spki(asking->key);
	if (rmt_request_extensions(&asking->names, asking->template, asking->spki, &asking->extensions, err))
		return -1;
	return rmt_request_build(asking->key, digest, rmt_buf_view(&asking->subject), rmt_buf_view(&asking->extensions), &asking->der, err);
}

/* A request that is there already: its key is where it was made. */
static int take(struct asking *asking, remint_requested_fn *requested, void *arg, struct rmt_err *err)
{
	struct rmt_request *request = rmt_request_file(asking->ctx, asking->options->request, err);
	int rc = -1;

	if (!request)
		return -1;
	rmt_buf_span(&asking->der, request->der);
	rmt_buf_span(&asking->subject, request->subject);
	asking->spki = request->spki;
	if (!asking->target ||
	    (rmt_request_fields_check(asking->target, request->subject, err) == 0 &&
	     rmt_request_names_check(asking->ctx, asking->target, request->subject, rmt_arena_names(&asking->arena, &request->extensions), err) == 0))
		rc = answer(asking, requested, arg, err);
	rmt_request_free(request);
	return rc;
}

static int load_target(struct asking *asking, struct rmt_err *err)
{
	struct remint_strings names;

	if (!asking->options->target)
		return 0;
	if (rmt_targets_expand(asking->ctx, (struct remint_strings){&asking->options->target, 1}, RMT_TARGETS_ONE, &asking->arena, &names, err))
		return -1;
	asking->target = rmt_target_load(asking->ctx->policies, names.items[0], err);
	if (!asking->target)
		return -1;
	if (asking->target->template_name)
		asking->template = rmt_template_load(asking->ctx->policies, asking->target->template_name, err);
	return asking->target->template_name && !asking->template ? -1 : 0;
}

/* A name that browsers look at, where the device can ask for one. */
static int name_from_cn(struct asking *asking, struct rmt_err *err)
{
	struct rmt_buf name = {0};
	int rc = 0;

	rmt_buf_text(&name, "dns:");
	if (!asking->names.count && asking->target->request.san &&
	    rmt_name_get(rmt_buf_view(&asking->subject), "CN", true, &name) == 1 &&
	    rmt_dns_check(rmt_span_of(name.bytes + 4, name.length - 4), true, &(struct rmt_err){0}) == 0)
		rc = add_name(asking, rmt_buf_string(&name), err);
	rmt_buf_free(&name);
	return rc;
}

static int tell_device(struct asking *asking, const char *key, const char *digest, remint_requested_fn *requested, void *arg,
                       struct rmt_err *err)
{
	struct rmt_request_plan plan = {.target = asking->target, .template = asking->template};

	if (name_from_cn(asking, err))
		return -1;
	if (asking->template)
		rmt_request_kinds_warn(asking->ctx, asking->template, asked_names(asking));
	*(asking->target->request.san ? &plan.terms.names : &plan.owed) = asking->names;
	plan.terms = (struct rmt_request_terms){.subject = rmt_buf_view(&asking->subject),
	                                        .names = plan.terms.names,
	                                        .key = key,
	                                        .digest = digest,
	                                        .ca_template = asking->options->ca_template};
	return rmt_request_on_device(asking->ctx, asking->options, &plan, &asking->arena, requested, arg, err);
}

static int check_call(const struct remint_request_options *options, struct rmt_err *err)
{
	if (options->on_device && (!options->target || options->request))
		return rmt_err_set(err, RMT_USAGE, NULL, options->request ? "a request that is there already is made on no device"
		                                                          : "name the device that makes the request with --for TARGET");
	if (!options->on_device && !options->out.directory)
		return rmt_err_set(err, RMT_USAGE, NULL, "a request comes with a private key, which goes to files only: give --out DIR");
	return rmt_external_template_check(options->ca_template, err);
}

int remint_request(struct remint *ctx, const struct remint_request_options *options, remint_requested_fn *requested,
                   void *arg)
{
	struct asking asking = {.ctx = ctx, .options = options};
	struct rmt_err *err = &ctx->err;
	const char *key, *digest;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (check_call(options, err) || load_target(&asking, err))
		goto out;
	if (options->request) {
		rc = take(&asking, requested, arg, err);
		goto out;
	}
	if (rmt_expectation_load(ctx, options->topology, options->server, &asking.target, asking.target != NULL, true, &asking.expect, err))
		goto out;
	if ((options->from && read_from(&asking, err)) || subject_of(&asking, err) || names_of(&asking, err) ||
	    apply_rules(&asking, &key, &digest, err))
		goto out;
	if (options->on_device)
		rc = tell_device(&asking, key, digest, requested, arg, err);
	else if (make(&asking, key, digest, err) == 0)
		rc = answer(&asking, requested, arg, err);
out:
	rmt_key_free(asking.key);
	rmt_expectation_clear(&asking.expect);
	rmt_template_free(asking.template);
	rmt_target_free(asking.target);
	rmt_cert_free(asking.from);
	rmt_buf_free(&asking.subject);
	rmt_buf_free(&asking.extensions);
	rmt_buf_free(&asking.der);
	free(asking.names.items);
	rmt_arena_free(&asking.arena);
	return rmt_verb_end(ctx, rc);
}
