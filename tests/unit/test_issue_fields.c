/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of issue/: key, validity, subject, names and usages, each as template and request together decide. */
#include "config.h"

#include <stdlib.h>

#include "unit/test_issue.h"

/* One certificate: how the template differs from leaf_template(), what is asked, what must come out. */
struct row {
	const char *sentence;
	void (*bend)(struct bench_template *bench);
	struct asked asked;
	int key;
	const char *refused;              /* part of the message */
	enum rmt_class class;             /* of the refusal; 0: RMT_POLICY */
	const char *subject, *names, *usage, *purposes; /* NULL: not looked at */
	const char *told, *told_too;      /* lines among the decisions */
	const char *untold;               /* must not be among them */
};

static void
check(void **state)
{
	const struct row *row = *state;
	struct bench_template bench;
	struct authority authority;
	struct outcome out;
	char text[1024];

	authority_plain(&authority);
	leaf_template(&bench);
	if (row->bend)
		row->bend(&bench);
	issue(&out, &bench.policy, &row->asked, world.keys[row->key], &authority.issuer, authority_key(&authority));
	if (row->refused) {
		assert_null(out.cert);
		if (!strstr(out.err.message, row->refused))
			fail_msg("refused with: %s", out.err.message);
		assert_int_equal(out.err.class, row->class ? row->class : RMT_POLICY);
	} else if (!out.cert) {
		fail_msg("refused: %s: %s", out.err.place, out.err.message);
	}
	if (row->subject) {
		struct rmt_buf name = { 0 };

		rmt_name_text(out.cert->subject, &name);
		assert_string_equal(rmt_buf_string(&name), row->subject);
		rmt_buf_free(&name);
	}
	if (row->names) {
		names_text(out.cert, text);
		assert_string_equal(text, row->names);
	}
	if (row->usage) {
		usage_text(out.cert, text);
		assert_string_equal(text, row->usage);
	}
	if (row->purposes) {
		purposes_text(out.cert, text);
		assert_string_equal(text, row->purposes);
	}
	for (int i = 0; i < 2; i++) {
		const char *told = i ? row->told_too : row->told;

		if (told && !strstr(rmt_buf_string(&out.decisions), told))
			fail_msg("not told: %s\nbut:\n%s", told, rmt_buf_string(&out.decisions));
	}
	if (row->untold)
		assert_null(strstr(rmt_buf_string(&out.decisions), row->untold));
	outcome_free(&out);
	authority_free(&authority);
}

/* ---- key ---- */

static void
only_p384(struct bench_template *bench)
{
	set_list(bench, &bench->policy.key_accept, "ec:p384", ' ');
}

static void
rsa_3072(struct bench_template *bench)
{
	set_list(bench, &bench->policy.key_accept, "rsa:3072-4096", ' ');
}

static void
any_key(struct bench_template *bench)
{
	bench->policy.key_accept.count = 0;
}

static void
bad_key_rule(struct bench_template *bench)
{
	set_list(bench, &bench->policy.key_accept, "rsa:2048-many", ' ');
}

static const struct row key_rows[] = {
	{ "an EC key is accepted by its curve", NULL, { .subject = "CN=a.example" }, KEY_EC, .names = "dns:a.example" },
	{ "an RSA key is accepted by its size", NULL, { .subject = "CN=a.example" }, KEY_RSA, .names = "dns:a.example" },
	{ "a curve that the template does not name is refused", only_p384, { .subject = "CN=a.example" }, KEY_EC,
	  .refused = "does not accept a key of kind EC P-256 (it accepts ec:p384)" },
	{ "an RSA key below the size is refused", rsa_3072, { .subject = "CN=a.example" }, KEY_RSA, .refused = "RSA 2048" },
	{ "without a list any kind is accepted", any_key, { .subject = "CN=a.example" }, KEY_ED25519, .names = "dns:a.example" },
	{ "a size that is no number is a fault of the template", bad_key_rule, { .subject = "CN=a.example" }, KEY_RSA,
	  .refused = "no kind of key", .class = RMT_INPUT },
};

/* ---- subject ---- */

static void
fixed_o(struct bench_template *bench)
{
	set_list(bench, &bench->policy.subject.fixed, "O=Fixed Inc", '|');
}

static void
fixed_not_allowed(struct bench_template *bench)
{
	set_list(bench, &bench->policy.subject.allow, "CN", ' ');
	set_list(bench, &bench->policy.subject.fixed, "O=Fixed Inc|OU=One|OU=Two", '|');
}

static void
any_attribute(struct bench_template *bench)
{
	bench->policy.subject.allow.count = 0;
}

static void
any_attribute_fixed_o(struct bench_template *bench)
{
	any_attribute(bench);
	fixed_o(bench);
}

static void
template_subject(struct bench_template *bench)
{
	fixed_o(bench);
	bench->policy.subject.merge = RMT_MERGE_TEMPLATE;
	bench->policy.san.from_cn = false;
}

static void
intersect_subject(struct bench_template *bench)
{
	fixed_o(bench);
	bench->policy.subject.merge = RMT_MERGE_INTERSECT;
}

static void
intersect_and_require(struct bench_template *bench)
{
	intersect_subject(bench);
	set_list(bench, &bench->policy.subject.require, "O", ' ');
}

static void
require_fixed(struct bench_template *bench)
{
	fixed_o(bench);
	bench->policy.subject.merge = RMT_MERGE_REQUIRE;
}

static void
require_ou(struct bench_template *bench)
{
	set_list(bench, &bench->policy.subject.require, "OU", ' ');
}

static void
no_empty_subject(struct bench_template *bench)
{
	bench->policy.subject.empty_ok = false;
}

static void
allow_email_attribute(struct bench_template *bench)
{
	set_list(bench, &bench->policy.subject.allow, "CN emailAddress", ' ');
}

static void
wildcards(struct bench_template *bench)
{
	bench->policy.san.wildcard = true;
}

#define A16 "61616161616161616161616161616161"

static const struct row subject_rows[] = {
	{ "the issued name has the order of the template's list", NULL, { .subject = "CN=a.example,OU=Ops,O=Example,C=DE" },
	  .subject = "C=DE, O=Example, OU=Ops, CN=a.example" },
	{ "without a list the request's order is kept", any_attribute, { .subject = "CN=a.example,OU=Ops,O=Example,C=DE" },
	  .subject = "CN=a.example, OU=Ops, O=Example, C=DE" },
	{ "an attribute that is not in the list is dropped and told", NULL, { .subject = "CN=a.example,L=Berlin" },
	  .subject = "CN=a.example", .told = "dropped subject: L=Berlin is not among" },
	{ "several values of one attribute keep their order", NULL, { .subject = "OU=one,OU=two,CN=a.example" },
	  .subject = "OU=one, OU=two, CN=a.example" },
	{ "a fixed attribute replaces the one asked for", fixed_o, { .subject = "O=Mine,CN=a.example" },
	  .subject = "O=Fixed Inc, CN=a.example", .told = "dropped subject: O=Mine is set by the template",
	  .told_too = "added subject: O=Fixed Inc set by the template" },
	{ "a fixed attribute that is asked for as it is needs no word", fixed_o, { .subject = "O=Fixed Inc,CN=a.example" },
	  .subject = "O=Fixed Inc, CN=a.example", .untold = "dropped subject" },
	{ "fixed attributes outside the list come last", fixed_not_allowed, { .subject = "CN=a.example,OU=mine" },
	  .subject = "CN=a.example, O=Fixed Inc, OU=One, OU=Two" },
	{ "a fixed attribute takes the place of the one asked for when the order is the request's", any_attribute_fixed_o,
	  { .subject = "CN=a.example,O=Mine,C=DE" }, .subject = "CN=a.example, O=Fixed Inc, C=DE" },
	{ "template wins: nothing of the request is taken", template_subject,
	  { .subject = "CN=a.example,O=Mine", .options = "dns:a.example" }, .subject = "O=Fixed Inc",
	  .told = "dropped subject: CN=a.example is not asked" },
	{ "intersect: a fixed attribute is set where the request states the same value", intersect_subject,
	  { .subject = "CN=a.example,O=Fixed Inc" }, .subject = "O=Fixed Inc, CN=a.example", .untold = "dropped subject" },
	{ "intersect: neither of two values of a fixed attribute is what both have", intersect_subject, { .subject = "CN=a.example,O=Mine" },
	  .subject = "CN=a.example", .told = "dropped subject: O=Mine is not what the template has" },
	{ "intersect: what both require and only one states is missing", intersect_and_require, { .subject = "CN=a.example,O=Mine" },
	  .refused = "template leaf requires O in the subject" },
	{ "intersect: a fixed attribute is left out where the request has none", intersect_subject, { .subject = "CN=a.example" },
	  .subject = "CN=a.example" },
	{ "require: the request must state what is fixed", require_fixed, { .subject = "CN=a.example,O=Mine" },
	  .refused = "requires the request to state O=Fixed Inc" },
	{ "require: stated, it is taken", require_fixed, { .subject = "CN=a.example,O=Fixed Inc" },
	  .subject = "O=Fixed Inc, CN=a.example" },
	{ "a required attribute that is missing is refused", require_ou, { .subject = "CN=a.example" },
	  .refused = "template leaf requires OU in the subject" },
	{ "a subject given in place of the request's is told", NULL, { .subject = "CN=a.example", .replaces = "CN=asked.example,O=Mine" },
	  .subject = "CN=a.example", .told = "dropped subject: CN=asked.example, O=Mine as requested: another subject was given" },
	{ "the same subject given again is no loss", NULL, { .subject = "CN=a.example", .replaces = "CN=a.example" },
	  .subject = "CN=a.example", .untold = "another subject" },
	{ "an empty subject is refused where the template says so", no_empty_subject, { .options = "dns:a.example" },
	  .refused = "does not allow an empty subject" },
	{ "an empty subject makes the names critical", NULL, { .options = "dns:a.example" }, .subject = "",
	  .names = "critical dns:a.example" },
	{ "neither subject nor name is refused", NULL, { .subject = NULL }, .refused = "needs a subject or a subject alternative name" },
	{ "an unknown attribute is dropped without a list too", any_attribute, { .subject = "CN=a.example,1.2.3.4.5=x" },
	  .subject = "CN=a.example", .told = "dropped subject: 1.2.3.4.5=x" },
	{ "an empty value is dropped", NULL,
	  /* OU= , CN=a */ { .subject_der = "301c31093007060355040b0c00310f300d06035504030c06612e74657374" }, .subject = "CN=a.test",
	  .told = "dropped subject: OU= is empty" },
	{ "a NUL in a value is refused", NULL, { .subject_der = "3011310f300d06035504030c06610062636465" },
	  .refused = "holds a control character" },
	{ "a line feed in a value is refused, and told as it is: who prints it makes it safe", NULL, { .subject_der = "3011310f300d06035504030c06610a62636465" },
	  .refused = "CN=a\nbcde holds" },
	{ "a bidirectional override in a value is refused", NULL, { .subject_der = "3011310f300d06035504030c0661e280ae6264" },
	  .refused = "holds a control character" },
	{ "bytes that are not UTF-8 are refused", NULL, { .subject_der = "3011310f300d06035504030c0661ff62636465" },
	  .refused = "is not text" },
	{ "a BMPString becomes UTF-8", NULL, { .subject_der = "3013311130" "0f06035504031e08006100e400620063" }, .subject = "CN=a\xc3\xa4" "bc",
	  .names = "absent" },
	{ "a CN longer than the standard allows is refused", NULL,
	  { .subject_der = "304c314a304806035504030c41" A16 A16 A16 A16 "61" },
	  .refused = "64 are the limit" },
	{ "a country of three letters is refused", NULL,
	  { .subject_der = "301f310c300a06035504061303444555310f300d06035504030c06612e74657374" }, .refused = "two letters" },
	{ "a wildcard in the CN is refused where the template has none", NULL, { .subject = "CN=*.example.org" },
	  .refused = "does not allow wildcards" },
	{ "a wildcard in the CN goes where the template allows it", wildcards, { .subject = "CN=*.example.org" },
	  .names = "dns:*.example.org" },
	{ "a wildcard that is not the whole first label is refused", wildcards, { .subject = "CN=a*.example.org" },
	  .refused = "not the whole first label" },
	{ "an e-mail address in the subject is held against the list like any other", NULL,
	  { .subject = "CN=a.example,emailAddress=root@example.org" }, .subject = "CN=a.example",
	  .told = "dropped subject: emailAddress=root@example.org" },
	{ "an e-mail address goes into the subject where the list has it", allow_email_attribute,
	  { .subject = "CN=a.example,emailAddress=root@example.org" }, .subject = "CN=a.example, emailAddress=root@example.org" },
	{ "a subject with the issuer's own name is refused", NULL, { .subject = "O=Example,CN=Example Issuing CA" },
	  .refused = "issuing authority's own name" },
};

/* A subject repeated byte for byte. */
static const struct row verbatim_rows[] = {
	{ "a repeated subject keeps attributes that no list allows, and its order", NULL,
	  { .subject = "CN=a.example,L=Berlin,O=Example", .verbatim = true }, .subject = "CN=a.example, L=Berlin, O=Example" },
	{ "a repeated subject is not changed by what is fixed", fixed_o, { .subject = "CN=a.example,O=Mine", .verbatim = true },
	  .subject = "CN=a.example, O=Mine" },
	{ "a repeated subject keeps several attributes in one part", NULL, { .subject = "CN=a.example+OU=x,O=Mine", .verbatim = true },
	  .subject = "OU=x+CN=a.example, O=Mine" },
	{ "a NUL is not repeated", NULL, { .subject_der = "3011310f300d06035504030c06610062636465", .verbatim = true },
	  .refused = "control character" },
	{ "a repeated subject that breaks DER is written anew and told", NULL,
	  { .subject_der = "308112" "3110300e06035504030c07612e746573742e", .verbatim = true }, .subject = "CN=a.test.",
	  .told = "changed subject: re-encoded" },
};

/* ---- names ---- */

static void
more_types(struct bench_template *bench)
{
	set_list(bench, &bench->policy.san.allow, "dns ip email uri upn", ' ');
}

static void
dns_only(struct bench_template *bench)
{
	set_list(bench, &bench->policy.san.allow, "dns", ' ');
}

static void
fixed_name(struct bench_template *bench)
{
	set_list(bench, &bench->policy.san.fixed, "dns:fixed.example", ' ');
}

static void
template_names(struct bench_template *bench)
{
	fixed_name(bench);
	bench->policy.san.merge = RMT_MERGE_TEMPLATE;
}

static void
intersect_names(struct bench_template *bench)
{
	fixed_name(bench);
	bench->policy.san.merge = RMT_MERGE_INTERSECT;
	bench->policy.san.from_cn = false;
}

static void
intersect_with_cn(struct bench_template *bench)
{
	intersect_names(bench);
	bench->policy.san.from_cn = true;
}

static void
intersect_required(struct bench_template *bench)
{
	intersect_with_cn(bench);
	bench->policy.san.required = true;
}

static void
require_names(struct bench_template *bench)
{
	fixed_name(bench);
	bench->policy.san.merge = RMT_MERGE_REQUIRE;
}

static void
names_required(struct bench_template *bench)
{
	bench->policy.san.required = true;
}

static void
two_names(struct bench_template *bench)
{
	bench->policy.san.max = 2;
}

static void
no_cn_names(struct bench_template *bench)
{
	bench->policy.san.from_cn = false;
}

static const struct row name_rows[] = {
	{ "names of options and of the request come together, each once", NULL,
	  { .subject = "CN=a.example", .options = "dns:a.example|dns:b.example", .extensions = "san=dns:B.example|dns:c.example" },
	  .names = "dns:a.example|dns:b.example|dns:c.example" },
	{ "a host in the CN is added as dns", NULL, { .subject = "CN=a.example" }, .names = "dns:a.example",
	  .told = "added subjectAltName: dns:a.example added from the CN" },
	{ "a host in the CN that is there already is not added again", NULL, { .subject = "CN=A.example", .options = "dns:a.example" },
	  .names = "dns:a.example", .untold = "from the CN" },
	{ "an IPv4 address in the CN is added as ip", NULL, { .subject = "CN=192.0.2.7" }, .names = "ip:192.0.2.7" },
	{ "an IPv6 address in the CN is added as ip", NULL, { .subject = "CN=2001:db8::7" }, .names = "ip:2001:db8::7" },
	{ "an address in the CN whose type is not allowed is dropped and told", dns_only, { .subject = "CN=192.0.2.7" },
	  .names = "absent", .told = "dropped subjectAltName: ip:192.0.2.7" },
	{ "an e-mail address in the CN is added as email", more_types, { .subject = "CN=jo@example.org" },
	  .names = "email:jo@example.org" },
	{ "a person in the CN is no host", NULL, { .subject = "CN=Jo Example" }, .names = "absent" },
	{ "a number in the CN is no host", NULL, { .subject = "CN=12345" }, .names = "absent" },
	{ "an underscore in the CN is no host", NULL, { .subject = "CN=my_host.example" }, .names = "absent" },
	{ "every CN that is a host is covered", NULL, { .subject = "CN=a.example,CN=b.example" }, .names = "dns:a.example|dns:b.example" },
	{ "the CN is left alone where the template says so", no_cn_names, { .subject = "CN=a.example" }, .names = "absent" },
	{ "an option of a type that is not allowed is refused", NULL, { .subject = "CN=a.example", .options = "email:jo@example.org" },
	  .refused = "does not allow names of type email" },
	{ "the same type in a request is dropped and told", NULL,
	  { .subject = "CN=a.example", .extensions = "san=email:jo@example.org|dns:b.example" }, .names = "dns:b.example|dns:a.example",
	  .told = "dropped subjectAltName: email:jo@example.org: the template does not allow" },
	{ "an IP option is refused where ip is not allowed", dns_only, { .subject = "CN=a.example", .options = "ip:192.0.2.1" },
	  .refused = "does not allow names of type ip" },
	{ "an IP address of a request is dropped where ip is not allowed", dns_only,
	  { .subject = "CN=a.example", .extensions = "san=ip:192.0.2.1" }, .names = "dns:a.example",
	  .told = "dropped subjectAltName: ip:192.0.2.1" },
	{ "a UPN of a request is dropped where it is not allowed", NULL, { .subject = "CN=a.example", .extensions = "san=upn:admin@corp.example" },
	  .names = "dns:a.example", .told = "dropped subjectAltName: upn:admin@corp.example" },
	{ "a directory name of a request is never taken", more_types, { .subject = "CN=a.example", .extensions = "san=directory:CN=x" },
	  .names = "dns:a.example", .told = "dropped subjectAltName: directory:CN=x" },
	{ "another otherName is not a UPN", more_types, { .subject = "CN=a.example", .extensions = "san=other:1.2.3.4:x" },
	  .names = "dns:a.example", .told = "dropped subjectAltName: other:1.2.3.4" },
	{ "every type that is allowed goes through", more_types,
	  { .options = "dns:a.example|ip:192.0.2.1", .extensions = "san=email:jo@example.org|uri:https://a.example/x|upn:jo@corp.example" },
	  .names = "critical dns:a.example|ip:192.0.2.1|email:jo@example.org|uri:https://a.example/x|upn:jo@corp.example" },
	{ "a wildcard of a request is refused where the template has none", NULL,
	  { .subject = "CN=a.example", .extensions = "san=dns:*.a.example" }, 
	  .refused = "dns:*.a.example: template leaf does not allow wildcards: the template web-server does" },
	{ "a wildcard of an option likewise", NULL, { .subject = "CN=a.example", .options = "dns:*.a.example" },
	  .refused = "does not allow wildcards" },
	{ "a wildcard goes where the template allows it", wildcards, { .subject = "CN=a.example", .options = "dns:*.a.example" },
	  .names = "dns:*.a.example|dns:a.example" },
	{ "a NUL in a name of a request is refused", NULL, { .subject = "CN=a.example", .extensions = "san=hex:8207612e62006578e5" },
	  .refused = "dns:" },
	{ "a line feed in a name of a request is refused", NULL,
	  { .subject = "CN=a.example", .extensions = "san=hex:8205612e620a78" }, .refused = "letters, digits" },
	{ "a name that holds another behind a comma is refused", NULL,
	  { .subject = "CN=a.example", .extensions = "san=hex:8214612c20444e533a62616e6b2e6578616d706c652e" }, .refused = "letters, digits" },
	{ "an empty name is refused", NULL, { .subject = "CN=a.example", .extensions = "san=hex:8200" }, .refused = "empty" },
	{ "an address of five bytes is refused", NULL, { .subject = "CN=a.example", .extensions = "san=hex:87050102030405" },
	  .refused = "5 bytes" },
	{ "an e-mail address with a space is refused", more_types, { .subject = "CN=a.example", .extensions = "san=hex:8107612062406378e5" },
	  .refused = "email:" },
	{ "an escape inside an e-mail address is not undone", more_types, { .subject = "CN=a.example", .extensions = "san=hex:8109615c3430622e636f6d" },
	  .refused = "not an e-mail address" },
	{ "a name encoded loosely is written strictly", NULL, { .extensions = "san=hex:828109612e6578616d706c65" },
	  .names = "critical dns:a.example" },
	{ "malformed names are refused", NULL, { .subject = "CN=a.example", .extensions = "san=hex:8220aa" }, .refused = "",
	  .class = RMT_INPUT },
	{ "template wins: only its own names, and the CN's", template_names, { .subject = "CN=a.example", .options = "dns:b.example" },
	  .names = "dns:fixed.example|dns:a.example", .told = "dropped subjectAltName: dns:b.example: the template alone" },
	{ "request wins: the template's names are added", fixed_name, { .options = "dns:b.example" },
	  .names = "critical dns:b.example|dns:fixed.example", .told = "added subjectAltName: dns:fixed.example added by the template" },
	{ "intersect: what both have", intersect_names, { .subject = "CN=a", .options = "dns:b.example|dns:fixed.example" },
	  .names = "dns:fixed.example", .told = "dropped subjectAltName: dns:b.example: not among" },
	{ "intersect: nothing in common leaves no names", intersect_names, { .subject = "CN=a", .options = "dns:b.example" }, .names = "absent" },
	{ "intersect: a CN that the template does not have becomes no name", intersect_with_cn, { .subject = "CN=cl.example" },
	  .names = "absent", .told = "dropped subjectAltName: dns:cl.example: not among the names of the template" },
	{ "intersect: a CN that the template has becomes a name", intersect_with_cn, { .subject = "CN=fixed.example" },
	  .names = "dns:fixed.example", .told = "added subjectAltName: dns:fixed.example added from the CN" },
	{ "intersect: where a name is required, it is one of the template's", intersect_required, { .subject = "CN=cl.example" },
	  .refused = "template leaf requires at least one of its own names to be stated" },
	{ "require: the request must state the template's names", require_names, { .subject = "CN=a.example", .options = "dns:b.example" },
	  .refused = "requires the request to state dns:fixed.example" },
	{ "names are required and there are none", names_required, { .subject = "CN=Jo Example" }, .refused = "requires at least one name" },
	{ "an underscore that keeps the CN from being a name is named", names_required, { .subject = "CN=bad_name.example" },
	  .refused = "requires at least one name, and the CN bad_name.example cannot be one: " },
	{ "without a CN nothing is said of one", names_required, { .subject = "O=Example" }, .refused = "template leaf requires at least one name" },
	{ "more names than allowed are refused", two_names, { .options = "dns:a.example|dns:b.example|dns:c.example" },
	  .refused = "more than the 2 names" },
	{ "as many names as allowed go", two_names, { .options = "dns:a.example|dns:b.example" },
	  .names = "critical dns:a.example|dns:b.example" },
	{ "an old certificate's names are carried over", more_types,
	  { .subject = "CN=a.example", .extensions = "san=dns:b.example|email:jo@example.org", .from_certificate = true },
	  .names = "dns:b.example|email:jo@example.org|dns:a.example", .told = "taken subjectAltName: dns:b.example carried over" },
	{ "an underscore that a device lives with is carried over", NULL,
	  { .subject = "CN=a.example", .extensions = "san=hex:8209615f622e746573742e", .from_certificate = true },
	  .names = "dns:a_b.test.|dns:a.example" },
	{ "an old certificate's name that reads as two is dropped and told", NULL,
	  { .subject = "CN=a.example", .extensions = "san=hex:820a612c20444e533a622e63", .from_certificate = true },
	  .names = "dns:a.example", .told = "dropped subjectAltName: dns:a" },
	{ "an old certificate's name outside ASCII is dropped and told", NULL,
	  { .subject = "CN=a.example", .extensions = "san=hex:820561e2808b62", .from_certificate = true }, .names = "dns:a.example",
	  .told = "dropped subjectAltName: dns:a" },
	{ "an underscore of a request is refused", NULL, { .subject = "CN=a.example", .extensions = "san=hex:8208615f622e74657374" },
	  .refused = "letters, digits" },
	{ "an old certificate's type that is not allowed is dropped and told", NULL,
	  { .subject = "CN=a.example", .extensions = "san=email:jo@example.org", .from_certificate = true }, .names = "dns:a.example",
	  .told = "dropped subjectAltName: email:jo@example.org" },
	{ "an old certificate's broken name is dropped and told", NULL,
	  { .subject = "CN=a.example", .extensions = "san=hex:8205612e620a78", .from_certificate = true }, .names = "dns:a.example",
	  .told = "dropped subjectAltName: dns:a.b\\" },
};

/* ---- usages ---- */

static void
request_usage(struct bench_template *bench)
{
	bench->policy.key_usage.merge = RMT_MERGE_REQUEST;
}

static void
intersect_usage(struct bench_template *bench)
{
	bench->policy.key_usage.merge = RMT_MERGE_INTERSECT;
}

static void
intersect_no_usage(struct bench_template *bench)
{
	intersect_usage(bench);
	bench->policy.key_usage.bits = 0;
}

static void
require_usage(struct bench_template *bench)
{
	bench->policy.key_usage.merge = RMT_MERGE_REQUIRE;
}

static void
encipher_only(struct bench_template *bench)
{
	bench->policy.key_usage.bits = RMT_KU_KEY_ENCIPHERMENT;
}

static void
agreement_too(struct bench_template *bench)
{
	bench->policy.key_usage.bits = RMT_KU_DIGITAL_SIGNATURE | RMT_KU_KEY_AGREEMENT;
}

static void
ca_bits(struct bench_template *bench)
{
	bench->policy.key_usage.bits |= RMT_KU_CERT_SIGN;
}

static void
request_purposes(struct bench_template *bench)
{
	bench->policy.extended_key_usage.merge = RMT_MERGE_REQUEST;
	set_list(bench, &bench->policy.extended_key_usage.allow,
	         "serverAuth clientAuth emailProtection codeSigning OCSPSigning timeStamping anyExtendedKeyUsage 1.3.6.1.4.1.311.20.2.1", ' ');
}

static void
request_own_purposes(struct bench_template *bench)
{
	bench->policy.extended_key_usage.merge = RMT_MERGE_REQUEST;
}

static void
intersect_purposes(struct bench_template *bench)
{
	bench->policy.extended_key_usage.merge = RMT_MERGE_INTERSECT;
}

static void
require_purposes(struct bench_template *bench)
{
	bench->policy.extended_key_usage.merge = RMT_MERGE_REQUIRE;
}

static void
ocsp_template(struct bench_template *bench)
{
	set_list(bench, &bench->policy.extended_key_usage.values, "OCSPSigning", ' ');
	bench->policy.ocsp_nocheck = true;
}

static void
no_purposes(struct bench_template *bench)
{
	bench->policy.extended_key_usage.values.count = 0;
}

#define HOST .subject = "CN=a.example"

static const struct row usage_rows[] = {
	{ "key encipherment is for RSA", NULL, { HOST }, KEY_RSA, .usage = "digitalSignature keyEncipherment" },
	{ "key encipherment is left out for EC without a word where nobody asked for it", NULL, { HOST }, KEY_EC,
	  .usage = "digitalSignature", .untold = "keyEncipherment" },
	{ "key encipherment that is asked for is dropped for EC and told", NULL, { HOST, .extensions = "ku=digitalSignature|keyEncipherment" },
	  KEY_EC, .usage = "digitalSignature", .told = "dropped keyUsage: keyEncipherment: not for a key of this kind" },
	{ "key agreement is for EC", agreement_too, { HOST }, KEY_EC, .usage = "digitalSignature keyAgreement" },
	{ "key agreement is dropped for RSA", agreement_too, { HOST }, KEY_RSA, .usage = "digitalSignature" },
	{ "Ed25519 only signs", agreement_too, { HOST }, KEY_ED25519, .usage = "digitalSignature" },
	{ "usages of which none fits the key are refused", encipher_only, { HOST }, KEY_EC, .refused = "no key usage is left" },
	{ "template wins: the request's usages are dropped and told", NULL, { HOST, .extensions = "ku=digitalSignature|keyCertSign|cRLSign" },
	  KEY_RSA, .usage = "digitalSignature keyEncipherment", .told = "dropped keyUsage: keyCertSign, cRLSign: not allowed",
	  .told_too = "added keyUsage: keyEncipherment" },
	{ "request wins: what it asks for", request_usage, { HOST, .extensions = "ku=digitalSignature|nonRepudiation" }, KEY_RSA,
	  .usage = "digitalSignature contentCommitment" },
	{ "request wins: but not the usages of a CA", request_usage, { HOST, .extensions = "ku=digitalSignature|keyCertSign|cRLSign" }, KEY_RSA,
	  .usage = "digitalSignature", .told = "dropped keyUsage: keyCertSign, cRLSign" },
	{ "request wins: a request that states none gets the template's", request_usage, { HOST }, KEY_RSA,
	  .usage = "digitalSignature keyEncipherment" },
	{ "intersect: what both have", intersect_usage, { HOST, .extensions = "ku=digitalSignature|dataEncipherment" }, KEY_RSA,
	  .usage = "digitalSignature" },
	{ "intersect: a request without the extension restricts nothing", intersect_usage, { HOST }, KEY_RSA,
	  .usage = "digitalSignature keyEncipherment" },
	{ "intersect: with a template that writes none there is nothing in common to miss", intersect_no_usage,
	  { HOST, .extensions = "ku=dataEncipherment" }, KEY_RSA, .told = "dropped keyUsage: dataEncipherment" },
	{ "intersect: nothing in common is refused", intersect_usage, { HOST, .extensions = "ku=dataEncipherment" }, KEY_RSA,
	  .refused = "asks for dataEncipherment, of which" },
	{ "require: the request must ask for all", require_usage, { HOST, .extensions = "ku=digitalSignature" }, KEY_RSA,
	  .refused = "requires the request to ask for keyEncipherment" },
	{ "require: a request that asks for more gets the template's", require_usage,
	  { HOST, .extensions = "ku=digitalSignature|keyEncipherment|dataEncipherment" }, KEY_RSA, .usage = "digitalSignature keyEncipherment" },
	{ "a leaf template with a usage of CAs is a fault of the template", ca_bits, { HOST }, .refused = "no CA sign certificates",
	  .class = RMT_INPUT },
	{ "template wins: the request's purposes are dropped and told", NULL, { HOST, .extensions = "eku=codeSigning" },
	  .purposes = "serverAuth clientAuth", .told = "dropped extendedKeyUsage: codeSigning", .told_too = "added extendedKeyUsage: serverAuth" },
	{ "request wins: what it asks for of what is allowed", request_purposes, { HOST, .extensions = "eku=emailProtection|codeSigning|ipsecTunnel" },
	  .purposes = "emailProtection codeSigning", .told = "taken extendedKeyUsage: emailProtection" },
	{ "request wins: without a list, of the template's own", request_own_purposes, { HOST, .extensions = "eku=clientAuth|codeSigning" },
	  .purposes = "clientAuth", .told = "dropped extendedKeyUsage: codeSigning" },
	{ "OCSP signing is never had by asking", request_purposes, { HOST, .extensions = "eku=OCSPSigning" }, .purposes = "serverAuth clientAuth",
	  .told = "dropped extendedKeyUsage: OCSPSigning" },
	{ "time stamping is never had by asking", request_purposes, { HOST, .extensions = "eku=timeStamping" }, .purposes = "serverAuth clientAuth" },
	{ "any purpose is never had by asking", request_purposes, { HOST, .extensions = "eku=anyExtendedKeyUsage" }, .purposes = "serverAuth clientAuth" },
	{ "enrolment agent is never had by asking", request_purposes, { HOST, .extensions = "eku=1.3.6.1.4.1.311.20.2.1|clientAuth" },
	  .purposes = "clientAuth" },
	{ "intersect: the purposes that both have", intersect_purposes, { HOST, .extensions = "eku=clientAuth|codeSigning" },
	  .purposes = "clientAuth" },
	{ "intersect: a request without purposes restricts nothing", intersect_purposes, { HOST }, .purposes = "serverAuth clientAuth" },
	{ "intersect: no purpose in common is refused", intersect_purposes, { HOST, .extensions = "eku=codeSigning" },
	  .refused = "allows none of the purposes" },
	{ "require: all purposes must be asked for", require_purposes, { HOST, .extensions = "eku=serverAuth" },
	  .refused = "requires the request to ask for clientAuth" },
	{ "require: asked for in any order, they come in the template's", require_purposes, { HOST, .extensions = "eku=clientAuth|codeSigning|serverAuth" },
	  .purposes = "serverAuth clientAuth" },
	{ "an OCSP signer comes from its template", ocsp_template, { HOST }, .purposes = "OCSPSigning" },
	{ "a template without purposes writes none", no_purposes, { HOST, .extensions = "eku=serverAuth" }, .purposes = "absent" },
	{ "a request to be a CA is refused", NULL, { HOST, .extensions = "ca" }, .refused = "the request asks to be a CA" },
	{ "an old certificate that called itself a CA becomes a leaf", NULL, { HOST, .extensions = "ca", .from_certificate = true },
	  .names = "dns:a.example" },
	{ "a request not to be a CA is none", NULL, { HOST, .extensions = "leaf" }, .names = "dns:a.example" },
	{ "Microsoft's SID extension is dropped and told", NULL, { HOST, .extensions = "1.3.6.1.4.1.311.25.2=3000" },
	  .names = "dns:a.example", .told = "dropped " },
	{ "an unknown extension is dropped and told", NULL, { HOST, .extensions = "1.2.3.4.5=0500" },
	  .told = "dropped extension: 1.2.3.4.5 as requested" },
};

/* ---- validity ---- */

struct dates_row {
	const char *sentence;
	struct asked asked;
	int64_t validity, max, backdate; /* of the template; 0: as it is (backdate -1: none) */
	rmt_time not_before, not_after;
	const char *refused, *told;
};

static const struct dates_row dates_rows[] = {
	{ "a certificate begins at the template's backdate and lasts N seconds, both ends included", { HOST },
	  .not_before = NOW - 600, .not_after = NOW - 600 + 199 * RMT_DAY - 1 },
	{ "days may be asked for", { HOST, .validity = 30 * RMT_DAY }, .not_before = NOW - 600, .not_after = NOW - 600 + 30 * RMT_DAY - 1 },
	{ "an end may be asked for", { HOST, .not_after = NOW + RMT_DAY }, .not_before = NOW - 600, .not_after = NOW + RMT_DAY },
	{ "a beginning may be asked for", { HOST, .not_before = NOW + RMT_DAY }, .not_before = NOW + RMT_DAY,
	  .not_after = NOW + 200 * RMT_DAY - 1 },
	{ "more than the maximum is refused", { HOST, .validity = 826 * RMT_DAY }, .refused = "826 days are more than the 825 days" },
	{ "one second more than the maximum is a day more", { HOST, .validity = 825 * RMT_DAY + 1 }, .refused = "826 days are more" },
	{ "an end beyond the maximum is refused", { HOST, .not_after = NOW - 600 + 825 * RMT_DAY }, .refused = "826 days are more" },
	{ "the maximum itself is allowed", { HOST, .not_after = NOW - 600 + 825 * RMT_DAY - 1 }, .not_before = NOW - 600,
	  .not_after = NOW - 600 + 825 * RMT_DAY - 1 },
	{ "an end before the beginning is refused", { HOST, .not_after = NOW - 601 }, .refused = "end before it begins" },
	{ "an end in the past is refused", { HOST, .not_after = NOW - 1 }, .refused = "expired already" },
	{ "a negative number of days is refused", { HOST, .validity = -RMT_DAY }, .refused = "end before it begins" },
	{ "a beginning more than a day ago is refused", { HOST, .not_before = NOW - RMT_DAY - 1 }, .refused = "more than 24 hours" },
	{ "a template that begins more than a day ago is at fault", { HOST }, .backdate = RMT_DAY + 1, .refused = "more than 24 hours" },
	{ "the end is cut to the issuer's, and told", { HOST }, .validity = 5000 * RMT_DAY, .max = 9000 * RMT_DAY,
	  .not_before = NOW - 600, .not_after = NOW - 600 + 3650 * RMT_DAY - 1, .told = "changed validity: notAfter cut from" },
	{ "an end that is asked for beyond the issuer's is refused", { HOST, .not_after = NOW - 600 + 3650 * RMT_DAY }, .max = 9000 * RMT_DAY,
	  .refused = "beyond the end of the issuing authority" },
	{ "a beginning before the issuer's is moved, and told", { HOST }, .backdate = 1200, .not_before = NOW - 600,
	  .not_after = NOW - 600 + 199 * RMT_DAY - 1, .told = "changed validity: notBefore is" },
	{ "a beginning that is asked for before the issuer's is refused", { HOST, .not_before = NOW - 601 }, .refused = "issuer's own beginning" },
};

static void
check_dates(void **state)
{
	const struct dates_row *row = *state;
	struct bench_template bench;
	struct authority authority;
	struct outcome out;

	authority_plain(&authority);
	leaf_template(&bench);
	bench.policy.validity = row->validity ? row->validity : bench.policy.validity;
	bench.policy.max_validity = row->max ? row->max : bench.policy.max_validity;
	bench.policy.backdate = row->backdate ? row->backdate : bench.policy.backdate;
	issue(&out, &bench.policy, &row->asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	if (row->refused) {
		assert_null(out.cert);
		if (!strstr(out.err.message, row->refused))
			fail_msg("refused with: %s", out.err.message);
	} else {
		if (!out.cert)
			fail_msg("refused: %s", out.err.message);
		assert_int_equal(out.cert->not_before, row->not_before);
		assert_int_equal(out.cert->not_after, row->not_after);
	}
	if (row->told)
		assert_non_null(strstr(rmt_buf_string(&out.decisions), row->told));
	outcome_free(&out);
	authority_free(&authority);
}

void
test_issue_fields(struct rows *rows)
{
	ADD_TABLE(rows, key_rows, check);
	ADD_TABLE(rows, subject_rows, check);
	ADD_TABLE(rows, verbatim_rows, check);
	ADD_TABLE(rows, name_rows, check);
	ADD_TABLE(rows, usage_rows, check);
	ADD_TABLE(rows, dates_rows, check_dates);
}
