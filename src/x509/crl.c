/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl.c - certificate revocation lists (RFC 5280, 5.1) as views, and their entries one by one.
 *
 * Reading the list does not walk its entries: a list of a million costs as much as an empty one
 * until somebody asks.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "x509/local.h"

/* version is v2 when present, else v1. */
static int
version_read(struct rmt_der *tbs, int *version, struct rmt_err *err)
{
	const unsigned char *start = tbs->at;
	int64_t number;

	*version = 1;
	if (!rmt_der_next_is(tbs, RMT_DER_INTEGER))
		return 0;
	if (rmt_der_small(tbs, &number, "tbs.version", err) < 0)
		return -1;
	*version = number == 0 ? 1 : 2;
	return number == 1 ? 0
			   : rmt_der_deviate(tbs, RMT_DEVIATION_VERSION, start, "tbs.version", err);
}

static bool
time_is_next(const struct rmt_der *der)
{
	return rmt_der_next_is(der, RMT_DER_UTC_TIME) ||
	       rmt_der_next_is(der, RMT_DER_GENERALIZED_TIME);
}

static int
entries_read(struct rmt_der *tbs, struct rmt_crl *crl, struct rmt_err *err)
{
	const unsigned char *start = tbs->at;
	struct rmt_der list;

	crl->entries = (struct rmt_span){ NULL, 0 };
	if (!rmt_der_next_is(tbs, RMT_DER_SEQUENCE) &&
	    !rmt_der_next_is(tbs, RMT_DER_SEQUENCE & ~0x20)) /* in primitive form: refused by name */
		return 0;
	if (rmt_der_enter(tbs, RMT_DER_SEQUENCE, &list, "tbs.revokedCertificates", err) < 0)
		return -1;
	crl->entries = rmt_span_of(list.at, (size_t)(list.end - list.at));
	return rmt_der_more(&list) ? 0
				   : rmt_der_deviate(tbs, RMT_DEVIATION_EMPTY_LIST, start,
					 "tbs.revokedCertificates", err);
}

static int
extensions_read(struct rmt_der *tbs, struct rmt_crl *crl, struct rmt_err *err)
{
	const unsigned char *start = tbs->at;
	struct rmt_der in;

	if (!rmt_der_next_is(tbs, RMT_DER_CONTEXT_CONSTRUCTED(0)))
		return 0;
	if (crl->version < 2 &&
	    rmt_der_deviate(tbs, RMT_DEVIATION_VERSION, start, "tbs.crlExtensions", err) < 0)
		return -1;
	if (rmt_der_enter(tbs, RMT_DER_CONTEXT_CONSTRUCTED(0), &in, "tbs.crlExtensions", err) < 0 ||
	    rmt_extensions_walk(&in, &crl->extensions, "tbs.crlExtensions", err) < 0)
		return -1;
	return rmt_der_end(&in, "tbs.crlExtensions", err);
}

static int
tbs_read(struct rmt_der *tbs, struct rmt_crl *crl, struct rmt_err *err)
{
	crl->next_update = 0;
	if (version_read(tbs, &crl->version, err) < 0 ||
	    rmt_algorithm_id_read(tbs, &crl->inner_algorithm, "tbs.signature", err) < 0 ||
	    rmt_name_read(tbs, &crl->issuer, "tbs.issuer", err) < 0 ||
	    rmt_der_time(tbs, &crl->this_update, "tbs.thisUpdate", err) < 0 ||
	    (time_is_next(tbs) &&
		rmt_der_time(tbs, &crl->next_update, "tbs.nextUpdate", err) < 0) ||
	    entries_read(tbs, crl, err) < 0 || extensions_read(tbs, crl, err) < 0)
		return -1;
	return rmt_der_end(tbs, "tbs", err);
}

int
rmt_crl_read(struct rmt_crl *crl, struct rmt_span der, int mode, struct rmt_err *err)
{
	struct rmt_der outer, in, tbs;

	crl->notes.count = 0;
	crl->owned = NULL;
	rmt_extensions_clear(&crl->extensions);
	if (rmt_object_open(&outer, der, RMT_CAP_CRL, mode == RMT_TOLERANT ? &crl->notes : NULL,
		&crl->der, &in, "crl", err) < 0 ||
	    rmt_der_enter_whole(&in, RMT_DER_SEQUENCE, &tbs, &crl->tbs, "tbs", err) < 0 ||
	    tbs_read(&tbs, crl, err) < 0 ||
	    rmt_algorithm_id_read(&in, &crl->outer_algorithm, "signatureAlgorithm", err) < 0 ||
	    rmt_signature_read(&in, &crl->signature, "signature", err) < 0)
		return -1;
	return rmt_der_end(&in, "crl", err);
}

/* The reason or the invalidity date. */
static int
entry_extension(const struct rmt_ext *ext, struct rmt_der *list, struct rmt_crl_entry *out,
    struct rmt_err *err)
{
	struct rmt_der value;

	rmt_der_open(&value, ext->value, list->notes);
	value.origin = list->origin;
	if (rmt_span_equal(ext->oid, rmt_ext_oid(RMT_EXT_REASON_CODE)))
		return rmt_reason_read(&value, &out->reason, err) < 0
			   ? -1
			   : rmt_der_end(&value, "entry.reasonCode", err);
	if (rmt_span_equal(ext->oid, rmt_ext_oid(RMT_EXT_INVALIDITY_DATE)))
		return rmt_invalidity_read(&value, &out->invalid_since, err) < 0
			   ? -1
			   : rmt_der_end(&value, "entry.invalidityDate", err);
	return 0;
}

/* Nearly every entry has one extension, its reason: these bytes and one more, which says which. */
static bool
reason_alone(struct rmt_der *entry, struct rmt_crl_entry *out)
{
	static const unsigned char before[] = { 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01 };
	const unsigned char *reason = entry->at + sizeof before;

	if (entry->end - entry->at != sizeof before + 1 || *reason >= 0x80 ||
	    memcmp(entry->at, before, sizeof before) != 0)
		return false;
	out->reason = *reason;
	entry->at = entry->end;
	return true;
}

/* What is known among an entry's extensions; the others are read for their form only. */
static int
entry_extensions(struct rmt_der *entry, struct rmt_crl_entry *out, struct rmt_err *err)
{
	const unsigned char *start = entry->at;
	struct rmt_der list;
	struct rmt_ext ext;

	if (reason_alone(entry, out))
		return 0;
	if (rmt_der_enter(entry, RMT_DER_SEQUENCE, &list, "entry.extensions", err) < 0)
		return -1;
	if (!rmt_der_more(&list))
		return rmt_der_deviate(
		    entry, RMT_DEVIATION_EMPTY_LIST, start, "entry.extensions", err);
	while (rmt_der_more(&list))
		if (rmt_ext_read(&list, &ext, err) < 0 ||
		    entry_extension(&ext, &list, out, err) < 0)
			return -1;
	return 0;
}

int
rmt_crl_next(struct rmt_der *cursor, struct rmt_crl_entry *out, struct rmt_err *err)
{
	struct rmt_der entry;

	if (!rmt_der_more(cursor))
		return 0;
	out->reason = -1;
	out->invalid_since = 0;
	if (rmt_der_enter(cursor, RMT_DER_SEQUENCE, &entry, "entry", err) < 0 ||
	    rmt_der_integer(&entry, &out->serial, "entry.userCertificate", err) < 0 ||
	    rmt_der_time(&entry, &out->when, "entry.revocationDate", err) < 0 ||
	    (rmt_der_more(&entry) && entry_extensions(&entry, out, err) < 0) ||
	    rmt_der_end(&entry, "entry", err) < 0)
		return -1;
	return 1;
}

struct rmt_crl *
rmt_crl_new(struct rmt_span der, int mode, struct rmt_err *err)
{
	struct rmt_crl *crl = malloc(sizeof *crl);
	unsigned char *owned;
	int rc;

	if (crl == NULL) {
		rmt_err_memory(err);
		return NULL;
	}
	owned = rmt_der_copy(der, err);
	if (owned == NULL) {
		free(crl);
		return NULL;
	}
	rc = rmt_crl_read(crl, rmt_span_of(owned, der.length), mode, err);
	crl->owned = owned;
	if (rc < 0) {
		rmt_crl_free(crl);
		return NULL;
	}
	return crl;
}

void
rmt_crl_free(struct rmt_crl *crl)
{
	if (crl == NULL)
		return;
	free(crl->owned);
	free(crl);
}
