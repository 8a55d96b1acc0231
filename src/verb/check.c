/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - remint_db_check(): is the database what was written to it?
 *
 * The structure and the chain of events are checked by db/. Here each event is compared with the rows that it vouches for
 * (vouch.c), each certificate's columns with its own bytes, and every row must have its event. Rows are read one at a
 * time, each once. Signatures are left to check_signature.c. Nothing is mended.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

/* ---- ids ------------------------------------------------------------------------------------------------------------------- */

struct range {
	int64_t first, last;
};

/* Ranges apart from each other, ascending. Ids are given out without gaps, so that there are few. */
struct ranges {
	struct range *at;
	size_t count, capacity;
};

/* How many ranges begin at or before `id`. */
static size_t ranges_before(const struct ranges *ranges, int64_t id)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->at[middle].first <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* 1 added, 0 when one of them is there already, -1. */
static int ranges_add(struct ranges *ranges, struct range new, struct rmt_err *err)
{
	size_t place = ranges_before(ranges, new.first);
	struct range *below = place ? &ranges->at[place - 1] : NULL;
	struct range *above = place < ranges->count ? &ranges->at[place] : NULL;
	struct range *grown;

	if ((below && below->last >= new.first) || (above && above->first <= new.last))
		return 0;
	if (below && below->last + 1 == new.first) {
		below->last = new.last;
		if (above && above->first == new.last + 1) {
			below->last = above->last;
			memmove(above, above + 1, (ranges->count - place - 1) * sizeof *above);
			ranges->count--;
		}
		return 1;
	}
	if (above && above->first == new.last + 1) {
		above->first = new.first;
		return 1;
	}
	if (ranges->count == ranges->capacity) {
		grown = realloc(ranges->at, (2 * ranges->capacity + 16) * sizeof *grown);
		if (!grown)
			return rmt_err_memory(err);
		ranges->at = grown;
		ranges->capacity = 2 * ranges->capacity + 16;
	}
	memmove(ranges->at + place + 1, ranges->at + place, (ranges->count - place) * sizeof *ranges->at);
	ranges->at[place] = new;
	ranges->count++;
	return 1;
}

/* ---- one row ----------------------------------------------------------------------------------------------------------------- */

struct checking {
	struct rmt_home *home;
	struct rmt_err *err;
	struct rmt_arena arena;
	struct rmt_checker *checker;
	struct rmt_signatures *signatures; /* NULL: they are left out */
	const struct remint_db_check_options *options;
	struct rmt_vouch vouch;      /* of the event under way */
	int64_t event, expected;     /* its number; the id that must come next */
	struct ranges certs, tbs;    /* vouched for so far */
	struct ranges adopted;       /* ... once more, with their authority */
	uint64_t certificates;
};

static int refuse(struct checking *checking, const char *what, int64_t id, const char *why)
{
	rmt_err_set(checking->err, RMT_DATABASE, NULL, "%s %lld %s", what, (long long)id, why);
	rmt_err_source(checking->err, checking->home->ctx->home);
	return -1;
}

static int refuse_cert(struct checking *checking, int64_t id, const char *why)
{
	return refuse(checking, "certificate", id, why);
}

/* The column that is not what the bytes say, or NULL. */
static const char *wrong_column(const struct rmt_db_cert *row, const struct rmt_db_cert *said)
{
	if (!rmt_span_equal(row->fingerprint, said->fingerprint))
		return "bytes are not those of its fingerprint";
	if (!rmt_span_equal(row->serial, said->serial))
		return "serial number is not the one in its bytes";
	if (!rmt_span_equal(row->spki_hash, said->spki_hash))
		return "key is not the one in its bytes";
	if (strcmp(row->subject, said->subject) != 0)
		return "subject is not the one in its bytes";
	if (strcmp(row->issuer_name, said->issuer_name) != 0)
		return "issuer is not the one in its bytes";
	if (strcmp(row->name, said->name) != 0)
		return "name is not the one in its bytes";
	if (row->not_before != said->not_before || row->not_after != said->not_after)
		return "dates are not those in its bytes";
	return NULL;
}

static int check_columns(struct checking *checking, const struct rmt_db_cert *row, struct rmt_span tbs)
{
	struct rmt_db_cert said = {0};
	struct rmt_row_hashes hashes;
	struct rmt_cert cert;
	const char *wrong;
	int same;

	rmt_arena_reset(&checking->arena);
	if (rmt_cert_read(&cert, row->der, RMT_TOLERANT, NULL))
		return refuse_cert(checking, row->id, "was altered: its bytes are no certificate");
	if (rmt_row_describe(&said, &cert, &checking->arena, &hashes, checking->err))
		return -1;
	wrong = wrong_column(row, &said);
	if (!wrong && row->tbs && !rmt_span_equal(cert.tbs, tbs))
		wrong = "bytes are not those that were to be signed";
	same = wrong ? 1 : rmt_db_names_match(checking->home->db, &said, row->id, checking->err);
	if (same == 1 && !wrong)
		return 0;
	if (same < 0)
		return -1;
	rmt_buf_format(&checking->arena.scratch, "was altered: its %s",
	               wrong ? wrong : "names in the search are not those in its bytes");
	return refuse_cert(checking, row->id, rmt_arena_scratch(&checking->arena));
}

/* An id that the event names must have a row. */
static int check_next(struct checking *checking, int64_t id)
{
	return id == checking->expected++
	           ? 0
	           : refuse(checking, "number", checking->expected - 1, "is gone: an event says that it was written");
}

static int check_cert(void *arg, const struct rmt_db_cert *row, struct rmt_span tbs)
{
	struct checking *checking = arg;
	struct rmt_db_cert recorded = *row;

	if (row->adopted)
		recorded.authority = 0;
	checking->certificates++;
	rmt_verb_progress(checking->home->ctx, checking->certificates, 0);
	return check_next(checking, row->id) || check_columns(checking, row, tbs) ||
	               (checking->signatures && rmt_signatures_add(checking->signatures, row, checking->err))
	           ? -1
	           : rmt_vouch_cert(&checking->vouch, row->id, &recorded, checking->err);
}

/* As it has been since its authority is known; the rest was checked with the event of its recording. */
static int check_adopted(void *arg, const struct rmt_db_cert *row, struct rmt_span tbs)
{
	struct checking *checking = arg;

	(void)tbs;
	if (check_next(checking, row->id))
		return -1;
	if (!row->adopted)
		return refuse_cert(checking, row->id, "was altered: an event says that it was adopted");
	return rmt_vouch_cert(&checking->vouch, row->id, row, checking->err);
}

static int check_tbs(void *arg, int64_t id, const struct rmt_db_tbs *tbs)
{
	struct checking *checking = arg;

	return check_next(checking, id) ? -1 : rmt_vouch_tbs(&checking->vouch, id, tbs, checking->err);
}

/* ---- one event ----------------------------------------------------------------------------------------------------------------- */

enum { CERTS = 1, TBS = 2, ADOPTED = 4 };

static int cover(struct checking *checking, int which, struct range range)
{
	int certs = which & CERTS ? ranges_add(&checking->certs, range, checking->err) : 1;
	int tbs = which & TBS ? ranges_add(&checking->tbs, range, checking->err) : 1;
	int adopted = which & ADOPTED ? ranges_add(&checking->adopted, range, checking->err) : 1;

	if (certs < 0 || tbs < 0 || adopted < 0)
		return -1;
	return certs && tbs && adopted ? 0 : refuse(checking, "event", checking->event, "names rows that an event before it was for");
}

/* The rows of one kind in a range: each must be there, and is what its own bytes say. */
static int check_range(struct checking *checking, int which, struct range range)
{
	struct rmt_db *db = checking->home->db;

	checking->expected = range.first;
	if (which == TBS ? rmt_db_tbs_scan(db, range.first, range.last, check_tbs, checking, checking->err)
	                 : rmt_db_cert_scan(db, range.first, range.last, which == ADOPTED ? check_adopted : check_cert, checking, checking->err))
		return -1;
	return checking->expected == range.last + 1 ? 0 : check_next(checking, range.last + 1);
}

/* "7" or "7-12", and what follows; false when it is neither. */
static bool read_range(const char **at, struct range *out)
{
	char *end;

	if (**at < '1' || **at > '9')
		return false;
	out->first = out->last = strtoll(*at, &end, 10);
	if (*end == '-') {
		if (end[1] < '1' || end[1] > '9')
			return false;
		out->last = strtoll(end + 1, &end, 10);
	}
	*at = end;
	return out->first <= out->last && out->last < INT64_MAX;
}

/* " ids=" at the end of the text, or NULL: what stands before it may hold anything. */
static const char *find_ids(const char *text)
{
	const char *found = NULL;

	for (const char *at = strstr(text, " ids="); at; at = strstr(at + 1, " ids="))
		found = at;
	return found ? found + 5 : NULL;
}

static int check_rows(struct checking *checking, int which, const char *text)
{
	const char *at = find_ids(text);
	struct rmt_buf hex = {0};
	struct range range;
	int rc = 0;

	rmt_vouch_clear(&checking->vouch);
	while (at && *at != ' ') {
		if (!read_range(&at, &range) || (*at != ' ' && *at != ','))
			at = NULL;
		else if (cover(checking, which, range) || check_range(checking, which, range))
			return -1;
		else
			at += *at == ',';
	}
	rmt_buf_text(&hex, " sha256=");
	rmt_hex(rmt_span_of(checking->vouch.hash, RMT_SHA256), 0, &hex);
	if (!at)
		rc = refuse(checking, "event", checking->event, "does not say which rows it is for");
	else if (rmt_buf_check(&hex, checking->err))
		rc = -1;
	else if (strcmp(at, rmt_buf_string(&hex)) != 0)
		rc = refuse(checking, "event", checking->event,
		            "does not have the hash of its rows: one of them was altered after it was written");
	rmt_buf_free(&hex);
	return rc;
}

static int check_event(void *arg, int64_t id, rmt_time when, const char *kind, const char *text)
{
	/* A certificate from elsewhere has no to-be-signed bytes, but takes a number of theirs. */
	static const struct {
		const char *kind;
		int which;
	} kinds[] = {
	    {"persist", TBS}, {"issue", CERTS}, {"resume", CERTS}, {"record", CERTS | TBS}, {"adopt", ADOPTED},
	};
	struct checking *checking = arg;

	(void)when;
	checking->event = id;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i].kind) == 0)
			return check_rows(checking, kinds[i].which, text);
	return 0;
}

/* ---- rows that no event knows -------------------------------------------------------------------------------------------------- */

static int check_covered(struct checking *checking, const struct ranges *ranges, const char *what,
                         int (*between)(struct rmt_db *, int64_t, int64_t, int64_t *, struct rmt_err *))
{
	int64_t from = INT64_MIN, id;

	for (size_t i = 0; i <= ranges->count; i++) {
		bool end = i == ranges->count;
		int64_t to = end ? INT64_MAX : ranges->at[i].first - 1;
		int found = from <= to ? between(checking->home->db, from, to, &id, checking->err) : 0;

		if (found < 0)
			return -1;
		if (found)
			return refuse(checking, what, id, "is known to no event: it was put there by another hand");
		from = end ? INT64_MAX : ranges->at[i].last + 1;
	}
	return 0;
}

/* ---- authorities ----------------------------------------------------------------------------------------------------------------- */

static int refuse_authority(struct checking *checking, const char *name, const char *why)
{
	rmt_err_set(checking->err, RMT_DATABASE, NULL, "the authority \"%s\" %s", name, why);
	rmt_err_source(checking->err, checking->home->ctx->home);
	return -1;
}

static int check_parent(struct checking *checking, const struct rmt_db_authority *row, const struct rmt_cert *cert)
{
	struct rmt_db_authority parent;
	enum rmt_judgement judgement;
	struct rmt_err why;
	struct rmt_cert above;
	int found = rmt_db_authority_get(checking->home->db, NULL, row->parent, &parent, checking->err);

	if (found < 0)
		return -1;
	if (found && parent.cert.length && rmt_cert_read(&above, parent.cert, RMT_TOLERANT, NULL) == 0 &&
	    (judgement = rmt_checker_judge(checking->checker, cert->tbs, cert->outer_algorithm, cert->signature, above.spki, &why)) !=
	        RMT_SIGNATURE_FALSE) {
		if (judgement == RMT_SIGNATURE_UNVERIFIABLE)
			rmt_verb_warn(checking->home->ctx, "the certificate of \"%s\" cannot be verified: %s", row->name, why.message);
		return 0;
	}
	return refuse_authority(checking, row->name, "was not signed by the one that it stands under");
}

/* Its certificate must be one of those on record, which the events vouch for. */
static int check_authority(void *arg, const struct rmt_db_authority *row)
{
	struct checking *checking = arg;
	unsigned char fingerprint[RMT_SHA256], spki[RMT_SHA256];
	struct rmt_db_cert known;
	struct rmt_cert cert;
	int found;

	if (!row->cert.length)
		return 0;
	if (rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL))
		return refuse_authority(checking, row->name, "was altered: its bytes are no certificate");
	if (rmt_cert_fingerprint(&cert, fingerprint, checking->err) || rmt_spki_hash(cert.spki, spki, checking->err))
		return -1;
	if (!rmt_span_equal(row->spki_hash, rmt_span_of(spki, sizeof spki)))
		return refuse_authority(checking, row->name, "was altered: its key is not the one in its certificate");
	found = rmt_db_cert_find(checking->home->db, cert.serial, rmt_span_of(fingerprint, sizeof fingerprint), &known,
	                         checking->err);
	if (found < 0)
		return -1;
	if (!found)
		return refuse_authority(checking, row->name, "was altered: its certificate is not on record");
	return row->parent ? check_parent(checking, row, &cert) : 0;
}

/* ---- the verb ---------------------------------------------------------------------------------------------------------------------- */

struct orphans {
	struct checking *checking;
	struct remint_db_report *report;
};

/* To-be-signed bytes without a certificate: of a process that was cut off, or of one that is at work. */
static int tell_orphan(void *arg, int64_t id, const struct rmt_db_tbs *tbs)
{
	struct orphans *orphans = arg;
	struct checking *checking = orphans->checking;
	struct remint_db_orphan told = {.id = id, .when = tbs->when, .template_name = tbs->template_name, .targets = tbs->targets};
	struct rmt_db_authority authority;
	int found;

	orphans->report->orphans++;
	if (!checking->options || !checking->options->orphan)
		return 0;
	rmt_arena_reset(&checking->arena);
	told.serial = rmt_arena_serial(&checking->arena, tbs->serial);
	found = rmt_db_authority_get(checking->home->db, NULL, tbs->authority, &authority, checking->err);
	if (found < 0)
		return -1;
	told.authority = found ? authority.name : "";
	return checking->arena.failed ? rmt_err_memory(checking->err) : checking->options->orphan(checking->options->arg, &told);
}

static int check_all(struct checking *checking, struct remint_db_report *report)
{
	const char *against = checking->options ? checking->options->against : NULL;
	struct orphans orphans = {checking, report};
	struct rmt_db *db = checking->home->db;
	struct rmt_err *err = checking->err;

	/* First what a missing end leaves whole. */
	if ((against && rmt_manifest_compare(db, against, &report->against, err)) || rmt_db_check_structure(db, err) ||
	    rmt_db_check_events(db, err) || rmt_db_events(db, 0, check_event, checking, err) ||
	    check_covered(checking, &checking->certs, "certificate", rmt_db_cert_between) ||
	    check_covered(checking, &checking->tbs, "the to-be-signed bytes", rmt_db_tbs_between) ||
	    check_covered(checking, &checking->adopted, "the adoption of certificate", rmt_db_adopted_between) ||
	    rmt_db_authorities(db, check_authority, checking, err) ||
	    (checking->signatures && rmt_signatures_end(checking->signatures, report, err)))
		return -1;
	report->certificates = checking->certificates;
	return rmt_db_orphans(db, tell_orphan, &orphans, err);
}

static int check_home(struct rmt_home *home, const struct remint_db_check_options *options, bool signatures,
                      struct remint_db_report *report, struct rmt_err *err)
{
	struct checking checking = {.home = home, .err = err, .options = options};
	int rc = -1;

	checking.checker = rmt_checker_new(err);
	if (checking.checker && rmt_db_still(home->db, err) == 0) {
		checking.signatures = signatures ? rmt_signatures_new(home, err) : NULL;
		if (!signatures || checking.signatures)
			rc = check_all(&checking, report);
		rmt_db_move(home->db);
	}
	rmt_signatures_free(checking.signatures);
	rmt_checker_free(checking.checker);
	rmt_arena_free(&checking.arena);
	rmt_vouch_clear(&checking.vouch);
	free(checking.certs.at);
	free(checking.tbs.at);
	free(checking.adopted.at);
	return rc;
}

int rmt_check_quickly(struct rmt_home *home, struct rmt_err *err)
{
	struct remint_db_report report = {0};

	return check_home(home, NULL, false, &report, err);
}

int remint_db_check(struct remint *ctx, const struct remint_db_check_options *options, struct remint_db_report *report)
{
	struct remint_db_report counted = {.schema = rmt_db_schema_version()};
	struct rmt_home home = {0};
	int rc = -1;

	rmt_verb_begin(ctx);
	if (rmt_home_open(ctx, RMT_DB_READ, &home, &ctx->err) == 0)
		rc = check_home(&home, options, !options || !options->quick, &counted, &ctx->err);
	rmt_home_close(&home);
	if (report)
		*report = counted;
	return rmt_verb_end(ctx, rc);
}
