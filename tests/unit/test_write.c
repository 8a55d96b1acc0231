/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: the chain that they write, and the place where other programs judge it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/test_write.h"

struct chain chain;
static char workplace[32];

struct rmt_cert *
make_named(struct rmt_span subject, const char *issuer, const struct rmt_key *key, bool ca, unsigned char serial)
{
	struct rmt_signer *signer = rmt_signer_new(chain.ca_key, "sha256", NULL);
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf issuer_der = { 0 }, tbs = { 0 }, der = { 0 };
	struct rmt_cert *cert;

	assert_non_null(signer);
	assert_int_equal(rmt_name_parse(issuer, &issuer_der, NULL), 0);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(0));
	rmt_derw_small(&w, 2);
	rmt_derw_end(&w);
	rmt_derw_integer(&w, rmt_span_of(&serial, 1));
	rmt_derw_raw(&w, rmt_signer_algorithm(signer));
	rmt_derw_raw(&w, rmt_buf_view(&issuer_der));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_time(&w, 1700000000);
	rmt_derw_time(&w, 2000000000);
	rmt_derw_end(&w);
	rmt_derw_raw(&w, subject);
	rmt_derw_raw(&w, rmt_key_spki(key));
	rmt_derw_begin(&w, RMT_DER_CONTEXT_CONSTRUCTED(3));
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_ext_begin(&w, RMT_EXT_BASIC_CONSTRAINTS, true);
	rmt_ext_basic_constraints_write(&w, (struct rmt_basic_constraints){ ca, -1 });
	rmt_ext_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &tbs, NULL), 0);
	assert_int_equal(rmt_signer_wrap(signer, rmt_buf_view(&tbs), &der, NULL), 0);
	cert = rmt_cert_new(rmt_buf_view(&der), RMT_STRICT, NULL);
	assert_non_null(cert);
	rmt_buf_free(&issuer_der);
	rmt_buf_free(&tbs);
	rmt_buf_free(&der);
	rmt_signer_free(signer);
	return cert;
}

static struct rmt_cert *
make_cert(const char *subject, const char *issuer, const struct rmt_key *key, bool ca, unsigned char serial)
{
	struct rmt_buf name = { 0 };
	struct rmt_cert *cert;

	assert_int_equal(rmt_name_parse(subject, &name, NULL), 0);
	cert = make_named(rmt_buf_view(&name), issuer, key, ca, serial);
	rmt_buf_free(&name);
	return cert;
}

struct rmt_cert *
make_called(const char *text)
{
	static const unsigned char common_name[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
	struct rmt_derw w = { .depth = 0 };
	struct rmt_buf name = { 0 };
	struct rmt_cert *cert;

	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_begin(&w, RMT_DER_SET);
	rmt_derw_begin(&w, RMT_DER_SEQUENCE);
	rmt_derw_raw(&w, rmt_span_of(common_name, sizeof(common_name)));
	rmt_derw_begin(&w, RMT_DER_UTF8);
	rmt_derw_raw(&w, rmt_span_text(text));
	for (int i = 0; i < 4; i++)
		rmt_derw_end(&w);
	assert_int_equal(rmt_derw_finish(&w, &name, NULL), 0);
	cert = make_named(rmt_buf_view(&name), "CN=Lower CA", chain.keys[KIND_RSA], false, 77);
	rmt_buf_free(&name);
	return cert;
}

int
chain_open(void **state)
{
	static const char *const specs[KINDS] = { "rsa:2048", "ec:p256", "ed25519" };

	(void)state;
	chain.ca_key = rmt_key_generate("ec:p256", NULL);
	if (!chain.ca_key)
		return -1;
	chain.root = make_cert("CN=Root", "CN=Root", chain.ca_key, true, 1);
	chain.intermediates[1] = make_cert("CN=Upper CA", "CN=Root", chain.ca_key, true, 2);
	chain.intermediates[0] = make_cert("CN=Lower CA", "CN=Upper CA", chain.ca_key, true, 3);
	chain.path[0] = chain.intermediates[0];
	chain.path[1] = chain.intermediates[1];
	for (int i = 0; i < KINDS; i++) {
		chain.keys[i] = rmt_key_generate(specs[i], NULL);
		if (!chain.keys[i])
			return -1;
		chain.leaves[i] = make_cert("O=Example,CN=web.example", "CN=Lower CA", chain.keys[i], false, (unsigned char)(10 + i));
	}
	workplace_open();
	return 0;
}

int
chain_close(void **state)
{
	(void)state;
	workplace_close();
	for (int i = 0; i < KINDS; i++) {
		rmt_key_free(chain.keys[i]);
		rmt_cert_free(chain.leaves[i]);
	}
	rmt_key_free(chain.ca_key);
	rmt_cert_free(chain.intermediates[0]);
	rmt_cert_free(chain.intermediates[1]);
	rmt_cert_free(chain.root);
	return 0;
}

struct rmt_bundle
whole_bundle(int kind)
{
	return (struct rmt_bundle){
		.leaf = chain.leaves[kind], .intermediates = chain.path, .intermediate_count = 2, .root = chain.root,
		.key = chain.keys[kind],
	};
}

struct rmt_text_list
words_of(struct words *words, const char *text)
{
	struct rmt_text_list list = { words->items, 0 };
	char *save = NULL;

	if (!text)
		return list;
	assert_true(strlen(text) < sizeof(words->text));
	memcpy(words->text, text, strlen(text) + 1);
	for (char *word = strtok_r(words->text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(list.count < LIST_MAX);
		words->items[list.count++] = word;
	}
	return list;
}

void
workplace_open(void)
{
	memcpy(workplace, "/tmp/remint-write-XXXXXX", sizeof("/tmp/remint-write-XXXXXX"));
	assert_non_null(mkdtemp(workplace));
}

void
workplace_close(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", workplace);
	assert_int_equal(system(command), 0);
}

void
put_file(const char *name, struct rmt_span content)
{
	char *path = rmt_path_join(workplace, name, NULL);

	assert_int_equal(rmt_file_write(path, content, 0600, true, NULL), 0);
	free(path);
}

int
run(const char *command)
{
	char line[1024];
	int length;

	length = snprintf(line, sizeof(line), "cd %s && { %s\n} >said 2>&1 || { sed 's/^/# /' said; false; }", workplace, command);
	assert_true(length > 0 && (size_t)length < sizeof(line));
	return system(line);
}

int
main(void)
{
	static struct rows formats, layouts, files, runbooks, pages, devices;
	int failed;

	test_write_formats(&formats);
	test_write_layout(&layouts);
	test_write_files(&files);
	test_write_runbook(&runbooks);
	test_write_html(&pages);
	test_write_device(&devices);
	failed = _cmocka_run_group_tests("formats", formats.tests, formats.count, chain_open, chain_close);
	failed += _cmocka_run_group_tests("layouts", layouts.tests, layouts.count, chain_open, chain_close);
	failed += _cmocka_run_group_tests("files", files.tests, files.count, chain_open, chain_close);
	failed += _cmocka_run_group_tests("runbooks", runbooks.tests, runbooks.count, chain_open, chain_close);
	failed += _cmocka_run_group_tests("pages", pages.tests, pages.count, NULL, NULL);
	failed += _cmocka_run_group_tests("devices", devices.tests, devices.count, chain_open, chain_close);
	return failed;
}
