/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_plan.c - what becomes of findings in a plan: which step wins, what it clears, which of many files counts, what
 * devices are called; and that nothing depends on the order in which certificates are found.
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

#include "verb/local.h"

enum { CERTS = 4 };
static char directory[] = "/tmp/remint-propose.XXXXXX";
static struct rmt_cert *certs[CERTS];
static struct rmt_cert *issuer;

static int keep_cert(void *arg, const struct rmt_object *object)
{
	*(struct rmt_cert **)arg = rmt_cert_dup(object->cert, NULL);
	return 0;
}

static struct rmt_cert *cert_of(const char *pem)
{
	struct rmt_cert *cert = NULL;
	struct rmt_reader reader = {.object = keep_cert, .arg = &cert};

	assert_int_equal(rmt_read_mem(&reader, "pem", rmt_span_text(pem), NULL), 0);
	assert_non_null(cert);
	return cert;
}

static int keep_issued(void *arg, const struct remint_issued *issued)
{
	*(struct rmt_cert **)arg = cert_of(issued->pem);
	return 0;
}

static int keep_issuer(void *arg, const struct remint_authority *authority)
{
	(void)arg;
	if (strcmp(authority->name, "issuing") == 0)
		issuer = cert_of(authority->pem);
	return 0;
}

static int set_up(void **state)
{
	static const char *const names[CERTS] = {"dns:a.example", "dns:b.example", "dns:c.example", "dns:d.example"};
	struct remint_init_options init = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = true};
	struct remint *ctx = remint_new();
	char home[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(home, sizeof home, "%s/home", directory);
	assert_int_equal(remint_set_home(ctx, home), 0);
	assert_int_equal(remint_init(ctx, &init, keep_issuer, NULL), 0);
	for (size_t i = 0; i < CERTS; i++) {
		struct remint_issue_options issue = {.names = {&names[i], 1}, .key = "ec:p256"};

		assert_int_equal(remint_issue(ctx, &issue, keep_issued, &certs[i]), 0);
	}
	remint_free(ctx);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	for (size_t i = 0; i < CERTS; i++)
		rmt_cert_free(certs[i]);
	rmt_cert_free(issuer);
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

/* ---- an inventory under test ------------------------------------------------------------------------------------------------ */

struct scene {
	struct rmt_plan plan;
	struct rmt_inventory inventory;
};

static void scene_open(struct scene *scene)
{
	static const char *const targets[] = {"t"};

	*scene = (struct scene){.plan = {.id = "00112233445566778899aabbccddeeff", .made = "2026-11-22T05:53:15Z", .by = "", .authority = "",
	                                 .targets = {targets, 1}}};
	scene->inventory.arena = &scene->plan.arena;
}

static void scene_close(struct scene *scene)
{
	rmt_inventory_clear(&scene->inventory);
	rmt_plan_clear(&scene->plan);
}

static void leaf(struct scene *scene, size_t cert, const char *kind, const char *source, size_t index)
{
	assert_int_equal(rmt_inventory_leaf(&scene->inventory, certs[cert], (struct rmt_plan_place){kind, source, index}, NULL), 0);
}

static void finding(struct scene *scene, const char *rule, enum rmt_severity severity, enum rmt_remedy remedy, const char *target)
{
	struct rmt_finding found = {.rule = rule, .severity = severity, .remedy = remedy, .target = target, .message = rule, .citation = ""};

	assert_int_equal(rmt_inventory_finding(&scene->inventory, &found, NULL), 0);
}

static const struct rmt_plan_item *propose(struct scene *scene)
{
	assert_int_equal(rmt_inventory_propose(&scene->inventory, &scene->plan, NULL), 0);
	return scene->plan.items;
}

/* ---- the step ----------------------------------------------------------------------------------------------------------------- */

static enum rmt_remedy remedy_of(char letter)
{
	static const char letters[] = "ncfrski"; /* none, convert, fix-chain, renew, reissue, key, issuer */

	return (enum rmt_remedy)(strchr(letters, letter) - letters);
}

static void the_strongest_step_wins(void **state)
{
	static const struct {
		const char *sentence;
		const char *findings; /* a remedy and E, W, I for each */
		const char *action;
		const char *cleared;  /* y or n for each that stands in the plan */
		bool warnings;
	} rows[] = {
	    {"nothing found", "", "keep", "", false},
	    {"a remark alone", "nI", "keep", "", false},
	    {"a warning alone", "sW", "keep", "n", false},
	    {"a warning that is to count", "sW", "reissue", "y", true},
	    {"a certificate that runs out", "rW", "reissue", "y", false},
	    {"one that has run out", "rE", "reissue", "y", false},
	    {"a container", "cE", "convert", "y", false},
	    {"a chain", "fE", "fix-chain", "y", false},
	    {"a chain and its container", "cEfE", "fix-chain", "yy", false},
	    {"content", "sE", "reissue", "y", false},
	    {"content and chain", "fEsE", "reissue", "yy", false},
	    {"a key", "kE", "rekey", "y", false},
	    {"a key and content", "kEsE", "rekey", "yy", false},
	    {"an issuer and all else", "cEfErEsEkEiE", "replace-ca", "yyyyyy", false},
	    {"an error does not lift a warning", "cEsW", "convert", "yn", false},
	    {"a step clears the warnings below it", "sEfW", "reissue", "yy", false},
	    {"and not those above", "sEiW", "reissue", "yn", false},
	    {"what no step clears", "nE", "keep", "n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct rmt_plan_item *item;
		struct scene scene;
		char cleared[16] = "";

		scene_open(&scene);
		scene.inventory.act_on_warnings = rows[i].warnings;
		leaf(&scene, 0, "file", "a.pem", 1);
		for (size_t f = 0; rows[i].findings[f]; f += 2) {
			char rule[32];

			snprintf(rule, sizeof rule, "rule.%zu", f / 2);
			finding(&scene, rule, (enum rmt_severity)(strchr("IWE", rows[i].findings[f + 1]) - "IWE"), remedy_of(rows[i].findings[f]), "t");
		}
		item = propose(&scene);
		for (size_t f = 0; f < item->finding_count; f++)
			cleared[f] = item->findings[f].cleared ? 'y' : 'n';
		if (strcmp(rmt_action_name(item->action), rows[i].action) != 0 || strcmp(cleared, rows[i].cleared) != 0)
			fail_msg("%s: %s \"%s\"", rows[i].sentence, rmt_action_name(item->action), cleared);
		assert_true(*item->why);
		scene_close(&scene);
	}
}

static void the_reason_names_who_refuses(void **state)
{
	struct rmt_finding noted = {.rule = "leaf.x", .severity = RMT_SEVERITY_ERROR, .remedy = RMT_REMEDY_REISSUE, .target = "t",
	                            .message = "it is wrong. Sometimes it works", .citation = "unconfirmed: nobody"};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	leaf(&scene, 0, "file", "a.pem", 1);
	finding(&scene, "leaf.a", RMT_SEVERITY_WARNING, RMT_REMEDY_RENEW, "s");
	assert_int_equal(rmt_inventory_finding(&scene.inventory, &noted, NULL), 0);
	assert_int_equal(rmt_inventory_finding(&scene.inventory, &noted, NULL), 0);
	assert_string_equal(propose(&scene)->why, "t refuses it (unconfirmed): it is wrong; 1 more finding");
	assert_int_equal(scene.plan.items->finding_count, 2);
	scene_close(&scene);
}

static void an_own_issuer_at_fault_takes_another(void **state)
{
	(void)state;
	for (int own = 0; own < 2; own++) {
		struct rmt_authority authority = {.cert = own ? issuer : certs[1]};
		struct scene scene;

		scene_open(&scene);
		scene.inventory.authority = &authority;
		leaf(&scene, 0, "file", "a.pem", 1);
		finding(&scene, "ca.x", RMT_SEVERITY_ERROR, RMT_REMEDY_ISSUER, "t");
		assert_string_equal(propose(&scene)->signer, own ? "external" : "issuing");
		assert_int_equal(strstr(scene.plan.items->why, "own CA") != NULL, own);
		scene_close(&scene);
	}
}

/* A reissue copies the names; what is wrong with one of them it does not clear, whatever else it does. */
static void what_is_wrong_with_old_names_stays(void **state)
{
	static const char *const rules[] = {"leaf.name.characters", "leaf.name.public", "leaf.cn.wildcard", "leaf.san.wildcard"};

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof rules / sizeof *rules); i++) {
		struct scene scene;

		scene_open(&scene);
		leaf(&scene, 0, "file", "a.pem", 1);
		finding(&scene, rules[i / 2], RMT_SEVERITY_ERROR, RMT_REMEDY_REISSUE, "t");
		if (i % 2)
			finding(&scene, "leaf.zzz", RMT_SEVERITY_ERROR, RMT_REMEDY_REISSUE, "t");
		assert_int_equal(propose(&scene)->action, i % 2 ? RMT_ACTION_REISSUE : RMT_ACTION_KEEP);
		assert_false(scene.plan.items->findings[0].cleared);
		if (i % 2)
			assert_true(scene.plan.items->findings[1].cleared);
		else
			assert_non_null(strstr(scene.plan.items->why, "no step clears that"));
		scene_close(&scene);
	}
}

static void what_the_own_ca_cannot_write_asks_for_nothing(void **state)
{
	static char url[] = "http://pki.example/ca.crl";

	(void)state;
	for (int publishes = 0; publishes < 2; publishes++) {
		struct rmt_authority authority = {.cert = issuer, .crl_uri = publishes ? url : NULL};
		struct scene scene;

		scene_open(&scene);
		scene.inventory.authority = &authority;
		leaf(&scene, 0, "file", "a.pem", 1);
		finding(&scene, "leaf.crl-distribution.present", RMT_SEVERITY_ERROR, RMT_REMEDY_REISSUE, "t");
		assert_int_equal(propose(&scene)->action, publishes ? RMT_ACTION_REISSUE : RMT_ACTION_KEEP);
		assert_int_equal(scene.plan.items->findings[0].cleared, publishes);
		assert_int_equal(strstr(scene.plan.items->why, "no step clears that") != NULL, !publishes);
		scene_close(&scene);
	}
}

/* ---- places -------------------------------------------------------------------------------------------------------------------------- */

static void a_file_beside_it_makes_good(void **state)
{
	static const struct {
		const char *sentence, *bad, *other, *kind;
		enum rmt_remedy remedy; /* of the fault in the first file */
		const char *action;
	} rows[] = {
	    {"the chain stands in the file beside it", "d/cert.pem", "d/full.pem", "file", RMT_REMEDY_CHAIN, "keep"},
	    {"and before it", "d/z.pem", "d/a.pem", "file", RMT_REMEDY_CHAIN, "keep"},
	    {"in the working directory too", "cert.pem", "full.pem", "file", RMT_REMEDY_CHAIN, "keep"},
	    {"another directory is another device", "d/cert.pem", "e/full.pem", "file", RMT_REMEDY_CHAIN, "fix-chain"},
	    {"so is one below", "d/cert.pem", "d/e/full.pem", "file", RMT_REMEDY_CHAIN, "fix-chain"},
	    {"one whose name begins alike is another", "d/cert.pem", "dd/full.pem", "file", RMT_REMEDY_CHAIN, "fix-chain"},
	    {"what is served is no file beside it", "cert.pem", "host:443", "endpoint", RMT_REMEDY_CHAIN, "fix-chain"},
	    {"the right container stands beside it", "d/cert.pem", "d/x.pfx", "file", RMT_REMEDY_CONVERT, "keep"},
	    {"what is wrong with the certificate stands in both", "d/cert.pem", "d/full.pem", "file", RMT_REMEDY_REISSUE, "reissue"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene scene;

		scene_open(&scene);
		leaf(&scene, 0, "file", rows[i].bad, 1);
		finding(&scene, "x.y", RMT_SEVERITY_ERROR, rows[i].remedy, "t");
		leaf(&scene, 0, rows[i].kind, rows[i].other, 1);
		if (strcmp(rmt_action_name(propose(&scene)->action), rows[i].action) != 0)
			fail_msg("%s: %s", rows[i].sentence, rmt_action_name(scene.plan.items->action));
		scene_close(&scene);
	}
}

static void each_target_is_weighed_by_itself(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	leaf(&scene, 0, "file", "d/a.pem", 1);
	finding(&scene, "chain.x", RMT_SEVERITY_ERROR, RMT_REMEDY_CHAIN, "t");
	leaf(&scene, 0, "file", "d/b.pem", 1);
	finding(&scene, "chain.x", RMT_SEVERITY_ERROR, RMT_REMEDY_CHAIN, "u");
	assert_int_equal(propose(&scene)->action, RMT_ACTION_KEEP);
	scene_close(&scene);
	scene_open(&scene);
	leaf(&scene, 0, "file", "d/a.pem", 1);
	finding(&scene, "chain.x", RMT_SEVERITY_ERROR, RMT_REMEDY_CHAIN, "t");
	leaf(&scene, 0, "file", "d/b.pem", 1);
	finding(&scene, "chain.x", RMT_SEVERITY_ERROR, RMT_REMEDY_CHAIN, "t");
	assert_int_equal(propose(&scene)->action, RMT_ACTION_FIX_CHAIN);
	assert_int_equal(scene.plan.items->finding_count, 2);
	assert_string_equal(scene.plan.items->findings[1].source, "d/b.pem");
	scene_close(&scene);
}

static void devices_have_names_of_their_own(void **state)
{
	static const struct {
		const char *sentence;
		struct { const char *kind, *source; size_t index; } place[CERTS];
		const char *devices; /* in the order of the items */
	} rows[] = {
	    {"files", {{"file", "/etc/one.pem", 1}, {"file", "two", 1}, {"file", "d/.hidden", 1}}, "one _hidden two"},
	    {"hosts", {{"endpoint", "smtp://mx.example:25", 0}, {"endpoint", "[2001:db8::1]:443", 0}, {"endpoint", "www.example:443", 0}},
	     "2001-db8--1 mx.example www.example"},
	    {"two certificates of one host", {{"endpoint", "www.example:443", 0}, {"endpoint", "www.example:443", 0}}, "www.example www.example-2"},
	    {"a pile", {{"file", "pile.pem", 1}, {"file", "pile.pem", 2}}, "a.example b.example"},
	    {"one name in two directories", {{"file", "x/tls.pem", 1}, {"file", "y/tls.crt", 1}, {"file", "z/tls", 1}}, "x-tls y-tls z-tls"},
	    {"upper and lower case", {{"file", "a/Web.pem", 1}, {"file", "b/web.pem", 1}, {"file", "b-web.pem", 1}}, "a-Web b-web b-web-2"},
	    {"the database", {{"database", "serial:01", 1}, {"database", "serial:02", 2}}, "a.example b.example"},
	    {"standard input", {{"file", "-", 1}}, "a.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char devices[400] = "";
		struct scene scene;

		scene_open(&scene);
		for (size_t c = 0; c < CERTS && rows[i].place[c].kind; c++)
			leaf(&scene, c, rows[i].place[c].kind, rows[i].place[c].source, rows[i].place[c].index);
		propose(&scene);
		for (size_t c = 0; c < scene.plan.item_count; c++) {
			size_t length = strlen(devices);

			snprintf(devices + length, sizeof devices - length, "%s%s", c ? " " : "", scene.plan.items[c].device);
		}
		if (strcmp(devices, rows[i].devices) != 0)
			fail_msg("%s: %s", rows[i].sentence, devices);
		scene_close(&scene);
	}
}

static void the_order_of_finding_does_not_matter(void **state)
{
	static const int orders[][6] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 5, 1, 4, 3}, {3, 3, 1, 0, 4, 2}};
	static const struct { size_t cert; const char *kind, *source; const char *rule; enum rmt_remedy remedy; } found[] = {
	    {0, "file", "b/x.pem", "leaf.b", RMT_REMEDY_REISSUE},  {0, "endpoint", "h:443", "chain.a", RMT_REMEDY_CHAIN},
	    {1, "file", "a/x.pem", "leaf.a", RMT_REMEDY_KEY},      {2, "database", "serial:01", "leaf.c", RMT_REMEDY_RENEW},
	    {0, "file", "a/y.pem", "leaf.b", RMT_REMEDY_REISSUE},  {2, "endpoint", "h:443", "leaf.c", RMT_REMEDY_RENEW},
	};
	struct rmt_buf first = {0}, again = {0};

	(void)state;
	for (size_t o = 0; o < 4; o++) {
		struct scene scene;

		scene_open(&scene);
		for (size_t i = 0; i < 6; i++) {
			leaf(&scene, found[orders[o][i]].cert, found[orders[o][i]].kind, found[orders[o][i]].source, 1);
			finding(&scene, found[orders[o][i]].rule, RMT_SEVERITY_ERROR, found[orders[o][i]].remedy, "t");
		}
		if (o == 3) /* the one that comes twice stands for the one left out */
			leaf(&scene, found[5].cert, found[5].kind, found[5].source, 1);
		propose(&scene);
		rmt_buf_clear(&again);
		assert_int_equal(rmt_plan_write(&scene.plan, o ? &again : &first, NULL), 0);
		if (o)
			assert_string_equal(rmt_buf_string(&again), rmt_buf_string(&first));
		scene_close(&scene);
	}
	rmt_buf_free(&first);
	rmt_buf_free(&again);
}

static void what_was_made_can_be_read(void **state)
{
	struct scene scene;
	struct rmt_plan back;
	struct rmt_buf text = {0};
	struct rmt_err err = {0};
	char path[64];

	(void)state;
	scene_open(&scene);
	scene.inventory.host = "www.example";
	for (size_t i = 0; i < CERTS; i++) {
		leaf(&scene, i, "file", i % 2 ? "x\nnot \xff utf8" : "\xe2\x80\xae.pem", i + 1);
		finding(&scene, "leaf.name.host", RMT_SEVERITY_ERROR, RMT_REMEDY_REISSUE, "t");
		finding(&scene, "leaf.name.host", RMT_SEVERITY_ERROR, RMT_REMEDY_REISSUE, "u");
	}
	propose(&scene);
	assert_int_equal(scene.plan.items[0].names.count, 1);
	assert_string_equal(scene.plan.items[0].names.items[0], "dns:www.example");
	assert_int_equal(rmt_plan_write(&scene.plan, &text, NULL), 0);
	snprintf(path, sizeof path, "%s/plan.json", directory);
	assert_int_equal(rmt_file_write(path, rmt_buf_view(&text), 0600, true, NULL), 0);
	if (rmt_plan_read(path, &back, &err))
		fail_msg("%s: %s", err.place, err.message);
	assert_int_equal(back.item_count, CERTS);
	rmt_plan_clear(&back);
	rmt_buf_free(&text);
	scene_close(&scene);
}

/* Two certificates whose SHA-256 begin alike cannot both have an id. Nobody has such a pair: the first is made to look so. */
static void ids_are_never_shared(void **state)
{
	unsigned char sha256[RMT_SHA256];
	struct scene scene;

	(void)state;
	scene_open(&scene);
	leaf(&scene, 0, "file", "a.pem", 1);
	assert_int_equal(rmt_cert_fingerprint(certs[1], sha256, NULL), 0);
	memcpy(scene.inventory.items[0]->sha256, sha256, 8);
	scene.inventory.slot_count = 0; /* the table is made anew */
	assert_int_equal(rmt_inventory_leaf(&scene.inventory, certs[1], (struct rmt_plan_place){"file", "b.pem", 1}, NULL), 1);
	finding(&scene, "leaf.x", RMT_SEVERITY_ERROR, RMT_REMEDY_KEY, "t"); /* is about nothing */
	assert_int_equal(propose(&scene)->action, RMT_ACTION_KEEP);
	assert_int_equal(scene.plan.item_count, 1);
	scene_close(&scene);
}

/* ---- the verb ------------------------------------------------------------------------------------------------------------------------- */

struct taken {
	unsigned numbers, pieces;
	unsigned stop; /* at the first (1) or the second (2) kind of callback */
	uint64_t certificates;
};

static int take_numbers(void *arg, const struct remint_planned *planned)
{
	struct taken *taken = arg;

	taken->numbers++;
	taken->certificates = planned->certificates;
	assert_int_equal(planned->step_count, 6);
	assert_string_equal(planned->signer, "external");
	return taken->stop == 1;
}

static int take_text(void *arg, const char *text, size_t length)
{
	struct taken *taken = arg;

	assert_non_null(text);
	assert_true(length > 0);
	taken->pieces++;
	return taken->stop == 2;
}

static void a_caller_can_stop(void **state)
{
	static const char *const targets[] = {"dotnet-mtls"};
	struct rmt_buf pem = {0};
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/pile.pem", directory);
	for (size_t i = 0; i < CERTS; i++)
		rmt_pem("CERTIFICATE", certs[i]->der, 64, false, &pem);
	assert_int_equal(rmt_file_write(path, rmt_buf_view(&pem), 0600, true, NULL), 0);
	rmt_buf_free(&pem);
	for (unsigned stop = 0; stop < 3; stop++) {
		const char *const inputs[] = {path};
		struct remint_plan_options options = {.inputs = {inputs, 1}, .targets = {targets, 1}};
		struct taken taken = {.stop = stop};
		struct remint *ctx = remint_new();

		assert_int_equal(remint_plan(ctx, &options, take_numbers, take_text, &taken), stop ? -1 : 0);
		assert_int_equal(remint_failure(ctx)->fault_class, stop ? REMINT_CLASS_USAGE : REMINT_CLASS_NONE);
		assert_int_equal(taken.numbers, 1);
		assert_int_equal(taken.certificates, CERTS);
		assert_int_equal(taken.pieces, stop == 0 ? CERTS + 1 : stop - 1);
		remint_free(ctx);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_strongest_step_wins),
	    cmocka_unit_test(the_reason_names_who_refuses),
	    cmocka_unit_test(an_own_issuer_at_fault_takes_another),
	    cmocka_unit_test(what_the_own_ca_cannot_write_asks_for_nothing),
	    cmocka_unit_test(what_is_wrong_with_old_names_stays),
	    cmocka_unit_test(a_file_beside_it_makes_good),
	    cmocka_unit_test(each_target_is_weighed_by_itself),
	    cmocka_unit_test(devices_have_names_of_their_own),
	    cmocka_unit_test(the_order_of_finding_does_not_matter),
	    cmocka_unit_test(what_was_made_can_be_read),
	    cmocka_unit_test(ids_are_never_shared),
	    cmocka_unit_test(a_caller_can_stop),
	};

	return cmocka_run_group_tests_name("plan", tests, set_up, tear_down);
}
