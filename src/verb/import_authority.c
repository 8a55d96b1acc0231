/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_authority.c - the CAs that an import knows: those of the home, and those that its sources hold. Which of them signed what
 * is told by the signature, never by a name alone, unless nobody here can verify that signature: then by name and key identifier. What
 * becomes of them is import_settle.c's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verb/local.h"

static struct rmt_import_ca *add(struct rmt_import *run, const struct rmt_cert *cert, struct rmt_err *err)
{
	struct rmt_import_ca *ca;

	if (run->ca_count == run->ca_capacity) {
		size_t capacity = 2 * run->ca_capacity + 16;
		struct rmt_import_ca *grown = reallocarray(run->cas, capacity, sizeof *grown);

		if (!grown) {
			rmt_err_memory(err);
			return NULL;
		}
		run->cas = grown;
		run->ca_capacity = capacity;
	}
	ca = &run->cas[run->ca_count];
	*ca = (struct rmt_import_ca){.source = SIZE_MAX, .state = RMT_AUTHORITY_FOREIGN};
	if (rmt_cert_fingerprint(cert, ca->sha256, err) || rmt_spki_hash(cert->spki, ca->spki, err) ||
	    !(ca->cert = rmt_cert_dup(cert, err)))
		return NULL;
	run->ca_count++;
	return ca;
}

struct adding {
	struct rmt_import *run;
	struct rmt_err *err;
};

static int add_home_ca(void *arg, const struct rmt_db_authority *row)
{
	struct adding *adding = arg;
	struct rmt_import_ca *ca;
	struct rmt_cert cert;

	if (!row->cert.length || rmt_cert_read(&cert, row->cert, RMT_TOLERANT, NULL))
		return 0;
	ca = add(adding->run, &cert, adding->err);
	if (!ca)
		return -1;
	ca->id = row->id;
	ca->state = row->state;
	ca->parent = row->parent;
	ca->home = true;
	ca->issues = row->key_here;
	rmt_file_label(row->name, ca->name);
	return 0;
}

int rmt_import_home_cas(struct rmt_import *run, struct rmt_err *err)
{
	struct adding adding = {run, err};

	return rmt_db_authorities(run->home.db, add_home_ca, &adding, err);
}

size_t rmt_import_ca_of(const struct rmt_import *run, const unsigned char sha256[RMT_SHA256])
{
	for (size_t i = 0; i < run->ca_count; i++)
		if (memcmp(run->cas[i].sha256, sha256, RMT_SHA256) == 0)
			return i;
	return SIZE_MAX;
}

size_t rmt_import_ca_keyed(const struct rmt_import *run, const unsigned char spki[RMT_SHA256])
{
	for (size_t i = 0; i < run->ca_count; i++)
		if (memcmp(run->cas[i].spki, spki, RMT_SHA256) == 0)
			return i;
	return SIZE_MAX;
}

/* What nothing says of, or only keyCertSign, is a CA that others trust; it is told, and never made to issue (import_settle.c). */
int rmt_import_ca_found(struct rmt_import *run, const struct rmt_object *object, struct rmt_err *err)
{
	unsigned char sha256[RMT_SHA256];
	struct rmt_import_ca *ca;
	size_t known;

	if (rmt_cert_fingerprint(object->cert, sha256, err))
		return -1;
	known = rmt_import_ca_of(run, sha256);
	ca = known == SIZE_MAX ? add(run, object->cert, err) : &run->cas[known];
	if (!ca)
		return -1;
	if (ca->source != SIZE_MAX)
		return 0;
	ca->source = (size_t)(run->source - run->sources);
	run->source->told.authorities.found++;
	run->source->told.authorities.known += ca->home;
	return 0;
}

/* ---- who signed it? ------------------------------------------------------------------------------------------------------------ */

/* Of several certificates of one key: the one that issues, then the newest. */
static bool goes_before(const struct rmt_import_ca *a, const struct rmt_import_ca *b)
{
	bool a_issues = a->issues && a->state == RMT_AUTHORITY_ACTIVE, b_issues = b->issues && b->state == RMT_AUTHORITY_ACTIVE;

	if (a_issues != b_issues)
		return a_issues;
	return a->cert->not_before > b->cert->not_before;
}

int rmt_import_key_named(const struct rmt_import_ca *ca, const struct rmt_extensions *extensions)
{
	const struct rmt_ext *theirs = rmt_ext_find(extensions, RMT_EXT_AUTHORITY_KEY_ID);
	const struct rmt_ext *own = rmt_ext_find(&ca->cert->extensions, RMT_EXT_SUBJECT_KEY_ID);
	struct rmt_authority_key_id named;
	struct rmt_span key_id;

	if (!theirs || !own || rmt_ext_authority_key_id(theirs->value, &named, NULL) || !named.key_id.length ||
	    rmt_ext_subject_key_id(own->value, &key_id, NULL))
		return -1;
	return rmt_span_equal(named.key_id, key_id);
}

/* Nobody else of that name is known, with another key. */
static bool is_alone(const struct rmt_import *run, const struct rmt_import_ca *ca)
{
	for (size_t i = 0; i < run->ca_count; i++)
		if (memcmp(run->cas[i].spki, ca->spki, RMT_SHA256) != 0 && rmt_name_equal(run->cas[i].cert->subject, ca->cert->subject))
			return false;
	return true;
}

/* May what cannot be verified be taken for this CA's? A root's own certificate may, whatever it leaves out. */
static bool is_claimed(const struct rmt_import *run, const struct rmt_import_ca *ca, const struct rmt_import_signed *what)
{
	int named = rmt_import_key_named(ca, what->extensions);

	return named == 1 || rmt_span_equal(ca->cert->tbs, what->tbs) || (named < 0 && is_alone(run, ca));
}

size_t rmt_import_signer(struct rmt_import *run, const struct rmt_import_signed *what, struct rmt_import_verdict *verdict)
{
	size_t best = SIZE_MAX, claimed = SIZE_MAX;
	struct rmt_import_verdict unseen;
	struct rmt_err why;

	if (!verdict)
		verdict = &unseen;
	*verdict = (struct rmt_import_verdict){.named = SIZE_MAX};
	for (size_t i = 0; i < run->ca_count; i++) {
		const struct rmt_import_ca *ca = &run->cas[i];
		enum rmt_judgement judgement;

		if (!rmt_name_equal(ca->cert->subject, what->issuer))
			continue;
		verdict->named = i;
		if (best != SIZE_MAX && !goes_before(ca, &run->cas[best]))
			continue;
		judgement = rmt_checker_judge(run->checker, what->tbs, what->algorithm, what->signature, ca->cert->spki, &why);
		if (judgement == RMT_SIGNATURE_GOOD)
			best = i;
		if (judgement != RMT_SIGNATURE_UNVERIFIABLE)
			continue;
		verdict->unverified = true;
		verdict->why = why;
		if (is_claimed(run, ca, what) && (claimed == SIZE_MAX || goes_before(ca, &run->cas[claimed])))
			claimed = i;
	}
	verdict->unverified = verdict->unverified && best == SIZE_MAX;
	return best == SIZE_MAX ? claimed : best;
}

size_t rmt_import_cert_signer(struct rmt_import *run, const struct rmt_cert *cert, struct rmt_import_verdict *verdict)
{
	const struct rmt_import_signed what = {cert->issuer, cert->tbs, cert->outer_algorithm, cert->signature, &cert->extensions};

	return rmt_import_signer(run, &what, verdict);
}

void rmt_import_cas_clear(struct rmt_import *run)
{
	for (size_t i = 0; i < run->ca_count; i++) {
		rmt_cert_free(run->cas[i].cert);
		rmt_key_free(run->cas[i].key);
	}
	for (size_t i = 0; i < run->witness_count; i++)
		rmt_cert_free(run->witnesses[i]);
	free(run->cas);
	free(run->witnesses);
}
