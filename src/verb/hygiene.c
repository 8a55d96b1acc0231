/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hygiene.c - what the database of a home says against a key, whichever way it comes: blocked, of a certificate that was
 * revoked since its key was lost, with another exponent over a known modulus, an authority's own. Of several at once each is
 * held against those before it, too.
 *
 * Whether a key is weak in itself is the table of checks in x509/key_check.c; rmt_hygiene_check() asks both. A key that
 * stands in other certificates is no fault; it is said.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

#define PLACE "spki"
#define EXPONENT_SOURCE "NIST SP 800-56B, 6.2"

struct rmt_hygiene_passed {
	unsigned char hash[RMT_SHA256], usual[RMT_SHA256];
	struct rmt_span subject;
	const char *source;
};

/* The key under judgement. */
struct judging {
	struct rmt_hygiene *hygiene;
	struct rmt_span spki;
	struct rmt_span subject; /* Name of the certificate or request; empty: none */
	const char *source;      /* for what is said and no fault; "" */
	bool ca;                 /* it is to be a CA's */
	unsigned char hash[RMT_SHA256];
	unsigned char usual[RMT_SHA256]; /* of the same modulus with the usual exponent; of other keys the hash itself */
	bool unusual;                    /* the two differ */
	struct rmt_buf text;
	struct rmt_err *err;
};

static void warn_of_subject(struct judging *judging, const char *subject)
{
	if (!judging->hygiene->quiet)
		rmt_verb_warn(judging->hygiene->ctx, "%s%sthe key stands in a certificate for another subject, too: %s", judging->source,
		              *judging->source ? ": " : "", subject);
}

static const char *hex(struct judging *judging, struct rmt_span bytes)
{
	rmt_buf_clear(&judging->text);
	rmt_hex(bytes, 0, &judging->text);
	return rmt_buf_string(&judging->text);
}

/* ---- the checks: 0 nothing against it, else -1 ---------------------------------------------------------------------------- */

static int blocked_as(struct judging *judging, enum rmt_blocked_kind kind, struct rmt_span hash, const char *what)
{
	struct rmt_db_blocked row;
	int found = rmt_db_blocked_get(judging->hygiene->db, kind, hash, &row, judging->err);

	if (found != 1)
		return found;
	return rmt_err_cite(judging->err, RMT_SECRET, PLACE, "CA/Browser Forum TLS BR, 6.1.1.3", "the %s is blocked (%.64s; %.200s)", what,
	                    hex(judging, hash), row.source);
}

static int not_blocked(struct judging *judging)
{
	unsigned char modulus[RMT_MODULUS_HASH];
	int rsa;

	if (judging->hygiene->kinds & 1u << RMT_BLOCKED_SPKI &&
	    blocked_as(judging, RMT_BLOCKED_SPKI, rmt_span_of(judging->hash, sizeof judging->hash), "key"))
		return -1;
	if (!(judging->hygiene->kinds & 1u << RMT_BLOCKED_MODULUS))
		return 0;
	rsa = rmt_spki_modulus_hash(judging->spki, modulus, judging->err);
	return rsa == 1 ? blocked_as(judging, RMT_BLOCKED_MODULUS, rmt_span_of(modulus, sizeof modulus), "RSA modulus") : rsa;
}

/* Reasons after which the key itself is in other hands, or may be (RFC 5280, 5.3.1). */
static bool lost(int reason)
{
	return reason == RMT_REASON_KEY_COMPROMISE || reason == RMT_REASON_CA_COMPROMISE || reason == RMT_REASON_AA_COMPROMISE;
}

static int look_at_use(void *arg, const struct rmt_db_key_use *use)
{
	struct judging *judging = arg;
	struct rmt_buf subject = {0};

	if (lost(use->reason))
		return rmt_err_cite(judging->err, RMT_SECRET, PLACE, "RFC 5280, 5.3.1",
		                    "the key is that of the certificate with the serial number %.64s, which was revoked for %s",
		                    hex(judging, use->serial), rmt_reason_name(use->reason));
	if (use->reason == RMT_REASON_HOLD)
		return rmt_err_set(judging->err, RMT_SECRET, PLACE,
		                   "the key is that of the certificate with the serial number %.64s, which is on hold: release it first, with remint revoke --release",
		                   hex(judging, use->serial));
	if (use->reason >= 0 && !judging->hygiene->quiet)
		rmt_verb_warn(judging->hygiene->ctx, "%s%sthe key is that of the certificate with the serial number %.64s, which was revoked (%s)",
		              judging->source, *judging->source ? ": " : "", hex(judging, use->serial), rmt_reason_name(use->reason));
	if (!judging->subject.length)
		return 0;
	rmt_name_text(judging->subject, &subject);
	if (strcmp(rmt_buf_string(&subject), use->subject) != 0 && !judging->text.length) {
		rmt_buf_text(&judging->text, use->subject);
		warn_of_subject(judging, use->subject);
	}
	rmt_buf_free(&subject);
	return 0;
}

static int not_lost(struct judging *judging)
{
	rmt_buf_clear(&judging->text);
	return rmt_db_key_uses(judging->hygiene->db, rmt_span_of(judging->hash, sizeof judging->hash), look_at_use, judging, judging->err);
}

static int same_modulus(struct judging *judging, int64_t certificate)
{
	return rmt_err_cite(judging->err, RMT_SECRET, PLACE, EXPONENT_SOURCE, "the RSA modulus is that of certificate %lld, under another exponent",
	                    (long long)certificate);
}

static int first_use(void *arg, const struct rmt_db_key_use *use)
{
	*(int64_t *)arg = use->certificate;
	return 1;
}

static int not_another_exponent(struct judging *judging)
{
	struct rmt_db *db = judging->hygiene->db;
	struct rmt_span own = rmt_span_of(judging->hash, sizeof judging->hash);
	struct rmt_span usual = rmt_span_of(judging->usual, sizeof judging->usual);
	int64_t certificate;
	int found = 0;

	if (judging->unusual)
		found = rmt_db_key_uses(db, usual, first_use, &certificate, judging->err);
	if (found == 0 && judging->hygiene->kinds & 1)
		found = rmt_db_modulus_other(db, usual, own, &certificate, judging->err);
	return found == 1 ? same_modulus(judging, certificate) : found;
}

/* Those before it are not on record yet. */
static int not_beside_another_exponent(struct judging *judging)
{
	for (size_t i = 0; i < judging->hygiene->passed_count; i++) {
		const struct rmt_hygiene_passed *passed = &judging->hygiene->passed[i];

		if (memcmp(passed->usual, judging->usual, RMT_SHA256) != 0)
			continue;
		if (memcmp(passed->hash, judging->hash, RMT_SHA256) != 0)
			return rmt_err_cite(judging->err, RMT_SECRET, PLACE, EXPONENT_SOURCE, "the RSA modulus is that of %.200s, under another exponent",
			                    *passed->source ? passed->source : "another key of this call");
		if (judging->subject.length && passed->subject.length && !judging->text.length &&
		    !rmt_span_equal(passed->subject, judging->subject)) {
			rmt_name_text(passed->subject, &judging->text);
			warn_of_subject(judging, rmt_buf_string(&judging->text));
		}
	}
	return 0;
}

static int not_an_authority(struct judging *judging)
{
	const struct rmt_buf *keys = &judging->hygiene->authorities;
	char name[64];

	for (size_t at = 0; !judging->ca && at < keys->length; at += RMT_SHA256)
		if (memcmp(keys->bytes + at, judging->hash, RMT_SHA256) == 0) {
			if (rmt_db_key_authority(judging->hygiene->db, rmt_span_of(judging->hash, RMT_SHA256), name, judging->err) != 1)
				return -1;
			return rmt_err_set(judging->err, RMT_SECRET, PLACE, "the key is that of the authority \"%s\" itself", name);
		}
	return 0;
}

/*
 * To add a check of what is on record: a function above, which refuses with one sentence; a row here; a passing and a
 * failing case in tests/cli/blocklist.sh. Checks of the key by itself stand in x509/key_check.c.
 */
static int (*const checks[])(struct judging *) = {
    not_blocked,
    not_lost,
    not_another_exponent,
    not_beside_another_exponent,
    not_an_authority,
};

/* ---- the face ----------------------------------------------------------------------------------------------------------------- */

static int keep_authority(void *arg, const struct rmt_db_authority *row)
{
	rmt_buf_span(arg, row->spki_hash);
	return 0;
}

int rmt_hygiene_open(struct remint *ctx, struct rmt_db *db, struct rmt_hygiene *out, struct rmt_err *err)
{
	*out = (struct rmt_hygiene){.ctx = ctx, .db = db};
	if (rmt_db_blocked_kinds(db, &out->kinds, err) || rmt_db_authorities(db, keep_authority, &out->authorities, err) < 0)
		return -1;
	return rmt_buf_check(&out->authorities, err);
}

void rmt_hygiene_close(struct rmt_hygiene *hygiene)
{
	rmt_buf_free(&hygiene->authorities);
	free(hygiene->passed);
}

static int hash_key(struct judging *judging)
{
	int unusual;

	if (rmt_spki_hash(judging->spki, judging->hash, judging->err))
		return -1;
	unusual = rmt_spki_usual_hash(judging->spki, judging->usual, judging->err);
	judging->unusual = unusual == 1;
	if (unusual == 0)
		memcpy(judging->usual, judging->hash, sizeof judging->usual);
	return unusual < 0 ? -1 : 0;
}

static int let_through(const struct judging *judging)
{
	struct rmt_hygiene *hygiene = judging->hygiene;
	struct rmt_hygiene_passed *passed;

	if (hygiene->passed_count == hygiene->passed_capacity) {
		size_t capacity = hygiene->passed_capacity ? 2 * hygiene->passed_capacity : 8;

		passed = realloc(hygiene->passed, capacity * sizeof *passed);
		if (!passed)
			return rmt_err_memory(judging->err);
		hygiene->passed = passed;
		hygiene->passed_capacity = capacity;
	}
	passed = &hygiene->passed[hygiene->passed_count++];
	*passed = (struct rmt_hygiene_passed){.subject = judging->subject, .source = judging->source};
	memcpy(passed->hash, judging->hash, sizeof passed->hash);
	memcpy(passed->usual, judging->usual, sizeof passed->usual);
	return 0;
}

int rmt_hygiene_judge(struct rmt_hygiene *hygiene, struct rmt_span spki, struct rmt_span subject, bool ca, const char *source,
                      struct rmt_err *err)
{
	struct judging judging = {.hygiene = hygiene, .spki = spki, .subject = subject, .source = source ? source : "", .ca = ca, .err = err};
	int rc = hash_key(&judging);

	for (size_t i = 0; rc == 0 && i < sizeof checks / sizeof checks[0]; i++)
		rc = checks[i](&judging);
	if (rc == 0)
		rc = let_through(&judging);
	rmt_buf_free(&judging.text);
	return rc ? -1 : 0;
}

int rmt_hygiene_check(struct remint *ctx, struct rmt_db *db, struct rmt_span spki, struct rmt_span subject, bool ca, const char *source,
                      struct rmt_err *err)
{
	struct rmt_hygiene hygiene = {0};
	int rc = rmt_key_check_public(spki, 0, err);

	if (rc == 0 && db) {
		rc = rmt_hygiene_open(ctx, db, &hygiene, err) || rmt_hygiene_judge(&hygiene, spki, subject, ca, source, err) ? -1 : 0;
		rmt_hygiene_close(&hygiene);
	}
	return rc;
}

int rmt_hygiene_check_home(struct remint *ctx, struct rmt_span spki, struct rmt_span subject, const char *source, struct rmt_err *err)
{
	struct rmt_home home;
	int found = rmt_home_if_any(ctx, &home, err), rc;

	if (found < 0)
		return -1;
	rc = rmt_hygiene_check(ctx, found ? home.db : NULL, spki, subject, false, source, err);
	if (found)
		rmt_home_close(&home);
	return rc;
}
