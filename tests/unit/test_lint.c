/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every lint of the table, with a certificate that passes and one that fails, and fails for nothing else. A row says how
 * its certificate departs from a good one, which no lint finds anything in.
 *
 * docs/lints.md is compared with the table too. REMINT_WRITE_LINTS=FILE writes it anew instead.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_lint.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *lint, *sentence;
	const char *fault; /* part of the message; NULL: the lint passes */
	const char *also;  /* other lints that cannot but find something too, with blanks between */
	bool issuer;       /* the issuer is at hand: "Issuing CA", an RSA key, key identifier 01020304, until 2039 */
	struct parts with;
};

#define PASS(id, words, ...) { .lint = "lint." id, .sentence = words, __VA_ARGS__ }
#define FAIL(id, words, part, ...) { .lint = "lint." id, .sentence = words, .fault = part, __VA_ARGS__ }
#define EXT(id, text) .with.ext[RMT_EXT_##id] = text
#define SAN(text) EXT(SUBJECT_ALT_NAME, "30(" text ")")
#define SUBJECT(text) .with.subject = "30(31(30(" text ")) 31(30(@commonName 0c('www.example.com'))))"
#define RSA(modulus, exponent) .with.spki = "30(30(@rsaEncryption 0500) 03(00 30(02(" modulus ") 02(" exponent "))))"
#define CA .with.ca = true
#define CRL(text) EXT(CRL_DISTRIBUTION, "30(" text ")")
#define HTTP "a0(a0(86('http://a.example/a.crl')))"
#define NOTICE(text) EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304) 30(30(@userNotice 30(" text ")))))")
#define CONSTRAINTS(text) CA, EXT(NAME_CONSTRAINTS, "!30(" text ")")

static const struct row rows[] = {
	/* ---- fields */
	PASS("version.known", "version 3"),
	FAIL("version.known", "an INTEGER of 3, which would be version 4", "none of 1, 2 and 3", .with.version = "a0(020103)"),
	PASS("version.extensions", "version 3 with extensions"),
	FAIL("version.extensions", "version 2 with extensions", "version 2 and yet", .with.version = "a0(020101)"),
	PASS("encoding.der", "DER"),
	FAIL("encoding.der", "a padded serial number", "INTEGER", .with.serial = "02(004d010203040506)", .also = "lint.serial.entropy"),
	PASS("serial.positive", "one", .with.serial = "02(01)", .also = "lint.serial.entropy"),
	FAIL("serial.positive", "zero", "is zero", .with.serial = "02(00)"),
	FAIL("serial.positive", "minus one", "is negative", .with.serial = "02(ff)"),
	PASS("serial.length", "20 octets", .with.serial = "02(7f*20)"),
	FAIL("serial.length", "21 octets", "has 21 octets", .with.serial = "02(7f*21)"),
	PASS("serial.entropy", "8 octets", .with.serial = "02(01*8)"),
	FAIL("serial.entropy", "7 octets", "has 7 octets", .with.serial = "02(01*7)"),
	PASS("signature.match", "the same inside and outside"),
	FAIL("signature.match", "another outside", "the signed part says", .with.outer = "30(@sha384WithRSAEncryption 0500)"),
	PASS("signature.parameters", "NULL for RSA"),
	PASS("signature.parameters", "none for ECDSA", .with.algorithm = "30(@ecdsa-with-SHA256)"),
	FAIL("signature.parameters", "none for RSA", "are absent, not NULL", .with.algorithm = "30(@sha256WithRSAEncryption)"),
	FAIL("signature.parameters", "NULL for ECDSA", "takes none", .with.algorithm = "30(@ecdsa-with-SHA256 0500)"),
	FAIL("signature.parameters", "none for RSASSA-PSS", "has no parameters", .with.algorithm = "30(@RSASSA-PSS)",
	    .also = "lint.signature.digest"),
	PASS("signature.digest", "SHA-384", .with.algorithm = "30(@sha384WithRSAEncryption 0500)"),
	FAIL("signature.digest", "SHA-1", "collisions of sha1", .with.algorithm = "30(@sha1WithRSAEncryption 0500)"),
	FAIL("signature.digest", "MD5", "collisions of md5", .with.algorithm = "30(@md5WithRSAEncryption 0500)"),
	PASS("signature.issuer-key", "RSA under an RSA key", .issuer = true),
	FAIL("signature.issuer-key", "ECDSA under an RSA key", "of the kind rsa", .issuer = true,
	    .with.algorithm = "30(@ecdsa-with-SHA256)"),
	PASS("issuer.empty", "a name"),
	FAIL("issuer.empty", "no name", "the issuer is empty", .with.issuer = "30()"),
	PASS("issuer.name", "the issuer's own", .issuer = true),
	FAIL("issuer.name", "encoded in another way", "encoded in another way", .issuer = true,
	    .with.issuer = "30(31(30(@commonName 13('Issuing CA'))))"),
	FAIL("issuer.name", "another", "another name", .issuer = true, .with.issuer = "30(31(30(@commonName 0c('Other CA'))))"),
	PASS("subject.ca", "a CA with a name", CA),
	FAIL("subject.ca", "a CA without a name", "the subject of this CA is empty", CA, .with.subject = "30()",
	    EXT(SUBJECT_ALT_NAME, "!30(82('www.example.com'))")),
	PASS("subject.empty", "critical names stand in", .with.subject = "30()", EXT(SUBJECT_ALT_NAME, "!30(82('www.example.com'))")),
	FAIL("subject.empty", "names that are not critical", "is not critical", .with.subject = "30()"),
	FAIL("subject.empty", "no names either", "there is no subject alternative name", .with.subject = "30()", EXT(SUBJECT_ALT_NAME, "-")),
	PASS("unique-id.absent", "none"),
	FAIL("unique-id.absent", "one of the subject", "there is a unique identifier", .with.unique = "82(00 01)"),
	FAIL("unique-id.absent", "one of the issuer", "there is a unique identifier", .with.unique = "81(00 01)"),
	PASS("validity.order", "a second", .with.after = "17('260101000001Z')"),
	FAIL("validity.order", "the end first", "lies before", .with.after = "17('251231235959Z')"),
	PASS("validity.form", "GeneralizedTime in 2050", .with.after = "18('20500101000000Z')", .also = "lint.validity.extra-second lint.validity.public"),
	FAIL("validity.form", "GeneralizedTime in 2026", "is a GeneralizedTime", .with.after = "18('20260718235959Z')"),
	PASS("validity.seconds", "seconds", .with.after = "17('260718235958Z')"),
	FAIL("validity.seconds", "no seconds", "states no seconds", .with.before = "17('2601010000Z')"),
	FAIL("validity.seconds", "no seconds in 2050", "states no seconds", .with.after = "18('205001012359Z')", .also = "lint.validity.public"),
	PASS("validity.zulu", "Z"),
	FAIL("validity.zulu", "an offset", "does not end with Z", .with.before = "17('260101000000+0100')"),
	PASS("validity.fraction", "none in 2050", .with.after = "18('20500101235959Z')", .also = "lint.validity.public"),
	FAIL("validity.fraction", "tenths in 2050", "fraction", .with.after = "18('20500101235959.5Z')", .also = "lint.validity.public"),
	PASS("validity.extra-second", "199 whole days"),
	FAIL("validity.extra-second", "one second more", "199 days and one second", .with.after = "17('260719000000Z')"),
	PASS("validity.public", "398 days in 2025", .with.before = "17('250101000000Z')", .with.after = "17('260202235959Z')"),
	FAIL("validity.public", "201 days from March 2026", "public CAs may give 200", .with.before = "17('260401000000Z')",
	    .with.after = "17('261018235959Z')"),
	PASS("validity.issuer", "within", .issuer = true),
	FAIL("validity.issuer", "beyond", "outlives its issuer", .issuer = true, .with.after = "17('400101000001Z')",
	    .also = "lint.validity.public"),
	/* ---- names */
	PASS("name.alphabet", "a PrintableString", SUBJECT("@organizationName 13('Example Inc.')")),
	FAIL("name.alphabet", "an underscore in one", "characters that its type does not have", SUBJECT("@organizationName 13('a_b')")),
	PASS("name.string-type", "a UTF8String", SUBJECT("@organizationName 0c('Example')")),
	FAIL("name.string-type", "a TeletexString", "is a TeletexString", SUBJECT("@organizationName 14('Example')")),
	FAIL("name.string-type", "a BMPString", "is a BMPString", SUBJECT("@organizationName 1e(0045)")),
	FAIL("name.string-type", "a UniversalString", "is a UniversalString", SUBJECT("@organizationName 1c(00000045)")),
	PASS("name.length", "64 characters of two bytes", SUBJECT("@organizationName 0c(c3bc*1 'a'*63)")),
	FAIL("name.length", "65 characters", "organizationName has 65 characters, more than 64", SUBJECT("@organizationName 0c('a'*65)")),
	PASS("name.empty", "text", SUBJECT("@organizationName 0c('a')")),
	FAIL("name.empty", "nothing", "organizationName is empty", SUBJECT("@organizationName 0c()")),
	PASS("name.printable", "a printable serial number", SUBJECT("@serialNumber 13('1234')")),
	FAIL("name.printable", "a country in UTF-8", "countryName is no PrintableString", SUBJECT("@countryName 0c('NL')")),
	PASS("name.country", "NL", SUBJECT("@countryName 13('NL')")),
	FAIL("name.country", "a country in small letters", "\"nl\" is no code", SUBJECT("@countryName 13('nl')")),
	FAIL("name.country", "a country in full", "\"Netherlands\" is no code", SUBJECT("@countryName 13('Netherlands')")),
	PASS("name.ia5", "an IA5String", SUBJECT("@emailAddress 16('a@example.com')")),
	FAIL("name.ia5", "a domain component in UTF-8", "domainComponent is no IA5String", SUBJECT("@domainComponent 0c('example')")),
	PASS("name.control", "text", SUBJECT("@organizationName 0c('a b')")),
	FAIL("name.control", "a NUL", "has a control character", SUBJECT("@organizationName 0c('a' 00 'b')")),
	FAIL("name.control", "a line feed in UTF-16", "has a control character", SUBJECT("@organizationName 1e(0045 000a)"),
	    .also = "lint.name.string-type"),
	PASS("name.blanks", "a blank within", SUBJECT("@organizationName 0c('a b')")),
	FAIL("name.blanks", "a blank before", "begins with a blank", SUBJECT("@organizationName 0c(' a')")),
	FAIL("name.blanks", "a blank behind", "ends with a blank", SUBJECT("@organizationName 0c('a ')")),
	PASS("name.multi-valued", "one by one", SUBJECT("@organizationName 0c('a')")),
	FAIL("name.multi-valued", "two in one", "in one relative name",
	    .with.subject = "30(31(30(@commonName 0c('www.example.com')) 30(@organizationName 0c('a'))))"),
	PASS("name.common-names", "one"),
	FAIL("name.common-names", "two", "2 common names", SUBJECT("@commonName 0c('www.example.com')")),
	/* ---- extensions as a whole */
	PASS("extensions.duplicate", "each once"),
	FAIL("extensions.duplicate", "one twice", "subjectKeyIdentifier occurs twice", .with.more = "30(@subjectKeyIdentifier 04(04(01)))"),
	PASS("extensions.malformed", "all readable"),
	FAIL("extensions.malformed", "a number for a list", "cRLDistributionPoints cannot be read", EXT(CRL_DISTRIBUTION, "020101"),
	    .also = "lint.crl-distribution.http"),
	PASS("extensions.der", "all in DER"),
	FAIL("extensions.der", "a truth that is neither", "basicConstraints", CA, EXT(BASIC_CONSTRAINTS, "!30(010101)")),
	FAIL("extensions.der", "a minimum of zero, spelled out", "nameConstraints", CONSTRAINTS("a0(30(82('a') 80(00)))")),
	PASS("extensions.unknown-critical", "an unknown one", .with.more = "30(06(2a0304) 04(0500))"),
	FAIL("extensions.unknown-critical", "one that is critical", "1.2.3.4 is critical", .with.more = "30(06(2a0304) 0101ff 04(0500))"),
	/* ---- key identifiers */
	PASS("authority-key-id.present", "there"),
	PASS("authority-key-id.present", "none in a root", CA, .with.issuer = "30(31(30(@commonName 0c('Sub CA'))))",
	    EXT(AUTHORITY_KEY_ID, "-")),
	FAIL("authority-key-id.present", "none", "there is no authority key identifier", EXT(AUTHORITY_KEY_ID, "-")),
	PASS("authority-key-id.critical", "not critical"),
	FAIL("authority-key-id.critical", "critical", "is critical", EXT(AUTHORITY_KEY_ID, "!30(80(01020304))")),
	PASS("authority-key-id.key", "a key identifier"),
	FAIL("authority-key-id.key", "nothing", "holds no key identifier", EXT(AUTHORITY_KEY_ID, "30()")),
	PASS("authority-key-id.pair", "both", EXT(AUTHORITY_KEY_ID, "30(80(01020304) a1(82('a')) 82(01))")),
	FAIL("authority-key-id.pair", "a serial number alone", "without its issuer", EXT(AUTHORITY_KEY_ID, "30(80(01020304) 82(01))")),
	FAIL("authority-key-id.pair", "an issuer alone", "without its serial number",
	    EXT(AUTHORITY_KEY_ID, "30(80(01020304) a1(82('a')))")),
	PASS("authority-key-id.issuer", "the issuer's", .issuer = true),
	FAIL("authority-key-id.issuer", "another's", "not the subject key identifier of the issuer", .issuer = true,
	    EXT(AUTHORITY_KEY_ID, "30(80(05060708))")),
	PASS("subject-key-id.ca", "there", CA),
	FAIL("subject-key-id.ca", "none", "no subject key identifier", CA, EXT(SUBJECT_KEY_ID, "-")),
	PASS("subject-key-id.leaf", "there"),
	FAIL("subject-key-id.leaf", "none", "no subject key identifier", EXT(SUBJECT_KEY_ID, "-")),
	PASS("subject-key-id.critical", "not critical"),
	FAIL("subject-key-id.critical", "critical", "is critical", EXT(SUBJECT_KEY_ID, "!04(0a)")),
	/* ---- uses */
	PASS("key-usage.critical", "critical"),
	FAIL("key-usage.critical", "not critical", "keyUsage is not critical", EXT(KEY_USAGE, "03(0780)")),
	PASS("key-usage.bits", "one"),
	FAIL("key-usage.bits", "none", "names no use", EXT(KEY_USAGE, "!03(00)")),
	PASS("key-usage.der", "as short as can be"),
	FAIL("key-usage.der", "a byte more", "longer than its bits", EXT(KEY_USAGE, "!03(008000)")),
	FAIL("key-usage.der", "no unused bits counted", "longer than its bits", EXT(KEY_USAGE, "!03(0080)")),
	PASS("key-usage.ca", "a CA that certifies", CA),
	FAIL("key-usage.ca", "a CA that does not", "lacks keyCertSign", CA, EXT(KEY_USAGE, "!03(0102)"), EXT(BASIC_CONSTRAINTS, "!30(0101ff)")),
	FAIL("key-usage.ca", "a CA without key usage", "has no key usage", CA, EXT(KEY_USAGE, "-")),
	PASS("key-usage.cert-sign", "a CA", CA),
	FAIL("key-usage.cert-sign", "a leaf", "no CA's", EXT(KEY_USAGE, "!03(0284)")),
	FAIL("key-usage.cert-sign", "no basic constraints", "no CA's", EXT(KEY_USAGE, "!03(0284)"), EXT(BASIC_CONSTRAINTS, "-")),
	PASS("key-usage.key", "an EC key signs and agrees", EXT(KEY_USAGE, "!03(0388)")),
	FAIL("key-usage.key", "an EC key that encrypts keys", "a key of the kind ec has no use for keyEncipherment", EXT(KEY_USAGE, "!03(05a0)")),
	FAIL("key-usage.key", "an Ed25519 key that agrees", "ed25519 has no use for keyAgreement", EXT(KEY_USAGE, "!03(0388)"),
	    .with.spki = "30(30(@Ed25519) 03(00 'a'*32))"),
	FAIL("key-usage.key", "an ML-DSA key that encrypts keys", "ml-dsa-44 has no use for keyEncipherment", EXT(KEY_USAGE, "!03(05a0)"),
	    .with.spki = "30(30(@ML-DSA-44) 03(00 'a'*1312))"),
	PASS("key-usage.only", "with keyAgreement", EXT(KEY_USAGE, "!03(0089)")),
	FAIL("key-usage.only", "without", "encipherOnly without", EXT(KEY_USAGE, "!03(0081)")),
	PASS("key-usage.purposes", "a server signs"),
	FAIL("key-usage.purposes", "a server that repudiates nothing", "no use of the key is one for serverAuth", EXT(KEY_USAGE, "!03(0640)")),
	PASS("key.sound", "P-256"),
	FAIL("key.sound", "512 bits", "has 511 bits", RSA("'a'*64", "010001")),
	FAIL("key.sound", "an exponent of 3", "the RSA exponent is 3", RSA("00 f1 'q'*255", "03")),
	PASS("key.point", "P-256, plain"),
	FAIL("key.point", "P-256, compressed", "is compressed",
	    .with.spki = "30(30(@ecPublicKey @prime256v1) 03(00 03 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296))",
	    .also = "lint.key.sound"),
	/* ---- basic constraints */
	PASS("basic-constraints.critical", "critical", CA),
	PASS("basic-constraints.critical", "not critical in a leaf", EXT(BASIC_CONSTRAINTS, "30()")),
	FAIL("basic-constraints.critical", "not critical in a CA", "not critical", CA, EXT(BASIC_CONSTRAINTS, "30(0101ff)")),
	PASS("basic-constraints.path-length", "of a CA", CA),
	FAIL("basic-constraints.path-length", "of a leaf", "no CA's", EXT(BASIC_CONSTRAINTS, "!30(020100)")),
	PASS("basic-constraints.cert-sign", "a CA that certifies", CA),
	FAIL("basic-constraints.cert-sign", "a CA that does not", "lacks keyCertSign", CA, EXT(KEY_USAGE, "!03(0102)"),
	    .also = "lint.key-usage.ca"),
	PASS("basic-constraints.default", "left out"),
	FAIL("basic-constraints.default", "spelled out", "spelled out", EXT(BASIC_CONSTRAINTS, "!30(010100)")),
	/* ---- purposes */
	PASS("eku.empty", "one"),
	FAIL("eku.empty", "none", "extendedKeyUsage is empty", EXT(EXTENDED_KEY_USAGE, "30()")),
	PASS("eku.any-critical", "any, not critical", EXT(EXTENDED_KEY_USAGE, "30(@anyExtendedKeyUsage)")),
	PASS("eku.any-critical", "another, critical", EXT(EXTENDED_KEY_USAGE, "!30(@serverAuth)")),
	FAIL("eku.any-critical", "any, critical", "any purpose and is critical", EXT(EXTENDED_KEY_USAGE, "!30(@anyExtendedKeyUsage)")),
	PASS("eku.duplicate", "two", EXT(EXTENDED_KEY_USAGE, "30(@serverAuth @clientAuth)")),
	FAIL("eku.duplicate", "one twice", "the purpose serverAuth stands there twice",
	    EXT(EXTENDED_KEY_USAGE, "30(@serverAuth @clientAuth @serverAuth)")),
	PASS("ocsp.nocheck", "a responder", EXT(EXTENDED_KEY_USAGE, "30(@OCSPSigning)"), EXT(OCSP_NOCHECK, "0500")),
	FAIL("ocsp.nocheck", "a server", "no OCSP responder's", EXT(OCSP_NOCHECK, "0500")),
	PASS("ocsp.ca", "a responder that is a leaf", EXT(EXTENDED_KEY_USAGE, "30(@OCSPSigning)")),
	PASS("ocsp.ca", "a CA for servers and responders", CA, EXT(EXTENDED_KEY_USAGE, "30(@serverAuth @OCSPSigning)")),
	FAIL("ocsp.ca", "a responder that is a CA", "is a CA's", CA, EXT(EXTENDED_KEY_USAGE, "30(@OCSPSigning)")),
	/* ---- alternative names */
	PASS("san.empty", "one"),
	FAIL("san.empty", "none", "subjectAltName is empty", EXT(SUBJECT_ALT_NAME, "30()"), .also = "lint.san.common-name"),
	PASS("san.critical", "not critical"),
	FAIL("san.critical", "critical", "critical beside a subject", EXT(SUBJECT_ALT_NAME, "!30(82('www.example.com'))")),
	PASS("san.duplicate", "two", SAN("82('www.example.com') 82('a.example.com')")),
	PASS("san.duplicate", "the same text of two kinds", SAN("82('www.example.com') 86('x:www.example.com')")),
	FAIL("san.duplicate", "one twice in other letters", "\"dns:www.example.com\" stands there twice",
	    SAN("82('www.example.com') 82('a.example.com') 82('WWW.example.com')")),
	PASS("san.common-name", "there"),
	FAIL("san.common-name", "not there", "\"www.example.com\" is not among", SAN("82('a.example.com')")),
	PASS("san.empty-name", "text"),
	FAIL("san.empty-name", "an empty host name", "of the kind dns is empty", SAN("82('www.example.com') 82()")),
	PASS("san.control", "text"),
	FAIL("san.control", "a NUL", "has a NUL", SAN("82('www.example.com') 82('a.example.com' 00 '.example')")),
	FAIL("san.control", "an escape in a URI", "has a control character", SAN("82('www.example.com') 86('http://a.example/' 1b)")),
	PASS("san.dns-ia5", "ASCII"),
	FAIL("san.dns-ia5", "a letter beyond", "is not ASCII", SAN("82('www.example.com') 82('b' c3bc 'cher.example')")),
	PASS("san.dns-blank", "a name"),
	FAIL("san.dns-blank", "a blank", "is a blank", SAN("82('www.example.com') 82(' ')")),
	PASS("san.dns-characters", "letters, digits, hyphens, dots", SAN("82('www.example.com') 82('A-1.example')")),
	FAIL("san.dns-characters", "a slash", "other characters", SAN("82('www.example.com') 82('a/b.example')")),
	FAIL("san.dns-characters", "a comma", "other characters", SAN("82('www.example.com') 82('a.example,b.example')")),
	PASS("san.dns-underscore", "none"),
	FAIL("san.dns-underscore", "one", "has an underscore", SAN("82('www.example.com') 82('a_b.example')")),
	PASS("san.dns-empty-label", "none"),
	FAIL("san.dns-empty-label", "within", "has an empty label", SAN("82('www.example.com') 82('a..example')")),
	FAIL("san.dns-empty-label", "at the beginning", "has an empty label", SAN("82('www.example.com') 82('.example.com')")),
	PASS("san.dns-label-length", "63", SAN("82('www.example.com') 82('a'*63 '.example')")),
	FAIL("san.dns-label-length", "64", "more than 63", SAN("82('www.example.com') 82('a'*64 '.example')")),
	PASS("san.dns-length", "253", SAN("82('www.example.com') 82('a.'*126 'a')")),
	FAIL("san.dns-length", "254", "more than 253", SAN("82('www.example.com') 82('a.'*126 'aa')")),
	PASS("san.dns-hyphen", "within", SAN("82('www.example.com') 82('a-b.example')")),
	FAIL("san.dns-hyphen", "at the end", "begins or ends with a hyphen", SAN("82('www.example.com') 82('a-.example')")),
	FAIL("san.dns-hyphen", "at the beginning of the last label", "begins or ends with a hyphen", SAN("82('www.example.com') 82('a.-example')")),
	PASS("san.dns-trailing-dot", "none"),
	FAIL("san.dns-trailing-dot", "one", "ends with a dot", SAN("82('www.example.com') 82('a.example.')")),
	PASS("san.dns-wildcard", "the first label", SAN("82('www.example.com') 82('*.example.com')")),
	FAIL("san.dns-wildcard", "the second label", "not the whole first label", SAN("82('www.example.com') 82('a.*.example')")),
	FAIL("san.dns-wildcard", "part of the first", "not the whole first label", SAN("82('www.example.com') 82('a*.example')")),
	FAIL("san.dns-wildcard", "all of it", "not the whole first label", SAN("82('www.example.com') 82('*')")),
	PASS("san.dns-address", "digits within a name", SAN("82('www.example.com') 82('1.2.3.example')")),
	FAIL("san.dns-address", "four numbers", "is an address", SAN("82('www.example.com') 82('192.0.2.1')")),
	PASS("san.dns-a-label", "encoded Unicode", SAN("82('www.example.com') 82('xn--bcher-kva.example') 82('xn--e1afmkfd.example')")),
	FAIL("san.dns-a-label", "nothing encoded", "encodes no Unicode", SAN("82('www.example.com') 82('xn--.example')"),
	    .also = "lint.san.dns-hyphen"),
	FAIL("san.dns-a-label", "a number too large", "encodes no Unicode", SAN("82('www.example.com') 82('xn--99999999999.example')")),
	FAIL("san.dns-a-label", "one that is cut off", "encodes no Unicode", SAN("82('www.example.com') 82('a.xn--bcher-kv')")),
	PASS("san.dns-reserved", "hyphens elsewhere", SAN("82('www.example.com') 82('a--b.example')")),
	FAIL("san.dns-reserved", "hyphens third and fourth", "reserved label", SAN("82('www.example.com') 82('ab--c.example')")),
	PASS("san.ip-length", "4 and 16", SAN("82('www.example.com') 87(c0000201) 87(20*16)")),
	FAIL("san.ip-length", "8, with a mask", "has 8 octets", SAN("82('www.example.com') 87(c0000201 ffffffff)")),
	PASS("san.email", "local@host", SAN("82('www.example.com') 81('a.b+c@example.com')")),
	FAIL("san.email", "no host", "is no e-mail address", SAN("82('www.example.com') 81('a')")),
	FAIL("san.email", "a phrase", "is no e-mail address", SAN("82('www.example.com') 81('A <a@example.com>')")),
	FAIL("san.email", "two dots as a host", "is no e-mail address", SAN("82('www.example.com') 81('a@b..c')")),
	PASS("san.smtp-utf8", "beyond ASCII", SAN("82('www.example.com') a0(@smtpUTF8Mailbox a0(0c(c3bc '@example.com')))")),
	FAIL("san.smtp-utf8", "ASCII", "to be an rfc822Name", SAN("82('www.example.com') a0(@smtpUTF8Mailbox a0(0c('u@example.com')))")),
	FAIL("san.smtp-utf8", "another string", "is no UTF8String", SAN("82('www.example.com') a0(@smtpUTF8Mailbox a0(16('u@example.com')))")),
	PASS("san.uri-ia5", "ASCII", SAN("82('www.example.com') 86('http://a.example/')")),
	FAIL("san.uri-ia5", "beyond", "is not ASCII", SAN("82('www.example.com') 86('http://a.example/' c3bc)")),
	PASS("san.uri-relative", "a URN", SAN("82('www.example.com') 86('urn:uuid:1')")),
	FAIL("san.uri-relative", "a path", "is no absolute URI", SAN("82('www.example.com') 86('/a')")),
	FAIL("san.uri-relative", "a scheme alone", "is no absolute URI", SAN("82('www.example.com') 86('http:')")),
	PASS("san.uri-host", "a user, a host and a port", SAN("82('www.example.com') 86('http://u@a.example:80/') 86('sip:u@a.example')")),
	PASS("san.uri-host", "addresses", SAN("82('www.example.com') 86('http://192.0.2.1/') 86('http://[2001:db8::1]:80/')")),
	FAIL("san.uri-host", "no host", "neither a name nor an address", SAN("82('www.example.com') 86('http:///a')")),
	FAIL("san.uri-host", "two dots", "neither a name nor an address", SAN("82('www.example.com') 86('http://a..b/')")),
	PASS("ian.empty", "one", EXT(ISSUER_ALT_NAME, "30(82('a.example'))")),
	FAIL("ian.empty", "none", "issuerAltName is empty", EXT(ISSUER_ALT_NAME, "30()")),
	PASS("ian.critical", "not critical", EXT(ISSUER_ALT_NAME, "30(82('a.example'))")),
	FAIL("ian.critical", "critical", "is critical", EXT(ISSUER_ALT_NAME, "!30(82('a.example'))")),
	/* ---- places */
	PASS("crl-distribution.empty", "one", CRL("30(" HTTP ")")),
	FAIL("crl-distribution.empty", "none", "cRLDistributionPoints is empty", CRL(""), .also = "lint.crl-distribution.http"),
	PASS("crl-distribution.critical", "not critical", CRL("30(" HTTP ")")),
	FAIL("crl-distribution.critical", "critical", "is critical", EXT(CRL_DISTRIBUTION, "!30(30(" HTTP "))")),
	PASS("crl-distribution.complete", "an issuer alone", CRL("30(a2(a4(30()))) 30(" HTTP ")")),
	FAIL("crl-distribution.complete", "reasons alone", "neither a name nor an issuer", CRL("30(81(0640)) 30(" HTTP ")")),
	PASS("crl-distribution.reasons", "one for all", CRL("30(" HTTP " 81(0640)) 30(" HTTP ")")),
	FAIL("crl-distribution.reasons", "one for some", "for some reasons only", CRL("30(" HTTP " 81(0640))")),
	PASS("crl-distribution.absolute", "absolute", CRL("30(" HTTP ")")),
	FAIL("crl-distribution.absolute", "a path", "no absolute URI", CRL("30(" HTTP ") 30(a0(a0(86('/a.crl'))))")),
	PASS("crl-distribution.http", "http after ldap", CRL("30(a0(a0(86('ldap:///a'))))  30(" HTTP ")")),
	FAIL("crl-distribution.http", "ldap alone", "not at an http:// address", CRL("30(a0(a0(86('ldap:///a'))))")),
	PASS("crl-distribution.https", "http", CRL("30(" HTTP ")")),
	FAIL("crl-distribution.https", "https too", "another certificate", CRL("30(" HTTP ") 30(a0(a0(86('https://a.example/a'))))")),
	PASS("freshest-crl.empty", "one", EXT(FRESHEST_CRL, "30(30(" HTTP "))")),
	FAIL("freshest-crl.empty", "none", "freshestCRL is empty", EXT(FRESHEST_CRL, "30()")),
	PASS("freshest-crl.critical", "not critical", EXT(FRESHEST_CRL, "30(30(" HTTP "))")),
	FAIL("freshest-crl.critical", "critical", "is critical", EXT(FRESHEST_CRL, "!30(30(" HTTP "))")),
	PASS("authority-info.empty", "one", EXT(AUTHORITY_INFO, "30(30(@ocsp 86('http://a.example/')))")),
	FAIL("authority-info.empty", "none", "authorityInfoAccess is empty", EXT(AUTHORITY_INFO, "30()")),
	PASS("authority-info.critical", "not critical", EXT(AUTHORITY_INFO, "30(30(@ocsp 86('http://a.example/')))")),
	FAIL("authority-info.critical", "critical", "is critical", EXT(AUTHORITY_INFO, "!30(30(@ocsp 86('http://a.example/')))")),
	PASS("authority-info.method", "both", EXT(AUTHORITY_INFO, "30(30(@ocsp 86('http://a.example/')) 30(@caIssuers 86('ldap://a.example/')))")),
	FAIL("authority-info.method", "another", "none of issuers and OCSP", EXT(AUTHORITY_INFO, "30(30(06(2a0304) 86('http://a.example/')))")),
	PASS("authority-info.uri", "http", EXT(AUTHORITY_INFO, "30(30(@ocsp 86('http://a.example/')))")),
	FAIL("authority-info.uri", "a directory name", "is no URI", EXT(AUTHORITY_INFO, "30(30(@caIssuers a4(30())))")),
	FAIL("authority-info.uri", "ftp", "no http or ldap URI", EXT(AUTHORITY_INFO, "30(30(@caIssuers 86('ftp://a.example/')))")),
	/* ---- policies */
	PASS("policies.empty", "one", EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))")),
	FAIL("policies.empty", "none", "certificatePolicies is empty", EXT(CERTIFICATE_POLICIES, "30()")),
	PASS("policies.duplicate", "two", EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)) 30(06(2a0305)))")),
	FAIL("policies.duplicate", "one twice", "1.2.3.4 stands there twice", EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)) 30(06(2a0304)))")),
	PASS("policies.any", "a statement", EXT(CERTIFICATE_POLICIES, "30(30(@anyPolicy 30(30(@cps 16('http://a.example/')))))")),
	FAIL("policies.any", "something else", "neither a statement nor a notice", EXT(CERTIFICATE_POLICIES, "30(30(@anyPolicy 30(30(06(2a0304) 0500))))")),
	PASS("policies.text-length", "200 letters of two bytes", NOTICE("0c('a'*199 c3bc)")),
	FAIL("policies.text-length", "201", "more than 200", NOTICE("0c('a'*201)")),
	PASS("policies.text-ia5", "a UTF8String", NOTICE("0c('a')")),
	FAIL("policies.text-ia5", "an IA5String", "is an IA5String", NOTICE("16('a')")),
	PASS("policies.text-utf8", "a UTF8String", NOTICE("0c('a')")),
	FAIL("policies.text-utf8", "a VisibleString", "is no UTF8String", NOTICE("1a('a')")),
	PASS("policies.text-control", "text", NOTICE("0c('a')")),
	FAIL("policies.text-control", "an escape", "control character", NOTICE("0c('a' 1b)")),
	PASS("policies.notice-reference", "text", NOTICE("0c('a')")),
	FAIL("policies.notice-reference", "a number", "referred to", NOTICE("30(0c('a') 30(020101))")),
	PASS("policy-mappings.empty", "one", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"), EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	FAIL("policy-mappings.empty", "none", "policyMappings is empty", CA, EXT(POLICY_MAPPINGS, "!30()")),
	PASS("policy-mappings.critical", "critical", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"), EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	FAIL("policy-mappings.critical", "not critical", "is not critical", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"),
	    EXT(POLICY_MAPPINGS, "30(30(06(2a0304) 06(2a0305)))")),
	PASS("policy-mappings.ca", "a CA", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"), EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	FAIL("policy-mappings.ca", "a leaf", "no CA's", EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"), EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	PASS("policy-mappings.any", "another", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"), EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	FAIL("policy-mappings.any", "any", "any policy is mapped", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"),
	    EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) @anyPolicy))")),
	PASS("policy-mappings.listed", "listed", CA, EXT(CERTIFICATE_POLICIES, "30(30(06(2a0304)))"), EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	FAIL("policy-mappings.listed", "not listed", "1.2.3.4 is mapped and is no policy", CA, EXT(POLICY_MAPPINGS, "!30(30(06(2a0304) 06(2a0305)))")),
	PASS("policy-constraints.empty", "one", CA, EXT(POLICY_CONSTRAINTS, "!30(80(00))")),
	FAIL("policy-constraints.empty", "none", "policyConstraints is empty", CA, EXT(POLICY_CONSTRAINTS, "!30()")),
	PASS("policy-constraints.critical", "critical", CA, EXT(POLICY_CONSTRAINTS, "!30(80(00))")),
	FAIL("policy-constraints.critical", "not critical", "is not critical", CA, EXT(POLICY_CONSTRAINTS, "30(80(00))")),
	PASS("policy-constraints.ca", "a CA", CA, EXT(POLICY_CONSTRAINTS, "!30(80(00))")),
	FAIL("policy-constraints.ca", "a leaf", "no CA's", EXT(POLICY_CONSTRAINTS, "!30(80(00))")),
	PASS("inhibit-any-policy.critical", "critical", CA, EXT(INHIBIT_ANY_POLICY, "!020100")),
	FAIL("inhibit-any-policy.critical", "not critical", "is not critical", CA, EXT(INHIBIT_ANY_POLICY, "020100")),
	PASS("inhibit-any-policy.ca", "a CA", CA, EXT(INHIBIT_ANY_POLICY, "!020100")),
	FAIL("inhibit-any-policy.ca", "a leaf", "no CA's", EXT(INHIBIT_ANY_POLICY, "!020100")),
	/* ---- name constraints */
	PASS("name-constraints.empty", "one", CONSTRAINTS("a0(30(82('a')))")),
	FAIL("name-constraints.empty", "none", "nameConstraints is empty", CONSTRAINTS("")),
	PASS("name-constraints.critical", "critical", CONSTRAINTS("a0(30(82('a')))")),
	FAIL("name-constraints.critical", "not critical", "is not critical", CA, EXT(NAME_CONSTRAINTS, "30(a0(30(82('a'))))")),
	PASS("name-constraints.ca", "a CA", CONSTRAINTS("a0(30(82('a')))")),
	FAIL("name-constraints.ca", "a leaf", "no CA's", EXT(NAME_CONSTRAINTS, "!30(a0(30(82('a'))))")),
	PASS("name-constraints.minimum", "none", CONSTRAINTS("a0(30(82('a')))")),
	FAIL("name-constraints.minimum", "one", "has a minimum", CONSTRAINTS("a0(30(82('a') 80(01)))")),
	PASS("name-constraints.maximum", "none", CONSTRAINTS("a1(30(82('a')))")),
	FAIL("name-constraints.maximum", "one", "has a maximum", CONSTRAINTS("a1(30(82('a') 81(01)))")),
	PASS("name-constraints.mask", "24 bits", CONSTRAINTS("a0(30(87(c0000200 ffffff00)))")),
	FAIL("name-constraints.mask", "holes", "has holes", CONSTRAINTS("a0(30(87(c0000200 ff00ff00)))")),
	FAIL("name-constraints.mask", "none", "without its mask", CONSTRAINTS("a0(30(87(c0000201)))")),
	PASS("name-constraints.forms", "host names", CONSTRAINTS("a0(30(82('a')))")),
	FAIL("name-constraints.forms", "a registered identifier", "registered identifier", CONSTRAINTS("a0(30(88(2a0304)))")),
};

/* ---- judging --------------------------------------------------------------------------------------------------------------- */

struct heard {
	const struct row *row;
	unsigned own;          /* findings of the row's lint */
	struct rmt_buf others; /* rules of the others, with a blank before each */
	struct rmt_buf text;   /* all of it */
	bool said;             /* the fault's words were in a message of its own */
};

static int
hear(void *arg, const struct rmt_finding *finding)
{
	struct heard *heard = arg;

	assert_string_equal(finding->target, "lint");
	rmt_buf_format(&heard->text, "%s: %s: %s (%s)\n", finding->rule, finding->place, finding->message, finding->citation);
	if (strcmp(finding->rule, heard->row->lint) != 0) {
		rmt_buf_format(&heard->others, " %s", finding->rule);
		return 0;
	}
	heard->own++;
	heard->said = heard->said || (heard->row->fault && strstr(finding->message, heard->row->fault));
	return 0;
}

static struct rmt_cert *
read_cert(const struct parts *parts)
{
	struct rmt_buf der = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_cert *cert;

	lint_make(parts, &der);
	cert = rmt_cert_new(rmt_buf_view(&der), RMT_TOLERANT, &err);
	if (!cert)
		fail_msg("%s: %s", err.place, err.message);
	rmt_buf_free(&der);
	return cert;
}

static struct rmt_cert *
issuer_cert(void)
{
	static const struct parts parts = { .ca = true,
		.subject = "30(31(30(@commonName 0c('Issuing CA'))))",
		.after = "17('391231235959Z')",
		.spki = "30(30(@rsaEncryption 0500) 03(00 30(02('a'*256) 020103)))",
		.ext[RMT_EXT_SUBJECT_KEY_ID] = "04(01020304)" };

	return read_cert(&parts);
}

static void
judge(const struct row *row, struct heard *heard)
{
	struct rmt_audit *lint = rmt_lint_new(INT64_C(1767225600), NULL);
	struct rmt_cert *cert = read_cert(&row->with), *issuer = row->issuer ? issuer_cert() : NULL;
	struct rmt_presented presented = { .leaf = cert, .leaf_only = true, .issuer = issuer };

	heard->row = row;
	assert_non_null(lint);
	assert_int_equal(rmt_lint_run(lint, &presented, hear, heard, NULL), 0);
	rmt_audit_free(lint);
	rmt_cert_free(cert);
	rmt_cert_free(issuer);
}

/* Each word of the first is in the second. */
static void
all_in(const char *words, const char *in, const char *text)
{
	char copy[512], *at = copy, *word;

	snprintf(copy, sizeof copy, "%s", words);
	while ((word = strsep(&at, " ")))
		if (*word && !strstr(in, word))
			fail_msg("%s, not in \"%s\": %s", word, in, text);
}

static void
check_row(void **state)
{
	const struct row *row = *state;
	struct heard heard = { .own = 0 };
	const char *also = row->also ? row->also : "";

	judge(row, &heard);
	if (!row->fault && heard.own)
		fail_msg("should pass: %s", rmt_buf_string(&heard.text));
	if (row->fault && (heard.own != 1 || !heard.said))
		fail_msg("\"%s\" was to be said once: %s", row->fault, rmt_buf_string(&heard.text));
	all_in(rmt_buf_string(&heard.others), also, rmt_buf_string(&heard.text));
	all_in(also, rmt_buf_string(&heard.others), rmt_buf_string(&heard.text));
	rmt_buf_free(&heard.others);
	rmt_buf_free(&heard.text);
}

/* ---- the table --------------------------------------------------------------------------------------------------------------- */

static void
every_lint_has_both(void **state)
{
	size_t count;
	const struct rmt_lint_row *lints = rmt_lint_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		unsigned passes = 0, fails = 0;

		for (size_t r = 0; r < COUNT(rows); r++)
			if (!strcmp(rows[r].lint, lints[i].rule.id))
				*(rows[r].fault ? &fails : &passes) += 1;
		if (!passes || !fails)
			fail_msg("%s: %u rows pass, %u fail", lints[i].rule.id, passes, fails);
	}
}

static void
every_row_is_whole(void **state)
{
	size_t count;
	const struct rmt_lint_row *lints = rmt_lint_rows(&count);

	(void)state;
	assert_true(count >= 60);
	for (size_t i = 0; i < count; i++) {
		const struct rmt_lint_row *row = &lints[i];

		assert_int_equal(strncmp(row->rule.id, "lint.", 5), 0);
		assert_non_null(strchr(row->rule.id + 5, '.'));
		assert_true(isupper((unsigned char)row->rule.title[0]));
		assert_true(row->rule.title[strlen(row->rule.title) - 1] != '.');
		assert_true(isupper((unsigned char)row->rule.citation[0]));
		assert_int_equal((row->rule.check != NULL) + (row->name != NULL) + (row->attribute != NULL), 1);
		assert_true(!row->aka || ((row->aka[0] == 'e' || row->aka[0] == 'w' || row->aka[0] == 'n') && row->aka[1] == '_'));
		for (size_t other = 0; other < i; other++)
			assert_string_not_equal(row->rule.id, lints[other].rule.id);
	}
}

/* What is not signed yet has no signature to be judged. */
static void
bytes_to_be_signed_are_judged(void **state)
{
	static const struct row row = { .lint = "lint.signature.match", .with.outer = "30(@sha384WithRSAEncryption 0500)" };
	struct rmt_audit *lint = rmt_lint_new(0, NULL);
	struct rmt_cert *cert = read_cert(&row.with), tbs;
	struct rmt_presented presented = { .leaf = &tbs, .leaf_only = true, .lint = true };
	struct heard heard = { .row = &row };

	(void)state;
	assert_int_equal(rmt_cert_read_tbs(&tbs, cert->tbs, RMT_STRICT, NULL), 0);
	assert_int_equal(rmt_lint_run(lint, &presented, hear, &heard, NULL), 0);
	assert_int_equal(heard.own, 0);
	presented.leaf = cert;
	presented.lint = false;
	assert_int_equal(rmt_lint_run(lint, &presented, hear, &heard, NULL), 0);
	assert_int_equal(heard.own, 1);
	rmt_buf_free(&heard.text);
	rmt_buf_free(&heard.others);
	rmt_cert_free(cert);
	rmt_audit_free(lint);
}

static void
write_document(struct rmt_buf *text)
{
	size_t count;
	const struct rmt_lint_row *lints = rmt_lint_rows(&count);

	rmt_buf_text(text, "# The lints\n\n"
	    "What `remint lint` looks at in every certificate, and what everything that is issued has passed before it was signed: an error\n"
	    "refuses it, a warning is shown. \"zlint\" is what that linter calls the same check. This page is written from the table in\n"
	    "`src/audit/lint.c` (how: see `tests/unit/test_lint.c`), and a test holds the two against each other.\n\n"
	    "| lint | severity | what holds where it passes | source | zlint |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++)
		rmt_buf_format(text, "| %s | %s | %s | %s | %s |\n", lints[i].rule.id, rmt_severity_name(lints[i].rule.severity),
		    lints[i].rule.title, lints[i].rule.citation, lints[i].aka ? lints[i].aka : "");
}

static void
document_is_the_table(void **state)
{
	const char *path = getenv("REMINT_WRITE_LINTS");
	struct rmt_buf wanted = { 0 }, found = { 0 };

	(void)state;
	write_document(&wanted);
	if (path)
		assert_int_equal(rmt_file_write(path, rmt_buf_view(&wanted), 0644, true, NULL), 0);
	assert_int_equal(rmt_file_read(SRCDIR "/docs/lints.md", 1 << 20, &found, NULL), 0);
	assert_string_equal(rmt_buf_string(&found), rmt_buf_string(&wanted));
	rmt_buf_free(&wanted);
	rmt_buf_free(&found);
}

int
main(void)
{
	static struct CMUnitTest tests[COUNT(rows) + 4];
	static char names[COUNT(rows)][160];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];

		snprintf(names[i], sizeof names[i], "%s: %s", row->lint, row->sentence);
		tests[count].name = names[i];
		tests[count].test_func = check_row;
		memcpy(&tests[count++].initial_state, &row, sizeof row);
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_lint_has_both);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_row_is_whole);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(bytes_to_be_signed_are_judged);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(document_is_the_table);
	return _cmocka_run_group_tests("lints", tests, count, NULL, NULL);
}
