/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a home, one sentence for each; the file systems refused; older schemas. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/test_db.h"

/* ---- what spoils a home ---- */

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_home(name), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void
remove_log(void)
{
	unlink(in_home("ca.db-wal"));
	unlink(in_home("ca.db-shm"));
}

static void
remove_home(void)
{
	char command[192];

	snprintf(command, sizeof command, "rm -rf %s", home);
	assert_int_equal(system(command), 0);
}

static void
replace_home_by_file(void)
{
	FILE *file;

	remove_home();
	file = fopen(home, "w");
	assert_non_null(file);
	fclose(file);
}

static void
remove_database(void)
{
	remove_log();
	unlink(in_home("ca.db"));
}

static void
put_directory(void)
{
	remove_database();
	assert_int_equal(mkdir(in_home("ca.db"), 0700), 0);
}

static void
put_link(void)
{
	remove_database();
	assert_int_equal(symlink("/etc/passwd", in_home("ca.db")), 0);
}

static void
put_nothing(void)
{
	remove_database();
	write_file("ca.db", "");
}

static void
remove_database_put_keys(void)
{
	remove_database();
	assert_int_equal(mkdir(in_home("keys"), 0700), 0);
}

static void
put_nothing_put_keys(void)
{
	put_nothing();
	assert_int_equal(mkdir(in_home("keys"), 0700), 0);
}

static void
put_text(void)
{
	remove_database();
	write_file("ca.db", "This is a text, long enough not to be taken for an empty file at all,"
			    " and long enough to hold more than the hundred bytes of a header.\n");
}

static void
put_other_database(void)
{
	remove_database();
	assert_string_equal(raw("CREATE TABLE t (x)"), "");
}

static void
put_other_application(void)
{
	assert_string_equal(raw("PRAGMA application_id = 7"), "");
}

static void
put_newer(void)
{
	assert_string_equal(raw("PRAGMA user_version = 99"), "");
}

static void
damage(void)
{
	int fd = open(in_home("ca.db"), O_RDWR);
	char junk[3000];

	remove_log();
	memset(junk, 0x5a, sizeof junk);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 100), sizeof junk);
	close(fd);
}

static void
forbid_home(void)
{
	chmod(home, 0);
}

static void
modes(mode_t of_home, mode_t of_files)
{
	chmod(in_home("ca.db"), of_files);
	chmod(in_home("ca.db-wal"), of_files);
	chmod(in_home("ca.db-shm"), of_files);
	chmod(in_home("lock"), of_files);
	chmod(home, of_home);
}

static void
forbid_file(void)
{
	modes(0777, 0666);
	chmod(in_home("ca.db"), 0);
}

static void
forbid_log(void)
{
	modes(0555, 0444);
	chmod(in_home("ca.db-wal"), 0);
}

static void
forbid_lock(void)
{
	modes(0777, 0666);
	chmod(in_home("lock"), 0);
}

static void
file_read_only(void)
{
	modes(0777, 0444);
}

static void
home_read_only(void)
{
	modes(0555, 0666);
}

static void
all_read_only(void)
{
	modes(0555, 0444);
}

static void
all_read_only_without_log(void)
{
	remove_log();
	modes(0555, 0444);
}

static void
nothing(void)
{
}

struct bad_home {
	const char *sentence;
	void (*spoil)(void);
	int mode;
	const char *says; /* NULL: opened without complaint */
};

static const struct bad_home bad_homes[] = {
	{ "a sound home is opened for writing", nothing, RMT_DB_WRITE, NULL },
	{ "an absent home says how to make one", remove_home, RMT_DB_WRITE, "remint init" },
	{ "an absent home is no place to create in", remove_home, RMT_DB_CREATE, "remint init" },
	{ "a home that is a file", replace_home_by_file, RMT_DB_READ, "not a directory" },
	{ "a home without database says how to make one", remove_database, RMT_DB_READ,
	    "holds no database: make one with \"remint init\"" },
	{ "a home without database gets one", remove_database, RMT_DB_CREATE, NULL },
	{ "a directory for a database", put_directory, RMT_DB_WRITE, "there is a directory" },
	{ "a directory where one is created", put_directory, RMT_DB_CREATE,
	    "there is a directory" },
	{ "a symbolic link for a database", put_link, RMT_DB_WRITE, "there is a symbolic link" },
	{ "an empty file is an interrupted creation", put_nothing, RMT_DB_READ,
	    "creation was interrupted" },
	{ "an interrupted creation is taken up", put_nothing, RMT_DB_CREATE, NULL },
	{ "a database is not created twice", nothing, RMT_DB_CREATE, "a database already" },
	{ "a text file", put_text, RMT_DB_READ, "not a Remint database" },
	{ "a text file is not overwritten", put_text, RMT_DB_CREATE, "not a Remint database" },
	{ "the database of another program", put_other_database, RMT_DB_READ,
	    "not a Remint database" },
	{ "another program's mark", put_other_application, RMT_DB_WRITE, "not a Remint database" },
	{ "a newer schema, to be read", put_newer, RMT_DB_READ, "schema 99, made by a newer" },
	{ "a newer schema, to be written", put_newer, RMT_DB_WRITE, "schema 99, made by a newer" },
	{ "a damaged file", damage, RMT_DB_READ, "damaged: take the newest backup: remint db restore" },
	{ "keys without a database say what is lost", remove_database_put_keys, RMT_DB_READ,
	    "no database, although the home has keys: take the newest backup" },
	{ "keys beside an empty file do so, too", put_nothing_put_keys, RMT_DB_READ,
	    "is empty, although the home has keys: take the newest backup" },
	{ "a home that may not be entered", forbid_home, RMT_DB_READ, "may not enter the home" },
	{ "a file that may not be read", forbid_file, RMT_DB_READ, "may not read the database" },
	{ "a log that may not be read", forbid_log, RMT_DB_READ, "not its write-ahead log" },
	{ "a lock that may not be opened", forbid_lock, RMT_DB_WRITE, "the lock of the home" },
	{ "a file that may not be written", file_read_only, RMT_DB_WRITE, "read-only" },
	{ "a home that may not be written", home_read_only, RMT_DB_WRITE, "cannot be written" },
	{ "everything read-only, to be read", all_read_only, RMT_DB_READ, NULL },
	{ "nothing writable and no log", all_read_only_without_log, RMT_DB_READ,
	    "copy the home to a place that can be written" },
};

static int
open_and_list(void *arg)
{
	const struct bad_home *row = arg;
	struct rmt_db *opened = rmt_db_open(home, row->mode, 1, &err);
	rmt_time last;
	int rc = opened == NULL ? 1 : rmt_db_last_event(opened, &last, &err) == 0 ? 0 : 2;

	rmt_db_close(opened);
	return rc;
}

static void
a_bad_home_gets_one_clear_sentence(void **state)
{
	for (size_t i = 0; i < sizeof bad_homes / sizeof bad_homes[0]; i++) {
		struct bad_home row = bad_homes[i];
		bool as_nobody = row.spoil == forbid_home || row.spoil == forbid_file ||
				 row.spoil == forbid_log || row.spoil == forbid_lock ||
				 row.spoil == file_read_only || row.spoil == home_read_only ||
				 row.spoil == all_read_only ||
				 row.spoil == all_read_only_without_log;
		int rc;

		if (i > 0)
			assert_int_equal(set_up(state), 0);
		rmt_db_close(db);
		db = NULL;
		row.spoil();
		rc = in_child(as_nobody, open_and_list, &row);
		if (rc != (row.says != NULL))
			fail_msg("%s: %d, \"%s\"", row.sentence, rc, err.message);
		if (row.says != NULL) {
			if (strstr(err.source, home) == NULL)
				fail_msg("%s: the source is \"%s\"", row.sentence, err.source);
			expect_refusal(row.sentence, row.says);
		}
		if (i + 1 < sizeof bad_homes / sizeof bad_homes[0]) {
			if (row.spoil == replace_home_by_file)
				unlink(home);
			else if (row.spoil != remove_home)
				assert_int_equal(tear_down(state), 0);
		}
	}
}

static void
a_home_behind_a_link_is_a_home(void **state)
{
	char link[96];

	(void)state;
	rmt_db_close(db);
	snprintf(link, sizeof link, "%s.link", home);
	assert_int_equal(symlink(home, link), 0);
	db = rmt_db_open(link, RMT_DB_WRITE, 1, &err);
	unlink(link);
	assert_non_null(db);
}

static void
only_local_file_systems_are_taken(void **state)
{
	static const struct {
		const char *sentence;
		unsigned long type;
		const char *name;
	} rows[] = {
		{ "ext4 is local", 0xef53, NULL },
		{ "xfs is local", 0x58465342, NULL },
		{ "tmpfs is local", 0x01021994, NULL },
		{ "overlayfs is local", 0x794c7630, NULL },
		{ "NFS is not", 0x6969, "NFS" },
		{ "CIFS is not, whatever the width of the number", 0xffffffffff534d42, "CIFS" },
		{ "SMB2 is not", 0xfe534d42, "SMB2" },
		{ "a folder of the host of a virtual machine is not", 0x01021997, "9P" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *name = rmt_db_volume_remote(rows[i].type);

		if ((name == NULL) != (rows[i].name == NULL) ||
		    (name != NULL && strcmp(name, rows[i].name) != 0))
			fail_msg("%s: %s", rows[i].sentence, name != NULL ? name : "local");
	}
}

/* ---- a disk that ends ---- */

/* Requests of 64 KiB until one fails; 0 when one did. */
static int
fill(void *arg)
{
	static unsigned char bytes[64 << 10];
	struct rmt_db_request request = { .der = rmt_span_of(bytes, sizeof bytes),
		.spki_hash = hash_of("key"),
		.subject = "",
		.targets = "",
		.state = "made" };
	struct rmt_db *opened = rmt_db_open(home, RMT_DB_WRITE, 1, &err);
	int64_t id = 0;

	(void)arg;
	if (opened == NULL)
		return 3;
	for (int i = 0; i < 400; i++)
		if (rmt_db_begin(opened, &err) != 0 ||
		    rmt_db_request_add(opened, &request, &id, &err) != 0 ||
		    rmt_db_commit(opened, &err) != 0) {
			rmt_db_close(opened);
			return id > 0 ? 0 : 2;
		}
	rmt_db_close(opened);
	return 1;
}

/* A volume of 2 MiB of this process's own in place of the home, with an empty database. */
static bool
mount_volume(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", home, "tmpfs", 0, "size=2m") != 0)
		return false;
	rmt_db_close(rmt_db_open(home, RMT_DB_CREATE, 1, &err));
	return true;
}

static int
fill_small_volume(void *arg)
{
	return mount_volume() ? fill(arg) : 77;
}

static int
list_on_read_only_volume(void *arg)
{
	struct bad_home row = { .mode = RMT_DB_READ };

	if (!mount_volume())
		return 77;
	if (arg == NULL && raw("PRAGMA wal_checkpoint(TRUNCATE)")[0] == '\0')
		remove_log();
	if (mount("none", home, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return 77;
	return open_and_list(&row);
}

static void
a_read_only_volume_is_read(void **state)
{
	static char with_log[] = "with its log";

	(void)state;
	rmt_db_close(db);
	db = NULL;
	for (int i = 0; i < 2; i++) {
		int rc = in_child(false, list_on_read_only_volume, i == 0 ? with_log : NULL);

		if (rc == 77)
			skip();
		if (rc != 0)
			fail_msg("%s log: %d %s", i == 0 ? "with" : "without", rc, err.message);
	}
}

static int
fill_to_limit(void *arg)
{
	struct rlimit limit = { 3 << 20, 3 << 20 };

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? fill(NULL) : 77;
}

static void
a_full_disk_loses_nothing_that_was_committed(void **state)
{
	int rc;

	(void)state;
	rmt_db_close(db);
	db = NULL;
	rc = in_child(false, fill_small_volume, NULL);
	if (rc == 77)
		print_message("no file system may be mounted here: the full disk is left out\n");
	else if (rc != 0)
		fail_msg("%d: %s", rc, err.message);
	else
		expect_refusal("a full disk", "the disk is full, nothing was written");
	rc = in_child(false, fill_to_limit, NULL);
	if (rc != 0)
		fail_msg("%d: %s", rc, err.message);
	expect_refusal("a file that may not grow", "the disk failed");
	open_again(RMT_DB_WRITE);
	if (rmt_db_check_structure(db, &err) != 0)
		fail_msg("%s", err.message);
	begin();
	commit();
}

static void
after_a_failed_write_the_transaction_only_ends(void **state)
{
	static unsigned char bytes[1 << 20];
	struct rmt_db_request request = { .der = rmt_span_of(bytes, sizeof bytes),
		.spki_hash = hash_of("key"),
		.subject = "",
		.targets = "",
		.state = "made" };
	int64_t id;

	(void)state;
	sqlite3_exec(db->sqlite, "PRAGMA max_page_count = 100", NULL, NULL, NULL);
	begin();
	assert_int_equal(rmt_db_request_add(db, &request, &id, &err), -1);
	expect_refusal("the first failure", "the disk is full");
	if (sqlite3_get_autocommit(db->sqlite)) {
		assert_int_equal(rmt_db_event(db, 1, "issue", "x", &err), -1);
		expect_refusal("a later write", "were taken back");
		assert_int_equal(rmt_db_commit(db, &err), -1);
		expect_refusal("a commit", "were taken back");
	} else {
		rmt_db_rollback(db);
	}
	begin();
	assert_int_equal(rmt_db_event(db, 1, "issue", "x", &err), 0);
	commit();
}

/* ---- older schemas ---- */

static const char *const later[] = {
	"this step is behind us",
	"ALTER TABLE settings ADD COLUMN note TEXT; CREATE TABLE extra (x INTEGER) STRICT",
	"INSERT INTO extra VALUES (42)",
};
static const char *const broken[] = {
	"this step is behind us",
	"CREATE TABLE extra (x INTEGER) STRICT",
	"INSERT INTO nowhere VALUES (42)",
};

/* The steps of a Remint to come, from the present version on. */
static int
migrate_on(const char *const steps[3])
{
	struct rmt_db_migration next[3];

	for (int i = 0; i < 3; i++)
		next[i] = (struct rmt_db_migration){ rmt_db_schema_version() + i, steps[i] };
	return rmt_db_migrate(db, next, 3, &err);
}

/* How many backups the home holds; the name of the last goes to `path`. */
static int
backups(char path[300])
{
	DIR *directory = opendir(home);
	struct dirent *entry;
	int count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL)
		if (strncmp(entry->d_name, "ca-schema", 9) == 0) {
			snprintf(path, 300, "%s", in_home(entry->d_name));
			count++;
		}
	closedir(directory);
	return count;
}

static int64_t
number_in(const char *path, const char *sql)
{
	sqlite3 *sqlite = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	if (sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(sqlite);
	return value;
}

static void
an_older_schema_is_copied_and_brought_up_to_date(void **state)
{
	char path[300];
	struct stat st;

	(void)state;
	begin();
	assert_int_equal(rmt_db_setting_put(db, "a", "b", &err), 0);
	commit();
	if (migrate_on(later) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(number_in(in_home("ca.db"), "SELECT x FROM extra"), 42);
	assert_int_equal(
	    number_in(in_home("ca.db"), "PRAGMA user_version"), rmt_db_schema_version() + 2);
	assert_int_equal(backups(path), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(number_in(path, "PRAGMA user_version"), rmt_db_schema_version());
	assert_int_equal(number_in(path, "PRAGMA application_id"), RMT_DB_APPLICATION);
	assert_int_equal(number_in(path, "SELECT count(*) FROM settings"), 1);
	assert_int_equal(migrate_on(later), 0);
	assert_int_equal(backups(path), 1); /* the second time there is nothing to do */
	begin();                            /* the lock is free again */
	commit();
}

static void
a_step_that_fails_leaves_the_old_schema(void **state)
{
	char path[300];

	(void)state;
	assert_int_equal(migrate_on(broken), -1);
	expect_refusal("a step that fails", "cannot bring the schema up to date");
	assert_int_equal(
	    number_in(in_home("ca.db"), "PRAGMA user_version"), rmt_db_schema_version());
	assert_int_equal(
	    number_in(in_home("ca.db"), "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'"),
	    0);
	assert_int_equal(backups(path), 1);
	begin();
	commit();
}

/* The home as an earlier release left it, of the schema `version`. */
static void
make_older(int version)
{
	sqlite3 *sqlite = NULL;
	char sql[200];

	rmt_db_close(db);
	db = NULL;
	assert_int_equal(unlink(in_home("ca.db")), 0);
	(void)unlink(in_home("ca.db-wal"));
	(void)unlink(in_home("ca.db-shm"));
	assert_int_equal(sqlite3_open(in_home("ca.db"), &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < version; i++)
		assert_int_equal(
		    sqlite3_exec(sqlite, rmt_db_migrations[i].sql, NULL, NULL, NULL), SQLITE_OK);
	snprintf(sql, sizeof sql,
	    "PRAGMA application_id = %d; PRAGMA user_version = %d;"
	    "INSERT INTO settings VALUES ('a', 'b')",
	    RMT_DB_APPLICATION, version);
	assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sqlite);
}

static void
a_home_of_every_earlier_schema_is_brought_up_to_date(void **state)
{
	char path[300], says[40];

	for (int version = 1; version < rmt_db_schema_version(); version++) {
		make_older(version);
		assert_null(rmt_db_open(home, RMT_DB_READ, 1, &err));
		snprintf(says, sizeof says, "older schema %d", version);
		expect_refusal("reading an older schema", says);
		open_again(RMT_DB_WRITE);
		assert_int_equal(
		    number_in(in_home("ca.db"), "PRAGMA user_version"), rmt_db_schema_version());
		assert_int_equal(number_in(in_home("ca.db"), "SELECT count(*) FROM pending"), 0);
		assert_int_equal(number_in(in_home("ca.db"), "SELECT count(*) FROM settings"), 1);
		assert_int_equal(backups(path), 1);
		assert_int_equal(number_in(path, "PRAGMA user_version"), version);
		begin();
		issue(add_authority("ca"), "1", "a.example", 0);
		commit();
		assert_int_equal(rmt_db_check_structure(db, &err), 0);
		tear_down(state);
		assert_int_equal(set_up(state), 0);
	}
}

/* What later steps made is taken back, and a certificate is revoked as schema 3 did it. */
static const char to_schema_3[] =
    "PRAGMA foreign_keys = OFF; DROP INDEX IF EXISTS events_upkeep;"
    "DROP TABLE ocsp_responses; DROP TRIGGER certificates_no_update;"
    "DROP TABLE adopted; DROP INDEX certificates_stray;"
    "CREATE TRIGGER certificates_no_update BEFORE UPDATE ON certificates"
    " BEGIN SELECT RAISE(ABORT, ''); END;"
    "DROP TABLE blocked_keys; DROP TABLE other_exponents;"
    "DROP TABLE crls; DROP TABLE revocations; DROP TABLE revoked;"
    "DROP TRIGGER authorities_lists; ALTER TABLE authorities DROP COLUMN crl_shards;"
    "ALTER TABLE authorities DROP COLUMN crl_deltas;"
    "CREATE TABLE revoked (certificate INTEGER PRIMARY KEY REFERENCES certificates (id),"
    " at INTEGER NOT NULL, reason INTEGER NOT NULL) STRICT;"
    "INSERT INTO revoked VALUES (1, 1500, 4);"
    "INSERT INTO events SELECT 1, 1500, 'revoke', 'certificate=1 reason=4', zeroblob(32);"
    "PRAGMA user_version = 3";

/* A revocation of schema 3 keeps its event. */
static void
what_was_revoked_before_stays_revoked(void **state)
{
	struct rmt_db_revocation row;
	char path[300];

	(void)state;
	begin();
	issue(add_authority("ca"), "1", "a.example", 0);
	commit();
	rmt_db_close(db);
	db = NULL;
	assert_string_equal(raw(to_schema_3), "");
	open_again(RMT_DB_WRITE);
	assert_int_equal(backups(path), 1);
	assert_int_equal(rmt_db_revoked_certificate(db, 1, &row, &err), 1);
	assert_int_equal(row.reason, 4);
	assert_int_equal(row.at, 1500);
	assert_int_equal(row.expires, 2000);
	assert_true(rmt_span_equal(row.serial, rmt_span_text("1")));
	if (rmt_db_check_revoked(db, &err) != 0)
		fail_msg("%s", err.message);
}

const struct CMUnitTest open_tests[] = {
	DB_TEST(a_bad_home_gets_one_clear_sentence),
	DB_TEST(a_home_behind_a_link_is_a_home),
	DB_TEST(only_local_file_systems_are_taken),
	DB_TEST(a_full_disk_loses_nothing_that_was_committed),
	DB_TEST(a_read_only_volume_is_read),
	DB_TEST(after_a_failed_write_the_transaction_only_ends),
	DB_TEST(an_older_schema_is_copied_and_brought_up_to_date),
	DB_TEST(a_step_that_fails_leaves_the_old_schema),
	DB_TEST(a_home_of_every_earlier_schema_is_brought_up_to_date),
	DB_TEST(what_was_revoked_before_stays_revoked),
};
const size_t open_count = sizeof open_tests / sizeof open_tests[0];
