/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of issue/: the comparison of an old certificate with its replacement, and what our own requests ask for. */
#include "config.h"

#include "unit/test_issue.h"

static void
compares(void **state)
{
	static const char *const lines[] = {
		"taken subject: O=Example, CN=a.example\n",
		"taken issuer: O=Example, CN=Example Issuing CA\n",
		"changed serialNumber: ",
		"taken notBefore: 2026-11-22T05:50:00Z\n",
		"changed notAfter: 2027-06-09T05:49:59Z -> 2026-12-22T05:49:59Z\n",
		"changed key: EC P-256 (SHA-256 ",
		"taken signatureAlgorithm: ecdsa-with-SHA256\n",
		"changed extendedKeyUsage: serverAuth -> ",
		"dropped ocspNoCheck: ",
		"added msCertificateTemplateName: leaf\n",
		"changed subjectAltName: dns:a.example -> dns:b.example",
		"taken authorityKeyIdentifier: ",
		"changed subjectKeyIdentifier: ",
	};
	const struct asked old_asked = { .subject = "O=Example,CN=a.example" };
	const struct asked new_asked = { .subject = "O=Example,CN=a.example", .options = "dns:b.example", .validity = 30 * RMT_DAY };
	struct rmt_buf decisions = { 0 };
	struct bench_template bench;
	struct authority authority;
	struct outcome before, after;
	struct rmt_err err = { 0 };

	(void)state;
	authority_plain(&authority);
	leaf_template(&bench);
	set_list(&bench, &bench.policy.extended_key_usage.values, "serverAuth", ' ');
	bench.policy.ocsp_nocheck = true;
	issue(&before, &bench.policy, &old_asked, world.keys[KEY_EC], &authority.issuer, authority_key(&authority));
	leaf_template(&bench);
	bench.policy.microsoft_template_name = true;
	issue(&after, &bench.policy, &new_asked, world.keys[KEY_CA], &authority.issuer, authority_key(&authority));
	assert_non_null(before.cert);
	assert_non_null(after.cert);
	assert_int_equal(rmt_compare(before.cert, after.cert, note_decision, &decisions, &err), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(rmt_buf_string(&decisions), lines[i]))
			fail_msg("missing: %s in\n%s", lines[i], rmt_buf_string(&decisions));
	rmt_buf_free(&decisions);
	outcome_free(&before);
	outcome_free(&after);
	authority_free(&authority);
}

static void
compares_with_itself(void **state)
{
	const struct asked asked = { .subject = "CN=a.example" };
	struct rmt_buf decisions = { 0 };
	struct bench_template bench;
	struct outcome root;

	(void)state;
	ca_template(&bench, RMT_ROLE_ROOT_CA, 1);
	issue(&root, &bench.policy, &asked, world.keys[KEY_CA], NULL, NULL);
	assert_non_null(root.cert);
	assert_int_equal(rmt_compare(root.cert, root.cert, note_decision, &decisions, NULL), 0);
	assert_null(strstr(rmt_buf_string(&decisions), "changed"));
	assert_null(strstr(rmt_buf_string(&decisions), "added"));
	assert_null(strstr(rmt_buf_string(&decisions), "dropped"));
	rmt_buf_free(&decisions);
	outcome_free(&root);
}

/* ---- requests ---- */

struct request_row {
	const char *sentence;
	const char *names; /* separated by '|'; NULL none */
	bool usages;       /* those of the leaf template */
	int key;
	const char *expected; /* "extension=value ..." as read back; "" nothing at all; NULL refused */
};

static const struct request_row request_rows[] = {
	{ "a request for nothing has no extensions", NULL, false, KEY_EC, "" },
	{ "names stand in a request", "dns:a.example|ip:192.0.2.1", false, KEY_EC, "subjectAltName=dns:a.example, ip:192.0.2.1 " },
	{ "usages stand in a request", NULL, true, KEY_RSA,
	  "keyUsage=digitalSignature, keyEncipherment extendedKeyUsage=serverAuth, clientAuth " },
	{ "usages that do not fit the key are not asked for", NULL, true, KEY_EC,
	  "keyUsage=digitalSignature extendedKeyUsage=serverAuth, clientAuth " },
	{ "a name of no form is refused", "dns:a b", false, KEY_EC, NULL },
};

static void
check_request(void **state)
{
	const struct request_row *row = *state;
	struct rmt_buf der = { 0 }, text = { 0 };
	struct rmt_extensions extensions;
	struct bench_template bench;
	struct words words;
	struct rmt_err err = { 0 };
	int rc;

	leaf_template(&bench);
	rc = rmt_request_extensions(row->names ? words_of(&words, row->names, '|') : NULL, row->usages ? &bench.policy : NULL,
	                            rmt_key_spki(world.keys[row->key]), &der, &err);
	assert_int_equal(rc, row->expected ? 0 : -1);
	if (der.length) {
		assert_int_equal(rmt_extensions_read(&extensions, rmt_buf_view(&der), NULL, "request", &err), 0);
		for (unsigned i = 0; i < extensions.count; i++) {
			rmt_buf_format(&text, "%s=", rmt_ext_name((enum rmt_ext_id)extensions.list[i].id));
			rmt_ext_print(&extensions.list[i], &text);
			rmt_buf_text(&text, " ");
		}
	}
	if (row->expected)
		assert_string_equal(rmt_buf_string(&text), row->expected);
	rmt_buf_free(&der);
	rmt_buf_free(&text);
}

void
test_issue_compare(struct rows *rows)
{
	add_row(rows, "a comparison tells every field: kept, changed, added, dropped", compares, NULL);
	add_row(rows, "a certificate compared with itself has changed in nothing", compares_with_itself, NULL);
	ADD_TABLE(rows, request_rows, check_request);
}
