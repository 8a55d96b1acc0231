/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb.c - the verbs as a program that embeds the library uses them: the public header, and the rooms below only
 * to play what went wrong before.
 *
 * The command is tested in tests/cli; here stand the promises of remint.h that it does not show: refusals leave
 * nothing behind, callbacks stop a verb, a crash leaves a trace, what is released is recorded.
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "db/db.h"
#include "remint.h"
#include "verb/local.h"
#include "x509/x509.h"

/* ---- a context in a scratch directory -------------------------------------------------------------------------------- */

struct scene {
	char directory[64], home[96];
	struct remint *ctx;
	/* what callbacks saw last */
	unsigned issued, records, findings, faults, decided;
	enum remint_class fault_class;
	char serial[64], pem[8192], message[512];
	int64_t supersedes, not_before, not_after;
};

static int give_password(void *arg, enum remint_secret_use use, const char *what, unsigned attempt, char *out, size_t size)
{
	(void)arg;
	(void)what;
	if (use == REMINT_SECRET_READ || attempt > 1)
		return -1;
	return snprintf(out, size, "%s", "lab passphrase");
}

static int count_fault(void *arg, const struct remint_fault *fault)
{
	struct scene *scene = arg;

	scene->faults++;
	scene->fault_class = fault->fault_class;
	snprintf(scene->message, sizeof scene->message, "%s", fault->message);
	return 0;
}

static void scene_open(struct scene *scene)
{
	*scene = (struct scene){.directory = "/tmp/remint-verb.XXXXXX"};
	assert_non_null(mkdtemp(scene->directory));
	snprintf(scene->home, sizeof scene->home, "%s/home", scene->directory);
	scene->ctx = remint_new();
	assert_non_null(scene->ctx);
	assert_int_equal(remint_set_home(scene->ctx, scene->home), 0);
	remint_set_password(scene->ctx, give_password, scene);
	remint_set_fault(scene->ctx, count_fault, scene);
}

static void scene_close(struct scene *scene)
{
	char command[128];

	remint_free(scene->ctx);
	snprintf(command, sizeof command, "rm -rf %s", scene->directory);
	assert_int_equal(system(command), 0);
}

/* The verb did its work; otherwise its failure is the test's message. */
static void done(struct scene *scene, int rc)
{
	if (rc)
		print_message("# %s: %s %s\n", remint_failure(scene->ctx)->source, remint_failure(scene->ctx)->place,
		              remint_failure(scene->ctx)->message);
	assert_int_equal(rc, 0);
}

static void init(struct scene *scene, bool password)
{
	struct remint_init_options options = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = !password,
	                                      .publish_url = "http://pki.example/"};

	done(scene, remint_init(scene->ctx, &options, NULL, NULL));
}

static int note_issued(void *arg, const struct remint_issued *issued)
{
	struct scene *scene = arg;

	scene->issued++;
	scene->findings = (unsigned)issued->finding_count;
	scene->decided = (unsigned)issued->decided_count;
	scene->supersedes = issued->supersedes;
	scene->not_before = issued->not_before;
	scene->not_after = issued->not_after;
	snprintf(scene->serial, sizeof scene->serial, "%s", issued->serial);
	snprintf(scene->pem, sizeof scene->pem, "%s", issued->pem ? issued->pem : "");
	return 0;
}

static int note_record(void *arg, const struct remint_record *record)
{
	struct scene *scene = arg;

	scene->records++;
	snprintf(scene->serial, sizeof scene->serial, "%s", record->serial);
	return 0;
}

static unsigned count_records(struct scene *scene)
{
	struct remint_list_options options = {0};

	scene->records = 0;
	done(scene, remint_list(scene->ctx, &options, note_record, scene));
	return scene->records;
}

static const char *const host[] = {"dns:host.example"};

static struct remint_issue_options plain_issue(void)
{
	return (struct remint_issue_options){.names = {host, 1}, .key = "ec:p256"};
}

/* ---- init ---------------------------------------------------------------------------------------------------------------- */

static int count_authority(void *arg, const struct remint_authority *authority)
{
	unsigned *count = arg;

	assert_non_null(authority->pem);
	assert_string_equal(authority->state, "active");
	(*count)++;
	return 0;
}

static void init_makes_a_root_and_an_issuing_ca(void **state)
{
	struct remint_init_options options = {.root_key = "ec:p256", .issuing_key = "ec:p256"};
	struct scene scene;
	struct stat st;
	unsigned count = 0;

	(void)state;
	scene_open(&scene);
	done(&scene, remint_init(scene.ctx, &options, count_authority, &count));
	assert_int_equal(count, 2);
	assert_int_equal(stat(scene.home, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(count_records(&scene), 2);
	done(&scene, remint_db_check(scene.ctx, NULL, NULL));
	scene_close(&scene);
}

static void init_replaces_nothing(void **state)
{
	struct remint_init_options options = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = true};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	assert_int_equal(remint_init(scene.ctx, &options, NULL, NULL), -1);
	assert_int_equal(remint_failure(scene.ctx)->fault_class, REMINT_CLASS_POLICY);
	assert_int_equal(count_records(&scene), 2);
	scene_close(&scene);
}

static void a_failed_init_leaves_nothing(void **state)
{
	struct remint_init_options options = {.root_key = "ec:p256", .issuing_key = "rsa:512", .no_password = true};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(remint_init(scene.ctx, &options, NULL, NULL), -1);
	assert_int_equal(access(scene.home, F_OK), -1);
	assert_int_equal(rmdir(scene.directory), 0); /* nothing beside it either */
	remint_free(scene.ctx);
}

static void the_offline_root_stays_in_its_own_home(void **state)
{
	struct remint_init_options options = {.root_key = "ec:p256", .issuing_key = "ec:p256"};
	struct remint_issue_options issue = plain_issue();
	char offline[128], command[300];
	struct scene scene;

	(void)state;
	scene_open(&scene);
	snprintf(offline, sizeof offline, "%s/offline", scene.directory);
	options.offline_root = offline;
	done(&scene, remint_init(scene.ctx, &options, NULL, NULL));
	snprintf(command, sizeof command, "test $(ls %s/keys | wc -l) = 1 && test $(ls %s/keys | wc -l) = 1", scene.home,
	         offline);
	assert_int_equal(system(command), 0);
	done(&scene, remint_issue(scene.ctx, &issue, note_issued, &scene));
	scene_close(&scene);
}

/* ---- issue ---------------------------------------------------------------------------------------------------------------- */

static void what_is_issued_is_recorded(void **state)
{
	struct remint_issue_options issue = plain_issue();
	char serial[64];
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, true);
	done(&scene, remint_issue(scene.ctx, &issue, note_issued, &scene));
	assert_int_equal(scene.issued, 1);
	snprintf(serial, sizeof serial, "%s", scene.serial);
	assert_int_equal(strlen(serial), 34);
	scene.records = 0;
	done(&scene, remint_history(scene.ctx, serial, note_record, &scene));
	assert_int_equal(scene.records, 1);
	assert_string_equal(scene.serial, serial);
	assert_int_equal((scene.not_after - scene.not_before + 1) % 86400, 0); /* N days, the last second included */
	scene_close(&scene);
}

static void a_dry_run_signs_and_records_nothing(void **state)
{
	struct remint_issue_options issue = plain_issue();
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	issue.dry_run = true;
	done(&scene, remint_issue(scene.ctx, &issue, note_issued, &scene));
	assert_int_equal(scene.issued, 1);
	assert_string_equal(scene.pem, "");
	assert_int_equal(count_records(&scene), 2);
	scene_close(&scene);
}

static void the_clock_may_not_run_behind_the_database(void **state)
{
	struct remint_issue_options issue = plain_issue();
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	remint_set_clock(scene.ctx, 1500000000);
	assert_int_equal(remint_issue(scene.ctx, &issue, note_issued, &scene), -1);
	assert_int_equal(remint_failure(scene.ctx)->fault_class, REMINT_CLASS_POLICY);
	assert_non_null(strstr(remint_failure(scene.ctx)->message, "clock"));
	scene_close(&scene);
}

static void a_wrong_ca_passphrase_issues_nothing(void **state)
{
	struct remint_issue_options issue = plain_issue();
	struct remint *other;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, true);
	other = remint_new(); /* knows no passphrase */
	assert_int_equal(remint_set_home(other, scene.home), 0);
	assert_int_equal(remint_issue(other, &issue, note_issued, &scene), -1);
	assert_int_equal(remint_failure(other)->fault_class, REMINT_CLASS_SECRET);
	remint_free(other);
	assert_int_equal(count_records(&scene), 2);
	scene_close(&scene);
}

/* What a leaf template does not allow by option is refused with class POLICY, and nothing is recorded. */
static void options_beyond_the_template_are_refused(void **state)
{
	static const struct {
		const char *sentence, *template_name, *name, *subject;
		int64_t validity;
		enum remint_class want;
	} rows[] = {
	    {"a CA template issues no leaf", "issuing-ca", "dns:a.example", NULL, 0, REMINT_CLASS_POLICY},
	    {"an unknown template is a usage error", "server-cleint", "dns:a.example", NULL, 0, REMINT_CLASS_USAGE},
	    {"ten years are beyond the template", NULL, "dns:a.example", NULL, INT64_C(3650) * 86400, REMINT_CLASS_POLICY},
	    {"a name with a space is no host", NULL, "dns:a b.example", NULL, 0, REMINT_CLASS_USAGE},
	};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct remint_issue_options issue = {.template_name = rows[i].template_name, .names = {&rows[i].name, 1},
		                                     .subject = rows[i].subject, .validity = rows[i].validity, .key = "ec:p256"};
		int rc = remint_issue(scene.ctx, &issue, note_issued, &scene);

		if (rc != -1 || remint_failure(scene.ctx)->fault_class != rows[i].want)
			fail_msg("%s: rc %d, class %d: %s", rows[i].sentence, rc, remint_failure(scene.ctx)->fault_class,
			         remint_failure(scene.ctx)->message);
	}
	assert_int_equal(count_records(&scene), 2);
	scene_close(&scene);
}

static int stop_at_once(void *arg, const struct remint_record *record)
{
	(void)record;
	++*(unsigned *)arg;
	return 1;
}

static void a_callback_stops_the_verb(void **state)
{
	struct remint_list_options options = {0};
	struct scene scene;
	unsigned count = 0;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	assert_int_equal(remint_list(scene.ctx, &options, stop_at_once, &count), -1);
	assert_int_equal(remint_failure(scene.ctx)->fault_class, REMINT_CLASS_USAGE);
	assert_int_equal(count, 1);
	scene_close(&scene);
}

/* ---- interrupted ------------------------------------------------------------------------------------------------------- */

/* The DER of the first certificate in `pem`. */
static void decode_pem(const char *pem, struct rmt_buf *der)
{
	const char *from = strchr(pem, '\n') + 1, *to = strstr(pem, "-----END");

	assert_int_equal(rmt_base64_decode(rmt_span_of(from, (size_t)(to - from)), der, NULL), 0);
}

/* Another process persists bytes like those of the certificate in `pem`, with a serial of their own, and dies before it
 * signs them. The serial number comes back in hex. */
static void persist_and_die(struct scene *scene, const char *pem, char serial[64])
{
	struct rmt_buf der = {0}, tbs = {0}, hex = {0};
	struct rmt_cert cert;
	unsigned char *at;
	int status;
	pid_t pid;

	decode_pem(pem, &der);
	assert_int_equal(rmt_cert_read(&cert, rmt_buf_view(&der), RMT_STRICT, NULL), 0);
	rmt_buf_span(&tbs, cert.tbs);
	at = memmem(tbs.bytes, tbs.length, cert.serial.at, cert.serial.length);
	assert_non_null(at);
	at[cert.serial.length - 1] ^= 1;
	rmt_serial_hex(rmt_span_of(at, cert.serial.length), &hex);
	snprintf(serial, 64, "%s", rmt_buf_string(&hex));
	pid = fork();
	if (pid == 0) {
		struct rmt_db *db = rmt_db_open(scene->home, RMT_DB_WRITE, 5, NULL);
		struct rmt_db_authority authority;
		struct rmt_db_tbs row = {.serial = rmt_span_of(at, cert.serial.length), .tbs = rmt_buf_view(&tbs),
		                         .when = rmt_clock_now(), .owner_pid = getpid(), .template_name = "web-server",
		                         .targets = "nginx", .proved = true};
		struct rmt_vouch vouch = {0};
		int64_t id;

		if (!db || rmt_db_authority_get(db, "issuing", 0, &authority, NULL) != 1)
			_exit(1);
		row.authority = authority.id;
		_exit(rmt_db_begin(db, NULL) || rmt_db_tbs_add(db, &row, &id, NULL) || rmt_vouch_tbs(&vouch, id, &row, NULL) ||
		      rmt_vouch_event(&vouch, db, row.when, "persist", "", NULL) || rmt_db_commit(db, NULL));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	rmt_buf_free(&der);
	rmt_buf_free(&tbs);
	rmt_buf_free(&hex);
}

static int keep_record(void *arg, const struct remint_record *record)
{
	struct scene *scene = arg;

	scene->records++;
	snprintf(scene->pem, sizeof scene->pem, "%s", record->pem);
	snprintf(scene->message, sizeof scene->message, "%s %s", record->template_name, record->targets);
	return 0;
}

static void what_was_interrupted_is_signed_again(void **state)
{
	struct remint_issue_options issue = plain_issue();
	struct remint_db_report report;
	struct rmt_buf der = {0}, issuer = {0};
	struct rmt_checker *checker = rmt_checker_new(NULL);
	struct rmt_cert cert, ca;
	struct scene scene;
	char serial[64];

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	done(&scene, remint_issue(scene.ctx, &issue, note_issued, &scene));
	persist_and_die(&scene, scene.pem, serial);
	done(&scene, remint_db_check(scene.ctx, NULL, &report));
	assert_int_equal(report.orphans, 1);
	done(&scene, remint_issue(scene.ctx, &issue, note_issued, &scene));
	done(&scene, remint_db_check(scene.ctx, NULL, &report));
	assert_int_equal(report.orphans, 0);
	assert_int_equal(count_records(&scene), 5); /* two CAs, two issued, the one that was interrupted */
	scene.records = 0;
	done(&scene, remint_history(scene.ctx, serial, keep_record, &scene));
	assert_int_equal(scene.records, 1);
	assert_string_equal(scene.message, "web-server nginx");
	decode_pem(scene.pem, &der);
	assert_int_equal(rmt_cert_read(&cert, rmt_buf_view(&der), RMT_STRICT, NULL), 0);
	done(&scene, remint_history(scene.ctx, "Remint Lab Issuing CA", keep_record, &scene));
	decode_pem(scene.pem, &issuer);
	assert_int_equal(rmt_cert_read(&ca, rmt_buf_view(&issuer), RMT_STRICT, NULL), 0);
	assert_int_equal(
	    rmt_checker_verify(checker, cert.tbs, cert.outer_algorithm, cert.signature, ca.spki, NULL), 0);
	rmt_checker_free(checker);
	rmt_buf_free(&der);
	rmt_buf_free(&issuer);
	scene_close(&scene);
}

/* ---- reissue ----------------------------------------------------------------------------------------------------------------- */

static void issue_into(struct scene *scene, const char *directory, const char *template_name)
{
	struct remint_issue_options issue = plain_issue();

	issue.template_name = template_name;
	issue.out.directory = directory;
	done(scene, remint_issue(scene->ctx, &issue, note_issued, scene));
}

static void a_reissue_is_linked_to_what_it_replaces(void **state)
{
	char old[128], cert[160], key[160], new[128];
	const char *inputs[] = {cert}, *keys[] = {key}, *targets[] = {"dotnet-mtls"};
	struct remint_reissue_options options = {.inputs = {inputs, 1}, .targets = {targets, 1}, .key = "ec:p256"};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, true);
	snprintf(old, sizeof old, "%s/old", scene.directory);
	snprintf(new, sizeof new, "%s/new", scene.directory);
	snprintf(cert, sizeof cert, "%s/cert.pem", old);
	snprintf(key, sizeof key, "%s/key.pem", old);
	issue_into(&scene, old, "web-server");
	options.out.directory = new;
	options.keys = (struct remint_strings){keys, 1};
	done(&scene, remint_reissue(scene.ctx, &options, note_issued, &scene));
	assert_true(scene.supersedes > 0);
	assert_true(scene.decided > 5);
	scene.records = 0;
	done(&scene, remint_history(scene.ctx, "host.example", note_record, &scene));
	assert_int_equal(scene.records, 2);
	/* the same directory again: nothing is overwritten, and nothing is issued for it */
	assert_int_equal(remint_reissue(scene.ctx, &options, note_issued, &scene), -1);
	assert_int_equal(count_records(&scene), 4);
	scene_close(&scene);
}

static void renew_keeps_the_content(void **state)
{
	char old[128], cert[160], new[128];
	const char *inputs[] = {cert};
	struct remint_reissue_options options = {.how = REMINT_RENEW, .inputs = {inputs, 1}};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	snprintf(old, sizeof old, "%s/old", scene.directory);
	snprintf(new, sizeof new, "%s/new", scene.directory);
	snprintf(cert, sizeof cert, "%s/cert.pem", old);
	issue_into(&scene, old, "web-server");
	options.template_name = "server-client"; /* would add clientAuth */
	assert_int_equal(remint_reissue(scene.ctx, &options, note_issued, &scene), -1);
	assert_int_equal(remint_failure(scene.ctx)->fault_class, REMINT_CLASS_POLICY);
	options.template_name = NULL; /* the one on record */
	options.out.directory = new;
	done(&scene, remint_reissue(scene.ctx, &options, note_issued, &scene));
	scene_close(&scene);
}

/* ---- audit and show ------------------------------------------------------------------------------------------------------------ */

static int note_finding(void *arg, const struct remint_finding *finding)
{
	struct scene *scene = arg;

	scene->findings++;
	assert_non_null(finding->rule);
	assert_non_null(finding->fix);
	return 0;
}

static void an_audit_needs_a_known_target(void **state)
{
	const char *inputs[] = {"/dev/null"}, *targets[] = {"sfb-edge-internl"};
	struct remint_audit_options options = {.inputs = {inputs, 1}};
	struct remint_audit_summary summary;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_int_equal(remint_audit(scene.ctx, &options, note_finding, &scene, &summary), -1);
	assert_int_equal(remint_failure(scene.ctx)->fault_class, REMINT_CLASS_USAGE);
	options.targets = (struct remint_strings){targets, 1};
	assert_int_equal(remint_audit(scene.ctx, &options, note_finding, &scene, &summary), -1);
	assert_non_null(strstr(remint_failure(scene.ctx)->message, "sfb-edge-internal"));
	scene_close(&scene);
}

static void what_we_issue_is_clean(void **state)
{
	char old[128], chain[160];
	const char *inputs[] = {chain}, *targets[] = {"rfc5280", "dotnet-mtls", "nginx"};
	struct remint_audit_options options = {.inputs = {inputs, 1}, .targets = {targets, 3}};
	struct remint_audit_summary summary;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	init(&scene, false);
	snprintf(old, sizeof old, "%s/old", scene.directory);
	snprintf(chain, sizeof chain, "%s/fullchain.pem", old);
	issue_into(&scene, old, NULL);
	done(&scene, remint_audit(scene.ctx, &options, note_finding, &scene, &summary));
	assert_int_equal(summary.certificates, 1);
	assert_int_equal(summary.findings[REMINT_ERROR], 0);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(init_makes_a_root_and_an_issuing_ca),
	    cmocka_unit_test(init_replaces_nothing),
	    cmocka_unit_test(a_failed_init_leaves_nothing),
	    cmocka_unit_test(the_offline_root_stays_in_its_own_home),
	    cmocka_unit_test(what_is_issued_is_recorded),
	    cmocka_unit_test(a_dry_run_signs_and_records_nothing),
	    cmocka_unit_test(the_clock_may_not_run_behind_the_database),
	    cmocka_unit_test(a_wrong_ca_passphrase_issues_nothing),
	    cmocka_unit_test(options_beyond_the_template_are_refused),
	    cmocka_unit_test(a_callback_stops_the_verb),
	    cmocka_unit_test(what_was_interrupted_is_signed_again),
	    cmocka_unit_test(a_reissue_is_linked_to_what_it_replaces),
	    cmocka_unit_test(renew_keeps_the_content),
	    cmocka_unit_test(an_audit_needs_a_known_target),
	    cmocka_unit_test(what_we_issue_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
