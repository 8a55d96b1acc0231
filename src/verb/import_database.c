/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_database.c - SQLite files of other programs: cfssl's certificate store, gnoMint's and XCA's databases, column by column.
 *
 * A row is known by its table and number. What stands in a cell goes to read/ like a file, so that nothing is trusted for where it stood.
 * CAs, which other rows name by their number, are remembered.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

int rmt_import_has_table(struct rmt_import_source *source, const char *table, const char *const *columns, struct rmt_err *err)
{
	if (!source->foreign && !rmt_db_foreign_is(source->path))
		return 0;
	if (!source->foreign && !(source->foreign = rmt_db_foreign_open(source->path, err)))
		return -1;
	return rmt_db_foreign_has(source->foreign, table, columns, err);
}

/* ---- what the readers share ---------------------------------------------------------------------------------------------------- */

struct numbered { int64_t row; size_t ca; };
struct rows {
	struct rmt_import *run;
	const char *table;
	struct rmt_err *err;
	struct numbered *cas; /* of XCA's and gnoMint's rows */
	size_t count, capacity;
	char place[80];
};

static int read_rows(struct rows *rows, const char *table, const char *const *columns,
                     int (*visit)(void *arg, int64_t row, const struct rmt_foreign_cell *cells))
{
	struct rmt_err fault = {0};
	int rc;

	rows->table = table;
	rc = rmt_db_foreign_rows(rows->run->source->foreign, table, columns, visit, rows, &fault);
	if (rc == 0 || fault.class == RMT_NONE)
		return rc;
	return rows->run->reader.fault(rows->run, &fault);
}

static const char *place_of(struct rows *rows, int64_t row)
{
	snprintf(rows->place, sizeof rows->place, "%s, row %lld", rows->table, (long long)row);
	return rows->place;
}

static bool is_empty(const struct rmt_foreign_cell *cell)
{
	return !cell->is_number && !cell->text.length;
}

/* A number, or the text of one; `otherwise` when it is neither. */
static int64_t number_in(const struct rmt_foreign_cell *cell, int64_t otherwise)
{
	int64_t number = 0;

	if (cell->is_number)
		return cell->number;
	for (size_t i = 0; i < cell->text.length; i++) {
		if (cell->text.at[i] < '0' || cell->text.at[i] > '9' || number > INT64_MAX / 10 - 10)
			return otherwise;
		number = number * 10 + (cell->text.at[i] - '0');
	}
	return cell->text.length ? number : otherwise;
}

/* Seconds, "20261122053153Z", or "2026-11-22 05:53:15" with what may follow; 0 when it is none of them. */
static rmt_time time_in(const struct rmt_foreign_cell *cell)
{
	struct rmt_buf text = {0};
	rmt_time time = 0;

	if (cell->is_number)
		return cell->number;
	if (rmt_plain_time(cell->text, &time) || cell->text.length < 19 || cell->text.length > 40)
		return time;
	rmt_buf_append(&text, cell->text.at, 19);
	rmt_buf_text(&text, "Z");
	if (!text.failed)
		text.bytes[10] = 'T';
	if (rmt_time_parse(rmt_buf_string(&text), &time, NULL))
		time = 0;
	rmt_buf_free(&text);
	return time > 0 ? time : 0; /* the year 1 stands for never */
}

static int note_ca(struct rows *rows, int64_t row, size_t ca)
{
	if (rows->count == rows->capacity) {
		size_t capacity = 2 * rows->capacity + 16;
		struct numbered *grown = reallocarray(rows->cas, capacity, sizeof *grown);

		if (!grown)
			return rmt_err_memory(rows->err);
		rows->cas = grown;
		rows->capacity = capacity;
	}
	rows->cas[rows->count++] = (struct numbered){row, ca};
	return 0;
}

static size_t ca_in(const struct rows *rows, int64_t row)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->cas[i].row == row)
			return rows->cas[i].ca;
	return SIZE_MAX;
}

static int refuse_row(struct rows *rows, int64_t row, enum rmt_import_reason reason, const char *why)
{
	rmt_arena_reset(&rows->run->arena);
	return rmt_import_refuse(rows->run, reason, NULL, place_of(rows, row), "%s", why);
}

/* ---- cfssl ------------------------------------------------------------------------------------------------------------------------ */

static const char *const cfssl_columns[] = {"serial_number", "authority_key_identifier", "status", "reason", "expiry", "revoked_at", "pem", NULL};
enum { CFSSL_SERIAL, CFSSL_AUTHORITY, CFSSL_STATUS, CFSSL_REASON, CFSSL_EXPIRY, CFSSL_REVOKED, CFSSL_PEM };

int rmt_cfssl_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	return rmt_import_has_table(source, "certificates", cfssl_columns, err);
}

/* The CA with this key identifier, which cfssl writes in hexadecimal digits. */
static size_t ca_identified(const struct rmt_import *run, struct rmt_span hex)
{
	struct rmt_buf text = {0}, wanted = {0};
	size_t found = SIZE_MAX;

	rmt_buf_span(&text, hex);
	if (hex.length && !text.failed && rmt_hex_decode(rmt_buf_string(&text), &wanted, NULL) == 0)
		for (size_t i = 0; i < run->ca_count; i++) {
			const struct rmt_ext *ext = rmt_ext_find(&run->cas[i].cert->extensions, RMT_EXT_SUBJECT_KEY_ID);
			struct rmt_span id;

			if (ext && rmt_ext_subject_key_id(ext->value, &id, NULL) == 0 && rmt_span_equal(id, rmt_buf_view(&wanted)))
				found = i;
		}
	rmt_buf_free(&text);
	rmt_buf_free(&wanted);
	return found;
}

/* A row whose certificate cannot be read, or is not there. */
static int cfssl_alone(struct rows *rows, int64_t row, const struct rmt_foreign_cell *cells, struct rmt_import_stated stated)
{
	struct rmt_import *run = rows->run;
	struct rmt_withdrawal withdrawal = {.ca = ca_identified(run, cells[CFSSL_AUTHORITY].text), .stated = stated,
	                                    .expires = time_in(&cells[CFSSL_EXPIRY]), .place = place_of(rows, row)};
	struct rmt_buf serial = {0};
	int rc = refuse_row(rows, row, RMT_UNTAKEN_LISTED, "the certificate is not in this row");

	if (rc || !stated.revoked)
		return rc;
	if (withdrawal.ca == SIZE_MAX || rmt_serial_from_decimal(cells[CFSSL_SERIAL].text, &serial, NULL))
		rc = refuse_row(rows, row, RMT_UNTAKEN_REVOCATION, "it is revoked, but its CA is not known, or its serial number is none");
	else {
		withdrawal.serial = rmt_buf_view(&serial);
		rc = rmt_import_revocation(run, &withdrawal, rows->err);
	}
	rmt_buf_free(&serial);
	return rc;
}

static int cfssl_row(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;
	struct rmt_import *run = rows->run;
	struct rmt_import_stated stated = {.revoked = rmt_span_equal(cells[CFSSL_STATUS].text, rmt_span_text("revoked")),
	                                   .at = time_in(&cells[CFSSL_REVOKED]), .reason = (int)number_in(&cells[CFSSL_REASON], 0)};
	int rc;

	if (!cells[CFSSL_PEM].text.length)
		return run->phase == RMT_IMPORT_REVOCATIONS ? cfssl_alone(rows, row, cells, stated) : 0;
	run->stated = stated;
	rc = rmt_import_bytes(run, place_of(rows, row), cells[CFSSL_PEM].text, rows->err);
	if (rc == 0 && run->phase == RMT_IMPORT_REVOCATIONS && run->stated.revoked) /* what is there is no certificate */
		rc = cfssl_alone(rows, row, cells, stated);
	run->stated = (struct rmt_import_stated){.revoked = false};
	return rc;
}

int rmt_cfssl_read(struct rmt_import *run, struct rmt_err *err)
{
	struct rows rows = {.run = run, .err = err};

	return read_rows(&rows, "certificates", cfssl_columns, cfssl_row);
}

/* ---- gnoMint ---------------------------------------------------------------------------------------------------------------------- */

static const char *const gnomint_columns[] = {"is_ca", "revocation", "pem", "private_key", "private_key_in_db", "dn", NULL};
enum { GNOMINT_CA, GNOMINT_REVOKED, GNOMINT_PEM, GNOMINT_KEY, GNOMINT_HERE, GNOMINT_DN };
static const char *const gnomint_requests[] = {"pem", "private_key", NULL};
static const char *const gnomint_lists[] = {"ca_id", "crl_version", NULL};

int rmt_gnomint_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	return rmt_import_has_table(source, "certificates", gnomint_columns, err);
}

/* A certificate in PEM by its bytes: the CA that it is, SIZE_MAX: none. */
static size_t ca_in_cell(struct rows *rows, struct rmt_span text, bool base64)
{
	const char *marks[] = {"-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"};
	unsigned char sha256[RMT_SHA256];
	struct rmt_buf copy = {0}, der = {0};
	const char *from, *to;
	size_t ca = SIZE_MAX;

	rmt_buf_span(&copy, text);
	from = base64 ? rmt_buf_string(&copy) : strstr(rmt_buf_string(&copy), marks[0]);
	if (from && !base64)
		from += strlen(marks[0]); /* behind it, so that no dash is of both marks */
	to = base64 ? from + strlen(from) : from ? strstr(from, marks[1]) : NULL;
	if (to) {
		if (rmt_base64_decode(rmt_span_of(from, (size_t)(to - from)), &der, NULL) == 0 && rmt_sha256(rmt_buf_view(&der), sha256, NULL) == 0)
			ca = rmt_import_ca_of(rows->run, sha256);
	}
	rmt_buf_free(&copy);
	rmt_buf_free(&der);
	return ca;
}

/* The key of a database with a password is sealed in gnoMint's own way. */
static int gnomint_sealed(struct rows *rows, int64_t row, struct rmt_span sealed, struct rmt_span name)
{
	struct rmt_reader *reader = &rows->run->reader;
	const struct rmt_secret *secret;
	struct rmt_buf pem = {0};
	struct rmt_err fault = {0};
	int opened = 0, rc;
	unsigned n = 0;

	while (opened == 0 && reader->passphrase && (secret = reader->passphrase(reader->arg, rows->run->source->path, "private keys in gnoMint's database", n)) != NULL) {
		rmt_buf_clear(&pem);
		opened = rmt_gnomint_decrypt(sealed, name, rmt_span_of(rmt_secret_text(secret), rmt_secret_length(secret)), &pem, &fault);
		n++;
	}
	if (opened == 1)
		rc = rmt_import_bytes(rows->run, place_of(rows, row), rmt_buf_view(&pem), rows->err);
	else if (opened < 0)
		rc = rmt_import_refuse_err(rows->run, RMT_UNTAKEN_UNREADABLE, &fault, rows->err);
	else
		rc = refuse_row(rows, row, RMT_UNTAKEN_LOCKED,
		                n ? "none of the passphrases given opens the private key: it is the password of the database"
		                  : "the private key is sealed with the password of the database, and no passphrase was given: --password-file");
	rmt_buf_free(&pem);
	return rc;
}

static int gnomint_key(struct rows *rows, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rmt_span key = cells[GNOMINT_KEY].text;

	if (!key.length)
		return 0;
	if (!number_in(&cells[GNOMINT_HERE], 0))
		return refuse_row(rows, row, RMT_UNTAKEN_LOCKED, "the private key stands in a file beside the database: name it with --key");
	if (memmem(key.at, key.length, "-----BEGIN ", 11))
		return rmt_import_bytes(rows->run, place_of(rows, row), key, rows->err);
	return gnomint_sealed(rows, row, key, cells[GNOMINT_DN].text);
}

static int gnomint_row(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;
	struct rmt_import *run = rows->run;
	size_t ca;
	int rc = 0;

	if (run->phase == RMT_IMPORT_KEYS)
		return gnomint_key(rows, row, cells);
	if (run->phase == RMT_IMPORT_REVOCATIONS && (ca = ca_in_cell(rows, cells[GNOMINT_PEM].text, false)) != SIZE_MAX)
		rc = note_ca(rows, row, ca);
	if (is_empty(&cells[GNOMINT_PEM]) || rc)
		return rc;
	run->stated = (struct rmt_import_stated){.revoked = number_in(&cells[GNOMINT_REVOKED], 0) > 0, .at = time_in(&cells[GNOMINT_REVOKED])};
	rc = rmt_import_bytes(run, place_of(rows, row), cells[GNOMINT_PEM].text, rows->err);
	run->stated = (struct rmt_import_stated){.revoked = false};
	return rc;
}

static int gnomint_request(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;

	return cells[0].text.length ? rmt_import_bytes(rows->run, place_of(rows, row), cells[0].text, rows->err) : 0;
}

/* Whose list it is, and its number. */
static int list_number(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;
	size_t ca = ca_in(rows, number_in(&cells[0], -1));

	(void)row;
	if (ca != SIZE_MAX)
		rmt_import_number(rows->run, ca, number_in(&cells[1], 0));
	return 0;
}

/* A part that only some versions have. */
static int read_part(struct rows *rows, const char *table, const char *const *columns,
                     int (*visit)(void *arg, int64_t row, const struct rmt_foreign_cell *cells))
{
	int there = rmt_db_foreign_has(rows->run->source->foreign, table, columns, rows->err);

	return there == 1 ? read_rows(rows, table, columns, visit) : there;
}

int rmt_gnomint_read(struct rmt_import *run, struct rmt_err *err)
{
	struct rows rows = {.run = run, .err = err};
	int rc = read_rows(&rows, "certificates", gnomint_columns, gnomint_row);

	if (rc == 0 && run->phase == RMT_IMPORT_SURVEY)
		rc = read_part(&rows, "cert_requests", gnomint_requests, gnomint_request);
	if (rc == 0 && run->phase == RMT_IMPORT_REVOCATIONS)
		rc = read_part(&rows, "ca_crl", gnomint_lists, list_number);
	free(rows.cas);
	return rc;
}

/* ---- XCA -------------------------------------------------------------------------------------------------------------------------- */

static const char *const xca_certs[] = {"item", "cert", NULL}, *const xca_keys[] = {"item", "private", NULL},
                  *const xca_requests[] = {"item", "request", NULL}, *const xca_lists[] = {"item", "crl", NULL},
                  *const xca_authority[] = {"item", "crlno", NULL},
                  *const xca_revocations[] = {"caid", "serial", "date", "invaldate", "crlno", "reasonbit", NULL};
enum { XCA_CA, XCA_SERIAL, XCA_DATE, XCA_INVALID, XCA_LIST, XCA_REASON };

int rmt_xca_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	int fits = rmt_import_has_table(source, "certs", xca_certs, err);

	return fits == 1 ? rmt_import_has_table(source, "items", (const char *const[]){"id", "name", NULL}, err) : fits;
}

/* Base64 without a heading. */
static int xca_bytes(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;
	struct rmt_buf der = {0};
	int rc;

	if (!cells[1].text.length)
		return 0;
	rmt_buf_secret(&der);
	if (rmt_base64_decode(cells[1].text, &der, NULL))
		rc = rows->run->phase == RMT_IMPORT_SURVEY ? refuse_row(rows, row, RMT_UNTAKEN_UNREADABLE, "this is not base64") : 0;
	else
		rc = rmt_import_bytes(rows->run, place_of(rows, row), rmt_buf_view(&der), rows->err);
	rmt_buf_free(&der);
	return rc;
}

static int xca_ca(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;
	size_t ca = ca_in_cell(rows, cells[1].text, true);

	(void)row;
	return ca == SIZE_MAX ? 0 : note_ca(rows, number_in(&cells[0], -1), ca);
}

static int xca_revocation(void *arg, int64_t row, const struct rmt_foreign_cell *cells)
{
	struct rows *rows = arg;
	struct rmt_withdrawal withdrawal = {.ca = ca_in(rows, number_in(&cells[XCA_CA], -1)),
	                                    .stated = {true, time_in(&cells[XCA_DATE]), time_in(&cells[XCA_INVALID]),
	                                               (int)number_in(&cells[XCA_REASON], 0)}};
	struct rmt_buf serial = {0};
	int rc;

	rmt_arena_reset(&rows->run->arena);
	if (withdrawal.ca == SIZE_MAX)
		return refuse_row(rows, row, RMT_UNTAKEN_REVOCATION, "its CA is not in the database");
	if (rmt_serial_from_hex(cells[XCA_SERIAL].text, &serial, NULL))
		rc = refuse_row(rows, row, RMT_UNTAKEN_ROW, "the serial number is none");
	else {
		rmt_import_number(rows->run, withdrawal.ca, number_in(&cells[XCA_LIST], 0));
		withdrawal.serial = rmt_buf_view(&serial);
		rc = rmt_import_revocation(rows->run, &withdrawal, rows->err);
	}
	rmt_buf_free(&serial);
	return rc;
}

static int xca_revocations_read(struct rows *rows)
{
	int rc = read_rows(rows, "certs", xca_certs, xca_ca);

	if (rc == 0)
		rc = read_part(rows, "revocations", xca_revocations, xca_revocation);
	if (rc == 0)
		rc = read_part(rows, "authority", xca_authority, list_number);
	return rc ? rc : read_part(rows, "crls", xca_lists, xca_bytes);
}

int rmt_xca_read(struct rmt_import *run, struct rmt_err *err)
{
	struct rows rows = {.run = run, .err = err};
	int rc = 0;

	if (run->phase == RMT_IMPORT_KEYS)
		rc = read_part(&rows, "private_keys", xca_keys, xca_bytes);
	else if (run->phase == RMT_IMPORT_REVOCATIONS)
		rc = xca_revocations_read(&rows);
	else
		rc = read_rows(&rows, "certs", xca_certs, xca_bytes);
	if (rc == 0 && run->phase == RMT_IMPORT_SURVEY)
		rc = read_part(&rows, "requests", xca_requests, xca_bytes);
	free(rows.cas);
	return rc;
}
