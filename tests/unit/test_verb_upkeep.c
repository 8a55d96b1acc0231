/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_upkeep.c - the text of a manifest, names that must not lead out of a home, files and directories that appear whole,
 * and a copy of a database that others write to.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "verb/local.h"

static char directory[] = "/tmp/remint-upkeep.XXXXXX";

static const char *in_scene(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	rmt_tree_remove(directory);
	return 0;
}

static void names_stay_within_the_home(void **state)
{
	static const struct {
		const char *name;
		bool fits;
	} rows[] = {
	    {"ca.db", true},
	    {"keys/ab.pem", true},
	    {"templates/certificates/mine.cfg", true},
	    {"templates/..hidden", true},
	    {"templates/a b", true},
	    {"", false},
	    {"ca.db/", false},
	    {"ca.db-wal", false},
	    {"MANIFEST", false},
	    {"lock", false},
	    {"keys/", false},
	    {"keys//a", false},
	    {"keys/../ca.db", false},
	    {"keys/..", false},
	    {"keys/./a", false},
	    {"keys/a/../../b", false},
	    {"keys/a/", false},
	    {"/etc/passwd", false},
	    {"../keys/a", false},
	    {"keys/a\nfile", false},
	    {"keys/a\r", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rmt_manifest_name_fits(rows[i].name) != rows[i].fits)
			fail_msg("\"%s\" %s", rows[i].name, rows[i].fits ? "fits" : "does not fit");
}

static const char good[] =
    "remint-backup 1\n"
    "home 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "event 42 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100 2026-11-22T05:53:15Z\n"
    "made 2026-11-22T06:00:00Z\n"
    "schema 6\n"
    "file 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 17 keys/a b.pem\n"
    "file ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100 4096 ca.db\n";

static void what_is_written_is_read(void **state)
{
	struct rmt_manifest manifest;
	struct rmt_buf again = {0};
	struct rmt_err err = {0};

	(void)state;
	assert_int_equal(rmt_manifest_read_mem("it", rmt_span_text(good), &manifest, &err), 0);
	assert_string_equal(manifest.kind, "backup");
	assert_int_equal(manifest.head.id, 42);
	assert_int_equal(manifest.schema, 6);
	assert_int_equal(manifest.file_count, 2);
	assert_string_equal(manifest.files[0].name, "keys/a b.pem");
	assert_int_equal(manifest.files[1].size, 4096);
	rmt_manifest_write(&manifest, &again);
	assert_string_equal(rmt_buf_string(&again), good);
	rmt_buf_free(&again);
	rmt_manifest_clear(&manifest);
}

/* Each line with any one of its bytes changed is refused, or says something else. */
static void no_byte_changes_unseen(void **state)
{
	struct rmt_manifest manifest;
	struct rmt_buf again = {0};
	char text[sizeof good];

	(void)state;
	for (size_t i = 0; i < sizeof good - 1; i++) {
		memcpy(text, good, sizeof good);
		text[i] = text[i] == '0' ? '1' : '0';
		if (rmt_manifest_read_mem("it", rmt_span_text(text), &manifest, NULL) == 0) {
			rmt_buf_clear(&again);
			rmt_manifest_write(&manifest, &again);
			if (strcmp(rmt_buf_string(&again), good) == 0)
				fail_msg("a change of byte %zu is not seen", i);
		}
		rmt_manifest_clear(&manifest);
	}
	for (size_t i = 0; i < sizeof good - 1; i++) {
		int rc = rmt_manifest_read_mem("it", rmt_span_of(good, i), &manifest, NULL);

		/* Only whole lines, and none of the first five may be missing. */
		assert_true(rc == 0 ? i && good[i - 1] == '\n' && strstr(good, "file ") <= good + i : true);
		rmt_manifest_clear(&manifest);
	}
	rmt_buf_free(&again);
}

static void a_copy_is_new_and_the_same(void **state)
{
	unsigned char one[RMT_SHA256], two[RMT_SHA256], wanted[RMT_SHA256];
	static char bytes[700000];
	struct rmt_err err = {0};
	struct stat st;
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	assert_int_equal(rmt_file_write(in_scene("from"), rmt_span_of(bytes, sizeof bytes), 0644, false, &err), 0);
	assert_int_equal(rmt_file_copy(in_scene("from"), in_scene("to"), one, &size, &err), 0);
	assert_int_equal(size, sizeof bytes);
	assert_int_equal(rmt_file_copy(in_scene("to"), NULL, two, &size, &err), 0);
	assert_int_equal(rmt_sha256(rmt_span_of(bytes, sizeof bytes), wanted, &err), 0);
	assert_memory_equal(one, wanted, sizeof one);
	assert_memory_equal(two, wanted, sizeof two);
	assert_int_equal(stat(in_scene("to"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(rmt_file_copy(in_scene("from"), in_scene("to"), one, &size, &err), -1); /* it is there */
	memset(&err, 0, sizeof err);
	assert_int_equal(rmt_file_copy(directory, in_scene("other"), one, &size, &err), -1);
	assert_non_null(strstr(err.message, "not a regular file"));
	assert_int_equal(symlink("nowhere", in_scene("link")), 0);
	assert_int_equal(rmt_file_copy(in_scene("from"), in_scene("link"), one, &size, NULL), -1);
}

static void a_directory_appears_whole(void **state)
{
	struct rmt_err err = {0};
	char *temporary = rmt_tree_new(in_scene("tree/"), &err), *other;

	(void)state;
	assert_non_null(temporary);
	assert_false(rmt_path_exists(in_scene("tree")));
	assert_int_equal(rmt_tree_place(temporary, in_scene("tree"), &err), 0);
	assert_true(rmt_path_is_directory(in_scene("tree")));
	assert_false(rmt_path_exists(temporary));
	free(temporary);
	assert_null(rmt_tree_new(in_scene("tree"), &err));
	assert_int_equal(err.class, RMT_POLICY);
	/* It comes while ours is made: even an empty one is not replaced. */
	memset(&err, 0, sizeof err);
	other = rmt_tree_new(in_scene("late"), &err);
	assert_non_null(other);
	assert_int_equal(mkdir(in_scene("late"), 0700), 0);
	assert_int_equal(rmt_tree_place(other, in_scene("late"), &err), -1);
	assert_int_equal(err.class, RMT_POLICY);
	assert_true(rmt_path_exists(other));
	rmt_tree_remove(other);
	assert_false(rmt_path_exists(other));
	free(other);
}

/* ---- a copy of one state ---------------------------------------------------------------------------------------------- */

struct writing {
	struct rmt_db *db;
	int64_t events;
};

static void write_event(struct writing *writing)
{
	assert_int_equal(rmt_db_begin(writing->db, NULL), 0);
	assert_int_equal(rmt_db_event(writing->db, 1000 + writing->events++, "issue", "more", NULL), 0);
	assert_int_equal(rmt_db_commit(writing->db, NULL), 0);
}

static int write_meanwhile(void *arg, uint64_t done, uint64_t total)
{
	assert_true(done <= total);
	write_event(arg);
	return 0;
}

static void a_backup_is_of_the_state_that_was_seen(void **state)
{
	static char filler[1 << 20];
	struct writing writing = {0};
	struct rmt_db_head head, copied;
	struct rmt_err err = {0};
	struct rmt_db *reader, *copy;

	(void)state;
	memset(filler, 'x', sizeof filler - 1);
	assert_int_equal(mkdir(in_scene("home"), 0700), 0);
	assert_int_equal(mkdir(in_scene("copied"), 0700), 0);
	writing.db = rmt_db_open(in_scene("home"), RMT_DB_CREATE, 5, &err);
	assert_non_null(writing.db);
	for (int i = 0; i < 12; i++) { /* some thousand pages */
		assert_int_equal(rmt_db_begin(writing.db, &err), 0);
		assert_int_equal(rmt_db_event(writing.db, 1000 + writing.events++, "issue", filler, &err), 0);
		assert_int_equal(rmt_db_commit(writing.db, &err), 0);
	}
	reader = rmt_db_open(in_scene("home"), RMT_DB_READ, 5, &err);
	assert_non_null(reader);
	assert_int_equal(rmt_db_still(reader, &err), 0);
	assert_int_equal(rmt_db_head(reader, &head, &err), 0);
	assert_int_equal(rmt_db_backup(reader, in_scene("copied/ca.db"), write_meanwhile, &writing, &err), 0);
	rmt_db_move(reader);
	assert_true(writing.events > head.id); /* somebody wrote while it was made */
	assert_int_equal(rmt_db_backup(reader, in_scene("copied/ca.db"), NULL, NULL, &err), -1); /* it is there */
	rmt_db_close(reader);
	memset(&err, 0, sizeof err);
	copy = rmt_db_open(in_scene("copied"), RMT_DB_READ, 5, &err);
	assert_non_null(copy);
	assert_int_equal(rmt_db_head(copy, &copied, &err), 0);
	assert_int_equal(copied.id, head.id);
	assert_memory_equal(copied.hash, head.hash, sizeof head.hash);
	assert_memory_equal(copied.home, head.home, sizeof head.home);
	assert_int_equal(rmt_db_check_structure(copy, &err), 0);
	assert_int_equal(rmt_db_check_events(copy, &err), 0);
	assert_int_equal(rmt_db_check_events_after(copy, head.id - 3, &err), 0);
	assert_int_equal(rmt_db_check_events_after(copy, head.id + 3, &err), -1); /* there is no such event */
	rmt_db_close(copy);
	rmt_db_close(writing.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_stay_within_the_home), cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(no_byte_changes_unseen),     cmocka_unit_test(a_copy_is_new_and_the_same),
	    cmocka_unit_test(a_directory_appears_whole),  cmocka_unit_test(a_backup_is_of_the_state_that_was_seen),
	};

	return cmocka_run_group_tests_name("upkeep", tests, set_up, tear_down);
}
