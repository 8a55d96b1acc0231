/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/secret.c - passphrases and other secrets: pages of their own, locked against swapping and
 * left out of core dumps where the system lets us, wiped when freed. Also the hardening of the
 * whole process. It never prompts.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/local.h"

enum { LONGEST_LINE = 4096 };

struct rmt_secret {
	size_t mapped; /* bytes of the mapping that starts here */
	size_t length;
	char text[];
};

void
rmt_wipe(void *bytes, size_t length)
{
	if (bytes != NULL && length > 0)
		OPENSSL_cleanse(bytes, length);
}

struct rmt_secret *
rmt_secret_new(const void *bytes, size_t length, struct rmt_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct rmt_secret *secret;
	size_t mapped;

	if (length > SIZE_MAX / 2) {
		rmt_err_memory(err);
		return NULL;
	}
	mapped = (sizeof *secret + length + 1 + page - 1) / page * page;
	secret = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (secret == MAP_FAILED) {
		rmt_err_memory(err);
		return NULL;
	}
	/* Both may be forbidden (RLIMIT_MEMLOCK); a secret that may be swapped is still better than
	 * none. */
	(void)mlock(secret, mapped);
	(void)madvise(secret, mapped, MADV_DONTDUMP);
	secret->mapped = mapped;
	secret->length = length;
	if (length > 0)
		memcpy(secret->text, bytes, length);
	secret->text[length] = '\0';
	return secret;
}

struct rmt_secret *
rmt_secret_dup(const struct rmt_secret *secret, struct rmt_err *err)
{
	return rmt_secret_new(secret->text, secret->length, err);
}

const char *
rmt_secret_text(const struct rmt_secret *secret)
{
	return secret->text;
}

size_t
rmt_secret_length(const struct rmt_secret *secret)
{
	return secret->length;
}

void
rmt_secret_free(struct rmt_secret *secret)
{
	size_t mapped;

	if (secret == NULL)
		return;
	mapped = secret->mapped;
	rmt_wipe(secret, mapped);
	munmap(secret, mapped);
}

static int
refuse(const struct rmt_source *source, struct rmt_err *err, const char *sentence)
{
	rmt_err_set(err, RMT_SECRET, NULL, "%s", sentence);
	rmt_err_source(err, source->path);
	return -1;
}

/* The first line into `line`, read byte by byte: what follows on the same descriptor may be the
 * next passphrase. Returns its length without the line end, or -1. */
static ssize_t
read_line(struct rmt_source *source, char line[LONGEST_LINE + 2], struct rmt_err *err)
{
	size_t length = 0;
	ssize_t got;

	while (
	    (got = rmt_source_read(source, line + length, 1, err)) == 1 && line[length] != '\n') {
		if (line[length] == '\0')
			return refuse(source, err, "the passphrase contains a NUL byte");
		if (++length > LONGEST_LINE + 1)
			return refuse(source, err,
			    "the first line is longer than the 4096 bytes of a passphrase");
	}
	if (got < 0)
		return -1;
	if (got == 0 && length == 0)
		return refuse(source, err,
		    "there is no passphrase: its first line is read, and there is none");
	if (got == 1 && length > 0 && line[length - 1] == '\r')
		length--;
	if (length > LONGEST_LINE)
		return refuse(
		    source, err, "the first line is longer than the 4096 bytes of a passphrase");
	return (ssize_t)length;
}

static struct rmt_secret *
read_secret(struct rmt_source *source, struct rmt_err *err)
{
	struct rmt_secret *secret = NULL;
	char line[LONGEST_LINE + 2];
	ssize_t length = read_line(source, line, err);

	if (length >= 0)
		secret = rmt_secret_new(line, (size_t)length, err);
	rmt_wipe(line, sizeof line);
	return secret;
}

struct rmt_secret *
rmt_secret_read_file(const char *path, struct rmt_err *err)
{
	struct rmt_secret *secret = NULL;
	struct rmt_source source;

	if (rmt_source_open(path, RMT_SECRET, &source, err) != 0)
		return NULL;
	if (source.regular && (source.mode & 077) != 0) {
		rmt_err_set(err, RMT_SECRET, NULL,
		    "others may read this passphrase file (mode %04o); use chmod 600",
		    (unsigned)(source.mode & 07777));
		rmt_err_source(err, path);
	} else {
		secret = read_secret(&source, err);
	}
	rmt_source_close(&source);
	return secret;
}

struct rmt_secret *
rmt_secret_read_fd(int fd, struct rmt_err *err)
{
	struct rmt_source source;
	char name[32];

	snprintf(name, sizeof name, "descriptor %d", fd);
	if (rmt_source_open_fd(fd, name, RMT_SECRET, &source, err) != 0)
		return NULL;
	return read_secret(&source, err);
}

static bool hardened;
static mode_t umask_given; /* by who started the process, once it is hardened */

static void
harden(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask_given = umask(077);
	hardened = true;
}

void
rmt_process_harden(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, harden);
}

int
rmt_process_share(int fd, mode_t mode)
{
	return hardened ? fchmod(fd, mode & ~umask_given) : 0;
}
