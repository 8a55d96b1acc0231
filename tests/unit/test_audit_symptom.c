/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of symptom look-up: which incident a pasted text speaks of, and which of two it speaks of more; and that what
 * is shipped can be found and proved.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "unit/test_audit.h"

/* An incident of one symptom and one code; either may be NULL. */
static unsigned
score(const char *text, const char *symptom, const char *code, const char *stack)
{
	char *symptoms[] = { (char *)(uintptr_t)symptom }, *codes[] = { (char *)(uintptr_t)code };
	char *stacks[] = { (char *)(uintptr_t)stack };
	struct rmt_text_list stack_list = { stacks, stack != NULL };
	struct rmt_incident incident = { .symptoms = { symptoms, symptom != NULL }, .codes = { codes, code != NULL } };
	struct rmt_err err = { 0 };
	struct rmt_symptom_text *taken = rmt_symptom_text_new(text, &err);
	unsigned result;

	assert_non_null(taken);
	result = rmt_symptom_score(taken, &incident, &stack_list);
	rmt_symptom_text_free(taken);
	return result;
}

static const struct match {
	const char *sentence, *text, *symptom, *code;
	bool found;
} matches[] = {
	{ "a code in hexadecimal", "0x80090331", NULL, "0x80090331", true },
	{ "the same in upper case in a log line", "TLS negotiation failed, hr=0X80090331 (SIPStack)", NULL, "0x80090331", true },
	{ "the same without 0x", "error 80090331 in stack", NULL, "0x80090331", true },
	{ "the same as a signed decimal", "-2146893007", NULL, "0x80090331", true },
	{ "the same as an unsigned decimal", "2148074289", NULL, "0x80090331", true },
	{ "a signed decimal in brackets", "failed (-2146893007)", NULL, "0x80090331", true },
	{ "a decimal code of the table against hexadecimal", "0x8009030E", NULL, "2148074254", true },
	{ "sc-win32-status of IIS", "GET /CertProv - 443 - 401 1 2148074254 15", NULL, "0x8009030E", true },
	{ "another code", "0x80090332", NULL, "0x80090331", false },
	{ "the number without its minus is another code", "2146893007", NULL, "0x80090331", false },
	{ "a symbolic name in lower case", "sec_e_algorithm_mismatch", NULL, "SEC_E_ALGORITHM_MISMATCH", true },
	{ "a browser's code without its prefix", "ERR_CERT_WEAK_SIGNATURE_ALGORITHM", NULL,
	  "NET::ERR_CERT_WEAK_SIGNATURE_ALGORITHM", true },
	{ "an OpenSSL error code", "error:0A000086:SSL routines::certificate verify failed", NULL, "0x0A000086", true },
	{ "alert 40", "alert 40", NULL, "alert 40", true },
	{ "the number behind more words", "SSL alert number 40", NULL, "alert 40", true },
	{ "the number in brackets", "TLS alert(40) sent", NULL, "alert 40", true },
	{ "another alert", "alert 42", NULL, "alert 40", false },
	{ "the number far from its word", "alert at host one two three four five six seven 40", NULL, "alert 40", false },
	{ "an OpenSSL verify error", "verify error:num=26:unsuitable certificate purpose", NULL, "error 26", true },
	{ "an event of Schannel, the number first", "36888 Schannel", NULL, "Schannel 36888", true },
	{ "an event number alone", "36888", NULL, "Schannel 36888", true },
	{ "an SMTP reply with its enhanced code", "454 4.7.5 Certificate validation failure", NULL, "454 4.7.5", true },
	{ "another enhanced code", "454 4.7.0 try again", NULL, "454 4.7.5", false },
	{ "a message", "unsuitable certificate purpose", "unsuitable certificate purpose", NULL, true },
	{ "case, spaces and punctuation do not matter", "  UNSUITABLE   certificate-purpose!", "unsuitable certificate purpose",
	  NULL, true },
	{ "a message in a line of a log", "[error] 812#0: *1 client SSL certificate verify error: (26:unsuitable certificate purpose)",
	  "client SSL certificate verify error", NULL, true },
	{ "a file name inside the message", "inconsistencies between private key and certificate loaded from PEM file '/etc/haproxy/site.pem'.",
	  "inconsistencies between private key and certificate loaded from PEM file", NULL, true },
	{ "a host name in the middle of the message", "certificate for www.example.com has expired", "certificate for has expired",
	  NULL, true },
	{ "a file name in the middle of the message", "cannot load /etc/ssl/a.pem certificate", "cannot load certificate", NULL,
	  true },
	{ "another word in the middle is another message", "certificate surely has expired", "certificate has expired", NULL, false },
	{ "a star stands for words", "No name matching intranet found", "No name matching * found", NULL, true },
	{ "a star at the end stands for nothing, too", "No name matching", "No name matching *", NULL, true },
	{ "accents do not matter", "Impossible de trouver un compte correspondant a ce numero de telephone",
	  "Impossible de trouver un compte correspondant à ce numéro de téléphone", NULL, true },
	{ "Latin-1 of an old console is read", "f\xfcr die angeforderte Verwendung nicht g\xfcltig",
	  "Das Zertifikat ist für die angeforderte Verwendung nicht gültig", NULL, true },
	{ "a typographic apostrophe", "Can\xe2\x80\x99t sign in to Lync", "Can't sign in to Lync", NULL, true },
	{ "part of a message", "phone number cannot be found", "An account matching this phone number cannot be found", NULL,
	  true },
	{ "one common word of it is no part", "account", "An account matching this phone number cannot be found", NULL, false },
	{ "most words in another order", "found cannot be account phone number matching", "An account matching this phone number cannot be found",
	  NULL, true },
	{ "half of the words", "account cannot sign in", "An account matching this phone number cannot be found", NULL, false },
	{ "a cmdlet in a sentence of the reporter's own", "Test-CsPhoneBootstrap passes but phone fails",
	  "Test-CsPhoneBootstrap succeeds, the phone does not sign in", NULL, true },
	{ "a part of its name", "Test the phone", "Test-CsPhoneBootstrap succeeds, the phone does not sign in", NULL, false },
	{ "a symbol in a sentence", "our trace has SEC_E_NO_CREDENTIALS somewhere", "Windows: SEC_E_NO_CREDENTIALS is logged by the server",
	  NULL, true },
	{ "a plain hyphen makes no name", "a self-signed one", "self-signed certificate in certificate chain", NULL, false },
	{ "nothing at all", "", "certificate has expired", "alert 45", false },
	{ "punctuation alone", "--- ... !!!", "certificate has expired", "alert 45", false },
};

static void
matches_as_said(void **state)
{
	const struct match *row = *state;
	unsigned got = score(row->text, row->symptom, row->code, NULL);

	if ((got > 0) != row->found)
		fail_msg("\"%s\" scores %u", row->text, got);
}

static void
long_text_is_cut(void **state)
{
	size_t length = 1 << 20;
	char *text = malloc(length + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < length; i++)
		text[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 13);
	text[length] = '\0';
	assert_int_equal(score(text, "certificate has expired", NULL, NULL), 0);
	for (size_t i = 0; i < length; i++)
		text[i] = "\xc3\xe2\x80*"[i % 4];
	assert_int_equal(score(text, "* certificate * expired *", "0x80090331", NULL), 0);
	free(text);
}

static void
specific_stands_higher(void **state)
{
	const char *line = "alert 40: the server sent a certificate signed with SHA-512";

	(void)state;
	assert_true(score(line, "the server sent a certificate signed with SHA-512", NULL, NULL) > score(line, NULL, "alert 40", NULL));
	assert_true(score(line, "the server sent a certificate signed with SHA-512", "alert 40", NULL) >
	    score(line, "the server sent a certificate signed with SHA-512", NULL, NULL));
	assert_true(score("0x80090331", NULL, "0x80090331", NULL) > score("alert 40", NULL, "alert 40", NULL));
	assert_true(score("certificate has expired", "certificate has expired", NULL, NULL) >
	    score("certificate has expired", "the certificate has expired today", NULL, NULL));
}

static void
stack_raises_only(void **state)
{
	(void)state;
	assert_true(score("nginx: alert 40", NULL, "alert 40", "nginx") > score("nginx: alert 40", NULL, "alert 40", "java"));
	assert_int_equal(score("nginx does not start", NULL, "alert 40", "nginx"), 0);
	assert_true(score("36888", NULL, "36888", NULL) > score("36888", NULL, "Schannel 36888", "schannel"));
	assert_true(score("Schannel 36888", NULL, "36888", NULL) > score("Schannel 36888", NULL, "Schannel 36888", "schannel"));
}

/* ---- what is shipped ----------------------------------------------------------------------------------------- */

struct shelf {
	struct rmt_policy_store *store;
	size_t files, entries;
};

static bool
sets_rule(const struct rmt_target *target, const char *rule)
{
	for (size_t i = 0; i < target->rule_count; i++)
		if (strcmp(target->rules[i].rule, rule) == 0)
			return true;
	return false;
}

/* A rule of an entry is one that exists, and runs: its target sets it, or it needs no parameter. */
static void
rules_run(const struct shelf *shelf, const char *file, const struct rmt_incident *incident, const char *name)
{
	struct rmt_err err = { 0 };
	struct rmt_target *target = rmt_target_load(shelf->store, name, &err);
	const struct rmt_rule_row *rows;
	size_t count, at;

	if (target == NULL)
		fail_msg("%s: \"%s\": %s", file, incident->cause, err.message);
	rows = rmt_rule_rows(&count);
	for (size_t i = 0; i < incident->rules.count; i++) {
		for (at = 0; at < count && strcmp(rows[at].id, incident->rules.items[i]) != 0; at++)
			;
		if (at == count)
			fail_msg("%s: \"%s\": there is no rule %s", file, incident->cause, incident->rules.items[i]);
		if (rows[at].needed != NULL && !sets_rule(target, rows[at].id))
			fail_msg("%s: \"%s\": %s needs %s, and %s does not set it", file, incident->cause, rows[at].id,
			    rows[at].needed, name);
	}
	rmt_target_free(target);
}

/* Whoever pastes the very words finds the entry. */
static void
finds_itself(const char *file, const struct rmt_incident *incident)
{
	struct rmt_text_list both[] = { incident->symptoms, incident->codes };
	struct rmt_err err = { 0 };

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < both[i].count; j++) {
			struct rmt_symptom_text *text = rmt_symptom_text_new(both[i].items[j], &err);

			assert_non_null(text);
			if (rmt_symptom_score(text, incident, NULL) == 0)
				fail_msg("%s: \"%s\" does not find its own entry", file, both[i].items[j]);
			rmt_symptom_text_free(text);
		}
}

static int
check_file(void *arg, const char *name, const char *origin)
{
	struct shelf *shelf = arg;
	struct rmt_err err = { 0 };
	struct rmt_symptoms *symptoms = rmt_symptoms_load(shelf->store, name, &err);

	assert_string_equal(origin, "built in");
	if (symptoms == NULL)
		fail_msg("%s: %s: %s", name, err.place, err.message);
	assert_true(symptoms->stack.count > 0 && symptoms->count > 0);
	for (size_t i = 0; i < symptoms->count; i++) {
		const struct rmt_symptom *entry = &symptoms->entries[i];

		finds_itself(name, &entry->incident);
		rules_run(shelf, name, &entry->incident, entry->target != NULL ? entry->target : symptoms->target);
		if (entry->incident.rules.count > 0 && entry->check == NULL)
			fail_msg("%s: \"%s\" has rules and no command", name, entry->incident.cause);
		if (entry->incident.confidence != RMT_CONFIDENCE_UNCONFIRMED &&
		    strncmp(entry->incident.source, "unconfirmed", 11) == 0)
			fail_msg("%s: \"%s\" is surer than its source", name, entry->incident.cause);
	}
	shelf->files++;
	shelf->entries += symptoms->count;
	rmt_symptoms_free(symptoms);
	return 0;
}

static void
shipped_entries_hold(void **state)
{
	struct rmt_err err = { 0 };
	struct shelf shelf = { .store = rmt_policy_store_new(&err) };

	(void)state;
	assert_non_null(shelf.store);
	assert_int_equal(rmt_policy_each(shelf.store, RMT_POLICY_SYMPTOMS, check_file, &shelf, &err), 0);
	assert_true(shelf.files >= 11);
	assert_true(shelf.entries >= 120);
	rmt_policy_store_free(shelf.store);
}

int
test_audit_symptom(void)
{
	enum { ROWS = sizeof(matches) / sizeof(matches[0]) };
	static struct CMUnitTest tests[ROWS + 4];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ matches[i].sentence, matches_as_said, NULL, NULL, (void *)(uintptr_t)&matches[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(long_text_is_cut);
	tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(specific_stands_higher);
	tests[ROWS + 2] = (struct CMUnitTest)cmocka_unit_test(stack_raises_only);
	tests[ROWS + 3] = (struct CMUnitTest)cmocka_unit_test(shipped_entries_hold);
	tests[ROWS + 3].name = "what is shipped loads, finds itself, and names rules that run";
	tests[ROWS].name = "of a text of any length the beginning counts";
	tests[ROWS + 1].name = "what agrees more specifically stands higher";
	tests[ROWS + 2].name = "the name of a stack raises a match and makes none";
	return _cmocka_run_group_tests("symptoms", tests, sizeof(tests) / sizeof(tests[0]), NULL, NULL);
}
