/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/certificate.c - recording certificates and reading single ones.
 *
 * A certificate made here gets the id of its to-be-signed bytes, any other the next free one. What
 * may be searched for is handed in by the caller: no DER is read here.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/local.h"

static const char insert[] =
    "INSERT INTO certificates (id, tbs, authority, issuer, serial, fingerprint, spki_hash, subject,"
    " name, not_before, not_after, recorded, template, targets, supersedes, proved, request)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
static const char insert_der[] = "INSERT INTO certificate_der (certificate, der) VALUES (?1, ?2)";
static const char insert_name[] =
    "INSERT INTO certificate_names (certificate, position, folded, name) VALUES (?1, ?2, ?3, ?4)";
static const char insert_target[] =
    "INSERT OR IGNORE INTO certificate_targets (target, certificate) VALUES (?1, ?2)";

static const char insert_usual[] =
    "INSERT INTO other_exponents (usual, certificate) VALUES (?1, ?2)";

static int
add_usual(struct rmt_db *db, struct rmt_span usual, int64_t id, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (usual.length == 0)
		return 0;
	if (rmt_db_query(db, insert_usual, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, usual);
	rmt_db_bind_int(&query, id);
	return rmt_db_run(&query, "record the certificate", err);
}

static int
add_row(struct rmt_db *db, const struct rmt_db_cert *cert, int64_t id, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t issuer, template_name = 0;

	if (rmt_db_term(db, cert->issuer_name, true, &issuer, err) < 0)
		return -1;
	if (cert->template_name != NULL && cert->template_name[0] != '\0' &&
	    rmt_db_term(db, cert->template_name, true, &template_name, err) < 0)
		return -1;
	if (rmt_db_query(db, insert, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rmt_db_bind_id(&query, cert->tbs);
	rmt_db_bind_id(&query, cert->authority);
	rmt_db_bind_int(&query, issuer);
	rmt_db_bind_blob(&query, cert->serial);
	rmt_db_bind_blob(&query, cert->fingerprint);
	rmt_db_bind_blob(&query, cert->spki_hash);
	rmt_db_bind_text(&query, cert->subject);
	rmt_db_bind_text(&query, cert->name);
	rmt_db_bind_int(&query, cert->not_before);
	rmt_db_bind_int(&query, cert->not_after);
	rmt_db_bind_int(&query, cert->recorded);
	rmt_db_bind_id(&query, template_name);
	rmt_db_bind_text(&query, cert->targets);
	rmt_db_bind_id(&query, cert->supersedes);
	rmt_db_bind_int(&query, cert->proved);
	rmt_db_bind_id(&query, cert->request);
	return rmt_db_run(&query, "record the certificate", err);
}

static int
add_der(struct rmt_db *db, int64_t id, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_db_query query;

	if (rmt_db_query(db, insert_der, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rmt_db_bind_blob(&query, der);
	return rmt_db_run(&query, "record the certificate", err);
}

static int
add_name(struct rmt_db *db, int64_t id, size_t position, const char *name, struct rmt_err *err)
{
	struct rmt_db_query query;

	rmt_buf_clear(&db->folded);
	rmt_db_fold(rmt_span_text(name), &db->folded);
	if (rmt_buf_check(&db->folded, err) != 0 || rmt_db_query(db, insert_name, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rmt_db_bind_int(&query, (int64_t)position);
	rmt_db_bind_blob(&query, rmt_buf_view(&db->folded));
	if (rmt_span_equal(rmt_buf_view(&db->folded), rmt_span_text(name)))
		rmt_db_bind_null(&query);
	else
		rmt_db_bind_text(&query, name);
	return rmt_db_run(&query, "record a name of the certificate", err);
}

/* Each name once: the CN is usually a SAN too. Only the first few are compared, so that a thousand
 * names do not cost a million comparisons. */
static bool
said_before(const char *const *names, size_t at)
{
	for (size_t i = 0; i < at && i < 4; i++)
		if (strcmp(names[i], names[at]) == 0)
			return true;
	return false;
}

static int
add_names(struct rmt_db *db, const struct rmt_db_cert *cert, int64_t id, struct rmt_err *err)
{
	for (size_t i = 0; i < cert->name_count; i++)
		if (!said_before(cert->names, i) && add_name(db, id, i, cert->names[i], err) != 0)
			return -1;
	return 0;
}

static int
add_target(struct rmt_db *db, int64_t id, const char *target, struct rmt_err *err)
{
	struct rmt_db_query query;
	int64_t term;

	if (rmt_db_term(db, target, true, &term, err) < 0 ||
	    rmt_db_query(db, insert_target, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, term);
	rmt_db_bind_int(&query, id);
	return rmt_db_run(&query, "record a target of the certificate", err);
}

static int
add_targets(struct rmt_db *db, int64_t id, const char *targets, struct rmt_err *err)
{
	struct rmt_buf one = { 0 };
	int rc = 0;

	while (rc == 0 && targets != NULL && *targets != '\0') {
		size_t length = strcspn(targets, ",");

		rmt_buf_clear(&one);
		rmt_buf_append(&one, targets, length);
		rc = rmt_buf_check(&one, err);
		if (rc == 0 && length > 0)
			rc = add_target(db, id, rmt_buf_string(&one), err);
		targets += length + (targets[length] == ',');
	}
	rmt_buf_free(&one);
	return rc;
}

static const char find_recorded[] =
    "SELECT c.id FROM tbs t CROSS JOIN certificates c ON c.id = t.id"
    " WHERE t.serial = ?1 AND c.fingerprint = ?2"
    " UNION ALL SELECT id FROM certificates INDEXED BY certificates_serial"
    "  WHERE tbs IS NULL AND serial = ?1 AND fingerprint = ?2";

/* 1 and the id of the certificate with this serial and fingerprint, 0 none, -1. */
static int
find_recorded_id(struct rmt_db *db, struct rmt_span serial, struct rmt_span sha256, int64_t *id,
    struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, find_recorded, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, serial);
	rmt_db_bind_blob(&query, sha256);
	rc = rmt_db_step(&query, "look for the certificate", err);
	if (rc == 1)
		*id = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return rc;
}

static const char unsigned_tbs[] =
    "SELECT t.serial = ?2 AND t.authority = ?3 FROM unsigned u CROSS JOIN tbs t ON t.id = u.tbs"
    " WHERE u.tbs = ?1";
static const char signed_tbs[] = "DELETE FROM unsigned WHERE tbs = ?1";

/* The to-be-signed bytes must be there, be those of this certificate, and wait for it; they then
 * wait no longer. */
static int
finish_tbs(struct rmt_db *db, const struct rmt_db_cert *cert, struct rmt_err *err)
{
	struct rmt_db_query query;
	bool same = false;
	int rc;

	if (rmt_db_query(db, unsigned_tbs, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, cert->tbs);
	rmt_db_bind_blob(&query, cert->serial);
	rmt_db_bind_int(&query, cert->authority);
	rc = rmt_db_step(&query, "record the certificate", err);
	if (rc == 1)
		same = sqlite3_column_int(query.statement, 0) != 0;
	rmt_db_done(&query);
	if (rc < 0)
		return -1;
	if (rc == 0 || !same)
		return rmt_db_refuse(db->path, err,
		    "no certificate is waited for as number %" PRId64 "%s", cert->tbs,
		    rc == 0 ? "" : " with this serial and authority");
	if (rmt_db_query(db, signed_tbs, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, cert->tbs);
	return rmt_db_run(&query, "record the certificate", err);
}

/* A certificate from elsewhere is recorded once. */
static int
check_foreign(struct rmt_db *db, const struct rmt_db_cert *cert, struct rmt_err *err)
{
	int64_t present;
	int rc = find_recorded_id(db, cert->serial, cert->fingerprint, &present, err);

	if (rc == 1)
		return rmt_db_refuse(db->path, err,
		    "the certificate is on record already, as number %" PRId64, present);
	if (rc == 0 && cert->authority != 0)
		rc = rmt_db_serial_taken(db, cert->authority, cert->serial, err);
	return rc == 1 ? rmt_db_refuse_taken(db, cert->serial, err) : rc;
}

int
rmt_db_cert_add(struct rmt_db *db, const struct rmt_db_cert *cert, int64_t *id, struct rmt_err *err)
{
	int64_t row = cert->tbs != 0 ? cert->tbs : db->last_id + 1;

	if (rmt_db_must_write(db, err) != 0 ||
	    (cert->tbs != 0 ? finish_tbs : check_foreign)(db, cert, err) != 0)
		return -1;
	if (add_row(db, cert, row, err) != 0 || add_der(db, row, cert->der, err) != 0 ||
	    add_names(db, cert, row, err) != 0 || add_targets(db, row, cert->targets, err) != 0 ||
	    add_usual(db, cert->usual_hash, row, err) != 0)
		return -1;
	if (row > db->last_id)
		db->last_id = row;
	*id = row;
	return 0;
}

/* What a foreign authority signed stands under it, for the day its key comes; until then it is
 * nobody's here. */
static const char row_by_id[] =
    "SELECT c.id, c.tbs, (SELECT a.id FROM authorities a WHERE a.id = c.authority AND a.state <> 3),"
    " i.text, c.serial, c.fingerprint, c.spki_hash, c.subject,"
    " c.name, c.not_before, c.not_after, c.recorded, t.text, c.targets, c.supersedes,"
    " (SELECT max(s.id) FROM certificates s WHERE s.supersedes = c.id),"
    " c.proved, c.request,"
    " CASE WHEN ?2 THEN (SELECT d.der FROM certificate_der d WHERE d.certificate = c.id) END,"
    " r.reason, r.at"
    " FROM certificates c JOIN terms i ON i.id = c.issuer LEFT JOIN terms t ON t.id = c.template"
    " LEFT JOIN revoked r ON r.certificate = c.id"
    " WHERE c.id = ?1";

static void
read_row(sqlite3_stmt *row, struct rmt_buf *buf, struct rmt_db_cert *out)
{
	*out = (struct rmt_db_cert){
		.id = sqlite3_column_int64(row, 0),
		.tbs = sqlite3_column_int64(row, 1),
		.authority = sqlite3_column_int64(row, 2),
		.issuer_name = rmt_db_keep_text(row, 3, buf),
		.serial = rmt_db_keep(row, 4, buf),
		.fingerprint = rmt_db_keep(row, 5, buf),
		.spki_hash = rmt_db_keep(row, 6, buf),
		.subject = rmt_db_keep_text(row, 7, buf),
		.name = rmt_db_keep_text(row, 8, buf),
		.not_before = sqlite3_column_int64(row, 9),
		.not_after = sqlite3_column_int64(row, 10),
		.recorded = sqlite3_column_int64(row, 11),
		.template_name = rmt_db_keep_text(row, 12, buf),
		.targets = rmt_db_keep_text(row, 13, buf),
		.supersedes = sqlite3_column_int64(row, 14),
		.superseded_by = sqlite3_column_int64(row, 15),
		.proved = sqlite3_column_int(row, 16) != 0,
		.request = sqlite3_column_int64(row, 17),
		.der = rmt_db_keep(row, 18, buf),
		.revoked = sqlite3_column_type(row, 19) != SQLITE_NULL,
		.reason = sqlite3_column_int(row, 19),
		.revoked_at = sqlite3_column_int64(row, 20),
	};
}

/* One certificate by id into `buf`, with its DER or without. 1 found, 0 absent, -1. */
static int
cert_fetch(struct rmt_db *db, int64_t id, bool der, struct rmt_buf *buf,
    struct rmt_db_cert *out, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, row_by_id, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	rmt_db_bind_int(&query, der);
	rc = rmt_db_step(&query, "read the certificate", err);
	if (rc == 1 && rmt_db_keep_row(query.statement, buf, err) != 0)
		rc = -1;
	if (rc == 1)
		read_row(query.statement, buf, out);
	rmt_db_done(&query);
	return rc;
}

int
rmt_db_cert_visit(struct rmt_db *db, const struct rmt_buf *ids, bool der,
    int (*visit)(void *arg, const struct rmt_db_cert *cert), void *arg, struct rmt_err *err)
{
	struct rmt_buf buf = { 0 };
	struct rmt_db_cert cert;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < ids->length; at += sizeof(int64_t)) {
		int64_t id;

		memcpy(&id, ids->bytes + at, sizeof id);
		rc = cert_fetch(db, id, der, &buf, &cert, err);
		if (rc == 1)
			rc = visit(arg, &cert);
	}
	rmt_buf_free(&buf);
	return rc;
}

static const char rows_between[] =
    "SELECT c.id, c.tbs, c.authority, i.text, c.serial, c.fingerprint, c.spki_hash, c.subject,"
    " c.name, c.not_before, c.not_after, c.recorded, t.text, c.targets, c.supersedes, NULL,"
    " c.proved, c.request, d.der, NULL, NULL, b.bytes,"
    " EXISTS (SELECT 1 FROM adopted a WHERE a.certificate = c.id)"
    " FROM certificates c LEFT JOIN terms i ON i.id = c.issuer LEFT JOIN terms t ON t.id = c.template"
    " LEFT JOIN certificate_der d ON d.certificate = c.id LEFT JOIN tbs b ON b.id = c.tbs"
    " WHERE c.id BETWEEN ?1 AND ?2 ORDER BY c.id";

int
rmt_db_cert_scan(struct rmt_db *db, int64_t first, int64_t last,
    int (*visit)(void *arg, const struct rmt_db_cert *cert, struct rmt_span tbs), void *arg,
    struct rmt_err *err)
{
	struct rmt_buf buf = { 0 };
	struct rmt_db_cert cert;
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, rows_between, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, first);
	rmt_db_bind_int(&query, last);
	while ((rc = rmt_db_step(&query, "read the certificates", err)) == 1) {
		rc = rmt_db_keep_row(query.statement, &buf, err);
		if (rc == 0) {
			read_row(query.statement, &buf, &cert);
			cert.adopted = sqlite3_column_int(query.statement, 22) != 0;
			rc = visit(arg, &cert, rmt_db_keep(query.statement, 21, &buf));
		}
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	rmt_buf_free(&buf);
	return rc;
}

static const char first_between[] = "SELECT min(id) FROM certificates WHERE id BETWEEN ?1 AND ?2";

int
rmt_db_cert_between(struct rmt_db *db, int64_t first, int64_t last, int64_t *id, struct rmt_err *err)
{
	return rmt_db_first_between(db, first_between, first, last, id, err);
}

int
rmt_db_cert_by_id(struct rmt_db *db, int64_t id, struct rmt_db_cert *out, struct rmt_err *err)
{
	return cert_fetch(db, id, true, &db->held, out, err);
}

int
rmt_db_cert_find(struct rmt_db *db, struct rmt_span serial, struct rmt_span sha256,
    struct rmt_db_cert *out, struct rmt_err *err)
{
	int64_t id;
	int rc = find_recorded_id(db, serial, sha256, &id, err);

	return rc == 1 ? rmt_db_cert_by_id(db, id, out, err) : rc;
}

static const char key_proved[] = "SELECT 1 FROM certificates"
				 " WHERE substr(spki_hash, 1, 8) = substr(?1, 1, 8)"
				 " AND spki_hash = ?1 AND proved LIMIT 1";

int
rmt_db_key_proved(struct rmt_db *db, struct rmt_span spki_hash, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, key_proved, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, spki_hash);
	rc = rmt_db_step(&query, "look for the key", err);
	rmt_db_done(&query);
	return rc;
}

static const char names_of[] = "SELECT ifnull(name, CAST(folded AS TEXT)) FROM certificate_names"
			       " WHERE certificate = ?1 ORDER BY position";

int
rmt_db_names(struct rmt_db *db, int64_t cert, int (*visit)(void *arg, const char *name), void *arg,
    struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	if (rmt_db_query(db, names_of, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, cert);
	while ((rc = rmt_db_step(&query, "read the names of a certificate", err)) == 1) {
		rc = visit(arg, (const char *)sqlite3_column_text(query.statement, 0));
		if (rc != 0)
			break;
	}
	rmt_db_done(&query);
	return rc;
}

static const char folded_names[] =
    "SELECT position, folded, name FROM certificate_names WHERE certificate = ?1 ORDER BY position";

/* One row of names against what it should be made from. */
static bool
name_matches(struct rmt_db *db, sqlite3_stmt *row, const char *name)
{
	struct rmt_span want = rmt_span_text(name);

	rmt_buf_clear(&db->folded);
	rmt_db_fold(want, &db->folded);
	return rmt_span_equal(rmt_db_column(row, 1), rmt_buf_view(&db->folded)) &&
	       (sqlite3_column_type(row, 2) == SQLITE_NULL
		       ? rmt_span_equal(want, rmt_buf_view(&db->folded))
		       : rmt_span_equal(want, rmt_db_column(row, 2)));
}

int
rmt_db_names_match(struct rmt_db *db, const struct rmt_db_cert *cert, int64_t id, struct rmt_err *err)
{
	struct rmt_db_query query;
	size_t at = 0;
	int rc;

	if (rmt_db_query(db, folded_names, &query, err) != 0)
		return -1;
	rmt_db_bind_int(&query, id);
	while ((rc = rmt_db_step(&query, "read the names of a certificate", err)) == 1) {
		while (at < cert->name_count && said_before(cert->names, at))
			at++;
		if (at == cert->name_count ||
		    sqlite3_column_int64(query.statement, 0) != (int64_t)at ||
		    !name_matches(db, query.statement, cert->names[at]))
			break;
		at++;
	}
	rmt_db_done(&query);
	while (at < cert->name_count && said_before(cert->names, at))
		at++;
	return rc < 0 ? -1 : rc == 0 && at == cert->name_count;
}

static const char holder[] =
    "SELECT c.id FROM tbs t LEFT JOIN certificates c ON c.id = t.id"
    " WHERE t.serial = ?1 AND t.authority = ?2"
    " UNION ALL SELECT id FROM certificates INDEXED BY certificates_serial"
    "  WHERE tbs IS NULL AND serial = ?1 AND authority = ?2";

int
rmt_db_serial_holder(struct rmt_db *db, int64_t authority, struct rmt_span serial,
    int64_t *certificate, struct rmt_err *err)
{
	struct rmt_db_query query;
	int rc;

	*certificate = 0;
	if (rmt_db_query(db, holder, &query, err) != 0)
		return -1;
	rmt_db_bind_blob(&query, serial);
	rmt_db_bind_int(&query, authority);
	rc = rmt_db_step(&query, "look for the serial", err);
	if (rc == 1)
		*certificate = sqlite3_column_int64(query.statement, 0);
	rmt_db_done(&query);
	return rc;
}

enum rmt_cert_status
rmt_db_cert_status(const struct rmt_db_cert *cert, rmt_time now)
{
	if (cert->revoked)
		return RMT_CERT_REVOKED;
	if (cert->superseded_by != 0)
		return RMT_CERT_SUPERSEDED;
	return cert->not_after < now ? RMT_CERT_EXPIRED : RMT_CERT_VALID;
}
