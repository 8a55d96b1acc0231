/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_peer.c - what the lab peer takes and serves, seen by OpenSSL's own client; and how it starts and ends.
 *
 * Each row has the outcome that the peer reports and, where the client hears of it, the alert that arrives.
 */
#include "config.h"

#include "unit/test_peer.h"

/* ---- what is taken and what is served -------------------------------------------------------- */

static const struct row {
	const char *sentence;
	struct serving serving;
	int version;
	const char *shown, *trust; /* by the client */
	enum rmt_probe_outcome outcome;
	int alert; /* heard by the client; -1 none */
	int verify_error, verify_depth;
	const char *words;
	size_t chain; /* that the client was sent; 0 any */
} rows[] = {
	{ "a plain client is accepted under TLS 1.3", { .level = 2 }, TLS13, NULL, "root", RMT_PROBE_DONE, -1, 0, 0, "", 2 },
	{ "and under TLS 1.2", { .level = 2 }, TLS12, NULL, "root", RMT_PROBE_DONE, -1, 0, 0, "", 2 },
	{ "a version that is too old gets protocol_version", { .min = "tls1.2" }, TLS10, NULL, NULL, RMT_PROBE_WE_REFUSED, 70, 0, 0, "", 0 },
	{ "a version that is too new does, too", { .max = "tls1.2" }, TLS13, NULL, NULL, RMT_PROBE_WE_REFUSED, 70, 0, 0, "", 0 },

	{ "the leaf is sent alone", { .presents = "leaf" }, TLS12, NULL, NULL, RMT_PROBE_DONE, -1, 0, 0, "", 1 },
	{ "a client that knows the root alone leaves then", { .presents = "leaf" }, TLS12, NULL, "root", RMT_PROBE_THEY_REFUSED, -1, 0, 0, "", 1 },
	{ "and under TLS 1.3", { .presents = "leaf" }, TLS13, NULL, "root", RMT_PROBE_THEY_REFUSED, -1, 0, 0, "", 1 },
	{ "the root is sent, too", { .presents = "leaf+intermediates+root", .root = "root" }, TLS12, NULL, "root", RMT_PROBE_DONE, -1, 0, 0, "", 3 },

	{ "no certificate where one is demanded: TLS 1.2", { .demands = true }, TLS12, NULL, NULL, RMT_PROBE_WE_REFUSED, 40, 0, 0, "certificate", 0 },
	{ "no certificate where one is demanded: TLS 1.3", { .demands = true }, TLS13, NULL, NULL, RMT_PROBE_WE_REFUSED, 116, 0, 0, "certificate", 0 },
	{ "a certificate for clients is taken", { .demands = true, .trust = "root" }, TLS12, "leaf middle", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "and under TLS 1.3", { .demands = true, .trust = "root" }, TLS13, "leaf middle", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "one for servers alone is not", { .demands = true, .trust = "root" }, TLS12, "server middle", NULL, RMT_PROBE_WE_REFUSED, 43, 26, 0, "clientAuth", 0 },
	{ "neither under TLS 1.3", { .demands = true, .trust = "root" }, TLS13, "server middle", NULL, RMT_PROBE_WE_REFUSED, 43, 26, 0, "clientAuth", 0 },
	{ "nor without roots", { .demands = true }, TLS12, "server middle", NULL, RMT_PROBE_WE_REFUSED, 43, 26, 0, "clientAuth", 0 },
	{ "nor when its issuer is for servers alone", { .demands = true, .trust = "root" }, TLS12, "any middleS", NULL, RMT_PROBE_WE_REFUSED, 43, 26, 1, "", 0 },
	{ "one without a purpose is", { .demands = true, .trust = "root" }, TLS12, "any middle", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "before May 2017 nobody looked", { .demands = true, .trust = "root", .any_purpose = true }, TLS12, "server middle", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "an expired one is refused", { .demands = true, .trust = "root" }, TLS12, "expired middle", NULL, RMT_PROBE_WE_REFUSED, 45, 10, 0, "expired", 0 },
	{ "one of another root is", { .demands = true, .trust = "root" }, TLS12, "stranger other", NULL, RMT_PROBE_WE_REFUSED, 48, 19, 1, "", 0 },
	{ "but not when any root will do", { .demands = true }, TLS12, "stranger other", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "one without its issuer is refused by who knows roots alone", { .demands = true, .trust = "root", .at_hand = "middle", .root_only = true }, TLS12, "leaf", NULL, RMT_PROBE_WE_REFUSED, 48, 20, 0, "", 0 },
	{ "and taken by who has it at hand", { .demands = true, .trust = "root", .at_hand = "middle" }, TLS12, "leaf", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "SHA-1 is taken at level 0", { .demands = true, .trust = "root" }, TLS12, "sha1 middle", NULL, RMT_PROBE_DONE, -1, 0, 0, "", 0 },
	{ "and refused at level 1", { .demands = true, .trust = "root", .level = 1 }, TLS12, "sha1 middle", NULL, RMT_PROBE_WE_REFUSED, 42, 68, 0, "", 0 },
	{ "SHA-512 of a client is refused under strict TLS 1.2", { .demands = true, .trust = "root", .strict_chain = true }, TLS12, "leaf512 middle", NULL, RMT_PROBE_WE_REFUSED, -2, 0, 0, "512", 0 },

	{ "strict: SHA-256 all along is served", { .strict_chain = true, .chain = "leaf middle" }, TLS12, NULL, "root", RMT_PROBE_DONE, -1, 0, 0, "", 2 },
	{ "strict: a SHA-512 leaf is not", { .strict_chain = true, .chain = "leaf512 middle" }, TLS12, NULL, NULL, RMT_PROBE_WE_REFUSED, 40, 0, 0, "SHA512", 0 },
	{ "strict: nor a SHA-512 intermediate", { .strict_chain = true, .chain = "leaf middle512" }, TLS12, NULL, NULL, RMT_PROBE_WE_REFUSED, 40, 0, 0, "\"Middle\"", 0 },
	{ "strict: a SHA-512 root that is not sent does no harm", { .strict_chain = true, .root = "root512" }, TLS12, NULL, NULL, RMT_PROBE_DONE, -1, 0, 0, "", 2 },
	{ "strict: one that is sent does", { .strict_chain = true, .root = "root512", .presents = "leaf+intermediates+root" }, TLS12, NULL, NULL, RMT_PROBE_WE_REFUSED, 40, 0, 0, "\"Root\"", 0 },
	{ "strict: TLS 1.3 serves a SHA-512 leaf", { .strict_chain = true, .chain = "leaf512 middle" }, TLS13, NULL, NULL, RMT_PROBE_DONE, -1, 0, 0, "", 2 },
	{ "without strictness TLS 1.2 does, too", { .chain = "leaf512 middle512" }, TLS12, NULL, NULL, RMT_PROBE_DONE, -1, 0, 0, "", 2 },
};

static void
judge_row(const struct row *row)
{
	const struct noted *noted;
	struct heard heard;

	open_lab(&row->serving);
	start_lab();
	if (lab.over)
		fail_msg("%s: it does not start: %s", row->sentence, lab.err.message);
	talk(row->version, row->shown, row->trust, &heard);
	noted = wait_seen(0);
	if (noted->outcome != row->outcome || noted->verify_error != row->verify_error ||
	    noted->verify_depth != row->verify_depth || strstr(noted->message, row->words) == NULL)
		fail_msg("%s: outcome %d, error %d at %d, \"%s\"", row->sentence, noted->outcome,
		    noted->verify_error, noted->verify_depth, noted->message);
	if ((row->alert == -2 ? heard.alert < 0 : heard.alert != row->alert) ||
	    (row->chain != 0 && heard.chain != row->chain))
		fail_msg("%s: the client heard alert %d and got %zu certificates", row->sentence,
		    heard.alert, heard.chain);
	if ((noted->outcome != RMT_PROBE_DONE) != (noted->message[0] != 0))
		fail_msg("%s: \"%s\" is said", row->sentence, noted->message);
	if (noted->outcome == RMT_PROBE_DONE && strstr(heard.text, "HTTP/1.0 200") != heard.text)
		fail_msg("%s: the client got \"%s\"", row->sentence, heard.text);
	close_lab();
	assert_int_equal(lab.rc, 0);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge_row(&rows[i]);
}

static void
test_reply_is_safe(void **state)
{
	const struct serving serving = { .demands = true, .trust = "root" };
	struct heard heard;

	(void)state;
	open_lab(&serving);
	start_lab();
	talk(TLS12, "hostile", NULL, &heard);
	assert_string_equal(wait_seen(0)->sni, "leaf.example");
	assert_int_equal(lab.seen[0].sent, 1);
	assert_non_null(strstr(heard.text, "accepted as by test: TLSv1.2"));
	assert_non_null(strstr(heard.text, "evil\\x1b[31m\\u{202e}"));
	assert_null(strchr(heard.text, 0x1b));
	close_lab();
}

/* ---- what is not served ---------------------------------------------------------------------- */

static void
test_does_not_start(void **state)
{
	static const struct {
		const char *sentence;
		struct serving serving;
		enum rmt_class class;
		const char *words;
	} refusals[] = {
		{ "a SHA-1 leaf at level 1", { .chain = "sha1 middle", .level = 1 }, RMT_POLICY, "SHA1" },
		{ "a SHA-1 leaf at level 2", { .chain = "sha1 middle", .level = 2 }, RMT_POLICY, "level 2" },
		{ "a key of 128 bits of security at level 4", { .level = 4 }, RMT_POLICY, "key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		open_lab(&refusals[i].serving);
		start_lab();
		if (!lab.over || lab.rc != -1 || lab.err.class != refusals[i].class ||
		    strstr(lab.err.message, refusals[i].words) == NULL)
			fail_msg("%s: %s", refusals[i].sentence, lab.err.message);
		close_lab();
	}
}

static void
test_port_is_taken(void **state)
{
	const struct serving serving = { .level = 0 };
	struct rmt_peer_options other;
	struct rmt_err err = { 0 };

	(void)state;
	open_lab(&serving);
	start_lab();
	other = lab.options;
	assert_int_equal(rmt_peer_run(&other, "127.0.0.1", lab.port, NULL, NULL, NULL, &err), -1);
	assert_int_equal(err.class, RMT_NETWORK);
	rmt_err_clear(&err);
	assert_int_equal(rmt_peer_run(&other, "192.0.2.77", 0, NULL, NULL, NULL, &err), -1);
	assert_int_equal(err.class, RMT_NETWORK);
	close_lab();
}

/* ---- how it ends ----------------------------------------------------------------------------- */

static void
test_ends(void **state)
{
	const struct serving serving = { .level = 0 };
	struct heard heard;
	uint64_t began;

	(void)state;
	open_lab(&serving); /* after so many connections, whatever came of them; the last one still gets its answer */
	lab.options.most = 3;
	start_lab();
	close(dial());
	talk(TLS13, NULL, NULL, &heard);
	talk(TLS12, NULL, NULL, &heard);
	assert_non_null(strstr(heard.text, "accepted"));
	wait_over();
	assert_int_equal(lab.count, 3);
	close_lab();
	assert_int_equal(lab.rc, 0);

	open_lab(&serving); /* after a time */
	lab.options.lasting = 200;
	began = rmt_clock_ticks();
	start_lab();
	wait_over();
	assert_in_range(rmt_clock_ticks() - began, 150, 10000);
	close_lab();
	assert_int_equal(lab.rc, 0);
}

static int
refuse_to_listen(void *arg, const char *address)
{
	(void)arg;
	(void)address;
	return 1;
}

static void
test_caller_ends_it(void **state)
{
	const struct serving serving = { .level = 0 };
	struct rmt_err err = { 0 };

	(void)state;
	open_lab(&serving);
	assert_int_equal(rmt_peer_run(&lab.options, NULL, 0, refuse_to_listen, NULL, NULL, &err), -1);
	assert_int_equal(err.class, RMT_NONE);
	lab.options.stop = -1;
	lab.options.lasting = 1;
	assert_int_equal(rmt_peer_run(&lab.options, "::1", 0, NULL, NULL, NULL, &err) == 0 || err.class == RMT_NETWORK, 1);
	lab.over = true;
	close(lab.pipe[0]);
	close(lab.pipe[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_reply_is_safe),
		cmocka_unit_test(test_does_not_start),
		cmocka_unit_test(test_port_is_taken),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_idle_ones_hold_up_nobody),
		cmocka_unit_test(test_slow_one),
		cmocka_unit_test(test_endless_sender),
		cmocka_unit_test(test_huge_chain),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_caller_ends_it),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
