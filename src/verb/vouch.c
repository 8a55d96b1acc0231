/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vouch.c - what an event says of the rows it was written with, so that the hash chain of the events holds the rows too.
 *
 * The text of such an event ends in " count=N ids=FIRST-LAST,ID,... sha256=HEX". The hash begins with 32 zero bytes; each
 * row in turn, by its id, makes SHA-256 over the hash so far and its fields, each preceded by its length in eight bytes,
 * most significant first; numbers are decimal. check.c computes it again. What a row means is not known here.
 */
#include "config.h"

#include <string.h>

#include "verb/local.h"

static void add_field(struct rmt_buf *buf, struct rmt_span field)
{
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)((uint64_t)field.length >> (56 - 8 * i));
	rmt_buf_append(buf, length, sizeof length);
	rmt_buf_span(buf, field);
}

static void add_number(struct rmt_buf *buf, int64_t number)
{
	char text[24];
	size_t at = sizeof text;
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do
		text[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		text[--at] = '-';
	add_field(buf, rmt_span_of(text + at, sizeof text - at));
}

static void end_range(struct rmt_vouch *vouch)
{
	if (!vouch->count)
		return;
	rmt_buf_format(&vouch->ids, "%s%lld", vouch->ids.length ? "," : "", (long long)vouch->first);
	if (vouch->last != vouch->first)
		rmt_buf_format(&vouch->ids, "-%lld", (long long)vouch->last);
}

static int add_row(struct rmt_vouch *vouch, int64_t id, struct rmt_err *err)
{
	if (rmt_buf_check(&vouch->row, err) || rmt_sha256(rmt_buf_view(&vouch->row), vouch->hash, err))
		return -1;
	if (!vouch->count || id != vouch->last + 1) {
		end_range(vouch);
		vouch->first = id;
	}
	vouch->last = id;
	vouch->count++;
	return 0;
}

static void begin_row(struct rmt_vouch *vouch, int64_t id, int64_t authority)
{
	rmt_buf_clear(&vouch->row);
	rmt_buf_append(&vouch->row, vouch->hash, sizeof vouch->hash);
	add_number(&vouch->row, id);
	add_number(&vouch->row, authority);
}

int rmt_vouch_tbs(struct rmt_vouch *vouch, int64_t id, const struct rmt_db_tbs *tbs, struct rmt_err *err)
{
	begin_row(vouch, id, tbs->authority);
	add_number(&vouch->row, tbs->when);
	add_field(&vouch->row, tbs->serial);
	add_field(&vouch->row, tbs->tbs);
	return add_row(vouch, id, err);
}

int rmt_vouch_cert(struct rmt_vouch *vouch, int64_t id, const struct rmt_db_cert *row, struct rmt_err *err)
{
	begin_row(vouch, id, row->authority);
	add_number(&vouch->row, row->recorded);
	add_field(&vouch->row, row->fingerprint);
	add_number(&vouch->row, row->tbs);
	add_number(&vouch->row, row->supersedes);
	add_number(&vouch->row, row->request);
	add_number(&vouch->row, row->proved);
	add_field(&vouch->row, rmt_span_text(row->template_name ? row->template_name : ""));
	add_field(&vouch->row, rmt_span_text(row->targets ? row->targets : ""));
	return add_row(vouch, id, err);
}

int rmt_vouch_event(struct rmt_vouch *vouch, struct rmt_db *db, rmt_time now, const char *kind, const char *head,
                    struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc = -1;

	end_range(vouch);
	rmt_buf_format(&text, "%s count=%zu ids=", head, vouch->count);
	rmt_buf_span(&text, rmt_buf_view(&vouch->ids));
	rmt_buf_text(&text, " sha256=");
	rmt_hex(rmt_span_of(vouch->hash, sizeof vouch->hash), 0, &text);
	if (rmt_buf_check(&vouch->ids, err) == 0 && rmt_buf_check(&text, err) == 0)
		rc = rmt_db_event(db, now, kind, rmt_buf_string(&text), err);
	rmt_buf_free(&text);
	return rc;
}

void rmt_vouch_clear(struct rmt_vouch *vouch)
{
	rmt_buf_free(&vouch->ids);
	rmt_buf_free(&vouch->row);
	*vouch = (struct rmt_vouch){0};
}

int rmt_row_record(struct rmt_db *db, const struct rmt_db_cert *row, int64_t *id, struct rmt_err *err)
{
	struct rmt_vouch vouch = {0};
	struct rmt_buf head = {0};
	int rc = -1;

	rmt_buf_text(&head, "fingerprint=");
	rmt_hex(row->fingerprint, 0, &head);
	if (rmt_buf_check(&head, err) == 0 && rmt_db_cert_add(db, row, id, err) == 0 &&
	    rmt_vouch_cert(&vouch, *id, row, err) == 0)
		rc = rmt_vouch_event(&vouch, db, row->recorded, "record", rmt_buf_string(&head), err);
	rmt_vouch_clear(&vouch);
	rmt_buf_free(&head);
	return rc;
}
