/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_openssl.c - directories of "openssl ca" and of easy-rsa: everything readable below them, and what index.txt and crlnumber say.
 *
 * No file is opened because a row names it: certificates are known by their serial numbers, wherever they stand below the
 * directory.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { LINE_MOST = 64 << 10 };

/* ---- which directory is one? ------------------------------------------------------------------------------------------------- */

/* 1, 0, -1. */
static int holds(const char *directory, const char *name, struct rmt_err *err)
{
	char *path = rmt_path_join(directory, name, err);
	int stands = path ? rmt_path_stands(path, err) : -1;

	free(path);
	return stands;
}

int rmt_openssl_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	return rmt_path_is_directory(source->path) ? holds(source->path, "index.txt", err) : 0;
}

int rmt_easyrsa_fits(struct rmt_import_source *source, struct rmt_err *err)
{
	int fits;

	if (!rmt_path_is_directory(source->path))
		return 0;
	fits = holds(source->path, "pki/index.txt", err);
	if (fits)
		return fits;
	fits = holds(source->path, "index.txt", err);
	if (fits < 1)
		return fits;
	fits = holds(source->path, "issued", err);
	return fits ? fits : holds(source->path, "certs_by_serial", err);
}

/* Rows and numbers, also of the day before (index.txt.old): nothing that is read as a file. */
static bool is_index(const char *leaf)
{
	static const char *const names[] = {"index.txt", "serial", "crlnumber"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(leaf, names[i], strlen(names[i])) == 0 && (!leaf[strlen(names[i])] || leaf[strlen(names[i])] == '.'))
			return true;
	return false;
}

/* ---- index.txt ---------------------------------------------------------------------------------------------------------------- */

struct indexing {
	struct rmt_import *run;
	const char *path;
	size_t *hits;    /* of each CA: how many rows are certificates of its */
	size_t ca;       /* that has most; whose the directory is */
	struct rmt_buf serial;
	struct rmt_err *err;
};

/* Each row that can be read; of what cannot, a fault with its line. */
static int each_row(struct indexing *indexing, int (*visit)(struct indexing *, const struct rmt_index_row *, const char *place), bool tell)
{
	struct rmt_stream *stream = rmt_stream_open(indexing->path, indexing->err);
	struct rmt_index_row row;
	struct rmt_span line;
	size_t told = 0;
	int rc = stream ? 0 : -1, more = 0;
	bool whole;

	while (rc == 0 && (more = rmt_stream_line(stream, LINE_MOST, &line, &whole, indexing->err)) > 0) {
		size_t number = rmt_stream_line_number(stream);
		struct rmt_err fault = {0};
		char place[40];

		snprintf(place, sizeof place, "line %zu", number);
		if (!line.length || number == told)
			continue;
		rmt_buf_clear(&indexing->serial);
		if (!whole)
			rmt_err_set(&fault, RMT_INPUT, NULL, "this row is longer than any that \"openssl ca\" writes");
		else if (rmt_index_read(line, &row, &fault) == 0 && rmt_serial_from_hex(row.serial, &indexing->serial, &fault) == 0) {
			rc = visit(indexing, &row, place);
			continue;
		}
		told = number;
		if (tell)
			rc = rmt_import_refuse(indexing->run, RMT_UNTAKEN_ROW, indexing->path, place, "%s", fault.message);
	}
	rmt_stream_free(stream);
	return rc ? rc : more;
}

/* The CA of a certificate with this serial number; SIZE_MAX: it was not met. */
static size_t ca_of(const struct indexing *indexing)
{
	const struct rmt_import *run = indexing->run;

	if (indexing->ca != SIZE_MAX && rmt_import_met(run, indexing->ca, rmt_buf_view(&indexing->serial)))
		return indexing->ca;
	for (size_t i = 0; i < run->ca_count; i++)
		if ((run->cas[i].source != SIZE_MAX || run->cas[i].home) && rmt_import_met(run, i, rmt_buf_view(&indexing->serial)))
			return i;
	return SIZE_MAX;
}

static int count_hit(struct indexing *indexing, const struct rmt_index_row *row, const char *place)
{
	size_t ca = ca_of(indexing);

	(void)row;
	(void)place;
	if (ca != SIZE_MAX)
		indexing->hits[ca]++;
	return 0;
}

/* Whose directory it is: the CA of most rows; before there are any, the one whose key stands there, or the only one. */
static size_t directory_ca(const struct indexing *indexing)
{
	const struct rmt_import *run = indexing->run;
	size_t best = SIZE_MAX, here = (size_t)(run->source - run->sources), only = SIZE_MAX, count = 0;

	for (size_t i = 0; i < run->ca_count; i++) {
		if (indexing->hits[i] && (best == SIZE_MAX || indexing->hits[i] > indexing->hits[best]))
			best = i;
		if (run->cas[i].source != here)
			continue;
		count++;
		only = i;
	}
	if (best != SIZE_MAX)
		return best;
	for (size_t i = 0; count > 1 && i < run->ca_count; i++)
		if (run->cas[i].source == here && (run->cas[i].key || run->cas[i].issues))
			return i;
	return count == 1 ? only : SIZE_MAX;
}

static int find_ca(struct indexing *indexing)
{
	indexing->hits = calloc(indexing->run->ca_count + 1, sizeof *indexing->hits);
	indexing->ca = SIZE_MAX;
	if (!indexing->hits)
		return rmt_err_memory(indexing->err);
	if (each_row(indexing, count_hit, true))
		return -1;
	indexing->ca = directory_ca(indexing);
	return 0;
}

/* 1 a certificate with this serial number is on record since an earlier run, 0 not, -1. */
static int is_on_record(const struct indexing *indexing)
{
	const struct rmt_import *run = indexing->run;
	int64_t id, authority = indexing->ca == SIZE_MAX ? 0 : run->cas[indexing->ca].id;
	int held = authority ? rmt_db_serial_holder(run->home.db, authority, rmt_buf_view(&indexing->serial), &id, indexing->err) : 0;

	return held == 1 ? id != 0 : held;
}

static int take_row(struct indexing *indexing, const struct rmt_index_row *row, const char *place)
{
	struct rmt_import *run = indexing->run;
	size_t met = ca_of(indexing);
	struct rmt_withdrawal withdrawal = {.ca = met == SIZE_MAX ? indexing->ca : met,
	                                    .serial = rmt_buf_view(&indexing->serial),
	                                    .stated = {row->state == 'R', row->revoked, row->invalid_since, row->reason},
	                                    .expires = row->expires,
	                                    .subject = row->subject};
	int rc = 0, known = met == SIZE_MAX ? is_on_record(indexing) : 1;

	rmt_arena_reset(&run->arena);
	if (known < 0)
		return -1;
	if (!known)
		rc = rmt_import_refuse(run, RMT_UNTAKEN_LISTED, indexing->path, place,
		                       row->state == 'R' ? "there is no certificate with this serial number: its revocation is kept"
		                                         : "there is no certificate with this serial number below the directory");
	if (rc || row->state != 'R')
		return rc;
	if (withdrawal.ca == SIZE_MAX)
		return rmt_import_refuse(run, RMT_UNTAKEN_REVOCATION, indexing->path, place,
		                         "which CA revoked this certificate is not to be told: its own is not in the directory");
	if (row->doubt && rmt_import_refuse(run, RMT_UNTAKEN_DOUBT, indexing->path, place, "%s: revoked all the same", row->doubt))
		return -1;
	return rmt_import_revocation(run, &withdrawal, indexing->err);
}

/* ---- crlnumber ----------------------------------------------------------------------------------------------------------------- */

/* The number that the next list would get, in hexadecimal digits. */
static int take_number(struct rmt_import *run, const char *directory, size_t ca, struct rmt_err *err)
{
	char *path = rmt_path_join(directory, "crlnumber", err);
	struct rmt_buf text = {0};
	struct rmt_err fault = {0};
	int64_t next = 0;
	size_t length;
	int rc = 0;

	if (!path || ca == SIZE_MAX || !rmt_path_is_regular(path))
		goto out;
	if (rmt_file_read(path, 4096, &text, &fault) == 0) {
		length = strcspn(rmt_buf_string(&text), "\r\n");
		rmt_number_read(rmt_span_of(rmt_buf_string(&text), length), &next, &fault);
	}
	if (fault.class != RMT_NONE)
		rc = rmt_import_refuse(run, RMT_UNTAKEN_ROW, path, "line 1", "%s", fault.message);
	else if (next > 0)
		rmt_import_number(run, ca, next - 1);
out:
	rmt_buf_free(&text);
	free(path);
	return rc;
}

/* ---- the directory --------------------------------------------------------------------------------------------------------------- */

static int take_index(struct rmt_import *run, const char *directory, struct rmt_err *err)
{
	char *path = rmt_path_join(directory, "index.txt", err);
	struct indexing indexing = {.run = run, .path = path, .err = err};
	int rc = -1;

	if (path && find_ca(&indexing) == 0 && each_row(&indexing, take_row, false) == 0)
		rc = take_number(run, directory, indexing.ca, err);
	rmt_buf_free(&indexing.serial);
	free(indexing.hits);
	free(path);
	return rc;
}

/* Rows before lists: they say more. */
int rmt_openssl_read(struct rmt_import *run, struct rmt_err *err)
{
	int here = holds(run->source->path, "index.txt", err);
	char *inner = rmt_path_join(run->source->path, "pki", err);
	const char *directory = here ? run->source->path : inner;
	int rc = inner && here >= 0 ? 0 : -1;

	if (rc == 0 && run->phase == RMT_IMPORT_REVOCATIONS)
		rc = take_index(run, directory, err);
	if (rc == 0)
		rc = rmt_import_directory(run, directory, is_index, err);
	free(inner);
	return rc;
}
