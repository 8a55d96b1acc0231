/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl_publish.c - one revocation list: written beside its place as the database says, read back, verified, put in its place as
 * DER and PEM.
 *
 * It is never held in memory: the database hands out lines, the writer takes pieces, and reading back lets go of what was seen.
 * Numbers and who signs are crl.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum {
	PIECE = 48 << 12, /* bytes read back at a time; a multiple of the 48 of a line of PEM */
	MODE = 0644,      /* everybody fetches it, and one that the web server cannot read stops all who check: whatever the umask */
};

/* ---- written --------------------------------------------------------------------------------------------------------------- */

static int begin(void *arg, struct rmt_err *err)
{
	return rmt_writer_begin(arg, err);
}

static int append(void *arg, struct rmt_span bytes, struct rmt_err *err)
{
	return rmt_writer_append(arg, bytes, err);
}

static int again(void *arg, int (*take)(void *to, struct rmt_span piece, struct rmt_err *err), void *to, struct rmt_err *err)
{
	return rmt_writer_again(arg, take, to, err);
}

static int patch(void *arg, struct rmt_span first, struct rmt_err *err)
{
	return rmt_writer_patch(arg, 0, first, err);
}

struct pass {
	struct rmt_db *db;
	const struct rmt_db_revoked_query *said;
	int (*take)(void *to, const struct rmt_crl_line *line);
	void *to;
};

static int hand_line(void *arg, const struct rmt_db_revocation *row)
{
	struct pass *pass = arg;
	struct rmt_crl_line line = {.serial = row->serial, .at = row->at, .reason = row->reason, .invalid_since = row->invalid_since};

	return pass->take(pass->to, &line);
}

static int lines(void *arg, int (*take)(void *to, const struct rmt_crl_line *line), void *to, struct rmt_err *err)
{
	struct pass *pass = arg;

	pass->take = take;
	pass->to = to;
	return rmt_db_revoked(pass->db, pass->said, hand_line, pass, err);
}

/* A second pass would see the same database. */
static int write_der(struct rmt_home *home, const struct rmt_cert *issuer, struct rmt_signer *signer, struct rmt_crl_list *list,
                     struct rmt_err *err)
{
	struct rmt_crl_form form = {.issuer = issuer, .this_update = list->row.this_update, .next_update = list->row.next_update,
	                            .number = list->row.number, .delta = list->row.delta, .base = list->row.base,
	                            .only_at = list->only_at, .deltas_at = list->deltas_at,
	                            .expected = list->expected};
	struct rmt_crl_sink sink = {begin, append, again, patch, list->der};
	struct pass pass = {.db = home->db, .said = &list->said};
	uint64_t count;
	int rc;

	if (rmt_db_still(home->db, err))
		return -1;
	rc = rmt_crl_write(&form, signer, lines, &pass, &sink, &count, err);
	rmt_db_move(home->db);
	list->row.entries = (int64_t)count;
	return rc;
}

/* ---- read back -------------------------------------------------------------------------------------------------------------- */

/* All that is done with the bytes of a list is done piece by piece, while they are at hand. */
struct reading {
	struct rmt_crl_list *list;
	struct rmt_span der;
	struct rmt_crl crl;
	struct rmt_der entries;
	int64_t count;
	struct rmt_checker *checker;
	bool in_pieces;       /* is the signature verified */
	struct rmt_hasher *hasher;
	struct rmt_buf text;
	struct rmt_err fault; /* of what was written */
};

/* What of a piece is part of `whole`. */
static struct rmt_span common(struct rmt_span piece, struct rmt_span whole)
{
	const unsigned char *from = piece.at > whole.at ? piece.at : whole.at;
	const unsigned char *end = piece.at + piece.length, *whole_end = whole.at + whole.length;

	end = end < whole_end ? end : whole_end;
	return rmt_span_of(from, from < end ? (size_t)(end - from) : 0);
}

static int count_entries(struct reading *reading, const unsigned char *end)
{
	struct rmt_crl_entry entry;

	while (reading->entries.at < end && rmt_der_more(&reading->entries)) {
		if (rmt_crl_next(&reading->entries, &entry, &reading->fault) < 0)
			return -1;
		reading->count++;
	}
	return 0;
}

static int read_piece(struct reading *reading, struct rmt_span piece, struct rmt_err *err)
{
	if (count_entries(reading, piece.at + piece.length) || rmt_hasher_add(reading->hasher, piece, err) ||
	    (reading->in_pieces && rmt_checker_add(reading->checker, common(piece, reading->crl.tbs), err)))
		return -1;
	rmt_buf_clear(&reading->text);
	rmt_base64_encode(piece, 64, "\n", &reading->text);
	if (rmt_buf_check(&reading->text, err) || rmt_writer_append(reading->list->pem, rmt_buf_view(&reading->text), err))
		return -1;
	rmt_writer_seen(reading->list->der);
	return 0;
}

static int read_pieces(struct reading *reading, struct rmt_err *err)
{
	struct rmt_span der = reading->der;

	rmt_der_open(&reading->entries, reading->crl.entries, NULL);
	if (rmt_writer_append(reading->list->pem, rmt_span_text("-----BEGIN X509 CRL-----\n"), err))
		return -1;
	for (size_t at = 0; at < der.length; at += PIECE)
		if (read_piece(reading, rmt_span_of(der.at + at, der.length - at < PIECE ? der.length - at : PIECE), err))
			return -1;
	return rmt_writer_append(reading->list->pem, rmt_span_text("-----END X509 CRL-----\n"), err);
}

/* Our own reader takes it, it says what it should, and its signature verifies. */
static int read_back(struct reading *reading, const struct rmt_cert *issuer, struct rmt_err *err)
{
	const struct rmt_db_crl *row = &reading->list->row;
	struct rmt_crl *crl = &reading->crl;
	int rc;

	if (rmt_crl_read(crl, reading->der, RMT_STRICT, &reading->fault))
		return -1;
	rc = rmt_checker_start(reading->checker, crl->outer_algorithm, issuer->spki, &reading->fault);
	reading->in_pieces = rc == 1;
	if (rc == 0)
		rc = rmt_checker_verify(reading->checker, crl->tbs, crl->outer_algorithm, crl->signature, issuer->spki, &reading->fault);
	if (rc < 0 || read_pieces(reading, err) ||
	    (reading->in_pieces && rmt_checker_end(reading->checker, crl->signature, &reading->fault)))
		return -1;
	return reading->count == row->entries && crl->this_update == row->this_update && crl->next_update == row->next_update &&
	               rmt_span_equal(crl->issuer, issuer->subject)
	           ? 0
	           : rmt_err_set(&reading->fault, RMT_INTERNAL, NULL, "it says something else");
}

/* What was read back is hashed, and goes out as PEM. */
static int prove(struct rmt_crl_list *list, const struct rmt_cert *issuer, struct rmt_err *err)
{
	struct reading reading = {.list = list};
	int rc = -1;

	reading.checker = rmt_checker_new(err);
	reading.hasher = rmt_hasher_new(err);
	if (!reading.checker || !reading.hasher || rmt_writer_view(list->der, &reading.der, err))
		goto out;
	if (read_back(&reading, issuer, err) == 0)
		rc = rmt_hasher_end(reading.hasher, list->hash, err);
	else if (reading.fault.class != RMT_NONE)
		rmt_err_set(err, RMT_INTERNAL, NULL, "the list %lld was written wrong and is not published: %.300s",
		            (long long)list->row.number, reading.fault.message);
	list->row.sha256 = rmt_span_of(list->hash, sizeof list->hash);
out:
	rmt_hasher_free(reading.hasher);
	rmt_checker_free(reading.checker);
	rmt_buf_free(&reading.text);
	return rc;
}

/* ---- one list ----------------------------------------------------------------------------------------------------------------- */

static struct rmt_writer *begin_file(const struct rmt_crl_list *list, const char *directory, const char *ending, struct rmt_err *err)
{
	struct rmt_buf name = {0};
	struct rmt_writer *writer = NULL;

	rmt_buf_format(&name, "%s%s", list->stem, ending);
	if (rmt_buf_check(&name, err) == 0)
		writer = rmt_writer_new(directory, rmt_buf_string(&name), MODE, err);
	rmt_buf_free(&name);
	return writer;
}

int rmt_crl_make(struct rmt_home *home, const struct rmt_cert *issuer, struct rmt_signer *signer, struct rmt_crl_list *list,
                 const char *directory, struct rmt_err *err)
{
	list->der = begin_file(list, directory, ".crl", err);
	list->pem = list->der ? begin_file(list, directory, ".crl.pem", err) : NULL;
	return list->pem && write_der(home, issuer, signer, list, err) == 0 ? prove(list, issuer, err) : -1;
}

int rmt_crl_place(struct rmt_crl_list *list, struct rmt_err *err)
{
	if (rmt_writer_ready(list->der, err) || rmt_writer_ready(list->pem, err))
		return -1;
	if (rmt_writer_place(list->der, err) == 0 && rmt_writer_place(list->pem, err) == 0)
		return 0;
	rmt_writer_withdraw(list->der);
	rmt_writer_withdraw(list->pem);
	return -1;
}

void rmt_crl_list_clear(struct rmt_crl_list *list)
{
	rmt_writer_free(list->der);
	rmt_writer_free(list->pem);
	list->der = list->pem = NULL;
}
