/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of policy/: the scenery, the store and copies here; what is refused, what is merged and
 * what is shipped in test_policy_*.c.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/test_policy.h"

/* ---- scenery
 * ----------------------------------------------------------------------------------------------------
 */

static char place[64];
static char put[16][128];
static size_t put_count;

const char *
scene_path(const char *path)
{
	static char joined[512];

	snprintf(joined, sizeof joined, "%s/%s", place, path);
	return joined;
}

void
scene_put_bytes(const char *path, const void *bytes, size_t length)
{
	int fd = open(scene_path(path), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
	assert_true(put_count < sizeof put / sizeof put[0]);
	snprintf(put[put_count++], sizeof put[0], "%s", path);
}

void
scene_put(const char *path, const char *text)
{
	scene_put_bytes(path, text, strlen(text));
}

void
scene_clear(void)
{
	while (put_count > 0)
		unlink(scene_path(put[--put_count]));
}

struct rmt_policy_store *
scene_store(void)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);

	assert_non_null(store);
	assert_int_equal(rmt_policy_store_add(store, place, &err), 0);
	return store;
}

/* ---- names
 * -------------------------------------------------------------------------------------------------------
 */

static const struct name_row {
	const char *sentence, *name, *message;
	enum rmt_class class;
} name_rows[] = {
	{ "an unknown name gets a near one", "server-clent",
	    "no template is named \"server-clent\" (did you mean \"server-client\"?)", RMT_USAGE },
	{ "a far name gets none", "quite-another", "no template is named \"quite-another\"",
	    RMT_USAGE },
	{ "a label cannot leave its directory", "..", "no template is named \"..\"", RMT_USAGE },
	{ "a label does not begin with a dot", ".hidden", "no template is named \".hidden\"",
	    RMT_USAGE },
	{ "upper case is no label", "Server-Client",
	    "no template is named \"Server-Client\" (did you mean \"server-client\"?)", RMT_USAGE },
	{ "nothing is no label", "", "no template is named \"\"", RMT_USAGE },
	{ "a path that leads nowhere is an input that cannot be read", "/nowhere/at/all.cfg", NULL,
	    RMT_INPUT },
	{ "a directory is no policy", "/tmp/", NULL, RMT_INPUT },
};

static void
check_name(void **state)
{
	const struct name_row *row = *state;
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };

	assert_null(rmt_template_load(store, row->name, &err));
	assert_int_equal(err.class, row->class);
	if (row->message != NULL)
		assert_string_equal(err.message, row->message);
	rmt_policy_store_free(store);
}

/* ---- the store
 * -----------------------------------------------------------------------------------------------------
 */

/* What a listing has visited so far. */
struct listing {
	char last[64];
	size_t own, count;
	bool mixed; /* a name that has a file of its own came as the built-in one */
};

static int
note_name(void *arg, const char *name, const char *origin)
{
	struct listing *listing = arg;
	bool own = strncmp(origin, place, strlen(place)) == 0;

	assert_true(strcmp(listing->last, name) < 0);
	snprintf(listing->last, sizeof listing->last, "%s", name);
	listing->count++;
	listing->own += own;
	if (!own) {
		assert_string_equal(origin, "built in");
		listing->mixed = listing->mixed || strcmp(name, "nginx") == 0;
	}
	return 0;
}

static void
list_in_order(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct listing builtin = { 0 }, listing = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_policy_each(store, RMT_POLICY_TARGET, note_name, &builtin, &err), 0);
	scene_put("targets/a-first.cfg", SMALL_TARGET);
	scene_put("targets/nginx.cfg", SMALL_TARGET);
	scene_put("targets/Not-A-Label.cfg", SMALL_TARGET);
	scene_put("targets/readme.txt", "no policy");
	assert_int_equal(rmt_policy_each(store, RMT_POLICY_TARGET, note_name, &listing, &err), 0);
	assert_int_equal(listing.own, 2);
	assert_int_equal(listing.count, builtin.count + 1);
	assert_false(listing.mixed);
	rmt_policy_store_free(store);
	scene_clear();
}

static int
stop_at_second(void *arg, const char *name, const char *origin)
{
	(void)name;
	(void)origin;
	return ++*(int *)arg == 2 ? 7 : 0;
}

static void
list_stops(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	int seen = 0;

	(void)state;
	assert_int_equal(
	    rmt_policy_each(store, RMT_POLICY_TEMPLATE, stop_at_second, &seen, &err), 7);
	assert_int_equal(seen, 2);
	rmt_policy_store_free(store);
}

static void
later_directory_wins(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };
	struct rmt_template *policy;

	(void)state;
	scene_put("certificates/mine.cfg", SMALL_TEMPLATE);
	scene_put("later/certificates/mine.cfg", SMALL_TEMPLATE "digest = \"sha384\";");
	assert_int_equal(rmt_policy_store_add(store, scene_path("later"), &err), 0);
	policy = rmt_template_load(store, "mine", &err);
	assert_non_null(policy);
	assert_string_equal(policy->digest, "sha384");
	assert_string_equal(policy->origin, scene_path("later/certificates/mine.cfg"));
	rmt_template_free(policy);
	rmt_policy_store_free(store);
	scene_clear();
}

static void
absent_directory_is_empty(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_policy_store *store = rmt_policy_store_new(&err);
	struct rmt_template *policy;

	(void)state;
	assert_int_equal(rmt_policy_store_add(store, "/nowhere/at/all", &err), 0);
	policy = rmt_template_load(store, "server-client", &err);
	assert_non_null(policy);
	assert_string_equal(policy->origin, "built in");
	rmt_template_free(policy);
	rmt_policy_store_free(store);
}

static void
file_is_no_directory(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_err err = { 0 };

	(void)state;
	scene_put("plain", "");
	assert_int_equal(rmt_policy_store_add(store, scene_path("plain"), &err), -1);
	assert_string_equal(err.message, "this is not a directory of templates and targets");
	assert_int_equal(err.class, RMT_INPUT);
	rmt_policy_store_free(store);
	scene_clear();
}

/* ---- copies and words
 * -------------------------------------------------------------------------------------------------
 */

static void
copy_is_equal(void **state)
{
	struct rmt_policy_store *store = scene_store();
	struct rmt_buf one = { 0 }, two = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_template *policy = rmt_template_load(store, "sfb-front-end", &err), *copy;

	(void)state;
	assert_non_null(policy);
	copy = rmt_template_dup(policy, &err);
	assert_non_null(copy);
	rmt_template_dump(policy, &one);
	rmt_template_free(policy);
	rmt_template_dump(copy, &two);
	assert_string_equal(rmt_buf_string(&one), rmt_buf_string(&two));
	rmt_template_free(copy);
	rmt_buf_free(&one);
	rmt_buf_free(&two);
	rmt_policy_store_free(store);
}

static void
words(void **state)
{
	enum rmt_severity severity;

	(void)state;
	assert_string_equal(rmt_merge_name(RMT_MERGE_TEMPLATE), "template");
	assert_string_equal(rmt_merge_name(RMT_MERGE_REQUIRE), "require");
	assert_string_equal(rmt_severity_name(RMT_SEVERITY_WARNING), "warning");
	assert_int_equal(rmt_severity_named("error", &severity), 0);
	assert_int_equal(severity, RMT_SEVERITY_ERROR);
	assert_int_equal(rmt_severity_named("fatal", &severity), -1);
}

static void
freeing_nothing(void **state)
{
	(void)state;
	rmt_template_free(NULL);
	rmt_target_free(NULL);
	rmt_policy_store_free(NULL);
}

static const char *const folders[] = { "certificates", "targets", "later", "later/certificates",
	"topologies" };

int
main(void)
{
	struct rows rows = { 0 };
	int failed;

	snprintf(place, sizeof place, "/tmp/remint-policy-XXXXXX");
	if (mkdtemp(place) == NULL)
		return 1;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		mkdir(scene_path(folders[i]), 0700);
	ADD_TABLE(&rows, name_rows, check_name);
	add_row(&rows, "policies are listed by name, the user's own before the built-in ones",
	    list_in_order, NULL);
	add_row(&rows, "a visitor stops the listing with a value of its own", list_stops, NULL);
	add_row(&rows, "a directory added later is searched first", later_directory_wins, NULL);
	add_row(
	    &rows, "a directory that is not there holds nothing", absent_directory_is_empty, NULL);
	add_row(&rows, "a file is no directory of policies", file_is_no_directory, NULL);
	add_row(&rows, "a copy is equal and lives on its own", copy_is_equal, NULL);
	add_row(&rows, "enums have their words", words, NULL);
	add_row(&rows, "freeing nothing does nothing", freeing_nothing, NULL);
	failed = run_rows("policy", &rows);
	failed += test_policy_faults();
	failed += test_policy_merge();
	failed += test_policy_shipped();
	failed += test_policy_topology();
	for (size_t i = sizeof folders / sizeof folders[0]; i-- > 0;)
		rmdir(scene_path(folders[i]));
	rmdir(place);
	return failed;
}
