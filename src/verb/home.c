/* SPDX-License-Identifier: Apache-2.0 */
/*
 * home.c - the CA's home directory: its database, its private keys, its authorities ready for use.
 *
 * Keys stand under keys/<SPKI hash>.pem, encrypted when the home has a passphrase. What is done with an authority is
 * decided elsewhere.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { WAIT_SECONDS = 10 };

int rmt_home_open(struct remint *ctx, int mode, struct rmt_home *home, struct rmt_err *err)
{
	rmt_time last, now = rmt_verb_now(ctx);
	char text[2][32];

	*home = (struct rmt_home){.ctx = ctx};
	if (!ctx->home)
		return rmt_err_set(err, RMT_USAGE, NULL, "no CA home: name one with --home DIR or REMINT_HOME");
	home->db = rmt_db_open(ctx->home, mode, WAIT_SECONDS, err);
	if (!home->db)
		return -1;
	if (mode == RMT_DB_READ)
		return 0;
	if (rmt_db_last_event(home->db, &last, err))
		goto fail;
	if (now >= last)
		return 0;
	rmt_time_text(now, text[0]);
	rmt_time_text(last, text[1]);
	rmt_err_set(err, RMT_POLICY, NULL,
	            "the clock says %s, but the database has an event of %s: set the clock right before issuing", text[0],
	            text[1]);
fail:
	rmt_home_close(home);
	return -1;
}

int rmt_home_stands(const struct remint *ctx, struct rmt_err *err)
{
	char *path = ctx->home ? rmt_path_join(ctx->home, "ca.db", err) : NULL;
	int stands = path ? rmt_path_stands(path, err) : ctx->home ? -1 : 0;

	free(path);
	return stands;
}

int rmt_home_if_any(struct remint *ctx, struct rmt_home *home, struct rmt_err *err)
{
	int stands = rmt_home_stands(ctx, err);

	*home = (struct rmt_home){.ctx = ctx};
	return stands < 1 ? stands : rmt_home_open(ctx, RMT_DB_WRITE, home, err) ? -1 : 1;
}

void rmt_home_close(struct rmt_home *home)
{
	rmt_db_close(home->db);
	home->db = NULL;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------- */

/* HOME/keys/<hex>.pem of a 32-byte SPKI hash. */
static char *key_path(const struct rmt_home *home, struct rmt_span spki_hash, struct rmt_err *err)
{
	struct rmt_buf path = {0};

	rmt_buf_format(&path, "%s/keys/", home->ctx->home);
	rmt_hex(spki_hash, 0, &path);
	rmt_buf_text(&path, ".pem");
	if (rmt_buf_check(&path, err)) {
		rmt_buf_free(&path);
		return NULL;
	}
	return rmt_buf_take(&path);
}

int rmt_home_key_stands(const struct rmt_home *home, struct rmt_span spki_hash, struct rmt_err *err)
{
	char *path = key_path(home, spki_hash, err);
	int stands = path ? rmt_path_stands(path, err) : -1;

	free(path);
	return stands;
}

int rmt_home_locked(struct rmt_home *home, struct rmt_err *err)
{
	struct rmt_buf value = {0};
	int found = rmt_db_setting_get(home->db, "passphrase", &value, err);
	int locked = found < 0 ? -1 : found == 1 && strcmp(rmt_buf_string(&value), "yes") == 0;

	rmt_buf_free(&value);
	return locked;
}

int rmt_home_key_store(struct rmt_home *home, const struct rmt_key *key, struct rmt_err *err)
{
	const struct rmt_secret *secret = NULL;
	unsigned char hash[RMT_SHA256];
	struct rmt_buf directory = {0}, pem = {0};
	char *path = NULL;
	int rc = -1, locked = rmt_home_locked(home, err);

	if (locked < 0 || rmt_spki_hash(rmt_key_spki(key), hash, err))
		goto out;
	path = key_path(home, rmt_span_of(hash, sizeof hash), err);
	rmt_buf_format(&directory, "%s/keys", home->ctx->home);
	if (!path || rmt_buf_check(&directory, err) || rmt_directory_create(rmt_buf_string(&directory), err))
		goto out;
	if (rmt_path_exists(path)) {
		rc = 0;
		goto out;
	}
	if (locked && !(secret = rmt_verb_ca_secret(home->ctx, "passphrase of the CA home", false, err)))
		goto out;
	if (rmt_key_write_pem(key, secret, &pem, err) == 0)
		rc = rmt_file_write(path, rmt_buf_view(&pem), 0600, false, err);
out:
	if (rc && err->class == RMT_INPUT) /* it is the home that cannot be written, as when its database cannot */
		err->class = RMT_DATABASE;
	rmt_buf_free(&pem);
	rmt_buf_free(&directory);
	free(path);
	return rc;
}

struct rmt_key *rmt_home_key_load(struct rmt_home *home, struct rmt_span spki_hash, struct rmt_err *err)
{
	char *path = key_path(home, spki_hash, err);
	const struct rmt_secret *secret = NULL;
	struct rmt_key *key = NULL;
	struct rmt_buf pem = {0};
	int locked = rmt_home_locked(home, err);

	rmt_buf_secret(&pem);
	if (!path || locked < 0)
		goto out;
	if (!rmt_path_exists(path)) {
		rmt_err_set(err, RMT_SECRET, NULL, "the private key is not in this home: there is no such file");
		rmt_err_source(err, path);
		goto out;
	}
	if (rmt_file_read(path, RMT_CAP_REQUEST, &pem, err))
		goto out;
	if (locked && !(secret = rmt_verb_ca_secret(home->ctx, "passphrase of the CA home", false, err)))
		goto out;
	key = rmt_key_read_pem(rmt_buf_view(&pem), secret, err);
	rmt_err_source(err, path);
out:
	if (!key && err->class == RMT_INPUT) /* a key that cannot be read is a key missing */
		err->class = RMT_SECRET;
	rmt_buf_free(&pem);
	free(path);
	return key;
}

/* ---- authorities ---------------------------------------------------------------------------------------------------------- */

static char *uri_of(const char *text, struct rmt_err *err)
{
	return text && *text ? rmt_strdup(text, err) : NULL;
}

/* Those that could issue: active, with their key here, and no root, which issues by name only when nothing else can. */
struct usable {
	int64_t id, root;
	unsigned count, roots;
	bool issuing;
	struct rmt_buf names;
	char retired[65]; /* one that issued, and issues no more */
};

static bool is_root(const struct rmt_db_authority *row)
{
	struct rmt_cert cert;

	return rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL) == 0 && rmt_cert_self_issued(&cert);
}

static int note_usable(void *arg, const struct rmt_db_authority *row)
{
	struct usable *usable = arg;

	if (row->state == RMT_AUTHORITY_RETIRED && row->key_here && !is_root(row))
		snprintf(usable->retired, sizeof usable->retired, "%s", row->name);
	if (row->state != RMT_AUTHORITY_ACTIVE || !row->key_here)
		return 0;
	if (is_root(row)) {
		usable->root = row->id;
		usable->roots++;
		return 0;
	}
	rmt_buf_format(&usable->names, "%s%s", usable->count++ ? ", " : "", row->name);
	if (usable->issuing)
		return 0;
	usable->id = row->id;
	usable->issuing = strcmp(row->name, "issuing") == 0;
	return 0;
}

/* The one that issues when none is named: what `ca default` or a rotation set; failing that "issuing", or the only one. */
static int choose_usual(struct rmt_home *home, struct rmt_db_authority *out, struct rmt_err *err)
{
	struct rmt_buf set = {0};
	struct usable usable = {0};
	int rc = rmt_db_setting_get(home->db, RMT_SETTING_ISSUER, &set, err);

	if (rc == 1 && set.length)
		rc = rmt_db_authority_get(home->db, rmt_buf_string(&set), 0, out, err);
	else if (rc >= 0)
		rc = 0;
	rmt_buf_free(&set);
	if (rc == 1 && out->state != RMT_AUTHORITY_ACTIVE)
		return rmt_err_set(err, RMT_POLICY, NULL,
		                   "the authority that issues here, \"%s\", is not active: choose another with remint ca default, or name one with --ca",
		                   out->name);
	if (rc)
		return rc;
	rc = rmt_db_authorities(home->db, note_usable, &usable, err);
	if (rc == 0 && usable.count > 1 && !usable.issuing)
		rc = rmt_err_set(err, RMT_USAGE, NULL,
		                 "several authorities could issue (%s): name one with --ca, or choose with remint ca default",
		                 rmt_buf_string(&usable.names));
	else if (rc == 0 && !usable.count && usable.retired[0])
		rc = rmt_err_set(err, RMT_POLICY, NULL,
		                 "\"%s\" is retired, and no other issuing CA is here: make its successor (remint ca rotate %s), or name an authority with --ca",
		                 usable.retired, usable.retired);
	else if (rc == 0 && !usable.count && usable.roots == 1)
		usable.id = usable.root;
	else if (rc == 0 && !usable.count)
		rc = rmt_err_set(err, usable.roots ? RMT_USAGE : RMT_POLICY, NULL, "%s",
		                 usable.roots ? "several authorities could issue: name one with --ca"
		                              : "this home has no active authority with its key: run remint init, or remint ca install");
	rmt_buf_free(&usable.names);
	return rc ? -1 : rmt_db_authority_get(home->db, NULL, usable.id, out, err);
}

static int choose(struct rmt_home *home, const char *name, struct rmt_db_authority *out, struct rmt_err *err)
{
	int found;

	if (!name)
		return choose_usual(home, out, err);
	found = rmt_db_authority_get(home->db, name, 0, out, err);
	return found ? found : rmt_err_set(err, RMT_USAGE, NULL, "no authority is called \"%s\": see remint ca list", name);
}

struct rmt_cert *rmt_authority_cert(const struct rmt_db_authority *row, struct rmt_err *err)
{
	struct rmt_err why = {0};
	struct rmt_cert *cert = rmt_cert_new(row->cert, RMT_TOLERANT, &why);

	if (!cert && why.class == RMT_INTERNAL)
		rmt_err_memory(err);
	else if (!cert)
		rmt_err_set(err, RMT_DATABASE, NULL, "the database is damaged, the certificate of the authority \"%s\" is none: " RMT_DB_REMEDY, row->name);
	return cert;
}

/* The issuers above, by the parent links of the database. */
static int load_chain(struct rmt_home *home, int64_t parent, struct rmt_authority *out, struct rmt_err *err)
{
	struct rmt_db_authority row;

	while (parent && out->chain_count < RMT_PATH_DEPTH_MAX) {
		int found = rmt_db_authority_get(home->db, NULL, parent, &row, err);

		if (found < 0)
			return -1;
		if (!found || !row.cert.length)
			break;
		out->chain[out->chain_count] = rmt_authority_cert(&row, err);
		if (!out->chain[out->chain_count])
			return -1;
		out->chain_count++;
		parent = row.parent;
	}
	return 0;
}

static int refuse_blocked(struct rmt_home *home, const char *name, struct rmt_span spki_hash, struct rmt_err *err)
{
	struct rmt_db_blocked blocked;
	int found = rmt_db_blocked_get(home->db, RMT_BLOCKED_SPKI, spki_hash, &blocked, err);

	if (found < 1)
		return found;
	return rmt_err_cite(err, RMT_SECRET, NULL, "CA/Browser Forum TLS BR, 6.1.1.3",
	                    "the key of the authority \"%s\" is blocked (%.200s): nothing is issued below it; make a successor (remint ca rotate)", name,
	                    blocked.source);
}

/* What a database tells that came here with its revocations, too: below a revoked CA, or one whose key is blocked, nothing more is issued. */
static int check_standing(struct rmt_home *home, int64_t id, struct rmt_err *err)
{
	struct rmt_db_revocation revocation;
	struct rmt_db_authority row;
	unsigned char hash[RMT_SHA256] = {0};
	char name[65];

	for (unsigned depth = 0; id && depth <= RMT_PATH_DEPTH_MAX; depth++) {
		int found = rmt_db_authority_get(home->db, NULL, id, &row, err);

		if (found < 1)
			return found;
		id = row.parent;
		snprintf(name, sizeof name, "%s", row.name);
		if (row.spki_hash.length == sizeof hash)
			memcpy(hash, row.spki_hash.at, sizeof hash);
		found = rmt_authority_revoked(home->db, &row, &revocation, err);
		if (found)
			return found < 0 ? -1
			                 : rmt_err_set(err, RMT_POLICY, NULL, "the certificate of the authority \"%s\" is revoked: nothing is issued below it",
			                               name);
		if (refuse_blocked(home, name, rmt_span_of(hash, sizeof hash), err))
			return -1;
	}
	return 0;
}

/* Who issues instead, where that is known. */
static int refuse_retired(struct rmt_home *home, const char *name, struct rmt_err *err)
{
	struct rmt_successor successor;
	int found = rmt_authority_successor(home, name, &successor, err);

	if (found < 0)
		return -1;
	return rmt_err_set(err, RMT_POLICY, NULL,
	                   "the authority \"%s\" is retired: it signs CRLs and OCSP responses for what it issued, and no more certificates; %s%s%s", name,
	                   found ? "\"" : "remint ca rotate ", found ? successor.name : name, found ? "\" took its place" : " makes its successor");
}

static int load(struct rmt_home *home, const char *name, bool with_key, bool retired_too, struct rmt_authority *out,
                struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_authority row;
	char called[65];
	int64_t parent;

	*out = (struct rmt_authority){0};
	if (choose(home, name, &row, err) < 0)
		return -1;
	if (row.state == RMT_AUTHORITY_RETIRED && !retired_too) {
		snprintf(called, sizeof called, "%s", row.name);
		return refuse_retired(home, called, err);
	}
	if (row.state != RMT_AUTHORITY_ACTIVE && row.state != RMT_AUTHORITY_RETIRED)
		return rmt_err_set(err, RMT_POLICY, NULL, "the authority \"%s\" is not active", row.name);
	out->id = row.id;
	out->name = rmt_strdup(row.name, err);
	out->cert = rmt_authority_cert(&row, err);
	out->crl_uri = uri_of(row.crl_uri, err);
	out->ocsp_uri = uri_of(row.ocsp_uri, err);
	out->ca_uri = uri_of(row.ca_uri, err);
	out->crl_shards = row.crl_shards;
	out->crl_deltas = row.crl_deltas;
	out->retired_too = retired_too;
	parent = row.parent;
	if (!out->name || !out->cert || row.spki_hash.length != sizeof hash)
		goto fail;
	memcpy(hash, row.spki_hash.at, sizeof hash);
	if (load_chain(home, parent, out, err) || (!retired_too && check_standing(home, out->id, err)))
		goto fail;
	if (with_key && !row.key_here) {
		rmt_err_set(err, RMT_SECRET, NULL,
		            "the key of the authority \"%s\" is not in this home: what it is to sign is requested here (remint ca request), and signed where its key is (remint ca sign)",
		            out->name);
		goto fail;
	}
	if (with_key && !(out->key = rmt_home_key_load(home, rmt_span_of(hash, sizeof hash), err)))
		goto fail;
	return 0;
fail:
	rmt_err_set(err, RMT_DATABASE, NULL, "the authority \"%s\" cannot be used", out->name ? out->name : "");
	rmt_authority_clear(out);
	return -1;
}

int rmt_authority_load(struct rmt_home *home, const char *name, bool with_key, struct rmt_authority *out, struct rmt_err *err)
{
	return load(home, name, with_key, false, out, err);
}

int rmt_authority_load_status(struct rmt_home *home, const char *name, bool with_key, struct rmt_authority *out, struct rmt_err *err)
{
	return load(home, name, with_key, true, out, err);
}

int rmt_authority_is_usual(struct rmt_home *home, const char *name, bool standing, struct rmt_err *err)
{
	struct rmt_authority usual = {0};
	struct rmt_err why = {0};
	int rc = load(home, NULL, false, !standing, &usual, &why) ? -1 : strcmp(usual.name, name) == 0;

	/* There is none, there are several, or it may not issue: that is an answer. */
	if (rc < 0 && (why.class == RMT_USAGE || why.class == RMT_POLICY || why.class == RMT_SECRET))
		rc = 0;
	if (rc < 0)
		*err = why;
	rmt_authority_clear(&usual);
	return rc;
}

int rmt_authority_still_issues(struct rmt_home *home, const struct rmt_authority *authority, struct rmt_err *err)
{
	struct rmt_db_authority row;
	int found;

	if (authority->retired_too)
		return 0;
	found = rmt_db_authority_get(home->db, NULL, authority->id, &row, err);
	if (found < 1)
		return found < 0 ? -1 : rmt_err_set(err, RMT_DATABASE, NULL, "the authority \"%s\" is not in the database", authority->name);
	if (row.state == RMT_AUTHORITY_RETIRED)
		return refuse_retired(home, authority->name, err);
	return check_standing(home, authority->id, err);
}

void rmt_authority_clear(struct rmt_authority *authority)
{
	for (size_t i = 0; i < authority->chain_count; i++)
		rmt_cert_free(authority->chain[i]);
	rmt_cert_free(authority->cert);
	rmt_key_free(authority->key);
	free(authority->name);
	free(authority->crl_uri);
	free(authority->ocsp_uri);
	free(authority->ca_uri);
	*authority = (struct rmt_authority){0};
}

/* ---- certificates of the database as inputs ------------------------------------------------------------------------------- */

struct by_serial {
	int64_t id;
	unsigned count;
};

static int note_id(void *arg, const struct rmt_db_cert *row)
{
	struct by_serial *found = arg;

	found->id = row->id;
	found->count++;
	return 0;
}

static int pile_cert(struct rmt_pile *pile, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_object object = {.type = RMT_OBJECT_CERTIFICATE, .source = "database", .index = pile->count + 1,
	                            .container = "der"};
	struct rmt_cert cert;

	if (rmt_cert_read(&cert, der, RMT_TOLERANT, err))
		return -1;
	object.cert = &cert;
	object.der = cert.der;
	object.spki = cert.spki;
	return rmt_pile_add(pile, &object, err);
}

static int pile_authority(void *arg, const struct rmt_db_authority *row)
{
	return row->cert.length ? pile_cert(arg, row->cert, NULL) : 0;
}

/* The key from the home, if it is there. */
static int pile_key(struct rmt_home *home, struct rmt_pile *pile, struct rmt_span spki_hash, struct rmt_err *err)
{
	struct rmt_object object = {.type = RMT_OBJECT_PRIVATE_KEY, .source = "database", .index = pile->count + 1,
	                            .container = "pem"};
	struct rmt_key *key;
	int rc;

	rc = rmt_home_key_stands(home, spki_hash, err);
	if (rc <= 0)
		return rc;
	key = rmt_home_key_load(home, spki_hash, err);
	if (!key)
		return -1;
	object.key = key;
	object.spki = rmt_key_spki(key);
	rc = rmt_pile_add(pile, &object, err);
	rmt_key_free(key);
	return rc;
}

int rmt_pile_add_serial(struct rmt_home *home, struct rmt_pile *pile, const char *serial, bool company,
                        struct rmt_err *err)
{
	struct rmt_db_filter filter = {.serial = serial, .status = -1, .now = rmt_verb_now(home->ctx), .limit = 2};
	struct by_serial found = {0};
	unsigned char hash[RMT_SHA256];
	struct rmt_db_cert row;

	if (rmt_db_certs(home->db, &filter, note_id, &found, err))
		return -1;
	if (found.count != 1)
		return rmt_err_set(err, RMT_USAGE, NULL,
		                   found.count ? "several certificates have a serial number that begins with %s"
		                               : "no certificate in the database has the serial number %s",
		                   serial);
	if (rmt_db_cert_by_id(home->db, found.id, &row, err) != 1)
		return -1;
	memcpy(hash, row.spki_hash.at, sizeof hash);
	if (pile_cert(pile, row.der, err))
		return -1;
	if (!company)
		return 0;
	if (rmt_db_authorities(home->db, pile_authority, pile, err))
		return -1;
	return pile_key(home, pile, rmt_span_of(hash, sizeof hash), err);
}
