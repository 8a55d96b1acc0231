/* SPDX-License-Identifier: Apache-2.0 */
/*
 * served.c - what the database of the home knows of a certificate that somebody serves: ours, superseded, revoked,
 * recorded as another CA's, or unknown.
 *
 * A home without a database is no fault: then nothing is known and nothing is said.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

struct rmt_served_records {
	struct rmt_home home;
	rmt_time now;
};

int rmt_served_records_open(struct remint *ctx, struct rmt_served_records **out, struct rmt_err *err)
{
	int stands = rmt_home_stands(ctx, err);

	*out = NULL;
	if (stands < 1)
		return stands;
	*out = calloc(1, sizeof **out);
	if (!*out)
		return rmt_err_memory(err);
	(*out)->now = rmt_verb_now(ctx);
	if (rmt_home_open(ctx, RMT_DB_READ, &(*out)->home, err) == 0)
		return 0;
	free(*out);
	*out = NULL;
	return -1;
}

void rmt_served_records_close(struct rmt_served_records *records)
{
	if (!records)
		return;
	rmt_home_close(&records->home);
	free(records);
}

struct expecting {
	struct rmt_arena *arena;
	struct remint_verified_address *out;
};

/* The first one that this home issued; what it recorded of others is no reason to expect it. */
static int expect(void *arg, const struct rmt_db_cert *row)
{
	struct expecting *expecting = arg;

	if (!row->authority)
		return 0;
	expecting->out->expected = rmt_arena_serial(expecting->arena, row->serial);
	return 1;
}

static int look_for_host(struct rmt_served_records *records, const char *host, struct rmt_arena *arena,
                         struct remint_verified_address *out, struct rmt_err *err)
{
	struct rmt_db_filter filter = {.name = host, .status = RMT_CERT_VALID, .now = records->now};
	struct expecting expecting = {arena, out};

	if (!*host || strchr(host, '*'))
		return 0;
	return rmt_db_certs(records->home.db, &filter, expect, &expecting, err) < 0 ? -1 : 0;
}

int rmt_served_look_up(struct rmt_served_records *records, const char *host, struct rmt_span serial, struct rmt_span sha256,
                       struct rmt_arena *arena, struct remint_verified_address *out, struct rmt_err *err)
{
	static const char *const names[] = {[RMT_CERT_VALID] = "valid", [RMT_CERT_REVOKED] = "revoked",
	                                    [RMT_CERT_SUPERSEDED] = "superseded", [RMT_CERT_EXPIRED] = "expired"};
	struct rmt_db_cert row;
	enum rmt_cert_status status;
	int found = rmt_db_cert_find(records->home.db, serial, sha256, &row, err);

	if (found < 0)
		return -1;
	out->record = found ? "issued" : "unknown";
	if (!found)
		return look_for_host(records, host, arena, out, err);
	if (!row.authority)
		out->record = "foreign";
	status = rmt_db_cert_status(&row, records->now);
	out->status = names[status];
	out->old = row.superseded_by != 0 || status == RMT_CERT_REVOKED;
	if (!row.superseded_by)
		return 0;
	found = rmt_db_cert_by_id(records->home.db, row.superseded_by, &row, err);
	if (found == 1)
		out->successor = rmt_arena_serial(arena, row.serial);
	return found < 0 ? -1 : 0;
}
