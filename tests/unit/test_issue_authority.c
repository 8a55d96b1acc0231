/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of issue/: what an issuer may issue (CA bit, key usage, path length, purposes, dates, name constraints). */
#include "config.h"

#include "unit/test_issue.h"

/* ---- who may issue ---- */

struct issuer_row {
	const char *sentence;
	int root_path, issuing_path;       /* path lengths, -1 none */
	unsigned drop_usage;               /* of the issuing CA */
	const char *purposes;              /* extendedKeyUsage of the issuing CA; NULL none */
	const char *root_purposes;         /* ... and of the root */
	enum rmt_role role;                /* of what is issued */
	int path;                          /* path length that its template wants */
	const char *leaf_purposes;         /* NULL: serverAuth clientAuth */
	bool leaf_issues;                  /* the issuer is an end-entity certificate */
	const char *refused;
	const char *constraints;           /* basicConstraints of what comes out */
	const char *told;
};

static const struct issuer_row issuer_rows[] = {
	{ "an issuing CA issues a leaf", -1, 0, .role = RMT_ROLE_LEAF, .constraints = "absent" },
	{ "a certificate that is no CA does not issue", -1, 0, .leaf_issues = true, .refused = "is not a CA certificate" },
	{ "a CA without keyCertSign does not issue", -1, 0, .drop_usage = RMT_KU_CERT_SIGN, .refused = "lacks keyCertSign" },
	{ "path length 0 leaves no room for a CA", -1, 0, .role = RMT_ROLE_ISSUING_CA, .path = 0, .refused = "leaves no room for a further CA" },
	{ "path length 1 leaves room for a CA with path length 0", -1, 1, .role = RMT_ROLE_ISSUING_CA, .path = 0,
	  .constraints = "CA, path length 0" },
	{ "a path length that is too long is shortened, and told", -1, 1, .role = RMT_ROLE_ISSUING_CA, .path = 3,
	  .constraints = "CA, path length 0", .told = "changed basicConstraints: path length 0" },
	{ "a path length of none is bounded by the issuer's", -1, 2, .role = RMT_ROLE_ISSUING_CA, .path = -1,
	  .constraints = "CA, path length 1" },
	{ "the root's path length binds too", 1, -1, .role = RMT_ROLE_ISSUING_CA, .path = -1, .refused = "leaves no room for a further CA" },
	{ "a root with room for one more leaves path length 0", 2, -1, .role = RMT_ROLE_ISSUING_CA, .path = -1,
	  .constraints = "CA, path length 0" },
	{ "an issuer bound to client authentication does not issue for servers", -1, 0, .purposes = "clientAuth",
	  .refused = "CN=Issuing may not issue for serverAuth" },
	{ "an issuer bound to both purposes issues for both", -1, 0, .purposes = "clientAuth serverAuth", .constraints = "absent" },
	{ "an issuer bound to any purpose issues for all", -1, 0, .purposes = "anyExtendedKeyUsage", .constraints = "absent" },
	{ "the root's purposes bind too", -1, 0, .root_purposes = "serverAuth", .refused = "CN=Root may not issue for clientAuth" },
	{ "an OCSP signer needs no counterpart above it", -1, 0, .purposes = "serverAuth", .leaf_purposes = "OCSPSigning", .constraints = "absent" },
	{ "a CA below is bound in its purposes too", -1, 1, .purposes = "serverAuth", .role = RMT_ROLE_ISSUING_CA, .leaf_purposes = "clientAuth",
	  .refused = "may not issue for clientAuth" },
	{ "a root is not issued by another", -1, 1, .role = RMT_ROLE_ROOT_CA, .path = -1, .refused = "self-signed certificates only" },
};

/* The issuing CA of a row, made from a template that may be crooked. */
static void
make_authority(struct authority *authority, const struct issuer_row *row)
{
	struct bench_template bench;

	*authority = (struct authority){ .count = 0 };
	ca_template(&bench, RMT_ROLE_ROOT_CA, row->root_path);
	set_list(&bench, &bench.policy.extended_key_usage.values, row->root_purposes ? row->root_purposes : "", ' ');
	authority_add(authority, &bench.policy, "CN=Root");
	if (row->leaf_issues) {
		leaf_template(&bench);
		authority_add(authority, &bench.policy, "CN=Issuing");
		return;
	}
	ca_template(&bench, RMT_ROLE_ISSUING_CA, row->issuing_path);
	bench.policy.key_usage.bits &= ~row->drop_usage;
	set_list(&bench, &bench.policy.extended_key_usage.values, row->purposes ? row->purposes : "", ' ');
	authority_add(authority, &bench.policy, "CN=Issuing");
}

static void
check_issuer(void **state)
{
	const struct issuer_row *row = *state;
	const struct asked asked = { .subject = "CN=new.example" };
	struct bench_template bench;
	struct authority authority;
	struct outcome out;
	char text[1024];

	make_authority(&authority, row);
	if (row->role == RMT_ROLE_LEAF)
		leaf_template(&bench);
	else
		ca_template(&bench, row->role, row->path);
	if (row->leaf_purposes)
		set_list(&bench, &bench.policy.extended_key_usage.values, row->leaf_purposes, ' ');
	issue(&out, &bench.policy, &asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	if (row->refused) {
		assert_null(out.cert);
		if (!strstr(out.err.message, row->refused))
			fail_msg("refused with: %s", out.err.message);
		assert_int_equal(out.err.class, RMT_POLICY);
	} else {
		if (!out.cert)
			fail_msg("refused: %s", out.err.message);
		ext_text(out.cert, RMT_EXT_BASIC_CONSTRAINTS, text);
		assert_string_equal(text, row->constraints);
	}
	if (row->told)
		assert_non_null(strstr(rmt_buf_string(&out.decisions), row->told));
	outcome_free(&out);
	authority_free(&authority);
}

/* ---- name constraints ---- */

struct bound_row {
	const char *sentence;
	const char *permitted, *excluded; /* of the root, separated by spaces; NULL none */
	const char *subject, *names;
	bool refused;
};

static const struct bound_row bound_rows[] = {
	{ "a host below the permitted domain", "dns:corp.example", NULL, "CN=a.corp.example", "dns:a.corp.example", false },
	{ "the permitted domain itself", "dns:corp.example", NULL, "CN=corp.example", "dns:corp.example", false },
	{ "a host in another domain", "dns:corp.example", NULL, "CN=a", "dns:a.example", true },
	{ "a domain that only ends alike", "dns:corp.example", NULL, "CN=a", "dns:evilcorp.example", true },
	{ "upper case is the same domain", "dns:corp.example", NULL, "CN=a", "dns:A.CORP.EXAMPLE", false },
	{ "one of two permitted domains", "dns:one.example dns:two.example", NULL, "CN=a", "dns:a.two.example", false },
	{ "a host in the excluded domain", NULL, "dns:lab.example", "CN=a", "dns:x.lab.example", true },
	{ "a host beside the excluded domain", NULL, "dns:lab.example", "CN=a", "dns:x.example", false },
	{ "excluded wins over permitted", "dns:example", "dns:lab.example", "CN=a", "dns:x.lab.example", true },
	{ "a wildcard over an excluded host", NULL, "dns:x.lab.example", "CN=a", "dns:*.lab.example", true },
	{ "a host that only the CN names", "dns:corp.example", NULL, "CN=a.other.example", NULL, true },
	{ "a CN beside names that are permitted", "dns:corp.example", NULL, "CN=Some Body", "dns:a.corp.example", false },
	{ "an address in the permitted network", "ip:192.0.2.0/24", NULL, "CN=a", "ip:192.0.2.200", false },
	{ "an address outside the permitted network", "ip:192.0.2.0/25", NULL, "CN=a", "ip:192.0.2.200", true },
	{ "an IPv6 address where only IPv4 is permitted", "ip:192.0.2.0/24", NULL, "CN=a", "ip:2001:db8::1", true },
	{ "an IPv6 address in the excluded network", NULL, "ip:2001:db8::/32", "CN=a", "ip:2001:db8::1", true },
	{ "an address is not bound by a domain", "dns:corp.example", NULL, "CN=a", "ip:192.0.2.1", false },
	{ "an e-mail address at the permitted host", "email:corp.example", NULL, "CN=a", "email:jo@corp.example", false },
	{ "an e-mail address below the permitted host", "email:corp.example", NULL, "CN=a", "email:jo@sub.corp.example", true },
	{ "an e-mail address below a permitted domain", "email:.corp.example", NULL, "CN=a", "email:jo@sub.corp.example", false },
	{ "the permitted mailbox", "email:jo@corp.example", NULL, "CN=a", "email:jo@CORP.example", false },
	{ "another mailbox", "email:jo@corp.example", NULL, "CN=a", "email:al@corp.example", true },
	{ "an e-mail address in the subject", "email:corp.example", NULL, "CN=a,emailAddress=jo@other.example", NULL, true },
	{ "a URI with the permitted host", "uri:corp.example", NULL, "CN=a", "uri:https://jo:x@corp.example:8443/path", false },
	{ "a URI whose host stands in its path", "uri:corp.example", NULL, "CN=a", "uri:https://other.example/corp.example", true },
	{ "a URI without a host cannot be judged", "uri:corp.example", NULL, "CN=a", "uri:urn:x", true },
	{ "a subject below the permitted name", "directory:O=Example", NULL, "O=example,CN=a", NULL, false },
	{ "a subject beside the permitted name", "directory:O=Example", NULL, "O=Other,CN=a", NULL, true },
	{ "a subject shorter than the permitted name", "directory:O=Example,OU=x", NULL, "O=Example", NULL, true },
};

static void
set_constraints(struct bench_template *bench, const struct bound_row *row)
{
	if (row->permitted)
		set_list(bench, &bench->policy.permitted, row->permitted, ' ');
	if (row->excluded)
		set_list(bench, &bench->policy.excluded, row->excluded, ' ');
}

/* The constraints stand in a CA above the issuer: every one above binds, not the nearest alone. */
static void
check_bound(void **state)
{
	const struct bound_row *row = *state;
	const struct asked asked = { .subject = row->subject, .options = row->names };
	struct authority authority = { .count = 0 };
	struct bench_template bench;
	struct outcome out;

	ca_template(&bench, RMT_ROLE_ROOT_CA, -1);
	authority_add(&authority, &bench.policy, "O=Example,CN=Root");
	ca_template(&bench, RMT_ROLE_ISSUING_CA, -1);
	set_constraints(&bench, row);
	authority_add(&authority, &bench.policy, "O=Example,CN=Middle");
	ca_template(&bench, RMT_ROLE_ISSUING_CA, 0);
	authority_add(&authority, &bench.policy, "O=Example,OU=x,CN=Issuing");
	leaf_template(&bench);
	set_list(&bench, &bench.policy.subject.allow, "O OU CN emailAddress", ' ');
	set_list(&bench, &bench.policy.san.allow, "dns ip email uri", ' ');
	bench.policy.san.wildcard = true;
	bench.policy.san.from_cn = false;
	issue(&out, &bench.policy, &asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	if (row->refused) {
		assert_null(out.cert);
		assert_int_equal(out.err.class, RMT_POLICY);
		assert_string_equal(out.err.citation, "RFC 5280, 4.2.1.10");
		assert_non_null(strstr(out.err.message, "the name constraints of O=Example, CN=Middle"));
	} else if (!out.cert) {
		fail_msg("refused: %s", out.err.message);
	}
	outcome_free(&out);
	authority_free(&authority);
}

/* ---- what stands in the certificate ---- */

static void
publishes(void **state)
{
	const struct asked asked = { .subject = "CN=a.example" };
	struct bench_template bench;
	struct authority authority;
	struct outcome out;
	char text[1024];

	(void)state;
	authority_plain(&authority);
	authority.issuer.crl_uri = rmt_span_text("http://pki.example/issuing.crl");
	authority.issuer.ca_uri = rmt_span_text("http://pki.example/issuing.cer");
	leaf_template(&bench);
	set_list(&bench, &bench.policy.policies, "2.23.140.1.2.1 1.3.6.1.4.1.99999.1", ' ');
	bench.policy.microsoft_template_name = true;
	bench.policy.ocsp_nocheck = true;
	issue(&out, &bench.policy, &asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	assert_non_null(out.cert);
	ext_text(out.cert, RMT_EXT_CRL_DISTRIBUTION, text);
	assert_non_null(strstr(text, "http://pki.example/issuing.crl"));
	ext_text(out.cert, RMT_EXT_AUTHORITY_INFO, text);
	assert_non_null(strstr(text, "http://pki.example/issuing.cer"));
	assert_null(strstr(text, "ocsp"));
	ext_text(out.cert, RMT_EXT_CERTIFICATE_POLICIES, text);
	assert_non_null(strstr(text, "1.3.6.1.4.1.99999.1"));
	ext_text(out.cert, RMT_EXT_MS_TEMPLATE_NAME, text);
	assert_string_equal(text, "leaf");
	ext_text(out.cert, RMT_EXT_OCSP_NOCHECK, text);
	assert_string_not_equal(text, "absent");
	outcome_free(&out);
	authority_free(&authority);
}

static void
invents_no_host(void **state)
{
	const struct asked asked = { .subject = "CN=a.example" };
	struct bench_template bench;
	struct authority authority;
	struct outcome out;
	char text[1024];

	(void)state;
	authority_plain(&authority);
	leaf_template(&bench);
	issue(&out, &bench.policy, &asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	assert_non_null(out.cert);
	ext_text(out.cert, RMT_EXT_CRL_DISTRIBUTION, text);
	assert_string_equal(text, "absent");
	ext_text(out.cert, RMT_EXT_AUTHORITY_INFO, text);
	assert_string_equal(text, "absent");
	outcome_free(&out);
	authority_free(&authority);
}

/* The issuer's name is copied as it is, and its own identifier named, not a hash made anew. */
static void
names_its_issuer(void **state)
{
	const struct asked asked = { .subject = "CN=a.example" };
	const struct rmt_cert *ca;
	struct rmt_authority_key_id above;
	struct rmt_span own;
	unsigned char hash[20];
	struct bench_template bench;
	struct authority authority;
	struct outcome out;

	(void)state;
	authority_plain(&authority);
	leaf_template(&bench);
	issue(&out, &bench.policy, &asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	assert_non_null(out.cert);
	ca = authority.issuer.cert;
	assert_true(rmt_span_equal(out.cert->issuer, ca->subject));
	assert_int_equal(rmt_ext_subject_key_id(rmt_ext_find(&ca->extensions, RMT_EXT_SUBJECT_KEY_ID)->value, &own, NULL), 0);
	assert_int_equal(rmt_ext_authority_key_id(rmt_ext_find(&out.cert->extensions, RMT_EXT_AUTHORITY_KEY_ID)->value, &above, NULL), 0);
	assert_true(rmt_span_equal(own, above.key_id));
	assert_int_equal(rmt_ext_subject_key_id(rmt_ext_find(&out.cert->extensions, RMT_EXT_SUBJECT_KEY_ID)->value, &own, NULL), 0);
	assert_int_equal(rmt_spki_key_id(out.cert->spki, hash, NULL), 0);
	assert_true(rmt_span_equal(own, rmt_span_of(hash, sizeof(hash))));
	assert_true(rmt_span_equal(out.cert->spki, rmt_key_spki(world.keys[KEY_EC])));
	outcome_free(&out);
	authority_free(&authority);
}

static void
refuses_the_issuers_key(void **state)
{
	const struct asked asked = { .subject = "CN=a.example" };
	struct bench_template bench;
	struct authority authority;
	struct outcome out;

	(void)state;
	authority_plain(&authority);
	leaf_template(&bench);
	issue(&out, &bench.policy, &asked, authority_key(&authority), &authority.issuer, authority_key(&authority));
	assert_null(out.cert);
	assert_string_equal(out.err.message, "the key is the issuing authority's own");
	outcome_free(&out);
	authority_free(&authority);
}

static void
refuses_a_leaf_without_issuer(void **state)
{
	const struct asked asked = { .subject = "CN=a.example" };
	struct bench_template bench;
	struct outcome out;

	(void)state;
	leaf_template(&bench);
	issue(&out, &bench.policy, &asked, world.keys[KEY_EC], NULL, NULL);
	assert_null(out.cert);
	assert_string_equal(out.err.message, "template leaf needs an authority to issue it");
	outcome_free(&out);
}

/* An issuer past its end, seen from a day after it. */
static void
refuses_an_expired_issuer(void **state)
{
	struct rmt_wish wish = { .validity = RMT_DAY };
	struct bench_template bench;
	struct authority authority;
	struct rmt_recipe *recipe;
	struct rmt_err err = { 0 };

	(void)state;
	authority_plain(&authority);
	leaf_template(&bench);
	recipe = rmt_recipe_new(&bench.policy, &authority.issuer, &err);
	assert_non_null(recipe);
	assert_null(rmt_plan_new(recipe, &wish, rmt_key_spki(world.keys[KEY_EC]), NOW + 3651 * RMT_DAY, NULL, NULL, &err));
	assert_non_null(strstr(err.message, "the issuing authority expired on 2036-"));
	assert_int_equal(err.class, RMT_POLICY);
	rmt_err_clear(&err);
	assert_null(rmt_plan_new(recipe, &wish, rmt_key_spki(world.keys[KEY_EC]), NOW - RMT_DAY, NULL, NULL, &err));
	assert_non_null(strstr(err.message, "is not valid before"));
	rmt_recipe_free(recipe);
	authority_free(&authority);
}

static void
ends_with_the_calendar(void **state)
{
	const struct asked asked = { .subject = "CN=Root", .validity = INT64_MAX / 2 };
	struct bench_template bench;
	struct outcome out;

	(void)state;
	ca_template(&bench, RMT_ROLE_ROOT_CA, -1);
	issue(&out, &bench.policy, &asked, world.keys[KEY_CA], NULL, NULL);
	assert_non_null(out.cert);
	assert_int_equal(out.cert->not_after, RMT_TIME_MAX);
	assert_non_null(strstr(rmt_buf_string(&out.decisions), "changed validity: notAfter cut to 9999-12-31T23:59:59Z"));
	assert_true(rmt_cert_self_issued(out.cert));
	outcome_free(&out);
}

/* ---- serial numbers ---- */

static void
serials(void **state)
{
	unsigned char serial[RMT_SERIAL], first[RMT_SERIAL];
	bool low = false, high = false;

	(void)state;
	assert_int_equal(rmt_serial_new(first, NULL), 0);
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(rmt_serial_new(serial, NULL), 0);
		assert_in_range(serial[0], 0x01, 0x7f);
		assert_memory_not_equal(serial, first, RMT_SERIAL);
		low = low || serial[0] < 0x10;
		high = high || serial[0] > 0x70;
	}
	assert_true(low && high);
}

struct serial_row {
	const char *sentence;
	struct rmt_span serial;
	bool refused;
};
#define SERIAL(text) { (const unsigned char *)(text), sizeof(text) - 1 }

static const struct serial_row serial_rows[] = {
	{ "a serial number of zero is refused", SERIAL("\0\0"), true },
	{ "no serial number is refused", SERIAL(""), true },
	{ "a serial number of 20 octets fits", SERIAL("\x7f" "abcdefghijklmnopqrs"), false },
	{ "20 octets with the highest bit would be 21", SERIAL("\x80" "abcdefghijklmnopqrs"), true },
	{ "21 octets are refused", SERIAL("\x01" "abcdefghijklmnopqrst"), true },
	{ "leading zeros do not count", SERIAL("\0\0\0\0" "\x7f" "abcdefghijklmnopqrs"), false },
};

static void
check_serial(void **state)
{
	const struct serial_row *row = *state;
	struct rmt_wish wish = { .subject = { NULL, 0 } };
	struct rmt_buf subject = { 0 }, tbs = { 0 };
	struct rmt_signer *signer = rmt_signer_new(world.ca_keys[1], "sha256", NULL);
	struct bench_template bench;
	struct authority authority;
	struct rmt_recipe *recipe;
	struct rmt_plan *plan;
	struct rmt_err err = { 0 };

	authority_plain(&authority);
	leaf_template(&bench);
	assert_int_equal(rmt_name_parse("CN=a.example", &subject, NULL), 0);
	wish.subject = rmt_buf_view(&subject);
	recipe = rmt_recipe_new(&bench.policy, &authority.issuer, &err);
	plan = rmt_plan_new(recipe, &wish, rmt_key_spki(world.keys[KEY_EC]), NOW, NULL, NULL, &err);
	assert_non_null(plan);
	assert_int_equal(rmt_plan_build(plan, row->serial, rmt_signer_algorithm(signer), &tbs, &err), row->refused ? -1 : 0);
	assert_int_equal(err.class, row->refused ? RMT_POLICY : RMT_NONE);
	assert_true(row->refused == (tbs.length == 0));
	rmt_buf_free(&tbs);
	rmt_buf_free(&subject);
	rmt_plan_free(plan);
	rmt_recipe_free(recipe);
	rmt_signer_free(signer);
	authority_free(&authority);
}

void
test_issue_authority(struct rows *rows)
{
	ADD_TABLE(rows, issuer_rows, check_issuer);
	ADD_TABLE(rows, bound_rows, check_bound);
	ADD_TABLE(rows, serial_rows, check_serial);
	add_row(rows, "the authority's addresses and the template's extensions are written", publishes, NULL);
	add_row(rows, "no address is invented where the authority has none", invents_no_host, NULL);
	add_row(rows, "issuer, key identifiers and key are carried over byte for byte", names_its_issuer, NULL);
	add_row(rows, "a leaf with the issuer's own key is refused", refuses_the_issuers_key, NULL);
	add_row(rows, "a leaf without an issuer is refused", refuses_a_leaf_without_issuer, NULL);
	add_row(rows, "an expired issuer, or one that has not begun, does not issue", refuses_an_expired_issuer, NULL);
	add_row(rows, "no certificate outlives the calendar", ends_with_the_calendar, NULL);
	add_row(rows, "serial numbers are positive, of one length and different", serials, NULL);
}
