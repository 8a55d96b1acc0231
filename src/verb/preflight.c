/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preflight.c - an authority looked at before it signs: may it issue what it is asked for, and will the targets take what it
 * issues? remint_ca_check() tells all that is found; issuing refuses with the same sentences.
 *
 * What the template and the certificates above say is the room issue's judgement, what targets say of a CA the room audit's. Here stand
 * the order and what only the home knows: keys, addresses and the time that is left.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct preflight {
	struct rmt_home *home;
	const struct rmt_authority *authority;
	const struct rmt_demand *demand;
	rmt_time now;
	struct rmt_recipe *recipe; /* NULL once it is refused */
	rmt_preflight_fn *sink;
	void *arg;
	struct rmt_buf label;
};

/* ---- what is looked at: 0 nothing found, 1 found (`found` says what), -1 ------------------------------------------------------ */

static int look_at_key(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	const struct rmt_authority *authority = look->authority;
	unsigned char hash[RMT_SHA256];
	int stands;

	if (rmt_key_check_public(authority->cert->spki, 0, found))
		return 1;
	if (rmt_spki_hash(authority->cert->spki, hash, err))
		return -1;
	stands = rmt_home_key_stands(look->home, rmt_span_of(hash, sizeof hash), err);
	if (stands)
		return stands < 0 ? -1 : 0;
	rmt_err_set(found, RMT_SECRET, NULL, "the private key of \"%s\" is not in this home", authority->name);
	return 1;
}

static int look_at_time(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	(void)err;
	return rmt_authority_in_time(look->authority, look->now, found) != 0;
}

static int look_at_template(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	struct rmt_issuer issuer = rmt_authority_issuer(look->authority, look->demand->rollover);

	(void)err;
	look->recipe = rmt_recipe_new(look->demand->template, &issuer, found);
	return !look->recipe;
}

static int look_at_purposes(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	(void)err;
	return look->recipe && rmt_recipe_purposes(look->recipe, found);
}

static int look_at_crl_sign(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	const struct rmt_ext *usage = rmt_ext_find(&look->authority->cert->extensions, RMT_EXT_KEY_USAGE);
	unsigned bits = RMT_KU_CRL_SIGN;

	if (usage && rmt_ext_key_usage(usage->value, &bits, err))
		return -1;
	if (bits & RMT_KU_CRL_SIGN)
		return 0;
	rmt_err_cite(found, RMT_POLICY, "tbs.extensions.keyUsage", "RFC 5280, 4.2.1.3",
	             "the key usage of \"%s\" lacks cRLSign: nobody takes its CRLs", look->authority->name);
	return 1;
}

static int look_at_lifetime(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	const struct rmt_template *template = look->demand->template;
	rmt_time end = look->recipe ? rmt_recipe_end(look->recipe) : 0;
	char text[32];

	(void)err;
	if (!end || end < look->now || end - look->now >= template->validity - template->backdate - 1)
		return 0;
	rmt_time_text(end, text);
	rmt_err_cite(found, RMT_POLICY, "tbs.validity.notAfter", "RFC 5280, 4.1.2.5",
	             "certificates by template %s would last %lld days, but are cut to the end of \"%s\" or of those above it, %s",
	             template->name, (long long)(template->validity / RMT_DAY), look->authority->name, text);
	return 1;
}

static int look_at_addresses(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	const struct rmt_authority *authority = look->authority;
	bool crl = look->demand->template->crl_distribution && !authority->crl_uri;
	bool ca = look->demand->template->authority_info && !authority->ca_uri;

	(void)err;
	if (!crl && !ca)
		return 0;
	rmt_err_cite(found, RMT_POLICY, NULL, "RFC 5280, 4.2.1.13", "\"%s\" was made without --publish-url: its certificates carry no %s",
	             authority->name, crl && ca ? "address of a CRL or of its certificate" : crl ? "address of a CRL" : "address of its certificate");
	return 1;
}

static int look_at_names(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	(void)err;
	if (!look->recipe || !rmt_recipe_bound(look->recipe))
		return 0;
	rmt_err_cite(found, RMT_POLICY, "tbs.extensions.nameConstraints", "RFC 5280, 4.2.1.10",
	             "name constraints of \"%s\" or of those above it hold for every certificate: what is outside is refused", look->authority->name);
	return 1;
}

static int look_at_dns_left(struct preflight *look, struct rmt_err *found, struct rmt_err *err)
{
	(void)err;
	if (!look->recipe || rmt_recipe_dns_left(look->recipe))
		return 0;
	rmt_err_cite(found, RMT_POLICY, "tbs.extensions.nameConstraints", "RFC 5280, 4.2.1.10",
	             "no DNS name is within the name constraints of \"%s\" and of those above it: none can be issued", look->authority->name);
	return 1;
}

/* How to add one: (1) its function above; (2) its row here; (3) a row in tests/cli/ca_check.sh. */
static const struct {
	const char *rule;
	enum rmt_severity severity;
	int (*look)(struct preflight *look, struct rmt_err *found, struct rmt_err *err);
	const char *fix;
} looks[] = {
	{"issuer.key", RMT_SEVERITY_ERROR, look_at_key, "bring its key back from a backup, or rotate it"},
	{"issuer.dates", RMT_SEVERITY_ERROR, look_at_time, "rotate it (remint ca rotate), or set the clock right"},
	{"issuer.may-issue", RMT_SEVERITY_ERROR, look_at_template, "issue by another authority, or by a template that fits"},
	{"issuer.purposes", RMT_SEVERITY_ERROR, look_at_purposes, "issue by an authority without extendedKeyUsage, or with these purposes"},
	{"issuer.crl-sign", RMT_SEVERITY_ERROR, look_at_crl_sign, "rotate it by a template with cRLSign"},
	{"issuer.lifetime", RMT_SEVERITY_WARNING, look_at_lifetime, "rotate it (remint ca rotate)"},
	{"issuer.addresses", RMT_SEVERITY_WARNING, look_at_addresses, "rotate it with --publish-url"},
	{"issuer.names-left", RMT_SEVERITY_ERROR, look_at_dns_left, "rotate it by a template whose names lie within those above it"},
	{"issuer.name-constraints", RMT_SEVERITY_INFO, look_at_names, "nothing, while all names are within"},
};

/* ---- telling -------------------------------------------------------------------------------------------------------------------- */

static int tell(struct preflight *look, size_t row, const struct rmt_err *found)
{
	struct rmt_finding finding = {.rule = looks[row].rule, .severity = looks[row].severity,
	                              .target = look->demand->template->name, .object = rmt_buf_string(&look->label),
	                              .place = found->place, .message = found->message, .citation = found->citation, .fix = looks[row].fix};

	return look->sink(look->arg, &finding);
}

static int own_looks(struct preflight *look, struct rmt_err *err)
{
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		struct rmt_err found = {0};
		int rc = looks[i].look(look, &found, err);

		if (rc == 1)
			rc = tell(look, i, &found);
		rmt_err_clear(&found);
		if (rc)
			return rc;
	}
	return 0;
}

/* What a target says of the authority and of those above it. */
static int judge(struct preflight *look, const struct rmt_target *target, struct rmt_err *err)
{
	const struct rmt_authority *authority = look->authority;
	struct rmt_audit *audit = rmt_audit_new(target, NULL, look->now, err);
	int rc = audit ? 0 : -1;

	for (size_t i = 0; rc == 0 && i <= authority->chain_count; i++)
		rc = rmt_audit_run_ca(audit, i ? authority->chain[i - 1] : authority->cert, NULL, look->sink, look->arg, err);
	rmt_audit_free(audit);
	return rc;
}

static int judge_targets(struct preflight *look, struct rmt_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < look->demand->target_count; i++)
		rc = judge(look, look->demand->targets[i], err);
	return rc;
}

int rmt_preflight(struct rmt_home *home, const struct rmt_authority *authority, const struct rmt_demand *demand, rmt_preflight_fn *sink,
                  void *arg, struct rmt_err *err)
{
	struct preflight look = {.home = home, .authority = authority, .demand = demand, .now = rmt_verb_now(home->ctx), .sink = sink, .arg = arg};
	struct rmt_target *rfc5280 = rmt_target_load(home->ctx->policies, "rfc5280", err);
	int rc = rfc5280 ? 0 : -1;

	rmt_cert_label(authority->cert, &look.label);
	if (rc == 0)
		rc = rmt_buf_check(&look.label, err);
	if (rc == 0)
		rc = own_looks(&look, err);
	if (rc == 0)
		rc = judge(&look, rfc5280, err);
	if (rc == 0)
		rc = judge_targets(&look, err);
	rmt_recipe_free(look.recipe);
	rmt_target_free(rfc5280);
	rmt_buf_free(&look.label);
	return rc;
}

/* ---- before the first signature ---------------------------------------------------------------------------------------------------- */

struct refusing {
	const char *name;
	struct rmt_err *err;
};

static int refuse(void *arg, const struct rmt_finding *finding)
{
	const struct refusing *refusing = arg;

	if (finding->severity != RMT_SEVERITY_ERROR)
		return 0;
	return rmt_err_cite(refusing->err, RMT_POLICY, NULL, finding->citation,
	                    "%s would refuse every certificate of \"%s\" (%s): %.300s; issue by another authority, see remint ca check",
	                    finding->target, refusing->name, finding->rule, finding->message);
}

int rmt_preflight_refuse(struct rmt_home *home, const struct rmt_authority *authority, const struct rmt_demand *demand, struct rmt_err *err)
{
	struct refusing refusing = {authority->name, err};
	struct preflight look = {.home = home, .authority = authority, .demand = demand, .now = rmt_verb_now(home->ctx), .sink = refuse,
	                         .arg = &refusing};

	return judge_targets(&look, err);
}

/* ---- a new one ------------------------------------------------------------------------------------------------------------------------ */

static int warn(void *arg, const struct rmt_finding *finding)
{
	struct remint *ctx = arg;

	if (finding->severity == RMT_SEVERITY_ERROR)
		rmt_verb_warn(ctx, "%s (%s; see remint ca check)", finding->message, finding->rule);
	return 0;
}

int rmt_preflight_warn(struct rmt_home *home, const char *name, struct rmt_err *err)
{
	struct rmt_authority authority = {0};
	struct rmt_demand demand = {0};
	int rc = rmt_authority_load(home, name, false, &authority, err);

	if (rc == 0)
		rc = rmt_demand_load(home->ctx, rmt_cert_self_issued(authority.cert) ? "issuing-ca" : "server-client", (struct remint_strings){0}, "",
		                     &demand, err);
	if (rc == 0)
		rc = rmt_preflight(home, &authority, &demand, warn, home->ctx, err);
	rmt_demand_clear(&demand);
	rmt_authority_clear(&authority);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------------- */

struct telling {
	const char *name;
	remint_finding_fn *finding;
	void *arg;
	struct remint_audit_summary *summary;
};

static int tell_caller(void *arg, const struct rmt_finding *finding)
{
	struct telling *telling = arg;
	struct remint_finding told = rmt_finding_told(finding, telling->name);

	telling->summary->findings[told.severity]++;
	return telling->finding(telling->arg, &told);
}

/* A root issues CAs, any other authority what the targets, or else hosts, want. */
static const char *usual_template(const struct rmt_authority *authority, const struct remint_ca_check_options *options)
{
	if (options->template_name)
		return options->template_name;
	if (rmt_cert_self_issued(authority->cert))
		return "issuing-ca";
	return options->targets.count ? NULL : "server-client";
}

int remint_ca_check(struct remint *ctx, const struct remint_ca_check_options *options, remint_finding_fn *finding, void *arg,
                    struct remint_audit_summary *summary)
{
	struct remint_audit_summary mine = {0};
	struct telling telling = {.finding = finding, .arg = arg, .summary = summary ? summary : &mine};
	struct rmt_err *err = &ctx->err;
	struct rmt_authority authority = {0};
	struct rmt_demand demand = {0};
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	*telling.summary = mine;
	if (rmt_home_open(ctx, RMT_DB_READ, &home, err) || rmt_authority_load(&home, options->authority, false, &authority, err) ||
	    rmt_demand_load(ctx, usual_template(&authority, options), options->targets, "server-client", &demand, err))
		goto out;
	telling.name = authority.name;
	telling.summary->certificates = 1 + authority.chain_count;
	rc = rmt_preflight(&home, &authority, &demand, tell_caller, &telling, err);
out:
	rmt_demand_clear(&demand);
	rmt_authority_clear(&authority);
	rmt_home_close(&home);
	return rmt_verb_end(ctx, rc);
}
