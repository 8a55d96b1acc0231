/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throwaway.c - a root and a certificate for localhost, made in memory for a server of the lab and forgotten with it.
 *
 * No home, no database, no file, and so no record: nothing that is made here is ever to be trusted beyond the run.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* What is made, and by whom: `issuer` NULL signs itself. */
struct making {
	const char *template_name, *subject;
	const struct rmt_cert *issuer;
	const struct rmt_key *signing, *key;
	const struct rmt_text_list *names;
};

static int plan_and_sign(const struct making *making, const struct rmt_recipe *recipe, rmt_time now, struct rmt_buf *der,
                         struct rmt_err *err)
{
	struct rmt_signer *signer = rmt_signer_new(making->signing, "sha256", err);
	struct rmt_buf subject = {0}, tbs = {0};
	struct rmt_wish wish = {.san = making->names};
	unsigned char serial[RMT_SERIAL];
	struct rmt_plan *plan = NULL;
	int rc = -1;

	if (!signer || rmt_name_parse(making->subject, &subject, err))
		goto out;
	wish.subject = rmt_buf_view(&subject);
	plan = rmt_plan_new(recipe, &wish, rmt_key_spki(making->key), now, NULL, NULL, err);
	if (plan && rmt_serial_new(serial, err) == 0 &&
	    rmt_plan_build(plan, rmt_span_of(serial, sizeof serial), rmt_signer_algorithm(signer), &tbs, err) == 0)
		rc = rmt_signer_wrap(signer, rmt_buf_view(&tbs), der, err);
out:
	rmt_plan_free(plan);
	rmt_signer_free(signer);
	rmt_buf_free(&subject);
	rmt_buf_free(&tbs);
	return rc;
}

static struct rmt_cert *make(struct remint *ctx, const struct making *making, struct rmt_err *err)
{
	struct rmt_template *policy = rmt_template_load(ctx->policies, making->template_name, err);
	struct rmt_issuer issuer = {.cert = making->issuer};
	struct rmt_recipe *recipe = policy ? rmt_recipe_new(policy, &issuer, err) : NULL;
	struct rmt_cert *cert = NULL;
	struct rmt_buf der = {0};

	if (recipe && plan_and_sign(making, recipe, rmt_verb_now(ctx), &der, err) == 0)
		cert = rmt_cert_new(rmt_buf_view(&der), RMT_STRICT, err);
	rmt_recipe_free(recipe);
	rmt_template_free(policy);
	rmt_buf_free(&der);
	return cert;
}

/* The address listened on as a name; empty for none and for the one that means all of them. */
static void name_of(const char *address, char *out, size_t size)
{
	static const char *const all[] = {"0.0.0.0", "::", "localhost", "127.0.0.1", "::1"};
	bool numeric = address && !address[strspn(address, "0123456789abcdefABCDEF.:")] && strpbrk(address, ".:");

	*out = 0;
	for (size_t i = 0; address && i < sizeof all / sizeof *all; i++)
		if (strcmp(address, all[i]) == 0)
			return;
	if (address)
		snprintf(out, size, "%s:%s", numeric ? "ip" : "dns", address);
}

int rmt_throwaway_make(struct remint *ctx, const char *key_spec, const char *address, struct rmt_throwaway *out, struct rmt_err *err)
{
	static char localhost[] = "dns:localhost", v4[] = "ip:127.0.0.1", v6[] = "ip:::1";
	char named[300], *names[] = {localhost, v4, v6, named};
	struct rmt_text_list list = {names, 3};
	struct making root = {.template_name = "root-ca", .subject = "CN=Remint throwaway root"};
	struct making leaf = {.template_name = "server-client", .subject = "CN=localhost", .names = &list};

	*out = (struct rmt_throwaway){0};
	name_of(address, named, sizeof named);
	list.count += *named != 0;
	out->root_key = rmt_key_generate("rsa:2048", err);
	out->key = out->root_key ? rmt_key_generate(key_spec ? key_spec : "rsa:2048", err) : NULL;
	root.key = root.signing = leaf.signing = out->root_key;
	leaf.key = out->key;
	if (out->key)
		leaf.issuer = out->root = make(ctx, &root, err);
	if (out->root)
		out->leaf = make(ctx, &leaf, err);
	if (out->leaf)
		return 0;
	rmt_throwaway_clear(out);
	return -1;
}

void rmt_throwaway_clear(struct rmt_throwaway *made)
{
	rmt_cert_free(made->leaf);
	rmt_cert_free(made->root);
	rmt_key_free(made->key);
	rmt_key_free(made->root_key);
	*made = (struct rmt_throwaway){0};
}
