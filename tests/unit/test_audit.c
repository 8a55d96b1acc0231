/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of audit/: settings, order and form of findings, lint. Rules and the chain builder have files of their own. */
#include "config.h"

#include <string.h>

#include "test_audit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- settings that are refused ------------------------------------------------------------------------------------------- */

struct refusal {
	const char *sentence, *rule, *message;
};

static const struct refusal refusals[] = {
	{ "an unknown rule gets the nearest", "{ rule = \"leaf.eku.client-aut\"; }", "did you mean \"leaf.eku.client-auth\"?" },
	{ "a rule like no other gets none", "{ rule = \"leaf.nonsense.whatever-it-be\"; }", "there is no rule" },
	{ "a parameter that the rule does not take", "{ rule = \"leaf.version\"; max = \"3\"; }", "takes no \"max\"" },
	{ "values that the rule does not take", "{ rule = \"leaf.version\"; values = [ \"3\" ]; }", "takes no \"values\"" },
	{ "a window on a rule about no certificate", "{ rule = \"chain.order\"; from = \"2026-01-01\"; }", "takes no \"from\"" },
	{ "a missing parameter", "{ rule = \"leaf.dates.lifetime\"; }", "needs \"max\"" },
	{ "missing values", "{ rule = \"leaf.key.type\"; }", "needs \"values\"" },
	{ "an unknown digest gets the nearest", "{ rule = \"leaf.signature.digest\"; values = [ \"sha-1\" ]; }",
	    "did you mean \"sha1\"?" },
	{ "an unknown purpose", "{ rule = \"leaf.eku.forbidden\"; values = [ \"serverAuht\" ]; }", "no known key purpose" },
	{ "an unknown purpose gets the nearest", "{ rule = \"leaf.eku.forbidden\"; values = [ \"serverAuht\" ]; }",
	    "did you mean \"serverAuth\"?" },
	{ "a bound on sizes that states none", "{ rule = \"leaf.key.rsa-bits\"; }", "needs \"min\" or \"max\"" },
	{ "a bound on a CA's sizes that states none", "{ rule = \"ca.key.rsa-bits\"; from = \"2026-01-01\"; }", "needs \"min\" or \"max\"" },
	{ "a digest like no other gets the list of them", "{ rule = \"leaf.signature.digest\"; values = [ \"sha1000\" ]; }",
	    "knows no value \"sha1000\"; known are \"md2\", \"md4\", \"md5\", \"sha1\"," },
	{ "a curve like no other gets the list of them", "{ rule = \"leaf.key.curve\"; values = [ \"weierstrass\" ]; }",
	    "known are \"P-224\"," },
	{ "a kind of key gets the nearest", "{ rule = \"leaf.key.type\"; values = [ \"ed2519\" ]; }", "did you mean \"ed25519\"?" },
	{ "a profile gets the nearest", "{ rule = \"container.pfx.profile\"; values = [ \"modren\" ]; }", "did you mean \"modern\"?" },
	{ "a container gets the nearest", "{ rule = \"container.format\"; values = [ \"pkcs13\" ]; }", "did you mean \"pkcs12\"?" },
	{ "a size that is no number", "{ rule = \"leaf.key.rsa-sizes\"; values = [ \"big\" ]; }", "no number of bits" },
	{ "an unknown kind of name", "{ rule = \"leaf.san.types\"; values = [ \"dnsname\" ]; }", "knows no value" },
};

static void
check_refusal(void **state)
{
	const struct refusal *row = *state;
	struct rmt_target *target = make_target(row->rule, NULL);
	struct rmt_err err = { 0 };

	assert_null(rmt_audit_new(target, NULL, 0, &err));
	assert_int_equal(err.class, RMT_USAGE);
	if (!strstr(err.message, row->message))
		fail_msg("%s", err.message);
	assert_string_equal(err.place, "line 3");
	assert_non_null(strstr(err.source, "t.cfg"));
	rmt_target_free(target);
}

static int
take_target(void *arg, const char *name, const char *origin)
{
	struct rmt_err err = { 0 };
	struct rmt_target *target = rmt_target_load(arg, name, &err);
	struct rmt_audit *audit = target ? rmt_audit_new(target, NULL, 0, &err) : NULL;

	(void)origin;
	if (!audit)
		fail_msg("%s: %s: %s: %s", name, err.source, err.place, err.message);
	rmt_audit_free(audit);
	rmt_target_free(target);
	return 0;
}

static void
every_shipped_target_is_taken(void **state)
{
	struct rmt_policy_store *store = rmt_policy_store_new(NULL);

	(void)state;
	assert_int_equal(rmt_policy_each(store, RMT_POLICY_TARGET, take_target, store, NULL), 0);
	rmt_policy_store_free(store);
}

/* ---- the form of findings ------------------------------------------------------------------------------------------------- */

struct form {
	const char *sentence, *rules;
	const char *findings;
};

#define FAULT "the certificate is of version 1"
#define FIX "reissue the certificate as version 3"

static const struct form forms[] = {
	{ "the row's severity, citation and fix", "{ rule = \"leaf.version\"; }",
	    "leaf.version|error|leaf|tbs.version|" FAULT "|RFC 5280, 4.1.2.1|" FIX "\n" },
	{ "the target's severity, source, fix and note",
	    "{ rule = \"leaf.version\"; severity = \"info\"; source = \"a book\"; fix = \"Do it\"; note = \"It matters.\"; }",
	    "leaf.version|info|leaf|tbs.version|" FAULT ". It matters|a book|Do it\n" },
	{ "what is unconfirmed says so",
	    "{ rule = \"leaf.version\"; severity = \"warning\"; confidence = \"unconfirmed\"; source = \"a talk\"; }",
	    "leaf.version|warning|leaf|tbs.version|" FAULT "|unconfirmed: a talk|" FIX "\n" },
	{ "findings stand in the order of the target",
	    "{ rule = \"leaf.eku.present\"; severity = \"info\"; }, { rule = \"leaf.version\"; }",
	    "leaf.eku.present|info|leaf|tbs.extensions.extendedKeyUsage|there is no extended key usage|RFC 5280, 4.2.1.12|"
	    "reissue the certificate with an extended key usage that names its purposes\n"
	    "leaf.version|error|leaf|tbs.version|" FAULT "|RFC 5280, 4.1.2.1|" FIX "\n" },
	{ "a rule may stand twice with other numbers",
	    "{ rule = \"leaf.dates.lifetime\"; max = \"100d\"; severity = \"warning\"; source = \"one\"; fix = \"A\"; }, "
	    "{ rule = \"leaf.dates.lifetime\"; max = \"10d\"; source = \"two\"; fix = \"B\"; }",
	    "leaf.dates.lifetime|warning|leaf|tbs.validity|valid for 199 days where at most 100 are accepted|one|A\n"
	    "leaf.dates.lifetime|error|leaf|tbs.validity|valid for 199 days where at most 10 are accepted|two|B\n" },
};

static void
check_form(void **state)
{
	const struct form *row = *state;
	const struct make first = { .version = 1 };
	struct made leaf = make_cert(&first, "CN=leaf", NULL, false);
	struct rmt_presented presented = { .leaf = leaf.cert };
	struct rmt_target *target = make_target(row->rules, NULL);
	struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2026-06-01"), NULL);
	struct findings findings = { 0 };

	assert_non_null(audit);
	assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
	assert_string_equal(rmt_buf_string(&findings.text), row->findings);
	rmt_buf_free(&findings.text);
	rmt_audit_free(audit);
	rmt_target_free(target);
	made_free(&leaf);
}

/* ---- runs ------------------------------------------------------------------------------------------------------------------- */

static int
stop(void *arg, const struct rmt_finding *finding)
{
	(void)finding;
	*(unsigned *)arg += 1;
	return 7;
}

static void
sink_may_stop(void **state)
{
	const struct make first = { .version = 1 };
	struct made leaf = make_cert(&first, "CN=leaf", NULL, false);
	struct rmt_presented presented = { .leaf = leaf.cert };
	struct rmt_target *target = make_target("{ rule = \"leaf.version\"; }, { rule = \"leaf.eku.present\"; }", NULL);
	struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2026-06-01"), NULL);
	unsigned told = 0;

	(void)state;
	assert_int_equal(rmt_audit_run(audit, &presented, stop, &told, NULL), 7);
	assert_int_equal(told, 1);
	rmt_audit_free(audit);
	rmt_target_free(target);
	made_free(&leaf);
}

/* Everything that a leaf can fail, and how much of it is told of what. */
struct extent {
	const char *sentence;
	struct rmt_presented how;
	const char *findings;
};

#define LEAF_FAULTS "leaf.eku.present leaf.dates.valid leaf.dates.lifetime "
#define REST_FAULTS "key.present container.encoding ca.key-id.subject "

static const struct extent extents[] = {
	{ "a leaf with its chain", { .label = NULL },
	    LEAF_FAULTS "leaf.key.sound " REST_FAULTS "chain.foreign path.valid path.anchor " },
	{ "a leaf of a pile", { .chain_unknown = true },
	    LEAF_FAULTS "leaf.key.sound " REST_FAULTS "path.valid path.anchor " },
	{ "a leaf alone", { .leaf_only = true }, LEAF_FAULTS "leaf.key.sound key.present container.encoding " },
	{ "a leaf whose key was checked before", { .key_checked = true, .leaf_only = true },
	    LEAF_FAULTS "key.present container.encoding " },
	{ "bytes to be signed", { .lint = true }, "leaf.eku.present leaf.dates.lifetime leaf.key.sound " },
};

static int
keep_rule(void *arg, const struct rmt_finding *finding)
{
	rmt_buf_format(arg, "%s ", finding->rule);
	return 0;
}

static void
check_extent(void **state)
{
	static const char rules[] =
	    "{ rule = \"leaf.eku.present\"; }, { rule = \"leaf.dates.valid\"; }, { rule = \"leaf.dates.lifetime\"; max = \"9d\"; },"
	    "{ rule = \"leaf.key.sound\"; }, { rule = \"key.present\"; }, { rule = \"container.encoding\"; }, { rule = \"ca.key-id.subject\"; },"
	    "{ rule = \"chain.foreign\"; }, { rule = \"path.valid\"; }, { rule = \"path.anchor\"; }";
	const struct extent *row = *state;
	const struct make plain = { 0 }, bare = { .no_subject_id = true }, weak = { .rsa_bits = 1024 };
	struct made root = make_cert(&bare, "CN=root", NULL, true), other = make_cert(&plain, "CN=other", NULL, true);
	struct made leaf = make_cert(&weak, "CN=leaf", &root, false);
	const struct rmt_cert *sent[] = { root.cert, other.cert };
	const struct rmt_object_facts facts = { .note = "odd" };
	struct rmt_presented presented = row->how;
	struct rmt_target *target = make_target(rules, NULL);
	struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2030-01-01"), NULL);
	struct rmt_cert tbs;
	struct rmt_buf told = { 0 };

	presented.leaf = leaf.cert;
	presented.facts = &facts;
	presented.sent = sent;
	presented.sent_count = 2;
	if (presented.lint) {
		assert_int_equal(rmt_cert_read_tbs(&tbs, leaf.cert->tbs, RMT_STRICT, NULL), 0);
		presented.leaf = &tbs;
	}
	assert_int_equal(rmt_audit_run(audit, &presented, keep_rule, &told, NULL), 0);
	assert_string_equal(rmt_buf_string(&told), row->findings);
	rmt_buf_free(&told);
	rmt_audit_free(audit);
	rmt_target_free(target);
	made_free(&leaf);
	made_free(&root);
	made_free(&other);
}

/* Two leaves under one bad CA: the CA's fault is told for each, or once when asked so; the leaves' own always. */
static void
fault_of_a_ca_may_be_told_once(void **state)
{
	const struct make plain = { 0 }, bare = { .no_subject_id = true };
	struct made root = make_cert(&bare, "CN=root", NULL, true);
	struct made leaves[] = { make_cert(&plain, "CN=a", &root, false), make_cert(&plain, "CN=b", &root, false) };
	struct rmt_target *target = make_target("{ rule = \"ca.key-id.subject\"; }, { rule = \"leaf.eku.present\"; }", NULL);

	(void)state;
	for (int once = 0; once < 2; once++) {
		struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2026-06-01"), NULL);
		struct findings findings = { 0 };

		for (size_t i = 0; i < COUNT(leaves); i++) {
			const struct rmt_cert *sent[] = { root.cert };
			struct rmt_presented presented = { .leaf = leaves[i].cert, .sent = sent, .sent_count = 1, .once = once };

			assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
		}
		assert_int_equal(findings.count, once ? 3 : 4);
		rmt_buf_free(&findings.text);
		rmt_audit_free(audit);
	}
	rmt_target_free(target);
	made_free(&leaves[0]);
	made_free(&leaves[1]);
	made_free(&root);
}

static void
ca_is_judged_by_itself(void **state)
{
	const struct make bare = { .no_subject_id = true, .ca = CA_NO };
	struct made root = make_cert(&bare, "CN=root", NULL, true);
	struct rmt_target *target = make_target("{ rule = \"leaf.eku.present\"; }, { rule = \"ca.basic-constraints\"; }, "
	    "{ rule = \"ca.dates.nesting\"; }, { rule = \"path.valid\"; }", NULL);
	struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2026-06-01"), NULL);
	struct findings findings = { 0 };

	(void)state;
	assert_int_equal(rmt_audit_run_ca(audit, root.cert, "the root", keep_finding, &findings, NULL), 0);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(rmt_buf_string(&findings.text), "ca.basic-constraints|error|the root|"));
	rmt_buf_free(&findings.text);
	rmt_audit_free(audit);
	rmt_target_free(target);
	made_free(&root);
}

/* A NUL in a name must not end the text that tells of it. */
static void
name_with_nul_is_told_whole(void **state)
{
	const struct make plain = { .extra = "301b0603551d11041430128210676f6f642e6578616d706c65002e6576" };
	struct made leaf = make_cert(&plain, "CN=leaf", NULL, false);
	struct rmt_presented presented = { .leaf = leaf.cert, .host = "good.example" };
	struct rmt_target *target = make_target("{ rule = \"leaf.name.host\"; }", NULL);
	struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2026-06-01"), NULL);
	struct findings findings = { 0 };

	(void)state;
	assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
	assert_int_equal(findings.count, 1);
	if (!strstr(rmt_buf_string(&findings.text), "00") || !strstr(rmt_buf_string(&findings.text), ".ev"))
		fail_msg("%s", rmt_buf_string(&findings.text));
	rmt_buf_free(&findings.text);
	rmt_audit_free(audit);
	rmt_target_free(target);
	made_free(&leaf);
}

/* A message of more than its room ends at a whole character. */
static void
long_message_ends_at_a_character(void **state)
{
	struct rmt_buf san = { 0 };
	struct make plain = { 0 };
	struct made leaf;
	struct rmt_presented presented = { .host = "a.example" };
	struct rmt_target *target = make_target("{ rule = \"leaf.name.host\"; }", NULL);
	struct rmt_audit *audit = rmt_audit_new(target, NULL, make_time("2026-06-01"), NULL);
	struct findings findings = { 0 };

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		rmt_buf_text(&san, i ? " dns:" : "dns:");
		for (unsigned c = 0; c < 50; c++)
			rmt_buf_text(&san, "\342\202\254");
	}
	plain.san = rmt_buf_string(&san);
	leaf = make_cert(&plain, "CN=leaf", NULL, false);
	presented.leaf = leaf.cert;
	assert_int_equal(rmt_audit_run(audit, &presented, keep_finding, &findings, NULL), 0);
	assert_int_equal(findings.count, 1);
	assert_true(findings.text.length > 1000);
	assert_true(rmt_utf8_valid(rmt_buf_view(&findings.text)));
	rmt_buf_free(&findings.text);
	rmt_buf_free(&san);
	rmt_audit_free(audit);
	rmt_target_free(target);
	made_free(&leaf);
}

static void
add_rows(struct CMUnitTest *tests, size_t *count, const void *rows, size_t row_count, size_t size, CMUnitTestFunction check)
{
	for (size_t i = 0; i < row_count; i++) {
		const void *row = (const char *)rows + i * size;

		memcpy(&tests[*count].name, row, sizeof(char *));
		tests[*count].test_func = check;
		memcpy(&tests[(*count)++].initial_state, &row, sizeof row);
	}
}

static int
test_audit_engine(void)
{
	static struct CMUnitTest tests[COUNT(refusals) + COUNT(forms) + COUNT(extents) + 6];
	size_t count = 0;

	add_rows(tests, &count, refusals, COUNT(refusals), sizeof refusals[0], check_refusal);
	add_rows(tests, &count, forms, COUNT(forms), sizeof forms[0], check_form);
	add_rows(tests, &count, extents, COUNT(extents), sizeof extents[0], check_extent);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_shipped_target_is_taken);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(sink_may_stop);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(fault_of_a_ca_may_be_told_once);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(ca_is_judged_by_itself);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(name_with_nul_is_told_whole);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(long_message_ends_at_a_character);
	return _cmocka_run_group_tests("engine", tests, count, NULL, NULL);
}

int
main(void)
{
	return test_audit_engine() + test_audit_chain() + test_audit_rules() + test_audit_symptom();
}
