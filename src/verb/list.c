/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - remint_list() and remint_history(): what the database remembers.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static const char *status_of(const struct rmt_db_cert *row, rmt_time now)
{
	if (row->revoked)
		return "revoked";
	if (row->superseded_by)
		return "superseded";
	return now > row->not_after ? "expired" : "valid";
}

static int note_name(void *arg, const char *name)
{
	struct rmt_arena *arena = arg;

	rmt_buf_append(&arena->scratch, name, strlen(name) + 1);
	return arena->scratch.failed ? -1 : 0;
}

/* The names of a row, one after the other in the arena. */
static int names_of(struct rmt_records *records, int64_t id, struct remint_strings *out, struct rmt_err *err)
{
	struct rmt_arena *arena = &records->arena;
	struct rmt_buf *all = &arena->scratch;
	const char **items;
	size_t count = 0;
	char *text;

	if (rmt_db_names(records->db, id, note_name, arena, err))
		return -1;
	for (size_t i = 0; i < all->length; i++)
		count += !all->bytes[i];
	text = rmt_arena_take(arena, all->length + 1);
	items = rmt_arena_take(arena, (count + 1) * sizeof *items);
	if (!text || !items)
		return rmt_err_memory(err);
	if (all->length)
		memcpy(text, all->bytes, all->length);
	rmt_buf_clear(all);
	for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
		items[i] = text;
	*out = (struct remint_strings){items, count};
	return 0;
}

int rmt_record_hand(void *arg, const struct rmt_db_cert *row)
{
	struct rmt_records *records = arg;
	struct rmt_arena *arena = &records->arena;
	struct remint_record out = {.id = row->id, .subject = row->subject, .name = row->name, .issuer = row->issuer_name,
	                            .template_name = row->template_name, .targets = row->targets,
	                            .not_before = row->not_before, .not_after = row->not_after, .recorded = row->recorded,
	                            .status = status_of(row, records->now), .foreign = row->authority == 0,
	                            .supersedes = row->supersedes, .superseded_by = row->superseded_by};

	if (records->in_force && (row->revoked || row->authority == 0 || records->now > row->not_after))
		return 0;
	if (row->revoked) {
		out.revoked = row->revoked_at;
		out.reason = rmt_reason_name(row->reason);
	}
	rmt_arena_reset(arena);
	out.serial = rmt_arena_serial(arena, row->serial);
	out.sha256 = rmt_arena_hex(arena, row->fingerprint);
	if (records->pem && row->der.length)
		out.pem = rmt_arena_pem(arena, "CERTIFICATE", row->der);
	if (records->names && names_of(records, row->id, &out.names, &records->ctx->err))
		return -1;
	return records->record ? records->record(records->arg, &out) : 0;
}

static int status_named(const char *name, int *status, struct rmt_err *err)
{
	static const char *const names[] = {"valid", "revoked", "superseded", "expired", NULL};
	const char *nearest;

	*status = -1;
	if (!name)
		return 0;
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0) {
			*status = i;
			return 0;
		}
	nearest = rmt_nearest(name, names);
	return rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is no status: valid, expired, superseded or revoked%s%s%s", name,
	                   nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}

int remint_list(struct remint *ctx, const struct remint_list_options *options, remint_record_fn *record, void *arg)
{
	struct rmt_home home = {0};
	struct rmt_records records = {.ctx = ctx, .record = record, .arg = arg, .now = rmt_verb_now(ctx),
	                              .names = options->names, .in_force = options->in_force};
	struct rmt_db_filter filter = {.name = options->name, .serial = options->serial, .target = options->target,
	                               .template_name = options->template_name, .expires_before = options->expires_before,
	                               .expires_after = options->expires_after, .now = records.now,
	                               .after_id = options->after, .limit = options->limit};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (options->in_force && filter.expires_after < records.now)
		filter.expires_after = records.now;
	if (status_named(options->status, &filter.status, &ctx->err) == 0 &&
	    rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err) == 0) {
		records.db = home.db;
		rc = rmt_db_certs(home.db, &filter, rmt_record_hand, &records, &ctx->err);
	}
	rmt_home_close(&home);
	rmt_arena_free(&records.arena);
	return rmt_verb_end(ctx, rc);
}

/* ---- history ------------------------------------------------------------------------------------------------------------- */

struct found {
	int64_t id;
	unsigned count;
	struct rmt_err why; /* of a file: why it led to none */
};

static int note_found(void *arg, const struct rmt_db_cert *row)
{
	struct found *found = arg;

	if (!found->count++)
		found->id = row->id; /* the newest */
	return 0;
}

/* Is its first certificate on record? */
static int find_company(struct rmt_db *db, const struct rmt_company *company, struct found *found, struct rmt_err *err)
{
	const struct rmt_cert *cert = company->leaf->cert;
	unsigned char fingerprint[RMT_SHA256];
	struct rmt_db_cert row;
	int rc = rmt_cert_fingerprint(cert, fingerprint, err);

	if (rc == 0)
		rc = rmt_db_cert_find(db, cert->serial, rmt_span_of(fingerprint, sizeof fingerprint), &row, err);
	if (rc == 1)
		*found = (struct found){.id = row.id, .count = 1};
	return rc < 0 ? -1 : 0;
}

static int find_by_file(struct remint *ctx, struct rmt_db *db, const char *path, struct found *found, struct rmt_err *err)
{
	struct rmt_pile pile = {0};
	struct rmt_company company = {0};
	int rc = -1, first = -1;

	if (rmt_pile_need(ctx, &pile, (struct remint_strings){&path, 1}, true, err) || (first = rmt_company_first(&pile, &company, err)) < 0)
		goto out;
	if (first) {
		rmt_err_set(&found->why, RMT_NEGATIVE, NULL, "the database does not know the certificate in this file: remint import would take it over");
		rmt_err_source(&found->why, path);
	} else {
		rmt_pile_refuse(&pile, 0, "certificate", path, &found->why);
	}
	rc = first ? find_company(db, &company, found, err) : 0;
out:
	rmt_company_clear(&company);
	rmt_pile_free(&pile);
	return rc;
}

/* ---- by number: two kinds of them look alike ----------------------------------------------------------------------------------- */

struct by_serial {
	const char *digits; /* as it is printed, lower case, two for a byte */
	struct found *found;
};

static int note_whole(void *arg, const struct rmt_db_cert *row)
{
	struct by_serial *sought = arg;
	struct rmt_buf text = {0};
	int rc = 0;

	rmt_serial_hex(row->serial, &text);
	if (!text.failed && strcmp(rmt_buf_string(&text), sought->digits) == 0 && !(sought->found->count && sought->found->id == row->id))
		rc = note_found(sought->found, row);
	rmt_buf_free(&text);
	return rc;
}

/* The digits of "0x1F", "1f", "01:f", ...; 0 when it is none of these. */
static size_t serial_digits(const char *which, char out[128])
{
	size_t length = 0;

	which += strncasecmp(which, "0x", 2) == 0 ? 2 : 0;
	for (const char *at = which; *at && length < 126; at++)
		if (*at != ':' && !strchr("0123456789abcdefABCDEF", *at))
			return 0;
		else if (*at != ':')
			out[++length] = *at >= 'A' && *at <= 'F' ? (char)(*at + 32) : *at;
	out[0] = '0';
	if (length == 0 || length == 126)
		return 0;
	memmove(out, out + (length % 2 == 0), length + length % 2);
	length += length % 2;
	out[length] = '\0';
	return length;
}

/* A whole serial number, however short; with `part`, one whose beginning is given. */
static int find_by_serial(struct rmt_db *db, const char *which, bool part, struct found *found, struct rmt_err *err)
{
	char digits[128];
	struct rmt_db_filter filter = {.status = -1, .limit = UINT32_MAX, .serial = digits};
	struct by_serial sought = {.digits = digits, .found = found};

	if (!serial_digits(which, digits))
		return 0;
	return rmt_db_certs(db, &filter, part ? note_found : note_whole, part ? (void *)found : &sought, err);
}

static int find_by_id(struct rmt_db *db, const char *which, struct found *found, struct rmt_err *err)
{
	struct rmt_db_cert row;
	uint64_t id;
	int rc = 0;

	if (strlen(which) < 16 && rmt_quantity_count(which, 1, INT64_MAX, &id, NULL) == 0)
		rc = rmt_db_cert_by_id(db, (int64_t)id, &row, err);
	if (rc == 1)
		*found = (struct found){.id = (int64_t)id, .count = 1};
	return rc < 0 ? -1 : 0;
}

/* A number of the database or a serial number (both when they are of two certificates), the beginning of a serial number, a file or
 * a name: what comes first in this order. "id:" and "serial:" say which number is meant. */
static int find(struct remint *ctx, struct rmt_db *db, const char *which, struct found *found, struct rmt_err *err)
{
	struct rmt_db_filter filter = {.status = -1, .now = rmt_verb_now(ctx), .limit = 2, .name = which};

	if (strncmp(which, "id:", 3) == 0)
		return find_by_id(db, which + 3, found, err);
	if (strncmp(which, "serial:", 7) == 0)
		return find_by_serial(db, which + 7, false, found, err);
	if (find_by_id(db, which, found, err) || find_by_serial(db, which, false, found, err) || found->count)
		return found->count ? 0 : -1;
	if (strlen(which) >= 8 && (find_by_serial(db, which, true, found, err) || found->count))
		return found->count ? 0 : -1;
	if (rmt_path_exists(which) && (find_by_file(ctx, db, which, found, err) || found->count))
		return found->count ? 0 : -1;
	return rmt_db_certs(db, &filter, note_found, found, err);
}

int rmt_record_find(struct remint *ctx, struct rmt_db *db, const char *which, int64_t *id, struct rmt_err *err)
{
	struct found found = {0};
	int rc = find(ctx, db, which, &found, err);

	*id = found.id;
	if (rc == 0 && found.count == 0 && found.why.class != RMT_NONE) {
		*err = found.why;
		rc = -1;
	}
	return rc ? -1 : (int)found.count;
}

static int note_row(void *arg, const struct rmt_db_cert *row)
{
	struct rmt_buf *ids = arg;

	rmt_buf_append(ids, &row->id, sizeof row->id);
	return ids->failed ? -1 : 0;
}

/* Row by row with its bytes, which listings do not read. */
static int hand_history(struct rmt_records *records, struct rmt_db *db, int64_t id, struct rmt_err *err)
{
	struct rmt_buf ids = {0};
	int rc = rmt_db_history(db, id, note_row, &ids, err);

	for (size_t at = 0; rc == 0 && at < ids.length; at += sizeof id) {
		struct rmt_db_cert row;

		memcpy(&id, ids.bytes + at, sizeof id);
		rc = rmt_db_cert_by_id(db, id, &row, err) == 1 ? rmt_record_hand(records, &row) : -1;
	}
	rmt_buf_free(&ids);
	return rc;
}

int remint_history(struct remint *ctx, const char *which, remint_record_fn *record, void *arg)
{
	struct rmt_records records = {.ctx = ctx, .record = record, .arg = arg, .now = rmt_verb_now(ctx), .pem = true};
	struct rmt_home home = {0};
	int64_t id;
	int found, rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err))
		goto out;
	found = rmt_record_find(ctx, home.db, which, &id, &ctx->err);
	if (found > 0)
		rc = hand_history(&records, home.db, id, &ctx->err);
	else if (found == 0)
		rmt_err_set(&ctx->err, RMT_NEGATIVE, NULL, "the database knows no certificate by \"%s\"", which);
out:
	rmt_home_close(&home);
	rmt_arena_free(&records.arena);
	return rmt_verb_end(ctx, rc);
}
