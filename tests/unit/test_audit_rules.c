/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rule of the table, with a certificate that passes and one that fails. The world of a row is a leaf under an
 * intermediate under a root; the row says how they differ from good ones and what is sent along.
 *
 * docs/rules.md is compared with the table too. REMINT_WRITE_RULES=FILE writes it anew instead.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_audit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum key { KEY_OWN, KEY_NONE, KEY_OTHER, KEY_LOCKED };

struct row {
	const char *rule, *sentence;
	const char *fault;  /* part of the message; NULL: the rule passes */
	const char *object; /* whose fault; NULL: "CN=leaf", which is "leaf" */
	const char *set;    /* further settings of the rule, as in a target file */
	const char *path;   /* the target's path group; NULL: checked for any purpose */
	struct make leaf, inter, root;
	const char *sent;   /* NULL "I"; letters: I the intermediate, R the root, F a foreign one, L the leaf once more */
	const char *trust;  /* NULL "R" */
	const char *known;  /* at hand, not sent, not trusted; NULL none */
	const char *host, *now;
	enum key key;
	bool bag, leaf_last;
	struct rmt_object_facts facts;
	enum rmt_remedy remedy; /* that the finding must name; NONE: not looked at */
	const char *wanted; /* by the topology, blank-separated: "cn:" a common name, "one:" any of these, "wild:" a wildcard may stand for
	                     * it, "maybe:" unconfirmed; NULL: no topology was given */
};

#define PASS(id, words, ...) { .rule = id, .sentence = words, __VA_ARGS__ }
#define FAIL(id, words, part, ...) { .rule = id, .sentence = words, .fault = part, __VA_ARGS__ }

static const struct row rows[] = {
	/* ---- eku */
	PASS("leaf.eku.server-auth", "serverAuth among others passes",
	    .leaf = { .eku = "clientAuth serverAuth" }),
	PASS("leaf.eku.server-auth", "no extended key usage passes", .leaf = { .eku = NULL }),
	FAIL("leaf.eku.server-auth", "clientAuth alone fails", "lists only clientAuth",
	    .leaf = { .eku = "clientAuth" }),
	PASS("leaf.eku.client-auth", "both purposes pass", .leaf = { .eku = "serverAuth clientAuth" }),
	PASS("leaf.eku.client-auth", "no extended key usage passes", .leaf = { .eku = NULL }),
	FAIL("leaf.eku.client-auth", "serverAuth alone fails", "the extended key usage lists only serverAuth",
	    .leaf = { .eku = "serverAuth" }),
	FAIL("leaf.eku.client-auth", "all that is listed is told", "lists only serverAuth, codeSigning and 1.2.3.4",
	    .leaf = { .eku = "serverAuth codeSigning 1.2.3.4" }),
	FAIL("leaf.eku.client-auth", "any purpose fails and says who takes it", "Windows accepts and OpenSSL refuses",
	    .leaf = { .eku = "anyExtendedKeyUsage" }),
	FAIL("leaf.eku.client-auth", "an empty list cannot be read", "cannot be read", .leaf = { .eku = "" }),
	PASS("leaf.eku.client-auth", "a certificate before the window passes", .leaf = { .eku = "serverAuth" },
	    .set = "from = \"2026-01-02\";"),
	FAIL("leaf.eku.client-auth", "a certificate within the window fails", "only serverAuth",
	    .leaf = { .eku = "serverAuth" }, .set = "from = \"2026-01-01\"; until = \"2026-01-02\";"),
	PASS("leaf.eku.client-auth", "a certificate after the window passes", .leaf = { .eku = "serverAuth" },
	    .set = "until = \"2026-01-01\";"),
	PASS("leaf.eku.present", "an extended key usage passes", .leaf = { .eku = "serverAuth" }),
	FAIL("leaf.eku.present", "none fails", "no extended key usage", .leaf = { .eku = NULL }),
	PASS("leaf.eku.forbidden", "other purposes pass", .set = "values = [ \"codeSigning\" ];",
	    .leaf = { .eku = "serverAuth" }),
	FAIL("leaf.eku.forbidden", "a forbidden purpose fails", "lists codeSigning",
	    .set = "values = [ \"anyExtendedKeyUsage\", \"codeSigning\" ];",
	    .leaf = { .eku = "serverAuth codeSigning" }),
	FAIL("leaf.eku.forbidden", "a forbidden dotted purpose fails", "lists 1.2.3",
	    .set = "values = [ \"1.2.3\" ];", .leaf = { .eku = "serverAuth 1.2.3" }),
	PASS("path.eku", "an issuer without the extension passes", .set = "values = [ \"clientAuth\" ];"),
	PASS("path.eku", "an issuer that lists it passes", .set = "values = [ \"clientAuth\" ];",
	    .inter = { .eku = "serverAuth clientAuth" }),
	FAIL("path.eku", "an issuer that lists another fails", "lists only serverAuth, which rules out clientAuth",
	    .object = "inter", .set = "values = [ \"clientAuth\" ];", .inter = { .eku = "serverAuth" }),
	FAIL("path.eku", "the target's role is asked for", "rules out clientAuth", .object = "root",
	    .path = "check = true; purpose = \"client\";", .root = { .eku = "serverAuth" }),
	FAIL("path.eku", "any purpose above says who takes it", "Windows accepts", .object = "inter",
	    .set = "values = [ \"clientAuth\" ];", .inter = { .eku = "anyExtendedKeyUsage" }),
	/* ---- name */
	PASS("leaf.san.present", "a name passes", .leaf = { .san = "dns:leaf.example" }),
	FAIL("leaf.san.present", "none fails", "no subject alternative name", .leaf = { .san = NULL }),
	FAIL("leaf.san.present", "an empty list fails", "is empty", .leaf = { .san = "" }),
	PASS("leaf.san.covers-cn", "the common name among the names passes",
	    .leaf = { .subject = "CN=a.example", .san = "dns:b.example dns:A.example" }),
	PASS("leaf.san.covers-cn", "a wildcard covers it",
	    .leaf = { .subject = "CN=a.b.example", .san = "dns:*.b.example" }),
	PASS("leaf.san.covers-cn", "an address among the names passes",
	    .leaf = { .subject = "CN=192.0.2.1", .san = "ip:192.0.2.1" }),
	PASS("leaf.san.covers-cn", "a person's name is no host",
	    .leaf = { .subject = "CN=Jane Doe", .san = "email:jane@example.com" }),
	FAIL("leaf.san.covers-cn", "other names only fail", "\"a.example\" is not among", .object = "a.example",
	    .leaf = { .subject = "CN=a.example", .san = "dns:b.example" }),
	FAIL("leaf.san.covers-cn", "no names at all fail", "of which there are none", .object = "a.example",
	    .leaf = { .subject = "CN=a.example" }),
	PASS("leaf.san.types", "accepted kinds pass", .set = "values = [ \"dns\", \"ip\" ];",
	    .leaf = { .san = "dns:a.example ip:192.0.2.1" }),
	FAIL("leaf.san.types", "another kind fails", "\"email:a@example.com\" is not one of the kinds dns or ip",
	    .set = "values = [ \"dns\", \"ip\" ];", .leaf = { .san = "dns:a.example email:a@example.com" }),
	PASS("leaf.san.types", "a principal name has a kind of its own", .set = "values = [ \"upn\" ];",
	    .leaf = { .san = "upn:a@example.com" }),
	PASS("leaf.subject.empty-san-critical", "an empty subject with critical names passes",
	    .leaf = { .subject = "", .san = "dns:a.example", .san_critical = true }),
	FAIL("leaf.subject.empty-san-critical", "an empty subject with names that are not critical fails", "is not critical",
	    .object = "a.example", .leaf = { .subject = "", .san = "dns:a.example" }),
	FAIL("leaf.subject.empty-san-critical", "an empty subject without names fails", "there is no subject alternative name",
	    .object = "serial 4d01020304050607", .leaf = { .subject = "" }),
	PASS("leaf.name.host", "the name asked for passes", .host = "a.example",
	    .leaf = { .san = "dns:b.example dns:a.example" }),
	PASS("leaf.name.host", "an address asked for passes", .host = "2001:db8::1",
	    .leaf = { .san = "ip:2001:db8::1" }),
	PASS("leaf.name.host", "nothing asked passes", .leaf = { .san = "dns:b.example" }),
	FAIL("leaf.name.host", "another name fails", "names dns:b.example, dns:c.example, not \"a.example\"",
	    .host = "a.example", .leaf = { .san = "dns:b.example dns:c.example" }),
	FAIL("leaf.name.host", "a wildcard covers one label only", "not \"a.b.example\"", .host = "a.b.example",
	    .leaf = { .san = "dns:*.example" }),
	FAIL("leaf.name.host", "the common name alone fails and says why", "only the common name",
	    .object = "a.example", .host = "a.example", .leaf = { .subject = "CN=a.example" }),
	PASS("leaf.name.characters", "full names pass",
	    .leaf = { .subject = "CN=a.example", .san = "dns:b-1.example dns:*.c.example" }),
	PASS("leaf.name.characters", "a person's name is no host name",
	    .leaf = { .subject = "CN=Jane Doe", .san = "dns:a.example" }),
	FAIL("leaf.name.characters", "an underscore fails", "\"a_b.example\" has an underscore",
	    .leaf = { .subject = "CN=c.example", .san = "dns:a_b.example" }, .object = "c.example"),
	FAIL("leaf.name.characters", "a single label fails", "\"server\" is a single label", .object = "server",
	    .leaf = { .subject = "CN=server" }),
	FAIL("leaf.name.characters", "a name in both places is told once", "\"server\" is a single label",
	    .object = "server", .leaf = { .subject = "CN=server", .san = "dns:server" }),
	FAIL("leaf.name.characters", "an internationalised name fails", "internationalised",
	    .object = "a.example", .leaf = { .subject = "CN=a.example", .san = "dns:www.xn--bcher-kva.example" }),
	FAIL("leaf.name.characters", "letters beyond ASCII fail", "beyond ASCII",
	    .object = "b\303\274cher.example", .leaf = { .subject = "CN=b\303\274cher.example" }),
	PASS("leaf.cn.wildcard", "a host name passes", .leaf = { .subject = "CN=a.example" }),
	FAIL("leaf.cn.wildcard", "a wildcard fails", "\"*.example\" is a wildcard", .object = "*.example",
	    .leaf = { .subject = "CN=*.example" }),
	PASS("leaf.san.wildcard", "a host name passes", .leaf = { .subject = "CN=*.example", .san = "dns:a.example" }),
	FAIL("leaf.san.wildcard", "a wildcard fails", "\"*.example\" is a wildcard",
	    .leaf = { .san = "dns:a.example dns:*.example" }),
	PASS("leaf.san.wildcard", "a wildcard that the topology asks for passes", .leaf = { .san = "dns:a.example dns:*.a.example" },
	    .wanted = "*.a.example"),
	FAIL("leaf.san.wildcard", "another wildcard still fails", "\"*.b.example\" is a wildcard",
	    .leaf = { .san = "dns:a.example dns:*.b.example" }, .wanted = "*.a.example wild:x.b.example"),
	/* ---- the names of a role in a topology */
	PASS("leaf.san.topology", "without a topology nothing is asked", .leaf = { .san = "dns:a.example" }),
	PASS("leaf.san.topology", "all names, whatever their case and order", .leaf = { .san = "dns:B.example dns:c.example dns:a.example" },
	    .wanted = "a.example b.example"),
	FAIL("leaf.san.topology", "what is missing is named", "the alternative names lack b.example, d.example|",
	    .leaf = { .san = "dns:a.example dns:c.example" }, .wanted = "a.example b.example c.example d.example",
	    .remedy = RMT_REMEDY_REISSUE),
	FAIL("leaf.san.topology", "without alternative names all are missing", "lack a.example, b.example",
	    .leaf = { .subject = "CN=a.example", .san = NULL }, .object = "a.example", .wanted = "a.example b.example"),
	PASS("leaf.san.topology", "a wildcard where one may stand for the name", .leaf = { .san = "dns:p.a.example dns:*.a.example" },
	    .wanted = "p.a.example wild:meet.a.example wild:dialin.a.example"),
	FAIL("leaf.san.topology", "a wildcard where none may", "lack sip.a.example|", .leaf = { .san = "dns:p.a.example dns:*.a.example" },
	    .wanted = "p.a.example sip.a.example wild:meet.a.example"),
	FAIL("leaf.san.topology", "a wildcard stands for one label", "lack x.meet.a.example", .leaf = { .san = "dns:*.a.example" },
	    .wanted = "wild:x.meet.a.example"),
	FAIL("leaf.san.topology", "a wildcard that is wanted as it stands", "lack *.a.example",
	    .leaf = { .san = "dns:b.a.example" }, .wanted = "b.a.example *.a.example"),
	PASS("leaf.san.topology", "one of several servers is enough", .leaf = { .san = "dns:p.example dns:s2.example" },
	    .wanted = "p.example one:s1.example one:s2.example"),
	FAIL("leaf.san.topology", "none of several servers is not", "lack s1.example or s2.example|", .leaf = { .san = "dns:p.example" },
	    .wanted = "p.example one:s1.example one:s2.example"),
	PASS("leaf.san.topology", "no name is wanted", .leaf = { .san = NULL }, .wanted = "cn:a.example"),
	FAIL("leaf.san.topology", "an unconfirmed name is a warning",
	    "warning|leaf|tbs.extensions.subjectAltName|the alternative names lack b.example, which nobody has confirmed",
	    .leaf = { .san = "dns:a.example" }, .wanted = "a.example maybe:b.example"),
	FAIL("leaf.san.topology", "an address is no host name", "lack a.example", .leaf = { .san = "ip:192.0.2.1 email:a.example@a.example" },
	    .wanted = "a.example"),
	FAIL("leaf.san.topology", "of many names some are listed", "n20.example and 2 more|", .leaf = { .san = "dns:a.example" },
	    .wanted = "n1.example n2.example n3.example n4.example n5.example n6.example n7.example n8.example n9.example n10.example "
	              "n11.example n12.example n13.example n14.example n15.example n16.example n17.example n18.example n19.example "
	              "n20.example n21.example n22.example"),
	PASS("leaf.cn.topology", "without a topology nothing is asked", .leaf = { .subject = "CN=x.example", .san = "dns:x.example" }),
	PASS("leaf.cn.topology", "the name, whatever its case", .leaf = { .subject = "O=A,CN=P.example", .san = "dns:p.example" },
	    .wanted = "cn:p.example"),
	PASS("leaf.cn.topology", "another that is accepted", .leaf = { .subject = "CN=s1.example", .san = "dns:s1.example" },
	    .wanted = "cn:p.example cn:s1.example"),
	PASS("leaf.cn.topology", "a topology that has none", .leaf = { .subject = "CN=x.example", .san = "dns:x.example" },
	    .wanted = "x.example"),
	FAIL("leaf.cn.topology", "another name fails", "the common name is \"x.example\", not \"p.example\"", .object = "x.example",
	    .leaf = { .subject = "CN=x.example", .san = "dns:x.example" }, .wanted = "cn:p.example cn:s1.example",
	    .remedy = RMT_REMEDY_REISSUE),
	FAIL("leaf.cn.topology", "no common name fails", "there is no common name; \"p.example\" is wanted", .object = "x.example",
	    .leaf = { .subject = "O=Contoso", .san = "dns:x.example" }, .wanted = "cn:p.example"),
	PASS("leaf.san.cn-first", "the common name first passes",
	    .leaf = { .subject = "CN=A.example", .san = "email:a@example.com dns:a.example dns:b.example" }),
	PASS("leaf.san.cn-first", "a person's name is no host name",
	    .leaf = { .subject = "CN=Jane Doe", .san = "dns:a.example" }),
	FAIL("leaf.san.cn-first", "the common name behind another fails", "the first name is \"b.example\"",
	    .object = "a.example", .leaf = { .subject = "CN=a.example", .san = "dns:b.example dns:a.example" }),
	FAIL("leaf.name.public", "of many names the internal one is told", "\"notlocal\" is a single label",
	    .leaf = { .san = "dns:www.example.com dns:*.mail.example.net dns:notlocal ip:8.8.8.8 ip:2606:4700::1",
	        .subject = "CN=internal" }, .object = "internal"),
	PASS("leaf.name.public", "a domain that only ends like an internal one passes",
	    .leaf = { .san = "dns:www.mylocal.com dns:a.notlan.org ip:100.128.0.1 ip:172.32.0.1" }),
	FAIL("leaf.name.public", "an internal domain fails", "\"fe01.corp.local\" is in a domain that no public DNS has",
	    .leaf = { .san = "dns:www.contoso.com dns:fe01.corp.local" }),
	FAIL("leaf.name.public", "a private address fails", "\"ip:10.1.2.3\" is a reserved address",
	    .leaf = { .san = "ip:10.1.2.3" }),
	FAIL("leaf.name.public", "the end of a network fails", "\"ip:172.31.255.255\" is a reserved address",
	    .leaf = { .san = "ip:172.31.255.255" }),
	FAIL("leaf.name.public", "an address outside global unicast fails", "\"ip:fd00::1\" is a reserved address",
	    .leaf = { .san = "ip:fd00::1" }),
	FAIL("leaf.name.public", "an internal common name without alternative names fails", "\"server\" is a single label",
	    .object = "server", .leaf = { .subject = "CN=server" }),
	PASS("ca.name-constraints", "no constraints pass", .leaf = { .san = "dns:a.example" }),
	PASS("ca.name-constraints", "a permitted name passes", .leaf = { .san = "dns:a.Example" },
	    .inter = { .permitted = "dns:example" }),
	FAIL("ca.name-constraints", "a name that is not permitted fails", "do not permit the leaf's name dns:aexample",
	    .object = "inter", .leaf = { .san = "dns:aexample" }, .inter = { .permitted = "dns:example" }),
	FAIL("ca.name-constraints", "an excluded name fails", "exclude the leaf's name dns:a.b.example",
	    .object = "root", .leaf = { .san = "dns:a.b.example" }, .root = { .excluded = "dns:b.example" }),
	PASS("ca.name-constraints", "a kind that is not mentioned passes", .leaf = { .san = "ip:192.0.2.1" },
	    .inter = { .permitted = "dns:example" }),
	PASS("ca.name-constraints", "an address within passes", .leaf = { .san = "ip:192.0.2.1" },
	    .inter = { .permitted = "ip8:c0000200ffffff00" }),
	FAIL("ca.name-constraints", "an address outside fails", "do not permit the leaf's name ip:192.0.3.1",
	    .object = "inter", .leaf = { .san = "ip:192.0.3.1" },
	    .inter = { .permitted = "ip8:c0000200ffffff00" }),
	PASS("ca.name-constraints", "a mailbox of the host passes", .leaf = { .san = "email:a@example.com" },
	    .inter = { .permitted = "email:example.com" }),
	FAIL("ca.name-constraints", "a mailbox of a host below fails", "email:a@b.example.com",
	    .object = "inter", .leaf = { .san = "email:a@b.example.com" },
	    .inter = { .permitted = "email:example.com" }),
	PASS("ca.name-constraints", "a URI of a host below passes",
	    .leaf = { .san = "uri:https://u@b.example.com:443/x" }, .inter = { .permitted = "uri:.example.com" }),
	FAIL("ca.name-constraints", "a URI of another host fails", "do not permit", .object = "inter",
	    .leaf = { .san = "uri:https://b.example.org/.example.com" },
	    .inter = { .permitted = "uri:.example.com" }),
	PASS("ca.name-constraints", "a subject within passes", .leaf = { .subject = "O=Example,CN=leaf" },
	    .inter = { .permitted = "directory:O=example" }),
	FAIL("ca.name-constraints", "a subject outside fails", "do not permit", .object = "inter",
	    .leaf = { .subject = "O=Other,CN=leaf" }, .inter = { .permitted = "directory:O=example" }),
	/* ---- key */
	PASS("leaf.key.rsa-bits", "2048 bits pass", .set = "min = 2048; max = 4096;",
	    .leaf = { .rsa_bits = 2048 }),
	PASS("leaf.key.rsa-bits", "an elliptic curve passes", .set = "min = 2048;"),
	FAIL("leaf.key.rsa-bits", "1024 bits fail", "has 1024 bits, fewer than 2048", .set = "min = 2048;",
	    .leaf = { .rsa_bits = 1024 }),
	FAIL("leaf.key.rsa-bits", "8192 bits fail", "has 8192 bits, more than 4096", .set = "max = 4096;",
	    .leaf = { .rsa_bits = 8192 }),
	PASS("leaf.key.rsa-sizes", "a listed size passes", .set = "values = [ \"2048\", \"4096\" ];",
	    .leaf = { .rsa_bits = 4096 }),
	FAIL("leaf.key.rsa-sizes", "another size fails", "has 3072 bits, not 2048 or 4096",
	    .set = "values = [ \"2048\", \"4096\" ];", .leaf = { .rsa_bits = 3072 }),
	PASS("leaf.key.type", "an accepted kind passes", .set = "values = [ \"rsa\", \"ec\" ];"),
	FAIL("leaf.key.type", "another kind fails", "not rsa", .set = "values = [ \"rsa\" ];"),
	PASS("leaf.key.curve", "an accepted curve passes", .set = "values = [ \"P-256\" ];"),
	PASS("leaf.key.curve", "RSA passes", .set = "values = [ \"P-384\" ];", .leaf = { .rsa_bits = 2048 }),
	FAIL("leaf.key.curve", "another curve fails", "curve P-256, not P-384 or P-521",
	    .set = "values = [ \"P-384\", \"P-521\" ];"),
	PASS("leaf.key.sound", "a generated key passes", .key = KEY_OWN),
	FAIL("leaf.key.sound", "a short key fails", "1024", .leaf = { .rsa_bits = 1024 }),
	PASS("leaf.key-usage.tls", "no key usage passes", .key = KEY_OWN),
	PASS("leaf.key-usage.tls", "digitalSignature passes", .leaf = { .usage = RMT_KU_DIGITAL_SIGNATURE }),
	PASS("leaf.key-usage.tls", "RSA with keyEncipherment passes for a server",
	    .leaf = { .rsa_bits = 2048, .usage = RMT_KU_KEY_ENCIPHERMENT, .eku = "serverAuth" }),
	PASS("leaf.key-usage.includes", "no key usage passes", .set = "values = [ \"digitalSignature\" ];"),
	PASS("leaf.key-usage.includes", "all that is wanted passes",
	    .set = "values = [ \"digitalSignature\", \"keyEncipherment\" ];",
	    .leaf = { .rsa_bits = 2048, .usage = RMT_KU_DIGITAL_SIGNATURE | RMT_KU_KEY_ENCIPHERMENT | RMT_KU_KEY_AGREEMENT }),
	PASS("leaf.key-usage.includes", "no elliptic curve is asked for keyEncipherment",
	    .set = "values = [ \"digitalSignature\", \"keyEncipherment\" ];",
	    .leaf = { .usage = RMT_KU_DIGITAL_SIGNATURE }),
	FAIL("leaf.key-usage.includes", "RSA without keyEncipherment fails", "allows digitalSignature, and keyEncipherment is missing",
	    .set = "values = [ \"digitalSignature\", \"keyEncipherment\" ];",
	    .leaf = { .rsa_bits = 2048, .usage = RMT_KU_DIGITAL_SIGNATURE }),
	FAIL("leaf.key-usage.tls", "a client that cannot sign fails", "allows keyEncipherment, not digitalSignature",
	    .leaf = { .rsa_bits = 2048, .usage = RMT_KU_KEY_ENCIPHERMENT, .eku = "serverAuth clientAuth" }),
	FAIL("leaf.key-usage.tls", "an elliptic curve with keyAgreement alone fails", "allows keyAgreement",
	    .leaf = { .usage = RMT_KU_KEY_AGREEMENT }),
	PASS("ca.key.rsa-bits", "an elliptic curve passes", .set = "min = 2048;"),
	FAIL("ca.key.rsa-bits", "a short key of an issuer fails", "1024 bits", .object = "inter",
	    .set = "min = 2048;", .inter = { .rsa_bits = 1024 }, .leaf = { .no_authority_id = true }),
	PASS("ca.key.type", "an accepted kind passes", .set = "values = [ \"ec\" ];"),
	FAIL("ca.key.type", "another kind fails", "EC", .object = "root", .set = "values = [ \"rsa\" ];",
	    .inter = { .rsa_bits = 2048 }, .leaf = { .no_authority_id = true }),
	PASS("key.present", "a key at hand passes", .key = KEY_OWN),
	PASS("key.present", "a locked key passes", .key = KEY_LOCKED),
	FAIL("key.present", "no key fails", "no private key", .key = KEY_NONE),
	PASS("key.match", "the certificate's own key passes", .key = KEY_OWN),
	PASS("key.match", "no key passes", .key = KEY_NONE),
	FAIL("key.match", "another key fails", "is not the one of the certificate", .key = KEY_OTHER),
	/* ---- signature */
	PASS("leaf.signature.digest", "another digest passes", .set = "values = [ \"sha512\" ];"),
	FAIL("leaf.signature.digest", "a refused digest fails", "signed with sha512WithRSAEncryption, and the digest sha512 is refused",
	    .set = "values = [ \"md5\", \"sha512\" ];", .leaf = { .algorithm = "sha512" }),
	PASS("ca.signature.digest", "a root may be signed with anything", .set = "values = [ \"sha1\" ];",
	    .root = { .algorithm = "sha1" }),
	FAIL("ca.signature.digest", "an intermediate fails", "sha1", .object = "inter",
	    .set = "values = [ \"sha1\" ];", .inter = { .algorithm = "sha1" }),
	PASS("chain.root-digest", "a root that is not sent passes", .set = "values = [ \"sha512\" ];",
	    .root = { .algorithm = "sha512" }),
	PASS("chain.root-digest", "a root in a bag passes", .set = "values = [ \"sha512\" ];",
	    .root = { .algorithm = "sha512" }, .sent = "IR", .bag = true),
	PASS("chain.root-digest", "an intermediate is another rule's matter", .set = "values = [ \"sha512\" ];",
	    .inter = { .algorithm = "sha512" }, .sent = "IR"),
	FAIL("chain.root-digest", "a root that is sent fails", "error|root|chain[2]|this root is sent along, signed with",
	    .object = "root", .set = "values = [ \"sha512\" ];", .root = { .algorithm = "sha512" }, .sent = "IR"),
	PASS("root.signature.digest", "an intermediate may be signed with anything",
	    .set = "values = [ \"sha1\" ];", .inter = { .algorithm = "sha1" }),
	FAIL("root.signature.digest", "a root fails", "md5", .object = "root", .set = "values = [ \"md5\" ];",
	    .root = { .algorithm = "md5" }),
	PASS("leaf.signature.pss", "PKCS #1 v1.5 passes", .leaf = { .algorithm = "sha256" }),
	FAIL("leaf.signature.pss", "RSASSA-PSS fails", "RSASSA-PSS", .leaf = { .algorithm = "pss" }),
	PASS("ca.signature.pss", "PKCS #1 v1.5 passes", .inter = { .algorithm = "sha256" },
	    .leaf = { .algorithm = "pss" }),
	FAIL("ca.signature.pss", "RSASSA-PSS fails", "RSASSA-PSS", .object = "inter",
	    .inter = { .algorithm = "pss" }),
	PASS("leaf.algorithm.match", "the same twice passes", .key = KEY_OWN),
	FAIL("leaf.algorithm.match", "two algorithms fail", "says sha256WithRSAEncryption, the signature says sha512WithRSAEncryption",
	    .leaf = { .algorithm = "sha256", .outer = "sha512" }),
	/* ---- dates */
	PASS("leaf.dates.valid", "a valid certificate passes", .key = KEY_OWN),
	PASS("leaf.dates.valid", "the last second passes", .now = "2026-07-18T23:59:59Z"),
	FAIL("leaf.dates.valid", "an expired certificate fails", "expired on 2026-07-18T23:59:59Z",
	    .now = "2026-07-19"),
	FAIL("leaf.dates.valid", "a future certificate fails", "not valid before 2026-01-01",
	    .now = "2025-12-31T23:59:59Z"),
	PASS("leaf.dates.expiring", "much time left passes", .set = "min = \"30d\";"),
	PASS("leaf.dates.expiring", "an expired certificate is another rule's matter", .now = "2026-07-19"),
	FAIL("leaf.dates.expiring", "little time left fails", "in 3 days or less", .now = "2026-07-16",
	    .set = "min = \"30d\";"),
	PASS("leaf.dates.lifetime", "the longest lifetime passes", .set = "max = \"199d\";"),
	FAIL("leaf.dates.lifetime", "one second more is a day more", "valid for 200 days where at most 199",
	    .set = "max = \"199d\";", .leaf = { .to = "2026-07-19T00:00:01Z" }),
	FAIL("leaf.dates.lifetime", "a longer life fails within its window", "at most 100",
	    .set = "max = \"100d\"; from = \"2026-01-01\"; until = \"2027-01-01\";"),
	PASS("leaf.dates.lifetime", "a longer life passes outside the window",
	    .set = "max = \"100d\"; from = \"2026-01-02\";"),
	PASS("ca.dates.valid", "valid issuers pass", .now = "2026-08-01"),
	FAIL("ca.dates.valid", "an expired intermediate fails", "expired on 2026-05-31", .object = "inter",
	    .inter = { .to = "2026-06-01" }),
	PASS("ca.dates.nesting", "a leaf within its issuer passes", .key = KEY_OWN),
	FAIL("ca.dates.nesting", "a leaf that outlives its issuer fails", "expires on 2026-06-30T23:59:59Z",
	    .object = "inter", .inter = { .to = "2026-07-01" }),
	FAIL("ca.dates.nesting", "an intermediate that is older than its issuer fails", "begins on 2021-01-01",
	    .object = "root", .root = { .from = "2021-01-01" }),
	/* ---- extension */
	PASS("leaf.crl-distribution.present", "a distribution point passes",
	    .leaf = { .crl = "http://a.example/c" }),
	FAIL("leaf.crl-distribution.present", "none fails", "no CRL distribution point", .key = KEY_OWN),
	PASS("leaf.crl-distribution.http", "an http address passes", .leaf = { .crl = "HTTP://a.example/c" }),
	PASS("leaf.crl-distribution.http", "none is another rule's matter", .key = KEY_OWN),
	FAIL("leaf.crl-distribution.http", "ldap alone fails", "but at ldap:///CN=x",
	    .leaf = { .crl = "ldap:///CN=x" }),
	PASS("leaf.policies.present", "a policy passes",
	    .leaf = { .extra = "30130603551d20040c300a3008060667810c010201" }),
	FAIL("leaf.policies.present", "none fails", "no certificate policy", .key = KEY_OWN),
	PASS("leaf.authority-info.present", "an issuer's address passes",
	    .leaf = { .access = "caIssuers http://a.example/i" }),
	FAIL("leaf.authority-info.present", "none fails", "no authority information access", .key = KEY_OWN),
	FAIL("leaf.authority-info.present", "another method alone fails", "neither",
	    .leaf = { .access = "1.2.3 http://a.example/i" }),
	PASS("leaf.serial.length", "20 octets pass",
	    .leaf = { .serial = "7f00000000000000000000000000000000000001" }),
	FAIL("leaf.serial.length", "21 octets fail", "has 21 octets",
	    .leaf = { .serial = "7f0000000000000000000000000000000000000102" }),
	PASS("leaf.serial.positive", "a positive number passes", .key = KEY_OWN),
	FAIL("leaf.serial.positive", "zero fails", "is zero", .leaf = { .serial = "00" }),
	FAIL("leaf.serial.positive", "a negative number fails", "is negative", .leaf = { .serial = "ff01" }),
	PASS("leaf.version", "version 3 passes", .key = KEY_OWN),
	FAIL("leaf.version", "version 1 fails", "of version 1", .leaf = { .version = 1 }),
	PASS("leaf.basic-constraints.not-ca", "no basic constraints pass", .key = KEY_OWN),
	PASS("leaf.basic-constraints.not-ca", "cA FALSE passes", .leaf = { .ca = CA_NO }),
	FAIL("leaf.basic-constraints.not-ca", "cA TRUE fails", "marked as a CA", .leaf = { .ca = CA_LOOSE }),
	PASS("ca.basic-constraints", "critical ones pass", .key = KEY_OWN),
	FAIL("ca.basic-constraints", "ones that are not critical fail", "not critical", .object = "inter",
	    .inter = { .ca = CA_LOOSE }),
	FAIL("ca.basic-constraints", "cA FALSE fails", "say that it is no CA", .object = "inter",
	    .inter = { .ca = CA_NO }),
	FAIL("ca.basic-constraints", "none fail", "no basic constraints", .object = "inter",
	    .inter = { .ca = CA_UNSTATED }),
	PASS("ca.key-usage.cert-sign", "keyCertSign passes", .key = KEY_OWN),
	FAIL("ca.key-usage.cert-sign", "another usage fails", "lacks keyCertSign", .object = "inter",
	    .inter = { .usage = RMT_KU_CRL_SIGN }),
	FAIL("ca.key-usage.cert-sign", "no key usage fails", "no key usage", .object = "inter",
	    .inter = { .no_usage = true }),
	PASS("ca.key-usage.cert-sign", "a trust anchor needs none", .root = { .no_usage = true }),
	FAIL("ca.key-usage.cert-sign", "but where verification is strict", "no key usage", .object = "root",
	    .root = { .no_usage = true }, .path = "check = true; strict = true;"),
	PASS("ca.basic-constraints", "a trust anchor needs none", .root = { .ca = CA_UNSTATED }),
	FAIL("ca.basic-constraints", "one that says that it is no CA fails", "say that it is no CA", .object = "root",
	    .root = { .ca = CA_NO }),
	PASS("ca.path-length", "enough length passes", .inter = { .path_length = 1 },
	    .root = { .path_length = 2 }),
	FAIL("ca.path-length", "too little fails", "allows 0 CAs below it, and there are 1", .object = "root",
	    .root = { .path_length = 1 }),
	PASS("leaf.key-id.authority", "an identifier passes", .key = KEY_OWN),
	FAIL("leaf.key-id.authority", "none fails", "no authority key identifier",
	    .leaf = { .no_authority_id = true }),
	PASS("ca.key-id.subject", "an identifier passes", .key = KEY_OWN),
	FAIL("ca.key-id.subject", "none fails", "no subject key identifier", .object = "inter",
	    .inter = { .no_subject_id = true }),
	PASS("leaf.extensions.duplicate", "each once passes", .leaf = { .eku = "serverAuth" }),
	FAIL("leaf.extensions.duplicate", "one twice fails", "extendedKeyUsage occurs twice",
	    .leaf = { .eku = "serverAuth", .extra = "30130603551d25040c300a06082b06010505070302" }),
	PASS("leaf.extensions.unknown-critical", "an unknown one that is not critical passes",
	    .leaf = { .extra = "300906032a030404020500" }),
	FAIL("leaf.extensions.unknown-critical", "an unknown critical one fails", "1.2.3.4 is critical",
	    .leaf = { .extra = "300c06032a03040101ff04020500" }),
	PASS("leaf.extensions.malformed", "good ones pass",
	    .leaf = { .eku = "serverAuth", .san = "dns:a.example", .ca = CA_NO, .crl = "http://a.example/c", .access = "ocsp http://a.example/o", .usage = RMT_KU_DIGITAL_SIGNATURE }),
	FAIL("leaf.extensions.malformed", "an empty extended key usage fails", "extendedKeyUsage cannot be read",
	    .leaf = { .eku = "" }),
	FAIL("leaf.extensions.malformed", "rubbish in a name fails", "subjectAltName cannot be read",
	    .leaf = { .extra = "300b0603551d1104043002 0102" }),
	PASS("leaf.encoding", "DER passes", .key = KEY_OWN),
	FAIL("leaf.encoding", "a default spelled out fails", "", .leaf = { .ca = CA_NO }),
	FAIL("leaf.encoding", "a padded serial number fails", "", .leaf = { .serial = "000001" }),
	/* ---- chain */
	PASS("chain.complete", "an intermediate sent passes", .key = KEY_OWN),
	PASS("chain.complete", "a root sent passes", .sent = "IR", .trust = ""),
	FAIL("chain.complete", "a missing intermediate that is at hand fails", "\"CN=inter\" was not sent along",
	    .sent = "", .known = "I"),
	FAIL("chain.complete", "a missing intermediate that nobody has fails", "\"CN=inter\" was not sent, and it is no trusted root",
	    .sent = ""),
	FAIL("chain.complete", "a lone leaf fails without roots at hand too", "unless it is a root", .sent = "",
	    .trust = ""),
	PASS("chain.order", "the leaf first, then its issuers, passes", .sent = "IR"),
	PASS("chain.order", "a bag has no order", .sent = "RI", .bag = true),
	FAIL("chain.order", "the root before the intermediate fails", "\"CN=root\" stands before", .sent = "RI"),
	FAIL("chain.order", "the leaf last fails", "does not stand first", .sent = "I", .leaf_last = true),
	PASS("chain.duplicate", "each once passes", .sent = "IR"),
	FAIL("chain.duplicate", "an intermediate twice fails", "sent again, after place 1", .object = "inter",
	    .sent = "II"),
	FAIL("chain.duplicate", "the leaf twice fails", "sent again, after place 0", .object = "leaf",
	    .sent = "LI"),
	PASS("chain.root-included", "no root passes", .key = KEY_OWN),
	PASS("chain.root-included", "a root in a bag passes", .sent = "IR", .bag = true),
	FAIL("chain.root-included", "a root fails", "warning|root|chain[2]|the root is sent", .object = "root", .sent = "IR",
	    .path = "root_on_wire_ok = false;"),
	FAIL("chain.root-included", "a root that does no harm is only told", "info|root", .object = "root", .sent = "IR"),
	PASS("chain.foreign", "issuers pass", .sent = "IR"),
	FAIL("chain.foreign", "a stranger fails", "no path", .object = "foreign", .sent = "IF"),
	PASS("chain.length", "as many as accepted pass", .sent = "IR", .set = "max = 3;"),
	FAIL("chain.length", "more fail", "3 certificates are sent, more than 2", .sent = "IR",
	    .set = "max = 2;"),
	PASS("path.valid", "a good path passes", .key = KEY_OWN),
	PASS("path.valid", "a good path passes in both roles", .path = "check = true; purpose = \"both\";",
	    .leaf = { .eku = "serverAuth clientAuth" }),
	FAIL("path.valid", "a missing role fails", "as a client certificate: unsuitable certificate purpose (error 26 at depth 0)",
	    .path = "check = true; purpose = \"both\";", .leaf = { .eku = "serverAuth" },
	    .remedy = RMT_REMEDY_REISSUE),
	FAIL("path.valid", "the same fault in both roles is told once", "error 10 at depth 0",
	    .now = "2026-08-01", .path = "check = true; purpose = \"both\";"),
	FAIL("path.valid", "the fix names what to do about the error", "|renew the certificate that has expired", .now = "2026-08-01",
	    .remedy = RMT_REMEDY_RENEW),
	FAIL("path.valid", "the target's own fix stands", "|Do it", .now = "2026-08-01", .set = "fix = \"Do it\";"),
	FAIL("path.valid", "a fault of the intermediate is its own", "error 10 at depth 1", .object = "inter",
	    .inter = { .to = "2026-05-01" }, .remedy = RMT_REMEDY_ISSUER),
	FAIL("path.valid", "roots that are not above the leaf fail", "error 20 at depth 1", .object = "inter",
	    .trust = "F", .remedy = RMT_REMEDY_CHAIN),
	FAIL("path.valid", "a root that is sent and not trusted fails", "error 19 at depth 2", .object = "root",
	    .sent = "IR", .trust = "F", .remedy = RMT_REMEDY_ISSUER),
	FAIL("path.valid", "without a root the rest is judged", "error 10 at depth 0", .trust = "",
	    .now = "2026-08-01"),
	PASS("path.anchor", "a trusted root passes", .key = KEY_OWN),
	FAIL("path.anchor", "none is told", "up to \"CN=inter\" only", .trust = ""),
	PASS("path.capped", "a short search passes", .key = KEY_OWN),
	/* ---- container */
	PASS("container.pfx.profile", "an accepted profile passes", .set = "values = [ \"compat\" ];",
	    .facts = { .container = "pkcs12", .pfx_profile = "compat" }),
	PASS("container.pfx.profile", "PEM has none and passes", .set = "values = [ \"compat\" ];",
	    .facts = { .container = "pem" }),
	FAIL("container.pfx.profile", "another profile fails", "of the profile modern, not compat or legacy",
	    .set = "values = [ \"compat\", \"legacy\" ];",
	    .facts = { .container = "pkcs12", .pfx_profile = "modern" }),
	PASS("container.format", "an accepted form passes", .set = "values = [ \"pem\" ];",
	    .facts = { .container = "pem" }),
	FAIL("container.format", "another form fails", "in the form der, not pem",
	    .set = "values = [ \"pem\" ];", .facts = { .container = "der" }),
	PASS("container.encoding", "a clean file passes", .facts = { .container = "pem" }),
	FAIL("container.encoding", "a diagnosis is told", "a byte order mark",
	    .facts = { .container = "pem", .note = "a byte order mark" }),
};

/* ---- the world of a row ------------------------------------------------------------------------------------------------- */

struct world {
	struct made root, inter, leaf, foreign;
};

static struct world
make_world(const struct row *row)
{
	const struct make plain = { 0 };
	struct world world;

	world.root = make_cert(&row->root, "CN=root", NULL, true);
	world.inter = make_cert(&row->inter, "CN=inter", &world.root, true);
	world.leaf = make_cert(&row->leaf, "CN=leaf", &world.inter, false);
	world.foreign = make_cert(&plain, "CN=foreign", NULL, true);
	return world;
}

static void
world_free(struct world *world)
{
	made_free(&world->root);
	made_free(&world->inter);
	made_free(&world->leaf);
	made_free(&world->foreign);
}

static const struct made *
named(const struct world *world, char letter)
{
	return letter == 'R' ? &world->root : letter == 'I' ? &world->inter : letter == 'L' ? &world->leaf : &world->foreign;
}

static void
add_certs(struct rmt_chain_store *store, const struct world *world, const char *letters, bool trusted)
{
	for (; *letters; letters++)
		assert_int_equal(rmt_chain_store_add(store, named(world, *letters)->cert, trusted, NULL), 0);
}

/* The names of row->wanted; words of the text that is given. */
static void
make_wanted(char *text, struct rmt_wanted_names *out)
{
	static char *cn[8];
	static struct rmt_wanted_name names[64];

	*out = (struct rmt_wanted_names){ .cn.items = cn, .names = names };
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		char *colon = strchr(word, ':');

		if (!strncmp(word, "cn:", 3)) {
			cn[out->cn.count++] = colon + 1;
			continue;
		}
		names[out->count++] = (struct rmt_wanted_name){ .name = colon ? colon + 1 : word, .group = !strncmp(word, "one:", 4),
			.wildcard = !strncmp(word, "wild:", 5), .unconfirmed = !strncmp(word, "maybe:", 6) };
	}
}

static void
judge(const struct row *row, const struct world *world, struct findings *findings)
{
	const char *sent = row->sent ? row->sent : "I";
	const struct rmt_cert *certs[8];
	struct rmt_presented presented = { .leaf = world->leaf.cert, .facts = &row->facts, .sent = certs,
		.order_matters = !row->bag, .leaf_first = !row->leaf_last, .host = row->host };
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	struct rmt_err err = { 0 };
	struct rmt_target *target;
	struct rmt_audit *audit;
	struct rmt_wanted_names wanted;
	char rule[512], words[1024];

	for (; sent[presented.sent_count]; presented.sent_count++)
		certs[presented.sent_count] = named(world, sent[presented.sent_count])->cert;
	add_certs(store, world, row->trust ? row->trust : "R", true);
	add_certs(store, world, row->known ? row->known : "", false);
	if (row->key == KEY_OWN)
		presented.key_spki = world->leaf.cert->spki;
	if (row->key == KEY_OTHER)
		presented.key_spki = world->foreign.cert->spki;
	presented.key_locked = row->key == KEY_LOCKED;
	snprintf(rule, sizeof rule, "{ rule = \"%s\"; %s }", row->rule, row->set ? row->set : "");
	target = make_target(rule, row->path);
	audit = rmt_audit_new(target, store, make_time(row->now ? row->now : "2026-06-01"), &err);
	if (!audit)
		fail_msg("%s: %s", err.place, err.message);
	snprintf(words, sizeof words, "%s", row->wanted ? row->wanted : "");
	make_wanted(words, &wanted);
	rmt_audit_expect(audit, row->wanted ? &wanted : NULL);
	if (rmt_audit_run(audit, &presented, keep_finding, findings, &err))
		fail_msg("%s: %s", err.place, err.message);
	rmt_audit_free(audit);
	rmt_target_free(target);
	rmt_chain_store_free(store);
}

static void
check_row(void **state)
{
	const struct row *row = *state;
	struct world world = make_world(row);
	struct findings findings = { 0 };
	char start[128];

	judge(row, &world, &findings);
	if (!row->fault && findings.count)
		fail_msg("should pass: %s", rmt_buf_string(&findings.text));
	if (row->fault) {
		if (findings.count != 1)
			fail_msg("%zu findings: %s", findings.count, rmt_buf_string(&findings.text));
		if (row->remedy && row->remedy != findings.remedy)
			fail_msg("\"%s\" is its step, not %s", rmt_remedy_name(findings.remedy), rmt_remedy_name(row->remedy));
		if (!strstr(rmt_buf_string(&findings.text), row->fault))
			fail_msg("\"%s\" is not in: %s", row->fault, rmt_buf_string(&findings.text));
		snprintf(start, sizeof start, "|%s|", row->object ? row->object : "leaf");
		if (!row->object && row->leaf.san && !row->leaf.subject)
			snprintf(start, sizeof start, "|leaf|");
		if (!strstr(rmt_buf_string(&findings.text), start))
			fail_msg("\"%s\" is not in: %s", start, rmt_buf_string(&findings.text));
	}
	rmt_buf_free(&findings.text);
	world_free(&world);
}

/* ---- the table ----------------------------------------------------------------------------------------------------------- */

/* path.capped fails in test_audit_chain.c only: it takes a mesh of CAs. */
static bool
fails_elsewhere(const char *rule)
{
	return !strcmp(rule, "path.capped");
}

static void
every_rule_has_both(void **state)
{
	size_t count;
	const struct rmt_rule_row *rules = rmt_rule_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		unsigned passes = 0, fails = 0;

		for (size_t r = 0; r < COUNT(rows); r++)
			if (!strcmp(rows[r].rule, rules[i].id))
				*(rows[r].fault ? &fails : &passes) += 1;
		if (!passes || (!fails && !fails_elsewhere(rules[i].id)))
			fail_msg("%s: %u rows pass, %u fail", rules[i].id, passes, fails);
	}
}

static void
every_row_is_whole(void **state)
{
	size_t count;
	const struct rmt_rule_row *rules = rmt_rule_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(strchr(rules[i].id, '.') != NULL);
		assert_true(rules[i].title[0] >= 'A' && rules[i].title[0] <= 'Z');
		assert_true(rules[i].fix[0] >= 'a' && rules[i].fix[0] <= 'z');
		assert_true(rules[i].fix[strlen(rules[i].fix) - 1] != '.');
		assert_true(rules[i].citation[0] != '\0');
		assert_int_equal(rules[i].remedy == RMT_REMEDY_NONE, rules[i].severity == RMT_SEVERITY_INFO);
		assert_true(rmt_remedy_name(rules[i].remedy)[0] != '\0');
		for (size_t other = 0; other < i; other++)
			assert_string_not_equal(rules[i].id, rules[other].id);
	}
}

static void
write_document(struct rmt_buf *text)
{
	size_t count;
	const struct rmt_rule_row *rules = rmt_rule_rows(&count);

	rmt_buf_text(text, "# The rules\n\n"
	    "Every rule that `remint audit` knows. A target switches rules on, sets their parameters and may set another\n"
	    "severity, source and fix; `remint target show NAME` lists what a target asks. This page is written from the table in\n"
	    "`src/audit/rules.c` (how: see `tests/unit/test_audit_rules.c`), and a test holds the two against each other.\n");
	for (size_t i = 0; i < count; i++)
		rmt_buf_format(text, "\n## %s\n\n%s.\n\n- severity: %s\n- parameters: %s\n- source: %s\n- fix: %s.\n- step of a plan: %s\n", rules[i].id,
		    rules[i].title, rmt_severity_name(rules[i].severity), rules[i].parameters[0] ? rules[i].parameters : "none",
		    rules[i].citation, rules[i].fix, rmt_remedy_name(rules[i].remedy));
}

static void
document_is_the_table(void **state)
{
	const char *path = getenv("REMINT_WRITE_RULES");
	struct rmt_buf wanted = { 0 }, found = { 0 };

	(void)state;
	write_document(&wanted);
	if (path)
		assert_int_equal(rmt_file_write(path, rmt_buf_view(&wanted), 0644, true, NULL), 0);
	assert_int_equal(rmt_file_read(SRCDIR "/docs/rules.md", 1 << 20, &found, NULL), 0);
	assert_string_equal(rmt_buf_string(&found), rmt_buf_string(&wanted));
	rmt_buf_free(&wanted);
	rmt_buf_free(&found);
}

int
test_audit_rules(void)
{
	static struct CMUnitTest tests[COUNT(rows) + 3];
	static char names[COUNT(rows)][160];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];

		snprintf(names[i], sizeof names[i], "%s: %s", row->rule, row->sentence);
		tests[count].name = names[i];
		tests[count].test_func = check_row;
		memcpy(&tests[count++].initial_state, &row, sizeof row);
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_rule_has_both);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_row_is_whole);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(document_is_the_table);
	return _cmocka_run_group_tests("rules", tests, count, NULL, NULL);
}
