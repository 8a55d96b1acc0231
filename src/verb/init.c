/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - remint_init(): a CA home with a root and an issuing CA, made beside its place and renamed into it, so that a
 * failure leaves nothing behind.
 *
 * The root's key may live in a home of its own (--offline-root) that the issuing home never sees. Requests to and from
 * other homes are ca.c's.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb/local.h"

#define ROOT_SUBJECT "CN=Remint Lab Root CA,O=Remint Lab"
#define ISSUING_SUBJECT "CN=Remint Lab Issuing CA,O=Remint Lab"

/* ---- a home under construction ---------------------------------------------------------------------------------------- */

/* A home made under a temporary name; `home.ctx->home` points to it while it is worked on. */
struct site {
	struct rmt_home home;
	char *place;  /* where it shall stand */
	char *making; /* where it stands now */
};

static int unlink_one(void *arg, const char *path)
{
	(void)arg;
	unlink(path);
	return 0;
}

static void site_abandon(struct site *site)
{
	struct rmt_buf keys = {0};

	rmt_home_close(&site->home);
	if (site->making) {
		rmt_buf_format(&keys, "%s/keys", site->making);
		rmt_directory_walk(site->making, unlink_one, NULL, NULL, NULL);
		rmdir(rmt_buf_string(&keys));
		rmdir(site->making);
	}
	rmt_buf_free(&keys);
	free(site->place);
	free(site->making);
	*site = (struct site){0};
}

static int found_something(void *arg, const char *path)
{
	(void)arg;
	(void)path;
	return 1;
}

/* The place must be free: absent, or an empty directory. */
static int place_check(const char *place, struct rmt_err *err)
{
	if (!rmt_path_exists(place))
		return 0;
	if (!rmt_path_is_directory(place))
		return rmt_err_set(err, RMT_USAGE, NULL, "%s is a file: a CA home is a directory", place);
	if (rmt_directory_walk(place, found_something, NULL, NULL, err) == 0)
		return 0;
	return rmt_err_set(err, RMT_POLICY, NULL, "%s is not empty: init makes a new home and replaces nothing", place);
}

/* "dir/" and "dir" are one place, or the temporary name would stand inside it. */
static char *place_of(const char *directory, struct rmt_err *err)
{
	size_t length = strlen(directory);

	while (length > 1 && directory[length - 1] == '/')
		length--;
	return rmt_strndup(directory, length, err);
}

/* Its hash tells one home from another, so that the text is like no other's. */
static int first_event(struct site *site, bool locked, struct rmt_err *err)
{
	unsigned char id[16];
	struct rmt_buf text = {0};
	int rc = -1;

	rmt_buf_format(&text, "home %s a passphrase, ", locked ? "with" : "without");
	if (rmt_random(id, sizeof id, err) == 0) {
		rmt_hex(rmt_span_of(id, sizeof id), 0, &text);
		if (rmt_buf_check(&text, err) == 0)
			rc = rmt_db_event(site->home.db, rmt_verb_now(site->home.ctx), "init", rmt_buf_string(&text), err);
	}
	rmt_buf_free(&text);
	return rc;
}

static int site_start(struct remint *ctx, struct site *site, const char *directory, bool locked, struct rmt_err *err)
{
	struct rmt_buf making = {0};

	*site = (struct site){.home.ctx = ctx};
	site->place = place_of(directory, err);
	if (!site->place || place_check(site->place, err))
		return -1;
	rmt_buf_format(&making, "%s.making-%ld", site->place, (long)getpid());
	if (rmt_buf_check(&making, err) || !(site->making = rmt_buf_take(&making)))
		return -1;
	if (rmt_directory_create(site->making, err))
		return -1;
	site->home.db = rmt_db_open(site->making, RMT_DB_CREATE, 10, err);
	if (!site->home.db || rmt_db_begin(site->home.db, err))
		return -1;
	if (rmt_db_setting_put(site->home.db, "passphrase", locked ? "yes" : "no", err) == 0 && first_event(site, locked, err) == 0)
		return rmt_db_commit(site->home.db, err);
	rmt_db_rollback(site->home.db);
	return -1;
}

/* Where a home is under construction is nobody's business: messages speak of the place where it shall stand. */
static void speak_of_place(const struct site *site, char *text, size_t size)
{
	const char *at = site->making ? strstr(text, site->making) : NULL;
	struct rmt_buf said = {0};

	if (!at)
		return;
	rmt_buf_append(&said, text, (size_t)(at - text));
	rmt_buf_format(&said, "%s%s", site->place, at + strlen(site->making));
	if (!said.failed)
		snprintf(text, size, "%s", rmt_buf_string(&said));
	rmt_buf_free(&said);
}

/* The context looks into the site while it is being made. */
static void site_enter(struct site *site)
{
	free(site->home.ctx->home);
	site->home.ctx->home = rmt_strdup(site->making, NULL);
}

static int site_finish(struct site *site, struct rmt_err *err)
{
	rmt_home_close(&site->home);
	if (rename(site->making, site->place))
		return rmt_err_errno(err, RMT_DATABASE, site->place, "put the new home in its place");
	free(site->making);
	site->making = NULL;
	return 0;
}

/* ---- authorities ---------------------------------------------------------------------------------------------------------- */

/* What an authority to be made needs. */
struct wanted {
	const char *name, *template_name, *subject, *key;
	struct rmt_publication publication;
	int64_t validity;
};

/* A pending row with its key stored; the row's id. */
int rmt_authority_prepare(struct rmt_home *home, const char *name, const struct rmt_key *key, int64_t parent,
                          const struct rmt_publication *publication, int64_t *id, struct rmt_err *err)
{
	const char *url = publication->url;
	unsigned char hash[RMT_SHA256];
	struct rmt_buf crl = {0}, ca = {0};
	struct rmt_db_authority row = {.name = name, .state = RMT_AUTHORITY_PENDING, .key_here = true, .parent = parent,
	                               .crl_shards = (int)publication->crl_shards, .crl_deltas = publication->crl_deltas};
	int rc = -1;

	if (url && *url) {
		const char *slash = url[strlen(url) - 1] == '/' ? "" : "/";

		rmt_buf_format(&crl, "%s%s%s.crl", url, slash, name);
		rmt_buf_format(&ca, "%s%s%s.cer", url, slash, name);
	}
	row.crl_uri = rmt_buf_string(&crl);
	row.ca_uri = rmt_buf_string(&ca);
	row.ocsp_uri = publication->ocsp_url ? publication->ocsp_url : "";
	row.spki_hash = rmt_span_of(hash, sizeof hash);
	if (rmt_buf_check(&crl, err) || rmt_buf_check(&ca, err) || rmt_spki_hash(rmt_key_spki(key), hash, err) ||
	    rmt_home_key_store(home, key, err) || rmt_db_begin(home->db, err))
		goto out;
	if (rmt_db_authority_add(home->db, &row, id, err) == 0 &&
	    rmt_db_event(home->db, rmt_verb_now(home->ctx), "authority", name, err) == 0)
		rc = rmt_db_commit(home->db, err);
	else
		rmt_db_rollback(home->db);
out:
	rmt_buf_free(&crl);
	rmt_buf_free(&ca);
	return rc;
}

static int demand_for(struct remint *ctx, const struct wanted *wanted, struct rmt_demand *demand, struct rmt_err *err)
{
	return rmt_demand_load(ctx, wanted->template_name, (struct remint_strings){0}, "", demand, err);
}

static int keep_der(void *arg, struct rmt_item *item)
{
	rmt_buf_append(arg, item->der.bytes, item->der.length);
	return 0;
}

/* Issue one CA certificate along the road. `item` is consumed; its DER is left in `der`. */
int rmt_authority_issue(struct rmt_home *home, struct rmt_authority *by, struct rmt_demand *demand, struct rmt_item *item,
                        struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_issuance *run = rmt_issuance_new(home, by, demand, false, err);
	struct rmt_outlet outlet = {.release = keep_der, .arg = der};
	int rc = run ? rmt_issuance_run(run, &item, 1, &outlet, err) : -1;

	if (rc == 0 && item->failed) {
		*err = item->err;
		rc = -1;
	}
	rmt_issuance_free(run);
	rmt_item_free(item);
	return rc ? rc : rmt_buf_check(der, err);
}

static struct rmt_item *ca_item(const struct wanted *wanted, struct rmt_key *key, struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);

	if (!item)
		return NULL;
	item->key = rmt_key_dup(key, err);
	item->validity = wanted->validity;
	item->source = "";
	if (item->key && rmt_name_parse(wanted->subject, &item->subject, err) == 0)
		return item;
	rmt_item_free(item);
	return NULL;
}

static int make_root(struct rmt_home *home, const struct wanted *wanted, struct rmt_err *err)
{
	struct rmt_authority self = {.name = (char *)(uintptr_t)wanted->name};
	struct rmt_demand demand = {0};
	struct rmt_buf der = {0};
	struct rmt_item *item;
	int rc = -1;

	if (demand_for(home->ctx, wanted, &demand, err))
		return -1;
	self.key = rmt_key_generate(wanted->key ? wanted->key : demand.template->key_generate, err);
	if (!self.key || rmt_authority_prepare(home, wanted->name, self.key, 0, &wanted->publication, &self.id, err))
		goto out;
	item = ca_item(wanted, self.key, err);
	if (!item)
		goto out;
	item->activates = self.id;
	rc = rmt_authority_issue(home, &self, &demand, item, &der, err);
out:
	rmt_buf_free(&der);
	rmt_key_free(self.key);
	rmt_demand_clear(&demand);
	return rc;
}

/* The root and its certificate, made known to an issuing home that never holds its key. */
static int copy_root(struct rmt_home *home, const struct rmt_authority *root, int64_t *id, struct rmt_err *err)
{
	return rmt_authority_record(home, root->name, root->cert, RMT_AUTHORITY_ACTIVE, 0, id, err);
}

/* The issuing CA of `home`, signed by `root`, which belongs to `signing_home` (the same one, or the offline root's). */
static int make_issuing(struct rmt_home *home, struct rmt_home *signing_home, struct rmt_authority *root,
                        const struct wanted *wanted, struct rmt_err *err)
{
	bool same = home == signing_home;
	int64_t parent = 0;
	struct rmt_demand demand = {0};
	struct rmt_buf der = {0};
	struct rmt_key *key = NULL;
	struct rmt_item *item;
	int64_t id;
	int rc = -1;

	if (demand_for(home->ctx, wanted, &demand, err))
		return -1;
	key = rmt_key_generate(wanted->key ? wanted->key : demand.template->key_generate, err);
	if (!key || (!same && copy_root(home, root, &parent, err)) ||
	    rmt_authority_prepare(home, wanted->name, key, 0, &wanted->publication, &id, err))
		goto out;
	item = ca_item(wanted, key, err);
	if (!item)
		goto out;
	item->activates = same ? id : 0;
	rc = rmt_authority_issue(signing_home, root, &demand, item, &der, err);
	if (rc == 0 && !same)
		rc = rmt_authority_install(home, id, rmt_buf_view(&der), parent, err);
out:
	rmt_buf_free(&der);
	rmt_key_free(key);
	rmt_demand_clear(&demand);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------ */

/* It goes into every certificate: what is no address there cannot be taken back. */
int rmt_publish_url_check(const char *url, struct rmt_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?[]@!$&'()*+,;=%";
	const char *host = url + 7;

	if (strncmp(url, "http://", 7) != 0)
		return rmt_err_set(err, RMT_USAGE, NULL,
		                   "\"%s\" is not an http:// address: CRLs, CA certificates and OCSP answers are fetched without TLS, since "
		                   "checking TLS would need them already",
		                   url);
	if (strcspn(host, "/:?") == 0 || host[strspn(host, allowed)])
		return rmt_err_cite(err, RMT_USAGE, NULL, "RFC 3986, 3",
		                    "\"%s\" is not an address: it has no host, or a character that none may have", url);
	return 0;
}

int rmt_publication_check(const struct rmt_publication *publication, struct rmt_err *err)
{
	if (publication->crl_shards < 0 || publication->crl_shards > 999)
		return rmt_err_set(err, RMT_USAGE, NULL, "an authority has up to 999 partial lists");
	if ((publication->crl_shards || publication->crl_deltas) && !publication->url)
		return rmt_err_set(err, RMT_USAGE, NULL, "partial lists and deltas are found by their address: give --publish-url");
	if (publication->url && rmt_publish_url_check(publication->url, err))
		return -1;
	return publication->ocsp_url ? rmt_publish_url_check(publication->ocsp_url, err) : 0;
}

/* The place without links, also where its last parts are not there yet. */
static char *resolve(const char *path, struct rmt_err *err)
{
	struct rmt_buf resolved = {0};
	size_t length = strlen(path);
	char *there = NULL;

	while (length > 1 && path[length - 1] == '/')
		length--;
	for (size_t cut = length;;) {
		char *front = cut ? rmt_strndup(path, cut, err) : rmt_strdup(path[0] == '/' ? "/" : ".", err);

		if (!front)
			return NULL;
		there = realpath(front, NULL);
		free(front);
		if (there) {
			while (cut < length && path[cut] == '/')
				cut++;
			rmt_buf_format(&resolved, "%s%s%.*s", there, cut < length ? "/" : "", (int)(length - cut), path + cut);
			break;
		}
		if (!cut)
			break;
		while (cut && path[cut - 1] != '/')
			cut--;
		while (cut && path[cut - 1] == '/')
			cut--;
	}
	free(there);
	if (resolved.length)
		return rmt_buf_take(&resolved);
	rmt_err_set(err, RMT_INPUT, NULL, "the way to this directory cannot be followed");
	rmt_err_source(err, path);
	return NULL;
}

static bool within(const char *inner, const char *outer)
{
	size_t length = strlen(outer);

	return strncmp(inner, outer, length) == 0 && (!inner[length] || inner[length] == '/');
}

/* An offline root is one that can be carried away without the home. */
static int check_apart(const char *home, const char *offline_root, struct rmt_err *err)
{
	char *one = resolve(home, err), *other = one ? resolve(offline_root, err) : NULL;
	int rc = other ? 0 : -1;

	if (other && (within(one, other) || within(other, one)))
		rc = rmt_err_set(err, RMT_USAGE, NULL,
		                 "the offline root needs a directory of its own, neither the home nor within it: \"%s\" and \"%s\" "
		                 "are not apart",
		                 home, offline_root);
	free(one);
	free(other);
	return rc;
}

static int check_options(struct remint *ctx, const struct remint_init_options *options, struct rmt_err *err)
{
	const struct rmt_publication publication = {options->publish_url, options->crl_shards, options->crl_deltas, options->ocsp_url};

	if (!ctx->home)
		return rmt_err_set(err, RMT_USAGE, NULL, "no CA home: name one with --home DIR or REMINT_HOME");
	if (!ctx->home[0] || (options->offline_root && !options->offline_root[0]))
		return rmt_err_set(err, RMT_USAGE, NULL, "the name of a home is empty");
	if (options->no_root && options->offline_root)
		return rmt_err_set(err, RMT_USAGE, NULL, "without a root there is no offline root: choose one of the two");
	if (options->no_root && options->no_issuing)
		return rmt_err_set(err, RMT_USAGE, NULL,
		                   "without a root and an issuing CA there is nothing to make: --no-root alone makes a home that "
		                   "waits for remint ca request");
	if (options->root_subject && !options->issuing_subject && !options->no_issuing && !options->no_root)
		return rmt_err_set(err, RMT_USAGE, NULL,
		                   "the issuing CA would keep the name of a lab beside that of your root, for good: name it, too, with "
		                   "--issuing-subject, or make the root alone with --no-issuing");
	if (options->offline_root && check_apart(ctx->home, options->offline_root, err))
		return -1;
	return rmt_publication_check(&publication, err);
}

static int fill(struct site *root_site, struct site *site, const struct remint_init_options *options, struct rmt_err *err)
{
	struct wanted root = {.name = "root", .template_name = "root-ca", .key = options->root_key,
	                      .subject = options->root_subject ? options->root_subject : ROOT_SUBJECT,
	                      .publication = {.url = options->publish_url}, .validity = options->root_validity};
	struct wanted issuing = {.name = "issuing", .template_name = "issuing-ca", .key = options->issuing_key,
	                         .subject = options->issuing_subject ? options->issuing_subject : ISSUING_SUBJECT,
	                         .publication = {options->publish_url, options->crl_shards, options->crl_deltas, options->ocsp_url},
	                         .validity = options->issuing_validity};
	struct rmt_authority authority = {0};
	int rc = -1;

	if (options->no_root)
		return 0;
	if (!options->offline_root) /* nobody answers for a root that is carried away */
		root.publication.ocsp_url = options->ocsp_url;
	site_enter(root_site);
	if (make_root(&root_site->home, &root, err))
		return -1;
	if (options->no_issuing)
		return 0;
	if (rmt_authority_load(&root_site->home, "root", true, &authority, err))
		return -1;
	site_enter(site);
	rc = make_issuing(&site->home, &root_site->home, &authority, &issuing, err);
	rmt_authority_clear(&authority);
	return rc;
}

/* `then` sees the home under its name while it is being made; nothing of it is open meanwhile. */
static int finish(struct site *site, struct site *offline, rmt_home_then_fn *then, void *arg, struct rmt_err *err)
{
	site_enter(site);
	rmt_home_close(&site->home);
	if ((then && then(arg, err)) || (offline->making && site_finish(offline, err)))
		return -1;
	return site_finish(site, err);
}

int rmt_home_make(struct remint *ctx, const struct remint_init_options *options, rmt_home_then_fn *then, void *arg, struct rmt_err *err)
{
	struct site site = {0}, offline = {0};
	char *place = NULL;
	int rc = -1;

	if (check_options(ctx, options, err) || !(place = rmt_strdup(ctx->home, err)))
		goto out;
	if (!options->no_password && !rmt_verb_ca_secret(ctx, "new passphrase for the CA's keys", true, err))
		goto out;
	if (site_start(ctx, &site, place, !options->no_password, err))
		goto out;
	if (options->offline_root && site_start(ctx, &offline, options->offline_root, !options->no_password, err))
		goto out;
	if (fill(options->offline_root ? &offline : &site, &site, options, err) == 0)
		rc = finish(&site, &offline, then, arg, err);
out:
	speak_of_place(&site, err->message, sizeof err->message);
	speak_of_place(&site, err->source, sizeof err->source);
	speak_of_place(&offline, err->message, sizeof err->message);
	speak_of_place(&offline, err->source, sizeof err->source);
	site_abandon(&site);
	site_abandon(&offline);
	if (place) {
		free(ctx->home);
		ctx->home = place;
	}
	return rc;
}

int remint_init(struct remint *ctx, const struct remint_init_options *options, remint_authority_fn *made, void *arg)
{
	struct rmt_err *err = &ctx->err;
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_home_make(ctx, options, NULL, NULL, err);
	if (rc == 0 && !options->publish_url && !options->no_root)
		rmt_verb_warn(ctx, "no publish URL: certificates will carry no CRL or issuer address; give --publish-url to init "
		                   "when devices check revocation");
	if (rc == 0 && options->no_root)
		rmt_verb_warn(ctx, "the home has no CA yet: remint ca request makes its key and its request to a root elsewhere");
	if (rc == 0 && made)
		rc = rmt_authorities_report(ctx, made, arg, err);
	return rmt_verb_end(ctx, rc);
}
