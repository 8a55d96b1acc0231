/* SPDX-License-Identifier: Apache-2.0 */
/*
 * establish.c - an authority of this home brought to be: a pending row with its key, then its certificate along the road of issuance,
 * by an authority whose key is here too, or by itself.
 *
 * Each step is durable before the next begins and is found again by the next run: a pending row keeps its key, and bytes that were
 * persisted for it are finished and taken, so that an interrupted run makes no second certificate. What it is called and may do is the
 * caller's to decide. An authority that is certified elsewhere is ca.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

/* ---- activation ----------------------------------------------------------------------------------------------------------- */

/* Does the authority that this one succeeds issue when none is named? 1, 0, -1. */
static int succeeds_usual(struct rmt_home *home, const char *name, struct rmt_err *err)
{
	struct rmt_buf old = {0}, set = {0};
	int rc = rmt_authority_succeeds(home, name, &old, err);

	if (rc == 1 && rmt_db_setting_get(home->db, RMT_SETTING_ISSUER, &set, err) < 0)
		rc = -1;
	/* Where several could, there is no usual one; the one that was chosen may be retired. */
	if (rc == 1 && strcmp(rmt_buf_string(&set), rmt_buf_string(&old)) != 0)
		rc = rmt_authority_is_usual(home, rmt_buf_string(&old), false, err);
	rmt_buf_free(&old);
	rmt_buf_free(&set);
	return rc;
}

int rmt_authority_activate(struct rmt_home *home, int64_t id, struct rmt_span cert, int64_t parent, struct rmt_err *err)
{
	struct rmt_db_authority row;
	struct rmt_buf said = {0};
	char *name = rmt_db_authority_get(home->db, NULL, id, &row, err) == 1 ? rmt_strdup(row.name, err) : NULL;
	int usual = name ? succeeds_usual(home, name, err) : 0, rc = -1;

	if (usual < 0 || rmt_db_authority_activate(home->db, id, cert, parent, err))
		goto out;
	rc = 0;
	if (!usual)
		goto out;
	rmt_buf_format(&said, "issues by default: %s", name);
	rc = rmt_buf_check(&said, err);
	if (rc == 0)
		rc = rmt_db_setting_put(home->db, RMT_SETTING_ISSUER, name, err);
	if (rc == 0)
		rc = rmt_db_event(home->db, rmt_verb_now(home->ctx), "authority", rmt_buf_string(&said), err);
out:
	rmt_buf_free(&said);
	free(name);
	return rc;
}

/* ---- a kind of key as its option has it --------------------------------------------------------------------------------------- */

int rmt_key_spec_of(struct rmt_span spki, struct rmt_buf *out, struct rmt_err *err)
{
	static const struct { const char *curve, *spec; } curves[] = {{"P-256", "ec:p256"}, {"P-384", "ec:p384"}, {"P-521", "ec:p521"}};
	struct rmt_spki key;

	if (rmt_spki_read(spki, &key, err))
		return -1;
	if (strcmp(key.kind, "rsa") == 0)
		rmt_buf_format(out, "rsa:%u", key.bits);
	else if (strcmp(key.kind, "ed25519") == 0)
		rmt_buf_text(out, "ed25519");
	for (size_t i = 0; strcmp(key.kind, "ec") == 0 && i < sizeof curves / sizeof *curves; i++)
		if (strcasecmp(key.curve, curves[i].curve) == 0)
			rmt_buf_text(out, curves[i].spec);
	return rmt_buf_check(out, err);
}

/* ---- the row and its key -------------------------------------------------------------------------------------------------------- */

int rmt_authority_name_check(const char *name, struct rmt_err *err)
{
	char label[65];

	rmt_file_label(name, label);
	if (strcmp(label, name) == 0)
		return 0;
	return rmt_err_set(err, RMT_USAGE, NULL,
	                   "\"%s\" cannot name an authority, since its files are called so too: letters, digits, \".\", \"_\" and \"-\" can, at "
	                   "most 64",
	                   name);
}

static int note_succession(struct rmt_home *home, const struct rmt_founding *founding, struct rmt_err *err)
{
	struct rmt_buf setting = {0}, said = {0};
	int rc = -1;

	if (!founding->succeeds)
		return 0;
	rmt_buf_format(&setting, "%s%s", RMT_SETTING_SUCCEEDS, founding->name);
	rmt_buf_format(&said, "%s succeeds %s", founding->name, founding->succeeds);
	if (rmt_buf_check(&setting, err) || rmt_buf_check(&said, err) || rmt_db_begin(home->db, err))
		goto out;
	if (rmt_db_setting_put(home->db, rmt_buf_string(&setting), founding->succeeds, err) == 0 &&
	    rmt_db_event(home->db, rmt_verb_now(home->ctx), "rotate", rmt_buf_string(&said), err) == 0)
		rc = rmt_db_commit(home->db, err);
	else
		rmt_db_rollback(home->db);
out:
	rmt_buf_free(&setting);
	rmt_buf_free(&said);
	return rc;
}

struct rmt_key *rmt_authority_pending(struct rmt_home *home, const struct rmt_founding *founding, int64_t *id, struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_authority row;
	struct rmt_key *key;
	int found = rmt_db_authority_get(home->db, founding->name, 0, &row, err);

	if (found < 0)
		return NULL;
	if (found && (row.state != RMT_AUTHORITY_PENDING || row.spki_hash.length != sizeof hash)) {
		rmt_err_set(err, RMT_POLICY, NULL, "there is an authority named \"%s\" already: choose another name", founding->name);
		return NULL;
	}
	if (found) {
		*id = row.id;
		memcpy(hash, row.spki_hash.at, sizeof hash);
		rmt_verb_warn(home->ctx, "the authority \"%s\" is waiting for its certificate already: this is for the same key", founding->name);
		return rmt_home_key_load(home, rmt_span_of(hash, sizeof hash), err);
	}
	key = rmt_key_generate(founding->key, err);
	if (key && note_succession(home, founding, err) == 0 &&
	    rmt_authority_prepare(home, founding->name, key, 0, &founding->publication, id, err) == 0)
		return key;
	rmt_key_free(key);
	return NULL;
}

/* ---- its certificate ------------------------------------------------------------------------------------------------------------- */

/* What an interrupted run signed for it is its certificate. 1 taken, 0 there is none, -1. */
static int take_finished(struct rmt_home *home, const struct rmt_authority *by, int64_t id, const struct rmt_key *key, int64_t parent,
                         struct rmt_err *err)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_db_cert row;
	struct rmt_buf der = {0};
	int rc;

	if (rmt_spki_hash(rmt_key_spki(key), hash, err))
		return -1;
	rc = rmt_db_cert_of_key(home->db, by->id, rmt_span_of(hash, sizeof hash), &row, err);
	if (rc == 1) {
		rmt_buf_span(&der, row.der);
		if (rmt_buf_check(&der, err) || rmt_authority_install(home, id, rmt_buf_view(&der), parent, err))
			rc = -1;
	}
	rmt_buf_free(&der);
	return rc;
}

static struct rmt_item *founding_item(const struct rmt_founding *founding, const struct rmt_key *key, int64_t id, struct rmt_err *err)
{
	struct rmt_item *item = rmt_item_new(err);

	if (!item)
		return NULL;
	item->activates = id;
	item->validity = founding->validity;
	item->source = "";
	item->check = founding->check;
	item->check_arg = founding->check_arg;
	item->key = rmt_key_dup(key, err);
	item->subject_verbatim = founding->verbatim;
	rmt_buf_span(&item->subject, founding->subject);
	if (item->key && rmt_buf_check(&item->subject, err) == 0)
		return item;
	rmt_item_free(item);
	return NULL;
}

int rmt_authority_establish(struct rmt_home *home, struct rmt_authority *by, struct rmt_demand *demand, const struct rmt_founding *founding,
                            struct rmt_err *err)
{
	struct rmt_authority self = {.name = (char *)(uintptr_t)founding->name};
	struct rmt_authority *signer = by ? by : &self;
	struct rmt_buf der = {0};
	struct rmt_item *item;
	int64_t id;
	int rc = -1;

	self.key = rmt_authority_pending(home, founding, &id, err);
	if (!self.key)
		return -1;
	self.id = id;
	if (rmt_issuance_resume(home, signer, err))
		goto out;
	rc = take_finished(home, signer, id, self.key, by ? by->id : 0, err);
	if (rc) {
		rc = rc < 0 ? -1 : 0;
		goto out;
	}
	item = founding_item(founding, self.key, id, err);
	rc = item ? rmt_authority_issue(home, signer, demand, item, &der, err) : -1;
out:
	rmt_buf_free(&der);
	rmt_key_free(self.key);
	return rc;
}
