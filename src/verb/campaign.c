/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign.c - a plan and how far it has come: the plan's file, the home that it was made with, the row of each item.
 *
 * What is done about an item is decided in apply.c; here is only what is known of it. The link from an item to its
 * to-be-signed bytes is written in the transaction that persists them, so that an item which has them never gets others.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"


/* ---- the plan and its home ---------------------------------------------------------------------------------------------- */

struct maker {
	const char *sha256; /* of the authority that the plan was made with, hex */
	char *name;
	struct rmt_err *err;
};

static int note_maker(void *arg, const struct rmt_db_authority *authority)
{
	struct maker *maker = arg;
	unsigned char hash[RMT_SHA256];
	struct rmt_buf hex = {0};
	int rc;

	if (!authority->cert.length)
		return 0;
	if (rmt_sha256(authority->cert, hash, maker->err))
		return -1;
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, &hex);
	rc = rmt_buf_check(&hex, maker->err);
	if (rc == 0 && strcmp(rmt_buf_string(&hex), maker->sha256) == 0 && !maker->name) {
		maker->name = rmt_strdup(authority->name, maker->err);
		rc = maker->name ? 0 : -1;
	}
	rmt_buf_free(&hex);
	return rc;
}

/* A plan made without a home fits every one. */
int rmt_plan_maker(const struct rmt_plan *plan, struct rmt_db *db, char **name, struct rmt_err *err)
{
	struct maker maker = {.sha256 = plan->authority, .err = err};

	*name = NULL;
	if (!maker.sha256 || !*maker.sha256)
		return 1;
	if (rmt_db_authorities(db, note_maker, &maker, err)) {
		free(maker.name);
		return -1;
	}
	*name = maker.name;
	return maker.name != NULL;
}

static int find_maker(struct rmt_campaign *campaign, struct rmt_err *err)
{
	int found = rmt_plan_maker(&campaign->plan, campaign->bench.home.db, &campaign->authority, err);

	if (found)
		return found < 0 ? -1 : 0;
	rmt_err_set(err, RMT_POLICY, "authority",
	            "the plan was made with another database: none of this home's authorities is the one it names; apply it with "
	            "--home DIR of that database, or make a plan with this one");
	rmt_err_source(err, campaign->path);
	return -1;
}

int rmt_campaign_open(struct remint *ctx, const char *path, int mode, struct rmt_campaign *out, struct rmt_err *err)
{
	struct rmt_db_campaign row;
	int found;

	*out = (struct rmt_campaign){.ctx = ctx, .path = path, .bench.release.ctx = ctx};
	out->bench.release.authority = &out->bench.authority;
	out->bench.release.demand = &out->bench.demand;
	if (rmt_plan_read(path, &out->plan, err) || rmt_home_open(ctx, mode, &out->bench.home, err) ||
	    find_maker(out, err))
		return -1;
	found = rmt_db_campaign_get(out->bench.home.db, out->plan.id, &row, err);
	if (found == 1)
		out->id = row.id;
	return found < 0 ? -1 : 0;
}

void rmt_campaign_close(struct rmt_campaign *campaign)
{
	rmt_bench_close(&campaign->bench);
	rmt_plan_clear(&campaign->plan);
	free(campaign->authority);
	campaign->authority = NULL;
}

/* ---- the state of an item ----------------------------------------------------------------------------------------------- */

static void add_text(struct rmt_buf *buf, const char *text)
{
	rmt_buf_format(buf, "%zu:%s,", text ? strlen(text) : 0, text ? text : "");
}

/* What decides which certificate comes out. The person's notes, the device and the places do not. */
static int hash_asked(const struct rmt_plan_item *item, unsigned char hash[RMT_SHA256], struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc;

	add_text(&text, item->sha256);
	add_text(&text, rmt_action_name(item->action));
	add_text(&text, item->signer);
	add_text(&text, item->template_name);
	add_text(&text, item->key);
	add_text(&text, item->cn);
	rmt_buf_format(&text, "%d,%lld,%zu,%zu,", item->keep_key, (long long)item->validity, item->targets.count,
	               item->names.count);
	for (size_t i = 0; i < item->targets.count; i++)
		add_text(&text, item->targets.items[i]);
	for (size_t i = 0; i < item->names.count; i++)
		add_text(&text, item->names.items[i]);
	if (item->request)
		add_text(&text, item->request);
	if (item->new_subject) {
		rmt_buf_text(&text, "subject,");
		add_text(&text, item->new_subject);
	}
	rc = rmt_buf_check(&text, err);
	if (rc == 0)
		rc = rmt_sha256(rmt_buf_view(&text), hash, err);
	rmt_buf_free(&text);
	return rc;
}

/* Something was done that cannot be done again. */
static bool is_bound(const struct rmt_db_item *row)
{
	return row->tbs || row->certificate || row->request || row->state == RMT_ITEM_LIVE || row->state == RMT_ITEM_CLOSED;
}

int rmt_campaign_standing(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, struct rmt_standing *out,
                          struct rmt_err *err)
{
	struct rmt_db_item row;
	int found;

	*out = (struct rmt_standing){.state = RMT_ITEM_PLANNED};
	if (hash_asked(item, out->asked, err))
		return -1;
	if (!campaign->id)
		return 0;
	found = rmt_db_item_get(campaign->bench.home.db, campaign->id, item->id, &row, err);
	if (found != 1)
		return found;
	out->known = true;
	out->state = row.state;
	out->previous = row.previous;
	out->tbs = row.tbs;
	out->certificate = row.certificate;
	out->request = row.request;
	out->attempts = row.attempts;
	out->edited = !rmt_span_equal(row.asked, rmt_span_of(out->asked, sizeof out->asked));
	out->changed = out->edited && is_bound(&row);
	snprintf(out->why, sizeof out->why, "%s", row.why);
	snprintf(out->confirmed_by, sizeof out->confirmed_by, "%s", row.confirmed_by);
	return 0;
}

int rmt_campaign_change(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, const struct rmt_db_item *change,
                        struct rmt_err *err)
{
	struct rmt_standing now;
	struct rmt_db_item row, old;
	unsigned char asked[RMT_SHA256];
	int found;

	if (rmt_campaign_standing(campaign, item, &now, err))
		return -1;
	memcpy(asked, now.asked, sizeof asked);
	found = rmt_db_item_get(campaign->bench.home.db, campaign->id, item->id, &old, err);
	if (found < 0)
		return -1;
	if (found && is_bound(&old) && old.asked.length == sizeof asked)
		memcpy(asked, old.asked.at, sizeof asked);
	row = (struct rmt_db_item){.campaign = campaign->id,
	                           .item = item->id,
	                           .state = change->state,
	                           .asked = rmt_span_of(asked, sizeof asked),
	                           .previous = change->previous ? change->previous : now.previous,
	                           .tbs = now.tbs,
	                           .certificate = change->certificate ? change->certificate : now.certificate,
	                           .request = change->request ? change->request : now.request,
	                           .attempts = now.attempts + (change->state == RMT_ITEM_FAILED),
	                           .why = change->why,
	                           .confirmed_by = change->confirmed_by,
	                           .when = rmt_verb_now(campaign->ctx)};
	return rmt_db_item_put(campaign->bench.home.db, &row, err);
}

int rmt_campaign_move(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, enum rmt_item_state state,
                      const char *why, const char *confirmed_by, struct rmt_err *err)
{
	struct rmt_db_item change = {.state = state, .why = why, .confirmed_by = confirmed_by};
	struct rmt_db *db = campaign->bench.home.db;

	if (rmt_db_begin(db, err))
		return -1;
	if (rmt_campaign_change(campaign, item, &change, err) == 0 && rmt_db_commit(db, err) == 0)
		return 0;
	rmt_db_rollback(db);
	return -1;
}

/* ---- on the road of issuance -------------------------------------------------------------------------------------------- */

int rmt_campaign_begun(struct rmt_db *db, const struct rmt_item *item, rmt_time now, struct rmt_err *err)
{
	unsigned char asked[RMT_SHA256];
	struct rmt_db_item row;
	int found = rmt_db_item_get(db, item->campaign, item->campaign_item, &row, err);

	if (found < 0)
		return -1;
	if (!found || row.tbs || row.certificate)
		return rmt_err_set(err, RMT_POLICY, NULL, "another process has just issued for this item");
	if (row.asked.length != sizeof asked)
		return rmt_err_set(err, RMT_DATABASE, NULL, "the item's row is damaged");
	memcpy(asked, row.asked.at, sizeof asked);
	row.asked = rmt_span_of(asked, sizeof asked);
	row.item = item->campaign_item;
	row.why = row.confirmed_by = "";
	row.state = RMT_ITEM_PLANNED;
	row.tbs = item->tbs_id;
	row.previous = item->supersedes;
	row.when = now;
	return rmt_db_item_put(db, &row, err);
}

/* Also called for certificates of no campaign, when they are finished after an interruption. */
int rmt_campaign_issued(struct rmt_db *db, int64_t certificate, rmt_time now, struct rmt_err *err)
{
	unsigned char asked[RMT_SHA256];
	struct rmt_db_item row;
	char name[80];
	int found = rmt_db_item_of_tbs(db, certificate, &row, err);

	if (found != 1)
		return found;
	if (row.asked.length != sizeof asked || strlen(row.item) >= sizeof name)
		return rmt_err_set(err, RMT_DATABASE, NULL, "the item's row is damaged");
	memcpy(asked, row.asked.at, sizeof asked);
	snprintf(name, sizeof name, "%s", row.item);
	row.asked = rmt_span_of(asked, sizeof asked);
	row.item = name;
	row.why = row.confirmed_by = "";
	row.state = RMT_ITEM_ISSUED;
	row.certificate = certificate;
	row.when = now;
	return rmt_db_item_put(db, &row, err);
}

/* ---- what an item speaks of ------------------------------------------------------------------------------------------- */

static int first_cert(void *arg, const struct rmt_object *object)
{
	struct rmt_cert **cert = arg;

	if (object->cert && !*cert)
		*cert = rmt_cert_dup(object->cert, NULL);
	return 0;
}

struct rmt_cert *rmt_plan_item_cert(const struct rmt_plan_item *item, struct rmt_err *err)
{
	struct rmt_cert *cert = NULL;
	struct rmt_reader reader = {.object = first_cert, .arg = &cert, .mode = RMT_TOLERANT, .skip_keys = true};

	if (rmt_read_mem(&reader, "plan", rmt_span_text(item->pem), err) == 0 && !cert)
		rmt_err_set(err, RMT_INPUT, "pem", "holds no certificate");
	return cert;
}

static int pass_over(void *arg, const struct rmt_err *fault)
{
	(void)arg;
	(void)fault;
	return 0;
}

struct finding_keys {
	struct remint *ctx; /* first: the reader's callbacks expect it */
	struct rmt_pile *pile;
	struct rmt_err *err;
};

static int take_object(void *arg, const struct rmt_object *object)
{
	struct finding_keys *finding = arg;

	return rmt_pile_add(finding->pile, object, finding->err);
}

static int read_beside(struct finding_keys *finding, const char *path)
{
	struct rmt_reader reader = rmt_verb_reader(finding->ctx);
	struct rmt_err unseen = {0};

	if (!rmt_path_is_regular(path))
		return 0;
	reader.object = take_object;
	reader.fault = pass_over;
	reader.arg = finding;
	rmt_read_path(&reader, path, &unseen);
	return finding->err->class == RMT_NONE ? 0 : -1;
}

/* web.pem: web.key; and key.pem, as Remint calls it itself. */
static int read_neighbours(struct finding_keys *finding, const char *path)
{
	size_t directory = (size_t)(rmt_path_leaf(path) - path);
	const char *dot = strrchr(path + directory, '.');
	size_t stem = dot ? (size_t)(dot - path) : strlen(path);
	struct rmt_buf beside = {0};
	int rc = 0;

	rmt_buf_format(&beside, "%.*s.key", (int)stem, path);
	if (rmt_buf_check(&beside, finding->err) || read_beside(finding, rmt_buf_string(&beside)))
		rc = -1;
	rmt_buf_clear(&beside);
	rmt_buf_format(&beside, "%.*skey.pem", (int)directory, path);
	if (rc == 0 && (rmt_buf_check(&beside, finding->err) || read_beside(finding, rmt_buf_string(&beside))))
		rc = -1;
	rmt_buf_free(&beside);
	return rc;
}

int rmt_plan_item_pile(struct remint *ctx, const struct rmt_plan_item *item, struct rmt_pile *pile, struct rmt_err *err)
{
	struct finding_keys finding = {ctx, pile, err};

	for (size_t i = 0; i < item->place_count; i++)
		if (strcmp(item->places[i].kind, "file") == 0 &&
		    (read_beside(&finding, item->places[i].source) || read_neighbours(&finding, item->places[i].source)))
			return -1;
	return 0;
}

static int serial_of(const struct rmt_campaign *campaign, int64_t certificate, struct rmt_arena *arena, const char **serial,
                     struct rmt_err *err)
{
	struct rmt_db_cert row;
	int found = certificate ? rmt_db_cert_by_id(campaign->bench.home.db, certificate, &row, err) : 0;

	if (found == 1)
		*serial = rmt_arena_serial(arena, row.serial);
	return found < 0 ? -1 : 0;
}

/* What was begun is to be finished, also when it was taken out of the plan since. */
bool rmt_campaign_unfinished(const struct rmt_plan_item *item, const struct rmt_standing *standing)
{
	bool wanted = item->approved && item->action != RMT_ACTION_KEEP;
	bool idle = standing->state == RMT_ITEM_PLANNED || standing->state == RMT_ITEM_SKIPPED || standing->state == RMT_ITEM_FAILED;

	if (standing->state == RMT_ITEM_LIVE || standing->state == RMT_ITEM_CLOSED)
		return false;
	return wanted || !idle;
}

int rmt_campaign_describe(const struct rmt_campaign *campaign, const struct rmt_plan_item *item, struct rmt_arena *arena,
                          struct remint_step *step, struct rmt_err *err)
{
	struct rmt_standing now;

	if (rmt_campaign_standing(campaign, item, &now, err))
		return -1;
	step->item = item->id;
	step->name = item->name;
	step->device = item->device;
	step->action = rmt_action_name(item->action);
	step->state = rmt_item_state_name(now.state);
	if (!step->before)
		step->before = step->state;
	if (!step->text)
		step->text = "";
	step->changed = now.changed;
	step->unfinished = rmt_campaign_unfinished(item, &now);
	step->old_serial = item->serial;
	return step->serial ? 0 : serial_of(campaign, now.certificate, arena, &step->serial, err);
}
