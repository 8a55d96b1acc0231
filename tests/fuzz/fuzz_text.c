/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that are read line by line. The first line of an input says what the rest is: "index" (rows of index.txt, and their cells as
 * numbers), "hashes" (a blocklist), "inputs" (--list), "transcript" (of a ceremony), "symptoms" (a file of them) or "message" (an error
 * message to explain). Lists of certificates to revoke are not among them: their lines name files and directories, which are opened.
 *
 * A transcript without a signature gets one here, so that what stands behind the check of the signature is reached too. What is refused
 * is refused with a sentence.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { SYMPTOMS_MOST = 5 };

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* The key of the root that the seeds of transcripts hold. */
static const char root_key[] =
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWfKnLCLccF7fSioaUebcQmd0Ng1YJ+3OSM+xNYI0oPehRANCAAQD70LA+WG1TkqZcqIiQ7H7"
    "Sg+9f9GopccTamqCk82a3mSXDixR1BP4fb7MoyBmfzG9F4KnOR1gQgr9KpLMy74u";

static void
refused(const struct rmt_err *err)
{
	MUST(err->class != RMT_NONE && err->class != RMT_INTERNAL && *err->message);
}

/* ---- a place for files ------------------------------------------------------------------------------------------------- */

static struct {
	char path[64], list[96];
	struct remint *ctx;
} world;

static void
remove_all(void)
{
	static const char *const names[] = { "list", "" };
	char path[128];

	remint_free(world.ctx);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", world.path, names[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
}

static void
make_world(void)
{
	snprintf(world.path, sizeof world.path, "%s/fuzz_text.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(world.path) != NULL && atexit(remove_all) == 0);
	snprintf(world.list, sizeof world.list, "%s/list", world.path);
	MUST((world.ctx = remint_new()) != NULL);
}

static struct remint_strings
put_list(struct rmt_span text)
{
	static const char *items[] = { world.list };
	int file = open(world.list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(file >= 0 && write(file, text.at, text.length) == (ssize_t)text.length && close(file) == 0);
	return (struct remint_strings){ items, 1 };
}

/* ---- the readers ----------------------------------------------------------------------------------------------------------- */

static void
as_number(struct rmt_span text)
{
	struct rmt_buf hex = { 0 }, decimal = { 0 };
	struct rmt_err err = { 0 };
	int64_t number;

	if (rmt_serial_from_hex(text, &hex, &err))
		refused(&err);
	else
		MUST(hex.length && hex.length <= RMT_SERIAL_MAX + 1 && !(hex.bytes[0] & 0x80));
	rmt_err_clear(&err);
	if (rmt_serial_from_decimal(text, &decimal, &err))
		refused(&err);
	else
		MUST(decimal.length && decimal.length <= RMT_SERIAL_MAX + 1 && !(decimal.bytes[0] & 0x80));
	rmt_err_clear(&err);
	if (rmt_number_read(text, &number, &err))
		refused(&err);
	else
		MUST(number >= 0);
	rmt_buf_free(&hex);
	rmt_buf_free(&decimal);
}

static void
as_index(struct rmt_span text)
{
	struct rmt_stream *stream = rmt_stream_mem("fuzz", text, NULL);
	struct rmt_index_row row;
	struct rmt_span line;
	bool whole;

	while (stream && rmt_stream_line(stream, 64 << 10, &line, &whole, NULL) > 0) {
		struct rmt_err err = { 0 };

		if (rmt_index_read(line, &row, &err)) {
			refused(&err);
			as_number(line);
			continue;
		}
		MUST(strchr("VRE", row.state) && row.reason >= 0 && row.reason <= 10);
		MUST(row.serial.length && row.serial.at >= line.at && row.subject.at + row.subject.length <= line.at + line.length);
		as_number(row.serial);
	}
	rmt_stream_free(stream);
}

static void
count_hash(void *arg, enum rmt_blocked_kind kind, const unsigned char *hash)
{
	unsigned char copy[RMT_SHA256];
	size_t *count = arg;

	MUST(kind == RMT_BLOCKED_SPKI || kind == RMT_BLOCKED_MODULUS);
	memcpy(copy, hash, kind == RMT_BLOCKED_SPKI ? RMT_SHA256 : RMT_MODULUS_HASH);
	*count += 1 + (copy[0] == copy[1]);
}

static void
as_hashes(struct rmt_span text)
{
	struct rmt_err err = { 0 };
	size_t count = 0;
	int rc = rmt_hash_list_read("fuzz", text, count_hash, &count, &err);

	if (rc < 0)
		refused(&err);
	MUST(rc >= 0 || (*err.place && count));
	MUST(rc != 1 || count);
	MUST(rc != 0 || !count);
}

static void
as_inputs(struct rmt_span text)
{
	struct remint_wire options = { .lists = put_list(text) };
	struct rmt_wire wire;
	struct rmt_err err = { 0 };

	if (rmt_wire_inputs(world.ctx, &options, (struct remint_strings){ 0 }, &wire, &err))
		refused(&err);
	for (size_t i = 0; i < wire.count; i++)
		MUST(*wire.inputs[i].text);
	rmt_wire_clear(&wire);
}

/* What is signed is taken, when it begins as it should and holds certificates; any other byte is told. */
static void
as_transcript(struct rmt_span text)
{
	static struct rmt_key *volatile key; /* kept for ever, and seen to be kept by who looks for leaks */
	static struct rmt_signer *signer;
	struct rmt_transcript transcript;
	struct rmt_buf sealed = { 0 }, der = { 0 };
	struct rmt_span value;
	struct rmt_err err = { 0 };
	size_t title = strlen(rmt_transcript_title), at = 0;

	if (!key) {
		MUST(rmt_base64_decode(rmt_span_text(root_key), &der, NULL) == 0);
		MUST((key = rmt_key_read_der(rmt_buf_view(&der), NULL)) != NULL && (signer = rmt_signer_new(key, NULL, NULL)) != NULL);
		rmt_buf_free(&der);
	}
	rmt_buf_span(&sealed, text);
	if (text.length > title && memcmp(text.at, rmt_transcript_title, title) == 0 && !memmem(text.at, text.length, "[signature", 10))
		MUST(rmt_transcript_seal(&sealed, signer, NULL) == 0);
	if (rmt_transcript_open(rmt_buf_view(&sealed), &transcript, &err)) {
		refused(&err);
	} else {
		MUST(transcript.cert_count && transcript.cert_count <= RMT_TRANSCRIPT_CERTS);
		MUST(transcript.covered.length < sealed.length);
		while (rmt_transcript_field(&transcript, "certificate sha256", &at, &value) == 1)
			MUST(value.at + value.length <= transcript.covered.at + transcript.covered.length);
		sealed.bytes[sealed.length / 2] ^= 1;
		rmt_transcript_clear(&transcript);
		MUST(rmt_transcript_open(rmt_buf_view(&sealed), &transcript, &err) != 0);
	}
	rmt_transcript_clear(&transcript);
	rmt_buf_free(&sealed);
}

static void
as_symptoms(struct rmt_span text)
{
	struct rmt_err err = { 0 };
	struct rmt_symptoms *symptoms = rmt_symptoms_load(world.ctx->policies, *put_list(text).items, &err);

	if (!symptoms)
		refused(&err);
	else
		MUST(*symptoms->title);
	rmt_symptoms_free(symptoms);
}

static void
as_message(struct rmt_span text)
{
	static struct rmt_symptoms *volatile known;
	char *copy = rmt_strndup((const char *)text.at, text.length, NULL);
	struct rmt_symptom_text *message = rmt_symptom_text_new(copy, NULL);

	if (!known)
		MUST((known = rmt_symptoms_load(world.ctx->policies, "openssl", NULL)) != NULL);
	for (size_t i = 0; message && i < known->count && i < SYMPTOMS_MOST; i++)
		rmt_symptom_score(message, &known->entries[i].incident, &known->stack);
	rmt_symptom_text_free(message);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct {
		const char *word;
		void (*read)(struct rmt_span text);
	} readers[] = {
		{ "index", as_index },
		{ "hashes", as_hashes },
		{ "inputs", as_inputs },
		{ "transcript", as_transcript },
		{ "symptoms", as_symptoms },
		{ "message", as_message },
	};
	const uint8_t *end = length ? memchr(bytes, '\n', length) : NULL;

	if (!world.ctx)
		make_world();
	for (size_t i = 0; end && i < sizeof readers / sizeof readers[0]; i++)
		if (rmt_span_equal(rmt_span_of(bytes, (size_t)(end - bytes)), rmt_span_text(readers[i].word)))
			readers[i].read(rmt_span_of(end + 1, length - (size_t)(end - bytes) - 1));
	return 0;
}
