/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of policy/: what is shipped. Every template and target resolves to what tests/golden/
 * says, so that a change of policy is a diff; every rule says what it rests on; the manual pages
 * name every key and no other; the examples of the guides load.
 *
 * With GOLDEN=write in the environment the golden files are written anew: tests/golden/update.sh.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/local.h"
#include "unit/test_policy.h"

/* ---- golden dumps
 * ------------------------------------------------------------------------------------------------------
 */

struct shipped {
	enum rmt_policy_kind kind;
	char name[64];
	char sentence[128], shown[128];
};
static struct shipped shipped[64];
static size_t shipped_count;

static int
collect(void *arg, const char *name, const char *origin)
{
	struct shipped *row = &shipped[shipped_count++];

	(void)origin;
	assert_true(shipped_count < sizeof shipped / sizeof shipped[0]);
	row->kind = *(enum rmt_policy_kind *)arg;
	snprintf(row->name, sizeof row->name, "%s", name);
	snprintf(row->sentence, sizeof row->sentence, "the %s %s resolves to its golden text",
	    row->kind == RMT_POLICY_TEMPLATE ? "template" : "target", name);
	snprintf(row->shown, sizeof row->shown, "the template %s as it is shown loads to the same",
	    name);
	return 0;
}

static void
dump(const struct shipped *row, struct rmt_buf *out)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rmt_template *policy = NULL;
	struct rmt_target *target = NULL;

	if (row->kind == RMT_POLICY_TEMPLATE &&
	    (policy = rmt_template_load(store, row->name, &err)) != NULL)
		rmt_template_dump(policy, out);
	if (row->kind == RMT_POLICY_TARGET &&
	    (target = rmt_target_load(store, row->name, &err)) != NULL)
		rmt_target_dump(target, out);
	if (err.class != RMT_NONE)
		fail_msg("%s: %s: %s", err.source, err.place, err.message);
	rmt_template_free(policy);
	rmt_target_free(target);
	rmt_policy_store_free(store);
}

/* The first line that differs, for a message. */
static void
compare(const char *path, const char *wanted, const char *got)
{
	unsigned line = 1;

	while (*wanted != '\0' && *wanted == *got) {
		line += *wanted++ == '\n';
		got++;
	}
	if (*wanted != *got)
		fail_msg("%s:%u differs: \"%.80s\" is wanted, \"%.80s\" is there "
			 "(tests/golden/update.sh)",
		    path, line, wanted, got);
}

static void
check_golden(void **state)
{
	const struct shipped *row = *state;
	struct rmt_buf got = { 0 }, wanted = { 0 };
	struct rmt_err err = { 0 };
	const char *write = getenv("GOLDEN");
	char path[1024];

	snprintf(path, sizeof path, "%s/tests/golden/%s/%s.txt", SRCDIR,
	    row->kind == RMT_POLICY_TEMPLATE ? "templates" : "targets", row->name);
	dump(row, &got);
	if (write != NULL && strcmp(write, "write") == 0)
		assert_int_equal(rmt_file_write(path, rmt_buf_view(&got), 0644, true, &err), 0);
	if (rmt_file_read(path, RMT_CAP_CONFIG, &wanted, &err) != 0)
		fail_msg("%s: %s", path, err.message);
	compare(path, rmt_buf_string(&wanted), rmt_buf_string(&got));
	rmt_buf_free(&got);
	rmt_buf_free(&wanted);
}

/* ---- what is shown can stand in a file ----------------------------------------------------------- */

/* Behind the comments that say where it comes from. */
static const char *
behind_remarks(const char *text)
{
	while (*text == '#') {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

static void
shown_template_loads(void **state)
{
	const struct shipped *row = *state;
	struct rmt_policy_store *store = scene_store();
	struct rmt_buf one = { 0 }, two = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_template *policy;

	dump(row, &one);
	scene_put("shown.cfg", rmt_buf_string(&one));
	policy = rmt_template_load(store, scene_path("shown.cfg"), &err);
	if (policy == NULL)
		fail_msg("%s: %s", err.place, err.message);
	rmt_template_dump(policy, &two);
	assert_true(*behind_remarks(rmt_buf_string(&one)) != '\0');
	assert_string_equal(
	    behind_remarks(rmt_buf_string(&one)), behind_remarks(rmt_buf_string(&two)));
	rmt_template_free(policy);
	rmt_buf_free(&one);
	rmt_buf_free(&two);
	rmt_policy_store_free(store);
	scene_clear();
}

/* ---- what other rooms say of it ------------------------------------------------------------------ */

/* issue/plan_san.c names it to who is refused a wildcard. */
static void
web_server_takes_wildcards(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rmt_template *policy = rmt_template_load(store, "web-server", &err);

	(void)state;
	assert_non_null(policy);
	assert_true(policy->role == RMT_ROLE_LEAF && policy->san.wildcard);
	rmt_template_free(policy);
	rmt_policy_store_free(store);
}

/* ---- rules
 * --------------------------------------------------------------------------------------------------------------
 */

static void
rules_rest_on_something(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);

	(void)state;
	for (size_t i = 0; i < shipped_count; i++) {
		struct rmt_target *target = shipped[i].kind == RMT_POLICY_TARGET
						? rmt_target_load(store, shipped[i].name, &err)
						: NULL;

		for (size_t n = 0; target != NULL && n < target->rule_count; n++) {
			const struct rmt_rule_setting *rule = &target->rules[n];

			if (rule->source == NULL || rule->severity < 0)
				fail_msg("%s: the rule %s lacks its source or severity",
				    shipped[i].name, rule->rule);
		}
		if (target != NULL && target->names.cn.count + target->names.san_count > 0 && target->names.source == NULL)
			fail_msg("%s: its names lack their source", shipped[i].name);
		rmt_target_free(target);
	}
	rmt_policy_store_free(store);
}

/* ---- manual pages
 * -------------------------------------------------------------------------------------------------------
 */

static void
list_keys(const struct rmt_schema *rows, const char *prefix, struct rmt_buf *out)
{
	for (const struct rmt_schema *row = rows; row->key != NULL; row++) {
		char path[128];

		snprintf(path, sizeof path, "%s%s%s", prefix, *prefix != '\0' ? "." : "", row->key);
		if (row->inner != NULL)
			list_keys(row->inner, path, out);
		else
			rmt_buf_format(out, "%s\n", path);
	}
}

/* The keys that the page describes: its lines ".It Cm KEY", in its order. */
static void
described_keys(const char *page, struct rmt_buf *out)
{
	static const char item[] = ".It Cm ";
	struct rmt_stream *stream;
	struct rmt_err err = { 0 };
	struct rmt_span line;
	char path[1024];
	bool whole;

	snprintf(path, sizeof path, "%s/docs/man/%s", SRCDIR, page);
	if ((stream = rmt_stream_open(path, &err)) == NULL)
		fail_msg("%s: %s", path, err.message);
	while (rmt_stream_line(stream, 4096, &line, &whole, &err) == 1) {
		if (line.length < sizeof item || memcmp(line.at, item, sizeof item - 1) != 0)
			continue;
		rmt_buf_append(out, line.at + sizeof item - 1, line.length - sizeof item + 1);
		rmt_buf_byte(out, '\n');
	}
	rmt_stream_free(stream);
}

static void
check_page(const char *page, const struct rmt_schema *rows)
{
	struct rmt_buf known = { 0 }, described = { 0 };

	list_keys(rows, "", &known);
	described_keys(page, &described);
	compare(page, rmt_buf_string(&known), rmt_buf_string(&described));
	rmt_buf_free(&known);
	rmt_buf_free(&described);
}

static void
template_page(void **state)
{
	(void)state;
	check_page("remint-template.5", rmt_template_schema);
}

static void
target_page(void **state)
{
	(void)state;
	check_page("remint-target.5", rmt_target_schema);
}

static void
symptoms_page(void **state)
{
	(void)state;
	check_page("remint-explain.1", rmt_symptoms_schema);
}

static void
topology_page(void **state)
{
	(void)state;
	check_page("remint-topology.5", rmt_topology_schema);
}

/* ---- guides
 * --------------------------------------------------------------------------------------------------------------
 */

static bool
is_line(struct rmt_span line, const char *text)
{
	return line.length == strlen(text) && memcmp(line.at, text, line.length) == 0;
}

/* Put every example of a guide, a block whose first line is "# targets/NAME.cfg", where it says. */
static size_t
put_examples(const char *guide)
{
	struct rmt_buf path = { 0 }, text = { 0 };
	struct rmt_stream *stream;
	struct rmt_err err = { 0 };
	struct rmt_span line;
	bool inside = false, whole;
	char name[1024];
	size_t count = 0;

	snprintf(name, sizeof name, "%s/docs/guides/%s", SRCDIR, guide);
	if ((stream = rmt_stream_open(name, &err)) == NULL)
		fail_msg("%s: %s", name, err.message);
	while (rmt_stream_line(stream, 4096, &line, &whole, &err) == 1) {
		if (!inside) {
			inside = is_line(line, "```libconfig");
		} else if (is_line(line, "```")) {
			scene_put(rmt_buf_string(&path), rmt_buf_string(&text));
			rmt_buf_clear(&path);
			rmt_buf_clear(&text);
			inside = false;
			count++;
		} else if (path.length == 0) {
			rmt_buf_append(&path, line.at + 2, line.length - 2);
		} else {
			rmt_buf_span(&text, line);
			rmt_buf_byte(&text, '\n');
		}
	}
	rmt_stream_free(stream);
	rmt_buf_free(&path);
	rmt_buf_free(&text);
	return count;
}

struct examples {
	struct rmt_policy_store *store;
	enum rmt_policy_kind kind;
	size_t loaded;
};

static int
load_example(void *arg, const char *name, const char *origin)
{
	struct examples *examples = arg;
	struct rmt_template *policy = NULL;
	struct rmt_target *target = NULL;
	struct rmt_err err = { 0 };

	if (strcmp(origin, "built in") == 0)
		return 0;
	if (examples->kind == RMT_POLICY_TOPOLOGY) {
		struct rmt_topology *topology = rmt_topology_load(examples->store, name, &err);

		if (topology == NULL)
			fail_msg("%s: %s: %s", name, err.place, err.message);
		rmt_topology_free(topology);
		examples->loaded++;
		return 0;
	}
	if (examples->kind == RMT_POLICY_TEMPLATE)
		policy = rmt_template_load(examples->store, name, &err);
	else
		target = rmt_target_load(examples->store, name, &err);
	if (policy == NULL && target == NULL)
		fail_msg("%s: %s: %s", name, err.place, err.message);
	rmt_template_free(policy);
	rmt_target_free(target);
	examples->loaded++;
	return 0;
}

static void
check_guide(const char *guide, enum rmt_policy_kind kind)
{
	struct examples examples = { .store = scene_store(), .kind = kind };
	size_t count = put_examples(guide);
	struct rmt_err err = { 0 };

	assert_true(count > 2);
	assert_int_equal(rmt_policy_each(examples.store, kind, load_example, &examples, &err), 0);
	assert_int_equal(examples.loaded, count);
	rmt_policy_store_free(examples.store);
	scene_clear();
}

static void
template_guide(void **state)
{
	(void)state;
	check_guide("write-a-template.md", RMT_POLICY_TEMPLATE);
}

static void
target_guide(void **state)
{
	(void)state;
	check_guide("write-a-target.md", RMT_POLICY_TARGET);
}

static void
topology_guide(void **state)
{
	struct examples examples = { .store = scene_store() };
	size_t count = put_examples("names-from-a-topology.md");
	struct rmt_err err = { 0 };

	(void)state;
	for (examples.kind = RMT_POLICY_TARGET; examples.kind <= RMT_POLICY_TOPOLOGY; examples.kind++)
		if (examples.kind != RMT_POLICY_SYMPTOMS)
			assert_int_equal(rmt_policy_each(examples.store, examples.kind, load_example, &examples, &err), 0);
	assert_int_equal(examples.loaded, count);
	assert_true(count == 4);
	rmt_policy_store_free(examples.store);
	scene_clear();
}

int
test_policy_shipped(void)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rows rows = { 0 };

	for (enum rmt_policy_kind kind = RMT_POLICY_TEMPLATE; kind <= RMT_POLICY_TARGET; kind++)
		if (rmt_policy_each(store, kind, collect, &kind, &err) != 0)
			return 1;
	rmt_policy_store_free(store);
	for (size_t i = 0; i < shipped_count; i++)
		add_row(&rows, shipped[i].sentence, check_golden, &shipped[i]);
	for (size_t i = 0; i < shipped_count && shipped[i].kind == RMT_POLICY_TEMPLATE; i++)
		add_row(&rows, shipped[i].shown, shown_template_loads, &shipped[i]);
	add_row(&rows, "web-server is a template that takes wildcards", web_server_takes_wildcards,
	    NULL);
	add_row(
	    &rows, "every rule of a target says what it rests on", rules_rest_on_something, NULL);
	add_row(&rows, "remint-template.5 describes every key in the order of the schema",
	    template_page, NULL);
	add_row(&rows, "remint-target.5 describes every key in the order of the schema",
	    target_page, NULL);
	add_row(&rows, "remint-explain.1 describes every key of a file of symptoms in the order of the schema",
	    symptoms_page, NULL);
	add_row(&rows, "remint-topology.5 describes every key in the order of the schema",
	    topology_page, NULL);
	add_row(&rows, "the examples of the template guide load", template_guide, NULL);
	add_row(&rows, "the examples of the target guide load", target_guide, NULL);
	add_row(&rows, "the examples of the topology guide load", topology_guide, NULL);
	return run_rows("policy shipped", &rows);
}
