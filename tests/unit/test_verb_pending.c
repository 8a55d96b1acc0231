/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_pending.c - requests that wait: which request of a device answers which record, what makes it no answer, and that
 * a process which dies at any commit leaves one certificate.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "verb/local.h"

enum { LIST_MAX = 6, DIED = 9 };

static char directory[] = "/tmp/remint-pending.XXXXXX";
static struct remint *ctx;
static struct rmt_key *ec, *rsa;
static struct rmt_err err;

static const char *in_scene(const char *name)
{
	static char paths[16][128];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static void run(const char *command, const char *from, const char *to)
{
	char line[400];

	snprintf(line, sizeof line, "%s %s %s", command, from, to);
	assert_int_equal(system(line), 0);
}

static void done(int rc)
{
	if (rc)
		fail_msg("%s %s", remint_failure(ctx)->source, remint_failure(ctx)->message);
}

/* A home as it was after init. */
static void fresh_home(void)
{
	run("rm -rf", in_scene("home"), "");
	run("cp -R", in_scene("made"), in_scene("home"));
	assert_int_equal(remint_set_home(ctx, in_scene("home")), 0);
}

static char last_fault[600];

static int keep_fault(void *arg, const struct remint_fault *fault)
{
	(void)arg;
	snprintf(last_fault, sizeof last_fault, "%s: %s", remint_class_name(fault->fault_class), fault->message);
	return 0;
}

static int set_up(void **state)
{
	struct remint_init_options init = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = true};

	(void)state;
	assert_non_null(mkdtemp(directory));
	ctx = remint_new();
	assert_non_null(ctx);
	remint_set_fault(ctx, keep_fault, NULL);
	assert_int_equal(remint_set_home(ctx, in_scene("made")), 0);
	done(remint_init(ctx, &init, NULL, NULL));
	ec = rmt_key_generate("ec:p256", NULL);
	rsa = rmt_key_generate("rsa:2048", NULL);
	assert_true(ec && rsa);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rmt_key_free(ec);
	rmt_key_free(rsa);
	remint_free(ctx);
	run("rm -rf", directory, "");
	return 0;
}

static size_t count_of(const char *const *list)
{
	size_t count = 0;

	while (count < LIST_MAX && list[count])
		count++;
	return count;
}

/* NAME.csr in the scene, as a device would send it. */
static const char *make_request(const char *file, const struct rmt_key *key, const char *subject, const char *const *names)
{
	char *texts[LIST_MAX];
	struct rmt_text_list list = {texts, count_of(names)};
	struct rmt_buf name = {0}, extensions = {0}, der = {0};
	struct rmt_output output = {.name = file, .mode = 0600};

	memcpy(texts, names, list.count * sizeof *texts);
	if ((*subject && rmt_name_parse(subject, &name, &err)) ||
	    rmt_request_extensions(&list, NULL, rmt_key_spki(key), &extensions, &err) ||
	    rmt_request_build(key, "sha256", *subject ? rmt_buf_view(&name) : rmt_span_of("\x30\x00", 2), rmt_buf_view(&extensions), &der, &err))
		fail_msg("%s", err.message);
	output.content = rmt_buf_view(&der);
	if (rmt_files_write(directory, &output, 1, true, &err))
		fail_msg("%s", err.message);
	rmt_buf_free(&name);
	rmt_buf_free(&extensions);
	rmt_buf_free(&der);
	return in_scene(file);
}

/* What request --on-device records. */
static int64_t ask_signed_by(const char *signer, const char *subject, const char *const *names, const char *key, const char *targets)
{
	struct rmt_buf name = {0};
	struct rmt_pending_new new = {.kind = RMT_PENDING_DEVICE, .asked = {.names = {names, count_of(names)}, .key = key}, .targets = targets, .signer = signer};
	struct rmt_home home;
	int64_t id = 0;

	rmt_verb_begin(ctx);
	if (rmt_name_parse(subject, &name, &err) || rmt_home_open(ctx, RMT_DB_WRITE, &home, &err) || rmt_db_begin(home.db, &err))
		fail_msg("%s", err.message);
	new.asked.subject = rmt_buf_view(&name);
	if (rmt_pending_add(ctx, home.db, &new, &id, &err) < 0 || rmt_db_commit(home.db, &err))
		fail_msg("%s", err.message);
	rmt_home_close(&home);
	rmt_buf_free(&name);
	return id;
}

static int64_t ask_device(const char *subject, const char *const *names, const char *key, const char *targets)
{
	return ask_signed_by(NULL, subject, names, key, targets);
}

struct told {
	unsigned count;
	int64_t pending, id, validity;
	char names[300], subject[200], template_name[60], targets[100], state[20], why[100], serial[60];
};

static int keep_issued(void *arg, const struct remint_issued *issued)
{
	struct told *told = arg;

	told->count++;
	told->pending = issued->pending;
	told->id = issued->id;
	told->validity = issued->not_after - issued->not_before;
	snprintf(told->subject, sizeof told->subject, "%s", issued->subject);
	snprintf(told->template_name, sizeof told->template_name, "%s", issued->template_name);
	snprintf(told->targets, sizeof told->targets, "%s", issued->targets);
	snprintf(told->serial, sizeof told->serial, "%s", issued->serial);
	return 0;
}

static int keep_pending(void *arg, const struct remint_pending *pending)
{
	struct told *told = arg;

	told->count++;
	told->pending = pending->id;
	snprintf(told->state, sizeof told->state, "%s %s", pending->state, remint_actor_name(pending->actor));
	snprintf(told->why, sizeof told->why, "%s", pending->why);
	snprintf(told->serial, sizeof told->serial, "%s", pending->serial ? pending->serial : "");
	return 0;
}

static struct told sign(struct remint_sign_options options, const char *file)
{
	struct told told = {0};

	last_fault[0] = 0;
	options.inputs = (struct remint_strings){&file, 1};
	done(remint_sign(ctx, &options, keep_issued, &told));
	return told;
}

static struct told hold(const char *file)
{
	struct remint_sign_options options = {.inputs = {&file, 1}};
	struct told told = {0};

	last_fault[0] = 0;
	done(remint_hold(ctx, &options, keep_pending, &told));
	return told;
}

static struct told pending(bool all)
{
	struct remint_pendings_options options = {.all = all};
	struct told told = {0};

	done(remint_pendings(ctx, &options, keep_pending, &told));
	return told;
}

static void expect_sound(const char *sentence, uint64_t certificates)
{
	struct remint_db_report report;

	if (remint_db_check(ctx, NULL, &report))
		fail_msg("%s: %s", sentence, remint_failure(ctx)->message);
	if (report.certificates != certificates || report.orphans)
		fail_msg("%s: %llu certificates, %llu orphans", sentence, (unsigned long long)report.certificates,
		         (unsigned long long)report.orphans);
}

/* ---- what answers a record ------------------------------------------------------------------------------------------------ */

static void a_request_is_held_against_what_was_asked(void **state)
{
	static const struct {
		const char *sentence;
		const char *subject, *names[LIST_MAX];      /* asked for */
		const char *came, *came_names[LIST_MAX];    /* from the device */
		const char *says;                           /* in the refusal; NULL: it is an answer; "": it is none */
		const char *issued;                         /* subject */
	} rows[] = {
	    {"the very same", "CN=g.example, O=Example", {"dns:g.example"}, "CN=g.example, O=Example", {"dns:g.example"}, NULL, "O=Example, CN=g.example"},
	    {"in another order", "CN=g.example, O=Example", {NULL}, "O=Example, CN=g.example", {NULL}, NULL, "O=Example, CN=g.example"},
	    {"in other letters and spaces", "CN=g.example, O=Big  Example", {NULL}, "CN=G.EXAMPLE, O= big example", {NULL}, NULL, NULL},
	    {"without names, as many devices", "CN=g.example", {"dns:g.example", "dns:h.example"}, "CN=g.example", {NULL}, NULL, "CN=g.example"},
	    {"less subject is put in", "CN=g.example, O=Example, C=NL", {NULL}, "CN=g.example", {NULL}, NULL, "C=NL, O=Example, CN=g.example"},
	    {"the common name as a name", "CN=g.example", {NULL}, "CN=g.example", {"dns:G.example"}, NULL, NULL},
	    {"found by its first name", "O=Example", {"dns:g.example"}, "O=Example", {"dns:g.example"}, NULL, NULL},
	    {"another organisation", "CN=g.example, O=Example", {NULL}, "CN=g.example, O=Evil", {NULL}, "O is \"Evil\" instead of \"Example\"", NULL},
	    {"an attribute more", "CN=g.example", {NULL}, "CN=g.example, OU=Root", {NULL}, "OU \"Root\" was not asked for", NULL},
	    {"a second common name", "CN=g.example", {NULL}, "CN=g.example, CN=bank.example", {NULL}, "CN \"bank.example\" was not asked for", NULL},
	    {"a name more", "CN=g.example", {"dns:g.example"}, "CN=g.example", {"dns:g.example", "dns:bank.example"},
	     "the name dns:bank.example was not asked for", NULL},
	    {"a name of another kind", "CN=g.example", {"dns:g.example"}, "CN=g.example", {"email:root@g.example"},
	     "the name email:root@g.example was not asked for", NULL},
	    {"everything at once", "CN=g.example, O=Example", {NULL}, "CN=g.example, O=Evil, OU=x", {"dns:b.example"},
	     "O is \"Evil\" instead of \"Example\"; OU \"x\" was not asked for; the name dns:b.example was not asked for", NULL},
	    {"another host", "CN=g.example", {NULL}, "CN=other.example", {NULL}, "", "CN=other.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct remint_sign_options options = {.template_name = NULL};
		struct told told;
		int64_t id;

		fresh_home();
		id = ask_device(rows[i].subject, rows[i].names, NULL, NULL);
		told = sign(options, make_request("a.csr", ec, rows[i].came, rows[i].came_names));
		if (rows[i].says && *rows[i].says) {
			if (told.count || !strstr(last_fault, rows[i].says) || strncmp(last_fault, "policy", 6) != 0)
				fail_msg("%s: %u certificates, \"%s\"", rows[i].sentence, told.count, last_fault);
			assert_string_equal(pending(false).state, "open device");
			expect_sound(rows[i].sentence, 2);
			continue;
		}
		if (told.count != 1 || told.pending != (rows[i].says ? 0 : id))
			fail_msg("%s: %u certificates, for %lld: %s", rows[i].sentence, told.count, (long long)told.pending, last_fault);
		if (rows[i].issued && strcmp(told.subject, rows[i].issued) != 0)
			fail_msg("%s: %s", rows[i].sentence, told.subject);
		assert_int_equal(pending(false).count, rows[i].says ? 1 : 0);
		expect_sound(rows[i].sentence, 3);
	}
}

static const char *const no_names[] = {NULL};

static void the_key_must_be_of_the_kind_that_was_asked_for(void **state)
{
	struct remint_sign_options options = {.template_name = NULL};
	struct told told;

	(void)state;
	fresh_home();
	ask_device("CN=g.example", no_names, "rsa:2048", NULL);
	told = sign(options, make_request("a.csr", ec, "CN=g.example", no_names));
	assert_int_equal(told.count, 0);
	assert_non_null(strstr(last_fault, "the key is EC P-256 instead of rsa:2048"));
	told = sign(options, make_request("a.csr", rsa, "CN=g.example", no_names));
	assert_int_equal(told.count, 1);
	assert_int_equal(told.pending, 1);
}

static void the_record_decides_template_targets_and_names(void **state)
{
	static const char *const names[] = {"dns:g.example", "dns:h.example", NULL};
	struct remint_sign_options options = {.template_name = NULL};
	struct remint_list_options list = {.name = "h.example"};
	const char *nginx = "nginx", *haproxy = "haproxy";
	struct told told;

	(void)state;
	fresh_home();
	ask_device("CN=g.example", names, NULL, "nginx");
	options.targets = (struct remint_strings){&haproxy, 1};
	told = sign(options, make_request("a.csr", ec, "CN=g.example", no_names));
	assert_int_equal(told.pending, 0); /* the person says something else */
	options.targets = (struct remint_strings){&nginx, 1};
	told = sign(options, make_request("b.csr", rsa, "CN=g.example", no_names));
	assert_int_equal(told.pending, 1);
	assert_string_equal(told.targets, "nginx");
	done(remint_list(ctx, &list, NULL, NULL));
	expect_sound("two certificates", 4);
}

static void a_person_may_say_which(void **state)
{
	struct remint_sign_options options = {.template_name = NULL};
	const char *file;
	struct told told;

	(void)state;
	fresh_home();
	ask_device("CN=g.example", no_names, NULL, "nginx");
	ask_device("CN=g.example", no_names, NULL, "haproxy");
	assert_int_equal(ask_device("CN=g.example", no_names, NULL, "haproxy"), 2); /* once is enough */
	file = make_request("a.csr", ec, "CN=g.example", no_names);
	told = sign(options, file);
	assert_int_equal(told.count, 0);
	assert_non_null(strstr(last_fault, "answers pending request 1 as well as 2"));
	options.no_pending = true;
	told = sign(options, file);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.pending, 0);
	options.no_pending = false;
	options.pending = "2";
	told = sign(options, file);
	assert_int_equal(told.pending, 2);
	told = sign(options, file);
	assert_non_null(strstr(last_fault, "was issued already"));
	options.pending = "7";
	sign(options, file);
	assert_non_null(strstr(last_fault, "there is no pending request 7"));
	options.pending = NULL;
	told = sign(options, file); /* the other is the only one now */
	assert_int_equal(told.pending, 1);
	told = sign(options, file); /* and then nothing waits */
	assert_int_equal(told.pending, 0);
	assert_int_equal(told.count, 1);
	expect_sound("in the end", 6);
}

/* The policies of a record may have gone, and its authority too. */
static void a_record_that_cannot_be_met_stops_no_other(void **state)
{
	const char *files[3];
	struct remint_sign_options options = {.inputs = {files, 3}};
	const char *numbers[] = {"1", "2", "3"};
	struct remint_approve_options approve = {.requests = {numbers, 3}};
	struct told told = {0};

	(void)state;
	fresh_home();
	ask_device("CN=g.example", no_names, NULL, "nosuch");
	ask_signed_by("nobody", "CN=h.example", no_names, NULL, NULL);
	ask_signed_by("issuing", "CN=i.example", no_names, NULL, NULL);
	files[0] = make_request("a.csr", ec, "CN=g.example", no_names);
	files[1] = make_request("b.csr", rsa, "CN=h.example", no_names);
	files[2] = make_request("c.csr", ec, "CN=i.example", no_names);
	done(remint_sign(ctx, &options, keep_issued, &told));
	assert_int_equal(told.count, 1);
	assert_int_equal(told.pending, 3);
	assert_int_equal(pending(false).count, 2);
	told = (struct told){0};
	done(remint_approve(ctx, &approve, keep_issued, &told));
	assert_int_equal(told.count, 1);
	assert_int_equal(told.pending, 3);
	expect_sound("one of three", 3);
}

static void what_a_device_sent_can_be_held(void **state)
{
	struct remint_sign_options options = {.template_name = NULL};
	const char *one = "1";
	struct remint_approve_options approve = {.requests = {&one, 1}};
	const char *file;
	struct told told = {0};

	(void)state;
	fresh_home();
	ask_device("CN=g.example, O=Example", no_names, NULL, NULL);
	done(remint_approve(ctx, &approve, keep_issued, &told));
	assert_non_null(strstr(last_fault, "has not sent its request yet"));
	hold(make_request("b.csr", ec, "CN=g.example, O=Evil", no_names));
	assert_non_null(strstr(last_fault, "O is \"Evil\""));
	file = make_request("a.csr", ec, "CN=g.example", no_names);
	assert_int_equal(hold(file).pending, 1);
	assert_string_equal(pending(false).state, "open us");
	sign(options, file);
	assert_non_null(strstr(last_fault, "its key waits with pending request 1"));
	options.pending = one;
	sign(options, make_request("c.csr", rsa, "CN=g.example", no_names));
	assert_non_null(strstr(last_fault, "has its request already"));
	done(remint_approve(ctx, &approve, keep_issued, &told));
	assert_int_equal(told.pending, 1);
	assert_string_equal(told.subject, "O=Example, CN=g.example");
	expect_sound("approved", 3);
}

/* ---- who dies when -------------------------------------------------------------------------------------------------------- */

static int commits_left;

static int die(void *arg)
{
	(void)arg;
	if (--commits_left == 0)
		_exit(DIED);
	return 0;
}

static int watch(sqlite3 *db, const char **said, const void *api)
{
	(void)said;
	(void)api;
	sqlite3_commit_hook(db, die, NULL);
	return SQLITE_OK;
}

static int approve_first(struct remint *with, remint_issued_fn *issued, void *arg, const char *out)
{
	const char *one = "1";
	struct remint_approve_options options = {.requests = {&one, 1}, .out = {.directory = out, .force = true}};

	return remint_approve(with, &options, issued, arg);
}

static int sign_file(struct remint *with, const char *file)
{
	struct remint_sign_options options = {.inputs = {&file, 1}};

	return remint_sign(with, &options, NULL, NULL);
}

static void die_of_progress(void *arg, uint64_t done_items, uint64_t total)
{
	(void)arg;
	(void)done_items;
	(void)total;
	_exit(DIED);
}

/* In a process of its own that dies at its n-th commit, or (0) between the last commit and the files. False: it lived. */
static bool dies(int n, const char *file)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct remint *mine = remint_new();
		int rc;

		commits_left = n;
		if (n)
			sqlite3_auto_extension((void (*)(void))watch);
		else
			remint_set_progress(mine, die_of_progress, NULL);
		remint_set_home(mine, in_scene("home"));
		rc = file ? sign_file(mine, file) : approve_first(mine, NULL, NULL, NULL);
		_exit(rc ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DIED);
	return WEXITSTATUS(status) == DIED;
}

static void an_approval_that_is_cut_off_is_finished_by_the_next(void **state)
{
	bool died = true;

	(void)state;
	for (int n = 0; died; n++) {
		struct told told = {0};

		fresh_home();
		assert_int_equal(hold(make_request("a.csr", ec, "CN=g.example", no_names)).pending, 1);
		died = dies(n, NULL);
		assert_true(died || n > 2);
		done(approve_first(ctx, keep_issued, &told, in_scene("out")));
		assert_int_equal(told.count, 1);
		assert_int_equal(told.pending, 1);
		assert_int_equal(access(in_scene("out/request-1.pem"), R_OK), 0);
		expect_sound("after the second run", 3);
		assert_string_equal(pending(true).serial, told.serial);
		assert_int_equal(pending(false).count, 0);
	}
}

static void an_answer_that_is_cut_off_is_finished_by_the_next_run(void **state)
{
	const char *file, *other;
	struct remint_sign_options options = {.template_name = NULL};
	bool died = true;

	(void)state;
	for (int n = 0; died; n++) {
		struct told told;

		fresh_home();
		file = make_request("a.csr", ec, "CN=g.example", no_names);
		other = make_request("b.csr", rsa, "CN=other.example", no_names);
		ask_device("CN=g.example", no_names, NULL, NULL);
		died = dies(n, file);
		assert_true(died || n > 2);
		sign(options, other); /* whatever is signed next finishes it */
		told = pending(true);
		if (strcmp(told.state, "issued nobody") == 0) {
			expect_sound("finished", 4);
		} else { /* it died before anything was persisted */
			assert_string_equal(told.state, "open device");
			assert_int_equal(sign(options, file).pending, 1);
			expect_sound("not begun", 4);
		}
	}
}

/* Both have read the row before either has written. */
static void two_who_approve_at_once_make_one_certificate(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		pid_t pids[2];
		int well = 0;

		fresh_home();
		hold(make_request("a.csr", ec, "CN=g.example", no_names));
		for (int i = 0; i < 2; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0) {
				struct remint *mine = remint_new();
				struct told told = {0};

				remint_set_home(mine, in_scene("home"));
				_exit(approve_first(mine, keep_issued, &told, NULL) ? 1 : told.count == 1 ? 0 : 2);
			}
		}
		for (int i = 0; i < 2; i++) {
			int status;

			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
			well += WEXITSTATUS(status) == 0;
		}
		assert_true(well >= 1);
		expect_sound("two at once", 3);
	}
}

/* ---- how it ends without -------------------------------------------------------------------------------------------------- */

static void what_was_denied_is_not_issued(void **state)
{
	const char *numbers[] = {"1", "2", "3", "x"};
	struct remint_strings all = {numbers, 4}, one = {numbers, 1};
	struct told told = {0};

	(void)state;
	fresh_home();
	hold(make_request("a.csr", ec, "CN=g.example", no_names));
	ask_device("CN=h.example", no_names, NULL, NULL);
	assert_int_equal(remint_deny(ctx, one, "", NULL, NULL), -1);
	assert_int_equal(remint_failure(ctx)->fault_class, REMINT_CLASS_USAGE);
	done(remint_deny(ctx, all, "nobody knows it", keep_pending, &told));
	assert_int_equal(told.count, 2);
	assert_string_equal(told.state, "withdrawn nobody");
	assert_string_equal(told.why, "nobody knows it");
	assert_non_null(strstr(last_fault, "is no number of a pending request"));
	assert_int_equal(pending(false).count, 0);
	assert_int_equal(pending(true).count, 2);
	told = (struct told){0};
	done(approve_first(ctx, keep_issued, &told, NULL));
	assert_int_equal(told.count, 0);
	assert_non_null(strstr(last_fault, "was denied already: nobody knows it"));
	/* The same may be asked for again. */
	assert_int_equal(hold(in_scene("a.csr")).pending, 3);
	expect_sound("denied", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_is_held_against_what_was_asked),
	    cmocka_unit_test(the_key_must_be_of_the_kind_that_was_asked_for),
	    cmocka_unit_test(the_record_decides_template_targets_and_names),
	    cmocka_unit_test(a_person_may_say_which),
	    cmocka_unit_test(a_record_that_cannot_be_met_stops_no_other),
	    cmocka_unit_test(what_a_device_sent_can_be_held),
	    cmocka_unit_test(an_approval_that_is_cut_off_is_finished_by_the_next),
	    cmocka_unit_test(an_answer_that_is_cut_off_is_finished_by_the_next_run),
	    cmocka_unit_test(two_who_approve_at_once_make_one_certificate),
	    cmocka_unit_test(what_was_denied_is_not_issued),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
