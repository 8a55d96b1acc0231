/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke_choose.c - which certificates a revocation or a release is about: named one by one, in a list, by a pattern of names, by their key,
 * a user's, a device's, or those that a campaign replaced.
 *
 * What is named must be there and may be revoked, or everything is refused; of what is described those are chosen to which it can be
 * done. What is done to them is revoke.c's.
 */
#include "config.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "verb/local.h"

enum { UUID = 36, LINE_MOST = 4096 };

int rmt_revoke_take(struct rmt_revoke_choice *choice, int64_t id)
{
	rmt_buf_append(&choice->ids, &id, sizeof id);
	return rmt_buf_check(&choice->ids, &choice->ctx->err);
}

static int by_id(const void *a, const void *b)
{
	int64_t one, other;

	memcpy(&one, a, sizeof one);
	memcpy(&other, b, sizeof other);
	return one < other ? -1 : one > other;
}

/* Each once, the oldest first. */
static void settle(struct rmt_revoke_choice *choice)
{
	size_t count = choice->ids.length / sizeof(int64_t), kept = 0;
	unsigned char *at = choice->ids.bytes;

	if (count)
		qsort(at, count, sizeof(int64_t), by_id);
	for (size_t i = 0; i < count; i++)
		if (!kept || by_id(at + (kept - 1) * sizeof(int64_t), at + i * sizeof(int64_t)))
			memmove(at + kept++ * sizeof(int64_t), at + i * sizeof(int64_t), sizeof(int64_t));
	choice->ids.length = kept * sizeof(int64_t);
}

/* ---- may it be? ---------------------------------------------------------------------------------------------------------- */

/* Why nothing is done to a certificate that stands like this, or NULL. */
static const char *idle(const struct rmt_revoke_choice *choice, bool revoked, int reason)
{
	if (choice->release)
		return !revoked ? "is not revoked" : reason != RMT_REASON_HOLD ? "is revoked for good: only a hold can be released" : NULL;
	if (!revoked || (reason == RMT_REASON_HOLD && !choice->hold))
		return NULL;
	return reason == RMT_REASON_HOLD ? "is on hold already" : "is revoked already";
}

/* The same of a row, which may be gone after that: 1 nothing is to be done, with why; 0; -1. */
static int stands(struct rmt_revoke_choice *choice, int64_t id, const char **why)
{
	struct rmt_db_revocation now;
	int found = rmt_db_revoked_certificate(choice->db, id, &now, &choice->ctx->err);

	*why = found < 0 ? NULL : idle(choice, found, found ? now.reason : 0);
	return found < 0 ? -1 : *why != NULL;
}

/* ---- named one by one ---------------------------------------------------------------------------------------------------- */

/* An authority of this home is named as what it is: much hangs on it, and a number is soon mistyped. */
static int check_kind(struct rmt_revoke_choice *choice, int64_t id, const char *which)
{
	char *authority;
	int kind = rmt_revoke_kind(choice, id, &authority);

	choice->weighty = choice->weighty || kind == RMT_REVOKE_CA;
	if (kind == RMT_REVOKE_AUTHORITY)
		rmt_err_set(&choice->ctx->err, RMT_POLICY, NULL,
		            "%s is the certificate of the authority \"%s\" of this home, not of a server or client: revoke that with --authority %s", which,
		            authority, authority);
	free(authority);
	return kind < 0 || kind == RMT_REVOKE_AUTHORITY ? -1 : 0;
}

/* Only a certificate of our own that is no authority's, and once. 1: it is passed over. */
static int may_go(struct rmt_revoke_choice *choice, int64_t id, const char *which)
{
	struct rmt_err *err = &choice->ctx->err;
	struct rmt_db_cert row;
	const char *why;
	int rc = rmt_db_cert_by_id(choice->db, id, &row, err);

	if (rc != 1)
		return -1;
	if (row.authority == 0)
		return rmt_err_set(err, RMT_POLICY, NULL, "%s is another CA's: only that CA can revoke it", which);
	if (check_kind(choice, id, which))
		return -1;
	rc = stands(choice, id, &why);
	if (rc > 0 && choice->listed)
		rmt_verb_warn(choice->ctx, "%s %s: left out", which, why);
	return rc > 0 && !choice->listed ? rmt_err_set(err, RMT_NEGATIVE, NULL, "%s %s", which, why) : rc;
}

static int choose_one(struct rmt_revoke_choice *choice, const char *which)
{
	struct rmt_err *err = &choice->ctx->err;
	int64_t id;
	int found = rmt_record_find(choice->ctx, choice->db, which, &id, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return rmt_err_set(err, RMT_NEGATIVE, NULL, "the database knows no certificate by \"%s\"%s", which,
		                   strchr(which, '*') ? ": a pattern is asked for with --name" : "");
	if (found > 1)
		return rmt_err_set(err, RMT_NEGATIVE, NULL,
		                   "\"%s\" means more than one certificate: give the number of one (id:N) or its serial number (serial:HEX), as "
		                   "remint list tells them, or --name",
		                   which);
	found = may_go(choice, id, which);
	return found < 0 ? -1 : found ? 0 : rmt_revoke_take(choice, id);
}

/* A line without the blanks around it, and without what stands behind a #. */
static struct rmt_span trimmed(struct rmt_span line)
{
	const unsigned char *hash = line.length ? memchr(line.at, '#', line.length) : NULL;

	if (hash)
		line.length = (size_t)(hash - line.at);
	while (line.length && strchr(" \t", line.at[line.length - 1]))
		line.length--;
	while (line.length && strchr(" \t", line.at[0])) {
		line.at++;
		line.length--;
	}
	return line;
}

static int choose_listed(struct rmt_revoke_choice *choice, const char *path)
{
	struct rmt_err *err = &choice->ctx->err;
	struct rmt_stream *stream = rmt_stream_open(path, err);
	struct rmt_span line;
	bool whole;
	int rc = stream ? 0 : -1, more = 0;

	choice->listed = true;
	while (rc == 0 && (more = rmt_stream_line(stream, LINE_MOST, &line, &whole, err)) > 0) {
		char *which = rmt_strndup((const char *)trimmed(line).at, trimmed(line).length, err);

		if (!which || memchr(which, 0, trimmed(line).length) || !whole)
			rc = which ? rmt_err_set(err, RMT_INPUT, NULL, "line %zu names no certificate", rmt_stream_line_number(stream)) : -1;
		else if (*which)
			rc = choose_one(choice, which);
		free(which);
	}
	if (rc == 0 && more < 0)
		rc = -1;
	if (rc && err->class == RMT_INPUT)
		rmt_err_source(err, path);
	rmt_stream_free(stream);
	choice->listed = false;
	return rc;
}

/* ---- described ------------------------------------------------------------------------------------------------------------- */

static int names_device(void *arg, const char *name)
{
	return strcasecmp(name, arg) == 0;
}

static int fits_pattern(void *arg, const char *name)
{
	return fnmatch(arg, name, FNM_CASEFOLD) == 0;
}

/* Is it one that a description may mean? A key means whatever has it but an authority of this home. 1, 0, -1. */
static int is_meant(struct rmt_revoke_choice *choice, int64_t id)
{
	char *authority;
	int kind = rmt_revoke_kind(choice, id, &authority);

	free(authority);
	if (kind <= RMT_REVOKE_LEAF)
		return kind < 0 ? -1 : 1;
	if (choice->by_key && kind != RMT_REVOKE_AUTHORITY) {
		choice->weighty = choice->weighty || kind == RMT_REVOKE_CA;
		return 1;
	}
	choice->left += kind == RMT_REVOKE_RESPONDER || kind == RMT_REVOKE_CA;
	choice->authorities += kind == RMT_REVOKE_AUTHORITY;
	return 0;
}

/* Those of our own that have not expired and to which it can be done; of CAs and OCSP responders only what is_meant() says. */
static int choose_fitting(void *arg, const struct rmt_db_cert *row)
{
	struct rmt_revoke_choice *choice = arg;
	int64_t id = row->id;
	const char *why;
	int rc = 1;

	if (row->authority == 0 || row->not_after < rmt_verb_now(choice->ctx))
		return 0;
	if (choice->device)
		rc = rmt_db_names(choice->db, id, names_device, (void *)(uintptr_t)choice->device, &choice->ctx->err);
	if (rc == 1 && choice->pattern)
		rc = rmt_db_names(choice->db, id, fits_pattern, (void *)(uintptr_t)choice->pattern, &choice->ctx->err);
	if (rc != 1)
		return rc;
	rc = stands(choice, id, &why);
	if (rc == 0 && (rc = is_meant(choice, id)) == 1)
		return rmt_revoke_take(choice, id);
	return rc < 0 ? -1 : 0;
}

static int choose_filtered(struct rmt_revoke_choice *choice, const char *name, struct rmt_span spki_hash)
{
	struct rmt_db_filter filter = {.name = name, .spki_hash = spki_hash, .status = -1, .now = rmt_verb_now(choice->ctx), .limit = UINT32_MAX};

	return rmt_db_certs(choice->db, &filter, choose_fitting, choice, &choice->ctx->err);
}

/* What stands before the first special character is sought by the index. */
static int choose_patterned(struct rmt_revoke_choice *choice, const char *pattern)
{
	size_t plain = strcspn(pattern, "*?[\\");
	struct rmt_buf start = {0};
	int rc = -1;

	if (!*pattern)
		return rmt_err_set(&choice->ctx->err, RMT_USAGE, NULL, "an empty pattern names nothing");
	choice->pattern = pattern;
	rmt_buf_format(&start, "%.*s*", (int)plain, pattern);
	if (rmt_buf_check(&start, &choice->ctx->err) == 0)
		rc = choose_filtered(choice, plain ? rmt_buf_string(&start) : NULL, (struct rmt_span){0});
	choice->pattern = NULL;
	rmt_buf_free(&start);
	return rc;
}

/* By the SIP address as a URI, and by the address as a common name. */
static int choose_of_user(struct rmt_revoke_choice *choice, const char *user)
{
	const char *address = strncasecmp(user, "sip:", 4) == 0 ? user + 4 : user;
	struct rmt_buf uri = {0};
	int rc = -1;

	if (!*address || strchr(address, '*')) {
		rmt_err_set(&choice->ctx->err, RMT_USAGE, NULL, "\"%s\" is no user's address", user);
		goto out;
	}
	rmt_buf_format(&uri, "sip:%s", address);
	if (rmt_buf_check(&uri, &choice->ctx->err) || choose_filtered(choice, rmt_buf_string(&uri), (struct rmt_span){0}))
		goto out;
	rc = choose_filtered(choice, address, (struct rmt_span){0});
out:
	rmt_buf_free(&uri);
	return rc;
}

/* "{375DA200-...}" as the URN that certificates hold. */
static int device_urn(const char *device, struct rmt_buf *out, struct rmt_err *err)
{
	const char *at = device + (strncasecmp(device, "urn:uuid:", 9) == 0 ? 9 : *device == '{');
	size_t length = strspn(at, "0123456789abcdefABCDEF-");

	if (length != UUID || (at[length] && strcmp(at + length, "}") != 0))
		return rmt_err_set(err, RMT_USAGE, NULL, "\"%s\" is no device's UUID", device);
	rmt_buf_format(out, "urn:uuid:%.*s", UUID, at);
	return rmt_buf_check(out, err);
}

static int choose_of_device(struct rmt_revoke_choice *choice, const struct remint_revoke_options *options)
{
	struct rmt_buf urn = {0};
	int rc = options->device ? device_urn(options->device, &urn, &choice->ctx->err) : 0;

	choice->device = options->device ? rmt_buf_string(&urn) : NULL;
	if (rc == 0 && options->user)
		rc = choose_of_user(choice, options->user);
	else if (rc == 0 && options->device)
		rc = choose_filtered(choice, choice->device, (struct rmt_span){0});
	choice->device = NULL;
	rmt_buf_free(&urn);
	return rc;
}

/* ---- a key's ----------------------------------------------------------------------------------------------------------------- */

/* The key of the certificate, the request or the private key in a file. */
static int hash_of_file(struct rmt_revoke_choice *choice, const char *path, unsigned char hash[RMT_SHA256])
{
	struct rmt_err *err = &choice->ctx->err;
	struct rmt_pile pile = {0};
	struct rmt_company company;
	struct rmt_span spki = {0};
	int rc = rmt_pile_need(choice->ctx, &pile, (struct remint_strings){&path, 1}, false, err), leaf = 0;

	if (rc == 0 && (leaf = rmt_company_first(&pile, &company, err)) == 1)
		spki = company.leaf->cert->spki;
	for (size_t i = 0; rc == 0 && !spki.length && i < pile.count; i++)
		spki = pile.objects[i]->spki;
	if (rc == 0 && !spki.length) {
		rc = rmt_err_set(err, RMT_INPUT, NULL, "holds neither a certificate nor a request nor a key");
		rmt_err_source(err, path);
	}
	if (rc == 0)
		rc = rmt_spki_hash(spki, hash, err);
	if (leaf == 1)
		rmt_company_clear(&company);
	rmt_pile_free(&pile);
	return leaf < 0 ? -1 : rc;
}

static int choose_of_key(struct rmt_revoke_choice *choice, const char *key)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf hex = {0};
	int rc = 0;

	if (!rmt_path_exists(key) && rmt_hex_decode(key, &hex, NULL) == 0 && hex.length == sizeof hash)
		memcpy(hash, hex.bytes, sizeof hash);
	else
		rc = hash_of_file(choice, key, hash);
	rmt_buf_free(&hex);
	choice->by_key = true;
	if (rc == 0)
		rc = choose_filtered(choice, NULL, rmt_span_of(hash, sizeof hash));
	choice->by_key = false;
	return rc;
}

/* ---- what a campaign replaced ------------------------------------------------------------------------------------------------- */

static int choose_replaced(void *arg, const struct rmt_db_item *item)
{
	struct rmt_revoke_choice *choice = arg;
	struct rmt_db_cert row;

	if (!item->previous || !item->certificate)
		return 0;
	if (rmt_db_cert_by_id(choice->db, item->previous, &row, &choice->ctx->err) != 1)
		return -1;
	choice->foreign += row.authority == 0;
	return choose_fitting(choice, &row);
}

static int choose_of_campaign(struct rmt_revoke_choice *choice, const char *path)
{
	struct rmt_err *err = &choice->ctx->err;
	struct rmt_db_campaign campaign;
	struct rmt_plan plan = {0};
	int found = rmt_plan_read(path, &plan, err) ? -1 : rmt_db_campaign_get(choice->db, plan.id, &campaign, err);

	if (found == 0) {
		rmt_err_set(err, RMT_NEGATIVE, NULL, "this plan was never applied here: it replaced nothing");
		rmt_err_source(err, path);
	}
	rmt_plan_clear(&plan);
	if (found != 1 || rmt_db_items(choice->db, campaign.id, choose_replaced, choice, err))
		return -1;
	if (choice->foreign)
		rmt_verb_warn(choice->ctx, "%zu of those that were replaced are other CAs': only those can revoke them", choice->foreign);
	return 0;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------ */

static void tell_left(const struct rmt_revoke_choice *choice)
{
	if (choice->left)
		rmt_verb_warn(choice->ctx, "%zu of CAs and OCSP responders %s left out: name each by its serial number, or by --key", choice->left,
		              choice->left == 1 ? "is" : "are");
	if (choice->authorities)
		rmt_verb_warn(choice->ctx, "%zu of authorities of this home %s left out: name the authority with --authority", choice->authorities,
		              choice->authorities == 1 ? "is" : "are");
}

int rmt_revoke_choose(struct rmt_revoke_choice *choice, const struct remint_revoke_options *options)
{
	for (size_t i = 0; i < options->which.count; i++)
		if (choose_one(choice, options->which.items[i]))
			return -1;
	for (size_t i = 0; i < options->lists.count; i++)
		if (choose_listed(choice, options->lists.items[i]))
			return -1;
	for (size_t i = 0; i < options->keys.count; i++)
		if (choose_of_key(choice, options->keys.items[i]))
			return -1;
	if ((options->name && choose_patterned(choice, options->name)) || choose_of_device(choice, options) ||
	    (options->campaign && choose_of_campaign(choice, options->campaign)) ||
	    (options->authority && rmt_revoke_choose_authority(choice, options->authority)))
		return -1;
	settle(choice);
	tell_left(choice);
	if (choice->ids.length)
		return 0;
	return rmt_err_set(&choice->ctx->err, RMT_NEGATIVE, NULL, "the database knows no certificate %s that fits",
	                   choice->release ? "on hold" : "in force");
}
