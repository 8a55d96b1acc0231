/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of db/: the fixture, and single things recorded and read back. */
#include "config.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/test_db.h"

char home[64];
struct rmt_db *db;
struct rmt_err err;

/* ---- fixture ---- */

int
set_up(void **state)
{
	(void)state;
	memset(&err, 0, sizeof err);
	snprintf(home, sizeof home, "/tmp/remint-db.XXXXXX");
	if (mkdtemp(home) == NULL)
		return -1;
	db = rmt_db_open(home, RMT_DB_CREATE, 1, &err);
	if (db == NULL)
		print_error("%s\n", err.message);
	return db != NULL ? 0 : -1;
}

int
tear_down(void **state)
{
	char command[192];

	(void)state;
	rmt_db_close(db);
	db = NULL;
	snprintf(command, sizeof command, "chmod 700 %s; rm -rf %s", home, home);
	return system(command);
}

void
open_again(int mode)
{
	rmt_db_close(db);
	db = rmt_db_open(home, mode, 1, &err);
	if (db == NULL)
		fail_msg("%s", err.message);
}

void
begin(void)
{
	if (rmt_db_begin(db, &err) != 0)
		fail_msg("%s", err.message);
}

void
commit(void)
{
	if (rmt_db_commit(db, &err) != 0)
		fail_msg("%s", err.message);
}

const char *
in_home(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", home, name);
	return path;
}

struct rmt_span
hash_of(const char *text)
{
	static unsigned char hashes[8][RMT_SHA256];
	static unsigned next;
	unsigned char *at = hashes[next++ % 8];

	assert_int_equal(rmt_sha256(rmt_span_text(text), at, NULL), 0);
	return rmt_span_of(at, RMT_SHA256);
}

int64_t
add_authority(const char *name)
{
	struct rmt_db_authority authority = {
		.name = name, .spki_hash = hash_of(name), .key_here = true
	};
	int64_t id = 0;

	if (rmt_db_authority_add(db, &authority, &id, &err) != 0)
		fail_msg("%s", err.message);
	return id;
}

int64_t
add_tbs(int64_t authority, const char *serial)
{
	struct rmt_db_tbs tbs = { .authority = authority, .serial = rmt_span_text(serial), .tbs = rmt_span_text("tbs"),
		.when = 1000, .owner_pid = getpid() };
	int64_t id = 0;

	if (rmt_db_tbs_add(db, &tbs, &id, &err) != 0)
		fail_msg("%s", err.message);
	return id;
}

int64_t
issue(int64_t authority, const char *serial, const char *name, int64_t supersedes)
{
	const char *names[] = { name, name, "Second" };
	struct rmt_db_cert cert = { .authority = authority,
		.issuer_name = "CN=Issuing",
		.serial = rmt_span_text(serial),
		.der = rmt_span_text(name),
		.fingerprint = hash_of(serial),
		.spki_hash = hash_of(name),
		.subject = "CN=x",
		.name = name,
		.names = names,
		.name_count = 3,
		.not_before = 1000,
		.not_after = 2000,
		.recorded = 1000,
		.template_name = "web-server",
		.targets = "nginx,haproxy",
		.supersedes = supersedes,
		.proved = true };
	int64_t id = 0;

	cert.tbs = add_tbs(authority, serial);
	if (rmt_db_cert_add(db, &cert, &id, &err) != 0)
		fail_msg("%s", err.message);
	return id;
}

static int
append_cert(void *arg, const struct rmt_db_cert *cert)
{
	rmt_buf_format(arg, "%lld:%s ", (long long)cert->id, cert->name);
	return 0;
}

const char *
listed(const struct rmt_db_filter *filter)
{
	static char text[4096];
	struct rmt_buf out = { 0 };

	if (rmt_db_certs(db, filter, append_cert, &out, &err) != 0)
		fail_msg("%s", err.message);
	snprintf(text, sizeof text, "%s", rmt_buf_string(&out));
	rmt_buf_free(&out);
	return text;
}

const char *
raw(const char *sql)
{
	static char said[256];
	sqlite3 *sqlite = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(in_home("ca.db"), &sqlite), SQLITE_OK);
	sqlite3_busy_timeout(sqlite, 5000);
	sqlite3_exec(sqlite, sql, NULL, NULL, &message);
	snprintf(said, sizeof said, "%s", message != NULL ? message : "");
	sqlite3_free(message);
	sqlite3_close(sqlite);
	return said;
}

void
expect_refusal(const char *sentence, const char *says)
{
	if (err.class != RMT_DATABASE || strstr(err.message, says) == NULL)
		fail_msg("%s: class %s, \"%s\" says nothing of \"%s\"", sentence,
		    rmt_class_name(err.class), err.message, says);
	memset(&err, 0, sizeof err);
}

static void
become_nobody(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
		_exit(99);
}

int
in_child(bool as_nobody, int (*act)(void *arg), void *arg)
{
	int ends[2], status = 0;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rmt_err said = { 0 };

		if (as_nobody)
			become_nobody();
		memset(&err, 0, sizeof err);
		status = act(arg);
		said = err;
		_exit(write(ends[1], &said, sizeof said) == sizeof said ? status : 98);
	}
	close(ends[1]);
	if (read(ends[0], &err, sizeof err) != sizeof err)
		memset(&err, 0, sizeof err);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- single things ---- */

static void
settings_are_kept_and_replaced(void **state)
{
	struct rmt_buf value = { 0 };

	(void)state;
	assert_int_equal(rmt_db_setting_get(db, "colour", &value, &err), 0);
	begin();
	assert_int_equal(rmt_db_setting_put(db, "colour", "red", &err), 0);
	assert_int_equal(rmt_db_setting_put(db, "colour", "green", &err), 0);
	commit();
	open_again(RMT_DB_READ);
	assert_int_equal(rmt_db_setting_get(db, "colour", &value, &err), 1);
	assert_string_equal(rmt_buf_string(&value), "green");
	rmt_buf_free(&value);
}

static int
append_authority(void *arg, const struct rmt_db_authority *authority)
{
	rmt_buf_format(arg, "%s=%d ", authority->name, (int)authority->state);
	return 0;
}

static void
authorities_go_forward_only(void **state)
{
	struct rmt_db_authority got;
	struct rmt_buf text = { 0 };
	int64_t root, issuing;

	(void)state;
	begin();
	root = add_authority("root");
	issuing = add_authority("issuing");
	assert_int_equal(rmt_db_authority_activate(db, root, rmt_span_text("cert"), 0, &err), 0);
	assert_int_equal(
	    rmt_db_authority_activate(db, issuing, rmt_span_text("cert"), root, &err), 0);
	assert_int_equal(rmt_db_authority_retire(db, root, &err), 0);
	assert_int_equal(rmt_db_authority_activate(db, root, rmt_span_text("other"), 0, &err), -1);
	expect_refusal("a retired authority is not activated", "no authority 1 that is pending");
	assert_int_equal(rmt_db_authority_retire(db, root, &err), -1);
	expect_refusal("an authority is retired once", "no authority 1 that is active");
	got = (struct rmt_db_authority){ .name = "root", .spki_hash = hash_of("x") };
	assert_int_equal(rmt_db_authority_add(db, &got, &issuing, &err), -1);
	expect_refusal("a name is used once", "an authority named \"root\" already");
	commit();
	assert_int_equal(rmt_db_authority_get(db, "issuing", 0, &got, &err), 1);
	assert_int_equal(got.parent, root);
	assert_true(got.key_here && rmt_span_equal(got.cert, rmt_span_text("cert")));
	assert_true(rmt_span_equal(got.spki_hash, hash_of("issuing")));
	assert_string_equal(got.crl_uri, "");
	assert_int_equal(rmt_db_authority_get(db, "nobody", 0, &got, &err), 0);
	assert_int_equal(rmt_db_authorities(db, append_authority, &text, &err), 0);
	assert_string_equal(rmt_buf_string(&text), "root=2 issuing=1 ");
	rmt_buf_free(&text);
}

static int
append_name(void *arg, const char *name)
{
	rmt_buf_format(arg, "%s ", name);
	return 0;
}

static void
a_certificate_comes_back_as_it_was_recorded(void **state)
{
	struct rmt_buf names = { 0 };
	struct rmt_db_cert got;
	int64_t authority, id;

	(void)state;
	begin();
	authority = add_authority("issuing");
	id = issue(authority, "serial", "www.Example.com", 0);
	commit();
	assert_int_equal(
	    rmt_db_cert_find(db, rmt_span_text("serial"), hash_of("serial"), &got, &err), 1);
	assert_int_equal(got.id, id);
	assert_int_equal(got.tbs, id);
	assert_int_equal(got.authority, authority);
	assert_string_equal(got.issuer_name, "CN=Issuing");
	assert_string_equal(got.name, "www.Example.com");
	assert_string_equal(got.template_name, "web-server");
	assert_string_equal(got.targets, "nginx,haproxy");
	assert_true(rmt_span_equal(got.serial, rmt_span_text("serial")));
	assert_true(rmt_span_equal(got.der, rmt_span_text("www.Example.com")));
	assert_true(rmt_span_equal(got.fingerprint, hash_of("serial")));
	assert_true(got.proved && !got.revoked && got.superseded_by == 0 && got.request == 0);
	assert_int_equal(got.not_before + got.not_after + got.recorded, 4000);
	assert_int_equal(
	    rmt_db_cert_find(db, rmt_span_text("serial"), hash_of("other"), &got, &err), 0);
	assert_int_equal(rmt_db_cert_by_id(db, id + 1, &got, &err), 0);
	assert_int_equal(rmt_db_key_proved(db, hash_of("www.Example.com"), &err), 1);
	assert_int_equal(rmt_db_key_proved(db, hash_of("other"), &err), 0);
	assert_int_equal(rmt_db_names(db, id, append_name, &names, &err), 0);
	assert_string_equal(rmt_buf_string(&names), "www.Example.com Second ");
	rmt_buf_free(&names);
}

static void
history_is_told_from_the_oldest(void **state)
{
	struct rmt_buf text = { 0 };
	int64_t authority, first, second;

	(void)state;
	begin();
	authority = add_authority("issuing");
	first = issue(authority, "1", "first", 0);
	issue(authority, "2", "unrelated", 0);
	second = issue(authority, "3", "second", first);
	issue(authority, "4", "third", second);
	issue(authority, "5", "branch", first);
	commit();
	assert_int_equal(rmt_db_history(db, second, append_cert, &text, &err), 0);
	assert_string_equal(rmt_buf_string(&text), "1:first 3:second 5:branch 4:third ");
	rmt_buf_free(&text);
}

static void
a_request_is_kept(void **state)
{
	struct rmt_db_request request = { .der = rmt_span_text("der"),
		.spki_hash = hash_of("key"),
		.subject = "CN=x",
		.targets = "",
		.recorded = 1,
		.state = "made" };
	int64_t id = 0;

	(void)state;
	assert_int_equal(rmt_db_request_add(db, &request, &id, &err), -1);
	assert_int_equal(err.class, RMT_INTERNAL); /* outside a transaction */
	memset(&err, 0, sizeof err);
	begin();
	assert_int_equal(rmt_db_request_add(db, &request, &id, &err), 0);
	request.state = "lost";
	assert_int_equal(rmt_db_request_add(db, &request, &id, &err), -1);
	expect_refusal("a request is made or signed", "CHECK constraint failed");
	commit();
	assert_int_equal(id, 1);
}

static const struct CMUnitTest own_tests[] = {
	DB_TEST(settings_are_kept_and_replaced),
	DB_TEST(authorities_go_forward_only),
	DB_TEST(a_certificate_comes_back_as_it_was_recorded),
	DB_TEST(history_is_told_from_the_oldest),
	DB_TEST(a_request_is_kept),
};

int
main(void)
{
	const struct {
		const struct CMUnitTest *tests;
		size_t count;
	} parts[] = {
		{ own_tests, sizeof own_tests / sizeof own_tests[0] },
		{ open_tests, open_count },
		{ list_tests, list_count },
		{ trust_tests, trust_count },
		{ process_tests, process_count },
		{ campaign_tests, campaign_count },
		{ pending_tests, pending_count },
		{ revoke_tests, revoke_count },
		{ ocsp_tests, ocsp_count },
	};
	struct CMUnitTest all[96];
	size_t count = 0;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		memcpy(all + count, parts[i].tests, parts[i].count * sizeof all[0]);
		count += parts[i].count;
	}
	return _cmocka_run_group_tests("db", all, count, NULL, NULL);
}
