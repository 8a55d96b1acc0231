/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/base.h - the face of the lowest room: errors, buffers, secrets, files, clock, random, hash, text, threads.
 *
 * Everything above is built on these few types. The room knows nothing of X.509, of configuration or of SQL; it is the
 * only one that reads the clock, the environment and the random generator.
 */
#ifndef RMT_BASE_H
#define RMT_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RMT_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* ---- span: a borrowed piece of memory --------------------------------------------------------------------------- */

/* A view into bytes that somebody else owns. {NULL, 0} is the empty, absent view. */
struct rmt_span {
	const unsigned char *at;
	size_t length;
};

struct rmt_span rmt_span_of(const void *bytes, size_t length);
struct rmt_span rmt_span_text(const char *text); /* the bytes of a string, without its NUL */
struct rmt_span rmt_span_unmarked(struct rmt_span text); /* without the UTF-8 byte order mark that some editors put first */
bool rmt_span_equal(struct rmt_span a, struct rmt_span b);
int rmt_span_compare(struct rmt_span a, struct rmt_span b); /* as memcmp; the shorter prefix sorts first */

/* ---- errors ----------------------------------------------------------------------------------------------------- */

/* What kind of failure: decides the exit status of the command (DESIGN: 2 3 4 5 6 7 70; RMT_NEGATIVE is 1). */
enum rmt_class {
	RMT_NONE = 0,
	RMT_NEGATIVE, /* a correct negative answer */
	RMT_USAGE,    /* the call itself makes no sense */
	RMT_INPUT,    /* an input cannot be read or understood */
	RMT_POLICY,   /* refused by a template, a target or a safety rule */
	RMT_NETWORK,
	RMT_DATABASE,
	RMT_SECRET,   /* passphrase missing or wrong, key missing or unfit */
	RMT_INTERNAL, /* out of memory, a library failed where it should not */
};

/* One failure. Plain arrays, so that reporting out-of-memory needs no memory. Zero-initialise before use. */
struct rmt_err {
	enum rmt_class class;
	char source[256];   /* the input: file name, "-" or "" */
	char place[160];    /* where in the input: "line 12", "tbs.extensions.san[2]", "offset 41" or "" */
	char message[512];  /* one sentence in plain words, without a final full stop */
	char citation[256]; /* "RFC 5280, 4.2.1.9" or "" */
};

/* Record a failure and return -1. The first failure is kept: later calls on a set error change nothing. `err` may be
 * NULL. `place` may be NULL. */
int rmt_err_set(struct rmt_err *err, enum rmt_class class, const char *place, const char *format, ...) RMT_PRINTF(4, 5);
/* The same with a citation. */
int rmt_err_cite(struct rmt_err *err, enum rmt_class class, const char *place, const char *citation,
                 const char *format, ...) RMT_PRINTF(5, 6);
/* The same, with what OpenSSL's queue says (its last reason) appended in brackets; the queue is emptied. */
int rmt_err_openssl(struct rmt_err *err, enum rmt_class class, const char *place, const char *format, ...)
    RMT_PRINTF(4, 5);
int rmt_err_memory(struct rmt_err *err);                         /* RMT_INTERNAL "out of memory" */
/* Memory ran out in this thread: every failure from now on says so, whatever it takes for its reason. A verb that begins forgets it. */
void rmt_err_memory_note(void);
bool rmt_err_memory_noted(void); /* so nothing may be committed or released any more: what was made may lack something */
void rmt_err_memory_forget(void);
int rmt_err_errno(struct rmt_err *err, enum rmt_class class, const char *path, const char *doing); /* "cannot <doing>: strerror"; source = path */
void rmt_err_source(struct rmt_err *err, const char *source);    /* name the input if it has no name yet */
void rmt_err_within(struct rmt_err *err, const char *outer);     /* put "outer." before the place */
void rmt_err_clear(struct rmt_err *err);
const char *rmt_class_name(enum rmt_class class); /* "usage", "input", "policy", ... as in JSON */

/* ---- growing buffer --------------------------------------------------------------------------------------------- */

/* Bytes that grow. A failed allocation is remembered in `failed`, so that a sequence of appends is checked once at its
 * end. The bytes are always followed by a NUL that is not counted. Zero-initialise before use. */
struct rmt_buf {
	unsigned char *bytes;
	size_t length;
	size_t capacity;
	bool failed;
	bool secret; /* set by rmt_buf_secret(): wiped on growth and on free */
};

void rmt_buf_secret(struct rmt_buf *buf);
void rmt_buf_append(struct rmt_buf *buf, const void *bytes, size_t length);
void rmt_buf_span(struct rmt_buf *buf, struct rmt_span span);
void rmt_buf_text(struct rmt_buf *buf, const char *text);
void rmt_buf_byte(struct rmt_buf *buf, unsigned char byte);
void rmt_buf_format(struct rmt_buf *buf, const char *format, ...) RMT_PRINTF(2, 3);
void rmt_buf_reserve(struct rmt_buf *buf, size_t more); /* room for `more` further bytes without reallocation */
void rmt_buf_clear(struct rmt_buf *buf);                /* length 0, memory kept, `failed` reset */
void rmt_buf_free(struct rmt_buf *buf);                 /* back to zero-initialised */
struct rmt_span rmt_buf_view(const struct rmt_buf *buf);
const char *rmt_buf_string(const struct rmt_buf *buf);  /* "" when empty; borrowed until the next append */
char *rmt_buf_take(struct rmt_buf *buf);                /* the caller's malloc'd bytes (NUL-terminated); NULL if failed */
int rmt_buf_check(const struct rmt_buf *buf, struct rmt_err *err); /* -1 and out of memory if an append failed */

/* ---- secrets ---------------------------------------------------------------------------------------------------- */

/* A passphrase or other secret: its own memory, wiped on free. */
struct rmt_secret;
struct rmt_secret *rmt_secret_new(const void *bytes, size_t length, struct rmt_err *err);
/* The first line of a file or descriptor, without its line end; at most 4096 bytes. `path` must not be readable by
 * others (mode & 077 is refused with RMT_SECRET) unless it is not a regular file. */
struct rmt_secret *rmt_secret_read_file(const char *path, struct rmt_err *err);
struct rmt_secret *rmt_secret_read_fd(int fd, struct rmt_err *err);
struct rmt_secret *rmt_secret_dup(const struct rmt_secret *secret, struct rmt_err *err);
const char *rmt_secret_text(const struct rmt_secret *secret); /* NUL-terminated, borrowed */
size_t rmt_secret_length(const struct rmt_secret *secret);
void rmt_secret_free(struct rmt_secret *secret);
void rmt_wipe(void *bytes, size_t length);
/* Best effort, once per process: no core dumps, not dumpable, umask 077. */
void rmt_process_harden(void);
/* Give a file that is no secret `mode`, less what the umask took before the process was hardened. 0, or -1 with errno. */
int rmt_process_share(int fd, mode_t mode);

/* ---- files ------------------------------------------------------------------------------------------------------ */

enum { RMT_CAP_CONFIG = 1 << 20, RMT_CAP_REQUEST = 64 << 10, RMT_CAP_CONTAINER = 16 << 20, RMT_CAP_CRL = 128 << 20 };

/* The whole of a regular file, pipe, terminal or "-" (standard input) appended to `out`, which stays as it was on
 * failure. Refused with a clear sentence: a directory, a device without end, more than `cap` bytes, a named pipe that
 * has no writer within a second. */
int rmt_file_read(const char *path, size_t cap, struct rmt_buf *out, struct rmt_err *err);

/* Up to `most` bytes of a regular file from `offset` on, appended to `out`: 1; 0 where there is none, or no regular one; -1. */
int rmt_file_piece(const char *path, uint64_t offset, size_t most, struct rmt_buf *out, struct rmt_err *err);

/* One file to be written: name within the directory (a plain name, no slash), mode and content. What others may read gets its mode
 * less what the umask took before rmt_process_harden(); any other mode counts as stated. */
struct rmt_output {
	const char *name;
	mode_t mode;
	struct rmt_span content;
};

/* Write a set of files into `directory` (created 0700 when absent) all or nothing: none may exist unless `force`, which
 * replaces regular files and nothing else, in particular no symbolic links; every one is written to a temporary name
 * with O_NOFOLLOW|O_EXCL, synced, then renamed, then the directory is synced. On failure nothing new remains and what
 * was replaced is put back (where the file system cannot exchange two names, it stays replaced). What stands in the
 * way is RMT_POLICY, what the system refuses is RMT_INPUT. */
int rmt_files_write(const char *directory, const struct rmt_output *outputs, size_t count, bool force,
                    struct rmt_err *err);
/* Before there is any content: would rmt_files_write() find a place for each of these names? Changes nothing. */
int rmt_files_check(const char *directory, const struct rmt_output *outputs, size_t count, bool force,
                    struct rmt_err *err);
/* Take away the temporary files that processes killed in rmt_files_write() left in a directory that nobody else writes to now. */
int rmt_files_sweep(const char *directory, struct rmt_err *err);
/* One file by its path, in the same way. */
int rmt_file_write(const char *path, struct rmt_span content, mode_t mode, bool force, struct rmt_err *err);
int rmt_file_check(const char *path, bool force, struct rmt_err *err); /* would rmt_file_write() find a place? */
int rmt_directory_create(const char *path, struct rmt_err *err); /* 0700; an existing directory is fine */
bool rmt_path_exists(const char *path);
int rmt_path_stands(const char *path, struct rmt_err *err); /* the same, but 1, 0, -1: for what would be wrong if a fault were taken for absence */
bool rmt_path_is_directory(const char *path);
int rmt_path_room(const char *path, uint64_t *bytes, struct rmt_err *err); /* free on its file system for this user */
bool rmt_path_is_regular(const char *path); /* a file that can be read again, through links too */
/* Regular files below `path` in byte order of their path, directories entered to depth 32, symbolic links to files
 * read, links to directories not entered. `visit` returns 0 to go on, anything else to stop with that value. Faults of
 * single entries go to `fault` (may be NULL) and the walk goes on. */
int rmt_directory_walk(const char *path, int (*visit)(void *arg, const char *path),
                       void (*fault)(void *arg, const struct rmt_err *err), void *arg, struct rmt_err *err);
/* A file of any size copied to a new one (0600, synced), or with `to` NULL only read: the SHA-256 and the size of what went by. What
 * is in the way of `to` is refused. */
int rmt_file_copy(const char *from, const char *to, unsigned char sha256[32], uint64_t *size, struct rmt_err *err);
/* A directory that is complete when it appears: made 0700 beside `path` under a temporary name (freed by the caller), filled by the caller,
 * then synced and put into its place, or removed with all that is in it. What exists is RMT_POLICY and never replaced. */
char *rmt_tree_new(const char *path, struct rmt_err *err);
int rmt_tree_place(const char *temporary, const char *path, struct rmt_err *err);
int rmt_tree_move(const char *from, const char *to, struct rmt_err *err); /* a rename that replaces nothing, made durable */
void rmt_tree_remove(const char *temporary); /* NULL is fine */
/* One file in the making, of any size, under a temporary name in `directory` (created 0700 when absent): appended to, patched, read back
 * and put in its place, synced, where it replaces a regular file and nothing else (RMT_POLICY). */
struct rmt_writer;
struct rmt_writer *rmt_writer_new(const char *directory, const char *name, mode_t mode, struct rmt_err *err);
int rmt_writer_append(struct rmt_writer *writer, struct rmt_span bytes, struct rmt_err *err);
int rmt_writer_patch(struct rmt_writer *writer, size_t at, struct rmt_span bytes, struct rmt_err *err); /* over what was appended */
/* What was appended is forgotten, and appending begins anew; from now on it is known by a secret checksum. */
int rmt_writer_begin(struct rmt_writer *writer, struct rmt_err *err);
/* All that was appended since in pieces, once, read back from the file; RMT_INPUT when it is not what was appended: what `take` made
 * of it is not to be used then. Stops with what `take` returns unless it is 0. */
int rmt_writer_again(struct rmt_writer *writer, int (*take)(void *to, struct rmt_span piece, struct rmt_err *err), void *to, struct rmt_err *err);
/* All of it, once nothing more is appended; lives as long as the writer. Pages are let go of by rmt_writer_seen(), and come back when read. */
int rmt_writer_view(struct rmt_writer *writer, struct rmt_span *out, struct rmt_err *err);
void rmt_writer_seen(struct rmt_writer *writer);
int rmt_writer_ready(struct rmt_writer *writer, struct rmt_err *err); /* complete and durable, so that little can go wrong any more */
int rmt_writer_place(struct rmt_writer *writer, struct rmt_err *err); /* in its place, once it is ready */
void rmt_writer_withdraw(struct rmt_writer *writer); /* out of it, where nothing stood before: something that goes with it failed */
void rmt_writer_free(struct rmt_writer *writer); /* NULL-safe; what was not placed is gone */
char *rmt_path_join(const char *directory, const char *name, struct rmt_err *err);
const char *rmt_path_leaf(const char *path); /* the part after the last slash, borrowed */
/* A label made safe as a file name: [A-Za-z0-9._-], any other character becomes '-', a leading dot or dash '_', at most
 * 64 bytes, never empty: "*.example.com" gives "_.example.com". */
void rmt_file_label(const char *text, char out[65]);

/* A file or pipe read in pieces, for inputs too large to hold. */
struct rmt_stream;
struct rmt_stream *rmt_stream_open(const char *path, struct rmt_err *err); /* "-" is standard input */
struct rmt_stream *rmt_stream_mem(const char *name, struct rmt_span bytes, struct rmt_err *err); /* bytes borrowed */
/* The next line without its end (LF, CRLF or CR), borrowed until the next call; 1 a line, 0 the end, -1 an error. A
 * line longer than `cap` bytes is returned in pieces of at most `cap`, each of them with *whole false, also the last;
 * the line number stays that of the line. `whole` may be NULL. */
int rmt_stream_line(struct rmt_stream *stream, size_t cap, struct rmt_span *line, bool *whole, struct rmt_err *err);
/* Up to `want` bytes ahead without consuming them (want <= 64 KiB); fewer at the end. */
int rmt_stream_peek(struct rmt_stream *stream, size_t want, struct rmt_span *ahead, struct rmt_err *err);
int rmt_stream_rest(struct rmt_stream *stream, size_t cap, struct rmt_buf *out, struct rmt_err *err); /* all that is left */
uint64_t rmt_stream_offset(const struct rmt_stream *stream); /* bytes consumed so far */
size_t rmt_stream_line_number(const struct rmt_stream *stream); /* of the line returned last, from 1 */
/* Whether it may never end: a pipe, a terminal, a file that does not say its size. */
bool rmt_stream_endless(const struct rmt_stream *stream);
/* From now on all bytes that come are appended to `kept` too, for a second reading; more than `cap` of them are an error. */
void rmt_stream_keep(struct rmt_stream *stream, struct rmt_buf *kept, size_t cap);
void rmt_stream_free(struct rmt_stream *stream);

/* ---- time ------------------------------------------------------------------------------------------------------- */

typedef int64_t rmt_time; /* seconds since 1970-01-01T00:00:00Z; the one typedef, since time_t may be 32 bits */
#define RMT_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z, RFC 5280, 4.1.2.5 */
#define RMT_DAY INT64_C(86400)

rmt_time rmt_clock_now(void);                                       /* the system clock */
uint64_t rmt_clock_ticks(void);                                     /* milliseconds that only go forward, for deadlines */
/* -1 when there is no such day or time of day, or the year is not 0 to 9999; `out` is then unchanged. */
int rmt_time_from_civil(int year, int month, int day, int hour, int minute, int second, rmt_time *out);
void rmt_time_to_civil(rmt_time time, int civil[6]);                /* clamped to the years 0 to 9999 */
void rmt_time_text(rmt_time time, char out[32]);                    /* "2026-11-22T05:53:15Z" */
/* RFC 3339 date or date-time: "2027-01-31" is its midnight, offsets are honoured, fractions of a second dropped. Faults
 * here and in the quantities below are RMT_INPUT; a caller who parses an option makes them RMT_USAGE. */
int rmt_time_parse(const char *text, rmt_time *out, struct rmt_err *err);

/* ---- quantities (libconfig and getopt both hand us strings) ------------------------------------------------------- */

int rmt_quantity_count(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct rmt_err *err); /* "4096", "4k", "16M" (powers of 1024) */
int rmt_quantity_duration(const char *text, int64_t *seconds, struct rmt_err *err); /* "90d" "12h" "30m" "10y"(365d) "45s" "6w" */
int rmt_quantity_mode(const char *text, mode_t *out, struct rmt_err *err);          /* "0640": octal, always with the leading 0 */

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* Text for a terminal: C0, DEL, C1, bidi controls, zero-width and other invisible format characters, and bytes that are not UTF-8 become
 * \xHH or \u{HEX}; backslashes that would read as the start of such an escape are doubled, so that the result is unambiguous. */
void rmt_safe_text(struct rmt_span text, struct rmt_buf *out);
/* Text for a message or a report, which its reader makes safe later: as it is when it is UTF-8 without NUL, else by rmt_safe_text(). */
void rmt_plain_text(struct rmt_span text, struct rmt_buf *out);
bool rmt_utf8_valid(struct rmt_span text);
/* The character at the beginning of `text` and its length in bytes; 0 when there is none. */
size_t rmt_utf8_character(struct rmt_span text, uint32_t *character);
/* Beyond ASCII: a character that a terminal or an editor acts on, or that changes or hides what stands around it. */
bool rmt_text_unseen(uint32_t character);
void rmt_hex(struct rmt_span bytes, char separator, struct rmt_buf *out); /* lower case; separator 0 for none */
int rmt_hex_decode(const char *text, struct rmt_buf *out, struct rmt_err *err); /* colons and spaces between bytes allowed */
/* Base64 (RFC 4648, 4). `width` 0 for one line without an end, else line length (rounded down to a multiple of 4);
 * `line_end` "\n" or "\r\n", also behind the last line. */
void rmt_base64_encode(struct rmt_span bytes, size_t width, const char *line_end, struct rmt_buf *out);
/* White space is skipped; anything else outside the alphabet, or padding in the wrong place, is an error with the offset. */
int rmt_base64_decode(struct rmt_span text, struct rmt_buf *out, struct rmt_err *err);
/* The candidate nearest to `word` (edit distance at most 1/3 of its length), else the only one that begins with its three or more letters, or NULL. `candidates` ends with NULL. */
const char *rmt_nearest(const char *word, const char *const *candidates);
char *rmt_strdup(const char *text, struct rmt_err *err);
char *rmt_strndup(const char *text, size_t length, struct rmt_err *err);

/* ---- hash and random (OpenSSL's, fetched once per process) ------------------------------------------------------- */

#define RMT_SHA256 32
int rmt_sha256(struct rmt_span bytes, unsigned char out[RMT_SHA256], struct rmt_err *err);
/* SHA-256 of bytes that come in pieces. */
struct rmt_hasher;
struct rmt_hasher *rmt_hasher_new(struct rmt_err *err);
int rmt_hasher_add(struct rmt_hasher *hasher, struct rmt_span piece, struct rmt_err *err);
int rmt_hasher_end(struct rmt_hasher *hasher, unsigned char out[RMT_SHA256], struct rmt_err *err);
void rmt_hasher_free(struct rmt_hasher *hasher); /* NULL-safe */
int rmt_sha1(struct rmt_span bytes, unsigned char out[20], struct rmt_err *err); /* identifiers and thumbprints only */
int rmt_random(void *bytes, size_t length, struct rmt_err *err);

/* ---- where the program runs (machine.c) ------------------------------------------------------------------------------- */

struct rmt_machine {
	char library[128], system[128], kernel[200], host[65]; /* OpenSSL's own text, the distribution, the kernel; "" unknown */
	unsigned char program[RMT_SHA256];                     /* of the file that runs */
	bool program_known;
};
int rmt_machine_look(struct rmt_machine *out, struct rmt_err *err);

/* ---- what came before (seen.c) --------------------------------------------------------------------------------------- */

/* Begins zeroed. The bytes stay their owner's and must outlive the table. */
struct rmt_seen {
	struct rmt_seen_slot *slots;
	size_t count, room;
	uint64_t key[2];
};
int rmt_seen_add(struct rmt_seen *seen, struct rmt_span bytes, struct rmt_err *err); /* 1: these bytes are new; 0: they came before; -1 */
void rmt_seen_clear(struct rmt_seen *seen);

/* ---- worker pool -------------------------------------------------------------------------------------------------- */

/* Threads that run one loop at a time together: rmt_pool_run() calls work(arg, worker, index) for every index below
 * `count`, spread over the workers (the caller is worker 0), and returns when all are done. A pool of 1 starts no
 * thread. `work` starts no loop on the same pool, never touches shared state without its own lock and reports through
 * what it writes at `index`. */
struct rmt_pool;
struct rmt_pool *rmt_pool_new(size_t workers, struct rmt_err *err); /* 1 to 64 */
size_t rmt_pool_workers(const struct rmt_pool *pool);
void rmt_pool_run(struct rmt_pool *pool, size_t count, void (*work)(void *arg, size_t worker, size_t index), void *arg);
void rmt_pool_free(struct rmt_pool *pool);

#endif
