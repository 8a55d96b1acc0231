/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/lint.c - the table of lints, and their run over one certificate or over the bytes that are to become one.
 *
 * A lint asks what a standard asks of every certificate; what one consumer asks is a rule (rules.c). Where a rule asks
 * the same, the row names the rule's own check. An error is a breach of a MUST, a warning one of a SHOULD or something
 * that readers are known to stumble over, a remark what only some care about.
 *
 * How to add a lint:
 *  1. Choose the id: `lint.<field or extension>.<aspect>`.
 *  2. Write the check in the lint_*.c of its family: it reports each fault through rmt_audit_fault() or
 *     rmt_lint_fault(), allocates nothing when there is none, and leaves alone what cannot be read, since
 *     lint.extensions.malformed tells of that. Declare it in audit/local.h.
 *  3. Add the row here: id, severity, what holds where it passes, citation, zlint's name of the same check or NULL, the
 *     extension that it is about or ALWAYS, the check. A check of single names stands in a NAME or SUBJECT row.
 *  4. Add a passing and a failing row to tests/unit/test_lint.c, which refuses a lint without both.
 *  5. Write docs/lints.md anew from the table: the test says how.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/local.h"

#define FIX "issue the certificate anew without this fault"
#define ALWAYS (-1)

#define RULE(id, grave, title, citation, check) \
	{ id, title, citation, FIX, RMT_SEVERITY_##grave, RMT_REMEDY_REISSUE, "", NULL, RMT_ON_LEAF, RMT_VALUES_NONE, check }
#define LINT(id, grave, title, citation, aka, on, check) { RULE(id, grave, title, citation, check), aka, on, NULL, NULL }
#define SEALED(id, grave, title, citation, aka, check) \
	{ { id, title, citation, FIX, RMT_SEVERITY_##grave, RMT_REMEDY_REISSUE, "", NULL, RMT_ON_LEAF_SIGNED, RMT_VALUES_NONE, check }, \
	    aka, ALWAYS, NULL, NULL }
#define NAME(id, grave, title, citation, aka, check) \
	{ RULE(id, grave, title, citation, NULL), aka, RMT_EXT_SUBJECT_ALT_NAME, check, NULL }
#define SUBJECT(id, grave, title, citation, aka, check) { RULE(id, grave, title, citation, NULL), aka, ALWAYS, NULL, check }

static const struct rmt_lint_row rows[] = {
	/* ---- fields (lint_field.c) */
	LINT("lint.version.known", ERROR, "The version is 1, 2 or 3 and allows unique identifiers where there are some", "RFC 5280, 4.1.2.1", NULL, ALWAYS, rmt_lint_version_known),
	LINT("lint.version.extensions", ERROR, "A certificate with extensions is of version 3", "RFC 5280, 4.1.2.1",
	    "e_cert_extensions_version_not_3", ALWAYS, rmt_lint_version),
	LINT("lint.encoding.der", ERROR, "The certificate is encoded in DER without deviation", "RFC 5280, 4.1; X.690, 10 and 11", NULL,
	    ALWAYS, rmt_lint_encoding),
	LINT("lint.serial.positive", ERROR, "The serial number is positive", "RFC 5280, 4.1.2.2", "e_serial_number_not_positive", ALWAYS,
	    rmt_rule_serial_positive),
	LINT("lint.serial.length", ERROR, "The serial number has at most 20 octets", "RFC 5280, 4.1.2.2",
	    "e_serial_number_longer_than_20_octets", ALWAYS, rmt_rule_serial_length),
	LINT("lint.serial.entropy", WARNING, "The serial number has room for 64 random bits", "CA/Browser Forum TLS BR, 7.1", NULL, ALWAYS,
	    rmt_lint_serial_entropy),
	SEALED("lint.signature.match", ERROR, "The signature algorithm is the same inside and outside the signed part",
	    "RFC 5280, 4.1.1.2", "e_cert_sig_alg_not_match_tbs_sig_alg", rmt_rule_algorithm_match),
	LINT("lint.signature.parameters", ERROR, "The parameters of the signature algorithm are NULL for RSA and absent for other keys",
	    "RFC 4055, 5; RFC 5758, 3.2; RFC 8410, 3", "e_tbs_signature_rsa_encryption_parameter_not_null", ALWAYS, rmt_lint_parameters),
	LINT("lint.signature.digest", WARNING, "The certificate is signed with a digest without known collisions",
	    "RFC 6151, 2; RFC 6194, 4", "e_sub_cert_or_sub_ca_using_sha1", ALWAYS, rmt_lint_digest),
	LINT("lint.signature.issuer-key", ERROR, "The signature algorithm fits the issuer's key", "RFC 5280, 4.1.1.2", NULL, ALWAYS,
	    rmt_lint_signer_kind),
	LINT("lint.issuer.empty", ERROR, "The issuer has a name", "RFC 5280, 4.1.2.4", "e_issuer_field_empty", ALWAYS,
	    rmt_lint_issuer_empty),
	LINT("lint.issuer.name", ERROR, "The issuer's name is that of its certificate, byte for byte", "RFC 5280, 4.1.2.6", NULL, ALWAYS,
	    rmt_lint_issuer_name),
	LINT("lint.subject.ca", ERROR, "A CA has a name", "RFC 5280, 4.1.2.6", "e_ca_subject_field_empty", ALWAYS, rmt_lint_ca_subject),
	LINT("lint.subject.empty", ERROR, "With an empty subject the subject alternative name is there and critical",
	    "RFC 5280, 4.2.1.6", "e_ext_san_not_critical_without_subject", ALWAYS, rmt_rule_san_critical),
	LINT("lint.unique-id.absent", ERROR, "There are no unique identifiers of issuer or subject", "RFC 5280, 4.1.2.8",
	    "e_cert_contains_unique_identifier", ALWAYS, rmt_lint_unique_ids),
	LINT("lint.validity.order", ERROR, "The end of the validity is not before its beginning", "RFC 5280, 4.1.2.5",
	    "e_validity_time_not_positive", ALWAYS, rmt_lint_dates_order),
	LINT("lint.validity.form", ERROR, "Dates through 2049 are of type UTCTime", "RFC 5280, 4.1.2.5", "e_wrong_time_format_pre2050",
	    ALWAYS, rmt_lint_time_form),
	LINT("lint.validity.seconds", ERROR, "Dates state their seconds", "RFC 5280, 4.1.2.5.1 and 4.1.2.5.2",
	    "e_utc_time_does_not_include_seconds", ALWAYS, rmt_lint_time_seconds),
	LINT("lint.validity.zulu", ERROR, "Dates are in Greenwich Mean Time and end with Z", "RFC 5280, 4.1.2.5.1 and 4.1.2.5.2",
	    "e_utc_time_not_in_zulu", ALWAYS, rmt_lint_time_zulu),
	LINT("lint.validity.fraction", ERROR, "Dates have no fractions of seconds", "RFC 5280, 4.1.2.5.2",
	    "e_generalized_time_includes_fraction_seconds", ALWAYS, rmt_lint_time_fraction),
	LINT("lint.validity.extra-second", WARNING, "The validity is not a number of whole days and one second more",
	    "RFC 5280, 4.1.2.5: both ends count", NULL, ALWAYS, rmt_lint_extra_second),
	LINT("lint.validity.public", INFO, "The certificate lives no longer than one of a public CA for TLS may",
	    "CA/Browser Forum TLS BR, 6.3.2", "e_tls_server_cert_valid_time_longer_than_398_days", ALWAYS, rmt_lint_public_lifetime),
	LINT("lint.validity.issuer", WARNING, "The certificate ends no later than its issuer's", "RFC 5280, 6.1.3 (a) (2)", NULL, ALWAYS,
	    rmt_lint_within_issuer),
	/* ---- names of subject and issuer (lint_name.c) */
	LINT("lint.name.alphabet", ERROR, "Strings of names hold only characters of their type", "X.680, 41",
	    "e_subject_printable_string_badalpha", ALWAYS, rmt_lint_alphabet),
	SUBJECT("lint.name.string-type", WARNING, "Text in the subject is a PrintableString or a UTF8String",
	    "RFC 5280, 4.1.2.4 and 4.1.2.6", NULL, rmt_lint_string_type),
	SUBJECT("lint.name.length", ERROR, "Attributes of the subject keep to their upper bounds", "RFC 5280, A.1",
	    "e_subject_common_name_max_length", rmt_lint_attribute_length),
	SUBJECT("lint.name.empty", ERROR, "No attribute of the subject is empty", "RFC 5280, A.1", NULL, rmt_lint_attribute_empty),
	SUBJECT("lint.name.printable", ERROR, "Country, serial number and DN qualifier are PrintableStrings", "RFC 5280, A.1",
	    "e_subject_dn_country_not_printable_string", rmt_lint_printable_only),
	LINT("lint.name.country", WARNING, "A country is a code of two capital letters", "RFC 5280, A.1; ISO 3166-1",
	    "e_subject_country_not_iso", ALWAYS, rmt_lint_country_code),
	SUBJECT("lint.name.ia5", ERROR, "E-mail addresses and domain components in the subject are IA5Strings", "RFC 5280, A.1; RFC 4519, 2.4",
	    NULL, rmt_lint_ia5_only),
	SUBJECT("lint.name.control", ERROR, "The subject has no control characters", "RFC 5280, 4.1.2.6; X.520",
	    "e_subject_dn_not_printable_characters", rmt_lint_control),
	SUBJECT("lint.name.blanks", WARNING, "No attribute of the subject begins or ends with a blank", "RFC 5280, 7.1",
	    "w_subject_dn_trailing_whitespace", rmt_lint_blanks),
	LINT("lint.name.multi-valued", INFO, "Each attribute of the subject stands by itself", "RFC 4514, 2.2", "n_multiple_subject_rdn",
	    ALWAYS, rmt_lint_multi_valued),
	LINT("lint.name.common-names", WARNING, "The subject has no second common name", "CA/Browser Forum TLS BR, 7.1.4.3",
	    "w_extra_subject_common_names", ALWAYS, rmt_lint_common_names),
	/* ---- extensions as a whole (lint_extension.c) */
	LINT("lint.extensions.duplicate", ERROR, "No extension occurs twice", "RFC 5280, 4.2", "e_ext_duplicate_extension", ALWAYS,
	    rmt_rule_extensions_duplicate),
	LINT("lint.extensions.malformed", ERROR, "Every known extension can be read", "RFC 5280, 4.2", NULL, ALWAYS, rmt_lint_malformed),
	LINT("lint.extensions.der", ERROR, "Every known extension is encoded in DER", "RFC 5280, 4.2; X.690, 10 and 11", NULL, ALWAYS,
	    rmt_lint_extensions_der),
	LINT("lint.extensions.unknown-critical", ERROR, "No unknown extension is critical", "RFC 5280, 4.2", NULL, ALWAYS,
	    rmt_rule_extensions_unknown),
	/* ---- key identifiers */
	LINT("lint.authority-key-id.present", ERROR, "There is an authority key identifier, unless the certificate is self-issued",
	    "RFC 5280, 4.2.1.1", "e_ext_authority_key_identifier_missing", ALWAYS, rmt_lint_authority_present),
	LINT("lint.authority-key-id.critical", ERROR, "The authority key identifier is not critical", "RFC 5280, 4.2.1.1",
	    "e_ext_authority_key_identifier_critical", RMT_EXT_AUTHORITY_KEY_ID, rmt_lint_not_critical),
	LINT("lint.authority-key-id.key", ERROR, "The authority key identifier holds a key identifier", "RFC 5280, 4.2.1.1",
	    "e_ext_authority_key_identifier_no_key_identifier", RMT_EXT_AUTHORITY_KEY_ID, rmt_lint_authority_key),
	LINT("lint.authority-key-id.pair", ERROR, "The authority key identifier has issuer and serial number both, or neither",
	    "RFC 5280, 4.2.1.1", NULL, RMT_EXT_AUTHORITY_KEY_ID, rmt_lint_authority_pair),
	LINT("lint.authority-key-id.issuer", ERROR, "The authority key identifier is the issuer's subject key identifier",
	    "RFC 5280, 4.2.1.2", NULL, RMT_EXT_AUTHORITY_KEY_ID, rmt_lint_authority_match),
	LINT("lint.subject-key-id.ca", ERROR, "A CA has a subject key identifier", "RFC 5280, 4.2.1.2",
	    "e_ext_subject_key_identifier_missing_ca", ALWAYS, rmt_lint_subject_key_ca),
	LINT("lint.subject-key-id.leaf", INFO, "A leaf has a subject key identifier", "RFC 5280, 4.2.1.2",
	    "w_ext_subject_key_identifier_missing_sub_cert", ALWAYS, rmt_lint_subject_key_leaf),
	LINT("lint.subject-key-id.critical", ERROR, "The subject key identifier is not critical", "RFC 5280, 4.2.1.2",
	    "e_ext_subject_key_identifier_critical", RMT_EXT_SUBJECT_KEY_ID, rmt_lint_not_critical),
	/* ---- key usage (lint_usage.c) */
	LINT("lint.key-usage.critical", WARNING, "The key usage is critical", "RFC 5280, 4.2.1.3", "w_ext_key_usage_not_critical",
	    RMT_EXT_KEY_USAGE, rmt_lint_critical),
	LINT("lint.key-usage.bits", ERROR, "The key usage names at least one use", "RFC 5280, 4.2.1.3", "e_ext_key_usage_without_bits",
	    RMT_EXT_KEY_USAGE, rmt_lint_usage_bits),
	LINT("lint.key-usage.der", ERROR, "The key usage leaves out the bits after the last one that is set", "X.690, 11.2.2", NULL,
	    RMT_EXT_KEY_USAGE, rmt_lint_usage_der),
	LINT("lint.key-usage.ca", ERROR, "A CA has a key usage with keyCertSign", "RFC 5280, 4.2.1.3", NULL, ALWAYS, rmt_lint_usage_ca),
	LINT("lint.key-usage.cert-sign", ERROR, "Only a CA has the key usage keyCertSign", "RFC 5280, 4.2.1.3 and 4.2.1.9",
	    "e_ext_key_usage_cert_sign_without_ca", RMT_EXT_KEY_USAGE, rmt_lint_usage_not_ca),
	LINT("lint.key-usage.key", ERROR, "A key of this kind can be used so",
	    "RFC 3279, 2.3; RFC 4055, 1.2; RFC 8813, 3; RFC 8410, 5; RFC 9881, 5", "n_ecdsa_ee_invalid_ku", RMT_EXT_KEY_USAGE,
	    rmt_lint_usage_kind),
	LINT("lint.key-usage.only", WARNING, "A key usage of encipherOnly or decipherOnly is one of keyAgreement", "RFC 5280, 4.2.1.3", NULL,
	    RMT_EXT_KEY_USAGE, rmt_lint_usage_only),
	LINT("lint.key-usage.purposes", WARNING, "The key usage allows what each purpose of the extended key usage needs",
	    "RFC 5280, 4.2.1.12", "e_key_usage_and_extended_key_usage_inconsistent", RMT_EXT_KEY_USAGE, rmt_lint_usage_purpose),
	LINT("lint.key.sound", ERROR, "The public key shows no known weakness", "NIST SP 800-89, 5.3.3", "e_rsa_mod_less_than_2048_bits",
	    ALWAYS, rmt_rule_key_sound),
	LINT("lint.key.point", WARNING, "The point of an EC key is not compressed", "RFC 5480, 2.2", NULL, ALWAYS, rmt_lint_key_point),
	/* ---- basic constraints */
	LINT("lint.basic-constraints.critical", ERROR, "A CA's basic constraints are critical", "RFC 5280, 4.2.1.9", NULL,
	    RMT_EXT_BASIC_CONSTRAINTS, rmt_lint_basic_critical),
	LINT("lint.basic-constraints.path-length", ERROR, "Only a CA has a path length", "RFC 5280, 4.2.1.9",
	    "e_path_len_constraint_improperly_included", RMT_EXT_BASIC_CONSTRAINTS, rmt_lint_basic_length),
	LINT("lint.basic-constraints.cert-sign", ERROR, "A CA with a path length may sign certificates", "RFC 5280, 4.2.1.9", NULL,
	    RMT_EXT_BASIC_CONSTRAINTS, rmt_lint_basic_length_sign),
	LINT("lint.basic-constraints.default", ERROR, "A cA of FALSE is left out", "X.690, 11.5", NULL, RMT_EXT_BASIC_CONSTRAINTS,
	    rmt_lint_basic_default),
	/* ---- extended key usage and OCSP */
	LINT("lint.eku.empty", ERROR, "An extended key usage names at least one purpose", "RFC 5280, 4.2.1.12", NULL,
	    RMT_EXT_EXTENDED_KEY_USAGE, rmt_lint_not_empty),
	LINT("lint.eku.any-critical", WARNING, "An extended key usage with any purpose is not critical", "RFC 5280, 4.2.1.12",
	    "w_eku_critical_improperly", RMT_EXT_EXTENDED_KEY_USAGE, rmt_lint_eku_any),
	LINT("lint.eku.duplicate", WARNING, "The extended key usage names no purpose twice", "RFC 5280, 4.2.1.12", NULL,
	    RMT_EXT_EXTENDED_KEY_USAGE, rmt_lint_eku_duplicate),
	LINT("lint.ocsp.nocheck", WARNING, "Only the certificate of an OCSP responder says that it is not checked itself",
	    "RFC 6960, 4.2.2.2.1", NULL, RMT_EXT_OCSP_NOCHECK, rmt_lint_nocheck),
	LINT("lint.ocsp.ca", ERROR, "The certificate of an OCSP responder is no CA's", "RFC 6960, 4.2.2.2", NULL,
	    RMT_EXT_EXTENDED_KEY_USAGE, rmt_lint_ocsp_ca),
	/* ---- alternative names (lint_general.c, lint_dns.c) */
	LINT("lint.san.empty", ERROR, "A subject alternative name names something", "RFC 5280, 4.2.1.6", "e_ext_san_no_entries",
	    RMT_EXT_SUBJECT_ALT_NAME, rmt_lint_not_empty),
	LINT("lint.san.critical", WARNING, "Beside a subject the subject alternative name is not critical", "RFC 5280, 4.2.1.6",
	    "w_ext_san_critical_with_subject_dn", RMT_EXT_SUBJECT_ALT_NAME, rmt_lint_san_critical),
	LINT("lint.san.duplicate", WARNING, "No alternative name stands there twice", "RFC 5280, 4.2.1.6", "n_san_dns_name_duplicate",
	    RMT_EXT_SUBJECT_ALT_NAME, rmt_lint_san_duplicate),
	LINT("lint.san.common-name", WARNING, "A common name that can be a host's stands among the alternative names too", "RFC 9525, 4.1",
	    "e_subject_common_name_not_from_san", RMT_EXT_SUBJECT_ALT_NAME, rmt_rule_san_covers_cn),
	NAME("lint.san.empty-name", ERROR, "No alternative name is empty", "RFC 5280, 4.2.1.6", "e_ext_san_empty_name", rmt_lint_name_empty),
	NAME("lint.san.control", ERROR, "No alternative name has a control character or a NUL", "RFC 5280, 4.2.1.6",
	    "e_san_dns_name_includes_null_char", rmt_lint_name_control),
	NAME("lint.san.dns-ia5", ERROR, "Host names are ASCII", "RFC 5280, 4.2.1.6", "e_ext_san_dns_not_ia5_string", rmt_lint_dns_ia5),
	NAME("lint.san.dns-blank", ERROR, "No host name is a blank", "RFC 5280, 4.2.1.6", "e_ext_san_space_dns_name", rmt_lint_dns_blank),
	NAME("lint.san.dns-characters", ERROR, "Host names are of letters, digits, hyphens and dots", "RFC 5280, 4.2.1.6; RFC 1123, 2.1",
	    "e_dnsname_bad_character_in_label", rmt_lint_dns_characters),
	NAME("lint.san.dns-underscore", WARNING, "No host name has an underscore", "RFC 5280, 4.2.1.6; RFC 1123, 2.1",
	    "w_dnsname_underscore_in_trd", rmt_lint_dns_underscore),
	NAME("lint.san.dns-empty-label", ERROR, "No label of a host name is empty", "RFC 1034, 3.5", "e_dnsname_empty_label",
	    rmt_lint_dns_empty_label),
	NAME("lint.san.dns-label-length", ERROR, "Labels of host names have at most 63 characters", "RFC 1034, 3.1",
	    "e_dnsname_label_too_long", rmt_lint_dns_label_length),
	NAME("lint.san.dns-length", ERROR, "Host names have at most 253 characters", "RFC 1034, 3.1", "e_ext_san_dns_name_too_long",
	    rmt_lint_dns_length),
	NAME("lint.san.dns-hyphen", ERROR, "Labels of host names neither begin nor end with a hyphen", "RFC 1034, 3.5", NULL,
	    rmt_lint_dns_hyphen),
	NAME("lint.san.dns-trailing-dot", ERROR, "No host name ends with a dot", "RFC 5280, 4.2.1.6; RFC 1034, 3.5", NULL,
	    rmt_lint_dns_trailing_dot),
	NAME("lint.san.dns-wildcard", ERROR, "A wildcard is the whole first label of a longer name", "RFC 9525, 6.3",
	    "e_san_wildcard_not_first", rmt_lint_dns_wildcard),
	NAME("lint.san.dns-address", WARNING, "Addresses are not written as host names", "RFC 5280, 4.2.1.6", NULL, rmt_lint_dns_address),
	NAME("lint.san.dns-a-label", ERROR, "Labels that begin with xn-- are encoded Unicode", "RFC 9549, 2.2; RFC 3492",
	    "e_international_dns_name_not_unicode", rmt_lint_dns_a_label),
	NAME("lint.san.dns-reserved", WARNING, "Only A-labels have hyphens as third and fourth character", "RFC 5890, 2.3.1", NULL,
	    rmt_lint_dns_reserved),
	NAME("lint.san.ip-length", ERROR, "Addresses have 4 or 16 octets", "RFC 5280, 4.2.1.6", NULL, rmt_lint_ip_length),
	NAME("lint.san.email", ERROR, "E-mail addresses are of the form local@host", "RFC 5280, 4.2.1.6", "e_ext_san_rfc822_format_invalid",
	    rmt_lint_email),
	NAME("lint.san.smtp-utf8", ERROR, "An internationalised e-mail address is a UTF8String with a local part beyond ASCII",
	    "RFC 9598, 3", NULL, rmt_lint_smtp_utf8),
	NAME("lint.san.uri-ia5", ERROR, "URIs are ASCII", "RFC 5280, 4.2.1.6", "e_ext_san_uri_not_ia5", rmt_lint_uri_ia5),
	NAME("lint.san.uri-relative", ERROR, "URIs are absolute: they have a scheme and what belongs to it", "RFC 5280, 4.2.1.6",
	    "e_ext_san_uri_relative", rmt_lint_uri_relative),
	NAME("lint.san.uri-host", ERROR, "The authority of a URI has a host name or an address", "RFC 5280, 4.2.1.6",
	    "e_ext_san_uri_host_not_fqdn_or_ip", rmt_lint_uri_host),
	LINT("lint.ian.empty", ERROR, "An issuer alternative name names something", "RFC 5280, 4.2.1.7", "e_ext_ian_no_entries",
	    RMT_EXT_ISSUER_ALT_NAME, rmt_lint_not_empty),
	LINT("lint.ian.critical", WARNING, "The issuer alternative name is not critical", "RFC 5280, 4.2.1.7", "w_ext_ian_critical",
	    RMT_EXT_ISSUER_ALT_NAME, rmt_lint_not_critical),
	/* ---- where revocation and the issuer are found (lint_places.c) */
	LINT("lint.crl-distribution.empty", ERROR, "The CRL distribution points have at least one point", "RFC 5280, 4.2.1.13", NULL,
	    RMT_EXT_CRL_DISTRIBUTION, rmt_lint_not_empty),
	LINT("lint.crl-distribution.critical", WARNING, "The CRL distribution points are not critical", "RFC 5280, 4.2.1.13",
	    "w_ext_crl_distribution_marked_critical", RMT_EXT_CRL_DISTRIBUTION, rmt_lint_not_critical),
	LINT("lint.crl-distribution.complete", ERROR, "Each CRL distribution point has a name or an issuer", "RFC 5280, 4.2.1.13",
	    "e_distribution_point_incomplete", RMT_EXT_CRL_DISTRIBUTION, rmt_lint_points_complete),
	LINT("lint.crl-distribution.reasons", ERROR, "Some CRL distribution point covers all reasons", "RFC 5280, 4.2.1.13", NULL,
	    RMT_EXT_CRL_DISTRIBUTION, rmt_lint_points_reasons),
	LINT("lint.crl-distribution.absolute", ERROR, "URIs of CRLs are absolute", "RFC 5280, 4.2.1.13 and 4.2.1.6", NULL,
	    RMT_EXT_CRL_DISTRIBUTION, rmt_lint_points_relative),
	LINT("lint.crl-distribution.http", WARNING, "The CRL can be had over HTTP", "RFC 5280, 4.2.1.13",
	    "w_distribution_point_missing_ldap_or_uri", RMT_EXT_CRL_DISTRIBUTION, rmt_rule_crl_http),
	LINT("lint.crl-distribution.https", WARNING, "No CRL is fetched by way of another certificate (https, ldaps)", "RFC 5280, 8", NULL,
	    RMT_EXT_CRL_DISTRIBUTION, rmt_lint_points_https),
	LINT("lint.freshest-crl.empty", ERROR, "The freshest CRL has at least one point", "RFC 5280, 4.2.1.15", NULL,
	    RMT_EXT_FRESHEST_CRL, rmt_lint_not_empty),
	LINT("lint.freshest-crl.critical", ERROR, "The freshest CRL is not critical", "RFC 5280, 4.2.1.15",
	    "e_ext_freshest_crl_marked_critical", RMT_EXT_FRESHEST_CRL, rmt_lint_not_critical),
	LINT("lint.authority-info.empty", ERROR, "The authority information access has at least one place", "RFC 5280, 4.2.2.1", NULL,
	    RMT_EXT_AUTHORITY_INFO, rmt_lint_not_empty),
	LINT("lint.authority-info.critical", ERROR, "The authority information access is not critical", "RFC 5280, 4.2.2.1",
	    "e_ext_aia_marked_critical", RMT_EXT_AUTHORITY_INFO, rmt_lint_not_critical),
	LINT("lint.authority-info.method", WARNING, "The authority information access tells of issuers and OCSP only", "RFC 5280, 4.2.2.1",
	    NULL, RMT_EXT_AUTHORITY_INFO, rmt_lint_access_method),
	LINT("lint.authority-info.uri", WARNING, "Issuers and OCSP responders are found by an http or ldap URI", "RFC 5280, 4.2.2.1",
	    "w_ext_aia_access_location_missing", RMT_EXT_AUTHORITY_INFO, rmt_lint_access_uri),
	/* ---- policies (lint_policies.c) */
	LINT("lint.policies.empty", ERROR, "The certificate policies have at least one policy", "RFC 5280, 4.2.1.4",
	    "e_sub_cert_cert_policy_empty", RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_not_empty),
	LINT("lint.policies.duplicate", ERROR, "No policy stands there twice", "RFC 5280, 4.2.1.4", "e_ext_cert_policy_duplicate",
	    RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_duplicate),
	LINT("lint.policies.any", ERROR, "Qualifiers of any policy are statements and notices only", "RFC 5280, 4.2.1.4",
	    "e_ext_cert_policy_disallowed_any_policy_qualifier", RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_any),
	LINT("lint.policies.text-length", ERROR, "A notice has at most 200 characters", "RFC 5280, 4.2.1.4; RFC 6818, 3",
	    "e_ext_cert_policy_explicit_text_too_long", RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_long),
	LINT("lint.policies.text-ia5", ERROR, "No notice is an IA5String", "RFC 6818, 3", "e_ext_cert_policy_explicit_text_ia5_string",
	    RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_ia5),
	LINT("lint.policies.text-utf8", WARNING, "A notice is a UTF8String", "RFC 6818, 3", "w_ext_cert_policy_explicit_text_not_utf8",
	    RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_utf8),
	LINT("lint.policies.text-control", WARNING, "A notice has no control characters", "RFC 6818, 3",
	    "w_ext_cert_policy_explicit_text_includes_control", RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_control),
	LINT("lint.policies.notice-reference", WARNING, "Notices are given, not referred to", "RFC 5280, 4.2.1.4",
	    "w_ext_cert_policy_contains_noticeref", RMT_EXT_CERTIFICATE_POLICIES, rmt_lint_policies_reference),
	LINT("lint.policy-mappings.empty", ERROR, "The policy mappings have at least one pair", "RFC 5280, 4.2.1.5", NULL,
	    RMT_EXT_POLICY_MAPPINGS, rmt_lint_not_empty),
	LINT("lint.policy-mappings.critical", WARNING, "Policy mappings are critical", "RFC 5280, 4.2.1.5", "w_ext_policy_map_not_critical",
	    RMT_EXT_POLICY_MAPPINGS, rmt_lint_critical),
	LINT("lint.policy-mappings.ca", ERROR, "Only a CA has policy mappings", "RFC 5280, 4.2.1.5", NULL, RMT_EXT_POLICY_MAPPINGS,
	    rmt_lint_only_ca),
	LINT("lint.policy-mappings.any", ERROR, "Any policy is not mapped", "RFC 5280, 4.2.1.5", "e_ext_policy_map_any_policy",
	    RMT_EXT_POLICY_MAPPINGS, rmt_lint_mappings_any),
	LINT("lint.policy-mappings.listed", WARNING, "Policies that are mapped stand among the certificate policies", "RFC 5280, 4.2.1.5",
	    "w_ext_policy_map_not_in_cert_policy", RMT_EXT_POLICY_MAPPINGS, rmt_lint_mappings_listed),
	LINT("lint.policy-constraints.empty", ERROR, "Policy constraints constrain something", "RFC 5280, 4.2.1.11",
	    "e_ext_policy_constraints_empty", RMT_EXT_POLICY_CONSTRAINTS, rmt_lint_not_empty),
	LINT("lint.policy-constraints.critical", ERROR, "Policy constraints are critical", "RFC 5280, 4.2.1.11",
	    "e_ext_policy_constraints_not_critical", RMT_EXT_POLICY_CONSTRAINTS, rmt_lint_critical),
	LINT("lint.policy-constraints.ca", ERROR, "Only a CA has policy constraints", "RFC 5280, 4.2.1.11", NULL,
	    RMT_EXT_POLICY_CONSTRAINTS, rmt_lint_only_ca),
	LINT("lint.inhibit-any-policy.critical", ERROR, "Inhibiting any policy is critical", "RFC 5280, 4.2.1.14",
	    "e_inhibit_any_policy_not_critical", RMT_EXT_INHIBIT_ANY_POLICY, rmt_lint_critical),
	LINT("lint.inhibit-any-policy.ca", ERROR, "Only a CA inhibits any policy", "RFC 5280, 4.2.1.14", NULL, RMT_EXT_INHIBIT_ANY_POLICY,
	    rmt_lint_only_ca),
	/* ---- name constraints (lint_policies.c) */
	LINT("lint.name-constraints.empty", ERROR, "Name constraints constrain something", "RFC 5280, 4.2.1.10", "e_name_constraint_empty",
	    RMT_EXT_NAME_CONSTRAINTS, rmt_lint_not_empty),
	LINT("lint.name-constraints.critical", ERROR, "Name constraints are critical", "RFC 5280, 4.2.1.10",
	    "e_ext_name_constraints_not_critical", RMT_EXT_NAME_CONSTRAINTS, rmt_lint_critical),
	LINT("lint.name-constraints.ca", ERROR, "Only a CA has name constraints", "RFC 5280, 4.2.1.10", "e_ext_name_constraints_not_in_ca",
	    RMT_EXT_NAME_CONSTRAINTS, rmt_lint_only_ca),
	LINT("lint.name-constraints.minimum", ERROR, "The minimum of a subtree is zero", "RFC 5280, 4.2.1.10",
	    "e_name_constraint_minimum_non_zero", RMT_EXT_NAME_CONSTRAINTS, rmt_lint_constraints_minimum),
	LINT("lint.name-constraints.maximum", ERROR, "A subtree has no maximum", "RFC 5280, 4.2.1.10",
	    "e_name_constraint_maximum_not_absent", RMT_EXT_NAME_CONSTRAINTS, rmt_lint_constraints_maximum),
	LINT("lint.name-constraints.mask", ERROR, "Addresses stand with a mask without holes", "RFC 5280, 4.2.1.10; RFC 4632", NULL,
	    RMT_EXT_NAME_CONSTRAINTS, rmt_lint_constraints_mask),
	LINT("lint.name-constraints.forms", WARNING, "No name is constrained that verifiers do not look at", "RFC 5280, 4.2.1.10",
	    "w_name_constraint_on_registered_id", RMT_EXT_NAME_CONSTRAINTS, rmt_lint_constraints_forms),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

const struct rmt_lint_row *
rmt_lint_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

/* ---- preparing ---------------------------------------------------------------------------------------------------------------- */

struct rmt_audit *
rmt_lint_new(rmt_time now, struct rmt_err *err)
{
	static char name[] = "lint";
	static const struct rmt_target everybody = { .name = name };
	static const struct rmt_rule_setting as_it_is = { .severity = -1, .min = -1, .max = -1 };
	struct rmt_audit *lint = calloc(1, sizeof *lint);

	if (lint)
		lint->active = calloc(ROWS, sizeof *lint->active);
	if (!lint || !lint->active) {
		free(lint);
		rmt_err_memory(err);
		return NULL;
	}
	lint->target = &everybody;
	lint->now = now;
	for (lint->active_count = 0; lint->active_count < ROWS; lint->active_count++) {
		const struct rmt_rule_row *row = &rows[lint->active_count].rule;
		struct rmt_active *active = &lint->active[lint->active_count];

		*active = (struct rmt_active){ .row = row, .set = &as_it_is, .severity = row->severity, .fix = row->fix };
		active->citation = rmt_strdup(row->citation, err);
		if (!active->citation) {
			rmt_audit_free(lint);
			return NULL;
		}
	}
	return lint;
}

/* ---- what checks ask ------------------------------------------------------------------------------------------------------------- */

const struct rmt_ext *
rmt_lint_ext(const struct rmt_check *check)
{
	return rmt_ext_find(&check->on->cert->extensions, (enum rmt_ext_id)check->facts->row->on);
}

int
rmt_lint_fault(struct rmt_check *check, const char *format, ...)
{
	char text[512], place[80];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	snprintf(place, sizeof place, "tbs.extensions.%s", rmt_ext_name((enum rmt_ext_id)check->facts->row->on));
	return rmt_audit_fault(check, place, "%s", text);
}

bool
rmt_lint_open(const struct rmt_check *check, struct rmt_der *list)
{
	struct rmt_der value;

	rmt_der_open(&value, rmt_lint_ext(check)->value, &rmt_notes_ignored);
	return rmt_der_enter(&value, RMT_DER_SEQUENCE, list, NULL, NULL) == 0;
}

bool
rmt_lint_purpose(const struct rmt_check *check, const char *name)
{
	return check->facts->purposes.length && rmt_ext_eku_has(check->facts->purposes, name);
}

const char *
rmt_lint_text(struct rmt_check *check, struct rmt_span text)
{
	struct rmt_buf *list = &check->audit->list;
	size_t most = 200;

	rmt_buf_clear(list);
	rmt_plain_text(rmt_span_of(text.at, text.length < most ? text.length : most), list);
	return rmt_buf_string(list);
}

/* ---- running -------------------------------------------------------------------------------------------------------------------------- */

static void
gather(const struct rmt_cert *cert, struct rmt_lint_facts *facts)
{
	const struct rmt_extensions *list = &cert->extensions;
	const struct rmt_ext *basic = rmt_ext_find(list, RMT_EXT_BASIC_CONSTRAINTS), *usage = rmt_ext_find(list, RMT_EXT_KEY_USAGE),
	                     *purposes = rmt_ext_find(list, RMT_EXT_EXTENDED_KEY_USAGE);

	facts->basic_known = basic && !rmt_ext_basic_constraints(basic->value, &facts->basic, &rmt_notes_ignored, NULL);
	facts->ca = facts->basic_known && facts->basic.ca;
	facts->usage_known = usage && !rmt_ext_key_usage(usage->value, &facts->usage, NULL);
	if (purposes)
		facts->purposes = purposes->value;
	facts->server = !facts->ca && purposes && rmt_ext_eku_has(purposes->value, "serverAuth");
	for (unsigned i = 0; i < list->count; i++)
		facts->broken += rmt_ext_check(&list->list[i], NULL, NULL) != 0;
}

static void
choose(struct rmt_check *check, struct rmt_lint_facts *facts, size_t i)
{
	facts->row = &rows[i];
	check->rule = &check->audit->active[i];
}

static int
run_names(struct rmt_check *check, struct rmt_lint_facts *facts)
{
	const struct rmt_ext *ext = rmt_ext_find(&check->on->cert->extensions, RMT_EXT_SUBJECT_ALT_NAME);
	struct rmt_general_name name;
	struct rmt_der cursor;
	int rc = 0;

	if (!ext || rmt_general_open(ext->value, &cursor, NULL))
		return 0;
	while (!rc && rmt_general_next(&cursor, &name, NULL) > 0)
		for (size_t i = 0; i < ROWS && !rc; i++)
			if (rows[i].name) {
				choose(check, facts, i);
				rc = rows[i].name(check, &name);
			}
	return rc;
}

static int
run_attributes(struct rmt_check *check, struct rmt_lint_facts *facts)
{
	struct rmt_name_cursor cursor;
	struct rmt_attribute attribute;
	int rc = 0;

	if (rmt_name_start(check->on->cert->subject, &cursor, NULL))
		return 0;
	while (!rc && rmt_name_next(&cursor, &attribute, NULL) > 0)
		for (size_t i = 0; i < ROWS && !rc; i++)
			if (rows[i].attribute) {
				choose(check, facts, i);
				rc = rows[i].attribute(check, &attribute);
			}
	return rc;
}

static bool
applies(const struct rmt_lint_row *row, const struct rmt_presented *presented)
{
	if (!row->rule.check || (presented->lint && row->rule.scope == RMT_ON_LEAF_SIGNED))
		return false;
	return row->on < 0 || rmt_ext_find(&presented->leaf->extensions, (enum rmt_ext_id)row->on);
}

int
rmt_lint_run(struct rmt_audit *lint, const struct rmt_presented *presented,
    int (*sink)(void *arg, const struct rmt_finding *finding), void *arg, struct rmt_err *err)
{
	struct rmt_lint_facts facts = { .row = rows };
	struct rmt_check check = { .audit = lint, .presented = presented, .sink = sink, .sink_arg = arg, .err = err, .facts = &facts };
	int rc = 0;

	check.judged[0].cert = presented->leaf;
	check.judged[0].given = presented->label;
	check.on = &check.judged[0];
	gather(presented->leaf, &facts);
	for (size_t i = 0; i < ROWS && !rc; i++)
		if (applies(&rows[i], presented)) {
			choose(&check, &facts, i);
			rc = rows[i].rule.check(&check);
		}
	if (!rc)
		rc = run_attributes(&check, &facts);
	if (!rc)
		rc = run_names(&check, &facts);
	rmt_buf_free(&check.judged[0].label);
	return rc;
}
