/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the test files of issue/ share: rows that become tests named by their sentence, a small world of keys and
 * authorities made once, and one function that goes the whole way from template and request to a signed certificate.
 */
#ifndef RMT_TEST_ISSUE_H
#define RMT_TEST_ISSUE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "issue/issue.h"

struct rows {
	struct CMUnitTest tests[192];
	size_t count;
};

static inline void
add_row(struct rows *rows, const char *sentence, CMUnitTestFunction check, const void *row)
{
	assert_true(rows->count < sizeof rows->tests / sizeof rows->tests[0]);
	memset(&rows->tests[rows->count], 0, sizeof rows->tests[0]);
	rows->tests[rows->count].name = sentence;
	rows->tests[rows->count].test_func = check;
	memcpy(&rows->tests[rows->count].initial_state, &row, sizeof row);
	rows->count++;
}

#define ADD_TABLE(rows, table, check) \
	for (size_t row_ = 0; row_ < sizeof(table) / sizeof((table)[0]); row_++) \
		add_row(rows, (table)[row_].sentence, check, &(table)[row_])

/* 2026-11-22T06:00:00Z, when everything here happens (world.now). */
#define NOW INT64_C(1795327200)

/* Lists of a template, written as one text: "CN O OU". */
#define LIST_MAX 16
struct words {
	char text[512];
	char *items[LIST_MAX];
	struct rmt_text_list list;
};
const struct rmt_text_list *words_of(struct words *words, const char *text, char separator);

/* A template that a row may bend before use; its lists live in `lists`. */
struct bench_template {
	struct rmt_template policy;
	struct words lists[16];
	size_t used;
	char name[32];
};
void set_list(struct bench_template *bench, struct rmt_text_list *list, const char *text, char separator);
void leaf_template(struct bench_template *bench);
void ca_template(struct bench_template *bench, enum rmt_role role, int path_length);

/* What is asked for beside the template: texts that ask() turns into a wish. */
struct asked {
	const char *subject;   /* "CN=host.example,O=Example"; NULL none */
	const char *replaces;  /* the subject of the request in whose place `subject` was given; NULL none */
	const char *subject_der; /* hexadecimal, in place of `subject` */
	const char *options;   /* general names by options, separated by '|' */
	/* Extensions of the request, separated by ';': "san=dns:a|ip:192.0.2.1", "ku=digitalSignature|cRLSign", "eku=serverAuth",
	 * "ca", "leaf", "1.2.3=0500" (OID and value in hexadecimal). */
	const char *extensions;
	bool from_certificate, verbatim;
	rmt_time not_before, not_after;
	int64_t validity;
};

enum { KEY_EC, KEY_RSA, KEY_ED25519, KEY_CA, KEY_COUNT };
struct world {
	struct rmt_key *keys[KEY_COUNT];
	struct rmt_key *ca_keys[4];
	struct rmt_checker *checker;
	rmt_time now; /* NOW, but where a judge looks at the clock */
};
extern struct world world;
int world_open(void **state);
int world_close(void **state);

/* The decisions of one plan, "added subjectAltName: dns:x added from the CN\n" one after another. */
struct outcome {
	struct rmt_err err;
	struct rmt_buf decisions;
	struct rmt_cert *cert; /* NULL: refused */
};
/* Issue a certificate for `key` under `issuer` (NULL: self-signed), signed by `signer`. */
void issue(struct outcome *out, const struct rmt_template *policy, const struct asked *asked, const struct rmt_key *key,
           const struct rmt_issuer *issuer, const struct rmt_key *signer);
void outcome_free(struct outcome *out);
void note_decision(void *arg, enum rmt_decision decision, const char *field, const char *text);

/* A root (key 0), an issuing CA below it (key 1) and so on, each made from its template; returns the last. */
struct authority {
	struct rmt_cert *certs[4];
	const struct rmt_cert *above[4]; /* nearest first */
	size_t count;
	struct rmt_issuer issuer; /* the last, with those above it */
};
void authority_add(struct authority *authority, const struct rmt_template *policy, const char *subject);
void authority_plain(struct authority *authority); /* root, issuing CA */
void authority_free(struct authority *authority);
const struct rmt_key *authority_key(const struct authority *authority);

/* A field of a certificate as text. */
void names_text(const struct rmt_cert *cert, char out[1024]);
void ext_text(const struct rmt_cert *cert, enum rmt_ext_id id, char out[1024]); /* "absent" when it is not there */
void usage_text(const struct rmt_cert *cert, char out[1024]);
void purposes_text(const struct rmt_cert *cert, char out[1024]);

void test_issue_fields(struct rows *rows);
void test_issue_authority(struct rows *rows);
void test_issue_compare(struct rows *rows);
void test_issue_judges(struct rows *rows);
void test_issue_ocsp(struct rows *rows);
void test_issue_crl(struct rows *rows);

#endif
