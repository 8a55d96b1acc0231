/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of base/: reading and writing files, walking directories, secrets. Every test has a
 * directory of its own. What root may do and others may not is checked by a child that has become
 * nobody.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/local.h"
#include "unit/test_base.h"

/* ---- scenery ----------------------------------------------------------------------------------
 */

static char place[64]; /* the directory of the running test, which is the current one */
static int home = -1;  /* where we came from */

static int
enter_place(void **state)
{
	(void)state;
	home = open(".", O_RDONLY | O_DIRECTORY);
	snprintf(place, sizeof place, "/tmp/remint-base-XXXXXX");
	return mkdtemp(place) == NULL || chdir(place) != 0 || chmod(".", 0777) != 0 ? -1 : 0;
}

static void
remove_tree(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct dirent *found;
	DIR *stream;

	if (fd < 0) {
		unlinkat(parent, name, 0);
		return;
	}
	fchmod(fd, 0700);
	stream = fdopendir(fd);
	while ((found = readdir(stream)) != NULL)
		if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
			remove_tree(fd, found->d_name);
	closedir(stream);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static int
leave_place(void **state)
{
	int rc = fchdir(home);

	(void)state;
	close(home);
	remove_tree(AT_FDCWD, place);
	return rc;
}

static void
put_file(const char *path, const char *content, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
assert_content(const char *path, const char *content)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_file_read(path, 1 << 20, &bytes, &err), 0);
	assert_string_equal(rmt_buf_string(&bytes), content);
	rmt_buf_free(&bytes);
}

/* How many names the directory has, hidden ones included. */
static int
count_names(const char *path)
{
	DIR *stream = opendir(path);
	int count = -2;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count;
}

/* Runs `act` in a child that is nobody; what it returns is its exit status. A child cannot assert.
 */
static int
as_nobody(int (*act)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(99);
		_exit(act());
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- faults: these two stand before the C library's ---------------------------------------------
 */

static struct {
	int rename_call;     /* this call of renameat2 ... */
	int rename_errno;    /* ... fails so; 0 for none */
	bool rename_always;  /* or every one does */
	const char *appears; /* a file that somebody else makes just before that call */
	int sync_call, sync_errno;
	int renames, syncs; /* calls so far */
} fault;

int
renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags)
{
	fault.renames++;
	if (fault.renames == fault.rename_call && fault.appears != NULL)
		put_file(fault.appears, "somebody else's", 0600);
	if (fault.rename_errno != 0 &&
	    (fault.rename_always || fault.renames == fault.rename_call)) {
		errno = fault.rename_errno;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

int
fsync(int fd)
{
	fault.syncs++;
	if (fault.syncs == fault.sync_call) {
		errno = fault.sync_errno;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static const struct refusal_row {
	const char *sentence;
	const char *path;
	const char *message;
} refusal_rows[] = {
	{ "a missing file is named", "missing.pem", "cannot open: No such file or directory" },
	{ "a directory is no file", ".", "this is a directory, not a file" },
	{ "/dev/zero has no end", "/dev/zero", "this is a device without an end, not a file" },
	{ "/dev/urandom has no end", "/dev/urandom",
	    "this is a device without an end, not a file" },
	{ "a named pipe without a writer is not waited for long", "pipe",
	    "this is a named pipe and nobody writes to it" },
	{ "a file larger than the cap is refused", "eleven",
	    "this is larger than the 10 bytes that are read here" },
	{ "a file that hides its size is refused at the cap", "/proc/self/status",
	    "this is larger than the 10 bytes that are read here" },
};

static void
check_refusal(void **state)
{
	const struct refusal_row *row = *state;
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };

	put_file("eleven", "01234567890", 0600);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	rmt_buf_text(&bytes, "before");
	assert_int_equal(rmt_file_read(row->path, 10, &bytes, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, row->path);
	assert_string_equal(err.message, row->message);
	assert_string_equal(rmt_buf_string(&bytes), "before");
	rmt_buf_free(&bytes);
}

/* A sparse file of a terabyte: refused by its size, before a byte of it is read or memory for it
 * asked for. */
static void
huge_file_is_refused_unread(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	int fd = open("huge", O_RDWR | O_CREAT, 0600);

	(void)state;
	if (ftruncate(fd, (off_t)1 << 40) != 0) {
		close(fd);
		skip();
	}
	close(fd);
	assert_int_equal(rmt_file_read("huge", RMT_CAP_CRL, &bytes, &err), -1);
	assert_string_equal(err.message, "this is larger than the 128 MiB that are read here");
	assert_null(bytes.bytes);
}

static void
whole_files_are_read(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	put_file("ten", "0123456789", 0600);
	put_file("empty", "", 0600);
	assert_int_equal(symlink("ten", "link"), 0);
	assert_int_equal(rmt_file_read("ten", 10, &bytes, &err), 0);
	assert_int_equal(rmt_file_read("empty", 0, &bytes, &err), 0);
	assert_int_equal(rmt_file_read("/dev/null", 10, &bytes, &err), 0);
	assert_int_equal(rmt_file_read("link", SIZE_MAX, &bytes, &err), 0);
	assert_string_equal(rmt_buf_string(&bytes), "01234567890123456789");
	rmt_buf_free(&bytes);
}

/* The buffer is as large as the file and little more, although the end of the file has to be met.
 */
static void
file_is_read_into_its_size(void **state)
{
	struct rmt_buf content = { 0 }, bytes = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	for (int i = 0; i < 1000000; i++)
		rmt_buf_byte(&content, 'c');
	put_file("million", rmt_buf_string(&content), 0600);
	assert_int_equal(rmt_file_read("million", 1 << 20, &bytes, &err), 0);
	assert_int_equal(bytes.length, 1000000);
	assert_true(bytes.capacity < 1000100);
	rmt_buf_free(&content);
	rmt_buf_free(&bytes);
}

static void
unreadable_size_is_read_to_the_end(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_file_read("/proc/self/status", 1 << 20, &bytes, &err), 0);
	assert_memory_equal(rmt_buf_string(&bytes), "Name:", 5);
	rmt_buf_free(&bytes);
}

static void
standard_input_is_a_dash(void **state)
{
	int kept = dup(STDIN_FILENO), fd;
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	put_file("in", "skip this: hello", 0600);
	fd = open("in", O_RDONLY);
	lseek(fd, 11, SEEK_SET);
	dup2(fd, STDIN_FILENO);
	close(fd);
	assert_int_equal(rmt_file_read("-", 5, &bytes, &err), 0);
	assert_string_equal(rmt_buf_string(&bytes), "hello");
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	dup2(kept, STDIN_FILENO);
	close(kept);
	rmt_buf_free(&bytes);
}

/* What a shell's <(command) gives us: a pipe under /dev/fd. */
static void
process_substitution_is_read(void **state)
{
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	char path[32];
	int ends[2];

	(void)state;
	for (int empty = 0; empty < 2; empty++) {
		assert_int_equal(pipe(ends), 0);
		if (!empty)
			assert_int_equal(write(ends[1], "piped", 5), 5);
		close(ends[1]);
		snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
		rmt_buf_clear(&bytes);
		assert_int_equal(rmt_file_read(path, 5, &bytes, &err), 0);
		assert_string_equal(rmt_buf_string(&bytes), empty ? "" : "piped");
		close(ends[0]);
	}
	rmt_buf_free(&bytes);
}

struct slow_writer {
	long open_after, write_after; /* milliseconds */
};

static void *
write_slowly(void *arg)
{
	const struct slow_writer *slow = arg;
	struct timespec first = { slow->open_after / 1000, slow->open_after % 1000 * 1000000 };
	struct timespec second = { slow->write_after / 1000, slow->write_after % 1000 * 1000000 };
	int fd;

	nanosleep(&first, NULL);
	fd = open("pipe", O_WRONLY);
	nanosleep(&second, NULL);
	if (fd >= 0 && write(fd, "slow", 4) != 4)
		perror("pipe");
	close(fd);
	return NULL;
}

static const struct slow_row {
	const char *sentence;
	struct slow_writer slow;
} slow_rows[] = {
	{ "a writer who opens a named pipe late is waited for", { 300, 0 } },
	{ "a writer who holds a named pipe open may think for long", { 0, 1500 } },
};

static void
check_slow(void **state)
{
	struct slow_row row = *(const struct slow_row *)*state;
	struct rmt_buf bytes = { 0 };
	struct rmt_err err = { 0 };
	pthread_t thread;

	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, write_slowly, &row.slow), 0);
	assert_int_equal(rmt_file_read("pipe", 100, &bytes, &err), 0);
	pthread_join(thread, NULL);
	assert_string_equal(rmt_buf_string(&bytes), "slow");
	rmt_buf_free(&bytes);
}

/* As /proc/kmsg is one; that one is taken away from others by reading it. */
static void
file_that_waits_is_refused(void **state)
{
	struct rmt_source source;
	struct rmt_err err = { 0 };
	char byte;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(rmt_source_open_fd(ends[0], "waits", RMT_INPUT, &source, &err), 0);
	source.regular = true;
	assert_int_equal(rmt_source_read(&source, &byte, 1, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, "waits");
	close(ends[0]);
	close(ends[1]);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static const struct rmt_output pair[] = {
	{ "key.pem", 0600, BYTES("new key") },
	{ "cert.pem", 0644, BYTES("new cert") },
};

static void
set_is_written(void **state)
{
	struct rmt_err err = { 0 };
	struct stat found;

	(void)state;
	umask(077);
	assert_int_equal(rmt_files_write("out", pair, 2, false, &err), 0);
	assert_content("out/key.pem", "new key");
	assert_content("out/cert.pem", "new cert");
	assert_int_equal(stat("out", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0700);
	assert_int_equal(stat("out/key.pem", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	assert_int_equal(stat("out/cert.pem", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	assert_int_equal(count_names("out"), 2);
	umask(022);
	assert_int_equal(rmt_files_write("out", pair, 2, true, &err), 0);
	assert_int_equal(stat("out/key.pem", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	assert_int_equal(stat("out/cert.pem", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0644);
	umask(077);
}

/* A mode that a target states for its key counts as stated, whatever the umask: a service reads it by its group. */
static void
secret_for_a_group_has_its_mode(void **state)
{
	static const struct rmt_output one = { "key.pem", 0640, BYTES("new key") };
	struct rmt_err err = { 0 };
	struct stat found;

	(void)state;
	umask(077);
	assert_int_equal(rmt_files_write("out", &one, 1, false, &err), 0);
	assert_int_equal(stat("out/key.pem", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0640);
}

static void
every_file_and_the_directory_are_synced(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(mkdir("out", 0700), 0);
	memset(&fault, 0, sizeof fault);
	assert_int_equal(rmt_files_write("out", pair, 2, false, &err), 0);
	assert_int_equal(fault.syncs, 3);
}

static void
force_replaces(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_file_write("a.pem", rmt_span_text("one"), 0600, false, &err), 0);
	assert_int_equal(rmt_file_write("a.pem", rmt_span_text("two"), 0600, false, &err), -1);
	assert_int_equal(err.class, RMT_POLICY);
	assert_string_equal(err.source, "a.pem");
	assert_content("a.pem", "one");
	rmt_err_clear(&err);
	assert_int_equal(rmt_file_write("a.pem", rmt_span_text("two"), 0600, true, &err), 0);
	assert_content("a.pem", "two");
	assert_int_equal(count_names("."), 1);
}

static void
paths_are_taken_apart(void **state)
{
	struct rmt_err err = { 0 };
	char path[100];

	(void)state;
	snprintf(path, sizeof path, "%s/new/a.pem", place);
	assert_int_equal(rmt_file_write(path, rmt_span_text("x"), 0600, false, &err), 0);
	assert_content("new/a.pem", "x");
	assert_int_equal(rmt_file_write("new/", rmt_span_text("x"), 0600, true, &err), -1);
	assert_int_equal(err.class, RMT_USAGE);
}

/* One fault in the writing of key.pem and cert.pem. With `old`, both stood there before. */
static const struct write_row {
	const char *sentence;
	bool old, force;
	int rename_call, rename_errno, sync_call;
	bool rename_always;
	const char *appears;
	bool done; /* it succeeds nevertheless */
	int names; /* in the directory afterwards */
	enum rmt_class class;
} write_rows[] = {
	{ .sentence = "the second file cannot be named: the first is taken back",
	    .rename_call = 2,
	    .rename_errno = EIO,
	    .names = 0,
	    .class = RMT_INPUT },
	{ .sentence = "the second file cannot be replaced: the first gets its content back",
	    .old = true,
	    .force = true,
	    .rename_call = 2,
	    .rename_errno = EIO,
	    .names = 2,
	    .class = RMT_INPUT },
	{ .sentence = "a name that is taken meanwhile is not overwritten",
	    .rename_call = 2,
	    .appears = "out/cert.pem",
	    .names = 1,
	    .class = RMT_POLICY },
	{ .sentence = "a file system without the new rename: links make new files",
	    .rename_call = 1,
	    .rename_errno = EINVAL,
	    .rename_always = true,
	    .done = true,
	    .names = 2 },
	{ .sentence = "a kernel without the new rename: a plain one replaces",
	    .old = true,
	    .force = true,
	    .rename_call = 1,
	    .rename_errno = ENOSYS,
	    .rename_always = true,
	    .done = true,
	    .names = 2 },
	{ .sentence = "the first file cannot be synced",
	    .sync_call = 1,
	    .names = 0,
	    .class = RMT_INPUT },
	{ .sentence = "the second file cannot be synced",
	    .sync_call = 2,
	    .names = 0,
	    .class = RMT_INPUT },
	{ .sentence = "the directory cannot be synced",
	    .sync_call = 3,
	    .names = 0,
	    .class = RMT_INPUT },
	{ .sentence = "the directory cannot be synced: old content comes back",
	    .old = true,
	    .force = true,
	    .sync_call = 3,
	    .names = 2,
	    .class = RMT_INPUT },
	{ .sentence = "files that stand in the way are left alone",
	    .old = true,
	    .names = 2,
	    .class = RMT_POLICY },
};

static void
check_write(void **state)
{
	const struct write_row *row = *state;
	struct rmt_err err = { 0 };
	int rc;

	assert_int_equal(mkdir("out", 0700), 0);
	if (row->old) {
		put_file("out/key.pem", "old key", 0600);
		put_file("out/cert.pem", "old cert", 0600);
	}
	memset(&fault, 0, sizeof fault);
	fault.rename_call = row->rename_call;
	fault.rename_errno = row->rename_errno;
	fault.rename_always = row->rename_always;
	fault.appears = row->appears;
	fault.sync_call = row->sync_call;
	fault.sync_errno = EIO;
	rc = rmt_files_write("out", pair, 2, row->force, &err);
	memset(&fault, 0, sizeof fault);

	assert_int_equal(rc, row->done ? 0 : -1);
	assert_int_equal(err.class, row->class);
	assert_int_equal(count_names("out"), row->names);
	if (row->done || row->old) {
		assert_content("out/key.pem", row->done ? "new key" : "old key");
		assert_content("out/cert.pem", row->done ? "new cert" : "old cert");
	}
	if (row->appears != NULL)
		assert_content(row->appears, "somebody else's");
}

/* The disk is full: the second content does not fit. */
static void
full_disk_leaves_nothing(void **state)
{
	static const unsigned char much[100000];
	struct rmt_output outputs[] = { pair[0], { "big.pem", 0600, { much, sizeof much } } };
	struct rlimit before, limit;
	struct rmt_err err = { 0 };
	int rc;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 50000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	rc = rmt_files_write("out", outputs, 2, false, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(rc, -1);
	assert_string_equal(err.source, "out/big.pem");
	assert_string_equal(err.message, "cannot write: File too large");
	assert_false(rmt_path_exists("out"));
}

static const struct obstacle_row {
	const char *sentence;
	const char *name;
	const char *message;
} obstacle_rows[] = {
	{ "a link to a file is not written through", "link",
	    "this is a symbolic link, and links are not written through" },
	{ "a dangling link is not written through", "dangling",
	    "this is a symbolic link, and links are not written through" },
	{ "a link to a directory is not replaced", "link-to-directory",
	    "this is a symbolic link, and links are not written through" },
	{ "a directory is not replaced", "directory",
	    "this is a directory, so that no file can take its place" },
	{ "a named pipe is not replaced", "pipe",
	    "this is not a regular file and is not replaced" },
};

static void
check_obstacle(void **state)
{
	const struct obstacle_row *row = *state;
	struct rmt_output outputs[] = { pair[0], { row->name, 0600, BYTES("new") } };
	struct rmt_err err = { 0 };
	int names;

	put_file("precious", "precious", 0600);
	assert_int_equal(symlink("precious", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_int_equal(symlink("directory", "link-to-directory"), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	names = count_names(".");
	assert_int_equal(rmt_files_check(".", outputs, 2, true, &err), -1);
	assert_string_equal(err.source, row->name);
	assert_string_equal(err.message, row->message);
	rmt_err_clear(&err);
	assert_int_equal(rmt_files_write(".", outputs, 2, true, &err), -1);
	assert_int_equal(err.class, RMT_POLICY);
	assert_string_equal(err.source, row->name);
	assert_string_equal(err.message, row->message);
	assert_int_equal(count_names("."), names);
	assert_content("precious", "precious");
	assert_false(rmt_path_exists("nowhere"));
}

static const struct name_row {
	const char *sentence;
	const char *name;
} name_rows[] = {
	{ "a name does not climb", "../a" },
	{ "a name has no slash", "a/b" },
	{ "a name is not empty", "" },
	{ "a dot is no name", "." },
	{ "two dots are no name", ".." },
	{ "two files do not share a name", "key.pem" },
};

static void
check_name(void **state)
{
	const struct name_row *row = *state;
	struct rmt_output outputs[] = { pair[0], { row->name, 0600, BYTES("x") } };
	struct rmt_err err = { 0 };

	assert_int_equal(rmt_files_write("out", outputs, 2, true, &err), -1);
	assert_int_equal(err.class, RMT_USAGE);
	assert_false(rmt_path_exists("out"));
}

static int
write_where_forbidden(void)
{
	struct rmt_err err = { 0 };

	if (rmt_files_write("shut", pair, 2, true, &err) != -1 || err.class != RMT_INPUT)
		return 1;
	return strcmp(err.message, "cannot create: Permission denied") == 0 ? 0 : 2;
}

static void
forbidden_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir("shut", 0755), 0);
	assert_int_equal(chmod("shut", 0555), 0);
	assert_int_equal(as_nobody(write_where_forbidden), 0);
	assert_int_equal(count_names("shut"), 0);
}

static const struct beforehand_row {
	const char *sentence;
	const char *directory;
	bool force;
	const char *message; /* NULL: nothing is in the way */
} beforehand_rows[] = {
	{ "a directory that can be made will do", "new", false, NULL },
	{ "so will one with a slash behind it", "new/", false, NULL },
	{ "an empty directory will do", "empty", false, NULL },
	{ "a directory below one that is missing will not", "missing/new", false,
	    "cannot create the directory: No such file or directory" },
	{ "a file is no directory", "file", true, "this exists and is not a directory" },
	{ "nor is one below it", "file/new", true, "this exists and is not a directory" },
	{ "a file in the way is in the way", "full", false,
	    "this file exists and is not overwritten without force" },
	{ "by force it is not", "full", true, NULL },
};

/* Asked before there is anything to write, and nothing is changed by asking. */
static void
check_beforehand(void **state)
{
	const struct beforehand_row *row = *state;
	struct rmt_err err = { 0 };
	int names;

	put_file("file", "", 0600);
	assert_int_equal(mkdir("empty", 0700), 0);
	assert_int_equal(mkdir("full", 0700), 0);
	put_file("full/cert.pem", "old", 0600);
	names = count_names(".");
	assert_int_equal(
	    rmt_files_check(row->directory, pair, 2, row->force, &err), row->message ? -1 : 0);
	assert_string_equal(err.message, row->message ? row->message : "");
	assert_int_equal(count_names("."), names);
	assert_content("full/cert.pem", "old");
}

static void
leftovers_are_swept(void **state)
{
	static const char *const kept[] = { ".remint-0123456789abcde", ".remint-0123456789abcdef0",
		".remint-0123456789abcdeg", "remint-0123456789abcdef", "cert.pem" };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(mkdir("out", 0700), 0);
	put_file("out/.remint-0123456789abcdef", "half a key", 0600);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		char path[64];

		snprintf(path, sizeof path, "out/%s", kept[i]);
		put_file(path, "x", 0600);
	}
	assert_int_equal(rmt_files_sweep("out", &err), 0);
	assert_int_equal(count_names("out"), 5);
	assert_false(rmt_path_exists("out/.remint-0123456789abcdef"));
	assert_int_equal(rmt_files_sweep("nowhere", &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
}

static void
directories_are_made(void **state)
{
	struct rmt_err err = { 0 };
	struct stat found;

	(void)state;
	umask(022);
	assert_int_equal(rmt_directory_create("made", &err), 0);
	assert_int_equal(rmt_directory_create("made", &err), 0);
	assert_int_equal(rmt_directory_create("made/below/", &err), 0);
	assert_int_equal(stat("made/below", &found), 0);
	assert_int_equal(found.st_mode & 07777, 0700);
	assert_true(rmt_path_is_directory("made"));
	assert_int_equal(rmt_directory_create("a/b/c", &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	rmt_err_clear(&err);
	put_file("file", "", 0600);
	assert_int_equal(rmt_directory_create("file", &err), -1);
	assert_string_equal(err.message, "this exists and is not a directory");
	assert_true(rmt_path_exists("file"));
	assert_false(rmt_path_is_directory("file"));
}

/* ---- walking ----------------------------------------------------------------------------------
 */

struct journey {
	struct rmt_buf paths, faults;
	int stop_after;
};

static int
note_path(void *arg, const char *path)
{
	struct journey *journey = arg;

	rmt_buf_format(&journey->paths, "%s ", path);
	return --journey->stop_after == 0 ? 42 : 0;
}

static void
note_fault(void *arg, const struct rmt_err *err)
{
	struct journey *journey = arg;

	rmt_buf_format(&journey->faults, "%s: %s\n", err->source, err->message);
}

static void
make_forest(void)
{
	assert_int_equal(mkdir("t", 0755), 0);
	assert_int_equal(mkdir("t/a", 0755), 0);
	assert_int_equal(mkdir("t/a/deep", 0755), 0);
	put_file("t/a/z", "", 0644);
	put_file("t/a/deep/x", "", 0644);
	put_file("t/a-b", "", 0644);
	put_file("t/a.b", "", 0644);
	put_file("t/ab", "", 0644);
	put_file("t/.hidden", "", 0644);
	put_file("t/B", "", 0644);
	assert_int_equal(mkdir("t/empty", 0755), 0);
	assert_int_equal(symlink("ab", "t/link"), 0);
	assert_int_equal(symlink("a", "t/link-to-directory"), 0);
	assert_int_equal(symlink(".", "t/link-to-itself"), 0);
	assert_int_equal(mkfifo("t/pipe", 0600), 0);
}

static void
walk_goes_in_byte_order(void **state)
{
	struct journey journey = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	make_forest();
	assert_int_equal(rmt_directory_walk("t", note_path, note_fault, &journey, &err), 0);
	assert_string_equal(rmt_buf_string(&journey.paths),
	    "t/.hidden t/B t/a-b t/a.b t/a/deep/x t/a/z t/ab t/link ");
	assert_string_equal(rmt_buf_string(&journey.faults), "");
	rmt_buf_clear(&journey.paths);
	journey.stop_after = 2;
	assert_int_equal(rmt_directory_walk("t/", note_path, NULL, &journey, &err), 42);
	assert_string_equal(rmt_buf_string(&journey.paths), "t/.hidden t/B ");
	rmt_buf_free(&journey.paths);
	rmt_buf_free(&journey.faults);
}

static void
walk_needs_a_directory(void **state)
{
	struct journey journey = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(rmt_directory_walk("missing", note_path, note_fault, &journey, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_string_equal(err.source, "missing");
	rmt_err_clear(&err);
	put_file("file", "", 0600);
	assert_int_equal(rmt_directory_walk("file", note_path, note_fault, &journey, &err), -1);
	assert_string_equal(err.message, "cannot open the directory: Not a directory");
}

static void
walk_reports_a_dangling_link(void **state)
{
	struct journey journey = { 0 };
	struct rmt_err err = { 0 };

	(void)state;
	assert_int_equal(mkdir("t", 0755), 0);
	put_file("t/a", "", 0644);
	put_file("t/c", "", 0644);
	assert_int_equal(symlink("nowhere", "t/b"), 0);
	assert_int_equal(rmt_directory_walk("t", note_path, note_fault, &journey, &err), 0);
	assert_string_equal(rmt_buf_string(&journey.paths), "t/a t/c ");
	assert_string_equal(rmt_buf_string(&journey.faults),
	    "t/b: cannot follow the link: No such file or directory\n");
	rmt_buf_clear(&journey.paths);
	assert_int_equal(rmt_directory_walk("t", note_path, NULL, &journey, &err), 0);
	assert_string_equal(rmt_buf_string(&journey.paths), "t/a t/c ");
	rmt_buf_free(&journey.paths);
	rmt_buf_free(&journey.faults);
}

static void
walk_has_a_depth(void **state)
{
	struct journey journey = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_buf path = { 0 };

	(void)state;
	rmt_buf_text(&path, "t");
	for (int depth = 0; depth <= 33; depth++) {
		assert_int_equal(mkdir(rmt_buf_string(&path), 0755), 0);
		rmt_buf_text(&path, "/f");
		put_file(rmt_buf_string(&path), "", 0644);
		path.length -= 2;
		rmt_buf_text(&path, "/d");
	}
	assert_int_equal(rmt_directory_walk("t", note_path, note_fault, &journey, &err), 0);
	journey.stop_after = 0;
	for (size_t i = 0; i < journey.paths.length; i++)
		journey.stop_after += journey.paths.bytes[i] == ' ';
	assert_int_equal(journey.stop_after, 33); /* the top and 32 levels below it */
	assert_non_null(
	    strstr(rmt_buf_string(&journey.faults), "cannot enter a directory this deep"));
	rmt_buf_free(&journey.paths);
	rmt_buf_free(&journey.faults);
	rmt_buf_free(&path);
}

static int
walk_past_a_shut_door(void)
{
	struct journey journey = { 0 };
	struct rmt_err err = { 0 };
	int rc;

	if (rmt_directory_walk("t", note_path, note_fault, &journey, &err) != 0)
		return 1;
	rc = strcmp(rmt_buf_string(&journey.paths), "t/a t/c ") != 0 ? 2 : 0;
	if (strcmp(rmt_buf_string(&journey.faults),
		"t/b: cannot open the directory: Permission denied\n") != 0)
		rc = 3;
	rmt_buf_free(&journey.paths);
	rmt_buf_free(&journey.faults);
	return rc;
}

static void
walk_goes_on_behind_a_shut_door(void **state)
{
	(void)state;
	assert_int_equal(mkdir("t", 0755), 0);
	assert_int_equal(chmod("t", 0755), 0);
	assert_int_equal(mkdir("t/b", 0700), 0);
	assert_int_equal(chmod("t/b", 0), 0);
	put_file("t/a", "", 0644);
	put_file("t/c", "", 0644);
	assert_int_equal(as_nobody(walk_past_a_shut_door), 0);
}

/* ---- secrets ----------------------------------------------------------------------------------
 */

static const struct secret_row {
	const char *sentence;
	struct rmt_span content;
	const char *secret; /* NULL when it is refused */
} secret_rows[] = {
	{ "a passphrase is the first line", BYTES("open sesame\nmore\n"), "open sesame" },
	{ "a passphrase needs no line end", BYTES("sesame"), "sesame" },
	{ "CRLF ends a passphrase", BYTES("sesame\r\n"), "sesame" },
	{ "a CR within belongs to it", BYTES("ses\rame\n"), "ses\rame" },
	{ "a CR without LF belongs to it", BYTES("sesame\r"), "sesame\r" },
	{ "spaces belong to it", BYTES(" a b \n"), " a b " },
	{ "an empty line is an empty passphrase", BYTES("\nx"), "" },
	{ "an empty file has no passphrase", BYTES(""), NULL },
	{ "a NUL is not part of a passphrase", BYTES("a\0b\n"), NULL },
};

static void
put_bytes(const char *path, struct rmt_span content, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, content.at, content.length), content.length);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
check_secret(void **state)
{
	const struct secret_row *row = *state;
	struct rmt_secret *secret, *copy;
	struct rmt_err err = { 0 };

	put_bytes("pass", row->content, 0600);
	secret = rmt_secret_read_file("pass", &err);
	if (row->secret == NULL) {
		assert_null(secret);
		assert_int_equal(err.class, RMT_SECRET);
		assert_string_equal(err.source, "pass");
	} else {
		assert_non_null(secret);
		assert_string_equal(rmt_secret_text(secret), row->secret);
		assert_int_equal(rmt_secret_length(secret), strlen(row->secret));
		copy = rmt_secret_dup(secret, &err);
		rmt_secret_free(secret);
		assert_string_equal(rmt_secret_text(copy), row->secret);
		rmt_secret_free(copy);
	}
}

static const struct length_row {
	const char *sentence;
	size_t length;
	const char *end;
	bool taken;
} length_rows[] = {
	{ "4096 bytes are a passphrase", 4096, "", true },
	{ "4096 bytes and LF are a passphrase", 4096, "\n", true },
	{ "4096 bytes and CRLF are a passphrase", 4096, "\r\n", true },
	{ "4097 bytes are none", 4097, "", false },
	{ "4097 bytes and LF are none", 4097, "\n", false },
	{ "many bytes are none", 100000, "\n", false },
};

static void
check_secret_length(void **state)
{
	const struct length_row *row = *state;
	struct rmt_buf content = { 0 };
	struct rmt_err err = { 0 };
	struct rmt_secret *secret;

	for (size_t i = 0; i < row->length; i++)
		rmt_buf_byte(&content, 'p');
	rmt_buf_text(&content, row->end);
	put_bytes("pass", rmt_buf_view(&content), 0600);
	secret = rmt_secret_read_file("pass", &err);
	assert_int_equal(secret != NULL, row->taken);
	if (row->taken)
		assert_int_equal(rmt_secret_length(secret), 4096);
	else
		assert_int_equal(err.class, RMT_SECRET);
	rmt_secret_free(secret);
	rmt_buf_free(&content);
}

static const struct mode_row {
	const char *sentence;
	mode_t mode;
	bool taken;
} mode_rows[] = {
	{ "a passphrase file for its owner alone", 0600, true },
	{ "a read-only passphrase file", 0400, true },
	{ "a passphrase file that its group may read", 0640, false },
	{ "a passphrase file that all may read", 0644, false },
	{ "a passphrase file that others may write", 0602, false },
	{ "a passphrase file that its group may execute", 0610, false },
};

static int
read_pass(void)
{
	struct rmt_err err = { 0 };
	struct rmt_secret *secret = rmt_secret_read_file("pass", &err);
	int rc = secret != NULL ? 10 : err.class == RMT_SECRET ? 20 : 30;

	rmt_secret_free(secret);
	return rc;
}

static void
check_mode(void **state)
{
	const struct mode_row *row = *state;

	put_file("pass", "sesame\n", row->mode);
	assert_int_equal(read_pass(), row->taken ? 10 : 20);
	if (geteuid() == 0)
		assert_int_equal(chown("pass", 65534, 65534), 0);
	assert_int_equal(as_nobody(read_pass), row->taken ? 10 : 20);
}

static void
foreign_passphrase_file(void **state)
{
	struct rmt_err err = { 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	put_file("pass", "sesame\n", 0600);
	assert_int_equal(as_nobody(read_pass), 20);
	assert_null(rmt_secret_read_file("missing", &err));
	assert_int_equal(err.class, RMT_SECRET);
	assert_string_equal(err.message, "cannot open: No such file or directory");
}

/* Two passphrases on one descriptor, one line each; the mode of a pipe is nobody's business. */
static void
descriptor_is_read_line_by_line(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_secret *first, *second;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "one\ntwo\n", 8), 8);
	close(ends[1]);
	first = rmt_secret_read_fd(ends[0], &err);
	second = rmt_secret_read_fd(ends[0], &err);
	assert_string_equal(rmt_secret_text(first), "one");
	assert_string_equal(rmt_secret_text(second), "two");
	assert_null(rmt_secret_read_fd(ends[0], &err));
	assert_int_equal(err.class, RMT_SECRET);
	rmt_secret_free(first);
	rmt_secret_free(second);
	close(ends[0]);
	rmt_err_clear(&err);
	assert_null(rmt_secret_read_fd(ends[0], &err));
	assert_int_equal(err.class, RMT_SECRET);
	rmt_secret_free(NULL);
}

static void
secret_may_hold_any_bytes(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_secret *secret = rmt_secret_new("a\0b", 3, &err);

	(void)state;
	assert_int_equal(rmt_secret_length(secret), 3);
	assert_memory_equal(rmt_secret_text(secret), "a\0b", 4);
	rmt_secret_free(secret);
	secret = rmt_secret_new(NULL, 0, &err);
	assert_string_equal(rmt_secret_text(secret), "");
	rmt_secret_free(secret);
}

static void
wiped_is_zero(void **state)
{
	char text[] = "secret";

	(void)state;
	rmt_wipe(text, sizeof text);
	for (size_t i = 0; i < sizeof text; i++)
		assert_int_equal(text[i], 0);
	rmt_wipe(NULL, 0);
}

/* The hardened process, as nobody, still reads what a shell hands it under /dev/fd. */
static int
harden_and_read(void)
{
	struct rmt_buf bytes = { 0 };
	struct rlimit core;
	char path[32];
	int ends[2], rc;

	rmt_process_harden();
	rmt_process_harden();
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 1;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 2;
	if (umask(0) != 077)
		return 3;
	if (pipe(ends) != 0 || write(ends[1], "piped", 5) != 5 || close(ends[1]) != 0)
		return 4;
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	rc = rmt_file_read(path, 100, &bytes, NULL) == 0 && bytes.length == 5 ? 0 : 5;
	rmt_buf_free(&bytes);
	return rc;
}

static void
hardened_process(void **state)
{
	(void)state;
	assert_int_equal(as_nobody(harden_and_read), 0);
}

/* ---- a file in the making ---------------------------------------------------------------------
 */

static int
gather(void *to, struct rmt_span piece, struct rmt_err *err)
{
	struct rmt_buf *buf = to;

	rmt_buf_span(buf, piece);
	return rmt_buf_check(buf, err);
}

/* The only file in the directory, under its temporary name. */
static int
open_temporary(void)
{
	DIR *stream = opendir(".");
	struct dirent *found;
	int fd = -1;

	assert_non_null(stream);
	while (fd < 0 && (found = readdir(stream)) != NULL)
		if (strncmp(found->d_name, ".remint-", 8) == 0)
			fd = open(found->d_name, O_RDWR);
	closedir(stream);
	return fd;
}

/* Pieces from 0 to 14 KB, more than are kept at once; kept in `written` too. */
static void
append_pieces(struct rmt_writer *writer, unsigned seed, struct rmt_buf *written)
{
	for (size_t i = 0; i < 200; i++) {
		size_t before = written->length;

		for (size_t k = 0; k < i * 71; k++)
			rmt_buf_byte(written, (unsigned char)(i * 31 + k + seed));
		assert_int_equal(rmt_writer_append(writer,
				     rmt_span_of(written->bytes + before, written->length - before), NULL),
		    0);
	}
}

static void
what_was_written_is_read_again(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_writer *writer = rmt_writer_new(".", "list", 0644, &err);
	struct rmt_buf written = { 0 }, again = { 0 };

	(void)state;
	assert_non_null(writer);
	assert_int_equal(rmt_writer_begin(writer, &err), 0);
	append_pieces(writer, 1, &written);
	rmt_buf_clear(&written);
	assert_int_equal(rmt_writer_begin(writer, &err), 0);
	append_pieces(writer, 2, &written);
	assert_int_equal(rmt_writer_again(writer, gather, &again, &err), 0);
	assert_true(rmt_span_equal(rmt_buf_view(&again), rmt_buf_view(&written)));
	assert_int_equal(rmt_writer_again(writer, gather, &again, &err), -1);
	rmt_writer_free(writer);
	rmt_buf_free(&written);
	rmt_buf_free(&again);
}

static void
what_somebody_changed_is_noticed(void **state)
{
	struct rmt_err err = { 0 };
	struct rmt_writer *writer = rmt_writer_new(".", "list", 0644, &err);
	struct rmt_buf bytes = { 0 };
	int fd;

	(void)state;
	assert_non_null(writer);
	assert_int_equal(rmt_writer_begin(writer, &err), 0);
	append_pieces(writer, 1, &bytes);
	fd = open_temporary();
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "?", 1, 4711), 1);
	close(fd);
	assert_int_equal(rmt_writer_again(writer, gather, &bytes, &err), -1);
	assert_int_equal(err.class, RMT_INPUT);
	assert_non_null(strstr(err.message, "not what is read back"));
	rmt_writer_free(writer);
	rmt_buf_free(&bytes);
}

int
test_base_file(void)
{
	static struct rows rows;

	/* First: after a pipe that nobody wrote to, none is waited for as long. */
	ADD_TABLE(&rows, slow_rows, check_slow);
	ADD_TABLE(&rows, refusal_rows, check_refusal);
	add_row(&rows, "a huge file is refused unread", huge_file_is_refused_unread, NULL);
	add_row(&rows, "whole files are read, links followed", whole_files_are_read, NULL);
	add_row(
	    &rows, "a file is read into a buffer of its size", file_is_read_into_its_size, NULL);
	add_row(
	    &rows, "a file that hides its size is read", unreadable_size_is_read_to_the_end, NULL);
	add_row(
	    &rows, "a dash is standard input from where it stands", standard_input_is_a_dash, NULL);
	add_row(
	    &rows, "a shell's process substitution is read", process_substitution_is_read, NULL);
	add_row(&rows, "a file that waits for what is to come is refused",
	    file_that_waits_is_refused, NULL);
	add_row(&rows, "a set is written with its modes", set_is_written, NULL);
	add_row(&rows, "a secret for a group has its mode", secret_for_a_group_has_its_mode, NULL);
	add_row(&rows, "every file and the directory are synced",
	    every_file_and_the_directory_are_synced, NULL);
	add_row(&rows, "only force replaces a file", force_replaces, NULL);
	add_row(&rows, "a path is taken apart", paths_are_taken_apart, NULL);
	ADD_TABLE(&rows, write_rows, check_write);
	add_row(&rows, "a full disk leaves nothing", full_disk_leaves_nothing, NULL);
	add_row(&rows, "what was written is read again", what_was_written_is_read_again, NULL);
	add_row(&rows, "what somebody changed in a file in the making is noticed",
	    what_somebody_changed_is_noticed, NULL);
	ADD_TABLE(&rows, obstacle_rows, check_obstacle);
	ADD_TABLE(&rows, beforehand_rows, check_beforehand);
	ADD_TABLE(&rows, name_rows, check_name);
	add_row(&rows, "a directory that we may not write to is named", forbidden_directory, NULL);
	add_row(&rows, "what a killed process left is swept, nothing else", leftovers_are_swept, NULL);
	add_row(&rows, "directories are made for their owner alone", directories_are_made, NULL);
	add_row(&rows, "a walk goes in byte order", walk_goes_in_byte_order, NULL);
	add_row(&rows, "a walk needs a directory", walk_needs_a_directory, NULL);
	add_row(&rows, "a walk reports a dangling link and goes on", walk_reports_a_dangling_link,
	    NULL);
	add_row(&rows, "a walk has a depth", walk_has_a_depth, NULL);
	add_row(&rows, "a walk goes on behind a shut door", walk_goes_on_behind_a_shut_door, NULL);
	ADD_TABLE(&rows, secret_rows, check_secret);
	ADD_TABLE(&rows, length_rows, check_secret_length);
	ADD_TABLE(&rows, mode_rows, check_mode);
	add_row(&rows, "a passphrase file of somebody else", foreign_passphrase_file, NULL);
	add_row(&rows, "a descriptor gives one passphrase a line", descriptor_is_read_line_by_line,
	    NULL);
	add_row(&rows, "a secret may hold any bytes", secret_may_hold_any_bytes, NULL);
	add_row(&rows, "what is wiped is zero", wiped_is_zero, NULL);
	add_row(&rows, "a hardened process leaves no dump and still reads pipes", hardened_process,
	    NULL);
	for (size_t i = 0; i < rows.count; i++) {
		rows.tests[i].setup_func = enter_place;
		rows.tests[i].teardown_func = leave_place;
	}
	return run_rows("file", &rows);
}
