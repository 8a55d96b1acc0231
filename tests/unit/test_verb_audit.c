/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_audit.c - what the audit takes for a chain as sent and what for a pile, through the public header.
 *
 * A file of a row is spelt in letters: a, c leaves of the issuing CA A under the root R; b a leaf of B under S. The rules
 * themselves are tested in test_audit.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "remint.h"

enum { LETTERS = 128, FILES = 2 };

static const char target[] = "title = \"Test\";\n"
                             "rules = ({ rule = \"chain.complete\"; }, { rule = \"chain.duplicate\"; },\n"
                             " { rule = \"chain.foreign\"; }, { rule = \"path.valid\"; },\n"
                             " { rule = \"ca.key.type\"; values = [ \"rsa\" ]; });\n"
                             "path: { check = true; purpose = \"any\"; auth_level = 0; };\n";

static struct world {
	char directory[64];
	char *pem[LETTERS];
} world;

static const struct row {
	const char *sentence;
	const char *files[FILES], *chain, *trust;
	const char *findings; /* rules in the order told */
	unsigned certificates, verifications;
} rows[] = {
	{ "one leaf and what stands beside it are the chain as sent", { "aA" }, "", "R", "ca.key.type ca.key.type ", 1, 2 },
	{ "a CA of somebody else beside one leaf is foreign", { "aAB" }, "", "RS",
	  "chain.foreign ca.key.type ca.key.type ", 1, 2 },
	{ "an intermediate at hand does not complete what one leaf was sent with", { "a" }, "A", "R",
	  "chain.complete ca.key.type ca.key.type ", 1, 2 },
	{ "a leaf that stands twice is one leaf, sent twice and judged once", { "aaA" }, "", "R",
	  "chain.duplicate ca.key.type ca.key.type ", 1, 2 },
	{ "in a pile nothing was sent, so nothing is foreign, and each fault of a CA is told once", { "aAbBc" }, "", "RS",
	  "ca.key.type ca.key.type ca.key.type ca.key.type ", 3, 6 },
	{ "the CAs of a pile may stand behind its leaves", { "acA" }, "", "R", "ca.key.type ca.key.type ", 2, 4 },
	{ "intermediates at hand serve a pile", { "ab" }, "AB", "RS", "ca.key.type ca.key.type ca.key.type ca.key.type ", 2, 4 },
	{ "without trust and chain a pile is judged by the rules for leaves alone", { "aAbB" }, "", "", "", 2, 0 },
	{ "the CAs of one input are not at hand for the next", { "aAc", "b" }, "B", "RS",
	  "ca.key.type ca.key.type chain.complete ca.key.type ca.key.type ", 3, 6 },
	{ "the CAs of one input are gone at the next", { "abAB", "c" }, "", "RS",
	  "ca.key.type ca.key.type ca.key.type ca.key.type chain.complete path.valid ", 3, 4 },
};

/* ---- two hierarchies ------------------------------------------------------------------------------------------------ */

static int keep_pem(void *arg, const struct remint_issued *issued)
{
	*(char **)arg = strdup(issued->pem);
	return 0;
}

static int keep_authority(void *arg, const struct remint_authority *authority)
{
	const char *letters = arg; /* root, issuing */

	world.pem[(unsigned char)letters[strcmp(authority->name, "root") != 0]] = strdup(authority->pem);
	return 0;
}

static void make_hierarchy(const char *authorities, const char *leaves)
{
	struct remint_init_options init = {.root_key = "ec:p256", .issuing_key = "ec:p256", .no_password = true};
	struct remint *ctx = remint_new();
	char home[96], letters[8];

	snprintf(home, sizeof home, "%s/%s", world.directory, authorities);
	snprintf(letters, sizeof letters, "%s", authorities);
	assert_int_equal(remint_set_home(ctx, home), 0);
	assert_int_equal(remint_init(ctx, &init, keep_authority, letters), 0);
	for (; *leaves; leaves++) {
		char name[64];
		const char *names[] = {name};
		struct remint_issue_options issue = {.names = {names, 1}, .key = "ec:p256"};

		snprintf(name, sizeof name, "dns:%c.example", *leaves);
		assert_int_equal(remint_issue(ctx, &issue, keep_pem, &world.pem[(unsigned char)*leaves]), 0);
	}
	remint_free(ctx);
}

static const char *write_file(const char *name, const char *content, char path[128])
{
	FILE *file;

	snprintf(path, 128, "%s/%s", world.directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	assert_int_equal(fclose(file), 0);
	return path;
}

static const char *write_pile(const char *name, const char *letters, char path[128])
{
	static char content[32768];

	content[0] = '\0';
	for (; *letters; letters++)
		strcat(content, world.pem[(unsigned char)*letters]);
	return write_file(name, content, path);
}

static int make_world(void **state)
{
	(void)state;
	snprintf(world.directory, sizeof world.directory, "/tmp/remint-audit.XXXXXX");
	assert_non_null(mkdtemp(world.directory));
	make_hierarchy("RA", "ac");
	make_hierarchy("SB", "b");
	return 0;
}

static int unmake_world(void **state)
{
	char command[128];

	(void)state;
	for (int i = 0; i < LETTERS; i++)
		free(world.pem[i]);
	snprintf(command, sizeof command, "rm -rf %s", world.directory);
	return system(command);
}

/* ---- the rows -------------------------------------------------------------------------------------------------------- */

static int note_rule(void *arg, const struct remint_finding *finding)
{
	strcat(arg, finding->rule);
	strcat(arg, " ");
	return 0;
}

static void row_holds(void **state)
{
	const struct row *row = *state;
	char paths[FILES][128], trust[128], chain[128], rules[128], found[2048] = "";
	const char *inputs[FILES], *trusts[] = {trust}, *chains[] = {chain}, *targets[] = {rules};
	struct remint_audit_options options = {.inputs = {inputs, 0}, .targets = {targets, 1},
	                                       .trust = {trusts, row->trust[0] ? 1 : 0},
	                                       .chain = {chains, row->chain[0] ? 1 : 0}};
	struct remint_audit_summary summary;
	struct remint *ctx = remint_new();

	for (; options.inputs.count < FILES && row->files[options.inputs.count]; options.inputs.count++) {
		char name[16];

		snprintf(name, sizeof name, "%zu.pem", options.inputs.count);
		inputs[options.inputs.count] = write_pile(name, row->files[options.inputs.count], paths[options.inputs.count]);
	}
	write_pile("trust.pem", row->trust, trust);
	write_pile("chain.pem", row->chain, chain);
	write_file("test.cfg", target, rules);
	if (remint_audit(ctx, &options, note_rule, found, &summary))
		fail_msg("%s %s", remint_failure(ctx)->place, remint_failure(ctx)->message);
	assert_string_equal(found, row->findings);
	assert_int_equal(summary.certificates, row->certificates);
	assert_int_equal(summary.verifications, row->verifications);
	remint_free(ctx);
}

int main(void)
{
	enum { ROWS = sizeof rows / sizeof rows[0] };
	struct CMUnitTest tests[ROWS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){.name = rows[i].sentence, .test_func = row_holds, .initial_state = (void *)(uintptr_t)&rows[i]};
	return cmocka_run_group_tests_name("what is a chain and what is a pile", tests, make_world, unmake_world);
}
