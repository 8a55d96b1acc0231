/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: sets of files, a target's deploy block, and the four files that stand beside every certificate. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test_write.h"

/* "name mode; name mode ..." of every file. */
static void
describe(const struct rmt_fileset *set, struct rmt_buf *out)
{
	for (size_t i = 0; i < set->count; i++)
		rmt_buf_format(out, "%s%s %04o", i ? "; " : "", set->files[i].name, (unsigned)set->files[i].mode);
}

/* ---- names in a set ---- */

struct name_row {
	const char *sentence, *first, *second;
	const char *message; /* NULL: both are taken */
};

static const struct name_row name_rows[] = {
	{ "two names", "a.pem", "b.pem", NULL },
	{ "a name twice", "a.pem", "a.pem", "two files would be called a.pem" },
	{ "a name twice but for its case", "a.pem", "A.PEM", "two files would be called A.PEM" },
	{ "a path", "a.pem", "x/a.pem", "no plain file name" },
	{ "a path upwards", "a.pem", "..", "no plain file name" },
	{ "a path of Windows", "a.pem", "x\\a.pem", "no plain file name" },
	{ "no name", "a.pem", "", "no plain file name" },
	{ "a hidden name", "a.pem", ".a.pem", "no plain file name" },
	{ "a name with a line feed", "a.pem", "a\n.pem", "control character" },
};

static void
check_name(void **state)
{
	const struct name_row *row = *state;
	struct rmt_fileset set = { .count = 0 };
	struct rmt_buf content = { 0 };
	struct rmt_err err = { 0 };

	rmt_buf_text(&content, "x");
	assert_int_equal(rmt_fileset_add(&set, row->first, 0600, &content, &err), 0);
	assert_null(content.bytes);
	rmt_buf_text(&content, "y");
	assert_int_equal(rmt_fileset_add(&set, row->second, 0600, &content, &err), row->message ? -1 : 0);
	assert_null(content.bytes);
	assert_int_equal(set.count, row->message ? 1 : 2);
	if (row->message && !strstr(err.message, row->message))
		fail_msg("refused with: %s", err.message);
	rmt_fileset_free(&set);
}

static void
grows(void **state)
{
	struct rmt_fileset set = { .count = 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct rmt_buf content = { 0 };
		char name[16];

		snprintf(name, sizeof(name), "%d.pem", i);
		rmt_buf_text(&content, name);
		assert_int_equal(rmt_fileset_add(&set, name, 0644, &content, NULL), 0);
	}
	for (size_t i = 0; i < 100; i++)
		assert_true(rmt_span_equal(set.files[i].content, rmt_span_text(set.files[i].name)));
	rmt_fileset_free(&set);
}

/* ---- deploy blocks ---- */

struct file_row {
	const char *name, *format, *content, *profile;
	bool per_intermediate, crlf;
	mode_t mode;
};

struct target_row {
	const char *sentence;
	struct file_row files[3];
	const char *label, *passphrase, *friendly_name;
	const char *expected; /* as describe() */
	enum rmt_class class; /* of a refusal */
	const char *message;
	const char *place;    /* of a refusal, when it is not the first file's name */
	const char *judge;    /* over the files written */
};

static const struct target_row target_rows[] = {
	{ "a server's pair", { { "fullchain.pem", "pem", "leaf intermediates", NULL, false, false, 0 }, { "key.pem", "pkcs8", "key", NULL, false, false, 0 } },
	  .expected = "fullchain.pem 0644; key.pem 0600", .judge = "test $(grep -c BEGIN fullchain.pem) = 3" },
	{ "one file with all in it is not for others to read", { { "haproxy.pem", "pem", "leaf intermediates key", NULL, false, false, 0 } },
	  .expected = "haproxy.pem 0600", .judge = "openssl pkey -in haproxy.pem -noout && openssl x509 -in haproxy.pem -noout" },
	{ "a mode that is stated", { { "haproxy.pem", "pem", "leaf key", NULL, false, false, 0640 } }, .expected = "haproxy.pem 0640" },
	{ "a key that everybody could read is refused", { { "all.pem", "pem", "leaf key", NULL, false, false, 0644 } },
	  .class = RMT_POLICY, .message = "everybody could read it (mode 0644)" },
	{ "the label becomes part of a name", { { "{label}.cer", "der", "leaf", NULL, false, false, 0 } }, .label = "web.example",
	  .expected = "web.example.cer 0644" },
	{ "without a label the leaf's name does", { { "{label}.cer", "der", "leaf", NULL, false, false, 0 } }, .expected = "web.example.cer 0644" },
	{ "a label is cleaned before it names a file", { { "{label}.cer", "der", "leaf", NULL, false, false, 0 } }, .label = "../../etc/pass wd",
	  .expected = "_.-..-etc-pass-wd.cer 0644" },
	{ "one file for each intermediate", { { "intermediate-{n}.pem", "pem", "intermediates", NULL, true, false, 0 } },
	  .expected = "intermediate-1.pem 0644; intermediate-2.pem 0644",
	  .judge = "openssl x509 -in intermediate-1.pem -noout -subject | grep Lower && openssl x509 -in intermediate-2.pem -noout -subject | grep Upper && "
	           "test $(grep -c BEGIN intermediate-1.pem) = 1" },
	{ "one file for each intermediate under one name", { { "intermediate.pem", "pem", "intermediates", NULL, true, false, 0 } },
	  .class = RMT_INPUT, .message = "two files would be called intermediate.pem" },
	{ "a placeholder that means nothing", { { "{cn}.pem", "pem", "leaf", NULL, false, false, 0 } }, .class = RMT_INPUT,
	  .message = "none of {label}, {serial} and {n}", .place = "{cn}.pem" },
	{ "a name with a path", { { "ssl/a.pem", "pem", "leaf", NULL, false, false, 0 } }, .class = RMT_INPUT, .message = "no plain file name" },
	{ "a PFX and the certificate beside it", { { "{label}.pfx", "pfx", "leaf intermediates key", "compat", false, false, 0 },
	                                           { "{label}.cer", "der", "leaf", NULL, false, false, 0 } },
	  .passphrase = "secret", .expected = "web.example.pfx 0600; web.example.cer 0644",
	  .judge = "openssl pkcs12 -in web.example.pfx -passin pass:secret -info -noout 2>&1 | grep 'MAC: sha1'" },
	{ "the entry of a PFX has the name that the target gives it", { { "{label}.pfx", "pfx", "leaf key", "compat", false, false, 0 } },
	  .friendly_name = "{label}-{serial}", .passphrase = "secret", .expected = "web.example.pfx 0600",
	  .judge = "openssl pkcs12 -in web.example.pfx -passin pass:secret -nodes | grep -c 'friendlyName: web.example-0a' | grep -x 2" },
	{ "a PFX without a passphrase", { { "{label}.pfx", "pfx", "leaf intermediates key", "compat", false, false, 0 } }, .class = RMT_SECRET,
	  .message = "needs a passphrase", .place = "web.example.pfx" },
	{ "a key for a device stays plain beside a PFX under a passphrase",
	  { { "a.pfx", "pfx", "leaf key", NULL, false, false, 0 }, { "a.key", "traditional", "key", NULL, false, true, 0 } },
	  .passphrase = "secret", .expected = "a.pfx 0600; a.key 0600", .judge = "openssl rsa -in a.key -check -noout && grep -q 'KEY-----.$' a.key" },
	{ "a bundle for a gateway", { { "ca-bundle.pem", "pem", "intermediates root", NULL, false, false, 0 } }, .expected = "ca-bundle.pem 0644",
	  .judge = "test $(grep -c BEGIN ca-bundle.pem) = 3" },
};

static void
check_target(void **state)
{
	const struct target_row *row = *state;
	struct rmt_secret *passphrase = row->passphrase ? rmt_secret_new(row->passphrase, strlen(row->passphrase), NULL) : NULL;
	struct rmt_bundle bundle = whole_bundle(KIND_RSA);
	struct rmt_deploy_file files[3] = { { .name = NULL } };
	struct words words[3];
	char texts[3][4][64];
	struct rmt_target target = { .files = files };
	struct rmt_fileset set = { .count = 0 };
	struct rmt_buf described = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	for (size_t i = 0; i < 3 && row->files[i].name; i++) {
		const struct file_row *file = &row->files[i];

		snprintf(texts[i][0], sizeof(texts[i][0]), "%s", file->name);
		snprintf(texts[i][1], sizeof(texts[i][1]), "%s", file->format);
		snprintf(texts[i][2], sizeof(texts[i][2]), "%s", file->profile ? file->profile : "");
		snprintf(texts[i][3], sizeof(texts[i][3]), "%s", row->friendly_name ? row->friendly_name : "");
		files[i] = (struct rmt_deploy_file){
			.name = texts[i][0], .format = texts[i][1], .content = words_of(&words[i], file->content),
			.profile = file->profile ? texts[i][2] : NULL, .friendly_name = row->friendly_name ? texts[i][3] : NULL, .per_intermediate = file->per_intermediate, .crlf = file->crlf,
			.mode = file->mode,
		};
		target.file_count++;
	}
	bundle.label = row->label;
	rc = rmt_write_target(&bundle, &target, passphrase, &set, &err);
	assert_int_equal(rc, row->message ? -1 : 0);
	if (row->message) {
		if (!strstr(err.message, row->message))
			fail_msg("refused with: %s", err.message);
		assert_int_equal(err.class, row->class);
		if (!row->place)
			assert_true(!strncmp(err.place, row->files[0].name, strlen(row->files[0].name)));
		else
			assert_string_equal(err.place, row->place);
	} else {
		describe(&set, &described);
		assert_string_equal(rmt_buf_string(&described), row->expected);
		for (size_t i = 0; i < set.count; i++)
			put_file(set.files[i].name, set.files[i].content);
		if (row->judge && !system("openssl version >/dev/null 2>&1"))
			assert_int_equal(run(row->judge), 0);
	}
	rmt_buf_free(&described);
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
}

/* ---- the four standard files ---- */

struct standard_row {
	const char *sentence;
	unsigned without; /* 1 key, 2 intermediates, 4 root */
	const char *there; /* a name that is there already */
	const char *passphrase;
	const char *expected, *judge;
};

static const struct standard_row standard_rows[] = {
	{ "certificate, chain, both, and key", 0, NULL, NULL, "cert.pem 0644; chain.pem 0644; fullchain.pem 0644; key.pem 0600",
	  "test $(grep -c BEGIN cert.pem)$(grep -c BEGIN chain.pem)$(grep -c BEGIN fullchain.pem) = 123 && cat cert.pem chain.pem | cmp - fullchain.pem && "
	  "openssl pkey -in key.pem -noout" },
	{ "a key under the passphrase that is given", 0, NULL, "secret", "cert.pem 0644; chain.pem 0644; fullchain.pem 0644; key.pem 0600",
	  "grep 'BEGIN ENCRYPTED' key.pem && openssl pkey -in key.pem -passin pass:secret -noout" },
	{ "no key where there is none", 1, NULL, NULL, "cert.pem 0644; chain.pem 0644; fullchain.pem 0644", "true" },
	{ "the root is the chain of what it issued itself", 2, NULL, NULL, "cert.pem 0644; chain.pem 0644; fullchain.pem 0644; key.pem 0600",
	  "openssl x509 -in chain.pem -noout -subject | grep Root && cmp cert.pem fullchain.pem" },
	{ "the chain of nothing at hand is empty, not absent", 2 | 4, NULL, NULL, "cert.pem 0644; chain.pem 0644; fullchain.pem 0644; key.pem 0600",
	  "test -e chain.pem && test ! -s chain.pem" },
	{ "a file of the target's is left alone", 0, "fullchain.pem", NULL, "fullchain.pem 0600; cert.pem 0644; chain.pem 0644; key.pem 0600",
	  "grep -x mine fullchain.pem" },
};

static void
check_standard(void **state)
{
	const struct standard_row *row = *state;
	struct rmt_secret *passphrase = row->passphrase ? rmt_secret_new(row->passphrase, strlen(row->passphrase), NULL) : NULL;
	struct rmt_bundle bundle = whole_bundle(KIND_EC);
	struct rmt_fileset set = { .count = 0 };
	struct rmt_buf described = { 0 }, mine = { 0 };
	struct rmt_err err = { 0 };

	if (row->without & 1)
		bundle.key = NULL;
	if (row->without & 2)
		bundle.intermediate_count = 0;
	if (row->without & 4)
		bundle.root = NULL;
	rmt_buf_text(&mine, "mine\n");
	if (row->there)
		assert_int_equal(rmt_fileset_add(&set, row->there, 0600, &mine, NULL), 0);
	if (rmt_write_standard(&bundle, passphrase, &set, &err))
		fail_msg("%s", err.message);
	describe(&set, &described);
	assert_string_equal(rmt_buf_string(&described), row->expected);
	for (size_t i = 0; i < set.count; i++)
		put_file(set.files[i].name, set.files[i].content);
	if (!system("openssl version >/dev/null 2>&1"))
		assert_int_equal(run(row->judge), 0);
	rmt_buf_free(&described);
	rmt_buf_free(&mine);
	rmt_fileset_free(&set);
	rmt_secret_free(passphrase);
}

void
test_write_files(struct rows *rows)
{
	ADD_TABLE(rows, name_rows, check_name);
	ADD_TABLE(rows, target_rows, check_target);
	ADD_TABLE(rows, standard_rows, check_standard);
	add_row(rows, "a set of a hundred files keeps their contents", grows, NULL);
}
