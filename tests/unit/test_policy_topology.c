/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of policy/: topologies, and the names that the patterns of a target come to in one.
 */
#include "config.h"

#include <stdio.h>

#include "unit/test_policy.h"

/* ---- what is refused ------------------------------------------------------------------------------------------------------ */

static const struct fault_row {
	const char *sentence, *text, *place, *message;
} fault_rows[] = {
	{ "an unknown key gets a near one", "sip_domain = [ \"a.example\" ];", "line 1",
	    "\"sip_domain\" is not a key here (did you mean \"sip_domains\"?)" },
	{ "an unknown key in a group, too", "\nfront_end: {\n pol = \"a.example\"; };", "line 3",
	    "\"front_end.pol\" is not a key here (did you mean \"pool\"?)" },
	{ "a list is wanted", "sip_domains = \"a.example\";", "line 1",
	    "\"sip_domains\" wants a list of texts such as [\"contoso.com\"], not text" },
	{ "a name is no list", "edge: { access = [ \"a.example\" ]; };", "line 1",
	    "\"edge.access\" wants text such as \"sip.contoso.com\", not an array [ ... ]" },
	{ "an underscore stands in no host name", "sip_domains = [ \"a_b.example\" ];", "line 1",
	    "\"sip_domains\" wants a list of texts such as [\"contoso.com\"], not \"a_b.example\": a host name may hold letters, "
	    "digits, hyphens and dots only" },
	{ "a single label is no full name", "front_end: { pool = \"pool01\"; };", "line 1",
	    "\"front_end.pool\" wants text such as \"pool01.contoso.com\", not \"pool01\": it is a single label, not a full name" },
	{ "an address is no name", "front_end: { pool = \"192.0.2.1\"; };", "line 1", NULL },
	{ "letters beyond ASCII are no host name", "sip_domains = [ \"m\303\274ller.example\" ];", "line 1", NULL },
	{ "a wildcard is no host", "edge: { access = \"*.a.example\"; };", "line 1",
	    "\"edge.access\" wants text such as \"sip.contoso.com\", not \"*.a.example\": a wildcard is not allowed here" },
	{ "an address is no pool", "front_end: { pool = \"https://a.example\"; };", "line 1", NULL },
	{ "an address of the web has a host", "simple_urls: { meet = [ \"https:///meet\" ]; };", "line 1",
	    "\"simple_urls.meet\" wants a list of texts such as [\"https://meet.contoso.com\"], not \"https:///meet\": a host name is "
	    "empty" },
	{ "an address is one of the web", "simple_urls: { meet = [ \"ftp://meet.a.example\" ]; };", "line 1",
	    "\"simple_urls.meet\" wants a list of texts such as [\"https://meet.contoso.com\"], not \"ftp://meet.a.example\": its "
	    "scheme is neither https nor http" },
	{ "true and false are words", "mobility = \"yes\";", "line 1", "\"mobility\" wants true or false, not text" },
	{ "a domain stands once", "sip_domains = [ \"a.example\", \"a.example\" ];", "line 1", NULL },
	{ "servers are in a pool", "\ndirector: {\n servers = [ \"d.example.com\" ]; };", "line 3",
	    "\"director.servers\": there are servers, but no pool that they are in" },
	{ "the web name of a pool is no server's",
	    "front_end: { pool = \"p.a.example\"; servers = [ \"s1.a.example\", \"s2.a.example\" ];\n web_internal = \"S2.a.example\"; };",
	    "line 2", "\"front_end.web_internal\": in a pool it is not the name of a server" },
	{ "a Director has a web name of its own",
	    "front_end: { web_external = \"w.a.example\"; };\ndirector: { web_external = \"w.a.example\"; };", "line 2",
	    "\"director.web_external\": it differs from that of the Front Ends" },
	{ "a syntax error has its line", "\n\nmobility = ;", "line 3", NULL },
};

static void
check_fault(void **state)
{
	const struct fault_row *row = *state;
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };

	scene_put("topology.cfg", row->text);
	assert_null(rmt_topology_load(store, scene_path("topology.cfg"), &err));
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.place, row->place);
	assert_string_equal(err.source, scene_path("topology.cfg"));
	if (row->message != NULL)
		assert_string_equal(err.message, row->message);
	rmt_policy_store_free(store);
	scene_clear();
}

static const struct pattern_row {
	const char *sentence, *text, *message;
} pattern_rows[] = {
	{ "an unknown key of a topology gets a near one", "cn = [ \"{front_end.pol}\" ];",
	    "\"names.cn\" wants a list of texts such as [\"{front_end.pool}\"], not \"{front_end.pol}\": a topology has no name "
	    "\"front_end.pol\" (did you mean \"front_end.pool\"?)" },
	{ "a group is no name", "cn = [ \"{edge}\" ];", NULL },
	{ "the title is no name", "cn = [ \"{title}\" ];", NULL },
	{ "true or false is no name", "san = ( { name = \"{mobility}.a.example\"; } );", NULL },
	{ "a name takes one key", "san = ( { name = \"{edge.access}.{sip_domains}\"; } );",
	    "\"names.san[0].name\" wants text such as \"sip.{sip_domains}\", not \"{edge.access}.{sip_domains}\": a name takes one "
	    "{KEY} at most" },
	{ "a brace is closed", "san = ( { name = \"sip.{sip_domains\"; } );", NULL },
	{ "around a key stands what a host name takes", "san = ( { name = \"a_{sip_domains}\"; } );", NULL },
	{ "an unknown condition gets a near one", "san = ( { name = \"a.{sip_domains}\"; when = [ \"!mobilty\" ]; } );",
	    "\"names.san[0].when\" wants a list of texts such as [\"mobility\"], not \"!mobilty\": a topology has no condition "
	    "\"mobilty\" (did you mean \"mobility\"?)" },
	{ "a name is no condition", "san = ( { name = \"a.{sip_domains}\"; when = [ \"sip_domains\" ]; } );", NULL },
	{ "a name needs its pattern", "san = ( { wildcard = true; } );",
	    "a name needs its pattern: name = \"sip.{sip_domains}\"" },
};

static void
check_pattern(void **state)
{
	const struct pattern_row *row = *state;
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	char text[1024];

	snprintf(text, sizeof text, SMALL_TARGET "\nnames: { %s };", row->text);
	scene_put("targets/a.cfg", text);
	assert_null(rmt_target_load(store, "a", &err));
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.place, "line 2");
	if (row->message != NULL)
		assert_string_equal(err.message, row->message);
	rmt_policy_store_free(store);
	scene_clear();
}

/* ---- what the patterns come to ----------------------------------------------------------------------------------------------- */

#define DOMAINS "sip_domains = [ \"a.example\", \"b.example\" ];"
#define POOL "front_end: { pool = \"p.a.example\"; servers = [ \"s1.a.example\", \"s2.a.example\" ]; };"

/* Wanted: the common names, a bar, the names: /w takes a wildcard, /u is unconfirmed, /1 one of a group. */
static const struct names_row {
	const char *sentence, *names, *topology, *server, *wanted;
} names_rows[] = {
	{ "a key of one name", "cn = [ \"{front_end.pool}\" ]; san = ( { name = \"{front_end.pool}\"; } );", POOL, NULL,
	    "p.a.example | p.a.example" },
	{ "a list is one name each, in its order", "san = ( { name = \"sip.{sip_domains}\"; } );", DOMAINS, NULL,
	    "| sip.a.example sip.b.example" },
	{ "names come in the order of the patterns",
	    "san = ( { name = \"z.{sip_domains}\"; }, { name = \"{front_end.pool}\"; }, { name = \"fixed.example\"; } );", DOMAINS POOL, NULL,
	    "| z.a.example z.b.example p.a.example fixed.example" },
	{ "what is not stated comes to nothing", "san = ( { name = \"{front_end.web_external}\"; }, { name = \"{edge.also}\"; } );", POOL,
	    NULL, "|" },
	{ "what comes twice stands once, and the stricter counts",
	    "san = ( { name = \"sip.{sip_domains}\"; wildcard = true; confidence = \"unconfirmed\"; }, { name = \"{edge.access}\"; } );",
	    DOMAINS "edge: { access = \"SIP.a.example\"; };", NULL, "| sip.a.example sip.b.example/w/u" },
	{ "a condition that holds", "san = ( { name = \"a.{sip_domains}\"; when = [ \"mobility\" ]; } );", DOMAINS "mobility = true;", NULL,
	    "| a.a.example a.b.example" },
	{ "a condition that does not", "san = ( { name = \"a.{sip_domains}\"; when = [ \"mobility\" ]; } );", DOMAINS, NULL, "|" },
	{ "conditions all hold or none",
	    "san = ( { name = \"a.{sip_domains}\"; when = [ \"!mobility\", \"strict_auto_logon\" ]; },"
	    "{ name = \"b.{sip_domains}\"; when = [ \"!mobility\" ]; } );",
	    "sip_domains = [ \"a.example\" ];", NULL, "| b.a.example" },
	{ "an address is cut down to its host", "san = ( { name = \"{simple_urls.meet}\"; } );",
	    "simple_urls: { meet = [ \"https://Meet.a.example/b/meet\", \"https://meet.b.example:443\", \"meet.c.example\" ]; };", NULL,
	    "| meet.a.example meet.b.example meet.c.example" },
	{ "of the servers of a pool one is enough", "san = ( { name = \"{front_end.servers}\"; } );", POOL, NULL,
	    "| s1.a.example/1 s2.a.example/1" },
	{ "unless one is meant", "san = ( { name = \"{front_end.servers}\"; } );", POOL, "s2.a.example", "| s2.a.example" },
	{ "a server of another pool says nothing", "san = ( { name = \"{front_end.servers}\"; } );", POOL, "m.a.example",
	    "| s1.a.example/1 s2.a.example/1" },
	{ "a pool without servers is one", "san = ( { name = \"{mediation.servers}\"; } );", "mediation: { pool = \"m.a.example\"; };", NULL,
	    "| m.a.example" },
	{ "a server that is the pool is needed",
	    "san = ( { name = \"{front_end.pool}\"; }, { name = \"{front_end.servers}\"; } );",
	    "front_end: { pool = \"p.a.example\"; servers = [ \"p.a.example\", \"s.a.example\" ]; };", NULL, "| p.a.example s.a.example/1" },
	{ "each common name is accepted", "cn = [ \"{sip_domains}\", \"{front_end.pool}\" ];", DOMAINS POOL, NULL,
	    "a.example b.example p.a.example |" },
	{ "without the first common name nothing is known", "cn = [ \"{director.pool}\", \"{front_end.pool}\" ];", POOL, NULL,
	    "missing director.pool" },
	{ "a target without names takes none", "", POOL, NULL, "none" },
};

static void
describe(const struct rmt_wanted_names *wanted, struct rmt_buf *out)
{
	if (wanted->missing[0] != '\0') {
		rmt_buf_format(out, "missing %s", wanted->missing);
		return;
	}
	for (size_t i = 0; i < wanted->cn.count; i++)
		rmt_buf_format(out, "%s ", wanted->cn.items[i]);
	rmt_buf_text(out, "|");
	for (size_t i = 0; i < wanted->count; i++) {
		const struct rmt_wanted_name *name = &wanted->names[i];

		rmt_buf_format(out, " %s%s%s%s", name->name, name->wildcard ? "/w" : "", name->unconfirmed ? "/u" : "",
		    name->group ? "/1" : "");
	}
}

static void
check_names(void **state)
{
	const struct names_row *row = *state;
	struct rmt_policy_store *store = scene_store();
	struct rmt_wanted_names wanted;
	struct rmt_err err = { 0 };
	struct rmt_buf got = { 0 };
	struct rmt_topology *topology;
	struct rmt_target *target;
	char text[1024];

	snprintf(text, sizeof text, SMALL_TARGET "names: { %s };", row->names);
	scene_put("targets/a.cfg", text);
	scene_put("topology.cfg", row->topology);
	target = rmt_target_load(store, "a", &err);
	topology = rmt_topology_load(store, scene_path("topology.cfg"), &err);
	if (target == NULL || topology == NULL)
		fail_msg("%s: %s", err.place, err.message);
	if (rmt_wanted_names_resolve(target, topology, row->server, &wanted, &err) == 1)
		describe(&wanted, &got);
	else
		rmt_buf_text(&got, "none");
	assert_string_equal(rmt_buf_string(&got), row->wanted);
	assert_int_equal(wanted.server_known, row->server != NULL && strcmp(row->server, "s2.a.example") == 0);
	rmt_wanted_names_clear(&wanted);
	rmt_buf_free(&got);
	rmt_topology_free(topology);
	rmt_target_free(target);
	rmt_policy_store_free(store);
	scene_clear();
}

/* ---- files --------------------------------------------------------------------------------------------------------------------- */

static void
child_states_what_differs(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_topology *topology;

	(void)state;
	scene_put("first.cfg", DOMAINS POOL "edge: { access = \"sip.a.example\"; };");
	scene_put("second.cfg", "extends = \"first.cfg\"; front_end: { pool = \"q.a.example\"; servers = [ \"t.a.example\" ]; };");
	topology = rmt_topology_load(store, scene_path("second.cfg"), &err);
	if (topology == NULL)
		fail_msg("%s: %s", err.place, err.message);
	assert_string_equal(topology->front_end.pool, "q.a.example");
	assert_int_equal(topology->front_end.servers.count, 1);
	assert_int_equal(topology->sip_domains.count, 2);
	assert_string_equal(topology->edge.access, "sip.a.example");
	rmt_topology_free(topology);
	rmt_policy_store_free(store);
	scene_clear();
}

static void
found_by_name(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_topology *topology;

	(void)state;
	scene_put("topologies/contoso.cfg", DOMAINS);
	topology = rmt_topology_load(store, "contoso", &err);
	assert_non_null(topology);
	assert_string_equal(topology->name, "contoso");
	rmt_topology_free(topology);
	assert_null(rmt_topology_load(store, "contosso", &err));
	assert_int_equal(err.class, RMT_USAGE);
	assert_string_equal(err.message, "no topology is named \"contosso\" (did you mean \"contoso\"?)");
	rmt_policy_store_free(store);
	scene_clear();
}

static void
child_inherits_names(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_target *target;

	(void)state;
	scene_put("targets/a.cfg", "extends = \"sfb-mediation\"; title = \"a\";");
	scene_put("targets/b.cfg", "extends = \"sfb-mediation\"; title = \"b\"; names: { san = ( { name = \"{mediation.pool}\"; } ); };");
	target = rmt_target_load(store, "a", &err);
	assert_non_null(target);
	assert_int_equal(target->names.san_count, 2);
	rmt_target_free(target);
	target = rmt_target_load(store, "b", &err);
	assert_non_null(target);
	assert_int_equal(target->names.san_count, 1);
	assert_int_equal(target->names.cn.count, 1);
	rmt_target_free(target);
	rmt_policy_store_free(store);
	scene_clear();
}

static void
example_loads(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_topology *topology = rmt_topology_load(store, SRCDIR "/examples/topology.cfg", &err);

	(void)state;
	if (topology == NULL)
		fail_msg("%s: %s", err.place, err.message);
	assert_string_equal(topology->simple_urls.meet.items[1], "meet.fabrikam.com");
	rmt_topology_free(topology);
	rmt_policy_store_free(store);
}

int
test_policy_topology(void)
{
	struct rows rows = { 0 };

	ADD_TABLE(&rows, fault_rows, check_fault);
	ADD_TABLE(&rows, pattern_rows, check_pattern);
	ADD_TABLE(&rows, names_rows, check_names);
	add_row(&rows, "a topology extends another and states what differs", child_states_what_differs, NULL);
	add_row(&rows, "a topology is found by its name", found_by_name, NULL);
	add_row(&rows, "a child of a target inherits its names, and its list replaces them", child_inherits_names, NULL);
	add_row(&rows, "the example loads", example_loads, NULL);
	return run_rows("policy topology", &rows);
}
