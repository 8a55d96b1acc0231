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

void
test_issue_judges(struct rows *rows)
{
	add_row(rows, "openssl verify -x509_strict accepts leaves of every kind of key under constrained authorities", openssl_accepts, NULL);
}
