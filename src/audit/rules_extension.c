/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/rules_extension.c - rules about the fields and extensions that have no family of their own, and about encoding.
 *
 * Purposes, names, keys and dates have files of their own.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "audit/local.h"

enum { SERIAL_MOST = 20 };

static const struct rmt_ext *
extension(const struct rmt_check *check, enum rmt_ext_id id)
{
	return rmt_ext_find(&check->on->cert->extensions, id);
}

/* ---- where revocation and the issuer are found ------------------------------------------------------------------------ */

#define PLACE_CRL "tbs.extensions.cRLDistributionPoints"
#define PLACE_ACCESS "tbs.extensions.authorityInfoAccess"

int
rmt_rule_crl_present(struct rmt_check *check)
{
	if (extension(check, RMT_EXT_CRL_DISTRIBUTION))
		return 0;
	return rmt_audit_fault(check, PLACE_CRL, "there is no CRL distribution point");
}

struct uris {
	struct rmt_buf *first; /* the first one seen, for the message */
	bool http;
};

static int
see_uri(void *arg, struct rmt_span uri)
{
	struct uris *uris = arg;

	if (!uris->first->length)
		rmt_plain_text(uri, uris->first);
	if (uri.length >= 7 && !strncasecmp((const char *)uri.at, "http://", 7))
		uris->http = true;
	return 0;
}

int
rmt_rule_crl_http(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_CRL_DISTRIBUTION);
	struct rmt_buf *list = &check->audit->list;
	struct uris uris = { .first = list };

	if (!ext)
		return 0;
	rmt_buf_clear(list);
	if (rmt_ext_crl_uris(ext->value, see_uri, &uris, NULL))
		return rmt_audit_unreadable(check, PLACE_CRL, "the CRL distribution point");
	if (uris.http)
		return 0;
	if (!list->length)
		return rmt_audit_fault(check, PLACE_CRL, "the CRL distribution point names no address");
	return rmt_audit_fault(check, PLACE_CRL, "the CRL is not at an http:// address but at %s", rmt_buf_string(list));
}

static int
see_access(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	bool *useful = arg;

	(void)location;
	*useful = *useful || rmt_oid_is(method, "caIssuers") || rmt_oid_is(method, "ocsp");
	return 0;
}

int
rmt_rule_authority_info(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_AUTHORITY_INFO);
	bool useful = false;

	if (!ext)
		return rmt_audit_fault(check, PLACE_ACCESS, "there is no authority information access");
	if (rmt_ext_access(ext->value, see_access, &useful, NULL))
		return rmt_audit_unreadable(check, PLACE_ACCESS, "the authority information access");
	if (useful)
		return 0;
	return rmt_audit_fault(check, PLACE_ACCESS, "the authority information access names neither the issuer nor OCSP");
}

int
rmt_rule_policies(struct rmt_check *check)
{
	if (extension(check, RMT_EXT_CERTIFICATE_POLICIES))
		return 0;
	return rmt_audit_fault(check, "tbs.extensions.certificatePolicies", "there is no certificate policy");
}

/* ---- serial number and version ------------------------------------------------------------------------------------------ */

int
rmt_rule_serial_length(struct rmt_check *check)
{
	size_t length = check->on->cert->serial.length;

	if (length <= SERIAL_MOST)
		return 0;
	return rmt_audit_fault(check, "tbs.serialNumber", "the serial number has %zu octets, more than %d", length, SERIAL_MOST);
}

int
rmt_rule_serial_positive(struct rmt_check *check)
{
	struct rmt_span serial = check->on->cert->serial;

	if (serial.length && (serial.at[0] & 0x80))
		return rmt_audit_fault(check, "tbs.serialNumber", "the serial number is negative");
	for (size_t i = 0; i < serial.length; i++)
		if (serial.at[i])
			return 0;
	return rmt_audit_fault(check, "tbs.serialNumber", "the serial number is zero");
}

int
rmt_rule_version(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;

	if (cert->version == 3)
		return 0;
	return rmt_audit_fault(check, "tbs.version", "the certificate is of version %d%s", cert->version,
	    cert->extensions.count ? " and yet has extensions" : "");
}

/* ---- who is a CA ------------------------------------------------------------------------------------------------------------ */

#define PLACE_BASIC "tbs.extensions.basicConstraints"
#define PLACE_USAGE "tbs.extensions.keyUsage"

/* A cA of FALSE that is spelled out breaks DER and is read all the same; leaf.encoding tells. */
static int
read_constraints(const struct rmt_ext *ext, struct rmt_basic_constraints *out)
{
	struct rmt_notes notes = { 0 };

	return rmt_ext_basic_constraints(ext->value, out, &notes, NULL);
}

int
rmt_rule_not_ca(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints;

	if (!ext)
		return 0;
	if (read_constraints(ext, &constraints))
		return rmt_audit_unreadable(check, PLACE_BASIC, "the basic constraints extension");
	return constraints.ca ? rmt_audit_fault(check, PLACE_BASIC, "the leaf is marked as a CA") : 0;
}

/* What RFC 5280 wants of an issuer and verifiers go without: a trust anchor is a name and a key, whatever else its certificate
 * says or not (RFC 5280, 6.1.1 (d)); elsewhere it is no error, unless the target verifies strictly. */
static int
fault_of_strict(struct rmt_check *check, const char *place, const char *sentence)
{
	if (check->audit->target->path.strict)
		return rmt_audit_fault(check, place, "%s", sentence);
	if (rmt_chain_is_root(check->on->cert))
		return 0;
	return rmt_audit_fault_most(check, RMT_SEVERITY_WARNING, place, "%s", sentence);
}

int
rmt_rule_ca_constraints(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints;

	if (!ext && rmt_chain_is_root(check->on->cert))
		return fault_of_strict(check, PLACE_BASIC, "this issuer has no basic constraints");
	if (!ext)
		return rmt_audit_fault(check, PLACE_BASIC, "this issuer has no basic constraints, so that it is no CA");
	if (read_constraints(ext, &constraints))
		return rmt_audit_unreadable(check, PLACE_BASIC, "the basic constraints extension");
	if (!constraints.ca)
		return rmt_audit_fault(check, PLACE_BASIC, "the basic constraints of this issuer say that it is no CA");
	if (!ext->critical)
		return fault_of_strict(check, PLACE_BASIC, "the basic constraints of this issuer are not critical");
	return 0;
}

int
rmt_rule_ca_key_usage(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_KEY_USAGE);
	unsigned bits;

	if (!ext)
		return fault_of_strict(check, PLACE_USAGE, "this issuer has no key usage");
	if (rmt_ext_key_usage(ext->value, &bits, NULL))
		return rmt_audit_unreadable(check, PLACE_USAGE, "the key usage");
	if (bits & RMT_KU_CERT_SIGN)
		return 0;
	return rmt_audit_fault(check, PLACE_USAGE, "the key usage of this issuer lacks keyCertSign");
}

int
rmt_rule_path_length(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints;
	int below = 0;

	if (!ext || read_constraints(ext, &constraints) || constraints.path_length < 0)
		return 0;
	for (size_t i = 1; i < check->depth; i++)
		below += !rmt_cert_self_issued(check->path.cert[i]);
	if (below <= constraints.path_length)
		return 0;
	return rmt_audit_fault(check, PLACE_BASIC, "this issuer allows %d CAs below it, and there are %d",
	    constraints.path_length, below);
}

/* ---- key identifiers --------------------------------------------------------------------------------------------------------- */

int
rmt_rule_authority_key_id(struct rmt_check *check)
{
	const char *place = "tbs.extensions.authorityKeyIdentifier";
	const struct rmt_ext *ext = extension(check, RMT_EXT_AUTHORITY_KEY_ID);
	struct rmt_authority_key_id id;

	if (rmt_cert_self_issued(check->on->cert))
		return 0;
	if (!ext)
		return rmt_audit_fault(check, place, "there is no authority key identifier");
	if (rmt_ext_authority_key_id(ext->value, &id, NULL))
		return rmt_audit_unreadable(check, place, "the authority key identifier");
	if (!id.key_id.length)
		return rmt_audit_fault(check, place, "the authority key identifier holds no key identifier");
	return 0;
}

int
rmt_rule_subject_key_id(struct rmt_check *check)
{
	const char *place = "tbs.extensions.subjectKeyIdentifier";
	const struct rmt_ext *ext = extension(check, RMT_EXT_SUBJECT_KEY_ID);
	struct rmt_span key_id;

	if (!ext)
		return rmt_audit_fault(check, place, "this issuer has no subject key identifier");
	if (rmt_ext_subject_key_id(ext->value, &key_id, NULL) || !key_id.length)
		return rmt_audit_unreadable(check, place, "the subject key identifier");
	return 0;
}

/* ---- extensions as a whole --------------------------------------------------------------------------------------------------- */

/* The extension's name, or its dotted identifier, in the audit's list. */
static const char *
name_of(struct rmt_check *check, const struct rmt_ext *ext)
{
	struct rmt_buf *list = &check->audit->list;

	rmt_buf_clear(list);
	rmt_oid_text(ext->oid, list);
	return rmt_buf_string(list);
}

int
rmt_rule_extensions_duplicate(struct rmt_check *check)
{
	const struct rmt_extensions *extensions = &check->on->cert->extensions;
	int rc = 0;

	if (!extensions->duplicate)
		return 0;
	for (unsigned i = 0; i < extensions->count && !rc; i++) {
		unsigned first = 0;

		while (!rmt_span_equal(extensions->list[first].oid, extensions->list[i].oid))
			first++;
		if (first < i)
			rc = rmt_audit_fault(check, "tbs.extensions", "the extension %s occurs twice",
			    name_of(check, &extensions->list[i]));
	}
	return rc;
}

int
rmt_rule_extensions_unknown(struct rmt_check *check)
{
	const struct rmt_extensions *extensions = &check->on->cert->extensions;
	int rc = 0;

	for (unsigned i = 0; i < extensions->count && !rc; i++)
		if (extensions->list[i].critical && extensions->list[i].id < 0)
			rc = rmt_audit_fault(check, "tbs.extensions", "the unknown extension %s is critical",
			    name_of(check, &extensions->list[i]));
	return rc;
}

static int
pass_uri(void *arg, struct rmt_span uri)
{
	(void)arg;
	(void)uri;
	return 0;
}

static int
pass_access(void *arg, struct rmt_span method, const struct rmt_general_name *location)
{
	(void)arg;
	(void)method;
	(void)location;
	return 0;
}

static bool
names_readable(struct rmt_span value)
{
	struct rmt_general_name name;
	struct rmt_der cursor;
	int more;

	if (rmt_general_open(value, &cursor, NULL))
		return false;
	while ((more = rmt_general_next(&cursor, &name, NULL)) > 0)
		continue;
	return more == 0;
}

static bool
purposes_readable(struct rmt_span value)
{
	struct rmt_der cursor;
	struct rmt_span oid;

	if (rmt_ext_eku_open(value, &cursor, NULL) || !rmt_der_more(&cursor))
		return false;
	while (rmt_der_more(&cursor))
		if (rmt_der_oid(&cursor, &oid, NULL, NULL))
			return false;
	return true;
}

static bool
readable(const struct rmt_ext *ext)
{
	struct rmt_authority_key_id authority;
	struct rmt_basic_constraints basic;
	struct rmt_name_constraints constraints;
	struct rmt_span span;
	unsigned bits;

	switch (ext->id) {
	case RMT_EXT_AUTHORITY_KEY_ID:
		return !rmt_ext_authority_key_id(ext->value, &authority, NULL);
	case RMT_EXT_SUBJECT_KEY_ID:
		return !rmt_ext_subject_key_id(ext->value, &span, NULL);
	case RMT_EXT_KEY_USAGE:
		return !rmt_ext_key_usage(ext->value, &bits, NULL);
	case RMT_EXT_CERTIFICATE_POLICIES:
		return !rmt_ext_policies(ext->value, pass_uri, NULL, NULL);
	case RMT_EXT_SUBJECT_ALT_NAME:
	case RMT_EXT_ISSUER_ALT_NAME:
		return names_readable(ext->value);
	case RMT_EXT_BASIC_CONSTRAINTS:
		return !read_constraints(ext, &basic);
	case RMT_EXT_NAME_CONSTRAINTS:
		return !rmt_ext_name_constraints(ext->value, &constraints, NULL);
	case RMT_EXT_EXTENDED_KEY_USAGE:
		return purposes_readable(ext->value);
	case RMT_EXT_CRL_DISTRIBUTION:
	case RMT_EXT_FRESHEST_CRL:
		return !rmt_ext_crl_uris(ext->value, pass_uri, NULL, NULL);
	case RMT_EXT_AUTHORITY_INFO:
		return !rmt_ext_access(ext->value, pass_access, NULL, NULL);
	default:
		return true;
	}
}

int
rmt_rule_extensions_malformed(struct rmt_check *check)
{
	const struct rmt_extensions *extensions = &check->on->cert->extensions;
	int rc = 0;

	for (unsigned i = 0; i < extensions->count && !rc; i++)
		if (!readable(&extensions->list[i]))
			rc = rmt_audit_fault(check, "tbs.extensions", "the extension %s cannot be read",
			    name_of(check, &extensions->list[i]));
	return rc;
}

/* ---- encoding ------------------------------------------------------------------------------------------------------------------ */

/* The reader of certificates leaves extension values alone; this one is where real certificates differ. */
static int
constraints_encoding(struct rmt_check *check)
{
	const struct rmt_ext *ext = extension(check, RMT_EXT_BASIC_CONSTRAINTS);
	struct rmt_basic_constraints constraints;
	struct rmt_notes notes = { 0 };

	if (!ext || rmt_ext_basic_constraints(ext->value, &constraints, &notes, NULL) || !notes.count)
		return 0;
	return rmt_audit_fault(check, PLACE_BASIC, "%s", rmt_deviation_text(notes.note[0].kind));
}

int
rmt_rule_encoding(struct rmt_check *check)
{
	const struct rmt_notes *notes = &check->on->cert->notes;
	unsigned kept = notes->count < RMT_NOTES_MAX ? notes->count : RMT_NOTES_MAX;
	char place[32];
	int rc = 0;

	for (unsigned i = 0; i < kept && !rc; i++) {
		snprintf(place, sizeof place, "offset %u", (unsigned)notes->note[i].offset);
		rc = rmt_audit_fault(check, place, "%s", rmt_deviation_text(notes->note[i].kind));
	}
	if (!rc && notes->count > kept)
		rc = rmt_audit_fault(check, "certificate", "%u more deviations from DER", notes->count - kept);
	return rc ? rc : constraints_encoding(check);
}
