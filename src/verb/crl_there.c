/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl_there.c - what stands where a revocation list is to go: only an older list of the same CA is replaced unasked.
 *
 * Two homes may publish into one directory, or two copies of one home, and neither knows what the other did: so the file itself is asked.
 * Anybody may have written it, and it may be of any size: only its two ends are read. What this home published, crl.c knows.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

enum { END = 64 << 10 };

/* ---- the two ends of a list ------------------------------------------------------------------------------------------------ */

struct header {
	unsigned char tag;
	uint64_t content, end; /* where its content begins and ends in the file */
};

/* Tag and length at `at`, definite, of up to four bytes. */
static int header_at(struct rmt_span head, uint64_t at, struct header *out)
{
	unsigned bytes = 0;
	uint64_t length;

	if (at + 2 > head.length)
		return -1;
	out->tag = head.at[at];
	length = head.at[at + 1];
	if (length & 0x80) {
		bytes = length & 0x7f;
		length = 0;
		if (bytes < 1 || bytes > 4 || at + 2 + bytes > head.length)
			return -1;
		for (unsigned i = 0; i < bytes; i++)
			length = length << 8 | head.at[at + 2 + i];
	}
	out->content = at + 2 + bytes;
	out->end = out->content + length;
	return 0;
}

/* A list without its lines, which stand between `from` and `to`. */
struct hollow {
	struct header whole, tbs;
	uint64_t from, to;
};

/* Lines are the SEQUENCE behind the times (RFC 5280, 5.1). */
static int find_lines(struct rmt_span head, struct hollow *out)
{
	struct header item;
	uint64_t at;
	bool timed = false;

	if (header_at(head, 0, &out->whole) || header_at(head, out->whole.content, &out->tbs) || out->whole.tag != 0x30 || out->tbs.tag != 0x30)
		return -1;
	for (at = out->tbs.content; at < out->tbs.end; at = item.end) {
		if (header_at(head, at, &item))
			return -1;
		timed = timed || item.tag == RMT_DER_UTC_TIME || item.tag == RMT_DER_GENERALIZED_TIME;
		if (timed && (item.tag == 0x30 || item.tag == RMT_DER_CONTEXT_CONSTRUCTED(0)))
			break;
	}
	out->from = out->to = at;
	if (at < out->tbs.end && item.tag == 0x30)
		out->to = item.end;
	return at > out->tbs.end || out->to > out->tbs.end || out->tbs.end > out->whole.end || at > head.length ? -1 : 0;
}

/* 1 the list in a file, its lines left out, as DER, or nothing where it is no list; 0 there is no file; -1. */
static int read_hollow(const char *path, struct rmt_buf *der, struct rmt_err *err)
{
	struct rmt_buf head = {0}, tail = {0};
	struct rmt_derw w = {0};
	struct hollow hollow;
	int rc = rmt_file_piece(path, 0, END, &head, err);

	if (rc != 1 || find_lines(rmt_buf_view(&head), &hollow))
		goto out;
	rc = rmt_file_piece(path, hollow.to, END, &tail, err);
	if (rc == 1 && hollow.to + tail.length == hollow.whole.end && hollow.tbs.end - hollow.to <= tail.length) {
		size_t inner = (size_t)(hollow.tbs.end - hollow.to);

		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_begin(&w, RMT_DER_SEQUENCE);
		rmt_derw_raw(&w, rmt_span_of(head.bytes + hollow.tbs.content, (size_t)(hollow.from - hollow.tbs.content)));
		rmt_derw_raw(&w, rmt_span_of(tail.bytes, inner));
		rmt_derw_end(&w);
		rmt_derw_raw(&w, rmt_span_of(tail.bytes + inner, tail.length - inner));
		rmt_derw_end(&w);
		rc = rmt_derw_finish(&w, der, err) ? -1 : 1;
	}
out:
	rmt_buf_free(&head);
	rmt_buf_free(&tail);
	return rc;
}

/* ---- is it ours, and older? ------------------------------------------------------------------------------------------------- */

struct judging {
	const struct rmt_cert *issuer;
	const struct rmt_crl_list *list;
	const char *path;
	struct rmt_span whole; /* what is read of it already, when that is all */
};

/* A list without the identifier of a key is proved by its signature, for which all of it is read. */
static int is_signed(const struct judging *judging, struct rmt_err *err)
{
	struct rmt_checker *checker = rmt_checker_new(err);
	struct rmt_buf whole = {0};
	struct rmt_crl crl;
	int rc = -1;

	rmt_buf_span(&whole, judging->whole);
	if (checker && rmt_buf_check(&whole, err) == 0 && (whole.length || rmt_file_read(judging->path, RMT_CAP_CRL, &whole, err) == 0))
		rc = rmt_crl_read(&crl, rmt_buf_view(&whole), RMT_TOLERANT, NULL) == 0 &&
		     rmt_checker_verify(checker, crl.tbs, crl.outer_algorithm, crl.signature, judging->issuer->spki, NULL) == 0;
	rmt_checker_free(checker);
	rmt_buf_free(&whole);
	return rc;
}

/* 1 by the key of this CA, 0 not, -1. */
static int same_key(const struct judging *judging, const struct rmt_crl *crl, struct rmt_err *err)
{
	const struct rmt_ext *theirs = rmt_ext_find(&crl->extensions, RMT_EXT_AUTHORITY_KEY_ID);
	const struct rmt_ext *ours = rmt_ext_find(&judging->issuer->extensions, RMT_EXT_SUBJECT_KEY_ID);
	struct rmt_authority_key_id key_id = {0};
	struct rmt_span own;

	if (theirs && ours && rmt_ext_authority_key_id(theirs->value, &key_id, NULL) == 0 && key_id.key_id.length &&
	    rmt_ext_subject_key_id(ours->value, &own, NULL) == 0)
		return rmt_span_equal(key_id.key_id, own);
	return is_signed(judging, err);
}

/* Is its number below that of the list to come? One that no 63 bits hold is not. */
static bool is_older(const struct judging *judging, const struct rmt_crl *crl, struct rmt_buf *number)
{
	const struct rmt_ext *ext = rmt_ext_find(&crl->extensions, RMT_EXT_CRL_NUMBER);
	struct rmt_der der;
	int64_t value;

	if (!ext)
		return true;
	rmt_der_open(&der, ext->value, NULL);
	if (rmt_der_small(&der, &value, "cRLNumber", NULL)) {
		rmt_buf_text(number, "of a number that is longer");
		return false;
	}
	rmt_buf_format(number, "%lld", (long long)value);
	return value < judging->list->row.number;
}

static int refuse_other(const struct judging *judging, const struct rmt_crl *crl, struct rmt_err *err)
{
	struct rmt_buf name = {0};

	rmt_name_text(crl->issuer, &name);
	rmt_err_set(err, RMT_POLICY, NULL, "here stands a list by %s \"%.200s\", not by this CA: publish in another directory, or replace it with --force",
	            rmt_name_equal(crl->issuer, judging->issuer->subject) ? "another key of" : "another CA,", rmt_buf_string(&name));
	rmt_buf_free(&name);
	return -1;
}

static int judge(const struct judging *judging, struct rmt_span der, struct rmt_err *err)
{
	struct rmt_buf number = {0};
	struct rmt_crl crl;
	int rc;

	if (rmt_crl_read(&crl, der, RMT_TOLERANT, NULL))
		return rmt_err_set(err, RMT_POLICY, NULL, "here stands what is no revocation list: publish in another directory, or replace it with --force");
	rc = rmt_name_equal(crl.issuer, judging->issuer->subject) ? same_key(judging, &crl, err) : 0;
	if (rc < 1)
		return rc < 0 ? -1 : refuse_other(judging, &crl, err);
	rc = 0;
	if (!is_older(judging, &crl, &number))
		rc = rmt_err_set(err, RMT_POLICY, NULL,
		                 "here stands list %s of this CA, and this would be %lld: another copy of this home published it; take it over (remint import), or "
		                 "replace it with --force",
		                 rmt_buf_string(&number), (long long)judging->list->row.number);
	rmt_buf_free(&number);
	return rc;
}

/* Where only the PEM stands, it is what is asked. */
static int judge_pem(struct judging *judging, struct remint *ctx, struct rmt_err *err)
{
	struct rmt_pile pile = {0};
	int rc;

	if (!rmt_path_is_regular(judging->path))
		return 0;
	rc = rmt_pile_read(ctx, &pile, (struct remint_strings){&judging->path, 1}, true, err);
	for (size_t i = 0; rc == 0 && i < pile.count; i++)
		if (pile.objects[i]->crl && !judging->whole.length)
			judging->whole = pile.objects[i]->der;
	if (rc == 0)
		rc = judge(judging, judging->whole, err);
	rmt_pile_free(&pile);
	return rc;
}

int rmt_crl_replaces(struct remint *ctx, const struct rmt_crl_list *list, const char *directory, const struct rmt_cert *issuer,
                     struct rmt_err *err)
{
	struct judging judging = {.issuer = issuer, .list = list};
	struct rmt_buf path = {0}, der = {0};
	int rc = -1;

	rmt_buf_format(&path, "%s/%s.crl", directory, list->stem);
	if (rmt_buf_check(&path, err))
		goto out;
	judging.path = rmt_buf_string(&path);
	rc = read_hollow(judging.path, &der, err);
	if (rc == 0) {
		rmt_buf_text(&path, ".pem");
		judging.path = rmt_buf_string(&path);
		rc = rmt_buf_check(&path, err) ? -1 : judge_pem(&judging, ctx, err);
	} else if (rc > 0)
		rc = judge(&judging, rmt_buf_view(&der), err);
	if (rc)
		rmt_err_source(err, judging.path);
out:
	rmt_buf_free(&path);
	rmt_buf_free(&der);
	return rc;
}
