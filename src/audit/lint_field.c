/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint_field.c - lints of the fields that are no extensions: version, serial number, signature algorithm, issuer,
 * validity.
 *
 * What the names hold is in lint_name.c.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/local.h"

enum { SERIAL_LEAST = 8 };

/* ---- version and encoding --------------------------------------------------------------------------------------------- */

/* Extensions in one of version 1 or 2 have the lint below. */
int
rmt_lint_version_known(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;
	unsigned kept = cert->notes.count < RMT_NOTES_MAX ? cert->notes.count : RMT_NOTES_MAX;

	if (cert->version != 3 && cert->extensions.count)
		return 0;
	for (unsigned i = 0; i < kept; i++)
		if (cert->notes.note[i].kind == RMT_DEVIATION_VERSION)
			return rmt_audit_fault(check, "tbs.version", "%s",
			    cert->version == 3 ? "the version number stands for none of 1, 2 and 3"
					       : "the certificate is of version 1 and yet has a unique identifier");
	return 0;
}

int
rmt_lint_version(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;

	if (cert->version == 3 || !cert->extensions.count)
		return 0;
	return rmt_audit_fault(check, "tbs.version", "the certificate is of version %d and yet has extensions", cert->version);
}

/* Deviations that lints of their own tell of. */
static bool
told_elsewhere(enum rmt_deviation kind)
{
	return kind == RMT_DEVIATION_VERSION || kind == RMT_DEVIATION_TIME_FORM || kind == RMT_DEVIATION_STRING_CONTENT ||
	    kind == RMT_DEVIATION_INTEGER_NEGATIVE;
}

int
rmt_lint_encoding(struct rmt_check *check)
{
	const struct rmt_notes *notes = &check->on->cert->notes;
	unsigned kept = notes->count < RMT_NOTES_MAX ? notes->count : RMT_NOTES_MAX;
	char place[32];
	int rc = 0;

	for (unsigned i = 0; i < kept && !rc; i++) {
		if (told_elsewhere(notes->note[i].kind))
			continue;
		snprintf(place, sizeof place, "offset %u", (unsigned)notes->note[i].offset);
		rc = rmt_audit_fault(check, place, "%s", rmt_deviation_text(notes->note[i].kind));
	}
	return rc;
}

/* ---- serial number ---------------------------------------------------------------------------------------------------- */

/* What is negative or zero has a lint of its own. */
int
rmt_lint_serial_entropy(struct rmt_check *check)
{
	struct rmt_span serial = check->on->cert->serial;

	while (serial.length && !serial.at[0])
		serial = rmt_span_of(serial.at + 1, serial.length - 1);
	if (!serial.length || serial.length >= SERIAL_LEAST || (check->on->cert->serial.at[0] & 0x80))
		return 0;
	return rmt_audit_fault(check, "tbs.serialNumber", "the serial number has %zu octets, fewer than %d", serial.length,
	    SERIAL_LEAST);
}

/* ---- signature algorithm ------------------------------------------------------------------------------------------------ */

#define PLACE_ALGORITHM "tbs.signature"

int
rmt_lint_parameters(struct rmt_check *check)
{
	struct rmt_span whole = check->on->cert->inner_algorithm, oid;
	struct rmt_signature_algorithm algorithm;
	struct rmt_der outer, in;
	bool none, null;

	rmt_der_open(&outer, whole, &rmt_notes_ignored);
	if (rmt_algorithm_read(whole, &algorithm, NULL) || !algorithm.name[0] ||
	    rmt_der_enter(&outer, RMT_DER_SEQUENCE, &in, NULL, NULL) || rmt_der_oid(&in, &oid, NULL, NULL))
		return 0;
	none = !rmt_der_more(&in);
	null = rmt_der_next_is(&in, RMT_DER_NULL);
	if (!strcmp(algorithm.key, "rsa") && !null)
		return rmt_audit_fault(check, PLACE_ALGORITHM, "the parameters of %s are %s, not NULL", algorithm.name,
		    none ? "absent" : "something else");
	if (!strcmp(algorithm.key, "rsa-pss") && !rmt_der_next_is(&in, RMT_DER_SEQUENCE))
		return rmt_audit_fault(check, PLACE_ALGORITHM, "RSASSA-PSS has no parameters");
	if (strncmp(algorithm.key, "rsa", 3) && !none)
		return rmt_audit_fault(check, PLACE_ALGORITHM, "%s has parameters, and takes none", algorithm.name);
	return 0;
}

/* A root's own signature proves nothing. */
int
rmt_lint_digest(struct rmt_check *check)
{
	static const char *const broken[] = { "md2", "md4", "md5", "sha1" };
	struct rmt_signature_algorithm algorithm;

	if (rmt_chain_is_root(check->on->cert) || rmt_algorithm_read(check->on->cert->inner_algorithm, &algorithm, NULL))
		return 0;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
		if (!strcmp(algorithm.digest, broken[i]))
			return rmt_audit_fault(check, PLACE_ALGORITHM, "signed with %s, and collisions of %s are known",
			    algorithm.name, broken[i]);
	return 0;
}

int
rmt_lint_signer_kind(struct rmt_check *check)
{
	const struct rmt_cert *issuer = check->presented->issuer;
	struct rmt_signature_algorithm algorithm;
	struct rmt_spki key;
	size_t length;

	if (!issuer || rmt_algorithm_read(check->on->cert->inner_algorithm, &algorithm, NULL) || !algorithm.key[0] ||
	    rmt_spki_read(issuer->spki, &key, NULL))
		return 0;
	/* RSASSA-PSS goes with either kind of RSA key; the names of post-quantum keys say their size as well. */
	length = strncmp(algorithm.key, "rsa", 3) ? strlen(algorithm.key) : 3;
	if (!strncmp(algorithm.key, key.kind, length))
		return 0;
	return rmt_audit_fault(check, PLACE_ALGORITHM, "the algorithm is %s, and the issuer's key is of the kind %s", algorithm.name,
	    key.kind[0] ? key.kind : "unknown");
}

/* ---- issuer, subject, unique identifiers ----------------------------------------------------------------------------------- */

int
rmt_lint_issuer_empty(struct rmt_check *check)
{
	return rmt_name_empty(check->on->cert->issuer) ? rmt_audit_fault(check, "tbs.issuer", "the issuer is empty") : 0;
}

int
rmt_lint_issuer_name(struct rmt_check *check)
{
	const struct rmt_cert *issuer = check->presented->issuer;
	bool alike;

	if (!issuer || rmt_span_equal(issuer->subject, check->on->cert->issuer))
		return 0;
	alike = rmt_name_equal(issuer->subject, check->on->cert->issuer);
	return rmt_audit_fault(check, "tbs.issuer", "the issuer is %s the subject of the issuer's certificate",
	    alike ? "encoded in another way than" : "another name than");
}

int
rmt_lint_ca_subject(struct rmt_check *check)
{
	if (!check->facts->ca || !rmt_name_empty(check->on->cert->subject))
		return 0;
	return rmt_audit_fault(check, "tbs.subject", "the subject of this CA is empty");
}

int
rmt_lint_unique_ids(struct rmt_check *check)
{
	return check->on->cert->unique_ids ? rmt_audit_fault(check, "tbs.uniqueID", "there is a unique identifier") : 0;
}

/* ---- validity ---------------------------------------------------------------------------------------------------------------- */

#define PLACE_VALIDITY "tbs.validity"

int
rmt_lint_dates_order(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;

	if (cert->not_before <= cert->not_after)
		return 0;
	return rmt_audit_fault(check, PLACE_VALIDITY, "the end of the validity lies before its beginning");
}

/* Call look for the encoded form of both times; the first fault is told. */
static int
each_time(struct rmt_check *check, const char *(*look)(const struct rmt_tlv *time, rmt_time meant))
{
	static const char *const places[] = { PLACE_VALIDITY ".notBefore", PLACE_VALIDITY ".notAfter" };
	const struct rmt_cert *cert = check->on->cert;
	struct rmt_tlv time;
	struct rmt_der der;

	rmt_der_open(&der, cert->validity, &rmt_notes_ignored);
	for (int i = 0; i < 2 && rmt_der_any(&der, &time, NULL, NULL) == 0; i++) {
		const char *fault = look(&time, i ? cert->not_after : cert->not_before);

		if (fault)
			return rmt_audit_fault(check, places[i], "the time \"%s\" %s", rmt_lint_text(check, time.value), fault);
	}
	return 0;
}

/* Only a time before 1950 or from 2050 on needs the longer form. */
static const char *
look_form(const struct rmt_tlv *time, rmt_time meant)
{
	const rmt_time from = INT64_C(2524608000), until = INT64_C(-631152000);

	return time->tag == RMT_DER_GENERALIZED_TIME && meant < from && meant >= until ? "is a GeneralizedTime, not a UTCTime" : NULL;
}

static const char *
look_seconds(const struct rmt_tlv *time, rmt_time meant)
{
	size_t digits = 0;

	(void)meant;
	while (digits < time->value.length && time->value.at[digits] >= '0' && time->value.at[digits] <= '9')
		digits++;
	return digits < (time->tag == RMT_DER_UTC_TIME ? 12u : 14u) ? "states no seconds" : NULL;
}

static const char *
look_zulu(const struct rmt_tlv *time, rmt_time meant)
{
	(void)meant;
	return time->value.length && time->value.at[time->value.length - 1] == 'Z' ? NULL : "does not end with Z";
}

static const char *
look_fraction(const struct rmt_tlv *time, rmt_time meant)
{
	(void)meant;
	return memchr(time->value.at, '.', time->value.length) || memchr(time->value.at, ',', time->value.length)
	           ? "has a fraction of a second"
	           : NULL;
}

int
rmt_lint_time_form(struct rmt_check *check)
{
	return each_time(check, look_form);
}

int
rmt_lint_time_seconds(struct rmt_check *check)
{
	return each_time(check, look_seconds);
}

int
rmt_lint_time_zulu(struct rmt_check *check)
{
	return each_time(check, look_zulu);
}

int
rmt_lint_time_fraction(struct rmt_check *check)
{
	return each_time(check, look_fraction);
}

int
rmt_lint_extra_second(struct rmt_check *check)
{
	const struct rmt_cert *cert = check->on->cert;
	int64_t apart = cert->not_after - cert->not_before;

	if (apart <= 0 || apart % RMT_DAY)
		return 0;
	return rmt_audit_fault_most(check, check->facts->ca ? RMT_SEVERITY_INFO : RMT_SEVERITY_WARNING, PLACE_VALIDITY,
	    "valid for %" PRId64 " days and one second, since both ends count", apart / RMT_DAY);
}

int
rmt_lint_public_lifetime(struct rmt_check *check)
{
	static const struct {
		rmt_time from; /* what begins then or later ... */
		int days;      /* ... may live so long */
	} steps[] = {
		{ INT64_C(1519862400), 825 }, /* 2018-03-01 */
		{ INT64_C(1598918400), 398 }, /* 2020-09-01 */
		{ INT64_C(1773532800), 200 }, /* 2026-03-15 */
		{ INT64_C(1805068800), 100 }, /* 2027-03-15 */
		{ INT64_C(1868227200), 47 },  /* 2029-03-15 */
	};
	const struct rmt_cert *cert = check->on->cert;
	int64_t days = rmt_days(cert->not_after - cert->not_before + 1);
	int most = 0;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		most = cert->not_before >= steps[i].from ? steps[i].days : most;
	if (!check->facts->server || !most || days <= most)
		return 0;
	return rmt_audit_fault(check, PLACE_VALIDITY, "valid for %" PRId64 " days, and public CAs may give %d", days, most);
}

int
rmt_lint_within_issuer(struct rmt_check *check)
{
	const struct rmt_cert *issuer = check->presented->issuer;
	char text[32];

	if (!issuer || check->on->cert->not_after <= issuer->not_after)
		return 0;
	rmt_time_text(issuer->not_after, text);
	return rmt_audit_fault(check, PLACE_VALIDITY ".notAfter", "the certificate outlives its issuer, which ends on %s", text);
}
