/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_extension.c - lints of extensions as a whole, of their criticality, of key identifiers and of who may have
 * which.
 *
 * Uses of the key are in lint_usage.c, places and policies in files of their own.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "audit/local.h"

/* ---- what many extensions share ---------------------------------------------------------------------------------------- */

static const char *
name_of(const struct rmt_check *check)
{
	return rmt_ext_name((enum rmt_ext_id)check->facts->row->on);
}

int
rmt_lint_critical(struct rmt_check *check)
{
	return rmt_lint_ext(check)->critical ? 0 : rmt_lint_fault(check, "the extension %s is not critical", name_of(check));
}

int
rmt_lint_not_critical(struct rmt_check *check)
{
	return rmt_lint_ext(check)->critical ? rmt_lint_fault(check, "the extension %s is critical", name_of(check)) : 0;
}

static bool
is_empty(const struct rmt_ext *ext)
{
	return ext->value.length == 2 && ext->value.at[0] == RMT_DER_SEQUENCE && !ext->value.at[1];
}

int
rmt_lint_not_empty(struct rmt_check *check)
{
	return is_empty(rmt_lint_ext(check)) ? rmt_lint_fault(check, "the extension %s is empty", name_of(check)) : 0;
}

int
rmt_lint_only_ca(struct rmt_check *check)
{
	return check->facts->ca ? 0 : rmt_lint_fault(check, "the extension %s stands in a certificate that is no CA's", name_of(check));
}

/* ---- encoding ------------------------------------------------------------------------------------------------------------ */

static int
ext_fault(struct rmt_check *check, const struct rmt_ext *ext, const char *fault)
{
	char place[80];

	snprintf(place, sizeof place, "tbs.extensions.%s", rmt_ext_name((enum rmt_ext_id)ext->id));
	return rmt_audit_fault(check, place, "the extension %s %s", rmt_ext_name((enum rmt_ext_id)ext->id), fault);
}

int
rmt_lint_malformed(struct rmt_check *check)
{
	const struct rmt_extensions *list = &check->on->cert->extensions;
	int rc = 0;

	for (unsigned i = 0; check->facts->broken && i < list->count && !rc; i++) {
		struct rmt_notes notes = { 0 };

		if (rmt_ext_check(&list->list[i], &notes, NULL))
			rc = ext_fault(check, &list->list[i], "cannot be read");
	}
	return rc;
}

/* Deviations that lints of their own tell of: empty lists, strings, a key usage that is too long, a cA that is spelled out. */
static bool
told_elsewhere(const struct rmt_ext *ext, const struct rmt_notes *notes)
{
	enum rmt_deviation kind = notes->note[0].kind;

	return is_empty(ext) || kind == RMT_DEVIATION_STRING_CONTENT || ext->id == RMT_EXT_KEY_USAGE ||
	    (ext->id == RMT_EXT_BASIC_CONSTRAINTS && kind == RMT_DEVIATION_DEFAULT_ENCODED);
}

int
rmt_lint_extensions_der(struct rmt_check *check)
{
	const struct rmt_extensions *list = &check->on->cert->extensions;
	int rc = 0;

	for (unsigned i = 0; check->facts->broken && i < list->count && !rc; i++) {
		const struct rmt_ext *ext = &list->list[i];
		struct rmt_notes notes = { 0 };

		if (!rmt_ext_check(ext, &notes, NULL) && notes.count && !told_elsewhere(ext, &notes))
			rc = ext_fault(check, ext, rmt_deviation_text(notes.note[0].kind));
	}
	return rc;
}

/* ---- key identifiers --------------------------------------------------------------------------------------------------------- */

int
rmt_lint_authority_present(struct rmt_check *check)
{
	if (rmt_ext_find(&check->on->cert->extensions, RMT_EXT_AUTHORITY_KEY_ID) || rmt_cert_self_issued(check->on->cert))
		return 0;
	return rmt_audit_fault(check, "tbs.extensions.authorityKeyIdentifier", "there is no authority key identifier");
}

static bool
read_authority(const struct rmt_check *check, struct rmt_authority_key_id *id)
{
	return rmt_ext_authority_key_id(rmt_lint_ext(check)->value, id, NULL) == 0;
}

int
rmt_lint_authority_key(struct rmt_check *check)
{
	struct rmt_authority_key_id id;

	if (!read_authority(check, &id) || id.key_id.length)
		return 0;
	return rmt_lint_fault(check, "the authority key identifier holds no key identifier");
}

int
rmt_lint_authority_pair(struct rmt_check *check)
{
	struct rmt_authority_key_id id;

	if (!read_authority(check, &id) || !id.issuer.length == !id.serial.length)
		return 0;
	return rmt_lint_fault(check, "the authority key identifier has %s", id.serial.length ? "a serial number without its issuer"
	                                                                                    : "an issuer without its serial number");
}

int
rmt_lint_authority_match(struct rmt_check *check)
{
	const struct rmt_cert *issuer = check->presented->issuer;
	const struct rmt_ext *ext = issuer ? rmt_ext_find(&issuer->extensions, RMT_EXT_SUBJECT_KEY_ID) : NULL;
	struct rmt_authority_key_id id;
	struct rmt_span key;

	if (!ext || rmt_ext_subject_key_id(ext->value, &key, NULL) || !read_authority(check, &id) || !id.key_id.length ||
	    rmt_span_equal(id.key_id, key))
		return 0;
	return rmt_lint_fault(check, "the authority key identifier is not the subject key identifier of the issuer");
}

static int
subject_key(struct rmt_check *check, bool ca)
{
	if (check->facts->ca != ca || rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_KEY_ID))
		return 0;
	return rmt_audit_fault(check, "tbs.extensions.subjectKeyIdentifier", "there is no subject key identifier");
}

int
rmt_lint_subject_key_ca(struct rmt_check *check)
{
	return subject_key(check, true);
}

int
rmt_lint_subject_key_leaf(struct rmt_check *check)
{
	return subject_key(check, false);
}

/* ---- basic constraints --------------------------------------------------------------------------------------------------------- */

int
rmt_lint_basic_critical(struct rmt_check *check)
{
	if (!check->facts->ca || rmt_lint_ext(check)->critical)
		return 0;
	return rmt_lint_fault(check, "the basic constraints of this CA are not critical");
}

int
rmt_lint_basic_length(struct rmt_check *check)
{
	const struct rmt_lint_facts *facts = check->facts;

	if (!facts->basic_known || facts->ca || facts->basic.path_length < 0)
		return 0;
	return rmt_lint_fault(check, "there is a path length, and the certificate is no CA's");
}

/* A key usage without keyCertSign is told where it stands, too; this is what becomes of the path length then. */
int
rmt_lint_basic_length_sign(struct rmt_check *check)
{
	const struct rmt_lint_facts *facts = check->facts;

	if (!facts->ca || facts->basic.path_length < 0 || !facts->usage_known || facts->usage & RMT_KU_CERT_SIGN)
		return 0;
	return rmt_lint_fault(check, "there is a path length, and the key usage lacks keyCertSign");
}

int
rmt_lint_basic_default(struct rmt_check *check)
{
	struct rmt_basic_constraints constraints;
	struct rmt_notes notes = { 0 };

	if (rmt_ext_basic_constraints(rmt_lint_ext(check)->value, &constraints, &notes, NULL) || !notes.count ||
	    notes.note[0].kind != RMT_DEVIATION_DEFAULT_ENCODED)
		return 0;
	return rmt_lint_fault(check, "a cA of FALSE is spelled out");
}
