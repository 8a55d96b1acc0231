/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocklist.c - remint_block() and remint_blocklist(): keys that this home certifies for nobody.
 *
 * A key is named by the SHA-256 of its SPKI, by whatever holds it (a certificate, a request, a key), or by a file of
 * hashes, a line each: of 64 digits the SHA-256, of 20 or 40 what lists of weak keys from Debian's openssl-blacklist
 * have. Of an RSA key the modulus is blocked as well, so that another exponent does not free it. Nothing is shipped.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { LIST_MOST = 256 << 20 };

struct blocking {
	struct remint *ctx;
	const struct remint_block_options *options;
	struct rmt_home home;
	struct rmt_buf kinds;  /* a byte each */
	struct rmt_buf hashes; /* RMT_SHA256 bytes each, the shorter ones padded */
	struct remint_blocked_summary *summary;
	struct rmt_err *err;
};

static void take(void *arg, enum rmt_blocked_kind kind, const unsigned char *hash)
{
	struct blocking *blocking = arg;
	unsigned char padded[RMT_SHA256] = {0};

	memcpy(padded, hash, kind == RMT_BLOCKED_SPKI ? RMT_SHA256 : RMT_MODULUS_HASH);
	rmt_buf_byte(&blocking->kinds, (unsigned char)kind);
	rmt_buf_append(&blocking->hashes, padded, sizeof padded);
}

static int take_key(struct blocking *blocking, struct rmt_span spki)
{
	unsigned char hash[RMT_SHA256], modulus[RMT_MODULUS_HASH];
	int rsa;

	if (rmt_spki_hash(spki, hash, blocking->err))
		return -1;
	take(blocking, RMT_BLOCKED_SPKI, hash);
	rsa = rmt_spki_modulus_hash(spki, modulus, blocking->err);
	if (rsa == 1)
		take(blocking, RMT_BLOCKED_MODULUS, modulus);
	return rsa < 0 ? -1 : 0;
}

/* ---- hashes as text ------------------------------------------------------------------------------------------------------------ */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One hash: the kind that its length tells, 0 when it is none. Of a whole SHA-1 the list has the tail. */
static int parse_hash(const char *text, size_t length, unsigned char hash[RMT_SHA256])
{
	if (length == 40) {
		text += 20;
		length = 20;
	}
	if (length != 20 && length != 64)
		return 0;
	for (size_t i = 0; i < length; i += 2) {
		int high = digit(text[i]), low = digit(text[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		hash[i / 2] = (unsigned char)(high << 4 | low);
	}
	return length == 64 ? RMT_BLOCKED_SPKI : RMT_BLOCKED_MODULUS;
}

/* The next line without blanks at its ends; false at the end of the text. */
static bool next_line(const char **at, const char *end, const char **line, size_t *length)
{
	const char *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	stop = stop ? stop : end;
	*line = *at;
	*at = stop + 1;
	while (*line < stop && isspace((unsigned char)**line))
		++*line;
	while (stop > *line && isspace((unsigned char)stop[-1]))
		stop--;
	*length = (size_t)(stop - *line);
	return true;
}

int rmt_hash_list_read(const char *path, struct rmt_span text, void (*take_one)(void *arg, enum rmt_blocked_kind kind, const unsigned char *hash),
                       void *arg, struct rmt_err *err)
{
	const char *at = (const char *)text.at, *end = at + text.length, *line;
	unsigned char hash[RMT_SHA256];
	size_t length, number = 0, count = 0;

	while (next_line(&at, end, &line, &length)) {
		int kind = length && *line != '#' ? parse_hash(line, length, hash) : -1;
		char place[32];

		number++;
		if (kind > 0) {
			take_one(arg, (enum rmt_blocked_kind)kind, hash);
			count++;
		} else if (kind == 0 && !count) {
			return 0;
		} else if (kind == 0) {
			snprintf(place, sizeof place, "line %zu", number);
			rmt_err_set(err, RMT_INPUT, place, "not a hash of 20, 40 or 64 hexadecimal digits");
			rmt_err_source(err, path);
			return -1;
		}
	}
	return count > 0;
}

/* ---- inputs ---------------------------------------------------------------------------------------------------------------------- */

static int take_objects(struct blocking *blocking, const char *path)
{
	struct rmt_pile pile = {0};
	size_t count = 0;
	int rc = rmt_pile_read(blocking->ctx, &pile, (struct remint_strings){&path, 1}, false, blocking->err);

	for (size_t i = 0; rc == 0 && i < pile.count; i++)
		if (pile.objects[i]->spki.length) {
			rc = take_key(blocking, pile.objects[i]->spki);
			count++;
		}
	if (rc == 0 && !count)
		rc = rmt_pile_refuse(&pile, 0, "key, certificate or request, and is no list of hashes", path, blocking->err);
	rmt_pile_free(&pile);
	return rc;
}

static int take_input(struct blocking *blocking, const char *input)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf text = {0};
	int rc;

	if (parse_hash(input, strlen(input), hash) == RMT_BLOCKED_SPKI && !rmt_path_is_regular(input)) {
		take(blocking, RMT_BLOCKED_SPKI, hash);
		return 0;
	}
	if (!rmt_path_is_regular(input))
		return take_objects(blocking, input);
	rc = rmt_file_read(input, LIST_MOST, &text, blocking->err);
	if (rc == 0)
		rc = rmt_hash_list_read(input, rmt_buf_view(&text), take, blocking, blocking->err);
	rmt_buf_free(&text);
	return rc == 0 ? take_objects(blocking, input) : rc < 0 ? -1 : 0;
}

/* ---- the act ---------------------------------------------------------------------------------------------------------------------- */

static int block(struct blocking *blocking, const char *source)
{
	size_t all = blocking->kinds.length, count = all;
	struct rmt_db_blocked *rows = calloc(all + 1, sizeof *rows);
	struct rmt_db *db = blocking->home.db;
	int rc = -1;

	if (!rows || rmt_buf_check(&blocking->kinds, blocking->err) || rmt_buf_check(&blocking->hashes, blocking->err)) {
		free(rows);
		return rmt_err_memory(blocking->err);
	}
	for (size_t i = 0; i < all; i++) {
		enum rmt_blocked_kind kind = (enum rmt_blocked_kind)blocking->kinds.bytes[i];

		rows[i] = (struct rmt_db_blocked){
		    .kind = kind,
		    .hash = rmt_span_of(blocking->hashes.bytes + i * RMT_SHA256, kind == RMT_BLOCKED_SPKI ? RMT_SHA256 : RMT_MODULUS_HASH)};
	}
	if (rmt_db_begin(db, blocking->err) == 0) {
		rc = rmt_db_block(db, source, rmt_verb_now(blocking->ctx), rows, &count, blocking->err);
		rc = rc == 0 ? rmt_db_commit(db, blocking->err) : rc;
		if (rc)
			rmt_db_rollback(db);
	}
	if (rc == 0) {
		blocking->summary->added += count;
		blocking->summary->known += all - count;
	}
	free(rows);
	return rc;
}

static int take_same_modulus(void *arg, const struct rmt_db_cert *row, struct rmt_span tbs)
{
	struct blocking *blocking = arg;
	unsigned char modulus[RMT_MODULUS_HASH];
	struct rmt_db_blocked blocked;
	struct rmt_cert cert;
	int rc;

	(void)tbs;
	if (row->not_after < rmt_verb_now(blocking->ctx) || rmt_cert_read(&cert, row->der, RMT_TOLERANT, NULL))
		return 0;
	rc = rmt_spki_modulus_hash(cert.spki, modulus, blocking->err);
	if (rc == 1)
		rc = rmt_db_blocked_get(blocking->home.db, RMT_BLOCKED_MODULUS, rmt_span_of(modulus, sizeof modulus), &blocked, blocking->err);
	if (rc == 1)
		take(blocking, RMT_BLOCKED_SPKI, row->spki_hash.at);
	return rc < 0 ? -1 : 0;
}

/* The moduli that are blocked now, as keys of the certificates that have them: by those they are found again. */
static int block_same_moduli(struct blocking *blocking, const char *source)
{
	struct remint_blocked_summary asked = *blocking->summary;
	int rc = 0;

	if (!memchr(blocking->kinds.bytes, RMT_BLOCKED_MODULUS, blocking->kinds.length))
		return 0;
	rmt_buf_clear(&blocking->kinds);
	rmt_buf_clear(&blocking->hashes);
	rc = rmt_db_cert_scan(blocking->home.db, 0, INT64_MAX, take_same_modulus, blocking, blocking->err);
	if (rc == 0 && blocking->kinds.length)
		rc = block(blocking, source);
	*blocking->summary = asked;
	return rc;
}

/* What each input holds, under its own name as the source. */
static int block_input(struct blocking *blocking, const char *input)
{
	const char *source = blocking->options->why ? blocking->options->why : input;

	rmt_buf_clear(&blocking->kinds);
	rmt_buf_clear(&blocking->hashes);
	return take_input(blocking, input) || block(blocking, source) || block_same_moduli(blocking, source) ? -1 : 0;
}

int remint_block(struct remint *ctx, const struct remint_block_options *options, struct remint_blocked_summary *summary)
{
	struct blocking blocking = {.ctx = ctx, .options = options, .summary = summary, .err = &ctx->err};
	int64_t in_force = 0;
	int rc;

	rmt_verb_begin(ctx);
	*summary = (struct remint_blocked_summary){0};
	rc = rmt_home_open(ctx, RMT_DB_WRITE, &blocking.home, &ctx->err);
	for (size_t i = 0; rc == 0 && i < options->inputs.count; i++)
		rc = block_input(&blocking, options->inputs.items[i]);
	if (rc == 0)
		rc = rmt_db_blocked_in_force(blocking.home.db, rmt_verb_now(ctx), &in_force, &ctx->err);
	summary->in_force = (uint64_t)in_force;
	if (rc == 0 && in_force)
		rmt_verb_warn(ctx, "%llu certificate%s in force ha%s a key that is blocked now: revoke %s", (unsigned long long)summary->in_force,
		              summary->in_force == 1 ? "" : "s", summary->in_force == 1 ? "s" : "ve", summary->in_force == 1 ? "it" : "them");
	rmt_home_close(&blocking.home);
	rmt_buf_free(&blocking.kinds);
	rmt_buf_free(&blocking.hashes);
	return rmt_verb_end(ctx, rc);
}

/* ---- the list ---------------------------------------------------------------------------------------------------------------------- */

struct listing {
	remint_blocked_fn *visit;
	void *arg;
	struct rmt_arena arena;
};

static int hand_over(void *arg, const struct rmt_db_blocked *row)
{
	struct listing *listing = arg;
	struct remint_blocked out = {.kind = row->kind == RMT_BLOCKED_SPKI ? "spki-sha256" : "rsa-modulus", .source = row->source, .when = row->when};

	rmt_arena_reset(&listing->arena);
	out.hash = rmt_arena_hex(&listing->arena, row->hash);
	return listing->visit(listing->arg, &out);
}

int remint_blocklist(struct remint *ctx, remint_blocked_fn *visit, void *arg)
{
	struct listing listing = {.visit = visit, .arg = arg};
	struct rmt_home home = {0};
	int rc;

	rmt_verb_begin(ctx);
	rc = rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err);
	if (rc == 0)
		rc = rmt_db_blocked_each(home.db, hand_over, &listing, &ctx->err);
	rmt_home_close(&home);
	rmt_arena_free(&listing.arena);
	return rmt_verb_end(ctx, rc);
}
