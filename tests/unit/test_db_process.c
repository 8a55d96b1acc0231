/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes on one database: writing at once, waiting, dying, and what a dead one leaves.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit/test_db.h"

enum { WRITERS = 3, GROUPS = 20, GROUP = 5 };

/* A child that tells when it has come to a point and is then killed. */
static pid_t
start_and_stop_at(void (*act)(void))
{
	int ends[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		db = rmt_db_open(home, RMT_DB_WRITE, 1, &err);
		if (db == NULL)
			_exit(99);
		act();
		if (write(ends[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return child;
}

static void
kill_and_reap(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void
write_groups(int writer)
{
	char serial[32];

	db = rmt_db_open(home, RMT_DB_WRITE, 30, &err);
	if (db == NULL)
		_exit(1);
	for (int group = 0; group < GROUPS; group++) {
		int64_t ids[GROUP];

		begin();
		for (int i = 0; i < GROUP; i++) {
			snprintf(serial, sizeof serial, "%d/%d/%d", writer, group, i);
			ids[i] = issue(1, serial, serial, 0);
		}
		if (rmt_db_event(db, 1000, "issue", "a group", &err) != 0)
			_exit(2);
		commit();
		for (int i = 1; i < GROUP; i++)
			if (ids[i] != ids[0] + i)
				_exit(3);
	}
	rmt_db_close(db);
	_exit(0);
}

static int
count_cert(void *arg, const struct rmt_db_cert *cert)
{
	(void)cert;
	++*(int *)arg;
	return 0;
}

static void
several_processes_write_at_once(void **state)
{
	struct rmt_db_filter all = { .status = -1, .limit = 10000 };
	pid_t writers[WRITERS];
	int status, count = 0;

	(void)state;
	begin();
	add_authority("issuing");
	commit();
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (writers[i] == 0)
			write_groups(i);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(rmt_db_certs(db, &all, count_cert, &count, &err), 0);
	assert_int_equal(count, WRITERS * GROUPS * GROUP);
	if (rmt_db_check_events(db, &err) != 0 || rmt_db_check_structure(db, &err) != 0)
		fail_msg("%s", err.message);
}

static void
hold_transaction(void)
{
	begin();
	issue(1, "half", "half", 0);
}

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
a_lock_held_too_long_is_said_and_dies_with_its_holder(void **state)
{
	struct rmt_db_filter all = { .status = -1 };
	double start;
	pid_t child;

	(void)state;
	begin();
	add_authority("issuing");
	issue(1, "whole", "whole", 0);
	commit();
	child = start_and_stop_at(hold_transaction);
	assert_string_equal(listed(&all), "1:whole "); /* a reader is not held up */
	start = seconds_now();
	assert_int_equal(rmt_db_begin(db, &err), -1);
	expect_refusal(
	    "a lock held by another", "another process has been using the database for 1 s");
	assert_true(seconds_now() - start >= 0.9);
	assert_int_equal(rmt_db_event(db, 1, "issue", "x", &err), -1);
	assert_int_equal(err.class, RMT_INTERNAL); /* nothing was begun */
	memset(&err, 0, sizeof err);
	kill_and_reap(child);
	begin();
	assert_int_equal(issue(1, "half", "other", 0), 2);
	commit();
	assert_string_equal(listed(&all), "2:other 1:whole ");
	assert_int_equal(rmt_db_check_structure(db, &err), 0);
}

static void
a_program_that_knows_no_lock_of_ours_is_waited_for_too(void **state)
{
	sqlite3 *shell = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(in_home("ca.db"), &shell), SQLITE_OK);
	assert_int_equal(sqlite3_exec(shell, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(rmt_db_begin(db, &err), -1);
	expect_refusal("a shell in a transaction", "another process has been using the database");
	sqlite3_exec(shell, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(shell);
	begin();
	commit();
}

static void
persist_three(void)
{
	begin();
	add_tbs(1, "a");
	add_tbs(1, "b");
	commit();
	begin();
	issue(1, "c", "done", 0);
	commit();
}

static int
append_orphan(void *arg, int64_t id, const struct rmt_db_tbs *tbs)
{
	rmt_buf_format(arg, "%lld:%.*s:%.*s ", (long long)id, (int)tbs->serial.length,
	    (const char *)tbs->serial.at, (int)tbs->tbs.length, (const char *)tbs->tbs.at);
	return 0;
}

static const char *
orphans(void)
{
	static char text[256];
	struct rmt_buf out = { 0 };

	if (rmt_db_orphans(db, append_orphan, &out, &err) != 0)
		fail_msg("%s", err.message);
	snprintf(text, sizeof text, "%s", rmt_buf_string(&out));
	rmt_buf_free(&out);
	return text;
}

static void
what_a_dead_process_left_unsigned_is_found(void **state)
{
	struct rmt_db_cert cert = { .tbs = 1,
		.issuer_name = "CN=Issuing",
		.serial = rmt_span_text("a"),
		.der = rmt_span_text("x"),
		.fingerprint = hash_of("x"),
		.spki_hash = hash_of("key"),
		.subject = "",
		.name = "",
		.targets = "" };
	int64_t id;
	pid_t child;

	(void)state;
	begin();
	cert.authority = add_authority("issuing");
	commit();
	child = start_and_stop_at(persist_three);
	assert_string_equal(orphans(), ""); /* it may still sign them */
	assert_int_equal(kill(child, SIGKILL), 0);
	for (int i = 0; i < 500 && orphans()[0] == '\0'; i++) /* dead, though nobody has asked */
		usleep(10000);
	assert_string_equal(orphans(), "1:a:tbs 2:b:tbs ");
	assert_int_equal(waitpid(child, NULL, 0), child);
	begin();
	add_tbs(1, "ours");
	assert_string_equal(orphans(), "1:a:tbs 2:b:tbs ");
	assert_int_equal(rmt_db_cert_add(db, &cert, &id, &err), 0);
	commit();
	assert_string_equal(orphans(), "2:b:tbs ");
}

static void
a_process_is_known_by_more_than_its_pid(void **state)
{
	static const struct {
		const char *sentence, *change;
		bool orphan;
	} rows[] = {
		{ "this very process", "pid", false },
		{ "the same pid, started at another time", "pid, start + 1, boot, space", true },
		{ "the same pid, before a reboot", "pid, start, 'other boot', space", true },
		{ "in a container, an hour and more ago", "pid, start, boot, 'pid:[1]'", true },
	};
	char sql[200];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (i > 0)
			assert_int_equal(set_up(state), 0);
		begin();
		add_authority("issuing");
		add_tbs(1, "a");
		commit();
		if (i > 0) {
			snprintf(sql, sizeof sql,
			    "INSERT INTO owners SELECT 2, %s FROM owners;"
			    "INSERT INTO tbs VALUES (2, 1, x'00', 0, 2, x'00');"
			    "INSERT INTO unsigned VALUES (2, '', '', NULL, 0)",
			    rows[i].change);
			assert_string_equal(raw(sql), "");
		}
		if ((orphans()[0] != '\0') != rows[i].orphan)
			fail_msg("%s: %s", rows[i].sentence, orphans());
		if (i + 1 < sizeof rows / sizeof rows[0])
			assert_int_equal(tear_down(state), 0);
	}
}

/* ---- the write-ahead log ---- */

static off_t
size_of(const char *name)
{
	struct stat st;

	return stat(in_home(name), &st) == 0 ? st.st_size : -1;
}

static void
write_megabytes(int count)
{
	static unsigned char bytes[1 << 20];
	struct rmt_db_request request = { .der = rmt_span_of(bytes, sizeof bytes),
		.spki_hash = hash_of("key"),
		.subject = "",
		.targets = "",
		.state = "made" };
	int64_t id;

	for (int i = 0; i < count; i++) {
		begin();
		if (rmt_db_request_add(db, &request, &id, &err) != 0)
			fail_msg("%s", err.message);
		commit();
	}
}

static void
the_log_is_copied_back_when_it_has_grown(void **state)
{
	(void)state;
	write_megabytes(12);
	assert_true(size_of("ca.db") < 1 << 20); /* not before 16 MiB */
	write_megabytes(28);
	assert_true(size_of("ca.db") > 30 << 20);
	assert_true(size_of("ca.db-wal") < 20 << 20);
	open_again(RMT_DB_WRITE); /* the one before left more than a little: it emptied the log */
	assert_int_equal(size_of("ca.db-wal"), 0);
	begin();
	add_authority("issuing");
	commit();
	open_again(RMT_DB_READ); /* a little is left to the next writer */
	assert_true(size_of("ca.db-wal") > 0);
	open_again(RMT_DB_READ); /* and a reader never touches it */
	assert_true(size_of("ca.db-wal") > 0);
}

static void
a_reader_that_stays_holds_up_no_writer(void **state)
{
	struct rmt_db *reader = rmt_db_open(home, RMT_DB_READ, 1, &err);
	sqlite3_stmt *held = NULL;
	rmt_time last;

	(void)state;
	assert_non_null(reader);
	assert_int_equal(
	    sqlite3_prepare_v2(reader->sqlite, "SELECT 1 FROM sqlite_schema", -1, &held, NULL), 0);
	assert_int_equal(sqlite3_step(held), SQLITE_ROW);
	write_megabytes(24);
	assert_true(size_of("ca.db-wal") > 24 << 20);
	sqlite3_finalize(held);
	write_megabytes(12);
	assert_true(size_of("ca.db") > 24 << 20);
	assert_int_equal(rmt_db_begin(reader, &err), -1);
	assert_int_equal(err.class, RMT_INTERNAL);
	memset(&err, 0, sizeof err);
	assert_int_equal(rmt_db_last_event(reader, &last, &err), 0);
	rmt_db_close(reader);
}

const struct CMUnitTest process_tests[] = {
	DB_TEST(several_processes_write_at_once),
	DB_TEST(a_lock_held_too_long_is_said_and_dies_with_its_holder),
	DB_TEST(a_program_that_knows_no_lock_of_ours_is_waited_for_too),
	DB_TEST(what_a_dead_process_left_unsigned_is_found),
	DB_TEST(a_process_is_known_by_more_than_its_pid),
	DB_TEST(the_log_is_copied_back_when_it_has_grown),
	DB_TEST(a_reader_that_stays_holds_up_no_writer),
};
const size_t process_count = sizeof process_tests / sizeof process_tests[0];
