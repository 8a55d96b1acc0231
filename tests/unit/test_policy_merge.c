/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of policy/: what a child takes from its parents, and which parents it cannot have.
 */
#include "config.h"

#include <stdio.h>

#include "unit/test_policy.h"

#define BASE \
	{ \
		"certificates/base.cfg", \
		    "title = \"base\"; validity = \"10d\"; max_validity = \"20d\";\n" \
		    "key: { generate = \"rsa:4096\"; accept = [ \"rsa:2048-8192\" ]; };\n" \
		    "subject: { allow = [ \"O\", \"CN\" ]; require = [ \"CN\" ]; };\n" \
	}

/* The least that an incident needs. */
#define INCIDENT(code) \
	"{ codes = [ \"" code "\" ]; cause = \"x\"; fix = \"y\"; source = \"z\"; }"

/* ---- a line of the resolved policy
 * ------------------------------------------------------------------------------------ */

static const struct merge_row {
	const char *sentence;
	enum rmt_policy_kind kind;
	struct scene_file files[4];
	const char *load;
	const char *line; /* of the dump; a $ behind it: the last one */
} merge_rows[] = {
	{ "a child has its parent's values", RMT_POLICY_TEMPLATE,
	    { BASE, { "certificates/child.cfg", "extends = \"base\";" } }, "child",
	    "validity = \"10d\"" },
	{ "a child's value wins", RMT_POLICY_TEMPLATE,
	    { BASE, { "certificates/child.cfg", "extends = \"base\"; validity = \"5d\";" } },
	    "child", "validity = \"5d\"" },
	{ "it does not matter where extends stands", RMT_POLICY_TEMPLATE,
	    { BASE, { "certificates/child.cfg", "validity = \"5d\"; extends = \"base\";" } },
	    "child", "validity = \"5d\"" },
	{ "a group of the child leaves the parent's other keys alone", RMT_POLICY_TEMPLATE,
	    { BASE, { "certificates/child.cfg",
			"extends = \"base\"; key: { generate = \"rsa:2048\"; };" } },
	    "child", "\taccept = [\"rsa:2048-8192\"];\n" },
	{ "a list of the child takes the place of its parent's", RMT_POLICY_TEMPLATE,
	    { BASE, { "certificates/child.cfg",
			"extends = \"base\"; subject: { allow = [ \"CN\", \"OU\" ]; };" } },
	    "child", "\tallow = [\"CN\", \"OU\"];\n" },
	{ "a list can be emptied", RMT_POLICY_TEMPLATE,
	    { BASE,
		{ "certificates/child.cfg", "extends = \"base\"; subject: { require = [ ]; };" } },
	    "child", "\trequire = [];\n" },
	{ "a path length can be taken back", RMT_POLICY_TEMPLATE,
	    { BASE,
		{ "certificates/child.cfg",
		    "extends = \"issuing-ca\"; basic_constraints: { path_length = \"none\"; };" } },
	    "child", "\tpath_length = \"none\";\n" },
	{ "parents are named, the nearest first", RMT_POLICY_TEMPLATE,
	    { BASE, { "certificates/child.cfg", "extends = \"base\";" },
		{ "certificates/grandchild.cfg", "extends = \"child\";" } },
	    "grandchild", "# with all of: child\n# with all of: base\n" },
	{ "a file may extend the built-in one that it hides", RMT_POLICY_TEMPLATE,
	    { { "certificates/web-server.cfg", "extends = \"web-server\"; validity = \"30d\";" } },
	    "web-server", "# with all of: web-server\n# with all of: server-client\n" },
	{ "a file named by its path does not extend itself", RMT_POLICY_TARGET,
	    { { "targets/nginx.cfg", "extends = \"nginx\"; rules = ( { rule = \"key.match\"; off = "
				     "true; } );" } },
	    "@targets/../targets/nginx.cfg", "extends = [\"nginx\"]" },
	{ "a file may extend the one of a directory searched later", RMT_POLICY_TEMPLATE,
	    { BASE, { "later/certificates/base.cfg", "extends = \"base\"; validity = \"7d\";" } },
	    "base", "max_validity = \"20d\"" },
	{ "a parent by path lies beside its child", RMT_POLICY_TEMPLATE,
	    { BASE, { "child.cfg", "extends = \"certificates/base.cfg\";" } }, "@child.cfg",
	    "# with all of: base\n" },
	{ "a bound that nobody states is the validity", RMT_POLICY_TEMPLATE,
	    { { "certificates/a.cfg", SMALL_TEMPLATE } }, "a", "max_validity = \"1d\"" },
	{ "a required attribute may be fixed", RMT_POLICY_TEMPLATE,
	    { { "certificates/a.cfg", SMALL_TEMPLATE "subject: { allow = [ \"CN\" ]; require = [ "
						     "\"O\" ]; fixed = [ \"O=Example\" ]; };" } },
	    "a", "\tfixed = [\"O=Example\"];\n" },

	{ "a rule keeps its place and takes all of the child's numbers", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "rules = ( { rule = \"a.a\"; max = \"9\"; note = "
						 "\"x\"; }, { rule = \"a.b\"; } );" },
		{ "targets/child.cfg",
		    "extends = \"base\"; rules = ( { rule = \"a.a\"; min = \"2\"; } );" } },
	    "child",
	    "rules = { rule = \"a.a\"; confidence = \"documented\"; min = \"2\"; }\nrules = { rule "
	    "= \"a.b\"; confidence = \"documented\"; }" },
	{ "new rules come behind the parent's", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "rules = ( { rule = \"a.b\"; } );" },
		{ "targets/child.cfg", "extends = \"base\"; rules = ( { rule = \"a.a\"; } );" } },
	    "child",
	    "rules = { rule = \"a.b\"; confidence = \"documented\"; }\nrules = { rule = \"a.a\"; "
	    "confidence = \"documented\"; }" },
	{ "a rule is switched off", RMT_POLICY_TARGET,
	    { { "targets/base.cfg",
		  SMALL_TARGET "rules = ( { rule = \"a.a\"; }, { rule = \"a.b\"; } );" },
		{ "targets/child.cfg",
		    "extends = \"base\"; rules = ( { rule = \"a.a\"; off = true; } );" } },
	    "child",
	    "template = none\nrules = { rule = \"a.b\"; confidence = \"documented\"; "
	    "}\npath.check" },
	{ "a file may state a rule for several years", RMT_POLICY_TARGET,
	    { { "targets/base.cfg",
		SMALL_TARGET "rules = ( { rule = \"a.a\"; max = \"398d\"; until = \"2026-03-15\"; "
			     "}, { rule = \"a.b\"; },"
			     " { rule = \"a.a\"; max = \"200d\"; from = \"2026-03-15\"; } );" } },
	    "base",
	    "rules = { rule = \"a.a\"; confidence = \"documented\"; max = \"398d\"; until = "
	    "\"2026-03-15T00:00:00Z\"; }\n"
	    "rules = { rule = \"a.a\"; confidence = \"documented\"; max = \"200d\"; from = "
	    "\"2026-03-15T00:00:00Z\"; }\n" },
	{ "a child's rule takes the place of all of its parent's of that name", RMT_POLICY_TARGET,
	    { { "targets/base.cfg",
		  SMALL_TARGET "rules = ( { rule = \"a.a\"; max = \"1\"; }, { rule = \"a.a\"; max "
			       "= \"2\"; }, { rule = \"a.b\"; } );" },
		{ "targets/child.cfg", "extends = \"base\"; rules = ( { rule = \"a.a\"; max = "
				       "\"3\"; }, { rule = \"a.a\"; max = \"4\"; } );" } },
	    "child",
	    "template = none\nrules = { rule = \"a.a\"; confidence = \"documented\"; max = \"3\"; "
	    "}\n"
	    "rules = { rule = \"a.a\"; confidence = \"documented\"; max = \"4\"; }\nrules = { rule "
	    "= \"a.b\"; confidence = \"documented\"; }\npath" },
	{ "a number may stand bare", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "rules = ( { rule = \"a.a\"; min = 2048; } );" } },
	    "base", "min = \"2048\";" },
	{ "a list of files takes the place of the parent's", RMT_POLICY_TARGET,
	    { { "targets/child.cfg", "extends = \"cisco-ace\"; deploy: { files = ( { name = \"a\"; "
				     "format = \"pem\"; content = [ \"leaf\" ]; } ); };" } },
	    "child",
	    "\nnames.cn = []\nnames.source = none\ndeploy.files = { name = \"a\"; format = \"pem\"; content = "
	    "[\"leaf\"]; width = 64; mode = \"0644\"; }\ndeploy." },
	{ "a file with a key is its owner's alone", RMT_POLICY_TARGET,
	    { { "targets/a.cfg",
		SMALL_TARGET "deploy: { files = ( { name = \"a\"; format = \"pem\"; content = [ "
			     "\"leaf\", \"key\" ]; } ); };" } },
	    "a", "mode = \"0600\"" },
	{ "a mode can be stated", RMT_POLICY_TARGET,
	    { { "targets/a.cfg",
		SMALL_TARGET "deploy: { files = ( { name = \"a\"; format = \"pkcs8\"; content = [ "
			     "\"key\" ]; mode = \"0640\"; } ); };" } },
	    "a", "mode = \"0640\"" },
	{ "a pfx is modern unless it says otherwise", RMT_POLICY_TARGET,
	    { { "targets/a.cfg", SMALL_TARGET "deploy: { files = ( { name = \"a\"; format = "
					      "\"pfx\"; content = [ \"leaf\" ]; } ); };" } },
	    "a", "profile = \"modern\"" },
	{ "a target may use a template of the user's own", RMT_POLICY_TARGET,
	    { { "certificates/mine.cfg", SMALL_TEMPLATE },
		{ "targets/a.cfg", SMALL_TARGET "template = \"mine\";" } },
	    "a", "template = \"mine\"" },
	{ "a child behaves as its parent but where it says otherwise", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "client: { min_version = \"tls1.0\"; strict_chain = "
						 "true; signature_algorithms = [ \"RSA+SHA1\" ]; };" },
		{ "targets/child.cfg", "extends = \"base\"; client: { security_level = 0; names = "
				       "\"none\"; };" } },
	    "child",
	    "client.min_version = \"tls1.0\"\nclient.max_version = none\n"
	    "client.signature_algorithms = [\"RSA+SHA1\"]\nclient.ciphers = none\n"
	    "client.security_level = 0\nclient.strict_chain = true\nclient.sends_sni = true\n"
	    "client.names = \"none\"\nclient.demands_certificate = false\n"
	    "client.checks_purpose = true\nclient.trusts_root_only = false\n" },
	{ "a child presents what its parent does", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "presents = \"leaf\";" },
		{ "targets/child.cfg", "extends = \"base\";" } },
	    "child", "presents = \"leaf\"\n" },
	{ "an incident has all that is known of it", RMT_POLICY_TARGET,
	    { { "targets/a.cfg",
		SMALL_TARGET
		"incidents = ( { symptoms = [ \"refus\xc3\xa9\", \"refused\" ]; codes = [ \"alert 40\" ]; "
		"cause = \"a\"; rules = [ \"a.b\" ]; fix = \"b\\nc\"; never = \"d\"; source = "
		"\"e\"; confidence = \"field\"; } );" } },
	    "a",
	    "incidents = { symptoms = [\"refus\xc3\xa9\", \"refused\"]; codes = [\"alert 40\"]; cause = "
	    "\"a\"; rules = [\"a.b\"]; fix = \"b\\n\"\n\t\"c\"; never = \"d\"; source = \"e\"; confidence = "
	    "\"field\"; }\n" },
	{ "a child does not take over its parent's incidents", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "incidents = ( " INCIDENT("a") ", " INCIDENT(
					"b") " );" },
		{ "targets/child.cfg", "extends = \"base\"; incidents = ( " INCIDENT("c") " );" } },
	    "child",
	    "presents = \"leaf+intermediates\"\nincidents = { codes = [\"c\"]; cause = \"x\"; fix = "
	    "\"y\"; source = \"z\"; confidence = \"documented\"; }\n" },
	{ "a child without incidents has none", RMT_POLICY_TARGET,
	    { { "targets/base.cfg", SMALL_TARGET "incidents = ( " INCIDENT("a") " );" },
		{ "targets/child.cfg", "extends = \"base\"; presents = \"leaf\";" } },
	    "child", "presents = \"leaf\"\n$" },
	{ "braces that are the device's own stay", RMT_POLICY_TARGET,
	    { { "targets/a.cfg",
		SMALL_TARGET "deploy: { back = \"a { b { c {label} } } ${x} {}\"; };" } },
	    "a", "deploy.back = \"a { b { c {label} } } ${x} {}\"\n" },
	{ "a note has lines", RMT_POLICY_TARGET,
	    { { "targets/a.cfg",
		SMALL_TARGET "deploy: { note = \"one \\\"x\\\"\\n\" \"two\\\\\\n\"; };" } },
	    "a", "deploy.note = \"one \\\"x\\\"\\n\"\n\t\"two\\\\\\n\"\n" },
};

/* "@a.cfg" is a path. */
static void
load(enum rmt_policy_kind kind, const char *load, struct rmt_buf *dump, struct rmt_err *err)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_template *policy = NULL;
	struct rmt_target *target = NULL;
	struct rmt_err none = { 0 };
	char name[256];

	assert_int_equal(rmt_policy_store_add(store, scene_path("later"), &none), 0);
	snprintf(name, sizeof name, "%s", *load == '@' ? scene_path(load + 1) : load);
	if (kind == RMT_POLICY_TEMPLATE && (policy = rmt_template_load(store, name, err)) != NULL)
		rmt_template_dump(policy, dump);
	if (kind == RMT_POLICY_TARGET && (target = rmt_target_load(store, name, err)) != NULL)
		rmt_target_dump(target, dump);
	rmt_template_free(policy);
	rmt_target_free(target);
	rmt_policy_store_free(store);
}

static void
put_all(const struct scene_file *files, size_t count)
{
	for (size_t i = 0; i < count && files[i].path != NULL; i++)
		scene_put(files[i].path, files[i].text);
}

static void
check_merge(void **state)
{
	const struct merge_row *row = *state;
	struct rmt_buf dump = { 0 };
	struct rmt_err err = { 0 };

	put_all(row->files, sizeof row->files / sizeof row->files[0]);
	load(row->kind, row->load, &dump, &err);
	assert_string_equal(err.message, "");
	rmt_buf_byte(&dump, '$');
	if (strstr(rmt_buf_string(&dump), row->line) == NULL)
		fail_msg("not found: %s\nin: %s", row->line, rmt_buf_string(&dump));
	rmt_buf_free(&dump);
	scene_clear();
}

static void
rule_knows_its_line(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_target *target;

	(void)state;
	scene_put("targets/child.cfg",
	    "extends = \"nginx\";\nrules = (\n  {\n    rule = \"key.match\";\n  }\n);\n");
	target = rmt_target_load(store, "child", &err);
	assert_non_null(target);
	for (size_t i = 0; i < target->rule_count; i++) {
		if (strcmp(target->rules[i].rule, "key.match") != 0) {
			assert_string_equal(target->rules[i].file, "built-in target nginx");
			continue;
		}
		assert_string_equal(target->rules[i].file, scene_path("targets/child.cfg"));
		assert_in_range(target->rules[i].line, 3, 5);
	}
	rmt_target_free(target);
	rmt_policy_store_free(store);
	scene_clear();
}

/* ---- parents that cannot be
 * -------------------------------------------------------------------------------------------- */

#define LINK(n, to) \
	{ \
		"certificates/p" n ".cfg", "extends = \"" to "\";" \
	}

static const struct parent_row {
	const char *sentence;
	struct scene_file files[12];
	const char *load, *source, *message;
} parent_rows[] = {
	{ "a loop of two is named", { LINK("1", "p2"), LINK("2", "p1") }, "p1",
	    "certificates/p2.cfg", "the parents go round in a loop: p1 -> p2 -> p1" },
	{ "a loop further up is named without its child",
	    { LINK("1", "p2"), LINK("2", "p3"), LINK("3", "p2") }, "p1", "certificates/p3.cfg",
	    "the parents go round in a loop: p2 -> p3 -> p2" },
	{ "a loop through a built-in template is found",
	    { { "certificates/server-client.cfg", "extends = \"web-server\";" } }, "server-client",
	    NULL, "the parents go round in a loop: server-client -> web-server -> server-client" },
	{ "a file that hides nothing cannot extend its own name", { LINK("1", "p1") }, "p1",
	    "certificates/p1.cfg",
	    "it extends \"p1\", but no other template has this name (did you mean \"p1\"?)" },
	{ "an unknown parent gets a near name", { LINK("1", "server-clent") }, "p1",
	    "certificates/p1.cfg",
	    "it extends \"server-clent\", but no other template has this name (did you mean "
	    "\"server-client\"?)" },
	{ "a parent is no target", { LINK("1", "nginx") }, "p1", "certificates/p1.cfg",
	    "it extends \"nginx\", but no other template has this name" },
	{ "a parent is a label or a path", { LINK("1", "Up Here") }, "p1", "certificates/p1.cfg",
	    "\"extends\" wants the name of a template: a name is made of a-z, 0-9, '.', '_' and "
	    "'-' and does not begin with a dot" },
	{ "a parent is text", { { "certificates/p1.cfg", "extends = 5;" } }, "p1",
	    "certificates/p1.cfg",
	    "\"extends\" wants the name of a parent such as \"server-client\"" },
	{ "nine parents are too many",
	    { LINK("0", "p1"), LINK("1", "p2"), LINK("2", "p3"), LINK("3", "p4"), LINK("4", "p5"),
		LINK("5", "p6"), LINK("6", "p7"), LINK("7", "p8"), LINK("8", "p9"),
		{ "certificates/p9.cfg", SMALL_TEMPLATE } },
	    "p0", "certificates/p8.cfg", "it has more than 8 parents one above the other" },
	{ "a bound below the parent's validity is the child's fault",
	    { { "certificates/p1.cfg", "extends = \"p2\"; max_validity = \"12h\";" },
		{ "certificates/p2.cfg", SMALL_TEMPLATE } },
	    "p1", "certificates/p1.cfg", "\"validity\": 1d is longer than the 12h of max_validity" },
	{ "a leaf that calls itself a CA in its parent's place is the child's fault",
	    { { "certificates/p1.cfg", "extends = \"issuing-ca\"; role = \"leaf\";" } },
	    "p1", "certificates/p1.cfg",
	    "\"basic_constraints.ca\": a leaf is no CA: a CA's template has role = \"issuing-ca\" or "
	    "\"root-ca\"" },
	{ "a fault in a parent is the parent's",
	    { LINK("1", "p2"), { "certificates/p2.cfg", "title = 5;" } }, "p1",
	    "certificates/p2.cfg", "\"title\" wants text such as \"Web server\", not a number" },
};

static void
check_parent(void **state)
{
	const struct parent_row *row = *state;
	struct rmt_buf dump = { 0 };
	struct rmt_err err = { 0 };

	put_all(row->files, sizeof row->files / sizeof row->files[0]);
	load(RMT_POLICY_TEMPLATE, row->load, &dump, &err);
	assert_string_equal(err.message, row->message);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source,
	    row->source != NULL ? scene_path(row->source) : "built-in template web-server");
	assert_true(row->source == NULL || strcmp(err.place, "line 1") == 0);
	assert_int_equal(dump.length, 0);
	rmt_buf_free(&dump);
	scene_clear();
}

static void
eight_parents(void **state)
{
	static const struct scene_file files[] = {
		LINK("1", "p2"),
		LINK("2", "p3"),
		LINK("3", "p4"),
		LINK("4", "p5"),
		LINK("5", "p6"),
		LINK("6", "p7"),
		LINK("7", "p8"),
		LINK("8", "p9"),
		{ "certificates/p9.cfg", SMALL_TEMPLATE },
	};
	struct rmt_buf dump = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	put_all(files, sizeof files / sizeof files[0]);
	load(RMT_POLICY_TEMPLATE, "p1", &dump, &err);
	assert_string_equal(err.message, "");
	assert_true(dump.length > 0);
	rmt_buf_free(&dump);
	scene_clear();
}

int
test_policy_merge(void)
{
	struct rows rows = { 0 };

	ADD_TABLE(&rows, merge_rows, check_merge);
	add_row(&rows, "a rule knows the file and line that state it", rule_knows_its_line, NULL);
	ADD_TABLE(&rows, parent_rows, check_parent);
	add_row(&rows, "eight parents are not too many", eight_parents, NULL);
	return run_rows("policy inheritance", &rows);
}
