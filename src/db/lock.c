/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db/lock.c - the one lock of the home: flock() on home/lock, held around every write transaction
 * and every checkpoint.
 *
 * SQLite has locks of its own. This one is here because releases before 3.51.3 can damage a
 * write-ahead log when one connection checkpoints while another commits; under a lock of ours the
 * two never meet. The file is never removed: two processes would then hold two locks of the same
 * name.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/local.h"

/* Made by root in the home of another user, it belongs to that user, as SQLite's own files do. */
static void
give_to_owner(const struct rmt_db *db)
{
	struct stat st;

	if (geteuid() == 0 && stat(db->path, &st) == 0 && st.st_uid != 0)
		(void)!fchown(db->lock, st.st_uid, st.st_gid);
}

int
rmt_db_lock_open(struct rmt_db *db, struct rmt_err *err)
{
	char *path = rmt_path_join(db->home, "lock", err);

	if (path == NULL)
		return -1;
	db->lock = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (db->lock < 0)
		rmt_err_errno(err, RMT_DATABASE, path, "open the lock of the home");
	else
		give_to_owner(db);
	free(path);
	return db->lock < 0 ? -1 : 0;
}

bool
rmt_db_lock_try(struct rmt_db *db)
{
	return flock(db->lock, LOCK_EX | LOCK_NB) == 0;
}

int
rmt_db_lock_take(struct rmt_db *db, struct rmt_err *err)
{
	uint64_t left = (uint64_t)db->wait * 1000;
	int pause = 1; /* ms, growing: short holders are met soon, long ones cost nothing */

	for (;;) {
		if (rmt_db_lock_try(db))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return rmt_err_errno(err, RMT_DATABASE, db->path, "lock the home");
		if (left == 0)
			return rmt_db_fail(db, SQLITE_BUSY, "write to the database", err);
		poll(NULL, 0, (uint64_t)pause < left ? pause : (int)left);
		left -= (uint64_t)pause < left ? (uint64_t)pause : left;
		pause = pause < 8 ? pause + 1 : 8;
	}
}

void
rmt_db_lock_release(struct rmt_db *db)
{
	if (db->lock >= 0)
		flock(db->lock, LOCK_UN);
}
