/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of policy/: every kind of mistake in a policy file is refused with its line, what was
 * expected and, where a word is near, a did-you-mean.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test_policy.h"

enum kind { TEMPLATE, TARGET };

static const struct fault_row {
	const char *sentence;
	enum kind kind;
	const char *text; /* behind the line of SMALL_TEMPLATE or SMALL_TARGET */
	const char *place, *message;
} fault_rows[] = {
	/* What libconfig would let pass. */
	{ "a large number does not wrap", TEMPLATE, "san: { max = 4294967296; };", "line 2",
	    "this number is too large" },
	{ "an octal number is not read as decimal", TARGET,
	    "\ndeploy: { files = ( { mode = 0640; } ); };", "line 3",
	    "a number with a leading zero is read as decimal: put it in quotes, as \"0640\"" },
	{ "a hexadecimal number is refused", TEMPLATE, "san: { max = 0x10; };", "line 2",
	    "hexadecimal numbers are not understood here" },
	{ "an include is refused", TEMPLATE, "@include \"other.cfg\"", "line 2",
	    "@include is not understood in a policy file: a parent is named with extends" },
	{ "text with a NUL escape is refused", TEMPLATE, "policies = [ \"1.2\\x003\" ];", "line 2",
	    "text cannot hold \\x00" },
	{ "an open quote is named where it opens", TEMPLATE, "digest = \"sha256;\n\n\n", "line 2",
	    "a quote is opened and never closed" },
	{ "an open comment is refused", TEMPLATE, "/* no end", "line 2",
	    "a comment is opened with /* and never closed" },
	{ "deep nesting is refused", TEMPLATE,
	    "a = ((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))));", "line 2",
	    "brackets are nested too deeply" },
	{ "a key stands once", TEMPLATE, "digest = \"sha256\";\ndigest = \"sha384\";", "line 3",
	    "this key stands twice in its group" },
	{ "a text without = is named", TEMPLATE, "digest \"sha256\";", "line 2",
	    "a text stands where none can: is =, a comma or a bracket missing before it?" },
	{ "a text without comma is named", TEMPLATE, "san: { allow = [ 1 \"dns\" ]; };", "line 2",
	    "a text stands where none can: is =, a comma or a bracket missing before it?" },
	{ "a list without brackets is named", TEMPLATE, "policies = \"1.2.3\", \"1.2.4\";",
	    "line 2",
	    "a text stands where none can: is =, a comma or a bracket missing before it?" },
	{ "an array of two types is a syntax error", TEMPLATE, "policies = [ 1, \"1.2.3\" ];",
	    "line 2", NULL },
	{ "an array of texts and numbers is a syntax error", TEMPLATE,
	    "policies = [ \"1.2.3\", 1 ];", "line 2", NULL },
	{ "a broken line is a syntax error", TEMPLATE, "digest = ;", "line 2",
	    "syntax error here or just before (a missing quote or bracket, or a comma behind the "
	    "last item?)" },
	/* A comma behind the last item is one to libconfig 1.5; 1.7 takes it. */

	/* Keys. */
	{ "an unknown key gets a near one", TEMPLATE, "\n\nvalidty = \"1d\";", "line 4",
	    "\"validty\" is not a key here (did you mean \"validity\"?)" },
	{ "an unknown key in a group is named with its group", TEMPLATE,
	    "san: {\n  allwo = [ \"dns\" ]; };", "line 3",
	    "\"san.allwo\" is not a key here (did you mean \"allow\"?)" },
	{ "a key that is like no other gets the list of keys", TEMPLATE,
	    "name_constraints: { zzzzzz = 1; };", "line 2",
	    "\"name_constraints.zzzzzz\" is not a key here; known are \"permitted\", "
	    "\"excluded\"" },
	{ "a key of an element is named with its index", TARGET,
	    "rules = ( { rule = \"a.b\"; }, { rule = \"a.c\"; severty = \"info\"; } );", "line 2",
	    "\"rules[1].severty\" is not a key here (did you mean \"severity\"?)" },

	/* Types. */
	{ "a duration is no number", TEMPLATE, "max_validity = 199;", "line 2",
	    "\"max_validity\" wants a duration such as \"398d\", not a number" },
	{ "a text is no number", TARGET, "template = 5;", "line 2",
	    "\"template\" wants text such as \"server-client\", not a number" },
	{ "a text is no list", TARGET, "template = [ \"a\" ];", "line 2",
	    "\"template\" wants text such as \"server-client\", not an array [ ... ]" },
	{ "a list is no text", TEMPLATE, "policies = \"1.2.3\";", "line 2",
	    "\"policies\" wants a list of texts such as [\"1.3.6.1.4.1.99999.1\"], not text" },
	{ "a list holds texts", TEMPLATE, "policies = [ 1, 2 ];", "line 2",
	    "\"policies\" wants a list of texts such as [\"1.3.6.1.4.1.99999.1\"], not a number" },
	{ "true and false are no text", TEMPLATE, "subject_key_id = \"true\";", "line 2",
	    "\"subject_key_id\" wants true or false, not text" },
	{ "true and false are no number", TEMPLATE, "subject_key_id = 1;", "line 2",
	    "\"subject_key_id\" wants true or false, not a number" },
	{ "a number is no fraction", TEMPLATE, "san: { max = 1.5; };", "line 2",
	    "\"san.max\" wants a number from 0 to 1000, not a fraction" },
	{ "a number is not negative", TEMPLATE, "san: { max = -1; };", "line 2",
	    "\"san.max\" wants a number from 0 to 1000, not \"-1\": \"-1\" is not a count such as "
	    "4096, 4k or 16M" },
	{ "a number stays in its range", TEMPLATE, "san: { max = 1001; };", "line 2",
	    "\"san.max\" wants a number from 0 to 1000, not \"1001\": \"1001\" is not between 0 "
	    "and 1000" },
	{ "a group is no list", TEMPLATE, "san = ( );", "line 2",
	    "\"san\" wants a group { ... }, not a list ( ... )" },
	{ "a list of groups is no group", TARGET, "rules: { };", "line 2",
	    "\"rules\" wants a list of groups ( { ... }, { ... } ), not a group { ... }" },
	{ "a list of groups holds groups", TARGET, "rules = ( \"leaf.version\" );", "line 2",
	    "\"rules[0]\" wants a group { ... }, not text" },

	/* Values. */
	{ "a duration has a unit", TEMPLATE, "max_validity = \"199\";", "line 2", NULL },
	{ "a duration stays in its range", TEMPLATE, "backdate = \"25h\";", "line 2",
	    "\"backdate\" wants a duration such as \"10m\", not \"25h\": it is not between 0s and "
	    "1d" },
	{ "a word is one of a few", TEMPLATE, "role = \"laef\";", "line 2",
	    "\"role\" wants one of \"leaf\", \"issuing-ca\", \"root-ca\", not \"laef\" (did you "
	    "mean \"leaf\"?)" },
	{ "a weak digest is not among the words", TEMPLATE, "digest = \"sha1\";", "line 2",
	    "\"digest\" wants one of \"sha256\", \"sha384\", \"sha512\", not \"sha1\"" },
	{ "an item is one of a few", TEMPLATE, "san: { allow = [ \"dns\", \"dnss\" ]; };", "line 2",
	    "\"san.allow\" wants a list made of \"dns\", \"ip\", \"email\", \"uri\", \"upn\", not "
	    "\"dnss\" (did you mean \"dns\"?)" },
	{ "an item stands once", TEMPLATE, "policies = [ \"1.2.3\", \"1.2.3\" ];", "line 2",
	    "\"policies\" wants a list of texts such as [\"1.3.6.1.4.1.99999.1\"], not \"1.2.3\": "
	    "it stands there twice" },
	{ "an item on a line of its own is named with its line", TEMPLATE,
	    "san: { allow = [\n\"dns\",\n\"fax\" ]; };", "line 4",
	    "\"san.allow\" wants a list made of \"dns\", \"ip\", \"email\", \"uri\", \"upn\", not "
	    "\"fax\"" },
	{ "a control character is refused and not repeated", TARGET, "sources = [ \"a\\x1b[2J\" ];",
	    "line 2", "\"sources\" holds a control character" },
	{ "an empty title is refused", TARGET, "sources = [ \"\" ];", "line 2",
	    "\"sources\" wants a list of texts such as [\"RFC 5280\"], not \"\": it is empty" },
	{ "an attribute of a name is one", TEMPLATE, "subject: { allow = [ \"serverAuth\" ]; };",
	    "line 2",
	    "\"subject.allow\" wants a list of texts such as [\"O\", \"CN\"], not \"serverAuth\": "
	    "this is not an attribute of a name such as CN, O or C" },
	{ "an attribute of a name is no purpose", TEMPLATE,
	    "extended_key_usage: { values = [ \"CN\" ]; };", "line 2",
	    "\"extended_key_usage.values\" wants a list of texts such as [\"serverAuth\", "
	    "\"clientAuth\"], not \"CN\": "
	    "this is an attribute of a name, not a purpose such as serverAuth" },
	{ "an unknown purpose is refused", TEMPLATE,
	    "extended_key_usage: { values = [ \"serverAut\" ]; };", "line 2",
	    "\"extended_key_usage.values\" wants a list of texts such as [\"serverAuth\", "
	    "\"clientAuth\"], not \"serverAut\": this is no known purpose and no dotted number (did you "
	    "mean \"serverAuth\"?)" },
	{ "a purpose by a number that is none is refused", TEMPLATE,
	    "extended_key_usage: { values = [ \"1.3.\" ]; };", "line 2", NULL },
	{ "an attribute gets a near one", TEMPLATE, "subject: { allow = [ \"CNN\" ]; };", "line 2",
	    "\"subject.allow\" wants a list of texts such as [\"O\", \"CN\"], not \"CNN\": this is not "
	    "an attribute of a name such as CN, O or C (did you mean \"CN\"?)" },
	{ "an attribute that is fixed gets a near one", TEMPLATE,
	    "subject: { fixed = [ \"comonName=a\" ]; };", "line 2",
	    "\"subject.fixed\" wants a list of texts such as [\"O=Example\"], not \"comonName=a\": it "
	    "names no known attribute (did you mean \"commonName\"?)" },
	{ "a key usage gets a near one", TEMPLATE, "key_usage: { values = [ \"digitalSignatur\" ]; };",
	    "line 2",
	    "\"key_usage.values\" wants a list of key usages such as [\"digitalSignature\", "
	    "\"keyEncipherment\"], not \"digitalSignatur\": no key usage has this name (did you mean "
	    "\"digitalSignature\"?)" },
	{ "no request may ask for OCSP signing", TEMPLATE,
	    "extended_key_usage: { merge = \"request\"; allow = [ \"OCSPSigning\" ]; };", "line 2",
	    "\"extended_key_usage.allow\" wants a list of texts such as [\"clientAuth\"], not "
	    "\"OCSPSigning\": "
	    "no request may have this purpose by asking: state it in values" },
	{ "no request may ask for any purpose, by its number either", TEMPLATE,
	    "extended_key_usage: { allow = [ \"2.5.29.37.0\" ]; };", "line 2",
	    "\"extended_key_usage.allow\" wants a list of texts such as [\"clientAuth\"], not "
	    "\"2.5.29.37.0\": "
	    "no request may have this purpose by asking: state it in values" },
	{ "an unknown key usage is refused", TEMPLATE, "key_usage: { values = [ \"signing\" ]; };",
	    "line 2",
	    "\"key_usage.values\" wants a list of key usages such as [\"digitalSignature\", "
	    "\"keyEncipherment\"], not \"signing\": no key usage has this name" },
	{ "a key specification is checked", TEMPLATE,
	    "title = \"whole\"; validity = \"1d\";\nkey: { generate = \"dsa:1024\"; };", "line 2",
	    NULL },
	{ "a key range begins with the smaller size", TEMPLATE,
	    "title = \"whole\"; validity = \"1d\";\nkey: { accept = [ \"rsa:4096-2048\" ]; };",
	    "line 2",
	    "\"key.accept\" wants a list of texts such as [\"rsa:2048-8192\", \"ec:p256\"], not "
	    "\"rsa:4096-2048\": the smaller key size stands first" },
	{ "a key range has bounds", TEMPLATE,
	    "title = \"whole\"; validity = \"1d\";\nkey: { accept = [ \"rsa:512-8192\" ]; };",
	    "line 2",
	    "\"key.accept\" wants a list of texts such as [\"rsa:2048-8192\", \"ec:p256\"], not "
	    "\"rsa:512-8192\": \"512\" is not between 1024 and 16384" },
	{ "a fixed name is a name", TEMPLATE, "san: { fixed = [ \"dns:under score\" ]; };",
	    "line 2", NULL },
	{ "a fixed subject is one", TEMPLATE, "subject: { fixed = [ \"Example\" ]; };", "line 2",
	    NULL },
	{ "a constraint has a type", TEMPLATE,
	    "name_constraints: { permitted = [ \"corp.example\" ]; };", "line 2",
	    "\"name_constraints.permitted\" wants a list of texts such as [\"dns:corp.example\"], "
	    "not \"corp.example\": "
	    "a constraint begins with dns:, ip:, email:, uri: or directory:" },
	{ "an object identifier is one", TEMPLATE, "policies = [ \"1.\" ];", "line 2", NULL },
	{ "a date is one", TARGET, "rules = ( { rule = \"a.b\"; from = \"yesterday\"; } );",
	    "line 2", NULL },
	{ "a mode is octal in quotes", TARGET, "deploy: { files = ( { mode = \"640\"; } ); };",
	    "line 2", NULL },

	/* Templates as a whole. */
	{ "a template states its validity", TEMPLATE, SMALL_TARGET, "validity",
	    "it is not stated, neither here nor in a parent" },
	{ "a validity fits into its bound", TEMPLATE, "max_validity = \"12h\";", "line 1",
	    "\"validity\": 1d is longer than the 12h of max_validity" },
	{ "a leaf is no CA", TEMPLATE, "\nbasic_constraints: {\n\tca = true; };", "line 4",
	    "\"basic_constraints.ca\": a leaf is no CA: a CA's template has role = \"issuing-ca\" or "
	    "\"root-ca\"" },
	{ "a leaf has no path length", TEMPLATE, "basic_constraints: { path_length = 0; };",
	    "line 2", "\"basic_constraints.path_length\": a leaf has no path length: path_length = \"none\"" },
	{ "a leaf signs no certificates", TEMPLATE, "key_usage: { values = [ \"keyCertSign\" ]; };",
	    "line 2", "\"key_usage.values\": a leaf signs neither certificates nor CRLs" },
	{ "a CA says so in basic constraints", TEMPLATE,
	    "role = \"root-ca\"; key_usage: { values = [ \"keyCertSign\" ]; };",
	    "line 2",
	    "\"basic_constraints.ca\": a CA states basic constraints with ca = true, critical" },
	{ "a CA says so critically", TEMPLATE,
	    "role = \"root-ca\";\nbasic_constraints: { ca = true; critical = false; };", "line 3",
	    "\"basic_constraints.critical\": a CA states basic constraints with ca = true, critical" },
	{ "a CA may sign certificates", TEMPLATE,
	    "role = \"issuing-ca\"; basic_constraints: { ca = true; };", "line 2",
	    "\"key_usage.values\": a CA has keyCertSign" },
	{ "no request decides what a CA may do", TEMPLATE,
	    "role = \"issuing-ca\"; basic_constraints: { ca = true; };"
	    "key_usage: { merge = \"request\"; values = [ \"keyCertSign\" ]; };",
	    "line 2",
	    "\"key_usage.merge\": what a CA may do is the template's business: merge = \"template\"" },
	{ "only an OCSP signer is exempt from revocation", TEMPLATE, "ocsp_nocheck = true;",
	    "line 2",
	    "\"ocsp_nocheck\": only a certificate with the purpose OCSPSigning is exempt from revocation checks" },
	{ "no request decides about an OCSP signer", TEMPLATE,
	    "extended_key_usage: { merge = \"request\"; values = [ \"OCSPSigning\" ]; };",
	    "line 2",
	    "\"extended_key_usage.merge\": no request decides the purposes of an OCSP signer" },
	{ "what is generated is accepted", TEMPLATE,
	    "title = \"whole\"; validity = \"1d\";\nkey: { generate = \"rsa:3072\"; accept = [ "
	    "\"rsa:2048\" ]; };",
	    "line 2", "\"key.generate\": \"rsa:3072\" is not among the keys of key.accept" },
	{ "some key is accepted", TEMPLATE, "title = \"whole\"; validity = \"1d\";", "key.accept",
	    "no key is accepted: state at least one" },
	{ "what is required can be there", TEMPLATE,
	    "subject: { allow = [ \"O\" ]; require = [ \"CN\" ]; };", "line 2",
	    "\"subject.require\": CN is required but neither allowed nor fixed" },
	{ "a required SAN can be there", TEMPLATE, "san: { required = true; };", "line 2",
	    "\"san.required\": a name is required, but none is allowed or fixed" },

	/* Rules. */
	{ "a rule has a name", TARGET, "rules = ( { severity = \"info\"; } );", "line 2",
	    "a rule needs its name: rule = \"leaf.eku.client-auth\"" },
	{ "a rule's name has parts", TARGET, "rules = ( { rule = \"EKU\"; } );", "line 2",
	    "\"rules[0].rule\" wants text such as \"leaf.eku.client-auth\", not \"EKU\": a rule "
	    "has a name such as leaf.eku.client-auth" },
	{ "an unconfirmed rule is no error", TARGET,
	    "rules = ( { rule = \"a.b\"; severity = \"error\"; confidence = \"unconfirmed\"; } );",
	    "line 2",
	    "\"a.b\" is unconfirmed: its severity can be \"info\" or \"warning\" and is stated" },
	{ "an unconfirmed rule states its severity", TARGET,
	    "rules = ( { rule = \"a.b\"; confidence = \"unconfirmed\"; } );", "line 2",
	    "\"a.b\" is unconfirmed: its severity can be \"info\" or \"warning\" and is stated" },
	{ "min is not above max", TARGET,
	    "rules = ( { rule = \"a.b\"; min = \"4096\"; max = \"2048\"; } );", "line 2",
	    "\"a.b\": min is larger than max" },
	{ "from is before until", TARGET,
	    "rules = ( { rule = \"a.b\"; from = \"2026-03-15\"; until = \"2026-03-15\"; } );",
	    "line 2", "\"a.b\": from is not before until" },
	{ "the same rule with the same numbers stands once", TARGET,
	    "rules = ( { rule = \"a.b\"; values = [ \"x\", \"y\" ]; },\n{ rule = \"a.b\"; values = "
	    "[ \"y\", \"x\" ]; } );",
	    "line 3", "\"a.b\" stands here twice with the same numbers" },
	{ "what no parent sets cannot be switched off", TARGET,
	    "rules = ( { rule = \"leaf.version\"; }, { rule = \"leaf.versoin\"; off = true; } );",
	    "line 2",
	    "\"leaf.versoin\" is switched off, but no parent sets it (did you mean "
	    "\"leaf.version\"?)" },

	/* Files. */
	{ "a file has a name, a format and content", TARGET,
	    "deploy: { files = ( { name = \"a\"; } ); };", "line 2",
	    "a file needs at least name, format and content" },
	{ "a file without content is refused", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pem\"; } ); };", "line 2",
	    "\"a\": it states no content" },
	{ "a file name leaves no directory", TARGET,
	    "deploy: { files = ( { name = \"../a\"; } ); };", "line 2",
	    "\"deploy.files[0].name\" wants text such as \"{label}.pem\", not \"../a\": a file "
	    "name is made of letters, digits, '.', '_', '-', "
	    "{label} and {n}, and does not begin with a dot" },
	{ "a file name has known place holders", TARGET,
	    "deploy: { files = ( { name = \"{cn}.pem\"; } ); };", "line 2",
	    "\"deploy.files[0].name\" wants text such as \"{label}.pem\", not \"{cn}.pem\": a file "
	    "name is made of letters, digits, '.', '_', '-', "
	    "{label} and {n}, and does not begin with a dot" },
	{ "a step has known marks", TARGET, "deploy: { back = \"use {old-thumbprin}\"; };", "line 2",
	    "\"deploy.back\" wants text such as \"Select {old-thumbprint} again.\", not \"use "
	    "{old-thumbprin}\": {old-thumbprin} stands for nothing (did you mean "
	    "\"old-thumbprint\"?)" },
	{ "a step says something", TARGET, "deploy: { trust = \"\"; };", "line 2",
	    "\"deploy.trust\" wants text such as \"Import {root-cer} first.\", not \"\": it is "
	    "empty" },
	{ "a key format holds a key alone", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pkcs8\"; content = [ \"leaf\", \"key\" "
	    "]; } ); };",
	    "line 2", "\"a\": a key format holds a key and nothing else: content = [\"key\"]" },
	{ "a p7b holds no key", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"p7b\"; content = [ \"key\" ]; } ); };",
	    "line 2", "\"a\": a p7b holds certificates, no key" },
	{ "a der file holds one certificate", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"der\"; content = [ \"leaf\", \"root\" "
	    "]; } ); };",
	    "line 2", "\"a\": a der file holds one certificate" },
	{ "only a pfx has a profile", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pem\"; content = [ \"leaf\" ]; profile "
	    "= \"compat\"; } ); };",
	    "line 2", "\"a\": only a pfx, a pfx-trust and a mobileconfig have a profile" },
	{ "only a pem has an order", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"p7b\"; content = [ \"leaf\" ]; order "
	    "= \"root-first\"; } ); };",
	    "line 2", "\"a\": only a pem file has an order and separators" },
	{ "a binary file has no charset", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"der\"; content = [ \"leaf\" ]; charset "
	    "= \"utf-8\"; } ); };",
	    "line 2", "\"a\": a binary file has neither charset nor line ends" },
	{ "a cipher is for a key", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pem\"; content = [ \"leaf\" ]; cipher "
	    "= \"aes-256-cbc\"; } ); };",
	    "line 2", "\"a\": a cipher protects the key of a pem or key file; a pfx has profiles" },
	{ "no cipher protects PKCS#1 in DER", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pkcs1-der\"; content = [ \"key\" ]; cipher "
	    "= \"aes-256-cbc\"; } ); };",
	    "line 2", "\"a\": of the key formats in DER only pkcs8-der can be protected" },
	{ "what hashes stands beside a cipher", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"sec1\"; content = [ \"key\" ]; cipher = "
	    "\"aes-256-cbc\"; kdf = \"pbkdf2\"; } ); };",
	    "line 2", "\"a\": kdf stands beside the cipher of a pkcs8 or pem file" },
	{ "a cipher is known", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pkcs8\"; content = [ \"key\" ]; cipher "
	    "= \"rc4\"; } ); };",
	    "line 2",
	    "\"deploy.files[0].cipher\" wants one of \"aes-256-cbc\", \"aes-192-cbc\", "
	    "\"aes-128-cbc\", \"des-ede3-cbc\", not \"rc4\"" },
	{ "the bounds of a passphrase are in order", TARGET,
	    "deploy: { passphrase: { min = 9; max = 8; }; };", "line 2",
	    "\"deploy.passphrase.min\": it is larger than max" },
	{ "what a passphrase must not hold is ASCII", TARGET,
	    "deploy: { passphrase: { without = \"\xc3\xa4\"; }; };", "line 2",
	    "\"deploy.passphrase.without\" wants text such as \"?\\\"\", not \"\xc3\xa4\": it is not one to "
	    "64 characters of ASCII" },
	{ "only a keystore's entry has a name", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pem\"; content = [ \"leaf\" ]; friendly_name "
	    "= \"{label}\"; } ); };",
	    "line 2", "\"a\": only in a keystore has an entry a name" },
	{ "a friendly name is plain", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pfx\"; content = [ \"leaf\" ]; friendly_name "
	    "= \"{cn}\"; } ); };",
	    "line 2", "\"deploy.files[0].friendly_name\" wants text such as \"{label}-{serial}\", not \"{cn}\": a friendly name is made of letters, "
	    "digits, '.', '_', '-', {label} and {serial}" },
	{ "a trust store has no key", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"jks-trust\"; content = [ \"root\", \"key\" ]; } ); };",
	    "line 2", "\"a\": a trust store holds certificates, no key" },
	{ "several files want several names", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pem\"; content = [ \"intermediates\" "
	    "]; per_intermediate = true; } ); };",
	    "line 2", "\"a\": {n} in the name and per_intermediate go together" },
	{ "one file for each intermediate holds an intermediate", TARGET,
	    "deploy: { files = ( { name = \"a{n}\"; format = \"pem\"; content = [ \"leaf\" ]; "
	    "per_intermediate = true; } ); };",
	    "line 2", "\"a{n}\": per_intermediate wants content = [\"intermediates\"]" },
	{ "a key is not for everybody", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pkcs8\"; content = [ \"key\" ]; mode = "
	    "\"0644\"; } ); };",
	    "line 2", "\"a\": a file with a key in it is not for everybody: its mode ends with 0" },
	{ "two files have two names", TARGET,
	    "deploy: { files = ( { name = \"a\"; format = \"pem\"; content = [ \"leaf\" ]; },\n{ "
	    "name = \"a\"; format = \"der\"; content = [ \"leaf\" ]; } ); };",
	    "line 3", "the file \"a\" stands here twice" },

	/* The wire, and what went wrong on it. */
	{ "a version is one of TLS", TARGET, "client: { min_version = \"ssl3\"; };", "line 2",
	    "\"client.min_version\" wants one of \"tls1.0\", \"tls1.1\", \"tls1.2\", \"tls1.3\", not "
	    "\"ssl3\"" },
	{ "the oldest version is not above the newest", TARGET,
	    "client: { min_version = \"tls1.2\"; max_version = \"tls1.0\"; };",
	    "line 2", "\"client.min_version\": tls1.2 is newer than the newest version, tls1.0" },
	{ "a signature algorithm is a pair or a scheme", TARGET,
	    "client: { signature_algorithms = [ \"RSA+SHA256\", \"rsa_pss_rsae_sha256\",\n"
	    "\"RSA+SHA-256\" ]; };",
	    "line 3",
	    "\"client.signature_algorithms\" wants a list of texts such as [\"RSA+SHA256\", "
	    "\"ECDSA+SHA256\"], not \"RSA+SHA-256\": a signature algorithm stands as RSA+SHA256 or "
	    "rsa_pss_rsae_sha256" },
	{ "what it presents is one of three", TARGET, "presents = \"leaf+root\";", "line 2", NULL },
	{ "an incident is seen somehow", TARGET,
	    "incidents = ( { cause = \"x\"; fix = \"y\"; source = \"z\"; } );", "line 2",
	    "an incident needs what people see of it: symptoms or codes" },
	{ "an incident has a way out", TARGET,
	    "incidents = ( { codes = [ \"1\" ]; cause = \"x\"; source = \"z\"; } );", "line 2",
	    "an incident needs its cause, its fix and its source" },
	{ "an incident names rules", TARGET,
	    "incidents = ( { codes = [ \"1\" ]; rules = [ \"chain complete\" ]; } );", "line 2",
	    NULL },

	/* Targets as a whole. */
	{ "a target names a template that is there", TARGET, "template = \"server-clint\";",
	    "line 2", "\"template\": no template is named \"server-clint\" (did you mean \"server-client\"?)" },
	{ "what a request needs it may state", TARGET,
	    "request: { require = [ \"CN\" ]; allow = [ \"O\" ]; };", "line 2",
	    "\"request.require\": CN is required but not allowed" },
	{ "a target's template gets a near name", TARGET, "template = \"web-serve\";", "line 2",
	    "\"template\": no template is named \"web-serve\" (did you mean \"web-server\"?)" },
	{ "a purpose of paths that is cut short gets the whole word", TARGET, "path: { purpose = \"serv\"; };",
	    "line 2",
	    "\"path.purpose\" wants one of \"any\", \"server\", \"client\", \"both\", not \"serv\" "
	    "(did you mean \"server\"?)" },
};

static void
load(enum kind kind, const char *name, struct rmt_err *err)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_template *policy = NULL;
	struct rmt_target *target = NULL;

	if (kind == TEMPLATE)
		policy = rmt_template_load(store, name, err);
	else
		target = rmt_target_load(store, name, err);
	assert_null(policy);
	assert_null(target);
	rmt_policy_store_free(store);
}

/* A row that begins with a title is the whole file. A row without a message is worded by another
 * room. */
static void
check_fault(void **state)
{
	const struct fault_row *row = *state;
	const char *small = row->kind == TEMPLATE ? SMALL_TEMPLATE : SMALL_TARGET;
	char text[2048];
	struct rmt_err err = { 0 };

	if (strncmp(row->text, "title", 5) == 0)
		snprintf(text, sizeof text, "%s", row->text);
	else
		snprintf(text, sizeof text, "%s\n%s", small, row->text);
	scene_put("wrong.cfg", text);
	load(row->kind, scene_path("wrong.cfg"), &err);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, scene_path("wrong.cfg"));
	if (row->place != NULL)
		assert_string_equal(err.place, row->place);
	if (row->message != NULL)
		assert_string_equal(err.message, row->message);
	for (const char *at = err.message; *at != '\0'; at++)
		assert_true((unsigned char)*at >= 0x20);
	scene_clear();
}

/* ---- whole files
 * ----------------------------------------------------------------------------------------------------
 */

static const struct bytes_row {
	const char *sentence;
	struct rmt_span bytes;
	const char *place, *message;
} bytes_rows[] = {
	{ "a NUL byte is refused, also behind the last key", BYTES(SMALL_TEMPLATE "\n\0\n"), "line 2",
	    "the file holds NUL bytes: it is not text in UTF-8" },
	{ "a byte order mark is refused by name", BYTES("\xef\xbb\xbf" SMALL_TEMPLATE), "line 1",
	    "the file begins with a byte order mark: save it as UTF-8 without one" },
	{ "Latin-1 is refused", BYTES(SMALL_TEMPLATE "\n# \xe9t\xe9\n"), "line 2",
	    "the file is not text in UTF-8" },
	{ "UTF-16 is refused", BYTES("\xff\xfet\0i\0"), "line 1",
	    "the file holds NUL bytes: it is not text in UTF-8" },
	{ "an empty file lacks its title", BYTES(""), "title",
	    "it is not stated, neither here nor in a parent" },
};

static void
check_bytes(void **state)
{
	const struct bytes_row *row = *state;
	struct rmt_err err = { 0 };

	scene_put_bytes("wrong.cfg", row->bytes.at, row->bytes.length);
	load(TEMPLATE, scene_path("wrong.cfg"), &err);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.place, row->place);
	assert_string_equal(err.message, row->message);
	scene_clear();
}

static void
huge_file(void **state)
{
	size_t length = RMT_CAP_CONFIG + 1;
	char *text = malloc(length);
	struct rmt_err err = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, '\n', length);
	scene_put_bytes("wrong.cfg", text, length);
	load(TEMPLATE, scene_path("wrong.cfg"), &err);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, scene_path("wrong.cfg"));
	free(text);
	scene_clear();
}

/* A comment, a string and a name may hold what would be refused elsewhere. */
static void
harmless(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_template *policy;

	(void)state;
	scene_put("certificates/fine.cfg",
	    "# 0640 @include 4294967296\r\n// \"\r\n/* 0x10 "
	    "((((((((((((((((((((((((((((((((((((((((((( */\r\n"
	    "title = \"0640 @include \\\" 4294967296\"; validity = \"1d\";\r\n"
	    "key: { accept = ( \"rsa:2048\" ); };\r\nsan: { max = 7L; }; max_validity = \"2d\";");
	policy = rmt_template_load(store, "fine", &err);
	assert_string_equal(err.message, "");
	assert_non_null(policy);
	assert_string_equal(policy->title, "0640 @include \" 4294967296");
	assert_int_equal(policy->san.max, 7);
	rmt_template_free(policy);
	rmt_policy_store_free(store);
	scene_clear();
}

int
test_policy_faults(void)
{
	struct rows rows = { 0 };

	ADD_TABLE(&rows, fault_rows, check_fault);
	ADD_TABLE(&rows, bytes_rows, check_bytes);
	add_row(&rows, "a file of more than a mebibyte is refused", huge_file, NULL);
	add_row(&rows, "comments and texts may hold anything", harmless, NULL);
	return run_rows("policy faults", &rows);
}
