/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue/recipe.c - a template and an issuer made ready: texts of the template become OIDs and bits, and the extensions
 * that are the same in every certificate of the two are encoded once.
 *
 * What depends on the key, the request or the day is decided in plan_*.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "issue/local.h"

bool
rmt_oids_have(struct rmt_span oids, struct rmt_span oid)
{
	struct rmt_der cursor;
	struct rmt_span one;

	rmt_der_open(&cursor, oids, NULL);
	while (rmt_der_more(&cursor)) {
		if (rmt_der_oid(&cursor, &one, NULL, NULL))
			return false;
		if (rmt_span_equal(one, oid))
			return true;
	}
	return false;
}

int
rmt_oids_add(struct rmt_buf *oids, const char *name_or_dotted, struct rmt_err *err)
{
	struct rmt_buf content = { 0 }, encoded = { 0 };
	struct rmt_derw w = { 0 };
	int rc = -1;

	if (rmt_oid_encode(name_or_dotted, &content, err))
		goto out;
	rmt_derw_oid(&w, rmt_buf_view(&content));
	if (rmt_derw_finish(&w, &encoded, err))
		goto out;
	if (!rmt_oids_have(rmt_buf_view(oids), rmt_buf_view(&content)))
		rmt_buf_span(oids, rmt_buf_view(&encoded));
	rc = rmt_buf_check(oids, err);
out:
	rmt_buf_free(&content);
	rmt_buf_free(&encoded);
	return rc;
}

static int
oid_list(const struct rmt_text_list *names, struct rmt_buf *out, const char *place, struct rmt_err *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (rmt_oids_add(out, names->items[i], err)) {
			rmt_err_within(err, place);
			return -1;
		}
	return 0;
}

static int
attribute_list(const struct rmt_text_list *labels, const struct rmt_oid ***out, const char *place,
               struct rmt_err *err)
{
	*out = calloc(labels->count + 1, sizeof(**out));
	if (!*out)
		return rmt_err_memory(err);
	for (size_t i = 0; i < labels->count; i++) {
		(*out)[i] = rmt_oid_named(labels->items[i]);
		if (!(*out)[i])
			return rmt_err_set(err, RMT_INPUT, place, "\"%s\" is no known attribute of a name",
			                   labels->items[i]);
	}
	return 0;
}

static int
fixed_attribute(const char *text, struct rmt_fixed_attribute *out, struct rmt_err *err)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute second;

	if (rmt_name_parse(text, &out->der, err))
		return -1;
	if (rmt_name_start(rmt_buf_view(&out->der), &cursor, err))
		return -1;
	if (rmt_name_next(&cursor, &out->attribute, err) != 1 || rmt_name_next(&cursor, &second, err) != 0)
		return rmt_err_set(err, RMT_INPUT, "subject.fixed", "\"%s\" is not one attribute such as O=Example", text);
	return 0;
}

static int
load_subject(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_template *policy = recipe->policy;
	const struct rmt_text_list *fixed = &policy->subject.fixed;
	const struct rmt_oid *common_name = rmt_oid_named("commonName");

	if (!common_name)
		return rmt_err_set(err, RMT_INTERNAL, NULL, "commonName has no object identifier");
	recipe->common_name = common_name->der;
	if (attribute_list(&policy->subject.allow, &recipe->allow, "subject.allow", err) ||
	    attribute_list(&policy->subject.require, &recipe->require, "subject.require", err))
		return -1;
	recipe->fixed = calloc(fixed->count + 1, sizeof(*recipe->fixed));
	if (!recipe->fixed)
		return rmt_err_memory(err);
	for (size_t i = 0; i < fixed->count; i++) {
		recipe->fixed_count = i + 1;
		if (fixed_attribute(fixed->items[i], &recipe->fixed[i], err))
			return -1;
	}
	return 0;
}

static int
load_san(struct rmt_recipe *recipe, struct rmt_err *err)
{
	static const struct { const char *name; enum rmt_general_type type; } kinds[] = {
		{ "dns", RMT_GN_DNS }, { "ip", RMT_GN_IP }, { "email", RMT_GN_EMAIL }, { "uri", RMT_GN_URI },
		{ "upn", RMT_GN_OTHER },
	};
	const struct rmt_template *policy = recipe->policy;
	struct rmt_derw w = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (rmt_text_list_has(&policy->san.allow, kinds[i].name))
			recipe->san_allow |= 1u << kinds[i].type;
	for (size_t i = 0; i < policy->san.fixed.count; i++)
		if (rmt_general_write(&w, policy->san.fixed.items[i], err)) {
			rmt_err_within(err, "san.fixed");
			rmt_derw_free(&w);
			return -1;
		}
	return rmt_derw_finish(&w, &recipe->san_fixed, err);
}

/* basicConstraints stands first: who sees nothing else sees whether it is a CA. */
static int
encode_head(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_template *policy = recipe->policy;
	struct rmt_derw w = { 0 };

	if (policy->basic_constraints.present) {
		rmt_ext_begin(&w, RMT_EXT_BASIC_CONSTRAINTS, policy->basic_constraints.critical);
		rmt_ext_basic_constraints_write(&w, (struct rmt_basic_constraints){
			.ca = policy->basic_constraints.ca,
			.path_length = policy->basic_constraints.ca ? recipe->path_length : -1,
		});
		rmt_ext_end(&w);
	}
	return rmt_derw_finish(&w, &recipe->head, err);
}

/* The issuer's own identifier where it has one: it need not be a hash (RFC 5280, 4.2.1.1). */
int
rmt_issuer_key_id_write(struct rmt_derw *w, const struct rmt_cert *issuer, struct rmt_err *err)
{
	const struct rmt_ext *ext = rmt_ext_find(&issuer->extensions, RMT_EXT_SUBJECT_KEY_ID);
	unsigned char computed[20];
	struct rmt_span key_id = rmt_span_of(computed, sizeof(computed));

	if (ext ? rmt_ext_subject_key_id(ext->value, &key_id, err) : rmt_spki_key_id(issuer->spki, computed, err)) {
		rmt_err_within(err, "issuer");
		return -1;
	}
	rmt_ext_begin(w, RMT_EXT_AUTHORITY_KEY_ID, false);
	rmt_ext_authority_key_id_write(w, key_id);
	rmt_ext_end(w);
	return 0;
}

static int
write_policies(struct rmt_derw *w, const struct rmt_text_list *policies, struct rmt_err *err)
{
	struct rmt_buf oid = { 0 };
	int rc = 0;

	rmt_ext_begin(w, RMT_EXT_CERTIFICATE_POLICIES, false);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	for (size_t i = 0; i < policies->count && !rc; i++) {
		rmt_buf_clear(&oid);
		rc = rmt_oid_encode(policies->items[i], &oid, err);
		rmt_derw_begin(w, RMT_DER_SEQUENCE);
		rmt_derw_oid(w, rmt_buf_view(&oid));
		rmt_derw_end(w);
	}
	rmt_derw_end(w);
	rmt_ext_end(w);
	rmt_buf_free(&oid);
	return rc;
}

/* SEQUENCE { DistributionPoint { [0] { [0] fullName { URI } } } } (RFC 5280, 4.2.1.13) */
static void
write_crl_distribution(struct rmt_derw *w, struct rmt_span uri)
{
	rmt_ext_begin(w, RMT_EXT_CRL_DISTRIBUTION, false);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_begin(w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_value(w, RMT_DER_CONTEXT(RMT_GN_URI), uri);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_derw_end(w);
	rmt_ext_end(w);
}

static void
write_access(struct rmt_derw *w, const char *method, struct rmt_span uri)
{
	const struct rmt_oid *oid = rmt_oid_named(method);

	if (!uri.length)
		return;
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	if (oid)
		rmt_derw_oid(w, oid->der);
	else
		w->buf.failed = true;
	rmt_derw_value(w, RMT_DER_CONTEXT(RMT_GN_URI), uri);
	rmt_derw_end(w);
}

static void
write_authority_info(struct rmt_derw *w, const struct rmt_issuer *issuer)
{
	rmt_ext_begin(w, RMT_EXT_AUTHORITY_INFO, false);
	rmt_derw_begin(w, RMT_DER_SEQUENCE);
	write_access(w, "ocsp", issuer->ocsp_uri);
	write_access(w, "caIssuers", issuer->ca_uri);
	rmt_derw_end(w);
	rmt_ext_end(w);
}

/* UTF-8 of the basic plane as UTF-16BE: what Windows reads as a template's name. */
static int
write_template_name(struct rmt_derw *w, const char *name, struct rmt_err *err)
{
	rmt_ext_begin(w, RMT_EXT_MS_TEMPLATE_NAME, false);
	rmt_derw_begin(w, RMT_DER_BMP);
	for (const char *at = name; *at; at++) {
		unsigned char unit[2] = { 0, (unsigned char)*at };

		if (unit[1] >= 0x80)
			return rmt_err_set(err, RMT_INPUT, "name", "a template's name is plain ASCII");
		rmt_derw_raw(w, rmt_span_of(unit, sizeof(unit)));
	}
	rmt_derw_end(w);
	rmt_ext_end(w);
	return 0;
}

static int
encode_tail(const struct rmt_recipe *recipe, struct rmt_span crl_uri, struct rmt_buf *tail, struct rmt_err *err)
{
	const struct rmt_template *policy = recipe->policy;
	const struct rmt_issuer *issuer = &recipe->issuer;
	struct rmt_derw w = { 0 };

	if (policy->authority_key_id && issuer->cert && rmt_issuer_key_id_write(&w, issuer->cert, err))
		goto failed;
	if (policy->policies.count && write_policies(&w, &policy->policies, err))
		goto failed;
	if ((policy->permitted.count || policy->excluded.count) &&
	    rmt_constraints_write(&w, &policy->permitted, &policy->excluded, err))
		goto failed;
	if (policy->crl_distribution && issuer->cert && crl_uri.length)
		write_crl_distribution(&w, crl_uri);
	if (policy->authority_info && issuer->cert && (issuer->ocsp_uri.length || issuer->ca_uri.length))
		write_authority_info(&w, issuer);
	if (policy->ocsp_nocheck) {
		rmt_ext_begin(&w, RMT_EXT_OCSP_NOCHECK, false);
		rmt_derw_null(&w);
		rmt_ext_end(&w);
	}
	if (policy->microsoft_template_name && write_template_name(&w, policy->name, err))
		goto failed;
	return rmt_derw_finish(&w, tail, err);
failed:
	rmt_derw_free(&w);
	return -1;
}

/* With the address of the complete list, and of each partial one. */
static int
encode_tails(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_issuer *issuer = &recipe->issuer;
	struct rmt_buf complete = { 0 }, uri = { 0 };
	int rc = encode_tail(recipe, issuer->crl_uri, &recipe->tail, err);

	if (rc || !issuer->crl_uri.length || issuer->crl_shards <= 0)
		return rc;
	recipe->tails = calloc((size_t)issuer->crl_shards, sizeof(*recipe->tails));
	rmt_buf_span(&complete, issuer->crl_uri);
	if (!recipe->tails)
		rc = rmt_err_memory(err);
	for (int i = 0; i < issuer->crl_shards && !rc; i++) {
		rmt_buf_clear(&uri);
		rmt_crl_name(rmt_buf_string(&complete), i + 1, false, &uri);
		rc = rmt_buf_check(&uri, err) ? -1 : encode_tail(recipe, rmt_buf_view(&uri), &recipe->tails[i], err);
	}
	rmt_buf_free(&complete);
	rmt_buf_free(&uri);
	return rc;
}

static int
load_purposes(struct rmt_recipe *recipe, struct rmt_err *err)
{
	const struct rmt_template *policy = recipe->policy;

	if (oid_list(&policy->extended_key_usage.values, &recipe->eku, "extended_key_usage.values", err))
		return -1;
	return oid_list(&policy->extended_key_usage.allow, &recipe->eku_allow, "extended_key_usage.allow", err);
}

static int
check_template(const struct rmt_template *policy, struct rmt_err *err)
{
	bool ca = policy->basic_constraints.present && policy->basic_constraints.ca;

	if (ca != (policy->role != RMT_ROLE_LEAF))
		return rmt_err_set(err, RMT_INPUT, "basic_constraints", "template %s has a role that disagrees with ca",
		                   policy->name);
	if (!ca && (policy->key_usage.bits & (RMT_KU_CERT_SIGN | RMT_KU_CRL_SIGN)))
		return rmt_err_cite(err, RMT_INPUT, "key_usage", "RFC 5280, 4.2.1.3",
		                    "template %s lets a certificate that is no CA sign certificates or CRLs", policy->name);
	if (policy->backdate < 0 || policy->backdate > RMT_BACKDATE_MAX)
		return rmt_err_set(err, RMT_INPUT, "backdate", "template %s begins more than 24 hours before now",
		                   policy->name);
	return 0;
}

struct rmt_recipe *
rmt_recipe_new(const struct rmt_template *policy, const struct rmt_issuer *issuer, struct rmt_err *err)
{
	struct rmt_recipe *recipe = calloc(1, sizeof(*recipe));

	if (!recipe) {
		rmt_err_memory(err);
		return NULL;
	}
	recipe->policy = policy;
	recipe->issuer = *issuer;
	if (check_template(policy, err) || rmt_key_rules_parse(recipe, err) || load_subject(recipe, err) ||
	    load_san(recipe, err) || load_purposes(recipe, err) || rmt_issuer_check(recipe, err) || rmt_bounds_load(recipe, err) || encode_head(recipe, err) ||
	    encode_tails(recipe, err)) {
		rmt_recipe_free(recipe);
		return NULL;
	}
	return recipe;
}

void
rmt_recipe_free(struct rmt_recipe *recipe)
{
	if (!recipe)
		return;
	for (size_t i = 0; i < recipe->fixed_count; i++)
		rmt_buf_free(&recipe->fixed[i].der);
	free(recipe->fixed);
	free(recipe->allow);
	free(recipe->require);
	free(recipe->bounds);
	rmt_buf_free(&recipe->san_fixed);
	rmt_buf_free(&recipe->eku);
	rmt_buf_free(&recipe->eku_allow);
	rmt_buf_free(&recipe->head);
	rmt_buf_free(&recipe->tail);
	for (int i = 0; recipe->tails && i < recipe->issuer.crl_shards; i++)
		rmt_buf_free(&recipe->tails[i]);
	free(recipe->tails);
	free(recipe);
}

int
rmt_recipe_purposes(const struct rmt_recipe *recipe, struct rmt_err *err)
{
	return rmt_issuer_check_eku(recipe, rmt_buf_view(&recipe->eku), err);
}

rmt_time
rmt_recipe_end(const struct rmt_recipe *recipe)
{
	return recipe->not_after;
}

bool
rmt_recipe_bound(const struct rmt_recipe *recipe)
{
	return recipe->bound_count > 0;
}
