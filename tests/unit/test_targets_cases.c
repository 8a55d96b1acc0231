/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every shipped target, with a certificate that it takes and one that fails what sets it apart. The world of a row is a
 * leaf under an intermediate under a trusted root, all with RSA keys of 2048 bits and SHA-256, made for
 * pool.contoso.com; the row says how it differs. A certificate passes when nothing above "info" is found.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "test_audit.h"
#include "unit/test_targets.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A field of struct make that is NULL is as in the good certificate; this one leaves the extension out. */
static const char absent[] = "absent";

static const struct make good = {
	.subject = "CN=pool.contoso.com",
	.eku = "serverAuth clientAuth",
	.san = "dns:pool.contoso.com dns:sip.contoso.com",
	.usage = RMT_KU_DIGITAL_SIGNATURE | RMT_KU_KEY_ENCIPHERMENT,
	.crl = "http://pki.contoso.com/issuing.crl",
	.access = "caIssuers http://pki.contoso.com/issuing.cer",
	/* certificatePolicies: 2.23.140.1.2.1 */
	.extra = "30130603551d20040c300a3008060667810c010201",
};

enum form { FORM_PEM, FORM_DER, FORM_COMPAT, FORM_MODERN };
enum key { KEY_OWN, KEY_NONE, KEY_OTHER };

struct case_row {
	const char *target, *sentence;
	const char *rule; /* what is found; NULL: the certificate passes */
	enum rmt_severity severity;
	struct make leaf, inter, root;
	const char *leaf_key; /* NULL: "rsa:2048" */
	const char *sent;     /* NULL "I"; letters: I the intermediate, R the root, L the leaf once more */
	bool leaf_last;
	const char *host, *now;
	enum form form;
	enum key key;
};

#define PASS(name, words, ...) { .target = name, .sentence = words, __VA_ARGS__ }
#define FAIL(name, words, id, ...) \
	{ .target = name, .sentence = words, .rule = id, .severity = RMT_SEVERITY_ERROR, __VA_ARGS__ }
#define WARN(name, words, id, ...) \
	{ .target = name, .sentence = words, .rule = id, .severity = RMT_SEVERITY_WARNING, __VA_ARGS__ }

static const struct case_row cases[] = {
	PASS("apache", "a certificate for its name, the chain behind it", .host = "pool.contoso.com"),
	FAIL("apache", "the intermediate before the leaf", "chain.order", .leaf_last = true),
	FAIL("apache", "a key of 1024 bits", "leaf.key.rsa-bits", .leaf = { .rsa_bits = 1024 }),

	PASS("apple-2019", "825 days", .leaf = { .from = "2026-01-01", .to = "2028-04-05" }),
	PASS("apple-2019", "ten years, from before July 2019", .leaf = { .from = "2019-06-30", .to = "2029-06-30" }),
	FAIL("apple-2019", "826 days", "leaf.dates.lifetime", .leaf = { .from = "2026-01-01", .to = "2028-04-06" }),
	FAIL("apple-2019", "a name in the CN alone", "leaf.san.present", .leaf = { .san = absent }),

	PASS("apple-profile", "a certificate with its key", .form = FORM_COMPAT),
	FAIL("apple-profile", "no key", "key.present", .form = FORM_COMPAT, .key = KEY_NONE),
	WARN("apple-profile", "serverAuth alone", "leaf.eku.client-auth", .form = FORM_COMPAT, .leaf = { .eku = "serverAuth" }),

	PASS("cabf-br", "398 days, from before 15 March 2026", .leaf = { .from = "2026-03-14", .to = "2027-04-16" },
	    .now = "2026-04-01"),
	FAIL("cabf-br", "399 days, from before 15 March 2026", "leaf.dates.lifetime",
	    .leaf = { .from = "2026-03-14", .to = "2027-04-17" }, .now = "2026-04-01"),
	PASS("cabf-br", "200 days from 15 March 2026", .leaf = { .from = "2026-03-15", .to = "2026-10-01" },
	    .now = "2026-04-01"),
	FAIL("cabf-br", "200 days and a second from 15 March 2026", "leaf.dates.lifetime",
	    .leaf = { .from = "2026-03-15", .to = "2026-10-01T00:00:01Z" }, .now = "2026-04-01"),
	PASS("cabf-br", "100 days from 15 March 2027", .leaf = { .from = "2027-03-15", .to = "2027-06-23" },
	    .now = "2027-04-01"),
	FAIL("cabf-br", "101 days from 15 March 2027", "leaf.dates.lifetime",
	    .leaf = { .from = "2027-03-15", .to = "2027-06-24" }, .now = "2027-04-01"),
	PASS("cabf-br", "47 days from 15 March 2029", .leaf = { .from = "2029-03-15", .to = "2029-05-01" },
	    .now = "2029-04-01"),
	FAIL("cabf-br", "48 days from 15 March 2029", "leaf.dates.lifetime",
	    .leaf = { .from = "2029-03-15", .to = "2029-05-02" }, .now = "2029-04-01"),
	FAIL("cabf-br", "an internal name", "leaf.name.public",
	    .leaf = { .san = "dns:pool.contoso.com dns:fe01.contoso.local" }),
	WARN("cabf-br", "no policy", "leaf.policies.present", .leaf = { .extra = absent }),

	PASS("chrome-public", "for servers alone, from June 2026",
	    .leaf = { .eku = "serverAuth", .from = "2026-07-01", .to = "2026-12-01" }, .now = "2026-08-01"),
	WARN("chrome-public", "for servers and clients, from June 2026", "leaf.eku.forbidden",
	    .leaf = { .from = "2026-07-01", .to = "2026-12-01" }, .now = "2026-08-01"),
	FAIL("chrome-public", "a SHA-1 signature", "leaf.signature.digest", .leaf = { .algorithm = "sha1" }),

	PASS("cisco-ace", "leaf and intermediate"),
	PASS("cisco-ace", "the leaf twice, the intermediate and the root", .sent = "LIR"),
	FAIL("cisco-ace", "the leaf alone", "chain.complete", .sent = ""),

	PASS("cisco-expressway", "both purposes, 2048 bits", .host = "pool.contoso.com"),
	FAIL("cisco-expressway", "for servers only", "leaf.eku.client-auth", .leaf = { .eku = "serverAuth" }),
	FAIL("cisco-expressway", "a wildcard", "leaf.san.wildcard",
	    .leaf = { .san = "dns:pool.contoso.com dns:*.contoso.com" }),
	WARN("cisco-expressway", "a key of 8192 bits", "leaf.key.rsa-bits", .leaf = { .rsa_bits = 8192 }),

	PASS("cisco-ios", "PEM with its chain"),
	PASS("cisco-ios", "3DES and SHA-1", .form = FORM_COMPAT),
	FAIL("cisco-ios", "a trustpoint whose CA is missing", "chain.complete", .sent = ""),
	FAIL("cisco-ios", "DER", "container.format", .form = FORM_DER),
	WARN("cisco-ios", "a key of 8192 bits", "leaf.key.rsa-bits", .leaf = { .rsa_bits = 8192 }),
	WARN("cisco-ios", "AES and HmacPBESHA256", "container.pfx.profile", .form = FORM_MODERN),

	PASS("cisco-ise", "a full name, and a wildcard among the alternative names",
	    .leaf = { .san = "dns:pool.contoso.com dns:*.ise.contoso.com" }),
	FAIL("cisco-ise", "a wildcard as common name", "leaf.cn.wildcard",
	    .leaf = { .subject = "CN=*.ise.contoso.com", .san = "dns:*.ise.contoso.com" }),

	PASS("dotnet-mtls", "both purposes"),
	PASS("dotnet-mtls", "no extended key usage at all", .leaf = { .eku = absent }),
	FAIL("dotnet-mtls", "for servers only", "leaf.eku.client-auth", .leaf = { .eku = "serverAuth" }),
	WARN("dotnet-mtls", "an issuing CA for servers only", "path.eku", .inter = { .eku = "serverAuth" }),

	PASS("dovecot", "a certificate with its chain and key"),
	FAIL("dovecot", "another key", "key.match", .key = KEY_OTHER),
	FAIL("dovecot", "DER", "container.format", .form = FORM_DER),

	PASS("exchange", "an RSA key", .form = FORM_COMPAT),
	FAIL("exchange", "an EC key, which no CSP keeps", "leaf.key.type", .form = FORM_COMPAT, .leaf_key = "ec:p256"),
	WARN("exchange", "a key usage without keyEncipherment", "leaf.key-usage.includes", .form = FORM_COMPAT,
	    .leaf = { .usage = RMT_KU_DIGITAL_SIGNATURE }),

	PASS("f5", "leaf and chain"),
	FAIL("f5", "no chain in the profile", "chain.complete", .sent = ""),

	PASS("fortigate", "PEM with its chain"),
	FAIL("fortigate", "DER", "container.format", .form = FORM_DER),

	PASS("haproxy", "leaf, chain and key"),
	FAIL("haproxy", "another key", "key.match", .key = KEY_OTHER),

	PASS("java-8-keystore", "3DES and SHA-1", .form = FORM_COMPAT),
	FAIL("java-8-keystore", "AES and HmacPBESHA256", "container.pfx.profile", .form = FORM_MODERN),
	PASS("java-keystore", "AES and HmacPBESHA256", .form = FORM_MODERN),
	PASS("java-keystore", "3DES and SHA-1", .form = FORM_COMPAT),
	FAIL("java-keystore", "no key", "key.present", .form = FORM_MODERN, .key = KEY_NONE),

	PASS("lync-phone-edition", "leaf and intermediate under the pool's name", .host = "pool.contoso.com"),
	FAIL("lync-phone-edition", "the leaf alone", "chain.complete", .sent = ""),
	FAIL("lync-phone-edition", "another name than that of option 43", "leaf.name.host", .host = "fe01.contoso.com"),
	WARN("lync-phone-edition", "a SHA-1 pool", "leaf.signature.digest", .leaf = { .algorithm = "sha1" }),

	PASS("netscaler", "leaf and intermediate"),
	WARN("netscaler", "the root in the set", "chain.root-included", .sent = "IR"),
	FAIL("netscaler", "a key of 8192 bits", "leaf.key.rsa-bits", .leaf = { .rsa_bits = 8192 }),

	PASS("nginx", "leaf and intermediate"),
	FAIL("nginx", "a SHA-1 signature", "leaf.signature.digest", .leaf = { .algorithm = "sha1" }),

	PASS("office-web-apps", "the farm's name as CN and first SAN", .form = FORM_COMPAT),
	FAIL("office-web-apps", "the farm's name as CN alone", "leaf.san.covers-cn", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:wac01.contoso.com" }),
	WARN("office-web-apps", "the farm's name behind a machine's", "leaf.san.cn-first", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:wac01.contoso.com dns:pool.contoso.com" }),

	PASS("openssl-seclevel2", "RSA of 2048 bits"),
	PASS("openssl-seclevel2", "EC of 256 bits", .leaf_key = "ec:p256"),
	FAIL("openssl-seclevel2", "RSA of 1024 bits", "leaf.key.rsa-bits", .leaf = { .rsa_bits = 1024 }),
	FAIL("openssl-seclevel2", "a SHA-1 intermediate", "ca.signature.digest", .inter = { .algorithm = "sha1" }),

	PASS("paloalto", "leaf and intermediate in order"),
	FAIL("paloalto", "the intermediate before the leaf", "chain.order", .leaf_last = true),

	PASS("postfix", "for servers"),
	FAIL("postfix", "for clients only", "leaf.eku.server-auth", .leaf = { .eku = "clientAuth" }),
	FAIL("postfix", "another key", "key.match", .key = KEY_OTHER),

	PASS("rfc5280", "a certificate by the book"),
	FAIL("rfc5280", "serial number zero", "leaf.serial.positive", .leaf = { .serial = "00" }),

	PASS("schannel-tls12", "SHA-256 all through"),
	PASS("schannel-tls12", "a SHA-512 root that is not sent", .root = { .algorithm = "sha512" }),
	FAIL("schannel-tls12", "a SHA-512 leaf", "leaf.signature.digest", .leaf = { .algorithm = "sha512" }),
	FAIL("schannel-tls12", "a SHA-512 intermediate", "ca.signature.digest", .inter = { .algorithm = "sha512" }),
	FAIL("schannel-tls12", "a SHA-512 root that is sent", "chain.root-digest", .root = { .algorithm = "sha512" },
	    .sent = "IR"),

	PASS("sfb-director", "both purposes, a CRL, the names", .form = FORM_COMPAT),
	FAIL("sfb-director", "no CRL distribution point", "leaf.crl-distribution.present", .form = FORM_COMPAT,
	    .leaf = { .crl = absent }),
	FAIL("sfb-director", "the pool's name missing among the SANs", "leaf.san.covers-cn", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:dir01.contoso.com" }),

	PASS("sfb-edge-external", "the Access Edge name first", .form = FORM_COMPAT),
	WARN("sfb-edge-external", "the Access Edge name behind another", "leaf.san.cn-first", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:webcon.contoso.com dns:pool.contoso.com" }),
	FAIL("sfb-edge-external", "the name of an internal server", "leaf.name.public", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:pool.contoso.com dns:edge01.contoso.local" }),
	FAIL("sfb-edge-external", "a SHA-1 signature", "leaf.signature.digest", .form = FORM_COMPAT,
	    .leaf = { .algorithm = "sha1" }),

	PASS("sfb-edge-internal", "both purposes", .form = FORM_COMPAT),
	FAIL("sfb-edge-internal", "for servers only", "leaf.eku.client-auth", .form = FORM_COMPAT,
	    .leaf = { .eku = "serverAuth" }),

	PASS("sfb-front-end", "both purposes, SHA-256, and a wildcard for the simple URLs", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:pool.contoso.com dns:*.contoso.com" }),
	FAIL("sfb-front-end", "a SHA-512 signature", "leaf.signature.digest", .form = FORM_COMPAT,
	    .leaf = { .algorithm = "sha512" }),
	FAIL("sfb-front-end", "a SHA-512 root that is sent", "chain.root-digest", .root = { .algorithm = "sha512" },
	    .sent = "IR"),
	FAIL("sfb-front-end", "an RSASSA-PSS signature", "leaf.signature.pss", .form = FORM_COMPAT,
	    .leaf = { .algorithm = "pss" }),
	WARN("sfb-front-end", "a PFX with AES", "container.pfx.profile", .form = FORM_MODERN),

	PASS("sfb-mediation", "pool and server", .form = FORM_COMPAT),
	WARN("sfb-mediation", "a wildcard", "leaf.san.wildcard", .form = FORM_COMPAT,
	    .leaf = { .san = "dns:pool.contoso.com dns:*.contoso.com" }),

	PASS("sfb-oauth", "the SIP domain, 2048 bits", .form = FORM_COMPAT,
	    .leaf = { .subject = "CN=contoso.com", .san = "dns:contoso.com", .eku = "serverAuth" }, .host = "contoso.com"),
	FAIL("sfb-oauth", "1024 bits", "leaf.key.rsa-bits", .form = FORM_COMPAT, .leaf = { .rsa_bits = 1024 }),

	PASS("sfb-reverse-proxy", "a wildcard for the simple URLs",
	    .leaf = { .eku = "serverAuth", .san = "dns:pool.contoso.com dns:*.contoso.com" }),
	FAIL("sfb-reverse-proxy", "the name of an internal server", "leaf.name.public",
	    .leaf = { .san = "dns:pool.contoso.com dns:fe01.contoso.local" }),

	PASS("skype-room-system", "SHA-256 all through"),
	FAIL("skype-room-system", "a SHA-1 leaf", "leaf.signature.digest", .leaf = { .algorithm = "sha1" }),
	FAIL("skype-room-system", "a SHA-1 intermediate", "ca.signature.digest", .inter = { .algorithm = "sha1" }),
	WARN("skype-room-system", "a SHA-1 root", "root.signature.digest", .root = { .algorithm = "sha1" }),

	PASS("symantec-gateway", "PEM with the name as SAN"),
	FAIL("symantec-gateway", "DER", "container.format", .form = FORM_DER),
	FAIL("symantec-gateway", "no SAN, as its request had none", "leaf.san.present", .leaf = { .san = absent }),

	PASS("vmware-vcenter", "for servers, PKCS #1 v1.5", .leaf = { .eku = "serverAuth" }),
	FAIL("vmware-vcenter", "a wildcard", "leaf.san.wildcard",
	    .leaf = { .eku = "serverAuth", .san = "dns:pool.contoso.com dns:*.contoso.com" }),
	FAIL("vmware-vcenter", "an RSASSA-PSS signature", "leaf.signature.pss",
	    .leaf = { .eku = "serverAuth", .algorithm = "pss" }),
	WARN("vmware-vcenter", "for clients too", "leaf.eku.forbidden"),

	PASS("windows-2012-pfx", "3DES and SHA-1", .form = FORM_COMPAT),
	FAIL("windows-2012-pfx", "AES", "container.pfx.profile", .form = FORM_MODERN),

	PASS("windows-pfx", "AES", .form = FORM_MODERN),
	FAIL("windows-pfx", "no key", "key.present", .form = FORM_MODERN, .key = KEY_NONE),
	FAIL("windows-pfx", "PEM", "container.format"),
};

/* ---- the world of a row ------------------------------------------------------------------------------------------------- */

/* Keys are made once: the world is made anew for every row. */
static struct rmt_key *root_key, *inter_key, *leaf_key, *other_key;

static int
make_keys(void **state)
{
	(void)state;
	root_key = rmt_key_generate("rsa:2048", NULL);
	inter_key = rmt_key_generate("rsa:2048", NULL);
	leaf_key = rmt_key_generate("rsa:2048", NULL);
	other_key = rmt_key_generate("ec:p256", NULL);
	return root_key && inter_key && leaf_key && other_key ? 0 : -1;
}

static int
free_keys(void **state)
{
	(void)state;
	rmt_key_free(root_key);
	rmt_key_free(inter_key);
	rmt_key_free(leaf_key);
	rmt_key_free(other_key);
	return 0;
}

static const char *
choose(const char *said, const char *usual)
{
	return said == absent ? NULL : said ? said : usual;
}

static struct make
differing(const struct make *row)
{
	struct make make = *row;

	make.subject = choose(row->subject, good.subject);
	make.eku = choose(row->eku, good.eku);
	make.san = choose(row->san, good.san);
	make.usage = row->usage ? row->usage : good.usage;
	make.crl = choose(row->crl, good.crl);
	make.access = choose(row->access, good.access);
	make.extra = choose(row->extra, good.extra);
	return make;
}

/* Findings above "info", one a line. */
struct found {
	struct rmt_buf text;
	const char *rule;
	enum rmt_severity severity;
	bool hit;
};

static int
keep(void *arg, const struct rmt_finding *finding)
{
	struct found *found = arg;

	if (found->rule && !strcmp(finding->rule, found->rule) && finding->severity == found->severity)
		found->hit = true;
	if (finding->severity > RMT_SEVERITY_INFO)
		rmt_buf_format(&found->text, "%s %s: %s\n", rmt_severity_name(finding->severity), finding->rule, finding->message);
	return 0;
}

static void
judge(const struct case_row *row, const struct made *leaf, const struct made *inter, const struct made *root,
    struct found *found)
{
	static const struct rmt_object_facts forms[] = {
		[FORM_PEM] = { .container = "pem" },
		[FORM_DER] = { .container = "der" },
		[FORM_COMPAT] = { .container = "pkcs12", .pfx_profile = "compat" },
		[FORM_MODERN] = { .container = "pkcs12", .pfx_profile = "modern" },
	};
	struct rmt_policy_store *policies = rmt_policy_store_new(NULL);
	struct rmt_chain_store *store = rmt_chain_store_new(NULL);
	const struct rmt_cert *certs[4];
	struct rmt_presented presented = { .leaf = leaf->cert, .facts = &forms[row->form], .sent = certs,
		.order_matters = row->form < FORM_COMPAT, .leaf_first = !row->leaf_last, .host = row->host };
	struct rmt_err err = { 0 };
	struct rmt_target *target = rmt_target_load(policies, row->target, &err);
	struct rmt_audit *audit;

	assert_non_null(target);
	for (const char *at = row->sent ? row->sent : "I"; *at; at++)
		certs[presented.sent_count++] = *at == 'I' ? inter->cert : *at == 'R' ? root->cert : leaf->cert;
	if (row->key != KEY_NONE)
		presented.key_spki = row->key == KEY_OWN ? leaf->cert->spki : rmt_key_spki(other_key);
	assert_int_equal(rmt_chain_store_add(store, root->cert, true, NULL), 0);
	audit = rmt_audit_new(target, store, make_time(row->now ? row->now : "2026-03-01"), &err);
	if (!audit || rmt_audit_run(audit, &presented, keep, found, &err))
		fail_msg("%s: %s: %s", row->target, err.place, err.message);
	rmt_audit_free(audit);
	rmt_target_free(target);
	rmt_chain_store_free(store);
	rmt_policy_store_free(policies);
}

static void
check_case(void **state)
{
	const struct case_row *row = *state;
	const struct make make = differing(&row->leaf);
	struct rmt_key *own = row->leaf_key ? rmt_key_generate(row->leaf_key, NULL) : NULL;
	struct made root = make_cert_for(&row->root, "CN=Contoso Root", NULL, true, root_key);
	struct made inter = make_cert_for(&row->inter, "CN=Contoso Issuing CA", &root, true, inter_key);
	struct made leaf = make_cert_for(&make, "CN=leaf", &inter, false, own ? own : leaf_key);
	struct found found = { .rule = row->rule, .severity = row->severity };

	judge(row, &leaf, &inter, &root, &found);
	if (row->rule && !found.hit)
		fail_msg("no %s %s, but:\n%s", rmt_severity_name(row->severity), row->rule, rmt_buf_string(&found.text));
	if (!row->rule && found.text.length)
		fail_msg("it does not pass:\n%s", rmt_buf_string(&found.text));
	rmt_buf_free(&found.text);
	made_free(&leaf);
	made_free(&inter);
	made_free(&root);
	rmt_key_free(own);
}

/* ---- the table ----------------------------------------------------------------------------------------------------------- */

static int
has_both(void *arg, const char *name, const char *origin)
{
	bool passes = false, fails = false;

	(void)arg;
	(void)origin;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (strcmp(cases[i].target, name) != 0)
			continue;
		passes = passes || !cases[i].rule;
		fails = fails || cases[i].rule;
	}
	if (!passes || !fails)
		fail_msg("%s: a certificate that %s is missing", name, passes ? "fails" : "passes");
	return 0;
}

static void
every_target_has_both(void **state)
{
	struct rmt_policy_store *store = rmt_policy_store_new(NULL);

	(void)state;
	assert_int_equal(rmt_policy_each(store, RMT_POLICY_TARGET, has_both, NULL, NULL), 0);
	rmt_policy_store_free(store);
}

int
test_targets_cases(void)
{
	static struct CMUnitTest tests[COUNT(cases) + 1];
	static char names[COUNT(cases)][160];

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct case_row *row = &cases[i];

		snprintf(names[i], sizeof names[i], "%s %s: %s", row->target, row->rule ? "refuses" : "takes", row->sentence);
		tests[i].name = names[i];
		tests[i].test_func = check_case;
		memcpy(&tests[i].initial_state, &row, sizeof row);
	}
	tests[COUNT(cases)] = (struct CMUnitTest)cmocka_unit_test(every_target_has_both);
	return _cmocka_run_group_tests("target cases", tests, COUNT(tests), make_keys, free_keys);
}
