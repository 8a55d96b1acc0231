/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other CAs left, taken over without writing: databases of cfssl, gnoMint and XCA row by row, directories of "openssl ca", and files
 * (revocation lists, listings of certutil, whatever read/ understands), through all phases of an import.
 *
 * The first line of an input says what it is. Records end with the byte 1e and cells with 1f. A record of a database is a table's name
 * and its cells, of which those that begin with # are numbers; those of a directory are index.txt, crlnumber and a certificate. This file
 * stands in for db/foreign.c, so that rows need no SQLite file around them; that one has a harness of its own.
 *
 * Besides surviving: nothing in a source ends an import, each fault is a sentence with its source, and no account counts more than it
 * found.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verb/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { RECORD = 0x1e, CELL = 0x1f, ROWS_MOST = 64, ITERATIONS_MOST = 2 };

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static struct rmt_span
take_until(struct rmt_span *rest, unsigned char end)
{
	const unsigned char *at = rest->length ? memchr(rest->at, end, rest->length) : NULL;
	struct rmt_span part = rmt_span_of(rest->at, at ? (size_t)(at - rest->at) : rest->length);

	*rest = at ? rmt_span_of(at + 1, rest->length - part.length - 1) : rmt_span_of("", 0);
	return part;
}

/* ---- in place of db/foreign.c --------------------------------------------------------------------------------------------- */

struct rmt_db_foreign {
	struct rmt_span records;
};

struct rmt_db_foreign *
rmt_db_foreign_open(const char *path, struct rmt_err *err)
{
	(void)path;
	rmt_err_set(err, RMT_INPUT, NULL, "there are no databases here");
	return NULL;
}

void
rmt_db_foreign_close(struct rmt_db_foreign *foreign)
{
	(void)foreign;
}

bool
rmt_db_foreign_is(const char *path)
{
	(void)path;
	return false;
}

static void
fill_cell(struct rmt_span text, struct rmt_foreign_cell *out)
{
	char digits[32];

	*out = (struct rmt_foreign_cell){ .text = text };
	if (!text.length || text.at[0] != '#')
		return;
	snprintf(digits, sizeof digits, "%.*s", text.length < 30 ? (int)text.length - 1 : 29, (const char *)text.at + 1);
	*out = (struct rmt_foreign_cell){ .is_number = true, .number = strtoll(digits, NULL, 10) };
}

int
rmt_db_foreign_has(struct rmt_db_foreign *foreign, const char *table, const char *const *columns, struct rmt_err *err)
{
	struct rmt_span rest = foreign->records;

	(void)columns;
	(void)err;
	while (rest.length) {
		struct rmt_span row = take_until(&rest, RECORD);

		if (rmt_span_equal(take_until(&row, CELL), rmt_span_text(table)))
			return 1;
	}
	return 0;
}

int
rmt_db_foreign_rows(struct rmt_db_foreign *foreign, const char *table, const char *const *columns,
    int (*visit)(void *arg, int64_t row, const struct rmt_foreign_cell *cells), void *arg, struct rmt_err *err)
{
	struct rmt_foreign_cell cells[RMT_FOREIGN_CELLS_MAX];
	struct rmt_span rest = foreign->records;
	int64_t number = 0;
	int rc = 0;

	(void)err;
	while (rc == 0 && rest.length && number < ROWS_MOST) {
		struct rmt_span row = take_until(&rest, RECORD);

		if (!rmt_span_equal(take_until(&row, CELL), rmt_span_text(table)))
			continue;
		for (size_t i = 0; columns[i]; i++)
			fill_cell(take_until(&row, CELL), &cells[i]);
		rc = visit(arg, ++number, cells);
	}
	return rc;
}

/* ---- a home ------------------------------------------------------------------------------------------------------------------ */

/* The CA of some of the seeds, /CN=home, which signed with P-256; the others are strangers to the home. */
static const char home_ca[] =
    "MIIBYTCCAQagAwIBAgIBETAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARob21lMB4XDTI2MTEyMjE5MDMxNVoXDTQ2MDEyMTE5MDMxNVowDzENMAsGA1UEAwwE"
    "aG9tZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAPvQsD5YbVOSplyoiJDsftKD71/0ailxxNqaoKTzZreZJcOLFHUE/h9vsyjIGZ/Mb0Xgqc5HWBCCv0q"
    "kszLvi6jUzBRMB0GA1UdDgQWBBQkw+IOAglvErN6GcbuIltmw/stbTAfBgNVHSMEGDAWgBQkw+IOAglvErN6GcbuIltmw/stbTAPBgNVHRMBAf8EBTADAQH/"
    "MAoGCCqGSM49BAMCA0kAMEYCIQC2fKgLasyyoSz5h2wg+X4HQyFJAv6XnTWdY8yKTxnnzAIhAP4S8VN+cpL2tVdhoTJwG9vwZGpwb4+rYQMW8edxRJne";

static struct {
	char path[64], source[96], input[96];
	struct remint *ctx;
	struct rmt_home home;
	struct rmt_checker *checker;
} world;

static void
remove_all(void)
{
	static const char *const names[] = { "s/index.txt", "s/crlnumber", "s/cert.pem", "s", "input", "ca.db", "ca.db-wal", "ca.db-shm",
		"lock", "keys", "" };
	char path[128];

	rmt_home_close(&world.home);
	rmt_checker_free(world.checker);
	remint_free(world.ctx);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", world.path, names[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
}

static int
password(void *arg, enum remint_secret_use use, const char *what, unsigned attempt, char *out, size_t size)
{
	(void)arg;
	(void)use;
	(void)what;
	return attempt ? -1 : snprintf(out, size, "secret");
}

static int
on_fault(void *arg, const struct remint_fault *fault)
{
	(void)arg;
	MUST(*fault->source && *fault->message);
	return 0;
}

static void
on_warning(void *arg, const char *sentence)
{
	(void)arg;
	MUST(*sentence);
}

static void
add_ca(struct rmt_db *db)
{
	struct rmt_buf der = { 0 };
	struct rmt_cert cert;
	unsigned char spki[RMT_SHA256];
	struct rmt_db_authority row = { .name = "home", .state = RMT_AUTHORITY_FOREIGN, .crl_uri = "", .ocsp_uri = "", .ca_uri = "",
		.spki_hash = { spki, RMT_SHA256 } };
	int64_t id;

	MUST(rmt_base64_decode(rmt_span_text(home_ca), &der, NULL) == 0);
	MUST(rmt_cert_read(&cert, rmt_buf_view(&der), RMT_STRICT, NULL) == 0 && rmt_spki_hash(cert.spki, spki, NULL) == 0);
	row.cert = cert.der;
	MUST(rmt_db_begin(db, NULL) == 0 && rmt_db_authority_add(db, &row, &id, NULL) == 0 && rmt_db_commit(db, NULL) == 0);
	rmt_buf_free(&der);
}

static void
make_world(void)
{
	struct rmt_db *db;

	snprintf(world.path, sizeof world.path, "%s/fuzz_import.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(world.path) != NULL && atexit(remove_all) == 0);
	snprintf(world.source, sizeof world.source, "%s/s", world.path);
	snprintf(world.input, sizeof world.input, "%s/input", world.path);
	MUST(rmt_directory_create(world.source, NULL) == 0);
	db = rmt_db_open(world.path, RMT_DB_CREATE, 1, NULL);
	MUST(db != NULL);
	add_ca(db);
	rmt_db_close(db);
	world.ctx = remint_new();
	MUST(world.ctx != NULL && remint_set_home(world.ctx, world.path) == 0);
	remint_set_max_iterations(world.ctx, ITERATIONS_MOST);
	remint_set_password(world.ctx, password, NULL);
	remint_set_fault(world.ctx, on_fault, NULL);
	remint_set_warning(world.ctx, on_warning, NULL);
	remint_set_clock(world.ctx, 1800000000);
	MUST(rmt_home_open(world.ctx, RMT_DB_READ, &world.home, NULL) == 0);
	MUST((world.checker = rmt_checker_new(NULL)) != NULL);
}

/* ---- one import -------------------------------------------------------------------------------------------------------------- */

static void
put_file(const char *directory, const char *name, struct rmt_span bytes)
{
	char path[128];
	int file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(file >= 0 && write(file, bytes.at, bytes.length) == (ssize_t)bytes.length && close(file) == 0);
}

static void
is_sound(const struct remint_tally *count)
{
	MUST(count->known + count->added <= count->found);
}

static void
run_import(const struct rmt_import_kind *kind, const char *path, struct rmt_db_foreign *foreign)
{
	static const struct remint_import_options options = { .commit = false };
	struct rmt_wire_input input = { 0 };
	struct rmt_import_source source = { .path = path, .kind = kind, .foreign = foreign, .told = { .kind = kind->name, .source = path } };
	struct rmt_import run = { .ctx = world.ctx, .options = &options, .home = world.home, .checker = world.checker,
		.reader = rmt_verb_reader(world.ctx), .now = rmt_verb_now(world.ctx), .sources = &source, .source_count = 1,
		.wire = { .ctx = world.ctx, .inputs = &input, .count = 1 } };

	rmt_verb_begin(world.ctx);
	run.reader.object = rmt_import_object;
	run.reader.fault = rmt_import_fault;
	run.reader.arg = &run;
	MUST(rmt_import_phases(&run, &world.ctx->err) == 0);
	MUST(!run.open && !run.written && rmt_import_tell(&run, NULL, NULL, &world.ctx->err) == 0);
	is_sound(&source.told.certificates);
	is_sound(&source.told.keys);
	is_sound(&source.told.revocations);
	rmt_import_cas_clear(&run);
	rmt_set_clear(&run.set);
	rmt_arena_free(&run.arena);
	rmt_verb_end(world.ctx, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct rmt_import_kind kinds[] = {
		{ "cfssl", NULL, rmt_cfssl_read },
		{ "gnomint", NULL, rmt_gnomint_read },
		{ "xca", NULL, rmt_xca_read },
		{ "openssl", NULL, rmt_openssl_read },
		{ "files", NULL, rmt_files_read },
	};
	struct rmt_span rest = rmt_span_of(bytes, length), word = take_until(&rest, '\n');
	struct rmt_db_foreign foreign = { rest };

	if (!world.ctx)
		make_world();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!rmt_span_equal(word, rmt_span_text(kinds[i].name)))
			continue;
		if (kinds[i].read == rmt_openssl_read) {
			put_file(world.source, "index.txt", take_until(&rest, RECORD));
			put_file(world.source, "crlnumber", take_until(&rest, RECORD));
			put_file(world.source, "cert.pem", rest);
		} else if (kinds[i].read == rmt_files_read) {
			put_file(world.path, "input", rest);
		}
		run_import(&kinds[i], kinds[i].read == rmt_openssl_read ? world.source : world.input, &foreign);
	}
	return 0;
}
