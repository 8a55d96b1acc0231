/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_plan_file.c - the file of a plan: what is written is read back the same, and an edit that cannot be meant is
 * refused with its place.
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

static char directory[] = "/tmp/remint-plan.XXXXXX", path[64];
static struct rmt_cert *certs[2];
static struct rmt_buf written; /* the plan under test, as it was written */

/* ---- the plan under test ------------------------------------------------------------------------------------------------- */

static int keep_cert(void *arg, const struct rmt_object *object)
{
	*(struct rmt_cert **)arg = rmt_cert_dup(object->cert, NULL);
	return 0;
}

static int keep_issued(void *arg, const struct remint_issued *issued)
{
	struct rmt_reader reader = {.object = keep_cert, .arg = arg};

	return rmt_read_mem(&reader, "issued", rmt_span_text(issued->pem), NULL);
}

static void fill(struct rmt_plan *plan)
{
	static const char *const targets[] = {"nginx", "apple-2019"}, *const names[] = {"dns:more.example"};
	static struct rmt_plan_place places[] = {{"file", "/etc/\xe2\x80\xaeweb \"1\"\\\n.pem", 2}, {"endpoint", "host:443", 0}};
	static struct rmt_plan_finding findings[] = {
	    {"leaf.dates.valid", "error", "nginx", "it is over", "", true}, {"chain.order", "warning", "nginx", "\t", "host:443", false}};
	static struct rmt_plan_item items[2];

	*plan = (struct rmt_plan){.id = "00112233445566778899aabbccddeeff", .made = "2026-11-22T05:53:15Z", .by = "remint 0.1.0",
	                          .authority = "", .targets = {targets, 2}, .items = items, .item_count = 2};
	items[0] = (struct rmt_plan_item){.action = RMT_ACTION_REKEY, .approved = true, .why = "its key is too short", .note = "",
	                                  .targets = {targets, 2}, .names = {names, 1}, .signer = "issuing", .device = "web",
	                                  .places = places, .place_count = 2, .findings = findings, .finding_count = 2,
	                                  .key = "rsa:2048", .template_name = "server", .validity = 90 * RMT_DAY};
	items[1] = (struct rmt_plan_item){.action = RMT_ACTION_KEEP, .why = "", .note = "\xc3\xa9t\xc3\xa9", .targets = {targets, 1},
	                                  .signer = "external", .device = "mail", .places = places, .place_count = 1,
	                                  .keep_key = true, .validity = 3601};
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(rmt_plan_describe(&items[i], certs[i], &plan->arena, NULL), 0);
}

static int set_up(void **state)
{
	static const char *const names[] = {"dns:host.example", "dns:other.example"};
	struct remint_init_options init = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = true};
	struct remint *ctx = remint_new();
	struct rmt_plan plan;
	char home[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/plan.json", directory);
	snprintf(home, sizeof home, "%s/home", directory);
	assert_int_equal(remint_set_home(ctx, home), 0);
	assert_int_equal(remint_init(ctx, &init, NULL, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		struct remint_issue_options issue = {.names = {&names[i], 1}, .key = "ec:p256"};

		assert_int_equal(remint_issue(ctx, &issue, keep_issued, &certs[i]), 0);
		assert_non_null(certs[i]);
	}
	remint_free(ctx);
	fill(&plan);
	assert_int_equal(rmt_plan_write(&plan, &written, NULL), 0);
	rmt_plan_clear(&plan);
	return 0;
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	rmt_buf_free(&written);
	rmt_cert_free(certs[0]);
	rmt_cert_free(certs[1]);
	return system(command);
}

static int read_text(const struct rmt_buf *text, struct rmt_plan *plan, struct rmt_err *err)
{
	assert_int_equal(rmt_file_write(path, rmt_buf_view(text), 0600, true, NULL), 0);
	return rmt_plan_read(path, plan, err);
}

/* ---- what is written is read -------------------------------------------------------------------------------------------------- */

static void reads_what_it_wrote(void **state)
{
	struct rmt_plan plan, wanted;
	struct rmt_buf again = {0};
	struct rmt_err err = {0};

	(void)state;
	assert_int_equal(read_text(&written, &plan, &err), 0);
	fill(&wanted);
	assert_int_equal(rmt_plan_write(&plan, &again, NULL), 0);
	assert_string_equal(rmt_buf_string(&again), rmt_buf_string(&written));
	assert_int_equal(plan.item_count, 2);
	assert_string_equal(plan.items[0].places[0].source, wanted.items[0].places[0].source);
	assert_int_equal(plan.items[0].places[0].index, 2);
	assert_string_equal(plan.items[0].findings[1].message, "\t");
	assert_true(plan.items[0].findings[0].cleared);
	assert_int_equal(plan.items[0].action, RMT_ACTION_REKEY);
	assert_int_equal(plan.items[0].validity, 90 * RMT_DAY);
	assert_int_equal(plan.items[1].validity, 3601);
	assert_int_equal(plan.items[1].not_after, certs[1]->not_after);
	assert_null(plan.items[1].key);
	assert_true(plan.items[1].keep_key);
	assert_false(plan.items[1].approved);
	assert_string_equal(plan.items[1].note, wanted.items[1].note);
	rmt_buf_free(&again);
	rmt_plan_clear(&plan);
	rmt_plan_clear(&wanted);
}

static void what_acts_on_an_editor_is_escaped(void **state)
{
	(void)state;
	assert_true(rmt_utf8_valid(rmt_buf_view(&written)));
	assert_non_null(strstr(rmt_buf_string(&written), "\\u202eweb \\\"1\\\"\\\\\\n.pem"));
	for (size_t i = 0; i < written.length; i++)
		assert_true(written.bytes[i] >= ' ' || written.bytes[i] == '\n');
}

static void text_that_is_no_utf8_stays_readable(void **state)
{
	struct rmt_plan plan, back;
	struct rmt_buf text = {0};
	struct rmt_err err = {0};

	(void)state;
	fill(&plan);
	plan.items[0].note = "caf\xe9";
	assert_int_equal(rmt_plan_write(&plan, &text, NULL), 0);
	assert_int_equal(read_text(&text, &back, &err), 0);
	assert_string_equal(back.items[0].note, "caf\\xe9");
	rmt_buf_free(&text);
	rmt_plan_clear(&plan);
	rmt_plan_clear(&back);
}

/* ---- edits --------------------------------------------------------------------------------------------------------------------------- */

struct edit {
	const char *sentence, *find, *replace;
	const char *place, *message; /* NULL: it is fine */
};

/* The n-th (from 0) `find` of the text replaced. */
static void apply_edit(const struct edit *edit, struct rmt_buf *out)
{
	const char *text = rmt_buf_string(&written), *at = strstr(text, edit->find);

	if (!at)
		fail_msg("\"%s\" is not in the plan", edit->find);
	rmt_buf_append(out, text, (size_t)(at - text));
	rmt_buf_text(out, edit->replace);
	rmt_buf_text(out, at + strlen(edit->find));
}

static void edits_are_judged(void **state)
{
	static const struct edit edits[] = {
	    {"spaces do not matter", "\"action\": ", "\"action\"\r\n\t:   ", NULL, NULL},
	    {"a mark at the beginning does not", "{", "\xef\xbb\xbf{", NULL, NULL},
	    {"the last item may be thrown out", "\"items\": [", "\"items\": [], \"targets\": [\"x\"], \"targets\": [", "line 1", "duplicate"},
	    {"another action", "\"rekey\"", "\"reissue\"", NULL, NULL},
	    {"taken out of the campaign", "\"approved\": true", "\"approved\": false", NULL, NULL},
	    {"a note with a quotation mark", "\"note\": \"\"", "\"note\": \"he said \\\"no, ]}\\\"\"", NULL, NULL},
	    {"a template of one's own", "\"template\": \"server\"", "\"template\": null", NULL, NULL},
	    {"the word items in a text", "\"note\": \"\"", "\"note\": \"\\\"items\\\": [\"", NULL, NULL},
	    {"an action that is misspelt", "\"rekey\"", "\"re-issue\"", "items[0].action", "did you mean \"reissue\""},
	    {"an action that nobody knows", "\"rekey\"", "\"burn\"", "items[0].action", "none of keep, reissue, rekey"},
	    {"an action that is a number", "\"rekey\"", "2", "items[0].action", "quotation marks"},
	    {"a key that is misspelt", "\"approved\"", "\"aproved\"", "items[0]", "did you mean \"approved\""},
	    {"a key of the head that is misspelt", "\"made\"", "\"mode\"", "", "did you mean \"made\""},
	    {"a key that nobody knows", "\"note\": \"\"", "\"zzz\": 1", "items[0]", "not a key"},
	    {"a key that is missing", "\"approved\": true,", "", "items[0]", "\"approved\" is missing"},
	    {"a key that stands twice", "\"why\":", "\"device\": \"web\", \"why\":", "line 1", "duplicate"},
	    {"a flag in quotation marks", "\"approved\": true", "\"approved\": \"true\"", "items[0].approved", "true or false"},
	    {"an id of another certificate", "\"id\": \"", "\"id\": \"0", "id", "32 hex digits"},
	    {"a fingerprint that does not fit", "\"sha256\": \"", "\"sha256\": \"0", "items[0].sha256", "the certificate in \"pem\" says"},
	    {"a serial that does not fit", "\"serial\": \"", "\"serial\": \"0", "items[0].serial", "the certificate in \"pem\" says"},
	    {"a subject that does not fit", "\"subject\": \"CN=host", "\"subject\": \"CN=lost", "items[0].subject", "CN=lost"},
	    {"a date that does not fit", "\"not_after\": \"2", "\"not_after\": \"3", "items[0].not_after", "not what the certificate"},
	    {"a date that is none", "\"not_after\": \"2", "\"not_after\": \"x", "items[0].not_after", "must be a time"},
	    {"a certificate that is none", "CERTIFICATE-----\\nMI", "CERTIFICATE-----\\nAA", "items[0].pem", "one certificate"},
	    {"two certificates in one", "\"pem\": \"", "\"pem\": \"-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----\\n",
	     "items[0].pem", "one certificate"},
	    {"a device that climbs", "\"device\": \"web\"", "\"device\": \"../web\"", "items[0].device", "plain directory name"},
	    {"a device without a name", "\"device\": \"web\"", "\"device\": \"\"", "items[0].device", "plain directory name"},
	    {"a device that another item has", "\"device\": \"mail\"", "\"device\": \"Web\"", "items[1].device", "another item"},
	    {"a signer that nobody knows", "\"issuing\"", "\"isuing\"", "items[0].signer", "did you mean \"issuing\""},
	    {"a key that is new and kept", "\"keep_key\": false", "\"keep_key\": true", "items[0].keep_key", "rekey makes a new key"},
	    {"a key spec that nobody knows", "\"rsa:2048\"", "\"rsa:12\"", "items[0].key", ""},
	    {"a lifetime that is none", "\"90d\"", "\"ninety\"", "items[0].validity", "like \"90d\""},
	    {"a lifetime that is a number", "\"90d\"", "90", "items[0].validity", "like \"90d\""},
	    {"a common name", "\"cn\": null", "\"cn\": \"pool.example\"", NULL, NULL},
	    {"one that is too long", "\"cn\": null",
	     "\"cn\": \"a2345678901234567890123456789012345678901234567890123456789012345\"", "items[0].cn", "64"},
	    {"a subject", "\"new_subject\": null", "\"new_subject\": \"CN=pool.example, O=Example\"", NULL, NULL},
	    {"one that is none", "\"new_subject\": null", "\"new_subject\": \"pool.example\"", "items[0].new_subject", "pool.example"},
	    {"a name that is none", "dns:more.example", "dns:more example", "items[0].names", "entry 1"},
	    {"a name that is a number", "\"dns:more.example\"", "7", "items[0].names", "entry 1"},
	    {"no target", "\"targets\": [\n        \"nginx\",\n        \"apple-2019\"\n      ]", "\"targets\": []", "items[0].targets",
	     "at least one"},
	    {"a place of an unknown kind", "\"kind\": \"file\"", "\"kind\": \"fil\"", "items[0].places", "did you mean \"file\""},
	    {"a place with an unknown key", "\"index\": 2", "\"indx\": 2", "items[0].places[0]", "did you mean \"index\""},
	    {"an index below nothing", "\"index\": 2", "\"index\": -2", "items[0].places[0].index", "whole number"},
	    {"a finding without its rule", "\"rule\": \"chain.order\",", "", "items[0].findings[1]", "\"rule\" is missing"},
	    {"a finding that is no object", "\"findings\": [", "\"findings\": [7,", "items[0].findings[0]", "in braces"},
	    {"a severity that nobody knows", "\"warning\"", "\"warn\"", "items[0].findings", "did you mean \"warning\""},
	    {"an item that is no object", "\"items\": [", "\"items\": [null,", "items[0]", "in braces"},
	    {"an item that is nothing", "\"items\": [", "\"items\": [,", "line 12", "no valid JSON"},
	    {"items under an escaped key", "\"items\"", "\"\\u0069tems\"", "items", "list of items"},
	    {"items that are no list", "\"items\": [", "\"items\": 3, \"notes\": [", "items", "list of items"},
	    {"a later schema", "\"schema\": 1", "\"schema\": 2", "schema", "schema 1 only"},
	    {"a schema in words", "\"schema\": 1", "\"schema\": \"1\"", "schema", "whole number"},
	    {"an authority that is none", "\"authority\": \"\"", "\"authority\": \"root\"", "authority", "64 hex digits"},
	    {"a date of making that is none", "\"made\": \"2026", "\"made\": \"then", "made", "must be a time"},
	    {"a comma too few", "\"action\": \"rekey\",", "\"action\": \"rekey\"", "line 1", "no valid JSON"},
	    {"bytes that are no UTF-8", "\"note\": \"\"", "\"note\": \"\xff\"", "line 1", "no valid JSON"},
	    {"a NUL in a text", "\"note\": \"\"", "\"note\": \"\\u0000\"", "line 1", "no valid JSON"},
	    {"something behind the end", "  ]\n}\n", "  ]\n}\nx", "line ", "no valid JSON"},
	    {"an end that is missing", "  ]\n}\n", "", "line ", "no valid JSON"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
		const struct edit *edit = &edits[i];
		struct rmt_buf text = {0};
		struct rmt_err err = {0};
		struct rmt_plan plan;
		int rc;

		apply_edit(edit, &text);
		rc = read_text(&text, &plan, &err);
		rmt_plan_clear(&plan);
		rmt_buf_free(&text);
		if (edit->message ? rc == -1 && err.class == RMT_INPUT && strncmp(err.place, edit->place, strlen(edit->place)) == 0 &&
		                        strstr(err.message, edit->message) && strcmp(err.source, path) == 0
		                  : rc == 0)
			continue;
		fail_msg("%s: %d %s: %s: %s", edit->sentence, rc, err.source, err.place, err.message);
	}
}

static void an_item_stands_once(void **state)
{
	const char *text = rmt_buf_string(&written), *item = strstr(text, "\"items\": [") + strlen("\"items\": [");
	const char *end = strstr(item, "\n    },") + strlen("\n    },");
	struct rmt_buf twice = {0};
	struct rmt_err err = {0};
	struct rmt_plan plan;

	(void)state;
	rmt_buf_append(&twice, text, (size_t)(end - text));
	rmt_buf_text(&twice, item);
	assert_int_equal(read_text(&twice, &plan, &err), -1);
	assert_string_equal(err.place, "items[1].id");
	assert_non_null(strstr(err.message, "already"));
	rmt_plan_clear(&plan);
	rmt_buf_free(&twice);
}

/* The line of a fault is that of the file, whichever part it stands in. */
static void lines_are_those_of_the_file(void **state)
{
	static const char *const marks[] = {"\"made\":", "\"keep_key\": true", "\"message\": \"\\u0009\"", "\n  ]\n}"};
	const char *text = rmt_buf_string(&written);

	(void)state;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		const char *at = strstr(text, marks[i]);
		struct rmt_buf broken = {0};
		struct rmt_err err = {0};
		struct rmt_plan plan;
		char place[32];
		unsigned line = 1;

		assert_non_null(at);
		at += *at == '\n';
		for (const char *c = text; c < at; c++)
			line += *c == '\n';
		rmt_buf_append(&broken, text, (size_t)(at - text));
		rmt_buf_text(&broken, "%");
		rmt_buf_text(&broken, at);
		assert_int_equal(read_text(&broken, &plan, &err), -1);
		snprintf(place, sizeof place, "line %u", line);
		assert_string_equal(err.place, place);
		rmt_plan_clear(&plan);
		rmt_buf_free(&broken);
	}
}

/* Whatever a plan is cut off at, it is refused and nothing is read past its end. */
static void a_plan_cut_off_is_refused(void **state)
{
	(void)state;
	for (size_t length = 0; length < written.length - 2; length += length < 600 ? 1 : 37) {
		struct rmt_buf text = {0};
		struct rmt_err err = {0};
		struct rmt_plan plan;

		rmt_buf_append(&text, written.bytes, length);
		assert_int_equal(read_text(&text, &plan, &err), -1);
		assert_int_equal(err.class, RMT_INPUT);
		rmt_plan_clear(&plan);
		rmt_buf_free(&text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_it_wrote),
	    cmocka_unit_test(what_acts_on_an_editor_is_escaped),
	    cmocka_unit_test(text_that_is_no_utf8_stays_readable),
	    cmocka_unit_test(edits_are_judged),
	    cmocka_unit_test(an_item_stands_once),
	    cmocka_unit_test(lines_are_those_of_the_file),
	    cmocka_unit_test(a_plan_cut_off_is_refused),
	};

	return cmocka_run_group_tests_name("plan_file", tests, set_up, tear_down);
}
