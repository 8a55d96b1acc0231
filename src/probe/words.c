/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/words.c - alerts and verification errors in plain words. The numbers are those that
 * administrators meet in logs, so they are always said beside the words.
 */
#include "config.h"

#include <openssl/x509_vfy.h>

#include "probe/local.h"

/* RFC 8446, 6.2 and RFC 5246, 7.2; what a peer that sends it means, as far as the sender is to be
 * believed. */
/* clang-format off */
static const struct alert_row {
	int alert;
	const char *name, *words;
} alerts[] = {
	{ 0,   "close_notify",                    "it closed the connection" },
	{ 10,  "unexpected_message",              "it did not expect what it was sent" },
	{ 20,  "bad_record_mac",                  "it could not decrypt what it was sent" },
	{ 21,  "decryption_failed",               "it could not decrypt what it was sent" },
	{ 22,  "record_overflow",                 "it was sent a record too long" },
	{ 30,  "decompression_failure",           "it could not decompress what it was sent" },
	{ 40,  "handshake_failure",               "there is no version, cipher or signature algorithm that both sides take" },
	{ 41,  "no_certificate",                  "it has no certificate" },
	{ 42,  "bad_certificate",                 "it does not take the certificate" },
	{ 43,  "unsupported_certificate",         "the certificate is not meant for this use, or of a kind that it does not know" },
	{ 44,  "certificate_revoked",             "the certificate is revoked" },
	{ 45,  "certificate_expired",             "the certificate has expired or is not valid yet" },
	{ 46,  "certificate_unknown",             "it does not take the certificate and does not say why" },
	{ 47,  "illegal_parameter",               "it was sent something out of range" },
	{ 48,  "unknown_ca",                      "it does not know the authority that issued the certificate, or an intermediate is missing" },
	{ 49,  "access_denied",                   "the holder of the certificate is not let in" },
	{ 50,  "decode_error",                    "it could not read what it was sent" },
	{ 51,  "decrypt_error",                   "a signature or a key exchange does not check" },
	{ 60,  "export_restriction",              "export rules forbid it" },
	{ 70,  "protocol_version",                "it does not speak any of the versions offered" },
	{ 71,  "insufficient_security",           "it wants stronger ciphers than those offered" },
	{ 80,  "internal_error",                  "something failed on its side" },
	{ 86,  "inappropriate_fallback",          "the version was lowered without need" },
	{ 90,  "user_canceled",                   "somebody cancelled the handshake" },
	{ 100, "no_renegotiation",                "it does not negotiate again" },
	{ 109, "missing_extension",               "an extension that it needs was not sent" },
	{ 110, "unsupported_extension",           "it was sent an extension that it did not ask for" },
	{ 111, "certificate_unobtainable",        "it could not fetch the certificate" },
	{ 112, "unrecognized_name",               "it has nothing under the server name asked for (SNI)" },
	{ 113, "bad_certificate_status_response", "the OCSP response is not good" },
	{ 114, "bad_certificate_hash_value",      "the certificate is not the one announced" },
	{ 115, "unknown_psk_identity",            "it does not know the pre-shared key" },
	{ 116, "certificate_required",            "it demands a certificate" },
	{ 120, "no_application_protocol",         "it takes none of the application protocols offered" },
};

/* Behind "refuses the certificate at depth 0 (name): "; purposes are judge.c's. */
static const struct verify_row {
	int error;
	const char *words;
} verify_errors[] = {
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,         "its issuer was not sent and is not trusted" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "its issuer was not sent and is not trusted" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,   "it came alone, and its issuer is not trusted" },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE,            "its signature does not verify with the key of its issuer" },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, "the public key of its issuer cannot be read" },
	{ X509_V_ERR_CERT_NOT_YET_VALID,                "it is not valid yet" },
	{ X509_V_ERR_CERT_HAS_EXPIRED,                  "it has expired" },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,    "its notBefore cannot be read" },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,     "its notAfter cannot be read" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,       "it is self-signed and not trusted" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,         "this root is not trusted" },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG,               "the chain is too long" },
	{ X509_V_ERR_CERT_UNTRUSTED,                    "it is not trusted for this use" },
	{ X509_V_ERR_CERT_REJECTED,                     "it is marked as not to be trusted" },
	{ X509_V_ERR_INVALID_CA,                        "it issued a certificate and is no CA (basicConstraints)" },
	{ X509_V_ERR_INVALID_NON_CA,                    "it is a CA where none may stand" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED,              "more CAs stand below it than its path length allows" },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN,              "its key usage does not let it sign certificates" },
	{ X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE,     "its key usage does not let it sign" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,      "it has a critical extension that is not understood" },
	{ X509_V_ERR_INVALID_EXTENSION,                 "an extension of it cannot be read or contradicts another" },
	{ X509_V_ERR_PERMITTED_VIOLATION,               "its names are outside those that a CA above it may certify" },
	{ X509_V_ERR_EXCLUDED_VIOLATION,                "its names are among those that a CA above it must not certify" },
	{ X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,       "a name constraint above it is of a kind that is not supported" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL,                  "its key is too small" },
	{ X509_V_ERR_CA_KEY_TOO_SMALL,                  "its key is too small for a CA" },
	{ X509_V_ERR_CA_MD_TOO_WEAK,                    "its signature has too weak a digest" },
	{ X509_V_ERR_EC_KEY_EXPLICIT_PARAMS,            "its elliptic curve is written out instead of named" },
	{ X509_V_ERR_AKID_SKID_MISMATCH,                "its authority key identifier is not that of its issuer" },
	{ X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH,       "its authority key identifier names another issuer" },
	{ X509_V_ERR_OUT_OF_MEM,                        "there is not enough memory to judge it" },
	/* What X509_V_FLAG_X509_STRICT asks for. */
	{ X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA,        "it has a path length and is no CA" },
	{ X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN,  "it has a path length, and its key usage does not let it sign certificates" },
	{ X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA, "its key usage lets it sign certificates, and it is no CA" },
	{ X509_V_ERR_ISSUER_NAME_EMPTY,                 "its issuer has no name" },
	{ X509_V_ERR_SUBJECT_NAME_EMPTY,                "it is a CA without a name" },
	{ X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER,  "it has no authority key identifier" },
	{ X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL, "its authority key identifier is critical" },
	{ X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL,   "its subject key identifier is critical" },
	{ X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER,    "it is a CA without a subject key identifier" },
	{ X509_V_ERR_EMPTY_SUBJECT_ALT_NAME,            "its subjectAltName is empty" },
	{ X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL,    "it has no subject, and its subjectAltName is not critical" },
	{ X509_V_ERR_CA_BCONS_NOT_CRITICAL,             "it is a CA whose basicConstraints are not critical" },
	{ X509_V_ERR_CA_CERT_MISSING_KEY_USAGE,         "it is a CA without a key usage" },
	{ X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3,      "it has extensions and is not of version 3" },
	{ X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH,      "it was signed with another kind of key than its issuer has" },
	{ X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY, "it names two different signature algorithms" },
};
/* clang-format on */

static const struct alert_row *
find_alert(int alert)
{
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].alert == alert)
			return &alerts[i];
	return NULL;
}

const char *
rmt_probe_alert_name(int alert)
{
	const struct alert_row *row = find_alert(alert);

	return row != NULL ? row->name : "unknown";
}

const char *
rmt_probe_alert_words(int alert)
{
	const struct alert_row *row = find_alert(alert);

	return row != NULL ? row->words : "nobody knows what that means";
}

const char *
rmt_probe_verify_words(int error)
{
	for (size_t i = 0; i < sizeof(verify_errors) / sizeof(verify_errors[0]); i++)
		if (verify_errors[i].error == error)
			return verify_errors[i].words;
	return X509_verify_cert_error_string(error);
}
