/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_check.c - remint_db_check() over a database that somebody edited: what was altered, taken out or put in by
 * hand is named. The triggers that would stop the hand are dropped and made again, as whoever means it would.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/base.h"
#include "remint.h"

/* A home with root (1), issuing CA (2), a certificate (3) and the replacement (5) of one from elsewhere (4). */
static char directory[] = "/tmp/remint-check.XXXXXX";
static struct remint *ctx;

static const char *in_scene(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static void run(const char *command, const char *from, const char *to)
{
	char line[400];

	snprintf(line, sizeof line, "%s %s %s", command, from, to);
	assert_int_equal(system(line), 0);
}

static void use_home(const char *name)
{
	assert_int_equal(remint_set_home(ctx, in_scene(name)), 0);
}

static void done(int rc)
{
	if (rc)
		print_message("# %s %s\n", remint_failure(ctx)->source, remint_failure(ctx)->message);
	assert_int_equal(rc, 0);
}

static int set_up(void **state)
{
	static const char *const names[] = {"dns:host.example", "dns:Other.example"};
	struct remint_init_options init = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = true};
	struct remint_issue_options issue = {.names = {names, 2}, .key = "ec:p256"};
	char cert[128], key[128];
	const char *certs[] = {cert}, *keys[] = {key};
	struct remint_reissue_options reissue = {.inputs = {certs, 1}, .keys = {keys, 1}, .key = "ec:p256"};

	(void)state;
	assert_non_null(mkdtemp(directory));
	ctx = remint_new();
	assert_non_null(ctx);
	use_home("other");
	done(remint_init(ctx, &init, NULL, NULL));
	issue.out.directory = in_scene("old");
	done(remint_issue(ctx, &issue, NULL, NULL));
	snprintf(cert, sizeof cert, "%s", in_scene("old/cert.pem"));
	snprintf(key, sizeof key, "%s", in_scene("old/key.pem"));
	use_home("made");
	done(remint_init(ctx, &init, NULL, NULL));
	issue.out.directory = NULL;
	done(remint_issue(ctx, &issue, NULL, NULL));
	done(remint_reissue(ctx, &reissue, NULL, NULL));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remint_free(ctx);
	run("rm -rf", directory, "");
	return 0;
}

static int keep_text(void *arg, int columns, char **values, char **names)
{
	struct rmt_buf *out = arg;

	(void)columns;
	(void)names;
	rmt_buf_format(out, "%s;\n", values[0]);
	return 0;
}

/* Run `sql` on home/ca.db without its triggers, which are there again afterwards. */
static void alter(const char *home, const char *sql)
{
	struct rmt_buf drop = {0}, create = {0}, path = {0};
	sqlite3 *db = NULL;
	char *said = NULL;

	rmt_buf_format(&path, "%s/ca.db", home);
	assert_int_equal(sqlite3_open(rmt_buf_string(&path), &db), SQLITE_OK);
	sqlite3_exec(db, "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'", keep_text, &drop, NULL);
	sqlite3_exec(db, "SELECT sql FROM sqlite_schema WHERE type = 'trigger'", keep_text, &create, NULL);
	if (sqlite3_exec(db, rmt_buf_string(&drop), NULL, NULL, &said) || sqlite3_exec(db, sql, NULL, NULL, &said) ||
	    sqlite3_exec(db, rmt_buf_string(&create), NULL, NULL, &said))
		fail_msg("%s: %s", sql, said);
	sqlite3_close(db);
	rmt_buf_free(&drop);
	rmt_buf_free(&create);
	rmt_buf_free(&path);
}

#define COPY_OF_3 \
	"INSERT INTO certificates SELECT 99, NULL, NULL, issuer, serial, fingerprint, spki_hash, subject, name, not_before," \
	" not_after, recorded, template, targets, NULL, proved, NULL FROM certificates WHERE id = 3;" \
	"INSERT INTO certificate_der SELECT 99, der FROM certificate_der WHERE certificate = 3;" \
	"INSERT INTO certificate_names SELECT 99, position, folded, name FROM certificate_names WHERE certificate = 3"
#define WITHOUT_5 \
	"DELETE FROM certificate_der WHERE certificate = 5; DELETE FROM certificate_names WHERE certificate = 5;" \
	"DELETE FROM certificate_targets WHERE certificate = 5; DELETE FROM certificates WHERE id = 5;" \
	"DELETE FROM unsigned WHERE tbs = 5; DELETE FROM tbs WHERE id = 5"

static void what_was_done_by_hand_is_named(void **state)
{
	static const struct {
		const char *sentence, *sql;
		const char *says; /* NULL: sound */
	} rows[] = {
	    {"untouched", "", NULL},
	    {"other bytes", "UPDATE certificate_der SET der = zeroblob(3000) WHERE certificate = 3",
	     "certificate 3 was altered: its bytes are no certificate"},
	    {"the bytes of another certificate",
	     "UPDATE certificate_der SET der = (SELECT der FROM certificate_der WHERE certificate = 1) WHERE certificate = 3",
	     "certificate 3 was altered: its bytes are not those of its fingerprint"},
	    {"the same with its fingerprint",
	     "UPDATE certificate_der SET der = (SELECT der FROM certificate_der WHERE certificate = 1) WHERE certificate = 3;"
	     "UPDATE certificates SET fingerprint = (SELECT fingerprint FROM certificates WHERE id = 1) WHERE id = 3",
	     "certificate 3 was altered: its serial number"},
	    {"a subject", "UPDATE certificates SET subject = 'CN=x' WHERE id = 3", "certificate 3 was altered: its subject"},
	    {"a name", "UPDATE certificates SET name = 'x' WHERE id = 4", "certificate 4 was altered: its name is"},
	    {"an end", "UPDATE certificates SET not_after = not_after + 1 WHERE id = 3", "certificate 3 was altered: its dates"},
	    {"a beginning", "UPDATE certificates SET not_before = 0 WHERE id = 3", "certificate 3 was altered: its dates"},
	    {"an issuer", "UPDATE certificates SET issuer = (SELECT issuer FROM certificates WHERE id = 1) WHERE id = 3",
	     "certificate 3 was altered: its issuer"},
	    {"a key", "UPDATE certificates SET spki_hash = zeroblob(32) WHERE id = 3", "certificate 3 was altered: its key"},
	    {"a name of the search", "UPDATE certificate_names SET folded = x'78' WHERE certificate = 3 AND position = 0",
	     "certificate 3 was altered: its names in the search"},
	    {"the spelling of one", "UPDATE certificate_names SET name = 'OTHER.example' WHERE certificate = 3 AND name IS NOT NULL",
	     "certificate 3 was altered: its names in the search"},
	    {"one name less", "DELETE FROM certificate_names WHERE certificate = 3 AND position = 0",
	     "certificate 3 was altered: its names in the search"},
	    {"one name more", "INSERT INTO certificate_names VALUES (3, 9, x'78', NULL)",
	     "certificate 3 was altered: its names in the search"},
	    {"a template", "UPDATE certificates SET template = NULL WHERE id = 3", "does not have the hash of its rows"},
	    {"targets", "UPDATE certificates SET targets = 'nginx' WHERE id = 3", "does not have the hash of its rows"},
	    {"a link", "UPDATE certificates SET supersedes = 3 WHERE id = 5", "does not have the hash of its rows"},
	    {"possession", "UPDATE certificates SET proved = 1 WHERE id = 4", "does not have the hash of its rows"},
	    {"when it was recorded", "UPDATE certificates SET recorded = 1 WHERE id = 4", "does not have the hash of its rows"},
	    {"to-be-signed bytes", "UPDATE tbs SET bytes = zeroblob(900) WHERE id = 3", "does not have the hash of its rows"},
	    {"a certificate put in", COPY_OF_3, "certificate 99 is known to no event"},
	    {"to-be-signed bytes put in",
	     "INSERT INTO tbs SELECT 99, authority, x'01', recorded, owner, bytes FROM tbs WHERE id = 3;"
	     "INSERT INTO unsigned VALUES (99, '', '', NULL, 0)",
	     "the to-be-signed bytes 99 is known to no event"},
	    {"a certificate taken out", WITHOUT_5, "number 5 is gone"},
	    {"the last event altered", "UPDATE events SET text = 'x' WHERE id = (SELECT max(id) FROM events)",
	     "does not have the hash of what it says"},
	    {"the last event taken off", "DELETE FROM events WHERE id = (SELECT max(id) FROM events)",
	     "certificate 5 is known to no event"},
	    {"the last events taken off with their rows",
	     WITHOUT_5 "; DELETE FROM events WHERE id > (SELECT max(id) FROM events WHERE kind = 'record')", NULL},
	    {"an authority's certificate",
	     "UPDATE authorities SET certificate = (SELECT der FROM certificate_der WHERE certificate = 3) WHERE id = 2",
	     "the authority \"issuing\" was altered: its key"},
	    {"an authority's certificate that nobody recorded",
	     "UPDATE authorities SET certificate = x'00' WHERE id = 2", "the authority \"issuing\" was altered: its bytes"},
	    {"an authority under itself", "UPDATE authorities SET parent = 2 WHERE id = 2",
	     "the authority \"issuing\" was not signed by the one"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int rc;

		run("rm -rf", in_scene("home"), "");
		run("cp -R", in_scene("made"), in_scene("home"));
		alter(in_scene("home"), rows[i].sql);
		use_home("home");
		rc = remint_db_check(ctx, NULL, NULL);
		if (rc != (rows[i].says ? -1 : 0) || (rows[i].says && !strstr(remint_failure(ctx)->message, rows[i].says)))
			fail_msg("%s: %d %s", rows[i].sentence, rc, rc ? remint_failure(ctx)->message : "");
		if (rc)
			assert_int_equal(remint_failure(ctx)->fault_class, REMINT_CLASS_DATABASE);
	}
}

static void every_certificate_is_counted(void **state)
{
	struct remint_db_report report;

	(void)state;
	use_home("made");
	done(remint_db_check(ctx, NULL, &report));
	assert_int_equal(report.certificates, 5);
	assert_int_equal(report.orphans, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_done_by_hand_is_named),
	    cmocka_unit_test(every_certificate_is_counted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
