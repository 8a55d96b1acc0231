/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_ceremony.c - the record of a ceremony: whatever byte of it is another, missing or too much, that is found.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verb/local.h"

static struct rmt_buf transcript;

/* A root and its record, made once. */
static int set_up(void **state)
{
	struct rmt_signer *signer;
	struct rmt_throwaway made;
	struct remint *ctx = remint_new();
	struct rmt_err err = {0};

	(void)state;
	assert_int_equal(rmt_throwaway_make(ctx, "ec:p256", NULL, &made, &err), 0);
	signer = rmt_signer_new(made.root_key, "sha256", &err);
	assert_non_null(signer);
	rmt_buf_format(&transcript, "%s\n\n[ceremony]\nplace = here\nwitness = one\nwitness = two\n\n", rmt_transcript_title);
	rmt_pem("CERTIFICATE", made.root->der, 64, false, &transcript);
	rmt_pem("CERTIFICATE", made.leaf->der, 64, false, &transcript);
	assert_int_equal(rmt_transcript_seal(&transcript, signer, &err), 0);
	rmt_signer_free(signer);
	rmt_throwaway_clear(&made);
	remint_free(ctx);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rmt_buf_free(&transcript);
	return 0;
}

/* 0 it holds, else the class of what is said. */
static int opened(struct rmt_span text)
{
	struct rmt_transcript out;
	struct rmt_err err = {0};
	int rc = rmt_transcript_open(text, &out, &err);

	rmt_transcript_clear(&out);
	assert_true((rc == 0) == (err.class == RMT_NONE));
	return (int)err.class;
}

static void holds_as_it_was_sealed(void **state)
{
	struct rmt_transcript out;
	struct rmt_err err = {0};
	struct rmt_span value;
	size_t at = 0;

	(void)state;
	assert_int_equal(rmt_transcript_open(rmt_buf_view(&transcript), &out, &err), 0);
	assert_int_equal(out.cert_count, 2);
	assert_int_equal(rmt_transcript_field(&out, "witness", &at, &value), 1);
	assert_true(rmt_span_equal(value, rmt_span_text("one")));
	assert_int_equal(rmt_transcript_field(&out, "witness", &at, &value), 1);
	assert_true(rmt_span_equal(value, rmt_span_text("two")));
	assert_int_equal(rmt_transcript_field(&out, "witness", &at, &value), 0);
	at = 0;
	assert_int_equal(rmt_transcript_field(&out, "wit", &at, &value), 0);
	rmt_transcript_clear(&out);
}

static void finds_every_changed_byte(void **state)
{
	static const unsigned char changes[] = {0x01, 0x20, 0x80};
	size_t missed = 0;

	(void)state;
	for (size_t i = 0; i < transcript.length; i++) {
		unsigned char change = changes[i % sizeof changes];

		transcript.bytes[i] ^= change;
		if (opened(rmt_buf_view(&transcript)) != RMT_NEGATIVE) {
			print_message("# byte %zu changed by %#x was not found\n", i, change);
			missed++;
		}
		transcript.bytes[i] ^= change;
	}
	assert_int_equal(missed, 0);
	assert_int_equal(opened(rmt_buf_view(&transcript)), RMT_NONE);
}

static void finds_what_is_missing_or_too_much(void **state)
{
	struct rmt_buf more = {0};

	(void)state;
	for (size_t cut = 1; cut < 400; cut++)
		assert_int_not_equal(opened(rmt_span_of(transcript.bytes, transcript.length - cut)), RMT_NONE);
	rmt_buf_span(&more, rmt_buf_view(&transcript));
	rmt_buf_byte(&more, '\n');
	assert_int_equal(opened(rmt_buf_view(&more)), RMT_NEGATIVE);
	rmt_buf_clear(&more);
	rmt_buf_byte(&more, ' ');
	rmt_buf_span(&more, rmt_buf_view(&transcript));
	assert_int_equal(opened(rmt_buf_view(&more)), RMT_NEGATIVE);
	rmt_buf_free(&more);
	assert_int_equal(opened(rmt_span_text("")), RMT_INPUT);
	assert_int_equal(opened(rmt_span_text("something else\n")), RMT_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holds_as_it_was_sealed),
	    cmocka_unit_test(finds_every_changed_byte),
	    cmocka_unit_test(finds_what_is_missing_or_too_much),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
