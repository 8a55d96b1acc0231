/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - remint_request(): a key and a PKCS#10 request for a certificate of another CA, by a target's field rules.
 *
 * Needs no CA home. The request is not recorded; matching it to what comes back is later work.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

#define DEFAULT_KEY "rsa:2048" /* what the devices that need a foreign CA's certificate all take */

struct asking {
	struct remint *ctx;
	const struct remint_request_options *options;
	struct rmt_target *target;   /* NULL: no field rules */
	struct rmt_cert *from;       /* NULL: nothing to repeat */
	struct rmt_buf subject, extensions, der;
	struct rmt_text_list names;
	struct rmt_key *key;
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
		rmt_err_set(err, RMT_INPUT, NULL, "holds no certificate to repeat");
		rmt_err_source(err, asking->options->from);
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
	char **grown = realloc(asking->names.items, (asking->names.count + 1) * sizeof *grown);

	if (!grown)
		return rmt_err_memory(err);
	asking->names.items = grown;
	for (size_t i = 0; i < asking->names.count; i++)
		if (strcmp(grown[i], text) == 0)
			return 0;
	grown[asking->names.count++] = (char *)(uintptr_t)rmt_arena_text(&asking->arena, text);
	return 0;
}

static int names_of(struct asking *asking, struct rmt_err *err)
{
	struct remint_strings wished, old = {0};

	if (asking->from)
		old = rmt_arena_names(&asking->arena, &asking->from->extensions);
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

static int check_attributes(const struct asking *asking, const struct rmt_request_rules *rules, struct rmt_err *err)
{
	struct rmt_span subject = rmt_buf_view(&asking->subject);
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;

	for (size_t i = 0; i < rules->require.count; i++) {
		struct rmt_buf value = {0};
		int found = rmt_name_get(subject, rules->require.items[i], false, &value);

		rmt_buf_free(&value);
		if (found != 1)
			return rmt_err_set(err, RMT_POLICY, "subject", "%s asks for %s in the subject: add it",
			                   asking->target->name, rules->require.items[i]);
	}
	if (!rules->allow.count)
		return 0;
	if (rmt_name_start(subject, &cursor, err))
		return -1;
	while (rmt_name_next(&cursor, &attribute, err) == 1) {
		const struct rmt_oid *oid = rmt_oid_find(attribute.oid);

		if (!oid || !((oid->label && rmt_text_list_has(&rules->allow, oid->label)) ||
		              rmt_text_list_has(&rules->allow, oid->name)))
			return rmt_err_set(err, RMT_POLICY, "subject", "%s has no field for %s: leave it out", asking->target->name,
			                   oid ? oid->label ? oid->label : oid->name : "an unknown attribute");
	}
	return 0;
}

static int apply_rules(struct asking *asking, const char **key, const char **digest, struct rmt_err *err)
{
	const struct rmt_request_rules *rules = asking->target ? &asking->target->request : NULL;

	*key = asking->options->key;
	*digest = asking->options->digest;
	if (rules) {
		if (check_attributes(asking, rules, err))
			return -1;
		if (*key && rules->keys.count && !rmt_text_list_has(&rules->keys, *key))
			return rmt_err_set(err, RMT_POLICY, NULL, "%s does not take a key of the kind %s: %s is its default",
			                   asking->target->name, *key, rules->keys.items[0]);
		if (!*key && rules->keys.count)
			*key = rules->keys.items[0];
		if (!*digest)
			*digest = rules->digest;
		if (!rules->san && asking->names.count) {
			rmt_verb_warn(asking->ctx, "%s sends no subjectAltName in a request: the CA has to add it from the CN",
			              asking->target->name);
			asking->names.count = 0;
		}
	}
	*key = *key ? *key : DEFAULT_KEY;
	*digest = *digest ? *digest : "sha256";
	return 0;
}

/* ---- files and answer ---------------------------------------------------------------------------------------------------------- */

static int files_of(struct asking *asking, struct rmt_fileset *files, struct rmt_err *err)
{
	const struct rmt_secret *secret = NULL;
	struct rmt_buf pem = {0}, der = {0}, key = {0};

	if (asking->options->out.encrypt_key && !(secret = rmt_verb_out_secret(asking->ctx, "key.pem", err)))
		return -1;
	rmt_pem("CERTIFICATE REQUEST", rmt_buf_view(&asking->der), 64, false, &pem);
	rmt_buf_span(&der, rmt_buf_view(&asking->der));
	if (rmt_key_write_pem(asking->key, secret, &key, err)) {
		rmt_buf_free(&pem);
		rmt_buf_free(&der);
		return -1;
	}
	if (rmt_fileset_add(files, "request.pem", 0644, &pem, err) || rmt_fileset_add(files, "request.der", 0644, &der, err) ||
	    rmt_fileset_add(files, "key.pem", 0600, &key, err))
		return -1;
	return rmt_files_write(asking->options->out.directory, files->files, files->count, asking->options->out.force, err);
}

static int answer(struct asking *asking, remint_requested_fn *requested, void *arg, struct rmt_err *err)
{
	static const char *const names[] = {"request.pem", "request.der", "key.pem"};
	struct remint_requested out = {.subject = rmt_arena_name(&asking->arena, rmt_buf_view(&asking->subject)),
	                               .pem = rmt_arena_pem(&asking->arena, "CERTIFICATE REQUEST", rmt_buf_view(&asking->der)),
	                               .directory = asking->options->out.directory,
	                               .files = {names, 3}};
	struct rmt_fileset files = {0};
	struct rmt_spki spki;
	int rc = files_of(asking, &files, err);

	rmt_fileset_free(&files);
	if (rc || rmt_spki_read(rmt_key_spki(asking->key), &spki, err))
		return -1;
	rmt_spki_text(&spki, &asking->arena.scratch);
	out.key = rmt_arena_scratch(&asking->arena);
	return requested ? requested(arg, &out) : 0;
}

int remint_request(struct remint *ctx, const struct remint_request_options *options, remint_requested_fn *requested,
                   void *arg)
{
	struct asking asking = {.ctx = ctx, .options = options};
	struct rmt_err *err = &ctx->err;
	const char *key, *digest;
	struct remint_strings targets;
	int rc = -1;

	rmt_verb_begin(ctx);
	if (!options->out.directory) {
		rmt_err_set(err, RMT_USAGE, NULL, "a request comes with a private key, which goes to files only: give --out DIR");
		goto out;
	}
	if (options->target &&
	    (rmt_targets_expand(ctx, (struct remint_strings){&options->target, 1}, RMT_TARGETS_ONE, &asking.arena, &targets, err) ||
	     !(asking.target = rmt_target_load(ctx->policies, targets.items[0], err))))
		goto out;
	if (rmt_expectation_load(ctx, options->topology, options->server, &asking.target, asking.target != NULL, true, &asking.expect, err))
		goto out;
	if ((options->from && read_from(&asking, err)) || subject_of(&asking, err) || names_of(&asking, err) ||
	    apply_rules(&asking, &key, &digest, err))
		goto out;
	asking.key = rmt_key_generate(key, err);
	if (asking.key &&
	    rmt_request_extensions(&asking.names, NULL, rmt_key_spki(asking.key), &asking.extensions, err) == 0 &&
	    rmt_request_build(asking.key, digest, rmt_buf_view(&asking.subject), rmt_buf_view(&asking.extensions), &asking.der,
	                      err) == 0)
		rc = answer(&asking, requested, arg, err);
out:
	rmt_key_free(asking.key);
	rmt_expectation_clear(&asking.expect);
	rmt_target_free(asking.target);
	rmt_cert_free(asking.from);
	rmt_buf_free(&asking.subject);
	rmt_buf_free(&asking.extensions);
	rmt_buf_free(&asking.der);
	free(asking.names.items);
	rmt_arena_free(&asking.arena);
	return rmt_verb_end(ctx, rc);
}
