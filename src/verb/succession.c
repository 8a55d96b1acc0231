/* SPDX-License-Identifier: Apache-2.0 */
/*
 * succession.c - which authority took the place of which, and who of them certifies CAs when none is named.
 *
 * A successor is told by the setting "succeeds:NAME". How it is made, rotate.c knows; who issues certificates of others by default is a
 * setting of its own (establish.c).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verb/local.h"

int rmt_authority_succeeds(struct rmt_home *home, const char *name, struct rmt_buf *old, struct rmt_err *err)
{
	struct rmt_buf setting = {0};
	int found = -1;

	rmt_buf_format(&setting, "%s%s", RMT_SETTING_SUCCEEDS, name);
	if (rmt_buf_check(&setting, err) == 0)
		found = rmt_db_setting_get(home->db, rmt_buf_string(&setting), old, err);
	rmt_buf_free(&setting);
	return found;
}

struct seeking {
	struct rmt_home *home;
	const char *old;
	struct rmt_successor *out;
	struct rmt_err *err;
};

static int see_successor(void *arg, const struct rmt_db_authority *row)
{
	struct seeking *seeking = arg;
	struct rmt_buf old = {0};
	int found = rmt_authority_succeeds(seeking->home, row->name, &old, seeking->err);

	if (found == 1 && strcmp(rmt_buf_string(&old), seeking->old) == 0) {
		snprintf(seeking->out->name, sizeof seeking->out->name, "%s", row->name);
		seeking->out->state = row->state;
	}
	rmt_buf_free(&old);
	return found < 0 ? -1 : 0;
}

int rmt_authority_successor(struct rmt_home *home, const char *name, struct rmt_successor *out, struct rmt_err *err)
{
	struct seeking seeking = {home, name, out, err};

	out->name[0] = '\0';
	if (rmt_db_authorities(home->db, see_successor, &seeking, err))
		return -1;
	return out->name[0] != '\0';
}

/* Active, which one that was revoked here is not, and with its key: 1, 0, -1. */
static int can_certify(struct rmt_home *home, const char *name, struct rmt_err *err)
{
	struct rmt_db_authority row;
	int found = rmt_db_authority_get(home->db, name, 0, &row, err);

	if (found != 1)
		return found;
	return row.state == RMT_AUTHORITY_ACTIVE && row.key_here ? rmt_home_key_stands(home, row.spki_hash, err) : 0;
}

int rmt_authority_heir(struct rmt_home *home, const char *usual, struct rmt_successor *out, struct rmt_err *err)
{
	enum { GENERATIONS = 1000 }; /* a bound where settings were tampered with */
	struct rmt_successor at = {.name = ""}, next;
	int able = can_certify(home, usual, err), any = able, found;

	snprintf(at.name, sizeof at.name, "%s", usual);
	*out = at;
	for (int i = 0; able >= 0 && i < GENERATIONS; i++) {
		found = rmt_authority_successor(home, at.name, &next, err);
		if (found < 1)
			return found < 0 ? -1 : any;
		able = can_certify(home, next.name, err);
		if (able == 1) {
			any = 1;
			*out = next;
		}
		at = next;
	}
	return able < 0 ? -1 : any;
}

int rmt_authority_load_parent(struct rmt_home *home, const char *named, const char *usual, struct rmt_authority *out, struct rmt_err *err)
{
	struct rmt_successor heir;

	if (named)
		return rmt_authority_load(home, named, true, out, err);
	if (rmt_authority_heir(home, usual, &heir, err) < 0 || rmt_authority_load(home, heir.name, true, out, err))
		return -1;
	if (strcmp(heir.name, usual) != 0)
		rmt_verb_warn(home->ctx, "certified by \"%s\", which took the place of \"%s\"", heir.name, usual);
	return 0;
}
