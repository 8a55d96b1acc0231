/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of issue/: OpenSSL's own program, at its strictest, accepts what we issue. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/test_issue.h"

static void
save(const char *directory, const char *name, const struct rmt_cert *cert)
{
	struct rmt_buf text = { 0 };
	char *path = rmt_path_join(directory, name, NULL);

	rmt_buf_text(&text, "-----BEGIN CERTIFICATE-----\n");
	rmt_base64_encode(cert->der, 64, "\n", &text);
	if (text.bytes[text.length - 1] != '\n')
		rmt_buf_byte(&text, '\n');
	rmt_buf_text(&text, "-----END CERTIFICATE-----\n");
	assert_int_equal(rmt_file_write(path, rmt_buf_view(&text), 0600, true, NULL), 0);
	rmt_buf_free(&text);
	free(path);
}

static void
openssl_accepts(void **state)
{
	static const int keys[] = { KEY_EC, KEY_RSA, KEY_ED25519 };
	const struct asked asked = { .subject = "C=DE,O=Example,CN=a.corp.example", .options = "ip:192.0.2.1|email:jo@corp.example" };
	char directory[] = "/tmp/remint-issue-XXXXXX", command[512];
	struct authority authority = { .count = 0 };
	struct bench_template bench;

	(void)state;
	if (system("openssl version >/dev/null 2>&1"))
		skip();
	assert_non_null(mkdtemp(directory));
	ca_template(&bench, RMT_ROLE_ROOT_CA, 1);
	set_list(&bench, &bench.policy.permitted, "dns:corp.example|ip:192.0.2.0/24|email:corp.example|directory:C=DE,O=Example", '|');
	set_list(&bench, &bench.policy.excluded, "dns:lab.corp.example", ' ');
	authority_add(&authority, &bench.policy, "C=DE,O=Example,CN=Root");
	save(directory, "root.pem", authority.issuer.cert);
	ca_template(&bench, RMT_ROLE_ISSUING_CA, 0);
	authority_add(&authority, &bench.policy, "C=DE,O=Example,CN=Issuing");
	save(directory, "issuing.pem", authority.issuer.cert);
	authority.issuer.crl_uri = rmt_span_text("http://pki.example/issuing.crl");
	authority.issuer.ocsp_uri = rmt_span_text("http://ocsp.example/");
	leaf_template(&bench);
	set_list(&bench, &bench.policy.san.allow, "dns ip email", ' ');
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct outcome out;

		issue(&out, &bench.policy, &asked, world.keys[keys[i]], &authority.issuer, authority_key(&authority));
		if (!out.cert)
			fail_msg("refused: %s", out.err.message);
		save(directory, "leaf.pem", out.cert);
		snprintf(command, sizeof(command),
		         "cd %s && openssl verify -x509_strict -check_ss_sig -policy_check -attime %lld -purpose sslserver -CAfile root.pem "
		         "-untrusted issuing.pem leaf.pem >out 2>&1 || { sed 's/^/# /' out; false; }",
		         directory, (long long)NOW);
		assert_int_equal(system(command), 0);
		outcome_free(&out);
	}
	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
	authority_free(&authority);
}

/* ---- the built-in templates ---- */

struct workplace {
	char directory[32];
	struct rmt_policy_store *store;
	struct authority authority;
	bool certtool;
	unsigned issued;
};

static void
add_builtin(struct workplace *at, const char *name, const char *subject)
{
	struct rmt_template *policy = rmt_template_load(at->store, name, NULL);

	assert_non_null(policy);
	authority_add(&at->authority, policy, subject);
	rmt_template_free(policy);
}

static int
issue_by_template(void *arg, const char *name, const char *origin)
{
	const struct asked asked = { .subject = "C=DE,O=Example,CN=web.corp.example,emailAddress=jo@corp.example" };
	struct workplace *at = arg;
	struct rmt_err err = { 0 };
	struct rmt_template *policy = rmt_template_load(at->store, name, &err);
	struct outcome out;
	char command[512];

	(void)origin;
	if (!policy)
		fail_msg("%s: %s", name, err.message);
	if (policy->role == RMT_ROLE_LEAF) {
		issue(&out, policy, &asked, world.keys[KEY_RSA], &at->authority.issuer, authority_key(&at->authority));
		if (!out.cert)
			fail_msg("%s: %s: %s", name, out.err.place, out.err.message);
		save(at->directory, "leaf.pem", out.cert);
		snprintf(command, sizeof(command),
		         "cd %s && { openssl verify -x509_strict -CAfile root.pem -untrusted issuing.pem leaf.pem && "
		         "cat leaf.pem issuing.pem root.pem >chain.pem && %s; } >out 2>&1 || { sed 's/^/# /' out; false; }",
		         at->directory,
		         at->certtool ? "certtool --verify --load-ca-certificate root.pem --infile chain.pem" : "true");
		if (system(command))
			fail_msg("%s is not accepted", name);
		at->issued++;
		outcome_free(&out);
	}
	rmt_template_free(policy);
	return 0;
}

static void
templates_issue(void **state)
{
	struct workplace at = { .directory = "/tmp/remint-issue-XXXXXX" };
	char command[64];

	(void)state;
	if (system("openssl version >/dev/null 2>&1"))
		skip();
	world.now = rmt_clock_now(); /* certtool knows no other time */
	at.certtool = !system("certtool --version >/dev/null 2>&1");
	at.store = rmt_policy_store_new(NULL);
	assert_non_null(mkdtemp(at.directory));
	add_builtin(&at, "root-ca", "C=DE,O=Example,CN=Root");
	save(at.directory, "root.pem", at.authority.issuer.cert);
	add_builtin(&at, "issuing-ca", "C=DE,O=Example,CN=Issuing");
	save(at.directory, "issuing.pem", at.authority.issuer.cert);
	at.authority.issuer.crl_uri = rmt_span_text("http://pki.example/issuing.crl");
	at.authority.issuer.ca_uri = rmt_span_text("http://pki.example/issuing.cer");
	assert_int_equal(rmt_policy_each(at.store, RMT_POLICY_TEMPLATE, issue_by_template, &at, NULL), 0);
	assert_true(at.issued >= 8);
	snprintf(command, sizeof(command), "rm -r %s", at.directory);
	assert_int_equal(system(command), 0);
	rmt_policy_store_free(at.store);
	world.now = NOW;
	authority_free(&at.authority);
}

void
test_issue_judges(struct rows *rows)
{
	add_row(rows, "openssl verify -x509_strict accepts leaves of every kind of key under constrained authorities", openssl_accepts, NULL);
	add_row(rows, "every built-in template issues what openssl and certtool accept", templates_issue, NULL);
}
