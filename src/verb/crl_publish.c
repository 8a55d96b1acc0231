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
	PIECE = 1 << 20,
	PEM_PIECE = 48 << 10, /* a multiple of the 48 bytes of a line */
	MODE = 0644,          /* everybody fetches it, and one that the web server cannot read stops all who check: whatever the umask */
};

/* ---- written --------------------------------------------------------------------------------------------------------------- */

static int append(void *arg, struct rmt_span bytes, struct rmt_err *err)
{
	return rmt_writer_append(arg, bytes, err);
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

/* Both passes see the same database. */
static int write_der(struct rmt_home *home, const struct rmt_cert *issuer, struct rmt_signer *signer, struct rmt_crl_list *list,
                     struct rmt_err *err)
{
	struct rmt_crl_form form = {.issuer = issuer, .this_update = list->row.this_update, .next_update = list->row.next_update,
	                            .number = list->row.number, .delta = list->row.delta, .base = list->row.base,
	                            .only_at = list->only_at, .deltas_at = list->deltas_at};
	struct rmt_crl_sink sink = {append, patch, list->der};
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

static int verify(struct rmt_crl_list *list, const struct rmt_crl *crl, struct rmt_span spki, struct rmt_err *err)
{
	struct rmt_checker *checker = rmt_checker_new(err);
	int pieces = checker ? rmt_checker_start(checker, crl->outer_algorithm, spki, err) : -1, rc = pieces;

	if (pieces == 0)
		rc = rmt_checker_verify(checker, crl->tbs, crl->outer_algorithm, crl->signature, spki, err);
	for (size_t at = 0; pieces == 1 && rc >= 0 && at < crl->tbs.length; at += PIECE) {
		size_t left = crl->tbs.length - at;

		rc = rmt_checker_add(checker, rmt_span_of(crl->tbs.at + at, left < PIECE ? left : PIECE), err);
		rmt_writer_seen(list->der);
	}
	if (pieces == 1 && rc >= 0)
		rc = rmt_checker_end(checker, crl->signature, err);
	rmt_checker_free(checker);
	return rc;
}

static int count_lines(struct rmt_crl_list *list, const struct rmt_crl *crl, int64_t *count, struct rmt_err *err)
{
	struct rmt_crl_entry entry;
	struct rmt_der cursor;
	int rc;

	*count = 0;
	rmt_der_open(&cursor, crl->entries, NULL);
	while ((rc = rmt_crl_next(&cursor, &entry, err)) == 1)
		if (++*count % 20000 == 0)
			rmt_writer_seen(list->der);
	return rc;
}

/* Our own reader takes it, it holds what was written, and its signature verifies. */
static int prove(struct rmt_crl_list *list, const struct rmt_cert *issuer, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_err fault = {0};
	struct rmt_crl crl;
	int64_t count;

	if (rmt_crl_read(&crl, der, RMT_STRICT, &fault) == 0 && count_lines(list, &crl, &count, &fault) == 0 &&
	    verify(list, &crl, issuer->spki, &fault) == 0 && count == list->row.entries &&
	    crl.this_update == list->row.this_update && crl.next_update == list->row.next_update &&
	    rmt_span_equal(crl.issuer, issuer->subject))
		return 0;
	return rmt_err_set(err, RMT_INTERNAL, NULL, "the list %lld was written wrong and is not published%s%.300s", (long long)list->row.number,
	                   *fault.message ? ": " : "", fault.message);
}

static int write_pem(struct rmt_crl_list *list, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_buf text = {0};
	int rc = rmt_writer_append(list->pem, rmt_span_text("-----BEGIN X509 CRL-----\n"), err);

	for (size_t at = 0; rc == 0 && at < der.length; at += PEM_PIECE) {
		size_t left = der.length - at;

		rmt_buf_clear(&text);
		rmt_base64_encode(rmt_span_of(der.at + at, left < PEM_PIECE ? left : PEM_PIECE), 64, "\n", &text);
		rc = rmt_buf_check(&text, err) ? -1 : rmt_writer_append(list->pem, rmt_buf_view(&text), err);
		if (at % (16 * PEM_PIECE) == 0)
			rmt_writer_seen(list->der);
	}
	rmt_buf_free(&text);
	return rc ? rc : rmt_writer_append(list->pem, rmt_span_text("-----END X509 CRL-----\n"), err);
}

/* ---- one list ----------------------------------------------------------------------------------------------------------------- */

static struct rmt_writer *begin(const struct rmt_crl_list *list, const char *directory, const char *ending, struct rmt_err *err)
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
	struct rmt_span der;

	list->der = begin(list, directory, ".crl", err);
	list->pem = list->der ? begin(list, directory, ".crl.pem", err) : NULL;
	if (!list->pem || write_der(home, issuer, signer, list, err) || rmt_writer_view(list->der, &der, err) ||
	    prove(list, issuer, der, err))
		return -1;
	return write_pem(list, der, err);
}

int rmt_crl_place(struct rmt_crl_list *list, const char *directory, struct rmt_err *err)
{
	struct rmt_buf name = {0};
	char *path = NULL;
	uint64_t size;
	int rc = -1;

	rmt_buf_format(&name, "%s.crl", list->stem);
	if (rmt_buf_check(&name, err) == 0)
		path = rmt_path_join(directory, rmt_buf_string(&name), err);
	if (path && rmt_writer_place(list->der, err) == 0 && rmt_writer_place(list->pem, err) == 0)
		rc = rmt_file_copy(path, NULL, list->hash, &size, err);
	list->row.sha256 = rmt_span_of(list->hash, sizeof list->hash);
	rmt_buf_free(&name);
	free(path);
	return rc;
}

void rmt_crl_list_clear(struct rmt_crl_list *list)
{
	rmt_writer_free(list->der);
	rmt_writer_free(list->pem);
	list->der = list->pem = NULL;
}
