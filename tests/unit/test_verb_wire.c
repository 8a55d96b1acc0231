/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verb_wire.c - endpoints as inputs within verb/: what is an endpoint and what a file, lists, and what is served,
 * of real servers of our own in threads of their own.
 *
 * The verbs that take endpoints are tested against other makers' servers in tests/cli/live.sh and verify.sh.
 */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "verb/local.h"

/* ---- inputs --------------------------------------------------------------------------------------------------------- */

static char directory[64];

static int make_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "/tmp/remint-wire-XXXXXX");
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return chdir("/") || system(command);
}

static void write_file(const char *name, const void *bytes, size_t length)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

struct told {
	unsigned faults;
	char places[512], messages[2048];
};

static int note_fault(void *arg, const struct remint_fault *fault)
{
	struct told *told = arg;
	size_t used = strlen(told->places), said = strlen(told->messages);

	told->faults++;
	snprintf(told->places + used, sizeof told->places - used, "%s ", fault->place);
	snprintf(told->messages + said, sizeof told->messages - said, "%s\n", fault->message);
	return 0;
}

static const struct input_row {
	const char *sentence, *text;
	const char *name;      /* of the endpoint; NULL: local */
	enum rmt_class class;  /* of the failure */
} input_rows[] = {
	{ "host and port", "mx.example.com:443", "mx.example.com:443", RMT_NONE },
	{ "a scheme with TLS from the first byte adds its port and goes", "https://www.example.com/x", "www.example.com:443", RMT_NONE },
	{ "a scheme that says something first stays, to be found again", "smtp://mx.example.com", "smtp://mx.example.com:25", RMT_NONE },
	{ "IPv6 keeps its brackets", "[2001:db8::1]:5061", "[2001:db8::1]:5061", RMT_NONE },
	{ "a file", "old.pfx", NULL, RMT_NONE },
	{ "standard input", "-", NULL, RMT_NONE },
	{ "a certificate of the database", "serial:0a4711", NULL, RMT_NONE },
	{ "what exists is a file, whatever it looks like", "there:443", NULL, RMT_NONE },
	{ "a port that is none", "mx.example.com:70000", NULL, RMT_USAGE },
	{ "a scheme that is none", "htps://mx.example.com", NULL, RMT_USAGE },
};

static void what_is_an_endpoint(void **state)
{
	struct remint *ctx = remint_new();
	const struct remint_wire none = {0};

	(void)state;
	write_file("there:443", "", 0);
	for (size_t i = 0; i < sizeof input_rows / sizeof *input_rows; i++) {
		const struct input_row *row = &input_rows[i];
		struct rmt_err err = {0};
		struct rmt_wire wire;
		int rc = rmt_wire_inputs(ctx, &none, (struct remint_strings){&row->text, 1}, &wire, &err);

		if (err.class != row->class || (rc == 0) != (row->class == RMT_NONE))
			fail_msg("%s: %s", row->sentence, err.message);
		if (rc == 0 && (wire.count != 1 || strcmp(row->name ? row->name : "", wire.inputs[0].name ? wire.inputs[0].name : "") != 0))
			fail_msg("%s: it is called %s", row->sentence, wire.count ? wire.inputs[0].name : "nothing");
		rmt_wire_clear(&wire);
	}
	remint_free(ctx);
}

static const struct list_row {
	const char *sentence, *text;
	const char *inputs; /* with a space behind each */
	const char *places; /* of the faults, the same */
} list_rows[] = {
	{ "lines, with comments, space and line ends of any kind", "ha:1\n\n# c\n  b.pem  # two\r\n\thc:2\t#\n", "ha:1 b.pem hc:2 ", "" },
	{ "a name may hold a hash", "a#b.pem\n", "a#b.pem ", "" },
	{ "the mark of UTF-8 before the first line", "\xef\xbb\xbf" "ha:1\n", "ha:1 ", "" },
	{ "a last line without an end", "ha:1\nhb:2", "ha:1 hb:2 ", "" },
	{ "bad lines among good ones", "host:99999\nhb:2\n-\nx://y\nhc:3\n", "hb:2 hc:3 ", "line 1 line 3 line 4 " },
	{ "a certificate of the database", "serial:0a4711\n", "serial:0a4711 ", "" },
	{ "what is neither there nor an endpoint", "ha:1\nabsent.pem\nfe1 5061\n", "ha:1 ", "line 2 line 3 " },
	{ "nothing", "", "", "" },
};

static void read_list(const struct list_row *row, struct remint *ctx)
{
	const char *file = "list";
	const struct remint_wire options = {.lists = {&file, 1}};
	struct told told = {0};
	struct rmt_err err = {0};
	struct rmt_wire wire;
	char inputs[512] = "";

	remint_set_fault(ctx, note_fault, &told);
	write_file("b.pem", "", 0);
	write_file("a#b.pem", "", 0);
	write_file(file, row->text, strlen(row->text));
	if (rmt_wire_inputs(ctx, &options, (struct remint_strings){NULL, 0}, &wire, &err))
		fail_msg("%s: %s", row->sentence, err.message);
	for (size_t i = 0; i < wire.count; i++) {
		strcat(inputs, wire.inputs[i].text);
		strcat(inputs, " ");
	}
	if (strcmp(inputs, row->inputs) != 0 || strcmp(told.places, row->places) != 0)
		fail_msg("%s: inputs \"%s\", faults at \"%s\"", row->sentence, inputs, told.places);
	rmt_wire_clear(&wire);
}

static void lists_are_read_line_by_line(void **state)
{
	struct remint *ctx = remint_new();

	(void)state;
	for (size_t i = 0; i < sizeof list_rows / sizeof *list_rows; i++)
		read_list(&list_rows[i], ctx);
	remint_free(ctx);
}

static void a_list_that_is_none_is_told_once(void **state)
{
	static char noise[100000];
	const char *file = "noise", *absent = "absent";
	struct remint_wire options = {.lists = {&file, 1}};
	struct remint *ctx = remint_new();
	struct told told = {0};
	struct rmt_err err = {0};
	struct rmt_wire wire;

	(void)state;
	remint_set_fault(ctx, note_fault, &told);
	memset(noise, 'x', sizeof noise);
	write_file(file, noise, sizeof noise);
	assert_int_equal(rmt_wire_inputs(ctx, &options, (struct remint_strings){NULL, 0}, &wire, &err), 0);
	assert_int_equal(told.faults, 1); /* one line, however long */
	rmt_wire_clear(&wire);
	for (size_t i = 0; i < sizeof noise; i += 2)
		noise[i] = i % 100 ? '\0' : '\n';
	write_file(file, noise, sizeof noise);
	assert_int_equal(rmt_wire_inputs(ctx, &options, (struct remint_strings){NULL, 0}, &wire, &err), 0);
	assert_int_equal(told.faults, 2); /* what holds NUL bytes is not read on */
	rmt_wire_clear(&wire);
	options.lists.items = &absent;
	assert_int_equal(rmt_wire_inputs(ctx, &options, (struct remint_strings){NULL, 0}, &wire, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, "absent");
	rmt_wire_clear(&wire);
	remint_free(ctx);
}

/* ---- what is served ---------------------------------------------------------------------------------------------------- */

/* A server in a thread, with a certificate that it makes for itself. */
struct server {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ready, ended;
	char address[64], sha256[65];
	int stop[2];
};

static int server_ready(void *arg, const struct remint_peer_ready *ready)
{
	struct server *server = arg;

	pthread_mutex_lock(&server->lock);
	snprintf(server->address, sizeof server->address, "%s", ready->address);
	snprintf(server->sha256, sizeof server->sha256, "%s", ready->sha256);
	server->ready = true;
	pthread_cond_signal(&server->changed);
	pthread_mutex_unlock(&server->lock);
	return 0;
}

static void *server_run(void *arg)
{
	struct server *server = arg;
	struct remint *ctx = remint_new();
	struct remint_peer_options options = {.target = "nginx", .seconds = 60, .stop = server->stop[0]};

	remint_peer(ctx, &options, server_ready, NULL, server, NULL);
	remint_free(ctx);
	pthread_mutex_lock(&server->lock);
	server->ended = true;
	pthread_cond_signal(&server->changed);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

static void server_start(struct server *server)
{
	*server = (struct server){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	assert_int_equal(pipe(server->stop), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
	pthread_mutex_lock(&server->lock);
	while (!server->ready && !server->ended)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
	assert_true(server->ready);
}

static void server_stop(struct server *server)
{
	assert_int_equal(write(server->stop[1], "", 1), 1);
	pthread_join(server->thread, NULL);
	close(server->stop[0]);
	close(server->stop[1]);
}

/* The certificate with which the address proves itself. */
static void expect_leaf(const struct rmt_wire_node *node, const char *sha256)
{
	unsigned char hash[RMT_SHA256];
	struct rmt_buf hex = {0};

	assert_int_equal(rmt_cert_fingerprint(node->sent[rmt_wire_leaf(node)], hash, NULL), 0);
	rmt_hex(rmt_span_of(hash, sizeof hash), 0, &hex);
	assert_string_equal(rmt_buf_string(&hex), sha256);
	rmt_buf_free(&hex);
}

static void what_is_served_is_told_in_order(void **state)
{
	const struct remint_wire options = {.timeout = 5000};
	struct remint *ctx = remint_new();
	struct server one, two, three;
	struct rmt_wire wire;
	struct rmt_err err = {0};
	char gone[64];
	const char *list[] = {two.address, gone, "nowhere.invalid:443", one.address};

	(void)state;
	server_start(&one);
	server_start(&two);
	server_start(&three);
	snprintf(gone, sizeof gone, "%s", three.address);
	server_stop(&three);
	assert_int_equal(rmt_wire_open(ctx, &options, (struct remint_strings){list, 4}, &wire, &err), 0);
	assert_int_equal(wire.count, 4);
	assert_int_equal(wire.node_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(wire.inputs[i].count, 1);
		assert_int_equal(wire.inputs[i].first, i);
		assert_string_equal(wire.inputs[i].name, list[i]);
		assert_string_equal(wire.nodes[i].address, i == 2 ? "" : list[i]);
		assert_true((wire.nodes[i].sent_count == 0) == (wire.nodes[i].seen.err.class != RMT_NONE));
	}
	expect_leaf(&wire.nodes[0], two.sha256);
	assert_int_equal(wire.nodes[1].seen.err.class, RMT_NETWORK);
	assert_int_equal(wire.nodes[2].seen.err.class, RMT_NETWORK);
	expect_leaf(&wire.nodes[3], one.sha256);
	rmt_wire_clear(&wire);
	server_stop(&one);
	server_stop(&two);
	remint_free(ctx);
}

static void a_file_is_no_endpoint(void **state)
{
	const char *list[] = {"old.pem"};
	const struct remint_wire options = {0};
	struct remint *ctx = remint_new();
	struct rmt_err err = {0};
	struct rmt_wire wire;

	(void)state;
	assert_int_equal(rmt_wire_open(ctx, &options, (struct remint_strings){list, 1}, &wire, &err), 0);
	assert_int_equal(wire.count, 1);
	assert_null(wire.inputs[0].name);
	assert_int_equal(wire.node_count, 0);
	rmt_wire_clear(&wire);
	remint_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_an_endpoint),
		cmocka_unit_test(lists_are_read_line_by_line),
		cmocka_unit_test(a_list_that_is_none_is_told_once),
		cmocka_unit_test(what_is_served_is_told_in_order),
		cmocka_unit_test(a_file_is_no_endpoint),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
